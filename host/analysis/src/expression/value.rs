//! Values on the evaluation stack.

use core::fmt;

use chainstack_primitives::manifest::{ExpressionType, Type};
use chainstack_primitives::{AccountId, Hash};

/// One value of an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    /// A truth value.
    Bool(bool),
    /// An unsigned number of 128 bits; every narrower one widens to it.
    Uint(u128),
    /// A signed number of 128 bits; every narrower one widens to it.
    Int(i128),
    /// An account.
    Account(AccountId),
    /// A digest.
    Hash(Hash),
}

impl Value {
    /// The type of the value.
    #[must_use]
    pub const fn ty(self) -> ExpressionType {
        match self {
            Self::Bool(_) => ExpressionType::Bool,
            Self::Uint(_) => ExpressionType::Uint,
            Self::Int(_) => ExpressionType::Int,
            Self::Account(_) => ExpressionType::Account,
            Self::Hash(_) => ExpressionType::Hash,
        }
    }

    /// What an absent entry reads as: all its bytes zero.
    #[must_use]
    pub const fn zero(ty: ExpressionType) -> Self {
        match ty {
            ExpressionType::Bool => Self::Bool(false),
            ExpressionType::Uint => Self::Uint(0),
            ExpressionType::Int => Self::Int(0),
            ExpressionType::Account => Self::Account(AccountId::ZERO),
            ExpressionType::Hash => Self::Hash(Hash([0; 32])),
        }
    }

    /// The value that `bytes` encode as `ty`, exactly.
    ///
    /// `None` if the type has no place in expressions, or the bytes are not one canonical value of it.
    #[must_use]
    pub fn decode(ty: &Type, bytes: &[u8]) -> Option<Self> {
        let size = usize::try_from(ty.scalar_size()?).ok()?;
        if bytes.len() != size {
            return None;
        }
        match ty {
            Type::Bool => match bytes {
                [0] => Some(Self::Bool(false)),
                [1] => Some(Self::Bool(true)),
                _ => None,
            },
            Type::Account => bytes.try_into().ok().map(|id| Self::Account(AccountId(id))),
            Type::Hash => bytes.try_into().ok().map(|digest| Self::Hash(Hash(digest))),
            ty if ty.is_unsigned() => Some(Self::Uint(u128::from_le_bytes(widen(bytes, 0)))),
            ty if ty.is_signed() => {
                let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
                Some(Self::Int(i128::from_le_bytes(widen(bytes, if negative { 0xff } else { 0 }))))
            }
            _ => None,
        }
    }

    /// The bytes of this value as one of type `ty`, exactly.
    ///
    /// `None` if the value is of another type, or a number that `ty` does not hold.
    #[must_use]
    pub fn encode(&self, ty: &Type) -> Option<Vec<u8>> {
        let size = usize::try_from(ty.scalar_size()?).ok()?;
        let bytes = match self {
            Self::Bool(truth) => vec![u8::from(*truth)],
            Self::Uint(number) => number.to_le_bytes().get(..size)?.to_vec(),
            Self::Int(number) => number.to_le_bytes().get(..size)?.to_vec(),
            Self::Account(account) => account.0.to_vec(),
            Self::Hash(hash) => hash.0.to_vec(),
        };
        // Exactly what decoding gives back: a number that was cut, or a value of another type, is not.
        (Self::decode(ty, &bytes) == Some(*self)).then_some(bytes)
    }
}

/// Little-endian bytes, filled up to 128 bits.
fn widen(bytes: &[u8], fill: u8) -> [u8; 16] {
    let mut wide = [fill; 16];
    wide.iter_mut().zip(bytes).for_each(|(wide, byte)| *wide = *byte);
    wide
}

impl fmt::Display for Value {
    /// As in the notation of expressions.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(truth) => write!(formatter, "{truth}"),
            Self::Uint(number) => write!(formatter, "{number}"),
            Self::Int(number) => write!(formatter, "int({number})"),
            Self::Account(account) => write!(formatter, "account({account})"),
            Self::Hash(hash) => write!(formatter, "hash({hash})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_decode_by_their_type_and_nothing_else_does() {
        let cases: [(Type, &[u8], Option<Value>); 12] = [
            (Type::Bool, &[1], Some(Value::Bool(true))),
            (Type::Bool, &[2], None),
            (Type::U8, &[200], Some(Value::Uint(200))),
            (Type::U8, &[1, 0], None),
            (Type::U128, &[0xff; 16], Some(Value::Uint(u128::MAX))),
            (Type::I8, &[0x80], Some(Value::Int(-128))),
            (Type::I16, &[0xfe, 0xff], Some(Value::Int(-2))),
            (Type::I64, &[5, 0, 0, 0, 0, 0, 0, 0], Some(Value::Int(5))),
            (Type::Account, &[7; 32], Some(Value::Account(AccountId([7; 32])))),
            (Type::Hash, &[7; 31], None),
            (Type::FixedBytes { size: 2 }, &[0, 0], None),
            (Type::Bytes { max: 3 }, &[0], None),
        ];
        for (ty, bytes, expected) in cases {
            assert_eq!(Value::decode(&ty, bytes), expected, "{ty} from {bytes:?}");
        }
    }

    #[test]
    fn a_value_encodes_as_what_decodes_to_it_or_not_at_all() {
        let cases: [(Value, Type, Option<&[u8]>); 8] = [
            (Value::Bool(true), Type::Bool, Some(&[1])),
            (Value::Uint(255), Type::U8, Some(&[255])),
            (Value::Uint(256), Type::U8, None),
            (Value::Int(-2), Type::I16, Some(&[0xfe, 0xff])),
            (Value::Int(-129), Type::I8, None),
            (Value::Uint(1), Type::I8, None),
            (Value::Account(AccountId([7; 32])), Type::Account, Some(&[7; 32])),
            (Value::Account(AccountId([7; 32])), Type::Hash, None),
        ];
        for (value, ty, expected) in cases {
            assert_eq!(value.encode(&ty).as_deref(), expected, "{value} as {ty}");
        }
    }

    #[test]
    fn zero_bytes_decode_as_zero() {
        let types = [Type::Bool, Type::U8, Type::U128, Type::I32, Type::I128, Type::Account, Type::Hash];
        for ty in types {
            let size = usize::try_from(ty.scalar_size().expect("scalar")).expect("small");
            let value = Value::decode(&ty, &vec![0; size]).expect("a value");
            assert_eq!(value, Value::zero(value.ty()));
        }
    }
}
