//! What admission asks of exits: that nothing can keep what they let out.

use chainstack_analysis::{exit_preserves, prove_exit};
use chainstack_primitives::{
    AccountId,
    manifest::{CellKind, Effect, Exit, KeyTerm, Manifest},
};
use chainstack_runtime::state::reserved;

use crate::error::UploadError;

/// Whether an account can be paid: it is neither the all-zero key nor the protocol's own.
pub(crate) fn takes_coins(account: &[u8]) -> bool {
    <[u8; 32]>::try_from(account).is_ok_and(|bytes| {
        let account = AccountId(bytes);
        !account.is_zero() && !reserved::is_system(&account)
    })
}

/// Who an exit pays.
pub(crate) fn paid(exit: &Exit) -> impl Iterator<Item = &KeyTerm> {
    exit.effects
        .iter()
        .flat_map(|effect| match effect {
            Effect::Release { to, remainder, .. } => [Some(to), remainder.as_ref()],
            Effect::Pay { to, .. } => [Some(to), None],
            _ => [None, None],
        })
        .flatten()
}

/// Proves of every exit that what it computes has a value, that it keeps every invariant, that it leaves nothing behind
/// in an escrow of an item it deletes, and that no constant it pays refuses coins.
///
/// # Errors
/// The first thing that is not proven.
pub(crate) fn judge_exits(manifest: &Manifest) -> Result<(), UploadError> {
    for exit in &manifest.exits {
        let name = || exit.name.clone();
        prove_exit(manifest, exit)
            .map_err(|problem| UploadError::ExitMayFail { exit: name(), problem: Box::new(problem) })?;
        if let Some(broken) = manifest.invariants.iter().find(|invariant| !exit_preserves(exit, invariant)) {
            return Err(UploadError::ExitMayBreakInvariant { exit: name(), invariant: broken.name.clone() });
        }
        if let Some(escrow) = left_behind(manifest, exit) {
            return Err(UploadError::ExitLeavesEscrow { exit: name(), escrow });
        }
        let nobody = |term: &KeyTerm| matches!(term, KeyTerm::Literal(bytes) if !takes_coins(bytes));
        if paid(exit).any(nobody) {
            return Err(UploadError::ExitPaysNobody { exit: name() });
        }
    }
    Ok(())
}

/// An escrow of the item that an exit deletes, and that it does not empty before.
fn left_behind(manifest: &Manifest, exit: &Exit) -> Option<u16> {
    let deletion = exit.effects.iter().position(|effect| *effect == Effect::DeleteItem)?;
    let before = exit.effects.get(..deletion)?;
    let empties = |id: u16| {
        before.iter().any(|effect| match effect {
            Effect::Release { escrow, amount, remainder, .. } => {
                *escrow == id && (amount.is_none() || remainder.is_some())
            }
            _ => false,
        })
    };
    let escrows = manifest.cells.iter().filter(|cell| match &cell.kind {
        CellKind::Escrow(escrow) => escrow.item.is_some() && escrow.item == exit.item,
        _ => false,
    });
    escrows.map(|cell| cell.id).find(|id| !empties(*id))
}
