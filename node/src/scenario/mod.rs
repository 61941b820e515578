//! Scenario files: what a contract must do, as data.
//!
//! A scenario names accounts, deploys contracts, takes steps and says what each must bring. It sees a chain as
//! a user does, by names and `name=value` arguments, through [`ScenarioChain`]; so the same file can run in
//! process, against a node or against another implementation.
//!
//! | file | what |
//! | --- | --- |
//! | `schema` | the TOML, parsed and checked |
//! | `chain` | what a chain must answer |
//! | `local` | a chain in this process, in memory |
//! | `value` | accounts by name, and when two values are the same |
//! | `run` | taking the steps, comparing |
//! | `random` | steps drawn from a seed |
//! | `error` | what is wrong, in which file and step |
//!
//! ```toml
//! title = "transfer part"
//! [accounts]                       # used as "@A"; a text is whatever the chain takes for an account
//! A = "//Alice"
//! B = "//Bob"
//! [[contracts]]
//! name = "token"
//! paradigm = "erc20"               # or `wasm = "path from this file"`
//! caller = "@A"
//! params = { name = "Token", supply = 100 }
//! [[steps]]
//! call = "transfer"                # a transaction in a block of its own; `query` reads, `block` bundles
//! caller = "@A"
//! args = { to = "@B", amount = 30 }
//! [steps.expect]                   # absent: the step must succeed
//! return = true
//! events = [{ Transfer = { from = "@A", to = "@B", amount = 30 } }]
//! state = [{ cell = "balances", key = ["@B"], value = 30 }]
//! gas_max = 200_000
//! [[steps]]
//! poke = "refund"                  # an exit, whoever pokes
//! item = [7]                       # key of the item it concerns; absent for an exit of the contract
//! caller = "@B"
//! at_height = 50                   # height of the block; `at_ms` is its time, counted from the scenario's `time_ms`
//! [steps.expect]
//! machines = [{ machine = "deal", key = [7], state = "Refunded" }]
//! escrows = [{ cell = "deposits", key = [7], value = 0 }]       # or `holds = false`, where the amount is not the point
//! ```
//!
//! With `upgrade = "path of a module"` the `caller` proposes other code for the contract, which is uploaded first, in a
//! block more. Whether the gate of upgrades lets it pass is what the step brings: `UpgradeRefused` if it does not.
//!
//! With `approve = true` the caller of a `call` approves it, as a member of a set that its guard asks, and does not make it.
//!
//! Time and height only go forward. Heights are those of the chain: genesis has 0, a module's upload and each deployment
//! take a block, each step but a query one more. What is missing up to `at_height` is filled with empty blocks, each a
//! second later than the one before; `block = []` is an empty block at a time or height, to look at what is then.
//!
//! An `error` is one that the contract declares, or the name of a code: `WrongState`, `GuardRefused`, `NotOpen`.
//! With `text` the refusal must say so besides: `error = "UpgradeRefused"`, `text = "exit: "`.
//! A step that expects an `error` (`"Name"`, or `{ Name = { field = value } }`) must also leave the storage of
//! every contract of the scenario as it was, and announce nothing.

mod chain;
mod error;
mod local;
mod random;
mod run;
mod schema;
#[cfg(test)]
mod tests;
mod value;

pub use chain::{
    Announced, CallRequest, DeployRequest, Executed, PokeRequest, QueryRequest, Refusal, Request,
    ScenarioChain, Source, UpgradeRequest,
};
pub use error::ScenarioError;
pub(crate) use local::BLOCK_MS;
pub use local::{LocalChain, Watcher};
pub use run::{Report, run};
pub use schema::Scenario;
