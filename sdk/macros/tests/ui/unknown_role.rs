// A caller with a role that is not declared.

/// A coin.
#[contract]
mod coin {
    /// Who has power.
    #[roles]
    struct Roles {
        /// Owns it.
        #[role(id = 1, initial = signer)]
        owner: AccountRole,
    }

    /// Moves.
    #[transition(caller = ovner, gas = 1)]
    fn transfer(to: AccountId, amount: Amount);
}
