//! `chainstack trie`: Ethereum's trie tests through the command line, proofs there and back.

use std::fs;

use chainstack_tests::{
    node::run,
    vectors::{json_file, vectors},
};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Case {
    name: String,
    secure: bool,
    pairs: Vec<Value>,
    root: String,
    any_order: bool,
}

fn cases() -> Option<Vec<Case>> {
    let folder = vectors("trie")?;
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("readable").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut cases = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|it| it == "json")) {
        let file = path.file_name().expect("a file").to_string_lossy().into_owned();
        for (name, row) in json_file(path).as_object().expect("an object of cases") {
            // The file of neighbours has no roots.
            let Some(root) = row["root"].as_str() else { continue };
            let (pairs, any_order) = match &row["in"] {
                Value::Array(list) => (list.clone(), false),
                Value::Object(map) => (map.iter().map(|(key, value)| json!([key, value])).collect(), true),
                other => panic!("{file} {name}: {other}"),
            };
            let secure = file.to_lowercase().contains("secure");
            cases.push(Case {
                name: format!("{file} {name}"),
                secure,
                pairs,
                root: root.to_lowercase(),
                any_order,
            });
        }
    }
    assert!(cases.len() > 15, "{} cases", cases.len());
    Some(cases)
}

fn written(folder: &TempDir, pairs: &[Value]) -> String {
    let path = folder.path().join("pairs.json");
    fs::write(&path, Value::from(pairs.to_vec()).to_string()).expect("written");
    path.to_string_lossy().into_owned()
}

fn with_secure<'a>(arguments: &[&'a str], secure: bool) -> Vec<&'a str> {
    let flag: &[&str] = if secure { &["--secure"] } else { &[] };
    [arguments, flag].concat()
}

#[test]
fn every_public_trie_vector_has_its_root() {
    let Some(cases) = cases() else { return };
    let folder = TempDir::new().expect("a folder");
    for case in &cases {
        let mut orders = vec![case.pairs.clone()];
        if case.any_order {
            orders.push(case.pairs.iter().rev().cloned().collect());
        }
        for pairs in orders {
            let file = written(&folder, &pairs);
            let output = run(folder.path(), &with_secure(&["trie", "root", &file], case.secure)).exits(0);
            assert_eq!(output.stdout.trim(), case.root, "{}", case.name);
        }
    }
}

/// The key's last value in the list.
fn value_of<'a>(pairs: &'a [Value], key: &str) -> Option<&'a Value> {
    let last = pairs.iter().rev().find(|pair| pair[0] == key)?;
    (!last[1].is_null() && last[1] != "").then_some(&last[1])
}

#[test]
fn what_is_proven_verifies_under_its_root_and_no_other() {
    let Some(cases) = cases() else { return };
    let folder = TempDir::new().expect("a folder");
    let home = folder.path();
    let other_root = format!("0x{}", "11".repeat(32));
    let proof_file = home.join("proof.json");
    let proof_path = proof_file.to_string_lossy().into_owned();
    for case in &cases {
        let file = written(&folder, &case.pairs);
        let mut keys: Vec<&str> = case.pairs.iter().filter_map(|pair| pair[0].as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.truncate(4);
        keys.push("surely absent");
        for key in keys {
            let what = format!("{} key {key}", case.name);
            let arguments = with_secure(&["trie", "prove", &file, key, "--output", "json"], case.secure);
            let proof = run(home, &arguments).exits(0);
            assert_eq!(proof.json()["root"], case.root, "{what}");
            let as_text = run(home, &with_secure(&["trie", "prove", &file, key], case.secure)).exits(0);
            assert_eq!(as_text.stdout, proof.stdout, "{what}: one file, whatever the form of answers");
            assert!(as_text.stderr.contains(&case.root), "{what}: {as_text:?}");
            fs::write(&proof_file, &as_text.stdout).expect("written");
            let verified =
                run(home, &["trie", "verify", &proof_path, "--root", &case.root, "--output", "json"]);
            let shown = verified.exits(0).json();
            match value_of(&case.pairs, key).and_then(Value::as_str) {
                None => assert_eq!(shown["value"], Value::Null, "{what}"),
                Some(value) => {
                    let bytes = value.strip_prefix("0x").map_or_else(|| hex::encode(value), str::to_owned);
                    assert_eq!(shown["value"], format!("0x{bytes}"), "{what}");
                }
            }
            let refused = run(home, &["trie", "verify", &proof_path, "--root", &other_root]);
            assert_eq!(refused.status, Some(3), "{what}: {refused:?}");
        }
    }
}

#[test]
fn lists_that_are_none_are_refused_as_misuse() {
    let folder = TempDir::new().expect("a folder");
    let cases = [
        "",
        "{}",
        "[[1, 2]]",
        "[[\"a\"]]",
        "[[\"a\", \"b\", \"c\"]]",
        "[[\"0xzz\", \"b\"]]",
        "[[\"a\", 1]]",
        "[",
        "null",
    ];
    for text in cases {
        let path = folder.path().join("pairs.json");
        fs::write(&path, text).expect("written");
        let output = run(folder.path(), &["trie", "root", &path.to_string_lossy()]);
        assert_eq!(output.status, Some(2), "{text}: {output:?}");
    }
    let empty = folder.path().join("empty.json");
    fs::write(&empty, "[]").expect("written");
    let output = run(folder.path(), &["trie", "root", &empty.to_string_lossy()]).exits(0);
    assert_eq!(output.stdout.trim(), "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
    let missing = run(folder.path(), &["trie", "root", "/no/such/file"]);
    assert_eq!(missing.status, Some(8), "{missing:?}");
}
