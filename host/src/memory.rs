//! Checked ranges of a contract's memory.

use chainstack_engine::Guest;
use chainstack_primitives::{AccountId, Amount, codes};
use chainstack_runtime::ports::Failure;

/// A word of the Wasm boundary as the 32-bit number it carries.
pub(crate) fn word(argument: u64) -> u32 {
    // The engine masks 32-bit arguments; the cut is only for the type.
    u32::try_from(argument & 0xffff_ffff).unwrap_or(u32::MAX)
}

fn outside(guest: &Guest<'_>, pointer: u32, length: u32) -> Failure {
    let size = guest.memory().len();
    let text = format!("{length} bytes at {pointer} found, memory has {size} bytes");
    Failure::new(codes::BAD_HOST_ARGUMENT, text)
}

/// The bytes at `pointer`, of which a function takes at most `limit`.
pub(crate) fn read<'g>(
    guest: &'g Guest<'_>,
    pointer: u64,
    length: u64,
    limit: u32,
) -> Result<&'g [u8], Failure> {
    let (pointer, length) = (word(pointer), word(length));
    if length > limit {
        let text = format!("length {length} found, at most {limit} allowed");
        return Err(Failure::new(codes::BAD_HOST_ARGUMENT, text));
    }
    guest.bytes(pointer, length).ok_or_else(|| outside(guest, pointer, length))
}

/// Exactly `N` bytes at `pointer`.
pub(crate) fn read_array<const N: usize>(guest: &Guest<'_>, pointer: u64) -> Result<[u8; N], Failure> {
    let pointer = word(pointer);
    let length = u32::try_from(N).unwrap_or(u32::MAX);
    let bytes = guest.bytes(pointer, length).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| outside(guest, pointer, length))
}

/// An account at `pointer`.
pub(crate) fn read_account(guest: &Guest<'_>, pointer: u64) -> Result<AccountId, Failure> {
    read_array(guest, pointer).map(AccountId)
}

/// An amount at `pointer`.
pub(crate) fn read_amount(guest: &Guest<'_>, pointer: u64) -> Result<Amount, Failure> {
    read_array(guest, pointer).map(|bytes| Amount(u128::from_le_bytes(bytes)))
}

/// Checks that `length` bytes at `pointer` may be written.
pub(crate) fn check(guest: &Guest<'_>, pointer: u64, length: u64) -> Result<(), Failure> {
    let (pointer, length) = (word(pointer), word(length));
    guest.bytes(pointer, length).map(|_| ()).ok_or_else(|| outside(guest, pointer, length))
}

/// Writes all of `bytes` at `pointer`.
pub(crate) fn write(guest: &mut Guest<'_>, pointer: u64, bytes: &[u8]) -> Result<(), Failure> {
    let pointer = word(pointer);
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    match guest.bytes_mut(pointer, length) {
        Some(room) => {
            room.copy_from_slice(bytes);
            Ok(())
        }
        None => Err(outside(guest, pointer, length)),
    }
}

/// Writes the first `capacity` of `bytes` at `pointer`. The whole range must lie inside memory.
pub(crate) fn write_prefix(
    guest: &mut Guest<'_>,
    pointer: u64,
    capacity: u64,
    bytes: &[u8],
) -> Result<(), Failure> {
    let (pointer, capacity) = (word(pointer), word(capacity));
    match guest.bytes_mut(pointer, capacity) {
        Some(room) => {
            room.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            Ok(())
        }
        None => Err(outside(guest, pointer, capacity)),
    }
}
