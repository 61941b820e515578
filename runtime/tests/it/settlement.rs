//! What transactions leave: fees, tips, refunds, deposits, totals; and what failed ones do not.

use chainstack_primitives::{AccountId, Amount, Call, DepositDelta, Gas, Nonce, codes, output_hash};
use chainstack_runtime::{
    params::Schedule,
    state::{Overlay, reserved},
    transaction::fee,
};

use crate::{
    puppet::REFUSED,
    world::{
        BOX_CODE, Key, World, box_address, box_hash, coins, entry, instantiate, invocation, invoke, operator,
        transfer,
    },
};

fn total(world: &World, key: &[u8]) -> Amount {
    chainstack_runtime::modules::balances::total(&mut Overlay::new(&world.state), key).expect("memory")
}

#[test]
fn a_transfer_burns_the_base_part_and_tips_the_rest() {
    let mut world = World::new();
    let (alice, new) = (Key::new(1), Key::new(50));
    let receipt = world.run(&alice, transfer(new.id(), coins(3)));
    let base_fee = world.parent.header().rest.base_fee;
    assert_eq!(receipt.code, codes::OK);
    assert_eq!(receipt.fee, Amount(u128::from(receipt.gas.0) * (base_fee.0 + 100)));
    assert_eq!(receipt.deposit, DepositDelta::default());
    assert_eq!(receipt.output_hash, output_hash(b""));
    assert_eq!(world.balance(&new.id()), coins(3));
    assert_eq!(world.balance(&alice.id()), Amount(coins(997).0 - receipt.fee.0));
    assert_eq!(world.balance(&operator().id()), Amount(u128::from(receipt.gas.0) * 100));
    assert_eq!(total(&world, reserved::BURNT_KEY), Amount(u128::from(receipt.gas.0) * base_fee.0));
    // To a new account costs what a transfer to an old one does, and the account.
    let again = world.run(&alice, transfer(new.id(), coins(3)));
    assert_eq!(receipt.gas.0 - again.gas.0, world.schedule.intrinsic.account_new);
}

#[test]
fn a_failed_transaction_leaves_exactly_fee_nonce_and_receipt() {
    let mut world = World::new();
    let alice = Key::new(1);
    let contract = world.deploy(&alice, b"");
    let mut consenting = invocation(contract, "set", entry(b"k", b"v"), Amount::ZERO);
    let native = chainstack_primitives::Send { asset: chainstack_primitives::Asset::Native, max: Amount(1) };
    consenting.sends = vec![native].try_into().expect("short");
    let failing = [
        (Call::Invoke(consenting), codes::BAD_ARGUMENTS),
        (invoke(contract, "fail", entry(b"k", b"payload")), codes::REVERTED),
        (invoke(contract, "trap", entry(b"k", b"v")), codes::TRAP),
        (invoke(contract, "burn", u64::MAX), codes::OUT_OF_GAS),
        (invoke(contract, "unknown", ()), codes::UNKNOWN_METHOD),
        (invoke(AccountId([9; 32]), "set", ()), codes::CONTRACT_NOT_FOUND),
        (instantiate(b"", b"", Amount(5)), codes::CONTRACT_EXISTS),
        (instantiate(b"x", b"fail", Amount(5)), codes::REVERTED),
        (transfer(AccountId::ZERO, Amount(1)), codes::ZERO_ADDRESS),
        (transfer(reserved::DEPOSITS, Amount(1)), codes::PROTOCOL_ADDRESS),
        (Call::Upload { code: b"bad code"[..].try_into().expect("short") }, REFUSED),
        (Call::Upload { code: BOX_CODE.try_into().expect("short") }, codes::CODE_EXISTS),
        (
            Call::Poke(chainstack_primitives::Poke {
                contract,
                exit: 2,
                item: vec![].try_into().expect("short"),
            }),
            codes::UNKNOWN_EXIT,
        ),
    ];
    for (call, code) in failing {
        let before = world.state.clone();
        let receipt = world.run(&alice, call.clone());
        assert_eq!(receipt.code, code, "{call:?}");
        assert_eq!((receipt.deposit, receipt.event_count), (DepositDelta::default(), 0));
        assert_eq!(receipt.output_hash, output_hash(b""));
        let expected_revert: &[u8] =
            if code == codes::REVERTED && matches!(call, Call::Invoke(_)) { b"payload" } else { b"" };
        assert_eq!(*receipt.revert, *expected_revert);
        // Put back fee, tip, burnt total and nonce: nothing else may differ.
        let changed: Vec<AccountId> = world
            .state
            .accounts()
            .iter()
            .filter(|(id, account)| before.accounts().get(*id) != Some(account))
            .map(|(id, _)| *id)
            .collect();
        let mut expected = vec![alice.id(), operator().id()];
        expected.sort();
        assert_eq!(changed, expected, "{call:?}");
        let (old, new) = (before.accounts()[&alice.id()], world.state.accounts()[&alice.id()]);
        assert_eq!(new.nonce, Nonce(old.nonce.0 + 1));
        assert_eq!(new.balance, Amount(old.balance.0 - receipt.fee.0));
        let entries =
            world.state.entries().iter().filter(|(key, entry)| before.entries().get(*key) != Some(entry));
        let owners: Vec<AccountId> = entries.map(|(key, _)| key.contract).collect();
        assert_eq!(owners, [reserved::TOTALS], "only the burnt total");
    }
}

#[test]
fn out_of_gas_costs_the_whole_limit_and_a_zero_transfer_creates_nobody() {
    let mut world = World::new();
    let alice = Key::new(1);
    let contract = world.deploy(&alice, b"");
    let receipt = world.run(&alice, invoke(contract, "burn", 5_000_000u64));
    assert_eq!((receipt.code, receipt.gas), (codes::OUT_OF_GAS, Gas(5_000_000)));
    let receipt = world.run(&alice, transfer(AccountId([5; 32]), Amount(0)));
    assert_eq!(receipt.code, codes::OK);
    assert_eq!(world.state.accounts().get(&AccountId([5; 32])), None);
}

#[test]
fn a_failing_value_returns_and_an_event_of_a_failure_is_not_told() {
    let mut world = World::new();
    let (alice, bob) = (Key::new(1), Key::new(2));
    let contract = world.deploy(&alice, b"");
    let failing = Call::Invoke(invocation(contract, "fail", entry(b"k", b"v"), coins(5)));
    let passing = Call::Invoke(invocation(contract, "set", entry(b"k", b"v"), coins(7)));
    let candidates = [world.next(&alice, failing), world.next(&bob, passing)];
    let built = world.seal_all(&candidates);
    assert_eq!(world.balance(&contract), coins(7));
    let outcomes = &built.applied.outcomes;
    assert_eq!((outcomes[0].events.len(), outcomes[1].events.len()), (0, 1));
    assert_eq!((&outcomes[0].output[..], &outcomes[1].output[..]), (&b""[..], &b"v"[..]));
    assert_eq!(outcomes[0].diagnostics.as_ref().map(|told| told.text.as_str()), Some("told to fail"));
    assert_eq!(outcomes[1].diagnostics, None);
    // What the contract holds it can pay out, and not more.
    let receipt = world.run(&bob, invoke(contract, "send", (alice.id(), coins(8))));
    assert_eq!(receipt.code, codes::INSUFFICIENT_BALANCE);
    let receipt = world.run(&bob, invoke(contract, "send", (alice.id(), coins(7))));
    assert_eq!(receipt.code, codes::OK);
    assert_eq!(world.balance(&contract), Amount::ZERO);
}

#[test]
fn deposits_are_locked_by_who_creates_and_returned_to_them_by_whoever_deletes() {
    let mut world = World::new();
    let (alice, bob) = (Key::new(1), Key::new(2));
    let contract = world.deploy(&alice, b"");
    let price = world.schedule.storage.entry_deposit(64).expect("small");
    let held = world.balance(&reserved::DEPOSITS);
    let created = world.run(&alice, invoke(contract, "set", entry(b"k", b"v")));
    assert_eq!(created.deposit, DepositDelta { locked: price, released: Amount::ZERO });
    assert_eq!(world.balance(&reserved::DEPOSITS), Amount(held.0 + price.0));
    // Overwriting by another keeps payer and deposit.
    let overwritten = world.run(&bob, invoke(contract, "set", entry(b"k", b"w")));
    assert_eq!(overwritten.deposit, DepositDelta::default());
    let before = world.balance(&alice.id());
    let deleted = world.run(&bob, invoke(contract, "delete", b"k".to_vec()));
    assert_eq!(deleted.deposit, DepositDelta { locked: Amount::ZERO, released: price });
    assert_eq!(world.balance(&alice.id()), Amount(before.0 + price.0));
    assert_eq!(world.balance(&reserved::DEPOSITS), held);
    // Created and deleted in one block, by two.
    let candidates = [
        world.next(&alice, invoke(contract, "set", entry(b"x", b"v"))),
        world.next(&bob, invoke(contract, "delete", b"x".to_vec())),
        world.next(&bob, invoke(contract, "delete", b"x".to_vec())),
    ];
    let built = world.seal_all(&candidates);
    let outputs: Vec<&[u8]> = built.applied.outcomes.iter().map(|outcome| &outcome.output[..]).collect();
    assert_eq!(outputs, [&b"v"[..], &[1], &[0]]);
    assert_eq!(world.balance(&reserved::DEPOSITS), held);
}

#[test]
fn the_deposit_limit_holds_to_the_last_unit() {
    let mut world = World::new();
    let alice = Key::new(1);
    let contract = world.deploy(&alice, b"");
    let price = world.schedule.storage.entry_deposit(64).expect("small");
    for (limit, code) in [(price.0 - 1, codes::DEPOSIT_LIMIT), (price.0, codes::OK)] {
        let mut body = world.body(&alice, invoke(contract, "set", entry(b"k", b"v")));
        body.max_deposit = Amount(limit);
        let built = world.seal_all(&[alice.verified(body)]);
        assert_eq!(built.applied.receipts[0].code, code);
    }
    // A key one byte past the longest.
    for (length, code) in [(256, codes::OK), (257, codes::BAD_KEY)] {
        let receipt = world.run(&alice, invoke(contract, "set", entry(&vec![1; length], b"v")));
        assert_eq!(receipt.code, code);
    }
}

#[test]
fn uploaded_code_is_kept_and_found_and_a_funded_address_does_not_hinder() {
    let mut world = World::new();
    let (alice, bob) = (Key::new(1), Key::new(2));
    let code = b"another box";
    let upload = Call::Upload { code: code[..].try_into().expect("short") };
    let built = {
        let transaction = world.next(&alice, upload);
        world.seal_all(&[transaction])
    };
    let hash = chainstack_primitives::tagged(chainstack_primitives::Tag::Code, code);
    assert_eq!(built.applied.outcomes[0].output, hash.0);
    let kept = chainstack_runtime::ports::StateReader::code(&world.state, &hash).expect("memory");
    assert_eq!(kept.as_deref(), Some(&code[..]));

    let address = box_address(&world, &alice, b"later");
    assert_eq!(world.run(&bob, transfer(address, coins(2))).code, codes::OK);
    let transaction = world.next(&alice, instantiate(b"later", b"", coins(1)));
    let built = world.seal_all(&[transaction]);
    assert_eq!(built.applied.receipts[0].code, codes::OK);
    assert_eq!(built.applied.outcomes[0].output, address.0);
    assert_eq!(world.balance(&address), coins(3));
    assert_eq!(world.state.accounts()[&address].code_hash, box_hash());

    let by_hash = |hash| {
        Call::Instantiate(chainstack_primitives::Instantiate {
            code: chainstack_primitives::CodeSource::Hash(hash),
            salt: b"s"[..].try_into().expect("short"),
            args: b""[..].try_into().expect("short"),
            value: Amount::ZERO,
        })
    };
    assert_eq!(world.run(&bob, by_hash(hash)).code, codes::OK);
    assert_eq!(world.run(&bob, by_hash(chainstack_primitives::Hash([3; 32]))).code, codes::CODE_NOT_FOUND);
    let unknown = Call::Instantiate(chainstack_primitives::Instantiate {
        code: chainstack_primitives::CodeSource::Paradigm("boxx".try_into().expect("short")),
        salt: b"s"[..].try_into().expect("short"),
        args: b""[..].try_into().expect("short"),
        value: Amount::ZERO,
    });
    assert_eq!(world.run(&bob, unknown).code, codes::PARADIGM_NOT_FOUND);
}

#[test]
fn rewards_are_issued_and_counted() {
    let mut schedule = Schedule::base().expect("base file");
    schedule.block.reward = coins(2);
    let mut world = World::with(schedule);
    world.seal_all(&[]);
    world.seal_all(&[]);
    assert_eq!(world.balance(&operator().id()), coins(4));
    assert_eq!(total(&world, reserved::ISSUED_KEY), coins(4));
    assert_eq!(total(&world, reserved::BURNT_KEY), Amount::ZERO);
}

#[test]
fn base_fee_follows_the_formula() {
    let mut params = Schedule::base().expect("base file").block;
    (params.gas_limit, params.base_fee_min) = (Gas(1000), Amount(7));
    // Target 500.
    let cases: [(u128, u64, u128); 14] = [
        (800, 500, 800),
        (800, 1000, 900),
        (800, 0, 700),
        (800, 750, 850),
        (800, 250, 750),
        (800, 501, 801), // d = 0, at least 1
        (800, 499, 800), // d = 0
        (7, 1000, 8),
        (7, 0, 7),
        (8, 0, 7),
        (4000, 503, 4003), // 4000 · 3 / 500 / 8 = 3
        (4000, 497, 3997),
        (u128::MAX, 1000, u128::MAX),
        (u128::MAX, 0, u128::MAX - u128::MAX / 8),
    ];
    for (base, used, expected) in cases {
        let found = fee::next_base_fee(&params, Amount(base), Gas(used));
        assert_eq!(found, Amount(expected), "base {base}, used {used}");
    }
    // The double floor of the formula, written out.
    for base in [9u128, 801, 123_456_789, 10u128.pow(30)] {
        for used in [0u64, 1, 333, 499, 501, 777, 1000] {
            let d = base * u128::from(used.abs_diff(500)) / 500 / 8;
            let expected = if used > 500 { base + d.max(1) } else { (base - d).max(7) };
            assert_eq!(fee::next_base_fee(&params, Amount(base), Gas(used)), Amount(expected));
        }
    }
}

#[test]
fn price_and_split_at_their_edges() {
    let price =
        |base, max, tip| fee::price_per_gas(Amount(base), Amount(max), Amount(tip)).map(|price| price.0);
    assert_eq!(price(10, 9, 0), None);
    assert_eq!(price(10, 10, 5), Some(10));
    assert_eq!(price(10, 14, 5), Some(14));
    assert_eq!(price(10, 20, 5), Some(15));
    assert_eq!(price(10, u128::MAX, u128::MAX), Some(u128::MAX));
    let shares = Schedule::base().expect("base file").tips;
    for (total, miners) in
        [(0, 0), (1, 0), (100, 87), (101, 87), (u128::MAX, u128::MAX / 100 * 87 + 55 * 87 / 100)]
    {
        let split = fee::split_tip(&shares, Amount(total));
        assert_eq!(split.miners, Amount(miners), "of {total}");
        assert_eq!(split.verifiers, Amount(total - miners));
    }
}
