//! Batches of updates: from one root to the next.

use alloc::vec::Vec;
use core::fmt;

use chainstack_primitives::Hash;

use crate::{Join, KEY_BYTES_MAX, Nibbles, NoNodes, NodeFault, NodeReader, VALUE_BYTES_MAX, tree::Tree};

/// A change of the stored nodes: the node's new encoding at this path, or `None` if none stands there any more.
pub type NodeWrite = (Nibbles, Option<Vec<u8>>);

/// The outcome of a commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commit {
    /// Root of the trie after the updates.
    pub root: Hash,
    /// What the store has to change, sorted by path, each path once. Empty if the updates changed nothing.
    pub writes: Vec<NodeWrite>,
}

/// Why updates were not committed. Nothing was changed.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CommitError<E> {
    /// A key is longer than [`KEY_BYTES_MAX`]: a bug of the caller.
    KeyTooLong {
        /// Place of the update in the batch.
        index: usize,
        /// Bytes found.
        found: usize,
    },
    /// A value is longer than [`VALUE_BYTES_MAX`].
    ValueTooLong {
        /// Place of the update in the batch.
        index: usize,
        /// Bytes found.
        found: usize,
    },
    /// A value is empty: the trie cannot tell it from an absent one. A key is deleted with `None`.
    EmptyValue {
        /// Place of the update in the batch.
        index: usize,
    },
    /// Keys are not in strictly ascending order: a bug of the caller.
    NotSorted {
        /// Place of the first update that is not greater than the one before it.
        index: usize,
    },
    /// This machine's store could not give a node: says nothing about the updates.
    Fault(NodeFault<E>),
}

impl<E> From<NodeFault<E>> for CommitError<E> {
    fn from(fault: NodeFault<E>) -> Self {
        Self::Fault(fault)
    }
}

impl<E: fmt::Display> fmt::Display for CommitError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyTooLong { index, found } => {
                write!(formatter, "key of update {index} has {found} bytes, at most {KEY_BYTES_MAX} expected")
            }
            Self::ValueTooLong { index, found } => {
                write!(
                    formatter,
                    "value of update {index} has {found} bytes, at most {VALUE_BYTES_MAX} expected"
                )
            }
            Self::EmptyValue { index } => write!(formatter, "value of update {index} is empty"),
            Self::NotSorted { index } => {
                write!(formatter, "key of update {index} is not greater than the one before")
            }
            Self::Fault(fault) => fmt::Display::fmt(fault, formatter),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for CommitError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

/// One change: a key's new value, or `None` to delete it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) value: Option<&'a [u8]>,
}

/// Checks order and limits, and borrows.
fn check_updates<'a, K, V, E>(updates: &'a [(K, Option<V>)]) -> Result<Vec<Update<'a>>, CommitError<E>>
where
    K: AsRef<[u8]>,
    V: AsRef<[u8]>,
{
    let mut checked: Vec<Update<'a>> = Vec::with_capacity(updates.len());
    for (index, (key, value)) in updates.iter().enumerate() {
        let update = Update { key: key.as_ref(), value: value.as_ref().map(AsRef::as_ref) };
        if update.key.len() > KEY_BYTES_MAX {
            return Err(CommitError::KeyTooLong { index, found: update.key.len() });
        }
        match update.value {
            Some([]) => return Err(CommitError::EmptyValue { index }),
            Some(value) if value.len() > VALUE_BYTES_MAX => {
                return Err(CommitError::ValueTooLong { index, found: value.len() });
            }
            _ => {}
        }
        if checked.last().is_some_and(|last| last.key >= update.key) {
            return Err(CommitError::NotSorted { index });
        }
        checked.push(update);
    }
    Ok(checked)
}

/// Brings a batch of updates into the stored trie with this root.
///
/// `updates` are in strictly ascending order of their keys; `None` deletes. The store is only read; applying
/// [`Commit::writes`] to it makes it the store of the new root. Deleting an absent key, or writing the value a key has
/// already, changes nothing and writes nothing.
///
/// # Errors
/// All of [`CommitError`]; nothing was changed.
///
/// # Cost
/// Each node on the way to a touched key is read, and its hash checked, once; so is the sibling that a collapsing branch
/// leaves over. Each changed node is hashed once. Memory: the touched nodes.
pub fn commit<R, K, V, J>(
    reader: &R,
    root: Hash,
    updates: &[(K, Option<V>)],
    join: &J,
) -> Result<Commit, CommitError<R::Error>>
where
    R: NodeReader + Sync,
    R::Error: Send,
    K: AsRef<[u8]>,
    V: AsRef<[u8]>,
    J: Join,
{
    WarmTrie::new(root).commit(reader, updates, join)
}

/// A stored trie whose recently touched nodes stay in memory, decoded, between commits.
///
/// Gives the same roots and the same writes as [`commit`], without reading and decoding what it holds.
///
/// The caller applies each commit's writes to the store, or to an overlay that the reader sees, before the next
/// commit. To leave a branch of history (a block executed but not decided), drop the value and start again with
/// [`WarmTrie::new`] at the root to return to.
#[derive(Debug)]
pub struct WarmTrie(Tree);

impl WarmTrie {
    /// The trie with this root ([`EMPTY_ROOT`](crate::EMPTY_ROOT) for a new one), nothing of it in memory yet.
    #[must_use]
    pub fn new(root: Hash) -> Self {
        Self(Tree::new(root, true))
    }

    /// The root after the last commit.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.0.root()
    }

    /// Estimated memory in bytes: the nodes held, and what a trie takes without any (some 3 KB).
    #[must_use]
    pub fn resident_bytes(&self) -> usize {
        self.0.resident_bytes()
    }

    /// Brings a batch of updates in, as [`commit`].
    ///
    /// # Errors
    /// All of [`CommitError`]; the root is as before, and nothing is held in memory any more if the store was to blame.
    pub fn commit<R, K, V, J>(
        &mut self,
        reader: &R,
        updates: &[(K, Option<V>)],
        join: &J,
    ) -> Result<Commit, CommitError<R::Error>>
    where
        R: NodeReader + Sync,
        R::Error: Send,
        K: AsRef<[u8]>,
        V: AsRef<[u8]>,
        J: Join,
    {
        let updates = check_updates(updates)?;
        let writes = self.0.commit(reader, &updates, join)?;
        Ok(Commit { root: self.0.root(), writes })
    }

    /// Lets go of the deepest nodes if more than `budget_bytes` are held, until about that much is left.
    ///
    /// Call it between commits, once the store has the writes so far. Linear in the nodes held when it acts, else
    /// constant.
    pub fn shrink(&mut self, budget_bytes: usize) {
        self.0.shrink(budget_bytes);
    }
}

/// A trie that is wholly in memory and has no store behind it: roots of data that is at hand.
///
/// Quicker than [`WarmTrie`], as it prepares no writes.
#[derive(Debug)]
pub struct MemoryTrie(Tree);

impl Default for MemoryTrie {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryTrie {
    /// The empty trie.
    #[must_use]
    pub fn new() -> Self {
        Self(Tree::new(crate::EMPTY_ROOT, false))
    }

    /// The root after the last update.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.0.root()
    }

    /// Estimated memory in bytes, as of a [`WarmTrie`].
    #[must_use]
    pub fn resident_bytes(&self) -> usize {
        self.0.resident_bytes()
    }

    /// Brings a batch of updates in: the new root. `updates` are as for [`commit`].
    ///
    /// # Errors
    /// The first four of [`CommitError`]; the trie is as before.
    pub fn update<K, V, J>(
        &mut self,
        updates: &[(K, Option<V>)],
        join: &J,
    ) -> Result<Hash, CommitError<core::convert::Infallible>>
    where
        K: AsRef<[u8]>,
        V: AsRef<[u8]>,
        J: Join,
    {
        let updates = check_updates(updates)?;
        self.0.commit(&NoNodes, &updates, join)?;
        Ok(self.0.root())
    }
}
