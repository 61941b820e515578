//! The runtime's port: uploads, instantiations, calls and queries of contracts.
//!
//! | file | what |
//! | --- | --- |
//! | `prepare` | from uploaded bytes to a contract made ready |
//! | `kept` | contracts kept ready, by least recent use |
//! | `upload`, `instantiate` | what they write |
//! | `check` | the verdict over bytes without a chain |
//! | `choice` | which engine runs the code |

mod check;
mod choice;
mod instantiate;
mod kept;
mod prepare;
mod upload;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chainstack_engine::{CodeCache, Compiler, Engine, EngineConfig, STACK_UNITS_MAX};
use chainstack_primitives::{AccountId, Amount, Gas, Hash, codes, transaction::ARGS_SIZE_MAX};
use chainstack_runtime::{
    block::BlockInfo,
    params::Schedule,
    ports::{Completed, ContractExecutor, ExecutionError, Failure, Fault, Message},
    state::{Overlay, reserved},
    transaction::Meter,
};
use parity_scale_codec::Decode;

pub use check::CheckReport;
pub use choice::EngineChoice;
pub use prepare::{INITIALIZE_GAS_MAX, INITIALIZE_STACK};

use self::kept::Kept;
use crate::{
    budget::GasLeft,
    error::{PrepareError, engine_fault},
    functions::HOST_FUNCTIONS,
    machine::Contract,
    run::{Ended, Run, Target},
};

/// What an [`Executor`] keeps.
#[derive(Clone)]
pub struct ExecutorConfig {
    /// Greatest number of contracts kept ready, by least recent use. At least one.
    pub contracts_max: usize,
    /// Where compiled code is kept between runs.
    pub code_cache: Option<Arc<dyn CodeCache>>,
    /// Which engine runs contract code.
    pub engine: EngineChoice,
}

impl Default for ExecutorConfig {
    /// 1024 contracts, and no code kept between runs.
    fn default() -> Self {
        Self { contracts_max: 1024, code_cache: None, engine: EngineChoice::ByOrigin }
    }
}

/// Runs contracts inside their declared machines. Share one among all threads.
///
/// Results depend on state, block and call alone: what is kept only saves time.
pub struct Executor {
    engine: Engine,
    code_cache: Option<Arc<dyn CodeCache>>,
    choice: EngineChoice,
    schedule: Schedule,
    contracts_max: usize,
    kept: Mutex<Kept>,
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Executor").field("contracts_max", &self.contracts_max).finish_non_exhaustive()
    }
}

impl Executor {
    /// An executor that keeps nothing yet. `schedule` prices queries and instruments code; transactions bring the
    /// same one in their meters.
    ///
    /// # Errors
    /// [`Fault`] if the engine does not take the table of host functions.
    pub fn new(config: ExecutorConfig, schedule: Schedule) -> Result<Self, Fault> {
        // Compiled code is kept here, together with its declaration.
        let engine =
            Engine::new(EngineConfig { modules_max: 1 }, HOST_FUNCTIONS, None).map_err(engine_fault)?;
        let ExecutorConfig { contracts_max, code_cache, engine: choice } = config;
        Ok(Self { engine, code_cache, choice, schedule, contracts_max, kept: Mutex::new(Kept::default()) })
    }

    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics while the lock is held; the map is whole in any case.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of contracts kept ready.
    #[must_use]
    pub fn kept_count(&self) -> usize {
        self.kept().len()
    }

    /// The contract with this code, kept or made ready again. Charges for the size of the code before it is
    /// compiled; the price is the same if it is kept.
    pub(crate) fn contract(
        &self,
        state: &mut Overlay<'_>,
        schedule: &Schedule,
        code: &Hash,
        gas: &mut GasLeft,
    ) -> Result<Arc<Contract>, ExecutionError> {
        let price =
            |bytes: usize| schedule.host.code_byte.saturating_mul(u64::try_from(bytes).unwrap_or(u64::MAX));
        let kept = self.kept().get(code);
        if let Some(contract) = kept {
            gas.charge(price(usize::try_from(contract.code_bytes).unwrap_or(usize::MAX)))?;
            return Ok(contract);
        }
        let bytes = state.code(code)?.ok_or_else(|| Fault::text("code of a contract is missing in state"))?;
        gas.charge(price(bytes.len()))?;
        let compiler = match code_record(state, code)? {
            Some(record) => compiler_for(&record.payer),
            None => Compiler::Singlepass,
        };
        let prepared = self.prepare(*code, &bytes, compiler, INITIALIZE_GAS_MAX);
        let (contract, _) = prepared.map_err(|error| match error {
            PrepareError::Refused(refused) => Fault(Box::new(refused)), // it was admitted once
            PrepareError::Fault(fault) => fault,
        })?;
        Ok(self.keep(contract))
    }

    fn keep(&self, contract: Contract) -> Arc<Contract> {
        let contract = Arc::new(contract);
        let evicted = self.kept().insert(Arc::clone(&contract), self.contracts_max);
        drop(evicted);
        contract
    }

    /// Runs one call from outside and charges the meter for it.
    fn call(
        &self,
        state: &mut Overlay<'_>,
        meter: &mut Meter<'_>,
        block: &BlockInfo,
        target: Target<'_>,
    ) -> Result<Ended, ExecutionError> {
        let before = meter.gas_left().0;
        let mut gas = GasLeft(before);
        let ended = Run::new(self, state, meter, block).call_contract(&mut gas, target);
        // What is left is at most what there was, so that the meter covers the difference.
        meter.charge(Gas(before.saturating_sub(gas.0)))?;
        ended
    }
}

/// The code that this chain ships is worth the slower compiler.
fn compiler_for(payer: &AccountId) -> Compiler {
    if *payer == reserved::PARADIGMS { Compiler::Cranelift } else { Compiler::Singlepass }
}

fn code_record(state: &mut Overlay<'_>, code: &Hash) -> Result<Option<reserved::CodeRecord>, ExecutionError> {
    let entry = state.entry(&reserved::CODES, reserved::CODES_CELL, code.as_bytes())?;
    Ok(entry.and_then(|entry| reserved::CodeRecord::decode(&mut entry.value.as_slice()).ok()))
}

fn check_args_size(args: &[u8]) -> Result<(), Failure> {
    let limit = usize::try_from(ARGS_SIZE_MAX).unwrap_or(usize::MAX);
    if args.len() > limit {
        let text = format!("{} bytes of arguments found, at most {limit} allowed", args.len());
        return Err(Failure::new(codes::BAD_ARGUMENTS, text));
    }
    Ok(())
}

impl ContractExecutor for Executor {
    fn upload(
        &self,
        state: &mut Overlay<'_>,
        meter: &mut Meter<'_>,
        _block: &BlockInfo,
        origin: AccountId,
        code: &[u8],
    ) -> Result<Completed, ExecutionError> {
        upload::upload(self, state, meter, origin, code)
    }

    fn instantiate(
        &self,
        state: &mut Overlay<'_>,
        meter: &mut Meter<'_>,
        block: &BlockInfo,
        address: AccountId,
        code: Hash,
        message: Message<'_>,
    ) -> Result<Completed, ExecutionError> {
        instantiate::instantiate(self, state, meter, block, address, code, message)
    }

    fn invoke(
        &self,
        state: &mut Overlay<'_>,
        meter: &mut Meter<'_>,
        block: &BlockInfo,
        contract: AccountId,
        method: &str,
        message: Message<'_>,
    ) -> Result<Completed, ExecutionError> {
        check_args_size(message.args)?;
        let target = Target {
            address: contract,
            method: method.as_bytes(),
            input: message.args.to_vec(),
            value: message.value,
            caller: message.origin,
            read_only: false,
            gas_max: u64::MAX,
            stack: STACK_UNITS_MAX,
        };
        let output = self.call(state, meter, block, target)??;
        Ok(Completed { output })
    }

    fn query(
        &self,
        state: &mut Overlay<'_>,
        block: &BlockInfo,
        contract: AccountId,
        method: &str,
        args: &[u8],
        gas_limit: Gas,
    ) -> Result<(Completed, Gas), ExecutionError> {
        check_args_size(args)?;
        let mut meter = Meter::new(AccountId::ZERO, gas_limit, Amount::ZERO, &self.schedule);
        let target = Target {
            address: contract,
            method: method.as_bytes(),
            input: args.to_vec(),
            value: Amount::ZERO,
            caller: AccountId::ZERO,
            read_only: true,
            gas_max: u64::MAX,
            stack: STACK_UNITS_MAX,
        };
        let ended = self.call(state, &mut meter, block, target)?;
        let output = ended.map_err(|mut failure| {
            // From outside there is no view that could have been running.
            if failure.code == codes::READ_ONLY && failure.diagnostics.stack.is_empty() {
                failure.code = codes::NOT_A_VIEW;
            }
            failure
        })?;
        Ok((Completed { output }, meter.gas_used()))
    }
}
