//! Types as they are written in TOML and shown to people.

use chainstack_primitives::manifest::{Manifest, Type, TypeKind};

/// The type as it is written in TOML: defined types by their name, the nameless ones spelled out.
#[must_use]
pub fn type_name(manifest: &Manifest, ty: &Type) -> String {
    let Some(definition) = manifest.definition(ty) else { return ty.to_string() };
    match (&definition.name, &definition.kind) {
        (Some(name), _) => name.to_string(),
        (None, kind) => kind_name(manifest, kind).unwrap_or_else(|| ty.to_string()),
    }
}

/// A list or option spelled out.
pub(crate) fn kind_name(manifest: &Manifest, kind: &TypeKind) -> Option<String> {
    match kind {
        TypeKind::List { of, max } => Some(format!("list<{}, {max}>", type_name(manifest, of))),
        TypeKind::Option { of } => Some(format!("option<{}>", type_name(manifest, of))),
        TypeKind::Struct { .. } | TypeKind::Enum { .. } => None,
    }
}
