//! Exit codes are an interface: each is seen, each error goes to stderr with what to try, in both forms.

use std::{collections::BTreeSet, fs};

use chainstack_tests::{
    node::{Output, TestNode, run},
    vectors::project,
};
use serde_json::{Value, json};

/// The zero hash: the root of nothing and the id of no transaction.
const ZERO: &str = "0x0000000000000000000000000000000000000000000000000000000000000000";
/// Nothing answers on the discard port.
const NOWHERE: &str = "http://127.0.0.1:9";

/// Files and texts that the cases name.
struct Props {
    garbage: String,
    passing: String,
    failing: String,
    unsigned: String,
    blocked: String,
}

impl Props {
    fn of(node: &TestNode) -> Self {
        let garbage = node.file("garbage.wasm", b"garbage");
        let passing = project().join("contracts/erc20/scenarios/transfer_part.toml");
        let scenario = fs::read_to_string(&passing).expect("committed");
        let changed = scenario.replace("value = 70", "value = 71");
        assert_ne!(changed, scenario, "the scenario is as this test knows it");
        let failing = node.file("failing.toml", changed.as_bytes());
        let unsigned =
            node.cli_json(&["account", "transfer", "//Bob", "1", "--from", "//Alice", "--unsigned"]);
        let unsigned = unsigned["unsigned"].as_str().expect("hex").to_owned();
        let blocked = format!("{garbage}/below-a-file");
        Self { garbage, passing: passing.to_string_lossy().into_owned(), failing, unsigned, blocked }
    }

    fn cases(&self) -> Vec<(i32, Vec<&str>)> {
        let Self { garbage, passing, failing, unsigned, blocked } = self;
        let [garbage, passing, failing, unsigned, blocked] =
            [garbage, passing, failing, unsigned, blocked].map(String::as_str);
        let transfer = |more: &[&'static str]| -> Vec<&str> {
            [&["call", "gold", "transfer", "to=//Bob", "amount=1", "--from"][..], more].concat()
        };
        vec![
            (0, vec!["status"]),
            (0, vec!["block", "show", "latest"]),
            (0, vec!["paradigm", "list"]),
            (0, vec!["paradigm", "show", "erc20"]),
            (0, vec!["account", "balance", "//Alice"]),
            (0, vec!["account", "show", "//Alice"]),
            (0, vec!["doctor"]),
            (0, vec!["--version"]),
            (0, vec!["test", passing]),
            // The request failed.
            (1, vec!["account", "transfer", "//Bob", "100000000000", "--from", "//Alice"]),
            (
                1,
                vec![
                    "paradigm", "deploy", "erc20", "-p", garbage, "--as", "x", "--from", "//Alice", "--home",
                    blocked,
                ],
            ),
            // Misuse.
            (2, vec!["stats"]),
            (2, vec!["status", "--frobnicate"]),
            (2, vec!["call", "gold", "transfer", "to=//Bob", "--from", "//Alice"]),
            (2, vec!["call", "gold", "transfer", "to=//Bob", "amount=many", "--from", "//Alice"]),
            (2, vec!["call", "gold", "transfer", "//Bob", "amount=1", "--from", "//Alice"]),
            (2, vec!["account", "transfer", "//Bob", "1e3", "--from", "//Alice"]),
            (2, vec!["account", "new", "Not-A-Name", "--password-file", garbage]),
            (2, vec!["tx", "decode", "0x00"]),
            (2, vec!["tx", "show", "gold"]),
            // A check, a proof, a scenario or the doctor says no.
            (3, vec!["check", garbage]),
            (3, vec!["proof", "verify", garbage, "--root", ZERO]),
            (3, vec!["trie", "verify", garbage, "--root", ZERO]),
            (3, vec!["manifest", "show", garbage]),
            (3, vec!["test", failing]),
            (3, vec!["--url", NOWHERE, "doctor"]),
            (3, vec!["doctor", "--home", blocked]),
            // The contract refuses.
            (4, vec!["call", "gold", "transfer", "to=//Alice", "amount=999999999999", "--from", "//Bob"]),
            (4, vec!["call", "gold", "mint", "to=//Bob", "amount=1", "--from", "//Alice"]),
            // Over a limit.
            (5, transfer(&["//Alice", "--gas-limit", "60000"])),
            // The declared machine refuses: the method takes no coins.
            (6, transfer(&["//Alice", "--value", "5"])),
            (7, vec!["--url", NOWHERE, "status"]),
            (7, vec!["--url", NOWHERE, "query", "gold", "name"]),
            // Not found.
            (8, vec!["query", "silver", "name"]),
            (8, vec!["query", "gold", "no_such_view"]),
            (8, vec!["call", "gold", "no_such_method", "--from", "//Alice"]),
            (8, vec!["query", "//Bob", "name"]),
            (8, vec!["tx", "show", ZERO]),
            (8, vec!["block", "show", "1000000"]),
            (8, vec!["paradigm", "show", "erc99"]),
            (8, vec!["explain", "NoSuchCode"]),
            (8, vec!["state", "gold", "no_such_cell"]),
            (8, vec!["state", "gold", "balances", "//Ferdie"]),
            (8, vec!["proof", "verify", "/no/such/file", "--root", ZERO]),
            (8, vec!["check", "/no/such/file"]),
            (8, vec!["test", "/no/such/file"]),
            // Another's key, a caller without the role, an account whose key is not here.
            (9, vec!["tx", "sign", unsigned, "--from", "//Bob"]),
            (9, vec!["call", "gold", "mint", "to=//Bob", "amount=1", "--from", "//Bob"]),
            (9, vec!["call", "gold", "$role.accept", "role=owner", "--from", "//Bob"]),
            (9, vec!["account", "transfer", "//Bob", "1", "--from", ZERO]),
        ]
    }
}

#[test]
fn exit_codes_are_an_interface() {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    let props = Props::of(&node);
    let cases = props.cases();
    let seen: BTreeSet<i32> = cases.iter().map(|(code, _)| *code).collect();
    assert_eq!(seen, (0..=9).collect(), "each exit code has a case");
    let height = node.height();
    let run_it = |arguments: &[&str]| -> Output {
        if arguments[0] == "--url" { run(node.home(), arguments) } else { node.cli(arguments) }
    };
    let mut wrong = Vec::new();
    for (expected, arguments) in &cases {
        let output = run_it(arguments);
        if output.status != Some(*expected) {
            wrong.push(format!("{expected} expected from {arguments:?}: {output:?}"));
            continue;
        }
        if *expected == 0 {
            continue;
        }
        // Misuse that the parser of arguments finds is worded by it.
        let advised = output.stderr.contains("hint:") || (*expected == 2 && output.stderr.contains("--help"));
        if !output.stdout.is_empty() || !advised {
            wrong.push(format!("an error stands on stderr with what to try {arguments:?}: {output:?}"));
        }
        if let Err(why) =
            as_json(*expected, arguments, &run_it(&[&arguments[..], &["--output", "json"]].concat()))
        {
            wrong.push(why);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(node.height(), height, "nothing of this was sent");
}

/// The same error as one object on stderr; a verdict is data, and goes to stdout.
fn as_json(expected: i32, arguments: &[&str], output: &Output) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{what} {arguments:?}: {output:?}"));
    if output.status != Some(expected) {
        return wrong("another exit code with --output json");
    }
    let verdict = ["check", "test"].contains(&arguments[0]) && expected == 3;
    let text =
        if verdict { output.stdout.as_str() } else { output.stderr.lines().last().unwrap_or_default() };
    let Ok(json) = serde_json::from_str::<Value>(text) else { return wrong("no JSON") };
    if json["schema"] != 1 {
        return wrong("another schema");
    }
    let filled = |field: &str| json[field].as_str().is_some_and(|text| !text.is_empty());
    let explained = verdict || (filled("error") && filled("hint"));
    if !explained {
        return wrong("no error or no hint");
    }
    Ok(())
}

#[test]
fn scenarios_and_the_doctor_say_what_they_found() {
    let node = TestNode::temporary(&[]);
    let props = Props::of(&node);
    let both = node.cli(&["test", &props.passing, &props.failing]).exits(3);
    assert!(both.stderr.contains("ok    ") && both.stderr.contains("FAIL  "), "{both:?}");
    assert!(
        both.stderr.contains("step 1") && both.stderr.contains("71") && both.stderr.contains("70"),
        "{both:?}"
    );
    let json = node.cli(&["test", &props.passing, &props.failing, "--output", "json"]).exits(3).json();
    assert_eq!((&json["passed"], &json["failed"]), (&json!(1), &json!(1)), "{json}");
    assert_eq!(json["scenarios"][0]["passed"], true, "{json}");
    let passed = node.cli_json(&["test", &props.passing]);
    assert_eq!(passed["failed"], 0, "{passed}");

    let ill = run(node.home(), &["--url", NOWHERE, "doctor", "--home", &props.blocked, "--output", "json"]);
    let findings = ill.exits(3).error_json()["findings"].clone();
    let well = |what: &str| {
        let found = findings.as_array().expect("a list").iter().find(|finding| finding["what"] == what);
        found.expect("a finding")["well"].clone()
    };
    assert_eq!((well("folder"), well("node"), well("paradigms")), (json!(false), json!(false), json!(true)));
}
