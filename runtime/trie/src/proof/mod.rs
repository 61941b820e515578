//! Proofs that a key has a value, or none, under a root.
//!
//! A proof is the encodings of the nodes on the way from the root towards the key, in order, inline nodes left out
//! (they are inside their parents). It is the same list that Ethereum's `eth_getProof` gives, so any generic verifier
//! of Ethereum's tries can check it; [`verify()`] is stricter than most: there is exactly one proof it accepts for a
//! root and a key.

mod codec;
mod prove;
mod verify;

use alloc::vec::Vec;
use core::fmt;

pub use self::{
    prove::{ProveError, prove},
    verify::verify,
};
use crate::{KEY_BYTES_MAX, NODE_BYTES_MAX, PATH_NIBBLES_MAX, node::NodeError};

/// Most nodes in any proof: one for each nibble of the longest key, and the last. A proof for a key of n bytes has at
/// most 2n + 1, so 65 for the 32-byte keys of consensus.
pub const PROOF_NODES_MAX: usize = PATH_NIBBLES_MAX + 1;

/// Largest encoded proof in bytes.
pub const PROOF_BYTES_MAX: usize = 512 * 1024;

/// The nodes on the way from a root towards a key.
///
/// Nothing in it is trusted: [`verify()`] says what it shows.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Proof {
    /// Encodings of nodes, the root's first. Empty for the empty trie.
    pub nodes: Vec<Vec<u8>>,
}

/// Why a proof was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ProofError {
    /// More nodes than a key of this length can have.
    TooManyNodes {
        /// Nodes found.
        found: usize,
        /// Most nodes allowed.
        allowed: usize,
    },
    /// A node is longer than [`NODE_BYTES_MAX`].
    NodeTooLarge {
        /// Place of the node in the proof.
        index: usize,
        /// Bytes found.
        found: usize,
    },
    /// An encoded proof is longer than [`PROOF_BYTES_MAX`].
    TooLarge {
        /// Bytes found.
        found: usize,
    },
    /// The root is all zeros: the root of nothing. (The empty trie has [`EMPTY_ROOT`](crate::EMPTY_ROOT).)
    ZeroRoot,
    /// The key is longer than [`KEY_BYTES_MAX`].
    KeyTooLong {
        /// Bytes found.
        found: usize,
    },
    /// The proof ends before the way does.
    MissingNode {
        /// Place in the proof where the node was expected.
        index: usize,
    },
    /// The way ends before the proof does.
    ExtraNode {
        /// Place of the first node that is not used.
        index: usize,
    },
    /// A node has another hash than the one the root or its parent names.
    WrongNode {
        /// Place of the node in the proof.
        index: usize,
    },
    /// A node shorter than 32 bytes is given by its hash: it had to stand inline in its parent.
    ShortNode {
        /// Place of the node in the proof.
        index: usize,
    },
    /// Bytes in the place of a node are not one.
    BadNode {
        /// Place in the proof of the node, or of the one it stands in.
        index: usize,
        /// What is wrong with it.
        error: NodeError,
    },
    /// What follows an extension is not a branch.
    ExtensionChild {
        /// Place of the child in the proof.
        index: usize,
    },
    /// Bytes are not the canonical encoding of a proof.
    BadEncoding {
        /// Where in the bytes.
        offset: usize,
    },
}

impl ProofError {
    /// A stable number for the reason: 1 to 11, or 100 + the kind of [`NodeError`] in a bad node.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::TooManyNodes { .. } => 1,
            Self::NodeTooLarge { .. } => 2,
            Self::TooLarge { .. } => 3,
            Self::ZeroRoot => 4,
            Self::KeyTooLong { .. } => 5,
            Self::MissingNode { .. } => 6,
            Self::ExtraNode { .. } => 7,
            Self::WrongNode { .. } => 8,
            Self::ShortNode { .. } => 9,
            Self::BadNode { error, .. } => 100 + error.code(),
            Self::ExtensionChild { .. } => 10,
            Self::BadEncoding { .. } => 11,
        }
    }
}

impl fmt::Display for ProofError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyNodes { found, allowed } => {
                write!(formatter, "{found} nodes, at most {allowed} expected")
            }
            Self::NodeTooLarge { index, found } => {
                write!(formatter, "node {index} has {found} bytes, at most {NODE_BYTES_MAX} expected")
            }
            Self::TooLarge { found } => {
                write!(formatter, "proof of {found} bytes, at most {PROOF_BYTES_MAX} expected")
            }
            Self::ZeroRoot => formatter.write_str("root is zero"),
            Self::KeyTooLong { found } => {
                write!(formatter, "key of {found} bytes, at most {KEY_BYTES_MAX} expected")
            }
            Self::MissingNode { index } => write!(formatter, "node {index} is missing"),
            Self::ExtraNode { index } => write!(formatter, "node {index} is not on the way to the key"),
            Self::WrongNode { index } => {
                write!(formatter, "node {index} has another hash than its parent names")
            }
            Self::ShortNode { index } => {
                write!(formatter, "node {index} is short and had to stand in its parent")
            }
            Self::BadNode { index, error } => write!(formatter, "node {index}: {error}"),
            Self::ExtensionChild { index } => {
                write!(formatter, "node {index} follows an extension and is no branch")
            }
            Self::BadEncoding { offset } => {
                write!(formatter, "proof is not canonically encoded at byte {offset}")
            }
        }
    }
}

impl core::error::Error for ProofError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::BadNode { error, .. } => Some(error),
            _ => None,
        }
    }
}
