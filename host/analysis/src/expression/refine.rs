//! What a guard or window that held says about the leaves of expressions evaluated with it.
//!
//! An expression that resulted in a known value without failing constrains its operands, and those theirs. The
//! intervals are computed forwards, then narrowed backwards from the root; in postfix order every operation comes
//! after its operands, so both are one loop.

use chainstack_primitives::manifest::{Clock, Expression, ExpressionProblem, ExpressionType, Node, Window};

use super::order::Fact;
use super::project::{Comparison, project};
use super::trace::Trace;
use super::transfer::Order;
use super::{Assumptions, IllFormed, Interval, Range, Refuted, Truth};

/// Rounds forwards and backwards. One carries each constraint to its leaves; the others carry it on to other
/// constraints over the same leaves. More would only be more precise.
const ROUNDS: u32 = 3;

static HEIGHT: [Node; 1] = [Node::Height];
static TIME: [Node; 1] = [Node::Time];

impl<'a> Assumptions<'a> {
    /// Adds that `guard` held, in the environment of every expression these assumptions are for.
    ///
    /// # Errors
    /// - [`Refuted::Never`] if the guard cannot hold under these assumptions: what it guards never happens.
    /// - [`Refuted::IllFormed`] if it is no expression, or not a truth value.
    pub fn given(mut self, guard: &'a Expression) -> Result<Self, Refuted> {
        let trace = self.require(guard, Interval::Bool(Truth::Yes))?;
        self.learn(&trace);
        Ok(self)
    }

    /// Adds that `window` is open.
    ///
    /// # Errors
    /// As [`Assumptions::given`]; bounds are unsigned numbers.
    pub fn within(mut self, window: &'a Window) -> Result<Self, Refuted> {
        let (leaf, clock) = match window.clock {
            Clock::Height => (Node::Height, &HEIGHT),
            Clock::TimeMs => (Node::Time, &TIME),
        };
        // The second time, what either bound said of the clock narrows the leaves of the other.
        for _ in 0..2 {
            if let Some(opens) = &window.opens {
                self.opened(&leaf, opens)?;
            }
            if let Some(closes) = &window.closes {
                self.not_closed(&leaf, closes)?;
            }
        }
        let opens = window.opens.iter().map(|opens| (&opens[..], &clock[..], Order::AtMost));
        let closes = window.closes.iter().map(|closes| (&clock[..], &closes[..], Order::Less));
        let facts = opens.chain(closes);
        self.facts.extend(facts.map(|(lesser, greater, order)| Fact { lesser, greater, order }));
        Ok(self)
    }

    /// The bound `opens` is at most the clock `leaf`.
    fn opened(&mut self, leaf: &Node, opens: &'a Expression) -> Result<(), Refuted> {
        let now = self.clock(leaf)?;
        let begun = Range::new(0, now.greatest()).ok_or(Refuted::Never)?;
        let opens_at = self.require(opens, Interval::Uint(begun))?.unsigned_result()?;
        let now = now.at_least(opens_at.least()).ok_or(Refuted::Never)?;
        self.narrow(leaf, Interval::Uint(now))
    }

    /// The clock `leaf` is less than the bound `closes`.
    fn not_closed(&mut self, leaf: &Node, closes: &'a Expression) -> Result<(), Refuted> {
        let now = self.clock(leaf)?;
        let later = now.least().checked_add(1).and_then(|least| Range::new(least, u128::MAX));
        let later = Interval::Uint(later.ok_or(Refuted::Never)?);
        let closes_at = self.require(closes, later)?.unsigned_result()?;
        let last = closes_at.greatest().checked_sub(1).ok_or(Refuted::Never)?;
        self.narrow(leaf, Interval::Uint(now.at_most(last).ok_or(Refuted::Never)?))
    }

    fn clock(&self, leaf: &Node) -> Result<Range<u128>, Refuted> {
        match self.leaf(leaf) {
            Some(Interval::Uint(range)) => Ok(range),
            _ => Err(Refuted::Never),
        }
    }

    /// Narrows the leaves to what lets `expression` result in `required` without failing.
    fn require(&mut self, expression: &'a Expression, required: Interval) -> Result<Trace<'a>, Refuted> {
        let mut trace = Trace::run(expression, self)?;
        if trace.result().ty() != required.ty() {
            let problem = ExpressionProblem::ResultType;
            return Err(Refuted::IllFormed(IllFormed::new(expression.len(), problem)));
        }
        for _ in 0..ROUNDS {
            trace = Trace::run(expression, self)?;
            trace.narrow(required).ok_or(Refuted::Never)?;
            for (node, step) in expression.iter().zip(&trace.steps) {
                if super::apply::arity(node) == 0 {
                    self.narrow(node, step.interval)?;
                }
            }
        }
        Ok(trace)
    }

    /// Keeps the orders that comparisons of known truth state.
    fn learn(&mut self, trace: &Trace<'a>) {
        for (index, (node, step)) in trace.nodes.iter().zip(&trace.steps).enumerate() {
            let (Interval::Bool(truth), [left, right]) = (step.interval, trace.operands(index)) else {
                continue;
            };
            let (Some(truth), true) = (truth.known(), trace.is_number(*left)) else { continue };
            let (left, right) = (trace.expression(*left), trace.expression(*right));
            if let Some(comparison) = Comparison::of(node, truth) {
                let (lesser, greater) = if comparison.left_is_lesser { (left, right) } else { (right, left) };
                let order = if comparison.strict { Order::Less } else { Order::AtMost };
                self.facts.push(Fact { lesser, greater, order });
            }
            if matches!((node, truth), (Node::Equal, true) | (Node::NotEqual, false)) {
                self.facts.push(Fact { lesser: left, greater: right, order: Order::AtMost });
                self.facts.push(Fact { lesser: right, greater: left, order: Order::AtMost });
            }
        }
    }
}

impl Trace<'_> {
    /// What the whole expression can be.
    pub(super) fn result(&self) -> Interval {
        self.steps.last().map_or(Interval::full(ExpressionType::Bool), |step| step.interval)
    }

    fn unsigned_result(&self) -> Result<Range<u128>, Refuted> {
        match self.result() {
            Interval::Uint(range) => Ok(range),
            _ => Err(Refuted::Never),
        }
    }

    fn is_number(&self, index: usize) -> bool {
        matches!(self.interval(index), Some(Interval::Uint(_) | Interval::Int(_)))
    }

    /// Narrows every step to what lets the whole result in `required`; `None` if nothing does.
    fn narrow(&mut self, required: Interval) -> Option<()> {
        let last = self.steps.last_mut()?;
        last.interval = last.interval.meet(required)?;
        for (index, node) in self.nodes.iter().enumerate().rev() {
            let operands = self.operands(index).to_vec();
            let mut intervals: Vec<Interval> =
                operands.iter().map(|operand| self.interval(*operand)).collect::<Option<_>>()?;
            project(node, self.interval(index)?, &mut intervals)?;
            for (operand, interval) in operands.iter().zip(intervals) {
                self.steps.get_mut(*operand)?.interval = interval;
            }
        }
        Some(())
    }
}
