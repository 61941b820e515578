//! Hashes and signatures, computed by the host.

use crate::{AccountId, Hash, raw};

/// Keccak-256, as Ethereum's.
#[must_use]
pub fn keccak256(message: &[u8]) -> Hash {
    Hash(raw::keccak256(message))
}

/// SHA3-256 (FIPS 202).
#[must_use]
pub fn sha3_256(message: &[u8]) -> Hash {
    Hash(raw::sha3_256(message))
}

/// BLAKE2b with a 32-byte digest, without key (RFC 7693).
#[must_use]
pub fn blake2b_256(message: &[u8]) -> Hash {
    Hash(raw::blake2b_256(message))
}

/// Whether the account's sr25519 signature of the message verifies; never for the all-zero account.
#[must_use]
pub fn sr25519_verify(signer: &AccountId, signature: &[u8; 64], message: &[u8]) -> bool {
    raw::sr25519_verify(&signer.0, signature, message)
}

/// Whether an Ed25519 signature of the message verifies, strictly.
#[must_use]
pub fn ed25519_verify(public: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
    raw::ed25519_verify(public, signature, message)
}

/// The secp256k1 public key `x | y` that made `r | s | v` over the digest, if there is one.
#[must_use]
pub fn ecdsa_recover(digest: &Hash, signature: &[u8; 65]) -> Option<[u8; 64]> {
    raw::ecdsa_recover(&digest.0, signature)
}
