//! Storing code.

use chainstack_engine::{Outcome, TrapKind};
use chainstack_primitives::{AccountId, Gas, Tag, codes, tagged};
use chainstack_runtime::{
    ports::{Completed, ExecutionError, Failure},
    state::{Overlay, reserved},
    transaction::Meter,
};
use parity_scale_codec::Encode;

use super::{Executor, INITIALIZE_GAS_MAX, load::is_of_genesis};
use crate::error::{PrepareError, UploadError};

/// Admits and stores code. The transaction's intrinsic gas has paid for the judgement by byte; what `_initialize`
/// uses is charged here.
pub(super) fn upload(
    executor: &Executor,
    state: &mut Overlay<'_>,
    meter: &mut Meter<'_>,
    origin: AccountId,
    code: &[u8],
) -> Result<Completed, ExecutionError> {
    let prices = &meter.schedule().host;
    meter.charge(Gas(prices.read.saturating_add(prices.write).saturating_add(prices.new)))?;
    let hash = tagged(Tag::Code, code);
    if state.entry(&reserved::CODES, reserved::CODES_CELL, hash.as_bytes())?.is_some() {
        return Err(Failure::new(codes::CODE_EXISTS, format!("code {hash} was uploaded before")).into());
    }
    let gas = meter.gas_left().0.min(INITIALIZE_GAS_MAX);
    let prepared = executor.prepare(hash, code, is_of_genesis(&origin), gas);
    let contract = match prepared {
        Ok(contract) => contract,
        Err(PrepareError::Refused(UploadError::Initialize(report))) => {
            let used = gas.saturating_sub(report.gas_left); // what was given and not left
            meter.charge(Gas(used))?;
            if report.outcome == Outcome::Trap(TrapKind::OutOfGas) && gas < INITIALIZE_GAS_MAX {
                let text = format!("`_initialize` asked for more than the {gas} gas left");
                return Err(Failure::new(codes::OUT_OF_GAS, text).into());
            }
            return Err(PrepareError::from(UploadError::Initialize(report)).into());
        }
        Err(error) => return Err(error.into()),
    };
    meter.charge(Gas(contract.source.initialize_gas))?;

    let overflow = || Failure::new(codes::DEPOSIT_LIMIT, "the deposit of the code passes 128 bits");
    let deposit = meter.schedule().storage.code_deposit(contract.source.bytes).ok_or_else(overflow)?;
    let record =
        reserved::CodeRecord { size: contract.source.bytes, manifest: contract.manifest_hash, payer: origin };
    let key = (&reserved::CODES, reserved::CODES_CELL, hash.as_bytes().as_slice());
    state.write_entry(meter, key, record.encode(), deposit)?;
    state.set_code(hash, code.into());
    executor.keep(contract);
    Ok(Completed { output: hash.0.to_vec() })
}
