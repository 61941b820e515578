//! Calls at work for one connection: how many, and how deep they may nest.
//!
//! Over HTTP a connection has one request at a time. A WebSocket may send calls faster than they are answered: when
//! [`CALLS_MAX`] are at work, its socket is not read until one is done, so that what waits stays with the client.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::Waker,
};

use jsonrpsee::{
    core::middleware::{Batch, Notification, RpcServiceT},
    server::MethodResponse,
    types::Request,
};
use serde_json::value::RawValue;
use tower::Layer;

use super::{
    error::bad_params,
    front::depth,
    limits::{CALLS_MAX, DEPTH_MAX},
};

/// Counts the calls at work for a connection.
#[derive(Default)]
pub(super) struct Gate {
    at_work: AtomicUsize,
    reader: Mutex<Option<Waker>>,
}

impl Gate {
    /// Whether another call may come in; if not, `reader` is woken when it may.
    pub(super) fn is_open(&self, reader: &Waker) -> bool {
        if self.at_work.load(Ordering::SeqCst) < CALLS_MAX {
            return true;
        }
        *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = Some(reader.clone());
        // One may have ended before the waker stood there.
        self.at_work.load(Ordering::SeqCst) < CALLS_MAX
    }

    fn enter(self: &Arc<Self>) -> AtWork {
        self.at_work.fetch_add(1, Ordering::SeqCst);
        AtWork(Arc::clone(self))
    }
}

/// A call at work.
struct AtWork(Arc<Gate>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.at_work.fetch_sub(1, Ordering::SeqCst);
        if let Some(reader) = self.0.reader.lock().unwrap_or_else(PoisonError::into_inner).take() {
            reader.wake();
        }
    }
}

/// Wraps a connection's RPC service in [`Counted`].
#[derive(Clone)]
pub(super) struct CountedLayer(pub(super) Arc<Gate>);

impl<S> Layer<S> for CountedLayer {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner: Arc::new(inner), gate: Arc::clone(&self.0) }
    }
}

/// An RPC service whose calls are counted.
#[derive(Clone)]
pub(super) struct Counted<S> {
    inner: Arc<S>,
    gate: Arc<Gate>,
}

impl<S> RpcServiceT for Counted<S>
where
    S: RpcServiceT<
            MethodResponse = MethodResponse,
            BatchResponse = MethodResponse,
            NotificationResponse = MethodResponse,
        > + Send
        + Sync
        + 'static,
{
    type MethodResponse = MethodResponse;
    type NotificationResponse = MethodResponse;
    type BatchResponse = MethodResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let (inner, at_work) = (Arc::clone(&self.inner), self.gate.enter());
        async move {
            let _at_work = at_work;
            // Over HTTP the whole body was judged already.
            if nests_too_deep(request.params.as_deref()) {
                let text = format!("parameters that nest at most {} deep expected", DEPTH_MAX - 1);
                return MethodResponse::error(request.id.into_owned(), bad_params(text));
            }
            inner.call(request).await
        }
    }

    fn batch<'a>(&self, requests: Batch<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let (inner, at_work) = (Arc::clone(&self.inner), self.gate.enter());
        async move {
            let _at_work = at_work;
            inner.batch(requests).await
        }
    }

    fn notification<'a>(&self, told: Notification<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let (inner, at_work) = (Arc::clone(&self.inner), self.gate.enter());
        async move {
            let _at_work = at_work;
            inner.notification(told).await
        }
    }
}

/// The request itself is one level.
fn nests_too_deep(params: Option<&RawValue>) -> bool {
    params.is_some_and(|params| depth(params.get().as_bytes()) >= DEPTH_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_is_open_below_its_limit_and_opens_again() {
        let gate = Arc::new(Gate::default());
        let waker = Waker::noop();
        let mut at_work: Vec<_> = (1..CALLS_MAX).map(|_| gate.enter()).collect();
        assert!(gate.is_open(waker));
        at_work.push(gate.enter());
        assert!(!gate.is_open(waker), "as many at work as may be");
        at_work.pop();
        assert!(gate.is_open(waker));
    }
}
