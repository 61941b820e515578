//! Types of two versions: which are encoded alike.

use chainstack_primitives::manifest::{Field, Manifest, Type, TypeDef, TypeKind};

/// Pairs of defined types that are encoded alike. A type refers to those before it alone, so that one pass from the
/// first to the last answers every pair from pairs before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SameTypes {
    /// For each type of the old version, those of the new.
    rows: Vec<Vec<bool>>,
}

impl SameTypes {
    pub(super) fn of(old: &Manifest, new: &Manifest) -> Self {
        let mut found = Self { rows: Vec::with_capacity(old.types.len()) };
        for old in &old.types {
            let row = new.types.iter().map(|new| found.same_definition(old, new)).collect();
            found.rows.push(row);
        }
        found
    }

    /// Whether values of both types are encoded alike.
    pub(super) fn same(&self, old: &Type, new: &Type) -> bool {
        let (Type::Defined(old), Type::Defined(new)) = (old, new) else { return old == new };
        let row = self.rows.get(usize::from(*old));
        row.and_then(|row| row.get(usize::from(*new))).copied().unwrap_or(false)
    }

    /// Whether tuples of both are encoded alike.
    pub(super) fn same_fields(&self, old: &[Field], new: &[Field]) -> bool {
        old.len() == new.len() && old.iter().zip(new).all(|(old, new)| self.same(&old.ty, &new.ty))
    }

    fn same_definition(&self, old: &TypeDef, new: &TypeDef) -> bool {
        match (&old.kind, &new.kind) {
            (TypeKind::Struct { fields: old }, TypeKind::Struct { fields: new }) => {
                self.same_fields(old, new)
            }
            (TypeKind::Enum { variants: old }, TypeKind::Enum { variants: new }) => {
                old.len() == new.len()
                    && old.iter().zip(new).all(|(old, new)| self.same_fields(&old.fields, &new.fields))
            }
            (TypeKind::List { of: old, max: old_max }, TypeKind::List { of: new, max: new_max }) => {
                old_max == new_max && self.same(old, new)
            }
            (TypeKind::Option { of: old }, TypeKind::Option { of: new }) => self.same(old, new),
            _ => false,
        }
    }
}
