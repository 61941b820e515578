//! Paths of half bytes, and their hex-prefix form.

use core::fmt;

use alloc::vec::Vec;

/// Longest key in bytes. Consensus uses 32-byte keys only; the public vectors and the CLI use others.
pub const KEY_BYTES_MAX: usize = 64;

/// Longest path in nibbles: two for each byte of a key.
pub const PATH_NIBBLES_MAX: usize = 2 * KEY_BYTES_MAX;

/// A path of at most [`PATH_NIBBLES_MAX`] nibbles (half bytes, high half first): the address of a node.
///
/// Ordered as the trie is: nibble by nibble, a path before those it begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nibbles {
    /// Two nibbles a byte, zero past the end, so that comparing bytes compares nibbles.
    packed: [u8; KEY_BYTES_MAX],
    length: u8,
}

impl Nibbles {
    /// The empty path: the address of the root node.
    pub const EMPTY: Self = Self { packed: [0; KEY_BYTES_MAX], length: 0 };

    /// The path of a whole key, or `None` if the key is longer than [`KEY_BYTES_MAX`].
    #[must_use]
    pub fn from_key(key: &[u8]) -> Option<Self> {
        let mut path = Self::EMPTY;
        path.packed.get_mut(..key.len())?.copy_from_slice(key);
        path.length = u8::try_from(key.len() * 2).ok()?;
        Some(path)
    }

    /// Number of nibbles.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length as usize
    }

    /// Whether this is the path of the root node.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The nibble at `index` (0 to 15), or `None` past the end.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<u8> {
        (index < self.len()).then(|| nibble(&self.packed, index))
    }

    /// The nibbles, first to last.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = u8> + '_ {
        (0..self.len()).map(|index| nibble(&self.packed, index))
    }

    /// The path as bytes for a database key: one byte with the number of nibbles, then two nibbles a byte, the last
    /// one padded with zero. Every path has exactly one such form and none begins another.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + self.len().div_ceil(2));
        bytes.push(self.length);
        bytes.extend_from_slice(&self.packed[..self.len().div_ceil(2)]);
        bytes
    }

    /// The path whose [`to_bytes`](Self::to_bytes) form is exactly `bytes`, or `None`.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&length, packed) = bytes.split_first()?;
        let nibbles = usize::from(length);
        if nibbles > PATH_NIBBLES_MAX || packed.len() != nibbles.div_ceil(2) {
            return None;
        }
        if nibbles % 2 == 1 && packed.last()? & 0x0F != 0 {
            return None;
        }
        let mut path = Self { length, ..Self::EMPTY };
        path.packed[..packed.len()].copy_from_slice(packed);
        Some(path)
    }

    /// The first `length` nibbles of a key.
    ///
    /// The key has at most [`KEY_BYTES_MAX`] bytes and at least `length` nibbles.
    pub(crate) fn of_prefix(key: &[u8], length: usize) -> Self {
        let mut path = Self::EMPTY;
        let bytes = length.div_ceil(2);
        path.packed[..bytes].copy_from_slice(&key[..bytes]);
        if length % 2 == 1 {
            path.packed[bytes - 1] &= 0xF0;
        }
        path.length = length_byte(length);
        path
    }

    /// This path with one nibble more.
    ///
    /// # Panics
    /// If the path is full: callers extend paths of nodes, whose length they have checked.
    pub(crate) fn with(mut self, value: u8) -> Self {
        let (byte, high) = (self.len() / 2, self.len().is_multiple_of(2));
        self.packed[byte] |= if high { value << 4 } else { value & 0x0F };
        self.length += 1;
        self
    }

    /// This path followed by `tail`, or `None` if the two are too long together.
    pub(crate) fn join(self, tail: &Self) -> Option<Self> {
        if self.len() + tail.len() > PATH_NIBBLES_MAX {
            return None;
        }
        Some(tail.iter().fold(self, Self::with))
    }

    /// The first `count` nibbles; all of them if there are fewer.
    pub(crate) fn prefix(&self, count: usize) -> Self {
        let count = count.min(self.len());
        Self::of_prefix(&self.packed, count)
    }

    /// What follows the first `count` nibbles; empty if there is nothing.
    pub(crate) fn after(&self, count: usize) -> Self {
        (count.min(self.len())..self.len())
            .fold(Self::EMPTY, |path, index| path.with(nibble(&self.packed, index)))
    }

    /// How many nibbles of this path `key` has too, from its nibble `depth` on.
    pub(crate) fn shared_with(&self, key: &[u8], depth: usize) -> usize {
        let available = (key.len() * 2).saturating_sub(depth).min(self.len());
        (0..available).take_while(|&index| nibble(&self.packed, index) == nibble(key, depth + index)).count()
    }
}

impl fmt::Debug for Nibbles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for Nibbles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("/")?;
        self.iter().try_for_each(|value| write!(formatter, "{value:x}"))
    }
}

/// Nibble `index` of packed bytes.
pub(crate) fn nibble(packed: &[u8], index: usize) -> u8 {
    let byte = packed[index / 2];
    if index.is_multiple_of(2) { byte >> 4 } else { byte & 0x0F }
}

fn length_byte(length: usize) -> u8 {
    u8::try_from(length).expect("a path has at most 128 nibbles")
}

/// A path in hex-prefix form (yellow paper, appendix C), borrowed: the flag nibble in the high half of `first`
/// (bit 1: the path ends in a value, bit 0: odd), its low half the first nibble of an odd path, else zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct HexPrefix<'a> {
    first: u8,
    rest: &'a [u8],
}

/// Flag of a path that ends in a value (a leaf).
const LEAF: u8 = 0x20;
/// Flag of an odd path.
const ODD: u8 = 0x10;

impl<'a> HexPrefix<'a> {
    /// The form of what follows the first `depth` nibbles of a key, for a leaf.
    pub(crate) fn of_leaf(key: &'a [u8], depth: usize) -> Self {
        if depth.is_multiple_of(2) {
            Self { first: LEAF, rest: &key[depth / 2..] }
        } else {
            Self { first: LEAF | ODD | key[depth / 2] & 0x0F, rest: &key[depth / 2 + 1..] }
        }
    }

    /// Reads a form: `None` if it is empty, has an unknown flag or a non-zero padding nibble.
    pub(crate) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (&first, rest) = bytes.split_first()?;
        let known = first & 0xC0 == 0;
        let padded = first & ODD != 0 || first & 0x0F == 0;
        (known && padded).then_some(Self { first, rest })
    }

    pub(crate) fn is_leaf(&self) -> bool {
        self.first & LEAF != 0
    }

    /// Number of nibbles of the path.
    pub(crate) fn nibbles(&self) -> usize {
        self.rest.len() * 2 + usize::from(self.first & ODD != 0)
    }

    /// The path, or `None` if it is longer than any path.
    pub(crate) fn path(&self) -> Option<Nibbles> {
        if self.first & ODD == 0 {
            Nibbles::from_key(self.rest)
        } else if self.nibbles() <= PATH_NIBBLES_MAX {
            let head = Nibbles::EMPTY.with(self.first & 0x0F);
            Some((0..self.rest.len() * 2).fold(head, |path, index| path.with(nibble(self.rest, index))))
        } else {
            None
        }
    }

    /// Whether the path is what follows the first `depth` nibbles of `key`.
    pub(crate) fn ends(&self, key: &[u8], depth: usize) -> bool {
        self.nibbles() + depth == key.len() * 2 && {
            let own = HexPrefix::of_leaf(key, depth);
            own.rest == self.rest && own.first & 0x0F == self.first & 0x0F
        }
    }

    /// The whole key that ends in this path after the first `depth` nibbles of `head`; `None` if that is not a whole
    /// number of bytes or longer than [`KEY_BYTES_MAX`].
    pub(crate) fn key(&self, head: &[u8], depth: usize) -> Option<Vec<u8>> {
        let nibbles = depth + self.nibbles();
        if !nibbles.is_multiple_of(2) || nibbles > PATH_NIBBLES_MAX {
            return None;
        }
        let mut key = Vec::with_capacity(nibbles / 2);
        key.extend_from_slice(head.get(..depth / 2)?);
        if depth % 2 == 1 {
            key.push(head.get(depth / 2)? & 0xF0 | self.first & 0x0F);
        }
        key.extend_from_slice(self.rest);
        Some(key)
    }

    /// Length of the form in bytes.
    pub(crate) fn len(&self) -> usize {
        1 + self.rest.len()
    }

    /// The first byte: flags, and the first nibble of an odd path.
    pub(crate) fn first(&self) -> u8 {
        self.first
    }

    /// The bytes after the first.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// A hex-prefix form that owns its bytes.
pub(crate) struct HexPrefixBuffer {
    first: u8,
    rest: [u8; KEY_BYTES_MAX],
    length: usize,
}

impl HexPrefixBuffer {
    /// The form of `path`, of a leaf or of an extension.
    pub(crate) fn new(path: &Nibbles, leaf: bool) -> Self {
        let flag = if leaf { LEAF } else { 0 };
        let (first, even) = if path.len().is_multiple_of(2) {
            (flag, *path)
        } else {
            (flag | ODD | nibble(&path.packed, 0), path.after(1))
        };
        Self { first, rest: even.packed, length: even.len() / 2 }
    }

    pub(crate) fn borrow(&self) -> HexPrefix<'_> {
        HexPrefix { first: self.first, rest: &self.rest[..self.length] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(nibbles: &[u8]) -> Nibbles {
        nibbles.iter().fold(Nibbles::EMPTY, |path, &value| path.with(value))
    }

    #[test]
    fn order_is_nibble_by_nibble() {
        let sorted =
            [&[][..], &[0], &[0, 0], &[0, 15], &[1], &[1, 0], &[1, 0, 0], &[1, 0, 3], &[15]].map(path);
        assert!(sorted.is_sorted() && sorted.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn byte_form_is_unique_and_strict() {
        for nibbles in [&[][..], &[7], &[7, 0], &[0], &[1, 2, 3, 4, 5]] {
            let path = path(nibbles);
            assert_eq!(Nibbles::from_bytes(&path.to_bytes()), Some(path));
        }
        let longest = Nibbles::from_key(&[0xEE; KEY_BYTES_MAX]).unwrap();
        assert_eq!(Nibbles::from_bytes(&longest.to_bytes()), Some(longest));
        for refused in [&[][..], &[1], &[1, 0x77], &[2], &[0, 0], &[2, 1, 1], &[129; 66]] {
            assert_eq!(Nibbles::from_bytes(refused), None, "{refused:?}");
        }
        assert_eq!(Nibbles::from_key(&[0; KEY_BYTES_MAX + 1]), None);
    }

    #[test]
    fn slices_and_joins() {
        let whole = path(&[1, 2, 3, 4, 5]);
        for cut in 0..=6 {
            assert_eq!(whole.prefix(cut).join(&whole.after(cut)), Some(whole));
        }
        assert_eq!(whole.shared_with(&[0x01, 0x23, 0x49], 1), 4);
        assert_eq!(whole.shared_with(&[0x12], 0), 2);
        assert_eq!(whole.shared_with(&[0x12], 9), 0);
        let full = Nibbles::from_key(&[1; KEY_BYTES_MAX]).unwrap();
        assert_eq!(full.join(&whole), None);
    }

    /// Yellow paper, appendix C, and the examples every client tests.
    #[test]
    fn hex_prefix() {
        for (nibbles, leaf, bytes) in [
            (&[1, 2, 3, 4, 5][..], false, &[0x11, 0x23, 0x45][..]),
            (&[0, 1, 2, 3, 4, 5], false, &[0x00, 0x01, 0x23, 0x45]),
            (&[0, 15, 1, 12, 11, 8], true, &[0x20, 0x0f, 0x1c, 0xb8]),
            (&[15, 1, 12, 11, 8], true, &[0x3f, 0x1c, 0xb8]),
            (&[], true, &[0x20]),
        ] {
            let form = HexPrefixBuffer::new(&path(nibbles), leaf);
            assert_eq!((form.borrow().first, form.borrow().rest), (bytes[0], &bytes[1..]));
            let decoded = HexPrefix::decode(bytes).unwrap();
            assert_eq!((decoded.path(), decoded.is_leaf()), (Some(path(nibbles)), leaf));
        }
        for refused in [&[][..], &[0x01], &[0x2F], &[0x40], &[0x80, 1], &[0xFF]] {
            assert_eq!(HexPrefix::decode(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn leaf_suffix_of_a_key() {
        let key = [0x12, 0x34];
        for depth in 0..=4 {
            let suffix = HexPrefix::of_leaf(&key, depth);
            assert_eq!(suffix.path(), Some(Nibbles::from_key(&key).unwrap().after(depth)));
            assert!(suffix.ends(&key, depth) && !suffix.ends(&[0x12, 0x35], depth) || depth == 4);
            assert_eq!(suffix.key(&key, depth).as_deref(), Some(&key[..]));
        }
        assert_eq!(HexPrefix::of_leaf(&key, 1).key(&key, 2), None, "half a byte too many");
    }
}
