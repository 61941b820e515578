//! Coins that the host holds for an item or for the contract, out of reach of [`pay`](crate::call::pay).

use core::marker::PhantomData;

use crate::call::PayError;
use crate::codec::Datum;
use crate::{AccountId, Amount, raw};

/// An escrow cell for the items of a map with keys `K`; for the contract itself, `K` is `()`.
#[derive(Clone, Copy, Debug)]
pub struct Escrow<K> {
    id: u16,
    item: PhantomData<fn(K)>,
}

impl<K: Datum> Escrow<K> {
    /// The escrow cell with this permanent id.
    #[must_use]
    pub const fn new(id: u16) -> Self {
        Self { id, item: PhantomData }
    }

    /// What it holds for the item.
    #[must_use]
    pub fn held(&self, item: &K) -> Amount {
        Amount(item.with_bytes(|item| raw::escrowed(self.id, item)))
    }

    /// Takes coins of the contract's own balance, such as came with the call. Needs `pays_in`.
    ///
    /// # Errors
    /// [`PayError::InsufficientBalance`]; nothing changed then.
    pub fn take(&self, item: &K, amount: Amount) -> Result<(), PayError> {
        PayError::check(item.with_bytes(|item| raw::escrow_in(self.id, item, amount.0)))
    }

    /// Pays to an account, inside the method's `sends`. Needs `pays_out`.
    ///
    /// # Errors
    /// [`PayError`]; nothing changed then.
    pub fn pay(&self, item: &K, to: &AccountId, amount: Amount) -> Result<(), PayError> {
        PayError::check(item.with_bytes(|item| raw::escrow_out(self.id, item, &to.0, amount.0)))
    }
}
