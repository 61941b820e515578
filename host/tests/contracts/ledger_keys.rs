//! Keys of the balances that exits change, by each kind of term; and the order of what one exit does to item and ledgers.

use chainstack_primitives::{
    AccountId,
    manifest::{
        Asset, Cell, CellKind, Effect, Exit, ExitTarget, Expression, ItemBinding, KeyTerm, LedgerCell,
        Manifest, Node, StateSet, Type,
    },
};
use chainstack_runtime::state::reserved;
use parity_scale_codec::Encode;

use crate::{
    kit,
    ledgers::{CAROL, balances, deposit, take, totals},
    world::{ALICE, BOB, World},
};

const GUILD: AccountId = AccountId([0x6d; 32]);
const KEEPER: AccountId = AccountId([0xca; 32]);
const OWNER: AccountId = AccountId([0xdd; 32]);
const OTHER: AccountId = AccountId([0xee; 32]);

const SEATS: u16 = 1;
/// By account.
const SHARES: u16 = 2;
/// By account, number and account.
const VOTES: u16 = 3;
/// An asset, by account.
const TOKENS: u16 = 4;
/// By a text and an account.
const NAMES: u16 = 5;

const SEAT: u16 = 1;
const OPEN: u8 = 0;
const LEFT: u8 = 1;
/// Event of a move of tokens.
const MOVED: u16 = 3;

/// The exit of the open seat that a test declares, and one out of the seat that was left.
const FIRST: u16 = 1;
const SECOND: u16 = 2;

/// The seat that Alice has opened: its number, who sits there, who owns it, its amount.
const NUMBER: u64 = 0x0102;
const AMOUNT: u128 = 10;

fn seat_key(member: AccountId) -> Vec<u8> {
    (NUMBER, member).encode()
}

fn ledger(id: u16, name: &str, key: Vec<(&str, Type)>, asset: bool) -> Cell {
    let rules = Asset { on_move: Some(MOVED), escrow_when: None, release_when: None };
    let key = key.into_iter().map(|(name, ty)| kit::field(name, ty)).collect();
    let kind = LedgerCell {
        key: kit::list(key),
        sum: true,
        count: true,
        max_entries: None,
        asset: asset.then_some(rules),
    };
    Cell { kind: CellKind::Ledger(kind), ..kit::ledger(id, name, true, true) }
}

/// Seats whose exits do what is given: `first` leads from open to left, `second` out of left.
fn manifest(first: Vec<Effect>, second: Vec<Effect>, key_bytes: u16) -> Manifest {
    let mut manifest = Manifest::empty(kit::name("guild"));
    manifest.params = kit::list(vec![
        kit::param("keeper", Type::Account),
        kit::param("part", Type::U64),
        kit::param("label", Type::Text { max: 9 }),
    ]);
    let moved = [("from", Type::Account), ("to", Type::Account), ("amount", Type::U128)];
    let moved = moved.into_iter().map(|(name, ty)| kit::field(name, ty)).collect();
    manifest.events = kit::list(vec![kit::event(MOVED, "Moved", moved)]);
    let head =
        vec![kit::head("owner", Type::Account, true, false), kit::head("amount", Type::U128, false, true)];
    let key = vec![kit::field("number", Type::U64), kit::field("member", Type::Account)];
    let account = |name| (name, Type::Account);
    manifest.cells = kit::list(vec![
        kit::map(SEATS, "seats", key.clone(), head, 0),
        ledger(SHARES, "shares", vec![account("holder")], false),
        ledger(VOTES, "votes", vec![account("by"), ("part", Type::U64), account("of")], false),
        ledger(TOKENS, "tokens", vec![account("holder")], true),
        ledger(NAMES, "names", vec![("label", Type::Text { max: 9 }), account("holder")], false),
    ]);
    manifest.machines = kit::list(vec![kit::machine(SEAT, "seat", Some(SEATS), &["Open", "Left"], &[])]);
    let head = [kit::field("owner", Type::Account), kit::field("amount", Type::U128)];
    let mut open = kit::transition("open", key.into_iter().chain(head).collect(), None);
    open.item = ItemBinding::New { cell: SEATS, key: kit::list(vec![KeyTerm::Arg(0), KeyTerm::Arg(1)]) };
    let seed =
        vec![kit::field("key", Type::FixedBytes { size: key_bytes }), kit::field("amount", Type::U128)];
    manifest.transitions = kit::list(vec![open, kit::transition("seed", seed, None)]);
    let exit = |id, name: &str, effects, from, to: Option<u8>| Exit {
        id,
        name: kit::name(name),
        doc: Default::default(),
        item: Some(SEATS),
        from: kit::list(vec![StateSet { machine: SEAT, states: kit::list(vec![from]) }]),
        window: None,
        guard: None,
        effects: kit::list(effects),
        to: to.map(|state| ExitTarget { machine: SEAT, state }),
        event: None,
    };
    manifest.exits = kit::list(vec![
        exit(FIRST, "first", first, OPEN, Some(LEFT)),
        exit(SECOND, "second", second, LEFT, None),
    ]);
    manifest
}

/// A guild with those exits whose seat `member` has, where `seed` adds to the balance under a key of `ledger`.
fn world(manifest: &Manifest, member: AccountId, owner: AccountId, ledger: u16) -> World {
    let Type::FixedBytes { size } = manifest.transitions[1].args[0].ty else { unreachable!() };
    let open = "(drop (call $input (i32.const 0) (i32.const 88)))
        (call $cell_set (i32.const 1) (i32.const 0) (i32.const 40) (i32.const 40) (i32.const 48))";
    let seed = format!(
        "(drop (call $input (i32.const 0) (i32.const {})))
        (if (call $ledger_add (i32.const {ledger}) (i32.const 0) (i32.const {size}) (i32.const {size})) (then (unreachable)))",
        size + 16
    );
    let code = kit::module(&[("open", open), ("seed", &seed)], "", manifest);
    let mut world = World::new();
    world.create(GUILD, &code, &(KEEPER, 77_u64, "keep").encode());
    let args = [seat_key(member), (owner, AMOUNT).encode()].concat();
    assert_eq!(world.call(ALICE, GUILD, "open", &args), Ok(vec![]));
    world
}

fn seed(world: &mut World, key: &[u8], amount: u128) {
    assert_eq!(world.call(BOB, GUILD, "seed", &[key, &amount.to_le_bytes()].concat()), Ok(vec![]));
}

fn amount() -> Expression {
    kit::list(vec![Node::Head(1)])
}

fn add(cell: u16, key: &[KeyTerm]) -> Effect {
    Effect::LedgerAdd { cell, key: kit::list(key.to_vec()), amount: amount() }
}

fn sub(cell: u16, key: &[KeyTerm]) -> Effect {
    Effect::LedgerSub { cell, key: kit::list(key.to_vec()), amount: amount() }
}

fn moved(cell: u16, from: &[KeyTerm], to: &[KeyTerm]) -> Effect {
    Effect::LedgerMove { cell, from: kit::list(from.to_vec()), to: kit::list(to.to_vec()), amount: amount() }
}

fn literal(value: &impl Encode) -> KeyTerm {
    KeyTerm::Literal(value.encode().try_into().expect("short"))
}

/// The seat's deposit, state and amount; none if it is gone.
fn seat(world: &World, member: AccountId) -> Option<(u128, u8, u128)> {
    let entry = world.entry(GUILD, SEATS, &seat_key(member))?;
    let amount = u128::from_le_bytes(entry.value[33..].try_into().expect("an amount"));
    Some((entry.deposit.0, entry.value[0], amount))
}

const SHARE_ROOM: u32 = 32 + 16;
const SEAT_ROOM: u32 = 40 + 1 + 32 + 16;

#[test]
fn each_kind_of_term_is_a_key() {
    use KeyTerm::{Caller, Head, Item, Origin, Param, SelfAddress};
    let token = |who: AccountId| [&[0][..], &who.0].concat();
    let cases: Vec<(u16, Vec<KeyTerm>, Vec<u8>)> = vec![
        (SHARES, vec![Caller], CAROL.encode()),
        (SHARES, vec![Origin], CAROL.encode()),
        (SHARES, vec![SelfAddress], GUILD.encode()),
        (SHARES, vec![Param(0)], KEEPER.encode()),
        (SHARES, vec![Item(1)], BOB.encode()),
        (SHARES, vec![Head(0)], OWNER.encode()),
        (SHARES, vec![literal(&OTHER)], OTHER.encode()),
        (TOKENS, vec![Caller], token(CAROL)),
        (TOKENS, vec![SelfAddress], token(GUILD)),
        (TOKENS, vec![Item(1)], token(BOB)),
        (TOKENS, vec![literal(&OTHER)], token(OTHER)),
        (VOTES, vec![Head(0), Item(0), Caller], (OWNER, NUMBER, CAROL).encode()),
        (VOTES, vec![Caller, Item(0), Head(0)], (CAROL, NUMBER, OWNER).encode()),
        (VOTES, vec![literal(&OTHER), Param(1), SelfAddress], (OTHER, 77_u64, GUILD).encode()),
        (VOTES, vec![Item(1), literal(&9_u64), Item(1)], (BOB, 9_u64, BOB).encode()),
        (VOTES, vec![Param(0), literal(&0_u64), Origin], (KEEPER, 0_u64, CAROL).encode()),
        (NAMES, vec![Param(2), Item(1)], ("keep", BOB).encode()),
        (NAMES, vec![literal(&"ninechars"), Param(0)], ("ninechars", KEEPER).encode()),
        (NAMES, vec![literal(&""), Head(0)], ("", OWNER).encode()),
    ];
    for (cell, key, expected) in cases {
        let manifest = manifest(vec![add(cell, &key)], vec![sub(cell, &key)], 32);
        let mut world = world(&manifest, BOB, OWNER, SHARES);
        take(&mut world, GUILD, FIRST, &seat_key(BOB));
        assert_eq!(balances(&world, GUILD, cell), [(expected, AMOUNT)], "{key:?}");
        assert_eq!(totals(&world, GUILD, cell), (AMOUNT, 1), "{key:?}");
        take(&mut world, GUILD, SECOND, &seat_key(BOB));
        assert_eq!(balances(&world, GUILD, cell), [], "{key:?}");
        assert_eq!(totals(&world, GUILD, cell), (0, 0), "{key:?}");
    }
}

#[test]
fn both_ends_are_one_where_they_stand_for_the_same() {
    use KeyTerm::{Caller, Head, Item, Origin, Param, SelfAddress};
    let token = |who: AccountId| [&[0][..], &who.0].concat();
    // The ledger, who sits and who owns, both ends, the key that has a balance, and where that is after.
    type Case = (u16, AccountId, AccountId, Vec<KeyTerm>, Vec<KeyTerm>, Vec<u8>, Vec<u8>);
    let same = |cell, member, owner, from: KeyTerm, to: KeyTerm, key: Vec<u8>| -> Case {
        (cell, member, owner, vec![from], vec![to], key.clone(), key)
    };
    let cases = [
        same(SHARES, BOB, CAROL, Head(0), Caller, CAROL.encode()),
        same(SHARES, BOB, OWNER, Caller, Origin, CAROL.encode()),
        same(SHARES, BOB, BOB, Item(1), Head(0), BOB.encode()),
        same(SHARES, KEEPER, OWNER, Item(1), Param(0), KEEPER.encode()),
        same(SHARES, BOB, GUILD, SelfAddress, Head(0), GUILD.encode()),
        same(SHARES, BOB, OWNER, literal(&OWNER), Head(0), OWNER.encode()),
        same(TOKENS, BOB, CAROL, Head(0), Caller, token(CAROL)),
        same(TOKENS, KEEPER, OWNER, Param(0), Item(1), token(KEEPER)),
        // One of several fields is another, or stands elsewhere.
        (
            VOTES,
            BOB,
            BOB,
            vec![Item(1), Item(0), Caller],
            vec![Head(0), literal(&NUMBER), Origin],
            (BOB, NUMBER, CAROL).encode(),
            (BOB, NUMBER, CAROL).encode(),
        ),
        (
            VOTES,
            BOB,
            BOB,
            vec![Item(1), Item(0), Caller],
            vec![Head(0), Param(1), Caller],
            (BOB, NUMBER, CAROL).encode(),
            (BOB, 77_u64, CAROL).encode(),
        ),
        (
            VOTES,
            BOB,
            OWNER,
            vec![Item(1), Item(0), Head(0)],
            vec![Head(0), Item(0), Item(1)],
            (BOB, NUMBER, OWNER).encode(),
            (OWNER, NUMBER, BOB).encode(),
        ),
    ];
    for (cell, member, owner, from, to, before, after) in cases {
        let size = u16::try_from(before.len()).expect("short") - u16::from(cell == TOKENS);
        let manifest = manifest(vec![moved(cell, &from, &to)], vec![], size);
        for (balance, whole) in [(AMOUNT, true), (AMOUNT + 1, false)] {
            let mut world = world(&manifest, member, owner, cell);
            let given = before.get(usize::from(cell == TOKENS)..).expect("a key");
            seed(&mut world, given, balance);
            let kept = seat(&world, member).expect("there").0;
            let paid = world.entry(GUILD, cell, &before).expect("seeded").clone();
            take(&mut world, GUILD, FIRST, &seat_key(member));
            let shown = format!("{from:?} to {to:?}, {balance}");
            let mut expected = vec![(after.clone(), balance)];
            if before != after && !whole {
                expected = vec![(before.clone(), balance - AMOUNT), (after.clone(), AMOUNT)];
                expected.sort();
            }
            assert_eq!(balances(&world, GUILD, cell), expected, "{shown}");
            assert_eq!(totals(&world, GUILD, cell), (balance, expected.len() as u128), "{shown}");
            if before == after || whole {
                let found = world.entry(GUILD, cell, &after).expect("there");
                assert_eq!((found.payer, found.deposit), (paid.payer, paid.deposit), "{shown}");
                assert_eq!(seat(&world, member).expect("there").0, kept, "{shown}");
            }
            assert_eq!(world.events, [], "{shown}: nothing moves");
        }
    }
}

#[test]
fn a_field_that_is_set_counts_neither_before_nor_after() {
    let set = || {
        let half = kit::list(vec![Node::Head(1), Node::Uint(2), Node::Div]);
        Effect::SetHead { field: 1, value: half }
    };
    let (owner, caller, keeper) = ([KeyTerm::Head(0)], [KeyTerm::Caller], [KeyTerm::Param(0)]);
    let shares = |key: &[KeyTerm]| add(SHARES, key);
    // Who owns the seat, the effects, balances before and after, and whether the field is set.
    type Balances = Vec<(AccountId, u128)>;
    let cases: Vec<(AccountId, Vec<Effect>, Balances, Balances, bool)> = vec![
        (OWNER, vec![set(), shares(&owner)], vec![], vec![(OWNER, 10)], true),
        (OWNER, vec![shares(&owner), set()], vec![], vec![(OWNER, 10)], true),
        (OWNER, vec![shares(&owner), set(), shares(&caller)], vec![], vec![(CAROL, 10), (OWNER, 10)], true),
        (OWNER, vec![sub(SHARES, &owner), set()], vec![(OWNER, 25)], vec![(OWNER, 15)], true),
        (OWNER, vec![set(), sub(SHARES, &owner)], vec![(OWNER, 10)], vec![], true),
        (
            OWNER,
            vec![set(), moved(SHARES, &owner, &keeper)],
            vec![(OWNER, 25)],
            vec![(KEEPER, 10), (OWNER, 15)],
            true,
        ),
        (OWNER, vec![moved(SHARES, &owner, &keeper), set()], vec![(OWNER, 10)], vec![(KEEPER, 10)], true),
        // Twice under one key, also by two names.
        (OWNER, vec![shares(&owner), shares(&owner)], vec![], vec![(OWNER, 20)], false),
        (CAROL, vec![shares(&owner), set(), shares(&caller)], vec![], vec![(CAROL, 20)], true),
        (CAROL, vec![shares(&owner), shares(&caller)], vec![(CAROL, 1)], vec![(CAROL, 21)], false),
        (OWNER, vec![sub(SHARES, &owner), sub(SHARES, &owner)], vec![(OWNER, 15)], vec![], false),
        (
            OWNER,
            vec![sub(SHARES, &owner), set(), sub(SHARES, &owner)],
            vec![(OWNER, 21)],
            vec![(OWNER, 1)],
            true,
        ),
        (
            CAROL,
            vec![sub(SHARES, &owner), sub(SHARES, &keeper), sub(SHARES, &caller)],
            vec![(CAROL, 12), (KEEPER, 12)],
            vec![(KEEPER, 2)],
            false,
        ),
    ];
    for (holder, effects, before, after, is_set) in cases {
        let shown = format!("{effects:?}");
        let creating = effects.iter().filter(|effect| effect.fills().is_some()).count() as u128;
        let manifest = manifest(effects, vec![], 32);
        let mut world = world(&manifest, BOB, holder, SHARES);
        before.iter().for_each(|(who, balance)| seed(&mut world, &who.0, *balance));
        let share = deposit(&world, SHARE_ROOM);
        let whole = deposit(&world, SEAT_ROOM) + creating * share;
        assert_eq!(seat(&world, BOB), Some((whole, OPEN, AMOUNT)), "{shown}");
        take(&mut world, GUILD, FIRST, &seat_key(BOB));
        let mut expected: Vec<(Vec<u8>, u128)> =
            after.iter().map(|(who, held)| (who.encode(), *held)).collect();
        expected.sort();
        assert_eq!(balances(&world, GUILD, SHARES), expected, "{shown}");
        assert_eq!(totals(&world, GUILD, SHARES).1, after.len() as u128, "{shown}");
        // A balance that is new, and no more of it than one, has taken from the seat; unless another's place went along.
        let paid =
            expected.iter().filter(|(key, _)| world.entry(GUILD, SHARES, key).expect("there").payer == ALICE);
        let left = if is_set { AMOUNT / 2 } else { AMOUNT };
        let used = paid.count() as u128 * share;
        assert_eq!(seat(&world, BOB), Some((whole - used, LEFT, left)), "{shown}");
        let sum = &world.entry(GUILD, reserved::SUMS, &[1, 0, 1]).expect("a sum").value;
        assert_eq!(*sum, left.to_le_bytes(), "{shown}");
    }
}
