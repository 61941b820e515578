//! The rules of the token.

use chainstack_sdk::event::emit;
use chainstack_sdk::{AccountId, Amount, Text, env};

use crate::errors::TokenError;
use crate::events::{Approval, Paused, Transfer, Unpaused};
use crate::state::{self, BALANCES, NAME_MAX, SYMBOL_MAX};

type Result<T> = core::result::Result<T, TokenError>;

/// Checks the parameters and mints the supply to the owner.
pub(crate) fn init() -> Result<()> {
    let owner = given(state::owner())?;
    let (supply, cap) = (state::supply(), state::cap());
    if supply > cap {
        return Err(TokenError::CapExceeded { cap, would_be: supply });
    }
    credit(owner, Amount::ZERO, supply)
}

pub(crate) fn transfer(to: AccountId, amount: Amount) -> Result<bool> {
    move_tokens(env::caller(), to, amount)
}

pub(crate) fn transfer_from(from: AccountId, to: AccountId, amount: Amount) -> Result<bool> {
    let from = given(from)?;
    spend_allowance(from, amount)?;
    move_tokens(from, to, amount)
}

pub(crate) fn approve(spender: AccountId, amount: Amount) -> Result<bool> {
    set_approval(env::caller(), spender, amount)
}

pub(crate) fn compare_and_approve(spender: AccountId, expected: Amount, amount: Amount) -> Result<bool> {
    let owner = env::caller();
    let found = state::allowance(owner, spender);
    if found != expected {
        return Err(TokenError::AllowanceChanged { expected, found });
    }
    set_approval(owner, spender, amount)
}

pub(crate) fn mint(to: AccountId, amount: Amount) -> Result<()> {
    if !state::mintable() {
        return Err(TokenError::NotMintable);
    }
    let (to, supply, cap) = (given(to)?, BALANCES.sum(), state::cap());
    match supply.checked_add(amount) {
        None => Err(TokenError::SupplyOverflow { supply, amount }),
        Some(would_be) if would_be > cap => Err(TokenError::CapExceeded { cap, would_be }),
        Some(_) => credit(to, supply, amount),
    }
}

pub(crate) fn burn(amount: Amount) -> Result<()> {
    destroy(env::caller(), amount)
}

pub(crate) fn burn_from(owner: AccountId, amount: Amount) -> Result<()> {
    let owner = given(owner)?;
    spend_allowance(owner, amount)?;
    destroy(owner, amount)
}

/// The host has checked role, guard and state, and moves the machine.
pub(crate) fn pause() -> Result<()> {
    emit(&Paused { account: env::caller() });
    Ok(())
}

/// As [`pause`].
pub(crate) fn unpause() -> Result<()> {
    emit(&Unpaused { account: env::caller() });
    Ok(())
}

pub(crate) fn name() -> Result<Text<NAME_MAX>> {
    Ok(state::name())
}

pub(crate) fn symbol() -> Result<Text<SYMBOL_MAX>> {
    Ok(state::symbol())
}

pub(crate) fn decimals() -> Result<u8> {
    Ok(state::decimals())
}

pub(crate) fn total_supply() -> Result<Amount> {
    Ok(BALANCES.sum())
}

pub(crate) fn balance_of(owner: AccountId) -> Result<Amount> {
    Ok(BALANCES.get(&owner))
}

pub(crate) fn allowance(owner: AccountId, spender: AccountId) -> Result<Amount> {
    Ok(state::allowance(owner, spender))
}

pub(crate) fn owner() -> Result<AccountId> {
    Ok(state::role_owner())
}

pub(crate) fn cap() -> Result<Amount> {
    Ok(state::cap())
}

pub(crate) fn mintable() -> Result<bool> {
    Ok(state::mintable())
}

pub(crate) fn burnable() -> Result<bool> {
    Ok(state::burnable())
}

pub(crate) fn pausable() -> Result<bool> {
    Ok(state::pausable())
}

pub(crate) fn paused() -> Result<bool> {
    Ok(state::MAIN.state() == state::PAUSED)
}

/// Refuses the all-zero account.
fn given(account: AccountId) -> Result<AccountId> {
    if account.is_zero() { Err(TokenError::ZeroAddress) } else { Ok(account) }
}

fn move_tokens(from: AccountId, to: AccountId, amount: Amount) -> Result<bool> {
    let to = given(to)?;
    match BALANCES.move_between(&from, &to, amount) {
        Ok(()) => {
            emit(&Transfer { from, to, amount });
            Ok(true)
        }
        // No balance passes the supply, nor the supply the greatest amount: this can only be too little.
        Err(_) => Err(insufficient_balance(from, amount)),
    }
}

/// Takes `amount` from what the caller may take from `owner`. The greatest allowance is infinite.
fn spend_allowance(owner: AccountId, amount: Amount) -> Result<()> {
    let spender = env::caller();
    let allowance = state::allowance(owner, spender);
    if allowance == Amount::MAX {
        return Ok(());
    }
    match allowance.checked_sub(amount) {
        None => Err(TokenError::InsufficientAllowance { allowance, needed: amount }),
        // Nothing to spend: the entry stays as it is, present or absent.
        Some(_) if amount.is_zero() => Ok(()),
        Some(rest) => {
            state::set_allowance(owner, spender, rest);
            Ok(())
        }
    }
}

fn set_approval(owner: AccountId, spender: AccountId, amount: Amount) -> Result<bool> {
    let spender = given(spender)?;
    state::set_allowance(owner, spender, amount);
    emit(&Approval { owner, spender, amount });
    Ok(true)
}

/// Creates `amount` on top of `supply`.
fn credit(to: AccountId, supply: Amount, amount: Amount) -> Result<()> {
    match BALANCES.add(&to, amount) {
        Ok(()) => {
            emit(&Transfer { from: AccountId::ZERO, to, amount });
            Ok(())
        }
        Err(_) => Err(TokenError::SupplyOverflow { supply, amount }),
    }
}

fn destroy(owner: AccountId, amount: Amount) -> Result<()> {
    if !state::burnable() {
        return Err(TokenError::NotBurnable);
    }
    match BALANCES.sub(&owner, amount) {
        Ok(()) => {
            emit(&Transfer { from: owner, to: AccountId::ZERO, amount });
            Ok(())
        }
        Err(_) => Err(insufficient_balance(owner, amount)),
    }
}

fn insufficient_balance(owner: AccountId, needed: Amount) -> TokenError {
    TokenError::InsufficientBalance { balance: BALANCES.get(&owner), needed }
}
