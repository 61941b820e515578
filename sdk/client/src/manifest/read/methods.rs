//! Transitions, views and exits, read.

use chainstack_primitives::manifest::{
    CallRule, CallerRule, Ceilings, Cell, Clock, Effect, EscrowUse, Exit, ExitEvent, ExitTarget, Field,
    ItemBinding, KeyTerm, Ops, Reenter, Section, Send, StateSet, StateSets, Touch, Touches, Transition,
    TransitionKind, Type, View, Window,
};
use chainstack_primitives::{Amount, BoundedVec, Gas};

use super::super::error::Problem;
use super::super::source::{Entry, Item, Read, Table, bounded};
use super::super::term::parse_term;
use super::super::{Names, index_of};
use super::{Reader, doc, entry_name, name, word};

impl<'t> Reader<'t> {
    pub(super) fn transition(&mut self, entry: Entry<'t>) -> Read<Transition> {
        let table = entry.item.table()?;
        let args: BoundedVec<Field, _> = self.fields(&table, "args")?;
        let returns = table.get("returns").map(|item| self.ty(item)).transpose()?;
        self.sync_types()?;
        let kinds = [("call", TransitionKind::Call), ("constructor", TransitionKind::Constructor)];
        let reenters = [("none", Reenter::None), ("other_items", Reenter::OtherItems), ("all", Reenter::All)];
        let before = Names { args: &args, ..self.names() };
        let (item, cell) = self.item(before, table.table("item")?)?;
        let names = Names { item: cell, ..before };
        let ceilings = table.need("ceilings")?.table()?;
        let transition = Transition {
            method: entry_name(entry)?,
            doc: doc(&table)?,
            kind: table.get("kind").map_or(Ok(TransitionKind::Call), |item| word(item, &kinds))?,
            returns,
            value_max: amount(table.get("value_max"))?,
            item,
            from: self.state_sets(table.table("from")?)?,
            to: self.state_sets(table.table("to")?)?,
            caller: self.caller(table.get("caller"))?,
            window: self.window(names, table.table("window")?)?,
            guard: table.get("guard").map(|item| self.expression(names, item)).transpose()?,
            touches: self.touches(names, table.get("touches"))?,
            sends: self.each(&table, "sends", |reader, table| {
                let asset = reader.asset_ref(names, table.need("asset")?)?;
                Ok(Send { asset, max: amount(Some(table.need("max")?))? })
            })?,
            escrows: self.each(&table, "escrows", |reader, table| {
                Ok(EscrowUse {
                    cell: reader.id_of(Section::Cells, table.need("cell")?)?,
                    pays_in: table.flag("pays_in", false)?,
                    pays_out: table.flag("pays_out", false)?,
                })
            })?,
            calls: self.calls(names, &table, "calls")?,
            notifies: self.calls(names, &table, "notifies")?,
            ceilings: Ceilings {
                gas: Gas(ceilings.need("gas")?.number()?),
                reads: ceilings.number("reads")?.unwrap_or(0),
                writes: ceilings.number("writes")?.unwrap_or(0),
                new_entries: ceilings.number("new_entries")?.unwrap_or(0),
                events: ceilings.number("events")?.unwrap_or(0),
            },
            errors: self.ids(Section::Errors, &table, "errors")?,
            emits: self.ids(Section::Events, &table, "emits")?,
            reenter: table.get("reenter").map_or(Ok(Reenter::None), |item| word(item, &reenters))?,
            args: args.clone(),
        };
        ceilings.finish()?;
        table.finish()?;
        Ok(transition)
    }

    pub(super) fn view(&mut self, entry: Entry<'t>) -> Read<View> {
        let table = entry.item.table()?;
        let args: BoundedVec<Field, _> = self.fields(&table, "args")?;
        let returns = self.ty(table.need("returns")?)?;
        self.sync_types()?;
        let names = Names { args: &args, ..self.names() };
        let view = View {
            method: entry_name(entry)?,
            doc: doc(&table)?,
            returns,
            reads: self.ids(Section::Cells, &table, "reads")?,
            calls: self.calls(names, &table, "calls")?,
            errors: self.ids(Section::Errors, &table, "errors")?,
            gas: Gas(table.need("gas")?.number()?),
            reads_max: table.number("reads_max")?.unwrap_or(0),
            args: args.clone(),
        };
        table.finish()?;
        Ok(view)
    }

    /// A list of tables, each read whole.
    fn each<T, const MAX: u32>(
        &self,
        table: &Table<'t>,
        key: &'static str,
        read: impl Fn(&Self, &Table<'t>) -> Read<T>,
    ) -> Read<BoundedVec<T, MAX>> {
        let element = |item: Item<'t>| {
            let table = item.table()?;
            let element = read(self, &table)?;
            table.finish()?;
            Ok(element)
        };
        let elements = table.list(key)?.into_iter().map(element).collect::<Read<Vec<_>>>()?;
        bounded(table.at, elements)
    }

    fn account(&self, names: Names<'_>, item: Item<'t>) -> Read<KeyTerm> {
        parse_term(names, item.text()?, &Type::Account).map_err(|message| item.problem(message))
    }

    fn key<const MAX: u32>(
        &self,
        names: Names<'_>,
        cell: &Cell,
        at: usize,
        terms: Vec<Item<'t>>,
    ) -> Read<BoundedVec<KeyTerm, MAX>> {
        let fields = cell.key();
        if fields.len() != terms.len() {
            let message =
                format!("the key of `{}` has {} fields, {} given", cell.name, fields.len(), terms.len());
            return Err(Problem::new(at, message));
        }
        let term = |(item, field): (Item<'t>, &Field)| {
            parse_term(names, item.text()?, &field.ty).map_err(|message| item.problem(message))
        };
        let terms = terms.into_iter().zip(fields).map(term).collect::<Read<Vec<_>>>()?;
        bounded(at, terms)
    }

    fn item(&self, names: Names<'_>, table: Option<Table<'t>>) -> Read<(ItemBinding, Option<&Cell>)> {
        let Some(table) = table else { return Ok((ItemBinding::None, None)) };
        let bound = match (table.get("existing"), table.get("new"), table.get("each")) {
            (Some(item), None, None) => {
                let cell = self.cell_of(item)?;
                let key = self.key(names, cell, table.at, table.list("key")?)?;
                (ItemBinding::Existing { cell: cell.id, key }, Some(cell))
            }
            (None, Some(item), None) => {
                let cell = self.cell_of(item)?;
                let key = self.key(names, cell, table.at, table.list("key")?)?;
                (ItemBinding::New { cell: cell.id, key }, Some(cell))
            }
            (None, None, Some(item)) => {
                let cell = self.cell_of(item)?;
                let arg = table.need("arg")?;
                let index = index_of(names.args.iter().map(|arg| &*arg.name), arg.text()?);
                let index = index.ok_or_else(|| arg.problem("there is no such argument"))?;
                (
                    ItemBinding::Each { cell: cell.id, arg: index, max: table.need("max")?.number()? },
                    Some(cell),
                )
            }
            _ => return Err(Problem::new(table.at, "give one of `existing`, `new` and `each`")),
        };
        table.finish()?;
        Ok(bound)
    }

    fn state_sets(&self, table: Option<Table<'t>>) -> Read<StateSets> {
        let Some(table) = table else { return Ok(StateSets::new()) };
        let set = |entry: &Entry<'t>| {
            let machine = self.id_of_name(Section::Machines, entry.key, entry.item)?;
            let states = entry.item.list()?.into_iter().map(|item| self.state(machine, item));
            Ok(StateSet { machine, states: bounded(entry.at, states.collect::<Read<Vec<_>>>()?)? })
        };
        bounded(table.at, table.entries().iter().map(set).collect::<Read<Vec<_>>>()?)
    }

    fn state(&self, machine: u16, item: Item<'t>) -> Read<u8> {
        let name = item.text()?;
        let machine = self.manifest.machine(machine);
        let state = machine.and_then(|machine| machine.states.iter().find(|state| &*state.name == name));
        state.map(|state| state.id).ok_or_else(|| item.problem(format!("there is no state `{name}`")))
    }

    fn caller(&self, item: Option<Item<'t>>) -> Read<CallerRule> {
        let Some(item) = item else { return Ok(CallerRule::Any) };
        let roles = match item.is_list() {
            true => item.list()?,
            false => match item.text()? {
                "any" => return Ok(CallerRule::Any),
                "signer" => return Ok(CallerRule::Signer),
                _ => vec![item],
            },
        };
        let roles =
            roles.into_iter().map(|item| self.id_of(Section::Roles, item)).collect::<Read<Vec<_>>>()?;
        bounded(item.at, roles).map(CallerRule::Roles)
    }

    fn window(&self, names: Names<'_>, table: Option<Table<'t>>) -> Read<Option<Window>> {
        let Some(table) = table else { return Ok(None) };
        let bound = |item: Option<Item<'t>>| item.map(|item| self.expression(names, item)).transpose();
        let window = Window {
            clock: word(table.need("clock")?, &[("height", Clock::Height), ("time", Clock::TimeMs)])?,
            opens: bound(table.get("opens"))?,
            closes: bound(table.get("closes"))?,
            exit: table.get("exit").map(|item| self.id_of(Section::Exits, item)).transpose()?,
        };
        table.finish()?;
        Ok(Some(window))
    }

    fn touches(&self, names: Names<'_>, item: Option<Item<'t>>) -> Read<Touches> {
        let Some(item) = item else { return Ok(Touches::Listed(BoundedVec::new())) };
        if item.is_text() {
            return word(item, &[("unknown", Touches::Unknown)]);
        }
        let touch = |item: Item<'t>| {
            let table = item.table()?;
            let cell = self.cell_of(table.need("cell")?)?;
            let key = self.key(names, cell, table.at, table.list("key")?)?;
            let names: Vec<_> = Ops::NAMES.iter().map(|(op, name)| (*name, *op)).collect();
            let ops = table.need("ops")?.list()?.into_iter().map(|item| word(item, &names));
            let ops = ops.collect::<Read<Vec<_>>>()?.into_iter().fold(Ops::default(), Ops::union);
            let mut head = 0u16;
            for item in table.list("head")? {
                let index = index_of(cell.head().iter().map(|field| &*field.name), item.text()?);
                let bit = index.and_then(|index| 1u16.checked_shl(index.into()));
                head |=
                    bit.ok_or_else(|| item.problem(format!("cell `{}` has no such head field", cell.name)))?;
            }
            table.finish()?;
            Ok(Touch { cell: cell.id, key, ops, head })
        };
        let touches = item.list()?.into_iter().map(touch).collect::<Read<Vec<_>>>()?;
        bounded(item.at, touches).map(Touches::Listed)
    }

    fn calls<const MAX: u32>(
        &self,
        names: Names<'_>,
        table: &Table<'t>,
        key: &'static str,
    ) -> Read<BoundedVec<CallRule, MAX>> {
        self.each(table, key, |reader, table| {
            Ok(CallRule {
                contract: reader.account(names, table.need("contract")?)?,
                method: table.get("method").map(name).transpose()?,
                value_max: amount(table.get("value_max"))?,
                count_max: table.number("count_max")?.unwrap_or(1),
            })
        })
    }

    pub(super) fn exit(&mut self, entry: Entry<'t>) -> Read<Exit> {
        let (id, doc, table) = self.started(entry)?;
        let item = table.get("item").map(|item| self.cell_of(item)).transpose()?;
        let names = Names { item, ..self.names() };
        let to = match table.table("to")? {
            None => None,
            Some(to) => match to.entries() {
                [target] => {
                    let machine = self.id_of_name(Section::Machines, target.key, target.item)?;
                    Some(ExitTarget { machine, state: self.state(machine, target.item)? })
                }
                _ => return Err(Problem::new(to.at, "one machine and its state expected")),
            },
        };
        let event = match table.table("event")? {
            None => None,
            Some(event) => match event.entries() {
                [announced] => {
                    let id = self.id_of_name(Section::Events, announced.key, announced.item)?;
                    let fields = announced.item.list()?.into_iter().map(|item| self.expression(names, item));
                    let fields = bounded(announced.at, fields.collect::<Read<Vec<_>>>()?)?;
                    Some(ExitEvent { event: id, fields })
                }
                _ => return Err(Problem::new(event.at, "one event and its fields expected")),
            },
        };
        let exit = Exit {
            id,
            name: entry_name(entry)?,
            doc,
            item: item.map(|cell| cell.id),
            from: self.state_sets(table.table("from")?)?,
            window: self.window(names, table.table("window")?)?,
            guard: table.get("guard").map(|item| self.expression(names, item)).transpose()?,
            effects: self.each(&table, "effects", |reader, table| reader.effect(names, table))?,
            to,
            event,
        };
        table.finish()?;
        Ok(exit)
    }

    fn effect(&self, names: Names<'_>, table: &Table<'t>) -> Read<Effect> {
        let amount = |table: &Table<'t>| self.expression(names, table.need("amount")?);
        let keyed = |cell: &Cell, key| self.key(names, cell, table.at, table.list(key)?);
        if let Some(escrow) = table.get("release") {
            return Ok(Effect::Release {
                escrow: self.cell_of(escrow)?.id,
                amount: table.get("amount").map(|item| self.expression(names, item)).transpose()?,
                to: self.account(names, table.need("to")?)?,
                remainder: table.get("remainder").map(|item| self.account(names, item)).transpose()?,
            });
        }
        if let Some(field) = table.get("set") {
            let head = names.item.map_or(&[][..], Cell::head).iter().map(|field| &*field.name);
            let index = index_of(head, field.text()?)
                .ok_or_else(|| field.problem("the item has no such head field"))?;
            return Ok(Effect::SetHead {
                field: index,
                value: self.expression(names, table.need("value")?)?,
            });
        }
        if let Some(cell) = table.get("add") {
            let cell = self.cell_of(cell)?;
            return Ok(Effect::LedgerAdd { cell: cell.id, key: keyed(cell, "key")?, amount: amount(table)? });
        }
        if let Some(cell) = table.get("sub") {
            let cell = self.cell_of(cell)?;
            return Ok(Effect::LedgerSub { cell: cell.id, key: keyed(cell, "key")?, amount: amount(table)? });
        }
        if let Some(cell) = table.get("move") {
            let cell = self.cell_of(cell)?;
            let (from, to) = (keyed(cell, "from")?, keyed(cell, "to")?);
            return Ok(Effect::LedgerMove { cell: cell.id, from, to, amount: amount(table)? });
        }
        if let Some(to) = table.get("pay") {
            return Ok(Effect::Pay { to: self.account(names, to)?, amount: amount(table)? });
        }
        if table.flag("delete", false)? {
            return Ok(Effect::DeleteItem);
        }
        table.finish()?;
        Err(Problem::new(
            table.at,
            "one of `release`, `set`, `add`, `sub`, `move`, `pay` and `delete` expected",
        ))
    }
}

/// An amount; `any` is the greatest.
fn amount(item: Option<Item<'_>>) -> Read<Amount> {
    let Some(item) = item else { return Ok(Amount::ZERO) };
    if item.is_text() && item.text()? == "any" {
        return Ok(Amount::MAX);
    }
    item.number().map(Amount)
}
