//! Errors of the RPC: JSON-RPC's codes for malformed requests, the chain's stable codes where the chain refuses.

use chainstack_primitives::codes;
use chainstack_runtime::ports::Fault;
use jsonrpsee::types::ErrorObjectOwned;
use serde_json::json;

use crate::{chain::SubmitRefused, service::Stopped};

/// The chain refuses; `data.code` is its stable code.
pub const REFUSED: i32 = -32_000;
/// There is no such thing.
pub const NOT_FOUND: i32 = -32_001;
/// There was such a thing, and this node no longer keeps it.
pub const PRUNED: i32 = -32_002;
/// Parameters are of the wrong kind or number.
pub const BAD_PARAMS: i32 = -32_602;
/// A fault of this node.
pub const FAULT: i32 = -32_603;

/// The chain refuses with `code`.
#[must_use]
pub fn refused(code: u16, message: &str) -> ErrorObjectOwned {
    let data = match codes::describe(code) {
        Some(row) => json!({"code": code, "name": row.name, "what": row.what, "hint": row.hint}),
        None => json!({"code": code}),
    };
    ErrorObjectOwned::owned(REFUSED, message, Some(data))
}

/// There is no such thing.
#[must_use]
pub fn not_found(message: impl Into<String>) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(NOT_FOUND, message, None::<()>)
}

/// A parameter is not what the method takes.
#[must_use]
pub fn bad_params(message: impl Into<String>) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(BAD_PARAMS, message, None::<()>)
}

/// A fault of this node: logged here, and not described to strangers.
#[must_use]
pub fn fault(fault: &dyn std::error::Error) -> ErrorObjectOwned {
    tracing::error!(target: "chainstack::rpc", %fault, "fault");
    ErrorObjectOwned::owned(FAULT, "this node could not tell; see its log", None::<()>)
}

/// As [`fault()`].
#[must_use]
pub fn of_fault(it: &Fault) -> ErrorObjectOwned {
    fault(it)
}

/// As [`fault()`].
#[must_use]
pub fn of_stopped(it: &Stopped) -> ErrorObjectOwned {
    fault(it)
}

/// A transaction was not taken.
#[must_use]
pub fn of_submit(it: &SubmitRefused) -> ErrorObjectOwned {
    refused(it.code(), &it.to_string())
}
