//! Compiled code on disk: found again after a restart, never run when it is damaged.

use std::{fs, path::PathBuf};

use chainstack_tests::{http::request, node::TestNode};

/// The value of an unlabelled sample of `/metrics`.
fn sample(node: &TestNode, name: &str) -> u64 {
    let answer = request(node.address(), "GET", "/metrics", b"").expect("an answer");
    let text = answer.text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no sample {name} in\n{text}"))
}

fn counts(node: &TestNode) -> (u64, u64) {
    (
        sample(node, "chainstack_host_code_compilations_total"),
        sample(node, "chainstack_host_code_cache_loads_total"),
    )
}

/// The files of compiled code.
fn files(node: &TestNode) -> Vec<PathBuf> {
    let entries = fs::read_dir(node.home().join("data").join("code")).expect("the folder of compiled code");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files
}

#[test]
fn a_restarted_node_takes_its_code_from_disk_and_never_runs_a_damaged_file() {
    let mut node = TestNode::kept(&[]);
    assert_eq!(counts(&node), (1, 0), "the paradigm was compiled");
    assert_eq!(sample(&node, "chainstack_host_kept_contracts"), 1);
    assert_eq!(files(&node).len(), 1);
    let _address = node.token("gold");
    let transfer = ["call", "gold", "transfer", "to=//Bob", "amount=250", "--from", "//Alice", "--dry-run"];
    let query = ["query", "gold", "balance_of", "owner=//Alice"];
    let (shown, balance) = (node.cli_json(&transfer), node.cli_json(&query)["result"].clone());

    node.restart();
    assert_eq!(counts(&node), (0, 1), "nothing was compiled again");
    assert_eq!(
        (&node.cli_json(&query)["result"], &node.cli_json(&transfer)["gas"]),
        (&balance, &shown["gas"])
    );

    let whole = fs::read(&files(&node)[0]).expect("an entry");
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x20;
        bytes
    };
    let damages = [
        ("flipped", flipped(whole.len() / 2)),
        ("flipped in its checksum", flipped(20)),
        ("truncated", whole[..whole.len() / 2].to_vec()),
        ("empty", Vec::new()),
        ("of something else", b"\x7fELF and so on".to_vec()),
    ];
    for (what, bytes) in damages {
        node.kill();
        fs::write(&files(&node)[0], bytes).expect("written");
        node.restart();
        assert_eq!(counts(&node), (1, 0), "{what}: compiled again");
        assert_eq!(
            (&node.cli_json(&query)["result"], &node.cli_json(&transfer)["gas"]),
            (&balance, &shown["gas"]),
            "{what}"
        );
        assert_eq!(fs::read(&files(&node)[0]).expect("an entry").len(), whole.len(), "{what}: and replaced");
    }
    node.kill();
    fs::remove_dir_all(node.home().join("data").join("code")).expect("removed");
    node.restart();
    assert_eq!((counts(&node), &node.cli_json(&query)["result"]), ((1, 0), &balance), "without the folder");

    // Something that is no folder stands in its place: the node does without.
    node.kill();
    fs::remove_dir_all(node.home().join("data").join("code")).expect("removed");
    fs::write(node.home().join("data").join("code"), b"in the way").expect("written");
    node.restart();
    assert_eq!((counts(&node), &node.cli_json(&query)["result"]), ((1, 0), &balance));
    assert!(node.log().contains("no compiled code is kept on disk"), "{}", node.log());
}
