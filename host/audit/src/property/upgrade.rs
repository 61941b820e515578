//! P10: what a new version of a contract changes, and whether the upgrade gate lets it. The gate is that of the host.

use chainstack_analysis::{Change, Part, Upgrade, UpgradeVerdict};

use crate::report::{Claim, Evidence, Property, Subject, Verdict};

/// The claims of P10.
pub(crate) fn claims(upgrade: &Upgrade) -> Vec<Claim> {
    let claim = |change: &Change| {
        let stands = match change.verdict {
            UpgradeVerdict::Allowed => (Verdict::Stated, Evidence::Proven),
            UpgradeVerdict::AllowedIfEmpty => (Verdict::Stated, Evidence::Assumed),
            UpgradeVerdict::Refused => (Verdict::Violated, Evidence::Proven),
        };
        Claim::new(Property::P10, change.rule, subject(&change.part), stands, change.sentence.clone())
    };
    let mut claims: Vec<Claim> = upgrade.changes.iter().map(claim).collect();
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
