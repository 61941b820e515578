// A state that the machine has not.

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
    /// One deal.
    #[machine(id = 1, cell = deals)]
    enum Deal {
        #[initial]
        Open = 0,
        #[terminal]
        Closed = 1,
    }

    /// Closes.
    #[transition(item = existing(deals[arg.deal]), from = Deal::Open, to = Deal::Close, gas = 1)]
    fn close(deal: u64);
}
