//! Crash at every write and sync, reopen, compare with the model: on both backends, with one suite.

use std::sync::Arc;

use super::{
    cases,
    chain::{Expected, Script},
};
use crate::{
    BackendError, Batch, Column, CommitError, Counters, FailurePoint, MemoryDisk, OpenError, Scan,
    StorageFault, Store, StoreOptions, backend::Backend,
};

/// Checks that a reopened store is at a block boundary, whole, and equal to the model; `acknowledged` is the number of
/// steps whose success was reported. Gives the number of steps that survived.
pub(super) fn check_boundary(script: &Script, store: &Store, acknowledged: usize) -> usize {
    let head = store.head().hash;
    let found = [acknowledged, acknowledged + 1]
        .into_iter()
        .find(|&steps| script.expected.get(steps).is_some_and(|expected| expected.head() == head))
        .unwrap_or_else(|| panic!("head is neither the acknowledged step {acknowledged} nor the next"));
    check_whole(script, store, &script.expected[found]);
    found
}

/// Full verification, then every readable height against the model.
pub(super) fn check_whole(script: &Script, store: &Store, expected: &Expected) {
    let seen = store.verify().expect("a whole store");
    assert_eq!(seen.blocks, expected.hashes.len() as u64);
    let state = expected.states.last().expect("genesis at least");
    assert_eq!((seen.accounts, seen.entries), (state.accounts.len() as u64, state.entries.len() as u64));
    script.compare_deeply(&store.view(), state);
    for (height, state) in expected.states.iter().enumerate().rev().take(12) {
        let view = store.view_at(chainstack_primitives::Height(height as u64)).expect("in the window");
        script.compare(&view, state);
    }
}

/// Runs the steps from number `from` on; how many were acknowledged in all.
fn run(script: &Script, store: &Store, from: usize) -> usize {
    let mut acknowledged = from;
    for step in &script.steps[from..] {
        let before = store.counters();
        if step.run(store).is_err() {
            assert!(store.is_poisoned());
            break;
        }
        let after = store.counters();
        assert!(after.syncs > before.syncs, "a step was acknowledged without a sync");
        acknowledged += 1;
    }
    acknowledged
}

#[test]
fn memory_survives_a_crash_at_every_write_and_sync() {
    let mut crashes = 0u64;
    for seed in 0..cases(2, 40) {
        println!("script {seed}, moved to seed {}", super::seed(seed));
        let script = Script::new(seed, 14, 5, 8);
        let chain = script.genesis.chain();
        let options = StoreOptions::default();
        // Write 0 is the genesis block.
        for write in 0..=script.steps.len() as u64 {
            for (round, point) in (0u64..).zip(FailurePoint::ALL) {
                for power_loss in [None, Some(0), Some(1), Some(2)] {
                    let disk = MemoryDisk::new();
                    let backend = disk.open().expect("free");
                    disk.fail_at(write, point);
                    let acknowledged = match Store::create(backend, &script.genesis.commit(), &options) {
                        Ok(store) => run(&script, &store, 0),
                        Err(_) => {
                            assert_eq!(write, 0);
                            usize::MAX
                        }
                    };
                    match power_loss {
                        None => disk.kill(),
                        Some(luck) => disk.crash(super::seed(seed) ^ write << 8 ^ round << 4 ^ luck),
                    }
                    let store = Store::open(disk.open().expect("dead"), chain, &options);
                    let (store, survived) = match store {
                        Ok(store) if acknowledged == usize::MAX => (store, 0),
                        Ok(store) => {
                            let survived = check_boundary(&script, &store, acknowledged);
                            (store, survived)
                        }
                        // Nothing had been acknowledged, and nothing is there: start again.
                        Err(OpenError::Empty) if acknowledged == usize::MAX => {
                            let backend = disk.open().expect("closed");
                            (Store::create(backend, &script.genesis.commit(), &options).expect("room"), 0)
                        }
                        Err(error) => panic!("write {write} {point:?} {power_loss:?}: {error}"),
                    };
                    // Life goes on, to the same end.
                    assert_eq!(run(&script, &store, survived), script.steps.len());
                    check_whole(&script, &store, script.expected.last().expect("steps"));
                    crashes += 1;
                }
            }
        }
    }
    println!("{crashes} crashes");
}

#[test]
fn a_failed_write_poisons_the_handle_and_a_new_one_works() {
    let script = Script::new(7, 6, 0, 6);
    let chain = script.genesis.chain();
    for point in FailurePoint::ALL {
        let disk = MemoryDisk::new();
        let backend = disk.open().expect("free");
        let store =
            Store::create(backend, &script.genesis.commit(), &StoreOptions::default()).expect("created");
        script.steps[0].run(&store).expect("room");
        let view = store.view();
        disk.fail_at(2, point);
        assert!(script.steps[1].run(&store).is_err());
        refuses_everything(&script, &store, &view);
        assert!(matches!(disk.open(), Err(OpenError::Locked { .. })), "the dead handle still holds the disk");
        drop((store, view));
        let store = Store::open(disk.open().expect("free"), chain, &StoreOptions::default()).expect("whole");
        check_boundary(&script, &store, 1);
    }
}

/// Nothing works on a poisoned handle, warm or cold.
pub(super) fn refuses_everything(script: &Script, store: &Store, view: &crate::StateView) {
    use chainstack_runtime::ports::StateReader;
    let poisoned = || StorageFault::Backend(BackendError::Poisoned);
    assert!(store.is_poisoned());
    for id in script.expected[0].states[0].accounts.keys() {
        assert!(view.account(id).is_err(), "a warm read");
        assert_eq!(store.view().account_record(id), Err(poisoned()));
    }
    assert_eq!(store.block(chainstack_primitives::Height(0)), Err(poisoned()));
    assert_eq!(store.transaction(&chainstack_primitives::Hash::ZERO), Err(poisoned()));
    assert_eq!(store.verify(), Err(poisoned()));
    for step in &script.steps {
        if let super::chain::Step::Commit(prepared) = step {
            let error = store.commit_block(&prepared.commit());
            assert!(!matches!(error, Ok(_) | Err(CommitError::WrongRoot { .. })), "{error:?}");
        }
    }
    let next = Batch::default();
    assert_eq!(store.shared.backend.write(&next), Err(BackendError::Poisoned));
}

/// A backend that fails one write, before or after the real one: what a full disk or a dying machine looks like to
/// any backend.
pub(super) struct Failing<B> {
    pub(super) inner: B,
    pub(super) at: u64,
    pub(super) done: bool,
    pub(super) dead: std::sync::atomic::AtomicBool,
    pub(super) writes: std::sync::atomic::AtomicU64,
}

impl<B> Failing<B> {
    pub(super) fn new(inner: B, at: u64, done: bool) -> Self {
        let (dead, writes) = Default::default();
        Self { inner, at, done, dead, writes }
    }

    fn alive(&self) -> Result<(), BackendError> {
        if self.dead.load(std::sync::atomic::Ordering::SeqCst) { Err(BackendError::Poisoned) } else { Ok(()) }
    }
}

impl<B: Backend> Backend for Failing<B> {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, BackendError> {
        self.alive()?;
        self.inner.get(column, key)
    }

    fn scan(&self, column: Column, from: &[u8], until: &[u8]) -> Result<Scan<'_>, BackendError> {
        self.alive()?;
        self.inner.scan(column, from, until)
    }

    fn write(&self, batch: &Batch) -> Result<(), BackendError> {
        use std::sync::atomic::Ordering::SeqCst;
        self.alive()?;
        let fails = self.writes.fetch_add(1, SeqCst) == self.at;
        if !fails || self.done {
            self.inner.write(batch)?;
        }
        if !fails {
            return Ok(());
        }
        self.dead.store(true, SeqCst);
        Err(BackendError::Io { action: "write", message: "no space left on device".into() })
    }

    fn counters(&self) -> Counters {
        self.inner.counters()
    }
}

#[test]
fn each_block_is_synced_before_it_is_acknowledged() {
    let script = Script::new(3, 20, 0, 4);
    let disk = MemoryDisk::new();
    let backend = disk.open().expect("free");
    let store = Store::create(backend, &script.genesis.commit(), &StoreOptions::default()).expect("created");
    let mut syncs = store.counters().syncs;
    assert_eq!(syncs, 1);
    for step in &script.steps {
        let head = step.run(&store).expect("room");
        assert_eq!(store.counters().syncs, syncs + 1, "height {}", head.height().0);
        syncs += 1;
        assert!(Arc::ptr_eq(&head, &store.head()));
    }
    assert_eq!(store.counters().writes, syncs);
}
