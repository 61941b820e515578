//! Running a block's transactions, for those who apply, build and simulate.

use chainstack_primitives::{
    AccountId, Amount, ChainId, Gas, Hash, Header, Height, Receipt, TimeMs, receipt_root,
};

use crate::{
    modules::balances,
    params::Schedule,
    ports::{ContractExecutor, Fault, Parallel, StateReader},
    state::{ChangeSet, Commitment, NodeSource, Overlay, Tries, commitment},
    transaction::{Accrued, Outcome, TransactionRefused, VerifiedTransaction, execute, validate},
};

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
    receipts: Vec<Receipt>,
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
            receipts: Vec::new(),
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
        let (receipt, outcome) =
            execute(schedule, executor, &self.block, &mut self.state, &mut self.accrued, &valid)?;
        self.receipts.push(receipt);
        self.outcomes.push(outcome);
        Ok(())
    }

    /// Receipt and outcome of the transaction included last.
    pub(super) fn into_last(mut self) -> Option<(Receipt, Outcome)> {
        self.receipts.pop().zip(self.outcomes.pop())
    }

    /// Settles the block and commits to its changes.
    pub(super) fn finish(mut self, tries: &mut Tries) -> Result<Executed, Fault> {
        let Machine { schedule, reader, nodes, parallel, .. } = self.machine;
        balances::settle(schedule, &self.block, &mut self.state, &self.accrued)?;
        let changes = self.state.into_changes();
        let commitment = commitment::commit(&changes, reader, nodes, tries, parallel)?;
        let receipt_root = receipt_root(&self.receipts);
        Ok(Executed {
            changes,
            commitment,
            receipts: self.receipts,
            outcomes: self.outcomes,
            gas_used: self.accrued.gas_used,
            receipt_root,
        })
    }
}
