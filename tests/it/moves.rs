//! What could be done with a contract now, and why the rest could not: `state`, `call CONTRACT --help`,
//! `poke CONTRACT --help`, on the sample `escrow`.

use std::{env, fs};

use chainstack_client::{
    Ss58Prefix, parse_address,
    transaction::{Terms, sign},
};
use chainstack_primitives::{AccountId, Amount, BatchCall, BoundedVec, Call, Gas, Invoke, Transaction};
use chainstack_tests::{
    node::TestNode,
    vectors::project,
    wallet::{Wallet, hex_of},
};
use serde_json::Value;

use crate::exits::{open, shop};

/// The row of a move in an answer.
fn found<'a>(moves: &'a Value, name: &str) -> &'a Value {
    let rows = moves.as_array().unwrap_or_else(|| panic!("a list of moves: {moves}"));
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}: {moves}"))
}

fn enabled<'a>(moves: &'a Value, name: &str) -> &'a str {
    found(moves, name)["enabled"].as_str().expect("a word")
}

/// Names of the codes that a move would be refused with, in order.
fn reasons(moves: &Value, name: &str) -> Vec<String> {
    let needs = found(moves, name)["needs"].as_array().expect("needs");
    let refused = needs.iter().filter(|need| need["met"] == "no");
    refused.map(|need| need["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn a_deal_shows_what_can_be_done_with_it_and_by_whom() {
    let node = shop();
    let deadline = node.height() + 4;
    let _opened = open(&node, "2", &deadline.to_string()).exits(0);
    let of = |from: &str| node.cli_json(&["state", "shop", "deals", "2", "--from", from]);

    let buyer = of("//Alice");
    assert_eq!(
        (&buyer["value"]["$state"], &buyer["block"]["height"]),
        (&"Funded".into(), &(node.height() + 1).into())
    );
    assert_eq!(enabled(&buyer["moves"], "release"), "yes", "{buyer}");
    assert_eq!(reasons(&buyer["moves"], "decline"), ["WrongCaller"]);
    let seller = of("//Bob");
    assert_eq!(enabled(&seller["moves"], "decline"), "yes", "{seller}");
    assert_eq!(
        (enabled(&seller["moves"], "release"), reasons(&seller["moves"], "release")),
        ("no", vec!["WrongCaller".to_owned()])
    );
    assert!(found(&seller["moves"], "release").to_string().contains("role `buyer` held by 0x"), "{seller}");

    // Whoever asks, the exits are the same; before the deadline none is open.
    for exit in ["pay", "give_back", "clear"] {
        assert_eq!(reasons(&seller["moves"], exit), ["WrongState"], "{exit}");
    }
    assert_eq!(reasons(&seller["moves"], "expire"), ["NotOpen"]);
    let text = node.cli(&["state", "shop", "deals", "2"]).exits(0).stdout;
    assert!(text.contains(&format!("open from {deadline} on")), "{text}");
    assert!(text.contains("release            depends  depends on the caller: role `buyer`"), "{text}");
    assert!(text.contains("ItemExists"), "a deal is opened once: {text}");

    node.wait_for("the deadline", |node| {
        (node.height() + 1 >= deadline).then_some(()).or_else(|| {
            let _sealed = node.cli(&["dev", "seal"]).exits(0);
            None
        })
    });
    assert_eq!(enabled(&of("//Bob")["moves"], "expire"), "yes");
    let _expired = node.cli(&["poke", "shop", "expire", "2", "--from", "//Charlie"]).exits(0);
    let after = of("//Alice");
    assert_eq!(after["value"]["$state"], "Refunded");
    assert_eq!(reasons(&after["moves"], "release"), ["WrongState"]);
    assert_eq!(enabled(&after["moves"], "clear"), "yes");
}

#[test]
fn an_overview_shows_each_item_and_what_depends_on_what() {
    let node = shop();
    let _opened = open(&node, "2", "1000").exits(0);
    let _released = node.cli(&["call", "shop", "release", "deal=2", "--from", "//Alice"]).exits(0);
    let shown = node.cli_json(&["state", "shop", "--from", "//Alice"]);
    let items = shown["items"].as_array().expect("items");
    let states: Vec<(&Value, &Value)> =
        items.iter().map(|item| (&item["key"]["deal"], &item["value"]["$state"])).collect();
    assert_eq!(items.len(), 2, "{shown}");
    assert!(states.iter().all(|(key, _)| !key.is_null()), "{states:?}");
    assert_eq!((states[0].1, states[1].1), (&"Funded".into(), &"Released".into()));
    assert_eq!(
        (enabled(&items[0]["moves"], "release"), enabled(&items[1]["moves"], "release")),
        ("yes", "no")
    );
    assert_eq!((enabled(&items[0]["moves"], "pay"), enabled(&items[1]["moves"], "pay")), ("no", "yes"));
    assert_eq!(enabled(&shown["moves"], "open"), "depends");
    let text = node.cli(&["state", "shop"]).exits(0).stdout;
    for line in [
        "guard depends on the value, argument `deadline`",
        "item  deals        1",
        "exit pay           yes",
        "machine `deal` of item",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    for misuse in [
        &["state", "shop", "deals", "--from", "//Alice"][..],
        &["state", "shop", "deals", "1", "--from", "//Alice", "--height", "1"],
    ] {
        let refused = node.cli(misuse).exits(2);
        assert!(refused.stderr.contains("hint:"), "{refused:?}");
    }
}

#[test]
fn a_contract_helps_whoever_calls_it() {
    let node = shop();
    let help = node.cli(&["call", "shop", "--help"]).exits(0);
    assert_eq!(help.stderr, "");
    for line in [
        "contract escrow",
        "Lets the seller have the payment.",
        "deal: u64, seller: account, deadline: u64",
        "chainstack query shop VIEW",
        "What is held for a deal.",
        "chainstack poke shop expire KEY... --from KEY",
    ] {
        assert!(help.stdout.contains(line), "{line}: {}", help.stdout);
    }
    assert!(help.stdout.contains("because  depends on the item\n"), "no deal was named: {}", help.stdout);

    // Of one method, with what is known of its arguments.
    let one = |more: &[&str]| {
        let line = [&["call", "shop", "release", "--help"], more].concat();
        node.cli_json(&line)["methods"][0].clone()
    };
    assert_eq!(one(&[])["enabled"], "depends");
    assert_eq!(one(&["deal=1"])["enabled"], "depends", "on the caller");
    assert_eq!(one(&["deal=1", "--from", "//Alice"])["enabled"], "yes");
    assert_eq!(one(&["deal=1", "--from", "//Bob"])["enabled"], "no");
    assert_eq!(one(&["deal=7", "--from", "//Alice"])["needs"][0]["name"], "ItemNotFound");
    let row = one(&[]);
    assert_eq!((&row["method"], &row["args"][0]["type"]), (&"release".into(), &"u64".into()), "{row}");
    let opened = ["call", "shop", "open", "deal=2", "seller=//Bob", "deadline=1", "--value", "5", "--help"];
    let late = node.cli_json(&opened)["methods"][0].clone();
    assert!(late["needs"].to_string().contains("GuardRefused"), "the deadline has passed: {late}");
    let text = node.cli(&["call", "shop", "open", "--help"]).exits(0).stdout;
    assert!(text.contains("The payment could not be put into escrow."), "errors have their words: {text}");
    assert!(text.contains("chainstack call shop open deal=… seller=… deadline=… --from KEY"), "{text}");
    let view = node.cli_json(&["call", "shop", "held", "--help"]);
    assert_eq!((&view["views"][0]["method"], &view["views"][0]["enabled"]), (&"held".into(), &Value::Null));

    // What is no method, argument or contract is told as ever; without a contract help is the command's own.
    let _unknown = node.cli(&["call", "shop", "no_such", "--help"]).exits(8);
    let wrong = node.cli(&["call", "shop", "release", "dael=1", "--help"]).exits(2);
    assert!(wrong.stderr.contains("there is no argument `dael`"), "{wrong:?}");
    let _nobody = node.cli(&["call", "nowhere", "--help"]).exits(8);
    let own = node.cli(&["call", "--help"]).exits(0).stdout;
    assert!(own.contains("Usage: chainstack call"), "{own}");
}

#[test]
fn exits_are_told_as_open_or_not() {
    let node = shop();
    let all = node.cli_json(&["poke", "shop", "--help"]);
    let names: Vec<&str> =
        all["exits"].as_array().expect("exits").iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, ["pay", "give_back", "expire", "clear"]);
    let of = |exit: &str| node.cli_json(&["poke", "shop", exit, "1", "--help"])["exits"][0].clone();
    assert_eq!(of("pay")["enabled"], "no");
    let _released = node.cli(&["call", "shop", "release", "deal=1", "--from", "//Alice"]).exits(0);
    assert_eq!(of("pay")["enabled"], "yes");
    let text = node.cli(&["poke", "shop", "expire", "1", "--help"]).exits(0).stdout;
    assert!(text.contains("WrongState") && text.contains("NotOpen"), "every reason: {text}");
    assert!(text.contains("release all of vault to item.buyer"), "{text}");
    let _unknown = node.cli(&["poke", "shop", "nothing", "--help"]).exits(8);
    let _key = node.cli(&["poke", "shop", "pay", "1", "2", "--help"]).exits(2);
}

/// What is printed as JSON, of the deal and of the contract, without the clock and the artifact's hashes.
fn printed(node: &TestNode) -> String {
    let mut all = serde_json::Map::new();
    for line in [
        &["state", "shop", "--from", "//Bob"][..],
        &["state", "shop", "deals", "1", "--from", "//Alice"],
        &["call", "shop", "--help"],
        &["call", "shop", "release", "deal=1", "--from", "//Bob", "--help"],
        &["poke", "shop", "expire", "1", "--help"],
    ] {
        let mut answer = node.cli_json(line);
        answer["block"]["time_ms"] = Value::from(0);
        // They follow from the artifact, whose own tests pin it.
        for field in ["info", "address"] {
            answer.as_object_mut().expect("an object").remove(field);
        }
        all.insert(line.join(" "), answer);
    }
    serde_json::to_string_pretty(&Value::Object(all)).expect("it was JSON") + "\n"
}

#[test]
fn the_json_forms_are_as_their_golden_file_says() {
    let found = printed(&shop());
    let path = project().join("tests/golden/moves.json");
    if env::var("CHAINSTACK_UPDATE_GOLDEN").as_deref() == Ok("1") {
        fs::write(&path, &found).expect("written");
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    let line = found.lines().zip(golden.lines()).position(|(found, expected)| found != expected);
    assert!(
        found == golden,
        "tests/golden/moves.json differs from line {}:\n  expected {:?}\n  found    {:?}\nCHAINSTACK_UPDATE_GOLDEN=1 rewrites it",
        line.map_or(0, |line| line + 1),
        line.and_then(|line| golden.lines().nth(line)),
        line.and_then(|line| found.lines().nth(line))
    );
}

/// The account of `shop`.
fn contract(node: &TestNode) -> AccountId {
    let address = node.cli_json(&["state", "shop"])["info"]["address"].clone();
    parse_address(address.as_str().expect("an address"), Ss58Prefix::DEFAULT).expect("an address")
}

/// Has a transaction put into a block: the name of its code.
fn included(node: &TestNode, transaction: &Transaction) -> String {
    let id = node.rpc("tx_submit", &[hex_of(transaction)])["id"].clone();
    let receipt = node.wait_for("the transaction", |node| {
        let status = node.rpc("tx_status", std::slice::from_ref(&id));
        (status["status"] == "included").then(|| status["receipt"].clone())
    });
    receipt["name"].as_str().expect("a name").to_owned()
}

/// The row of a name in a history.
fn row<'a>(history: &'a Value, name: &str) -> &'a Value {
    let rows = history["history"]["rows"].as_array().expect("rows");
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}: {history}"))
}

#[test]
fn a_history_counts_what_was_taken_and_what_was_refused() {
    let node = shop();
    let first = node.height();
    let mut bob = Wallet::of(&node, "//Bob");
    let of_deal = |method: &str| {
        let contract = contract(&node);
        let args = 1_u64.to_le_bytes().to_vec().try_into().expect("short");
        let method = method.try_into().expect("short");
        Invoke { contract, method, args, value: Amount::ZERO, sends: BoundedVec::new() }
    };
    let refused = bob.sign(Call::Invoke(of_deal("release")));
    assert_eq!(included(&node, &refused), "WrongCaller");
    let batch = vec![BatchCall::Invoke(of_deal("decline")), BatchCall::Invoke(of_deal("release"))];
    let terms = Terms { gas_limit: Gas(5_000_000), ..bob.terms() };
    let undone = sign(terms.body(Call::Batch(batch.try_into().expect("short"))), &bob.key);
    assert_eq!(included(&node, &undone), "WrongState", "the first call of the batch has declined the deal");
    let _released = node.cli(&["call", "shop", "release", "deal=1", "--from", "//Alice"]).exits(0);
    let _paid = node.cli(&["poke", "shop", "pay", "1", "--from", "//Charlie"]).exits(0);

    let history = node.cli_json(&["inspect", "history", "shop"]);
    let (open, release) = (row(&history, "open"), row(&history, "release"));
    assert_eq!(
        (&open["done"], &open["first_height"], &open["last_height"]),
        (&1.into(), &first.into(), &first.into())
    );
    assert_eq!((&release["calls"], &release["done"]), (&3.into(), &1.into()), "{release}");
    let failed: Vec<(&Value, &Value)> = release["failed"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|failed| (&failed["name"], &failed["calls"]))
        .collect();
    let once = Value::from(1);
    assert_eq!(failed.len(), 2, "{release}");
    assert!(failed.contains(&(&"WrongCaller".into(), &once)), "alone: {release}");
    assert!(failed.contains(&(&"WrongState".into(), &once)), "in a batch: {release}");
    let decline = row(&history, "decline");
    assert_eq!((&decline["undone"], &decline["done"], &decline["gas"]), (&1.into(), &0.into(), &Value::Null));
    let pay = row(&history, "pay");
    assert_eq!(
        (&pay["kind"], &pay["done"], &pay["events"], &pay["events_max"]),
        (&"exit".into(), &1.into(), &1.into(), &1.into())
    );
    assert_eq!(history["history"]["never"], serde_json::json!(["decline", "give_back", "expire", "clear"]));
    assert_eq!((&history["history"]["from"], &history["history"]["to"]), (&0.into(), &node.height().into()));
    let receipt_gas = {
        let block = node.rpc("chain_block", &[first.into()]);
        let id = block["transactions"][0]["id"].clone();
        node.rpc("chain_receipt", &[id])["gas"].clone()
    };
    assert_eq!(open["gas"], receipt_gas, "gas is that of the receipt");
    let text = node.cli(&["inspect", "history", "shop"]).exits(0).stdout;
    for line in [
        "TESTED    transition `open` was taken once",
        "1 WrongCaller",
        "never taken there: decline, give_back, expire, clear",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    // As far back as is asked, and no further.
    let last = node.cli_json(&["inspect", "history", "shop", "--blocks", "1"]);
    assert_eq!((&last["history"]["from"], &row(&last, "open")["calls"]), (&node.height().into(), &0.into()));
    assert_eq!(row(&last, "pay")["done"], 1);

    let bounds = node.cli_json(&["inspect", "bounds", "shop"])["bounds"].clone();
    let method = &bounds["methods"][0];
    assert_eq!(
        (&method["method"], &method["seen"]["calls"], &method["seen"]["gas"]),
        (&"open".into(), &1.into(), &receipt_gas)
    );
    let deals = &bounds["cells"][0];
    assert_eq!(
        (&deals["cell"], &deals["entries"], &deals["entries_read"]),
        (&"deals".into(), &"1".into(), &"1".into())
    );
    assert_eq!(deals["deposit_read"], deals["entry_deposit"], "one deal locks the deposit of an entry");
    let text = node.cli(&["inspect", "bounds", "shop"]).exits(0).stdout;
    assert!(
        text.contains("the most that a whole transaction of one used") && text.contains("deposit now"),
        "{text}"
    );

    for misuse in [
        &["inspect", "abi", "shop", "--blocks", "5"][..],
        &["inspect", "history", "shop", "--blocks", "0"],
        &["inspect", "history", "./no/file.toml"],
    ] {
        let output = node.cli(misuse);
        assert!([Some(2), Some(8)].contains(&output.status), "{misuse:?}: {output:?}");
    }
}

#[test]
fn pages_of_calls_lead_to_all_of_them() {
    let node = shop();
    for _ in 0..3 {
        let _sealed = node.cli(&["dev", "seal"]).exits(0);
    }
    let address = node.cli_json(&["state", "shop"])["info"]["address"].clone();
    let whole = node.rpc("contract_calls", &[address.clone(), 0.into()]);
    assert_eq!((whole["calls"].as_array().map(Vec::len), &whole["next"]), (Some(1), &Value::Null), "{whole}");
    let (mut at, mut calls, mut pages) = (serde_json::json!({"height": 0, "transaction": 0}), Vec::new(), 0);
    while !at.is_null() {
        let page = node.rpc(
            "contract_calls",
            &[address.clone(), at["height"].clone(), at["transaction"].clone(), 1.into()],
        );
        calls.extend(page["calls"].as_array().cloned().expect("calls"));
        at = page["next"].clone();
        pages += 1;
    }
    assert_eq!((&Value::Array(calls), pages), (&whole["calls"], node.height() + 1));
    assert!(node.try_rpc("contract_calls", &[address, (node.height() + 1).into()]).is_err(), "past the head");
}
