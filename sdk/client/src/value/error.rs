//! Why a value is refused, in terms of what was typed.

use std::fmt;

use chainstack_primitives::manifest::ValueError;

/// Longest piece of given text an error repeats.
const SHOWN_MAX: usize = 64;

/// Why given arguments are not the declared ones.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ArgError {
    /// No argument of this name is declared.
    Unknown {
        /// The name given.
        name: String,
        /// The declared name it resembles.
        nearest: Option<String>,
        /// The declared arguments, `name: type`.
        declared: Vec<String>,
    },
    /// A declared argument was not given.
    Missing {
        /// Its name.
        name: String,
        /// Its type.
        expected: String,
        /// The declared arguments, `name: type`.
        declared: Vec<String>,
    },
    /// An argument was given twice.
    Repeated {
        /// Its name.
        name: String,
    },
    /// A value is not of the declared type.
    Invalid {
        /// The argument, and where in it: `curve.Steps.count`, `ids[3]`.
        path: String,
        /// The declared type.
        expected: String,
        /// What was given, cut short.
        found: String,
        /// Why it is refused.
        why: String,
    },
}

impl ArgError {
    pub(super) fn invalid(path: &str, expected: String, found: &str, why: impl Into<String>) -> Self {
        Self::Invalid { path: path.into(), expected, found: shown(found), why: why.into() }
    }
}

/// `text` without control characters, cut at [`SHOWN_MAX`].
fn shown(text: &str) -> String {
    let clean = |character: char| if character.is_control() { '\u{fffd}' } else { character };
    let mut cut: String = text.chars().take(SHOWN_MAX).map(clean).collect();
    if text.chars().nth(SHOWN_MAX).is_some() {
        cut.push('…');
    }
    cut
}

fn list(formatter: &mut fmt::Formatter<'_>, declared: &[String]) -> fmt::Result {
    if declared.is_empty() {
        return formatter.write_str("; none are declared");
    }
    write!(formatter, "; declared are {}", declared.join(", "))
}

impl fmt::Display for ArgError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, nearest, declared } => {
                write!(formatter, "no argument is called `{}`", shown(name))?;
                if let Some(nearest) = nearest {
                    write!(formatter, " (did you mean `{nearest}`?)")?;
                }
                list(formatter, declared)
            }
            Self::Missing { name, expected, declared } => {
                write!(formatter, "argument `{name}` of type {expected} is missing")?;
                list(formatter, declared)
            }
            Self::Repeated { name } => write!(formatter, "argument `{name}` is given twice"),
            Self::Invalid { path, expected, found, why } => {
                write!(formatter, "`{path}`: {expected} expected, `{found}` found: {why}")
            }
        }
    }
}

impl std::error::Error for ArgError {}

/// Why bytes cannot be shown as a value of the declared type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DecodeValueError {
    /// They are not a canonical value of it.
    Value(ValueError),
}

impl From<ValueError> for DecodeValueError {
    fn from(error: ValueError) -> Self {
        Self::Value(error)
    }
}

impl fmt::Display for DecodeValueError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(error) => write!(formatter, "not a value of the declared type: {error}"),
        }
    }
}

impl std::error::Error for DecodeValueError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Value(error) => Some(error),
        }
    }
}
