//! Machines, escrow and exits from the command line: the sample `escrow`, as its users meet it.

use std::path::PathBuf;

use chainstack_tests::{
    node::{Output, TestNode},
    vectors::project,
};

fn artifact() -> PathBuf {
    project().join("contracts/artifacts/escrow.wasm")
}

/// A node with the contract as `shop`, and deal 1 of //Alice's for //Bob: 1,000 units, due far ahead.
pub(crate) fn shop() -> TestNode {
    let node = TestNode::temporary(&[]);
    let file = artifact().to_string_lossy().into_owned();
    let _deployed = node.cli(&["deploy", &file, "--as", "shop", "--from", "//Alice"]).exits(0);
    let _opened = open(&node, "1", "1000").exits(0);
    node
}

pub(crate) fn open(node: &TestNode, deal: &str, deadline: &str) -> Output {
    let (deal, deadline) = (format!("deal={deal}"), format!("deadline={deadline}"));
    node.cli(&[
        "call",
        "shop",
        "open",
        &deal,
        "seller=//Bob",
        &deadline,
        "--value",
        "1000",
        "--from",
        "//Alice",
    ])
}

fn balance(node: &TestNode, account: &str) -> u128 {
    let shown = node.cli_json(&["account", "balance", account]);
    shown["balance"].as_str().and_then(|text| text.parse().ok()).expect("a balance")
}

fn held(node: &TestNode, deal: &str) -> String {
    let deal = format!("deal={deal}");
    node.cli_json(&["query", "shop", "held", &deal])["result"].as_str().expect("an amount").to_owned()
}

fn state(node: &TestNode, deal: &str) -> String {
    let shown = node.cli_json(&["state", "shop", "deals", deal]);
    shown["value"]["$state"].as_str().expect("a state").to_owned()
}

#[test]
fn a_released_deal_pays_the_seller_whoever_pokes() {
    let node = shop();
    assert_eq!((held(&node, "1"), state(&node, "1")), ("1000".to_owned(), "Funded".to_owned()));
    let refused = node.cli(&["poke", "shop", "pay", "1", "--from", "//Charlie"]).exits(6);
    assert!(
        refused.stderr.contains("WrongState") && refused.stderr.contains("`Released` expected"),
        "{refused:?}"
    );
    let _released = node.cli(&["call", "shop", "release", "deal=1", "--from", "//Alice"]).exits(0);
    let before = balance(&node, "//Bob");
    let paid = node.cli(&["poke", "shop", "pay", "1", "--from", "//Charlie"]).exits(0);
    assert!(paid.stdout.contains("Paid amount=1000"), "{paid:?}");
    assert_eq!(balance(&node, "//Bob") - before, 1_000);
    assert_eq!((held(&node, "1"), state(&node, "1")), ("0".to_owned(), "Paid".to_owned()));
    let _gone = node.cli(&["poke", "shop", "clear", "1", "--from", "//Charlie"]).exits(0);
    let _none = node.cli(&["state", "shop", "deals", "1"]).exits(8);
}

#[test]
fn a_declined_deal_goes_back_and_so_does_one_that_expires() {
    let node = shop();
    let _declined = node.cli(&["call", "shop", "decline", "deal=1", "--from", "//Bob"]).exits(0);
    let _back = node.cli(&["poke", "shop", "give_back", "1", "--from", "//Charlie"]).exits(0);
    assert_eq!((held(&node, "1"), state(&node, "1")), ("0".to_owned(), "Refunded".to_owned()));

    let deadline = node.height() + 3;
    let _opened = open(&node, "2", &deadline.to_string()).exits(0);
    let early = node.cli(&["poke", "shop", "expire", "2", "--from", "//Charlie"]).exits(6);
    assert!(
        early.stderr.contains("NotOpen") && early.stderr.contains(&format!("open from {deadline}")),
        "{early:?}"
    );
    node.wait_for("the deadline", |node| {
        (node.height() + 1 >= deadline).then_some(()).or_else(|| {
            let _sealed = node.cli(&["dev", "seal"]).exits(0);
            None
        })
    });
    let _expired = node.cli(&["poke", "shop", "expire", "2", "--from", "//Charlie"]).exits(0);
    assert_eq!((held(&node, "2"), state(&node, "2")), ("0".to_owned(), "Refunded".to_owned()));
}

#[test]
fn what_the_declaration_does_not_allow_says_why() {
    let node = shop();
    let cases: [(&[&str], i32, &str); 6] = [
        (&["call", "shop", "release", "deal=1", "--from", "//Bob"], 9, "role `buyer`"),
        (&["call", "shop", "release", "deal=7", "--from", "//Alice"], 6, "ItemNotFound"),
        (
            &[
                "call",
                "shop",
                "open",
                "deal=1",
                "seller=//Bob",
                "deadline=999",
                "--value",
                "1",
                "--from",
                "//Alice",
            ],
            6,
            "ItemExists",
        ),
        (
            &[
                "call",
                "shop",
                "open",
                "deal=2",
                "seller=//Bob",
                "deadline=1",
                "--value",
                "1",
                "--from",
                "//Alice",
            ],
            6,
            "GuardRefused",
        ),
        (&["poke", "shop", "nothing", "--from", "//Bob"], 8, "exits: pay, give_back, expire, clear"),
        (&["poke", "shop", "pay", "--from", "//Bob"], 2, "0 key values found, 1 expected"),
    ];
    for (arguments, code, text) in cases {
        let output = node.cli(arguments).exits(code);
        assert!(output.stderr.contains(text), "{arguments:?}: {output:?}");
    }
    assert_eq!((held(&node, "1"), state(&node, "1")), ("1000".to_owned(), "Funded".to_owned()));
}

#[test]
fn a_paused_token_moves_nothing_and_shows_its_state() {
    let node = TestNode::temporary(&[]);
    let params = node.cli(&["paradigm", "new", "erc20"]).exits(0).stdout;
    let line = params.lines().find(|line| line.contains("pausable")).expect("a parameter");
    let params = params.replace(line, "pausable = true");
    let file = node.file("gold.toml", params.as_bytes());
    let deploy = ["paradigm", "deploy", "erc20", "-p", &file, "--as", "gold", "--from", "//Alice"];
    let _deployed = node.cli(&deploy).exits(0);
    let transfer = ["call", "gold", "transfer", "to=//Bob", "amount=1", "--from", "//Alice"];
    let _moved = node.cli(&transfer).exits(0);
    let _stranger = node.cli(&["call", "gold", "pause", "--from", "//Bob"]).exits(9);
    let _paused = node.cli(&["call", "gold", "pause", "--from", "//Alice"]).exits(0);
    assert!(node.cli(&["state", "gold"]).exits(0).stdout.contains("state main         Paused"));
    let refused = node.cli(&transfer).exits(6);
    assert!(refused.stderr.contains("machine `main` is in `Paused`, `Active` expected"), "{refused:?}");
    let _on = node.cli(&["call", "gold", "unpause", "--from", "//Alice"]).exits(0);
    let _moves = node.cli(&transfer).exits(0);
}

/// `--code` of `chainstack test`: the scenarios of a sample, with the code that a chain has.
#[test]
fn scenarios_test_the_code_that_is_deployed() {
    let node = shop();
    let scenarios = project().join("contracts/escrow/scenarios").to_string_lossy().into_owned();
    let test = |code: &str| node.cli(&["test", &scenarios, "--code", code]);
    let passed = test("escrow=shop").exits(0);
    assert!(passed.stdout.contains("3 of 3 scenarios passed"), "{passed:?}");
    let token = node.token("gold");
    let failed = test(&format!("escrow={token}")).exits(3);
    assert!(failed.stderr.contains("argument `owner` of type account is missing"), "other code: {failed:?}");
    let unknown = test("vault=shop").exits(8);
    assert!(unknown.stderr.contains("no scenario has a contract `vault`"), "{unknown:?}");
    let nowhere = test("escrow=stall").exits(8);
    assert!(nowhere.stderr.contains("stall"), "{nowhere:?}");
    let manifest = project().join("contracts/erc20/manifest.toml").to_string_lossy().into_owned();
    let declared = test(&format!("escrow={manifest}")).exits(3);
    assert!(declared.stderr.contains("is no module"), "{declared:?}");
    let _usage = test("escrow").exits(2);
}
