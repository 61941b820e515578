//! Why bytes are not accepted as code, beyond what admission and the manifest say themselves.

use std::fmt;

use chainstack_analysis::ExitProblem;
use chainstack_engine::{CallReport, Outcome};
use chainstack_primitives::manifest::{ManifestError, Name};
use chainstack_runtime::ports::{ExecutionError, Failure, Fault};

/// Why a module was refused at upload.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum UploadError {
    /// The bytecode was refused.
    Bytecode(crate::admission::Refusal),
    /// The module carries no manifest.
    ManifestMissing,
    /// The manifest was refused.
    Manifest(ManifestError),
    /// A declared method is not exported.
    MethodMissing {
        /// The method.
        method: Name,
    },
    /// An exported function is not declared.
    ExportUndeclared {
        /// The export.
        export: String,
    },
    /// An exit computes what may have no value, or does not fit, or it is never open.
    ExitMayFail {
        /// The exit.
        exit: Name,
        /// What and why.
        problem: Box<ExitProblem>,
    },
    /// An exit may break an invariant of its contract.
    ExitMayBreakInvariant {
        /// The exit.
        exit: Name,
        /// The invariant.
        invariant: Name,
    },
    /// An exit deletes its item and leaves something in an escrow of it.
    ExitLeavesEscrow {
        /// The exit.
        exit: Name,
        /// Id of the escrow cell.
        escrow: u16,
    },
    /// An exit pays an account that takes no coins.
    ExitPaysNobody {
        /// The exit.
        exit: Name,
    },
    /// An exit may meet what keeps it from ending: an item that it has deleted, a terminal state, a sum that overflows, a
    /// remainder that nobody gets.
    ExitMayStick {
        /// The exit.
        exit: Name,
        /// What, in words.
        why: &'static str,
    },
    /// An invariant that whoever pays coins to the contract can break.
    InvariantBrokenByPayment {
        /// The invariant.
        invariant: Name,
    },
    /// An invariant that a move of one of the contract's assets, in and out of escrows of others, can break.
    InvariantBrokenByMove {
        /// The invariant.
        invariant: Name,
    },
    /// An exit may create an entry of a ledger that nobody has kept a deposit for.
    ExitUnpaidEntry {
        /// The exit.
        exit: Name,
        /// Why, in words.
        why: &'static str,
    },
    /// An exit takes from a ledger what may not be there, and gives something besides.
    ExitUnbalanced {
        /// The exit.
        exit: Name,
        /// Why, in words.
        why: &'static str,
    },
    /// `_initialize` did not return under upload's limits.
    Initialize(CallReport),
}

/// One row of [`UploadError::CODES`]: number, name, what happened, what to try.
pub type CodeRow = (u16, &'static str, &'static str, &'static str);

impl UploadError {
    /// The codes of this table, 2150 to 2162. Bytecode has 2000 to 2099, the manifest itself 2100 to 2149.
    pub const CODES: &'static [CodeRow] = &[
        (
            2150,
            "ManifestMissing",
            "the module has no section `chainstack.manifest`",
            "`chainstack manifest embed` puts one in",
        ),
        (
            2151,
            "MethodMissing",
            "a declared method is not an exported function",
            "export it with type () -> ()",
        ),
        (
            2152,
            "ExportUndeclared",
            "an exported function is no declared method",
            "declare it, or do not export it",
        ),
        (
            2153,
            "InitializeFailed",
            "`_initialize` did not return under upload's limits",
            "do less in it; it may call no host function",
        ),
        (
            2154,
            "ExitMayFail",
            "an exit computes what may have no value or not fit its field, or is never open",
            "bound what it computes with by a guard, a range or the type",
        ),
        (
            2155,
            "ExitMayBreakInvariant",
            "nothing shows that an exit keeps an invariant of its contract",
            "state the invariant so that the exit moves it the safe way",
        ),
        (
            2156,
            "ExitLeavesEscrow",
            "an exit deletes its item without releasing everything from an escrow of it",
            "release the whole, or name who gets the remainder",
        ),
        (
            2157,
            "ExitPaysNobody",
            "an exit pays the all-zero key or an account of the protocol",
            "name an account that can be paid",
        ),
        (
            2158,
            "ExitMayStick",
            "an exit may meet what keeps it from ending",
            "order its effects, name its states, or bound what it sets as the message says",
        ),
        (
            2159,
            "InvariantBrokenByPayment",
            "anybody can send coins to a contract, and break this invariant so",
            "let the native balance appear with `>=` only",
        ),
        (
            2160,
            "InvariantBrokenByMove",
            "whoever owns an asset can put it into an escrow of another contract, and break this invariant so",
            "let it read the asset's sum, not single balances, counts of balances, or fields that a move clears",
        ),
        (
            2161,
            "ExitUnpaidEntry",
            "an exit may create an entry of a ledger that nobody has kept a deposit for",
            "bind it to an item, and let it delete the item or lead it where no such exit is taken any more",
        ),
        (
            2162,
            "ExitUnbalanced",
            "an exit takes from a ledger at most what is there, and gives an amount besides that may be more",
            "let the exit only take, or only give; what belongs together goes into an escrow",
        ),
    ];

    /// The stable numeric code.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Self::Bytecode(refusal) => refusal.code(),
            Self::ManifestMissing => 2150,
            Self::Manifest(error) => error.code(),
            Self::MethodMissing { .. } => 2151,
            Self::ExportUndeclared { .. } => 2152,
            Self::Initialize(_) => 2153,
            Self::ExitMayFail { .. } => 2154,
            Self::ExitMayBreakInvariant { .. } => 2155,
            Self::ExitLeavesEscrow { .. } => 2156,
            Self::ExitPaysNobody { .. } => 2157,
            Self::ExitMayStick { .. } => 2158,
            Self::InvariantBrokenByPayment { .. } => 2159,
            Self::InvariantBrokenByMove { .. } => 2160,
            Self::ExitUnpaidEntry { .. } => 2161,
            Self::ExitUnbalanced { .. } => 2162,
        }
    }
}

impl fmt::Display for UploadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytecode(refusal) => fmt::Display::fmt(refusal, formatter),
            Self::ManifestMissing => formatter.write_str("the module has no section `chainstack.manifest`"),
            Self::Manifest(error) => fmt::Display::fmt(error, formatter),
            Self::MethodMissing { method } => write!(formatter, "declared method `{method}` is not exported"),
            Self::ExportUndeclared { export } => {
                let shown: String = export.chars().take(64).collect();
                write!(formatter, "exported function `{}` is not a declared method", shown.escape_debug())
            }
            Self::ExitMayFail { exit, problem } => write!(formatter, "exit `{exit}`: {problem}"),
            Self::ExitMayBreakInvariant { exit, invariant } => {
                write!(formatter, "exit `{exit}` may break invariant `{invariant}`")
            }
            Self::ExitLeavesEscrow { exit, escrow } => {
                write!(
                    formatter,
                    "exit `{exit}` deletes its item and may leave something in escrow cell {escrow}"
                )
            }
            Self::ExitMayStick { exit, why }
            | Self::ExitUnpaidEntry { exit, why }
            | Self::ExitUnbalanced { exit, why } => {
                write!(formatter, "exit `{exit}`: {why}")
            }
            Self::InvariantBrokenByPayment { invariant } => {
                write!(formatter, "invariant `{invariant}` is broken by whoever sends coins to the contract")
            }
            Self::InvariantBrokenByMove { invariant } => {
                write!(formatter, "invariant `{invariant}` can be broken by moving an asset of the contract")
            }
            Self::ExitPaysNobody { exit } => {
                write!(formatter, "exit `{exit}` pays an account that takes no coins")
            }
            Self::Initialize(report) => match report.outcome {
                Outcome::Trap(kind) => write!(formatter, "`_initialize` ended with a trap: {kind}"),
                Outcome::Host(_) => formatter.write_str("`_initialize` called a host function"),
                Outcome::Return => formatter.write_str("`_initialize` did not end"),
            },
        }
    }
}

impl std::error::Error for UploadError {}

/// Why code could not be made ready.
#[derive(Debug)]
pub(crate) enum PrepareError {
    Refused(UploadError),
    Fault(Fault),
}

impl From<UploadError> for PrepareError {
    fn from(error: UploadError) -> Self {
        Self::Refused(error)
    }
}

impl From<PrepareError> for ExecutionError {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::Refused(refused) => Failure::new(refused.code(), refused.to_string()).into(),
            PrepareError::Fault(fault) => fault.into(),
        }
    }
}

/// A fault of the engine, as the runtime knows it.
pub(crate) fn engine_fault(fault: chainstack_engine::EngineFault) -> Fault {
    Fault(Box::new(fault))
}
