//! Tests at the room's door.
#![expect(clippy::print_stdout, reason = "seeds and counts are part of a test's report")]

mod commits;
mod peer;
mod proofs;
mod vectors;

use std::collections::BTreeMap;

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use crate::{Join, MemoryNodes, MemoryTrie, Sequential, WarmTrie, commit, root_of};

/// Keys and values in order.
type Entries = BTreeMap<Vec<u8>, Vec<u8>>;
/// Sorted updates.
type Updates = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// Whether the long counts are asked for.
fn campaign() -> bool {
    std::env::var_os("CHAINSTACK_CAMPAIGN").is_some_and(|value| value == "1")
}

/// The full count in a campaign, else two in a hundred.
fn count(full: usize) -> usize {
    if campaign() { full } else { full.div_ceil(50) }
}

/// The seed that a campaign gives, else `usual`.
fn seed(usual: u64) -> u64 {
    std::env::var("CHAINSTACK_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Runs every piece on a thread of its own, the last one first.
struct Threads;

impl Join for Threads {
    fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
        let work = &work;
        std::thread::scope(|scope| {
            let running: Vec<_> = items.into_iter().map(|item| scope.spawn(move || work(item))).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }
}

/// The same trie four times over: stored and committed cold, stored and kept warm, in memory, and plain entries.
struct Twins {
    entries: Entries,
    cold: MemoryNodes,
    warm: WarmTrie,
    memory: MemoryTrie,
}

impl Twins {
    fn new() -> Self {
        Self {
            entries: Entries::new(),
            cold: MemoryNodes::new(),
            warm: WarmTrie::new(crate::EMPTY_ROOT),
            memory: MemoryTrie::new(),
        }
    }

    fn root(&self) -> chainstack_primitives::Hash {
        self.warm.root()
    }

    /// Commits to all of them and compares roots, writes and stored nodes; the root from nothing only if asked.
    #[track_caller]
    fn apply(&mut self, updates: &Updates, join: &impl Join, from_nothing: bool) {
        let old_root = self.root();
        let cold = commit(&self.cold, old_root, updates, &Sequential).unwrap();
        let warm = self.warm.commit(&self.cold, updates, join).unwrap();
        assert_eq!(cold, warm, "cold and warm");
        assert_eq!(self.memory.update(updates, join).unwrap(), cold.root, "in memory");
        assert!(cold.writes.is_sorted_by(|(a, _), (b, _)| a < b), "each path once, in order");
        self.cold.apply(cold.writes);
        for (key, value) in updates {
            match value {
                Some(value) => _ = self.entries.insert(key.clone(), value.clone()),
                None => _ = self.entries.remove(key),
            }
        }
        if from_nothing {
            self.check_from_nothing();
        }
    }

    /// The root of the entries, and the very nodes that a store filled with them at once would hold.
    #[track_caller]
    fn check_from_nothing(&self) {
        let entries: Vec<_> = self.entries.iter().collect();
        assert_eq!(root_of(&entries).unwrap(), self.root(), "from nothing");
        let mut fresh = MemoryNodes::new();
        let all: Vec<_> = entries.into_iter().map(|(key, value)| (key, Some(value))).collect();
        let filled = commit(&fresh, crate::EMPTY_ROOT, &all, &Sequential).unwrap();
        fresh.apply(filled.writes);
        assert!(fresh == self.cold, "stored nodes differ from those of a fresh store");
    }
}

fn bytes(random: &mut ChaCha8Rng, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    random.fill_bytes(&mut bytes);
    bytes
}

/// A key that often shares its beginning with others.
fn key(random: &mut ChaCha8Rng, length: usize) -> Vec<u8> {
    (0..length)
        .map(|place| match random.random_range(0..4) {
            0 => [0x00, 0x01, 0x10, 0x11][random.random_range(0..4)],
            1 if place + 1 < length => 0x11,
            1 => random.random(),
            _ => 0x10 * random.random_range(0..3u8),
        })
        .collect()
}

/// A value: short ones make inline nodes, long ones do not.
fn value(random: &mut ChaCha8Rng) -> Vec<u8> {
    let length = match random.random_range(0..8) {
        0 => 1,
        1..=4 => random.random_range(1..12),
        5 | 6 => random.random_range(12..60),
        _ => random.random_range(60..300),
    };
    bytes(random, length)
}
