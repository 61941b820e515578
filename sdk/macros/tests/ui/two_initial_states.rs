// A machine that begins twice.

/// A coin.
#[contract]
mod coin {
    /// One deal.
    #[machine(id = 1)]
    enum Deal {
        #[initial]
        Open = 0,
        #[initial]
        Closed = 1,
    }
}
