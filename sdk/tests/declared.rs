//! A contract that is declared by `#[contract]`, run on the host in memory.

use std::panic::catch_unwind;

use chainstack_sdk::testing::{Outcome, World, announced};
use chainstack_sdk::{AccountId, Amount, Datum, List, Text};

/// Auctions of nothing, for tests.
#[chainstack_sdk::contract(name = "shop-floor")]
pub mod shop {
    use chainstack_sdk::cell::{Map, Value};
    use chainstack_sdk::event::emit;
    use chainstack_sdk::ledger::Ledger;
    use chainstack_sdk::role::AccountRole;
    use chainstack_sdk::{AccountId, Amount, List, Text, env};

    const NAME_MAX: u32 = 16;

    /// What a bid is for.
    #[data]
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum Wish {
        /// Whatever it is.
        Any,
        /// One ware, up to a price.
        Ware {
            /// Its number.
            ware: u32,
            /// The most.
            most: Amount,
        },
    }

    /// Frozen.
    #[params]
    pub struct Params {
        /// Name of the shop.
        name: Text<NAME_MAX>,
        /// Greatest bid.
        #[param(min = 1)]
        cap: Amount,
    }

    /// Why it refuses.
    #[errors]
    pub enum ShopError {
        /// Past the cap.
        TooMuch {
            /// What is allowed.
            cap: Amount,
            /// What was asked.
            asked: Amount,
        } = 3,
        /// Nothing to do.
        Idle = 9,
    }

    /// A bid was made.
    #[event(id = 7)]
    pub struct Bid {
        /// By whom.
        by: AccountId,
        /// For what.
        wish: Wish,
    }

    /// Who has power.
    #[roles]
    pub struct Roles {
        /// Keeps the shop.
        #[role(id = 5, initial = signer)]
        pub keeper: AccountRole,
    }

    /// A bid as it is kept.
    #[entry]
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Kept {
        /// By whom.
        pub by: AccountId,
        /// How often.
        #[head(write_once = false)]
        pub count: u32,
        /// A remark.
        #[tail]
        pub remark: Text<NAME_MAX>,
    }

    /// What is stored.
    #[cells]
    pub struct Cells {
        /// Bids by ware and round.
        #[cell(id = 4, key(ware, round))]
        pub bids: Map<(u32, u8), Kept>,
        /// What was bid.
        #[cell(id = 2, key(by), sum)]
        pub sums: Ledger<AccountId>,
        /// The last wish.
        #[cell(id = 8)]
        pub last: Value<Wish>,
    }

    /// Whether the shop is open.
    #[machine(id = 6)]
    pub enum Door {
        /// Come in.
        #[initial]
        Open = 2,
        /// Go away.
        Closed = 5,
    }

    /// The state of each bid.
    #[machine(id = 7, cell = bids)]
    pub enum Stage {
        /// Made.
        #[initial]
        Made = 1,
        /// Won.
        Won = 3,
    }

    /// Opens.
    #[constructor(gas = 1_000)]
    fn init() {}

    /// Bids.
    #[transition(
        item = new(bids[arg.ware, 0]),
        touches(bids[arg.ware, 0]: set, sums[caller]: add, last: set),
        gas = 1_000,
        errors(TooMuch),
        emits(Bid),
    )]
    fn bid(ware: u32, most: Amount, remark: Text<NAME_MAX>) -> Result<u32, ShopError> {
        let by = env::caller();
        let wish = Wish::Ware { ware, most };
        CELLS.bids.set(&(ware, 0), &Kept { by, count: 1, remark });
        CELLS.last.set(&wish);
        if most > Params::cap() {
            return Err(ShopError::TooMuch { cap: Params::cap(), asked: most });
        }
        CELLS.sums.add(&by, most).map_err(|_| ShopError::Idle)?;
        emit(&Bid { by, wish });
        Ok(CELLS.bids.get(&(ware, 0)).map_or(0, |kept| kept.count))
    }

    /// Sums amounts.
    #[view(gas = 1_000)]
    fn total(amounts: List<Amount, 4>) -> Amount {
        Amount(amounts.iter().map(|amount| amount.0).sum())
    }

    /// The keeper, the door as a number, and the last wish.
    #[view(reads = last, gas = 1_000)]
    fn shown(stage_of: u32) -> Option<Wish> {
        let open = Door::now() == Door::Open && Stage::of(&(stage_of, 0)) == Some(Stage::Won);
        let keeper = ROLES.keeper.holder() == Some(env::caller());
        (open && keeper).then(|| CELLS.last.get()).flatten()
    }

    /// Closes the door; the host does it.
    #[transition(from = Door::Open, to = Door::Closed, gas = 1_000)]
    fn close();
}

/// Everything that can be declared compiles.
#[allow(missing_docs, reason = "the file is read by the tests of the macro, which show what it expands to")]
pub mod all {
    use chainstack_sdk::contract;

    include!("../macros/tests/expanded/everything.rs");
}

use shop::{Bid, ShopError, Wish, messages};

const A: AccountId = AccountId([0xa; 32]);

fn open() {
    let mut world = World::default();
    let name = Text::<16>::new(b"Corner").expect("short");
    world.params = vec![name.with_bytes(<[u8]>::to_vec), Amount(50).with_bytes(<[u8]>::to_vec)];
    world.roles.insert(5, A);
    world.states.insert((6, Vec::new()), 2);
    world.states.insert((7, (9u32, 0u8).with_bytes(<[u8]>::to_vec)), 3);
    world.enter();
}

fn bid(most: u128) -> Outcome {
    World::call(A, messages::bid, &(9u32, Amount(most), Text::<16>::new(b"hm").expect("short")))
}

#[test]
fn methods_read_their_arguments_and_answer() {
    open();
    assert_eq!(World::call(A, messages::init, &()), Outcome::Returned(Vec::new()));
    assert_eq!(bid(20).returned::<u32>(), 1);
    let wish = Wish::Ware { ware: 9, most: Amount(20) };
    assert_eq!(World::events(), [announced(&Bid { by: A, wish })]);
    assert_eq!(World::call(A, messages::close, &()), Outcome::Returned(Vec::new()));
}

#[test]
fn errors_revert_with_their_ids_and_fields() {
    open();
    let outcome = bid(51);
    assert!(outcome.reverted_with(&ShopError::TooMuch { cap: Amount(50), asked: Amount(51) }));
    let Outcome::Reverted(id, fields) = outcome else { panic!("reverted") };
    assert_eq!((id, fields.len()), (3, 32));
    assert_eq!((World::entries().len(), World::balances().len()), (0, 0));
}

#[test]
fn entries_and_types_are_their_fields_one_after_the_other() {
    open();
    bid(20);
    let entries = World::entries();
    let kept = &entries[&(4, (9u32, 0u8).with_bytes(<[u8]>::to_vec))];
    assert_eq!(*kept, [&[0xa; 32][..], &1u32.to_le_bytes(), &[2 << 2], b"hm"].concat());
    let wish = &entries[&(8, Vec::new())];
    assert_eq!(*wish, [&[1][..], &9u32.to_le_bytes(), &20u128.to_le_bytes()].concat());
    assert_eq!(Wish::Any.with_bytes(<[u8]>::to_vec), [0]);
    assert_eq!(Wish::SIZE_MAX, 21);
}

#[test]
fn machines_roles_and_values_are_asked_by_name() {
    open();
    bid(20);
    let shown = || World::call(A, messages::shown, &(9u32,)).returned::<Option<Wish>>();
    assert_eq!(shown(), Some(Wish::Ware { ware: 9, most: Amount(20) }));
    World::with(|world| world.states.insert((6, Vec::new()), 5));
    assert_eq!(shown(), None);
    // A state that the declaration has not is no state.
    World::with(|world| world.states.insert((6, Vec::new()), 3));
    assert!(catch_unwind(shown).is_err());
}

#[test]
fn lists_are_counted_and_bounded() {
    open();
    let four = [Amount(1), Amount(2), Amount(3), Amount(4)];
    let list = List::<Amount, 4>::new(&four).expect("four");
    assert_eq!(World::call(A, messages::total, &(list,)).returned::<Amount>(), Amount(10));
    assert_eq!(list.with_bytes(<[u8]>::to_vec)[..2], [4 << 2, 1]);
    assert_eq!((list.count(), list.iter().count()), (4, 4));
    assert!(List::<Amount, 3>::new(&four).is_none());
    let texts =
        List::<Text<9>, 2>::new(&[Text::new(b"a").expect("short"), Text::new(b"bcd").expect("short")]);
    let bytes = texts.expect("two").with_bytes(<[u8]>::to_vec).leak();
    let read: List<Text<9>, 2> = chainstack_sdk::codec::decode_all(bytes);
    assert_eq!(read.iter().nth(1).and_then(|text| text.as_str()), Some("bcd"));
    let bytes: &'static [u8] = bytes;
    assert!(catch_unwind(|| chainstack_sdk::codec::decode_all::<List<Text<9>, 1>>(bytes)).is_err());
}

#[test]
fn the_text_says_what_the_code_says() {
    let manifest = without_places(shop::MANIFEST);
    assert!(
        manifest
            .starts_with("[contract]\nname = \"shop-floor\"\ndoc = \"Auctions of nothing, for tests.\"\n")
    );
    assert!(manifest.contains("[transitions.bid]\nargs = { ware = \"u32\", most = \"u128\", remark = \"text<16>\" }\nreturns = \"u32\"\n"));
}

#[test]
fn the_compiler_makes_the_same_text_as_the_macros_own_tests() {
    let expected = include_str!("../macros/tests/expanded/everything.toml");
    assert_eq!(without_places(all::everything::MANIFEST), expected);
    // What only the compiler knows: where each entry comes from.
    assert!(all::everything::MANIFEST.contains("[transitions.pause]\n# "));
    let place = all::everything::MANIFEST.lines().find(|line| line.ends_with("everything.rs:265"));
    assert!(place.is_some(), "{}", all::everything::MANIFEST);
}

/// The text without the comments that say where it comes from.
fn without_places(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("# ")).map(|line| format!("{line}\n")).collect()
}
