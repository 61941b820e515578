//! Transactions whose signature was verified: once, and provably so.

use chainstack_primitives::{
    AccountId, Body, Hash, Tag, TaggedHasher, Transaction,
    signature::{SignedBody, verify_transaction, verify_transactions},
    tagged,
};
use parity_scale_codec::Encode;

use super::TransactionRefused;

/// A transaction whose signature holds. Made only by verifying it, so nothing past this type verifies again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedTransaction {
    transaction: Transaction,
    id: Hash,
    full_hash: Hash,
    size_bytes: usize,
}

impl VerifiedTransaction {
    /// Verifies one signature.
    ///
    /// # Errors
    /// [`TransactionRefused::Signature`].
    pub fn verify(transaction: Transaction) -> Result<Self, TransactionRefused> {
        let prepared = Prepared::new(transaction);
        let Transaction { body, signer, signature } = &prepared.transaction;
        verify_transaction(&body.chain, prepared.body_bytes(), signer, signature)?;
        Ok(prepared.finish())
    }

    /// Verifies many signatures, about twice as fast as one by one; the verdicts are the same, in order.
    pub fn verify_many(transactions: Vec<Transaction>) -> Vec<Result<Self, TransactionRefused>> {
        let prepared: Vec<Prepared> = transactions.into_iter().map(Prepared::new).collect();
        let items: Vec<SignedBody<'_>> = prepared
            .iter()
            .map(|prepared| SignedBody {
                chain: prepared.transaction.body.chain,
                body_bytes: prepared.body_bytes(),
                signer: prepared.transaction.signer,
                signature: prepared.transaction.signature,
            })
            .collect();
        let verdicts = verify_transactions(&items);
        drop(items);
        let judged = prepared.into_iter().zip(verdicts);
        judged.map(|(prepared, verdict)| Ok(verdict.map(|()| prepared.finish())?)).collect()
    }

    /// The transaction.
    #[must_use]
    pub const fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// The transaction, by value.
    #[must_use]
    pub fn into_transaction(self) -> Transaction {
        self.transaction
    }

    /// What was signed.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.transaction.body
    }

    /// Who signed.
    #[must_use]
    pub const fn signer(&self) -> AccountId {
        self.transaction.signer
    }

    /// [`Transaction::id`], computed once.
    #[must_use]
    pub const fn id(&self) -> Hash {
        self.id
    }

    /// [`Transaction::full_hash`], computed once.
    #[must_use]
    pub const fn full_hash(&self) -> Hash {
        self.full_hash
    }

    /// Size of the encoded transaction, in bytes.
    #[must_use]
    pub const fn size_bytes(&self) -> usize {
        self.size_bytes
    }
}

/// A transaction with its bytes, before its signature is looked at.
struct Prepared {
    transaction: Transaction,
    bytes: Vec<u8>,
    body_size: usize,
}

impl Prepared {
    fn new(transaction: Transaction) -> Self {
        let bytes = transaction.encode();
        // The body comes first; signer and signature have fixed sizes behind it.
        let behind = size_of::<AccountId>().saturating_add(64);
        let body_size = bytes.len().saturating_sub(behind);
        Self { transaction, bytes, body_size }
    }

    fn body_bytes(&self) -> &[u8] {
        self.bytes.get(..self.body_size).unwrap_or_default()
    }

    fn finish(self) -> VerifiedTransaction {
        let id =
            TaggedHasher::new(Tag::TransactionId).part(&self.transaction.signer.0).part(self.body_bytes());
        VerifiedTransaction {
            id: id.finish(),
            full_hash: tagged(Tag::TransactionBytes, &self.bytes),
            size_bytes: self.bytes.len(),
            transaction: self.transaction,
        }
    }
}
