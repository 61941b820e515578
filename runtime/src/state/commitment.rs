//! The commitment to all state: a trie of accounts, and a trie of entries for each contract.
//!
//! As Ethereum's: the account leaf under `Keccak(AccountId)` is RLP `[nonce, balance, storage_root, code_hash]`;
//! the storage leaf under `Keccak(cell id u16 LE | key)` is the RLP string of SCALE([`Entry`]). Flat state is
//! read by plain keys and never hashed; a touched key is hashed once, here, at the end of its block.
//!
//! Only contracts and the protocol's own accounts ([`reserved::is_system`]) own entries; the storage root of
//! every other account is that of the empty trie, and is not looked up.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use chainstack_primitives::{Account, AccountId, Hash, HashBatch, keccak256};
use chainstack_trie::{
    CommitError, EMPTY_ROOT, Join, Nibbles, NodeFault, NodeReader, NodeWrite, Sequential, WarmTrie, rlp,
    root_of,
};
use parity_scale_codec::Encode;

use super::{
    change::ChangeSet,
    entry::{Entry, EntryKey, storage_key, write_storage_key},
    reserved,
};
use crate::{
    pieces::Pieces,
    ports::{Fault, Parallel, StateReader},
};

/// One of the tries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TrieId {
    /// The trie of all accounts.
    Accounts,
    /// The trie of a contract's entries.
    Storage(AccountId),
}

/// Where a trie node is stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeKey {
    /// The trie.
    pub trie: TrieId,
    /// The path that leads to the node.
    pub path: Nibbles,
}

/// Trie nodes of one block boundary, by trie and path.
pub trait NodeSource: Sync {
    /// The encoding stored at `path` of `trie`, as the last applied [`Commitment`] wrote it.
    ///
    /// # Errors
    /// [`Fault`] if this machine cannot read. A node that is not there is `Ok(None)`.
    fn node(&self, trie: TrieId, path: &Nibbles) -> Result<Option<Vec<u8>>, Fault>;

    /// Root of the trie: [`EMPTY_ROOT`] if it has no nodes. A store may keep it aside; by default it is the
    /// hash of the node at the empty path.
    ///
    /// # Errors
    /// [`Fault`] if this machine cannot read.
    fn trie_root(&self, trie: TrieId) -> Result<Hash, Fault> {
        Ok(self.node(trie, &Nibbles::EMPTY)?.map_or(EMPTY_ROOT, |node| keccak256(&node)))
    }
}

/// What a block commits to, and what the store of nodes has to change for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commitment {
    /// Root of the account trie.
    pub state_root: Hash,
    /// New storage roots of the accounts whose entries changed, ascending.
    pub storage_roots: Vec<(AccountId, Hash)>,
    /// Nodes to put (`Some`) and to delete (`None`), ascending, each key once.
    pub nodes: Vec<(NodeKey, Option<Vec<u8>>)>,
}

/// Tries whose recently touched nodes stay in memory from block to block.
///
/// Purely a matter of speed: every commit first compares its root with the state it starts from and begins cold
/// if they differ, as after a block that was executed and not decided. The caller applies a commitment's nodes
/// to what [`NodeSource`] reads before the next commit.
#[derive(Debug, Default)]
pub struct Tries {
    accounts: Option<WarmTrie>,
    storage: BTreeMap<AccountId, Kept>,
    /// The storage tries by the commit that used them last; within one commit by their owners, so that what is let
    /// go depends on the blocks alone.
    by_use: BTreeSet<(u64, AccountId)>,
    /// Estimated memory of the storage tries with their keys, in bytes.
    storage_bytes: usize,
    /// Commits so far.
    commits: u64,
}

/// A storage trie in memory.
#[derive(Debug)]
struct Kept {
    trie: WarmTrie,
    /// The commit that used it last.
    used: u64,
    /// Estimated memory, in bytes.
    bytes: usize,
}

/// Memory of a storage trie beside its nodes, estimated in bytes: the key in both maps, the numbers.
const KEPT_OVERHEAD: usize =
    2 * size_of::<AccountId>() + size_of::<Kept>() - size_of::<WarmTrie>() + size_of::<u64>();

impl Tries {
    /// Nothing in memory.
    #[must_use]
    pub fn cold() -> Self {
        Self::default()
    }

    /// Estimated memory, in bytes.
    #[must_use]
    pub fn resident_bytes(&self) -> usize {
        self.accounts_bytes().saturating_add(self.storage_bytes) // an estimate
    }

    fn accounts_bytes(&self) -> usize {
        self.accounts.as_ref().map_or(0, WarmTrie::resident_bytes)
    }

    /// Lets go of nodes if more than `budget_bytes` are held: the deepest of the account trie beyond half of the
    /// budget, then the storage tries used longest ago, until the others fit beside it. One that is more than twice as
    /// large as what has to go loses its deepest nodes only.
    ///
    /// # Cost
    /// Logarithmic in the tries held for each that goes; linear in the nodes of a trie that is cut.
    pub fn shrink(&mut self, budget_bytes: usize) {
        if let Some(accounts) = &mut self.accounts {
            accounts.shrink(budget_bytes / 2);
        }
        let room = budget_bytes.saturating_sub(self.accounts_bytes());
        while self.storage_bytes > room
            && let Some((used, owner)) = self.by_use.first().copied()
        {
            let excess = self.storage_bytes.saturating_sub(room);
            let Some(mut trie) = self.remove_storage(&owner) else { break };
            let bytes = trie.resident_bytes();
            if excess < bytes / 2 {
                // An eighth more than needed, so that not every block cuts again.
                trie.shrink((bytes.saturating_sub(excess) / 8).saturating_mul(7));
                if self.storage_bytes.saturating_add(weight(&trie)) <= room {
                    self.keep_storage(owner, trie, used);
                }
            }
        }
    }

    fn remove_storage(&mut self, owner: &AccountId) -> Option<WarmTrie> {
        let kept = self.storage.remove(owner)?;
        self.by_use.remove(&(kept.used, *owner));
        self.storage_bytes = self.storage_bytes.saturating_sub(kept.bytes);
        Some(kept.trie)
    }

    fn keep_storage(&mut self, owner: AccountId, trie: WarmTrie, used: u64) {
        let bytes = weight(&trie);
        self.storage_bytes = self.storage_bytes.saturating_add(bytes);
        self.by_use.insert((used, owner));
        self.storage.insert(owner, Kept { trie, used, bytes });
    }

    fn take_storage(&mut self, owner: AccountId, root: Hash) -> WarmTrie {
        let warm = self.remove_storage(&owner);
        warm.filter(|trie| trie.root() == root).unwrap_or_else(|| WarmTrie::new(root))
    }

    fn take_accounts(&mut self, root: Hash) -> WarmTrie {
        // Every commit comes here once.
        self.commits = self.commits.saturating_add(1);
        let warm = self.accounts.take();
        warm.filter(|trie| trie.root() == root).unwrap_or_else(|| WarmTrie::new(root))
    }
}

/// Estimated memory of a storage trie with its key, in bytes.
fn weight(trie: &WarmTrie) -> usize {
    trie.resident_bytes().saturating_add(KEPT_OVERHEAD)
}

/// Commits to `changes` on top of the state that `reader` and `nodes` show.
///
/// Contracts are independent pieces of work for `parallel`; so are the sixteen parts of the account trie.
///
/// # Errors
/// [`Fault`] if this machine cannot read, its nodes do not fit together, or an account that may not own entries
/// does.
///
/// # Cost
/// Two hashes for each touched key and one for each changed node; each node on the way is read once, or not at
/// all if `tries` holds it.
pub fn commit(
    changes: &ChangeSet,
    reader: &dyn StateReader,
    nodes: &dyn NodeSource,
    tries: &mut Tries,
    parallel: &dyn Parallel,
) -> Result<Commitment, Fault> {
    let committed = commit_storage(changes.entries(), nodes, tries, parallel)?;
    let storage_roots: BTreeMap<AccountId, Hash> =
        committed.iter().map(|(owner, commit, _)| (*owner, commit.root)).collect();
    let updates = account_updates(changes, &storage_roots, reader, nodes)?;
    let mut accounts = tries.take_accounts(nodes.trie_root(TrieId::Accounts)?);
    let source = TrieNodes { nodes, trie: TrieId::Accounts };
    let commit = accounts.commit(&source, &updates, &Pieces(parallel)).map_err(fault)?;
    tries.accounts = Some(accounts);

    let mut writes = keyed(TrieId::Accounts, commit.writes);
    for (owner, storage, warm) in committed {
        // The commits are in ascending order of their owners, as the keys are.
        writes.extend(keyed(TrieId::Storage(owner), storage.writes));
        tries.keep_storage(owner, warm, tries.commits);
    }
    Ok(Commitment {
        state_root: commit.root,
        storage_roots: storage_roots.into_iter().collect(),
        nodes: writes,
    })
}

fn keyed(trie: TrieId, writes: Vec<NodeWrite>) -> Vec<(NodeKey, Option<Vec<u8>>)> {
    writes.into_iter().map(|(path, node)| (NodeKey { trie, path }, node)).collect()
}

type Committed = (AccountId, chainstack_trie::Commit, WarmTrie);
type EntryChange = (EntryKey, Option<Entry>);

fn commit_storage(
    entries: &[EntryChange],
    nodes: &dyn NodeSource,
    tries: &mut Tries,
    parallel: &dyn Parallel,
) -> Result<Vec<Committed>, Fault> {
    let mut work = Vec::new();
    for owned in entries.chunk_by(|one, other| one.0.contract == other.0.contract) {
        let Some((first, _)) = owned.first() else { continue };
        let owner = first.contract;
        let root = nodes.trie_root(TrieId::Storage(owner))?;
        work.push((owner, owned, tries.take_storage(owner, root)));
    }
    // One contract has the threads for its own sixteen parts; many share them out between themselves.
    let alone = work.len() == 1;
    let commit_one =
        |(owner, owned, mut warm): (AccountId, &[EntryChange], WarmTrie)| -> Result<Committed, Fault> {
            let updates = storage_updates(owned);
            let source = TrieNodes { nodes, trie: TrieId::Storage(owner) };
            let commit = if alone {
                warm.commit(&source, &updates, &Pieces(parallel))
            } else {
                warm.commit(&source, &updates, &Sequential)
            };
            Ok((owner, commit.map_err(fault)?, warm))
        };
    if alone {
        return work.into_iter().map(commit_one).collect();
    }
    Pieces(parallel).map(work, commit_one).into_iter().collect()
}

/// A trie's updates: path and leaf, ascending by path.
type Updates = Vec<([u8; 32], Option<Vec<u8>>)>;

fn storage_updates(entries: &[EntryChange]) -> Updates {
    let mut paths = HashBatch::with_capacity(entries.len(), 40);
    for (key, _) in entries {
        paths.push(|out| write_storage_key(key.cell, &key.key, out));
    }
    let leaves = entries.iter().map(|(_, entry)| entry.as_ref().map(storage_leaf));
    let mut updates: Updates = paths.finish().into_iter().map(|path| path.0).zip(leaves).collect();
    updates.sort_unstable_by_key(|one| one.0);
    updates
}

fn storage_path(key: &EntryKey) -> [u8; 32] {
    keccak256(&storage_key(key.cell, &key.key)).0
}

/// The leaf of an entry in its contract's trie: the RLP string of its SCALE encoding.
#[must_use]
pub fn storage_leaf(entry: &Entry) -> Vec<u8> {
    entry.using_encoded(|bytes| {
        let mut leaf = Vec::with_capacity(bytes.len().saturating_add(9));
        rlp::put_string(&mut leaf, bytes);
        leaf
    })
}

/// The leaf of an account: RLP `[nonce, balance, storage_root, code_hash]`.
#[must_use]
pub fn account_leaf(account: &Account, storage_root: &Hash) -> Vec<u8> {
    let mut fields = Vec::with_capacity(92);
    rlp::put_integer(&mut fields, u128::from(account.nonce.0));
    rlp::put_integer(&mut fields, account.balance.0);
    rlp::put_string(&mut fields, &storage_root.0);
    rlp::put_string(&mut fields, &account.code_hash.0);
    rlp::list(&fields)
}

fn account_updates(
    changes: &ChangeSet,
    storage_roots: &BTreeMap<AccountId, Hash>,
    reader: &dyn StateReader,
    nodes: &dyn NodeSource,
) -> Result<Updates, Fault> {
    let mut touched: BTreeMap<AccountId, Account> = changes.accounts().iter().copied().collect();
    for owner in storage_roots.keys() {
        if !touched.contains_key(owner) {
            let account = reader.account(owner)?.ok_or_else(|| Fault::text("entries without an account"))?;
            touched.insert(*owner, account);
        }
    }
    let mut updates = Updates::with_capacity(touched.len());
    let mut paths = HashBatch::with_capacity(touched.len(), 32);
    for id in touched.keys() {
        paths.push(|out| out.extend_from_slice(&id.0));
    }
    for ((id, account), path) in touched.iter().zip(paths.finish()) {
        let owns_entries = account.is_contract() || reserved::is_system(id);
        let storage_root = match storage_roots.get(id) {
            Some(_) if !owns_entries => return Err(Fault::text("entries of an account that may own none")),
            Some(root) => *root,
            None if owns_entries => nodes.trie_root(TrieId::Storage(*id))?,
            None => EMPTY_ROOT,
        };
        updates.push((path.0, Some(account_leaf(account, &storage_root))));
    }
    updates.sort_unstable_by_key(|one| one.0);
    Ok(updates)
}

/// The state root of flat state, from nothing: what recovery compares with the header's.
///
/// Shares no code with [`commit`] but the encoding of leaves and nodes. Accounts and entries may come in any
/// order, each once.
///
/// # Errors
/// [`Fault`] if the state is not one that blocks can leave: a repeated key, or entries of an account that is
/// not there.
///
/// # Cost
/// Holds all leaves in memory.
pub fn state_root_of(
    accounts: impl IntoIterator<Item = (AccountId, Account)>,
    entries: impl IntoIterator<Item = (EntryKey, Entry)>,
) -> Result<Hash, Fault> {
    let mut storage: BTreeMap<AccountId, Leaves> = BTreeMap::new();
    for (key, entry) in entries {
        storage.entry(key.contract).or_default().push((storage_path(&key), storage_leaf(&entry)));
    }
    let mut leaves = Vec::new();
    for (id, account) in accounts {
        let storage_root = match storage.remove(&id) {
            Some(mut leaves) => sorted_root(&mut leaves)?,
            None => EMPTY_ROOT,
        };
        leaves.push((id.path().0, account_leaf(&account, &storage_root)));
    }
    if !storage.is_empty() {
        return Err(Fault::text("entries without an account"));
    }
    sorted_root(&mut leaves)
}

/// Path and bytes of a leaf.
type Leaf = ([u8; 32], Vec<u8>);
type Leaves = Vec<Leaf>;

fn sorted_root(leaves: &mut [Leaf]) -> Result<Hash, Fault> {
    leaves.sort_unstable_by_key(|one| one.0);
    root_of(leaves).map_err(|error| Fault(Box::new(error)))
}

fn fault(error: CommitError<Fault>) -> Fault {
    match error {
        CommitError::Fault(NodeFault::Reader(fault)) => fault,
        other => Fault(Box::new(other)),
    }
}

/// The nodes of one trie, as the trie wants to read them.
struct TrieNodes<'a> {
    nodes: &'a dyn NodeSource,
    trie: TrieId,
}

impl NodeReader for TrieNodes<'_> {
    type Error = Fault;

    fn node(&self, path: &Nibbles) -> Result<Option<Cow<'_, [u8]>>, Fault> {
        Ok(self.nodes.node(self.trie, path)?.map(Cow::Owned))
    }
}
