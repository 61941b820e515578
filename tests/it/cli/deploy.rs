//! Deploying: what is checked before anything is paid, what stands afterwards, and a module of one's own from its
//! manifest to a query.

use std::fs;

use chainstack_tests::{
    node::{TestNode, run},
    vectors::project,
    wallet::Wallet,
};
use serde_json::json;

use super::SUPPLY;

/// The carried module with a declaration of its own: another name, and //Alice the owner by default, so that every
/// parameter has a default.
fn silver(node: &TestNode) -> String {
    let alice = Wallet::of(node, "//Alice").address();
    let declared = fs::read_to_string(project().join("contracts/erc20/manifest.toml")).expect("committed");
    let changed = declared
        .replace("name = \"erc20\"", "name = \"silver\"")
        .replace("type = \"account\", doc", &format!("type = \"account\", default = \"{alice}\", doc"));
    assert!(changed.contains("silver") && changed.contains(&alice), "the manifest is as this test knows it");
    let toml = node.file("silver.toml", changed.as_bytes());
    let out = node.home().join("silver.wasm").to_string_lossy().into_owned();
    let plain = project().join("contracts/artifacts/erc20.wasm").to_string_lossy().into_owned();
    let embedded = node.cli_json(&["manifest", "embed", &plain, &toml, "-o", &out]);
    let size = fs::metadata(&out).expect("written").len();
    assert_eq!(embedded["size_bytes"], size, "{embedded}");
    out
}

#[test]
fn a_module_of_ones_own_goes_from_its_manifest_to_a_query() {
    let node = TestNode::temporary(&[]);
    let wasm = silver(&node);

    // What was put in comes out and means the same.
    let shown = node.cli_json(&["manifest", "show", &wasm]);
    assert_eq!(shown["manifest"]["contract"]["name"], "silver", "{shown}");
    let extracted = node.cli(&["manifest", "extract", &wasm]).exits(0).stdout;
    let again = node.file("again.toml", extracted.as_bytes());
    let as_toml = node.cli_json(&["manifest", "show", &again]);
    assert_eq!(as_toml["manifest_hash"], shown["manifest_hash"]);
    let bare = node.file("bare.wasm", b"\0asm\x01\0\0\0");
    let none = node.cli(&["manifest", "extract", &bare]).exits(3);
    assert!(none.stderr.contains("hint:"), "{none:?}");

    assert_eq!(node.cli_json(&["check", &wasm])["accepted"], true);

    // No parameter file: the declared defaults. A nonce that is given is the upload's; the contract takes the next.
    let nonce = Wallet::of(&node, "//Alice").nonce.to_string();
    let deploy = ["deploy", &wasm, "--as", "silver", "--from", "//Alice"];
    let deployed = node.cli(&[&deploy[..], &["--nonce", &nonce, "--output", "json"]].concat()).exits(0);
    assert!(deployed.stderr.contains("uploaded"), "{deployed:?}");
    let json = deployed.json();
    assert_eq!(json["alias"], "silver", "{json}");
    assert_eq!(node.cli_json(&["state", "silver"])["info"]["address"], json["address"]);

    let call = ["call", "silver", "transfer", "to=//Bob", "amount=7", "--from", "//Alice"];
    let called = node.cli(&call).exits(0);
    assert!(called.stdout.contains("Transfer"), "{called:?}");
    assert_eq!(node.cli_json(&["query", "silver", "balance_of", "owner=//Bob"])["result"], "7");
    assert_eq!(node.cli_json(&["query", "silver", "total_supply"])["result"], SUPPLY.to_string());

    // Code that the chain has is not uploaded again; the salt tells the contracts apart.
    let second = node.cli(&["deploy", &wasm, "--salt", "two", "--from", "//Bob"]).exits(0);
    assert!(!second.stderr.contains("uploaded"), "{second:?}");
}

#[test]
fn what_is_shown_of_new_code_is_the_upload_and_says_so() {
    let node = TestNode::temporary(&[]);
    let wasm = silver(&node);
    let height = node.height();
    for option in ["--dry-run", "--unsigned"] {
        let shown = node.cli(&["deploy", &wasm, "--from", "//Alice", option]).exits(0);
        assert!(shown.stderr.contains("upload alone"), "{option}: {shown:?}");
        let json = node.cli_json(&["deploy", &wasm, "--from", "//Alice", option]);
        assert_eq!(json["step"], "upload", "{option}: {json}");
    }
    assert_eq!(node.height(), height);

    // A parameter without a default has to be given, and that is known before anything is paid.
    let carried = project().join("contracts/artifacts/erc20.wasm").to_string_lossy().into_owned();
    let missing = node.cli(&["deploy", &carried, "--from", "//Alice"]).exits(2);
    for part in ["owner", "hint:", "-p"] {
        assert!(missing.stderr.contains(part), "{part}: {missing:?}");
    }
    assert_eq!(node.height(), height);
}

#[test]
fn an_alias_that_cannot_be_kept_is_refused_before_anything_is_paid() {
    let node = TestNode::temporary(&[]);
    let wasm = silver(&node);
    let params = node.cli(&["paradigm", "new", "erc20"]).exits(0).stdout;
    let params = node.file("gold.toml", params.as_bytes());
    let balance = || node.cli_json(&["account", "balance", "//Alice"]);
    let (height, before) = (node.height(), balance());
    let blocked = format!("{params}/below-a-file");
    let paradigm = ["paradigm", "deploy", "erc20", "-p", &params, "--from", "//Alice"];
    let module = ["deploy", &wasm, "--from", "//Alice"];
    let long = "a".repeat(33);
    for command in [&paradigm[..], &module[..]] {
        for alias in ["My Gold", "", "GOLD", &long] {
            let refused = node.cli(&[command, &["--as", alias]].concat()).exits(2);
            assert!(refused.stderr.contains("hint:"), "{alias}: {refused:?}");
        }
        let refused = node.cli(&[command, &["--as", "gold", "--home", &blocked]].concat()).exits(1);
        assert!(refused.stderr.contains("hint:"), "{refused:?}");
        // A list that cannot be read would be overwritten.
        let _broken = node.file("aliases.json", b"{");
        let refused = node.cli(&[command, &["--as", "gold"]].concat()).exits(1);
        assert!(refused.stderr.contains("hint:"), "{refused:?}");
        fs::remove_file(node.home().join("aliases.json")).expect("it was there");
    }
    assert_eq!((node.height(), balance()), (height, before), "nothing was paid");
}

#[test]
fn a_contract_whose_alias_is_lost_after_all_still_gives_its_address() {
    let node = TestNode::temporary(&[]);
    let params = node.cli(&["paradigm", "new", "erc20"]).exits(0).stdout;
    let params = node.file("gold.toml", params.as_bytes());
    // The folder takes files, but the list cannot be replaced: a folder stands where its new text goes first.
    fs::create_dir(node.home().join("aliases.json.new")).expect("a folder");
    let deploy = ["paradigm", "deploy", "erc20", "-p", &params, "--as", "gold", "--from", "//Alice"];
    let deployed = node.cli(&[&deploy[..], &["--output", "json"]].concat()).exits(0);
    assert!(deployed.stderr.contains("warning:") && deployed.stderr.contains("not kept"), "{deployed:?}");
    let json = deployed.json();
    assert_eq!(json["alias"], json!(null), "{json}");
    let address = json["address"].as_str().expect("the address is said");
    assert_eq!(node.cli_json(&["query", address, "total_supply"])["result"], SUPPLY.to_string());
    assert_eq!(run(node.home(), &["--url", node.url(), "query", "gold", "name"]).status, Some(8));
}

/// A module as a build of the SDK leaves it: the manifest's text in a section of its own.
fn with_text(text: &str) -> Vec<u8> {
    let length = |mut value: usize| {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        bytes.push(value.to_le_bytes()[0]);
        bytes
    };
    let name = "chainstack.source";
    let payload = [&length(name.len()), name.as_bytes(), text.as_bytes()].concat();
    [&b"\0asm\x01\0\0\0\0"[..], &length(payload.len()), &payload].concat()
}

#[test]
fn a_manifest_that_the_code_declares_is_embedded_without_a_file() {
    let home = tempfile::TempDir::new().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = home.path().join(name);
        fs::write(&path, bytes).expect("written");
        path.to_string_lossy().into_owned()
    };
    let text = fs::read_to_string(project().join("sdk/macros/tests/expanded/page.toml")).expect("committed");
    let plain = file("plain.wasm", &with_text(&text));
    let out = home.path().join("out.wasm").to_string_lossy().into_owned();
    let _embedded = run(home.path(), &["manifest", "embed", &plain, "-o", &out]).exits(0);
    let shown = run(home.path(), &["manifest", "show", &out, "--output", "json"]).exits(0).json();
    assert_eq!(shown["manifest"]["contract"]["name"], "points", "{shown}");
    assert_eq!(shown["manifest"]["transitions"]["close"]["doc"], "Ends the season: no point moves any more.");
    // The text does not stay: the artifact is what a file would have given.
    let toml = file("points.toml", text.as_bytes());
    let bare = file("bare.wasm", b"\0asm\x01\0\0\0");
    let by_hand = home.path().join("by_hand.wasm").to_string_lossy().into_owned();
    let _embedded = run(home.path(), &["manifest", "embed", &bare, &toml, "-o", &by_hand]).exits(0);
    assert_eq!(fs::read(&out).expect("written"), fs::read(&by_hand).expect("written"));

    let twice = run(home.path(), &["manifest", "embed", &plain, &toml, "-o", &out]).exits(3);
    assert!(twice.stderr.contains("the code declares its manifest already"), "{twice:?}");
    let none = run(home.path(), &["manifest", "embed", &bare, "-o", &out]).exits(3);
    assert!(none.stderr.contains("chainstack.source"), "{none:?}");
    let wrong = file("wrong.wasm", &with_text("[contract]\n# src/lib.rs:4\nnam = \"points\"\n"));
    let wrong = run(home.path(), &["manifest", "embed", &wrong, "-o", &out]).exits(3);
    assert!(wrong.stderr.contains("line 1, column 1: `name` is missing\n  src/lib.rs:4\n"), "{wrong:?}");
}
