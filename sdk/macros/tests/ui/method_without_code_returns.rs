// A method without code that returns something.

/// A coin.
#[contract]
mod coin {
    /// Adds.
    #[transition(gas = 1)]
    fn add(amount: Amount) -> Amount;
}
