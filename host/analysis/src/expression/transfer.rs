//! Each operation of the language, on intervals: what it can result in, and whether it can fail.

use chainstack_primitives::manifest::{ExpressionProblem, Node};

use super::FailureKind::{self, OutOfRange};
use super::Interval::{self, Bool, Int, Uint};
use super::interval::Number;
use super::{Range, Truth, signed, unsigned};

/// What an operation can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Outcome<V> {
    /// Every result it can have; none if it always fails.
    pub(super) value: Option<V>,
    /// How it can fail, if it can.
    pub(super) failure: Option<FailureKind>,
}

impl<V> Outcome<V> {
    pub(super) const fn total(value: V) -> Self {
        Self { value: Some(value), failure: None }
    }

    pub(super) const fn always(failure: FailureKind) -> Self {
        Self { value: None, failure: Some(failure) }
    }

    pub(super) fn map<W>(self, convert: impl FnOnce(V) -> W) -> Outcome<W> {
        Outcome { value: self.value.map(convert), failure: self.failure }
    }
}

/// What is known of the operands of a subtraction beyond their intervals: the right one is at most the left
/// one, or less than it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Order {
    AtMost,
    Less,
}

/// What operation `node` can do with any values of `operands`, the first pushed first.
pub(super) fn outcome(
    node: &Node,
    operands: &[Interval],
    order: Option<Order>,
) -> Result<Outcome<Interval>, ExpressionProblem> {
    let value = match (node, operands) {
        (Node::Not, [Bool(a)]) => Bool(a.not()),
        (Node::And, [Bool(a), Bool(b)]) => Bool(a.and(*b)),
        (Node::Or, [Bool(a), Bool(b)]) => Bool(a.or(*b)),
        (Node::If, [Bool(condition), yes, no]) => {
            let either = yes.hull(*no).ok_or(ExpressionProblem::OperandType)?;
            match condition {
                Truth::Yes => *yes,
                Truth::No => *no,
                Truth::Either => either,
            }
        }
        (Node::Equal, [a, b]) => Bool(equal(*a, *b)?),
        (Node::NotEqual, [a, b]) => Bool(equal(*a, *b)?.not()),
        (Node::ToInt, [Uint(a)]) => return Ok(to_int(*a).map(Int)),
        (Node::ToUint, [Int(a)]) => return Ok(to_uint(*a).map(Uint)),
        (Node::MulDiv, [Uint(a), Uint(b), Uint(c)]) => return Ok(unsigned::mul_div(*a, *b, *c).map(Uint)),
        (node, [Uint(a), Uint(b)]) => match compare(node, a, b) {
            Some(truth) => Bool(truth),
            None => {
                let outcome = unsigned::outcome(node, *a, *b, order);
                return outcome.map(|outcome| outcome.map(Uint)).ok_or(ExpressionProblem::OperandType);
            }
        },
        (node, [Int(a), Int(b)]) => match compare(node, a, b) {
            Some(truth) => Bool(truth),
            None => {
                let outcome = signed::outcome(node, *a, *b, order);
                return outcome.map(|outcome| outcome.map(Int)).ok_or(ExpressionProblem::OperandType);
            }
        },
        _ => return Err(ExpressionProblem::OperandType),
    };
    Ok(Outcome::total(value))
}

/// Whether values of `a` and `b` are equal.
fn equal(a: Interval, b: Interval) -> Result<Truth, ExpressionProblem> {
    if a.ty() != b.ty() {
        return Err(ExpressionProblem::OperandType);
    }
    let same = match (a, b) {
        (Bool(a), Bool(b)) => a.known().is_some() && a == b,
        (Uint(a), Uint(b)) => a.single().is_some() && a == b,
        (Int(a), Int(b)) => a.single().is_some() && a == b,
        _ => false,
    };
    Ok(match a.meet(b) {
        None => Truth::No,
        Some(_) if same => Truth::Yes,
        Some(_) => Truth::Either,
    })
}

/// The truth of a comparison; `None` if `node` is none.
fn compare<T: Number>(node: &Node, a: &Range<T>, b: &Range<T>) -> Option<Truth> {
    let less = |a: &Range<T>, b: &Range<T>| {
        if a.greatest() < b.least() {
            Truth::Yes
        } else if a.least() >= b.greatest() {
            Truth::No
        } else {
            Truth::Either
        }
    };
    Some(match node {
        Node::Less => less(a, b),
        Node::LessEqual => less(b, a).not(),
        Node::Greater => less(b, a),
        Node::GreaterEqual => less(a, b).not(),
        _ => return None,
    })
}

fn to_int(a: Range<u128>) -> Outcome<Range<i128>> {
    let Ok(least) = i128::try_from(a.least()) else { return Outcome::always(OutOfRange) };
    match i128::try_from(a.greatest()) {
        Ok(greatest) => Outcome { value: Range::new(least, greatest), failure: None },
        Err(_) => Outcome { value: Range::new(least, i128::MAX), failure: Some(OutOfRange) },
    }
}

fn to_uint(a: Range<i128>) -> Outcome<Range<u128>> {
    let Ok(greatest) = u128::try_from(a.greatest()) else { return Outcome::always(OutOfRange) };
    match u128::try_from(a.least()) {
        Ok(least) => Outcome { value: Range::new(least, greatest), failure: None },
        Err(_) => Outcome { value: Range::new(0, greatest), failure: Some(OutOfRange) },
    }
}
