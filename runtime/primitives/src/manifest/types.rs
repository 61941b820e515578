//! Types of arguments, parameters, keys, heads, events and errors.
//!
//! [`Type`] is flat; structures live in the manifest's table of [`TypeDef`]s, where an entry may refer
//! only to entries before it. So types cannot recurse, and every size is known before a value is seen.
//! Every value of every type takes at least one byte: the work of checking bytes is bounded by their count.

use core::fmt;

use alloc::vec::Vec;
use parity_scale_codec::{Decode, Encode};

use super::limits::{FIELDS_MAX, LIST_LENGTH_MAX, NAME_SIZE_MAX, STRUCT_FIELDS_MAX, VARIANTS_MAX};
use super::{Manifest, limits::DOC_SIZE_MAX};
use crate::{BoundedText, BoundedVec};

/// A name: an ASCII letter, then letters, digits and `_`.
pub type Name = BoundedText<NAME_SIZE_MAX>;
/// Documentation for people.
pub type Doc = BoundedText<DOC_SIZE_MAX>;
/// Arguments of a method, fields of an event or error, in order.
pub type Fields = BoundedVec<Field, FIELDS_MAX>;

/// The type of one value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
pub enum Type {
    /// One byte, 0 or 1.
    #[codec(index = 0)]
    Bool,
    /// Unsigned, 8 bits.
    #[codec(index = 1)]
    U8,
    /// Unsigned, 16 bits.
    #[codec(index = 2)]
    U16,
    /// Unsigned, 32 bits.
    #[codec(index = 3)]
    U32,
    /// Unsigned, 64 bits.
    #[codec(index = 4)]
    U64,
    /// Unsigned, 128 bits.
    #[codec(index = 5)]
    U128,
    /// Signed, 8 bits.
    #[codec(index = 6)]
    I8,
    /// Signed, 16 bits.
    #[codec(index = 7)]
    I16,
    /// Signed, 32 bits.
    #[codec(index = 8)]
    I32,
    /// Signed, 64 bits.
    #[codec(index = 9)]
    I64,
    /// Signed, 128 bits.
    #[codec(index = 10)]
    I128,
    /// An account id, 32 bytes.
    #[codec(index = 11)]
    Account,
    /// A digest, 32 bytes.
    #[codec(index = 12)]
    Hash,
    /// Bytes behind a compact length.
    #[codec(index = 13)]
    Bytes {
        /// Greatest length in bytes.
        max: u32,
    },
    /// UTF-8 behind a compact length.
    #[codec(index = 14)]
    Text {
        /// Greatest length in bytes.
        max: u32,
    },
    /// Exactly so many bytes, without a length.
    #[codec(index = 15)]
    FixedBytes {
        /// Length in bytes, at least 1.
        size: u16,
    },
    /// An entry of the manifest's type table.
    #[codec(index = 16)]
    Defined(u16),
}

impl Type {
    /// Whether this is an unsigned integer.
    #[must_use]
    pub const fn is_unsigned(&self) -> bool {
        matches!(self, Self::U8 | Self::U16 | Self::U32 | Self::U64 | Self::U128)
    }

    /// Whether this is a signed integer.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        matches!(self, Self::I8 | Self::I16 | Self::I32 | Self::I64 | Self::I128)
    }

    /// Size of a value in bytes, for types whose values all have one size and that are not defined.
    #[must_use]
    pub const fn scalar_size(&self) -> Option<u32> {
        match self {
            Self::Bool | Self::U8 | Self::I8 => Some(1),
            Self::U16 | Self::I16 => Some(2),
            Self::U32 | Self::I32 => Some(4),
            Self::U64 | Self::I64 => Some(8),
            Self::U128 | Self::I128 => Some(16),
            Self::Account | Self::Hash => Some(32),
            Self::FixedBytes { size } => Some(*size as u32),
            Self::Bytes { .. } | Self::Text { .. } | Self::Defined(_) => None,
        }
    }
}

impl fmt::Display for Type {
    /// As in TOML, but a defined type is shown by its index; see `Manifest::type_name` for names.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Bool => "bool",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::U128 => "u128",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::I128 => "i128",
            Self::Account => "account",
            Self::Hash => "hash",
            Self::Bytes { max } => return write!(formatter, "bytes<{max}>"),
            Self::Text { max } => return write!(formatter, "text<{max}>"),
            Self::FixedBytes { size } => return write!(formatter, "fixed<{size}>"),
            Self::Defined(index) => return write!(formatter, "types[{index}]"),
        };
        formatter.write_str(text)
    }
}

/// A named value.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Field {
    /// Name, unique in its list.
    pub name: Name,
    /// Type.
    pub ty: Type,
}

/// An entry of the type table.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct TypeDef {
    /// Name; structs and enums have one, lists and options need none.
    pub name: Option<Name>,
    /// Shape.
    pub kind: TypeKind,
}

/// Shape of a defined type. References go to entries with a smaller index only.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum TypeKind {
    /// Values one after the other; at least one.
    #[codec(index = 0)]
    Struct {
        /// The values, in order.
        fields: BoundedVec<Field, STRUCT_FIELDS_MAX>,
    },
    /// One of several shapes; encoded as its index in one byte, then its fields.
    #[codec(index = 1)]
    Enum {
        /// The shapes, at least one.
        variants: BoundedVec<Variant, VARIANTS_MAX>,
    },
    /// A compact count, then so many elements.
    #[codec(index = 2)]
    List {
        /// Type of the elements.
        of: Type,
        /// Greatest count, at least 1 and at most [`LIST_LENGTH_MAX`].
        max: u32,
    },
    /// A byte 0, or a byte 1 and a value.
    #[codec(index = 3)]
    Option {
        /// Type of the value.
        of: Type,
    },
}

/// One shape of an enum.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Variant {
    /// Name, unique in the enum.
    pub name: Name,
    /// Values, in order; may be none.
    pub fields: BoundedVec<Field, STRUCT_FIELDS_MAX>,
}

/// What is known of a type before any value is seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TypeSize {
    /// Least encoded size in bytes.
    pub min_bytes: u64,
    /// Greatest encoded size in bytes.
    pub max_bytes: u64,
    /// Levels of defined types, 0 for a plain type.
    pub depth: u32,
}

impl TypeSize {
    const EMPTY: Self = Self { min_bytes: 0, max_bytes: 0, depth: 0 };

    /// The one size all values have, if they have one.
    #[must_use]
    pub const fn fixed(&self) -> Option<u64> {
        if self.min_bytes == self.max_bytes { Some(self.max_bytes) } else { None }
    }

    fn then(self, next: Self) -> Self {
        Self {
            min_bytes: self.min_bytes.saturating_add(next.min_bytes),
            max_bytes: self.max_bytes.saturating_add(next.max_bytes),
            depth: self.depth.max(next.depth),
        }
    }

    fn either(self, other: Self) -> Self {
        Self {
            min_bytes: self.min_bytes.min(other.min_bytes),
            max_bytes: self.max_bytes.max(other.max_bytes),
            depth: self.depth.max(other.depth),
        }
    }
}

/// Size of the compact encoding of a length up to `max`.
fn compact_size(max: u32) -> u64 {
    match max {
        0..=0x3f => 1,
        0x40..=0x3fff => 2,
        0x4000..=0x3fff_ffff => 4,
        _ => 5,
    }
}

fn size_in(table: &[TypeSize], ty: &Type) -> Option<TypeSize> {
    Some(match ty {
        Type::Bytes { max } | Type::Text { max } => {
            TypeSize { min_bytes: 1, max_bytes: compact_size(*max).saturating_add(u64::from(*max)), depth: 0 }
        }
        Type::Defined(index) => *table.get(usize::from(*index))?,
        scalar => {
            let size = u64::from(scalar.scalar_size()?);
            TypeSize { min_bytes: size, max_bytes: size, depth: 0 }
        }
    })
}

fn fields_size(table: &[TypeSize], fields: &[Field]) -> Option<TypeSize> {
    fields.iter().try_fold(TypeSize::EMPTY, |size, field| Some(size.then(size_in(table, &field.ty)?)))
}

fn kind_size(table: &[TypeSize], kind: &TypeKind) -> Option<TypeSize> {
    let tag = TypeSize { min_bytes: 1, max_bytes: 1, depth: 0 };
    let inner = match kind {
        TypeKind::Struct { fields } => fields_size(table, fields)?,
        TypeKind::Enum { variants } => {
            let mut sizes = variants.iter().map(|variant| fields_size(table, &variant.fields));
            let first = sizes.next()??;
            tag.then(sizes.try_fold(first, |size, next| Some(size.either(next?)))?)
        }
        TypeKind::List { of, max } => {
            let element = size_in(table, of)?;
            let elements = element.max_bytes.saturating_mul(u64::from(*max));
            let max_bytes = compact_size(*max).saturating_add(elements);
            TypeSize { min_bytes: 1, max_bytes, depth: element.depth }
        }
        TypeKind::Option { of } => {
            let value = size_in(table, of)?;
            TypeSize { min_bytes: 1, max_bytes: value.max_bytes.saturating_add(1), depth: value.depth }
        }
    };
    Some(TypeSize { depth: inner.depth.saturating_add(1), ..inner })
}

impl Manifest {
    /// Sizes of the defined types, by index, up to the first entry that refers to one not before it.
    ///
    /// Linear in the size of the type table.
    #[must_use]
    pub fn type_sizes(&self) -> Vec<TypeSize> {
        let mut table = Vec::with_capacity(self.types.len());
        for definition in &self.types {
            match kind_size(&table, &definition.kind) {
                Some(size) => table.push(size),
                None => break,
            }
        }
        table
    }

    /// Size and depth of `ty`; `None` if it refers to no valid entry of the type table.
    ///
    /// Linear in the size of the type table: callers that ask often keep [`Manifest::type_sizes`].
    #[must_use]
    pub fn type_size(&self, ty: &Type) -> Option<TypeSize> {
        if let Type::Defined(_) = ty { size_in(&self.type_sizes(), ty) } else { size_in(&[], ty) }
    }

    /// Greatest encoded size of a value of `ty` in bytes; `None` if the type is undefined.
    #[must_use]
    pub fn max_size(&self, ty: &Type) -> Option<u64> {
        self.type_size(ty).map(|size| size.max_bytes)
    }

    /// The size of every value of `ty` in bytes, if they have one.
    #[must_use]
    pub fn fixed_size(&self, ty: &Type) -> Option<u64> {
        self.type_size(ty)?.fixed()
    }

    /// The definition behind `ty`, if it has one.
    #[must_use]
    pub fn definition(&self, ty: &Type) -> Option<&TypeDef> {
        match ty {
            Type::Defined(index) => self.types.get(usize::from(*index)),
            _ => None,
        }
    }
}

/// Sizes of a manifest's types, computed once.
#[derive(Clone, Debug)]
pub(super) struct Sizes(Vec<TypeSize>);

impl Sizes {
    pub(super) fn of(manifest: &Manifest) -> Self {
        Self(manifest.type_sizes())
    }

    pub(super) fn get(&self, ty: &Type) -> Option<TypeSize> {
        size_in(&self.0, ty)
    }
}

const _: () = assert!(LIST_LENGTH_MAX < 0x4000, "list counts fit two-byte compacts");
