//! What is stored: cells, and the machines of their items and of the contract.

use chainstack_primitives::manifest::{Cell, CellKind, Machine};

use super::{ALLOWED, Diff, Part, REFUSED, UpgradeVerdict};
use crate::creation_states;

impl Diff<'_> {
    pub(super) fn cells(&mut self) {
        let (old, new) = (self.old, self.new);
        for cell in &old.cells {
            let part = || Part { cell: Some(cell.name.to_string()), ..Part::default() };
            match new.cell(cell.id) {
                None => {
                    let keeps = matches!(cell.kind, CellKind::Escrow(_)) || cell.asset().is_some();
                    let verdict = if keeps { REFUSED } else { UpgradeVerdict::AllowedIfEmpty };
                    self.push("cell", verdict, part(), format!("Cell `{}` is gone.", cell.name));
                }
                Some(found) => {
                    for (rule, sentence) in self.cell(cell, found) {
                        self.push(rule, REFUSED, part(), sentence);
                    }
                }
            }
        }
        for cell in new.cells.iter().filter(|cell| old.cell(cell.id).is_none()) {
            let part = Part { cell: Some(cell.name.to_string()), ..Part::default() };
            self.push("cell", ALLOWED, part, format!("Cell `{}` is new.", cell.name));
        }
    }

    /// What about a surviving cell is not as it was.
    fn cell(&self, old: &Cell, new: &Cell) -> Vec<(&'static str, String)> {
        let name = &old.name;
        let key = self.types.same_fields(old.key(), new.key());
        let head = old.head().len() == new.head().len()
            && old.head().iter().zip(new.head()).all(|(old, new)| self.types.same(&old.ty, &new.ty));
        let loosened = old.head().iter().zip(new.head()).find(|(old, new)| old.write_once && !new.write_once);
        // Whoever owns an asset could clear it so, also where an escrow has it already.
        let cleared =
            old.head().iter().zip(new.head()).find(|(old, new)| !old.clear_on_move && new.clear_on_move);
        let kind = core::mem::discriminant(&old.kind) == core::mem::discriminant(&new.kind);
        let escrow = match (&old.kind, &new.kind) {
            (CellKind::Escrow(old), CellKind::Escrow(new)) => old == new,
            _ => true,
        };
        let asset = old.asset().is_none_or(|asset| {
            new.asset()
                .is_some_and(|found| found.release_when.is_none() || found.release_when == asset.release_when)
        });
        let tighter = match (old.max_entries(), new.max_entries()) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(old), Some(new)) => new < old,
        };
        // Items that are there keep deposits for what the exits of their time create, beside one for their own room.
        let (kept, keeps) = (self.old.kept_rooms(old.id), self.new.kept_rooms(new.id));
        let more = keeps.iter().enumerate().any(|(place, room)| kept.get(place).is_none_or(|had| had < room));
        let longer = !keeps.is_empty() && self.new.entry_room(new) > self.old.entry_room(old);
        let found = [
            ("kind", !kind, format!("Cell `{name}` is of another kind.")),
            ("key", kind && !key, format!("The key of cell `{name}` has other types.")),
            ("head", kind && !head, format!("The head of cell `{name}` has other types.")),
            (
                "write_once",
                loosened.is_some(),
                format!(
                    "Field `{}` of cell `{name}` was written once, and may change now.",
                    loosened.map_or("", |(old, _)| &*old.name)
                ),
            ),
            (
                "clear_on_move",
                cleared.is_some(),
                format!(
                    "Field `{}` of cell `{name}` is cleared by a move now.",
                    cleared.map_or("", |(old, _)| &*old.name)
                ),
            ),
            (
                "tail",
                new.tail_max_bytes() < old.tail_max_bytes(),
                format!("Entries of cell `{name}` may be too long now."),
            ),
            (
                "asset",
                kind && old.asset().is_none() && new.asset().is_some(),
                format!("Cell `{name}` is an asset now, which is kept under other keys."),
            ),
            (
                "aggregates",
                kind && aggregates(old) != aggregates(new),
                format!("Another sum or count is kept of cell `{name}`, which nobody has added up."),
            ),
            ("escrow", !escrow, format!("Escrow `{name}` holds another asset, or for others.")),
            ("asset", kind && !asset, format!("Asset `{name}` is none any more, or hinders its release.")),
            (
                "deposit",
                more || longer,
                format!(
                    "Items of cell `{name}` keep too small a deposit for what exits create in ledgers now."
                ),
            ),
            ("max_entries", kind && tighter, format!("Cell `{name}` may have too many entries now.")),
        ];
        found.into_iter().filter(|(_, wrong, _)| *wrong).map(|(rule, _, sentence)| (rule, sentence)).collect()
    }

    pub(super) fn machines(&mut self) {
        let (old, new) = (self.old, self.new);
        for machine in &old.machines {
            let part = Part { machine: Some(machine.name.to_string()), ..Part::default() };
            match new.machine(machine.id) {
                None => self.push("machine", REFUSED, part, format!("Machine `{}` is gone.", machine.name)),
                Some(found) => self.machine(machine, found, &part),
            }
        }
        for machine in new.machines.iter().filter(|machine| old.machine(machine.id).is_none()) {
            let part = Part { machine: Some(machine.name.to_string()), ..Part::default() };
            let cell = machine.cell.and_then(|id| old.cell(id));
            match cell {
                Some(cell) => {
                    let sentence = format!(
                        "Machine `{}` is of items of cell `{}`, which are in none of its states.",
                        machine.name, cell.name
                    );
                    self.push("machine", REFUSED, part, sentence);
                }
                None => self.push("machine", ALLOWED, part, format!("Machine `{}` is new.", machine.name)),
            }
        }
    }

    fn machine(&mut self, old: &Machine, new: &Machine, part: &Part) {
        let sentence = format!("Machine `{}` is of other items.", old.name);
        self.refuse_if(old.cell != new.cell, "machine", part.clone(), sentence);
        for state in &old.states {
            let part = Part { state: Some(state.name.to_string()), ..part.clone() };
            let gone = !new.states.iter().any(|found| found.id == state.id);
            let sentence = format!("State `{}` of machine `{}` is gone.", state.name, old.name);
            self.refuse_if(gone, "state", part.clone(), sentence);
            let ended = new.terminal.contains(&state.id) && !old.terminal.contains(&state.id);
            let sentence =
                format!("State `{}` of machine `{}` has no way out any more.", state.name, old.name);
            self.refuse_if(ended, "terminal", part, sentence);
        }
        // An item in a state from which nothing led to such an exit may have given away what it had kept.
        let (before, now) = (creation_states(self.old, old), creation_states(self.new, new));
        for state in old.states.iter().filter(|state| now.contains(&state.id) && !before.contains(&state.id))
        {
            let part = Part { state: Some(state.name.to_string()), ..part.clone() };
            let sentence = format!(
                "From state `{}` of machine `{}` an exit comes within reach that creates in ledgers: items there may have no \
                 deposit left for it.",
                state.name, old.name
            );
            self.push("deposit", REFUSED, part, sentence);
        }
        for state in new.states.iter().filter(|state| old.states.iter().all(|found| found.id != state.id)) {
            let part = Part { state: Some(state.name.to_string()), ..part.clone() };
            self.push(
                "state",
                ALLOWED,
                part,
                format!("State `{}` of machine `{}` is new.", state.name, old.name),
            );
        }
    }
}

/// What the host adds up over a cell: its balances, its entries, and fields of its head.
fn aggregates(cell: &Cell) -> (bool, bool, Vec<bool>) {
    let sum = matches!(&cell.kind, CellKind::Ledger(ledger) if ledger.sum);
    (sum, cell.counts(), cell.head().iter().map(|field| field.sum).collect())
}
