//! Set roles: who is a member, how members change, and calls that a quorum approves.

use chainstack_primitives::{
    AccountId, Amount, Height, codes,
    manifest::{
        CallRule, CallerRule, KeyTerm, Manifest, Node, Role, RoleInitial, RoleKind, Transition, Type,
        TypeDef, TypeKind, approval_key, call_hash,
    },
};
use chainstack_runtime::{
    ports::Failure,
    state::reserved::{self, SetMember},
};
use parity_scale_codec::{Decode as _, Encode as _};

use crate::{
    kit,
    world::{ALICE, BOB, GAS, World},
};

const HALL: AccountId = AccountId([0x5e; 32]);
const CAROL: AccountId = AccountId([0xca; 32]);
const DAVE: AccountId = AccountId([0xda; 32]);
const OWNER: u16 = 1;
/// Two of at most four; the owner changes it.
const COUNCIL: u16 = 2;
/// Two of at most three; nobody changes it.
const ELDERS: u16 = 3;
/// One of at most three; the council changes it.
const CLERKS: u16 = 4;
const BLOCKS: u32 = 10;

fn set(id: u16, name: &str, (param, members_max): (u8, u8), threshold: u8, admin: Option<u16>) -> Role {
    let kind = RoleKind::Set { initial: param, members_max, threshold, approval_blocks: BLOCKS, admin };
    Role { id, name: kit::name(name), doc: Default::default(), kind }
}

fn guarded(method: &str, guard: Vec<Node>) -> Transition {
    let mut transition = kit::transition(method, vec![kit::field("amount", Type::U64)], None);
    transition.guard = Some(kit::list(guard));
    transition.value_max = Amount(100);
    transition
}

/// Fails in its code if its argument is 99.
const BODY: &str = "(drop (call $input (i32.const 0) (i32.const 8)))
    (if (i64.eq (i64.load (i32.const 0)) (i64.const 99)) (then (unreachable)))";

fn hall() -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("hall"));
    let members = |name: &str, max| TypeDef {
        name: Some(kit::name(name)),
        kind: TypeKind::List { of: Type::Account, max },
    };
    manifest.types = kit::list(vec![members("Council", 4), members("Three", 3)]);
    manifest.params = kit::list(vec![
        kit::param("council", Type::Defined(0)),
        kit::param("elders", Type::Defined(1)),
        kit::param("clerks", Type::Defined(1)),
    ]);
    manifest.roles = kit::list(vec![
        kit::account_role(OWNER, "owner", RoleInitial::Signer),
        set(COUNCIL, "council", (0, 4), 2, Some(OWNER)),
        set(ELDERS, "elders", (1, 3), 2, None),
        set(CLERKS, "clerks", (2, 3), 1, Some(COUNCIL)),
    ]);
    let mut enter = kit::transition("enter", vec![kit::field("amount", Type::U64)], None);
    enter.caller = CallerRule::Roles(kit::list(vec![COUNCIL]));
    let knock = guarded("knock", vec![Node::Member(COUNCIL), Node::Member(ELDERS), Node::Or]);
    let spend = guarded("spend", vec![Node::Quorum(COUNCIL)]);
    let small = vec![Node::Quorum(COUNCIL), Node::Arg(0), Node::Uint(50), Node::Less, Node::And];
    let both = vec![Node::Quorum(COUNCIL), Node::Quorum(ELDERS), Node::And];
    let either = vec![Node::Caller, Node::Account(DAVE), Node::Equal, Node::Quorum(COUNCIL), Node::Or];
    let others = [guarded("small", small), guarded("both", both), guarded("either", either)];
    manifest.transitions = kit::list([enter, knock, spend].into_iter().chain(others).collect());
    let methods = ["enter", "knock", "spend", "small", "both", "either"];
    let functions: Vec<(&str, &str)> = methods.iter().map(|name| (*name, BODY)).collect();
    kit::module(&functions, "", &manifest)
}

fn params(council: &[AccountId], elders: &[AccountId], clerks: &[AccountId]) -> Vec<u8> {
    (council, elders, clerks).encode()
}

fn world() -> World {
    let mut world = World::new();
    world.create(HALL, &hall(), &params(&[CAROL, ALICE, BOB], &[BOB, ALICE], &[CAROL]));
    world
}

fn at(world: &mut World, height: u64) {
    world.block.height = Height(height);
}

fn code(result: Result<Vec<u8>, Failure>) -> u16 {
    result.map_or_else(|failure| failure.code, |_| 0)
}

fn refused(result: Result<Vec<u8>, Failure>, code: u16, text: &str) {
    let failure = result.expect_err(text);
    assert_eq!(failure.code, code, "{failure:?}");
    assert!(failure.diagnostics.text.contains(text), "{failure:?}");
}

fn members(world: &World, role: u16) -> Vec<SetMember> {
    let entry = world.entry(HALL, reserved::SETS, &role.to_le_bytes()).expect("a set");
    Vec::decode(&mut entry.value.as_slice()).expect("members")
}

fn named(role: u16, account: AccountId) -> Vec<u8> {
    (role, account).encode()
}

fn change(
    world: &mut World,
    from: AccountId,
    method: &str,
    role: u16,
    account: AccountId,
) -> Result<Vec<u8>, Failure> {
    world.call(from, HALL, method, &named(role, account))
}

/// Approves a call of the hall with this amount, and no value.
fn approve(world: &mut World, from: AccountId, method: &str, amount: u64) -> Result<Vec<u8>, Failure> {
    let call = call_hash(&HALL, method.as_bytes(), &amount.to_le_bytes(), Amount(0));
    world.call(from, HALL, "$approve", call.as_bytes())
}

fn run(world: &mut World, from: AccountId, method: &str, amount: u64) -> Result<Vec<u8>, Failure> {
    world.call(from, HALL, method, &amount.to_le_bytes())
}

fn approvals(world: &World) -> usize {
    world.store.entries.keys().filter(|key| key.cell == reserved::APPROVALS).count()
}

#[test]
fn the_first_members_are_those_of_the_parameter() {
    let world = world();
    let found: Vec<AccountId> = members(&world, COUNCIL).iter().map(|member| member.account).collect();
    assert_eq!(found, [ALICE, BOB, CAROL], "ascending");
    let entry = world.entry(HALL, reserved::SETS, &COUNCIL.to_le_bytes()).expect("a set");
    let room = world.schedule.storage.entry_deposit(4 * 40 + 4).expect("small");
    assert_eq!((entry.deposit, entry.payer), (room, ALICE), "as for the most members");
}

#[test]
fn first_members_are_checked() {
    let mut world = World::new();
    let hash = world.upload(&hall()).expect("upload");
    let elders = [ALICE, BOB];
    let cases: [(&[AccountId], u16, &str); 4] = [
        (&[ALICE], codes::BAD_MEMBERS, "role `council`: 1 members found, 2 to 4 expected"),
        (&[], codes::BAD_MEMBERS, "0 members found"),
        (&[BOB, ALICE, BOB], codes::BAD_MEMBERS, "stands there twice"),
        (&[ALICE, AccountId::ZERO], codes::ZERO_ADDRESS, "role `council`: the all-zero key"),
    ];
    for (council, code, text) in cases {
        let params = params(council, &elders, &elders);
        let failure = world.instantiate(ALICE, HALL, hash, &params, 0).expect_err(text);
        assert_eq!(failure.code, code, "{failure:?}");
        assert!(failure.diagnostics.text.contains(text), "{failure:?}");
    }
    let five = params(&[ALICE, BOB, CAROL, DAVE, HALL], &elders, &elders);
    assert_eq!(
        world.instantiate(ALICE, HALL, hash, &five, 0).expect_err("five").code,
        codes::BAD_ARGUMENTS,
        "the list's own type says so"
    );
}

#[test]
fn members_call_and_nobody_else() {
    let mut world = world();
    for member in [ALICE, BOB, CAROL] {
        assert_eq!(code(run(&mut world, member, "enter", 1)), 0);
        assert_eq!(code(run(&mut world, member, "knock", 1)), 0);
    }
    refused(run(&mut world, DAVE, "enter", 1), codes::WRONG_CALLER, "expected a member of role `council`");
    assert_eq!(code(run(&mut world, DAVE, "knock", 1)), codes::GUARD_REFUSED);
}

#[test]
fn the_admin_changes_members_within_their_bounds() {
    let mut world = world();
    let mut call = |from, method, role, account| change(&mut world, from, method, role, account);
    refused(call(BOB, "$role.add", COUNCIL, DAVE), codes::WRONG_CALLER, "role `owner` is held by");
    refused(call(ALICE, "$role.add", COUNCIL, AccountId::ZERO), codes::ZERO_ADDRESS, "all-zero");
    refused(call(ALICE, "$role.add", COUNCIL, BOB), codes::ALREADY_A_MEMBER, "role `council`");
    refused(call(ALICE, "$role.remove", COUNCIL, DAVE), codes::NOT_A_MEMBER, "role `council`");
    refused(call(ALICE, "$role.add", ELDERS, DAVE), codes::SET_FIXED, "role `elders` has no admin");
    refused(call(ALICE, "$role.remove", ELDERS, BOB), codes::SET_FIXED, "role `elders`");
    refused(call(ALICE, "$role.add", OWNER, DAVE), codes::BAD_ARGUMENTS, "no set role has id 1");
    refused(call(ALICE, "$role.add", 9, DAVE), codes::BAD_ARGUMENTS, "no set role has id 9");
    assert_eq!(code(call(ALICE, "$role.add", COUNCIL, DAVE)), 0);
    refused(call(ALICE, "$role.add", COUNCIL, HALL), codes::SET_FULL, "4 members, its most");
    assert_eq!(code(call(ALICE, "$role.remove", COUNCIL, CAROL)), 0);
    assert_eq!(code(call(ALICE, "$role.remove", COUNCIL, ALICE)), 0);
    refused(
        call(ALICE, "$role.remove", COUNCIL, BOB),
        codes::SET_AT_THRESHOLD,
        "2 members, its threshold is 2",
    );
    for args in [vec![], vec![2, 0], [named(COUNCIL, DAVE), vec![0]].concat()] {
        assert_eq!(code(world.call(ALICE, HALL, "$role.add", &args)), codes::BAD_ARGUMENTS, "{args:?}");
    }
    let found: Vec<AccountId> = members(&world, COUNCIL).iter().map(|member| member.account).collect();
    assert_eq!(found, [BOB, DAVE]);
    assert_eq!(code(run(&mut world, DAVE, "enter", 1)), 0);
    assert_eq!(code(run(&mut world, CAROL, "enter", 1)), codes::WRONG_CALLER);
    assert_eq!(code(world.query(HALL, "$role.add", &named(COUNCIL, CAROL))), codes::NOT_A_VIEW);
    let paid = world.call_with(ALICE, HALL, "$approve", &[0; 32], 1, GAS);
    assert_eq!(code(paid), codes::VALUE_NOT_ACCEPTED);
}

#[test]
fn a_set_that_is_an_admin_acts_by_its_quorum() {
    let mut world = world();
    let add = named(CLERKS, DAVE);
    let call = call_hash(&HALL, b"$role.add", &add, Amount(0));
    refused(world.call(DAVE, HALL, "$role.add", &add), codes::NOT_A_MEMBER, "no member of role `council`");
    let missing = format!("call {call} has 0 of 2 approvals of role `council`");
    refused(world.call(ALICE, HALL, "$role.add", &add), codes::NOT_APPROVED, &missing);
    for member in [BOB, CAROL] {
        assert_eq!(code(world.call(member, HALL, "$approve", call.as_bytes())), 0);
    }
    refused(change(&mut world, ALICE, "$role.add", CLERKS, HALL), codes::NOT_APPROVED, "0 of 2");
    assert_eq!(code(world.call(ALICE, HALL, "$role.add", &add)), 0);
    assert_eq!((members(&world, CLERKS).len(), approvals(&world)), (2, 0));
    // Put out by the same way, and not taken in again by the approvals of before.
    let remove = named(CLERKS, DAVE);
    let call = call_hash(&HALL, b"$role.remove", &remove, Amount(0));
    for member in [ALICE, CAROL] {
        assert_eq!(code(world.call(member, HALL, "$approve", call.as_bytes())), 0);
    }
    assert_eq!(code(world.call(BOB, HALL, "$role.remove", &remove)), 0);
    refused(world.call(ALICE, HALL, "$role.add", &add), codes::NOT_APPROVED, "0 of 2");
}

#[test]
fn a_quorum_is_as_many_approvals_of_exactly_this_call() {
    let mut world = world();
    let call = call_hash(&HALL, b"spend", &7_u64.to_le_bytes(), Amount(0));
    let missing = |found| format!("call {call} has {found} of 2 approvals of role `council`");
    refused(run(&mut world, ALICE, "spend", 7), codes::NOT_APPROVED, &missing(0));
    assert_eq!(code(approve(&mut world, ALICE, "spend", 7)), 0);
    let entry = world.entry(HALL, reserved::APPROVALS, &approval_key(&call, &ALICE)).expect("kept").clone();
    assert_eq!(entry.deposit, world.schedule.storage.entry_deposit(72).expect("small"));
    assert_eq!((entry.payer, entry.value), (ALICE, 42_u64.to_le_bytes().to_vec()));
    refused(run(&mut world, BOB, "spend", 7), codes::NOT_APPROVED, &missing(1));
    refused(
        approve(&mut world, ALICE, "spend", 7),
        codes::ALREADY_APPROVED,
        "at height 42, which counts still",
    );
    refused(run(&mut world, BOB, "spend", 7), codes::NOT_APPROVED, &missing(1));
    refused(approve(&mut world, DAVE, "spend", 7), codes::NOT_A_MEMBER, "member of no set");
    assert_eq!(code(approve(&mut world, BOB, "spend", 7)), 0);

    refused(run(&mut world, CAROL, "spend", 8), codes::NOT_APPROVED, "0 of 2");
    refused(run(&mut world, CAROL, "small", 7), codes::NOT_APPROVED, "0 of 2");
    let valued = world.call_with(ALICE, HALL, "spend", &7_u64.to_le_bytes(), 5, GAS);
    refused(valued, codes::NOT_APPROVED, "0 of 2");

    let (alice, bob) = (world.balance(&ALICE), world.balance(&BOB));
    assert_eq!(code(run(&mut world, DAVE, "spend", 7)), 0, "whoever makes it");
    assert_eq!(approvals(&world), 0);
    let returned = world.schedule.storage.entry_deposit(72).expect("small").0;
    assert_eq!(world.balance(&ALICE) - alice, returned);
    assert_eq!(world.balance(&BOB) - bob, returned);
    refused(run(&mut world, DAVE, "spend", 7), codes::NOT_APPROVED, &missing(0));
}

#[test]
fn approvals_stay_if_the_call_fails_and_all_go_if_it_does_not() {
    let mut world = world();
    for member in [ALICE, BOB, CAROL] {
        assert_eq!(code(approve(&mut world, member, "spend", 99)), 0);
        assert_eq!(code(approve(&mut world, member, "spend", 1)), 0);
    }
    assert_eq!(code(run(&mut world, ALICE, "spend", 99)), codes::TRAP);
    let short = world.call_with(ALICE, HALL, "spend", &1_u64.to_le_bytes(), 0, 150_000);
    assert_eq!(code(short), codes::OUT_OF_GAS);
    assert_eq!(approvals(&world), 6);
    assert_eq!(code(run(&mut world, ALICE, "spend", 1)), 0);
    assert_eq!(approvals(&world), 3, "one too many went with the others");
}

#[test]
fn approvals_expire_and_can_be_renewed() {
    let mut world = world();
    assert_eq!(code(approve(&mut world, ALICE, "spend", 7)), 0);
    at(&mut world, 45);
    assert_eq!(code(approve(&mut world, BOB, "spend", 7)), 0);
    at(&mut world, 53);
    refused(run(&mut world, BOB, "spend", 7), codes::NOT_APPROVED, "1 of 2");
    refused(approve(&mut world, BOB, "spend", 7), codes::ALREADY_APPROVED, "at height 45");
    assert_eq!(code(approve(&mut world, ALICE, "spend", 7)), 0, "what counts no more is renewed");
    assert_eq!(approvals(&world), 2);
    at(&mut world, 55);
    assert_eq!(code(run(&mut world, BOB, "spend", 7)), 0, "the last block of Bob's");
}

#[test]
fn the_last_block_of_an_approval_is_counted() {
    for (height, expected) in [(52, 0), (53, codes::NOT_APPROVED)] {
        let mut world = world();
        for member in [ALICE, BOB] {
            assert_eq!(code(approve(&mut world, member, "spend", 7)), 0);
        }
        at(&mut world, height);
        assert_eq!(code(run(&mut world, ALICE, "spend", 7)), expected, "{height}");
    }
}

#[test]
fn an_approval_can_be_taken_back() {
    let mut world = world();
    let call = call_hash(&HALL, b"spend", &7_u64.to_le_bytes(), Amount(0));
    assert_eq!(code(approve(&mut world, ALICE, "spend", 7)), 0);
    assert_eq!(code(approve(&mut world, BOB, "spend", 7)), 0);
    assert_eq!(code(world.call(CAROL, HALL, "$approve.revoke", call.as_bytes())), codes::NO_APPROVAL);
    let before = world.balance(&BOB);
    assert_eq!(code(world.call(BOB, HALL, "$approve.revoke", call.as_bytes())), 0);
    assert!(world.balance(&BOB) > before, "the deposit is back");
    refused(run(&mut world, ALICE, "spend", 7), codes::NOT_APPROVED, "1 of 2");
    assert_eq!(code(world.call(BOB, HALL, "$approve.revoke", call.as_bytes())), codes::NO_APPROVAL);
    for args in [vec![], vec![0; 31], vec![0; 33]] {
        assert_eq!(code(world.call(BOB, HALL, "$approve", &args)), codes::BAD_ARGUMENTS);
        assert_eq!(code(world.call(BOB, HALL, "$approve.revoke", &args)), codes::BAD_ARGUMENTS);
    }
}

#[test]
fn who_was_put_out_does_not_count_even_if_he_is_taken_in_again() {
    let mut world = world();
    assert_eq!(code(approve(&mut world, ALICE, "spend", 7)), 0);
    assert_eq!(code(approve(&mut world, CAROL, "spend", 7)), 0);
    assert_eq!(code(change(&mut world, ALICE, "$role.remove", COUNCIL, CAROL)), 0);
    refused(run(&mut world, BOB, "spend", 7), codes::NOT_APPROVED, "1 of 2");
    assert_eq!(code(change(&mut world, ALICE, "$role.add", COUNCIL, CAROL)), 0);
    refused(run(&mut world, BOB, "spend", 7), codes::NOT_APPROVED, "1 of 2");
    // Who is taken in speaks from the next block on.
    assert_eq!(code(change(&mut world, ALICE, "$role.add", COUNCIL, DAVE)), 0);
    refused(approve(&mut world, DAVE, "spend", 7), codes::NOT_A_MEMBER, "count from height 43 on");
    at(&mut world, 43);
    refused(run(&mut world, BOB, "spend", 7), codes::NOT_APPROVED, "1 of 2");
    assert_eq!(code(approve(&mut world, CAROL, "spend", 7)), 0, "anew");
    assert_eq!(code(run(&mut world, BOB, "spend", 7)), 0);
}

#[test]
fn one_approval_counts_for_each_set_of_its_giver() {
    let mut world = world();
    assert_eq!(code(approve(&mut world, ALICE, "both", 7)), 0);
    assert_eq!(code(approve(&mut world, CAROL, "both", 7)), 0);
    refused(run(&mut world, ALICE, "both", 7), codes::NOT_APPROVED, "has 1 of 2 approvals of role `elders`");
    assert_eq!(code(approve(&mut world, BOB, "both", 7)), 0);
    assert_eq!(code(run(&mut world, ALICE, "both", 7)), 0);
    assert_eq!(approvals(&world), 0);
}

#[test]
fn a_guard_that_approvals_would_not_open_is_refused_as_itself() {
    let mut world = world();
    assert_eq!(code(run(&mut world, ALICE, "small", 60)), codes::GUARD_REFUSED);
    assert_eq!(code(run(&mut world, ALICE, "small", 40)), codes::NOT_APPROVED);
    // Another way through the guard uses approvals up all the same: a call is approved once.
    assert_eq!(code(approve(&mut world, ALICE, "either", 7)), 0);
    assert_eq!(code(run(&mut world, DAVE, "either", 7)), 0);
    assert_eq!(approvals(&world), 0);
}

const CLERK: AccountId = AccountId([0x5f; 32]);

/// Approves the hash that it is given, in the hall.
fn clerk() -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("clerk"));
    let mut sign = kit::transition("sign", vec![kit::field("call", Type::Hash)], Some(Type::U32));
    sign.calls = kit::list(vec![CallRule {
        contract: KeyTerm::Literal(kit::list(HALL.0.to_vec())),
        method: Some(kit::name("$approve")),
        value_max: Amount(0),
        count_max: 2,
    }]);
    manifest.transitions = kit::list(vec![sign]);
    let body = "(drop (call $input (i32.const 0) (i32.const 32)))
        (memory.fill (i32.const 100) (i32.const 0x5e) (i32.const 32))
        (i32.store (i32.const 64) (call $invoke (i32.const 100) (i32.const 200) (i32.const 8)
            (i32.const 0) (i32.const 32) (i32.const 300) (i64.const 10000000)))
        (call $output (i32.const 64) (i32.const 4))";
    kit::module(&[("sign", body)], "(data (i32.const 200) \"$approve\")", &manifest)
}

#[test]
fn a_contract_approves_as_itself() {
    let mut world = World::new();
    world.create(HALL, &hall(), &params(&[CLERK, ALICE], &[BOB, ALICE], &[CAROL]));
    world.create(CLERK, &clerk(), &[]);
    let call = call_hash(&HALL, b"spend", &7_u64.to_le_bytes(), Amount(0));
    assert_eq!(world.call(DAVE, CLERK, "sign", call.as_bytes()), Ok(vec![0; 4]));
    let again = u32::from(codes::ALREADY_APPROVED).to_le_bytes().to_vec();
    assert_eq!(world.call(DAVE, CLERK, "sign", call.as_bytes()), Ok(again));
    assert_eq!(code(approve(&mut world, ALICE, "spend", 7)), 0);
    assert_eq!(code(run(&mut world, BOB, "spend", 7)), 0);
}

#[test]
fn what_approvals_cost_is_charged_whether_they_are_there_or_not() {
    let mut world = world();
    assert_eq!(code(run(&mut world, ALICE, "spend", 7)), codes::NOT_APPROVED);
    let none = world.gas;
    assert_eq!(code(approve(&mut world, ALICE, "spend", 7)), 0);
    let approved = world.gas;
    assert_eq!(code(run(&mut world, ALICE, "spend", 7)), codes::NOT_APPROVED);
    assert_eq!(world.gas, none, "by the most members, not by those who are there");
    let prices = &world.schedule.host;
    let sets = 3 * prices.read + prices.byte * (4 + 3 + 3) * 40;
    let own = sets + prices.read + prices.write + prices.new;
    // One page of memory is looked through as the code is loaded, and another time for the frame.
    let load = world.load_gas(hall().len()) + prices.memory_page;
    assert_eq!(approved, prices.frame + load + own, "the formula of `$approve`");
    let refused = change(&mut world, BOB, "$role.add", COUNCIL, DAVE);
    assert_eq!(code(refused), codes::WRONG_CALLER);
    assert_eq!(world.gas, world.schedule.host.frame + load + world.schedule.host.read);
}
