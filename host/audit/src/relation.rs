//! What a comparison asks of one of its sides, and the nearest value that gives it.

use chainstack_primitives::manifest::Node;

use crate::witness::{NAMED, STRANGER, Value};

/// What an operator makes of two numbers; `None` if it has no value there.
pub(crate) fn of_numbers(operator: &Node, a: u128, b: u128) -> Option<Value> {
    Some(match operator {
        Node::Less => Value::Bool(a < b),
        Node::LessEqual => Value::Bool(a <= b),
        Node::Greater => Value::Bool(a > b),
        Node::GreaterEqual => Value::Bool(a >= b),
        Node::Add => Value::Uint(a.checked_add(b)?),
        Node::Sub => Value::Uint(a.checked_sub(b)?),
        Node::Mul => Value::Uint(a.checked_mul(b)?),
        Node::Div => Value::Uint(a.checked_div(b)?),
        Node::Rem => Value::Uint(a.checked_rem(b)?),
        Node::Min => Value::Uint(a.min(b)),
        Node::Max => Value::Uint(a.max(b)),
        _ => return None,
    })
}

/// What a variable must be to what stands on the other side.
#[derive(Clone, Copy)]
pub(crate) enum Relation {
    Same,
    Other,
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Relation {
    /// The relation of the left side to the right one, or of the right one to the left one if `mirrored`.
    pub(crate) const fn of(root: &Node, wanted: bool, mirrored: bool) -> Option<Self> {
        Some(match (root, wanted, mirrored) {
            (Node::Equal, true, _) | (Node::NotEqual, false, _) => Self::Same,
            (Node::Equal, false, _) | (Node::NotEqual, true, _) => Self::Other,
            (Node::Less, true, false)
            | (Node::Greater, true, true)
            | (Node::GreaterEqual, false, false)
            | (Node::LessEqual, false, true) => Self::Below,
            (Node::LessEqual, true, false)
            | (Node::GreaterEqual, true, true)
            | (Node::Greater, false, false)
            | (Node::Less, false, true) => Self::AtMost,
            (Node::Greater, true, false)
            | (Node::Less, true, true)
            | (Node::LessEqual, false, false)
            | (Node::GreaterEqual, false, true) => Self::Above,
            (Node::GreaterEqual, true, false)
            | (Node::LessEqual, true, true)
            | (Node::Less, false, false)
            | (Node::Greater, false, true) => Self::AtLeast,
            _ => return None,
        })
    }

    /// What stands on the other side, `later` on if it is to be passed.
    pub(crate) fn after(self, bound: Value, later: u64) -> Value {
        match (self, bound) {
            (Self::Above | Self::AtLeast, Value::Uint(number)) => {
                Value::Uint(number.saturating_add(u128::from(later)))
            }
            _ => bound,
        }
    }

    /// The value nearest to `bound` that is in this relation to it.
    pub(crate) fn nearest(self, bound: Value) -> Option<Value> {
        match (self, bound) {
            (Self::Same, bound) => Some(bound),
            (Self::Other, Value::Bool(truth)) => Some(Value::Bool(!truth)),
            (Self::Other, Value::Account(STRANGER)) => Some(Value::Account(NAMED)),
            (Self::Other, Value::Account(_)) => Some(Value::Account(STRANGER)),
            (Self::Below, Value::Uint(number)) => number.checked_sub(1).map(Value::Uint),
            (Self::Above | Self::Other, Value::Uint(number)) => number.checked_add(1).map(Value::Uint),
            (Self::AtMost | Self::AtLeast, Value::Uint(number)) => Some(Value::Uint(number)),
            _ => None,
        }
    }
}
