//! Keccak-256 over many independent inputs at once.
//!
//! The commitment of a block is thousands of small, independent hashes. One Keccak-256 keeps a modern core's vector
//! units idle; four or eight side by side fill them. This crate offers exactly that and nothing else:
//! [`keccak256`] for one input, [`keccak256_many`] for a batch. Both are Keccak-256 with the original padding byte
//! `0x01`, as Ethereum uses it (not FIPS 202's SHA3-256).
//!
//! # Terms
//! *Lane*: one of the independent sponges that a vector permutation advances together. *Block*: the 136 bytes that
//! one permutation absorbs (the rate of Keccak-256).
//!
//! # Map
//! - `portable`: one input at a time, by the `sha3` crate; runs everywhere and is the reference of the tests.
//! - `lanes`: feeds inputs of any lengths to N lanes and refills each lane as soon as its input ends.
//! - `rounds`: the permutation, written once, over any vector type.
//! - `avx2` (four lanes), `avx512` (eight lanes): the permutation's vector operations on x86-64.
//! - `detect`: which of them this processor and its operating system can run; asked once.
//!
//! # Invariants
//! - The result never depends on the processor, the batch or its order: `keccak256_many` equals [`keccak256`] on
//!   each input (tested at every length around each multiple of 136, and over random batches, on each backend).
//! - A batch that lanes would not speed up (with four lanes: one input, or one longer than all the others together)
//!   takes the portable way.
//! - `no_std`, no allocation, no panic on any input of matching lengths.
//! - `unsafe` is in `avx2`, `avx512` and `detect` only, each block with its reason.
//!
//! ```
//! use chainstack_keccak::{keccak256, keccak256_many};
//!
//! let inputs: [&[u8]; 2] = [b"", b"chain"];
//! let mut digests = [[0; 32]; 2];
//! keccak256_many(&inputs, &mut digests);
//! assert_eq!(digests[1], keccak256(b"chain"));
//! assert_eq!(digests[0][..4], [0xc5, 0xd2, 0x46, 0x01]);
//! ```
#![no_std]

#[cfg(test)]
extern crate std;

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "vector loads and stores, and entry into code compiled for a detected feature"
)]
mod avx2;
#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "vector loads and stores, and entry into code compiled for a detected feature"
)]
mod avx512;
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "XGETBV tells whether the operating system saves the vector registers")]
mod detect;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod portable;
#[cfg(target_arch = "x86_64")]
mod rounds;
#[cfg(test)]
mod tests;

/// Size of a digest in bytes.
pub const DIGEST_BYTES: usize = 32;

/// Bytes absorbed by one permutation: the rate of Keccak-256.
pub const BLOCK_BYTES: usize = 136;

/// Keccak-256 of `input`.
///
/// # Cost
/// `input.len() / 136 + 1` permutations.
#[must_use]
pub fn keccak256(input: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut digests = [[0; DIGEST_BYTES]];
    keccak256_many(&[input], &mut digests);
    let [digest] = digests;
    digest
}

/// Writes the Keccak-256 of `inputs[i]` to `digests[i]`, for every `i`.
///
/// Equal to [`keccak256`] on each input; quicker when there are several inputs of comparable length. Inputs may have
/// any lengths, in any order; lanes are refilled as inputs end.
///
/// # Panics
/// If `inputs` and `digests` differ in length: a bug of the caller.
///
/// # Cost
/// About `Σ (len / 136 + 1) / lanes` vector permutations, where `lanes` is 8, 4 or 1.
pub fn keccak256_many(inputs: &[&[u8]], digests: &mut [[u8; DIGEST_BYTES]]) {
    assert_eq!(inputs.len(), digests.len(), "one digest for each input");
    #[cfg(target_arch = "x86_64")]
    match detect::backend() {
        detect::Backend::Avx512 if lanes::fills(inputs, avx512::LANES_WORTH) => {
            return avx512::keccak256_many(inputs, digests);
        }
        detect::Backend::Avx512 | detect::Backend::Avx2 if lanes::fills(inputs, avx2::LANES_WORTH) => {
            return avx2::keccak256_many(inputs, digests);
        }
        _ => {}
    }
    portable::keccak256_many(inputs, digests);
}

/// Which implementation [`keccak256_many`] uses on this machine for batches that fill the lanes: `avx512`, `avx2` or
/// `portable`. For logs and bench reports; results never depend on it.
#[must_use]
pub fn backend() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    match detect::backend() {
        detect::Backend::Avx512 => return "avx512",
        detect::Backend::Avx2 => return "avx2",
        detect::Backend::Portable => {}
    }
    "portable"
}
