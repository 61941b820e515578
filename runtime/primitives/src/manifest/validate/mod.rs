//! What a manifest must satisfy beyond its encoding: unique names and ids, references that resolve, types
//! that fit, sizes within limits. Linear in the size of the manifest, but for quadratic scans of short lists.

mod methods;
mod state;
mod terms;
mod values;

use super::limits::{CEILING_GAS_MAX, DOC_SIZE_MAX};
use super::types::Sizes;
use super::{
    Doc, Field, MANIFEST_VERSION, Manifest, ManifestError, Name, Place, Quantity, Section, Type, TypeSize,
};
use crate::Gas;

impl Manifest {
    /// Checks everything about the manifest that its types do not already guarantee.
    ///
    /// # Errors
    /// Any [`ManifestError`] but `TooLong` and `Malformed`.
    pub fn validate(&self) -> Result<(), ManifestError> {
        if self.version != MANIFEST_VERSION {
            return Err(ManifestError::Version { found: self.version });
        }
        let contract = Spot { name: Some(&self.name), ..Spot::section(Section::Contract) };
        if !is_name(&self.name.replace('-', "_")) {
            return Err(ManifestError::Name { at: contract.place() });
        }
        contract.doc(&self.doc)?;
        self.check_types()?;
        let checker = Checker { manifest: self, sizes: Sizes::of(self) };
        checker.params()?;
        checker.errors()?;
        checker.events()?;
        checker.cells()?;
        checker.machines()?;
        checker.roles()?;
        checker.transitions()?;
        checker.views()?;
        checker.exits()?;
        checker.invariants()?;
        checker.upgrade()
    }
}

/// A manifest whose type table is known to be sound.
pub(super) struct Checker<'m> {
    pub(super) manifest: &'m Manifest,
    sizes: Sizes,
}

/// A [`Place`] that borrows, for passing around.
#[derive(Clone, Copy)]
pub(super) struct Spot<'m> {
    section: Section,
    index: usize,
    name: Option<&'m Name>,
    part: &'static str,
    part_index: Option<usize>,
}

impl<'m> Spot<'m> {
    pub(super) const fn new(section: Section, index: usize, name: &'m Name) -> Self {
        Self { section, index, name: Some(name), part: "", part_index: None }
    }

    pub(super) const fn section(section: Section) -> Self {
        Self { section, index: 0, name: None, part: "", part_index: None }
    }

    pub(super) const fn part(self, part: &'static str) -> Self {
        Self { part, part_index: None, ..self }
    }

    pub(super) const fn item(self, part: &'static str, index: usize) -> Self {
        Self { part, part_index: Some(index), ..self }
    }

    pub(super) fn place(self) -> Place {
        Place {
            section: self.section,
            index: short(self.index),
            name: self.name.cloned().unwrap_or_default(),
            part: self.part,
            part_index: self.part_index.map(short),
        }
    }

    pub(super) fn limit(self, quantity: Quantity, found: u64, limit: u64) -> Result<(), ManifestError> {
        if found <= limit {
            return Ok(());
        }
        Err(ManifestError::Limit { at: self.place(), quantity, found, limit })
    }

    /// Refuses unless `met`.
    fn require(self, met: bool, error: impl FnOnce(Place) -> ManifestError) -> Result<(), ManifestError> {
        if met { Ok(()) } else { Err(error(self.place())) }
    }

    fn conflict_unless(self, met: bool) -> Result<(), ManifestError> {
        self.require(met, |at| ManifestError::Conflict { at })
    }

    fn not_empty(self, count: usize) -> Result<(), ManifestError> {
        self.require(count > 0, |at| ManifestError::Empty { at })
    }

    fn known(self, found: bool, to: Section, id: u16) -> Result<(), ManifestError> {
        self.require(found, |at| ManifestError::Unknown { at, to, id })
    }

    fn doc(self, doc: &Doc) -> Result<(), ManifestError> {
        debug_assert!(doc.len() <= DOC_SIZE_MAX as usize);
        let printable = doc.chars().all(|character| character == '\n' || !character.is_control());
        self.part("doc").require(printable, |at| ManifestError::Doc { at })
    }

    /// Checks the name of an entry, and that none of the entries before it has it.
    fn unique_name<'n>(
        self,
        name: &Name,
        mut before: impl Iterator<Item = &'n Name>,
    ) -> Result<(), ManifestError> {
        self.require(is_name(name), |at| ManifestError::Name { at })?;
        self.require(!before.any(|other| other == name), |at| ManifestError::DuplicateName { at })
    }

    fn unique_id(self, id: u16, mut before: impl Iterator<Item = u16>) -> Result<(), ManifestError> {
        self.require(!before.any(|other| other == id), |at| ManifestError::DuplicateId { at, id })
    }

    fn gas(self, gas: Gas) -> Result<(), ManifestError> {
        self.part("gas").not_empty(usize::from(gas.0 > 0))?;
        self.part("gas").limit(Quantity::Gas, gas.0, CEILING_GAS_MAX)
    }
}

impl Checker<'_> {
    fn size(&self, at: Spot<'_>, ty: &Type) -> Result<TypeSize, ManifestError> {
        let size = match (self.sizes.get(ty), ty) {
            (Some(size), _) => size,
            (None, Type::Defined(index)) => {
                return Err(ManifestError::Unknown { at: at.place(), to: Section::Types, id: *index });
            }
            (None, _) => return Err(ManifestError::TypeNotAllowed { at: at.place(), found: *ty }),
        };
        at.require(size.min_bytes > 0, |at| ManifestError::TypeNotAllowed { at, found: *ty })?;
        at.limit(Quantity::TypeSize, size.max_bytes, u64::from(super::limits::VALUE_SIZE_MAX))?;
        Ok(size)
    }

    /// Checks names and types of `fields`, and that their tuple is within `limit` bytes.
    fn fields(
        &self,
        at: Spot<'_>,
        part: &'static str,
        fields: &[Field],
        quantity: Quantity,
        limit: u32,
    ) -> Result<u64, ManifestError> {
        let mut total = 0u64;
        for (index, field) in fields.iter().enumerate() {
            let spot = at.item(part, index);
            spot.unique_name(&field.name, fields.iter().take(index).map(|before| &before.name))?;
            total = total.saturating_add(self.size(spot, &field.ty)?.max_bytes);
        }
        at.part(part).limit(quantity, total, u64::from(limit))?;
        Ok(total)
    }
}

/// Whether `text` is an ASCII letter, then letters, digits and `_`.
fn is_name(text: &str) -> bool {
    let mut characters = text.bytes();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && characters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether `text` is a lower-case ASCII letter, then lower-case letters, digits and `_`.
fn is_method(text: &str) -> bool {
    is_name(text) && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// An index as it is shown; every list is far shorter.
fn short(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}
