//! Checks a contract's declaration as a whole, each finding at the author's own span.
//!
//! Found here: names that mean nothing, ids and names used twice, missing help, operations that a cell does not have,
//! keys of another length, terms and expressions that do not read. What remains (types of expressions, sizes, limits)
//! is found when the manifest is read from its text.

use std::collections::BTreeMap;

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::{Error, Ident};

use crate::expression;
use crate::model::{CellKind, Contract, Entry, Field, Section, Shape, Term, Use};
use crate::nearest::did_you_mean;
use crate::syntax::alike;

/// Bytes of a name.
const NAME_SIZE_MAX: usize = 32;
/// Bytes of a help text.
const DOC_SIZE_MAX: usize = 512;

/// Checks everything.
///
/// # Errors
/// All findings, combined.
pub(crate) fn check(contract: &Contract) -> syn::Result<()> {
    let mut checker = Checker { entries: &contract.entries, wrong: None };
    for (index, entry) in contract.entries.iter().enumerate() {
        checker.entry(index, entry);
    }
    match checker.wrong {
        Some(errors) => Err(errors),
        None => Ok(()),
    }
}

/// What names mean in an entry.
pub(crate) struct Scope<'c> {
    entries: &'c [Entry],
    /// Arguments of the method.
    arguments: &'c [Field],
    /// Cell of the bound item.
    pub(crate) item: Option<&'c Shape>,
}

impl<'c> Scope<'c> {
    /// What names mean in `entry`.
    pub(crate) fn of(entries: &'c [Entry], entry: &'c Entry) -> Self {
        let unbound = Self { entries, arguments: arguments(entry), item: None };
        let item = entry.item.as_ref().and_then(|item| unbound.cell(&item.unraw().to_string()));
        Self { item, ..unbound }
    }

    fn find(&self, section: Section, name: &str) -> Option<&'c Entry> {
        self.entries.iter().find(|entry| entry.section == section && entry.name == name)
    }

    fn names(&self, section: Section) -> impl Iterator<Item = &'c str> {
        self.entries.iter().filter(move |entry| entry.section == section).map(|entry| entry.name.as_str())
    }

    pub(crate) fn cell(&self, name: &str) -> Option<&'c Shape> {
        self.find(Section::Cells, name).map(|entry| &entry.shape)
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = &'c str> {
        self.names(Section::Cells)
    }

    pub(crate) fn role(&self, name: &str) -> bool {
        self.find(Section::Roles, name).is_some()
    }

    pub(crate) fn roles(&self) -> impl Iterator<Item = &'c str> {
        self.names(Section::Roles)
    }

    pub(crate) fn param(&self, name: &str) -> bool {
        self.find(Section::Params, name).is_some()
    }

    pub(crate) fn machine(&self, name: &str) -> Option<&'c Shape> {
        self.find(Section::Machines, name).map(|entry| &entry.shape)
    }

    pub(crate) fn machines(&self) -> impl Iterator<Item = &'c str> {
        self.names(Section::Machines)
    }

    pub(crate) fn argument(&self, name: &str) -> Option<&'c Field> {
        self.arguments.iter().find(|field| field.name.unraw() == name)
    }
}

impl Shape {
    /// Kind of a cell.
    pub(crate) fn kind(&self) -> Option<CellKind> {
        match self {
            Self::Cell { kind, .. } => Some(*kind),
            _ => None,
        }
    }

    pub(crate) fn has_head(&self, name: &str) -> bool {
        self.head(name).is_some()
    }

    /// Whether the head field `name` may change, if there is one.
    fn head(&self, name: &str) -> Option<bool> {
        let Self::Cell { head, .. } = self else { return None };
        head.iter().find(|(field, _)| field.name.unraw() == name).map(|(_, changes)| *changes)
    }

    fn heads(&self) -> Vec<String> {
        let Self::Cell { head, .. } = self else { return Vec::new() };
        head.iter().map(|(field, _)| field.name.unraw().to_string()).collect()
    }

    pub(crate) fn has_key(&self, name: &str) -> bool {
        matches!(self, Self::Cell { key, .. } if key.iter().any(|field| field.name.unraw() == name))
    }

    /// Whether the host keeps an owner of each entry.
    pub(crate) fn is_owned(&self) -> bool {
        matches!(self, Self::Cell { owned: true, .. })
    }

    pub(crate) fn has_state(&self, name: &str) -> bool {
        matches!(self, Self::Machine { states, .. } if states.iter().any(|(state, _)| state.unraw() == name))
    }
}

struct Checker<'c> {
    entries: &'c [Entry],
    wrong: Option<Error>,
}

impl<'c> Checker<'c> {
    fn refuse(&mut self, span: Span, message: impl std::fmt::Display) {
        let error = Error::new(span, message);
        match &mut self.wrong {
            Some(all) => all.combine(error),
            None => self.wrong = Some(error),
        }
    }

    fn entry(&mut self, index: usize, entry: &'c Entry) {
        let before = &self.entries[..index];
        self.identity(before, entry);
        self.help(entry);
        self.fields(entry);
        let scope = Scope::of(self.entries, entry);
        for used in &entry.uses {
            self.used(&scope, entry, before, used);
        }
    }

    /// What the manifest takes as a name.
    fn name(&mut self, name: &str, span: Span) {
        if name.len() > NAME_SIZE_MAX {
            let found = name.len();
            self.refuse(span, format_args!("a name has at most {NAME_SIZE_MAX} bytes, {found} found"));
        }
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || !name.bytes().all(letters) {
            let message = format_args!("`{name}` is no name: an ASCII letter, then letters, digits and `_`");
            self.refuse(span, message);
        }
    }

    /// Name and permanent id.
    fn identity(&mut self, before: &[Entry], entry: &Entry) {
        let one = entry.section.one();
        // `-` is for contracts.
        self.name(&entry.name.replace('-', "_"), entry.span);
        let method = |section| matches!(section, Section::Transitions | Section::Views);
        let alike =
            |other: &&Entry| other.section == entry.section || method(other.section) && method(entry.section);
        if before.iter().filter(alike).any(|other| other.name == entry.name) {
            let what = if method(entry.section) { "method" } else { one };
            self.refuse(entry.span, format_args!("another {what} is called `{}`", entry.name));
        }
        let Some((id, span)) = entry.id else { return };
        let same = |other: &&Entry| other.section == entry.section && other.id.map(|(id, _)| id) == Some(id);
        if let Some(other) = before.iter().find(same) {
            self.refuse(span, format_args!("{one} `{}` has id {id} already", other.name));
        }
        if id == 0 && matches!(entry.section, Section::Errors | Section::Events) {
            self.refuse(span, format_args!("ids of {}s begin at 1", one));
        }
    }

    fn help(&mut self, entry: &Entry) {
        match entry.section {
            Section::Types | Section::Upgrade => {}
            _ if entry.doc.text.is_empty() => {
                let one = entry.section.one();
                let message =
                    format_args!("{one} `{}` has no doc comment: it is the help that tools show", entry.name);
                self.refuse(entry.span, message);
            }
            _ if entry.doc.text.len() > DOC_SIZE_MAX => {
                let found = entry.doc.text.len();
                let message = format_args!("help has at most {DOC_SIZE_MAX} bytes, {found} found");
                self.refuse(entry.doc.span.unwrap_or(entry.span), message);
            }
            _ => {}
        }
    }

    /// Names of fields, and that none is in key and head.
    fn fields(&mut self, entry: &Entry) {
        for field in &entry.fields {
            self.name(&field.name.unraw().to_string(), field.name.span());
        }
        let Shape::Cell { key, head, .. } = &entry.shape else { return };
        let fields: Vec<&Ident> =
            key.iter().chain(head.iter().map(|(field, _)| field)).map(|field| &field.name).collect();
        for (index, field) in fields.iter().enumerate() {
            self.name(&field.unraw().to_string(), field.span());
            if fields[..index].contains(field) {
                self.refuse(
                    field.span(),
                    format_args!("key and head of `{}` both have `{field}`", entry.name),
                );
            }
        }
    }

    fn used(&mut self, scope: &Scope<'c>, entry: &Entry, before: &[Entry], used: &Use) {
        match used {
            Use::Entry(section, name) => {
                self.known(scope, *section, name);
            }
            Use::Cell(name, kinds) => {
                if !self.known(scope, Section::Cells, name) {
                    return;
                }
                let kind = scope.cell(&name.unraw().to_string()).and_then(Shape::kind);
                if let Some(kind) = kind.filter(|kind| !kinds.contains(kind)) {
                    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
                    let message =
                        format_args!("`{name}` is a {}, a {} is needed", kind.name(), kinds.join(" or "));
                    self.refuse(name.span(), message);
                }
            }
            Use::Key(cell, terms) => self.key(scope, cell, terms),
            Use::Term(term) => self.term(scope, term),
            Use::Operation(cell, operation) => self.operation(scope, cell, operation),
            Use::Head(cell, field, changed) => self.head(scope, cell, field, *changed),
            Use::Owner(cell) => {
                if scope.cell(&cell.unraw().to_string()).is_some_and(|shape| !shape.is_owned()) {
                    self.refuse(
                        cell.span(),
                        format_args!("`{cell}` is no unique asset: its items have no owner"),
                    );
                }
            }
            Use::State(machine, state) => self.state(entry, machine, state),
            Use::Argument(name) => {
                if scope.argument(&name.unraw().to_string()).is_none() {
                    self.refuse(name.span(), format_args!("there is no argument `{name}`"));
                }
            }
            Use::Type(name) => {
                let named = name.unraw().to_string();
                if before.iter().any(|other| other.section == Section::Types && other.name == named) {
                    return;
                }
                match scope.find(Section::Types, &named) {
                    Some(_) if entry.section != Section::Types => {}
                    Some(_) => {
                        self.refuse(name.span(), format_args!("declare `{name}` before what it is used in"))
                    }
                    None => {
                        let hint = did_you_mean(&named, scope.names(Section::Types));
                        let message =
                            format_args!("the manifest knows no type `{name}`; mark it `#[data]`{hint}");
                        self.refuse(name.span(), message);
                    }
                }
            }
            Use::Expression(literal) => {
                if let Err((at, why)) = expression::check(scope, &literal.value()) {
                    let text = literal.value();
                    let character = text.get(..at).map_or(0, |before| before.chars().count()) + 1;
                    self.refuse(literal.span(), format_args!("expression, character {character}: {why}"));
                }
            }
            Use::SameKey(cell, ty) => {
                if let Some(Shape::Cell { key_type: Some(key), .. }) = scope.cell(&cell.unraw().to_string())
                    && !alike(key, ty)
                {
                    let key = quote::quote!(#key);
                    let message =
                        format_args!("`{cell}` has keys of type `{key}`: so must the escrow of its items");
                    self.refuse(syn::spanned::Spanned::span(ty), message);
                }
            }
        }
    }

    /// Whether something is called so; refuses if not.
    fn known(&mut self, scope: &Scope<'c>, section: Section, name: &Ident) -> bool {
        let text = name.unraw().to_string();
        if scope.find(section, &text).is_some() {
            return true;
        }
        let hint = did_you_mean(&text, scope.names(section));
        self.refuse(name.span(), format_args!("there is no {} `{text}`{hint}", section.one()));
        false
    }

    fn key(&mut self, scope: &Scope<'c>, cell: &Ident, terms: &[Term]) {
        for term in terms.iter().filter(|term| !term.any) {
            self.term(scope, term);
        }
        let Some(Shape::Cell { key, .. }) = scope.cell(&cell.unraw().to_string()) else { return };
        if key.len() != terms.len() {
            let message = format_args!("the key of `{cell}` has {} fields, {} given", key.len(), terms.len());
            self.refuse(cell.span(), message);
        }
    }

    fn term(&mut self, scope: &Scope<'c>, term: &Term) {
        let words: Vec<String> = term.path.iter().map(|word| word.unraw().to_string()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let last = term.path.last().map_or(term.span, Ident::span);
        match words.as_slice() {
            [] | ["caller" | "origin" | "self"] => {}
            ["arg", name, fields @ ..] => match (scope.argument(name), fields) {
                (None, _) => self.refuse(last, format_args!("there is no argument `{name}`")),
                (Some(_), []) => {}
                (Some(argument), [field]) => {
                    let defined = argument.ty.named.first().map(|name| name.unraw().to_string());
                    let defined = defined.and_then(|name| scope.find(Section::Types, &name));
                    let found =
                        defined.is_some_and(|ty| ty.fields.iter().any(|own| own.name.unraw() == *field));
                    if !found {
                        self.refuse(last, format_args!("argument `{name}` has no field `{field}`"));
                    }
                }
                (Some(_), _) => self.refuse(last, "a field of an argument is as deep as it goes"),
            },
            ["param", _] => {
                if let Some(name) = term.path.last() {
                    self.known(scope, Section::Params, name);
                }
            }
            ["item", name] => match scope.item {
                None => self.refuse(term.span, "no item is bound here"),
                Some(item) => match item.head(name) {
                    Some(false) => {}
                    Some(true) => {
                        let message = format_args!("`{name}` may change: a term names what is written once");
                        self.refuse(last, message);
                    }
                    None if item.has_key(name) => {}
                    None => self.refuse(last, format_args!("the item has no field `{name}`")),
                },
            },
            _ => {
                let text = &term.text;
                let message = format_args!(
                    "`{text}` is no term; write caller, origin, self, arg.…, param.…, item.…, a constant, or _"
                );
                self.refuse(term.span, message);
            }
        }
    }

    fn operation(&mut self, scope: &Scope<'c>, cell: &Ident, operation: &Ident) {
        let allowed: &[&str] = match scope.cell(&cell.unraw().to_string()).and_then(Shape::kind) {
            Some(CellKind::Map | CellKind::Value) => &["read", "set", "delete"],
            Some(CellKind::Ledger) => &["read", "add", "sub"],
            Some(CellKind::Escrow) | None => return,
        };
        if !allowed.iter().any(|known| operation == known) {
            let message = format_args!("`{operation}` is no operation of `{cell}`: {}", allowed.join(", "));
            self.refuse(operation.span(), message);
        }
    }

    fn head(&mut self, scope: &Scope<'c>, cell: &Ident, field: &Ident, changed: bool) {
        let Some(shape) = scope.cell(&cell.unraw().to_string()) else { return };
        let name = field.unraw().to_string();
        match shape.head(&name) {
            None => {
                let heads = shape.heads();
                let hint = did_you_mean(&name, heads.iter().map(String::as_str));
                self.refuse(field.span(), format_args!("`{cell}` has no head field `{name}`{hint}"));
            }
            Some(false) if changed => {
                let message = format_args!(
                    "`{name}` is written once; mark it `#[head(write_once = false)]` to change it"
                );
                self.refuse(field.span(), message);
            }
            Some(_) => {}
        }
    }

    fn state(&mut self, entry: &Entry, machine: &Ident, state: &Ident) {
        let found = self.entries.iter().find_map(|other| match &other.shape {
            Shape::Machine { states_of, cell, .. } if states_of == machine => Some((&other.shape, cell)),
            _ => None,
        });
        let Some((shape, cell)) = found else {
            return self.refuse(machine.span(), format_args!("`{machine}` is no machine of this contract"));
        };
        if !shape.has_state(&state.unraw().to_string()) {
            let Shape::Machine { states, .. } = shape else { return };
            let names: Vec<String> = states.iter().map(|(state, _)| state.unraw().to_string()).collect();
            let hint = did_you_mean(&state.to_string(), names.iter().map(String::as_str));
            return self
                .refuse(state.span(), format_args!("machine `{machine}` has no state `{state}`{hint}"));
        }
        if let Some(cell) = cell
            && entry.item.as_ref() != Some(cell)
        {
            let message =
                format_args!("`{machine}` is the machine of `{cell}`: bind an item of it with `item = …`");
            self.refuse(machine.span(), message);
        }
    }
}

/// Arguments of a method; other entries have none.
fn arguments(entry: &Entry) -> &[Field] {
    match entry.section {
        Section::Transitions | Section::Views => &entry.fields,
        _ => &[],
    }
}

/// The map from a cell's name to the type of its key, for the expansion.
pub(crate) fn key_types(entries: &[Entry]) -> BTreeMap<String, syn::Type> {
    let keyed = entries.iter().filter_map(|entry| match &entry.shape {
        Shape::Cell { key_type: Some(key), .. } => Some((entry.name.clone(), (**key).clone())),
        _ => None,
    });
    keyed.collect()
}
