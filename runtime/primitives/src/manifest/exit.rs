//! Exits: ways out that the host runs from data, without Wasm.

use parity_scale_codec::{Decode, Encode};

use super::limits::{EFFECTS_MAX, FIELDS_MAX, KEY_FIELDS_MAX};
use super::{Doc, Expression, KeyTerm, Name, StateSets, Window};
use crate::BoundedVec;

/// A way out, run by `Poke` and charged to who pokes.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Exit {
    /// Permanent id.
    pub id: u16,
    /// Name.
    pub name: Name,
    /// For people.
    pub doc: Doc,
    /// The map whose item it concerns; none: the contract.
    pub item: Option<u16>,
    /// States it may be taken from; all sets must hold.
    pub from: StateSets,
    /// When it is open.
    pub window: Option<Window>,
    /// What must hold.
    pub guard: Option<Expression>,
    /// What it does, in order.
    pub effects: BoundedVec<Effect, EFFECTS_MAX>,
    /// The machine it moves and the state it moves it to.
    pub to: Option<ExitTarget>,
    /// What it announces.
    pub event: Option<ExitEvent>,
}

/// Where an exit leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ExitTarget {
    /// The machine.
    pub machine: u16,
    /// Id of the state.
    pub state: u8,
}

/// What an exit announces.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ExitEvent {
    /// Id of the event.
    pub event: u16,
    /// One expression for each of its fields.
    pub fields: BoundedVec<Expression, FIELDS_MAX>,
}

/// One effect of an exit. Accounts are key terms over parameters, caller, self, item key and head.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Effect {
    /// Pays out of an escrow.
    #[codec(index = 0)]
    Release {
        /// The escrow cell.
        escrow: u16,
        /// How much; none: all it holds. What is paid is the lesser of this and what is held.
        amount: Option<Expression>,
        /// Who gets it.
        to: KeyTerm,
        /// Who gets what is left, if `amount` is given; none: it stays.
        remainder: Option<KeyTerm>,
    },
    /// Sets a head field of the bound item.
    #[codec(index = 1)]
    SetHead {
        /// The field.
        field: u8,
        /// Its new value.
        value: Expression,
    },
    /// Removes the bound item; its deposit goes back to its payer.
    #[codec(index = 2)]
    DeleteItem,
    /// Adds to an entry of an own ledger: at most what it and the ledger's sum can still take.
    #[codec(index = 3)]
    LedgerAdd {
        /// The ledger.
        cell: u16,
        /// The key.
        key: BoundedVec<KeyTerm, KEY_FIELDS_MAX>,
        /// How much.
        amount: Expression,
    },
    /// Takes from an entry of an own ledger: at most what it holds.
    #[codec(index = 4)]
    LedgerSub {
        /// The ledger.
        cell: u16,
        /// The key.
        key: BoundedVec<KeyTerm, KEY_FIELDS_MAX>,
        /// How much.
        amount: Expression,
    },
    /// Moves between entries of an own ledger: at most what the one holds and the other can still take.
    #[codec(index = 5)]
    LedgerMove {
        /// The ledger.
        cell: u16,
        /// The key it is taken from.
        from: BoundedVec<KeyTerm, KEY_FIELDS_MAX>,
        /// The key it is given to.
        to: BoundedVec<KeyTerm, KEY_FIELDS_MAX>,
        /// How much.
        amount: Expression,
    },
    /// Pays un-escrowed native balance: at most what there is.
    #[codec(index = 6)]
    Pay {
        /// Who gets it.
        to: KeyTerm,
        /// How much.
        amount: Expression,
    },
}

impl Effect {
    /// What this computes: its amount, or the new value of a field.
    #[must_use]
    pub const fn computes(&self) -> Option<&Expression> {
        match self {
            Self::Release { amount, .. } => amount.as_ref(),
            Self::SetHead { value: amount, .. }
            | Self::LedgerAdd { amount, .. }
            | Self::LedgerSub { amount, .. }
            | Self::LedgerMove { amount, .. }
            | Self::Pay { amount, .. } => Some(amount),
            Self::DeleteItem => None,
        }
    }

    /// The ledger in which this may create an entry.
    #[must_use]
    pub const fn fills(&self) -> Option<u16> {
        match self {
            Self::LedgerAdd { cell, .. } | Self::LedgerMove { cell, .. } => Some(*cell),
            Self::Release { .. }
            | Self::SetHead { .. }
            | Self::DeleteItem
            | Self::LedgerSub { .. }
            | Self::Pay { .. } => None,
        }
    }
}
