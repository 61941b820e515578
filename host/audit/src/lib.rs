//! What can be said about a contract from its manifest, without running it: a model checker, bounds, reports.
//!
//! **Terms.** A *model* is a finite automaton of what a declaration lets happen: states of machines, whether escrows
//! hold something, which bounds of time have passed; numbers are left out, and what a guard reads of them is *havoc*.
//! A *claim* says one thing about the contract, with the *evidence* it rests on; a *counterexample* is a run of the
//! model that breaks it. The properties P1 to P10 are listed in [`Property`].
//!
//! **Map.** [`audit`] answers everything that is asked without input, and [`PropertyText`]s besides · [`diff`] compares two
//! versions · [`Model`] and [`Space`] are the automaton and its reachable states · [`to_text`], [`to_json`], [`to_sarif`]
//! render a [`Report`] · [`to_scenario`] renders a counterexample as a scenario file.
//!
//! **Invariants.** Pure, total, bounded, deterministic: no clock, float, randomness or order of hashing; the same
//! manifest gives the same report, byte for byte. A limit that is met is a typed answer, never silence.
//!
//! **What a verdict means.** The host admits only runs of the model, so what holds of every run of the model holds of
//! the contract, whatever its code does. The converse is not so: a counterexample may need values that the code never
//! produces. That something good happens is claimed of exits only, since a guest may always trap. ASSUMED stays: that
//! a block falls into every window, that amounts do not pass 2^128, that roles have holders.
//!
//! ```
//! use chainstack_audit::{Options, Verdict, audit};
//! use chainstack_primitives::manifest::Manifest;
//!
//! let manifest = Manifest::empty("nothing".try_into()?);
//! let report = audit(&manifest, &Options::default());
//! assert!(report.claims.iter().all(|claim| claim.verdict != Verdict::Violated));
//! # Ok::<(), chainstack_primitives::BoundExceeded>(())
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

mod bits;
mod explore;
mod expression;
pub mod limits;
mod model;
mod property;
mod report;
mod run;
mod scenario;
mod witness;

pub use chainstack_analysis::{Change, Upgrade, UpgradeVerdict, diff};
pub use explore::{SearchLimits, Space, TooLarge};
pub use model::{Action, Model, ModelError, ModelState, Step};
pub use property::{Prices, PropertyError, PropertyText};
pub use report::{
    Claim, Counterexample, CounterexampleStep, Evidence, MachineState, Property, Report, StepKind, Subject,
    Verdict, to_json, to_sarif, to_text,
};
pub use run::{Options, audit};
pub use scenario::{Gap, Replay, Scenario, to_scenario};
