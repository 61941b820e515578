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
use tokio::time::timeout;
use tower::{Layer, Service};

use super::limits::{DEPTH_MAX, REQUEST_SIZE_MAX, sender_time};

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
    /// send the name a page was loaded from, so a page of a rebound name is refused.
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
            match (request.method().as_str(), request.uri().path()) {
                ("GET", "/metrics") => Ok(page(200, "text/plain; version=0.0.4", layer.pages.metrics())),
                ("GET", "/health") => {
                    let (well, body) = layer.pages.health();
                    Ok(page(if well { 200 } else { 503 }, "application/json", body))
                }
                ("POST", _) => match whole(request).await {
                    Ok(request) => inner.call(request).await,
                    Err(refusal) => Ok(refusal),
                },
                _ => inner.call(request).await,
            }
        })
    }
}

impl FrontLayer {
    fn host_is_ours(&self, request: &HttpRequest) -> bool {
        let header = request.headers().get("host").and_then(|value| value.to_str().ok());
        let named = header.or_else(|| request.uri().host()).unwrap_or_default();
        let name = match named.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => named,
        };
        self.hosts.iter().any(|host| host == "*" || host.eq_ignore_ascii_case(name))
    }
}

/// The request with its whole body read, within the time and size a sender has.
async fn whole(request: HttpRequest) -> Result<HttpRequest, HttpResponse> {
    let (parts, body) = request.into_parts();
    let read = timeout(sender_time(), read_body(&parts.headers, body, REQUEST_SIZE_MAX)).await;
    let bytes = match read {
        Err(_) => return Err(plain(408, "the request's body took too long\n")),
        Ok(Ok((bytes, _))) => bytes,
        // Too large, or cut off: the RPC service words the refusal of an empty body of that size.
        Ok(Err(_)) => {
            return Err(plain(413, "the request is larger than the limit, or its body was cut off\n"));
        }
    };
    if depth(&bytes) > DEPTH_MAX {
        return Err(plain(400, "the request nests deeper than the limit\n"));
    }
    Ok(HttpRequest::from_parts(parts, HttpBody::from(bytes)))
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
}
