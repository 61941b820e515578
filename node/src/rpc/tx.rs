//! `tx_*` and `chain_receipt`.

use chainstack_host::{Executor, ExecutorConfig};
use chainstack_primitives::{Body, Call, Event, Hash};
use chainstack_runtime::{
    block::simulate,
    ports::Diagnostics,
    state::reserved::is_system,
    transaction::{TransactionRefused, VerifiedTransaction, validate},
};
use chainstack_storage::{EventFilter, Inclusion};
use jsonrpsee::{
    RpcModule,
    core::RegisterMethodError,
    types::{ErrorObjectOwned, Params},
};
use serde_json::{Value, json};

use super::{
    RpcContext,
    error::{bad_params, not_found, of_fault, of_stopped, of_submit},
    json as form,
    limits::SUBMIT_MANY_MAX,
    of_storage,
    params::{Reader, parse_hex},
    trace::trace,
};
use crate::chain::{Known, SubmitRefused};

pub(super) fn register(module: &mut RpcModule<RpcContext>) -> Result<(), RegisterMethodError> {
    module.register_blocking_method("tx_submit", |params, context, _| submit(&params, &context))?;
    module.register_blocking_method("tx_submit_many", |params, context, _| submit_many(&params, &context))?;
    module.register_blocking_method("tx_simulate", |params, context, _| simulation(&params, &context))?;
    module.register_blocking_method("tx_status", |params, context, _| status(&params, &context))?;
    module.register_blocking_method("tx_trace", |params, context, _| trace(&params, &context))?;
    module.register_blocking_method("chain_receipt", |params, context, _| receipt(&params, &context))?;
    Ok(())
}

/// Decodes, checks what needs no state, verifies: cheapest first.
fn verify(context: &RpcContext, bytes: &[u8]) -> Result<VerifiedTransaction, TransactionRefused> {
    let transaction = validate::decode(bytes)?;
    validate::stateless(&context.schedule, &context.chain, &transaction, bytes.len())?;
    VerifiedTransaction::verify(transaction)
}

fn submit(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let bytes = Reader::new(params, 1)?.bytes()?;
    let verified = verify(context, &bytes).map_err(|refused| {
        context.count_refused(refused.code());
        of_submit(&refused.into())
    })?;
    let verdicts = context.service.submit(vec![verified]).map_err(|stopped| of_stopped(&stopped))?;
    match verdicts.into_iter().next() {
        Some(Ok(id)) => Ok(json!({"id": id.to_string()})),
        Some(Err(refused)) => Err(of_submit(&refused)),
        None => Err(not_found("the chain gave no verdict")),
    }
}

fn submit_many(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let list = Reader::new(params, 1)?.required("a list of transactions as 0x hex")?;
    let list = list.as_array().ok_or_else(|| bad_params("a list of transactions as 0x hex expected"))?;
    if list.len() > SUBMIT_MANY_MAX {
        return Err(bad_params(format!(
            "{} transactions found, at most {SUBMIT_MANY_MAX} expected",
            list.len()
        )));
    }
    let mut answers: Vec<Option<Result<Hash, SubmitRefused>>> = Vec::with_capacity(list.len());
    let (mut places, mut decoded) = (Vec::new(), Vec::new());
    for (place, text) in list.iter().enumerate() {
        let bytes = text.as_str().and_then(parse_hex);
        let bytes = bytes.ok_or_else(|| bad_params(format!("transaction {place} is not 0x hex")))?;
        let checked = validate::decode(&bytes).and_then(|transaction| {
            validate::stateless(&context.schedule, &context.chain, &transaction, bytes.len())?;
            Ok(transaction)
        });
        match checked {
            Ok(transaction) => {
                places.push(place);
                decoded.push(transaction);
                answers.push(None);
            }
            Err(refused) => answers.push(Some(Err(refused.into()))),
        }
    }
    let (mut good_places, mut good) = (Vec::new(), Vec::new());
    for (place, verdict) in places.into_iter().zip(VerifiedTransaction::verify_many(decoded)) {
        match verdict {
            Ok(verified) => {
                good_places.push(place);
                good.push(verified);
            }
            Err(refused) => set(&mut answers, place, Err(refused.into())),
        }
    }
    let verdicts = context.service.submit(good).map_err(|stopped| of_stopped(&stopped))?;
    for (place, verdict) in good_places.into_iter().zip(verdicts) {
        set(&mut answers, place, verdict);
    }
    let forms = answers.into_iter().map(|answer| match answer {
        Some(Ok(id)) => json!({"id": id.to_string()}),
        Some(Err(refused)) => json!({"error": {
            "code": refused.code(),
            "name": form::code_name(refused.code()),
            "message": refused.to_string(),
        }}),
        None => Value::Null,
    });
    Ok(forms.collect())
}

fn set(
    answers: &mut [Option<Result<Hash, SubmitRefused>>],
    place: usize,
    answer: Result<Hash, SubmitRefused>,
) {
    if let Some(slot) = answers.get_mut(place) {
        *slot = Some(answer);
    }
}

fn simulation(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let mut reader = Reader::new(params, 2)?;
    let signer = reader.account()?;
    if is_system(&signer) {
        return Err(bad_params("an account of the protocol itself signs nothing"));
    }
    let bytes = reader.bytes()?;
    let size_max = chainstack_primitives::transaction::TRANSACTION_SIZE_MAX;
    let body: Body = chainstack_primitives::decode_all(&bytes, size_max)
        .map_err(|error| bad_params(format!("the body of a transaction expected: {error}")))?;
    let view = context.view(None)?;
    let info = context.next_block(&view)?;
    let mut machine = context.machine(&view);
    // A simulated upload compiles what a stranger gave: not in the executor that the chain keeps its contracts in.
    let apart;
    if matches!(body.call, Call::Upload { .. }) {
        apart = Executor::new(
            ExecutorConfig { contracts_max: 1, ..Default::default() },
            (*context.schedule).clone(),
        )
        .map_err(|fault| of_fault(&fault))?;
        machine.executor = &apart;
    }
    let report = simulate(&machine, &info, signer, &body).map_err(|fault| of_fault(&fault))?;
    let refused = report.refused.as_ref().map(|refused| {
        json!({"code": refused.code(), "name": form::code_name(refused.code()), "message": refused.to_string()})
    });
    let mut answer = json!({
        "refused": refused,
        "code": report.code,
        "name": form::code_name(report.code),
        "failed_call": report.failed_call,
        "gas": report.gas.0,
        "fee": report.fee.map(|fee| fee.to_string()),
        "output": form::hex(&report.output),
        "revert": form::hex(&report.revert),
        "deposit_locked": report.deposit.locked.to_string(),
        "deposit_released": report.deposit.released.to_string(),
        "events": report.events.iter().map(form::event).collect::<Vec<_>>(),
    });
    describe(&mut answer, report.diagnostics.as_deref());
    Ok(answer)
}

/// Adds what a person wants to know of a failure.
pub(super) fn describe(answer: &mut Value, diagnostics: Option<&Diagnostics>) {
    if let (Some(fields), Some(diagnostics)) = (answer.as_object_mut(), diagnostics) {
        let stack = diagnostics
            .stack
            .iter()
            .map(|(contract, method)| json!({"contract": form::address(contract), "method": method}));
        fields.insert("text".to_owned(), json!(diagnostics.text));
        fields.insert("stack".to_owned(), stack.collect());
    }
}

/// The last inclusion of a transaction.
pub(super) fn included(context: &RpcContext, id: &Hash) -> Result<Option<Inclusion>, ErrorObjectOwned> {
    Ok(context.store.transaction(id).map_err(|fault| of_storage(&fault))?.last().copied())
}

pub(super) fn receipt_at(context: &RpcContext, at: Inclusion) -> Result<Value, ErrorObjectOwned> {
    let receipt = context.store.receipt(at).map_err(|fault| of_storage(&fault))?;
    let receipt =
        receipt.ok_or_else(|| not_found(format!("block {} has no receipt {}", at.height, at.index)))?;
    let count = usize::try_from(receipt.event_count).unwrap_or(usize::MAX);
    let page = context
        .store
        .events(&EventFilter::default(), (at.height, at.index, 0), at.height, count)
        .map_err(|fault| of_storage(&fault))?;
    let events: Vec<Event> = page.events.into_iter().map(|record| record.event).collect();
    Ok(form::receipt(&receipt, at.height.0, at.index, &events))
}

fn receipt(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let id = Reader::new(params, 1)?.hash()?;
    match included(context, &id)? {
        Some(at) => receipt_at(context, at),
        None => Err(not_found(format!("no block includes the transaction {id}"))),
    }
}

fn status(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let id = Reader::new(params, 1)?.hash()?;
    if let Some(at) = included(context, &id)? {
        return Ok(json!({"status": "included", "receipt": receipt_at(context, at)?}));
    }
    let known = context.service.known(id).map_err(|stopped| of_stopped(&stopped))?;
    // It may have moved from the pool into a block between the two looks.
    if let Some(at) = included(context, &id)? {
        return Ok(json!({"status": "included", "receipt": receipt_at(context, at)?}));
    }
    Ok(json!({"status": match known {
        Known::Pending => "pending",
        Known::Unknown => "unknown",
    }}))
}
