//! Machines as Mermaid state diagrams: guard, role and window on the arrows, exits as dashed boxes on their way.

use std::collections::BTreeSet;

use super::clean;
use crate::inspect::{Arrow, ArrowKind, MachineRow, MethodKind, MethodRow, StateRow};

/// A machine as a `stateDiagram-v2`.
///
/// Mermaid draws no dashed arrows between states, so an exit is a dashed box between the states it connects.
#[must_use]
pub fn mermaid(machine: &MachineRow) -> String {
    let mut out = start();
    for state in &machine.states {
        out.push_str(&format!("    state \"{}\" as {}\n", label(&state.name), id(state)));
    }
    let exits = machine.arrows.iter().filter(|arrow| arrow.kind == ArrowKind::Exit);
    let exits: Vec<&Arrow> = exits.collect();
    let names: BTreeSet<&str> = exits.iter().map(|arrow| arrow.name.as_str()).collect();
    for name in &names {
        let said =
            exits.iter().find(|arrow| arrow.name == *name).map(|arrow| arrow.label()).unwrap_or_default();
        out.push_str(&format!("    state \"exit {}\" as exit_{name}\n", label(&said)));
    }
    let starts: BTreeSet<u8> =
        machine.arrows.iter().filter(|arrow| arrow.from.is_none()).filter_map(|arrow| arrow.to).collect();
    for state in machine.states.iter().filter(|state| state.initial && !starts.contains(&state.id)) {
        if machine.cell.is_none() {
            out.push_str(&format!("    [*] --> {}\n", id(state)));
        }
    }
    for arrow in machine.arrows.iter().filter(|arrow| arrow.kind == ArrowKind::Transition) {
        let (from, to) = (end(arrow.from), end(arrow.to));
        out.push_str(&format!("    {from} --> {to} : {}\n", label(&arrow.label())));
    }
    // One line into an exit for each state it starts from, one out for each it leads to.
    let mut lines: Vec<String> = Vec::new();
    for arrow in exits {
        lines.push(format!("    {} --> exit_{}\n", end(arrow.from), arrow.name));
        lines.push(format!("    exit_{} --> {}\n", arrow.name, end(arrow.to)));
    }
    let mut seen = BTreeSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    out.extend(lines);
    for state in machine.states.iter().filter(|state| state.terminal) {
        out.push_str(&format!("    {} --> [*]\n", id(state)));
    }
    if !names.is_empty() {
        out.push_str("    classDef hostExit stroke-dasharray: 5 5\n");
        for name in names {
            out.push_str(&format!("    class exit_{name} hostExit\n"));
        }
    }
    out
}

/// A contract without machines: one state that every method starts from and ends in.
#[must_use]
pub fn mermaid_without_machine(name: &str, methods: &[MethodRow]) -> String {
    let mut out = start();
    out.push_str(&format!("    state \"{} #40;no machine#41;\" as always\n", label(name)));
    for method in methods {
        let from = match method.kind {
            MethodKind::Constructor => "[*]",
            MethodKind::Transition => "always",
            MethodKind::View => continue,
        };
        let by = match method.caller.first().map(String::as_str) {
            None | Some("any") => String::new(),
            Some(_) => format!(" by {}", method.caller.join(" or ")),
        };
        out.push_str(&format!("    {from} --> always : {}\n", label(&format!("{}{by}", method.method))));
    }
    out
}

fn start() -> String {
    "stateDiagram-v2\n".to_owned()
}

fn id(state: &StateRow) -> String {
    format!("s{}", state.id)
}

fn end(state: Option<u8>) -> String {
    state.map_or_else(|| "[*]".to_owned(), |state| format!("s{state}"))
}

/// Text that Mermaid takes as it is: everything but plain characters as numbered entities.
fn label(text: &str) -> String {
    let mut shown = String::new();
    for character in clean(text).chars() {
        if character.is_alphanumeric() || " _.,+-*/=!&|>$'".contains(character) {
            shown.push(character);
        } else {
            shown.push_str(&format!("#{};", u32::from(character)));
        }
    }
    shown
}
