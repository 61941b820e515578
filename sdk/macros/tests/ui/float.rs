// A floating-point argument.

/// A coin.
#[contract]
mod coin {
    /// Moves.
    #[transition(gas = 1)]
    fn transfer(share: f64);
}
