//! Unique assets of a contract in its own escrows: a call has the one it is bound to for itself, sums stay right, and a
//! move pays for what it writes.

use chainstack_primitives::{
    AccountId, Amount, codes,
    manifest::{
        Asset as AssetRules, AssetRef, Cell, CellKind, Effect, EscrowCell, EscrowUse, Exit, HeadField,
        ItemBinding, KeyTerm, Manifest, MapCell, Node, Reenter, Send, Type, account_holder, escrow_holder,
    },
};
use chainstack_runtime::state::reserved;
use parity_scale_codec::Encode;

use crate::{
    assets::answer,
    kit,
    world::{ALICE, World},
};

const HARBOR: AccountId = AccountId([0x77; 32]);
const BOATS: u16 = 1;
const BERTHS: u16 = 2;
/// Exits: out of the berth of a boat, which gets a price before; or which does not.
const PRICED: u16 = 1;
const PLAIN: u16 = 2;

/// Boats, each with a price whose sum is kept and which a move clears, and each with a berth for a boat. `lend_…` calls
/// the method of that name in its own contract while its item is lent to nobody.
fn harbor(change: impl FnOnce(&mut MapCell)) -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("harbor"));
    let price = HeadField { clear_on_move: true, ..kit::head("price", Type::U64, false, true) };
    let mut boats = kit::map(BOATS, "boats", vec![kit::field("id", Type::U64)], vec![price], 0);
    let CellKind::Map(map) = &mut boats.kind else { unreachable!() };
    map.asset = Some(AssetRules { on_move: None, escrow_when: None, release_when: None });
    change(map);
    let berths = EscrowCell { item: Some(BOATS), asset: AssetRef::Own(BOATS), unique: true };
    let berths = Cell { kind: CellKind::Escrow(berths), ..kit::escrow(BERTHS, "berths", Some(BOATS)) };
    manifest.cells = kit::list(vec![boats, berths]);
    let key = || kit::list(vec![KeyTerm::Arg(0)]);
    let at = |method: &str| {
        let arguments = vec![kit::field("at", Type::U64), kit::field("boat", Type::U64)];
        let mut at = kit::transition(method, arguments, Some(Type::U32));
        at.item = ItemBinding::Existing { cell: BOATS, key: key() };
        at.escrows = kit::list(vec![EscrowUse { cell: BERTHS, pays_in: true, pays_out: true }]);
        at.sends = kit::list(vec![Send { asset: AssetRef::Own(BOATS), max: Amount(1) }]);
        at
    };
    let lend = |method: &str, new: bool| {
        let arguments = ["own", "at", "boat"].map(|name| kit::field(name, Type::U64)).to_vec();
        let mut lend = kit::transition(method, arguments, Some(Type::U32));
        let existing = ItemBinding::Existing { cell: BOATS, key: key() };
        lend.item = if new { ItemBinding::New { cell: BOATS, key: key() } } else { existing };
        lend.reenter = Reenter::OtherItems;
        lend.calls = kit::list(vec![kit::anywhere(1, 0)]);
        lend
    };
    let set = vec![kit::field("boat", Type::U64), kit::field("price", Type::U64)];
    manifest.transitions = kit::list(vec![
        kit::transition("launch", vec![kit::field("boat", Type::U64)], Some(Type::U32)),
        kit::transition("set", set, None),
        at("berth"),
        at("leave"),
        at("build"),
        lend("lend_berth", false),
        lend("lend_leave", false),
        lend("lend_build", true),
        lend("scrap_build", false),
    ]);
    let exit = |id, name: &str, effects: Vec<Effect>| Exit {
        id,
        name: kit::name(name),
        doc: Default::default(),
        item: Some(BOATS),
        from: kit::list(vec![]),
        window: None,
        guard: None,
        effects: kit::list(effects),
        to: None,
        event: None,
    };
    let out = || Effect::Release { escrow: BERTHS, amount: None, to: KeyTerm::Caller, remainder: None };
    let five = Effect::SetHead { field: 0, value: kit::list(vec![Node::Uint(5)]) };
    manifest.exits =
        kit::list(vec![exit(PRICED, "priced", vec![five, out()]), exit(PLAIN, "plain", vec![out()])]);
    let input = "(drop (call $input (i32.const 0) (i32.const 24))) (call $self (i32.const 100))";
    let answer = |call: String| {
        format!("{input} (i32.store (i32.const 200) {call}) (call $output (i32.const 200) (i32.const 4))")
    };
    let mint = |key: u32| {
        format!(
            "(call $unique_mint (i32.const 1) (i32.const {key}) (i32.const 8) (i32.const 100) (i32.const 300) (i32.const 8))"
        )
    };
    // The names of the methods called stand at 400 and on.
    let call = |method: u32, size: u32| {
        answer(format!(
            "(call $invoke (i32.const 100) (i32.const {method}) (i32.const {size}) (i32.const 8) (i32.const 16) (i32.const 300) (i64.const 10000000))"
        ))
    };
    let set = "(drop (call $input (i32.const 0) (i32.const 16)))
        (call $cell_set (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 8) (i32.const 8))";
    let berth = "(call $escrow_asset_in (i32.const 2) (i32.const 0) (i32.const 8) (i32.const 100) (i32.const 0) (i32.const 8) (i32.const 8))";
    let leave =
        "(call $escrow_out (i32.const 2) (i32.const 0) (i32.const 8) (i32.const 100) (i32.const 500))";
    let scrap = "(drop (call $input (i32.const 0) (i32.const 24)))
        (drop (call $cell_delete (i32.const 1) (i32.const 0) (i32.const 8)))";
    let functions = [
        ("launch", answer(mint(0))),
        ("set", set.to_owned()),
        ("berth", answer(berth.to_owned())),
        ("leave", answer(leave.to_owned())),
        ("build", answer(mint(8))),
        ("lend_berth", call(400, 5)),
        ("lend_leave", call(405, 5)),
        ("lend_build", format!("{} (drop {})", call(410, 5), mint(0))),
        ("scrap_build", format!("{scrap} {}", call(410, 5))),
    ];
    let functions: Vec<(&str, &str)> = functions.iter().map(|(name, body)| (*name, body.as_str())).collect();
    let data = "(data (i32.const 400) \"berthleavebuild\") (data (i32.const 500) \"\\01\")";
    kit::module(&functions, data, &manifest)
}

/// A harbor with boats 1, 2 and 3, which are its own.
fn world(change: impl FnOnce(&mut MapCell)) -> World {
    let mut world = World::new();
    world.create(HARBOR, &harbor(change), &[]);
    for boat in 1_u64..=3 {
        assert_eq!(call(&mut world, "launch", &boat), Ok(0));
    }
    world
}

fn call(world: &mut World, method: &str, args: &impl Encode) -> Result<u32, u16> {
    answer(world.call(ALICE, HARBOR, method, &args.encode()))
}

fn boat(world: &World, id: u64) -> Option<(&[u8], u64)> {
    let (holder, price) = world.entry(HARBOR, BOATS, &id.encode())?.value.split_at(33);
    Some((holder, u64::from_le_bytes(price.try_into().expect("a price"))))
}

fn berth(id: u64) -> Vec<u8> {
    escrow_holder(&HARBOR, BERTHS, &id.encode()).to_vec()
}

/// Checks that the sum of prices is what the boats say.
fn check_sum(world: &World, expected: u64) {
    let key = [&BOATS.to_le_bytes()[..], &[0]].concat();
    let kept = world.entry(HARBOR, reserved::SUMS, &key).expect("a sum").value.clone();
    let found: u64 = (1..=3).filter_map(|id| boat(world, id)).map(|(_, price)| price).sum();
    assert_eq!((found, kept), (expected, u128::from(expected).to_le_bytes().to_vec()));
}

#[test]
fn an_asset_does_not_move_or_begin_under_the_call_that_is_bound_to_it() {
    let refused = Ok(u32::from(codes::IN_FLIGHT));
    let (free, berthed) = (Some(account_holder(&HARBOR).to_vec()), Some(berth(2)));
    // The outer call and its own boat; the boat that the inner one, bound to boat 2, moves or builds; who holds that then.
    let cases = [
        ("lend_berth", 1_u64, 1_u64, refused, &free),
        ("lend_berth", 1, 3, Ok(0), &berthed),
        ("lend_leave", 1, 1, refused, &berthed),
        ("lend_leave", 1, 3, Ok(0), &free),
        ("scrap_build", 1, 1, refused, &None),
        ("scrap_build", 1, 7, Ok(0), &free),
        ("lend_build", 8, 8, refused, &free), // built by the outer one
        ("lend_build", 8, 7, Ok(0), &free),
    ];
    for (method, own, other, expected, holder) in cases {
        let mut world = world(|_| {});
        if method == "lend_leave" {
            assert_eq!(call(&mut world, "berth", &(2_u64, other)), Ok(0));
        }
        assert_eq!(call(&mut world, method, &(own, 2_u64, other)), expected, "{method} of {own}: {other}");
        let found = boat(&world, other).map(|(holder, _)| holder.to_vec());
        assert_eq!(found, *holder, "{method} of {own}: {other}");
    }
}

#[test]
fn what_an_exit_changes_of_sums_is_there_when_its_own_asset_leaves() {
    // The berth that is left, the boat in it, its price before, and all prices after.
    for (at, id, before, after) in [(1_u64, 1_u64, 0_u64, 0), (1, 1, 9, 0), (2, 1, 0, 5), (2, 1, 9, 5)] {
        let mut world = world(|_| {});
        assert_eq!(call(&mut world, "berth", &(at, id)), Ok(0));
        assert_eq!(boat(&world, id).expect("there").0, berth(at));
        world.call(ALICE, HARBOR, "set", &(id, before).encode()).expect("set");
        check_sum(&world, before);
        world.poke(ALICE, HARBOR, PRICED, &at.encode()).expect("out");
        assert_eq!(boat(&world, id), Some((&account_holder(&ALICE)[..], 0)), "cleared");
        check_sum(&world, after);
    }
}

#[test]
fn a_move_pays_for_the_value_and_the_sums_that_it_writes() {
    let prices = World::new().schedule.host;
    let each = prices.read + prices.write;
    // Gas of a boat's way into a berth, and of its way out.
    let gas = |tail: u32, sum: bool, clears: bool| {
        let mut world = world(|map| {
            map.tail_max_bytes = tail;
            let mut head = map.head.clone().into_inner();
            (head[0].sum, head[0].clear_on_move) = (sum, clears);
            map.head = kit::list(head);
        });
        assert_eq!(call(&mut world, "berth", &(2_u64, 1_u64)), Ok(0));
        let inwards = world.gas;
        world.poke(ALICE, HARBOR, PLAIN, &2_u64.encode()).expect("out");
        (inwards, world.gas)
    };
    let byte = prices.byte + prices.write_byte;
    let (inwards, outwards) = gas(0, false, false);
    let cases = [
        (1, false, false, byte),
        (1_000, false, false, 1_000 * byte),
        (0, true, false, 0),
        (0, false, true, 0),
        (0, true, true, each),
        (1_000, true, true, 1_000 * byte + each),
    ];
    for (tail, sum, clears, more) in cases {
        let found = gas(tail, sum, clears);
        assert_eq!(found, (inwards + more, outwards + more), "tail {tail}, sum {sum}, clears {clears}");
    }
}
