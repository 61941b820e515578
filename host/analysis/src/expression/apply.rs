//! Each operation of the language, on values.

use chainstack_primitives::manifest::{ExpressionProblem, Node};
use chainstack_primitives::mul_div;

use super::Value::{self, Bool, Int, Uint};
use super::failure::FailureKind::{self, DivisionByZero, OutOfRange, Overflow};

/// Operands a node takes; a leaf takes none.
pub(crate) const fn arity(node: &Node) -> usize {
    match node {
        Node::MulDiv | Node::If => 3,
        Node::Not | Node::ToInt | Node::ToUint => 1,
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
        _ => 0,
    }
}

/// Why an operation has no result.
pub(super) enum Refusal {
    Fails(FailureKind),
    IllFormed(ExpressionProblem),
}

/// The result of operation `node` on `operands`, the first pushed first.
pub(super) fn apply(node: &Node, operands: &[Value]) -> Result<Value, Refusal> {
    let result = match (node, operands) {
        (Node::Not, [Bool(a)]) => Ok(Bool(!a)),
        (Node::And, [Bool(a), Bool(b)]) => Ok(Bool(*a && *b)),
        (Node::Or, [Bool(a), Bool(b)]) => Ok(Bool(*a || *b)),
        (Node::If, [Bool(condition), yes, no]) if yes.ty() == no.ty() => {
            Ok(if *condition { *yes } else { *no })
        }
        (Node::Equal, [a, b]) if a.ty() == b.ty() => Ok(Bool(a == b)),
        (Node::NotEqual, [a, b]) if a.ty() == b.ty() => Ok(Bool(a != b)),
        (Node::ToInt, [Uint(a)]) => i128::try_from(*a).map(Int).map_err(|_| OutOfRange),
        (Node::ToUint, [Int(a)]) => u128::try_from(*a).map(Uint).map_err(|_| OutOfRange),
        (Node::MulDiv, [Uint(_), Uint(_), Uint(0)]) => Err(DivisionByZero),
        (Node::MulDiv, [Uint(a), Uint(b), Uint(c)]) => mul_div(*a, *b, *c).map(Uint).ok_or(Overflow),
        (node, [Uint(a), Uint(b)]) => return unsigned(node, *a, *b),
        (node, [Int(a), Int(b)]) => return signed(node, *a, *b),
        _ => return Err(Refusal::IllFormed(ExpressionProblem::OperandType)),
    };
    result.map_err(Refusal::Fails)
}

fn unsigned(node: &Node, a: u128, b: u128) -> Result<Value, Refusal> {
    let result = match node {
        Node::Add => a.checked_add(b).ok_or(Overflow),
        Node::Sub => a.checked_sub(b).ok_or(Overflow),
        Node::Mul => a.checked_mul(b).ok_or(Overflow),
        Node::Div => a.checked_div(b).ok_or(DivisionByZero),
        Node::Rem => a.checked_rem(b).ok_or(DivisionByZero),
        Node::Min => Ok(a.min(b)),
        Node::Max => Ok(a.max(b)),
        node => return compare(node, &a, &b),
    };
    result.map(Uint).map_err(Refusal::Fails)
}

fn signed(node: &Node, a: i128, b: i128) -> Result<Value, Refusal> {
    let result = match node {
        Node::Add => a.checked_add(b).ok_or(Overflow),
        Node::Sub => a.checked_sub(b).ok_or(Overflow),
        Node::Mul => a.checked_mul(b).ok_or(Overflow),
        Node::Div if b == 0 => Err(DivisionByZero),
        Node::Div => a.checked_div(b).ok_or(Overflow),
        Node::Rem if b == 0 => Err(DivisionByZero),
        // The least number divided by −1 does not fit, but its remainder is 0 all the same.
        Node::Rem => Ok(a.checked_rem(b).unwrap_or(0)),
        Node::Min => Ok(a.min(b)),
        Node::Max => Ok(a.max(b)),
        node => return compare(node, &a, &b),
    };
    result.map(Int).map_err(Refusal::Fails)
}

fn compare<T: Ord>(node: &Node, a: &T, b: &T) -> Result<Value, Refusal> {
    match node {
        Node::Less => Ok(Bool(a < b)),
        Node::LessEqual => Ok(Bool(a <= b)),
        Node::Greater => Ok(Bool(a > b)),
        Node::GreaterEqual => Ok(Bool(a >= b)),
        _ => Err(Refusal::IllFormed(ExpressionProblem::OperandType)),
    }
}
