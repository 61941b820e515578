//! Proofs from stored nodes.

use core::fmt;

use chainstack_primitives::Hash;

use super::{PROOF_BYTES_MAX, Proof};
use crate::{
    EMPTY_ROOT, KEY_BYTES_MAX, Nibbles, NodeFault, NodeReader,
    nibbles::nibble,
    node::{self, DecodedChild, DecodedNode},
    ports::read_checked,
};

/// Why no proof was made.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ProveError<E> {
    /// The key is longer than [`KEY_BYTES_MAX`].
    KeyTooLong {
        /// Bytes found.
        found: usize,
    },
    /// The encoded proof would be longer than [`PROOF_BYTES_MAX`]: keys that begin one another, with huge values.
    TooLarge {
        /// Bytes it would have.
        found: usize,
    },
    /// This machine's store could not give a node.
    Fault(NodeFault<E>),
}

impl<E> From<NodeFault<E>> for ProveError<E> {
    fn from(fault: NodeFault<E>) -> Self {
        Self::Fault(fault)
    }
}

impl<E: fmt::Display> fmt::Display for ProveError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyTooLong { found } => {
                write!(formatter, "key of {found} bytes, at most {KEY_BYTES_MAX} expected")
            }
            Self::TooLarge { found } => {
                write!(formatter, "proof of {found} bytes, at most {PROOF_BYTES_MAX} expected")
            }
            Self::Fault(fault) => fmt::Display::fmt(fault, formatter),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for ProveError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

/// The proof of what `key` has under `root`: a value, or none.
///
/// The nodes' hashes are checked as they are read, so what comes out always verifies.
///
/// # Errors
/// All of [`ProveError`]. A root that the store does not hold is [`NodeFault::Missing`] or [`NodeFault::Wrong`] at the
/// empty path.
///
/// # Cost
/// One read and one hash for each node on the way.
pub fn prove<R: NodeReader>(reader: &R, root: Hash, key: &[u8]) -> Result<Proof, ProveError<R::Error>> {
    let Some(whole) = Nibbles::from_key(key) else { return Err(ProveError::KeyTooLong { found: key.len() }) };
    let mut proof = Proof::default();
    if root == EMPTY_ROOT {
        return Ok(proof);
    }
    let mut depth = 0;
    let mut bytes = read_checked(reader, &Nibbles::EMPTY, &root.0)?;
    loop {
        let next = {
            let corrupt = |error| NodeFault::Corrupt { path: whole.prefix(depth), error };
            let (child, below) = descend(&bytes, key, depth).map_err(corrupt)?;
            depth = below;
            child
        };
        proof.nodes.push(bytes.into_owned());
        let Some(hash) = next else { break };
        bytes = read_checked(reader, &whole.prefix(depth), &hash)?;
    }
    let found = proof.encoded_len();
    if found > PROOF_BYTES_MAX { Err(ProveError::TooLarge { found }) } else { Ok(proof) }
}

/// Follows the key through a stored node and the inline nodes in it: the hash of the next stored node and its depth.
fn descend(bytes: &[u8], key: &[u8], mut depth: usize) -> Result<(Option<[u8; 32]>, usize), node::NodeError> {
    let mut bytes = bytes;
    loop {
        let child = match node::decode(bytes)? {
            DecodedNode::Extension { path, child } if path.shared_with(key, depth) == path.len() => {
                depth += path.len();
                child
            }
            DecodedNode::Branch { children, .. } if depth < key.len() * 2 => {
                let child = children[usize::from(nibble(key, depth))];
                depth += 1;
                child
            }
            _ => return Ok((None, depth)),
        };
        match child {
            DecodedChild::Empty => return Ok((None, depth)),
            DecodedChild::Hash(hash) => return Ok((Some(*hash), depth)),
            DecodedChild::Inline(encoding) => bytes = encoding,
        }
    }
}
