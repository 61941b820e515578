//! Balances that the host conserves: [`Ledger`].

use core::marker::PhantomData;

use crate::codec::Datum;
use crate::{Amount, raw, status, trap};

/// A ledger cell: amounts under keys `K`, the tuple of the declared key fields. Zero is absent.
#[derive(Clone, Copy, Debug)]
pub struct Ledger<K> {
    id: u16,
    key: PhantomData<fn(K)>,
}

/// Why a ledger did not change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LedgerError {
    /// The balance is less than the amount.
    InsufficientBalance,
    /// The balance would pass the greatest amount.
    BalanceOverflow,
}

impl LedgerError {
    /// What a status of the host's ledger functions says.
    pub(crate) fn check(status: u32) -> Result<(), Self> {
        match status {
            status::OK => Ok(()),
            status::INSUFFICIENT_BALANCE => Err(Self::InsufficientBalance),
            status::BALANCE_OVERFLOW => Err(Self::BalanceOverflow),
            _ => trap(),
        }
    }
}

impl<K: Datum> Ledger<K> {
    /// The ledger with this permanent id.
    #[must_use]
    pub const fn new(id: u16) -> Self {
        Self { id, key: PhantomData }
    }

    /// The permanent id.
    #[must_use]
    pub const fn id(&self) -> u16 {
        self.id
    }

    /// The balance. Needs the touch `read`.
    #[must_use]
    pub fn get(&self, key: &K) -> Amount {
        Amount(key.with_bytes(|key| raw::ledger_get(self.id, key)))
    }

    /// Adds to the balance. Needs the touch `add`. A declared sum that would overflow ends the call.
    ///
    /// # Errors
    /// [`LedgerError::BalanceOverflow`]; nothing changed.
    pub fn add(&self, key: &K, amount: Amount) -> Result<(), LedgerError> {
        LedgerError::check(key.with_bytes(|key| raw::ledger_add(self.id, key, amount.0)))
    }

    /// Takes from the balance. Needs the touch `sub`.
    ///
    /// # Errors
    /// [`LedgerError::InsufficientBalance`]; nothing changed.
    pub fn sub(&self, key: &K, amount: Amount) -> Result<(), LedgerError> {
        LedgerError::check(key.with_bytes(|key| raw::ledger_sub(self.id, key, amount.0)))
    }

    /// Moves between two balances; the sum stays. A move to itself only checks. Needs the touches `sub` on `from`
    /// and `add` on `to`.
    ///
    /// # Errors
    /// Any [`LedgerError`]; nothing changed.
    pub fn move_between(&self, from: &K, to: &K, amount: Amount) -> Result<(), LedgerError> {
        LedgerError::check(
            from.with_bytes(|from| to.with_bytes(|to| raw::ledger_move(self.id, from, to, amount.0))),
        )
    }

    /// Sum of all balances, for a ledger with `sum`. Needs the touch `read` under `*`.
    #[must_use]
    pub fn sum(&self) -> Amount {
        Amount(raw::cell_sum(self.id, 0))
    }

    /// Count of entries, for a ledger with `count`. Needs the touch `read` under `*`.
    #[must_use]
    pub fn count(&self) -> u64 {
        raw::cell_count(self.id)
    }
}
