// A window that hints at an exit which is not there.

/// A coin.
#[contract]
mod coin {

    /// Moves.
    #[transition(window(clock = height, closes = "100", exit = expire), gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
