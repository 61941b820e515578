//! A contract as its manifest lets people read it.

use chainstack_client::{Ss58Prefix, format_address, value};
use chainstack_primitives::{
    AccountId,
    manifest::{Cell, CellKind, Field, HOLDER_ACCOUNT, Manifest, Type, validate_value},
};
use serde_json::{Map, Value, json};

use super::{
    context::Context,
    error::{CliError, Exit},
    secret,
};
use crate::rpc::params::parse_hex;

/// A deployed contract and its manifest.
pub struct ContractView {
    /// Its address.
    pub address: AccountId,
    /// Its declaration.
    pub manifest: Manifest,
}

/// Accounts as people write them.
pub fn show_account(account: &AccountId) -> String {
    format_address(account, Ss58Prefix::DEFAULT)
}

/// Reads a manifest out of an answer with the field `manifest`.
///
/// # Errors
/// If there is none, or it is not one.
pub fn manifest_of(answer: &Value) -> Result<Manifest, CliError> {
    let bytes = answer.get("manifest").and_then(Value::as_str).and_then(parse_hex);
    let bytes = bytes.ok_or_else(|| CliError::failed("the node's answer holds no manifest"))?;
    Manifest::decode_checked(&bytes)
        .map_err(|error| CliError::failed(format!("the manifest is refused: {error}")))
}

/// What a node says of a contract called `name`; where it has none, with what the name stands for.
#[must_use]
pub fn with_meaning(error: CliError, name: &str, address: &AccountId) -> CliError {
    let address = show_account(address);
    match error.exit {
        // A new chain of the same genesis has the same id.
        Exit::NotFound if name != address => error
            .hint(format!("`{name}` stands for {address}; is the chain a new one since it was deployed?")),
        _ => error,
    }
}

impl ContractView {
    /// The contract that `name` means: an alias or an address.
    ///
    /// # Errors
    /// Exit code 8 if there is none.
    pub fn of(context: &Context, name: &str) -> Result<Self, CliError> {
        let address = context.account(name)?;
        let answer = context.rpc("contract_manifest", &[json!(show_account(&address))]);
        let answer = answer.map_err(|error| with_meaning(error, name, &address))?;
        Ok(Self { address, manifest: manifest_of(&answer)? })
    }

    /// Encodes `name=value` arguments.
    ///
    /// # Errors
    /// Exit code 2, naming the argument, what was expected and what was found.
    pub fn encode(
        &self,
        context: &Context,
        fields: &[Field],
        arguments: &[String],
    ) -> Result<Vec<u8>, CliError> {
        let pairs = split_pairs(arguments)?;
        for (name, text) in &pairs {
            let declared = fields.iter().find(|field| field.name.as_str() == *name);
            if declared.is_some_and(|field| field.ty == Type::Account) {
                secret::refuse(text)?;
            }
        }
        value::encode_args(&self.manifest, fields, &pairs, &context.resolver())
            .map_err(|error| CliError::misuse(error.to_string()))
    }

    /// A value of a declared type as JSON, accounts as addresses.
    #[must_use]
    pub fn decode(&self, ty: &Type, bytes: &[u8]) -> Value {
        value::decode_with(&self.manifest, ty, bytes, &show_account)
            .unwrap_or_else(|_| json!(format!("0x{}", hex::encode(bytes))))
    }

    /// Values of declared fields, accounts as addresses.
    pub fn decode_fields(&self, fields: &[Field], bytes: &[u8]) -> Option<Map<String, Value>> {
        value::decode_fields(&self.manifest, fields, bytes, &show_account).ok()
    }

    /// The contract's parameters, as far as the bytes hold them.
    #[must_use]
    pub fn decode_params(&self, bytes: &[u8]) -> Map<String, Value> {
        let mut rest = bytes;
        let mut shown = Map::new();
        for param in &self.manifest.params {
            let before = rest;
            if validate_value(&self.manifest, &param.ty, &mut rest).is_err() {
                break;
            }
            let taken = before.len().saturating_sub(rest.len());
            let value = self.decode(&param.ty, before.get(..taken).unwrap_or_default());
            shown.insert(param.name.to_string(), value);
        }
        shown
    }

    /// The declared error in a revert payload: a line with its fields, and the fields for `--output json`.
    #[must_use]
    pub fn word_revert(&self, payload: &[u8]) -> Option<(String, Map<String, Value>)> {
        let (id, fields) = payload.split_first_chunk::<2>()?;
        let declared = self.manifest.error(u16::from_le_bytes(*id))?;
        let fields = self.decode_fields(&declared.fields, fields)?;
        let listed: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
        let mut line = declared.name.to_string();
        if !listed.is_empty() {
            line.push_str(": ");
            line.push_str(&listed.join(", "));
        }
        let data = Map::from_iter([
            ("error_name".to_owned(), json!(declared.name.as_str())),
            ("error_fields".to_owned(), Value::Object(fields)),
        ]);
        Some((line, data))
    }

    /// Adds name and decoded fields to an event of this contract.
    pub fn word_event(&self, event: &mut Value) {
        let of_this = event.get("contract").and_then(Value::as_str) == Some(&show_account(&self.address));
        let id = event.get("event").and_then(Value::as_u64).and_then(|id| u16::try_from(id).ok());
        let data = event.get("data").and_then(Value::as_str).and_then(parse_hex);
        let (true, Some(id), Some(data)) = (of_this, id, data) else { return };
        let Some(declared) = self.manifest.event(id) else { return };
        let Some(decoded) = self.decode_fields(&declared.fields, &data) else { return };
        if let Some(fields) = event.as_object_mut() {
            fields.insert("name".to_owned(), json!(declared.name.as_str()));
            fields.insert("fields".to_owned(), Value::Object(decoded));
        }
    }
}

/// Size of a holder in a value.
const HOLDER_BYTES: usize = 33;

/// Who holds a unique asset: an account's address, or an escrow.
fn show_holder(holder: &[u8; HOLDER_BYTES]) -> String {
    let (kind, rest) = holder.split_at(1);
    match <[u8; 32]>::try_from(rest) {
        Ok(account) if kind == [HOLDER_ACCOUNT] => show_account(&AccountId(account)),
        _ => format!("escrow 0x{}", hex::encode(rest)),
    }
}

/// A stored value as its cell declares it: an amount, or the head's fields and what stands behind them.
#[must_use]
pub fn stored_value(manifest: &Manifest, cell: &Cell, bytes: &[u8]) -> Value {
    if let (CellKind::Ledger(_), Ok(amount)) = (&cell.kind, <[u8; 16]>::try_from(bytes)) {
        return json!(u128::from_le_bytes(amount).to_string());
    }
    let mut shown = Map::new();
    let mut end = 0;
    if let (Some(machine), Some(id)) = (manifest.machine_of(cell.id), bytes.first()) {
        let state = machine.states.iter().find(|state| state.id == *id);
        // As the host's own methods: no field of a contract is called so.
        shown.insert("$state".to_owned(), state.map_or(json!(id), |state| json!(state.name.as_str())));
        end = 1;
    }
    if let (CellKind::Map(_), Some(_)) = (&cell.kind, cell.asset()) {
        let holder = bytes.get(end..).and_then(|rest| rest.split_first_chunk::<HOLDER_BYTES>());
        if let Some((holder, _)) = holder {
            shown.insert("$owner".to_owned(), json!(show_holder(holder)));
            end = end.saturating_add(HOLDER_BYTES);
        }
    }
    for (index, field) in (0u8..).zip(cell.head().iter()) {
        let span = manifest.head_span(cell, index);
        let span = span.and_then(|(offset, size)| {
            let (from, size) = (usize::try_from(offset).ok()?, usize::try_from(size).ok()?);
            Some((from, from.checked_add(size)?))
        });
        let part = span.and_then(|(from, to)| Some((bytes.get(from..to)?, to)));
        let Some((part, to)) = part else { break };
        let value = value::decode_with(manifest, &field.ty, part, &show_account);
        let value = value.unwrap_or_else(|_| json!(format!("0x{}", hex::encode(part))));
        shown.insert(field.name.to_string(), value);
        end = to;
    }
    let tail = bytes.get(end..).unwrap_or_default();
    if !tail.is_empty() {
        shown.insert("tail".to_owned(), json!(format!("0x{}", hex::encode(tail))));
    }
    Value::Object(shown)
}

/// An event in one line.
#[must_use]
pub fn event_line(event: &Value) -> String {
    match (event.get("name").and_then(Value::as_str), event.get("fields").and_then(Value::as_object)) {
        (Some(name), Some(fields)) => {
            let listed: Vec<String> =
                fields.iter().map(|(field, value)| format!("{field}={}", plain(value))).collect();
            format!("{name} {}", listed.join(" "))
        }
        _ => event.to_string(),
    }
}

/// A value without quotes.
#[must_use]
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Splits `name=value` arguments.
///
/// # Errors
/// Exit code 2 for one without `=`.
pub fn split_pairs(arguments: &[String]) -> Result<Vec<(&str, &str)>, CliError> {
    arguments
        .iter()
        .map(|argument| {
            argument.split_once('=').ok_or_else(|| {
                CliError::misuse(format!("argument {} is not name=value", secret::shown(argument)))
                    .hint("write it as to=//Bob")
            })
        })
        .collect()
}
