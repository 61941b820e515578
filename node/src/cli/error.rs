//! What a command says when it does not succeed, and with which exit code.

use std::fmt;

use chainstack_client::rpc::{Refusal, RpcError};
use chainstack_primitives::codes;
use serde_json::{Map, Value, json};

use super::{
    codes::describe,
    output::{Format, remark, with_schema},
};

/// Exit codes are an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// The request failed.
    Failed = 1,
    /// The command line is wrong.
    Misuse = 2,
    /// A check, audit or proof says no.
    No = 3,
    /// A contract reverted.
    Reverted = 4,
    /// Out of gas or over a limit.
    Limit = 5,
    /// Refused by the declared machine or a guard.
    Refused = 6,
    /// The node cannot be reached.
    Unreachable = 7,
    /// Not found.
    NotFound = 8,
    /// Bad signature or not authorised; a role that the caller does not hold is of this kind, though the machine
    /// refuses it: another signer would be let in.
    Unauthorised = 9,
}

impl Exit {
    /// The exit code that a chain code ends in.
    #[must_use]
    pub const fn of_chain_code(code: u16) -> Self {
        match code {
            codes::REVERTED => Self::Reverted,
            codes::OUT_OF_GAS | codes::DEPOSIT_LIMIT | codes::CALL_DEPTH | codes::STACK_OVERFLOW => {
                Self::Limit
            }
            codes::CEILING_GAS..=codes::CEILING_EVENTS
            | codes::GAS_LIMIT_TOO_LOW
            | codes::GAS_LIMIT_TOO_HIGH => Self::Limit,
            codes::TOO_LONG | codes::MEMPOOL_FULL | codes::ACCOUNT_QUEUE_FULL => Self::Limit,
            codes::WRONG_CALLER
            | codes::NOT_OFFERED
            | codes::NOT_A_MEMBER
            | codes::ZERO_KEY..=codes::BAD_SIGNATURE => Self::Unauthorised,
            codes::CONTRACT_NOT_FOUND | codes::CODE_NOT_FOUND | codes::PARADIGM_NOT_FOUND => Self::NotFound,
            100..=199 => Self::Refused,
            2_000..=2_199 => Self::No,
            _ => Self::Failed,
        }
    }
}

/// Why a command did not succeed: what, why, and what to try.
#[derive(Clone, Debug)]
pub struct CliError {
    /// The process's exit code.
    pub exit: Exit,
    /// What happened, with what was expected and found.
    pub message: String,
    /// What to try.
    pub hint: Option<String>,
    /// Fields for `--output json` beside `error` and `hint`.
    pub data: Box<Map<String, Value>>,
}

impl CliError {
    /// An error with an exit code.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None, data: Box::default() }
    }

    /// The request failed.
    #[must_use]
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// The command line is wrong.
    #[must_use]
    pub fn misuse(message: impl Into<String>) -> Self {
        Self::new(Exit::Misuse, message)
    }

    /// Everything was said already; only the exit code is left.
    #[must_use]
    pub fn silent(exit: Exit) -> Self {
        Self { exit, message: String::new(), hint: None, data: Box::default() }
    }

    /// Adds what to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a field for `--output json`.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.data.insert(name.to_owned(), value.into());
        self
    }

    /// An outcome of the chain that is not [`codes::OK`].
    #[must_use]
    pub fn chain(code: u16, message: impl Into<String>) -> Self {
        let row = describe(code);
        let error = Self::new(Exit::of_chain_code(code), message).field("code", code);
        match row {
            Some(row) => error.field("name", row.name).hint(row.hint),
            None => error,
        }
    }

    /// What to try: what the place of the error knows, or else what helps with its kind.
    fn advice(&self) -> &str {
        if let Some(hint) = self.hint.as_deref().filter(|hint| !hint.is_empty()) {
            return hint;
        }
        match self.exit {
            Exit::Misuse => "the command's --help shows what it takes",
            Exit::No => "compare with what was expected; nothing was changed",
            Exit::NotFound => "check the name, and with `chainstack status` which chain answers",
            Exit::Unreachable => "check --url or CHAINSTACK_URL",
            Exit::Failed | Exit::Limit => "`chainstack doctor` checks this machine, your folder and the node",
            Exit::Reverted | Exit::Refused | Exit::Unauthorised => {
                "`chainstack explain CODE` tells what a code means"
            }
        }
    }

    /// Prints the error to stderr, and with [`Format::Json`] as one object to stderr.
    pub fn print(&self, format: Format) {
        if self.message.is_empty() {
            return;
        }
        match format {
            Format::Text => remark(&self.to_string()),
            Format::Json => {
                let mut fields = Map::from_iter([("error".to_owned(), json!(self.message))]);
                fields.extend((*self.data).clone());
                fields.insert("hint".to_owned(), json!(self.advice()));
                remark(&with_schema(fields).to_string());
            }
        }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error: {}\nhint: {}", self.message, self.advice())
    }
}

impl From<RpcError> for CliError {
    fn from(error: RpcError) -> Self {
        match error {
            RpcError::Unreachable { .. } => Self::new(Exit::Unreachable, error.to_string())
                .hint("start one with `chainstack dev`, or name one with --url or CHAINSTACK_URL"),
            RpcError::NotJsonRpc { .. } => {
                Self::new(Exit::Unreachable, error.to_string()).hint("check --url or CHAINSTACK_URL")
            }
            RpcError::AnswerTooLarge { .. } => Self::new(Exit::Limit, error.to_string()),
            RpcError::Refused(refusal) => refused(&refusal),
            other => Self::failed(other.to_string()),
        }
    }
}

/// JSON-RPC code of this node for something that does not exist.
pub const RPC_NOT_FOUND: i64 = -32_001;

fn refused(refusal: &Refusal) -> CliError {
    match refusal.chain_code() {
        Some(code) => CliError::chain(code, format!("{}: {}", name_of(code), refusal.message)),
        None if refusal.code == RPC_NOT_FOUND => CliError::new(Exit::NotFound, refusal.message.clone()),
        None => CliError::failed(refusal.message.clone()).field("rpc_code", refusal.code),
    }
}

/// Name of a chain code, or the number.
#[must_use]
pub fn name_of(code: u16) -> String {
    describe(code).map_or_else(|| code.to_string(), |row| row.name.to_owned())
}
