//! The command line end to end: the README's commands, the words of refusals, exit codes.

mod codes;
mod deploy;
mod dev;
mod follow;
mod secrets;
mod state;
mod unsigned;

use chainstack_tests::node::{TestNode, run};
use serde_json::{Value, json};

/// Tokens of the default parameter file, in base units.
const SUPPLY: u128 = 1_000_000_000_000_000_000_000_000;

#[test]
fn a_user_without_code_issues_moves_reads_and_proves_a_token() {
    let node = TestNode::temporary(&[]);
    let params = node.cli(&["paradigm", "new", "erc20"]).exits(0);
    let commented = params.stdout.lines().filter(|line| line.starts_with('#')).count();
    assert!(commented >= 9, "each parameter is explained: {}", params.stdout);
    let file = node.file("gold.toml", params.stdout.as_bytes());

    let deployed =
        node.cli(&["paradigm", "deploy", "erc20", "-p", &file, "--as", "gold", "--from", "//Alice"]).exits(0);
    assert!(deployed.stderr.contains("cost: "), "the cost is shown first: {deployed:?}");
    let called =
        node.cli(&["call", "gold", "transfer", "to=//Bob", "amount=250", "--from", "//Alice"]).exits(0);
    assert!(called.stderr.contains("cost: "), "the cost is shown first: {called:?}");
    assert!(called.stdout.contains("Transfer"), "the events are shown: {called:?}");

    let asked = node.cli_json(&["query", "gold", "balance_of", "owner=//Bob"]);
    assert_eq!(asked["result"], "250", "{asked}");
    let plain = node.cli(&["query", "gold", "balance_of", "owner=//Alice"]).exits(0);
    assert_eq!(plain.stdout.trim(), (SUPPLY - 250).to_string());

    let events = node.cli_json(&["events", "gold"]);
    let names: Vec<&Value> =
        events["events"].as_array().expect("a list").iter().map(|event| &event["name"]).collect();
    assert_eq!(names, ["Transfer", "Transfer"], "the mint and the move: {events}");
    assert_eq!(events["events"][1]["fields"]["amount"], "250", "{events}");
    let none = node.cli_json(&["events", "gold", "--name", "Approval"]);
    assert_eq!(none["events"], json!([]));

    let proof = node.cli(&["proof", "get", "gold", "balances", "//Bob"]).exits(0);
    let proof = node.file("p.json", proof.stdout.as_bytes());
    let verified = node.cli_json(&["proof", "verify", &proof, "--root", &node.state_root()]);
    assert_eq!(verified["verified"], true, "{verified}");
    assert_eq!(verified["entry"]["amount"], "250", "{verified}");

    let state = node.cli_json(&["state", "gold"]);
    assert_eq!(state["sums"][0]["sum"], SUPPLY.to_string(), "{state}");
    let entries = node.cli_json(&["state", "gold", "balances"]);
    assert_eq!(entries["entries"].as_array().map(Vec::len), Some(2), "{entries}");
    let entry = node.cli(&["state", "gold", "balances", "//Bob"]).exits(0);
    assert!(entry.stdout.contains("250"), "{entry:?}");
}

#[test]
fn a_refused_call_says_the_errors_name_what_was_found_and_what_was_asked() {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    let _moved =
        node.cli(&["call", "gold", "transfer", "to=//Bob", "amount=250", "--from", "//Alice"]).exits(0);
    let height = node.height();

    let call = ["call", "gold", "transfer", "to=//Bob", "amount=999999999999", "--from", "//Bob"];
    let refused = node.cli(&call).exits(4);
    assert_eq!(refused.stdout, "");
    for part in ["InsufficientBalance", "250", "999999999999"] {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
    let as_json = node.cli(&[&call[..], &["--output", "json"]].concat()).exits(4).error_json();
    assert_eq!(as_json["schema"], 1);
    assert_eq!(as_json["code"], 1);
    assert_eq!(as_json["error_name"], "InsufficientBalance");
    assert_eq!(as_json["error_fields"], json!({"balance": "250", "needed": "999999999999"}));
    assert_eq!(node.height(), height, "what the simulation refuses is not sent");
}

#[test]
fn a_dry_run_and_an_unsigned_transaction_send_nothing_and_a_key_can_stay_elsewhere() {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    let height = node.height();
    let call = ["call", "gold", "transfer", "to=//Bob", "amount=7", "--from", "//Alice"];

    let shown = node.cli_json(&[&call[..], &["--dry-run"]].concat());
    assert!(shown["gas"].as_u64().is_some_and(|gas| gas > 0), "{shown}");
    assert_eq!(node.height(), height, "a dry run sends nothing");

    let unsigned = node.cli_json(&[&call[..], &["--unsigned"]].concat());
    let unsigned = unsigned["unsigned"].as_str().expect("0x hex").to_owned();
    assert_eq!(node.height(), height, "an unsigned transaction is not sent");
    let decoded = node.cli_json(&["tx", "decode", &unsigned]);
    assert_eq!(
        (&decoded["signed"], &decoded["call"]["method"]),
        (&json!(false), &json!("transfer")),
        "{decoded}"
    );

    // The other machine has a key and no node.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let offline = ["--url", "http://127.0.0.1:9", "--output", "json"];
    let wrong_key =
        run(elsewhere.path(), &[&offline[..], &["tx", "sign", &unsigned, "--from", "//Bob"]].concat());
    assert_eq!(wrong_key.status, Some(9), "another's key does not sign: {wrong_key:?}");
    let signed =
        run(elsewhere.path(), &[&offline[..], &["tx", "sign", &unsigned, "--from", "//Alice"]].concat());
    let signed = signed.exits(0).json();
    let (bytes, id) = (signed["transaction"].as_str().expect("hex"), signed["id"].as_str().expect("an id"));

    let file = node.file("signed.hex", format!("{bytes}\n").as_bytes());
    assert_eq!(node.cli_json(&["tx", "status", id])["status"], "unknown");
    let sent = node.cli_json(&["tx", "send", &file]);
    assert_eq!((&sent["id"], &sent["code"]), (&json!(id), &json!(0)), "{sent}");
    assert_eq!(node.cli_json(&["tx", "status", id])["status"], "included");
    assert_eq!(node.cli_json(&["tx", "show", id])["id"], id);
    assert_eq!(node.cli_json(&["query", "gold", "balance_of", "owner=//Bob"])["result"], "7");

    let again = node.cli(&["tx", "send", &file]);
    assert!(
        again.status != Some(0) && again.stderr.contains("NonceTooLow"),
        "a replay is refused: {again:?}"
    );
}

#[test]
fn json_answers_carry_the_schema_and_the_promised_fields() {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    let cases: [(&[&str], &[&str]); 14] = [
        (&["status"], &["chain", "height", "finalized", "state_root", "peers", "version"]),
        (&["account", "show", "//Alice"], &["address", "public_key"]),
        (&["account", "balance", "//Alice"], &["balance", "nonce"]),
        (&["account", "list"], &["keys"]),
        (&["paradigm", "list"], &["paradigms"]),
        (&["paradigm", "show", "erc20"], &["name", "doc", "params"]),
        (&["paradigm", "new", "erc20"], &["name", "file"]),
        (&["query", "gold", "name"], &["result", "gas", "height"]),
        (&["state", "gold"], &["info", "params", "roles", "sums"]),
        (&["events", "gold"], &["events"]),
        (&["block", "show"], &["hash", "header", "transactions"]),
        (&["explain", "1004"], &["code", "name", "what", "hint"]),
        (&["doctor"], &["findings"]),
        (&["completions", "bash"], &["shell", "script"]),
    ];
    for (arguments, fields) in cases {
        let answer = node.cli_json(arguments);
        for field in fields {
            assert!(answer.get(*field).is_some(), "{arguments:?} has no {field}: {answer}");
        }
    }
    let status = node.cli_json(&["status"]);
    assert_eq!(status["height"], node.height());
    assert_eq!(status["state_root"], node.state_root());
}

#[test]
fn codes_are_explained_by_number_and_by_name_without_a_node() {
    let home = tempfile::tempdir().expect("a folder");
    let offline =
        |arguments: &[&str]| run(home.path(), &[&["--url", "http://127.0.0.1:9"], arguments].concat());
    let by_number = offline(&["explain", "1004"]).exits(0);
    let by_name = offline(&["explain", "noncetoolow"]).exits(0);
    assert_eq!(by_number.stdout, by_name.stdout);
    assert!(by_number.stdout.contains("NonceTooLow") && by_number.stdout.contains("hint:"), "{by_number:?}");
    let all = offline(&["explain", "--output", "json"]).exits(0).json();
    let rows = all["codes"].as_array().expect("a list");
    assert!(rows.len() > 60, "{} codes", rows.len());
    for row in rows {
        let code = row["code"].as_u64().expect("a number").to_string();
        for field in ["name", "what", "hint"] {
            assert!(row[field].as_str().is_some_and(|text| !text.is_empty()), "{code} has no {field}");
        }
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = offline(&["completions", shell]).exits(0).stdout;
        assert!(script.contains("chainstack") && script.contains("paradigm"), "{shell}");
    }
}
