//! Map and value cells, and the sums and counts over cells.

use std::sync::Arc;

use chainstack_engine::Guest;
use chainstack_primitives::{
    AccountId, codes,
    manifest::{Ops, Reenter},
};
use chainstack_runtime::{
    params::Schedule,
    ports::{ExecutionError, Failure, Fault},
};

use super::{
    Answered, Scene,
    context::{length, load_params},
    table::{KEY_BYTES_MAX, Price, VALUE_BYTES_MAX},
};
use crate::{
    budget::{charge, charge_times, charge_update},
    machine::{
        COUNT, CellPlan, Contract, Frame, Item, Kind, LEDGER_SUM, Pending, account_of, check_empty,
        check_everything, check_other_item, check_touch, flush, holder_of, own_less, read_aggregate,
        takes_coins,
    },
    memory::{self, word},
    phases::{Phase, Phases},
};

/// What is answered if there is no entry: −1.
pub(super) const ABSENT: u64 = 0xffff_ffff;

/// A cell id, the pointer and length of a key, and what is to be done there.
pub(super) struct Access {
    pub(super) cell: u64,
    pub(super) key: (u64, u64),
    pub(super) kind: Kind,
    pub(super) op: Ops,
}

/// Checks an access against the declaration and appends the key, as state has it, to `key`. The position of the
/// cell, and the head fields that the method may change there.
fn locate(
    frame: &Frame,
    origin: &AccountId,
    guest: &Guest<'_>,
    access: &Access,
    key: &mut Vec<u8>,
) -> Result<(usize, u16), Failure> {
    let (pointer, size) = access.key;
    let tuple = memory::read(guest, pointer, size, KEY_BYTES_MAX)?;
    let contract = &*frame.contract;
    let (position, plan) = contract.cell(word(access.cell), access.kind)?;
    let declared = contract.declared(plan)?;
    contract.manifest.write_cell_key(declared, tuple, key).map_err(|error| {
        Failure::new(codes::BAD_KEY, format!("key of cell {}: {error}", contract.cell_name(plan)))
    })?;
    let method = contract.method(frame.method)?;
    let head = check_touch(frame, method, origin, (position, plan), tuple, access.op)?;
    Ok((position, head))
}

/// The cell at `position`, as [`locate`] gave it.
pub(super) fn plan(contract: &Contract, position: usize) -> Result<&CellPlan, Failure> {
    contract.cells.get(position).ok_or_else(|| Failure::new(codes::UNDECLARED_CELL, "no such cell"))
}

impl Scene<'_, '_, '_, '_, '_> {
    pub(super) fn locate(
        &mut self,
        cell: u64,
        key: (u64, u64),
        kind: Kind,
        op: Ops,
    ) -> Result<(usize, u16), Failure> {
        self.key.clear();
        self.locate_more(&Access { cell, key, kind, op })
    }

    /// As [`Self::locate`], for a key behind those that were located before.
    pub(super) fn locate_more(&mut self, access: &Access) -> Result<(usize, u16), Failure> {
        let located = || locate(self.frame, self.origin, self.guest, access, self.key);
        self.phases.tell(Phase::Touches, located)
    }

    pub(super) fn cell_get(&mut self, cell: u64, key: (u64, u64), out: u64, cap: u64) -> Answered {
        memory::check(self.guest, out, cap)?;
        let (position, _) = self.locate(cell, key, Kind::Entries, Ops::READ)?;
        let Frame { contract, method, address, used, .. } = &mut *self.frame;
        used.read(contract.method(*method)?)?;
        let plan = plan(contract, position)?;
        let Some(entry) = self.state.entry(address, plan.id, self.key)? else { return Ok(ABSENT) };
        charge_times(self.guest, self.meter.schedule(), Price::Byte, entry.value.len())?;
        let value = entry.value.get(plan.prefix..).unwrap_or_default();
        memory::write_prefix(self.guest, out, cap, value)?;
        Ok(length(value))
    }

    pub(super) fn cell_set(&mut self, cell: u64, key: (u64, u64), value: (u64, u64)) -> Answered {
        let (position, changeable) = self.locate(cell, key, Kind::Entries, Ops::SET)?;
        let schedule = self.meter.schedule();
        let host_part = self.writable_item(position)?;
        let Frame { contract, method, address, used, pending, items, item_cell, .. } = &mut *self.frame;
        let plan = plan(contract, position)?;
        let given = memory::read(self.guest, value.0, value.1, VALUE_BYTES_MAX)?;
        let mut value = Vec::with_capacity(given.len().saturating_add(plan.prefix));
        value.extend(host_part);
        value.extend_from_slice(given);
        check_value(contract, plan, &value)?;
        check_receivers(contract, plan, self.key, &value)?;
        let method = contract.method(*method)?;
        used.write(method, 1)?;
        let before = match self.state.entry(address, plan.id, self.key)? {
            Some(entry) => {
                charge_times(self.guest, schedule, Price::Byte, entry.value.len())?;
                check_head(contract, plan, &entry.value, &value, changeable)?;
                Some(&*entry.value)
            }
            None => {
                charge_times(self.guest, schedule, Price::New, 1)?;
                used.create(method)?;
                None
            }
        };
        note_change(self.guest, schedule, self.phases, pending, plan, (before, Some(&*value)))?;
        if *item_cell == Some(position)
            && let Some(item) = items.iter_mut().find(|item| item.key == *self.key)
        {
            item.see(plan, Some(&value));
        }
        let deposit = plan.deposit(schedule)?;
        self.state.write_entry(self.meter, (address, plan.id, self.key), value, deposit)?;
        Ok(0)
    }

    pub(super) fn cell_delete(&mut self, cell: u64, key: (u64, u64)) -> Answered {
        let (position, _) = self.locate(cell, key, Kind::Entries, Ops::DELETE)?;
        let schedule = self.meter.schedule();
        self.check_second_item(position)?;
        let Frame { contract, method, address, used, pending, items, item_cell, .. } = &mut *self.frame;
        let plan = plan(contract, position)?;
        used.write(contract.method(*method)?, 1)?;
        let Some(entry) = self.state.entry(address, plan.id, self.key)? else { return Ok(0) };
        charge_times(self.guest, schedule, Price::Byte, entry.value.len())?;
        charge_update(self.guest, schedule)?;
        let before = entry.value.clone();
        let owner = holder_of(&before, plan).map(account_of);
        if owner == Some(None) {
            let text = format!("the asset in cell {} is in an escrow", contract.cell_name(plan));
            return Err(Failure::new(codes::ESCROWED, text).into());
        }
        charge_times(self.guest, schedule, Price::Read, plan.escrows.len())?;
        check_empty(self.state, contract, address, plan, self.key)?;
        if *item_cell == Some(position)
            && let Some(item) = items.iter_mut().find(|item| item.key == *self.key)
        {
            item.see(plan, None);
        }
        note_change(self.guest, schedule, self.phases, pending, plan, (Some(&*before), None))?;
        self.state.delete_entry(address, plan.id, self.key)?;
        if let Some(owner) = owner.flatten() {
            charge_update(self.guest, schedule)?;
            charge_update(self.guest, schedule)?; // and who paid for the count
            own_less(self.state, address, plan.id, &owner)?;
        }
        Ok(1)
    }

    /// The host's part of the entry under the located key, which stands before what the guest gives: state and owner.
    ///
    /// # Errors
    /// - [`codes::UNDECLARED_TOUCH`] if there is no such item and the call is not to create it.
    /// - What [`Self::check_second_item`] refuses.
    fn writable_item(&mut self, position: usize) -> Result<Vec<u8>, ExecutionError> {
        self.check_second_item(position)?;
        let plan = plan(&self.frame.contract, position)?;
        if plan.prefix == 0 {
            return Ok(Vec::new());
        }
        if let Some(entry) = self.state.entry(&self.frame.address, plan.id, self.key)? {
            return Ok(entry.value.get(..plan.prefix).unwrap_or_default().to_vec());
        }
        if plan.owner.is_some() {
            let name = self.frame.contract.cell_name(plan);
            let text = format!("a unique asset of cell {name} begins with its owner: `unique_mint`");
            return Err(Failure::new(codes::UNDECLARED_TOUCH, text).into());
        }
        Ok(self.first_state(position)?.into_iter().collect())
    }

    /// The state that a new item under the located key begins in; none if the entries of the cell have no machine.
    ///
    /// # Errors
    /// [`codes::UNDECLARED_TOUCH`] if the call is not to create it.
    pub(super) fn first_state(&mut self, position: usize) -> Result<Option<u8>, ExecutionError> {
        let plan = plan(&self.frame.contract, position)?;
        let Some(initial) = plan.initial else { return Ok(None) };
        let (id, frame) = (plan.id, &*self.frame);
        let bound = frame.items.iter().any(|item| item.key == *self.key);
        if frame.item_cell != Some(position) || !frame.creates || !bound {
            let name = frame.contract.cell_name(plan);
            let text = format!(
                "the items of cell {name} have a machine: only a transition bound to a new one creates it"
            );
            return Err(Failure::new(codes::UNDECLARED_TOUCH, text).into());
        }
        let machine = frame.contract.manifest.machine_of(id).map(|machine| machine.id);
        let chosen = frame.chosen.iter().find(|(moved, _)| Some(*moved) == machine);
        Ok(Some(chosen.map_or(initial, |(_, state)| *state)))
    }

    /// A call that is bound to items of this cell changes another one only if all that it asks of its own holds of that
    /// one too.
    pub(super) fn check_second_item(&mut self, position: usize) -> Result<(), ExecutionError> {
        // A call that lets others in for other items keeps its own to itself.
        let address = self.frame.address;
        for frame in self.below.iter().filter(|frame| frame.address == address && !frame.unlocked) {
            let method = frame.contract.method(frame.method)?;
            let bound = || frame.items.iter().any(|item| item.key == *self.key);
            if method.reenter == Reenter::OtherItems && frame.item_cell == Some(position) && bound() {
                let text = format!("`{}` is running for this item", method.name);
                return Err(Failure::new(codes::IN_FLIGHT, text).into());
            }
        }
        let frame = &mut *self.frame;
        let bound = || frame.items.iter().any(|item| item.key == *self.key);
        if frame.item_cell != Some(position) || bound() {
            return Ok(());
        }
        let contract = Arc::clone(&frame.contract);
        let (method, cell) = (contract.method(frame.method)?, plan(&contract, position)?);
        let Some(entry) = self.state.entry(&frame.address, cell.id, self.key)? else { return Ok(()) };
        let item = Item::new(&contract, cell, self.key.clone(), Some(&entry.value));
        let item = item.ok_or_else(|| Fault::text("an entry in state has no key of its cell"))?;
        let schedule = self.meter.schedule();
        charge(self.guest, method.checks.gas(schedule))?;
        if method.checks_params && frame.params.is_none() {
            charge(self.guest, schedule.host.read)?;
            load_params(self.state, frame)?;
        }
        let merged = || flush(self.state, &contract, &frame.address, &mut frame.pending);
        self.phases.tell(Phase::Aggregates, merged)?;
        let checked = || check_other_item(self.state, (self.block, self.origin), frame, method, &item);
        self.phases.tell(Phase::Guards, checked)
    }

    pub(super) fn cell_count(&mut self, cell: u64) -> Answered {
        let count = self.aggregate(cell, COUNT)?;
        Ok(u64::try_from(count).unwrap_or(u64::MAX)) // state holds 64 bits
    }

    pub(super) fn cell_sum(&mut self, cell: u64, field: u64, out: u64) -> Answered {
        memory::check(self.guest, out, 16)?;
        let field = u8::try_from(word(field)).ok().filter(|field| *field != COUNT);
        let undeclared = || Failure::new(codes::BAD_HOST_ARGUMENT, "no such head field");
        let sum = self.aggregate(cell, field.ok_or_else(undeclared)?)?;
        memory::write(self.guest, out, &sum.to_le_bytes())?;
        Ok(0)
    }

    fn aggregate(&mut self, cell: u64, which: u8) -> Result<u128, ExecutionError> {
        let (position, plan) = self.frame.contract.any_cell(word(cell))?;
        let kept = match (which, plan.kind) {
            (COUNT, _) => plan.count,
            (LEDGER_SUM, Kind::Ledger) => plan.sum,
            (_, Kind::Ledger) => false,
            (field, Kind::Entries) => plan.head.get(usize::from(field)).is_some_and(|field| field.sum),
        };
        if !kept {
            let what = if which == COUNT { "count" } else { "such sum" };
            let text = format!("cell {} keeps no {what}", self.frame.contract.cell_name(plan));
            return Err(Failure::new(codes::UNDECLARED_CELL, text).into());
        }
        let method = self.frame.contract.method(self.frame.method)?;
        self.phases.tell(Phase::Touches, || check_everything(self.frame, method, (position, plan)))?;
        let Frame { contract, method, address, used, pending, .. } = &mut *self.frame;
        used.read(contract.method(*method)?)?;
        let plan = self::plan(contract, position)?;
        self.phases.tell(Phase::Aggregates, || {
            flush(self.state, contract, address, pending)?;
            read_aggregate(self.state, plan, address, which)
        })
    }
}

pub(super) fn check_value(contract: &Contract, plan: &CellPlan, value: &[u8]) -> Result<(), Failure> {
    if value.len() > plan.value_max {
        let name = contract.cell_name(plan);
        let (found, allowed) =
            (value.len().saturating_sub(plan.prefix), plan.value_max.saturating_sub(plan.prefix));
        let text = format!("value of {found} bytes found, cell {name} allows {allowed}");
        return Err(Failure::new(codes::VALUE_TOO_LARGE, text));
    }
    let bad = |text: String| Failure::new(codes::BAD_VALUE, text);
    if value.len() < plan.head_size {
        let (name, found) = (contract.cell_name(plan), value.len().saturating_sub(plan.prefix));
        let head = plan.head_size.saturating_sub(plan.prefix);
        return Err(bad(format!("value of {found} bytes found, the head of cell {name} has {head}")));
    }
    for (index, field) in plan.head.iter().enumerate() {
        let bytes = span(value, field.offset, field.size);
        contract.manifest.validate_whole(&field.ty, bytes).map_err(|error| {
            bad(format!("head field {index} of cell {}: {error}", contract.cell_name(plan)))
        })?;
    }
    Ok(())
}

/// Whom an exit pays by a field of the item must be somebody that takes coins, from the start.
pub(super) fn check_receivers(
    contract: &Contract,
    plan: &CellPlan,
    key: &[u8],
    value: &[u8],
) -> Result<(), Failure> {
    let (head, keys) = &plan.paid;
    if head.is_empty() && keys.is_empty() {
        return Ok(());
    }
    let refuse = |what: &str, index: u8| {
        let name = contract.cell_name(plan);
        let text = format!("{what} field {index} of cell {name} is paid by an exit, and takes no coins");
        Err(Failure::new(codes::RECEIVER_REFUSED, text))
    };
    for index in head {
        let field = plan.head.get(usize::from(*index));
        if !field.is_some_and(|field| takes_coins(span(value, field.offset, field.size))) {
            return refuse("head", *index);
        }
    }
    let item = Item::new(contract, plan, key.to_vec(), None);
    for index in keys {
        let named = item.as_ref().and_then(|item| item.key_field(*index));
        if !named.is_some_and(takes_coins) {
            return refuse("key", *index);
        }
    }
    Ok(())
}

/// Part of a value; empty past its end, which a checked value has not.
fn span(value: &[u8], offset: usize, size: usize) -> &[u8] {
    value.get(offset..offset.saturating_add(size)).unwrap_or_default()
}

fn check_head(
    contract: &Contract,
    plan: &CellPlan,
    before: &[u8],
    after: &[u8],
    changeable: u16,
) -> Result<(), Failure> {
    for (index, field) in plan.head.iter().enumerate() {
        if span(before, field.offset, field.size) == span(after, field.offset, field.size) {
            continue;
        }
        let bit = u32::try_from(index).ok().and_then(|index| 1_u16.checked_shl(index)).unwrap_or(0);
        if field.write_once || changeable & bit == 0 {
            let why = if field.write_once { "is write-once" } else { "is not among those the touch lists" };
            let text = format!("head field {index} of cell {} {why}", contract.cell_name(plan));
            return Err(Failure::new(codes::UNDECLARED_TOUCH, text));
        }
    }
    Ok(())
}

/// Notes a change of a sum or count, and charges for its merge if it is the first.
pub(super) fn note(
    guest: &mut Guest<'_>,
    schedule: &Schedule,
    phases: Phases<'_>,
    pending: &mut Vec<Pending>,
    change: Pending,
) -> Result<(), Failure> {
    let first = phases.tell(Phase::Aggregates, || change.note(pending))?;
    if first { charge_update(guest, schedule) } else { Ok(()) }
}

/// Notes what a write does to count and sums of a map: its value before and after.
pub(super) fn note_change(
    guest: &mut Guest<'_>,
    schedule: &Schedule,
    phases: Phases<'_>,
    pending: &mut Vec<Pending>,
    plan: &CellPlan,
    (before, after): (Option<&[u8]>, Option<&[u8]>),
) -> Result<(), Failure> {
    Pending::changes(plan, before, after)
        .try_for_each(|change| note(guest, schedule, phases, pending, change))
}
