//! Each row of the tables of limits of transactions, blocks and genesis, at the limit and one past it: bytes that
//! differ in nothing else, through the door for bytes from outside.

use chainstack_primitives::{
    Amount, Block, Bytes, ChainId, DecodeError, Event, Gas, Hash, Height, Receipt, Signature, codec, codes,
    limits::LIMITS,
    merkle::{self, MerkleProof},
    transaction::{ARGS_SIZE_MAX, CODE_SIZE_MAX},
};
use chainstack_runtime::{
    block::{InvalidBlock, VerifiedBlock},
    genesis::{self, Genesis, GenesisError},
    modules::balances::SUPPLY_MAX,
    params::Schedule,
    transaction::{TransactionRefused, validate},
};
use parity_scale_codec::{Compact, Decode, Encode};

use crate::{
    puppet::Puppet,
    world::{Key, World, coins, genesis, transfer},
};

/// What a refusal is called: the number of a code, or the typed error in words.
type Verdict = Result<(), String>;

fn decoded<T>(result: Result<T, DecodeError>) -> Verdict {
    result.map(|_| ()).map_err(|error| match error {
        DecodeError::TooLong { found, limit } => format!("too long by {}", found - limit),
        DecodeError::Malformed => "malformed".to_owned(),
        other => panic!("{other}"),
    })
}

/// A transaction whose call has these bytes.
fn with_call(call: &[u8]) -> Vec<u8> {
    let head = (1u8, ChainId::default(), 0u64, 9u64, 1_000_000u64, 5u128, 0u128, 0u128);
    let signed = (Hash([1; 32]), Signature([2; 64]));
    [&head.encode(), call, &signed.encode()].concat()
}

/// A transaction of a call: index of its kind, then its fields, lists and texts of any length.
fn transaction(kind: u8, fields: impl Encode) -> Vec<u8> {
    with_call(&(kind, fields).encode())
}

fn submitted(bytes: &[u8]) -> Verdict {
    validate::decode(bytes).map(|_| ()).map_err(|refused| refused.code().to_string())
}

/// Fields of an invocation.
fn invocation(method: usize, args: usize, sends: usize) -> impl Encode {
    let sends: Vec<(u8, u128)> = vec![(0, 7); sends];
    (Hash([3; 32]), "m".repeat(method), vec![0u8; args], 0u128, sends)
}

/// Fields of an instantiation of a paradigm.
fn instantiation(name: usize, salt: usize) -> impl Encode {
    (1u8, "p".repeat(name), vec![0u8; salt], Vec::<u8>::new(), 0u128)
}

/// A transaction of exactly so many bytes: a batch of invocations with the most arguments, and one for the rest.
fn of_size(bytes: usize) -> Vec<u8> {
    let most = ARGS_SIZE_MAX as usize;
    let batch = |full: usize, rest: usize| {
        let calls = (0..full).map(|_| most).chain([rest]);
        let calls = calls.map(|args| (3u8, invocation(1, args, 0)).encode()).collect::<Vec<_>>();
        let count = Compact(u32::try_from(calls.len()).expect("few")).encode();
        with_call(&[vec![5], count, calls.concat()].concat())
    };
    let full = bytes / (most + 100);
    let rest = bytes - batch(full, 64).len() + 64;
    let found = batch(full, rest);
    assert_eq!(found.len(), bytes);
    found
}

/// A block with so many of the shortest transactions and so many bytes of evidence.
fn block(transactions: usize, commit: usize) -> Vec<u8> {
    let header = World::new().parent.header().encode();
    let count = Compact(u32::try_from(transactions).expect("few")).encode();
    // A batch without calls.
    let transactions = transaction(5, Vec::<u8>::new()).repeat(transactions);
    [header, count, transactions, vec![5u8; commit].encode()].concat()
}

/// A block of exactly so many bytes: uploads of the greatest code, and one of less.
fn block_of_size(bytes: usize) -> Vec<u8> {
    let world = World::new();
    let alice = Key::new(1);
    let upload = |size: usize| {
        let code = vec![0; size].try_into().expect("within the limit");
        alice.sign(world.body(&alice, chainstack_primitives::Call::Upload { code }))
    };
    let largest = upload(CODE_SIZE_MAX as usize);
    let build = |rest: usize| Block {
        header: world.parent.header().clone(),
        transactions: [vec![largest.clone(); 31], vec![upload(rest)]].concat().try_into().expect("few"),
        last_commit: Bytes::new(),
    };
    let some = 100_000;
    let block = build(some + bytes - build(some).encoded_size());
    assert_eq!(block.encoded_size(), bytes);
    block.encode()
}

/// Decodes a block and looks at its size once more as a validator does.
fn verified(bytes: &[u8]) -> Verdict {
    decoded(Block::decode_all(bytes))?;
    let block = Block::decode_all(bytes).expect("decoded before");
    match VerifiedBlock::verify(block, &|_| None) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// Nested lists.
#[derive(Encode, Decode)]
struct Nest(Vec<Nest>);

fn nested(levels: u64) -> Vec<u8> {
    let mut bytes = vec![4; usize::try_from(levels - 1).expect("few")];
    bytes.push(0);
    bytes
}

/// A window that ends so many blocks ahead of the chain.
fn window(ahead: u64) -> Verdict {
    let world = World::new();
    let alice = Key::new(1);
    let mut body = world.body(&alice, transfer(Key::new(2).id(), coins(1)));
    body.valid_until = Height(7 + ahead);
    validate::window(&body, Height(7)).map_err(|refused| refused.code().to_string())
}

/// A tree of so many leaves, proven at its first one.
fn tree(leaves: usize) -> Verdict {
    let leaves: Vec<Hash> = (0..leaves).map(|index| Hash([(index % 251) as u8; 32])).collect();
    let proof = merkle::prove(&leaves, 0).ok_or_else(|| "no proof".to_owned())?;
    assert!(merkle::verify(&merkle::root(&leaves), &leaves[0], &proof));
    Ok(())
}

/// What the door of the limit `name` says to `number`.
fn attempt(name: &str, number: u64) -> Verdict {
    let size = usize::try_from(number).expect("a size");
    match name {
        "TRANSACTION_SIZE_MAX" => submitted(&of_size(size)),
        "CODE_SIZE_MAX" => submitted(&transaction(1, vec![0u8; size])),
        "ARGS_SIZE_MAX" => submitted(&transaction(3, invocation(1, size, 0))),
        "SALT_SIZE_MAX" => submitted(&transaction(2, instantiation(1, size))),
        "METHOD_NAME_MAX" => submitted(&transaction(3, invocation(size, 0, 0))),
        "PARADIGM_NAME_MAX" => submitted(&transaction(2, instantiation(size, 0))),
        "BATCH_CALLS_MAX" => {
            let poke = (4u8, Hash([3; 32]), 1u16, Vec::<u8>::new());
            submitted(&transaction(5, vec![poke; size]))
        }
        "SENDS_MAX" => submitted(&transaction(3, invocation(1, 0, size))),
        "ITEM_SIZE_MAX" => submitted(&transaction(4, (Hash([3; 32]), 1u16, vec![0u8; size]))),
        "VALIDITY_MAX" => window(number),
        "EVENT_SIZE_MAX" => {
            let event = (Hash([3; 32]), 1u16, vec![0u8; size]).encode();
            decoded(codec::decode_all::<Event>(&event, event.len()))
        }
        "REVERT_PAYLOAD_MAX" => {
            let outcome = (Hash([1; 32]), 1u16, None::<u8>, 7u64, 8u128, (0u128, 0u128));
            let rest = (Hash([2; 32]), Hash([3; 32]), 0u32, vec![0u8; size]);
            let receipt = (outcome, rest).encode();
            decoded(codec::decode_all::<Receipt>(&receipt, receipt.len()))
        }
        "BLOCK_SIZE_MAX" => verified(&block_of_size(size)),
        "BLOCK_TRANSACTIONS_MAX" => decoded(Block::decode_all(&block(size, 0))),
        "COMMIT_SIZE_MAX" => decoded(Block::decode_all(&block(0, size))),
        "LEAVES_MAX" => tree(size),
        "PROOF_HASHES_MAX" => {
            let proof = (5u32, 1u32, vec![Hash([1; 32]); size]).encode();
            decoded(codec::decode_all::<MerkleProof>(&proof, proof.len()))
        }
        "DEPTH_MAX" => decoded(codec::decode_all::<Nest>(&nested(number), 100)),
        _ => panic!("{name} has no case"),
    }
}

#[test]
fn each_limit_of_transactions_and_blocks_holds_at_it_and_one_past() {
    for limit in LIMITS {
        let refusal = match limit.name {
            "TRANSACTION_SIZE_MAX" => codes::TOO_LONG.to_string(),
            "VALIDITY_MAX" => codes::VALID_TOO_FAR.to_string(),
            "BLOCK_SIZE_MAX" => "too long by 1".to_owned(),
            "LEAVES_MAX" => "no proof".to_owned(),
            "EVENT_SIZE_MAX"
            | "REVERT_PAYLOAD_MAX"
            | "BLOCK_TRANSACTIONS_MAX"
            | "COMMIT_SIZE_MAX"
            | "PROOF_HASHES_MAX"
            | "DEPTH_MAX" => "malformed".to_owned(),
            _ => codes::MALFORMED.to_string(),
        };
        assert_eq!(attempt(limit.name, limit.value), Ok(()), "{} at it", limit.name);
        assert_eq!(attempt(limit.name, limit.value + 1), Err(refusal), "{} one past", limit.name);
    }
}

#[test]
fn a_block_past_its_size_is_invalid_however_it_came() {
    let found = chainstack_primitives::block::BLOCK_SIZE_MAX + 1;
    let bytes = block_of_size(found);
    let block: Block = codec::decode_all(&bytes, found).expect("a block but for its size");
    let refused = VerifiedBlock::verify(block, &|_| None).expect_err("too long");
    assert_eq!(refused, InvalidBlock::TooLong { found, limit: found - 1 });
}

/// A description with lists of these lengths: fields in their order, lists and texts of any length.
fn description(name: usize, balances: usize, codes: &[usize], validators: usize) -> Vec<u8> {
    let key = |index: usize| {
        let mut key = [0u8; 32];
        key[24..].copy_from_slice(&(index as u64).to_be_bytes());
        key
    };
    let balances: Vec<([u8; 32], u128)> = (0..balances).map(|index| (key(index), 1)).collect();
    let paradigms: Vec<(String, Vec<u8>)> =
        codes.iter().enumerate().map(|(index, size)| (format!("{index:02}"), vec![0; *size])).collect();
    let validators: Vec<([u8; 32], u64)> = (0..validators).map(|index| (key(index), 1)).collect();
    ("n".repeat(name), 1u16, 5u64, balances, paradigms, validators).encode()
}

fn attempt_genesis(name: &str, size: usize) -> Verdict {
    let bytes = match name {
        "GENESIS_SIZE_MAX" => {
            let most = CODE_SIZE_MAX as usize;
            let codes = |rest: usize| [vec![most; 31], vec![rest]].concat();
            let some = 100_000;
            let found = description(1, 0, &codes(some), 1).len();
            let bytes = description(1, 0, &codes(some + size - found), 1);
            assert_eq!(bytes.len(), size);
            bytes
        }
        "CHAIN_NAME_MAX" => description(size, 0, &[], 1),
        "BALANCES_MAX" => description(1, size, &[], 1),
        "PARADIGMS_MAX" => description(1, 0, &vec![1; size], 1),
        "VALIDATORS_MAX" => description(1, 0, &[], size),
        _ => panic!("{name} has no case"),
    };
    decoded(Genesis::decode_all(&bytes))
}

#[test]
fn each_limit_of_genesis_holds_at_it_and_one_past() {
    for limit in genesis::LIMITS {
        let refusal = if limit.name == "GENESIS_SIZE_MAX" { "too long by 1" } else { "malformed" };
        assert_eq!(attempt_genesis(limit.name, limit.bytes()), Ok(()), "{} at it", limit.name);
        let past = attempt_genesis(limit.name, limit.bytes() + 1);
        assert_eq!(past, Err(refusal.to_owned()), "{} one past", limit.name);
    }
}

/// `SUPPLY_MAX` does not fit the table: it has 127 bits.
#[test]
fn the_greatest_supply_is_accepted_and_one_unit_more_is_not() {
    let schedule = Schedule::base().expect("base file");
    let supplied = |supply: Amount| {
        let all = Genesis {
            balances: vec![(Key::new(1).id(), supply)].try_into().expect("one"),
            paradigms: vec![].try_into().expect("none"),
            ..genesis()
        };
        genesis::build(&all, &schedule, &Puppet)
    };
    assert!(supplied(SUPPLY_MAX).is_ok());
    let refused = supplied(Amount(SUPPLY_MAX.0 + 1)).expect_err("one unit more");
    assert!(matches!(refused, GenesisError::Supply), "{refused}");
}

/// `block.gas_limit` is a parameter of the chain, not a constant.
#[test]
fn a_transaction_may_ask_for_the_gas_of_a_block_and_no_more() {
    let world = World::new();
    let alice = Key::new(1);
    let limit = world.schedule.block.gas_limit;
    let asked = |gas_limit: Gas| {
        let mut body = world.body(&alice, transfer(Key::new(2).id(), coins(1)));
        body.gas_limit = gas_limit;
        // What is reserved has to be there.
        body.max_fee_per_gas = Amount(1_000_000_000);
        let built = world.build(&[alice.verified(body)]);
        built.dropped.first().map(|dropped| dropped.reason.clone())
    };
    assert_eq!(asked(limit), None);
    let found = Gas(limit.0 + 1);
    assert_eq!(asked(found), Some(TransactionRefused::GasLimitTooHigh { limit, found }));
}
