//! Why an expression has no value, or may have none.

use core::fmt;

use chainstack_primitives::manifest::{ExpressionProblem, Node};

use super::{Interval, Value};

/// How an operation fails.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FailureKind {
    /// The exact result does not fit 128 bits (is below zero, for unsigned numbers).
    Overflow,
    /// The divisor is zero.
    DivisionByZero,
    /// A conversion between signed and unsigned does not keep the value.
    OutOfRange,
}

impl fmt::Display for FailureKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Overflow => "the result does not fit",
            Self::DivisionByZero => "the divisor is zero",
            Self::OutOfRange => "the value is out of range",
        })
    }
}

/// Up to three operands, in the order they were pushed.
///
/// They are boxed, so that a result without an error is small: three intervals alone take 144 bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operands<T>(Box<[T]>);

impl<T: Copy> Operands<T> {
    fn new(operands: &[T]) -> Self {
        Self(operands.into())
    }

    /// The operands, in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.0.iter().copied()
    }
}

/// A node that fails, or may fail, with its operands: values when evaluated, intervals when analysed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure<T> {
    /// Index of the node in the expression.
    pub node: u8,
    /// The operation as the notation writes it.
    pub operation: &'static str,
    /// How it fails.
    pub kind: FailureKind,
    /// What it was given.
    pub operands: Operands<T>,
}

/// Arithmetic without a result. It is the contract's own rule that cannot be met, the same on every node: in
/// a guard the host refuses the call with `GuardArithmetic`.
pub type Arithmetic = Failure<Value>;

/// Arithmetic that the analysis cannot show to have a result.
pub type PossibleFailure = Failure<Interval>;

impl<T: Copy> Failure<T> {
    pub(super) fn new(index: usize, node: &Node, kind: FailureKind, operands: &[T]) -> Self {
        Self { node: position(index), operation: symbol(node), kind, operands: Operands::new(operands) }
    }
}

impl<T: Copy + fmt::Display> fmt::Display for Failure<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "node {}, `{}` of ", self.node, self.operation)?;
        for (index, operand) in self.operands.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(formatter, "{separator}{operand}")?;
        }
        write!(formatter, ": {}", self.kind)
    }
}

impl<T: Copy + fmt::Display + fmt::Debug> core::error::Error for Failure<T> {}

/// A list of nodes that is no expression. A validated manifest has none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IllFormed {
    /// Index of the node where it shows; the count of nodes for the whole.
    pub node: u8,
    /// What is wrong.
    pub problem: ExpressionProblem,
}

impl IllFormed {
    pub(super) fn new(index: usize, problem: ExpressionProblem) -> Self {
        Self { node: position(index), problem }
    }
}

impl fmt::Display for IllFormed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "node {}: {}", self.node, self.problem)
    }
}

impl core::error::Error for IllFormed {}

/// Why an expression was not evaluated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EvaluationError<E> {
    /// An operation has no result: a rejection.
    Arithmetic(Arithmetic),
    /// The nodes are no expression: a bug, if the manifest was validated.
    IllFormed(IllFormed),
    /// The environment did not answer a leaf; what that means is the environment's to say.
    Environment {
        /// Index of the leaf.
        node: u8,
        /// Why.
        error: E,
    },
}

impl<E: fmt::Display> fmt::Display for EvaluationError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arithmetic(failure) => fmt::Display::fmt(failure, formatter),
            Self::IllFormed(problem) => fmt::Display::fmt(problem, formatter),
            Self::Environment { node, error } => write!(formatter, "node {node}: {error}"),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for EvaluationError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Environment { error, .. } => Some(error),
            Self::Arithmetic(_) | Self::IllFormed(_) => None,
        }
    }
}

/// Why an expression was not proven total.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotTotal {
    /// The first node that may fail.
    MayFail(PossibleFailure),
    /// The nodes are no expression.
    IllFormed(IllFormed),
}

impl fmt::Display for NotTotal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MayFail(failure) => write!(formatter, "not proven: {failure}"),
            Self::IllFormed(problem) => fmt::Display::fmt(problem, formatter),
        }
    }
}

impl core::error::Error for NotTotal {}

/// An index as it is shown; an expression has at most 64 nodes.
pub(super) fn position(index: usize) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}

/// An operation as the notation writes it; nothing for a leaf, which never fails.
const fn symbol(node: &Node) -> &'static str {
    match node {
        Node::Add => "+",
        Node::Sub => "-",
        Node::Mul => "*",
        Node::Div => "/",
        Node::Rem => "%",
        Node::MulDiv => "mul_div",
        Node::ToInt => "to_int",
        Node::ToUint => "to_uint",
        _ => "",
    }
}
