//! Deposits: whoever creates an entry locks coins for its place, and gets them back when it is deleted.
//!
//! The origin of a transaction has `max_deposit` set aside before execution; what it locks is counted in the
//! overlay's tally and settled by the transaction. A release is credited to the payer's free balance at once.
//! Locked coins are held by the protocol account [`reserved::DEPOSITS`], settled once a block.

use chainstack_primitives::{AccountId, Amount, Gas, codes};

use super::{
    entry::{Entry, KEY_SIZE_MAX},
    overlay::{Overlay, Place},
    reserved,
};
use crate::{
    ports::{ExecutionError, Failure},
    transaction::Meter,
};

impl Overlay<'_> {
    /// Writes `value` under a key. A new entry locks `deposit` at the origin's expense; an existing one keeps
    /// its payer and deposit.
    ///
    /// # Errors
    /// - [`codes::DEPOSIT_LIMIT`] if the deposits locked by the transaction would pass its `max_deposit`.
    /// - [`codes::BAD_KEY`] if the key is longer than [`KEY_SIZE_MAX`].
    /// - a fault if committed state cannot be read.
    ///
    /// State is unchanged on error.
    pub fn write_entry(
        &mut self,
        meter: &Meter<'_>,
        (contract, cell, key): (&AccountId, u16, &[u8]),
        value: Vec<u8>,
        deposit: Amount,
    ) -> Result<(), ExecutionError> {
        if key.len() > KEY_SIZE_MAX {
            let text = format!("key of {} bytes found, at most {KEY_SIZE_MAX} allowed", key.len());
            return Err(Failure::new(codes::BAD_KEY, text).into());
        }
        let place = self.place(contract, cell, key)?;
        if self.entry_at(place).is_some() {
            self.set_value_at(place, value);
            return Ok(());
        }
        self.lock_deposit(meter, deposit)?;
        self.set_entry_at(place, Some(Entry { value, payer: meter.origin(), deposit }));
        Ok(())
    }

    /// Replaces the value of the entry at a place, if there is one: its payer and deposit stay.
    pub fn set_value_at(&mut self, place: Place, value: Vec<u8>) {
        if let Some(&Entry { payer, deposit, .. }) = self.entry_at(place) {
            self.set_entry_at(place, Some(Entry { value, payer, deposit }));
        }
    }

    /// Deletes an entry and returns its deposit to its payer. Whether there was one.
    ///
    /// # Errors
    /// A fault if committed state cannot be read, or [`codes::BALANCE_OVERFLOW`], which the supply's bound
    /// rules out.
    ///
    /// # Cost
    /// The entry and, if there is one, its payer's account: each read and written. The caller has charged for both.
    pub fn delete_entry(
        &mut self,
        contract: &AccountId,
        cell: u16,
        key: &[u8],
    ) -> Result<bool, ExecutionError> {
        let place = self.place(contract, cell, key)?;
        self.delete_entry_at(place)
    }

    /// As [`Overlay::delete_entry`], at a place.
    ///
    /// # Errors
    /// Those of [`Overlay::delete_entry`].
    pub fn delete_entry_at(&mut self, place: Place) -> Result<bool, ExecutionError> {
        let Some(&Entry { payer, deposit, .. }) = self.entry_at(place) else { return Ok(false) };
        self.release_deposit(payer, deposit)?;
        self.set_entry_at(place, None);
        Ok(true)
    }

    /// Locks `deposit` at the origin's expense.
    ///
    /// # Errors
    /// [`codes::DEPOSIT_LIMIT`] if the transaction's deposits would pass its `max_deposit`.
    pub fn lock_deposit(&mut self, meter: &Meter<'_>, deposit: Amount) -> Result<(), ExecutionError> {
        let locked = self.deposits().locked.checked_add(deposit);
        match locked.filter(|total| *total <= meter.deposit_max()) {
            Some(total) => {
                self.deposits_mut().locked = total;
                Ok(())
            }
            None => {
                let (so_far, limit) = (self.deposits().locked, meter.deposit_max());
                let text = format!("{so_far} locked already, {deposit} more asked, max_deposit is {limit}");
                Err(Failure::new(codes::DEPOSIT_LIMIT, text).into())
            }
        }
    }

    fn release_deposit(&mut self, payer: AccountId, deposit: Amount) -> Result<(), ExecutionError> {
        let overflow =
            || Failure::new(codes::BALANCE_OVERFLOW, "a released deposit would pass the greatest balance");
        let released = self.deposits().released.checked_add(deposit).ok_or_else(overflow)?;
        let mut account = self.account_or_new(&payer)?;
        account.balance = account.balance.checked_add(deposit).ok_or_else(overflow)?;
        self.set_account(&payer, account)?;
        self.deposits_mut().released = released;
        Ok(())
    }

    /// As [`Overlay::transfer`], charging for the receiver's account if the transfer creates it.
    ///
    /// # Errors
    /// Those of [`Overlay::transfer`], and [`codes::OUT_OF_GAS`]. State is unchanged on error.
    ///
    /// # Cost
    /// `account_new` gas if the receiver does not exist and the amount is not zero.
    pub fn pay(
        &mut self,
        meter: &mut Meter<'_>,
        from: &AccountId,
        to: &AccountId,
        amount: Amount,
    ) -> Result<(), ExecutionError> {
        if !amount.is_zero() && self.account(to)?.is_none() {
            meter.charge(Gas(meter.schedule().intrinsic.account_new))?;
        }
        self.transfer(from, to, amount)
    }

    /// Refuses the accounts that take no coins.
    pub(super) fn check_receiver(&self, to: &AccountId) -> Result<(), Failure> {
        if to.is_zero() {
            return Err(Failure::new(codes::ZERO_ADDRESS, "the receiver is the all-zero key"));
        }
        if reserved::is_system(to) {
            let text = "the receiver is an account of the protocol itself";
            return Err(Failure::new(codes::PROTOCOL_ADDRESS, text));
        }
        Ok(())
    }

    /// Moves coins between accounts; to move to oneself checks and changes nothing.
    ///
    /// # Errors
    /// - [`codes::ZERO_ADDRESS`] if `to` is the all-zero key.
    /// - [`codes::PROTOCOL_ADDRESS`] if `to` is an account of the protocol itself.
    /// - [`codes::INSUFFICIENT_BALANCE`] if `from` has less than `amount` free.
    /// - [`codes::BALANCE_OVERFLOW`] if `to` would pass the greatest balance.
    /// - a fault if committed state cannot be read.
    ///
    /// State is unchanged on error.
    pub fn transfer(
        &mut self,
        from: &AccountId,
        to: &AccountId,
        amount: Amount,
    ) -> Result<(), ExecutionError> {
        self.check_receiver(to)?;
        let mut payer = self.account_or_new(from)?;
        let Some(left) = payer.balance.checked_sub(amount) else {
            let text = format!("balance {} found, {amount} asked", payer.balance);
            return Err(Failure::new(codes::INSUFFICIENT_BALANCE, text).into());
        };
        if from == to || amount.is_zero() {
            return Ok(());
        }
        let mut receiver = self.account_or_new(to)?;
        let Some(total) = receiver.balance.checked_add(amount) else {
            let text = format!("balance {} found, {amount} to be added", receiver.balance);
            return Err(Failure::new(codes::BALANCE_OVERFLOW, text).into());
        };
        payer.balance = left;
        receiver.balance = total;
        self.set_account(from, payer)?;
        self.set_account(to, receiver)?;
        Ok(())
    }
}
