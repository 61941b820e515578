//! `tx_trace`: a transaction's diagnostics, recomputed by running its block again.

use chainstack_primitives::{Height, merkle::MountainRange};
use chainstack_runtime::{
    block::{Parent, VerifiedBlock, apply_block},
    ports::Fault,
    state::Tries,
    transaction::Outcome,
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

/// Answers `tx_trace`. Costs the signatures and the execution of the whole block, and reading every header
/// before it; the state before the block must still be kept.
pub(super) fn trace(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let id = Reader::new(params, 1)?.hash()?;
    let at = included(context, &id)?
        .ok_or_else(|| not_found(format!("no block includes the transaction {id}")))?;
    let mut answer = receipt_at(context, at)?;
    let outcome = replay(context, at)?;
    describe(&mut answer, outcome.diagnostics.as_deref());
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("output".to_owned(), super::json::hex(&outcome.output).into());
    }
    Ok(answer)
}

/// Runs the block of `at` on the state before it.
fn replay(context: &RpcContext, at: Inclusion) -> Result<Outcome, ErrorObjectOwned> {
    let parent_height =
        at.height.checked_sub(1).ok_or_else(|| not_found("the first block has no transactions"))?;
    let view = context.view(Some(parent_height))?;
    let block = context.store.block(at.height).map_err(|it| of_storage(&it))?;
    let block = block.ok_or_else(|| not_found(format!("there is no block {}", at.height)))?;
    let parent = parent_at(context, parent_height)?;
    let block = VerifiedBlock::verify(block, &|_| None).map_err(|error| fault(&error))?;
    let applied = apply_block(&context.machine(&view), &mut Tries::cold(), &parent, &block);
    let outcomes = applied.map_err(|error| fault(&error))?.outcomes;
    let index = usize::try_from(at.index).unwrap_or(usize::MAX);
    let lost = || of_fault(&Fault::text("a block replayed with fewer transactions than it has"));
    outcomes.into_iter().nth(index).ok_or_else(lost)
}

/// The block at `height` as a parent: the range over its ancestors is built from their headers.
fn parent_at(context: &RpcContext, height: Height) -> Result<Parent, ErrorObjectOwned> {
    let mut history = MountainRange::default();
    for ancestor in 0..height.0 {
        history = history.appended(context.header(Height(ancestor))?.hash());
    }
    let lost = || of_fault(&Fault::text("the headers of the chain do not fit together"));
    Parent::new(context.header(height)?, history).ok_or_else(lost)
}
