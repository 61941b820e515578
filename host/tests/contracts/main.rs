//! Contracts through the executor: WAT modules with manifests, called as transactions call them.
#![expect(clippy::print_stderr, reason = "seeds and measured times are told")]

mod assets;
mod engines;
mod exits;
mod frames;
mod functions;
mod hostile;
mod kept;
mod kit;
mod ledger_assets;
mod ledger_deposits;
mod ledger_keys;
mod ledgers;
mod limits;
mod machines;
mod outlook;
mod own_assets;
mod phases;
mod price;
mod refusals;
mod releases;
mod roles;
mod sends;
mod sets;
mod speed;
mod storage;
mod upgrades;
mod upload;
mod world;
