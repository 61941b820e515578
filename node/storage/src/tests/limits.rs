//! Each row of the table of limits, at the limit and one past it.

use chainstack_primitives::{AccountId, Amount, Height};
use chainstack_runtime::state::{Entry, Overlay};

use super::chain::{Script, Step};
use crate::{BlockCommit, CommitError, LIMITS, MemoryDisk, StorageFault, Store, StoreOptions};

fn created(script: &Script) -> Store {
    let backend = MemoryDisk::new().open().expect("free");
    Store::create(backend, &script.genesis.commit(), &StoreOptions::default()).expect("created")
}

/// Commits a block that writes an entry under a key of so many bytes.
fn commit_key(size: usize) -> Result<(), CommitError> {
    let script = Script::new(41, 1, 0, 5);
    let store = created(&script);
    let Step::Commit(first) = &script.steps[0] else { unreachable!("no reverts") };
    let view = store.view();
    let mut overlay = Overlay::new(&view);
    let entry = Entry { value: vec![1], payer: AccountId([1; 32]), deposit: Amount(1) };
    overlay.set_entry(&AccountId([0x10; 32]), 1, &vec![7; size], Some(entry)).expect("readable");
    let changes = overlay.into_changes();
    store.commit_block(&BlockCommit { changes: &changes, ..first.commit() }).map(|_| ())
}

/// The view so many blocks before a head that has them all.
fn view_before(depth: u64) -> Result<(), StorageFault> {
    let blocks = depth + 3;
    let script = Script::new(42, usize::try_from(blocks).expect("few"), 0, 1);
    let store = created(&script);
    for step in &script.steps {
        step.run(&store).expect("a step that fits");
    }
    assert_eq!(store.head().height(), Height(blocks));
    let height = Height(blocks - depth);
    let view = store.view_at(height)?;
    script
        .compare(&view, &script.expected[script.steps.len()].states[usize::try_from(height.0).expect("few")]);
    Ok(())
}

#[test]
fn each_limit_holds_at_it_and_one_past() {
    for limit in LIMITS {
        let (at, past) = (limit.bytes(), limit.bytes() + 1);
        match limit.name {
            "KEY_SIZE_MAX" => {
                assert_eq!(commit_key(at), Ok(()));
                let refused = CommitError::TooLarge { what: "key of an entry", found: past, limit: at };
                assert_eq!(commit_key(past), Err(refused));
            }
            "HISTORY_DEPTH" => {
                assert_eq!(view_before(limit.value), Ok(()));
                let pruned = StorageFault::Pruned { height: Height(3), oldest: Height(4) };
                assert_eq!(view_before(limit.value + 1), Err(pruned));
            }
            name => panic!("{name} has no case"),
        }
    }
}
