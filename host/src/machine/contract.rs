//! A contract made ready: compiled code and its declaration, with every lookup that a call needs done once.

use std::collections::BTreeSet;

use chainstack_engine::Module;
use chainstack_primitives::{
    Amount, Hash, codes,
    manifest::{
        AssetRef, CallRule, CallerRule, Cell, CellKind, Expression, Field, HOLDER_SIZE, ItemBinding, KeyTerm,
        Manifest, Node, Reenter, Touch, Touches, Transition, TransitionKind, Type, View,
    },
};
use chainstack_runtime::{params::Schedule, ports::Failure};
use parity_scale_codec::Encode as _;

use super::{judge::paid, set::Set};
use crate::budget::{CheckCost, entry_deposit};

/// What a cell is to the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A map or value cell.
    Entries,
    /// A ledger.
    Ledger,
}

/// A head field, located.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct HeadPlan {
    pub(crate) offset: usize,
    pub(crate) size: usize,
    pub(crate) ty: Type,
    pub(crate) write_once: bool,
    pub(crate) sum: bool,
    /// Whether a move of the unique asset clears it.
    pub(crate) clear_on_move: bool,
}

/// A cell with its sizes worked out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct CellPlan {
    pub(crate) id: u16,
    /// Index in the manifest.
    pub(crate) index: usize,
    pub(crate) kind: Kind,
    pub(crate) head: Vec<HeadPlan>,
    /// Size of what stands before the tail.
    pub(crate) head_size: usize,
    /// How much of that belongs to the host alone, at its start: guest code neither sees nor writes it.
    pub(crate) prefix: usize,
    /// Where the holder of a unique asset stands in that, if the entries are unique assets.
    pub(crate) owner: Option<usize>,
    /// Escrow cells that hold for the items of this one.
    pub(crate) escrows: Vec<u16>,
    /// Head fields that name an account which an exit pays, by index; and key fields.
    pub(crate) paid: (Vec<u8>, Vec<u8>),
    /// State in which an item begins, if the items have a machine: their first byte.
    pub(crate) initial: Option<u8>,
    /// Greatest size of a value.
    pub(crate) value_max: usize,
    /// Greatest size of key and value: what a deposit is for.
    pub(crate) room_bytes: u32,
    /// Rooms of ledger entries that an exit of an item may create, for which each item keeps deposits.
    pub(crate) kept: Vec<u32>,
    pub(crate) sum: bool,
    pub(crate) count: bool,
    pub(crate) max_entries: Option<u64>,
}

/// Times that the encoded manifest is counted: decoded, each name and list is an allocation of its own.
const MANIFEST_COPIES: usize = 8;

/// What kind of method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MethodKind {
    Constructor,
    Transition,
    View,
}

/// What a method may do with one cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum CellAccess {
    Nothing,
    /// Anything its kind allows (`touches = unknown`).
    Anything,
    /// Reads (a view).
    Reads,
    /// The touches with these indices.
    Listed(Vec<usize>),
}

/// A method with its limits and lookups.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct MethodPlan {
    pub(crate) name: Box<str>,
    pub(crate) kind: MethodKind,
    /// Index in the manifest's transitions or views.
    index: usize,
    pub(crate) returns: Option<Type>,
    pub(crate) value_max: Amount,
    /// Most native coins it may pay out, by `transfer` and with `invoke` together.
    pub(crate) sends_max: Amount,
    pub(crate) reenter: Reenter,
    /// Whether terms of keys, and of contracts called or whose assets are meant, name parameters.
    pub(crate) needs_params: bool,
    /// What is checked on entry takes, for each bound item, or once.
    pub(crate) checks: CheckCost,
    /// Sets whose approvals the guard asks for, each once.
    pub(crate) quorums: Vec<u16>,
    /// Whether what is checked on entry names parameters.
    pub(crate) checks_params: bool,
    /// Argument and field of each field of a struct argument that key terms name: ascending, each once.
    pub(crate) named_fields: Vec<(u8, u8)>,
    pub(crate) gas_max: u64,
    pub(crate) reads_max: u32,
    pub(crate) writes_max: u32,
    pub(crate) new_entries_max: u32,
    pub(crate) events_max: u32,
    /// By position of the cell in [`Contract::cells`].
    pub(crate) access: Vec<CellAccess>,
}

/// What a contract is made ready from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Source {
    /// Its identity.
    pub(crate) code: Hash,
    /// Its size as uploaded.
    pub(crate) bytes: u32,
    /// Whether genesis brought it: the chain's own code is always kept ready.
    pub(crate) genesis: bool,
    /// What `_initialize` used.
    pub(crate) initialize_gas: u64,
}

/// A contract made ready. Pure data of the code: two that were made from one code are equal.
#[derive(Debug)]
pub(crate) struct Contract {
    pub(crate) source: Source,
    pub(crate) manifest: Manifest,
    pub(crate) manifest_hash: Hash,
    pub(crate) module: Module,
    /// The same code on the interpreter, if it is to run there.
    #[cfg(feature = "reference")]
    pub(crate) reference: Option<chainstack_engine::reference::Reference>,
    /// Pages of memory a call starts with.
    pub(crate) pages: u32,
    /// Ascending by id.
    pub(crate) cells: Vec<CellPlan>,
    /// What evaluating all invariants takes.
    pub(crate) invariants: CheckCost,
    /// Whether an invariant names parameters.
    pub(crate) invariants_params: bool,
    /// Ascending by name.
    methods: Vec<MethodPlan>,
}

/// A declaration whose sizes cannot be worked out: a manifest that was not validated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PrepareError(pub(crate) &'static str);

impl Contract {
    pub(crate) fn new(source: Source, manifest: Manifest, module: Module) -> Result<Self, PrepareError> {
        let mut cells = Vec::with_capacity(manifest.cells.len());
        let stored = |cell: &&Cell| !matches!(cell.kind, CellKind::Escrow(_));
        for (index, cell) in manifest.cells.iter().enumerate().filter(|(_, cell)| stored(cell)) {
            cells.push(
                plan_cell(&manifest, index, cell).ok_or(PrepareError("the sizes of a cell are unknown"))?,
            );
        }
        cells.sort_unstable_by_key(|cell| cell.id);
        let transitions = manifest.transitions.iter().enumerate();
        let views = manifest.views.iter().enumerate();
        let mut methods: Vec<MethodPlan> = transitions
            .map(|(index, transition)| plan_transition(&manifest, index, transition, &cells))
            .chain(views.map(|(index, view)| plan_view(index, view, &cells)))
            .collect();
        methods.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let pages = module.image().map_or(0, chainstack_engine::Image::pages);
        let manifest_hash = manifest.hash();
        let mut invariants = CheckCost::default();
        manifest.invariants.iter().for_each(|invariant| invariants.add(&invariant.rule));
        let invariants_params = manifest.invariants.iter().any(|invariant| reads_param(&invariant.rule));
        Ok(Self {
            source,
            manifest,
            manifest_hash,
            module,
            #[cfg(feature = "reference")]
            reference: None,
            pages,
            cells,
            invariants,
            invariants_params,
            methods,
        })
    }

    /// The same contract, run by the interpreter if there is one.
    #[cfg(feature = "reference")]
    pub(crate) fn interpreted_by(self, reference: Option<chainstack_engine::reference::Reference>) -> Self {
        Self { reference, ..self }
    }

    /// Estimate of the memory that this contract holds while it is kept, in bytes.
    pub(crate) fn held_bytes(&self) -> usize {
        let method =
            size_of::<MethodPlan>().saturating_add(self.cells.len().saturating_mul(size_of::<CellAccess>()));
        let plans = self.methods.len().saturating_mul(method);
        let manifest = self.manifest.encoded_size().saturating_mul(MANIFEST_COPIES);
        self.module.held_bytes().saturating_add(manifest).saturating_add(plans)
    }

    /// Position of the method called `name`.
    pub(crate) fn find(&self, name: &[u8]) -> Option<usize> {
        self.methods.binary_search_by(|method| method.name.as_bytes().cmp(name)).ok()
    }

    /// Position of the constructor.
    pub(crate) fn constructor(&self) -> Option<usize> {
        self.methods.iter().position(|method| method.kind == MethodKind::Constructor)
    }

    /// The method at `position`, as [`Contract::find`] gave it.
    pub(crate) fn method(&self, position: usize) -> Result<&MethodPlan, Failure> {
        self.methods.get(position).ok_or_else(|| Failure::new(codes::UNKNOWN_METHOD, "no such method"))
    }

    /// The transition behind a method; none for a view.
    pub(crate) fn transition(&self, method: &MethodPlan) -> Option<&Transition> {
        match method.kind {
            MethodKind::View => None,
            MethodKind::Constructor | MethodKind::Transition => self.manifest.transitions.get(method.index),
        }
    }

    /// The view behind a method; none for a transition.
    pub(crate) fn view(&self, method: &MethodPlan) -> Option<&View> {
        match method.kind {
            MethodKind::View => self.manifest.views.get(method.index),
            MethodKind::Constructor | MethodKind::Transition => None,
        }
    }

    /// Declared arguments. The constructor declares none: it gets the parameters.
    pub(crate) fn args(&self, method: &MethodPlan) -> &[Field] {
        match self.transition(method) {
            Some(transition) => &transition.args,
            None => self.view(method).map_or(&[], |view| &view.args),
        }
    }

    /// Ids of the errors a method may revert with.
    pub(crate) fn errors(&self, method: &MethodPlan) -> &[u16] {
        match self.transition(method) {
            Some(transition) => &transition.errors,
            None => self.view(method).map_or(&[], |view| &view.errors),
        }
    }

    /// Whether a method may read the state of a machine of the contract: a view may, and a transition that names it or
    /// says that it touches anything.
    pub(crate) fn may_see(&self, method: &MethodPlan, machine: u16) -> bool {
        self.transition(method).is_none_or(|transition| {
            let mut named = transition.from.iter().chain(&transition.to);
            transition.touches == Touches::Unknown || named.any(|set| set.machine == machine)
        })
    }

    /// Whether a method may read what an escrow holds: it uses the escrow, or reads it as a view.
    pub(crate) fn may_look(&self, method: &MethodPlan, escrow: u16) -> bool {
        match (self.transition(method), self.view(method)) {
            (Some(transition), _) => transition.escrows.iter().any(|used| used.cell == escrow),
            (None, Some(view)) => view.reads.contains(&escrow),
            (None, None) => false,
        }
    }

    /// Calls that a method may make.
    pub(crate) fn calls(&self, method: &MethodPlan) -> &[CallRule] {
        match self.transition(method) {
            Some(transition) => &transition.calls,
            None => self.view(method).map_or(&[], |view| &view.calls),
        }
    }

    /// The cell with this id, and its position.
    pub(crate) fn cell(&self, id: u32, kind: Kind) -> Result<(usize, &CellPlan), Failure> {
        let position =
            u16::try_from(id).ok().and_then(|id| self.cells.binary_search_by_key(&id, |cell| cell.id).ok());
        let found = position.and_then(|position| Some((position, self.cells.get(position)?)));
        match found {
            Some((position, plan)) if plan.kind == kind => Ok((position, plan)),
            Some((_, plan)) => {
                let expected = if kind == Kind::Ledger { "a ledger" } else { "a map or value cell" };
                let text = format!("cell {} is not {expected}", self.cell_name(plan));
                Err(Failure::new(codes::UNDECLARED_CELL, text))
            }
            None => Err(Failure::new(codes::UNDECLARED_CELL, format!("cell id {id} is not declared"))),
        }
    }

    /// The cell with this id, of either kind.
    pub(crate) fn any_cell(&self, id: u32) -> Result<(usize, &CellPlan), Failure> {
        let position =
            u16::try_from(id).ok().and_then(|id| self.cells.binary_search_by_key(&id, |cell| cell.id).ok());
        let found = position.and_then(|position| Some((position, self.cells.get(position)?)));
        found.ok_or_else(|| Failure::new(codes::UNDECLARED_CELL, format!("cell id {id} is not declared")))
    }

    /// The declaration of a planned cell.
    pub(crate) fn declared(&self, plan: &CellPlan) -> Result<&Cell, Failure> {
        self.manifest
            .cells
            .get(plan.index)
            .ok_or_else(|| Failure::new(codes::UNDECLARED_CELL, "no such cell"))
    }

    /// Name of a planned cell, in quotes, for diagnostics.
    pub(crate) fn cell_name(&self, plan: &CellPlan) -> String {
        self.manifest.cells.get(plan.index).map_or_else(String::new, |cell| format!("`{}`", cell.name))
    }
}

impl CellPlan {
    /// The deposit of a new entry: for its own room, and what it keeps for others.
    ///
    /// # Errors
    /// [`codes::DEPOSIT_LIMIT`] if it passes the greatest amount.
    pub(crate) fn deposit(&self, schedule: &Schedule) -> Result<Amount, Failure> {
        let too_much = || Failure::new(codes::DEPOSIT_LIMIT, "the deposits that an item keeps pass 128 bits");
        self.kept.iter().try_fold(entry_deposit(schedule, self.room_bytes)?, |sum, room| {
            sum.checked_add(entry_deposit(schedule, *room)?).ok_or_else(too_much)
        })
    }
}

fn plan_cell(manifest: &Manifest, index: usize, cell: &Cell) -> Option<CellPlan> {
    let (kind, sum) = match &cell.kind {
        CellKind::Map(_) | CellKind::Value(_) => (Kind::Entries, false),
        CellKind::Ledger(ledger) => (Kind::Ledger, ledger.sum),
        CellKind::Escrow(_) => return None,
    };
    let mut head = Vec::with_capacity(cell.head().len());
    let spans = if cell.head().is_empty() { Vec::new() } else { manifest.head_spans(cell)? };
    for (field, (offset, size)) in cell.head().iter().zip(spans) {
        head.push(HeadPlan {
            offset: usize::try_from(offset).ok()?,
            size: usize::try_from(size).ok()?,
            ty: field.ty,
            write_once: field.write_once,
            sum: field.sum,
            clear_on_move: field.clear_on_move,
        });
    }
    let head_size = match kind {
        Kind::Entries => usize::try_from(manifest.head_size(cell)?).ok()?,
        Kind::Ledger => 0,
    };
    let value_max = match kind {
        Kind::Entries => head_size.checked_add(usize::try_from(cell.tail_max_bytes()).ok()?)?,
        Kind::Ledger => 16,
    };
    let machine = manifest.machine_of(cell.id);
    let unique = kind == Kind::Entries && cell.asset().is_some();
    let owner = unique.then_some(usize::from(machine.is_some()));
    let holder_size = usize::try_from(HOLDER_SIZE).ok()?;
    let prefix = owner.map_or(usize::from(machine.is_some()), |at| at.saturating_add(holder_size));
    let room_bytes = u32::try_from(manifest.entry_room(cell)?).ok()?;
    let kept = manifest.kept_rooms(cell.id).into_iter().map(u32::try_from).collect::<Result<_, _>>().ok()?;
    Some(CellPlan {
        id: cell.id,
        index,
        kind,
        head,
        head_size,
        prefix,
        owner,
        escrows: escrows_of(manifest, cell.id),
        paid: paid_fields(manifest, cell.id),
        initial: machine.map(|machine| machine.initial),
        value_max,
        room_bytes,
        kept,
        sum,
        count: cell.counts(),
        max_entries: cell.max_entries(),
    })
}

fn escrows_of(manifest: &Manifest, map: u16) -> Vec<u16> {
    let of_map = |cell: &&Cell| matches!(&cell.kind, CellKind::Escrow(escrow) if escrow.item == Some(map));
    manifest.cells.iter().filter(of_map).map(|cell| cell.id).collect()
}

/// Head fields and key fields of a map by which its exits find whom they pay, each once.
fn paid_fields(manifest: &Manifest, map: u16) -> (Vec<u8>, Vec<u8>) {
    let (mut head, mut key) = (BTreeSet::new(), BTreeSet::new());
    for term in manifest.exits.iter().filter(|exit| exit.item == Some(map)).flat_map(paid) {
        match term {
            KeyTerm::Head(index) => head.insert(*index),
            KeyTerm::Item(index) => key.insert(*index),
            _ => false,
        };
    }
    (head.into_iter().collect(), key.into_iter().collect())
}

fn plan_transition(
    manifest: &Manifest,
    index: usize,
    transition: &Transition,
    cells: &[CellPlan],
) -> MethodPlan {
    let access = cells
        .iter()
        .map(|cell| match &transition.touches {
            Touches::Unknown => CellAccess::Anything,
            Touches::Listed(touches) => {
                let places = touches.iter().enumerate().filter(|(_, touch)| touch.cell == cell.id);
                let listed: Vec<usize> = places.map(|(index, _)| index).collect();
                if listed.is_empty() { CellAccess::Nothing } else { CellAccess::Listed(listed) }
            }
        })
        .collect();
    let touches: &[Touch] = match &transition.touches {
        Touches::Unknown => &[],
        Touches::Listed(touches) => touches,
    };
    let rules = transition.calls.iter().chain(&transition.notifies);
    // Assets that it sends, or that its escrows hold, may be of contracts that terms name.
    let escrowed = transition.escrows.iter().filter_map(|used| match &manifest.cell(used.cell)?.kind {
        CellKind::Escrow(escrow) => Some(&escrow.asset),
        _ => None,
    });
    let assets = transition.sends.iter().map(|send| &send.asset).chain(escrowed);
    let foreign = assets.filter_map(|asset| match asset {
        AssetRef::Foreign { contract, .. } => Some(contract),
        _ => None,
    });
    let terms = touches.iter().flat_map(|touch| &touch.key).chain(rules.map(|rule| &rule.contract));
    let terms = terms.chain(foreign);
    let coins = transition.sends.iter().find(|send| send.asset == AssetRef::Native);
    MethodPlan {
        name: (&*transition.method).into(),
        kind: match transition.kind {
            TransitionKind::Constructor => MethodKind::Constructor,
            TransitionKind::Call => MethodKind::Transition,
        },
        index,
        returns: transition.returns,
        value_max: transition.value_max,
        sends_max: coins.map_or(Amount::ZERO, |send| send.max),
        reenter: transition.reenter,
        needs_params: terms.clone().any(names_param),
        checks: entry_checks(manifest, transition),
        quorums: quorums(transition),
        checks_params: checked(transition).any(reads_param) || item_key(transition).iter().any(names_param),
        named_fields: named_fields(terms.chain(item_key(transition))),
        gas_max: transition.ceilings.gas.0,
        reads_max: transition.ceilings.reads,
        writes_max: transition.ceilings.writes,
        new_entries_max: transition.ceilings.new_entries,
        events_max: transition.ceilings.events,
        access,
    }
}

fn plan_view(index: usize, view: &View, cells: &[CellPlan]) -> MethodPlan {
    let access = cells
        .iter()
        .map(|cell| if view.reads.contains(&cell.id) { CellAccess::Reads } else { CellAccess::Nothing })
        .collect();
    MethodPlan {
        name: (&*view.method).into(),
        kind: MethodKind::View,
        index,
        returns: Some(view.returns),
        value_max: Amount::ZERO,
        sends_max: Amount::ZERO,
        reenter: Reenter::All,
        needs_params: view.calls.iter().any(|rule| names_param(&rule.contract)),
        checks: CheckCost::default(),
        quorums: Vec::new(),
        checks_params: false,
        named_fields: named_fields(view.calls.iter().map(|rule| &rule.contract)),
        gas_max: view.gas.0,
        reads_max: view.reads_max,
        writes_max: 0,
        new_entries_max: 0,
        events_max: 0,
        access,
    }
}

/// Expressions that are evaluated on entry.
fn checked(transition: &Transition) -> impl Iterator<Item = &Expression> {
    let bounds = transition.window.iter().flat_map(|window| [&window.opens, &window.closes]);
    bounds.flatten().chain(&transition.guard)
}

fn item_key(transition: &Transition) -> &[KeyTerm] {
    match &transition.item {
        ItemBinding::Existing { key, .. } | ItemBinding::New { key, .. } => key,
        ItemBinding::None | ItemBinding::Each { .. } => &[],
    }
}

/// What checking one entry takes, the binding of items not counted: the machines of the contract and the roles that
/// are asked for, each a read, and the expressions.
fn entry_checks(manifest: &Manifest, transition: &Transition) -> CheckCost {
    let own = |id: &u16| manifest.machine(*id).is_some_and(|machine| machine.cell.is_none());
    let machines = transition.from.iter().filter(|set| own(&set.machine)).count();
    let roles = match &transition.caller {
        CallerRule::Any | CallerRule::Signer => 0,
        CallerRule::Roles(roles) => roles.len(),
    };
    let reads = u64::try_from(machines.saturating_add(roles)).unwrap_or(u64::MAX);
    let mut cost = CheckCost { reads, ..CheckCost::default() };
    checked(transition).for_each(|expression| cost.add(expression));
    if !quorums(transition).is_empty() {
        // Asked again, to tell what is missing.
        transition.guard.iter().for_each(|guard| cost.add(guard));
    }
    // A set is one entry, as long as all its members.
    let named = checked(transition).flatten().filter_map(|node| match node {
        Node::Member(role) => Some(role),
        _ => None,
    });
    let callers = match &transition.caller {
        CallerRule::Any | CallerRule::Signer => &[],
        CallerRule::Roles(roles) => &**roles,
    };
    for set in named.chain(callers).filter_map(|id| manifest.role(*id)).filter_map(Set::of) {
        cost.bytes = cost.bytes.saturating_add(set.bytes_max().into());
    }
    cost
}

fn quorums(transition: &Transition) -> Vec<u16> {
    let asked = transition.guard.iter().flatten().filter_map(|node| match node {
        Node::Quorum(role) => Some(*role),
        _ => None,
    });
    asked.collect::<BTreeSet<u16>>().into_iter().collect()
}

pub(super) fn reads_param(expression: &Expression) -> bool {
    expression.iter().any(|node| matches!(node, Node::Param(_)))
}

fn names_param(term: &KeyTerm) -> bool {
    matches!(term, KeyTerm::Param(_))
}

fn named_fields<'t>(terms: impl Iterator<Item = &'t KeyTerm>) -> Vec<(u8, u8)> {
    let field = |term: &KeyTerm| match term {
        KeyTerm::ArgField { arg, field } => Some((*arg, *field)),
        _ => None,
    };
    let mut named: Vec<(u8, u8)> = terms.filter_map(field).collect();
    named.sort_unstable();
    named.dedup();
    named
}
