//! Which engine runs contract code.
//!
//! A node lets the origin of code decide. Tests name an engine, to compare what each of them gives; the interpreter
//! exists for them only, behind the feature `reference`.

use chainstack_engine::{CallReport, Compiler, EngineFault, Host};

use super::Executor;
use crate::machine::Contract;

/// Which engine runs contract code. What a call gives is the same with each; the time it takes is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum EngineChoice {
    /// Cranelift for the code that came with genesis, Singlepass for all other.
    #[default]
    ByOrigin,
    /// One compiler for all code.
    Compiled(Compiler),
    /// The interpreter that the compilers are compared with, each call in an instance of its own.
    #[cfg(feature = "reference")]
    Reference,
}

impl EngineChoice {
    /// The compiler for code that would get `by_origin`. Interpreted code has an image too, and so is compiled.
    pub(super) const fn compiler(self, by_origin: Compiler) -> Compiler {
        match self {
            Self::ByOrigin => by_origin,
            Self::Compiled(compiler) => compiler,
            #[cfg(feature = "reference")]
            Self::Reference => by_origin,
        }
    }
}

impl Executor {
    /// Calls `method` of `contract` on the engine that this executor was made for.
    pub(crate) fn run_code(
        &self,
        contract: &Contract,
        method: &str,
        gas: u64,
        stack: u32,
        host: &mut dyn Host,
    ) -> Result<CallReport, EngineFault> {
        #[cfg(feature = "reference")]
        if let Some(reference) = &contract.reference {
            return interpreted::call(reference, method, gas, stack, host);
        }
        self.engine().call(&contract.module, method, gas, stack, host)
    }
}

#[cfg(feature = "reference")]
pub(super) mod interpreted {
    //! The same on the interpreter.

    use chainstack_engine::{
        CallReport, EngineFault, Host, InitializeLimits, LoadError, Module, reference::Reference,
    };
    use chainstack_runtime::ports::Fault;

    use super::EngineChoice;
    use crate::{
        INITIALIZE_GAS_MAX, INITIALIZE_STACK,
        error::{PrepareError, engine_fault},
        functions::HOST_FUNCTIONS,
    };

    pub(super) fn call(
        reference: &Reference,
        method: &str,
        gas: u64,
        stack: u32,
        host: &mut dyn Host,
    ) -> Result<CallReport, EngineFault> {
        let limits = InitializeLimits { gas: INITIALIZE_GAS_MAX, stack: INITIALIZE_STACK };
        match reference.call(method, limits, gas, stack, host) {
            Ok(ended) => Ok(ended.report),
            Err(LoadError::Fault(fault)) => Err(fault),
            Err(LoadError::Initialize(report)) => {
                Err(EngineFault::UnknownTrap(format!("`_initialize` of kept code: {report:?}")))
            }
        }
    }

    /// The code on the interpreter, if that is the choice. `initialized` is what its compiled form did with so much gas.
    ///
    /// # Errors
    /// A fault if the interpreter refuses the code, or initialises it otherwise.
    pub(in crate::executor) fn prepare(
        choice: EngineChoice,
        instrumented: &[u8],
        module: &Module,
        gas: u64,
        initialized: &Result<CallReport, LoadError>,
    ) -> Result<Option<Reference>, PrepareError> {
        if choice != EngineChoice::Reference {
            return Ok(None);
        }
        let fault = |fault| PrepareError::Fault(engine_fault(fault));
        let reference = Reference::new(instrumented, HOST_FUNCTIONS).map_err(fault)?;
        let expected = match initialized {
            Ok(report) => (*report, module.image().map(chainstack_engine::Image::memory_bytes)),
            Err(LoadError::Initialize(report)) => (*report, None),
            // That this machine failed is told by who asked it to initialise.
            Err(LoadError::Fault(_)) => return Ok(None),
        };
        let limits = InitializeLimits { gas, stack: INITIALIZE_STACK };
        let found = match reference.initialize(limits) {
            Ok(ended) => (ended.report, Some(ended.memory.len())),
            Err(LoadError::Initialize(report)) => (report, None),
            Err(LoadError::Fault(error)) => return Err(fault(error)),
        };
        if expected == found {
            return Ok(Some(reference));
        }
        let text =
            format!("`_initialize` gives {found:?} on the interpreter, {expected:?} where it is compiled");
        Err(PrepareError::Fault(Fault::text(&text)))
    }
}
