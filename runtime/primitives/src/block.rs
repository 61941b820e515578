//! Blocks: a header and the transactions it commits to.

use parity_scale_codec::{Decode, Encode};

use crate::{BoundedVec, Bytes, DecodeError, Hash, Header, Transaction, codec, merkle};

/// Most transactions of a block.
pub const BLOCK_TRANSACTIONS_MAX: u32 = 1 << 16;
/// Greatest size of a block, in bytes: 16 MiB.
pub const BLOCK_SIZE_MAX: usize = 16 * 1024 * 1024;
/// Greatest size of the votes that decided the parent, in bytes.
pub const COMMIT_SIZE_MAX: u32 = 256 * 1024;

/// A block.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Block {
    /// What is committed to.
    pub header: Header,
    /// In order of execution.
    pub transactions: BoundedVec<Transaction, BLOCK_TRANSACTIONS_MAX>,
    /// The engine's evidence that the parent was decided; empty under engine `solo` and at genesis.
    pub last_commit: Bytes<COMMIT_SIZE_MAX>,
}

impl Block {
    /// Decodes a block from outside.
    ///
    /// # Errors
    /// [`DecodeError::TooLong`] past [`BLOCK_SIZE_MAX`]; [`DecodeError::Malformed`] otherwise.
    pub fn decode_all(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode_all(bytes, BLOCK_SIZE_MAX)
    }
}

/// Root over the full bytes of transactions.
#[must_use]
pub fn transaction_root(transactions: &[Transaction]) -> Hash {
    merkle::root(&merkle::leaves_of(transactions.iter().map(Transaction::full_hash)))
}
