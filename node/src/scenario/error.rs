//! What is wrong with a scenario, or with the contract: always with file and step.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a scenario did not pass.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioError {
    /// The file.
    pub file: PathBuf,
    /// Where in it.
    pub at: At,
    /// Expected and found, in words.
    pub what: String,
}

/// Where in a scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum At {
    /// The file as a whole.
    File,
    /// A contract, by name.
    Contract(String),
    /// A step, counted from 1, and what it does.
    Step(usize, String),
}

impl ScenarioError {
    pub(crate) fn new(file: &Path, at: At, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), at, what: what.into() }
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.file.display())?;
        match &self.at {
            At::File => {}
            At::Contract(name) => write!(formatter, "contract `{name}`: ")?,
            At::Step(number, what) => write!(formatter, "step {number} ({what}): ")?,
        }
        formatter.write_str(&self.what)
    }
}

impl std::error::Error for ScenarioError {}
