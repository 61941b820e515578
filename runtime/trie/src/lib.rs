//! The Merkle Patricia trie and its proofs.
//!
//! The trie is Ethereum's (yellow paper, appendices B, C and D): hex-prefix paths, RLP, Keccak-256, nodes under 32 bytes
//! inside their parents. Any generic verifier of Ethereum's tries can check its proofs. Keys may have any length up to
//! [`KEY_BYTES_MAX`] and may begin one another; consensus uses 32-byte keys only. Nothing here knows accounts or
//! contracts: the state of the chain is one such trie of accounts, whose leaves hold the roots of others.
//!
//! # Terms
//! *Nibble*: half a byte. *Path*: the nibbles from the root to a node, which is the node's address in a store, so that
//! a changed node replaces the old one. *Stored node*: the root at the empty path, and each node of 32 bytes or more.
//! *Commit*: a sorted batch of updates brought into the trie: a new root, and the writes its store has to make.
//! *Warm*: held in memory, decoded, between commits.
//!
//! # Map
//! - [`commit()`], [`WarmTrie`], [`MemoryTrie`] (`commit`): batches of updates, over a store or in memory.
//! - `tree`: what all three work on: sixteen independent parts of decoded nodes; updates, collapses, and hashing level
//!   by level, many nodes at once.
//! - [`root_of`] (`build`): the root of a whole set of entries, from nothing, sharing no code with commits.
//! - [`prove`], [`verify`], [`Proof`] (`proof`): evidence of presence and of absence.
//! - [`NodeReader`], [`Join`] (`ports`): the store, and parallel work; [`MemoryNodes`] and [`Sequential`] are the
//!   plainest of each.
//! - [`Nibbles`] (`nibbles`), `node`, [`rlp`]: paths, the three kinds of node, their encoding.
//!
//! # Invariants
//! - A set of entries has one trie, one root, and one set of stored nodes, whatever commits led to it (tested against
//!   `alloy-trie`, against [`root_of`], and against a store filled at once).
//! - [`commit()`], [`WarmTrie`] and [`MemoryTrie`] agree, at any [`Join`] and however much is held in memory.
//! - A commit reads each touched node once, hashes each changed node once, and writes nothing if nothing changed.
//! - Every node read from a store is checked against the hash that names it: a store that is wrong is a
//!   [`NodeFault`], never another root.
//! - [`verify`] accepts exactly one proof for a root and a key, and is total on any input.
//! - The empty trie has the root [`EMPTY_ROOT`] and the empty proof; the zero root is the root of nothing.
//! - An empty value cannot be told from an absent one, so it is refused; a key is deleted with `None`.
//! - No clock, no randomness, no I/O, no `unsafe`, no hash-map order; recursion is at most 128 levels deep.
//!
//! # Limits
//! [`LIMITS`]: [`KEY_BYTES_MAX`] 64, [`VALUE_BYTES_MAX`] 128 KiB, [`NODE_BYTES_MAX`] 129 KiB; a proof for a key of n bytes has at
//! most 2n + 1 nodes ([`PROOF_NODES_MAX`] 129, 65 for 32-byte keys) and [`PROOF_BYTES_MAX`] 512 KiB.
//!
//! ```
//! use chainstack_trie::{EMPTY_ROOT, MemoryNodes, Sequential, commit, prove, verify};
//!
//! // Two entries, committed to an empty store.
//! let mut store = MemoryNodes::new();
//! let updates = [(b"doe", Some(b"reindeer".as_slice())), (b"dog", Some(b"puppy"))];
//! let first = commit(&store, EMPTY_ROOT, &updates, &Sequential)?;
//! store.apply(first.writes);
//!
//! // What one key has, and that another has nothing.
//! let proof = prove(&store, first.root, b"dog").unwrap();
//! assert_eq!(verify(first.root, b"dog", &proof), Ok(Some(b"puppy".to_vec())));
//! let proof = prove(&store, first.root, b"cat").unwrap();
//! assert_eq!(verify(first.root, b"cat", &proof), Ok(None));
//!
//! // Deleted again: the empty trie.
//! let second = commit(&store, first.root, &[(b"doe", None::<&[u8]>), (b"dog", None)], &Sequential)?;
//! assert_eq!(second.root, EMPTY_ROOT);
//! # Ok::<(), chainstack_trie::CommitError<std::convert::Infallible>>(())
//! ```
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod build;
mod commit;
mod nibbles;
mod node;
mod ports;
mod proof;
pub mod rlp;
#[cfg(test)]
mod tests;
mod tree;

#[cfg(test)]
use chainstack_primitives::keccak256;
use chainstack_primitives::{Hash, limit_table, limits::Limit};

pub use build::root_of;
pub use commit::{Commit, CommitError, MemoryTrie, NodeWrite, WarmTrie, commit};
pub use nibbles::{KEY_BYTES_MAX, Nibbles, PATH_NIBBLES_MAX};
pub use node::{NODE_BYTES_MAX, NodeError, VALUE_BYTES_MAX};
pub use ports::{Join, MemoryNodes, NoNodes, NodeFault, NodeReader, Sequential};
pub use proof::{PROOF_BYTES_MAX, PROOF_NODES_MAX, Proof, ProofError, ProveError, prove, verify};

/// Limits of tries and their proofs, for the page of limits.
pub const LIMITS: &[Limit] = limit_table! {
    KEY_BYTES_MAX, "bytes", "key of a trie; consensus uses 32";
    VALUE_BYTES_MAX, "bytes", "value in a trie";
    NODE_BYTES_MAX, "bytes", "node of a proof";
    PROOF_NODES_MAX, "nodes", "nodes of a proof; of a key of n bytes 2n + 1";
    PROOF_BYTES_MAX, "bytes", "encoded proof";
};

/// Root of the empty trie: Keccak-256 of the RLP of the empty string.
pub const EMPTY_ROOT: Hash = Hash([
    0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e, 0x5b,
    0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21,
]);
