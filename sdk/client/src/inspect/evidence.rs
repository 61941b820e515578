//! How far a claim can be trusted, said beside the claim.

use std::fmt;

use serde::Serialize;

/// What stands behind a claim. A report never says "verified" alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Evidence {
    /// It follows from the declaration or the bytecode, whatever the code does.
    Proven,
    /// The host refuses whatever would break it.
    Enforced,
    /// Cases were run and held.
    Tested,
    /// Nobody checks it: the code, another contract, a person or the clock is believed.
    Assumed,
}

impl Evidence {
    /// Every level with what it means, the strongest first.
    pub const LEGEND: [(Self, &'static str); 4] = [
        (Self::Proven, "follows from the declaration or the bytecode, whatever the code does"),
        (Self::Enforced, "the host refuses whatever would break it"),
        (Self::Tested, "cases were run and held"),
        (Self::Assumed, "nobody checks it: code, another contract, a person or the clock is believed"),
    ];

    /// Its name, in capitals.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proven => "PROVEN",
            Self::Enforced => "ENFORCED",
            Self::Tested => "TESTED",
            Self::Assumed => "ASSUMED",
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A sentence and what stands behind it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Claim {
    /// What stands behind it.
    pub evidence: Evidence,
    /// The sentence; names of the manifest stand in backquotes.
    pub text: String,
}

impl Claim {
    /// A claim that follows from the declaration or the bytecode.
    #[must_use]
    pub fn proven(text: impl Into<String>) -> Self {
        Self { evidence: Evidence::Proven, text: text.into() }
    }

    /// A claim that the host sees to.
    #[must_use]
    pub fn enforced(text: impl Into<String>) -> Self {
        Self { evidence: Evidence::Enforced, text: text.into() }
    }

    /// A claim that cases were run and held.
    #[must_use]
    pub fn tested(text: impl Into<String>) -> Self {
        Self { evidence: Evidence::Tested, text: text.into() }
    }

    /// A claim that nobody checks.
    #[must_use]
    pub fn assumed(text: impl Into<String>) -> Self {
        Self { evidence: Evidence::Assumed, text: text.into() }
    }
}
