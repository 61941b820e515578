//! P4: what one role, or anybody, can take out of escrow alone.

use std::collections::BTreeMap;

use chainstack_analysis::most_sent;
use chainstack_primitives::manifest::{
    AssetRef, CellKind, Effect, Exit, Expression, KeyTerm, Manifest, Node, RoleInitial, RoleKind, Transition,
    Upgrade,
};

use crate::bits::Bits;
use crate::model::atom::AtomKind;
use crate::model::{Action, Moves};
use crate::report::{Claim, Evidence, Property, StepKind, Subject, Verdict};

use super::Context;

/// Who acts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Actor {
    Anybody,
    Role(u16),
}

/// How much one call or poke takes.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Bound {
    Ceiling(u128),
    Expression(String),
    Everything,
}

/// P4.
pub(crate) fn powers(context: &Context<'_, '_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    let held_when = held_when(context);
    for (position, escrow) in context.model.escrows.iter().enumerate() {
        let cell = context.cell_name(*escrow);
        let before = claims.len();
        let anybody = takes(context, &held_when, Actor::Anybody, (*escrow, position));
        for (actor, taken) in core::iter::once((Actor::Anybody, anybody.clone())).chain(
            context.manifest().roles.iter().map(|role| {
                let actor = Actor::Role(role.id);
                (actor, takes(context, &held_when, actor, (*escrow, position)))
            }),
        ) {
            for (action, bound) in taken {
                let known = actor != Actor::Anybody && anybody.iter().any(|(found, _)| *found == action);
                if !known {
                    claims.push(claim(context, actor, &cell, position, action, &bound));
                }
            }
        }
        if claims.len() == before {
            let sentence =
                format!("No role, and nobody else, can take anything out of escrow `{cell}` alone.");
            let subject = Subject { cell: Some(cell), ..Subject::default() };
            let stands = (Verdict::Holds, Evidence::Proven);
            claims.push(Claim::new(Property::P4, "nobody", subject, stands, sentence));
        }
    }
    claims.extend(ledgers(context.manifest()));
    claims.extend(replaces(context));
    claims
}

/// Who may replace the code, and with it everything but what the upgrade gate keeps.
fn replaces(context: &Context<'_, '_>) -> Option<Claim> {
    let Upgrade::Gated { role, delay_blocks, veto } = context.manifest().upgrade else { return None };
    let name = context.role_name(role);
    let veto = veto.map_or_else(
        || "nobody may veto it".to_owned(),
        |veto| format!("role `{}` may veto it", context.role_name(veto)),
    );
    let sentence = format!(
        "Role `{name}` can replace the code after {delay_blocks} blocks, within what the upgrade gate keeps; {veto}."
    );
    let subject = Subject { role: Some(name), ..Subject::default() };
    Some(Claim::new(Property::P4, "upgrade", subject, (Verdict::Stated, Evidence::Enforced), sentence))
}

fn claim(
    context: &Context<'_, '_>,
    actor: Actor,
    cell: &str,
    position: usize,
    action: Action,
    bound: &Bound,
) -> Claim {
    let role = match actor {
        Actor::Anybody => None,
        Actor::Role(id) => Some(context.role_name(id)),
    };
    let who = role.as_ref().map_or_else(|| "Anybody".to_owned(), |role| format!("Role `{role}`"));
    let name = context.action_name(action);
    let amount = match bound {
        Bound::Ceiling(max) => format!("at most {max} a call"),
        Bound::Expression(text) => format!("at most {text}"),
        Bound::Everything => "all of it".to_owned(),
    };
    let sentence = format!("{who} can take value out of escrow `{cell}` alone, through {name}: {amount}.");
    // A party of the item, or whom an exit pays by its rule, may be meant to take it. A power over every item at
    // somebody's will, or nobody's in particular, is not.
    let meant = match actor {
        Actor::Anybody => false,
        Actor::Role(id) => {
            let role = context.manifest().role(id);
            matches!(action, Action::Exit(_))
                || role.is_some_and(|role| matches!(role.kind, RoleKind::Item { .. }))
        }
    };
    let verdict = if *bound == Bound::Everything && !meant { Verdict::Violated } else { Verdict::Stated };
    let subject = Subject { cell: Some(cell.to_owned()), role: role.clone(), ..context.subject_of(action) };
    let found = Claim::new(Property::P4, "takes", subject, (verdict, Evidence::Proven), sentence);
    let shown = context.states().find_map(|(index, state)| {
        let held = state.held().has(position);
        let mut steps = context.space.steps(index).iter().filter(|(step, _)| step.action == action && held);
        let emptied = |next: usize| context.state(next).is_some_and(|next| !next.held().has(position));
        steps.find(|(_, next)| emptied(*next)).map(|(step, next)| (index, *step, *next))
    });
    match (verdict, shown) {
        (Verdict::Violated, Some((index, step, next))) => {
            let mut run = context.run_and(index, step, next);
            // Others may call the method too; the claim is about this one.
            if let Some(StepKind::Call { role: caller, .. }) = run.steps.last_mut().map(|last| &mut last.kind)
            {
                *caller = role;
            }
            found.shown_by(run)
        }
        _ => found,
    }
}

/// For each of the model's moves, the escrows that hold something in a state from which it is taken.
fn held_when(context: &Context<'_, '_>) -> Vec<Bits> {
    let mut held = BTreeMap::new();
    for (index, state) in context.states() {
        for (step, _) in context.space.steps(index) {
            let entry: &mut Bits = held.entry(step.action).or_default();
            *entry = entry.with(state.held());
        }
    }
    let moves = context.model.moves.iter();
    moves.map(|moves| held.get(&moves.action).copied().unwrap_or_default()).collect()
}

/// The methods and exits by which `actor` takes from the escrow, in states that are reached while it holds something.
fn takes(
    context: &Context<'_, '_>,
    held_when: &[Bits],
    actor: Actor,
    (escrow, position): (u16, usize),
) -> Vec<(Action, Bound)> {
    let mut found = Vec::new();
    for (moves, held) in context.model.moves.iter().zip(held_when) {
        if !held.has(position) || !moves.drains.has(position) {
            continue;
        }
        let bound = match moves.action {
            Action::Method(index) => context
                .method(index)
                .filter(|_| alone(context, actor, moves))
                .map(|method| ceiling(context.manifest(), method, escrow)),
            Action::Exit(index) => {
                context.exit(index).and_then(|exit| paid(context, actor, exit, moves, escrow))
            }
            Action::Instantiate | Action::Wait(_) => None,
        };
        found.extend(bound.map(|bound| (moves.action, bound)));
    }
    found
}

/// Whether `actor` needs nobody else for a method.
fn alone(context: &Context<'_, '_>, actor: Actor, moves: &Moves) -> bool {
    let called = match actor {
        Actor::Anybody => moves.callers.is_empty(),
        Actor::Role(id) => moves.callers.is_empty() || moves.callers.contains(&id),
    };
    let atom = |atom: usize| match context.model.atoms.get(atom).map(|atom| &atom.kind) {
        Some(AtomKind::Role { role, quorum }) => match actor {
            Actor::Role(id) if id == *role => {
                // One member is not a quorum, unless one approval is all it takes.
                let one_is_enough = context.manifest().role(*role).is_some_and(
                    |role| matches!(role.kind, RoleKind::Set { threshold, .. } if threshold <= 1),
                );
                if *quorum && !one_is_enough { Some(false) } else { Some(true) }
            }
            _ => Some(false),
        },
        Some(AtomKind::Identity) => Some(false),
        _ => None,
    };
    called && moves.guard.truth(&atom) != Some(false)
}

/// What one call may send of the escrow's asset.
fn ceiling(manifest: &Manifest, method: &Transition, escrow: u16) -> Bound {
    let asset = manifest.cell(escrow).and_then(|cell| match &cell.kind {
        CellKind::Escrow(escrow) => Some(&escrow.asset),
        _ => None,
    });
    match asset.map(|asset| most_sent(&method.sends, asset).0) {
        Some(max) if max > 0 && max < u128::MAX => Bound::Ceiling(max),
        _ => Bound::Everything,
    }
}

/// What an exit pays to `actor`.
fn paid(context: &Context<'_, '_>, actor: Actor, exit: &Exit, moves: &Moves, escrow: u16) -> Option<Bound> {
    let gets = |term: &KeyTerm| match (actor, term) {
        (Actor::Anybody, KeyTerm::Caller | KeyTerm::Origin) => true,
        (Actor::Role(id), term) => {
            context.manifest().role(id).is_some_and(|role| names(&role.kind, exit.item, term))
        }
        _ => false,
    };
    if actor == Actor::Anybody && !alone(context, actor, moves) {
        return None;
    }
    exit.effects.iter().find_map(|effect| match effect {
        Effect::Release { escrow: from, amount, to, remainder } if *from == escrow => {
            if remainder.as_ref().is_some_and(gets) || (gets(to) && amount.is_none()) {
                return Some(Bound::Everything);
            }
            let amount = amount.as_ref().filter(|_| gets(to))?;
            Some(amount_bound(context, moves, amount))
        }
        _ => None,
    })
}

/// An amount that nobody can raise is a bound.
fn amount_bound(context: &Context<'_, '_>, moves: &Moves, amount: &Expression) -> Bound {
    let fixed = |node: &Node| {
        !matches!(node, Node::Escrowed(_) | Node::Head(_) | Node::Balance | Node::ValueHead { .. })
            && !node.reads_entry()
    };
    if amount.iter().all(fixed) {
        Bound::Expression(crate::expression::text(context.names(moves), amount))
    } else {
        Bound::Everything
    }
}

/// Whether the term names the holder of a role.
fn names(role: &RoleKind, item: Option<u16>, term: &KeyTerm) -> bool {
    use chainstack_primitives::manifest::ItemField;
    match (role, term) {
        (RoleKind::Account { initial: RoleInitial::Param(index), .. }, KeyTerm::Param(found)) => {
            index == found
        }
        (RoleKind::Item { cell, field: ItemField::Head(index) }, KeyTerm::Head(found)) => {
            Some(*cell) == item && index == found
        }
        _ => false,
    }
}

/// Balances of an own asset, outside escrow.
fn ledgers(manifest: &Manifest) -> Vec<Claim> {
    use chainstack_primitives::manifest::{Ops, Touches};
    let takes = |method: &Transition, cell: u16| match &method.touches {
        Touches::Unknown => true,
        Touches::Listed(touches) => touches.iter().any(|touch| {
            touch.cell == cell && touch.ops.contains(Ops::SUB) && touch.key.first() != Some(&KeyTerm::Caller)
        }),
    };
    let mut claims = Vec::new();
    for cell in manifest.cells.iter().filter(|cell| cell.is_fungible_asset()) {
        for method in manifest.transitions.iter().filter(|method| takes(method, cell.id)) {
            let sentence = format!(
                "Method `{}` may take from balances in `{}` that are not the caller's: that it does so by right is \
                 up to the code.",
                method.method, cell.name
            );
            let subject = Subject {
                method: Some(method.method.to_string()),
                cell: Some(cell.name.to_string()),
                ..Subject::default()
            };
            let stands = (Verdict::Stated, Evidence::Assumed);
            claims.push(Claim::new(Property::P4, "balances", subject, stands, sentence));
        }
    }
    let native = manifest.transitions.iter().filter_map(|method| {
        let send = method.sends.iter().find(|send| send.asset == AssetRef::Native)?;
        let most =
            if send.max.0 == u128::MAX { "any amount".to_owned() } else { format!("at most {}", send.max.0) };
        let sentence = format!(
            "Method `{}` may send coins that no escrow holds, {most} a call: to whom is up to the code.",
            method.method
        );
        let subject = Subject { method: Some(method.method.to_string()), ..Subject::default() };
        Some(Claim::new(Property::P4, "coins", subject, (Verdict::Stated, Evidence::Assumed), sentence))
    });
    claims.extend(native);
    claims
}
