//! Which functions of the host the code of an export can reach: a bound from above, by the graph of calls.
//!
//! **Rules.** A call leads to the function it names. An indirect call leads to every function of the same type whose
//! address is taken anywhere: in a segment of elements, by `ref.func`, in a constant. Where that is not clear (an imported
//! table, a call by reference, a type that is no plain function type) it leads to every function of the module. Code that
//! stands behind `unreachable`, and a branch that is never taken, count like any other.
//!
//! So what an export does not reach here it never calls, on any input. What it does reach it may never call: nothing
//! follows from that. Nobody is refused by what is found; the chain's own admission does not ask.
//!
//! **Not a validator.** Bytes that are no module, or name what is not there, are a typed error; whether the chain takes
//! the code is for its admission to say, and what holds of code that it does not take is of no use.

mod ability;
mod graph;
mod scan;

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

pub use ability::Ability;

/// Longest module that is looked at, in bytes: what the chain takes is shorter.
pub const CODE_BYTES_MAX: usize = 1024 * 1024;
/// Most functions that a module may import: what each function reaches is kept as that many bits.
pub const IMPORTS_MAX: usize = 128;
/// Most exports that are looked at.
pub const EXPORTS_MAX: usize = 1024;

/// Why nothing is known of a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BytecodeError {
    /// The bytes are no module.
    Malformed {
        /// Where reading stopped.
        offset: u64,
    },
    /// A limit is passed.
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A function or type is named that is not there.
    Missing {
        /// What it is: `function` or `type`.
        what: &'static str,
        /// Its index.
        index: u32,
    },
}

impl fmt::Display for BytecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { offset } => {
                write!(formatter, "expected a module, found something else at byte {offset}")
            }
            Self::TooLarge { what, limit } => {
                write!(formatter, "expected at most {limit} {what}, found more")
            }
            Self::Missing { what, index } => write!(formatter, "{what} {index} is named and not there"),
        }
    }
}

impl core::error::Error for BytecodeError {}

/// What the code of each exported function can reach.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Reachability {
    exports: BTreeMap<String, BTreeSet<HostFunction>>,
}

/// A function that a module imports.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct HostFunction {
    /// The module it is to come from.
    pub module: String,
    /// Its name there.
    pub name: String,
}

impl Reachability {
    /// The imported functions that calls of the export can reach, of the start function as well. `None`: there is no
    /// such function.
    #[must_use]
    pub fn of(&self, export: &str) -> Option<&BTreeSet<HostFunction>> {
        self.exports.get(export)
    }

    /// Whether the code of the export is known never to do this. What is not exported is not known.
    #[must_use]
    pub fn never(&self, export: &str, ability: Ability) -> bool {
        self.of(export).is_some_and(|reached| !reached.iter().any(|function| ability.may_need(function)))
    }

    /// The exported functions.
    pub fn exports(&self) -> impl Iterator<Item = &str> {
        self.exports.keys().map(String::as_str)
    }
}

/// What the exports of the module `code` can reach.
///
/// # Errors
/// [`BytecodeError`] for bytes that are no module, name what is not there, or pass a limit.
///
/// # Cost
/// Reading is linear in the length of `code`. Then each call in the code is followed once for every import that comes to
/// be reached through it, so at most [`IMPORTS_MAX`] times.
pub fn reachability(code: &[u8]) -> Result<Reachability, BytecodeError> {
    let scanned = scan::scan(code)?;
    let reached = graph::reached(&scanned.edges, scanned.imports.len());
    let started = scanned.start.and_then(|start| reached.get(start)).copied().unwrap_or(0);
    let named = |bits: u128| {
        let imports = scanned.imports.iter().zip(0u32..);
        imports.filter(|(_, bit)| bits >> bit & 1 == 1).map(|(function, _)| function.clone()).collect()
    };
    let exports = scanned.exports.iter().map(|(name, function)| {
        let bits = reached.get(*function).copied().unwrap_or(u128::MAX);
        (name.clone(), named(bits | started))
    });
    Ok(Reachability { exports: exports.collect() })
}
