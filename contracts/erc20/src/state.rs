//! Parameters, role, cells and machine: the ids are those of `manifest.toml`.

use chainstack_sdk::cell::Map;
use chainstack_sdk::ledger::Ledger;
use chainstack_sdk::machine::Machine;
use chainstack_sdk::{AccountId, Amount, Text, env, params};

/// Greatest length of the name in bytes.
pub const NAME_MAX: u32 = 64;
/// Greatest length of the symbol in bytes.
pub const SYMBOL_MAX: u32 = 16;

/// Role of who may mint and pause.
pub const OWNER_ROLE: u16 = 1;

/// Balances by account. Their sum is the total supply.
pub const BALANCES: Ledger<AccountId> = Ledger::new(1);
/// Allowances by owner and spender; absent is zero.
pub const ALLOWANCES: Map<(AccountId, AccountId), Amount> = Map::new(2);

/// Whether tokens move.
pub const MAIN: Machine = Machine::new(1);
/// State of [`MAIN`] in which nothing moves.
pub const PAUSED: u8 = 1;

params! {
    /// Name of the token.
    pub fn name() -> Text<NAME_MAX> = 0;
    /// Symbol of the token.
    pub fn symbol() -> Text<SYMBOL_MAX> = 1;
    /// Decimal places that tools show.
    pub fn decimals() -> u8 = 2;
    /// Supply minted at issue, in base units.
    pub fn supply() -> Amount = 3;
    /// Who gets the supply and holds the role `owner` first.
    pub fn owner() -> AccountId = 4;
    /// Whether the owner may mint.
    pub fn mintable() -> bool = 5;
    /// Whether holders may burn.
    pub fn burnable() -> bool = 6;
    /// Greatest supply, in base units.
    pub fn cap() -> Amount = 7;
    /// Whether the token can be paused.
    pub fn pausable() -> bool = 8;
}

/// What `spender` may take from `owner`.
#[must_use]
pub fn allowance(owner: AccountId, spender: AccountId) -> Amount {
    ALLOWANCES.get(&(owner, spender)).unwrap_or(Amount::ZERO)
}

/// Sets what `spender` may take from `owner`; zero gives the entry's deposit back.
pub fn set_allowance(owner: AccountId, spender: AccountId, amount: Amount) {
    let key = (owner, spender);
    if amount.is_zero() {
        ALLOWANCES.delete(&key);
    } else {
        ALLOWANCES.set(&key, &amount);
    }
}

/// Who holds the role `owner`; all zeros if nobody does.
#[must_use]
pub fn role_owner() -> AccountId {
    env::role(OWNER_ROLE).unwrap_or(AccountId::ZERO)
}
