//! Cells and accounts that belong to the host and to the protocol.
//!
//! Ids of [`FIRST`] and above are refused in manifests: guest code can neither name nor reach these cells.
//!
//! | owner | cell | key | value |
//! | --- | --- | --- | --- |
//! | a contract | [`CONTRACT`] | empty | SCALE [`ContractRecord`] |
//! | a contract | [`ROLES`] | role id u16 LE | holder, 32 bytes |
//! | a contract | [`ROLE_OFFERS`] | role id u16 LE | who it was offered to, 32 bytes |
//! | a contract | [`SUMS`] | cell id u16 LE | sum of the ledger, u128 LE |
//! | a contract | [`COUNTS`] | cell id u16 LE | number of entries, u64 LE |
//! | a contract | [`PARAMS`] | empty | SCALE tuple of the parameters given at instantiation |
//! | a contract | [`STATES`] | machine id u16 LE | id of the state the contract's machine is in, one byte |
//! | a contract | [`NATIVE_ESCROWS`] | holder of the escrow, 33 bytes | coins it holds, u128 LE |
//! | a contract | [`ASSET_ESCROWS`] | holder of the escrow, 33 bytes | SCALE [`AssetEscrow`](super::escrow::AssetEscrow) |
//! | a contract | [`OWNER_COUNTS`] | cell id u16 LE, account | how many of the cell's assets it owns, u64 LE |
//! | a contract | [`SETS`] | role id u16 LE | members of the set: SCALE list of [`SetMember`], ascending |
//! | a contract | [`APPROVALS`] | hash of the call, then the member | height at which it was given, u64 LE |
//! | a contract | [`PROPOSAL`] | empty | SCALE [`UpgradeProposal`] |
//! | [`TOTALS`] | [`TOTALS_CELL`] | `genesis`, `issued`, `burnt` | u128 LE |
//! | [`CODES`] | [`CODES_CELL`] | code hash | SCALE [`CodeRecord`] |
//! | [`PARADIGMS`] | [`PARADIGMS_CELL`] | name, UTF-8 | code hash, 32 bytes |
//! | [`VALIDATORS`] | [`VALIDATORS_CELL`] | empty | SCALE list of [`crate::genesis::Validator`] |
//!
//! [`DEPOSITS`] and [`ESCROWS`] have no cells: their balances are the sums of all deposits and of all native escrows.

use chainstack_primitives::{AccountId, Hash};
use parity_scale_codec::{Decode, Encode};

/// The first reserved cell id.
pub const FIRST: u16 = 0xFF00;
/// The contract's own record, under the empty key.
pub const CONTRACT: u16 = 0xFF00;
/// Holders of account roles.
pub const ROLES: u16 = 0xFF01;
/// Roles offered and not accepted yet.
pub const ROLE_OFFERS: u16 = 0xFF02;
/// Sums that the host keeps over ledgers and summed fields.
pub const SUMS: u16 = 0xFF03;
/// Counts that the host keeps over cells.
pub const COUNTS: u16 = 0xFF04;
/// Parameters frozen at instantiation.
pub const PARAMS: u16 = 0xFF05;
/// States of the machines of the contract itself; that of an item is the first byte of its entry.
pub const STATES: u16 = 0xFF06;
/// Coins in escrow, out of reach of the contract's code.
pub const NATIVE_ESCROWS: u16 = 0xFF07;
/// What escrows of assets of contracts hold.
pub const ASSET_ESCROWS: u16 = 0xFF08;
/// How many unique assets of a cell an account owns.
pub const OWNER_COUNTS: u16 = 0xFF09;
/// Members of set roles.
pub const SETS: u16 = 0xFF0A;
/// Calls that members of sets have approved.
pub const APPROVALS: u16 = 0xFF0B;
/// Other code that is proposed for the contract.
pub const PROPOSAL: u16 = 0xFF0C;
/// Totals of the supply.
pub const TOTALS_CELL: u16 = 0xFF10;
/// The registry of uploaded code.
pub const CODES_CELL: u16 = 0xFF11;
/// The registry of paradigms.
pub const PARADIGMS_CELL: u16 = 0xFF12;
/// The validator set in force.
pub const VALIDATORS_CELL: u16 = 0xFF13;

/// Key in [`TOTALS_CELL`]: base units that exist since genesis.
pub const GENESIS_KEY: &[u8] = b"genesis";
/// Key in [`TOTALS_CELL`]: base units issued since.
pub const ISSUED_KEY: &[u8] = b"issued";
/// Key in [`TOTALS_CELL`]: base units burnt since.
pub const BURNT_KEY: &[u8] = b"burnt";

macro_rules! system_accounts {
    ($($(#[$meta:meta])* $constant:ident = $text:literal, $bytes:expr;)*) => {
        $(
            $(#[$meta])*
            pub const $constant: AccountId = AccountId($bytes);
        )*

        /// Every protocol account with its name.
        pub const ALL: &[(&str, AccountId)] = &[$(($text, $constant),)*];
    };
}

system_accounts! {
    /// Holds the totals of the supply in its storage, and no coins.
    TOTALS = "totals", [
        0x6c, 0x27, 0x00, 0x58, 0xfe, 0x25, 0xa3, 0x7e, 0x4b, 0x3a, 0x8b, 0xe5, 0x86, 0x1e, 0x50, 0x22,
        0x6f, 0xe9, 0x2c, 0x31, 0x80, 0xed, 0xf3, 0x0d, 0xbd, 0xe5, 0xe9, 0xd3, 0x95, 0x53, 0xf9, 0xe3,
    ];
    /// Holds the registry of code in its storage, and no coins.
    CODES = "codes", [
        0xea, 0x20, 0x73, 0xea, 0x44, 0x26, 0xca, 0xe1, 0x29, 0x24, 0xa7, 0xe4, 0x25, 0xfd, 0x7f, 0x22,
        0x8e, 0x96, 0xf0, 0x08, 0x0c, 0x33, 0x6a, 0xe4, 0x97, 0xa5, 0xd7, 0x24, 0x83, 0x0b, 0xea, 0x8e,
    ];
    /// Holds the registry of paradigms in its storage, and no coins.
    PARADIGMS = "paradigms", [
        0x54, 0xb2, 0xf8, 0x0e, 0x17, 0x6f, 0x73, 0xb0, 0x12, 0x46, 0x35, 0xd0, 0x9d, 0xd9, 0xc5, 0xdf,
        0x9b, 0x25, 0x05, 0x16, 0x11, 0x97, 0xe8, 0xb0, 0x78, 0x3e, 0x60, 0x0b, 0x3c, 0x48, 0x1f, 0xd1,
    ];
    /// Holds the validator set in its storage, and no coins.
    VALIDATORS = "validators", [
        0x37, 0xbb, 0xe6, 0x1d, 0x89, 0xbb, 0xc4, 0xf6, 0x60, 0x36, 0x4c, 0xd4, 0xe0, 0x8b, 0x10, 0xf6,
        0x97, 0xd4, 0x43, 0xd4, 0x15, 0x69, 0x29, 0xa4, 0x69, 0xac, 0x0f, 0xd6, 0xec, 0x86, 0x01, 0xd1,
    ];
    /// Holds all coins in escrow as its balance.
    ESCROWS = "escrows", [
        0x06, 0x79, 0x39, 0x49, 0x91, 0x05, 0xde, 0x8f, 0xd5, 0x47, 0xe4, 0x3e, 0x23, 0x0d, 0x02, 0x22,
        0x94, 0x32, 0x3e, 0xda, 0xbe, 0x07, 0x95, 0xc6, 0x77, 0xdf, 0x81, 0x20, 0xc6, 0x5f, 0x82, 0x85,
    ];
    /// Holds all locked deposits as its balance.
    DEPOSITS = "deposits", [
        0x8a, 0x6b, 0x84, 0x03, 0xe8, 0xa7, 0xed, 0x54, 0xe7, 0x50, 0x87, 0x88, 0x67, 0xab, 0x00, 0xff,
        0xc4, 0x99, 0x46, 0x15, 0x6a, 0x04, 0xf9, 0xce, 0x56, 0x3e, 0xd3, 0x84, 0x23, 0x0f, 0xaf, 0xfe,
    ];
}

/// Whether `id` is an account of the protocol itself. No key signs for one and none accepts a transfer.
#[must_use]
pub fn is_system(id: &AccountId) -> bool {
    ALL.iter().any(|(_, account)| account == id)
}

/// Under [`CONTRACT`]: what a contract is.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ContractRecord {
    /// Hash of the uploaded code it runs.
    pub code: Hash,
    /// Hash of its manifest.
    pub manifest: Hash,
    /// Who instantiated it.
    pub creator: AccountId,
    /// 1 at instantiation, one more with each upgrade.
    pub version: u32,
}

/// In the list under [`SETS`]: a member of a set role.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct SetMember {
    /// Who.
    pub account: AccountId,
    /// The first height at which an approval of his counts: 0 for the first members, for one who was added the block
    /// after. So what somebody approved before he was put out and taken in again never counts.
    pub since: u64,
}

/// Under [`PROPOSAL`]: code that is to replace a contract's.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct UpgradeProposal {
    /// Hash of the uploaded code.
    pub code: Hash,
    /// Height at which it was proposed.
    pub proposed: u64,
    /// Who proposed it.
    pub proposer: AccountId,
}

/// Under [`CODES_CELL`]: what is known of uploaded code.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct CodeRecord {
    /// Size of the code as uploaded, in bytes.
    pub size: u32,
    /// Hash of the manifest it carries.
    pub manifest: Hash,
    /// Who uploaded it and pays its deposit.
    pub payer: AccountId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_accounts_are_the_hashes_of_their_names() {
        for (name, id) in ALL {
            assert_eq!(*id, AccountId::system(name), "{name}");
            assert!(is_system(id));
        }
        assert!(!is_system(&AccountId::ZERO));
    }
}
