//! Proofs of state: what an account holds, or an entry of a contract, under a state root.
//!
//! A proof carries only what the root binds: account, nodes, and for an entry its cell, key and nodes. Its file is
//! one canonical encoding: any changed byte is refused, whitespace included.

use std::fmt;

use chainstack_primitives::{Account, AccountId, Amount, BoundedVec, Bytes, Hash, Nonce, codec, keccak256};
use chainstack_trie::{PROOF_BYTES_MAX, Proof, ProofError, rlp, verify};
use parity_scale_codec::{Decode, Encode};

/// Version of the proof's encoding.
pub const PROOF_VERSION: u8 = 1;
/// Largest encoded proof, in bytes.
pub const STATE_PROOF_SIZE_MAX: usize = 1024 * 1024;
/// Bytes of a proof file beside the digits of the proof.
const PROOF_FILE_FRAME_SIZE: usize = 102;
/// Largest proof file, in bytes: the proof as hex, and its frame.
pub const PROOF_FILE_SIZE_MAX: usize = 2 * STATE_PROOF_SIZE_MAX + PROOF_FILE_FRAME_SIZE;
/// Greatest size of the nodes towards one leaf, in bytes.
pub const PROOF_NODES_SIZE_MAX: u32 = 512 * 1024;
/// Greatest length of an entry's key, in bytes.
pub const PROOF_KEY_SIZE_MAX: u32 = 256;
/// Greatest size of a proven value, in bytes.
pub const PROOF_VALUE_SIZE_MAX: u32 = 64 * 1024;

const _: () = assert!(PROOF_NODES_SIZE_MAX as usize == PROOF_BYTES_MAX, "a trie's proof fits, no more");

/// Evidence for an account, and perhaps for one entry of its storage, against a state root.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct StateProof {
    /// [`PROOF_VERSION`].
    pub version: u8,
    /// The account.
    pub account: AccountId,
    /// Nodes from the state root towards the account's leaf: a [`Proof`]'s canonical bytes.
    pub account_nodes: Bytes<PROOF_NODES_SIZE_MAX>,
    /// An entry of the account's storage.
    pub entry: Option<EntryProof>,
}

/// Evidence for an entry against its contract's storage root.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct EntryProof {
    /// The cell's permanent id.
    pub cell: u16,
    /// The key inside the cell.
    pub key: Bytes<PROOF_KEY_SIZE_MAX>,
    /// Nodes from the storage root towards the entry's leaf: a [`Proof`]'s canonical bytes.
    pub nodes: Bytes<PROOF_NODES_SIZE_MAX>,
}

/// What a verified proof shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proven {
    /// The account.
    pub account: AccountId,
    /// Its leaf; `None` if the account does not exist.
    pub leaf: Option<AccountLeaf>,
    /// The entry asked for, if one was: `None` inside if it does not exist.
    pub entry: Option<(u16, Vec<u8>, Option<ProvenEntry>)>,
}

/// The leaf of an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountLeaf {
    /// Nonce, balance and code hash.
    pub account: Account,
    /// Root of its storage trie.
    pub storage_root: Hash,
}

/// The leaf of an entry.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ProvenEntry {
    /// The stored value; its meaning is the cell's declaration.
    pub value: BoundedVec<u8, PROOF_VALUE_SIZE_MAX>,
    /// Who paid the deposit.
    pub payer: AccountId,
    /// Base units locked while the entry exists.
    pub deposit: Amount,
}

/// Why a proof shows nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum StateProofError {
    /// Not the canonical encoding of a proof.
    Malformed,
    /// A version this program does not know.
    Version {
        /// The version it knows.
        expected: u8,
        /// The proof's.
        found: u8,
    },
    /// The account's nodes do not prove it under the root.
    Account(ProofError),
    /// The entry's nodes do not prove it under the storage root.
    Entry(ProofError),
    /// An entry of an account that does not exist.
    EntryWithoutAccount,
    /// A proven leaf is not the encoding of what it should be.
    Leaf,
}

impl StateProofError {
    /// Stable code, 3000-3299: 3000 and the trie's own code where nodes are to blame.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::Malformed => 3_290,
            Self::Version { .. } => 3_291,
            Self::EntryWithoutAccount => 3_292,
            Self::Leaf => 3_293,
            Self::Account(error) | Self::Entry(error) => 3_000 + error.code(),
        }
    }
}

impl fmt::Display for StateProofError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => formatter.write_str("not the one canonical encoding of a proof"),
            Self::Version { expected, found } => {
                write!(formatter, "proof of version {expected} expected, {found} found")
            }
            Self::Account(error) => write!(formatter, "the account is not proven: {error}"),
            Self::Entry(error) => write!(formatter, "the entry is not proven: {error}"),
            Self::EntryWithoutAccount => formatter.write_str("an entry of an account that does not exist"),
            Self::Leaf => formatter.write_str("a proven leaf is not what it should be"),
        }
    }
}

impl std::error::Error for StateProofError {}

impl StateProof {
    /// Decodes a proof from outside.
    ///
    /// # Errors
    /// [`StateProofError::Malformed`].
    pub fn decode_all(bytes: &[u8]) -> Result<Self, StateProofError> {
        codec::decode_all(bytes, STATE_PROOF_SIZE_MAX).map_err(|_| StateProofError::Malformed)
    }

    /// Verifies the proof against `root`: what it shows.
    ///
    /// # Errors
    /// [`StateProofError`].
    pub fn verify(&self, root: Hash) -> Result<Proven, StateProofError> {
        if self.version != PROOF_VERSION {
            return Err(StateProofError::Version { expected: PROOF_VERSION, found: self.version });
        }
        let nodes = Proof::decode(&self.account_nodes).map_err(StateProofError::Account)?;
        let leaf = verify(root, &self.account.path().0, &nodes).map_err(StateProofError::Account)?;
        let leaf = leaf.map(|leaf| account_leaf(&leaf).ok_or(StateProofError::Leaf)).transpose()?;
        let entry = match (&self.entry, leaf) {
            (None, _) => None,
            (Some(_), None) => return Err(StateProofError::EntryWithoutAccount),
            (Some(entry), Some(leaf)) => {
                let found = entry.verify(leaf.storage_root)?;
                Some((entry.cell, entry.key.to_vec(), found))
            }
        };
        Ok(Proven { account: self.account, leaf, entry })
    }

    /// The proof as a file: one line of JSON, the proof and its own Keccak-256.
    ///
    /// The hash says which proof this file was: without it, a changed key could turn a proof into a true one of
    /// something else.
    #[must_use]
    pub fn to_file(&self) -> String {
        let bytes = self.encode();
        let hash = keccak256(&bytes);
        format!("{{\"schema\":1,\"proof\":\"0x{}\",\"hash\":\"{hash}\"}}\n", hex::encode(bytes))
    }

    /// Reads a proof file. Only the exact bytes of [`StateProof::to_file`] are accepted.
    ///
    /// # Errors
    /// [`StateProofError::Malformed`].
    pub fn from_file(text: &[u8]) -> Result<Self, StateProofError> {
        if text.len() > PROOF_FILE_SIZE_MAX {
            return Err(StateProofError::Malformed);
        }
        let value: serde_json::Value =
            serde_json::from_slice(text).map_err(|_| StateProofError::Malformed)?;
        let proof = value.get("proof").and_then(|proof| proof.as_str()).ok_or(StateProofError::Malformed)?;
        let bytes = proof.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
        let proof = Self::decode_all(&bytes.ok_or(StateProofError::Malformed)?)?;
        if proof.to_file().as_bytes() == text { Ok(proof) } else { Err(StateProofError::Malformed) }
    }
}

impl EntryProof {
    fn verify(&self, storage_root: Hash) -> Result<Option<ProvenEntry>, StateProofError> {
        let nodes = Proof::decode(&self.nodes).map_err(StateProofError::Entry)?;
        let path = keccak256(&[&self.cell.to_le_bytes()[..], &self.key].concat());
        let leaf = verify(storage_root, &path.0, &nodes).map_err(StateProofError::Entry)?;
        leaf.map(|leaf| {
            let bytes = rlp::decode_string(&leaf).map_err(|_| StateProofError::Leaf)?;
            codec::decode_all(bytes, leaf.len()).map_err(|_| StateProofError::Leaf)
        })
        .transpose()
    }
}

fn account_leaf(leaf: &[u8]) -> Option<AccountLeaf> {
    let [nonce, balance, storage_root, code_hash] = rlp::decode_strings::<4>(leaf).ok()?;
    Some(AccountLeaf {
        account: Account {
            nonce: Nonce(u64::try_from(rlp::integer(nonce).ok()?).ok()?),
            balance: Amount(rlp::integer(balance).ok()?),
            code_hash: Hash(code_hash.try_into().ok()?),
        },
        storage_root: Hash(storage_root.try_into().ok()?),
    })
}
