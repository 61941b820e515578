//! Facts about a contract's declaration and code: the expression language of guards, windows, effects and invariants, and
//! what the bytecode of an export can reach.
//!
//! **Terms.** An *expression* is a postfix list of nodes, declared in a manifest; it reads *leaves* (arguments,
//! parameters, state, time) and leaves one *value*. An *environment* answers its leaves. An *interval* is a set of
//! values that is known to hold every value a node can have; *assumptions* are the intervals of leaves and the
//! orders between expressions that are known to hold where an expression is evaluated.
//!
//! **Map.** [`expression`]: [`evaluate`], the one evaluator of host and audit · [`ExpressionCost`]: what it costs,
//! known at deploy · [`prove_total`]: that it cannot fail, by intervals · [`Assumptions`]: from declared types,
//! ranges, guards and windows · [`prove_exit`]: that nothing an exit computes can fail · [`exit_preserves`]: that it
//! keeps an invariant · [`creation_states`]: from where exits that create entries are taken · [`most_sent`]: of an asset
//! in one call · [`diff`]: what a new version of a contract changes, and whether the upgrade gate lets it ·
//! [`reachability`]: which functions of the host an export can reach. The language is specified on
//! one page: `host/analysis/README.md`.
//!
//! **Invariants.** Everything here is pure, total and bounded: no clock, float, recursion or order of hashing; any
//! list of nodes, ill-formed ones too, ends in a value or a typed error. What is proven total never fails, whatever
//! environment answers within the assumptions; a proof that is not found proves nothing.
//!
//! **Called by consensus.** The host asks this crate for the value of each guard, window, effect and invariant, and for
//! the proofs at admission; the audit asks it too, and nothing else evaluates expressions.
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

pub mod bytecode;
mod creation;
mod exit;
pub mod expression;
mod preserve;
mod sends;
mod upgrade;

pub use bytecode::{Ability, BytecodeError, HostFunction, Reachability, reachability};
pub use creation::creation_states;
pub use exit::{ExitPart, ExitProblem, prove_exit};
pub use expression::{
    Arithmetic, Assumptions, Environment, EvaluationError, ExpressionCost, Failure, FailureKind, FlatRead,
    IllFormed, Interval, NotTotal, Operands, PossibleFailure, Range, Refuted, Sum, Truth, Value, cost,
    evaluate, flat_reads, prove_total,
};
pub use preserve::{exit_preserves, move_preserves, never_raises, payment_preserves};
pub use sends::most_sent;
pub use upgrade::{Change, DiffCost, Part, Upgrade, UpgradeVerdict, diff, diff_cost};
