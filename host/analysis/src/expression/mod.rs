//! The expression language: values, evaluation, cost, and what is known before anything is evaluated.
//!
//! | file | what |
//! | --- | --- |
//! | `value`, `environment` | what an expression is about, and who answers its leaves |
//! | `evaluate`, `apply`, `stack` | the evaluator: each rule once, on a stack of fixed size |
//! | `sum` | expressions as sums, to compare them |
//! | `failure` | why an expression has no value |
//! | `cost` | what evaluation takes, counted from the declaration |
//! | `interval`, `transfer`, `unsigned`, `signed` | sets of values, and each rule over them |
//! | `assumptions`, `trace`, `prove` | what is assumed of leaves, and the proof that an expression is total |
//! | `refine`, `project`, `order` | what a guard or window that held says about its leaves |

mod apply;
mod assumptions;
mod cost;
mod environment;
mod evaluate;
mod failure;
mod interval;
mod order;
mod project;
mod prove;
mod refine;
mod signed;
mod stack;
mod sum;
mod trace;
mod transfer;
mod unsigned;
mod value;

pub(crate) use apply::arity;
pub use assumptions::{Assumptions, Refuted};
pub use cost::{ExpressionCost, FlatRead, cost, flat_reads};
pub use environment::Environment;
pub use evaluate::evaluate;
pub use failure::{
    Arithmetic, EvaluationError, Failure, FailureKind, IllFormed, NotTotal, Operands, PossibleFailure,
};
pub use interval::{Interval, Range, Truth};
pub use prove::prove_total;
pub use sum::Sum;
pub use value::Value;
