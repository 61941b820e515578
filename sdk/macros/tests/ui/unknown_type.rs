// An argument of a type that the manifest has not.

/// A coin.
#[contract]
mod coin {
    /// Moves.
    #[transition(gas = 1)]
    fn transfer(to: String);
}
