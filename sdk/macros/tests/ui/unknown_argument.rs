// A key that names an argument which is not there.

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
    #[transition(touches(balances[arg.too]: add), gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
