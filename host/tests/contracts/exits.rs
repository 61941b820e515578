//! Escrow and exits: coins that only the declaration moves, and ways out that no code can hinder.

use chainstack_primitives::{
    AccountId, Amount, Height, codes,
    manifest::{
        CallerRule, Clock, Effect, EscrowUse, Exit, ExitEvent, ExitTarget, Expression, Invariant,
        ItemBinding, ItemField, KeyTerm, Machine, Manifest, Node, Ops, Role, RoleKind, State, StateSet,
        Touch, Touches, Transition, Type, Window, escrow_holder,
    },
};
use chainstack_runtime::{
    ports::Failure,
    state::{DepositTally, reserved},
};

use crate::{
    kit,
    world::{ALICE, BOB, GAS, World},
};

pub(crate) const VAULT: AccountId = AccountId([0x71; 32]);
/// Who gets what the contract has besides escrow.
const CAROL: AccountId = AccountId([0xca; 32]);
pub(crate) const DEALS: u16 = 1;
const HELD: u16 = 3;
const DEAL: u16 = 1;
const OPEN: u8 = 0;
const PAID: u8 = 1;
const REFUNDED: u8 = 2;
const DUE: u64 = 50;

const REFUND: u16 = 1;
const SPLIT: u16 = 2;
const CLOSE: u16 = 3;
const SWEEP: u16 = 4;
const LOWER: u16 = 5;

fn expression(nodes: Vec<Node>) -> Expression {
    kit::list(nodes)
}

fn release(amount: Option<Vec<Node>>, to: KeyTerm, remainder: Option<KeyTerm>) -> Effect {
    Effect::Release { escrow: HELD, amount: amount.map(expression), to, remainder }
}

fn exit(id: u16, name: &str, from: &[u8], effects: Vec<Effect>, to: Option<u8>) -> Exit {
    let from = if from.is_empty() {
        vec![]
    } else {
        vec![StateSet { machine: DEAL, states: kit::list(from.to_vec()) }]
    };
    Exit {
        id,
        name: kit::name(name),
        doc: Default::default(),
        item: Some(DEALS),
        from: kit::list(from),
        window: None,
        guard: None,
        effects: kit::list(effects),
        to: to.map(|state| ExitTarget { machine: DEAL, state }),
        event: None,
    }
}

fn of_deal(method: &str, more: Vec<chainstack_primitives::manifest::Field>) -> Transition {
    let mut args = vec![kit::field("id", Type::U64)];
    args.extend(more);
    let mut transition = kit::transition(method, args, None);
    transition.item = ItemBinding::Existing { cell: DEALS, key: kit::list(vec![KeyTerm::Arg(0)]) };
    let touch = Touch {
        cell: DEALS,
        key: kit::list(vec![KeyTerm::Item(0)]),
        ops: Ops::READ.union(Ops::SET).union(Ops::DELETE),
        head: 0,
    };
    transition.touches = Touches::Listed(kit::list(vec![touch]));
    transition.value_max = Amount(1_000_000);
    transition
}

fn uses(pays_in: bool, pays_out: bool) -> EscrowUse {
    EscrowUse { cell: HELD, pays_in, pays_out }
}

/// Seller at 8 of the input and due at 40; the entry is built at 100: seller, buyer, due, price.
const OPEN_BODY: &str = "(drop (call $input (i32.const 0) (i32.const 48)))
    (memory.copy (i32.const 100) (i32.const 8) (i32.const 32))
    (call $caller (i32.const 132))
    (memory.copy (i32.const 164) (i32.const 40) (i32.const 8))
    (call $value (i32.const 172))
    (call $cell_set (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 100) (i32.const 88))
    (if (call $escrow_in (i32.const 3) (i32.const 0) (i32.const 8) (i32.const 172)) (then (unreachable)))";

/// Pays everything in escrow to the seller.
const PAY_BODY: &str = "(drop (call $input (i32.const 0) (i32.const 8)))
    (drop (call $cell_get (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 100) (i32.const 88)))
    (call $escrowed (i32.const 3) (i32.const 0) (i32.const 8) (i32.const 200))
    (if (call $escrow_out (i32.const 3) (i32.const 0) (i32.const 8) (i32.const 100) (i32.const 200))
        (then (unreachable)))";

const TRAP: &str = "(unreachable)";

fn manifest() -> Manifest {
    let mut manifest = Manifest::empty(kit::name("vault"));
    manifest.params = kit::list(vec![kit::param("keeper", Type::Account)]);
    let head = vec![
        kit::head("seller", Type::Account, true, false),
        kit::head("buyer", Type::Account, true, false),
        kit::head("due", Type::U64, true, false),
        kit::head("price", Type::U128, false, true),
    ];
    manifest.cells = kit::list(vec![
        kit::map(DEALS, "deals", vec![kit::field("id", Type::U64)], head, 0),
        kit::escrow(HELD, "held", Some(DEALS)),
    ]);
    let states = ["Open", "Paid", "Refunded"].into_iter().zip(0..);
    manifest.machines = kit::list(vec![Machine {
        id: DEAL,
        name: kit::name("deal"),
        doc: Default::default(),
        cell: Some(DEALS),
        states: kit::list(states.map(|(name, id)| State { id, name: kit::name(name) }).collect()),
        initial: OPEN,
        terminal: kit::list(vec![PAID, REFUNDED]),
    }]);
    let buyer = RoleKind::Item { cell: DEALS, field: ItemField::Head(1) };
    manifest.roles =
        kit::list(vec![Role { id: 1, name: kit::name("buyer"), doc: Default::default(), kind: buyer }]);
    manifest.events = kit::list(vec![kit::event(7, "Refunded", vec![kit::field("amount", Type::U128)])]);

    let mut open = of_deal("open", vec![kit::field("seller", Type::Account), kit::field("due", Type::U64)]);
    open.item = ItemBinding::New { cell: DEALS, key: kit::list(vec![KeyTerm::Arg(0)]) };
    open.escrows = kit::list(vec![uses(true, false)]);
    let mut pay = of_deal("pay", vec![]);
    pay.caller = CallerRule::Roles(kit::list(vec![1]));
    pay.from = kit::list(vec![StateSet { machine: DEAL, states: kit::list(vec![OPEN]) }]);
    pay.to = kit::list(vec![StateSet { machine: DEAL, states: kit::list(vec![PAID]) }]);
    pay.escrows = kit::list(vec![uses(false, true)]);
    pay.sends = kit::native(1_000_000);
    let little = Transition { method: kit::name("pay_little"), sends: kit::native(99), ..pay.clone() };
    let grab = Transition { method: kit::name("grab"), escrows: kit::list(vec![]), ..pay.clone() };
    let only_in = Transition {
        method: kit::name("only_in"),
        escrows: kit::list(vec![uses(true, false)]),
        ..pay.clone()
    };
    let stray = Transition { method: kit::name("stray"), ..pay.clone() };
    let drop_item = of_deal("drop_item", vec![]);
    let spend = Transition { sends: kit::native(1_000_000), ..of_deal("spend", vec![]) };
    let gift = of_deal("gift", vec![]);
    manifest.transitions = kit::list(vec![open, pay, little, grab, only_in, stray, drop_item, spend, gift]);

    let mut refund =
        exit(REFUND, "refund", &[OPEN], vec![release(None, KeyTerm::Head(1), None)], Some(REFUNDED));
    refund.window = Some(Window {
        clock: Clock::Height,
        opens: Some(expression(vec![Node::Head(2)])),
        closes: None,
        exit: None,
    });
    refund.event =
        Some(ExitEvent { event: 7, fields: kit::list(vec![expression(vec![Node::Escrowed(HELD)])]) });
    let third = vec![Node::Escrowed(HELD), Node::Uint(3), Node::Div];
    let part = release(Some(third), KeyTerm::Head(0), Some(KeyTerm::Head(1)));
    let mut split = exit(SPLIT, "split", &[OPEN], vec![part], Some(PAID));
    split.guard = Some(expression(vec![Node::Escrowed(HELD), Node::Uint(10), Node::Greater]));
    let close = exit(
        CLOSE,
        "close",
        &[PAID, REFUNDED],
        vec![release(None, KeyTerm::Head(1), None), Effect::DeleteItem],
        None,
    );
    let mut sweep = exit(SWEEP, "sweep", &[], vec![], None);
    (sweep.item, sweep.effects) = (
        None,
        kit::list(vec![Effect::Pay { to: KeyTerm::Param(0), amount: expression(vec![Node::Balance]) }]),
    );
    let lower =
        Effect::SetHead { field: 3, value: expression(vec![Node::Head(3), Node::Uint(2), Node::Div]) };
    let lower = exit(LOWER, "lower", &[OPEN], vec![lower], None);
    manifest.exits = kit::list(vec![refund, split, close, sweep, lower]);
    manifest
}

/// The vault's code; after `trapping`, every method of it but `open` traps.
fn code(trapping: bool) -> Vec<u8> {
    let stray = "(drop (call $input (i32.const 0) (i32.const 8)))
        (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.const 1)))
        (drop (call $escrow_out (i32.const 3) (i32.const 0) (i32.const 8) (i32.const 300) (i32.const 200)))";
    let drop_item = "(drop (call $input (i32.const 0) (i32.const 8)))
        (drop (call $cell_delete (i32.const 1) (i32.const 0) (i32.const 8)))";
    // One unit to oneself: the status is the output's absence.
    let spend = "(i32.store (i32.const 200) (i32.const 1)) (call $caller (i32.const 300))
        (if (i32.ne (call $transfer (i32.const 300) (i32.const 200)) (i32.const 4)) (then (unreachable)))";
    let functions = [
        ("open", OPEN_BODY),
        ("pay", PAY_BODY),
        ("pay_little", PAY_BODY),
        ("grab", PAY_BODY),
        ("only_in", PAY_BODY),
        ("stray", stray),
        ("drop_item", drop_item),
        ("spend", spend),
        ("gift", ""),
    ];
    let bodies = functions.map(|(name, body)| (name, if trapping && name != "open" { TRAP } else { body }));
    kit::module(&bodies, "", &manifest())
}

fn open(id: u64, seller: AccountId) -> Vec<u8> {
    [&id.to_le_bytes()[..], &seller.0, &DUE.to_le_bytes()].concat()
}

/// With deal 1: Alice has put 100 into escrow for Bob.
pub(crate) fn with_deal(trapping: bool) -> World {
    let mut world = World::new();
    world.create(VAULT, &code(trapping), &CAROL.0);
    let opened = world.call_with(ALICE, VAULT, "open", &open(1, BOB), 100, GAS);
    assert_eq!(opened, Ok(vec![]));
    world
}

fn held(world: &World, id: u64) -> u128 {
    let holder = escrow_holder(&VAULT, HELD, &id.to_le_bytes());
    let entry = world.entry(VAULT, reserved::NATIVE_ESCROWS, &holder);
    entry.map_or(0, |entry| u128::from_le_bytes(entry.value[..].try_into().expect("an amount")))
}

fn state_of(world: &World, id: u64) -> Option<u8> {
    world.entry(VAULT, DEALS, &id.to_le_bytes()).map(|entry| entry.value[0])
}

fn refused(result: Result<Vec<u8>, Failure>, code: u16, parts: &[&str]) {
    let failure = result.expect_err("refused");
    let text = &failure.diagnostics.text;
    assert_eq!(failure.code, code, "{text}");
    for part in parts.iter().chain(&["vault"]) {
        assert!(text.contains(part), "{text}: {part} expected");
    }
}

const ONE: [u8; 8] = 1_u64.to_le_bytes();

#[test]
fn what_is_in_escrow_is_in_no_balance() {
    let mut world = with_deal(false);
    assert_eq!((held(&world, 1), world.balance(&VAULT)), (100, 0));
    let expected =
        DepositTally { escrowed: Amount(100), locked: world.deposits.locked, ..DepositTally::default() };
    assert_eq!(world.deposits, expected);
    assert_eq!(world.call(ALICE, VAULT, "spend", &ONE), Ok(vec![]), "the contract has nothing to pay");
    // What is sent to the contract later is not in escrow.
    assert_eq!(world.call_with(BOB, VAULT, "gift", &ONE, 7, GAS), Ok(vec![]));
    assert_eq!((held(&world, 1), world.balance(&VAULT)), (100, 7));
}

#[test]
fn code_pays_out_where_and_as_much_as_it_declares() {
    let mut world = with_deal(false);
    refused(world.call(BOB, VAULT, "pay", &ONE), codes::WRONG_CALLER, &["role `buyer`"]);
    refused(world.call(ALICE, VAULT, "grab", &ONE), codes::UNDECLARED_ESCROW, &["`grab`"]);
    refused(world.call(ALICE, VAULT, "only_in", &ONE), codes::UNDECLARED_ESCROW, &["`only_in`"]);
    refused(world.call(ALICE, VAULT, "stray", &ONE), codes::UNDECLARED_ESCROW, &["`held`", "not bound"]);
    refused(world.call(ALICE, VAULT, "pay_little", &ONE), codes::UNDECLARED_SEND, &["99", "100"]);
    refused(world.call(ALICE, VAULT, "drop_item", &ONE), codes::ESCROW_NOT_EMPTY, &["`held`", "100"]);
    assert_eq!(held(&world, 1), 100);
    let before = world.balance(&BOB);
    assert_eq!(world.call(ALICE, VAULT, "pay", &ONE), Ok(vec![]));
    assert_eq!((held(&world, 1), world.balance(&BOB) - before, state_of(&world, 1)), (0, 100, Some(PAID)));
    assert!(world.deposits.released.0 > 0, "an empty escrow gives its deposit back");
    assert_eq!(world.call(ALICE, VAULT, "drop_item", &ONE), Ok(vec![]));
}

#[test]
fn an_exit_pays_whom_it_declares_whoever_pokes_and_whatever_the_code_does() {
    let mut world = with_deal(true);
    for method in ["pay", "gift", "spend"] {
        assert!(world.call(ALICE, VAULT, method, &ONE).is_err(), "{method} traps");
    }
    refused(world.poke(CAROL, VAULT, REFUND, &ONE), codes::NOT_OPEN, &["exit `refund`", "open from 50"]);
    world.block.height = Height(DUE);
    let before = world.balance(&ALICE);
    assert_eq!(world.poke(CAROL, VAULT, REFUND, &ONE), Ok(vec![]));
    assert_eq!((held(&world, 1), state_of(&world, 1)), (0, Some(REFUNDED)));
    assert_eq!(world.deposits.paid_out, Amount(100));
    // The escrow's own deposit went back to Alice too.
    assert_eq!(world.balance(&ALICE) - before, 100 + world.deposits.released.0);
    let event = &world.events[0];
    assert_eq!((event.event, &*event.data), (7, &100_u128.to_le_bytes()[..]));
    refused(world.poke(CAROL, VAULT, REFUND, &ONE), codes::WRONG_STATE, &["`Refunded`", "`Open` expected"]);
}

#[test]
fn an_amount_is_at_most_what_is_held_and_the_remainder_has_a_name() {
    let mut world = with_deal(false);
    let before = (world.balance(&BOB), world.balance(&ALICE));
    assert_eq!(world.poke(BOB, VAULT, SPLIT, &ONE), Ok(vec![]));
    let released = world.deposits.released.0;
    let after = (world.balance(&BOB) - before.0, world.balance(&ALICE) - before.1 - released);
    assert_eq!((after, held(&world, 1), state_of(&world, 1)), ((33, 67), 0, Some(PAID)));

    let mut world = World::new();
    world.create(VAULT, &code(false), &CAROL.0);
    assert_eq!(world.call_with(ALICE, VAULT, "open", &open(1, BOB), 10, GAS), Ok(vec![]));
    refused(world.poke(BOB, VAULT, SPLIT, &ONE), codes::GUARD_REFUSED, &["exit `split`"]);
}

#[test]
fn an_item_that_is_closed_gives_its_place_back() {
    let mut world = with_deal(false);
    refused(world.poke(BOB, VAULT, CLOSE, &ONE), codes::WRONG_STATE, &["`Paid` or `Refunded` expected"]);
    assert_eq!(world.call(ALICE, VAULT, "pay", &ONE), Ok(vec![]));
    assert_eq!(world.poke(BOB, VAULT, CLOSE, &ONE), Ok(vec![]));
    assert_eq!(state_of(&world, 1), None);
    assert!(world.deposits.released.0 > 0);
    let count = world.entry(VAULT, reserved::COUNTS, &DEALS.to_le_bytes()).expect("kept");
    assert_eq!(count.value, 0_u64.to_le_bytes());
    let sum = world.entry(VAULT, reserved::SUMS, &[1, 0, 3]).expect("kept");
    assert_eq!(sum.value, 0_u128.to_le_bytes());
    refused(world.poke(BOB, VAULT, CLOSE, &ONE), codes::ITEM_NOT_FOUND, &["`deals`"]);
}

#[test]
fn an_exit_sets_a_head_field_and_the_sum_follows() {
    let mut world = with_deal(false);
    for expected in [50_u128, 25, 12] {
        assert_eq!(world.poke(BOB, VAULT, LOWER, &ONE), Ok(vec![]));
        let sum = world.entry(VAULT, reserved::SUMS, &[1, 0, 3]).expect("kept");
        assert_eq!(sum.value, expected.to_le_bytes());
    }
    assert_eq!((held(&world, 1), state_of(&world, 1)), (100, Some(OPEN)));
}

#[test]
fn an_exit_of_the_contract_pays_its_free_balance_and_no_escrow() {
    let mut world = with_deal(false);
    assert_eq!(world.call_with(BOB, VAULT, "gift", &ONE, 7, GAS), Ok(vec![]));
    assert_eq!(world.poke(ALICE, VAULT, SWEEP, &[]), Ok(vec![]));
    assert_eq!((world.balance(&CAROL), world.balance(&VAULT), held(&world, 1)), (7, 0, 100));
    refused(world.poke(ALICE, VAULT, SWEEP, &ONE), codes::BAD_KEY, &["exit `sweep`"]);
    refused(world.poke(ALICE, VAULT, REFUND, &[1]), codes::BAD_KEY, &["`deals`"]);
    let failure = world.poke(ALICE, VAULT, 99, &[]).expect_err("no such exit");
    assert_eq!(failure.code, codes::UNKNOWN_EXIT);
    let failure = world.poke(ALICE, ALICE, REFUND, &[]).expect_err("no contract");
    assert_eq!(failure.code, codes::CONTRACT_NOT_FOUND);
}

#[test]
fn an_exit_pays_at_most_what_is_free() {
    // Nothing is free: what is in escrow is not. The exit still ends, and so would one that releases as well.
    let mut world = with_deal(false);
    assert_eq!(world.poke(ALICE, VAULT, SWEEP, &[]), Ok(vec![]));
    assert_eq!((world.balance(&CAROL), held(&world, 1)), (0, 100));
}

const RELAY: AccountId = AccountId([0x72; 32]);

/// Calls the vault's `open` in a way that traps after the payment is in escrow, and says how that ended.
fn relay() -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("relay"));
    let mut go =
        kit::transition("go", vec![kit::field("args", Type::FixedBytes { size: 48 })], Some(Type::U32));
    go.value_max = Amount(1_000);
    go.sends = kit::native(1_000);
    go.calls = kit::list(vec![kit::anywhere(1, 1_000)]);
    manifest.transitions = kit::list(vec![go]);
    let body = "(drop (call $input (i32.const 0) (i32.const 48)))
        (memory.fill (i32.const 100) (i32.const 0x71) (i32.const 32))
        (call $value (i32.const 140))
        (i32.store (i32.const 160) (call $invoke (i32.const 100) (i32.const 200) (i32.const 9)
            (i32.const 0) (i32.const 48) (i32.const 140) (i64.const -1)))
        (call $output (i32.const 160) (i32.const 4))";
    kit::module(&[("go", body)], "(data (i32.const 200) \"open_trap\")", &manifest)
}

#[test]
fn a_frame_that_fails_takes_its_escrow_back() {
    let mut manifest = manifest();
    let mut methods = manifest.transitions.to_vec();
    methods.push(Transition { method: kit::name("open_trap"), ..methods[0].clone() });
    manifest.transitions = kit::list(methods);
    let trapping = format!("{OPEN_BODY} (unreachable)");
    let names: Vec<String> = manifest.methods().map(|name| name.to_string()).collect();
    let body = |name: &str| match name {
        "open" => OPEN_BODY.to_owned(),
        "open_trap" => trapping.clone(),
        _ => String::new(),
    };
    let bodies: Vec<(String, String)> = names.iter().map(|name| (name.clone(), body(name))).collect();
    let functions: Vec<(&str, &str)> =
        bodies.iter().map(|(name, body)| (name.as_str(), body.as_str())).collect();
    let mut world = World::new();
    world.create(VAULT, &kit::module(&functions, "", &manifest), &CAROL.0);
    world.create(RELAY, &relay(), &[]);
    let status = world.call_with(ALICE, RELAY, "go", &open(1, BOB), 100, GAS).expect("the relay goes on");
    assert_eq!(status, u32::from(codes::TRAP).to_le_bytes());
    assert_eq!((held(&world, 1), state_of(&world, 1)), (0, None));
    assert_eq!(world.deposits, DepositTally::default(), "nothing is settled of it");
    assert_eq!((world.balance(&RELAY), world.balance(&VAULT)), (100, 0));
    assert_eq!(world.call_with(ALICE, VAULT, "open", &open(1, BOB), 100, GAS), Ok(vec![]));
    assert_eq!(world.deposits.escrowed, Amount(100));
}

#[test]
fn nobody_is_named_who_could_not_be_paid() {
    let mut world = with_deal(false);
    for nobody in [AccountId::ZERO, reserved::ESCROWS, reserved::DEPOSITS] {
        let opened = world.call_with(ALICE, VAULT, "open", &open(2, nobody), 100, GAS);
        refused(opened, codes::RECEIVER_REFUSED, &["head field 0"]);
        let hash = chainstack_primitives::tagged(chainstack_primitives::Tag::Code, &code(false));
        let failure = world.instantiate(ALICE, CAROL, hash, &nobody.0, 0).expect_err("nobody");
        assert_eq!(failure.code, codes::RECEIVER_REFUSED);
    }
}

#[test]
fn a_poke_costs_what_it_declares_and_runs_out_cleanly() {
    let mut world = with_deal(false);
    world.block.height = Height(DUE);
    assert_eq!(
        world.poke_with(CAROL, VAULT, REFUND, &ONE, 1_000).expect_err("little gas").code,
        codes::OUT_OF_GAS
    );
    assert_eq!(world.poke(CAROL, VAULT, REFUND, &ONE), Ok(vec![]));
    let loading = world.load_gas(code(false).len());
    let own = world.gas - loading;
    assert!((50_000..150_000).contains(&own), "{own} besides {loading} for the code");
}

fn effects_of(manifest: &mut Manifest, exit: usize, effects: Vec<Effect>) {
    let mut exits = manifest.exits.to_vec();
    exits[exit].effects = kit::list(effects);
    manifest.exits = kit::list(exits);
}

#[test]
fn exits_that_could_keep_what_they_let_out_are_not_admitted() {
    type Fault = fn(&mut Manifest);
    let cases: [(u16, &str, Fault); 13] = [
        (2154, "exit `split`", |manifest| {
            let amount = vec![Node::Escrowed(HELD), Node::Head(3), Node::Div];
            effects_of(manifest, 1, vec![release(Some(amount), KeyTerm::Head(0), None)]);
        }),
        (2154, "exit `lower`", |manifest| {
            let value = expression(vec![Node::Head(3), Node::Uint(1), Node::Add]);
            effects_of(manifest, 4, vec![Effect::SetHead { field: 3, value }]);
        }),
        (2155, "`priced`", |manifest| {
            let rule =
                expression(vec![Node::HeadSum { cell: DEALS, field: 3 }, Node::Uint(5), Node::GreaterEqual]);
            manifest.invariants = kit::list(vec![Invariant {
                id: 1,
                name: kit::name("priced"),
                doc: Default::default(),
                rule,
            }]);
        }),
        (2156, "exit `close`", |manifest| {
            effects_of(manifest, 2, vec![Effect::DeleteItem]);
        }),
        (2156, "exit `close`", |manifest| {
            let part = release(Some(vec![Node::Uint(1)]), KeyTerm::Head(1), None);
            effects_of(manifest, 2, vec![part, Effect::DeleteItem]);
        }),
        (2157, "exit `refund`", |manifest| {
            let nobody = KeyTerm::Literal(kit::list(vec![0; 32]));
            effects_of(manifest, 0, vec![release(None, nobody, None)]);
        }),
        (2158, "deletes its item twice", |manifest| {
            let effects = vec![release(None, KeyTerm::Head(1), None), Effect::DeleteItem, Effect::DeleteItem];
            effects_of(manifest, 2, effects);
        }),
        (2158, "that it has deleted", |manifest| {
            let set = Effect::SetHead { field: 3, value: expression(vec![Node::Uint(0)]) };
            effects_of(manifest, 2, vec![release(None, KeyTerm::Head(1), None), Effect::DeleteItem, set]);
        }),
        (2158, "one field twice", |manifest| {
            let set = Effect::SetHead { field: 3, value: expression(vec![Node::Uint(0)]) };
            effects_of(manifest, 4, vec![set.clone(), set]);
        }),
        (2158, "whose sum is kept", |manifest| {
            let set = Effect::SetHead { field: 3, value: expression(vec![Node::Uint(7)]) };
            effects_of(manifest, 4, vec![set]);
        }),
        (2158, "terminal state", |manifest| {
            let mut exits = manifest.exits.to_vec();
            exits[0].from = kit::list(vec![]);
            manifest.exits = kit::list(exits);
        }),
        (2158, "nobody gets the remainder", |manifest| {
            effects_of(manifest, 1, vec![release(Some(vec![Node::Uint(1)]), KeyTerm::Head(0), None)]);
        }),
        (2159, "`poor`", |manifest| {
            let rule = expression(vec![Node::Balance, Node::Uint(9), Node::LessEqual]);
            let doc = Default::default();
            manifest.invariants = kit::list(vec![Invariant { id: 1, name: kit::name("poor"), doc, rule }]);
        }),
    ];
    for (code, word, fault) in cases {
        let mut manifest = manifest();
        let methods: Vec<String> = manifest.methods().map(|name| name.to_string()).collect();
        let functions: Vec<(&str, &str)> = methods.iter().map(|name| (name.as_str(), "")).collect();
        assert!(
            World::new().upload(&kit::module(&functions, "", &manifest)).is_ok(),
            "{word} without the fault"
        );
        fault(&mut manifest);
        let failure = World::new().upload(&kit::module(&functions, "", &manifest)).expect_err(word);
        assert_eq!(failure.code, code, "{failure:?}");
        assert!(failure.diagnostics.text.contains(word), "{}", failure.diagnostics.text);
    }
}
