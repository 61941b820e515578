//! The calls of a contract that blocks hold, and the entries that it has, read page by page.

use chainstack_client::inspect::{Called, CellNow, Ended, Seen, SeenCall};
use chainstack_primitives::manifest::{CellKind, Manifest};
use serde_json::{Value, json};

use super::{
    context::Context,
    error::{CliError, Exit},
    output::remark,
};

/// Blocks that are looked at, the last ones, unless `--blocks` says otherwise.
pub(super) const BLOCKS: u64 = 10_000;
/// Pages of entries of a cell that are read.
const PAGES: usize = 10;
/// Entries of a page: what the node gives at once.
const PAGE: usize = 1_000;

/// Looks at the calls of a contract in the last `blocks` blocks. Says on stderr how far it is.
///
/// # Errors
/// If the node does not answer.
pub(super) fn look_back(context: &Context, address: &str, blocks: u64) -> Result<Seen, CliError> {
    let status = context.rpc("chain_status", &[])?;
    let head = status.get("height").and_then(Value::as_u64).unwrap_or(0);
    let from = head.saturating_add(1).saturating_sub(blocks);
    let mut seen = Seen::between(from, head);
    let (mut at, mut calls) = ((from, 0), 0_u64);
    loop {
        let page = context.rpc("contract_calls", &[json!(address), json!(at.0), json!(at.1)])?;
        for row in page.get("calls").and_then(Value::as_array).into_iter().flatten() {
            // Blocks made meanwhile are not part of what was asked.
            let call = of_row(row).ok_or_else(not_of_this_version)?;
            if call.height <= head {
                seen.note(&call);
                calls = calls.saturating_add(1);
            }
        }
        let number = |next: &Value, field: &str| next.get(field).and_then(Value::as_u64);
        let next = page.get("next").filter(|next| !next.is_null());
        let next = next.map(|next| number(next, "height").zip(number(next, "transaction")));
        match next {
            None => break,
            Some(None) => return Err(not_of_this_version()),
            Some(Some(next)) if next.0 > head => break,
            Some(Some(next)) if next <= at => return Err(not_of_this_version()),
            Some(Some(next)) => at = next,
        }
        if !context.is_json() {
            remark(&format!("looked at blocks {from} to {} of {head}: {calls} calls", at.0));
        }
    }
    Ok(seen)
}

fn not_of_this_version() -> CliError {
    CliError::new(Exit::Failed, "the node's answer is not of this version")
}

fn of_row(row: &Value) -> Option<SeenCall> {
    let number = |field: &str| row.get(field).and_then(Value::as_u64);
    let small = |field: &str| number(field).and_then(|it| u16::try_from(it).ok());
    let called = match row.get("method").and_then(Value::as_str) {
        Some(method) => Called::Method(method.to_owned()),
        None => Called::Exit(small("exit")?),
    };
    let ended = match row.get("outcome").and_then(Value::as_str)? {
        "ok" => Ended::Done,
        "failed" => Ended::Failed(small("code")?),
        "undone" => Ended::Undone,
        _ => return None,
    };
    let alone = row.get("call").is_some_and(Value::is_null);
    let used = if alone { Some((number("gas")?, number("events")?)) } else { None };
    Some(SeenCall { height: number("height")?, called, ended, used })
}

/// Entries and deposits of each map and ledger, read up to a number of them.
///
/// # Errors
/// If the node does not answer.
pub(super) fn entries(
    context: &Context,
    address: &str,
    manifest: &Manifest,
) -> Result<Vec<(u16, CellNow)>, CliError> {
    let cells = manifest.cells.iter().filter(|cell| !matches!(cell.kind, CellKind::Escrow(_)));
    cells.map(|cell| Ok((cell.id, of_cell(context, address, cell.id)?))).collect()
}

fn of_cell(context: &Context, address: &str, cell: u16) -> Result<CellNow, CliError> {
    let mut now = CellNow::default();
    let mut after = Value::Null;
    for _ in 0..PAGES {
        let page = context.rpc("state_range", &[json!(address), json!(cell), after.clone(), json!(PAGE)])?;
        let rows = page.as_array().cloned().unwrap_or_default();
        for row in &rows {
            let deposit = row.get("deposit").and_then(Value::as_str).and_then(|text| text.parse().ok());
            now.deposit = now.deposit.saturating_add(deposit.unwrap_or(0_u128));
            now.entries = now.entries.saturating_add(1);
        }
        if rows.len() < PAGE {
            return Ok(now);
        }
        after = rows.last().and_then(|row| row.get("key")).cloned().unwrap_or_default();
    }
    let one = context.rpc("state_range", &[json!(address), json!(cell), after, json!(1)])?;
    now.more = one.as_array().is_some_and(|rows| !rows.is_empty());
    Ok(now)
}
