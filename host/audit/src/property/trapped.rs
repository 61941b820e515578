//! P3: whether value leaves by exits alone, whoever is missing. P5: how long that takes.

use chainstack_primitives::manifest::{AssetRef, CellKind, Effect, Manifest};

use crate::bits::Bits;
use crate::expression::{Names, text};
use crate::model::atom::AtomKind;
use crate::model::{Action, Step};
use crate::report::{
    Claim, CounterexampleStep, Deadline, Evidence, Lock, Property, StepKind, Subject, Verdict,
};

use super::Context;
use super::leave::{Leave, Reach};

const HOLDS: (Verdict, Evidence) = (Verdict::Holds, Evidence::Proven);
const BROKEN: (Verdict, Evidence) = (Verdict::Violated, Evidence::Proven);

/// P3 and P5, which ask the same of exits.
pub(crate) fn trapped(context: &Context<'_, '_>) -> Vec<Claim> {
    let everybody = Leave::new(context, None);
    let roles: Vec<(u16, Leave)> =
        roles_asked(context).into_iter().map(|role| (role, Leave::new(context, Some(role)))).collect();
    let mut claims = Vec::new();
    for (position, escrow) in context.model.escrows.iter().enumerate() {
        let cell = context.cell_name(*escrow);
        let reach = everybody.reach(context, |state| !state.held().has(position));
        if let Some(claim) = stays(context, &reach, position, &cell, None) {
            claims.push(claim);
            claims.push(unbounded(&cell));
            continue;
        }
        let without = roles.iter().filter_map(|(role, leave)| {
            let reach = leave.reach(context, |state| !state.held().has(position));
            stays(context, &reach, position, &cell, Some(&context.role_name(*role)))
        });
        let without: Vec<Claim> = without.collect();
        if without.is_empty() {
            let sentence = format!(
                "Whatever escrow `{cell}` holds, exits alone can let it out, whichever role is missing and \
                 whatever the code does."
            );
            let subject = Subject { cell: Some(cell.clone()), ..Subject::default() };
            claims.push(Claim::new(Property::P3, "leaves", subject, HOLDS, sentence));
        }
        claims.extend(without);
        claims.push(lock(context, &reach, position, &cell));
    }
    claims.extend(foreign(context.manifest()));
    claims.extend(coins(context));
    claims
}

/// Roles that guards of exits ask for.
fn roles_asked(context: &Context<'_, '_>) -> Vec<u16> {
    let exits = context.model.moves.iter().filter(|moves| matches!(moves.action, Action::Exit(_)));
    let mut roles: Vec<u16> = exits
        .flat_map(|moves| {
            let mut atoms = Vec::new();
            moves.guard.atoms(&mut atoms);
            atoms
        })
        .filter_map(|atom| match context.model.atoms.get(atom)?.kind {
            AtomKind::Role { role, .. } => Some(role),
            _ => None,
        })
        .collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// The claim that value stays in a reachable state, if it does.
fn stays(
    context: &Context<'_, '_>,
    reach: &Reach,
    position: usize,
    cell: &str,
    missing: Option<&str>,
) -> Option<Claim> {
    let trapped =
        context.states().find(|(index, state)| state.held().has(position) && reach.from(*index).is_none());
    let (trapped, state) = trapped?;
    let subject =
        Subject { cell: Some(cell.to_owned()), role: missing.map(str::to_owned), ..Subject::default() };
    let without = missing.map_or_else(String::new, |role| format!(" once nobody acts for role `{role}`"));
    let sentence = format!(
        "Value in escrow `{cell}` can be trapped{without}: from the state ({}) no way of exits surely empties it.",
        context.model.describe(state)
    );
    let mut run = context.run(trapped);
    if let Some(role) = missing {
        run.steps.push(CounterexampleStep {
            kind: StepKind::Missing { role: role.to_owned() },
            other_item: false,
            assumed: Vec::new(),
            state: context.model.describe(state),
            machines: context.machines(state),
            holds: context.holds(state),
            refused: None,
        });
    }
    Some(Claim::new(Property::P3, "trapped", subject, BROKEN, sentence).shown_by(run))
}

fn unbounded(cell: &str) -> Claim {
    let subject = Subject { cell: Some(cell.to_owned()), ..Subject::default() };
    Claim::of_lock("lock", subject, (Verdict::Stated, Evidence::Proven), Lock::Trapped)
}

/// P5 for an escrow that exits do empty.
fn lock(context: &Context<'_, '_>, reach: &Reach, position: usize, cell: &str) -> Claim {
    let held = || context.states().filter(|(_, state)| state.held().has(position));
    let awaited = held().filter_map(|(index, _)| reach.from(index)).fold(Bits::EMPTY, Bits::with);
    let subject = Subject { cell: Some(cell.to_owned()), ..Subject::default() };
    if awaited.is_empty() {
        return Claim::of_lock("lock", subject, HOLDS, Lock::AtOnce);
    }
    let postponed = held().find_map(|(index, _)| {
        let steps = context.space.steps(index).iter();
        let mut moved = steps.filter_map(|(step, next)| {
            let moves = context.moves_of(step.action)?;
            let still = context.state(*next)?.held().has(position);
            let moved = deadline(context, moves.disturbs.meet(awaited).iter().next()?)?;
            still.then_some(((index, *step, *next), moved))
        });
        moved.next()
    });
    if let Some((at, moved)) = postponed {
        return postponable(context, cell, at, moved);
    }
    let last = awaited.iter().filter(|bound| {
        let later = awaited.without(Bits::one(*bound)).iter();
        !later.into_iter().any(|other| context.model.bounds.with_earlier(other).has(*bound))
    });
    let moments = last.filter_map(|bound| deadline(context, bound)).collect();
    Claim::of_lock("lock", subject, HOLDS, Lock::Until(moments))
}

fn deadline(context: &Context<'_, '_>, bound: usize) -> Option<Deadline> {
    let found = context.model.bounds.get(bound)?;
    let names = Names { manifest: context.manifest(), method: None, item: found.item };
    let certain = found.least == found.greatest;
    let greatest = u64::try_from(found.greatest).ok();
    Some(Deadline {
        clock: found.clock,
        expression: text(names, &found.expression),
        bound: found.expression.to_vec(),
        item: found.item.map(|cell| context.cell_name(cell)),
        at: greatest.filter(|_| certain),
        at_most: greatest.filter(|greatest| !certain && *greatest < u64::MAX),
    })
}

fn postponable(
    context: &Context<'_, '_>,
    cell: &str,
    (index, step, next): (usize, Step, usize),
    deadline: Deadline,
) -> Claim {
    let by = context.action_name(step.action);
    let subject = Subject { cell: Some(cell.to_owned()), ..context.subject_of(step.action) };
    let claim = Claim::of_lock("postponed", subject, BROKEN, Lock::Postponed { deadline, by });
    claim.shown_by(context.run_and(index, step, next))
}

/// Escrows of assets whose own rules are in another manifest.
fn foreign(manifest: &Manifest) -> Vec<Claim> {
    let foreign = manifest.cells.iter().filter(|cell| {
        matches!(&cell.kind, CellKind::Escrow(escrow) if matches!(escrow.asset, AssetRef::Foreign { .. }))
    });
    let claim = |name: &str| {
        let sentence = format!(
            "Escrow `{name}` holds an asset of another contract: it takes none whose contract says when it comes out."
        );
        let subject = Subject { cell: Some(name.to_owned()), ..Subject::default() };
        Claim::new(Property::P3, "foreign", subject, (Verdict::Stated, Evidence::Enforced), sentence)
    };
    foreign.map(|cell| claim(&cell.name)).collect()
}

/// Native coins outside escrow.
fn coins(context: &Context<'_, '_>) -> Option<Claim> {
    let manifest = context.manifest();
    let (index, paid) = manifest.transitions.iter().enumerate().find(|(_, method)| method.value_max.0 > 0)?;
    let native = |id: u16| {
        let cell = manifest.cell(id).map(|cell| &cell.kind);
        matches!(cell, Some(CellKind::Escrow(escrow)) if escrow.asset == AssetRef::Native)
    };
    let sent = manifest.transitions.iter().any(|method| {
        let sends = method.sends.iter().any(|send| send.asset == AssetRef::Native);
        sends || method.escrows.iter().any(|escrow| escrow.pays_in && native(escrow.cell))
    });
    let released = manifest
        .exits
        .iter()
        .any(|exit| exit.effects.iter().any(|effect| matches!(effect, Effect::Pay { .. })));
    let subject = Subject { method: Some(paid.method.to_string()), ..Subject::default() };
    if !sent && !released {
        let sentence = format!(
            "Method `{}` takes coins, and nothing in the contract can ever send any: they are trapped.",
            paid.method
        );
        let claim = Claim::new(Property::P3, "coins", subject, BROKEN, sentence);
        let taken = context.states().find_map(|(before, _)| {
            let steps = context.space.steps(before).iter();
            let step = steps.into_iter().find(|(step, _)| step.action == Action::Method(index));
            step.map(|(step, reached)| context.run_and(before, *step, *reached))
        });
        return Some(Claim { counterexample: taken, ..claim });
    }
    let sentence = "Coins that methods take and do not put into an escrow leave only as the code lets them.";
    let stands = (Verdict::Stated, Evidence::Assumed);
    Some(Claim::new(Property::P3, "coins", Subject::default(), stands, sentence.to_owned()))
}
