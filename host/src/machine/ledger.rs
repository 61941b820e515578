//! Balances that exits change. None of these can keep an exit: what is taken is at most what is there, what is given at
//! most what still fits, and a new entry's deposit has been kept by the item since it began. See `host/docs/adr-008-ledgers-in-exits.md`.

use chainstack_primitives::{
    Amount,
    manifest::{Effect, HOLDER_ACCOUNT},
};
use chainstack_runtime::{
    params::Schedule,
    ports::{ExecutionError, Fault},
    state::{Entry, Overlay, Place as At, escrow::Held},
};

use super::{
    aggregate::{COUNT, LEDGER_SUM, Pending, flush, read_aggregate, unsigned},
    asset::AssetCell,
    contract::{CellPlan, Contract},
    facts::Place,
    fund::Fund,
    item::account_of,
    state::rewrite_gas,
};
use crate::budget::entry_deposit;

/// A change of a ledger: from nowhere, to nowhere, or from one entry to another. Keys are as they are stored.
pub(super) struct Change<'c> {
    pub(super) cell: &'c CellPlan,
    pub(super) from: Option<Vec<u8>>,
    pub(super) to: Option<Vec<u8>>,
    pub(super) amount: u128,
}

/// The ledger that an effect changes, if it changes one.
pub(super) fn changed<'c>(contract: &'c Contract, effect: &Effect) -> Option<&'c CellPlan> {
    let id = match effect {
        Effect::LedgerAdd { cell, .. } | Effect::LedgerSub { cell, .. } | Effect::LedgerMove { cell, .. } => {
            *cell
        }
        _ => return None,
    };
    contract.any_cell(u32::from(id)).ok().map(|(_, cell)| cell)
}

/// The key as it is stored, of the fields one after another.
pub(super) fn stored_key(
    contract: &Contract,
    cell: &CellPlan,
    fields: &[&[u8]],
) -> Result<Vec<u8>, ExecutionError> {
    let holder = contract.declared(cell)?.is_fungible_asset().then_some(HOLDER_ACCOUNT);
    Ok(holder.into_iter().chain(fields.iter().copied().flatten().copied()).collect())
}

/// What a change costs at most, beyond what it computes: each entry that it may meet as if it were new.
pub(super) fn price(schedule: &Schedule, at: Place<'_>, cell: &CellPlan, effect: &Effect) -> u64 {
    let prices = &schedule.host;
    let each = prices.read.saturating_add(prices.write);
    // Both ends, who paid for the one that is emptied, its sum, its count.
    let ends = if matches!(effect, Effect::LedgerMove { .. }) { 2 } else { 1 };
    let entries = [1, u64::from(cell.sum), u64::from(cell.count)].into_iter().fold(ends, u64::saturating_add);
    let keys = prices.byte.saturating_mul(u64::from(cell.room_bytes)).saturating_mul(ends);
    let gas = each.saturating_mul(entries).saturating_add(keys);
    let gas = match announced(at.contract, cell) {
        Some(_) => {
            gas.saturating_add(prices.event).saturating_add(prices.event_byte.saturating_mul(MOVE_BYTES))
        }
        None => gas,
    };
    if effect.fills().is_none() {
        return gas;
    }
    // The item gives some of what it has kept, and is written again for that.
    let keeper = at.item.map_or(0, |(item, _)| rewrite_gas(schedule, item));
    gas.saturating_add(prices.new).saturating_add(keeper)
}

/// Carries a change out. Sums that earlier effects have changed are merged before.
pub(super) fn carry_out(
    state: &mut Overlay<'_>,
    schedule: &Schedule,
    at: Place<'_>,
    change: &Change<'_>,
    pending: &mut Vec<Pending>,
) -> Result<(), ExecutionError> {
    let Change { cell, from, to, amount } = change;
    if from == to {
        return Ok(());
    }
    flush(state, at.contract, at.address, pending)?;
    let mut find =
        |key: &Option<Vec<u8>>| key.as_ref().map(|key| state.place(at.address, cell.id, key)).transpose();
    let (source, target) = (find(from)?, find(to)?);
    let held = |state: &Overlay<'_>, place: At| state.entry_at(place).map(|entry| unsigned(&entry.value));
    let before = source.map(|place| held(state, place).unwrap_or(0));
    let there = target.and_then(|place| held(state, place));
    // What the target can take: a move leaves the sum as it is.
    let sum =
        if cell.sum && source.is_none() { read_aggregate(state, cell, at.address, LEDGER_SUM)? } else { 0 };
    let room = u128::MAX.saturating_sub(sum.max(there.unwrap_or(0)));
    let amount = before.unwrap_or(u128::MAX).min(*amount);
    let amount = if target.is_some() { amount.min(room) } else { amount };
    if amount == 0 {
        return Ok(());
    }
    let left = before.map(|before| before.saturating_sub(amount));
    let emptied = left == Some(0);
    let creates = target.is_some() && there.is_none();
    // The place in storage goes with a whole balance, and so does who paid for it.
    let carried = if emptied && creates { source } else { None };
    if let Some(target) = target {
        let value = there.unwrap_or(0).saturating_add(amount).to_le_bytes().to_vec();
        if creates {
            let (payer, deposit) = match carried.map(|place| state.entry_at(place)) {
                Some(entry) => entry.map(|entry| (entry.payer, entry.deposit)).ok_or_else(lost)?,
                None => keeper(state, schedule, at)?.pay(state, cell.room_bytes)?,
            };
            state.set_entry_at(target, Some(Entry { value, payer, deposit }));
        } else {
            state.set_value_at(target, value);
        }
    }
    match (source, left) {
        (Some(source), Some(0)) if carried.is_some() => state.set_entry_at(source, None),
        (Some(source), Some(0)) => {
            state.delete_entry_at(source)?;
        }
        (Some(source), Some(left)) => state.set_value_at(source, left.to_le_bytes().to_vec()),
        _ => {}
    }
    if cell.sum && source.is_none() {
        Pending::new(cell.id, LEDGER_SUM, amount, 0).note(pending)?;
    } else if cell.sum && target.is_none() {
        Pending::new(cell.id, LEDGER_SUM, 0, amount).note(pending)?;
    }
    if cell.count {
        Pending::new(cell.id, COUNT, u128::from(creates), u128::from(emptied)).note(pending)?;
    }
    if announced(at.contract, cell).is_some() {
        let account = |key: &Option<Vec<u8>>| key.as_deref().and_then(account_of).unwrap_or_default();
        let asset = AssetCell::find(at.contract, at.address, cell.id)?;
        asset.announce(state, &account(from), &account(to), &Held::Amount(Amount(amount)))?;
    }
    Ok(())
}

/// Size of what tells of a move: from whom, to whom, how much.
const MOVE_BYTES: u64 = 32 + 32 + 16;

/// The event that tells of what the host moves of an asset.
fn announced(contract: &Contract, cell: &CellPlan) -> Option<u16> {
    contract.declared(cell).ok()?.asset()?.on_move
}

/// The item, which has kept deposits for the entries that its exits create.
fn keeper<'f>(
    state: &mut Overlay<'_>,
    schedule: &'f Schedule,
    at: Place<'_>,
) -> Result<Fund<'f, 'f>, ExecutionError> {
    let (cell, item) = at.item.ok_or_else(lost)?;
    let place = state.place(at.address, cell.id, &item.key)?;
    Ok(Fund::Kept { schedule, place, own: entry_deposit(schedule, cell.room_bytes)? })
}

/// What admission and the state of a ledger rule out.
fn lost() -> ExecutionError {
    Fault::text("an exit creates a balance that nobody keeps a deposit for").into()
}
