//! 32-byte hashes and the tagged Keccak-256 of the protocol.

use alloc::vec::Vec;
use core::fmt;

use chainstack_keccak::keccak256_many;
use parity_scale_codec::{Decode, Encode, MaxEncodedLen};
use sha3::{Digest, Keccak256, Sha3_256};

/// A 32-byte digest. Text form: `0x` and 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode, MaxEncodedLen)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The all-zero hash: parent of the genesis block, never the hash of anything.
    pub const ZERO: Self = Self([0; 32]);

    /// The bytes of the digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Plain Keccak-256 (padding byte `0x01`), as Ethereum uses it: trie nodes, account and storage paths.
#[must_use]
pub fn keccak256(bytes: &[u8]) -> Hash {
    Hash(chainstack_keccak::keccak256(bytes))
}

/// SHA3-256 (FIPS 202): proof of work, and contracts.
#[must_use]
pub fn sha3_256(bytes: &[u8]) -> Hash {
    Hash(Sha3_256::digest(bytes).into())
}

/// A use of Keccak-256 in the protocol. Each has a tag of its own, so that bytes hashed for one
/// purpose are never the preimage of another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Tag {
    /// Identity of a transaction: body and signer, without the signature.
    TransactionId,
    /// Full bytes of a transaction: leaves of `tx_root`, caches.
    TransactionBytes,
    /// Bytes that a transaction's signer signs.
    TransactionSigning,
    /// A block header.
    Header,
    /// The part of a header that a light client does not read.
    HeaderRest,
    /// Leaf of a binary Merkle tree.
    MerkleLeaf,
    /// Inner node of a binary Merkle tree.
    MerkleNode,
    /// Root of a binary Merkle tree: count and top node.
    MerkleRoot,
    /// Peak bagging and nodes of the history Merkle mountain range.
    History,
    /// Contract code.
    Code,
    /// Contract manifest.
    Manifest,
    /// Address of a contract.
    Contract,
    /// Address of an account that belongs to the protocol itself.
    System,
    /// An event in a receipt's event tree.
    Event,
    /// A receipt in a block's receipt tree.
    Receipt,
    /// Output bytes of a call.
    Output,
    /// Holder key of an escrow.
    Escrow,
    /// A call that a set of accounts approves.
    Call,
    /// Genesis description.
    Genesis,
    /// A set of validators.
    Validators,
    /// A consensus vote.
    Vote,
    /// A permit signed by an account for a contract.
    Permit,
    /// A mined share.
    Share,
    /// A report of an oracle.
    OracleReport,
    /// A commit (the votes that decided a block).
    Commit,
    /// Compiled-code cache entries (node-local).
    CompiledCode,
}

impl Tag {
    /// Every tag, in the order of declaration.
    pub const ALL: [Self; 26] = [
        Self::TransactionId,
        Self::TransactionBytes,
        Self::TransactionSigning,
        Self::Header,
        Self::HeaderRest,
        Self::MerkleLeaf,
        Self::MerkleNode,
        Self::MerkleRoot,
        Self::History,
        Self::Code,
        Self::Manifest,
        Self::Contract,
        Self::System,
        Self::Event,
        Self::Receipt,
        Self::Output,
        Self::Escrow,
        Self::Call,
        Self::Genesis,
        Self::Validators,
        Self::Vote,
        Self::Permit,
        Self::Share,
        Self::OracleReport,
        Self::Commit,
        Self::CompiledCode,
    ];

    /// The tag as it enters the hash: a length byte, then ASCII text.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::TransactionId => "tx",
            Self::TransactionBytes => "tx-bytes",
            Self::TransactionSigning => "tx-sign",
            Self::Header => "header",
            Self::HeaderRest => "header-rest",
            Self::MerkleLeaf => "leaf",
            Self::MerkleNode => "node",
            Self::MerkleRoot => "root",
            Self::History => "history",
            Self::Code => "code",
            Self::Manifest => "manifest",
            Self::Contract => "contract",
            Self::System => "system",
            Self::Event => "event",
            Self::Receipt => "receipt",
            Self::Output => "output",
            Self::Escrow => "escrow",
            Self::Call => "call",
            Self::Genesis => "genesis",
            Self::Validators => "validators",
            Self::Vote => "vote",
            Self::Permit => "permit",
            Self::Share => "share",
            Self::OracleReport => "oracle-report",
            Self::Commit => "commit",
            Self::CompiledCode => "compiled-code",
        }
    }

    /// What is hashed before the bytes: the length of the tag's text, and the text.
    fn prefix(self) -> (u8, &'static [u8]) {
        let text = self.text().as_bytes();
        // Every tag is a short constant (tested), so its length fits one byte.
        (u8::try_from(text.len()).unwrap_or(u8::MAX), text)
    }
}

/// Incremental tagged Keccak-256: `Keccak-256(u8(len(tag)) | tag | part | part | …)`.
///
/// Parts are concatenated as they are; callers give fixed-size or length-prefixed parts.
#[derive(Clone)]
pub struct TaggedHasher(Keccak256);

impl TaggedHasher {
    /// Starts a hash for `tag`.
    #[must_use]
    pub fn new(tag: Tag) -> Self {
        let (length, text) = tag.prefix();
        let mut hasher = Keccak256::new();
        hasher.update([length]);
        hasher.update(text);
        Self(hasher)
    }

    /// Adds bytes.
    #[must_use]
    pub fn part(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    /// The digest.
    #[must_use]
    pub fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

/// `Keccak-256(u8(len(tag)) | tag | bytes)`.
#[must_use]
pub fn tagged(tag: Tag, bytes: &[u8]) -> Hash {
    TaggedHasher::new(tag).part(bytes).finish()
}

/// Many hashes at once: what [`tagged`] or [`keccak256`] gives for each, several times quicker.
///
/// Holds what is to be hashed until [`HashBatch::finish`].
#[derive(Clone, Default)]
pub struct HashBatch {
    bytes: Vec<u8>,
    /// Where each preimage ends in `bytes`.
    ends: Vec<usize>,
}

impl HashBatch {
    /// A batch without hashes, with room for `count` of about `size` bytes each, tags included.
    #[must_use]
    pub fn with_capacity(count: usize, size: usize) -> Self {
        Self { bytes: Vec::with_capacity(count.saturating_mul(size)), ends: Vec::with_capacity(count) }
    }

    /// Adds the tagged hash of the bytes that `write` appends; it must do no more than append.
    pub fn push_tagged(&mut self, tag: Tag, write: impl FnOnce(&mut Vec<u8>)) {
        let (length, text) = tag.prefix();
        self.push(|out| {
            out.push(length);
            out.extend_from_slice(text);
            write(out);
        });
    }

    /// Adds the plain hash of the bytes that `write` appends; it must do no more than append.
    pub fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// The digests, in the order of the pushes.
    #[must_use]
    pub fn finish(self) -> Vec<Hash> {
        let mut rest = self.bytes.as_slice();
        let mut start = 0;
        let preimages = self.ends.iter().map(|end| {
            let (preimage, behind) = rest.split_at(end.saturating_sub(start)); // ends ascend, the last is that of all
            (rest, start) = (behind, *end);
            preimage
        });
        let preimages: Vec<&[u8]> = preimages.collect();
        let mut digests = alloc::vec![[0; 32]; preimages.len()];
        keccak256_many(&preimages, &mut digests);
        digests.into_iter().map(Hash).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_hashes_as_one_by_one() {
        for count in 0..40_usize {
            let mut batch = HashBatch::with_capacity(count, 8);
            let mut expected = Vec::new();
            for index in 0..count {
                let (tag, bytes) = (Tag::ALL[index % Tag::ALL.len()], alloc::vec![7; index * 11]);
                batch.push_tagged(tag, |out| out.extend_from_slice(&bytes));
                batch.push(|out| out.extend_from_slice(&bytes));
                expected.extend([tagged(tag, &bytes), keccak256(&bytes)]);
            }
            assert_eq!(batch.finish(), expected, "{count}");
        }
    }

    #[test]
    fn tags_are_distinct_and_short() {
        for (index, tag) in Tag::ALL.iter().enumerate() {
            assert!(tag.text().len() <= 32 && tag.text().is_ascii());
            assert!(Tag::ALL[index + 1..].iter().all(|other| other.text() != tag.text()));
        }
    }

    #[test]
    fn tag_length_separates_tag_from_bytes() {
        assert_ne!(tagged(Tag::TransactionId, b"-bytesX"), tagged(Tag::TransactionBytes, b"X"));
    }
}
