//! Batches: all or none, in order, by index.

use chainstack_primitives::{Amount, BatchCall, codes};

use crate::world::{Key, World, batch, coins, entry, instantiate, invocation, transfer};

fn pay(seed: u8, amount: Amount) -> BatchCall {
    BatchCall::Transfer { to: Key::new(seed).id(), amount }
}

#[test]
fn a_batch_is_carried_out_in_order_and_outputs_its_last() {
    let mut world = World::new();
    let alice = Key::new(1);
    let contract = world.deploy(&alice, b"");
    let set = |value: &[u8]| BatchCall::Invoke(invocation(contract, "set", entry(b"k", value), Amount::ZERO));
    let transaction = world.next(&alice, batch(vec![pay(2, coins(1)), set(b"first"), set(b"second")]));
    let built = world.seal_all(&[transaction]);
    let receipt = &built.applied.receipts[0];
    assert_eq!((receipt.code, receipt.failed_call, receipt.event_count), (codes::OK, None, 2));
    assert_eq!(built.applied.outcomes[0].output, b"second");
    assert_eq!(world.balance(&Key::new(2).id()), coins(1001));
}

#[test]
fn a_failing_call_undoes_those_before_it_and_is_named() {
    let mut world = World::new();
    let alice = Key::new(1);
    let contract = world.deploy(&alice, b"");
    let fail = BatchCall::Invoke(invocation(contract, "fail", entry(b"k", b"why"), Amount::ZERO));
    for index in 0..3u8 {
        let mut calls = vec![pay(2, coins(1)), pay(3, coins(1))];
        calls.insert(usize::from(index), fail.clone());
        let receipt = world.run(&alice, batch(calls));
        assert_eq!((receipt.code, receipt.failed_call), (codes::REVERTED, Some(index)));
        assert_eq!(&*receipt.revert, b"why");
        assert_eq!(world.balance(&Key::new(2).id()), coins(1000));
    }
    let mut calls = vec![pay(2, Amount(1)); 63];
    calls.push(fail);
    assert_eq!(world.run(&alice, batch(calls)).failed_call, Some(63));
    let poke = |exit| {
        let item = Key::new(3).id().0.to_vec().try_into().expect("short");
        BatchCall::Poke(chainstack_primitives::Poke { contract, exit, item })
    };
    let receipt = world.run(&alice, batch(vec![pay(2, Amount(1)), poke(0)]));
    assert_eq!((receipt.code, receipt.failed_call), (codes::UNKNOWN_EXIT, Some(1)));
    let before = world.balance(&Key::new(3).id());
    let fund = BatchCall::Transfer { to: contract, amount: coins(2) };
    assert_eq!(world.run(&alice, batch(vec![fund, poke(1)])).code, codes::OK);
    assert_eq!(world.balance(&Key::new(3).id()).checked_sub(before), Some(coins(2)), "the exit paid it on");
}

#[test]
fn calls_of_a_batch_spend_what_earlier_ones_left() {
    let mut world = World::new();
    let (alice, bob) = (Key::new(1), Key::new(2));
    // The values are reserved together, so only what the calls themselves do can run dry: a payment back does not
    // count as funds.
    let transaction = world.next(&alice, batch(vec![pay(2, coins(600)), pay(2, coins(600))]));
    let built = world.seal(&[transaction]);
    assert_eq!(built.dropped[0].reason.code(), codes::INSUFFICIENT_FUNDS);
    let chainstack_primitives::Call::Instantiate(create) = instantiate(b"b", b"", coins(1)) else {
        panic!("an instantiation");
    };
    let receipt = world.run(&bob, batch(vec![BatchCall::Instantiate(create), pay(1, coins(1))]));
    assert_eq!(receipt.code, codes::OK);
    let receipt = world.run(&bob, transfer(alice.id(), coins(1)));
    assert_eq!(receipt.code, codes::OK);
}
