//! What expressions observe: the host's answers to their leaves.

use chainstack_analysis::{Environment, Value};
use chainstack_primitives::{
    AccountId, Amount, Height, TimeMs,
    manifest::{Cell, Field, HOLDER_ACCOUNT, Type},
};
use chainstack_runtime::{
    block::BlockInfo,
    ports::{ExecutionError, Failure, Fault},
    state::Overlay,
};

use super::{
    aggregate::{COUNT, LEDGER_SUM, read_aggregate},
    approval::{Approvals, Quorum},
    contract::{CellPlan, Contract},
    escrow::held,
    frame::{Frame, Spans},
    item::{Item, account_of},
    role::holds,
    state::contract_state,
};

/// Where an expression is evaluated. What is paid for is paid before: the declaration tells what it takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'f> {
    pub(crate) contract: &'f Contract,
    pub(crate) address: &'f AccountId,
    pub(crate) block: &'f BlockInfo,
    pub(crate) origin: &'f AccountId,
    pub(crate) caller: &'f AccountId,
    /// Native value that comes with the call. Guards are asked before it is in the balance.
    pub(crate) value: Amount,
    /// Declared arguments, their bytes, and where each lies.
    pub(crate) args: (&'f [Field], &'f [u8], &'f Spans),
    /// Parameters, if something asks for them.
    pub(crate) params: Option<(&'f [u8], &'f Spans)>,
    /// The bound item, and its cell.
    pub(crate) item: Option<(&'f CellPlan, &'f Item)>,
    /// Approvals of the call, if its guard asks for them: as they were when it was made.
    pub(crate) approvals: Option<&'f Approvals>,
}

impl<'f> Place<'f> {
    /// That of a frame, bound to `item`.
    pub(crate) fn of(
        frame: &'f Frame,
        block: &'f BlockInfo,
        origin: &'f AccountId,
        item: Option<&'f Item>,
    ) -> Result<Self, Failure> {
        let contract = &*frame.contract;
        let cell = frame.item_cell.and_then(|position| contract.cells.get(position));
        Ok(Self {
            contract,
            address: &frame.address,
            block,
            origin,
            caller: &frame.caller,
            value: frame.value,
            args: (contract.args(contract.method(frame.method)?), &frame.input, &frame.args),
            params: frame.params.as_ref().map(|(bytes, spans)| (&**bytes, spans)),
            item: cell.zip(item),
            approvals: frame.approvals.as_deref(),
        })
    }
}

/// Answers leaves from state.
pub(crate) struct Facts<'f, 's, 'o> {
    pub(crate) state: &'s mut Overlay<'o>,
    pub(crate) at: Place<'f>,
    /// Whether every quorum is taken to be there: to tell what a refused call is refused for.
    pub(crate) approved: bool,
}

/// What a validated manifest never asks for where it is evaluated.
fn out_of_scope() -> ExecutionError {
    Fault::text("an expression asks for what is not known where it stands").into()
}

fn decode(ty: &Type, bytes: &[u8]) -> Result<Value, ExecutionError> {
    Value::decode(ty, bytes).ok_or_else(|| Fault::text("a value in state is not of its declared type").into())
}

impl Facts<'_, '_, '_> {
    fn cell(&self, id: u16) -> Result<(&CellPlan, &Cell), ExecutionError> {
        let (_, plan) = self.at.contract.any_cell(u32::from(id))?;
        Ok((plan, self.at.contract.declared(plan)?))
    }

    /// A head field of the entry under `key`; zero if there is no entry.
    fn stored_head(&mut self, cell: u16, key: &[u8], field: u8) -> Result<Value, ExecutionError> {
        let contract = self.at.contract;
        let (_, plan) = contract.any_cell(u32::from(cell))?;
        let head = plan.head.get(usize::from(field)).ok_or_else(out_of_scope)?;
        let entry = self.state.entry(self.at.address, plan.id, key)?;
        let bytes = match entry {
            Some(entry) => entry.value.get(head.offset..head.offset.saturating_add(head.size)),
            None => return zero(&head.ty),
        };
        decode(&head.ty, bytes.ok_or_else(out_of_scope)?)
    }

    fn aggregate(&mut self, cell: u16, which: u8) -> Result<u128, ExecutionError> {
        let (_, plan) = self.at.contract.any_cell(u32::from(cell))?;
        read_aggregate(self.state, plan, self.at.address, which)
    }
}

fn zero(ty: &Type) -> Result<Value, ExecutionError> {
    let size = ty.scalar_size().and_then(|size| usize::try_from(size).ok()).ok_or_else(out_of_scope)?;
    decode(ty, &vec![0; size])
}

impl Environment for Facts<'_, '_, '_> {
    type Error = ExecutionError;

    fn arg(&mut self, index: u8) -> Result<Value, ExecutionError> {
        let (declared, input, spans) = self.at.args;
        let ty = declared.get(usize::from(index)).ok_or_else(out_of_scope)?.ty;
        decode(&ty, spans.get(input, usize::from(index)).ok_or_else(out_of_scope)?)
    }

    fn param(&mut self, index: u8) -> Result<Value, ExecutionError> {
        let (bytes, spans) = self.at.params.ok_or_else(out_of_scope)?;
        let declared = self.at.contract.manifest.params.get(usize::from(index)).ok_or_else(out_of_scope)?;
        decode(&declared.ty, spans.get(bytes, usize::from(index)).ok_or_else(out_of_scope)?)
    }

    fn caller(&mut self) -> Result<AccountId, ExecutionError> {
        Ok(*self.at.caller)
    }

    fn origin(&mut self) -> Result<AccountId, ExecutionError> {
        Ok(*self.at.origin)
    }

    fn self_address(&mut self) -> Result<AccountId, ExecutionError> {
        Ok(*self.at.address)
    }

    fn value(&mut self) -> Result<Amount, ExecutionError> {
        Ok(self.at.value)
    }

    fn time(&mut self) -> Result<TimeMs, ExecutionError> {
        Ok(self.at.block.time_ms)
    }

    fn height(&mut self) -> Result<Height, ExecutionError> {
        Ok(self.at.block.height)
    }

    fn item_key(&mut self, index: u8) -> Result<Value, ExecutionError> {
        let (plan, item) = self.at.item.ok_or_else(out_of_scope)?;
        let ty = self.at.contract.declared(plan)?.key().get(usize::from(index)).ok_or_else(out_of_scope)?.ty;
        decode(&ty, item.key_field(index).ok_or_else(out_of_scope)?)
    }

    fn head(&mut self, index: u8) -> Result<Value, ExecutionError> {
        let (plan, item) = self.at.item.ok_or_else(out_of_scope)?;
        let ty = plan.head.get(usize::from(index)).ok_or_else(out_of_scope)?.ty;
        match item.head_field(plan, index) {
            Some(bytes) => decode(&ty, bytes),
            None => zero(&ty),
        }
    }

    fn owner(&mut self) -> Result<AccountId, ExecutionError> {
        let (plan, item) = self.at.item.ok_or_else(out_of_scope)?;
        // Of an asset in escrow, as of one that is not there yet, nobody is the owner.
        Ok(item.holder(plan).and_then(account_of).unwrap_or_default())
    }

    fn value_head(&mut self, cell: u16, field: u8) -> Result<Value, ExecutionError> {
        self.stored_head(cell, &[], field)
    }

    fn entry_head(&mut self, cell: u16, key: &[u8], field: u8) -> Result<Value, ExecutionError> {
        self.stored_head(cell, key, field)
    }

    fn ledger_entry(&mut self, cell: u16, key: &[u8]) -> Result<u128, ExecutionError> {
        let (plan, declared) = self.cell(cell)?;
        let mut stored = Vec::with_capacity(key.len().saturating_add(1));
        if declared.is_fungible_asset() {
            stored.push(HOLDER_ACCOUNT);
        }
        stored.extend_from_slice(key);
        let id = plan.id;
        let entry = self.state.entry(self.at.address, id, &stored)?;
        let balance =
            entry.map_or(Some(0), |entry| <[u8; 16]>::try_from(&*entry.value).ok().map(u128::from_le_bytes));
        balance.ok_or_else(|| Fault::text("a balance in state is not of 16 bytes").into())
    }

    fn ledger_sum(&mut self, cell: u16) -> Result<u128, ExecutionError> {
        self.aggregate(cell, LEDGER_SUM)
    }

    fn head_sum(&mut self, cell: u16, field: u8) -> Result<u128, ExecutionError> {
        self.aggregate(cell, field)
    }

    fn count(&mut self, cell: u16) -> Result<u64, ExecutionError> {
        let count = self.aggregate(cell, COUNT)?;
        u64::try_from(count).map_err(|_| Fault::text("a count in state passes 64 bits").into())
    }

    fn escrowed(&mut self, cell: u16) -> Result<u128, ExecutionError> {
        let item = self.at.item.filter(|(plan, _)| plan.escrows.contains(&cell));
        let key = item.map_or(&[][..], |(_, item)| &item.key);
        Ok(held(self.state, &self.at.contract.manifest, self.at.address, cell, key)?.0)
    }

    fn balance(&mut self) -> Result<Amount, ExecutionError> {
        Ok(self.state.account_or_new(self.at.address)?.balance)
    }

    fn in_state(&mut self, machine: u16, states: &[u8]) -> Result<bool, ExecutionError> {
        let declared = self.at.contract.manifest.machine(machine).ok_or_else(out_of_scope)?;
        let found = if declared.cell.is_none() {
            contract_state(self.state, self.at.address, machine)?
        } else {
            self.at.item.ok_or_else(out_of_scope)?.1.state(declared)
        };
        Ok(states.contains(&found))
    }

    fn member(&mut self, role: u16) -> Result<bool, ExecutionError> {
        holds(self.state, self.at, role)
    }

    fn quorum(&mut self, role: u16) -> Result<bool, ExecutionError> {
        let counted = self.at.approvals.and_then(|approvals| approvals.quorum(role));
        Ok(self.approved || counted.map(Quorum::is_met).ok_or_else(out_of_scope)?)
    }
}
