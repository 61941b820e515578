//! `contract_*` and `paradigm_*`.

use std::sync::Arc;

use chainstack_client::module::manifest_section;
use chainstack_primitives::{AccountId, Hash};
use chainstack_runtime::{
    block::query,
    ports::{ExecutionError, Fault, StateReader as _},
    state::reserved::{self, ContractRecord, SetMember, UpgradeProposal},
};
use chainstack_storage::StateView;
use jsonrpsee::{
    RpcModule,
    core::RegisterMethodError,
    types::{ErrorObjectOwned, Params},
};
use parity_scale_codec::DecodeAll as _;
use serde_json::{Value, json};

use super::{
    RpcContext,
    error::{not_found, of_fault, refused},
    history::calls,
    json as form,
    limits::{PAGE_MAX, QUERY_GAS},
    of_storage,
    outlook::outlook,
    params::{Reader, parse_hash},
    tx::describe,
};

pub(super) fn register(module: &mut RpcModule<RpcContext>) -> Result<(), RegisterMethodError> {
    module.register_blocking_method("contract_info", |params, context, _| info(&params, &context))?;
    module.register_blocking_method("contract_manifest", |params, context, _| manifest(&params, &context))?;
    module.register_blocking_method("contract_code", |params, context, _| code(&params, &context))?;
    module.register_blocking_method("contract_query", |params, context, _| ask(&params, &context))?;
    module.register_blocking_method("contract_state", |params, context, _| state(&params, &context))?;
    module.register_blocking_method("contract_outlook", |params, context, _| outlook(&params, &context))?;
    module.register_blocking_method("contract_calls", |params, context, _| calls(&params, &context))?;
    module.register_blocking_method("paradigm_list", |params, context, _| paradigms(&params, &context))?;
    module.register_blocking_method("paradigm_params", |params, context, _| paradigm(&params, &context))?;
    Ok(())
}

fn record(view: &StateView, contract: &AccountId) -> Result<ContractRecord, ErrorObjectOwned> {
    let entry = view.entry(contract, reserved::CONTRACT, &[]).map_err(|it| of_fault(&it))?;
    let entry = entry.ok_or_else(|| not_found(format!("{} is no contract", form::address(contract))))?;
    ContractRecord::decode_all(&mut &*entry.value)
        .map_err(|_| of_fault(&Fault::text("a contract's record is damaged")))
}

fn info_form(view: &StateView, contract: &AccountId) -> Result<Value, ErrorObjectOwned> {
    let record = record(view, contract)?;
    let account = view.account(contract).map_err(|it| of_fault(&it))?.unwrap_or_default();
    Ok(json!({
        "address": form::address(contract),
        "code_hash": record.code.to_string(),
        "manifest_hash": record.manifest.to_string(),
        "creator": form::address(&record.creator),
        "version": record.version,
        "balance": account.balance.to_string(),
    }))
}

fn info(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let contract = Reader::new(params, 1)?.account()?;
    info_form(&context.view(None)?, &contract)
}

/// Code as it was uploaded: at most [`CODE_SIZE_MAX`](chainstack_primitives::transaction::CODE_SIZE_MAX) bytes.
fn uploaded(view: &StateView, code: &Hash) -> Result<Arc<[u8]>, ErrorObjectOwned> {
    let bytes = view.code(code).map_err(|it| of_fault(&it))?;
    bytes.ok_or_else(|| not_found(format!("there is no code {code}")))
}

/// The manifest of uploaded code, as `0x` hex.
fn manifest_of(view: &StateView, code: &Hash) -> Result<Value, ErrorObjectOwned> {
    let bytes = uploaded(view, code)?;
    let section = manifest_section(&bytes).map_err(|error| not_found(format!("code {code}: {error}")))?;
    Ok(json!({"code_hash": code.to_string(), "manifest": form::hex(section)}))
}

/// The hash of the code that a parameter names: by itself, or by a contract that runs it.
fn code_named(params: &Params<'_>, view: &StateView) -> Result<Hash, ErrorObjectOwned> {
    let text = Reader::new(params, 1)?.text("a contract or a code hash")?;
    // Both are 32 bytes when written as hex; a contract wins.
    let account = chainstack_client::parse_address(&text, chainstack_client::Ss58Prefix::DEFAULT).ok();
    if let Some(contract) = account
        && let Ok(record) = record(view, &contract)
    {
        return Ok(record.code);
    }
    parse_hash(&text).ok_or_else(|| not_found(format!("`{text}` is neither a contract nor a code hash")))
}

fn manifest(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let view = context.view(None)?;
    manifest_of(&view, &code_named(params, &view)?)
}

fn code(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let view = context.view(None)?;
    let hash = code_named(params, &view)?;
    Ok(json!({"code_hash": hash.to_string(), "code": form::hex(&uploaded(&view, &hash)?)}))
}

fn ask(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let mut reader = Reader::new(params, 4)?;
    let contract = reader.account()?;
    let method = reader.text("a method's name")?;
    let args = reader.bytes()?;
    let height = reader.height()?;
    let view = context.view(height)?;
    let block = context.next_block(&view)?;
    let gas = chainstack_primitives::Gas(QUERY_GAS);
    match query(&context.machine(&view), &block, contract, &method, &args, gas) {
        Ok((done, gas)) => Ok(json!({
            "code": 0,
            "name": "Ok",
            "output": form::hex(&done.output),
            "gas": gas.0,
            "height": view.height().0,
        })),
        Err(ExecutionError::Failed(failure)) => {
            let mut answer = json!({
                "code": failure.code,
                "name": form::code_name(failure.code),
                "revert": form::hex(&failure.revert),
                "height": view.height().0,
            });
            describe(&mut answer, Some(&failure.diagnostics));
            Ok(answer)
        }
        Err(ExecutionError::Fault(it)) => Err(of_fault(&it)),
    }
}

/// Entries of a reserved cell whose keys are 16-bit ids.
fn by_id(view: &StateView, contract: &AccountId, cell: u16) -> Result<Vec<(u16, Vec<u8>)>, ErrorObjectOwned> {
    let entries = view.entries(contract, cell, &[], PAGE_MAX).map_err(|it| of_storage(&it))?;
    let ids = entries.into_iter().filter_map(|(key, entry)| {
        let id = key.as_slice().try_into().ok().map(u16::from_le_bytes)?;
        Some((id, entry.value))
    });
    Ok(ids.collect())
}

fn number(bytes: &[u8]) -> String {
    let mut wide = [0; 16];
    for (to, from) in wide.iter_mut().zip(bytes) {
        *to = *from;
    }
    u128::from_le_bytes(wide).to_string()
}

fn state(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let contract = Reader::new(params, 1)?.account()?;
    let view = context.view(None)?;
    let info = info_form(&view, &contract)?;
    let params = view.entry(&contract, reserved::PARAMS, &[]).map_err(|it| of_fault(&it))?;
    let roles = by_id(&view, &contract, reserved::ROLES)?.into_iter().map(|(id, holder)| {
        let holder = <[u8; 32]>::try_from(holder).ok().map(|bytes| form::address(&AccountId(bytes)));
        json!({"id": id, "holder": holder})
    });
    let numbers = |cell, name: &'static str| {
        let rows = by_id(&view, &contract, cell)?;
        Ok::<Value, ErrorObjectOwned>(
            rows.iter().map(|(id, value)| json!({"cell": id, name: number(value)})).collect(),
        )
    };
    let machines = by_id(&view, &contract, reserved::STATES)?.into_iter();
    let machines = machines.map(|(id, state)| json!({"id": id, "state": state.first()}));
    let sets = by_id(&view, &contract, reserved::SETS)?.into_iter().map(|(id, members)| {
        let members = Vec::<SetMember>::decode_all(&mut &*members).unwrap_or_default();
        let members = members.iter().map(|member| form::address(&member.account));
        json!({"id": id, "members": members.collect::<Vec<_>>()})
    });
    Ok(json!({
        "info": info,
        "height": view.height().0,
        "params": params.map(|entry| form::hex(&entry.value)),
        "roles": roles.collect::<Vec<_>>(),
        "sums": numbers(reserved::SUMS, "sum")?,
        "counts": numbers(reserved::COUNTS, "count")?,
        "machines": machines.collect::<Vec<_>>(),
        "sets": sets.collect::<Vec<_>>(),
        "approvals": approvals(&view, &contract)?,
        "upgrade": proposal(&view, &contract)?,
    }))
}

/// The first approvals, in the order of calls: which call, by whom, and at which height.
fn approvals(view: &StateView, contract: &AccountId) -> Result<Value, ErrorObjectOwned> {
    let entries = view.entries(contract, reserved::APPROVALS, &[], PAGE_MAX).map_err(|it| of_storage(&it))?;
    let rows = entries.into_iter().filter_map(|(key, entry)| {
        let (call, member) = key.split_first_chunk::<32>()?;
        let member = <[u8; 32]>::try_from(member).ok().map(AccountId)?;
        let height = <[u8; 8]>::try_from(entry.value).ok().map(u64::from_le_bytes)?;
        Some(json!({
            "call": Hash(*call).to_string(), "member": form::address(&member), "height": height,
        }))
    });
    Ok(rows.collect())
}

/// The code that is proposed for a contract, if there is some.
fn proposal(view: &StateView, contract: &AccountId) -> Result<Value, ErrorObjectOwned> {
    let entry = view.entry(contract, reserved::PROPOSAL, &[]).map_err(|it| of_fault(&it))?;
    let Some(entry) = entry else { return Ok(Value::Null) };
    let proposal = UpgradeProposal::decode_all(&mut &*entry.value)
        .map_err(|_| of_fault(&Fault::text("a proposal in state is damaged")))?;
    Ok(json!({
        "code": proposal.code.to_string(),
        "proposed": proposal.proposed,
        "proposer": form::address(&proposal.proposer),
    }))
}

fn paradigms(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    Reader::new(params, 0)?;
    let view = context.view(None)?;
    let entries = view.entries(&reserved::PARADIGMS, reserved::PARADIGMS_CELL, &[], PAGE_MAX);
    let mut rows = Vec::new();
    for (name, entry) in entries.map_err(|it| of_storage(&it))? {
        let hash = <[u8; 32]>::try_from(entry.value).map(Hash).unwrap_or_default();
        let code = view.code(&hash).map_err(|it| of_fault(&it))?;
        rows.push(json!({
            "name": String::from_utf8_lossy(&name),
            "code_hash": hash.to_string(),
            "size_bytes": code.map_or(0, |code| code.len()),
        }));
    }
    Ok(Value::Array(rows))
}

fn paradigm(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let name = Reader::new(params, 1)?.text("a paradigm's name")?;
    let view = context.view(None)?;
    let entry = view.entry(&reserved::PARADIGMS, reserved::PARADIGMS_CELL, name.as_bytes());
    let hash = entry.map_err(|it| of_fault(&it))?.and_then(|entry| <[u8; 32]>::try_from(entry.value).ok());
    match hash {
        Some(hash) => manifest_of(&view, &Hash(hash)),
        None => {
            let code = chainstack_primitives::codes::PARADIGM_NOT_FOUND;
            Err(refused(code, &format!("genesis lists no paradigm `{name}`")))
        }
    }
}
