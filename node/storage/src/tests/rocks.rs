//! The crash suite and the house rules on RocksDB.

use std::{fs, path::Path};

use chainstack_primitives::Height;

use super::{
    cases,
    chain::Script,
    crash::{Failing, check_boundary, check_whole, refuses_everything},
};
use crate::{
    ACKNOWLEDGED_FILE, Column, DatabaseMemory, OpenError, RocksBackend, StorageFault, Store, StoreOptions,
};

fn open(path: &Path, script: &Script) -> Result<Store, OpenError> {
    Store::open(RocksBackend::open(path)?, script.genesis.chain(), &StoreOptions::default())
}

fn create(path: &Path, script: &Script) -> Store {
    let backend = RocksBackend::open(path).expect("a free folder");
    Store::create(backend, &script.genesis.commit(), &StoreOptions::default()).expect("created")
}

/// The folder as it is at this moment, as a machine that stops now would leave it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("room");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("readable");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("room");
    }
}

/// The log that is written to, and its size.
fn log(path: &Path) -> (std::path::PathBuf, u64) {
    let logs = fs::read_dir(path).expect("a folder").map(|entry| entry.expect("readable").path());
    let newest = logs.filter(|path| path.extension().is_some_and(|ending| ending == "log")).max();
    let newest = newest.expect("a write-ahead log");
    let size = fs::metadata(&newest).expect("readable").len();
    (newest, size)
}

/// Cuts a log off at `place`, or further towards `start`, where a byte counts: zeros over zeros tear nothing. What
/// is cut off may read as zeros.
fn cut(log: &Path, start: u64, place: u64, zeroed: bool) {
    let bytes = fs::read(log).expect("readable");
    let at = |place: u64| usize::try_from(place).expect("a small log");
    let place = (start..=place).rev().find(|&place| bytes[at(place)] != 0).expect("a checksum");
    let mut cut = bytes[..at(place)].to_vec();
    if zeroed {
        cut.resize(bytes.len(), 0);
    }
    fs::write(log, cut).expect("room");
}

/// Stops at every batch boundary, and at places inside every batch's log record, cut off or zeroed.
#[test]
fn rocks_survives_a_stop_at_and_inside_every_write() {
    let mut stops = 0u64;
    for seed in 0..cases(1, 12) {
        println!("script {seed}, moved to seed {}", super::seed(200 + seed));
        let script = Script::new(200 + seed, 8, 5, 8);
        let folder = tempfile::tempdir().expect("room");
        let live = folder.path().join("live");
        let store = create(&live, &script);
        for (number, step) in script.steps.iter().enumerate() {
            let (before, start) = log(&live);
            let syncs = store.counters().syncs;
            let acknowledged = fs::read(live.join(ACKNOWLEDGED_FILE)).expect("readable");
            step.run(&store).expect("a step that fits");
            assert!(store.counters().syncs > syncs, "acknowledged without a sync");
            let (after, end) = log(&live);
            assert!(before == after && start < end, "the test reads one log");

            let whole = folder.path().join(format!("whole-{number}"));
            copy(&live, &whole);
            assert_eq!(
                check_boundary(&script, &open(&whole, &script).expect("whole"), number + 1),
                number + 1
            );
            for (place, zeroed) in
                [(start, false), (start + 1, true), ((start + end) / 2, false), (end - 1, true)]
            {
                let torn = folder.path().join(format!("torn-{number}"));
                copy(&live, &torn);
                // The write that was cut short was not acknowledged.
                fs::write(torn.join(ACKNOWLEDGED_FILE), &acknowledged).expect("room");
                cut(&log(&torn).0, start, place, zeroed);
                let store = open(&torn, &script).expect("a torn record is not damage");
                assert_eq!(check_boundary(&script, &store, number), number, "a torn batch must not show");
                step.run(&store).expect("life goes on");
                drop(store);
                fs::remove_dir_all(torn).expect("ours");
                stops += 1;
            }
        }
        check_whole(&script, &store, script.expected.last().expect("steps"));
    }
    println!("{stops} stops inside a write");
}

/// Damage inside the log would hide acknowledged blocks: the store does not come up without them.
#[test]
fn a_damaged_log_is_a_fault_and_not_an_earlier_block() {
    let script = Script::new(215, 8, 0, 8);
    let folder = tempfile::tempdir().expect("room");
    let live = folder.path().join("live");
    let store = create(&live, &script);
    let mut ends = vec![log(&live).1];
    for step in &script.steps {
        step.run(&store).expect("a step that fits");
        ends.push(log(&live).1);
    }
    // Any byte of block 3's record, its head among them, and of the last one's.
    let places = [ends[2], ends[2] + 5, ends[2] + 6, (ends[2] + ends[3]) / 2, ends[3] - 1, ends[8] - 1];
    for place in places {
        let damaged = folder.path().join("damaged");
        copy(&live, &damaged);
        let (log, _) = log(&damaged);
        let mut bytes = fs::read(&log).expect("readable");
        bytes[usize::try_from(place).expect("a small log")] ^= 0x10;
        fs::write(&log, bytes).expect("room");
        for attempt in ["first", "second"] {
            match open(&damaged, &script).map(|store| store.head().height()) {
                Err(OpenError::Fault(StorageFault::Lost { acknowledged, found })) => {
                    assert!(found < acknowledged, "{found} {acknowledged}");
                }
                other => panic!("byte {place}, {attempt} attempt: {other:?}"),
            }
        }
        // Whoever owns the folder may decide to go on from what is left.
        fs::remove_file(damaged.join(ACKNOWLEDGED_FILE)).expect("ours");
        assert!(open(&damaged, &script).expect("whole").head().height() < Height(8));
        fs::remove_dir_all(damaged).expect("ours");
    }
    check_whole(&script, &store, script.expected.last().expect("steps"));
}

/// A folder in which a creation was cut short: there is no store yet, and one can be made and used.
fn begins_anew(path: &Path, script: &Script) {
    assert_eq!(open(path, script).err(), Some(OpenError::Empty), "{}", path.display());
    let store = create(path, script);
    for step in &script.steps {
        step.run(&store).expect("a step that fits");
    }
    drop(store);
    check_whole(script, &open(path, script).expect("whole"), script.expected.last().expect("steps"));
}

/// Stops while the store is created: between two column families, and inside the record of the genesis block.
#[test]
fn rocks_survives_a_stop_while_the_store_is_created() {
    let script = Script::new(214, 3, 0, 6);
    let folder = tempfile::tempdir().expect("room");
    for count in (0..=Column::ALL.len()).step_by(cases(6, 1) as usize) {
        let path = folder.path().join(format!("families-{count}"));
        let mut options = rocksdb::Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        let names = Column::ALL[..count].iter().map(|column| column.name());
        drop(rocksdb::DB::open_cf(&options, &path, ["default"].into_iter().chain(names)).expect("room"));
        begins_anew(&path, &script);
    }
    let live = folder.path().join("live");
    let backend = RocksBackend::open(&live).expect("a free folder");
    let (before, start) = log(&live);
    let acknowledged = fs::read(live.join(ACKNOWLEDGED_FILE)).expect("readable");
    let store = Store::create(backend, &script.genesis.commit(), &StoreOptions::default()).expect("created");
    let (after, end) = log(&live);
    assert!(before == after && start < end, "the genesis block is one record of one log");
    let parts = cases(3, 24);
    for place in (0..parts).map(|part| start + (end - start) * part / parts).chain([end - 1]) {
        for zeroed in [false, true] {
            let torn = folder.path().join("torn");
            copy(&live, &torn);
            fs::write(torn.join(ACKNOWLEDGED_FILE), &acknowledged).expect("room");
            cut(&log(&torn).0, start, place, zeroed);
            begins_anew(&torn, &script);
            fs::remove_dir_all(torn).expect("ours");
        }
    }
    let whole = folder.path().join("whole");
    copy(&live, &whole);
    assert_eq!(check_boundary(&script, &open(&whole, &script).expect("whole"), 0), 0);
    drop(store);
}

#[test]
fn rocks_handles_failed_writes_as_the_twin_does() {
    let script = Script::new(210, 4, 0, 6);
    for done in [false, true] {
        // Write 0 is the genesis block.
        let folder = tempfile::tempdir().expect("room");
        let backend = Failing::new(RocksBackend::open(folder.path()).expect("free"), 0, done);
        let created = Store::create(backend, &script.genesis.commit(), &StoreOptions::default());
        assert!(matches!(created.err(), Some(OpenError::Fault(_))));
        if done {
            assert_eq!(check_boundary(&script, &open(folder.path(), &script).expect("whole"), 0), 0);
        } else {
            begins_anew(folder.path(), &script);
        }
    }
    for (at, done) in [(1, false), (1, true), (3, false), (3, true)] {
        let folder = tempfile::tempdir().expect("room");
        let backend = Failing::new(RocksBackend::open(folder.path()).expect("free"), at, done);
        let store =
            Store::create(backend, &script.genesis.commit(), &StoreOptions::default()).expect("created");
        let view = store.view();
        let acknowledged = script.steps.iter().take_while(|step| step.run(&store).is_ok()).count();
        assert_eq!(acknowledged as u64, at - 1);
        refuses_everything(&script, &store, &view);
        drop((store, view));
        let store = open(folder.path(), &script).expect("whole");
        assert_eq!(check_boundary(&script, &store, acknowledged), acknowledged + usize::from(done));
    }
}

#[test]
fn a_folder_is_used_by_one_and_foreign_ones_are_left_alone() {
    let script = Script::new(211, 2, 0, 6);
    let folder = tempfile::tempdir().expect("room");
    let store = create(folder.path(), &script);
    let refused = RocksBackend::open(folder.path()).err().expect("locked");
    assert_eq!(refused, OpenError::Locked { path: folder.path().to_path_buf() });
    assert!(refused.to_string().contains("in use by another process"), "{refused}");
    drop(store);
    assert!(open(folder.path(), &script).is_ok());

    let foreign = tempfile::tempdir().expect("room");
    let db = rocksdb::DB::open_default(foreign.path()).expect("room");
    db.put(b"who", b"knows").expect("room");
    drop(db);
    assert_eq!(RocksBackend::open(foreign.path()).err(), Some(OpenError::NotAStore));
    let families = rocksdb::DB::list_cf(&rocksdb::Options::default(), foreign.path()).expect("readable");
    assert_eq!(families, ["default"], "nothing was added");
}

/// What a long life does: memtables flushed, files compacted, buckets of history dropped, reopened now and then.
#[test]
fn rocks_keeps_history_through_flushes_and_reopening() {
    // As much memory as a benchmark has; so little that several memtables fill up.
    let little = DatabaseMemory { memtables_bytes: 1 << 20, block_cache_bytes: 1 << 19 };
    for memory in [DatabaseMemory::default(), little] {
        live_long(memory);
    }
}

fn live_long(memory: DatabaseMemory) {
    let script = Script::new(212, cases(420, 2_000) as usize, 0, 3);
    let folder = tempfile::tempdir().expect("room");
    let open = |script: &Script| {
        let backend = RocksBackend::open_within(folder.path(), memory)?;
        Store::open(backend, script.genesis.chain(), &StoreOptions::default())
    };
    drop(create(folder.path(), &script));
    let mut store = Some(open(&script).expect("whole"));
    for (number, step) in script.steps.iter().enumerate() {
        step.run(store.as_ref().expect("open")).expect("a step that fits");
        if number % 97 == 0 {
            drop(store.take());
            store = Some(open(&script).expect("whole"));
        }
    }
    let store = store.expect("open");
    let oldest = store.head().oldest.0;
    let states = &script.expected.last().expect("steps").states;
    for height in (oldest..states.len() as u64).step_by(17) {
        script.compare(&store.view_at(Height(height)).expect("in the window"), &states[height as usize]);
    }
    script.compare_deeply(&store.view_at(Height(oldest)).expect("in the window"), &states[oldest as usize]);
    check_whole(&script, &store, script.expected.last().expect("steps"));
}

/// Damage in a table file is an error, not other data: the checksums of database and envelope both stand in the way.
#[test]
fn a_damaged_table_file_is_a_fault() {
    let script = Script::new(213, 3, 0, 8);
    let folder = tempfile::tempdir().expect("room");
    let store = create(folder.path(), &script);
    for step in &script.steps {
        step.run(&store).expect("a step that fits");
    }
    drop(store);
    // Opening replays the log into table files; flip a byte in the middle of each.
    drop(open(folder.path(), &script).expect("whole"));
    drop(open(folder.path(), &script).expect("whole"));
    let tables = fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("readable").path());
    let tables: Vec<_> =
        tables.filter(|path| path.extension().is_some_and(|ending| ending == "sst")).collect();
    assert!(!tables.is_empty());
    for table in tables {
        let sound = fs::read(&table).expect("readable");
        let mut damaged = sound.clone();
        damaged[sound.len() / 3] ^= 0x40;
        fs::write(&table, damaged).expect("room");
        let found = open(folder.path(), &script).and_then(|store| Ok(store.verify()?));
        // A flip in a column that verification does not read, history, may stay unread.
        match found {
            Err(error) => assert!(matches!(error, OpenError::Fault(_)), "{error}"),
            Ok(seen) => assert_eq!(seen.blocks, 4),
        }
        fs::write(&table, sound).expect("room");
    }
    assert!(open(folder.path(), &script).expect("whole").verify().is_ok());
}
