//! `chain_*` and `node_*`.

use chainstack_primitives::Height;
use jsonrpsee::{
    RpcModule,
    core::RegisterMethodError,
    types::{ErrorObjectOwned, Params},
};
use parity_scale_codec::Encode as _;
use serde_json::{Value, json};

use super::{
    RpcContext,
    error::{bad_params, not_found, of_stopped},
    json as form, of_storage,
    params::{Reader, parse_hash},
};

pub(super) fn register(module: &mut RpcModule<RpcContext>) -> Result<(), RegisterMethodError> {
    module.register_blocking_method("chain_status", |params, context, _| status(&params, &context))?;
    module.register_blocking_method("chain_block", |params, context, _| block(&params, &context))?;
    module.register_blocking_method("chain_header", |params, context, _| header(&params, &context))?;
    module.register_blocking_method("chain_params", |params, context, _| schedule(&params, &context))?;
    module.register_blocking_method("chain_spec", |params, context, _| spec(&params, &context))?;
    module.register_blocking_method("node_health", |params, context, _| health(&params, &context))?;
    module.register_blocking_method("node_peers", |params, _, _| {
        Reader::new(&params, 0)?;
        Ok::<_, ErrorObjectOwned>(json!([]))
    })?;
    Ok(())
}

fn status(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    Reader::new(params, 0)?;
    let pulse = context.service.pulse().map_err(|stopped| of_stopped(&stopped))?;
    let head = context.store.head();
    Ok(json!({
        "chain": context.chain.to_string(),
        "name": context.genesis.name.as_str(),
        "engine": context.engine,
        "version": env!("CARGO_PKG_VERSION"),
        "height": head.height().0,
        // Under `solo` a block is final when it is committed.
        "finalized": head.height().0,
        "head": head.hash.to_string(),
        "state_root": head.state_root().to_string(),
        "time_ms": head.header.core.time_ms.0,
        "base_fee": pulse.base_fee.to_string(),
        "peers": 0,
        "mempool": pulse.waiting,
    }))
}

/// A height, a hash, or `"latest"`.
fn which(reader: &mut Reader, context: &RpcContext) -> Result<Height, ErrorObjectOwned> {
    let wrong = || bad_params("a height, a hash or \"latest\" expected");
    match reader.optional() {
        None => Ok(context.store.head().height()),
        Some(Value::String(text)) if text == "latest" => Ok(context.store.head().height()),
        Some(Value::String(text)) => context.height_of(&parse_hash(&text).ok_or_else(wrong)?),
        Some(value) => value.as_u64().map(Height).ok_or_else(wrong),
    }
}

fn block(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let mut reader = Reader::new(params, 1)?;
    let height = which(&mut reader, context)?;
    let block = context.store.block(height).map_err(|fault| of_storage(&fault))?;
    block.map(|block| form::block(&block)).ok_or_else(|| not_found(format!("there is no block {height}")))
}

fn header(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let mut reader = Reader::new(params, 1)?;
    let height = which(&mut reader, context)?;
    Ok(form::header(&context.header(height)?))
}

fn schedule(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    Reader::new(params, 0)?;
    let schedule = &context.schedule;
    let (block, intrinsic, storage) = (&schedule.block, &schedule.intrinsic, &schedule.storage);
    Ok(json!({
        "version": schedule.version,
        "block": {
            "gas_limit": block.gas_limit.0,
            "base_fee_initial": block.base_fee_initial.to_string(),
            "base_fee_min": block.base_fee_min.to_string(),
            "reward": block.reward.to_string(),
        },
        "intrinsic": {
            "transaction": intrinsic.transaction,
            "per_byte": intrinsic.per_byte,
            "signature": intrinsic.signature,
            "account_new": intrinsic.account_new,
            "transfer": intrinsic.transfer,
            "upload": intrinsic.upload,
            "upload_per_byte": intrinsic.upload_per_byte,
            "instantiate": intrinsic.instantiate,
            "invoke": intrinsic.invoke,
            "poke": intrinsic.poke,
        },
        "storage": {
            "deposit_per_entry": storage.deposit_per_entry.to_string(),
            "deposit_per_byte": storage.deposit_per_byte.to_string(),
            "deposit_per_code_byte": storage.deposit_per_code_byte.to_string(),
        },
    }))
}

fn spec(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    Reader::new(params, 0)?;
    let genesis = &context.genesis;
    Ok(json!({
        "name": genesis.name.as_str(),
        "chain": context.chain.to_string(),
        "time_ms": genesis.time_ms.0,
        "balances": genesis.balances.iter().map(|(id, amount)| {
            json!({"address": form::address(id), "balance": amount.to_string()})
        }).collect::<Vec<_>>(),
        "paradigms": genesis.paradigms.iter().map(|paradigm| paradigm.name.as_str()).collect::<Vec<_>>(),
        "validators": genesis.validators.iter().map(|validator| {
            json!({"address": form::address(&validator.id), "power": validator.power})
        }).collect::<Vec<_>>(),
        "genesis": form::hex(&genesis.encode()),
    }))
}

fn health(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    Reader::new(params, 0)?;
    let healthy = !context.store.is_poisoned() && context.service.is_running();
    Ok(json!({"healthy": healthy, "height": context.store.head().height().0, "syncing": false}))
}
