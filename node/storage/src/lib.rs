//! Durable bytes: blocks, state, history, recovery.
//!
//! # Promise
//! A block is one atomic batch — flat state, trie nodes, history, block, receipts, events, indexes, head — that is
//! synced to the disk before [`Store::commit_block`] returns. After `kill -9` or power loss the store is at a block
//! boundary: the last one it acknowledged, or the one it was writing. A write that failed leaves a handle that
//! refuses everything; reopening tells which boundary it is. Damaged bytes are a typed [`StorageFault`], never other
//! data.
//!
//! # Format 1
//! Thirteen [`Column`]s; their keys stand in `keys`. Every value has an envelope with version and
//! checksum over column, key and payload (`record`), but for `format` in the meta column, which must
//! be readable to any version: `"chainstack store" | version u32 LE | crc u32 LE`.
//!
//! | meta key | payload |
//! | --- | --- |
//! | `format` | as above, without an envelope |
//! | `chain` | SCALE (hash of the genesis header, history mode u8) |
//! | `head` | SCALE (height, block hash, oldest readable height, mountain range over its ancestors) |
//!
//! # Recovery
//! The backend replays its log up to the first record that is not whole; if that is before what was acknowledged, it
//! is a fault ([`StorageFault::Lost`]), not an earlier block. [`Store::open`] checks format, chain, head
//! record, the head's block, receipts and root node against each other; [`Store::verify`] walks every height and
//! recomputes the root from flat state.
//!
//! # Rooms
//! | module | holds |
//! | --- | --- |
//! | `backend` | what is asked of a key-value store; `memory` and `rocks` are two |
//! | `keys`, `record` | the format: keys, envelope |
//! | `history` | prior values, pruning |
//! | `store` | blocks in, views and queries out, revert |
//! | `recovery` | checks at open and on request |
//! | `warm` | bounded memory in front of the database |
#![forbid(unsafe_code)]

mod backend;
mod error;
mod history;
mod keys;
mod memory;
mod record;
mod recovery;
#[cfg(feature = "rocksdb")]
mod rocks;
mod store;
#[cfg(test)]
mod tests;
mod warm;

use chainstack_primitives::{limit_table, limits::Limit};
use chainstack_runtime::state::KEY_SIZE_MAX;

pub use backend::{Backend, Batch, Column, Counters, Operation, Row, Scan};
pub use error::{BackendError, CommitError, Damage, OpenError, RevertError, StorageFault};
pub use history::{HISTORY_DEPTH, HistoryMode};
pub use memory::{FailurePoint, MemoryBackend, MemoryDisk};
pub use recovery::Verification;
#[cfg(feature = "rocksdb")]
pub use rocks::{ACKNOWLEDGED_FILE, DatabaseMemory, LOCK_FILE, RocksBackend};
pub use store::{
    AccountRecord, BlockCommit, ENTRIES_PER_RANGE_MAX, EVENTS_PER_QUERY_MAX, EventFilter, EventPage,
    EventRecord, Head, Inclusion, QueryBounds, ROWS_PER_QUERY_MIN, StateView, Store, StoreOptions, TrieView,
    WarmUsage,
};
pub use warm::WarmLimits;

/// Limits of what is stored, for the page of limits.
pub const LIMITS: &[Limit] = limit_table! {
    KEY_SIZE_MAX, "bytes", "key of an entry";
    HISTORY_DEPTH, "blocks", "blocks before the head at which state can be read and proven, without `--archive`";
};
