//! Exits: ways out that the host runs from data. No code of the contract runs, so that none can hinder them.
//!
//! Order of an exit: find its item, check states, window and guard, compute everything, then do everything. What it
//! computes was proven to have a value when the code was admitted, and that it keeps the invariants: neither is asked
//! again.

use std::sync::Arc;

use chainstack_analysis::Value;
use chainstack_primitives::{
    AccountId, Amount, BoundedVec, Event, codes,
    manifest::{Effect, Exit, Expression, KeyTerm, Machine, Type, escrow_holder, limits::KEY_FIELDS_MAX},
};
use chainstack_runtime::{
    params::Schedule,
    ports::{ExecutionError, Failure, Fault},
    state::{Overlay, escrow::Holder},
    transaction::Meter,
};

use super::{
    aggregate::{Pending, flush},
    asset::{AssetCell, Ground, Way, release},
    contract::{CellPlan, Contract},
    escrow::{check_empty, holds_coins},
    facts::Place,
    guard::{check_guard, check_states, check_window, value_of},
    ledger::{self, Change, changed, stored_key},
    state::{move_item, move_own, rewrite_gas},
};
use crate::budget::{CheckCost, GasLeft};

/// An effect with everything it needs worked out.
enum Step<'c> {
    Release { escrow: u16, amount: Option<Amount>, to: AccountId, remainder: Option<AccountId> },
    SetHead { offset: usize, bytes: Vec<u8> },
    DeleteItem,
    Pay { to: AccountId, amount: Amount },
    Ledger(Change<'c>),
}

/// A key, field by field.
type KeyTerms = BoundedVec<KeyTerm, KEY_FIELDS_MAX>;

/// Finds the contract at an address, charged as a called one is; none if there is none.
pub(crate) type FindContract<'f> = dyn FnMut(&mut Overlay<'_>, &mut GasLeft, &AccountId) -> Result<Option<Arc<Contract>>, ExecutionError>
    + 'f;

/// What an exit runs in.
pub(crate) struct Ways<'w, 'm> {
    pub(crate) meter: &'w Meter<'m>,
    pub(crate) gas: &'w mut GasLeft,
    pub(crate) find: &'w mut FindContract<'w>,
}

/// Takes `exit` where `at` stands: bound to its item, called by who pokes. Charged before anything is done.
///
/// # Errors
/// [`codes::WRONG_STATE`], [`codes::NOT_OPEN`], [`codes::PAST_WINDOW`], [`codes::GUARD_REFUSED`], and
/// [`codes::ASSET_REFUSED`] if an asset that it lets out declares when, and that does not hold.
pub(crate) fn run_exit(
    state: &mut Overlay<'_>,
    ways: &mut Ways<'_, '_>,
    at: Place<'_>,
    exit: &Exit,
) -> Result<(), ExecutionError> {
    ways.gas.charge(price(ways.meter.schedule(), at, exit))?;
    check_states(state, at, &exit.from)?;
    if let Some(window) = &exit.window {
        check_window(state, at, window)?;
    }
    if let Some(guard) = &exit.guard {
        check_guard(state, at, guard)?;
    }
    let mut steps = Vec::with_capacity(exit.effects.len());
    for effect in &exit.effects {
        steps.push(step(state, at, effect)?);
    }
    let event = event(state, at, exit)?;
    // Sums and counts that the steps change.
    let mut pending = Vec::new();
    for step in steps {
        carry_out(state, ways, at, step, &mut pending)?;
    }
    flush(state, at.contract, at.address, &mut pending)?;
    if let Some(target) = exit.to {
        let machine = at.contract.manifest.machine(target.machine).ok_or_else(broken)?;
        move_to(state, at, machine, target.state)?;
    }
    event.into_iter().for_each(|event| state.emit(event));
    Ok(())
}

/// What an exit costs at most, from its declaration: each effect as if it changed everything that it can change.
fn price(schedule: &Schedule, at: Place<'_>, exit: &Exit) -> u64 {
    let prices = &schedule.host;
    let mut cost = CheckCost::default();
    let bounds = exit.window.iter().flat_map(|window| [&window.opens, &window.closes]).flatten();
    bounds.chain(&exit.guard).for_each(|expression| cost.add(expression));
    let rewrites = exit.effects.iter().filter(|effect| matches!(effect, Effect::SetHead { .. })).count();
    let rewrites = rewrites.saturating_add(usize::from(exit.to.is_some()));
    let rewrites = u64::try_from(rewrites).unwrap_or(u64::MAX);
    let rewritten = at.item.map_or(0, |(cell, _)| rewrite_gas(schedule, cell)).saturating_mul(rewrites);
    let sums = at.item.map_or(0, |(cell, _)| cell.head.iter().filter(|field| field.sum).count());
    let escrows = at.item.map_or(0, |(cell, _)| cell.escrows.len());
    let mut updates = exit.from.len().saturating_add(usize::from(exit.to.is_some()));
    let mut balances = 0_u64;
    for effect in &exit.effects {
        if let Some(cell) = changed(at.contract, effect) {
            balances = balances.saturating_add(ledger::price(schedule, at, cell, effect));
        }
        updates = updates.saturating_add(match effect {
            // Twice: who gets it and who gets the remainder, the escrow, who paid its deposit.
            Effect::Release { remainder, .. } => {
                if remainder.is_some() {
                    5
                } else {
                    3
                }
            }
            Effect::SetHead { .. } => 2,
            // The item, who paid its deposit, its count and sums; its escrows are looked at.
            Effect::DeleteItem => sums.saturating_add(escrows).saturating_add(3),
            Effect::Pay { .. } => 2,
            Effect::LedgerAdd { .. } | Effect::LedgerSub { .. } | Effect::LedgerMove { .. } => 0,
        });
        effect.computes().into_iter().for_each(|value| cost.add(value));
    }
    let paid = u64::try_from(super::judge::paid(exit).count()).unwrap_or(u64::MAX);
    let accounts = schedule.intrinsic.account_new.saturating_mul(paid);
    let announced = exit.event.as_ref().map_or(0, |event| {
        event.fields.iter().for_each(|field| cost.add(field));
        let fields = u64::try_from(event.fields.len()).unwrap_or(u64::MAX);
        let bytes = EVENT_FIELD_BYTES.saturating_mul(fields);
        prices.event.saturating_add(prices.event_byte.saturating_mul(bytes))
    });
    let updates = u64::try_from(updates).unwrap_or(u64::MAX);
    let each = prices.read.saturating_add(prices.write);
    let gas = each.saturating_mul(updates).saturating_add(cost.gas(schedule));
    [accounts, announced, rewritten, balances].into_iter().fold(gas, u64::saturating_add)
}

/// Greatest size of a value that an expression has.
const EVENT_FIELD_BYTES: u64 = 32;

/// An item that an earlier effect has deleted: not admitted, and no fault of this machine if it were.
fn gone() -> ExecutionError {
    Failure::new(codes::ITEM_NOT_FOUND, "the item is not there any more").into()
}

/// What a validated and proven exit never meets.
fn broken() -> ExecutionError {
    Fault::text("an exit does not fit its own declaration").into()
}

fn step<'c>(state: &mut Overlay<'_>, at: Place<'c>, effect: &Effect) -> Result<Step<'c>, ExecutionError> {
    Ok(match effect {
        Effect::Release { escrow, amount, to, remainder } => Step::Release {
            escrow: *escrow,
            amount: amount.as_ref().map(|amount| number(state, at, amount)).transpose()?,
            to: account(at, to)?,
            remainder: remainder.as_ref().map(|term| account(at, term)).transpose()?,
        },
        Effect::SetHead { field, value } => {
            let (cell, _) = at.item.ok_or_else(broken)?;
            let plan = cell.head.get(usize::from(*field)).ok_or_else(broken)?;
            Step::SetHead { offset: plan.offset, bytes: bytes(state, at, value, &plan.ty)? }
        }
        Effect::DeleteItem => Step::DeleteItem,
        Effect::Pay { to, amount } => Step::Pay { to: account(at, to)?, amount: number(state, at, amount)? },
        Effect::LedgerAdd { key, amount, .. } => ledger(state, at, effect, (None, Some(key)), amount)?,
        Effect::LedgerSub { key, amount, .. } => ledger(state, at, effect, (Some(key), None), amount)?,
        Effect::LedgerMove { from, to, amount, .. } => {
            ledger(state, at, effect, (Some(from), Some(to)), amount)?
        }
    })
}

fn ledger<'c>(
    state: &mut Overlay<'_>,
    at: Place<'c>,
    effect: &Effect,
    (from, to): (Option<&KeyTerms>, Option<&KeyTerms>),
    amount: &Expression,
) -> Result<Step<'c>, ExecutionError> {
    let cell = changed(at.contract, effect).ok_or_else(broken)?;
    let key = |terms: Option<&KeyTerms>| {
        let Some(terms) = terms else { return Ok(None) };
        let fields = terms.iter().map(|term| term_bytes(at, term)).collect::<Result<Vec<_>, _>>()?;
        stored_key(at.contract, cell, &fields).map(Some)
    };
    let (from, to) = (key(from)?, key(to)?);
    Ok(Step::Ledger(Change { cell, from, to, amount: number(state, at, amount)?.0 }))
}

fn carry_out(
    state: &mut Overlay<'_>,
    ways: &mut Ways<'_, '_>,
    at: Place<'_>,
    step: Step<'_>,
    pending: &mut Vec<Pending>,
) -> Result<(), ExecutionError> {
    match step {
        Step::Release { escrow, amount, to, remainder } => {
            let item = at.item.map(|(_, item)| item.key.as_slice());
            let item = if is_of_item(at, escrow) { item.ok_or_else(broken)? } else { &[] };
            let holder = escrow_holder(at.address, escrow, item);
            let coins = holds_coins(&at.contract.manifest, escrow);
            for (to, amount) in [(Some(to), amount), (remainder, None)] {
                let Some(to) = to else { continue };
                if coins {
                    let there = state.escrowed(at.address, &holder)?;
                    let paid = amount.map_or(there, |amount| amount.min(there));
                    state.escrow_out(at.address, &holder, &to, paid)?;
                } else {
                    // What earlier effects have changed of sums comes before what a move of an own asset changes.
                    flush(state, at.contract, at.address, pending)?;
                    release_asset(state, ways, at, &holder, &to, amount)?;
                }
            }
            Ok(())
        }
        Step::Pay { to, amount } => {
            // As a release pays at most what is held: an exit is never kept by what is not there.
            let free = state.account_or_new(at.address)?.balance;
            state.transfer(at.address, &to, amount.min(free))
        }
        Step::Ledger(change) => ledger::carry_out(state, ways.meter.schedule(), at, &change, pending),
        Step::SetHead { offset, bytes } => {
            let (cell, item) = at.item.ok_or_else(broken)?;
            let place = state.place(at.address, cell.id, &item.key)?;
            let before = state.entry_at(place).ok_or_else(gone)?.value.clone();
            let mut after = before.clone();
            let span = after.get_mut(offset..offset.saturating_add(bytes.len())).ok_or_else(broken)?;
            span.copy_from_slice(&bytes);
            note(cell, Some(&before), Some(&after), pending)?;
            state.set_value_at(place, after);
            Ok(())
        }
        Step::DeleteItem => {
            let (cell, item) = at.item.ok_or_else(broken)?;
            check_empty(state, at.contract, at.address, cell, &item.key)?;
            let place = state.place(at.address, cell.id, &item.key)?;
            let before = state.entry_at(place).ok_or_else(gone)?.value.clone();
            // A field that an earlier effect has set counts twice otherwise, and may pass 128 bits so.
            flush(state, at.contract, at.address, pending)?;
            note(cell, Some(&before), None, pending)?;
            state.delete_entry_at(place)?;
            Ok(())
        }
    }
}

/// Lets an asset of a contract out of an escrow. What is not there is nothing to let out.
fn release_asset(
    state: &mut Overlay<'_>,
    ways: &mut Ways<'_, '_>,
    at: Place<'_>,
    holder: &Holder,
    to: &AccountId,
    amount: Option<Amount>,
) -> Result<(), ExecutionError> {
    let Some(record) = state.asset_escrow(at.address, holder)? else { return Ok(()) };
    let ground = Ground { meter: ways.meter, block: at.block };
    let what = (to, amount);
    if record.asset == *at.address {
        let asset = AssetCell::find(at.contract, at.address, record.cell)?;
        release(state, ground, ways.gas, &asset, (at.address, holder), &record, what, Way::Exit)?;
        return Ok(());
    }
    let gone = || Fault::text("the contract of an asset in escrow is gone");
    let contract = (ways.find)(state, ways.gas, &record.asset)?.ok_or_else(gone)?;
    let asset = AssetCell::find(&contract, &record.asset, record.cell)?;
    release(state, ground, ways.gas, &asset, (at.address, holder), &record, what, Way::Exit)?;
    Ok(())
}

/// Notes what a change of an entry does to the count and sums of its map.
fn note(
    cell: &CellPlan,
    before: Option<&[u8]>,
    after: Option<&[u8]>,
    pending: &mut Vec<Pending>,
) -> Result<(), Failure> {
    Pending::changes(cell, before, after).try_for_each(|change| change.note(pending).map(|_| ()))
}

fn move_to(
    state: &mut Overlay<'_>,
    at: Place<'_>,
    machine: &Machine,
    target: u8,
) -> Result<(), ExecutionError> {
    if machine.cell.is_none() {
        return move_own(state, at.address, machine, target);
    }
    let (cell, item) = at.item.ok_or_else(broken)?;
    if state.entry(at.address, cell.id, &item.key)?.is_none() {
        return Ok(()); // the exit has deleted it
    }
    move_item(state, at.address, cell, item, machine, target)
}

fn is_of_item(at: Place<'_>, escrow: u16) -> bool {
    at.item.is_some_and(|(cell, _)| cell.escrows.contains(&escrow))
}

fn account(at: Place<'_>, term: &KeyTerm) -> Result<AccountId, ExecutionError> {
    <[u8; 32]>::try_from(term_bytes(at, term)?).map(AccountId).map_err(|_| broken())
}

/// The bytes that a term stands for.
fn term_bytes<'b>(at: Place<'b>, term: &'b KeyTerm) -> Result<&'b [u8], ExecutionError> {
    Ok(match term {
        KeyTerm::Param(index) => {
            let (bytes, spans) = at.params.ok_or_else(broken)?;
            spans.get(bytes, usize::from(*index)).ok_or_else(broken)?
        }
        KeyTerm::Caller => at.caller.as_bytes(),
        KeyTerm::Origin => at.origin.as_bytes(),
        KeyTerm::SelfAddress => at.address.as_bytes(),
        KeyTerm::Item(index) => at.item.and_then(|(_, item)| item.key_field(*index)).ok_or_else(broken)?,
        KeyTerm::Head(index) => {
            at.item.and_then(|(cell, item)| item.head_field(cell, *index)).ok_or_else(broken)?
        }
        KeyTerm::Literal(bytes) => bytes,
        KeyTerm::Arg(_) | KeyTerm::ArgField { .. } | KeyTerm::Any => return Err(broken()),
    })
}

fn number(state: &mut Overlay<'_>, at: Place<'_>, amount: &Expression) -> Result<Amount, ExecutionError> {
    match value_of(state, at, amount, "amount")? {
        Value::Uint(amount) => Ok(Amount(amount)),
        _ => Err(broken()),
    }
}

fn bytes(
    state: &mut Overlay<'_>,
    at: Place<'_>,
    value: &Expression,
    ty: &Type,
) -> Result<Vec<u8>, ExecutionError> {
    value_of(state, at, value, "value")?.encode(ty).ok_or_else(broken)
}

fn event(state: &mut Overlay<'_>, at: Place<'_>, exit: &Exit) -> Result<Option<Event>, ExecutionError> {
    let Some(announced) = &exit.event else { return Ok(None) };
    let declared = at.contract.manifest.event(announced.event).ok_or_else(broken)?;
    let mut data = Vec::new();
    for (field, value) in declared.fields.iter().zip(&announced.fields) {
        data.extend(bytes(state, at, value, &field.ty)?);
    }
    let data = data.try_into().map_err(|_| broken())?;
    Ok(Some(Event { contract: *at.address, event: announced.event, data }))
}
