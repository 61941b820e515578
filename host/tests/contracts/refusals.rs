//! What a declaration does not allow, refused with its own code; state stays as it was, which the world checks.

use chainstack_primitives::{
    AccountId, Amount, Gas, codes,
    manifest::{
        CallRule, CellKind, KeyTerm, Manifest, Ops, ParamRange, Touch, Touches, Transition, Type, TypeDef,
        TypeKind,
    },
};
use chainstack_runtime::ports::Failure;

use crate::{
    kit::{self, field, list, name},
    world::{ALICE, BOB, GAS, World},
};

const HERE: AccountId = AccountId([0x41; 32]);

fn code(result: Result<Vec<u8>, Failure>) -> u16 {
    match result {
        Ok(_) => 0,
        Err(failure) => {
            assert!(!failure.diagnostics.text.is_empty(), "code {} says nothing", failure.code);
            failure.code
        }
    }
}

fn touch(cell: u16, key: Vec<KeyTerm>, ops: Ops, head: u16) -> Touch {
    Touch { cell, key: list(key), ops, head }
}

/// A map keyed by `(account, u32)` with two counters, and methods that do `op` under the key in their argument.
fn places() -> Vec<u8> {
    let mut manifest = Manifest::empty(name("places"));
    let pair = TypeKind::Struct { fields: list(vec![field("who", Type::Account), field("n", Type::U32)]) };
    manifest.types = list(vec![TypeDef { name: Some(name("Pair")), kind: pair }]);
    manifest.params = list(vec![kit::param("number", Type::U32)]);
    let key = vec![field("who", Type::Account), field("n", Type::U32)];
    let counters = vec![kit::head("a", Type::U8, false, false), kit::head("b", Type::U8, false, false)];
    manifest.cells = list(vec![kit::map(1, "places", key, counters, 4)]);
    let allowed = [
        ("by_arg", vec![KeyTerm::ArgField { arg: 0, field: 0 }, KeyTerm::ArgField { arg: 0, field: 1 }]),
        ("by_caller", vec![KeyTerm::Caller, KeyTerm::Any]),
        ("by_origin", vec![KeyTerm::Origin, KeyTerm::Param(0)]),
        ("by_self", vec![KeyTerm::SelfAddress, KeyTerm::Literal(list(vec![5, 0, 0, 0]))]),
        ("by_any", vec![KeyTerm::Any, KeyTerm::Any]),
        ("by_second", vec![KeyTerm::Arg(1), KeyTerm::Any]),
    ];
    // Writes under the key at 100, which the third argument is.
    let body = "(drop (call $input (i32.const 0) (i32.const 200)))
        (call $cell_set (i32.const 1) (i32.const 68) (i32.const 36) (i32.const 104) (i32.const 2))";
    let args = || {
        vec![
            field("pair", Type::Defined(0)),
            field("account", Type::Account),
            field("key", Type::FixedBytes { size: 36 }),
            field("value", Type::FixedBytes { size: 2 }),
        ]
    };
    let mut transitions: Vec<Transition> = allowed
        .into_iter()
        .map(|(method, key)| {
            let mut method = kit::transition(method, args(), None);
            method.touches = Touches::Listed(list(vec![touch(1, key, Ops::SET, 1)]));
            method
        })
        .collect();
    let mut reads = kit::transition("only_reads", args(), None);
    reads.touches = Touches::Listed(list(vec![touch(1, vec![KeyTerm::Any, KeyTerm::Any], Ops::READ, 0)]));
    let mut nothing = kit::transition("nothing", args(), None);
    nothing.touches = Touches::Listed(list(vec![]));
    transitions.extend([reads, nothing]);
    manifest.transitions = list(transitions);
    let methods: Vec<(&str, &str)> =
        ["by_arg", "by_caller", "by_origin", "by_self", "by_any", "by_second", "only_reads", "nothing"]
            .map(|method| (method, body))
            .to_vec();
    kit::module(&methods, "", &manifest)
}

fn place_args(pair: (AccountId, u32), account: AccountId, key: (AccountId, u32), value: [u8; 2]) -> Vec<u8> {
    let place = |(account, number): (AccountId, u32)| [&account.0[..], &number.to_le_bytes()].concat();
    [place(pair), account.0.to_vec(), place(key), value.to_vec()].concat()
}

#[test]
fn touches_bound_every_access() {
    let mut world = World::new();
    world.create(HERE, &places(), &7_u32.to_le_bytes());
    let nobody = (AccountId([9; 32]), 0);
    let mut check = |method: &str, pair, account, key, expected: u16| {
        let args = place_args(pair, account, key, [0, 0]);
        assert_eq!(code(world.call(ALICE, HERE, method, &args)), expected, "{method} {key:?}");
    };
    let refused = codes::UNDECLARED_TOUCH;
    check("by_arg", (BOB, 3), ALICE, (BOB, 3), 0);
    check("by_arg", (BOB, 3), ALICE, (BOB, 4), refused);
    check("by_arg", (BOB, 3), ALICE, (ALICE, 3), refused);
    check("by_caller", nobody, BOB, (ALICE, 1), 0);
    check("by_caller", nobody, BOB, (BOB, 1), refused);
    check("by_origin", nobody, BOB, (ALICE, 7), 0);
    check("by_origin", nobody, BOB, (ALICE, 8), refused);
    check("by_self", nobody, BOB, (HERE, 5), 0);
    check("by_self", nobody, BOB, (HERE, 6), refused);
    check("by_self", nobody, BOB, (BOB, 5), refused);
    check("by_any", nobody, BOB, (AccountId([0xff; 32]), u32::MAX), 0);
    check("by_second", nobody, BOB, (BOB, 77), 0);
    check("by_second", nobody, BOB, (ALICE, 77), refused);
    check("only_reads", nobody, BOB, (BOB, 1), refused);
    check("nothing", nobody, BOB, (BOB, 1), refused);
}

#[test]
fn only_listed_head_fields_change() {
    let mut world = World::new();
    world.create(HERE, &places(), &7_u32.to_le_bytes());
    let key = (BOB, 3);
    let mut set = |value| code(world.call(ALICE, HERE, "by_any", &place_args(key, BOB, key, value)));
    assert_eq!(set([1, 1]), 0, "a new entry has any head");
    assert_eq!(set([2, 1]), 0, "field 0 is listed");
    assert_eq!(set([2, 2]), codes::UNDECLARED_TOUCH, "field 1 is not");
}

/// One method with a body and a declaration of its own.
fn one(declare: impl FnOnce(&mut Manifest, &mut Transition), body: &str) -> World {
    let mut manifest = Manifest::empty(name("one"));
    manifest.cells = list(vec![
        kit::ledger(1, "balances", true, true),
        kit::map(2, "items", vec![field("id", Type::U32)], vec![], 8),
    ]);
    manifest.events = list(vec![kit::event(1, "Seen", vec![])]);
    let mut go = kit::transition("go", vec![], None);
    declare(&mut manifest, &mut go);
    manifest.transitions = list(vec![go]);
    let code = kit::module(&[("go", body)], "(data (i32.const 500) \"\\01\")", &manifest);
    let mut world = World::new();
    world.create(HERE, &code, &[]);
    world
}

fn go(world: &mut World) -> u16 {
    code(world.call(ALICE, HERE, "go", &[]))
}

const ADD: &str = "(drop (call $ledger_add (i32.const 1) (i32.const 0) (i32.const 32) (i32.const 500)))";
const GET: &str = "(call $ledger_get (i32.const 1) (i32.const 0) (i32.const 32) (i32.const 600))";
const SEEN: &str = "(call $emit (i32.const 1) (i32.const 0) (i32.const 0))";

#[test]
fn ceilings_hold_at_the_limit_and_one_past() {
    type Limit = fn(&mut Transition, u32);
    let cases: [(&str, u16, Limit); 3] = [
        (GET, codes::CEILING_READS, |method, limit| method.ceilings.reads = limit),
        (ADD, codes::CEILING_WRITES, |method, limit| method.ceilings.writes = limit),
        (SEEN, codes::CEILING_EVENTS, |method, limit| {
            method.ceilings.events = limit;
            method.emits = list(vec![1]);
        }),
    ];
    for (operation, expected, set) in cases {
        let body = operation.repeat(3);
        assert_eq!(go(&mut one(|_, method| set(method, 3), &body)), 0);
        assert_eq!(go(&mut one(|_, method| set(method, 2), &body)), expected);
        assert_eq!(go(&mut one(|_, method| set(method, 0), &body)), expected);
    }
    let create = |keys: u32| {
        let set = "(i32.store (i32.const 0) (i32.const N))
            (call $cell_set (i32.const 2) (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 0))";
        (0..keys).map(|key| set.replace('N', &key.to_string())).collect::<String>()
    };
    let limited = |_: &mut Manifest, method: &mut Transition| method.ceilings.new_entries = 2;
    assert_eq!(go(&mut one(limited, &create(2))), 0);
    assert_eq!(go(&mut one(limited, &create(3))), codes::CEILING_ENTRIES);
}

#[test]
fn gas_ceilings_and_gas_limits_are_told_apart() {
    let burn = "(loop $again (call $keccak256 (i32.const 0) (i32.const 6000) (i32.const 0)) (br $again))";
    let mut world = one(|_, method| method.ceilings.gas = Gas(200_000), burn);
    assert_eq!(go(&mut world), codes::CEILING_GAS);
    let code_gas = world.store.codes.values().map(|code| world.load_gas(code.len())).sum::<u64>();
    assert!(
        (200_000..300_000).contains(&(world.gas - code_gas)),
        "{} with {code_gas} for its code",
        world.gas
    );
    let short = code_gas + 150_000;
    assert_eq!(code(world.call_with(ALICE, HERE, "go", &[], 0, short)), codes::OUT_OF_GAS);
    assert_eq!(world.gas, short);
    let spin = "(loop $again (br $again))";
    let mut world = one(|_, method| method.ceilings.gas = Gas(200_000), spin);
    assert_eq!(go(&mut world), codes::CEILING_GAS);
    assert_eq!(code(world.call_with(ALICE, HERE, "go", &[], 0, short)), codes::OUT_OF_GAS);
    for gas in [0, 1, 3_999, 4_001, 60_000, 104_000, code_gas, code_gas + 4_000] {
        assert_eq!(code(world.call_with(ALICE, HERE, "go", &[], 0, gas)), codes::OUT_OF_GAS, "{gas}");
        assert_eq!(world.gas, gas);
    }
}

#[test]
fn traps_and_stack_overflows_have_their_codes() {
    assert_eq!(go(&mut one(|_, _| {}, "unreachable")), codes::TRAP);
    assert_eq!(go(&mut one(|_, _| {}, "(drop (i32.div_u (i32.const 1) (i32.const 0)))")), codes::TRAP);
    assert_eq!(go(&mut one(|_, _| {}, "(drop (i32.load (i32.const 70000)))")), codes::TRAP);
    let mut manifest = Manifest::empty(name("deep"));
    manifest.transitions = list(vec![kit::transition("go", vec![], None)]);
    let code = kit::module(&[("go", "(call $down)")], "(func $down (call $down))", &manifest);
    let mut world = World::new();
    world.create(HERE, &code, &[]);
    assert_eq!(go(&mut world), codes::STACK_OVERFLOW);
}

#[test]
fn sums_and_entry_limits_hold() {
    let most = "(i64.store (i32.const 0) (i64.const -1)) (i64.store (i32.const 8) (i64.const -1))
        (drop (call $ledger_add (i32.const 1) (i32.const 0) (i32.const 32) (i32.const 0)))
        (drop (call $ledger_add (i32.const 1) (i32.const 64) (i32.const 32) (i32.const 500)))";
    assert_eq!(go(&mut one(|_, _| {}, most)), codes::SUM_OVERFLOW);
    let set = "(i32.store (i32.const 0) (i32.const N))
        (call $cell_set (i32.const 2) (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 0))";
    let bounded = |manifest: &mut Manifest, _: &mut Transition| {
        let mut cells = manifest.cells.to_vec();
        if let CellKind::Map(map) = &mut cells[1].kind {
            map.max_entries = Some(2);
        }
        manifest.cells = list(cells);
    };
    let create = |keys: u32| (0..keys).map(|key| set.replace('N', &key.to_string())).collect::<String>();
    assert_eq!(go(&mut one(bounded, &create(2))), 0);
    assert_eq!(go(&mut one(bounded, &create(3))), codes::MAX_ENTRIES);
}

#[test]
fn outputs_are_of_the_declared_type() {
    let give = |length: u32| format!("(call $output (i32.const 500) (i32.const {length}))");
    let returns = |ty: Type| move |_: &mut Manifest, method: &mut Transition| method.returns = Some(ty);
    assert_eq!(go(&mut one(returns(Type::Bool), &give(1))), 0);
    assert_eq!(go(&mut one(returns(Type::Bool), &give(2))), codes::BAD_OUTPUT);
    assert_eq!(go(&mut one(returns(Type::Bool), "")), codes::BAD_OUTPUT);
    assert_eq!(go(&mut one(|_, _| {}, "")), 0);
    assert_eq!(go(&mut one(|_, _| {}, &give(1))), codes::BAD_OUTPUT);
}

#[test]
fn calls_stand_in_the_declaration() {
    let invoke =
        "(drop (call $invoke (i32.const 700) (i32.const 800) (i32.const 2) (i32.const 0) (i32.const 0)
        (i32.const 900) (i64.const -1)))";
    let notify = "(call $notify (i32.const 700) (i32.const 800) (i32.const 2) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0))";
    let rule = |contract, method: Option<&str>, count_max| CallRule {
        contract,
        method: method.map(name),
        value_max: Amount(0),
        count_max,
    };
    let literal = |byte: u8| KeyTerm::Literal(list(vec![byte; 32]));
    let data = "(i32.store8 (i32.const 800) (i32.const 103)) (i32.store8 (i32.const 801) (i32.const 111))
        (memory.fill (i32.const 700) (i32.const 0x55) (i32.const 32))";
    let check = |rules: Vec<CallRule>, times: usize, expected: (u16, u16)| {
        let calls = rules.clone();
        let body = format!("{data} {}", invoke.repeat(times));
        let mut world = one(move |_, method| method.calls = list(calls), &body);
        assert_eq!(go(&mut world), expected.0, "{rules:?}");
        let notifies = rules.clone();
        let body = format!("{data} {}", notify.repeat(times));
        let mut world = one(move |_, method| method.notifies = list(notifies), &body);
        assert_eq!(go(&mut world), expected.1, "{rules:?}");
    };
    // The address has no contract: what is declared fails in its own way.
    let met = (0, codes::NOTIFY_FAILED);
    let refused = (codes::UNDECLARED_CALL, codes::UNDECLARED_NOTIFY);
    check(vec![], 1, refused);
    check(vec![rule(KeyTerm::Any, None, 1)], 1, met);
    check(vec![rule(KeyTerm::Any, None, 1)], 2, refused);
    check(vec![rule(KeyTerm::Any, None, 2)], 2, met);
    check(vec![rule(KeyTerm::Any, Some("go"), 1)], 1, met);
    check(vec![rule(KeyTerm::Any, Some("stop"), 1)], 1, refused);
    check(vec![rule(literal(0x55), None, 1)], 1, met);
    check(vec![rule(literal(0x56), None, 1)], 1, refused);
    check(vec![rule(KeyTerm::Caller, None, 1), rule(literal(0x55), Some("go"), 1)], 1, met);
}

#[test]
fn calls_from_outside_meet_the_method() {
    let mut world = World::probe();
    let probe = crate::world::PROBE;
    let args = kit::probe_args(&[], &[]);
    assert_eq!(code(world.call(ALICE, probe, "absent", &[])), codes::UNKNOWN_METHOD);
    assert_eq!(code(world.call(ALICE, probe, "", &[])), codes::UNKNOWN_METHOD);
    assert_eq!(code(world.call(ALICE, probe, "f_height", &args[1..])), codes::BAD_ARGUMENTS);
    let long = [args.clone(), vec![0]].concat();
    assert_eq!(code(world.call(ALICE, probe, "f_height", &long)), codes::BAD_ARGUMENTS);
    assert_eq!(code(world.call(ALICE, probe, "f_height", &vec![0; 16 * 1024 + 1])), codes::BAD_ARGUMENTS);
    assert_eq!(code(world.call(ALICE, BOB, "f_height", &args)), codes::CONTRACT_NOT_FOUND);
    let pay = |world: &mut World, method: &str, value| {
        code(world.call_with(ALICE, probe, method, &args, value, GAS))
    };
    assert_eq!(pay(&mut world, "f_height", 1_000_001), codes::VALUE_NOT_ACCEPTED);
    assert_eq!(pay(&mut world, "v_height", 1), codes::VALUE_NOT_ACCEPTED);
    assert_eq!(pay(&mut world, "f_height", 1_000_000), 0);
    assert_eq!(pay(&mut world, "f_height", 1), codes::INSUFFICIENT_BALANCE);
    assert_eq!(code(world.query(probe, "f_height", &args)), codes::NOT_A_VIEW);
    assert_eq!(code(world.query(probe, "v_height", &args)), 0);
}

#[test]
fn parameters_meet_types_and_ranges() {
    let mut manifest = Manifest::empty(name("ranged"));
    let mut number = kit::param("number", Type::U8);
    number.range = Some(ParamRange::Unsigned { min: 3, max: 5 });
    manifest.params = list(vec![number, kit::param("flag", Type::Bool)]);
    let code_bytes = kit::module(&[], "", &manifest);
    let mut world = World::new();
    let hash = world.upload(&code_bytes).expect("upload");
    let mut create = |params: &[u8], value| {
        world.instantiate(ALICE, HERE, hash, params, value).map_or_else(|failure| failure.code, |()| 0)
    };
    for params in [&[][..], &[3], &[2, 0], &[6, 0], &[4, 2], &[4, 1, 0]] {
        assert_eq!(create(params, 0), codes::BAD_ARGUMENTS, "{params:?}");
    }
    assert_eq!(create(&[3, 1], 1), codes::VALUE_NOT_ACCEPTED, "there is no constructor");
    assert_eq!(create(&[5, 0], 0), 0);
    assert_eq!(create(&[5, 0], 0), codes::CONTRACT_EXISTS);
    let missing = world.instantiate(ALICE, BOB, chainstack_primitives::Hash([1; 32]), &[], 0);
    assert_eq!(missing.expect_err("no code").code, codes::CODE_NOT_FOUND);
}

#[test]
fn deposits_stay_under_their_limit() {
    let mut world = one(|_, _| {}, ADD);
    for (limit, expected) in [(1_479_999_999_999_999, codes::DEPOSIT_LIMIT), (1_480_000_000_000_000, 0)] {
        world.deposit_max = Amount(limit);
        assert_eq!(code(world.call(ALICE, HERE, "go", &[])), expected, "{limit}");
    }
}
