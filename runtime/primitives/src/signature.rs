//! Signatures: sr25519 under the context `substrate`, one tag for each purpose.
//!
//! What is signed is never bare data. It is [`sign_bytes`]: `u8 length of tag | ASCII tag | payload`, so that
//! bytes signed for one [`Purpose`] are never those of another. Browser wallets cannot sign such bytes: they
//! wrap whatever a page hands them in `<Bytes>…</Bytes>`. For transactions, and for nothing else, the wrapped
//! text of [`wrapped_sign_bytes`] is accepted too; it begins with `<`, which no tag length equals, so neither
//! form can pass for the other.
//!
//! Every function is a pure function of its arguments, the batch included: no clock, no system randomness.

mod batch;
mod error;
#[cfg(test)]
mod tests;

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use parity_scale_codec::{Decode, Encode, MaxEncodedLen};
use schnorrkel::PublicKey;

pub use self::{
    batch::{SignedBody, verify_transactions},
    error::SignatureError,
};
use crate::{AccountId, ChainId, Tag, tagged};

/// The sr25519 signing context of every signature in the protocol, as in the Substrate world.
pub const SIGNING_CONTEXT: &[u8] = b"substrate";

/// A Schnorr signature over ristretto255: the point `R`, then the scalar `s` with the high bit of byte 63 set.
///
/// Not yet judged: any 64 bytes decode. Text form: `0x` and 128 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, MaxEncodedLen)]
pub struct Signature(pub [u8; 64]);

impl Signature {
    /// The bytes of the signature.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl From<[u8; 64]> for Signature {
    fn from(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// What a signature is for. Each has its own tag in the signed bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum Purpose {
    /// A transaction; the payload is its encoded body, which names the chain.
    Transaction,
    /// A permit that an account gives to a contract.
    Permit,
    /// A consensus vote.
    Vote,
    /// A mined share.
    Share,
    /// A report of an oracle.
    OracleReport,
}

impl Purpose {
    /// Every purpose, in the order of declaration.
    pub const ALL: [Self; 5] = [Self::Transaction, Self::Permit, Self::Vote, Self::Share, Self::OracleReport];

    /// The tag as it enters the signed bytes: ASCII, shorter than 60 bytes (60 is `<`).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Transaction => "chainstack.transaction.v1",
            Self::Permit => "chainstack.permit.v1",
            Self::Vote => "chainstack.vote.v1",
            Self::Share => "chainstack.share.v1",
            Self::OracleReport => "chainstack.oracle-report.v1",
        }
    }
}

/// The bytes that are signed for `purpose`: `u8 length of tag | ASCII tag | payload`.
///
/// The payload is the rest and is not prefixed with its length; it must itself name the chain it is for.
#[must_use]
pub fn sign_bytes(purpose: Purpose, payload: &[u8]) -> Vec<u8> {
    let tag = purpose.tag().as_bytes();
    let mut bytes = Vec::with_capacity(tag.len().saturating_add(payload.len()).saturating_add(1));
    // Every tag is a short constant (tested), so its length fits one byte.
    bytes.push(u8::try_from(tag.len()).unwrap_or(u8::MAX));
    bytes.extend_from_slice(tag);
    bytes.extend_from_slice(payload);
    bytes
}

/// The text a browser wallet shows and signs for a transaction: what a page passes to the wallet's
/// "sign raw bytes", which adds `<Bytes>` and `</Bytes>` around it.
///
/// ```text
/// ChainStack transaction v1
/// chain <64 hexadecimal digits of the chain's identity>
/// hash <64 hexadecimal digits of tagged(Tag::TransactionSigning, body)>
/// ```
///
/// Lines end in `\n`, the last has none; digits are lower case without `0x`. Exactly 166 bytes.
#[must_use]
pub fn wrapped_text(chain: &ChainId, body_bytes: &[u8]) -> String {
    let hash = tagged(Tag::TransactionSigning, body_bytes);
    format!("ChainStack transaction v1\nchain {}\nhash {}", Digits(&chain.0.0), Digits(&hash.0))
}

/// The bytes a browser wallet signs for a transaction: `<Bytes>` + [`wrapped_text`] + `</Bytes>`.
#[must_use]
pub fn wrapped_sign_bytes(chain: &ChainId, body_bytes: &[u8]) -> Vec<u8> {
    format!("<Bytes>{}</Bytes>", wrapped_text(chain, body_bytes)).into_bytes()
}

/// Verifies that `signer` signed `payload` for `purpose`, in the direct form only.
///
/// # Errors
/// Those of [`verify_message`].
pub fn verify(
    purpose: Purpose,
    payload: &[u8],
    signer: &AccountId,
    signature: &Signature,
) -> Result<(), SignatureError> {
    verify_message(&sign_bytes(purpose, payload), signer, signature)
}

/// Verifies that `signer` signed the transaction body `body_bytes`: directly, or as the text a browser wallet
/// wraps, and in no other form.
///
/// The direct form does not read `chain`: that the body names `chain` is for the caller to check.
///
/// # Cost
/// One verification if the direct form holds, else two.
///
/// # Errors
/// Those of [`verify_message`]; [`SignatureError::BadSignature`] if neither form holds.
pub fn verify_transaction(
    chain: &ChainId,
    body_bytes: &[u8],
    signer: &AccountId,
    signature: &Signature,
) -> Result<(), SignatureError> {
    let (key, parsed) = parse(signer, signature)?;
    if holds(&key, &parsed, &sign_bytes(Purpose::Transaction, body_bytes))
        || holds(&key, &parsed, &wrapped_sign_bytes(chain, body_bytes))
    {
        Ok(())
    } else {
        Err(SignatureError::BadSignature)
    }
}

/// Verifies an sr25519 signature on exactly `message`, under [`SIGNING_CONTEXT`].
///
/// This is the bare primitive, for contracts and tests. Protocol code calls [`verify`] or
/// [`verify_transaction`], which bind the purpose.
///
/// # Errors
/// Checked in this order:
/// - [`SignatureError::ZeroKey`] if `signer` is the all-zero key, which would verify every message;
/// - [`SignatureError::MalformedKey`] if `signer` is not a canonically encoded ristretto255 point;
/// - [`SignatureError::MalformedSignature`] if the mark of sr25519 (high bit of byte 63) is unset or the scalar
///   is not reduced;
/// - [`SignatureError::BadSignature`] if the signature is not one of `signer` on `message`.
pub fn verify_message(
    message: &[u8],
    signer: &AccountId,
    signature: &Signature,
) -> Result<(), SignatureError> {
    let (key, parsed) = parse(signer, signature)?;
    if holds(&key, &parsed, message) { Ok(()) } else { Err(SignatureError::BadSignature) }
}

/// Checks that `signer` may be a signer at all: a canonical ristretto255 point, and not the all-zero key.
///
/// Validators, approvers and owners are held to the same rule when they are named.
///
/// # Errors
/// [`SignatureError::ZeroKey`] or [`SignatureError::MalformedKey`], as in [`verify_message`].
pub fn validate_key(signer: &AccountId) -> Result<(), SignatureError> {
    parse_key(signer).map(|_| ())
}

fn parse_key(signer: &AccountId) -> Result<PublicKey, SignatureError> {
    // Zero encodes the identity, the only weak point of the group: its order is prime.
    if signer.is_zero() {
        return Err(SignatureError::ZeroKey);
    }
    PublicKey::from_bytes(&signer.0).map_err(|_| SignatureError::MalformedKey)
}

fn parse(
    signer: &AccountId,
    signature: &Signature,
) -> Result<(PublicKey, schnorrkel::Signature), SignatureError> {
    let key = parse_key(signer)?;
    let parsed =
        schnorrkel::Signature::from_bytes(&signature.0).map_err(|_| SignatureError::MalformedSignature)?;
    Ok((key, parsed))
}

fn holds(key: &PublicKey, signature: &schnorrkel::Signature, message: &[u8]) -> bool {
    key.verify_simple(SIGNING_CONTEXT, message, signature).is_ok()
}

/// Lower-case hexadecimal digits without `0x`.
struct Digits<'a>(&'a [u8; 32]);

impl fmt::Display for Digits<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}
