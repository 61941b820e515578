//! Checks that bytes are one canonical SCALE value of a declared type. Runs on every call: nothing is
//! allocated, and the work is bounded by the count of bytes times the depth limit of types.

use core::fmt;

use super::limits::TYPE_DEPTH_MAX;
use super::types::{Field, Type, TypeKind};
use super::{Manifest, ParamDef, ParamRange};

/// Why bytes are not a value of the declared type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ValueError {
    /// The bytes end inside the value.
    Truncated,
    /// Bytes are left after the last value.
    Trailing {
        /// How many.
        count: u32,
    },
    /// A byte that should be 0 or 1 is something else.
    Flag {
        /// The byte.
        found: u8,
    },
    /// An enum has no variant with this index.
    Variant {
        /// The index.
        found: u8,
    },
    /// A length is not in its shortest form.
    Length,
    /// More bytes or elements than the type allows.
    TooLong {
        /// Bytes or elements found.
        found: u32,
        /// Bytes or elements allowed.
        limit: u32,
    },
    /// A text is not UTF-8.
    Text,
    /// A parameter is outside its declared range.
    Range,
    /// The manifest has no such type; cannot happen with a validated one.
    UndefinedType,
}

impl fmt::Display for ValueError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => formatter.write_str("the bytes end inside the value"),
            Self::Trailing { count } => write!(formatter, "{count} bytes are left after the last value"),
            Self::Flag { found } => write!(formatter, "expected a byte 0 or 1, found {found}"),
            Self::Variant { found } => write!(formatter, "the enum has no variant with index {found}"),
            Self::Length => formatter.write_str("a length is not in its shortest form"),
            Self::TooLong { found, limit } => {
                write!(formatter, "length {found} found, at most {limit} allowed")
            }
            Self::Text => formatter.write_str("a text is not UTF-8"),
            Self::Range => formatter.write_str("the value is outside its declared range"),
            Self::UndefinedType => formatter.write_str("the type is not defined"),
        }
    }
}

impl core::error::Error for ValueError {}

fn take<'a>(input: &mut &'a [u8], count: usize) -> Result<&'a [u8], ValueError> {
    let (head, rest) = input.split_at_checked(count).ok_or(ValueError::Truncated)?;
    *input = rest;
    Ok(head)
}

fn take_byte(input: &mut &[u8]) -> Result<u8, ValueError> {
    let (first, rest) = input.split_first().ok_or(ValueError::Truncated)?;
    *input = rest;
    Ok(*first)
}

/// Reads a compact length in its shortest form.
fn take_length(input: &mut &[u8]) -> Result<u32, ValueError> {
    let first = u32::from(*input.first().ok_or(ValueError::Truncated)?);
    let (size, least) = match first & 3 {
        0 => (1, 0),
        1 => (2, 0x40),
        2 => (4, 0x4000),
        // Longer than any length a manifest allows (bounds are far below 2^30).
        _ => return Err(ValueError::Length),
    };
    let raw = take(input, size)?;
    let value = raw.iter().rev().fold(0u32, |value, byte| (value << 8) | u32::from(*byte)) >> 2;
    if value < least { Err(ValueError::Length) } else { Ok(value) }
}

fn take_bounded<'a>(input: &mut &'a [u8], limit: u32) -> Result<&'a [u8], ValueError> {
    let found = take_length(input)?;
    if found > limit {
        return Err(ValueError::TooLong { found, limit });
    }
    take(input, usize::try_from(found).map_err(|_| ValueError::Truncated)?)
}

fn take_flag(input: &mut &[u8]) -> Result<bool, ValueError> {
    match take_byte(input)? {
        0 => Ok(false),
        1 => Ok(true),
        found => Err(ValueError::Flag { found }),
    }
}

/// Takes one canonical value of `ty` from the front of `input`.
///
/// # Errors
/// Any [`ValueError`] but `Trailing` and `Range`; `input` is then somewhere inside the value.
pub fn validate_value(manifest: &Manifest, ty: &Type, input: &mut &[u8]) -> Result<(), ValueError> {
    validate_nested(manifest, ty, input, TYPE_DEPTH_MAX)
}

fn validate_nested(
    manifest: &Manifest,
    ty: &Type,
    input: &mut &[u8],
    depth_left: u32,
) -> Result<(), ValueError> {
    match ty {
        Type::Bool => take_flag(input).map(|_| ()),
        Type::Bytes { max } => take_bounded(input, *max).map(|_| ()),
        Type::Text { max } => {
            let bytes = take_bounded(input, *max)?;
            core::str::from_utf8(bytes).map(|_| ()).map_err(|_| ValueError::Text)
        }
        Type::Defined(index) => {
            let definition = manifest.types.get(usize::from(*index)).ok_or(ValueError::UndefinedType)?;
            let depth_left = depth_left.checked_sub(1).ok_or(ValueError::UndefinedType)?;
            validate_kind(manifest, &definition.kind, input, depth_left)
        }
        scalar => {
            let size = scalar.scalar_size().ok_or(ValueError::UndefinedType)?;
            take(input, usize::try_from(size).map_err(|_| ValueError::Truncated)?).map(|_| ())
        }
    }
}

fn validate_kind(
    manifest: &Manifest,
    kind: &TypeKind,
    input: &mut &[u8],
    depth: u32,
) -> Result<(), ValueError> {
    let each = |fields: &[Field], input: &mut &[u8]| {
        fields.iter().try_for_each(|field| validate_nested(manifest, &field.ty, input, depth))
    };
    match kind {
        TypeKind::Struct { fields } => each(fields, input),
        TypeKind::Enum { variants } => {
            let found = take_byte(input)?;
            let variant = variants.get(usize::from(found)).ok_or(ValueError::Variant { found })?;
            each(&variant.fields, input)
        }
        TypeKind::List { of, max } => {
            let found = take_length(input)?;
            if found > *max {
                return Err(ValueError::TooLong { found, limit: *max });
            }
            (0..found).try_for_each(|_| validate_nested(manifest, of, input, depth))
        }
        TypeKind::Option { of } => match take_flag(input)? {
            true => validate_nested(manifest, of, input, depth),
            false => Ok(()),
        },
    }
}

fn finish(rest: &[u8]) -> Result<(), ValueError> {
    if rest.is_empty() {
        return Ok(());
    }
    Err(ValueError::Trailing { count: u32::try_from(rest.len()).unwrap_or(u32::MAX) })
}

impl Manifest {
    /// Checks that `bytes` are exactly one canonical value of `ty`.
    ///
    /// # Errors
    /// Any [`ValueError`] but `Range`.
    pub fn validate_whole(&self, ty: &Type, mut bytes: &[u8]) -> Result<(), ValueError> {
        validate_value(self, ty, &mut bytes)?;
        finish(bytes)
    }

    /// Checks that `bytes` are exactly the canonical tuple of `fields`. Nothing is allocated.
    ///
    /// # Errors
    /// Any [`ValueError`] but `Range`.
    pub fn validate_tuple(&self, fields: &[Field], bytes: &[u8]) -> Result<(), ValueError> {
        self.visit_tuple(fields.iter().map(|field| &field.ty), bytes, |_, _| ())
    }

    /// [`Manifest::validate_tuple`] that also hands each value's index and bytes to `visit`, in order.
    ///
    /// # Errors
    /// Any [`ValueError`] but `Range`; `visit` has then seen the values before the bad one.
    pub fn visit_tuple<'a, 't>(
        &self,
        types: impl IntoIterator<Item = &'t Type>,
        bytes: &'a [u8],
        mut visit: impl FnMut(usize, &'a [u8]),
    ) -> Result<(), ValueError> {
        let mut rest = bytes;
        for (index, ty) in types.into_iter().enumerate() {
            let before = rest;
            validate_value(self, ty, &mut rest)?;
            let size = before.len().saturating_sub(rest.len());
            visit(index, before.get(..size).ok_or(ValueError::Truncated)?);
        }
        finish(rest)
    }

    /// Checks the tuple of parameters given at instantiation: types and declared ranges.
    ///
    /// # Errors
    /// Any [`ValueError`], and the index of the parameter it concerns (the count of parameters for a rest).
    pub fn validate_params(&self, bytes: &[u8]) -> Result<(), (usize, ValueError)> {
        let mut rest = bytes;
        for (index, param) in self.params.iter().enumerate() {
            let before = rest;
            validate_value(self, &param.ty, &mut rest).map_err(|error| (index, error))?;
            let size = before.len().saturating_sub(rest.len());
            let value = before.get(..size).unwrap_or_default();
            if !param.admits(value) {
                return Err((index, ValueError::Range));
            }
        }
        finish(rest).map_err(|error| (self.params.len(), error))
    }
}

/// Little-endian bytes of an unsigned integer of at most 128 bits.
fn unsigned(bytes: &[u8]) -> u128 {
    bytes.iter().rev().fold(0, |value, byte| (value << 8) | u128::from(*byte))
}

/// Little-endian two's complement bytes of a signed integer of at most 128 bits.
fn signed(bytes: &[u8]) -> i128 {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut wide = if negative { [0xff; 16] } else { [0; 16] };
    wide.iter_mut().zip(bytes).for_each(|(wide, byte)| *wide = *byte);
    i128::from_le_bytes(wide)
}

impl ParamDef {
    /// Whether `value`, the canonical encoding of a value of this parameter's type, is in range.
    #[must_use]
    pub fn admits(&self, value: &[u8]) -> bool {
        match &self.range {
            None => true,
            Some(ParamRange::Unsigned { min, max }) => (*min..=*max).contains(&unsigned(value)),
            Some(ParamRange::Signed { min, max }) => (*min..=*max).contains(&signed(value)),
        }
    }
}
