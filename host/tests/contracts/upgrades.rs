//! Upgrades: who proposes, who waits, what the gate asks, and what state is after it.

use chainstack_primitives::{
    AccountId, Amount, Height, codes,
    manifest::{
        CallRule, Effect, EscrowUse, Exit, Invariant, ItemBinding, KeyTerm, Machine, Manifest, Node, Reenter,
        Role, RoleInitial, RoleKind, State, Transition, Type, TypeDef, TypeKind, Upgrade, call_hash,
        escrow_holder,
    },
};
use chainstack_runtime::{
    ports::Failure,
    state::reserved::{self, ContractRecord, SetMember, UpgradeProposal},
};
use parity_scale_codec::{Decode as _, Encode as _};

use crate::{
    kit,
    world::{ALICE, BOB, GAS, World},
};

const SAFE: AccountId = AccountId([0x5a; 32]);
const CAROL: AccountId = AccountId([0xca; 32]);
const OWNER: u16 = 1;
const GUARD: u16 = 2;
const AIDE: u16 = 4;
const DEALS: u16 = 1;
const HELD: u16 = 3;
const BALANCES: u16 = 4;
const TALLIES: u16 = 6;
const NOTES: u16 = 9;
const REFUND: u16 = 1;
const DELAY: u32 = 10;

fn coins(method: &str) -> Transition {
    let mut transition = kit::transition(method, vec![kit::field("id", Type::U64)], None);
    transition.item = ItemBinding::New { cell: DEALS, key: kit::list(vec![KeyTerm::Arg(0)]) };
    transition.value_max = Amount(1_000_000);
    transition.escrows = kit::list(vec![EscrowUse { cell: HELD, pays_in: true, pays_out: false }]);
    transition
}

/// The first version: deals with coins in escrow, balances, and a way out that the buyer always has.
fn manifest() -> Manifest {
    let mut manifest = Manifest::empty(kit::name("safe"));
    manifest.params = kit::list(vec![kit::param("guard", Type::Account)]);
    manifest.roles = kit::list(vec![
        kit::account_role(OWNER, "owner", RoleInitial::Signer),
        kit::account_role(GUARD, "guard", RoleInitial::Param(0)),
        kit::account_role(AIDE, "aide", RoleInitial::Param(0)),
    ]);
    let head =
        vec![kit::head("buyer", Type::Account, true, false), kit::head("price", Type::U128, true, true)];
    manifest.cells = kit::list(vec![
        kit::map(DEALS, "deals", vec![kit::field("id", Type::U64)], head, 0),
        kit::escrow(HELD, "held", Some(DEALS)),
        kit::ledger(BALANCES, "balances", true, true),
        kit::ledger(TALLIES, "tallies", true, false),
        kit::ledger(NOTES, "notes", false, false),
    ]);
    let amount = || vec![kit::field("amount", Type::U128)];
    let mut renew = kit::transition("renew", vec![], Some(Type::U32));
    renew.reenter = Reenter::All;
    renew.calls = kit::list(vec![CallRule {
        contract: KeyTerm::SelfAddress,
        method: Some(kit::name("$upgrade.apply")),
        value_max: Amount(0),
        count_max: 1,
    }]);
    manifest.transitions = kit::list(vec![
        coins("open"),
        kit::transition("credit", amount(), None),
        kit::transition("tally", amount(), None),
        kit::transition("untally", amount(), None),
        renew,
    ]);
    manifest.views = kit::list(vec![kit::view("version", vec![], Type::U64)]);
    manifest.exits = kit::list(vec![Exit {
        id: REFUND,
        name: kit::name("refund"),
        doc: Default::default(),
        item: Some(DEALS),
        from: kit::list(vec![]),
        window: None,
        guard: None,
        effects: kit::list(vec![
            Effect::Release { escrow: HELD, amount: None, to: KeyTerm::Head(0), remainder: None },
            Effect::DeleteItem,
        ]),
        to: None,
        event: None,
    }]);
    manifest.upgrade = Upgrade::Gated { role: OWNER, delay_blocks: DELAY, veto: Some(GUARD) };
    manifest
}

const OPEN_BODY: &str = "(drop (call $input (i32.const 0) (i32.const 8)))
    (call $caller (i32.const 100)) (call $value (i32.const 132))
    (call $cell_set (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 100) (i32.const 48))
    (if (call $escrow_in (i32.const 3) (i32.const 0) (i32.const 8) (i32.const 132)) (then (unreachable)))";

/// Changes the caller's balance in a ledger by the amount given.
fn balance_body(function: &str, cell: u16) -> String {
    format!(
        "(drop (call $input (i32.const 0) (i32.const 16))) (call $caller (i32.const 100))
        (if (call ${function} (i32.const {cell}) (i32.const 100) (i32.const 32) (i32.const 0)) (then (unreachable)))"
    )
}

const RENEW_BODY: &str = "(call $self (i32.const 100))
    (i32.store (i32.const 64) (call $invoke (i32.const 100) (i32.const 200) (i32.const 14)
        (i32.const 0) (i32.const 0) (i32.const 300) (i64.const 10000000)))
    (call $output (i32.const 64) (i32.const 4))";

/// Code of a version: the first but for the edits, and what `version` answers.
fn code(version: u64, edit: impl Fn(&mut Manifest)) -> Vec<u8> {
    let mut manifest = manifest();
    edit(&mut manifest);
    let says =
        format!("(i64.store (i32.const 0) (i64.const {version})) (call $output (i32.const 0) (i32.const 8))");
    let (credit, tally) = (balance_body("ledger_add", BALANCES), balance_body("ledger_add", TALLIES));
    let untally = balance_body("ledger_sub", TALLIES);
    let bodies = [
        ("open", OPEN_BODY),
        ("credit", &credit),
        ("tally", &tally),
        ("untally", &untally),
        ("renew", RENEW_BODY),
        ("version", &says),
    ];
    let declared = |name: &str| manifest.transition(name).is_some() || manifest.view(name).is_some();
    let mut functions: Vec<(&str, &str)> = bodies.into_iter().filter(|(name, _)| declared(name)).collect();
    let more: Vec<String> = manifest.methods().map(|name| name.to_string()).collect();
    for name in &more {
        if !functions.iter().any(|(known, _)| known == name) {
            functions.push((name, ""));
        }
    }
    kit::module(&functions, "(data (i32.const 200) \"$upgrade.apply\")", &manifest)
}

fn world() -> World {
    let mut world = World::new();
    world.create(SAFE, &code(1, |_| {}), &BOB.0);
    world
}

fn at(world: &mut World, height: u64) {
    world.block.height = Height(height);
}

fn status(result: Result<Vec<u8>, Failure>) -> u16 {
    result.map_or_else(|failure| failure.code, |_| 0)
}

fn refused(result: Result<Vec<u8>, Failure>, code: u16, text: &str) {
    let failure = result.expect_err(text);
    assert_eq!(failure.code, code, "{failure:?}");
    assert!(failure.diagnostics.text.contains(text), "{failure:?}");
}

/// Uploads a version and proposes it.
fn propose(world: &mut World, code: &[u8]) -> Result<Vec<u8>, Failure> {
    let hash = world.upload(code).expect("upload");
    world.call(ALICE, SAFE, "$upgrade.propose", hash.as_bytes())
}

fn apply(world: &mut World) -> Result<Vec<u8>, Failure> {
    world.call(CAROL, SAFE, "$upgrade.apply", &[])
}

/// Proposes a version and applies it after the delay, as anybody.
fn upgrade(world: &mut World, code: &[u8]) -> Result<Vec<u8>, Failure> {
    propose(world, code)?;
    let height = world.block.height.0 + u64::from(DELAY);
    at(world, height);
    apply(world)
}

fn version(world: &mut World) -> u64 {
    u64::from_le_bytes(world.query(SAFE, "version", &[]).expect("a view").try_into().expect("eight bytes"))
}

fn record(world: &World) -> ContractRecord {
    ContractRecord::decode(&mut &*world.entry(SAFE, reserved::CONTRACT, &[]).expect("a record").value)
        .expect("one")
}

fn held(world: &World, deal: u64) -> u128 {
    let holder = escrow_holder(&SAFE, HELD, &deal.to_le_bytes());
    let entry = world.entry(SAFE, reserved::NATIVE_ESCROWS, &holder);
    entry.map_or(0, |entry| u128::from_le_bytes(entry.value.clone().try_into().expect("an amount")))
}

/// What stands in a sum or count of the contract.
fn kept(world: &World, cell: u16, key: &[u8]) -> Option<u128> {
    let mut bytes = world.entry(SAFE, cell, key)?.value.clone();
    bytes.resize(16, 0);
    Some(u128::from_le_bytes(bytes.try_into().expect("sixteen bytes")))
}

#[test]
fn code_changes_after_the_delay_for_anybody() {
    let mut world = world();
    refused(apply(&mut world), codes::NO_PROPOSAL, "no upgrade is proposed");
    let second = code(2, |_| {});
    let hash = world.upload(&second).expect("upload");
    refused(world.call(BOB, SAFE, "$upgrade.propose", hash.as_bytes()), codes::WRONG_CALLER, "role `owner`");
    assert_eq!(status(world.call(ALICE, SAFE, "$upgrade.propose", hash.as_bytes())), 0);
    let entry = world.entry(SAFE, reserved::PROPOSAL, &[]).expect("kept");
    let proposal = UpgradeProposal::decode(&mut entry.value.as_slice()).expect("one");
    assert_eq!(proposal, UpgradeProposal { code: hash, proposed: 42, proposer: ALICE });
    for height in [42, 51] {
        at(&mut world, height);
        refused(apply(&mut world), codes::UPGRADE_TOO_EARLY, "can be applied from height 52 on");
        assert_eq!(version(&mut world), 1);
    }
    at(&mut world, 52);
    assert_eq!(status(apply(&mut world)), 0);
    assert_eq!((version(&mut world), record(&world).version), (2, 2));
    assert_eq!((record(&world).code, record(&world).creator), (hash, ALICE));
    assert_eq!(world.entry(SAFE, reserved::PROPOSAL, &[]), None);
    refused(apply(&mut world), codes::NO_PROPOSAL, "no upgrade is proposed");
    let same = world.call(ALICE, SAFE, "$upgrade.propose", hash.as_bytes());
    refused(same, codes::BAD_ARGUMENTS, "runs code");
}

#[test]
fn what_is_not_uploaded_or_no_hash_is_not_proposed() {
    let mut world = world();
    let nothing = world.call(ALICE, SAFE, "$upgrade.propose", &[7; 32]);
    refused(nothing, codes::CODE_NOT_FOUND, "no code 0x0707");
    for args in [vec![], vec![7; 31], vec![7; 33]] {
        assert_eq!(status(world.call(ALICE, SAFE, "$upgrade.propose", &args)), codes::BAD_ARGUMENTS);
    }
    for method in ["$upgrade.apply", "$upgrade.veto", "$upgrade.withdraw"] {
        assert_eq!(status(world.call(ALICE, SAFE, method, &[0])), codes::BAD_ARGUMENTS, "{method}");
    }
}

#[test]
fn a_veto_ends_a_proposal_and_a_new_one_waits_anew() {
    let mut world = world();
    let second = code(2, |_| {});
    assert_eq!(status(propose(&mut world, &second)), 0);
    refused(world.call(CAROL, SAFE, "$upgrade.veto", &[]), codes::WRONG_CALLER, "role `guard` is held by");
    refused(world.call(BOB, SAFE, "$upgrade.withdraw", &[]), codes::WRONG_CALLER, "role `owner` is held by");
    at(&mut world, 60);
    assert_eq!(status(world.call(BOB, SAFE, "$upgrade.veto", &[])), 0, "even when it could be applied");
    refused(apply(&mut world), codes::NO_PROPOSAL, "no upgrade is proposed");
    refused(world.call(BOB, SAFE, "$upgrade.veto", &[]), codes::NO_PROPOSAL, "no upgrade is proposed");
    let hash = chainstack_primitives::tagged(chainstack_primitives::Tag::Code, &second);
    let again = |world: &mut World| status(world.call(ALICE, SAFE, "$upgrade.propose", hash.as_bytes()));
    assert_eq!(again(&mut world), 0);
    at(&mut world, 65);
    assert_eq!(again(&mut world), 0, "in place of the one before");
    at(&mut world, 70);
    refused(apply(&mut world), codes::UPGRADE_TOO_EARLY, "from height 75 on");
    assert_eq!(status(world.call(ALICE, SAFE, "$upgrade.withdraw", &[])), 0);
    at(&mut world, 75);
    refused(apply(&mut world), codes::NO_PROPOSAL, "no upgrade is proposed");
    assert_eq!(version(&mut world), 1);
}

#[test]
fn no_policy_no_method() {
    let mut world = World::new();
    world.create(SAFE, &code(1, |manifest| manifest.upgrade = Upgrade::None), &BOB.0);
    for method in ["$upgrade.propose", "$upgrade.withdraw", "$upgrade.veto", "$upgrade.apply"] {
        refused(world.call(ALICE, SAFE, method, &[]), codes::UNKNOWN_METHOD, "declares no upgrade");
    }
    let mut world = World::new();
    let without = |manifest: &mut Manifest| {
        manifest.upgrade = Upgrade::Gated { role: OWNER, delay_blocks: DELAY, veto: None };
    };
    world.create(SAFE, &code(1, without), &BOB.0);
    refused(world.call(BOB, SAFE, "$upgrade.veto", &[]), codes::UNKNOWN_METHOD, "nobody who may veto");
}

#[test]
fn what_breaks_a_promise_is_not_even_proposed() {
    type Edit = fn(&mut Manifest);
    let cases: [(Edit, &str); 9] = [
        (|manifest| manifest.exits = kit::list(vec![]), "exit: Exit `refund` is gone."),
        (
            |manifest| {
                let mut exits: Vec<Exit> = manifest.exits.iter().cloned().collect();
                exits[0].effects = kit::list(vec![
                    Effect::Release { escrow: HELD, amount: None, to: KeyTerm::Param(0), remainder: None },
                    Effect::DeleteItem,
                ]);
                manifest.exits = kit::list(exits);
            },
            "effect: Exit `refund` has another effect.",
        ),
        (
            |manifest| manifest.upgrade = Upgrade::Gated { role: OWNER, delay_blocks: 9, veto: Some(GUARD) },
            "delay: The delay of upgrades is cut from 10 to 9 blocks.",
        ),
        (
            |manifest| manifest.upgrade = Upgrade::Gated { role: OWNER, delay_blocks: DELAY, veto: None },
            "veto: ",
        ),
        (
            |manifest| {
                let mut open = coins("seize");
                open.item = ItemBinding::Existing { cell: DEALS, key: kit::list(vec![KeyTerm::Arg(0)]) };
                open.escrows = kit::list(vec![EscrowUse { cell: HELD, pays_in: false, pays_out: true }]);
                let transitions = manifest.transitions.iter().cloned().chain([open]);
                manifest.transitions = kit::list(transitions.collect());
            },
            "reach: Method `seize` can take from escrow `held`",
        ),
        (
            |manifest| {
                let cells = manifest.cells.iter().filter(|cell| cell.id != HELD && cell.id != DEALS);
                manifest.cells = kit::list(cells.cloned().collect());
                manifest.exits = kit::list(vec![]);
                let kept = manifest.transitions.iter().filter(|method| &*method.method != "open");
                manifest.transitions = kit::list(kept.cloned().collect());
            },
            "cell: Cell `held` is gone.",
        ),
        (
            |manifest| {
                let params = manifest.params.iter().cloned().chain([kit::param("fee", Type::U8)]);
                manifest.params = kit::list(params.collect());
            },
            "params: Parameter `fee` is new, and has no default",
        ),
        (
            |manifest| {
                let cells = manifest.cells.iter().cloned().map(|cell| match cell.id {
                    NOTES => kit::ledger(NOTES, "notes", true, false),
                    _ => cell,
                });
                manifest.cells = kit::list(cells.collect());
            },
            "aggregates: Another sum or count is kept of cell `notes`",
        ),
        (
            |manifest| gains(manifest, &[1]),
            "deposit: Items of cell `deals` keep too small a deposit for what exits create in ledgers now.",
        ),
    ];
    let mut world = world();
    for (version, (edit, text)) in (2..).zip(cases) {
        refused(propose(&mut world, &code(version, edit)), codes::UPGRADE_REFUSED, text);
        assert_eq!(world.entry(SAFE, reserved::PROPOSAL, &[]), None, "{text}");
    }
}

/// Exits of a deal besides: each lets out what is held and adds to so many balances of the buyer.
fn gains(manifest: &mut Manifest, balances: &[usize]) {
    let more = (REFUND + 1..).zip(balances).map(|(id, count)| {
        let mut exit = manifest.exits[0].clone();
        let (key, amount) = (kit::list(vec![KeyTerm::Head(0)]), kit::list(vec![Node::Head(1)]));
        let gain = |cell| Effect::LedgerAdd { cell, key: key.clone(), amount: amount.clone() };
        let gained = [BALANCES, NOTES].into_iter().take(*count).map(gain);
        let mut effects = exit.effects.to_vec();
        effects.splice(1..1, gained);
        (exit.id, exit.name, exit.effects) = (id, kit::name(&format!("gain{id}")), kit::list(effects));
        exit
    });
    manifest.exits = kit::list(manifest.exits.iter().cloned().chain(more).collect());
}

#[test]
fn items_of_before_pay_for_exits_that_create_as_much() {
    let mut world = World::new();
    world.create(SAFE, &code(1, |manifest| gains(manifest, &[1])), &BOB.0);
    let opened = world.call_with(BOB, SAFE, "open", &1_u64.to_le_bytes(), 300, GAS);
    assert_eq!(status(opened), 0);
    let deposit = |cell, key: &[u8]| world.entry(SAFE, cell, key).expect("an entry").deposit.0;
    let escrow = escrow_holder(&SAFE, HELD, &1_u64.to_le_bytes());
    let locked = deposit(DEALS, &1_u64.to_le_bytes()) + deposit(reserved::NATIVE_ESCROWS, &escrow);
    let two = code(2, |manifest| gains(manifest, &[1, 2]));
    refused(propose(&mut world, &two), codes::UPGRADE_REFUSED, "deposit: Items of cell `deals`");
    assert_eq!(status(upgrade(&mut world, &code(3, |manifest| gains(manifest, &[1, 1])))), 0);
    assert_eq!(version(&mut world), 3);
    let before = world.balance(&BOB);
    assert_eq!(status(world.poke(CAROL, SAFE, REFUND + 2, &1_u64.to_le_bytes())), 0);
    assert_eq!(world.deposits.locked, Amount(0));
    let balance = world.entry(SAFE, BALANCES, &BOB.0).expect("a balance");
    let share = world.schedule.storage.entry_deposit(32 + 16).expect("small");
    assert_eq!((balance.payer, balance.deposit, &*balance.value), (BOB, share, &300_u128.to_le_bytes()[..]));
    assert_eq!(world.balance(&BOB) - before, 300 + locked - share.0);
}

/// The second version: a cell and a role less; a cell, a machine, a parameter and two roles more.
fn second(manifest: &mut Manifest) {
    let cells = manifest.cells.iter().filter(|cell| cell.id != TALLIES).cloned();
    manifest.cells = kit::list(cells.chain([kit::ledger(8, "fees", true, true)]).collect());
    let kept = manifest.transitions.iter().filter(|method| !method.method.ends_with("tally"));
    manifest.transitions = kit::list(kept.cloned().collect());
    manifest.machines = kit::list(vec![Machine {
        id: 2,
        name: kit::name("gear"),
        doc: Default::default(),
        cell: None,
        states: kit::list(vec![State { id: 3, name: kit::name("Low") }]),
        initial: 3,
        terminal: kit::list(vec![]),
    }]);
    manifest.types = kit::list(vec![TypeDef {
        name: Some(kit::name("Members")),
        kind: TypeKind::List { of: Type::Account, max: 3 },
    }]);
    let mut members = kit::param("members", Type::Defined(0));
    members.default = Some(vec![CAROL, BOB].encode().try_into().expect("short"));
    manifest.params = kit::list(manifest.params.iter().cloned().chain([members]).collect());
    let set = RoleKind::Set { initial: 1, members_max: 3, threshold: 2, approval_blocks: 5, admin: None };
    let board = Role { id: 7, name: kit::name("board"), doc: Default::default(), kind: set };
    let clerk = kit::account_role(8, "clerk", RoleInitial::Signer);
    let roles = manifest.roles.iter().filter(|role| role.id != AIDE).cloned();
    manifest.roles = kit::list(roles.chain([board, clerk]).collect());
}

#[test]
fn state_survives_and_what_is_new_begins() {
    let mut world = world();
    for (deal, value) in [(1_u64, 300), (2, 500)] {
        let opened = world.call_with(BOB, SAFE, "open", &deal.to_le_bytes(), value, GAS);
        assert_eq!(status(opened), 0);
    }
    assert_eq!(status(world.call(ALICE, SAFE, "credit", &70_u128.to_le_bytes())), 0);
    let offer = (OWNER, CAROL).encode();
    assert_eq!(status(world.call(ALICE, SAFE, "$role.offer", &offer)), 0);
    let tallied = kept(&world, reserved::SUMS, &TALLIES.to_le_bytes());
    assert_eq!(tallied, Some(0));
    let deals: Vec<_> = world
        .store
        .entries
        .iter()
        .filter(|(key, _)| key.cell < 0xff00)
        .map(|(key, entry)| (key.clone(), entry.clone()))
        .collect();

    assert_eq!(status(upgrade(&mut world, &code(2, second))), 0);
    assert_eq!((version(&mut world), record(&world).version), (2, 2));
    let after: Vec<_> = world
        .store
        .entries
        .iter()
        .filter(|(key, _)| key.cell < 0xff00)
        .map(|(key, entry)| (key.clone(), entry.clone()))
        .collect();
    assert_eq!(after, deals, "no entry of the contract's own changed");
    assert_eq!((held(&world, 1), held(&world, 2)), (300, 500));
    assert_eq!(kept(&world, reserved::SUMS, &BALANCES.to_le_bytes()), Some(70));
    assert_eq!(kept(&world, reserved::COUNTS, &DEALS.to_le_bytes()), Some(2));
    // What is gone left nothing behind, and gave its deposits back.
    assert_eq!(kept(&world, reserved::SUMS, &TALLIES.to_le_bytes()), None);
    assert_eq!(world.entry(SAFE, reserved::ROLES, &AIDE.to_le_bytes()), None);
    // What is new is there as after an instantiation.
    assert_eq!(kept(&world, reserved::SUMS, &8_u16.to_le_bytes()), Some(0));
    assert_eq!(kept(&world, reserved::COUNTS, &8_u16.to_le_bytes()), Some(0));
    assert_eq!(world.entry(SAFE, reserved::STATES, &2_u16.to_le_bytes()).expect("a machine").value, [3]);
    let params = &world.entry(SAFE, reserved::PARAMS, &[]).expect("parameters").value;
    assert_eq!(*params, (BOB, vec![CAROL, BOB]).encode());
    let board = &world.entry(SAFE, reserved::SETS, &7_u16.to_le_bytes()).expect("a set").value;
    let member = |account| SetMember { account, since: 0 };
    assert_eq!(Vec::decode(&mut board.as_slice()), Ok(vec![member(BOB), member(CAROL)]));
    assert_eq!(
        world.entry(SAFE, reserved::ROLES, &8_u16.to_le_bytes()).expect("a clerk").value,
        ALICE.0,
        "its creator"
    );
    // An offer of before stands; items leave as they were promised.
    assert_eq!(status(world.call(CAROL, SAFE, "$role.accept", &OWNER.encode())), 0);
    let before = world.balance(&BOB);
    assert_eq!(status(world.poke(CAROL, SAFE, REFUND, &1_u64.to_le_bytes())), 0);
    assert!(world.balance(&BOB) >= before + 300);
    assert_eq!(held(&world, 1), 0);
    let opened = world.call_with(BOB, SAFE, "open", &3_u64.to_le_bytes(), 9, GAS);
    assert_eq!((status(opened), held(&world, 3)), (0, 9));
}

#[test]
fn a_dropped_cell_must_be_empty_when_it_is_dropped() {
    let mut world = world();
    assert_eq!(status(world.call(ALICE, SAFE, "tally", &5_u128.to_le_bytes())), 0);
    refused(
        upgrade(&mut world, &code(2, second)),
        codes::CELL_NOT_EMPTY,
        "cell `tallies`, which holds balances of 5",
    );
    assert_eq!((version(&mut world), record(&world).version), (1, 1));
    assert_eq!(status(world.call(ALICE, SAFE, "untally", &5_u128.to_le_bytes())), 0);
    assert_eq!(status(apply(&mut world)), 0);
    let without_notes = |manifest: &mut Manifest| {
        second(manifest);
        manifest.cells = kit::list(manifest.cells.iter().filter(|cell| cell.id != NOTES).cloned().collect());
    };
    refused(
        upgrade(&mut world, &code(3, without_notes)),
        codes::CELL_NOT_EMPTY,
        "keeps neither sum nor count",
    );
}

#[test]
fn an_invariant_that_state_breaks_hinders_the_upgrade() {
    let mut world = world();
    assert_eq!(status(world.call(ALICE, SAFE, "credit", &70_u128.to_le_bytes())), 0);
    let capped = |manifest: &mut Manifest| {
        let rule = kit::list(vec![Node::LedgerSum(BALANCES), Node::Uint(50), Node::LessEqual]);
        let invariant = Invariant { id: 1, name: kit::name("capped"), doc: Default::default(), rule };
        manifest.invariants = kit::list(vec![invariant]);
    };
    refused(upgrade(&mut world, &code(2, capped)), codes::INVARIANT_BROKEN, "invariant `capped`");
    assert_eq!(version(&mut world), 1);
}

#[test]
fn a_contract_in_flight_keeps_its_code() {
    let mut world = world();
    assert_eq!(status(propose(&mut world, &code(2, |_| {}))), 0);
    at(&mut world, 52);
    let output = world.call(ALICE, SAFE, "renew", &[]).expect("the call itself goes on");
    assert_eq!(output, u32::from(codes::IN_FLIGHT).to_le_bytes());
    assert_eq!(version(&mut world), 1);
    assert_eq!(status(apply(&mut world)), 0);
    assert_eq!(version(&mut world), 2);
}

#[test]
fn a_set_proposes_and_vetoes_by_its_quorum() {
    let councils = |manifest: &mut Manifest| {
        manifest.types = kit::list(vec![TypeDef {
            name: Some(kit::name("Members")),
            kind: TypeKind::List { of: Type::Account, max: 3 },
        }]);
        manifest.params = kit::list(vec![kit::param("members", Type::Defined(0))]);
        let kind =
            RoleKind::Set { initial: 0, members_max: 3, threshold: 2, approval_blocks: 5, admin: None };
        manifest.roles =
            kit::list(vec![Role { id: OWNER, name: kit::name("council"), doc: Default::default(), kind }]);
        manifest.upgrade = Upgrade::Gated { role: OWNER, delay_blocks: DELAY, veto: Some(OWNER) };
    };
    let mut world = World::new();
    world.create(SAFE, &code(1, councils), &vec![ALICE, BOB, CAROL].encode());
    let second = code(2, councils);
    let hash = world.upload(&second).expect("upload");
    refused(world.call(ALICE, SAFE, "$upgrade.propose", hash.as_bytes()), codes::NOT_APPROVED, "0 of 2");
    let sign = |world: &mut World, method: &str, args: &[u8]| {
        let call = call_hash(&SAFE, method.as_bytes(), args, Amount(0));
        for member in [BOB, CAROL] {
            assert_eq!(status(world.call(member, SAFE, "$approve", call.as_bytes())), 0);
        }
    };
    sign(&mut world, "$upgrade.propose", hash.as_bytes());
    assert_eq!(status(world.call(ALICE, SAFE, "$upgrade.propose", hash.as_bytes())), 0);
    refused(world.call(ALICE, SAFE, "$upgrade.veto", &[]), codes::NOT_APPROVED, "0 of 2");
    sign(&mut world, "$upgrade.veto", &[]);
    assert_eq!(status(world.call(ALICE, SAFE, "$upgrade.veto", &[])), 0);
    at(&mut world, 52);
    assert_eq!(status(apply(&mut world)), codes::NO_PROPOSAL);
}
