//! Why a transaction is not included.

use std::fmt;

use chainstack_primitives::{
    Amount, ChainId, DecodeError, Gas, Height, Nonce, codes, signature::SignatureError,
};

/// Why a transaction cannot be accepted or included. A rejection: every honest node that sees the same state
/// says the same. The transaction leaves no trace.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TransactionRefused {
    /// Not the canonical encoding of one transaction.
    Malformed,
    /// Longer than [`chainstack_primitives::transaction::TRANSACTION_SIZE_MAX`].
    TooLong {
        /// Bytes given.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The body's format is not of this protocol version.
    Version {
        /// The format of this version.
        expected: u8,
        /// The body's.
        found: u8,
    },
    /// Signed for another chain.
    WrongChain {
        /// This chain.
        expected: ChainId,
        /// The body's.
        found: ChainId,
    },
    /// The nonce was used already.
    NonceTooLow {
        /// The account's nonce.
        expected: Nonce,
        /// The body's.
        found: Nonce,
    },
    /// Transactions before this one are missing.
    NonceTooHigh {
        /// The account's nonce.
        expected: Nonce,
        /// The body's.
        found: Nonce,
    },
    /// The block's height is past `valid_until`.
    Expired {
        /// The body's `valid_until`.
        valid_until: Height,
        /// Height of the block.
        height: Height,
    },
    /// `valid_until` lies too far ahead.
    ValidTooFar {
        /// The body's `valid_until`.
        valid_until: Height,
        /// The furthest allowed.
        limit: Height,
    },
    /// `max_fee_per_gas` does not reach the base fee.
    FeeBelowBase {
        /// The block's base fee.
        base_fee: Amount,
        /// The body's `max_fee_per_gas`.
        max_fee: Amount,
    },
    /// The free balance does not cover what has to be reserved.
    InsufficientFunds {
        /// Gas limit × max fee + value + max deposit.
        required: Amount,
        /// The signer's free balance.
        found: Amount,
    },
    /// What has to be reserved passes the greatest amount.
    AmountOverflow,
    /// The signature or the signer's key is refused.
    Signature(SignatureError),
    /// The gas limit does not cover what is due before anything runs.
    GasLimitTooLow {
        /// Due in any case.
        required: Gas,
        /// The body's limit.
        found: Gas,
    },
    /// The gas limit is above that of a block.
    GasLimitTooHigh {
        /// The block's limit.
        limit: Gas,
        /// The body's limit.
        found: Gas,
    },
    /// The block has less gas left than the transaction's limit.
    BlockFull {
        /// Gas that the block has left.
        left: Gas,
        /// The body's limit.
        found: Gas,
    },
    /// The signer's account is a contract or belongs to the protocol.
    SignerIsContract,
    /// A batch without calls.
    EmptyBatch,
    /// The signer's nonce is at its greatest value.
    NonceExhausted,
}

impl TransactionRefused {
    /// Stable numeric code, of [`codes::TABLE`].
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::Malformed => codes::MALFORMED,
            Self::TooLong { .. } => codes::TOO_LONG,
            Self::Version { .. } => codes::VERSION_NOT_SUPPORTED,
            Self::WrongChain { .. } => codes::WRONG_CHAIN,
            Self::NonceTooLow { .. } => codes::NONCE_TOO_LOW,
            Self::NonceTooHigh { .. } | Self::NonceExhausted => codes::NONCE_TOO_HIGH,
            Self::Expired { .. } => codes::EXPIRED,
            Self::ValidTooFar { .. } => codes::VALID_TOO_FAR,
            Self::FeeBelowBase { .. } => codes::FEE_BELOW_BASE,
            Self::InsufficientFunds { .. } => codes::INSUFFICIENT_FUNDS,
            Self::AmountOverflow => codes::AMOUNT_OVERFLOW,
            Self::Signature(error) => error.code(),
            Self::GasLimitTooLow { .. } => codes::GAS_LIMIT_TOO_LOW,
            Self::GasLimitTooHigh { .. } => codes::GAS_LIMIT_TOO_HIGH,
            Self::BlockFull { .. } => codes::BLOCK_FULL,
            Self::SignerIsContract => codes::SIGNER_IS_CONTRACT,
            Self::EmptyBatch => codes::EMPTY_BATCH,
        }
    }
}

impl From<SignatureError> for TransactionRefused {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error)
    }
}

impl From<DecodeError> for TransactionRefused {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::TooLong { found, limit } => Self::TooLong { found, limit },
            _ => Self::Malformed,
        }
    }
}

impl fmt::Display for TransactionRefused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => formatter.write_str("not one canonically encoded transaction"),
            Self::TooLong { found, limit } => {
                write!(formatter, "at most {limit} bytes expected, {found} found")
            }
            Self::Version { expected, found } => {
                write!(formatter, "transaction format {expected} expected, {found} found")
            }
            Self::WrongChain { expected, found } => {
                write!(formatter, "a transaction for chain {expected} expected, for {found} found")
            }
            Self::NonceTooLow { expected, found } | Self::NonceTooHigh { expected, found } => {
                write!(formatter, "nonce {expected} expected, {found} found")
            }
            Self::Expired { valid_until, height } => {
                write!(formatter, "valid until height {valid_until}, found at height {height}")
            }
            Self::ValidTooFar { valid_until, limit } => {
                write!(formatter, "valid until at most {limit} expected, {valid_until} found")
            }
            Self::FeeBelowBase { base_fee, max_fee } => {
                write!(formatter, "max fee of at least {base_fee} expected, {max_fee} found")
            }
            Self::InsufficientFunds { required, found } => {
                write!(formatter, "free balance of {required} expected, {found} found")
            }
            Self::AmountOverflow => {
                formatter.write_str("gas limit × max fee + value + max deposit passes the greatest amount")
            }
            Self::Signature(error) => error.fmt(formatter),
            Self::GasLimitTooLow { required, found } => {
                write!(formatter, "gas limit of at least {required} expected, {found} found")
            }
            Self::GasLimitTooHigh { limit, found } => {
                write!(formatter, "gas limit of at most {limit} expected, {found} found")
            }
            Self::BlockFull { left, found } => {
                write!(formatter, "block has {left} gas left, gas limit of {found} found")
            }
            Self::SignerIsContract => formatter.write_str("the signer is a contract or a protocol account"),
            Self::EmptyBatch => formatter.write_str("at least one call in a batch expected, none found"),
            Self::NonceExhausted => formatter.write_str("the signer's nonce is at its greatest value"),
        }
    }
}

impl std::error::Error for TransactionRefused {}
