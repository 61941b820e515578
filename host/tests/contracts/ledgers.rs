//! Exits that change ledgers: never more than is there, never more than fits, and never a deposit of who takes them.

use chainstack_primitives::{
    AccountId, Amount, codes,
    manifest::{
        Asset, CellKind, Effect, Exit, ExitTarget, Expression, Invariant, ItemBinding, KeyTerm, Manifest,
        Node, Ops, StateSet, Touch, Touches, Type,
    },
};
use chainstack_runtime::state::reserved;

use crate::{
    kit,
    world::{ALICE, BOB, World},
};

const CLUB: AccountId = AccountId([0x6c; 32]);
const KEEPER: AccountId = AccountId([0xca; 32]);
/// Who takes exits.
pub(crate) const CAROL: AccountId = AccountId([0xcb; 32]);

const SEATS: u16 = 1;
/// With sum and count.
const SHARES: u16 = 2;
/// With neither.
const NOTES: u16 = 3;
/// An asset, with a sum.
const TOKENS: u16 = 4;

const SEAT: u16 = 1;
const OPEN: u8 = 0;
const LEFT: u8 = 1;

const GRANT: u16 = 1;
const TAKE: u16 = 2;
const PASS: u16 = 3;
const MINT: u16 = 4;
const LEAVE: u16 = 5;
const NOTE: u16 = 6;
const BURN: u16 = 7;
const HALVE: u16 = 8;
const LOSE: u16 = 9;

/// The event of a move of tokens.
const MOVED: u16 = 3;

const OWNER: KeyTerm = KeyTerm::Head(0);
const TO_KEEPER: KeyTerm = KeyTerm::Param(0);

fn amount() -> Expression {
    kit::list(vec![Node::Head(1)])
}

fn add(cell: u16, key: KeyTerm) -> Effect {
    Effect::LedgerAdd { cell, key: kit::list(vec![key]), amount: amount() }
}

fn pass() -> Effect {
    let (from, to) = (kit::list(vec![OWNER]), kit::list(vec![TO_KEEPER]));
    Effect::LedgerMove { cell: SHARES, from, to, amount: amount() }
}

fn exit(id: u16, name: &str, effects: Vec<Effect>, leaves: bool) -> Exit {
    Exit {
        id,
        name: kit::name(name),
        doc: Default::default(),
        item: Some(SEATS),
        from: kit::list(vec![StateSet { machine: SEAT, states: kit::list(vec![OPEN]) }]),
        window: None,
        guard: None,
        effects: kit::list(effects),
        to: leaves.then_some(ExitTarget { machine: SEAT, state: LEFT }),
        event: None,
    }
}

fn manifest() -> Manifest {
    let mut manifest = Manifest::empty(kit::name("club"));
    manifest.params = kit::list(vec![kit::param("keeper", Type::Account)]);
    let head =
        vec![kit::head("owner", Type::Account, true, false), kit::head("amount", Type::U128, false, true)];
    let mut tokens = kit::ledger(TOKENS, "tokens", true, false);
    if let CellKind::Ledger(ledger) = &mut tokens.kind {
        ledger.asset = Some(Asset { on_move: Some(MOVED), escrow_when: None, release_when: None });
    }
    let moved = vec![
        kit::field("from", Type::Account),
        kit::field("to", Type::Account),
        kit::field("amount", Type::U128),
    ];
    manifest.events = kit::list(vec![kit::event(MOVED, "Moved", moved)]);
    manifest.cells = kit::list(vec![
        kit::map(SEATS, "seats", vec![kit::field("id", Type::U64)], head, 0),
        kit::ledger(SHARES, "shares", true, true),
        kit::ledger(NOTES, "notes", false, false),
        tokens,
    ]);
    manifest.machines = kit::list(vec![kit::machine(SEAT, "seat", Some(SEATS), &["Open", "Left"], &[LEFT])]);

    let named = |name: &str| vec![kit::field(name, Type::Account), kit::field("amount", Type::U128)];
    let mut open =
        kit::transition("open", [vec![kit::field("id", Type::U64)], named("owner")].concat(), None);
    open.item = ItemBinding::New { cell: SEATS, key: kit::list(vec![KeyTerm::Arg(0)]) };
    let touch = |cell, ops| Touch { cell, key: kit::list(vec![KeyTerm::Arg(0)]), ops, head: 0 };
    open.touches = Touches::Listed(kit::list(vec![touch(SEATS, Ops::SET)]));
    let give = |name: &str, cell: u16| {
        let mut give = kit::transition(name, named("to"), None);
        give.touches = Touches::Listed(kit::list(vec![touch(cell, Ops::ADD)]));
        give
    };
    manifest.transitions =
        kit::list(vec![open, give("give", SHARES), give("write", NOTES), give("coin", TOKENS)]);

    let mut burn = exit(BURN, "burn", vec![], false);
    let one = kit::list(vec![Node::Uint(1)]);
    let effect = Effect::LedgerSub { cell: SHARES, key: kit::list(vec![TO_KEEPER]), amount: one };
    (burn.item, burn.from, burn.effects) = (None, kit::list(vec![]), kit::list(vec![effect]));
    let half = kit::list(vec![Node::Head(1), Node::Uint(2), Node::Div]);
    let halve = vec![Effect::SetHead { field: 1, value: half }, Effect::DeleteItem];
    let both = vec![add(SHARES, OWNER), add(SHARES, TO_KEEPER), Effect::DeleteItem];
    manifest.exits = kit::list(vec![
        exit(GRANT, "grant", vec![add(SHARES, OWNER)], true),
        exit(TAKE, "take", vec![sub(SHARES)], false),
        exit(PASS, "pass", vec![pass()], true),
        exit(MINT, "mint", vec![add(TOKENS, OWNER)], true),
        exit(LEAVE, "leave", both, false),
        exit(NOTE, "note", vec![add(NOTES, OWNER)], true),
        burn,
        exit(HALVE, "halve", halve, false),
        exit(LOSE, "lose", vec![sub(TOKENS)], false),
    ]);
    manifest
}

fn code(manifest: &Manifest) -> Vec<u8> {
    let open = "(drop (call $input (i32.const 0) (i32.const 56)))
        (call $cell_set (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 8) (i32.const 48))";
    let give = |cell: u16| {
        format!(
            "(drop (call $input (i32.const 0) (i32.const 48)))
            (if (call $ledger_add (i32.const {cell}) (i32.const 0) (i32.const 32) (i32.const 32)) (then (unreachable)))"
        )
    };
    let (shares, notes, tokens) = (give(SHARES), give(NOTES), give(TOKENS));
    let functions = [("open", open), ("give", &shares), ("write", &notes), ("coin", &tokens)];
    let declared = |name: &str| manifest.transitions.iter().any(|method| *method.method == *name);
    // What a test declares besides does nothing.
    let more = manifest.transitions.iter().map(|method| method.method.to_string());
    let more: Vec<String> = more.filter(|name| !functions.iter().any(|(known, _)| known == name)).collect();
    let known = functions.into_iter().filter(|(name, _)| declared(name));
    let all: Vec<(&str, &str)> = known.chain(more.iter().map(|name| (name.as_str(), ""))).collect();
    kit::module(&all, "", manifest)
}

/// With seat 1: Alice has opened it for `owner`, with `amount`.
fn with_seat(owner: AccountId, amount: u128) -> World {
    let mut world = World::new();
    world.create(CLUB, &code(&manifest()), &KEEPER.0);
    let args = [&1_u64.to_le_bytes()[..], &owner.0, &amount.to_le_bytes()].concat();
    assert_eq!(world.call(ALICE, CLUB, "open", &args), Ok(vec![]));
    world
}

fn give(world: &mut World, method: &str, to: AccountId, amount: u128) {
    let args = [&to.0[..], &amount.to_le_bytes()].concat();
    assert_eq!(world.call(BOB, CLUB, method, &args), Ok(vec![]));
}

/// Takes an exit of seat 1.
fn poke(world: &mut World, exit: u16) {
    let item: &[u8] = if exit == BURN { &[] } else { &1_u64.to_le_bytes() };
    take(world, CLUB, exit, item);
}

/// Takes an exit as Carol; nobody has ever locked anything for it.
pub(crate) fn take(world: &mut World, contract: AccountId, exit: u16, item: &[u8]) {
    let all = |world: &World| world.store.entries.values().map(|entry| entry.deposit.0).sum::<u128>();
    let before = all(world);
    assert_eq!(world.poke(CAROL, contract, exit, item), Ok(vec![]), "exit {exit}");
    assert_eq!(world.deposits.locked, Amount::ZERO, "exit {exit}");
    assert_eq!(
        before - all(world),
        world.deposits.released.0,
        "exit {exit}: deposits are in entries, or back"
    );
}

/// What stands in a ledger: keys as they are stored, and balances.
pub(crate) fn balances(world: &World, contract: AccountId, ledger: u16) -> Vec<(Vec<u8>, u128)> {
    let entries = world.store.entries.iter();
    let own = entries.filter(|(key, _)| key.contract == contract && key.cell == ledger);
    own.map(|(key, entry)| (key.key.to_vec(), number(&entry.value))).collect()
}

/// The sum of a ledger and the count of its entries, which are what its entries say.
pub(crate) fn totals(world: &World, contract: AccountId, ledger: u16) -> (u128, u128) {
    let found = balances(world, contract, ledger);
    let kept = |cell| number(&world.entry(contract, cell, &ledger.to_le_bytes()).expect("kept").value);
    let totals = (kept(reserved::SUMS), kept(reserved::COUNTS));
    let counted = u128::try_from(found.len()).expect("few");
    assert_eq!(totals, (found.iter().map(|(_, balance)| balance).sum(), counted), "{found:?}");
    totals
}

fn number(bytes: &[u8]) -> u128 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// Balance, payer and deposit.
fn held(world: &World, cell: u16, owner: AccountId) -> Option<(u128, AccountId, u128)> {
    let holder = if cell == TOKENS { &[0][..] } else { &[] };
    let entry = world.entry(CLUB, cell, &[holder, &owner.0].concat())?;
    let balance = u128::from_le_bytes(entry.value[..].try_into().expect("an amount"));
    Some((balance, entry.payer, entry.deposit.0))
}

fn kept(world: &World, cell: u16, key: &[u8]) -> u128 {
    number(&world.entry(CLUB, cell, key).expect("kept").value)
}

/// Sum and count of the shares.
fn shares(world: &World) -> (u128, u128) {
    let key = SHARES.to_le_bytes();
    (kept(world, reserved::SUMS, &key), kept(world, reserved::COUNTS, &key))
}

pub(crate) fn deposit(world: &World, room: u32) -> u128 {
    world.schedule.storage.entry_deposit(room).expect("small").0
}

/// The deposit of seat 1, and whether it still has the state `Left`.
fn seat(world: &World) -> Option<(u128, u8)> {
    let entry = world.entry(CLUB, SEATS, &1_u64.to_le_bytes())?;
    Some((entry.deposit.0, entry.value[0]))
}

/// Of a share, note, token, and of a seat alone.
const SHARE_ROOM: u32 = 32 + 16;
const SEAT_ROOM: u32 = 8 + 1 + 32 + 16;

#[test]
fn a_new_balance_has_the_deposit_that_its_item_has_kept() {
    let mut world = with_seat(CAROL, 70);
    let (share, token) = (deposit(&world, SHARE_ROOM), deposit(&world, SHARE_ROOM + 1));
    // One exit creates two shares at most, another a token: the greater of each place.
    let whole = deposit(&world, SEAT_ROOM) + token + share;
    assert_eq!(seat(&world), Some((whole, OPEN)));
    poke(&mut world, GRANT);
    assert_eq!(held(&world, SHARES, CAROL), Some((70, ALICE, share)));
    assert_eq!((seat(&world), shares(&world)), (Some((whole - share, LEFT)), (70, 1)));

    let gas = world.gas;
    let mut world = with_seat(CAROL, 70);
    let short =
        world.poke_with(CAROL, CLUB, GRANT, &1_u64.to_le_bytes(), gas - 1).expect_err("too little gas");
    assert_eq!(short.code, codes::OUT_OF_GAS, "{short:?}");

    poke(&mut world, MINT);
    assert_eq!(held(&world, TOKENS, CAROL), Some((70, ALICE, token)), "under its holder");
    assert_eq!(kept(&world, reserved::SUMS, &TOKENS.to_le_bytes()), 70);
    assert_eq!(seat(&world), Some((whole - token, LEFT)));
}

#[test]
fn what_moves_of_an_asset_is_announced_as_much_as_moves() {
    let told = |world: &World, from: AccountId, to: AccountId, amount: u128| {
        let data = [&from.0[..], &to.0, &amount.to_le_bytes()].concat();
        let [event] = &world.events[..] else { panic!("one event: {:?}", world.events) };
        assert_eq!((event.contract, event.event, &*event.data), (CLUB, MOVED, &data[..]));
    };
    let nobody = AccountId([0; 32]);
    let mut world = with_seat(CAROL, 70);
    give(&mut world, "coin", CAROL, u128::MAX - 20);
    poke(&mut world, MINT);
    told(&world, nobody, CAROL, 20);
    let mut world = with_seat(CAROL, 70);
    give(&mut world, "coin", CAROL, 30);
    poke(&mut world, LOSE);
    told(&world, CAROL, nobody, 30);
    poke(&mut world, LOSE);
    assert_eq!(world.events, [], "of nothing, nothing");
}

#[test]
fn a_summed_field_that_is_set_and_then_deleted_keeps_no_exit() {
    let mut world = with_seat(CAROL, u128::MAX);
    poke(&mut world, HALVE);
    assert_eq!((seat(&world), kept(&world, reserved::SUMS, &[1, 0, 1])), (None, 0));
}

#[test]
fn what_is_not_needed_goes_back_with_the_item() {
    for (there, used) in [(false, 2), (true, 1)] {
        let mut world = with_seat(CAROL, 5);
        if there {
            give(&mut world, "give", CAROL, 1);
        }
        let (before, kept) = (world.balance(&ALICE), seat(&world).expect("there").0);
        poke(&mut world, LEAVE);
        let share = deposit(&world, SHARE_ROOM);
        assert_eq!(world.balance(&ALICE) - before, kept - used * share, "already there: {there}");
        assert_eq!(seat(&world), None);
        assert_eq!(held(&world, SHARES, KEEPER), Some((5, ALICE, share)));
        assert_eq!(shares(&world), (10 + u128::from(there), 2));
    }
}

#[test]
fn no_more_is_taken_than_is_there() {
    let mut world = with_seat(CAROL, 30);
    poke(&mut world, TAKE);
    assert_eq!((held(&world, SHARES, CAROL), shares(&world)), (None, (0, 0)), "of nothing, nothing");
    give(&mut world, "give", CAROL, 50);
    poke(&mut world, TAKE);
    assert_eq!(held(&world, SHARES, CAROL).map(|found| found.0), Some(20));
    assert_eq!(shares(&world), (20, 1));
    let before = world.balance(&BOB);
    poke(&mut world, TAKE);
    assert_eq!((held(&world, SHARES, CAROL), shares(&world)), (None, (0, 0)));
    assert_eq!(world.balance(&BOB) - before, deposit(&world, SHARE_ROOM), "who paid has it back");
    give(&mut world, "give", KEEPER, 2);
    poke(&mut world, BURN);
    assert_eq!(shares(&world), (1, 1), "of the contract");
}

#[test]
fn no_more_is_given_than_fits() {
    let mut world = with_seat(CAROL, 10);
    give(&mut world, "give", BOB, u128::MAX - 3);
    poke(&mut world, GRANT);
    assert_eq!(held(&world, SHARES, CAROL).map(|found| found.0), Some(3), "the sum is full");
    assert_eq!(shares(&world), (u128::MAX, 2));

    let mut world = with_seat(CAROL, 10);
    give(&mut world, "write", CAROL, u128::MAX - 4);
    give(&mut world, "write", BOB, u128::MAX);
    poke(&mut world, NOTE);
    assert_eq!(held(&world, NOTES, CAROL).map(|found| found.0), Some(u128::MAX), "the balance is full");
}

#[test]
fn one_after_another_they_see_what_went_before() {
    let mut world = with_seat(CAROL, 10);
    give(&mut world, "give", BOB, u128::MAX - 14);
    poke(&mut world, LEAVE);
    let found = [CAROL, KEEPER].map(|owner| held(&world, SHARES, owner).map(|found| found.0));
    assert_eq!((found, shares(&world)), ([Some(10), Some(4)], (u128::MAX, 3)));
}

#[test]
fn a_whole_balance_takes_its_place_along_and_a_part_does_not() {
    let mut world = with_seat(CAROL, 30);
    give(&mut world, "give", CAROL, 30);
    let before = seat(&world).expect("there").0;
    poke(&mut world, PASS);
    let share = deposit(&world, SHARE_ROOM);
    assert_eq!((held(&world, SHARES, CAROL), held(&world, SHARES, KEEPER)), (None, Some((30, BOB, share))));
    assert_eq!((seat(&world), shares(&world)), (Some((before, LEFT)), (30, 1)));

    let mut world = with_seat(CAROL, 30);
    give(&mut world, "give", CAROL, 31);
    poke(&mut world, PASS);
    assert_eq!(held(&world, SHARES, CAROL), Some((1, BOB, share)));
    assert_eq!(held(&world, SHARES, KEEPER), Some((30, ALICE, share)));
    assert_eq!((seat(&world), shares(&world)), (Some((before - share, LEFT)), (31, 2)));

    // To somebody who has some, and to oneself.
    let mut world = with_seat(CAROL, 30);
    give(&mut world, "give", CAROL, 7);
    give(&mut world, "give", KEEPER, 1);
    poke(&mut world, PASS);
    assert_eq!((held(&world, SHARES, CAROL), held(&world, SHARES, KEEPER)), (None, Some((8, BOB, share))));
    assert_eq!(shares(&world), (8, 1));
    let mut world = with_seat(KEEPER, 30);
    give(&mut world, "give", KEEPER, 30);
    poke(&mut world, PASS);
    assert_eq!((held(&world, SHARES, KEEPER), shares(&world)), (Some((30, BOB, share)), (30, 1)));
}

#[test]
fn an_exit_that_creates_for_nothing_or_gives_what_it_has_not_taken_is_no_code() {
    type Fault = fn(&mut Manifest, &mut Exit);
    const ONCE: &str = "deposits for one";
    let cases: [(u16, &str, Fault); 14] = [
        (2161, "concerns no item", |_, exit| {
            let effect = Effect::LedgerAdd {
                cell: SHARES,
                key: kit::list(vec![TO_KEEPER]),
                amount: kit::list(vec![Node::Uint(1)]),
            };
            (exit.item, exit.from, exit.to) = (None, kit::list(vec![]), None);
            exit.effects = kit::list(vec![effect]);
        }),
        (2161, "after it has deleted the item", |_, exit| {
            exit.effects = kit::list(vec![Effect::DeleteItem, add(SHARES, OWNER)]);
        }),
        (2161, "neither deletes nor moves", |_, exit| exit.to = None),
        (2161, "neither deletes nor moves", |manifest, exit| {
            let own = kit::machine(2, "club", None, &["Open", "Left"], &[]);
            manifest.machines = kit::list(manifest.machines.iter().cloned().chain([own]).collect());
            exit.to = Some(ExitTarget { machine: 2, state: LEFT });
        }),
        (2161, ONCE, |_, exit| {
            (exit.effects, exit.from) = (kit::list(vec![pass()]), kit::list(vec![]));
        }),
        // Two in a circle, and one behind another.
        (2161, ONCE, |manifest, _| manifest.exits = kit::list(vec![back(vec![])])),
        (2161, ONCE, |manifest, _| {
            let next = Exit { to: None, ..back(vec![add(NOTES, OWNER), Effect::DeleteItem]) };
            manifest.exits = kit::list(vec![next]);
        }),
        // A method may lead it back.
        (2161, ONCE, |manifest, _| {
            let mut again = kit::transition("again", vec![kit::field("id", Type::U64)], None);
            again.item = ItemBinding::Existing { cell: SEATS, key: kit::list(vec![KeyTerm::Arg(0)]) };
            let states = |state| kit::list(vec![StateSet { machine: SEAT, states: kit::list(vec![state]) }]);
            (again.from, again.to) = (states(LEFT), states(OPEN));
            manifest.transitions = kit::list(manifest.transitions.iter().cloned().chain([again]).collect());
        }),
        (2158, "no more than so many", |manifest, _| {
            let mut cells = manifest.cells.to_vec();
            if let CellKind::Ledger(ledger) = &mut cells[1].kind {
                ledger.max_entries = Some(9);
            }
            manifest.cells = kit::list(cells);
        }),
        (2155, "`fixed`", |manifest, _| {
            let rule = kit::list(vec![Node::LedgerSum(SHARES), Node::Uint(9), Node::LessEqual]);
            let (name, doc) = (kit::name("fixed"), Default::default());
            manifest.invariants = kit::list(vec![Invariant { id: 1, name, doc, rule }]);
        }),
        // Taken where there is too little, and given all the same.
        (2162, "may be more", |_, exit| exit.effects = kit::list(vec![sub(SHARES), pay()])),
        (2162, "may be more", |_, exit| exit.effects = kit::list(vec![add(NOTES, OWNER), sub(SHARES)])),
        (2162, "may be more", |_, exit| exit.effects = kit::list(vec![pass(), pass()])),
        (2162, "may be more", |_, exit| exit.effects = kit::list(vec![pass(), pay()])),
    ];
    for (expected, word, fault) in cases {
        let mut manifest = manifest();
        manifest.machines = kit::list(vec![kit::machine(SEAT, "seat", Some(SEATS), &["Open", "Left"], &[])]);
        let mut exit = manifest.exits[0].clone();
        manifest.exits = kit::list(vec![exit.clone()]);
        assert!(World::new().upload(&code(&manifest)).is_ok(), "{word} without the fault");
        manifest.exits = kit::list(vec![]);
        fault(&mut manifest, &mut exit);
        manifest.exits = kit::list([exit].into_iter().chain(manifest.exits.iter().cloned()).collect());
        let failure = World::new().upload(&code(&manifest)).expect_err(word);
        assert_eq!(failure.code, expected, "{failure:?}");
        assert!(failure.diagnostics.text.contains(word), "{}", failure.diagnostics.text);
    }
    for effects in [vec![sub(SHARES), sub(NOTES)], vec![sub(SHARES), Effect::DeleteItem], vec![pass()]] {
        let mut manifest = manifest();
        manifest.exits = kit::list(vec![Exit { effects: kit::list(effects), ..manifest.exits[0].clone() }]);
        assert!(World::new().upload(&code(&manifest)).is_ok(), "{:?}", manifest.exits);
    }
}

fn sub(cell: u16) -> Effect {
    Effect::LedgerSub { cell, key: kit::list(vec![OWNER]), amount: amount() }
}

fn pay() -> Effect {
    Effect::Pay { to: TO_KEEPER, amount: amount() }
}

/// An exit from `Left` to `Open`.
fn back(effects: Vec<Effect>) -> Exit {
    let from = kit::list(vec![StateSet { machine: SEAT, states: kit::list(vec![LEFT]) }]);
    let to = Some(ExitTarget { machine: SEAT, state: OPEN });
    Exit { from, to, ..exit(20, "back", effects, true) }
}
