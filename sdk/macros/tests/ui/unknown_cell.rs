// A touch of a cell that is not declared.

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

    /// Moves.
    #[transition(touches(balance[caller]: sub), gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
