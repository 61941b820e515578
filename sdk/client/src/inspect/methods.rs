//! The interface: what may be called, with what, by whom, when, and at what cost at most.

use chainstack_primitives::manifest::{
    APPROVE, APPROVE_REVOKE, CallRule, CallerRule, Effect, EscrowUse, Exit, HOST_METHODS, KeyTerm, Manifest,
    ParamDef, ParamRange, ROLE_ACCEPT, ROLE_ADD, ROLE_OFFER, ROLE_REMOVE, ROLE_RENOUNCE, Reenter, RoleKind,
    Transition, TransitionKind, Type, UPGRADE_VETO, Upgrade, View,
};
use serde::Serialize;
use serde_json::Value;

use super::notation::{
    FieldRow, StatesRow, WindowRow, amount, asset, cell_name, error_name, event_name, expression, fields,
    item, names_of, names_of_exit, place, role_name, state_sets, term, window,
};
use crate::manifest::Names;
use crate::value::{decode_to_json, type_name};

/// Everything that can be called.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Abi {
    /// What instantiation is given, in order.
    pub params: Vec<ParamRow>,
    /// The constructor, transitions and views, in the order of the manifest.
    pub methods: Vec<MethodRow>,
    /// What anybody may poke.
    pub exits: Vec<ExitRow>,
    /// Methods that the host itself answers for this contract.
    pub host_methods: Vec<&'static str>,
}

/// A parameter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ParamRow {
    /// Name.
    pub name: String,
    /// Type.
    #[serde(rename = "type")]
    pub ty: String,
    /// The least value, as decimal text.
    pub min: Option<String>,
    /// The greatest value, as decimal text.
    pub max: Option<String>,
    /// What tools fill in.
    pub default: Option<Value>,
    /// For people.
    pub doc: String,
}

/// What kind of method.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MethodKind {
    /// Runs once, at instantiation, with the parameters as arguments.
    Constructor,
    /// May change state.
    Transition,
    /// Reads only.
    View,
}

impl MethodKind {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Constructor => "constructor",
            Self::Transition => "transition",
            Self::View => "view",
        }
    }
}

/// A method.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MethodRow {
    /// Name.
    pub method: String,
    /// Kind.
    pub kind: MethodKind,
    /// For people.
    pub doc: String,
    /// Arguments; the constructor's are the parameters.
    pub args: Vec<FieldRow>,
    /// Type of what it returns.
    pub returns: Option<String>,
    /// `any`, `signer`, or the roles of which the caller must hold one.
    pub caller: Vec<String>,
    /// Greatest native value it accepts, as decimal text, or `any`.
    pub value_max: String,
    /// The item it is bound to.
    pub item: Option<String>,
    /// States it may be taken from.
    pub from: Vec<StatesRow>,
    /// States it may lead to.
    pub to: Vec<StatesRow>,
    /// When it is open.
    pub window: Option<WindowRow>,
    /// What must hold.
    pub guard: Option<String>,
    /// What it may read and write; `None` for `unknown`: any own cell.
    pub touches: Option<Vec<String>>,
    /// Assets it may move out of the contract, each with its ceiling.
    pub sends: Vec<String>,
    /// Escrows it may pay into or out of.
    pub escrows: Vec<String>,
    /// Methods of other contracts it may call.
    pub calls: Vec<String>,
    /// Methods of other contracts it may have called after it ended.
    pub notifies: Vec<String>,
    /// Whether the contract may be entered again while it runs: `none`, `other_items` or `all`.
    pub reenter: &'static str,
    /// Errors it may revert with.
    pub errors: Vec<String>,
    /// Events it may emit.
    pub emits: Vec<String>,
    /// How much one call may use.
    pub ceilings: CeilingsRow,
}

/// Ceilings of one call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct CeilingsRow {
    /// Gas.
    pub gas: u64,
    /// Entries read.
    pub reads: u32,
    /// Entries written.
    pub writes: u32,
    /// Entries created.
    pub new_entries: u32,
    /// Events emitted.
    pub events: u32,
}

/// An exit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ExitRow {
    /// Permanent id.
    pub id: u16,
    /// Name.
    pub name: String,
    /// For people.
    pub doc: String,
    /// The map whose item it concerns; none: the contract.
    pub item: Option<String>,
    /// States it may be taken from.
    pub from: Vec<StatesRow>,
    /// When it is open.
    pub window: Option<WindowRow>,
    /// What must hold.
    pub guard: Option<String>,
    /// What it does, in order.
    pub effects: Vec<String>,
    /// Where it leads.
    pub to: Option<StatesRow>,
    /// The event it announces.
    pub event: Option<String>,
}

/// The interface that `manifest` declares.
#[must_use]
pub fn abi(manifest: &Manifest) -> Abi {
    let transitions = manifest.transitions.iter().map(|transition| of_transition(manifest, transition));
    let views = manifest.views.iter().map(|view| of_view(manifest, view));
    Abi {
        params: manifest.params.iter().map(|param| of_param(manifest, param)).collect(),
        methods: transitions.chain(views).collect(),
        exits: manifest.exits.iter().map(|exit| of_exit(manifest, exit)).collect(),
        host_methods: host_methods(manifest),
    }
}

/// The host's own methods that have something to do for a contract: by its roles, and by whether its code may change.
fn host_methods(manifest: &Manifest) -> Vec<&'static str> {
    let any = |wanted: fn(&RoleKind) -> bool| manifest.roles.iter().any(|role| wanted(&role.kind));
    let of_use = |method: &&str| match *method {
        ROLE_OFFER | ROLE_ACCEPT | ROLE_RENOUNCE => any(|kind| matches!(kind, RoleKind::Account { .. })),
        ROLE_ADD | ROLE_REMOVE => any(|kind| matches!(kind, RoleKind::Set { admin: Some(_), .. })),
        APPROVE | APPROVE_REVOKE => any(|kind| matches!(kind, RoleKind::Set { .. })),
        UPGRADE_VETO => matches!(manifest.upgrade, Upgrade::Gated { veto: Some(_), .. }),
        _ => manifest.upgrade != Upgrade::None,
    };
    HOST_METHODS.iter().copied().filter(of_use).collect()
}

fn of_param(manifest: &Manifest, param: &ParamDef) -> ParamRow {
    let (min, max) = match param.range {
        None => (None, None),
        Some(ParamRange::Unsigned { min, max }) => (Some(min.to_string()), Some(max.to_string())),
        Some(ParamRange::Signed { min, max }) => (Some(min.to_string()), Some(max.to_string())),
    };
    let default = param.default.as_ref().and_then(|bytes| decode_to_json(manifest, &param.ty, bytes).ok());
    ParamRow {
        name: param.name.to_string(),
        ty: type_name(manifest, &param.ty),
        min,
        max,
        default,
        doc: param.doc.to_string(),
    }
}

fn of_transition(manifest: &Manifest, transition: &Transition) -> MethodRow {
    let names = names_of(manifest, transition);
    let constructor = transition.kind == TransitionKind::Constructor;
    let args = if constructor {
        let row =
            |param: &ParamDef| FieldRow { name: param.name.to_string(), ty: type_name(manifest, &param.ty) };
        manifest.params.iter().map(row).collect()
    } else {
        fields(manifest, &transition.args)
    };
    let ceilings = &transition.ceilings;
    MethodRow {
        method: transition.method.to_string(),
        kind: if constructor { MethodKind::Constructor } else { MethodKind::Transition },
        doc: transition.doc.to_string(),
        args,
        returns: transition.returns.as_ref().map(|ty| type_name(manifest, ty)),
        caller: callers(manifest, &transition.caller),
        value_max: amount(transition.value_max),
        item: item(names, &transition.item),
        from: state_sets(manifest, &transition.from),
        to: state_sets(manifest, &transition.to),
        window: transition.window.as_ref().map(|found| window(names, found)),
        guard: transition.guard.as_ref().map(|guard| expression(names, guard)),
        touches: super::effects::touches(manifest, transition)
            .map(|touches| touches.iter().map(|touch| touch.text(names)).collect()),
        sends: transition
            .sends
            .iter()
            .map(|send| format!("{} {}", amount(send.max), asset(names, &send.asset)))
            .collect(),
        escrows: transition.escrows.iter().map(|used| escrow(manifest, used)).collect(),
        calls: transition.calls.iter().map(|rule| call(names, rule)).collect(),
        notifies: transition.notifies.iter().map(|rule| call(names, rule)).collect(),
        reenter: reenter(transition.reenter),
        errors: transition.errors.iter().map(|id| error_name(manifest, *id)).collect(),
        emits: transition.emits.iter().map(|id| event_name(manifest, *id)).collect(),
        ceilings: CeilingsRow {
            gas: ceilings.gas.0,
            reads: ceilings.reads,
            writes: ceilings.writes,
            new_entries: ceilings.new_entries,
            events: ceilings.events,
        },
    }
}

/// The caller rule: one word, or names of roles.
pub(super) fn callers(manifest: &Manifest, rule: &CallerRule) -> Vec<String> {
    match rule {
        CallerRule::Any => vec!["any".to_owned()],
        CallerRule::Signer => vec!["signer".to_owned()],
        CallerRule::Roles(roles) => roles.iter().map(|id| role_name(manifest, *id)).collect(),
    }
}

fn escrow(manifest: &Manifest, used: &EscrowUse) -> String {
    let ways = [(used.pays_in, "in"), (used.pays_out, "out")];
    let ways: Vec<&str> = ways.iter().filter(|(there, _)| *there).map(|(_, way)| *way).collect();
    format!("{} {}", cell_name(manifest, used.cell), ways.join(" and "))
}

/// `contract.method` with its count and value, where they say something.
fn call(names: Names<'_>, rule: &CallRule) -> String {
    let method = rule.method.as_ref().map_or("*", |method| method.as_str());
    let count = if rule.count_max == 1 { String::new() } else { format!(", {} times", rule.count_max) };
    let value =
        if rule.value_max.is_zero() { String::new() } else { format!(", value {}", amount(rule.value_max)) };
    format!("{}.{method}{count}{value}", term(names, &rule.contract, &Type::Account))
}

/// How the rule is written.
pub(super) const fn reenter(rule: Reenter) -> &'static str {
    match rule {
        Reenter::None => "none",
        Reenter::OtherItems => "other_items",
        Reenter::All => "all",
    }
}

fn of_view(manifest: &Manifest, view: &View) -> MethodRow {
    MethodRow {
        method: view.method.to_string(),
        kind: MethodKind::View,
        doc: view.doc.to_string(),
        args: fields(manifest, &view.args),
        returns: Some(type_name(manifest, &view.returns)),
        caller: vec!["any".to_owned()],
        value_max: "0".to_owned(),
        item: None,
        from: Vec::new(),
        to: Vec::new(),
        window: None,
        guard: None,
        touches: Some(view.reads.iter().map(|id| format!("{}: read", cell_name(manifest, *id))).collect()),
        sends: Vec::new(),
        escrows: Vec::new(),
        calls: view
            .calls
            .iter()
            .map(|rule| call(Names { manifest, args: &view.args, item: None }, rule))
            .collect(),
        notifies: Vec::new(),
        reenter: reenter(Reenter::None),
        errors: view.errors.iter().map(|id| error_name(manifest, *id)).collect(),
        emits: Vec::new(),
        ceilings: CeilingsRow {
            gas: view.gas.0,
            reads: view.reads_max,
            writes: 0,
            new_entries: 0,
            events: 0,
        },
    }
}

fn of_exit(manifest: &Manifest, exit: &Exit) -> ExitRow {
    let names = names_of_exit(manifest, exit);
    let to = exit.to.map(|target| StatesRow {
        machine: super::notation::machine_name(manifest, target.machine),
        states: vec![super::notation::state_name(manifest, target.machine, target.state)],
    });
    ExitRow {
        id: exit.id,
        name: exit.name.to_string(),
        doc: exit.doc.to_string(),
        item: exit.item.map(|id| cell_name(manifest, id)),
        from: state_sets(manifest, &exit.from),
        window: exit.window.as_ref().map(|found| window(names, found)),
        guard: exit.guard.as_ref().map(|guard| expression(names, guard)),
        effects: exit.effects.iter().map(|effect| effect_text(names, effect)).collect(),
        to,
        event: exit.event.as_ref().map(|event| event_name(manifest, event.event)),
    }
}

fn entry(names: Names<'_>, cell: u16, key: &[KeyTerm]) -> String {
    match names.manifest.cell(cell) {
        Some(cell) => place(names, cell, key),
        None => cell_name(names.manifest, cell),
    }
}

/// An effect of an exit in words.
pub(super) fn effect_text(names: Names<'_>, effect: &Effect) -> String {
    let account = |account: &KeyTerm| term(names, account, &Type::Account);
    match effect {
        Effect::Release { escrow, amount, to, remainder } => {
            let amount = amount.as_ref().map_or_else(|| "all".to_owned(), |part| expression(names, part));
            let rest = remainder.as_ref().map(|rest| format!(", the rest to {}", account(rest)));
            let escrow = cell_name(names.manifest, *escrow);
            format!("release {amount} of {escrow} to {}{}", account(to), rest.unwrap_or_default())
        }
        Effect::SetHead { field, value } => {
            let head = names.item.and_then(|item| item.head().get(usize::from(*field)));
            let field = head.map_or("?", |field| field.name.as_str());
            format!("set item.{field} = {}", expression(names, value))
        }
        Effect::DeleteItem => "delete the item".to_owned(),
        Effect::LedgerAdd { cell, key, amount } => {
            format!("add at most {} to {}", expression(names, amount), entry(names, *cell, key))
        }
        Effect::LedgerSub { cell, key, amount } => {
            format!("take at most {} from {}", expression(names, amount), entry(names, *cell, key))
        }
        Effect::LedgerMove { cell, from, to, amount } => format!(
            "move at most {} from {} to {}",
            expression(names, amount),
            entry(names, *cell, from),
            entry(names, *cell, to)
        ),
        Effect::Pay { to, amount } => {
            format!("pay at most {} native to {}", expression(names, amount), account(to))
        }
    }
}
