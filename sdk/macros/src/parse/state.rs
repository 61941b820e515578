//! Declarations that are structs and enums: errors, events, parameters, roles, cells, machines, types.

use syn::ext::IdentExt;
use syn::{
    Attribute, Error, Fields, GenericArgument, Ident, ItemEnum, ItemStruct, LitStr, PathArguments, Result,
    Type,
};

use super::{Reader, always, take, typed};
use crate::args::Args;
use crate::model::{CellKind, Entry, Field, Part, Section, Shape, Use, discriminant};
use crate::syntax::{AssetName, Constant, Number, Word, machine_name};
use crate::toml::{Table, Value, put, put_flag, text, texts};
use crate::types::manifest_type;

impl Reader {
    pub(super) fn errors(&mut self, attribute: &Attribute, item: ItemEnum) -> Result<()> {
        Args::of(attribute, &[])?;
        for variant in &item.variants {
            let mut entry = Entry::new(Section::Errors, &variant.ident, &variant.attrs);
            let name = &variant.ident;
            always(&variant.attrs)?;
            let Some((_, id)) = &variant.discriminant else {
                let message = format!("`{name}` needs a permanent id: `{name} = 1`");
                return Err(Error::new(variant.ident.span(), message));
            };
            entry.id = Some((discriminant(id)?, syn::spanned::Spanned::span(id)));
            entry.fields = self.fields(&variant.fields)?;
            let fields = entry.fields.clone();
            entry.put_fields("fields", &fields);
            self.entries.push(entry);
        }
        self.parts.push(Part::Errors(item));
        Ok(())
    }

    pub(super) fn event(&mut self, attribute: &Attribute, item: ItemStruct) -> Result<()> {
        let args = Args::of(attribute, &["id"])?;
        let mut entry = Entry::new(Section::Events, &item.ident, &item.attrs);
        let id = entry.identify(&args)?;
        entry.fields = self.fields(&item.fields)?;
        let fields = entry.fields.clone();
        entry.put_fields("fields", &fields);
        self.entries.push(entry);
        self.parts.push(Part::Event(item, id));
        Ok(())
    }

    pub(super) fn params(&mut self, attribute: &Attribute, mut item: ItemStruct) -> Result<()> {
        Args::of(attribute, &[])?;
        for field in &mut item.fields {
            let attribute = take(&mut field.attrs, "param");
            let declared = self.field(field)?;
            let mut entry = Entry::new(Section::Params, &declared.name, &field.attrs);
            put(&mut entry.table, "type", text(&declared.ty.text));
            entry.uses.extend(declared.ty.named.iter().cloned().map(Use::Type));
            entry.fields = vec![declared];
            if let Some(attribute) = attribute {
                let args = Args::of(&attribute, &["min", "max", "default", "default_scale"])?;
                for key in ["min", "max"] {
                    put(&mut entry.table, key, args.one(key)?.map(|Number(digits)| Value::Number(digits)));
                }
                put(&mut entry.table, "default", args.one("default")?.map(|Constant(value)| value));
                let scale = args.one::<LitStr>("default_scale")?;
                put(&mut entry.table, "default_scale", scale.map(|literal| text(literal.value())));
            }
            self.entries.push(entry);
        }
        self.parts.push(Part::Params(item));
        Ok(())
    }

    pub(super) fn roles(&mut self, attribute: &Attribute, mut item: ItemStruct) -> Result<()> {
        Args::of(attribute, &[])?;
        let mut ids = Vec::new();
        for field in &mut item.fields {
            let (name, attribute) = declared(field, "role")?;
            let mut entry = Entry::new(Section::Roles, &name, &field.attrs);
            let kind = last_segment(&field.ty).map(|last| last.ident.to_string());
            let keys: &[&str] = match kind.as_deref() {
                Some("AccountRole") => &["id", "initial", "transferable"],
                Some("SetRole") => &["id", "initial", "members_max", "threshold", "approval_blocks", "admin"],
                Some("ItemRole") => &["id", "holder"],
                _ => return Err(Error::new_spanned(&field.ty, "AccountRole, SetRole or ItemRole expected")),
            };
            let args = Args::of(&attribute, keys)?;
            ids.push(entry.identify(&args)?);
            match kind.as_deref() {
                Some("ItemRole") => {
                    put(&mut entry.table, "kind", text("item"));
                    let Holder { cell, field } = args.need("holder")?;
                    let what = field.as_ref().map_or("$owner".into(), |field| field.unraw().to_string());
                    put(&mut entry.table, "holder", text(format_args!("{}.{what}", cell.unraw())));
                    entry.uses.push(Use::Cell(cell.clone(), &[CellKind::Map]));
                    entry.uses.push(match field {
                        Some(field) => Use::Head(cell, field, false),
                        None => Use::Owner(cell),
                    });
                }
                Some("AccountRole") => {
                    put(&mut entry.table, "kind", text("account"));
                    put(&mut entry.table, "initial", initial(&mut entry.uses, &args)?);
                    put_flag(&mut entry.table, "transferable", args.flag("transferable", false)?, false);
                }
                _ => {
                    put(&mut entry.table, "kind", text("set"));
                    put(&mut entry.table, "initial", initial(&mut entry.uses, &args)?);
                    for key in ["members_max", "threshold", "approval_blocks"] {
                        let Number(digits) = args.need(key)?;
                        put(&mut entry.table, key, Value::Number(digits));
                    }
                    if let Some(admin) = args.one::<Ident>("admin")? {
                        put(&mut entry.table, "admin", text(admin.unraw()));
                        entry.uses.push(Use::Entry(Section::Roles, admin));
                    }
                }
            }
            self.entries.push(entry);
        }
        self.parts.push(Part::Handles(item, ids));
        Ok(())
    }

    pub(super) fn cells(&mut self, attribute: &Attribute, mut item: ItemStruct) -> Result<()> {
        Args::of(attribute, &[])?;
        let mut ids = Vec::new();
        for field in &mut item.fields {
            let (name, attribute) = declared(field, "cell")?;
            let mut entry = Entry::new(Section::Cells, &name, &field.attrs);
            let expected =
                || Error::new_spanned(&field.ty, "Map<K, V>, Ledger<K>, Value<V> or Escrow<K> expected");
            let last = last_segment(&field.ty).ok_or_else(expected)?;
            let PathArguments::AngleBracketed(generics) = &last.arguments else { return Err(expected()) };
            let types: Vec<&Type> = generics
                .args
                .iter()
                .filter_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(ty),
                    _ => None,
                })
                .collect();
            match (last.ident.to_string().as_str(), types.as_slice()) {
                ("Map", [key, value]) => {
                    let args = Args::of(&attribute, &["id", "key", "count", "max_entries", "asset"])?;
                    ids.push(entry.identify(&args)?);
                    entry.item = Some(name);
                    self.keyed(&mut entry, &args, CellKind::Map, key, Some(value))?;
                }
                ("Ledger", [key]) => {
                    let args = Args::of(&attribute, &["id", "key", "sum", "count", "max_entries", "asset"])?;
                    ids.push(entry.identify(&args)?);
                    entry.item = Some(name);
                    self.keyed(&mut entry, &args, CellKind::Ledger, key, None)?;
                }
                ("Value", [value]) => {
                    let args = Args::of(&attribute, &["id"])?;
                    ids.push(entry.identify(&args)?);
                    put(&mut entry.table, "kind", text("value"));
                    let head = self.value(&mut entry, value)?;
                    entry.shape = Shape::Cell {
                        kind: CellKind::Value,
                        key: Vec::new(),
                        key_type: None,
                        head,
                        owned: false,
                    };
                }
                (escrow, [key]) if escrow.ends_with("Escrow") => {
                    let args = Args::of(&attribute, &["id", "item", "asset", "unique"])?;
                    ids.push(entry.identify(&args)?);
                    held(&mut entry, &args, key)?;
                }
                _ => return Err(expected()),
            }
            self.entries.push(entry);
        }
        self.parts.push(Part::Handles(item, ids));
        Ok(())
    }

    /// A map or ledger.
    fn keyed(
        &self,
        entry: &mut Entry,
        args: &Args,
        kind: CellKind,
        key_type: &Type,
        value: Option<&Type>,
    ) -> Result<()> {
        put(&mut entry.table, "kind", text(kind.name()));
        let names: Vec<Ident> = args.list("key")?.into_iter().map(|Word(name)| name).collect();
        let types: Vec<&Type> = match key_type {
            Type::Tuple(tuple) => tuple.elems.iter().collect(),
            one => vec![one],
        };
        if names.is_empty() {
            return Err(args.missing("key"));
        }
        if names.len() != types.len() {
            let message = format!("`key` names {} fields, this type has {}", names.len(), types.len());
            return Err(Error::new_spanned(key_type, message));
        }
        let key = names.into_iter().zip(types);
        let key = key.map(|(name, ty)| Ok(Field { name, ty: manifest_type(ty, &self.constants)? }));
        let key: Vec<Field> = key.collect::<Result<_>>()?;
        entry.put_fields("key", &key);
        let head = match value {
            Some(value) => self.value(entry, value)?,
            None => Vec::new(),
        };
        if kind == CellKind::Ledger {
            put_flag(&mut entry.table, "sum", args.flag("sum", false)?, false);
        }
        put_flag(&mut entry.table, "count", args.flag("count", false)?, false);
        put(&mut entry.table, "max_entries", args.one("max_entries")?.map(|Number(max)| Value::Number(max)));
        let owned = kind == CellKind::Map && args.place("asset").is_some();
        if let Some(asset) = args.inner("asset", &["on_move", "escrow_when", "release_when"])? {
            let mut table = Table::new();
            put(&mut table, "kind", text(if owned { "unique" } else { "fungible" }));
            if let Some(event) = asset.one::<Ident>("on_move")? {
                put(&mut table, "on_move", text(event.unraw()));
                entry.uses.push(Use::Entry(Section::Events, event));
            }
            for key in ["escrow_when", "release_when"] {
                if let Some(guard) = asset.one::<LitStr>(key)? {
                    put(&mut table, key, text(guard.value()));
                    entry.uses.push(Use::Expression(guard));
                }
            }
            put(&mut entry.table, "asset", Value::Table(table));
        }
        entry.shape = Shape::Cell { kind, key, key_type: Some(Box::new(key_type.clone())), head, owned };
        Ok(())
    }

    /// Head and tail of what a cell stores: an `#[entry]` struct, or one type that the host does not look into.
    fn value(&self, entry: &mut Entry, value: &Type) -> Result<Vec<(Field, bool)>> {
        let head = last_segment(value).and_then(|last| self.heads.get(&last.ident.to_string()));
        let Some(head) = head else {
            let tail = manifest_type(value, &self.constants)?;
            put(&mut entry.table, "tail", text(&tail.text));
            entry.uses.extend(tail.named.into_iter().map(Use::Type));
            return Ok(Vec::new());
        };
        let (mut fields, mut table, mut tail) = (Vec::new(), Table::new(), None);
        for field in &head.fields {
            let declared = self.field(field)?;
            entry.uses.extend(declared.ty.named.iter().cloned().map(Use::Type));
            let of = |name: &str| field.attrs.iter().find(|attribute| attribute.path().is_ident(name));
            if of("tail").is_some() {
                tail = Some(text(&declared.ty.text));
                continue;
            }
            let mut flags = Table::new();
            let mut write_once = true;
            if let Some(attribute) = of("head") {
                let args = Args::of(attribute, &["write_once", "sum", "clear_on_move"])?;
                write_once = args.flag("write_once", true)?;
                put_flag(&mut flags, "write_once", write_once, true);
                put_flag(&mut flags, "sum", args.flag("sum", false)?, false);
                put_flag(&mut flags, "clear_on_move", args.flag("clear_on_move", false)?, false);
            }
            let ty = text(&declared.ty.text);
            let name = declared.name.unraw().to_string();
            if flags.is_empty() {
                put(&mut table, &name, ty);
            } else {
                flags.insert(0, ("type".into(), ty));
                put(&mut table, &name, Value::Table(flags));
            }
            fields.push((declared, !write_once));
        }
        if !table.is_empty() {
            put(&mut entry.table, "head", Value::Table(table));
        }
        put(&mut entry.table, "tail", tail);
        Ok(fields)
    }

    pub(super) fn entry(&mut self, attribute: &Attribute, mut item: ItemStruct) -> Result<()> {
        Args::of(attribute, &[])?;
        let count = item.fields.len();
        for (index, field) in item.fields.iter_mut().enumerate() {
            self.field(field)?;
            let (head, tail) = (take(&mut field.attrs, "head"), take(&mut field.attrs, "tail"));
            if let Some(tail) = tail {
                if head.is_some() {
                    return Err(Error::new_spanned(tail, "a field is in the head or the tail"));
                }
                if index + 1 < count {
                    return Err(Error::new_spanned(tail, "the tail is the last field"));
                }
            }
        }
        self.parts.push(Part::Data(item));
        Ok(())
    }

    pub(super) fn data(&mut self, attribute: &Attribute, item: ItemStruct) -> Result<()> {
        Args::of(attribute, &[])?;
        let mut entry = Entry::new(Section::Types, &item.ident, &[]);
        entry.fields = self.fields(&item.fields)?;
        entry
            .uses
            .extend(entry.fields.iter().flat_map(|field| field.ty.named.iter().cloned().map(Use::Type)));
        put(&mut entry.table, "struct", typed(&entry.fields));
        self.entries.push(entry);
        self.parts.push(Part::Data(item));
        Ok(())
    }

    pub(super) fn choice(&mut self, attribute: &Attribute, item: ItemEnum) -> Result<()> {
        Args::of(attribute, &[])?;
        let mut entry = Entry::new(Section::Types, &item.ident, &[]);
        let mut variants = Table::new();
        for variant in &item.variants {
            always(&variant.attrs)?;
            if let Some((_, number)) = &variant.discriminant {
                return Err(Error::new_spanned(number, "variants are numbered in their order, from 0"));
            }
            let fields = self.fields(&variant.fields)?;
            entry.uses.extend(fields.iter().flat_map(|field| field.ty.named.iter().cloned().map(Use::Type)));
            put(&mut variants, &variant.ident.unraw().to_string(), typed(&fields));
            entry.fields.extend(fields);
        }
        put(&mut entry.table, "enum", Value::Table(variants));
        self.entries.push(entry);
        self.parts.push(Part::Choice(item));
        Ok(())
    }

    pub(super) fn machine(&mut self, attribute: &Attribute, mut item: ItemEnum) -> Result<()> {
        let args = Args::of(attribute, &["id", "cell"])?;
        let mut entry = Entry::new(Section::Machines, &item.ident, &item.attrs);
        entry.name = machine_name(&item.ident);
        let id = entry.identify(&args)?;
        let cell = args.one::<Ident>("cell")?;
        if let Some(cell) = &cell {
            put(&mut entry.table, "cell", text(cell.unraw()));
            entry.uses.push(Use::Cell(cell.clone(), &[CellKind::Map]));
        }
        let (mut states, mut initial, mut terminal) = (Vec::new(), None::<Ident>, Vec::new());
        for variant in &mut item.variants {
            let name = variant.ident.clone();
            always(&variant.attrs)?;
            if let Some(mark) = take(&mut variant.attrs, "initial") {
                if let Some(first) = &initial {
                    return Err(Error::new_spanned(mark, format!("`{first}` is the initial state already")));
                }
                initial = Some(name.clone());
            }
            if take(&mut variant.attrs, "terminal").is_some() {
                terminal.push(name.unraw());
            }
            if !matches!(variant.fields, Fields::Unit) {
                return Err(Error::new_spanned(
                    &variant.fields,
                    "a state has no fields: what is kept is in cells",
                ));
            }
            let Some((_, number)) = &variant.discriminant else {
                return Err(Error::new(name.span(), format!("`{name}` needs a permanent id: `{name} = 0`")));
            };
            let number_of = discriminant(number)?;
            let state = u8::try_from(number_of)
                .map_err(|_| Error::new_spanned(number, "ids of states are below 256"))?;
            if states.iter().any(|(_, known)| *known == state) {
                return Err(Error::new_spanned(number, format!("another state has id {state}")));
            }
            states.push((name, state));
        }
        let Some(initial) = initial else {
            return Err(Error::new(item.ident.span(), "mark the state it begins in with `#[initial]`"));
        };
        let numbered =
            states.iter().map(|(name, id)| (name.unraw().to_string(), Value::Number(id.to_string())));
        put(&mut entry.table, "states", Value::Table(numbered.collect()));
        put(&mut entry.table, "initial", text(initial.unraw()));
        if !terminal.is_empty() {
            put(&mut entry.table, "terminal", texts(terminal));
        }
        entry.shape = Shape::Machine { states_of: item.ident.clone(), cell: cell.clone(), states };
        self.entries.push(entry);
        self.parts.push(Part::Machine { states: item, id, cell });
        Ok(())
    }
}

/// An escrow cell.
fn held(entry: &mut Entry, args: &Args, key: &Type) -> Result<()> {
    put(&mut entry.table, "kind", text("escrow"));
    let item = args.one::<Ident>("item")?;
    match &item {
        Some(item) => {
            put(&mut entry.table, "item", text(item.unraw()));
            entry.uses.push(Use::Cell(item.clone(), &[CellKind::Map]));
            entry.uses.push(Use::SameKey(item.clone(), Box::new(key.clone())));
        }
        None if !matches!(key, Type::Tuple(unit) if unit.elems.is_empty()) => {
            return Err(Error::new_spanned(
                key,
                "an escrow without `item = …` is the contract's own: `Escrow<()>`",
            ));
        }
        None => {}
    }
    let AssetName(asset) = args.need("asset")?;
    put(&mut entry.table, "asset", asset.value);
    entry.uses.extend(asset.uses);
    put_flag(&mut entry.table, "unique", args.flag("unique", false)?, false);
    entry.shape = Shape::Cell {
        kind: CellKind::Escrow,
        key: Vec::new(),
        key_type: None,
        head: Vec::new(),
        owned: false,
    };
    Ok(())
}

/// `signer`, or a parameter.
fn initial(uses: &mut Vec<Use>, args: &Args) -> Result<Value> {
    let term: crate::model::Term = args.need("initial")?;
    match term.path.as_slice() {
        [word] if word == "signer" => {}
        [param, name] if param == "param" => uses.push(Use::Entry(Section::Params, name.clone())),
        _ => return Err(Error::new(term.span, "`signer` or `param.NAME` expected")),
    }
    Ok(text(term.text))
}

/// `cell.field`, or `cell.owner()` for the owner that the host keeps.
struct Holder {
    cell: Ident,
    field: Option<Ident>,
}

impl syn::parse::Parse for Holder {
    fn parse(input: syn::parse::ParseStream<'_>) -> Result<Self> {
        let cell = input.parse()?;
        input.parse::<syn::Token![.]>()?;
        let Word(field) = input.parse()?;
        if !input.peek(syn::token::Paren) {
            return Ok(Self { cell, field: Some(field) });
        }
        let content;
        syn::parenthesized!(content in input);
        match field == "owner" && content.is_empty() {
            true => Ok(Self { cell, field: None }),
            false => Err(Error::new(field.span(), "a field, or `owner()` of a unique asset, expected")),
        }
    }
}

/// Name of a field and its attribute `name`.
fn declared(field: &mut syn::Field, name: &str) -> Result<(Ident, Attribute)> {
    let Some(ident) = field.ident.clone() else {
        return Err(Error::new_spanned(field, "a named field expected"));
    };
    always(&field.attrs)?;
    let missing = || Error::new(ident.span(), format!("`{ident}` needs `#[{name}(id = …, …)]`"));
    let attribute = take(&mut field.attrs, name).ok_or_else(missing)?;
    Ok((ident, attribute))
}

fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        _ => None,
    }
}
