//! States of machines.

use std::sync::Arc;

use chainstack_primitives::{codes, manifest::Ops};
use chainstack_runtime::ports::Failure;

use super::{
    Answered, Scene,
    storage::{ABSENT, plan},
    table::KEY_BYTES_MAX,
};
use crate::{
    budget::charge,
    machine::{Kind, chosen_target, contract_state, move_gas, move_machine},
    memory::{self, word},
};

impl Scene<'_, '_, '_, '_, '_> {
    pub(super) fn state(&mut self, machine: u64, key: (u64, u64)) -> Answered {
        memory::read(self.guest, key.0, key.1, KEY_BYTES_MAX)?;
        let id = word(machine);
        let manifest = &self.frame.contract.manifest;
        let declared = u16::try_from(id).ok().and_then(|id| manifest.machine(id));
        let Some(machine) = declared else {
            return Err(
                Failure::new(codes::BAD_HOST_ARGUMENT, format!("machine id {id} is not declared")).into()
            );
        };
        let (machine_id, cell) = (machine.id, machine.cell);
        let method = self.frame.contract.method(self.frame.method)?;
        if cell.is_none() && !self.frame.contract.may_see(method, machine_id) {
            let text =
                format!("machine `{}` is in neither `from` nor `to` of `{}`", machine.name, method.name);
            return Err(Failure::new(codes::UNDECLARED_TOUCH, text).into());
        }
        let Some(cell) = cell else {
            if word(key.1) != 0 {
                let text =
                    format!("machine `{}` is the contract's, a key of {} bytes found", machine.name, key.1);
                return Err(Failure::new(codes::BAD_HOST_ARGUMENT, text).into());
            }
            self.count_read()?;
            return Ok(contract_state(self.state, &self.frame.address, machine_id)?.into());
        };
        let (position, _) = self.locate(cell.into(), key, Kind::Entries, Ops::READ)?;
        self.count_read()?;
        let id = plan(&self.frame.contract, position)?.id;
        let entry = self.state.entry(&self.frame.address, id, self.key)?;
        Ok(entry.and_then(|entry| entry.value.first().copied()).map_or(ABSENT, u64::from))
    }

    fn count_read(&mut self) -> Result<(), Failure> {
        let method = self.frame.contract.method(self.frame.method)?;
        self.frame.used.read(method)
    }

    pub(super) fn transition(&mut self, machine: u64, target: u64) -> Answered {
        let contract = Arc::clone(&self.frame.contract);
        let (machine, target) = chosen_target(&contract, self.frame, word(machine), word(target))?;
        charge(self.guest, move_gas(self.meter.schedule(), self.frame, machine))?;
        let transition = contract.transition(contract.method(self.frame.method)?);
        let from = transition.map(|transition| &*transition.from).unwrap_or_default();
        move_machine(self.state, self.frame, machine, target, from)?;
        self.frame.chosen.push((machine.id, target));
        Ok(0)
    }
}
