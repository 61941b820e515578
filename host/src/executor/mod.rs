//! The runtime's port: uploads, instantiations, calls and queries of contracts.
//!
//! | file | what |
//! | --- | --- |
//! | `prepare` | from uploaded bytes to a contract made ready |
//! | `load` | code made ready for a frame, kept or anew, at one price |
//! | `kept` | contracts kept ready, by least recent use |
//! | `upload`, `instantiate` | what they write |
//! | `outlook` | what could be done now |
//! | `check` | the verdict over bytes without a chain |
//! | `choice` | which engine runs the code |

mod check;
mod choice;
mod instantiate;
mod kept;
mod load;
mod outlook;
mod poke;
mod prepare;
mod upload;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use chainstack_engine::{CodeCache, Engine, EngineConfig, STACK_UNITS_MAX};
use chainstack_primitives::{AccountId, Amount, Gas, Hash, Send, codes, transaction::ARGS_SIZE_MAX};
use chainstack_runtime::{
    block::BlockInfo,
    params::Schedule,
    ports::{Completed, ContractExecutor, ExecutionError, Failure, Fault, Message},
    state::Overlay,
    transaction::Meter,
};

pub use check::CheckReport;
pub use choice::EngineChoice;
pub(crate) use load::code_record;
pub use prepare::{INITIALIZE_GAS_MAX, INITIALIZE_STACK};

use self::kept::{Kept, KeptLimits};
use crate::{
    budget::GasLeft,
    error::engine_fault,
    functions::HOST_FUNCTIONS,
    phases::{PhaseProbe, Phases},
    run::{Ended, Run, Target},
};

/// Most uploaded contracts that a node keeps ready.
pub const CONTRACTS_KEPT_MAX: usize = 1024;
/// Most bytes that the uploaded contracts kept ready hold together: native code, images, manifests, by estimate.
pub const CONTRACTS_KEPT_BYTES_MAX: usize = 512 * 1024 * 1024;

/// What an [`Executor`] keeps.
#[derive(Clone)]
pub struct ExecutorConfig {
    /// Greatest number of uploaded contracts kept ready, by least recent use. At least one. Code of genesis comes on
    /// top.
    pub contracts_max: usize,
    /// Most bytes that they hold together, by estimate. A contract that holds more alone is made ready for each call.
    pub bytes_max: usize,
    /// Where compiled code is kept between runs.
    pub code_cache: Option<Arc<dyn CodeCache>>,
    /// Which engine runs contract code.
    pub engine: EngineChoice,
    /// Who is told where the time of calls goes: for measurements.
    pub probe: Option<Arc<dyn PhaseProbe>>,
}

impl Default for ExecutorConfig {
    /// The published limits, and no code kept between runs.
    fn default() -> Self {
        Self {
            contracts_max: CONTRACTS_KEPT_MAX,
            bytes_max: CONTRACTS_KEPT_BYTES_MAX,
            code_cache: None,
            engine: EngineChoice::ByOrigin,
            probe: None,
        }
    }
}

/// What an [`Executor`] did and keeps, for an operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ExecutorCounts {
    /// Times that code was compiled.
    pub compiled: u64,
    /// Times that compiled code was taken from the cache instead.
    pub from_cache: u64,
    /// Contracts kept ready now.
    pub kept: usize,
    /// Bytes that the uploaded ones among them hold, by estimate.
    pub kept_bytes: usize,
}

/// Runs contracts inside their declared machines. Share one among all threads.
///
/// Results depend on state, block and call alone: what is kept only saves time. Serves one chain: which code came with
/// genesis is remembered with the code.
pub struct Executor {
    engine: Engine,
    code_cache: Option<Arc<dyn CodeCache>>,
    choice: EngineChoice,
    probe: Option<Arc<dyn PhaseProbe>>,
    schedule: Schedule,
    limits: KeptLimits,
    kept: Mutex<Kept>,
    compiled: AtomicU64,
    from_cache: AtomicU64,
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Executor").field("limits", &self.limits).finish_non_exhaustive()
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
        let ExecutorConfig { contracts_max, bytes_max, code_cache, engine: choice, probe } = config;
        Ok(Self {
            engine,
            code_cache,
            choice,
            probe,
            schedule,
            limits: KeptLimits { contracts_max, bytes_max },
            kept: Mutex::new(Kept::default()),
            compiled: AtomicU64::new(0),
            from_cache: AtomicU64::new(0),
        })
    }

    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Who listens to the phases of calls.
    pub(crate) fn phases(&self) -> Phases<'_> {
        Phases(self.probe.as_deref())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics while the lock is held; the map is whole in any case.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was compiled so far, and what is kept.
    #[must_use]
    pub fn counts(&self) -> ExecutorCounts {
        let kept = self.kept();
        ExecutorCounts {
            compiled: self.compiled.load(Ordering::Relaxed),
            from_cache: self.from_cache.load(Ordering::Relaxed),
            kept: kept.len(),
            kept_bytes: kept.bytes(),
        }
    }

    /// Runs one call from outside and charges the meter for it.
    fn call(
        &self,
        state: &mut Overlay<'_>,
        meter: &mut Meter<'_>,
        block: &BlockInfo,
        target: Target<'_>,
        sends: &[Send],
    ) -> Result<Ended, ExecutionError> {
        let before = meter.gas_left().0;
        let mut gas = GasLeft(before);
        let ended = Run::new(self, state, meter, block).consenting(sends).call_contract(&mut gas, target);
        // What is left is at most what there was, so that the meter covers the difference.
        meter.charge(Gas(before.saturating_sub(gas.0)))?;
        ended
    }
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
        let output = self.call(state, meter, block, target, message.sends)??;
        Ok(Completed { output })
    }

    fn poke(
        &self,
        state: &mut Overlay<'_>,
        meter: &mut Meter<'_>,
        block: &BlockInfo,
        contract: AccountId,
        exit: u16,
        item: &[u8],
    ) -> Result<Completed, ExecutionError> {
        poke::poke(self, state, meter, block, contract, exit, item)
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
        let ended = self.call(state, &mut meter, block, target, &[])?;
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
