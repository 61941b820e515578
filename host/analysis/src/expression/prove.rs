//! The proof that an expression always has a value.

use chainstack_primitives::manifest::Expression;

use super::trace::{Stopped, Trace};
use super::{Assumptions, Interval, NotTotal};

/// Proves that no node of `expression` can fail in any environment within `assumptions`, and returns an
/// interval that holds every value it can have there.
///
/// Sound, not complete: an expression that is total may still not be proven. Linear in the nodes, times the
/// count of assumptions; no answer depends on anything but the arguments.
///
/// # Errors
/// - [`NotTotal::MayFail`] with the first node that may fail and the intervals of its operands.
/// - [`NotTotal::IllFormed`] if the nodes are no expression, or name an undeclared leaf.
pub fn prove_total(expression: &Expression, assumptions: &Assumptions<'_>) -> Result<Interval, NotTotal> {
    let trace = Trace::run(expression, assumptions).map_err(|stopped| match stopped {
        Stopped::AlwaysFails(failure) => NotTotal::MayFail(failure),
        Stopped::IllFormed(problem) => NotTotal::IllFormed(problem),
    })?;
    let result = trace.result();
    match trace.failure {
        Some(failure) => Err(NotTotal::MayFail(failure)),
        None => Ok(result),
    }
}
