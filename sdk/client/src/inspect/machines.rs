//! Machines as graphs: states, what moves between them, and what follows from the graph alone.

use std::collections::BTreeSet;

use chainstack_primitives::manifest::{
    Effect, Exit, ItemBinding, Machine, Manifest, Ops, StateSet, Transition, TransitionKind,
};
use serde::Serialize;

use super::{
    effects::touches,
    evidence::Claim,
    methods::callers,
    notation::{bound_cell, cell_name, expression, names_of, names_of_exit, state_name, window},
};

/// Every machine of a contract.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Machines {
    /// The machines, in the order of the manifest.
    pub machines: Vec<MachineRow>,
    /// Methods and exits that no state of any machine holds back.
    pub free: Vec<String>,
    /// What follows from the graphs.
    pub claims: Vec<Claim>,
}

/// A machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MachineRow {
    /// Permanent id.
    pub id: u16,
    /// Name.
    pub name: String,
    /// For people.
    pub doc: String,
    /// The map whose items each have one; none: the contract has one.
    pub cell: Option<String>,
    /// Its states, in the order of the manifest.
    pub states: Vec<StateRow>,
    /// Its arrows: creation first, then transitions, then exits.
    pub arrows: Vec<Arrow>,
}

/// A state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StateRow {
    /// Permanent id.
    pub id: u8,
    /// Name.
    pub name: String,
    /// Whether a new item or contract is in it.
    pub initial: bool,
    /// Whether it is declared to have no way out.
    pub terminal: bool,
    /// Whether arrows lead to it from creation.
    pub reachable: bool,
}

/// What an arrow stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ArrowKind {
    /// A method, run by the contract's code.
    Transition,
    /// An exit, run by the host when anybody pokes.
    Exit,
}

/// An arrow of a machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Arrow {
    /// What it stands for.
    pub kind: ArrowKind,
    /// The method or exit.
    pub name: String,
    /// Id of the state it leaves; none: it creates the item or contract.
    pub from: Option<u8>,
    /// Id of the state it leads to; none: it removes the item.
    pub to: Option<u8>,
    /// Who may take it: `any`, `signer`, or roles of which one must be held.
    pub caller: Vec<String>,
    /// When it is open, as a condition.
    pub window: Option<String>,
    /// What must hold.
    pub guard: Option<String>,
}

impl Arrow {
    /// The arrow's name with who, when and under which condition.
    #[must_use]
    pub fn label(&self) -> String {
        let mut label = self.name.clone();
        if self.caller.first().is_some_and(|rule| rule != "any") {
            label.push_str(&format!(" by {}", self.caller.join(" or ")));
        }
        if let Some(window) = &self.window {
            label.push_str(&format!(" when {window}"));
        }
        if let Some(guard) = &self.guard {
            label.push_str(&format!(" if {guard}"));
        }
        label
    }
}

/// The machines that `manifest` declares.
#[must_use]
pub fn machines(manifest: &Manifest) -> Machines {
    let rows: Vec<MachineRow> = manifest.machines.iter().map(|machine| of(manifest, machine)).collect();
    let transitions = manifest
        .transitions
        .iter()
        .filter(|transition| transition.kind == TransitionKind::Call && transition.from.is_empty());
    let exits = manifest.exits.iter().filter(|exit| exit.from.is_empty()).map(|exit| &exit.name);
    let free = transitions.map(|transition| &transition.method).chain(exits);
    let mut claims: Vec<Claim> = rows.iter().flat_map(claims).collect();
    if rows.is_empty() {
        claims.push(Claim::proven("no machine is declared: no state holds a method back"));
    }
    Machines { machines: rows, free: free.map(ToString::to_string).collect(), claims }
}

fn of(manifest: &Manifest, machine: &Machine) -> MachineRow {
    let creation = manifest.transitions.iter().flat_map(|transition| created(manifest, machine, transition));
    let moved = manifest.transitions.iter().flat_map(|transition| moved(manifest, machine, transition));
    let exits = manifest.exits.iter().flat_map(|exit| left(manifest, machine, exit));
    let arrows: Vec<Arrow> = creation.chain(moved).chain(exits).collect();
    let reached = reached(machine, &arrows);
    let states = machine.states.iter().map(|state| StateRow {
        id: state.id,
        name: state.name.to_string(),
        initial: state.id == machine.initial,
        terminal: machine.terminal.contains(&state.id),
        reachable: reached.contains(&state.id),
    });
    MachineRow {
        id: machine.id,
        name: machine.name.to_string(),
        doc: machine.doc.to_string(),
        cell: machine.cell.map(|id| cell_name(manifest, id)),
        states: states.collect(),
        arrows,
    }
}

fn set_of<'s>(machine: &Machine, sets: &'s [StateSet]) -> Option<&'s [u8]> {
    sets.iter().find(|set| set.machine == machine.id).map(|set| &*set.states)
}

fn arrow(manifest: &Manifest, transition: &Transition, from: Option<u8>, to: Option<u8>) -> Arrow {
    let names = names_of(manifest, transition);
    Arrow {
        kind: ArrowKind::Transition,
        name: transition.method.to_string(),
        from,
        to,
        caller: callers(manifest, &transition.caller),
        window: transition.window.as_ref().map(|found| window(names, found).condition()),
        guard: transition.guard.as_ref().map(|guard| expression(names, guard)),
    }
}

/// Arrows of the constructor, for the contract's machine, and of methods that create an item.
fn created(manifest: &Manifest, machine: &Machine, transition: &Transition) -> Vec<Arrow> {
    let creates = match (machine.cell, &transition.item) {
        (None, _) => transition.kind == TransitionKind::Constructor,
        (Some(cell), ItemBinding::New { cell: bound, .. }) => *bound == cell,
        (Some(_), _) => false,
    };
    if !creates {
        return Vec::new();
    }
    let targets = set_of(machine, &transition.to).unwrap_or(std::slice::from_ref(&machine.initial));
    targets.iter().map(|to| arrow(manifest, transition, None, Some(*to))).collect()
}

/// Arrows of methods between states. A method that names a state and no target stays where it is.
fn moved(manifest: &Manifest, machine: &Machine, transition: &Transition) -> Vec<Arrow> {
    let is_new = matches!(transition.item, ItemBinding::New { .. });
    let bound = match machine.cell {
        None => transition.kind == TransitionKind::Call,
        Some(cell) => bound_cell(&transition.item) == Some(cell) && !is_new,
    };
    let (from, to) = (set_of(machine, &transition.from), set_of(machine, &transition.to));
    let deletes = machine.cell.is_some_and(|cell| {
        let touched = touches(manifest, transition).unwrap_or_default();
        touched.iter().any(|touched| touched.cell.id == cell && touched.may(Ops::DELETE))
    });
    if !bound || (from.is_none() && to.is_none() && !deletes) {
        return Vec::new();
    }
    let every: Vec<u8> = machine.states.iter().map(|state| state.id).collect();
    let mut arrows = Vec::new();
    for from in from.unwrap_or(&every) {
        match to {
            Some(targets) => {
                arrows.extend(targets.iter().map(|to| arrow(manifest, transition, Some(*from), Some(*to))));
            }
            None => arrows.push(arrow(manifest, transition, Some(*from), Some(*from))),
        }
        if deletes {
            arrows.push(arrow(manifest, transition, Some(*from), None));
        }
    }
    arrows
}

fn left(manifest: &Manifest, machine: &Machine, exit: &Exit) -> Vec<Arrow> {
    let from = set_of(machine, &exit.from);
    let to = exit.to.filter(|target| target.machine == machine.id).map(|target| target.state);
    let removes = exit.effects.contains(&Effect::DeleteItem) && exit.item == machine.cell;
    let bound = machine.cell.is_none() || machine.cell == exit.item;
    if !bound || (from.is_none() && to.is_none() && !(removes && machine.cell.is_some())) {
        return Vec::new();
    }
    let names = names_of_exit(manifest, exit);
    let every: Vec<u8> = machine.states.iter().map(|state| state.id).collect();
    let arrow = |from: &u8| Arrow {
        kind: ArrowKind::Exit,
        name: exit.name.to_string(),
        from: Some(*from),
        to: if removes && machine.cell.is_some() { None } else { Some(to.unwrap_or(*from)) },
        caller: vec!["any".to_owned()],
        window: exit.window.as_ref().map(|found| window(names, found).condition()),
        guard: exit.guard.as_ref().map(|guard| expression(names, guard)),
    };
    from.unwrap_or(&every).iter().map(arrow).collect()
}

/// States that arrows lead to from creation. A contract's machine begins in its initial state; an item begins where a
/// method that creates it says.
fn reached(machine: &Machine, arrows: &[Arrow]) -> BTreeSet<u8> {
    let mut reached: BTreeSet<u8> =
        arrows.iter().filter(|arrow| arrow.from.is_none()).filter_map(|arrow| arrow.to).collect();
    if machine.cell.is_none() {
        reached.insert(machine.initial);
    }
    loop {
        let next = arrows.iter().filter(|arrow| arrow.from.is_some_and(|from| reached.contains(&from)));
        let more: Vec<u8> = next.filter_map(|arrow| arrow.to).filter(|to| !reached.contains(to)).collect();
        if more.is_empty() {
            return reached;
        }
        reached.extend(more);
    }
}

fn claims(row: &MachineRow) -> Vec<Claim> {
    let mut claims = Vec::new();
    let name = &row.name;
    let shown = |state: &StateRow| format!("`{name}` in `{}`", state.name);
    for state in &row.states {
        let leaves = |arrow: &&Arrow| arrow.from == Some(state.id) && arrow.to != Some(state.id);
        let ways: Vec<&Arrow> = row.arrows.iter().filter(leaves).collect();
        if !state.reachable {
            claims
                .push(Claim::proven(format!("`{name}` is never in `{}`: no arrow leads there", state.name)));
        } else if ways.is_empty() && !state.terminal {
            let text =
                format!("{}: no arrow leaves it, though the state is not declared terminal", shown(state));
            claims.push(Claim::proven(text));
        } else if !ways.is_empty() && state.terminal {
            let names: Vec<&str> = ways.iter().map(|arrow| arrow.name.as_str()).collect();
            let text =
                format!("{} can leave by {}, though it is declared terminal", shown(state), names.join(", "));
            claims.push(Claim::proven(text));
        } else if !ways.is_empty() && ways.iter().all(|arrow| arrow.kind == ArrowKind::Transition) {
            let text =
                format!("{} leaves only if the contract's code lets it: no exit starts there", shown(state));
            claims.push(Claim::assumed(text));
        }
        for exit in ways.iter().filter(|arrow| arrow.kind == ArrowKind::Exit) {
            let text =
                format!("{} can leave by exit `{}`, whatever the code does", shown(state), exit.label());
            claims.push(Claim::enforced(text));
        }
    }
    claims
}

/// A name for the target of an arrow.
pub(super) fn target(row: &MachineRow, state: Option<u8>, none: &str) -> String {
    let found = state.map(|id| row.states.iter().find(|state| state.id == id));
    found.map_or_else(|| none.to_owned(), |found| found.map_or_else(String::new, |state| state.name.clone()))
}

/// `machine: from to to`, for each machine that a method moves.
pub(super) fn moves(manifest: &Manifest, transition: &Transition) -> Vec<String> {
    let names = |machine: u16, states: &[u8]| {
        states.iter().map(|id| state_name(manifest, machine, *id)).collect::<Vec<_>>().join(" or ")
    };
    let text = |set: &StateSet| {
        let machine = super::notation::machine_name(manifest, set.machine);
        let from = transition.from.iter().find(|from| from.machine == set.machine);
        let from = from.map_or_else(|| "any state".to_owned(), |from| names(set.machine, &from.states));
        format!("`{machine}` from {from} to {}", names(set.machine, &set.states))
    };
    transition.to.iter().map(text).collect()
}
