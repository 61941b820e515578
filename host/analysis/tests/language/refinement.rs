//! Soundness of what a guard or window teaches, and that it teaches what the page says.

use chainstack_analysis::{Interval, Refuted, Truth, Value, evaluate, prove_total};
use chainstack_primitives::manifest::{Clock, Expression, ExpressionType, Node, Window};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::sound::{Generator, environment, parts, seeds};
use crate::table::Table;
use crate::world::World;

/// Environments in which `guard` holds.
fn holding(random: &mut ChaCha8Rng, world: &World, guard: &Expression) -> Vec<Table> {
    let tables = (0..24).map(|_| environment(random, world, &world.assumptions()));
    tables.filter(|table| evaluate(guard, &mut table.clone()) == Ok(Value::Bool(true))).collect()
}

/// A guard, and environments in which it holds; none if none was met.
fn guarded(random: &mut ChaCha8Rng, world: &World) -> Option<(Expression, Vec<Table>)> {
    let generator = Generator::new(world);
    let mut nodes = Vec::new();
    for conjunct in 0..random.random_range(1..4) {
        nodes.extend(generator.expression(random, ExpressionType::Bool, 12).into_inner());
        if conjunct > 0 {
            nodes.push(Node::And);
        }
    }
    let guard = Expression::try_from(nodes).ok()?;
    let tables = holding(random, world, &guard);
    (!tables.is_empty()).then_some((guard, tables))
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts show that the property was exercised")]
fn what_a_guard_teaches_is_true_wherever_it_holds() {
    let world = World::load();
    let (mut narrowed, mut proven, mut learnt) = (0u32, 0u32, 0u32);
    seeds(12_000, |random| {
        let Some((guard, mut tables)) = guarded(random, &world) else { return };
        let base = world.assumptions();
        let refined = match world.assumptions().given(&guard) {
            Ok(refined) => refined,
            Err(refuted) => panic!("{refuted}, and yet it does: {guard:?} {:?}", tables[0]),
        };
        // Nearer to what the guard allows, more environments satisfy it.
        let near = (0..16).map(|_| environment(random, &world, &refined));
        tables.extend(near.filter(|table| evaluate(&guard, &mut table.clone()) == Ok(Value::Bool(true))));
        for (leaf, _) in &world.table.rows {
            let interval = refined.leaf(leaf).expect("declared");
            narrowed += u32::from(Some(interval) != base.leaf(leaf));
            for table in &tables {
                let value = table.find(leaf).expect("answered");
                assert!(interval.contains(value), "{leaf:?} is {value}, not in {interval}: {guard:?}");
            }
        }
        let generator = Generator { world: &world, parts: parts(&guard, &world) };
        for _ in 0..8 {
            let budget = random.random_range(1..10);
            let effect = generator.expression(random, ExpressionType::Uint, budget);
            let Ok(interval) = prove_total(&effect, &refined) else { continue };
            learnt += u32::from(prove_total(&effect, &base).is_err());
            for table in &tables {
                match evaluate(&effect, &mut table.clone()) {
                    Ok(value) => {
                        assert!(interval.contains(value), "{value}, {interval}: {guard:?} {effect:?}")
                    }
                    Err(error) => panic!("proven total, and yet {error}: {guard:?} {effect:?} {table:?}"),
                }
                proven += 1;
            }
        }
    });
    println!(
        "{narrowed} leaves narrowed, {proven} evaluations of proven effects, {learnt} proven by the guard only"
    );
    assert!(narrowed > 6_000 && proven > 300_000 && learnt > 1_200, "{narrowed} {proven} {learnt}");
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts show that the property was exercised")]
fn what_an_open_window_teaches_is_true_while_it_is_open() {
    let world = World::load();
    let (mut open, mut learnt) = (0u32, 0u32);
    seeds(6_000, |random| {
        let generator = Generator::new(&world);
        let bound = |random: &mut ChaCha8Rng| {
            random.random::<bool>().then(|| generator.expression(random, ExpressionType::Uint, 8))
        };
        let (opens, closes) = (bound(random), bound(random));
        let clock = if random.random() { Clock::Height } else { Clock::TimeMs };
        let leaf = if clock == Clock::Height { Node::Height } else { Node::Time };
        let window = Window { clock, opens, closes, exit: None };
        let is_open = |table: &Table| {
            let at =
                |bound: &Option<Expression>| bound.as_ref().map(|bound| evaluate(bound, &mut table.clone()));
            let Ok(Value::Uint(now)) = table.find(&leaf) else { return false };
            let opened = match at(&window.opens) {
                None => true,
                Some(Ok(Value::Uint(opens))) => opens <= now,
                Some(_) => false,
            };
            let closed = match at(&window.closes) {
                None => false,
                Some(Ok(Value::Uint(closes))) => closes <= now,
                Some(_) => true,
            };
            opened && !closed
        };
        let tables: Vec<Table> =
            (0..16).map(|_| environment(random, &world, &world.assumptions())).filter(is_open).collect();
        if tables.is_empty() {
            return;
        }
        let refined = world.assumptions().within(&window);
        let refined = refined.unwrap_or_else(|refuted| panic!("{refuted}, and yet it is open: {window:?}"));
        let mut inside = vec![(ExpressionType::Uint, vec![leaf.clone()])];
        for bound in [&window.opens, &window.closes].into_iter().flatten() {
            inside.extend(parts(bound, &world));
        }
        let generator = Generator { world: &world, parts: inside };
        let effect = generator.expression(random, ExpressionType::Uint, 6);
        let proof = prove_total(&effect, &refined);
        learnt += u32::from(proof.is_ok() && prove_total(&effect, &world.assumptions()).is_err());
        for table in &tables {
            open += 1;
            for (leaf, _) in &world.table.rows {
                let value = table.find(leaf).expect("answered");
                let interval = refined.leaf(leaf).expect("declared");
                assert!(interval.contains(value), "{leaf:?} is {value}, not in {interval}: {window:?}");
            }
            if let Ok(interval) = &proof {
                let value = evaluate(&effect, &mut table.clone());
                let value = value.unwrap_or_else(|error| panic!("proven total, and yet {error}: {effect:?}"));
                assert!(interval.contains(value), "{value} is not in {interval}: {window:?} {effect:?}");
            }
        }
    });
    println!("{open} open windows, {learnt} effects proven by the window only");
    assert!(open > 30_000 && learnt > 100, "{open} {learnt}");
}

/// What `text` is proven to be, given `guard`.
fn proof(world: &World, guard: &str, text: &str) -> String {
    let guard = world.parse(guard);
    let assumptions = match world.assumptions().given(&guard) {
        Ok(assumptions) => assumptions,
        Err(refuted) => return refuted.to_string(),
    };
    match prove_total(&world.parse(text), &assumptions) {
        Ok(interval) => interval.to_string(),
        Err(failure) => failure.to_string(),
    }
}

#[test]
fn guards_teach_what_exits_need() {
    let world = World::load();
    let cases = [
        ("item.price <= 1000 && item.price - item.floor > 3", "item.price", "4..=1000"),
        ("item.price <= 1000 && item.price - item.floor > 3", "item.floor", "0..=996"),
        ("item.price <= 1000", "item.price * 3", "0..=3000"),
        ("!(item.price > 1000)", "item.price * 3", "0..=3000"),
        ("item.price * 3 <= 1000", "item.price", "0..=333"),
        ("item.price / 7 == 3", "item.price", "21..=27"),
        // A remainder of 10 or more takes a divisor above it.
        ("arg.a % arg.b > 9", "arg.b", "11..=340282366920938463463374607431768211455"),
        ("arg.b != 0", "arg.a / arg.b", "0..=340282366920938463463374607431768211455"),
        ("arg.a / arg.b >= 0", "arg.b - 1", "0..=340282366920938463463374607431768211454"),
        ("arg.a >= arg.b", "arg.a - arg.b", "0..=340282366920938463463374607431768211455"),
        ("arg.a > arg.b", "arg.a - arg.b", "1..=340282366920938463463374607431768211455"),
        ("arg.a == arg.b", "arg.b - arg.a", "0..=340282366920938463463374607431768211455"),
        (
            "arg.small + arg.word <= arg.a",
            "arg.a - (arg.small + arg.word)",
            "0..=340282366920938463463374607431768211455",
        ),
        (
            "arg.x > arg.y && arg.y > int(0)",
            "arg.x - arg.y",
            "int(1..=170141183460469231731687303715884105726)",
        ),
        ("arg.a < arg.b && arg.b < 10", "arg.a + arg.b", "1..=17"),
        ("min(arg.a, arg.b) >= 5", "arg.a", "5..=340282366920938463463374607431768211455"),
        ("max(arg.a, arg.b) <= 5", "arg.a + arg.b", "0..=10"),
        ("to_int(arg.a) < int(9)", "arg.a", "0..=8"),
        ("to_uint(arg.x) < 9", "arg.x", "int(0..=8)"),
        ("if(arg.flag, arg.a, arg.b) == 3 && arg.flag", "arg.a", "3"),
        ("arg.flag == false", "arg.flag", "false"),
        ("in(lot, Sold, Expired)", "!in(lot, Sold, Expired)", "false"),
        ("arg.flag || arg.a > 5 && !arg.flag", "arg.a", "0..=340282366920938463463374607431768211455"),
        ("!(arg.flag || arg.a > 5)", "arg.a", "0..=5"),
        // What a guard does not say is not proven.
        (
            "arg.b >= arg.a",
            "arg.a - arg.b",
            "not proven: node 2, `-` of 0..=340282366920938463463374607431768211455, \
             0..=340282366920938463463374607431768211455: the result does not fit",
        ),
        (
            "arg.flag",
            "arg.small / arg.word",
            "not proven: node 2, `/` of 0..=255, 0..=65535: the divisor is zero",
        ),
        // What cannot hold guards nothing.
        ("arg.small > 255", "1", "it can never hold"),
        ("param.rate == 0", "1", "it can never hold"),
        ("arg.flag && !arg.flag", "1", "it can never hold"),
        ("arg.small - 256 >= 0", "1", "it can never hold"),
        ("arg.a < arg.b && arg.b < arg.a && arg.b < 3", "1", "it can never hold"),
    ];
    for (guard, text, expected) in cases {
        assert_eq!(proof(&world, guard, text), expected, "{text} given {guard}");
    }
}

#[test]
fn windows_teach_the_clock() {
    let world = World::load();
    let window = |clock, opens: Option<&str>, closes: Option<&str>| Window {
        clock,
        opens: opens.map(|text| world.parse(text)),
        closes: closes.map(|text| world.parse(text)),
        exit: None,
    };
    let cases = [
        (window(Clock::TimeMs, Some("item.ends"), None), "time - item.ends", "0..=18446744073709551615"),
        (window(Clock::TimeMs, None, Some("item.ends")), "item.ends - time", "1..=18446744073709551615"),
        (window(Clock::Height, Some("100"), Some("200")), "height", "100..=199"),
        (window(Clock::Height, Some("item.floor + 1"), Some("200")), "item.floor", "0..=198"),
    ];
    for (window, text, expected) in &cases {
        let assumptions = world.assumptions().within(window).expect("it can be open");
        let proven = prove_total(&world.parse(text), &assumptions).map(|interval| interval.to_string());
        assert_eq!(proven.as_deref(), Ok(*expected), "{text} within {window:?}");
    }
    for never in [
        window(Clock::Height, Some("200"), Some("200")),
        window(Clock::Height, None, Some("0")),
        window(Clock::TimeMs, Some("18_446_744_073_709_551_616"), None),
    ] {
        assert_eq!(world.assumptions().within(&never).err(), Some(Refuted::Never), "{never:?}");
    }
}

#[test]
fn what_is_assumed_is_met_with_what_is_declared() {
    let world = World::load();
    let small = Interval::Bool(Truth::Yes);
    assert!(matches!(world.assumptions().assume(&Node::Value, small), Err(Refuted::Never)));
    assert!(matches!(world.assumptions().assume(&Node::Arg(200), small), Err(Refuted::IllFormed(_))));
    let deep = world.parse("arg.a");
    assert!(
        matches!(world.assumptions().given(&deep), Err(Refuted::IllFormed(_))),
        "a guard is a truth value"
    );
    let assumed = world.assumptions().assume(&Node::Param(0), Interval::of_value(Value::Uint(250)));
    let assumed = assumed.expect("in its range");
    let fee = prove_total(&world.parse("param.rate * 2"), &assumed).map(|interval| interval.to_string());
    assert_eq!(fee.as_deref(), Ok("500"));
}
