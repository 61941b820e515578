//! `tx_trace`: a transaction's diagnostics, recomputed by running its block again up to it.

use chainstack_runtime::{
    block::replay,
    ports::Fault,
    transaction::{Outcome, VerifiedTransaction},
};
use chainstack_storage::Inclusion;
use jsonrpsee::types::{ErrorObjectOwned, Params};
use serde_json::Value;

use super::{
    RpcContext,
    error::{fault, not_found, of_fault},
    of_storage,
    params::Reader,
    tx::{describe, included, receipt_at},
};

/// Answers `tx_trace`. Costs the signatures and the execution of the block's transactions up to this one, however
/// long the chain; the state before the block must still be kept.
pub(super) fn trace(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let id = Reader::new(params, 1)?.hash()?;
    let at = included(context, &id)?
        .ok_or_else(|| not_found(format!("no block includes the transaction {id}")))?;
    let mut answer = receipt_at(context, at)?;
    let outcome = run_again(context, at)?;
    describe(&mut answer, outcome.diagnostics.as_deref());
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("output".to_owned(), super::json::hex(&outcome.output).into());
    }
    Ok(answer)
}

/// Runs the block of `at` up to it, on the state before it.
fn run_again(context: &RpcContext, at: Inclusion) -> Result<Outcome, ErrorObjectOwned> {
    let parent = at.height.checked_sub(1).ok_or_else(|| not_found("the first block has no transactions"))?;
    let view = context.view(Some(parent))?;
    let block = context.store.block(at.height).map_err(|it| of_storage(&it))?;
    let block = block.ok_or_else(|| not_found(format!("there is no block {}", at.height)))?;
    let mut transactions = block.transactions.into_inner();
    transactions.truncate(usize::try_from(at.index).unwrap_or(usize::MAX).saturating_add(1));
    let verified: Result<Vec<_>, _> = VerifiedTransaction::verify_many(transactions).into_iter().collect();
    let verified = verified.map_err(|error| fault(&error))?;
    let again = replay(&context.machine(&view), &block.header, &verified).map_err(|error| fault(&error))?;
    let kept = context.store.receipt(at).map_err(|it| of_storage(&it))?;
    match (again, kept) {
        (Some((receipt, outcome)), Some(kept)) if receipt == kept => Ok(outcome),
        // A revert may have taken the block back meanwhile; if the chain still has it, something is damaged.
        _ if included(context, &verified.last().map(VerifiedTransaction::id).unwrap_or_default())?
            != Some(at) =>
        {
            Err(not_found(format!("block {} was taken back", at.height)))
        }
        _ => Err(of_fault(&Fault::text("a block run again gave another receipt than it has"))),
    }
}
