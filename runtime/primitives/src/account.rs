//! Accounts: their key, and the record the account trie holds.

use core::fmt;

use parity_scale_codec::{Decode, Encode, MaxEncodedLen};

use crate::{Amount, Hash, Nonce, Tag, TaggedHasher, keccak256};

/// Key of an account: an sr25519 public key, or a hash for contracts and the protocol's own accounts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode, MaxEncodedLen)]
pub struct AccountId(pub [u8; 32]);

impl AccountId {
    /// The all-zero key. As an sr25519 key it verifies every message, so it is refused as signer,
    /// validator, approver, owner and burn sink.
    pub const ZERO: Self = Self([0; 32]);

    /// The bytes of the key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether this is the refused all-zero key.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// Path of the account's leaf in the account trie: plain `Keccak-256(id)`, as Ethereum.
    #[must_use]
    pub fn path(&self) -> Hash {
        keccak256(&self.0)
    }

    /// The protocol's own account called `name` (deposits held, code registry, totals). No key signs for it.
    #[must_use]
    pub fn system(name: &str) -> Self {
        Self(TaggedHasher::new(Tag::System).part(name.as_bytes()).finish().0)
    }

    /// Address of the contract that `creator` instantiates from `code` with `salt` on `chain`.
    ///
    /// The address depends on who creates, so nobody else can take it; coins sent there beforehand
    /// do not hinder the instantiation.
    #[must_use]
    pub fn contract(chain: &ChainId, creator: &Self, code: &Hash, salt: &[u8]) -> Self {
        let hasher = TaggedHasher::new(Tag::Contract).part(&chain.0.0).part(&creator.0).part(&code.0);
        Self(hasher.part(salt).finish().0)
    }
}

impl AsRef<[u8]> for AccountId {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<[u8; 32]> for AccountId {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hash(self.0), formatter)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Identity of a chain: the hash of its genesis block's header.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode, MaxEncodedLen)]
pub struct ChainId(pub Hash);

impl fmt::Display for ChainId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// The record of an account, without the root of its storage (which the commit computes).
///
/// Its leaf in the account trie is RLP `[nonce, balance, storage_root, code_hash]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen)]
pub struct Account {
    /// Count of transactions accepted from the account; the next expected value.
    pub nonce: Nonce,
    /// Free balance in base units.
    pub balance: Amount,
    /// Hash of the contract's code; `Keccak-256("")` for an account without code, as Ethereum.
    pub code_hash: Hash,
}

/// `Keccak-256("")`: the code hash of an account without code.
pub const EMPTY_CODE_HASH: Hash = Hash([
    0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0, 0xe5,
    0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70,
]);

impl Default for Account {
    fn default() -> Self {
        Self { nonce: Nonce(0), balance: Amount::ZERO, code_hash: EMPTY_CODE_HASH }
    }
}

impl Account {
    /// Whether the account carries contract code.
    #[must_use]
    pub fn is_contract(&self) -> bool {
        self.code_hash != EMPTY_CODE_HASH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_code_hash_is_keccak_of_nothing() {
        assert_eq!(EMPTY_CODE_HASH, keccak256(b""));
    }
}
