//! One block, one batch.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use chainstack_primitives::{
    AccountId, Block, ChainId, Event, Hash, Height, Receipt,
    block::{BLOCK_SIZE_MAX, BLOCK_TRANSACTIONS_MAX},
    merkle::MountainRange,
};
use chainstack_runtime::{
    block::Applied,
    state::{ChangeSet, Commitment, KEY_SIZE_MAX, TrieId},
};
use parity_scale_codec::Encode;

use super::{
    AccountRecord, Head, Pending, Shared, Store, StoreOptions, Warming, blocks, events,
    meta::{CHAIN_KEY, ChainRecord, FORMAT, FORMAT_KEY, HEAD_KEY, HeadRecord, format_record},
};
use crate::{
    CommitError, Damage, OpenError, StorageFault,
    backend::{Backend, Batch, Column},
    history,
    keys::{self, ACCOUNT_TRIE, FlatKey},
    warm::Value,
};

/// A block that was executed, with all it changes.
#[derive(Clone, Debug)]
pub struct BlockCommit<'a> {
    /// The block.
    pub block: &'a Block,
    /// One receipt for each transaction, in order.
    pub receipts: &'a [Receipt],
    /// The events of each transaction, in order.
    pub events: Vec<&'a [Event]>,
    /// What changed in flat state.
    pub changes: &'a ChangeSet,
    /// The roots, and what changed in the tries.
    pub commitment: &'a Commitment,
}

impl<'a> BlockCommit<'a> {
    /// What the runtime made of `block`.
    #[must_use]
    pub fn of(block: &'a Block, applied: &'a Applied) -> Self {
        Self {
            block,
            receipts: &applied.receipts,
            events: applied.outcomes.iter().map(|outcome| outcome.events.as_slice()).collect(),
            changes: &applied.changes,
            commitment: &applied.commitment,
        }
    }
}

impl Store {
    /// Makes a block durable and moves the head to it.
    ///
    /// Flat state, trie nodes, history, block, receipts, events, indexes and head are one batch, synced before this
    /// returns. Views at older heights stay valid. One caller at a time; others wait.
    ///
    /// # Errors
    /// - [`CommitError::WrongHeight`], [`CommitError::WrongParent`] if the block does not follow the head.
    /// - [`CommitError::WrongHistory`] if the header does not commit to the chain's ancestors.
    /// - [`CommitError::WrongRoot`] if header and commitment differ, [`CommitError::WrongCounts`] if transactions,
    ///   receipts and events do.
    /// - [`CommitError::TooLarge`] if the block or an entry's key is past its limit.
    /// - [`CommitError::Fault`] if this machine failed. After a failed write the store refuses everything, and the
    ///   block may or may not be there when it is opened anew.
    ///
    /// # Cost
    /// A read of the value before for each change, warm as a rule, two writes for each change, one sync.
    pub fn commit_block(&self, commit: &BlockCommit<'_>) -> Result<Arc<Head>, CommitError> {
        let shared = &self.shared;
        let _writing = shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let parent = shared.head();
        let head = check(commit, Some(&parent))?;
        let head = Head { oldest: shared.mode.oldest(head.height(), parent.oldest), ..head };

        let mut staging = Staging::new(shared, commit, head.height());
        staging.state(commit)?;
        let Staging { mut batch, pending, .. } = staging;
        history::prune(&mut batch, shared.mode, parent.oldest, head.oldest);
        put_block(&mut batch, commit, &head)?;
        Ok(shared.publish(&batch, head, Warming::Learn(pending))?)
    }
}

/// Writes the genesis block and what says that this is a store.
pub(super) fn create(
    backend: Box<dyn Backend>,
    chain: ChainId,
    genesis: &BlockCommit<'_>,
    options: &StoreOptions,
) -> Result<Shared, OpenError> {
    let head = check(genesis, None).map_err(OpenError::Genesis)?;
    let shared = Shared::new(backend, chain, options.history, head.clone(), options.warm);
    let mut staging = Staging::new(&shared, genesis, head.height());
    staging.state(genesis).map_err(OpenError::Genesis)?;
    let Staging { mut batch, pending, .. } = staging;
    put_block(&mut batch, genesis, &head).map_err(OpenError::Genesis)?;
    batch.put(Column::Meta, CHAIN_KEY, &ChainRecord { chain, mode: options.history.to_byte() }.encode());
    batch.put_raw(Column::Meta, FORMAT_KEY, &format_record(FORMAT));
    shared.publish(&batch, head, Warming::Learn(pending))?;
    Ok(shared)
}

/// Checks that the block follows `parent` and that its parts agree; the head it makes, `oldest` not yet moved.
fn check(commit: &BlockCommit<'_>, parent: Option<&Head>) -> Result<Head, CommitError> {
    let header = &commit.block.header;
    let (core, hash) = (&header.core, header.hash());
    let expected = match parent {
        Some(head) => head.height().0.checked_add(1).map(Height),
        None => Some(Height(0)),
    };
    if expected != Some(core.height) {
        let expected = expected.unwrap_or(Height(u64::MAX));
        return Err(CommitError::WrongHeight { expected, found: core.height });
    }
    let expected = parent.map_or(Hash::ZERO, |head| head.hash);
    if header.rest.parent != expected {
        return Err(CommitError::WrongParent { expected, found: header.rest.parent });
    }
    if core.state_root != commit.commitment.state_root {
        let (expected, found) = (core.state_root, commit.commitment.state_root);
        return Err(CommitError::WrongRoot { expected, found });
    }
    let transactions = commit.block.transactions.len();
    let (receipts, events) = (commit.receipts.len(), commit.events.len());
    if transactions != receipts || transactions != events {
        return Err(CommitError::WrongCounts { transactions, receipts, events });
    }
    let limit = usize::try_from(BLOCK_TRANSACTIONS_MAX).unwrap_or(usize::MAX);
    if transactions > limit {
        return Err(CommitError::TooLarge { what: "number of transactions", found: transactions, limit });
    }
    let history = parent.map_or_else(MountainRange::default, |head| head.history.clone().appended(head.hash));
    if history.root() != core.history_root {
        return Err(CommitError::WrongHistory { expected: history.root(), found: core.history_root });
    }
    let oldest = parent.map_or(Height(0), |head| head.oldest);
    Ok(Head { header: header.clone(), hash, history, oldest })
}

/// A batch in the making.
struct Staging<'a> {
    shared: &'a Shared,
    height: Height,
    batch: Batch,
    pending: Pending,
}

/// Bytes a change takes in a batch, about: keys, values and history of the average one.
const CHANGE_SIZE_ESTIMATE: usize = 400;

impl<'a> Staging<'a> {
    fn new(shared: &'a Shared, commit: &BlockCommit<'_>, height: Height) -> Self {
        let (changes, nodes) = (commit.changes, commit.commitment.nodes.len());
        let count = changes.accounts().len() + changes.entries().len() + nodes;
        let batch = Batch::with_capacity(count * CHANGE_SIZE_ESTIMATE);
        Self { shared, height, batch, pending: Pending::with_capacity(count) }
    }

    /// Stages flat state and nodes, with what they were before.
    fn state(&mut self, commit: &BlockCommit<'_>) -> Result<(), CommitError> {
        self.accounts(commit)?;
        for (key, entry) in commit.changes.entries() {
            let too_large = || CommitError::TooLarge {
                what: "key of an entry",
                found: key.key.len(),
                limit: KEY_SIZE_MAX,
            };
            let flat = FlatKey::entry(&key.contract, key.cell, &key.key).ok_or_else(too_large)?;
            self.change(&flat, entry.as_ref().map(|entry| entry.encode().into()))?;
        }
        for (hash, code) in commit.changes.codes() {
            self.change(&FlatKey::code(hash), Some(Arc::clone(code)))?;
        }
        for (key, node) in &commit.commitment.nodes {
            let owner = match key.trie {
                TrieId::Accounts => ACCOUNT_TRIE,
                TrieId::Storage(owner) => owner,
            };
            self.change(&FlatKey::node(&owner, &key.path), node.as_deref().map(Into::into))?;
        }
        Ok(())
    }

    /// Stages the records of accounts that changed themselves or in their storage root.
    fn accounts(&mut self, commit: &BlockCommit<'_>) -> Result<(), CommitError> {
        let roots: BTreeMap<AccountId, Hash> = commit.commitment.storage_roots.iter().copied().collect();
        let mut touched: BTreeMap<AccountId, _> =
            commit.changes.accounts().iter().map(|(id, account)| (*id, Some(*account))).collect();
        for id in roots.keys() {
            touched.entry(*id).or_insert(None);
        }
        for (id, account) in touched {
            let key = FlatKey::account(&id);
            let before = AccountRecord::decode_value(&id, self.shared.newest(&key)?.as_deref())?;
            if account.is_none() && before.is_none() {
                // Entries of an account that is not there: flat state and commitment come from different states.
                return Err(StorageFault::corrupt(Column::Accounts, &id.0, Damage::Missing).into());
            }
            let mut record = before.unwrap_or_default();
            record.account = account.unwrap_or(record.account);
            record.storage_root = roots.get(&id).copied().unwrap_or(record.storage_root);
            self.change(&key, Some(record.encode().into()))?;
        }
        Ok(())
    }

    /// Stages one change and the value before it; nothing if they are equal.
    fn change(&mut self, key: &FlatKey, value: Value) -> Result<(), StorageFault> {
        let before = self.shared.newest(key)?;
        if before == value {
            return Ok(());
        }
        let column = key.space().column();
        match &value {
            Some(payload) => self.batch.put(column, key.flat(), payload),
            None => self.batch.delete(column, key.flat()),
        }
        history::record(&mut self.batch, self.shared.mode, key, self.height, &before);
        self.pending.push((key.tagged().into(), value));
        Ok(())
    }
}

/// Stages the block itself, its outcomes, indexes, and the head.
fn put_block(batch: &mut Batch, commit: &BlockCommit<'_>, head: &Head) -> Result<(), CommitError> {
    let height = head.height();
    let bytes = commit.block.encode();
    if bytes.len() > BLOCK_SIZE_MAX {
        return Err(CommitError::TooLarge { what: "block", found: bytes.len(), limit: BLOCK_SIZE_MAX });
    }
    batch.put(Column::Blocks, &keys::height(height), &bytes);
    batch.put(Column::Headers, &keys::height(height), &commit.block.header.encode());
    batch.put(Column::Hashes, &head.hash.0, &height.0.to_le_bytes());
    blocks::put_receipts(batch, height, commit.receipts);
    events::put(batch, height, &commit.events);
    batch.put(Column::Meta, HEAD_KEY, &HeadRecord::of(head).encode());
    Ok(())
}
