//! Other contracts and accounts: invoke, notify, pay.

use crate::codec::{Datum, decode_all};
use crate::{AccountId, Amount, env, raw, status};

/// Why a call of another contract did not complete: everything the callee did is undone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallError {
    /// The callee reverted with a declared error.
    Reverted {
        /// Permanent id of the error, in the callee's manifest.
        error: u16,
        /// SCALE tuple of the error's fields.
        fields: &'static [u8],
    },
    /// Anything else, with its stable code: 2 trap, 3 out of gas, 7 no contract, 100 and above refused by the
    /// callee's declared machine.
    Failed(u32),
}

/// Calls `method` of `contract` with `value` coins, inside this method's declared `calls` and `sends`, with at most
/// `gas` and at most 63/64 of the gas left.
///
/// # Errors
/// [`CallError`]; the callee's effects, the coins among them, are undone.
pub fn invoke<T: Datum>(
    contract: &AccountId,
    method: &str,
    args: &impl Datum,
    value: Amount,
    gas: u64,
) -> Result<T, CallError> {
    match args.with_bytes(|args| raw::invoke(&contract.0, method, args, value.0, gas)) {
        status::OK if T::SIZE_MAX == 0 => Ok(decode_all(&[])),
        status::OK => Ok(env::read(raw::result).unwrap_or_else(|| crate::trap())),
        status::REVERTED => {
            let bytes = env::read_bytes(usize::MAX, raw::result).and_then(|bytes| bytes.split_first_chunk());
            match bytes {
                Some((id, fields)) => Err(CallError::Reverted { error: u16::from_le_bytes(*id), fields }),
                None => Err(CallError::Failed(status::REVERTED)),
            }
        }
        code => Err(CallError::Failed(code)),
    }
}

/// Queues a call without value, inside this method's declared `notifies`, that runs after this method has ended.
/// If it fails or does not return exactly `expected`, this whole call is undone.
pub fn notify(contract: &AccountId, method: &str, args: &impl Datum, expected: &impl Datum) {
    args.with_bytes(|args| {
        expected.with_bytes(|expected| raw::notify(&contract.0, method, args, expected));
    });
}

/// Why a payment was not made; nothing changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PayError {
    /// The contract's balance outside escrow is less than the amount.
    InsufficientBalance,
    /// The receiving balance would pass the greatest amount.
    BalanceOverflow,
    /// The receiver is the all-zero account.
    ZeroAddress,
    /// The receiver is an account of the protocol itself, which takes no payments.
    ProtocolAddress,
}

impl PayError {
    /// What a status of the host's `transfer` says.
    pub(crate) fn check(status: u32) -> Result<(), Self> {
        match status {
            status::OK => Ok(()),
            status::INSUFFICIENT_BALANCE => Err(Self::InsufficientBalance),
            status::BALANCE_OVERFLOW => Err(Self::BalanceOverflow),
            status::ZERO_ADDRESS => Err(Self::ZeroAddress),
            status::PROTOCOL_ADDRESS => Err(Self::ProtocolAddress),
            _ => crate::trap(),
        }
    }
}

/// Pays native coins of the contract to `to`, inside this method's declared `sends`, together with those that go out
/// with calls. Runs no code of the receiver.
///
/// # Errors
/// [`PayError`]; nothing changed.
pub fn pay(to: &AccountId, amount: Amount) -> Result<(), PayError> {
    PayError::check(raw::transfer(&to.0, amount.0))
}
