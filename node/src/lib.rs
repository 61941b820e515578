//! The node and the command line: the edges, and the only wiring.
//!
//! | module | holds |
//! | --- | --- |
//! | [`allocator`] | the allocators of the program, and how they behave in a node |
//! | [`mod@bench`] | benchmarks of the real path |
//! | [`cli`] | the command line: one file per command |
//! | [`chain`] | store, pool, engine and executor behind one synchronous door |
//! | [`code_cache`] | compiled code in a folder |
//! | [`scenario`] | what contracts must do, as data; run in this process |
//! | [`service`] | the chain on a thread of its own |
//! | [`limits`] | the limits page, from the constants that hold |
//! | [`memory`] | the budget of what a node holds so as not to read it again |
//! | [`mempool`] | transactions that wait for a block |
//! | [`node`] | the wiring of a running node |
//! | [`rpc`] | JSON-RPC, `/metrics` and `/health` on one port |
//! | [`spec`] | the development chain's genesis |
//! | [`telemetry`] | metrics and logs |
//! | [`threads`] | threads for independent work |
//!
//! Invariants: a block is durable before anyone hears of it; every byte from outside meets a published limit;
//! a fault of this machine stops the chain and is never turned into a verdict.

pub mod allocator;
pub mod bench;
pub mod chain;
pub mod cli;
pub mod code_cache;
pub mod limits;
pub mod memory;
pub mod mempool;
pub mod node;
pub mod rpc;
pub mod scenario;
pub mod service;
pub mod spec;
pub mod telemetry;
pub mod threads;
