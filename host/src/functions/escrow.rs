//! Coins held for items.

use std::sync::Arc;

use chainstack_primitives::{
    AccountId, Amount, codes,
    manifest::{AssetRef, Cell, CellKind},
};
use chainstack_runtime::{
    ports::{ExecutionError, Failure},
    state::escrow::Holder,
};

use super::{
    Answered, Scene,
    table::{Function, KEY_BYTES_MAX, Price},
};
use crate::{
    budget::{charge_times, charge_update, entry_deposit},
    machine::{Frame, declared_escrow, held},
    memory::{self, word},
};

/// Size of key and value of an escrow's entry.
const ESCROW_BYTES: u32 = 49;

impl Scene<'_, '_, '_, '_, '_> {
    fn escrow_item(&self, item: (u64, u64)) -> Result<Vec<u8>, Failure> {
        Ok(memory::read(self.guest, item.0, item.1, KEY_BYTES_MAX)?.to_vec())
    }

    pub(super) fn escrow_in(&mut self, cell: u64, item: (u64, u64), amount: u64) -> Answered {
        let item = self.escrow_item(item)?;
        let amount = memory::read_amount(self.guest, amount)?;
        let (_, escrow, holder) = declared_escrow(self.frame, word(cell), &item, |used| used.pays_in)?;
        if escrow.asset != AssetRef::Native {
            let text = format!("escrow cell id {} holds an asset of a contract, not coins", word(cell));
            return Err(Failure::new(codes::UNDECLARED_ESCROW, text).into());
        }
        let schedule = self.meter.schedule();
        let new = !amount.is_zero() && self.state.escrowed(&self.frame.address, &holder)?.is_zero();
        let Frame { contract, method, used, .. } = &mut *self.frame;
        let method = contract.method(*method)?;
        used.write(method, 1)?;
        if new {
            charge_times(self.guest, schedule, Price::New, 1)?;
            used.create(method)?;
        }
        let deposit = entry_deposit(schedule, ESCROW_BYTES)?;
        let done = self.state.escrow_in(self.meter, &self.frame.address, &holder, amount, deposit);
        answer(Function::EscrowIn, done)
    }

    /// Pays coins out of an escrow for coins.
    pub(super) fn escrow_out(&mut self, holder: &Holder, to: AccountId, amount: Amount) -> Answered {
        let method = self.frame.contract.method(self.frame.method)?;
        self.frame.used.write(method, 1)?;
        let mut after = self.frame.used;
        after.send(method, amount)?;
        let schedule = self.meter.schedule();
        if !amount.is_zero() && self.state.account(&to)?.is_none() {
            charge_times(self.guest, schedule, Price::Account, 1)?;
        }
        let address = self.frame.address;
        if !amount.is_zero() && self.state.escrowed(&address, holder)? == amount {
            charge_update(self.guest, schedule)?;
        }
        let done = self.state.escrow_out(&address, holder, &to, amount);
        if done.is_ok() {
            self.frame.used = after;
        }
        answer(Function::EscrowOut, done)
    }

    pub(super) fn escrowed(&mut self, cell: u64, item: (u64, u64), out: u64) -> Answered {
        memory::check(self.guest, out, 16)?;
        let item = self.escrow_item(item)?;
        let id = u16::try_from(word(cell)).ok();
        let contract = Arc::clone(&self.frame.contract);
        let declared = id.and_then(|id| contract.manifest.cell(id));
        let Some((id, CellKind::Escrow(escrow))) = declared.map(|cell| (cell.id, &cell.kind)) else {
            let text = format!("cell id {} is no escrow", word(cell));
            return Err(Failure::new(codes::UNDECLARED_CELL, text).into());
        };
        let key = escrow.item.and_then(|map| contract.manifest.cell(map)).map_or(&[][..], Cell::key);
        contract
            .manifest
            .validate_tuple(key, &item)
            .map_err(|error| Failure::new(codes::BAD_KEY, format!("item of escrow cell {id}: {error}")))?;
        let method = contract.method(self.frame.method)?;
        if !contract.may_look(method, id) {
            let text = format!("escrow cell {id} is in neither `escrows` nor `reads` of `{}`", method.name);
            return Err(Failure::new(codes::UNDECLARED_ESCROW, text).into());
        }
        self.frame.used.read(method)?;
        let address = self.frame.address;
        let held = held(self.state, &contract.manifest, &address, id, &item)?;
        memory::write(self.guest, out, &held.0.to_le_bytes())?;
        Ok(0)
    }
}

/// A failure that the function's row lists is a status; any other ends the call.
pub(super) fn answer(function: Function, done: Result<(), ExecutionError>) -> Answered {
    match done {
        Ok(()) => Ok(0),
        Err(ExecutionError::Failed(failure)) if function.row().statuses.contains(&failure.code) => {
            Ok(u64::from(failure.code))
        }
        Err(error) => Err(error),
    }
}
