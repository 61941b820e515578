//! Which bytecode may enter, and why not.
//!
//! [`check`] judges raw bytes and rewrites them. It is total: any file gets a verdict, in time and memory in proportion
//! to its length, which is bounded first. Every other bound is in [`limits`], every admitted feature in [`features`].
//!
//! **Rules.** Imports are functions of the host's table. Exported functions are methods of type `() -> ()`, and
//! optionally `_initialize`; names starting with `$` are the host's. There is one memory, exported as `memory`; exports of
//! globals and tables are dropped. Tables never change. There is no start function.

pub mod features;
mod imports;
pub mod limits;
mod refusal;
mod walk;

use chainstack_engine::HostFunctions;
use chainstack_runtime::params::Schedule;

use crate::functions::HOST_FUNCTIONS;
use crate::instrument::{self, Weights};

pub use refusal::{CodeRow, Reason, Refusal};
pub(crate) use walk::{Facts, FunctionFacts};

/// Name of the custom section with the manifest.
pub const MANIFEST_SECTION: &str = "chainstack.manifest";

/// Name of the function that runs once, at upload.
pub const INITIALIZE: &str = "_initialize";

/// Code that was admitted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Admitted {
    /// The code that runs: it meters itself.
    pub instrumented: Vec<u8>,
    /// Names of the exported methods, in the order of the module, without `_initialize`.
    pub exports: Vec<String>,
    /// Whether the module exports `_initialize`.
    pub initialize: bool,
    /// The bytes of the manifest section.
    pub manifest: Option<Vec<u8>>,
    /// Pages with which memory starts.
    pub memory_pages: u32,
}

/// Judges `bytes` and instruments them by `schedule`.
///
/// # Errors
/// A [`Refusal`] with a stable code, the function and the offset.
///
/// # Cost
/// Linear in the length of `bytes`; at most [`limits::INSTRUMENTED_BYTES`] and a few times
/// [`limits::MODULE_BYTES`] of memory.
pub fn check(bytes: &[u8], schedule: &Schedule) -> Result<Admitted, Refusal> {
    check_with(bytes, &HOST_FUNCTIONS, &Weights::from(&schedule.host), Rules::Contract)
}

/// What a module must look like from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[doc(hidden)]
pub enum Rules {
    /// The rules of this module.
    Contract,
    /// For conformance tests: any number of exported functions of any type, memory optional.
    Harness,
}

/// [`check`] with another table, other weights, other rules: for tests.
///
/// # Errors
/// As [`check`].
#[doc(hidden)]
pub fn check_with(
    bytes: &[u8],
    table: &HostFunctions,
    weights: &Weights,
    rules: Rules,
) -> Result<Admitted, Refusal> {
    let facts = walk::walk(bytes, table, rules)?;
    let instrumented = instrument::instrument(bytes, &facts, weights)?;
    Ok(Admitted {
        instrumented,
        exports: facts.methods,
        initialize: facts.initialize,
        manifest: facts.manifest,
        memory_pages: facts.memory.map_or(0, |memory| memory.0),
    })
}
