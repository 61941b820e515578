//! Declarations that are functions: constructor, transitions, views, exits, invariants.

use syn::ext::IdentExt;
use syn::{
    Attribute, Error, FnArg, GenericArgument, Ident, Item, ItemFn, LitStr, Pat, PathArguments, Result,
    ReturnType, Signature, Type, Visibility,
};

use super::Reader;
use crate::args::Args;
use crate::model::{CellKind, Entry, Field, Method, Part, Section, Use};
use crate::syntax::{
    Announcement, Binding, Call, Effect, EscrowUse, Most, Number, Said, Send, States, Word, state_sets,
};
use crate::toml::{Table, Value, put, put_list, text, texts};
use crate::types::{ManifestType, manifest_type};

const CEILINGS: [&str; 5] = ["gas", "reads", "writes", "new_entries", "events"];
const TRANSITION: [&str; 20] = [
    "value_max",
    "item",
    "from",
    "to",
    "caller",
    "window",
    "guard",
    "touches",
    "sends",
    "escrows",
    "calls",
    "notifies",
    "gas",
    "reads",
    "writes",
    "new_entries",
    "events",
    "errors",
    "emits",
    "reenter",
];
const VIEW: [&str; 5] = ["reads", "calls", "errors", "gas", "reads_max"];
const EXIT: [&str; 8] = ["id", "item", "from", "window", "guard", "effects", "to", "event"];

impl Reader {
    /// Reads a function with an attribute of ours.
    pub(super) fn function(
        &mut self,
        attribute: &Attribute,
        attributes: Vec<Attribute>,
        visibility: Visibility,
        signature: Signature,
        code: Option<ItemFn>,
    ) -> Result<()> {
        let kind = attribute.path().require_ident()?.to_string();
        let data_only = |code: &Option<ItemFn>| match code {
            Some(function) => {
                let what = if kind == "exit" { "an exit" } else { "an invariant" };
                let message = format!("{what} has no code, the host evaluates it: end with `;`");
                Err(Error::new_spanned(&function.block, message))
            }
            None if !matches!(visibility, Visibility::Inherited) => {
                Err(Error::new_spanned(&visibility, "nothing calls this: leave the visibility out"))
            }
            None if !signature.inputs.is_empty() => {
                Err(Error::new_spanned(&signature.inputs, "it has no arguments: the host runs it from data"))
            }
            None => Ok(()),
        };
        match kind.as_str() {
            "exit" => {
                data_only(&code)?;
                self.exit(attribute, &attributes, &signature)
            }
            "invariant" => {
                data_only(&code)?;
                self.invariant(attribute, &attributes, &signature)
            }
            "constructor" | "transition" | "view" => {
                plain(&signature)?;
                let (entry, returns) = self.method(&kind, attribute, &attributes, &signature)?;
                let (returns, fallible) = match returns {
                    Some(returned) => (returned.ty, returned.fallible),
                    None => (None, false),
                };
                if code.is_none() && (returns.is_some() || fallible) {
                    let message = "a method without code returns nothing";
                    return Err(Error::new_spanned(&signature.output, message));
                }
                self.entries.push(entry);
                let docs = attributes.iter().filter(|attribute| super::is_doc(attribute)).cloned().collect();
                let code = code.map(Item::Fn);
                self.parts.push(Part::Method(Box::new(Method { docs, signature, code, fallible })));
                Ok(())
            }
            other => Err(Error::new_spanned(attribute, super::misplaced(other))),
        }
    }

    fn method(
        &self,
        kind: &str,
        attribute: &Attribute,
        attributes: &[Attribute],
        signature: &Signature,
    ) -> Result<(Entry, Option<Returned>)> {
        let section = if kind == "view" { Section::Views } else { Section::Transitions };
        let mut entry = Entry::new(section, &signature.ident, attributes);
        entry.fields = signature.inputs.iter().map(|input| self.argument(input)).collect::<Result<_>>()?;
        if kind == "constructor" {
            if let Some(first) = signature.inputs.first() {
                let message = "a constructor has no arguments: it gets the parameters, read by `#[params]`";
                return Err(Error::new_spanned(first, message));
            }
            put(&mut entry.table, "kind", text("constructor"));
        }
        let fields = entry.fields.clone();
        entry.put_fields("args", &fields);
        let returned = self.returned(&signature.output)?;
        if let Some(ty) = returned.as_ref().and_then(|returned| returned.ty.as_ref()) {
            put(&mut entry.table, "returns", text(&ty.text));
            entry.uses.extend(ty.named.iter().cloned().map(Use::Type));
        }
        if kind == "view" {
            if returned.as_ref().is_none_or(|returned| returned.ty.is_none()) {
                return Err(Error::new(signature.ident.span(), "a view returns something: `-> Type`"));
            }
            self.view(&mut entry, &Args::of(attribute, &VIEW)?)?;
        } else {
            self.transition(&mut entry, &Args::of(attribute, &TRANSITION)?)?;
        }
        Ok((entry, returned))
    }

    fn argument(&self, input: &FnArg) -> Result<Field> {
        let FnArg::Typed(typed) = input else {
            return Err(Error::new_spanned(input, "a method is a plain function: no `self`"));
        };
        let Pat::Ident(name) = &*typed.pat else {
            return Err(Error::new_spanned(&typed.pat, "an argument has a plain name"));
        };
        Ok(Field { name: name.ident.clone(), ty: manifest_type(&typed.ty, &self.constants)? })
    }

    /// What a method returns; none: nothing.
    fn returned(&self, output: &ReturnType) -> Result<Option<Returned>> {
        let ReturnType::Type(_, ty) = output else { return Ok(None) };
        let declared = |ty: &Type| match ty {
            Type::Tuple(unit) if unit.elems.is_empty() => Ok(None),
            ty => manifest_type(ty, &self.constants).map(Some),
        };
        if let Type::Path(path) = &**ty
            && let Some(last) = path.path.segments.last()
            && last.ident == "Result"
        {
            let PathArguments::AngleBracketed(arguments) = &last.arguments else {
                return Err(Error::new_spanned(ty, "write what it returns: `Result<Type>`"));
            };
            let Some(GenericArgument::Type(inner)) = arguments.args.first() else {
                return Err(Error::new_spanned(ty, "write what it returns: `Result<Type>`"));
            };
            return Ok(Some(Returned { ty: declared(inner)?, fallible: true }));
        }
        Ok(Some(Returned { ty: declared(ty)?, fallible: false }))
    }

    fn transition(&self, entry: &mut Entry, args: &Args) -> Result<()> {
        put(&mut entry.table, "value_max", args.one("value_max")?.map(|Most(most)| most));
        if let Some(Binding { cell, said }) = args.one("item")? {
            entry.item = Some(cell);
            entry.say("item", said);
        }
        entry.states(args, "from", false)?;
        entry.states(args, "to", false)?;
        entry.caller(args)?;
        entry.window(args)?;
        entry.expression(args, "guard")?;
        entry.touches(args)?;
        entry.each(args, "sends", |Send(said)| said)?;
        entry.each(args, "escrows", |EscrowUse(said)| said)?;
        entry.each(args, "calls", |Call(said)| said)?;
        entry.each(args, "notifies", |Call(said)| said)?;
        let mut ceilings = Table::new();
        args.need::<Number>("gas")?;
        for key in CEILINGS {
            put(&mut ceilings, key, args.one(key)?.map(|Number(digits)| Value::Number(digits)));
        }
        put(&mut entry.table, "ceilings", Value::Table(ceilings));
        entry.names(args, "errors", Section::Errors)?;
        entry.names(args, "emits", Section::Events)?;
        if let Some(Word(reenter)) = args.one("reenter")? {
            word(&reenter, &["none", "other_items", "all"])?;
            put(&mut entry.table, "reenter", text(reenter));
        }
        Ok(())
    }

    fn view(&self, entry: &mut Entry, args: &Args) -> Result<()> {
        const ANY: &[CellKind] = &[CellKind::Map, CellKind::Ledger, CellKind::Value, CellKind::Escrow];
        let reads: Vec<Ident> = args.list("reads")?;
        put_list(&mut entry.table, "reads", reads.iter().map(|cell| text(cell.unraw())).collect());
        entry.uses.extend(reads.into_iter().map(|cell| Use::Cell(cell, ANY)));
        entry.each(args, "calls", |Call(said)| said)?;
        entry.names(args, "errors", Section::Errors)?;
        let Number(gas) = args.need("gas")?;
        put(&mut entry.table, "gas", Value::Number(gas));
        put(&mut entry.table, "reads_max", args.one("reads_max")?.map(|Number(max)| Value::Number(max)));
        Ok(())
    }

    fn exit(&mut self, attribute: &Attribute, attributes: &[Attribute], signature: &Signature) -> Result<()> {
        let args = Args::of(attribute, &EXIT)?;
        let mut entry = Entry::new(Section::Exits, &signature.ident, attributes);
        entry.identify(&args)?;
        if let Some(item) = args.one::<Ident>("item")? {
            put(&mut entry.table, "item", text(item.unraw()));
            entry.uses.push(Use::Cell(item.clone(), &[CellKind::Map]));
            entry.item = Some(item);
        }
        entry.states(&args, "from", false)?;
        entry.window(&args)?;
        entry.expression(&args, "guard")?;
        let mut effects = Vec::new();
        for effect in args.list::<Effect>("effects")? {
            if let Some(field) = effect.sets {
                match &entry.item {
                    Some(item) => entry.uses.push(Use::Head(item.clone(), field, true)),
                    None => return Err(Error::new(field.span(), "no item is bound: `item = …` is missing")),
                }
            }
            entry.uses.extend(effect.uses);
            effects.push(Value::Table(effect.table));
        }
        put_list(&mut entry.table, "effects", effects);
        entry.states(&args, "to", true)?;
        if let Some(Announcement(said)) = args.one("event")? {
            entry.say("event", said);
        }
        self.entries.push(entry);
        Ok(())
    }

    fn invariant(
        &mut self,
        attribute: &Attribute,
        attributes: &[Attribute],
        signature: &Signature,
    ) -> Result<()> {
        let args = Args::of(attribute, &["id", "rule"])?;
        let mut entry = Entry::new(Section::Invariants, &signature.ident, attributes);
        entry.identify(&args)?;
        args.need::<LitStr>("rule")?;
        entry.expression(&args, "rule")?;
        self.entries.push(entry);
        Ok(())
    }
}

/// What a method returns.
struct Returned {
    ty: Option<ManifestType>,
    fallible: bool,
}

impl Entry {
    fn say(&mut self, key: &str, said: Said) {
        put(&mut self.table, key, said.value);
        self.uses.extend(said.uses);
    }

    fn states(&mut self, args: &Args, key: &str, single: bool) -> Result<()> {
        let sets: Vec<States> = args.list(key)?;
        if !sets.is_empty() {
            self.say(key, state_sets(sets, single)?);
        }
        Ok(())
    }

    fn expression(&mut self, args: &Args, key: &str) -> Result<()> {
        if let Some(literal) = args.one::<LitStr>(key)? {
            put(&mut self.table, key, text(literal.value()));
            self.uses.push(Use::Expression(literal));
        }
        Ok(())
    }

    fn caller(&mut self, args: &Args) -> Result<()> {
        let roles: Vec<Ident> = args.list("caller")?;
        match roles.as_slice() {
            [] => {}
            [word] if word == "any" || word == "signer" => put(&mut self.table, "caller", text(word)),
            roles => {
                put(&mut self.table, "caller", texts(roles.iter().map(IdentExt::unraw)));
                self.uses.extend(roles.iter().cloned().map(|role| Use::Entry(Section::Roles, role)));
            }
        }
        Ok(())
    }

    fn window(&mut self, args: &Args) -> Result<()> {
        let Some(window) = args.inner("window", &["clock", "opens", "closes", "exit"])? else {
            return Ok(());
        };
        let outside = std::mem::take(&mut self.table);
        let Word(clock) = window.need("clock")?;
        word(&clock, &["height", "time"])?;
        put(&mut self.table, "clock", text(clock));
        self.expression(&window, "opens")?;
        self.expression(&window, "closes")?;
        if let Some(exit) = window.one::<Ident>("exit")? {
            put(&mut self.table, "exit", text(exit.unraw()));
            self.uses.push(Use::Entry(Section::Exits, exit));
        }
        let inside = std::mem::replace(&mut self.table, outside);
        put(&mut self.table, "window", Value::Table(inside));
        Ok(())
    }

    fn touches(&mut self, args: &Args) -> Result<()> {
        if let Ok(Some(Word(unknown))) = args.one("touches")
            && unknown == "unknown"
        {
            put(&mut self.table, "touches", text("unknown"));
            return Ok(());
        }
        self.each(args, "touches", |said: Said| said)
    }

    fn each<T: syn::parse::Parse>(&mut self, args: &Args, key: &str, said: impl Fn(T) -> Said) -> Result<()> {
        let mut values = Vec::new();
        for element in args.list::<T>(key)? {
            let Said { value, uses } = said(element);
            values.push(value);
            self.uses.extend(uses);
        }
        put_list(&mut self.table, key, values);
        Ok(())
    }

    fn names(&mut self, args: &Args, key: &str, section: Section) -> Result<()> {
        let names: Vec<Ident> = args.list(key)?;
        put_list(&mut self.table, key, names.iter().map(|name| text(name.unraw())).collect());
        self.uses.extend(names.into_iter().map(|name| Use::Entry(section, name)));
        Ok(())
    }
}

/// A method is a plain function.
fn plain(signature: &Signature) -> Result<()> {
    let name = signature.ident.unraw().to_string();
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) || name.starts_with('_') {
        return Err(Error::new(signature.ident.span(), "a method has a lower-case name"));
    }
    if let Some(first) = signature.generics.params.first() {
        return Err(Error::new_spanned(first, "a method has no generics"));
    }
    let asynchronous = signature.asyncness.map(|token| token.span);
    match asynchronous.or(signature.unsafety.map(|token| token.span)) {
        Some(span) => Err(Error::new(span, "a method is a plain function")),
        None => Ok(()),
    }
}

fn word(found: &Ident, words: &[&str]) -> Result<()> {
    if words.iter().any(|word| found == word) {
        return Ok(());
    }
    let all: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    Err(Error::new(found.span(), format!("`{found}` is none of {}", all.join(", "))))
}
