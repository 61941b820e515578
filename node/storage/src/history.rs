//! What state was: for each change, the value before it, under the key and the height of the change.
//!
//! The value of a key at height `h` is the prior value of its **first** change after `h`; if there is none, it is
//! the value at the head. So an old read is a read of the head and a seek.
//!
//! History stands in buckets of [`BUCKET_SPAN`] heights, the bucket first in the key. A bucket is dropped whole, by
//! one range deletion, when all its heights are past use: nothing is written for each pruned key. An old read seeks
//! in the buckets between its height and the head, three at most. In archive mode there is one bucket for ever.
//!
//! Order of reads: a reader reads the head's value **first** and seeks **then**. A block that is committed in
//! between shows either in neither or in the seek, because a batch is visible whole: no lock and no snapshot of the
//! database is needed.

use chainstack_primitives::Height;

use crate::{
    Column, Damage, StorageFault,
    backend::{Backend, Batch},
    keys::{self, FlatKey, Space},
    record,
    warm::Value,
};

/// How many heights below the head state can be read, in mode [`HistoryMode::Recent`].
pub const HISTORY_DEPTH: u64 = 256;

/// Heights of one bucket.
pub(crate) const BUCKET_SPAN: u64 = 128;

/// How much history a store keeps. Fixed when the store is created.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum HistoryMode {
    /// The head and the [`HISTORY_DEPTH`] heights before it.
    #[default]
    Recent,
    /// Every height since genesis.
    Archive,
}

impl HistoryMode {
    pub(crate) fn to_byte(self) -> u8 {
        match self {
            Self::Recent => 0,
            Self::Archive => 1,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Recent),
            1 => Some(Self::Archive),
            _ => None,
        }
    }

    pub(crate) fn bucket(self, height: Height) -> u64 {
        match self {
            Self::Recent => height.0 / BUCKET_SPAN,
            Self::Archive => 0,
        }
    }

    /// Oldest height that is readable once `head` is the head, if it was `before` so far.
    pub(crate) fn oldest(self, head: Height, before: Height) -> Height {
        match self {
            Self::Recent => before.max(Height(head.0.saturating_sub(HISTORY_DEPTH))),
            Self::Archive => before,
        }
    }
}

/// Adds the value that `key` had before `height` changed it.
pub(crate) fn record(batch: &mut Batch, mode: HistoryMode, key: &FlatKey, height: Height, prior: &Value) {
    let stored = keys::history(mode.bucket(height), key.space(), key.flat(), height);
    let Some(bytes) = prior else { return batch.put(Column::History, &stored, &[0]) };
    let mut payload = Vec::with_capacity(1 + bytes.len());
    payload.push(1);
    payload.extend_from_slice(bytes);
    batch.put(Column::History, &stored, &payload);
}

/// Drops the buckets that no readable height needs any more, as the oldest one moves from `before` to `oldest`: the records of heights up to `oldest` are not
/// needed, since the value at `oldest` is found in what came later.
pub(crate) fn prune(batch: &mut Batch, mode: HistoryMode, before: Height, oldest: Height) {
    if mode == HistoryMode::Recent && oldest != before && (oldest.0 + 1).is_multiple_of(BUCKET_SPAN) {
        let until = (oldest.0 / BUCKET_SPAN + 1).to_be_bytes();
        batch.delete_range(Column::History, &0u64.to_be_bytes(), &until);
    }
}

/// The prior value in a stored record.
pub(crate) fn prior_of(key: &[u8], sealed: &[u8]) -> Result<Value, StorageFault> {
    match record::open(Column::History, key, sealed)? {
        [0] => Ok(None),
        [1, payload @ ..] => Ok(Some(payload.into())),
        _ => Err(StorageFault::corrupt(Column::History, key, Damage::Malformed)),
    }
}

/// What `key` was at height `at` if it changed since: the prior value of its first change after `at`, looked for up
/// to height `newest`.
pub(crate) fn changed_since(
    backend: &dyn Backend,
    mode: HistoryMode,
    key: &FlatKey,
    at: Height,
    newest: Height,
) -> Result<Option<Value>, StorageFault> {
    let first = Height(at.0.saturating_add(1));
    for bucket in mode.bucket(first)..=mode.bucket(newest) {
        let from = keys::history(bucket, key.space(), key.flat(), first);
        let until = keys::after_prefix(&keys::history_prefix(bucket, key.space(), key.flat()));
        if let Some(row) = backend.scan(Column::History, &from, &until)?.next() {
            let (stored, sealed) = row?;
            return prior_of(&stored, &sealed).map(Some);
        }
    }
    Ok(None)
}

/// A change found in history.
pub(crate) struct Change {
    pub(crate) stored: Vec<u8>,
    pub(crate) space: Space,
    pub(crate) flat: Vec<u8>,
    pub(crate) prior: Value,
}

/// Changes after `at` in the stored rows from `from` on and before `until`, in the order of their keys, the
/// earliest of each key first.
pub(crate) fn changes_after<'a>(
    backend: &'a dyn Backend,
    from: &[u8],
    until: &[u8],
    at: Height,
) -> Result<impl Iterator<Item = Result<Change, StorageFault>> + 'a, StorageFault> {
    let rows = backend.scan(Column::History, from, until)?;
    Ok(rows.filter_map(move |row| {
        let parsed = row.map_err(StorageFault::from).and_then(|(stored, sealed)| {
            let corrupt = || StorageFault::corrupt(Column::History, &stored, Damage::Malformed);
            let (space, flat, height) = keys::split_history(&stored).ok_or_else(corrupt)?;
            if height <= at {
                return Ok(None);
            }
            let prior = prior_of(&stored, &sealed)?;
            Ok(Some(Change { stored, space, flat, prior }))
        });
        parsed.transpose()
    }))
}
