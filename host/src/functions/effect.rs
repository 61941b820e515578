//! What a method announces, pays, and asks of other contracts.

use chainstack_engine::Guest;
use chainstack_primitives::{
    AccountId, Amount, Event, codes,
    manifest::{CallRule, KeyTerm, Reenter},
};
use chainstack_runtime::ports::{ExecutionError, Failure};

use super::{
    Answered, Scene,
    table::{DATA_BYTES_MAX, EVENT_BYTES_MAX, Function, METHOD_BYTES_MAX, Price},
};
use crate::{
    budget::{GasLeft, charge, charge_times},
    machine::{Frame, Notice, for_an_item, resolve, see_again},
    memory::{self, word},
    run::{Run, Target},
};

/// Greatest number of notifications one call may queue.
pub const NOTICES_MAX: usize = 64;

impl Scene<'_, '_, '_, '_, '_> {
    pub(super) fn emit(&mut self, event: u64, ptr: u64, len: u64) -> Answered {
        let fields = memory::read(self.guest, ptr, len, EVENT_BYTES_MAX)?;
        let Frame { contract, method, address, used, .. } = &mut *self.frame;
        let method = contract.method(*method)?;
        let undeclared = |text: String| Failure::new(codes::UNDECLARED_EVENT, text);
        let emits = contract.transition(method).map(|transition| &*transition.emits).unwrap_or_default();
        let id = u16::try_from(word(event)).ok().filter(|id| emits.contains(id));
        let Some(declared) = id.and_then(|id| contract.manifest.event(id)) else {
            let text = format!("event id {} is not among what the method emits", word(event));
            return Err(undeclared(text).into());
        };
        contract
            .manifest
            .validate_tuple(&declared.fields, fields)
            .map_err(|error| undeclared(format!("fields of event `{}`: {error}", declared.name)))?;
        used.event(method)?;
        let data = fields.try_into().map_err(|_| undeclared("the event is too long".to_owned()))?;
        self.state.emit(Event { contract: *address, event: declared.id, data });
        Ok(0)
    }

    pub(super) fn transfer(&mut self, to: u64, amount: u64) -> Answered {
        let to = memory::read_account(self.guest, to)?;
        let amount = memory::read_amount(self.guest, amount)?;
        let Frame { contract, method, address, used, .. } = &mut *self.frame;
        let mut after = *used;
        after.send(contract.method(*method)?, amount)?;
        if !amount.is_zero() && self.state.account(&to)?.is_none() {
            charge_times(self.guest, self.meter.schedule(), Price::Account, 1)?;
        }
        match self.state.transfer(address, &to, amount) {
            Ok(()) => {
                *used = after;
                Ok(0)
            }
            Err(ExecutionError::Failed(failure))
                if Function::Transfer.row().statuses.contains(&failure.code) =>
            {
                Ok(u64::from(failure.code))
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn notify(
        &mut self,
        contract: u64,
        method: (u64, u64),
        args: (u64, u64),
        expected: (u64, u64),
    ) -> Answered {
        let to = memory::read_account(self.guest, contract)?;
        let name = memory::read(self.guest, method.0, method.1, METHOD_BYTES_MAX)?;
        let args = memory::read(self.guest, args.0, args.1, DATA_BYTES_MAX)?;
        let expected = memory::read(self.guest, expected.0, expected.1, DATA_BYTES_MAX)?;
        let plan = self.frame.contract.method(self.frame.method)?;
        let transition = self.frame.contract.transition(plan);
        let rules = transition.map(|transition| &*transition.notifies).unwrap_or_default();
        let before = transition.map_or(0, |transition| transition.calls.len());
        let asked = Asked { contract: &to, method: name, value: Amount::ZERO };
        let rule = find_rule(self.frame, self.origin, rules, before, &asked)
            .map_err(|text| Failure::new(codes::UNDECLARED_NOTIFY, text))?;
        if self.frame.notices.len() >= NOTICES_MAX {
            let text = format!("{NOTICES_MAX} notifications queued already");
            return Err(Failure::new(codes::UNDECLARED_NOTIFY, text).into());
        }
        let notice =
            Notice { contract: to, method: name.to_vec(), args: args.to_vec(), expected: expected.to_vec() };
        count_rule(self.frame, rule);
        self.frame.notices.push(notice);
        Ok(0)
    }
}

fn may_reenter(frame: &Frame) -> bool {
    frame.contract.method(frame.method).is_ok_and(|method| method.reenter != Reenter::None)
}

/// A call that a method wants to make.
struct Asked<'a> {
    contract: &'a AccountId,
    method: &'a [u8],
    value: Amount,
}

/// Index of the first rule that allows the call, counted over `calls` and then `notifies`; or why none does.
fn find_rule(
    frame: &Frame,
    origin: &AccountId,
    rules: &[CallRule],
    before: usize,
    asked: &Asked<'_>,
) -> Result<usize, String> {
    let mut spent = None;
    for (index, rule) in rules.iter().enumerate() {
        let callee = Some(asked.contract.as_bytes().as_slice());
        let there = rule.contract == KeyTerm::Any
            || for_an_item(frame, |item| resolve(frame, origin, item, &rule.contract) == callee);
        let named = rule.method.as_ref().is_none_or(|name| name.as_bytes() == asked.method);
        if !there || !named {
            continue;
        }
        let index = index.saturating_add(before); // both are lengths of short lists
        let used = frame.rules_used.get(index).copied().unwrap_or(0);
        if used >= rule.count_max {
            spent = Some(format!("allowed {} times in one call", rule.count_max));
        } else if asked.value > rule.value_max {
            spent = Some(format!("allowed with at most {} native, {} found", rule.value_max, asked.value));
        } else {
            return Ok(index);
        }
    }
    let why = spent.unwrap_or_else(|| "not declared".to_owned());
    let method = String::from_utf8_lossy(asked.method);
    Err(format!("method `{}` of contract {}: {why}", method.escape_debug(), asked.contract))
}

fn count_rule(frame: &mut Frame, rule: usize) {
    if frame.rules_used.len() <= rule {
        frame.rules_used.resize(rule.saturating_add(1), 0);
    }
    if let Some(used) = frame.rules_used.get_mut(rule) {
        *used = used.saturating_add(1); // below the rule's limit, as `find_rule` saw
    }
}

impl Run<'_, '_, '_> {
    /// `invoke`. What the callee did wrong is a status; only what the caller did wrong, and faults, are errors.
    pub(super) fn invoke_other(&mut self, args: &[u64], guest: &mut Guest<'_>) -> Answered {
        let [contract, method, method_len, input, input_len, value, gas_max] = *args else {
            return Err(Failure::new(codes::BAD_HOST_ARGUMENT, "seven arguments expected").into());
        };
        let address = memory::read_account(guest, contract)?;
        let method = memory::read(guest, method, method_len, METHOD_BYTES_MAX)?.to_vec();
        let input = memory::read(guest, input, input_len, DATA_BYTES_MAX)?.to_vec();
        let value = memory::read_amount(guest, value)?;
        let origin = self.origin;
        let frame = self.top()?;
        if frame.read_only && !value.is_zero() {
            let text = format!("a view sends no value, {value} found");
            return Err(Failure::new(codes::READ_ONLY, text).into());
        }
        let plan = frame.contract.method(frame.method)?;
        let asked = Asked { contract: &address, method: &method, value };
        let rule = find_rule(frame, &origin, frame.contract.calls(plan), 0, &asked)
            .map_err(|text| Failure::new(codes::UNDECLARED_CALL, text))?;
        // Coins that leave with a call leave as those of a payment do, if the call is carried out.
        let mut after = frame.used;
        after.send(plan, value)?;
        count_rule(frame, rule);
        frame.result.clear();
        let (caller, read_only) = (frame.address, frame.read_only);
        let assets_sent = frame.assets_sent.clone();
        self.settle(|price| charge(guest, price))?;
        let frame = self.top()?;
        frame.unsettled = !value.is_zero() && !frame.contract.manifest.invariants.is_empty();

        let mut gas = GasLeft(guest.gas());
        let target = Target {
            address,
            method: &method,
            input,
            value,
            caller,
            read_only,
            gas_max,
            stack: guest.stack(),
        };
        let ended = self.call_contract(&mut gas, target);
        self.top()?.unsettled = false;
        // Whoever was let in again may have changed what this call is bound to.
        let seen = match self.frames.last_mut() {
            Some(frame) if may_reenter(frame) => {
                see_again(self.state, self.meter.schedule(), &mut gas, frame)
            }
            _ => Ok(()),
        };
        guest.set_gas(gas.0);
        let ended = ended?;
        seen?;
        let frame = self.top()?;
        let (status, result) = match ended {
            Ok(output) => {
                frame.used = after;
                (codes::OK, output)
            }
            Err(failure) => {
                // What the callee took from this contract is back.
                frame.assets_sent = assets_sent;
                (failure.code, failure.revert.into_inner())
            }
        };
        frame.result = result;
        Ok(u64::from(status))
    }
}
