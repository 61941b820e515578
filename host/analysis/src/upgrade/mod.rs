//! The upgrade gate: what a new version of a contract changes, and whether that is let in.
//!
//! Structural, by DESIGN §5.4: surviving cells, machines and states keep their ids and types; every exit stays, with
//! the same effect, from at least the same states, no later; escrows and assets stay as they are; nobody gets a reach
//! over escrowed value that he did not have. What the gate cannot see in a manifest, that a cell is empty, is a
//! condition of the verdict.

mod reach;
mod storage;
mod types;

use chainstack_primitives::manifest::{Effect, Manifest, ParamRange, Touches};
use parity_scale_codec::Encode as _;

use self::types::SameTypes;

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

/// The declared things a change is about, by name.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Part {
    /// A machine.
    pub machine: Option<String>,
    /// A state of it.
    pub state: Option<String>,
    /// A method.
    pub method: Option<String>,
    /// An exit.
    pub exit: Option<String>,
    /// A role.
    pub role: Option<String>,
    /// A cell.
    pub cell: Option<String>,
}

/// One difference between two versions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The rule it falls under.
    pub rule: &'static str,
    /// What it means for the upgrade.
    pub verdict: UpgradeVerdict,
    /// What it is about.
    pub part: Part,
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
    let mut diff = Diff { old, new, types: SameTypes::of(old, new), changes: Vec::new() };
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

/// What comparing two versions takes, known before it is done: bytes of both declarations, and pairs of their parts.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct DiffCost {
    /// Bytes of both manifests, encoded.
    pub bytes: u64,
    /// `new methods × (old methods + their touches) × (8 + exits + nodes and effects of exits) + old types × new types`, and of
    /// each machine whose items' exits create in ledgers `states × (methods + exits)`, in both versions.
    pub pairs: u64,
}

/// Counts what [`diff`] takes. Linear in the manifests.
#[must_use]
pub fn diff_cost(old: &Manifest, new: &Manifest) -> DiffCost {
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let touches = old.transitions.iter().map(|method| match &method.touches {
        Touches::Unknown => 1,
        Touches::Listed(touches) => count(touches.len()).saturating_add(1),
    });
    let of_exits = old.exits.iter().chain(&new.exits).map(|exit| {
        let window = exit.window.iter().flat_map(|window| window.opens.iter().chain(&window.closes));
        let amounts = exit.effects.iter().filter_map(Effect::computes);
        let nodes = exit.guard.iter().chain(window).chain(amounts).map(|nodes| count(nodes.len()));
        nodes.fold(count(exit.effects.len()).saturating_mul(2).saturating_add(1), u64::saturating_add)
    });
    let places = touches.fold(0, u64::saturating_add);
    let questions = of_exits.fold(8, u64::saturating_add);
    let methods = count(new.transitions.len()).saturating_mul(places).saturating_mul(questions);
    let walked = [old, new].into_iter().map(|manifest| {
        let ways = count(manifest.transitions.len()).saturating_add(count(manifest.exits.len()));
        let creates = |cell| {
            let mut exits = manifest.exits.iter().filter(|exit| exit.item == Some(cell));
            exits.any(|exit| exit.effects.iter().any(|effect| effect.fills().is_some()))
        };
        let walked = manifest.machines.iter().filter(|machine| machine.cell.is_some_and(creates));
        walked.map(|machine| count(machine.states.len())).fold(0, u64::saturating_add).saturating_mul(ways)
    });
    let types = count(old.types.len()).saturating_mul(count(new.types.len()));
    DiffCost {
        bytes: count(old.encoded_size()).saturating_add(count(new.encoded_size())),
        pairs: walked.fold(methods.saturating_add(types), u64::saturating_add),
    }
}

/// Whether every value that `old` allows is allowed by `new`.
fn contains(new: Option<ParamRange>, old: Option<ParamRange>) -> bool {
    match (new, old) {
        (None, _) => true,
        (
            Some(ParamRange::Unsigned { min, max }),
            Some(ParamRange::Unsigned { min: old_min, max: old_max }),
        ) => min <= old_min && old_max <= max,
        (Some(ParamRange::Signed { min, max }), Some(ParamRange::Signed { min: old_min, max: old_max })) => {
            min <= old_min && old_max <= max
        }
        (Some(_), _) => false,
    }
}

struct Diff<'m> {
    old: &'m Manifest,
    new: &'m Manifest,
    types: SameTypes,
    changes: Vec<Change>,
}

const REFUSED: UpgradeVerdict = UpgradeVerdict::Refused;
const ALLOWED: UpgradeVerdict = UpgradeVerdict::Allowed;

impl Diff<'_> {
    fn push(&mut self, rule: &'static str, verdict: UpgradeVerdict, part: Part, sentence: String) {
        self.changes.push(Change { rule, verdict, part, sentence });
    }

    fn refuse_if(&mut self, wrong: bool, rule: &'static str, part: Part, sentence: String) {
        if wrong {
            self.push(rule, REFUSED, part, sentence);
        }
    }

    fn policy(&mut self) {
        use chainstack_primitives::manifest::Upgrade as Policy;
        match (self.old.upgrade, self.new.upgrade) {
            (Policy::None, _) if self.old != self.new => {
                let sentence = "The old version allows no upgrade.".to_owned();
                self.push("policy", REFUSED, Part::default(), sentence);
            }
            (
                Policy::Gated { role, delay_blocks, veto },
                Policy::Gated { role: new_role, delay_blocks: new_delay, veto: new_veto },
            ) => {
                let shorter = new_delay < delay_blocks;
                let sentence =
                    format!("The delay of upgrades is cut from {delay_blocks} to {new_delay} blocks.");
                self.refuse_if(shorter, "delay", Part::default(), sentence);
                let weaker = veto.is_some() && new_veto != veto;
                let sentence = "The role that may veto upgrades is another one, or none.".to_owned();
                self.refuse_if(weaker, "veto", Part::default(), sentence);
                if role != new_role {
                    let sentence = "Another role proposes upgrades.".to_owned();
                    self.push("proposer", REFUSED, Part::default(), sentence);
                }
            }
            _ => {}
        }
    }

    fn params(&mut self) {
        let (old, new) = (self.old, self.new);
        let kept = old.params.len() <= new.params.len()
            && old.params.iter().zip(&new.params).all(|(old, new)| self.types.same(&old.ty, &new.ty));
        let sentence =
            "Parameters are frozen at instantiation, and the new version declares others.".to_owned();
        self.refuse_if(!kept, "params", Part::default(), sentence);
        for (old, new) in old.params.iter().zip(&new.params) {
            let sentence =
                format!("Parameter `{}` may have a value now that is not allowed any more.", old.name);
            self.refuse_if(!contains(new.range, old.range), "params", Part::default(), sentence);
        }
        for param in new.params.iter().skip(old.params.len()) {
            let (verdict, what) = match &param.default {
                Some(_) => (ALLOWED, "gets its default"),
                None => (REFUSED, "has no default, and nobody gave it a value"),
            };
            let sentence = format!("Parameter `{}` is new, and {what}.", param.name);
            self.push("params", verdict, Part::default(), sentence);
        }
    }

    fn roles(&mut self) {
        let (old, new) = (self.old, self.new);
        for role in &old.roles {
            let part = || Part { role: Some(role.name.to_string()), ..Part::default() };
            match new.role(role.id) {
                None => self.push("role", ALLOWED, part(), format!("Role `{}` is gone.", role.name)),
                Some(found) => {
                    let sentence = format!("Role `{}` is held in another way.", role.name);
                    self.refuse_if(found.kind != role.kind, "role", part(), sentence);
                }
            }
        }
        for role in new.roles.iter().filter(|role| old.role(role.id).is_none()) {
            let part = Part { role: Some(role.name.to_string()), ..Part::default() };
            self.push("role", ALLOWED, part, format!("Role `{}` is new.", role.name));
        }
    }
}
