//! Loading, keeping and calling modules.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chainstack_primitives::Hash;

use crate::cache::CodeCache;
use crate::compile::Compiler;
use crate::host::{HOST_PARAMS_MAX, Host, HostFunctions};
use crate::module::Module;
use crate::outcome::{CallReport, EngineFault, LoadError, Outcome};
use crate::pool;

/// What an [`Engine`] keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EngineConfig {
    /// Greatest number of modules kept compiled, by least recent use. At least one.
    pub modules_max: usize,
}

impl EngineConfig {
    /// The published default: 256 modules.
    pub const DEFAULT: Self = Self { modules_max: 256 };
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Budgets of `_initialize`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InitializeLimits {
    /// Gas.
    pub gas: u64,
    /// Stack units.
    pub stack: u32,
}

/// Loads instrumented code and runs it. Share one among all threads.
pub struct Engine {
    config: EngineConfig,
    host_functions: HostFunctions,
    cache: Option<Arc<dyn CodeCache>>,
    kept: Mutex<Kept>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Engine").field("config", &self.config).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Kept {
    modules: BTreeMap<(Hash, Compiler), (u64, Module)>,
    uses: u64,
}

impl Engine {
    /// Makes an engine for one table of host functions.
    ///
    /// # Errors
    /// [`EngineFault::HostTable`] if a function has more than [`HOST_PARAMS_MAX`] parameters.
    pub fn new(
        config: EngineConfig,
        host_functions: HostFunctions,
        cache: Option<Arc<dyn CodeCache>>,
    ) -> Result<Self, EngineFault> {
        if host_functions.functions.iter().any(|function| function.params.len() > HOST_PARAMS_MAX) {
            return Err(EngineFault::HostTable("too many parameters"));
        }
        Ok(Self { config, host_functions, cache, kept: Mutex::new(Kept::default()) })
    }

    /// The table of host functions.
    #[must_use]
    pub fn host_functions(&self) -> HostFunctions {
        self.host_functions
    }

    /// The module kept under `key`, if it is still kept.
    #[must_use]
    pub fn get(&self, key: &Hash, compiler: Compiler) -> Option<Module> {
        let mut kept = self.kept();
        kept.uses += 1;
        let now = kept.uses;
        let (used, module) = kept.modules.get_mut(&(*key, compiler))?;
        *used = now;
        Some(module.clone())
    }

    /// Compiles instrumented `code`, or takes it from the cache, makes its image, and keeps it under `key`.
    ///
    /// `key` names the code **and** the version of the rules that instrumented it. Compilation runs outside of any lock.
    ///
    /// # Errors
    /// [`LoadError::Initialize`] if `_initialize` does not return within `limits`; [`LoadError::Fault`] if this machine
    /// fails. Nothing is kept then.
    pub fn load(
        &self,
        key: &Hash,
        code: &[u8],
        compiler: Compiler,
        limits: InitializeLimits,
    ) -> Result<Module, LoadError> {
        if let Some(module) = self.get(key, compiler) {
            return Ok(module);
        }
        let module = Module::compile(code, compiler, self.host_functions, self.cache.as_deref())?;
        module.initialize(limits.gas, limits.stack)?;
        let evicted = self.kept().insert((*key, compiler), module.clone(), self.config.modules_max);
        evicted.iter().for_each(Module::retire);
        drop(evicted);
        Ok(module)
    }

    /// Calls the export `method` of type `() -> ()` from the module's image with `gas` and `stack` units.
    ///
    /// Units above [`STACK_UNITS_MAX`](crate::STACK_UNITS_MAX) are not given. `host` may call again, on the same thread,
    /// with no more stack than [`Guest::stack`](crate::Guest::stack). A panic of the host passes through.
    ///
    /// # Errors
    /// [`EngineFault`] if this machine fails, or the module was not [initialized](Module::initialize).
    ///
    /// # Cost
    /// Warm: about a microsecond for 64 KiB of memory, without allocation. Cold, as after a trap of the code or a
    /// growth of its memory: some 10 microseconds. See `host/docs/adr-003-the-price-of-loading-code.md`.
    pub fn call(
        &self,
        module: &Module,
        method: &str,
        gas: u64,
        stack: u32,
        host: &mut dyn Host,
    ) -> Result<CallReport, EngineFault> {
        let image = module.image().ok_or(EngineFault::NotInstrumented("not initialized"))?;
        let mut instance = pool::take(module, image)?;
        let report = instance.invoke(method, &[], &mut [], gas, stack, host)?;
        match report.outcome {
            // Where the host ended the call, the code stood at a call of its own, as it does in every host function:
            // all that it has besides its native stack is memory and globals, which the reset restores.
            Outcome::Return | Outcome::Host(_) => pool::give_back(instance, image),
            // A signal may have stopped it anywhere. The instance is not used again.
            Outcome::Trap(_) => drop(instance),
        }
        Ok(report)
    }

    /// Number of modules kept.
    #[must_use]
    pub fn kept_count(&self) -> usize {
        self.kept().modules.len()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics while the lock is held; the map is whole in any case.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn insert(&mut self, key: (Hash, Compiler), module: Module, limit: usize) -> Vec<Module> {
        let mut evicted = Vec::new();
        while self.modules.len() >= limit.max(1) && !self.modules.contains_key(&key) {
            let oldest = self.modules.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| *key);
            match oldest.and_then(|key| self.modules.remove(&key)) {
                Some((_, module)) => evicted.push(module),
                None => break,
            }
        }
        self.uses += 1;
        evicted.extend(self.modules.insert(key, (self.uses, module)).map(|(_, module)| module));
        evicted
    }
}
