//! States of machines: those of a contract in a reserved cell, that of an item as the first byte of its entry.

use chainstack_primitives::{
    AccountId, codes,
    manifest::{Machine, StateSet},
};
use chainstack_runtime::{
    params::Schedule,
    ports::{ExecutionError, Failure, Fault},
    state::{Overlay, reserved},
    transaction::Meter,
};

use super::{
    contract::{CellPlan, Contract},
    frame::Frame,
    item::Item,
};
use crate::budget::entry_deposit;

/// Size of key and value of a machine's entry.
const STATE_BYTES: u32 = 3;

/// State of a machine of the contract itself.
///
/// # Errors
/// A fault if state has none: instantiation wrote it.
pub(crate) fn contract_state(
    state: &mut Overlay<'_>,
    address: &AccountId,
    machine: u16,
) -> Result<u8, ExecutionError> {
    let entry = state.entry(address, reserved::STATES, &machine.to_le_bytes())?;
    let byte = entry.and_then(|entry| entry.value.first().copied());
    byte.ok_or_else(|| Fault::text("the state of a machine is missing").into())
}

/// Puts those machines of a contract that are `wanted` into their initial states, each an entry with its deposit.
pub(crate) fn open_states(
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    contract: &Contract,
    address: &AccountId,
    wanted: impl Fn(u16) -> bool,
) -> Result<(), ExecutionError> {
    let deposit = entry_deposit(meter.schedule(), STATE_BYTES)?;
    let own = contract.manifest.machines.iter().filter(|machine| machine.cell.is_none());
    for machine in own.filter(|machine| wanted(machine.id)) {
        let key = (address, reserved::STATES, machine.id.to_le_bytes());
        state.write_entry(meter, (key.0, key.1, &key.2), vec![machine.initial], deposit)?;
    }
    Ok(())
}

/// Moves a machine of the contract, or that of every item the frame is bound to and that exists, to `target`.
///
/// The caller has charged for one entry read and written of each.
///
/// # Errors
/// [`codes::WRONG_STATE`] if it is in a terminal state, or in none of `from` any more: a nested call has moved it.
pub(crate) fn move_machine(
    state: &mut Overlay<'_>,
    frame: &mut Frame,
    machine: &Machine,
    target: u8,
    from: &[StateSet],
) -> Result<(), ExecutionError> {
    let Frame { contract, address, items, item_cell, used, .. } = frame;
    used.changed = true;
    let from = from.iter().find(|set| set.machine == machine.id);
    let check_from = |found: u8, item: &str| {
        if from.is_none_or(|set| set.states.contains(&found)) {
            return Ok(());
        }
        let (found, target) = (state_name(machine, found), state_name(machine, target));
        let text =
            format!("machine `{}`{item} is in {found} by now, nothing here leads to {target}", machine.name);
        Err(Failure::new(codes::WRONG_STATE, text))
    };
    if machine.cell.is_none() {
        check_from(contract_state(state, address, machine.id)?, "")?;
        return move_own(state, address, machine, target);
    }
    let Some(cell) = item_cell.and_then(|position| contract.cells.get(position)) else { return Ok(()) };
    for item in items.iter_mut().filter(|item| item.head.is_some()) {
        check_from(item.state(machine), &format!(" of item {}", item.shown()))?;
        move_item(state, address, cell, item, machine, target)?;
        if let Some(byte) = item.head.as_mut().and_then(|head| head.first_mut()) {
            *byte = target;
        }
    }
    Ok(())
}

/// Moves a machine of the contract itself.
pub(super) fn move_own(
    state: &mut Overlay<'_>,
    address: &AccountId,
    machine: &Machine,
    target: u8,
) -> Result<(), ExecutionError> {
    let found = contract_state(state, address, machine.id)?;
    check_not_terminal(machine, found, target, "")?;
    set_state(state, address, (reserved::STATES, &machine.id.to_le_bytes()), target)
}

/// Moves the machine of an item that exists.
pub(super) fn move_item(
    state: &mut Overlay<'_>,
    address: &AccountId,
    cell: &CellPlan,
    item: &Item,
    machine: &Machine,
    target: u8,
) -> Result<(), ExecutionError> {
    check_not_terminal(machine, item.state(machine), target, &item.shown())?;
    set_state(state, address, (cell.id, &item.key), target)
}

/// What moving a machine costs: of the contract, or of each item that the call is bound to, whose whole entry is written
/// again for it.
pub(crate) fn move_gas(schedule: &Schedule, frame: &Frame, machine: &Machine) -> u64 {
    let cell = frame.item_cell.and_then(|position| frame.contract.cells.get(position));
    match (machine.cell, cell) {
        (Some(_), Some(cell)) => {
            let items = u64::try_from(frame.items.len()).unwrap_or(u64::MAX);
            rewrite_gas(schedule, cell).saturating_mul(items)
        }
        _ => schedule.host.read.saturating_add(schedule.host.write),
    }
}

/// What reading and writing an entry of a cell costs, as long as one can be.
pub(super) fn rewrite_gas(schedule: &Schedule, cell: &CellPlan) -> u64 {
    let prices = &schedule.host;
    let bytes = u64::try_from(cell.value_max).unwrap_or(u64::MAX);
    let each = prices.read.saturating_add(prices.write);
    each.saturating_add(prices.byte.saturating_add(prices.write_byte).saturating_mul(bytes))
}

fn set_state(
    state: &mut Overlay<'_>,
    address: &AccountId,
    (cell, key): (u16, &[u8]),
    target: u8,
) -> Result<(), ExecutionError> {
    let place = state.place(address, cell, key)?;
    let Some(mut value) = state.entry_at(place).map(|entry| entry.value.clone()) else {
        return Err(Failure::new(codes::ITEM_NOT_FOUND, "the item is not there any more").into());
    };
    *value.first_mut().ok_or_else(|| Fault::text("the state of a machine is missing"))? = target;
    state.set_value_at(place, value);
    Ok(())
}

fn check_not_terminal(machine: &Machine, found: u8, target: u8, item: &str) -> Result<(), Failure> {
    if found == target || !machine.terminal.contains(&found) {
        return Ok(());
    }
    let item = if item.is_empty() { String::new() } else { format!(" of item {item}") };
    let (found, target) = (state_name(machine, found), state_name(machine, target));
    let text = format!("machine `{}`{item} ended in {found}, nothing leads to {target}", machine.name);
    Err(Failure::new(codes::WRONG_STATE, text))
}

/// A state in quotes, for diagnostics.
pub(super) fn state_name(machine: &Machine, id: u8) -> String {
    let state = machine.states.iter().find(|state| state.id == id);
    state.map_or_else(|| format!("state {id}"), |state| format!("`{}`", state.name))
}

/// States in quotes, for diagnostics.
pub(super) fn state_names(machine: &Machine, ids: &[u8]) -> String {
    ids.iter().map(|id| state_name(machine, *id)).collect::<Vec<_>>().join(" or ")
}
