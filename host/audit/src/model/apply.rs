//! Where a step leads: everything that a guest may choose, and everything that is not known.

use super::{Binding, Model, ModelError, ModelState, Moves};
use crate::bits::Bits;
use crate::limits::OUTCOMES_MAX;

impl Model<'_> {
    /// # Errors
    /// [`ModelError::TooManyOutcomes`] if the moves can end in more ways than the model follows.
    pub(super) fn check_outcomes(&self, moves: &Moves) -> Result<(), ModelError> {
        let targets = moves.to.iter().map(|(_, targets)| targets.len());
        let made = moves.creates_in.with(match moves.binding {
            Some(Binding::New(map)) => Bits::one(map),
            _ => Bits::EMPTY,
        });
        let made = made.iter().filter_map(|map| self.maps.get(map));
        let bounds = made.fold(moves.disturbs, |bounds, cell| bounds.with(self.bounds.of_item(*cell)));
        let either = [
            moves.fills.with(moves.drains.without(moves.clears)),
            moves.deletes_in,
            moves.creates_in,
            bounds,
        ];
        let doubled = either.into_iter().flat_map(Bits::iter).map(|_| 2).chain(moves.may_delete.then_some(2));
        let ways = targets.chain(doubled).fold(1usize, usize::saturating_mul);
        if ways > OUTCOMES_MAX { Err(ModelError::TooManyOutcomes { limit: OUTCOMES_MAX }) } else { Ok(()) }
    }

    /// Where the step may lead.
    pub(crate) fn apply(&self, state: &ModelState, moves: &Moves, other_item: bool) -> Vec<ModelState> {
        let mut next = state.clone();
        let mut changed = moves.disturbs;
        let mut remade = Bits::EMPTY;
        if let (Some(Binding::New(map)), false) = (moves.binding, other_item) {
            self.create(&mut next, map);
            remade = remade.with(Bits::one(map));
        }
        let (own, shared) = (moves.binding.map(|binding| self.own_bounds(binding)), self.shared_escrows());
        let escrows = if other_item { shared } else { (0..self.escrows.len()).collect() };
        if other_item {
            changed = changed.without(own.unwrap_or_default()).with(moves.disturbs_any);
        }
        let mut found = vec![next];
        for (machine, targets) in &moves.to {
            if other_item
                && self.manifest.machines.get(*machine).is_some_and(|machine| machine.cell.is_some())
            {
                continue;
            }
            let led = |state: &ModelState, target: u8| {
                let mut state = state.clone();
                if let Some(found) = state.machines.get_mut(*machine) {
                    *found = target;
                }
                state
            };
            found = found
                .iter()
                .flat_map(|state| targets.iter().map(move |target| led(state, *target)))
                .collect();
        }
        // What surely empties first; then each escrow that may fill or empty, either way.
        for state in &mut found {
            state.held = state.held.without(moves.clears.meet(escrows));
        }
        for escrow in moves.fills.with(moves.drains.without(moves.clears)).meet(escrows).iter() {
            let (bit, fills, drains) = (Bits::one(escrow), moves.fills.has(escrow), moves.drains.has(escrow));
            let both = |state: &ModelState| {
                let filled = ModelState { held: state.held.with(bit), ..state.clone() };
                let empty = ModelState { held: state.held.without(bit), ..state.clone() };
                let (is, ways) = (state.held.has(escrow), (fills, drains));
                let filled = (is || ways.0).then_some(filled);
                let empty = (!is || ways.1).then_some(empty);
                empty.into_iter().chain(filled).collect::<Vec<_>>()
            };
            found = found.iter().flat_map(both).collect();
        }
        found = self.items_change(found, moves, other_item, &mut remade);
        let made: Bits = remade
            .iter()
            .filter_map(|map| self.maps.get(map))
            .fold(Bits::EMPTY, |set, cell| set.with(self.bounds.of_item(*cell)));
        let changed = changed.with(made);
        let spread = |state: ModelState| {
            let there = self.there(state.items);
            let state = ModelState { passed: state.passed.meet(there), ..state };
            let after = self.bounds.after_change(state.passed, changed, there);
            after.into_iter().map(move |passed| ModelState { passed, ..state.clone() })
        };
        let mut found: Vec<ModelState> = found.into_iter().flat_map(spread).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Items that the step deletes or creates beside its own.
    fn items_change(
        &self,
        mut found: Vec<ModelState>,
        moves: &Moves,
        other_item: bool,
        remade: &mut Bits,
    ) -> Vec<ModelState> {
        let own = moves.binding.map(Binding::map).filter(|_| !other_item);
        if let (Some(map), true) = (own, moves.deletes) {
            found.iter_mut().for_each(|state| self.delete(state, map));
        }
        let may_delete = own.filter(|_| moves.may_delete && !moves.deletes);
        for map in may_delete.into_iter().chain(moves.deletes_in.iter()) {
            let held = self.escrows_of(map);
            let gone = |state: &ModelState| {
                // The host keeps an item as long as an escrow holds something for it.
                let gone = state.held.meet(held).is_empty().then(|| {
                    let mut gone = state.clone();
                    self.delete(&mut gone, map);
                    gone
                });
                [Some(state.clone()), gone].into_iter().flatten()
            };
            found = found.iter().flat_map(gone).collect();
        }
        for map in moves.creates_in.iter() {
            *remade = remade.with(Bits::one(map));
            let made = |state: &ModelState| {
                let mut made = state.clone();
                if !state.items.has(map) {
                    self.create(&mut made, map);
                }
                [state.clone(), made]
            };
            found = found.iter().flat_map(made).collect();
        }
        found
    }

    fn create(&self, state: &mut ModelState, map: usize) {
        state.items = state.items.with(Bits::one(map));
        self.reset(state, map);
    }

    fn delete(&self, state: &mut ModelState, map: usize) {
        state.items = state.items.without(Bits::one(map));
        self.reset(state, map);
    }

    fn reset(&self, state: &mut ModelState, map: usize) {
        let cell = self.maps.get(map).copied();
        for (index, machine) in self.manifest.machines.iter().enumerate() {
            if machine.cell.is_some()
                && machine.cell == cell
                && let Some(found) = state.machines.get_mut(index)
            {
                *found = machine.initial;
            }
        }
    }
}
