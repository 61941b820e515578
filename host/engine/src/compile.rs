//! The compilers, configured once: features by name, no metering of their own, no NaN rules of their own.

use wasmer::sys::{CompilerConfig, Cranelift, EngineBuilder, Features, Singlepass};

use crate::tunables::FixedTunables;

/// How code is compiled. Results are equal by construction; a campaign compares them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Compiler {
    /// One pass, time linear in the size of the code: for uploaded code.
    Singlepass = 1,
    /// Optimising, about ten times slower to compile: for code that this chain ships.
    Cranelift = 2,
}

impl Compiler {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Singlepass => Self::Cranelift,
            Self::Cranelift => Self::Singlepass,
        }
    }

    /// Stable lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Singlepass => "singlepass",
            Self::Cranelift => "cranelift",
        }
    }
}

/// Makes an engine for one module: an engine never frees the code of a module, so that it goes with its module.
pub(crate) fn engine_for(compiler: Compiler) -> wasmer::Engine {
    let config: Box<dyn CompilerConfig> = match compiler {
        Compiler::Singlepass => {
            let mut config = Singlepass::new();
            config.canonicalize_nans(false);
            config.num_threads(std::num::NonZero::<usize>::MIN);
            Box::new(config)
        }
        Compiler::Cranelift => {
            let mut config = Cranelift::new();
            config.canonicalize_nans(false);
            config.num_threads(std::num::NonZero::<usize>::MIN);
            Box::new(config)
        }
    };
    let mut features = Features::none();
    features.bulk_memory(true);
    let mut engine = EngineBuilder::new(config).set_features(Some(features)).engine();
    engine.set_tunables(FixedTunables);
    engine.into()
}
