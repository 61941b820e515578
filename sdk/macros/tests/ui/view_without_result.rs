// A view that returns nothing.

/// A coin.
#[contract]
mod coin {
    /// Shows nothing.
    #[view(gas = 1)]
    fn nothing() {}
}
