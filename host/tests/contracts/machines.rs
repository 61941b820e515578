//! Machines, items, windows, guards and invariants: what the host checks before and after code runs.

use chainstack_primitives::{
    AccountId, Amount, Height, codes,
    manifest::{
        CallRule, CallerRule, Clock, Invariant, ItemBinding, ItemField, KeyTerm, Manifest, Node, Ops,
        Reenter, Role, RoleInitial, RoleKind, StateSet, Touch, Touches, Transition, Type, TypeDef, TypeKind,
        View, Window,
    },
};
use chainstack_runtime::{ports::Failure, state::reserved};

use crate::{
    kit,
    world::{ALICE, BOB, World},
};

pub(crate) const BOARD: AccountId = AccountId([0x70; 32]);
pub(crate) const JOBS: u16 = 1;
/// The contract's machine and its states.
const MAIN: u16 = 1;
const ACTIVE: u8 = 0;
const PAUSED: u8 = 1;
/// The machine of each job and its states.
const JOB: u16 = 2;
const OPEN: u8 = 0;
const DONE: u8 = 1;
const CANCELLED: u8 = 2;
/// What all prices together may be.
pub(crate) const CAP: u128 = 1_000;
/// A job's last height is before this.
pub(crate) const DUE: u64 = 50;

fn set(machine: u16, states: &[u8]) -> StateSet {
    StateSet { machine, states: kit::list(states.to_vec()) }
}

fn touch(key: KeyTerm, ops: Ops, head: u16) -> Touches {
    Touches::Listed(kit::list(vec![Touch { cell: JOBS, key: kit::list(vec![key]), ops, head }]))
}

fn existing() -> ItemBinding {
    ItemBinding::Existing { cell: JOBS, key: kit::list(vec![KeyTerm::Arg(0)]) }
}

fn new() -> ItemBinding {
    ItemBinding::New { cell: JOBS, key: kit::list(vec![KeyTerm::Arg(0)]) }
}

/// A transition of the job that its first argument names.
fn of_job(method: &str, more: &[(&str, Type)], from: &[u8], to: &[u8]) -> Transition {
    let args = [("id", Type::U64)].iter().chain(more).map(|(name, ty)| kit::field(name, *ty));
    let mut transition = kit::transition(method, args.collect(), None);
    transition.item = existing();
    transition.touches = touch(KeyTerm::Item(0), Ops::READ.union(Ops::SET), 2);
    let sets = |states: &[u8]| if states.is_empty() { vec![] } else { vec![set(JOB, states)] };
    transition.from = kit::list(sets(from));
    transition.to = kit::list(sets(to));
    transition
}

/// Sets the entry of the job at 0 to: seller at 100, price at 8, due at 24.
const OPEN_BODY: &str = "(drop (call $input (i32.const 0) (i32.const 32)))
    (call $caller (i32.const 100))
    (memory.copy (i32.const 132) (i32.const 8) (i32.const 24))
    (call $cell_set (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 100) (i32.const 56))";

/// Changes the price, at 8, of the job whose key lies at the pointer.
fn reprice_body(input: u32, key: u32, price: u32) -> String {
    format!(
        "(drop (call $input (i32.const 0) (i32.const {input})))
        (if (i32.ne (call $cell_get (i32.const 1) (i32.const {key}) (i32.const 8) (i32.const 100) (i32.const 56))
                (i32.const 56))
            (then (unreachable)))
        (memory.copy (i32.const 132) (i32.const {price}) (i32.const 16))
        (call $cell_set (i32.const 1) (i32.const {key}) (i32.const 8) (i32.const 100) (i32.const 56))"
    )
}

const SETTLE_BODY: &str = "(drop (call $input (i32.const 0) (i32.const 12)))
    (if (i32.lt_u (i32.load (i32.const 8)) (i32.const 99))
        (then (call $transition (i32.const 2) (i32.load (i32.const 8)))))";

pub(crate) fn board() -> Vec<u8> {
    board_settling(DONE)
}

/// The board, whose nested calls settle a job so.
fn board_settling(how: u8) -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("board"));
    manifest.types = kit::list(vec![TypeDef {
        name: Some(kit::name("Ids")),
        kind: TypeKind::List { of: Type::U64, max: 8 },
    }]);
    manifest.params = kit::list(vec![kit::param("cap", Type::U128)]);
    let head = vec![
        kit::head("seller", Type::Account, true, false),
        kit::head("price", Type::U128, false, true),
        kit::head("due", Type::U64, true, false),
    ];
    manifest.cells = kit::list(vec![kit::map(JOBS, "jobs", vec![kit::field("id", Type::U64)], head, 8)]);
    manifest.machines = kit::list(vec![
        kit::machine(MAIN, "main", None, &["Active", "Paused"], &[]),
        kit::machine(JOB, "job", Some(JOBS), &["Open", "Done", "Cancelled"], &[DONE, CANCELLED]),
    ]);
    let seller = RoleKind::Item { cell: JOBS, field: ItemField::Head(0) };
    manifest.roles = kit::list(vec![
        kit::account_role(1, "owner", RoleInitial::Signer),
        Role { id: 2, name: kit::name("seller"), doc: Default::default(), kind: seller },
    ]);
    manifest.invariants = kit::list(vec![Invariant {
        id: 1,
        name: kit::name("capped"),
        doc: Default::default(),
        rule: kit::list(vec![Node::HeadSum { cell: JOBS, field: 1 }, Node::Param(0), Node::LessEqual]),
    }]);

    let mut open = of_job("open", &[("price", Type::U128), ("due", Type::U64)], &[], &[]);
    open.item = new();
    open.from = kit::list(vec![set(MAIN, &[ACTIVE])]);
    let mut forget = Transition { method: kit::name("forget"), ..open.clone() };
    forget.args = kit::list(vec![kit::field("id", Type::U64)]);
    let born_done =
        Transition { method: kit::name("born_done"), to: kit::list(vec![set(JOB, &[DONE])]), ..open.clone() };

    let mut finish = of_job("finish", &[], &[OPEN], &[DONE]);
    finish.from = kit::list(vec![set(MAIN, &[ACTIVE]), set(JOB, &[OPEN])]);
    finish.caller = CallerRule::Roles(kit::list(vec![2]));
    finish.window = Some(Window {
        clock: Clock::Height,
        opens: None,
        closes: Some(kit::list(vec![Node::Head(2)])),
        exit: None,
    });
    let mut collect = of_job("collect", &[], &[OPEN], &[CANCELLED]);
    collect.window = Some(Window {
        clock: Clock::Height,
        opens: Some(kit::list(vec![Node::Head(2)])),
        closes: None,
        exit: None,
    });
    let settle = of_job("settle", &[("how", Type::U32)], &[OPEN], &[DONE, CANCELLED]);
    let anyhow = of_job("anyhow", &[("how", Type::U32)], &[], &[OPEN, DONE, CANCELLED]);

    let mut reprice = of_job("reprice", &[("price", Type::U128)], &[OPEN], &[]);
    // At least half of what it was.
    reprice.guard =
        Some(kit::list(vec![Node::Arg(1), Node::Head(1), Node::Uint(2), Node::Div, Node::GreaterEqual]));
    let mut divide = of_job("divide", &[("by", Type::U64)], &[], &[]);
    divide.guard =
        Some(kit::list(vec![Node::Head(1), Node::Arg(1), Node::Div, Node::Uint(1), Node::GreaterEqual]));
    let mut other = of_job("reprice_other", &[("other", Type::U64), ("price", Type::U128)], &[OPEN], &[]);
    other.touches = touch(KeyTerm::Any, Ops::READ.union(Ops::SET).union(Ops::DELETE), 2);
    other.caller = CallerRule::Roles(kit::list(vec![2]));
    other.guard = Some(kit::list(vec![Node::Head(1), Node::Uint(100), Node::LessEqual]));
    let delete_other = Transition { method: kit::name("delete_other"), ..other.clone() };
    let other_for_drop = other.clone();

    let mut remove = of_job("remove", &[], &[], &[]);
    remove.touches = touch(KeyTerm::Item(0), Ops::DELETE, 0);
    let mut sneak = kit::transition("sneak", open.args.to_vec(), None);
    sneak.touches = touch(KeyTerm::Any, Ops::SET, 2);
    let mut all_done = kit::transition("all_done", vec![kit::field("ids", Type::Defined(0))], None);
    all_done.item = ItemBinding::Each { cell: JOBS, arg: 0, max: 3 };
    all_done.from = kit::list(vec![set(JOB, &[OPEN])]);
    all_done.to = kit::list(vec![set(JOB, &[DONE])]);
    let mut pause = kit::transition("pause", vec![], None);
    pause.caller = CallerRule::Roles(kit::list(vec![1]));
    pause.from = kit::list(vec![set(MAIN, &[ACTIVE])]);
    pause.to = kit::list(vec![set(MAIN, &[PAUSED])]);
    let mut resume = Transition { method: kit::name("resume"), ..pause.clone() };
    (resume.from, resume.to) = (kit::list(vec![set(MAIN, &[PAUSED])]), kit::list(vec![set(MAIN, &[ACTIVE])]));

    let mut twice = of_job("twice", &[("how", Type::U32)], &[], &[DONE, CANCELLED]);
    twice.from = kit::list(vec![set(JOB, &[OPEN])]);
    // Calls itself with the rest of its input, once the invariants hold.
    let mut again = of_job("again", &[("price", Type::U128), ("next", Type::U64)], &[OPEN], &[]);
    again.touches = touch(KeyTerm::Item(0), Ops::READ.union(Ops::SET), 2);
    again.reenter = Reenter::OtherItems;
    again.calls = kit::list(vec![CallRule {
        contract: KeyTerm::SelfAddress,
        method: Some(kit::name("settle")),
        value_max: Amount(0),
        count_max: 1,
    }]);
    again.returns = Some(Type::U32);
    // Lets another item's `delete_other` run, whose caller it is: so `seller` is no part of that.
    let mut lending = of_job("lending", &[("other", Type::U64), ("third", Type::U64)], &[OPEN], &[]);
    lending.reenter = Reenter::OtherItems;
    lending.calls = kit::list(vec![CallRule {
        contract: KeyTerm::SelfAddress,
        method: Some(kit::name("drop_other")),
        value_max: Amount(0),
        count_max: 1,
    }]);
    lending.returns = Some(Type::U32);
    let drop_other = Transition {
        method: kit::name("drop_other"),
        caller: CallerRule::Any,
        guard: None,
        ..other_for_drop
    };
    // Lets everybody in while it runs, and leads to Done whatever they did.
    let mut trusting = Transition { method: kit::name("trusting"), reenter: Reenter::All, ..again.clone() };
    trusting.to = kit::list(vec![set(JOB, &[DONE])]);

    manifest.transitions = kit::list(vec![
        open,
        forget,
        born_done,
        finish,
        collect,
        settle,
        anyhow,
        reprice,
        divide,
        other,
        delete_other,
        remove,
        sneak,
        all_done,
        pause,
        resume,
        twice,
        again,
        trusting,
        lending,
        drop_other,
    ]);
    let state = kit::view("state_of", vec![kit::field("id", Type::U64)], Type::I32);
    let main = kit::view("main", vec![], Type::I32);
    manifest.views = kit::list(vec![View { reads: kit::list(vec![JOBS]), ..state }, main]);

    let reprice_body_1 = reprice_body(24, 0, 8);
    let reprice_other_body = reprice_body(32, 8, 16);
    let again_body = format!(
        "{} (call $self (i32.const 200))
        (i32.store (i32.const 240) (i32.const {how}))
        (memory.copy (i32.const 232) (i32.const 24) (i32.const 8))
        (i32.store (i32.const 300) (call $invoke (i32.const 200) (i32.const 400) (i32.const 6)
            (i32.const 232) (i32.const 12) (i32.const 500) (i64.const -1)))
        (call $output (i32.const 300) (i32.const 4))",
        reprice_body(32, 0, 8)
    );
    let functions: &[(&str, &str)] = &[
        ("open", OPEN_BODY),
        ("forget", ""),
        ("born_done", OPEN_BODY),
        ("finish", ""),
        ("collect", ""),
        ("settle", SETTLE_BODY),
        ("anyhow", SETTLE_BODY),
        ("reprice", &reprice_body_1),
        ("divide", ""),
        ("reprice_other", &reprice_other_body),
        (
            "delete_other",
            "(drop (call $input (i32.const 0) (i32.const 32)))
            (drop (call $cell_delete (i32.const 1) (i32.const 8) (i32.const 8)))",
        ),
        (
            "remove",
            "(drop (call $input (i32.const 0) (i32.const 8)))
            (drop (call $cell_delete (i32.const 1) (i32.const 0) (i32.const 8)))",
        ),
        ("sneak", OPEN_BODY),
        ("all_done", ""),
        ("pause", ""),
        ("resume", ""),
        (
            "twice",
            "(call $transition (i32.const 2) (i32.const 1)) (call $transition (i32.const 2) (i32.const 2))",
        ),
        ("again", &again_body),
        ("trusting", &again_body),
        (
            "lending",
            "(drop (call $input (i32.const 0) (i32.const 24)))
            (call $self (i32.const 200))
            (i32.store (i32.const 300) (call $invoke (i32.const 200) (i32.const 410) (i32.const 10)
                (i32.const 8) (i32.const 32) (i32.const 500) (i64.const -1)))
            (call $output (i32.const 300) (i32.const 4))",
        ),
        (
            "drop_other",
            "(drop (call $input (i32.const 0) (i32.const 32)))
            (drop (call $cell_delete (i32.const 1) (i32.const 8) (i32.const 8)))",
        ),
        (
            "state_of",
            "(drop (call $input (i32.const 0) (i32.const 8)))
            (i32.store (i32.const 16) (call $state (i32.const 2) (i32.const 0) (i32.const 8)))
            (call $output (i32.const 16) (i32.const 4))",
        ),
        (
            "main",
            "(i32.store (i32.const 16) (call $state (i32.const 1) (i32.const 0) (i32.const 0)))
            (call $output (i32.const 16) (i32.const 4))",
        ),
    ];
    kit::module(
        functions,
        "(data (i32.const 400) \"settle\") (data (i32.const 410) \"drop_other\")",
        &manifest,
    )
}

pub(crate) fn board_world() -> World {
    let mut world = World::new();
    world.create(BOARD, &board(), &CAP.to_le_bytes());
    world
}

pub(crate) fn job(id: u64, price: u128, due: u64) -> Vec<u8> {
    [&id.to_le_bytes()[..], &price.to_le_bytes(), &due.to_le_bytes()].concat()
}

fn priced(id: u64, price: u128) -> Vec<u8> {
    [&id.to_le_bytes()[..], &price.to_le_bytes()].concat()
}

fn how(id: u64, how: u32) -> Vec<u8> {
    [&id.to_le_bytes()[..], &how.to_le_bytes()].concat()
}

/// With job 1 of Alice's, at 10, due at [`DUE`].
fn with_job() -> World {
    let mut world = board_world();
    assert_eq!(world.call(ALICE, BOARD, "open", &job(1, 10, DUE)), Ok(vec![]));
    world
}

fn refused(result: Result<Vec<u8>, Failure>, code: u16, parts: &[&str]) {
    let failure = result.expect_err("refused");
    let text = &failure.diagnostics.text;
    assert_eq!(failure.code, code, "{text}");
    for part in parts.iter().chain(&["board."]) {
        assert!(text.contains(part), "{text}: {part} expected");
    }
}

fn state_of(world: &mut World, id: u64) -> i32 {
    let output = world.query(BOARD, "state_of", &id.to_le_bytes()).expect("a view");
    i32::from_le_bytes(output.try_into().expect("four bytes"))
}

fn main_state(world: &mut World) -> i32 {
    let output = world.query(BOARD, "main", &[]).expect("a view");
    i32::from_le_bytes(output.try_into().expect("four bytes"))
}

#[test]
fn an_item_begins_in_its_initial_state_and_the_byte_is_the_hosts() {
    let mut world = with_job();
    let stored = &world.entry(BOARD, JOBS, &1_u64.to_le_bytes()).expect("created").value;
    assert_eq!(stored.len(), 1 + 56, "the state stands before what the code wrote");
    assert_eq!((stored[0], &stored[1..33]), (OPEN, &ALICE.0[..]));
    assert_eq!(state_of(&mut world, 1), 0);
    assert_eq!(state_of(&mut world, 2), -1, "absent");
    assert_eq!(main_state(&mut world), 0);
    let kept = world.entry(BOARD, reserved::STATES, &MAIN.to_le_bytes()).expect("the contract's machine");
    assert_eq!(kept.value, [ACTIVE]);
}

#[test]
fn a_new_item_must_not_be_there_and_must_be_created() {
    let mut world = with_job();
    let key = "0x0100000000000000";
    refused(
        world.call(ALICE, BOARD, "open", &job(1, 5, 9)),
        codes::ITEM_EXISTS,
        &["`jobs`", key, "board.open"],
    );
    refused(
        world.call(ALICE, BOARD, "forget", &7_u64.to_le_bytes()),
        codes::ITEM_NOT_CREATED,
        &["board.forget"],
    );
    refused(world.call(ALICE, BOARD, "finish", &7_u64.to_le_bytes()), codes::ITEM_NOT_FOUND, &["`jobs`"]);
}

#[test]
fn a_single_target_is_taken_by_the_host_itself() {
    let mut world = with_job();
    assert_eq!(world.call(ALICE, BOARD, "finish", &1_u64.to_le_bytes()), Ok(vec![]));
    assert_eq!(state_of(&mut world, 1), i32::from(DONE));
    let text = ["`job`", "`Done`", "`Open` expected", "0x0100000000000000"];
    refused(world.call(ALICE, BOARD, "finish", &1_u64.to_le_bytes()), codes::WRONG_STATE, &text);
    assert_eq!(world.call(ALICE, BOARD, "born_done", &job(2, 1, DUE)), Ok(vec![]));
    assert_eq!(state_of(&mut world, 2), i32::from(DONE));
}

#[test]
fn the_code_chooses_among_declared_targets_only_and_once() {
    let cases: [(u32, u16); 4] = [
        (0, codes::UNDECLARED_TARGET),
        (3, codes::UNDECLARED_TARGET),
        (1 << 8, 0),
        (99, codes::UNDECLARED_TARGET),
    ];
    for (target, code) in cases {
        let mut world = with_job();
        let result = world.call(ALICE, BOARD, "settle", &how(1, target));
        if code == 0 {
            // Past 98 the code chooses nothing, and the job stays where it may not.
            refused(
                result,
                codes::UNDECLARED_TARGET,
                &["was left in `Open`", "`Done` or `Cancelled` expected"],
            );
        } else {
            refused(result, code, &["`Done` or `Cancelled` expected"]);
        }
        assert_eq!(state_of(&mut world, 1), 0);
    }
    for target in [DONE, CANCELLED] {
        let mut world = with_job();
        assert_eq!(world.call(ALICE, BOARD, "settle", &how(1, target.into())), Ok(vec![]));
        assert_eq!(state_of(&mut world, 1), i32::from(target));
    }
    let mut world = with_job();
    refused(
        world.call(ALICE, BOARD, "twice", &how(1, 0)),
        codes::UNDECLARED_TARGET,
        &["was moved to `Done`"],
    );
    assert_eq!(world.call(ALICE, BOARD, "anyhow", &how(1, 99)), Ok(vec![]), "it may stay");
}

#[test]
fn nothing_leaves_a_terminal_state() {
    let mut world = with_job();
    assert_eq!(world.call(ALICE, BOARD, "settle", &how(1, 1)), Ok(vec![]));
    let text = ["ended in `Done`", "`Open`"];
    refused(world.call(ALICE, BOARD, "anyhow", &how(1, OPEN.into())), codes::WRONG_STATE, &text);
    assert_eq!(world.call(ALICE, BOARD, "anyhow", &how(1, DONE.into())), Ok(vec![]), "to itself");
}

#[test]
fn a_paused_contract_opens_and_finishes_nothing() {
    let mut world = with_job();
    refused(world.call(BOB, BOARD, "pause", &[]), codes::WRONG_CALLER, &["role `owner`"]);
    assert_eq!(world.call(ALICE, BOARD, "pause", &[]), Ok(vec![]));
    assert_eq!(main_state(&mut world), i32::from(PAUSED));
    let text = ["machine `main` is in `Paused`, `Active` expected"];
    refused(world.call(ALICE, BOARD, "pause", &[]), codes::WRONG_STATE, &text);
    refused(world.call(ALICE, BOARD, "open", &job(2, 1, DUE)), codes::WRONG_STATE, &text);
    refused(world.call(ALICE, BOARD, "finish", &1_u64.to_le_bytes()), codes::WRONG_STATE, &text);
    assert_eq!(world.call(ALICE, BOARD, "resume", &[]), Ok(vec![]));
    assert_eq!(world.call(ALICE, BOARD, "finish", &1_u64.to_le_bytes()), Ok(vec![]));
}

#[test]
fn an_items_role_is_held_by_whom_its_head_names() {
    let mut world = with_job();
    assert_eq!(world.call(BOB, BOARD, "open", &job(2, 10, DUE)), Ok(vec![]));
    refused(world.call(BOB, BOARD, "finish", &1_u64.to_le_bytes()), codes::WRONG_CALLER, &["role `seller`"]);
    assert_eq!(world.call(BOB, BOARD, "finish", &2_u64.to_le_bytes()), Ok(vec![]));
}

#[test]
fn a_window_is_open_from_its_first_height_to_before_its_last() {
    for (height, finish, collect) in
        [(DUE - 1, 0, codes::NOT_OPEN), (DUE, codes::PAST_WINDOW, 0), (DUE + 1, codes::PAST_WINDOW, 0)]
    {
        for (method, code) in [("finish", finish), ("collect", collect)] {
            let mut world = with_job();
            world.block.height = Height(height);
            let result = world.call(ALICE, BOARD, method, &1_u64.to_le_bytes());
            if code == 0 {
                assert_eq!(result, Ok(vec![]), "{method} at {height}");
            } else {
                refused(result, code, &[&format!("height {height}"), "50"]);
            }
        }
    }
}

#[test]
fn a_guard_is_asked_before_the_code_and_its_arithmetic_refuses() {
    let mut world = with_job();
    refused(world.call(ALICE, BOARD, "reprice", &priced(1, 4)), codes::GUARD_REFUSED, &["guard of item"]);
    assert_eq!(world.call(ALICE, BOARD, "reprice", &priced(1, 5)), Ok(vec![]));
    assert_eq!(world.call(ALICE, BOARD, "reprice", &priced(1, 2)), Ok(vec![]), "half of five, down");
    let by = |by: u64| [1_u64.to_le_bytes(), by.to_le_bytes()].concat();
    refused(world.call(ALICE, BOARD, "divide", &by(0)), codes::GUARD_ARITHMETIC, &["the divisor is zero"]);
    refused(world.call(ALICE, BOARD, "divide", &by(3)), codes::GUARD_REFUSED, &[]);
    assert_eq!(world.call(ALICE, BOARD, "divide", &by(2)), Ok(vec![]));
}

#[test]
fn a_second_item_meets_all_that_the_first_one_meets() {
    let args = |id: u64, other: u64, price: u128| {
        [&id.to_le_bytes()[..], &other.to_le_bytes(), &price.to_le_bytes()].concat()
    };
    for method in ["reprice_other", "delete_other"] {
        let mut world = with_job();
        for (id, price) in [(2, 100), (3, 101)] {
            assert_eq!(world.call(ALICE, BOARD, "open", &job(id, price, DUE)), Ok(vec![]));
        }
        assert_eq!(world.call(BOB, BOARD, "open", &job(4, 1, DUE)), Ok(vec![]));
        assert_eq!(world.call(ALICE, BOARD, "open", &job(5, 1, DUE)), Ok(vec![]));
        assert_eq!(world.call(ALICE, BOARD, "settle", &how(5, 1)), Ok(vec![]));
        refused(
            world.call(ALICE, BOARD, method, &args(1, 3, 7)),
            codes::GUARD_REFUSED,
            &["0x0300000000000000"],
        );
        refused(world.call(ALICE, BOARD, method, &args(1, 4, 7)), codes::WRONG_CALLER, &["`seller`"]);
        refused(
            world.call(ALICE, BOARD, method, &args(1, 5, 7)),
            codes::WRONG_STATE,
            &["0x0500000000000000"],
        );
        assert_eq!(world.call(ALICE, BOARD, method, &args(1, 2, 7)), Ok(vec![]), "{method}");
        assert_eq!(world.call(ALICE, BOARD, method, &args(1, 1, 7)), Ok(vec![]), "the bound one itself");
    }
}

#[test]
fn only_a_transition_that_says_so_creates_an_item() {
    let mut world = with_job();
    let text = ["`jobs`", "creates"];
    refused(world.call(ALICE, BOARD, "sneak", &job(2, 1, DUE)), codes::UNDECLARED_TOUCH, &text);
    // The same code may overwrite one that is there, within its touches: the state stays.
    assert_eq!(world.call(ALICE, BOARD, "settle", &how(1, 1)), Ok(vec![]));
    assert_eq!(world.call(ALICE, BOARD, "sneak", &job(1, 1, DUE)), Ok(vec![]));
    assert_eq!(state_of(&mut world, 1), i32::from(DONE));
    assert_eq!(world.call(ALICE, BOARD, "remove", &1_u64.to_le_bytes()), Ok(vec![]));
    assert_eq!(state_of(&mut world, 1), -1);
}

#[test]
fn each_listed_item_is_checked_and_moved() {
    let mut world = with_job();
    for id in [2, 3, 4] {
        assert_eq!(world.call(ALICE, BOARD, "open", &job(id, 1, DUE)), Ok(vec![]));
    }
    let ids = |ids: &[u64]| parity_scale_codec::Encode::encode(&ids.to_vec());
    refused(
        world.call(ALICE, BOARD, "all_done", &ids(&[1, 2, 3, 4])),
        codes::BAD_ARGUMENTS,
        &["4 items", "1 to 3 expected"],
    );
    refused(
        world.call(ALICE, BOARD, "all_done", &ids(&[1, 2, 1])),
        codes::BAD_ARGUMENTS,
        &["item 2", "twice"],
    );
    refused(world.call(ALICE, BOARD, "all_done", &ids(&[1, 9])), codes::ITEM_NOT_FOUND, &["0x09"]);
    refused(world.call(ALICE, BOARD, "all_done", &ids(&[])), codes::BAD_ARGUMENTS, &["0 items"]);
    let one = world.call(ALICE, BOARD, "all_done", &ids(&[4])).map(|_| world.gas).expect("one");
    let three = world.call(ALICE, BOARD, "all_done", &ids(&[3, 1, 2])).map(|_| world.gas).expect("three");
    let prices = &world.schedule.host;
    let each = 2 * prices.read + prices.write;
    assert!(three - one >= 2 * each, "{one} for one, {three} for three, {each} for each");
    for id in 1..=4 {
        assert_eq!(state_of(&mut world, id), i32::from(DONE), "{id}");
    }
    refused(world.call(ALICE, BOARD, "all_done", &ids(&[1])), codes::WRONG_STATE, &["0x01"]);
}

#[test]
fn an_invariant_holds_after_each_call_and_before_each_call_out() {
    let mut world = with_job();
    let text = ["invariant `capped` does not hold"];
    refused(world.call(ALICE, BOARD, "open", &job(2, CAP - 9, DUE)), codes::INVARIANT_BROKEN, &text);
    assert_eq!(world.call(ALICE, BOARD, "open", &job(2, CAP - 10, DUE)), Ok(vec![]));
    refused(world.call(ALICE, BOARD, "reprice", &priced(1, 11)), codes::INVARIANT_BROKEN, &text);
    // Before the call out: what the callee would say never comes.
    let args = [&priced(1, 11)[..], &2_u64.to_le_bytes()].concat();
    refused(world.call(ALICE, BOARD, "again", &args), codes::INVARIANT_BROKEN, &text);
    assert_eq!(state_of(&mut world, 2), 0);
}

#[test]
fn a_contract_in_flight_may_be_entered_for_other_items_if_it_says_so() {
    let mut world = with_job();
    assert_eq!(world.call(ALICE, BOARD, "open", &job(2, 1, DUE)), Ok(vec![]));
    let args = |id: u64, next: u64| [&priced(id, 10)[..], &next.to_le_bytes()].concat();
    let status = |output: Result<Vec<u8>, Failure>| {
        u32::from_le_bytes(output.expect("again").try_into().expect("a status"))
    };
    assert_eq!(status(world.call(ALICE, BOARD, "again", &args(1, 1))), u32::from(codes::IN_FLIGHT));
    assert_eq!(state_of(&mut world, 1), 0);
    assert_eq!(status(world.call(ALICE, BOARD, "again", &args(1, 2))), 0);
    assert_eq!(state_of(&mut world, 2), 1);
}

#[test]
fn a_machine_that_a_nested_call_has_moved_is_not_moved_on() {
    // No transition leads from Done or Cancelled to Done: the nested call has taken the outer one's place.
    for (nested, found) in [(DONE, "`Done`"), (CANCELLED, "`Cancelled`")] {
        let mut world = World::new();
        world.create(BOARD, &board_settling(nested), &CAP.to_le_bytes());
        assert_eq!(world.call(ALICE, BOARD, "open", &job(1, 10, DUE)), Ok(vec![]));
        let args = [&priced(1, 10)[..], &1_u64.to_le_bytes()].concat();
        let text = ["is in", found, "by now"];
        refused(world.call(ALICE, BOARD, "trusting", &args), codes::WRONG_STATE, &text);
        assert_eq!(state_of(&mut world, 1), i32::from(OPEN));
    }
}

#[test]
fn an_item_is_its_own_calls_alone_while_others_are_let_in() {
    let mut world = with_job();
    assert_eq!(world.call(ALICE, BOARD, "open", &job(2, 1, DUE)), Ok(vec![]));
    // `delete_other` is bound to 2, and would delete 1, for which `lending` runs.
    let args = [&1_u64.to_le_bytes()[..], &2_u64.to_le_bytes(), &1_u64.to_le_bytes()].concat();
    let status = world.call(ALICE, BOARD, "lending", &args).expect("lending");
    assert_eq!(status, u32::from(codes::IN_FLIGHT).to_le_bytes());
    assert_eq!(state_of(&mut world, 1), i32::from(OPEN));
    // Of a third one it may.
    assert_eq!(world.call(ALICE, BOARD, "open", &job(3, 1, DUE)), Ok(vec![]));
    let args = [&1_u64.to_le_bytes()[..], &2_u64.to_le_bytes(), &3_u64.to_le_bytes()].concat();
    let status = world.call(ALICE, BOARD, "lending", &args).expect("lending");
    assert_eq!((status, state_of(&mut world, 3)), (0_u32.to_le_bytes().to_vec(), -1));
}

#[test]
fn instantiation_checks_the_invariants_too() {
    let mut manifest = Manifest::empty(kit::name("board"));
    manifest.params = kit::list(vec![kit::param("least", Type::U128)]);
    manifest.invariants = kit::list(vec![Invariant {
        id: 1,
        name: kit::name("rich"),
        doc: Default::default(),
        rule: kit::list(vec![Node::Balance, Node::Param(0), Node::GreaterEqual]),
    }]);
    let code = kit::module(&[], "", &manifest);
    let mut world = World::new();
    let hash = world.upload(&code).expect("admitted");
    let failure = world.instantiate(ALICE, BOARD, hash, &1_u128.to_le_bytes(), 0).expect_err("poor");
    assert_eq!(failure.code, codes::INVARIANT_BROKEN);
    assert_eq!(world.instantiate(ALICE, BOARD, hash, &0_u128.to_le_bytes(), 0), Ok(()));
}
