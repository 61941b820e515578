//! Entries of contract storage.

use chainstack_primitives::{AccountId, Amount};
use parity_scale_codec::{Decode, Encode};

/// Greatest length of an entry's key without the cell id, in bytes.
pub const KEY_SIZE_MAX: usize = 256;

/// A stored value, with the deposit that holds its place and who paid it.
///
/// Its SCALE encoding is the leaf of the storage trie (as an RLP string) and the flat value alike.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Entry {
    /// The value's bytes; their meaning is the cell's declaration.
    pub value: Vec<u8>,
    /// Who paid the deposit and gets it back.
    pub payer: AccountId,
    /// Base units locked while the entry exists.
    pub deposit: Amount,
}

/// Where an entry stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct EntryKey {
    /// The contract that owns the entry.
    pub contract: AccountId,
    /// The declared cell; 0xFF00 and above belong to the host.
    pub cell: u16,
    /// The key inside the cell; at most [`KEY_SIZE_MAX`] bytes.
    pub key: Box<[u8]>,
}

/// [`EntryKey`] by reference, for lookups without allocation.
#[derive(Clone, Copy, Hash)]
pub(crate) struct EntryKeyRef<'a> {
    pub(crate) contract: &'a AccountId,
    pub(crate) cell: u16,
    pub(crate) key: &'a [u8],
}

impl EntryKeyRef<'_> {
    pub(crate) fn is(&self, key: &EntryKey) -> bool {
        self.cell == key.cell && *self.key == *key.key && *self.contract == key.contract
    }

    pub(crate) fn to_owned(self) -> EntryKey {
        EntryKey { contract: *self.contract, cell: self.cell, key: self.key.into() }
    }
}

impl EntryKey {
    /// `cell id u16 LE | key`: what is hashed into the storage path, and the flat key after the contract.
    #[must_use]
    pub fn storage_key(&self) -> Vec<u8> {
        storage_key(self.cell, &self.key)
    }
}

/// `cell id u16 LE | key`.
#[must_use]
pub fn storage_key(cell: u16, key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(key.len().saturating_add(2));
    write_storage_key(cell, key, &mut bytes);
    bytes
}

/// Appends [`storage_key`].
pub(crate) fn write_storage_key(cell: u16, key: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&cell.to_le_bytes());
    out.extend_from_slice(key);
}
