// A method with a name of more than 32 bytes.

/// A coin.
#[contract]
mod coin {
    /// Moves.
    #[transition(gas = 1)]
    fn transfer_slowly_and_with_great_care();
}
