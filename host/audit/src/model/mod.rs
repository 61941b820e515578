//! The finite model of a contract: what its declaration lets happen, with numbers left out.
//!
//! **State.** Of every machine its state; of every map whose items matter one representative item, which exists or
//! not; of every escrow whether it is empty; of every bound of a window whether it has passed. Whatever else a guard
//! reads is havoc.
//!
//! **Steps.** A method, an exit, or that a bound passes. A step may also be about *another* item than the
//! representative; then only the contract's own machines, escrows and bounds change. The guest chooses among the
//! declared targets; it may leave an escrow as it was. So every run of the contract is a run of the model.

mod apply;
pub(crate) mod atom;
mod clock;
pub(crate) mod condition;
mod difference;
mod moves;
mod refusal;
mod writes;

use core::fmt;

use chainstack_primitives::manifest::{CellKind, ItemBinding, Manifest};

use crate::bits::Bits;
use crate::expression::escrow_item;
use atom::{AtomKind, Atoms};
use clock::Bounds;
use condition::Truth;
use moves::Builder;

pub(crate) use moves::{Binding, Moves, Side, is_own};
pub(crate) use refusal::Stage;

/// Why there is no model of a manifest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ModelError {
    /// Windows and guards name more different moments than the model keeps apart.
    TooManyBounds {
        /// The limit, [`crate::limits::BOUNDS_MAX`].
        limit: usize,
    },
    /// One step can end in more ways than the model follows.
    TooManyOutcomes {
        /// The limit, [`crate::limits::OUTCOMES_MAX`].
        limit: usize,
    },
}

impl fmt::Display for ModelError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyBounds { limit } => {
                write!(formatter, "windows and guards name more than {limit} different moments")
            }
            Self::TooManyOutcomes { limit } => {
                write!(formatter, "one step can end in more than {limit} ways")
            }
        }
    }
}

impl core::error::Error for ModelError {}

/// What a step is, by index into the manifest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Action {
    /// The contract is created.
    Instantiate,
    /// A method is called.
    Method(usize),
    /// An exit is poked.
    Exit(usize),
    /// Time passes, until the bound with this index.
    Wait(usize),
}

/// A step of the model.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// Whether it concerns another item than the representative one.
    pub other_item: bool,
}

/// A state of the model.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ModelState {
    /// State of each machine, by its index; the initial one while the item does not exist.
    machines: Vec<u8>,
    /// Maps whose representative item exists.
    items: Bits,
    /// Escrows that hold something.
    held: Bits,
    /// Bounds that have passed.
    passed: Bits,
}

impl ModelState {
    pub(crate) fn machine(&self, index: usize) -> u8 {
        self.machines.get(index).copied().unwrap_or(0)
    }

    pub(crate) const fn held(&self) -> Bits {
        self.held
    }
}

/// The finite model of a manifest.
#[derive(Clone, Debug)]
pub struct Model<'m> {
    pub(crate) manifest: &'m Manifest,
    /// Maps with a representative item, by cell id.
    pub(crate) maps: Vec<u16>,
    /// Escrow cells, by id.
    pub(crate) escrows: Vec<u16>,
    pub(crate) bounds: Bounds,
    pub(crate) atoms: Atoms,
    pub(crate) moves: Vec<Moves>,
    constructor: Option<Moves>,
}

impl<'m> Model<'m> {
    /// The model of a validated manifest.
    ///
    /// # Errors
    /// [`ModelError`] if it has more bounds of time than a model keeps.
    pub fn new(manifest: &'m Manifest) -> Result<Self, ModelError> {
        let escrows: Vec<u16> = cells(manifest, |kind| matches!(kind, CellKind::Escrow(_)));
        let mut maps: Vec<u16> = manifest.machines.iter().filter_map(|machine| machine.cell).collect();
        maps.extend(escrows.iter().filter_map(|escrow| escrow_item(manifest, *escrow)));
        maps.extend(manifest.exits.iter().filter_map(|exit| exit.item));
        maps.extend(manifest.transitions.iter().filter_map(|method| match &method.item {
            ItemBinding::None => None,
            ItemBinding::Existing { cell, .. }
            | ItemBinding::New { cell, .. }
            | ItemBinding::Each { cell, .. } => Some(*cell),
        }));
        maps.sort_unstable();
        maps.dedup();
        let (mut bounds, mut atoms) = (Bounds::default(), Atoms::default());
        let mut builder =
            Builder { manifest, maps: &maps, escrows: &escrows, bounds: &mut bounds, atoms: &mut atoms };
        let mut moves = Vec::new();
        for (index, method) in moves::called(manifest) {
            moves.push(builder.method(index, method)?);
        }
        for (index, exit) in manifest.exits.iter().enumerate() {
            moves.push(builder.exit(index, exit)?);
        }
        let mut constructor = match moves::constructor(manifest) {
            Some((index, method)) => Some(builder.method(index, method)?),
            None => None,
        };
        for found in moves.iter_mut().chain(&mut constructor) {
            (found.disturbs, found.disturbs_any) = builder.disturbed(found);
        }
        bounds.order(manifest);
        let model = Self { manifest, maps, escrows, bounds, atoms, moves, constructor };
        model.moves.iter().chain(&model.constructor).try_for_each(|moves| model.check_outcomes(moves))?;
        Ok(model)
    }

    /// The states a contract can be in once it is created.
    #[must_use]
    pub fn initial(&self) -> Vec<ModelState> {
        let machines = self.manifest.machines.iter().map(|machine| machine.initial).collect();
        let passed = self.bounds.at_start();
        let start = ModelState { machines, items: Bits::EMPTY, held: Bits::EMPTY, passed };
        match &self.constructor {
            Some(constructor) => self.apply(&start, constructor, false),
            None => vec![start],
        }
    }

    /// Whether the representative item of the map `cell` exists.
    pub(crate) fn item_exists(&self, state: &ModelState, cell: u16) -> bool {
        self.maps.iter().position(|map| *map == cell).is_some_and(|map| state.items.has(map))
    }

    /// Whether the machine's item exists; true of a machine of the contract.
    pub(crate) fn machine_exists(&self, state: &ModelState, machine: usize) -> bool {
        let cell = self.manifest.machines.get(machine).and_then(|machine| machine.cell);
        cell.is_none_or(|cell| self.item_exists(state, cell))
    }

    /// Bounds that have a value in `state`.
    fn there(&self, items: Bits) -> Bits {
        let there = self.bounds.iter().filter(|(_, bound)| {
            let map = bound.item.and_then(|cell| self.maps.iter().position(|map| *map == cell));
            bound.item.is_none() || map.is_some_and(|map| items.has(map))
        });
        there.map(|(index, _)| index).collect()
    }

    /// Every step from `state`, with where it may lead, in order of declaration; waiting comes last.
    #[must_use]
    pub fn successors(&self, state: &ModelState) -> Vec<(Step, ModelState)> {
        let mut found = Vec::new();
        for moves in &self.moves {
            for other_item in [false, true] {
                if (other_item && !self.matters_elsewhere(moves)) || !self.may(state, moves, other_item) {
                    continue;
                }
                let step = Step { action: moves.action, other_item };
                found.extend(self.apply(state, moves, other_item).into_iter().map(|next| (step, next)));
            }
        }
        found.extend(self.waits(state));
        found
    }

    /// What waiting brings.
    pub(crate) fn waits(&self, state: &ModelState) -> Vec<(Step, ModelState)> {
        let next = self.bounds.next(state.passed, self.there(state.items));
        let step = |bound| Step { action: Action::Wait(bound), other_item: false };
        next.into_iter()
            .map(|(bound, passed)| (step(bound), ModelState { passed, ..state.clone() }))
            .collect()
    }

    /// Whether the moves change anything that all items share.
    fn matters_elsewhere(&self, moves: &Moves) -> bool {
        let Some(binding) = moves.binding else { return false };
        let contract = |machine: usize| {
            self.manifest.machines.get(machine).is_some_and(|machine| machine.cell.is_none())
        };
        let shared = self.shared_escrows();
        let other_maps = moves.creates_in.with(moves.deletes_in);
        moves.to.iter().any(|(machine, _)| contract(*machine))
            || !moves.fills.with(moves.drains).meet(shared).is_empty()
            || !moves.disturbs_any.with(moves.disturbs.without(self.own_bounds(binding))).is_empty()
            || !other_maps.is_empty()
    }

    fn own_bounds(&self, binding: Binding) -> Bits {
        self.maps.get(binding.map()).map_or(Bits::EMPTY, |cell| self.bounds.of_item(*cell))
    }

    /// Escrows that hold for the items of a map.
    fn escrows_of(&self, map: usize) -> Bits {
        let cell = self.maps.get(map).copied();
        let of_map = self.escrows.iter().enumerate();
        let of_map =
            of_map.filter(|(_, escrow)| cell.is_some() && escrow_item(self.manifest, **escrow) == cell);
        of_map.map(|(index, _)| index).collect()
    }

    fn shared_escrows(&self) -> Bits {
        let shared = self.escrows.iter().enumerate();
        let shared = shared.filter(|(_, escrow)| escrow_item(self.manifest, **escrow).is_none());
        shared.map(|(index, _)| index).collect()
    }

    /// Whether the step may be taken.
    pub(crate) fn may(&self, state: &ModelState, moves: &Moves, other_item: bool) -> bool {
        if moves.never.is_some() || !self.in_place(state, moves, other_item) {
            return false;
        }
        let open = self.open(state, moves, other_item) != Some(false);
        open && moves.guard.truth(&|atom| self.atom(state, moves, other_item, atom)) != Some(false)
    }

    /// Whether items and machines are as the moves need them.
    pub(crate) fn in_place(&self, state: &ModelState, moves: &Moves, other_item: bool) -> bool {
        let bound = match moves.binding {
            _ if other_item => true,
            Some(Binding::Existing(map)) => state.items.has(map),
            Some(Binding::New(map)) => !state.items.has(map),
            None => true,
        };
        let from = moves.from.iter().all(|(machine, states)| {
            self.state_of(state, moves, other_item, *machine).is_none_or(|found| states.contains(&found))
        });
        // The host moves no machine out of a terminal state.
        let moved = moves.to.iter().all(|(machine, _)| {
            let declared = self.manifest.machines.get(*machine);
            let found = self.state_of(state, moves, other_item, *machine);
            !found.is_some_and(|found| declared.is_some_and(|machine| machine.terminal.contains(&found)))
        });
        bound && from && moved
    }

    /// State of the machine as the moves find it; `None` if it is another item's.
    fn state_of(&self, state: &ModelState, moves: &Moves, other_item: bool, machine: usize) -> Option<u8> {
        let declared = self.manifest.machines.get(machine)?;
        let bound = moves.binding.and_then(|binding| self.maps.get(binding.map()));
        if declared.cell.is_none() || declared.cell != bound.copied() {
            return Some(state.machine(machine));
        }
        match moves.binding {
            Some(Binding::New(_)) => Some(declared.initial),
            _ if other_item => None,
            _ => Some(state.machine(machine)),
        }
    }

    /// Whether the window is open.
    pub(crate) fn open(&self, state: &ModelState, moves: &Moves, other_item: bool) -> Truth {
        let passed = |side: Side| match side {
            Side::At(bound) => self.passed(state, moves, other_item, bound),
            Side::Open | Side::Unknown => None,
        };
        let opened = if moves.opens == Side::Open { Some(true) } else { passed(moves.opens) };
        let closed = if moves.closes == Side::Open { Some(false) } else { passed(moves.closes) };
        match (opened, closed) {
            (Some(false), _) | (_, Some(true)) => Some(false),
            (Some(true), Some(false)) => Some(true),
            _ => None,
        }
    }

    fn passed(&self, state: &ModelState, moves: &Moves, other_item: bool, bound: usize) -> Truth {
        let item = self.bounds.get(bound)?.item;
        let fresh = matches!(moves.binding, Some(Binding::New(_)));
        if item.is_some() && (other_item || fresh) {
            return None;
        }
        Some(state.passed.has(bound))
    }

    /// The truth of an atom in `state`; what is up to a role is not known.
    pub(crate) fn atom(&self, state: &ModelState, moves: &Moves, other_item: bool, atom: usize) -> Truth {
        match &self.atoms.get(atom)?.kind {
            AtomKind::Role { .. } | AtomKind::Identity => None,
            AtomKind::InState { machine, states } => {
                let index = self.manifest.machines.iter().position(|found| found.id == *machine)?;
                self.state_of(state, moves, other_item, index).map(|found| states.contains(&found))
            }
            AtomKind::Before { bound } => self.passed(state, moves, other_item, *bound).map(|passed| !passed),
            AtomKind::Value { escrows, truths } => {
                let held = |cell: u16| {
                    let index = self.escrows.iter().position(|escrow| *escrow == cell)?;
                    let unknown = other_item && escrow_item(self.manifest, cell).is_some();
                    (!unknown).then_some(state.held.has(index))
                };
                let mut row = 0usize;
                for (index, cell) in escrows.iter().enumerate() {
                    let weight = u32::try_from(index).ok().and_then(|index| 1usize.checked_shl(index))?;
                    row = if held(*cell)? { row.saturating_add(weight) } else { row };
                }
                truths.get(row).copied().flatten()
            }
        }
    }

    /// The state in words: machines, escrows that hold something, bounds that have passed.
    #[must_use]
    pub fn describe(&self, state: &ModelState) -> String {
        let mut parts = Vec::new();
        for (index, machine) in self.manifest.machines.iter().enumerate() {
            let found = machine.states.iter().find(|found| found.id == state.machine(index));
            let name = found.map_or("?", |found| &*found.name);
            let shown = if self.machine_exists(state, index) { name } else { "absent" };
            parts.push(format!("{} {shown}", machine.name));
        }
        for (index, escrow) in self.escrows.iter().enumerate().filter(|(index, _)| state.held.has(*index)) {
            let name =
                self.manifest.cell(*escrow).map_or_else(|| index.to_string(), |cell| cell.name.to_string());
            parts.push(format!("{name} holds value"));
        }
        for index in state.passed.iter() {
            parts.push(format!("{} has passed", self.bounds.text(self.manifest, index)));
        }
        if parts.is_empty() { "nothing to tell".to_owned() } else { parts.join(", ") }
    }
}

fn cells(manifest: &Manifest, wanted: fn(&CellKind) -> bool) -> Vec<u16> {
    manifest.cells.iter().filter(|cell| wanted(&cell.kind)).map(|cell| cell.id).collect()
}

#[cfg(test)]
mod tests;
