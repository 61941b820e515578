//! One input at a time, by the `sha3` crate.

use sha3::{Digest, Keccak256};

use crate::DIGEST_BYTES;

/// Keccak-256 of one input.
pub(crate) fn keccak256(input: &[u8]) -> [u8; DIGEST_BYTES] {
    Keccak256::digest(input).into()
}

/// Keccak-256 of each input in turn.
pub(crate) fn keccak256_many(inputs: &[&[u8]], digests: &mut [[u8; DIGEST_BYTES]]) {
    for (input, digest) in inputs.iter().zip(digests) {
        *digest = keccak256(input);
    }
}
