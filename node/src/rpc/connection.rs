//! Connections: how many there are, and how long one may keep the node waiting.
//!
//! HTTP/1.1 and WebSocket. On a connection it is either the client's turn, to send a request or to take an answer,
//! or the node's. The client has [`sender_time`] for the headers of a request, counted from the connection's
//! start or from the last answer, and as long again for the body: so an idle connection ends as well. When all
//! places are taken and one more client comes, the client that has been awaited longest leaves; if none is
//! awaited, the newcomer is refused. A WebSocket keeps its place until it closes or misses its pings.

use std::{
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use jsonrpsee::{
    core::BoxError,
    server::{HttpBody, HttpRequest, HttpResponse, StopHandle},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::{Instant, Sleep, sleep},
};
use tower::Service;

use super::{
    calls::Gate,
    limits::{CONNECTIONS_MAX, HEAD_SIZE_MAX, reader_time, sender_time},
};

/// Pause after a connection could not be accepted, as when the process has no file handles left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Bytes of a connection that are held between the socket and who reads or writes, each way.
const BUFFER_SIZE: usize = 64 * 1024;

/// What a connection too many is told before it is closed.
const REFUSAL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\ncontent-length: 46\r\n\
    connection: close\r\n\r\nthe node serves as many connections as it may\n";

/// Whose turn it is on a connection.
pub(super) struct Turn {
    /// Since when the client is awaited; `None` while the node is at work, and on a WebSocket.
    awaited: Mutex<Option<Instant>>,
    /// Told when the place goes to another.
    leave: Notify,
}

impl Turn {
    fn new() -> Self {
        Self { awaited: Mutex::new(Some(Instant::now())), leave: Notify::new() }
    }

    /// From now on the client is awaited.
    pub(super) fn is_clients(&self) {
        *lock(&self.awaited) = Some(Instant::now());
    }

    /// From now on the node is at work.
    pub(super) fn is_nodes(&self) {
        *lock(&self.awaited) = None;
    }

    fn awaited_since(&self) -> Option<Instant> {
        *lock(&self.awaited)
    }
}

/// Nobody panics while holding these locks; what they hold is whole at any moment.
fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The places of a port, and who has them.
pub(super) struct Places {
    max: usize,
    taken: Mutex<Vec<Arc<Turn>>>,
}

impl Places {
    fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, taken: Mutex::new(Vec::new()) })
    }

    /// A place, if one is free or can be freed.
    fn take(self: &Arc<Self>) -> Option<Place> {
        let mut taken = lock(&self.taken);
        if taken.len() >= self.max {
            let awaited = taken.iter().enumerate().filter_map(|(at, turn)| Some((turn.awaited_since()?, at)));
            let (_, longest) = awaited.min()?;
            taken.swap_remove(longest).leave.notify_one();
        }
        let turn = Arc::new(Turn::new());
        taken.push(Arc::clone(&turn));
        drop(taken);
        Some(Place { places: Arc::clone(self), turn })
    }
}

/// The place of one connection, free again when this is dropped.
struct Place {
    places: Arc<Places>,
    turn: Arc<Turn>,
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.places.taken).retain(|turn| !Arc::ptr_eq(turn, &self.turn));
    }
}

/// Accepts connections until `stop`, each with a service of its own that `service` makes for its gate.
pub(super) async fn accept<S>(listener: TcpListener, stop: StopHandle, service: impl Fn(&Arc<Gate>) -> S)
where
    S: Service<HttpRequest, Response = HttpResponse, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send,
{
    let places = Places::new(usize::try_from(CONNECTIONS_MAX).unwrap_or(usize::MAX));
    let mut stopped = pin!(stop.clone().shutdown());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stopped => return,
        };
        let socket = match accepted {
            Ok((socket, _)) => socket,
            Err(error) => {
                tracing::warn!(target: "chainstack::rpc", %error, "a connection was not accepted");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(place) = places.take() else {
            refuse(socket);
            continue;
        };
        let gate = Arc::new(Gate::default());
        let service = service(&gate);
        let turn = Arc::clone(&place.turn);
        let paced = Paced { socket, gate, stalled: None, cut_off: false, reader: None, _place: place };
        tokio::spawn(serve(paced, turn, service, stop.clone()));
    }
}

/// Says why, as far as the system takes it at once, and closes.
fn refuse(socket: TcpStream) {
    use std::io::Write as _;
    if let Ok(mut socket) = socket.into_std() {
        // The client may have left; either way the connection ends here.
        let _told = socket.write_all(REFUSAL);
    }
}

async fn serve<S>(paced: Paced, turn: Arc<Turn>, service: S, stop: StopHandle)
where
    S: Service<HttpRequest, Response = HttpResponse, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send,
{
    // An answer is written in pieces; waiting for more of it before sending would only slow small ones down.
    if let Err(error) = paced.socket.set_nodelay(true) {
        tracing::debug!(target: "chainstack::rpc", %error, "no quick sending on a connection");
    }
    let answering = Arc::clone(&turn);
    let answers = service_fn(move |request: Request<Incoming>| {
        let turn = Arc::clone(&answering);
        turn.is_nodes();
        let mut request = request.map(HttpBody::new);
        request.extensions_mut().insert(Arc::clone(&turn));
        let answer = service.clone().call(request);
        async move {
            let answer: io::Result<HttpResponse> = answer.await.map_err(io::Error::other);
            let upgraded =
                answer.as_ref().is_ok_and(|answer| answer.status() == hyper::StatusCode::SWITCHING_PROTOCOLS);
            if !upgraded {
                turn.is_clients();
            }
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(sender_time())
        .max_header_size(HEAD_SIZE_MAX)
        .max_buf_size(BUFFER_SIZE)
        .serve_connection(TokioIo::new(paced), answers)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = turn.leave.notified() => Ok(()),
        () = stop.shutdown() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(target: "chainstack::rpc", %error, "a connection ended");
    }
}

/// A socket that is not read while its client owes something: answers not taken, or as many calls at work as a
/// connection may have. A client that takes nothing of an answer for [`reader_time`] is cut off.
struct Paced {
    socket: TcpStream,
    gate: Arc<Gate>,
    /// Ends when the client has taken nothing for too long; there while it takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    cut_off: bool,
    /// Whoever waits to read.
    reader: Option<Waker>,
    _place: Place,
}

impl Paced {
    /// What a write came to, watched for clients that take nothing.
    fn watch(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            if self.stalled.take().is_some() {
                self.wake_reader();
            }
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(reader_time())));
        if stalled.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.cut_off = true;
        // A WebSocket is read by another than writes it: both learn that it is over.
        self.wake_reader();
        Poll::Ready(Err(too_slow()))
    }

    fn wake_reader(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client took nothing of its answer for too long")
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.cut_off {
            return Poll::Ready(Err(too_slow()));
        }
        self.reader = Some(context.waker().clone());
        if self.stalled.is_some() || !self.gate.is_open(context.waker()) {
            return Poll::Pending;
        }
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.cut_off {
            return Poll::Ready(Err(too_slow()));
        }
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.watch(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.cut_off {
            return Poll::Ready(Err(too_slow()));
        }
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_says_its_own_length() {
        let text = std::str::from_utf8(REFUSAL).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{text}");
    }

    #[test]
    fn the_client_awaited_longest_makes_room_and_one_at_work_never() {
        let places = Places::new(2);
        let first = places.take().expect("free");
        let second = places.take().expect("free");
        *lock(&first.turn.awaited) = Some(Instant::now() - Duration::from_secs(9));
        let third = places.take().expect("the first leaves");
        let taken: Vec<_> = lock(&places.taken).iter().map(Arc::as_ptr).collect();
        assert_eq!(taken.len(), 2);
        assert!(!taken.contains(&Arc::as_ptr(&first.turn)));
        drop(first);
        assert_eq!(lock(&places.taken).len(), 2, "one that has left leaves once");

        second.turn.is_nodes();
        third.turn.is_nodes();
        assert!(places.take().is_none(), "the node is at work for both");
        third.turn.is_clients();
        let fourth = places.take().expect("the third leaves");
        fourth.turn.is_nodes();
        drop(second);
        let _fifth = places.take().expect("the second's place is free");
        assert_eq!(lock(&places.taken).len(), 2);
    }
}
