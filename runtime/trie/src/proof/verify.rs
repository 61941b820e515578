//! The strict verifier.

use alloc::vec::Vec;

use chainstack_primitives::Hash;

use super::{Proof, ProofError};
use crate::{
    EMPTY_ROOT, KEY_BYTES_MAX, NODE_BYTES_MAX,
    nibbles::nibble,
    node::{self, DecodedChild, DecodedNode, HASH_BYTES},
};

/// What the proof shows about `key` under `root`: its value, or that it has none.
///
/// There is exactly one accepted proof for a root and a key. Refused are a missing, extra, unused, repeated or
/// reordered node; a node in any but its one encoding (padding, flags, lengths, an empty extension, a branch with
/// fewer than two entries, an extension before anything but a branch, a value at half a byte, a path past the longest
/// key, bytes after the end); a short node given by hash
/// or a long one given inline; the zero root. The empty trie's root is shown by the empty proof and by no other.
///
/// Total on any input, and never looks at more than 2 · `key.len()` + 1 nodes of [`NODE_BYTES_MAX`] bytes.
///
/// # Errors
/// All of [`ProofError`] but [`ProofError::TooLarge`] and [`ProofError::BadEncoding`], which are of encoded proofs.
///
/// # Cost
/// One hash for each node.
pub fn verify(root: Hash, key: &[u8], proof: &Proof) -> Result<Option<Vec<u8>>, ProofError> {
    if key.len() > KEY_BYTES_MAX {
        return Err(ProofError::KeyTooLong { found: key.len() });
    }
    let allowed = key.len() * 2 + 1;
    if proof.nodes.len() > allowed {
        return Err(ProofError::TooManyNodes { found: proof.nodes.len(), allowed });
    }
    if root == Hash::ZERO {
        return Err(ProofError::ZeroRoot);
    }
    let mut unread = Unread { nodes: &proof.nodes, index: 0 };
    let value = if root == EMPTY_ROOT { None } else { walk(&root.0, key, &mut unread)? };
    match unread.nodes {
        [] => Ok(value.map(<[u8]>::to_vec)),
        [_, ..] => Err(ProofError::ExtraNode { index: unread.index }),
    }
}

/// The nodes not read yet, and the place of the first of them.
struct Unread<'p> {
    nodes: &'p [Vec<u8>],
    index: usize,
}

impl<'p> Unread<'p> {
    /// The next node, which must have this hash.
    fn next(&mut self, expected: &[u8; HASH_BYTES]) -> Result<&'p [u8], ProofError> {
        let index = self.index;
        let (node, rest) = self.nodes.split_first().ok_or(ProofError::MissingNode { index })?;
        if node.len() > NODE_BYTES_MAX {
            return Err(ProofError::NodeTooLarge { index, found: node.len() });
        }
        if chainstack_keccak::keccak256(node) != *expected {
            return Err(ProofError::WrongNode { index });
        }
        if index > 0 && node.len() < HASH_BYTES {
            return Err(ProofError::ShortNode { index });
        }
        self.nodes = rest;
        self.index += 1;
        Ok(node)
    }
}

/// Follows the key down from the root: the value at its end.
fn walk<'p>(
    root: &[u8; HASH_BYTES],
    key: &[u8],
    unread: &mut Unread<'p>,
) -> Result<Option<&'p [u8]>, ProofError> {
    let mut bytes = unread.next(root)?;
    let (mut depth, mut after_extension) = (0, false);
    loop {
        let index = unread.index - 1; // the node just read, or the one that `bytes` stand in
        let node = node::decode(bytes).map_err(|error| ProofError::BadNode { index, error })?;
        node.fits(depth).map_err(|error| ProofError::BadNode { index, error })?;
        if after_extension && !matches!(node, DecodedNode::Branch { .. }) {
            return Err(ProofError::ExtensionChild { index });
        }
        after_extension = false;
        let child = match node {
            DecodedNode::Leaf { path, value } => {
                return Ok(path.ends(key, depth).then_some(value));
            }
            DecodedNode::Extension { path, child } => {
                if path.shared_with(key, depth) < path.len() {
                    return Ok(None);
                }
                (depth, after_extension) = (depth + path.len(), true);
                child
            }
            DecodedNode::Branch { children, value } => {
                if depth == key.len() * 2 {
                    return Ok((!value.is_empty()).then_some(value));
                }
                let child = children[usize::from(nibble(key, depth))];
                depth += 1;
                child
            }
        };
        bytes = match child {
            DecodedChild::Empty => return Ok(None),
            DecodedChild::Hash(expected) => unread.next(expected)?,
            DecodedChild::Inline(encoding) => encoding,
        };
    }
}
