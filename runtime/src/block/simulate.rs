//! What a transaction would do now, without a signature and without a trace.

use chainstack_primitives::{
    AccountId, Amount, Body, DepositDelta, Event, Gas, Signature, Transaction, codes,
};
use parity_scale_codec::Encode;

use super::{BlockInfo, Machine};
use crate::{
    ports::{Completed, Diagnostics, ExecutionError, Fault},
    state::Overlay,
    transaction::{Meter, TransactionRefused, attempt, fee::price_per_gas, validate},
};

/// What a transaction would do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SimulationReport {
    /// Why it could not be included as it stands; `None` if it could. The rest holds in any case.
    pub refused: Option<TransactionRefused>,
    /// 0 done; otherwise the stable code of the failure.
    pub code: u16,
    /// Index of the failing call inside a batch.
    pub failed_call: Option<u8>,
    /// Gas it uses under its own limit.
    pub gas: Gas,
    /// Fee it would pay in this block; `None` if its max fee is below the base fee or the product passes the
    /// greatest amount.
    pub fee: Option<Amount>,
    /// SCALE value that the call returns.
    pub output: Vec<u8>,
    /// What a contract gave when it reverted.
    pub revert: Vec<u8>,
    /// What it announces.
    pub events: Vec<Event>,
    /// Deposits it locks and releases.
    pub deposit: DepositDelta,
    /// Why it fails.
    pub diagnostics: Option<Box<Diagnostics>>,
}

/// Runs `body` as if `signer` had signed it and its turn in `block` had come.
///
/// The call runs even if the transaction could not be included (its nonce is wrong, its fee too low): then
/// [`SimulationReport::refused`] says why. Fees are not taken from the balance; the deposit limit is that of the
/// body, or what the balance leaves if that is less. Gas is bounded by the body's limit and the block's.
///
/// # Errors
/// [`Fault`] if this machine cannot read.
pub fn simulate(
    machine: &Machine<'_>,
    block: &BlockInfo,
    signer: AccountId,
    body: &Body,
) -> Result<SimulationReport, Fault> {
    let schedule = machine.schedule;
    let mut state = Overlay::new(machine.reader);
    let account = state.account_or_new(&signer)?;
    let unsigned = Transaction { body: body.clone(), signer, signature: Signature([0; 64]) };
    let size_bytes = unsigned.encoded_size();
    let refused = validate::refusal(schedule, block, &account, &unsigned, size_bytes);

    // A call whose values pass the greatest amount can move none of them.
    let value = validate::call_value(&body.call).unwrap_or(Amount::MAX);
    let free = account.balance.checked_sub(value).unwrap_or_default();
    let deposit_max = body.max_deposit.min(free);
    let reserved = account.balance.checked_sub(deposit_max).unwrap_or_default();
    state.set_account(&signer, chainstack_primitives::Account { balance: reserved, ..account })?;
    let gas_limit = body.gas_limit.min(schedule.block.gas_limit);
    let mut meter = Meter::new(signer, gas_limit, deposit_max, schedule);
    let intrinsic = validate::intrinsic_gas(schedule, body, size_bytes).unwrap_or(Gas(u64::MAX));
    let ran = attempt(machine.executor, block, &mut state, &mut meter, intrinsic, &body.call)?;

    let (events, tally) = state.finish_transaction();
    let gas = meter.gas_used();
    let price = price_per_gas(block.base_fee, body.max_fee_per_gas, body.tip_per_gas);
    let mut report = SimulationReport {
        refused,
        code: codes::OK,
        failed_call: None,
        gas,
        fee: price.and_then(|price| price.checked_mul(u128::from(gas.0))),
        output: Vec::new(),
        revert: Vec::new(),
        events,
        deposit: DepositDelta { locked: tally.locked, released: tally.released },
        diagnostics: None,
    };
    match ran {
        Ok(done) => report.output = done.output,
        Err((failure, failed_call)) => {
            report.code = failure.code;
            report.failed_call = failed_call;
            report.revert = failure.revert.into_inner();
            report.diagnostics = Some(failure.diagnostics);
        }
    }
    Ok(report)
}

/// Answers a view of a contract under `gas_limit`; nothing is paid and nothing remains.
///
/// # Errors
/// [`ExecutionError::Failed`] with the code of what went wrong; [`ExecutionError::Fault`] if this machine cannot
/// tell.
pub fn query(
    machine: &Machine<'_>,
    block: &BlockInfo,
    contract: AccountId,
    method: &str,
    args: &[u8],
    gas_limit: Gas,
) -> Result<(Completed, Gas), ExecutionError> {
    let mut state = Overlay::new(machine.reader);
    machine.executor.query(&mut state, block, contract, method, args, gas_limit)
}
