//! Each operation on every small box of operands, against all the values in it: forwards and backwards.
//!
//! Boxes lie around zero and at the ends of the numbers, where arithmetic changes its mind.

use chainstack_analysis::{Assumptions, Interval, Range, Truth, Value, evaluate, prove_total};
use chainstack_primitives::manifest::{Expression, Node};

use crate::table::Table;
use crate::world::World;

/// Values that are next to each other, and the interval that holds just them.
type Side = (Vec<Value>, Interval);

/// Every run of neighbours in `numbers`.
fn runs<T: Copy + Ord>(
    numbers: &[T],
    value: fn(T) -> Value,
    interval: fn(Range<T>) -> Interval,
) -> Vec<Side> {
    let ends = (0..numbers.len()).flat_map(|from| (from..numbers.len()).map(move |to| (from, to)));
    let run = |(from, to): (usize, usize)| {
        let range = Range::new(numbers[from], numbers[to]).expect("in order");
        (numbers[from..=to].iter().copied().map(value).collect(), interval(range))
    };
    ends.map(run).collect()
}

fn unsigned() -> Vec<Side> {
    let near = [[0, 1, 2, 3], [u128::MAX - 3, u128::MAX - 2, u128::MAX - 1, u128::MAX]];
    near.iter().flat_map(|numbers| runs(numbers, Value::Uint, Interval::Uint)).collect()
}

fn signed() -> Vec<Side> {
    let (least, greatest) = (i128::MIN, i128::MAX);
    let near: [&[i128]; 3] =
        [&[least, least + 1, least + 2], &[-3, -2, -1, 0, 1, 2, 3], &[greatest - 2, greatest - 1, greatest]];
    near.iter().flat_map(|numbers| runs(numbers, Value::Int, Interval::Int)).collect()
}

fn constant(value: &Value) -> Node {
    match value {
        Value::Uint(number) => Node::Uint(*number),
        Value::Int(number) => Node::Int(*number),
        other => panic!("no number: {other}"),
    }
}

fn expression(operands: impl Iterator<Item = Node>, operation: &Node) -> Expression {
    operands.chain([operation.clone()]).collect::<Vec<_>>().try_into().expect("short")
}

/// Every choice of one value from each side.
fn choices(sides: &[&Side]) -> Vec<Vec<Value>> {
    sides.iter().fold(vec![vec![]], |begun, (values, _)| {
        let extend = |chosen: Vec<Value>| {
            values.iter().map(move |value| [&chosen[..], &[*value]].concat()).collect::<Vec<_>>()
        };
        begun.into_iter().flat_map(extend).collect()
    })
}

/// The least interval that holds both a value and an interval.
fn hull(interval: Interval, value: Value) -> Interval {
    match (interval, value) {
        (Interval::Uint(range), Value::Uint(number)) => {
            let (least, greatest) = (range.least().min(number), range.greatest().max(number));
            Interval::Uint(Range::new(least, greatest).expect("in order"))
        }
        (Interval::Int(range), Value::Int(number)) => {
            let (least, greatest) = (range.least().min(number), range.greatest().max(number));
            Interval::Int(Range::new(least, greatest).expect("in order"))
        }
        (found, value) if found == Interval::of_value(value) => found,
        (Interval::Bool(_), Value::Bool(_)) => Interval::Bool(Truth::Either),
        (found, value) => panic!("{value} is no value of the type of {found}"),
    }
}

/// The least interval that holds `values`.
fn least(values: &[Value]) -> Option<Interval> {
    let (first, others) = values.split_first()?;
    Some(others.iter().fold(Interval::of_value(*first), |interval, value| hull(interval, *value)))
}

/// What was counted of the boxes of some operations.
#[derive(Default, Debug)]
struct Counts {
    /// Boxes in which the operation never fails.
    total: u32,
    /// Boxes in which it may.
    failing: u32,
    /// Guards that narrowed an operand.
    taught: u32,
    /// Guards that never hold.
    refuted: u32,
}

/// One operation on one box, and its result for every choice of values in it.
struct Case<'c> {
    operation: &'c Node,
    leaves: &'c [Node],
    sides: &'c [&'c Side],
    formula: Expression,
    assumptions: Assumptions<'c>,
    results: Vec<(Vec<Value>, Option<Value>)>,
}

impl<'c> Case<'c> {
    fn new(world: &'c World, operation: &'c Node, leaves: &'c [Node], sides: &'c [&'c Side]) -> Self {
        let mut assumptions = world.assumptions();
        for (leaf, (_, interval)) in leaves.iter().zip(sides) {
            assumptions = assumptions.assume(leaf, *interval).expect("of its type");
        }
        let result = |chosen: Vec<Value>| {
            let constants = expression(chosen.iter().map(constant), operation);
            (chosen, evaluate(&constants, &mut Table::default()).ok())
        };
        let results = choices(sides).into_iter().map(result).collect();
        let formula = expression(leaves.iter().cloned(), operation);
        Self { operation, leaves, sides, formula, assumptions, results }
    }

    fn shown(&self) -> String {
        let sides = self.sides.iter().map(|(_, interval)| interval.to_string());
        format!("{:?} of {}", self.operation, sides.collect::<Vec<_>>().join(", "))
    }

    /// The interval proven is the least one, and a failure is possible just if a choice fails.
    fn forwards(&self, counts: &mut Counts) {
        let values: Vec<Value> = self.results.iter().filter_map(|(_, result)| *result).collect();
        let fails = values.len() < self.results.len();
        match prove_total(&self.formula, &self.assumptions) {
            Ok(interval) => {
                assert!(!fails, "{} may fail, and yet it is {interval}", self.shown());
                if *self.operation == Node::Rem {
                    // Remainders have gaps, which the analysis does not look for.
                    let holds = values.iter().all(|value| interval.contains(*value));
                    assert!(holds, "{} is {values:?}, not in {interval}", self.shown());
                } else {
                    assert_eq!(Some(interval), least(&values), "{}", self.shown());
                }
                counts.total += 1;
            }
            Err(failure) => {
                assert!(fails, "{} never fails, and yet {failure}", self.shown());
                counts.failing += 1;
            }
        }
    }

    /// A guard that the result is `target` keeps every choice of which it is true.
    fn backwards(&self, target: Value, counts: &mut Counts) {
        let guard = match target {
            Value::Bool(true) => self.formula.clone(),
            Value::Bool(false) => expression(self.formula.iter().cloned(), &Node::Not),
            number => expression(self.formula.iter().cloned().chain([constant(&number)]), &Node::Equal),
        };
        let holds = |(_, result): &&(Vec<Value>, Option<Value>)| *result == Some(target);
        let mut kept = self.results.iter().filter(holds).peekable();
        let refined = match self.assumptions.clone().given(&guard) {
            Ok(refined) => refined,
            Err(refuted) => {
                assert!(kept.peek().is_none(), "{refuted}: {} is {target}", self.shown());
                counts.refuted += 1;
                return;
            }
        };
        let decided = kept.peek().is_some() || !matches!(target, Value::Bool(_));
        assert!(decided, "no choice is {target}, and yet that is not refuted: {}", self.shown());
        for (chosen, _) in kept {
            for (leaf, value) in self.leaves.iter().zip(chosen) {
                let interval = refined.leaf(leaf).expect("declared");
                assert!(
                    interval.contains(*value),
                    "{value}, not in {interval}: {} is {target}",
                    self.shown()
                );
            }
        }
        let narrowed = self.leaves.iter().any(|leaf| refined.leaf(leaf) != self.assumptions.leaf(leaf));
        counts.taught += u32::from(narrowed);
    }
}

/// Compares `operation` on `leaves` within `sides` to its results for every choice of values.
fn check(world: &World, operation: &Node, leaves: &[Node], sides: &[&Side], counts: &mut Counts) {
    let case = Case::new(world, operation, leaves, sides);
    case.forwards(counts);
    let mut targets: Vec<Value> = Vec::new();
    for (_, result) in &case.results {
        match result {
            Some(Value::Bool(_)) => targets.extend([Value::Bool(true), Value::Bool(false)]),
            Some(number) => targets.push(*number),
            None => {}
        }
    }
    // One more number, that is mostly no result.
    match case.results.first() {
        Some((_, Some(Value::Uint(_)))) => targets.push(Value::Uint(5)),
        Some((_, Some(Value::Int(_)))) => targets.push(Value::Int(-5)),
        _ => {}
    }
    targets.sort_by_key(Value::to_string);
    targets.dedup();
    targets.into_iter().for_each(|target| case.backwards(target, counts));
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts show that the boxes were exercised")]
fn operations_of_two_numbers_are_exact_on_every_small_box() {
    let world = World::load();
    let (mut arithmetic, mut comparisons) = (Counts::default(), Counts::default());
    let leaves = [(unsigned(), [Node::Arg(1), Node::Arg(2)]), (signed(), [Node::Arg(5), Node::Arg(6)])];
    for (sides, leaves) in &leaves {
        for left in sides {
            for right in sides {
                for operation in [Node::Add, Node::Sub, Node::Mul, Node::Div, Node::Rem, Node::Min, Node::Max]
                {
                    check(&world, &operation, leaves, &[left, right], &mut arithmetic);
                }
                for operation in [
                    Node::Equal,
                    Node::NotEqual,
                    Node::Less,
                    Node::LessEqual,
                    Node::Greater,
                    Node::GreaterEqual,
                ] {
                    check(&world, &operation, leaves, &[left, right], &mut comparisons);
                }
            }
        }
    }
    println!("{arithmetic:?}, {comparisons:?}");
    assert!(arithmetic.total > 10_000 && arithmetic.failing > 3_000 && arithmetic.taught > 15_000);
    assert!(comparisons.total > 10_000 && comparisons.failing == 0 && comparisons.refuted > 5_000);
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts show that the boxes were exercised")]
fn other_operations_are_exact_on_every_small_box() {
    let world = World::load();
    let (mut scaled, mut converted) = (Counts::default(), Counts::default());
    let (unsigned, signed) = (unsigned(), signed());
    for a in &unsigned {
        check(&world, &Node::ToInt, &[Node::Arg(1)], &[a], &mut converted);
        for b in &unsigned {
            for c in &unsigned {
                let leaves = [Node::Arg(1), Node::Arg(2), Node::Value];
                check(&world, &Node::MulDiv, &leaves, &[a, b, c], &mut scaled);
            }
        }
    }
    for a in &signed {
        check(&world, &Node::ToUint, &[Node::Arg(5)], &[a], &mut converted);
    }
    println!("{scaled:?}, {converted:?}");
    assert!(scaled.total > 4_000 && scaled.failing > 3_000 && scaled.taught > 2_000);
    assert!(converted.total > 20 && converted.failing > 30 && converted.taught > 50);
}
