//! Escrow: what a contract's declaration holds for an item, out of reach of its code.
//!
//! Native escrow: coins that a contract's declaration holds for an item, out of reach of its code.
//!
//! What an escrow holds stands in the contract's storage, in [`reserved::NATIVE_ESCROWS`] under the escrow's holder; the
//! coins themselves are on the protocol account [`reserved::ESCROWS`], settled once a block as deposits are. So neither
//! a transfer from outside nor the contract's own payments can change what an escrow holds.
//!
//! Assets of contracts stay in the storage of the contract that keeps them, under the escrow's holder. The contract that
//! declares the escrow has a record of what it is ([`AssetEscrow`]), so that what it holds is known without asking
//! somebody else, and which holds the deposits for those who may get it.

use chainstack_primitives::{AccountId, Amount, codes};
use parity_scale_codec::{Decode, DecodeAll as _, Encode, Input, Output};

use super::{
    overlay::{DepositTally, Overlay},
    reserved,
};
use crate::{
    ports::{ExecutionError, Failure, Fault},
    transaction::Meter,
};

/// Under [`reserved::ASSET_ESCROWS`]: what an escrow of an asset holds.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct AssetEscrow {
    /// The contract that keeps the asset.
    pub asset: AccountId,
    /// Its cell.
    pub cell: u16,
    /// How much of it, or which.
    pub held: Held,
}

/// What of an asset an escrow holds. Its encoding: 0 and the amount, or 1 and the key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Held {
    /// An amount of a fungible asset, not zero.
    Amount(Amount),
    /// One unique asset: its key.
    Unique(Vec<u8>),
}

impl Encode for Held {
    fn encode_to<T: Output + ?Sized>(&self, dest: &mut T) {
        match self {
            Self::Amount(amount) => {
                dest.push_byte(0);
                amount.encode_to(dest);
            }
            Self::Unique(key) => {
                dest.push_byte(1);
                key.encode_to(dest);
            }
        }
    }
}

impl Decode for Held {
    fn decode<I: Input>(input: &mut I) -> Result<Self, parity_scale_codec::Error> {
        match input.read_byte()? {
            0 => Amount::decode(input).map(Self::Amount),
            1 => Vec::decode(input).map(Self::Unique),
            _ => Err("an escrow holds an amount or an asset".into()),
        }
    }
}

impl Held {
    /// The amount; 1 of a unique asset.
    #[must_use]
    pub const fn amount(&self) -> Amount {
        match self {
            Self::Amount(amount) => *amount,
            Self::Unique(_) => Amount(1),
        }
    }
}

/// Key of an escrow: `0x01 | H("escrow" | contract | cell | item)`.
pub type Holder = [u8; 33];

impl Overlay<'_> {
    /// Coins that the escrow of `contract` under `holder` holds.
    ///
    /// # Errors
    /// A fault if committed state cannot be read, or holds no amount there.
    pub fn escrowed(&mut self, contract: &AccountId, holder: &Holder) -> Result<Amount, Fault> {
        let Some(entry) = self.entry(contract, reserved::NATIVE_ESCROWS, holder)? else {
            return Ok(Amount::ZERO);
        };
        let bytes = <[u8; 16]>::try_from(entry.value.as_slice());
        bytes
            .map(|bytes| Amount(u128::from_le_bytes(bytes)))
            .map_err(|_| Fault::text("an escrow holds no amount"))
    }

    /// What the escrow of `contract` under `holder` holds of an asset of a contract.
    ///
    /// # Errors
    /// A fault if committed state cannot be read, or has no such record there.
    pub fn asset_escrow(
        &mut self,
        contract: &AccountId,
        holder: &Holder,
    ) -> Result<Option<AssetEscrow>, Fault> {
        let Some(entry) = self.entry(contract, reserved::ASSET_ESCROWS, holder)? else { return Ok(None) };
        let record = AssetEscrow::decode_all(&mut entry.value.as_slice());
        record.map(Some).map_err(|_| Fault::text("an escrow has no record of what it holds"))
    }

    /// Moves coins of the contract's own balance into its escrow. A new escrow locks `deposit` at the origin's expense.
    ///
    /// # Errors
    /// - [`codes::INSUFFICIENT_BALANCE`] if the contract has less than `amount` free.
    /// - [`codes::DEPOSIT_LIMIT`] if the deposits of the transaction would pass its `max_deposit`.
    /// - a fault if committed state cannot be read.
    ///
    /// State is unchanged on error.
    ///
    /// # Cost
    /// Two entries or accounts read and written; the caller has charged for them, and for a new entry.
    pub fn escrow_in(
        &mut self,
        meter: &Meter<'_>,
        contract: &AccountId,
        holder: &Holder,
        amount: Amount,
        deposit: Amount,
    ) -> Result<(), ExecutionError> {
        let mut account = self.account_or_new(contract)?;
        let Some(left) = account.balance.checked_sub(amount) else {
            let text = format!("balance {} found, {amount} asked", account.balance);
            return Err(Failure::new(codes::INSUFFICIENT_BALANCE, text).into());
        };
        if amount.is_zero() {
            return Ok(());
        }
        // Neither passes the supply, which is half of what 128 bits hold.
        let overflow = || Fault::text("escrows pass the supply");
        let total = self.escrowed(contract, holder)?.checked_add(amount).ok_or_else(overflow)?;
        let tally = self.deposits().with_escrows(amount, Amount::ZERO).ok_or_else(overflow)?;
        let value = total.0.to_le_bytes().to_vec();
        self.write_entry(meter, (contract, reserved::NATIVE_ESCROWS, holder), value, deposit)?;
        account.balance = left;
        self.set_account(contract, account)?;
        let DepositTally { escrowed, paid_out, .. } = tally;
        let now = self.deposits_mut();
        (now.escrowed, now.paid_out) = (escrowed, paid_out);
        Ok(())
    }

    /// Pays coins out of an escrow of `contract`; one that is empty then is deleted, and its deposit returned.
    ///
    /// # Errors
    /// - [`codes::ZERO_ADDRESS`], [`codes::PROTOCOL_ADDRESS`] for receivers that take no transfers.
    /// - [`codes::INSUFFICIENT_BALANCE`] if the escrow holds less.
    /// - a fault if committed state cannot be read.
    ///
    /// State is unchanged on error.
    ///
    /// # Cost
    /// Two entries or accounts read and written, three if the escrow is emptied; the caller has charged for them.
    pub fn escrow_out(
        &mut self,
        contract: &AccountId,
        holder: &Holder,
        to: &AccountId,
        amount: Amount,
    ) -> Result<(), ExecutionError> {
        self.check_receiver(to)?;
        let held = self.escrowed(contract, holder)?;
        let Some(left) = held.checked_sub(amount) else {
            let text = format!("{held} in escrow found, {amount} asked");
            return Err(Failure::new(codes::INSUFFICIENT_BALANCE, text).into());
        };
        if amount.is_zero() {
            return Ok(());
        }
        let overflow = || Fault::text("balances pass the supply");
        let tally = self.deposits().with_escrows(Amount::ZERO, amount).ok_or_else(overflow)?;
        let mut receiver = self.account_or_new(to)?;
        receiver.balance = receiver.balance.checked_add(amount).ok_or_else(overflow)?;
        let place = self.place(contract, reserved::NATIVE_ESCROWS, holder)?;
        self.set_account(to, receiver)?;
        if left.is_zero() {
            self.delete_entry_at(place)?;
        } else {
            self.set_value_at(place, left.0.to_le_bytes().to_vec());
        }
        let now = self.deposits_mut();
        (now.escrowed, now.paid_out) = (tally.escrowed, tally.paid_out);
        Ok(())
    }
}
