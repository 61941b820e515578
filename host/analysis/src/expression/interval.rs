//! Sets of values: ranges of numbers, three-valued truth, anything of an opaque type.

use core::fmt;

use chainstack_primitives::manifest::{ExpressionType, Type};

use super::Value;

/// A number of 128 bits, with the steps that bounds need.
pub(super) trait Number: Copy + Ord {
    /// The next greater, if there is one.
    fn next(self) -> Option<Self>;

    /// The next lesser, if there is one.
    fn previous(self) -> Option<Self>;
}

macro_rules! number {
    ($($ty:ty)*) => {
        $(impl Number for $ty {
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }

            fn previous(self) -> Option<Self> {
                self.checked_sub(1)
            }
        })*
    };
}

number!(u128 i128);

/// The numbers from `least` to `greatest`, both included; never empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range<T> {
    least: T,
    greatest: T,
}

impl<T: Copy + Ord> Range<T> {
    /// The range; `None` if it were empty.
    #[must_use]
    pub fn new(least: T, greatest: T) -> Option<Self> {
        (least <= greatest).then_some(Self { least, greatest })
    }

    /// The range of one number.
    #[must_use]
    pub const fn one(number: T) -> Self {
        Self { least: number, greatest: number }
    }

    /// The least number.
    #[must_use]
    pub const fn least(&self) -> T {
        self.least
    }

    /// The greatest number.
    #[must_use]
    pub const fn greatest(&self) -> T {
        self.greatest
    }

    /// Whether `number` is in it.
    #[must_use]
    pub fn contains(&self, number: T) -> bool {
        self.least <= number && number <= self.greatest
    }

    pub(super) fn single(&self) -> Option<T> {
        (self.least == self.greatest).then_some(self.least)
    }

    pub(super) fn meet(self, other: Self) -> Option<Self> {
        Self::new(self.least.max(other.least), self.greatest.min(other.greatest))
    }

    pub(super) fn hull(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), greatest: self.greatest.max(other.greatest) }
    }

    pub(super) fn at_least(self, bound: T) -> Option<Self> {
        Self::new(self.least.max(bound), self.greatest)
    }

    pub(super) fn at_most(self, bound: T) -> Option<Self> {
        Self::new(self.least, self.greatest.min(bound))
    }

    pub(super) fn min(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), greatest: self.greatest.min(other.greatest) }
    }

    pub(super) fn max(self, other: Self) -> Self {
        Self { least: self.least.max(other.least), greatest: self.greatest.max(other.greatest) }
    }
}

/// Every unsigned number.
const UNSIGNED: Range<u128> = Range { least: 0, greatest: u128::MAX };
/// Every signed number.
const SIGNED: Range<i128> = Range { least: i128::MIN, greatest: i128::MAX };

impl<T: fmt::Display + PartialEq> fmt::Display for Range<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.least == self.greatest {
            return fmt::Display::fmt(&self.least, formatter);
        }
        write!(formatter, "{}..={}", self.least, self.greatest)
    }
}

/// A truth value, or both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Truth {
    /// False.
    No,
    /// True.
    Yes,
    /// False or true.
    Either,
}

impl Truth {
    /// The one truth value, if it is one.
    #[must_use]
    pub const fn known(self) -> Option<bool> {
        match self {
            Self::No => Some(false),
            Self::Yes => Some(true),
            Self::Either => None,
        }
    }

    pub(super) const fn of(truth: bool) -> Self {
        if truth { Self::Yes } else { Self::No }
    }

    pub(super) const fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Yes => Self::No,
            Self::Either => Self::Either,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Either,
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    pub(super) fn meet(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Either, other) => Some(other),
            (found, Self::Either) => Some(found),
            (found, other) => (found == other).then_some(found),
        }
    }

    pub(super) fn hull(self, other: Self) -> Self {
        if self == other { self } else { Self::Either }
    }
}

/// A set of values of one type; never empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interval {
    /// Truth values.
    Bool(Truth),
    /// Unsigned numbers.
    Uint(Range<u128>),
    /// Signed numbers.
    Int(Range<i128>),
    /// Any account.
    Account,
    /// Any digest.
    Hash,
}

impl Interval {
    /// Every value of the type.
    #[must_use]
    pub const fn full(ty: ExpressionType) -> Self {
        match ty {
            ExpressionType::Bool => Self::Bool(Truth::Either),
            ExpressionType::Uint => Self::Uint(UNSIGNED),
            ExpressionType::Int => Self::Int(SIGNED),
            ExpressionType::Account => Self::Account,
            ExpressionType::Hash => Self::Hash,
        }
    }

    /// Every value of a declared type, as it reads in an expression; `None` if it has no place there.
    #[must_use]
    pub fn of_type(ty: &Type) -> Option<Self> {
        let unsigned = |greatest: u128| Some(Self::Uint(Range { least: 0, greatest }));
        let signed = |least: i128, greatest: i128| Some(Self::Int(Range { least, greatest }));
        match ty {
            Type::Bool => Some(Self::Bool(Truth::Either)),
            Type::U8 => unsigned(u8::MAX.into()),
            Type::U16 => unsigned(u16::MAX.into()),
            Type::U32 => unsigned(u32::MAX.into()),
            Type::U64 => unsigned(u64::MAX.into()),
            Type::U128 => unsigned(u128::MAX),
            Type::I8 => signed(i8::MIN.into(), i8::MAX.into()),
            Type::I16 => signed(i16::MIN.into(), i16::MAX.into()),
            Type::I32 => signed(i32::MIN.into(), i32::MAX.into()),
            Type::I64 => signed(i64::MIN.into(), i64::MAX.into()),
            Type::I128 => signed(i128::MIN, i128::MAX),
            Type::Account => Some(Self::Account),
            Type::Hash => Some(Self::Hash),
            Type::Bytes { .. } | Type::Text { .. } | Type::FixedBytes { .. } | Type::Defined(_) => None,
        }
    }

    /// The least interval that holds `value`.
    #[must_use]
    pub const fn of_value(value: Value) -> Self {
        match value {
            Value::Bool(truth) => Self::Bool(Truth::of(truth)),
            Value::Uint(number) => Self::Uint(Range::one(number)),
            Value::Int(number) => Self::Int(Range::one(number)),
            Value::Account(_) => Self::Account,
            Value::Hash(_) => Self::Hash,
        }
    }

    /// The type of its values.
    #[must_use]
    pub const fn ty(&self) -> ExpressionType {
        match self {
            Self::Bool(_) => ExpressionType::Bool,
            Self::Uint(_) => ExpressionType::Uint,
            Self::Int(_) => ExpressionType::Int,
            Self::Account => ExpressionType::Account,
            Self::Hash => ExpressionType::Hash,
        }
    }

    /// Whether `value` is in it.
    #[must_use]
    pub fn contains(&self, value: Value) -> bool {
        self.meet(Self::of_value(value)).is_some()
    }

    /// Whether every value of it is in `other`.
    #[must_use]
    pub fn is_within(&self, other: Self) -> bool {
        self.meet(other) == Some(*self)
    }

    /// The values in both; `None` if there are none, or the types differ.
    #[must_use]
    pub fn meet(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.meet(b).map(Self::Bool),
            (Self::Uint(a), Self::Uint(b)) => a.meet(b).map(Self::Uint),
            (Self::Int(a), Self::Int(b)) => a.meet(b).map(Self::Int),
            (a, b) => (a == b).then_some(a),
        }
    }

    /// The least interval that holds both; `None` if the types differ.
    pub(super) fn hull(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(Self::Bool(a.hull(b))),
            (Self::Uint(a), Self::Uint(b)) => Some(Self::Uint(a.hull(b))),
            (Self::Int(a), Self::Int(b)) => Some(Self::Int(a.hull(b))),
            (a, b) => (a == b).then_some(a),
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(Truth::No) => formatter.write_str("false"),
            Self::Bool(Truth::Yes) => formatter.write_str("true"),
            Self::Bool(Truth::Either) => formatter.write_str("false or true"),
            Self::Uint(range) => fmt::Display::fmt(range, formatter),
            Self::Int(range) => write!(formatter, "int({range})"),
            Self::Account => formatter.write_str("any account"),
            Self::Hash => formatter.write_str("any hash"),
        }
    }
}
