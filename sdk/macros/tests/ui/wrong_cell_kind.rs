// An item bound to a ledger.

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
    #[transition(item = existing(balances[arg.to]), gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
