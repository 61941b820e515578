//! Soundness: whatever environment answers within the assumptions, the value is in the interval, and what is
//! proven total does not fail.

use chainstack_analysis::{EvaluationError, NotTotal, cost, evaluate, flat_reads, prove_total};
use chainstack_primitives::manifest::state_reads;
use rand::RngExt;

use crate::sound::{Generator, any_type, environment, parts, seeds};
use crate::world::World;

#[test]
#[expect(clippy::print_stdout, reason = "the counts show that the property was exercised")]
fn what_is_proven_total_never_fails_and_stays_in_its_interval() {
    let world = World::load();
    let generator = Generator::new(&world);
    let (mut proven, mut failed, mut edges) = (0u32, 0u32, 0u32);
    seeds(20_000, |random| {
        let ty = any_type(random);
        let budget = random.random_range(1..24);
        let expression = generator.expression(random, ty, budget);
        let assumptions = world.assumptions();
        let proof = prove_total(&expression, &assumptions);
        for _ in 0..8 {
            let mut table = environment(random, &world, &assumptions);
            match (&proof, evaluate(&expression, &mut table)) {
                (Ok(interval), Ok(value)) => {
                    assert!(
                        interval.contains(value),
                        "{value} is not in {interval}: {expression:?} {table:?}"
                    );
                    proven += 1;
                    edges += u32::from(is_edge(*interval, value));
                }
                (Ok(interval), Err(error)) => {
                    panic!("proven total, {interval}, and yet {error}: {expression:?} {table:?}");
                }
                (Err(NotTotal::MayFail(possible)), Err(EvaluationError::Arithmetic(failure))) => {
                    assert!(possible.node <= failure.node, "{possible} but {failure}: {expression:?}");
                    failed += 1;
                }
                (Err(NotTotal::MayFail(_)), Ok(_)) => {}
                (found, evaluated) => panic!("{found:?}, {evaluated:?}: {expression:?}"),
            }
        }
    });
    println!(
        "{proven} evaluations of proven expressions, {edges} at an edge of the interval; {failed} failures"
    );
    assert!(proven > 60_000 && edges > 50_000 && failed > 30_000, "{proven} {edges} {failed}");
}

/// Whether `value` is an end of `interval`: how tight the intervals are.
fn is_edge(interval: chainstack_analysis::Interval, value: chainstack_analysis::Value) -> bool {
    use chainstack_analysis::{Interval, Value};
    match (interval, value) {
        (Interval::Uint(range), Value::Uint(number)) => [range.least(), range.greatest()].contains(&number),
        (Interval::Int(range), Value::Int(number)) => [range.least(), range.greatest()].contains(&number),
        _ => true,
    }
}

#[test]
fn the_first_possible_failure_of_each_part_is_where_evaluation_stops() {
    let world = World::load();
    let generator = Generator::new(&world);
    seeds(2_000, |random| {
        let ty = any_type(random);
        let expression = generator.expression(random, ty, 20);
        let mut table = environment(random, &world, &world.assumptions());
        let whole = evaluate(&expression, &mut table);
        for (_, part) in parts(&expression, &world) {
            let part = part.try_into().expect("no longer than the whole");
            if let Err(error) = evaluate(&part, &mut table) {
                assert!(whole.is_err(), "a part fails, {error}, and the whole does not: {expression:?}");
            }
        }
    });
}

#[test]
fn cost_counts_what_the_manifest_counts_and_adds_up() {
    let world = World::load();
    let generator = Generator::new(&world);
    seeds(2_000, |random| {
        let ty = any_type(random);
        let expression = generator.expression(random, ty, 40);
        let found = cost(&expression);
        assert_eq!(usize::try_from(found.reads()), Ok(state_reads(&expression)));
        assert_eq!(flat_reads(&expression).count(), state_reads(&expression));
        assert_eq!(usize::try_from(found.nodes), Ok(expression.len()));
        assert!(found.operations + found.wide + found.item_fields + found.entry_reads <= found.nodes);
    });
    let text = "mul_div(item.price, param.rate, 10_000) + item.floor <= cell.totals.limit && member(operator) && \
                cell.lots[0x0700000000000000].price > 0";
    let found = cost(&world.parse(text));
    assert_eq!((found.nodes, found.operations, found.wide), (14, 5, 1));
    assert_eq!((found.item_fields, found.item_reads, found.entry_reads, found.key_bytes), (2, 1, 3, 8));
}
