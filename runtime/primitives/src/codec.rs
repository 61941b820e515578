//! Bounded SCALE: every length from outside meets a stated limit before anything is allocated for it.

use alloc::{string::String, vec::Vec};
use core::{fmt, ops::Deref};

use parity_scale_codec::{
    Compact, Decode, DecodeLimit, Encode, EncodeLike, Error, Input, MaxEncodedLen, Output,
};

/// Nesting that any of our decoders accepts. Our types are flat tables; four levels suffice today.
pub const DEPTH_MAX: u32 = 16;

/// Decodes exactly one `T` from all of `bytes`.
///
/// # Errors
/// - [`DecodeError::TooLong`] if `bytes` is longer than `size_max_bytes`; nothing was read.
/// - [`DecodeError::Malformed`] if the bytes are not one `T`, nest deeper than [`DEPTH_MAX`], leave a
///   rest, or are not the one canonical encoding of the value they carry.
pub fn decode_all<T: Decode + Encode>(bytes: &[u8], size_max_bytes: usize) -> Result<T, DecodeError> {
    if bytes.len() > size_max_bytes {
        return Err(DecodeError::TooLong { found: bytes.len(), limit: size_max_bytes });
    }
    let value =
        T::decode_all_with_depth_limit(DEPTH_MAX, &mut &*bytes).map_err(|_| DecodeError::Malformed)?;
    let canonical = value.using_encoded(|encoded| encoded == bytes);
    if canonical { Ok(value) } else { Err(DecodeError::Malformed) }
}

/// Why bytes from outside are not a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DecodeError {
    /// More bytes than the published limit.
    TooLong {
        /// Bytes given.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not the canonical encoding of one value.
    Malformed,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { found, limit } => {
                write!(formatter, "{found} bytes found, at most {limit} allowed")
            }
            Self::Malformed => formatter.write_str("not one canonically encoded value"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// A list of at most `MAX` elements.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BoundedVec<T, const MAX: u32>(Vec<T>);

/// At most `MAX` bytes.
pub type Bytes<const MAX: u32> = BoundedVec<u8, MAX>;

/// More elements than a [`BoundedVec`] or [`BoundedText`] may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BoundExceeded {
    /// Elements given.
    pub found: usize,
    /// Elements allowed.
    pub limit: u32,
}

impl fmt::Display for BoundExceeded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} elements found, at most {} allowed", self.found, self.limit)
    }
}

impl core::error::Error for BoundExceeded {}

fn within(length: usize, limit: u32) -> Result<(), BoundExceeded> {
    match u32::try_from(length) {
        Ok(count) if count <= limit => Ok(()),
        _ => Err(BoundExceeded { found: length, limit }),
    }
}

impl<T, const MAX: u32> BoundedVec<T, MAX> {
    /// The greatest number of elements.
    pub const MAX: u32 = MAX;

    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The elements as an ordinary vector.
    #[must_use]
    pub fn into_inner(self) -> Vec<T> {
        self.0
    }

    /// Appends an element.
    ///
    /// # Errors
    /// [`BoundExceeded`] if the list is full; it is unchanged.
    pub fn try_push(&mut self, element: T) -> Result<(), BoundExceeded> {
        within(self.0.len().saturating_add(1), MAX)?;
        self.0.push(element);
        Ok(())
    }
}

impl<T, const MAX: u32> Default for BoundedVec<T, MAX> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const MAX: u32> TryFrom<Vec<T>> for BoundedVec<T, MAX> {
    type Error = BoundExceeded;

    fn try_from(elements: Vec<T>) -> Result<Self, BoundExceeded> {
        within(elements.len(), MAX)?;
        Ok(Self(elements))
    }
}

impl<const MAX: u32> TryFrom<&[u8]> for BoundedVec<u8, MAX> {
    type Error = BoundExceeded;

    fn try_from(bytes: &[u8]) -> Result<Self, BoundExceeded> {
        within(bytes.len(), MAX)?;
        Ok(Self(bytes.to_vec()))
    }
}

impl<T, const MAX: u32> Deref for BoundedVec<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T, const MAX: u32> IntoIterator for &'a BoundedVec<T, MAX> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Encode, const MAX: u32> Encode for BoundedVec<T, MAX> {
    fn size_hint(&self) -> usize {
        self.0.size_hint()
    }

    fn encode_to<W: Output + ?Sized>(&self, output: &mut W) {
        self.0.encode_to(output);
    }
}

impl<T: Encode, const MAX: u32> EncodeLike for BoundedVec<T, MAX> {}

impl<T: Decode, const MAX: u32> Decode for BoundedVec<T, MAX> {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let count = Compact::<u32>::decode(input)?.0;
        if count > MAX {
            return Err("more elements than the limit".into());
        }
        // Every element of ours takes at least one byte, so a count past the rest of the input is
        // refused before it is allocated for.
        if let Some(rest) = input.remaining_len()?
            && usize::try_from(count).map_or(true, |elements| elements > rest)
        {
            return Err("more elements than bytes left".into());
        }
        parity_scale_codec::decode_vec_with_len(input, count as usize).map(Self)
    }
}

impl<T: MaxEncodedLen, const MAX: u32> MaxEncodedLen for BoundedVec<T, MAX> {
    fn max_encoded_len() -> usize {
        let elements = T::max_encoded_len().saturating_mul(MAX as usize);
        elements.saturating_add(Compact::<u32>::max_encoded_len())
    }
}

/// UTF-8 text of at most `MAX` bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct BoundedText<const MAX: u32>(String);

impl<const MAX: u32> BoundedText<MAX> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: u32> TryFrom<String> for BoundedText<MAX> {
    type Error = BoundExceeded;

    fn try_from(text: String) -> Result<Self, BoundExceeded> {
        within(text.len(), MAX)?;
        Ok(Self(text))
    }
}

impl<const MAX: u32> TryFrom<&str> for BoundedText<MAX> {
    type Error = BoundExceeded;

    fn try_from(text: &str) -> Result<Self, BoundExceeded> {
        within(text.len(), MAX)?;
        Ok(Self(text.into()))
    }
}

impl<const MAX: u32> Deref for BoundedText<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: u32> fmt::Display for BoundedText<MAX> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<const MAX: u32> fmt::Debug for BoundedText<MAX> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

impl<const MAX: u32> Encode for BoundedText<MAX> {
    fn size_hint(&self) -> usize {
        self.0.size_hint()
    }

    fn encode_to<W: Output + ?Sized>(&self, output: &mut W) {
        self.0.encode_to(output);
    }
}

impl<const MAX: u32> EncodeLike for BoundedText<MAX> {}

impl<const MAX: u32> Decode for BoundedText<MAX> {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let bytes = Bytes::<MAX>::decode(input)?;
        String::from_utf8(bytes.into_inner()).map(Self).map_err(|_| "text is not UTF-8".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_and_one_past() {
        let full: Bytes<4> = vec![1, 2, 3, 4].try_into().expect("at the limit");
        assert_eq!(decode_all::<Bytes<4>>(&full.encode(), 5), Ok(full));
        assert_eq!(decode_all::<Bytes<4>>(&vec![0u8; 5].encode(), 16), Err(DecodeError::Malformed));
        assert_eq!(decode_all::<Bytes<4>>(&[0; 6], 5), Err(DecodeError::TooLong { found: 6, limit: 5 }));
    }

    #[test]
    fn hostile_counts_are_refused_before_allocation() {
        // Four gigabytes of claimed elements, no bytes behind them.
        let claim = Compact(u32::MAX - 1).encode();
        assert_eq!(decode_all::<BoundedVec<u64, { u32::MAX }>>(&claim, 16), Err(DecodeError::Malformed));
        assert_eq!(decode_all::<BoundedVec<u64, 1000>>(&claim, 16), Err(DecodeError::Malformed));
    }

    #[test]
    fn only_the_canonical_encoding_is_accepted() {
        // Compact length 1 in two-byte mode.
        assert_eq!(decode_all::<Bytes<4>>(&[0x05, 0x00, 7], 16), Err(DecodeError::Malformed));
        assert_eq!(decode_all::<bool>(&[2], 16), Err(DecodeError::Malformed));
        assert_eq!(decode_all::<u8>(&[1, 0], 16), Err(DecodeError::Malformed));
        assert_eq!(decode_all::<BoundedText<4>>(&[0x04, 0xff], 16), Err(DecodeError::Malformed));
    }
}
