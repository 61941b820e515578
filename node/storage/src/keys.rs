//! Keys on disk. Numbers are big-endian, so that the order of bytes is the order of numbers.
//!
//! | column | key | payload |
//! | --- | --- | --- |
//! | accounts | `account id` | SCALE account, then its 32-byte storage root |
//! | entries | `contract \| cell u16 \| key` | SCALE [`Entry`](chainstack_runtime::state::Entry) |
//! | codes | `code hash` | the code |
//! | nodes | `owner \| path`, the account trie's owner being all zero | the node's RLP |
//! | history | `bucket u64 \| space u8 \| item \| height u64` | `0`, or `1 \| payload before that height` |
//! | headers | `height u64` | SCALE header |
//! | hashes | `block hash` | `height u64` LE |
//! | blocks | `height u64` | SCALE block |
//! | receipts | `height u64 \| chunk u32` | SCALE list of receipts |
//! | events | `height u64 \| chunk u32` | SCALE list of lists of events |
//! | event index | `contract \| height u64` | SCALE list of `(event u16, transaction u32, index u32)` |
//! | transactions | `id \| height u64 \| index u32` | empty |
//!
//! The cell id stands big-endian in flat keys (little-endian in storage paths, which are hashed anyway), so
//! iterating the column visits contracts, their cells by number, and each cell's keys in lexical order.
//!
//! The `item` of a history key is the flat key in a form of which none begins another: of fixed length for
//! accounts and codes; for nodes the path begins with its length; for entries each zero byte of the key is written
//! `00 FF` and the key ends in `00 00`, which keeps the order of keys.

use chainstack_primitives::{AccountId, Hash, Height};
use chainstack_runtime::state::KEY_SIZE_MAX;
use chainstack_trie::Nibbles;

/// The parts of state that have history. The number is written to disk.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub(crate) enum Space {
    Accounts = 0,
    Entries = 1,
    Codes = 2,
    Nodes = 3,
}

impl Space {
    pub(crate) const ALL: [Self; 4] = [Self::Accounts, Self::Entries, Self::Codes, Self::Nodes];

    pub(crate) fn column(self) -> crate::Column {
        match self {
            Self::Accounts => crate::Column::Accounts,
            Self::Entries => crate::Column::Entries,
            Self::Codes => crate::Column::Codes,
            Self::Nodes => crate::Column::Nodes,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|space| *space as u8 == byte)
    }
}

/// Bytes before the key in a flat entry key: contract and cell.
pub(crate) const ENTRY_PREFIX: usize = 34;

/// Owner under which the nodes of the account trie stand. No contract has the all-zero address.
pub(crate) const ACCOUNT_TRIE: AccountId = AccountId::ZERO;

/// Greatest length of a flat key with the space before it, in bytes.
const FLAT_KEY_MAX: usize = 1 + ENTRY_PREFIX + KEY_SIZE_MAX;

/// A flat key with its space before it, on the stack: what is looked up.
#[derive(Clone)]
pub(crate) struct FlatKey {
    bytes: [u8; FLAT_KEY_MAX],
    length: usize,
    space: Space,
}

impl FlatKey {
    fn new(space: Space, parts: [&[u8]; 3]) -> Option<Self> {
        let mut key = Self { bytes: [0; FLAT_KEY_MAX], length: 1, space };
        key.bytes[0] = space as u8;
        for part in parts {
            let end = key.length + part.len();
            key.bytes.get_mut(key.length..end)?.copy_from_slice(part);
            key.length = end;
        }
        Some(key)
    }

    pub(crate) fn account(id: &AccountId) -> Self {
        Self::new(Space::Accounts, [id.as_bytes(), &[], &[]]).expect("32 bytes fit")
    }

    /// `None` if `key` is longer than any entry's.
    pub(crate) fn entry(contract: &AccountId, cell: u16, key: &[u8]) -> Option<Self> {
        Self::new(Space::Entries, [contract.as_bytes(), &cell.to_be_bytes(), key])
    }

    pub(crate) fn code(hash: &Hash) -> Self {
        Self::new(Space::Codes, [hash.as_bytes(), &[], &[]]).expect("32 bytes fit")
    }

    pub(crate) fn node(owner: &AccountId, path: &Nibbles) -> Self {
        Self::new(Space::Nodes, [owner.as_bytes(), &path.to_bytes(), &[]])
            .expect("a path has at most 65 bytes")
    }

    pub(crate) fn space(&self) -> Space {
        self.space
    }

    /// The key in its column.
    pub(crate) fn flat(&self) -> &[u8] {
        &self.bytes[1..self.length]
    }

    /// Space and key: unique over all columns that have history.
    pub(crate) fn tagged(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

pub(crate) fn entry_prefix(contract: &AccountId, cell: u16) -> [u8; ENTRY_PREFIX] {
    let mut bytes = [0; ENTRY_PREFIX];
    bytes[..32].copy_from_slice(contract.as_bytes());
    bytes[32..].copy_from_slice(&cell.to_be_bytes());
    bytes
}

/// Contract, cell and key of a flat entry key.
pub(crate) fn split_entry(flat: &[u8]) -> Option<(AccountId, u16, &[u8])> {
    let (contract, rest) = flat.split_first_chunk::<32>()?;
    let (cell, key) = rest.split_first_chunk::<2>()?;
    Some((AccountId(*contract), u16::from_be_bytes(*cell), key))
}

/// Owner and path of a node key.
pub(crate) fn split_node(flat: &[u8]) -> Option<(AccountId, Nibbles)> {
    let (owner, path) = flat.split_first_chunk::<32>()?;
    Some((AccountId(*owner), Nibbles::from_bytes(path)?))
}

/// The form of a flat key in history, appended.
fn put_item(out: &mut Vec<u8>, space: Space, flat: &[u8]) {
    if space != Space::Entries {
        return out.extend_from_slice(flat);
    }
    let (prefix, key) = flat.split_at(ENTRY_PREFIX.min(flat.len()));
    out.extend_from_slice(prefix);
    put_escaped(out, key);
    out.extend_from_slice(&[0, 0]);
}

fn put_escaped(out: &mut Vec<u8>, key: &[u8]) {
    for &byte in key {
        out.push(byte);
        if byte == 0 {
            out.push(0xFF);
        }
    }
}

/// The flat key of a history item.
fn flat_of_item(space: Space, item: &[u8]) -> Option<Vec<u8>> {
    if space != Space::Entries {
        return Some(item.to_vec());
    }
    let (prefix, escaped) = item.split_at_checked(ENTRY_PREFIX)?;
    let mut flat = prefix.to_vec();
    let mut bytes = escaped.iter();
    loop {
        match *bytes.next()? {
            0 => match bytes.next()? {
                0xFF => flat.push(0),
                0 => return bytes.as_slice().is_empty().then_some(flat),
                _ => return None,
            },
            byte => flat.push(byte),
        }
    }
}

/// Beginning of the history keys of one flat key in one bucket.
pub(crate) fn history_prefix(bucket: u64, space: Space, flat: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + 1 + flat.len() + 16);
    bytes.extend_from_slice(&bucket.to_be_bytes());
    bytes.push(space as u8);
    put_item(&mut bytes, space, flat);
    bytes
}

/// History key of one flat key at one height.
pub(crate) fn history(bucket: u64, space: Space, flat: &[u8], height: Height) -> Vec<u8> {
    let mut bytes = history_prefix(bucket, space, flat);
    bytes.extend_from_slice(&height.0.to_be_bytes());
    bytes
}

/// Bounds (from, until) of the history keys, in one bucket, of all entries of a cell with keys in `from..until`;
/// `until = None` is the end of the cell.
pub(crate) fn history_cell_range(
    bucket: u64,
    prefix: &[u8; ENTRY_PREFIX],
    from: &[u8],
    until: Option<&[u8]>,
) -> (Vec<u8>, Vec<u8>) {
    let mut head = bucket.to_be_bytes().to_vec();
    head.push(Space::Entries as u8);
    head.extend_from_slice(prefix);
    let mut first = head.clone();
    put_escaped(&mut first, from);
    let last = match until {
        Some(key) => {
            put_escaped(&mut head, key);
            head
        }
        None => after_prefix(&head),
    };
    (first, last)
}

/// Space, flat key and height of a history key.
pub(crate) fn split_history(key: &[u8]) -> Option<(Space, Vec<u8>, Height)> {
    let (_bucket, rest) = key.split_first_chunk::<8>()?;
    let (space, rest) = rest.split_first()?;
    let (item, height) = rest.split_last_chunk::<8>()?;
    let space = Space::from_byte(*space)?;
    Some((space, flat_of_item(space, item)?, Height(u64::from_be_bytes(*height))))
}

/// The least key greater than all keys that begin with `prefix`; empty (no bound) if there is none.
pub(crate) fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut bytes = prefix.to_vec();
    while let Some(last) = bytes.pop() {
        if last < 0xFF {
            bytes.push(last + 1);
            break;
        }
    }
    bytes
}

pub(crate) fn height(height: Height) -> [u8; 8] {
    height.0.to_be_bytes()
}

pub(crate) fn height_of(key: &[u8]) -> Option<Height> {
    Some(Height(u64::from_be_bytes(key.try_into().ok()?)))
}

/// `height | number`: chunks of receipts and events.
pub(crate) fn chunk(height: Height, chunk: u32) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&height.0.to_be_bytes());
    bytes[8..].copy_from_slice(&chunk.to_be_bytes());
    bytes
}

pub(crate) fn split_chunk(key: &[u8]) -> Option<(Height, u32)> {
    let (height, chunk) = key.split_first_chunk::<8>()?;
    Some((Height(u64::from_be_bytes(*height)), u32::from_be_bytes(chunk.try_into().ok()?)))
}

/// `32 bytes | height`: the event index.
pub(crate) fn at_height(id: &[u8; 32], height: Height) -> [u8; 40] {
    let mut bytes = [0; 40];
    bytes[..32].copy_from_slice(id);
    bytes[32..].copy_from_slice(&height.0.to_be_bytes());
    bytes
}

/// `id | height | index`: the transaction index.
pub(crate) fn inclusion(id: &[u8; 32], height: Height, index: u32) -> [u8; 44] {
    let mut bytes = [0; 44];
    bytes[..40].copy_from_slice(&at_height(id, height));
    bytes[40..].copy_from_slice(&index.to_be_bytes());
    bytes
}

pub(crate) fn split_inclusion(key: &[u8]) -> Option<(Height, u32)> {
    let (_id, rest) = key.split_first_chunk::<32>()?;
    split_chunk(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(contract: &AccountId, cell: u16, key: &[u8]) -> Vec<u8> {
        FlatKey::entry(contract, cell, key).expect("short").flat().to_vec()
    }

    #[test]
    fn history_keys_go_there_and_back_in_order() {
        let contract = AccountId([7; 32]);
        let keys: [&[u8]; 9] = [
            b"",
            b"\0",
            b"\0\0",
            b"\0\x01",
            b"\0\xFF",
            b"\x01",
            b"a",
            b"a\0",
            b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
        ];
        let mut last = Vec::new();
        for key in keys {
            let flat = entry(&contract, 9, key);
            for height in [0, 1, u64::MAX] {
                let stored = history(3, Space::Entries, &flat, Height(height));
                assert!(stored > last, "order of {key:?} at {height}");
                assert_eq!(split_history(&stored), Some((Space::Entries, flat.clone(), Height(height))));
                last = stored;
            }
        }
    }

    #[test]
    fn no_item_begins_another() {
        let contract = AccountId([0; 32]);
        let keys: [&[u8]; 5] = [b"", b"\0", b"\0\0", b"\0\0\0\0\0\0\0\0\0", b"\0\xFF"];
        for one in keys {
            for other in keys {
                let prefix = history_prefix(0, Space::Entries, &entry(&contract, 0, one));
                let stored = history(0, Space::Entries, &entry(&contract, 0, other), Height(5));
                assert_eq!(stored.starts_with(&prefix), one == other);
            }
        }
    }

    #[test]
    fn cell_bounds_hold_their_keys_and_no_others() {
        let prefix = entry_prefix(&AccountId([1; 32]), 0x0102);
        let at = |cell: u16, key: &[u8]| {
            history(0, Space::Entries, &entry(&AccountId([1; 32]), cell, key), Height(9))
        };
        let (first, last) = history_cell_range(0, &prefix, b"b\0", Some(b"d"));
        for (cell, key, within) in [
            (0x0102, &b"b"[..], false),
            (0x0102, b"b\0", true),
            (0x0102, b"c\xFF", true),
            (0x0102, b"d", false),
            (0x0201, b"c", false),
        ] {
            let stored = at(cell, key);
            assert_eq!(stored >= first && stored < last, within, "{cell} {key:?}");
        }
        let (first, last) = history_cell_range(0, &prefix, b"", None);
        assert!(at(0x0102, b"") >= first && at(0x0102, &[0xFF; 40]) < last && at(0x0103, b"") >= last);
    }

    #[test]
    fn prefixes_end_before_their_successor() {
        assert_eq!(after_prefix(&[1, 2]), [1, 3]);
        assert_eq!(after_prefix(&[1, 0xFF]), [2]);
        assert_eq!(after_prefix(&[0xFF, 0xFF]), []);
    }

    #[test]
    fn cells_are_ordered_by_number() {
        let contract = AccountId([1; 32]);
        assert!(entry(&contract, 0x00FF, &[0xFF]) < entry(&contract, 0x0100, &[]));
        let flat = entry(&contract, 0x0102, b"key");
        assert_eq!(split_entry(&flat), Some((contract, 0x0102, &b"key"[..])));
    }
}
