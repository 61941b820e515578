//! Unsigned arithmetic on intervals: what results, and what operands a result can come from.

use chainstack_primitives::manifest::Node;

use super::FailureKind::{DivisionByZero, Overflow};
use super::Range;
use super::project::{project_max, project_min};
use super::transfer::{Order, Outcome};

type Unsigned = Range<u128>;

/// What arithmetic on any numbers of `a` and `b` can do; `None` if `node` is no arithmetic of two operands.
pub(super) fn outcome(
    node: &Node,
    a: Unsigned,
    b: Unsigned,
    order: Option<Order>,
) -> Option<Outcome<Unsigned>> {
    Some(match node {
        Node::Add => growing(a.least().checked_add(b.least()), a.greatest().checked_add(b.greatest())),
        Node::Sub => sub(a, b, order),
        Node::Mul => growing(a.least().checked_mul(b.least()), a.greatest().checked_mul(b.greatest())),
        Node::Div => divided(b, |b| {
            Range::new(a.least().checked_div(b.greatest())?, a.greatest().checked_div(b.least())?)
        }),
        Node::Rem => divided(b, |b| {
            if a.greatest() < b.least() {
                return Some(a);
            }
            Range::new(0, a.greatest().min(b.greatest().checked_sub(1)?))
        }),
        Node::Min => Outcome::total(a.min(b)),
        Node::Max => Outcome::total(a.max(b)),
        _ => return None,
    })
}

/// What `floor(a · b / c)` can do.
pub(super) fn mul_div(a: Unsigned, b: Unsigned, c: Unsigned) -> Outcome<Unsigned> {
    let Some(divisor) = c.at_least(1) else { return Outcome::always(DivisionByZero) };
    let quotient = chainstack_primitives::mul_div;
    let scaled = growing(
        quotient(a.least(), b.least(), divisor.greatest()),
        quotient(a.greatest(), b.greatest(), divisor.least()),
    );
    if c.contains(0) { Outcome { failure: Some(DivisionByZero), ..scaled } } else { scaled }
}

/// An operation that grows with its operands, from its exact least and greatest result; none: past the
/// greatest number.
fn growing(least: Option<u128>, greatest: Option<u128>) -> Outcome<Unsigned> {
    let Some(least) = least else { return Outcome::always(Overflow) };
    match greatest {
        Some(greatest) => Outcome { value: Range::new(least, greatest), failure: None },
        None => Outcome { value: Range::new(least, u128::MAX), failure: Some(Overflow) },
    }
}

fn sub(a: Unsigned, b: Unsigned, order: Option<Order>) -> Outcome<Unsigned> {
    let Some(greatest) = a.greatest().checked_sub(b.least()) else { return Outcome::always(Overflow) };
    let least = match order {
        Some(Order::Less) => 1,
        Some(Order::AtMost) | None => 0,
    };
    let exact = a.least().checked_sub(b.greatest());
    let failure = if exact.is_some() || order.is_some() { None } else { Some(Overflow) };
    match Range::new(exact.unwrap_or(0).max(least), greatest) {
        Some(range) => Outcome { value: Some(range), failure },
        // The order contradicts the intervals: no such operands exist.
        None => Outcome::always(Overflow),
    }
}

/// A division by the numbers of `b`, zero left out.
fn divided(b: Unsigned, quotient: impl FnOnce(Unsigned) -> Option<Unsigned>) -> Outcome<Unsigned> {
    let Some(divisor) = b.at_least(1) else { return Outcome::always(DivisionByZero) };
    Outcome { value: quotient(divisor), failure: b.contains(0).then_some(DivisionByZero) }
}

/// Narrows `a` and `b` to what can result in `result` without failing; `None` if nothing can.
pub(super) fn project(node: &Node, result: Unsigned, a: &mut Unsigned, b: &mut Unsigned) -> Option<()> {
    match node {
        Node::Add => {
            *a = a.meet(sub(result, *b, None).value?)?;
            *b = b.meet(sub(result, *a, None).value?)?;
        }
        Node::Sub => {
            *a = a.meet(outcome(&Node::Add, result, *b, None)?.value?)?;
            *b = b.meet(sub(*a, result, None).value?)?;
        }
        Node::Mul => {
            *a = factor(result, *a, *b)?;
            *b = factor(result, *b, *a)?;
        }
        Node::Div => {
            *b = b.at_least(1)?;
            let rest = b.greatest().saturating_sub(1);
            *a = a.at_most(result.greatest().saturating_mul(b.greatest()).saturating_add(rest))?;
            *a = a.at_least(result.least().checked_mul(b.least())?)?;
        }
        Node::Rem => {
            *b = b.at_least(result.least().checked_add(1)?)?;
            *a = a.at_least(result.least())?;
        }
        Node::Min => project_min(result, a, b)?,
        Node::Max => project_max(result, a, b)?,
        _ => {}
    }
    Some(())
}

/// The numbers of `a` whose product with one of `other` can be in `product`.
fn factor(product: Unsigned, a: Unsigned, other: Unsigned) -> Option<Unsigned> {
    let most = product.greatest().checked_div(other.least()).unwrap_or(u128::MAX);
    // Without a factor above zero, the product is zero, and every `a` will do.
    let least = if other.greatest() == 0 { 0 } else { product.least().div_ceil(other.greatest()) };
    a.at_most(most)?.at_least(least)
}
