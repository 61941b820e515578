//! What a contract trusts: callees, the clock, whoever writes what guards read, foreign assets, who may change the code.

use std::collections::BTreeSet;

use chainstack_primitives::manifest::{
    AssetRef, CallRule, CellKind, Clock, Effect, Expression, KeyTerm, Manifest, Node, Ops, Reenter, RoleKind,
    Type, Upgrade,
};
use serde::Serialize;

use super::{
    effects::{takers, touches},
    evidence::{Claim, Evidence},
    methods::reenter,
    notation::{amount, asset, bound_cell, cell_name, names_of, role_name, term},
};
use crate::manifest::Names;

/// What a contract trusts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Trust {
    /// Other contracts that it may call or have called.
    pub callees: Vec<Callee>,
    /// Where the declaration reads time or height.
    pub clocks: Vec<ClockUse>,
    /// Roles that decide what guards, windows, exits or invariants read.
    pub oracles: Vec<Oracle>,
    /// Assets of other contracts that it holds or sends.
    pub foreign_assets: Vec<ForeignAsset>,
    /// The sentences.
    pub claims: Vec<Claim>,
}

/// A method of another contract.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Callee {
    /// The own method.
    pub method: String,
    /// `call`, `notify` (after the method has ended), or `view`.
    pub how: &'static str,
    /// The other contract, as a term; `*`: whichever.
    pub contract: String,
    /// Its method; none: any.
    pub callee: Option<String>,
    /// Greatest native value in one such call, as decimal text or `any`.
    pub value_max: String,
    /// Greatest count of such calls in one call of the method.
    pub count_max: u16,
    /// Whether the own contract may be entered again meanwhile: `none`, `other_items` or `all`.
    pub reenter: &'static str,
    /// What stands behind what the callee does.
    pub evidence: Evidence,
}

/// A place where the declaration reads a clock.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ClockUse {
    /// The method or exit.
    pub name: String,
    /// `window`, `guard` or `effect`.
    pub part: &'static str,
    /// `time` or `height`.
    pub clock: &'static str,
    /// What stands behind the clock.
    pub evidence: Evidence,
}

/// A role that decides what a rule reads.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Oracle {
    /// The role.
    pub role: String,
    /// What it writes: `cell.field`.
    pub writes: String,
    /// The methods it writes by.
    pub by: Vec<String>,
    /// The methods, exits and invariants that read it.
    pub read_by: Vec<String>,
    /// What stands behind what it writes.
    pub evidence: Evidence,
}

/// An asset of another contract.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ForeignAsset {
    /// The asset: its cell and contract.
    pub asset: String,
    /// The method or escrow cell that names it.
    pub named_by: String,
    /// What stands behind the other contract's books.
    pub evidence: Evidence,
}

/// What `manifest` trusts.
#[must_use]
pub fn trust(manifest: &Manifest) -> Trust {
    let mut trust = Trust {
        callees: callees(manifest),
        clocks: clocks(manifest),
        oracles: oracles(manifest),
        foreign_assets: foreign(manifest),
        claims: Vec::new(),
    };
    trust.claims = claims(manifest, &trust);
    trust
}

fn callees(manifest: &Manifest) -> Vec<Callee> {
    let mut found = Vec::new();
    let mut push = |names: Names<'_>, method: &str, how, reenter, rules: &[CallRule]| {
        found.extend(rules.iter().map(|rule| Callee {
            method: method.to_owned(),
            how,
            contract: term(names, &rule.contract, &Type::Account),
            callee: rule.method.as_ref().map(ToString::to_string),
            value_max: amount(rule.value_max),
            count_max: rule.count_max,
            reenter,
            evidence: Evidence::Assumed,
        }));
    };
    for transition in &manifest.transitions {
        let names = names_of(manifest, transition);
        let reenter = reenter(transition.reenter);
        push(names, &transition.method, "call", reenter, &transition.calls);
        push(names, &transition.method, "notify", reenter, &transition.notifies);
    }
    for view in &manifest.views {
        let names = Names { manifest, args: &view.args, item: None };
        push(names, &view.method, "view", "none", &view.calls);
    }
    found
}

fn clock_nodes(expression: &Expression) -> impl Iterator<Item = &'static str> {
    let time = expression.contains(&Node::Time).then_some("time");
    let height = expression.contains(&Node::Height).then_some("height");
    time.into_iter().chain(height)
}

/// The block's height is counted by the chain; its time is what validators agreed on.
fn clock(name: &str, part: &'static str, clock: &'static str) -> ClockUse {
    let evidence = if clock == "time" { Evidence::Assumed } else { Evidence::Enforced };
    ClockUse { name: name.to_owned(), part, clock, evidence }
}

fn clocks(manifest: &Manifest) -> Vec<ClockUse> {
    let mut uses = Vec::new();
    let transitions = manifest.transitions.iter().map(|found| (&found.method, &found.window, &found.guard));
    let exits = manifest.exits.iter().map(|found| (&found.name, &found.window, &found.guard));
    for (name, window, guard) in transitions.chain(exits) {
        if let Some(window) = window {
            let which = if window.clock == Clock::TimeMs { "time" } else { "height" };
            uses.push(clock(name, "window", which));
        }
        if let Some(guard) = guard {
            uses.extend(clock_nodes(guard).map(|which| clock(name, "guard", which)));
        }
    }
    for exit in &manifest.exits {
        let read = exit.effects.iter().filter_map(Effect::computes).flat_map(clock_nodes);
        let read: BTreeSet<&'static str> = read.collect();
        uses.extend(read.into_iter().map(|which| clock(&exit.name, "effect", which)));
    }
    uses
}

/// A stored field that an expression reads: cell and head field.
type Read = (u16, u8);

fn reads(expression: &Expression, item: Option<u16>) -> BTreeSet<Read> {
    let read = |node: &Node| match node {
        Node::Head(field) => item.map(|cell| (cell, *field)),
        Node::ValueHead { cell, field } | Node::EntryHead { cell, field, .. } => Some((*cell, *field)),
        _ => None,
    };
    expression.iter().filter_map(read).collect()
}

/// Every rule by name, with the fields that it reads.
fn rules(manifest: &Manifest) -> Vec<(String, BTreeSet<Read>)> {
    let mut rules = Vec::new();
    for transition in &manifest.transitions {
        let item = bound_cell(&transition.item);
        let window = transition.window.iter().flat_map(|window| window.opens.iter().chain(&window.closes));
        let found = transition.guard.iter().chain(window).flat_map(|part| reads(part, item)).collect();
        rules.push((transition.method.to_string(), found));
    }
    for exit in &manifest.exits {
        let window = exit.window.iter().flat_map(|window| window.opens.iter().chain(&window.closes));
        let effects = exit.effects.iter().filter_map(Effect::computes);
        let found = exit.guard.iter().chain(window).chain(effects);
        rules.push((format!("exit {}", exit.name), found.flat_map(|part| reads(part, exit.item)).collect()));
    }
    for invariant in &manifest.invariants {
        rules.push((format!("invariant {}", invariant.name), reads(&invariant.rule, None)));
    }
    rules
}

/// Roles without which nobody writes a field that a rule reads. Roles bound to an item are its parties, not oracles.
fn oracles(manifest: &Manifest) -> Vec<Oracle> {
    let rules = rules(manifest);
    let mut oracles: Vec<Oracle> = Vec::new();
    for role in manifest.roles.iter().filter(|role| !matches!(role.kind, RoleKind::Item { .. })) {
        for cell in &manifest.cells {
            for (index, field) in (0u8..).zip(cell.head()) {
                let read_by: Vec<String> = rules
                    .iter()
                    .filter(|(_, reads)| reads.contains(&(cell.id, index)))
                    .map(|(name, _)| name.clone())
                    .collect();
                let writers = manifest.transitions.iter().filter(|transition| {
                    takers(transition).iter().any(|taker| taker.role == Some(role.id))
                        && touches(manifest, transition).is_none_or(|touched| {
                            // Who creates an entry writes its write-once fields as well.
                            touched.iter().any(|touched| touched.cell.id == cell.id && touched.may(Ops::SET))
                        })
                });
                let by: Vec<String> = writers.map(|transition| transition.method.to_string()).collect();
                if !by.is_empty() && !read_by.is_empty() {
                    oracles.push(Oracle {
                        role: role.name.to_string(),
                        writes: format!("{}.{}", cell.name, field.name),
                        by,
                        read_by,
                        evidence: Evidence::Assumed,
                    });
                }
            }
        }
    }
    oracles
}

fn foreign(manifest: &Manifest) -> Vec<ForeignAsset> {
    let mut found = Vec::new();
    let mut push = |names: Names<'_>, reference: &AssetRef, named_by: String| {
        if matches!(reference, AssetRef::Foreign { .. }) {
            found.push(ForeignAsset {
                asset: asset(names, reference),
                named_by,
                evidence: Evidence::Assumed,
            });
        }
    };
    for cell in &manifest.cells {
        if let CellKind::Escrow(escrow) = &cell.kind {
            let item = escrow.item.and_then(|id| manifest.cell(id));
            push(Names { manifest, args: &[], item }, &escrow.asset, format!("escrow {}", cell.name));
        }
    }
    for transition in &manifest.transitions {
        for send in &transition.sends {
            push(names_of(manifest, transition), &send.asset, transition.method.to_string());
        }
    }
    found
}

fn claims(manifest: &Manifest, trust: &Trust) -> Vec<Claim> {
    let mut claims = Vec::new();
    if trust.callees.is_empty() {
        claims.push(Claim::enforced("no other contract is ever called"));
    }
    let any = |rule: &CallRule| rule.contract == KeyTerm::Any || rule.method.is_none();
    let open = manifest
        .transitions
        .iter()
        .filter(|transition| transition.calls.iter().chain(&transition.notifies).any(any));
    for transition in open {
        claims.push(Claim::assumed(format!(
            "`{}` may call whatever contract or method its code or caller says: everything that comes back is believed",
            transition.method
        )));
    }
    for transition in manifest.transitions.iter().filter(|transition| transition.reenter != Reenter::None) {
        claims.push(Claim::assumed(format!(
            "`{}` may be entered again while it runs: its code must be ready for that",
            transition.method
        )));
    }
    claims.push(match trust.clocks.iter().any(|used| used.clock == "time") {
        true => Claim::assumed("the time of blocks is what validators agreed on: nothing proves it"),
        false => {
            Claim::proven("no declared rule reads the time of blocks; the code may, see `inspect imports`")
        }
    });
    if trust.oracles.is_empty() {
        claims.push(Claim::proven(
            "no account or set role alone writes a head field that a guard, window, exit or invariant reads",
        ));
    }
    let takes = manifest.transitions.iter().filter(|transition| !transition.value_max.is_zero());
    for transition in takes {
        let escrowed = transition.escrows.iter().any(|escrow| escrow.pays_in);
        if !escrowed {
            claims.push(Claim::assumed(format!(
                "`{}` takes native coins and pays into no escrow: what becomes of them is up to the code",
                transition.method
            )));
        }
    }
    claims.push(match manifest.upgrade {
        Upgrade::None => Claim::enforced("the code can never be changed"),
        Upgrade::Gated { role, delay_blocks, veto } => {
            let veto = veto.map_or_else(|| "nobody".to_owned(), |veto| format!("`{}`", role_name(manifest, veto)));
            Claim::enforced(format!(
                "`{}` can change the code {delay_blocks} blocks after proposing it; {veto} can veto; exits of items that are there stay",
                role_name(manifest, role)
            ))
        }
    });
    for cell in
        manifest.cells.iter().filter(|cell| cell.asset().is_some_and(|asset| asset.release_when.is_some()))
    {
        claims.push(Claim::assumed(format!(
            "asset `{}` can refuse to leave an escrow (`release_when`): who escrows it trusts this contract",
            cell_name(manifest, cell.id)
        )));
    }
    claims
}
