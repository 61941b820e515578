//! Secret URIs: one text for a key, as the Substrate world writes it.
//!
//! ```text
//! [phrase | 0x and 64 hexadecimal digits] { /soft | //hard } [///password]
//! ```
//!
//! Without a phrase the public [`DEV_PHRASE`] is meant, so `//Alice` is a key that everybody has. A junction
//! is 32 bytes: a decimal number that fits 64 bits is its eight bytes, little-endian; anything else is its
//! SCALE-encoded text, hashed by Blake2b-256 where that takes more than 32 bytes; the rest is zero. Everything
//! after `///` is the password, further slashes included.
//!
//! Deviations from `sp-core`, each an error here instead of a surprise: a password after a `0x` seed (there it
//! is ignored), a `0x` secret of other than 32 bytes, and texts past [`URI_MAX_BYTES`].

#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use blake2::{Blake2b256, Digest};
use parity_scale_codec::Encode;
use zeroize::{Zeroize, Zeroizing};

use crate::{KeyPair, MnemonicError, Phrase};

/// The phrase of development keys. Public: whatever these keys hold, anybody can take.
pub const DEV_PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

/// Most bytes a secret URI may have.
pub const URI_MAX_BYTES: usize = 1024;

/// Whether a text may hold a secret, so that no message should repeat it: it has a blank, as phrases have; `///`,
/// behind which a password stands; or it begins with 32 bytes in hexadecimal, as seeds do (and public keys).
#[must_use]
pub fn may_be_secret(text: &str) -> bool {
    let root = text.split('/').next().unwrap_or_default();
    let digits = root.strip_prefix("0x").unwrap_or(root);
    let seed = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    seed || text.contains("///") || text.contains(char::is_whitespace)
}

/// One step of derivation.
#[derive(Clone, PartialEq, Eq)]
pub enum Junction {
    /// `/x`: who knows the parent's public key can compute the child's public key; and a child's secret with
    /// it gives the parent's secret away.
    Soft([u8; 32]),
    /// `//x`: nothing but the parent's secret leads to the child.
    Hard([u8; 32]),
}

impl Junction {
    /// The soft junction of `code`, the text between slashes.
    #[must_use]
    pub fn soft(code: &str) -> Self {
        Self::Soft(chain_code(code))
    }

    /// The hard junction of `code`, the text between slashes.
    #[must_use]
    pub fn hard(code: &str) -> Self {
        Self::Hard(chain_code(code))
    }
}

impl Zeroize for Junction {
    fn zeroize(&mut self) {
        match self {
            Self::Soft(code) | Self::Hard(code) => code.zeroize(),
        }
    }
}

fn chain_code(code: &str) -> [u8; 32] {
    let encoded = Zeroizing::new(match code.parse::<u64>() {
        Ok(number) => number.encode(),
        Err(_) => code.encode(),
    });
    if encoded.len() > 32 {
        return Blake2b256::digest(&encoded).into();
    }
    let mut chain_code = [0; 32];
    chain_code.iter_mut().zip(encoded.iter()).for_each(|(to, from)| *to = *from);
    chain_code
}

/// A parsed secret URI. Erased from memory when dropped; never printed by `Debug`.
#[derive(Clone)]
pub struct SecretUri {
    root: Root,
    junctions: Zeroizing<Vec<Junction>>,
}

#[derive(Clone)]
enum Root {
    Phrase { phrase: Phrase, password: Zeroizing<String> },
    Seed(Zeroizing<[u8; 32]>),
}

impl SecretUri {
    /// Reads a secret URI.
    ///
    /// # Errors
    /// - [`UriError::TooLong`] past [`URI_MAX_BYTES`]; nothing was read;
    /// - [`UriError::PhraseCharacter`] if the part before the first slash has other than ASCII letters, digits
    ///   and spaces;
    /// - [`UriError::EmptyJunction`] if nothing stands after a slash;
    /// - [`UriError::PasswordCharacter`] if the password has a line break;
    /// - [`UriError::Phrase`] if the phrase is none;
    /// - [`UriError::Seed`] if `0x` is not followed by 64 hexadecimal digits;
    /// - [`UriError::PasswordWithSeed`] if a `0x` seed has a password, for which it has no use.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        if text.len() > URI_MAX_BYTES {
            return Err(UriError::TooLong { found: text.len() });
        }
        let parts = Parts::split(text)?;
        let root = match (parts.phrase.strip_prefix("0x"), parts.password) {
            (Some(_), Some(_)) => return Err(UriError::PasswordWithSeed),
            (Some(digits), None) => {
                let mut seed = Zeroizing::new([0; 32]);
                hex::decode_to_slice(digits, seed.as_mut_slice())
                    .map_err(|_| UriError::Seed { found: digits.len() })?;
                Root::Seed(seed)
            }
            (None, password) => {
                let phrase = if parts.phrase.is_empty() { DEV_PHRASE } else { parts.phrase };
                let phrase = Phrase::parse(phrase).map_err(UriError::Phrase)?;
                Root::Phrase { phrase, password: Zeroizing::new(password.unwrap_or("").to_owned()) }
            }
        };
        Ok(Self { root, junctions: Zeroizing::new(parts.junctions) })
    }

    /// The key pair that the URI names.
    ///
    /// # Cost
    /// One stretching of the phrase (about a millisecond) and one derivation for each junction.
    #[must_use]
    pub fn pair(&self) -> KeyPair {
        let root = match &self.root {
            Root::Phrase { phrase, password } => KeyPair::from_phrase(phrase, password),
            Root::Seed(seed) => KeyPair::from_seed(seed),
        };
        self.junctions.iter().fold(root, |pair, junction| pair.derive(junction))
    }
}

impl FromStr for SecretUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        Self::parse(text)
    }
}

impl fmt::Debug for SecretUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SecretUri({} junctions, hidden)", self.junctions.len())
    }
}

/// The text, split at its slashes.
struct Parts<'a> {
    phrase: &'a str,
    junctions: Vec<Junction>,
    password: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Result<Self, UriError> {
        let (phrase, mut rest) = text.split_at(text.find('/').unwrap_or(text.len()));
        let plain = |character: char| character.is_ascii_alphanumeric() || character == ' ';
        if let Some(at) = phrase.find(|character| !plain(character)) {
            return Err(UriError::PhraseCharacter { at });
        }
        // Room for the most junctions the text can hold, so that growing leaves no copies behind.
        let mut junctions = Vec::with_capacity(rest.len() / 2);
        while !rest.is_empty() {
            if let Some(password) = rest.strip_prefix("///") {
                if password.contains('\n') {
                    return Err(UriError::PasswordCharacter);
                }
                return Ok(Self { phrase, junctions, password: Some(password) });
            }
            let (make, after): (fn(&str) -> Junction, &str) =
                match (rest.strip_prefix("//"), rest.strip_prefix('/')) {
                    (Some(after), _) => (Junction::hard, after),
                    (None, Some(after)) => (Junction::soft, after),
                    // A junction ends at a slash or at the end, so the rest begins with one.
                    (None, None) => return Err(UriError::EmptyJunction { index: junctions.len() }),
                };
            let (code, next) = after.split_at(after.find('/').unwrap_or(after.len()));
            if code.is_empty() {
                return Err(UriError::EmptyJunction { index: junctions.len() });
            }
            junctions.push(make(code));
            rest = next;
        }
        Ok(Self { phrase, junctions, password: None })
    }
}

/// Why a text is no secret URI. Repeats nothing of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum UriError {
    /// Longer than [`URI_MAX_BYTES`].
    TooLong {
        /// Bytes found.
        found: usize,
    },
    /// A character before the first slash that no phrase and no seed has.
    PhraseCharacter {
        /// Byte offset of the character.
        at: usize,
    },
    /// Nothing stands after a slash.
    EmptyJunction {
        /// Which junction, counted from 0.
        index: usize,
    },
    /// The password has a line break.
    PasswordCharacter,
    /// The phrase is none.
    Phrase(MnemonicError),
    /// `0x` is not followed by 64 hexadecimal digits.
    Seed {
        /// Digits found.
        found: usize,
    },
    /// A `0x` seed with a password.
    PasswordWithSeed,
}

impl fmt::Display for UriError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { found } => {
                write!(formatter, "expected a secret URI of at most {URI_MAX_BYTES} bytes, found {found}")
            }
            Self::PhraseCharacter { at } => write!(
                formatter,
                "expected ASCII letters, digits and spaces before the first slash, found another character at byte {at}"
            ),
            Self::EmptyJunction { index } => {
                write!(
                    formatter,
                    "expected a name or number after the slashes of junction {index}, found nothing"
                )
            }
            Self::PasswordCharacter => formatter.write_str("the password has a line break"),
            Self::Phrase(error) => fmt::Display::fmt(error, formatter),
            Self::Seed { found } => {
                write!(formatter, "expected 64 hexadecimal digits after 0x, found {found} characters")
            }
            Self::PasswordWithSeed => {
                formatter.write_str("a seed in hexadecimal has no password: it would change nothing")
            }
        }
    }
}

impl std::error::Error for UriError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Phrase(error) => Some(error),
            _ => None,
        }
    }
}
