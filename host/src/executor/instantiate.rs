//! Creating contracts.

use std::sync::Arc;

use chainstack_engine::STACK_UNITS_MAX;
use chainstack_primitives::{AccountId, Amount, Gas, Hash, codes};
use chainstack_runtime::{
    block::BlockInfo,
    ports::{Completed, ExecutionError, Failure, Message},
    state::{Overlay, reserved},
    transaction::Meter,
};
use parity_scale_codec::Encode;

use super::{Executor, check_args_size, load::code_record};
use crate::{
    budget::{GasLeft, entry_deposit},
    machine::{
        Contract, Frame, Place, Set, Spans, check_invariants, check_paid_params, open_aggregates,
        open_states, set_initial_roles,
    },
    run::{Run, value_refused},
};

/// Creates the contract and runs its constructor. On a failure state is as before.
pub(super) fn instantiate(
    executor: &Executor,
    state: &mut Overlay<'_>,
    meter: &mut Meter<'_>,
    block: &BlockInfo,
    address: AccountId,
    code: Hash,
    message: Message<'_>,
) -> Result<Completed, ExecutionError> {
    let before = meter.gas_left().0;
    let mut gas = GasLeft(before);
    let checkpoint = state.checkpoint();
    let created = create(executor, state, meter, block, &mut gas, (address, code), message);
    if created.is_err() {
        state.rollback(checkpoint);
    }
    // What is left is at most what there was, so that the meter covers the difference.
    meter.charge(Gas(before.saturating_sub(gas.0)))?;
    created.map(|()| Completed { output: address.0.to_vec() })
}

fn create(
    executor: &Executor,
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    block: &BlockInfo,
    gas: &mut GasLeft,
    (address, code): (AccountId, Hash),
    message: Message<'_>,
) -> Result<(), ExecutionError> {
    let prices = &meter.schedule().host;
    gas.charge(prices.frame.saturating_add(prices.read))?;
    check_args_size(message.args)?;
    if code_record(state, &code)?.is_none() {
        return Err(Failure::new(codes::CODE_NOT_FOUND, format!("no code {code} was uploaded")).into());
    }
    let contract = executor.contract(state, meter.schedule(), &code, gas)?;
    gas.charge(prices.memory_page.saturating_mul(u64::from(contract.pages)))?;
    let spans = check_params(&contract, message.args)?;

    let mut account = state.account_or_new(&address)?;
    if account.is_contract() {
        return Err(Failure::new(codes::CONTRACT_EXISTS, format!("a contract stands at {address}")).into());
    }
    charge_entries(meter, gas, &contract, message.args)?;
    account.code_hash = code;
    state.set_account(&address, account)?;
    let record = reserved::ContractRecord {
        code,
        manifest: contract.manifest_hash,
        creator: message.origin,
        version: 1,
    };
    write(state, meter, &address, reserved::CONTRACT, record.encode())?;
    if !message.args.is_empty() {
        write(state, meter, &address, reserved::PARAMS, message.args.to_vec())?;
    }
    let all = |_: u16| true;
    open_aggregates(state, meter, &contract, &address, all)?;
    open_states(state, meter, &contract, &address, all)?;
    set_initial_roles(state, meter, &contract, &address, &message.origin, (message.args, &spans), all)?;

    let Some(position) = contract.constructor() else {
        if !message.value.is_zero() {
            let what = "instantiation without a constructor";
            return Err(value_refused(what, Amount::ZERO, message.value).into());
        }
        gas.charge(contract.invariants.gas(meter.schedule()))?;
        let at = Place {
            contract: &contract,
            address: &address,
            block,
            origin: &message.origin,
            caller: &message.origin,
            value: Amount::ZERO,
            args: (&[], &[], &Spans::EMPTY),
            params: Some((message.args, &spans)),
            item: None,
            approvals: None,
        };
        return check_invariants(state, at);
    };
    let method = contract.method(position)?;
    if message.value > method.value_max {
        return Err(value_refused(&method.name, method.value_max, message.value).into());
    }
    let accounts = (address, message.origin);
    let input = message.args.to_vec();
    let mut frame = Frame::new(Arc::clone(&contract), position, accounts, message.value, input, Spans::EMPTY);
    frame.params = Some((message.args.to_vec(), spans));
    frame.signed = true;
    // A contract that begins is checked as a whole, whether its constructor changes something or not.
    frame.used.changed = true;
    let mut run = Run::new(executor, state, meter, block);
    run.hold(&contract);
    run.check_entry(gas, &mut frame)?;
    run.run_frame(gas, frame, u64::MAX, STACK_UNITS_MAX)?;
    Ok(())
}

/// Types and ranges of the parameters, before anything is written.
fn check_params(contract: &Contract, params: &[u8]) -> Result<Spans, Failure> {
    let manifest = &contract.manifest;
    let bad = |(index, error): (usize, chainstack_primitives::manifest::ValueError)| {
        let name = manifest.params.get(index).map_or("(end)", |param| param.name.as_str());
        Failure::new(codes::BAD_ARGUMENTS, format!("parameter `{name}`: {error}"))
    };
    manifest.validate_params(params).map_err(bad)?;
    let spans =
        Spans::validate(manifest, manifest.params.iter().map(|param| &param.ty), params).map_err(bad)?;
    check_paid_params(contract, params, &spans)?;
    Ok(spans)
}

/// Every entry of a new contract: its record, parameters, sums, counts, machines and roles.
fn charge_entries(
    meter: &Meter<'_>,
    gas: &mut GasLeft,
    contract: &Contract,
    params: &[u8],
) -> Result<(), Failure> {
    let prices = &meter.schedule().host;
    let per_cell = contract.cells.iter().map(|cell| {
        let sums = cell.head.iter().filter(|field| field.sum).count();
        sums.saturating_add(usize::from(cell.sum)).saturating_add(usize::from(cell.count))
    });
    let machines = contract.manifest.machines.iter().filter(|machine| machine.cell.is_none()).count();
    let others = contract.manifest.roles.len().saturating_add(machines).saturating_add(2);
    let entries = per_cell.fold(others, usize::saturating_add);
    let entries = u64::try_from(entries).unwrap_or(u64::MAX);
    let members = contract.manifest.roles.iter().filter_map(Set::of);
    let members = members.fold(0_u64, |bytes, set| bytes.saturating_add(set.bytes_max().into()));
    let bytes = u64::try_from(params.len()).unwrap_or(u64::MAX).saturating_add(members);
    let per_entry = prices.read.saturating_add(prices.write).saturating_add(prices.new);
    gas.charge(per_entry.saturating_mul(entries).saturating_add(prices.write_byte.saturating_mul(bytes)))
}

fn write(
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    address: &AccountId,
    cell: u16,
    value: Vec<u8>,
) -> Result<(), ExecutionError> {
    let deposit = entry_deposit(meter.schedule(), u32::try_from(value.len()).unwrap_or(u32::MAX))?;
    state.write_entry(meter, (address, cell, &[]), value, deposit)
}
