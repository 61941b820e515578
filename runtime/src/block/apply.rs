//! The one way into state.

use std::fmt;

use chainstack_primitives::{Hash, Header, Receipt, merkle::MountainRange};

use super::{
    BlockInfo, InvalidBlock, Machine, Parent, VerifiedBlock,
    execution::{Executed, Execution, NotIncluded},
    parent::{check_commit, commit_hash, may_propose, shares_root},
};
use crate::{
    ports::Fault,
    state::{ChangeSet, Commitment, Tries},
    transaction::Outcome,
};

/// Why a block was not applied.
#[derive(Debug)]
pub enum ApplyError {
    /// The block breaks protocol rules: the same verdict on every honest node.
    Invalid(InvalidBlock),
    /// This node could not decide. Never turn this into a vote against the block.
    Fault(Fault),
}

impl fmt::Display for ApplyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(invalid) => write!(formatter, "block is invalid: {invalid}"),
            Self::Fault(fault) => fault.fmt(formatter),
        }
    }
}

impl std::error::Error for ApplyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Invalid(invalid) => Some(invalid),
            Self::Fault(fault) => Some(fault),
        }
    }
}

impl From<InvalidBlock> for ApplyError {
    fn from(invalid: InvalidBlock) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<Fault> for ApplyError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What applying a block gives: everything that the store has to keep, and nothing of it kept yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    /// The block's header.
    pub header: Header,
    /// The block's hash.
    pub hash: Hash,
    /// The mountain range over the block's ancestors, that `header.core.history_root` commits to.
    pub history: MountainRange,
    /// Net changes of flat state.
    pub changes: ChangeSet,
    /// Roots, and changes of trie nodes.
    pub commitment: Commitment,
    /// One for each transaction, in order.
    pub receipts: Vec<Receipt>,
    /// Events, output and diagnostics of each transaction, in order.
    pub outcomes: Vec<Outcome>,
}

impl Applied {
    /// This block as the parent of the next one.
    ///
    /// # Errors
    /// [`Fault`] if header and history were changed so that they no longer fit together.
    pub fn as_parent(&self) -> Result<Parent, Fault> {
        Parent::new(self.header.clone(), self.history.clone())
            .ok_or_else(|| Fault::text("header and history do not fit together"))
    }
}

/// Applies `block` on top of `parent`, whose state `machine` reads: the one way into state. Total and pure; `tries`
/// only makes it faster.
///
/// # Errors
/// - [`ApplyError::Invalid`] with the first rule that the block breaks: header fields that follow from the
///   parent, then the transactions in order, then gas and roots.
/// - [`ApplyError::Fault`] if this machine could not tell.
pub fn apply_block(
    machine: &Machine<'_>,
    tries: &mut Tries,
    parent: &Parent,
    block: &VerifiedBlock,
) -> Result<Applied, ApplyError> {
    let header = block.header();
    check_against_parent(machine, parent, block)?;
    if !may_propose(machine, &header.rest.proposer)? {
        return Err(InvalidBlock::Proposer(header.rest.proposer).into());
    }
    let mut execution = Execution::new(*machine, BlockInfo::of_header(header, parent.chain()));
    for (index, transaction) in (0u32..).zip(block.transactions()) {
        execution.include(transaction).map_err(|error| match error {
            NotIncluded::Refused(reason) => InvalidBlock::Transaction { index, reason }.into(),
            NotIncluded::Fault(fault) => ApplyError::Fault(fault),
        })?;
    }
    let executed = execution.finish(tries)?;
    check_outcome(header, &executed)?;
    Ok(Applied {
        header: header.clone(),
        hash: header.hash(),
        history: parent.child_history(),
        changes: executed.changes,
        commitment: executed.commitment,
        receipts: executed.receipts,
        outcomes: executed.outcomes,
    })
}

fn same(field: &'static str, expected: Hash, found: Hash) -> Result<(), InvalidBlock> {
    if expected == found { Ok(()) } else { Err(InvalidBlock::Mismatch { field, expected, found }) }
}

/// Checks what can be checked before any transaction runs.
fn check_against_parent(
    machine: &Machine<'_>,
    parent: &Parent,
    block: &VerifiedBlock,
) -> Result<(), InvalidBlock> {
    let Header { core, rest } = block.header();
    let before = parent.header();
    if core.version != machine.schedule.version {
        return Err(InvalidBlock::Version { expected: machine.schedule.version, found: core.version });
    }
    same("chain", parent.chain().0, core.chain.0)?;
    same("parent", parent.hash(), rest.parent)?;
    let expected = parent.child_height();
    if expected != Some(core.height) {
        let expected = expected.unwrap_or(before.core.height);
        return Err(InvalidBlock::Height { expected, found: core.height });
    }
    if core.time_ms <= before.core.time_ms {
        return Err(InvalidBlock::Time { parent: before.core.time_ms, found: core.time_ms });
    }
    let expected = parent.child_base_fee(machine.schedule);
    if expected != rest.base_fee {
        return Err(InvalidBlock::BaseFee { expected, found: rest.base_fee });
    }
    same("history_root", parent.child_history().root(), core.history_root)?;
    same("validators_hash", before.core.next_validators_hash, rest.validators_hash)?;
    // The set does not change in this version.
    same("next_validators_hash", before.core.next_validators_hash, core.next_validators_hash)?;
    same("last_commit_hash", commit_hash(block.last_commit()), rest.last_commit_hash)?;
    check_commit(block.last_commit())?;
    same("shares_root", shares_root(), rest.shares_root)?;
    // No beacon is drawn in this version.
    same("beacon", Hash::ZERO, rest.beacon)?;
    same("tx_root", block.transaction_root(), rest.tx_root)
}

/// Checks what the transactions have led to.
fn check_outcome(header: &Header, executed: &Executed) -> Result<(), InvalidBlock> {
    if executed.gas_used != header.rest.gas_used {
        return Err(InvalidBlock::GasUsed { expected: executed.gas_used, found: header.rest.gas_used });
    }
    same("receipt_root", executed.receipt_root, header.rest.receipt_root)?;
    same("state_root", executed.commitment.state_root, header.core.state_root)
}
