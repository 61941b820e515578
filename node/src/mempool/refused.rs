//! Why the pool does not take a transaction.

use std::fmt;

use chainstack_primitives::{Amount, Height, Nonce, codes};

/// Why a transaction is not taken into the pool. Says nothing about whether it is valid later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MempoolRefused {
    /// The very bytes wait already.
    AlreadyKnown,
    /// The account is past this nonce.
    NonceTooLow {
        /// The account's next nonce.
        expected: Nonce,
        /// The transaction's.
        found: Nonce,
    },
    /// The nonce is further ahead than the pool keeps.
    NonceTooHigh {
        /// The greatest nonce the pool takes.
        limit: Nonce,
        /// The transaction's.
        found: Nonce,
    },
    /// The chain is past the transaction's last height.
    Expired {
        /// The transaction's last height.
        valid_until: Height,
        /// The next height.
        next: Height,
    },
    /// A waiting transaction with this nonce offers about as much.
    ReplacementUnderpriced {
        /// Least `max_fee_per_gas` that replaces.
        max_fee_needed: Amount,
        /// Least `tip_per_gas` that replaces.
        tip_needed: Amount,
    },
    /// The account's waiting transactions would together reserve more than its balance.
    InsufficientFunds {
        /// What all would reserve.
        needed: Amount,
        /// The balance.
        found: Amount,
    },
    /// The account has as many waiting as it may.
    AccountQueueFull {
        /// The bound.
        limit: usize,
    },
    /// The pool is full and the transaction does not pay enough to make room.
    Full,
}

impl MempoolRefused {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::AlreadyKnown => codes::ALREADY_KNOWN,
            Self::NonceTooLow { .. } => codes::NONCE_TOO_LOW,
            Self::NonceTooHigh { .. } => codes::NONCE_TOO_HIGH,
            Self::Expired { .. } => codes::EXPIRED,
            Self::ReplacementUnderpriced { .. } => codes::REPLACEMENT_UNDERPRICED,
            Self::InsufficientFunds { .. } => codes::INSUFFICIENT_FUNDS,
            Self::AccountQueueFull { .. } => codes::ACCOUNT_QUEUE_FULL,
            Self::Full => codes::MEMPOOL_FULL,
        }
    }
}

impl fmt::Display for MempoolRefused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyKnown => formatter.write_str("these bytes already wait in the pool"),
            Self::NonceTooLow { expected, found } => {
                write!(formatter, "nonce {found} was used already; the account's next is {expected}")
            }
            Self::NonceTooHigh { limit, found } => {
                write!(formatter, "nonce {found} is too far ahead; at most {limit} is kept")
            }
            Self::Expired { valid_until, next } => {
                write!(formatter, "valid until height {valid_until}, and the next block is {next}")
            }
            Self::ReplacementUnderpriced { max_fee_needed, tip_needed } => write!(
                formatter,
                "a transaction with this nonce waits; to replace it offer max_fee_per_gas {max_fee_needed} and \
                 tip_per_gas {tip_needed} at least"
            ),
            Self::InsufficientFunds { needed, found } => write!(
                formatter,
                "balance {found} found, {needed} reserved by the account's waiting transactions together"
            ),
            Self::AccountQueueFull { limit } => {
                write!(formatter, "the account has {limit} transactions waiting")
            }
            Self::Full => formatter.write_str("the pool is full of transactions that pay more"),
        }
    }
}

impl std::error::Error for MempoolRefused {}
