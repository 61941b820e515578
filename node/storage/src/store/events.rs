//! Events: stored by height and transaction, found by contract and event.
//!
//! Events of a block stand in chunks of transactions; a chunk without events is not stored. For each contract that
//! announced something in a block there is one index row, which lists event, transaction and place: a query by
//! contract, or by contract and event, visits only blocks in which that contract spoke. A query reads a bounded
//! number of rows, whether or not they hold what it asks for, and says where to go on.

use std::collections::BTreeMap;

use chainstack_primitives::{AccountId, Event, Hash, Height};
use parity_scale_codec::{DecodeAll, Encode};

use super::{
    Inclusion, Shared, Store,
    blocks::{ReceiptsRead, numbered},
};
use crate::{
    Damage, StorageFault,
    backend::{Batch, Column},
    keys, record,
};

/// Transactions of one stored chunk.
pub(crate) const TRANSACTIONS_PER_CHUNK: u32 = 64;

/// Most events that one query gives.
pub const EVENTS_PER_QUERY_MAX: usize = 10_000;

/// Rows that every query may read: an index row and a chunk it names, so that each page gets further.
pub const ROWS_PER_QUERY_MIN: usize = 2;

/// How far one query goes before it says where to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueryBounds {
    /// Most events given, and never more than [`EVENTS_PER_QUERY_MAX`].
    pub events: usize,
    /// Most index rows and chunks of events read; never fewer than [`ROWS_PER_QUERY_MIN`].
    pub rows: usize,
}

/// Which events are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EventFilter {
    /// Only of this contract.
    pub contract: Option<AccountId>,
    /// Only with this id in the manifest of its contract.
    pub event: Option<u16>,
}

/// An event and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventRecord {
    /// Height of the block.
    pub height: Height,
    /// Id of the transaction.
    pub id: Hash,
    /// Place of the transaction in the block.
    pub transaction: u32,
    /// Place of the event in the transaction.
    pub index: u32,
    /// The event.
    pub event: Event,
}

/// Events found, in the order of the chain.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EventPage {
    /// The events.
    pub events: Vec<EventRecord>,
    /// Where to go on, if the query stopped at a bound: no event that was asked for stands between the last of
    /// this page and that place.
    pub next: Option<(Height, u32, u32)>,
}

/// An event of a block as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StoredEvent {
    pub(crate) transaction: u32,
    pub(crate) index: u32,
    pub(crate) event: Event,
}

/// Place of an event of a contract: event id, transaction, index.
type Posting = (u16, u32, u32);

/// Events of one transaction as they stand in a chunk.
type OfTransaction = (u32, Vec<Event>);

/// Stages the events of a block and their index.
pub(super) fn put(batch: &mut Batch, height: Height, events: &[&[Event]]) {
    let per_chunk = usize::try_from(TRANSACTIONS_PER_CHUNK).unwrap_or(usize::MAX);
    let mut index: BTreeMap<AccountId, Vec<Posting>> = BTreeMap::new();
    for (chunk, transactions) in numbered(events.chunks(per_chunk)) {
        let first = chunk * TRANSACTIONS_PER_CHUNK;
        let spoken: Vec<(u32, &[Event])> = numbered(transactions)
            .filter(|(_, events)| !events.is_empty())
            .map(|(offset, events)| (first + offset, *events))
            .collect();
        if spoken.is_empty() {
            continue;
        }
        batch.put(Column::Events, &keys::chunk(height, chunk), &spoken.encode());
        for (transaction, events) in spoken {
            for (place, event) in numbered(events) {
                index.entry(event.contract).or_default().push((event.event, transaction, place));
            }
        }
    }
    for (contract, postings) in index {
        batch.put(Column::EventIndex, &keys::at_height(&contract.0, height), &postings.encode());
    }
}

/// Stages the removal of everything that [`put`] staged.
pub(super) fn delete(batch: &mut Batch, height: Height, events: &[StoredEvent]) {
    let contracts: std::collections::BTreeSet<_> = events.iter().map(|found| found.event.contract).collect();
    for contract in contracts {
        batch.delete(Column::EventIndex, &keys::at_height(&contract.0, height));
    }
    batch.delete_range(Column::Events, &keys::height(height), &keys::after_prefix(&keys::height(height)));
}

impl Shared {
    /// All events of a block.
    pub(crate) fn events_at(&self, height: Height) -> Result<Vec<StoredEvent>, StorageFault> {
        let (from, until) = (keys::height(height), keys::after_prefix(&keys::height(height)));
        let mut found = Vec::new();
        for row in self.backend.scan(Column::Events, &from, &until)? {
            let (key, sealed) = row?;
            found.extend(stored(decode_chunk(&key, record::open(Column::Events, &key, &sealed)?)?));
        }
        Ok(found)
    }

    /// Places of a contract's events in a block; nothing if it was silent.
    pub(crate) fn postings_at(
        &self,
        contract: &AccountId,
        height: Height,
    ) -> Result<Vec<Posting>, StorageFault> {
        let key = keys::at_height(&contract.0, height);
        match self.payload(Column::EventIndex, &key)? {
            Some(payload) => decode_postings(&key, &payload),
            None => Ok(Vec::new()),
        }
    }
}

fn decode_chunk(key: &[u8], payload: &[u8]) -> Result<Vec<OfTransaction>, StorageFault> {
    let chunk = Vec::<OfTransaction>::decode_all(&mut &*payload);
    chunk.map_err(|_| StorageFault::corrupt(Column::Events, key, Damage::Malformed))
}

fn decode_postings(key: &[u8], payload: &[u8]) -> Result<Vec<Posting>, StorageFault> {
    let postings = Vec::<Posting>::decode_all(&mut &*payload);
    postings.map_err(|_| StorageFault::corrupt(Column::EventIndex, key, Damage::Malformed))
}

fn stored(chunk: Vec<OfTransaction>) -> impl Iterator<Item = StoredEvent> {
    chunk.into_iter().flat_map(|(transaction, events)| {
        numbered(events).map(move |(index, event)| StoredEvent { transaction, index, event })
    })
}

/// Whether a query goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goes {
    On,
    /// It came to a bound, and its page says where to go on.
    NoFurther,
}

/// A query under way.
struct Query<'a> {
    filter: &'a EventFilter,
    /// First place wanted.
    from: (Height, u32, u32),
    bounds: QueryBounds,
    rows: usize,
    receipts: ReceiptsRead<'a>,
    page: EventPage,
}

impl Query<'_> {
    /// Counts a row about to be read, whose events stand from `place` on.
    fn count_row(&mut self, place: (Height, u32, u32)) -> Goes {
        if self.rows >= self.bounds.rows {
            self.page.next = Some(place.max(self.from));
            return Goes::NoFurther;
        }
        self.rows += 1;
        Goes::On
    }

    /// Takes the events of a chunk of the block at `height`.
    fn take(&mut self, height: Height, chunk: Vec<OfTransaction>) -> Result<Goes, StorageFault> {
        for StoredEvent { transaction, index, event } in stored(chunk) {
            let place = (height, transaction, index);
            let wanted = place >= self.from
                && self.filter.contract.is_none_or(|contract| contract == event.contract)
                && self.filter.event.is_none_or(|id| id == event.event);
            if !wanted {
                continue;
            }
            if self.page.events.len() == self.bounds.events {
                self.page.next = Some(place);
                return Ok(Goes::NoFurther);
            }
            let id = self.receipts.id(Inclusion { height, index: transaction })?;
            self.page.events.push(EventRecord { height, id, transaction, index, event });
        }
        Ok(Goes::On)
    }
}

impl Store {
    /// Events that match `filter`, from the place `from` on (height, transaction, index) through height `last`, in
    /// the order of the chain, as far as `bounds` let it go.
    ///
    /// With a contract in the filter, rows are those of blocks in which it spoke; without, those of all blocks in the
    /// range. What is read beside them are the receipts of the transactions whose events are given, for their ids.
    ///
    /// # Errors
    /// [`StorageFault::Reverted`] if the chain was reverted meanwhile; other [`StorageFault`]s if this machine
    /// cannot read.
    pub fn events(
        &self,
        filter: &EventFilter,
        from: (Height, u32, u32),
        last: Height,
        bounds: QueryBounds,
    ) -> Result<EventPage, StorageFault> {
        let (head, moment) = self.shared.head_moment();
        let last = last.min(head.height());
        let bounds = QueryBounds {
            events: bounds.events.min(EVENTS_PER_QUERY_MAX),
            rows: bounds.rows.max(ROWS_PER_QUERY_MIN),
        };
        let receipts = ReceiptsRead::of(&self.shared);
        let mut query = Query { filter, from, bounds, rows: 0, receipts, page: EventPage::default() };
        if from.0 <= last {
            let outcome = match &filter.contract {
                Some(contract) => self.of_contract(&mut query, contract, last),
                None => self.of_all(&mut query, last),
            };
            self.shared.check(super::Moment { height: head.height(), ..moment })?;
            outcome?;
        }
        Ok(query.page)
    }

    fn of_contract(
        &self,
        query: &mut Query<'_>,
        contract: &AccountId,
        last: Height,
    ) -> Result<Goes, StorageFault> {
        let from = keys::at_height(&contract.0, query.from.0);
        let until = keys::after_prefix(&keys::at_height(&contract.0, last));
        for row in self.shared.backend.scan(Column::EventIndex, &from, &until)? {
            let (key, sealed) = row?;
            let height = key.get(32..).and_then(keys::height_of);
            let corrupt = || StorageFault::corrupt(Column::EventIndex, &key, Damage::Malformed);
            let height = height.ok_or_else(corrupt)?;
            if query.count_row((height, 0, 0)) == Goes::NoFurther {
                return Ok(Goes::NoFurther);
            }
            let postings = decode_postings(&key, record::open(Column::EventIndex, &key, &sealed)?)?;
            let mut chunks: Vec<u32> = postings
                .iter()
                .filter(|(event, ..)| query.filter.event.is_none_or(|wanted| wanted == *event))
                .filter(|(_, transaction, index)| (height, *transaction, *index) >= query.from)
                .map(|(_, transaction, _)| transaction / TRANSACTIONS_PER_CHUNK)
                .collect();
            chunks.dedup();
            for chunk in chunks {
                if query.count_row((height, chunk * TRANSACTIONS_PER_CHUNK, 0)) == Goes::NoFurther {
                    return Ok(Goes::NoFurther);
                }
                let key = keys::chunk(height, chunk);
                let payload = self.shared.payload(Column::Events, &key)?;
                let payload =
                    payload.ok_or_else(|| StorageFault::corrupt(Column::Events, &key, Damage::Missing))?;
                if query.take(height, decode_chunk(&key, &payload)?)? == Goes::NoFurther {
                    return Ok(Goes::NoFurther);
                }
            }
        }
        Ok(Goes::On)
    }

    fn of_all(&self, query: &mut Query<'_>, last: Height) -> Result<Goes, StorageFault> {
        let (height, transaction, _) = query.from;
        let from = keys::chunk(height, transaction / TRANSACTIONS_PER_CHUNK);
        let until = keys::after_prefix(&keys::height(last));
        for row in self.shared.backend.scan(Column::Events, &from, &until)? {
            let (key, sealed) = row?;
            let corrupt = || StorageFault::corrupt(Column::Events, &key, Damage::Malformed);
            let (height, chunk) = keys::split_chunk(&key).ok_or_else(corrupt)?;
            let first = chunk.checked_mul(TRANSACTIONS_PER_CHUNK).ok_or_else(corrupt)?;
            if query.count_row((height, first, 0)) == Goes::NoFurther {
                return Ok(Goes::NoFurther);
            }
            let chunk = decode_chunk(&key, record::open(Column::Events, &key, &sealed)?)?;
            if query.take(height, chunk)? == Goes::NoFurther {
                return Ok(Goes::NoFurther);
            }
        }
        Ok(Goes::On)
    }
}
