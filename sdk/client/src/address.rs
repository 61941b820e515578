//! Addresses: the text form of an account, SS58 as in the Substrate world, or `0x` and 64 hexadecimal digits.
//!
//! SS58 is Base58 of `prefix | 32 bytes of account | first two bytes of Blake2b-512("SS58PRE" | prefix | account)`.
//! The prefix tells networks apart: below 64 it takes one byte, up to 16383 two. Decoding is strict: one text
//! for each (prefix, account), nothing trimmed, no other lengths.

#[cfg(test)]
mod tests;

use std::fmt;

use blake2::{Blake2b512, Digest};
use chainstack_primitives::AccountId;

/// Most characters an address can have: the hexadecimal form, which is longer than any SS58 text.
pub const ADDRESS_MAX_BYTES: usize = 66;

/// A network's SS58 prefix: 0 to 16383, without 46 and 47, which the registry reserves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ss58Prefix(u16);

impl Ss58Prefix {
    /// The prefix of networks without one of their own: 42.
    pub const DEFAULT: Self = Self(42);
    /// The greatest prefix: 14 bits.
    pub const MAX: Self = Self(16_383);

    /// The prefix of this number.
    ///
    /// # Errors
    /// [`AddressError::ReservedPrefix`] for 46, 47 and all above [`Ss58Prefix::MAX`].
    pub const fn new(number: u16) -> Result<Self, AddressError> {
        if number > Self::MAX.0 || number == 46 || number == 47 {
            return Err(AddressError::ReservedPrefix { found: number });
        }
        Ok(Self(number))
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The prefix as it stands in front of the account's bytes.
    fn bytes(self) -> Vec<u8> {
        let [high, low] = self.0.to_be_bytes();
        if self.0 < 64 {
            vec![low]
        } else {
            // The layout of the SS58 registry: 01 and bits 2-7, then bits 0-1 and 8-13.
            vec![(low >> 2) | 0b0100_0000, high | (low << 6)]
        }
    }

    /// The prefix at the start of `bytes`, and the rest; `None` if there is none in its one encoding.
    fn split(bytes: &[u8]) -> Option<(u16, &[u8])> {
        match bytes {
            [first @ 0..=63, rest @ ..] => Some((u16::from(*first), rest)),
            [first @ 64..=127, second, rest @ ..] => {
                let low = (first << 2) | (second >> 6);
                let number = u16::from_be_bytes([second & 0b0011_1111, low]);
                // A number below 64 has one byte; two are not its encoding.
                (number >= 64).then_some((number, rest))
            }
            _ => None,
        }
    }
}

impl Default for Ss58Prefix {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for Ss58Prefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl fmt::Debug for Ss58Prefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// The SS58 address of `account` on the network of `prefix`.
///
/// ```
/// use chainstack_client::{KeyPair, Ss58Prefix, format_address};
///
/// let alice = KeyPair::from_uri("//Alice")?.public();
/// assert_eq!(format_address(&alice, Ss58Prefix::DEFAULT), "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
/// # Ok::<(), chainstack_client::UriError>(())
/// ```
#[must_use]
pub fn format_address(account: &AccountId, prefix: Ss58Prefix) -> String {
    let mut bytes = prefix.bytes();
    bytes.extend_from_slice(account.as_bytes());
    let checksum = checksum(&bytes);
    bytes.extend_from_slice(&checksum);
    bs58::encode(bytes).into_string()
}

/// The account that `text` names on the network of `prefix`: an SS58 address of that prefix, or `0x` and 64
/// hexadecimal digits of either case.
///
/// Says what is meant, not what is allowed: the all-zero account parses, and is refused where it would act.
///
/// # Errors
/// - [`AddressError::WrongPrefix`] if it is a good SS58 address of another network;
/// - any other [`AddressError`] as in [`parse_ss58`].
pub fn parse_address(text: &str, prefix: Ss58Prefix) -> Result<AccountId, AddressError> {
    if let Some(digits) = text.strip_prefix("0x") {
        let mut bytes = [0; 32];
        return match hex::decode_to_slice(digits, &mut bytes) {
            Ok(()) => Ok(AccountId(bytes)),
            Err(_) => Err(AddressError::BadHex),
        };
    }
    let (found, account) = parse_ss58(text)?;
    if found != prefix {
        return Err(AddressError::WrongPrefix { expected: prefix, found });
    }
    Ok(account)
}

/// The prefix and the account of an SS58 address of any network.
///
/// # Errors
/// - [`AddressError::Length`] if `text` is too long, or decodes to other than prefix, 32 bytes and checksum;
/// - [`AddressError::NotBase58`] if it has a character that is not of the Base58 alphabet;
/// - [`AddressError::BadPrefix`] if the prefix is not in its one encoding;
/// - [`AddressError::ReservedPrefix`] if it is reserved;
/// - [`AddressError::Checksum`] if the checksum is another: most likely a typing mistake.
pub fn parse_ss58(text: &str) -> Result<(Ss58Prefix, AccountId), AddressError> {
    if text.len() > ADDRESS_MAX_BYTES {
        return Err(AddressError::Length { found: text.len() });
    }
    let bytes = bs58::decode(text).into_vec().map_err(|_| AddressError::NotBase58)?;
    if bytes.is_empty() {
        return Err(AddressError::Length { found: 0 });
    }
    let (number, rest) = Ss58Prefix::split(&bytes).ok_or(AddressError::BadPrefix)?;
    let (account, found) =
        rest.split_first_chunk::<32>().ok_or(AddressError::Length { found: text.len() })?;
    let found: [u8; 2] = found.try_into().map_err(|_| AddressError::Length { found: text.len() })?;
    let (body, _) = bytes.split_at(bytes.len().saturating_sub(found.len()));
    if checksum(body) != found {
        return Err(AddressError::Checksum);
    }
    Ok((Ss58Prefix::new(number)?, AccountId(*account)))
}

fn checksum(body: &[u8]) -> [u8; 2] {
    let digest: [u8; 64] = Blake2b512::new_with_prefix(b"SS58PRE").chain_update(body).finalize().into();
    [digest[0], digest[1]]
}

/// Why a text is not an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AddressError {
    /// A good address of another network.
    WrongPrefix {
        /// The prefix of this network.
        expected: Ss58Prefix,
        /// The prefix of the address.
        found: Ss58Prefix,
    },
    /// A prefix that no network has.
    ReservedPrefix {
        /// The number found.
        found: u16,
    },
    /// The first bytes are not a prefix in its one encoding.
    BadPrefix,
    /// Not the length of an address.
    Length {
        /// Characters found.
        found: usize,
    },
    /// A character outside the Base58 alphabet.
    NotBase58,
    /// The checksum does not fit.
    Checksum,
    /// `0x` is not followed by exactly 64 hexadecimal digits.
    BadHex,
}

impl fmt::Display for AddressError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongPrefix { expected, found } => {
                write!(formatter, "expected an address of prefix {expected}, found one of prefix {found}")
            }
            Self::ReservedPrefix { found } => {
                write!(formatter, "expected a prefix from 0 to 16383 that is not reserved, found {found}")
            }
            Self::BadPrefix => formatter.write_str("the first bytes of the address are no network prefix"),
            Self::Length { found } => {
                write!(formatter, "{found} characters found that are no address of 32 bytes")
            }
            Self::NotBase58 => {
                formatter.write_str("expected a Base58 address or 0x and 64 hexadecimal digits")
            }
            Self::Checksum => formatter.write_str("the address has a wrong checksum: is it typed correctly?"),
            Self::BadHex => formatter.write_str("expected exactly 64 hexadecimal digits after 0x"),
        }
    }
}

impl std::error::Error for AddressError {}
