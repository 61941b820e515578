//! A killed node finds its chain again: nothing acknowledged is lost.

use chainstack_tests::{
    node::TestNode,
    wallet::{Wallet, hex_of},
};
use serde_json::{Value, json};

#[test]
fn after_a_kill_the_same_query_and_the_same_proof_hold() {
    let mut node = TestNode::kept(&[]);
    let _address = node.token("gold");
    let _moved =
        node.cli(&["call", "gold", "transfer", "to=//Bob", "amount=250", "--from", "//Alice"]).exits(0);
    let root = node.state_root();
    let height = node.height();
    let status = node.rpc("chain_status", &[]);
    let proof = node.cli(&["proof", "get", "gold", "balances", "//Bob"]).exits(0).stdout;
    let file = node.file("p.json", proof.as_bytes());
    let events = node.cli_json(&["events", "gold"]);

    node.restart();

    assert_eq!(node.height(), height, "nothing was waiting");
    assert_eq!(node.state_root(), root);
    let after = node.rpc("chain_status", &[]);
    assert_eq!((&after["head"], &after["chain"]), (&status["head"], &status["chain"]));
    assert_eq!(node.cli_json(&["query", "gold", "balance_of", "owner=//Bob"])["result"], "250");
    let verified = node.cli(&["proof", "verify", &file, "--root", &root]).exits(0);
    assert!(verified.stdout.contains("250"), "{verified:?}");
    assert_eq!(
        node.cli(&["proof", "get", "gold", "balances", "//Bob"]).exits(0).stdout,
        proof,
        "byte for byte"
    );
    assert_eq!(node.cli_json(&["events", "gold"])["events"], events["events"]);

    // And the chain goes on from there.
    let _moved =
        node.cli(&["call", "gold", "transfer", "to=//Bob", "amount=1", "--from", "//Alice"]).exits(0);
    assert_eq!(node.cli_json(&["query", "gold", "balance_of", "owner=//Bob"])["result"], "251");
    assert!(node.height() > height);
    let old =
        node.cli(&["proof", "get", "gold", "balances", "//Bob", "--height", &height.to_string()]).exits(0);
    assert_eq!(old.stdout, proof, "old proofs are made from history");
}

#[test]
fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    let mut node = TestNode::kept(&["--log", "warn"]);
    for round in 0..5u32 {
        let mut alice = Wallet::of(&node, "//Alice");
        let bob = Wallet::of(&node, "//Bob").account();
        let before = alice.nonce;
        let many: Vec<Value> = (0..50).map(|_| hex_of(&alice.transfer(bob, 1))).collect();
        let taken = node.rpc("tx_submit_many", &[json!(many)]);
        let last = taken.as_array().and_then(|rows| rows.last()).and_then(|row| row["id"].as_str());
        let last = last.unwrap_or_else(|| panic!("round {round}: {taken}")).to_owned();
        // Kill in the middle of the work in most rounds, after it in some.
        let acknowledged = if round % 2 == 0 { node.receipt(&last)["height"].as_u64() } else { None };
        node.restart();
        let height = node.height();
        assert!(
            acknowledged.is_none_or(|acknowledged| height >= acknowledged),
            "round {round}: head {height} < {acknowledged:?}"
        );
        let account = node.rpc("state_account", &[json!(alice.address())]);
        let nonce = account["nonce"].as_u64().expect("a nonce");
        let (least, most) =
            if acknowledged.is_some() { (before + 50, before + 50) } else { (before, before + 50) };
        assert!((least..=most).contains(&nonce), "round {round}: nonce {nonce}, {least} to {most} expected");
        assert!(node.rpc("node_health", &[])["healthy"] == true, "round {round}");
    }
}

#[test]
fn two_nodes_do_not_share_a_folder() {
    let node = TestNode::kept(&[]);
    let folder = node.home().join("data").to_string_lossy().into_owned();
    let second = node.cli(&["dev", "--port", "0", "--data", &folder]);
    assert_eq!(second.status, Some(1), "{second:?}");
    assert!(second.stderr.contains("cannot open the chain"), "{second:?}");
    assert!(node.rpc("node_health", &[])["healthy"] == true);
}
