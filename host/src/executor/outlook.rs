//! What could be done with a contract now, and what its escrows hold.

use std::sync::Arc;

use chainstack_primitives::{AccountId, codes};
use chainstack_runtime::{
    block::BlockInfo,
    ports::{ExecutionError, Failure},
    state::Overlay,
};

use super::Executor;
use crate::{
    budget::GasLeft,
    machine::{Contract, Holdings, Move, Question, check_item, holdings, outlook},
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
        let contract = self.standing(state, &address)?;
        outlook(state, &contract, &address, block, question)
    }

    /// What each escrow of a contract holds for one item, by its map and key; without an item, for the contract itself. In
    /// declared order, with the id of the escrow's cell. Reads state and changes nothing: two entries for each escrow.
    ///
    /// # Errors
    /// - [`codes::CONTRACT_NOT_FOUND`] if no contract stands there.
    /// - [`codes::BAD_KEY`] if the item is none.
    /// - Faults.
    pub fn escrows(
        &self,
        state: &mut Overlay<'_>,
        address: AccountId,
        item: Option<(u16, &[u8])>,
    ) -> Result<Vec<(u16, Holdings)>, ExecutionError> {
        let contract = self.standing(state, &address)?;
        check_item(&contract, item)?;
        Ok(holdings(state, &contract.manifest, &address, item)?)
    }

    /// The contract at an address.
    fn standing(
        &self,
        state: &mut Overlay<'_>,
        address: &AccountId,
    ) -> Result<Arc<Contract>, ExecutionError> {
        let account = state.account(address)?.filter(|account| account.is_contract());
        let missing = || Failure::new(codes::CONTRACT_NOT_FOUND, format!("no contract stands at {address}"));
        let code = account.map(|account| account.code_hash).ok_or_else(missing)?;
        // Nobody pays for a look: what it takes is bounded by admission.
        self.contract(state, &self.schedule, &code, &mut GasLeft(u64::MAX))
    }
}
