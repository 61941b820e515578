// An upgrade by a role that is not declared.

/// A coin.
#[contract(upgrade(role = owner, delay_blocks = 10))]
mod coin {

    /// Moves.
    #[transition(gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
