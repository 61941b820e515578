// A contract without a doc comment.

// No help.
#[contract]
mod coin {

    /// Moves.
    #[transition(gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
