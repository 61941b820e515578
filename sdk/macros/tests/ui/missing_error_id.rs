// An error without an id.

/// A coin.
#[contract]
mod coin {
    /// Why it refuses.
    #[errors]
    enum Refusal {
        /// Too much.
        TooMuch,
    }
}
