//! The whole house, tested from outside.

mod aliases;
mod audit;
mod bench;
mod chain;
mod check;
mod cli;
mod code_cache;
mod connections;
mod events;
mod exits;
mod golden;
mod hostile;
mod inspect;
mod keys;
mod leave;
mod limits;
mod memory;
mod metrics;
mod moves;
mod proofs;
mod recovery;
mod refused;
mod replay;
mod rpc;
mod tidy;
mod trie;
