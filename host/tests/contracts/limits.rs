//! Each row of the table of limits of running code, at the limit and one past it.

use chainstack_host::{INITIALIZE_GAS_MAX, RUN_LIMITS};
use chainstack_primitives::{
    AccountId, codes,
    limits::Limit,
    manifest::{Manifest, Transition, Type},
};
use chainstack_runtime::ports::{ContractExecutor, Failure};

use crate::{
    frames,
    kit::{self, field, list, name},
    world::{ALICE, GAS, World},
};

const HERE: AccountId = AccountId([0x51; 32]);
/// Units that every function takes beside its values.
const FRAME_UNITS: usize = 24;

/// Runs a contract's one method, which has a body and a declaration of its own.
fn run(
    declare: impl FnOnce(&mut Manifest, &mut Transition),
    body: &str,
    extra: &str,
) -> Result<Vec<u8>, Failure> {
    let mut manifest = Manifest::empty(name("limits"));
    let mut go = kit::transition("go", vec![], None);
    declare(&mut manifest, &mut go);
    manifest.transitions = list(vec![go]);
    let mut world = World::new();
    world.create(HERE, &kit::module(&[("go", body)], extra, &manifest), &[]);
    world.call(ALICE, HERE, "go", &[])
}

fn code(result: Result<Vec<u8>, Failure>) -> u16 {
    result.map_or_else(|failure| failure.code, |_| 0)
}

/// A chain of functions that together take exactly `units` of stack.
fn stacked(units: usize) -> u16 {
    // `go` has no values: it calls the first of the chain. Each has 2000 locals, the last the rest.
    let (each, locals) = (FRAME_UNITS + 2_000, "i64 ".repeat(2_000));
    let mut left = units - FRAME_UNITS;
    let mut functions = String::new();
    let mut index = 0;
    while left >= each + FRAME_UNITS {
        functions.push_str(&format!("(func $f{index} (local {locals}) (call $f{}))", index + 1));
        left -= each;
        index += 1;
    }
    let rest = "i64 ".repeat(left - FRAME_UNITS);
    functions.push_str(&format!("(func $f{index} (local {rest}))"));
    code(run(|_, _| {}, "(call $f0)", &functions))
}

/// Uploads a module: the code, and the gas used.
fn upload(module: &[u8]) -> (u16, u64) {
    let mut world = World::new();
    let done = world.transact(ALICE, GAS, |executor, state, meter, block| {
        executor.upload(state, meter, block, ALICE, module)
    });
    (code(done), world.gas)
}

/// The code of uploading a module whose `_initialize` uses exactly `gas`.
fn initialized(gas: u64) -> u16 {
    let manifest = Manifest::empty(name("starting"));
    let (_, beside) = upload(&kit::module(&[], "", &manifest));
    // So many rounds of a loop, and then so many of what costs one.
    let run = |rounds: u64, nops: u64| {
        let body = format!(
            "(local $n i32) (loop $again (br_if $again (i32.lt_u
             (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const {rounds})))) {}",
            "nop ".repeat(usize::try_from(nops).expect("few"))
        );
        let (code, used) = upload(&kit::module(&[("_initialize", &body)], "", &manifest));
        (code, used - beside)
    };
    let ((_, few), (_, more)) = (run(1_000, 0), run(2_000, 0));
    let rounds = 1_000 + (gas - few) / ((more - few) / 1_000) - 10;
    let (below, used) = run(rounds, 0);
    assert_eq!(below, 0, "below the limit");
    let (code, used) = run(rounds, gas - used);
    assert_eq!(used, gas.min(INITIALIZE_GAS_MAX), "what was meant to be used");
    code
}

/// The code of a call that queues so many notifications, of a contract that takes them.
fn notified(count: usize) -> u16 {
    const TAKER: AccountId = AccountId([0x52; 32]);
    let mut taker = Manifest::empty(name("taker"));
    taker.transitions = list(vec![kit::transition("take", vec![], None)]);
    let mut asker = Manifest::empty(name("asker"));
    let mut go = kit::transition("go", vec![], None);
    go.notifies = list(vec![kit::anywhere(u16::MAX, 0)]);
    asker.transitions = list(vec![go]);
    let notify = "(call $notify (i32.const 0) (i32.const 100) (i32.const 4) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0))";
    let body =
        format!("(memory.fill (i32.const 0) (i32.const 0x52) (i32.const 32)) {}", notify.repeat(count));
    let mut world = World::new();
    world.create(TAKER, &kit::module(&[("take", "")], "", &taker), &[]);
    world.create(HERE, &kit::module(&[("go", &body)], "(data (i32.const 100) \"take\")", &asker), &[]);
    code(world.call(ALICE, HERE, "go", &[]))
}

/// The code of a call of a host function with `size` bytes of what the limit `name` bounds.
fn sized(name: &str, size: usize) -> u16 {
    let fixed = |bytes: u16| Type::FixedBytes { size: bytes };
    // Keys are a text of 254 bytes behind a length of two.
    let key = format!("(i32.store16 (i32.const 0) (i32.const {}))", (254 << 2) | 1);
    match name {
        "DATA_BYTES_MAX" => code(run(
            |_, go| go.returns = Some(fixed(16_384)),
            &format!("(call $output (i32.const 0) (i32.const {size}))"),
            "",
        )),
        "KEY_BYTES_MAX" => code(run(
            |manifest, _| {
                let key = vec![field("key", Type::Bytes { max: 254 })];
                manifest.cells = list(vec![kit::map(1, "entries", key, vec![], 8)]);
            },
            &format!(
                "{key} (call $cell_set (i32.const 1) (i32.const 0) (i32.const {size}) (i32.const 0) (i32.const 0))"
            ),
            "",
        )),
        "VALUE_BYTES_MAX" => code(run(
            |manifest, _| {
                let key = vec![field("key", Type::U32)];
                manifest.cells = list(vec![kit::map(1, "entries", key, vec![], 16_384)]);
            },
            &format!(
                "(call $cell_set (i32.const 1) (i32.const 0) (i32.const 4) (i32.const 0) (i32.const {size}))"
            ),
            "",
        )),
        "EVENT_BYTES_MAX" => code(run(
            |manifest, go| {
                manifest.events = list(vec![kit::event(1, "Wide", vec![field("bytes", fixed(4_096))])]);
                go.emits = list(vec![1]);
            },
            &format!("(call $emit (i32.const 1) (i32.const 0) (i32.const {size}))"),
            "",
        )),
        "ERROR_BYTES_MAX" => code(run(
            |manifest, go| {
                manifest.errors = list(vec![kit::error(1, "Wide", vec![field("bytes", fixed(254))])]);
                go.errors = list(vec![1]);
            },
            &format!("(call $revert (i32.const 1) (i32.const 0) (i32.const {size}))"),
            "",
        )),
        "METHOD_BYTES_MAX" => code(run(
            |_, go| go.calls = list(vec![kit::anywhere(1, 0)]),
            // Nobody stands at the zero address: the status says so, and the call goes on.
            &format!(
                "(drop (call $invoke (i32.const 0) (i32.const 0) (i32.const {size}) (i32.const 0) (i32.const 0)
                 (i32.const 0) (i64.const -1)))"
            ),
            "",
        )),
        "MESSAGE_BYTES_MAX" => code(run(
            |_, _| {},
            &format!(
                "(drop (memory.grow (i32.const 20)))
                 (call $keccak256 (i32.const 0) (i32.const {size}) (i32.const 0))"
            ),
            "",
        )),
        _ => panic!("{name} has no case"),
    }
}

/// What happens at `number` of what the limit bounds.
fn attempt(limit: &Limit, number: u64) -> u16 {
    let size = usize::try_from(number).expect("a size");
    match limit.name {
        "CALL_DEPTH_MAX" => frames::depth(size),
        "STACK_UNITS_MAX" => stacked(size),
        "INITIALIZE_GAS_MAX" => initialized(number),
        "NOTICES_MAX" => notified(size),
        name => sized(name, size),
    }
}

#[test]
fn each_limit_holds_at_it_and_one_past() {
    for limit in RUN_LIMITS {
        let (accepted, refused) = match limit.name {
            "CALL_DEPTH_MAX" => (0, codes::CALL_DEPTH),
            "STACK_UNITS_MAX" => (0, codes::STACK_OVERFLOW),
            "INITIALIZE_GAS_MAX" => (0, 2153),
            "NOTICES_MAX" => (0, codes::UNDECLARED_NOTIFY),
            // An error that is let out is the contract's own.
            "ERROR_BYTES_MAX" => (codes::REVERTED, codes::BAD_HOST_ARGUMENT),
            _ => (0, codes::BAD_HOST_ARGUMENT),
        };
        assert_eq!(attempt(limit, limit.value), accepted, "{} at it", limit.name);
        assert_eq!(attempt(limit, limit.value + 1), refused, "{} one past", limit.name);
    }
}

#[test]
fn the_greatest_declared_error_can_be_reverted_with() {
    let size = chainstack_primitives::manifest::limits::ERROR_SIZE_MAX;
    let failure = run(
        |manifest, go| {
            let wide = Type::FixedBytes { size: u16::try_from(size).expect("small") };
            manifest.errors = list(vec![kit::error(1, "Wide", vec![field("bytes", wide)])]);
            go.errors = list(vec![1]);
        },
        &format!("(call $revert (i32.const 1) (i32.const 0) (i32.const {size}))"),
        "",
    )
    .expect_err("reverted");
    assert_eq!((failure.code, failure.revert.len()), (codes::REVERTED, 256), "{failure:?}");
}
