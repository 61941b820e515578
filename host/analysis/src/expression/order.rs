//! Orders between expressions: what intervals cannot say, and subtraction needs.
//!
//! Two expressions with the same nodes have the same value in one environment. So a comparison that held in a
//! guard orders its two sides wherever they are written again; and some operations order their result and an
//! operand by what they are: a least, a share, a remainder.

use chainstack_primitives::manifest::Node;

use super::Interval::{self, Uint};
use super::trace::Trace;
use super::transfer::Order;

/// That one expression is at most, or less than, another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fact<'e> {
    pub(super) lesser: &'e [Node],
    pub(super) greater: &'e [Node],
    pub(super) order: Order,
}

impl Trace<'_> {
    /// How the expressions that end at `lesser` and `greater` are known to be ordered.
    ///
    /// One step deep: by a fact, by what either expression is, or by a fact about an operand of it.
    pub(super) fn order(&self, lesser: usize, greater: usize, facts: &[Fact<'_>]) -> Option<Order> {
        let known = |lesser: usize, greater: usize| {
            let (lesser, greater) = (self.expression(lesser), self.expression(greater));
            if lesser == greater {
                return Some(Order::AtMost);
            }
            let facts = facts.iter().filter(|fact| fact.lesser == lesser && fact.greater == greater);
            facts.map(|fact| fact.order).max()
        };
        let below = self.bounds_above(lesser);
        let below =
            below.into_iter().flatten().filter_map(|(bound, own)| Some(own.max(known(bound, greater)?)));
        let above = self.bounds_below(greater);
        let above =
            above.into_iter().flatten().filter_map(|(bound, own)| Some(own.max(known(lesser, bound)?)));
        known(lesser, greater).into_iter().chain(below).chain(above).max()
    }

    /// Operands that the expression ending at `root` cannot exceed.
    fn bounds_above(&self, root: usize) -> [Option<(usize, Order)>; 2] {
        let least = |index: usize| match self.interval(index) {
            Some(Uint(range)) => Some(range.least()),
            _ => None,
        };
        let most = |index: usize| match self.interval(index) {
            Some(Uint(range)) => Some(range.greatest()),
            _ => None,
        };
        let is_unsigned = matches!(self.interval(root), Some(Interval::Uint(_)));
        match (self.nodes.get(root), self.operands(root)) {
            (Some(Node::Min), [a, b]) => [Some((*a, Order::AtMost)), Some((*b, Order::AtMost))],
            (Some(Node::Sub), [a, b]) if is_unsigned => [Some((*a, strict_if(least(*b) > Some(0)))), None],
            (Some(Node::Div), [a, _]) if is_unsigned => [Some((*a, Order::AtMost)), None],
            (Some(Node::Rem), [a, b]) if is_unsigned => [Some((*a, Order::AtMost)), Some((*b, Order::Less))],
            (Some(Node::MulDiv), [a, b, c]) => {
                let share = |part: usize, whole: usize| match (most(part), least(*c)) {
                    (Some(part), Some(divisor)) if part <= divisor => Some((whole, Order::AtMost)),
                    _ => None,
                };
                [share(*b, *a), share(*a, *b)]
            }
            _ => [None, None],
        }
    }

    /// Operands that the expression ending at `root` cannot fall below.
    fn bounds_below(&self, root: usize) -> [Option<(usize, Order)>; 2] {
        let least = |index: usize| match self.interval(index) {
            Some(Uint(range)) => range.least(),
            _ => 0,
        };
        let is_unsigned = matches!(self.interval(root), Some(Interval::Uint(_)));
        match (self.nodes.get(root), self.operands(root)) {
            (Some(Node::Max), [a, b]) => [Some((*a, Order::AtMost)), Some((*b, Order::AtMost))],
            (Some(Node::Add), [a, b]) if is_unsigned => {
                [Some((*a, strict_if(least(*b) > 0))), Some((*b, strict_if(least(*a) > 0)))]
            }
            (Some(Node::Mul), [a, b]) if is_unsigned => {
                let scaled =
                    |whole: usize, factor: usize| (least(factor) > 0).then_some((whole, Order::AtMost));
                [scaled(*a, *b), scaled(*b, *a)]
            }
            _ => [None, None],
        }
    }
}

const fn strict_if(strict: bool) -> Order {
    if strict { Order::Less } else { Order::AtMost }
}
