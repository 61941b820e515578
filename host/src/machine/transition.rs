//! Where a call leads: the guest picks among the declared targets, the host moves the machines.

use std::sync::Arc;

use chainstack_primitives::{
    codes,
    manifest::{Machine, StateSet},
};
use chainstack_runtime::{
    params::Schedule,
    ports::{ExecutionError, Failure, Fault},
    state::Overlay,
};

use super::{
    contract::Contract,
    frame::Frame,
    state::{contract_state, move_gas, move_machine, state_name, state_names},
};
use crate::budget::GasLeft;

fn undeclared(text: String) -> Failure {
    Failure::new(codes::UNDECLARED_TARGET, text)
}

fn declared<'c>(contract: &'c Contract, set: &StateSet) -> Result<&'c Machine, Fault> {
    let machine = contract.manifest.machine(set.machine);
    machine.ok_or_else(|| Fault::text("a state set names no machine"))
}

/// The machine and state that a guest asks to move to, if its transition declares them and has not moved it yet.
///
/// # Errors
/// [`codes::UNDECLARED_TARGET`].
pub(crate) fn chosen_target<'c>(
    contract: &'c Contract,
    frame: &Frame,
    machine: u32,
    target: u32,
) -> Result<(&'c Machine, u8), Failure> {
    let method = contract.method(frame.method)?;
    let sets: &[StateSet] = contract.transition(method).map_or(&[], |transition| &transition.to);
    let Some(set) = sets.iter().find(|set| u32::from(set.machine) == machine) else {
        return Err(undeclared(format!("machine id {machine} is not among what `{}` moves", method.name)));
    };
    let machine = declared(contract, set).map_err(|_| undeclared("no such machine".to_owned()))?;
    let allowed = || state_names(machine, &set.states);
    let Some(target) = u8::try_from(target).ok().filter(|target| set.states.contains(target)) else {
        let text = format!("machine `{}`: state id {target} asked, {} expected", machine.name, allowed());
        return Err(undeclared(text));
    };
    if let Some((_, before)) = frame.chosen.iter().find(|(id, _)| *id == machine.id) {
        let before = state_name(machine, *before);
        return Err(undeclared(format!("machine `{}` was moved to {before} by this call", machine.name)));
    }
    Ok((machine, target))
}

/// After the code returned: moves machines whose target is the only one, and checks that the others are where the
/// transition may lead, and that the item a call creates is there.
///
/// # Errors
/// - [`codes::ITEM_NOT_CREATED`] if the call was to create an item.
/// - [`codes::UNDECLARED_TARGET`] if a machine has several targets and is in none of them.
/// - [`codes::WRONG_STATE`] if it is in a terminal state.
pub(crate) fn complete(
    state: &mut Overlay<'_>,
    schedule: &Schedule,
    gas: &mut GasLeft,
    frame: &mut Frame,
) -> Result<(), ExecutionError> {
    let contract = Arc::clone(&frame.contract);
    let method = contract.method(frame.method)?;
    let Some(transition) = contract.transition(method) else { return Ok(()) };
    if let Some(item) = frame.items.iter().find(|item| frame.creates && item.head.is_none()) {
        let text = format!("item {} was to be created, and is not there", item.shown());
        return Err(Failure::new(codes::ITEM_NOT_CREATED, text).into());
    }
    for set in &transition.to {
        let machine = declared(&contract, set)?;
        let chosen = frame.chosen.iter().any(|(id, _)| *id == set.machine);
        if let ([target], false) = (&*set.states, chosen) {
            gas.charge(move_gas(schedule, frame, machine))?;
            move_machine(state, frame, machine, *target, &transition.from)?;
            continue;
        }
        if machine.cell.is_none() {
            gas.charge(schedule.host.read)?;
        }
        check_landed(state, frame, machine, set)?;
    }
    Ok(())
}

fn check_landed(
    state: &mut Overlay<'_>,
    frame: &Frame,
    machine: &Machine,
    set: &StateSet,
) -> Result<(), ExecutionError> {
    let found: Vec<u8> = if machine.cell.is_none() {
        vec![contract_state(state, &frame.address, machine.id)?]
    } else {
        let present = frame.items.iter().filter(|item| item.head.is_some());
        present.map(|item| item.state(machine)).collect()
    };
    match found.iter().find(|found| !set.states.contains(found)) {
        None => Ok(()),
        Some(found) => {
            let (found, allowed) = (state_name(machine, *found), state_names(machine, &set.states));
            let text = format!("machine `{}` was left in {found}, {allowed} expected", machine.name);
            Err(undeclared(text).into())
        }
    }
}
