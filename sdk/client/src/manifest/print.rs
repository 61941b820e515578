//! Typed manifest to JSON and TOML.

use chainstack_primitives::Amount;
use chainstack_primitives::manifest::{
    Asset, AssetRef, CallRule, CallerRule, Cell, CellKind, Clock, Effect, Exit, Expression, Field, HeadField,
    ItemBinding, ItemField, KeyTerm, Manifest, ManifestError, Ops, ParamDef, ParamRange, Reenter,
    RoleInitial, RoleKind, StateSet, Touches, Transition, TransitionKind, Type, TypeKind, Upgrade, Window,
};
use serde_json::{Map, Value, json};

use super::render::render;
use super::term::print_term;
use super::{Names, expression, read};
use crate::value::{decode_to_json, encode_json, no_aliases, type_name};

type Object = Map<String, Value>;

/// The manifest as JSON in the layout of the TOML form; whole numbers past 53 bits are decimal text.
///
/// # Errors
/// [`ManifestError`] if the manifest is not valid: names could not be given for its ids.
pub fn to_json(manifest: &Manifest) -> Result<Value, ManifestError> {
    manifest.validate()?;
    tree(manifest, false).map(Value::Object).ok_or(ManifestError::Malformed)
}

/// The manifest as TOML, from which [`super::from_toml`] reads the same manifest.
///
/// # Errors
/// [`ManifestError`] if the manifest is not valid: names could not be given for its ids.
pub fn to_toml(manifest: &Manifest) -> Result<String, ManifestError> {
    manifest.validate()?;
    let short = render(&tree(manifest, false).ok_or(ManifestError::Malformed)?);
    if read::from_toml(&short).as_ref() == Ok(manifest) {
        return Ok(short);
    }
    // The nameless types stand in another order than they are used: spell them out.
    Ok(render(&tree(manifest, true).ok_or(ManifestError::Malformed)?))
}

/// A number as JSON, as text past what every reader keeps exactly.
fn number(value: u128) -> Value {
    match u64::try_from(value) {
        Ok(small) if small < 1 << 53 => Value::from(small),
        _ => Value::String(value.to_string()),
    }
}

fn signed(value: i128) -> Value {
    match i64::try_from(value) {
        Ok(small) if small.unsigned_abs() < 1 << 53 => Value::from(small),
        _ => Value::String(value.to_string()),
    }
}

fn amount(value: Amount) -> Value {
    if value == Amount::MAX { json!("any") } else { number(value.0) }
}

/// Inserts `key` unless the value is the one a reader assumes anyway.
fn put(object: &mut Object, key: &str, value: Value, default: Value) {
    if value != default {
        object.insert(key.into(), value);
    }
}

fn started(id: u16, doc: &str) -> Object {
    let mut object = Object::from_iter([("id".to_owned(), json!(id))]);
    put(&mut object, "doc", json!(doc), json!(""));
    object
}

fn section<T>(
    tree: &mut Object,
    name: &str,
    entries: &[T],
    print: impl Fn(&T) -> Option<(String, Object)>,
) -> Option<()> {
    let entries: Object = entries
        .iter()
        .map(|entry| print(entry).map(|(name, fields)| (name, Value::Object(fields))))
        .collect::<Option<_>>()?;
    if !entries.is_empty() {
        tree.insert(name.into(), Value::Object(entries));
    }
    Some(())
}

fn tree(manifest: &Manifest, nameless: bool) -> Option<Object> {
    let printer = Printer { manifest };
    let mut contract = Object::from_iter([("name".to_owned(), json!(&*manifest.name))]);
    put(&mut contract, "doc", json!(&*manifest.doc), json!(""));
    let mut tree = Object::from_iter([("contract".to_owned(), Value::Object(contract))]);
    let types: Object = manifest
        .types
        .iter()
        .filter(|definition| nameless || definition.name.is_some())
        .map(|definition| match &definition.name {
            Some(name) => Some((name.to_string(), printer.type_kind(&definition.kind)?)),
            None => Some((crate::value::kind_name(manifest, &definition.kind)?, json!({}))),
        })
        .collect::<Option<_>>()?;
    if !types.is_empty() {
        tree.insert("types".into(), Value::Object(types));
    }
    section(&mut tree, "params", &manifest.params, |param| {
        Some((param.name.to_string(), printer.param(param)?))
    })?;
    section(&mut tree, "errors", &manifest.errors, |error| {
        let mut object = started(error.id, &error.doc);
        put(&mut object, "fields", printer.fields(&error.fields), json!({}));
        Some((error.name.to_string(), object))
    })?;
    section(&mut tree, "events", &manifest.events, |event| {
        let mut object = started(event.id, &event.doc);
        put(&mut object, "fields", printer.fields(&event.fields), json!({}));
        Some((event.name.to_string(), object))
    })?;
    section(&mut tree, "roles", &manifest.roles, |role| {
        let mut object = started(role.id, &role.doc);
        printer.role(&role.kind, &mut object)?;
        Some((role.name.to_string(), object))
    })?;
    section(&mut tree, "cells", &manifest.cells, |cell| {
        let mut object = started(cell.id, &cell.doc);
        printer.cell(cell, &mut object)?;
        Some((cell.name.to_string(), object))
    })?;
    section(&mut tree, "machines", &manifest.machines, |machine| {
        let mut object = started(machine.id, &machine.doc);
        if let Some(cell) = machine.cell {
            object.insert("cell".into(), printer.cell_name(cell)?);
        }
        let states = machine.states.iter().map(|state| (state.name.to_string(), json!(state.id)));
        object.insert("states".into(), Value::Object(states.collect()));
        object.insert("initial".into(), printer.states(machine.id, &[machine.initial])?.get(0)?.clone());
        put(&mut object, "terminal", printer.states(machine.id, &machine.terminal)?, json!([]));
        Some((machine.name.to_string(), object))
    })?;
    section(&mut tree, "transitions", &manifest.transitions, |transition| {
        Some((transition.method.to_string(), printer.transition(transition)?))
    })?;
    section(&mut tree, "views", &manifest.views, |view| {
        let names = Names { args: &view.args, ..printer.names() };
        let mut object = Object::new();
        put(&mut object, "doc", json!(&*view.doc), json!(""));
        put(&mut object, "args", printer.fields(&view.args), json!({}));
        object.insert("returns".into(), printer.ty(&view.returns));
        let reads = view.reads.iter().map(|id| printer.cell_name(*id)).collect::<Option<_>>()?;
        put(&mut object, "reads", Value::Array(reads), json!([]));
        put(&mut object, "calls", printer.calls(names, &view.calls)?, json!([]));
        put(&mut object, "errors", printer.error_names(&view.errors)?, json!([]));
        object.insert("gas".into(), number(view.gas.0.into()));
        put(&mut object, "reads_max", json!(view.reads_max), json!(0));
        Some((view.method.to_string(), object))
    })?;
    section(&mut tree, "exits", &manifest.exits, |exit| Some((exit.name.to_string(), printer.exit(exit)?)))?;
    section(&mut tree, "invariants", &manifest.invariants, |invariant| {
        let mut object = started(invariant.id, &invariant.doc);
        object.insert("rule".into(), printer.expression(printer.names(), &invariant.rule)?);
        Some((invariant.name.to_string(), object))
    })?;
    if let Upgrade::Gated { role, delay_blocks, veto } = manifest.upgrade {
        let mut object = Object::from_iter([("role".to_owned(), printer.role_name(role)?)]);
        object.insert("delay_blocks".into(), json!(delay_blocks));
        if let Some(veto) = veto {
            object.insert("veto".into(), printer.role_name(veto)?);
        }
        tree.insert("upgrade".into(), Value::Object(object));
    }
    Some(tree)
}

struct Printer<'m> {
    manifest: &'m Manifest,
}

impl<'m> Printer<'m> {
    fn names(&self) -> Names<'m> {
        Names { manifest: self.manifest, args: &[], item: None }
    }

    fn ty(&self, ty: &Type) -> Value {
        Value::String(type_name(self.manifest, ty))
    }

    fn fields(&self, fields: &[Field]) -> Value {
        Value::Object(fields.iter().map(|field| (field.name.to_string(), self.ty(&field.ty))).collect())
    }

    fn cell_name(&self, id: u16) -> Option<Value> {
        Some(json!(&*self.manifest.cell(id)?.name))
    }

    fn role_name(&self, id: u16) -> Option<Value> {
        Some(json!(&*self.manifest.role(id)?.name))
    }

    fn event_name(&self, id: u16) -> Option<String> {
        Some(self.manifest.event(id)?.name.to_string())
    }

    fn param_name(&self, index: u8) -> Option<Value> {
        Some(json!(format!("param.{}", self.manifest.params.get(usize::from(index))?.name)))
    }

    fn error_names(&self, ids: &[u16]) -> Option<Value> {
        let names = ids.iter().map(|id| Some(json!(&*self.manifest.error(*id)?.name)));
        names.collect::<Option<_>>().map(Value::Array)
    }

    fn states(&self, machine: u16, ids: &[u8]) -> Option<Value> {
        let machine = self.manifest.machine(machine)?;
        let name = |id: &u8| Some(json!(&*machine.states.iter().find(|state| state.id == *id)?.name));
        ids.iter().map(name).collect::<Option<_>>().map(Value::Array)
    }

    fn state_sets(&self, sets: &[StateSet]) -> Option<Value> {
        let set = |set: &StateSet| {
            Some((
                self.manifest.machine(set.machine)?.name.to_string(),
                self.states(set.machine, &set.states)?,
            ))
        };
        sets.iter().map(set).collect::<Option<Object>>().map(Value::Object)
    }

    fn expression(&self, names: Names<'_>, expression: &Expression) -> Option<Value> {
        expression::print(names, expression).map(Value::String)
    }

    fn type_kind(&self, kind: &TypeKind) -> Option<Value> {
        Some(match kind {
            TypeKind::Struct { fields } => json!({ "struct": self.fields(fields) }),
            TypeKind::Enum { variants } => {
                let variants =
                    variants.iter().map(|variant| (variant.name.to_string(), self.fields(&variant.fields)));
                json!({ "enum": Value::Object(variants.collect()) })
            }
            kind => json!({ "is": crate::value::kind_name(self.manifest, kind)? }),
        })
    }

    fn param(&self, param: &ParamDef) -> Option<Object> {
        let mut object = Object::from_iter([("type".to_owned(), self.ty(&param.ty))]);
        put(&mut object, "doc", json!(&*param.doc), json!(""));
        match param.range {
            Some(ParamRange::Unsigned { min, max }) => {
                object.insert("min".into(), number(min));
                object.insert("max".into(), number(max));
            }
            Some(ParamRange::Signed { min, max }) => {
                object.insert("min".into(), signed(min));
                object.insert("max".into(), signed(max));
            }
            None => {}
        }
        let Some(default) = &param.default else { return Some(object) };
        let value = decode_to_json(self.manifest, &param.ty, default).ok()?;
        // TOML has no null, and bytes that look like hexadecimal text would be read as bytes.
        let exact = !has_null(&value)
            && encode_json(self.manifest, &param.ty, &value, &no_aliases)
                .is_ok_and(|bytes| bytes == **default);
        if exact {
            object.insert("default".into(), value);
        } else {
            object.insert("default_scale".into(), json!(format!("0x{}", hex::encode(&**default))));
        }
        Some(object)
    }

    fn role(&self, kind: &RoleKind, object: &mut Object) -> Option<()> {
        match kind {
            RoleKind::Account { initial, transferable } => {
                object.insert("kind".into(), json!("account"));
                let initial = match initial {
                    RoleInitial::Signer => json!("signer"),
                    RoleInitial::Param(index) => self.param_name(*index)?,
                };
                object.insert("initial".into(), initial);
                put(object, "transferable", json!(transferable), json!(false));
            }
            RoleKind::Set { initial, members_max, threshold, approval_blocks, admin } => {
                object.insert("kind".into(), json!("set"));
                object.insert("initial".into(), self.param_name(*initial)?);
                object.insert("members_max".into(), json!(members_max));
                object.insert("threshold".into(), json!(threshold));
                object.insert("approval_blocks".into(), json!(approval_blocks));
                if let Some(admin) = admin {
                    object.insert("admin".into(), self.role_name(*admin)?);
                }
            }
            RoleKind::Item { cell, field } => {
                object.insert("kind".into(), json!("item"));
                let cell = self.manifest.cell(*cell)?;
                let field = match field {
                    ItemField::Owner => "$owner".into(),
                    ItemField::Head(index) => cell.head().get(usize::from(*index))?.name.to_string(),
                };
                object.insert("holder".into(), json!(format!("{}.{field}", cell.name)));
            }
        }
        Some(())
    }

    fn head(&self, head: &[HeadField]) -> Value {
        let field = |field: &HeadField| {
            let ty = self.ty(&field.ty);
            if field.write_once && !field.sum && !field.clear_on_move {
                return (field.name.to_string(), ty);
            }
            let mut object = Object::from_iter([("type".to_owned(), ty)]);
            put(&mut object, "write_once", json!(field.write_once), json!(true));
            put(&mut object, "sum", json!(field.sum), json!(false));
            put(&mut object, "clear_on_move", json!(field.clear_on_move), json!(false));
            (field.name.to_string(), Value::Object(object))
        };
        Value::Object(head.iter().map(field).collect())
    }

    fn cell(&self, cell: &Cell, object: &mut Object) -> Option<()> {
        let kind = match &cell.kind {
            CellKind::Map(_) => "map",
            CellKind::Ledger(_) => "ledger",
            CellKind::Value(_) => "value",
            CellKind::Escrow(_) => "escrow",
        };
        object.insert("kind".into(), json!(kind));
        put(object, "key", self.fields(cell.key()), json!({}));
        put(object, "head", self.head(cell.head()), json!({}));
        if let Some(tail) = cell.tail() {
            object.insert("tail".into(), self.ty(&tail));
        }
        put(object, "tail_max_bytes", json!(cell.tail_max_bytes()), json!(0));
        if let CellKind::Ledger(ledger) = &cell.kind {
            put(object, "sum", json!(ledger.sum), json!(false));
        }
        put(object, "count", json!(cell.counts()), json!(false));
        if let Some(max) = cell.max_entries() {
            object.insert("max_entries".into(), number(max.into()));
        }
        if let Some(asset) = cell.asset() {
            object.insert("asset".into(), self.asset(cell, asset)?);
        }
        if let CellKind::Escrow(escrow) = &cell.kind {
            if let Some(item) = escrow.item {
                object.insert("item".into(), self.cell_name(item)?);
            }
            let item = escrow.item.and_then(|id| self.manifest.cell(id));
            let names = Names { item, ..self.names() };
            object.insert("asset".into(), self.asset_ref(names, &escrow.asset)?);
            put(object, "unique", json!(escrow.unique), json!(false));
        }
        Some(())
    }

    fn asset(&self, cell: &Cell, asset: &Asset) -> Option<Value> {
        let kind = if cell.is_fungible_asset() { "fungible" } else { "unique" };
        let mut object = Object::from_iter([("kind".to_owned(), json!(kind))]);
        if let Some(event) = asset.on_move {
            object.insert("on_move".into(), json!(self.event_name(event)?));
        }
        let names = Names { item: Some(cell), ..self.names() };
        for (key, guard) in [("escrow_when", &asset.escrow_when), ("release_when", &asset.release_when)] {
            if let Some(guard) = guard {
                object.insert(key.into(), self.expression(names, guard)?);
            }
        }
        Some(if object.len() == 1 { json!(kind) } else { Value::Object(object) })
    }

    fn asset_ref(&self, names: Names<'_>, asset: &AssetRef) -> Option<Value> {
        Some(match asset {
            AssetRef::Native => json!("native"),
            AssetRef::Own(id) => json!(format!("cell.{}", self.manifest.cell(*id)?.name)),
            AssetRef::Foreign { contract, cell } => {
                json!({ "contract": print_term(names, contract, &Type::Account)?, "cell": cell })
            }
        })
    }

    fn key(&self, names: Names<'_>, cell: u16, key: &[KeyTerm]) -> Option<Value> {
        let fields = self.manifest.cell(cell)?.key();
        let terms =
            key.iter().zip(fields).map(|(term, field)| print_term(names, term, &field.ty).map(Value::String));
        terms.collect::<Option<_>>().map(Value::Array)
    }

    fn window(&self, names: Names<'_>, window: Option<&Window>, object: &mut Object) -> Option<()> {
        let Some(window) = window else { return Some(()) };
        let clock = if window.clock == Clock::Height { "height" } else { "time" };
        let mut printed = Object::from_iter([("clock".to_owned(), json!(clock))]);
        for (key, bound) in [("opens", &window.opens), ("closes", &window.closes)] {
            if let Some(bound) = bound {
                printed.insert(key.into(), self.expression(names, bound)?);
            }
        }
        if let Some(exit) = window.exit {
            printed.insert("exit".into(), json!(&*self.manifest.exit(exit)?.name));
        }
        object.insert("window".into(), Value::Object(printed));
        Some(())
    }

    fn calls(&self, names: Names<'_>, calls: &[CallRule]) -> Option<Value> {
        let call = |call: &CallRule| {
            let contract = print_term(names, &call.contract, &Type::Account)?;
            let mut object = Object::from_iter([("contract".to_owned(), json!(contract))]);
            if let Some(method) = &call.method {
                object.insert("method".into(), json!(&**method));
            }
            put(&mut object, "value_max", amount(call.value_max), json!(0));
            put(&mut object, "count_max", json!(call.count_max), json!(1));
            Some(Value::Object(object))
        };
        calls.iter().map(call).collect::<Option<_>>().map(Value::Array)
    }

    fn item(&self, names: Names<'_>, item: &ItemBinding) -> Option<Value> {
        Some(match item {
            ItemBinding::None => Value::Null,
            ItemBinding::Existing { cell, key } => {
                json!({ "existing": self.cell_name(*cell)?, "key": self.key(names, *cell, key)? })
            }
            ItemBinding::New { cell, key } => {
                json!({ "new": self.cell_name(*cell)?, "key": self.key(names, *cell, key)? })
            }
            ItemBinding::Each { cell, arg, max } => {
                let arg = &*names.args.get(usize::from(*arg))?.name;
                json!({ "each": self.cell_name(*cell)?, "arg": arg, "max": max })
            }
        })
    }

    fn transition(&self, transition: &Transition) -> Option<Object> {
        let before = Names { args: &transition.args, ..self.names() };
        let item = match &transition.item {
            ItemBinding::None => None,
            ItemBinding::Existing { cell, .. }
            | ItemBinding::New { cell, .. }
            | ItemBinding::Each { cell, .. } => Some(self.manifest.cell(*cell)?),
        };
        let names = Names { item, ..before };
        let mut object = Object::new();
        put(&mut object, "doc", json!(&*transition.doc), json!(""));
        if transition.kind == TransitionKind::Constructor {
            object.insert("kind".into(), json!("constructor"));
        }
        put(&mut object, "args", self.fields(&transition.args), json!({}));
        if let Some(returns) = &transition.returns {
            object.insert("returns".into(), self.ty(returns));
        }
        put(&mut object, "value_max", amount(transition.value_max), json!(0));
        put(&mut object, "item", self.item(before, &transition.item)?, Value::Null);
        put(&mut object, "from", self.state_sets(&transition.from)?, json!({}));
        put(&mut object, "to", self.state_sets(&transition.to)?, json!({}));
        let caller = match &transition.caller {
            CallerRule::Any => json!("any"),
            CallerRule::Signer => json!("signer"),
            CallerRule::Roles(roles) => {
                Value::Array(roles.iter().map(|role| self.role_name(*role)).collect::<Option<_>>()?)
            }
        };
        put(&mut object, "caller", caller, json!("any"));
        self.window(names, transition.window.as_ref(), &mut object)?;
        if let Some(guard) = &transition.guard {
            object.insert("guard".into(), self.expression(names, guard)?);
        }
        put(&mut object, "touches", self.touches(names, &transition.touches)?, json!([]));
        let sends = transition.sends.iter().map(|send| {
            Some(json!({ "asset": self.asset_ref(names, &send.asset)?, "max": amount(send.max) }))
        });
        put(&mut object, "sends", Value::Array(sends.collect::<Option<_>>()?), json!([]));
        let escrows = transition.escrows.iter().map(|escrow| {
            Some(json!({ "cell": self.cell_name(escrow.cell)?, "pays_in": escrow.pays_in, "pays_out": escrow.pays_out }))
        });
        put(&mut object, "escrows", Value::Array(escrows.collect::<Option<_>>()?), json!([]));
        put(&mut object, "calls", self.calls(names, &transition.calls)?, json!([]));
        put(&mut object, "notifies", self.calls(names, &transition.notifies)?, json!([]));
        let ceilings = &transition.ceilings;
        let mut printed = Object::from_iter([("gas".to_owned(), number(ceilings.gas.0.into()))]);
        put(&mut printed, "reads", json!(ceilings.reads), json!(0));
        put(&mut printed, "writes", json!(ceilings.writes), json!(0));
        put(&mut printed, "new_entries", json!(ceilings.new_entries), json!(0));
        put(&mut printed, "events", json!(ceilings.events), json!(0));
        object.insert("ceilings".into(), Value::Object(printed));
        put(&mut object, "errors", self.error_names(&transition.errors)?, json!([]));
        let emits = transition.emits.iter().map(|id| self.event_name(*id).map(Value::String));
        put(&mut object, "emits", Value::Array(emits.collect::<Option<_>>()?), json!([]));
        let reenter = match transition.reenter {
            Reenter::None => "none",
            Reenter::OtherItems => "other_items",
            Reenter::All => "all",
        };
        put(&mut object, "reenter", json!(reenter), json!("none"));
        Some(object)
    }

    fn touches(&self, names: Names<'_>, touches: &Touches) -> Option<Value> {
        let Touches::Listed(touches) = touches else { return Some(json!("unknown")) };
        let mut printed = Vec::new();
        for touch in touches {
            let cell = self.manifest.cell(touch.cell)?;
            let mut object = Object::from_iter([("cell".to_owned(), json!(&*cell.name))]);
            put(&mut object, "key", self.key(names, touch.cell, &touch.key)?, json!([]));
            let ops =
                Ops::NAMES.iter().filter(|(op, _)| touch.ops.contains(*op)).map(|(_, name)| json!(name));
            object.insert("ops".into(), Value::Array(ops.collect()));
            let head = cell.head().iter().enumerate().filter(|(index, _)| touch.head >> index & 1 == 1);
            let head = head.map(|(_, field)| json!(&*field.name)).collect();
            put(&mut object, "head", Value::Array(head), json!([]));
            printed.push(Value::Object(object));
        }
        Some(Value::Array(printed))
    }

    fn exit(&self, exit: &Exit) -> Option<Object> {
        let item = match exit.item {
            Some(id) => Some(self.manifest.cell(id)?),
            None => None,
        };
        let names = Names { item, ..self.names() };
        let mut object = started(exit.id, &exit.doc);
        if let Some(item) = item {
            object.insert("item".into(), json!(&*item.name));
        }
        put(&mut object, "from", self.state_sets(&exit.from)?, json!({}));
        self.window(names, exit.window.as_ref(), &mut object)?;
        if let Some(guard) = &exit.guard {
            object.insert("guard".into(), self.expression(names, guard)?);
        }
        let effects = exit.effects.iter().map(|effect| self.effect(names, effect)).collect::<Option<_>>()?;
        put(&mut object, "effects", Value::Array(effects), json!([]));
        if let Some(to) = exit.to {
            let state = self.states(to.machine, &[to.state])?.get(0)?.clone();
            object.insert("to".into(), json!({ self.manifest.machine(to.machine)?.name.to_string(): state }));
        }
        if let Some(event) = &exit.event {
            let fields =
                event.fields.iter().map(|value| self.expression(names, value)).collect::<Option<_>>()?;
            object.insert("event".into(), json!({ self.event_name(event.event)?: Value::Array(fields) }));
        }
        Some(object)
    }

    fn effect(&self, names: Names<'_>, effect: &Effect) -> Option<Value> {
        let account = |term: &KeyTerm| print_term(names, term, &Type::Account);
        Some(match effect {
            Effect::Release { escrow, amount, to, remainder } => {
                let mut object = Object::from_iter([("release".to_owned(), self.cell_name(*escrow)?)]);
                object.insert("to".into(), json!(account(to)?));
                if let Some(amount) = amount {
                    object.insert("amount".into(), self.expression(names, amount)?);
                }
                if let Some(remainder) = remainder {
                    object.insert("remainder".into(), json!(account(remainder)?));
                }
                Value::Object(object)
            }
            Effect::SetHead { field, value } => {
                let field = &*names.item?.head().get(usize::from(*field))?.name;
                json!({ "set": field, "value": self.expression(names, value)? })
            }
            Effect::DeleteItem => json!({ "delete": true }),
            Effect::LedgerAdd { cell, key, amount } => json!({
                "add": self.cell_name(*cell)?,
                "key": self.key(names, *cell, key)?,
                "amount": self.expression(names, amount)?,
            }),
            Effect::LedgerSub { cell, key, amount } => json!({
                "sub": self.cell_name(*cell)?,
                "key": self.key(names, *cell, key)?,
                "amount": self.expression(names, amount)?,
            }),
            Effect::LedgerMove { cell, from, to, amount } => json!({
                "move": self.cell_name(*cell)?,
                "from": self.key(names, *cell, from)?,
                "to": self.key(names, *cell, to)?,
                "amount": self.expression(names, amount)?,
            }),
            Effect::Pay { to, amount } => {
                json!({ "pay": account(to)?, "amount": self.expression(names, amount)? })
            }
        })
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.iter().any(has_null),
        Value::Object(fields) => fields.values().any(has_null),
        _ => false,
    }
}
