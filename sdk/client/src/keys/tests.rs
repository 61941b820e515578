//! Behaviour of key pairs, and the public vectors of this room: `sr25519/` and `hd/`.

use std::{fs, io::Write as _, path::PathBuf};

use chainstack_primitives::signature::{SignatureError, verify, verify_message, verify_transaction};
use serde_json::Value;

use super::*;
use crate::uri::DEV_PHRASE;

/// Vectors in these folders that nothing here can be held to yet, with the reason. Every other entry of every
/// file must be used: `every_vector_is_used_or_listed` compares.
const NOT_APPLICABLE: &[(&str, &str)] = &[
    ("hd/bip32.json", "secp256k1 key trees: no key of this chain is one yet"),
    ("hd/slip10.json", "ed25519 and secp256k1 key trees: no key of this chain is one yet"),
    ("hd/bip39.json: seed, bip32_xprv", "BIP-39 stretches the words; this chain, as Substrate, the entropy"),
    ("hd/bip39.json: japanese", "phrases are English, as in the Substrate world"),
    ("sr25519/sr25519_kat.json: key_agreement", "nothing here agrees on keys yet"),
];

/// Entries of `sr25519_kat.json` that a test below reads.
const USED: &[&str] = &[
    "keypair_from_seed",
    "verify_known",
    "derive_hard",
    "derive_soft",
    "preaudit_deprecated_must_fail_in_current_mode",
    "dev_phrase",
    "dev_pairs",
    "sign_with_zero_rng",
];

/// Says on the terminal, even where tests are captured, what was not run.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn vectors(file: &str) -> Option<Value> {
    let default = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors"));
    let folder = std::env::var_os("CHAINSTACK_VECTORS").map_or_else(default, PathBuf::from);
    if !folder.is_dir() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "no vectors at {}", folder.display());
        say("not run: no vectors");
        return None;
    }
    let text = fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}")))
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("text {field} in {value}"))
}

fn bytes<const SIZE: usize>(value: &Value, field: &str) -> [u8; SIZE] {
    let digits = text(value, field);
    let bytes = hex::decode(digits.strip_prefix("0x").unwrap_or(digits)).expect("hex");
    bytes.try_into().unwrap_or_else(|bytes: Vec<u8>| panic!("{field}: {} bytes", bytes.len()))
}

/// The entries of a list, which must not be empty.
fn entries(value: &Value) -> &[Value] {
    let list = value.as_array().expect("a list");
    assert!(!list.is_empty());
    list
}

/// A pair from the 96 bytes the polkadot-js world stores: secret in Ed25519's form, then public key.
fn pair_of_96(bytes: &[u8; 96]) -> KeyPair {
    KeyPair(Keypair::from_half_ed25519_bytes(bytes).expect("a pair"))
}

fn to_96(pair: &KeyPair) -> [u8; 96] {
    pair.0.to_half_ed25519_bytes()
}

#[test]
fn every_vector_is_used_or_listed() {
    let Some(file) = vectors("sr25519/sr25519_kat.json") else { return };
    for (entry, _) in file.as_object().expect("an object") {
        let listed = NOT_APPLICABLE.iter().any(|(name, _)| name.ends_with(&format!(": {entry}")));
        let known = USED.contains(&entry.as_str()) || entry.contains("source") || entry == "signing_context";
        assert!(known || listed, "{entry} is neither used nor listed as not applicable");
    }
    assert_eq!(file["signing_context"].as_str().map(str::as_bytes), Some(SIGNING_CONTEXT));
    for (name, reason) in NOT_APPLICABLE {
        say(&format!("not applicable: {name}: {reason}"));
    }
}

#[test]
fn vectors_seeds_and_derivation() {
    let Some(file) = vectors("sr25519/sr25519_kat.json") else { return };
    for case in entries(&file["keypair_from_seed"]) {
        let seed: [u8; 32] = match case["seed_ascii"].as_str() {
            Some(ascii) => ascii.as_bytes().try_into().expect("32 characters"),
            None => bytes(case, "seed_hex"),
        };
        assert_eq!(to_96(&KeyPair::from_seed(&seed)), bytes(case, "keypair96"));
    }
    for case in entries(&file["derive_hard"]) {
        let child = pair_of_96(&bytes(case, "keypair96")).derive(&Junction::Hard(bytes(case, "chain_code")));
        assert_eq!(child.public(), AccountId(bytes(case, "public")));
    }
    for case in entries(&file["derive_soft"]) {
        let parent = pair_of_96(&bytes(case, "keypair96"));
        assert_eq!(parent.public(), AccountId(bytes(case, "public_in")));
        let child = parent.derive(&Junction::Soft(bytes(case, "chain_code")));
        assert_eq!(child.public(), AccountId(bytes(case, "public")));
    }
    assert_eq!(text(&file, "dev_phrase"), DEV_PHRASE);
    for case in entries(&file["dev_pairs"]) {
        let uri = text(case, "suri");
        let pair = KeyPair::from_uri(uri).unwrap_or_else(|error| panic!("{uri}: {error}"));
        assert_eq!(pair.public(), AccountId(bytes(case, "public")), "{uri}");
        assert_eq!(to_96(&pair)[..64], bytes::<64>(case, "secret_ed25519_bytes"), "{uri}");
    }
}

#[test]
fn vectors_signatures() {
    let Some(file) = vectors("sr25519/sr25519_kat.json") else { return };
    for case in entries(&file["verify_known"]) {
        let signer = AccountId(bytes(case, "public"));
        let found = verify_message(
            text(case, "message_utf8").as_bytes(),
            &signer,
            &Signature(bytes(case, "signature")),
        );
        let valid = case["valid"].as_bool().expect("a verdict");
        assert_eq!(found, if valid { Ok(()) } else { Err(SignatureError::BadSignature) });
    }
    for case in entries(&file["preaudit_deprecated_must_fail_in_current_mode"]) {
        let found = verify_message(
            text(case, "message_utf8").as_bytes(),
            &AccountId(bytes(case, "public")),
            &Signature(bytes(case, "signature")),
        );
        assert_eq!(found, Err(SignatureError::MalformedSignature));
    }
    for case in entries(&file["sign_with_zero_rng"]) {
        let pair = KeyPair::from_seed(&bytes(case, "seed_hex"));
        let message = text(case, "message_utf8").as_bytes();
        let expected = Signature(bytes(case, "signature"));
        assert_eq!(pair.sign_message(message, Extra(bytes(case, "rng32"))), expected);
        assert_eq!(verify_message(message, &pair.public(), &expected), Ok(()));
    }
}

#[test]
fn vectors_phrases() {
    let Some(file) = vectors("sr25519/mnemonic_to_sr25519.json") else { return };
    let password = text(&file, "password");
    for case in entries(&file["vectors"]) {
        let words = text(case, "mnemonic");
        let phrase = Phrase::parse(words).unwrap_or_else(|error| panic!("{words}: {error}"));
        assert_eq!(phrase.words().as_str(), words);
        let entropy = hex::decode(&text(case, "entropy")[2..]).expect("hex");
        assert_eq!(*phrase.entropy(), entropy, "{words}");
        assert_eq!(*phrase.seed(password), bytes(case, "substrate_seed64_password_Substrate"), "{words}");
        assert_eq!(*phrase.key_seed(password), bytes(case, "mini_secret"), "{words}");
        let pair = KeyPair::from_phrase(&phrase, password);
        assert_eq!(to_96(&pair)[..64], bytes::<64>(case, "sr25519_secret_key64"), "{words}");
        assert_eq!(pair.public(), AccountId(bytes(case, "sr25519_public")), "{words}");
        let uri = format!("{words}///{password}");
        assert_eq!(KeyPair::from_uri(&uri).expect("good").public(), pair.public(), "{words}");
    }
}

#[test]
fn vectors_bip39() {
    let Some(file) = vectors("hd/bip39.json") else { return };
    for row in entries(&file["english"]) {
        let entropy = hex::decode(row[0].as_str().expect("entropy")).expect("hex");
        let words = row[1].as_str().expect("words");
        assert_eq!(*Phrase::parse(words).expect("good").entropy(), entropy, "{words}");
        assert_eq!(Phrase::from_entropy(&entropy).expect("good").words().as_str(), words);
    }
    // Refused as unknown words, not misread.
    for row in entries(&file["japanese"]) {
        assert!(Phrase::parse(row[1].as_str().expect("words")).is_err());
    }
}

#[test]
fn signs_for_every_purpose() {
    let pair = KeyPair::generate().expect("randomness");
    for purpose in Purpose::ALL {
        let (first, second) = (pair.sign(purpose, b"payload"), pair.sign(purpose, b"payload"));
        assert_ne!(first, second, "randomised");
        assert_eq!(verify(purpose, b"payload", &pair.public(), &first), Ok(()));
        assert_eq!(verify(purpose, b"payload", &pair.public(), &second), Ok(()));
        let third = pair.sign_reproducibly(purpose, b"payload");
        assert_eq!(third, pair.sign_reproducibly(purpose, b"payload"));
        assert_eq!(verify(purpose, b"payload", &pair.public(), &third), Ok(()));
        // Nonces differ between messages: the points R do.
        assert_ne!(third.0[..32], pair.sign_reproducibly(purpose, b"other").0[..32]);
    }
    let chain = ChainId::default();
    let wrapped = pair.sign_wrapped(&chain, b"body");
    assert_eq!(verify_transaction(&chain, b"body", &pair.public(), &wrapped), Ok(()));
    let refused = verify(Purpose::Transaction, b"body", &pair.public(), &wrapped);
    assert_eq!(refused, Err(SignatureError::BadSignature));
}

#[test]
fn derivation_gives_the_same_pair_each_time() {
    let root = KeyPair::from_seed(&[7; 32]);
    for junction in [Junction::soft("x"), Junction::hard("x")] {
        let child = root.derive(&junction);
        assert_eq!(child.to_secret_bytes(), root.derive(&junction).to_secret_bytes());
        let signature = child.sign(Purpose::Permit, b"payload");
        assert_eq!(verify(Purpose::Permit, b"payload", &child.public(), &signature), Ok(()));
    }
    assert_ne!(root.derive(&Junction::soft("x")).public(), root.derive(&Junction::hard("x")).public());
}

#[test]
fn secrets_come_back_and_bad_ones_are_refused() {
    let pair = KeyPair::from_uri("//Alice/soft").expect("good");
    let again = KeyPair::from_secret_bytes(&pair.to_secret_bytes()).expect("good");
    assert_eq!(again.public(), pair.public());
    assert_eq!(again.sign_reproducibly(Purpose::Vote, b""), pair.sign_reproducibly(Purpose::Vote, b""));
    assert_eq!(KeyPair::from_secret_bytes(&[0; 64]).map(|_| ()), Err(KeyError::ZeroKey));
    assert_eq!(KeyPair::from_secret_bytes(&[0xff; 64]).map(|_| ()), Err(KeyError::MalformedSecret));
}

#[test]
fn nothing_of_a_secret_is_printed() {
    let pair = KeyPair::from_uri("//Alice").expect("good");
    let public = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
    assert_eq!(format!("{pair:?}"), format!("KeyPair({public}, secret hidden)"));
}
