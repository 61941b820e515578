//! Prices of running contract code. The `host` room charges them; the unit of every field is gas.

use serde::Deserialize;

/// What contract code pays, in gas. Section `[host]` of the parameter file.
///
/// How the prices add up for each host function is declared in the `host` room's table of functions.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostSchedule {
    /// Any host function: crossing the boundary.
    pub call: u64,
    /// Each byte that crosses between the host and a contract's memory, checked where it has a declared type.
    pub byte: u64,
    /// Reading an entry.
    pub read: u64,
    /// Writing or deleting an entry.
    pub write: u64,
    /// Each byte of key and value of an entry written.
    pub write_byte: u64,
    /// Creating an entry, besides writing it.
    pub new: u64,
    /// Announcing an event.
    pub event: u64,
    /// Each byte of an event's data.
    pub event_byte: u64,
    /// Starting a frame, from a transaction or from another contract: lookup, instance, native stack.
    pub frame: u64,
    /// Making one uploaded code ready, the first time that a call from outside needs it, kept ready or not. Code of
    /// genesis is always kept ready, and costs neither this nor `code_byte`.
    pub load: u64,
    /// Each byte of code made ready.
    pub code_byte: u64,
    /// A frame whose code traps, or lets its memory grow: what its instance costs to make again. A frame that reverts, or
    /// that the host ends otherwise, keeps its instance and does not pay this.
    pub trap: u64,
    /// One page (64 KiB) by which memory grows, and each page a frame starts with.
    pub memory_page: u64,
    /// Any hash function.
    pub hash: u64,
    /// Each byte hashed.
    pub hash_byte: u64,
    /// Each node of a guard, window, effect or invariant; its reads of state cost `read` besides.
    pub expression: u64,
    /// Verifying one signature.
    pub verify: u64,
    /// Recovering one key from a signature.
    pub recover: u64,
    /// Weights of instructions.
    pub instruction: InstructionWeights,
}

/// Gas of one instruction by class. Section `[host.instruction]`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstructionWeights {
    /// Integer arithmetic, comparisons, conversions, `select`, `drop`.
    pub simple: u64,
    /// Constants.
    pub constant: u64,
    /// `local.get`, `local.set`, `local.tee`.
    pub local: u64,
    /// `global.get`, `global.set`.
    pub global: u64,
    /// Loads and stores.
    pub memory: u64,
    /// Integer multiplication.
    pub multiply: u64,
    /// Integer division and remainder.
    pub divide: u64,
    /// Floating point addition, comparison, conversion and the like, with canonicalisation.
    pub float: u64,
    /// Floating point division and square root.
    pub float_slow: u64,
    /// `br`, `br_if`, `if`, `return`.
    pub branch: u64,
    /// `br_table`.
    pub branch_table: u64,
    /// `call`.
    pub call: u64,
    /// `call_indirect`.
    pub call_indirect: u64,
}
