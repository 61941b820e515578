//! What must hold of all of state, worked out from raw entries alone.

use std::collections::BTreeMap;

use chainstack_primitives::{
    AccountId,
    manifest::{CellKind, escrow_holder},
};
use chainstack_runtime::{modules::balances::invariants, state::reserved};
use parity_scale_codec::DecodeAll as _;

use super::{
    entry::check_entry,
    facts::Facts,
    kept::{Kept, is_account},
    model::Contract,
    world::World,
};

/// Checks all of state, and that `kept`, which followed every change, says the same as the entries do.
///
/// # Errors
/// The first thing that does not hold, in words.
pub fn check_all(world: &World, kept: &Kept) -> Result<(), String> {
    let anew = Kept::of(&world.store, &world.contracts)?;
    if anew != *kept {
        return Err("sums that followed every change are not those of all entries".to_owned());
    }
    for (key, entry) in &world.store.entries {
        match world.contract(&key.contract) {
            Some(contract) => check_entry(&world.store, contract, key, &entry.value)?,
            None if reserved::is_system(&key.contract) => {}
            None => return Err(format!("{} is no contract and has entries", key.contract)),
        }
    }
    let mut records = BTreeMap::new();
    for contract in &world.contracts {
        anew.agrees(&world.store, contract)?;
        check_present(world, contract)?;
        check_escrows(world, contract, &mut records)?;
        check_invariants(world, contract)?;
    }
    for contract in &world.contracts {
        check_holders(world, contract, &records)?;
    }
    invariants::check(&world.store.accounts, &world.store.entries).map_err(|error| error.to_string())
}

/// Every machine of the contract is in some state.
fn check_present(world: &World, contract: &Contract) -> Result<(), String> {
    for machine in contract.manifest.machines.iter().filter(|machine| machine.cell.is_none()) {
        let key = machine.id.to_le_bytes();
        if world.store.value(&contract.address, reserved::STATES, &key).is_none() {
            return Err(format!("machine `{}` of `{}` is in no state", machine.name, contract.name));
        }
    }
    Ok(())
}

/// Which contract and cell keeps what a holder has.
type Records = BTreeMap<Vec<u8>, (AccountId, u16)>;

/// Every escrow is of an item that is there, or of the contract.
fn check_escrows(world: &World, contract: &Contract, records: &mut Records) -> Result<(), String> {
    let mut holders = BTreeMap::new();
    for cell in &contract.manifest.cells {
        let CellKind::Escrow(escrow) = &cell.kind else { continue };
        let mut note =
            |item: &[u8]| holders.insert(escrow_holder(&contract.address, cell.id, item).to_vec(), cell.id);
        match escrow.item {
            None => _ = note(&[]),
            Some(map) => {
                world.store.cell(&contract.address, map).for_each(|(key, _)| _ = note(&key.key));
            }
        }
    }
    let known = |holder: &[u8]| {
        let known = holders.contains_key(holder);
        known
            .then_some(())
            .ok_or_else(|| format!("`{}` has an escrow of no item: {holder:02x?}", contract.name))
    };
    for (key, _) in world.store.cell(&contract.address, reserved::NATIVE_ESCROWS) {
        known(&key.key)?;
    }
    for (key, entry) in world.store.cell(&contract.address, reserved::ASSET_ESCROWS) {
        known(&key.key)?;
        let record = chainstack_runtime::state::escrow::AssetEscrow::decode_all(&mut &*entry.value);
        let record = record.map_err(|error| error.to_string())?;
        records.insert(key.key.to_vec(), (record.asset, record.cell));
    }
    Ok(())
}

/// Whatever an escrow holds in an asset's contract, some record says so.
fn check_holders(world: &World, contract: &Contract, records: &Records) -> Result<(), String> {
    for layout in &contract.cells {
        let here = Some(&(contract.address, layout.id));
        for (key, entry) in world.store.cell(&contract.address, layout.id) {
            let holder: &[u8] = match (layout.ledger, layout.holder(&entry.value)) {
                (Some(true), _) => &key.key,
                (_, Some(holder)) => holder,
                _ => continue,
            };
            if !is_account(holder) && records.get(holder) != here {
                return Err(format!("`{}` keeps something for an escrow of nobody: {key:?}", contract.name));
            }
        }
    }
    Ok(())
}

/// The invariants that a contract declares.
fn check_invariants(world: &World, contract: &Contract) -> Result<(), String> {
    let mut facts = Facts::of(&world.store, &world.block, contract);
    for invariant in &contract.manifest.invariants {
        if !facts.holds(&invariant.rule)? {
            return Err(format!("invariant `{}` of `{}` does not hold", invariant.name, contract.name));
        }
    }
    Ok(())
}
