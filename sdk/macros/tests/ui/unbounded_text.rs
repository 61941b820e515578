// A text without a bound.

/// A coin.
#[contract]
mod coin {
    /// Names.
    #[transition(gas = 1)]
    fn name(name: Text<LENGTH>);
}
