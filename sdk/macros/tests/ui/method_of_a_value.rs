// A method with `self`.

/// A coin.
#[contract]
mod coin {
    /// Moves.
    #[transition(gas = 1)]
    fn transfer(&self);
}
