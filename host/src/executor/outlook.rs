//! What could be done with a contract now.

use chainstack_primitives::{AccountId, codes};
use chainstack_runtime::{
    block::BlockInfo,
    ports::{ExecutionError, Failure},
    state::Overlay,
};

use super::Executor;
use crate::{
    budget::GasLeft,
    machine::{Move, Question, outlook},
};

impl Executor {
    /// Which transitions and exits of a contract are open to a call in `block`, and why the others are not: in declared
    /// order, transitions first. Reads state and changes nothing. Work is bounded by the declaration: each rule is
    /// evaluated once at most.
    ///
    /// # Errors
    /// - [`codes::CONTRACT_NOT_FOUND`] if no contract stands there.
    /// - [`codes::BAD_KEY`], [`codes::BAD_ARGUMENTS`], [`codes::UNKNOWN_METHOD`] if the question is none.
    /// - Faults.
    pub fn outlook(
        &self,
        state: &mut Overlay<'_>,
        block: &BlockInfo,
        address: AccountId,
        question: &Question<'_>,
    ) -> Result<Vec<Move>, ExecutionError> {
        let account = state.account(&address)?.filter(|account| account.is_contract());
        let missing = || Failure::new(codes::CONTRACT_NOT_FOUND, format!("no contract stands at {address}"));
        let code = account.map(|account| account.code_hash).ok_or_else(missing)?;
        // Nobody pays for a look: what it takes is bounded by admission.
        let contract = self.contract(state, &self.schedule, &code, &mut GasLeft(u64::MAX))?;
        outlook(state, &contract, &address, block, question)
    }
}
