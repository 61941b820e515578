//! Argon2id: from a password to the key of the cipher, within published bounds.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use super::{KeystoreError, PASSWORD_MAX_BYTES};

/// How much work stands between a password and the key (Argon2id, version 1.3).
///
/// | | memory in KiB | passes | lanes |
/// | --- | --- | --- | --- |
/// | [`KdfParams::MIN`] | 19,456 | 2 | 1 |
/// | [`KdfParams::DEFAULT`] | 65,536 | 3 | 1 |
/// | [`KdfParams::MAX`] | 262,144 | 10 | 4 |
///
/// Work grows with memory × passes; the default takes about a fifth of a second, the maximum some seconds.
/// Files that ask for less or more are refused before any work: less would be a weak key, more a way to
/// exhaust the machine that opens a stranger's file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KdfParams {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl KdfParams {
    /// The least accepted.
    pub const MIN: Self = Self { memory_kib: 19_456, passes: 2, lanes: 1 };
    /// What new keys are written with.
    pub const DEFAULT: Self = Self { memory_kib: 65_536, passes: 3, lanes: 1 };
    /// The most accepted: 256 MiB.
    pub const MAX: Self = Self { memory_kib: 262_144, passes: 10, lanes: 4 };

    /// Parameters within the bounds.
    ///
    /// # Errors
    /// [`KeystoreError::KdfBounds`] for the first that is outside.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, KeystoreError> {
        let bounds = [
            ("memory_kib", memory_kib, Self::MIN.memory_kib, Self::MAX.memory_kib),
            ("passes", passes, Self::MIN.passes, Self::MAX.passes),
            ("lanes", lanes, Self::MIN.lanes, Self::MAX.lanes),
        ];
        for (parameter, found, min, max) in bounds {
            if !(min..=max).contains(&found) {
                return Err(KeystoreError::KdfBounds { parameter, found, min, max });
            }
        }
        Ok(Self { memory_kib, passes, lanes })
    }

    /// Memory in KiB.
    #[must_use]
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    #[must_use]
    pub const fn passes(self) -> u32 {
        self.passes
    }

    /// Independent lanes, worked one after the other here.
    #[must_use]
    pub const fn lanes(self) -> u32 {
        self.lanes
    }

    /// The key of the cipher.
    pub(super) fn stretch(
        self,
        password: &str,
        salt: &[u8; 16],
    ) -> Result<Zeroizing<[u8; 32]>, KeystoreError> {
        if password.is_empty() || password.len() > PASSWORD_MAX_BYTES {
            return Err(KeystoreError::PasswordLength { found: password.len() });
        }
        let mut key = Zeroizing::new([0; 32]);
        // All else that the library refuses is excluded by our bounds.
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(key.len()))
            .map_err(|_| KeystoreError::Memory)?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(password.as_bytes(), salt, key.as_mut_slice())
            .map_err(|_| KeystoreError::Memory)?;
        Ok(key)
    }
}

impl fmt::Debug for KdfParams {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory_kib, passes, lanes } = self;
        write!(formatter, "argon2id({memory_kib} KiB, {passes} passes, {lanes} lanes)")
    }
}
