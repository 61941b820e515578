//! A whole state in memory: what tests, scenarios and tools run on. The slow, plain twin of a store.

use std::{collections::BTreeMap, sync::Arc};

use chainstack_primitives::{Account, AccountId, Hash};
use chainstack_trie::Nibbles;

use crate::{
    block::Applied,
    modules::balances::invariants::{self, Violation},
    ports::{Fault, StateReader},
    state::{ChangeSet, Commitment, Entry, EntryKey, NodeKey, NodeSource, TrieId, commitment},
};

/// Flat state, code and trie nodes of one block boundary.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MemoryState {
    accounts: BTreeMap<AccountId, Account>,
    entries: BTreeMap<EntryKey, Entry>,
    codes: BTreeMap<Hash, Arc<[u8]>>,
    nodes: BTreeMap<NodeKey, Vec<u8>>,
}

impl MemoryState {
    /// The state before any block.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a block's changes over.
    pub fn apply(&mut self, applied: &Applied) {
        self.apply_changes(&applied.changes, &applied.commitment);
    }

    /// As [`MemoryState::apply`], from the two parts that matter.
    pub fn apply_changes(&mut self, changes: &ChangeSet, commitment: &Commitment) {
        self.accounts.extend(changes.accounts().iter().copied());
        for (key, entry) in changes.entries() {
            match entry {
                Some(entry) => _ = self.entries.insert(key.clone(), entry.clone()),
                None => _ = self.entries.remove(key),
            }
        }
        self.codes.extend(changes.codes().iter().map(|(hash, code)| (*hash, Arc::clone(code))));
        for (key, node) in &commitment.nodes {
            match node {
                Some(node) => _ = self.nodes.insert(*key, node.clone()),
                None => _ = self.nodes.remove(key),
            }
        }
    }

    /// All accounts, ascending.
    #[must_use]
    pub const fn accounts(&self) -> &BTreeMap<AccountId, Account> {
        &self.accounts
    }

    /// All entries, ascending.
    #[must_use]
    pub const fn entries(&self) -> &BTreeMap<EntryKey, Entry> {
        &self.entries
    }

    /// All trie nodes, ascending.
    #[must_use]
    pub const fn nodes(&self) -> &BTreeMap<NodeKey, Vec<u8>> {
        &self.nodes
    }

    /// The state root, from flat state alone.
    ///
    /// # Errors
    /// Those of [`commitment::state_root_of`].
    pub fn state_root(&self) -> Result<Hash, Fault> {
        let entries = self.entries.iter().map(|(key, entry)| (key.clone(), entry.clone()));
        commitment::state_root_of(self.accounts.iter().map(|(id, account)| (*id, *account)), entries)
    }

    /// Checks the invariants of the coin.
    ///
    /// # Errors
    /// The first [`Violation`].
    pub fn check_invariants(&self) -> Result<(), Violation> {
        invariants::check(&self.accounts, &self.entries)
    }
}

impl StateReader for MemoryState {
    fn account(&self, id: &AccountId) -> Result<Option<Account>, Fault> {
        Ok(self.accounts.get(id).copied())
    }

    fn entry(&self, contract: &AccountId, cell: u16, key: &[u8]) -> Result<Option<Entry>, Fault> {
        Ok(self.entries.get(&EntryKey { contract: *contract, cell, key: key.into() }).cloned())
    }

    fn code(&self, hash: &Hash) -> Result<Option<Arc<[u8]>>, Fault> {
        Ok(self.codes.get(hash).cloned())
    }
}

impl NodeSource for MemoryState {
    fn node(&self, trie: TrieId, path: &Nibbles) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.nodes.get(&NodeKey { trie, path: *path }).cloned())
    }
}
