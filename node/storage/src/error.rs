//! Why storage could not do what it was asked.
//!
//! [`StorageFault`] is a fault of this machine in the sense of the house: it travels up as
//! [`chainstack_runtime::ports::Fault`] and never becomes part of a verdict on a block. The other enums are one
//! for each operation, with the fault as one of their variants.

use std::{fmt, path::PathBuf};

use chainstack_primitives::{ChainId, Hash, Height};
use chainstack_runtime::ports::Fault;

use crate::{Column, HistoryMode};

/// What the key-value store underneath could not do.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BackendError {
    /// The disk, or the library over it, refused. Text of the operating system or library.
    Io {
        /// What was being done.
        action: &'static str,
        /// What the layer below said.
        message: String,
    },
    /// An earlier write failed: what is on disk is unknown to this handle. Reopen.
    Poisoned,
}

impl fmt::Display for BackendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, message } => write!(formatter, "{action}: {message}"),
            Self::Poisoned => formatter
                .write_str("an earlier write failed and this handle is not used any more; reopen the store"),
        }
    }
}

impl std::error::Error for BackendError {}

/// What is wrong with stored bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Damage {
    /// Shorter than an envelope.
    Truncated,
    /// The envelope has a version this program does not know.
    UnknownVersion(u8),
    /// The checksum does not match column, key and bytes.
    Checksum,
    /// The checksum matches, yet the bytes are not what belongs there.
    Malformed,
    /// A record that must be there is not.
    Missing,
    /// Two records contradict each other.
    Contradiction,
}

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => formatter.write_str("shorter than its envelope"),
            Self::UnknownVersion(found) => write!(formatter, "record version {found}, expected 1"),
            Self::Checksum => formatter.write_str("checksum does not match"),
            Self::Malformed => formatter.write_str("not the encoding of what belongs there"),
            Self::Missing => formatter.write_str("missing"),
            Self::Contradiction => formatter.write_str("contradicts another record"),
        }
    }
}

/// A fault of this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum StorageFault {
    /// The key-value store failed.
    Backend(BackendError),
    /// Stored bytes are damaged. What to do: restore the data folder, or delete it and sync anew.
    Corrupt {
        /// The column of the record.
        column: Column,
        /// Its key.
        key: Vec<u8>,
        /// What is wrong.
        damage: Damage,
    },
    /// Writes that were acknowledged are not there any more: the log is damaged before its end, or was cut. Numbers
    /// are the database's own, which grow with each row written.
    Lost {
        /// Last number that was acknowledged.
        acknowledged: u64,
        /// Last number found.
        found: u64,
    },
    /// The height is older than the state that is kept.
    Pruned {
        /// Asked for.
        height: Height,
        /// Oldest readable height.
        oldest: Height,
    },
    /// The height has not been reached.
    Ahead {
        /// Asked for.
        height: Height,
        /// The head.
        head: Height,
    },
    /// The chain was reverted since the view was taken. Take a new one.
    Reverted,
}

impl StorageFault {
    /// The storage fault inside a fault that came through one of the runtime's ports, if that is what it is.
    #[must_use]
    pub fn within(fault: &Fault) -> Option<&Self> {
        fault.0.downcast_ref()
    }

    pub(crate) fn corrupt(column: Column, key: &[u8], damage: Damage) -> Self {
        Self::Corrupt { column, key: key.to_vec(), damage }
    }
}

impl fmt::Display for StorageFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backend(error) => write!(formatter, "{error}"),
            Self::Corrupt { column, key, damage } => {
                write!(formatter, "record of column {} under 0x", column.name())?;
                key.iter().take(48).try_for_each(|byte| write!(formatter, "{byte:02x}"))?;
                write!(formatter, ": {damage}; restore the data folder, or delete it and sync anew")
            }
            Self::Lost { acknowledged, found } => write!(
                formatter,
                "writes up to number {acknowledged} were acknowledged, the log ends at {found}; restore the data \
                 folder, delete it and sync anew, or remove the file ACKNOWLEDGED in it to go on from the block that is \
                 left"
            ),
            Self::Pruned { height, oldest } => {
                write!(formatter, "state at height {} asked, kept from height {} on", height.0, oldest.0)
            }
            Self::Ahead { height, head } => {
                write!(formatter, "height {} asked, head is {}", height.0, head.0)
            }
            Self::Reverted => formatter.write_str("the chain was reverted since this view was taken"),
        }
    }
}

impl std::error::Error for StorageFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Backend(error) => Some(error),
            _ => None,
        }
    }
}

impl From<BackendError> for StorageFault {
    fn from(error: BackendError) -> Self {
        Self::Backend(error)
    }
}

impl From<StorageFault> for Fault {
    fn from(fault: StorageFault) -> Self {
        Self(Box::new(fault))
    }
}

/// Why a store was not opened.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process, or another handle of this one, has the store open.
    Locked {
        /// The data folder; empty for the in-memory backend.
        path: PathBuf,
    },
    /// Nothing is stored yet: create the store from its genesis block.
    Empty,
    /// The store holds another version of the format.
    UnknownFormat {
        /// Version found on disk.
        found: u32,
        /// The only version this program reads and writes.
        expected: u32,
    },
    /// The folder holds a database that is not a store of ours.
    NotAStore,
    /// The store belongs to another chain.
    WrongChain {
        /// The chain asked for.
        expected: ChainId,
        /// The chain on disk.
        found: ChainId,
    },
    /// The store keeps history in another mode, which is fixed when it is created.
    WrongHistory {
        /// The mode asked for.
        expected: HistoryMode,
        /// The mode on disk.
        found: HistoryMode,
    },
    /// The store has blocks already: it cannot be created again.
    Occupied {
        /// The chain on disk.
        found: ChainId,
    },
    /// The genesis block was refused.
    Genesis(CommitError),
    /// This machine could not tell, or the data is damaged.
    Fault(StorageFault),
}

impl fmt::Display for OpenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked { path } => write!(
                formatter,
                "data folder {} is in use by another process; stop it, or choose another folder",
                path.display()
            ),
            Self::Empty => {
                formatter.write_str("nothing is stored yet; create the store from its genesis block")
            }
            Self::UnknownFormat { found, expected } => write!(
                formatter,
                "data of format {found} found, this program knows format {expected}; use the program that wrote \
                 it, or delete the data folder and sync anew"
            ),
            Self::NotAStore => formatter.write_str("the folder holds a database that is not a chain's store"),
            Self::WrongChain { expected, found } => write!(
                formatter,
                "data of chain {found} found, chain {expected} expected; choose the data folder of this chain"
            ),
            Self::WrongHistory { expected, found } => write!(
                formatter,
                "history mode {found:?} found, {expected:?} asked; it is fixed when a store is created"
            ),
            Self::Occupied { found } => write!(formatter, "the store holds chain {found} already"),
            Self::Genesis(error) => write!(formatter, "genesis block refused: {error}"),
            Self::Fault(fault) => write!(formatter, "{fault}"),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Fault(fault) => Some(fault),
            Self::Genesis(error) => Some(error),
            _ => None,
        }
    }
}

impl From<StorageFault> for OpenError {
    fn from(fault: StorageFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<BackendError> for OpenError {
    fn from(error: BackendError) -> Self {
        Self::Fault(error.into())
    }
}

/// Why a block was not committed. Unless it is a fault of writing, nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CommitError {
    /// Not the height after the head.
    WrongHeight {
        /// The height after the head.
        expected: Height,
        /// The block's height.
        found: Height,
    },
    /// The block does not stand on the head.
    WrongParent {
        /// Hash of the head.
        expected: Hash,
        /// Parent of the block.
        found: Hash,
    },
    /// The header commits to other ancestors than the chain has.
    WrongHistory {
        /// Root over the chain's blocks.
        expected: Hash,
        /// Of the header.
        found: Hash,
    },
    /// The state root of the commitment is not the header's.
    WrongRoot {
        /// Of the header.
        expected: Hash,
        /// Of the commitment.
        found: Hash,
    },
    /// Transactions, receipts and lists of events differ in number.
    WrongCounts {
        /// Transactions of the block.
        transactions: usize,
        /// Receipts given.
        receipts: usize,
        /// Lists of events given.
        events: usize,
    },
    /// Something in the block is past a limit of the format.
    TooLarge {
        /// What.
        what: &'static str,
        /// Size found.
        found: usize,
        /// Greatest size.
        limit: usize,
    },
    /// This machine could not do it. If it was the write, the handle is not used any more.
    Fault(StorageFault),
}

impl fmt::Display for CommitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongHeight { expected, found } => {
                write!(formatter, "height {} expected, {} found", expected.0, found.0)
            }
            Self::WrongParent { expected, found } => {
                write!(formatter, "parent {expected} expected, {found} found")
            }
            Self::WrongHistory { expected, found } => {
                write!(formatter, "history root {expected} expected, {found} found")
            }
            Self::WrongRoot { expected, found } => {
                write!(formatter, "state root {expected} in the header, {found} in the commitment")
            }
            Self::WrongCounts { transactions, receipts, events } => write!(
                formatter,
                "{transactions} transactions, {receipts} receipts and {events} lists of events: one each expected"
            ),
            Self::TooLarge { what, found, limit } => {
                write!(formatter, "{what} of {found} found, at most {limit} allowed")
            }
            Self::Fault(fault) => write!(formatter, "{fault}"),
        }
    }
}

impl std::error::Error for CommitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

impl From<StorageFault> for CommitError {
    fn from(fault: StorageFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<BackendError> for CommitError {
    fn from(error: BackendError) -> Self {
        Self::Fault(error.into())
    }
}

/// Why the chain was not reverted. Unless it is a fault of writing, nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RevertError {
    /// The height has not been reached.
    Ahead {
        /// Asked for.
        height: Height,
        /// The head.
        head: Height,
    },
    /// History does not reach back so far.
    Pruned {
        /// Asked for.
        height: Height,
        /// Oldest height to revert to.
        oldest: Height,
    },
    /// This machine could not do it. If it was the write, the handle is not used any more.
    Fault(StorageFault),
}

impl fmt::Display for RevertError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ahead { height, head } => {
                write!(formatter, "cannot revert to height {}: the head is {}", height.0, head.0)
            }
            Self::Pruned { height, oldest } => {
                write!(
                    formatter,
                    "cannot revert to height {}: history is kept from {} on",
                    height.0, oldest.0
                )
            }
            Self::Fault(fault) => write!(formatter, "{fault}"),
        }
    }
}

impl std::error::Error for RevertError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

impl From<StorageFault> for RevertError {
    fn from(fault: StorageFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<BackendError> for RevertError {
    fn from(error: BackendError) -> Self {
        Self::Fault(error.into())
    }
}
