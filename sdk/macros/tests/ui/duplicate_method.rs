// A transition and a view of one name.

/// A coin.
#[contract]
mod coin {

    /// Moves.
    #[transition(gas = 1)]
    fn transfer(to: AccountId, amount: Amount);

    mod more {}

    /// What was moved.
    #[view(gas = 1)]
    fn transfer() -> u64 {
        0
    }
}
