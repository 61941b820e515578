//! Prints how fast blocks of updates are committed: 10,000 updates over 1,000,000 leaves, half of them of keys that are
//! there and half of new ones, keys of 32 random bytes, values of 72.
//!
//! Figures are CPU time of the calling thread where the system tells it (Linux), else elapsed time; for two threads
//! always elapsed time.
//!
//! `cargo run --release -p chainstack-trie --example trie_speed [-- LEAVES [BLOCKS]]`
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::{collections::BTreeMap, time::Instant};

use chainstack_trie::{EMPTY_ROOT, Join, MemoryNodes, MemoryTrie, Sequential, WarmTrie, commit};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const UPDATES: usize = 10_000;
const SEED: u64 = 7;

type Updates = Vec<([u8; 32], Option<[u8; 72]>)>;

/// Two threads, whatever the number of pieces.
struct TwoThreads;

impl Join for TwoThreads {
    fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
        let mut first = items;
        let second = first.split_off(first.len() / 2);
        let work = &work;
        std::thread::scope(|scope| {
            let other = scope.spawn(move || second.into_iter().map(work).collect::<Vec<R>>());
            let mut results: Vec<R> = first.into_iter().map(work).collect();
            results.extend(other.join().unwrap_or_default());
            results
        })
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>().ok());
    let leaves = arguments.next().flatten().unwrap_or(1_000_000);
    let blocks = arguments.next().flatten().unwrap_or(15);
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut known = Vec::new();
    let base = block(&mut random, &mut known, leaves, 0);
    let blocks: Vec<Updates> = (0..blocks).map(|_| block(&mut random, &mut known, UPDATES, 50)).collect();
    println!(
        "keccak {}, leaves {leaves}, updates a block {UPDATES}, seed {SEED}",
        chainstack_keccak::backend()
    );

    let mut memory = MemoryTrie::new();
    let start = Instant::now();
    memory.update(&base, &Sequential).expect("sorted updates");
    println!(
        "filled in {:.2} s, {} MB in memory",
        start.elapsed().as_secs_f64(),
        memory.resident_bytes() >> 20
    );
    report("in memory, one thread", &blocks, cpu_nanos, |updates| {
        memory.update(updates, &Sequential).expect("sorted updates").0
    });
    drop(memory);

    let mut memory = MemoryTrie::new();
    memory.update(&base, &TwoThreads).expect("sorted updates");
    report("in memory, two threads", &blocks, elapsed_nanos, |updates| {
        memory.update(updates, &TwoThreads).expect("sorted updates").0
    });
    drop(memory);

    let mut store = MemoryNodes::new();
    let mut warm = WarmTrie::new(EMPTY_ROOT);
    let filled = warm.commit(&store, &base, &Sequential).expect("sorted updates");
    store.apply(filled.writes);
    let mut pending = Vec::new();
    report("warm with writes, one thread", &blocks, cpu_nanos, |updates| {
        let commit = warm.commit(&store, updates, &Sequential).expect("sorted updates");
        pending.push(commit.writes);
        commit.root.0
    });
    drop(warm);

    // From the store alone: each block decodes what it touches.
    let mut root = commit(&MemoryNodes::new(), EMPTY_ROOT, &base, &Sequential).expect("sorted updates").root;
    report("cold from a map of nodes, one thread", &blocks, cpu_nanos, |updates| {
        let commit = commit(&store, root, updates, &Sequential).expect("sorted updates");
        store.apply(commit.writes);
        root = commit.root;
        root.0
    });
}

/// Sorted updates with distinct keys, `present_pct` of a hundred of keys that are there.
fn block(random: &mut ChaCha8Rng, known: &mut Vec<[u8; 32]>, size: usize, present_pct: u32) -> Updates {
    let mut updates = BTreeMap::new();
    while updates.len() < size {
        let key = if random.random_ratio(present_pct, 100) {
            known[random.random_range(0..known.len())]
        } else {
            let mut key = [0; 32];
            random.fill_bytes(&mut key);
            known.push(key);
            key
        };
        let mut value = [0; 72];
        random.fill_bytes(&mut value);
        updates.insert(key, Some(value));
    }
    updates.into_iter().collect()
}

/// Runs every block and prints the median.
fn report(name: &str, blocks: &[Updates], clock: fn() -> u64, mut run: impl FnMut(&Updates) -> [u8; 32]) {
    let mut root = [0; 32];
    let mut micros: Vec<f64> = blocks
        .iter()
        .map(|updates| {
            let start = clock();
            root = run(updates);
            (clock() - start) as f64 / 1e3
        })
        .collect();
    micros.sort_by(f64::total_cmp);
    let per_update = |micros: f64| micros / UPDATES as f64;
    let median = per_update(micros[micros.len() / 2]);
    let root: String = root[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    println!(
        "{name}: {median:.2} us an update, {:.0} updates a second (median of {}, best {:.2} us), root {root}…",
        1e6 / median,
        micros.len(),
        per_update(micros[0]),
    );
}

/// CPU time of this thread in nanoseconds.
fn cpu_nanos() -> u64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .unwrap_or_else(elapsed_nanos)
}

/// Time since the first call in nanoseconds.
fn elapsed_nanos() -> u64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}
