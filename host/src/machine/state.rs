//! States of machines: those of a contract in a reserved cell, that of an item as the first byte of its entry.

use chainstack_primitives::{AccountId, codes, manifest::Machine};
use chainstack_runtime::{
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

/// Puts every machine of a new contract into its initial state, each an entry with its deposit.
pub(crate) fn open_states(
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    contract: &Contract,
    address: &AccountId,
) -> Result<(), ExecutionError> {
    let deposit = entry_deposit(meter.schedule(), STATE_BYTES)?;
    for machine in contract.manifest.machines.iter().filter(|machine| machine.cell.is_none()) {
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
/// [`codes::WRONG_STATE`] if it is in a terminal state.
pub(crate) fn move_machine(
    state: &mut Overlay<'_>,
    frame: &mut Frame,
    machine: &Machine,
    target: u8,
) -> Result<(), ExecutionError> {
    let Frame { contract, address, items, item_cell, used, .. } = frame;
    used.changed = true;
    if machine.cell.is_none() {
        return move_own(state, address, machine, target);
    }
    let Some(cell) = item_cell.and_then(|position| contract.cells.get(position)) else { return Ok(()) };
    for item in items.iter_mut().filter(|item| item.head.is_some()) {
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

/// Machines that a call moves, and entries that it takes: one, or one for each item.
pub(crate) fn entries_moved(frame: &Frame, machine: &Machine) -> usize {
    if machine.cell.is_none() { 1 } else { frame.items.len() }
}

fn set_state(
    state: &mut Overlay<'_>,
    address: &AccountId,
    (cell, key): (u16, &[u8]),
    target: u8,
) -> Result<(), ExecutionError> {
    let missing = || ExecutionError::from(Fault::text("the state of a machine is missing"));
    let mut entry = state.entry(address, cell, key)?.cloned().ok_or_else(missing)?;
    *entry.value.first_mut().ok_or_else(missing)? = target;
    Ok(state.set_entry(address, cell, key, Some(entry))?)
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
