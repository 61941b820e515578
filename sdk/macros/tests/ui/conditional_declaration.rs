// A declaration that is there in some builds only.

/// A coin.
#[contract]
mod coin {
    /// Moved.
    #[cfg(test)]
    #[event(id = 1)]
    struct Moved {
        amount: Amount,
    }

    /// More.
    #[event(id = 2)]
    struct More {
        #[cfg(test)]
        amount: Amount,
    }
}
