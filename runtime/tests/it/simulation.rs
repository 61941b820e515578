//! Dry runs and queries: what they say, and that they leave no trace.

use chainstack_primitives::{Amount, Call, Gas, Nonce, codes};
use chainstack_runtime::{
    block::{BlockInfo, query, simulate},
    ports::{ExecutionError, Serial},
};
use parity_scale_codec::Encode;

use crate::world::{Key, World, coins, entry, invoke, operator, transfer};

fn next_block(world: &World) -> BlockInfo {
    BlockInfo {
        version: 1,
        chain: world.parent.chain(),
        height: world.parent.child_height().expect("low"),
        time_ms: world.proposal().time_ms,
        base_fee: world.parent.child_base_fee(&world.schedule),
        proposer: operator().id(),
    }
}

#[test]
fn a_dry_run_says_what_the_block_then_says() {
    let mut world = World::new();
    let alice = Key::new(1);
    let contract = world.deploy(&alice, b"");
    let calls = [
        invoke(contract, "set", entry(b"k", b"v")),
        invoke(contract, "fail", entry(b"k", b"v")),
        transfer(Key::new(60).id(), coins(2)),
    ];
    for call in calls {
        let body = world.body(&alice, call);
        let report =
            simulate(&world.machine(&Serial), &next_block(&world), alice.id(), &body).expect("memory");
        let applied = world.seal_all(&[alice.verified(body)]).applied;
        let (receipt, outcome) = (&applied.receipts[0], &applied.outcomes[0]);
        assert_eq!(report.refused, None);
        assert_eq!((report.code, report.gas), (receipt.code, receipt.gas));
        assert_eq!((report.fee, report.deposit), (Some(receipt.fee), receipt.deposit));
        assert_eq!((report.output, report.events), (outcome.output.clone(), outcome.events.clone()));
        assert_eq!(
            (report.revert, report.diagnostics),
            (receipt.revert.to_vec(), outcome.diagnostics.clone())
        );
    }
}

#[test]
fn a_dry_run_of_what_could_not_be_included_still_tells_its_cost() {
    let mut world = World::new();
    let alice = Key::new(1);
    let contract = world.deploy(&alice, b"");
    let mut body = world.body(&alice, invoke(contract, "set", entry(b"k", b"v")));
    (body.nonce, body.max_fee_per_gas, body.gas_limit) = (Nonce(9), Amount(0), Gas(u64::MAX));
    body.max_deposit = Amount::MAX;
    let report = simulate(&world.machine(&Serial), &next_block(&world), alice.id(), &body).expect("memory");
    assert_eq!(report.refused.map(|refused| refused.code()), Some(codes::GAS_LIMIT_TOO_HIGH));
    assert_eq!((report.code, report.fee), (codes::OK, None));
    assert!(report.gas > Gas(50_000) && report.deposit.locked > Amount::ZERO);
    // Nobody without coins can lock any.
    let poor = Key::new(70);
    let report = simulate(&world.machine(&Serial), &next_block(&world), poor.id(), &body).expect("memory");
    assert_eq!(report.code, codes::DEPOSIT_LIMIT);
    // Too little for what is due in any case.
    body.gas_limit = Gas(10);
    let report = simulate(&world.machine(&Serial), &next_block(&world), alice.id(), &body).expect("memory");
    assert_eq!((report.code, report.gas), (codes::OUT_OF_GAS, Gas(10)));
}

#[test]
fn a_dry_run_with_no_deposit_limit_still_has_the_coins_that_the_call_moves() {
    let world = World::new();
    let (alice, bob) = (Key::new(1), Key::new(2));
    let mut body = world.body(&alice, Call::Transfer { to: bob.id(), amount: Amount(5) });
    body.max_deposit = Amount::MAX;
    let report = simulate(&world.machine(&Serial), &next_block(&world), alice.id(), &body).expect("memory");
    assert_eq!(report.refused.map(|refused| refused.code()), Some(codes::AMOUNT_OVERFLOW));
    assert_eq!(report.code, codes::OK);
}

#[test]
fn a_query_reads_and_leaves_nothing() {
    let mut world = World::new();
    let alice = Key::new(1);
    let contract = world.deploy(&alice, b"");
    world.run(&alice, invoke(contract, "set", entry(b"k", b"v")));
    let before = world.state.clone();
    let machine = world.machine(&Serial);
    let block = next_block(&world);
    let (done, gas) = query(&machine, &block, contract, "get", b"k", Gas(100)).expect("there");
    assert_eq!((done.output, gas), (b"v".to_vec(), Gas(10)));
    match query(&machine, &block, contract, "get", &b"k".encode(), Gas(1)) {
        Err(ExecutionError::Failed(failure)) => assert_eq!(failure.code, codes::OUT_OF_GAS),
        _ => panic!("a gas too little"),
    }
    assert_eq!(world.state, before);
}
