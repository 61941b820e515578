//! The chain of this node: store, pool, engine and executor behind one door.
//!
//! [`Chain`] is synchronous and has one owner; the node runs it on a thread of its own ([`crate::service`]),
//! scenarios, tests and benchmarks call it directly. What the engine asks for is carried out here, in order, and
//! the first failure stops the node. A decided block is durable before anyone hears of it.

mod clock;
mod dev;
#[cfg(test)]
mod durability;
mod submit;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Instant};

use chainstack_consensus::{Effect, Engine, Input, Record, Sealing, Solo, Timer};
use chainstack_host::Executor;
use chainstack_primitives::{AccountId, Amount, Block, Bytes, ChainId, Hash, Height, Nonce, TimeMs};
use chainstack_runtime::{
    block::{Built, Machine, Parent, Proposal, build_block},
    genesis::Genesis,
    params::Schedule,
    ports::{Fault, Parallel},
    state::Tries,
    transaction::{TransactionRefused, VerifiedTransaction},
};
use chainstack_storage::{BlockCommit, Store};

pub use self::{
    clock::{Clock, ManualClock, SystemClock},
    submit::{Known, SubmitRefused},
};
use crate::{
    mempool::{Bounds, Mempool},
    telemetry::metrics::{Metrics, Outcome},
};

/// Most candidates looked at for one block.
pub const CANDIDATES_MAX: usize = 1 << 16;

/// What a chain is made of.
pub struct Parts {
    /// Durable bytes, opened on the genesis below.
    pub store: Store,
    /// Runs contracts.
    pub executor: Arc<Executor>,
    /// The chain's first block, as described.
    pub genesis: Genesis,
    /// Parameters in force.
    pub schedule: Arc<Schedule>,
    /// Threads to commit with.
    pub parallel: Arc<dyn Parallel + Send + Sync>,
    /// The time that blocks get.
    pub clock: Box<dyn Clock>,
    /// When blocks are made.
    pub sealing: Sealing,
    /// Who proposes.
    pub operator: AccountId,
    /// Bounds of the pool.
    pub bounds: Bounds,
    /// Memory for tries kept decoded between blocks, in bytes.
    pub tries_bytes: usize,
    /// What an operator sees.
    pub metrics: Arc<Metrics>,
}

/// A block that was just committed.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// Its height.
    pub height: Height,
    /// Its hash.
    pub hash: Hash,
}

/// A chain.
pub struct Chain {
    parts: Parts,
    engine: Box<dyn Engine + Send>,
    mempool: Mempool<VerifiedTransaction>,
    parent: Parent,
    tries: Tries,
    proposed: Option<Built>,
    timer: Option<(Timer, u64)>,
    announcements: Vec<Announcement>,
}

impl Chain {
    /// Starts on what the store holds. The first block's engine inputs run at once.
    ///
    /// # Errors
    /// [`Fault`] if the store's head cannot be read.
    pub fn start(parts: Parts) -> Result<Self, Fault> {
        let parent = parts.store.head().as_parent();
        let mempool = Mempool::new(parts.bounds);
        let engine = Box::new(Solo::new(parts.sealing));
        let mut chain = Self {
            parts,
            engine,
            mempool,
            parent,
            tries: Tries::cold(),
            proposed: None,
            timer: None,
            announcements: Vec::new(),
        };
        chain.observe_head();
        let height = chain.next_height()?;
        chain.step(Input::Start { height })?;
        Ok(chain)
    }

    /// Tells the engine what happened and does what it asks for.
    ///
    /// # Errors
    /// [`Fault`] if this machine failed. The chain must then be dropped and started anew from the store.
    pub fn step(&mut self, input: Input) -> Result<(), Fault> {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for effect in self.engine.step(input) {
                inputs.extend(self.carry_out(effect)?);
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, effect: Effect) -> Result<Option<Input>, Fault> {
        match effect {
            // Under `solo` the block's own batch is this record: it is one atomic synced write, and there is no
            // vote to remember before it. Any other record would have to be made durable here.
            Effect::Persist(Record::Deciding { .. }) => Ok(None),
            Effect::Propose { height, round, allow_empty } => {
                let proposed = self.propose(allow_empty)?;
                Ok(Some(match proposed {
                    Some(block) => Input::Proposed { height, round, block },
                    None => Input::NothingToPropose { height, round },
                }))
            }
            // Work that still waits is for the next step: whoever drives the chain looks at other things between.
            Effect::Decide { height, block, .. } => {
                self.decide(height, block)?;
                Ok(None)
            }
            Effect::SetTimer { timer, after_ms } => {
                self.timer = Some((timer, after_ms));
                Ok(None)
            }
            other => Err(Fault::text(&format!("this node cannot carry out {other:?}"))),
        }
    }

    /// Builds and executes a block on the head, and keeps it until it is decided.
    fn propose(&mut self, allow_empty: bool) -> Result<Option<Hash>, Fault> {
        let base_fee = self.parent.child_base_fee(&self.parts.schedule);
        let candidates = self.mempool.ready(base_fee, CANDIDATES_MAX);
        if candidates.is_empty() && !allow_empty {
            return Ok(None);
        }
        let earliest = self.parent.header().core.time_ms.0.saturating_add(1);
        let proposal = Proposal {
            time_ms: TimeMs(self.parts.clock.now_ms().max(earliest)),
            proposer: self.parts.operator,
            last_commit: Bytes::new(),
        };
        let view = self.parts.store.view();
        let machine = Machine {
            reader: &view,
            nodes: &view,
            executor: &*self.parts.executor,
            schedule: &self.parts.schedule,
            parallel: &*self.parts.parallel,
        };
        let built = build_block(&machine, &mut self.tries, &self.parent, proposal, &candidates);
        let built = built.map_err(|error| Fault(Box::new(error)))?;
        for dropped in &built.dropped {
            let passes = matches!(
                dropped.reason,
                TransactionRefused::BlockFull { .. } | TransactionRefused::NonceTooHigh { .. }
            );
            if !passes {
                tracing::debug!(target: "chainstack::chain", id = %dropped.id, reason = %dropped.reason, "dropped");
                self.mempool.discard(&dropped.id);
            }
        }
        if built.block.transactions.is_empty() && !allow_empty {
            self.tries = Tries::cold();
            return Ok(None);
        }
        let hash = built.applied.hash;
        self.proposed = Some(built);
        Ok(Some(hash))
    }

    /// Commits the proposed block durably and takes it as the new head.
    fn decide(&mut self, height: Height, hash: Hash) -> Result<(), Fault> {
        let began = Instant::now();
        let proposed = self.proposed.take().filter(|built| built.applied.hash == hash);
        let Some(Built { block, applied, .. }) = proposed else {
            return Err(Fault::text("the engine decided a block that was not proposed"));
        };
        let commit = BlockCommit::of(&block, &applied);
        self.parts.store.commit_block(&commit).map_err(|error| Fault(Box::new(error)))?;
        self.parent = applied.as_parent()?;
        self.tries.shrink(self.parts.tries_bytes);
        let signers = block
            .transactions
            .iter()
            .map(|transaction| (transaction.signer, Nonce(transaction.body.nonce.0.saturating_add(1))));
        let next = self.next_height()?;
        self.mempool.on_block(signers, next);
        self.observe_block(&block, &applied.receipts, began);
        self.announcements.push(Announcement { height, hash });
        Ok(())
    }

    fn observe_block(&self, block: &Block, receipts: &[chainstack_primitives::Receipt], began: Instant) {
        let metrics = &self.parts.metrics;
        for receipt in receipts {
            let outcome = crate::cli::error::name_of(receipt.code);
            metrics.transactions.get_or_create(&Outcome { outcome }).inc();
        }
        metrics.blocks.inc();
        metrics.gas.inc_by(block.header.rest.gas_used.0);
        metrics.block_seconds.observe(began.elapsed().as_secs_f64());
        self.observe_head();
        tracing::info!(
            target: "chainstack::chain",
            height = block.header.core.height.0,
            hash = %block.header.hash(),
            transactions = block.transactions.len(),
            gas = block.header.rest.gas_used.0,
            "block"
        );
    }

    /// Brings the gauges up to date.
    fn observe_head(&self) {
        let metrics = &self.parts.metrics;
        metrics.height.set(i64::try_from(self.head().0.0).unwrap_or(i64::MAX));
        metrics.base_fee.set(approximate(self.base_fee()));
        metrics.mempool_transactions.set(i64::try_from(self.mempool.len()).unwrap_or(i64::MAX));
        metrics.mempool_bytes.set(i64::try_from(self.mempool.size_bytes()).unwrap_or(i64::MAX));
    }

    fn mempool_has_work(&self) -> bool {
        self.mempool.has_ready(self.base_fee())
    }

    fn next_height(&self) -> Result<Height, Fault> {
        self.parent.child_height().ok_or_else(|| Fault::text("the chain is at its greatest height"))
    }

    /// The chain's id.
    #[must_use]
    pub fn id(&self) -> ChainId {
        self.parent.chain()
    }

    /// Height and hash of the head.
    #[must_use]
    pub fn head(&self) -> (Height, Hash) {
        (self.parent.header().core.height, self.parent.hash())
    }

    /// Base fee of the next block.
    #[must_use]
    pub fn base_fee(&self) -> Amount {
        self.parent.child_base_fee(&self.parts.schedule)
    }

    /// The timer that the engine set last, once: which, and milliseconds from when it was set.
    pub fn take_timer(&mut self) -> Option<(Timer, u64)> {
        self.timer.take()
    }

    /// Blocks committed since last asked.
    pub fn take_announcements(&mut self) -> Vec<Announcement> {
        std::mem::take(&mut self.announcements)
    }

    /// What the chain is made of.
    #[must_use]
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The engine's name.
    #[must_use]
    pub fn engine_name(&self) -> &'static str {
        self.engine.name()
    }

    /// The waiting transactions.
    #[must_use]
    pub const fn mempool(&self) -> &Mempool<VerifiedTransaction> {
        &self.mempool
    }
}

/// An amount as a float, for a metric only.
fn approximate(amount: Amount) -> f64 {
    // A gauge shows the order of magnitude; text and RPC give the exact amount.
    amount.0.to_string().parse().unwrap_or(f64::INFINITY)
}
