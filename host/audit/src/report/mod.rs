//! The report: claims about a contract, each with its evidence, and a run for each that is violated.
//!
//! | file | what |
//! | --- | --- |
//! | `claim` | what is claimed, how it stands, and what it rests on |
//! | `lock` | how long value can stay, of which P5 claims |
//! | `text`, `json`, `sarif` | the same report for people, for programs, for code review tools |

mod claim;
mod json;
mod lock;
mod sarif;
mod text;

use chainstack_primitives::Hash;

pub use claim::{
    Claim, Counterexample, CounterexampleStep, Evidence, MachineState, Property, Refused, StepKind, Subject,
    Verdict,
};
pub use json::to_json;
pub use lock::{Deadline, Lock};
pub use sarif::to_sarif;
pub use text::to_text;

/// Everything the audit claims of one manifest. The same manifest gives the same report, byte for byte.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Name of the contract.
    pub contract: String,
    /// Hash of the manifest.
    pub manifest: Hash,
    /// States of the model that were visited; none if the search was not completed.
    pub states: Option<usize>,
    /// The claims, in order of property.
    pub claims: Vec<Claim>,
}

impl Report {
    /// The claims that do not hold.
    pub fn violations(&self) -> impl Iterator<Item = &Claim> {
        self.claims.iter().filter(|claim| claim.verdict == Verdict::Violated)
    }

    /// The claims that could not be decided.
    pub fn undecided(&self) -> impl Iterator<Item = &Claim> {
        self.claims.iter().filter(|claim| claim.verdict == Verdict::Undecided)
    }
}
