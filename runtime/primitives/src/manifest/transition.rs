//! Transitions and views: the methods, and everything a call of them may do.

use parity_scale_codec::{Decode, Encode};

use super::limits::{
    CALLER_ROLES_MAX, CALLS_MAX, ERRORS_MAX, ESCROWS_MAX, EVENTS_MAX, KEY_FIELDS_MAX, KEY_SIZE_MAX,
    NOTIFIES_MAX, SENDS_MAX, TOUCHES_MAX, VIEW_READS_MAX,
};
use super::{AssetRef, Doc, Expression, Fields, Name, StateSets, Type};
use crate::{Amount, BoundedVec, Bytes, Gas};

/// A method that may change state. Anything outside its declaration is refused.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Transition {
    /// Name of the exported function: a lower-case letter, then lower-case letters, digits and `_`.
    pub method: Name,
    /// For people.
    pub doc: Doc,
    /// When it runs.
    pub kind: TransitionKind,
    /// Arguments; `input` is their SCALE tuple. The constructor declares none: it gets the parameters.
    pub args: Fields,
    /// What it returns.
    pub returns: Option<Type>,
    /// Greatest native value it accepts; zero: none.
    pub value_max: Amount,
    /// The item it is bound to.
    pub item: ItemBinding,
    /// States it may be taken from; all sets must hold.
    pub from: StateSets,
    /// States it may lead to; the guest picks one for each machine.
    pub to: StateSets,
    /// Who may call it.
    pub caller: CallerRule,
    /// When it is open.
    pub window: Option<Window>,
    /// What must hold.
    pub guard: Option<Expression>,
    /// What it may read and write.
    pub touches: Touches,
    /// Assets it may move out of the contract: native coins by paying them and with the calls it makes.
    pub sends: BoundedVec<Send, SENDS_MAX>,
    /// Escrows it may use.
    pub escrows: BoundedVec<EscrowUse, ESCROWS_MAX>,
    /// Methods of other contracts it may call.
    pub calls: BoundedVec<CallRule, CALLS_MAX>,
    /// Methods of other contracts it may have called after it ended.
    pub notifies: BoundedVec<CallRule, NOTIFIES_MAX>,
    /// How much a call may use.
    pub ceilings: Ceilings,
    /// Ids of the errors it may revert with.
    pub errors: BoundedVec<u16, ERRORS_MAX>,
    /// Ids of the events it may emit.
    pub emits: BoundedVec<u16, EVENTS_MAX>,
    /// Whether the contract may be entered again while it runs.
    pub reenter: Reenter,
}

/// When a transition runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum TransitionKind {
    /// Once, at instantiation, with the parameters as input; at most one.
    #[codec(index = 0)]
    Constructor,
    /// Whenever it is invoked.
    #[codec(index = 1)]
    Call,
}

/// How a call finds its item.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum ItemBinding {
    /// No item.
    #[codec(index = 0)]
    None,
    /// An existing item.
    #[codec(index = 1)]
    Existing {
        /// The map.
        cell: u16,
        /// Its key.
        key: BoundedVec<KeyTerm, KEY_FIELDS_MAX>,
    },
    /// An item the call creates.
    #[codec(index = 2)]
    New {
        /// The map.
        cell: u16,
        /// Its key.
        key: BoundedVec<KeyTerm, KEY_FIELDS_MAX>,
    },
    /// Each of the items whose keys an argument lists.
    #[codec(index = 3)]
    Each {
        /// The map; its key has one field.
        cell: u16,
        /// Index of the argument, a list of that field's type.
        arg: u8,
        /// Greatest count.
        max: u32,
    },
}

/// Who may call a transition.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum CallerRule {
    /// Anybody, contracts too.
    #[codec(index = 0)]
    Any,
    /// Only the signer of the transaction itself, no contract.
    #[codec(index = 1)]
    Signer,
    /// Holders of any of these roles, at least one.
    #[codec(index = 2)]
    Roles(BoundedVec<u16, CALLER_ROLES_MAX>),
}

/// When a transition or exit is open.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Window {
    /// What the bounds count.
    pub clock: Clock,
    /// Open from here, this included; none: always was.
    pub opens: Option<Expression>,
    /// Closed from here, this included; none: never.
    pub closes: Option<Expression>,
    /// The exit to hint at when a call comes too late.
    pub exit: Option<u16>,
}

/// What a window's bounds count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Clock {
    /// Blocks.
    #[codec(index = 0)]
    Height,
    /// Milliseconds since the Unix epoch: ASSUMED.
    #[codec(index = 1)]
    TimeMs,
}

/// What a transition may read and write.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Touches {
    /// Any own cell; the call cannot run beside others.
    #[codec(index = 0)]
    Unknown,
    /// Only these places.
    #[codec(index = 1)]
    Listed(BoundedVec<Touch, TOUCHES_MAX>),
}

/// One place a transition may touch; each is listed once.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Touch {
    /// The cell: map, ledger or value.
    pub cell: u16,
    /// One term for each field of its key.
    pub key: BoundedVec<KeyTerm, KEY_FIELDS_MAX>,
    /// What it may do there.
    pub ops: Ops,
    /// Head fields it may change, bit `i` for field `i`; none of them write-once.
    pub head: u16,
}

/// Where a key's field or an account comes from. All but `Any` are known before the call runs.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum KeyTerm {
    /// An argument, by index.
    #[codec(index = 0)]
    Arg(u8),
    /// A field of an argument that is a struct.
    #[codec(index = 1)]
    ArgField {
        /// Index of the argument.
        arg: u8,
        /// Index of the field.
        field: u8,
    },
    /// A parameter, by index.
    #[codec(index = 2)]
    Param(u8),
    /// The immediate invoker; in an exit, who poked.
    #[codec(index = 3)]
    Caller,
    /// Who signed the transaction.
    #[codec(index = 4)]
    Origin,
    /// The contract itself.
    #[codec(index = 5)]
    SelfAddress,
    /// A key field of the bound item, by index.
    #[codec(index = 6)]
    Item(u8),
    /// A write-once head field of the bound item, by index.
    #[codec(index = 7)]
    Head(u8),
    /// A constant: one canonical value of the field's type.
    #[codec(index = 8)]
    Literal(Bytes<KEY_SIZE_MAX>),
    /// Anything: `*`.
    #[codec(index = 9)]
    Any,
}

/// A set of operations on a cell.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode)]
pub struct Ops(pub u8);

impl Ops {
    /// Read an entry.
    pub const READ: Self = Self(1);
    /// Create or overwrite an entry of a map or value cell.
    pub const SET: Self = Self(2);
    /// Remove an entry of a map or value cell.
    pub const DELETE: Self = Self(4);
    /// Add to a balance.
    pub const ADD: Self = Self(8);
    /// Take from a balance.
    pub const SUB: Self = Self(16);
    /// Give a unique asset to another owner.
    pub const MOVE: Self = Self(32);
    /// Each operation with its name in TOML.
    pub const NAMES: [(Self, &'static str); 6] = [
        (Self::READ, "read"),
        (Self::SET, "set"),
        (Self::DELETE, "delete"),
        (Self::ADD, "add"),
        (Self::SUB, "sub"),
        (Self::MOVE, "move"),
    ];
    /// What a map or value cell allows.
    pub const ENTRY: Self = Self(7);
    /// What a map of unique assets allows.
    pub const UNIQUE: Self = Self(39);
    /// What a ledger allows.
    pub const LEDGER: Self = Self(25);

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// An asset a transition may move out of the contract. What a failed call of another contract carried has not moved.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Send {
    /// The asset.
    pub asset: AssetRef,
    /// Greatest amount in one call (count of ids, for unique assets).
    pub max: Amount,
}

/// An escrow a transition may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct EscrowUse {
    /// The escrow cell.
    pub cell: u16,
    /// Whether it may pay in.
    pub pays_in: bool,
    /// Whether it may pay out.
    pub pays_out: bool,
}

/// A method of another contract.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct CallRule {
    /// The contract; `Any`: whichever.
    pub contract: KeyTerm,
    /// The method, declared by the other contract or one of [`HOST_METHODS`](super::HOST_METHODS); none: any.
    pub method: Option<Name>,
    /// Greatest native value in one such call, at most what the method may send.
    pub value_max: Amount,
    /// Greatest count of such calls, at least 1.
    pub count_max: u16,
}

/// How much one call may use, frames of other contracts not counted but for gas.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Ceilings {
    /// Gas, at least 1.
    pub gas: Gas,
    /// Entries read.
    pub reads: u32,
    /// Entries written.
    pub writes: u32,
    /// Entries created.
    pub new_entries: u32,
    /// Events emitted.
    pub events: u32,
}

/// Whether a contract may be entered while one of its frames runs.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode)]
pub enum Reenter {
    /// No.
    #[default]
    #[codec(index = 0)]
    None,
    /// By calls bound to other items.
    #[codec(index = 1)]
    OtherItems,
    /// By any call.
    #[codec(index = 2)]
    All,
}

/// A method that never writes and is free to query.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct View {
    /// Name of the exported function, as for transitions and unique among both.
    pub method: Name,
    /// For people.
    pub doc: Doc,
    /// Arguments; `input` is their SCALE tuple.
    pub args: Fields,
    /// What it returns.
    pub returns: Type,
    /// Ids of the cells it may read.
    pub reads: BoundedVec<u16, VIEW_READS_MAX>,
    /// Views of other contracts it may call, without value.
    pub calls: BoundedVec<CallRule, CALLS_MAX>,
    /// Ids of the errors it may revert with.
    pub errors: BoundedVec<u16, ERRORS_MAX>,
    /// Gas ceiling, at least 1.
    pub gas: Gas,
    /// Read ceiling.
    pub reads_max: u32,
}
