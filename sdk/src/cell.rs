//! Declared entries: [`Map`] and [`Value`].
//!
//! A stored value is its head fields, then its tail, each encoded after the other: a struct with the fields in
//! the manifest's order. The host checks sizes, touches and deposits.

use core::marker::PhantomData;

use crate::codec::Datum;
use crate::{Amount, env, raw};

/// A map cell: entries of `V` under keys `K`, the tuple of the declared key fields.
#[derive(Clone, Copy, Debug)]
pub struct Map<K, V> {
    id: u16,
    entry: PhantomData<fn(K) -> V>,
}

impl<K: Datum, V: Datum> Map<K, V> {
    /// The map with this permanent id.
    #[must_use]
    pub const fn new(id: u16) -> Self {
        Self { id, entry: PhantomData }
    }

    /// The permanent id.
    #[must_use]
    pub const fn id(&self) -> u16 {
        self.id
    }

    /// The entry, if there is one. Needs the touch `read`.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<V> {
        key.with_bytes(|key| env::read(|out| raw::cell_get(self.id, key, out)))
    }

    /// Creates or overwrites the entry. Needs the touch `set`.
    pub fn set(&self, key: &K, value: &V) {
        key.with_bytes(|key| value.with_bytes(|value| raw::cell_set(self.id, key, value)));
    }

    /// Deletes the entry; whether there was one. Needs the touch `delete`.
    pub fn delete(&self, key: &K) -> bool {
        key.with_bytes(|key| raw::cell_delete(self.id, key))
    }

    /// Count of entries, for a cell with `count`. Needs the touch `read` under `*`.
    #[must_use]
    pub fn count(&self) -> u64 {
        raw::cell_count(self.id)
    }

    /// Sum of the head field with this index, for one with `sum`. Needs the touch `read` under `*`.
    #[must_use]
    pub fn sum(&self, field: u8) -> Amount {
        Amount(raw::cell_sum(self.id, field))
    }
}

/// A value cell: a single entry of `V`.
#[derive(Clone, Copy, Debug)]
pub struct Value<V> {
    map: Map<(), V>,
}

impl<V: Datum> Value<V> {
    /// The cell with this permanent id.
    #[must_use]
    pub const fn new(id: u16) -> Self {
        Self { map: Map::new(id) }
    }

    /// The permanent id.
    #[must_use]
    pub const fn id(&self) -> u16 {
        self.map.id()
    }

    /// The entry, if it was set. Needs the touch `read`.
    #[must_use]
    pub fn get(&self) -> Option<V> {
        self.map.get(&())
    }

    /// Creates or overwrites the entry. Needs the touch `set`.
    pub fn set(&self, value: &V) {
        self.map.set(&(), value);
    }

    /// Deletes the entry; whether there was one. Needs the touch `delete`.
    pub fn delete(&self) -> bool {
        self.map.delete(&())
    }
}
