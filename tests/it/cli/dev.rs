//! What only a development chain lets one do, and what a transaction of it is shown as.

use chainstack_tests::{
    node::{TestNode, run},
    wallet::Wallet,
};
use serde_json::json;

#[test]
fn a_development_chain_is_told_to_seal_warp_fund_and_go_back() {
    let node = TestNode::temporary(&[]);
    let before = node.height();
    assert_eq!(node.cli_json(&["dev", "seal"])["height"], before + 1);

    let time = || node.rpc("chain_status", &[])["time_ms"].as_u64().expect("a time");
    let earlier = time();
    let _warped = node.cli(&["dev", "warp", "1h30m"]).exits(0);
    let _sealed = node.cli(&["dev", "seal"]).exits(0);
    assert!(time() >= earlier + 5_400_000, "{} after {earlier}", time());

    let snapshot = node.cli(&["dev", "snapshot"]).exits(0).stdout;
    let snapshot = snapshot.trim();
    assert_eq!(snapshot, node.height().to_string());
    let balance = || node.cli_json(&["account", "balance", "//Gwen"])["balance"].clone();
    assert_eq!(balance(), "0");
    let funded = node.cli(&["dev", "fund", "//Gwen", "1.5"]).exits(0);
    assert!(funded.stdout.contains("1.5 CSK"), "{funded:?}");
    assert_eq!(balance(), "1500000000000000000");
    let _back = node.cli(&["dev", "revert", snapshot]).exits(0);
    assert_eq!((balance(), node.height().to_string()), (json!("0"), snapshot.to_owned()));

    for (wrong, exit) in [
        (&["dev", "warp", "soon"][..], 2),
        (&["dev", "fund", "//Gwen", "1e3"][..], 2),
        (&["dev", "revert", "1000000"][..], 8),
        (&["dev", "--tmp", "seal"][..], 2),
    ] {
        let refused = node.cli(wrong);
        assert_eq!(refused.status, Some(exit), "{wrong:?}: {refused:?}");
    }
    let nobody = run(node.home(), &["--url", "http://127.0.0.1:9", "dev", "seal"]);
    assert_eq!(nobody.status, Some(7), "{nobody:?}");
}

#[test]
fn a_transaction_is_shown_with_who_asked_for_what() {
    let node = TestNode::temporary(&[]);
    let deployed = {
        let params = node.cli(&["paradigm", "new", "erc20"]).exits(0).stdout;
        let file = node.file("gold.toml", params.as_bytes());
        node.cli_json(&["paradigm", "deploy", "erc20", "-p", &file, "--as", "gold", "--from", "//Alice"])
    };
    let id = deployed["id"].as_str().expect("an id");
    let (alice, bob) = (Wallet::of(&node, "//Alice").address(), Wallet::of(&node, "//Bob").address());
    let shown = node.cli_json(&["tx", "show", id]);
    assert_eq!(shown["call"]["arguments"]["symbol"], "TKN", "{shown}");

    let call = ["call", "gold", "transfer", "to=//Bob", "amount=250", "--from", "//Alice"];
    let called = node.cli_json(&call);
    let id = called["id"].as_str().expect("an id");
    let shown = node.cli_json(&["tx", "show", id]);
    assert_eq!((&shown["signer"], &shown["code"]), (&json!(alice), &json!(0)), "{shown}");
    assert_eq!(shown["call"]["method"], "transfer", "{shown}");
    assert_eq!(shown["call"]["arguments"], json!({"to": bob, "amount": "250"}), "{shown}");
    assert_eq!(shown["events"][0]["name"], "Transfer", "{shown}");
    let text = node.cli(&["tx", "show", id]).exits(0).stdout;
    for part in [&alice, &bob, "transfer", "amount=250", "Transfer"] {
        assert!(text.contains(part), "{part}: {text}");
    }

    let moved = node.cli_json(&["account", "transfer", "//Bob", "1", "--from", "//Alice"]);
    let text = node.cli(&["tx", "show", moved["id"].as_str().expect("an id")]).exits(0).stdout;
    assert!(text.contains("type=transfer") && text.contains(&bob), "{text}");
}
