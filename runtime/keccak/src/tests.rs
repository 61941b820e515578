//! Each backend against the portable one, and that one against public vectors.
#![expect(clippy::print_stdout, reason = "seeds and counts are part of a test's report")]

use std::{format, path::PathBuf, println, string::String, vec, vec::Vec};

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{BLOCK_BYTES, keccak256, keccak256_many, portable};

type Many = fn(&[&[u8]], &mut [[u8; 32]]);

/// Every implementation that this machine can run.
fn backends() -> Vec<(&'static str, Many)> {
    let mut all: Vec<(&'static str, Many)> =
        vec![("chosen", keccak256_many), ("portable", portable::keccak256_many)];
    #[cfg(target_arch = "x86_64")]
    {
        use crate::detect::{Backend, backend};
        if backend() >= Backend::Avx2 {
            all.push(("avx2", crate::avx2::keccak256_many));
        }
        if backend() >= Backend::Avx512 {
            all.push(("avx512", crate::avx512::keccak256_many));
        }
    }
    all
}

#[track_caller]
fn check(inputs: &[Vec<u8>]) {
    let slices: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let expected: Vec<[u8; 32]> = slices.iter().map(|input| portable::keccak256(input)).collect();
    for (name, many) in backends() {
        let mut found = vec![[0xAA; 32]; inputs.len()];
        many(&slices, &mut found);
        assert!(
            found == expected,
            "{name}: lengths {:?}",
            slices.iter().map(|s| s.len()).collect::<Vec<_>>()
        );
    }
}

fn bytes(random: &mut ChaCha8Rng, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    random.fill_bytes(&mut bytes);
    bytes
}

#[test]
fn every_length_around_multiples_of_the_block() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for blocks in 0..6 {
        for length in (blocks * BLOCK_BYTES).saturating_sub(9)..=blocks * BLOCK_BYTES + 9 {
            let batch: Vec<Vec<u8>> = (0..9).map(|_| bytes(&mut random, length)).collect();
            check(&batch);
        }
    }
}

#[test]
fn batches_of_every_small_size_and_random_lengths() {
    let seed = 2;
    println!("seed: {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for size in 0..=9 {
        for _ in 0..50 {
            let longest = [33, 137, 600, 5_000][random.random_range(0..4)];
            let batch: Vec<Vec<u8>> = (0..size)
                .map(|_| {
                    let length = random.random_range(0..longest);
                    bytes(&mut random, length)
                })
                .collect();
            check(&batch);
        }
    }
}

#[test]
fn large_batches_refill_their_lanes() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for size in [10, 17, 63, 64, 65, 500] {
        let batch: Vec<Vec<u8>> = (0..size)
            .map(|_| {
                let length = random.random_range(0..700);
                bytes(&mut random, length)
            })
            .collect();
        check(&batch);
    }
}

#[test]
fn one_long_input_among_short_ones() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    for place in 0..9 {
        let batch: Vec<Vec<u8>> =
            (0..9).map(|index| bytes(&mut random, if index == place { 40_000 } else { 10 })).collect();
        check(&batch);
    }
}

#[test]
fn the_decision_to_use_lanes() {
    #[cfg(target_arch = "x86_64")]
    {
        use crate::lanes::fills;
        let long = vec![0; 136 * 9];
        assert!(!fills(&[], 2));
        assert!(!fills(&[&long], 2));
        assert!(!fills(&[&long, &[], &[]], 2), "one long input decides how long the batch takes");
        assert!(fills(&[&long, &long], 2));
        assert!(fills(&[&[], &[1]], 2));
    }
}

#[test]
#[should_panic(expected = "one digest for each input")]
fn lengths_must_match() {
    keccak256_many(&[b"a"], &mut []);
}

/// The published vectors. Skipped without them, except in continuous integration.
#[test]
fn public_vectors() {
    let folder = std::env::var_os("CHAINSTACK_VECTORS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")),
        PathBuf::from,
    );
    let Ok(files) = std::fs::read_dir(folder.join("hash")) else {
        assert!(
            std::env::var_os("CI").is_none_or(|value| value != "true"),
            "no vectors in {}",
            folder.display()
        );
        println!("not run: no vectors");
        return;
    };
    let files: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, ["sha3_keccak_256.json"], "every file of the folder is read here");
    let text = std::fs::read_to_string(folder.join("hash").join(&files[0])).unwrap();
    // One field a line: `"msg": "…"` and `"keccak256": "…"`, so that no JSON reader is needed here.
    let field = |name: &str| -> Vec<Vec<u8>> {
        let start = format!("\"{name}\": \"");
        text.lines()
            .filter_map(|line| line.trim().strip_prefix(start.as_str()))
            .map(|rest| {
                let digits = &rest[..rest.find('"').unwrap()];
                (0..digits.len() / 2)
                    .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
                    .collect()
            })
            .collect()
    };
    let (messages, expected) = (field("msg"), field("keccak256"));
    assert!(messages.len() >= 40 && messages.len() == expected.len(), "{} vectors", messages.len());
    for (message, expected) in messages.iter().zip(&expected) {
        assert_eq!(portable::keccak256(message).as_slice(), expected.as_slice());
        assert_eq!(keccak256(message).as_slice(), expected.as_slice());
    }
    check(&messages);
    println!("vectors: {}", messages.len());
}
