//! Proof files: any changed byte is refused, and an Ethereum library agrees with what is left.

use std::{fs, thread};

use alloy_trie::{Nibbles, proof::verify_proof};
use chainstack_client::proof::{AccountLeaf, StateProof};
use chainstack_primitives::{Hash, keccak256};
use chainstack_tests::{
    node::{TestNode, run},
    wallet::{Wallet, hash},
};
use chainstack_trie::{EMPTY_ROOT, Proof};
use parity_scale_codec::Encode as _;
use serde_json::json;

/// Commands that run at a time.
const LANES: usize = 4;

/// A node with a token of which Bob has 250, and the proof of it.
fn proven() -> (TestNode, String, Hash) {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    let _moved =
        node.cli(&["call", "gold", "transfer", "to=//Bob", "amount=250", "--from", "//Alice"]).exits(0);
    let proof = node.cli(&["proof", "get", "gold", "balances", "//Bob"]).exits(0).stdout;
    let root = hash(&json!(node.state_root()));
    (node, proof, root)
}

#[test]
fn any_changed_byte_of_a_proof_file_is_refused() {
    let (node, proof, root) = proven();
    let root_text = root.to_string();
    let path = node.file("good.json", proof.as_bytes());
    let verify = |path: &str| run(node.home(), &["proof", "verify", path, "--root", &root_text]);
    assert_eq!(verify(&path).status, Some(0));
    assert!(StateProof::from_file(proof.as_bytes()).is_ok_and(|proof| proof.verify(root).is_ok()));

    // Every byte by the library that the command uses: each other digit, and some that are none.
    let holds = |bytes: &[u8]| StateProof::from_file(bytes).is_ok_and(|proof| proof.verify(root).is_ok());
    let mut bytes = proof.into_bytes();
    let mut accepted = Vec::new();
    for index in 0..bytes.len() {
        let before = bytes[index];
        for value in *b"0123456789abcdefAF \n\0\xff\",}" {
            bytes[index] = value;
            if value != before && holds(&bytes) {
                accepted.push((index, char::from(value)));
            }
        }
        bytes[index] = before;
    }
    assert!(accepted.is_empty(), "of {} bytes these verify changed: {accepted:?}", bytes.len());

    // And the command's exit code: every byte once, on a few threads, as a command takes some milliseconds.
    thread::scope(|scope| {
        for lane in 0..LANES {
            let (bytes, verify) = (&bytes, &verify);
            let path = node.home().join(format!("bad-{lane}.json"));
            scope.spawn(move || {
                for index in (lane..bytes.len()).step_by(LANES) {
                    let mut changed = bytes.clone();
                    changed[index] = if changed[index] == b'0' { b'1' } else { b'0' };
                    fs::write(&path, &changed).expect("written");
                    let refused = verify(&path.to_string_lossy());
                    assert_eq!(refused.status, Some(3), "byte {index} of {}: {refused:?}", bytes.len());
                }
            });
        }
    });
    let bad = node.home().join("bad.json");
    let bad_path = bad.to_string_lossy().into_owned();
    for (what, changed) in [
        ("cut", bytes[..bytes.len() - 1].to_vec()),
        ("longer", [&bytes[..], b" "].concat()),
        ("twice", bytes.repeat(2)),
        ("empty", Vec::new()),
        ("too large", vec![b'0'; 3 * 1024 * 1024]),
    ] {
        fs::write(&bad, &changed).expect("written");
        let refused = verify(&bad_path);
        assert!(matches!(refused.status, Some(3 | 5)), "{what}: {refused:?}");
    }
    let elsewhere =
        run(node.home(), &["proof", "verify", &path, "--root", &format!("0x{}", "22".repeat(32))]);
    assert_eq!(elsewhere.status, Some(3), "under another root: {elsewhere:?}");
}

/// RLP of bytes.
fn rlp_string(bytes: &[u8]) -> Vec<u8> {
    match bytes {
        [byte] if *byte < 0x80 => vec![*byte],
        _ => [&rlp_header(0x80, bytes.len())[..], bytes].concat(),
    }
}

/// RLP of a list of byte strings.
fn rlp_list(items: &[&[u8]]) -> Vec<u8> {
    let body: Vec<u8> = items.iter().flat_map(|item| rlp_string(item)).collect();
    [rlp_header(0xc0, body.len()), body].concat()
}

fn rlp_header(offset: u8, length: usize) -> Vec<u8> {
    match u8::try_from(length) {
        Ok(short) if short <= 55 => vec![offset + short],
        _ => {
            let bytes = trimmed(&(length as u64).to_be_bytes());
            let count = u8::try_from(bytes.len()).expect("eight at most");
            [&[offset + 55 + count], &bytes[..]].concat()
        }
    }
}

fn trimmed(big_endian: &[u8]) -> Vec<u8> {
    big_endian.iter().copied().skip_while(|byte| *byte == 0).collect()
}

/// Verifies with an Ethereum library.
fn alloy(root: Hash, path: Hash, value: Option<Vec<u8>>, nodes: &[u8]) -> Result<(), String> {
    let nodes: Vec<_> = Proof::decode(nodes).expect("nodes").nodes.into_iter().map(Into::into).collect();
    verify_proof(root.0.into(), Nibbles::unpack(path.0), value, &nodes).map_err(|error| error.to_string())
}

fn account_value(leaf: &AccountLeaf) -> Vec<u8> {
    let (nonce, balance) = (leaf.account.nonce.0.to_be_bytes(), leaf.account.balance.0.to_be_bytes());
    rlp_list(&[&trimmed(&nonce), &trimmed(&balance), &leaf.storage_root.0, &leaf.account.code_hash.0])
}

#[test]
fn an_ethereum_library_verifies_the_same_proof() {
    let (node, file, root) = proven();
    let proof = StateProof::from_file(file.as_bytes()).expect("a proof");
    let proven = proof.verify(root).expect("it holds");
    let leaf = proven.leaf.expect("the contract exists");
    let account_path = keccak256(&proof.account.0);
    assert_eq!(alloy(root, account_path, Some(account_value(&leaf)), &proof.account_nodes), Ok(()));

    let entry = proof.entry.as_ref().expect("an entry was asked for");
    let (cell, key, found) = proven.entry.expect("an entry was asked for");
    let found = found.expect("Bob has tokens");
    assert_eq!(u128::from_le_bytes(found.value.to_vec().try_into().expect("an amount")), 250);
    let entry_path = keccak256(&[&cell.to_le_bytes()[..], &key].concat());
    let value = rlp_string(&found.encode());
    assert_eq!(alloy(leaf.storage_root, entry_path, Some(value), &entry.nodes), Ok(()));

    // What stands in a leaf is what the node says of the account, in the order that Ethereum gives it.
    let alice = Wallet::of(&node, "//Alice");
    let file = node.cli(&["proof", "get", "//Alice"]).exits(0).stdout;
    let proof_of_alice = StateProof::from_file(file.as_bytes()).expect("a proof");
    let said = node.rpc("state_account", &[json!(alice.address())]);
    let nonce = said["nonce"].as_u64().expect("a nonce").to_be_bytes();
    let balance: u128 = said["balance"].as_str().and_then(|text| text.parse().ok()).expect("an amount");
    assert!(balance > u128::from(u64::MAX), "nonce and balance cannot be taken for each other");
    let no_code = keccak256(b"").0;
    let value = rlp_list(&[&trimmed(&nonce), &trimmed(&balance.to_be_bytes()), &EMPTY_ROOT.0, &no_code]);
    let path = keccak256(&alice.account().0);
    assert_eq!(alloy(root, path, Some(value), &proof_of_alice.account_nodes), Ok(()));

    // It also refuses what we refuse.
    assert!(alloy(Hash([3; 32]), account_path, Some(account_value(&leaf)), &proof.account_nodes).is_err());
    assert!(alloy(leaf.storage_root, entry_path, Some(rlp_string(b"more")), &entry.nodes).is_err());
    assert!(alloy(leaf.storage_root, entry_path, None, &entry.nodes).is_err());

    // Absence: Ferdie has no tokens, and a stranger no account.
    let file = node.cli(&["proof", "get", "gold", "balances", "//Ferdie"]).exits(0).stdout;
    let absent = StateProof::from_file(file.as_bytes()).expect("a proof");
    let shown = absent.verify(root).expect("it holds");
    let (cell, key, none) = shown.entry.expect("an entry was asked for");
    assert_eq!(none, None);
    let path = keccak256(&[&cell.to_le_bytes()[..], &key].concat());
    let nodes = &absent.entry.as_ref().expect("an entry was asked for").nodes;
    assert_eq!(alloy(leaf.storage_root, path, None, nodes), Ok(()));

    let file = node.cli(&["proof", "get", "//Nobody"]).exits(0).stdout;
    let nobody = StateProof::from_file(file.as_bytes()).expect("a proof");
    assert_eq!(nobody.verify(root).expect("it holds").leaf, None);
    assert_eq!(alloy(root, keccak256(&nobody.account.0), None, &nobody.account_nodes), Ok(()));
}
