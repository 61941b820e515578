// An escrow with keys that are not those of its items.

/// A coin.
#[contract]
mod coin {
    /// What is stored.
    #[cells]
    struct Cells {
        /// Deals by number.
        #[cell(id = 1, key(deal))]
        deals: Map<u64, Terms>,
        /// Coins.
        #[cell(id = 2, item = deals, asset = native)]
        vault: Escrow<u32>,
    }

    /// What a deal says.
    #[entry]
    struct Terms {
        buyer: AccountId,
        #[head(write_once = false)]
        price: Amount,
    }
}
