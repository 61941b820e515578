//! Code made ready for a frame, kept or anew, at one price.
//!
//! The price is that of the way that always stands open: the code from the store, its native form from the cache of
//! compiled code, its image made again. What is kept ready saves the time and not the gas, so that two nodes that keep
//! different things agree. Code of genesis is the exception that needs no agreement: every node makes it ready at its
//! start and never drops it, and state says which it is. See `host/docs/adr-003-the-price-of-loading-code.md`.

use std::sync::Arc;

use chainstack_engine::{Module, Outcome, TrapKind};
use chainstack_primitives::{AccountId, Hash, codes};
use chainstack_runtime::{
    params::Schedule,
    ports::{ExecutionError, Failure, Fault},
    state::{Overlay, reserved},
};
use parity_scale_codec::Decode as _;

use super::{Executor, INITIALIZE_GAS_MAX};
use crate::{
    budget::GasLeft,
    error::{PrepareError, UploadError},
    machine::Contract,
};

impl Executor {
    /// The contract with this code. Charges for making it ready, before it is, and as much if it is kept.
    ///
    /// # Cost
    /// `load + code_byte × code length + gas of _initialize + memory_page × pages`; nothing for code of genesis.
    pub(crate) fn contract(
        &self,
        state: &mut Overlay<'_>,
        schedule: &Schedule,
        code: &Hash,
        gas: &mut GasLeft,
    ) -> Result<Arc<Contract>, ExecutionError> {
        let kept = self.kept().get(code);
        if let Some(contract) = kept {
            if !contract.source.genesis {
                charge_code(schedule, contract.source.bytes, gas)?;
                charge_image(schedule, &contract, gas)?;
            }
            return Ok(contract);
        }
        let record = code_record(state, code)?
            .ok_or_else(|| Fault::text("the record of a contract's code is missing in state"))?;
        let genesis = is_of_genesis(&record.payer);
        if !genesis {
            charge_code(schedule, record.size, gas)?;
        }
        let bytes =
            state.code(code)?.ok_or_else(|| Fault::text("the code of a contract is missing in state"))?;
        let most = if genesis { INITIALIZE_GAS_MAX } else { gas.0.min(INITIALIZE_GAS_MAX) };
        let contract = match self.prepare(*code, &bytes, genesis, most) {
            Ok(contract) => contract,
            Err(PrepareError::Refused(UploadError::Initialize(report)))
                if report.outcome == Outcome::Trap(TrapKind::OutOfGas) && most < INITIALIZE_GAS_MAX =>
            {
                return Err(no_gas_to_initialize(gas).into());
            }
            // It was admitted once.
            Err(PrepareError::Refused(refused)) => return Err(Fault(Box::new(refused)).into()),
            Err(PrepareError::Fault(fault)) => return Err(fault.into()),
        };
        let contract = self.keep(contract);
        if !genesis {
            charge_image(schedule, &contract, gas)?;
        }
        Ok(contract)
    }

    /// Keeps a contract ready within the limits.
    pub(super) fn keep(&self, contract: Contract) -> Arc<Contract> {
        let (contract, dropped) = self.kept().insert(Arc::new(contract), self.limits);
        // Nobody finds these again, so that their warm instances are of no use either.
        dropped.iter().map(|contract| &contract.module).for_each(Module::retire);
        drop(dropped);
        contract
    }
}

/// What is known before the code is read.
fn charge_code(schedule: &Schedule, bytes: u32, gas: &mut GasLeft) -> Result<(), Failure> {
    let prices = &schedule.host;
    gas.charge(prices.load.saturating_add(prices.code_byte.saturating_mul(u64::from(bytes))))
}

/// What `_initialize` uses, and looking through the memory that it leaves.
fn charge_image(schedule: &Schedule, contract: &Contract, gas: &mut GasLeft) -> Result<(), Failure> {
    if contract.source.initialize_gas > gas.0 {
        return Err(no_gas_to_initialize(gas));
    }
    gas.charge(contract.source.initialize_gas)?;
    gas.charge(schedule.host.memory_page.saturating_mul(u64::from(contract.pages)))
}

fn no_gas_to_initialize(gas: &mut GasLeft) -> Failure {
    let left = std::mem::take(&mut gas.0);
    Failure::new(codes::OUT_OF_GAS, format!("`_initialize` asks for more than the {left} gas left"))
}

/// Whether the code came with genesis: worth the slower compiler, and always kept ready.
pub(super) fn is_of_genesis(payer: &AccountId) -> bool {
    *payer == reserved::PARADIGMS
}

/// What state says of uploaded code.
pub(crate) fn code_record(
    state: &mut Overlay<'_>,
    code: &Hash,
) -> Result<Option<reserved::CodeRecord>, ExecutionError> {
    let entry = state.entry(&reserved::CODES, reserved::CODES_CELL, code.as_bytes())?;
    Ok(entry.and_then(|entry| reserved::CodeRecord::decode(&mut entry.value.as_slice()).ok()))
}
