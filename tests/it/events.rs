//! Events by pages and by subscription: nothing is lost silently, and every row leads to its transaction.

use chainstack_client::transaction::Unsigned;
use chainstack_primitives::{
    Amount, Call, Transaction, codec::decode_all, transaction::TRANSACTION_SIZE_MAX,
};
use chainstack_tests::{
    node::TestNode,
    wallet::{Wallet, hex_of},
    websocket::WebSocket,
};
use serde_json::{Value, json};

/// Most index rows and chunks of events that one `event_query` reads.
const ROWS_MAX: u64 = 1_024;
/// Transactions of one `tx_submit_many`, and of one account in the pool.
const MANY: usize = 1_024;

/// A call as `chainstack call` would send it, and the deposit it may lock.
fn call_of(node: &TestNode, arguments: &[&str]) -> (Call, Amount) {
    let output = node.cli_json(&[arguments, &["--unsigned"]].concat());
    let text = output["unsigned"].as_str().expect("hex").trim_start_matches("0x");
    let unsigned: Unsigned =
        decode_all(&hex::decode(text).expect("hex"), TRANSACTION_SIZE_MAX).expect("an unsigned transaction");
    (unsigned.body.call, unsigned.body.max_deposit)
}

/// As many token transfers of //Alice as one submission takes, each with one event.
fn transfers(node: &TestNode, count: usize) -> Vec<Transaction> {
    let (call, deposit) =
        call_of(node, &["call", "gold", "transfer", "to=//Bob", "amount=1", "--from", "//Alice"]);
    let mut alice = Wallet::of(node, "//Alice");
    (0..count).map(|_| alice.sign_for(call.clone(), deposit)).collect()
}

fn submit(node: &TestNode, transactions: &[Transaction]) {
    let many: Vec<Value> = transactions.iter().map(hex_of).collect();
    let verdicts = node.rpc("tx_submit_many", &[json!(many)]);
    let refused = verdicts.as_array().expect("a list").iter().find(|verdict| verdict.get("error").is_some());
    assert_eq!(refused, None);
    let last = transactions.last().expect("some").id().to_string();
    assert_eq!(node.receipt(&last)["code"], 0);
}

#[test]
fn a_subscriber_gets_every_event_of_a_large_block_with_its_transaction() {
    let node = TestNode::temporary(&[]);
    let address = node.token("gold");
    let mut all = WebSocket::open(node.address()).expect("a WebSocket");
    all.subscribe("subscribe_events", &[]);
    let mut gold = WebSocket::open(node.address()).expect("a WebSocket");
    gold.subscribe("subscribe_events", &[json!(address)]);
    let mut other = WebSocket::open(node.address()).expect("a WebSocket");
    other.subscribe("subscribe_events", &[json!(Wallet::of(&node, "//Bob").address())]);
    let mut one = WebSocket::open(node.address()).expect("a WebSocket");
    let sent = transfers(&node, MANY);
    let id_of = |index: usize| Value::from(sent[index].id().to_string());
    one.subscribe("subscribe_tx", &[id_of(MANY - 1)]);
    submit(&node, &sent);

    for socket in [&mut all, &mut gold] {
        for index in 0..MANY {
            let item = socket.item().expect("an item");
            assert_eq!(item["transaction_id"], id_of(index), "event {index}: {item}");
            assert_eq!(item["contract"], address.as_str(), "{item}");
        }
    }
    let included = one.item().expect("an item");
    assert_eq!(included["id"], id_of(MANY - 1), "{included}");
    let height = included["height"].clone();
    let block = node.rpc("chain_block", std::slice::from_ref(&height));
    assert!(block["transactions"].as_array().map(Vec::len) > Some(1_000), "one block held over a thousand");

    // By pages: the same, and a row's place and id name the same transaction.
    let mut filter = json!({"from": height, "contract": address});
    let (mut found, mut pages) = (0, 0);
    loop {
        let page = node.rpc("event_query", std::slice::from_ref(&filter));
        for row in page["events"].as_array().expect("a list") {
            let place = usize::try_from(row["transaction"].as_u64().expect("a place")).expect("small");
            if row["height"] == height {
                assert_eq!(row["transaction_id"], block["transactions"][place]["id"], "{row}");
            }
            assert_eq!(row["transaction_id"], id_of(found), "{row}");
            found += 1;
        }
        pages += 1;
        if page["next"].is_null() {
            break;
        }
        filter["after"] = page["next"].clone();
    }
    assert_eq!(found, MANY);
    assert!(pages > 1, "more than a page");

    // One that is told late is told all the same, and one may begin anywhere.
    let mut late = WebSocket::open(node.address()).expect("a WebSocket");
    late.subscribe("subscribe_tx", &[id_of(0)]);
    assert_eq!(late.item().expect("an item")["id"], id_of(0));
    late.subscribe("subscribe_events", &[json!(address), json!([height, 7, 0])]);
    assert_eq!(late.item().expect("an item")["transaction"], 7);

    // Nothing of another contract's came to the third.
    let _sealed = node.rpc("dev_seal", &[]);
    other.subscribe("subscribe_blocks", &[]);
    let _sealed = node.rpc("dev_seal", &[]);
    assert!(other.item().expect("an item").get("state_root").is_some(), "a block, and no event before it");
}

#[test]
fn a_query_that_finds_nothing_reads_a_bounded_part_of_the_chain_and_leads_on() {
    let node = TestNode::temporary(&[]);
    let address = node.token("gold");
    // Blocks in which the contract speaks: more than one query reads rows. One event each, of one kind.
    let blocks = ROWS_MAX + 100;
    let mut sent = transfers(&node, usize::try_from(blocks).expect("small").min(MANY));
    for transaction in &sent {
        let _id = node.rpc("tx_submit", &[hex_of(transaction)]);
    }
    node.wait_for("the last block", |node| {
        let status = node.rpc("tx_status", &[json!(sent[sent.len() - 1].id().to_string())]);
        (status["status"] == "included").then_some(())
    });
    while node.height() < blocks + 20 {
        sent = transfers(&node, 50);
        for transaction in &sent {
            let _id = node.rpc("tx_submit", &[hex_of(transaction)]);
            let _receipt = node.receipt(&transaction.id().to_string());
        }
    }
    let mut filter = json!({"contract": address, "event": 60_000});
    let first = node.rpc("event_query", std::slice::from_ref(&filter));
    assert_eq!(first["events"], json!([]));
    assert!(first["next"].is_array(), "stopped at its bound, before the end: {first}");
    filter["after"] = first["next"].clone();
    let second = node.rpc("event_query", std::slice::from_ref(&filter));
    assert_eq!(second["next"], Value::Null, "{second}");

    // The command follows the cursor to the end.
    let shown = node.cli_json(&["events", "gold", "--name", "Approval"]);
    assert_eq!(shown["events"], json!([]));
    let shown = node.cli_json(&["events", "gold"]);
    let rows = shown["events"].as_array().expect("a list");
    assert!(rows.len() as u64 > ROWS_MAX, "{}", rows.len());
    let last = rows.last().expect("events");
    assert_eq!(last["transaction_id"], sent.last().expect("some").id().to_string(), "{last}");
    let text = node.cli(&["events", "gold"]).exits(0).stdout;
    assert!(
        text.lines().last().is_some_and(|line| line.contains(last["transaction_id"].as_str().expect("text")))
    );
}

#[test]
fn a_subscriber_hears_of_a_chain_that_was_taken_back() {
    let node = TestNode::temporary(&[]);
    let mut socket = WebSocket::open(node.address()).expect("a WebSocket");
    socket.subscribe("subscribe_blocks", &[]);
    for height in 1..=5 {
        let _sealed = node.rpc("dev_seal", &[]);
        assert_eq!(socket.item().expect("an item")["height"], height);
    }
    let _back = node.rpc("dev_revert", &[json!(2)]);
    let _sealed = node.rpc("dev_seal", &[]);
    assert_eq!(socket.item().expect("an item"), json!({"reverted": {"height": 2}}));
    let third = socket.item().expect("an item");
    assert_eq!(third["hash"], node.rpc("chain_header", &[json!(3)])["hash"], "{third}");
}

#[test]
fn a_subscriber_that_reads_late_has_lost_nothing() {
    let node = TestNode::temporary(&[]);
    let mut socket = WebSocket::open(node.address()).expect("a WebSocket");
    socket.subscribe("subscribe_blocks", &[]);
    // More blocks than announcements are kept for a slow subscriber, and than its connection's queue holds.
    for _ in 0..1_100 {
        let _sealed = node.rpc("dev_seal", &[]);
    }
    for height in 1..=1_100 {
        assert_eq!(socket.item().expect("an item")["height"], height);
    }
}

#[test]
fn a_traced_transaction_says_why_it_failed_however_long_the_chain() {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    let (call, deposit) =
        call_of(&node, &["call", "gold", "transfer", "to=//Bob", "amount=1", "--from", "//Alice"]);
    // Charlie has no tokens.
    let failing = Wallet::of(&node, "//Charlie").sign_for(call.clone(), deposit);
    let passing = Wallet::of(&node, "//Alice").sign_for(call, deposit);
    let both = json!([hex_of(&passing), hex_of(&failing)]);
    let _verdicts = node.rpc("tx_submit_many", &[both]);
    let receipt = node.receipt(&failing.id().to_string());
    assert_eq!(receipt["name"], "Reverted", "{receipt}");
    let traced = node.rpc("tx_trace", &[json!(failing.id().to_string())]);
    assert!(traced["stack"].as_array().is_some_and(|stack| !stack.is_empty()), "{traced}");
    assert_eq!((&traced["gas"], &traced["fee"]), (&receipt["gas"], &receipt["fee"]));
    let traced = node.rpc("tx_trace", &[json!(passing.id().to_string())]);
    assert_eq!(traced["code"], 0, "{traced}");
    // Behind the history that is kept, the answer says so.
    for _ in 0..300 {
        let _sealed = node.rpc("dev_seal", &[]);
    }
    let pruned = node.try_rpc("tx_trace", &[json!(failing.id().to_string())]).expect_err("pruned");
    assert!(format!("{pruned:?}").contains("-32002"), "{pruned:?}");
}
