//! What a store refuses to open, and which blocks it refuses to take.

use chainstack_primitives::{ChainId, Hash, Height};

use super::chain::{Prepared, Script, Step};
use crate::{
    Backend, Batch, Column, CommitError, HistoryMode, MemoryDisk, OpenError, Store, StoreOptions,
    store::meta::{FORMAT_KEY, format_record},
};

fn script() -> Script {
    Script::new(21, 3, 0, 5)
}

fn created(disk: &MemoryDisk, script: &Script) -> Store {
    let backend = disk.open().expect("free");
    Store::create(backend, &script.genesis.commit(), &StoreOptions::default()).expect("created")
}

#[test]
fn a_store_is_opened_once_and_created_once() {
    let (script, disk) = (script(), MemoryDisk::new());
    let chain = script.genesis.chain();
    let open = |chain| Store::open(disk.open().expect("free"), chain, &StoreOptions::default());
    assert_eq!(open(chain).err(), Some(OpenError::Empty));
    let store = created(&disk, &script);
    assert_eq!(disk.open().err(), Some(OpenError::Locked { path: "".into() }));
    drop(store);
    let again = Store::create(disk.open().expect("free"), &script.genesis.commit(), &StoreOptions::default());
    assert_eq!(again.err(), Some(OpenError::Occupied { found: chain }));
    let store = open(chain).expect("whole");
    assert_eq!((store.chain(), store.head().height()), (chain, Height(0)));
    drop(store);
    let backend = disk.open().expect("free");
    let either = Store::open_or_create(backend, &script.genesis.commit(), &StoreOptions::default());
    assert_eq!(either.expect("whole").chain(), chain);
}

#[test]
fn other_chains_modes_formats_and_databases_are_refused() {
    let (script, disk) = (script(), MemoryDisk::new());
    let chain = script.genesis.chain();
    drop(created(&disk, &script));
    let open = |chain, options: &StoreOptions| Store::open(disk.open().expect("free"), chain, options).err();
    let other = ChainId(Hash([9; 32]));
    let options = StoreOptions::default();
    assert_eq!(open(other, &options), Some(OpenError::WrongChain { expected: other, found: chain }));
    let archive = StoreOptions { history: HistoryMode::Archive, ..options };
    let refused = OpenError::WrongHistory { expected: HistoryMode::Archive, found: HistoryMode::Recent };
    assert_eq!(open(chain, &archive), Some(refused));

    let mut batch = Batch::default();
    batch.put_raw(Column::Meta, FORMAT_KEY, &format_record(2));
    disk.open().expect("free").write(&batch).expect("room");
    let error = open(chain, &options).expect("refused");
    assert_eq!(error, OpenError::UnknownFormat { found: 2, expected: 1 });
    assert!(error.to_string().contains("delete the data folder"), "{error}");

    let foreign = MemoryDisk::new();
    let mut batch = Batch::default();
    batch.put_raw(Column::Blocks, b"who", b"knows");
    foreign.open().expect("free").write(&batch).expect("room");
    let refused = Store::open(foreign.open().expect("free"), chain, &options);
    assert_eq!(refused.err(), Some(OpenError::NotAStore));
    let refused = Store::create(foreign.open().expect("free"), &script.genesis.commit(), &options);
    assert_eq!(refused.err(), Some(OpenError::NotAStore));
}

#[test]
fn a_block_that_does_not_fit_changes_nothing() {
    let (script, disk) = (script(), MemoryDisk::new());
    let store = created(&disk, &script);
    let Step::Commit(first) = &script.steps[0] else { unreachable!("no reverts") };
    let Step::Commit(second) = &script.steps[1] else { unreachable!("no reverts") };
    let refused = |prepared: &Prepared| store.commit_block(&prepared.commit()).expect_err("refused");
    let changed = |change: &dyn Fn(&mut chainstack_primitives::Block)| {
        let mut block = first.block.clone();
        change(&mut block);
        store.commit_block(&crate::BlockCommit { block: &block, ..first.commit() }).expect_err("refused")
    };
    let wrong = CommitError::WrongHeight { expected: Height(1), found: Height(2) };
    assert_eq!(refused(second), wrong);
    assert!(matches!(
        changed(&|block| block.header.rest.parent = Hash::ZERO),
        CommitError::WrongParent { .. }
    ));
    let error = changed(&|block| block.header.core.history_root = Hash::ZERO);
    assert!(matches!(error, CommitError::WrongHistory { .. }));
    let error = changed(&|block| block.header.core.state_root = Hash::ZERO);
    assert!(matches!(error, CommitError::WrongRoot { .. }));
    let more = [first.receipts.clone(), first.receipts.clone(), vec![]].concat();
    if !more.is_empty() {
        let commit = crate::BlockCommit { receipts: &more, ..first.commit() };
        assert!(matches!(store.commit_block(&commit), Err(CommitError::WrongCounts { .. })));
    }
    let genesis =
        Store::create(MemoryDisk::new().open().expect("free"), &first.commit(), &StoreOptions::default());
    assert!(matches!(genesis.err(), Some(OpenError::Genesis(CommitError::WrongHeight { .. }))));

    assert!(!store.is_poisoned());
    assert_eq!(store.head().height(), Height(0));
    script.compare_deeply(&store.view(), &script.expected[0].states[0]);
    script.steps[0].run(&store).expect("the right block still fits");
    assert_eq!(refused(first), CommitError::WrongHeight { expected: Height(2), found: Height(1) });
}
