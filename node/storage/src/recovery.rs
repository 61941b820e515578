//! What is checked before a store is used, and what can be checked on request.
//!
//! At open: the format's version, the chain, and around the head that header, block, receipts, hash index and root
//! node agree. A batch is whole or absent, so what the log's replay gives is a block boundary; these checks find
//! damage, another program's data, and a folder put together from two.
//!
//! On request ([`Store::verify`]): every height from genesis has its header, block, receipts, events and indexes,
//! linked by hash, without holes, and there are no rows beside those; each code is what its hash says, and each
//! contract's is there; the state root recomputed from flat state is the head's, twice, in two ways; the stored nodes
//! are exactly those of these tries.

use std::collections::{BTreeMap, BTreeSet};

use chainstack_primitives::{
    AccountId, ChainId, Event, Hash, Header, Height, Tag, events_root, keccak256, merkle::MountainRange,
    receipt_root, tagged, transaction_root,
};
use chainstack_runtime::state::{
    Entry, EntryKey,
    commitment::{account_leaf, storage_leaf},
};
use chainstack_trie::{EMPTY_ROOT, MemoryNodes, Nibbles, NoNodes, Sequential};
use parity_scale_codec::DecodeAll;

use crate::{
    Column, Damage, HistoryMode, OpenError, StorageFault,
    backend::Backend,
    keys::{self, ACCOUNT_TRIE, Space},
    record,
    store::{
        AccountRecord, Head, Inclusion, Shared, Store,
        blocks::RECEIPTS_PER_CHUNK,
        events::TRANSACTIONS_PER_CHUNK,
        meta::{CHAIN_KEY, ChainRecord, FORMAT, FORMAT_KEY, HEAD_KEY, HeadRecord, format_version},
    },
};

/// What a store says about itself.
pub(crate) struct Identity {
    pub(crate) chain: ChainId,
    pub(crate) mode: HistoryMode,
}

/// Reads format and chain.
///
/// # Errors
/// [`OpenError::Empty`], [`OpenError::UnknownFormat`], [`OpenError::NotAStore`], [`OpenError::Fault`].
pub(crate) fn identify(backend: &dyn Backend) -> Result<Identity, OpenError> {
    let Some(format) = backend.get(Column::Meta, FORMAT_KEY)? else {
        for column in Column::ALL {
            if backend.scan(column, &[], &[])?.next().transpose()?.is_some() {
                return Err(OpenError::NotAStore);
            }
        }
        return Err(OpenError::Empty);
    };
    let corrupt = |key, damage| OpenError::Fault(StorageFault::corrupt(Column::Meta, key, damage));
    match format_version(&format) {
        Some(FORMAT) => {}
        Some(found) => return Err(OpenError::UnknownFormat { found, expected: FORMAT }),
        None => return Err(corrupt(FORMAT_KEY, Damage::Checksum)),
    }
    let chain: ChainRecord = read_meta(backend, CHAIN_KEY)?;
    let mode = HistoryMode::from_byte(chain.mode).ok_or_else(|| corrupt(CHAIN_KEY, Damage::Malformed))?;
    Ok(Identity { chain: chain.chain, mode })
}

fn read<T: DecodeAll>(backend: &dyn Backend, column: Column, key: &[u8]) -> Result<T, StorageFault> {
    let sealed =
        backend.get(column, key)?.ok_or_else(|| StorageFault::corrupt(column, key, Damage::Missing))?;
    let payload = record::open(column, key, &sealed)?;
    T::decode_all(&mut &*payload).map_err(|_| StorageFault::corrupt(column, key, Damage::Malformed))
}

fn read_meta<T: DecodeAll>(backend: &dyn Backend, key: &[u8]) -> Result<T, StorageFault> {
    read(backend, Column::Meta, key)
}

fn contradiction(column: Column, key: &[u8]) -> StorageFault {
    StorageFault::corrupt(column, key, Damage::Contradiction)
}

/// Reads the head: its record and its header, which have to agree.
pub(crate) fn read_head(backend: &dyn Backend) -> Result<Head, StorageFault> {
    let stored: HeadRecord = read_meta(backend, HEAD_KEY)?;
    let key = keys::height(stored.height);
    let header: Header = read(backend, Column::Headers, &key)?;
    if header.core.height != stored.height || header.hash() != stored.hash {
        return Err(contradiction(Column::Headers, &key));
    }
    let fits = stored.history.count() == stored.height.0 && stored.history.root() == header.core.history_root;
    if !fits || stored.oldest > stored.height {
        return Err(contradiction(Column::Meta, HEAD_KEY));
    }
    Ok(Head { header, hash: stored.hash, history: stored.history, oldest: stored.oldest })
}

/// Checks what stands around the head: block, receipts, hash index and root node.
pub(crate) fn check_head(shared: &Shared) -> Result<(), StorageFault> {
    let head = shared.head();
    let (height, rest) = (head.height(), &head.header.rest);
    let key = keys::height(height);
    let block = shared.block_at(height)?;
    if block.header != head.header || transaction_root(&block.transactions) != rest.tx_root {
        return Err(contradiction(Column::Blocks, &key));
    }
    if receipt_root(&shared.receipts_at(height, block.transactions.len())?) != rest.receipt_root {
        return Err(contradiction(Column::Receipts, &key));
    }
    let indexed: [u8; 8] = shared.required(Column::Hashes, &head.hash.0)?;
    if indexed != height.0.to_le_bytes() {
        return Err(contradiction(Column::Hashes, &head.hash.0));
    }
    let root_key = keys::FlatKey::node(&ACCOUNT_TRIE, &Nibbles::EMPTY);
    let root = shared.payload(Column::Nodes, root_key.flat())?.map_or(EMPTY_ROOT, |node| keccak256(&node));
    if root != head.state_root() {
        return Err(contradiction(Column::Nodes, root_key.flat()));
    }
    Ok(())
}

/// What a full check has seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Verification {
    /// Blocks walked, genesis included.
    pub blocks: u64,
    /// Transactions in them.
    pub transactions: u64,
    /// Accounts of the head's state.
    pub accounts: u64,
    /// Entries of the head's state.
    pub entries: u64,
    /// Stored trie nodes.
    pub nodes: u64,
}

impl Store {
    /// Checks everything: every block, and the head's state from nothing. No block can be committed meanwhile.
    ///
    /// # Errors
    /// [`StorageFault::Corrupt`] with the first record that is damaged, missing or contradicts another.
    ///
    /// # Cost
    /// Reads the whole store; holds the leaves of the state in memory.
    pub fn verify(&self) -> Result<Verification, StorageFault> {
        let _still = self.shared.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut seen = Verification::default();
        verify_blocks(self, &mut seen)?;
        verify_state(&self.shared, &mut seen)?;
        Ok(seen)
    }
}

/// Walks all heights: no holes, each block linked to the one before, outcomes under their roots, indexes complete.
fn verify_blocks(store: &Store, seen: &mut Verification) -> Result<(), StorageFault> {
    let shared = &store.shared;
    let head = shared.head();
    let (mut parent, mut range) = (Hash::ZERO, MountainRange::default());
    let mut demand = Demand::default();
    for height in (0..=head.height().0).map(Height) {
        let key = keys::height(height);
        let (header, block) = (shared.header_at(height)?, shared.block_at(height)?);
        let hash = header.hash();
        if block.header != header || header.core.height != height || header.rest.parent != parent {
            return Err(contradiction(Column::Headers, &key));
        }
        if store.height_of(&hash)? != Some(height) {
            return Err(contradiction(Column::Hashes, &hash.0));
        }
        if transaction_root(&block.transactions) != header.rest.tx_root {
            return Err(contradiction(Column::Blocks, &key));
        }
        verify_outcomes(store, &header, &block.transactions, &mut demand)?;
        demand.add(Column::Hashes, 1);
        if range.root() != header.core.history_root {
            return Err(contradiction(Column::Headers, &key));
        }
        parent = hash;
        if height < head.height() {
            range = range.appended(hash);
        }
        seen.blocks += 1;
        seen.transactions += u64::try_from(block.transactions.len()).unwrap_or(u64::MAX);
    }
    if parent != head.hash || range != head.history {
        return Err(contradiction(Column::Meta, HEAD_KEY));
    }
    let above = keys::height(Height(head.height().0.saturating_add(1)));
    for column in [Column::Headers, Column::Blocks, Column::Receipts, Column::Events] {
        if let Some(row) = shared.backend.scan(column, &above, &[])?.next() {
            return Err(contradiction(column, &row?.0));
        }
    }
    demand.nothing_else(shared)
}

/// Rows that the blocks demand, by column.
#[derive(Default)]
struct Demand(BTreeMap<Column, u64>);

impl Demand {
    fn add(&mut self, column: Column, rows: usize) {
        let count = self.0.entry(column).or_default();
        *count = count.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
    }

    /// Whether there are no rows beside them. All that are demanded were found, so one more is one too many.
    fn nothing_else(&self, shared: &Shared) -> Result<(), StorageFault> {
        for (column, demanded) in &self.0 {
            let (mut found, mut last) = (0u64, Vec::new());
            for row in shared.backend.scan(*column, &[], &[])? {
                (found, last) = (found.saturating_add(1), row?.0);
            }
            if found != *demanded {
                return Err(contradiction(*column, &last));
            }
        }
        Ok(())
    }
}

fn verify_outcomes(
    store: &Store,
    header: &Header,
    transactions: &[chainstack_primitives::Transaction],
    demand: &mut Demand,
) -> Result<(), StorageFault> {
    let (shared, height) = (&store.shared, header.core.height);
    let key = keys::height(height);
    let receipts = shared.receipts_at(height, transactions.len())?;
    if receipt_root(&receipts) != header.rest.receipt_root {
        return Err(contradiction(Column::Receipts, &key));
    }
    let mut events: BTreeMap<u32, Vec<Event>> = BTreeMap::new();
    let mut postings: BTreeMap<AccountId, Vec<(u16, u32, u32)>> = BTreeMap::new();
    let mut chunks = BTreeSet::new();
    for found in shared.events_at(height)? {
        chunks.insert(found.transaction / TRANSACTIONS_PER_CHUNK);
        let of_contract = postings.entry(found.event.contract).or_default();
        of_contract.push((found.event.event, found.transaction, found.index));
        events.entry(found.transaction).or_default().push(found.event);
    }
    for (index, (transaction, receipt)) in (0u32..).zip(transactions.iter().zip(&receipts)) {
        let of_this = events.remove(&index).unwrap_or_default();
        if transaction.id() != receipt.id || events_root(&of_this) != receipt.events_root {
            return Err(contradiction(Column::Receipts, &key));
        }
        if !store.transaction(&receipt.id)?.contains(&Inclusion { height, index }) {
            return Err(contradiction(Column::Transactions, &receipt.id.0));
        }
    }
    if !events.is_empty() {
        return Err(contradiction(Column::Events, &key));
    }
    let per_chunk = usize::try_from(RECEIPTS_PER_CHUNK).unwrap_or(usize::MAX);
    demand.add(Column::Receipts, receipts.len().div_ceil(per_chunk));
    demand.add(Column::Transactions, transactions.len());
    demand.add(Column::Events, chunks.len());
    demand.add(Column::EventIndex, postings.len());
    for (contract, expected) in postings {
        if shared.postings_at(&contract, height)? != expected {
            return Err(contradiction(Column::EventIndex, &keys::at_height(&contract.0, height)));
        }
    }
    Ok(())
}

/// Whether `code` is what stands under its hash: the hash.
pub(crate) fn check_code(key: &[u8], code: &[u8]) -> Result<Hash, StorageFault> {
    let hash = tagged(Tag::Code, code);
    if hash.0 == key { Ok(hash) } else { Err(contradiction(Column::Codes, key)) }
}

/// Checks each code against its hash: the hashes.
fn verify_codes(shared: &Shared) -> Result<BTreeSet<Hash>, StorageFault> {
    let mut codes = BTreeSet::new();
    for row in shared.flat_rows(Space::Codes)? {
        let (key, code) = row?;
        codes.insert(check_code(&key, &code)?);
    }
    Ok(codes)
}

/// A trie's leaves: path and value.
type Leaves = Vec<([u8; 32], Option<Vec<u8>>)>;

/// Recomputes all tries from flat state, and compares roots and nodes with what is stored.
fn verify_state(shared: &Shared, seen: &mut Verification) -> Result<(), StorageFault> {
    let codes = verify_codes(shared)?;
    let mut storage: BTreeMap<AccountId, Leaves> = BTreeMap::new();
    for row in shared.flat_entries()? {
        let (contract, cell, key, entry) = row?;
        seen.entries += 1;
        storage.entry(contract).or_default().push(entry_leaf(contract, cell, key, &entry));
    }
    let mut nodes = StoredNodes::new(shared);
    let mut accounts = Leaves::new();
    for row in shared.flat_accounts()? {
        let (id, AccountRecord { account, storage_root }) = row?;
        seen.accounts += 1;
        let root = match storage.remove(&id) {
            Some(leaves) => nodes.compare(id, leaves)?,
            None => EMPTY_ROOT,
        };
        if root != storage_root {
            return Err(contradiction(Column::Accounts, &id.0));
        }
        if account.is_contract() && !codes.contains(&account.code_hash) {
            return Err(StorageFault::corrupt(Column::Codes, &account.code_hash.0, Damage::Missing));
        }
        accounts.push((id.path().0, Some(account_leaf(&account, &storage_root))));
    }
    if let Some(orphan) = storage.keys().next() {
        return Err(StorageFault::corrupt(Column::Accounts, &orphan.0, Damage::Missing));
    }
    let root = nodes.compare(ACCOUNT_TRIE, accounts)?;
    let head = shared.head();
    if root != head.state_root() {
        return Err(contradiction(Column::Headers, &keys::height(head.height())));
    }
    seen.nodes = nodes.compared;
    nodes.nothing_else()
}

fn entry_leaf(contract: AccountId, cell: u16, key: Vec<u8>, entry: &Entry) -> ([u8; 32], Option<Vec<u8>>) {
    let key = EntryKey { contract, cell, key: key.into() };
    (keccak256(&key.storage_key()).0, Some(storage_leaf(entry)))
}

/// Compares stored nodes with those of tries built anew.
struct StoredNodes<'a> {
    shared: &'a Shared,
    compared: u64,
}

impl<'a> StoredNodes<'a> {
    fn new(shared: &'a Shared) -> Self {
        Self { shared, compared: 0 }
    }

    /// Builds the trie of `owner` and compares; its root.
    fn compare(&mut self, owner: AccountId, mut leaves: Leaves) -> Result<Hash, StorageFault> {
        leaves.sort_unstable_by_key(|leaf| leaf.0);
        let commit = chainstack_trie::commit(&NoNodes, EMPTY_ROOT, &leaves, &Sequential)
            .map_err(|_| contradiction(Column::Accounts, &owner.0))?;
        // The commit is the code that wrote what is checked here; the plain builder shares nothing with it.
        let plain: Vec<(&[u8], &[u8])> =
            leaves.iter().map(|(path, value)| (&path[..], value.as_deref().unwrap_or_default())).collect();
        if chainstack_trie::root_of(&plain).ok() != Some(commit.root) {
            return Err(contradiction(Column::Nodes, &owner.0));
        }
        let mut expected = MemoryNodes::new();
        expected.apply(commit.writes);
        for (path, node) in expected.iter() {
            let key = keys::FlatKey::node(&owner, path);
            let stored = self.shared.payload(Column::Nodes, key.flat())?;
            if stored.as_deref() != Some(node) {
                return Err(contradiction(Column::Nodes, key.flat()));
            }
            self.compared += 1;
        }
        Ok(commit.root)
    }

    /// Whether there are stored nodes beside those compared.
    fn nothing_else(self) -> Result<(), StorageFault> {
        let mut stored = 0u64;
        let mut last = Vec::new();
        for row in self.shared.flat_rows(Space::Nodes)? {
            let (key, _) = row?;
            keys::split_node(&key)
                .ok_or_else(|| StorageFault::corrupt(Column::Nodes, &key, Damage::Malformed))?;
            stored += 1;
            last = key;
        }
        // Every expected node was found, so more rows than those means nodes that belong to no trie.
        if stored == self.compared { Ok(()) } else { Err(contradiction(Column::Nodes, &last)) }
    }
}
