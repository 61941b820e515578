// An argument whose name the manifest does not take.

/// A coin.
#[contract]
mod coin {
    /// Moves.
    #[transition(gas = 1)]
    fn transfer(_to: AccountId);
}
