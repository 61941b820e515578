//! What can be said about a contract from its manifest, without running it: a model checker, bounds, reports.
//!
//! **Terms.** A *model* is a finite automaton of what a declaration lets happen: states of machines, whether escrows
//! hold something, which bounds of time have passed; numbers are left out, and what a guard reads of them is *havoc*.
//! A *claim* says one thing about the contract, with the *evidence* it rests on; a *counterexample* is a run of the
//! model that breaks it, or, of what can never be done, ends in an *attempt*: a step that the host refuses ([`Refused`]). The properties P1 to P10 are listed in [`Property`].
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
//! # The model
//!
//! A state has: the state of every machine; for every map whose items have a machine, an escrow, an exit or a method, one
//! representative item, which exists or not; for every escrow, whether it is empty; for every bound of a window or
//! comparison with the clock in a guard, whether it has passed. Numbers, arguments, parameters, fields, aggregates are
//! havoc: a guard that can hold may let a call through, and one that can fail may refuse it. Bounds are ordered where
//! intervals, or the same sum but for a number, prove it; otherwise they pass in any order. A bound that reads what a
//! method or exit can change may change with it. Steps are methods, exits, and that time passes; about the representative
//! item or, for what all items share, about another one. A guest chooses among the declared targets, and may leave an
//! escrow as it was.
//!
//! # What is violated when
//!
//! | | violated when |
//! | --- | --- |
//! | P1 | a state is never reached; a method or exit can be taken in no reachable state |
//! | P2 | a machine is in a state that is not terminal, and nothing that concerns it can happen any more |
//! | P3 | an escrow holds value and no way of exits surely empties it: whatever fields hold, whatever guests do, also once nobody acts for one role; or coins come in and nothing can send any |
//! | P4 | anybody, or a role that is no party of the item, can take an escrow's whole content by a method; an exit pays whoever pokes |
//! | P5 | exits wait for a moment that a method or exit can move again while the value is held |
//! | P6 | ceilings never let a method do what it declares; a call at its ceiling fits in no block |
//! | P7 | a guard, window, invariant or condition never holds; an exit may fail to compute; two exits that can be open together pay one escrow to different parties |
//! | P8 | a terminal state can hold value, lets a method write, or is declared to be left |
//! | P9 | a run breaks a stated property: `never ...`, `always ...`, `... only after ...`, `eventually ... by exits` |
//! | P10 | an upgrade breaks a promise of the old version ([`diff`]) |
//!
//! A method or exit that P7 finds never to hold, and one that P8 finds to lead out of a terminal state, is not reported
//! again as dead by P1.
//!
//! # What is left out
//!
//! - Numbers: that a sum is conserved, or that a payout is fair, is the invariants' and exits' own matter. Invariants are
//!   asked only whether they can hold at all.
//! - More than one representative item of a map: what needs two items of it at once, beside what all items share, is not
//!   seen. Of another item the model knows no state, so it may let one do what none can.
//! - A method that pays out beside an exit that could: only exits are compared with each other.
//! - ASSUMED away: windows that a block steps over, `release_when` of another contract's asset.
//! - Gas of exits, and what an upgrade does to parameters beyond their types.
//! - An attempt stands where the step gets furthest. There is none for a state that no declared step leads to, for more
//!   gas than a block has or more entries than a map holds, for conditions of assets, for what depends on a guard's
//!   arithmetic, and for ceilings of methods that nothing lets begin, that touch what they like or move assets. It takes
//!   code to do what it declares once and in order: touches, escrows, events. What the host refuses already as code is
//!   uploaded gets no further: there the upload is what is refused.
//! - Scenarios choose what one variable at a time can be chosen for, and take the code to write into an item's head the
//!   arguments of the same names; what one cannot say is a typed [`Gap`].
//!   Their values come from a search that is no solver (`witness`), and code is not looked at: a replay may be refused by
//!   a guard that the step lists, or by the contract. The last step expects the states of all machines that the run ends
//!   in, so that a replay passes only if the run is real.
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
mod gap;
pub mod limits;
mod model;
mod property;
mod relation;
mod report;
mod run;
mod scenario;
mod witness;

pub use chainstack_analysis::{Ability, Reachability, reachability};
pub use chainstack_analysis::{Change, Upgrade, UpgradeVerdict, diff};
pub use explore::{SearchLimits, Space, TooLarge};
pub use gap::Gap;
pub use model::{Action, Model, ModelError, ModelState, Step};
pub use property::{Prices, PropertyError, PropertyText};
pub use report::{
    Claim, Counterexample, CounterexampleStep, Deadline, Evidence, Lock, MachineState, Property, Refused,
    Report, StepKind, Subject, Verdict, to_json, to_sarif, to_text,
};
pub use run::{Options, audit};
pub use scenario::{HeadValue, Replay, Scenario, Version, to_scenario};
