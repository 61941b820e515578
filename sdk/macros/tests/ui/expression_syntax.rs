// A guard that breaks off.

/// A coin.
#[contract]
mod coin {

    /// Moves.
    #[transition(guard = "arg.amount >", gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
