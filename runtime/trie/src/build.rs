//! The root of a whole set of entries, from nothing.

use alloc::vec::Vec;

use chainstack_keccak::keccak256_many;
use chainstack_primitives::Hash;

use crate::{
    CommitError, EMPTY_ROOT, KEY_BYTES_MAX, VALUE_BYTES_MAX,
    nibbles::{HexPrefix, Nibbles, nibble},
    node::{HASH_BYTES, Reference, encode_leaf, put_branch, put_extension},
};

/// The root of the trie that holds exactly `entries`, in strictly ascending order of their keys.
///
/// Shares no code with commits but the encoding of nodes: each is a check of the other.
///
/// # Errors
/// The first four of [`CommitError`].
///
/// # Cost
/// Each node is encoded and hashed once. Memory: one node for each level, at most 128 levels.
pub fn root_of<K, V>(entries: &[(K, V)]) -> Result<Hash, CommitError<core::convert::Infallible>>
where
    K: AsRef<[u8]>,
    V: AsRef<[u8]>,
{
    let mut last: Option<&[u8]> = None;
    for (index, (key, value)) in entries.iter().enumerate() {
        let (key, value) = (key.as_ref(), value.as_ref());
        if key.len() > KEY_BYTES_MAX {
            return Err(CommitError::KeyTooLong { index, found: key.len() });
        }
        if value.is_empty() {
            return Err(CommitError::EmptyValue { index });
        }
        if value.len() > VALUE_BYTES_MAX {
            return Err(CommitError::ValueTooLong { index, found: value.len() });
        }
        if last.is_some_and(|last| last >= key) {
            return Err(CommitError::NotSorted { index });
        }
        last = Some(key);
    }
    Ok(if entries.is_empty() { EMPTY_ROOT } else { Hash(chainstack_keccak::keccak256(&encode(entries, 0))) })
}

/// The encoding of the node over at least one entry; the entries share their first `depth` nibbles.
fn encode<K: AsRef<[u8]>, V: AsRef<[u8]>>(entries: &[(K, V)], depth: usize) -> Vec<u8> {
    let key = |index: usize| entries[index].0.as_ref();
    let (first, last) = (key(0), key(entries.len() - 1));
    if entries.len() == 1 {
        return encode_leaf(HexPrefix::of_leaf(first, depth), entries[0].1.as_ref()).into_vec();
    }
    let mut fork = depth;
    while fork < first.len() * 2 && nibble(first, fork) == nibble(last, fork) {
        fork += 1;
    }
    let mut out = Vec::new();
    if fork > depth {
        let path = Nibbles::of_prefix(first, fork).after(depth);
        let child = references(&[encode(entries, fork)]);
        put_extension(&mut out, &path, &child[0]);
        return out;
    }
    let ends_here = first.len() * 2 == depth;
    let value = if ends_here { entries[0].1.as_ref() } else { &[] };
    let mut rest = if ends_here { &entries[1..] } else { entries };
    let (mut turns, mut children) = (Vec::with_capacity(16), Vec::with_capacity(16));
    while let Some((key, _)) = rest.first() {
        let turn = nibble(key.as_ref(), depth);
        let count = rest.partition_point(|(key, _)| nibble(key.as_ref(), depth) <= turn);
        turns.push(turn);
        children.push(encode(&rest[..count], depth + 1));
        rest = &rest[count..];
    }
    let children = references(&children);
    put_branch(&mut out, turns.iter().copied().zip(&children), value);
    out
}

/// How the parent names children with these encodings; the long ones are hashed together.
fn references(encodings: &[Vec<u8>]) -> Vec<Reference> {
    let long: Vec<&[u8]> =
        encodings.iter().map(Vec::as_slice).filter(|bytes| bytes.len() >= HASH_BYTES).collect();
    let mut digests = [[0; 32]; 16];
    keccak256_many(&long, &mut digests[..long.len()]);
    let mut digests = digests.into_iter();
    encodings
        .iter()
        .map(|bytes| {
            Reference::inline(bytes)
                .or_else(|| digests.next().map(Reference::Hash))
                .unwrap_or(Reference::Stale)
        })
        .collect()
}
