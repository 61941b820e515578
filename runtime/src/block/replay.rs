//! Transactions of an applied block run again, for what is not kept beside their receipts.

use chainstack_primitives::{Header, Receipt};

use super::{
    ApplyError, BlockInfo, InvalidBlock, Machine,
    execution::{Execution, NotIncluded},
};
use crate::transaction::{Outcome, VerifiedTransaction};

/// Runs `transactions`, the first ones of the applied block with `header`, on the state before it: receipt and
/// outcome of the last of them; `None` if there are none.
///
/// Commits to nothing, so the block's parent is not asked for and no trie node is read. The caller compares the
/// receipt with the one that is kept.
///
/// # Errors
/// - [`ApplyError::Invalid`] with [`InvalidBlock::Transaction`] for one that cannot be included: then this is not
///   the state before the block, or these are not its transactions.
/// - [`ApplyError::Fault`] if this machine could not tell.
pub fn replay(
    machine: &Machine<'_>,
    header: &Header,
    transactions: &[VerifiedTransaction],
) -> Result<Option<(Receipt, Outcome)>, ApplyError> {
    let mut execution = Execution::new(*machine, BlockInfo::of_header(header, header.core.chain));
    for (index, transaction) in (0u32..).zip(transactions) {
        execution.include(transaction).map_err(|error| match error {
            NotIncluded::Refused(reason) => InvalidBlock::Transaction { index, reason }.into(),
            NotIncluded::Fault(fault) => ApplyError::Fault(fault),
        })?;
    }
    Ok(execution.into_last())
}
