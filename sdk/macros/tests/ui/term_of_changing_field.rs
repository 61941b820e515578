// A key that names a field which may change.

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
        #[head(write_once = false)]
        buyer: AccountId,
        #[head(write_once = false)]
        price: Amount,
    }

    /// Ends a deal.
    #[exit(id = 1, item = deals, effects(pay(item.buyer, "1")))]
    fn end();
}
