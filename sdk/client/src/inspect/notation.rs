//! Parts of a manifest in the notation of its TOML form, for rows of a report.
//!
//! A manifest that was validated names everything it refers to; for any other, an id stands where a name would.

use chainstack_primitives::Amount;
use chainstack_primitives::manifest::{
    AssetRef, Cell, Clock, Exit, Expression, Field, ItemBinding, KeyTerm, Manifest, StateSet, Transition,
    Type, Window,
};
use serde::Serialize;

use crate::manifest::{Names, expression, print_term};
use crate::value::type_name;

/// A named value of a declared type.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FieldRow {
    /// Name.
    pub name: String,
    /// Type, as it is written in TOML.
    #[serde(rename = "type")]
    pub ty: String,
}

/// States of one machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StatesRow {
    /// The machine.
    pub machine: String,
    /// Names of its states.
    pub states: Vec<String>,
}

/// When a method or exit is open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct WindowRow {
    /// What its bounds count: `height` or `time` (milliseconds).
    pub clock: &'static str,
    /// Open from here, this included.
    pub opens: Option<String>,
    /// Closed from here, this included.
    pub closes: Option<String>,
    /// The exit that a call which comes too late is pointed to.
    pub exit: Option<String>,
}

impl WindowRow {
    /// The window as a condition, as in `height >= 5 && height < item.end`.
    #[must_use]
    pub fn condition(&self) -> String {
        let clock = self.clock;
        let opens = self.opens.as_ref().map(|bound| format!("{clock} >= {bound}"));
        let closes = self.closes.as_ref().map(|bound| format!("{clock} < {bound}"));
        opens.into_iter().chain(closes).collect::<Vec<_>>().join(" && ")
    }
}

pub(super) fn fields(manifest: &Manifest, fields: &[Field]) -> Vec<FieldRow> {
    let row = |field: &Field| FieldRow { name: field.name.to_string(), ty: type_name(manifest, &field.ty) };
    fields.iter().map(row).collect()
}

/// `name: type, …`.
pub(super) fn listed(fields: &[FieldRow]) -> String {
    fields.iter().map(|field| format!("{}: {}", field.name, field.ty)).collect::<Vec<_>>().join(", ")
}

/// The map that an item is bound to by.
pub(super) const fn bound_cell(item: &ItemBinding) -> Option<u16> {
    match item {
        ItemBinding::None => None,
        ItemBinding::Existing { cell, .. }
        | ItemBinding::New { cell, .. }
        | ItemBinding::Each { cell, .. } => Some(*cell),
    }
}

pub(super) fn names_of<'m>(manifest: &'m Manifest, transition: &'m Transition) -> Names<'m> {
    let item = bound_cell(&transition.item).and_then(|id| manifest.cell(id));
    Names { manifest, args: &transition.args, item }
}

pub(super) fn names_of_exit<'m>(manifest: &'m Manifest, exit: &Exit) -> Names<'m> {
    Names { manifest, args: &[], item: exit.item.and_then(|id| manifest.cell(id)) }
}

pub(super) fn expression(names: Names<'_>, expression: &Expression) -> String {
    expression::to_text(names, expression).unwrap_or_else(|| "?".to_owned())
}

pub(super) fn term(names: Names<'_>, term: &KeyTerm, ty: &Type) -> String {
    // A constant may hold any character; names in claims stand between backquotes.
    print_term(names, term, ty).map_or_else(|| "?".to_owned(), |text| text.replace('`', "\\x60"))
}

/// An entry of a cell: `cell[term, …]`, or the cell alone if it has no key.
pub(super) fn place(names: Names<'_>, cell: &Cell, key: &[KeyTerm]) -> String {
    if key.is_empty() {
        return cell.name.to_string();
    }
    let terms = key.iter().zip(cell.key()).map(|(part, field)| term(names, part, &field.ty));
    format!("{}[{}]", cell.name, terms.collect::<Vec<_>>().join(", "))
}

pub(super) fn item(names: Names<'_>, item: &ItemBinding) -> Option<String> {
    let manifest = names.manifest;
    let bound = |cell: u16, key: &[KeyTerm]| match manifest.cell(cell) {
        Some(cell) => place(names, cell, key),
        None => cell_name(manifest, cell),
    };
    match item {
        ItemBinding::None => None,
        ItemBinding::Existing { cell, key } => Some(bound(*cell, key)),
        ItemBinding::New { cell, key } => Some(format!("new {}", bound(*cell, key))),
        ItemBinding::Each { cell, arg, max } => {
            let arg = names.args.get(usize::from(*arg)).map_or("?", |arg| arg.name.as_str());
            Some(format!("each {}[arg.{arg}], at most {max}", cell_name(manifest, *cell)))
        }
    }
}

/// An amount in base units; the greatest there is bounds nothing and reads `any`.
pub(super) fn amount(amount: Amount) -> String {
    if amount == Amount::MAX { "any".to_owned() } else { amount.0.to_string() }
}

pub(super) fn asset(names: Names<'_>, asset: &AssetRef) -> String {
    match asset {
        AssetRef::Native => "native".to_owned(),
        AssetRef::Own(id) => format!("cell.{}", cell_name(names.manifest, *id)),
        AssetRef::Foreign { contract, cell } => {
            format!("cell {cell} of contract {}", term(names, contract, &Type::Account))
        }
    }
}

pub(super) fn window(names: Names<'_>, window: &Window) -> WindowRow {
    let bound = |bound: &Option<Expression>| bound.as_ref().map(|bound| expression(names, bound));
    WindowRow {
        clock: if window.clock == Clock::Height { "height" } else { "time" },
        opens: bound(&window.opens),
        closes: bound(&window.closes),
        exit: window.exit.map(|id| exit_name(names.manifest, id)),
    }
}

pub(super) fn state_sets(manifest: &Manifest, sets: &[StateSet]) -> Vec<StatesRow> {
    let row = |set: &StateSet| StatesRow {
        machine: machine_name(manifest, set.machine),
        states: set.states.iter().map(|id| state_name(manifest, set.machine, *id)).collect(),
    };
    sets.iter().map(row).collect()
}

/// `machine: State or State`.
pub(super) fn states_text(rows: &[StatesRow]) -> String {
    let one = |row: &StatesRow| format!("{}: {}", row.machine, row.states.join(" or "));
    rows.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn named(name: Option<&str>, what: &str, id: impl std::fmt::Display) -> String {
    name.map_or_else(|| format!("{what} {id}"), str::to_owned)
}

pub(super) fn cell_name(manifest: &Manifest, id: u16) -> String {
    named(manifest.cell(id).map(|cell| &*cell.name), "cell", id)
}

pub(super) fn role_name(manifest: &Manifest, id: u16) -> String {
    named(manifest.role(id).map(|role| &*role.name), "role", id)
}

pub(super) fn event_name(manifest: &Manifest, id: u16) -> String {
    named(manifest.event(id).map(|event| &*event.name), "event", id)
}

pub(super) fn error_name(manifest: &Manifest, id: u16) -> String {
    named(manifest.error(id).map(|error| &*error.name), "error", id)
}

pub(super) fn exit_name(manifest: &Manifest, id: u16) -> String {
    named(manifest.exit(id).map(|exit| &*exit.name), "exit", id)
}

pub(super) fn machine_name(manifest: &Manifest, id: u16) -> String {
    named(manifest.machine(id).map(|machine| &*machine.name), "machine", id)
}

pub(super) fn state_name(manifest: &Manifest, machine: u16, id: u8) -> String {
    let states = manifest.machine(machine).map(|machine| &machine.states);
    let state = states.and_then(|states| states.iter().find(|state| state.id == id));
    named(state.map(|state| &*state.name), "state", id)
}
