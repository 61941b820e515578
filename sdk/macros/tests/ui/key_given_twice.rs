// A key that is given twice.

/// A coin.
#[contract]
mod coin {

    /// Moves.
    #[transition(gas = 1, gas = 2)]
    fn transfer(to: AccountId, amount: Amount);
}
