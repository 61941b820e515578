// A function without code that declares nothing.

/// A coin.
#[contract]
mod coin {
    /// Helps.
    fn help(amount: Amount);
}
