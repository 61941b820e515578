// An event that is not declared.

/// A coin.
#[contract]
mod coin {

    /// Moves.
    #[transition(emits = Transfer, gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
