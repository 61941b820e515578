//! The user's keys: made, listed, imported and used, encrypted on disk, never an argument.

use std::{fs, path::Path};

use chainstack_tests::node::{TestNode, run};
use serde_json::json;

/// Every file below `folder`.
fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            files(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}

#[test]
fn a_key_is_made_listed_funded_and_signs_with_its_password_only() {
    let node = TestNode::temporary(&[]);
    let password = node.file("password", b"correct horse\nsecond line\n");
    let wrong = node.file("wrong", b"battery staple\n");

    let made =
        node.cli(&["account", "new", "gwen", "--password-file", &password, "--output", "json"]).exits(0);
    let address = made.json()["address"].as_str().expect("an address").to_owned();
    let phrase = made.stderr.lines().last().expect("the phrase is shown once").to_owned();
    assert_eq!(phrase.split_whitespace().count(), 12, "{phrase}");
    assert!(!made.stdout.contains(&phrase), "a secret does not go to stdout");

    let mut kept = Vec::new();
    files(&node.home().join("keys"), &mut kept);
    assert!(!kept.is_empty(), "the key is kept");
    for file in &kept {
        let text = String::from_utf8_lossy(&fs::read(file).expect("readable")).into_owned();
        assert!(
            !text.contains("correct horse") && !text.contains(&phrase),
            "{} holds a secret",
            file.display()
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(file).expect("readable").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} is open to others: {mode:o}", file.display());
        }
    }

    let listed = node.cli_json(&["account", "list"]);
    assert_eq!(listed["keys"], json!([{"name": "gwen", "address": address}]));
    let twice = node.cli(&["account", "new", "gwen", "--password-file", &password]);
    assert_eq!(twice.status, Some(1), "a key is never overwritten: {twice:?}");

    let funded = node.cli(&["account", "transfer", "gwen", "5", "--from", "//Alice"]).exits(0);
    assert!(funded.stderr.contains("cost: "), "{funded:?}");
    let balance = node.cli_json(&["account", "balance", "gwen"]);
    assert_eq!(balance["balance"], "5000000000000000000", "{balance}");

    let send = ["account", "transfer", "//Bob", "1", "--from", "gwen"];
    let refused = node.cli(&[&send[..], &["--password-file", &wrong]].concat());
    assert_eq!(refused.status, Some(9), "a wrong password: {refused:?}");
    let asked = node.cli(&send);
    assert_eq!(asked.status, Some(2), "no terminal to ask on: {asked:?}");
    let sent = node.cli(&[&send[..], &["--password-file", &password]].concat()).exits(0);
    assert!(sent.stdout.contains("moved") || sent.stdout.contains("block"), "{sent:?}");

    // The phrase on paper is the key: imported elsewhere it is the same account.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let secret = node.file("phrase", phrase.as_bytes());
    let import = ["account", "import", "gwen2", "--secret-file", &secret, "--password-file", &password];
    let imported = run(elsewhere.path(), &[&import[..], &["--output", "json"]].concat()).exits(0).json();
    assert_eq!(imported["address"], address);
}

#[test]
fn well_known_keys_are_the_substrate_worlds() {
    let home = tempfile::tempdir().expect("a folder");
    let cases = [
        ("//Alice", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"),
        ("//Bob", "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"),
    ];
    for (uri, address) in cases {
        let shown = run(home.path(), &["account", "show", uri, "--output", "json"]).exits(0).json();
        assert_eq!(shown["address"], address);
    }
}
