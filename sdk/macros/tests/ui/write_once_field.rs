// A change of a field that is written once.

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

    /// Changes.
    #[transition(touches(deals[arg.deal]: set(buyer)), gas = 1)]
    fn change(deal: u64);
}
