// Help of more than 512 bytes.

/// A coin.
#[contract]
mod coin {

    /// Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. Moves tokens, slowly. 
    #[transition(gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
