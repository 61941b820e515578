//! Exits and invariants: the proof that taking an exit keeps what always holds.
//!
//! An exit that an invariant could refuse would keep what it should let out, and one that broke it would undo what the
//! contract promises. So admission asks for this proof of each exit and each invariant, and neither is asked when the
//! exit is taken. The proof follows the direction in which each leaf can change: `supply <= cap` survives a lower supply.

use chainstack_primitives::manifest::{Cell, Effect, Exit, Invariant, Manifest, Node};

use crate::expression::arity;

/// How a value differs after the exit from what it was before. Of a truth value, `Up` says that it holds if it held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    Same,
    Down,
    Up,
    Any,
}

use Change::{Any, Down, Same, Up};

impl Change {
    /// Both may have happened.
    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Same, change) | (change, Same) => change,
            (Down, Down) => Down,
            (Up, Up) => Up,
            _ => Any,
        }
    }

    const fn not_up(self) -> bool {
        matches!(self, Same | Down)
    }

    const fn not_down(self) -> bool {
        matches!(self, Same | Up)
    }
}

/// A value on the stack, and whether it is a signed number.
#[derive(Clone, Copy)]
struct Operand {
    change: Change,
    signed: bool,
}

/// Whether taking `exit` keeps `invariant` if it holds before. Both belong to one validated manifest.
///
/// Sound, not complete: what is not of a form that this follows is not proven. Linear in the nodes and effects.
#[must_use]
pub fn exit_preserves(exit: &Exit, invariant: &Invariant) -> bool {
    preserved(invariant, |node| leaf(exit, node))
}

/// Whether a payment to the contract keeps `invariant`, whoever makes it: one that is refused by nobody.
///
/// Sound, not complete, as [`exit_preserves`].
#[must_use]
pub fn payment_preserves(invariant: &Invariant) -> bool {
    preserved(invariant, |node| if matches!(node, Node::Balance) { Up } else { Same })
}

/// Whether a move of one of the contract's assets between holders keeps `invariant`: into an escrow of any contract and out
/// of it, which no method of this one has a say in. Sums of balances stay; single balances, their count and what a move
/// clears do not.
///
/// Sound, not complete, as [`exit_preserves`].
#[must_use]
pub fn move_preserves(manifest: &Manifest, invariant: &Invariant) -> bool {
    let asset = |id: &u16| manifest.cell(*id).filter(|cell| cell.asset().is_some());
    preserved(invariant, |node| {
        let moved = match node {
            Node::LedgerEntry { cell, .. } => asset(cell).is_some(),
            Node::Count(cell) => asset(cell).is_some_and(Cell::is_fungible_asset),
            Node::EntryHead { cell, field, .. } | Node::HeadSum { cell, field } => {
                let field = asset(cell).and_then(|cell| cell.head().get(usize::from(*field)));
                field.is_some_and(|field| field.clear_on_move)
            }
            _ => false,
        };
        if moved { Any } else { Same }
    })
}

/// Whether an expression never is greater than head field `field` of the bound item, which it is to replace. Sound, not
/// complete: it follows the field itself, zero, and what takes from them.
#[must_use]
pub fn never_raises(field: u8, value: &[Node]) -> bool {
    let mut stack: Vec<bool> = Vec::new();
    for node in value {
        let pushed = match arity(node) {
            0 => matches!(node, Node::Uint(0)) || *node == Node::Head(field),
            count => {
                let Some(first) = stack.len().checked_sub(count) else { return false };
                let operands = stack.split_off(first);
                match (node, &*operands) {
                    (Node::Sub | Node::Div | Node::Rem, [a, _]) => *a,
                    (Node::Min, [a, b]) => *a || *b,
                    (Node::Max, [a, b]) | (Node::If, [_, a, b]) => *a && *b,
                    _ => false,
                }
            }
        };
        stack.push(pushed);
    }
    *stack == [true]
}

fn preserved(invariant: &Invariant, change_of: impl Fn(&Node) -> Change) -> bool {
    let mut stack: Vec<Operand> = Vec::new();
    for node in &invariant.rule {
        let signed_leaf = matches!(node, Node::Int(_) | Node::Param(_));
        let pushed = match arity(node) {
            0 => Operand { change: change_of(node), signed: signed_leaf },
            count => {
                let Some(first) = stack.len().checked_sub(count) else { return false };
                let operands = stack.split_off(first);
                let signed = match node {
                    Node::ToInt => true,
                    Node::ToUint => false,
                    _ => operands.iter().any(|operand| operand.signed),
                };
                Operand { change: operation(node, &operands, signed), signed }
            }
        };
        stack.push(pushed);
    }
    matches!(&*stack, [Operand { change, .. }] if change.not_down())
}

/// How a leaf changes by what the exit does.
fn leaf(exit: &Exit, node: &Node) -> Change {
    match node {
        Node::InState { machine, states } => match exit.to {
            Some(target) if target.machine == *machine && states.contains(&target.state) => Up,
            Some(target) if target.machine == *machine => Any,
            _ => Same,
        },
        _ => exit.effects.iter().fold(Same, |change, effect| change.and(by_effect(exit, effect, node))),
    }
}

fn by_effect(exit: &Exit, effect: &Effect, node: &Node) -> Change {
    match (effect, node) {
        (Effect::SetHead { field, .. }, Node::HeadSum { cell, field: summed })
            if exit.item == Some(*cell) && field == summed =>
        {
            Any
        }
        (Effect::DeleteItem, Node::HeadSum { cell, .. } | Node::Count(cell)) if exit.item == Some(*cell) => {
            Down
        }
        (Effect::SetHead { .. } | Effect::DeleteItem, Node::EntryHead { cell, .. })
            if exit.item == Some(*cell) =>
        {
            Any
        }
        (Effect::LedgerAdd { cell, .. }, Node::LedgerSum(of)) if cell == of => Up,
        (Effect::LedgerSub { cell, .. }, Node::LedgerSum(of)) if cell == of => Down,
        (
            Effect::LedgerAdd { cell, .. } | Effect::LedgerSub { cell, .. } | Effect::LedgerMove { cell, .. },
            Node::LedgerEntry { cell: of, .. } | Node::Count(of),
        ) if cell == of => Any,
        (Effect::Pay { .. }, Node::Balance) => Down,
        // The receiver may be the contract itself.
        (Effect::Release { .. }, Node::Balance) => Up,
        (Effect::Release { escrow, .. }, Node::Escrowed(of)) if escrow == of => Down,
        _ => Same,
    }
}

/// How the result of an operation changes; `Any` wherever it could have no value any more.
fn operation(node: &Node, operands: &[Operand], signed: bool) -> Change {
    if operands.iter().all(|operand| operand.change == Same) {
        return Same;
    }
    match (node, operands) {
        (Node::Min | Node::Max, [a, b]) => a.change.and(b.change),
        // Smaller numbers add up to a smaller one that fits; greater ones might not.
        (Node::Add, [a, b]) if !signed && a.change.not_up() && b.change.not_up() => Down,
        // More less less is at most what the first can be, and not below zero.
        (Node::Sub, [a, b]) if !signed && a.change.not_down() && b.change.not_up() => Up,
        (Node::Less | Node::LessEqual, [a, b]) if a.change.not_up() && b.change.not_down() => Up,
        (Node::Greater | Node::GreaterEqual, [a, b]) if a.change.not_down() && b.change.not_up() => Up,
        (Node::And | Node::Or, [a, b]) if a.change.not_down() && b.change.not_down() => Up,
        _ => Any,
    }
}

#[cfg(test)]
mod tests {
    use chainstack_primitives::{
        BoundedVec,
        manifest::{ExitTarget, KeyTerm, limits::KEY_FIELDS_MAX},
    };

    use super::*;

    fn exit(effects: Vec<Effect>, to: Option<ExitTarget>) -> Exit {
        Exit {
            id: 1,
            name: "out".try_into().expect("short"),
            doc: Default::default(),
            item: Some(1),
            from: Default::default(),
            window: None,
            guard: None,
            effects: effects.try_into().unwrap_or_default(),
            to,
            event: None,
        }
    }

    fn invariant(rule: Vec<Node>) -> Invariant {
        let rule = rule.try_into().unwrap_or_default();
        Invariant { id: 1, name: "kept".try_into().expect("short"), doc: Default::default(), rule }
    }

    fn uint(value: u128) -> chainstack_primitives::manifest::Expression {
        vec![Node::Uint(value)].try_into().unwrap_or_default()
    }

    fn pay() -> Effect {
        Effect::Pay { to: KeyTerm::Caller, amount: uint(1) }
    }

    fn release() -> Effect {
        Effect::Release { escrow: 9, amount: None, to: KeyTerm::Caller, remainder: None }
    }

    fn set(field: u8) -> Effect {
        Effect::SetHead { field, value: uint(1) }
    }

    fn key() -> BoundedVec<KeyTerm, KEY_FIELDS_MAX> {
        vec![KeyTerm::Caller].try_into().unwrap_or_default()
    }

    fn ledger_add(cell: u16) -> Effect {
        Effect::LedgerAdd { cell, key: key(), amount: uint(1) }
    }

    fn ledger_sub(cell: u16) -> Effect {
        Effect::LedgerSub { cell, key: key(), amount: uint(1) }
    }

    fn ledger_move(cell: u16) -> Effect {
        Effect::LedgerMove { cell, from: key(), to: key(), amount: uint(1) }
    }

    fn balance(cell: u16) -> Node {
        Node::LedgerEntry { cell, key: Default::default() }
    }

    const SUM: Node = Node::HeadSum { cell: 1, field: 0 };

    #[test]
    fn what_moves_the_safe_way_is_kept_and_nothing_else() {
        let cases: Vec<(Vec<Effect>, Vec<Node>, bool)> = vec![
            (vec![Effect::DeleteItem], vec![SUM, Node::Uint(9), Node::LessEqual], true),
            (vec![Effect::DeleteItem], vec![Node::Uint(9), SUM, Node::GreaterEqual], true),
            (vec![Effect::DeleteItem], vec![SUM, Node::Uint(9), Node::GreaterEqual], false),
            (vec![Effect::DeleteItem], vec![SUM, Node::Uint(9), Node::Equal], false),
            (vec![Effect::DeleteItem], vec![Node::Count(1), Node::Uint(9), Node::Less], true),
            (vec![Effect::DeleteItem], vec![Node::Count(2), Node::Uint(9), Node::Equal], true),
            (vec![set(0)], vec![SUM, Node::Uint(9), Node::LessEqual], false),
            (vec![set(1)], vec![SUM, Node::Uint(9), Node::LessEqual], true),
            (vec![pay()], vec![Node::Balance, SUM, Node::GreaterEqual], false),
            (vec![release()], vec![Node::Balance, SUM, Node::GreaterEqual], true),
            (vec![release()], vec![Node::Balance, Node::Uint(9), Node::LessEqual], false),
            (vec![release()], vec![Node::Escrowed(9), Node::Uint(9), Node::LessEqual], true),
            (vec![release()], vec![Node::Escrowed(8), Node::Uint(9), Node::Equal], true),
            // balance + escrowed is not lower than before only if nothing leaves: not followed.
            (
                vec![release()],
                vec![Node::Balance, Node::Escrowed(9), Node::Add, SUM, Node::GreaterEqual],
                false,
            ),
            (vec![Effect::DeleteItem], vec![SUM, Node::Count(1), Node::Add, Node::Uint(9), Node::Less], true),
            (
                vec![Effect::DeleteItem],
                vec![Node::Uint(9), SUM, Node::Sub, Node::Uint(1), Node::Greater],
                true,
            ),
            (vec![Effect::DeleteItem], vec![SUM, Node::Uint(9), Node::Sub, Node::Uint(1), Node::Less], false),
            (
                vec![Effect::DeleteItem],
                vec![Node::Int(9), SUM, Node::ToInt, Node::Sub, Node::Int(1), Node::Greater],
                false,
            ),
            (vec![Effect::DeleteItem], vec![SUM, Node::Uint(9), Node::LessEqual, Node::Not], false),
            (
                vec![Effect::DeleteItem],
                vec![SUM, Node::Uint(9), Node::Less, Node::Bool(true), Node::And],
                true,
            ),
            (vec![], vec![Node::Bool(true)], true),
            (vec![], vec![Node::Bool(true), Node::Bool(true)], false),
            // Ledgers: a sum moves one way, a single balance and a count may move either.
            (vec![ledger_add(2)], vec![Node::LedgerSum(2), Node::Uint(9), Node::GreaterEqual], true),
            (vec![ledger_add(2)], vec![Node::LedgerSum(2), Node::Uint(9), Node::LessEqual], false),
            (vec![ledger_add(2)], vec![Node::LedgerSum(3), Node::Uint(9), Node::LessEqual], true),
            (vec![ledger_sub(2)], vec![Node::LedgerSum(2), Node::Uint(9), Node::LessEqual], true),
            (vec![ledger_sub(2)], vec![Node::LedgerSum(2), Node::Uint(9), Node::GreaterEqual], false),
            (vec![ledger_move(2)], vec![Node::LedgerSum(2), Node::Uint(9), Node::Equal], true),
            (vec![ledger_move(2)], vec![Node::Count(2), Node::Uint(9), Node::LessEqual], false),
            (vec![ledger_move(2)], vec![balance(2), Node::Uint(9), Node::LessEqual], false),
            (vec![ledger_sub(2)], vec![balance(2), Node::Uint(9), Node::LessEqual], false),
            (
                vec![ledger_add(2), ledger_sub(2)],
                vec![Node::LedgerSum(2), Node::Uint(9), Node::LessEqual],
                false,
            ),
        ];
        for (effects, rule, expected) in cases {
            let found = exit_preserves(&exit(effects.clone(), None), &invariant(rule.clone()));
            assert_eq!(found, expected, "{rule:?} after {effects:?}");
        }
    }

    #[test]
    fn a_payment_raises_the_balance_and_nothing_else() {
        let cases = [
            (vec![Node::Balance, SUM, Node::GreaterEqual], true),
            (vec![SUM, Node::Balance, Node::LessEqual], true),
            (vec![Node::Balance, Node::Uint(9), Node::LessEqual], false),
            (vec![Node::Balance, Node::Uint(9), Node::Equal], false),
            (vec![SUM, Node::Uint(9), Node::Equal], true),
        ];
        for (rule, expected) in cases {
            assert_eq!(payment_preserves(&invariant(rule.clone())), expected, "{rule:?}");
        }
    }

    #[test]
    fn what_takes_from_a_field_never_raises_it() {
        let head = || Node::Head(2);
        let cases = [
            (vec![head()], true),
            (vec![Node::Uint(0)], true),
            (vec![Node::Uint(1)], false),
            (vec![Node::Head(1)], false),
            (vec![head(), Node::Uint(2), Node::Div], true),
            (vec![Node::Uint(2), head(), Node::Sub], false),
            (vec![head(), Node::Uint(2), Node::Sub], true),
            (vec![head(), Node::Uint(2), Node::Add], false),
            (vec![Node::Uint(7), head(), Node::Min], true),
            (vec![Node::Uint(7), head(), Node::Max], false),
            (vec![Node::Bool(true), head(), Node::Uint(0), Node::If], true),
            (vec![Node::Bool(true), head(), Node::Uint(1), Node::If], false),
            (vec![head(), head()], false),
        ];
        for (value, expected) in cases {
            assert_eq!(never_raises(2, &value), expected, "{value:?}");
        }
    }

    #[test]
    fn a_machine_that_lands_inside_the_set_keeps_it() {
        let states = |states: &[u8]| Node::InState {
            machine: 1,
            states: states.to_vec().try_into().unwrap_or_default(),
        };
        let to = |state| Some(ExitTarget { machine: 1, state });
        assert!(exit_preserves(&exit(vec![], to(2)), &invariant(vec![states(&[1, 2])])));
        assert!(!exit_preserves(&exit(vec![], to(3)), &invariant(vec![states(&[1, 2])])));
        let elsewhere = Some(ExitTarget { machine: 5, state: 3 });
        assert!(exit_preserves(&exit(vec![], elsewhere), &invariant(vec![states(&[1, 2])])));
    }
}
