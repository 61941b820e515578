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
/// Most requests being read or answered at a time, and most WebSocket connections.
pub const CONNECTIONS_MAX: u32 = 256;
/// Most subscriptions of one connection.
pub const SUBSCRIPTIONS_MAX: u32 = 16;
/// Time a sender has for its request's headers, and again for its body, in milliseconds.
pub const SENDER_MS_MAX: u64 = 10_000;
/// Most transactions of one `tx_submit_many`.
pub const SUBMIT_MANY_MAX: usize = 1_024;
/// Most entries or events of one answer.
pub const PAGE_MAX: usize = 1_000;
/// Threads that compute answers at a time; more requests wait.
pub const WORKERS_MAX: usize = 8;
/// Gas of a query. A simulation may use as much as a block.
pub const QUERY_GAS: u64 = 100_000_000;

/// [`SENDER_MS_MAX`] as a duration.
#[must_use]
pub const fn sender_time() -> Duration {
    Duration::from_millis(SENDER_MS_MAX)
}
