//! The real path, from signed bytes to a synced block, with its phases measured apart.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail};
use chainstack_client::{
    KeyPair,
    transaction::{Terms, sign_reproducibly},
};
use chainstack_host::{Executor, ExecutorConfig};
use chainstack_primitives::{AccountId, Amount, Bytes, Call, ChainId, Gas, Height, Nonce, TimeMs, codes};
use chainstack_runtime::{
    block::{BlockInfo, Machine, Proposal, build_block},
    params::Schedule,
    ports::{ContractExecutor as _, Message, Parallel},
    state::{Overlay, Tries},
    transaction::{Meter, VerifiedTransaction},
};
use chainstack_storage::{BlockCommit, RocksBackend, Store, StoreOptions};
use parity_scale_codec::Encode as _;

use super::{
    BenchConfig, Checks, Draw, Measured, cost,
    phases::{self, Stopwatch, Toll},
    signature::verify_all,
};
use crate::{code_cache, node::open_store, spec, threads::Threads};

/// Coins of each account at the start.
const COINS: u128 = 1_000_000;
/// Gas limit of every transaction that a workload signs.
pub(super) const GAS_LIMIT: Gas = Gas(400_000);
/// Most gas that a setup's deployment may use.
pub(super) const DEPLOY_GAS: Gas = Gas(500_000_000);

/// Accounts with keys drawn from the seed.
pub(super) struct Holders {
    keys: Vec<KeyPair>,
}

impl Holders {
    pub(super) fn new(config: &BenchConfig) -> Self {
        let mut draw = Draw::new(config.seed);
        Self { keys: (0..config.accounts.max(2)).map(|_| KeyPair::from_seed(&draw.bytes())).collect() }
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.keys.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn key(&self, index: u32) -> Result<&KeyPair> {
        let index = usize::try_from(index)?;
        self.keys.get(index).context("an account of the workload")
    }

    /// Signed transfers of coins between random accounts, with nonces in order.
    pub(super) fn transfers(&self, config: &BenchConfig, chain: ChainId) -> Vec<Vec<u8>> {
        let mut signer = Signer::new(self, config.seed, chain);
        let count = self.count();
        (0..config.txs)
            .filter_map(|_| {
                let (from, to) = signer.pair(count);
                let to = self.key(to).ok()?.public();
                let amount = Amount(u128::from(1 + signer.draw.below(100)));
                signer.sign(from, GAS_LIMIT, Amount::ZERO, Call::Transfer { to, amount }).ok()
            })
            .collect()
    }
}

/// Signs for the holders, keeping their nonces.
pub(super) struct Signer<'a> {
    holders: &'a Holders,
    nonces: Vec<u64>,
    chain: ChainId,
    pub(super) draw: Draw,
}

impl<'a> Signer<'a> {
    pub(super) fn new(holders: &'a Holders, seed: u64, chain: ChainId) -> Self {
        Self { holders, nonces: vec![0; holders.keys.len()], chain, draw: Draw::new(seed ^ 0x5157_4e41) }
    }

    /// Two different accounts below `count`.
    pub(super) fn pair(&mut self, count: u32) -> (u32, u32) {
        let from = self.draw.below(count);
        let to = (from + 1 + self.draw.below(count - 1)) % count;
        (from, to)
    }

    pub(super) fn sign(
        &mut self,
        from: u32,
        gas_limit: Gas,
        max_deposit: Amount,
        call: Call,
    ) -> Result<Vec<u8>> {
        let nonce = self.nonces.get_mut(usize::try_from(from)?).context("an account of the workload")?;
        let terms = Terms {
            chain: self.chain,
            nonce: Nonce(*nonce),
            valid_until: Height(4_000),
            gas_limit,
            // Full blocks raise the base fee; a benchmark must not run dry of it.
            max_fee_per_gas: Amount(1_000_000_000_000),
            tip_per_gas: Amount::ZERO,
            max_deposit,
        };
        *nonce += 1;
        Ok(sign_reproducibly(terms.body(call), self.holders.key(from)?).encode())
    }
}

/// A chain under measurement.
pub(super) struct Path {
    store: Store,
    executor: Executor,
    schedule: Schedule,
    operator: AccountId,
    threads: Marked,
    tries: Tries,
    /// Where data lies, and whether it goes with this.
    folder: (PathBuf, bool),
    pub(super) measured: Measured,
}

impl Drop for Path {
    fn drop(&mut self) {
        if let (folder, true) = &self.folder {
            // What cannot be removed is left to the system's cleaning of its folder of temporary files.
            let _left = std::fs::remove_dir_all(folder);
        }
    }
}

/// Threads that remember the CPU time at which they were first asked in a block: there execution ends and
/// commitment begins.
struct Marked {
    threads: Threads,
    first_asked: Mutex<Option<Duration>>,
}

impl Parallel for Marked {
    fn for_each(&self, count: usize, job: &(dyn Fn(usize) + Sync)) {
        self.first_asked.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(cost::thread_cpu);
        self.threads.for_each(count, job);
    }
}

impl Path {
    /// A new chain on which every holder has coins.
    pub(super) fn new(config: &BenchConfig, holders: &Holders) -> Result<Self> {
        let schedule = Schedule::base()?;
        let coins = Amount::coins(COINS).context("coins fit an amount")?;
        let balances = holders.keys.iter().map(|key| (key.public(), coins)).collect();
        let genesis = spec::with_balances("bench", &schedule, balances)?;
        let folder = config.data.clone();
        let removed = folder.is_none();
        let temporary = || std::env::temp_dir().join(format!("chainstack-bench-{}", std::process::id()));
        let folder = folder.unwrap_or_else(temporary);
        std::fs::create_dir_all(&folder)?;
        let backend = RocksBackend::open(folder.join("store"))?;
        let keeping =
            ExecutorConfig { code_cache: code_cache::in_data_folder(&folder), ..Default::default() };
        let executor = Executor::new(keeping, schedule.clone())?;
        let store = open_store(backend, &genesis, &schedule, &executor, &StoreOptions::default())?;
        if store.head().height() != Height(0) {
            bail!("{} holds a chain already; give --data an empty folder", folder.display());
        }
        let threads = Marked { threads: Threads::of(config.threads), first_asked: Mutex::new(None) };
        Ok(Self {
            store,
            executor,
            schedule,
            operator: spec::operator()?,
            threads,
            tries: Tries::cold(),
            folder: (folder, removed),
            measured: Measured::default(),
        })
    }

    pub(super) fn chain(&self) -> ChainId {
        self.store.chain()
    }

    /// Runs signed transactions in blocks of at most `block_txs`; each must succeed. The output of the last one.
    pub(super) fn run(&mut self, signed: &[Vec<u8>], block_txs: usize) -> Result<Vec<u8>> {
        let mut output = Vec::new();
        for block in signed.chunks(block_txs.max(1)) {
            let (began, process) = (Instant::now(), cost::process_cpu());
            let (cpu, others) = (cost::thread_cpu(), self.threads.threads.others_cpu());
            let verified = verify_all(&self.threads.threads, block)?;
            let spent = cost::thread_cpu().saturating_sub(cpu);
            let others = self.threads.threads.others_cpu().saturating_sub(others);
            self.measured.seconds_sig += (spent + others).as_secs_f64();
            let mut waiting: Vec<_> = verified.into_iter().map(Arc::new).collect();
            while !waiting.is_empty() {
                (waiting, output) = self.block(waiting)?;
            }
            self.measured.seconds_total += began.elapsed().as_secs_f64();
            self.measured.cpu_seconds += cost::process_cpu().saturating_sub(process).as_secs_f64();
        }
        self.measured.state_root = self.store.head().state_root();
        Ok(output)
    }

    /// Runs signed transactions as [`Self::run`] does while somebody listens to the host's phases: what its checks take
    /// of execution. The first transaction makes the contract's code ready and is not counted.
    pub(super) fn run_probed(&mut self, signed: &[Vec<u8>], block_txs: usize) -> Result<Checks> {
        let cache = code_cache::in_data_folder(&self.folder.0);
        let keeping =
            ExecutorConfig { code_cache: cache, probe: Some(Arc::new(Stopwatch)), ..Default::default() };
        let plain = std::mem::replace(&mut self.executor, Executor::new(keeping, self.schedule.clone())?);
        let kept = std::mem::take(&mut self.measured);
        let (first, others) = signed.split_at_checked(1).context("a transaction to run")?;
        self.run(first, 1)?;
        self.measured = Measured::default();
        let before = Toll::measure();
        let _first = phases::taken();
        self.run(others, block_txs)?;
        let seen = phases::taken();
        let after = Toll::measure();
        let probed = std::mem::replace(&mut self.measured, kept);
        self.executor = plain;
        Ok(Checks::new(probed.txs, probed.seconds_exec, seen, before.min(after)))
    }

    /// Calls `method` of a contract `count` times on one thread, without transactions around it: execution alone.
    pub(super) fn call(
        &mut self,
        origin: AccountId,
        contract: AccountId,
        method: &str,
        count: u32,
    ) -> Result<()> {
        let view = self.store.view();
        let parent = self.store.head().as_parent();
        let mut block = BlockInfo::of_header(parent.header(), self.store.chain());
        block.height = Height(block.height.0 + 1);
        let mut state = Overlay::new(&view);
        let (began, cpu) = (Instant::now(), cost::thread_cpu());
        for _ in 0..count {
            let mut meter = Meter::new(origin, GAS_LIMIT, Amount::ZERO, &self.schedule);
            let message = Message { origin, value: Amount::ZERO, args: &[], sends: &[] };
            let called = self.executor.invoke(&mut state, &mut meter, &block, contract, method, message);
            called.map_err(|error| anyhow!("{method}: {error:?}"))?;
            state.finish_transaction();
        }
        self.measured.seconds_exec = cost::thread_cpu().saturating_sub(cpu).as_secs_f64();
        self.measured.seconds_total = began.elapsed().as_secs_f64();
        self.measured.cpu_seconds = self.measured.seconds_exec;
        self.measured.txs = u64::from(count);
        Ok(())
    }

    /// Builds, commits and syncs one block: what did not fit, and the output of the last transaction.
    fn block(
        &mut self,
        candidates: Vec<Arc<VerifiedTransaction>>,
    ) -> Result<(Vec<Arc<VerifiedTransaction>>, Vec<u8>)> {
        *self.threads.first_asked.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let (cpu, others) = (cost::thread_cpu(), self.threads.threads.others_cpu());
        let view = self.store.view();
        let machine = Machine {
            reader: &view,
            nodes: &view,
            executor: &self.executor,
            schedule: &self.schedule,
            parallel: &self.threads,
        };
        let parent = self.store.head().as_parent();
        let time_ms = TimeMs(parent.header().core.time_ms.0 + 1_000);
        let proposal = Proposal { time_ms, proposer: self.operator, last_commit: Bytes::new() };
        let built = build_block(&machine, &mut self.tries, &parent, proposal, &candidates)?;
        if let Some(failed) = built.applied.receipts.iter().find(|receipt| receipt.code != codes::OK) {
            bail!("a transaction of the workload failed with {}", crate::cli::error::name_of(failed.code));
        }
        let included = built.block.transactions.len();
        if included == 0 {
            let reason = built.dropped.first().map(|dropped| dropped.reason.to_string());
            bail!("no transaction could be included: {}", reason.unwrap_or_default());
        }
        self.store.commit_block(&BlockCommit::of(&built.block, &built.applied))?;
        let ended = cost::thread_cpu();
        let mark = *self.threads.first_asked.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = mark.unwrap_or(ended);
        let others = self.threads.threads.others_cpu().saturating_sub(others);
        self.measured.seconds_exec += mark.saturating_sub(cpu).as_secs_f64();
        self.measured.seconds_commit += (ended.saturating_sub(mark) + others).as_secs_f64();
        self.measured.txs += u64::try_from(included)?;
        self.measured.blocks += 1;
        let dropped: std::collections::BTreeSet<usize> =
            built.dropped.iter().map(|dropped| dropped.index).collect();
        let left = candidates.into_iter().enumerate().filter(|(index, _)| dropped.contains(index));
        let output = built.applied.outcomes.into_iter().next_back().map(|outcome| outcome.output);
        Ok((left.map(|(_, candidate)| candidate).collect(), output.unwrap_or_default()))
    }
}
