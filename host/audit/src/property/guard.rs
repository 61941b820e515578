//! P7: guards and windows that never hold, exits that cannot compute, and exits that race for one escrow.

use chainstack_analysis::{Assumptions, ExitProblem, prove_exit};
use chainstack_primitives::{
    codes,
    manifest::{CellKind, Effect, Exit, KeyTerm},
};

use crate::model::{Action, ModelState, Moves};
use crate::report::{Claim, Evidence, Property, Subject, Verdict};

use super::Context;

const BROKEN: (Verdict, Evidence) = (Verdict::Violated, Evidence::Proven);

/// P7.
pub(crate) fn guards(context: &Context<'_, '_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    for moves in &context.model.moves {
        let part = moves.never;
        let name = context.action_name(moves.action);
        if let Some(part) = part {
            let sentence = format!("The {part} of {name} never holds: it can never be taken.");
            let claim = Claim::new(Property::P7, part, context.subject_of(moves.action), BROKEN, sentence);
            claims.push(Claim { counterexample: context.attempt(moves.action), ..claim });
        }
        if let (Action::Exit(index), None) = (moves.action, part) {
            claims.extend(context.exit(index).and_then(|exit| fails(context, moves, exit)));
        }
    }
    claims.extend(races(context));
    claims.extend(standing(context));
    if claims.is_empty() {
        let sentence = "Every guard and window can hold, every exit computes without failing, and no two exits race \
                        for one escrow.";
        let stands = (Verdict::Holds, Evidence::Proven);
        claims.push(Claim::new(Property::P7, "none", Subject::default(), stands, sentence.to_owned()));
    }
    claims
}

/// An exit whose arithmetic may fail keeps what it should let out; admission refuses it.
fn fails(context: &Context<'_, '_>, moves: &Moves, exit: &Exit) -> Option<Claim> {
    let problem = prove_exit(context.manifest(), exit).err()?;
    if matches!(problem, ExitProblem::Never { .. }) {
        return None;
    }
    let sentence = format!("Exit `{}` may fail to compute: {problem}.", exit.name);
    Some(Claim::new(Property::P7, "computes", context.subject_of(moves.action), BROKEN, sentence))
}

/// Pairs of exits that one state lets both be taken, and that pay the same escrow to different parties: who pokes
/// first decides who gets it.
fn races(context: &Context<'_, '_>) -> Vec<Claim> {
    let exits: Vec<(usize, &Moves)> = context
        .model
        .moves
        .iter()
        .filter_map(|moves| match moves.action {
            Action::Exit(index) => Some((index, moves)),
            _ => None,
        })
        .collect();
    let mut claims = Vec::new();
    for (position, (left, left_moves)) in exits.iter().enumerate() {
        for (right, right_moves) in exits.iter().skip(position.saturating_add(1)) {
            let (Some(first), Some(second)) = (context.exit(*left), context.exit(*right)) else { continue };
            let Some(escrow) = disputed(first, second) else { continue };
            let found = context.states().find(|(_, state)| {
                let holds = context.model.escrows.iter().position(|found| *found == escrow);
                holds.is_some_and(|index| state.held().has(index))
                    && together(context, state, left_moves, right_moves)
            });
            let Some((found, _)) = found else { continue };
            let sentence = format!(
                "Exits `{}` and `{}` can be open together and pay escrow `{}` to different parties: who pokes first \
                 decides.",
                first.name,
                second.name,
                context.cell_name(escrow)
            );
            let subject = Subject {
                exit: Some(first.name.to_string()),
                cell: Some(context.cell_name(escrow)),
                ..Subject::default()
            };
            let rule = format!("race/{}", second.name);
            claims.push(
                Claim::new(Property::P7, &rule, subject, BROKEN, sentence).shown_by(context.run(found)),
            );
        }
    }
    claims
}

/// The escrow that two exits pay to different parties.
fn disputed(left: &Exit, right: &Exit) -> Option<u16> {
    let parties = |exit: &Exit| -> Vec<(u16, KeyTerm, Option<KeyTerm>)> {
        let releases = exit.effects.iter().filter_map(|effect| match effect {
            Effect::Release { escrow, to, remainder, .. } => Some((*escrow, to.clone(), remainder.clone())),
            _ => None,
        });
        releases.collect()
    };
    let (left, right) = (parties(left), parties(right));
    let differs = |paid: &&(u16, KeyTerm, Option<KeyTerm>)| {
        right.iter().any(|other| other.0 == paid.0 && (other.1 != paid.1 || other.2 != paid.2))
    };
    left.iter().find(differs).map(|(escrow, ..)| *escrow)
}

/// Whether both exits may be taken in `state` under the same values of fields.
fn together(context: &Context<'_, '_>, state: &ModelState, left: &Moves, right: &Moves) -> bool {
    let model = context.model;
    if !model.may(state, left, false) || !model.may(state, right, false) {
        return false;
    }
    let (Action::Exit(first), Action::Exit(second)) = (left.action, right.action) else { return false };
    let (Some(first), Some(second)) = (context.exit(first), context.exit(second)) else { return false };
    if first.item != second.item {
        return true; // What is known of one item says nothing of another, or of the contract.
    }
    let item = first.item.and_then(|id| context.manifest().cell(id));
    let known = Assumptions::new(context.manifest(), &[], item);
    let guards = [&first.guard, &second.guard].into_iter().flatten();
    let both = guards.clone().try_fold(known, |known, guard| known.given(guard)).is_ok();
    both && !exclusive(context, state, left, right)
}

/// Whether no truth of the open conditions lets both guards hold.
fn exclusive(context: &Context<'_, '_>, state: &ModelState, left: &Moves, right: &Moves) -> bool {
    let mut atoms = Vec::new();
    left.guard.atoms(&mut atoms);
    right.guard.atoms(&mut atoms);
    let known = |atom: usize| context.model.atom(state, left, false, atom);
    let open: Vec<usize> = atoms.into_iter().filter(|atom| known(*atom).is_none()).collect();
    if open.len() > crate::limits::CASES_SPLIT_MAX {
        return false;
    }
    let all: crate::bits::Bits = (0..open.len()).collect();
    !all.subsets().into_iter().any(|chosen| {
        let assumed =
            |atom: usize| open.iter().position(|found| *found == atom).map(|index| chosen.has(index));
        let truth = |atom: usize| known(atom).or_else(|| assumed(atom));
        let truths: Vec<(usize, bool)> =
            open.iter().enumerate().map(|(index, atom)| (*atom, chosen.has(index))).collect();
        left.guard.truth(&truth) == Some(true)
            && right.guard.truth(&truth) == Some(true)
            && context.model.atoms.can_be(context.manifest(), &truths, &[])
    })
}

/// Invariants that never hold, and conditions of assets that never let one in or out.
fn standing(context: &Context<'_, '_>) -> Vec<Claim> {
    let manifest = context.manifest();
    let mut claims = Vec::new();
    for invariant in &manifest.invariants {
        if Assumptions::new(manifest, &[], None).given(&invariant.rule).is_err() {
            let sentence =
                format!("Invariant `{}` can never hold: the contract cannot exist.", invariant.name);
            let rule = format!("invariant/{}", invariant.name);
            let claim = Claim::new(Property::P7, &rule, Subject::default(), BROKEN, sentence);
            claims.push(claim.shown_by(context.attempt_to_create(codes::INVARIANT_BROKEN)));
        }
    }
    for cell in &manifest.cells {
        let Some(asset) = cell.asset() else { continue };
        let item = matches!(cell.kind, CellKind::Map(_)).then_some(cell);
        for (way, condition) in [("escrow_when", &asset.escrow_when), ("release_when", &asset.release_when)] {
            let Some(condition) = condition else { continue };
            if Assumptions::new(manifest, &[], item).given(condition).is_err() {
                let sentence = format!("Condition `{way}` of asset `{}` never holds.", cell.name);
                let subject = Subject { cell: Some(cell.name.to_string()), ..Subject::default() };
                claims.push(Claim::new(Property::P7, way, subject, BROKEN, sentence));
            }
        }
    }
    claims
}
