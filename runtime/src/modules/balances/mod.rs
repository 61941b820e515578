//! The native coin: what happens to fees, rewards and deposits at the end of a block, and the totals of the
//! supply.
//!
//! Supply = genesis + issued − burnt = the sum of all balances, those of [`reserved::DEPOSITS`] and [`reserved::ESCROWS`] included;
//! [`invariants`] checks it.

pub mod invariants;

use chainstack_primitives::{Account, AccountId, Amount};

use crate::{
    block::BlockInfo,
    params::Schedule,
    ports::Fault,
    state::{Entry, Overlay, reserved},
    transaction::{Accrued, fee::split_tip, supply_broken},
};

/// Most base units that genesis and rewards may bring into being: half of what 128 bits hold, so that no sum of
/// balances can pass them.
pub const SUPPLY_MAX: Amount = Amount(u128::MAX / 2);

/// Ends a block: pays tips and reward, moves the net of all deposits and escrows, counts the totals.
///
/// No shares are mined and nobody seals in this version, so that the parts of miners and of verifiers are both
/// the proposer's.
pub(crate) fn settle(
    schedule: &Schedule,
    block: &BlockInfo,
    state: &mut Overlay<'_>,
    accrued: &Accrued,
) -> Result<(), Fault> {
    let issued = issue(state, schedule.block.reward)?;
    let paid = accrued.tips.checked_add(issued).ok_or_else(supply_broken)?;
    let split = split_tip(&schedule.tips, paid);
    for part in [split.miners, split.verifiers] {
        credit(state, &block.proposer, part)?;
    }
    count(state, reserved::BURNT_KEY, accrued.burnt)?;
    credit(state, &reserved::DEPOSITS, accrued.deposits.locked)?;
    debit(state, &reserved::DEPOSITS, accrued.deposits.released)?;
    credit(state, &reserved::ESCROWS, accrued.deposits.escrowed)?;
    debit(state, &reserved::ESCROWS, accrued.deposits.paid_out)
}

/// Counts `reward` as issued, unless the supply's bound would be passed: then nothing is issued. What was.
fn issue(state: &mut Overlay<'_>, reward: Amount) -> Result<Amount, Fault> {
    let genesis = total(state, reserved::GENESIS_KEY)?;
    let issued = total(state, reserved::ISSUED_KEY)?;
    let after = genesis.checked_add(issued).and_then(|so_far| so_far.checked_add(reward));
    if after.is_none_or(|after| after > SUPPLY_MAX) {
        return Ok(Amount::ZERO);
    }
    count(state, reserved::ISSUED_KEY, reward)?;
    Ok(reward)
}

pub(crate) fn credit(state: &mut Overlay<'_>, id: &AccountId, amount: Amount) -> Result<(), Fault> {
    if amount.is_zero() {
        return Ok(());
    }
    let account = state.account_or_new(id)?;
    let balance = account.balance.checked_add(amount).ok_or_else(supply_broken)?;
    state.set_account(id, Account { balance, ..account })
}

fn debit(state: &mut Overlay<'_>, id: &AccountId, amount: Amount) -> Result<(), Fault> {
    if amount.is_zero() {
        return Ok(());
    }
    let account = state.account_or_new(id)?;
    let balance = account.balance.checked_sub(amount).ok_or_else(supply_broken)?;
    state.set_account(id, Account { balance, ..account })
}

/// One of the totals of the supply: under [`reserved::GENESIS_KEY`], [`reserved::ISSUED_KEY`] or
/// [`reserved::BURNT_KEY`]. Zero before the first.
///
/// # Errors
/// [`Fault`] if this machine cannot read, or what it reads is not a total.
pub fn total(state: &mut Overlay<'_>, key: &[u8]) -> Result<Amount, Fault> {
    let entry = state.entry(&reserved::TOTALS, reserved::TOTALS_CELL, key)?;
    entry.map_or(Some(Amount::ZERO), decode_total).ok_or_else(supply_broken)
}

fn decode_total(entry: &Entry) -> Option<Amount> {
    <[u8; 16]>::try_from(entry.value.as_slice()).ok().map(|bytes| Amount(u128::from_le_bytes(bytes)))
}

/// Adds to one of the totals.
pub(crate) fn count(state: &mut Overlay<'_>, key: &[u8], amount: Amount) -> Result<(), Fault> {
    if amount.is_zero() {
        return Ok(());
    }
    let after = total(state, key)?.checked_add(amount).ok_or_else(supply_broken)?;
    let entry =
        Entry { value: after.0.to_le_bytes().to_vec(), payer: reserved::TOTALS, deposit: Amount::ZERO };
    state.set_entry(&reserved::TOTALS, reserved::TOTALS_CELL, key, Some(entry))
}
