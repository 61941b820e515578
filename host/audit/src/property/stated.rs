//! P9, the answer: whether every run keeps to a stated property.

use std::collections::{BTreeMap, VecDeque};

use crate::model::{Action, ModelState, Step};
use crate::report::{Claim, Counterexample, Evidence, Property, Subject, Verdict};

use super::Context;
use super::leave::Leave;
use super::template::{Event, Predicate, PropertyText, Template};

/// P9 of one property.
pub(crate) fn stated(context: &Context<'_, '_>, property: &PropertyText) -> Claim {
    let broken = match &property.template {
        Template::Never(predicate) => first(context, |state| holds(context, predicate, state)),
        Template::Always(predicate) => first(context, |state| !holds(context, predicate, state)),
        Template::OnlyAfter { then, first } => without(context, *then, *first),
        Template::Eventually(predicate) => {
            let reach = Leave::new(context, None).reach(context, |state| holds(context, predicate, state));
            let stuck = context
                .states()
                .find(|(index, state)| concerns(context, predicate, state) && reach.from(*index).is_none());
            stuck.map(|(index, _)| context.run(index))
        }
    };
    let text = &property.text;
    let (verdict, sentence) = match &broken {
        None => (Verdict::Holds, format!("Every run keeps to: {text}.")),
        Some(_) => (Verdict::Violated, format!("There is a run against: {text}.")),
    };
    let claim = Claim::new(Property::P9, text, Subject::default(), (verdict, Evidence::Proven), sentence);
    match broken {
        Some(run) => claim.shown_by(run),
        None => claim,
    }
}

fn first(context: &Context<'_, '_>, wanted: impl Fn(&ModelState) -> bool) -> Option<Counterexample> {
    context.states().find(|(_, state)| wanted(state)).map(|(index, _)| context.run(index))
}

fn holds(context: &Context<'_, '_>, predicate: &Predicate, state: &ModelState) -> bool {
    match predicate {
        Predicate::InState { machine, state: id } => {
            context.model.machine_exists(state, *machine) && state.machine(*machine) == *id
        }
        Predicate::Holds { escrow } => {
            let index = context.model.escrows.iter().position(|found| found == escrow);
            index.is_some_and(|index| state.held().has(index))
        }
        Predicate::Not(inner) => !holds(context, inner, state),
        Predicate::And(left, right) => holds(context, left, state) && holds(context, right, state),
        Predicate::Or(left, right) => holds(context, left, state) || holds(context, right, state),
    }
}

/// Whether every item that the predicate is about exists: before that nothing is promised.
fn concerns(context: &Context<'_, '_>, predicate: &Predicate, state: &ModelState) -> bool {
    match predicate {
        Predicate::InState { machine, .. } => context.model.machine_exists(state, *machine),
        Predicate::Holds { .. } => true,
        Predicate::Not(inner) => concerns(context, inner, state),
        Predicate::And(left, right) | Predicate::Or(left, right) => {
            concerns(context, left, state) && concerns(context, right, state)
        }
    }
}

/// A shortest run in which `then` happens though `before` has not.
fn without(context: &Context<'_, '_>, then: Event, before: Event) -> Option<Counterexample> {
    let is_in = |event: Event, index: usize| match event {
        Event::InState { machine, state } => context
            .state(index)
            .is_some_and(|found| holds(context, &Predicate::InState { machine, state }, found)),
        Event::Method(_) | Event::Exit(_) => false,
    };
    let is_step = |event: Event, step: Step| match event {
        Event::Method(index) => step.action == Action::Method(index) && !step.other_item,
        Event::Exit(index) => step.action == Action::Exit(index) && !step.other_item,
        Event::InState { .. } => false,
    };
    let mut parents: BTreeMap<usize, Option<(usize, Step)>> = BTreeMap::new();
    let mut queue = VecDeque::new();
    for state in context.model.initial() {
        let Some(index) = context.space.find(&state) else { continue };
        if is_in(then, index) && !is_in(before, index) {
            return Some(run(context, &parents, index, None));
        }
        if !is_in(before, index) && parents.insert(index, None).is_none() {
            queue.push_back(index);
        }
    }
    while let Some(index) = queue.pop_front() {
        for (step, next) in context.space.steps(index) {
            let happens = is_step(then, *step) || is_in(then, *next);
            let allowed = is_step(before, *step) || is_in(before, *next);
            if happens && !is_step(before, *step) && (is_step(then, *step) || !is_in(before, *next)) {
                return Some(run(context, &parents, index, Some((*step, *next))));
            }
            if !allowed && !parents.contains_key(next) {
                parents.insert(*next, Some((index, *step)));
                queue.push_back(*next);
            }
        }
    }
    None
}

fn run(
    context: &Context<'_, '_>,
    parents: &BTreeMap<usize, Option<(usize, Step)>>,
    end: usize,
    last: Option<(Step, usize)>,
) -> Counterexample {
    let mut path = vec![];
    let mut at = end;
    while let Some(Some((parent, step))) = parents.get(&at) {
        path.push((Some(*parent), *step, at));
        at = *parent;
    }
    path.push((None, Step { action: Action::Instantiate, other_item: false }, at));
    path.reverse();
    path.extend(last.map(|(step, next)| (Some(end), step, next)));
    Counterexample {
        steps: path.into_iter().map(|(before, step, reached)| context.step(before, step, reached)).collect(),
    }
}
