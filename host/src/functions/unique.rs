//! Owners of unique assets. The host keeps the holder of each and a count for each owner; code names accounts only, so
//! that what is in an escrow is out of its reach.

use chainstack_primitives::{
    AccountId, codes,
    manifest::{Ops, account_holder},
};
use chainstack_runtime::ports::Failure;

use super::{
    Answered, Scene,
    storage::{check_receivers, check_value, note_change, plan},
    table::{Price, VALUE_BYTES_MAX},
};
use crate::{
    budget::{charge_times, charge_update},
    machine::{
        CellPlan, Contract, Frame, Kind, account_of, check_everything, given, holder_of, own_less, own_more,
        owned, takes_coins,
    },
    memory::{self, word},
};

const DONE: u64 = 0;

fn status(code: u16) -> Answered {
    Ok(u64::from(code))
}

/// Why an account owns nothing, if it may not.
fn refused_owner(account: &AccountId) -> Option<u16> {
    if account.is_zero() {
        return Some(codes::ZERO_ADDRESS);
    }
    (!takes_coins(account.as_bytes())).then_some(codes::PROTOCOL_ADDRESS)
}

fn check_unique(contract: &Contract, plan: &CellPlan) -> Result<(), Failure> {
    if plan.owner.is_some() {
        return Ok(());
    }
    let text = format!("cell {} holds no unique assets", contract.cell_name(plan));
    Err(Failure::new(codes::UNDECLARED_CELL, text))
}

impl Scene<'_, '_, '_, '_, '_> {
    /// Position of the map of unique assets with the entry under a key, if the method may do `op` there.
    fn locate_unique(&mut self, cell: u64, key: (u64, u64), op: Ops) -> Result<usize, Failure> {
        let (position, _) = self.locate(cell, key, Kind::Entries, op)?;
        check_unique(&self.frame.contract, plan(&self.frame.contract, position)?)?;
        Ok(position)
    }

    pub(super) fn unique_mint(
        &mut self,
        cell: u64,
        key: (u64, u64),
        owner: u64,
        value: (u64, u64),
    ) -> Answered {
        let owner = memory::read_account(self.guest, owner)?;
        let rest = memory::read(self.guest, value.0, value.1, VALUE_BYTES_MAX)?.to_vec();
        let position = self.locate_unique(cell, key, Ops::SET)?;
        if let Some(code) = refused_owner(&owner) {
            return status(code);
        }
        self.check_second_item(position)?;
        let schedule = self.meter.schedule();
        let state = self.first_state(position)?;
        let Frame { contract, method, address, used, pending, items, item_cell, .. } = &mut *self.frame;
        let plan = plan(contract, position)?;
        if self.state.entry(address, plan.id, self.key)?.is_some() {
            let text = format!("cell {} has this asset already", contract.cell_name(plan));
            return Err(Failure::new(codes::ITEM_EXISTS, text).into());
        }
        let mut value = Vec::with_capacity(rest.len().saturating_add(plan.prefix));
        value.extend(state);
        value.extend(account_holder(&owner));
        value.extend(rest);
        check_value(contract, plan, &value)?;
        check_receivers(contract, plan, self.key, &value)?;
        let method = contract.method(*method)?;
        used.write(method, 1)?;
        used.create(method)?;
        // The asset, and the owner's count, which may be new too.
        charge_times(self.guest, schedule, Price::New, 2)?;
        note_change(self.guest, schedule, self.phases, pending, plan, (None, Some(&*value)))?;
        if *item_cell == Some(position)
            && let Some(item) = items.iter_mut().find(|item| item.key == *self.key)
        {
            item.see(plan, Some(&value));
        }
        let deposit = plan.deposit(schedule)?;
        self.state.write_entry(self.meter, (address, plan.id, self.key), value, deposit)?;
        own_more(self.state, self.meter, address, plan.id, &owner)?;
        Ok(DONE)
    }

    pub(super) fn unique_move(&mut self, cell: u64, key: (u64, u64), to: u64) -> Answered {
        let to = memory::read_account(self.guest, to)?;
        let position = self.locate_unique(cell, key, Ops::MOVE)?;
        if let Some(code) = refused_owner(&to) {
            return status(code);
        }
        self.check_second_item(position)?;
        let schedule = self.meter.schedule();
        let Frame { contract, method, address, used, pending, items, item_cell, .. } = &mut *self.frame;
        let plan = plan(contract, position)?;
        used.write(contract.method(*method)?, 1)?;
        let Some(entry) = self.state.entry(address, plan.id, self.key)? else {
            return status(codes::ITEM_NOT_FOUND);
        };
        charge_times(self.guest, schedule, Price::Byte, entry.value.len())?;
        charge_times(self.guest, schedule, Price::WriteByte, entry.value.len())?;
        let before = entry.value.clone();
        let Some(from) = holder_of(&before, plan).and_then(account_of) else {
            return status(codes::ESCROWED);
        };
        if from == to {
            return Ok(DONE);
        }
        // The new owner's count may begin, the old one's end.
        charge_times(self.guest, schedule, Price::New, 1)?;
        charge_update(self.guest, schedule)?;
        let after = given(&before, plan, &account_holder(&to));
        note_change(self.guest, schedule, self.phases, pending, plan, (Some(&*before), Some(&*after)))?;
        if *item_cell == Some(position)
            && let Some(item) = items.iter_mut().find(|item| item.key == *self.key)
        {
            item.see(plan, Some(&after));
        }
        let place = self.state.place(address, plan.id, self.key)?;
        self.state.set_value_at(place, after);
        own_less(self.state, address, plan.id, &from)?;
        own_more(self.state, self.meter, address, plan.id, &to)?;
        Ok(DONE)
    }

    pub(super) fn unique_owner(&mut self, cell: u64, key: (u64, u64), out: u64) -> Answered {
        memory::check(self.guest, out, 32)?;
        let position = self.locate_unique(cell, key, Ops::READ)?;
        let Frame { contract, method, address, used, .. } = &mut *self.frame;
        used.read(contract.method(*method)?)?;
        let plan = plan(contract, position)?;
        let entry = self.state.entry(address, plan.id, self.key)?;
        let holder = entry.and_then(|entry| holder_of(&entry.value, plan));
        let owner = holder.and_then(account_of);
        let answer = match (holder, owner) {
            (None, _) => codes::ITEM_NOT_FOUND,
            (Some(_), None) => codes::ESCROWED,
            (Some(_), Some(_)) => codes::OK,
        };
        memory::write(self.guest, out, owner.unwrap_or_default().as_bytes())?;
        status(answer)
    }

    pub(super) fn unique_count(&mut self, cell: u64, account: u64) -> Answered {
        let account = memory::read_account(self.guest, account)?;
        let contract = std::sync::Arc::clone(&self.frame.contract);
        let (position, plan) = contract.cell(word(cell), Kind::Entries)?;
        check_unique(&contract, plan)?;
        let method = contract.method(self.frame.method)?;
        check_everything(self.frame, method, (position, plan))?;
        self.frame.used.read(method)?;
        Ok(owned(self.state, &self.frame.address, plan.id, &account)?)
    }
}
