//! Keys on disk: a folder with one encrypted JSON file for each key.
//!
//! # Format, version 1
//!
//! `<folder>/<name>.json`, mode 0600 in a folder of mode 0700, holds name, address and public key in the open
//! and the 64-byte secret as XChaCha20-Poly1305 ciphertext under a key that Argon2id stretches from the
//! password. Everything that stands in the open, the parameters included, is associated data of the cipher. A
//! Keccak-256 checksum tells an accident from a wrong password. The bytes of a file are exactly what this
//! module writes for its content, so any changed byte is found ([`mod@format`]).
//!
//! # Promise
//!
//! A key is written whole to a temporary file, synced, then linked to its name, and the folder is synced,
//! before [`Keystore::create`] returns: after a crash there is the whole key or none. Linking fails where the
//! name exists, so a key is never overwritten, by two processes at once neither. A temporary file left by a
//! crash is encrypted like any other and is ignored.

mod error;
pub mod format;
pub mod kdf;
#[cfg(test)]
mod tests;

use std::{
    fmt, fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use chainstack_primitives::AccountId;

pub use self::{
    error::{Corruption, KeystoreError},
    kdf::KdfParams,
};
use crate::{KeyPair, SecretUri, Ss58Prefix};

/// Most bytes a key file may have; those of version 1 have under 900.
pub const FILE_MAX_BYTES: usize = 4096;

/// Most bytes of a name.
pub const NAME_MAX_BYTES: usize = 32;

/// Most bytes of a password.
pub const PASSWORD_MAX_BYTES: usize = 1024;

/// The name of a key: 1 to 32 of `a-z`, `0-9`, `_`, `-`. So it is a file name everywhere, and never a path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`KeystoreError::InvalidName`] if it is empty, too long, or has another character.
    pub fn parse(text: &str) -> Result<Self, KeystoreError> {
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        if text.is_empty() || text.len() > NAME_MAX_BYTES || !text.bytes().all(plain) {
            return Err(KeystoreError::InvalidName { found: text.chars().take(NAME_MAX_BYTES).collect() });
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a key file says in the open. Not vouched for by the password until the key is opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyInfo {
    /// The key's name.
    pub name: KeyName,
    /// The SS58 address as it was written, with the prefix of the chain it was made for.
    pub address: String,
    /// The account.
    pub account: AccountId,
}

/// A file of the folder that should hold a key, and what reading it gave.
#[derive(Debug)]
pub struct Listed {
    /// The name, from the file's name.
    pub name: KeyName,
    /// What the file says, or why it cannot be read.
    pub outcome: Result<KeyInfo, KeystoreError>,
}

/// A folder of encrypted keys.
#[derive(Clone, Debug)]
pub struct Keystore {
    folder: PathBuf,
    prefix: Ss58Prefix,
    kdf: KdfParams,
}

impl Keystore {
    /// The keystore in `folder`, which is made when the first key is. New keys show addresses of `prefix`.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, prefix: Ss58Prefix) -> Self {
        Self { folder: folder.into(), prefix, kdf: KdfParams::DEFAULT }
    }

    /// The same keystore, with other stretching for new keys.
    #[must_use]
    pub fn with_kdf(self, kdf: KdfParams) -> Self {
        Self { kdf, ..self }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Encrypts `pair` and stores it as `name`; on disk when this returns.
    ///
    /// # Errors
    /// Nothing is stored, and nothing that was is changed:
    /// - [`KeystoreError::Exists`] if there is a key of this name;
    /// - [`KeystoreError::PasswordLength`] if the password is empty or past [`PASSWORD_MAX_BYTES`];
    /// - [`KeystoreError::Randomness`], [`KeystoreError::Memory`] or [`KeystoreError::Io`] if this machine could not.
    ///
    /// # Cost
    /// One stretching of the password: see [`KdfParams`].
    pub fn create(&self, name: &KeyName, pair: &KeyPair, password: &str) -> Result<KeyInfo, KeystoreError> {
        let path = self.path(name);
        // Said early, before the work; what decides is the link below.
        if path.exists() {
            return Err(KeystoreError::Exists { name: name.clone() });
        }
        let (info, bytes) = format::seal(name, pair, self.prefix, self.kdf, password)?;
        create_folder(&self.folder).map_err(|source| io_error("create", &self.folder, source))?;
        let temporary = self.folder.join(format!(".{name}.{}.tmp", format::random_name()?));
        let outcome = write_synced(&temporary, &bytes)
            .map_err(|source| io_error("write", &temporary, source))
            .and_then(|()| {
                fs::hard_link(&temporary, &path).map_err(|source| match source.kind() {
                    io::ErrorKind::AlreadyExists => KeystoreError::Exists { name: name.clone() },
                    _ => io_error("link", &path, source),
                })
            });
        // Good or bad, the temporary name has served.
        let removed = fs::remove_file(&temporary);
        outcome?;
        removed.map_err(|source| io_error("remove", &temporary, source))?;
        sync_folder(&self.folder).map_err(|source| io_error("sync", &self.folder, source))?;
        Ok(info)
    }

    /// Stores the key of a phrase or secret URI as `name`.
    ///
    /// # Errors
    /// [`KeystoreError::Uri`] if `uri` is none, else those of [`Keystore::create`].
    pub fn import(&self, name: &KeyName, uri: &str, password: &str) -> Result<KeyInfo, KeystoreError> {
        let pair = SecretUri::parse(uri).map_err(KeystoreError::Uri)?.pair();
        self.create(name, &pair, password)
    }

    /// Decrypts the key of `name`.
    ///
    /// # Errors
    /// - [`KeystoreError::NotFound`] if there is no key of this name;
    /// - [`KeystoreError::TooLong`], [`KeystoreError::UnknownVersion`], [`KeystoreError::Corrupt`] or
    ///   [`KeystoreError::KdfBounds`] if the file is not one this module wrote; no stretching was done;
    /// - [`KeystoreError::WrongPassword`] if the password is not the one it was written with, or someone
    ///   altered the file and made its checksum fit;
    /// - [`KeystoreError::PasswordLength`], [`KeystoreError::Memory`] and [`KeystoreError::Io`].
    ///
    /// # Cost
    /// One stretching with the file's parameters, at most [`KdfParams::MAX`].
    pub fn open(&self, name: &KeyName, password: &str) -> Result<KeyPair, KeystoreError> {
        format::unseal(name, &self.read(name)?, password)
    }

    /// What the file of `name` says in the open: no password, no stretching.
    ///
    /// # Errors
    /// Those of [`Keystore::open`] that concern the file.
    pub fn info(&self, name: &KeyName) -> Result<KeyInfo, KeystoreError> {
        format::inspect(name, &self.read(name)?)
    }

    /// Every key file of the folder, in order of names; none if there is no folder. A file that cannot be read
    /// is listed with its error and hides no other. Files that are not named as keys are passed over.
    ///
    /// # Errors
    /// [`KeystoreError::Io`] if the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, KeystoreError> {
        let read_error = |source| io_error("read", &self.folder, source);
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(read_error(error)),
        };
        let mut listed = Vec::new();
        for entry in entries {
            let file_name = entry.map_err(read_error)?.file_name();
            let stem = file_name.to_str().and_then(|text| text.strip_suffix(".json"));
            if let Some(name) = stem.and_then(|stem| KeyName::parse(stem).ok()) {
                let outcome = self.info(&name);
                listed.push(Listed { name, outcome });
            }
        }
        listed.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(listed)
    }

    fn path(&self, name: &KeyName) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }

    fn read(&self, name: &KeyName) -> Result<Vec<u8>, KeystoreError> {
        let path = self.path(name);
        let file = fs::File::open(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => KeystoreError::NotFound { name: name.clone() },
            _ => io_error("open", &path, source),
        })?;
        let mut bytes = Vec::new();
        let limit = u64::try_from(FILE_MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        file.take(limit).read_to_end(&mut bytes).map_err(|source| io_error("read", &path, source))?;
        if bytes.len() > FILE_MAX_BYTES {
            return Err(KeystoreError::TooLong { limit: FILE_MAX_BYTES });
        }
        Ok(bytes)
    }
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> KeystoreError {
    KeystoreError::Io { action, path: path.to_owned(), source }
}

/// Makes the folder, readable by its owner only, if it is not there.
fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a new file that only its owner may read, through to the disk.
fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the folder's entries durable. Only Unix can open a folder to sync it.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}
