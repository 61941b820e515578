//! The expression language of guards, windows, effects and invariants, as flat postfix nodes.
//!
//! Total by construction: no loops, no calls, at most 64 nodes and 8 reads of state. Evaluation is on a
//! stack of typed values; unsigned and signed integers have 128 bits and never mix without a conversion.

use parity_scale_codec::{Decode, Encode};

use super::Name;
use super::limits::{EXPRESSION_NODES_MAX, KEY_SIZE_MAX, STATES_MAX};
use crate::{AccountId, BoundedVec, Bytes, Hash};

/// A postfix expression that leaves exactly one value.
pub type Expression = BoundedVec<Node, EXPRESSION_NODES_MAX>;

/// One step of an expression. Operands are taken from the stack, the last pushed is the right one.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Node {
    /// A truth value.
    #[codec(index = 0)]
    Bool(bool),
    /// An unsigned number.
    #[codec(index = 1)]
    Uint(u128),
    /// A signed number.
    #[codec(index = 2)]
    Int(i128),
    /// An account.
    #[codec(index = 3)]
    Account(AccountId),
    /// A digest.
    #[codec(index = 4)]
    Hash(Hash),
    /// An argument of the method, by index.
    #[codec(index = 5)]
    Arg(u8),
    /// A parameter of the contract, by index.
    #[codec(index = 6)]
    Param(u8),
    /// The immediate invoker; in an exit, who poked.
    #[codec(index = 7)]
    Caller,
    /// Who signed the transaction.
    #[codec(index = 8)]
    Origin,
    /// The contract itself.
    #[codec(index = 9)]
    SelfAddress,
    /// Native value sent with the call.
    #[codec(index = 10)]
    Value,
    /// Time of the block in milliseconds (unsigned).
    #[codec(index = 11)]
    Time,
    /// Height of the block (unsigned).
    #[codec(index = 12)]
    Height,
    /// A key field of the bound item, by index.
    #[codec(index = 13)]
    ItemKey(u8),
    /// A head field of the bound item, by index.
    #[codec(index = 14)]
    Head(u8),
    /// The owner of the bound item of an `asset = unique` cell.
    #[codec(index = 15)]
    Owner,
    /// A head field of a `value` cell.
    #[codec(index = 16)]
    ValueHead {
        /// The cell.
        cell: u16,
        /// The head field.
        field: u8,
    },
    /// A head field of a `map` entry with a constant key.
    #[codec(index = 17)]
    EntryHead {
        /// The cell.
        cell: u16,
        /// The key: the canonical tuple of the cell's key fields.
        key: Bytes<KEY_SIZE_MAX>,
        /// The head field.
        field: u8,
    },
    /// The balance of a `ledger` entry with a constant key.
    #[codec(index = 18)]
    LedgerEntry {
        /// The cell.
        cell: u16,
        /// The key: the canonical tuple of the cell's key fields.
        key: Bytes<KEY_SIZE_MAX>,
    },
    /// Sum of a `ledger` with `sum`.
    #[codec(index = 19)]
    LedgerSum(u16),
    /// Sum of a head field with `sum` over a `map`.
    #[codec(index = 20)]
    HeadSum {
        /// The cell.
        cell: u16,
        /// The head field.
        field: u8,
    },
    /// Count of entries of a cell with `count`.
    #[codec(index = 21)]
    Count(u16),
    /// What an escrow cell holds for the bound item (of the contract, if the cell has no item).
    #[codec(index = 22)]
    Escrowed(u16),
    /// Un-escrowed native balance of the contract.
    #[codec(index = 23)]
    Balance,
    /// Whether a machine is in one of these states.
    #[codec(index = 24)]
    InState {
        /// The machine.
        machine: u16,
        /// The states.
        states: BoundedVec<u8, STATES_MAX>,
    },
    /// Whether the caller holds this role (for a set: is a member).
    #[codec(index = 25)]
    Member(u16),
    /// Whether as many members of this set role as its threshold approved the call: in guards of transitions only.
    #[codec(index = 26)]
    Quorum(u16),
    /// `a + b`.
    #[codec(index = 32)]
    Add,
    /// `a − b`.
    #[codec(index = 33)]
    Sub,
    /// `a · b`.
    #[codec(index = 34)]
    Mul,
    /// `a / b`, towards zero.
    #[codec(index = 35)]
    Div,
    /// Remainder of `a / b`.
    #[codec(index = 36)]
    Rem,
    /// `floor(a · b / c)` of unsigned numbers with the product in 256 bits.
    #[codec(index = 37)]
    MulDiv,
    /// The lesser.
    #[codec(index = 38)]
    Min,
    /// The greater.
    #[codec(index = 39)]
    Max,
    /// `a = b`, of any one type.
    #[codec(index = 40)]
    Equal,
    /// `a ≠ b`, of any one type.
    #[codec(index = 41)]
    NotEqual,
    /// `a < b`.
    #[codec(index = 42)]
    Less,
    /// `a ≤ b`.
    #[codec(index = 43)]
    LessEqual,
    /// `a > b`.
    #[codec(index = 44)]
    Greater,
    /// `a ≥ b`.
    #[codec(index = 45)]
    GreaterEqual,
    /// Both.
    #[codec(index = 46)]
    And,
    /// Either.
    #[codec(index = 47)]
    Or,
    /// The opposite truth value.
    #[codec(index = 48)]
    Not,
    /// Condition, then the value if it holds, then the value if not; both are evaluated.
    #[codec(index = 49)]
    If,
    /// Unsigned to signed; refuses past the greatest signed number.
    #[codec(index = 50)]
    ToInt,
    /// Signed to unsigned; refuses below zero.
    #[codec(index = 51)]
    ToUint,
}

impl Node {
    /// Whether evaluating the node reads the bound item, which is read once for all such nodes.
    #[must_use]
    pub const fn reads_item(&self) -> bool {
        matches!(self, Self::Head(_) | Self::Owner)
    }

    /// Whether evaluating the node reads an entry of state of its own.
    #[must_use]
    pub const fn reads_entry(&self) -> bool {
        matches!(
            self,
            Self::ValueHead { .. }
                | Self::EntryHead { .. }
                | Self::LedgerEntry { .. }
                | Self::LedgerSum(_)
                | Self::HeadSum { .. }
                | Self::Count(_)
                | Self::Escrowed(_)
                | Self::Balance
                | Self::InState { .. }
                | Self::Member(_)
                | Self::Quorum(_)
        )
    }
}

/// Reads of state that evaluating `expression` takes, at most.
#[must_use]
pub fn state_reads(expression: &[Node]) -> usize {
    let entries = expression.iter().filter(|node| node.reads_entry()).count();
    let item = usize::from(expression.iter().any(Node::reads_item));
    entries.saturating_add(item)
}

/// Type of a value on the evaluation stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExpressionType {
    /// A truth value.
    Bool,
    /// Unsigned, 128 bits.
    Uint,
    /// Signed, 128 bits.
    Int,
    /// An account.
    Account,
    /// A digest.
    Hash,
}

/// A property of the contract that holds whenever no frame of it is running.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Invariant {
    /// Permanent id.
    pub id: u16,
    /// Name.
    pub name: Name,
    /// For people.
    pub doc: super::Doc,
    /// The property, over aggregates, constant-key reads, own states and native balance.
    pub rule: Expression,
}
