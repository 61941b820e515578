//! Compiled code and the image its calls start from.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmer::sys::Artifact;

use crate::cache::{self, CodeCache};
use crate::compile::{Compiler, engine_for};
use crate::host::HostFunctions;
use crate::image::Image;
use crate::instance::Instance;
use crate::outcome::{CallReport, EngineFault, LoadError, Outcome};
use crate::{Host, NoHost};

/// Compiled code, ready to be called from any thread. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Module {
    pub(crate) inner: Arc<ModuleInner>,
}

pub(crate) struct ModuleInner {
    /// Number of this compilation in this process: the key of the pools.
    pub(crate) id: u64,
    // The module goes before the engine that owns its code.
    module: wasmer::Module,
    pub(crate) engine: wasmer::Engine,
    pub(crate) compiler: Compiler,
    pub(crate) host_functions: HostFunctions,
    image: std::sync::OnceLock<Image>,
}

impl std::fmt::Debug for ModuleInner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Module")
            .field("id", &self.id)
            .field("compiler", &self.compiler)
            .finish_non_exhaustive()
    }
}

impl Module {
    /// Compiles `code`, or takes it from `cache`, without running any of it.
    ///
    /// # Errors
    /// [`EngineFault::Compile`] if the compiler fails.
    pub fn compile(
        code: &[u8],
        compiler: Compiler,
        host_functions: HostFunctions,
        cache: Option<&dyn CodeCache>,
    ) -> Result<Self, EngineFault> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let engine = engine_for(compiler);
        let key = cache::key(code, compiler);
        let stored =
            cache.and_then(|cache| cache.get(&key)).and_then(|entry| cache::open(&entry, &key, &engine));
        let module = match stored {
            Some(module) => module,
            None => {
                let module = wasmer::Module::new(&engine, code)
                    .map_err(|error| EngineFault::Compile(crate::outcome::cut(&error.to_string())))?;
                if let Some(cache) = cache
                    && let Ok(payload) = module.serialize()
                {
                    cache.put(&key, &cache::seal(&payload, &key));
                }
                module
            }
        };
        let inner = ModuleInner {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            module,
            engine,
            compiler,
            host_functions,
            image: std::sync::OnceLock::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Makes the image: data segments, then `_initialize` if the code exports it, without host calls.
    ///
    /// Runs at most once a module; later calls answer at once. Returns the report of `_initialize`, or of nothing
    /// with all the gas left.
    ///
    /// # Errors
    /// [`LoadError::Initialize`] if it does not return; [`LoadError::Fault`] if this machine fails.
    pub fn initialize(&self, gas: u64, stack: u32) -> Result<CallReport, LoadError> {
        let nothing = |pages| CallReport { outcome: Outcome::Return, gas_left: gas, pages };
        if let Some(image) = self.inner.image.get() {
            return Ok(nothing(image.pages()));
        }
        let mut instance = Instance::bare(self)?;
        let mut report = nothing(instance.pages());
        if instance.has_export(INITIALIZE) {
            let host: &mut dyn Host = &mut NoHost;
            report = instance.invoke(INITIALIZE, &[], &mut [], gas, stack, host)?;
            if report.outcome != Outcome::Return {
                return Err(LoadError::Initialize(report));
            }
        }
        // Two threads may come here at once; both images are equal.
        let _ = self.inner.image.set(instance.capture());
        Ok(report)
    }

    /// The image, once [`Module::initialize`] has made it.
    #[must_use]
    pub fn image(&self) -> Option<&Image> {
        self.inner.image.get()
    }

    /// The compiler that made this module.
    #[must_use]
    pub fn compiler(&self) -> Compiler {
        self.inner.compiler
    }

    pub(crate) fn imports(&self) -> impl Iterator<Item = wasmer::ImportType> {
        self.inner.module.imports()
    }

    pub(crate) fn artifact(&self) -> Option<&Artifact> {
        self.inner.module.sys_artifact()
    }
}

/// The export that runs once, at upload.
pub(crate) const INITIALIZE: &str = "_initialize";
