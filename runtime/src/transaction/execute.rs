//! One transaction, from reservation to receipt.
//!
//! Reserve → nonce + 1 → execute under a checkpoint → on failure roll back everything but fee and nonce → settle.
//! What is locked or released as deposits, burnt or tipped is accrued and settled once, at the block's end.

use chainstack_primitives::{
    Account, Amount, Bytes, DepositDelta, Event, Gas, Hash, Receipt, codes,
    receipt::{REVERT_PAYLOAD_MAX, events_roots, output_hashes},
};

use super::{
    Meter,
    dispatch::{self, CallError, Scene},
    validate::ValidTransaction,
};
use crate::{
    block::BlockInfo,
    params::Schedule,
    ports::{Completed, ContractExecutor, Diagnostics, ExecutionError, Fault},
    state::{DepositTally, Overlay},
};

/// What a transaction did, besides its receipt. Recomputed by replay.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// What it announced; none if it failed.
    pub events: Vec<Event>,
    /// SCALE value that the call returned; empty if it failed.
    pub output: Vec<u8>,
    /// Why it failed.
    pub diagnostics: Option<Box<Diagnostics>>,
}

/// A receipt without the hashes over its outcome: those of many are worked out together, by [`seal`].
#[derive(Debug)]
pub(crate) struct Unsealed {
    id: Hash,
    code: u16,
    failed_call: Option<u8>,
    gas: Gas,
    fee: Amount,
    deposit: DepositDelta,
    revert: Bytes<REVERT_PAYLOAD_MAX>,
}

/// The receipts of transactions with these outcomes, in order.
///
/// # Panics
/// If there is not one outcome for each: a bug, by which receipts would be lost.
pub(crate) fn seal(unsealed: Vec<Unsealed>, outcomes: &[Outcome]) -> Vec<Receipt> {
    assert_eq!(unsealed.len(), outcomes.len(), "one outcome for each transaction");
    let outputs = output_hashes(outcomes.iter().map(|outcome| &*outcome.output));
    let events = events_roots(outcomes.iter().map(|outcome| &*outcome.events));
    let hashes = outputs.into_iter().zip(events).zip(outcomes);
    let sealed = unsealed.into_iter().zip(hashes).map(|(one, ((output_hash, events_root), outcome))| {
        let Unsealed { id, code, failed_call, gas, fee, deposit, revert } = one;
        // Each event costs gas, so a block has far fewer.
        let event_count = u32::try_from(outcome.events.len()).unwrap_or(u32::MAX);
        Receipt { id, code, failed_call, gas, fee, deposit, output_hash, events_root, event_count, revert }
    });
    sealed.collect()
}

/// What transactions have accrued for the end of their block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Accrued {
    pub(crate) burnt: Amount,
    pub(crate) tips: Amount,
    pub(crate) deposits: DepositTally,
    pub(crate) gas_used: Gas,
}

impl Accrued {
    fn with(self, gas: Gas, burnt: Amount, tip: Amount, deposits: DepositTally) -> Option<Self> {
        Some(Self {
            burnt: self.burnt.checked_add(burnt)?,
            tips: self.tips.checked_add(tip)?,
            deposits: DepositTally {
                locked: self.deposits.locked.checked_add(deposits.locked)?,
                released: self.deposits.released.checked_add(deposits.released)?,
                ..self.deposits.with_escrows(deposits.escrowed, deposits.paid_out)?
            },
            gas_used: self.gas_used.checked_add(gas.0)?,
        })
    }
}

/// A sum that the bound on the supply keeps below 128 bits passed them, or a part was more than its whole: state
/// is not one that blocks can leave.
pub(crate) fn supply_broken() -> Fault {
    Fault::text("the bound on the supply is broken: this state was not made by the protocol")
}

/// Executes a transaction whose turn has come. `state` is between transactions, before and after.
///
/// # Errors
/// [`Fault`]; `state` is then of no use any more.
pub(crate) fn execute(
    schedule: &Schedule,
    executor: &dyn ContractExecutor,
    block: &BlockInfo,
    state: &mut Overlay<'_>,
    accrued: &mut Accrued,
    valid: &ValidTransaction<'_>,
) -> Result<(Unsealed, Outcome), Fault> {
    let body = valid.verified().body();
    let origin = valid.verified().signer();
    reserve(state, valid)?;
    let mut meter = Meter::new(origin, body.gas_limit, body.max_deposit, schedule);
    let ran = attempt(executor, block, state, &mut meter, valid.intrinsic(), &body.call)?;
    let (events, deposits) = state.finish_transaction();

    let gas = meter.gas_used();
    let fee = settle(block, state, accrued, valid, gas, deposits)?;
    let (code, failed_call, revert, outcome) = match ran {
        Ok(done) => {
            (codes::OK, None, Bytes::new(), Outcome { events, output: done.output, diagnostics: None })
        }
        Err((failure, failed_call)) => {
            let outcome = Outcome { diagnostics: Some(failure.diagnostics), ..Outcome::default() };
            (failure.code, failed_call, failure.revert, outcome)
        }
    };
    let deposit = DepositDelta { locked: deposits.locked, released: deposits.released };
    let id = valid.verified().id();
    Ok((Unsealed { id, code, failed_call, gas, fee, deposit, revert }, outcome))
}

/// Takes fee and deposit limit from the free balance and counts the nonce up.
fn reserve(state: &mut Overlay<'_>, valid: &ValidTransaction<'_>) -> Result<(), Fault> {
    let signer = valid.verified().signer();
    let account = state.account_or_new(&signer)?;
    let reservation = valid.reservation();
    // `at_turn` has found both to be possible.
    let nonce = account.nonce.checked_add(1).ok_or_else(supply_broken)?;
    let free =
        account.balance.checked_sub(reservation.fee).and_then(|left| left.checked_sub(reservation.deposit));
    let balance = free.ok_or_else(supply_broken)?;
    state.set_account(&signer, Account { nonce, balance, ..account })
}

type Ran = Result<Completed, (crate::ports::Failure, Option<u8>)>;

/// Charges what is due in any case and runs the call; on failure state is as before.
pub(crate) fn attempt(
    executor: &dyn ContractExecutor,
    block: &BlockInfo,
    state: &mut Overlay<'_>,
    meter: &mut Meter<'_>,
    intrinsic: Gas,
    call: &chainstack_primitives::Call,
) -> Result<Ran, Fault> {
    let checkpoint = state.checkpoint();
    let ran = match meter.charge(intrinsic) {
        Ok(()) => dispatch::run(&mut Scene { executor, block, state, meter }, call),
        Err(failure) => Err(CallError::from(failure)),
    };
    match ran {
        Ok(done) => Ok(Ok(done)),
        Err(CallError { error: ExecutionError::Failed(failure), failed_call }) => {
            state.rollback(checkpoint);
            Ok(Err((failure, failed_call)))
        }
        Err(CallError { error: ExecutionError::Fault(fault), .. }) => Err(fault),
    }
}

/// Returns what was reserved and not used, and accrues the rest. The fee.
fn settle(
    block: &BlockInfo,
    state: &mut Overlay<'_>,
    accrued: &mut Accrued,
    valid: &ValidTransaction<'_>,
    gas: Gas,
    deposits: DepositTally,
) -> Result<Amount, Fault> {
    let reservation = valid.reservation();
    let charge = |price: Amount| price.checked_mul(u128::from(gas.0)).ok_or_else(supply_broken);
    let (fee, burnt) = (charge(valid.price())?, charge(block.base_fee)?);
    let compute = || {
        let tip = fee.checked_sub(burnt)?;
        let fee_left = reservation.fee.checked_sub(fee)?;
        let deposit_left = reservation.deposit.checked_sub(deposits.locked)?;
        Some((accrued.with(gas, burnt, tip, deposits)?, fee_left.checked_add(deposit_left)?))
    };
    let (total, refund) = compute().ok_or_else(supply_broken)?;
    *accrued = total;
    let signer = valid.verified().signer();
    let account = state.account_or_new(&signer)?;
    let balance = account.balance.checked_add(refund).ok_or_else(supply_broken)?;
    state.set_account(&signer, Account { balance, ..account })?;
    // Nothing of the settlement is ever undone.
    drop(state.finish_transaction());
    Ok(fee)
}
