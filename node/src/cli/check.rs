//! `chainstack check`: whether the chain would take a module.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use chainstack_host::{Executor, ExecutorConfig};
use chainstack_primitives::transaction::CODE_SIZE_MAX;
use chainstack_runtime::params::Schedule;
use serde_json::json;

use super::{
    Outcome,
    context::Context,
    error::{CliError, Exit},
    output::Answer,
};

/// Check a module as an upload would: bytecode first, then its manifest, then its `_initialize`. Needs no node.
///
/// Exits 0 if it is accepted, 3 if not.
#[derive(clap::Args, Debug)]
pub(super) struct Check {
    /// The module.
    file: PathBuf,
}

impl Check {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 3 if the module is refused.
    pub(super) fn run(self, context: &Context) -> Outcome {
        let bytes = read_start(&self.file)?;
        let report = executor()?.check(&bytes).map_err(|fault| CliError::failed(fault.to_string()))?;
        let json = json!({
            "accepted": report.accepted,
            "code": report.code,
            "function": report.function,
            "offset": report.offset,
            "message": report.message,
        });
        if report.accepted {
            return Ok(Answer::new(format!("{}: accepted", self.file.display()), json));
        }
        // The verdict is data: with `--output json` it goes to stdout like any other answer.
        if context.is_json() {
            Answer::new("", json).print(context.format())?;
            return Err(CliError::silent(Exit::No));
        }
        let place = match (report.function, report.offset) {
            (Some(function), Some(offset)) => format!(" (function {function}, offset {offset})"),
            (None, Some(offset)) => format!(" (offset {offset})"),
            (Some(function), None) => format!(" (function {function})"),
            (None, None) => String::new(),
        };
        let text =
            format!("{}: refused with {}: {}{place}", self.file.display(), report.code, report.message);
        Err(CliError::new(Exit::No, text))
    }
}

/// The file, or of a file past admission's limit just so much that admission sees it.
fn read_start(path: &Path) -> Result<Vec<u8>, CliError> {
    let failed = |error: std::io::Error| {
        let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Failed };
        CliError::new(exit, format!("cannot read {}: {error}", path.display()))
    };
    let mut bytes = Vec::new();
    let enough = u64::from(CODE_SIZE_MAX).saturating_add(1);
    fs::File::open(path).map_err(failed)?.take(enough).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// An executor without a chain.
///
/// # Errors
/// If this machine cannot run contracts.
pub(super) fn executor() -> Result<Executor, CliError> {
    let schedule = Schedule::base().map_err(|error| CliError::failed(error.to_string()))?;
    Executor::new(ExecutorConfig::default(), schedule).map_err(|fault| CliError::failed(fault.to_string()))
}
