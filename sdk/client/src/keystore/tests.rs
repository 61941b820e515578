//! The keystore at the door: round trips, what it refuses, every changed byte, and what a crash leaves.

use std::{os::unix::fs::PermissionsExt, thread};

use chainstack_primitives::{
    keccak256,
    signature::{Purpose, verify},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

const PASSWORD: &str = "correct horse";
const ALICE_ADDRESS: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

/// A keystore in a folder of its own with the quickest stretching that is allowed.
fn store() -> (TempDir, Keystore) {
    let folder = TempDir::new().expect("a temporary folder");
    let store = Keystore::new(folder.path().join("keys"), Ss58Prefix::DEFAULT).with_kdf(KdfParams::MIN);
    (folder, store)
}

fn name(text: &str) -> KeyName {
    KeyName::parse(text).expect("a good name")
}

fn with_alice() -> (TempDir, Keystore, PathBuf) {
    let (folder, store) = store();
    store.import(&name("alice"), "//Alice", PASSWORD).expect("a new key");
    let path = store.path(&name("alice"));
    (folder, store, path)
}

fn file_names(store: &Keystore) -> Vec<String> {
    let entries = fs::read_dir(store.folder()).expect("the folder").flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// What opening gives, as text that tests compare.
fn verdict(store: &Keystore, password: &str) -> String {
    match store.open(&name("alice"), password) {
        Ok(pair) => pair.public().to_string(),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn what_is_stored_comes_back() {
    let (_folder, store) = store();
    assert!(store.list().expect("no folder is no key").is_empty());
    // A soft child has no seed: the expanded secret is what is stored.
    for (key, uri) in [("bob", "//Bob"), ("alice", "//Alice"), ("soft-1_x", "//Alice/soft///secret")] {
        let pair = KeyPair::from_uri(uri).expect("good");
        let made = store.create(&name(key), &pair, PASSWORD).expect("a new key");
        let opened = store.open(&name(key), PASSWORD).expect("the right password");
        assert_eq!(opened.to_secret_bytes(), pair.to_secret_bytes());
        let signature = opened.sign(Purpose::Permit, b"payload");
        assert_eq!(verify(Purpose::Permit, b"payload", &made.account, &signature), Ok(()));
        assert_eq!(store.info(&name(key)).expect("readable"), made);
    }
    let listed: Vec<KeyInfo> =
        store.list().expect("readable").into_iter().map(|listed| listed.outcome.expect("good")).collect();
    let names: Vec<&str> = listed.iter().map(|info| info.name.as_str()).collect();
    assert_eq!(names, ["alice", "bob", "soft-1_x"]);
    assert_eq!(listed[0].address, ALICE_ADDRESS);
    assert_eq!(file_names(&store), ["alice.json", "bob.json", "soft-1_x.json"]);
}

#[test]
fn the_default_stretching_works_too() {
    let (_folder, store) = store();
    let store = store.with_kdf(KdfParams::DEFAULT);
    let pair = KeyPair::generate().expect("randomness");
    store.create(&name("alice"), &pair, PASSWORD).expect("a new key");
    assert_eq!(store.open(&name("alice"), PASSWORD).expect("good").public(), pair.public());
    let text = fs::read_to_string(store.path(&name("alice"))).expect("readable");
    assert!(text.contains("\"memory_kib\": 65536,") && text.contains("\"passes\": 3,"), "{text}");
}

/// The bytes of a file depend on salt and nonce; with these fixed, on nothing else.
#[test]
fn golden_file_still_opens() {
    let (_folder, store) = store();
    create_folder(store.folder()).expect("a folder");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/keystore_v1.json");
    if std::env::var_os("CHAINSTACK_UPDATE_GOLDEN").is_some() {
        let pair = KeyPair::from_uri("//Alice").expect("good");
        let sealed = format::seal(&name("alice"), &pair, Ss58Prefix::DEFAULT, KdfParams::MIN, PASSWORD);
        fs::write(path, sealed.expect("sealed").1).expect("golden file is writable");
    }
    fs::copy(path, store.path(&name("alice"))).expect("golden file is there");
    let pair = store.open(&name("alice"), PASSWORD).expect("files of version 1 open for ever");
    let alice = KeyPair::from_uri("//Alice").expect("good");
    assert_eq!(pair.to_secret_bytes(), alice.to_secret_bytes());
}

#[test]
fn a_key_is_never_overwritten() {
    let (_folder, store, path) = with_alice();
    let before = fs::read(&path).expect("readable");
    let again = store.import(&name("alice"), "//Bob", PASSWORD);
    assert!(matches!(again, Err(KeystoreError::Exists { name: found }) if found == name("alice")));
    assert_eq!(fs::read(&path).expect("readable"), before);
    assert_eq!(file_names(&store), ["alice.json"]);
}

#[test]
fn of_many_at_once_one_wins() {
    let (_folder, store) = store();
    let made: Vec<Result<KeyInfo, KeystoreError>> = thread::scope(|scope| {
        let tasks: Vec<_> = (0..8)
            .map(|index| {
                let store = &store;
                scope.spawn(move || store.import(&name("alice"), &format!("//{index}"), PASSWORD))
            })
            .collect();
        tasks.into_iter().map(|task| task.join().expect("no panic")).collect()
    });
    let won: Vec<&KeyInfo> = made.iter().flatten().collect();
    assert_eq!(won.len(), 1, "{made:?}");
    let refused =
        |outcome: &Result<KeyInfo, KeystoreError>| matches!(outcome, Err(KeystoreError::Exists { .. }));
    assert_eq!(made.iter().filter(|outcome| refused(outcome)).count(), 7, "{made:?}");
    assert_eq!(store.open(&name("alice"), PASSWORD).expect("good").public(), won[0].account);
    assert_eq!(file_names(&store), ["alice.json"]);
}

#[test]
fn only_the_owner_may_read() {
    let (_folder, store, path) = with_alice();
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(store.folder()), 0o700);
}

#[test]
fn names_are_file_names_and_never_paths() {
    for good in ["a", "0", "_", "-", "alice", "a-b_c9", &"a".repeat(32)] {
        assert_eq!(KeyName::parse(good).expect("good").as_str(), good);
    }
    let bad = ["", "A", "a b", "..", ".", "a/b", "../a", "a.json", "é", "a\0", "a\n", "c:", &"a".repeat(33)];
    for text in bad {
        assert!(matches!(KeyName::parse(text), Err(KeystoreError::InvalidName { .. })), "{text:?}");
    }
    let long = KeyName::parse(&"é".repeat(10_000)).expect_err("too long");
    assert!(long.to_string().len() < 200, "{long}");
}

#[test]
fn passwords_have_bounds_and_must_fit() {
    let (_folder, store, _) = with_alice();
    for wrong in ["correct hors", "correct horse ", "Correct horse", "x"] {
        assert_eq!(verdict(&store, wrong), "WrongPassword", "{wrong:?}");
    }
    assert_eq!(verdict(&store, ""), "PasswordLength { found: 0 }");
    assert_eq!(verdict(&store, &"x".repeat(1025)), "PasswordLength { found: 1025 }");
    let pair = KeyPair::from_uri("//Bob").expect("good");
    assert!(matches!(store.create(&name("bob"), &pair, ""), Err(KeystoreError::PasswordLength { found: 0 })));
    assert!(matches!(
        store.create(&name("bob"), &pair, &"x".repeat(1025)),
        Err(KeystoreError::PasswordLength { found: 1025 })
    ));
    assert_eq!(file_names(&store), ["alice.json"]);
    store.create(&name("bob"), &pair, &"x".repeat(1024)).expect("at the limit");
    assert_eq!(store.open(&name("bob"), &"x".repeat(1024)).expect("good").public(), pair.public());
}

#[test]
fn what_is_missing_or_no_uri_is_said() {
    let (_folder, store) = store();
    assert!(matches!(store.open(&name("alice"), PASSWORD), Err(KeystoreError::NotFound { .. })));
    assert!(matches!(store.info(&name("alice")), Err(KeystoreError::NotFound { .. })));
    assert!(matches!(store.import(&name("alice"), "//", PASSWORD), Err(KeystoreError::Uri(_))));
    assert!(!store.folder().exists());
}

#[test]
fn every_changed_byte_is_found_without_stretching() {
    let (_folder, _, path) = with_alice();
    let good = fs::read(&path).expect("readable");
    for at in 0..good.len() {
        // One bit, another bit, a blank: blanks are what JSON forgives.
        for change in [good[at] ^ 1, good[at] ^ 0x20, b' '] {
            if change == good[at] {
                continue;
            }
            let mut bytes = good.clone();
            bytes[at] = change;
            let found = format::unseal(&name("alice"), &bytes, "not even asked");
            assert!(
                matches!(found, Err(KeystoreError::Corrupt(_) | KeystoreError::UnknownVersion { .. })),
                "byte {at} to {change:#04x}: {found:?}"
            );
        }
    }
}

#[test]
fn every_truncation_and_addition_is_found() {
    let (_folder, _, path) = with_alice();
    let good = fs::read(&path).expect("readable");
    for length in 0..good.len() {
        let found = format::unseal(&name("alice"), &good[..length], PASSWORD);
        assert!(matches!(found, Err(KeystoreError::Corrupt(_))), "{length} bytes: {found:?}");
    }
    for more in [" ", "\n", "{}", "\0"] {
        let found = format::unseal(&name("alice"), &[&good, more.as_bytes()].concat(), PASSWORD);
        assert!(matches!(found, Err(KeystoreError::Corrupt(_))), "{more:?}: {found:?}");
    }
}

/// The file with a field changed by someone who makes the checksum fit.
fn forge(good: &[u8], change: &dyn Fn(&mut Value)) -> Vec<u8> {
    let mut file: Value = serde_json::from_slice(good).expect("JSON");
    change(&mut file);
    let spell =
        |file: &Value| format!("{}\n", serde_json::to_string_pretty(file).expect("JSON")).into_bytes();
    file["checksum"] = json!("");
    file["checksum"] = json!(keccak256(&spell(&file)).to_string());
    spell(&file)
}

#[test]
fn a_forger_who_fixes_the_checksum_is_refused_too() {
    let (_folder, store, path) = with_alice();
    let good = fs::read(&path).expect("readable");
    // The forger can spell: without a change the file is the good one.
    assert_eq!(forge(&good, &|_| ()), good);

    let bob = KeyPair::from_uri("//Bob").expect("good").public();
    let bob_address = crate::format_address(&bob, Ss58Prefix::DEFAULT);
    let polkadot = crate::format_address(
        &KeyPair::from_uri("//Alice").expect("good").public(),
        Ss58Prefix::new(0).expect("a prefix"),
    );
    let flip = |field: &'static str, at: usize| {
        move |file: &mut Value| {
            let mut text = file[field].as_str().expect("text").to_owned();
            let other = if &text[at..=at] == "0" { "1" } else { "0" };
            text.replace_range(at..=at, other);
            file[field] = json!(text);
        }
    };
    let bounds = |parameter: &str, found: u32, min: u32, max: u32| {
        format!("KdfBounds {{ parameter: {parameter:?}, found: {found}, min: {min}, max: {max} }}")
    };
    type Change = Box<dyn Fn(&mut Value)>;
    let set =
        |field: &'static str, value: Value| -> Change { Box::new(move |file| file[field] = value.clone()) };
    let set_kdf = |field: &'static str, value: Value| -> Change {
        Box::new(move |file| file["kdf"][field] = value.clone())
    };
    let upper = |field: &'static str| -> Change {
        Box::new(move |file| {
            let text = file[field].as_str().expect("text").to_uppercase().replacen('X', "x", 1);
            file[field] = json!(text);
        })
    };
    let cases: Vec<(&str, Change, String)> = vec![
        ("version 0", set("version", json!(0)), "UnknownVersion { found: 0 }".into()),
        ("version 2", set("version", json!(2)), "UnknownVersion { found: 2 }".into()),
        ("version as text", set("version", json!("1")), "Corrupt(Structure)".into()),
        ("version below zero", set("version", json!(-1)), "Corrupt(Structure)".into()),
        ("another name", set("name", json!("bob")), "Corrupt(Name)".into()),
        ("another address", set("address", json!(bob_address)), "Corrupt(Address)".into()),
        ("no address", set("address", json!("alice")), "Corrupt(Address)".into()),
        // A good address of the same key, but not the one that was written.
        ("another network", set("address", json!(polkadot)), "WrongPassword".into()),
        ("another public key", set("public_key", json!(bob.to_string())), "Corrupt(Address)".into()),
        (
            "key and address of another",
            Box::new(move |file| {
                file["public_key"] = json!(bob.to_string());
                file["address"] = json!(crate::format_address(&bob, Ss58Prefix::DEFAULT));
            }),
            "WrongPassword".into(),
        ),
        ("another cipher", set("cipher", json!("none")), "Corrupt(Field(\"cipher\"))".into()),
        ("another kdf", set_kdf("algorithm", json!("argon2d")), "Corrupt(Field(\"kdf.algorithm\"))".into()),
        (
            "little memory",
            set_kdf("memory_kib", json!(19_455)),
            bounds("memory_kib", 19_455, 19_456, 262_144),
        ),
        (
            "much memory",
            set_kdf("memory_kib", json!(262_145)),
            bounds("memory_kib", 262_145, 19_456, 262_144),
        ),
        (
            "all memory",
            set_kdf("memory_kib", json!(u32::MAX)),
            bounds("memory_kib", u32::MAX, 19_456, 262_144),
        ),
        ("past 32 bits", set_kdf("memory_kib", json!(1u64 << 32)), "Corrupt(Structure)".into()),
        ("few passes", set_kdf("passes", json!(1)), bounds("passes", 1, 2, 10)),
        ("many passes", set_kdf("passes", json!(11)), bounds("passes", 11, 2, 10)),
        ("no lane", set_kdf("lanes", json!(0)), bounds("lanes", 0, 1, 4)),
        ("many lanes", set_kdf("lanes", json!(5)), bounds("lanes", 5, 1, 4)),
        ("other memory", set_kdf("memory_kib", json!(19_457)), "WrongPassword".into()),
        ("other passes", set_kdf("passes", json!(3)), "WrongPassword".into()),
        ("other lanes", set_kdf("lanes", json!(2)), "WrongPassword".into()),
        ("short salt", set_kdf("salt", json!("0x00")), "Corrupt(Field(\"kdf.salt\"))".into()),
        ("other salt", set_kdf("salt", json!(format!("0x{}", "0".repeat(32)))), "WrongPassword".into()),
        ("short nonce", set("nonce", json!("0x00")), "Corrupt(Field(\"nonce\"))".into()),
        ("upper-case nonce", upper("nonce"), "Corrupt(Field(\"nonce\"))".into()),
        ("other nonce", Box::new(flip("nonce", 2)), "WrongPassword".into()),
        ("empty ciphertext", set("ciphertext", json!("0x")), "Corrupt(Field(\"ciphertext\"))".into()),
        ("no 0x", set("ciphertext", json!("0".repeat(162))), "Corrupt(Field(\"ciphertext\"))".into()),
        ("first byte of ciphertext", Box::new(flip("ciphertext", 2)), "WrongPassword".into()),
        ("last byte of tag", Box::new(flip("ciphertext", 161)), "WrongPassword".into()),
        ("a field more", set("note", json!("hello")), "Corrupt(Structure)".into()),
        ("a field in kdf more", set_kdf("pepper", json!("")), "Corrupt(Structure)".into()),
        (
            "a field less",
            Box::new(|file| {
                file.as_object_mut().expect("an object").shift_remove("cipher");
            }),
            "Corrupt(Structure)".into(),
        ),
    ];
    for (case, change, expected) in cases {
        fs::write(&path, forge(&good, &change)).expect("writable");
        assert_eq!(verdict(&store, PASSWORD), expected, "{case}");
    }
    fs::write(&path, &good).expect("writable");
    assert!(verdict(&store, PASSWORD).starts_with("0xd43593c7"));
}

#[test]
fn stretching_has_bounds() {
    assert_eq!(KdfParams::new(19_456, 2, 1).expect("the least"), KdfParams::MIN);
    assert_eq!(KdfParams::new(262_144, 10, 4).expect("the most"), KdfParams::MAX);
    let outside =
        [(19_455, 2, 1), (262_145, 10, 4), (19_456, 1, 1), (19_456, 11, 1), (19_456, 2, 0), (19_456, 2, 5)];
    for (memory_kib, passes, lanes) in outside {
        let found = KdfParams::new(memory_kib, passes, lanes);
        assert!(matches!(found, Err(KeystoreError::KdfBounds { .. })), "{memory_kib}, {passes}, {lanes}");
    }
}

#[test]
fn a_file_under_another_name_is_refused() {
    let (_folder, store, path) = with_alice();
    fs::copy(&path, store.path(&name("bob"))).expect("copied");
    assert!(matches!(store.open(&name("bob"), PASSWORD), Err(KeystoreError::Corrupt(Corruption::Name))));
}

#[test]
fn size_is_bounded_before_reading() {
    let (_folder, store, path) = with_alice();
    fs::write(&path, vec![b' '; FILE_MAX_BYTES]).expect("writable");
    assert_eq!(verdict(&store, PASSWORD), "Corrupt(Structure)");
    fs::write(&path, vec![b' '; FILE_MAX_BYTES + 1]).expect("writable");
    assert_eq!(verdict(&store, PASSWORD), "TooLong { limit: 4096 }");
    fs::write(&path, "[".repeat(FILE_MAX_BYTES)).expect("writable");
    assert_eq!(verdict(&store, PASSWORD), "Corrupt(Structure)");
}

#[test]
fn a_bad_file_hides_no_other_and_strangers_are_passed_over() {
    let (_folder, store, _) = with_alice();
    for (file, content) in [
        ("broken.json", "{"),
        ("later.json", "{\"version\": 7, \"anything\": []}"),
        ("UPPER.json", "{}"),
        ("notes.txt", "hello"),
        // What a crash between writing and linking leaves.
        (".alice.0011223344556677.tmp", "{}"),
    ] {
        fs::write(store.folder().join(file), content).expect("writable");
    }
    fs::create_dir(store.folder().join("folder.json")).expect("writable");
    let listed: Vec<(String, String)> = store
        .list()
        .expect("readable")
        .into_iter()
        .map(|listed| {
            let said = match listed.outcome {
                Ok(info) => info.address,
                Err(KeystoreError::Io { action, .. }) => format!("Io {action}"),
                Err(error) => format!("{error:?}"),
            };
            (listed.name.to_string(), said)
        })
        .collect();
    let expected = [
        ("alice", ALICE_ADDRESS),
        ("broken", "Corrupt(Structure)"),
        ("folder", "Io read"),
        ("later", "UnknownVersion { found: 7 }"),
    ];
    assert_eq!(listed, expected.map(|(name, said)| (name.to_owned(), said.to_owned())));
}

#[test]
fn no_secret_stands_in_the_open() {
    let (_folder, store, path) = with_alice();
    let text = fs::read_to_string(&path).expect("readable");
    let secret = KeyPair::from_uri("//Alice").expect("good").to_secret_bytes();
    for part in secret.chunks(8) {
        assert!(!text.contains(&hex::encode(part)));
    }
    assert!(!text.contains(PASSWORD));
    assert!(!format!("{store:?}").contains("Alice"));
}

#[test]
fn two_files_of_one_key_share_nothing_secret() {
    let (_folder, store, path) = with_alice();
    store.import(&name("again"), "//Alice", PASSWORD).expect("a new key");
    let read =
        |path: &Path| -> Value { serde_json::from_slice(&fs::read(path).expect("readable")).expect("JSON") };
    let (first, second) = (read(&path), read(&store.path(&name("again"))));
    for field in ["nonce", "ciphertext", "checksum"] {
        assert_ne!(first[field], second[field], "{field}");
    }
    assert_ne!(first["kdf"]["salt"], second["kdf"]["salt"]);
}
