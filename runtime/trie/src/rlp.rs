//! Recursive length prefix (yellow paper, appendix B): encoding, and a strict decoder.
//!
//! Every value has exactly one encoding here: lengths in the fewest bytes, single bytes under `0x80` as themselves,
//! integers without leading zeros, nothing after the item. Anything else is refused by name.

use alloc::vec::Vec;
use core::fmt;

/// Why bytes are not the canonical encoding of an RLP item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RlpError {
    /// The input ends inside an item.
    Truncated,
    /// Bytes follow the item.
    Trailing,
    /// A single byte under `0x80` has a length prefix.
    PrefixedByte,
    /// A length is not in the fewest bytes, or a length under 56 is in long form.
    LongLength,
    /// A length does not fit this machine's address space.
    HugeLength,
    /// A string was expected and a list found.
    NotString,
    /// A list was expected and a string found.
    NotList,
    /// A list has another number of items than expected.
    ItemCount,
    /// An integer has a leading zero or more than 16 bytes.
    BadInteger,
}

impl RlpError {
    /// A stable number for the kind, 1 to 9.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::Truncated => 1,
            Self::Trailing => 2,
            Self::PrefixedByte => 3,
            Self::LongLength => 4,
            Self::HugeLength => 5,
            Self::NotString => 6,
            Self::NotList => 7,
            Self::ItemCount => 8,
            Self::BadInteger => 9,
        }
    }
}

impl fmt::Display for RlpError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Truncated => "input ends inside an item",
            Self::Trailing => "bytes after the item",
            Self::PrefixedByte => "single byte with a length prefix",
            Self::LongLength => "length not in its shortest form",
            Self::HugeLength => "length past the address space",
            Self::NotString => "list where a string was expected",
            Self::NotList => "string where a list was expected",
            Self::ItemCount => "list with another number of items than expected",
            Self::BadInteger => "integer with a leading zero or more than 16 bytes",
        })
    }
}

impl core::error::Error for RlpError {}

/// One item, borrowed from its encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Item<'a> {
    /// A string of bytes.
    String(&'a [u8]),
    /// A list: the concatenated encodings of its items, not looked into yet.
    List(&'a [u8]),
}

/// Splits the first item off `input`: the item, its whole encoding, and what follows.
///
/// Only this item's own header is read; the items of a list are checked when they are split off in turn.
///
/// # Errors
/// [`RlpError::Truncated`], [`RlpError::PrefixedByte`], [`RlpError::LongLength`], [`RlpError::HugeLength`].
pub fn split(input: &[u8]) -> Result<(Item<'_>, &[u8], &[u8]), RlpError> {
    let (&head, after) = input.split_first().ok_or(RlpError::Truncated)?;
    let (list, length, body) = match head {
        0x00..=0x7F => (false, 1, input),
        0x80..=0xB7 => (false, usize::from(head - 0x80), after),
        0xB8..=0xBF => long(head - 0xB7, after).map(|(length, body)| (false, length, body))?,
        0xC0..=0xF7 => (true, usize::from(head - 0xC0), after),
        0xF8..=0xFF => long(head - 0xF7, after).map(|(length, body)| (true, length, body))?,
    };
    let (payload, rest) = body.split_at_checked(length).ok_or(RlpError::Truncated)?;
    if head == 0x81 && payload[0] < 0x80 {
        return Err(RlpError::PrefixedByte);
    }
    let item = if list { Item::List(payload) } else { Item::String(payload) };
    Ok((item, &input[..input.len() - rest.len()], rest))
}

/// Reads a length of `count` bytes (1 to 8): it must be 56 or more and have no leading zero.
fn long(count: u8, input: &[u8]) -> Result<(usize, &[u8]), RlpError> {
    let (digits, body) = input.split_at_checked(usize::from(count)).ok_or(RlpError::Truncated)?;
    if digits[0] == 0 {
        return Err(RlpError::LongLength);
    }
    let length = digits.iter().fold(0u64, |length, &digit| length << 8 | u64::from(digit));
    if length < 56 {
        return Err(RlpError::LongLength);
    }
    Ok((usize::try_from(length).map_err(|_| RlpError::HugeLength)?, body))
}

/// Reads an input that is exactly one item.
///
/// # Errors
/// As [`split`], and [`RlpError::Trailing`].
pub fn decode(input: &[u8]) -> Result<Item<'_>, RlpError> {
    match split(input)? {
        (item, _, []) => Ok(item),
        _ => Err(RlpError::Trailing),
    }
}

/// Reads an input that is exactly one string.
///
/// # Errors
/// As [`decode`], and [`RlpError::NotString`].
pub fn decode_string(input: &[u8]) -> Result<&[u8], RlpError> {
    match decode(input)? {
        Item::String(bytes) => Ok(bytes),
        Item::List(_) => Err(RlpError::NotString),
    }
}

/// Reads an input that is exactly one list of exactly `N` strings.
///
/// # Errors
/// As [`decode`], and [`RlpError::NotList`], [`RlpError::NotString`], [`RlpError::ItemCount`].
pub fn decode_strings<const N: usize>(input: &[u8]) -> Result<[&[u8]; N], RlpError> {
    let Item::List(mut payload) = decode(input)? else {
        return Err(RlpError::NotList);
    };
    let mut strings: [&[u8]; N] = [&[]; N];
    for string in &mut strings {
        if payload.is_empty() {
            return Err(RlpError::ItemCount);
        }
        let (item, _, rest) = split(payload)?;
        let Item::String(bytes) = item else { return Err(RlpError::NotString) };
        (*string, payload) = (bytes, rest);
    }
    if payload.is_empty() { Ok(strings) } else { Err(RlpError::ItemCount) }
}

/// The integer whose shortest big-endian form is `bytes`; zero is the empty string.
///
/// # Errors
/// [`RlpError::BadInteger`].
pub fn integer(bytes: &[u8]) -> Result<u128, RlpError> {
    if bytes.len() > 16 || bytes.first() == Some(&0) {
        return Err(RlpError::BadInteger);
    }
    Ok(bytes.iter().fold(0, |value, &digit| value << 8 | u128::from(digit)))
}

/// Appends a string.
pub fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes {
        &[byte] if byte < 0x80 => out.push(byte),
        _ => {
            put_header(out, 0x80, bytes.len());
            out.extend_from_slice(bytes);
        }
    }
}

/// Appends an integer: its shortest big-endian form as a string.
pub fn put_integer(out: &mut Vec<u8>, value: u128) {
    let digits = value.to_be_bytes();
    let zeros = digits.iter().take_while(|&&digit| digit == 0).count();
    put_string(out, &digits[zeros..]);
}

/// Appends the header of a list whose items' encodings have `payload` bytes together; they follow.
pub fn put_list_header(out: &mut Vec<u8>, payload: usize) {
    put_header(out, 0xC0, payload);
}

/// Appends the header of a string of `length` bytes that is not a single byte under `0x80`; they follow.
pub(crate) fn put_string_header(out: &mut Vec<u8>, length: usize) {
    put_header(out, 0x80, length);
}

/// The encoding of a list whose items' encodings are concatenated in `payload`.
#[must_use]
pub fn list(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(header_len(payload.len()) + payload.len());
    put_list_header(&mut out, payload.len());
    out.extend_from_slice(payload);
    out
}

fn put_header(out: &mut Vec<u8>, base: u8, length: usize) {
    match u8::try_from(length) {
        Ok(short) if short < 56 => out.push(base + short),
        _ => {
            let digits = length.to_be_bytes();
            let zeros = digits.iter().take_while(|&&digit| digit == 0).count();
            let count = u8::try_from(digits.len() - zeros).expect("an address has at most eight bytes");
            out.push(base + 55 + count);
            out.extend_from_slice(&digits[zeros..]);
        }
    }
}

/// Bytes of the header of a list (or of a string other than a single small byte) with `length` bytes of payload.
pub(crate) fn header_len(length: usize) -> usize {
    if length < 56 {
        1
    } else {
        let zero_bytes = usize::try_from(length.leading_zeros() / 8).unwrap_or(0);
        1 + size_of::<usize>() - zero_bytes
    }
}

/// Bytes of the encoding of a string.
pub(crate) fn string_len(bytes: &[u8]) -> usize {
    match bytes {
        [byte] if *byte < 0x80 => 1,
        _ => header_len(bytes.len()) + bytes.len(),
    }
}
