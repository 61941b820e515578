//! Contracts that call contracts: statuses, rollback, gas, depth, re-entry, views, notifications.

use chainstack_primitives::{
    AccountId, Amount, codes,
    manifest::{Manifest, Reenter, Type},
};

use crate::{
    kit,
    world::{ALICE, GAS, World},
};

const RELAY: AccountId = AccountId([0x11; 32]);
const TARGET: AccountId = AccountId([0x22; 32]);
const ONE: AccountId = AccountId([0x31; 32]);
const TWO: AccountId = AccountId([0x32; 32]);
const THREE: AccountId = AccountId([0x33; 32]);

/// Calls what its argument says and returns `status u32 | length u32 | first 64 bytes of the result`. Its cell is
/// set before, and again after.
fn relay() -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("relay"));
    manifest.cells = kit::list(vec![kit::value(1, "mark", vec![kit::head("n", Type::U32, false, false)], 0)]);
    let args = || {
        vec![
            kit::field("words", Type::FixedBytes { size: 64 }),
            kit::field("data", Type::FixedBytes { size: 1024 }),
        ]
    };
    let mut call = kit::transition("call", args(), Some(Type::FixedBytes { size: 72 }));
    call.value_max = Amount(1000);
    call.calls = kit::list(vec![kit::anywhere(4, 100)]);
    call.sends = kit::native(100);
    call.ceilings.gas = chainstack_primitives::Gas(u64::MAX >> 30);
    let mut note = kit::transition("note", args(), None);
    note.notifies = kit::list(vec![kit::anywhere(4, 0)]);
    let mut look = kit::view("look", args(), Type::FixedBytes { size: 72 });
    look.calls = kit::list(vec![kit::anywhere(4, 0)]);
    look.gas = call.ceilings.gas;
    let mut mark = kit::view("mark", vec![], Type::U32);
    mark.reads = kit::list(vec![1]);
    manifest.transitions = kit::list(vec![call, note]);
    manifest.views = kit::list(vec![look, mark]);
    let words = "(drop (call $input (i32.const 0) (i32.const 1088)))";
    let word = |index: usize| format!("(i32.wrap_i64 (i64.load (i32.const {})))", index * 8);
    let list = |count: usize| (0..count).map(word).collect::<Vec<_>>().join(" ");
    let invoke = format!(
        "(i32.store (i32.const 1088) (call $invoke {} (i64.load (i32.const 48))))
         (i32.store (i32.const 1092) (call $result (i32.const 1096) (i32.const 64)))
         (call $output (i32.const 1088) (i32.const 72))",
        list(6)
    );
    let mark = |n: u32| {
        format!(
            "(i32.store (i32.const 2000) (i32.const {n}))
             (call $cell_set (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 2000) (i32.const 4))"
        )
    };
    let call = format!("{words} {} {invoke} {}", mark(1), mark(2));
    let note = format!("{words} (call $notify {}) {}", list(7), mark(3));
    let look = format!("{words} {invoke}");
    let read = "(drop (call $cell_get (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4)))
        (call $output (i32.const 0) (i32.const 4))";
    kit::module(&[("call", &call), ("note", &note), ("look", &look), ("mark", read)], "", &manifest)
}

/// What there is to be called.
fn target() -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("target"));
    manifest.cells = kit::list(vec![kit::value(1, "n", vec![kit::head("n", Type::U32, false, false)], 0)]);
    manifest.errors = kit::list(vec![kit::error(3, "No", vec![kit::field("why", Type::U32)])]);
    let number = || vec![kit::field("n", Type::U32)];
    let mut put = kit::transition("put", number(), Some(Type::U32));
    put.value_max = Amount(60);
    let mut refuse = kit::transition("refuse", number(), None);
    refuse.errors = kit::list(vec![3]);
    refuse.value_max = Amount(60);
    let boom = kit::transition("boom", number(), None);
    let mut burn = kit::transition("burn", number(), None);
    burn.ceilings.gas = chainstack_primitives::Gas(u64::MAX >> 30);
    let mut back = kit::transition("back", number(), Some(Type::U32));
    back.calls = kit::list(vec![kit::anywhere(1, 0)]);
    let mut get = kit::view("get", vec![], Type::U32);
    get.reads = kit::list(vec![1]);
    let mut left = kit::view("left", vec![], Type::U64);
    left.gas = burn.ceilings.gas;
    manifest.transitions = kit::list(vec![put, refuse, boom, burn, back]);
    manifest.views = kit::list(vec![get, left]);
    let input = "(drop (call $input (i32.const 0) (i32.const 4)))";
    let set = "(call $cell_set (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4))";
    let put = format!("{input} {set} (call $output (i32.const 0) (i32.const 4))");
    let refuse = format!("{input} {set} (call $revert (i32.const 3) (i32.const 0) (i32.const 4))");
    let boom = format!("{input} {set} unreachable");
    let burn = format!(
        "{input} {set} (loop $again (call $keccak256 (i32.const 0) (i32.const 60000) (i32.const 0)) (br $again))"
    );
    // Asks its caller for its mark, and returns that.
    let back = "(call $caller (i32.const 100))
        (drop (call $invoke (i32.const 100) (i32.const 200) (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 300) (i64.const -1)))
        (drop (call $result (i32.const 400) (i32.const 4)))
        (call $output (i32.const 400) (i32.const 4))";
    let get = "(drop (call $cell_get (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4)))
        (call $output (i32.const 0) (i32.const 4))";
    let left = "(i64.store (i32.const 0) (call $gas_left)) (call $output (i32.const 0) (i32.const 8))";
    let functions = [
        ("put", put.as_str()),
        ("refuse", &refuse),
        ("boom", &boom),
        ("burn", &burn),
        ("back", back),
        ("get", get),
        ("left", left),
    ];
    kit::module(&functions, "(data (i32.const 200) \"mark\")", &manifest)
}

struct Asked<'a> {
    method: &'a str,
    args: &'a [u8],
    value: u128,
    gas: u64,
}

fn ask<'a>(method: &'a str, args: &'a [u8]) -> Asked<'a> {
    Asked { method, args, value: 0, gas: u64::MAX }
}

fn relay_args(target: AccountId, asked: &Asked<'_>, expected: &[u8]) -> Vec<u8> {
    let mut data = [&target.0[..], &asked.value.to_le_bytes(), asked.method.as_bytes()].concat();
    let at = kit::DATA;
    let method = at + 48;
    let args = method + asked.method.len() as u64;
    data.extend_from_slice(asked.args);
    let expected_at = args + asked.args.len() as u64;
    data.extend_from_slice(expected);
    let last = if expected.is_empty() { at + 32 } else { expected_at };
    let seventh = if expected.is_empty() { asked.gas } else { expected.len() as u64 };
    let words = [at, method, asked.method.len() as u64, args, asked.args.len() as u64, last, seventh];
    kit::probe_args(&words, &data)
}

fn world() -> World {
    let mut world = World::new();
    world.create(RELAY, &relay(), &[]);
    world.create(TARGET, &target(), &[]);
    world
}

/// Status and result of a call through the relay.
fn call(world: &mut World, target: AccountId, asked: &Asked<'_>) -> (u16, Vec<u8>) {
    let args = relay_args(target, asked, &[]);
    let output = world.call(ALICE, RELAY, "call", &args).unwrap_or_else(|failure| panic!("{failure:?}"));
    split(&output)
}

fn split(output: &[u8]) -> (u16, Vec<u8>) {
    let number = |at: usize| u32::from_le_bytes(output[at..at + 4].try_into().expect("four bytes"));
    (u16::try_from(number(0)).expect("a code"), output[8..8 + number(4) as usize].to_vec())
}

fn number(world: &mut World, contract: AccountId, method: &str) -> u32 {
    u32::from_le_bytes(world.query(contract, method, &[]).expect(method).try_into().expect("four bytes"))
}

#[test]
fn a_callee_answers_or_leaves_no_trace() {
    let mut world = world();
    assert_eq!(call(&mut world, TARGET, &ask("put", &[5, 0, 0, 0])), (0, vec![5, 0, 0, 0]));
    assert_eq!((number(&mut world, TARGET, "get"), number(&mut world, RELAY, "mark")), (5, 2));
    let cases: [(&str, &[u8], u16, &[u8]); 6] = [
        ("refuse", &[6, 0, 0, 0], codes::REVERTED, &[3, 0, 6, 0, 0, 0]),
        ("boom", &[6, 0, 0, 0], codes::TRAP, &[]),
        ("burn", &[6, 0, 0, 0], codes::OUT_OF_GAS, &[]),
        ("put", &[6, 0, 0], codes::BAD_ARGUMENTS, &[]),
        ("nothing", &[], codes::UNKNOWN_METHOD, &[]),
        ("$role.renounce", &[1, 0], codes::BAD_ARGUMENTS, &[]),
    ];
    for (method, args, status, result) in cases {
        let found = call(&mut world, TARGET, &ask(method, args));
        assert_eq!(found, (status, result.to_vec()), "{method}");
        assert_eq!(number(&mut world, TARGET, "get"), 5, "{method} left a trace");
    }
    let nobody = AccountId([0x77; 32]);
    assert_eq!(call(&mut world, nobody, &ask("put", &[])).0, codes::CONTRACT_NOT_FOUND);
}

#[test]
fn value_moves_inside_the_frame() {
    let mut world = world();
    let pay = |world: &mut World, method: &str, value: u128| {
        let asked = Asked { value, ..ask(method, &[1, 0, 0, 0]) };
        let args = relay_args(TARGET, &asked, &[]);
        world.call_with(ALICE, RELAY, "call", &args, 50, GAS).map(|output| split(&output).0)
    };
    assert_eq!(pay(&mut world, "put", 50), Ok(0));
    assert_eq!((world.balance(&RELAY), world.balance(&TARGET)), (0, 50));
    assert_eq!(pay(&mut world, "refuse", 50), Ok(codes::REVERTED), "and the value stays");
    assert_eq!((world.balance(&RELAY), world.balance(&TARGET)), (50, 50));
    assert_eq!(pay(&mut world, "put", 61), Ok(codes::VALUE_NOT_ACCEPTED));
    assert_eq!(pay(&mut world, "refuse", 0), Ok(codes::REVERTED));
    assert_eq!(world.balance(&RELAY), 150);
    assert_eq!(pay(&mut world, "put", 101).expect_err("the rule allows 100").code, codes::UNDECLARED_CALL);
    let asked = Asked { value: 60, ..ask("put", &[1, 0, 0, 0]) };
    for _ in 0..2 {
        assert_eq!(call(&mut world, TARGET, &asked).0, 0);
    }
    assert_eq!(call(&mut world, TARGET, &asked).0, codes::INSUFFICIENT_BALANCE);
    assert_eq!((world.balance(&RELAY), world.balance(&TARGET)), (30, 170));
}

#[test]
fn the_caller_keeps_a_64th() {
    let mut world = world();
    let left = |world: &mut World, gas: u64| {
        let (status, result) = call(world, TARGET, &Asked { gas, ..ask("left", &[]) });
        assert_eq!(status, 0);
        u64::from_le_bytes(result.try_into().expect("eight bytes"))
    };
    let most = left(&mut world, u64::MAX);
    assert!(most <= GAS - GAS / 64, "{most} of {GAS}");
    // Besides the 64th there are two frames with their codes.
    let loads: u64 = world.store.codes.values().map(|code| world.load_gas(code.len())).sum();
    assert!(most > GAS - GAS / 64 - loads - 100_000, "{most} of {GAS}, {loads} for code");
    let some = left(&mut world, 10_000);
    assert!(some <= 10_000 && some > 9_000, "{some} of 10000");
    // A callee that burns all it gets leaves the caller enough to end.
    assert_eq!(call(&mut world, TARGET, &ask("burn", &[1, 0, 0, 0])).0, codes::OUT_OF_GAS);
    assert!(world.gas < GAS, "{}", world.gas);
    assert_eq!(number(&mut world, RELAY, "mark"), 2);
    // From a transaction the same callee uses up everything.
    let failure = world.call(ALICE, TARGET, "burn", &[1, 0, 0, 0]).expect_err("out of gas");
    assert_eq!((failure.code, world.gas), (codes::OUT_OF_GAS, GAS));
}

/// `deep(n)` calls its peer's `deep(n - 1)`, and so on; the answer is what the last one met: 1000 + status.
fn echo() -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("echo"));
    manifest.params = kit::list(vec![kit::param("peer", Type::Account)]);
    manifest.cells = kit::list(vec![kit::value(1, "n", vec![kit::head("n", Type::U32, false, false)], 0)]);
    let number = || vec![kit::field("n", Type::U32)];
    let method = |name: &str, reenter: Reenter| {
        let mut method = kit::transition(name, number(), Some(Type::U32));
        method.calls = kit::list(vec![kit::anywhere(1, 0)]);
        method.ceilings.gas = chainstack_primitives::Gas(u64::MAX >> 30);
        method.reenter = reenter;
        method
    };
    let put = kit::transition("put", number(), Some(Type::U32));
    let mut peek = kit::view("peek", number(), Type::U32);
    peek.calls = kit::list(vec![kit::anywhere(1, 0)]);
    let mut start = method("start", Reenter::None);
    start.reenter = Reenter::None;
    manifest.transitions =
        kit::list(vec![method("deep", Reenter::All), method("shut", Reenter::None), put, start]);
    manifest.views = kit::list(vec![peek]);
    let go = |name_at: u32, last: &str| {
        format!(
            "(drop (call $input (i32.const 0) (i32.const 4)))
             (drop (call $param (i32.const 0) (i32.const 100) (i32.const 32)))
             (if (i32.eqz (i32.load (i32.const 0))) (then {last}) (else
               (i32.store (i32.const 0) (i32.sub (i32.load (i32.const 0)) (i32.const 1)))
               (i32.store (i32.const 8) (call $invoke (i32.const 100) (i32.const {name_at}) (i32.const 4)
                 (i32.const 0) (i32.const 4) (i32.const 300) (i64.const -1)))
               (if (i32.load (i32.const 8))
                 (then (i32.store (i32.const 0) (i32.add (i32.const 1000) (i32.load (i32.const 8)))))
                 (else (drop (call $result (i32.const 0) (i32.const 4)))))))
             (call $output (i32.const 0) (i32.const 4))"
        )
    };
    let put = "(drop (call $input (i32.const 0) (i32.const 4)))
        (call $cell_set (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4))
        (call $output (i32.const 0) (i32.const 4))";
    // The last one tries to change state.
    let change =
        "(i32.store (i32.const 0) (i32.add (i32.const 1000) (call $invoke (i32.const 100) (i32.const 212)
        (i32.const 3) (i32.const 0) (i32.const 4) (i32.const 300) (i64.const -1))))";
    let functions = [
        ("deep", go(200, "")),
        ("shut", go(204, "")),
        ("put", put.to_owned()),
        ("peek", go(208, change)),
        ("start", go(208, "")),
    ];
    let functions: Vec<(&str, &str)> = functions.iter().map(|(name, body)| (*name, body.as_str())).collect();
    kit::module(&functions, "(data (i32.const 200) \"deepshutpeekput\")", &manifest)
}

fn echoes() -> World {
    let mut world = World::new();
    world.create(ONE, &echo(), &TWO.0);
    world.create(TWO, &echo(), &ONE.0);
    world
}

fn answer(result: Result<Vec<u8>, chainstack_runtime::ports::Failure>) -> u32 {
    let output = result.unwrap_or_else(|failure| panic!("{failure:?}"));
    u32::from_le_bytes(output.try_into().expect("four bytes"))
}

/// The status that the last of so many frames brings: two contracts call each other.
pub(crate) fn depth(frames: usize) -> u16 {
    let calls = u32::try_from(frames - 1).expect("few");
    let found = answer(echoes().call(ALICE, ONE, "deep", &calls.to_le_bytes()));
    u16::try_from(found.saturating_sub(1000)).expect("a code")
}

#[test]
fn far_past_the_depth_is_refused_as_one_past() {
    assert_eq!(depth(10_001), codes::CALL_DEPTH);
}

#[test]
fn a_contract_in_flight_is_not_entered() {
    let mut world = echoes();
    assert_eq!(answer(world.call(ALICE, ONE, "shut", &1_u32.to_le_bytes())), 0, "another contract may");
    let again = answer(world.call(ALICE, ONE, "shut", &2_u32.to_le_bytes()));
    assert_eq!(again, 1000 + u32::from(codes::IN_FLIGHT));
    // Nor for a look: `start` of one calls `peek` of two, which calls `peek` of one.
    let view = answer(world.call(ALICE, ONE, "start", &2_u32.to_le_bytes()));
    assert_eq!(view, 1000 + u32::from(codes::IN_FLIGHT));
}

#[test]
fn read_only_holds_at_every_depth() {
    let mut world = echoes();
    for depth in 0..6_u32 {
        let found = answer(world.query(ONE, "peek", &depth.to_le_bytes()));
        assert_eq!(found, 1000 + u32::from(codes::READ_ONLY), "depth {depth}");
    }
    // Below a transition too, once a view is in between: one starts, two peeks, three is not in flight and is asked to
    // change. The same without the view in between is carried out.
    let mut world = World::new();
    for (address, peer) in [(ONE, TWO), (TWO, THREE), (THREE, ONE)] {
        world.create(address, &echo(), &peer.0);
    }
    assert_eq!(answer(world.call(ALICE, THREE, "put", &1_u32.to_le_bytes())), 1);
    let found = answer(world.call(ALICE, ONE, "start", &1_u32.to_le_bytes()));
    assert_eq!(found, 1000 + u32::from(codes::READ_ONLY));
    let mut world = self::world();
    let args = relay_args(TARGET, &ask("put", &[1, 0, 0, 0]), &[]);
    assert_eq!(split(&world.query(RELAY, "look", &args).expect("look")).0, codes::READ_ONLY);
    let args = relay_args(TARGET, &ask("get", &[]), &[]);
    let failure = world.query(RELAY, "call", &args).expect_err("not a view");
    assert_eq!(failure.code, codes::NOT_A_VIEW);
    let paid = relay_args(TARGET, &Asked { value: 1, ..ask("get", &[]) }, &[]);
    assert_eq!(world.query(RELAY, "look", &paid).expect_err("value").code, codes::READ_ONLY);
}

#[test]
fn notifications_run_after_the_method_and_undo_it_when_they_fail() {
    let mut world = world();
    let note = |world: &mut World, method: &str, args: &[u8], expected: &[u8]| {
        let args = relay_args(TARGET, &ask(method, args), expected);
        world.call(ALICE, RELAY, "note", &args)
    };
    // `put` answers what it was given.
    note(&mut world, "put", &[8, 0, 0, 0], &[8, 0, 0, 0]).expect("notified");
    assert_eq!((number(&mut world, TARGET, "get"), number(&mut world, RELAY, "mark")), (8, 3));
    // `back` asks the relay for its mark: it has ended, may be entered, and has set its mark.
    note(&mut world, "back", &[0; 4], &[3, 0, 0, 0]).expect("called back");
    let mut world = self::world();
    for (method, expected) in [("put", [9, 0, 0, 0]), ("refuse", [0; 4]), ("boom", [0; 4]), ("none", [0; 4])]
    {
        let failure = note(&mut world, method, &[8, 0, 0, 0], &expected).expect_err(method);
        assert_eq!(failure.code, codes::NOTIFY_FAILED, "{method}");
    }
    assert_eq!(number(&mut world, RELAY, "mark"), 0);
}

#[test]
fn memory_of_one_call_is_not_seen_by_the_next() {
    let mut manifest = Manifest::empty(kit::name("marker"));
    let dirty = kit::transition("dirty", vec![], None);
    let scan = kit::transition("scan", vec![], Some(Type::U64));
    manifest.transitions = kit::list(vec![dirty, scan]);
    let dirty = "(local $at i32) (global.set $g (i32.const 77)) (loop $next
        (i32.store (local.get $at) (i32.const 0x5a5a5a5a))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (i32.const 65536))))";
    let scan = "(local $at i32) (local $sum i64) (loop $next
        (local.set $sum (i64.or (local.get $sum) (i64.load (local.get $at))))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 65536))))
        (i64.store (i32.const 0) (i64.or (local.get $sum) (i64.extend_i32_u (global.get $g))))
        (call $output (i32.const 0) (i32.const 8))";
    let code =
        kit::module(&[("dirty", dirty), ("scan", scan)], "(global $g (mut i32) (i32.const 0))", &manifest);
    let mut world = World::new();
    world.create(ONE, &code, &[]);
    for _ in 0..100 {
        world.call(ALICE, ONE, "dirty", &[]).expect("dirty");
        assert_eq!(world.call(ALICE, ONE, "scan", &[]).expect("scan"), [0; 8]);
    }
}

#[test]
fn output_is_what_memory_held_when_it_was_given() {
    let mut manifest = Manifest::empty(kit::name("slice"));
    let bytes = Type::FixedBytes { size: 8 };
    manifest.transitions =
        kit::list(vec![kit::transition("keep", vec![kit::field("b", bytes)], Some(bytes))]);
    let keep = "(drop (call $input (i32.const 0) (i32.const 8)))
        (call $output (i32.const 0) (i32.const 8))
        (i64.store (i32.const 0) (i64.const -1))
        (drop (call $input (i32.const 16) (i32.const 8)))
        (if (i64.ne (i64.load (i32.const 16)) (i64.const 0x0807060504030201)) (then unreachable))";
    let code = kit::module(&[("keep", keep)], "", &manifest);
    let mut world = World::new();
    world.create(ONE, &code, &[]);
    assert_eq!(
        world.call(ALICE, ONE, "keep", &[1, 2, 3, 4, 5, 6, 7, 8]).expect("kept"),
        [1, 2, 3, 4, 5, 6, 7, 8]
    );
}
