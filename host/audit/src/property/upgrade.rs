//! P10: what a new version of a contract changes, and whether the upgrade gate lets it.
//!
//! Structural, by DESIGN §5.4: surviving cells, machines and states keep their ids and types; every exit stays, with
//! the same effect, from at least the same states, no later; escrows and assets stay as they are; nobody gets a reach
//! over escrowed value that he did not have. What the gate cannot see in a manifest, that a cell is empty, is a
//! condition of the verdict.

use chainstack_primitives::manifest::{
    CallerRule, Cell, CellKind, Effect, Exit, Expression, Machine, Manifest, Node, StateSet, Touches,
    Transition, Type, TypeKind, Window,
};

use crate::expression::Sum;
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

impl<'m> Diff<'m> {
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

    fn cells(&mut self) {
        let (old, new) = (self.old, self.new);
        for cell in &old.cells {
            let subject = || Subject { cell: Some(cell.name.to_string()), ..Subject::default() };
            match new.cell(cell.id) {
                None => {
                    let keeps = matches!(cell.kind, CellKind::Escrow(_)) || cell.asset().is_some();
                    let verdict = if keeps { REFUSED } else { UpgradeVerdict::AllowedIfEmpty };
                    self.push("cell", verdict, subject(), format!("Cell `{}` is gone.", cell.name));
                }
                Some(found) => {
                    for (rule, sentence) in self.cell(cell, found) {
                        self.push(rule, REFUSED, subject(), sentence);
                    }
                }
            }
        }
        for cell in new.cells.iter().filter(|cell| old.cell(cell.id).is_none()) {
            let subject = Subject { cell: Some(cell.name.to_string()), ..Subject::default() };
            self.push("cell", ALLOWED, subject, format!("Cell `{}` is new.", cell.name));
        }
    }

    /// What about a surviving cell is not as it was.
    fn cell(&self, old: &Cell, new: &Cell) -> Vec<(&'static str, String)> {
        let name = &old.name;
        let types = |old: &[chainstack_primitives::manifest::Field],
                     new: &[chainstack_primitives::manifest::Field]| {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| self.same_type(&old.ty, &new.ty))
        };
        let head = old.head().len() == new.head().len()
            && old.head().iter().zip(new.head()).all(|(old, new)| self.same_type(&old.ty, &new.ty));
        let loosened = old.head().iter().zip(new.head()).find(|(old, new)| old.write_once && !new.write_once);
        let kind = core::mem::discriminant(&old.kind) == core::mem::discriminant(&new.kind);
        let escrow = match (&old.kind, &new.kind) {
            (CellKind::Escrow(old), CellKind::Escrow(new)) => old == new,
            _ => true,
        };
        let asset = old.asset().is_none_or(|asset| {
            new.asset()
                .is_some_and(|found| found.release_when.is_none() || found.release_when == asset.release_when)
        });
        let tighter = match (old.max_entries(), new.max_entries()) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(old), Some(new)) => new < old,
        };
        let found = [
            ("kind", !kind, format!("Cell `{name}` is of another kind.")),
            (
                "key",
                kind && !types(old.key(), new.key()),
                format!("The key of cell `{name}` has other types."),
            ),
            ("head", kind && !head, format!("The head of cell `{name}` has other types.")),
            (
                "write_once",
                loosened.is_some(),
                format!(
                    "Field `{}` of cell `{name}` was written once, and may change now.",
                    loosened.map_or("", |(old, _)| &*old.name)
                ),
            ),
            (
                "tail",
                new.tail_max_bytes() < old.tail_max_bytes(),
                format!("Entries of cell `{name}` may be too long now."),
            ),
            ("escrow", !escrow, format!("Escrow `{name}` holds another asset, or for others.")),
            ("asset", kind && !asset, format!("Asset `{name}` is none any more, or hinders its release.")),
            ("max_entries", kind && tighter, format!("Cell `{name}` may have too many entries now.")),
        ];
        found.into_iter().filter(|(_, wrong, _)| *wrong).map(|(rule, _, sentence)| (rule, sentence)).collect()
    }

    fn machines(&mut self) {
        let (old, new) = (self.old, self.new);
        for machine in &old.machines {
            let subject = Subject { machine: Some(machine.name.to_string()), ..Subject::default() };
            match new.machine(machine.id) {
                None => {
                    self.push("machine", REFUSED, subject, format!("Machine `{}` is gone.", machine.name))
                }
                Some(found) => self.machine(machine, found, &subject),
            }
        }
    }

    fn machine(&mut self, old: &Machine, new: &Machine, subject: &Subject) {
        let sentence = format!("Machine `{}` is of other items.", old.name);
        self.refuse_if(old.cell != new.cell, "machine", subject.clone(), sentence);
        for state in &old.states {
            let subject = Subject { state: Some(state.name.to_string()), ..subject.clone() };
            let gone = !new.states.iter().any(|found| found.id == state.id);
            let sentence = format!("State `{}` of machine `{}` is gone.", state.name, old.name);
            self.refuse_if(gone, "state", subject.clone(), sentence);
            let ended = new.terminal.contains(&state.id) && !old.terminal.contains(&state.id);
            let sentence =
                format!("State `{}` of machine `{}` has no way out any more.", state.name, old.name);
            self.refuse_if(ended, "terminal", subject, sentence);
        }
        for state in new.states.iter().filter(|state| old.states.iter().all(|found| found.id != state.id)) {
            let subject = Subject { state: Some(state.name.to_string()), ..subject.clone() };
            self.push(
                "state",
                ALLOWED,
                subject,
                format!("State `{}` of machine `{}` is new.", state.name, old.name),
            );
        }
    }

    fn methods(&mut self) {
        let (old, new) = (self.old, self.new);
        let subject =
            |method: &Transition| Subject { method: Some(method.method.to_string()), ..Subject::default() };
        for method in &old.transitions {
            match new.transition(&method.method) {
                None => self.push(
                    "method",
                    ALLOWED,
                    subject(method),
                    format!("Method `{}` is gone.", method.method),
                ),
                Some(found) if found != method => {
                    self.push(
                        "method",
                        ALLOWED,
                        subject(method),
                        format!("Method `{}` is another.", method.method),
                    );
                }
                Some(_) => {}
            }
        }
        for method in &new.transitions {
            if old.transition(&method.method).is_none() {
                self.push("method", ALLOWED, subject(method), format!("Method `{}` is new.", method.method));
            }
            for escrow in
                method.escrows.iter().filter(|escrow| escrow.pays_out && old.cell(escrow.cell).is_some())
            {
                let covered =
                    old.transitions.iter().any(|before| covers(before, method, escrow.cell, self.old));
                let cell = old.cell(escrow.cell).map_or_else(String::new, |cell| cell.name.to_string());
                let sentence = format!(
                    "Method `{}` can take from escrow `{cell}` what nobody could take so before.",
                    method.method
                );
                let subject = Subject { cell: Some(cell), ..subject(method) };
                self.refuse_if(!covered, "reach", subject, sentence);
            }
            for (cell, field) in self.exit_fields() {
                let writes = |method: &Transition| writes(method, cell, field);
                let before = old.transitions.iter().filter(|before| writes(before));
                let known = before.into_iter().any(|before| callers_within(&method.caller, &before.caller));
                let name = old.cell(cell).and_then(|found| found.head().get(usize::from(field)));
                let name = name.map_or_else(String::new, |field| field.name.to_string());
                let sentence = format!(
                    "Method `{}` can change `{name}`, which exits go by, and no such caller could.",
                    method.method
                );
                self.refuse_if(writes(method) && !known, "reach", subject(method), sentence);
            }
        }
    }

    /// Fields of items that the old exits go by: maps and fields.
    fn exit_fields(&self) -> Vec<(u16, u8)> {
        let mut fields = Vec::new();
        for exit in &self.old.exits {
            let Some(item) = exit.item else { continue };
            let amounts = exit.effects.iter().filter_map(|effect| match effect {
                Effect::Release { amount, .. } => amount.as_ref(),
                Effect::Pay { amount, .. } => Some(amount),
                _ => None,
            });
            let window = exit.window.iter().flat_map(|window| window.opens.iter().chain(&window.closes));
            for node in exit.guard.iter().chain(window).chain(amounts).flatten() {
                if let Node::Head(field) = node {
                    fields.push((item, *field));
                }
            }
        }
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    fn exits(&mut self) {
        let (old, new) = (self.old, self.new);
        let subject = |exit: &Exit| Subject { exit: Some(exit.name.to_string()), ..Subject::default() };
        for exit in &old.exits {
            match new.exit(exit.id) {
                None => self.push("exit", REFUSED, subject(exit), format!("Exit `{}` is gone.", exit.name)),
                Some(found) => {
                    for (rule, sentence) in exit_changes(exit, found) {
                        self.push(rule, REFUSED, subject(exit), sentence);
                    }
                }
            }
        }
        for exit in new.exits.iter().filter(|exit| old.exit(exit.id).is_none()) {
            let grows = exit.effects.iter().any(|effect| match effect {
                Effect::Release { escrow, .. } => {
                    old.cell(*escrow).is_some()
                        && !old.exits.iter().any(|before| before.effects.contains(effect))
                }
                _ => false,
            });
            let verdict = if grows { REFUSED } else { ALLOWED };
            let rule = if grows { "reach" } else { "exit" };
            let sentence = if grows {
                format!("New exit `{}` pays escrowed value in a way that none did before.", exit.name)
            } else {
                format!("Exit `{}` is new.", exit.name)
            };
            self.push(rule, verdict, subject(exit), sentence);
        }
    }

    fn same_type(&self, old: &Type, new: &Type) -> bool {
        let (Type::Defined(_), Type::Defined(_)) = (old, new) else { return old == new };
        let (Some(old), Some(new)) = (self.old.definition(old), self.new.definition(new)) else {
            return false;
        };
        let fields = |old: &[chainstack_primitives::manifest::Field],
                      new: &[chainstack_primitives::manifest::Field]| {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| self.same_type(&old.ty, &new.ty))
        };
        match (&old.kind, &new.kind) {
            (TypeKind::Struct { fields: old }, TypeKind::Struct { fields: new }) => fields(old, new),
            (TypeKind::Enum { variants: old }, TypeKind::Enum { variants: new }) => {
                old.len() == new.len()
                    && old.iter().zip(new).all(|(old, new)| fields(&old.fields, &new.fields))
            }
            (TypeKind::List { of: old, max: old_max }, TypeKind::List { of: new, max: new_max }) => {
                old_max == new_max && self.same_type(old, new)
            }
            (TypeKind::Option { of: old }, TypeKind::Option { of: new }) => self.same_type(old, new),
            _ => false,
        }
    }
}

/// What about a surviving exit is not as it was promised.
fn exit_changes(old: &Exit, new: &Exit) -> Vec<(&'static str, String)> {
    let name = &old.name;
    let effect = old.effects == new.effects && old.to == new.to && old.item == new.item;
    let from = new.from.iter().all(|set| {
        let before = old.from.iter().find(|before| before.machine == set.machine);
        before.is_some_and(|before| before.states.iter().all(|state| set.states.contains(state)))
    });
    let guard = new.guard.is_none() || new.guard == old.guard;
    let side = |window: &Option<Window>, side: fn(&Window) -> Option<&Expression>| {
        window.as_ref().and_then(side).cloned()
    };
    let clocks = match (&old.window, &new.window) {
        (Some(old), Some(new)) => old.clock == new.clock,
        _ => true,
    };
    let opens = not_after(
        side(&new.window, |window| window.opens.as_ref()).as_ref(),
        side(&old.window, |window| window.opens.as_ref()).as_ref(),
    );
    let (old_closes, new_closes) = (
        side(&old.window, |window| window.closes.as_ref()),
        side(&new.window, |window| window.closes.as_ref()),
    );
    let closes = match (&old_closes, &new_closes) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(_), Some(_)) => not_after(old_closes.as_ref(), new_closes.as_ref()),
    };
    let found = [
        ("effect", effect, format!("Exit `{name}` has another effect.")),
        ("from", from, format!("Exit `{name}` is not there in every state that had it.")),
        ("guard", guard, format!("Exit `{name}` has another guard.")),
        ("deadline", clocks && opens && closes, format!("Exit `{name}` opens later, or closes earlier.")),
    ];
    found.into_iter().filter(|(_, kept, _)| !kept).map(|(rule, _, sentence)| (rule, sentence)).collect()
}

/// Whether `earlier` is provably no later than `later`; no bound is the earliest.
fn not_after(earlier: Option<&Expression>, later: Option<&Expression>) -> bool {
    match (earlier, later) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(earlier), Some(later)) => {
            let (earlier, later) = (Sum::of(earlier), Sum::of(later));
            earlier.terms == later.terms && earlier.number <= later.number
        }
    }
}

/// Whether whoever may take by `new` from the escrow could by `old`, as much and as often.
fn covers(old: &Transition, new: &Transition, escrow: u16, manifest: &Manifest) -> bool {
    let used = old.escrows.iter().any(|used| used.cell == escrow && used.pays_out);
    let within = |new: &[StateSet], old: &[StateSet]| {
        old.iter().all(|before| {
            let set = new.iter().find(|set| set.machine == before.machine);
            set.is_some_and(|set| set.states.iter().all(|state| before.states.contains(state)))
        })
    };
    let asset = manifest.cell(escrow).and_then(|cell| match &cell.kind {
        CellKind::Escrow(escrow) => Some(&escrow.asset),
        _ => None,
    });
    let most = |method: &Transition| {
        method.sends.iter().find(|send| Some(&send.asset) == asset).map_or(u128::MAX, |send| send.max.0)
    };
    used && callers_within(&new.caller, &old.caller)
        && within(&new.from, &old.from)
        && (old.guard.is_none() || old.guard == new.guard)
        && (old.window.is_none() || old.window == new.window)
        && most(new) <= most(old)
}

fn callers_within(new: &CallerRule, old: &CallerRule) -> bool {
    match (new, old) {
        (_, CallerRule::Any) | (CallerRule::Signer, CallerRule::Signer) => true,
        (CallerRule::Roles(new), CallerRule::Roles(old)) => new.iter().all(|role| old.contains(role)),
        _ => false,
    }
}

fn writes(method: &Transition, cell: u16, field: u8) -> bool {
    match &method.touches {
        Touches::Unknown => true,
        Touches::Listed(touches) => touches
            .iter()
            .any(|touch| touch.cell == cell && touch.head & 1u16.checked_shl(field.into()).unwrap_or(0) != 0),
    }
}
