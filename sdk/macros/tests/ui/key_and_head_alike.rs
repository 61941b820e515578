// A field that is in the key and in the head.

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
        deal: u64,
    }
}
