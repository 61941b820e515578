// A guard with a word that means nothing.

/// A coin.
#[contract]
mod coin {

    /// Moves.
    #[transition(guard = "hieght > 5", gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
