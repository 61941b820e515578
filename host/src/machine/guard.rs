//! What must hold before a call runs: its items, the states they are in, who calls, when, and the guard.
//!
//! Nothing of the guest has run by then: a call that is refused here costs what was asked, and no more.

use std::sync::Arc;

use chainstack_analysis::{EvaluationError, Value, evaluate};
use chainstack_primitives::{
    AccountId, codes,
    manifest::{Clock, Expression, StateSet, Transition, Window},
};
use chainstack_runtime::{
    block::BlockInfo,
    params::Schedule,
    ports::{ExecutionError, Failure, Fault},
    state::Overlay,
};

use super::{
    approval::{Approvals, Call},
    contract::MethodPlan,
    facts::{Facts, Place},
    frame::Frame,
    item::{Item, bind},
    role::check_caller,
    set::Set,
    state::{contract_state, state_name, state_names},
};
use crate::{budget::GasLeft, functions::load_params};

/// Binds the frame to its items and checks, for each, all that its transition asks for. Charged before it is done.
///
/// # Errors
/// - What [`bind`] refuses.
/// - [`codes::WRONG_STATE`], [`codes::WRONG_CALLER`], [`codes::ROLE_VACANT`].
/// - [`codes::NOT_OPEN`], [`codes::PAST_WINDOW`].
/// - [`codes::GUARD_REFUSED`], [`codes::GUARD_ARITHMETIC`]; [`codes::NOT_APPROVED`] if nothing but approvals is missing.
pub(crate) fn check_entry(
    state: &mut Overlay<'_>,
    schedule: &Schedule,
    (block, origin): (&BlockInfo, &AccountId),
    gas: &mut GasLeft,
    frame: &mut Frame,
) -> Result<(), ExecutionError> {
    let contract = Arc::clone(&frame.contract);
    let method = contract.method(frame.method)?;
    let Some(transition) = contract.transition(method) else { return Ok(()) };
    if method.checks_params && frame.params.is_none() {
        gas.charge(schedule.host.read)?;
        load_params(state, frame)?;
    }
    bind(state, schedule, origin, gas, frame)?;
    count_approvals(state, schedule, block, gas, frame)?;
    let times = u64::try_from(frame.items.len().max(1)).unwrap_or(u64::MAX);
    gas.charge(method.checks.gas(schedule).saturating_mul(times))?;
    if frame.items.is_empty() {
        let at = Place::of(frame, block, origin, None)?;
        return check(state, at, transition, frame.signed);
    }
    for item in &frame.items {
        let at = Place::of(frame, block, origin, Some(item))?;
        check(state, at, transition, frame.signed)?;
    }
    Ok(())
}

/// Counts the approvals of a call whose guard asks for them, once for all its items. Charged before it is done:
/// [`Call::count_gas`].
fn count_approvals(
    state: &mut Overlay<'_>,
    schedule: &Schedule,
    block: &BlockInfo,
    gas: &mut GasLeft,
    frame: &mut Frame,
) -> Result<(), ExecutionError> {
    let contract = &*frame.contract;
    let method = contract.method(frame.method)?;
    if method.quorums.is_empty() {
        return Ok(());
    }
    let sets = || method.quorums.iter().filter_map(|id| Set::find(contract, *id));
    let call = Call { address: &frame.address, method: &method.name, args: &frame.input, value: frame.value };
    gas.charge(call.count_gas(schedule, sets()))?;
    let approvals = Approvals::count(state, block, call, sets())?;
    frame.approvals = Some(Box::new(approvals));
    Ok(())
}

/// Checks, for an item that the call is not bound to and touches all the same, what is checked for those it is bound
/// to. The caller has charged [`MethodPlan::checks`], and merged the sums and counts that the frame has changed.
pub(crate) fn check_other_item(
    state: &mut Overlay<'_>,
    (block, origin): (&BlockInfo, &AccountId),
    frame: &Frame,
    method: &MethodPlan,
    item: &Item,
) -> Result<(), ExecutionError> {
    let Some(transition) = frame.contract.transition(method) else { return Ok(()) };
    check(state, Place::of(frame, block, origin, Some(item))?, transition, frame.signed)
}

fn check(
    state: &mut Overlay<'_>,
    at: Place<'_>,
    transition: &Transition,
    is_signer: bool,
) -> Result<(), ExecutionError> {
    check_states(state, at, &transition.from)?;
    check_caller(state, at, &transition.caller, is_signer)?;
    if let Some(window) = &transition.window {
        check_window(state, at, window)?;
    }
    if let Some(guard) = &transition.guard {
        check_guard(state, at, guard)?;
    }
    Ok(())
}

/// Where a refusal stands, if it is an item's: "of item 0x…".
fn of_item(at: Place<'_>) -> String {
    at.item.map_or_else(String::new, |(plan, item)| {
        format!(" of item {} of {}", item.shown(), at.contract.cell_name(plan))
    })
}

pub(super) fn check_states(
    state: &mut Overlay<'_>,
    at: Place<'_>,
    from: &[StateSet],
) -> Result<(), ExecutionError> {
    for set in from {
        let unknown = || Fault::text("a state set names no machine");
        let machine = at.contract.manifest.machine(set.machine).ok_or_else(unknown)?;
        let (found, item) = if machine.cell.is_none() {
            (contract_state(state, at.address, machine.id)?, String::new())
        } else {
            (at.item.ok_or_else(unknown)?.1.state(machine), of_item(at))
        };
        if !set.states.contains(&found) {
            let (found, allowed) = (state_name(machine, found), state_names(machine, &set.states));
            let text = format!("machine `{}`{item} is in {found}, {allowed} expected", machine.name);
            return Err(Failure::new(codes::WRONG_STATE, text).into());
        }
    }
    Ok(())
}

pub(super) fn check_window(
    state: &mut Overlay<'_>,
    at: Place<'_>,
    window: &Window,
) -> Result<(), ExecutionError> {
    let (now, unit) = match window.clock {
        Clock::Height => (u128::from(at.block.height.0), "height"),
        Clock::TimeMs => (u128::from(at.block.time_ms.0), "time in ms"),
    };
    let opens = bound(state, at, window.opens.as_ref(), "opening")?;
    let closes = bound(state, at, window.closes.as_ref(), "closing")?;
    if let Some(opens) = opens.filter(|opens| now < *opens) {
        let text = format!("{unit} {now}{}: open from {opens} on", of_item(at));
        return Err(Failure::new(codes::NOT_OPEN, text).into());
    }
    if let Some(closes) = closes.filter(|closes| now >= *closes) {
        let exit = window.exit.and_then(|id| at.contract.manifest.exit(id));
        let hint = exit.map_or_else(String::new, |exit| {
            let item = at.item.map_or_else(String::new, |(_, item)| format!(" on item {}", item.shown()));
            format!("; poke exit `{}`{item}", exit.name)
        });
        let text = format!("{unit} {now}{}: closed from {closes} on{hint}", of_item(at));
        return Err(Failure::new(codes::PAST_WINDOW, text).into());
    }
    Ok(())
}

fn bound(
    state: &mut Overlay<'_>,
    at: Place<'_>,
    bound: Option<&Expression>,
    what: &str,
) -> Result<Option<u128>, ExecutionError> {
    let Some(expression) = bound else { return Ok(None) };
    match value_of(state, at, expression, what)? {
        Value::Uint(bound) => Ok(Some(bound)),
        _ => Err(Fault::text("the bound of a window is no number").into()),
    }
}

pub(super) fn check_guard(
    state: &mut Overlay<'_>,
    at: Place<'_>,
    guard: &Expression,
) -> Result<(), ExecutionError> {
    match value_of(state, at, guard, "guard")? {
        Value::Bool(true) => Ok(()),
        _ => {
            if let Some(approvals) = at.approvals
                && value_if(state, at, guard, "guard", true)? == Value::Bool(true)
            {
                let text =
                    format!("the guard{} does not hold: {}", of_item(at), approvals.missing(at.contract));
                return Err(Failure::new(codes::NOT_APPROVED, text).into());
            }
            let text = format!("the guard{} does not hold", of_item(at));
            Err(Failure::new(codes::GUARD_REFUSED, text).into())
        }
    }
}

/// Value of an expression whose arithmetic refuses the call if it fails.
///
/// # Errors
/// [`codes::GUARD_ARITHMETIC`], and faults.
pub(super) fn value_of(
    state: &mut Overlay<'_>,
    at: Place<'_>,
    expression: &Expression,
    what: &str,
) -> Result<Value, ExecutionError> {
    value_if(state, at, expression, what, false)
}

/// As [`value_of`], with every quorum taken to be there if it is `approved`.
fn value_if(
    state: &mut Overlay<'_>,
    at: Place<'_>,
    expression: &Expression,
    what: &str,
    approved: bool,
) -> Result<Value, ExecutionError> {
    evaluate(expression, &mut Facts { state, at, approved }).map_err(|error| match error {
        EvaluationError::Arithmetic(failure) => {
            let text = format!("{what}{}: {failure}", of_item(at));
            Failure::new(codes::GUARD_ARITHMETIC, text).into()
        }
        EvaluationError::Environment { error, .. } => error,
        EvaluationError::IllFormed(problem) => Fault::text(&format!("{what}: {problem}")).into(),
    })
}
