//! Status codes that host functions answer, of the chain's one table of codes.

/// It was done.
pub(crate) const OK: u32 = 0;
/// The called contract refused with a declared error.
pub(crate) const REVERTED: u32 = 1;
/// The balance is less than the amount.
pub(crate) const INSUFFICIENT_BALANCE: u32 = 4;
/// The receiving balance would pass the greatest amount.
pub(crate) const BALANCE_OVERFLOW: u32 = 5;
/// The receiver is the all-zero account.
pub(crate) const ZERO_ADDRESS: u32 = 11;
/// The receiver is an account of the protocol itself.
pub(crate) const PROTOCOL_ADDRESS: u32 = 16;
/// There is no such entry.
pub(crate) const ITEM_NOT_FOUND: u32 = 127;
/// The unique asset is in an escrow.
pub(crate) const ESCROWED: u32 = 148;
/// The unique asset belongs to somebody else.
pub(crate) const NOT_OWNER: u32 = 149;
