//! What could be done now, and why the rest could not: the checks of calls and exits, asked one by one and without
//! doing anything.
//!
//! The same functions answer here that refuse a call; only their order is loosened, so that every reason is told and not
//! the first alone. What an answer depends on and was not said (who calls, an argument, which item) is named instead of
//! guessed.

use chainstack_primitives::{
    AccountId, Amount, codes,
    manifest::{
        CallerRule, CellKind, Exit, Expression, Field, ItemBinding, KeyTerm, Manifest, Node, RoleKind,
        StateSet, Transition, TransitionKind, Window,
    },
};
use chainstack_runtime::{
    block::BlockInfo,
    ports::{ExecutionError, Failure, Fault},
    state::{Overlay, reserved},
};

use super::{
    approval::{Approvals, Call},
    contract::{CellPlan, Contract},
    facts::Place,
    frame::Spans,
    guard::{check_guard, check_states, check_window},
    item::{Expected, Item, check_presence},
    role::check_caller,
    set::Set,
};
use crate::run::value_refused;

/// What somebody wants to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Question<'q> {
    /// Who would call or poke.
    pub caller: Option<AccountId>,
    /// Native value that would come along.
    pub value: Option<Amount>,
    /// The item it is about: the id of its map and its key.
    pub item: Option<(u16, &'q [u8])>,
    /// One transition alone, with those of its arguments that are known, encoded, in declared order.
    pub method: Option<(&'q str, &'q [Option<Vec<u8>>])>,
}

/// What kind of move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MoveKind {
    /// A method, by a call.
    Transition,
    /// A way out, by a poke.
    Exit,
}

/// A transition or exit, and all that it asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Move {
    /// What kind.
    pub kind: MoveKind,
    /// Its name.
    pub name: String,
    /// What it asks for, in the order in which a call is checked.
    pub needs: Vec<Need>,
}

/// Something that must hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Need {
    /// `item`, `state`, `caller`, `window`, `guard` or `value`.
    pub what: &'static str,
    /// Whether it does.
    pub met: Met,
}

/// Whether something holds now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Met {
    /// It does.
    Yes,
    /// It does not: what a call would be refused with.
    No {
        /// The stable code.
        code: u16,
        /// Expected and found.
        text: String,
    },
    /// That depends on what was not said.
    Depends(String),
}

impl Move {
    /// The verdict: the first need that is not met, else the first that depends, else yes.
    #[must_use]
    pub fn met(&self) -> &Met {
        let refused = self.needs.iter().find(|need| matches!(need.met, Met::No { .. }));
        let open = self.needs.iter().find(|need| matches!(need.met, Met::Depends(_)));
        refused.or(open).map_or(&Met::Yes, |need| &need.met)
    }
}

/// Where a question is asked.
struct Scope<'s> {
    contract: &'s Contract,
    address: &'s AccountId,
    block: &'s BlockInfo,
    params: (&'s [u8], &'s Spans),
}

/// What is known of one move.
struct Known<'k> {
    caller: Option<AccountId>,
    value: Option<Amount>,
    declared: &'k [Field],
    args: Vec<Option<Vec<u8>>>,
    item: Option<(&'k CellPlan, Item)>,
    /// Approvals of the call, if its guard asks for them and all of it is known.
    approvals: Option<Approvals>,
}

/// Answers for every transition and exit that the question is about.
///
/// # Errors
/// [`codes::BAD_KEY`], [`codes::BAD_ARGUMENTS`], [`codes::UNKNOWN_METHOD`] if the question is none.
pub(crate) fn outlook(
    state: &mut Overlay<'_>,
    contract: &Contract,
    address: &AccountId,
    block: &BlockInfo,
    question: &Question<'_>,
) -> Result<Vec<Move>, ExecutionError> {
    let manifest = &contract.manifest;
    let bytes =
        state.entry(address, reserved::PARAMS, &[])?.map_or_else(Vec::new, |entry| entry.value.clone());
    let spans = Spans::validate(manifest, manifest.params.iter().map(|param| &param.ty), &bytes)
        .map_err(|_| Fault::text("parameters in state are not those of the manifest"))?;
    let scope = Scope { contract, address, block, params: (&bytes, &spans) };
    check_item(contract, question.item)?;
    if let Some((name, _)) = question.method
        && !callable(manifest).any(|transition| *transition.method == *name)
    {
        let text = format!("the manifest declares no transition `{}`", name.escape_debug());
        return Err(Failure::new(codes::UNKNOWN_METHOD, text).into());
    }
    let mut moves = Vec::new();
    for transition in callable(manifest) {
        let named = question.method.is_none_or(|(name, _)| *transition.method == *name);
        if named && concerns(question, bound_map(&transition.item)) {
            moves.push(of_transition(state, &scope, question, transition)?);
        }
    }
    for exit in
        manifest.exits.iter().filter(|exit| question.method.is_none() && concerns(question, exit.item))
    {
        moves.push(of_exit(state, &scope, question, exit)?);
    }
    Ok(moves)
}

fn callable(manifest: &Manifest) -> impl Iterator<Item = &Transition> {
    manifest.transitions.iter().filter(|transition| transition.kind == TransitionKind::Call)
}

/// Approvals of a call whose guard asks for them, if all that is approved is known.
fn approvals(
    state: &mut Overlay<'_>,
    scope: &Scope<'_>,
    known: &Known<'_>,
    method: &str,
) -> Result<Option<Approvals>, ExecutionError> {
    let position = scope.contract.find(method.as_bytes());
    let Some(plan) = position.and_then(|position| scope.contract.method(position).ok()) else {
        return Ok(None);
    };
    let args: Option<Vec<&[u8]>> = known.args.iter().map(Option::as_deref).collect();
    let (Some(args), Some(value), false) = (args, known.value, plan.quorums.is_empty()) else {
        return Ok(None);
    };
    let call = Call { address: scope.address, method, args: &args.concat(), value };
    let sets = plan.quorums.iter().filter_map(|id| Set::find(scope.contract, *id));
    Approvals::count(state, scope.block, call, sets).map(Some)
}

fn concerns(question: &Question<'_>, map: Option<u16>) -> bool {
    question.item.is_none_or(|(cell, _)| map == Some(cell))
}

const fn bound_map(item: &ItemBinding) -> Option<u16> {
    match item {
        ItemBinding::None => None,
        ItemBinding::Existing { cell, .. }
        | ItemBinding::New { cell, .. }
        | ItemBinding::Each { cell, .. } => Some(*cell),
    }
}

/// Checks that what names an item is a cell and a key of it.
///
/// # Errors
/// [`codes::BAD_KEY`], or what an unknown cell is refused with.
pub(crate) fn check_item(contract: &Contract, item: Option<(u16, &[u8])>) -> Result<(), Failure> {
    item.map_or(Ok(()), |(cell, key)| check_key(contract, cell, key))
}

fn check_key(contract: &Contract, cell: u16, key: &[u8]) -> Result<(), Failure> {
    let (_, plan) = contract.any_cell(u32::from(cell))?;
    contract.manifest.validate_tuple(contract.declared(plan)?.key(), key).map_err(|error| {
        Failure::new(codes::BAD_KEY, format!("key of cell {}: {error}", contract.cell_name(plan)))
    })
}

fn of_transition<'s>(
    state: &mut Overlay<'_>,
    scope: &Scope<'s>,
    question: &Question<'_>,
    transition: &'s Transition,
) -> Result<Move, ExecutionError> {
    let mut known = Known {
        caller: question.caller,
        value: question.value,
        declared: &transition.args,
        args: given_args(scope.contract, transition, question)?,
        item: None,
        approvals: None,
    };
    known.approvals = approvals(state, scope, &known, &transition.method)?;
    let mut needs = Vec::new();
    if bound_map(&transition.item).is_some() {
        let met = bind(state, scope, question, transition, &mut known)?;
        needs.push(Need { what: "item", met });
    }
    ask_states(state, scope, &known, &transition.from, &mut needs)?;
    if transition.caller != CallerRule::Any {
        let met = ask_caller(state, scope, &known, &transition.caller)?;
        needs.push(Need { what: "caller", met });
    }
    let (window, guard) = (transition.window.as_ref(), transition.guard.as_ref());
    ask_rules(state, scope, &known, window, guard, &mut needs)?;
    if let Some(value) = known.value {
        let met = if value > transition.value_max {
            refused(value_refused(&transition.method, transition.value_max, value))
        } else {
            Met::Yes
        };
        needs.push(Need { what: "value", met });
    }
    Ok(Move { kind: MoveKind::Transition, name: transition.method.to_string(), needs })
}

fn of_exit(
    state: &mut Overlay<'_>,
    scope: &Scope<'_>,
    question: &Question<'_>,
    exit: &Exit,
) -> Result<Move, ExecutionError> {
    let mut known = Known {
        caller: question.caller,
        value: Some(Amount::ZERO),
        declared: &[],
        args: Vec::new(),
        item: None,
        approvals: None,
    };
    let mut needs = Vec::new();
    if let Some(map) = exit.item {
        let met = match question.item {
            Some((_, key)) => find(state, scope, map, key.to_vec(), Expected::Existing, &mut known)?,
            None => Met::Depends("the item".to_owned()),
        };
        needs.push(Need { what: "item", met });
    }
    ask_states(state, scope, &known, &exit.from, &mut needs)?;
    ask_rules(state, scope, &known, exit.window.as_ref(), exit.guard.as_ref(), &mut needs)?;
    Ok(Move { kind: MoveKind::Exit, name: exit.name.to_string(), needs })
}

/// The arguments that the question gives, checked.
fn given_args(
    contract: &Contract,
    transition: &Transition,
    question: &Question<'_>,
) -> Result<Vec<Option<Vec<u8>>>, Failure> {
    let given = question.method.map_or(&[][..], |(_, args)| args);
    let bad = |text: String| Failure::new(codes::BAD_ARGUMENTS, text);
    if given.len() > transition.args.len() {
        return Err(bad(format!("{} arguments found, {} declared", given.len(), transition.args.len())));
    }
    for (declared, bytes) in transition.args.iter().zip(given) {
        if let Some(bytes) = bytes {
            contract
                .manifest
                .validate_whole(&declared.ty, bytes)
                .map_err(|error| bad(format!("argument `{}`: {error}", declared.name)))?;
        }
    }
    let missing = transition.args.len().saturating_sub(given.len());
    Ok(given.iter().cloned().chain(std::iter::repeat_n(None, missing)).collect())
}

/// Finds the item of a call, and from its key the arguments that name it.
fn bind<'s>(
    state: &mut Overlay<'_>,
    scope: &Scope<'s>,
    question: &Question<'_>,
    transition: &'s Transition,
    known: &mut Known<'s>,
) -> Result<Met, ExecutionError> {
    let depends = |what: &str| Ok(Met::Depends(what.to_owned()));
    let (map, terms, expected) = match &transition.item {
        ItemBinding::None => return Ok(Met::Yes),
        ItemBinding::Existing { cell, key } => (*cell, &**key, Expected::Existing),
        ItemBinding::New { cell, key } => (*cell, &**key, Expected::New),
        ItemBinding::Each { cell, .. } => {
            let Some((_, key)) = question.item else { return depends("the items") };
            return find(state, scope, *cell, key.to_vec(), Expected::Existing, known);
        }
    };
    let Some((_, key)) = question.item else {
        let mut key = Vec::new();
        for term in terms {
            match term_bytes(scope, known, term) {
                Some(bytes) => key.extend(bytes),
                None => return depends("the item"),
            }
        }
        return find(state, scope, map, key, expected, known);
    };
    let (_, plan) = scope.contract.any_cell(u32::from(map))?;
    let fields = scope.contract.declared(plan)?.key();
    let spans = Spans::validate(&scope.contract.manifest, fields.iter().map(|field| &field.ty), key);
    let spans = spans.map_err(|_| Fault::text("a key that was checked is none"))?;
    for (index, (term, field)) in terms.iter().zip(fields.iter()).enumerate() {
        let asked = spans.get(key, index).unwrap_or_default();
        match (term_bytes(scope, known, term), term) {
            (Some(bytes), _) if bytes == asked => {}
            (Some(_), _) => {
                let text = format!("the call is bound to another item: key field `{}` differs", field.name);
                return Ok(refused(Failure::new(codes::ITEM_NOT_FOUND, text)));
            }
            (None, KeyTerm::Arg(arg)) => {
                if let Some(slot) = known.args.get_mut(usize::from(*arg)) {
                    *slot = Some(asked.to_vec());
                }
            }
            (None, KeyTerm::Caller | KeyTerm::Origin) => return depends("the caller"),
            (None, _) => return depends("an argument"),
        }
    }
    find(state, scope, map, key.to_vec(), expected, known)
}

/// The bytes of a key term, if they are known.
fn term_bytes(scope: &Scope<'_>, known: &Known<'_>, term: &KeyTerm) -> Option<Vec<u8>> {
    match term {
        KeyTerm::Arg(index) => known.args.get(usize::from(*index))?.clone(),
        KeyTerm::Param(index) => scope.params.1.get(scope.params.0, usize::from(*index)).map(<[u8]>::to_vec),
        KeyTerm::Caller | KeyTerm::Origin => known.caller.map(|account| account.0.to_vec()),
        KeyTerm::SelfAddress => Some(scope.address.0.to_vec()),
        KeyTerm::Literal(bytes) => Some(bytes.to_vec()),
        KeyTerm::ArgField { .. } | KeyTerm::Item(_) | KeyTerm::Head(_) | KeyTerm::Any => None,
    }
}

/// Reads an item. One that is there as it should be is known from now on.
fn find<'s>(
    state: &mut Overlay<'_>,
    scope: &Scope<'s>,
    map: u16,
    key: Vec<u8>,
    expected: Expected,
    known: &mut Known<'s>,
) -> Result<Met, ExecutionError> {
    let contract = scope.contract;
    let (_, plan) = contract.any_cell(u32::from(map))?;
    let value = state.entry(scope.address, plan.id, &key)?.map(|entry| entry.value.clone());
    let item = Item::new(contract, plan, key, value.as_deref())
        .ok_or_else(|| Failure::new(codes::BAD_KEY, "the item has no key of its cell"))?;
    match check_presence(contract, plan, &item, expected) {
        Ok(()) => {
            known.item = Some((plan, item));
            Ok(Met::Yes)
        }
        Err(failure) => Ok(refused(failure)),
    }
}

fn refused(failure: Failure) -> Met {
    Met::No { code: failure.code, text: failure.diagnostics.text }
}

/// What the host's own check says, or what it would have to know.
fn ask(
    state: &mut Overlay<'_>,
    scope: &Scope<'_>,
    known: &Known<'_>,
    missing: Vec<String>,
    check: impl FnOnce(&mut Overlay<'_>, Place<'_>) -> Result<(), ExecutionError>,
) -> Result<Met, ExecutionError> {
    if !missing.is_empty() {
        return Ok(Met::Depends(missing.join(", ")));
    }
    let parts: Vec<&[u8]> = known.args.iter().map(|arg| arg.as_deref().unwrap_or_default()).collect();
    let (input, spans) = (parts.concat(), Spans::of_parts(parts.iter().copied()));
    let caller = known.caller.unwrap_or_default();
    let at = Place {
        contract: scope.contract,
        address: scope.address,
        block: scope.block,
        origin: &caller,
        caller: &caller,
        value: known.value.unwrap_or_default(),
        args: (known.declared, &input, &spans),
        params: Some(scope.params),
        item: known.item.as_ref().map(|(plan, item)| (*plan, item)),
        approvals: known.approvals.as_ref(),
    };
    match check(state, at) {
        Ok(()) => Ok(Met::Yes),
        Err(ExecutionError::Failed(failure)) => Ok(refused(failure)),
        Err(fault) => Err(fault),
    }
}

fn ask_states(
    state: &mut Overlay<'_>,
    scope: &Scope<'_>,
    known: &Known<'_>,
    from: &[StateSet],
    needs: &mut Vec<Need>,
) -> Result<(), ExecutionError> {
    for set in from {
        let missing = needs_item(of_item(&scope.contract.manifest, set.machine), known);
        let met = ask(state, scope, known, missing.into_iter().collect(), |state, at| {
            check_states(state, at, std::slice::from_ref(set))
        })?;
        needs.push(Need { what: "state", met });
    }
    Ok(())
}

fn ask_caller(
    state: &mut Overlay<'_>,
    scope: &Scope<'_>,
    known: &Known<'_>,
    rule: &CallerRule,
) -> Result<Met, ExecutionError> {
    let manifest = &scope.contract.manifest;
    let CallerRule::Roles(roles) = rule else {
        // Who asks would sign.
        return ask(state, scope, known, Vec::new(), |state, at| check_caller(state, at, rule, true));
    };
    let missing = roles.iter().find_map(|role| needs_item(is_item_role(manifest, *role), known));
    let missing: Vec<String> = missing.into_iter().collect();
    let unsaid = known.caller.is_none();
    let met = ask(state, scope, known, missing, |state, at| check_caller(state, at, rule, true))?;
    Ok(match met {
        // The all-zero key holds nothing: that a role is vacant is told without a caller, and no more.
        Met::No { code, .. } if unsaid && code != codes::ROLE_VACANT => {
            let name = |role: &u16| manifest.role(*role).map(|role| format!("role `{}`", role.name));
            let names: Vec<String> = roles.iter().filter_map(name).collect();
            Met::Depends(format!("the caller: {}", names.join(" or ")))
        }
        met => met,
    })
}

fn ask_rules(
    state: &mut Overlay<'_>,
    scope: &Scope<'_>,
    known: &Known<'_>,
    window: Option<&Window>,
    guard: Option<&Expression>,
    needs: &mut Vec<Need>,
) -> Result<(), ExecutionError> {
    if let Some(window) = window {
        let bounds = window.opens.iter().chain(&window.closes);
        let missing = unknown(scope, known, bounds.flat_map(|bound| bound.iter()));
        let met = ask(state, scope, known, missing, |state, at| check_window(state, at, window))?;
        needs.push(Need { what: "window", met });
    }
    if let Some(guard) = guard {
        let missing = unknown(scope, known, guard.iter());
        let met = ask(state, scope, known, missing, |state, at| check_guard(state, at, guard))?;
        needs.push(Need { what: "guard", met });
    }
    Ok(())
}

/// What expressions ask for and the question does not say, each once.
fn unknown<'n>(scope: &Scope<'_>, known: &Known<'_>, nodes: impl Iterator<Item = &'n Node>) -> Vec<String> {
    let manifest = &scope.contract.manifest;
    let mut missing: Vec<String> = Vec::new();
    for node in nodes {
        let (caller, item) = match node {
            Node::Arg(index) => {
                let index = usize::from(*index);
                if known.args.get(index).is_none_or(Option::is_none) {
                    let name = known.declared.get(index).map_or("?", |field| field.name.as_str());
                    note(&mut missing, format!("argument `{name}`"));
                }
                continue;
            }
            Node::Quorum(_) => {
                if known.approvals.is_none() {
                    note(&mut missing, "all arguments and the value, which are approved together".to_owned());
                }
                continue;
            }
            Node::Value => {
                if known.value.is_none() {
                    note(&mut missing, "the value".to_owned());
                }
                continue;
            }
            Node::Caller | Node::Origin => (true, false),
            Node::ItemKey(_) | Node::Head(_) | Node::Owner => (false, true),
            Node::InState { machine, .. } => (false, of_item(manifest, *machine)),
            Node::Member(role) => (true, is_item_role(manifest, *role)),
            Node::Escrowed(cell) => (false, is_item_escrow(manifest, *cell)),
            _ => (false, false),
        };
        if caller && known.caller.is_none() {
            note(&mut missing, "the caller".to_owned());
        }
        if let Some(what) = needs_item(item, known) {
            note(&mut missing, what);
        }
    }
    missing
}

fn note(missing: &mut Vec<String>, what: String) {
    if !missing.contains(&what) {
        missing.push(what);
    }
}

fn needs_item(asks: bool, known: &Known<'_>) -> Option<String> {
    (asks && known.item.is_none()).then(|| "the item".to_owned())
}

fn of_item(manifest: &Manifest, machine: u16) -> bool {
    manifest.machine(machine).is_some_and(|machine| machine.cell.is_some())
}

fn is_item_role(manifest: &Manifest, role: u16) -> bool {
    manifest.role(role).is_some_and(|role| matches!(role.kind, RoleKind::Item { .. }))
}

fn is_item_escrow(manifest: &Manifest, cell: u16) -> bool {
    manifest
        .cell(cell)
        .is_some_and(|cell| matches!(&cell.kind, CellKind::Escrow(escrow) if escrow.item.is_some()))
}
