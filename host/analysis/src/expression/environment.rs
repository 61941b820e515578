//! Who answers the leaves of an expression.

use chainstack_primitives::{AccountId, Amount, Height, TimeMs};

use super::Value;

/// Everything an expression can observe. The host answers from state, the audit from a model.
///
/// Answers are those of one moment: while one expression is evaluated nothing changes. A value has the type
/// that the manifest declares, widened to 128 bits; an entry that is absent, and a head field of an item that
/// is yet to be created, reads as [`Value::zero`] of that type. The environment charges for what it reads.
pub trait Environment {
    /// Why a leaf could not be answered: out of gas, a fault of this machine, or, never for a validated
    /// manifest, a leaf that is not in scope.
    type Error;

    /// Argument `index` of the method.
    ///
    /// # Errors
    /// What hinders the answer; likewise for every other leaf.
    fn arg(&mut self, index: u8) -> Result<Value, Self::Error>;

    /// Parameter `index` of the contract.
    ///
    /// # Errors
    /// What hinders the answer.
    fn param(&mut self, index: u8) -> Result<Value, Self::Error>;

    /// The immediate invoker; in an exit, who poked.
    ///
    /// # Errors
    /// What hinders the answer.
    fn caller(&mut self) -> Result<AccountId, Self::Error>;

    /// Who signed the transaction.
    ///
    /// # Errors
    /// What hinders the answer.
    fn origin(&mut self) -> Result<AccountId, Self::Error>;

    /// The contract itself.
    ///
    /// # Errors
    /// What hinders the answer.
    fn self_address(&mut self) -> Result<AccountId, Self::Error>;

    /// Native value sent with the call.
    ///
    /// # Errors
    /// What hinders the answer.
    fn value(&mut self) -> Result<Amount, Self::Error>;

    /// Time of the block.
    ///
    /// # Errors
    /// What hinders the answer.
    fn time(&mut self) -> Result<TimeMs, Self::Error>;

    /// Height of the block.
    ///
    /// # Errors
    /// What hinders the answer.
    fn height(&mut self) -> Result<Height, Self::Error>;

    /// Key field `index` of the bound item.
    ///
    /// # Errors
    /// What hinders the answer.
    fn item_key(&mut self, index: u8) -> Result<Value, Self::Error>;

    /// Head field `index` of the bound item.
    ///
    /// # Errors
    /// What hinders the answer.
    fn head(&mut self, index: u8) -> Result<Value, Self::Error>;

    /// Owner of the bound item; the all-zero account while an escrow holds it.
    ///
    /// # Errors
    /// What hinders the answer.
    fn owner(&mut self) -> Result<AccountId, Self::Error>;

    /// Head field `field` of the `value` cell `cell`.
    ///
    /// # Errors
    /// What hinders the answer.
    fn value_head(&mut self, cell: u16, field: u8) -> Result<Value, Self::Error>;

    /// Head field `field` of the entry of the `map` cell `cell` under `key`.
    ///
    /// # Errors
    /// What hinders the answer.
    fn entry_head(&mut self, cell: u16, key: &[u8], field: u8) -> Result<Value, Self::Error>;

    /// Balance of the entry of the `ledger` cell `cell` under `key`.
    ///
    /// # Errors
    /// What hinders the answer.
    fn ledger_entry(&mut self, cell: u16, key: &[u8]) -> Result<u128, Self::Error>;

    /// Sum of the balances of the `ledger` cell `cell`.
    ///
    /// # Errors
    /// What hinders the answer.
    fn ledger_sum(&mut self, cell: u16) -> Result<u128, Self::Error>;

    /// Sum of head field `field` over the entries of the `map` cell `cell`.
    ///
    /// # Errors
    /// What hinders the answer.
    fn head_sum(&mut self, cell: u16, field: u8) -> Result<u128, Self::Error>;

    /// Count of the entries of `cell`.
    ///
    /// # Errors
    /// What hinders the answer.
    fn count(&mut self, cell: u16) -> Result<u64, Self::Error>;

    /// What the escrow cell `cell` holds for the bound item (of the contract, if the cell has no item).
    ///
    /// # Errors
    /// What hinders the answer.
    fn escrowed(&mut self, cell: u16) -> Result<u128, Self::Error>;

    /// Un-escrowed native balance of the contract.
    ///
    /// # Errors
    /// What hinders the answer.
    fn balance(&mut self) -> Result<Amount, Self::Error>;

    /// Whether `machine` is in one of `states`.
    ///
    /// # Errors
    /// What hinders the answer.
    fn in_state(&mut self, machine: u16, states: &[u8]) -> Result<bool, Self::Error>;

    /// Whether the caller holds `role`.
    ///
    /// # Errors
    /// What hinders the answer.
    fn member(&mut self, role: u16) -> Result<bool, Self::Error>;

    /// Whether the set `role` approved the call with its threshold.
    ///
    /// # Errors
    /// What hinders the answer.
    fn quorum(&mut self, role: u16) -> Result<bool, Self::Error>;
}
