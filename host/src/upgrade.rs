//! Runs the host-owned methods of upgrades: which contract, and which code besides its own.

use std::sync::Arc;

use chainstack_primitives::{Hash, codes};
use chainstack_runtime::ports::{ExecutionError, Failure};

use crate::{
    budget::GasLeft,
    executor::code_record,
    machine::{Contract, HostCall, UpgradeMethod, Upgrading},
    run::Run,
};

impl<'o, 'm> Run<'_, 'o, 'm> {
    /// Runs a host-owned method of upgrades. The caller rolls back on an error.
    ///
    /// # Cost
    /// Of each step, as [`Upgrading`] has it; making the other code ready, as for a call of it.
    ///
    /// # Errors
    /// - [`codes::IN_FLIGHT`] if a call of the contract is on the stack, ended or not: none goes on with other code.
    /// - [`codes::CODE_NOT_FOUND`] if what is proposed was not uploaded.
    /// - What [`Upgrading`] refuses.
    pub(crate) fn run_upgrade_method(
        &mut self,
        gas: &mut GasLeft,
        contract: &Contract,
        call: HostCall<'_>,
        method: UpgradeMethod,
    ) -> Result<(), ExecutionError> {
        match method {
            UpgradeMethod::Propose => {
                let code = self.upgrading(call).proposed_code(gas, contract)?;
                let new = self.other_code(gas, &code)?;
                self.upgrading(call).propose(gas, contract, &new)
            }
            UpgradeMethod::Withdraw | UpgradeMethod::Veto => self.upgrading(call).end(gas, contract, method),
            UpgradeMethod::Apply => {
                if self.frames.iter().any(|frame| frame.address == *call.address) {
                    let text =
                        format!("a call of contract `{}` is not over", contract.manifest.name.as_str());
                    return Err(Failure::new(codes::IN_FLIGHT, text).into());
                }
                let code = self.upgrading(call).ripe_code(gas, contract)?;
                let new = self.other_code(gas, &code)?;
                self.upgrading(call).apply(gas, contract, &new)
            }
        }
    }

    fn upgrading<'u>(&'u mut self, call: HostCall<'u>) -> Upgrading<'u, 'o, 'm> {
        Upgrading { state: &mut *self.state, meter: self.meter, block: self.block, call }
    }

    /// Uploaded code, made ready.
    fn other_code(&mut self, gas: &mut GasLeft, code: &Hash) -> Result<Arc<Contract>, ExecutionError> {
        gas.charge(self.meter.schedule().host.read)?;
        if code_record(self.state, code)?.is_none() {
            return Err(Failure::new(codes::CODE_NOT_FOUND, format!("no code {code} was uploaded")).into());
        }
        self.load(code, gas)
    }
}
