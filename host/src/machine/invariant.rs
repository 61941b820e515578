//! What always holds while no frame of a contract runs.

use chainstack_primitives::codes;
use chainstack_runtime::{
    ports::{ExecutionError, Failure},
    state::Overlay,
};

use super::{facts::Place, guard::value_of};

/// Checks every invariant of a contract whose sums and counts are merged. The caller has charged
/// [`Contract::invariant_cost`](super::Contract).
///
/// # Errors
/// [`codes::INVARIANT_BROKEN`] with the first that does not hold, or has no value.
pub(crate) fn check_invariants(state: &mut Overlay<'_>, at: Place<'_>) -> Result<(), ExecutionError> {
    for invariant in &at.contract.manifest.invariants {
        let broken = |why: &str| {
            Failure::new(codes::INVARIANT_BROKEN, format!("invariant `{}` {why}", invariant.name))
        };
        match value_of(state, at, &invariant.rule, "rule") {
            Ok(chainstack_analysis::Value::Bool(true)) => {}
            Ok(_) => return Err(broken("does not hold").into()),
            Err(ExecutionError::Failed(failure)) if failure.code == codes::GUARD_ARITHMETIC => {
                return Err(broken(&format!("has no value: {}", failure.diagnostics.text)).into());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
