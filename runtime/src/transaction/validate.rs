//! Which transactions may be included: `Transaction` → [`VerifiedTransaction`] → [`ValidTransaction`].
//!
//! Cheap checks come first. [`decode`] and [`stateless`] need no state and no cryptography; the signature makes
//! the second type; [`at_turn`] looks at the signer's account when the transaction's turn in a block has come
//! and makes the third.

use chainstack_primitives::{
    Account, AccountId, Amount, BatchCall, Body, Call, ChainId, Gas, Height, Transaction,
    signature::SignatureError,
    transaction::{TRANSACTION_SIZE_MAX, TRANSACTION_VERSION, VALIDITY_MAX},
};

use super::{TransactionRefused, VerifiedTransaction, fee::price_per_gas};
use crate::{block::BlockInfo, params::Schedule, state::reserved};

/// Decodes a transaction from outside.
///
/// # Errors
/// [`TransactionRefused::TooLong`] or [`TransactionRefused::Malformed`].
pub fn decode(bytes: &[u8]) -> Result<Transaction, TransactionRefused> {
    Ok(Transaction::decode_all(bytes)?)
}

/// What a transaction has set aside at its turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reservation {
    /// Gas limit × max fee per gas: taken before execution, what is unused is returned.
    pub fee: Amount,
    /// What the calls move from the signer at once; stays free until they do.
    pub value: Amount,
    /// The most that may be locked as deposits: taken before execution, what is unused is returned.
    pub deposit: Amount,
    /// The sum of the three.
    pub total: Amount,
}

/// Computes what `body` has set aside.
///
/// # Errors
/// [`TransactionRefused::AmountOverflow`] if the sum passes the greatest amount.
pub fn reservation(body: &Body) -> Result<Reservation, TransactionRefused> {
    let compute = || {
        let fee = body.max_fee_per_gas.checked_mul(u128::from(body.gas_limit.0))?;
        let value = call_value(&body.call)?;
        let total = fee.checked_add(value)?.checked_add(body.max_deposit)?;
        Some(Reservation { fee, value, deposit: body.max_deposit, total })
    };
    compute().ok_or(TransactionRefused::AmountOverflow)
}

pub(crate) fn call_value(call: &Call) -> Option<Amount> {
    match call {
        Call::Transfer { amount, .. } => Some(*amount),
        Call::Instantiate(instantiate) => Some(instantiate.value),
        Call::Invoke(invoke) => Some(invoke.value),
        Call::Batch(calls) => calls.iter().try_fold(Amount::ZERO, |total, call| {
            let value = match call {
                BatchCall::Transfer { amount, .. } => *amount,
                BatchCall::Instantiate(instantiate) => instantiate.value,
                BatchCall::Invoke(invoke) => invoke.value,
                BatchCall::Poke(_) => Amount::ZERO,
            };
            total.checked_add(value)
        }),
        _ => Some(Amount::ZERO),
    }
}

/// Gas that `body` owes before anything runs, in a transaction of `size_bytes`; `None` past 64 bits.
#[must_use]
pub fn intrinsic_gas(schedule: &Schedule, body: &Body, size_bytes: usize) -> Option<Gas> {
    let prices = &schedule.intrinsic;
    let size = u64::try_from(size_bytes).ok()?;
    let base = prices.transaction.checked_add(prices.signature)?;
    let base = base.checked_add(prices.per_byte.checked_mul(size)?)?;
    let calls = match &body.call {
        Call::Transfer { .. } => prices.transfer,
        Call::Upload { code } => {
            let size = u64::try_from(code.len()).ok()?;
            prices.upload_per_byte.checked_mul(size)?.checked_add(prices.upload)?
        }
        Call::Instantiate(_) => prices.instantiate,
        Call::Invoke(_) => prices.invoke,
        Call::Poke(_) => prices.poke,
        Call::Batch(calls) => calls.iter().try_fold(0u64, |total, call| {
            total.checked_add(match call {
                BatchCall::Transfer { .. } => prices.transfer,
                BatchCall::Instantiate(_) => prices.instantiate,
                BatchCall::Invoke(_) => prices.invoke,
                BatchCall::Poke(_) => prices.poke,
            })
        })?,
        // A call of a later protocol version; dispatch refuses it.
        _ => 0,
    };
    base.checked_add(calls).map(Gas)
}

/// Checks what needs neither state nor cryptography: format, chain, signer's key against zero, size, gas limits,
/// amounts.
///
/// # Errors
/// In this order: [`TransactionRefused::Version`], [`TransactionRefused::WrongChain`],
/// [`TransactionRefused::Signature`] for the all-zero key, [`TransactionRefused::TooLong`],
/// [`TransactionRefused::EmptyBatch`], [`TransactionRefused::GasLimitTooHigh`],
/// [`TransactionRefused::GasLimitTooLow`], [`TransactionRefused::AmountOverflow`].
pub fn stateless(
    schedule: &Schedule,
    chain: &ChainId,
    transaction: &Transaction,
    size_bytes: usize,
) -> Result<(), TransactionRefused> {
    let Transaction { body, signer, .. } = transaction;
    if body.version != TRANSACTION_VERSION {
        return Err(TransactionRefused::Version { expected: TRANSACTION_VERSION, found: body.version });
    }
    if body.chain != *chain {
        return Err(TransactionRefused::WrongChain { expected: *chain, found: body.chain });
    }
    if signer.is_zero() {
        return Err(SignatureError::ZeroKey.into());
    }
    limits(schedule, body, size_bytes)?;
    reservation(body).map(|_| ())
}

fn limits(schedule: &Schedule, body: &Body, size_bytes: usize) -> Result<(), TransactionRefused> {
    // A rule of the chain as well as of decoding: a transaction inside a block is decoded with the block.
    if size_bytes > TRANSACTION_SIZE_MAX {
        return Err(TransactionRefused::TooLong { found: size_bytes, limit: TRANSACTION_SIZE_MAX });
    }
    if matches!(&body.call, Call::Batch(calls) if calls.is_empty()) {
        return Err(TransactionRefused::EmptyBatch);
    }
    let (found, limit) = (body.gas_limit, schedule.block.gas_limit);
    if found > limit {
        return Err(TransactionRefused::GasLimitTooHigh { limit, found });
    }
    match intrinsic_gas(schedule, body, size_bytes) {
        Some(required) if required <= found => Ok(()),
        required => {
            Err(TransactionRefused::GasLimitTooLow { required: required.unwrap_or(Gas(u64::MAX)), found })
        }
    }
}

/// Checks that `height` is inside the body's window: `height ≤ valid_until ≤ height + 4096`.
///
/// # Errors
/// [`TransactionRefused::Expired`] or [`TransactionRefused::ValidTooFar`].
pub fn window(body: &Body, height: Height) -> Result<(), TransactionRefused> {
    let valid_until = body.valid_until;
    if valid_until < height {
        return Err(TransactionRefused::Expired { valid_until, height });
    }
    // Past 64 bits nothing is too far.
    let limit = height.checked_add(VALIDITY_MAX).unwrap_or(Height(u64::MAX));
    if valid_until > limit {
        return Err(TransactionRefused::ValidTooFar { valid_until, limit });
    }
    Ok(())
}

/// A transaction whose turn has come and that may be included: everything was checked but what it does.
#[derive(Clone, Debug)]
pub struct ValidTransaction<'a> {
    verified: &'a VerifiedTransaction,
    reservation: Reservation,
    price: Amount,
    intrinsic: Gas,
}

impl<'a> ValidTransaction<'a> {
    /// The transaction.
    #[must_use]
    pub const fn verified(&self) -> &'a VerifiedTransaction {
        self.verified
    }

    /// What it sets aside.
    #[must_use]
    pub const fn reservation(&self) -> &Reservation {
        &self.reservation
    }

    /// What it pays per gas.
    #[must_use]
    pub const fn price(&self) -> Amount {
        self.price
    }

    /// Gas due before anything runs.
    #[must_use]
    pub const fn intrinsic(&self) -> Gas {
        self.intrinsic
    }
}

/// Checks everything at the transaction's turn in a block, with the signer's `account` as it is then and
/// `gas_left` in the block. Changes nothing.
///
/// # Errors
/// Those of [`stateless`], then in this order: [`TransactionRefused::SignerIsContract`], the nonce's, the
/// window's, [`TransactionRefused::FeeBelowBase`], [`TransactionRefused::BlockFull`],
/// [`TransactionRefused::InsufficientFunds`].
pub fn at_turn<'a>(
    schedule: &Schedule,
    block: &BlockInfo,
    gas_left: Gas,
    account: &Account,
    verified: &'a VerifiedTransaction,
) -> Result<ValidTransaction<'a>, TransactionRefused> {
    let (transaction, size_bytes) = (verified.transaction(), verified.size_bytes());
    let (reservation, price) = check(schedule, block, gas_left, account, transaction, size_bytes)?;
    // `check` has found it to fit.
    let intrinsic = intrinsic_gas(schedule, verified.body(), size_bytes).unwrap_or(verified.body().gas_limit);
    Ok(ValidTransaction { verified, reservation, price, intrinsic })
}

/// As [`at_turn`] in an empty block, of a transaction whose signature is not looked at: why it could not be
/// included, if so.
#[must_use]
pub fn refusal(
    schedule: &Schedule,
    block: &BlockInfo,
    account: &Account,
    transaction: &Transaction,
    size_bytes: usize,
) -> Option<TransactionRefused> {
    check(schedule, block, schedule.block.gas_limit, account, transaction, size_bytes).err()
}

/// All checks but the signature's: what is reserved, and the price per gas.
fn check(
    schedule: &Schedule,
    block: &BlockInfo,
    gas_left: Gas,
    account: &Account,
    transaction: &Transaction,
    size_bytes: usize,
) -> Result<(Reservation, Amount), TransactionRefused> {
    let body = &transaction.body;
    stateless(schedule, &block.chain, transaction, size_bytes)?;
    signer_may_sign(&transaction.signer, account)?;
    nonce(body, account)?;
    window(body, block.height)?;
    let (base_fee, max_fee) = (block.base_fee, body.max_fee_per_gas);
    let price = price_per_gas(base_fee, max_fee, body.tip_per_gas)
        .ok_or(TransactionRefused::FeeBelowBase { base_fee, max_fee })?;
    if body.gas_limit > gas_left {
        return Err(TransactionRefused::BlockFull { left: gas_left, found: body.gas_limit });
    }
    let reservation = reservation(body)?;
    if account.balance < reservation.total {
        return Err(TransactionRefused::InsufficientFunds {
            required: reservation.total,
            found: account.balance,
        });
    }
    Ok((reservation, price))
}

fn signer_may_sign(signer: &AccountId, account: &Account) -> Result<(), TransactionRefused> {
    if account.is_contract() || reserved::is_system(signer) {
        return Err(TransactionRefused::SignerIsContract);
    }
    Ok(())
}

fn nonce(body: &Body, account: &Account) -> Result<(), TransactionRefused> {
    let (expected, found) = (account.nonce, body.nonce);
    if found < expected {
        return Err(TransactionRefused::NonceTooLow { expected, found });
    }
    if found > expected {
        return Err(TransactionRefused::NonceTooHigh { expected, found });
    }
    if expected.checked_add(1).is_none() {
        return Err(TransactionRefused::NonceExhausted);
    }
    Ok(())
}
