//! Orders between expressions, at their edges: what one proves, and what it no longer does one step past.

use chainstack_analysis::{NotTotal, Value, evaluate, prove_total};

use crate::sound::{environment, seeds};
use crate::world::World;

/// A guard, and an expression that is total where it holds; then the nearest one whose last
/// operation may fail.
const PAIRS: [[(&str, &str); 2]; 14] = [
    [
        ("true", "item.floor - mul_div(item.floor, min(arg.b, 10_000), 10_000)"),
        ("true", "item.floor - mul_div(item.floor, min(arg.b, 10_001), 10_000)"),
    ],
    [
        ("true", "item.floor - mul_div(min(arg.b, 3), item.floor, 3)"),
        ("true", "item.floor - mul_div(min(arg.b, 4), item.floor, 3)"),
    ],
    [
        ("arg.a >= arg.b && arg.b > 0", "1 / (arg.a - (arg.a - arg.b))"),
        ("arg.a >= arg.b", "1 / (arg.a - (arg.a - arg.b))"),
    ],
    [("true", "arg.a - min(arg.a, arg.b)"), ("true", "arg.a - max(arg.a, arg.b)")],
    [("true", "max(arg.a, arg.b) - arg.b"), ("true", "min(arg.a, arg.b) - arg.b")],
    [("arg.b > 0", "arg.a - arg.a / arg.b"), ("arg.b > 0", "arg.b - arg.a / arg.b")],
    [("arg.b > 0", "1 / (arg.b - arg.a % arg.b)"), ("arg.b > 0", "1 / (arg.a - arg.a % arg.b)")],
    [
        ("true", "arg.small * max(arg.word, 1) - arg.small"),
        ("true", "arg.small * max(arg.word, 0) - arg.small"),
    ],
    [
        ("true", "1 / (arg.small + max(arg.word, 1) - arg.small)"),
        ("true", "1 / (arg.small + max(arg.word, 0) - arg.small)"),
    ],
    [("arg.a > arg.b", "1 / (arg.a - arg.b)"), ("arg.a >= arg.b", "1 / (arg.a - arg.b)")],
    [("!(arg.a <= arg.b)", "1 / (arg.a - arg.b)"), ("!(arg.a < arg.b)", "1 / (arg.a - arg.b)")],
    [("arg.a == arg.b", "arg.a - arg.b"), ("arg.a != arg.b", "arg.a - arg.b")],
    [("arg.a >= arg.b", "arg.a - min(arg.b, value)"), ("arg.a >= arg.b", "arg.a - max(arg.b, value)")],
    [("arg.x > arg.y && arg.y >= int(0)", "int(1) / (arg.x - arg.y)"), ("arg.x > arg.y", "arg.x - arg.y")],
];

/// What is proven of `text` where `guard` holds, and how often it had a value and none there.
fn tried(world: &World, guard: &str, text: &str) -> (Result<(), NotTotal>, u32, u32) {
    let (guard, expression) = (world.parse(guard), world.parse(text));
    let assumptions = world.assumptions().given(&guard).expect("it can hold");
    let (mut values, mut failures) = (0, 0);
    seeds(4_000, |random| {
        let mut table = environment(random, world, &assumptions);
        if evaluate(&guard, &mut table) == Ok(Value::Bool(true)) {
            match evaluate(&expression, &mut table) {
                Ok(_) => values += 1,
                Err(_) => failures += 1,
            }
        }
    });
    (prove_total(&expression, &assumptions).map(|_| ()), values, failures)
}

#[test]
fn an_order_proves_what_it_says_and_nothing_one_step_past() {
    let world = World::load();
    for [(guard, total), (weaker, partial)] in PAIRS {
        let (proof, values, failures) = tried(&world, guard, total);
        assert_eq!((proof, failures), (Ok(()), 0), "{total} given {guard}");
        assert!(values > 0, "{total} given {guard}");
        let (proof, _, failures) = tried(&world, weaker, partial);
        let last = world.parse(partial).len() - 1;
        let shows = matches!(&proof, Err(NotTotal::MayFail(failure)) if usize::from(failure.node) == last);
        assert!(shows && failures > 0, "{partial} given {weaker}: {proof:?}, {failures} failures");
    }
}
