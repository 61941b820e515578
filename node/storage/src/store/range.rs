//! Walking over state in the order of keys.

use std::collections::BTreeMap;

use chainstack_primitives::{AccountId, Height};
use chainstack_runtime::state::Entry;

use super::{AccountRecord, Shared, StateView, view::decode_entry};
use crate::{
    Damage, StorageFault,
    backend::Column,
    history,
    keys::{self, ENTRY_PREFIX, FlatKey, Space},
    record,
};

/// Most entries that one call gives.
pub const ENTRIES_PER_RANGE_MAX: usize = 10_000;

impl StateView {
    /// Entries of one cell in the order of their keys, from `from` on, at most `limit` and never more than
    /// [`ENTRIES_PER_RANGE_MAX`]. To go on, call again with the last key followed by a zero byte.
    ///
    /// # Errors
    /// [`StorageFault`] if this machine cannot read.
    ///
    /// # Cost
    /// Linear in the entries given; at an older height also in the changes since, in that range of keys.
    pub fn entries(
        &self,
        contract: &AccountId,
        cell: u16,
        from: &[u8],
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Entry)>, StorageFault> {
        let limit = limit.min(ENTRIES_PER_RANGE_MAX);
        let mut found = Vec::new();
        let mut from = from.to_vec();
        // Where many entries are younger than the view, a stretch may give few of its own: go on with the next.
        loop {
            let (mut stretch, next) = self.stretch(contract, cell, &from, limit - found.len())?;
            found.append(&mut stretch);
            match next {
                Some(key) if found.len() < limit => from = key,
                _ => return Ok(found),
            }
        }
    }

    /// Entries among the next `limit` keys of the head, and where to go on.
    #[expect(clippy::type_complexity, reason = "rows and the key after them, used in one place")]
    fn stretch(
        &self,
        contract: &AccountId,
        cell: u16,
        from: &[u8],
        limit: usize,
    ) -> Result<(Vec<(Vec<u8>, Entry)>, Option<Vec<u8>>), StorageFault> {
        let (shared, at) = (self.shared(), self.at());
        let prefix = keys::entry_prefix(contract, cell);
        let calm = shared.calm();
        let (mut rows, next) = read_flat(shared, &prefix, from, limit)?;
        if !shared.undisturbed(calm, at) {
            overlay_history(shared, &prefix, from, next.as_deref(), at.height, &mut rows)?;
            shared.check(at)?;
        }
        let mut entries = Vec::with_capacity(rows.len());
        for (key, payload) in rows {
            let Some(payload) = payload else { continue };
            // The check above makes the order and bounds hold; the decoder names the record if it is damaged.
            let entry = decode_entry(&[&prefix[..], &key].concat(), &payload)?;
            entries.push((key, entry));
        }
        if let Some((key, _)) = entries.get(limit) {
            let next = key.clone();
            entries.truncate(limit);
            return Ok((entries, Some(next)));
        }
        Ok((entries, next))
    }
}

type CellRows = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The head's next `limit` rows of a cell, and the key after them.
fn read_flat(
    shared: &Shared,
    prefix: &[u8; ENTRY_PREFIX],
    from: &[u8],
    limit: usize,
) -> Result<(CellRows, Option<Vec<u8>>), StorageFault> {
    let first = [&prefix[..], from].concat();
    let mut rows = CellRows::new();
    for row in shared.backend.scan(Column::Entries, &first, &keys::after_prefix(prefix))? {
        let (flat, sealed) = row?;
        let payload = record::open(Column::Entries, &flat, &sealed)?;
        let key = flat.get(ENTRY_PREFIX..).unwrap_or_default().to_vec();
        if rows.len() == limit {
            return Ok((rows, Some(key)));
        }
        rows.insert(key, Some(payload.to_vec()));
    }
    Ok((rows, None))
}

/// Puts rows back to what they were at `at`: the first change after `at` wins.
fn overlay_history(
    shared: &Shared,
    prefix: &[u8; ENTRY_PREFIX],
    from: &[u8],
    until: Option<&[u8]>,
    at: Height,
    rows: &mut CellRows,
) -> Result<(), StorageFault> {
    let (first, newest) = (Height(at.0.saturating_add(1)), shared.newest_height());
    let mut seen = BTreeMap::new();
    for bucket in shared.mode.bucket(first)..=shared.mode.bucket(newest) {
        let (low, high) = keys::history_cell_range(bucket, prefix, from, until);
        for change in history::changes_after(shared.backend.as_ref(), &low, &high, at)? {
            let change = change?;
            let corrupt = || StorageFault::corrupt(Column::History, &change.stored, Damage::Malformed);
            let key = change.flat.get(ENTRY_PREFIX..).ok_or_else(corrupt)?.to_vec();
            // Buckets ascend and so do heights within a key, so the first seen is the earliest.
            if seen.insert(key.clone(), ()).is_none() {
                rows.insert(key, change.prior.map(|bytes| bytes.to_vec()));
            }
        }
    }
    Ok(())
}

/// Rows in the order of their keys.
type Walk<'a, T> = Result<Box<dyn Iterator<Item = Result<T, StorageFault>> + 'a>, StorageFault>;

/// Rows of flat state as they stand on disk, without the warm layer: for recovery.
impl Shared {
    pub(crate) fn flat_accounts(&self) -> Walk<'_, (AccountId, AccountRecord)> {
        Ok(Box::new(self.flat_rows(Space::Accounts)?.map(|row| {
            let (flat, payload) = row?;
            let id = flat.as_slice().try_into().map(AccountId);
            let id = id.map_err(|_| StorageFault::corrupt(Column::Accounts, &flat, Damage::Malformed))?;
            Ok((id, AccountRecord::decode(&id, &payload)?))
        })))
    }

    /// Entries with contract, cell and key, in that order.
    pub(crate) fn flat_entries(&self) -> Walk<'_, (AccountId, u16, Vec<u8>, Entry)> {
        Ok(Box::new(self.flat_rows(Space::Entries)?.map(|row| {
            let (flat, payload) = row?;
            let corrupt = || StorageFault::corrupt(Column::Entries, &flat, Damage::Malformed);
            let (contract, cell, key) = keys::split_entry(&flat).ok_or_else(corrupt)?;
            FlatKey::entry(&contract, cell, key).ok_or_else(corrupt)?;
            Ok((contract, cell, key.to_vec(), decode_entry(&flat, &payload)?))
        })))
    }

    /// Key and payload of every row of a space.
    pub(crate) fn flat_rows(&self, space: Space) -> Walk<'_, (Vec<u8>, Vec<u8>)> {
        let column = space.column();
        Ok(Box::new(self.backend.scan(column, &[], &[])?.map(move |row| {
            let (flat, mut sealed) = row?;
            record::open(column, &flat, &sealed)?;
            sealed.drain(..record::ENVELOPE_SIZE);
            Ok((flat, sealed))
        })))
    }
}
