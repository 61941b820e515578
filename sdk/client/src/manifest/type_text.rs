//! Types as text, read: `u128`, `text<64>`, `list<Curve, 3>`, `option<account>`.

use chainstack_primitives::manifest::limits::TYPES_MAX;
use chainstack_primitives::manifest::{Name, Type, TypeDef, TypeKind};

/// The type table while it grows.
#[derive(Default)]
pub(super) struct Types {
    pub(super) table: Vec<TypeDef>,
}

impl Types {
    /// The type `text` names; lists and options without a name get an entry when they first occur.
    pub(super) fn parse(&mut self, text: &str) -> Result<Type, String> {
        let text = text.trim();
        // Nesting is bounded by validation; here only so that a long text cannot exhaust the stack.
        if text.matches('<').count() > NESTING_MAX {
            return Err("the type is nested too deep".into());
        }
        if let Some(scalar) = scalar(text)? {
            return Ok(scalar);
        }
        if text.contains('<') {
            let kind = self.parse_kind(text)?;
            let known = self.table.iter().position(|entry| entry.name.is_none() && entry.kind == kind);
            return match known {
                Some(index) => defined(index),
                None => self.push(None, kind),
            };
        }
        let named =
            self.table.iter().position(|entry| entry.name.as_ref().is_some_and(|name| &**name == text));
        let names = || self.table.iter().filter_map(|entry| entry.name.as_deref());
        match named {
            Some(index) => defined(index),
            None => Err(match crate::value::nearest(text, names().chain(BUILT_IN)) {
                Some(near) => format!("`{text}` is no type; did you mean `{near}`?"),
                None => format!("`{text}` is no type; types must be defined before they are used"),
            }),
        }
    }

    /// The list or option `text` spells out.
    pub(super) fn parse_kind(&mut self, text: &str) -> Result<TypeKind, String> {
        let shape = || format!("`{text}` is no type; write list<TYPE, MAX> or option<TYPE>");
        let (outer, inner) = text.trim().split_once('<').ok_or_else(shape)?;
        let inner = inner.strip_suffix('>').ok_or_else(shape)?;
        match outer.trim() {
            "option" => Ok(TypeKind::Option { of: self.parse(inner)? }),
            "list" => {
                let (of, max) = inner.rsplit_once(',').ok_or_else(shape)?;
                let max = max.trim().replace('_', "").parse().map_err(|_| shape())?;
                Ok(TypeKind::List { of: self.parse(of)?, max })
            }
            _ => Err(shape()),
        }
    }

    pub(super) fn push(&mut self, name: Option<Name>, kind: TypeKind) -> Result<Type, String> {
        let ty = defined(self.table.len())?;
        if self.table.len() >= TYPES_MAX as usize {
            return Err(format!("more than {TYPES_MAX} types"));
        }
        self.table.push(TypeDef { name, kind });
        Ok(ty)
    }
}

const NESTING_MAX: usize = 16;
const BUILT_IN: [&str; 13] =
    ["bool", "u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64", "i128", "account", "hash"];

fn defined(index: usize) -> Result<Type, String> {
    u16::try_from(index).map(Type::Defined).map_err(|_| "too many types".to_owned())
}

fn scalar(text: &str) -> Result<Option<Type>, String> {
    Ok(Some(match text {
        "bool" => Type::Bool,
        "u8" => Type::U8,
        "u16" => Type::U16,
        "u32" => Type::U32,
        "u64" => Type::U64,
        "u128" => Type::U128,
        "i8" => Type::I8,
        "i16" => Type::I16,
        "i32" => Type::I32,
        "i64" => Type::I64,
        "i128" => Type::I128,
        "account" => Type::Account,
        "hash" => Type::Hash,
        "bytes" | "text" | "fixed" => return Err(format!("`{text}` needs a bound: {text}<64>")),
        sized => {
            let Some((outer, inner)) = sized.split_once('<') else { return Ok(None) };
            let bound =
                |inner: &str| inner.trim().strip_suffix('>').map(|digits| digits.trim().replace('_', ""));
            let number = bound(inner).and_then(|digits| digits.parse::<u32>().ok());
            let needed = || number.ok_or_else(|| format!("`{text}` needs a number between < and >"));
            match outer.trim() {
                "bytes" => Type::Bytes { max: needed()? },
                "text" => Type::Text { max: needed()? },
                "fixed" => {
                    let size = u16::try_from(needed()?).map_err(|_| format!("`{text}` is too long"))?;
                    Type::FixedBytes { size }
                }
                _ => return Ok(None),
            }
        }
    }))
}
