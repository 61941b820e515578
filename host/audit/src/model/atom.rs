//! Atoms of guards: what has a truth of its own.
//!
//! A guard is split at its logical operators. What is left, an *atom*, is either known in a state of the model (the
//! state of a machine, an escrow that is empty, a bound that has passed), or up to a role, or it is havoc: it may
//! hold and may not. Comparisons are brought to one form, so that a guard and its opposite share their atom.

use chainstack_analysis::{Assumptions, Interval, Range};
use chainstack_primitives::manifest::{Cell, Clock, Expression, Field, Manifest, Node, RoleKind};

use super::ModelError;
use super::clock::Bounds;
use super::condition::{Condition, Truth};
use super::difference::differences_agree;
use crate::bits::Bits;
use crate::expression::{join, split};

/// What decides an atom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum AtomKind {
    /// Whether the caller, or who pokes, acts for this role.
    Role { role: u16, quorum: bool },
    /// Whether the caller is somebody in particular that no role names.
    Identity,
    /// Whether a machine is in one of these states.
    InState { machine: u16, states: Vec<u8> },
    /// Whether a bound has not passed.
    Before { bound: usize },
    /// Numbers and fields: by intervals, for each combination of empty and filled escrows that it reads.
    Value { escrows: Vec<u16>, truths: Vec<Truth> },
}

/// A condition without parts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Atom {
    key: String,
    pub(crate) kind: AtomKind,
    /// The atom as an expression, and its opposite.
    pub(crate) holds: Expression,
    pub(crate) fails: Option<Expression>,
    /// Cell of the item that it is about.
    pub(crate) item: Option<u16>,
}

/// Where a guard stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'m> {
    /// The method or exit, if atoms about its call are its own.
    pub(crate) owner: &'m str,
    pub(crate) args: &'m [Field],
    pub(crate) item: Option<&'m Cell>,
}

/// Every atom of a manifest's guards.
#[derive(Clone, Default, Debug)]
pub(crate) struct Atoms(Vec<Atom>);

impl Atoms {
    pub(crate) fn get(&self, index: usize) -> Option<&Atom> {
        self.0.get(index)
    }

    /// Splits a guard into conditions over atoms, which are noted.
    ///
    /// # Errors
    /// As [`Bounds::note`].
    pub(crate) fn condition(
        &mut self,
        manifest: &Manifest,
        bounds: &mut Bounds,
        scope: Scope<'_>,
        nodes: &[Node],
    ) -> Result<Condition, ModelError> {
        let parts = split(nodes);
        let (Some(root), operands) = (nodes.last(), parts.map(|(_, operands)| operands).unwrap_or_default())
        else {
            return Ok(Condition::Known(true));
        };
        let mut part = |nodes: &[Node]| self.condition(manifest, bounds, scope, nodes).map(Box::new);
        Ok(match (root, operands.as_slice()) {
            (Node::Bool(truth), _) => Condition::Known(*truth),
            (Node::Not, [inner]) => Condition::Not(part(inner)?),
            (Node::And, [left, right]) => Condition::And(part(left)?, part(right)?),
            (Node::Or, [left, right]) => Condition::Or(part(left)?, part(right)?),
            (Node::If, [condition, yes, no]) => Condition::If(part(condition)?, part(yes)?, part(no)?),
            (comparison, [left, right]) => {
                let (left, right, operator, negated) = match comparison {
                    Node::Less => (left, right, Node::Less, false),
                    Node::Greater => (right, left, Node::Less, false),
                    Node::LessEqual => (right, left, Node::Less, true),
                    Node::GreaterEqual => (left, right, Node::Less, true),
                    _ => {
                        let swapped = format!("{right:?}") < format!("{left:?}");
                        let (left, right) = if swapped { (right, left) } else { (left, right) };
                        (left, right, Node::Equal, *comparison == Node::NotEqual)
                    }
                };
                let atom = self.comparison(manifest, bounds, scope, (left, right, operator), nodes)?;
                if negated { Condition::Not(Box::new(atom)) } else { atom }
            }
            _ => self.note(manifest, scope, leaf_kind(root), nodes.to_vec()),
        })
    }

    fn comparison(
        &mut self,
        manifest: &Manifest,
        bounds: &mut Bounds,
        scope: Scope<'_>,
        (left, right, operator): (&[Node], &[Node], Node),
        whole: &[Node],
    ) -> Result<Condition, ModelError> {
        let item = scope.item.map(|item| item.id);
        let nodes = join(&[left, right], core::slice::from_ref(&operator))
            .map_or(whole.to_vec(), Expression::into_inner);
        if operator == Node::Less {
            if let Some(clock) = clock_of(left)
                && let Some(bound) = bounds.note(manifest, clock, item, right)?
            {
                return Ok(self.note(manifest, scope, Some(AtomKind::Before { bound }), nodes));
            }
            let one_later = join(&[left, &[Node::Uint(1)]], &[Node::Add]);
            if let (Some(clock), Some(later)) = (clock_of(right), one_later)
                && let Some(bound) = bounds.note(manifest, clock, item, &later)?
            {
                let before = self.note(manifest, scope, Some(AtomKind::Before { bound }), nodes);
                return Ok(Condition::Not(Box::new(before)));
            }
        }
        let kind = if operator == Node::Equal { identity(manifest, scope, left, right) } else { None };
        Ok(self.note(manifest, scope, kind, nodes))
    }

    fn note(
        &mut self,
        manifest: &Manifest,
        scope: Scope<'_>,
        kind: Option<AtomKind>,
        nodes: Vec<Node>,
    ) -> Condition {
        let item = scope.item.map(|item| item.id).filter(|_| nodes.iter().any(about_item));
        let own = nodes.iter().any(about_call);
        let key = match &kind {
            Some(AtomKind::Before { bound }) => format!("before {bound}"),
            Some(AtomKind::Role { role, quorum }) => format!("role {role} {quorum}"),
            _ => format!("{} {item:?} {nodes:?}", if own { scope.owner } else { "" }),
        };
        if let Some(index) = self.0.iter().position(|atom| atom.key == key) {
            return Condition::Atom(index);
        }
        let fails = join(&[&nodes], &[Node::Not]);
        let Ok(holds) = Expression::try_from(nodes) else { return Condition::Known(true) };
        let kind = kind.unwrap_or_else(|| value_kind(manifest, scope, &holds, fails.as_ref()));
        self.0.push(Atom { key, kind, holds, fails, item });
        Condition::Atom(self.0.len().saturating_sub(1))
    }

    /// Whether the atoms can have these truths together, as far as differences and intervals tell.
    pub(crate) fn can_be(
        &self,
        manifest: &Manifest,
        truths: &[(usize, bool)],
        filled: &[(u16, bool)],
    ) -> bool {
        let literals = truths.iter().filter_map(|(index, truth)| Some((&*self.get(*index)?.holds, *truth)));
        if !differences_agree(literals) {
            return false;
        }
        let item = truths.iter().find_map(|(index, _)| self.get(*index)?.item);
        let cell = item.and_then(|id| manifest.cell(id));
        let mut known = Assumptions::new(manifest, &[], cell);
        for (escrow, filled) in filled {
            match known.clone().assume(&Node::Escrowed(*escrow), amount(*filled)) {
                Ok(more) => known = more,
                Err(_) => return false,
            }
        }
        for (index, truth) in truths {
            let Some(atom) = self.get(*index) else { continue };
            if atom.item != item && atom.item.is_some() {
                continue;
            }
            let literal = if *truth { Some(&atom.holds) } else { atom.fails.as_ref() };
            let Some(literal) = literal else { continue };
            match known.clone().given(literal) {
                Ok(more) => known = more,
                Err(chainstack_analysis::Refuted::Never) => return false,
                Err(chainstack_analysis::Refuted::IllFormed(_)) => {}
            }
        }
        true
    }
}

/// The interval of an escrow that is empty or is not.
pub(crate) fn amount(filled: bool) -> Interval {
    let range = if filled { Range::new(1, u128::MAX) } else { None };
    Interval::Uint(range.unwrap_or(Range::one(0)))
}

fn clock_of(nodes: &[Node]) -> Option<Clock> {
    match nodes {
        [Node::Time] => Some(Clock::TimeMs),
        [Node::Height] => Some(Clock::Height),
        _ => None,
    }
}

fn leaf_kind(leaf: &Node) -> Option<AtomKind> {
    match leaf {
        Node::Member(role) => Some(AtomKind::Role { role: *role, quorum: false }),
        Node::Quorum(role) => Some(AtomKind::Role { role: *role, quorum: true }),
        Node::InState { machine, states } => {
            Some(AtomKind::InState { machine: *machine, states: states.to_vec() })
        }
        _ => None,
    }
}

/// `caller == item.seller` is what the role of the seller means.
fn identity(manifest: &Manifest, scope: Scope<'_>, left: &[Node], right: &[Node]) -> Option<AtomKind> {
    let who = |nodes: &[Node]| matches!(nodes, [Node::Caller | Node::Origin]);
    let other = match (who(left), who(right)) {
        (true, false) => right,
        (false, true) => left,
        _ => return None,
    };
    let names = |kind: &RoleKind| match (kind, other) {
        (RoleKind::Item { cell, field }, [leaf]) => {
            let here = scope.item.map(|item| item.id) == Some(*cell);
            let field_is = match (field, leaf) {
                (chainstack_primitives::manifest::ItemField::Head(index), Node::Head(found)) => {
                    index == found
                }
                (chainstack_primitives::manifest::ItemField::Owner, Node::Owner) => true,
                _ => false,
            };
            here && field_is
        }
        _ => false,
    };
    let role = manifest.roles.iter().find(|role| names(&role.kind));
    Some(role.map_or(AtomKind::Identity, |role| AtomKind::Role { role: role.id, quorum: false }))
}

fn value_kind(
    manifest: &Manifest,
    scope: Scope<'_>,
    holds: &Expression,
    fails: Option<&Expression>,
) -> AtomKind {
    let mut escrows: Vec<u16> = holds
        .iter()
        .filter_map(|node| match node {
            Node::Escrowed(cell) => Some(*cell),
            _ => None,
        })
        .collect();
    escrows.sort_unstable();
    escrows.dedup();
    let all: Bits = (0..escrows.len()).collect();
    let truth = |filled: Bits| {
        let mut known = Assumptions::new(manifest, scope.args, scope.item);
        for (index, escrow) in escrows.iter().enumerate() {
            known = known.assume(&Node::Escrowed(*escrow), amount(filled.has(index))).ok()?;
        }
        let can_hold = known.clone().given(holds).is_ok();
        let can_fail = fails.is_none_or(|fails| known.given(fails).is_ok());
        match (can_hold, can_fail) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    };
    let truths = all.subsets().into_iter().map(truth).collect();
    AtomKind::Value { escrows, truths }
}

const fn about_item(node: &Node) -> bool {
    matches!(node, Node::Head(_) | Node::ItemKey(_) | Node::Owner | Node::Escrowed(_) | Node::InState { .. })
}

const fn about_call(node: &Node) -> bool {
    matches!(node, Node::Arg(_) | Node::Value | Node::Caller | Node::Origin)
}
