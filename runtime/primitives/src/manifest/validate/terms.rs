//! Key terms: each must have the type of the key field, or account, it stands for.

use super::super::expression_check::Scope;
use super::super::{Cell, KeyTerm, ManifestError, Section, StateSet, Type, TypeKind};
use super::state::{arity, unknown};
use super::{Checker, Spot};

impl Checker<'_> {
    /// Checks that `term` is known in `scope`, is not `Any`, and has type `expected`.
    pub(super) fn term(
        &self,
        spot: Spot<'_>,
        scope: Scope<'_>,
        term: &KeyTerm,
        expected: &Type,
    ) -> Result<(), ManifestError> {
        if let KeyTerm::Literal(bytes) = term {
            let refuse = |error| ManifestError::Constant { at: spot.place(), error };
            return self.manifest.validate_whole(expected, bytes).map_err(refuse);
        }
        let found = self.term_type(spot, scope, term)?;
        let mismatch = |at| ManifestError::TypeMismatch { at, expected: *expected, found };
        spot.require(found == *expected, mismatch)
    }

    fn term_type(&self, spot: Spot<'_>, scope: Scope<'_>, term: &KeyTerm) -> Result<Type, ManifestError> {
        let out_of_scope = || ManifestError::OutOfScope { at: spot.place() };
        let argument =
            |index: u8| scope.args.get(usize::from(index)).map(|arg| arg.ty).ok_or_else(out_of_scope);
        match term {
            KeyTerm::Arg(index) => argument(*index),
            KeyTerm::ArgField { arg, field } => {
                let ty = argument(*arg)?;
                match self.manifest.definition(&ty).map(|definition| &definition.kind) {
                    Some(TypeKind::Struct { fields }) => {
                        fields.get(usize::from(*field)).map(|field| field.ty).ok_or_else(out_of_scope)
                    }
                    _ => Err(ManifestError::TypeNotAllowed { at: spot.place(), found: ty }),
                }
            }
            KeyTerm::Param(index) => {
                let param = self.manifest.params.get(usize::from(*index)).map(|param| param.ty);
                param.ok_or_else(|| unknown(spot, Section::Params, u16::from(*index)))
            }
            KeyTerm::SelfAddress => Ok(Type::Account),
            KeyTerm::Caller | KeyTerm::Origin if scope.caller => Ok(Type::Account),
            KeyTerm::Item(index) => {
                let key = scope.item.ok_or_else(out_of_scope)?.key();
                key.get(usize::from(*index)).map(|field| field.ty).ok_or_else(out_of_scope)
            }
            KeyTerm::Head(index) => {
                let field = scope.item.ok_or_else(out_of_scope)?.head().get(usize::from(*index));
                // A field that may change is not known before the call runs.
                field.filter(|field| field.write_once).map(|field| field.ty).ok_or_else(out_of_scope)
            }
            KeyTerm::Caller | KeyTerm::Origin | KeyTerm::Any | KeyTerm::Literal(_) => Err(out_of_scope()),
        }
    }

    /// Checks that `key` has one term for each field of the cell's key; `any` allows `*`.
    pub(super) fn key_terms(
        &self,
        spot: Spot<'_>,
        scope: Scope<'_>,
        cell: &Cell,
        key: &[KeyTerm],
        any: bool,
    ) -> Result<(), ManifestError> {
        let fields = cell.key();
        if key.len() != fields.len() {
            return Err(arity(spot, fields.len(), key.len()));
        }
        for (term, field) in key.iter().zip(fields) {
            if !(any && *term == KeyTerm::Any) {
                self.term(spot, scope, term, &field.ty)?;
            }
        }
        Ok(())
    }

    /// Checks sets of states: of the contract's machines or the bound item's, one set for each machine.
    pub(super) fn state_sets(
        &self,
        spot: Spot<'_>,
        part: &'static str,
        item: Option<&Cell>,
        sets: &[StateSet],
    ) -> Result<(), ManifestError> {
        for (index, set) in sets.iter().enumerate() {
            let spot = spot.item(part, index);
            let machine = self.manifest.machine(set.machine);
            let machine = machine.ok_or_else(|| unknown(spot, Section::Machines, set.machine))?;
            let bound = machine.cell.is_none() || machine.cell == item.map(|cell| cell.id);
            spot.require(bound, |at| ManifestError::OutOfScope { at })?;
            spot.unique_id(set.machine, sets.iter().take(index).map(|before| before.machine))?;
            spot.not_empty(set.states.len())?;
            for (position, id) in set.states.iter().enumerate() {
                let id = u16::from(*id);
                let declared = machine.states.iter().any(|state| u16::from(state.id) == id);
                spot.known(declared, Section::Machines, id)?;
                spot.unique_id(id, set.states.iter().take(position).map(|before| u16::from(*before)))?;
            }
        }
        Ok(())
    }
}
