//! The encoding: pinned, canonical, total.

use std::path::PathBuf;

use parity_scale_codec::Encode;

use super::super::limits::MANIFEST_SIZE_MAX;
use super::super::*;
use super::sample::{everything, token};
use super::{Random, rounds};

fn golden(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(file)
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .chunks(32)
        .map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n")
        .collect()
}

fn check_golden(file: &str, manifest: &Manifest) {
    let found = format!("{}\n{}", manifest.hash(), hex(&manifest.encode()));
    let path = golden(file);
    if std::env::var("CHAINSTACK_UPDATE_GOLDEN").is_ok_and(|value| value == "1") {
        std::fs::write(&path, &found).expect("golden file is writable");
    }
    let expected = std::fs::read_to_string(&path).expect("golden file exists");
    assert_eq!(found, expected, "the encoding of {file} changed: see golden/README.md");
}

#[test]
fn the_encoding_is_pinned() {
    check_golden("manifest_everything.hex", &everything());
    check_golden("manifest_token.hex", &token());
}

#[test]
fn what_is_encoded_decodes_to_the_same() {
    for manifest in [everything(), token()] {
        assert_eq!(manifest.validate(), Ok(()));
        assert_eq!(Manifest::decode_checked(&manifest.encode()), Ok(manifest));
    }
}

#[test]
fn truncated_and_extended_bytes_are_refused() {
    let bytes = everything().encode();
    for end in 0..bytes.len() {
        assert_eq!(Manifest::decode_checked(&bytes[..end]), Err(ManifestError::Malformed), "cut at {end}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(Manifest::decode_checked(&longer), Err(ManifestError::Malformed));
}

#[test]
fn the_size_is_limited_before_anything_is_decoded() {
    let limit = MANIFEST_SIZE_MAX as usize;
    assert_eq!(Manifest::decode_checked(&vec![1; limit]), Err(ManifestError::Malformed));
    let found = limit + 1;
    assert_eq!(Manifest::decode_checked(&vec![1; found]), Err(ManifestError::TooLong { found, limit }));
}

#[test]
fn changed_bytes_never_panic_and_decode_canonically() {
    let seed = 0x6d61_6e69;
    let mut random = Random::new(seed);
    let originals = [everything().encode(), token().encode()];
    let mut decoded = 0usize;
    for round in 0..rounds(500_000) {
        let mut bytes = originals[round % 2].clone();
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[at] = random.next() as u8,
                1 => bytes[at] ^= 1 << random.below(8),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, random.next() as u8),
            }
        }
        if let Ok(manifest) = Manifest::decode_checked(&bytes) {
            assert_eq!(manifest.encode(), bytes);
            decoded += 1;
        }
    }
    // Texts, limits and ids leave room for changes that stay valid.
    assert!(decoded > 100, "{decoded} of the changed manifests decoded");
}

#[test]
fn random_bytes_never_panic() {
    let seed = 0x6e6f_6973;
    let mut random = Random::new(seed);
    for _ in 0..rounds(500_000) {
        let length = random.below(200);
        let mut bytes: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
        if let Some(version) = bytes.first_mut() {
            *version = MANIFEST_VERSION;
        }
        assert!(Manifest::decode_checked(&bytes).is_err());
    }
}

#[test]
fn another_version_is_refused() {
    let manifest = Manifest { version: 2, ..everything() };
    assert_eq!(Manifest::decode_checked(&manifest.encode()), Err(ManifestError::Version { found: 2 }));
}
