//! What admission asks of exits: that nothing can keep what they let out.

use chainstack_analysis::{
    creation_states, exit_preserves, move_preserves, never_raises, payment_preserves, prove_exit,
};
use chainstack_primitives::{
    AccountId, codes,
    manifest::{AssetRef, CellKind, Effect, Exit, KeyTerm, Manifest, Type},
};
use chainstack_runtime::{ports::Failure, state::reserved};

use super::{contract::Contract, frame::Spans};
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

/// Checks that every parameter that an exit pays takes coins.
///
/// # Errors
/// [`codes::RECEIVER_REFUSED`].
pub(crate) fn check_paid_params(contract: &Contract, params: &[u8], spans: &Spans) -> Result<(), Failure> {
    for term in contract.manifest.exits.iter().flat_map(paid) {
        let KeyTerm::Param(index) = term else { continue };
        if !spans.get(params, usize::from(*index)).is_some_and(takes_coins) {
            let text = format!("parameter {index} is paid by an exit, and takes no coins");
            return Err(Failure::new(codes::RECEIVER_REFUSED, text));
        }
    }
    Ok(())
}

/// Proves of every exit that what it computes has a value, that it keeps every invariant, that it leaves nothing behind
/// in an escrow of an item it deletes, that no constant it pays refuses coins, and that nothing can keep it from ending;
/// and of every invariant that a payment keeps it, and a move of an asset.
///
/// # Errors
/// The first thing that is not proven.
pub(crate) fn judge_exits(manifest: &Manifest) -> Result<(), UploadError> {
    if let Some(broken) = manifest.invariants.iter().find(|invariant| !payment_preserves(invariant)) {
        return Err(UploadError::InvariantBrokenByPayment { invariant: broken.name.clone() });
    }
    let broken = manifest.invariants.iter().find(|invariant| !move_preserves(manifest, invariant));
    if let Some(broken) = broken {
        return Err(UploadError::InvariantBrokenByMove { invariant: broken.name.clone() });
    }
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
        if let Some(why) = sticks(manifest, exit) {
            return Err(UploadError::ExitMayStick { exit: name(), why });
        }
        if let Some(why) = unpaid(manifest, exit) {
            return Err(UploadError::ExitUnpaidEntry { exit: name(), why });
        }
        if let Some(why) = unbalanced(exit) {
            return Err(UploadError::ExitUnbalanced { exit: name(), why });
        }
    }
    Ok(())
}

/// Assets of other contracts that one exit lets out at most: the greatest code of each can be loaded in one block.
const FOREIGN_RELEASES_MAX: usize = 8;

/// What may keep an exit from ending, or what it lets out from ever coming out.
fn sticks(manifest: &Manifest, exit: &Exit) -> Option<&'static str> {
    let foreign = |effect: &&Effect| match effect {
        Effect::Release { escrow, .. } => {
            let kind = manifest.cell(*escrow).map(|cell| &cell.kind);
            matches!(kind, Some(CellKind::Escrow(escrow)) if matches!(escrow.asset, AssetRef::Foreign { .. }))
        }
        _ => false,
    };
    if exit.effects.iter().filter(foreign).count() > FOREIGN_RELEASES_MAX {
        return Some("it lets out more assets of other contracts than a block has gas to load the code of");
    }
    let item = exit.item.and_then(|id| manifest.cell(id));
    let deletion = exit.effects.iter().position(|effect| *effect == Effect::DeleteItem);
    let mut set = Vec::new();
    for (index, effect) in exit.effects.iter().enumerate() {
        let after = deletion.is_some_and(|deletion| deletion < index);
        match effect {
            Effect::DeleteItem if item.is_some_and(|cell| cell.asset().is_some()) => {
                return Some("it deletes a unique asset, which may be in an escrow");
            }
            Effect::DeleteItem if after => return Some("it deletes its item twice"),
            Effect::SetHead { .. } if after => {
                return Some("it sets a field of the item that it has deleted");
            }
            Effect::SetHead { field, value } => {
                if set.contains(field) {
                    return Some("it sets one field twice");
                }
                set.push(*field);
                let declared = item.and_then(|cell| cell.head().get(usize::from(*field)));
                let wide = declared.is_some_and(|field| field.sum && field.ty == Type::U128);
                if wide && !never_raises(*field, value) {
                    return Some("it may raise a field of 128 bits whose sum is kept, and the sum past them");
                }
            }
            _ => {}
        }
        let full = effect.fills().and_then(|ledger| manifest.cell(ledger)?.max_entries());
        if full.is_some() {
            return Some("it may create an entry of a ledger that has no more than so many");
        }
    }
    let target = exit.to?;
    let machine = manifest.machine(target.machine)?;
    if deletion.is_none() || machine.cell.is_none() {
        let from = exit.from.iter().find(|set| set.machine == target.machine);
        let may_be_in = |state: u8| from.is_none_or(|set| set.states.contains(&state));
        let ended = |state: &u8| *state != target.state && may_be_in(*state);
        if machine.terminal.iter().any(ended) {
            return Some("it may be taken in a terminal state, from which nothing leads to its target");
        }
    }
    let leaves = |effect: &Effect| matches!(effect, Effect::Release { amount: Some(_), remainder: None, .. });
    let ends = machine.terminal.contains(&target.state);
    (ends && exit.effects.iter().any(leaves))
        .then_some("it ends its machine, and nobody gets the remainder of a release")
}

/// Why nobody has kept a deposit for an entry of a ledger that an exit may create, if it may: each item keeps deposits for
/// what one exit creates, once in its life.
fn unpaid(manifest: &Manifest, exit: &Exit) -> Option<&'static str> {
    let creation = exit.effects.iter().rposition(|effect| effect.fills().is_some())?;
    let Some(item) = exit.item else {
        return Some("it may create an entry of a ledger, and concerns no item that keeps a deposit for it");
    };
    match exit.effects.iter().position(|effect| *effect == Effect::DeleteItem) {
        Some(deletion) if deletion < creation => {
            return Some(
                "it may create an entry of a ledger after it has deleted the item that keeps a deposit for it",
            );
        }
        Some(_) => return None,
        None => {}
    }
    let machine = manifest.machine_of(item);
    let Some((machine, target)) = machine.zip(exit.to).filter(|(machine, to)| machine.id == to.machine)
    else {
        return Some(
            "it may create an entry of a ledger, and neither deletes nor moves the item that keeps a deposit",
        );
    };
    let again = creation_states(manifest, machine).contains(&target.state);
    again.then_some(
        "it may create an entry of a ledger, and behind it an exit may be taken that creates one too: the item keeps \
         deposits for one",
    )
}

/// Why an exit may give more than it has taken, if it may: what it takes from a ledger is at most what is there, and
/// nothing it gives asks how much that was.
fn unbalanced(exit: &Exit) -> Option<&'static str> {
    let takes = |effect: &&Effect| matches!(effect, Effect::LedgerSub { .. } | Effect::LedgerMove { .. });
    let gives = |effect: &Effect| {
        matches!(
            effect,
            Effect::LedgerAdd { .. }
                | Effect::Pay { .. }
                | Effect::Release { amount: Some(_), .. }
                | Effect::LedgerMove { .. }
        )
    };
    let taking = exit.effects.iter().position(|effect| takes(&effect))?;
    let others = exit.effects.iter().enumerate().filter(|(index, _)| *index != taking);
    others.map(|(_, effect)| effect).any(gives).then_some(
        "it takes from a ledger at most what is there, and gives an amount besides that may be more",
    )
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
