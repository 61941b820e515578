// What `everything.rs` expands to.

/// Wares, points and deals.
///
/// For tests only.
pub mod everything {
    use chainstack_sdk::cell::{Map, Value};
    use chainstack_sdk::escrow::Escrow;
    use chainstack_sdk::ledger::Ledger;
    use chainstack_sdk::role::{AccountRole, ItemRole, SetRole};
    use chainstack_sdk::{AccountId, Amount, Bytes, Hash, List, Text};
    const NAME_MAX: u32 = 64;
    /// Two accounts.
    #[derive(Clone, Copy)]
    pub struct Pair {
        /// One.
        pub left: AccountId,
        /// The other.
        pub right: AccountId,
    }
    impl ::chainstack_sdk::Datum for Pair {
        const SIZE_MAX: usize = 0 + <AccountId as ::chainstack_sdk::Datum>::SIZE_MAX
            + <AccountId as ::chainstack_sdk::Datum>::SIZE_MAX;
        fn size(&self) -> usize {
            0usize
                .wrapping_add(::chainstack_sdk::Datum::size(&self.left))
                .wrapping_add(::chainstack_sdk::Datum::size(&self.right))
        }
        fn encode(&self, writer: &mut ::chainstack_sdk::codec::Writer) {
            ::chainstack_sdk::Datum::encode(&self.left, writer);
            ::chainstack_sdk::Datum::encode(&self.right, writer);
        }
        fn decode(reader: &mut ::chainstack_sdk::codec::Reader) -> Self {
            Self {
                left: ::chainstack_sdk::Datum::decode(reader),
                right: ::chainstack_sdk::Datum::decode(reader),
            }
        }
    }
    /// How it is counted.
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
    impl ::chainstack_sdk::Datum for Mode {
        const SIZE_MAX: usize = ::chainstack_sdk::declared::greatest(
            &[
                1,
                1 + <Amount as ::chainstack_sdk::Datum>::SIZE_MAX
                    + <Pair as ::chainstack_sdk::Datum>::SIZE_MAX,
            ],
        );
        fn size(&self) -> usize {
            match self {
                Self::Open {} => 1usize,
                Self::Capped { cap, by } => {
                    1usize
                        .wrapping_add(::chainstack_sdk::Datum::size(cap))
                        .wrapping_add(::chainstack_sdk::Datum::size(by))
                }
            }
        }
        fn encode(&self, writer: &mut ::chainstack_sdk::codec::Writer) {
            match self {
                Self::Open {} => {
                    writer.write_array(&[0u8]);
                }
                Self::Capped { cap, by } => {
                    writer.write_array(&[1u8]);
                    ::chainstack_sdk::Datum::encode(cap, writer);
                    ::chainstack_sdk::Datum::encode(by, writer);
                }
            }
        }
        fn decode(reader: &mut ::chainstack_sdk::codec::Reader) -> Self {
            match *reader.take_array() {
                [0u8] => Self::Open {},
                [1u8] => {
                    Self::Capped {
                        cap: ::chainstack_sdk::Datum::decode(reader),
                        by: ::chainstack_sdk::Datum::decode(reader),
                    }
                }
                _ => ::chainstack_sdk::declared::differs(),
            }
        }
    }
    /// Frozen at instantiation.
    #[derive(Clone, Copy, Debug)]
    pub struct Params;
    #[allow(dead_code, reason = "a parameter may concern the declaration alone")]
    impl Params {
        /// Its "name", with \ in it.
        #[must_use]
        pub fn name() -> Text<NAME_MAX> {
            ::chainstack_sdk::env::param(0u8)
        }
        /// Greatest supply.
        #[must_use]
        pub fn cap() -> Amount {
            ::chainstack_sdk::env::param(1u8)
        }
        /// A signed number.
        #[must_use]
        pub fn shift() -> i16 {
            ::chainstack_sdk::env::param(2u8)
        }
        /// The first owner.
        #[must_use]
        pub fn owner() -> Option<AccountId> {
            ::chainstack_sdk::env::param(3u8)
        }
        /// The first members.
        #[must_use]
        pub fn members() -> List<AccountId, 5> {
            ::chainstack_sdk::env::param(4u8)
        }
        /// Whether it may pause.
        #[must_use]
        pub fn pausable() -> bool {
            ::chainstack_sdk::env::param(5u8)
        }
        /// How.
        #[must_use]
        pub fn mode() -> Mode {
            ::chainstack_sdk::env::param(6u8)
        }
        /// Another contract.
        #[must_use]
        pub fn token() -> AccountId {
            ::chainstack_sdk::env::param(7u8)
        }
    }
    ::chainstack_sdk::errors! {
        #[doc = " Why it refuses."] pub enum Refusal { #[doc = " More than there is."]
        TooMuch = 1 { limit : Amount, asked : Amount }, #[doc = " Not now."] NotNow = 7 }
    }
    ::chainstack_sdk::events! {
        #[doc = " Points moved."] pub struct Moved = 1 { from : AccountId, to :
        AccountId, amount : Amount }
    }
    ::chainstack_sdk::events! {
        #[doc = " A ware moved."] pub struct Traded = 2 { from : AccountId, to :
        AccountId, ware : u32 }
    }
    ::chainstack_sdk::events! {
        #[doc = " A deal ended."] pub struct Ended = 3 { deal : u64, held : Amount }
    }
    #[allow(dead_code, reason = "a cell or role may concern the declaration alone")]
    /// Who has power.
    pub struct Roles {
        /// Owns it.
        pub owner: AccountRole,
        /// Started it.
        pub starter: AccountRole,
        /// Decides together.
        pub board: SetRole,
        /// Pays for a deal.
        pub buyer: ItemRole,
        /// Owns a ware.
        pub keeper: ItemRole,
    }
    ///The one [`Roles`], with the ids of the declaration.
    #[allow(dead_code, reason = "the declaration may be all")]
    pub const ROLES: Roles = Roles {
        owner: <AccountRole>::new(1u16),
        starter: <AccountRole>::new(2u16),
        board: <SetRole>::new(3u16),
        buyer: <ItemRole>::new(4u16),
        keeper: <ItemRole>::new(5u16),
    };
    /// What a deal says.
    pub struct Terms {
        pub buyer: AccountId,
        pub seller: AccountId,
        pub price: Amount,
        pub deadline: u64,
        pub note: Bytes<100>,
    }
    impl ::chainstack_sdk::Datum for Terms {
        const SIZE_MAX: usize = 0 + <AccountId as ::chainstack_sdk::Datum>::SIZE_MAX
            + <AccountId as ::chainstack_sdk::Datum>::SIZE_MAX
            + <Amount as ::chainstack_sdk::Datum>::SIZE_MAX
            + <u64 as ::chainstack_sdk::Datum>::SIZE_MAX
            + <Bytes<100> as ::chainstack_sdk::Datum>::SIZE_MAX;
        fn size(&self) -> usize {
            0usize
                .wrapping_add(::chainstack_sdk::Datum::size(&self.buyer))
                .wrapping_add(::chainstack_sdk::Datum::size(&self.seller))
                .wrapping_add(::chainstack_sdk::Datum::size(&self.price))
                .wrapping_add(::chainstack_sdk::Datum::size(&self.deadline))
                .wrapping_add(::chainstack_sdk::Datum::size(&self.note))
        }
        fn encode(&self, writer: &mut ::chainstack_sdk::codec::Writer) {
            ::chainstack_sdk::Datum::encode(&self.buyer, writer);
            ::chainstack_sdk::Datum::encode(&self.seller, writer);
            ::chainstack_sdk::Datum::encode(&self.price, writer);
            ::chainstack_sdk::Datum::encode(&self.deadline, writer);
            ::chainstack_sdk::Datum::encode(&self.note, writer);
        }
        fn decode(reader: &mut ::chainstack_sdk::codec::Reader) -> Self {
            Self {
                buyer: ::chainstack_sdk::Datum::decode(reader),
                seller: ::chainstack_sdk::Datum::decode(reader),
                price: ::chainstack_sdk::Datum::decode(reader),
                deadline: ::chainstack_sdk::Datum::decode(reader),
                note: ::chainstack_sdk::Datum::decode(reader),
            }
        }
    }
    /// What a ware says.
    pub struct Ware {
        pub approved: AccountId,
        pub print: Hash,
        pub mark: [u8; 4],
    }
    impl ::chainstack_sdk::Datum for Ware {
        const SIZE_MAX: usize = 0 + <AccountId as ::chainstack_sdk::Datum>::SIZE_MAX
            + <Hash as ::chainstack_sdk::Datum>::SIZE_MAX
            + <[u8; 4] as ::chainstack_sdk::Datum>::SIZE_MAX;
        fn size(&self) -> usize {
            0usize
                .wrapping_add(::chainstack_sdk::Datum::size(&self.approved))
                .wrapping_add(::chainstack_sdk::Datum::size(&self.print))
                .wrapping_add(::chainstack_sdk::Datum::size(&self.mark))
        }
        fn encode(&self, writer: &mut ::chainstack_sdk::codec::Writer) {
            ::chainstack_sdk::Datum::encode(&self.approved, writer);
            ::chainstack_sdk::Datum::encode(&self.print, writer);
            ::chainstack_sdk::Datum::encode(&self.mark, writer);
        }
        fn decode(reader: &mut ::chainstack_sdk::codec::Reader) -> Self {
            Self {
                approved: ::chainstack_sdk::Datum::decode(reader),
                print: ::chainstack_sdk::Datum::decode(reader),
                mark: ::chainstack_sdk::Datum::decode(reader),
            }
        }
    }
    /// Counts.
    pub struct Totals {
        pub deals: u64,
    }
    impl ::chainstack_sdk::Datum for Totals {
        const SIZE_MAX: usize = 0 + <u64 as ::chainstack_sdk::Datum>::SIZE_MAX;
        fn size(&self) -> usize {
            0usize.wrapping_add(::chainstack_sdk::Datum::size(&self.deals))
        }
        fn encode(&self, writer: &mut ::chainstack_sdk::codec::Writer) {
            ::chainstack_sdk::Datum::encode(&self.deals, writer);
        }
        fn decode(reader: &mut ::chainstack_sdk::codec::Reader) -> Self {
            Self {
                deals: ::chainstack_sdk::Datum::decode(reader),
            }
        }
    }
    #[allow(dead_code, reason = "a cell or role may concern the declaration alone")]
    /// What is stored.
    pub struct Cells {
        /// Points by holder.
        pub points: Ledger<AccountId>,
        /// Deals.
        pub deals: Map<(u8, u64), Terms>,
        /// Wares.
        pub wares: Map<u32, Ware>,
        /// Totals.
        pub totals: Value<Totals>,
        /// A text.
        pub motto: Value<Text<NAME_MAX>>,
        /// Coins of deals.
        pub vault: Escrow<(u8, u64)>,
        /// Points of the contract.
        pub pool: Escrow<()>,
        /// Plain points.
        pub stars: Ledger<AccountId>,
        /// Tokens of another contract.
        pub tokens: Escrow<(u8, u64)>,
    }
    ///The one [`Cells`], with the ids of the declaration.
    #[allow(dead_code, reason = "the declaration may be all")]
    pub const CELLS: Cells = Cells {
        points: <Ledger<AccountId>>::new(1u16),
        deals: <Map<(u8, u64), Terms>>::new(2u16),
        wares: <Map<u32, Ware>>::new(3u16),
        totals: <Value<Totals>>::new(4u16),
        motto: <Value<Text<NAME_MAX>>>::new(5u16),
        vault: <Escrow<(u8, u64)>>::new(6u16),
        pool: <Escrow<()>>::new(7u16),
        stars: <Ledger<AccountId>>::new(8u16),
        tokens: <Escrow<(u8, u64)>>::new(9u16),
    };
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[repr(u8)]
    /// Whether points move.
    pub enum Main {
        Active = 0,
        Paused = 1,
    }
    #[allow(
        dead_code,
        reason = "the host moves the machine where the declaration leaves no choice"
    )]
    impl Main {
        /// The declared machine.
        pub const MACHINE: ::chainstack_sdk::machine::Machine = <::chainstack_sdk::machine::Machine>::new(
            1u16,
        );
        /// The state it is in.
        #[must_use]
        pub fn now() -> Self {
            Self::from_id(Self::MACHINE.state())
        }
        /// Moves the machine to this state, one of the targets that the running transition declares.
        pub fn enter(self) {
            Self::MACHINE.transition(self as u8);
        }
        fn from_id(id: u8) -> Self {
            match id {
                0 => Self::Active,
                1 => Self::Paused,
                _ => ::chainstack_sdk::declared::differs(),
            }
        }
    }
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[repr(u8)]
    /// One deal.
    pub enum Deal {
        Open = 0,
        Agreed = 1,
        Paid = 4,
        Void = 5,
    }
    #[allow(
        dead_code,
        reason = "the host moves the machine where the declaration leaves no choice"
    )]
    impl Deal {
        /// The declared machine.
        pub const MACHINE: ::chainstack_sdk::machine::ItemMachine = <::chainstack_sdk::machine::ItemMachine>::new(
            2u16,
        );
        /// The state that the item under `key` is in, if there is one. Needs the touch `read`.
        #[must_use]
        pub fn of(key: &(u8, u64)) -> ::core::option::Option<Self> {
            Self::MACHINE.state(key).map(Self::from_id)
        }
        /// Moves the machine to this state, one of the targets that the running transition declares.
        pub fn enter(self) {
            Self::MACHINE.transition(self as u8);
        }
        fn from_id(id: u8) -> Self {
            match id {
                0 => Self::Open,
                1 => Self::Agreed,
                4 => Self::Paid,
                5 => Self::Void,
                _ => ::chainstack_sdk::declared::differs(),
            }
        }
    }
    type Result<T> = core::result::Result<T, Refusal>;
    /// Begins.
    fn begin() -> Result<()> {
        Ok(())
    }
    /// Opens a deal.
    fn open(
        zone: u8,
        deal: u64,
        seller: AccountId,
        deadline: u64,
        mode: Mode,
    ) -> Result<()> {
        let _ = (zone, deal, seller, deadline, mode);
        Err(Refusal::NotNow)
    }
    /// Agrees.
    fn agree(zone: u8, deal: u64, pair: Pair) -> Option<Amount> {
        let _ = (zone, deal, pair);
        Deal::Agreed.enter();
        None
    }
    /// Marks many.
    fn mark(wares: List<u32, 8>) {
        let _ = wares;
    }
    /// Points of `holder`.
    fn points_of(holder: AccountId) -> Amount {
        CELLS.points.get(&holder)
    }
    /// What is in force, or why not.
    fn mode() -> Result<Mode> {
        Ok(Params::mode())
    }
    /// The methods, as the host calls them.
    pub mod messages {
        /// Begins.
        #[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
        #[cfg_attr(
            target_arch = "wasm32",
            expect(
                unsafe_code,
                reason = "an exported name; the manifest's method names are unique"
            )
        )]
        pub extern "C-unwind" fn begin() {
            ::chainstack_sdk::error::finish(super::begin());
        }
        /// Opens a deal.
        #[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
        #[cfg_attr(
            target_arch = "wasm32",
            expect(
                unsafe_code,
                reason = "an exported name; the manifest's method names are unique"
            )
        )]
        pub extern "C-unwind" fn open() {
            let (zone, deal, seller, deadline, mode) = ::chainstack_sdk::env::input();
            ::chainstack_sdk::error::finish(
                super::open(zone, deal, seller, deadline, mode),
            );
        }
        /// Agrees.
        #[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
        #[cfg_attr(
            target_arch = "wasm32",
            expect(
                unsafe_code,
                reason = "an exported name; the manifest's method names are unique"
            )
        )]
        pub extern "C-unwind" fn agree() {
            let (zone, deal, pair) = ::chainstack_sdk::env::input();
            ::chainstack_sdk::env::output(&super::agree(zone, deal, pair));
        }
        /// Marks many.
        #[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
        #[cfg_attr(
            target_arch = "wasm32",
            expect(
                unsafe_code,
                reason = "an exported name; the manifest's method names are unique"
            )
        )]
        pub extern "C-unwind" fn mark() {
            let (wares,) = ::chainstack_sdk::env::input();
            super::mark(wares);
        }
        /// Pauses.
        #[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
        #[cfg_attr(
            target_arch = "wasm32",
            expect(
                unsafe_code,
                reason = "an exported name; the manifest's method names are unique"
            )
        )]
        pub extern "C-unwind" fn pause() {}
        /// Points of `holder`.
        #[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
        #[cfg_attr(
            target_arch = "wasm32",
            expect(
                unsafe_code,
                reason = "an exported name; the manifest's method names are unique"
            )
        )]
        pub extern "C-unwind" fn points_of() {
            let (holder,) = ::chainstack_sdk::env::input();
            ::chainstack_sdk::env::output(&super::points_of(holder));
        }
        /// What is in force, or why not.
        #[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
        #[cfg_attr(
            target_arch = "wasm32",
            expect(
                unsafe_code,
                reason = "an exported name; the manifest's method names are unique"
            )
        )]
        pub extern "C-unwind" fn mode() {
            ::chainstack_sdk::error::finish(super::mode());
        }
    }
    /// The manifest that this module declares, as TOML.
    pub const MANIFEST: &str = "[contract]\nname = \"every-thing\"\ndoc = \"Wares, points and deals.\\nFor tests only.\"\n\n[types.Pair]\nstruct = { left = \"account\", right = \"account\" }\n\n[types.Mode]\nenum = { Open = {}, Capped = { cap = \"u128\", by = \"Pair\" } }\n\n[params.name]\ntype = \"text<64>\"\ndefault = \"My Token\"\ndoc = \"Its \\\"name\\\", with \\\\ in it.\"\n\n[params.cap]\ntype = \"u128\"\nmin = 1\nmax = \"340282366920938463463374607431768211455\"\ndefault = 1000000\ndoc = \"Greatest supply.\"\n\n[params.shift]\ntype = \"i16\"\nmin = -5\ndefault = -1\ndoc = \"A signed number.\"\n\n[params.owner]\ntype = \"option<account>\"\ndoc = \"The first owner.\"\n\n[params.members]\ntype = \"list<account, 5>\"\ndoc = \"The first members.\"\n\n[params.pausable]\ntype = \"bool\"\ndefault = true\ndoc = \"Whether it may pause.\"\n\n[params.mode]\ntype = \"Mode\"\ndoc = \"How.\"\n\n[params.token]\ntype = \"account\"\ndoc = \"Another contract.\"\n\n[errors.TooMuch]\nid = 1\nfields = { limit = \"u128\", asked = \"u128\" }\ndoc = \"More than there is.\"\n\n[errors.NotNow]\nid = 7\ndoc = \"Not now.\"\n\n[events.Moved]\nid = 1\nfields = { from = \"account\", to = \"account\", amount = \"u128\" }\ndoc = \"Points moved.\"\n\n[events.Traded]\nid = 2\nfields = { from = \"account\", to = \"account\", ware = \"u32\" }\ndoc = \"A ware moved.\"\n\n[events.Ended]\nid = 3\nfields = { deal = \"u64\", held = \"u128\" }\ndoc = \"A deal ended.\"\n\n[roles.owner]\nid = 1\nkind = \"account\"\ninitial = \"param.owner\"\ntransferable = true\ndoc = \"Owns it.\"\n\n[roles.starter]\nid = 2\nkind = \"account\"\ninitial = \"signer\"\ndoc = \"Started it.\"\n\n[roles.board]\nid = 3\nkind = \"set\"\ninitial = \"param.members\"\nmembers_max = 5\nthreshold = 3\napproval_blocks = 100\nadmin = \"owner\"\ndoc = \"Decides together.\"\n\n[roles.buyer]\nid = 4\nkind = \"item\"\nholder = \"deals.buyer\"\ndoc = \"Pays for a deal.\"\n\n[roles.keeper]\nid = 5\nkind = \"item\"\nholder = \"wares.$owner\"\ndoc = \"Owns a ware.\"\n\n[cells.points]\nid = 1\nkind = \"ledger\"\nkey = { holder = \"account\" }\nsum = true\ncount = true\nasset = { kind = \"fungible\", on_move = \"Moved\", escrow_when = \"in(main, Active)\" }\ndoc = \"Points by holder.\"\n\n[cells.deals]\nid = 2\nkind = \"map\"\nkey = { zone = \"u8\", deal = \"u64\" }\nhead = { buyer = \"account\", seller = \"account\", price = { type = \"u128\", write_once = false, sum = true }, deadline = \"u64\" }\ntail = \"bytes<100>\"\ncount = true\nmax_entries = 1000\ndoc = \"Deals.\"\n\n[cells.wares]\nid = 3\nkind = \"map\"\nkey = { ware = \"u32\" }\nhead = { approved = { type = \"account\", write_once = false, clear_on_move = true }, print = \"hash\", mark = \"fixed<4>\" }\nasset = { kind = \"unique\", on_move = \"Traded\", release_when = \"in(main, Active)\" }\ndoc = \"Wares.\"\n\n[cells.totals]\nid = 4\nkind = \"value\"\nhead = { deals = { type = \"u64\", write_once = false } }\ndoc = \"Totals.\"\n\n[cells.motto]\nid = 5\nkind = \"value\"\ntail = \"text<64>\"\ndoc = \"A text.\"\n\n[cells.vault]\nid = 6\nkind = \"escrow\"\nitem = \"deals\"\nasset = \"native\"\ndoc = \"Coins of deals.\"\n\n[cells.pool]\nid = 7\nkind = \"escrow\"\nasset = \"cell.points\"\ndoc = \"Points of the contract.\"\n\n[cells.stars]\nid = 8\nkind = \"ledger\"\nkey = { holder = \"account\" }\ndoc = \"Plain points.\"\n\n[cells.tokens]\nid = 9\nkind = \"escrow\"\nitem = \"deals\"\nasset = { contract = \"param.token\", cell = 1 }\ndoc = \"Tokens of another contract.\"\n\n[machines.main]\nid = 1\nstates = { Active = 0, Paused = 1 }\ninitial = \"Active\"\ndoc = \"Whether points move.\"\n\n[machines.deal]\nid = 2\ncell = \"deals\"\nstates = { Open = 0, Agreed = 1, Paid = 4, Void = 5 }\ninitial = \"Open\"\nterminal = [\"Paid\", \"Void\"]\ndoc = \"One deal.\"\n\n[transitions.begin]\nkind = \"constructor\"\ntouches = \"unknown\"\nceilings = { gas = 1000, events = 1 }\nemits = [\"Moved\"]\ndoc = \"Begins.\"\n\n[transitions.open]\nargs = { zone = \"u8\", deal = \"u64\", seller = \"account\", deadline = \"u64\", mode = \"Mode\" }\nvalue_max = \"any\"\nitem = { new = \"deals\", key = [\"arg.zone\", \"arg.deal\"] }\nfrom = { main = [\"Active\"] }\ncaller = \"signer\"\nwindow = { clock = \"height\", closes = \"arg.deadline\", exit = \"expire\" }\nguard = \"value > 0 && arg.deadline > height\"\ntouches = [\n    { cell = \"deals\", key = [\"arg.zone\", \"arg.deal\"], ops = [\"set\"] },\n    { cell = \"totals\", key = [], ops = [\"read\", \"set\"], head = [\"deals\"] },\n]\nescrows = [\n    { cell = \"vault\", pays_in = true, pays_out = true },\n    { cell = \"tokens\", pays_in = true },\n]\nceilings = { gas = 200000, reads = 1, writes = 3, new_entries = 2 }\nerrors = [\"TooMuch\", \"NotNow\"]\ndoc = \"Opens a deal.\"\n\n[transitions.agree]\nargs = { zone = \"u8\", deal = \"u64\", pair = \"Pair\" }\nreturns = \"option<u128>\"\nitem = { existing = \"deals\", key = [\"arg.zone\", \"arg.deal\"] }\nfrom = { deal = [\"Open\", \"Void\"], main = [\"Active\", \"Paused\"] }\nto = { deal = [\"Agreed\", \"Void\"] }\ncaller = [\"buyer\", \"owner\"]\ntouches = [\n    { cell = \"deals\", key = [\"arg.zone\", \"arg.deal\"], ops = [\"read\", \"set\", \"delete\"], head = [\"price\"] },\n    { cell = \"points\", key = [\"item.seller\"], ops = [\"add\"] },\n    { cell = \"points\", key = [\"caller\"], ops = [\"sub\", \"read\"] },\n    { cell = \"stars\", key = [\"*\"], ops = [\"read\"] },\n    { cell = \"stars\", key = [\"arg.pair.left\"], ops = [\"add\"] },\n    { cell = \"wares\", key = [\"=7\"], ops = [\"read\"] },\n]\nsends = [\n    { asset = \"native\", max = 5 },\n    { asset = \"cell.points\", max = \"any\" },\n]\ncalls = [\n    { contract = \"param.token\", method = \"transfer\", value_max = 5, count_max = 2 },\n    { contract = \"param.token\" },\n]\nnotifies = [\n    { contract = \"item.seller\", method = \"told\" },\n]\nceilings = { gas = 300000, reads = 4, writes = 4, events = 2 }\nemits = [\"Moved\", \"Ended\"]\nreenter = \"other_items\"\ndoc = \"Agrees.\"\n\n[transitions.mark]\nargs = { wares = \"list<u32, 8>\" }\nitem = { each = \"wares\", arg = \"wares\", max = 8 }\ncaller = [\"keeper\"]\nceilings = { gas = 100000 }\ndoc = \"Marks many.\"\n\n[transitions.pause]\nfrom = { main = [\"Active\"] }\nto = { main = [\"Paused\"] }\ncaller = [\"board\"]\nguard = \"quorum(board) && param.pausable\"\nceilings = { gas = 1000 }\ndoc = \"Pauses.\"\n\n[views.points_of]\nargs = { holder = \"account\" }\nreturns = \"u128\"\nreads = [\"points\"]\ngas = 50000\nreads_max = 1\ndoc = \"Points of `holder`.\"\n\n[views.mode]\nreturns = \"Mode\"\nreads = [\"totals\", \"motto\"]\ncalls = [\n    { contract = \"param.token\", method = \"supply\" },\n]\nerrors = [\"NotNow\"]\ngas = 50000\nreads_max = 2\ndoc = \"What is in force, or why not.\"\n\n[exits.expire]\nid = 1\nitem = \"deals\"\nfrom = { deal = [\"Open\"] }\nwindow = { clock = \"height\", opens = \"item.deadline\" }\nguard = \"item.price > 0\"\neffects = [\n    { release = \"vault\", to = \"item.seller\", amount = \"min(item.price, escrowed(vault))\", remainder = \"item.buyer\" },\n    { set = \"price\", value = \"0\" },\n    { add = \"stars\", key = [\"item.seller\"], amount = \"1\" },\n    { sub = \"stars\", key = [\"item.buyer\"], amount = \"0\" },\n    { move = \"stars\", from = [\"item.buyer\"], to = [\"item.seller\"], amount = \"0\" },\n    { pay = \"item.buyer\", amount = \"0\" },\n]\nto = { deal = \"Void\" }\nevent = { Ended = [\"item.deal\", \"escrowed(vault)\"] }\ndoc = \"Ends a deal that nobody agreed to.\"\n\n[exits.forget]\nid = 2\nitem = \"deals\"\nfrom = { deal = [\"Paid\", \"Void\"] }\neffects = [\n    { release = \"vault\", to = \"item.buyer\" },\n    { delete = true },\n]\ndoc = \"Forgets a deal.\"\n\n[invariants.capped]\nid = 1\nrule = \"sum(points) <= param.cap\"\ndoc = \"No more points than the cap.\"\n\n[upgrade]\nrole = \"owner\"\ndelay_blocks = 100\nveto = \"board\"\n";
    /// What `embed_manifest` turns into the manifest of the artifact.
    #[cfg(target_arch = "wasm32")]
    #[unsafe(link_section = "chainstack.source")]
    #[expect(
        unsafe_code,
        reason = "a custom section that nothing else writes to, and no code reads"
    )]
    static MANIFEST_SOURCE: [u8; MANIFEST.len()] = ::chainstack_sdk::declared::source(
        MANIFEST,
    );
    const _: fn(AccountId) -> ::chainstack_sdk::AccountId = |same| same;
    const _: fn(Amount) -> ::chainstack_sdk::Amount = |same| same;
    const _: fn(Pair) -> Pair = |same| same;
    const _: fn(Text<NAME_MAX>) -> ::chainstack_sdk::Text<NAME_MAX> = |same| same;
    const _: fn(i16) -> ::core::primitive::i16 = |same| same;
    const _: fn(
        Option<AccountId>,
    ) -> ::core::option::Option<::chainstack_sdk::AccountId> = |same| same;
    const _: fn(
        List<AccountId, 5>,
    ) -> ::chainstack_sdk::List<::chainstack_sdk::AccountId, 5> = |same| same;
    const _: fn(bool) -> ::core::primitive::bool = |same| same;
    const _: fn(Mode) -> Mode = |same| same;
    const _: fn(u32) -> ::core::primitive::u32 = |same| same;
    const _: fn(u64) -> ::core::primitive::u64 = |same| same;
    const _: fn(u8) -> ::core::primitive::u8 = |same| same;
    const _: fn(List<u32, 8>) -> ::chainstack_sdk::List<::core::primitive::u32, 8> = |
        same|
    same;
    const _: fn(Hash) -> ::chainstack_sdk::Hash = |same| same;
    const _: fn([u8; 4]) -> [::core::primitive::u8; 4] = |same| same;
}
