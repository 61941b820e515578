//! `dev_*`: only a development chain has them.

use std::sync::{Mutex, PoisonError};

use chainstack_client::{
    KeyPair,
    transaction::{Terms, sign},
};
use chainstack_primitives::{Amount, Call, Gas, Height};
use chainstack_runtime::transaction::VerifiedTransaction;
use chainstack_storage::RevertError;
use jsonrpsee::{
    RpcModule,
    core::RegisterMethodError,
    types::{ErrorObjectOwned, Params},
};
use serde_json::{Value, json};

use super::{
    RpcContext,
    error::{PRUNED, bad_params, fault, not_found, of_stopped, of_submit},
    params::Reader,
};
use crate::spec::FAUCET_KEY;

/// Most milliseconds that one warp moves the clock: ten years.
pub(crate) const WARP_MS_MAX: u64 = 10 * 365 * 24 * 3_600 * 1_000;
/// Gas limit of the faucet's transfer.
const FUND_GAS: u64 = 1_000_000;

/// Held from looking up the faucet's nonce until its transaction waits.
static FUNDING: Mutex<()> = Mutex::new(());

pub(super) fn register(module: &mut RpcModule<RpcContext>) -> Result<(), RegisterMethodError> {
    module.register_blocking_method("dev_seal", |params, context, _| seal(&params, &context))?;
    module.register_blocking_method("dev_warp", |params, context, _| warp(&params, &context))?;
    module.register_blocking_method("dev_snapshot", |params, context, _| snapshot(&params, &context))?;
    module.register_blocking_method("dev_revert", |params, context, _| revert(&params, &context))?;
    module.register_blocking_method("dev_fund", |params, context, _| fund(&params, &context))?;
    Ok(())
}

fn seal(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    Reader::new(params, 0)?;
    let height = context.service.seal().map_err(|stopped| of_stopped(&stopped))?;
    Ok(json!({"height": height.0}))
}

fn warp(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let ms = Reader::new(params, 1)?.number()?;
    if ms > WARP_MS_MAX {
        return Err(bad_params(format!("at most {WARP_MS_MAX} ms expected")));
    }
    let time = context.service.warp(ms).map_err(|stopped| of_stopped(&stopped))?;
    Ok(json!({"time_ms": time.0}))
}

fn snapshot(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    Reader::new(params, 0)?;
    Ok(json!({"snapshot": context.store.head().height().0}))
}

fn revert(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let height = Height(Reader::new(params, 1)?.number()?);
    let reverted = context.service.revert(height).map_err(|stopped| of_stopped(&stopped))?;
    match reverted {
        Ok(()) => {}
        Err(RevertError::Ahead { head, .. }) => {
            return Err(not_found(format!("snapshot {height} asked, the chain is at {head}")));
        }
        Err(refused) => return Err(ErrorObjectOwned::owned(PRUNED, refused.to_string(), None::<()>)),
    }
    Ok(json!({"height": height.0}))
}

fn fund(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let mut reader = Reader::new(params, 2)?;
    let (to, amount) = (reader.account()?, reader.amount()?);
    let faucet = KeyPair::from_uri(FAUCET_KEY).map_err(|error| fault(&error))?;
    let stopped = |it: crate::service::Stopped| of_stopped(&it);
    // Two who ask at once would sign the same nonce.
    let _funding = FUNDING.lock().unwrap_or_else(PoisonError::into_inner);
    let nonce = context.service.next_nonce(faucet.public()).map_err(stopped)?;
    let base_fee = context.service.pulse().map_err(stopped)?.base_fee;
    let terms = Terms {
        chain: context.chain,
        nonce,
        valid_until: Terms::furthest(context.store.head().height()),
        gas_limit: Gas(FUND_GAS),
        max_fee_per_gas: Amount(base_fee.0.saturating_mul(2)),
        tip_per_gas: Amount::ZERO,
        max_deposit: Amount::ZERO,
    };
    let transaction = sign(terms.body(Call::Transfer { to, amount }), &faucet);
    let verified = VerifiedTransaction::verify(transaction).map_err(|refused| of_submit(&refused.into()))?;
    let verdicts = context.service.submit(vec![verified]).map_err(stopped)?;
    match verdicts.into_iter().next() {
        Some(Ok(id)) => Ok(json!({"id": id.to_string()})),
        Some(Err(refused)) => Err(of_submit(&refused)),
        None => Err(not_found("the chain gave no verdict")),
    }
}
