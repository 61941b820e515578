// A tail that is not the last field.

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
        #[tail]
        buyer: AccountId,
        #[head(write_once = false)]
        price: Amount,
    }
}
