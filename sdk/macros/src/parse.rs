//! The author's module to the model: each item with an attribute of ours becomes entries of the manifest.

mod methods;
mod state;

use std::collections::BTreeMap;

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, Error, Expr, ExprLit, Fields, Ident, Item, ItemConst, ItemMod, ItemStruct, Lit, Meta, Result,
    Signature, Token, Visibility,
};

use crate::args::Args;
use crate::model::{Contract, Doc, Entry, Field, Part, Section, Shape, Use};
use crate::syntax::Number;
use crate::toml::{Table, Value, put, text};
use crate::types::{Constants, manifest_type};

/// Attributes on items that are ours.
const OURS: [&str; 13] = [
    "errors",
    "event",
    "params",
    "roles",
    "cells",
    "entry",
    "data",
    "machine",
    "constructor",
    "transition",
    "view",
    "exit",
    "invariant",
];
/// Names that the expansion takes in the module.
const TAKEN: [&str; 2] = ["messages", "MANIFEST"];

/// Reads `#[contract(arguments)]` on `item`.
///
/// # Errors
/// Everything that is wrong with the notation, at the author's span: one error for each item.
pub(crate) fn parse(arguments: TokenStream, item: TokenStream) -> Result<Contract> {
    let span = Span::call_site();
    let module: ItemMod = syn::parse2(item)?;
    let Some((_, items)) = module.content else {
        return Err(Error::new(
            module.ident.span(),
            "`#[contract]` needs the module's content: `mod name { … }`",
        ));
    };
    let args = Args::read("contract", span, arguments, &["name", "upgrade"])?;
    let name = args
        .one::<syn::LitStr>("name")?
        .map_or_else(|| module.ident.unraw().to_string(), |name| name.value());
    let mut contract = Entry::new(Section::Contract, &module.ident, &module.attrs);
    put(&mut contract.table, "name", text(&name));
    contract.name = name;
    let mut reader = Reader::of(&items, contract);
    reader.upgrade(&args)?;
    let mut wrong: Option<Error> = None;
    for item in items {
        if let Err(error) = reader.item(item) {
            match &mut wrong {
                Some(all) => all.combine(error),
                None => wrong = Some(error),
            }
        }
    }
    match wrong {
        Some(errors) => Err(errors),
        None => Ok(Contract {
            attributes: module.attrs,
            visibility: module.vis,
            module: module.ident,
            parts: reader.parts,
            entries: reader.entries,
        }),
    }
}

/// What is known of the module while its items are read.
pub(crate) struct Reader {
    constants: Constants,
    /// `#[entry]` structs by name.
    heads: BTreeMap<String, ItemStruct>,
    parts: Vec<Part>,
    entries: Vec<Entry>,
}

impl Reader {
    /// Looks through `items` for what others name: constants and entry structs.
    fn of(items: &[Item], contract: Entry) -> Self {
        let mut reader = Self {
            constants: Constants::new(),
            heads: BTreeMap::new(),
            parts: Vec::new(),
            entries: vec![contract],
        };
        for item in items {
            match item {
                Item::Const(ItemConst { ident, expr, .. }) => {
                    if let Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) = &**expr
                        && let Ok(number) = number.base10_parse()
                    {
                        reader.constants.insert(ident.to_string(), number);
                    }
                }
                Item::Struct(item)
                    if item.attrs.iter().any(|attribute| attribute.path().is_ident("entry")) =>
                {
                    reader.heads.insert(item.ident.to_string(), item.clone());
                }
                _ => {}
            }
        }
        reader
    }

    fn upgrade(&mut self, args: &Args) -> Result<()> {
        let Some(inner) = args.inner("upgrade", &["role", "delay_blocks", "veto"])? else { return Ok(()) };
        let mut entry = Entry {
            doc: Doc { text: String::new(), span: args.place("upgrade") },
            ..Entry::new(Section::Upgrade, &Ident::new("upgrade", Span::call_site()), &[])
        };
        let role: Ident = inner.need("role")?;
        put(&mut entry.table, "role", text(role.unraw()));
        entry.uses.push(Use::Entry(Section::Roles, role));
        let Number(delay) = inner.need("delay_blocks")?;
        put(&mut entry.table, "delay_blocks", Value::Number(delay));
        if let Some(veto) = inner.one::<Ident>("veto")? {
            put(&mut entry.table, "veto", text(veto.unraw()));
            entry.uses.push(Use::Entry(Section::Roles, veto));
        }
        self.entries.push(entry);
        Ok(())
    }

    fn item(&mut self, mut item: Item) -> Result<()> {
        if let Some(name) = name_of(&item)
            && TAKEN.iter().any(|taken| name == taken)
        {
            return Err(Error::new(
                name.span(),
                format!("`#[contract]` makes `{name}` itself; choose another name"),
            ));
        }
        if let Item::Verbatim(tokens) = &item
            && let Ok(bodiless) = syn::parse2::<Bodiless>(tokens.clone())
        {
            let Bodiless { visibility, mut attributes, signature } = bodiless;
            let Some(attribute) = take_ours(&mut attributes)? else {
                return Err(Error::new(
                    signature.ident.span(),
                    "a function without code must be a method, exit or invariant",
                ));
            };
            return self.function(&attribute, attributes, visibility, signature, None);
        }
        let Some(attribute) = attributes_of(&mut item).map(take_ours).transpose()?.flatten() else {
            self.parts.push(Part::Plain(item));
            return Ok(());
        };
        let name = attribute.path().require_ident()?.to_string();
        match (name.as_str(), item) {
            ("errors", Item::Enum(item)) => self.errors(&attribute, item),
            ("event", Item::Struct(item)) => self.event(&attribute, item),
            ("params", Item::Struct(item)) => self.params(&attribute, item),
            ("roles", Item::Struct(item)) => self.roles(&attribute, item),
            ("cells", Item::Struct(item)) => self.cells(&attribute, item),
            ("machine", Item::Enum(item)) => self.machine(&attribute, item),
            ("entry", Item::Struct(item)) => self.entry(&attribute, item),
            ("data", Item::Struct(item)) => self.data(&attribute, item),
            ("data", Item::Enum(item)) => self.choice(&attribute, item),
            (_, Item::Fn(function)) => {
                let (attributes, signature) = (function.attrs.clone(), function.sig.clone());
                self.function(&attribute, attributes, function.vis.clone(), signature, Some(function))
            }
            (name, _) => Err(Error::new_spanned(&attribute, misplaced(name))),
        }
    }

    /// Named, typed fields.
    fn fields(&self, fields: &Fields) -> Result<Vec<Field>> {
        match fields {
            Fields::Named(named) => named.named.iter().map(|field| self.field(field)).collect(),
            Fields::Unit => Ok(Vec::new()),
            Fields::Unnamed(unnamed) => {
                Err(Error::new_spanned(unnamed, "the manifest's fields have names: `{ name: Type }`"))
            }
        }
    }

    fn field(&self, field: &syn::Field) -> Result<Field> {
        let Some(name) = &field.ident else {
            return Err(Error::new_spanned(field, "a named field expected"));
        };
        always(&field.attrs)?;
        Ok(Field { name: name.clone(), ty: manifest_type(&field.ty, &self.constants)? })
    }
}

/// A function's head and `;`.
struct Bodiless {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    signature: Signature,
}

impl Parse for Bodiless {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let bodiless = Self { attributes, visibility: input.parse()?, signature: input.parse()? };
        input.parse::<Token![;]>()?;
        Ok(bodiless)
    }
}

impl Entry {
    /// An entry with the help in `attributes`.
    pub(crate) fn new(section: Section, name: &Ident, attributes: &[Attribute]) -> Self {
        Self {
            section,
            name: name.unraw().to_string(),
            span: name.span(),
            id: None,
            doc: Doc::of(attributes),
            table: Table::new(),
            uses: Vec::new(),
            fields: Vec::new(),
            item: None,
            shape: Shape::Plain,
        }
    }

    /// Takes the permanent id of `args`.
    pub(crate) fn identify(&mut self, args: &Args) -> Result<u16> {
        let literal: syn::LitInt = args.need("id")?;
        let id = literal.base10_parse()?;
        self.id = Some((id, literal.span()));
        Ok(id)
    }

    /// Puts fields in as a table of types.
    pub(crate) fn put_fields(&mut self, key: &str, fields: &[Field]) {
        self.uses.extend(fields.iter().flat_map(|field| field.ty.named.iter().cloned().map(Use::Type)));
        if !fields.is_empty() {
            put(&mut self.table, key, typed(fields));
        }
    }
}

/// Names and types of fields.
pub(crate) fn typed(fields: &[Field]) -> Value {
    Value::Table(fields.iter().map(|field| (field.name.unraw().to_string(), text(&field.ty.text))).collect())
}

impl Doc {
    /// The doc comment among `attributes`: its lines joined by spaces, its paragraphs by line breaks.
    pub(crate) fn of(attributes: &[Attribute]) -> Self {
        let mut doc = Self::default();
        let mut paragraph_ended = false;
        for attribute in attributes.iter().filter(|attribute| is_doc(attribute)) {
            let Meta::NameValue(pair) = &attribute.meta else { continue };
            let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &pair.value else { continue };
            doc.span = doc.span.or(Some(line.span()));
            for line in line.value().split('\n').map(str::trim) {
                if line.is_empty() {
                    paragraph_ended = true;
                    continue;
                }
                if !doc.text.is_empty() {
                    doc.text.push(if paragraph_ended { '\n' } else { ' ' });
                }
                paragraph_ended = false;
                doc.text.push_str(line);
            }
        }
        doc
    }
}

/// Whether this is a doc comment of the item itself.
pub(crate) fn is_doc(attribute: &Attribute) -> bool {
    attribute.path().is_ident("doc") && matches!(attribute.style, syn::AttrStyle::Outer)
}

/// Takes the attribute of ours out of `attributes`.
fn take_ours(attributes: &mut Vec<Attribute>) -> Result<Option<Attribute>> {
    let ours = |attribute: &Attribute| OURS.iter().any(|name| attribute.path().is_ident(name));
    let Some(index) = attributes.iter().position(ours) else { return Ok(None) };
    let attribute = attributes.remove(index);
    match attributes.iter().find(|other| ours(other)) {
        Some(second) => Err(Error::new_spanned(second, "one declaration of ours on an item")),
        None => always(attributes).map(|()| Some(attribute)),
    }
}

/// A declaration stands in the manifest whatever the build: it cannot depend on it.
pub(crate) fn always(attributes: &[Attribute]) -> Result<()> {
    match attributes.iter().find(|other| other.path().is_ident("cfg") || other.path().is_ident("cfg_attr")) {
        Some(condition) => {
            Err(Error::new_spanned(condition, "a declaration holds in every build: no conditions on it"))
        }
        None => Ok(()),
    }
}

/// Takes the attribute `name` out of `attributes`.
pub(crate) fn take(attributes: &mut Vec<Attribute>, name: &str) -> Option<Attribute> {
    let index = attributes.iter().position(|attribute| attribute.path().is_ident(name))?;
    Some(attributes.remove(index))
}

fn misplaced(attribute: &str) -> String {
    let place = match attribute {
        "errors" | "machine" => "an enum",
        "event" | "params" | "roles" | "cells" | "entry" => "a struct with named fields",
        "data" => "a struct with named fields or an enum",
        _ => "a function",
    };
    format!("`#[{attribute}]` belongs on {place}")
}

fn attributes_of(item: &mut Item) -> Option<&mut Vec<Attribute>> {
    match item {
        Item::Const(item) => Some(&mut item.attrs),
        Item::Enum(item) => Some(&mut item.attrs),
        Item::Fn(item) => Some(&mut item.attrs),
        Item::Impl(item) => Some(&mut item.attrs),
        Item::Macro(item) => Some(&mut item.attrs),
        Item::Mod(item) => Some(&mut item.attrs),
        Item::Static(item) => Some(&mut item.attrs),
        Item::Struct(item) => Some(&mut item.attrs),
        Item::Trait(item) => Some(&mut item.attrs),
        Item::Type(item) => Some(&mut item.attrs),
        Item::Use(item) => Some(&mut item.attrs),
        _ => None,
    }
}

fn name_of(item: &Item) -> Option<&Ident> {
    match item {
        Item::Const(item) => Some(&item.ident),
        Item::Mod(item) => Some(&item.ident),
        Item::Static(item) => Some(&item.ident),
        _ => None,
    }
}
