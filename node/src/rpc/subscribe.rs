//! `subscribe_*`: streams over WebSocket, one item per committed block, event or receipt.

use chainstack_client::{Ss58Prefix, parse_address};
use chainstack_primitives::{AccountId, Hash};
use chainstack_storage::EventFilter;
use jsonrpsee::{
    PendingSubscriptionSink, RpcModule, SubscriptionMessage,
    core::RegisterMethodError,
    types::{ErrorObjectOwned, Params},
};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::{RpcContext, error::bad_params, events::record, json as form, limits::PAGE_MAX, params::Reader};
use crate::chain::Announcement;

pub(super) fn register(module: &mut RpcModule<RpcContext>) -> Result<(), RegisterMethodError> {
    module.register_subscription(
        "subscribe_blocks",
        "block",
        "unsubscribe_blocks",
        |params, sink, context, _| async move {
            let wanted = Reader::new(&params, 0).map(|_| Wanted::Blocks);
            stream(sink, &context, wanted).await;
        },
    )?;
    module.register_subscription(
        "subscribe_events",
        "event",
        "unsubscribe_events",
        |params, sink, context, _| async move {
            stream(sink, &context, wanted_events(&params)).await;
        },
    )?;
    module.register_subscription(
        "subscribe_tx",
        "tx",
        "unsubscribe_tx",
        |params, sink, context, _| async move {
            let wanted =
                Reader::new(&params, 1).and_then(|mut reader| reader.hash()).map(Wanted::Transaction);
            stream(sink, &context, wanted).await;
        },
    )?;
    Ok(())
}

enum Wanted {
    Blocks,
    Events(Option<AccountId>),
    Transaction(Hash),
}

fn wanted_events(params: &Params<'_>) -> Result<Wanted, ErrorObjectOwned> {
    let contract = match Reader::new(params, 1)?.optional() {
        None => None,
        Some(Value::String(text)) => {
            Some(parse_address(&text, Ss58Prefix::DEFAULT).map_err(|error| bad_params(error.to_string()))?)
        }
        Some(_) => return Err(bad_params("a contract's address expected")),
    };
    Ok(Wanted::Events(contract))
}

/// Sends what is wanted of each block until the subscriber leaves or falls too far behind.
async fn stream(
    sink: PendingSubscriptionSink,
    context: &RpcContext,
    wanted: Result<Wanted, ErrorObjectOwned>,
) {
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(error) => return sink.reject(error).await,
    };
    let mut blocks = context.service.subscribe();
    let Ok(sink) = sink.accept().await else { return };
    loop {
        let announced = tokio::select! {
            () = sink.closed() => return,
            announced = blocks.recv() => announced,
        };
        let items = match announced {
            Ok(announcement) => items(context, &announcement, &wanted),
            Err(RecvError::Lagged(lost)) => vec![json!({"lost": lost})],
            Err(RecvError::Closed) => return,
        };
        for item in items {
            let Ok(text) = serde_json::value::to_raw_value(&item) else { return };
            if sink.send(SubscriptionMessage::from(text)).await.is_err() {
                return;
            }
        }
    }
}

/// What a block means to the subscriber. A block that was reverted meanwhile means nothing.
fn items(context: &RpcContext, block: &Announcement, wanted: &Wanted) -> Vec<Value> {
    match wanted {
        Wanted::Blocks => {
            context.header(block.height).map(|header| form::header(&header)).into_iter().collect()
        }
        Wanted::Events(contract) => {
            let filter = EventFilter { contract: *contract, event: None };
            let page = context.store.events(&filter, (block.height, 0, 0), block.height, PAGE_MAX);
            page.map(|page| page.events.iter().map(record).collect()).unwrap_or_default()
        }
        Wanted::Transaction(id) => {
            let found = context.store.transaction(id).unwrap_or_default();
            let here = found.into_iter().filter(|inclusion| inclusion.height == block.height);
            here.map(|at| json!({"id": id.to_string(), "height": at.height.0, "index": at.index})).collect()
        }
    }
}
