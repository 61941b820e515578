//! Types of arguments, parameters, keys and fields.
//!
//! They encode to the same SCALE bytes as the chain's own types, without pulling the chain's cryptography into
//! Wasm. Text and bytes carry their greatest length in their type, as the manifest does, and borrow from the
//! memory of the call.

use crate::codec::{Datum, Reader, Writer, length_size};
use crate::trap;

macro_rules! digest {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// All zeros.
            pub const ZERO: Self = Self([0; 32]);
        }

        impl Datum for $name {
            const SIZE_MAX: usize = 32;

            fn encode(&self, writer: &mut Writer) {
                writer.write_array(&self.0);
            }

            fn decode(reader: &mut Reader) -> Self {
                Self(*reader.take_array())
            }

            fn with_bytes<R>(&self, use_bytes: impl FnOnce(&[u8]) -> R) -> R {
                use_bytes(&self.0)
            }
        }
    };
}

digest!(
    /// Key of an account: a public key, or the address of a contract.
    AccountId
);
digest!(
    /// A 32-byte digest.
    Hash
);

impl AccountId {
    /// Whether this is the all-zero account, which nobody may hold: the far side of mints and burns.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

/// An amount in base units.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Amount(pub u128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The greatest amount.
    pub const MAX: Self = Self(u128::MAX);

    /// The sum, or `None` past the greatest amount.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// The difference, or `None` below zero.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// Whether this is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Datum for Amount {
    const SIZE_MAX: usize = 16;

    fn encode(&self, writer: &mut Writer) {
        self.0.encode(writer);
    }

    fn decode(reader: &mut Reader) -> Self {
        Self(u128::decode(reader))
    }

    fn with_bytes<R>(&self, use_bytes: impl FnOnce(&[u8]) -> R) -> R {
        use_bytes(&self.0.to_le_bytes())
    }
}

/// At most `MAX` bytes behind a compact length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bytes<const MAX: u32>(&'static [u8]);

/// At most `MAX` bytes of UTF-8 behind a compact length. The host has checked what it hands in, and checks what
/// it is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Text<const MAX: u32>(&'static [u8]);

macro_rules! bounded {
    ($name:ident) => {
        impl<const MAX: u32> $name<MAX> {
            /// Takes bytes; `None` if there are more than `MAX`.
            #[must_use]
            pub const fn new(bytes: &'static [u8]) -> Option<Self> {
                if bytes.len() <= MAX as usize { Some(Self(bytes)) } else { None }
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &'static [u8] {
                self.0
            }
        }

        impl<const MAX: u32> Datum for $name<MAX> {
            const SIZE_MAX: usize = length_size(MAX) + MAX as usize;

            fn size(&self) -> usize {
                length_size(self.0.len() as u32).wrapping_add(self.0.len())
            }

            fn encode(&self, writer: &mut Writer) {
                writer.write_length(self.0.len() as u32);
                writer.write(self.0);
            }

            fn decode(reader: &mut Reader) -> Self {
                let length = reader.take_length();
                match Self::new(reader.take(length as usize)) {
                    Some(value) => value,
                    None => trap(),
                }
            }
        }
    };
}

bounded!(Bytes);
bounded!(Text);

impl<const MAX: u32> Text<MAX> {
    /// The text, if it is UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&'static str> {
        core::str::from_utf8(self.0).ok()
    }
}
