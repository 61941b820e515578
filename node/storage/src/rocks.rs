//! The database on disk: RocksDB, one folder, one process.
//!
//! | setting | value | why |
//! | --- | --- | --- |
//! | write-ahead log | synced (fdatasync) before each write returns | a block is announced only when it is durable |
//! | recovery mode | point in time | after power loss the log may end in a torn record: replay stops there, at a block boundary. Damage in the middle stops there too; what was acknowledged stands in a file beside the database (`acknowledged`), and a replay that ends before is a fault |
//! | paranoid checks, block checksums | on | damage is an error, not another value |
//! | column families | one a column | their own memtables and filters; one batch still spans all of them |
//! | memtables | [`DatabaseMemory::memtables_bytes`] together, 256 MiB by default; each at most a quarter of that | a block of 10,000 transfers is about 10 MiB: several blocks a flush |
//! | levels | the first as large as all memtables, its files as large as one | what is flushed is merged with as much as it is, not with all there is |
//! | buffers of background jobs | a sixteenth of the memtables, at most 1 MiB to write and 2 MiB to read ahead | a small node has small files to merge |
//! | log | at most 512 MiB | bounds the replay at start to about a second |
//! | filters | 10 bits a key on flat columns, codes, nodes, hashes | a read of what is absent (a new account) costs no disk read |
//! | block cache | [`DatabaseMemory::block_cache_bytes`], 128 MiB by default, shared | the warm layer stands in front, so this only holds upper index blocks and cold reads |
//! | compression | LZ4, none in the two upper levels | half the disk for a few percent of CPU |
//! | background jobs | 2 | flush and compaction, beside execution |
//! | insert hints | on | batches are sorted, so memtable inserts are nearly sequential |
//! | open files | 32 for each MiB of memtables, at least 32 and at most 512 | small memtables make many small files, and each open one takes some KiB; 512 is below the usual limit of 1024 |
//!
//! A lock file of our own stands in the folder, so that a second process gets a clear error before it touches
//! the database.

mod acknowledged;

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, DBRawIterator,
    DBRecoveryMode, IteratorMode, Options, ReadOptions, WriteBatch, WriteOptions,
    statistics::{StatsLevel, Ticker},
};

pub use self::acknowledged::ACKNOWLEDGED_FILE;
use self::acknowledged::Acknowledged;
use crate::{
    BackendError, OpenError, StorageFault,
    backend::{Backend, Batch, Column, Counters, Operation, Row, Scan},
};

/// Name of the lock file in the data folder.
pub const LOCK_FILE: &str = "LOCK.chainstack";
/// Greatest size of the write-ahead log, in bytes.
const LOG_SIZE_MAX: u64 = 512 << 20;
/// Bits of filter for each key.
const FILTER_BITS: f64 = 10.0;
/// Most files held open.
const OPEN_FILES_MAX: i32 = 512;
/// Fewest files that the limit on open ones may be.
const OPEN_FILES_MIN: i32 = 32;

/// Smallest file of a level, in bytes: a chain of some GiB must not need thousands of files.
const FILE_SIZE_MIN: usize = 1 << 20;

/// How much memory the database may take, beside a few buffers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DatabaseMemory {
    /// Memtables of all column families, in bytes.
    pub memtables_bytes: usize,
    /// Blocks read from files, their indexes and filters, in bytes.
    pub block_cache_bytes: usize,
}

impl Default for DatabaseMemory {
    fn default() -> Self {
        Self { memtables_bytes: 256 << 20, block_cache_bytes: 128 << 20 }
    }
}

impl DatabaseMemory {
    /// Memtable of one column family, in bytes.
    const fn memtable_bytes(self) -> usize {
        self.memtables_bytes / 4
    }

    /// Files held open at a time.
    fn open_files(self) -> i32 {
        i32::try_from(self.memtables_bytes >> 15)
            .unwrap_or(OPEN_FILES_MAX)
            .clamp(OPEN_FILES_MIN, OPEN_FILES_MAX)
    }

    /// Buffer of a background job that would like `wanted` bytes.
    fn job_buffer(self, wanted: usize) -> usize {
        wanted.min(self.memtables_bytes / 16)
    }
}

/// The database in a folder.
pub struct RocksBackend {
    db: DB,
    options: Options,
    path: PathBuf,
    acknowledged: Acknowledged,
    poisoned: AtomicBool,
    writes: AtomicU64,
    written_bytes: AtomicU64,
    /// Held as long as the database is open; released by the system if the process dies.
    _lock: File,
}

impl RocksBackend {
    /// As [`RocksBackend::open_within`], with the memory that a benchmark has.
    ///
    /// # Errors
    /// As [`RocksBackend::open_within`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_within(path, DatabaseMemory::default())
    }

    /// Opens the database in `path`, creating folder and database if there is none, and replays its log.
    ///
    /// # Errors
    /// - [`OpenError::Locked`] if another process or handle has the folder open.
    /// - [`OpenError::NotAStore`] if the folder holds another program's database; it is left alone.
    /// - [`OpenError::Fault`] if the disk or the database refuses; with [`StorageFault::Lost`] if writes that were
    ///   acknowledged are not there any more.
    pub fn open_within(path: impl AsRef<Path>, memory: DatabaseMemory) -> Result<Self, OpenError> {
        let path = path.as_ref().to_path_buf();
        fs::create_dir_all(&path).map_err(|error| io("create the data folder", &error))?;
        let lock = lock(&path)?;
        let options = database_options(memory);
        let families = families(&options, &path, memory)?;
        let db =
            DB::open_cf_descriptors(&options, &path, families).map_err(|e| failed("open the database", e))?;
        let (acknowledged, wanted) =
            Acknowledged::open(&path).map_err(|error| io("read what was acknowledged", &error))?;
        let found = db.latest_sequence_number();
        if found < wanted {
            return Err(StorageFault::Lost { acknowledged: wanted, found }.into());
        }
        // Whatever was replayed counts from now on, told or not; and the file is on the disk before it is relied on.
        acknowledged.put_synced(found).map_err(|error| io("note what was acknowledged", &error))?;
        Ok(Self {
            db,
            options,
            path,
            acknowledged,
            poisoned: AtomicBool::new(false),
            writes: AtomicU64::new(0),
            written_bytes: AtomicU64::new(0),
            _lock: lock,
        })
    }

    /// The data folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn alive(&self) -> Result<(), BackendError> {
        if self.poisoned.load(Ordering::Acquire) { Err(BackendError::Poisoned) } else { Ok(()) }
    }

    fn family(&self, column: Column) -> Result<&ColumnFamily, BackendError> {
        self.db.cf_handle(column.name()).ok_or_else(|| BackendError::Io {
            action: "find a column family",
            message: format!("{} is not open", column.name()),
        })
    }

    fn write_synced(&self, batch: &Batch) -> Result<(), BackendError> {
        self.alive()?;
        let mut writes = WriteBatch::default();
        for operation in batch.operations() {
            match operation {
                Operation::Put { column, key, value } => writes.put_cf(self.family(column)?, key, value),
                Operation::Delete { column, key } => writes.delete_cf(self.family(column)?, key),
                Operation::DeleteRange { column, from, until } => {
                    writes.delete_range_cf(self.family(column)?, from, until);
                }
            }
        }
        let size = writes.size_in_bytes();
        let mut options = WriteOptions::default();
        options.set_sync(true);
        options.set_memtable_insert_hint_per_batch(true);
        self.db.write_opt(writes, &options).map_err(|e| backend("write and sync a batch", e))?;
        self.acknowledged.put(self.db.latest_sequence_number()).map_err(|error| BackendError::Io {
            action: "note what was acknowledged",
            message: error.to_string(),
        })?;
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.written_bytes.fetch_add(u64::try_from(size).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(())
    }
}

impl Backend for RocksBackend {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, BackendError> {
        self.alive()?;
        let family = self.family(column)?;
        let value = self.db.get_pinned_cf(family, key).map_err(|e| backend("read", e))?;
        Ok(value.map(|bytes| bytes.to_vec()))
    }

    fn scan(&self, column: Column, from: &[u8], until: &[u8]) -> Result<Scan<'_>, BackendError> {
        self.alive()?;
        let mut options = ReadOptions::default();
        if !until.is_empty() {
            options.set_iterate_upper_bound(until);
        }
        let mut cursor = self.db.raw_iterator_cf_opt(self.family(column)?, options);
        cursor.seek(from);
        Ok(Box::new(Rows { cursor, state: State::Placed }))
    }

    fn write(&self, batch: &Batch) -> Result<(), BackendError> {
        let result = self.write_synced(batch);
        if result.is_err() {
            self.poisoned.store(true, Ordering::Release);
        }
        result
    }

    fn counters(&self) -> Counters {
        Counters {
            writes: self.writes.load(Ordering::Relaxed),
            // Counted by the database itself where it calls the system.
            syncs: self.options.get_ticker_count(Ticker::WalFileSynced),
            written_bytes: self.written_bytes.load(Ordering::Relaxed),
        }
    }
}

/// Where a scan stands.
enum State {
    /// On a row that was not given yet, or past the last.
    Placed,
    /// On the row that was given last.
    Given,
    /// Ended.
    Done,
}

struct Rows<'a> {
    cursor: DBRawIterator<'a>,
    state: State,
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, BackendError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.state {
            State::Placed => {}
            State::Given => self.cursor.next(),
            State::Done => return None,
        }
        if let Some((key, value)) = self.cursor.item() {
            self.state = State::Given;
            return Some(Ok((key.to_vec(), value.to_vec())));
        }
        self.state = State::Done;
        self.cursor.status().err().map(|error| Err(backend("read on", error)))
    }
}

fn database_options(memory: DatabaseMemory) -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_paranoid_checks(true);
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    options.set_db_write_buffer_size(memory.memtables_bytes);
    options.set_writable_file_max_buffer_size(as_u64(memory.job_buffer(1 << 20)));
    options.set_compaction_readahead_size(memory.job_buffer(2 << 20));
    options.set_max_total_wal_size(LOG_SIZE_MAX);
    options.set_max_background_jobs(2);
    options.set_max_open_files(memory.open_files());
    options.set_keep_log_file_num(4);
    options.set_max_log_file_size(8 << 20);
    options.enable_statistics();
    options.set_statistics_level(StatsLevel::ExceptHistogramOrTimers);
    options
}

fn family_options(column: Option<Column>, memory: DatabaseMemory, cache: &Cache) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    table.set_cache_index_and_filter_blocks(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    let looked_up = matches!(
        column,
        Some(Column::Accounts | Column::Entries | Column::Codes | Column::Nodes | Column::Hashes)
    );
    if looked_up {
        table.set_bloom_filter(FILTER_BITS, false);
    }
    let mut options = Options::default();
    options.set_block_based_table_factory(&table);
    options.set_write_buffer_size(memory.memtable_bytes());
    options.set_max_bytes_for_level_base(as_u64(memory.memtables_bytes));
    options.set_target_file_size_base(as_u64(memory.memtable_bytes().max(FILE_SIZE_MIN)));
    options.set_level_compaction_dynamic_level_bytes(true);
    let (none, lz4) = (DBCompressionType::None, DBCompressionType::Lz4);
    options.set_compression_type(lz4);
    options.set_compression_per_level(&[none, none, lz4, lz4, lz4, lz4, lz4]);
    options
}

fn as_u64(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// The column families to open: ours, and any others that are there, so that the store can say which version
/// wrote them.
fn families(
    options: &Options,
    path: &Path,
    memory: DatabaseMemory,
) -> Result<Vec<ColumnFamilyDescriptor>, OpenError> {
    let cache = Cache::new_lru_cache(memory.block_cache_bytes);
    let present = if path.join("CURRENT").exists() {
        DB::list_cf(options, path).map_err(|e| failed("list the column families", e))?
    } else {
        Vec::new()
    };
    let column = |name: &str| Column::ALL.into_iter().find(|column| column.name() == name);
    let ours = present.iter().any(|name| name == Column::Meta.name());
    let foreign = present.iter().any(|name| name != "default" && column(name).is_none());
    if !ours && (foreign || !present.is_empty() && !is_blank(path)?) {
        return Err(OpenError::NotAStore);
    }
    let mut names: Vec<String> = vec!["default".into()];
    names.extend(Column::ALL.iter().map(|column| column.name().to_owned()));
    names.extend(present.into_iter().filter(|name| name != "default" && column(name).is_none()));
    let described = |name: String| {
        let options = family_options(column(&name), memory, &cache);
        ColumnFamilyDescriptor::new(name, options)
    };
    Ok(names.into_iter().map(described).collect())
}

/// Whether the default column family holds nothing: a creation of ours that was cut short.
fn is_blank(path: &Path) -> Result<bool, OpenError> {
    let db = DB::open_for_read_only(&Options::default(), path, false)
        .map_err(|e| failed("look into the database", e))?;
    Ok(db.iterator(IteratorMode::Start).next().is_none())
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path.join(LOCK_FILE))
        .map_err(|error| io("open the lock file", &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: path.to_path_buf() }),
        Err(TryLockError::Error(error)) => Err(io("lock the data folder", &error)),
    }
}

fn backend(action: &'static str, error: rocksdb::Error) -> BackendError {
    BackendError::Io { action, message: error.into_string() }
}

fn failed(action: &'static str, error: rocksdb::Error) -> OpenError {
    backend(action, error).into()
}

fn io(action: &'static str, error: &std::io::Error) -> OpenError {
    BackendError::Io { action, message: error.to_string() }.into()
}
