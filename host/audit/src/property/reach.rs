//! P1: states, methods and exits without a use. P2: machines that are stuck outside their terminal states.

use crate::model::{Action, ModelState, Moves};
use crate::report::{Claim, Evidence, Property, Subject, Verdict};

use super::Context;

const PROVEN: (Verdict, Evidence) = (Verdict::Holds, Evidence::Proven);
const BROKEN: (Verdict, Evidence) = (Verdict::Violated, Evidence::Proven);

/// P1. What can never be let through by its own guard or window is P7's, what leads out of a terminal state P8's.
pub(crate) fn reachability(context: &Context<'_, '_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    for (index, machine) in context.manifest().machines.iter().enumerate() {
        for state in &machine.states {
            let reached = context.states().any(|(_, found)| {
                found.machine(index) == state.id && context.model.machine_exists(found, index)
            });
            if !reached && !passed_through(context, index, state.id) {
                let subject = Subject {
                    machine: Some(machine.name.to_string()),
                    state: Some(state.name.to_string()),
                    ..Subject::default()
                };
                let leading = leading(context, index, state.id);
                let none = if leading.is_empty() { ": no declared step leads there" } else { "" };
                let sentence =
                    format!("State `{}` of machine `{}` is never reached{none}.", state.name, machine.name);
                let claim = Claim::new(Property::P1, "state", subject, BROKEN, sentence);
                claims.push(Claim { counterexample: context.attempt_of(&leading), ..claim });
            }
        }
    }
    for moves in &context.model.moves {
        if !taken(context, moves) && moves.never.is_none() && !only_from_terminal(context, moves) {
            let name = context.action_name(moves.action);
            let sentence = format!("No reachable state lets {name} be taken: it is dead.");
            let claim = Claim::new(Property::P1, "dead", context.subject_of(moves.action), BROKEN, sentence);
            claims.push(Claim { counterexample: context.attempt(moves.action), ..claim });
        }
    }
    if claims.is_empty() {
        let (machines, moves) = (context.manifest().machines.len(), context.model.moves.len());
        let sentence = format!(
            "Every state of {machines} machines is reached, and each of {moves} methods and exits can be taken."
        );
        claims.push(Claim::new(Property::P1, "all", Subject::default(), PROVEN, sentence));
    }
    claims
}

/// The methods and exits that are declared to lead to the state.
fn leading(context: &Context<'_, '_>, machine: usize, state: u8) -> Vec<Action> {
    let leads =
        |moves: &&Moves| moves.to.iter().any(|(found, states)| *found == machine && states.contains(&state));
    context.model.moves.iter().filter(leads).map(|moves| moves.action).collect()
}

/// Whether a step that is taken leads an item to the state and deletes it there.
fn passed_through(context: &Context<'_, '_>, machine: usize, state: u8) -> bool {
    let leads = |moves: &&Moves| {
        moves.deletes && moves.to.iter().any(|(found, states)| *found == machine && states.contains(&state))
    };
    context.model.moves.iter().filter(leads).any(|moves| taken(context, moves))
}

fn taken(context: &Context<'_, '_>, moves: &Moves) -> bool {
    context
        .states()
        .any(|(index, _)| context.space.steps(index).iter().any(|(step, _)| step.action == moves.action))
}

/// Whether the moves start from terminal states of a machine that they move: the host refuses them there.
fn only_from_terminal(context: &Context<'_, '_>, moves: &Moves) -> bool {
    moves.to.iter().any(|(machine, _)| {
        let terminal = context.manifest().machines.get(*machine).map(|machine| &machine.terminal);
        let from = moves.from.iter().find(|(from, _)| from == machine);
        from.is_some_and(|(_, states)| {
            states.iter().all(|state| terminal.is_some_and(|terminal| terminal.contains(state)))
        })
    })
}

/// P2.
pub(crate) fn deadlocks(context: &Context<'_, '_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    for (machine, declared) in context.manifest().machines.iter().enumerate() {
        let alive = alive(context, machine);
        for state in declared.states.iter().filter(|state| !declared.terminal.contains(&state.id)) {
            let mut stuck = context.states().filter(|(index, found)| {
                here(context, found, machine) == Some(state.id) && !alive.get(*index).copied().unwrap_or(true)
            });
            let Some((nearest, _)) = stuck.next() else { continue };
            // Of those as near, the one in which most is held: code that is sent value keeps it, as often as not.
            let steps = |index: usize| context.space.path(index).len();
            let held = |index: usize| context.state(index).map_or(0, |state| state.held().iter().count());
            let as_near = stuck.map(|(index, _)| index).take_while(|index| steps(*index) == steps(nearest));
            let stuck = as_near.fold(nearest, |best, next| if held(next) > held(best) { next } else { best });
            let subject = Subject {
                machine: Some(declared.name.to_string()),
                state: Some(state.name.to_string()),
                ..Subject::default()
            };
            let sentence = format!(
                "Machine `{}` can be stuck in state `{}`, which is not terminal: from there no method and no exit \
                 that concerns it can be taken any more.",
                declared.name, state.name
            );
            let claim = Claim::new(Property::P2, "deadlock", subject, BROKEN, sentence);
            claims.push(claim.shown_by(context.run(stuck)));
        }
    }
    if claims.is_empty() {
        let sentence = "In every state that is not terminal something can still happen.".to_owned();
        claims.push(Claim::new(Property::P2, "none", Subject::default(), PROVEN, sentence));
    }
    claims
}

/// The state of a machine, if its item exists.
fn here(context: &Context<'_, '_>, state: &ModelState, machine: usize) -> Option<u8> {
    context.model.machine_exists(state, machine).then(|| state.machine(machine))
}

/// For each state, whether something about the machine can happen from it while the machine stays where it is.
fn alive(context: &Context<'_, '_>, machine: usize) -> Vec<bool> {
    // What happens to another item is nothing to this one, but may move a machine of the contract.
    let of_contract = context.manifest().machines.get(machine).is_some_and(|machine| machine.cell.is_none());
    let concerns = |action: Action| {
        context.moves_of(action).is_some_and(|moves| {
            let named = |sets: &[(usize, Vec<u8>)]| sets.iter().any(|(found, _)| *found == machine);
            let cell = context.manifest().machines.get(machine).and_then(|machine| machine.cell);
            let bound = moves.binding.and_then(|binding| context.model.maps.get(binding.map()));
            named(&moves.from) || named(&moves.to) || (cell.is_some() && cell == bound.copied())
        })
    };
    let mut alive: Vec<bool> = context
        .states()
        .map(|(index, _)| {
            let steps = context.space.steps(index).iter();
            steps.filter(|(step, _)| of_contract || !step.other_item).any(|(step, _)| concerns(step.action))
        })
        .collect();
    // Backwards along steps that leave the machine where it is, until nothing changes.
    loop {
        let mut changed = false;
        for (index, state) in context.states() {
            if alive.get(index).copied().unwrap_or(true) {
                continue;
            }
            let found = context.space.steps(index).iter().any(|(_, next)| {
                let stays = context
                    .state(*next)
                    .is_some_and(|next| here(context, next, machine) == here(context, state, machine));
                stays && alive.get(*next).copied().unwrap_or(false)
            });
            if let (true, Some(entry)) = (found, alive.get_mut(index)) {
                *entry = true;
                changed = true;
            }
        }
        if !changed {
            return alive;
        }
    }
}
