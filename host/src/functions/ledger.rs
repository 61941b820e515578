//! Balances: a ledger's entries are 16 bytes, little-endian; zero is absent.

use chainstack_primitives::{codes, manifest::Ops};
use chainstack_runtime::{
    ports::ExecutionError,
    state::{Entry, Overlay, Place},
};

use super::{
    Answered, Scene,
    storage::{note, plan},
    table::Price,
};
use crate::{
    budget::{charge_times, charge_update, entry_deposit},
    machine::{COUNT, Frame, Kind, LEDGER_SUM, Pending, unsigned},
    memory,
};

const DONE: u64 = 0;

fn status(code: u16) -> Answered {
    Ok(u64::from(code))
}

/// The balance at a place; `None` if there is no entry.
fn balance(state: &Overlay<'_>, place: Place) -> Option<u128> {
    state.entry_at(place).map(|entry| unsigned(&entry.value))
}

/// Writes a balance into an entry that exists; zero deletes it, which the caller has charged.
fn set_existing(state: &mut Overlay<'_>, place: Place, balance: u128) -> Result<(), ExecutionError> {
    if balance == 0 {
        state.delete_entry_at(place)?;
    } else {
        state.set_value_at(place, balance.to_le_bytes().to_vec());
    }
    Ok(())
}

impl Scene<'_, '_, '_, '_, '_> {
    pub(super) fn ledger_get(&mut self, cell: u64, key: (u64, u64), out: u64) -> Answered {
        memory::check(self.guest, out, 16)?;
        let (position, _) = self.locate(cell, key, Kind::Ledger, Ops::READ)?;
        let Frame { contract, method, address, used, .. } = &mut *self.frame;
        used.read(contract.method(*method)?)?;
        let place = self.state.place(address, plan(contract, position)?.id, self.key)?;
        let found = balance(self.state, place);
        memory::write(self.guest, out, &found.unwrap_or(0).to_le_bytes())?;
        Ok(DONE)
    }

    pub(super) fn ledger_add(&mut self, cell: u64, key: (u64, u64), amount: u64) -> Answered {
        let amount = memory::read_amount(self.guest, amount)?.0;
        let (position, _) = self.locate(cell, key, Kind::Ledger, Ops::ADD)?;
        let Frame { contract, method, address, used, pending, .. } = &mut *self.frame;
        let plan = plan(contract, position)?;
        let method = contract.method(*method)?;
        used.write(method, 1)?;
        let place = self.state.place(address, plan.id, self.key)?;
        let before = balance(self.state, place);
        let Some(after) = before.unwrap_or(0).checked_add(amount) else {
            return status(codes::BALANCE_OVERFLOW);
        };
        if amount == 0 {
            return Ok(DONE);
        }
        let schedule = self.meter.schedule();
        if before.is_none() {
            charge_times(self.guest, schedule, Price::New, 1)?;
            used.create(method)?;
        }
        if plan.sum {
            note(self.guest, schedule, self.phases, pending, Pending::new(plan.id, LEDGER_SUM, amount, 0))?;
        }
        if plan.count && before.is_none() {
            note(self.guest, schedule, self.phases, pending, Pending::new(plan.id, COUNT, 1, 0))?;
        }
        if before.is_none() {
            let deposit = entry_deposit(schedule, plan.room_bytes)?;
            let value = after.to_le_bytes().to_vec();
            self.state.write_entry(self.meter, (address, plan.id, self.key), value, deposit)?;
        } else {
            set_existing(self.state, place, after)?;
        }
        Ok(DONE)
    }

    pub(super) fn ledger_sub(&mut self, cell: u64, key: (u64, u64), amount: u64) -> Answered {
        let amount = memory::read_amount(self.guest, amount)?.0;
        let (position, _) = self.locate(cell, key, Kind::Ledger, Ops::SUB)?;
        let Frame { contract, method, address, used, pending, .. } = &mut *self.frame;
        let plan = plan(contract, position)?;
        used.write(contract.method(*method)?, 1)?;
        let place = self.state.place(address, plan.id, self.key)?;
        let before = balance(self.state, place);
        let Some(after) = before.unwrap_or(0).checked_sub(amount) else {
            return status(codes::INSUFFICIENT_BALANCE);
        };
        if amount == 0 {
            return Ok(DONE);
        }
        let schedule = self.meter.schedule();
        if plan.sum {
            note(self.guest, schedule, self.phases, pending, Pending::new(plan.id, LEDGER_SUM, 0, amount))?;
        }
        if after == 0 {
            charge_update(self.guest, schedule)?;
            if plan.count {
                note(self.guest, schedule, self.phases, pending, Pending::new(plan.id, COUNT, 0, 1))?;
            }
        }
        set_existing(self.state, place, after)?;
        Ok(DONE)
    }

    pub(super) fn ledger_move(
        &mut self,
        cell: u64,
        from: (u64, u64),
        to: (u64, u64),
        amount: u64,
    ) -> Answered {
        let amount = memory::read_amount(self.guest, amount)?.0;
        let (position, _) = self.locate(cell, from, Kind::Ledger, Ops::SUB)?;
        let middle = self.key.len();
        let access = super::storage::Access { cell, key: to, kind: Kind::Ledger, op: Ops::ADD };
        self.locate_more(&access)?;
        let Some((from, to)) = self.key.split_at_checked(middle) else { return Ok(DONE) };

        let Frame { contract, method, address, used, pending, .. } = &mut *self.frame;
        let plan = plan(contract, position)?;
        let method = contract.method(*method)?;
        used.write(method, 2)?;
        let source = self.state.place(address, plan.id, from)?;
        let held = balance(self.state, source);
        let Some(left) = held.unwrap_or(0).checked_sub(amount) else {
            return status(codes::INSUFFICIENT_BALANCE);
        };
        if from == to || amount == 0 {
            return Ok(DONE);
        }
        let target = self.state.place(address, plan.id, to)?;
        let held_there = balance(self.state, target);
        let Some(total) = held_there.unwrap_or(0).checked_add(amount) else {
            return status(codes::BALANCE_OVERFLOW);
        };
        let schedule = self.meter.schedule();
        if held_there.is_some() {
            if left == 0 {
                charge_update(self.guest, schedule)?;
                if plan.count {
                    note(self.guest, schedule, self.phases, pending, Pending::new(plan.id, COUNT, 0, 1))?;
                }
            }
            set_existing(self.state, target, total)?;
            set_existing(self.state, source, left)?;
            return Ok(DONE);
        }
        charge_times(self.guest, schedule, Price::New, 1)?;
        used.create(method)?;
        let value = total.to_le_bytes().to_vec();
        if left == 0 {
            // The place in storage moves with the balance, and so does who paid for it.
            let carried = self.state.entry_at(source).map(|entry| (entry.payer, entry.deposit));
            let Some((payer, deposit)) = carried else { return Ok(DONE) };
            self.state.set_entry_at(source, None);
            self.state.set_entry_at(target, Some(Entry { value, payer, deposit }));
            return Ok(DONE);
        }
        if plan.count {
            note(self.guest, schedule, self.phases, pending, Pending::new(plan.id, COUNT, 1, 0))?;
        }
        let deposit = entry_deposit(schedule, plan.room_bytes)?;
        self.state.write_entry(self.meter, (address, plan.id, to), value, deposit)?;
        set_existing(self.state, source, left)?;
        Ok(DONE)
    }
}
