//! Who calls, what came with the call, what the chain says, and the contract's parameters.

use crate::codec::{Datum, decode_all};
use crate::{AccountId, Amount, Hash, memory, raw, trap};

/// Types up to this size are read in one host call; longer ones ask for their length first, because room is
/// charged whether it is used or not.
const READ_AT_ONCE_MAX: usize = 128;

/// What a reader brings, decoded; `None` if it answers below zero. Traps if it is not a `T`.
pub(crate) fn read<T: Datum>(reader: impl Fn(&mut [u8]) -> i32) -> Option<T> {
    read_bytes(T::SIZE_MAX, reader).map(decode_all)
}

/// What a reader brings, for a value of at most `size_max` bytes; `None` if it answers below zero. Traps if there is
/// more than was asked for: an entry of another type is not absent.
pub(crate) fn read_bytes(size_max: usize, reader: impl Fn(&mut [u8]) -> i32) -> Option<&'static [u8]> {
    let size = if size_max <= READ_AT_ONCE_MAX { size_max } else { usize::try_from(reader(&mut [])).ok()? };
    let room = memory::room(size);
    let found = usize::try_from(reader(room)).ok()?;
    Some(room.get(..found).unwrap_or_else(|| trap()))
}

/// The arguments of the method (in the constructor: the parameters), as one tuple.
#[must_use]
pub fn input<T: Datum>() -> T {
    if T::SIZE_MAX == 0 {
        return decode_all(&[]);
    }
    decode_all(input_bytes(T::SIZE_MAX))
}

/// Outlined: one copy serves every method.
#[inline(never)]
fn input_bytes(size_max: usize) -> &'static [u8] {
    read_bytes(size_max, raw::input).unwrap_or_else(|| trap())
}

/// Outlined: one copy serves every parameter.
#[inline(never)]
fn param_bytes(index: u8, size_max: usize) -> &'static [u8] {
    read_bytes(size_max, |out| raw::param(index, out)).unwrap_or_else(|| trap())
}

/// Sets what the call returns; the last one counts.
pub fn output<T: Datum>(value: &T) {
    if T::SIZE_MAX != 0 {
        value.with_bytes(raw::output);
    }
}

/// The account that called: the signer, or the calling contract; all zeros in a query without a caller.
#[must_use]
pub fn caller() -> AccountId {
    AccountId(raw::caller())
}

/// The account that signed the transaction. Not who called: never decide by it what is allowed.
#[must_use]
pub fn origin() -> AccountId {
    AccountId(raw::origin())
}

/// The contract's own address.
#[must_use]
pub fn self_address() -> AccountId {
    AccountId(raw::self_address())
}

/// Native coins that came with the call; they are in [`balance`] already.
#[must_use]
pub fn value() -> Amount {
    Amount(u128::from_le_bytes(raw::value()))
}

/// The contract's native balance that is not in escrow.
#[must_use]
pub fn balance() -> Amount {
    Amount(u128::from_le_bytes(raw::balance()))
}

/// Height of the block.
#[must_use]
pub fn height() -> u64 {
    raw::height()
}

/// Time of the block in milliseconds since the Unix epoch. ASSUMED: the chain agreed on it, nothing proves it.
#[must_use]
pub fn time_ms() -> u64 {
    raw::time_ms()
}

/// Gas left to this call.
#[must_use]
pub fn gas_left() -> u64 {
    raw::gas_left()
}

/// The chain's id: the hash of its genesis header.
#[must_use]
pub fn chain() -> Hash {
    Hash(raw::chain())
}

/// The parameter with this index in the manifest, frozen at instantiation. [`params!`](crate::params) names them.
#[must_use]
pub fn param<T: Datum>(index: u8) -> T {
    decode_all(param_bytes(index, T::SIZE_MAX))
}

/// Holder of the account role with this permanent id; `None` if nobody holds it.
#[must_use]
pub fn role(id: u16) -> Option<AccountId> {
    raw::role(id).map(AccountId)
}
