//! Whether a single entry is one that its contract declares: cell, key, size, state, fields.

use chainstack_primitives::manifest::{CellKind, HOLDER_SIZE, Machine, RoleKind};
use chainstack_runtime::state::{
    EntryKey,
    escrow::{AssetEscrow, Held},
    reserved,
};
use parity_scale_codec::DecodeAll as _;

use super::{
    kept::is_account,
    model::{Contract, Layout, account_of, number},
    world::Store,
};

/// Checks an entry that is there.
///
/// # Errors
/// What is not as declared.
pub fn check_entry(store: &Store, contract: &Contract, key: &EntryKey, value: &[u8]) -> Result<(), String> {
    let checked = match contract.layout(key.cell) {
        Some(layout) => declared(contract, layout, &key.key, value),
        None => host_owned(store, contract, key, value),
    };
    checked.map_err(|why| {
        format!("entry {:02x?} in cell {:04x} of `{}`: {why}", key.key, key.cell, contract.name)
    })
}

fn declared(contract: &Contract, layout: &Layout, key: &[u8], value: &[u8]) -> Result<(), String> {
    let (cell, manifest) = (contract.declared(layout), &contract.manifest);
    let in_escrow = layout.ledger == Some(true) && key.len() == HOLDER_SIZE as usize && !is_account(key);
    if !in_escrow && manifest.key_fields(cell, key).is_none() {
        return Err("the key is none of its cell".to_owned());
    }
    if !(layout.least..=layout.most).contains(&value.len()) {
        let (found, least, most) = (value.len(), layout.least, layout.most);
        return Err(format!("a value of {found} bytes, {least} to {most} declared"));
    }
    if layout.ledger.is_some() {
        return if number(value) == 0 { Err("a balance of zero".to_owned()) } else { Ok(()) };
    }
    if let Some(machine) = layout.machine {
        in_declared_state(&manifest.machines[machine], value.first().copied())?;
    }
    if let Some(holder) = layout.holder(value)
        && account_of(holder).is_none()
        && holder.first() != Some(&chainstack_primitives::manifest::HOLDER_ESCROW)
    {
        return Err("the holder is neither account nor escrow".to_owned());
    }
    for (index, field) in cell.head().iter().enumerate() {
        let bytes = layout.field(value, index).unwrap_or_default();
        manifest.validate_whole(&field.ty, bytes).map_err(|error| format!("`{}`: {error}", field.name))?;
    }
    Ok(())
}

fn in_declared_state(machine: &Machine, state: Option<u8>) -> Result<(), String> {
    if state.is_some_and(|state| machine.states.iter().any(|declared| declared.id == state)) {
        return Ok(());
    }
    Err(format!("machine `{}` is in the undeclared state {state:?}", machine.name))
}

fn host_owned(store: &Store, contract: &Contract, key: &EntryKey, value: &[u8]) -> Result<(), String> {
    let manifest = &contract.manifest;
    let id = || key.key.first_chunk::<2>().map(|bytes| u16::from_le_bytes(*bytes));
    let sized = |key_size: usize, value_size: usize| {
        if (key.key.len(), value.len()) == (key_size, value_size) {
            return Ok(());
        }
        let (key, value) = (key.key.len(), value.len());
        Err(format!("key and value of {key_size} and {value_size} bytes expected, {key} and {value} found"))
    };
    let unknown = |what: &str| Err(format!("no such {what} is declared"));
    match key.cell {
        reserved::CONTRACT => Ok(()),
        reserved::PARAMS if key.key.is_empty() && value == contract.params => Ok(()),
        reserved::PARAMS => Err("the parameters are not those of instantiation".to_owned()),
        reserved::ROLES | reserved::ROLE_OFFERS => {
            let role = id().and_then(|id| manifest.role(id));
            match role.map(|role| &role.kind) {
                Some(RoleKind::Account { .. }) => sized(2, 32),
                Some(RoleKind::Set { .. }) => Ok(()),
                _ => unknown("role"),
            }
        }
        reserved::STATES => {
            sized(2, 1)?;
            let machine = id().and_then(|id| manifest.machine(id)).filter(|machine| machine.cell.is_none());
            machine.map_or_else(|| unknown("machine"), |it| in_declared_state(it, value.first().copied()))
        }
        reserved::SUMS => {
            let length = key.key.len();
            let cell = id().and_then(|id| contract.layout(id)).map(|layout| contract.declared(layout));
            let summed = cell.is_some_and(|cell| match &cell.kind {
                CellKind::Ledger(ledger) => ledger.sum && length == 2,
                _ => key.key.get(2).is_some_and(|field| {
                    length == 3 && cell.head().get(usize::from(*field)).is_some_and(|field| field.sum)
                }),
            });
            if summed { sized(length, 16) } else { unknown("sum") }
        }
        reserved::COUNTS => {
            let cell = id().and_then(|id| contract.layout(id)).map(|layout| contract.declared(layout));
            if cell.is_some_and(chainstack_primitives::manifest::Cell::counts) {
                sized(2, 8)
            } else {
                unknown("count")
            }
        }
        reserved::OWNER_COUNTS => {
            let unique = id().and_then(|id| contract.layout(id)).is_some_and(|it| it.owner.is_some());
            if !unique {
                return unknown("map of unique assets");
            }
            if number(value) == 0 { Err("an owner of nothing".to_owned()) } else { sized(34, 8) }
        }
        reserved::NATIVE_ESCROWS => {
            if number(value) == 0 {
                Err("an escrow of nothing".to_owned())
            } else {
                sized(33, 16)
            }
        }
        reserved::ASSET_ESCROWS => {
            sized(33, value.len())?;
            let record = AssetEscrow::decode_all(&mut &*value).map_err(|error| error.to_string())?;
            holds(store, &key.key, &record)
        }
        _ => unknown("cell"),
    }
}

/// Whether the asset's contract says that this holder has what the record says.
fn holds(store: &Store, holder: &[u8], record: &AssetEscrow) -> Result<(), String> {
    let AssetEscrow { asset, cell, held } = record;
    match held {
        Held::Amount(amount) => {
            let found = store.value(asset, *cell, holder).map_or(0, number);
            if found == amount.0 && found != 0 {
                return Ok(());
            }
            Err(format!("the record says {amount}, the asset's ledger has {found}"))
        }
        Held::Unique(key) => {
            // Contracts of a world keep owners behind a state byte, or at the start.
            let value = store.value(asset, *cell, key).unwrap_or_default();
            if value.windows(holder.len()).take(2).any(|window| window == holder) {
                return Ok(());
            }
            Err(format!("the record says asset {key:02x?}, which somebody else holds"))
        }
    }
}
