//! P10: what a new version of a contract changes, and whether the upgrade gate lets it. The gate is that of the host.

use chainstack_analysis::{Change, Part, Upgrade, UpgradeVerdict};
use chainstack_primitives::manifest::Upgrade as Policy;

use crate::report::{Claim, Evidence, Property, Subject, Verdict};

use super::Context;

/// The claims of P10; with the states of the old version an attempt to upgrade shows what is refused.
pub(crate) fn claims(upgrade: &Upgrade, old: Option<&Context<'_, '_>>) -> Vec<Claim> {
    let first = upgrade.changes.iter().find(|change| change.verdict == UpgradeVerdict::Refused);
    let claim = |change: &Change| {
        let stands = match change.verdict {
            UpgradeVerdict::Allowed => (Verdict::Stated, Evidence::Proven),
            UpgradeVerdict::AllowedIfEmpty => (Verdict::Stated, Evidence::Assumed),
            UpgradeVerdict::Refused => (Verdict::Violated, Evidence::Proven),
        };
        let claim =
            Claim::new(Property::P10, change.rule, subject(&change.part), stands, change.sentence.clone());
        if change.verdict != UpgradeVerdict::Refused {
            return claim;
        }
        // The host names the first thing that it refuses, and the rule of it, if there is anybody to ask.
        let gated = old.is_some_and(|old| old.manifest().upgrade != Policy::None);
        let named = gated && first.is_some_and(|first| first == change);
        let says = if named { format!("{}: {}", change.rule, change.sentence) } else { String::new() };
        Claim { counterexample: old.map(|old| old.attempt_to_upgrade(says)), ..claim }
    };
    let mut claims: Vec<Claim> = Vec::new();
    for mut claim in upgrade.changes.iter().map(claim) {
        // One rule may be broken several times without a name to tell it by.
        let same = claims.iter().filter(|before| before.rule_and_names() == claim.id).count();
        if same > 0 {
            claim.id = format!("{}#{}", claim.id, same.saturating_add(1));
        }
        claims.push(claim);
    }
    if upgrade.verdict != UpgradeVerdict::Refused {
        let sentence = "The new version keeps every promise of the old one.".to_owned();
        let stands = (Verdict::Holds, Evidence::Proven);
        claims.push(Claim::new(Property::P10, "keeps", Subject::default(), stands, sentence));
    }
    claims
}

fn subject(part: &Part) -> Subject {
    let Part { machine, state, method, exit, role, cell } = part.clone();
    Subject { machine, state, method, exit, role, cell }
}
