// A guard that names an argument which is not there.

/// A coin.
#[contract]
mod coin {

    /// Moves.
    #[transition(guard = "arg.amuont > 0", gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
