//! What a page says of a judgement: the banner at its top, claims with how they stand, and runs against a claim.

use crate::inspect::Evidence;

/// How something stands, as it is coloured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Not known.
    Open,
    /// Neither good nor bad.
    Fact,
}

impl Tone {
    /// Its class in a page.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Open => "open",
            Self::Fact => "fact",
        }
    }
}

/// The answer of a whole page, in large letters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Banner {
    /// How it stands.
    pub tone: Tone,
    /// The answer in one line.
    pub title: String,
    /// What it rests on.
    pub text: String,
}

/// A claim, and how it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judged {
    /// How it is coloured.
    pub tone: Tone,
    /// How it stands, in a word.
    pub stands: String,
    /// What that rests on.
    pub evidence: Evidence,
    /// The sentence; names of the manifest stand in backquotes.
    pub text: String,
}

/// A claim that asks for attention, with the run that shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What was asked, above the claim.
    pub title: String,
    /// The claim.
    pub claim: Judged,
    /// The run, step by step; none: it is not about runs.
    pub steps: Vec<FindingStep>,
    /// The run as a file, folded away: what to call it, its language and its text.
    pub file: Option<(String, &'static str, String)>,
    /// What to know about the file.
    pub notes: Vec<String>,
}

/// A step of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FindingStep {
    /// What is done.
    pub does: String,
    /// Where it leads, and what is taken to hold.
    pub notes: Vec<String>,
}
