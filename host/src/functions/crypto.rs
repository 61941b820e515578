//! Hashes and signatures.

use blake2::{Blake2b, digest::consts::U32};
use chainstack_primitives::{keccak256, sha3_256, signature::SIGNING_CONTEXT};
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

use super::{Answered, Scene, table::MESSAGE_BYTES_MAX};
use crate::memory;

/// A hash function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Digest {
    Keccak256,
    Sha3,
    Blake2b,
}

impl Scene<'_, '_, '_, '_, '_> {
    pub(super) fn hash(&mut self, digest: Digest, ptr: u64, len: u64, out: u64) -> Answered {
        memory::check(self.guest, out, 32)?;
        let bytes = memory::read(self.guest, ptr, len, MESSAGE_BYTES_MAX)?;
        let hash: [u8; 32] = match digest {
            Digest::Keccak256 => keccak256(bytes).0,
            Digest::Sha3 => sha3_256(bytes).0,
            Digest::Blake2b => {
                use blake2::Digest as _;
                Blake2b::<U32>::digest(bytes).into()
            }
        };
        memory::write(self.guest, out, &hash)?;
        Ok(0)
    }

    pub(super) fn sr25519_verify(&mut self, public: u64, signature: u64, ptr: u64, len: u64) -> Answered {
        let public: [u8; 32] = memory::read_array(self.guest, public)?;
        let signature: [u8; 64] = memory::read_array(self.guest, signature)?;
        let message = memory::read(self.guest, ptr, len, MESSAGE_BYTES_MAX)?;
        Ok(u64::from(sr25519_verifies(&public, &signature, message)))
    }

    pub(super) fn ed25519_verify(&mut self, public: u64, signature: u64, ptr: u64, len: u64) -> Answered {
        let public: [u8; 32] = memory::read_array(self.guest, public)?;
        let signature: [u8; 64] = memory::read_array(self.guest, signature)?;
        let message = memory::read(self.guest, ptr, len, MESSAGE_BYTES_MAX)?;
        Ok(u64::from(ed25519_verifies(&public, &signature, message)))
    }

    pub(super) fn ecdsa_recover(&mut self, digest: u64, signature: u64, out: u64) -> Answered {
        memory::check(self.guest, out, 64)?;
        let digest: [u8; 32] = memory::read_array(self.guest, digest)?;
        let signature: [u8; 65] = memory::read_array(self.guest, signature)?;
        match recover(&digest, &signature) {
            Some(key) => {
                memory::write(self.guest, out, &key)?;
                Ok(1)
            }
            None => Ok(0),
        }
    }
}

/// Whether the signature verifies under the signing context `substrate`. The all-zero key, which would verify
/// every message, verifies none.
fn sr25519_verifies(public: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
    if *public == [0; 32] {
        return false;
    }
    let (Ok(public), Ok(signature)) =
        (schnorrkel::PublicKey::from_bytes(public), schnorrkel::Signature::from_bytes(signature))
    else {
        return false;
    };
    public.verify_simple(SIGNING_CONTEXT, message, &signature).is_ok()
}

fn ed25519_verifies(public: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
    let Ok(public) = ed25519_dalek::VerifyingKey::from_bytes(public) else { return false };
    public.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
}

/// The public key `x | y` behind `r | s | v`.
fn recover(digest: &[u8; 32], signature: &[u8; 65]) -> Option<[u8; 64]> {
    let (v, rs) = signature.split_last()?;
    let id = RecoveryId::from_byte(match v {
        27 | 28 => v.checked_sub(27)?,
        0 | 1 => *v,
        _ => return None,
    })?;
    let parsed = Signature::from_slice(rs).ok()?;
    // Of two signatures that recover one key, only that with the lesser s counts.
    if parsed.normalize_s() != parsed {
        return None;
    }
    let key = VerifyingKey::recover_from_prehash(digest, &parsed, id).ok()?;
    let point = key.to_sec1_point(false);
    point.as_bytes().get(1..)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_signs_with_the_zero_key() {
        // The identity point with a zero scalar: R = 0, s = 0 verifies everything under the zero key.
        let mut signature = [0_u8; 64];
        signature[63] |= 0x80;
        assert!(!sr25519_verifies(&[0; 32], &signature, b"anything"));
        assert!(!ed25519_verifies(&[0; 32], &[0; 64], b"anything"));
    }
}
