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
    Outcome, codes,
    context::Context,
    error::{CliError, Exit},
    output::Answer,
};

/// Bytes that are read of a file: as many as show that it is longer than a module may be.
pub(crate) const BYTES_MAX: u64 = CODE_SIZE_MAX as u64 + 1;
/// Time of processors that a verdict may take, in milliseconds. Follows from the limits of bytecode: `tests/it/check/bounds.rs`
/// holds the hardest modules they admit to it.
pub(crate) const MS_MAX: u64 = 10_000;
/// Memory that a verdict may take, in bytes, the program itself counted; held in the same way.
pub(crate) const MEMORY_MAX: u64 = 256 * 1024 * 1024;

/// Check a module as an upload would: bytecode first, then its manifest, then its `_initialize`. Needs no node.
///
/// Exits 0 if it is accepted, 3 if not, in bounded time and memory whatever the file is: the page of limits says in
/// how much.
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
        let refused = CliError::new(Exit::No, text);
        Err(match codes::describe(report.code) {
            Some(row) => refused.hint(row.hint),
            None => {
                refused.hint("mend the manifest and embed it again; `chainstack manifest show` prints it")
            }
        })
    }
}

/// The file, or of a file past admission's limit just so much that admission sees it.
fn read_start(path: &Path) -> Result<Vec<u8>, CliError> {
    let failed = |error: std::io::Error| {
        let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Failed };
        CliError::new(exit, format!("cannot read {}: {error}", path.display()))
            .hint("name a file that is there and that you may read")
    };
    let mut bytes = Vec::new();
    fs::File::open(path).map_err(failed)?.take(BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
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
