//! `subscribe_*`: streams over WebSocket, one item per committed block, event or inclusion.
//!
//! A subscriber is sent everything from where it began, in order, read from the store page by page: announcements of
//! blocks only say that there is more. So a slow one falls behind and loses nothing; it costs one page and the
//! connection's bounded queue, and one that takes nothing at all is cut off by its connection. Two items are not
//! what was asked for: `{"reverted": {"height"}}` when blocks above that height, which may have been sent, were
//! taken back, and `{"ended": {"why", "next"}}` as the last one when the node cannot go on; `next` is the place to
//! go on from, with `event_query` or a new subscription.

use std::sync::Arc;

use chainstack_client::{Ss58Prefix, parse_address};
use chainstack_primitives::{Hash, Height};
use chainstack_storage::{EventFilter, QueryBounds, StorageFault, Store};
use jsonrpsee::{
    PendingSubscriptionSink, RpcModule, SubscriptionMessage, SubscriptionSink,
    core::RegisterMethodError,
    types::{ErrorObjectOwned, Params},
};
use serde_json::{Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{
    RpcContext,
    error::bad_params,
    events::{cursor, record},
    json as form,
    limits::{EVENT_ROWS_MAX, FEED_PAGE_MAX},
    params::Reader,
};
use crate::chain::Announcement;

pub(super) fn register(module: &mut RpcModule<RpcContext>) -> Result<(), RegisterMethodError> {
    module.register_subscription(
        "subscribe_blocks",
        "block",
        "unsubscribe_blocks",
        |params, sink, context, _| async move {
            stream(sink, context, Reader::new(&params, 0).map(|_| (Wanted::Blocks, None))).await;
        },
    )?;
    module.register_subscription(
        "subscribe_events",
        "event",
        "unsubscribe_events",
        |params, sink, context, _| async move {
            stream(sink, context, wanted_events(&params)).await;
        },
    )?;
    module.register_subscription(
        "subscribe_tx",
        "tx",
        "unsubscribe_tx",
        |params, sink, context, _| async move {
            let id = Reader::new(&params, 1).and_then(|mut reader| reader.hash());
            // It may be in a block already.
            stream(sink, context, id.map(|id| (Wanted::Transaction(id), Some(GENESIS)))).await;
        },
    )?;
    Ok(())
}

/// Height, transaction, index: where an event stands, or would.
type Place = (Height, u32, u32);

const GENESIS: Place = (Height(0), 0, 0);

/// What a subscription sends.
#[derive(Clone, Copy)]
enum Wanted {
    Blocks,
    Events(EventFilter),
    Transaction(Hash),
}

fn wanted_events(params: &Params<'_>) -> Result<(Wanted, Option<Place>), ErrorObjectOwned> {
    let mut reader = Reader::new(params, 2)?;
    let contract = match reader.optional() {
        None => None,
        Some(Value::String(text)) => {
            Some(parse_address(&text, Ss58Prefix::DEFAULT).map_err(|error| bad_params(error.to_string()))?)
        }
        Some(_) => return Err(bad_params("a contract's address expected")),
    };
    let after = match reader.optional() {
        None => None,
        Some(place) => {
            let (height, transaction, index) = serde_json::from_value(place)
                .map_err(|_| bad_params("a place [height, transaction, index] expected"))?;
            Some((Height(height), transaction, index))
        }
    };
    Ok((Wanted::Events(EventFilter { contract, event: None }), after))
}

/// Sends what is wanted, from a place or from the next block on, until the subscriber leaves.
async fn stream(
    sink: PendingSubscriptionSink,
    context: Arc<RpcContext>,
    wanted: Result<(Wanted, Option<Place>), ErrorObjectOwned>,
) {
    let (wanted, from) = match wanted {
        Ok(wanted) => wanted,
        Err(error) => return sink.reject(error).await,
    };
    // Before the head is looked at: no block stands between the two.
    let blocks = context.service.subscribe();
    let head = context.store.head();
    let next = from.unwrap_or((Height(head.height().0.saturating_add(1)), 0, 0));
    let last = Announcement { height: head.height(), hash: head.hash };
    let Ok(sink) = sink.accept().await else { return };
    let feed = Feed { wanted, from, next, last };
    // An error says that the subscriber has left, or is the reason why the node cannot go on.
    if let Err(Some(why)) = feed.run(&sink, blocks, &context).await {
        let ended = json!({"ended": {"why": why.text, "next": cursor(why.next)}});
        let _told = send(&sink, &ended).await;
    }
}

/// What a subscriber was sent and what it is sent next.
#[derive(Clone)]
struct Feed {
    wanted: Wanted,
    /// The place that was asked to begin at.
    from: Option<Place>,
    /// Everything before was sent.
    next: Place,
    /// The last block heard of.
    last: Announcement,
}

/// Why a subscription ends while its subscriber is there.
struct Ended {
    text: &'static str,
    next: Place,
}

/// Items to send, and whether more stand behind them.
type Page = (Vec<Value>, bool);

impl Feed {
    /// Runs until the subscriber leaves (`None`), or the node cannot go on.
    async fn run(
        mut self,
        sink: &SubscriptionSink,
        mut blocks: Receiver<Announcement>,
        context: &Arc<RpcContext>,
    ) -> Result<(), Option<Ended>> {
        loop {
            self.catch_up(sink, context).await?;
            let heard = tokio::select! {
                () = sink.closed() => return Err(None),
                heard = blocks.recv() => heard,
            };
            match heard {
                Ok(block) if block.height > self.last.height => self.last = block,
                Ok(block) if self.was_taken_back(context).await? => {
                    let kept = Height(block.height.0.saturating_sub(1));
                    send(sink, &json!({"reverted": {"height": kept.0}})).await.ok_or(None::<Ended>)?;
                    self.next = self.next.min((block.height, 0, 0)).max(self.from.unwrap_or(GENESIS));
                    self.last = block;
                }
                // Heard of when it was the head already.
                Ok(_) => {}
                // What was announced meanwhile is in the store, unless it was taken back as well.
                Err(RecvError::Lagged(_)) if self.was_taken_back(context).await? => {
                    return Err(self.ended("blocks were taken back while the subscriber was far behind"));
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Err(self.ended("the node stops")),
            }
        }
    }

    fn ended(&self, text: &'static str) -> Option<Ended> {
        Some(Ended { text, next: self.next })
    }

    /// Sends everything up to the last block heard of.
    async fn catch_up(
        &mut self,
        sink: &SubscriptionSink,
        context: &Arc<RpcContext>,
    ) -> Result<(), Option<Ended>> {
        while self.next.0 <= self.last.height {
            let read = self.aside(context, |feed, store| feed.page(store)).await?;
            let (items, more) = match read {
                Ok(page) => page,
                // An announcement will say so.
                Err(StorageFault::Reverted) => return Ok(()),
                Err(fault) => {
                    tracing::error!(target: "chainstack::rpc", %fault, "a subscription ends");
                    return Err(self.ended("this node could not tell; see its log"));
                }
            };
            for item in items {
                send(sink, &item).await.ok_or(None::<Ended>)?;
            }
            if !more {
                self.next = (Height(self.last.height.0.saturating_add(1)), 0, 0);
            }
        }
        Ok(())
    }

    /// Whether the last block heard of is no longer of the chain.
    async fn was_taken_back(&mut self, context: &Arc<RpcContext>) -> Result<bool, Option<Ended>> {
        let last = self.last.clone();
        let found = self.aside(context, move |_, store| store.height_of(&last.hash)).await?;
        found
            .map(|height| height != Some(self.last.height))
            .map_err(|_| self.ended("this node could not tell"))
    }

    /// Runs `read` on a thread that may wait for the disk.
    async fn aside<T: Send + 'static>(
        &mut self,
        context: &Arc<RpcContext>,
        read: impl FnOnce(&mut Self, &Store) -> T + Send + 'static,
    ) -> Result<T, Option<Ended>> {
        let (mut feed, context) = (self.clone(), Arc::clone(context));
        let done = tokio::task::spawn_blocking(move || {
            let found = read(&mut feed, &context.store);
            (feed, found)
        });
        // It fails only when the node goes down.
        let (feed, found) = done.await.map_err(|_| self.ended("the node stops"))?;
        *self = feed;
        Ok(found)
    }

    /// The next items up to the last block heard of; `next` moves past them.
    fn page(&mut self, store: &Store) -> Result<Page, StorageFault> {
        match self.wanted {
            Wanted::Blocks => {
                let mut items = Vec::new();
                while self.next.0 <= self.last.height && items.len() < FEED_PAGE_MAX {
                    // None once it was taken back.
                    items.extend(store.header(self.next.0)?.map(|header| form::header(&header)));
                    self.next = (Height(self.next.0.0.saturating_add(1)), 0, 0);
                }
                Ok((items, self.next.0 <= self.last.height))
            }
            Wanted::Events(filter) => {
                let bounds = QueryBounds { events: FEED_PAGE_MAX, rows: EVENT_ROWS_MAX };
                let page = store.events(&filter, self.next, self.last.height, bounds)?;
                if let Some(next) = page.next {
                    self.next = next;
                }
                Ok((page.events.iter().map(record).collect(), page.next.is_some()))
            }
            Wanted::Transaction(id) => {
                let heights = self.next.0..=self.last.height;
                let here = store.transaction(&id)?.into_iter().filter(|at| heights.contains(&at.height));
                let items = here
                    .map(|at| json!({"id": id.to_string(), "height": at.height.0, "index": at.index}))
                    .collect();
                Ok((items, false))
            }
        }
    }
}

/// Waits until the connection's queue takes an item; `None` if the subscriber has left.
async fn send(sink: &SubscriptionSink, item: &Value) -> Option<()> {
    let text = serde_json::value::to_raw_value(item).ok()?;
    sink.send(SubscriptionMessage::from(text)).await.ok()
}
