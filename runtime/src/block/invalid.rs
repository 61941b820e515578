//! Why a block is invalid.

use std::fmt;

use chainstack_primitives::{AccountId, Amount, Gas, Hash, Height, TimeMs};

use crate::transaction::TransactionRefused;

/// Why a block breaks the rules: the same verdict on every honest node.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum InvalidBlock {
    /// The header names another protocol version than the one in force.
    Version {
        /// In force.
        expected: u16,
        /// The header's.
        found: u16,
    },
    /// A hash in the header is not what it commits to.
    Mismatch {
        /// The header's field.
        field: &'static str,
        /// What it has to be.
        expected: Hash,
        /// The header's.
        found: Hash,
    },
    /// The height is not the parent's and one.
    Height {
        /// The parent's and one.
        expected: Height,
        /// The header's.
        found: Height,
    },
    /// The time is not after the parent's.
    Time {
        /// The parent's.
        parent: TimeMs,
        /// The header's.
        found: TimeMs,
    },
    /// The base fee is not the one that follows from the parent.
    BaseFee {
        /// What follows.
        expected: Amount,
        /// The header's.
        found: Amount,
    },
    /// The proposer is not of the validator set in force.
    Proposer(AccountId),
    /// The block carries votes for its parent, and no engine of this protocol version says what they mean.
    LastCommit {
        /// Bytes found.
        found: usize,
    },
    /// The encoded block is longer than it may be.
    TooLong {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A listed transaction cannot be included at its turn.
    Transaction {
        /// Its place in the list.
        index: u32,
        /// Why not.
        reason: TransactionRefused,
    },
    /// The transactions used another amount of gas.
    GasUsed {
        /// What they used.
        expected: Gas,
        /// The header's.
        found: Gas,
    },
}

impl fmt::Display for InvalidBlock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { expected, found } => {
                write!(formatter, "protocol version {expected} expected, {found} found")
            }
            Self::Mismatch { field, expected, found } => {
                write!(formatter, "{field} {expected} expected, {found} found")
            }
            Self::Height { expected, found } => {
                write!(formatter, "height {expected} expected, {found} found")
            }
            Self::Time { parent, found } => write!(formatter, "time after {parent} expected, {found} found"),
            Self::BaseFee { expected, found } => {
                write!(formatter, "base fee {expected} expected, {found} found")
            }
            Self::Proposer(found) => write!(formatter, "a validator as proposer expected, {found} found"),
            Self::LastCommit { found } => {
                write!(formatter, "no votes for the parent expected, {found} bytes found")
            }
            Self::TooLong { found, limit } => {
                write!(formatter, "at most {limit} bytes expected, {found} found")
            }
            Self::Transaction { index, reason } => {
                write!(formatter, "transaction {index} cannot be included: {reason}")
            }
            Self::GasUsed { expected, found } => write!(formatter, "{expected} gas used, {found} found"),
        }
    }
}

impl std::error::Error for InvalidBlock {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Transaction { reason, .. } => Some(reason),
            _ => None,
        }
    }
}
