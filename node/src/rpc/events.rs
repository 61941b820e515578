//! `event_query`.

use chainstack_client::{Ss58Prefix, parse_address};
use chainstack_primitives::Height;
use chainstack_storage::{EventFilter, EventRecord, QueryBounds};
use jsonrpsee::{
    RpcModule,
    core::RegisterMethodError,
    types::{ErrorObjectOwned, Params},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    RpcContext,
    error::bad_params,
    json as form,
    limits::{EVENT_ROWS_MAX, PAGE_MAX},
    of_storage,
    params::Reader,
};

pub(super) fn register(module: &mut RpcModule<RpcContext>) -> Result<(), RegisterMethodError> {
    module.register_blocking_method("event_query", |params, context, _| find(&params, &context))?;
    Ok(())
}

/// Which events, and where to go on. All fields may be left out.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Wanted {
    contract: Option<String>,
    event: Option<u16>,
    from: Option<u64>,
    to: Option<u64>,
    /// `[height, transaction, index]` to go on from, as an earlier answer's `next` gave it.
    after: Option<(u64, u32, u32)>,
    limit: Option<usize>,
}

/// An event and where it stands.
#[must_use]
pub(super) fn record(record: &EventRecord) -> Value {
    json!({
        "height": record.height.0,
        "transaction_id": record.id.to_string(),
        "transaction": record.transaction,
        "index": record.index,
        "contract": form::address(&record.event.contract),
        "event": record.event.event,
        "data": form::hex(&record.event.data),
    })
}

fn find(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let wanted = match Reader::new(params, 1)?.optional() {
        None => Wanted::default(),
        Some(value) => {
            serde_json::from_value(value).map_err(|error| bad_params(format!("filter: {error}")))?
        }
    };
    let contract = wanted.contract.map(|text| parse_address(&text, Ss58Prefix::DEFAULT)).transpose();
    let contract = contract.map_err(|error| bad_params(format!("contract: {error}")))?;
    let limit = wanted.limit.unwrap_or(PAGE_MAX);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(bad_params(format!("a limit of 1 to {PAGE_MAX} expected")));
    }
    let from = match wanted.after {
        Some((height, transaction, index)) => (Height(height), transaction, index),
        None => (Height(wanted.from.unwrap_or(0)), 0, 0),
    };
    let last = Height(wanted.to.unwrap_or(u64::MAX));
    let filter = EventFilter { contract, event: wanted.event };
    let bounds = QueryBounds { events: limit, rows: EVENT_ROWS_MAX };
    let page = context.store.events(&filter, from, last, bounds).map_err(|fault| of_storage(&fault))?;
    Ok(json!({
        "events": page.events.iter().map(record).collect::<Vec<_>>(),
        "next": page.next.map(cursor),
    }))
}

/// A place as `next` and `after` have it.
pub(super) fn cursor((height, transaction, index): (Height, u32, u32)) -> Value {
    json!([height.0, transaction, index])
}
