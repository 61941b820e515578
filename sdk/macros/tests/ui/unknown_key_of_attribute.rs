// A misspelt key of an attribute.

/// A coin.
#[contract]
mod coin {

    /// Moves.
    #[transition(gass = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
