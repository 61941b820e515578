//! Benchmarks of the real path: signed SCALE bytes in, verified, executed, committed, synced.
//!
//! One run prints one line. Phases are CPU seconds of the threads that did them; `seconds_total` is wall time over
//! all blocks, setup apart. Contract calls with tokens run on for some blocks while somebody listens to the host's phases:
//! what its checks take is under `checks`, and in no other figure. The same seed gives the same `state_root` at any number of threads. A workload never
//! judges its own speed: `make bench` sets the peers beside it.

mod call;
pub mod cost;
mod path;
mod phases;
mod signature;
mod tokens;
mod trie;

use std::path::PathBuf;

use anyhow::Result;
use chainstack_primitives::Hash;
use serde_json::{Value, json};

pub use phases::Checks;

/// What to run, and how much of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BenchConfig {
    /// What is measured.
    pub workload: Workload,
    /// Accounts, or leaves.
    pub accounts: u32,
    /// Transactions, updates or signatures.
    pub txs: u32,
    /// Transactions or updates of one block.
    pub block_txs: u32,
    /// Threads.
    pub threads: usize,
    /// Seed of everything drawn.
    pub seed: u64,
    /// Folder of the store; a new one that is removed at the end by default.
    pub data: Option<PathBuf>,
}

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Workload {
    /// Coins between random accounts.
    Transfer,
    /// Calls of an ERC20 token's `transfer` between random holders.
    Erc20,
    /// Roots of a trie in memory.
    Trie,
    /// Verification of signatures.
    Signature,
    /// Warm calls of a method that does nothing, on one thread, without transactions around them.
    Call,
}

/// What a run measured.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Measured {
    /// Transactions, updates or signatures done.
    pub txs: u64,
    /// Blocks.
    pub blocks: u64,
    /// CPU seconds of decoding and verification.
    pub seconds_sig: f64,
    /// CPU seconds of execution, up to the settlement of the block.
    pub seconds_exec: f64,
    /// CPU seconds of the hashes of receipts and events, of roots, and of writing to the store.
    pub seconds_commit: f64,
    /// Wall seconds.
    pub seconds_total: f64,
    /// CPU seconds of the whole process over the blocks (updates, signatures, calls), setup apart.
    pub cpu_seconds: f64,
    /// Root after the last block.
    pub state_root: Hash,
    /// What the checks of the declaration took of execution: measured over blocks of their own, behind the others.
    pub checks: Option<Checks>,
}

/// Runs a workload: the fields of its line.
///
/// # Errors
/// If a transaction fails, or this machine does.
pub fn run(config: &BenchConfig) -> Result<Value> {
    let measured = match config.workload {
        Workload::Transfer => tokens::coins(config)?,
        Workload::Erc20 => tokens::erc20(config)?,
        Workload::Trie => trie::run(config)?,
        Workload::Signature => signature::run(config)?,
        Workload::Call => call::run(config)?,
    };
    let rate = |seconds: f64| if seconds > 0.0 { (as_float(measured.txs) / seconds).round() } else { 0.0 };
    Ok(json!({
        "workload": format!("{:?}", config.workload).to_lowercase(),
        "profile": if cfg!(debug_assertions) { "dev" } else { "release" },
        "txs": measured.txs,
        "blocks": measured.blocks,
        "accounts": config.accounts,
        "threads": config.threads,
        "seed": config.seed,
        "seconds_sig": round(measured.seconds_sig),
        "seconds_exec": round(measured.seconds_exec),
        "seconds_commit": round(measured.seconds_commit),
        "seconds_total": round(measured.seconds_total),
        "cpu_seconds": round(measured.cpu_seconds),
        "tps_exec": rate(measured.seconds_exec),
        "tps_total": rate(measured.seconds_total),
        "peak_rss_bytes": cost::peak_rss_bytes(),
        "state_root": measured.state_root.to_string(),
        "checks": measured.checks.map(Checks::to_json),
    }))
}

fn round(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

fn as_float(count: u64) -> f64 {
    // Counts of a run stay far below 2^53.
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// A generator of test data: the same seed gives the same sequence on every machine.
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// Starts at `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits (splitmix64).
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `count`, which is at least 1.
    pub fn below(&mut self, count: u32) -> u32 {
        let drawn = self.word() % u64::from(count.max(1));
        u32::try_from(drawn).unwrap_or(0)
    }

    /// 32 bytes.
    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_exact_mut(8) {
            chunk.copy_from_slice(&self.word().to_le_bytes());
        }
        bytes
    }
}
