//! `state_*`.

use chainstack_client::proof::{EntryProof, PROOF_VERSION, StateProof};
use chainstack_primitives::{AccountId, keccak256};
use chainstack_runtime::{
    ports::StateReader as _,
    state::{Entry, TrieId, storage_key},
};
use chainstack_storage::StateView;
use chainstack_trie::prove;
use jsonrpsee::{
    RpcModule,
    core::RegisterMethodError,
    types::{ErrorObjectOwned, Params},
};
use parity_scale_codec::Encode as _;
use serde_json::{Value, json};

use super::{
    RpcContext,
    error::{bad_params, fault, of_fault, of_stopped},
    json as form,
    limits::PAGE_MAX,
    of_storage,
    params::Reader,
};

pub(super) fn register(module: &mut RpcModule<RpcContext>) -> Result<(), RegisterMethodError> {
    module.register_blocking_method("state_account", |params, context, _| account(&params, &context))?;
    module.register_blocking_method("state_cell", |params, context, _| cell(&params, &context))?;
    module.register_blocking_method("state_range", |params, context, _| range(&params, &context))?;
    module.register_blocking_method("state_proof", |params, context, _| proof(&params, &context))?;
    Ok(())
}

fn account(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let mut reader = Reader::new(params, 2)?;
    let id = reader.account()?;
    let height = reader.height()?;
    let view = context.view(height)?;
    let account = view.account(&id).map_err(|it| of_fault(&it))?;
    let next = context.service.next_nonce(id).map_err(|stopped| of_stopped(&stopped))?;
    let exists = account.is_some();
    let account = account.unwrap_or_default();
    Ok(json!({
        "address": form::address(&id),
        "exists": exists,
        "nonce": account.nonce.0,
        "next_nonce": next.0,
        "balance": account.balance.to_string(),
        "code_hash": account.code_hash.to_string(),
        "contract": account.is_contract(),
    }))
}

fn entry_form(entry: &Entry) -> Value {
    json!({
        "value": form::hex(&entry.value),
        "payer": form::address(&entry.payer),
        "deposit": entry.deposit.to_string(),
    })
}

fn cell(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let mut reader = Reader::new(params, 4)?;
    let (contract, cell, key) = (reader.account()?, reader.small()?, reader.bytes()?);
    let height = reader.height()?;
    let entry = context.view(height)?.entry(&contract, cell, &key).map_err(|it| of_fault(&it))?;
    Ok(entry.as_ref().map_or(Value::Null, entry_form))
}

fn range(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let mut reader = Reader::new(params, 4)?;
    let (contract, cell) = (reader.account()?, reader.small()?);
    let after = match reader.optional() {
        None => Vec::new(),
        Some(text) => {
            let bytes = text.as_str().and_then(super::params::parse_hex);
            let mut key = bytes.ok_or_else(|| bad_params("a key as 0x hex expected"))?;
            // The least key after it.
            key.push(0);
            key
        }
    };
    let limit = reader
        .optional()
        .map_or(Some(PAGE_MAX), |value| value.as_u64().and_then(|it| usize::try_from(it).ok()));
    let limit = limit.filter(|limit| *limit <= PAGE_MAX);
    let limit = limit.ok_or_else(|| bad_params(format!("a limit of at most {PAGE_MAX} expected")))?;
    let entries =
        context.view(None)?.entries(&contract, cell, &after, limit).map_err(|fault| of_storage(&fault))?;
    let rows = entries.into_iter().map(|(key, entry)| {
        let mut row = entry_form(&entry);
        if let Some(fields) = row.as_object_mut() {
            fields.insert("key".to_owned(), json!(form::hex(&key)));
        }
        row
    });
    Ok(rows.collect())
}

fn proof(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let mut reader = Reader::new(params, 4)?;
    let account = reader.account()?;
    let cell = reader.optional().map(|value| value.as_u64().and_then(|it| u16::try_from(it).ok()));
    let entry = match cell {
        None => None,
        Some(None) => return Err(bad_params("a cell id below 65536 expected")),
        Some(Some(cell)) => Some((cell, reader.bytes()?)),
    };
    let height = reader.height()?;
    let view = context.view(height)?;
    let proof = prove_state(&view, account, entry)?;
    Ok(json!({
        "height": view.height().0,
        "state_root": view.state_root().to_string(),
        "proof": form::hex(&proof.encode()),
    }))
}

/// The proof of an account, and perhaps an entry of it, under the root of `view`.
fn prove_state(
    view: &StateView,
    account: AccountId,
    entry: Option<(u16, Vec<u8>)>,
) -> Result<StateProof, ErrorObjectOwned> {
    let nodes_of = |trie, root, path: &[u8]| {
        let proof = prove(&view.trie(trie), root, path).map_err(|error| fault(&error))?;
        let too_long = |_| bad_params("the proof would be longer than a proof may be");
        proof.encode().try_into().map_err(too_long)
    };
    let account_nodes = nodes_of(TrieId::Accounts, view.state_root(), &account.path().0)?;
    let record = view.account_record(&account).map_err(|it| of_storage(&it))?;
    let entry = match (entry, record) {
        (None, _) => None,
        (Some(_), None) => {
            return Err(super::error::not_found("the account does not exist, so it has no entries"));
        }
        (Some((cell, key)), Some(record)) => {
            let path = keccak256(&storage_key(cell, &key));
            let nodes = nodes_of(TrieId::Storage(account), record.storage_root, &path.0)?;
            let key = key.try_into().map_err(|_| bad_params("the key is longer than a key may be"))?;
            Some(EntryProof { cell, key, nodes })
        }
    };
    Ok(StateProof { version: PROOF_VERSION, account, account_nodes, entry })
}
