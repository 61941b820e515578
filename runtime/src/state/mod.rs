//! State: entries, uncommitted writes, net changes, deposits, and the commitment to all of it.

pub(crate) mod change;
pub mod commitment;
pub mod deposit;
pub(crate) mod entry;
pub mod escrow;
pub(crate) mod overlay;
pub mod reserved;

pub use change::ChangeSet;
pub use commitment::{Commitment, NodeKey, NodeSource, TrieId, Tries};
pub use entry::{Entry, EntryKey, KEY_SIZE_MAX, storage_key};
pub use overlay::{Checkpoint, DepositTally, Overlay, Place};
