// A state that keeps something.

/// A coin.
#[contract]
mod coin {
    /// One deal.
    #[machine(id = 1)]
    enum Deal {
        #[initial]
        Open = 0,
        #[terminal]
        Closed { by: AccountId } = 1,
    }
}
