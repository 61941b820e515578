//! What the code of a method may do, whatever it is: the reading of `touches`, `sends`, `escrows` and guards that the
//! questions about power and trust share.

use chainstack_primitives::manifest::{
    CallerRule, Cell, CellKind, Expression, KeyTerm, Manifest, Node, Ops, Touch, Touches, Transition,
};

use super::notation::place;
use crate::manifest::Names;

/// A touch with its cell.
#[derive(Clone, Copy)]
pub(super) struct Touched<'m> {
    pub(super) cell: &'m Cell,
    pub(super) touch: &'m Touch,
}

/// The touches of a method; `None` for `unknown`.
pub(super) fn touches<'m>(manifest: &'m Manifest, transition: &'m Transition) -> Option<Vec<Touched<'m>>> {
    let Touches::Listed(listed) = &transition.touches else { return None };
    let found = listed.iter().filter_map(|touch| Some(Touched { cell: manifest.cell(touch.cell)?, touch }));
    Some(found.collect())
}

impl<'m> Touched<'m> {
    pub(super) const fn may(&self, ops: Ops) -> bool {
        self.touch.ops.contains(ops)
    }

    pub(super) const fn is_ledger(&self) -> bool {
        matches!(self.cell.kind, CellKind::Ledger(_))
    }

    /// Where: `cell[key]`.
    pub(super) fn place(&self, names: Names<'_>) -> String {
        place(names, self.cell, &self.touch.key)
    }

    /// Where and what: `cell[key]: read, sub`.
    pub(super) fn text(&self, names: Names<'_>) -> String {
        let ops = Ops::NAMES.iter().filter(|(op, _)| self.may(*op)).map(|(_, name)| *name);
        let ops = ops.collect::<Vec<_>>().join(", ");
        let head: Vec<&str> = self.head_fields().collect();
        let head = if head.is_empty() { String::new() } else { format!(" ({})", head.join(", ")) };
        format!("{}: {ops}{head}", self.place(names))
    }

    /// Head fields of an entry that is there already which may get another value.
    pub(super) fn head_fields(&self) -> impl Iterator<Item = &'m str> + use<'m> {
        let mask = self.touch.head;
        let listed = move |(index, _): &(usize, _)| {
            u32::try_from(*index)
                .ok()
                .and_then(|index| mask.checked_shr(index))
                .is_some_and(|bit| bit & 1 == 1)
        };
        self.cell.head().iter().enumerate().filter(listed).map(|(_, field)| field.name.as_str())
    }

    /// Whether the entry is the immediate caller's own: one of its key's fields is the caller.
    pub(super) fn is_callers_own(&self) -> bool {
        self.touch.key.contains(&KeyTerm::Caller)
    }
}

/// Roles that a guard asks of the caller, because each of them is a part of it that must hold by itself: `member(r)`
/// or `quorum(r)` between `&&`. Sound, not complete: what stands below `||` or `!` asks for nothing.
pub(super) fn required_roles(guard: &Expression) -> Vec<Required> {
    let conjuncts = conjuncts(guard);
    let required = conjuncts.iter().filter_map(|part| match part {
        [Node::Member(role)] => Some(Required { role: *role, quorum: false }),
        [Node::Quorum(role)] => Some(Required { role: *role, quorum: true }),
        _ => None,
    });
    required.collect()
}

/// A role that a guard asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Required {
    pub(super) role: u16,
    /// Whether its threshold must have approved.
    pub(super) quorum: bool,
}

/// The parts of a postfix expression that are joined by `&&` at its top.
pub(super) fn conjuncts(expression: &[Node]) -> Vec<&[Node]> {
    let Some((Node::And, operands)) = expression.split_last() else { return vec![expression] };
    // The right operand is the shortest suffix that leaves one value.
    let mut wanted = 1usize;
    for start in (0..operands.len()).rev() {
        wanted = wanted + arity(&operands[start]) - 1;
        if wanted == 0 {
            let (left, right) = operands.split_at(start);
            return [conjuncts(left), conjuncts(right)].concat();
        }
    }
    vec![expression]
}

/// Values that a node takes from the stack.
const fn arity(node: &Node) -> usize {
    match node {
        Node::MulDiv | Node::If => 3,
        Node::Add
        | Node::Sub
        | Node::Mul
        | Node::Div
        | Node::Rem
        | Node::Min
        | Node::Max
        | Node::Equal
        | Node::NotEqual
        | Node::Less
        | Node::LessEqual
        | Node::Greater
        | Node::GreaterEqual
        | Node::And
        | Node::Or => 2,
        Node::Not | Node::ToInt | Node::ToUint => 1,
        _ => 0,
    }
}

/// Who may take a method: a role (`None`: anybody), and what else the caller must have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Taker {
    pub(super) role: Option<u16>,
    /// Roles that must be held, or have approved, as well; of the caller rule's roles one is enough.
    pub(super) also: Vec<Also>,
}

/// What a taker must have besides the role.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Also {
    /// One of these roles.
    OneOf(Vec<u16>),
    /// The approval of this set's threshold.
    Quorum(u16),
}

/// Who may take a transition, by its caller rule and by the roles its guard asks for.
pub(super) fn takers(transition: &Transition) -> Vec<Taker> {
    let required = transition.guard.as_ref().map(required_roles).unwrap_or_default();
    let also = |except: Option<u16>| {
        let others = required.iter().filter(move |required| required.quorum || Some(required.role) != except);
        others.map(|required| match required.quorum {
            true => Also::Quorum(required.role),
            false => Also::OneOf(vec![required.role]),
        })
    };
    match &transition.caller {
        CallerRule::Any | CallerRule::Signer if required.is_empty() => {
            vec![Taker { role: None, also: Vec::new() }]
        }
        CallerRule::Any | CallerRule::Signer => {
            let mut roles: Vec<u16> = Vec::new();
            for required in &required {
                if !roles.contains(&required.role) {
                    roles.push(required.role);
                }
            }
            let taker = |role: u16| Taker { role: Some(role), also: also(Some(role)).collect() };
            roles.into_iter().map(taker).collect()
        }
        CallerRule::Roles(roles) => {
            let own = roles.iter().map(|role| Taker { role: Some(*role), also: also(Some(*role)).collect() });
            let mut takers: Vec<Taker> = own.collect();
            for required in &required {
                if !takers.iter().any(|taker| taker.role == Some(required.role)) {
                    let rule = Also::OneOf(roles.to_vec());
                    let also = std::iter::once(rule).chain(also(Some(required.role))).collect();
                    takers.push(Taker { role: Some(required.role), also });
                }
            }
            takers
        }
    }
}
