// An event with the id 0.

/// A coin.
#[contract]
mod coin {
    /// Moved.
    #[event(id = 0)]
    struct Moved {
        amount: Amount,
    }
}
