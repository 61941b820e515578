// A re-entrance that does not exist.

/// A coin.
#[contract]
mod coin {

    /// Moves.
    #[transition(reenter = always, gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
