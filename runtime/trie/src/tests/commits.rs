//! Commits: the four ways to hold a trie agree, whatever happens to it.

use std::{borrow::Cow, cell::RefCell, collections::BTreeSet, convert::Infallible};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Entries, Threads, Twins, Updates, bytes, count, key, seed, value};
use crate::{
    CommitError, EMPTY_ROOT, KEY_BYTES_MAX, MemoryNodes, MemoryTrie, Nibbles, NoNodes, NodeError, NodeFault,
    NodeReader, Sequential, VALUE_BYTES_MAX, WarmTrie, commit, root_of,
};

/// Random updates of `entries`: new keys, changed values, deletions of present and absent keys.
fn updates(random: &mut ChaCha8Rng, entries: &Entries, size: usize, longest: usize, deletes: u32) -> Updates {
    let present: Vec<&Vec<u8>> = entries.keys().collect();
    let mut all = std::collections::BTreeMap::new();
    for _ in 0..size {
        let key = if !present.is_empty() && random.random_ratio(1, 2) {
            present[random.random_range(0..present.len())].clone()
        } else {
            let length = random.random_range(0..=longest);
            key(random, length)
        };
        let value = (!random.random_ratio(deletes, 10)).then(|| value(random));
        all.insert(key, value);
    }
    all.into_iter().collect()
}

/// Keys of mixed lengths, so that branches have values: every way agrees with the others after every commit.
#[test]
fn twins_agree() {
    let (sequences, seed) = (count(20_000), seed(11));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut operations = 0;
    for _ in 0..sequences {
        let mut twins = Twins::new();
        let longest = [1, 2, 3, 5, 40][random.random_range(0..5)];
        for _ in 0..random.random_range(1..8) {
            let size = random.random_range(0..20);
            let deletes = random.random_range(0..=10);
            let updates = updates(&mut random, &twins.entries, size, longest, deletes);
            operations += updates.len();
            if random.random_ratio(1, 4) {
                twins.warm.shrink(random.random_range(0..5_000));
            }
            twins.apply(&updates, &Sequential, true);
        }
        let all: Updates = twins.entries.keys().map(|key| (key.clone(), None)).collect();
        twins.apply(&all, &Sequential, true);
        assert!(twins.root() == EMPTY_ROOT && twins.cold.is_empty(), "all deleted");
    }
    println!("sequences: {sequences}, operations: {operations}, seed: {seed}");
}

/// Large batches are divided; the division changes nothing.
#[test]
fn threads_agree() {
    let seed = seed(12);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut twins = Twins::new();
    for round in 0..8 {
        let mut batch = updates(&mut random, &twins.entries, 1_500, 6, [0, 3, 8][round % 3]);
        if round == 5 {
            // Nearly everything goes, so that parts vanish.
            batch = twins
                .entries
                .keys()
                .filter(|key| key.first() != Some(&0x11))
                .map(|key| (key.clone(), None))
                .collect();
            assert!(batch.len() > 300);
        }
        if round % 2 == 0 {
            twins.warm.shrink(100_000);
        }
        twins.apply(&batch, &Threads, true);
    }
    println!("entries: {}, seed: {seed}", twins.entries.len());
}

/// A thousand times, deletions collapse branches and insertions bring them back.
#[test]
fn collapse_and_return() {
    let seed = seed(13);
    println!("seed: {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut twins = Twins::new();
    let base: Updates =
        (0..30u8).map(|n| (vec![n & 3, n, 0x55, n], Some(vec![n; 1 + usize::from(n)]))).collect();
    let base: std::collections::BTreeMap<_, _> = base.into_iter().collect();
    twins.apply(&base.clone().into_iter().collect(), &Sequential, true);
    let full = twins.root();
    for _ in 0..500 {
        let gone: Updates =
            base.keys().filter(|_| random.random_ratio(2, 3)).map(|key| (key.clone(), None)).collect();
        twins.apply(&gone, &Sequential, true);
        let back: Updates = gone.iter().map(|(key, _)| (key.clone(), base[key].clone())).collect();
        twins.apply(&back, &Sequential, true);
        assert_eq!(twins.root(), full);
    }
}

/// Counts how often each path is read.
struct Counting<'a>(&'a MemoryNodes, RefCell<Vec<Nibbles>>);

// The counting reader stays on one thread: commits of this size are not divided.
struct Shared<'a>(std::sync::Mutex<Counting<'a>>);

impl NodeReader for Shared<'_> {
    type Error = Infallible;

    fn node(&self, path: &Nibbles) -> Result<Option<Cow<'_, [u8]>>, Infallible> {
        let counting = self.0.lock().unwrap();
        counting.1.borrow_mut().push(*path);
        Ok(counting.0.node(path)?.map(|bytes| Cow::Owned(bytes.into_owned())))
    }
}

/// One update of a large trie reads and writes a path's worth of nodes, each once, and a warm one reads nothing.
#[test]
fn cost_follows_what_is_touched() {
    let seed = seed(14);
    println!("seed: {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut entries: Updates =
        (0..20_000).map(|_| (bytes(&mut random, 32), Some(bytes(&mut random, 60)))).collect();
    entries.sort();
    let mut store = MemoryNodes::new();
    let mut warm = WarmTrie::new(EMPTY_ROOT);
    let filled = warm.commit(&store, &entries, &Threads).unwrap();
    store.apply(filled.writes);

    let batch: Updates =
        entries.iter().step_by(2_000).map(|(key, _)| (key.clone(), Some(vec![9; 50]))).collect();
    let reader = Shared(std::sync::Mutex::new(Counting(&store, RefCell::default())));
    let cold = commit(&reader, warm.root(), &batch, &Sequential).unwrap();
    let read = reader.0.into_inner().unwrap().1.into_inner();
    assert_eq!(read.iter().collect::<BTreeSet<_>>().len(), read.len(), "each path is read once");
    assert!(read.len() <= 10 * 8 && cold.writes.len() <= read.len(), "{} read", read.len());

    // Everything is warm: not even the store is needed.
    assert_eq!(warm.commit(&NoNodes, &batch, &Sequential).unwrap(), cold);
}

#[test]
fn a_shrunk_trie_reads_again() {
    let seed = seed(15);
    println!("seed: {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut twins = Twins::new();
    let entries: Updates = {
        let all: Entries = (0..3_000).map(|_| (bytes(&mut random, 32), bytes(&mut random, 40))).collect();
        all.into_iter().map(|(key, value)| (key, Some(value))).collect()
    };
    twins.apply(&entries, &Sequential, true);
    let whole = twins.warm.resident_bytes();
    twins.warm.shrink(whole);
    assert_eq!(twins.warm.resident_bytes(), whole, "within its budget");
    twins.warm.shrink(whole / 4);
    assert!(twins.warm.resident_bytes() <= whole / 4 + 16 * 1_024, "{}", twins.warm.resident_bytes());
    let again: Updates = entries.iter().step_by(3).map(|(key, _)| (key.clone(), None)).collect();
    twins.apply(&again, &Sequential, true);
    twins.warm.shrink(0);
    let nothing = WarmTrie::new(EMPTY_ROOT).resident_bytes();
    assert!(twins.warm.resident_bytes() <= nothing + 1_024, "{}", twins.warm.resident_bytes());
    twins.apply(&entries, &Sequential, true);
}

/// What a trie takes beside its nodes counts: its parts, and places that are kept for nodes to come.
#[test]
fn memory_beside_the_nodes_is_counted() {
    let nothing = WarmTrie::new(EMPTY_ROOT).resident_bytes();
    // Each part has three lists at least.
    assert!(nothing >= 16 * 3 * size_of::<Vec<u8>>(), "{nothing} bytes for sixteen parts");

    let seed = seed(16);
    println!("seed: {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut twins = Twins::new();
    let entries: Entries = (0..3_000).map(|_| (bytes(&mut random, 32), bytes(&mut random, 40))).collect();
    let put: Updates = entries.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
    twins.apply(&put, &Sequential, true);
    let delete: Updates = entries.into_keys().map(|key| (key, None)).collect();
    twins.apply(&delete, &Sequential, true);
    // A place has room for a pointer and a length at least, and there was one for each leaf.
    let left = twins.warm.resident_bytes();
    assert!(left >= nothing + 3_000 * 16, "{left} bytes after all was deleted");
    twins.warm.shrink(0);
    assert_eq!(twins.warm.resident_bytes(), nothing, "given back");
}

#[test]
fn updates_are_checked() {
    let mut trie = MemoryTrie::new();
    let some = |length: usize| Some(vec![1; length]);
    let mut check = |updates: Updates, expected: Option<CommitError<Infallible>>| {
        let (old, result) = (trie.root(), trie.update(&updates, &Sequential));
        assert_eq!(result.err(), expected);
        if expected.is_some() {
            assert_eq!(trie.root(), old);
        }
    };
    check(vec![(vec![0; KEY_BYTES_MAX], some(1))], None);
    let found = KEY_BYTES_MAX + 1;
    check(vec![(vec![0; found], some(1))], Some(CommitError::KeyTooLong { index: 0, found }));
    check(vec![(vec![0; 1_000_000], None)], Some(CommitError::KeyTooLong { index: 0, found: 1_000_000 }));
    check(vec![(vec![], some(VALUE_BYTES_MAX))], None);
    let found = VALUE_BYTES_MAX + 1;
    check(
        vec![(vec![0], some(1)), (vec![1], some(found))],
        Some(CommitError::ValueTooLong { index: 1, found }),
    );
    check(vec![(vec![0], some(0))], Some(CommitError::EmptyValue { index: 0 }));
    check(vec![(vec![1], some(1)), (vec![1], None)], Some(CommitError::NotSorted { index: 1 }));
    check(vec![(vec![1], some(1)), (vec![0, 9], None)], Some(CommitError::NotSorted { index: 1 }));
}

#[test]
fn a_store_that_lies_is_a_fault() {
    let entries: Updates = (0..64u8).map(|n| (vec![n << 2, n, n], Some(vec![n + 1; 40]))).collect();
    let mut store = MemoryNodes::new();
    let filled = commit(&store, EMPTY_ROOT, &entries, &Sequential).unwrap();
    store.apply(filled.writes.clone());
    let update: Updates = vec![(entries[5].0.clone(), Some(vec![7]))];
    let path = Nibbles::from_key(&entries[5].0).unwrap().prefix(2);

    for path in [Nibbles::EMPTY, path] {
        let mut holed = store.clone();
        holed.apply([(path, None)]);
        assert_eq!(
            commit(&holed, filled.root, &update, &Sequential),
            Err(CommitError::Fault(NodeFault::Missing { path }))
        );
        let mut wrong = store.clone();
        wrong.apply([(path, Some(vec![0xC0]))]);
        assert!(matches!(
            commit(&wrong, filled.root, &update, &Sequential),
            Err(CommitError::Fault(NodeFault::Wrong { path: found, .. })) if found == path
        ));
    }
    // A node that hashes right and is not one.
    let mut odd = MemoryNodes::new();
    odd.apply([(Nibbles::EMPTY, Some(vec![0xC0]))]);
    let root = crate::keccak256(&[0xC0]);
    assert_eq!(
        commit(&odd, root, &update, &Sequential),
        Err(CommitError::Fault(NodeFault::Corrupt { path: Nibbles::EMPTY, error: NodeError::ItemCount }))
    );
    // One that may not stand where it stands: a leaf that ends at half a byte.
    let mut odd = MemoryNodes::new();
    let node = vec![0xC2, 0x31, 0x05];
    let root = crate::keccak256(&node);
    odd.apply([(Nibbles::EMPTY, Some(node))]);
    assert_eq!(
        commit(&odd, root, &update, &Sequential),
        Err(CommitError::Fault(NodeFault::Corrupt { path: Nibbles::EMPTY, error: NodeError::OddPath }))
    );
    // After a fault a warm trie is at its old root, and works once the store does.
    let mut warm = WarmTrie::new(filled.root);
    let mut holed = store.clone();
    holed.apply([(path, None)]);
    assert!(warm.commit(&holed, &update, &Sequential).is_err());
    assert_eq!(warm.root(), filled.root);
    assert_eq!(
        warm.commit(&store, &update, &Sequential).unwrap(),
        commit(&store, filled.root, &update, &Sequential).unwrap()
    );
}

#[test]
fn nothing_changed_writes_nothing() {
    let entries: Updates = vec![(vec![1, 2], Some(vec![3; 40])), (vec![1, 3], Some(vec![4]))];
    let mut store = MemoryNodes::new();
    let filled = commit(&store, EMPTY_ROOT, &entries, &Sequential).unwrap();
    store.apply(filled.writes);
    let absent: Updates =
        vec![(vec![], None), (vec![1], None), (vec![1, 2], entries[0].1.clone()), (vec![9], None)];
    let same = commit(&store, filled.root, &absent, &Sequential).unwrap();
    assert_eq!((same.root, same.writes.len()), (filled.root, 0));
    let none = commit(&NoNodes, EMPTY_ROOT, &absent[..2], &Sequential).unwrap();
    assert_eq!((none.root, none.writes.len()), (EMPTY_ROOT, 0));
    let no_entries: [(Vec<u8>, Vec<u8>); 0] = [];
    assert_eq!(root_of(&no_entries).unwrap(), EMPTY_ROOT);
    assert_eq!(crate::keccak256(&[0x80]), EMPTY_ROOT);
}
