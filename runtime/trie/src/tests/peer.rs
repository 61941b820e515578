//! Against an independent implementation: `alloy-trie`.

use std::collections::BTreeMap;

use alloy_trie::{HashBuilder, Nibbles as PeerNibbles};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Entries, Updates, bytes, count, key, seed, value};
use crate::{EMPTY_ROOT, MemoryNodes, Sequential, WarmTrie, root_of};

/// The root of all entries, by the peer. Its keys may not begin one another.
fn peer_root(entries: &Entries) -> [u8; 32] {
    let mut builder = HashBuilder::default();
    for (key, value) in entries {
        builder.add_leaf(PeerNibbles::unpack(key), value);
    }
    builder.root().0
}

/// Longest key that the peer's paths hold.
pub(super) const PEER_KEY_BYTES_MAX: usize = 32;

/// Random sequences of insertions, changes and deletions, with keys of one length in each sequence (the peer knows no
/// values in branches): after each commit the root is the peer's; for keys too long for it, the root from nothing.
#[test]
fn random_sequences_have_the_peers_root() {
    let (sequences, seed) = (count(100_000), seed(21));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut operations, mut by_peer) = (0, 0);
    for number in 0..sequences {
        let length = 1 + number % 40;
        let mut entries = Entries::new();
        let mut store = MemoryNodes::new();
        let mut warm = WarmTrie::new(EMPTY_ROOT);
        for _ in 0..random.random_range(1..6) {
            let mut batch = BTreeMap::new();
            let deletes = random.random_range(0..=10);
            for _ in 0..random.random_range(1..16) {
                let known = entries.keys().nth(random.random_range(0..=entries.len()));
                let key = match known {
                    Some(known) if random.random_ratio(1, 2) => known.clone(),
                    _ if random.random_ratio(1, 3) => bytes(&mut random, length),
                    _ => key(&mut random, length),
                };
                let value = (!random.random_ratio(deletes, 10)).then(|| value(&mut random));
                match &value {
                    Some(value) => _ = entries.insert(key.clone(), value.clone()),
                    None => _ = entries.remove(&key),
                }
                batch.insert(key, value);
            }
            operations += batch.len();
            let batch: Updates = batch.into_iter().collect();
            let commit = warm.commit(&store, &batch, &Sequential).unwrap();
            let expected = if length <= PEER_KEY_BYTES_MAX {
                by_peer += 1;
                peer_root(&entries)
            } else {
                root_of(&entries.iter().collect::<Vec<_>>()).unwrap().0
            };
            assert_eq!(commit.root.0, expected, "sequence {number}, seed {seed}");
            store.apply(commit.writes);
            if random.random_ratio(1, 3) {
                warm.shrink(0);
            }
        }
    }
    assert!(by_peer > sequences, "{by_peer} roots by the peer");
    println!("sequences: {sequences}, operations: {operations}, roots by the peer: {by_peer}, seed: {seed}");
}
