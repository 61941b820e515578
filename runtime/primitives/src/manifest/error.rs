//! Why a manifest is refused.

use core::fmt;

use super::{Name, Type, ValueError};

/// A section of the manifest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each is the manifest's field of the same name")]
pub enum Section {
    Contract,
    Types,
    Params,
    Errors,
    Events,
    Roles,
    Cells,
    Machines,
    Transitions,
    Views,
    Exits,
    Invariants,
    Upgrade,
}

impl Section {
    /// The section as it is named in TOML.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Types => "types",
            Self::Params => "params",
            Self::Errors => "errors",
            Self::Events => "events",
            Self::Roles => "roles",
            Self::Cells => "cells",
            Self::Machines => "machines",
            Self::Transitions => "transitions",
            Self::Views => "views",
            Self::Exits => "exits",
            Self::Invariants => "invariants",
            Self::Upgrade => "upgrade",
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Where in a manifest: section, entry, and part of the entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The section.
    pub section: Section,
    /// Index of the entry in the section; 0 for a section without entries.
    pub index: u16,
    /// Name of the entry, as declared; empty if it has none.
    pub name: Name,
    /// Part of the entry, as it is named in TOML; empty for the entry itself.
    pub part: &'static str,
    /// Index in the part, if it is a list.
    pub part_index: Option<u16>,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.section)?;
        if self.name.is_empty() {
            if !matches!(self.section, Section::Contract | Section::Upgrade) {
                write!(formatter, "[{}]", self.index)?;
            }
        } else if self.name.chars().any(char::is_control) {
            write!(formatter, "[{}]", self.index)?;
        } else {
            write!(formatter, ".{}", self.name)?;
        }
        if !self.part.is_empty() {
            write!(formatter, ".{}", self.part)?;
        }
        match self.part_index {
            Some(index) => write!(formatter, "[{index}]"),
            None => Ok(()),
        }
    }
}

/// A quantity with a limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the text of each is in `Quantity::name`")]
pub enum Quantity {
    TypeSize,
    ListLength,
    Params,
    Args,
    Returns,
    ErrorSize,
    EventSize,
    KeySize,
    HeadSize,
    EntrySize,
    TailSize,
    Members,
    Threshold,
    Items,
    Gas,
    Reads,
    Writes,
    NewEntries,
    Events,
    Calls,
    ExpressionReads,
}

impl Quantity {
    /// What it is, in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TypeSize => "size of the type in bytes",
            Self::ListLength => "length of the list",
            Self::Params => "size of the parameters in bytes",
            Self::Args => "size of the arguments in bytes",
            Self::Returns => "size of the returned value in bytes",
            Self::ErrorSize => "size of the error in bytes",
            Self::EventSize => "size of the event in bytes",
            Self::KeySize => "size of the key in bytes",
            Self::HeadSize => "size of the head in bytes",
            Self::EntrySize => "size of head and tail in bytes",
            Self::TailSize => "size of the tail's type in bytes",
            Self::Members => "count of members",
            Self::Threshold => "threshold",
            Self::Items => "count of items",
            Self::Gas => "gas ceiling",
            Self::Reads => "read ceiling",
            Self::Writes => "write ceiling",
            Self::NewEntries => "new-entry ceiling",
            Self::Events => "event ceiling",
            Self::Calls => "count of calls",
            Self::ExpressionReads => "count of state reads",
        }
    }
}

/// What is wrong with an expression, beside where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExpressionProblem {
    /// A node finds too few operands.
    MissingOperand,
    /// It leaves no value, or more than one.
    NotOneValue,
    /// A node's operands have types it does not take.
    OperandType,
    /// The whole has another type than its use needs.
    ResultType,
    /// It names what is not known where it is evaluated.
    OutOfScope,
    /// It names what is not declared.
    Unknown,
    /// It names a value that is no truth value, number, account or digest.
    NotScalar,
}

impl fmt::Display for ExpressionProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::MissingOperand => "an operand is missing",
            Self::NotOneValue => "exactly one value must be left",
            Self::OperandType => "the operands have the wrong types",
            Self::ResultType => "the result has the wrong type",
            Self::OutOfScope => "this is not known where the expression is evaluated",
            Self::Unknown => "this is not declared",
            Self::NotScalar => "this is not a truth value, number, account or digest",
        })
    }
}

/// Why a manifest is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ManifestError {
    /// More bytes than [`super::limits::MANIFEST_SIZE_MAX`].
    TooLong {
        /// Bytes given.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not the canonical encoding of a manifest within the limits on counts and lengths.
    Malformed,
    /// An encoding of another version.
    Version {
        /// The version found.
        found: u8,
    },
    /// Not a name: an ASCII letter, then letters, digits, `_`; for methods lower case only.
    Name {
        /// Where.
        at: Place,
    },
    /// A name that means something else: a built-in type, or the export `memory`.
    ReservedName {
        /// Where.
        at: Place,
    },
    /// A documentation text with control characters other than line ends.
    Doc {
        /// Where.
        at: Place,
    },
    /// A name used twice.
    DuplicateName {
        /// The second use.
        at: Place,
    },
    /// An id or reference used twice.
    DuplicateId {
        /// The second use.
        at: Place,
        /// The id.
        id: u16,
    },
    /// An id that is reserved: 0 for errors and events, the host's range for cells.
    ReservedId {
        /// Where.
        at: Place,
        /// The id.
        id: u16,
    },
    /// A reference to something not declared.
    Unknown {
        /// Where.
        at: Place,
        /// Section of what is referred to.
        to: Section,
        /// Its id or index.
        id: u16,
    },
    /// A type that refers to an entry of the type table not before it.
    TypeOrder {
        /// Where.
        at: Place,
    },
    /// A list that must have an element has none, or a bound is 0.
    Empty {
        /// Where.
        at: Place,
    },
    /// Types nested deeper than [`super::limits::TYPE_DEPTH_MAX`].
    TypeDepth {
        /// Where.
        at: Place,
        /// Levels found.
        found: u32,
        /// Levels allowed.
        limit: u32,
    },
    /// A quantity past its limit.
    Limit {
        /// Where.
        at: Place,
        /// The quantity.
        quantity: Quantity,
        /// Found.
        found: u64,
        /// Allowed.
        limit: u64,
    },
    /// A head field whose values differ in size.
    NotFixedSize {
        /// Where.
        at: Place,
    },
    /// A value of another type than its place needs.
    TypeMismatch {
        /// Where.
        at: Place,
        /// Needed.
        expected: Type,
        /// Found.
        found: Type,
    },
    /// A type that cannot be used in this place.
    TypeNotAllowed {
        /// Where.
        at: Place,
        /// Found.
        found: Type,
    },
    /// Another count of terms than the fields they stand for.
    Arity {
        /// Where.
        at: Place,
        /// Needed.
        expected: u16,
        /// Found.
        found: u16,
    },
    /// A cell of a kind that cannot be used so.
    CellKind {
        /// Where.
        at: Place,
        /// The cell.
        cell: u16,
    },
    /// A term that is not known in this place.
    OutOfScope {
        /// Where.
        at: Place,
    },
    /// Operations or options that exclude each other, or do not apply here.
    Conflict {
        /// Where.
        at: Place,
    },
    /// A constant that is not one value of its type.
    Constant {
        /// Where.
        at: Place,
        /// Why not.
        error: ValueError,
    },
    /// More than one constructor.
    SecondConstructor {
        /// The second.
        at: Place,
    },
    /// A constructor that declares arguments, an item, states or a restricted caller.
    ConstructorShape {
        /// Where.
        at: Place,
    },
    /// An event announced by moves of an asset with other fields than `(account, account, amount or id)`.
    MoveEvent {
        /// Where.
        at: Place,
        /// The event.
        event: u16,
    },
    /// An expression that does not type-check.
    Expression {
        /// Where.
        at: Place,
        /// Index of the node.
        node: u16,
        /// What is wrong.
        problem: ExpressionProblem,
    },
}

impl ManifestError {
    /// The stable numeric code, 2100 to 2199.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::TooLong { .. } => 2100,
            Self::Malformed => 2102,
            Self::Version { .. } => 2103,
            Self::Name { .. } => 2104,
            Self::ReservedName { .. } => 2105,
            Self::Doc { .. } => 2106,
            Self::DuplicateName { .. } => 2107,
            Self::DuplicateId { .. } => 2108,
            Self::ReservedId { .. } => 2109,
            Self::Unknown { .. } => 2110,
            Self::TypeOrder { .. } => 2111,
            Self::Empty { .. } => 2112,
            Self::TypeDepth { .. } => 2113,
            Self::Limit { .. } => 2114,
            Self::NotFixedSize { .. } => 2115,
            Self::TypeMismatch { .. } => 2116,
            Self::TypeNotAllowed { .. } => 2117,
            Self::Arity { .. } => 2118,
            Self::CellKind { .. } => 2119,
            Self::OutOfScope { .. } => 2120,
            Self::Conflict { .. } => 2121,
            Self::Constant { .. } => 2122,
            Self::SecondConstructor { .. } => 2123,
            Self::ConstructorShape { .. } => 2124,
            Self::MoveEvent { .. } => 2125,
            Self::Expression { .. } => 2126,
        }
    }

    /// Where the problem is, if it is in one place.
    #[must_use]
    pub const fn place(&self) -> Option<&Place> {
        match self {
            Self::TooLong { .. } | Self::Malformed | Self::Version { .. } => None,
            Self::Name { at }
            | Self::ReservedName { at }
            | Self::Doc { at }
            | Self::DuplicateName { at }
            | Self::DuplicateId { at, .. }
            | Self::ReservedId { at, .. }
            | Self::Unknown { at, .. }
            | Self::TypeOrder { at }
            | Self::Empty { at }
            | Self::TypeDepth { at, .. }
            | Self::Limit { at, .. }
            | Self::NotFixedSize { at }
            | Self::TypeMismatch { at, .. }
            | Self::TypeNotAllowed { at, .. }
            | Self::Arity { at, .. }
            | Self::CellKind { at, .. }
            | Self::OutOfScope { at }
            | Self::Conflict { at }
            | Self::Constant { at, .. }
            | Self::SecondConstructor { at }
            | Self::ConstructorShape { at }
            | Self::MoveEvent { at, .. }
            | Self::Expression { at, .. } => Some(at),
        }
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.place() {
            write!(formatter, "manifest {at}: ")?;
        } else {
            formatter.write_str("manifest: ")?;
        }
        match self {
            Self::TooLong { found, limit } => {
                write!(formatter, "{found} bytes found, at most {limit} allowed")
            }
            Self::Malformed => formatter.write_str("not the canonical encoding of a manifest"),
            Self::Version { found } => {
                write!(formatter, "version {} expected, {found} found", super::MANIFEST_VERSION)
            }
            Self::Name { .. } => formatter.write_str("not a name: a letter, then letters, digits and _"),
            Self::ReservedName { .. } => formatter.write_str("the name is reserved"),
            Self::Doc { .. } => formatter.write_str("the text contains control characters"),
            Self::DuplicateName { .. } => formatter.write_str("the name is used twice"),
            Self::DuplicateId { id, .. } => write!(formatter, "id {id} is used twice"),
            Self::ReservedId { id, .. } => write!(formatter, "id {id} is reserved"),
            Self::Unknown { to, id, .. } => write!(formatter, "nothing in {to} has the id or index {id}"),
            Self::TypeOrder { .. } => formatter.write_str("a type may refer only to types before it"),
            Self::Empty { .. } => formatter.write_str("at least one expected, none found"),
            Self::TypeDepth { found, limit, .. } => {
                write!(formatter, "types nest {found} deep, at most {limit} allowed")
            }
            Self::Limit { quantity, found, limit, .. } => {
                write!(formatter, "{} is {found}, allowed is {limit}", quantity.name())
            }
            Self::NotFixedSize { .. } => formatter.write_str("a head field needs a type of fixed size"),
            Self::TypeMismatch { expected, found, .. } => {
                write!(formatter, "{expected} expected, {found} found")
            }
            Self::TypeNotAllowed { found, .. } => write!(formatter, "type {found} cannot be used here"),
            Self::Arity { expected, found, .. } => {
                write!(formatter, "{expected} terms expected, {found} found")
            }
            Self::CellKind { cell, .. } => write!(formatter, "cell {cell} has a kind that cannot be used so"),
            Self::OutOfScope { .. } => formatter.write_str("the term is not known here"),
            Self::Conflict { .. } => {
                formatter.write_str("these options exclude each other or do not apply here")
            }
            Self::Constant { error, .. } => write!(formatter, "constant: {error}"),
            Self::SecondConstructor { .. } => formatter.write_str("there is a constructor already"),
            Self::ConstructorShape { .. } => {
                formatter.write_str("a constructor has no arguments, item or states, and any caller")
            }
            Self::MoveEvent { event, .. } => {
                write!(formatter, "event {event} must have the fields (account, account, amount or id)")
            }
            Self::Expression { node, problem, .. } => write!(formatter, "node {node}: {problem}"),
        }
    }
}

impl core::error::Error for ManifestError {}
