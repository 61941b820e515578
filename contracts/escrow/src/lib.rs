//! A payment that a buyer releases, a seller gives back, or time returns.
//!
//! The declaration is the contract: its machine says what may happen, its exits move every coin. The code writes down who
//! deals with whom and puts the payment into escrow; nothing it does, and nothing it fails to do, keeps a payment from
//! whom the declaration names.
#![no_std]

/// A buyer pays for a deal; the seller is paid once the buyer releases it, and the buyer gets it back if the seller
/// declines or the deadline passes. All payments are exits: the contract's code can hinder none.
#[chainstack_sdk::contract]
pub mod escrow {
    use chainstack_sdk::cell::Map;
    use chainstack_sdk::escrow::Escrow;
    use chainstack_sdk::event::emit;
    use chainstack_sdk::role::ItemRole;
    use chainstack_sdk::{AccountId, Amount, env};

    /// Why the code refuses; all else is refused by the declaration.
    #[errors]
    pub enum EscrowError {
        /// The payment could not be put into escrow.
        NotPaid = 1,
    }

    /// A deal was opened and paid for.
    #[event(id = 1)]
    pub struct Opened {
        /// Its number.
        deal: u64,
        /// Who paid.
        buyer: AccountId,
        /// Who is to be paid.
        seller: AccountId,
        /// How much.
        amount: Amount,
    }

    /// The seller was paid.
    #[event(id = 2)]
    pub struct Paid {
        /// How much.
        amount: Amount,
    }

    /// The buyer got the payment back.
    #[event(id = 3)]
    pub struct Refunded {
        /// How much.
        amount: Amount,
    }

    /// Who has power over a deal.
    #[roles]
    pub struct Roles {
        /// Who opened the deal and paid for it. May release it.
        #[role(id = 1, holder = deals.buyer)]
        pub buyer: ItemRole,
        /// Who is to be paid. May decline the deal.
        #[role(id = 2, holder = deals.seller)]
        pub seller: ItemRole,
    }

    /// What is stored.
    #[cells]
    pub struct Cells {
        /// Deals by number.
        #[cell(id = 1, key(deal), count)]
        pub deals: Map<u64, Terms>,
        /// What is held for each deal.
        #[cell(id = 2, item = deals, asset = native)]
        pub vault: Escrow<u64>,
    }

    /// What a deal says.
    #[entry]
    pub struct Terms {
        /// Who paid.
        pub buyer: AccountId,
        /// Who is to be paid.
        pub seller: AccountId,
        /// The height from which on the buyer can have the payment back.
        pub deadline: u64,
    }

    /// One deal.
    #[machine(id = 1, cell = deals)]
    pub enum Deal {
        /// The payment is held.
        #[initial]
        Funded = 0,
        /// The buyer lets the seller have it.
        Released = 1,
        /// The seller does not want it.
        Declined = 2,
        /// The seller has it.
        #[terminal]
        Paid = 3,
        /// The buyer has it back.
        #[terminal]
        Refunded = 4,
    }

    /// Opens deal number `deal` for `seller`, and pays the value of the call for it. From height `deadline` on the buyer
    /// can have it back.
    #[transition(
        value_max = any,
        item = new(deals[arg.deal]),
        guard = "value > 0 && arg.deadline > height",
        touches(deals[arg.deal]: set),
        escrows(vault: pays_in),
        gas = 200_000,
        writes = 2,
        new_entries = 2,
        events = 1,
        errors(NotPaid),
        emits(Opened),
    )]
    fn open(deal: u64, seller: AccountId, deadline: u64) -> Result<(), EscrowError> {
        let (buyer, amount) = (env::caller(), env::value());
        CELLS.deals.set(&deal, &Terms { buyer, seller, deadline });
        CELLS.vault.take(&deal, amount).map_err(|_| EscrowError::NotPaid)?;
        emit(&Opened { deal, buyer, seller, amount });
        Ok(())
    }

    /// Lets the seller have the payment. Whoever pokes `pay` then, the seller gets it.
    #[transition(
        item = existing(deals[arg.deal]),
        from = Deal::Funded,
        to = Deal::Released,
        caller = buyer,
        gas = 100_000,
    )]
    fn release(deal: u64);

    /// Gives the payment back. Whoever pokes `give_back` then, the buyer gets it.
    #[transition(
        item = existing(deals[arg.deal]),
        from = Deal::Funded,
        to = Deal::Declined,
        caller = seller,
        gas = 100_000,
    )]
    fn decline(deal: u64);

    /// What is held for a deal.
    #[view(reads = vault, gas = 50_000, reads_max = 1)]
    fn held(deal: u64) -> Amount {
        CELLS.vault.held(&deal)
    }

    /// Pays the seller of a released deal.
    #[exit(
        id = 1,
        item = deals,
        from = Deal::Released,
        effects(release(vault, to = item.seller)),
        to = Deal::Paid,
        event = Paid("escrowed(vault)"),
    )]
    fn pay();

    /// Gives the buyer of a declined deal the payment back.
    #[exit(
        id = 2,
        item = deals,
        from = Deal::Declined,
        effects(release(vault, to = item.buyer)),
        to = Deal::Refunded,
        event = Refunded("escrowed(vault)"),
    )]
    fn give_back();

    /// Gives the buyer the payment back once the deadline has come.
    #[exit(
        id = 3,
        item = deals,
        from = Deal::Funded,
        window(clock = height, opens = "item.deadline"),
        effects(release(vault, to = item.buyer)),
        to = Deal::Refunded,
        event = Refunded("escrowed(vault)"),
    )]
    fn expire();

    /// Forgets a deal that has ended, and returns its deposit.
    #[exit(
        id = 4,
        item = deals,
        from = Deal::Paid | Deal::Refunded,
        effects(release(vault, to = item.buyer), delete),
    )]
    fn clear();
}
