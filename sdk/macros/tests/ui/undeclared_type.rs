// An argument of a type that is not marked as data.

/// A coin.
#[contract]
mod coin {
    /// Two accounts.
    struct Pair {
        left: AccountId,
    }

    /// Moves.
    #[transition(gas = 1)]
    fn transfer(pair: Pair);
}
