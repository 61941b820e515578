//! Who can do what: each role and everybody else, in each state; and the most one of them can extract alone.
//!
//! Rules. *Anybody* is who may take what asks for no role; a role also has all that anybody has. A guard that is
//! `member(r)` or `quorum(r)`, or has it between `&&`, asks for `r` as a caller rule does; other guards are marked and
//! not understood. An entry of a ledger is the caller's own if the caller is a part of its key; any other is somebody
//! else's, and that they agreed is for the code to check: ASSUMED. What a method may do it is said to do, so that no
//! power is missing; code may do less.

mod extract;
mod means;

use chainstack_primitives::manifest::{
    CallerRule, ItemField, Manifest, ROLE_OFFER, ROLE_RENOUNCE, Role, RoleInitial, RoleKind, StateSet,
    TransitionKind, Upgrade,
};
use serde::Serialize;

use super::{
    bounds::Live,
    effects::{Also, Taker, takers},
    evidence::{Claim, Evidence},
    notation::{bound_cell, cell_name, machine_name, role_name},
};

/// Who can do what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Power {
    /// Anybody, then the roles in the order of the manifest.
    pub actors: Vec<ActorRow>,
    /// For each machine: what each actor can take in each state. One without states if there is no machine.
    pub matrices: Vec<Matrix>,
}

/// An actor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ActorRow {
    /// `anybody`, or the role.
    pub actor: String,
    /// How it is held.
    pub held: String,
    /// Who holds it now; none: not asked, or not kept in one place.
    pub holder: Option<String>,
    /// Value it can move.
    pub value: Vec<Claim>,
    /// Machines it can move: pausing is one such move.
    pub machines: Vec<Claim>,
    /// Stored fields it can change.
    pub fields: Vec<Claim>,
    /// Roles it can give, take or lose.
    pub roles: Vec<Claim>,
    /// What it can do to the code.
    pub upgrade: Vec<Claim>,
    /// The most it can extract alone, besides what anybody can.
    pub extracts: Vec<Claim>,
}

/// What each actor can take in each state of a machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Matrix {
    /// The machine; none: the contract has none.
    pub machine: Option<String>,
    /// The columns: its states, and `any state` last for what no state of it holds back.
    pub states: Vec<String>,
    /// The rows, in the order of the actors.
    pub rows: Vec<MatrixRow>,
    /// What stands behind all of it.
    pub evidence: Evidence,
}

/// A row of a matrix.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MatrixRow {
    /// The actor.
    pub actor: String,
    /// For each state, what it can take.
    pub cells: Vec<Vec<Ability>>,
}

/// Something an actor can take.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Ability {
    /// The method or exit.
    pub name: String,
    /// What else must hold: `exit`, `new item`, `signer` (no contract), `guard`, `window`, `with …`.
    pub notes: Vec<String>,
}

impl Ability {
    /// The name, with its notes in parentheses.
    #[must_use]
    pub fn text(&self) -> String {
        if self.notes.is_empty() {
            self.name.clone()
        } else {
            format!("{} ({})", self.name, self.notes.join(", "))
        }
    }
}

/// Name of the actor that is everybody.
const ANYBODY: &str = "anybody";
/// Column of what no state of a machine holds back.
const ANY_STATE: &str = "any state";

/// Who can do what by `manifest`; `live` adds who holds the roles.
#[must_use]
pub fn power(manifest: &Manifest, live: Option<&Live>) -> Power {
    let actors = std::iter::once(None).chain(manifest.roles.iter().map(Some));
    let matrices = match manifest.machines.is_empty() {
        true => vec![matrix(manifest, None)],
        false => manifest.machines.iter().map(|machine| matrix(manifest, Some(machine.id))).collect(),
    };
    Power { actors: actors.map(|role| actor(manifest, role, live)).collect(), matrices }
}

/// The methods that an actor may take, each with what else it needs.
fn methods_of(
    manifest: &Manifest,
    role: Option<u16>,
) -> impl Iterator<Item = (&chainstack_primitives::manifest::Transition, Taker)> {
    let calls = manifest.transitions.iter().filter(|transition| transition.kind == TransitionKind::Call);
    calls.flat_map(move |transition| {
        let found = takers(transition).into_iter().filter(move |taker| taker.role == role);
        found.map(move |taker| (transition, taker))
    })
}

fn actor(manifest: &Manifest, role: Option<&Role>, live: Option<&Live>) -> ActorRow {
    let id = role.map(|role| role.id);
    let mut row = ActorRow {
        actor: role.map_or_else(|| ANYBODY.to_owned(), |role| role.name.to_string()),
        held: role.map_or_else(|| "every account and contract".to_owned(), |role| held(manifest, role)),
        holder: None,
        value: Vec::new(),
        machines: Vec::new(),
        fields: Vec::new(),
        roles: role.map(|role| own_role(manifest, role)).unwrap_or_default(),
        upgrade: upgrade(manifest, id),
        extracts: extract::extracts(manifest, role),
    };
    if let (Some(id), Some(live)) = (id, live) {
        let holder = live.holders.get(&id);
        row.holder = holder.map(|holder| holder.clone().unwrap_or_else(|| "nobody".to_owned()));
    }
    for (transition, _) in methods_of(manifest, id) {
        row.value.extend(means::value(manifest, role, transition));
        row.machines.extend(means::machines(manifest, transition));
        row.fields.extend(means::fields(manifest, transition));
        row.roles.extend(means::roles(manifest, transition));
    }
    if role.is_none() {
        for exit in &manifest.exits {
            row.value.extend(means::exit(manifest, exit));
        }
    }
    row
}

fn held(manifest: &Manifest, role: &Role) -> String {
    let param = |index: u8| {
        let found = manifest.params.get(usize::from(index));
        found.map_or_else(|| "?".to_owned(), |param| format!("param.{}", param.name))
    };
    match &role.kind {
        RoleKind::Account { initial, transferable } => {
            let first = match initial {
                RoleInitial::Signer => "who instantiates".to_owned(),
                RoleInitial::Param(index) => param(*index),
            };
            let then = if *transferable { "can be handed on" } else { "cannot be handed on" };
            format!("one account, at first {first}; {then}")
        }
        RoleKind::Set { initial, members_max, threshold, approval_blocks, admin } => {
            let admin = admin.map_or_else(
                || "the members are fixed".to_owned(),
                |admin| format!("`{}` changes the members", role_name(manifest, admin)),
            );
            format!(
                "a set, at first {}, at most {members_max}; quorum {threshold}, approvals expire after {approval_blocks} blocks; {admin}",
                param(*initial)
            )
        }
        RoleKind::Item { cell, field } => {
            format!("whom `{}` of the bound item names", item_field(manifest, *cell, *field))
        }
    }
}

/// `cell.field` of the field that names the holder of an item role.
fn item_field(manifest: &Manifest, cell: u16, field: ItemField) -> String {
    let name = match field {
        ItemField::Owner => Some("$owner".to_owned()),
        ItemField::Head(index) => manifest
            .cell(cell)
            .and_then(|cell| cell.head().get(usize::from(index)))
            .map(|field| field.name.to_string()),
    };
    format!("{}.{}", cell_name(manifest, cell), name.unwrap_or_else(|| "?".to_owned()))
}

fn own_role(manifest: &Manifest, role: &Role) -> Vec<Claim> {
    let mut claims = Vec::new();
    if let RoleKind::Account { transferable, .. } = role.kind {
        claims.push(Claim::enforced(match transferable {
            true => format!("can hand the role to another account (`{ROLE_OFFER}`), who must accept"),
            false => "cannot hand the role to another account".to_owned(),
        }));
        claims.push(Claim::enforced(format!(
            "can give the role up for ever (`{ROLE_RENOUNCE}`): then nobody holds it"
        )));
    }
    let sets = manifest
        .roles
        .iter()
        .filter(|set| matches!(set.kind, RoleKind::Set { admin: Some(admin), .. } if admin == role.id));
    let how = match role.kind {
        RoleKind::Set { .. } => ", as its quorum approves",
        _ => "",
    };
    claims.extend(sets.map(|set| Claim::enforced(format!("can change the members of `{}`{how}", set.name))));
    claims
}

fn upgrade(manifest: &Manifest, role: Option<u16>) -> Vec<Claim> {
    let Upgrade::Gated { role: proposer, delay_blocks, veto } = manifest.upgrade else { return Vec::new() };
    let mut claims = Vec::new();
    if role == Some(proposer) {
        let veto = veto.map_or_else(
            || "nobody can veto".to_owned(),
            |veto| format!("`{}` can veto", role_name(manifest, veto)),
        );
        let text = format!("can change the code {delay_blocks} blocks after proposing it; {veto} meanwhile");
        claims.push(Claim::enforced(text));
    }
    if veto.is_some() && role == veto {
        claims.push(Claim::enforced("can veto a change of the code while it waits"));
    }
    claims
}

fn also_text(manifest: &Manifest, also: &Also) -> String {
    match also {
        Also::OneOf(roles) => {
            let names: Vec<String> = roles.iter().map(|role| role_name(manifest, *role)).collect();
            format!("with {}", names.join(" or "))
        }
        Also::Quorum(role) => format!("with quorum of {}", role_name(manifest, *role)),
    }
}

fn matrix(manifest: &Manifest, machine: Option<u16>) -> Matrix {
    let machine = machine.and_then(|id| manifest.machine(id));
    let states: Vec<(Option<u8>, String)> = match machine {
        None => vec![(None, ANY_STATE.to_owned())],
        Some(machine) => {
            let states = machine.states.iter().map(|state| (Some(state.id), state.name.to_string()));
            states.chain([(None, ANY_STATE.to_owned())]).collect()
        }
    };
    // What names the machine's states stands under those; what does not, under any state.
    let open = |from: &[StateSet], state: Option<u8>| {
        let set = machine.and_then(|machine| from.iter().find(|set| set.machine == machine.id));
        match (set, state) {
            (None, None) => true,
            (Some(set), Some(state)) => set.states.contains(&state),
            _ => false,
        }
    };
    let row = |role: Option<&Role>| {
        let cell = |state: Option<u8>| {
            let methods = methods_of(manifest, role.map(|role| role.id));
            let methods = methods.filter(|(transition, _)| open(&transition.from, state));
            let mut abilities: Vec<Ability> = methods
                .map(|(transition, taker)| {
                    let also = taker.also.iter().map(|also| also_text(manifest, also));
                    let signer = (transition.caller == CallerRule::Signer).then(|| "signer".to_owned());
                    let marks = marks(transition.guard.is_some(), transition.window.is_some());
                    let new =
                        matches!(transition.item, chainstack_primitives::manifest::ItemBinding::New { .. });
                    let own = machine.is_some_and(|machine| machine.cell == bound_cell(&transition.item));
                    let new = (new && own).then(|| "new item".to_owned());
                    Ability {
                        name: transition.method.to_string(),
                        notes: new.into_iter().chain(signer).chain(also).chain(marks).collect(),
                    }
                })
                .collect();
            if role.is_none() {
                let exits = manifest.exits.iter().filter(|exit| open(&exit.from, state));
                abilities.extend(exits.map(|exit| {
                    let marks = marks(exit.guard.is_some(), exit.window.is_some());
                    Ability {
                        name: exit.name.to_string(),
                        notes: std::iter::once("exit".to_owned()).chain(marks).collect(),
                    }
                }));
            }
            abilities
        };
        MatrixRow {
            actor: role.map_or_else(|| ANYBODY.to_owned(), |role| role.name.to_string()),
            cells: states.iter().map(|(state, _)| cell(*state)).collect(),
        }
    };
    let rows = std::iter::once(None).chain(manifest.roles.iter().map(Some)).map(row).collect();
    Matrix {
        machine: machine.map(|machine| machine_name(manifest, machine.id)),
        states: states.iter().map(|(_, name)| name.clone()).collect(),
        rows,
        evidence: Evidence::Enforced,
    }
}

fn marks(guard: bool, window: bool) -> impl Iterator<Item = String> {
    let marks = [(guard, "guard"), (window, "window")];
    marks.into_iter().filter(|(there, _)| *there).map(|(_, mark)| mark.to_owned())
}
