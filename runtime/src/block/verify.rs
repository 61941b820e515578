//! A block whose signatures hold.

use std::sync::Arc;

use chainstack_primitives::{
    Block, Bytes, Hash, Header,
    block::{BLOCK_SIZE_MAX, COMMIT_SIZE_MAX},
    merkle,
};
use parity_scale_codec::Encode;

use super::InvalidBlock;
use crate::transaction::VerifiedTransaction;

/// A block of which every transaction's signature holds. Everything else is still to be judged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedBlock {
    header: Header,
    transactions: Vec<Arc<VerifiedTransaction>>,
    last_commit: Bytes<COMMIT_SIZE_MAX>,
}

impl VerifiedBlock {
    /// Verifies the signatures of `block`, but of the transactions that `known` finds by the hash of their full
    /// bytes: those were verified when they arrived.
    ///
    /// The rest is verified in one batch on the calling thread.
    ///
    /// # Errors
    /// - [`InvalidBlock::TooLong`] if the encoded block is longer than [`BLOCK_SIZE_MAX`];
    /// - [`InvalidBlock::Transaction`] naming the first transaction whose signature does not hold.
    pub fn verify(
        block: Block,
        known: &dyn Fn(&Hash) -> Option<Arc<VerifiedTransaction>>,
    ) -> Result<Self, InvalidBlock> {
        let found = block.encoded_size();
        if found > BLOCK_SIZE_MAX {
            return Err(InvalidBlock::TooLong { found, limit: BLOCK_SIZE_MAX });
        }
        let Block { header, transactions, last_commit } = block;
        let mut slots: Vec<Option<Arc<VerifiedTransaction>>> = Vec::with_capacity(transactions.len());
        let mut unknown = Vec::new();
        for transaction in transactions.into_inner() {
            let slot = known(&transaction.full_hash()).filter(|found| *found.transaction() == transaction);
            if slot.is_none() {
                unknown.push(transaction);
            }
            slots.push(slot);
        }
        let mut verdicts = VerifiedTransaction::verify_many(unknown).into_iter();
        let mut verified = Vec::with_capacity(slots.len());
        for (index, slot) in (0u32..).zip(slots) {
            // There is one verdict for each empty slot, in their order.
            let transaction = match slot {
                Some(transaction) => transaction,
                None => match verdicts.next() {
                    Some(Ok(transaction)) => Arc::new(transaction),
                    Some(Err(reason)) => return Err(InvalidBlock::Transaction { index, reason }),
                    None => break,
                },
            };
            verified.push(transaction);
        }
        Ok(Self { header, transactions: verified, last_commit })
    }

    /// The header, as claimed.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The transactions, in order.
    #[must_use]
    pub fn transactions(&self) -> &[Arc<VerifiedTransaction>] {
        &self.transactions
    }

    /// The engine's evidence that the parent was decided.
    #[must_use]
    pub fn last_commit(&self) -> &[u8] {
        &self.last_commit
    }

    /// Root over the full bytes of the transactions, from their hashes.
    pub(super) fn transaction_root(&self) -> Hash {
        transaction_root(&self.transactions)
    }
}

/// As [`chainstack_primitives::transaction_root`], from the hashes that are at hand.
pub(super) fn transaction_root(transactions: &[Arc<VerifiedTransaction>]) -> Hash {
    merkle::root(&merkle::leaves_of(transactions.iter().map(|transaction| transaction.full_hash())))
}
