//! Text and JSON to SCALE, by declared type.

use chainstack_primitives::AccountId;
use chainstack_primitives::manifest::{Field, Manifest, ParamDef, Type, TypeKind, Variant};
use parity_scale_codec::{Compact, Encode};
use serde_json::{Map, Value};

use super::{ArgError, nearest, type_name};
use crate::address::{Ss58Prefix, parse_address};
use crate::uri::may_be_secret;

/// Turns what people call an account (`//Alice`, an alias) into its id; asked before addresses are parsed.
pub type Resolver<'r> = &'r dyn Fn(&str) -> Option<AccountId>;

/// The resolver that knows no names.
#[must_use]
pub fn no_aliases(_: &str) -> Option<AccountId> {
    None
}

/// Encodes `name=value` arguments as the SCALE tuple of `fields`, in declared order.
///
/// # Errors
/// Any [`ArgError`]; the first one in declared order, unknown and repeated names before.
pub fn encode_args(
    manifest: &Manifest,
    fields: &[Field],
    given: &[(&str, &str)],
    resolve: Resolver<'_>,
) -> Result<Vec<u8>, ArgError> {
    let declared: Vec<_> = fields.iter().map(|field| (&*field.name, field.ty)).collect();
    check_names(manifest, &declared, given.iter().map(|(name, _)| *name))?;
    let encoder = Encoder { manifest, resolve };
    let mut out = Vec::new();
    for (name, ty) in &declared {
        let text = given.iter().find(|(given, _)| given == name).map(|(_, text)| *text);
        let text = text.ok_or_else(|| missing(manifest, &declared, name, ty))?;
        encoder.text(name, ty, text, &mut out)?;
    }
    Ok(out)
}

/// Encodes a JSON object as the SCALE tuple of `fields`, in declared order.
///
/// # Errors
/// As [`encode_args`].
pub fn encode_fields(
    manifest: &Manifest,
    fields: &[Field],
    given: &Map<String, Value>,
    resolve: Resolver<'_>,
) -> Result<Vec<u8>, ArgError> {
    let declared: Vec<_> = fields.iter().map(|field| (&*field.name, field.ty)).collect();
    check_names(manifest, &declared, given.keys().map(String::as_str))?;
    let mut out = Vec::new();
    Encoder { manifest, resolve }.object("", &declared, given, &mut out)?;
    Ok(out)
}

/// Encodes the parameters of the contract from a JSON object, with declared defaults for what is missing
/// and `none` for missing options without one; checks the declared ranges.
///
/// # Errors
/// As [`encode_args`].
pub fn encode_params(
    manifest: &Manifest,
    given: &Map<String, Value>,
    resolve: Resolver<'_>,
) -> Result<Vec<u8>, ArgError> {
    let declared: Vec<_> = manifest.params.iter().map(|param| (&*param.name, param.ty)).collect();
    check_names(manifest, &declared, given.keys().map(String::as_str))?;
    let encoder = Encoder { manifest, resolve };
    let mut out = Vec::new();
    for param in &manifest.params {
        let value = match (given.get(&*param.name), &param.default) {
            (Some(value), _) => {
                let mut bytes = Vec::new();
                encoder.json(&param.name, &param.ty, value, &mut bytes)?;
                check_range(manifest, param, value, &bytes)?;
                bytes
            }
            (None, Some(default)) => default.to_vec(),
            (None, None) if is_option(manifest, &param.ty) => vec![0],
            (None, None) => return Err(missing(manifest, &declared, &param.name, &param.ty)),
        };
        out.extend_from_slice(&value);
    }
    Ok(out)
}

fn check_range(manifest: &Manifest, param: &ParamDef, value: &Value, bytes: &[u8]) -> Result<(), ArgError> {
    use chainstack_primitives::manifest::ParamRange;
    if param.admits(bytes) {
        return Ok(());
    }
    let why = match param.range {
        Some(ParamRange::Unsigned { min, max }) => format!("allowed is {min} to {max}"),
        Some(ParamRange::Signed { min, max }) => format!("allowed is {min} to {max}"),
        None => "it is out of range".into(),
    };
    Err(ArgError::invalid(&param.name, type_name(manifest, &param.ty), &plain(value), why))
}

/// Encodes one value given as text.
///
/// # Errors
/// [`ArgError::Invalid`] with the path `value`.
pub fn encode_text(
    manifest: &Manifest,
    ty: &Type,
    text: &str,
    resolve: Resolver<'_>,
) -> Result<Vec<u8>, ArgError> {
    let mut out = Vec::new();
    Encoder { manifest, resolve }.text("value", ty, text, &mut out)?;
    Ok(out)
}

/// Encodes one value given as JSON.
///
/// # Errors
/// [`ArgError::Invalid`] with a path that starts at `value`.
pub fn encode_json(
    manifest: &Manifest,
    ty: &Type,
    value: &Value,
    resolve: Resolver<'_>,
) -> Result<Vec<u8>, ArgError> {
    let mut out = Vec::new();
    Encoder { manifest, resolve }.json("value", ty, value, &mut out)?;
    Ok(out)
}

fn declared_list(manifest: &Manifest, declared: &[(&str, Type)]) -> Vec<String> {
    declared.iter().map(|(name, ty)| format!("{name}: {}", type_name(manifest, ty))).collect()
}

fn missing(manifest: &Manifest, declared: &[(&str, Type)], name: &str, ty: &Type) -> ArgError {
    let declared = declared_list(manifest, declared);
    ArgError::Missing { name: name.into(), expected: type_name(manifest, ty), declared }
}

fn check_names<'g>(
    manifest: &Manifest,
    declared: &[(&str, Type)],
    given: impl Iterator<Item = &'g str>,
) -> Result<(), ArgError> {
    let mut seen = Vec::new();
    for name in given {
        if seen.contains(&name) {
            return Err(ArgError::Repeated { name: name.into() });
        }
        if !declared.iter().any(|(known, _)| *known == name) {
            let nearest = nearest(name, declared.iter().map(|(known, _)| *known)).map(Into::into);
            let declared = declared_list(manifest, declared);
            return Err(ArgError::Unknown { name: name.into(), nearest, declared });
        }
        seen.push(name);
    }
    Ok(())
}

/// Whether values of `ty` may be absent.
pub(super) fn is_option(manifest: &Manifest, ty: &Type) -> bool {
    matches!(manifest.definition(ty).map(|definition| &definition.kind), Some(TypeKind::Option { .. }))
}

/// A JSON value as it would be typed.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Splits `[a, b]` at its outer commas; `None` if it is not in brackets or they do not match.
fn split_list(text: &str) -> Option<Vec<&str>> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    let (mut parts, mut depth, mut start) = (Vec::new(), 0i32, 0);
    for (at, character) in inner.char_indices() {
        match character {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(inner[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    let last = inner[start..].trim();
    if !(last.is_empty() && parts.is_empty()) {
        parts.push(last);
    }
    (depth == 0).then_some(parts)
}

struct Encoder<'m> {
    manifest: &'m Manifest,
    resolve: Resolver<'m>,
}

impl Encoder<'_> {
    fn refuse(&self, path: &str, ty: &Type, found: &str, why: impl Into<String>) -> ArgError {
        ArgError::invalid(path, type_name(self.manifest, ty), found, why)
    }

    fn text(&self, path: &str, ty: &Type, text: &str, out: &mut Vec<u8>) -> Result<(), ArgError> {
        let Some(definition) = self.manifest.definition(ty) else { return self.scalar(path, ty, text, out) };
        match &definition.kind {
            TypeKind::Option { .. } if text == "none" => {
                out.push(0);
                Ok(())
            }
            TypeKind::Option { of } => {
                out.push(1);
                self.text(path, of, text, out)
            }
            TypeKind::List { of, max } => {
                if let Ok(value @ Value::Array(_)) = serde_json::from_str(text) {
                    return self.json(path, ty, &value, out);
                }
                let parts =
                    split_list(text).ok_or_else(|| self.refuse(path, ty, text, "write a list as [a, b]"))?;
                self.count(path, ty, text, parts.len(), *max, out)?;
                let each =
                    |(index, part): (usize, &&str)| self.text(&format!("{path}[{index}]"), of, part, out);
                parts.iter().enumerate().try_for_each(each)
            }
            TypeKind::Enum { variants } if variants.iter().any(|variant| &*variant.name == text) => {
                self.json(path, ty, &Value::String(text.into()), out)
            }
            TypeKind::Struct { .. } | TypeKind::Enum { .. } => {
                let value = serde_json::from_str(text);
                let value =
                    value.map_err(|error| self.refuse(path, ty, text, format!("not JSON: {error}")))?;
                self.json(path, ty, &value, out)
            }
        }
    }

    fn json(&self, path: &str, ty: &Type, value: &Value, out: &mut Vec<u8>) -> Result<(), ArgError> {
        let Some(definition) = self.manifest.definition(ty) else {
            return match (ty, value) {
                (Type::Text { .. } | Type::Bytes { .. }, Value::String(text)) => {
                    self.scalar(path, ty, text, out)
                }
                (Type::Text { .. } | Type::Bytes { .. }, other) => {
                    Err(self.refuse(path, ty, &other.to_string(), "give it as text"))
                }
                (_, Value::Null | Value::Array(_) | Value::Object(_)) => {
                    Err(self.refuse(path, ty, &value.to_string(), "give a single value"))
                }
                (_, single) => self.scalar(path, ty, &plain(single), out),
            };
        };
        match (&definition.kind, value) {
            (TypeKind::Option { .. }, Value::Null) => {
                out.push(0);
                Ok(())
            }
            (TypeKind::Option { of }, value) => {
                out.push(1);
                match value {
                    Value::Object(wrapped) if is_option(self.manifest, of) && wrapped.len() == 1 => {
                        let inner = wrapped.get("some");
                        let why = "wrap the inner option in {\"some\": …}";
                        self.json(
                            path,
                            of,
                            inner.ok_or_else(|| self.refuse(path, ty, &value.to_string(), why))?,
                            out,
                        )
                    }
                    value => self.json(path, of, value, out),
                }
            }
            (TypeKind::List { of, max }, Value::Array(elements)) => {
                self.count(path, ty, &value.to_string(), elements.len(), *max, out)?;
                let each = |(index, element)| self.json(&format!("{path}[{index}]"), of, element, out);
                elements.iter().enumerate().try_for_each(each)
            }
            (TypeKind::Struct { fields }, Value::Object(object)) => self.named(path, fields, object, out),
            (TypeKind::Enum { variants }, value) => self.variant(path, ty, variants, value, out),
            (TypeKind::List { .. }, other) => Err(self.refuse(path, ty, &other.to_string(), "give an array")),
            (TypeKind::Struct { .. }, other) => {
                Err(self.refuse(path, ty, &other.to_string(), "give an object"))
            }
        }
    }

    fn named(
        &self,
        path: &str,
        fields: &[Field],
        object: &Map<String, Value>,
        out: &mut Vec<u8>,
    ) -> Result<(), ArgError> {
        let declared: Vec<_> = fields.iter().map(|field| (&*field.name, field.ty)).collect();
        check_names(self.manifest, &declared, object.keys().map(String::as_str))?;
        self.object(path, &declared, object, out)
    }

    /// Fields in declared order; the names were checked.
    fn object(
        &self,
        path: &str,
        declared: &[(&str, Type)],
        object: &Map<String, Value>,
        out: &mut Vec<u8>,
    ) -> Result<(), ArgError> {
        for (name, ty) in declared {
            let path = if path.is_empty() { (*name).to_owned() } else { format!("{path}.{name}") };
            let value = object.get(*name).ok_or_else(|| missing(self.manifest, declared, &path, ty))?;
            self.json(&path, ty, value, out)?;
        }
        Ok(())
    }

    fn variant(
        &self,
        path: &str,
        ty: &Type,
        variants: &[Variant],
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), ArgError> {
        let empty = Map::new();
        let given = match value {
            Value::String(name) => Some((name, &empty)),
            Value::Object(object) if object.len() == 1 => {
                object.iter().next().and_then(|(name, fields)| match fields {
                    Value::Object(fields) => Some((name, fields)),
                    _ => None,
                })
            }
            _ => None,
        };
        let names = || variants.iter().map(|variant| variant.name.to_string()).collect::<Vec<_>>().join(", ");
        let shape = || format!("give \"Name\" or {{\"Name\": {{…}}}} with one of {}", names());
        let (name, fields) = given.ok_or_else(|| self.refuse(path, ty, &value.to_string(), shape()))?;
        let index = variants.iter().position(|variant| &*variant.name == name.as_str());
        let index =
            index.ok_or_else(|| self.refuse(path, ty, name, format!("the variants are {}", names())))?;
        out.push(u8::try_from(index).map_err(|_| self.refuse(path, ty, name, "too many variants"))?);
        self.named(&format!("{path}.{name}"), &variants[index].fields, fields, out)
    }

    fn count(
        &self,
        path: &str,
        ty: &Type,
        found: &str,
        count: usize,
        max: u32,
        out: &mut Vec<u8>,
    ) -> Result<(), ArgError> {
        let fits = u32::try_from(count).ok().filter(|count| *count <= max);
        let count = fits
            .ok_or_else(|| self.refuse(path, ty, found, format!("{count} given, at most {max} allowed")))?;
        Compact(count).encode_to(out);
        Ok(())
    }

    fn scalar(&self, path: &str, ty: &Type, text: &str, out: &mut Vec<u8>) -> Result<(), ArgError> {
        let refuse = |why: String| self.refuse(path, ty, text, why);
        match ty {
            Type::Bool => match text {
                "true" => out.push(1),
                "false" => out.push(0),
                _ => return Err(refuse("write true or false".into())),
            },
            Type::Account => {
                // Who mistakes a secret for an account should not read it in a message, nor anybody in a log.
                let found = if may_be_secret(text) { "(not repeated)" } else { text };
                let account = self.account(text).map_err(|why| self.refuse(path, ty, found, why))?;
                out.extend_from_slice(account.as_bytes());
            }
            Type::Hash => out.extend_from_slice(&fixed(text, 32).map_err(refuse)?),
            Type::FixedBytes { size } => {
                out.extend_from_slice(&fixed(text, usize::from(*size)).map_err(refuse)?)
            }
            Type::Text { max } => {
                self.count(path, ty, text, text.len(), *max, out)?;
                out.extend_from_slice(text.as_bytes());
            }
            Type::Bytes { max } => {
                let bytes = match text.strip_prefix("0x") {
                    Some(digits) => {
                        hex::decode(digits).map_err(|error| refuse(format!("not hexadecimal: {error}")))?
                    }
                    None => text.as_bytes().to_vec(),
                };
                self.count(path, ty, text, bytes.len(), *max, out)?;
                out.extend_from_slice(&bytes);
            }
            integer => out.extend_from_slice(&encode_integer(integer, text).map_err(refuse)?),
        }
        Ok(())
    }

    fn account(&self, text: &str) -> Result<AccountId, String> {
        if let Some(account) = (self.resolve)(text) {
            return Ok(account);
        }
        parse_address(text, Ss58Prefix::DEFAULT).map_err(|error| error.to_string())
    }
}

fn fixed(text: &str, size: usize) -> Result<Vec<u8>, String> {
    let digits =
        text.strip_prefix("0x").ok_or_else(|| format!("write 0x and {} digits", size.saturating_mul(2)))?;
    let bytes = hex::decode(digits).map_err(|error| format!("not hexadecimal: {error}"))?;
    if bytes.len() == size { Ok(bytes) } else { Err(format!("{size} bytes expected, {} found", bytes.len())) }
}

/// Decimal digits, grouped by `_` at will.
fn digits(text: &str) -> Result<String, String> {
    let plain = text.replace('_', "");
    let unsigned = plain.strip_prefix('-').unwrap_or(&plain);
    let written = !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit());
    let grouped = !text.starts_with('_') && !text.ends_with('_');
    if written && grouped { Ok(plain) } else { Err("not a decimal whole number".into()) }
}

fn encode_integer(ty: &Type, text: &str) -> Result<Vec<u8>, String> {
    let size = ty.scalar_size().map_or(0, |size| size as usize);
    let bits = size.saturating_mul(8);
    let digits = digits(text)?;
    if ty.is_unsigned() {
        if digits.starts_with('-') {
            return Err("it must not be negative".into());
        }
        let greatest = u128::MAX >> 128usize.saturating_sub(bits);
        let value = digits.parse::<u128>().ok().filter(|value| *value <= greatest);
        let value = value.ok_or_else(|| format!("the greatest allowed is {greatest}"))?;
        return Ok(value.to_le_bytes()[..size].to_vec());
    }
    if !ty.is_signed() {
        return Err("this type is not defined".into());
    }
    let greatest = i128::MAX >> 128usize.saturating_sub(bits);
    let least = -greatest - 1;
    let value = digits.parse::<i128>().ok().filter(|value| (least..=greatest).contains(value));
    let value = value.ok_or_else(|| format!("allowed is {least} to {greatest}"))?;
    Ok(value.to_le_bytes()[..size].to_vec())
}
