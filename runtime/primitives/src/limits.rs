//! Published limits: a row for the page of limits, and the rows of what crosses the wire.
//!
//! Each room keeps the rows of its own limits in a table beside them; the node's page shows every table. The test
//! of a table has a case for each of its rows, at the limit and one past it, and fails if one is missing.

use crate::{
    block::{BLOCK_SIZE_MAX, BLOCK_TRANSACTIONS_MAX, COMMIT_SIZE_MAX},
    codec::DEPTH_MAX,
    merkle::{LEAVES_MAX, PROOF_HASHES_MAX},
    receipt::{EVENT_SIZE_MAX, REVERT_PAYLOAD_MAX},
    transaction::{
        ARGS_SIZE_MAX, BATCH_CALLS_MAX, CODE_SIZE_MAX, ITEM_SIZE_MAX, METHOD_NAME_MAX, PARADIGM_NAME_MAX,
        SALT_SIZE_MAX, SENDS_MAX, TRANSACTION_SIZE_MAX, VALIDITY_MAX,
    },
};

/// One published limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// Stable name, as a rule that of its constant.
    pub name: &'static str,
    /// The greatest value that is accepted; the least, where the name says `MIN`.
    pub value: u64,
    /// What is counted.
    pub unit: &'static str,
    /// What is bounded, and where it is not plain, why.
    pub what: &'static str,
}

impl Limit {
    /// The limit as a `usize`.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.value as usize
    }

    /// `found` if it is above the limit.
    #[must_use]
    pub fn exceeded(&self, found: usize) -> Option<u64> {
        let found = u64::try_from(found).unwrap_or(u64::MAX);
        (found > self.value).then_some(found)
    }
}

/// A table of limits from the constants that hold: `NAME, "unit", "what is bounded";` for each.
#[macro_export]
macro_rules! limit_table {
    ($($name:ident, $unit:literal, $what:literal;)*) => {
        &[$($crate::limits::Limit {
            name: stringify!($name),
            value: $name as u64,
            unit: $unit,
            what: $what,
        }),*]
    };
}

/// Limits of transactions, blocks, receipts and their proofs.
pub const LIMITS: &[Limit] = limit_table! {
    TRANSACTION_SIZE_MAX, "bytes", "encoded transaction";
    CODE_SIZE_MAX, "bytes", "uploaded code";
    ARGS_SIZE_MAX, "bytes", "arguments of one call";
    SALT_SIZE_MAX, "bytes", "salt of an instantiation";
    METHOD_NAME_MAX, "bytes", "method's name in a call";
    PARADIGM_NAME_MAX, "bytes", "paradigm's name in an instantiation";
    BATCH_CALLS_MAX, "calls", "calls of a batch";
    SENDS_MAX, "assets", "assets consented to in one call";
    ITEM_SIZE_MAX, "bytes", "item key of a poke";
    VALIDITY_MAX, "blocks", "blocks ahead that `valid_until` may name";
    EVENT_SIZE_MAX, "bytes", "data of an event";
    REVERT_PAYLOAD_MAX, "bytes", "payload of a revert: the error's id and fields";
    BLOCK_SIZE_MAX, "bytes", "encoded block";
    BLOCK_TRANSACTIONS_MAX, "transactions", "transactions of a block";
    COMMIT_SIZE_MAX, "bytes", "evidence that a block was decided";
    LEAVES_MAX, "leaves", "leaves of a tree of transactions, receipts or events";
    PROOF_HASHES_MAX, "hashes", "hashes of a proof in such a tree";
    DEPTH_MAX, "levels", "nesting of encoded values";
};
