//! Unique assets: maps whose entries have an owner that the host keeps.

use crate::cell::Map;
use crate::codec::Datum;
use crate::{AccountId, raw, status};

/// A map cell with `asset = {}`: entries of `V` under ids `K`, each with an owner.
#[derive(Clone, Copy, Debug)]
pub struct Unique<K, V> {
    entries: Map<K, V>,
}

/// Who has a unique asset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// There is no such asset.
    None,
    /// This account.
    Account(AccountId),
    /// An escrow, of this contract or another: out of the code's reach.
    Escrowed,
}

/// Why an asset did not go to an owner; nothing changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MoveError {
    /// There is no such asset.
    NotFound,
    /// It is in an escrow.
    Escrowed,
    /// The new owner is the all-zero account.
    ZeroAddress,
    /// The new owner is an account of the protocol itself.
    ProtocolAddress,
}

fn moved(status: u32) -> Result<(), MoveError> {
    match status {
        status::OK => Ok(()),
        status::ITEM_NOT_FOUND => Err(MoveError::NotFound),
        status::ESCROWED => Err(MoveError::Escrowed),
        status::ZERO_ADDRESS => Err(MoveError::ZeroAddress),
        status::PROTOCOL_ADDRESS => Err(MoveError::ProtocolAddress),
        _ => crate::trap(),
    }
}

impl<K: Datum, V: Datum> Unique<K, V> {
    /// The map with this permanent id.
    #[must_use]
    pub const fn new(id: u16) -> Self {
        Self { entries: Map::new(id) }
    }

    /// The entry, without its owner. Needs the touch `read`.
    #[must_use]
    pub fn get(&self, id: &K) -> Option<V> {
        self.entries.get(id)
    }

    /// Overwrites the entry; its owner stays. Needs the touch `set`. One that is not there ends the call.
    pub fn set(&self, id: &K, value: &V) {
        self.entries.set(id, value);
    }

    /// Creates an asset and gives it to an owner. Needs the touch `set`. One that is there already ends the call.
    ///
    /// # Errors
    /// [`MoveError::ZeroAddress`], [`MoveError::ProtocolAddress`]; nothing changed then.
    pub fn mint(&self, id: &K, owner: &AccountId, value: &V) -> Result<(), MoveError> {
        moved(id.with_bytes(|id| {
            value.with_bytes(|value| raw::unique_mint(self.entries.id(), id, &owner.0, value))
        }))
    }

    /// Gives an asset to another owner and clears what a move clears. Needs the touch `move`; whether the caller may is
    /// for the method to say.
    ///
    /// # Errors
    /// [`MoveError`]; nothing changed then.
    pub fn give(&self, id: &K, to: &AccountId) -> Result<(), MoveError> {
        moved(id.with_bytes(|id| raw::unique_move(self.entries.id(), id, &to.0)))
    }

    /// Destroys an asset; whether there was one. Needs the touch `delete`. One in an escrow ends the call.
    pub fn burn(&self, id: &K) -> bool {
        self.entries.delete(id)
    }

    /// Who has an asset. Needs the touch `read`.
    #[must_use]
    pub fn owner(&self, id: &K) -> Owner {
        match id.with_bytes(|id| raw::unique_owner(self.entries.id(), id)) {
            (status::OK, owner) => Owner::Account(AccountId(owner)),
            (status::ESCROWED, _) => Owner::Escrowed,
            _ => Owner::None,
        }
    }

    /// How many assets an account owns. Needs the touch `read` under `*`.
    #[must_use]
    pub fn owned(&self, account: &AccountId) -> u64 {
        raw::unique_count(self.entries.id(), &account.0)
    }
}
