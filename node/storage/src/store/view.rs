//! State at one block boundary.

use std::{borrow::Cow, sync::Arc};

use chainstack_primitives::{Account, AccountId, Hash, Height};
use chainstack_runtime::{
    ports::{Fault, StateReader},
    state::{Entry, NodeSource, TrieId},
};
use chainstack_trie::{EMPTY_ROOT, Nibbles, NodeReader};
use parity_scale_codec::{DecodeAll, Encode};

use super::{Moment, Shared, Store};
use crate::{
    Damage, StorageFault,
    backend::Column,
    keys::{ACCOUNT_TRIE, FlatKey},
};

/// An account with the root of its storage trie: all that its leaf commits to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountRecord {
    /// The account.
    pub account: Account,
    /// Root of its entries; that of the empty trie if it has none.
    pub storage_root: Hash,
}

impl Default for AccountRecord {
    fn default() -> Self {
        Self { account: Account::default(), storage_root: EMPTY_ROOT }
    }
}

impl AccountRecord {
    pub(crate) fn encode(&self) -> Vec<u8> {
        (self.account, self.storage_root).encode()
    }

    pub(crate) fn decode(id: &AccountId, payload: &[u8]) -> Result<Self, StorageFault> {
        let (account, storage_root) = DecodeAll::decode_all(&mut &*payload)
            .map_err(|_| StorageFault::corrupt(Column::Accounts, &id.0, Damage::Malformed))?;
        Ok(Self { account, storage_root })
    }

    pub(crate) fn decode_value(id: &AccountId, payload: Option<&[u8]>) -> Result<Option<Self>, StorageFault> {
        payload.map(|bytes| Self::decode(id, bytes)).transpose()
    }
}

/// State as one block left it. Costs nothing to make or to clone, may be used from any thread, and stays valid
/// while further blocks are committed, until they are [`HISTORY_DEPTH`](crate::HISTORY_DEPTH) ahead.
///
/// Every read is of exactly this boundary, or a fault: [`StorageFault::Pruned`] once the view is too old,
/// [`StorageFault::Reverted`] once the chain was reverted, whichever way.
///
/// # Cost
/// At the head a warm read takes a fraction of a microsecond and a cold one a database read; at an older height,
/// a seek or up to three more.
#[derive(Clone)]
pub struct StateView {
    shared: Arc<Shared>,
    at: Moment,
    state_root: Hash,
}

impl Store {
    /// State at the head.
    #[must_use]
    pub fn view(&self) -> StateView {
        let (head, at) = self.shared.head_moment();
        StateView { shared: Arc::clone(&self.shared), at, state_root: head.state_root() }
    }

    /// State at `height`.
    ///
    /// # Errors
    /// [`StorageFault::Ahead`], [`StorageFault::Pruned`], or another [`StorageFault`] if this machine cannot read
    /// the header.
    pub fn view_at(&self, height: Height) -> Result<StateView, StorageFault> {
        let (head, at) = self.shared.head_moment();
        if height == head.height() {
            // Of the head at hand: another one may have come since.
            return Ok(StateView { shared: Arc::clone(&self.shared), at, state_root: head.state_root() });
        }
        if height > head.height() {
            return Err(StorageFault::Ahead { height, head: head.height() });
        }
        let at = Moment { height, ..at };
        self.shared.check(at)?;
        let state_root = self.shared.header_at(height)?.core.state_root;
        Ok(StateView { shared: Arc::clone(&self.shared), at, state_root })
    }
}

impl StateView {
    /// The block whose state this is.
    #[must_use]
    pub fn height(&self) -> Height {
        self.at.height
    }

    /// Root of this state.
    #[must_use]
    pub fn state_root(&self) -> Hash {
        self.state_root
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(super) fn at(&self) -> Moment {
        self.at
    }

    /// An account with its storage root.
    ///
    /// # Errors
    /// [`StorageFault`] if this machine cannot read it.
    pub fn account_record(&self, id: &AccountId) -> Result<Option<AccountRecord>, StorageFault> {
        let payload = self.shared.value_at(self.at, &FlatKey::account(id))?;
        AccountRecord::decode_value(id, payload.as_deref())
    }

    /// The nodes of one trie, for proofs.
    #[must_use]
    pub fn trie(&self, trie: TrieId) -> TrieView<'_> {
        TrieView { view: self, trie }
    }

    fn node_value(&self, trie: TrieId, path: &Nibbles) -> Result<Option<Arc<[u8]>>, StorageFault> {
        let owner = match trie {
            TrieId::Accounts => ACCOUNT_TRIE,
            TrieId::Storage(owner) => owner,
        };
        self.shared.value_at(self.at, &FlatKey::node(&owner, path))
    }
}

pub(crate) fn decode_entry(flat: &[u8], payload: &[u8]) -> Result<Entry, StorageFault> {
    Entry::decode_all(&mut &*payload)
        .map_err(|_| StorageFault::corrupt(Column::Entries, flat, Damage::Malformed))
}

impl StateReader for StateView {
    fn account(&self, id: &AccountId) -> Result<Option<Account>, Fault> {
        Ok(self.account_record(id)?.map(|record| record.account))
    }

    fn entry(&self, contract: &AccountId, cell: u16, key: &[u8]) -> Result<Option<Entry>, Fault> {
        // No entry has a longer key: none was ever committed.
        let Some(flat) = FlatKey::entry(contract, cell, key) else { return Ok(None) };
        match self.shared.value_at(self.at, &flat)? {
            Some(payload) => Ok(Some(decode_entry(flat.flat(), &payload)?)),
            None => Ok(None),
        }
    }

    fn code(&self, hash: &Hash) -> Result<Option<Arc<[u8]>>, Fault> {
        Ok(self.shared.value_at(self.at, &FlatKey::code(hash))?)
    }
}

impl NodeSource for StateView {
    fn node(&self, trie: TrieId, path: &Nibbles) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.node_value(trie, path)?.map(|node| node.to_vec()))
    }

    fn trie_root(&self, trie: TrieId) -> Result<Hash, Fault> {
        match trie {
            TrieId::Accounts => Ok(self.state_root),
            TrieId::Storage(owner) => {
                Ok(self.account_record(&owner)?.map_or(EMPTY_ROOT, |record| record.storage_root))
            }
        }
    }
}

/// The stored nodes of one trie at one block boundary.
#[derive(Clone, Copy)]
pub struct TrieView<'a> {
    view: &'a StateView,
    trie: TrieId,
}

impl NodeReader for TrieView<'_> {
    type Error = Fault;

    fn node(&self, path: &Nibbles) -> Result<Option<Cow<'_, [u8]>>, Fault> {
        Ok(self.view.node_value(self.trie, path)?.map(|node| Cow::Owned(node.to_vec())))
    }
}
