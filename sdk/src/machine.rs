//! States of declared machines. The host owns them: code asks, and chooses among the targets that its transition
//! declares.

use crate::codec::Datum;
use crate::raw;

/// A machine of the contract itself.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    id: u16,
}

impl Machine {
    /// The machine with this permanent id.
    #[must_use]
    pub const fn new(id: u16) -> Self {
        Self { id }
    }

    /// Id of the state it is in.
    #[must_use]
    pub fn state(&self) -> u8 {
        u8::try_from(raw::state(self.id, &[])).unwrap_or_else(|_| crate::trap())
    }

    /// Moves it to a declared target of the running transition, once in a call. Where only one is declared, the host
    /// moves it when the method ends.
    pub fn transition(&self, target: u8) {
        raw::transition(self.id, target);
    }
}

/// The machine that each item of a map has.
#[derive(Clone, Copy, Debug)]
pub struct ItemMachine {
    id: u16,
}

impl ItemMachine {
    /// The machine with this permanent id.
    #[must_use]
    pub const fn new(id: u16) -> Self {
        Self { id }
    }

    /// Id of the state that the item under `key` is in, if there is one. Needs the touch `read`.
    #[must_use]
    pub fn state<K: Datum>(&self, key: &K) -> Option<u8> {
        key.with_bytes(|key| u8::try_from(raw::state(self.id, key)).ok())
    }

    /// Moves every item that the call is bound to; as [`Machine::transition`].
    pub fn transition(&self, target: u8) {
        raw::transition(self.id, target);
    }
}
