//! Cells: declared pieces of storage, addressed by permanent id.
//!
//! Layout of a stored value, before the host wraps it with the deposit and its payer:
//! map and value cells: `[state byte, if a machine is bound to the map] | [holder of the owner, 33 bytes,
//! if asset = unique] | head fields, concatenated | tail`; ledgers: `u128`, little-endian, absent when zero.

use alloc::vec::Vec;

use parity_scale_codec::{Decode, Encode};

use super::limits::{HEAD_FIELDS_MAX, KEY_FIELDS_MAX};
use super::types::Sizes;
use super::{Doc, Effect, Expression, Field, KeyTerm, Manifest, Name, Type, ValueError};
use crate::{AccountId, BoundedVec, Hash, Tag, TaggedHasher};

/// Fields of a cell's key, in order.
pub type KeyFields = BoundedVec<Field, KEY_FIELDS_MAX>;
/// Head fields of a cell, in order.
pub type Head = BoundedVec<HeadField, HEAD_FIELDS_MAX>;

/// A declared piece of storage.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Cell {
    /// Permanent id, below [`super::limits::CELL_ID_RESERVED`].
    pub id: u16,
    /// Name.
    pub name: Name,
    /// For people.
    pub doc: Doc,
    /// Shape.
    pub kind: CellKind,
}

/// Shape of a cell.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum CellKind {
    /// Entries with a head the host reads and an opaque tail.
    #[codec(index = 0)]
    Map(MapCell),
    /// Balances, kept by the host.
    #[codec(index = 1)]
    Ledger(LedgerCell),
    /// A single entry.
    #[codec(index = 2)]
    Value(ValueCell),
    /// Assets held for the items of a map, or for the contract.
    #[codec(index = 3)]
    Escrow(EscrowCell),
}

/// A keyed cell of entries.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct MapCell {
    /// Key, at least one field.
    pub key: KeyFields,
    /// Head fields.
    pub head: Head,
    /// Greatest size of the tail.
    pub tail_max_bytes: u32,
    /// Type of the tail, for readers; the host does not look inside.
    pub tail: Option<Type>,
    /// Greatest count of entries; needs `count`.
    pub max_entries: Option<u64>,
    /// Whether the host keeps the count of entries.
    pub count: bool,
    /// Whether the entries are unique assets, keyed by their id: the host keeps owner and count per owner.
    pub asset: Option<Asset>,
}

/// A keyed cell of balances: `u128`, zero is absent.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct LedgerCell {
    /// Key, at least one field; exactly one account if `asset`.
    pub key: KeyFields,
    /// Whether the host keeps the sum of balances.
    pub sum: bool,
    /// Whether the host keeps the count of entries.
    pub count: bool,
    /// Greatest count of entries; needs `count`, refused with `asset`.
    pub max_entries: Option<u64>,
    /// Whether the balances are a fungible asset.
    pub asset: Option<Asset>,
}

/// A single entry.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ValueCell {
    /// Head fields.
    pub head: Head,
    /// Greatest size of the tail.
    pub tail_max_bytes: u32,
    /// Type of the tail, for readers; the host does not look inside.
    pub tail: Option<Type>,
}

/// Assets held for items.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct EscrowCell {
    /// The map for whose items it holds; none: for the contract.
    pub item: Option<u16>,
    /// What it holds.
    pub asset: AssetRef,
    /// Whether it holds unique assets (ids) instead of amounts.
    pub unique: bool,
}

/// A cell of balances or owners that other contracts may escrow.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Asset {
    /// Event each move announces, with fields `(account, account, u128)` for a ledger and
    /// `(account, account, key fields…)` for a map.
    pub on_move: Option<u16>,
    /// What must hold on the way into an escrow: own states, head of the entry.
    pub escrow_when: Option<Expression>,
    /// What must hold on the way out; none: nothing ever hinders a release.
    pub release_when: Option<Expression>,
}

/// Which asset.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum AssetRef {
    /// The chain's coin.
    #[codec(index = 0)]
    Native,
    /// An own cell with `asset`.
    #[codec(index = 1)]
    Own(u16),
    /// A cell of another contract.
    #[codec(index = 2)]
    Foreign {
        /// The contract: a literal, parameter, argument or write-once head field; `Any`: whichever.
        contract: KeyTerm,
        /// Its cell.
        cell: u16,
    },
}

/// A field of a head: fixed size, visible to the host.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct HeadField {
    /// Name, unique among the fields of key and head.
    pub name: Name,
    /// Type; all its values have one size.
    pub ty: Type,
    /// Whether it keeps the value it was created with.
    pub write_once: bool,
    /// Whether the host keeps its sum over the map; for unsigned integers.
    pub sum: bool,
    /// Whether a move of the unique asset sets it to zero bytes.
    pub clear_on_move: bool,
}

/// First byte of an asset cell's key: the holder is an account.
pub const HOLDER_ACCOUNT: u8 = 0;
/// First byte of an asset cell's key: the holder is an escrow.
pub const HOLDER_ESCROW: u8 = 1;
/// Size of a holder in bytes.
pub const HOLDER_SIZE: u32 = 33;

/// Holder key of an account: `0x00 | AccountId`.
#[must_use]
pub fn account_holder(account: &AccountId) -> [u8; 33] {
    holder(HOLDER_ACCOUNT, account.as_bytes())
}

/// Holder key of an escrow: `0x01 | H("escrow" | contract | cell u16 LE | item)`, `item` being the item's
/// encoded key (empty for the contract's own escrow).
#[must_use]
pub fn escrow_holder(contract: &AccountId, cell: u16, item: &[u8]) -> [u8; 33] {
    let hasher = TaggedHasher::new(Tag::Escrow).part(contract.as_bytes());
    let digest: Hash = hasher.part(&cell.to_le_bytes()).part(item).finish();
    holder(HOLDER_ESCROW, digest.as_bytes())
}

fn holder(kind: u8, bytes: &[u8; 32]) -> [u8; 33] {
    let mut holder = [kind; 33];
    holder.iter_mut().skip(1).zip(bytes).for_each(|(to, from)| *to = *from);
    holder
}

impl Cell {
    /// Fields of the key; none for a value cell. An escrow cell has no key of its own.
    #[must_use]
    pub fn key(&self) -> &[Field] {
        match &self.kind {
            CellKind::Map(map) => &map.key,
            CellKind::Ledger(ledger) => &ledger.key,
            CellKind::Value(_) | CellKind::Escrow(_) => &[],
        }
    }

    /// Head fields; none for a ledger or escrow.
    #[must_use]
    pub fn head(&self) -> &[HeadField] {
        match &self.kind {
            CellKind::Map(map) => &map.head,
            CellKind::Value(value) => &value.head,
            CellKind::Ledger(_) | CellKind::Escrow(_) => &[],
        }
    }

    /// Greatest size of the tail in bytes; 0 for a ledger or escrow.
    #[must_use]
    pub const fn tail_max_bytes(&self) -> u32 {
        match &self.kind {
            CellKind::Map(map) => map.tail_max_bytes,
            CellKind::Value(value) => value.tail_max_bytes,
            CellKind::Ledger(_) | CellKind::Escrow(_) => 0,
        }
    }

    /// Type of the tail, if declared.
    #[must_use]
    pub const fn tail(&self) -> Option<Type> {
        match &self.kind {
            CellKind::Map(map) => map.tail,
            CellKind::Value(value) => value.tail,
            CellKind::Ledger(_) | CellKind::Escrow(_) => None,
        }
    }

    /// The asset declaration, if the cell is an asset.
    #[must_use]
    pub const fn asset(&self) -> Option<&Asset> {
        match &self.kind {
            CellKind::Map(map) => map.asset.as_ref(),
            CellKind::Ledger(ledger) => ledger.asset.as_ref(),
            CellKind::Value(_) | CellKind::Escrow(_) => None,
        }
    }

    /// Whether the entries are fungible balances that may be escrowed: keyed by holder on chain.
    #[must_use]
    pub const fn is_fungible_asset(&self) -> bool {
        matches!(&self.kind, CellKind::Ledger(ledger) if ledger.asset.is_some())
    }

    /// Whether the host keeps the count of entries.
    #[must_use]
    pub const fn counts(&self) -> bool {
        match &self.kind {
            CellKind::Map(map) => map.count,
            CellKind::Ledger(ledger) => ledger.count,
            CellKind::Value(_) | CellKind::Escrow(_) => false,
        }
    }

    /// Greatest count of entries, if declared.
    #[must_use]
    pub const fn max_entries(&self) -> Option<u64> {
        match &self.kind {
            CellKind::Map(map) => map.max_entries,
            CellKind::Ledger(ledger) => ledger.max_entries,
            CellKind::Value(_) | CellKind::Escrow(_) => None,
        }
    }
}

impl Manifest {
    /// Checks `key`, the canonical tuple of the cell's key fields, and appends the key as it is stored
    /// to `out`: `0x00 | account` for a fungible asset, else the tuple itself.
    ///
    /// # Errors
    /// Any [`ValueError`] but `Range`; `out` is unchanged.
    pub fn write_cell_key(&self, cell: &Cell, key: &[u8], out: &mut Vec<u8>) -> Result<(), ValueError> {
        self.validate_tuple(cell.key(), key)?;
        if cell.is_fungible_asset() {
            out.push(HOLDER_ACCOUNT);
        }
        out.extend_from_slice(key);
        Ok(())
    }

    /// [`Manifest::write_cell_key`] into a new vector, from the encoded key fields one by one.
    ///
    /// # Errors
    /// Any [`ValueError`] but `Range`.
    pub fn cell_key(&self, cell: &Cell, fields: &[&[u8]]) -> Result<Vec<u8>, ValueError> {
        let mut out = Vec::new();
        self.write_cell_key(cell, &fields.concat(), &mut out)?;
        Ok(out)
    }

    /// The fields of a stored key, as their canonical tuple: the inverse of [`Manifest::write_cell_key`].
    ///
    /// `None` if the key does not belong to the cell, or its holder is an escrow.
    #[must_use]
    pub fn key_fields<'a>(&self, cell: &Cell, stored: &'a [u8]) -> Option<&'a [u8]> {
        let tuple = match stored.split_first() {
            Some((&HOLDER_ACCOUNT, account)) if cell.is_fungible_asset() => account,
            _ if cell.is_fungible_asset() => return None,
            _ => stored,
        };
        self.validate_tuple(cell.key(), tuple).ok().map(|()| tuple)
    }

    /// Greatest size of key and value of an entry of `cell` in bytes: what its deposit is for. `None` for an escrow, or an
    /// undefined type. Linear in the type table, as all sizes of a cell.
    #[must_use]
    pub fn entry_room(&self, cell: &Cell) -> Option<u64> {
        self.room(&Sizes::of(self), cell)
    }

    fn room(&self, sizes: &Sizes, cell: &Cell) -> Option<u64> {
        let value = match &cell.kind {
            CellKind::Ledger(_) => sizes.get(&Type::U128)?.max_bytes,
            CellKind::Map(_) | CellKind::Value(_) => {
                let (_, head) = self.spans(sizes, cell)?;
                head.checked_add(u64::from(cell.tail_max_bytes()))?
            }
            CellKind::Escrow(_) => return None,
        };
        let mut key = cell.key().iter().map(|field| Some(sizes.get(&field.ty)?.max_bytes));
        let holder = u64::from(cell.is_fungible_asset());
        value.checked_add(key.try_fold(holder, |size, field| size.checked_add(field?))?)
    }

    /// Rooms of the ledger entries that one exit of an item of map `cell` may have to create, greatest first: each item
    /// keeps a deposit for them from its beginning, so that nobody has to pay one when an exit is taken. Where exits differ,
    /// the greater of each place.
    #[must_use]
    pub fn kept_rooms(&self, cell: u16) -> Vec<u64> {
        let mut kept: Vec<u64> = Vec::new();
        let exits = || self.exits.iter().filter(|exit| exit.item == Some(cell));
        if exits().all(|exit| exit.effects.iter().all(|effect| effect.fills().is_none())) {
            return kept;
        }
        let sizes = Sizes::of(self);
        let ledgers = self.cells.iter().filter(|cell| matches!(cell.kind, CellKind::Ledger(_)));
        let rooms: Vec<(u16, u64)> =
            ledgers.filter_map(|ledger| Some((ledger.id, self.room(&sizes, ledger)?))).collect();
        for exit in exits() {
            let filled = exit.effects.iter().filter_map(Effect::fills);
            let of = |ledger| rooms.iter().find(|(id, _)| *id == ledger).map(|(_, room)| *room);
            let mut filled: Vec<u64> = filled.filter_map(of).collect();
            filled.sort_unstable_by(|one, other| other.cmp(one));
            for (place, room) in filled.into_iter().enumerate() {
                match kept.get_mut(place) {
                    Some(greatest) => *greatest = room.max(*greatest),
                    None => kept.push(room),
                }
            }
        }
        kept
    }

    /// Size in bytes of everything before the tail in a stored value of `cell`; `None` for a cell
    /// without head and tail, or an undefined type.
    #[must_use]
    pub fn head_size(&self, cell: &Cell) -> Option<u64> {
        self.spans(&Sizes::of(self), cell).map(|(_, size)| size)
    }

    /// Where head field `field` lies in a stored value of `cell`: offset and size in bytes. Whoever asks for more than one
    /// takes [`Manifest::head_spans`].
    #[must_use]
    pub fn head_span(&self, cell: &Cell, field: u8) -> Option<(u64, u64)> {
        self.head_spans(cell)?.get(usize::from(field)).copied()
    }

    /// Where the head fields lie in a stored value of `cell`, in order: offset and size in bytes of each.
    #[must_use]
    pub fn head_spans(&self, cell: &Cell) -> Option<Vec<(u64, u64)>> {
        self.spans(&Sizes::of(self), cell).map(|(spans, _)| spans)
    }

    /// Offset and size of each head field, and where the tail begins.
    fn spans(&self, sizes: &Sizes, cell: &Cell) -> Option<(Vec<(u64, u64)>, u64)> {
        let mut offset = self.head_prefix(cell)?;
        let mut spans = Vec::with_capacity(cell.head().len());
        for field in cell.head() {
            let size = sizes.get(&field.ty)?.fixed()?;
            spans.push((offset, size));
            offset = offset.checked_add(size)?;
        }
        Some((spans, offset))
    }

    fn head_prefix(&self, cell: &Cell) -> Option<u64> {
        match &cell.kind {
            CellKind::Value(_) => Some(0),
            CellKind::Map(map) => {
                let state = u64::from(self.machine_of(cell.id).is_some());
                let owner = if map.asset.is_some() { u64::from(HOLDER_SIZE) } else { 0 };
                Some(state.saturating_add(owner))
            }
            CellKind::Ledger(_) | CellKind::Escrow(_) => None,
        }
    }
}
