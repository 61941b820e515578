// A transition without a gas ceiling.

/// A coin.
#[contract]
mod coin {

    /// Moves.
    #[transition(value_max = any)]
    fn transfer(to: AccountId, amount: Amount);
}
