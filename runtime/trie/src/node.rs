//! The three kinds of node, and their one encoding.
//!
//! A node is `[16 children, value]` (branch), `[path, child]` (extension) or `[path, value]` (leaf). A child is the
//! Keccak-256 of its encoding if that has 32 bytes or more, else the encoding itself, inline. The decoder accepts only
//! what this crate itself would write.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use crate::{
    nibbles::{HexPrefix, HexPrefixBuffer, Nibbles, PATH_NIBBLES_MAX},
    rlp::{self, Item, RlpError},
};

/// Encodings shorter than this stand inline in their parent.
pub(crate) const HASH_BYTES: usize = 32;

/// Largest value in bytes.
pub const VALUE_BYTES_MAX: usize = 128 * 1024;

/// Largest node in bytes: sixteen hashed children or a path, beside the largest value.
pub const NODE_BYTES_MAX: usize = VALUE_BYTES_MAX + 1024;

/// Why bytes are not a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum NodeError {
    /// Longer than [`NODE_BYTES_MAX`].
    TooLarge {
        /// Bytes found.
        found: usize,
    },
    /// Not canonical RLP.
    Rlp(RlpError),
    /// Neither 2 nor 17 items.
    ItemCount,
    /// A path whose flag is unknown, whose padding nibble is not zero, or that is empty altogether.
    BadPath,
    /// A path longer than [`PATH_NIBBLES_MAX`], alone or with the way to its node.
    LongPath,
    /// A value where no whole number of bytes leads.
    OddPath,
    /// An extension over no nibble.
    EmptyExtension,
    /// An extension whose child is not a branch.
    ExtensionChild,
    /// A leaf without a value.
    EmptyValue,
    /// A value longer than [`VALUE_BYTES_MAX`].
    LargeValue,
    /// A branch with fewer than two of its children and value.
    SparseBranch,
    /// A child that is a string of neither 0 nor 32 bytes.
    BadChild,
    /// An inline child of 32 bytes or more: it had to be given by its hash.
    LargeInline,
}

impl NodeError {
    /// A stable number for the kind, 1 to 12; for RLP, 20 + the kind of [`RlpError`].
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::TooLarge { .. } => 1,
            Self::ItemCount => 2,
            Self::BadPath => 3,
            Self::LongPath => 4,
            Self::EmptyExtension => 5,
            Self::ExtensionChild => 6,
            Self::EmptyValue => 7,
            Self::LargeValue => 8,
            Self::SparseBranch => 9,
            Self::BadChild => 10,
            Self::LargeInline => 11,
            Self::OddPath => 12,
            Self::Rlp(error) => 20 + error.code(),
        }
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::TooLarge { found } => {
                return write!(formatter, "node of {found} bytes, at most {NODE_BYTES_MAX} expected");
            }
            Self::Rlp(error) => return fmt::Display::fmt(error, formatter),
            Self::ItemCount => "neither 2 nor 17 items",
            Self::BadPath => "path is not in hex-prefix form",
            Self::LongPath => "path is too long",
            Self::OddPath => "value at half a byte",
            Self::EmptyExtension => "extension over no nibble",
            Self::ExtensionChild => "child of an extension is not a branch",
            Self::EmptyValue => "leaf without a value",
            Self::LargeValue => "value is too long",
            Self::SparseBranch => "branch with fewer than two entries",
            Self::BadChild => "child is neither empty, a hash nor a node",
            Self::LargeInline => "inline child of 32 bytes or more",
        };
        formatter.write_str(text)
    }
}

impl core::error::Error for NodeError {}

impl From<RlpError> for NodeError {
    fn from(error: RlpError) -> Self {
        Self::Rlp(error)
    }
}

/// A node, borrowed from its encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "lives on the stack for a moment; most nodes read are branches"
)]
pub(crate) enum DecodedNode<'a> {
    Branch { children: [DecodedChild<'a>; 16], value: &'a [u8] },
    Extension { path: Nibbles, child: DecodedChild<'a> },
    Leaf { path: HexPrefix<'a>, value: &'a [u8] },
}

/// A child, borrowed from its parent's encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DecodedChild<'a> {
    Empty,
    Hash(&'a [u8; HASH_BYTES]),
    Inline(&'a [u8]),
}

/// Reads a node strictly; inline children are checked all the way down.
///
/// Recursion is bounded: an inline child is shorter than 32 bytes and each further one is shorter still.
pub(crate) fn decode(bytes: &[u8]) -> Result<DecodedNode<'_>, NodeError> {
    if bytes.len() > NODE_BYTES_MAX {
        return Err(NodeError::TooLarge { found: bytes.len() });
    }
    let Item::List(payload) = rlp::decode(bytes)? else {
        return Err(NodeError::Rlp(RlpError::NotList));
    };
    match count_items(payload)? {
        2 => decode_short(payload),
        17 => decode_branch(payload),
        _ => Err(NodeError::ItemCount),
    }
}

impl DecodedNode<'_> {
    /// Whether the node may stand `depth` nibbles down: what it leads to is no deeper than any key, and values are
    /// where keys end.
    pub(crate) fn fits(&self, depth: usize) -> Result<(), NodeError> {
        let (end, ends_key) = match self {
            Self::Branch { value, .. } if depth < PATH_NIBBLES_MAX => (depth, !value.is_empty()),
            Self::Extension { path, .. } if depth + path.len() < PATH_NIBBLES_MAX => (depth, false),
            Self::Leaf { path, .. } if depth + path.nibbles() <= PATH_NIBBLES_MAX => {
                (depth + path.nibbles(), true)
            }
            _ => return Err(NodeError::LongPath),
        };
        if ends_key && !end.is_multiple_of(2) { Err(NodeError::OddPath) } else { Ok(()) }
    }
}

/// Number of items, counted no further than one past a branch's.
fn count_items(mut payload: &[u8]) -> Result<usize, RlpError> {
    let mut count = 0;
    while !payload.is_empty() && count <= 17 {
        payload = rlp::split(payload)?.2;
        count += 1;
    }
    Ok(count)
}

fn decode_short(payload: &[u8]) -> Result<DecodedNode<'_>, NodeError> {
    let (path, _, second) = rlp::split(payload)?;
    let Item::String(path) = path else { return Err(NodeError::BadPath) };
    let path = HexPrefix::decode(path).ok_or(NodeError::BadPath)?;
    if path.nibbles() > PATH_NIBBLES_MAX {
        return Err(NodeError::LongPath);
    }
    if path.is_leaf() {
        let value = rlp::decode_string(second)?;
        check_value(value)?;
        if value.is_empty() {
            return Err(NodeError::EmptyValue);
        }
        return Ok(DecodedNode::Leaf { path, value });
    }
    let path = path.path().ok_or(NodeError::LongPath)?;
    if path.is_empty() {
        return Err(NodeError::EmptyExtension);
    }
    let child = decode_child(second)?.0;
    let is_branch = match child {
        DecodedChild::Empty => false,
        DecodedChild::Hash(_) => true, // the child's own bytes will show
        DecodedChild::Inline(bytes) => matches!(decode(bytes)?, DecodedNode::Branch { .. }),
    };
    if is_branch { Ok(DecodedNode::Extension { path, child }) } else { Err(NodeError::ExtensionChild) }
}

fn decode_branch(mut payload: &[u8]) -> Result<DecodedNode<'_>, NodeError> {
    let mut children = [DecodedChild::Empty; 16];
    let mut entries = 0usize;
    for child in &mut children {
        (*child, payload) = decode_child(payload)?;
        entries += usize::from(*child != DecodedChild::Empty);
    }
    let value = rlp::decode_string(payload)?;
    check_value(value)?;
    if entries + usize::from(!value.is_empty()) < 2 {
        return Err(NodeError::SparseBranch);
    }
    Ok(DecodedNode::Branch { children, value })
}

/// Reads one child and what follows it.
fn decode_child(payload: &[u8]) -> Result<(DecodedChild<'_>, &[u8]), NodeError> {
    let (item, encoding, rest) = rlp::split(payload)?;
    let child = match item {
        Item::String([]) => DecodedChild::Empty,
        Item::String(bytes) => DecodedChild::Hash(bytes.try_into().map_err(|_| NodeError::BadChild)?),
        Item::List(_) if encoding.len() >= HASH_BYTES => return Err(NodeError::LargeInline),
        Item::List(_) => {
            decode(encoding)?;
            DecodedChild::Inline(encoding)
        }
    };
    Ok((child, rest))
}

fn check_value(value: &[u8]) -> Result<(), NodeError> {
    if value.len() > VALUE_BYTES_MAX { Err(NodeError::LargeValue) } else { Ok(()) }
}

/// How a parent names a child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reference {
    /// Keccak-256 of the child's encoding.
    Hash([u8; HASH_BYTES]),
    /// The child's encoding, shorter than 32 bytes.
    Inline { length: u8, bytes: [u8; HASH_BYTES - 1] },
    /// Not computed since the child changed.
    Stale,
}

impl Reference {
    /// The inline reference to an encoding, if it is short enough.
    pub(crate) fn inline(encoding: &[u8]) -> Option<Self> {
        let mut bytes = [0; HASH_BYTES - 1];
        bytes.get_mut(..encoding.len())?.copy_from_slice(encoding);
        Some(Self::Inline { length: u8::try_from(encoding.len()).ok()?, bytes })
    }

    pub(crate) fn is_stale(&self) -> bool {
        matches!(self, Self::Stale)
    }

    /// The encoding of an inline child.
    pub(crate) fn inline_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Inline { length, bytes } => bytes.get(..usize::from(*length)),
            _ => None,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Hash(_) => 1 + HASH_BYTES,
            Self::Inline { length, .. } => usize::from(*length),
            Self::Stale => unreachable!("children are hashed before their parent is encoded"),
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hash(hash) => {
                out.push(0x80 + 32);
                out.extend_from_slice(hash);
            }
            Self::Inline { length, bytes } => out.extend_from_slice(&bytes[..usize::from(*length)]),
            Self::Stale => unreachable!("children are hashed before their parent is encoded"),
        }
    }
}

/// The encoding of a leaf.
pub(crate) fn encode_leaf(path: HexPrefix<'_>, value: &[u8]) -> Box<[u8]> {
    let payload = path_len(path) + rlp::string_len(value);
    let mut out = Vec::with_capacity(rlp::header_len(payload) + payload);
    rlp::put_list_header(&mut out, payload);
    put_path(&mut out, path);
    rlp::put_string(&mut out, value);
    out.into_boxed_slice()
}

/// Appends the encoding of an extension.
pub(crate) fn put_extension(out: &mut Vec<u8>, path: &Nibbles, child: &Reference) {
    let form = HexPrefixBuffer::new(path, false);
    let path = form.borrow();
    rlp::put_list_header(out, path_len(path) + child.len());
    put_path(out, path);
    child.put(out);
}

/// Appends the encoding of a branch: `children` in order, each with its nibble.
pub(crate) fn put_branch<'a>(
    out: &mut Vec<u8>,
    children: impl Iterator<Item = (u8, &'a Reference)> + Clone,
    value: &[u8],
) {
    let present: usize = children.clone().map(|(_, child)| child.len() - 1).sum(); // at most 16 times 32
    rlp::put_list_header(out, 16 + present + rlp::string_len(value));
    let mut next = 0;
    for (nibble, child) in children {
        out.extend((next..nibble).map(|_| 0x80));
        child.put(out);
        next = nibble + 1;
    }
    out.extend((next..16).map(|_| 0x80));
    rlp::put_string(out, value);
}

fn path_len(path: HexPrefix<'_>) -> usize {
    // The first byte of a hex-prefix form is under 0x40: alone it is a small single byte.
    if path.len() == 1 { 1 } else { rlp::header_len(path.len()) + path.len() }
}

fn put_path(out: &mut Vec<u8>, path: HexPrefix<'_>) {
    if path.len() > 1 {
        rlp::put_string_header(out, path.len());
    }
    out.push(path.first());
    out.extend_from_slice(path.rest());
}
