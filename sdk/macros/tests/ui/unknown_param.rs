// A role that begins with a parameter which is not there.

/// A coin.
#[contract]
mod coin {
    /// Who has power.
    #[roles]
    struct Roles {
        /// Owns it.
        #[role(id = 1, initial = param.owner)]
        owner: AccountRole,
    }
}
