// A role of the owner of what has no owner.

/// A coin.
#[contract]
mod coin {
    /// What is stored.
    #[cells]
    struct Cells {
        /// Deals by number.
        #[cell(id = 1, key(deal))]
        deals: Map<u64, Terms>,
    }

    /// What a deal says.
    #[entry]
    struct Terms {
        buyer: AccountId,
        #[head(write_once = false)]
        price: Amount,
    }

    /// Who has power.
    #[roles]
    struct Roles {
        /// Owns.
        #[role(id = 1, holder = deals.owner())]
        keeper: ItemRole,
    }
}
