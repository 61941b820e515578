// A cell that says nothing of itself.

/// A coin.
#[contract]
mod coin {
    /// What is stored.
    #[cells]
    struct Cells {
        /// Balances.
        balances: Ledger<AccountId>,
    }
}
