//! Acceptance: each promise of an issue as a named check that says what was observed.
//!
//! | file | what |
//! | --- | --- |
//! | `verdict` | pass, fail, not run, and how they are printed |
//! | `record` | results of long counts, kept with the commit they were made at |
//! | `suite` | test suites of the workspace, run by name |
//! | `chain_runs`, `bounded_machines` | the promises of "The chain runs", and of "Bounded machines" |
//!
//! Quick checks drive the built program or run a test by name. Long counts are read from the results that
//! `make campaign` left in `tests/campaign`; a result that is older than what it exercises counts as not run.

pub mod bounded_machines;
pub mod chain_runs;
pub mod record;
mod suite;
pub mod verdict;
