// Two states with one id.

/// A coin.
#[contract]
mod coin {
    /// One deal.
    #[machine(id = 1)]
    enum Deal {
        #[initial]
        Open = 0,
        #[terminal]
        Closed = 0,
    }
}
