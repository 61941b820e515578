//! Each kind of transaction that the chain does not take is refused with its own stable code.

use chainstack_client::{
    rpc::{Refusal, RpcError},
    transaction::sign,
};
use chainstack_primitives::{
    AccountId, Amount, BoundedVec, Call, ChainId, Gas, Height, Signature, codes,
    transaction::TRANSACTION_SIZE_MAX,
};
use chainstack_tests::{
    node::TestNode,
    wallet::{Wallet, hex_of},
};
use parity_scale_codec::Encode as _;
use serde_json::{Value, json};

fn refusal(node: &TestNode, bytes: &Value) -> Refusal {
    match node.try_rpc("tx_submit", std::slice::from_ref(bytes)) {
        Err(RpcError::Refused(refusal)) => *refusal,
        other => panic!("a refusal expected: {other:?}"),
    }
}

/// Every kind: what it is, its bytes, its code. Nothing of it changes the account's nonce.
fn kinds(node: &TestNode) -> Vec<(&'static str, Value, u16)> {
    let bob = Wallet::of(node, "//Bob").account();
    let fresh = || Wallet::of(node, "//Alice");
    let valid = fresh().transfer(bob, 1);
    let hex_bytes = |bytes: &[u8]| json!(format!("0x{}", hex::encode(bytes)));
    let mut kinds = Vec::new();

    let mut over_long = valid.encode();
    over_long.resize(TRANSACTION_SIZE_MAX + 1, 0);
    kinds.push(("over-long", hex_bytes(&over_long), codes::TOO_LONG));
    over_long.pop();
    kinds.push(("malformed at the length limit", hex_bytes(&over_long), codes::MALFORMED));
    kinds.push(("empty", hex_bytes(&[]), codes::MALFORMED));
    kinds.push(("truncated", hex_bytes(&valid.encode()[..100]), codes::MALFORMED));
    kinds.push(("trailing byte", hex_bytes(&[&valid.encode()[..], &[0]].concat()), codes::MALFORMED));

    let with = |change: &dyn Fn(&mut chainstack_primitives::Body)| {
        let wallet = fresh();
        let mut body = wallet.terms().body(Call::Transfer { to: bob, amount: Amount(1) });
        change(&mut body);
        hex_of(&sign(body, &wallet.key))
    };
    kinds.push((
        "wrong chain",
        with(&|body| body.chain = ChainId(chainstack_primitives::Hash([7; 32]))),
        codes::WRONG_CHAIN,
    ));
    kinds.push(("wrong version", with(&|body| body.version = 2), codes::VERSION_NOT_SUPPORTED));
    kinds.push(("expired", with(&|body| body.valid_until = Height(0)), codes::EXPIRED));
    kinds.push(("valid too far", with(&|body| body.valid_until = Height(1_000_000)), codes::VALID_TOO_FAR));
    kinds.push(("fee below base", with(&|body| body.max_fee_per_gas = Amount(1)), codes::FEE_BELOW_BASE));
    kinds.push(("gas limit too low", with(&|body| body.gas_limit = Gas(1)), codes::GAS_LIMIT_TOO_LOW));
    kinds.push((
        "gas limit too high",
        with(&|body| body.gas_limit = Gas(u64::MAX)),
        codes::GAS_LIMIT_TOO_HIGH,
    ));
    kinds.push((
        "amount overflow",
        with(&|body| body.max_deposit = Amount(u128::MAX)),
        codes::AMOUNT_OVERFLOW,
    ));
    kinds.push(("empty batch", with(&|body| body.call = Call::Batch(BoundedVec::new())), codes::EMPTY_BATCH));
    kinds.push(("nonce far ahead", with(&|body| body.nonce.0 += 1_000_000), codes::NONCE_TOO_HIGH));
    kinds.push((
        "more than the balance",
        with(&|body| {
            body.call = Call::Transfer { to: bob, amount: Amount::coins(100_000_000).expect("coins fit") };
        }),
        codes::INSUFFICIENT_FUNDS,
    ));

    let mut nobody = Wallet::of(node, "//Nobody");
    kinds.push(("unfunded", hex_of(&nobody.transfer(bob, 1)), codes::INSUFFICIENT_FUNDS));

    let mut zero_key = valid.clone();
    zero_key.signer = AccountId::ZERO;
    kinds.push(("all-zero key", hex_of(&zero_key), codes::ZERO_KEY));
    let mut no_key = valid.clone();
    no_key.signer = AccountId([0xff; 32]);
    kinds.push(("signer that is no key", hex_of(&no_key), codes::MALFORMED_KEY));
    let mut another = valid.clone();
    another.signer = bob;
    kinds.push(("another's signature", hex_of(&another), codes::BAD_SIGNATURE));
    let mut changed = valid.clone();
    changed.body.call = Call::Transfer { to: bob, amount: Amount(2) };
    kinds.push(("changed after signing", hex_of(&changed), codes::BAD_SIGNATURE));
    let mut unsigned = valid;
    unsigned.signature = Signature([0; 64]);
    kinds.push(("no signature", hex_of(&unsigned), codes::MALFORMED_SIGNATURE));
    kinds
}

#[test]
fn each_refused_transaction_has_its_own_code() {
    let node = TestNode::temporary(&[]);
    // Some height, so that a window can be past.
    let _sealed = node.rpc("dev_seal", &[]);
    let height = node.height();
    let mut wrong = Vec::new();
    let kinds = kinds(&node);
    for (kind, bytes, expected) in &kinds {
        let refusal = refusal(&node, bytes);
        let row = codes::describe(*expected).expect("a code of the table");
        let said = (refusal.code, refusal.data["code"].as_u64(), refusal.data["name"].as_str());
        if said != (-32_000, Some(u64::from(*expected)), Some(row.name)) {
            wrong.push(format!("{kind}: {} {} expected, found {refusal:?}", row.code, row.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // In bulk each keeps its own verdict, and a good one between them is taken.
    let mut alice = Wallet::of(&node, "//Alice");
    let good = alice.transfer(Wallet::of(&node, "//Bob").account(), 1);
    let mut all: Vec<Value> = kinds.iter().map(|(_, bytes, _)| bytes.clone()).collect();
    all.insert(3, hex_of(&good));
    // The two longest are refused by the request's size where they stand together; they were tested alone.
    all.drain(..2);
    let verdicts = node.rpc("tx_submit_many", &[json!(all)]);
    let verdicts = verdicts.as_array().expect("a list");
    assert_eq!(verdicts.len(), all.len());
    assert_eq!(verdicts[1]["id"], good.id().to_string(), "{:?}", verdicts[1]);
    let codes: Vec<Option<u64>> = verdicts.iter().map(|verdict| verdict["error"]["code"].as_u64()).collect();
    assert_eq!(codes.iter().filter(|code| code.is_none()).count(), 1, "{codes:?}");
    assert_eq!(node.receipt(&good.id().to_string())["code"], 0);
    assert!(node.height() > height, "only the good one made a block");

    // Replayed, byte for byte, and signed anew with the spent nonce.
    let replayed = refusal(&node, &hex_of(&good));
    assert_eq!(replayed.data["code"], codes::NONCE_TOO_LOW, "{replayed:?}");
    alice.nonce -= 1;
    let again = alice.transfer(Wallet::of(&node, "//Bob").account(), 1);
    let refused = refusal(&node, &hex_of(&again));
    assert_eq!(refused.data["code"], codes::NONCE_TOO_LOW, "{refused:?}");
    let counted =
        chainstack_tests::http::request(node.address(), "GET", "/metrics", b"").expect("metrics").text();
    assert!(counted.contains("rpc_transactions_refused_total{outcome=\"BadSignature\"}"), "{counted}");
}

#[test]
fn garbage_is_refused_cheaply_and_the_node_goes_on() {
    let node = TestNode::temporary(&[]);
    let valid = Wallet::of(&node, "//Alice").transfer(Wallet::of(&node, "//Bob").account(), 1).encode();
    let height = node.height();
    // Every truncation, and one flipped bit of each byte: never taken, never a fault.
    let cuts = (0..valid.len()).map(|length| valid[..length].to_vec());
    let flips = (0..valid.len()).map(|index| {
        let mut bytes = valid.clone();
        bytes[index] ^= 1 << (index % 8);
        bytes
    });
    let all: Vec<Value> = cuts.chain(flips).map(|bytes| json!(format!("0x{}", hex::encode(bytes)))).collect();
    for chunk in all.chunks(1_000) {
        let verdicts = node.rpc("tx_submit_many", &[json!(chunk)]);
        for (verdict, bytes) in verdicts.as_array().expect("a list").iter().zip(chunk) {
            let code = verdict["error"]["code"].as_u64();
            assert!(code.is_some_and(|code| (1_000..1_100).contains(&code)), "{bytes}: {verdict}");
        }
    }
    assert_eq!(node.height(), height);
    assert_eq!(node.rpc("chain_status", &[])["mempool"], 0);
}
