//! A blocking JSON-RPC client over HTTP.

use std::{fmt, io::Read as _, time::Duration};

use serde_json::{Value, json};

/// Time a request may take in all, in seconds.
pub const TIMEOUT_S: u64 = 60;
/// Largest answer that is read, in bytes.
pub const ANSWER_SIZE_MAX: u64 = 128 * 1024 * 1024;

/// A node's RPC port.
#[derive(Clone, Debug)]
pub struct RpcClient {
    url: String,
    agent: ureq::Agent,
}

impl RpcClient {
    /// A client of the node at `url` (`http://host:port`).
    #[must_use]
    pub fn new(url: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(TIMEOUT_S)))
            .http_status_as_error(false)
            .build();
        Self { url: url.to_owned(), agent: config.into() }
    }

    /// The node's address, as given.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Calls `method` with positional parameters.
    ///
    /// # Errors
    /// - [`RpcError::Unreachable`] if the node did not answer.
    /// - [`RpcError::NotJsonRpc`] if something else answered.
    /// - [`RpcError::AnswerTooLarge`] if the answer is longer than [`ANSWER_SIZE_MAX`].
    /// - [`RpcError::Refused`] if the node answered with an error.
    pub fn call(&self, method: &str, params: &[Value]) -> Result<Value, RpcError> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let unreachable =
            |why: ureq::Error| RpcError::Unreachable { url: self.url.clone(), why: why.to_string() };
        let mut response = self.agent.post(&self.url).send_json(&request).map_err(unreachable)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        let past = ANSWER_SIZE_MAX.saturating_add(1);
        let read = response.body_mut().as_reader().take(past).read_to_end(&mut body);
        read.map_err(|why| unreachable(why.into()))?;
        if u64::try_from(body.len()).unwrap_or(u64::MAX) > ANSWER_SIZE_MAX {
            return Err(RpcError::AnswerTooLarge { url: self.url.clone() });
        }
        let strange = || RpcError::NotJsonRpc { url: self.url.clone(), status };
        let mut answer: Value = serde_json::from_slice(&body).map_err(|_| strange())?;
        if let Some(error) = answer.get("error") {
            let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
            let message = error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
            return Err(RpcError::Refused(Box::new(Refusal {
                code,
                message,
                data: error.get("data").cloned().unwrap_or_default(),
            })));
        }
        answer.get_mut("result").map(Value::take).ok_or_else(strange)
    }
}

/// An error that the node answered with.
#[derive(Clone, PartialEq, Debug)]
pub struct Refusal {
    /// JSON-RPC's code; see the node's RPC page.
    pub code: i64,
    /// What was expected and found.
    pub message: String,
    /// The chain's stable `code`, `name` and `hint`, if the chain refused.
    pub data: Value,
}

impl Refusal {
    /// The chain's stable code, if the chain refused.
    #[must_use]
    pub fn chain_code(&self) -> Option<u16> {
        self.data.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok())
    }
}

/// Why a call brought no result.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum RpcError {
    /// Nothing answered.
    Unreachable {
        /// Where.
        url: String,
        /// What the network said.
        why: String,
    },
    /// What answered does not speak JSON-RPC.
    NotJsonRpc {
        /// Where.
        url: String,
        /// HTTP status of the answer.
        status: u16,
    },
    /// The answer is longer than [`ANSWER_SIZE_MAX`].
    AnswerTooLarge {
        /// Where.
        url: String,
    },
    /// The node answered with an error.
    Refused(Box<Refusal>),
}

impl fmt::Display for RpcError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { url, why } => write!(formatter, "no node answers at {url}: {why}"),
            Self::NotJsonRpc { url, status } => {
                write!(formatter, "what answers at {url} is not a ChainStack node (HTTP status {status})")
            }
            Self::AnswerTooLarge { url } => {
                write!(formatter, "the answer of {url} is longer than {ANSWER_SIZE_MAX} bytes")
            }
            Self::Refused(refusal) => formatter.write_str(&refusal.message),
        }
    }
}

impl std::error::Error for RpcError {}
