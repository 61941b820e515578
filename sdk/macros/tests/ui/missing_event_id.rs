// An event without an id.

/// A coin.
#[contract]
mod coin {
    /// Moved.
    #[event]
    struct Moved {
        amount: Amount,
    }
}
