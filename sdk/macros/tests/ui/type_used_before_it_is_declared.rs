// A type that names a later one.

/// A coin.
#[contract]
mod coin {
    /// Two.
    #[data]
    struct Two {
        one: One,
    }

    /// One.
    #[data]
    struct One {
        it: u8,
    }
}
