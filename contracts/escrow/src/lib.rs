//! A payment that a buyer releases, a seller gives back, or time returns.
//!
//! The manifest is the contract: its machine says what may happen, its exits move every coin. The code writes down who
//! deals with whom and puts the payment into escrow; nothing it does, and nothing it fails to do, keeps a payment from
//! whom the declaration names.
#![no_std]

use chainstack_sdk::cell::Map;
use chainstack_sdk::escrow::Escrow;
use chainstack_sdk::event::emit;
use chainstack_sdk::{AccountId, Amount, env, errors, events, methods};

errors! {
    /// Why the code refuses; all else is refused by the declaration.
    pub enum EscrowError {
        /// The payment could not be put into escrow.
        NotPaid = 1,
    }
}

events! {
    /// A deal was opened and paid for.
    pub struct Opened = 1 {
        /// Its number.
        deal: u64,
        /// Who paid.
        buyer: AccountId,
        /// Who is to be paid.
        seller: AccountId,
        /// How much.
        amount: Amount,
    }
}

/// Buyer, seller and deadline of deals by number.
pub const DEALS: Map<u64, (AccountId, AccountId, u64)> = Map::new(1);
/// What is held for each deal.
pub const VAULT: Escrow<u64> = Escrow::new(2);

methods! {
    /// Opens a deal and pays for it.
    fn open(deal: u64, seller: AccountId, deadline: u64) = open_deal;
    /// Lets the seller have the payment: the host has checked who asks, and moves the machine.
    fn release(deal: u64) = nothing_to_do;
    /// Gives the payment back: as `release`.
    fn decline(deal: u64) = nothing_to_do;
    /// What is held for a deal.
    fn held(deal: u64) -> Amount = held_for;
}

type Result<T> = core::result::Result<T, EscrowError>;

fn open_deal(deal: u64, seller: AccountId, deadline: u64) -> Result<()> {
    let (buyer, amount) = (env::caller(), env::value());
    DEALS.set(&deal, &(buyer, seller, deadline));
    VAULT.take(&deal, amount).map_err(|_| EscrowError::NotPaid)?;
    emit(&Opened { deal, buyer, seller, amount });
    Ok(())
}

fn nothing_to_do(_: u64) -> Result<()> {
    Ok(())
}

fn held_for(deal: u64) -> Result<Amount> {
    Ok(VAULT.held(&deal))
}
