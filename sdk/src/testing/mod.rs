//! A host in memory, for native tests of contract logic.
//!
//! It keeps entries, ledgers, roles and parameters as the real one does, undoes a call that reverts, and records
//! events. It enforces nothing that a manifest declares, charges no gas and knows no other contracts: what it
//! cannot do panics. Scenarios on the real host are the proof; this is for quick answers.

pub(crate) mod raw;
mod world;

pub use world::{Outcome, World, announced};
