//! Time as an order of bounds: which of them have passed, and in which order they can.
//!
//! A bound is an expression that a window, or a comparison with the clock in a guard, names. Its value may not be
//! known; that one bound is at most another often is, by intervals or because both are the same sum but for a number.

use chainstack_analysis::Sum;
use chainstack_analysis::{Assumptions, Interval, prove_total};
use chainstack_primitives::manifest::{Clock, Expression, Manifest, Node};

use super::ModelError;
use crate::bits::Bits;
use crate::expression::{Names, clock_text, join};
use crate::limits::BOUNDS_MAX;

/// A moment that the model distinguishes.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) clock: Clock,
    /// The cell of the item whose fields it reads.
    pub(crate) item: Option<u16>,
    pub(crate) expression: Expression,
    sum: Sum,
    pub(crate) least: u128,
    pub(crate) greatest: u128,
}

/// All moments, and what is known of their order.
#[derive(Clone, Default, Debug)]
pub(crate) struct Bounds {
    bounds: Vec<Bound>,
    /// For each bound, those that have passed when it has.
    before: Vec<Bits>,
}

impl Bounds {
    /// The index of the bound `nodes` counts to, noted if it is new.
    ///
    /// `None` if the model cannot follow it: it reads what only one call knows.
    ///
    /// # Errors
    /// [`ModelError::TooManyBounds`].
    pub(crate) fn note(
        &mut self,
        manifest: &Manifest,
        clock: Clock,
        item: Option<u16>,
        nodes: &[Node],
    ) -> Result<Option<usize>, ModelError> {
        if nodes.iter().any(of_one_call) {
            return Ok(None);
        }
        let Ok(expression) = Expression::try_from(nodes.to_vec()) else { return Ok(None) };
        let item = item.filter(|_| nodes.iter().any(of_item));
        let sum = Sum::of(nodes);
        let same = |bound: &Bound| bound.clock == clock && bound.item == item && bound.sum == sum;
        if let Some(index) = self.bounds.iter().position(same) {
            return Ok(Some(index));
        }
        if self.bounds.len() >= BOUNDS_MAX {
            return Err(ModelError::TooManyBounds { limit: BOUNDS_MAX });
        }
        let cell = item.and_then(|id| manifest.cell(id));
        let (least, greatest) = match prove_total(&expression, &Assumptions::new(manifest, &[], cell)) {
            Ok(Interval::Uint(range)) => (range.least(), range.greatest()),
            _ => (0, u128::MAX),
        };
        self.bounds.push(Bound { clock, item, expression, sum, least, greatest });
        Ok(self.bounds.len().checked_sub(1))
    }

    /// Works out the orders, after the last bound was noted.
    pub(crate) fn order(&mut self, manifest: &Manifest) {
        let bounds = &self.bounds;
        let before = |later: &Bound| {
            let earlier = bounds.iter().enumerate().filter(|(_, earlier)| at_most(manifest, earlier, later));
            earlier.map(|(index, _)| index).collect::<Bits>()
        };
        self.before = bounds.iter().map(before).collect();
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Bound> {
        self.bounds.get(index)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Bound)> {
        self.bounds.iter().enumerate()
    }

    /// Bounds of items of the map `cell`.
    pub(crate) fn of_item(&self, cell: u16) -> Bits {
        self.iter().filter(|(_, bound)| bound.item == Some(cell)).map(|(index, _)| index).collect()
    }

    /// The bounds that have passed when `index` has, itself included.
    pub(crate) fn with_earlier(&self, index: usize) -> Bits {
        self.before.get(index).copied().unwrap_or_default().with(Bits::one(index))
    }

    /// Bounds that have passed before anything happens.
    pub(crate) fn at_start(&self) -> Bits {
        let passed = self.iter().filter(|(_, bound)| bound.greatest == 0 && bound.item.is_none());
        passed.map(|(index, _)| index).collect()
    }

    /// What may have passed next, if time goes on from `passed`; `there` are the bounds that exist.
    pub(crate) fn next(&self, passed: Bits, there: Bits) -> Vec<(usize, Bits)> {
        let mut found: Vec<(usize, Bits)> = Vec::new();
        for (index, bound) in self.iter() {
            if passed.has(index) || !there.has(index) || bound.least > u128::from(u64::MAX) {
                continue;
            }
            let group = self.with_earlier(index).meet(there);
            // Those it drags along must be equal to it, else they pass first.
            let drags_equals = group.without(passed).iter().all(|other| self.with_earlier(other).has(index));
            let next = passed.with(group);
            if drags_equals && found.iter().all(|(_, before)| *before != next) {
                found.push((index, next));
            }
        }
        found
    }

    /// What may have passed after the bounds `changed` got new values; the others stay.
    pub(crate) fn after_change(&self, passed: Bits, changed: Bits, there: Bits) -> Vec<Bits> {
        let changed = changed.meet(there);
        let stays = passed.without(changed);
        let choices = changed.subsets().into_iter().map(|chosen| stays.with(chosen));
        choices.filter(|passed| self.is_consistent(*passed, there)).collect()
    }

    fn is_consistent(&self, passed: Bits, there: Bits) -> bool {
        passed.iter().all(|index| passed.holds(self.with_earlier(index).meet(there)))
    }

    /// The bound in words.
    pub(crate) fn text(&self, manifest: &Manifest, index: usize) -> String {
        let Some(bound) = self.get(index) else { return String::new() };
        clock_text(bound.clock, Names { manifest, method: None, item: bound.item }, &bound.expression)
    }
}

/// Whether `earlier` never comes after `later`.
fn at_most(manifest: &Manifest, earlier: &Bound, later: &Bound) -> bool {
    if earlier.clock != later.clock {
        return false;
    }
    if earlier.greatest <= later.least {
        return true;
    }
    let together = earlier.item.is_none() || later.item.is_none() || earlier.item == later.item;
    if !together {
        return false;
    }
    if earlier.sum.terms == later.sum.terms && earlier.item == later.item {
        return earlier.sum.number <= later.sum.number;
    }
    let item = earlier.item.or(later.item).and_then(|id| manifest.cell(id));
    let difference = join(&[&later.expression, &earlier.expression], &[Node::Sub]);
    difference
        .is_some_and(|difference| prove_total(&difference, &Assumptions::new(manifest, &[], item)).is_ok())
}

const fn of_one_call(node: &Node) -> bool {
    matches!(
        node,
        Node::Arg(_)
            | Node::Caller
            | Node::Origin
            | Node::Value
            | Node::Time
            | Node::Height
            | Node::Member(_)
            | Node::Quorum(_)
    )
}

const fn of_item(node: &Node) -> bool {
    matches!(node, Node::Head(_) | Node::ItemKey(_) | Node::Owner | Node::Escrowed(_) | Node::InState { .. })
}
