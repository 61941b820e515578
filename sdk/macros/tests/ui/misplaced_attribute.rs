// An attribute on the wrong kind of item.

/// A coin.
#[contract]
mod coin {
    /// Moved.
    #[event(id = 1)]
    enum Moved {
        Once,
    }
}
