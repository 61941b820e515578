//! What the trie needs from outside: stored nodes, and a way to do independent work.

use alloc::{borrow::Cow, collections::BTreeMap, vec::Vec};
use core::{convert::Infallible, fmt};

use chainstack_primitives::Hash;

use crate::{Nibbles, NodeError};

/// Stored nodes, addressed by the path that leads to them.
///
/// Only nodes that stand on their own are stored: the root at the empty path, and every node whose encoding has 32
/// bytes or more. A shorter one is part of its parent.
pub trait NodeReader {
    /// A failure of the store: a fault of this machine.
    type Error;

    /// The encoding stored at `path`, as the last applied [`Commit`](crate::Commit) wrote it.
    ///
    /// # Errors
    /// Only if the store could not tell. A node that is not there is `Ok(None)`.
    fn node(&self, path: &Nibbles) -> Result<Option<Cow<'_, [u8]>>, Self::Error>;
}

impl<T: NodeReader + ?Sized> NodeReader for &T {
    type Error = T::Error;

    fn node(&self, path: &Nibbles) -> Result<Option<Cow<'_, [u8]>>, Self::Error> {
        T::node(self, path)
    }
}

/// Why a stored node could not be had: a fault of this machine, never of the input.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum NodeFault<E> {
    /// The store failed.
    Reader(E),
    /// The store lacks a node that its parent, or the root asked for, names.
    Missing {
        /// Path of the node.
        path: Nibbles,
    },
    /// The store holds another node than the one named.
    Wrong {
        /// Path of the node.
        path: Nibbles,
        /// The hash it should have.
        expected: Hash,
    },
    /// A stored node has the hash it should have but is not a node this crate writes.
    Corrupt {
        /// Path of the node.
        path: Nibbles,
        /// What is wrong with it.
        error: NodeError,
    },
}

impl<E: fmt::Display> fmt::Display for NodeFault<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reader(error) => write!(formatter, "node store failed: {error}"),
            Self::Missing { path } => write!(formatter, "no node stored at {path}"),
            Self::Wrong { path, expected } => {
                write!(formatter, "node stored at {path} has another hash than the expected {expected}")
            }
            Self::Corrupt { path, error } => write!(formatter, "node stored at {path}: {error}"),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for NodeFault<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Reader(error) => Some(error),
            Self::Corrupt { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// Reads a stored node and checks that it is the one with the hash `expected`.
pub(crate) fn read_checked<'r, R: NodeReader>(
    reader: &'r R,
    path: &Nibbles,
    expected: &[u8; 32],
) -> Result<Cow<'r, [u8]>, NodeFault<R::Error>> {
    let bytes = reader.node(path).map_err(NodeFault::Reader)?.ok_or(NodeFault::Missing { path: *path })?;
    if chainstack_keccak::keccak256(&bytes) != *expected {
        return Err(NodeFault::Wrong { path: *path, expected: Hash(*expected) });
    }
    Ok(bytes)
}

/// A store that holds nothing: for tries that are wholly in memory, or new.
#[derive(Clone, Copy, Default, Debug)]
pub struct NoNodes;

impl NodeReader for NoNodes {
    type Error = Infallible;

    fn node(&self, _path: &Nibbles) -> Result<Option<Cow<'_, [u8]>>, Infallible> {
        Ok(None)
    }
}

/// Stored nodes in memory: the twin of a database column, for tests and tools.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct MemoryNodes {
    nodes: BTreeMap<Nibbles, Vec<u8>>,
}

impl MemoryNodes {
    /// Nothing stored: the empty trie.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies the writes of a commit: puts and deletions.
    pub fn apply(&mut self, writes: impl IntoIterator<Item = (Nibbles, Option<Vec<u8>>)>) {
        for (path, node) in writes {
            match node {
                Some(bytes) => _ = self.nodes.insert(path, bytes),
                None => _ = self.nodes.remove(&path),
            }
        }
    }

    /// Number of stored nodes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The stored nodes in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&Nibbles, &[u8])> {
        self.nodes.iter().map(|(path, bytes)| (path, bytes.as_slice()))
    }
}

impl NodeReader for MemoryNodes {
    type Error = Infallible;

    fn node(&self, path: &Nibbles) -> Result<Option<Cow<'_, [u8]>>, Infallible> {
        Ok(self.nodes.get(path).map(|bytes| Cow::Borrowed(bytes.as_slice())))
    }
}

/// A way to do independent pieces of work, perhaps at the same time.
///
/// The trie gives at most 16 pieces at once, one for each first nibble. Its result does not depend on the order in
/// which they are done, nor on how many run together.
pub trait Join {
    /// Applies `work` to each item; the results stand in the order of the items.
    fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R>;
}

/// One piece after the other, on the calling thread.
#[derive(Clone, Copy, Default, Debug)]
pub struct Sequential;

impl Join for Sequential {
    fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
        items.into_iter().map(work).collect()
    }
}
