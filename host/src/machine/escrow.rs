//! What the host holds for an item, or for the contract: coins, or an asset of a contract.

use chainstack_primitives::{
    AccountId, Amount, codes,
    manifest::{AssetRef, CellKind, Effect, EscrowCell, EscrowUse, Manifest, escrow_holder},
};
use chainstack_runtime::{
    ports::{ExecutionError, Failure, Fault},
    state::{
        Overlay,
        escrow::{AssetEscrow, Holder},
    },
};

use super::{contract::CellPlan, contract::Contract, frame::Frame};

/// What escrow cell `cell` of a contract holds for the item under `item`; for the contract, if that is empty. 1 of a
/// unique asset.
pub(crate) fn held(
    state: &mut Overlay<'_>,
    manifest: &Manifest,
    address: &AccountId,
    cell: u16,
    item: &[u8],
) -> Result<Amount, Fault> {
    let holder = escrow_holder(address, cell, item);
    if holds_coins(manifest, cell) {
        return state.escrowed(address, &holder);
    }
    Ok(state.asset_escrow(address, &holder)?.map_or(Amount::ZERO, |record| record.held.amount()))
}

/// What an escrow holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Holdings {
    /// Nothing.
    Nothing,
    /// Coins.
    Coins(Amount),
    /// An asset of a contract.
    Asset(AssetEscrow),
}

/// What each escrow of a contract holds for one item, in declared order: id of the cell, and its holdings. For the
/// contract itself, if no item is named.
pub(crate) fn holdings(
    state: &mut Overlay<'_>,
    manifest: &Manifest,
    address: &AccountId,
    item: Option<(u16, &[u8])>,
) -> Result<Vec<(u16, Holdings)>, Fault> {
    let (map, key) = item.map_or((None, &[][..]), |(map, key)| (Some(map), key));
    let of_it = |kind: &CellKind| matches!(kind, CellKind::Escrow(escrow) if escrow.item == map);
    let one = |id: u16| {
        let holder = escrow_holder(address, id, key);
        let found = if holds_coins(manifest, id) {
            Some(state.escrowed(address, &holder)?).filter(|coins| !coins.is_zero()).map(Holdings::Coins)
        } else {
            state.asset_escrow(address, &holder)?.map(Holdings::Asset)
        };
        Ok((id, found.unwrap_or(Holdings::Nothing)))
    };
    manifest.cells.iter().filter(|cell| of_it(&cell.kind)).map(|cell| cell.id).map(one).collect()
}

/// Whether escrow cell `cell` is for the chain's coin.
pub(super) fn holds_coins(manifest: &Manifest, cell: u16) -> bool {
    let kind = manifest.cell(cell).map(|cell| &cell.kind);
    matches!(kind, Some(CellKind::Escrow(escrow)) if escrow.asset == AssetRef::Native)
}

/// How many parts of what an escrow holds one exit may pay to different accounts, at most: for each of them an entry may
/// have to be made, whose deposit is kept from the start.
pub(crate) fn payments(manifest: &Manifest, escrow: u16) -> usize {
    let parts = |effect: &&Effect| matches!(effect, Effect::Release { escrow: id, amount: Some(_), .. } if *id == escrow);
    manifest.exits.iter().map(|exit| exit.effects.iter().filter(parts).count()).max().unwrap_or(0)
}

/// Checks that nothing is in escrow for an item that is to be deleted. The caller has charged for as many reads as the
/// cell has escrows.
///
/// # Errors
/// [`codes::ESCROW_NOT_EMPTY`].
pub(crate) fn check_empty(
    state: &mut Overlay<'_>,
    contract: &Contract,
    address: &AccountId,
    cell: &CellPlan,
    item: &[u8],
) -> Result<(), ExecutionError> {
    for escrow in &cell.escrows {
        let amount = held(state, &contract.manifest, address, *escrow, item)?;
        if !amount.is_zero() {
            let name = contract.manifest.cell(*escrow).map_or("", |cell| cell.name.as_str());
            let text = format!("escrow `{name}` holds {amount} for the item");
            return Err(Failure::new(codes::ESCROW_NOT_EMPTY, text).into());
        }
    }
    Ok(())
}

/// An escrow that the running method declares with `wanted`, for an item it is bound to: its id, declaration and holder.
///
/// # Errors
/// [`codes::UNDECLARED_ESCROW`].
pub(crate) fn declared_escrow<'f>(
    frame: &'f Frame,
    cell: u32,
    item: &[u8],
    wanted: impl Fn(&EscrowUse) -> bool,
) -> Result<(u16, &'f EscrowCell, Holder), Failure> {
    let contract = &*frame.contract;
    let method = contract.method(frame.method)?;
    let undeclared = |text: String| Failure::new(codes::UNDECLARED_ESCROW, text);
    let uses = contract.transition(method).map(|transition| &*transition.escrows).unwrap_or_default();
    let Some(used) = uses.iter().find(|used| u32::from(used.cell) == cell && wanted(used)) else {
        return Err(undeclared(format!("escrow cell id {cell} is not among what `{}` uses so", method.name)));
    };
    let declared = contract.manifest.cell(used.cell);
    let Some((declared, CellKind::Escrow(escrow))) = declared.map(|cell| (cell, &cell.kind)) else {
        return Err(undeclared(format!("cell id {cell} is no escrow")));
    };
    let bound = match escrow.item {
        None => item.is_empty(),
        Some(_) => frame.items.iter().any(|bound| bound.key == item && bound.head.is_some()),
    };
    if !bound {
        let text = format!(
            "escrow `{}`: `{}` is not bound to this item, or it is not there",
            declared.name, method.name
        );
        return Err(undeclared(text));
    }
    Ok((used.cell, escrow, escrow_holder(&frame.address, used.cell, item)))
}
