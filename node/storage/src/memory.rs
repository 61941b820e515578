//! The in-memory twin of the database: same contract, with a disk that can be crashed.
//!
//! A [`MemoryDisk`] is what survives; a [`MemoryBackend`] is a process that has it open. A write appends a record
//! `size u32 LE | crc u32 LE | batch` to a log (the append) and then brings the log to the platter (the sync). Only
//! a synced record is applied and seen. Between the two, [`MemoryDisk::crash`] keeps any subset of the log's unsynced
//! sectors; opening replays the log up to the first record that is not whole, as a database with a checksummed
//! write-ahead log does. So a batch survives whole or not at all, and in order.
//!
//! [`MemoryDisk::fail_at`] makes one write fail at a chosen point.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    BackendError, OpenError,
    backend::{Backend, Batch, Column, Counters, Operation, Row, Scan, parse},
};

/// Unit in which an interrupted write may be partly on the platter, in bytes.
const SECTOR_SIZE: usize = 512;
/// Bytes before the batch in a log record.
const RECORD_HEAD: usize = 8;

/// Where a write fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FailurePoint {
    /// Nothing of the batch reaches the log: a full disk.
    BeforeWrite,
    /// A part of the batch reaches the log.
    TornWrite,
    /// The whole batch is in the log and nothing of it was synced.
    BeforeSync,
    /// The batch is durable, only nobody was told.
    AfterSync,
}

impl FailurePoint {
    /// Every point, in the order in which a write passes them.
    pub const ALL: [Self; 4] = [Self::BeforeWrite, Self::TornWrite, Self::BeforeSync, Self::AfterSync];
}

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Default)]
struct Disk {
    /// What is durable, by number of column. Shared with scans; copied if one is alive while it changes.
    columns: BTreeMap<Column, Arc<Rows>>,
    /// Log bytes that were appended and not synced.
    unsynced: Vec<u8>,
    /// Number of the session that may use the disk; 0 if none has it open.
    session: u64,
    sessions: u64,
    counters: Counters,
    failure: Option<(u64, FailurePoint)>,
}

impl Disk {
    /// Applies the whole records of the log.
    fn replay(&mut self) {
        let log = std::mem::take(&mut self.unsynced);
        let mut rest = log.as_slice();
        while let Some((batch, after)) = split_record(rest) {
            for operation in parse(batch) {
                self.apply(operation);
            }
            rest = after;
        }
    }

    fn apply(&mut self, operation: Operation<'_>) {
        match operation {
            Operation::Put { column, key, value } => {
                self.rows_mut(column).insert(key.to_vec(), value.to_vec());
            }
            Operation::Delete { column, key } => {
                self.rows_mut(column).remove(key);
            }
            Operation::DeleteRange { column, from, until } => {
                let rows = self.rows_mut(column);
                let doomed: Vec<_> = range(rows, from, until).map(|(key, _)| key.clone()).collect();
                for key in doomed {
                    rows.remove(&key);
                }
            }
        }
    }

    fn rows_mut(&mut self, column: Column) -> &mut Rows {
        Arc::make_mut(self.columns.entry(column).or_default())
    }
}

fn range<'a>(rows: &'a Rows, from: &[u8], until: &[u8]) -> impl Iterator<Item = (&'a Vec<u8>, &'a Vec<u8>)> {
    let until = until.to_vec();
    rows.range(from.to_vec()..).take_while(move |(key, _)| until.is_empty() || **key < until)
}

fn checksum(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

fn split_record(log: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, rest) = log.split_first_chunk()?;
    let (crc, rest) = rest.split_first_chunk()?;
    let (batch, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*size)).ok()?)?;
    (u32::from_le_bytes(*crc) == checksum(batch)).then_some((batch, rest))
}

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<Disk>>);

impl MemoryDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        // A panic elsewhere leaves the disk as it was before or after one operation.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the disk and replays what is left in its log.
    ///
    /// # Errors
    /// [`OpenError::Locked`] if it is open already.
    pub fn open(&self) -> Result<MemoryBackend, OpenError> {
        let mut disk = self.lock();
        if disk.session != 0 {
            return Err(OpenError::Locked { path: PathBuf::new() });
        }
        disk.replay();
        disk.sessions += 1;
        disk.session = disk.sessions;
        disk.counters = Counters::default();
        Ok(MemoryBackend { disk: self.clone(), session: disk.session, poisoned: AtomicBool::new(false) })
    }

    /// Makes write number `write` (counted from 0 since the disk was opened) fail at `point`, once.
    pub fn fail_at(&self, write: u64, point: FailurePoint) {
        self.lock().failure = Some((write, point));
    }

    /// The process dies, the machine stays on: whatever was appended survives. Handles are dead afterwards.
    pub fn kill(&self) {
        let mut disk = self.lock();
        disk.session = 0;
        disk.failure = None;
    }

    /// The machine loses power: any subset of the sectors that were appended and not synced survives, chosen by
    /// `seed`, and the rest reads as zeros or is cut off. Handles are dead afterwards.
    pub fn crash(&self, seed: u64) {
        self.kill();
        let mut disk = self.lock();
        let mut choice = Choice(seed);
        let length = disk.unsynced.len();
        // One time in four everything survives, one in four nothing, else a subset.
        match choice.below(4) {
            0 => {}
            1 => disk.unsynced.clear(),
            _ => {
                for sector in disk.unsynced.chunks_mut(SECTOR_SIZE) {
                    if choice.below(2) == 0 {
                        sector.fill(0);
                    }
                }
                disk.unsynced.truncate(choice.below(length + 1));
            }
        }
    }

    /// Changes stored bytes behind everybody's back. Whether there was a value under `key`.
    pub fn damage(&self, column: Column, key: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut disk = self.lock();
        disk.rows_mut(column).get_mut(key).map(change).is_some()
    }

    /// Keys of a column, in order.
    #[must_use]
    pub fn keys(&self, column: Column) -> Vec<Vec<u8>> {
        self.lock().columns.get(&column).map(|rows| rows.keys().cloned().collect()).unwrap_or_default()
    }
}

/// SplitMix64: enough randomness to choose sectors, the same for the same seed.
struct Choice(u64);

impl Choice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next() % bound).unwrap_or_default()
    }
}

/// A process that has a [`MemoryDisk`] open.
pub struct MemoryBackend {
    disk: MemoryDisk,
    session: u64,
    poisoned: AtomicBool,
}

impl MemoryBackend {
    /// The disk, for reading; refused if the handle is poisoned or its process has died.
    fn disk(&self, action: &'static str) -> Result<MutexGuard<'_, Disk>, BackendError> {
        if self.poisoned.load(Ordering::Acquire) {
            return Err(BackendError::Poisoned);
        }
        let disk = self.disk.lock();
        if disk.session != self.session {
            return Err(BackendError::Io {
                action,
                message: "the process that opened the disk has died".into(),
            });
        }
        Ok(disk)
    }

    fn append_and_sync(&self, batch: &Batch) -> Result<(), BackendError> {
        let mut disk = self.disk("write")?;
        let writes = disk.counters.writes;
        let failure = disk.failure.take_if(|(write, _)| *write == writes).map(|(_, point)| point);
        let fail = |action, message: &str| Err(BackendError::Io { action, message: message.into() });
        if failure == Some(FailurePoint::BeforeWrite) {
            return fail("write", "no space left on device");
        }
        let before = disk.unsynced.len();
        let bytes = batch.as_bytes();
        let size = u32::try_from(bytes.len()).map_err(|_| BackendError::Io {
            action: "write",
            message: format!("batch of {} bytes found, less than 4 GiB allowed", bytes.len()),
        })?;
        disk.unsynced.extend_from_slice(&size.to_le_bytes());
        disk.unsynced.extend_from_slice(&checksum(bytes).to_le_bytes());
        disk.unsynced.extend_from_slice(bytes);
        disk.counters.writes += 1;
        disk.counters.written_bytes += u64::from(size);
        match failure {
            Some(FailurePoint::TornWrite) => {
                let half = before + (RECORD_HEAD + bytes.len()) / 2;
                disk.unsynced.truncate(half);
                fail("write", "no space left on device")
            }
            Some(FailurePoint::BeforeSync) => fail("sync", "input/output error"),
            Some(_) => {
                disk.replay();
                disk.counters.syncs += 1;
                fail("sync", "interrupted")
            }
            None => {
                disk.replay();
                disk.counters.syncs += 1;
                Ok(())
            }
        }
    }
}

impl Backend for MemoryBackend {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, BackendError> {
        Ok(self.disk("read")?.columns.get(&column).and_then(|rows| rows.get(key)).cloned())
    }

    fn scan(&self, column: Column, from: &[u8], until: &[u8]) -> Result<Scan<'_>, BackendError> {
        let rows = self.disk("read")?.columns.get(&column).cloned().unwrap_or_default();
        let until = until.to_vec();
        let mut next = Some((from.to_vec(), true));
        Ok(Box::new(std::iter::from_fn(move || {
            let (key, inclusive) = next.take()?;
            let row = if inclusive {
                rows.range(key..).next()
            } else {
                rows.range((std::ops::Bound::Excluded(key), std::ops::Bound::Unbounded)).next()
            };
            let (key, value) = row.filter(|(key, _)| until.is_empty() || **key < until)?;
            next = Some((key.clone(), false));
            let row: Row = (key.clone(), value.clone());
            Some(Ok(row))
        })))
    }

    fn write(&self, batch: &Batch) -> Result<(), BackendError> {
        let result = self.append_and_sync(batch);
        if result.is_err() {
            self.poisoned.store(true, Ordering::Release);
        }
        result
    }

    fn counters(&self) -> Counters {
        self.disk.lock().counters
    }
}

impl Drop for MemoryBackend {
    fn drop(&mut self) {
        let mut disk = self.disk.lock();
        if disk.session == self.session {
            disk.session = 0;
        }
    }
}
