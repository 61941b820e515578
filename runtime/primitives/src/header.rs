//! Block headers. A light client reads the core and one hash; the rest is behind that hash.

use parity_scale_codec::{Decode, Encode, MaxEncodedLen};

use crate::{AccountId, Amount, ChainId, Gas, Hash, Height, Tag, TaggedHasher, TimeMs, tagged};

/// What a light client reads of a block.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen)]
pub struct HeaderCore {
    /// Protocol version that applies to the block.
    pub version: u16,
    /// The chain; all zero in the genesis header, whose hash is the chain's id.
    pub chain: ChainId,
    /// Position in the chain.
    pub height: Height,
    /// Time of the block; strictly grows.
    pub time_ms: TimeMs,
    /// Root of the account trie **after** this block.
    pub state_root: Hash,
    /// Root of the mountain range over the hashes of all ancestors.
    pub history_root: Hash,
    /// Hash of the validator set of the next height.
    pub next_validators_hash: Hash,
}

/// What a full node reads besides.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen)]
pub struct HeaderRest {
    /// Hash of the parent header.
    pub parent: Hash,
    /// Merkle root over the full hashes of the block's transactions.
    pub tx_root: Hash,
    /// Merkle root over the receipts **of** this block.
    pub receipt_root: Hash,
    /// Merkle root over the mined shares the block pays.
    pub shares_root: Hash,
    /// Hash of the validator set of this height.
    pub validators_hash: Hash,
    /// Hash of the votes that decided the parent; in the genesis header, of the genesis description.
    pub last_commit_hash: Hash,
    /// Base units burnt per gas.
    pub base_fee: Amount,
    /// Gas used by all transactions of the block.
    pub gas_used: Gas,
    /// Who proposed the block and receives what proposers receive.
    pub proposer: AccountId,
    /// Randomness of the block, for elections.
    pub beacon: Hash,
}

/// A block header.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen)]
pub struct Header {
    /// What a light client reads.
    pub core: HeaderCore,
    /// What a full node reads besides.
    pub rest: HeaderRest,
}

impl HeaderRest {
    /// `H("header-rest" | rest)`.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.using_encoded(|bytes| tagged(Tag::HeaderRest, bytes))
    }
}

impl HeaderCore {
    /// Hash of the header whose rest hashes to `rest`: `H("header" | core | rest)`.
    #[must_use]
    pub fn hash_with(&self, rest: &Hash) -> Hash {
        let hasher = TaggedHasher::new(Tag::Header);
        self.using_encoded(|core| hasher.part(core).part(&rest.0).finish())
    }
}

impl Header {
    /// The block's identity.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.core.hash_with(&self.rest.hash())
    }
}
