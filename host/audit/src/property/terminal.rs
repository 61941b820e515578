//! P8: terminal states hold nothing and admit nothing.

use chainstack_primitives::manifest::{Machine, Ops, Touches, Transition};

use crate::expression::escrow_item;
use crate::model::{Action, ModelState, Moves};
use crate::report::{Claim, Evidence, Property, Subject, Verdict};

use super::Context;

const BROKEN: (Verdict, Evidence) = (Verdict::Violated, Evidence::Proven);

/// P8.
pub(crate) fn terminals(context: &Context<'_, '_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut count = 0usize;
    for (index, machine) in context.manifest().machines.iter().enumerate() {
        for id in &machine.terminal {
            count = count.saturating_add(1);
            holds(context, index, machine, *id, &mut claims);
            for moves in &context.model.moves {
                admits(context, index, machine, *id, moves, &mut claims);
            }
        }
    }
    if claims.is_empty() {
        let sentence = match count {
            0 => "No machine has a terminal state.".to_owned(),
            _ => format!("None of {count} terminal states holds value, lets anything be written or be left."),
        };
        let stands = (Verdict::Holds, Evidence::Proven);
        claims.push(Claim::new(Property::P8, "none", Subject::default(), stands, sentence));
    }
    claims
}

fn subject(context: &Context<'_, '_>, machine: &Machine, index: usize, id: u8) -> Subject {
    Subject {
        machine: Some(machine.name.to_string()),
        state: Some(context.state_name(index, id)),
        ..Subject::default()
    }
}

/// Escrows that may hold something in the terminal state.
fn holds(context: &Context<'_, '_>, index: usize, machine: &Machine, id: u8, claims: &mut Vec<Claim>) {
    for (position, escrow) in context.model.escrows.iter().enumerate() {
        if escrow_item(context.manifest(), *escrow) != machine.cell {
            continue;
        }
        let found = context.states().find(|(_, state)| {
            state.machine(index) == id
                && context.model.machine_exists(state, index)
                && state.held().has(position)
        });
        let Some((found, _)) = found else { continue };
        let cell = context.cell_name(*escrow);
        let sentence = format!(
            "Terminal state `{}` of machine `{}` can be reached while escrow `{cell}` still holds value.",
            context.state_name(index, id),
            machine.name
        );
        let subject = Subject { cell: Some(cell), ..subject(context, machine, index, id) };
        claims
            .push(Claim::new(Property::P8, "holds", subject, BROKEN, sentence).shown_by(context.run(found)));
    }
}

/// Whether the moves write in the terminal state, or lead out of it.
fn admits(
    context: &Context<'_, '_>,
    index: usize,
    machine: &Machine,
    id: u8,
    moves: &Moves,
    claims: &mut Vec<Claim>,
) {
    let named = moves.from.iter().find(|(found, _)| *found == index);
    if named.is_some_and(|(_, states)| !states.contains(&id))
        || !concerns(context, machine, moves, named.is_some())
    {
        return;
    }
    let name = context.action_name(moves.action);
    let state = context.state_name(index, id);
    let subject =
        Subject { ..merged(subject(context, machine, index, id), context.subject_of(moves.action)) };
    let leads_out = moves.to.iter().any(|(found, _)| *found == index);
    if leads_out {
        if named.is_none() {
            return; // Not named: the host refuses to move it there, and nothing promised otherwise.
        }
        let sentence = format!(
            "{} is declared to lead out of terminal state `{state}` of machine `{}`, which the host refuses.",
            capital(&name),
            machine.name
        );
        let claim = Claim::new(Property::P8, "leaves", subject, BROKEN, sentence);
        let ended =
            |state: &ModelState| state.machine(index) == id && context.model.machine_exists(state, index);
        claims.push(Claim { counterexample: context.attempt_from(moves.action, ended), ..claim });
        return;
    }
    let writes = match moves.action {
        Action::Method(index) => context.method(index).is_some_and(|method| writes(machine, method)),
        Action::Exit(_) | Action::Instantiate | Action::Wait(_) => false,
    };
    if !writes {
        return;
    }
    let before = context.states().find(|(before, state)| {
        state.machine(index) == id
            && context.model.machine_exists(state, index)
            && context
                .space
                .steps(*before)
                .iter()
                .any(|(step, _)| step.action == moves.action && !step.other_item)
    });
    let Some((before, _)) = before else { return };
    let step = context.space.steps(before).iter().find(|(step, _)| step.action == moves.action);
    let sentence = format!(
        "{} still writes or takes value in terminal state `{state}` of machine `{}`.",
        capital(&name),
        machine.name
    );
    let claim = Claim::new(Property::P8, "admits", subject, BROKEN, sentence);
    claims.push(match step {
        Some((step, reached)) => claim.shown_by(context.run_and(before, *step, *reached)),
        None => claim,
    });
}

/// Whether the moves are about the machine: of its item, or of the contract. Items that exist may wind down after the
/// contract has ended, unless the method names the state.
fn concerns(context: &Context<'_, '_>, machine: &Machine, moves: &Moves, named: bool) -> bool {
    let bound = moves.binding.and_then(|binding| context.model.maps.get(binding.map()));
    let fresh = matches!(moves.binding, Some(crate::model::Binding::New(_)));
    match machine.cell {
        Some(cell) => bound == Some(&cell) && !fresh,
        None => named || !matches!(moves.binding, Some(crate::model::Binding::Existing(_))),
    }
}

/// Whether a method writes the item of the machine, or anything for a machine of the contract. To delete an item
/// that has ended gives back its deposit, and is no write.
fn writes(machine: &Machine, method: &Transition) -> bool {
    let concerned = |cell: u16| machine.cell.is_none_or(|item| item == cell);
    let touched = match &method.touches {
        Touches::Unknown => true,
        Touches::Listed(touches) => touches.iter().any(|touch| {
            let writes = touch.ops.0 & !Ops::READ.union(Ops::DELETE).0 != 0;
            concerned(touch.cell) && writes
        }),
    };
    touched || method.escrows.iter().any(|escrow| escrow.pays_in) || method.value_max.0 > 0
}

fn merged(subject: Subject, action: Subject) -> Subject {
    Subject { method: action.method, exit: action.exit, ..subject }
}

/// The text with its first letter in upper case.
fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
