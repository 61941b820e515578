//! A key that stays elsewhere: what `--unsigned` prints, what it refuses, and the way of a call that fails.

use chainstack_tests::node::{TestNode, run};
use serde_json::json;

/// More than //Bob has.
const TOO_MUCH: &str = "amount=999999999999";

#[test]
fn a_call_that_would_fail_is_not_printed_unless_its_gas_is_given() {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    let good = ["call", "gold", "transfer", "to=//Bob", "amount=7", "--from", "//Alice", "--unsigned"];
    let shown = node.cli(&good).exits(0);
    assert!(shown.stderr.contains("cost: "), "the cost is shown: {shown:?}");
    assert_eq!(shown.stdout.lines().count(), 1, "and stdout is what `tx sign` takes: {shown:?}");
    let json = node.cli_json(&good);
    assert!(json["gas"].as_u64().is_some_and(|gas| gas > 0), "{json}");

    let bad = ["call", "gold", "transfer", "to=//Alice", TOO_MUCH, "--from", "//Bob", "--unsigned"];
    let refused = node.cli(&bad).exits(4);
    assert_eq!(refused.stdout, "", "nothing that could be signed by mistake");
    for part in ["InsufficientBalance", "--gas-limit"] {
        assert!(refused.stderr.contains(part), "{part}: {refused:?}");
    }
    let refused =
        node.cli(&["call", "gold", "mint", "to=//Bob", "amount=1", "--from", "//Bob", "--unsigned"]);
    assert_eq!(refused.status, Some(9), "{refused:?}");
}

#[test]
fn a_call_that_fails_on_the_chain_is_told_and_traced() {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    let bad = ["call", "gold", "transfer", "to=//Alice", TOO_MUCH, "--from", "//Bob", "--unsigned"];
    let wanted = node.cli(&[&bad[..], &["--gas-limit", "300000", "--output", "json"]].concat()).exits(0);
    assert!(
        wanted.stderr.contains("would fail") && wanted.stderr.contains("InsufficientBalance"),
        "{wanted:?}"
    );
    let unsigned = wanted.json()["unsigned"].as_str().expect("hex").to_owned();
    let decoded = node.cli_json(&["tx", "decode", &unsigned]);
    assert_eq!(decoded["gas_limit"], 300_000, "{decoded}");

    let offline = ["--url", "http://127.0.0.1:9", "--output", "json"];
    let signed = run(node.home(), &[&offline[..], &["tx", "sign", &unsigned, "--from", "//Bob"]].concat());
    let signed = signed.exits(0).json();
    let (bytes, id) = (signed["transaction"].as_str().expect("hex"), signed["id"].as_str().expect("an id"));
    let sent = node.cli(&["tx", "send", bytes, "--output", "json"]).exits(4).error_json();
    assert_eq!((&sent["code"], &sent["id"]), (&json!(1), &json!(id)), "{sent}");

    // It is on the chain: shown with what was asked, traced to where it failed.
    let shown = node.cli_json(&["tx", "show", id]);
    assert_eq!((&shown["id"], &shown["code"]), (&json!(id), &json!(1)), "{shown}");
    let traced = node.cli_json(&["tx", "trace", id]);
    assert_eq!(traced["code"], 1, "{traced}");
    assert_eq!(traced["stack"][0]["method"], "transfer", "{traced}");
    assert!(node.cli(&["tx", "trace", id]).exits(0).stdout.contains("transfer"));
}
