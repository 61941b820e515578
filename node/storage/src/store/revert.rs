//! Going back: the dev chain's `revert`.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use chainstack_primitives::{Height, merkle::MountainRange};
use parity_scale_codec::Encode;

use super::{
    Head, Shared, Store, Warming, blocks, events,
    meta::{HEAD_KEY, HeadRecord},
};
use crate::{
    RevertError, StorageFault,
    backend::{Batch, Column},
    history,
    keys::{self, Space},
    warm::Value,
};

impl Store {
    /// Takes the chain back to `height` by applying history backwards, in one durable batch: state, nodes, blocks,
    /// receipts, events and indexes are as they were when that block was the head.
    ///
    /// For chains without finality only. Every view taken before answers [`StorageFault::Reverted`] from now on.
    /// History that was pruned does not come back: [`Head::oldest`] stays.
    ///
    /// # Errors
    /// [`RevertError::Ahead`], [`RevertError::Pruned`]; [`RevertError::Fault`] if this machine failed.
    ///
    /// # Cost
    /// Linear in the history kept, and in the headers up to `height`.
    pub fn revert_to(&self, height: Height) -> Result<Arc<Head>, RevertError> {
        let shared = &self.shared;
        let _writing = shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let head = shared.head();
        if height > head.height() {
            return Err(RevertError::Ahead { height, head: head.height() });
        }
        if height < head.oldest {
            return Err(RevertError::Pruned { height, oldest: head.oldest });
        }
        if height == head.height() {
            return Ok(head);
        }
        let mut batch = Batch::default();
        undo_state(shared, &mut batch, height, head.height())?;
        for undone in height.0 + 1..=head.height().0 {
            undo_block(shared, &mut batch, Height(undone))?;
        }
        let mut range = MountainRange::default();
        for kept in 0..height.0 {
            range = range.appended(shared.header_at(Height(kept))?.hash());
        }
        let header = shared.header_at(height)?;
        let hash = header.hash();
        let head = Head { header, hash, history: range, oldest: head.oldest };
        batch.put(Column::Meta, HEAD_KEY, &HeadRecord::of(&head).encode());
        Ok(shared.publish(&batch, head, Warming::Forget)?)
    }
}

/// Stages the values that every key changed after `height` had at `height`, and drops those changes from history.
fn undo_state(shared: &Shared, batch: &mut Batch, height: Height, head: Height) -> Result<(), StorageFault> {
    let mut earliest: BTreeMap<(Space, Vec<u8>), Value> = BTreeMap::new();
    for bucket in shared.mode.bucket(Height(height.0 + 1))..=shared.mode.bucket(head) {
        let from = bucket.to_be_bytes();
        let until = keys::after_prefix(&from);
        for change in history::changes_after(shared.backend.as_ref(), &from, &until, height)? {
            let change = change?;
            batch.delete(Column::History, &change.stored);
            // Buckets ascend and so do heights within a key, so the first seen is the earliest.
            earliest.entry((change.space, change.flat)).or_insert(change.prior);
        }
    }
    for ((space, flat), prior) in earliest {
        match prior {
            Some(payload) => batch.put(space.column(), &flat, &payload),
            None => batch.delete(space.column(), &flat),
        }
    }
    Ok(())
}

fn undo_block(shared: &Shared, batch: &mut Batch, height: Height) -> Result<(), StorageFault> {
    let block = shared.block_at(height)?;
    let receipts = shared.receipts_at(height, block.transactions.len())?;
    blocks::delete_receipts(batch, height, &receipts);
    events::delete(batch, height, &shared.events_at(height)?);
    batch.delete(Column::Hashes, &block.header.hash().0);
    batch.delete(Column::Headers, &keys::height(height));
    batch.delete(Column::Blocks, &keys::height(height));
    Ok(())
}
