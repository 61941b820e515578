//! `chainstack bench`: how fast the real path is on this machine.

use std::path::PathBuf;

use super::{Outcome, context::Context, error::CliError, output::Answer};
use crate::bench::{BenchConfig, Workload, run};

/// Measure the real path: signed bytes in, verified, executed, committed, synced. Prints one JSON line.
#[derive(clap::Args, Debug)]
pub(super) struct Bench {
    /// What to measure.
    #[arg(value_enum)]
    workload: Workload,
    /// Accounts (leaves of the trie).
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2..=10_000_000))]
    accounts: u32,
    /// Transactions (updates, signatures).
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    txs: u32,
    /// Transactions of one block.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    block_txs: u32,
    /// Threads.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: u16,
    /// Seed of everything drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder of the store [default: a new one that is removed at the end].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Bench {
    /// Runs the command.
    ///
    /// # Errors
    /// If a transaction fails or this machine does.
    pub(super) fn run(self, _context: &Context) -> Outcome {
        let config = BenchConfig {
            workload: self.workload,
            accounts: self.accounts,
            txs: self.txs,
            block_txs: self.block_txs,
            threads: usize::from(self.threads),
            seed: self.seed,
            data: self.data,
        };
        let line = run(&config).map_err(|error| CliError::failed(format!("{error:#}")))?;
        Ok(Answer::new(line.to_string(), line))
    }
}
