//! The most that one actor can extract alone, by what the declaration allows: an upper bound for each asset.

use std::collections::BTreeSet;

use chainstack_primitives::{
    Amount,
    manifest::{Effect, ItemField, KeyTerm, Manifest, Ops, Role, RoleKind, Transition},
};

use super::{means, methods_of};
use crate::inspect::{
    effects::touches,
    evidence::Claim,
    methods::effect_text,
    notation::{amount, asset, cell_name, names_of, names_of_exit},
};

/// What `role` (`None`: anybody) can extract with nobody's help. Methods that need a second role are left out.
pub(super) fn extracts(manifest: &Manifest, role: Option<&Role>) -> Vec<Claim> {
    let alone: Vec<&Transition> = methods_of(manifest, role.map(|role| role.id))
        .filter(|(_, taker)| taker.also.is_empty())
        .map(|(transition, _)| transition)
        .collect();
    let mut claims = sent(manifest, &alone);
    claims.extend(escrowed(manifest, &alone));
    claims.extend(ledgers(manifest, role, &alone));
    claims.extend(paid_by_exits(manifest, role));
    if claims.is_empty() {
        claims.push(Claim::enforced(match role {
            Some(_) => "nothing besides what anybody can: no method it takes alone sends, pays out, or touches others' balances",
            None => "nothing: no method that anybody takes sends, pays out, or touches others' balances",
        }));
    }
    claims
}

/// For each asset, the greatest ceiling of one call.
fn sent(manifest: &Manifest, alone: &[&Transition]) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for transition in alone {
        for send in &transition.sends {
            let name = asset(names_of(manifest, transition), &send.asset);
            if seen.contains(&name) {
                continue;
            }
            let same = |other: &&Transition| {
                let names = names_of(manifest, other);
                other.sends.iter().find(|send| asset(names, &send.asset) == name).map(|send| send.max)
            };
            let most = alone.iter().filter_map(same).max().unwrap_or(Amount::ZERO);
            let by: Vec<String> = alone
                .iter()
                .filter(|other| same(other).is_some())
                .map(|other| format!("`{}`", other.method))
                .collect();
            let held = if means::is_native(&send.asset) {
                "the contract's coins that are not in escrow"
            } else {
                "what the contract holds"
            };
            let text = match amount(most).as_str() {
                "any" => format!("{name}: all of {held} in one call, by {}", by.join(", ")),
                most => format!(
                    "{name}: at most {most} in one call, by {}; calls are not counted, so in many calls all of {held}",
                    by.join(", ")
                ),
            };
            claims.push(Claim::enforced(text));
            seen.push(name);
        }
    }
    claims
}

fn escrowed(manifest: &Manifest, alone: &[&Transition]) -> Vec<Claim> {
    let used = |id: u16| {
        let pays = |transition: &&&Transition| {
            transition.escrows.iter().any(|escrow| escrow.cell == id && escrow.pays_out)
        };
        alone.iter().filter(pays).map(|transition| format!("`{}`", transition.method)).collect::<Vec<_>>()
    };
    let ids: BTreeSet<u16> =
        alone.iter().flat_map(|transition| transition.escrows.iter()).map(|escrow| escrow.cell).collect();
    let mut claims = Vec::new();
    for id in ids {
        let by = used(id);
        if !by.is_empty() {
            let text = format!(
                "escrow `{}`: all that is held for an item it may call for, by {}",
                cell_name(manifest, id),
                by.join(", ")
            );
            claims.push(Claim::enforced(text));
        }
    }
    claims
}

fn ledgers(manifest: &Manifest, role: Option<&Role>, alone: &[&Transition]) -> Vec<Claim> {
    let mut claims = Vec::new();
    let unlisted: Vec<String> = alone
        .iter()
        .filter(|transition| touches(manifest, transition).is_none())
        .map(|transition| format!("`{}`", transition.method))
        .collect();
    if !unlisted.is_empty() {
        claims.push(Claim::assumed(format!(
            "own ledgers: everything, unless the code of {} refuses",
            unlisted.join(", ")
        )));
    }
    for cell in manifest.cells.iter() {
        let mut taken = Vec::new();
        let mut made = Vec::new();
        for transition in alone {
            let touched = touches(manifest, transition).unwrap_or_default();
            let here = touched.iter().filter(|touched| touched.is_ledger() && touched.cell.id == cell.id);
            let here: Vec<_> = here.collect();
            if here.iter().any(|touched| touched.may(Ops::SUB) && !means::is_own(role, transition, touched)) {
                taken.push(format!("`{}`", transition.method));
            }
            // Also where something is taken: that no more is added is for the code to check.
            if here.iter().any(|touched| touched.may(Ops::ADD)) {
                made.push(format!("`{}`", transition.method));
            }
        }
        let unique = |transition: &&&Transition| {
            let touched = touches(manifest, transition).unwrap_or_default();
            touched.iter().any(|touched| touched.cell.id == cell.id && means::changes_unique(touched))
        };
        let unique: Vec<String> =
            alone.iter().filter(unique).map(|transition| format!("`{}`", transition.method)).collect();
        if !unique.is_empty() {
            let text = format!(
                "`{}`: all unique assets, unless the code of {} refuses",
                cell.name,
                unique.join(", ")
            );
            claims.push(Claim::assumed(text));
        }
        if !taken.is_empty() {
            let text = format!(
                "`{}`: others' whole balances, unless the code of {} refuses",
                cell.name,
                taken.join(", ")
            );
            claims.push(Claim::assumed(text));
        }
        if !made.is_empty() {
            let text = format!(
                "`{}`: new balance without bound, unless the code of {} refuses",
                cell.name,
                made.join(", ")
            );
            claims.push(Claim::assumed(text));
        }
    }
    claims
}

/// What exits pay to an item role's holder, or to whoever pokes.
fn paid_by_exits(manifest: &Manifest, role: Option<&Role>) -> Vec<Claim> {
    let mut claims = Vec::new();
    for exit in &manifest.exits {
        let gets = |term: &KeyTerm| match role.map(|role| &role.kind) {
            None => matches!(term, KeyTerm::Caller | KeyTerm::Origin),
            Some(RoleKind::Item { cell, field: ItemField::Head(field) }) => {
                exit.item == Some(*cell) && *term == KeyTerm::Head(*field)
            }
            Some(_) => false,
        };
        for effect in &exit.effects {
            let paid = match effect {
                Effect::Release { to, remainder, .. } => gets(to) || remainder.as_ref().is_some_and(gets),
                Effect::Pay { to, .. } => gets(to),
                Effect::LedgerAdd { key, .. } => key.iter().any(gets),
                Effect::LedgerMove { to, .. } => to.iter().any(gets),
                Effect::SetHead { .. } | Effect::DeleteItem | Effect::LedgerSub { .. } => false,
            };
            if paid {
                let text = format!(
                    "exit `{}` pays it: {}",
                    exit.name,
                    effect_text(names_of_exit(manifest, exit), effect)
                );
                claims.push(Claim::enforced(text));
            }
        }
    }
    claims
}
