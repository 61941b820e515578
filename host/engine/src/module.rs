//! Compiled code and the image its calls start from.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use wasmer::sys::Artifact;

use crate::cache::{self, CodeCache};
use crate::compile::{Compiler, engine_for};
use crate::host::HostFunctions;
use crate::image::Image;
use crate::instance::Instance;
use crate::outcome::{CallReport, EngineFault, LoadError, Outcome, cut};
use crate::{Host, NoHost};

/// Compiled code, ready to be called from any thread. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Module {
    pub(crate) inner: Arc<ModuleInner>,
}

/// Where compiled code came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The compiler made it.
    Compiled,
    /// It was taken from the cache.
    Cached,
}

pub(crate) struct ModuleInner {
    /// Number of this compilation in this process: the key of the pools.
    pub(crate) id: u64,
    // The module goes before the engine that owns its code.
    module: wasmer::Module,
    pub(crate) engine: wasmer::Engine,
    pub(crate) compiler: Compiler,
    pub(crate) host_functions: HostFunctions,
    origin: Origin,
    /// Estimate of what the code takes, the image apart.
    code_bytes: usize,
    /// Nobody will find this module again: its warm instances are of no use.
    retired: AtomicBool,
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
    /// If `compiler` fails, the other one is asked: what both make gives equal results, and code that one of them cannot
    /// compile must not stop a chain.
    ///
    /// # Errors
    /// [`EngineFault::Compile`] if both compilers fail, or panic.
    pub fn compile(
        code: &[u8],
        compiler: Compiler,
        host_functions: HostFunctions,
        cache: Option<&dyn CodeCache>,
    ) -> Result<Self, EngineFault> {
        first_to_compile([compiler, compiler.other()], |compiler| {
            Self::compile_by(compiler, code, host_functions, cache)
        })
    }

    fn compile_by(
        compiler: Compiler,
        code: &[u8],
        host_functions: HostFunctions,
        cache: Option<&dyn CodeCache>,
    ) -> Result<Self, EngineFault> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let engine = engine_for(compiler);
        let key = cache::key(code, compiler);
        let stored =
            cache.and_then(|cache| cache.get(&key)).and_then(|entry| cache::open(&entry, &key, &engine));
        let (module, origin) = match stored {
            Some(module) => (module, Origin::Cached),
            None => {
                let module = translate(&engine, code)?;
                if let Some(cache) = cache
                    && let Ok(payload) = module.serialize()
                {
                    cache.put(&key, &cache::seal(&payload, &key));
                }
                (module, Origin::Compiled)
            }
        };
        let native: usize = module
            .sys_artifact()
            .and_then(|artifact| artifact.finished_function_extents())
            .map_or(0, |extents| extents.iter().map(|(_, extent)| extent.length).sum());
        let inner = ModuleInner {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            module,
            engine,
            compiler,
            host_functions,
            origin,
            code_bytes: native.saturating_mul(NATIVE_COPIES).saturating_add(code.len()),
            retired: AtomicBool::new(false),
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

    /// Where its compiled code came from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.inner.origin
    }

    /// Estimate of the memory that this module holds, in bytes: its native code with the engine's notes on it, and
    /// its image.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.inner.code_bytes.saturating_add(self.image().map_or(0, Image::held_bytes))
    }

    /// Says that nobody will look for this module again. Calls go on working; threads drop the warm instances that
    /// they keep of it when they next make one.
    pub fn retire(&self) {
        self.inner.retired.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.inner.retired.load(Ordering::Relaxed)
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

/// Times that a module's native code is counted: executable, and as the engine keeps it to serialise it again.
/// `tests/leak.rs` compares the estimate with what modules really take.
const NATIVE_COPIES: usize = 2;

/// What the first compiler makes, or the second if the first fails at compiling; the first failure if both do.
fn first_to_compile<T>(
    [first, second]: [Compiler; 2],
    mut compile: impl FnMut(Compiler) -> Result<T, EngineFault>,
) -> Result<T, EngineFault> {
    match compile(first) {
        Err(failed @ EngineFault::Compile(_)) => compile(second).map_err(|_| failed),
        answer => answer,
    }
}

fn translate(engine: &wasmer::Engine, code: &[u8]) -> Result<wasmer::Module, EngineFault> {
    // The engine is of this module alone, and is dropped with what a panic left in it.
    let module = without_panics(|| wasmer::Module::new(engine, code))?;
    module.map_err(|error| EngineFault::Compile(cut(&error.to_string())))
}

/// Compilers have panicked on valid modules before: that is a failure of this machine to compile like any other, and
/// must not take down the thread it happens on.
fn without_panics<T>(compile: impl FnOnce() -> T) -> Result<T, EngineFault> {
    catch_unwind(AssertUnwindSafe(compile))
        .map_err(|_| EngineFault::Compile("the compiler panicked".to_owned()))
}

/// The export that runs once, at upload.
pub(crate) const INITIALIZE: &str = "_initialize";

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Compiler; 2] = [Compiler::Singlepass, Compiler::Cranelift];

    fn fails<T>() -> Result<T, EngineFault> {
        Err(EngineFault::Compile("no".to_owned()))
    }

    #[test]
    fn a_compiler_that_fails_or_panics_is_replaced_by_the_other() {
        let by = |wanted: Compiler| {
            move |compiler| {
                if compiler == wanted {
                    without_panics(|| compiler)
                } else {
                    without_panics(|| panic!("a bug"))
                }
            }
        };
        for compiler in BOTH {
            assert_eq!(first_to_compile(BOTH, by(compiler)).ok(), Some(compiler));
            assert_ne!(compiler.other(), compiler);
        }
        assert!(
            matches!(first_to_compile(BOTH, |_| fails::<()>()), Err(EngineFault::Compile(text)) if text == "no")
        );
        // Any other fault is not the compiler's.
        let mut asked = 0;
        let fault = first_to_compile(BOTH, |_| {
            asked += 1;
            Err::<(), _>(EngineFault::MemoryGrowth)
        });
        assert!(matches!((fault, asked), (Err(EngineFault::MemoryGrowth), 1)));
    }

    #[test]
    fn what_is_no_module_is_compiled_by_neither() {
        let table = HostFunctions { module: "chainstack", functions: &[] };
        let compiled = Module::compile(b"no module", Compiler::Singlepass, table, None);
        assert!(matches!(compiled, Err(EngineFault::Compile(_))));
    }
}
