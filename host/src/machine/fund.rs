//! Who pays the deposit of an entry that the host creates beside what code does.

use chainstack_primitives::{AccountId, Amount};
use chainstack_runtime::{
    params::Schedule,
    ports::{ExecutionError, Fault},
    state::{Overlay, Place},
    transaction::Meter,
};

use crate::budget::entry_deposit;

/// Who pays.
#[derive(Clone, Copy)]
pub(super) enum Fund<'f, 'm> {
    /// The origin of the transaction.
    Origin(&'f Meter<'m>),
    /// An entry that has kept deposits for others since it began, so that whoever takes an exit pays none: the record of
    /// an escrow, or an item.
    Kept {
        schedule: &'f Schedule,
        /// Where the entry is.
        place: Place,
        /// The deposit for its own room, which it does not give away.
        own: Amount,
    },
}

impl Fund<'_, '_> {
    /// Payer and deposit of a new entry of so many bytes.
    pub(super) fn pay(
        self,
        state: &mut Overlay<'_>,
        bytes: u32,
    ) -> Result<(AccountId, Amount), ExecutionError> {
        match self {
            Self::Origin(meter) => {
                let deposit = entry_deposit(meter.schedule(), bytes)?;
                state.lock_deposit(meter, deposit)?;
                Ok((meter.origin(), deposit))
            }
            Self::Kept { schedule, place, own } => {
                let Some(keeper) = state.entry_at(place) else {
                    return Err(Fault::text("what keeps deposits is not there").into());
                };
                let mut keeper = keeper.clone();
                // Where an exit has created more than was foreseen, there is less: never a reason to refuse.
                let spare = keeper.deposit.checked_sub(own).unwrap_or_default();
                let deposit = entry_deposit(schedule, bytes)?.min(spare);
                keeper.deposit = keeper.deposit.checked_sub(deposit).unwrap_or_default();
                let payer = keeper.payer;
                state.set_entry_at(place, Some(keeper));
                Ok((payer, deposit))
            }
        }
    }
}
