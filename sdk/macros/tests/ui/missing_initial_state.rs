// A machine that begins nowhere.

/// A coin.
#[contract]
mod coin {
    /// One deal.
    #[machine(id = 1)]
    enum Deal {
        Open = 0,
        #[terminal]
        Closed = 1,
    }
}
