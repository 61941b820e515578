//! `chainstack check`: a verdict on any file, with its place and its stable code.

mod bounds;

use std::{fs, path::PathBuf};

use chainstack_tests::{
    node::{Output, run},
    vectors::project,
};
use serde_json::Value;
use tempfile::TempDir;

/// A module that passes every rule of bytecode and carries no manifest: it exports one memory and `ping`.
const PLAIN: &[u8] = &[
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // header
    0x01, 0x04, 0x01, 0x60, 0x00, 0x00, // type () -> ()
    0x03, 0x02, 0x01, 0x00, // one function
    0x05, 0x03, 0x01, 0x00, 0x01, // one memory of one page
    0x07, 0x11, 0x02, // exports
    0x06, b'm', b'e', b'm', b'o', b'r', b'y', 0x02, 0x00, // memory
    0x04, b'p', b'i', b'n', b'g', 0x00, 0x00, // ping
    0x0a, 0x04, 0x01, 0x02, 0x00, 0x0b, // its body is empty
];

fn artifact() -> PathBuf {
    project().join("contracts/artifacts/erc20.wasm")
}

fn check(folder: &TempDir, bytes: &[u8]) -> (Output, Value) {
    let path = folder.path().join("module.wasm");
    fs::write(&path, bytes).expect("written");
    let output = run(folder.path(), &["check", &path.to_string_lossy(), "--output", "json"]);
    let json = judged(&output);
    (output, json)
}

/// The verdict that a check printed, which must be whole whatever it says.
fn judged(output: &Output) -> Value {
    let json = output.json();
    let fields: Vec<&String> = json.as_object().expect("an object").keys().collect();
    for field in ["schema", "accepted", "code", "function", "offset", "message"] {
        assert!(fields.iter().any(|found| *found == field), "no {field}: {json}");
    }
    assert_eq!(json["schema"], 1);
    let accepted = json["accepted"] == true;
    assert_eq!(output.status, Some(if accepted { 0 } else { 3 }), "{output:?}");
    assert_eq!(json["code"] == 0, accepted, "{json}");
    if !accepted {
        assert!(json["message"].as_str().is_some_and(|text| !text.is_empty()), "{json}");
        let code = json["code"].as_u64().unwrap_or(0);
        assert!((2_000..2_200).contains(&code), "a code of admission or of the manifest: {json}");
    }
    json
}

#[test]
fn the_carried_paradigm_is_accepted() {
    let folder = TempDir::new().expect("a folder");
    let (_, json) = check(&folder, &fs::read(artifact()).expect("the artifact is committed"));
    assert_eq!(json["accepted"], true, "{json}");
    let text = run(folder.path(), &["check", &artifact().to_string_lossy()]).exits(0);
    assert!(text.stdout.contains("accepted"), "{text:?}");
}

#[test]
fn bytecode_is_judged_first_and_then_the_manifest() {
    let folder = TempDir::new().expect("a folder");
    let (_, plain) = check(&folder, PLAIN);
    let code = plain["code"].as_u64().expect("a code");
    assert!((2_100..2_200).contains(&code), "a plain module fails at its manifest only: {plain}");
    assert!(plain["message"].as_str().is_some_and(|text| text.contains("manifest")), "{plain}");

    // The same module with wrong bytecode as well fails at the bytecode, with the place.
    let mut broken = PLAIN.to_vec();
    let end = broken.len() - 1;
    broken.insert(end, 0x6a); // i32.add with nothing on the stack
    let length = broken.len();
    broken[length - 4] += 1; // body size
    broken[length - 6] += 1; // section size
    let (_, invalid) = check(&folder, &broken);
    assert_eq!(invalid["code"], 2_001, "{invalid}");
    assert!(invalid["offset"].is_u64(), "{invalid}");

    // A custom section named as ours with nothing in it is a manifest that is none.
    let name = b"chainstack.manifest";
    let mut empty = PLAIN.to_vec();
    empty.extend([
        0x00,
        u8::try_from(name.len() + 1).expect("short"),
        u8::try_from(name.len()).expect("short"),
    ]);
    empty.extend(name);
    let (_, undecodable) = check(&folder, &empty);
    let other = undecodable["code"].as_u64().expect("a code");
    assert!((2_100..2_200).contains(&other) && other != code, "{undecodable}");
    let twice = [&empty[..], &empty[PLAIN.len()..]].concat();
    assert_eq!(check(&folder, &twice).1["code"], 2_013);
}

#[test]
fn any_file_gets_a_verdict() {
    let folder = TempDir::new().expect("a folder");
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("one byte", vec![0]),
        ("text", b"not a module".to_vec()),
        ("header", PLAIN[..8].to_vec()),
        ("a component", vec![0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00]),
        ("version 2", vec![0x00, 0x61, 0x73, 0x6d, 0x02, 0x00, 0x00, 0x00]),
        ("huge section", [&PLAIN[..8], &[0x01, 0xff, 0xff, 0xff, 0xff, 0x0f]].concat()),
        ("a megabyte of zeros", vec![0; 1024 * 1024]),
        ("past the size of code", [PLAIN, &custom(600 * 1024)[..]].concat()),
    ];
    for (name, bytes) in cases {
        let (_, json) = check(&folder, &bytes);
        assert_eq!(json["accepted"], false, "{name}: {json}");
    }
    for length in 0..PLAIN.len() {
        assert_eq!(check(&folder, &PLAIN[..length]).1["accepted"], false, "cut to {length} bytes");
    }
    let artifact = fs::read(artifact()).expect("the artifact is committed");
    for part in 1..40 {
        let length = artifact.len() * part / 40;
        assert_eq!(check(&folder, &artifact[..length]).1["accepted"], false, "cut to {length} bytes");
    }
    // The file may be no file at all.
    let missing = run(folder.path(), &["check", "/no/such/file", "--output", "json"]);
    assert_eq!(missing.status, Some(8), "{missing:?}");
}

/// A custom section of so many bytes.
fn custom(size: u32) -> Vec<u8> {
    let mut length = Vec::new();
    let mut rest = size + 2;
    loop {
        let byte = u8::try_from(rest & 0x7f).expect("seven bits");
        rest >>= 7;
        length.push(if rest == 0 { byte } else { byte | 0x80 });
        if rest == 0 {
            break;
        }
    }
    let filler = vec![b'x'; usize::try_from(size).expect("a size")];
    [&[0x00], &length[..], &[0x01, b'x'], &filler[..]].concat()
}
