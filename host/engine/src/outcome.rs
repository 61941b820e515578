//! How a call ended, and what this machine could not do.

use core::fmt;

use crate::host::HostTrap;

/// Abnormal end inside Wasm. Diagnostic: a receipt carries one code for all of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
#[repr(u8)]
pub enum TrapKind {
    /// The code executed `unreachable`.
    Unreachable = 1,
    /// The next block, or the next bulk operation, costs more gas than is left.
    OutOfGas = 2,
    /// The next function needs more stack units than are left.
    StackOverflow = 3,
    /// A load, store or bulk operation reached past the end of memory.
    MemoryOutOfBounds = 4,
    /// Integer division or remainder by zero.
    DivisionByZero = 5,
    /// Integer overflow in a division, or in a conversion from a float out of range.
    IntegerOverflow = 6,
    /// Conversion of a NaN to an integer.
    BadConversion = 7,
    /// An indirect call with an index past the end of the table.
    TableOutOfBounds = 8,
    /// An indirect call of an empty table entry.
    IndirectCallToNull = 9,
    /// An indirect call of a function with another signature.
    IndirectCallSignature = 10,
}

impl TrapKind {
    /// Stable lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::OutOfGas => "out of gas",
            Self::StackOverflow => "stack overflow",
            Self::MemoryOutOfBounds => "memory out of bounds",
            Self::DivisionByZero => "division by zero",
            Self::IntegerOverflow => "integer overflow",
            Self::BadConversion => "bad conversion",
            Self::TableOutOfBounds => "table out of bounds",
            Self::IndirectCallToNull => "indirect call to null",
            Self::IndirectCallSignature => "indirect call signature",
        }
    }
}

impl fmt::Display for TrapKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// How a call ended, the same on every machine and with every engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The function returned.
    Return,
    /// The code trapped.
    Trap(TrapKind),
    /// The host ended the call from inside one of its functions.
    Host(HostTrap),
}

/// Outcome of a call and what it left of its budgets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallReport {
    /// How the call ended.
    pub outcome: Outcome,
    /// Gas left; zero after [`TrapKind::OutOfGas`].
    pub gas_left: u64,
    /// Pages of memory at the end. More than the image's, and the instance cannot be used again.
    pub pages: u32,
}

/// This machine could not run the code. Never part of a receipt, never a vote against a block.
#[derive(Debug)]
#[non_exhaustive]
pub enum EngineFault {
    /// The compiler refused or failed on code that admission had accepted.
    Compile(String),
    /// An instance could not be made: address space, memory or tables.
    Instantiate(String),
    /// Memory could not grow although its declared maximum allows it.
    MemoryGrowth,
    /// Native stack ran out before the metered stack did.
    NativeStack,
    /// The engine ended a call in a way that has no [`TrapKind`].
    UnknownTrap(String),
    /// The code has no such export of type `() -> ()`; admission guarantees it for every method.
    MissingExport(String),
    /// The code lacks something that instrumentation provides, or imports something outside of the table.
    NotInstrumented(&'static str),
    /// The table of host functions has a signature that the bridge cannot carry.
    HostTable(&'static str),
}

impl fmt::Display for EngineFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compile(text) => write!(formatter, "compiler failed on admitted code: {text}"),
            Self::Instantiate(text) => write!(formatter, "no instance could be made: {text}"),
            Self::MemoryGrowth => formatter.write_str("memory below its maximum could not grow"),
            Self::NativeStack => formatter.write_str("native stack ran out below the metered limit"),
            Self::UnknownTrap(text) => write!(formatter, "engine ended the call without a trap code: {text}"),
            Self::MissingExport(name) => write!(formatter, "no export {name:?} of type () -> ()"),
            Self::NotInstrumented(what) => write!(formatter, "code is not instrumented: {what}"),
            Self::HostTable(what) => write!(formatter, "host function table: {what}"),
        }
    }
}

impl core::error::Error for EngineFault {}

/// Why code could not be made ready to be called.
#[derive(Debug)]
pub enum LoadError {
    /// `_initialize` did not return: the same verdict on every machine.
    Initialize(CallReport),
    /// This machine failed.
    Fault(EngineFault),
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Initialize(report) => match report.outcome {
                Outcome::Trap(kind) => write!(formatter, "_initialize trapped: {kind}"),
                Outcome::Host(_) => formatter.write_str("_initialize called a host function"),
                Outcome::Return => formatter.write_str("_initialize did not end"),
            },
            Self::Fault(fault) => fmt::Display::fmt(fault, formatter),
        }
    }
}

impl core::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Initialize(_) => None,
            Self::Fault(fault) => Some(fault),
        }
    }
}

impl From<EngineFault> for LoadError {
    fn from(fault: EngineFault) -> Self {
        Self::Fault(fault)
    }
}

/// Cuts text of the engine to a length fit for a log line.
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}
