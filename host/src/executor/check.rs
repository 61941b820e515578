//! The verdict over bytes without a chain: what upload would say.

use chainstack_primitives::{Tag, manifest::Manifest, tagged};
use chainstack_runtime::ports::Fault;

use super::{Executor, INITIALIZE_GAS_MAX};
use crate::error::{PrepareError, UploadError};

/// What upload would say to some bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckReport {
    /// Whether upload would store them.
    pub accepted: bool,
    /// 0, or the stable code of the refusal.
    pub code: u16,
    /// Index of the function that the refusal concerns, imports counted.
    pub function: Option<u32>,
    /// Offset in the file of what the refusal concerns, in bytes.
    pub offset: Option<u64>,
    /// What was expected and found, in words; empty if accepted.
    pub message: String,
    /// Name and manifest of accepted code.
    pub manifest: Option<Manifest>,
}

impl Executor {
    /// Judges `bytes` as upload does: bytecode, then manifest, then `_initialize` under upload's limit. Takes time
    /// and memory in proportion to the bytes; runs on any file.
    ///
    /// # Errors
    /// [`Fault`] if this machine could not compile or run admitted code.
    pub fn check(&self, bytes: &[u8]) -> Result<CheckReport, Fault> {
        let code = tagged(Tag::Code, bytes);
        match self.prepare(code, bytes, false, INITIALIZE_GAS_MAX) {
            Ok(contract) => Ok(CheckReport {
                accepted: true,
                code: 0,
                function: None,
                offset: None,
                message: String::new(),
                manifest: Some(contract.manifest),
            }),
            Err(PrepareError::Refused(refused)) => Ok(refusal(&refused)),
            Err(PrepareError::Fault(fault)) => Err(fault),
        }
    }
}

fn refusal(refused: &UploadError) -> CheckReport {
    let (function, offset) = match refused {
        UploadError::Bytecode(refusal) => (refusal.function(), refusal.offset()),
        _ => (None, None),
    };
    CheckReport {
        accepted: false,
        code: refused.code(),
        function,
        offset,
        message: refused.to_string(),
        manifest: None,
    }
}
