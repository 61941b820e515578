//! Storage: cells by permanent id, and where each field lies in a stored key and value.

use chainstack_primitives::manifest::{Cell, CellKind, HOLDER_SIZE, Manifest};
use serde::Serialize;

use super::notation::{asset, cell_name, event_name, expression, machine_name};
use crate::manifest::Names;
use crate::value::type_name;

/// Every cell.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Storage {
    /// The cells, in the order of the manifest.
    pub cells: Vec<CellRow>,
}

/// A cell.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CellRow {
    /// Permanent id.
    pub id: u16,
    /// Name.
    pub name: String,
    /// For people.
    pub doc: String,
    /// `map`, `ledger`, `value` or `escrow`.
    pub kind: &'static str,
    /// Parts of the stored key, in order.
    pub key: Vec<Part>,
    /// Parts of the stored value, in order.
    pub value: Vec<Part>,
    /// Greatest size of a stored key in bytes.
    pub key_max_bytes: u64,
    /// Greatest size of a stored value in bytes.
    pub value_max_bytes: u64,
    /// Greatest count of entries, if one is declared.
    pub max_entries: Option<u64>,
    /// Whether the host keeps the count of entries.
    pub count: bool,
    /// Whether the host keeps the sum of a ledger's balances.
    pub sum: bool,
    /// The machine of its items.
    pub machine: Option<String>,
    /// What makes it an asset that others may escrow.
    pub asset: Option<AssetRow>,
    /// What an escrow cell holds.
    pub escrow: Option<EscrowRow>,
}

/// A part of a stored key or value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Part {
    /// What it is: a field's name, or `$state`, `$holder`, `$owner`, `$balance`, `$tail` for what the host puts there.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: String,
    /// Where it begins, in bytes; none behind a part whose size varies.
    pub offset: Option<u64>,
    /// Its size in bytes; none if it varies.
    pub size: Option<u64>,
    /// Its greatest size in bytes.
    pub max: u64,
    /// Whether it keeps the value it was created with.
    pub write_once: bool,
    /// Whether the host keeps its sum over the map.
    pub sum: bool,
    /// Whether a move of the unique asset sets it to zero bytes.
    pub clear_on_move: bool,
}

/// What makes a cell an asset.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AssetRow {
    /// `fungible` or `unique`.
    pub kind: &'static str,
    /// The event that each move announces.
    pub on_move: Option<String>,
    /// What must hold on the way into an escrow.
    pub escrow_when: Option<String>,
    /// What must hold on the way out.
    pub release_when: Option<String>,
}

/// What an escrow cell holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct EscrowRow {
    /// The asset.
    pub asset: String,
    /// The map for whose items it holds; none: for the contract.
    pub item: Option<String>,
    /// Whether it holds unique assets instead of amounts.
    pub unique: bool,
}

/// The storage that `manifest` declares.
#[must_use]
pub fn storage(manifest: &Manifest) -> Storage {
    Storage { cells: manifest.cells.iter().map(|cell| of(manifest, cell)).collect() }
}

/// Lays parts one behind the other.
#[derive(Default)]
struct Layout {
    parts: Vec<Part>,
    max: u64,
    varies: bool,
}

impl Layout {
    fn push(&mut self, name: &str, ty: &str, min: u64, max: u64) -> Option<&mut Part> {
        let fixed = min == max;
        self.parts.push(Part {
            name: name.to_owned(),
            ty: ty.to_owned(),
            offset: (!self.varies).then_some(self.max),
            size: fixed.then_some(max),
            max,
            write_once: false,
            sum: false,
            clear_on_move: false,
        });
        self.max = self.max.saturating_add(max);
        self.varies |= !fixed;
        self.parts.last_mut()
    }
}

fn key_layout(manifest: &Manifest, cell: &Cell) -> Layout {
    let mut layout = Layout::default();
    if cell.is_fungible_asset() {
        layout.push("$holder", "u8", 1, 1);
    }
    for field in cell.key() {
        let size = manifest.type_size(&field.ty);
        let (min, max) = size.map_or((0, 0), |size| (size.min_bytes, size.max_bytes));
        layout.push(&field.name, &type_name(manifest, &field.ty), min, max);
    }
    layout
}

fn value_layout(manifest: &Manifest, cell: &Cell) -> Layout {
    let mut layout = Layout::default();
    match &cell.kind {
        CellKind::Escrow(_) => {}
        CellKind::Ledger(_) => {
            layout.push("$balance", "u128", 16, 16);
        }
        CellKind::Map(_) | CellKind::Value(_) => {
            if manifest.machine_of(cell.id).is_some() {
                layout.push("$state", "u8", 1, 1);
            }
            if cell.asset().is_some() {
                layout.push("$owner", "holder", u64::from(HOLDER_SIZE), u64::from(HOLDER_SIZE));
            }
            for field in cell.head() {
                let size = manifest.fixed_size(&field.ty).unwrap_or(0);
                if let Some(part) = layout.push(&field.name, &type_name(manifest, &field.ty), size, size) {
                    part.write_once = field.write_once;
                    part.sum = field.sum;
                    part.clear_on_move = field.clear_on_move;
                }
            }
            let max = u64::from(cell.tail_max_bytes());
            if max > 0 {
                let ty = cell.tail().map_or_else(|| "opaque".to_owned(), |ty| type_name(manifest, &ty));
                layout.push("$tail", &ty, 0, max);
            }
        }
    }
    layout
}

/// Greatest sizes of a stored key and value of `cell`, in bytes.
pub(super) fn sizes(manifest: &Manifest, cell: &Cell) -> (u64, u64) {
    (key_layout(manifest, cell).max, value_layout(manifest, cell).max)
}

fn of(manifest: &Manifest, cell: &Cell) -> CellRow {
    let (key, value) = (key_layout(manifest, cell), value_layout(manifest, cell));
    let names = Names { manifest, args: &[], item: Some(cell) };
    let asset_row = cell.asset().map(|asset| AssetRow {
        kind: if cell.is_fungible_asset() { "fungible" } else { "unique" },
        on_move: asset.on_move.map(|id| event_name(manifest, id)),
        escrow_when: asset.escrow_when.as_ref().map(|rule| expression(names, rule)),
        release_when: asset.release_when.as_ref().map(|rule| expression(names, rule)),
    });
    let (kind, escrow) = match &cell.kind {
        CellKind::Map(_) => ("map", None),
        CellKind::Ledger(_) => ("ledger", None),
        CellKind::Value(_) => ("value", None),
        CellKind::Escrow(escrow) => {
            let row = EscrowRow {
                asset: asset(
                    Names { item: escrow.item.and_then(|id| names.manifest.cell(id)), ..names },
                    &escrow.asset,
                ),
                item: escrow.item.map(|id| cell_name(manifest, id)),
                unique: escrow.unique,
            };
            ("escrow", Some(row))
        }
    };
    CellRow {
        id: cell.id,
        name: cell.name.to_string(),
        doc: cell.doc.to_string(),
        kind,
        key_max_bytes: key.max,
        value_max_bytes: value.max,
        key: key.parts,
        value: value.parts,
        max_entries: cell.max_entries(),
        count: cell.counts(),
        sum: matches!(&cell.kind, CellKind::Ledger(ledger) if ledger.sum),
        machine: manifest.machine_of(cell.id).map(|machine| machine_name(manifest, machine.id)),
        asset: asset_row,
        escrow,
    }
}
