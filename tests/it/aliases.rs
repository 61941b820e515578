//! Aliases belong to a chain.

use std::fs;

use chainstack_tests::node::TestNode;
use serde_json::Value;

#[test]
fn an_alias_is_of_one_chain_and_an_error_says_of_which() {
    let node = TestNode::temporary(&[]);
    let address = node.token("gold");
    let chain = node.rpc("chain_status", &[])["chain"].as_str().expect("an id").to_owned();
    let path = node.home().join("aliases.json");
    let kept: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
    assert_eq!(kept["chains"][&chain]["gold"], address.as_str(), "{kept}");
    let _here = node.cli(&["query", "gold", "name"]).exits(0);

    // The same file, as if the contract had been deployed on another chain.
    let other = format!("0x{}", "ab".repeat(32));
    let moved = kept.to_string().replace(&chain, &other);
    fs::write(&path, moved).expect("written");
    let refused = node.cli(&["query", "gold", "name"]).exits(8);
    for part in ["alias on another chain", &other, &chain, "hint: "] {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
    let _by_address = node.cli(&["query", &address, "name"]).exits(0);

    // Made here as well, both are kept.
    let again = node.token_with("gold", &["--salt", "again"]);
    assert_ne!(again, address);
    let kept: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
    assert_eq!(kept["chains"][&other]["gold"], address.as_str(), "{kept}");
    assert_eq!(kept["chains"][&chain]["gold"], again.as_str(), "{kept}");
}

#[test]
fn a_new_chain_of_the_same_genesis_is_asked_about() {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    let before = node.height();
    let _back = node.rpc("dev_revert", &[0.into()]);
    assert!(node.height() < before);
    let refused = node.cli(&["query", "gold", "name"]).exits(8);
    assert!(refused.stderr.contains("hint: ") && refused.stderr.contains("new one"), "{}", refused.stderr);
}
