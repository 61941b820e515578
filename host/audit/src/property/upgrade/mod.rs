//! P10: what a new version of a contract changes, and whether the upgrade gate lets it.
//!
//! Structural, by DESIGN §5.4: surviving cells, machines and states keep their ids and types; every exit stays, with
//! the same effect, from at least the same states, no later; escrows and assets stay as they are; nobody gets a reach
//! over escrowed value that he did not have. What the gate cannot see in a manifest, that a cell is empty, is a
//! condition of the verdict.

mod reach;
mod storage;

use chainstack_primitives::manifest::Manifest;

use crate::report::{Claim, Evidence, Property, Subject, Verdict};

/// How the gate answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum UpgradeVerdict {
    /// Nothing that was promised changes.
    Allowed,
    /// The same, if the cells that are dropped are empty.
    AllowedIfEmpty,
    /// Something that was promised does.
    Refused,
}

/// One difference between two versions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The rule it falls under.
    pub rule: &'static str,
    /// What it means for the upgrade.
    pub verdict: UpgradeVerdict,
    /// What it is about.
    pub subject: Subject,
    /// The change for people.
    pub sentence: String,
}

/// The differences between two versions, and what they come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upgrade {
    /// The worst verdict of all changes.
    pub verdict: UpgradeVerdict,
    /// The changes, in order of sections.
    pub changes: Vec<Change>,
}

/// Compares two validated versions of a contract.
#[must_use]
pub fn diff(old: &Manifest, new: &Manifest) -> Upgrade {
    let mut diff = Diff { old, new, changes: Vec::new() };
    diff.policy();
    diff.params();
    diff.roles();
    diff.cells();
    diff.machines();
    diff.methods();
    diff.exits();
    let verdict = diff.changes.iter().map(|change| change.verdict).max().unwrap_or(UpgradeVerdict::Allowed);
    Upgrade { verdict, changes: diff.changes }
}

impl Upgrade {
    /// The claims of P10.
    #[must_use]
    pub fn claims(&self) -> Vec<Claim> {
        let claim = |change: &Change| {
            let stands = match change.verdict {
                UpgradeVerdict::Allowed => (Verdict::Stated, Evidence::Proven),
                UpgradeVerdict::AllowedIfEmpty => (Verdict::Stated, Evidence::Assumed),
                UpgradeVerdict::Refused => (Verdict::Violated, Evidence::Proven),
            };
            Claim::new(Property::P10, change.rule, change.subject.clone(), stands, change.sentence.clone())
        };
        let mut claims: Vec<Claim> = self.changes.iter().map(claim).collect();
        if self.verdict != UpgradeVerdict::Refused {
            let sentence = "The new version keeps every promise of the old one.".to_owned();
            let stands = (Verdict::Holds, Evidence::Proven);
            claims.push(Claim::new(Property::P10, "keeps", Subject::default(), stands, sentence));
        }
        claims
    }
}

struct Diff<'m> {
    old: &'m Manifest,
    new: &'m Manifest,
    changes: Vec<Change>,
}

const REFUSED: UpgradeVerdict = UpgradeVerdict::Refused;
const ALLOWED: UpgradeVerdict = UpgradeVerdict::Allowed;

impl Diff<'_> {
    fn push(&mut self, rule: &'static str, verdict: UpgradeVerdict, subject: Subject, sentence: String) {
        self.changes.push(Change { rule, verdict, subject, sentence });
    }

    fn refuse_if(&mut self, wrong: bool, rule: &'static str, subject: Subject, sentence: String) {
        if wrong {
            self.push(rule, REFUSED, subject, sentence);
        }
    }

    fn policy(&mut self) {
        use chainstack_primitives::manifest::Upgrade as Policy;
        match (self.old.upgrade, self.new.upgrade) {
            (Policy::None, _) if self.old != self.new => {
                let sentence = "The old version allows no upgrade.".to_owned();
                self.push("policy", REFUSED, Subject::default(), sentence);
            }
            (
                Policy::Gated { role, delay_blocks, veto },
                Policy::Gated { role: new_role, delay_blocks: new_delay, veto: new_veto },
            ) => {
                let shorter = new_delay < delay_blocks;
                let sentence =
                    format!("The delay of upgrades is cut from {delay_blocks} to {new_delay} blocks.");
                self.refuse_if(shorter, "delay", Subject::default(), sentence);
                let weaker = veto.is_some() && new_veto != veto;
                let sentence = "The role that may veto upgrades is another one, or none.".to_owned();
                self.refuse_if(weaker, "veto", Subject::default(), sentence);
                if role != new_role {
                    let sentence = "Another role proposes upgrades.".to_owned();
                    self.push("proposer", REFUSED, Subject::default(), sentence);
                }
            }
            _ => {}
        }
    }

    fn params(&mut self) {
        let same = self.old.params.len() == self.new.params.len()
            && self
                .old
                .params
                .iter()
                .zip(&self.new.params)
                .all(|(old, new)| self.same_type(&old.ty, &new.ty));
        let sentence =
            "Parameters are frozen at instantiation, and the new version declares others.".to_owned();
        self.refuse_if(!same, "params", Subject::default(), sentence);
    }

    fn roles(&mut self) {
        let (old, new) = (self.old, self.new);
        for role in &old.roles {
            let subject = || Subject { role: Some(role.name.to_string()), ..Subject::default() };
            match new.role(role.id) {
                None => self.push("role", ALLOWED, subject(), format!("Role `{}` is gone.", role.name)),
                Some(found) => {
                    let sentence = format!("Role `{}` is held in another way.", role.name);
                    self.refuse_if(found.kind != role.kind, "role", subject(), sentence);
                }
            }
        }
        for role in new.roles.iter().filter(|role| old.role(role.id).is_none()) {
            let subject = Subject { role: Some(role.name.to_string()), ..Subject::default() };
            self.push("role", ALLOWED, subject, format!("Role `{}` is new.", role.name));
        }
    }
}
