//! Sums and counts that the host keeps, as deltas: gathered per frame, merged into state where somebody could see
//! them, that is before an outgoing call, when one is read, and when the method ends.

use chainstack_primitives::{AccountId, codes};
use chainstack_runtime::{
    ports::{ExecutionError, Failure},
    state::{Overlay, reserved},
    transaction::Meter,
};

use super::contract::{CellPlan, Contract};

/// Which aggregate of a cell: the count of its entries.
pub(crate) const COUNT: u8 = 0xff;
/// Which aggregate of a ledger: the sum of its balances.
pub(crate) const LEDGER_SUM: u8 = 0;

/// A change of one aggregate that has not been merged yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pending {
    cell: u16,
    /// [`COUNT`], [`LEDGER_SUM`] or the index of the head field.
    which: u8,
    plus: u128,
    minus: u128,
}

impl Pending {
    pub(crate) const fn new(cell: u16, which: u8, plus: u128, minus: u128) -> Self {
        Self { cell, which, plus, minus }
    }

    /// What a change of an entry of a map does to its count and sums: its value before and after.
    pub(crate) fn changes<'a>(
        cell: &'a CellPlan,
        before: Option<&'a [u8]>,
        after: Option<&'a [u8]>,
    ) -> impl Iterator<Item = Self> + 'a {
        let counted = (u128::from(after.is_some()), u128::from(before.is_some()));
        let count = cell.count.then(|| Self::new(cell.id, COUNT, counted.0, counted.1));
        let summed = cell.head.iter().enumerate().filter(|(_, field)| field.sum);
        let sums = summed.map(move |(index, field)| {
            let part = |value: Option<&[u8]>| {
                let bytes =
                    value.and_then(|value| value.get(field.offset..field.offset.checked_add(field.size)?));
                bytes.map_or(0, unsigned)
            };
            // A head has at most 16 fields.
            Self::new(cell.id, u8::try_from(index).unwrap_or(COUNT), part(after), part(before))
        });
        count.into_iter().chain(sums)
    }

    /// Adds the change to `list`. Both sides are kept apart, so that order does not matter. Whether it is the first
    /// of its aggregate since the last merge, so that merging it will read and write an entry more: the caller
    /// charges for that at once.
    ///
    /// # Errors
    /// [`codes::SUM_OVERFLOW`] if one side alone passes 128 bits.
    pub(crate) fn note(self, list: &mut Vec<Self>) -> Result<bool, Failure> {
        if self.plus == self.minus {
            return Ok(false);
        }
        let same = |pending: &&mut Self| pending.cell == self.cell && pending.which == self.which;
        let Some(pending) = list.iter_mut().find(same) else {
            list.push(self);
            return Ok(true);
        };
        let overflow = || Failure::new(codes::SUM_OVERFLOW, "changes of one call pass 128 bits");
        let plus = pending.plus.checked_add(self.plus).ok_or_else(overflow)?;
        let minus = pending.minus.checked_add(self.minus).ok_or_else(overflow)?;
        (pending.plus, pending.minus) = (plus, minus);
        Ok(false)
    }
}

fn storage_key(cell: u16, which: u8) -> (u16, [u8; 3], usize) {
    let [low, high] = cell.to_le_bytes();
    match which {
        COUNT => (reserved::COUNTS, [low, high, 0], 2),
        field => (reserved::SUMS, [low, high, field], 3),
    }
}

/// Key of an aggregate for reading: reserved cell and key.
fn with_key<T>(cell: u16, which: u8, ledger: bool, read: impl FnOnce(u16, &[u8]) -> T) -> T {
    let (reserved_cell, bytes, length) = storage_key(cell, which);
    // A ledger has one sum, under its id alone.
    let length = if ledger { 2 } else { length };
    read(reserved_cell, bytes.get(..length).unwrap_or_default())
}

/// Little-endian bytes of an unsigned integer of at most 128 bits.
pub(crate) fn unsigned(bytes: &[u8]) -> u128 {
    let mut wide = [0_u8; 16];
    wide.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    u128::from_le_bytes(wide)
}

/// Merges the changes of a frame into state: an entry read and written for each, paid when it was
/// [noted](Pending::note).
///
/// # Errors
/// - [`codes::SUM_OVERFLOW`] if a sum would pass 128 bits.
/// - [`codes::MAX_ENTRIES`] if a count would pass what the cell declares.
pub(crate) fn flush(
    state: &mut Overlay<'_>,
    contract: &Contract,
    address: &AccountId,
    pending: &mut Vec<Pending>,
) -> Result<(), ExecutionError> {
    for change in pending.iter() {
        let Ok((_, plan)) = contract.any_cell(u32::from(change.cell)) else { continue };
        merge(state, contract, plan, address, *change)?;
    }
    pending.clear();
    Ok(())
}

fn merge(
    state: &mut Overlay<'_>,
    contract: &Contract,
    plan: &CellPlan,
    address: &AccountId,
    change: Pending,
) -> Result<(), ExecutionError> {
    let ledger = plan.kind == super::Kind::Ledger;
    with_key(change.cell, change.which, ledger, |cell, key| {
        let Some(mut entry) = state.entry(address, cell, key)?.cloned() else {
            return Err(chainstack_runtime::ports::Fault::text("an aggregate is missing in state").into());
        };
        let now = unsigned(&entry.value);
        let next = match change.plus.checked_sub(change.minus) {
            Some(more) => now.checked_add(more),
            None => change.minus.checked_sub(change.plus).and_then(|less| now.checked_sub(less)),
        };
        let name = || contract.cell_name(plan);
        let next = next.ok_or_else(|| {
            let text = format!("sum {now} of cell {} found, {} to be added", name(), change.plus);
            Failure::new(codes::SUM_OVERFLOW, text)
        })?;
        if change.which == COUNT {
            if let Some(limit) = plan.max_entries
                && next > u128::from(limit)
                && next > now
            {
                let text = format!("cell {} allows {limit} entries, {next} would result", name());
                return Err(Failure::new(codes::MAX_ENTRIES, text).into());
            }
            let narrow = u64::try_from(next).unwrap_or(u64::MAX); // entries cost deposits: never near
            entry.value = narrow.to_le_bytes().to_vec();
        } else {
            entry.value = next.to_le_bytes().to_vec();
        }
        Ok(state.set_entry(address, cell, key, Some(entry))?)
    })
}

/// An aggregate as state holds it: merge a frame's changes first.
pub(crate) fn read_aggregate(
    state: &mut Overlay<'_>,
    plan: &CellPlan,
    address: &AccountId,
    which: u8,
) -> Result<u128, ExecutionError> {
    let ledger = plan.kind == super::Kind::Ledger;
    with_key(plan.id, which, ledger, |cell, key| {
        Ok(state.entry(address, cell, key)?.map_or(0, |entry| unsigned(&entry.value)))
    })
}

/// The aggregates that are kept of a cell, and how long the value of each is.
pub(super) fn aggregates(plan: &CellPlan) -> impl Iterator<Item = (u8, usize)> {
    let fields = plan.head.iter().enumerate().filter(|(_, field)| field.sum);
    // A head has at most 16 fields.
    let fields = fields.map(|(index, _)| (u8::try_from(index).unwrap_or(COUNT), 16));
    let sum = plan.sum.then_some((LEDGER_SUM, 16));
    sum.into_iter().chain(fields).chain(plan.count.then_some((COUNT, 8)))
}

/// Creates the aggregates of those cells of a contract that are `wanted`, at zero, each with its deposit.
pub(crate) fn open_aggregates(
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    contract: &Contract,
    address: &AccountId,
    wanted: impl Fn(u16) -> bool,
) -> Result<(), ExecutionError> {
    for plan in contract.cells.iter().filter(|plan| wanted(plan.id)) {
        let ledger = plan.kind == super::Kind::Ledger;
        for (which, length) in aggregates(plan) {
            with_key(plan.id, which, ledger, |cell, key| {
                let size = u32::try_from(key.len().saturating_add(length)).unwrap_or(u32::MAX);
                let deposit = crate::budget::entry_deposit(meter.schedule(), size)?;
                state.write_entry(meter, (address, cell, key), vec![0; length], deposit)
            })?;
        }
    }
    Ok(())
}

/// Deletes the aggregates of a cell that is no more.
pub(super) fn close_aggregates(
    state: &mut Overlay<'_>,
    plan: &CellPlan,
    address: &AccountId,
) -> Result<(), ExecutionError> {
    let ledger = plan.kind == super::Kind::Ledger;
    for (which, _) in aggregates(plan) {
        with_key(plan.id, which, ledger, |cell, key| state.delete_entry(address, cell, key))?;
    }
    Ok(())
}
