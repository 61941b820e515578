// A constructor with an argument.

/// A coin.
#[contract]
mod coin {
    /// Begins.
    #[constructor(gas = 1)]
    fn begin(supply: Amount) {}
}
