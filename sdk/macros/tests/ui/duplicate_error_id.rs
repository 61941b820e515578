// Two errors with one id.

/// A coin.
#[contract]
mod coin {
    /// Why it refuses.
    #[errors]
    enum Refusal {
        /// Too much.
        TooMuch = 1,
        /// Too little.
        TooLittle = 1,
    }
}
