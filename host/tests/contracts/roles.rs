//! Account roles: who may call, and how a role changes hands.

use chainstack_primitives::{
    AccountId, Amount, codes,
    manifest::{CallRule, CallerRule, KeyTerm, Manifest, ROLE_ACCEPT, RoleInitial, RoleKind, Type},
};

use crate::{
    kit,
    world::{ALICE, BOB, World},
};

const VAULT: AccountId = AccountId([0x7a; 32]);

/// `owner` is who instantiates; `guardian` is a parameter, and cannot be handed over.
fn vault() -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("vault"));
    manifest.params = kit::list(vec![kit::param("guardian", Type::Account)]);
    let mut guardian = kit::account_role(2, "guardian", RoleInitial::Param(0));
    if let RoleKind::Account { transferable, .. } = &mut guardian.kind {
        *transferable = false;
    }
    manifest.roles = kit::list(vec![kit::account_role(1, "owner", RoleInitial::Signer), guardian]);
    let mut open = kit::transition("open", vec![], None);
    open.caller = CallerRule::Roles(kit::list(vec![1]));
    let mut close = kit::transition("close", vec![], None);
    close.caller = CallerRule::Roles(kit::list(vec![1, 2]));
    let mut sign = kit::transition("sign", vec![], None);
    sign.caller = CallerRule::Signer;
    manifest.transitions = kit::list(vec![open, close, sign]);
    kit::module(&[("open", ""), ("close", ""), ("sign", "")], "", &manifest)
}

fn world() -> World {
    let mut world = World::new();
    world.create(VAULT, &vault(), &BOB.0);
    world
}

fn offer(to: AccountId) -> Vec<u8> {
    [&[1, 0][..], &to.0].concat()
}

fn code(result: Result<Vec<u8>, chainstack_runtime::ports::Failure>) -> u16 {
    result.map_or_else(|failure| failure.code, |_| 0)
}

#[test]
fn only_holders_call() {
    let mut world = world();
    assert_eq!(code(world.call(ALICE, VAULT, "open", &[])), 0);
    let failure = world.call(BOB, VAULT, "open", &[]).expect_err("not the owner");
    assert_eq!(failure.code, codes::WRONG_CALLER);
    assert!(failure.diagnostics.text.contains("role `owner`"), "{}", failure.diagnostics.text);
    assert_eq!(code(world.call(BOB, VAULT, "close", &[])), 0, "the guardian may");
    assert_eq!(code(world.call(BOB, VAULT, "sign", &[])), 0);
}

#[test]
fn a_role_is_offered_and_accepted() {
    let mut world = world();
    assert_eq!(code(world.call(BOB, VAULT, "$role.accept", &[1, 0])), codes::NOT_OFFERED);
    assert_eq!(code(world.call(BOB, VAULT, "$role.offer", &offer(BOB))), codes::WRONG_CALLER);
    assert_eq!(code(world.call(ALICE, VAULT, "$role.offer", &offer(AccountId::ZERO))), codes::ZERO_ADDRESS);
    assert_eq!(code(world.call(ALICE, VAULT, "$role.offer", &offer(BOB))), 0);
    assert_eq!(code(world.call(ALICE, VAULT, "open", &[])), 0, "an offer changes nothing yet");
    assert_eq!(code(world.call(ALICE, VAULT, "$role.accept", &[1, 0])), codes::NOT_OFFERED);
    assert_eq!(code(world.call(BOB, VAULT, "$role.accept", &[1, 0])), 0);
    assert_eq!(code(world.call(ALICE, VAULT, "open", &[])), codes::WRONG_CALLER);
    assert_eq!(code(world.call(BOB, VAULT, "open", &[])), 0);
    assert_eq!(code(world.call(BOB, VAULT, "$role.accept", &[1, 0])), codes::NOT_OFFERED, "once");
}

#[test]
fn a_role_given_up_never_acts_again() {
    let mut world = world();
    assert_eq!(code(world.call(ALICE, VAULT, "$role.offer", &offer(BOB))), 0);
    assert_eq!(code(world.call(ALICE, VAULT, "$role.renounce", &[1, 0])), 0);
    assert_eq!(
        code(world.call(BOB, VAULT, "$role.accept", &[1, 0])),
        codes::NOT_OFFERED,
        "the offer is gone"
    );
    for account in [ALICE, BOB, AccountId::ZERO] {
        assert_eq!(code(world.call(account, VAULT, "open", &[])), codes::ROLE_VACANT);
        assert_eq!(code(world.call(account, VAULT, "$role.offer", &offer(account))), codes::ROLE_VACANT);
    }
    assert_eq!(code(world.call(BOB, VAULT, "close", &[])), 0, "the other role still may");
}

#[test]
fn host_methods_check_their_arguments() {
    let mut world = world();
    for args in [vec![], vec![1], vec![1, 0, 0], vec![9, 0]] {
        assert_eq!(code(world.call(ALICE, VAULT, "$role.renounce", &args)), codes::BAD_ARGUMENTS, "{args:?}");
    }
    assert_eq!(code(world.call(ALICE, VAULT, "$role.offer", &[1, 0])), codes::BAD_ARGUMENTS);
    assert_eq!(code(world.call(ALICE, VAULT, "$upgrade.apply", &[])), codes::UNKNOWN_METHOD);
    let handed = [&[2, 0][..], &ALICE.0].concat();
    assert_eq!(code(world.call(BOB, VAULT, "$role.offer", &handed)), codes::UNKNOWN_METHOD);
    let paid = world.call_with(ALICE, VAULT, "$role.renounce", &[1, 0], 1, crate::world::GAS);
    assert_eq!(code(paid), codes::VALUE_NOT_ACCEPTED);
    assert_eq!(code(world.query(VAULT, "$role.renounce", &[1, 0])), codes::NOT_A_VIEW);
}

const HEIR: AccountId = AccountId([0x7b; 32]);

/// Accepts the vault's role 1, with as much gas as its argument says, and returns the status.
fn heir() -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("heir"));
    let mut take = kit::transition("take", vec![kit::field("gas", Type::U64)], Some(Type::U32));
    let accept = CallRule {
        contract: KeyTerm::Literal(kit::list(VAULT.0.to_vec())),
        method: Some(kit::name(ROLE_ACCEPT)),
        value_max: Amount(0),
        count_max: 1,
    };
    take.calls = kit::list(vec![accept]);
    manifest.transitions = kit::list(vec![take]);
    let body = "(drop (call $input (i32.const 0) (i32.const 8)))
        (memory.fill (i32.const 100) (i32.const 0x7a) (i32.const 32))
        (i32.store (i32.const 16) (call $invoke (i32.const 100) (i32.const 200) (i32.const 12)
            (i32.const 212) (i32.const 2) (i32.const 300) (i64.load (i32.const 0))))
        (call $output (i32.const 16) (i32.const 4))";
    kit::module(&[("take", body)], "(data (i32.const 200) \"$role.accept\\01\\00\")", &manifest)
}

fn take(world: &mut World, gas: u64) -> u32 {
    let output = world.call(BOB, HEIR, "take", &gas.to_le_bytes()).expect("take");
    u32::from_le_bytes(output.try_into().expect("four bytes"))
}

#[test]
fn a_contract_takes_a_role_within_the_gas_it_gives() {
    let mut world = world();
    world.create(HEIR, &heir(), &[]);
    assert_eq!(code(world.call(ALICE, VAULT, "$role.offer", &offer(HEIR))), 0);
    let out_of_gas = u32::from(codes::OUT_OF_GAS);
    let mut spent = 0;
    for gas in [0, 1, 10_000] {
        assert_eq!(take(&mut world, gas), out_of_gas, "{gas}");
        let before = std::mem::replace(&mut spent, world.gas);
        assert!(gas == 0 || spent - before < 10_000, "{spent} after {before}");
    }
    assert_eq!(take(&mut world, u64::MAX), 0);
    assert_eq!(code(world.call(ALICE, VAULT, "open", &[])), codes::WRONG_CALLER);
}

#[test]
fn a_zero_parameter_holds_no_role() {
    let mut world = World::new();
    let hash = world.upload(&vault()).expect("upload");
    let failure = world.instantiate(ALICE, VAULT, hash, &[0; 32], 0).expect_err("zero");
    assert_eq!(failure.code, codes::ZERO_ADDRESS);
}
