// Two cells with one id.

/// A coin.
#[contract]
mod coin {
    /// What is stored.
    #[cells]
    struct Cells {
        /// Balances.
        #[cell(id = 1, key(owner), sum)]
        balances: Ledger<AccountId>,
        /// Allowances.
        #[cell(id = 1, key(owner, spender))]
        allowances: Ledger<(AccountId, AccountId)>,
    }
}
