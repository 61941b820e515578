//! From uploaded bytes to a contract made ready: bytecode first, then the manifest, then `_initialize`.

use chainstack_engine::{Compiler, LoadError, Module};
use chainstack_primitives::{Hash, manifest::Manifest};
use chainstack_runtime::ports::Fault;

use super::Executor;
#[cfg(feature = "reference")]
use super::choice::interpreted;
use crate::{
    admission::{self, Admitted},
    error::{PrepareError, UploadError, engine_fault},
    functions::HOST_FUNCTIONS,
    machine::Contract,
};

/// Most gas that `_initialize` may use.
pub const INITIALIZE_GAS_MAX: u64 = 1_000_000;
/// Stack units that `_initialize` may use.
pub const INITIALIZE_STACK: u32 = chainstack_engine::STACK_UNITS_MAX;

impl Executor {
    /// Judges `bytes` and makes them ready. Second, the gas that `_initialize` used.
    pub(super) fn prepare(
        &self,
        code: Hash,
        bytes: &[u8],
        compiler: Compiler,
        initialize_gas: u64,
    ) -> Result<(Contract, u64), PrepareError> {
        let admitted = self.admit(bytes)?;
        let manifest = judge_manifest(&admitted)?;
        let compiler = self.choice.compiler(compiler);
        let cache = self.code_cache.as_deref();
        let module = Module::compile(&admitted.instrumented, compiler, HOST_FUNCTIONS, cache)
            .map_err(|fault| PrepareError::Fault(engine_fault(fault)))?;
        let initialized = module.initialize(initialize_gas, INITIALIZE_STACK);
        #[cfg(feature = "reference")]
        let reference =
            interpreted::prepare(self.choice, &admitted.instrumented, &module, initialize_gas, &initialized)?;
        let report = initialized.map_err(not_initialized)?;
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX); // admission has bounded it
        let contract = Contract::new(code, size, manifest, module)
            .map_err(|error| PrepareError::Fault(Fault::text(error.0)))?;
        #[cfg(feature = "reference")]
        let contract = Contract { reference, ..contract };
        Ok((contract, initialize_gas.saturating_sub(report.gas_left)))
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

/// The manifest that the module carries, if it is whole, enforced here, and of these exports.
fn judge_manifest(admitted: &Admitted) -> Result<Manifest, UploadError> {
    let section = admitted.manifest.as_deref().ok_or(UploadError::ManifestMissing)?;
    let manifest = Manifest::decode_checked(section).map_err(UploadError::Manifest)?;
    manifest.check_supported().map_err(UploadError::Manifest)?;
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
    Ok(manifest)
}
