//! The methods, as they are exported and as the manifest declares them.

use chainstack_sdk::{AccountId, Amount, Text, methods};

use crate::contract;
use crate::state::{NAME_MAX, SYMBOL_MAX};

methods! {
    /// Issues the token: checks the parameters, mints the supply to the owner. Runs once.
    fn init() = contract::init;
    /// Moves tokens of the caller.
    fn transfer(to: AccountId, amount: Amount) -> bool = contract::transfer;
    /// Moves tokens of `from`, within what `from` allows the caller.
    fn transfer_from(from: AccountId, to: AccountId, amount: Amount) -> bool = contract::transfer_from;
    /// Allows `spender` to take up to `amount` of the caller's tokens in all, in place of what was allowed before.
    fn approve(spender: AccountId, amount: Amount) -> bool = contract::approve;
    /// [`approve`], if the allowance is `expected`.
    fn compare_and_approve(spender: AccountId, expected: Amount, amount: Amount) -> bool =
        contract::compare_and_approve;
    /// Creates tokens, up to the cap.
    fn mint(to: AccountId, amount: Amount) = contract::mint;
    /// Destroys tokens of the caller.
    fn burn(amount: Amount) = contract::burn;
    /// Destroys tokens of `owner`, within what `owner` allows the caller.
    fn burn_from(owner: AccountId, amount: Amount) = contract::burn_from;
    /// Stops transfers, mints and burns.
    fn pause() = contract::pause;
    /// Lets tokens move again.
    fn unpause() = contract::unpause;
    /// Name of the token.
    fn name() -> Text<NAME_MAX> = contract::name;
    /// Symbol of the token.
    fn symbol() -> Text<SYMBOL_MAX> = contract::symbol;
    /// Decimal places that tools show.
    fn decimals() -> u8 = contract::decimals;
    /// Sum of all balances.
    fn total_supply() -> Amount = contract::total_supply;
    /// Balance of `owner`.
    fn balance_of(owner: AccountId) -> Amount = contract::balance_of;
    /// What `spender` may still take from `owner`.
    fn allowance(owner: AccountId, spender: AccountId) -> Amount = contract::allowance;
    /// Who may mint; all zeros if nobody may any more.
    fn owner() -> AccountId = contract::owner;
    /// The greatest supply.
    fn cap() -> Amount = contract::cap;
    /// Whether the owner may mint.
    fn mintable() -> bool = contract::mintable;
    /// Whether holders may burn.
    fn burnable() -> bool = contract::burnable;
    /// Whether the owner may pause the token.
    fn pausable() -> bool = contract::pausable;
    /// Whether the token is paused.
    fn paused() -> bool = contract::paused;
}
