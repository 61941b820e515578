// A role held in a field that the head has not.

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
        /// Pays.
        #[role(id = 1, holder = deals.buyers)]
        buyer: ItemRole,
    }
}
