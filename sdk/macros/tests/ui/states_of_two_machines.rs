// A choice between states of two machines.

/// A coin.
#[contract]
mod coin {

    /// Moves.
    #[transition(from = Deal::Open | Main::Active, gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
