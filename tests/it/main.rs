//! The whole house, tested from outside.

mod aliases;
mod audit;
mod audit_guide;
mod audit_page;
mod bench;
mod check;
mod cli;
mod code_cache;
mod connections;
mod events;
mod exits;
mod faults;
mod golden;
mod inspect;
mod keys;
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
