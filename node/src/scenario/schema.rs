//! The TOML of a scenario, parsed and checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::ScenarioError;
use super::error::At;
use crate::cli::{
    limits::{SCENARIO_FILE_SIZE_MAX, SCENARIO_HEIGHT_MAX},
    trie::read_bounded,
};

/// Values by name: of arguments, parameters, fields.
pub(crate) type Values = BTreeMap<String, toml::Value>;

/// A scenario as it stands in its file.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Where it came from.
    #[serde(skip)]
    pub file: PathBuf,
    /// Its name.
    pub title: String,
    /// What it shows, in words.
    #[serde(default)]
    pub about: String,
    /// Time of the first block in milliseconds since the Unix epoch; none: the chain's own.
    pub time_ms: Option<u64>,
    /// Accounts by short name.
    #[serde(default)]
    pub accounts: BTreeMap<String, String>,
    /// Contracts, deployed in this order before the first step.
    pub contracts: Vec<Contract>,
    /// Steps, in order.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// A contract to deploy.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Name in the steps.
    pub name: String,
    /// Name of a genesis paradigm.
    pub paradigm: Option<String>,
    /// Path of a module, from the scenario's folder.
    pub wasm: Option<PathBuf>,
    /// The module to take instead of either: that of a deployed contract, which no file says.
    #[serde(skip)]
    pub code: Option<Arc<[u8]>>,
    /// Who deploys.
    pub caller: String,
    /// Parameters; those left out take their defaults.
    #[serde(default)]
    pub params: Values,
    /// Native coins that come along, in base units.
    pub value: Option<toml::Value>,
    /// What deployment must bring.
    #[serde(default)]
    pub expect: Expect,
}

/// One step: exactly one of `call`, `poke`, `query`, `upgrade`, `block`, `random`.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// A method, called in a block of its own.
    pub call: Option<String>,
    /// An exit, taken in a block of its own.
    pub poke: Option<String>,
    /// A view.
    pub query: Option<String>,
    /// Path of a module, from the scenario's folder, proposed as the new code of the contract: uploaded in a block of its
    /// own if it is not there, proposed in the next.
    pub upgrade: Option<PathBuf>,
    /// Calls and pokes that share one block; none: an empty one.
    pub block: Option<Vec<Step>>,
    /// Calls drawn from a seed.
    pub random: Option<Random>,
    /// Name of the contract; may be left out if there is one.
    pub contract: Option<String>,
    /// Who calls, pokes or proposes.
    pub caller: Option<String>,
    /// Arguments.
    #[serde(default)]
    pub args: Values,
    /// The item that a poke concerns: one value for each field of its key; none if it concerns the contract.
    #[serde(default)]
    pub item: Vec<toml::Value>,
    /// Native coins that come along, in base units.
    pub value: Option<toml::Value>,
    /// Assets that the caller consents to send into escrows of the contract: `"CONTRACT.CELL" = MAX`.
    #[serde(default)]
    pub sends: Values,
    /// Whether the caller approves this call, with these arguments and this value, as a member of a set; it is not made.
    #[serde(default)]
    pub approve: bool,
    /// Time of the block, in milliseconds after the scenario's `time_ms`.
    pub at_ms: Option<u64>,
    /// Height of the block; genesis has 0. Empty blocks fill what is missing.
    pub at_height: Option<u64>,
    /// What it must bring.
    #[serde(default)]
    pub expect: Expect,
}

/// What a step must bring. Absent: it must succeed.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The error it must be refused with: a name, or a table of one name with its fields.
    pub error: Option<toml::Value>,
    /// Part of what the refusal says, besides; texts are for people, and only `error` is stable.
    pub text: Option<String>,
    /// What it must return.
    #[serde(rename = "return")]
    pub returns: Option<toml::Value>,
    /// All events it must announce, in order: tables of one name with its fields.
    pub events: Option<Vec<BTreeMap<String, Values>>>,
    /// Entries after it.
    #[serde(default)]
    pub state: Vec<Entry>,
    /// States of machines after it.
    #[serde(default)]
    pub machines: Vec<Standing>,
    /// What escrows hold after it.
    #[serde(default)]
    pub escrows: Vec<Escrowed>,
    /// Answers of views after it.
    #[serde(default)]
    pub views: Vec<Answer>,
    /// Native balances after it, in base units, by account.
    #[serde(default)]
    pub balances: Values,
    /// A sum after it.
    pub sum: Option<Sum>,
    /// The most gas it may use.
    pub gas_max: Option<u64>,
}

/// An entry of state.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name of the cell.
    pub cell: String,
    /// Its key, one value for each field.
    #[serde(default)]
    pub key: Vec<toml::Value>,
    /// Its value; none: there is no entry.
    pub value: Option<toml::Value>,
    /// Name of the contract; may be left out if there is one.
    pub contract: Option<String>,
}

/// The state of a machine.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// Name of the machine.
    pub machine: String,
    /// Key of the item whose machine it is, one value for each field; none for a machine of the contract.
    #[serde(default)]
    pub key: Vec<toml::Value>,
    /// Name of the state; none: there is no such item.
    pub state: Option<String>,
    /// Name of the contract; may be left out if there is one.
    pub contract: Option<String>,
}

/// What an escrow holds: exactly one of `holds` and `value`.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escrowed {
    /// Name of the escrow cell.
    pub cell: String,
    /// Key of the item that it is held for, one value for each field; none for an escrow of the contract.
    #[serde(default)]
    pub key: Vec<toml::Value>,
    /// Whether it holds anything.
    pub holds: Option<bool>,
    /// How much it holds: base units of an amount, 1 of a unique asset.
    pub value: Option<toml::Value>,
    /// Name of the contract; may be left out if there is one.
    pub contract: Option<String>,
}

/// The answer of a view.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The view.
    pub query: String,
    /// Its arguments.
    #[serde(default)]
    pub args: Values,
    /// What it must answer.
    #[serde(rename = "return")]
    pub returns: toml::Value,
    /// Name of the contract; may be left out if there is one.
    pub contract: Option<String>,
}

/// Entries of a ledger that must add up to what a view says.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// Name of the ledger.
    pub cell: String,
    /// Keys: every account that can have an entry.
    pub over: Vec<String>,
    /// The view without arguments that says the sum.
    pub query: String,
}

/// Calls drawn from a seed. In arguments, `"?account"` draws one of `among`, `"?LOW..HIGH"` a number below HIGH.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Random {
    /// The same seed draws the same calls.
    pub seed: u64,
    /// How many calls.
    pub count: usize,
    /// How many share a block.
    #[serde(default = "one")]
    pub per_block: usize,
    /// Callers, and what `?account` draws from.
    pub among: Vec<String>,
    /// What is drawn from, each as likely.
    pub calls: Vec<Template>,
    /// Errors that a call may be refused with.
    #[serde(default)]
    pub errors: Vec<String>,
    /// The least number of calls that must succeed.
    #[serde(default)]
    pub succeed_min: usize,
}

/// A call to draw.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The method.
    pub call: String,
    /// Arguments, drawn where they start with `?`.
    #[serde(default)]
    pub args: Values,
}

const fn one() -> usize {
    1
}

impl Scenario {
    /// Reads and checks a scenario file.
    ///
    /// # Errors
    /// [`ScenarioError`], with line and column where the TOML is wrong, and the step otherwise.
    pub fn read(file: &Path) -> Result<Self, ScenarioError> {
        let wrong = |why: String| ScenarioError::new(file, At::File, why);
        let bytes = read_bounded(file, SCENARIO_FILE_SIZE_MAX).map_err(|error| wrong(error.message))?;
        let text = String::from_utf8(bytes).map_err(|_| wrong("text expected".to_owned()))?;
        Self::parse(file, &text)
    }

    /// Parses and checks the text of the scenario `file`.
    ///
    /// # Errors
    /// [`ScenarioError`], as for [`Scenario::read`].
    pub fn parse(file: &Path, text: &str) -> Result<Self, ScenarioError> {
        let mut scenario: Self = toml::from_str(text)
            .map_err(|error| ScenarioError::new(file, At::File, error.to_string().trim_end()))?;
        file.clone_into(&mut scenario.file);
        scenario.check()?;
        Ok(scenario)
    }

    /// Takes `code` for the contract called `name`, whatever the file says. Whether there is one.
    pub fn set_code(&mut self, name: &str, code: &Arc<[u8]>) -> bool {
        let contract = self.contracts.iter_mut().find(|contract| contract.name == name);
        contract.map(|contract| contract.code = Some(Arc::clone(code))).is_some()
    }

    fn check(&self) -> Result<(), ScenarioError> {
        if self.contracts.is_empty() {
            return Err(ScenarioError::new(
                &self.file,
                At::File,
                "expected at least one contract, found none",
            ));
        }
        for contract in &self.contracts {
            let at = || At::Contract(contract.name.clone());
            if contract.paradigm.is_some() == contract.wasm.is_some() {
                let what = "expected exactly one of `paradigm` and `wasm`";
                return Err(ScenarioError::new(&self.file, at(), what));
            }
            let names = self.contracts.iter().filter(|other| other.name == contract.name).count();
            if names != 1 {
                return Err(ScenarioError::new(&self.file, at(), "the name is given twice"));
            }
            contract.expect.check().map_err(|what| ScenarioError::new(&self.file, at(), what))?;
        }
        for (index, step) in self.steps.iter().enumerate() {
            let at = || At::Step(index.saturating_add(1), step.label());
            step.check(false).map_err(|what| ScenarioError::new(&self.file, at(), what))?;
        }
        Ok(())
    }
}

impl Step {
    /// What the step does, in a few words.
    #[must_use]
    pub fn label(&self) -> String {
        match (&self.call, &self.poke, &self.query, &self.block, &self.random) {
            (Some(method), ..) if self.approve => format!("approve {method}"),
            (Some(method), ..) => format!("call {method}"),
            (_, Some(exit), ..) => format!("poke {exit}"),
            (_, _, Some(method), ..) => format!("query {method}"),
            _ if self.upgrade.is_some() => "upgrade".into(),
            (_, _, _, Some(calls), _) => format!("block of {}", calls.len()),
            (.., Some(random)) => format!("{} random calls", random.count),
            _ => "nothing".into(),
        }
    }

    fn check(&self, in_block: bool) -> Result<(), String> {
        let sends = self.call.is_some() || self.poke.is_some();
        let signed = sends || self.upgrade.is_some();
        let kinds = [
            self.call.is_some(),
            self.poke.is_some(),
            self.query.is_some(),
            self.upgrade.is_some(),
            self.block.is_some(),
            self.random.is_some(),
        ];
        if kinds.iter().filter(|given| **given).count() != 1 {
            return Err(
                "expected exactly one of `call`, `poke`, `query`, `upgrade`, `block` and `random`".into()
            );
        }
        if in_block && !sends {
            return Err("a block bundles calls and pokes only".into());
        }
        if in_block && (self.at_ms.is_some() || self.at_height.is_some()) {
            return Err("`at_ms` and `at_height` belong to the block, not to its calls".into());
        }
        if signed != self.caller.is_some() {
            return Err(
                "`caller` belongs to `call`, `poke` and `upgrade`, and every one of them has one".into()
            );
        }
        if self.value.is_some() && self.call.is_none() {
            return Err("`value` belongs to `call`".into());
        }
        if !self.sends.is_empty() && self.call.is_none() {
            return Err("`sends` belongs to `call`".into());
        }
        if self.approve && (self.call.is_none() || !self.sends.is_empty() || self.expect.returns.is_some()) {
            return Err("`approve` belongs to `call`, and an approval sends and returns nothing".into());
        }
        if self.upgrade.is_some() && (!self.args.is_empty() || self.expect.returns.is_some()) {
            return Err("an upgrade takes no `args`, and its proposal returns nothing".into());
        }
        if self.poke.is_some() && (!self.args.is_empty() || self.expect.returns.is_some()) {
            return Err("an exit takes no `args`, and returns nothing".into());
        }
        if !self.item.is_empty() && self.poke.is_none() {
            return Err("`item` belongs to `poke`".into());
        }
        match self.at_height {
            Some(_) if self.query.is_some() => {
                return Err("a query makes no block: `at_height` belongs to the other steps".into());
            }
            Some(height) if height > SCENARIO_HEIGHT_MAX => {
                return Err(format!("height {height} is past the greatest, {SCENARIO_HEIGHT_MAX}"));
            }
            _ => {}
        }
        for call in self.block.iter().flatten() {
            call.check(true).map_err(|what| format!("{}: {what}", call.label()))?;
        }
        if let Some(random) = &self.random
            && (random.among.is_empty() || random.calls.is_empty() || random.per_block == 0)
        {
            return Err("`random` needs accounts in `among`, `calls`, and `per_block` of at least 1".into());
        }
        self.expect.check()
    }
}

impl Expect {
    fn check(&self) -> Result<(), String> {
        if self.error.is_some() && (self.returns.is_some() || self.events.is_some()) {
            return Err("a step that expects an error returns nothing and announces nothing".into());
        }
        if self.text.is_some() && self.error.is_none() {
            return Err("`text` is what an `error` says: expect that too".into());
        }
        if let Some(unclear) = self.escrows.iter().find(|held| held.holds.is_some() == held.value.is_some()) {
            return Err(format!("escrow `{}`: expected exactly one of `holds` and `value`", unclear.cell));
        }
        let one_name = |fields: &BTreeMap<String, Values>| fields.len() == 1;
        if !self.events.iter().flatten().all(one_name) {
            return Err("an event is a table with one name: `{ Name = { field = value } }`".into());
        }
        match &self.error {
            None | Some(toml::Value::String(_)) => Ok(()),
            Some(toml::Value::Table(table))
                if table.len() == 1 && table.values().all(toml::Value::is_table) =>
            {
                Ok(())
            }
            Some(_) => {
                Err("an error is a name, or a table with one name: `{ Name = { field = value } }`".into())
            }
        }
    }
}
