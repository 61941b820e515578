//! Each row of the table of limits, at the limit and one past it.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

use chainstack_primitives::codec;
use parity_scale_codec::Encode;
use tempfile::TempDir;

use super::LIMITS;
use crate::{
    AddressError, KdfParams, KeyName, KeyPair, Keystore, KeystoreError, MnemonicError, Phrase, SecretUri,
    Ss58Prefix, UriError,
    keystore::Corruption,
    manifest::from_toml,
    parse_address,
    proof::{ProvenEntry, StateProof, StateProofError},
    rpc::{RpcClient, RpcError},
    uri::DEV_PHRASE,
};

/// Accepted, or the refusal in words: of errors without a number, its kind and what it found.
type Verdict = Result<(), String>;

fn said<T>(result: Result<T, impl std::fmt::Debug>) -> Verdict {
    result.map(|_| ()).map_err(|error| format!("{error:?}"))
}

fn coded<T>(result: Result<T, StateProofError>) -> Verdict {
    result.map(|_| ()).map_err(|error| error.code().to_string())
}

fn key_name(text: &str) -> KeyName {
    KeyName::parse(text).expect("a good name")
}

/// Reads a key file of so many blanks: none that this program wrote, which is said once it was read.
fn key_file(size: usize) -> Verdict {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("alice.json"), vec![b' '; size]).expect("writable");
    match Keystore::new(folder.path(), Ss58Prefix::DEFAULT).info(&key_name("alice")) {
        Err(KeystoreError::Corrupt(Corruption::Structure)) => Ok(()),
        other => said(other),
    }
}

fn password(size: usize) -> Verdict {
    let folder = TempDir::new().expect("a temporary folder");
    let store = Keystore::new(folder.path().join("keys"), Ss58Prefix::DEFAULT).with_kdf(KdfParams::MIN);
    let alice = KeyPair::from_uri("//Alice").expect("good");
    said(store.create(&key_name("alice"), &alice, &"x".repeat(size)))
}

fn kdf(name: &str, number: u32) -> Verdict {
    let (least, most) = (KdfParams::MIN, KdfParams::MAX);
    said(match name {
        "KDF_MEMORY_KIB_MIN" | "KDF_MEMORY_KIB_MAX" => KdfParams::new(number, least.passes(), least.lanes()),
        "KDF_PASSES_MIN" | "KDF_PASSES_MAX" => KdfParams::new(most.memory_kib(), number, least.lanes()),
        _ => KdfParams::new(most.memory_kib(), most.passes(), number),
    })
}

/// A manifest as text, of so many bytes.
fn manifest_text(size: usize) -> Verdict {
    let mut text = "[contract]\nname = \"long\"\n".to_owned();
    text.push_str(&"\n".repeat(size - text.len()));
    from_toml(&text).map(|_| ()).map_err(|error| error.message)
}

fn expression(depth: usize) -> Verdict {
    let (open, close) = ("(".repeat(depth), ")".repeat(depth));
    let rule = format!("rule = \"{open}true{close}\"");
    let text = format!("[contract]\nname = \"deep\"\n[invariants.deep]\nid = 1\n{rule}\n");
    from_toml(&text).map(|_| ()).map_err(|error| error.message)
}

/// The encoding of a proof with parts of these sizes: fields in their order, lists of any length.
fn proof(account_nodes: usize, entry: Option<(usize, usize)>) -> Vec<u8> {
    let entry = entry.map(|(key, nodes)| (1u16, vec![0u8; key], vec![0u8; nodes]));
    (1u8, [7u8; 32], vec![0u8; account_nodes], entry).encode()
}

/// A proof of so many bytes: the most nodes towards the account, and the rest towards the entry.
fn proof_of_size(size: usize) -> Vec<u8> {
    let most = 512 * 1024;
    let some = 100_000;
    let found = proof(most, Some((1, some))).len();
    let bytes = proof(most, Some((1, some + size - found)));
    assert_eq!(bytes.len(), size);
    bytes
}

/// A proof file of so many bytes, of the greatest proof; with blanks at its end where that is less.
fn proof_file(size: usize) -> Verdict {
    let greatest = StateProof::decode_all(&proof_of_size(1024 * 1024)).expect("at the limit");
    let mut text = greatest.to_file().into_bytes();
    assert!(text.len() <= size, "{} bytes", text.len());
    text.resize(size, b' ');
    coded(StateProof::from_file(&text))
}

/// A node whose one answer has so many bytes.
fn answered(size: u64) -> Verdict {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let node = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        // A client that has read enough hangs up.
        let _hung_up = answer(stream, size);
    });
    let result = RpcClient::new(&url).call("chain_status", &[]);
    node.join().expect("no panic");
    match result {
        Ok(value) => {
            assert_eq!(value, 7);
            Ok(())
        }
        Err(RpcError::AnswerTooLarge { .. }) => Err("AnswerTooLarge".to_owned()),
        Err(other) => Err(format!("{other:?}")),
    }
}

fn answer(mut stream: TcpStream, size: u64) -> std::io::Result<()> {
    let mut asked = Vec::new();
    let mut part = [0; 1024];
    while !asked.ends_with(b"}") {
        match stream.read(&mut part)? {
            0 => return Ok(()),
            read => asked.extend_from_slice(&part[..read]),
        }
    }
    let (start, end) = (&br#"{"jsonrpc":"2.0","id":1,"result":7"#[..], &b"}"[..]);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(start)?;
    let mut blanks = usize::try_from(size).expect("a size") - start.len() - end.len();
    let room = vec![b' '; 1 << 20];
    while blanks > 0 {
        let now = blanks.min(room.len());
        stream.write_all(&room[..now])?;
        blanks -= now;
    }
    stream.write_all(end)
}

/// What the door of the limit `name` says to `number`.
fn attempt(name: &str, number: u64) -> Verdict {
    let size = usize::try_from(number).expect("a size");
    match name {
        // The longest address is of hexadecimal digits; longer texts are refused before they are read.
        "ADDRESS_MAX_BYTES" if size == 66 => {
            said(parse_address(&format!("0x{}", "7".repeat(64)), Ss58Prefix::DEFAULT))
        }
        "ADDRESS_MAX_BYTES" => said(parse_address(&"z".repeat(size), Ss58Prefix::DEFAULT)),
        "PHRASE_MAX_BYTES" => said(Phrase::parse(&format!("{DEV_PHRASE:<size$}"))),
        "URI_MAX_BYTES" => said(SecretUri::parse(&format!("//{}", "a".repeat(size - 2)))),
        "NAME_MAX_BYTES" => said(KeyName::parse(&"a".repeat(size))),
        "PASSWORD_MAX_BYTES" => password(size),
        "FILE_MAX_BYTES" => key_file(size),
        "MANIFEST_TEXT_SIZE_MAX" => manifest_text(size),
        "EXPRESSION_DEPTH_MAX" => expression(size),
        "STATE_PROOF_SIZE_MAX" => coded(StateProof::decode_all(&proof_of_size(size))),
        "PROOF_FILE_SIZE_MAX" => proof_file(size),
        "PROOF_NODES_SIZE_MAX" => coded(StateProof::decode_all(&proof(size, None))),
        "PROOF_KEY_SIZE_MAX" => coded(StateProof::decode_all(&proof(1, Some((size, 1))))),
        "PROOF_VALUE_SIZE_MAX" => {
            let entry = (vec![0u8; size], [7u8; 32], 5u128).encode();
            said(codec::decode_all::<ProvenEntry>(&entry, entry.len()))
        }
        "ANSWER_SIZE_MAX" => answered(number),
        name if name.starts_with("KDF_") => kdf(name, u32::try_from(number).expect("small")),
        _ => panic!("{name} has no case"),
    }
}

/// What is said one past the limit `name`, where `found` was given and `limit` is the most, or the least.
fn refusal(name: &str, found: u64, limit: u64) -> String {
    let size = usize::try_from(found).expect("a size");
    let (least, most) = (KdfParams::MIN, KdfParams::MAX);
    let bounds = |parameter: &'static str, min: u32, max: u32| {
        let found = u32::try_from(found).expect("small");
        format!("{:?}", KeystoreError::KdfBounds { parameter, found, min, max })
    };
    match name {
        "ADDRESS_MAX_BYTES" => format!("{:?}", AddressError::Length { found: size }),
        "PHRASE_MAX_BYTES" => format!("{:?}", MnemonicError::TooLong { found: size }),
        "URI_MAX_BYTES" => format!("{:?}", UriError::TooLong { found: size }),
        "NAME_MAX_BYTES" => format!("{:?}", KeystoreError::InvalidName { found: "a".repeat(32) }),
        "PASSWORD_MAX_BYTES" => format!("{:?}", KeystoreError::PasswordLength { found: size }),
        "FILE_MAX_BYTES" => format!("{:?}", KeystoreError::TooLong { limit: size - 1 }),
        "KDF_MEMORY_KIB_MIN" | "KDF_MEMORY_KIB_MAX" => {
            bounds("memory_kib", least.memory_kib(), most.memory_kib())
        }
        "KDF_PASSES_MIN" | "KDF_PASSES_MAX" => bounds("passes", least.passes(), most.passes()),
        "KDF_LANES_MIN" | "KDF_LANES_MAX" => bounds("lanes", least.lanes(), most.lanes()),
        "MANIFEST_TEXT_SIZE_MAX" => format!("{found} bytes found, at most {limit} allowed"),
        "EXPRESSION_DEPTH_MAX" => "expression, character 66: nested too deep".to_owned(),
        "PROOF_VALUE_SIZE_MAX" => "Malformed".to_owned(),
        "ANSWER_SIZE_MAX" => "AnswerTooLarge".to_owned(),
        _ => StateProofError::Malformed.code().to_string(),
    }
}

#[test]
fn each_limit_holds_at_it_and_one_past() {
    for limit in LIMITS {
        let (name, value) = (limit.name, limit.value);
        let past = if name.ends_with("_MIN") { value - 1 } else { value + 1 };
        assert_eq!(attempt(name, value), Ok(()), "{name} at it");
        assert_eq!(attempt(name, past), Err(refusal(name, past, value)), "{name} one past");
    }
}

#[test]
fn a_file_of_the_greatest_proof_has_the_greatest_length() {
    let greatest = StateProof::decode_all(&proof_of_size(1024 * 1024)).expect("at the limit");
    assert_eq!(greatest.to_file().len(), crate::proof::PROOF_FILE_SIZE_MAX);
}
