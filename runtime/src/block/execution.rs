//! Running a block's transactions, for those who apply, build and simulate.

use chainstack_primitives::{
    AccountId, Amount, ChainId, Gas, Hash, Header, Height, Receipt, TimeMs, merkle, receipt::receipt_leaves,
};
use chainstack_trie::Join as _;

use crate::{
    modules::balances,
    params::Schedule,
    pieces::Pieces,
    ports::{ContractExecutor, Fault, Parallel, StateReader},
    state::{ChangeSet, Commitment, NodeSource, Overlay, Tries, commitment},
    transaction::{
        Accrued, Outcome, TransactionRefused, Unsealed, VerifiedTransaction, execute, seal, validate,
    },
};

/// Transactions of which the receipts are one piece of work.
const SEALED_TOGETHER: usize = 256;

/// What the state transition runs on: committed state, executor, prices, threads.
#[derive(Clone, Copy)]
pub struct Machine<'a> {
    /// Flat state after the parent.
    pub reader: &'a dyn StateReader,
    /// Trie nodes after the parent.
    pub nodes: &'a dyn NodeSource,
    /// Runs contracts.
    pub executor: &'a dyn ContractExecutor,
    /// Parameters in force.
    pub schedule: &'a Schedule,
    /// Threads to commit with.
    pub parallel: &'a dyn Parallel,
}

/// What transactions and contracts see of their block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlockInfo {
    /// Protocol version.
    pub version: u16,
    /// The chain.
    pub chain: ChainId,
    /// Height of the block.
    pub height: Height,
    /// Time of the block.
    pub time_ms: TimeMs,
    /// Base units burnt per gas.
    pub base_fee: Amount,
    /// Who proposes the block.
    pub proposer: AccountId,
}

impl BlockInfo {
    /// What the block with `header`, of `chain`, shows.
    #[must_use]
    pub const fn of_header(header: &Header, chain: ChainId) -> Self {
        Self {
            version: header.core.version,
            chain,
            height: header.core.height,
            time_ms: header.core.time_ms,
            base_fee: header.rest.base_fee,
            proposer: header.rest.proposer,
        }
    }
}

/// A block being executed.
pub(super) struct Execution<'a> {
    machine: Machine<'a>,
    block: BlockInfo,
    state: Overlay<'a>,
    accrued: Accrued,
    unsealed: Vec<Unsealed>,
    outcomes: Vec<Outcome>,
}

/// What an executed block leaves.
pub(super) struct Executed {
    pub(super) changes: ChangeSet,
    pub(super) commitment: Commitment,
    pub(super) receipts: Vec<Receipt>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) gas_used: Gas,
    pub(super) receipt_root: Hash,
}

/// Why a transaction was not executed at its turn.
pub(super) enum NotIncluded {
    Refused(TransactionRefused),
    Fault(Fault),
}

impl From<Fault> for NotIncluded {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<'a> Execution<'a> {
    pub(super) fn new(machine: Machine<'a>, block: BlockInfo) -> Self {
        Self {
            machine,
            block,
            state: Overlay::new(machine.reader),
            accrued: Accrued::default(),
            unsealed: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    /// Gas that the block has left.
    pub(super) const fn gas_left(&self) -> Gas {
        // No transaction is let in whose limit is above what is left.
        Gas(self.machine.schedule.block.gas_limit.0.saturating_sub(self.accrued.gas_used.0))
    }

    /// Executes the next transaction, or leaves everything as it is if it cannot be included.
    pub(super) fn include(&mut self, verified: &VerifiedTransaction) -> Result<(), NotIncluded> {
        let schedule = self.machine.schedule;
        let account = self.state.account_or_new(&verified.signer())?;
        let valid = validate::at_turn(schedule, &self.block, self.gas_left(), &account, verified)
            .map_err(NotIncluded::Refused)?;
        let executor = self.machine.executor;
        let (unsealed, outcome) =
            execute(schedule, executor, &self.block, &mut self.state, &mut self.accrued, &valid)?;
        self.unsealed.push(unsealed);
        self.outcomes.push(outcome);
        Ok(())
    }

    /// Receipt and outcome of the transaction included last.
    pub(super) fn into_last(mut self) -> Option<(Receipt, Outcome)> {
        let (unsealed, outcome) = self.unsealed.pop().zip(self.outcomes.pop())?;
        let receipt = seal(vec![unsealed], std::slice::from_ref(&outcome)).pop()?;
        Some((receipt, outcome))
    }

    /// Settles the block and commits to its receipts and changes. The first job for the parallel port is where
    /// execution ends: benchmarks divide there.
    pub(super) fn finish(mut self, tries: &mut Tries) -> Result<Executed, Fault> {
        let Machine { schedule, reader, nodes, parallel, .. } = self.machine;
        balances::settle(schedule, &self.block, &mut self.state, &self.accrued)?;
        let (receipts, receipt_root) = seal_all(self.unsealed, &self.outcomes, parallel);
        let changes = self.state.into_changes();
        let commitment = commitment::commit(&changes, reader, nodes, tries, parallel)?;
        Ok(Executed {
            changes,
            commitment,
            receipts,
            outcomes: self.outcomes,
            gas_used: self.accrued.gas_used,
            receipt_root,
        })
    }
}

/// All receipts, and the root over them.
fn seal_all(unsealed: Vec<Unsealed>, outcomes: &[Outcome], parallel: &dyn Parallel) -> (Vec<Receipt>, Hash) {
    let mut rest = unsealed.into_iter();
    let pieces = outcomes.chunks(SEALED_TOGETHER);
    let pieces: Vec<_> =
        pieces.map(|piece| (rest.by_ref().take(piece.len()).collect::<Vec<_>>(), piece)).collect();
    let sealed = Pieces(parallel).map(pieces, |(unsealed, outcomes)| {
        let receipts = seal(unsealed, outcomes);
        let leaves = receipt_leaves(&receipts);
        (receipts, leaves)
    });
    let (mut receipts, mut leaves) = (Vec::with_capacity(outcomes.len()), Vec::with_capacity(outcomes.len()));
    for (more, more_leaves) in sealed {
        receipts.extend(more);
        leaves.extend(more_leaves);
    }
    (receipts, merkle::root(&leaves))
}
