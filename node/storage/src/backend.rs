//! What the store asks of an ordered key-value store: get, scan, and one kind of write, which is atomic and durable.

use crate::{BackendError, record};

/// A key space of its own. The number enters checksums and the write-ahead log, the name is the column family's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
#[non_exhaustive]
pub enum Column {
    /// Format, chain, head.
    Meta = 0,
    /// Accounts under their id.
    Accounts = 1,
    /// Entries under contract, cell and key.
    Entries = 2,
    /// Contract code under its hash.
    Codes = 3,
    /// Trie nodes under owner and path.
    Nodes = 4,
    /// Prior values of the four columns above.
    History = 5,
    /// Headers by height.
    Headers = 6,
    /// Heights by block hash.
    Hashes = 7,
    /// Blocks by height.
    Blocks = 8,
    /// Receipts by height, in chunks.
    Receipts = 9,
    /// Events by height, in chunks.
    Events = 10,
    /// Where a contract announced something.
    EventIndex = 11,
    /// Where a transaction was included.
    Transactions = 12,
}

impl Column {
    /// Every column; `Meta` first, so that a store whose creation was cut short is recognised.
    pub const ALL: [Self; 13] = [
        Self::Meta,
        Self::Accounts,
        Self::Entries,
        Self::Codes,
        Self::Nodes,
        Self::History,
        Self::Headers,
        Self::Hashes,
        Self::Blocks,
        Self::Receipts,
        Self::Events,
        Self::EventIndex,
        Self::Transactions,
    ];

    /// Name of the column family.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Accounts => "accounts",
            Self::Entries => "entries",
            Self::Codes => "codes",
            Self::Nodes => "nodes",
            Self::History => "history",
            Self::Headers => "headers",
            Self::Hashes => "hashes",
            Self::Blocks => "blocks",
            Self::Receipts => "receipts",
            Self::Events => "events",
            Self::EventIndex => "event_index",
            Self::Transactions => "transactions",
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|column| *column as u8 == byte)
    }
}

/// What a backend has done since it was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Batches written.
    pub writes: u64,
    /// Times the write-ahead log was brought to the disk.
    pub syncs: u64,
    /// Bytes of keys and values in those batches.
    pub written_bytes: u64,
}

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Rows in ascending order of keys, as they were at one moment no earlier than the call that gave the scan.
pub type Scan<'a> = Box<dyn Iterator<Item = Result<Row, BackendError>> + 'a>;

/// An ordered key-value store with columns, for any number of reading threads and one writing at a time.
///
/// Contract: a batch is seen whole or not at all, by readers and after a crash. When [`write`](Self::write) has
/// returned `Ok` it survives power loss. When it has returned an error the batch may or may not survive, the handle
/// is poisoned, and every later call returns [`BackendError::Poisoned`]. Batches survive in the order of their
/// writes: one that survives has all before it.
pub trait Backend: Send + Sync {
    /// The value under `key`.
    ///
    /// # Errors
    /// [`BackendError`] if this machine could not read, or the handle is poisoned.
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, BackendError>;

    /// Rows with keys from `from` on and before `until`; an empty `until` is no bound.
    ///
    /// # Errors
    /// [`BackendError::Poisoned`]; failures to read are items of the scan, which ends after one.
    fn scan(&self, column: Column, from: &[u8], until: &[u8]) -> Result<Scan<'_>, BackendError>;

    /// Writes all of `batch` and brings it to the disk before it returns. Later operations of the batch win over
    /// earlier ones.
    ///
    /// # Errors
    /// [`BackendError`]; the handle is poisoned afterwards.
    fn write(&self, batch: &Batch) -> Result<(), BackendError>;

    /// What was done since the backend was opened.
    fn counters(&self) -> Counters;
}

/// An operation of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation<'a> {
    /// Puts or replaces a value.
    Put {
        /// Where.
        column: Column,
        /// Under which key.
        key: &'a [u8],
        /// The sealed value.
        value: &'a [u8],
    },
    /// Removes a value, if there is one.
    Delete {
        /// Where.
        column: Column,
        /// Under which key.
        key: &'a [u8],
    },
    /// Removes every key from `from` on and before `until`.
    DeleteRange {
        /// Where.
        column: Column,
        /// First key removed.
        from: &'a [u8],
        /// First key kept.
        until: &'a [u8],
    },
}

const PUT: u8 = 0;
const DELETE: u8 = 1;
const DELETE_RANGE: u8 = 2;

/// Operations that are done together, in one block of memory:
/// `kind u8 | column u8 | size u32 LE | key | size u32 LE | value`, one after the other.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    count: u64,
}

impl Batch {
    /// No operations, with room for `bytes` bytes of them.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), count: 0 }
    }

    /// Puts `payload` in an envelope under `key`.
    pub fn put(&mut self, column: Column, key: &[u8], payload: &[u8]) {
        self.begin(PUT, column, key);
        self.put_size(payload.len() + record::ENVELOPE_SIZE);
        record::seal(&mut self.bytes, column, key, payload);
    }

    /// Puts a value as it is: for what stands outside the envelope, and for tests that damage records.
    pub fn put_raw(&mut self, column: Column, key: &[u8], value: &[u8]) {
        self.begin(PUT, column, key);
        self.put_part(value);
    }

    /// Removes a key.
    pub fn delete(&mut self, column: Column, key: &[u8]) {
        self.begin(DELETE, column, key);
        self.put_size(0);
    }

    /// Removes the keys from `from` on and before `until`.
    pub fn delete_range(&mut self, column: Column, from: &[u8], until: &[u8]) {
        self.begin(DELETE_RANGE, column, from);
        self.put_part(until);
    }

    fn begin(&mut self, kind: u8, column: Column, key: &[u8]) {
        self.count += 1;
        self.bytes.push(kind);
        self.bytes.push(column as u8);
        self.put_part(key);
    }

    fn put_part(&mut self, part: &[u8]) {
        self.put_size(part.len());
        self.bytes.extend_from_slice(part);
    }

    fn put_size(&mut self, size: usize) {
        let size = u32::try_from(size).expect("keys and values are bounded far below 4 GiB by their types");
        self.bytes.extend_from_slice(&size.to_le_bytes());
    }

    /// Number of operations.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Bytes of all operations.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The operations in order.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        parse(&self.bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Operations from their bytes; ends at the first that is not whole.
pub(crate) fn parse(mut bytes: &[u8]) -> impl Iterator<Item = Operation<'_>> {
    std::iter::from_fn(move || {
        let (operation, rest) = parse_one(bytes)?;
        bytes = rest;
        Some(operation)
    })
}

fn parse_one(bytes: &[u8]) -> Option<(Operation<'_>, &[u8])> {
    let (&[kind, column], rest) = bytes.split_first_chunk()?;
    let column = Column::from_byte(column)?;
    let (key, rest) = parse_part(rest)?;
    let (value, rest) = parse_part(rest)?;
    let operation = match kind {
        PUT => Operation::Put { column, key, value },
        DELETE => Operation::Delete { column, key },
        DELETE_RANGE => Operation::DeleteRange { column, from: key, until: value },
        _ => return None,
    };
    Some((operation, rest))
}

fn parse_part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*size)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_come_back_in_order() {
        let mut batch = Batch::default();
        batch.put_raw(Column::Meta, b"a", b"1");
        batch.delete(Column::Nodes, b"b");
        batch.delete_range(Column::History, b"c", b"d");
        batch.put(Column::Blocks, b"", b"");
        let operations: Vec<_> = batch.operations().collect();
        assert_eq!(operations.len(), 4);
        assert_eq!(operations[0], Operation::Put { column: Column::Meta, key: b"a", value: b"1" });
        assert_eq!(operations[1], Operation::Delete { column: Column::Nodes, key: b"b" });
        assert_eq!(
            operations[2],
            Operation::DeleteRange { column: Column::History, from: b"c", until: b"d" }
        );
        assert!(
            matches!(operations[3], Operation::Put { value, .. } if value.len() == record::ENVELOPE_SIZE)
        );
        assert_eq!(batch.count(), 4);
    }

    #[test]
    fn a_cut_batch_ends_early_and_never_reads_past() {
        let mut batch = Batch::default();
        batch.put_raw(Column::Meta, b"key", b"value");
        for length in 0..batch.size_bytes() {
            assert_eq!(parse(&batch.as_bytes()[..length]).count(), 0, "{length}");
        }
    }
}
