//! What `state` shows of escrows: coins, an amount of a token, a deed; of items and of a contract itself.

use chainstack_client::{manifest::from_toml, module::embed_manifest};
use chainstack_tests::{node::TestNode, vectors::project};
use parity_scale_codec::Encode as _;
use serde_json::{Value, json};

use crate::exits::shop;

/// A contract with an escrow of its own.
const POT: &str = r#"
[contract]
name = "pot"

[params]
beneficiary = "account"

[cells.pot]
id = 1
kind = "escrow"
asset = "native"

[machines.main]
id = 1
states = { Open = 1, Closed = 2 }
initial = "Open"
terminal = ["Closed"]

[transitions.give]
value_max = "any"
from = { main = ["Open"] }
escrows = [{ cell = "pot", pays_in = true }]
ceilings = { gas = 100_000, writes = 1, new_entries = 1 }

[exits.close]
id = 1
from = { main = ["Open"] }
effects = [{ release = "pot", to = "param.beneficiary" }]
to = { main = "Closed" }
"#;

/// Its code: what comes along goes into the escrow.
const POT_MODULE: &str = r#"(module
    (import "chainstack" "value" (func $value (param i32)))
    (import "chainstack" "escrow_in" (func $escrow_in (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "give")
        (call $value (i32.const 0))
        (if (call $escrow_in (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)) (then (unreachable)))))"#;

/// Deploys a sample under its own name, or `alias`: its address.
fn deploy(node: &TestNode, file: &str, alias: &str) -> String {
    let deployed = node.cli_json(&["deploy", file, "--as", alias, "--from", "//Alice"]);
    deployed["address"].as_str().expect("an address").to_owned()
}

fn artifact(name: &str) -> String {
    project().join(format!("contracts/artifacts/{name}.wasm")).to_string_lossy().into_owned()
}

/// Checks that the overview of `contract` shows these escrows of its first item, in both forms, and that the item alone
/// shows them too.
fn check_item(node: &TestNode, contract: &str, cell: &str, escrow: &Value, line: &str) {
    let shown = node.cli_json(&["state", contract]);
    assert_eq!(shown["escrows"], json!([]), "none of the contract itself: {shown}");
    assert_eq!(shown["items"][0]["escrows"], json!([escrow]), "{shown}");
    let alone = node.cli_json(&["state", contract, cell, "1"]);
    assert_eq!(alone["escrows"], json!([escrow]), "{alone}");
    for command in [&["state", contract][..], &["state", contract, cell, "1"]] {
        let text = node.cli(command).exits(0).stdout;
        assert!(text.lines().any(|found| found.trim_start() == line), "{line}: {text}");
    }
}

#[test]
fn coins_in_escrow_are_shown_until_they_are_out() {
    let node = shop();
    let full = json!({"cell": "vault", "asset": "native", "amount": "1000", "key": null});
    check_item(&node, "shop", "deals", &full, "holds vault        1000 native");
    let _released = node.cli(&["call", "shop", "release", "deal=1", "--from", "//Alice"]).exits(0);
    let _paid = node.cli(&["poke", "shop", "pay", "1", "--from", "//Charlie"]).exits(0);
    let empty = json!({"cell": "vault", "asset": null, "amount": null, "key": null});
    check_item(&node, "shop", "deals", &empty, "holds vault        nothing");
}

#[test]
fn assets_in_escrow_are_shown_with_the_names_of_their_contract() {
    let node = TestNode::temporary(&[]);
    let gold = node.token("gold");
    let _custody = deploy(&node, &artifact("custody"), "custody");
    let bring = ["call", "custody", "bring", "vault=1", "beneficiary=//Bob", "token=gold", "amount=300"];
    let consent = ["until=1000", "--send", "gold.balances=300", "--from", "//Alice"];
    let _brought = node.cli(&[&bring[..], &consent].concat()).exits(0);
    let asset = json!({"contract": gold, "name": "erc20", "cell": "balances"});
    let held = json!({"cell": "held", "asset": asset, "amount": "300", "key": null});
    let line = format!("holds held         300 of `balances` of erc20 {gold}");
    check_item(&node, "custody", "vaults", &held, &line);

    let deeds = deploy(&node, &artifact("deed"), "deeds");
    let _auction = deploy(&node, &artifact("auction"), "auction");
    let mint = ["call", "deeds", "mint", "id=7", "to=//Alice", "soulbound=false", "--from", "//Alice"];
    let _minted = node.cli(&mint).exits(0);
    let open = ["call", "auction", "open", "lot=1", "asset=deeds", "id=7", "start=5000", "floor=100"];
    let consent = ["closes=1000", "--send", "deeds.deeds=1", "--from", "//Alice"];
    let _opened = node.cli(&[&open[..], &consent].concat()).exits(0);
    let asset = json!({"contract": deeds, "name": "deed", "cell": "deeds"});
    let held = json!({"cell": "held", "asset": asset, "amount": null, "key": {"id": "7"}});
    let line = format!("holds held         7 of `deeds` of deed {deeds}");
    check_item(&node, "auction", "lots", &held, &line);
}

#[test]
fn an_escrow_of_the_contract_itself_is_shown_with_it() {
    let node = TestNode::temporary(&[]);
    let manifest = from_toml(POT).expect("a manifest");
    let code = wat::parse_str(POT_MODULE).expect("a module");
    let code = embed_manifest(&code, &manifest.encode()).expect("a module");
    let (file, params) = (node.file("pot.wasm", &code), node.file("pot.toml", b"beneficiary = \"//Bob\"\n"));
    let _deployed = node.cli(&["deploy", &file, "-p", &params, "--as", "pot", "--from", "//Alice"]).exits(0);
    let empty = node.cli_json(&["state", "pot"]);
    assert_eq!(
        empty["escrows"],
        json!([{"cell": "pot", "asset": null, "amount": null, "key": null}]),
        "{empty}"
    );
    let _given = node.cli(&["call", "pot", "give", "--value", "25", "--from", "//Alice"]).exits(0);
    let full = node.cli_json(&["state", "pot"]);
    let coins = json!([{"cell": "pot", "asset": "native", "amount": "25", "key": null}]);
    assert_eq!((&full["escrows"], &full["items"]), (&coins, &json!([])), "{full}");
    let text = node.cli(&["state", "pot"]).exits(0).stdout;
    assert!(text.lines().any(|line| line == "holds pot          25 native"), "{text}");
}
