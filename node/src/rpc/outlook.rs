//! `contract_outlook`: what could be done with a contract in the next block, and why the rest could not; what its escrows
//! hold.

use chainstack_host::{Holdings, Met, Move, MoveKind, Question};
use chainstack_runtime::{
    ports::ExecutionError,
    state::{Overlay, escrow::Held},
};
use jsonrpsee::types::{ErrorObjectOwned, Params};
use serde_json::{Value, json};

use super::{
    RpcContext,
    error::{bad_params, not_found, of_fault, refused},
    json as form,
    params::{Reader, parse_hex},
};

/// Answers `contract_outlook`. Costs a look at the state that the rules read, each once.
pub(super) fn outlook(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let mut reader = Reader::new(params, 7)?;
    let contract = reader.account()?;
    let caller = reader.account_or_none()?;
    let item = match reader.small_or_none()? {
        Some(cell) => Some((cell, reader.bytes()?)),
        None => {
            reader.none("a key comes behind the id of its cell")?;
            None
        }
    };
    let method = reader.text_or_none("a method's name")?;
    let args = args_of(reader.optional())?;
    if method.is_none() && !args.is_empty() {
        return Err(bad_params("arguments come behind the name of their method"));
    }
    let value = reader.amount_or_none()?;
    let view = context.view(None)?;
    if !chainstack_runtime::ports::StateReader::account(&view, &contract)
        .map_err(|it| of_fault(&it))?
        .is_some_and(|account| account.is_contract())
    {
        return Err(not_found(format!("{} is no contract", form::address(&contract))));
    }
    let block = context.next_block(&view)?;
    let question = Question {
        caller,
        value,
        item: item.as_ref().map(|(cell, key)| (*cell, key.as_slice())),
        method: method.as_deref().map(|name| (name, args.as_slice())),
    };
    let mut state = Overlay::new(&view);
    let of_error = |error: ExecutionError| match error {
        ExecutionError::Failed(failure) => refused(failure.code, &failure.diagnostics.text),
        ExecutionError::Fault(fault) => of_fault(&fault),
    };
    let moves = context.executor.outlook(&mut state, &block, contract, &question).map_err(of_error)?;
    let escrows = context.executor.escrows(&mut state, contract, question.item).map_err(of_error)?;
    Ok(json!({
        "height": view.height().0,
        "block": {"height": block.height.0, "time_ms": block.time_ms.0},
        "moves": moves.iter().map(of_move).collect::<Vec<_>>(),
        "escrows": escrows.iter().map(|(cell, holdings)| of_escrow(*cell, holdings)).collect::<Vec<_>>(),
    }))
}

/// An escrow and what it holds: of an asset an amount, or the key of the one that it is.
fn of_escrow(cell: u16, holdings: &Holdings) -> Value {
    let (asset, amount, key) = match holdings {
        Holdings::Nothing => (Value::Null, None, None),
        Holdings::Coins(amount) => (json!("native"), Some(amount), None),
        Holdings::Asset(escrow) => {
            let asset = json!({"contract": form::address(&escrow.asset), "cell": escrow.cell});
            match &escrow.held {
                Held::Amount(amount) => (asset, Some(amount), None),
                Held::Unique(key) => (asset, None, Some(form::hex(key))),
            }
        }
    };
    json!({"cell": cell, "asset": asset, "amount": amount.map(ToString::to_string), "key": key})
}

/// Arguments in declared order, each as `0x` hex or null where it is not known.
fn args_of(given: Option<Value>) -> Result<Vec<Option<Vec<u8>>>, ErrorObjectOwned> {
    let wrong = || bad_params("a list of arguments as 0x hex or null expected");
    let Some(given) = given else { return Ok(Vec::new()) };
    let one = |arg: &Value| match arg {
        Value::Null => Ok(None),
        Value::String(text) => parse_hex(text).map(Some).ok_or_else(wrong),
        _ => Err(wrong()),
    };
    given.as_array().ok_or_else(wrong)?.iter().map(one).collect()
}

fn of_move(found: &Move) -> Value {
    let kind = match found.kind {
        MoveKind::Transition => "transition",
        MoveKind::Exit => "exit",
    };
    let needs = found.needs.iter().map(|need| {
        let (code, text) = match &need.met {
            Met::Yes => (None, None),
            Met::No { code, text } => (Some(*code), Some(text)),
            Met::Depends(text) => (None, Some(text)),
        };
        json!({
            "need": need.what,
            "met": word(&need.met),
            "code": code,
            "name": code.map(form::code_name),
            "text": text,
        })
    });
    json!({
        "kind": kind,
        "name": found.name,
        "enabled": word(found.met()),
        "needs": needs.collect::<Vec<_>>(),
    })
}

const fn word(met: &Met) -> &'static str {
    match met {
        Met::Yes => "yes",
        Met::No { .. } => "no",
        Met::Depends(_) => "depends",
    }
}
