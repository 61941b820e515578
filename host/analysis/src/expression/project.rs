//! Each operation backwards: what its operands can be, given what it resulted in and that it did not fail.
//!
//! Every function narrows its operands and returns `None` if no operands could have had that result.

use chainstack_primitives::manifest::Node;

use super::Interval::{self, Bool, Int, Uint};
use super::interval::Number;
use super::{Range, Truth, signed, unsigned};

/// Narrows `operands`, the first pushed first, to what operation `node` can turn into `result`.
pub(super) fn project(node: &Node, result: Interval, operands: &mut [Interval]) -> Option<()> {
    match (node, result, operands) {
        (Node::Not, Bool(result), [Bool(a)]) => *a = a.meet(result.not())?,
        (Node::And, Bool(result), [Bool(a), Bool(b)]) => both(result, a, b)?,
        (Node::Or, Bool(result), [Bool(a), Bool(b)]) => {
            let (mut not_a, mut not_b) = (a.not(), b.not());
            both(result.not(), &mut not_a, &mut not_b)?;
            (*a, *b) = (not_a.not(), not_b.not());
        }
        (Node::If, result, [Bool(condition), yes, no]) => choice(result, condition, yes, no)?,
        (Node::Equal, Bool(result), [a, b]) => equality(result, a, b)?,
        (Node::NotEqual, Bool(result), [a, b]) => equality(result.not(), a, b)?,
        (Node::ToInt, Int(result), [Uint(a)]) => {
            let least = u128::try_from(result.least()).unwrap_or(0);
            *a = a.meet(Range::new(least, u128::try_from(result.greatest()).ok()?)?)?;
        }
        (Node::ToUint, Uint(result), [Int(a)]) => {
            let greatest = i128::try_from(result.greatest()).unwrap_or(i128::MAX);
            *a = a.meet(Range::new(i128::try_from(result.least()).ok()?, greatest)?)?;
        }
        (Node::MulDiv, Uint(_), [Uint(_), Uint(_), Uint(c)]) => *c = c.at_least(1)?,
        (node, Bool(result), [Uint(a), Uint(b)]) => comparison(node, result, a, b)?,
        (node, Bool(result), [Int(a), Int(b)]) => comparison(node, result, a, b)?,
        (node, Uint(result), [Uint(a), Uint(b)]) => unsigned::project(node, result, a, b)?,
        (node, Int(result), [Int(a), Int(b)]) => signed::project(node, result, a, b)?,
        _ => {}
    }
    Some(())
}

/// Which operand of a comparison is the lesser, once its truth is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Comparison {
    /// Whether the left operand is the lesser one.
    pub(super) left_is_lesser: bool,
    /// Whether they cannot be equal.
    pub(super) strict: bool,
}

impl Comparison {
    /// What comparison `node` says when it is `truth`; `None` if `node` is none.
    pub(super) const fn of(node: &Node, truth: bool) -> Option<Self> {
        let (left_is_lesser, strict) = match node {
            Node::Less => (true, true),
            Node::LessEqual => (true, false),
            Node::Greater => (false, true),
            Node::GreaterEqual => (false, false),
            _ => return None,
        };
        // Not less is at least, the other way round.
        let flipped = !truth;
        Some(Self { left_is_lesser: left_is_lesser != flipped, strict: strict != flipped })
    }
}

fn both(result: Truth, a: &mut Truth, b: &mut Truth) -> Option<()> {
    match result {
        Truth::Yes => {
            *a = a.meet(Truth::Yes)?;
            *b = b.meet(Truth::Yes)?;
        }
        Truth::No if *a == Truth::Yes => *b = b.meet(Truth::No)?,
        Truth::No if *b == Truth::Yes => *a = a.meet(Truth::No)?,
        Truth::No | Truth::Either => {}
    }
    Some(())
}

fn choice(result: Interval, condition: &mut Truth, yes: &mut Interval, no: &mut Interval) -> Option<()> {
    let (from_yes, from_no) = (yes.meet(result), no.meet(result));
    *condition = match (from_yes, from_no) {
        (Some(_), Some(_)) => *condition,
        (Some(_), None) => condition.meet(Truth::Yes)?,
        (None, Some(_)) => condition.meet(Truth::No)?,
        (None, None) => return None,
    };
    match condition {
        Truth::Yes => *yes = from_yes?,
        Truth::No => *no = from_no?,
        Truth::Either => {}
    }
    Some(())
}

fn equality(result: Truth, a: &mut Interval, b: &mut Interval) -> Option<()> {
    match result {
        Truth::Yes => {
            let common = a.meet(*b)?;
            (*a, *b) = (common, common);
        }
        Truth::No => match (a, b) {
            (Bool(a), Bool(b)) => {
                if a.known().is_some() {
                    *b = b.meet(a.not())?;
                }
                if b.known().is_some() {
                    *a = a.meet(b.not())?;
                }
            }
            (Uint(a), Uint(b)) => apart(a, b)?,
            (Int(a), Int(b)) => apart(a, b)?,
            _ => {}
        },
        Truth::Either => {}
    }
    Some(())
}

/// Takes from the edge of either range the one number the other consists of.
fn apart<T: Number>(a: &mut Range<T>, b: &mut Range<T>) -> Option<()> {
    let without = |range: Range<T>, other: Range<T>| {
        let Some(number) = other.single() else { return Some(range) };
        if range.least() == number {
            range.at_least(number.next()?)
        } else if range.greatest() == number {
            range.at_most(number.previous()?)
        } else {
            Some(range)
        }
    };
    *a = without(*a, *b)?;
    *b = without(*b, *a)?;
    Some(())
}

fn comparison<T: Number>(node: &Node, result: Truth, a: &mut Range<T>, b: &mut Range<T>) -> Option<()> {
    let Some(comparison) = result.known().and_then(|truth| Comparison::of(node, truth)) else {
        return Some(());
    };
    let (lesser, greater) = if comparison.left_is_lesser { (a, b) } else { (b, a) };
    let most = greater.greatest();
    *lesser = lesser.at_most(if comparison.strict { most.previous()? } else { most })?;
    let least = lesser.least();
    *greater = greater.at_least(if comparison.strict { least.next()? } else { least })?;
    Some(())
}

/// The lesser of `a` and `b` is in `result`.
pub(super) fn project_min<T: Number>(result: Range<T>, a: &mut Range<T>, b: &mut Range<T>) -> Option<()> {
    *a = a.at_least(result.least())?;
    *b = b.at_least(result.least())?;
    if b.least() > result.greatest() {
        *a = a.at_most(result.greatest())?;
    }
    if a.least() > result.greatest() {
        *b = b.at_most(result.greatest())?;
    }
    Some(())
}

/// The greater of `a` and `b` is in `result`.
pub(super) fn project_max<T: Number>(result: Range<T>, a: &mut Range<T>, b: &mut Range<T>) -> Option<()> {
    *a = a.at_most(result.greatest())?;
    *b = b.at_most(result.greatest())?;
    if b.greatest() < result.least() {
        *a = a.at_least(result.least())?;
    }
    if a.greatest() < result.least() {
        *b = b.at_least(result.least())?;
    }
    Some(())
}
