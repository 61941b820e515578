//! What a scenario has no words for.

use core::fmt;

/// What a scenario could not say.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Gap {
    /// The height is past the greatest that scenarios wait for.
    Height {
        /// Number of the step in the counterexample, from 1.
        step: usize,
        /// What is waited for.
        until: String,
    },
    /// The moment is no number that the manifest knows.
    Moment {
        /// Number of the step.
        step: usize,
        /// What is waited for.
        until: String,
    },
    /// The chain of scenarios is past the moment before the step, which the counterexample puts later.
    Past {
        /// Number of the step.
        step: usize,
        /// What is waited for.
        until: String,
    },
    /// The guard asks for approvals of a set of accounts: of more than scenarios have, or not at once.
    Approvals {
        /// Number of the step.
        step: usize,
        /// The method.
        method: String,
    },
    /// An argument or parameter has no witness in the format.
    Value {
        /// Number of the step.
        step: usize,
        /// The argument or parameter.
        name: String,
    },
    /// The step is about another item, or an item that depends on who calls.
    Item {
        /// Number of the step.
        step: usize,
    },
}

impl fmt::Display for Gap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Height { step, until } => {
                write!(formatter, "step {step}: {until} is further than a scenario waits")
            }
            Self::Moment { step, until } => {
                write!(formatter, "step {step}: {until} is no moment that the manifest knows")
            }
            Self::Past { step, until } => {
                write!(formatter, "step {step}: {until} has passed before the chain of scenarios gets there")
            }
            Self::Approvals { step, method } => {
                write!(
                    formatter,
                    "step {step}: a scenario does not give the approvals that `{method}` asks for"
                )
            }
            Self::Value { step, name } => write!(formatter, "step {step}: there is no witness for `{name}`"),
            Self::Item { step } => write!(formatter, "step {step}: it is about another item"),
        }
    }
}
