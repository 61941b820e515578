//! The whole house, tested from outside.

mod bench;
mod check;
mod cli;
mod code_cache;
mod golden;
mod keys;
mod metrics;
mod proofs;
mod recovery;
mod refused;
mod rpc;
mod tidy;
mod trie;
