//! Taking exits.

use std::{collections::BTreeMap, sync::Arc};

use chainstack_primitives::{AccountId, Amount, Gas, Hash, codes, manifest::Exit};
use chainstack_runtime::{
    block::BlockInfo,
    ports::{Completed, ExecutionError, Failure},
    state::Overlay,
    transaction::Meter,
};

use super::Executor;
use crate::{
    budget::GasLeft,
    machine::{CellPlan, Contract, Item, Place, Spans, Ways, read_params, run_exit},
};

/// Takes an exit for the meter's origin. On a failure state is as before.
pub(super) fn poke(
    executor: &Executor,
    state: &mut Overlay<'_>,
    meter: &mut Meter<'_>,
    block: &BlockInfo,
    address: AccountId,
    exit: u16,
    item: &[u8],
) -> Result<Completed, ExecutionError> {
    let before = meter.gas_left().0;
    let mut gas = GasLeft(before);
    let checkpoint = state.checkpoint();
    let taken = take(executor, state, meter, block, &mut gas, &address, (exit, item));
    if taken.is_err() {
        state.rollback(checkpoint);
    }
    // What is left is at most what there was, so that the meter covers the difference.
    meter.charge(Gas(before.saturating_sub(gas.0)))?;
    taken.map(|()| Completed { output: Vec::new() })
}

fn take(
    executor: &Executor,
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    block: &BlockInfo,
    gas: &mut GasLeft,
    address: &AccountId,
    (exit, key): (u16, &[u8]),
) -> Result<(), ExecutionError> {
    let prices = &meter.schedule().host;
    gas.charge(prices.frame)?;
    let code =
        state.account(address)?.filter(|account| account.is_contract()).map(|account| account.code_hash);
    let missing = || Failure::new(codes::CONTRACT_NOT_FOUND, format!("no contract stands at {address}"));
    let contract = executor.contract(state, meter.schedule(), &code.ok_or_else(missing)?, gas)?;
    let Some(exit) = contract.manifest.exit(exit) else {
        return Err(Failure::new(codes::UNKNOWN_EXIT, format!("no exit has id {exit}")).into());
    };
    take_of(executor, state, meter, block, gas, &contract, address, exit, key).map_err(|error| match error {
        ExecutionError::Failed(mut failure) => {
            let name = contract.manifest.name.as_str();
            failure.diagnostics.text =
                format!("exit `{}` of {name} at {address}: {}", exit.name, failure.diagnostics.text);
            failure.into()
        }
        fault => fault,
    })
}

#[expect(clippy::too_many_arguments, reason = "one call, split for its errors")]
fn take_of(
    executor: &Executor,
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    block: &BlockInfo,
    gas: &mut GasLeft,
    contract: &Contract,
    address: &AccountId,
    exit: &Exit,
    key: &[u8],
) -> Result<(), ExecutionError> {
    gas.charge(meter.schedule().host.read.saturating_mul(2))?; // parameters, and the item
    let (bytes, spans) = read_params(state, &contract.manifest, address)?;
    let item = bound_item(state, contract, address, exit, key)?;
    let origin = meter.origin();
    let at = Place {
        contract,
        address,
        block,
        origin: &origin,
        caller: &origin,
        value: Amount::ZERO,
        args: (&[], &[], &Spans::EMPTY),
        params: Some((&bytes, &spans)),
        item: item.as_ref().map(|(cell, item)| (*cell, item)),
        approvals: None,
    };
    // Code is paid for the first time that this call needs it.
    let mut loaded: BTreeMap<Hash, Arc<Contract>> = BTreeMap::new();
    let mut find = |state: &mut Overlay<'_>, gas: &mut GasLeft, address: &AccountId| {
        let account = state.account(address)?.filter(|account| account.is_contract());
        let Some(code) = account.map(|account| account.code_hash) else { return Ok(None) };
        if let Some(contract) = loaded.get(&code) {
            return Ok(Some(Arc::clone(contract)));
        }
        let contract = executor.contract(state, meter.schedule(), &code, gas)?;
        loaded.insert(code, Arc::clone(&contract));
        Ok(Some(contract))
    };
    run_exit(state, &mut Ways { meter, gas, find: &mut find }, at, exit)
}

/// The item that the exit concerns, which must be there; none if it concerns the contract.
fn bound_item<'c>(
    state: &mut Overlay<'_>,
    contract: &'c Contract,
    address: &AccountId,
    exit: &Exit,
    key: &[u8],
) -> Result<Option<(&'c CellPlan, Item)>, ExecutionError> {
    let Some(cell) = exit.item else {
        if key.is_empty() {
            return Ok(None);
        }
        let text = format!("it concerns the contract, an item of {} bytes found", key.len());
        return Err(Failure::new(codes::BAD_KEY, text).into());
    };
    let (_, plan) = contract.any_cell(u32::from(cell))?;
    let declared = contract.declared(plan)?;
    contract.manifest.validate_tuple(declared.key(), key).map_err(|error| {
        Failure::new(codes::BAD_KEY, format!("key of cell {}: {error}", contract.cell_name(plan)))
    })?;
    let value = state.entry(address, plan.id, key)?.map(|entry| entry.value.clone());
    let item = Item::new(contract, plan, key.to_vec(), value.as_deref());
    match item.filter(|item| item.head.is_some()) {
        Some(item) => Ok(Some((plan, item))),
        None => {
            let text = format!("cell {} has no such item", contract.cell_name(plan));
            Err(Failure::new(codes::ITEM_NOT_FOUND, text).into())
        }
    }
}
