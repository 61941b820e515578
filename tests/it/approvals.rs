//! Sets of accounts and upgrades from the command line: approve, look, call; propose, wait, apply.

use chainstack_tests::{
    node::TestNode,
    wasm::{Module, body},
};
use serde_json::Value;

const FUND: &str = r#"
[contract]
name = "fund"

[types]
Members = { is = "list<account, 3>" }

[params]
members = "Members"

[roles.board]
id = 1
kind = "set"
initial = "param.members"
members_max = 3
threshold = 2
approval_blocks = 100

[roles.keeper]
id = 2
kind = "account"
initial = "signer"
transferable = true

[transitions.spend]
args = { amount = "u64" }
guard = "quorum(board)"
ceilings = { gas = 100_000 }

[transitions.rest]
ceilings = { gas = 100_000 }

[upgrade]
role = "keeper"
delay_blocks = 2
veto = "board"
"#;

/// A module with the manifest, written into the node's folder.
fn module(node: &TestNode, name: &str, toml: &str, methods: &[&'static str]) -> String {
    let exports = (0..).zip(methods).map(|(index, method)| (*method, index)).collect();
    let code = Module { bodies: methods.iter().map(|_| body(0, &[])).collect(), exports };
    let wasm = node.file(&format!("{name}.plain.wasm"), &code.encode());
    let toml = node.file(&format!("{name}.toml"), toml.as_bytes());
    let out = node.file(&format!("{name}.wasm"), b"");
    let _embedded = node.cli(&["manifest", "embed", &wasm, &toml, "--out", &out]).exits(0);
    out
}

fn fund() -> TestNode {
    let node = TestNode::temporary(&[]);
    let file = module(&node, "fund", FUND, &["spend", "rest"]);
    let params = node.file("params.toml", b"members = [\"//Alice\", \"//Bob\", \"//Charlie\"]\n");
    let deploy = ["deploy", &file, "--params", &params, "--as", "fund", "--from", "//Alice"];
    let _deployed = node.cli(&deploy).exits(0);
    node
}

fn spend<'l>(more: &[&'l str]) -> Vec<&'l str> {
    [&["call", "fund", "spend", "amount=7", "--from"], more].concat()
}

#[test]
fn a_board_approves_a_call_before_it_is_made() {
    let node = fund();
    let refused = node.cli(&spend(&["//Alice"])).exits(6);
    assert!(refused.stderr.contains("0 of 2 approvals of role `board`"), "{refused:?}");
    let stranger = node.cli(&spend(&["//Dave", "--approve"])).exits(9);
    assert!(stranger.stderr.contains("NotAMember"), "{stranger:?}");
    let approved = node.cli(&spend(&["//Alice", "--approve"])).exits(0);
    let refused = node.cli(&spend(&["//Charlie"])).exits(6);
    assert!(refused.stderr.contains("1 of 2 approvals"), "{refused:?}");

    let state = node.cli_json(&["state", "fund"]);
    let call = state["approvals"][0]["call"].as_str().expect("a hash").to_owned();
    assert!(refused.stderr.contains(&call), "the refusal names the call: {refused:?} {call}");
    assert!(approved.stdout.contains(&call) || approved.stderr.contains(&call), "{approved:?} {call}");
    assert_eq!(state["sets"][0]["members"].as_array().map(Vec::len), Some(3), "{state}");
    let told = node.cli(&["state", "fund"]).exits(0);
    assert!(told.stdout.contains(&format!("call  {call} approved 1 times")), "{told:?}");
    assert!(told.stdout.contains("set   board"), "{told:?}");

    let by_hash = format!("call={call}");
    let _second = node.cli(&["call", "fund", "$approve", &by_hash, "--from", "//Bob"]).exits(0);
    let _back = node.cli(&["call", "fund", "$approve.revoke", &by_hash, "--from", "//Bob"]).exits(0);
    let _refused = node.cli(&spend(&["//Charlie"])).exits(6);
    let _again = node.cli(&spend(&["//Bob", "--approve"])).exits(0);
    let _made = node.cli(&spend(&["//Dave"])).exits(0);
    assert_eq!(node.cli_json(&["state", "fund"])["approvals"], Value::Array(Vec::new()));
    let _used = node.cli(&spend(&["//Dave"])).exits(6);
    let plain = node.cli(&["call", "fund", "rest", "--approve", "--from", "//Bob"]).exits(2);
    assert!(plain.stderr.contains("no set of accounts is asked about `rest`"), "{plain:?}");
}

#[test]
fn code_is_proposed_waited_for_and_applied() {
    let node = fund();
    let better = FUND.replace("name = \"fund\"", "name = \"fund\"\ndoc = \"Better.\"");
    let other = module(&node, "better", &better, &["spend", "rest"]);
    // Somebody deploys the code for himself: with that it is uploaded.
    let params = node.file("mine.toml", b"members = [\"//Alice\", \"//Bob\"]\n");
    let mine = ["deploy", &other, "--params", &params, "--as", "mine", "--from", "//Dave"];
    let _uploaded = node.cli(&mine).exits(0);
    let info = node.cli_json(&["state", "mine"]);
    let code = info["info"]["code_hash"].as_str().expect("a hash").to_owned();
    let with = format!("code={code}");
    let propose = |from: &'static str| ["call", "fund", "$upgrade.propose", with.as_str(), "--from", from];
    let _stranger = node.cli(&propose("//Dave")).exits(9);
    let _proposed = node.cli(&propose("//Alice")).exits(0);
    let told = node.cli(&["state", "fund"]).exits(0);
    assert!(told.stdout.contains(&format!("upgrade to {code} proposed by")), "{told:?}");
    let apply = ["call", "fund", "$upgrade.apply", "--from", "//Dave"];
    let early = node.cli(&apply).exits(6);
    assert!(early.stderr.contains("UpgradeTooEarly"), "{early:?}");
    let _sealed = node.cli(&["dev", "seal"]).exits(0);
    let _applied = node.cli(&apply).exits(0);
    let state = node.cli_json(&["state", "fund"]);
    assert_eq!((&state["info"]["version"], &state["upgrade"]), (&Value::from(2), &Value::Null), "{state}");
    assert_eq!(state["info"]["code_hash"].as_str(), Some(code.as_str()), "{state}");
    let none = node.cli(&["call", "fund", "$upgrade.veto", "--approve", "--from", "//Bob"]).exits(0);
    assert!(none.stdout.contains("approved"), "{none:?}");
}
