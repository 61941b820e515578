// An error that is not declared.

/// A coin.
#[contract]
mod coin {
    /// Why it refuses.
    #[errors]
    enum Refusal {
        /// Too much.
        TooMuch = 1,
    }

    /// Moves.
    #[transition(errors(TooMach), gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
