//! Cells, machines and roles.

use super::super::expression_check::Scope;
use super::super::limits::{CELL_ID_RESERVED, HEAD_SIZE_MAX, KEY_SIZE_MAX, MEMBERS_MAX, VALUE_SIZE_MAX};
use super::super::{
    Asset, AssetRef, Cell, CellKind, EscrowCell, ExpressionType, ItemField, KeyTerm, LedgerCell, Machine,
    ManifestError, MapCell, Quantity, RoleInitial, RoleKind, Section, Type, TypeKind,
};
use super::{Checker, Spot};

impl Checker<'_> {
    pub(super) fn cells(&self) -> Result<(), ManifestError> {
        let cells = &self.manifest.cells;
        for (index, cell) in cells.iter().enumerate() {
            let spot = Spot::new(Section::Cells, index, &cell.name);
            spot.unique_name(&cell.name, cells.iter().take(index).map(|before| &before.name))?;
            spot.unique_id(cell.id, cells.iter().take(index).map(|before| before.id))?;
            spot.require(cell.id < CELL_ID_RESERVED, |at| ManifestError::ReservedId { at, id: cell.id })?;
            spot.doc(&cell.doc)?;
            match &cell.kind {
                CellKind::Map(map) => self.map(spot, cell, map)?,
                CellKind::Ledger(ledger) => self.ledger(spot, cell, ledger)?,
                CellKind::Value(_) => self.entry(spot, cell)?,
                CellKind::Escrow(escrow) => self.escrow_cell(spot, escrow)?,
            }
        }
        Ok(())
    }

    fn map(&self, spot: Spot<'_>, cell: &Cell, map: &MapCell) -> Result<(), ManifestError> {
        self.key(spot, cell)?;
        self.entry(spot, cell)?;
        max_entries(spot, map.max_entries, map.count)?;
        let unique = map.asset.is_some();
        let misplaced = map.head.iter().position(|field| field.clear_on_move && !unique);
        spot.item("head", misplaced.unwrap_or(0)).conflict_unless(misplaced.is_none())?;
        match &map.asset {
            Some(asset) => self.asset(spot, cell, asset),
            None => Ok(()),
        }
    }

    fn ledger(&self, spot: Spot<'_>, cell: &Cell, ledger: &LedgerCell) -> Result<(), ManifestError> {
        self.key(spot, cell)?;
        max_entries(spot, ledger.max_entries, ledger.count)?;
        let Some(asset) = &ledger.asset else { return Ok(()) };
        // Strangers extend a ledger of balances: a full one would lock everybody out.
        spot.part("max_entries").conflict_unless(ledger.max_entries.is_none())?;
        // Below a sum of 128 bits no balance can overflow, so that nothing keeps a release.
        spot.part("sum").conflict_unless(ledger.sum)?;
        match &*ledger.key {
            [field] if field.ty == Type::Account => self.asset(spot, cell, asset),
            [field] => Err(ManifestError::TypeMismatch {
                at: spot.item("key", 0).place(),
                expected: Type::Account,
                found: field.ty,
            }),
            fields => Err(arity(spot.part("key"), 1, fields.len())),
        }
    }

    fn key(&self, spot: Spot<'_>, cell: &Cell) -> Result<(), ManifestError> {
        spot.part("key").not_empty(cell.key().len())?;
        let holder_byte = u32::from(cell.is_fungible_asset());
        self.fields(spot, "key", cell.key(), Quantity::KeySize, KEY_SIZE_MAX.saturating_sub(holder_byte))?;
        Ok(())
    }

    /// Head and tail.
    fn entry(&self, spot: Spot<'_>, cell: &Cell) -> Result<(), ManifestError> {
        let head = cell.head();
        for (index, field) in head.iter().enumerate() {
            let spot = spot.item("head", index);
            let key = cell.key().iter().map(|field| &field.name);
            spot.unique_name(&field.name, key.chain(head.iter().take(index).map(|before| &before.name)))?;
            let fixed = self.size(spot, &field.ty)?.fixed();
            spot.require(fixed.is_some(), |at| ManifestError::NotFixedSize { at })?;
            let summable = field.ty.is_unsigned() && matches!(cell.kind, CellKind::Map(_));
            spot.conflict_unless(!field.sum || summable)?;
            spot.conflict_unless(!(field.clear_on_move && field.write_once))?;
            let misplaced = field.clear_on_move && matches!(cell.kind, CellKind::Value(_));
            spot.conflict_unless(!misplaced)?;
        }
        let head_size = self.manifest.head_size(cell).unwrap_or(u64::MAX);
        spot.part("head").limit(Quantity::HeadSize, head_size, u64::from(HEAD_SIZE_MAX))?;
        let entry_size = head_size.saturating_add(u64::from(cell.tail_max_bytes()));
        spot.part("tail_max_bytes").limit(Quantity::EntrySize, entry_size, u64::from(VALUE_SIZE_MAX))?;
        let Some(tail) = cell.tail() else { return Ok(()) };
        let tail_size = self.size(spot.part("tail"), &tail)?.max_bytes;
        spot.part("tail").limit(Quantity::TailSize, tail_size, u64::from(cell.tail_max_bytes()))
    }

    fn asset(&self, spot: Spot<'_>, cell: &Cell, asset: &Asset) -> Result<(), ManifestError> {
        if let Some(id) = asset.on_move {
            let event = self.manifest.event(id);
            let event = event.ok_or_else(|| unknown(spot.part("on_move"), Section::Events, id))?;
            let unit = [Type::U128];
            let amount_or_id = cell.key().iter().map(|field| field.ty);
            let amount_or_id = amount_or_id.filter(|_| !cell.is_fungible_asset());
            let amount = unit.iter().copied().filter(|_| cell.is_fungible_asset());
            let expected = [Type::Account, Type::Account].into_iter().chain(amount_or_id).chain(amount);
            let fits = expected.eq(event.fields.iter().map(|field| field.ty));
            spot.part("on_move").require(fits, |at| ManifestError::MoveEvent { at, event: id })?;
        }
        let scope = Scope { item: Some(cell), ..Scope::OWN_STATE };
        for (part, guard) in [("escrow_when", &asset.escrow_when), ("release_when", &asset.release_when)] {
            if let Some(guard) = guard {
                self.expression(spot.part(part), scope, guard, ExpressionType::Bool)?;
            }
        }
        Ok(())
    }

    fn escrow_cell(&self, spot: Spot<'_>, escrow: &EscrowCell) -> Result<(), ManifestError> {
        let item = escrow.item.map(|item| self.map_cell(spot.part("item"), item)).transpose()?;
        // Which contract's asset it is may stand in the item: known when it is paid in.
        self.asset_ref(spot.part("asset"), Scope { item, ..Scope::OWN_STATE }, &escrow.asset)?;
        let unique = match &escrow.asset {
            AssetRef::Native => Some(false),
            AssetRef::Own(id) => self.manifest.cell(*id).map(|cell| !cell.is_fungible_asset()),
            AssetRef::Foreign { .. } => None,
        };
        spot.part("unique").conflict_unless(unique.is_none_or(|unique| unique == escrow.unique))
    }

    /// Checks that an asset exists, and that its contract is an account known in `scope`.
    pub(super) fn asset_ref(
        &self,
        spot: Spot<'_>,
        scope: Scope<'_>,
        asset: &AssetRef,
    ) -> Result<(), ManifestError> {
        match asset {
            AssetRef::Native => Ok(()),
            AssetRef::Own(id) => {
                let cell = self.manifest.cell(*id).ok_or_else(|| unknown(spot, Section::Cells, *id))?;
                spot.require(cell.asset().is_some(), |at| ManifestError::CellKind { at, cell: *id })
            }
            AssetRef::Foreign { contract: KeyTerm::Any, .. } => Ok(()),
            AssetRef::Foreign { contract, .. } => self.term(spot, scope, contract, &Type::Account),
        }
    }

    /// The cell `id`, which must be a map.
    pub(super) fn map_cell(&self, spot: Spot<'_>, id: u16) -> Result<&Cell, ManifestError> {
        let cell = self.manifest.cell(id).ok_or_else(|| unknown(spot, Section::Cells, id))?;
        let map = matches!(cell.kind, CellKind::Map(_));
        spot.require(map, |at| ManifestError::CellKind { at, cell: id })?;
        Ok(cell)
    }

    pub(super) fn machines(&self) -> Result<(), ManifestError> {
        let machines = &self.manifest.machines;
        for (index, machine) in machines.iter().enumerate() {
            let spot = Spot::new(Section::Machines, index, &machine.name);
            spot.unique_name(&machine.name, machines.iter().take(index).map(|before| &before.name))?;
            spot.unique_id(machine.id, machines.iter().take(index).map(|before| before.id))?;
            spot.doc(&machine.doc)?;
            if let Some(cell) = machine.cell {
                self.map_cell(spot.part("cell"), cell)?;
                let twice = machines.iter().take(index).any(|before| before.cell == Some(cell));
                spot.part("cell").require(!twice, |at| ManifestError::DuplicateId { at, id: cell })?;
            }
            check_states(spot, machine)?;
        }
        Ok(())
    }

    pub(super) fn roles(&self) -> Result<(), ManifestError> {
        let roles = &self.manifest.roles;
        for (index, role) in roles.iter().enumerate() {
            let spot = Spot::new(Section::Roles, index, &role.name);
            spot.unique_name(&role.name, roles.iter().take(index).map(|before| &before.name))?;
            spot.unique_id(role.id, roles.iter().take(index).map(|before| before.id))?;
            spot.doc(&role.doc)?;
            self.role_kind(spot, &role.kind)?;
        }
        Ok(())
    }

    fn role_kind(&self, spot: Spot<'_>, kind: &RoleKind) -> Result<(), ManifestError> {
        let param = |index: u8| {
            let found = self.manifest.params.get(usize::from(index)).map(|param| param.ty);
            found.ok_or_else(|| unknown(spot.part("initial"), Section::Params, u16::from(index)))
        };
        match kind {
            RoleKind::Account { initial: RoleInitial::Signer, .. } => Ok(()),
            RoleKind::Account { initial: RoleInitial::Param(index), .. } => {
                let found = param(*index)?;
                let optional = self.manifest.definition(&found).map(|definition| &definition.kind);
                let fits =
                    found == Type::Account || optional == Some(&TypeKind::Option { of: Type::Account });
                spot.part("initial").require(fits, |at| ManifestError::TypeMismatch {
                    at,
                    expected: Type::Account,
                    found,
                })
            }
            RoleKind::Set { initial, members_max, threshold, approval_blocks, admin } => {
                let found = param(*initial)?;
                let list = self.manifest.definition(&found).map(|definition| &definition.kind);
                let fits = match list {
                    Some(TypeKind::List { of: Type::Account, max }) => *max <= u32::from(*members_max),
                    _ => false,
                };
                spot.part("initial").require(fits, |at| ManifestError::TypeNotAllowed { at, found })?;
                let members = u64::from(*members_max);
                spot.part("members_max").limit(Quantity::Members, members, u64::from(MEMBERS_MAX))?;
                spot.part("threshold").not_empty(usize::from(*threshold))?;
                spot.part("threshold").limit(Quantity::Threshold, u64::from(*threshold), members)?;
                spot.part("approval_blocks").not_empty(usize::from(*approval_blocks > 0))?;
                admin.map_or(Ok(()), |admin| self.standing_role(spot.part("admin"), admin))
            }
            RoleKind::Item { cell: id, field } => {
                let cell = self.map_cell(spot.part("cell"), *id)?;
                match field {
                    ItemField::Owner => spot
                        .part("field")
                        .require(cell.asset().is_some(), |at| ManifestError::CellKind { at, cell: *id }),
                    ItemField::Head(index) => {
                        let field = cell.head().get(usize::from(*index));
                        let out =
                            |at| ManifestError::Unknown { at, to: Section::Cells, id: u16::from(*index) };
                        let found = field.ok_or_else(|| out(spot.part("field").place()))?.ty;
                        spot.part("field").require(found == Type::Account, |at| ManifestError::TypeMismatch {
                            at,
                            expected: Type::Account,
                            found,
                        })
                    }
                }
            }
        }
    }

    /// Checks that role `id` exists and does not depend on an item.
    pub(super) fn standing_role(&self, spot: Spot<'_>, id: u16) -> Result<(), ManifestError> {
        let role = self.manifest.role(id).ok_or_else(|| unknown(spot, Section::Roles, id))?;
        spot.conflict_unless(!matches!(role.kind, RoleKind::Item { .. }))
    }
}

fn check_states(spot: Spot<'_>, machine: &Machine) -> Result<(), ManifestError> {
    let states = &machine.states;
    spot.part("states").not_empty(states.len())?;
    for (index, state) in states.iter().enumerate() {
        let spot = spot.item("states", index);
        spot.unique_name(&state.name, states.iter().take(index).map(|before| &before.name))?;
        spot.unique_id(u16::from(state.id), states.iter().take(index).map(|before| u16::from(before.id)))?;
    }
    let declared = |id: u8| states.iter().any(|state| state.id == id);
    spot.part("initial").known(declared(machine.initial), Section::Machines, u16::from(machine.initial))?;
    for (index, id) in machine.terminal.iter().enumerate() {
        let spot = spot.item("terminal", index);
        spot.known(declared(*id), Section::Machines, u16::from(*id))?;
        spot.unique_id(u16::from(*id), machine.terminal.iter().take(index).map(|before| u16::from(*before)))?;
    }
    Ok(())
}

fn max_entries(spot: Spot<'_>, max_entries: Option<u64>, count: bool) -> Result<(), ManifestError> {
    let spot = spot.part("max_entries");
    spot.conflict_unless(max_entries.is_none() || count)?;
    spot.not_empty(usize::from(max_entries != Some(0)))
}

pub(super) fn unknown(spot: Spot<'_>, to: Section, id: u16) -> ManifestError {
    ManifestError::Unknown { at: spot.place(), to, id }
}

pub(super) fn arity(spot: Spot<'_>, expected: usize, found: usize) -> ManifestError {
    ManifestError::Arity { at: spot.place(), expected: super::short(expected), found: super::short(found) }
}
