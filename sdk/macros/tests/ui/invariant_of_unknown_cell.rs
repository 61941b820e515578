// An invariant over a cell that is not declared.

/// A coin.
#[contract]
mod coin {
    /// What is stored.
    #[cells]
    struct Cells {
        /// Balances.
        #[cell(id = 1, key(owner), sum)]
        balances: Ledger<AccountId>,
    }

    /// Not too much.
    #[invariant(id = 1, rule = "sum(balanses) < 100")]
    fn bounded();
}
