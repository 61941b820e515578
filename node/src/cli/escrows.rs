//! What escrows hold, as `state` shows it: with the names that the contract of an asset gives to it.

use std::collections::BTreeMap;

use chainstack_client::value;
use chainstack_primitives::manifest::Manifest;
use serde_json::{Value, json};

use super::{
    context::Context,
    contract_view::{ContractView, manifest_of, plain, show_account},
    error::CliError,
};
use crate::rpc::params::parse_hex;

/// Names for what escrows of one contract hold. The node is asked once about each contract that keeps an asset.
pub(super) struct Escrows<'a> {
    context: &'a Context,
    view: &'a ContractView,
    known: BTreeMap<String, Manifest>,
}

/// An escrow: its line for people, and its fields.
pub(super) struct Shown {
    pub line: String,
    pub json: Value,
}

impl<'a> Escrows<'a> {
    pub(super) const fn new(context: &'a Context, view: &'a ContractView) -> Self {
        Self { context, view, known: BTreeMap::new() }
    }

    /// The escrows that the node gives with an outlook.
    ///
    /// # Errors
    /// If the node does not know the contract of an asset, or gives what is no escrow.
    pub(super) fn show(&mut self, found: &[Value]) -> Result<Vec<Shown>, CliError> {
        found.iter().map(|row| self.row(row)).collect()
    }

    fn row(&mut self, row: &Value) -> Result<Shown, CliError> {
        let strange = || CliError::failed("the node's answer holds an escrow that is none");
        let id = small(row, "cell").ok_or_else(strange)?;
        let name = self.view.manifest.cell(id).map(|cell| cell.name.to_string()).ok_or_else(strange)?;
        let (asset, amount) = (&row["asset"], &row["amount"]);
        let (words, asset, key) = match asset {
            Value::Null => ("nothing".to_owned(), Value::Null, Value::Null),
            Value::String(native) => (format!("{} {native}", plain(amount)), asset.clone(), Value::Null),
            _ => {
                let contract = asset["contract"].as_str().ok_or_else(strange)?;
                let cell = small(asset, "cell").ok_or_else(strange)?;
                let kept = self.asset(contract)?;
                let declared = kept.cell(cell).ok_or_else(strange)?;
                let names = (declared.name.as_str(), kept.name.as_str());
                let shown = json!({"contract": contract, "name": names.1, "cell": names.0});
                match row["key"].as_str() {
                    None => {
                        let words = format!("{} of `{}` of {} {contract}", plain(amount), names.0, names.1);
                        (words, shown, Value::Null)
                    }
                    Some(text) => {
                        let stored = parse_hex(text).ok_or_else(strange)?;
                        let fields = value::decode_fields(kept, declared.key(), &stored, &show_account);
                        let fields = fields.map_err(|_| strange())?;
                        let listed: Vec<String> = fields.values().map(plain).collect();
                        let words =
                            format!("{} of `{}` of {} {contract}", listed.join(" "), names.0, names.1);
                        (words, shown, Value::Object(fields))
                    }
                }
            }
        };
        Ok(Shown {
            line: format!("holds {name:<12} {words}"),
            json: json!({"cell": name, "asset": asset, "amount": amount, "key": key}),
        })
    }

    /// What the contract that keeps an asset declares.
    fn asset(&mut self, contract: &str) -> Result<&Manifest, CliError> {
        if !self.known.contains_key(contract) {
            let answer = self.context.rpc("contract_manifest", &[json!(contract)])?;
            let _first = self.known.insert(contract.to_owned(), manifest_of(&answer)?);
        }
        self.known.get(contract).ok_or_else(|| CliError::failed("an asset has no contract"))
    }
}

fn small(row: &Value, field: &str) -> Option<u16> {
    row.get(field).and_then(Value::as_u64).and_then(|id| u16::try_from(id).ok())
}
