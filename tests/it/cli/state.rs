//! `state`: lists that say when there is more, and options that are never ignored.

use chainstack_tests::node::TestNode;
use serde_json::Value;

/// Holders of the token besides //Alice.
const HOLDERS: [&str; 4] = ["//Bob", "//Charlie", "//Dave", "//Eve"];

fn keys(answer: &Value) -> Vec<Value> {
    answer["entries"].as_array().expect("a list").iter().map(|row| row["key"].clone()).collect()
}

#[test]
fn a_list_says_that_there_is_more_and_goes_on() {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    for holder in HOLDERS {
        let to = format!("to={holder}");
        let _moved = node.cli(&["call", "gold", "transfer", &to, "amount=5", "--from", "//Alice"]).exits(0);
    }
    let all = node.cli_json(&["state", "gold", "balances"]);
    assert_eq!((keys(&all).len(), &all["next"]), (HOLDERS.len() + 1, &Value::Null), "{all}");

    let mut found = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let mut command = vec!["state", "gold", "balances", "--limit", "2"];
        if let Some(next) = &next {
            command.extend(["--after", next]);
        }
        let page = node.cli_json(&command);
        found.extend(keys(&page));
        next = page["next"].as_str().map(str::to_owned);
        if next.is_none() {
            break;
        }
        assert_eq!(keys(&page).len(), 2, "a page with a next one is full: {page}");
        assert!(found.len() < 2 * HOLDERS.len(), "it ends: {found:?}");
    }
    assert_eq!(found, keys(&all), "the pages are the list");

    // A last page that is full has none after it.
    let full = node.cli_json(&["state", "gold", "balances", "--limit", "5"]);
    assert_eq!(full["next"], Value::Null, "{full}");
    let told = node.cli(&["state", "gold", "balances", "--limit", "2"]).exits(0);
    assert!(told.stderr.contains("--after 0x"), "{told:?}");
}

#[test]
fn an_option_that_would_change_nothing_is_misuse() {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    let deployed = node.height().to_string();
    let _moved =
        node.cli(&["call", "gold", "transfer", "to=//Bob", "amount=5", "--from", "//Alice"]).exits(0);
    let then = node.cli_json(&["state", "gold", "balances", "//Alice", "--height", &deployed]);
    assert_eq!(then["value"], super::SUPPLY.to_string(), "one entry is known at earlier heights: {then}");
    let cases: [&[&str]; 6] = [
        &["state", "gold", "--height", &deployed],
        &["state", "gold", "balances", "--height", &deployed],
        &["state", "gold", "--limit", "5"],
        &["state", "gold", "--after", "0x00"],
        &["state", "gold", "balances", "//Bob", "--limit", "5"],
        &["state", "gold", "balances", "--after", "//Bob"],
    ];
    for case in cases {
        let refused = node.cli(case).exits(2);
        assert!(refused.stderr.contains("hint:"), "{case:?}: {refused:?}");
    }
}
