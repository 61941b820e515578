//! From uploaded bytes to a contract made ready: bytecode first, then the manifest, then `_initialize`.

use std::sync::atomic::Ordering;

use chainstack_engine::{Compiler, LoadError, Module, Origin};
use chainstack_primitives::{Hash, manifest::Manifest};
use chainstack_runtime::ports::Fault;

use super::Executor;
#[cfg(feature = "reference")]
use super::choice::interpreted;
use crate::{
    admission::{self, Admitted},
    error::{PrepareError, UploadError, engine_fault},
    functions::HOST_FUNCTIONS,
    machine::{Contract, Source, judge_exits},
};

/// Most gas that `_initialize` may use.
pub const INITIALIZE_GAS_MAX: u64 = 1_000_000;
/// Stack units that `_initialize` may use.
pub const INITIALIZE_STACK: u32 = chainstack_engine::STACK_UNITS_MAX;

impl Executor {
    /// Judges `bytes` and makes them ready, with at most so much gas for `_initialize`.
    pub(super) fn prepare(
        &self,
        code: Hash,
        bytes: &[u8],
        genesis: bool,
        initialize_gas: u64,
    ) -> Result<Contract, PrepareError> {
        let admitted = self.admit(bytes)?;
        let manifest = judge_manifest(&admitted)?;
        // The code that this chain ships is worth the slower compiler.
        let compiler = if genesis { Compiler::Cranelift } else { Compiler::Singlepass };
        let compiler = self.choice.compiler(compiler);
        let cache = self.code_cache.as_deref();
        let module = Module::compile(&admitted.instrumented, compiler, HOST_FUNCTIONS, cache)
            .map_err(|fault| PrepareError::Fault(engine_fault(fault)))?;
        match module.origin() {
            Origin::Compiled => self.compiled.fetch_add(1, Ordering::Relaxed),
            Origin::Cached => self.from_cache.fetch_add(1, Ordering::Relaxed),
        };
        let initialized = module.initialize(initialize_gas, INITIALIZE_STACK);
        #[cfg(feature = "reference")]
        let reference =
            interpreted::prepare(self.choice, &admitted.instrumented, &module, initialize_gas, &initialized)?;
        let report = initialized.map_err(not_initialized)?;
        let source = Source {
            code,
            bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX), // admission has bounded it
            genesis,
            initialize_gas: initialize_gas.saturating_sub(report.gas_left),
        };
        let contract = Contract::new(source, manifest, module);
        #[cfg(feature = "reference")]
        let contract = contract.map(|contract| contract.interpreted_by(reference));
        contract.map_err(|error| PrepareError::Fault(Fault::text(error.0)))
    }

    fn admit(&self, bytes: &[u8]) -> Result<Admitted, UploadError> {
        admission::check(bytes, &self.schedule).map_err(UploadError::Bytecode)
    }
}

fn not_initialized(error: LoadError) -> PrepareError {
    match error {
        LoadError::Initialize(report) => UploadError::Initialize(report).into(),
        LoadError::Fault(fault) => PrepareError::Fault(engine_fault(fault)),
    }
}

/// The manifest that the module carries, if it is whole and of these exports.
fn judge_manifest(admitted: &Admitted) -> Result<Manifest, UploadError> {
    let section = admitted.manifest.as_deref().ok_or(UploadError::ManifestMissing)?;
    let manifest = Manifest::decode_checked(section).map_err(UploadError::Manifest)?;
    for method in manifest.methods() {
        if !admitted.exports.iter().any(|export| **export == **method) {
            return Err(UploadError::MethodMissing { method: method.clone() });
        }
    }
    for export in &admitted.exports {
        if !manifest.methods().any(|method| **method == **export) {
            return Err(UploadError::ExportUndeclared { export: export.clone() });
        }
    }
    judge_exits(&manifest)?;
    Ok(manifest)
}
