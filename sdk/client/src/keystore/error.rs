//! Why the keystore refuses.

use std::{fmt, io, path::PathBuf};

use super::{KeyName, NAME_MAX_BYTES, PASSWORD_MAX_BYTES};
use crate::UriError;

/// Why the keystore refuses. Holds no secret, and of a file's content only numbers.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeystoreError {
    /// Not 1 to 32 of `a-z`, `0-9`, `_`, `-`.
    InvalidName {
        /// The beginning of what was found.
        found: String,
    },
    /// There is a key of this name; it was left as it is.
    Exists {
        /// The name.
        name: KeyName,
    },
    /// There is no key of this name.
    NotFound {
        /// The name.
        name: KeyName,
    },
    /// The password is empty or too long.
    PasswordLength {
        /// Bytes found.
        found: usize,
    },
    /// The password is not the one, or someone altered the file and made its checksum fit. The cipher cannot
    /// tell these apart.
    WrongPassword,
    /// The file is longer than any key file.
    TooLong {
        /// Bytes allowed.
        limit: usize,
    },
    /// The file is of a format this program does not know.
    UnknownVersion {
        /// The version found.
        found: u64,
    },
    /// The file is not as this program writes it: truncated, or changed.
    Corrupt(Corruption),
    /// The file asks for stretching outside the published bounds.
    KdfBounds {
        /// Which parameter.
        parameter: &'static str,
        /// The value found.
        found: u32,
        /// The least allowed.
        min: u32,
        /// The most allowed.
        max: u32,
    },
    /// The text to import is no phrase or secret URI.
    Uri(UriError),
    /// The system gave no randomness: a fault of this machine.
    Randomness,
    /// The memory for stretching could not be had: a fault of this machine.
    Memory,
    /// The disk refused: a fault of this machine.
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// In what a key file is not as this program writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Corruption {
    /// Not a JSON object of the format's fields: most likely truncated.
    Structure,
    /// The same content in other bytes.
    Spelling,
    /// The checksum does not fit.
    Checksum,
    /// A field does not hold what it must.
    Field(&'static str),
    /// The file's name is not the key's.
    Name,
    /// The address is not one of the public key.
    Address,
    /// The secret is not that of the public key.
    Secret,
}

impl fmt::Display for KeystoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidName { found } => write!(
                formatter,
                "expected a name of 1 to {NAME_MAX_BYTES} characters of a-z, 0-9, _ and -, found {found:?}"
            ),
            Self::Exists { name } => write!(formatter, "a key named {name} exists and is never overwritten"),
            Self::NotFound { name } => write!(formatter, "there is no key named {name}"),
            Self::PasswordLength { found } => {
                write!(formatter, "expected a password of 1 to {PASSWORD_MAX_BYTES} bytes, found {found}")
            }
            Self::WrongPassword => formatter.write_str("the password is wrong, or the key file was altered"),
            Self::TooLong { limit } => write!(formatter, "the key file is longer than {limit} bytes"),
            Self::UnknownVersion { found } => {
                write!(formatter, "expected a key file of version 1, found version {found}")
            }
            Self::Corrupt(corruption) => {
                write!(formatter, "the key file is damaged: {corruption}")
            }
            Self::KdfBounds { parameter, found, min, max } => {
                write!(formatter, "the key file asks for {parameter} {found}, allowed are {min} to {max}")
            }
            Self::Uri(error) => fmt::Display::fmt(error, formatter),
            Self::Randomness => formatter.write_str("the system gave no randomness"),
            Self::Memory => formatter.write_str("the memory to stretch the password could not be had"),
            Self::Io { action, path, source } => {
                write!(formatter, "could not {action} {}: {source}", path.display())
            }
        }
    }
}

impl fmt::Display for Corruption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Structure => formatter.write_str("not the fields of a key file"),
            Self::Spelling => formatter.write_str("its content is spelt in other bytes"),
            Self::Checksum => formatter.write_str("its checksum does not fit"),
            Self::Field(name) => write!(formatter, "its field {name} does not hold what it must"),
            Self::Name => formatter.write_str("it is the file of a key of another name"),
            Self::Address => formatter.write_str("its address is not that of its public key"),
            Self::Secret => formatter.write_str("its secret is not that of its public key"),
        }
    }
}

impl std::error::Error for KeystoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Uri(error) => Some(error),
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
