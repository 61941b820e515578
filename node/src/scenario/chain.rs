//! What a chain must answer for a scenario to run on it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

/// Where a contract's code comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// A paradigm of genesis, by name.
    Paradigm(String),
    /// A module with its manifest, in a file.
    Wasm(PathBuf),
    /// A module with its manifest, as a chain has it.
    Code(Arc<[u8]>),
}

/// A contract to deploy. Texts of arguments are as the CLI takes them after `name=`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeployRequest {
    /// Name by which later requests know it.
    pub name: String,
    /// Its code.
    pub source: Source,
    /// Who signs: an account's text.
    pub caller: String,
    /// Parameters by name; those left out take their defaults.
    pub params: BTreeMap<String, String>,
    /// Native coins that come along, in base units.
    pub value: u128,
}

/// A method to invoke.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallRequest {
    /// Name of the contract.
    pub contract: String,
    /// The method.
    pub method: String,
    /// Who signs: an account's text.
    pub caller: String,
    /// Arguments by name.
    pub args: BTreeMap<String, String>,
    /// Native coins that come along, in base units.
    pub value: u128,
    /// Assets that the caller consents to send, as `CONTRACT.CELL`, and how much of each at most.
    pub sends: Vec<(String, u128)>,
    /// Whether the caller approves this call as a member of a set, and does not make it.
    pub approve: bool,
}

/// An exit to take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PokeRequest {
    /// Name of the contract.
    pub contract: String,
    /// The exit.
    pub exit: String,
    /// Who signs: an account's text.
    pub caller: String,
    /// Key of the item it concerns, one text for each key field; none if it concerns the contract.
    pub item: Vec<String>,
}

/// Code to propose as that of a contract.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UpgradeRequest {
    /// Name of the contract.
    pub contract: String,
    /// The module.
    pub wasm: PathBuf,
    /// Who signs: an account's text.
    pub caller: String,
}

/// What a transaction of a block does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// Invokes a method.
    Call(CallRequest),
    /// Takes an exit.
    Poke(PokeRequest),
}

/// A view to ask.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueryRequest {
    /// Name of the contract.
    pub contract: String,
    /// The view.
    pub method: String,
    /// Arguments by name.
    pub args: BTreeMap<String, String>,
}

/// An event, decoded.
#[derive(Clone, PartialEq, Debug)]
pub struct Announced {
    /// Its name.
    pub name: String,
    /// Its fields.
    pub fields: BTreeMap<String, Value>,
}

/// Why a call was not carried out.
#[derive(Clone, PartialEq, Debug)]
pub struct Refusal {
    /// Name of the declared error, or of the stable code.
    pub name: String,
    /// Fields of the declared error; of a code only `text`, what it says.
    pub fields: BTreeMap<String, Value>,
}

/// What became of a transaction.
#[derive(Clone, PartialEq, Debug)]
pub struct Executed {
    /// What it returned (`null` if nothing), or why it was refused.
    pub outcome: Result<Value, Refusal>,
    /// What it announced, in order.
    pub events: Vec<Announced>,
    /// Gas it used.
    pub gas: u64,
}

/// A chain that scenarios run on. Values come back as JSON, integers as numbers or decimal texts, accounts as
/// addresses; an `Err` of these methods means that the chain could not be asked, which fails the scenario.
pub trait ScenarioChain {
    /// The address, as it stands in answers, of an account's text (`//Alice`, an address, hexadecimal digits).
    ///
    /// # Errors
    /// In words.
    fn address(&mut self, account: &str) -> Result<String, String>;

    /// Makes the next blocks carry at least this time, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// In words.
    fn set_time(&mut self, time_ms: u64) -> Result<(), String>;

    /// Makes empty blocks until the next block has this height.
    ///
    /// # Errors
    /// In words.
    fn set_height(&mut self, height: u64) -> Result<(), String>;

    /// Uploads, if needed, and instantiates, in a block of its own.
    ///
    /// # Errors
    /// In words.
    fn deploy(&mut self, request: &DeployRequest) -> Result<Executed, String>;

    /// Uploads, if needed, and proposes the code for the contract, in a block of its own.
    ///
    /// # Errors
    /// In words.
    fn propose(&mut self, request: &UpgradeRequest) -> Result<Executed, String>;

    /// Carries out the requests in this order in one block.
    ///
    /// # Errors
    /// In words.
    fn execute(&mut self, requests: &[Request]) -> Result<Vec<Executed>, String>;

    /// Asks a view of the latest block.
    ///
    /// # Errors
    /// In words.
    fn query(&mut self, request: &QueryRequest) -> Result<Result<Value, Refusal>, String>;

    /// The entry of a cell under a key, one text for each key field; `null` if there is none.
    ///
    /// # Errors
    /// In words.
    fn state(&mut self, contract: &str, cell: &str, key: &[String]) -> Result<Value, String>;

    /// Name of the state that a machine is in: that of the item under a key, one text for each key field, or of the
    /// contract; `null` if there is no such item.
    ///
    /// # Errors
    /// In words.
    fn machine_state(&mut self, contract: &str, machine: &str, key: &[String]) -> Result<Value, String>;

    /// How much an escrow cell of the contract holds: of the item under a key, one text for each key field, or of the
    /// contract; 1 of a unique asset.
    ///
    /// # Errors
    /// In words.
    fn escrowed(&mut self, contract: &str, cell: &str, key: &[String]) -> Result<u128, String>;

    /// Root of a contract's storage.
    ///
    /// # Errors
    /// In words.
    fn storage_root(&mut self, contract: &str) -> Result<String, String>;

    /// Free native balance of an account, in base units.
    ///
    /// # Errors
    /// In words.
    fn balance(&mut self, account: &str) -> Result<u128, String>;
}
