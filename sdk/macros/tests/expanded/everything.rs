// A contract that uses everything that can be declared.

/// Wares, points and deals.
///
/// For tests only.
#[contract(name = "every-thing", upgrade(role = owner, delay_blocks = 100, veto = board))]
pub mod everything {
    use chainstack_sdk::cell::{Map, Value};
    use chainstack_sdk::escrow::Escrow;
    use chainstack_sdk::ledger::Ledger;
    use chainstack_sdk::role::{AccountRole, ItemRole, SetRole};
    use chainstack_sdk::{AccountId, Amount, Bytes, Hash, List, Text};

    const NAME_MAX: u32 = 64;

    /// Two accounts.
    #[data]
    #[derive(Clone, Copy)]
    pub struct Pair {
        /// One.
        pub left: AccountId,
        /// The other.
        pub right: AccountId,
    }

    /// How it is counted.
    #[data]
    #[derive(Clone, Copy)]
    pub enum Mode {
        /// Without end.
        Open,
        /// Up to a cap.
        Capped {
            /// The cap.
            cap: Amount,
            /// Who set it.
            by: Pair,
        },
    }

    /// Frozen at instantiation.
    #[params]
    pub struct Params {
        /// Its "name", with \ in it.
        #[param(default = "My Token")]
        name: Text<NAME_MAX>,
        /// Greatest supply.
        #[param(min = 1, max = 340_282_366_920_938_463_463_374_607_431_768_211_455, default = 1_000_000)]
        cap: Amount,
        /// A signed number.
        #[param(min = -5, default = -1)]
        shift: i16,
        /// The first owner.
        owner: Option<AccountId>,
        /// The first members.
        members: List<AccountId, 5>,
        /// Whether it may pause.
        #[param(default = true)]
        pausable: bool,
        /// How.
        mode: Mode,
        /// Another contract.
        token: AccountId,
    }

    /// Why it refuses.
    #[errors]
    pub enum Refusal {
        /// More than there is.
        TooMuch { limit: Amount, asked: Amount } = 1,
        /// Not now.
        NotNow = 7,
    }

    /// Points moved.
    #[event(id = 1)]
    pub struct Moved {
        from: AccountId,
        to: AccountId,
        amount: Amount,
    }

    /// A ware moved.
    #[event(id = 2)]
    pub struct Traded {
        from: AccountId,
        to: AccountId,
        ware: u32,
    }

    /// A deal ended.
    #[event(id = 3)]
    pub struct Ended {
        deal: u64,
        held: Amount,
    }

    /// Who has power.
    #[roles]
    pub struct Roles {
        /// Owns it.
        #[role(id = 1, initial = param.owner, transferable)]
        pub owner: AccountRole,
        /// Started it.
        #[role(id = 2, initial = signer)]
        pub starter: AccountRole,
        /// Decides together.
        #[role(id = 3, initial = param.members, members_max = 5, threshold = 3, approval_blocks = 100, admin = owner)]
        pub board: SetRole,
        /// Pays for a deal.
        #[role(id = 4, holder = deals.buyer)]
        pub buyer: ItemRole,
        /// Owns a ware.
        #[role(id = 5, holder = wares.owner())]
        pub keeper: ItemRole,
    }

    /// What a deal says.
    #[entry]
    pub struct Terms {
        pub buyer: AccountId,
        pub seller: AccountId,
        #[head(write_once = false, sum)]
        pub price: Amount,
        pub deadline: u64,
        #[tail]
        pub note: Bytes<100>,
    }

    /// What a ware says.
    #[entry]
    pub struct Ware {
        #[head(write_once = false, clear_on_move)]
        pub approved: AccountId,
        pub print: Hash,
        pub mark: [u8; 4],
    }

    /// Counts.
    #[entry]
    pub struct Totals {
        #[head(write_once = false)]
        pub deals: u64,
    }

    /// What is stored.
    #[cells]
    pub struct Cells {
        /// Points by holder.
        #[cell(id = 1, key(holder), sum, count, asset(on_move = Moved, escrow_when = "in(main, Active)"))]
        pub points: Ledger<AccountId>,
        /// Deals.
        #[cell(id = 2, key(zone, deal), count, max_entries = 1_000)]
        pub deals: Map<(u8, u64), Terms>,
        /// Wares.
        #[cell(id = 3, key(ware), asset(on_move = Traded, release_when = "in(main, Active)"))]
        pub wares: Map<u32, Ware>,
        /// Totals.
        #[cell(id = 4)]
        pub totals: Value<Totals>,
        /// A text.
        #[cell(id = 5)]
        pub motto: Value<Text<NAME_MAX>>,
        /// Coins of deals.
        #[cell(id = 6, item = deals, asset = native)]
        pub vault: Escrow<(u8, u64)>,
        /// Points of the contract.
        #[cell(id = 7, asset = points)]
        pub pool: Escrow<()>,
        /// Plain points.
        #[cell(id = 8, key(holder))]
        pub stars: Ledger<AccountId>,
        /// Tokens of another contract.
        #[cell(id = 9, item = deals, asset = foreign(param.token, 1))]
        pub tokens: Escrow<(u8, u64)>,
    }

    /// Whether points move.
    #[machine(id = 1)]
    pub enum Main {
        #[initial]
        Active = 0,
        Paused = 1,
    }

    /// One deal.
    #[machine(id = 2, cell = deals)]
    pub enum Deal {
        #[initial]
        Open = 0,
        Agreed = 1,
        #[terminal]
        Paid = 4,
        #[terminal]
        Void = 5,
    }

    type Result<T> = core::result::Result<T, Refusal>;

    /// Begins.
    #[constructor(touches = unknown, gas = 1_000, events = 1, emits = Moved)]
    fn begin() -> Result<()> {
        Ok(())
    }

    /// Opens a deal.
    #[transition(
        value_max = any,
        item = new(deals[arg.zone, arg.deal]),
        from = Main::Active,
        caller = signer,
        window(clock = height, closes = "arg.deadline", exit = expire),
        guard = "value > 0 && arg.deadline > height",
        touches(deals[arg.zone, arg.deal]: set, totals: read + set(deals)),
        escrows(vault: pays_in + pays_out, tokens: pays_in),
        gas = 200_000,
        reads = 1,
        writes = 3,
        new_entries = 2,
        errors(TooMuch, NotNow),
    )]
    fn open(zone: u8, deal: u64, seller: AccountId, deadline: u64, mode: Mode) -> Result<()> {
        let _ = (zone, deal, seller, deadline, mode);
        Err(Refusal::NotNow)
    }

    /// Agrees.
    #[transition(
        item = existing(deals[arg.zone, arg.deal]),
        from(Deal::Open | Deal::Void, Main::Active | Main::Paused),
        to(Deal::Agreed | Deal::Void),
        caller(buyer, owner),
        touches(
            deals[arg.zone, arg.deal]: read + set(price) + delete,
            points[item.seller]: add,
            points[caller]: sub + read,
            stars[_]: read,
            stars[arg.pair.left]: add,
            wares[7]: read,
        ),
        sends(native: 5, points: any),
        calls(param.token: transfer(value_max = 5, count_max = 2), param.token: _),
        notifies(item.seller: told),
        gas = 300_000,
        reads = 4,
        writes = 4,
        events = 2,
        emits(Moved, Ended),
        reenter = other_items,
    )]
    fn agree(zone: u8, deal: u64, pair: Pair) -> Option<Amount> {
        let _ = (zone, deal, pair);
        Deal::Agreed.enter();
        None
    }

    /// Marks many.
    #[transition(item = each(wares, arg.wares, 8), caller = keeper, gas = 100_000)]
    fn mark(wares: List<u32, 8>) {
        let _ = wares;
    }

    /// Pauses.
    #[transition(from = Main::Active, to = Main::Paused, caller = board, guard = "quorum(board) && param.pausable", gas = 1_000)]
    fn pause();

    /// Points of `holder`.
    #[view(reads(points), gas = 50_000, reads_max = 1)]
    fn points_of(holder: AccountId) -> Amount {
        CELLS.points.get(&holder)
    }

    /// What is in force, or why not.
    #[view(reads(totals, motto), calls(param.token: supply), errors = NotNow, gas = 50_000, reads_max = 2)]
    fn mode() -> Result<Mode> {
        Ok(Params::mode())
    }

    /// Ends a deal that nobody agreed to.
    #[exit(
        id = 1,
        item = deals,
        from = Deal::Open,
        window(clock = height, opens = "item.deadline"),
        guard = "item.price > 0",
        effects(
            release(vault, to = item.seller, amount = "min(item.price, escrowed(vault))", remainder = item.buyer),
            set(price = "0"),
            add(stars[item.seller], "1"),
            sub(stars[item.buyer], "0"),
            move(stars[item.buyer], stars[item.seller], "0"),
            pay(item.buyer, "0"),
        ),
        to = Deal::Void,
        event = Ended("item.deal", "escrowed(vault)"),
    )]
    fn expire();

    /// Forgets a deal.
    #[exit(id = 2, item = deals, from = Deal::Paid | Deal::Void, effects(release(vault, to = item.buyer), delete))]
    fn forget();

    /// No more points than the cap.
    #[invariant(id = 1, rule = "sum(points) <= param.cap")]
    fn capped();
}
