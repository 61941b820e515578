// More names than the type of the key has fields.

/// A coin.
#[contract]
mod coin {
    /// What is stored.
    #[cells]
    struct Cells {
        /// Balances.
        #[cell(id = 1, key(owner, spender), sum)]
        balances: Ledger<AccountId>,
    }
}
