//! SCALE to JSON, by declared type.

use chainstack_primitives::AccountId;
use chainstack_primitives::manifest::{Field, Manifest, Type, TypeKind, ValueError};
use serde_json::{Map, Value};

use super::DecodeValueError;

/// How accounts are shown.
type Format<'f> = &'f dyn Fn(&AccountId) -> String;

/// The one value of `ty` that `bytes` hold, accounts as `0x…`.
///
/// # Errors
/// [`DecodeValueError::Value`] if `bytes` are not exactly one canonical value of the type.
pub fn decode_to_json(manifest: &Manifest, ty: &Type, bytes: &[u8]) -> Result<Value, DecodeValueError> {
    decode_with(manifest, ty, bytes, &|account| account.to_string())
}

/// [`decode_to_json`] with accounts shown by `format`.
///
/// # Errors
/// As [`decode_to_json`].
pub fn decode_with(
    manifest: &Manifest,
    ty: &Type,
    bytes: &[u8],
    format: Format<'_>,
) -> Result<Value, DecodeValueError> {
    manifest.validate_whole(ty, bytes)?;
    Ok(Decoder { manifest, format }.value(ty, &mut &*bytes)?)
}

/// The tuple of `fields` that `bytes` hold, as an object in declared order: arguments, events, errors, keys.
///
/// # Errors
/// [`DecodeValueError::Value`] if `bytes` are not exactly the canonical tuple.
pub fn decode_fields(
    manifest: &Manifest,
    fields: &[Field],
    bytes: &[u8],
    format: Format<'_>,
) -> Result<Map<String, Value>, DecodeValueError> {
    manifest.validate_tuple(fields, bytes)?;
    Ok(Decoder { manifest, format }.fields(fields, &mut &*bytes)?)
}

/// Reads bytes that were validated as a whole.
struct Decoder<'m> {
    manifest: &'m Manifest,
    format: Format<'m>,
}

fn take<'a>(input: &mut &'a [u8], count: usize) -> Result<&'a [u8], ValueError> {
    let (head, rest) = input.split_at_checked(count).ok_or(ValueError::Truncated)?;
    *input = rest;
    Ok(head)
}

fn take_array<const SIZE: usize>(input: &mut &[u8]) -> Result<[u8; SIZE], ValueError> {
    take(input, SIZE)?.try_into().map_err(|_| ValueError::Truncated)
}

fn take_length(input: &mut &[u8]) -> Result<usize, ValueError> {
    let size = 1usize << (input.first().ok_or(ValueError::Truncated)? & 3);
    let raw = take(input, size)?.iter().rev().fold(0usize, |value, byte| (value << 8) | usize::from(*byte));
    Ok(raw >> 2)
}

fn hex(bytes: &[u8]) -> Value {
    Value::String(format!("0x{}", hex::encode(bytes)))
}

impl Decoder<'_> {
    fn fields(&self, fields: &[Field], input: &mut &[u8]) -> Result<Map<String, Value>, ValueError> {
        fields.iter().map(|field| Ok((field.name.to_string(), self.value(&field.ty, input)?))).collect()
    }

    /// Takes the next value.
    fn value(&self, ty: &Type, input: &mut &[u8]) -> Result<Value, ValueError> {
        Ok(match ty {
            Type::Bool => Value::Bool(take_array::<1>(input)? == [1]),
            Type::U8 => Value::from(u8::from_le_bytes(take_array(input)?)),
            Type::U16 => Value::from(u16::from_le_bytes(take_array(input)?)),
            Type::U32 => Value::from(u32::from_le_bytes(take_array(input)?)),
            Type::U64 => Value::String(u64::from_le_bytes(take_array(input)?).to_string()),
            Type::U128 => Value::String(u128::from_le_bytes(take_array(input)?).to_string()),
            Type::I8 => Value::from(i8::from_le_bytes(take_array(input)?)),
            Type::I16 => Value::from(i16::from_le_bytes(take_array(input)?)),
            Type::I32 => Value::from(i32::from_le_bytes(take_array(input)?)),
            Type::I64 => Value::String(i64::from_le_bytes(take_array(input)?).to_string()),
            Type::I128 => Value::String(i128::from_le_bytes(take_array(input)?).to_string()),
            Type::Account => Value::String((self.format)(&AccountId(take_array(input)?))),
            Type::Hash => hex(&take_array::<32>(input)?),
            Type::FixedBytes { size } => hex(take(input, usize::from(*size))?),
            Type::Bytes { .. } => {
                let length = take_length(input)?;
                hex(take(input, length)?)
            }
            Type::Text { .. } => {
                let length = take_length(input)?;
                let text = str::from_utf8(take(input, length)?).map_err(|_| ValueError::Text)?;
                Value::String(text.into())
            }
            Type::Defined(_) => {
                let definition = self.manifest.definition(ty).ok_or(ValueError::UndefinedType)?;
                self.kind(&definition.kind, input)?
            }
        })
    }

    fn kind(&self, kind: &TypeKind, input: &mut &[u8]) -> Result<Value, ValueError> {
        match kind {
            TypeKind::Struct { fields } => Ok(Value::Object(self.fields(fields, input)?)),
            TypeKind::Enum { variants } => {
                let [found] = take_array(input)?;
                let variant = variants.get(usize::from(found)).ok_or(ValueError::Variant { found })?;
                if variant.fields.is_empty() {
                    return Ok(Value::String(variant.name.to_string()));
                }
                let fields = self.fields(&variant.fields, input)?;
                Ok(Value::Object(Map::from_iter([(variant.name.to_string(), Value::Object(fields))])))
            }
            TypeKind::List { of, .. } => {
                let count = take_length(input)?;
                (0..count).map(|_| self.value(of, input)).collect::<Result<Vec<_>, _>>().map(Value::Array)
            }
            TypeKind::Option { of } => {
                if take_array::<1>(input)? == [0] {
                    return Ok(Value::Null);
                }
                let value = self.value(of, input)?;
                let wrapped = super::encode::is_option(self.manifest, of);
                Ok(if wrapped { Value::Object(Map::from_iter([("some".into(), value)])) } else { value })
            }
        }
    }
}
