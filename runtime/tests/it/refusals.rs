//! Every way in which a transaction is not included, by its code; none leaves a trace.

use chainstack_primitives::{
    Account, Amount, BatchCall, ChainId, Gas, Hash, Height, Invoke, Nonce, Signature, Transaction, codes,
    transaction::{ARGS_SIZE_MAX, TRANSACTION_SIZE_MAX, VALIDITY_MAX},
};
use chainstack_runtime::{
    block::{ApplyError, InvalidBlock},
    ports::StateReader,
    transaction::{TransactionRefused, VerifiedTransaction, validate},
};
use parity_scale_codec::Encode;

use crate::world::{Key, World, batch, box_address, coins, operator, transfer};

/// Changes a good body; `expected` is its code, or `None` if it stays includable.
fn check(expected: Option<u16>, change: impl Fn(&mut chainstack_primitives::Body)) {
    let world = World::new();
    let alice = Key::new(1);
    let mut body = world.body(&alice, transfer(Key::new(2).id(), coins(1)));
    change(&mut body);
    let before = world.state.clone();
    let built = world.build(&[alice.verified(body)]);
    let found = built.dropped.first().map(|dropped| dropped.reason.code());
    assert_eq!(found, expected, "{:?}", built.dropped);
    assert_eq!(built.applied.receipts.len(), usize::from(expected.is_none()));
    if expected.is_some() {
        assert_eq!(built.applied.changes.accounts(), []);
        assert_eq!(built.applied.commitment.state_root, before.state_root().expect("sound"));
    }
}

#[test]
fn every_stateful_refusal_has_its_code_and_the_edge_before_it_passes() {
    check(None, |_| {});
    check(Some(codes::VERSION_NOT_SUPPORTED), |body| body.version = 2);
    check(Some(codes::WRONG_CHAIN), |body| body.chain = ChainId(Hash([9; 32])));
    check(Some(codes::NONCE_TOO_HIGH), |body| body.nonce = Nonce(1));
    // Blocks are built for height 1.
    check(None, |body| body.valid_until = Height(1));
    check(Some(codes::EXPIRED), |body| body.valid_until = Height(0));
    check(None, |body| body.valid_until = Height(1 + VALIDITY_MAX));
    check(Some(codes::VALID_TOO_FAR), |body| body.valid_until = Height(2 + VALIDITY_MAX));
    check(Some(codes::VALID_TOO_FAR), |body| body.valid_until = Height(u64::MAX));
    check(None, |body| body.max_fee_per_gas = Amount(1_000_000_000));
    check(Some(codes::FEE_BELOW_BASE), |body| body.max_fee_per_gas = Amount(999_999_999));
    check(Some(codes::FEE_BELOW_BASE), |body| body.max_fee_per_gas = Amount(0));
    check(None, |body| body.gas_limit = Gas(1_000_000_000));
    check(Some(codes::GAS_LIMIT_TOO_HIGH), |body| body.gas_limit = Gas(1_000_000_001));
    check(Some(codes::GAS_LIMIT_TOO_LOW), |body| body.gas_limit = Gas(0));
    check(Some(codes::EMPTY_BATCH), |body| body.call = batch(vec![]));
}

#[test]
fn gas_limit_is_let_in_at_the_intrinsic_gas_and_not_one_below() {
    let world = World::new();
    let alice = Key::new(1);
    let mut body = world.body(&alice, transfer(Key::new(2).id(), coins(1)));
    let size = alice.sign(body.clone()).encoded_size();
    let intrinsic = validate::intrinsic_gas(&world.schedule, &body, size).expect("small");
    let prices = &world.schedule.intrinsic;
    let by_hand = prices.transaction
        + prices.signature
        + prices.transfer
        + prices.per_byte * u64::try_from(size).unwrap();
    assert_eq!(intrinsic, Gas(by_hand));
    for (gas_limit, expected) in [(intrinsic, 0), (Gas(intrinsic.0 - 1), 1)] {
        body.gas_limit = gas_limit;
        // The field has a fixed width, so the size is the same.
        let built = world.build(&[alice.verified(body.clone())]);
        assert_eq!(built.dropped.len(), expected);
        for dropped in built.dropped {
            let refused = TransactionRefused::GasLimitTooLow { required: intrinsic, found: gas_limit };
            assert_eq!(dropped.reason, refused);
        }
    }
}

#[test]
fn what_is_reserved_must_be_free_to_the_last_unit() {
    let world = World::new();
    let alice = Key::new(1);
    let fee = 5_000_000u128 * 2_000_000_000;
    let (deposit, balance) = (coins(1).0, coins(1000).0);
    for (excess, refused) in [(0, None), (1, Some(codes::INSUFFICIENT_FUNDS))] {
        let amount = Amount(balance - fee - deposit + excess);
        let body = world.body(&alice, transfer(Key::new(2).id(), amount));
        let built = world.build(&[alice.verified(body)]);
        assert_eq!(built.dropped.first().map(|dropped| dropped.reason.code()), refused);
        if let Some(dropped) = built.dropped.first() {
            let numbers = TransactionRefused::InsufficientFunds {
                required: Amount(balance + 1),
                found: Amount(balance),
            };
            assert_eq!(dropped.reason, numbers);
        }
    }
    check(Some(codes::INSUFFICIENT_FUNDS), |body| body.max_deposit = coins(1000));
    let poor = Key::new(50);
    let body = world.body(&poor, transfer(alice.id(), Amount(0)));
    let built = world.build(&[poor.verified(body)]);
    assert_eq!(built.dropped[0].reason.code(), codes::INSUFFICIENT_FUNDS);
}

#[test]
fn sums_past_128_bits_are_refused_wherever_they_arise() {
    check(Some(codes::GAS_LIMIT_TOO_HIGH), |body| {
        body.gas_limit = Gas(u64::MAX);
        body.max_fee_per_gas = Amount::MAX;
    });
    check(Some(codes::AMOUNT_OVERFLOW), |body| body.max_fee_per_gas = Amount::MAX);
    check(Some(codes::AMOUNT_OVERFLOW), |body| body.max_deposit = Amount::MAX);
    check(Some(codes::AMOUNT_OVERFLOW), |body| {
        body.call = transfer(Key::new(2).id(), Amount::MAX);
    });
    check(Some(codes::AMOUNT_OVERFLOW), |body| {
        let half = chainstack_primitives::BatchCall::Transfer {
            to: Key::new(2).id(),
            amount: Amount(u128::MAX / 2 + 1),
        };
        body.call = batch(vec![half.clone(), half]);
    });
    // A tip that overflows with the base fee is cut to the max fee.
    check(None, |body| body.tip_per_gas = Amount::MAX);
}

#[test]
fn a_second_inclusion_is_refused_in_the_same_block_and_later() {
    let mut world = World::new();
    let (alice, bob) = (Key::new(1), Key::new(2));
    let transaction = world.next(&alice, transfer(bob.id(), coins(1)));
    let built = world.seal(&[transaction.clone(), transaction.clone()]);
    assert_eq!(built.applied.receipts.len(), 1);
    assert_eq!(built.dropped[0].reason.code(), codes::NONCE_TOO_LOW);
    let built = world.seal(&[transaction]);
    let replayed = TransactionRefused::NonceTooLow { expected: Nonce(1), found: Nonce(0) };
    assert_eq!(built.dropped[0].reason, replayed);
}

#[test]
fn signatures_are_refused_before_anything_else_of_the_transaction_counts() {
    let world = World::new();
    let alice = Key::new(1);
    let good = alice.sign(world.body(&alice, transfer(Key::new(2).id(), coins(1))));
    let mut forged = good.clone();
    forged.body.nonce = Nonce(7);
    let mut zero = good.clone();
    zero.signer = chainstack_primitives::AccountId::ZERO;
    zero.signature = Signature([0; 64]);
    let mut no_key = good.clone();
    no_key.signer.0 = [0xFF; 32];
    let mut unmarked = good.clone();
    unmarked.signature.0[63] &= 0x7F;
    let cases = [
        (forged, codes::BAD_SIGNATURE),
        (zero, codes::ZERO_KEY),
        (no_key, codes::MALFORMED_KEY),
        (unmarked, codes::MALFORMED_SIGNATURE),
    ];
    let singly = cases.clone().map(|(transaction, _)| VerifiedTransaction::verify(transaction));
    for (refused, (_, code)) in singly.iter().zip(&cases) {
        assert_eq!(refused.as_ref().map_err(TransactionRefused::code), Err(*code));
    }
    let mut many: Vec<Transaction> = cases.iter().map(|(transaction, _)| transaction.clone()).collect();
    many.push(good.clone());
    let verdicts = VerifiedTransaction::verify_many(many);
    assert_eq!(verdicts[..4], singly);
    let verified = verdicts[4].as_ref().expect("good");
    assert_eq!((verified.id(), verified.full_hash()), (good.id(), good.full_hash()));
    assert_eq!(verified.size_bytes(), good.encoded_size());
    let stateless = |transaction: &Transaction| {
        validate::stateless(&world.schedule, &world.parent.chain(), transaction, 100)
            .map_err(|error| error.code())
    };
    assert_eq!(stateless(&cases[1].0), Err(codes::ZERO_KEY));
    assert_eq!(stateless(&good), Ok(()));
}

#[test]
fn hostile_bytes_are_refused_by_length_and_form() {
    let world = World::new();
    let alice = Key::new(1);
    let bytes = alice.sign(world.body(&alice, transfer(Key::new(2).id(), coins(1)))).encode();
    assert!(validate::decode(&bytes).is_ok());
    for length in 0..bytes.len() {
        assert_eq!(validate::decode(&bytes[..length]), Err(TransactionRefused::Malformed), "{length} bytes");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(validate::decode(&longer), Err(TransactionRefused::Malformed));
    let limit = chainstack_primitives::transaction::TRANSACTION_SIZE_MAX;
    assert_eq!(validate::decode(&vec![0; limit]).map_err(|error| error.code()), Err(codes::MALFORMED));
    assert_eq!(validate::decode(&vec![0; limit + 1]).map_err(|error| error.code()), Err(codes::TOO_LONG));
}

/// A signed batch of `size` bytes: invocations with the longest arguments, and one that fills up.
fn batch_of_size(world: &World, key: &Key, size: usize) -> std::sync::Arc<VerifiedTransaction> {
    let longest = usize::try_from(ARGS_SIZE_MAX).expect("small");
    let body = |last: usize| {
        let invoke = |length: usize| Invoke {
            contract: Key::new(2).id(),
            method: "set".try_into().expect("short"),
            args: vec![7; length].try_into().expect("at most the limit"),
            value: Amount::ZERO,
            sends: vec![].try_into().expect("none"),
        };
        let calls =
            std::iter::repeat_n(longest, 35).chain([last]).map(|length| BatchCall::Invoke(invoke(length)));
        let mut body = world.body(key, batch(calls.collect()));
        body.gas_limit = Gas(1_000_000_000);
        body
    };
    // From 64 bytes up to 2^14 the length in front has one width.
    let last = 64 + size - key.sign(body(64)).encoded_size();
    let transaction = key.verified(body(last));
    assert_eq!(transaction.transaction().encoded_size(), size);
    transaction
}

#[test]
fn a_transaction_of_a_block_has_the_size_limit_of_one_from_outside() {
    let limit = TRANSACTION_SIZE_MAX;
    let mut world = World::new();
    let alice = Key::new(1);
    let longest = batch_of_size(&world, &alice, limit);
    world.seal_all(&[longest]);

    let longer = batch_of_size(&world, &alice, limit + 1);
    let refused = TransactionRefused::TooLong { found: limit + 1, limit };
    let mut built = world.build(std::slice::from_ref(&longer));
    assert_eq!(built.dropped.pop().map(|dropped| dropped.reason), Some(refused.clone()));
    let mut block = built.block;
    block.transactions = vec![longer.transaction().clone()].try_into().expect("one");
    block.header.rest.tx_root = chainstack_primitives::transaction_root(&block.transactions);
    match world.apply(block).expect_err("too long") {
        ApplyError::Invalid(InvalidBlock::Transaction { index: 0, reason }) => assert_eq!(reason, refused),
        other => panic!("another verdict: {other}"),
    }
}

#[test]
fn contracts_protocol_accounts_and_spent_nonces_cannot_sign() {
    let world = World::new();
    let alice = Key::new(1);
    let transaction = alice.sign(world.body(&alice, transfer(Key::new(2).id(), coins(1))));
    let block = chainstack_runtime::block::BlockInfo {
        version: 1,
        chain: world.parent.chain(),
        height: Height(1),
        time_ms: chainstack_primitives::TimeMs(1),
        base_fee: Amount(1),
        proposer: operator().id(),
    };
    let account = world.state.account(&alice.id()).expect("memory").expect("in genesis");
    let refusal = |account: &Account, transaction: &Transaction| {
        validate::refusal(&world.schedule, &block, account, transaction, 100).map(|refused| refused.code())
    };
    assert_eq!(refusal(&account, &transaction), None);
    let contract = Account { code_hash: Hash([1; 32]), ..account };
    assert_eq!(refusal(&contract, &transaction), Some(codes::SIGNER_IS_CONTRACT));
    let system = Transaction { signer: chainstack_runtime::state::reserved::DEPOSITS, ..transaction.clone() };
    assert_eq!(refusal(&account, &system), Some(codes::SIGNER_IS_CONTRACT));
    let mut last = transaction.clone();
    last.body.nonce = Nonce(u64::MAX);
    let spent = Account { nonce: Nonce(u64::MAX), ..account };
    assert_eq!(refusal(&spent, &last), Some(codes::NONCE_TOO_HIGH));
}

#[test]
fn a_full_block_refuses_what_may_come_later() {
    let mut world = World::new();
    let keys = [Key::new(1), Key::new(2), Key::new(3)];
    let contract = world.deploy(&keys[0], b"");
    let burn = crate::world::invoke(contract, "burn", 600_000_000u64);
    let candidates: Vec<_> = keys
        .iter()
        .map(|key| {
            let mut body = world.next_body(key, burn.clone());
            body.gas_limit = Gas(700_000_000);
            body.max_fee_per_gas = Amount(1_500_000_000);
            key.verified(body)
        })
        .collect();
    let built = world.seal(&candidates);
    assert_eq!(built.applied.receipts.len(), 1);
    let (used, full) = (built.applied.header.rest.gas_used, built.applied.header.rest.base_fee);
    for dropped in &built.dropped {
        let left = Gas(1_000_000_000 - used.0);
        assert_eq!(dropped.reason, TransactionRefused::BlockFull { left, found: Gas(700_000_000) });
    }
    // What was dropped goes into the next block, whose base fee has risen past half.
    let built = world.seal(&candidates[1..2]);
    assert_eq!(built.dropped, []);
    assert!(built.applied.header.rest.base_fee > full);
}

#[test]
fn a_block_that_lists_a_refused_transaction_is_invalid_by_index_and_reason() {
    let mut world = World::new();
    let (alice, bob) = (Key::new(1), Key::new(2));
    let good = world.next(&alice, transfer(bob.id(), coins(1)));
    let mut body = world.body(&bob, transfer(alice.id(), coins(1)));
    body.nonce = Nonce(3);
    let early = bob.verified(body);
    let mut block = world.build(std::slice::from_ref(&good)).block;
    block.transactions.try_push(early.transaction().clone()).expect("room");
    block.header.rest.tx_root = chainstack_primitives::transaction_root(&block.transactions);
    match world.apply(block).expect_err("nonce 3 is early") {
        ApplyError::Invalid(InvalidBlock::Transaction { index: 1, reason }) => {
            assert_eq!(reason, TransactionRefused::NonceTooHigh { expected: Nonce(0), found: Nonce(3) });
        }
        other => panic!("another verdict: {other}"),
    }
    let mut block = world.build(&[good]).block;
    let mut forged = block.transactions.to_vec();
    forged[0].signature.0[0] ^= 1;
    block.transactions = forged.try_into().expect("one");
    match world.apply(block).expect_err("forged") {
        ApplyError::Invalid(InvalidBlock::Transaction { index: 0, reason }) => {
            assert!(matches!(reason, TransactionRefused::Signature(_)), "{reason}");
        }
        other => panic!("another verdict: {other}"),
    }
    assert_ne!(box_address(&world, &alice, b"a"), box_address(&world, &alice, b"b"));
}
