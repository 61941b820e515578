//! Signed arithmetic on intervals: what results, and what operands a result can come from.

use chainstack_primitives::manifest::Node;

use super::FailureKind::{DivisionByZero, Overflow};
use super::Range;
use super::project::{project_max, project_min};
use super::transfer::{Order, Outcome};

type Signed = Range<i128>;

/// An exact result; those that do not fit differ by their side only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Exact {
    Below,
    Fits(i128),
    Above,
}

impl Exact {
    /// What an operation gave, and whether its exact result is negative.
    fn of(result: Option<i128>, negative: bool) -> Self {
        match result {
            Some(number) => Self::Fits(number),
            None if negative => Self::Below,
            None => Self::Above,
        }
    }

    fn add(a: i128, b: i128) -> Self {
        Self::of(a.checked_add(b), a < 0)
    }

    fn sub(a: i128, b: i128) -> Self {
        Self::of(a.checked_sub(b), a < 0)
    }

    fn mul(a: i128, b: i128) -> Self {
        Self::of(a.checked_mul(b), (a < 0) != (b < 0))
    }

    /// `a / b` for a divisor that is not zero: only the least number by −1 does not fit.
    fn div(a: i128, b: i128) -> Self {
        Self::of(a.checked_div(b), false)
    }
}

/// What arithmetic on any numbers of `a` and `b` can do; `None` if `node` is no arithmetic of two operands.
pub(super) fn outcome(node: &Node, a: Signed, b: Signed, order: Option<Order>) -> Option<Outcome<Signed>> {
    Some(match node {
        Node::Add => between(Exact::add(a.least(), b.least()), Exact::add(a.greatest(), b.greatest())),
        Node::Sub => {
            let least = Exact::sub(a.least(), b.greatest());
            let known = match order {
                Some(Order::Less) => Exact::Fits(1),
                Some(Order::AtMost) => Exact::Fits(0),
                None => Exact::Below,
            };
            between(least.max(known), Exact::sub(a.greatest(), b.least()))
        }
        Node::Mul => {
            let (least, greatest) = corners(a, b, Exact::mul);
            between(least, greatest)
        }
        Node::Div => div(a, b),
        Node::Rem => rem(a, b),
        Node::Min => Outcome::total(a.min(b)),
        Node::Max => Outcome::total(a.max(b)),
        _ => return None,
    })
}

/// Everything between two exact results that fits.
fn between(least: Exact, greatest: Exact) -> Outcome<Signed> {
    let bounds = match (least, greatest) {
        (Exact::Above, _) | (_, Exact::Below) => return Outcome::always(Overflow),
        (least, greatest) => (fit(least), fit(greatest)),
    };
    let failure = match (least, greatest) {
        (Exact::Fits(_), Exact::Fits(_)) => None,
        _ => Some(Overflow),
    };
    match Range::new(bounds.0, bounds.1) {
        Some(range) => Outcome { value: Some(range), failure },
        // A known order contradicts the intervals: no such operands exist.
        None => Outcome::always(Overflow),
    }
}

const fn fit(exact: Exact) -> i128 {
    match exact {
        Exact::Below => i128::MIN,
        Exact::Fits(number) => number,
        Exact::Above => i128::MAX,
    }
}

/// Least and greatest result of an operation that is monotone in each operand.
fn corners(a: Signed, b: Signed, operation: fn(i128, i128) -> Exact) -> (Exact, Exact) {
    let all = [
        operation(a.least(), b.least()),
        operation(a.least(), b.greatest()),
        operation(a.greatest(), b.least()),
        operation(a.greatest(), b.greatest()),
    ];
    all.into_iter().fold((Exact::Above, Exact::Below), |(least, greatest), exact| {
        (least.min(exact), greatest.max(exact))
    })
}

/// Quotients by the negative and by the positive divisors; each part is monotone in either operand.
fn div(a: Signed, b: Signed) -> Outcome<Signed> {
    let parts = [b.at_most(-1), b.at_least(1)];
    let mut bounds: Option<(Exact, Exact)> = None;
    for part in parts.into_iter().flatten() {
        let (least, greatest) = corners(a, part, Exact::div);
        bounds = Some(match bounds {
            Some(before) => (before.0.min(least), before.1.max(greatest)),
            None => (least, greatest),
        });
    }
    let Some((least, greatest)) = bounds else { return Outcome::always(DivisionByZero) };
    let quotient = between(least, greatest);
    if b.contains(0) { Outcome { failure: Some(DivisionByZero), ..quotient } } else { quotient }
}

/// The remainder has the dividend's sign, and is nearer to zero than the divisor and no further than the
/// dividend.
fn rem(a: Signed, b: Signed) -> Outcome<Signed> {
    let reach = b.least().unsigned_abs().max(b.greatest().unsigned_abs());
    let Some(most) = reach.checked_sub(1) else { return Outcome::always(DivisionByZero) };
    let most = i128::try_from(most).unwrap_or(i128::MAX);
    let greatest = a.greatest().min(most).max(0);
    let least = a.least().max(most.saturating_neg()).min(0);
    let failure = b.contains(0).then_some(DivisionByZero);
    Outcome { value: Range::new(least, greatest), failure }
}

/// Narrows `a` and `b` to what can result in `result` without failing; `None` if nothing can.
pub(super) fn project(node: &Node, result: Signed, a: &mut Signed, b: &mut Signed) -> Option<()> {
    let exact = |node: &Node, a: Signed, b: Signed| outcome(node, a, b, None)?.value;
    match node {
        Node::Add => {
            *a = a.meet(exact(&Node::Sub, result, *b)?)?;
            *b = b.meet(exact(&Node::Sub, result, *a)?)?;
        }
        Node::Sub => {
            *a = a.meet(exact(&Node::Add, result, *b)?)?;
            *b = b.meet(exact(&Node::Sub, *a, result)?)?;
        }
        Node::Div | Node::Rem => {
            if b.least() == 0 {
                *b = b.at_least(1)?;
            }
            if b.greatest() == 0 {
                *b = b.at_most(-1)?;
            }
        }
        Node::Min => project_min(result, a, b)?,
        Node::Max => project_max(result, a, b)?,
        _ => {}
    }
    Some(())
}
