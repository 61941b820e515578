//! Tokens of any contract in custody, for a beneficiary or back to who brought them.
//!
//! The manifest is the contract: its machine says who lets go, its exits move every token. The code writes down who is
//! who and puts the tokens into escrow.
#![no_std]

use chainstack_sdk::cell::Map;
use chainstack_sdk::escrow::{From, TokenEscrow};
use chainstack_sdk::event::emit;
use chainstack_sdk::{AccountId, Amount, env, errors, events, methods};

errors! {
    /// Why the code refuses; all else is refused by the declaration.
    pub enum CustodyError {
        /// The tokens could not be taken into custody.
        NotYours = 1,
        /// A vault of nothing is refused.
        Nothing = 2,
    }
}

events! {
    /// Tokens were brought.
    pub struct Brought = 1 {
        /// The vault.
        vault: u64,
        /// Who brought them.
        depositor: AccountId,
        /// For whom.
        beneficiary: AccountId,
        /// The contract that keeps them.
        token: AccountId,
        /// How many.
        amount: Amount,
    }
}

/// Vaults by number: depositor, beneficiary, contract of the token, height of return.
pub const VAULTS: Map<u64, (AccountId, AccountId, AccountId, u64)> = Map::new(1);
/// The tokens of each vault.
pub const HELD: TokenEscrow<u64> = TokenEscrow::new(2);

methods! {
    /// Brings tokens.
    fn bring(vault: u64, beneficiary: AccountId, token: AccountId, amount: Amount, until: u64) = bring_tokens;
    /// Lets a vault go: the host has checked who asks, and moves the machine.
    fn release(vault: u64) = nothing_to_do;
    /// Gives a vault back: as `release`.
    fn decline(vault: u64) = nothing_to_do;
    /// How many tokens a vault holds.
    fn held(vault: u64) -> Amount = held_for;
}

type Result<T> = core::result::Result<T, CustodyError>;

fn bring_tokens(
    vault: u64,
    beneficiary: AccountId,
    token: AccountId,
    amount: Amount,
    until: u64,
) -> Result<()> {
    let depositor = env::caller();
    if amount.0 == 0 {
        return Err(CustodyError::Nothing);
    }
    VAULTS.set(&vault, &(depositor, beneficiary, token, until));
    HELD.take(&vault, &token, From::Caller, amount).map_err(|_| CustodyError::NotYours)?;
    emit(&Brought { vault, depositor, beneficiary, token, amount });
    Ok(())
}

fn nothing_to_do(_: u64) -> Result<()> {
    Ok(())
}

fn held_for(vault: u64) -> Result<Amount> {
    Ok(HELD.held(&vault))
}
