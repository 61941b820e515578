//! What a method sees of its call: input, output, accounts, clock, parameters, roles.

use chainstack_primitives::codes;
use chainstack_runtime::{
    ports::{ExecutionError, Failure},
    state::Overlay,
};

use super::{
    Answered, Scene,
    table::{DATA_BYTES_MAX, ERROR_BYTES_MAX, Price},
};
use crate::{
    budget::charge_times,
    machine::{Frame, declared_holder, read_params},
    memory::{self, word},
};

/// A length as a host function answers it. Nothing here is longer than a few kilobytes.
pub(super) fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// How many of `bytes` a reader with room for `capacity` gets.
fn copied(bytes: &[u8], capacity: u64) -> usize {
    bytes.len().min(usize::try_from(word(capacity)).unwrap_or(usize::MAX))
}

impl Scene<'_, '_, '_, '_, '_> {
    pub(super) fn input(&mut self, out: u64, cap: u64) -> Answered {
        let schedule = self.meter.schedule();
        charge_times(self.guest, schedule, Price::Byte, copied(&self.frame.input, cap))?;
        memory::write_prefix(self.guest, out, cap, &self.frame.input)?;
        Ok(length(&self.frame.input))
    }

    pub(super) fn output(&mut self, ptr: u64, len: u64) -> Answered {
        let bytes = memory::read(self.guest, ptr, len, DATA_BYTES_MAX)?;
        self.frame.output.clear();
        self.frame.output.extend_from_slice(bytes);
        Ok(0)
    }

    pub(super) fn result(&mut self, out: u64, cap: u64) -> Answered {
        let schedule = self.meter.schedule();
        charge_times(self.guest, schedule, Price::Byte, copied(&self.frame.result, cap))?;
        memory::write_prefix(self.guest, out, cap, &self.frame.result)?;
        Ok(length(&self.frame.result))
    }

    pub(super) fn revert(&mut self, code: u64, ptr: u64, len: u64) -> Answered {
        let fields = memory::read(self.guest, ptr, len, ERROR_BYTES_MAX)?;
        let contract = &self.frame.contract;
        let method = contract.method(self.frame.method)?;
        let undeclared = |text: String| Failure::new(codes::UNDECLARED_ERROR, text);
        let id = u16::try_from(word(code)).ok().filter(|id| contract.errors(method).contains(id));
        let Some((id, error)) = id.and_then(|id| Some((id, contract.manifest.error(id)?))) else {
            let text = format!("error id {} is not among the errors of the method", word(code));
            return Err(undeclared(text).into());
        };
        contract
            .manifest
            .validate_tuple(&error.fields, fields)
            .map_err(|problem| undeclared(format!("fields of error `{}`: {problem}", error.name)))?;
        let mut payload = id.to_le_bytes().to_vec();
        payload.extend_from_slice(fields);
        let mut failure = Failure::new(codes::REVERTED, format!("error `{}`", error.name));
        failure.revert = payload.try_into().unwrap_or_default(); // two bytes and at most 254
        Err(failure.into())
    }

    pub(super) fn caller(&mut self, out: u64) -> Answered {
        memory::write(self.guest, out, self.frame.caller.as_bytes())?;
        Ok(0)
    }

    pub(super) fn origin(&mut self, out: u64) -> Answered {
        memory::write(self.guest, out, self.origin.as_bytes())?;
        Ok(0)
    }

    pub(super) fn self_address(&mut self, out: u64) -> Answered {
        memory::write(self.guest, out, self.frame.address.as_bytes())?;
        Ok(0)
    }

    pub(super) fn value(&mut self, out: u64) -> Answered {
        memory::write(self.guest, out, &self.frame.value.0.to_le_bytes())?;
        Ok(0)
    }

    pub(super) fn balance(&mut self, out: u64) -> Answered {
        memory::check(self.guest, out, 16)?;
        let balance = self.state.account_or_new(&self.frame.address)?.balance;
        memory::write(self.guest, out, &balance.0.to_le_bytes())?;
        Ok(0)
    }

    pub(super) fn chain(&mut self, out: u64) -> Answered {
        memory::write(self.guest, out, self.block.chain.0.as_bytes())?;
        Ok(0)
    }

    pub(super) fn param(&mut self, index: u64, out: u64, cap: u64) -> Answered {
        memory::check(self.guest, out, cap)?;
        if self.frame.params.is_none() {
            charge_times(self.guest, self.meter.schedule(), Price::Read, 1)?;
            load_params(self.state, self.frame)?;
        }
        let index = word(index);
        let position = usize::try_from(index).unwrap_or(usize::MAX);
        let value = self.frame.params.as_ref().and_then(|(bytes, spans)| spans.get(bytes, position));
        let Some(value) = value else {
            let count = self.frame.contract.manifest.params.len();
            let text = format!("parameter {index} asked, {count} declared");
            return Err(Failure::new(codes::BAD_HOST_ARGUMENT, text).into());
        };
        charge_times(self.guest, self.meter.schedule(), Price::Byte, copied(value, cap))?;
        memory::write_prefix(self.guest, out, cap, value)?;
        Ok(length(value))
    }

    pub(super) fn role(&mut self, role: u64, out: u64) -> Answered {
        memory::check(self.guest, out, 32)?;
        let method = self.frame.contract.method(self.frame.method)?;
        self.frame.used.read(method)?;
        let holder = declared_holder(self.state, self.frame, word(role))?;
        memory::write(self.guest, out, holder.unwrap_or_default().as_bytes())?;
        Ok(u64::from(holder.is_some()))
    }
}

/// Reads the contract's parameters into the frame, unless they are there.
///
/// # Errors
/// A fault if state does not hold them as instantiation wrote them.
pub(crate) fn load_params(state: &mut Overlay<'_>, frame: &mut Frame) -> Result<(), ExecutionError> {
    if frame.params.is_some() {
        return Ok(());
    }
    frame.params = Some(read_params(state, &frame.contract.manifest, &frame.address)?);
    Ok(())
}
