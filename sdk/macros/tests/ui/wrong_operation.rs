// An operation that a ledger has not.

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
    #[transition(touches(balances[caller]: set), gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
