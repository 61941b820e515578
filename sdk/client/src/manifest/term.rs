//! Key terms as text.

use chainstack_primitives::manifest::{KeyTerm, Manifest, Type, TypeKind};

use super::{Names, index_of};
use crate::value::{decode_to_json, encode_text, no_aliases};

/// The term `text` stands for; a constant is encoded as `ty`.
pub(super) fn parse_term(names: Names<'_>, text: &str, ty: &Type) -> Result<KeyTerm, String> {
    if let Some(constant) = text.strip_prefix('=') {
        let bytes =
            encode_text(names.manifest, ty, constant, &no_aliases).map_err(|error| error.to_string())?;
        return bytes.try_into().map(KeyTerm::Literal).map_err(|_| "the constant is too long".to_owned());
    }
    match text {
        "caller" => return Ok(KeyTerm::Caller),
        "origin" => return Ok(KeyTerm::Origin),
        "self" => return Ok(KeyTerm::SelfAddress),
        "*" => return Ok(KeyTerm::Any),
        _ => {}
    }
    let (kind, name) = text.split_once('.').unwrap_or((text, ""));
    match kind {
        "arg" => argument(names, name),
        "param" => {
            let params = names.manifest.params.iter().map(|param| &*param.name);
            index_of(params, name)
                .map(KeyTerm::Param)
                .ok_or_else(|| format!("there is no parameter `{name}`"))
        }
        "item" => {
            let item = names.item.ok_or("no item is bound here")?;
            let key = index_of(item.key().iter().map(|field| &*field.name), name).map(KeyTerm::Item);
            let head = index_of(item.head().iter().map(|field| &*field.name), name).map(KeyTerm::Head);
            key.or(head).ok_or_else(|| format!("the item has no field `{name}`"))
        }
        _ => Err(format!(
            "`{text}` is no term; write caller, origin, self, arg.…, param.…, item.…, =value or *"
        )),
    }
}

fn argument(names: Names<'_>, path: &str) -> Result<KeyTerm, String> {
    let (name, field) = match path.split_once('.') {
        Some((name, field)) => (name, Some(field)),
        None => (path, None),
    };
    let missing = || format!("there is no argument `{name}`");
    let arg = index_of(names.args.iter().map(|arg| &*arg.name), name).ok_or_else(missing)?;
    let Some(field) = field else { return Ok(KeyTerm::Arg(arg)) };
    let ty = names.args.get(usize::from(arg)).ok_or_else(missing)?.ty;
    let index =
        struct_fields(names.manifest, &ty).and_then(|mut fields| fields.find(|(_, name)| *name == field));
    let (field, _) = index.ok_or_else(|| format!("argument `{name}` has no field `{field}`"))?;
    Ok(KeyTerm::ArgField { arg, field })
}

fn struct_fields<'m>(manifest: &'m Manifest, ty: &Type) -> Option<impl Iterator<Item = (u8, &'m str)>> {
    match &manifest.definition(ty)?.kind {
        TypeKind::Struct { fields } => Some((0u8..).zip(fields.iter().map(|field| &*field.name))),
        _ => None,
    }
}

/// The text of a term that stands for a `ty`; `None` if the manifest is not valid.
pub(crate) fn print_term(names: Names<'_>, term: &KeyTerm, ty: &Type) -> Option<String> {
    let arg = |index: u8| names.args.get(usize::from(index));
    Some(match term {
        KeyTerm::Caller => "caller".into(),
        KeyTerm::Origin => "origin".into(),
        KeyTerm::SelfAddress => "self".into(),
        KeyTerm::Any => "*".into(),
        KeyTerm::Arg(index) => format!("arg.{}", arg(*index)?.name),
        KeyTerm::ArgField { arg: index, field } => {
            let arg = arg(*index)?;
            let (_, field) = struct_fields(names.manifest, &arg.ty)?.nth(usize::from(*field))?;
            format!("arg.{}.{field}", arg.name)
        }
        KeyTerm::Param(index) => format!("param.{}", names.manifest.params.get(usize::from(*index))?.name),
        KeyTerm::Item(index) => format!("item.{}", names.item?.key().get(usize::from(*index))?.name),
        KeyTerm::Head(index) => format!("item.{}", names.item?.head().get(usize::from(*index))?.name),
        KeyTerm::Literal(bytes) => match decode_to_json(names.manifest, ty, bytes).ok()? {
            serde_json::Value::String(text) => format!("={text}"),
            serde_json::Value::Null => "=none".into(),
            other => format!("={other}"),
        },
    })
}
