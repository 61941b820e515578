//! The manifest: a contract's declaration, typed, encoded and pinned as a whole.
//!
//! | file | what |
//! | --- | --- |
//! | `types`, `value` | types of values, their sizes; checking that bytes are a value |
//! | `cell`, `role`, `machine` | what a contract stores, who has power, which automata it follows |
//! | `approval` | the hash by which a call is approved |
//! | `transition`, `exit`, `upgrade` | what may happen |
//! | `expression` | the language of guards, windows, effects and invariants |
//! | `limits` | every bound, by name |
//! | `validate`, `error` | what a manifest must satisfy, why one is refused |
//!
//! Its canonical SCALE encoding stands in the custom section [`SECTION_NAME`] of the `.wasm`; its hash is
//! on chain. References between sections go by permanent id; to arguments, parameters, fields and defined
//! types by index. A manifest from outside comes in by [`Manifest::decode_checked`] only.

mod approval;
mod cell;
mod error;
mod exit;
mod expression;
mod expression_check;
pub mod limits;
mod machine;
mod role;
mod transition;
mod types;
mod upgrade;
mod validate;
mod value;

use limits::{
    CELLS_MAX, DEFAULT_SIZE_MAX, ERRORS_MAX, EVENTS_MAX, EXITS_MAX, INVARIANTS_MAX, MACHINES_MAX,
    MANIFEST_SIZE_MAX, PARAMS_MAX, ROLES_MAX, TRANSITIONS_MAX, TYPES_MAX, VIEWS_MAX,
};
use parity_scale_codec::{Decode, Encode};

pub use approval::{approval_key, call_hash};
pub use cell::{
    Asset, AssetRef, Cell, CellKind, EscrowCell, HOLDER_ACCOUNT, HOLDER_ESCROW, HOLDER_SIZE, Head, HeadField,
    KeyFields, LedgerCell, MapCell, ValueCell, account_holder, escrow_holder,
};
pub use error::{ExpressionProblem, ManifestError, Place, Quantity, Section};
pub use exit::{Effect, Exit, ExitEvent, ExitTarget};
pub use expression::{Expression, ExpressionType, Invariant, Node, state_reads};
pub use machine::{Machine, State, StateSet, StateSets};
pub use role::{
    APPROVE, APPROVE_REVOKE, HOST_METHODS, ItemField, ROLE_ACCEPT, ROLE_ADD, ROLE_OFFER, ROLE_REMOVE,
    ROLE_RENOUNCE, Role, RoleInitial, RoleKind, UPGRADE_APPLY, UPGRADE_PROPOSE, UPGRADE_VETO,
    UPGRADE_WITHDRAW,
};
pub use transition::{
    CallRule, CallerRule, Ceilings, Clock, EscrowUse, ItemBinding, KeyTerm, Ops, Reenter, Send, Touch,
    Touches, Transition, TransitionKind, View, Window,
};
pub use types::{Doc, Field, Fields, Name, Type, TypeDef, TypeKind, TypeSize, Variant};
pub use upgrade::Upgrade;
pub use value::{ValueError, validate_value};

use crate::{BoundedVec, Bytes, DecodeError, Hash, Tag, decode_all, tagged};

/// Name of the custom section that holds the manifest.
pub const SECTION_NAME: &str = "chainstack.manifest";
/// Version of the manifest's encoding.
pub const MANIFEST_VERSION: u8 = 1;

/// A contract's declaration.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Manifest {
    /// Version of the encoding, [`MANIFEST_VERSION`].
    pub version: u8,
    /// Name of the contract; `-` is allowed in it.
    pub name: Name,
    /// For people.
    pub doc: Doc,
    /// Defined types, each after those it refers to.
    pub types: BoundedVec<TypeDef, TYPES_MAX>,
    /// Parameters, frozen at instantiation. Their SCALE tuple is what instantiation is given.
    pub params: BoundedVec<ParamDef, PARAMS_MAX>,
    /// Errors a method may revert with.
    pub errors: BoundedVec<ErrorDef, ERRORS_MAX>,
    /// Events a method may emit.
    pub events: BoundedVec<EventDef, EVENTS_MAX>,
    /// Who has power.
    pub roles: BoundedVec<Role, ROLES_MAX>,
    /// What is stored.
    pub cells: BoundedVec<Cell, CELLS_MAX>,
    /// Automata.
    pub machines: BoundedVec<Machine, MACHINES_MAX>,
    /// Methods that change state, the constructor among them.
    pub transitions: BoundedVec<Transition, TRANSITIONS_MAX>,
    /// Methods that only read.
    pub views: BoundedVec<View, VIEWS_MAX>,
    /// Ways out the host runs.
    pub exits: BoundedVec<Exit, EXITS_MAX>,
    /// What always holds.
    pub invariants: BoundedVec<Invariant, INVARIANTS_MAX>,
    /// Whether the code may change.
    pub upgrade: Upgrade,
}

/// A parameter, `param.name`.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ParamDef {
    /// Name.
    pub name: Name,
    /// For people.
    pub doc: Doc,
    /// Type.
    pub ty: Type,
    /// Allowed values, for integers.
    pub range: Option<ParamRange>,
    /// What tools fill in when nothing is given: one canonical value of the type, in range. The chain
    /// itself wants every parameter.
    pub default: Option<Bytes<DEFAULT_SIZE_MAX>>,
}

/// Allowed values of an integer parameter, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum ParamRange {
    /// For unsigned types.
    #[codec(index = 0)]
    Unsigned {
        /// The least.
        min: u128,
        /// The greatest.
        max: u128,
    },
    /// For signed types.
    #[codec(index = 1)]
    Signed {
        /// The least.
        min: i128,
        /// The greatest.
        max: i128,
    },
}

/// An error a method may revert with; its payload is the SCALE tuple of its fields.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ErrorDef {
    /// Permanent id, not 0.
    pub id: u16,
    /// Name.
    pub name: Name,
    /// For people.
    pub doc: Doc,
    /// Fields.
    pub fields: Fields,
}

/// An event a method may emit; its payload is the SCALE tuple of its fields.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct EventDef {
    /// Permanent id, not 0.
    pub id: u16,
    /// Name.
    pub name: Name,
    /// For people.
    pub doc: Doc,
    /// Fields.
    pub fields: Fields,
}

impl Manifest {
    /// A manifest that declares nothing. It is valid, and of little use.
    #[must_use]
    pub fn empty(name: Name) -> Self {
        Self {
            version: MANIFEST_VERSION,
            name,
            doc: Doc::default(),
            types: BoundedVec::new(),
            params: BoundedVec::new(),
            errors: BoundedVec::new(),
            events: BoundedVec::new(),
            roles: BoundedVec::new(),
            cells: BoundedVec::new(),
            machines: BoundedVec::new(),
            transitions: BoundedVec::new(),
            views: BoundedVec::new(),
            exits: BoundedVec::new(),
            invariants: BoundedVec::new(),
            upgrade: Upgrade::None,
        }
    }

    /// Decodes and validates a manifest from outside.
    ///
    /// # Errors
    /// Any [`ManifestError`].
    pub fn decode_checked(bytes: &[u8]) -> Result<Self, ManifestError> {
        let size_max = usize::try_from(MANIFEST_SIZE_MAX).unwrap_or(usize::MAX);
        let manifest = decode_all::<Self>(bytes, size_max).map_err(|error| match error {
            DecodeError::TooLong { found, limit } => ManifestError::TooLong { found, limit },
            DecodeError::Malformed => ManifestError::Malformed,
        })?;
        manifest.validate()?;
        Ok(manifest)
    }

    /// Hash of the manifest's encoding, as it is kept on chain.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.using_encoded(|bytes| tagged(Tag::Manifest, bytes))
    }

    /// The cell with this id.
    #[must_use]
    pub fn cell(&self, id: u16) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.id == id)
    }

    /// The cell with this name.
    #[must_use]
    pub fn cell_named(&self, name: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| &*cell.name == name)
    }

    /// The role with this id.
    #[must_use]
    pub fn role(&self, id: u16) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id)
    }

    /// The error with this id.
    #[must_use]
    pub fn error(&self, id: u16) -> Option<&ErrorDef> {
        self.errors.iter().find(|error| error.id == id)
    }

    /// The event with this id.
    #[must_use]
    pub fn event(&self, id: u16) -> Option<&EventDef> {
        self.events.iter().find(|event| event.id == id)
    }

    /// The machine with this id.
    #[must_use]
    pub fn machine(&self, id: u16) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.id == id)
    }

    /// The machine of the items of the map `cell`, if they have one.
    #[must_use]
    pub fn machine_of(&self, cell: u16) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.cell == Some(cell))
    }

    /// The exit with this id.
    #[must_use]
    pub fn exit(&self, id: u16) -> Option<&Exit> {
        self.exits.iter().find(|exit| exit.id == id)
    }

    /// The constructor, if there is one.
    #[must_use]
    pub fn constructor(&self) -> Option<&Transition> {
        self.transitions.iter().find(|transition| transition.kind == TransitionKind::Constructor)
    }

    /// The transition with this method, the constructor included.
    #[must_use]
    pub fn transition(&self, method: &str) -> Option<&Transition> {
        self.transitions.iter().find(|transition| &*transition.method == method)
    }

    /// The view with this method.
    #[must_use]
    pub fn view(&self, method: &str) -> Option<&View> {
        self.views.iter().find(|view| &*view.method == method)
    }

    /// Names of all functions the code must export: transitions, then views.
    pub fn methods(&self) -> impl Iterator<Item = &Name> {
        let transitions = self.transitions.iter().map(|transition| &transition.method);
        transitions.chain(self.views.iter().map(|view| &view.method))
    }
}

#[cfg(test)]
mod tests;
