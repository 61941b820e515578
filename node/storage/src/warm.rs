//! Recently used values in bounded memory, in front of the database.
//!
//! Holds values **as of the head**, absent ones too. Sixty-four shards, each with two generations: what is used
//! moves to the young one; when the young one has half of the shard's budget, the old one is dropped and the young
//! one takes its place. So what was used since the last turn stays, at constant cost and without a list.
//!
//! | limit | value |
//! | --- | --- |
//! | capacity of the flat layer | [`WarmLimits::flat_bytes`], 128 MiB by default |
//! | capacity of the node layer | [`WarmLimits::node_bytes`], 128 MiB by default |
//! | largest value kept | 64 KiB |

use std::{
    hash::BuildHasher,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use hashbrown::{DefaultHashBuilder, HashMap};

/// How much memory the warm layers may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WarmLimits {
    /// Accounts, entries and codes, in bytes.
    pub flat_bytes: usize,
    /// Trie nodes, in bytes.
    pub node_bytes: usize,
}

impl Default for WarmLimits {
    fn default() -> Self {
        Self { flat_bytes: 128 << 20, node_bytes: 128 << 20 }
    }
}

/// Number of shards; a power of two.
const SHARDS: usize = 64;
/// Values longer than this are not kept, in bytes.
const VALUE_SIZE_MAX: usize = 64 << 10;
/// Memory of a row beside its key and value, estimated in bytes: map slot, two allocations, counts.
const ROW_OVERHEAD: usize = 112;

/// A payload, or the knowledge that there is none.
pub(crate) type Value = Option<Arc<[u8]>>;

type Generation = HashMap<Box<[u8]>, Value>;

#[derive(Default)]
struct Shard {
    young: Generation,
    old: Generation,
    young_bytes: usize,
    old_bytes: usize,
}

fn weight(key: &[u8], value: &Value) -> usize {
    ROW_OVERHEAD + key.len() + value.as_ref().map_or(0, |bytes| bytes.len())
}

impl Shard {
    fn get(&mut self, key: &[u8], budget: usize) -> Option<Value> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.old_bytes -= weight(&key, &value);
        self.keep(key, value.clone(), budget);
        Some(value)
    }

    fn insert(&mut self, key: Box<[u8]>, value: Value, budget: usize) {
        self.remove(&key);
        self.keep(key, value, budget);
    }

    fn keep(&mut self, key: Box<[u8]>, value: Value, budget: usize) {
        let weight = weight(&key, &value);
        if self.young_bytes + weight > budget / 2 {
            self.old = std::mem::take(&mut self.young);
            self.old_bytes = std::mem::take(&mut self.young_bytes);
        }
        if weight <= budget / 2 {
            self.young.insert(key, value);
            self.young_bytes += weight;
        }
    }

    fn remove(&mut self, key: &[u8]) {
        if let Some((key, value)) = self.young.remove_entry(key) {
            self.young_bytes -= weight(&key, &value);
        }
        if let Some((key, value)) = self.old.remove_entry(key) {
            self.old_bytes -= weight(&key, &value);
        }
    }
}

/// One warm layer.
pub(crate) struct Warm {
    shards: Vec<Mutex<Shard>>,
    /// Budget of one shard, in bytes.
    budget: usize,
    /// Only places rows; nothing is ever walked in this order. Seeded, so that keys chosen by strangers do not
    /// collide.
    hasher: DefaultHashBuilder,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Warm {
    pub(crate) fn new(capacity_bytes: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            budget: capacity_bytes / SHARDS,
            hasher: DefaultHashBuilder::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    fn shard(&self, key: &[u8]) -> MutexGuard<'_, Shard> {
        // The top bits choose the shard; the map inside takes its position from the low ones.
        let index = usize::try_from(self.hasher.hash_one(key) >> 58).unwrap_or_default() % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of the head under `key`, if it is known.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Value> {
        let found = self.shard(key).get(key, self.budget);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Keeps a value that was read, if `still_true` says so while the shard is locked: a commit that changes the
    /// key in between takes the same lock after it has made `still_true` false.
    pub(crate) fn learn(&self, key: &[u8], value: &Value, still_true: impl FnOnce() -> bool) {
        if value.as_ref().is_some_and(|bytes| bytes.len() > VALUE_SIZE_MAX) {
            return;
        }
        let mut shard = self.shard(key);
        if still_true() {
            shard.insert(key.into(), value.clone(), self.budget);
        }
    }

    /// Replaces what is known: the head has moved.
    pub(crate) fn update(&self, key: Box<[u8]>, value: Value) {
        let mut shard = self.shard(&key);
        if value.as_ref().is_some_and(|bytes| bytes.len() > VALUE_SIZE_MAX) {
            shard.remove(&key);
        } else {
            shard.insert(key, value, self.budget);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        for shard in &self.shards {
            *shard.lock().unwrap_or_else(PoisonError::into_inner) = Shard::default();
        }
    }

    /// Hits and misses since the start.
    pub(crate) fn usage(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }

    /// Estimated memory of all rows, in bytes.
    pub(crate) fn size_bytes(&self) -> usize {
        let sizes = self.shards.iter().map(|shard| {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.young_bytes + shard.old_bytes
        });
        sizes.fold(0, usize::saturating_add) // an estimate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(size: usize) -> Value {
        Some(vec![7; size].into())
    }

    #[test]
    fn memory_stays_in_bounds_and_used_rows_stay() {
        let capacity = 1 << 20;
        let warm = Warm::new(capacity);
        warm.update((*b"often used").into(), value(10));
        for number in 0..100_000u32 {
            warm.update(number.to_le_bytes().into(), value(100));
            if number % 16 == 0 {
                assert!(warm.get(b"often used").is_some(), "row {number}");
            }
        }
        assert!(warm.size_bytes() <= capacity);
        assert!(warm.size_bytes() > capacity / 4);
        assert!(warm.get(&0u32.to_le_bytes()).is_none());
    }

    #[test]
    fn weights_add_up() {
        let warm = Warm::new(1 << 20);
        for round in 0..4usize {
            for number in 0..50u32 {
                warm.update(number.to_le_bytes().into(), value(round));
            }
        }
        assert_eq!(warm.size_bytes(), 50 * (ROW_OVERHEAD + 4 + 3));
        warm.clear();
        assert_eq!(warm.size_bytes(), 0);
    }

    #[test]
    fn large_values_and_outdated_ones_are_not_kept() {
        let warm = Warm::new(64 << 20);
        warm.update((*b"a").into(), value(VALUE_SIZE_MAX));
        assert_eq!(warm.get(b"a"), Some(value(VALUE_SIZE_MAX)));
        warm.update((*b"a").into(), value(VALUE_SIZE_MAX + 1));
        assert_eq!(warm.get(b"a"), None);
        warm.learn(b"b", &value(1), || false);
        assert_eq!(warm.get(b"b"), None);
        warm.learn(b"b", &None, || true);
        assert_eq!(warm.get(b"b"), Some(None));
    }

    #[test]
    fn no_capacity_keeps_nothing() {
        let warm = Warm::new(0);
        warm.update((*b"a").into(), value(1));
        assert_eq!(warm.get(b"a"), None);
        assert_eq!(warm.size_bytes(), 0);
    }
}
