//! What the host holds for an item or for the contract, out of reach of [`pay`](crate::call::pay) and of the code of the
//! contracts that keep assets: coins ([`Escrow`]), amounts of a token ([`TokenEscrow`]), a unique asset
//! ([`UniqueEscrow`]).

use core::marker::PhantomData;

use crate::call::PayError;
use crate::codec::Datum;
use crate::{AccountId, Amount, raw, status};

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

/// Whose asset goes into an escrow. Nobody else can be named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum From {
    /// The contract's own, inside the method's `sends`.
    Own,
    /// Its caller's, who has consented: a signer with the transaction's `sends`, a contract with those of its running
    /// method. Without consent the host ends the call.
    Caller,
}

impl From {
    const fn word(self) -> u32 {
        match self {
            Self::Own => 0,
            Self::Caller => 1,
        }
    }
}

/// Why an asset did not go into an escrow; nothing changed. What the declaration or the asset's own condition refuses
/// ends the call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TakeError {
    /// Less is there than was asked for.
    InsufficientBalance,
    /// There is no such unique asset.
    NotFound,
    /// The unique asset belongs to somebody else.
    NotOwner,
}

fn took(status: u32) -> Result<(), TakeError> {
    match status {
        status::OK => Ok(()),
        status::INSUFFICIENT_BALANCE => Err(TakeError::InsufficientBalance),
        status::ITEM_NOT_FOUND => Err(TakeError::NotFound),
        status::NOT_OWNER => Err(TakeError::NotOwner),
        _ => crate::trap(),
    }
}

/// An escrow cell for amounts of a fungible asset that a contract keeps.
#[derive(Clone, Copy, Debug)]
pub struct TokenEscrow<K> {
    inner: Escrow<K>,
}

impl<K: Datum> TokenEscrow<K> {
    /// The escrow cell with this permanent id.
    #[must_use]
    pub const fn new(id: u16) -> Self {
        Self { inner: Escrow::new(id) }
    }

    /// How much it holds for the item.
    #[must_use]
    pub fn held(&self, item: &K) -> Amount {
        self.inner.held(item)
    }

    /// Takes an amount of the asset that the contract at `token` keeps. Needs `pays_in`.
    ///
    /// # Errors
    /// [`TakeError`]; nothing changed then.
    pub fn take(&self, item: &K, token: &AccountId, from: From, amount: Amount) -> Result<(), TakeError> {
        let amount = amount.0.to_le_bytes();
        took(
            item.with_bytes(|item| raw::escrow_asset_in(self.inner.id, item, &token.0, from.word(), &amount)),
        )
    }

    /// Lets an amount out to an account, inside the method's `sends`. Needs `pays_out`.
    ///
    /// # Errors
    /// [`PayError`]; nothing changed then.
    pub fn pay(&self, item: &K, to: &AccountId, amount: Amount) -> Result<(), PayError> {
        self.inner.pay(item, to, amount)
    }
}

/// An escrow cell for one unique asset that a contract keeps, with ids `I`.
#[derive(Clone, Copy, Debug)]
pub struct UniqueEscrow<K, I> {
    inner: Escrow<K>,
    id: PhantomData<fn(I)>,
}

impl<K: Datum, I: Datum> UniqueEscrow<K, I> {
    /// The escrow cell with this permanent id.
    #[must_use]
    pub const fn new(id: u16) -> Self {
        Self { inner: Escrow::new(id), id: PhantomData }
    }

    /// Whether it holds one for the item.
    #[must_use]
    pub fn holds(&self, item: &K) -> bool {
        self.inner.held(item).0 == 1
    }

    /// Takes the asset `id` that the contract at `asset` keeps. Needs `pays_in`.
    ///
    /// # Errors
    /// [`TakeError`]; nothing changed then.
    pub fn take(&self, item: &K, asset: &AccountId, from: From, id: &I) -> Result<(), TakeError> {
        took(item.with_bytes(|item| {
            id.with_bytes(|id| raw::escrow_asset_in(self.inner.id, item, &asset.0, from.word(), id))
        }))
    }

    /// Gives it to an account, inside the method's `sends`. Needs `pays_out`.
    ///
    /// # Errors
    /// [`PayError`]; nothing changed then.
    pub fn give(&self, item: &K, to: &AccountId) -> Result<(), PayError> {
        self.inner.pay(item, to, Amount(1))
    }
}
