//! Attempts: what can never be done, shown by trying.
//!
//! That something never happens no run shows. An attempt is a shortest run to where the step gets as far as it ever
//! does, and the step itself, with the code that the host refuses it with: a replay passes only if the host does.

use chainstack_analysis::{Assumptions, prove_total};
use chainstack_primitives::{
    codes,
    manifest::{
        AssetRef, Cell, CellKind, Expression, Field, ItemBinding, Manifest, Ops, StateSets, Touches,
        Transition, Upgrade,
    },
};

use crate::model::{Action, ModelState, Moves, Stage, Step, is_own};
use crate::report::{Counterexample, CounterexampleStep, Refused, StepKind};

use super::Context;

impl Context<'_, '_> {
    /// The attempt of a method or exit that no reachable state lets be taken. None if one may, or if what it is refused
    /// with depends on more than the model knows.
    pub(crate) fn attempt(&self, action: Action) -> Option<Counterexample> {
        self.attempt_from(action, |_| true)
    }

    /// The same, from a state that `from` accepts.
    pub(crate) fn attempt_from(
        &self,
        action: Action,
        from: impl Fn(&ModelState) -> bool,
    ) -> Option<Counterexample> {
        let (_, code, state) = self.furthest(action, from)?;
        Some(self.refused(state, action, code))
    }

    /// The attempt that gets furthest, of those actions.
    pub(crate) fn attempt_of(&self, actions: &[Action]) -> Option<Counterexample> {
        let found = actions.iter().filter_map(|action| Some((self.furthest(*action, |_| true)?, *action)));
        // The first of those that get as far.
        let ((_, code, state), action) =
            found.reduce(|best, next| if next.0.0 > best.0.0 { next } else { best })?;
        Some(self.refused(state, action, code))
    }

    /// The nearest of the states in which the step gets furthest, how far that is, and the code.
    fn furthest(&self, action: Action, from: impl Fn(&ModelState) -> bool) -> Option<(Stage, u16, usize)> {
        let moves = self.moves_of(action)?;
        let mut best: Option<(Stage, u16, usize)> = None;
        for (index, state) in self.states().filter(|(_, state)| from(state)) {
            let (stage, code) = self.model.refusal(state, moves)?;
            if best.is_none_or(|(furthest, ..)| stage > furthest) {
                best = Some((stage, code, index));
            }
        }
        best.filter(|(stage, ..)| *stage != Stage::Guard || self.guard_computes(moves))
    }

    /// A shortest run to the state, and the step that is refused there.
    fn refused(&self, state: usize, action: Action, code: u16) -> Counterexample {
        let mut run = self.run_and(state, Step { action, other_item: false }, state);
        if let Some(last) = run.steps.last_mut() {
            last.refused = Some(Refused::with(code));
            if code == codes::GUARD_REFUSED {
                last.assumed.clear();
            }
        }
        run
    }

    /// Whether the guard has a value whatever it reads, so that it is refused for what it says.
    fn guard_computes(&self, moves: &Moves) -> bool {
        let item = moves.binding.and_then(|binding| self.model.maps.get(binding.map()));
        let item = item.and_then(|cell| self.manifest().cell(*cell));
        let (guard, args, from): (_, &[Field], &StateSets) = match moves.action {
            Action::Method(index) => match self.method(index) {
                Some(method) => (method.guard.as_ref(), &method.args, &method.from),
                None => return false,
            },
            Action::Exit(index) => match self.exit(index) {
                Some(exit) => (exit.guard.as_ref(), &[], &exit.from),
                None => return false,
            },
            Action::Instantiate | Action::Wait(_) => return false,
        };
        let known = Assumptions::new(self.manifest(), args, item).in_states(from);
        guard.is_none_or(|guard: &Expression| prove_total(guard, &known).is_ok())
    }

    /// The attempt of a method to do what it declares, each thing once, which its ceilings do not let it; `codes` are
    /// those that are asked about.
    pub(crate) fn attempt_to_use(&self, index: usize, codes: &[u16]) -> Option<Counterexample> {
        let method = self.method(index)?;
        let action = Action::Method(index);
        let constructor = self.manifest().constructor().is_some_and(|found| found.method == method.method);
        let state = match self.moves_of(action) {
            _ if constructor => 0,
            Some(moves) => self.states().find(|(_, state)| self.model.may(state, moves, false))?.0,
            None => return None,
        };
        let code = stopped_by(self.manifest(), method).filter(|code| codes.contains(code))?;
        Some(if constructor { self.attempt_to_create(code) } else { self.refused(state, action, code) })
    }

    /// The attempt to create the contract.
    pub(crate) fn attempt_to_create(&self, code: u16) -> Counterexample {
        let mut run = self.run(0);
        run.steps.iter_mut().for_each(|step| step.refused = Some(Refused::with(code)));
        run
    }

    /// The attempt to replace the contract by a version that breaks a promise; `says` is what the host says of it.
    pub(crate) fn attempt_to_upgrade(&self, says: String) -> Counterexample {
        let (role, code) = match self.manifest().upgrade {
            Upgrade::Gated { role, .. } => (Some(self.role_name(role)), codes::UPGRADE_REFUSED),
            _ => (None, codes::UNKNOWN_METHOD),
        };
        let mut run = self.run(0);
        let kind = StepKind::Propose { role };
        let refused = Some(Refused { code, says });
        run.steps.extend(run.steps.last().cloned().map(|last| CounterexampleStep { kind, refused, ..last }));
        run
    }
}

/// What a frame has used of its ceilings.
#[derive(Clone, Copy, Default)]
struct Used {
    reads: u32,
    writes: u32,
    /// Entries that are surely new, and those that may be.
    created: (u32, u32),
}

impl Used {
    /// Counts one more entry, and whether that may pass the ceiling: the code if it surely does, nothing if it may.
    fn write(&mut self, method: &Transition, is_new: Option<bool>) -> Result<(), Option<u16>> {
        let ceilings = &method.ceilings;
        self.writes = self.writes.saturating_add(1);
        if self.writes > ceilings.writes {
            return Err(Some(codes::CEILING_WRITES));
        }
        let (surely, maybe) = (u32::from(is_new == Some(true)), u32::from(is_new != Some(false)));
        self.created = (self.created.0.saturating_add(surely), self.created.1.saturating_add(maybe));
        if self.created.0 > ceilings.new_entries {
            return Err(Some(codes::CEILING_ENTRIES));
        }
        if self.created.1 > ceilings.new_entries { Err(None) } else { Ok(()) }
    }

    fn read(&mut self, method: &Transition) -> Result<(), Option<u16>> {
        self.reads = self.reads.saturating_add(1);
        if self.reads > method.ceilings.reads { Err(Some(codes::CEILING_READS)) } else { Ok(()) }
    }
}

/// The code with which the host stops code that does what the method declares: each touch, in order, then what it moves
/// into escrows and out of them, then its events. None if it does not, or if that depends on what is there.
fn stopped_by(manifest: &Manifest, method: &Transition) -> Option<u16> {
    done_once(manifest, method).err().flatten()
}

fn done_once(manifest: &Manifest, method: &Transition) -> Result<(), Option<u16>> {
    let Touches::Listed(touches) = &method.touches else { return Err(None) };
    let mut used = Used::default();
    let mut item_there = !matches!(method.item, ItemBinding::New { .. });
    let bound = match &method.item {
        ItemBinding::New { cell, .. } | ItemBinding::Existing { cell, .. } => Some(*cell),
        ItemBinding::None | ItemBinding::Each { .. } => None,
    };
    for touch in touches {
        let own = bound == Some(touch.cell) && is_own(&method.item, &touch.key);
        if touch.ops.contains(Ops::READ) {
            used.read(method)?;
        }
        let writes = [Ops::SET, Ops::ADD].into_iter().any(|op| touch.ops.contains(op));
        if writes {
            used.write(method, if own { Some(!item_there) } else { None })?;
            item_there |= own;
        } else if touch.ops.0 & !Ops::READ.0 != 0 {
            used.write(method, Some(false))?;
        }
    }
    for escrow in &method.escrows {
        let Some(CellKind::Escrow(declared)) = manifest.cell(escrow.cell).map(|cell: &Cell| &cell.kind)
        else {
            return Err(None);
        };
        if declared.asset != AssetRef::Native {
            return Err(None); // What a move of an asset writes is told where it is declared.
        }
        if declared.item.is_some() && !item_there {
            return Err(Some(codes::UNDECLARED_ESCROW)); // No escrow holds for an item that is not there.
        }
        if escrow.pays_in {
            let of_new = declared.item.is_some() && matches!(method.item, ItemBinding::New { .. });
            // Nothing is no entry.
            used.write(method, (of_new && method.value_max.0 > 0).then_some(true))?;
        }
        if escrow.pays_out {
            used.write(method, Some(false))?;
        }
    }
    if !method.emits.is_empty() && method.ceilings.events == 0 {
        return Err(Some(codes::CEILING_EVENTS));
    }
    if item_there { Ok(()) } else { Err(Some(codes::ITEM_NOT_CREATED)) }
}
