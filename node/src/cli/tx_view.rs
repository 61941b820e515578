//! A transaction in a block as people read it: who asked for what, and what it came to, worded by the manifests of
//! the contracts it concerns.

use std::collections::BTreeMap;

use chainstack_primitives::{Hash, codes};
use serde_json::{Map, Value, json};

use super::{
    Outcome,
    context::Context,
    contract_view::{ContractView, event_line, manifest_of, plain},
    error::CliError,
    output::{Answer, remark},
};
use crate::rpc::params::parse_hex;

/// What is said of a transaction beside its receipt.
const ASKED: [&str; 8] =
    ["signer", "nonce", "valid_until", "gas_limit", "max_fee_per_gas", "tip_per_gas", "max_deposit", "call"];

/// Shows an included transaction.
///
/// # Errors
/// Exit code 8 if no block includes it.
pub(super) fn show(context: &Context, id: &Hash) -> Outcome {
    let mut shown = context.rpc("chain_receipt", &[json!(id.to_string())])?;
    let mut views = Views { context, known: BTreeMap::new() };
    match transaction_of(context, &shown) {
        Ok(transaction) => {
            for field in ASKED {
                shown[field] = transaction.get(field).cloned().unwrap_or_default();
            }
            views.word_call(&mut shown["call"]);
        }
        // A node may keep receipts longer than blocks: what there is, is shown.
        Err(error) => remark(&format!("warning: what was asked cannot be shown: {}", error.message)),
    }
    for event in shown.get_mut("events").and_then(Value::as_array_mut).into_iter().flatten() {
        let contract = event.get("contract").and_then(Value::as_str).map(str::to_owned);
        if let Some(view) = contract.and_then(|contract| views.of_contract(&contract)) {
            view.word_event(event);
        }
    }
    views.word_revert(&mut shown);
    Ok(Answer::new(lines(&shown).join("\n"), shown))
}

/// The transaction that a receipt is of.
fn transaction_of(context: &Context, receipt: &Value) -> Result<Value, CliError> {
    let block = context.rpc("chain_block", &[receipt.get("height").cloned().unwrap_or_default()])?;
    let index = receipt.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
    let list = block.get("transactions").and_then(Value::as_array);
    let found = index.and_then(|index| list.and_then(|list| list.get(index)));
    found.cloned().ok_or_else(|| CliError::failed("the block does not hold the transaction of the receipt"))
}

/// Manifests that were asked for, so that each is asked for once.
struct Views<'a> {
    context: &'a Context,
    /// By what was asked for: a contract, a code or a paradigm; none where the node knows none.
    known: BTreeMap<String, Option<ContractView>>,
}

impl Views<'_> {
    fn of_contract(&mut self, contract: &str) -> Option<&ContractView> {
        let context = self.context;
        let found = self.known.entry(contract.to_owned());
        found.or_insert_with(|| ContractView::of(context, contract).ok()).as_ref()
    }

    /// The code of an instantiation, by hash or by the name of a paradigm.
    fn of_code(&mut self, code: &Value) -> Option<&ContractView> {
        let (method, name) = match (code.get("hash"), code.get("paradigm")) {
            (Some(hash), _) => ("contract_manifest", hash),
            (None, Some(paradigm)) => ("paradigm_params", paradigm),
            (None, None) => return None,
        };
        let context = self.context;
        let ask = || {
            let answer = context.rpc(method, std::slice::from_ref(name)).ok()?;
            let manifest = manifest_of(&answer).ok()?;
            Some(ContractView { address: chainstack_primitives::AccountId::ZERO, manifest })
        };
        self.known.entry(plain(name)).or_insert_with(ask).as_ref()
    }

    /// Adds `arguments` to a call, and to each of a batch, where the manifest is known.
    fn word_call(&mut self, call: &mut Value) {
        for part in call.get_mut("calls").and_then(Value::as_array_mut).into_iter().flatten() {
            self.word_call(part);
        }
        let text = |name: &str| call.get(name).and_then(Value::as_str).unwrap_or_default();
        let Some(bytes) = parse_hex(text("args")) else { return };
        let arguments = match text("type") {
            "invoke" => {
                let method = text("method");
                self.of_contract(text("contract"))
                    .and_then(|view| view.decode_fields(&view.manifest.transition(method)?.args, &bytes))
            }
            "instantiate" => {
                let code = call.get("code").cloned().unwrap_or_default();
                self.of_code(&code).map(|view| view.decode_params(&bytes))
            }
            _ => None,
        };
        if let Some(arguments) = arguments {
            call["arguments"] = Value::Object(arguments);
        }
    }

    /// Adds the contract's own error to a call that it refused.
    fn word_revert(&mut self, shown: &mut Value) {
        if shown.get("code").and_then(Value::as_u64) != Some(u64::from(codes::REVERTED)) {
            return;
        }
        let payload = shown.get("revert").and_then(Value::as_str).and_then(parse_hex).unwrap_or_default();
        let contract = shown["call"]["contract"].as_str().map(str::to_owned);
        let worded = contract.and_then(|contract| self.of_contract(&contract)?.word_revert(&payload));
        if let (Some((_, data)), Some(fields)) = (worded, shown.as_object_mut()) {
            fields.extend(data);
        }
    }
}

fn pairs(fields: &Map<String, Value>) -> String {
    fields.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect::<Vec<_>>().join(" ")
}

/// A call in one line.
fn call_line(call: &Value) -> String {
    let text = |name: &str| call.get(name).map(plain).unwrap_or_default();
    let arguments = call.get("arguments").and_then(Value::as_object).map_or_else(|| text("args"), pairs);
    match text("type").as_str() {
        "invoke" => format!("{} {} {arguments}", text("contract"), text("method")),
        "instantiate" => format!("instantiate {} {arguments}", text("code")),
        _ => call.as_object().map_or_else(|| call.to_string(), pairs),
    }
}

fn lines(shown: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, value) in shown.as_object().into_iter().flatten() {
        let parts = match (name.as_str(), value) {
            ("call", call) if call.get("calls").is_some() => {
                let calls = call.get("calls").and_then(Value::as_array).into_iter().flatten();
                calls.map(call_line).collect()
            }
            ("call", call) => vec![call_line(call)],
            ("events", Value::Array(events)) => events.iter().map(event_line).collect(),
            (_, other) => vec![plain(other)],
        };
        lines.extend(parts.into_iter().map(|part| format!("{name:<18} {part}")));
    }
    lines
}
