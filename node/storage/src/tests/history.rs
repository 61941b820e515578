//! History against the plain model, and pruning.

use chainstack_primitives::Height;

use super::{cases, chain::Script};
use crate::{
    Column, HISTORY_DEPTH, HistoryMode, MemoryDisk, StorageFault, Store, StoreOptions, WarmLimits, keys,
};

fn open(disk: &MemoryDisk, script: &Script, history: HistoryMode, warm: WarmLimits) -> Store {
    let options = StoreOptions { history, warm };
    Store::create(disk.open().expect("free"), &script.genesis.commit(), &options).expect("created")
}

/// Every readable height, after every few steps, with and without warm memory, with reverts in between.
#[test]
fn every_readable_height_equals_the_model() {
    let tiny = WarmLimits { flat_bytes: 64 << 10, node_bytes: 64 << 10 };
    let none = WarmLimits { flat_bytes: 0, node_bytes: 0 };
    for seed in 0..cases(3, 60) {
        println!("seed {seed}");
        let script = Script::new(100 + seed, 60, 12, 6);
        for warm in [WarmLimits::default(), tiny, none] {
            let store = open(&MemoryDisk::new(), &script, HistoryMode::Recent, warm);
            for (number, step) in script.steps.iter().enumerate() {
                step.run(&store).expect("a step that fits");
                let expected = &script.expected[number + 1];
                if number % 7 == 0 || number + 1 == script.steps.len() {
                    for (height, state) in (0..).map(Height).zip(&expected.states) {
                        script.compare(&store.view_at(height).expect("in the window"), state);
                    }
                    let height = Height(expected.height().0 * (seed % 3) / 3);
                    let view = store.view_at(height).expect("in the window");
                    script.compare_deeply(&view, &expected.states[height.0 as usize]);
                }
            }
        }
    }
}

#[test]
fn the_window_is_256_blocks_and_older_views_are_refused() {
    let script = Script::new(5, 700, 0, 2);
    let disk = MemoryDisk::new();
    let store = open(&disk, &script, HistoryMode::Recent, WarmLimits::default());
    let first = store.view();
    for (number, step) in script.steps.iter().enumerate() {
        step.run(&store).expect("a step that fits");
        let head = store.head();
        let oldest = head.height().0.saturating_sub(HISTORY_DEPTH);
        assert_eq!(head.oldest, Height(oldest));
        let at_limit = store.view_at(Height(oldest)).expect("at the limit");
        let states = &script.expected[number + 1].states;
        if number % 29 == 0 || (HISTORY_DEPTH as usize - 2..HISTORY_DEPTH as usize + 3).contains(&number) {
            script.compare(&at_limit, &states[oldest as usize]);
            for height in (oldest..head.height().0).step_by(31) {
                let view = store.view_at(Height(height)).expect("in the window");
                script.compare(&view, &states[height as usize]);
            }
        }
        if oldest > 0 {
            let pruned = StorageFault::Pruned { height: Height(oldest - 1), oldest: Height(oldest) };
            assert_eq!(store.view_at(Height(oldest - 1)).err(), Some(pruned));
            let id = states[0].accounts.keys().next().expect("accounts");
            assert!(matches!(first.account_record(id), Err(StorageFault::Pruned { .. })));
        }
        let ahead = StorageFault::Ahead { height: Height(head.height().0 + 1), head: head.height() };
        assert_eq!(store.view_at(Height(head.height().0 + 1)).err(), Some(ahead));
    }
    // What is past use is gone from the disk, but for the bucket that is still in part in use.
    let oldest = store.head().oldest.0;
    let heights: Vec<u64> =
        disk.keys(Column::History).iter().map(|key| keys::split_history(key).expect("ours").2.0).collect();
    assert!(heights.iter().all(|height| height + 128 > oldest), "{:?}", heights.iter().min());
    assert!(heights.len() > 256);
    script.compare_deeply(&store.view_at(Height(oldest)).expect("at the limit"), {
        &script.expected.last().expect("steps").states[oldest as usize]
    });
}

#[test]
fn an_archive_keeps_everything() {
    let script = Script::new(6, 400, 0, 2);
    let store = open(&MemoryDisk::new(), &script, HistoryMode::Archive, WarmLimits::default());
    for step in &script.steps {
        step.run(&store).expect("a step that fits");
    }
    assert_eq!(store.head().oldest, Height(0));
    for (height, state) in (0..).map(Height).zip(&script.expected.last().expect("steps").states) {
        script.compare(&store.view_at(height).expect("kept"), state);
    }
    script.compare_deeply(&store.view_at(Height(3)).expect("kept"), &script.expected[400].states[3]);
}

#[test]
fn a_revert_ends_older_views_and_cannot_pass_the_window() {
    let script = Script::new(8, 300, 0, 2);
    let store = open(&MemoryDisk::new(), &script, HistoryMode::Recent, WarmLimits::default());
    for step in &script.steps {
        step.run(&store).expect("a step that fits");
    }
    let oldest = store.head().oldest;
    assert_eq!(oldest, Height(300 - HISTORY_DEPTH));
    let id = *script.expected[0].states[0].accounts.keys().next().expect("accounts");
    let (head_view, old_view) = (store.view(), store.view_at(oldest).expect("at the limit"));
    let refused = store.revert_to(Height(oldest.0 - 1));
    assert_eq!(refused, Err(crate::RevertError::Pruned { height: Height(oldest.0 - 1), oldest }));
    let refused = store.revert_to(Height(301));
    assert_eq!(refused, Err(crate::RevertError::Ahead { height: Height(301), head: Height(300) }));
    assert!(head_view.account_record(&id).is_ok());

    let head = store.revert_to(oldest).expect("in the window");
    assert_eq!((head.height(), head.oldest), (oldest, oldest));
    assert_eq!(head_view.account_record(&id), Err(StorageFault::Reverted));
    assert_eq!(old_view.account_record(&id), Err(StorageFault::Reverted));
    let states = &script.expected[300].states;
    script.compare_deeply(&store.view(), &states[oldest.0 as usize]);
    store.verify().expect("whole");
    // The same blocks once more, over the same heights.
    for step in &script.steps[oldest.0 as usize..] {
        step.run(&store).expect("a step that fits");
    }
    for height in (oldest.0..=300).step_by(13) {
        script.compare(&store.view_at(Height(height)).expect("in the window"), &states[height as usize]);
    }
    assert_eq!(store.head().oldest, oldest);
    store.verify().expect("whole");
}
