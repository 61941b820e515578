//! Types, parameters, errors and events.

use super::super::limits::{
    ARGS_SIZE_MAX, ERROR_SIZE_MAX, EVENT_SIZE_MAX, LIST_LENGTH_MAX, TYPE_DEPTH_MAX, VALUE_SIZE_MAX,
};
use super::super::{
    Field, Manifest, ManifestError, ParamDef, ParamRange, Quantity, Section, Type, TypeDef, TypeKind,
};
use super::{Checker, Spot, is_name};

/// Names that mean built-in types in TOML.
const BUILT_IN: [&str; 17] = [
    "bool", "u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64", "i128", "account", "hash", "bytes",
    "text", "fixed", "list",
];

impl Manifest {
    /// Checks the type table; everything else about types relies on it.
    pub(super) fn check_types(&self) -> Result<(), ManifestError> {
        for (index, definition) in self.types.iter().enumerate() {
            let spot = match &definition.name {
                Some(name) => Spot::new(Section::Types, index, name),
                None => Spot { index, ..Spot::section(Section::Types) },
            };
            self.check_type_name(spot, index, definition)?;
            check_kind(spot, index, &definition.kind)?;
        }
        // References are in order now, so every entry has a size.
        for (index, size) in self.type_sizes().iter().enumerate() {
            let spot = Spot { index, ..Spot::section(Section::Types) };
            let too_deep = |at| ManifestError::TypeDepth { at, found: size.depth, limit: TYPE_DEPTH_MAX };
            spot.require(size.depth <= TYPE_DEPTH_MAX, too_deep)?;
            spot.limit(Quantity::TypeSize, size.max_bytes, u64::from(VALUE_SIZE_MAX))?;
        }
        Ok(())
    }

    fn check_type_name(
        &self,
        spot: Spot<'_>,
        index: usize,
        definition: &TypeDef,
    ) -> Result<(), ManifestError> {
        let Some(name) = &definition.name else {
            let nameless = matches!(definition.kind, TypeKind::List { .. } | TypeKind::Option { .. });
            spot.require(nameless, |at| ManifestError::Name { at })?;
            // One entry for each spelled-out type, so that equal types have equal references.
            let twice = self.types.iter().take(index).any(|before| before == definition);
            return spot.require(!twice, |at| ManifestError::DuplicateName { at });
        };
        spot.unique_name(name, self.types.iter().take(index).filter_map(|before| before.name.as_ref()))?;
        let reserved = BUILT_IN.contains(&&**name) || &**name == "option";
        spot.require(!reserved, |at| ManifestError::ReservedName { at })
    }
}

fn check_kind(spot: Spot<'_>, index: usize, kind: &TypeKind) -> Result<(), ManifestError> {
    match kind {
        TypeKind::Struct { fields } => {
            spot.part("fields").not_empty(fields.len())?;
            check_fields(spot.part("fields"), index, fields)
        }
        TypeKind::Enum { variants } => {
            spot.part("variants").not_empty(variants.len())?;
            for (position, variant) in variants.iter().enumerate() {
                let spot = spot.item("variants", position);
                spot.unique_name(&variant.name, variants.iter().take(position).map(|before| &before.name))?;
                check_fields(spot, index, &variant.fields)?;
            }
            Ok(())
        }
        TypeKind::List { of, max } => {
            spot.part("max").not_empty(usize::from(*max > 0))?;
            spot.part("max").limit(Quantity::ListLength, u64::from(*max), u64::from(LIST_LENGTH_MAX))?;
            check_reference(spot.part("of"), index, of)
        }
        TypeKind::Option { of } => check_reference(spot.part("of"), index, of),
    }
}

fn check_fields(spot: Spot<'_>, index: usize, fields: &[Field]) -> Result<(), ManifestError> {
    for (position, field) in fields.iter().enumerate() {
        spot.require(is_name(&field.name), |at| ManifestError::Name { at })?;
        let twice = fields.iter().take(position).any(|before| before.name == field.name);
        spot.require(!twice, |at| ManifestError::DuplicateName { at })?;
        check_reference(spot, index, &field.ty)?;
    }
    Ok(())
}

/// Checks a type inside entry `index` of the type table.
fn check_reference(spot: Spot<'_>, index: usize, ty: &Type) -> Result<(), ManifestError> {
    match ty {
        Type::Defined(to) => spot.require(usize::from(*to) < index, |at| ManifestError::TypeOrder { at }),
        Type::FixedBytes { size: 0 } => Err(ManifestError::TypeNotAllowed { at: spot.place(), found: *ty }),
        _ => Ok(()),
    }
}

impl Checker<'_> {
    pub(super) fn params(&self) -> Result<(), ManifestError> {
        let params = &self.manifest.params;
        let mut total = 0u64;
        for (index, param) in params.iter().enumerate() {
            let spot = Spot::new(Section::Params, index, &param.name);
            spot.unique_name(&param.name, params.iter().take(index).map(|before| &before.name))?;
            spot.doc(&param.doc)?;
            total = total.saturating_add(self.size(spot.part("type"), &param.ty)?.max_bytes);
            self.param_values(spot, param)?;
        }
        Spot::section(Section::Contract).part("params").limit(
            Quantity::Params,
            total,
            u64::from(ARGS_SIZE_MAX),
        )
    }

    fn param_values(&self, spot: Spot<'_>, param: &ParamDef) -> Result<(), ManifestError> {
        let range = spot.part("range");
        range.conflict_unless(match param.range {
            None => true,
            Some(ParamRange::Unsigned { min, max }) => param.ty.is_unsigned() && min <= max,
            Some(ParamRange::Signed { min, max }) => param.ty.is_signed() && min <= max,
        })?;
        let Some(default) = &param.default else { return Ok(()) };
        let refuse = |error| ManifestError::Constant { at: spot.part("default").place(), error };
        self.manifest.validate_whole(&param.ty, default).map_err(refuse)?;
        if param.admits(default) { Ok(()) } else { Err(refuse(super::super::ValueError::Range)) }
    }

    pub(super) fn errors(&self) -> Result<(), ManifestError> {
        let errors = &self.manifest.errors;
        for (index, error) in errors.iter().enumerate() {
            let spot = Spot::new(Section::Errors, index, &error.name);
            spot.unique_name(&error.name, errors.iter().take(index).map(|before| &before.name))?;
            spot.unique_id(error.id, errors.iter().take(index).map(|before| before.id))?;
            spot.require(error.id != 0, |at| ManifestError::ReservedId { at, id: error.id })?;
            spot.doc(&error.doc)?;
            self.fields(spot, "fields", &error.fields, Quantity::ErrorSize, ERROR_SIZE_MAX)?;
        }
        Ok(())
    }

    pub(super) fn events(&self) -> Result<(), ManifestError> {
        let events = &self.manifest.events;
        for (index, event) in events.iter().enumerate() {
            let spot = Spot::new(Section::Events, index, &event.name);
            spot.unique_name(&event.name, events.iter().take(index).map(|before| &before.name))?;
            spot.unique_id(event.id, events.iter().take(index).map(|before| before.id))?;
            spot.require(event.id != 0, |at| ManifestError::ReservedId { at, id: event.id })?;
            spot.doc(&event.doc)?;
            self.fields(spot, "fields", &event.fields, Quantity::EventSize, EVENT_SIZE_MAX)?;
        }
        Ok(())
    }
}
