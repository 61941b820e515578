//! Limits of the RPC port, checked before anything is allocated for a request. Published on the limits page.

use std::time::Duration;

/// Largest request, in bytes: one transaction at its limit as hex, with room for the envelope.
pub const REQUEST_SIZE_MAX: u32 = 2 * 1024 * 1024;
/// Largest answer, in bytes: the largest block as hex, with room for its decoded form.
pub const RESPONSE_SIZE_MAX: u32 = 64 * 1024 * 1024;
/// Most calls in one batch.
pub const BATCH_MAX: u32 = 100;
/// Deepest nesting of JSON.
pub const DEPTH_MAX: usize = 32;
/// Largest head of a request, its first line and headers, in bytes.
pub const HEAD_SIZE_MAX: usize = 16 * 1024;
/// Most connections at a time. One more takes the place of the client that has been awaited longest, and is refused
/// if none is awaited.
pub const CONNECTIONS_MAX: u32 = 256;
/// Most calls at work for one WebSocket; more are not read until one is answered.
pub const CALLS_MAX: usize = 16;
/// Most subscriptions of one connection.
pub const SUBSCRIPTIONS_MAX: u32 = 16;
/// Most messages that wait for one WebSocket's client to take them; then whoever has more to say waits.
pub const MESSAGES_MAX: u32 = 16;
/// Time a client has for a request's headers, from the connection's start or its last answer, and again for its
/// body, in milliseconds.
pub const SENDER_MS_MAX: u64 = 10_000;
/// Time a client may take nothing of what is sent to it, in milliseconds.
pub const READER_MS_MAX: u64 = 10_000;
/// Most transactions of one `tx_submit_many`.
pub const SUBMIT_MANY_MAX: usize = 1_024;
/// Most entries or events of one answer.
pub const PAGE_MAX: usize = 1_000;
/// Most rows of the event index and chunks of events that one `event_query` reads.
pub const EVENT_ROWS_MAX: usize = 1_024;
/// Most blocks whose calls one `contract_calls` lists.
pub const CALL_BLOCKS_MAX: u64 = 256;
/// Most blocks or events that a subscription reads before it sends them.
pub const FEED_PAGE_MAX: usize = 64;
/// Threads that compute answers at a time; more requests wait.
pub const WORKERS_MAX: usize = 8;
/// Gas of a query. A simulation may use as much as a block.
pub const QUERY_GAS: u64 = 100_000_000;

/// [`SENDER_MS_MAX`] as a duration.
#[must_use]
pub const fn sender_time() -> Duration {
    Duration::from_millis(SENDER_MS_MAX)
}

/// [`READER_MS_MAX`] as a duration.
#[must_use]
pub const fn reader_time() -> Duration {
    Duration::from_millis(READER_MS_MAX)
}
