//! Readers on other threads see one block boundary each, while blocks are committed.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, ScopedJoinHandle},
};

use chainstack_primitives::Height;

use super::{cases, chain::Script};
use crate::{
    Backend, BackendError, Batch, Column, Counters, HISTORY_DEPTH, HistoryMode, MemoryBackend, MemoryDisk,
    Scan, StorageFault, Store, StoreOptions, WarmLimits,
};

/// Keeps the writer within the window of its readers, however seldom a busy machine lets them run.
struct Pace(Vec<AtomicU64>);

impl Pace {
    fn of(readers: usize) -> Self {
        Self((0..readers).map(|_| AtomicU64::new(0)).collect())
    }

    /// The height that a reader reads from now on; never less than before.
    fn reads(&self, reader: usize, height: Height) {
        self.0[reader].store(height.0, Ordering::Release);
    }

    /// Waits until one block more leaves every reader its height. A reader that has ended holds nobody up.
    fn wait(&self, store: &Store, readers: &[ScopedJoinHandle<'_, ()>]) {
        let room = HISTORY_DEPTH - 1;
        while !readers.iter().any(ScopedJoinHandle::is_finished)
            && self.0.iter().any(|at| at.load(Ordering::Acquire) + room <= store.head().height().0)
        {
            thread::yield_now();
        }
    }
}

#[test]
fn readers_see_one_boundary_while_blocks_are_committed() {
    let script = Script::new(41, cases(150, 2_000) as usize, 0, 6);
    let states = &script.expected.last().expect("steps").states;
    for warm in [WarmLimits::default(), WarmLimits { flat_bytes: 32 << 10, node_bytes: 32 << 10 }] {
        let options = StoreOptions { history: HistoryMode::Recent, warm };
        let backend = MemoryDisk::new().open().expect("free");
        let store = Store::create(backend, &script.genesis.commit(), &options).expect("created");
        let (done, compared, pace) = (AtomicBool::new(false), AtomicU64::new(0), Pace::of(3));
        thread::scope(|scope| {
            let reader = |reader: usize| {
                let (store, script, done, compared, pace) = (&store, &script, &done, &compared, &pace);
                scope.spawn(move || {
                    while !done.load(Ordering::Acquire) {
                        let back = reader as u64 * 3;
                        let height = Height(store.head().height().0.saturating_sub(back));
                        pace.reads(reader, height);
                        let view = store.view_at(height).expect("in the window");
                        assert_eq!(view.height(), height, "the view that was asked for");
                        let deep = compared.fetch_add(1, Ordering::Relaxed) % 16 == 0;
                        let state = &states[view.height().0 as usize];
                        if deep { script.compare_deeply(&view, state) } else { script.compare(&view, state) }
                    }
                })
            };
            let readers: Vec<_> = (0..3).map(reader).collect();
            for step in &script.steps {
                pace.wait(&store, &readers);
                step.run(&store).expect("a step that fits");
            }
            done.store(true, Ordering::Release);
        });
        println!("{} comparisons", compared.load(Ordering::Relaxed));
        assert!(compared.load(Ordering::Relaxed) >= 3);
        script.compare_deeply(&store.view(), states.last().expect("genesis at least"));
    }
}

/// The head moves on between a question and its answer; the answer is of the height that was asked for.
#[test]
fn a_view_of_the_head_is_of_the_height_asked_for() {
    let script = Script::new(44, cases(300, 5_000) as usize, 0, 1);
    let backend = MemoryDisk::new().open().expect("free");
    let store = Store::create(backend, &script.genesis.commit(), &StoreOptions::default()).expect("created");
    let (done, pace) = (AtomicBool::new(false), Pace::of(1));
    thread::scope(|scope| {
        let (store, done, pace) = (&store, &done, &pace);
        let reader = scope.spawn(move || {
            while !done.load(Ordering::Acquire) {
                let head = store.head();
                pace.reads(0, head.height());
                let view = store.view_at(head.height()).expect("in the window");
                assert_eq!((view.height(), view.state_root()), (head.height(), head.state_root()));
            }
        });
        let readers = [reader];
        for step in &script.steps {
            pace.wait(store, &readers);
            step.run(store).expect("a step that fits");
        }
        done.store(true, Ordering::Release);
    });
}

#[test]
fn readers_get_the_boundary_or_a_fault_while_the_chain_is_reverted() {
    let script = Script::new(42, 200, 4, 4);
    let backend = MemoryDisk::new().open().expect("free");
    let store = Store::create(backend, &script.genesis.commit(), &StoreOptions::default()).expect("created");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (store, script, done) = (&store, &script, &done);
        scope.spawn(move || {
            while !done.load(Ordering::Acquire) {
                let view = store.view();
                // All records of the view that come without a fault are of one state that the script has.
                let records: Result<Vec<_>, StorageFault> = script.expected[0].states[0]
                    .accounts
                    .keys()
                    .map(|id| view.account_record(id).map(|found| (*id, found.map(|record| record.account))))
                    .collect();
                let records = match records {
                    Ok(records) => records,
                    Err(StorageFault::Reverted | StorageFault::Pruned { .. }) => continue,
                    Err(fault) => panic!("{fault}"),
                };
                let known =
                    script.expected.iter().flat_map(|expected| expected.states.get(view.height().0 as usize));
                let fits = known.into_iter().any(|state| {
                    records.iter().all(|(id, account)| state.accounts.get(id).copied() == *account)
                });
                assert!(fits, "records of height {} are of no one boundary", view.height().0);
            }
        });
        for step in &script.steps {
            step.run(store).expect("a step that fits");
        }
        done.store(true, Ordering::Release);
    });
}

/// What another thread does just when a batch is durable and the store has not moved its head yet.
type Meanwhile = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

/// A backend that lets something else happen within a write.
struct Watched {
    inner: MemoryBackend,
    meanwhile: Meanwhile,
}

impl Backend for Watched {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, BackendError> {
        self.inner.get(column, key)
    }

    fn scan(&self, column: Column, from: &[u8], until: &[u8]) -> Result<Scan<'_>, BackendError> {
        self.inner.scan(column, from, until)
    }

    fn write(&self, batch: &Batch) -> Result<(), BackendError> {
        self.inner.write(batch)?;
        let meanwhile = self.meanwhile.lock().expect("no panic before").take();
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
        Ok(())
    }

    fn counters(&self) -> Counters {
        self.inner.counters()
    }
}

/// Until the head has moved, a view has the old head over the state that was reverted: it may not answer.
#[test]
fn a_view_taken_while_the_chain_is_reverted_is_outdated_at_once() {
    let script = Script::new(43, 12, 0, 6);
    let meanwhile = Meanwhile::default();
    let backend =
        Watched { inner: MemoryDisk::new().open().expect("free"), meanwhile: Arc::clone(&meanwhile) };
    let options =
        StoreOptions { warm: WarmLimits { flat_bytes: 0, node_bytes: 0 }, ..StoreOptions::default() };
    let store = Store::create(backend, &script.genesis.commit(), &options).expect("created");
    for step in &script.steps {
        step.run(&store).expect("a step that fits");
    }
    let old = store.head();
    let found = Arc::new(Mutex::new(Vec::new()));
    let ids: Vec<_> = script.expected.last().expect("steps").states[12].accounts.keys().copied().collect();
    *meanwhile.lock().expect("no panic before") = Some(Box::new({
        let (store, found, ids) = (store.clone(), Arc::clone(&found), ids.clone());
        move || {
            let view = store.view();
            assert_eq!((view.height(), view.state_root()), (old.height(), old.state_root()));
            let mut found = found.lock().expect("no panic before");
            found.extend(ids.iter().map(|id| view.account_record(id).map(drop)));
            found.push(store.view_at(Height(1)).map(drop));
        }
    }));
    store.revert_to(Height(2)).expect("in the window");
    let found = found.lock().expect("no panic before");
    assert_eq!(found.len(), ids.len() + 1);
    assert!(found.iter().all(|answer| *answer == Err(StorageFault::Reverted)), "{found:?}");
    script.compare_deeply(&store.view(), &script.expected[2].states[2]);
}
