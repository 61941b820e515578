// Several errors in one program: each is shown.

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
    #[transition(touches(balances[caller]: sab), emits(Moved), guard = "1 <", gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
