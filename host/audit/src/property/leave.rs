//! What exits alone can bring about, against everything that is not known.
//!
//! Anybody may poke, so which exit is poked, and whether to wait, is chosen for us; what a guard depends on is chosen
//! against us. So the open conditions of all exits of a state are split into cases, and each case that intervals do
//! not exclude needs an exit that is surely let through, or a wait, each of whose outcomes is good. A guest method
//! never counts: it may always trap.

use std::collections::BTreeMap;

use crate::bits::Bits;
use crate::limits::CASES_SPLIT_MAX;
use crate::model::atom::AtomKind;
use crate::model::{Action, ModelState, Moves, Step};

use super::Context;

/// Something to do, and all that may come of it.
#[derive(Clone, Debug)]
struct Choice {
    waits: bool,
    outcomes: Vec<(Step, usize)>,
}

/// For each state and case, what there is to choose from.
#[derive(Clone, Debug)]
pub(crate) struct Leave {
    cases: Vec<Vec<Vec<Choice>>>,
}

/// From where a goal is reached by exits, and what has to be awaited on the way.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    awaited: Vec<Option<Bits>>,
}

impl Reach {
    /// The bounds to wait for from a state; `None` if the goal is not surely reached.
    pub(crate) fn from(&self, state: usize) -> Option<Bits> {
        self.awaited.get(state).copied().flatten()
    }
}

impl Leave {
    /// The choices while nobody acts for the role `missing`.
    pub(crate) fn new(context: &Context<'_, '_>, missing: Option<u16>) -> Self {
        let mut possible = BTreeMap::new();
        let each = context.states().map(|(_, state)| cases(context, state, missing, &mut possible));
        Self { cases: each.collect() }
    }

    /// From where the states that `goal` accepts are surely reached, with as few waits as can be.
    pub(crate) fn reach(&self, context: &Context<'_, '_>, goal: impl Fn(&ModelState) -> bool) -> Reach {
        let mut awaited: Vec<Option<Bits>> =
            context.states().map(|(_, state)| goal(state).then_some(Bits::EMPTY)).collect();
        loop {
            while self.grow(&mut awaited, false) {}
            if !self.grow(&mut awaited, true) {
                return Reach { awaited };
            }
        }
    }

    /// Adds the states that are one choice away; whether there were any.
    fn grow(&self, awaited: &mut [Option<Bits>], waits: bool) -> bool {
        let found: Vec<(usize, Bits)> = self
            .cases
            .iter()
            .enumerate()
            .filter(|(index, _)| awaited.get(*index).is_some_and(Option::is_none))
            .filter_map(|(index, cases)| {
                let each = cases.iter().map(|case| best(case, awaited, waits));
                let all = each.collect::<Option<Vec<Bits>>>()?;
                Some((index, all.into_iter().fold(Bits::EMPTY, Bits::with)))
            })
            .collect();
        for (index, bits) in &found {
            if let Some(entry) = awaited.get_mut(*index) {
                *entry = Some(*bits);
            }
        }
        !found.is_empty()
    }
}

/// What has to be awaited by the first choice all of whose outcomes are good.
fn best(case: &[Choice], awaited: &[Option<Bits>], waits: bool) -> Option<Bits> {
    case.iter().filter(|choice| waits || !choice.waits).find_map(|choice| {
        let each = choice.outcomes.iter().map(|(step, next)| {
            let own = match step.action {
                Action::Wait(bound) => Bits::one(bound),
                _ => Bits::EMPTY,
            };
            Some(awaited.get(*next).copied().flatten()?.with(own))
        });
        let all = each.collect::<Option<Vec<Bits>>>()?;
        (!all.is_empty()).then(|| all.into_iter().fold(Bits::EMPTY, Bits::with))
    })
}

/// Truths of atoms with the escrows that are filled, and whether they can be so together.
type Possible = BTreeMap<(Vec<(usize, bool)>, Bits), bool>;

fn cases(
    context: &Context<'_, '_>,
    state: &ModelState,
    missing: Option<u16>,
    possible: &mut Possible,
) -> Vec<Vec<Choice>> {
    let model = context.model;
    let ready: Vec<&Moves> = model
        .moves
        .iter()
        .filter(|moves| matches!(moves.action, Action::Exit(_)) && moves.sure && moves.never.is_none())
        .filter(|moves| model.in_place(state, moves, false) && model.open(state, moves, false) == Some(true))
        .collect();
    let known =
        |moves: &Moves, atom: usize, cooperate: bool| match model.atoms.get(atom).map(|atom| &atom.kind) {
            Some(AtomKind::Role { role, .. }) => Some(cooperate && Some(*role) != missing),
            Some(AtomKind::Identity) => Some(false),
            _ => model.atom(state, moves, false, atom),
        };
    let mut open: Vec<usize> = Vec::new();
    for moves in &ready {
        let mut atoms = Vec::new();
        moves.guard.atoms(&mut atoms);
        atoms.retain(|atom| known(moves, *atom, true).is_none() && !open.contains(atom));
        open.extend(atoms);
    }
    let split = if open.len() > CASES_SPLIT_MAX { &[][..] } else { open.as_slice() };
    let waits = model.waits(state);
    let waits = outcomes(context, waits).map(|outcomes| Choice { waits: true, outcomes });
    let filled: Vec<(u16, bool)> =
        model.escrows.iter().enumerate().map(|(index, escrow)| (*escrow, state.held().has(index))).collect();
    let all: Bits = (0..split.len()).collect();
    let mut found = Vec::new();
    for chosen in all.subsets() {
        let truths: Vec<(usize, bool)> =
            split.iter().enumerate().map(|(index, atom)| (*atom, chosen.has(index))).collect();
        let can_be = possible.entry((truths.clone(), state.held()));
        if !*can_be.or_insert_with(|| model.atoms.can_be(context.manifest(), &truths, &filled)) {
            continue;
        }
        let assumed = |atom: usize| truths.iter().find(|(found, _)| *found == atom).map(|(_, truth)| *truth);
        let passes = |moves: &Moves| {
            [true, false].into_iter().any(|cooperate| {
                moves.guard.truth(&|atom| known(moves, atom, cooperate).or_else(|| assumed(atom)))
                    == Some(true)
            })
        };
        let exits = ready.iter().filter(|moves| passes(moves)).filter_map(|moves| {
            let step = Step { action: moves.action, other_item: false };
            let next = model.apply(state, moves, false).into_iter().map(|next| (step, next)).collect();
            outcomes(context, next).map(|outcomes| Choice { waits: false, outcomes })
        });
        found.push(exits.chain(waits.clone()).collect());
    }
    if found.is_empty() {
        found.push(waits.into_iter().collect());
    }
    found
}

/// The outcomes by index; `None` if there is none, or one that the search did not see.
fn outcomes(context: &Context<'_, '_>, next: Vec<(Step, ModelState)>) -> Option<Vec<(Step, usize)>> {
    let found: Option<Vec<_>> =
        next.iter().map(|(step, state)| Some((*step, context.space.find(state)?))).collect();
    found.filter(|found| !found.is_empty())
}
