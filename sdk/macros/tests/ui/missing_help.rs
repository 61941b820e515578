// A method without a doc comment.

/// A coin.
#[contract]
mod coin {

    #[transition(gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
