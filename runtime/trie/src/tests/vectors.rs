//! Public vectors: Ethereum's tries and RLP.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::Value;

use super::{Twins, Updates};
use crate::{
    Sequential, keccak256,
    rlp::{self, Item, RlpError},
};

/// A folder of vectors as file name and content; nothing without them, except in continuous integration.
fn folder(name: &str, expected: &[&str]) -> Option<BTreeMap<String, Value>> {
    let root = std::env::var_os("CHAINSTACK_VECTORS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")),
        PathBuf::from,
    );
    let Ok(files) = std::fs::read_dir(root.join(name)) else {
        assert!(
            std::env::var_os("CI").is_none_or(|value| value != "true"),
            "no vectors in {}",
            root.display()
        );
        println!("not run: no vectors");
        return None;
    };
    let files: BTreeMap<String, Value> = files
        .map(|file| {
            let file = file.unwrap();
            let text = std::fs::read_to_string(file.path()).unwrap();
            (file.file_name().into_string().unwrap(), serde_json::from_str(&text).unwrap())
        })
        .collect();
    assert!(files.keys().eq(expected), "every file of {name} is read here: {:?}", files.keys());
    Some(files)
}

/// `0x` and hexadecimal digits, or text.
fn text_bytes(text: &str) -> Vec<u8> {
    text.strip_prefix("0x").map_or_else(|| text.as_bytes().to_vec(), |digits| hex::decode(digits).unwrap())
}

#[test]
fn trie_roots() {
    let Some(files) = folder(
        "trie",
        &[
            "hex_encoded_securetrie_test.json",
            "trieanyorder.json",
            "trieanyorder_secureTrie.json",
            "trietest.json",
            "trietest_secureTrie.json",
            "trietestnextprev.json",
        ],
    ) else {
        return;
    };
    let mut cases = 0;
    for (file, content) in &files {
        if file == "trietestnextprev.json" {
            next_and_previous(content);
            continue;
        }
        let secure = file.to_lowercase().contains("secure");
        for (name, case) in content.as_object().unwrap() {
            let expected = text_bytes(case["root"].as_str().unwrap());
            let pairs: Vec<(Vec<u8>, Option<Vec<u8>>)> = match &case["in"] {
                Value::Object(map) => map.iter().map(|(key, value)| pair(key, value, secure)).collect(),
                Value::Array(list) => {
                    list.iter().map(|item| pair(item[0].as_str().unwrap(), &item[1], secure)).collect()
                }
                other => panic!("{file} {name}: {other}"),
            };
            // One commit for each operation, in the order given…
            let mut step_by_step = Twins::new();
            for pair in &pairs {
                step_by_step.apply(&vec![pair.clone()], &Sequential, true);
            }
            assert_eq!(step_by_step.root().0[..], expected, "{file} {name}");
            // …and one for all of them.
            let sorted: BTreeMap<_, _> = pairs.into_iter().collect();
            let mut at_once = Twins::new();
            at_once.apply(&sorted.into_iter().collect::<Updates>(), &Sequential, true);
            assert_eq!(at_once.root().0[..], expected, "{file} {name}");
            cases += 1;
        }
    }
    assert!(cases >= 20, "{cases} cases");
    println!("cases: {cases}");
}

fn pair(key: &str, value: &Value, secure: bool) -> (Vec<u8>, Option<Vec<u8>>) {
    let key = text_bytes(key);
    let key = if secure { keccak256(&key).0.to_vec() } else { key };
    (key, value.as_str().map(text_bytes))
}

/// The vectors of ordered iteration: the order of paths is the order of keys.
fn next_and_previous(content: &Value) {
    use crate::Nibbles;
    let path = |text: &Value| Nibbles::from_key(text.as_str().unwrap().as_bytes()).unwrap();
    let case = &content["basic"];
    let keys: Vec<Nibbles> = case["in"].as_array().unwrap().iter().map(path).collect();
    for test in case["tests"].as_array().unwrap() {
        let at = path(&test[0]);
        let previous = keys.iter().rev().find(|&&key| key < at).copied().unwrap_or(Nibbles::EMPTY);
        let next = keys.iter().find(|&&key| key > at).copied().unwrap_or(Nibbles::EMPTY);
        assert_eq!((previous, next), (path(&test[1]), path(&test[2])), "{test}");
    }
}

/// Whether `bytes` are one item, checked through and through.
fn validate(bytes: &[u8]) -> Result<(), RlpError> {
    if let Item::List(mut payload) = rlp::decode(bytes)? {
        while !payload.is_empty() {
            let (_, encoding, rest) = rlp::split(payload)?;
            validate(encoding)?;
            payload = rest;
        }
    }
    Ok(())
}

/// Encodes a JSON value: text and `#` big integers as strings, numbers as integers, arrays as lists.
fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    match value {
        Value::Array(items) => return rlp::list(&items.iter().flat_map(encode).collect::<Vec<u8>>()),
        Value::Number(number) => rlp::put_integer(&mut out, number.as_u64().unwrap().into()),
        Value::String(text) => match text.strip_prefix('#') {
            Some(decimal) => rlp::put_string(&mut out, &big_endian(decimal)),
            None => rlp::put_string(&mut out, text.as_bytes()),
        },
        other => panic!("{other}"),
    }
    out
}

/// The shortest big-endian bytes of a decimal number of any size.
fn big_endian(decimal: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::new();
    for digit in decimal.bytes() {
        let mut carry = u32::from(digit - b'0');
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 10;
            *byte = (carry & 0xFF) as u8;
            carry >>= 8;
        }
        if carry > 0 {
            bytes.insert(0, u8::try_from(carry).unwrap());
        }
    }
    bytes
}

#[test]
fn rlp_items() {
    let Some(files) = folder("rlp", &["invalidRLPTest.json", "random_example.json", "rlptest.json"]) else {
        return;
    };
    let (mut valid, mut invalid) = (0, 0);
    for (file, content) in &files {
        for (name, case) in content.as_object().unwrap() {
            let bytes = text_bytes(case["out"].as_str().unwrap());
            match case["in"].as_str() {
                Some("INVALID") => {
                    assert!(validate(&bytes).is_err(), "{file} {name}");
                    invalid += 1;
                }
                Some("VALID") => {
                    validate(&bytes).unwrap();
                    valid += 1;
                }
                _ => {
                    validate(&bytes).unwrap();
                    assert_eq!(encode(&case["in"]), bytes, "{file} {name}");
                    valid += 1;
                }
            }
        }
    }
    assert!(valid >= 25 && invalid >= 10, "{valid} valid, {invalid} invalid");
    println!("rlp: {valid} valid, {invalid} invalid");
}
