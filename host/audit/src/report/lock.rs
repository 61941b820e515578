//! How long exits keep value: the fact of P5, from which its sentence is made.

use core::fmt;

use chainstack_primitives::manifest::{Clock, Node};

use crate::expression::clock_name;

/// How long an escrow can keep what it holds before exits let it out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lock {
    /// Not at all: in every state exits can empty it.
    AtOnce,
    /// Until the last of these moments; which one that is depends on values.
    Until(Vec<Deadline>),
    /// Without end: exits wait for a moment that can be moved again.
    Postponed {
        /// What they wait for.
        deadline: Deadline,
        /// The method or exit that moves it, in words.
        by: String,
    },
    /// Without end: no exit is sure to let it out (P3).
    Trapped,
}

/// A moment that exits wait for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deadline {
    /// What is counted.
    pub clock: Clock,
    /// Up to which value, in the manifest's notation.
    pub expression: String,
    /// The same as an expression.
    pub bound: Vec<Node>,
    /// The cell of the item whose fields it reads, if it reads any.
    pub item: Option<String>,
    /// The value, if it is one number: a height, or milliseconds since the Unix epoch. Those past 64 bits never come, so
    /// that nothing waits for them.
    pub at: Option<u64>,
    /// The greatest value, if it is not one number and the declaration bounds it by a moment that can come.
    pub at_most: Option<u64>,
}

impl Lock {
    /// What a claim says about the escrow `cell`.
    pub(crate) fn sentence(&self, cell: &str) -> String {
        match self {
            Self::AtOnce => format!("Exits can empty escrow `{cell}` at once, in every state."),
            Self::Until(moments) => {
                let moments: Vec<String> = moments.iter().map(Deadline::to_string).collect();
                format!("Exits can empty escrow `{cell}` at the latest from {}.", moments.join(" and "))
            }
            Self::Postponed { deadline, by } => format!(
                "Value in escrow `{cell}` can be locked without end: exits wait for {} {}, and {by} can move that \
                 again.",
                clock_name(deadline.clock),
                deadline.expression
            ),
            Self::Trapped => format!("Value in escrow `{cell}` can stay without end: see what traps it."),
        }
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", clock_name(self.clock), self.expression)?;
        match (self.at, self.at_most) {
            (Some(_), _) => Ok(()),
            (None, Some(greatest)) => write!(formatter, " (at most {greatest})"),
            (None, None) => formatter.write_str(" (as it is set once, without a bound of its own)"),
        }
    }
}
