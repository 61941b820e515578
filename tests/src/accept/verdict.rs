//! What a check came to.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// What a check came to, with what was observed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The promise holds.
    Pass(String),
    /// It does not.
    Fail(String),
    /// Nothing can be said now.
    NotRun(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass(observed) => write!(formatter, "pass     {observed}"),
            Self::Fail(observed) => write!(formatter, "FAIL     {observed}"),
            Self::NotRun(observed) => write!(formatter, "not run  {observed}"),
        }
    }
}

/// A promise and how it is checked.
pub struct Check {
    /// The promise, in the words, shortened.
    pub promise: &'static str,
    /// Looks. A panic is a failure with its words.
    pub look: fn() -> Verdict,
}

impl Check {
    /// Looks, and turns a panic into a failure.
    #[must_use]
    pub fn run(&self) -> Verdict {
        let caught = catch_unwind(AssertUnwindSafe(self.look));
        caught.unwrap_or_else(|panic| {
            let words = panic.downcast_ref::<String>().cloned();
            let words = words.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Verdict::Fail(words.unwrap_or_else(|| "a panic without words".to_owned()))
        })
    }
}

/// How many checks came to what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Promises that hold.
    pub passed: usize,
    /// Promises that do not.
    pub failed: usize,
    /// Promises of which nothing is known now.
    pub not_run: usize,
}

impl Tally {
    /// Counts one more.
    pub const fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Pass(_) => self.passed += 1,
            Verdict::Fail(_) => self.failed += 1,
            Verdict::NotRun(_) => self.not_run += 1,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed, {} not run", self.passed, self.failed, self.not_run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_failure_with_its_words() {
        let check = Check { promise: "holds", look: || panic!("{} is not {}", 1, 2) };
        assert_eq!(check.run(), Verdict::Fail("1 is not 2".to_owned()));
    }

    #[test]
    fn every_verdict_is_counted_once() {
        let mut tally = Tally::default();
        for verdict in
            [Verdict::Pass(String::new()), Verdict::Fail(String::new()), Verdict::NotRun(String::new())]
        {
            tally.add(&verdict);
        }
        assert_eq!(tally.to_string(), "1 passed, 1 failed, 1 not run");
    }
}
