//! What a contract declares: entries of the manifest, with the author's spans on everything they name.

use proc_macro2::{Span, TokenStream};
use syn::{Attribute, Expr, Ident, Item, ItemEnum, ItemStruct, LitStr, Signature, Type, Visibility};

use crate::toml::Table;
use crate::types::ManifestType;

/// A contract.
pub(crate) struct Contract {
    /// Its module without content.
    pub(crate) attributes: Vec<Attribute>,
    /// Visibility of the module.
    pub(crate) visibility: Visibility,
    /// Name of the module.
    pub(crate) module: Ident,
    /// What the module is made of, in the author's order.
    pub(crate) parts: Vec<Part>,
    /// `[contract]`, then the entries of all sections, in the author's order.
    pub(crate) entries: Vec<Entry>,
}

/// A piece of the module, for the expansion.
pub(crate) enum Part {
    /// Not ours.
    Plain(Item),
    /// `#[errors]`: the variants keep their ids.
    Errors(ItemEnum),
    /// `#[event]`.
    Event(ItemStruct, u16),
    /// `#[params]`.
    Params(ItemStruct),
    /// `#[roles]` and `#[cells]`: a struct of handles and their ids.
    Handles(ItemStruct, Vec<u16>),
    /// `#[machine]`.
    Machine {
        /// The states.
        states: ItemEnum,
        /// Permanent id.
        id: u16,
        /// The map whose items have it.
        cell: Option<Ident>,
    },
    /// `#[entry]` and `#[data]` on a struct.
    Data(ItemStruct),
    /// `#[data]` on an enum.
    Choice(ItemEnum),
    /// A method.
    Method(Box<Method>),
}

/// A method: its signature, and the function if it has code.
pub(crate) struct Method {
    /// Help.
    pub(crate) docs: Vec<Attribute>,
    /// Name, arguments, what it returns.
    pub(crate) signature: Signature,
    /// The code; none: the declaration is all.
    pub(crate) code: Option<Item>,
    /// Whether it returns a `Result`.
    pub(crate) fallible: bool,
}

/// A section of the manifest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Section {
    /// The contract itself.
    Contract,
    /// Defined types.
    Types,
    /// Parameters.
    Params,
    /// Errors.
    Errors,
    /// Events.
    Events,
    /// Roles.
    Roles,
    /// Cells.
    Cells,
    /// Machines.
    Machines,
    /// Transitions.
    Transitions,
    /// Views.
    Views,
    /// Exits.
    Exits,
    /// Invariants.
    Invariants,
    /// How the code may change.
    Upgrade,
}

impl Section {
    /// Its name in the manifest.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Types => "types",
            Self::Params => "params",
            Self::Errors => "errors",
            Self::Events => "events",
            Self::Roles => "roles",
            Self::Cells => "cells",
            Self::Machines => "machines",
            Self::Transitions => "transitions",
            Self::Views => "views",
            Self::Exits => "exits",
            Self::Invariants => "invariants",
            Self::Upgrade => "upgrade",
        }
    }

    /// One of it, in words.
    pub(crate) const fn one(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Types => "type",
            Self::Params => "parameter",
            Self::Errors => "error",
            Self::Events => "event",
            Self::Roles => "role",
            Self::Cells => "cell",
            Self::Machines => "machine",
            Self::Transitions => "transition",
            Self::Views => "view",
            Self::Exits => "exit",
            Self::Invariants => "invariant",
            Self::Upgrade => "upgrade",
        }
    }
}

/// One entry of the manifest.
pub(crate) struct Entry {
    /// Where it stands.
    pub(crate) section: Section,
    /// Its name in the manifest.
    pub(crate) name: String,
    /// The author's name for it.
    pub(crate) span: Span,
    /// Permanent id, where the section has ids.
    pub(crate) id: Option<(u16, Span)>,
    /// Help, and where it stands.
    pub(crate) doc: Doc,
    /// Everything else.
    pub(crate) table: Table,
    /// What it names, to be checked when everything is read.
    pub(crate) uses: Vec<Use>,
    /// Arguments of a method; fields of a type.
    pub(crate) fields: Vec<Field>,
    /// Cell of the bound item.
    pub(crate) item: Option<Ident>,
    /// What others may name in it.
    pub(crate) shape: Shape,
}

/// Help.
#[derive(Clone, Default)]
pub(crate) struct Doc {
    /// The text.
    pub(crate) text: String,
    /// Its first line.
    pub(crate) span: Option<Span>,
}

/// What others may name in an entry.
pub(crate) enum Shape {
    /// Nothing.
    Plain,
    /// A cell.
    Cell {
        /// Its kind.
        kind: CellKind,
        /// Fields of its key.
        key: Vec<Field>,
        /// Type of its key, as written.
        key_type: Option<Box<Type>>,
        /// Fields of its head, and whether a method may change them.
        head: Vec<(Field, bool)>,
        /// Whether the host keeps an owner.
        owned: bool,
    },
    /// A machine.
    Machine {
        /// The enum.
        states_of: Ident,
        /// The map whose items have it.
        cell: Option<Ident>,
        /// Its states and their ids.
        states: Vec<(Ident, u8)>,
    },
}

/// A named, typed field.
#[derive(Clone)]
pub(crate) struct Field {
    /// Name.
    pub(crate) name: Ident,
    /// Type.
    pub(crate) ty: ManifestType,
}

/// Kind of a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CellKind {
    /// Entries by key.
    Map,
    /// Balances by key.
    Ledger,
    /// One entry.
    Value,
    /// Assets held.
    Escrow,
}

impl CellKind {
    /// In words, and in the manifest.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Ledger => "ledger",
            Self::Value => "value",
            Self::Escrow => "escrow",
        }
    }
}

/// Something an entry names.
pub(crate) enum Use {
    /// An entry of another section.
    Entry(Section, Ident),
    /// A cell of one of some kinds.
    Cell(Ident, &'static [CellKind]),
    /// A key of a cell: one term for each field.
    Key(Ident, Vec<Term>),
    /// An account, or a part of a key.
    Term(Term),
    /// An operation on a cell.
    Operation(Ident, Ident),
    /// A field of a cell's head; whether a method changes it.
    Head(Ident, Ident, bool),
    /// The owner of a unique asset's items.
    Owner(Ident),
    /// A state of a machine: both of the machine's scope.
    State(Ident, Ident),
    /// An argument.
    Argument(Ident),
    /// A defined type.
    Type(Ident),
    /// An expression of the manifest.
    Expression(LitStr),
    /// The type of an escrow's items must be that of the map's key.
    SameKey(Ident, Box<Type>),
}

/// A term of a key.
#[derive(Clone)]
pub(crate) struct Term {
    /// As the manifest has it.
    pub(crate) text: String,
    /// Where it begins.
    pub(crate) span: Span,
    /// Its words; none: a constant or `*`.
    pub(crate) path: Vec<Ident>,
    /// Whether it is `*`.
    pub(crate) any: bool,
}

/// The types of everything declared, for the compiler to compare with the exact ones.
pub(crate) fn written_types(entries: &[Entry]) -> Vec<(TokenStream, TokenStream)> {
    let mut found: Vec<(String, TokenStream, TokenStream)> = Vec::new();
    let heads = entries.iter().flat_map(|entry| match &entry.shape {
        Shape::Cell { key, head, .. } => key.iter().chain(head.iter().map(|(field, _)| field)).collect(),
        _ => Vec::new(),
    });
    for field in entries.iter().flat_map(|entry| &entry.fields).chain(heads) {
        let (written, exact) = (&field.ty.written, field.ty.exact.clone());
        let written = quote::quote!(#written);
        if found.iter().all(|(known, ..)| *known != written.to_string()) {
            found.push((written.to_string(), written, exact));
        }
    }
    found.into_iter().map(|(_, written, exact)| (written, exact)).collect()
}

/// The number of a discriminant.
pub(crate) fn discriminant(expression: &Expr) -> syn::Result<u16> {
    match expression {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }) => number.base10_parse(),
        other => Err(syn::Error::new_spanned(other, "a permanent id is a plain number")),
    }
}
