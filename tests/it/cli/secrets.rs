//! Secrets: never taken as arguments, never repeated in a message.

use chainstack_tests::node::{Output, TestNode, run};

/// The public phrase of development keys: what leaks here harms nobody.
const PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
const SEED: &str = "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e";

/// No word of the phrase in a row with its neighbour, nor the seed, stands in what was printed.
fn leaks(output: &Output) -> bool {
    let said = [output.stdout.as_str(), output.stderr.as_str()].concat();
    said.contains("bottom drive")
        || said.contains("obey lake")
        || said.contains(&SEED[2..])
        || said.contains("hunter2")
}

#[test]
fn a_secret_as_an_argument_is_refused_and_not_repeated() {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    let height = node.height();
    let unsigned = node.cli_json(&["account", "transfer", "//Bob", "1", "--from", "//Alice", "--unsigned"]);
    let unsigned = unsigned["unsigned"].as_str().expect("hex").to_owned();
    let derived = format!("{PHRASE}//stash");
    let seeded = format!("{SEED}//stash");
    let with_password = "//Alice///hunter2";
    let to = format!("to={PHRASE}");
    let mut cases: Vec<(i32, Vec<&str>)> = vec![
        (2, vec!["call", "gold", "transfer", &to, "amount=1", "--from", "//Alice"]),
        (2, vec!["call", "gold", "transfer", "to=//Bob///hunter2", "amount=1", "--from", "//Alice"]),
        (2, vec!["state", "gold", "balances", PHRASE]),
        (2, vec!["account", "new", PHRASE]),
        // Where no argument is taken at all.
        (2, vec!["account", "import", "gwen", PHRASE]),
        (2, vec!["account", "import", "gwen", PHRASE, "--output", "json"]),
        // A seed looks like a public key, of which there is no key here.
        (9, vec!["account", "transfer", "//Bob", "1", "--from", SEED]),
    ];
    for secret in [PHRASE, &derived, &seeded, with_password] {
        cases.push((2, vec!["account", "show", secret]));
        cases.push((2, vec!["account", "transfer", "//Bob", "1", "--from", secret]));
        cases.push((2, vec!["account", "transfer", secret, "1", "--from", "//Alice"]));
        cases.push((2, vec!["tx", "sign", &unsigned, "--from", secret]));
    }
    let mut wrong = Vec::new();
    for (expected, arguments) in &cases {
        let output = node.cli(arguments);
        if output.status != Some(*expected) || leaks(&output) {
            wrong.push(format!("{expected} and silence expected from {arguments:?}: {output:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let refused = node.cli(&["account", "transfer", "//Bob", "1", "--from", with_password]);
    assert!(refused.stderr.contains("account import"), "says how instead: {refused:?}");
    assert_eq!(node.height(), height);
}

#[test]
fn a_secret_from_a_file_is_taken_and_a_wrong_one_not_repeated() {
    let home = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_string_lossy().into_owned()
    };
    let (password, good) =
        (file("password", "correct horse"), file("good", &format!("{PHRASE}//Alice///hunter2")));
    let wrong = file("wrong", &PHRASE.replace("walk", "walkk"));
    let import = |name: &str, secret: &str| {
        run(home.path(), &["account", "import", name, "--secret-file", secret, "--password-file", &password])
    };
    let _taken = import("gwen", &good).exits(0);
    let refused = import("hal", &wrong).exits(2);
    assert!(!leaks(&refused), "{refused:?}");
}
