//! Cells, machines and roles, read.

use chainstack_primitives::manifest::{
    Asset, AssetRef, Cell, CellKind, EscrowCell, Head, HeadField, ItemField, LedgerCell, Machine, MapCell,
    Role, RoleInitial, RoleKind, Section, State, Type, ValueCell,
};

use super::super::error::Problem;
use super::super::source::{Entry, Item, Read, Table, bounded};
use super::super::term::parse_term;
use super::super::{Names, index_of};
use super::{Reader, entry_name, word};

#[derive(Clone, Copy)]
enum Kind {
    Map,
    Ledger,
    Value,
    Escrow,
}

const CELL_KINDS: [(&str, Kind); 4] =
    [("map", Kind::Map), ("ledger", Kind::Ledger), ("value", Kind::Value), ("escrow", Kind::Escrow)];

impl<'t> Reader<'t> {
    pub(super) fn cell(&mut self, entry: Entry<'t>) -> Read<Cell> {
        let (id, doc, table) = self.started(entry)?;
        let name = entry_name(entry)?;
        let kind = match word(table.need("kind")?, &CELL_KINDS)? {
            Kind::Map => {
                let (tail, tail_max_bytes) = self.tail(&table)?;
                CellKind::Map(MapCell {
                    key: self.fields(&table, "key")?,
                    head: self.head(&table)?,
                    tail_max_bytes,
                    tail,
                    max_entries: table.number("max_entries")?,
                    count: table.flag("count", false)?,
                    asset: self.asset(&table, "unique")?,
                })
            }
            Kind::Ledger => CellKind::Ledger(LedgerCell {
                key: self.fields(&table, "key")?,
                sum: table.flag("sum", false)?,
                count: table.flag("count", false)?,
                max_entries: table.number("max_entries")?,
                asset: self.asset(&table, "fungible")?,
            }),
            Kind::Value => {
                let (tail, tail_max_bytes) = self.tail(&table)?;
                CellKind::Value(ValueCell { head: self.head(&table)?, tail_max_bytes, tail })
            }
            Kind::Escrow => {
                table.need("asset")?;
                CellKind::Escrow(EscrowCell {
                    item: table.get("item").map(|item| self.id_of(Section::Cells, item)).transpose()?,
                    asset: AssetRef::Native, // until all cells are known
                    unique: table.flag("unique", false)?,
                })
            }
        };
        table.finish()?;
        Ok(Cell { id, name, doc, kind })
    }

    /// Type and bound of a tail; without a bound, that of the type.
    fn tail(&mut self, table: &Table<'t>) -> Read<(Option<Type>, u32)> {
        let item = table.get("tail");
        let tail = item.map(|item| self.ty(item)).transpose()?;
        self.sync_types()?;
        if let Some(max) = table.number("tail_max_bytes")? {
            return Ok((tail, max));
        }
        let size = tail.and_then(|tail| self.manifest.max_size(&tail)).unwrap_or(0);
        let too_great = || Problem::new(item.map_or(table.at, |item| item.at), "the type is too great");
        Ok((tail, u32::try_from(size).map_err(|_| too_great())?))
    }

    fn head(&mut self, table: &Table<'t>) -> Read<Head> {
        let Some(head) = table.table("head")? else { return Ok(Head::new()) };
        let field = |entry: &Entry<'t>| {
            let name = entry_name(*entry)?;
            if entry.item.is_text() {
                let ty = self.ty(entry.item)?;
                return Ok(HeadField { name, ty, write_once: true, sum: false, clear_on_move: false });
            }
            let table = entry.item.table()?;
            let field = HeadField {
                name,
                ty: self.ty(table.need("type")?)?,
                write_once: table.flag("write_once", true)?,
                sum: table.flag("sum", false)?,
                clear_on_move: table.flag("clear_on_move", false)?,
            };
            table.finish()?;
            Ok(field)
        };
        let fields = head.entries().iter().map(field).collect::<Read<Vec<_>>>()?;
        bounded(head.at, fields)
    }

    /// An asset declaration without its guards, which name what is not read yet.
    fn asset(&self, table: &Table<'t>, kind: &'static str) -> Read<Option<Asset>> {
        let Some(item) = table.get("asset") else { return Ok(None) };
        let mut asset = Asset { on_move: None, escrow_when: None, release_when: None };
        if item.is_text() {
            return word(item, &[(kind, asset)]).map(Some);
        }
        let table = item.table()?;
        if let Some(found) = table.get("kind") {
            word(found, &[(kind, ())])?;
        }
        asset.on_move = table.get("on_move").map(|item| self.id_of(Section::Events, item)).transpose()?;
        table.get("escrow_when");
        table.get("release_when");
        table.finish()?;
        Ok(Some(asset))
    }

    /// Reads the guards of assets and the assets of escrows, now that cells, machines and roles are known.
    pub(super) fn assets(&mut self) -> Read<()> {
        let Some(section) = self.root.table("cells")? else { return Ok(()) };
        let mut cells = self.manifest.cells.to_vec();
        for (cell, entry) in cells.iter_mut().zip(section.entries()) {
            let Some(item) = entry.item.table()?.get("asset") else { continue };
            if let CellKind::Escrow(escrow) = &mut cell.kind {
                // Which contract's asset it is may stand in the item.
                let bound = escrow.item.and_then(|id| self.manifest.cell(id));
                escrow.asset = self.asset_ref(Names { item: bound, ..self.names() }, item)?;
                continue;
            }
            if item.is_text() {
                continue;
            }
            let named = cell.clone();
            let asset = match &mut cell.kind {
                CellKind::Map(map) => map.asset.as_mut(),
                CellKind::Ledger(ledger) => ledger.asset.as_mut(),
                CellKind::Value(_) | CellKind::Escrow(_) => None,
            };
            let Some(asset) = asset else { continue };
            let names = Names { item: Some(&named), ..self.names() };
            let table = item.table()?;
            asset.escrow_when =
                table.get("escrow_when").map(|item| self.expression(names, item)).transpose()?;
            asset.release_when =
                table.get("release_when").map(|item| self.expression(names, item)).transpose()?;
        }
        self.manifest.cells = bounded(section.at, cells)?;
        Ok(())
    }

    pub(super) fn asset_ref(&self, names: Names<'_>, item: Item<'t>) -> Read<AssetRef> {
        if item.is_text() {
            return match item.text()?.split_once('.') {
                Some(("cell", name)) => self.id_of_name(Section::Cells, name, item).map(AssetRef::Own),
                _ if item.text()? == "native" => Ok(AssetRef::Native),
                _ => Err(item.problem("`native`, `cell.NAME` or { contract = …, cell = … } expected")),
            };
        }
        let table = item.table()?;
        let contract = table.need("contract")?;
        let term = parse_term(names, contract.text()?, &Type::Account);
        let asset = AssetRef::Foreign {
            contract: term.map_err(|message| contract.problem(message))?,
            cell: table.need("cell")?.number()?,
        };
        table.finish()?;
        Ok(asset)
    }

    pub(super) fn machine(&mut self, entry: Entry<'t>) -> Read<Machine> {
        let (id, doc, table) = self.started(entry)?;
        let cell = table.get("cell").map(|item| self.id_of(Section::Cells, item)).transpose()?;
        let states = table.need("states")?.table()?;
        let state = |entry: &Entry<'t>| Ok(State { id: entry.item.number()?, name: entry_name(*entry)? });
        let states: Vec<State> = states.entries().iter().map(state).collect::<Read<_>>()?;
        let id_of = |item: Item<'t>| {
            let name = item.text()?;
            let state = states.iter().find(|state| &*state.name == name);
            state.map(|state| state.id).ok_or_else(|| item.problem(format!("there is no state `{name}`")))
        };
        let initial = id_of(table.need("initial")?)?;
        let terminal = table.list("terminal")?.into_iter().map(id_of).collect::<Read<Vec<_>>>()?;
        table.finish()?;
        let terminal = bounded(table.at, terminal)?;
        Ok(Machine {
            id,
            name: entry_name(entry)?,
            doc,
            cell,
            states: bounded(table.at, states)?,
            initial,
            terminal,
        })
    }

    pub(super) fn role(&mut self, entry: Entry<'t>) -> Read<Role> {
        let (id, doc, table) = self.started(entry)?;
        let kinds = [("account", 0), ("set", 1), ("item", 2)];
        let kind = match word(table.need("kind")?, &kinds)? {
            0 => {
                let item = table.need("initial")?;
                let initial = match item.text()? {
                    "signer" => RoleInitial::Signer,
                    _ => RoleInitial::Param(self.param_index(item)?),
                };
                RoleKind::Account { initial, transferable: table.flag("transferable", false)? }
            }
            1 => RoleKind::Set {
                initial: self.param_index(table.need("initial")?)?,
                members_max: table.need("members_max")?.number()?,
                threshold: table.need("threshold")?.number()?,
                approval_blocks: table.need("approval_blocks")?.number()?,
                admin: table.get("admin").map(|item| self.id_of(Section::Roles, item)).transpose()?,
            },
            _ => {
                let item = table.need("holder")?;
                let (cell, field) =
                    item.text()?.split_once('.').ok_or_else(|| item.problem("`cell.field` expected"))?;
                let id = self.id_of_name(Section::Cells, cell, item)?;
                let cell = self.manifest.cell(id);
                let head = cell.map_or(&[][..], Cell::head).iter().map(|field| &*field.name);
                let field = match field {
                    "$owner" => Some(ItemField::Owner),
                    field => index_of(head, field).map(ItemField::Head),
                };
                let field = field.ok_or_else(|| item.problem("the cell has no such head field"))?;
                RoleKind::Item { cell: id, field }
            }
        };
        table.finish()?;
        Ok(Role { id, name: entry_name(entry)?, doc, kind })
    }

    fn param_index(&self, item: Item<'t>) -> Read<u8> {
        let text = item.text()?;
        let name = text.strip_prefix("param.");
        let params = self.manifest.params.iter().map(|param| &*param.name);
        let index = name.and_then(|name| index_of(params, name));
        index.ok_or_else(|| {
            item.problem(format!("`signer` or `param.NAME` of a declared parameter expected, `{text}` found"))
        })
    }
}
