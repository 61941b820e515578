//! Why a signature is refused.

use core::fmt;

use crate::codes;

/// Why a signature is refused. A rejection: the same verdict on every honest node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SignatureError {
    /// The signer is the all-zero key, under which anything verifies.
    ZeroKey,
    /// The signer is not a canonically encoded ristretto255 point.
    MalformedKey,
    /// Not an sr25519 signature: the high bit of its last byte is unset, or its scalar is not reduced.
    MalformedSignature,
    /// A well-formed signature, but not one of this signer on these bytes.
    BadSignature,
}

impl SignatureError {
    /// Every error, in the order of codes.
    pub const ALL: [Self; 4] =
        [Self::ZeroKey, Self::MalformedKey, Self::MalformedSignature, Self::BadSignature];

    /// Stable numeric code of the one table, [`codes::TABLE`].
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::ZeroKey => codes::ZERO_KEY,
            Self::MalformedKey => codes::MALFORMED_KEY,
            Self::MalformedSignature => codes::MALFORMED_SIGNATURE,
            Self::BadSignature => codes::BAD_SIGNATURE,
        }
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ZeroKey => "the all-zero key cannot sign",
            Self::MalformedKey => {
                "expected an sr25519 public key, found bytes that are no ristretto255 point"
            }
            Self::MalformedSignature => {
                "expected an sr25519 signature, found 64 bytes without its mark or with an unreduced scalar"
            }
            Self::BadSignature => "the signature is not one of this signer on these bytes",
        })
    }
}

impl core::error::Error for SignatureError {}
