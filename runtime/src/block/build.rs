//! The proposer's side: a block from candidate transactions.

use std::sync::Arc;

use chainstack_primitives::{
    AccountId, Block, Bytes, Gas, Hash, Header, HeaderCore, HeaderRest, TimeMs,
    block::{BLOCK_SIZE_MAX, BLOCK_TRANSACTIONS_MAX, COMMIT_SIZE_MAX},
    merkle::MountainRange,
};

use super::{
    Applied, ApplyError, BlockInfo, InvalidBlock, Machine, Parent,
    execution::{Execution, NotIncluded},
    parent::{check_commit, commit_hash, may_propose, shares_root},
    verify::transaction_root,
};
use crate::{
    ports::Fault,
    state::Tries,
    transaction::{TransactionRefused, VerifiedTransaction},
};

/// Room kept for everything in a block but its transactions and its commit, in bytes.
const HEADER_ROOM_BYTES: usize = 1024;

/// What the engine gives for a block to build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposal {
    /// Time of the block; after the parent's.
    pub time_ms: TimeMs,
    /// Who proposes.
    pub proposer: AccountId,
    /// The engine's evidence that the parent was decided; empty under engine `solo`.
    pub last_commit: Bytes<COMMIT_SIZE_MAX>,
}

/// A candidate that was left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dropped {
    /// Its place among the candidates.
    pub index: usize,
    /// Its id.
    pub id: Hash,
    /// Why. [`TransactionRefused::BlockFull`] and [`TransactionRefused::NonceTooHigh`] may pass by the next block.
    pub reason: TransactionRefused,
}

/// A built block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Built {
    /// The block, as it goes to the others.
    pub block: Block,
    /// What applying it gives: equal to what [`super::apply_block`] says of it.
    pub applied: Applied,
    /// Candidates that are not in it.
    pub dropped: Vec<Dropped>,
}

/// Builds a block on `parent` from `candidates`, in their order, leaving out what cannot be included at its turn.
///
/// # Errors
/// - [`ApplyError::Invalid`] if `proposal` itself breaks a rule: its time, its proposer or its commit.
/// - [`ApplyError::Fault`] if this machine could not tell.
pub fn build_block(
    machine: &Machine<'_>,
    tries: &mut Tries,
    parent: &Parent,
    proposal: Proposal,
    candidates: &[Arc<VerifiedTransaction>],
) -> Result<Built, ApplyError> {
    let before = &parent.header().core;
    if proposal.time_ms <= before.time_ms {
        return Err(InvalidBlock::Time { parent: before.time_ms, found: proposal.time_ms }.into());
    }
    check_commit(&proposal.last_commit)?;
    if !may_propose(machine, &proposal.proposer)? {
        return Err(InvalidBlock::Proposer(proposal.proposer).into());
    }
    let height = parent.child_height().ok_or_else(|| Fault::text("the chain is at its greatest height"))?;
    let history = parent.child_history();
    let mut header = draft(machine, parent, &proposal, &history);
    header.core.height = height;
    let mut execution = Execution::new(*machine, BlockInfo::of_header(&header, parent.chain()));
    let (included, dropped) = include_all(&mut execution, &proposal, candidates)?;

    let executed = execution.finish(tries)?;
    header.core.state_root = executed.commitment.state_root;
    header.rest.tx_root = transaction_root(&included);
    header.rest.receipt_root = executed.receipt_root;
    header.rest.gas_used = executed.gas_used;
    let transactions: Vec<_> = included.iter().map(|verified| verified.transaction().clone()).collect();
    let transactions =
        transactions.try_into().map_err(|_| Fault::text("a block of more transactions than it may have"))?;
    let block = Block { header: header.clone(), transactions, last_commit: proposal.last_commit };
    let applied = Applied {
        hash: header.hash(),
        header,
        history,
        changes: executed.changes,
        commitment: executed.commitment,
        receipts: executed.receipts,
        outcomes: executed.outcomes,
    };
    Ok(Built { block, applied, dropped })
}

/// The header without what the transactions decide.
fn draft(machine: &Machine<'_>, parent: &Parent, proposal: &Proposal, history: &MountainRange) -> Header {
    let before = &parent.header().core;
    Header {
        core: HeaderCore {
            version: machine.schedule.version,
            chain: parent.chain(),
            height: before.height,
            time_ms: proposal.time_ms,
            state_root: before.state_root,
            history_root: history.root(),
            next_validators_hash: before.next_validators_hash,
        },
        rest: HeaderRest {
            parent: parent.hash(),
            tx_root: Hash::ZERO,
            receipt_root: Hash::ZERO,
            shares_root: shares_root(),
            validators_hash: before.next_validators_hash,
            last_commit_hash: commit_hash(&proposal.last_commit),
            base_fee: parent.child_base_fee(machine.schedule),
            gas_used: Gas(0),
            proposer: proposal.proposer,
            beacon: Hash::ZERO,
        },
    }
}

type Included = (Vec<Arc<VerifiedTransaction>>, Vec<Dropped>);

fn include_all(
    execution: &mut Execution<'_>,
    proposal: &Proposal,
    candidates: &[Arc<VerifiedTransaction>],
) -> Result<Included, Fault> {
    let (mut included, mut dropped) = (Vec::new(), Vec::new());
    let mut room =
        BLOCK_SIZE_MAX.saturating_sub(HEADER_ROOM_BYTES).saturating_sub(proposal.last_commit.len());
    let count_max = usize::try_from(BLOCK_TRANSACTIONS_MAX).unwrap_or(usize::MAX);
    for (index, candidate) in candidates.iter().enumerate() {
        let id = candidate.id();
        let room_after = room.checked_sub(candidate.size_bytes()).filter(|_| included.len() < count_max);
        let Some(room_after) = room_after else {
            let reason = TransactionRefused::BlockFull {
                left: execution.gas_left(),
                found: candidate.body().gas_limit,
            };
            dropped.push(Dropped { index, id, reason });
            continue;
        };
        match execution.include(candidate) {
            Ok(()) => {
                room = room_after;
                included.push(Arc::clone(candidate));
            }
            Err(NotIncluded::Refused(reason)) => dropped.push(Dropped { index, id, reason }),
            Err(NotIncluded::Fault(fault)) => return Err(fault),
        }
    }
    Ok((included, dropped))
}
