//! What stands in front of the RPC methods: the host header, the two plain pages, slow senders, nesting.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use jsonrpsee::{
    core::{BoxError, http_helpers::read_body},
    server::{HttpBody, HttpRequest, HttpResponse},
};
use serde_json::{Map, Value};
use tokio::time::timeout;
use tower::{Layer, Service};

use super::{
    connection::Turn,
    limits::{DEPTH_MAX, REQUEST_SIZE_MAX, sender_time},
};

/// The plain pages of the port.
pub trait Pages: Send + Sync + 'static {
    /// Body of `GET /metrics`, in Prometheus' text format.
    fn metrics(&self) -> String;

    /// Body of `GET /health`, and whether the node is well.
    fn health(&self) -> (bool, String);
}

/// Wraps the RPC service in a [`Front`].
#[derive(Clone)]
pub struct FrontLayer {
    pages: Arc<dyn Pages>,
    hosts: Arc<[String]>,
}

impl FrontLayer {
    /// Serves `pages` and accepts requests whose `Host` header names one of `hosts` (without port). Browsers
    /// send the name a page was loaded from, so a page of a rebound name is refused; an `Origin` header, if there is
    /// one, must name one of them as well, so that no strange page drives the node over a WebSocket.
    #[must_use]
    pub fn new(pages: Arc<dyn Pages>, hosts: Vec<String>) -> Self {
        Self { pages, hosts: hosts.into() }
    }
}

impl<S> Layer<S> for FrontLayer {
    type Service = Front<S>;

    fn layer(&self, inner: S) -> Front<S> {
        Front { inner, layer: self.clone() }
    }
}

/// The service in front of the RPC.
#[derive(Clone)]
pub struct Front<S> {
    inner: S,
    layer: FrontLayer,
}

type Answer = Pin<Box<dyn Future<Output = Result<HttpResponse, BoxError>> + Send>>;

impl<S> Service<HttpRequest> for Front<S>
where
    S: Service<HttpRequest, Response = HttpResponse, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = HttpResponse;
    type Error = BoxError;
    type Future = Answer;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: HttpRequest) -> Answer {
        let mut inner = self.inner.clone();
        let layer = self.layer.clone();
        Box::pin(async move {
            if !layer.host_is_ours(&request) {
                return Ok(plain(403, "the Host header names another machine\n"));
            }
            if !layer.origin_is_ours(&request) {
                return Ok(plain(403, "the Origin header names a page of another machine\n"));
            }
            match (request.method().as_str(), request.uri().path()) {
                ("GET", "/metrics") => Ok(page(200, "text/plain; version=0.0.4", layer.pages.metrics())),
                ("GET", "/health") => {
                    let (well, body) = layer.pages.health();
                    Ok(page(if well { 200 } else { 503 }, "application/json", body))
                }
                ("POST", _) => match whole(request).await {
                    Err(refusal) => Ok(refusal),
                    Ok((request, Shape::Answered)) => inner.call(request).await,
                    // Nobody waits for an answer; what it would have been is not sent.
                    Ok((request, Shape::Notification)) => {
                        inner.call(request).await?;
                        Ok(page(200, "application/json", String::new()))
                    }
                    Ok((_, Shape::NotARequest)) => {
                        Ok(page(200, "application/json", NOT_A_REQUEST.to_owned()))
                    }
                },
                _ => inner.call(request).await,
            }
        })
    }
}

impl FrontLayer {
    fn host_is_ours(&self, request: &HttpRequest) -> bool {
        let header = request.headers().get("host").and_then(|value| value.to_str().ok());
        self.is_ours(header.or_else(|| request.uri().host()).unwrap_or_default())
    }

    /// Browsers name the page that asks; programs do not. WebSockets have no other protection from strange pages.
    fn origin_is_ours(&self, request: &HttpRequest) -> bool {
        let Some(origin) = request.headers().get("origin") else { return true };
        let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        origin.is_some_and(|(_, host)| self.is_ours(host))
    }

    /// Whether `named`, with or without a port, is one of the hosts.
    fn is_ours(&self, named: &str) -> bool {
        let name = match named.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => named,
        };
        self.hosts.iter().any(|host| host == "*" || host.eq_ignore_ascii_case(name))
    }
}

/// JSON-RPC's answer to what is no request, where the id cannot be read.
const NOT_A_REQUEST: &str =
    r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid request"},"id":null}"#;

/// What JSON-RPC asks of the answer to a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    /// An answer; also for what is no JSON, which the RPC service refuses.
    Answered,
    /// No answer: notifications only.
    Notification,
    /// A refusal without an id: the method is no text, or the id is not one that can be echoed exactly.
    NotARequest,
}

fn shape(body: &[u8]) -> Shape {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(call)) => shape_of_call(&call),
        Ok(Value::Array(calls)) if !calls.is_empty() => {
            let silent =
                |call: &Value| call.as_object().is_some_and(|it| shape_of_call(it) == Shape::Notification);
            if calls.iter().all(silent) { Shape::Notification } else { Shape::Answered }
        }
        _ => Shape::Answered,
    }
}

fn shape_of_call(call: &Map<String, Value>) -> Shape {
    let named = call.get("method").is_none_or(Value::is_string);
    let versioned = call.get("jsonrpc").is_some_and(|version| version == "2.0");
    match call.get("id") {
        _ if !named => Shape::NotARequest,
        None if versioned && call.contains_key("method") => Shape::Notification,
        None | Some(Value::Null | Value::String(_)) => Shape::Answered,
        Some(Value::Number(id)) if id.is_u64() => Shape::Answered,
        Some(_) => Shape::NotARequest,
    }
}

/// The request with its whole body read, within the time and size a sender has.
async fn whole(request: HttpRequest) -> Result<(HttpRequest, Shape), HttpResponse> {
    let (parts, body) = request.into_parts();
    let turn = parts.extensions.get::<Arc<Turn>>();
    turn.inspect(|turn| turn.is_clients());
    let read = timeout(sender_time(), read_body(&parts.headers, body, REQUEST_SIZE_MAX)).await;
    turn.inspect(|turn| turn.is_nodes());
    let bytes = match read {
        Err(_) => return Err(plain(408, "the request's body took too long\n")),
        Ok(Ok((bytes, _))) => bytes,
        Ok(Err(_)) => {
            return Err(plain(413, "the request is larger than the limit, or its body was cut off\n"));
        }
    };
    if depth(&bytes) > DEPTH_MAX {
        return Err(plain(400, "the request nests deeper than the limit\n"));
    }
    let shape = shape(&bytes);
    Ok((HttpRequest::from_parts(parts, HttpBody::from(bytes)), shape))
}

/// Deepest nesting of brackets outside strings. Linear; does not judge whether the text is JSON.
#[must_use]
pub fn depth(text: &[u8]) -> usize {
    let (mut deepest, mut level, mut in_string, mut escaped) = (0, 0usize, false, false);
    for byte in text {
        match (in_string, escaped, byte) {
            (true, true, _) => escaped = false,
            (true, false, b'\\') => escaped = true,
            (true, false, b'"') => in_string = false,
            (true, false, _) => {}
            (false, _, b'"') => in_string = true,
            (false, _, b'[' | b'{') => {
                level = level.saturating_add(1);
                deepest = deepest.max(level);
            }
            (false, _, b']' | b'}') => level = level.saturating_sub(1),
            (false, _, _) => {}
        }
    }
    deepest
}

fn plain(status: u16, text: &str) -> HttpResponse {
    page(status, "text/plain", text.to_owned())
}

fn page(status: u16, content_type: &str, body: String) -> HttpResponse {
    let built = HttpResponse::<()>::builder()
        .status(status)
        .header("content-type", content_type)
        .body(HttpBody::from(body));
    // Every status and type given here is a constant of this file, so the builder has nothing to refuse.
    built.unwrap_or_else(|_| HttpResponse::new(HttpBody::empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        let cases: [(&str, usize); 6] = [
            ("", 0),
            ("[]", 1),
            (r#"{"a":[1,{"b":2}]}"#, 3),
            (r#"["[[[[", "\"[["]"#, 1),
            ("]]]][", 1),
            (r#"["\\",[["#, 3),
        ];
        for (text, expected) in cases {
            assert_eq!(depth(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn notifications_get_no_answer_and_what_is_no_request_a_refusal() {
        let cases = [
            (r#"{"jsonrpc":"2.0","method":"a","id":1}"#, Shape::Answered),
            (r#"{"jsonrpc":"2.0","method":"a"}"#, Shape::Notification),
            (r#"{"jsonrpc":"2.0","method":1}"#, Shape::NotARequest),
            (r#"{"jsonrpc":"2.0","method":"a","id":{}}"#, Shape::NotARequest),
            (r#"{"jsonrpc":"2.0","method":"a","id":1e30}"#, Shape::NotARequest),
            (r#"{"jsonrpc":"2.0","method":"a","id":1.5}"#, Shape::NotARequest),
            (r#"{"method":"a"}"#, Shape::Answered),
            (r#"{"foo":"boo"}"#, Shape::Answered),
            ("[]", Shape::Answered),
            ("[1]", Shape::Answered),
            (r#"[{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","method":"b"}]"#, Shape::Notification),
            (r#"[{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","method":"b","id":1}]"#, Shape::Answered),
            ("{", Shape::Answered),
        ];
        for (body, expected) in cases {
            assert_eq!(shape(body.as_bytes()), expected, "{body}");
        }
    }

    struct NoPages;

    impl Pages for NoPages {
        fn metrics(&self) -> String {
            String::new()
        }

        fn health(&self) -> (bool, String) {
            (true, String::new())
        }
    }

    #[test]
    fn only_our_names_pass_as_host_and_as_origin() {
        let hosts = ["127.0.0.1", "localhost", "[::1]"].map(str::to_owned).to_vec();
        let front = FrontLayer::new(Arc::new(NoPages), hosts);
        for ours in ["127.0.0.1", "127.0.0.1:9944", "LocalHost:1", "[::1]:9944", "[::1]"] {
            assert!(front.is_ours(ours), "{ours}");
        }
        for strange in
            ["", "example.org", "127.0.0.1.example.org:9944", "localhost:port", "[::2]:9944", "::1"]
        {
            assert!(!front.is_ours(strange), "{strange}");
        }
        let request = |origin: Option<&str>| {
            let mut request = HttpRequest::new(HttpBody::empty());
            if let Some(origin) = origin {
                request.headers_mut().insert("origin", origin.parse().expect("a header"));
            }
            front.origin_is_ours(&request)
        };
        assert!(request(None), "programs send none");
        assert!(request(Some("http://localhost:3000")));
        for strange in ["null", "https://example.org", "localhost", "file://"] {
            assert!(!request(Some(strange)), "{strange}");
        }
    }
}
