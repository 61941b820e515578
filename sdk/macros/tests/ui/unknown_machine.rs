// A state of an enum that is no machine.

/// A coin.
#[contract]
mod coin {

    /// Moves.
    #[transition(from = Main::Active, gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
