//! Values for parameters, arguments and coins of a run, chosen so that the guards on its way hold.
//!
//! Everything starts with a canonical value. A guard that does not hold then moves the one variable of a comparison to
//! the nearest value that satisfies it, or a truth value to the one it needs; what is to come after the clock comes after
//! the whole run. Windows are guards over the clock; what a run waits for is to come. A head field of the item that the
//! run creates is the argument of its name and type; where there is none, an account is who creates the item, and a
//! number is chosen as arguments are: that the code writes just this is an assumption, and the scenario says so. This is
//! no solver: what a guard asks of sums, or of the clock once the run has waited, and what takes more than one variable
//! at once, is left as it is.

use std::collections::{BTreeMap, BTreeSet};

use chainstack_primitives::{
    codes,
    manifest::{
        AssetRef, CellKind, Clock, Effect, Expression, ItemBinding, KeyTerm, Manifest, Node, Ops, ParamDef,
        ParamRange, RoleInitial, RoleKind, Touches, Transition, Type, Window,
    },
};

use crate::expression::split;
use crate::relation::{Relation, of_numbers};
use crate::report::{Counterexample, CounterexampleStep, StepKind};

/// Who deploys, and holds the roles that the deployer holds.
pub(crate) const DEPLOYER: &str = "@A";
/// Who holds the roles that parameters name.
pub(crate) const NAMED: &str = "@B";
/// Anybody else.
pub(crate) const STRANGER: &str = "@C";

/// Members of sets, in the order in which they are asked.
pub(crate) const MEMBERS: [&str; 6] = [NAMED, DEPLOYER, STRANGER, "@D", "@E", "@F"];

/// What numbers of keys are: one value stands for the representative item in every step.
const KEY: u128 = 7;
/// How often all guards are looked at again: a later one may have moved what an earlier one needs.
const ROUNDS: usize = 4;

/// What a value is chosen for; steps by number, the creation first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Variable {
    /// A parameter, by index.
    Param(usize),
    /// An argument of a step, by index.
    Arg(usize, usize),
    /// Coins that come along with a step.
    Sent(usize),
    /// A head field, by cell and index, of the item that the run creates.
    Field(u16, usize),
}

/// A value that expressions know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Value {
    Bool(bool),
    Uint(u128),
    Account(&'static str),
}

/// The values chosen for a run.
pub(crate) struct Witnesses<'m> {
    manifest: &'m Manifest,
    values: BTreeMap<Variable, Value>,
    /// The least and the greatest number of each variable.
    ranges: BTreeMap<Variable, (u128, u128)>,
    /// What stands for the representative item.
    fixed: BTreeSet<Variable>,
    moved: BTreeSet<Variable>,
    callers: BTreeMap<usize, &'static str>,
    /// Head fields of the items that the run creates, by cell and index, and what each is.
    fields: BTreeMap<(u16, usize), Variable>,
    /// The map whose item a step is about.
    items: BTreeMap<usize, u16>,
    /// Whether parameters are moved before arguments: every other round, so that two guards that pull one argument
    /// different ways find another way out.
    params_first: bool,
    /// Height and time of each step's block, before anything is waited for.
    blocks: BTreeMap<usize, (u64, u64)>,
    /// Blocks that the whole run takes, and the time they take.
    whole: (u64, u64),
}

/// The clock of the chain that a run is replayed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Beat {
    /// Height of the first step's block.
    pub first_height: u64,
    /// Time of the chain at height 0, in milliseconds.
    pub start_ms: u64,
    /// Time from a block to the next.
    pub block_ms: u64,
}

/// What exits would let out of an escrow where a run ends.
#[derive(Default)]
struct Stays<'m> {
    /// The step that filled it.
    filled: Option<usize>,
    /// Guards of exits.
    guards: Vec<&'m [Node]>,
    /// What exits let out where nobody gets the rest.
    parts: Vec<&'m [Node]>,
}

impl<'m> Witnesses<'m> {
    /// Values for `run`; with `trapped`, such that exits leave something in that escrow where it ends, if that is simple.
    pub(crate) fn of(manifest: &'m Manifest, run: &Counterexample, beat: Beat, trapped: Option<u16>) -> Self {
        let (values, ranges) = (BTreeMap::new(), BTreeMap::new());
        let (fixed, moved, callers) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
        let (blocks, count) = blocks(run, beat);
        let whole = (count, count.saturating_mul(beat.block_ms));
        let (fields, items) = (BTreeMap::new(), BTreeMap::new());
        let mut found = Self {
            manifest,
            values,
            ranges,
            fixed,
            moved,
            callers,
            fields,
            items,
            params_first: false,
            blocks,
            whole,
        };
        for (index, param) in manifest.params.iter().enumerate() {
            found.start_param(index, param);
        }
        let mut guards: Vec<(usize, Vec<Node>)> = Vec::new();
        for (step, taken) in run.steps.iter().enumerate() {
            guards.extend(found.start_step(step, taken).into_iter().map(|guard| (step, guard)));
        }
        let end = run.steps.len();
        let stays = trapped.map(|escrow| found.stays(end, run, escrow)).unwrap_or_default();
        for round in 0..ROUNDS {
            found.params_first = round % 2 == 1;
            found.keep(end, &stays);
            for (step, guard) in &guards {
                found.hold(*step, guard, true);
            }
        }
        found
    }

    /// What keeps value in an escrow where the run ends.
    fn stays(&mut self, end: usize, run: &Counterexample, escrow: u16) -> Stays<'m> {
        let manifest = self.manifest;
        let fills = run.steps.iter().rposition(|step| match &step.kind {
            StepKind::Call { method, .. } => manifest
                .transition(method)
                .is_some_and(|method| method.escrows.iter().any(|used| used.pays_in && used.cell == escrow)),
            _ => false,
        });
        let mut stays = Stays { filled: fills, ..Stays::default() };
        for exit in &manifest.exits {
            let releases = exit.effects.iter().filter_map(|effect| match effect {
                Effect::Release { escrow: from, amount, remainder, .. } if *from == escrow => {
                    Some((amount.as_ref(), remainder))
                }
                _ => None,
            });
            let releases: Vec<_> = releases.collect();
            if releases.is_empty() {
                continue;
            }
            self.items.extend(exit.item.map(|item| (end, item)));
            stays.guards.extend(exit.guard.as_deref());
            let parts = releases.into_iter().filter(|(_, remainder)| remainder.is_none());
            stays.parts.extend(parts.filter_map(|(amount, _)| amount.map(|amount| &**amount)));
        }
        stays
    }

    /// Chooses values with which no guard of those exits holds, and what they let out is not all.
    fn keep(&mut self, end: usize, stays: &Stays<'_>) {
        for guard in &stays.guards {
            self.hold(end, guard, false);
        }
        for part in &stays.parts {
            let (Some(filled), Some(Value::Uint(part))) = (stays.filled, self.value(end, part)) else {
                continue;
            };
            let more = part.saturating_add(1);
            if matches!(self.get(Variable::Sent(filled)), Some(Value::Uint(sent)) if sent < more) {
                self.set(Variable::Sent(filled), Value::Uint(more));
            }
        }
    }

    pub(crate) fn get(&self, variable: Variable) -> Option<Value> {
        self.values.get(&variable).copied()
    }

    /// Whether a guard asked for another value than the canonical one.
    pub(crate) fn moved(&self, variable: Variable) -> bool {
        self.moved.contains(&variable)
    }

    /// Who sends a step.
    pub(crate) fn caller(&self, step: usize) -> &'static str {
        self.callers.get(&step).copied().unwrap_or(STRANGER)
    }

    /// The number that an expression is in a step.
    pub(crate) fn number(&self, step: usize, nodes: &[Node]) -> Option<u128> {
        match self.value(step, nodes)? {
            Value::Uint(number) => Some(number),
            Value::Bool(_) | Value::Account(_) => None,
        }
    }

    /// Who holds the role in the scenario.
    pub(crate) fn holder(&self, role: Option<&str>) -> &'static str {
        let found = self.manifest.roles.iter().find(|found| Some(&*found.name) == role);
        match found.map(|role| &role.kind) {
            Some(RoleKind::Account { initial: RoleInitial::Param(_), .. } | RoleKind::Set { .. }) => NAMED,
            Some(RoleKind::Account { initial: RoleInitial::Signer, .. }) => DEPLOYER,
            // An item's fields are set by who creates it, as often as not from an argument.
            Some(RoleKind::Item { .. }) | None => STRANGER,
        }
    }

    /// The head fields of the items that the run creates, by cell and index.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&(u16, usize), &Variable)> {
        self.fields.iter()
    }

    /// Starts what a step asks for, and gives what must hold when it is taken.
    fn start_step(&mut self, step: usize, taken: &CounterexampleStep) -> Vec<Vec<Node>> {
        let manifest = self.manifest;
        let refused = taken.refused.as_ref().map(|by| by.code);
        let guarded = |guard: Option<&Expression>, window: Option<&Window>| asked(refused, guard, window);
        match &taken.kind {
            StepKind::Create => {
                self.callers.insert(step, DEPLOYER);
                guarded(manifest.constructor().and_then(|method| method.guard.as_ref()), None)
            }
            StepKind::Call { method, role } => {
                let Some(method) = manifest.transition(method) else { return Vec::new() };
                let caller = match role {
                    None => self.owner(method).unwrap_or(STRANGER),
                    Some(role) => self.holder(Some(role)),
                };
                self.callers.insert(step, caller);
                self.start_call(step, method);
                guarded(method.guard.as_ref(), method.window.as_ref())
            }
            StepKind::Poke { exit } => {
                let Some(exit) = manifest.exits.iter().find(|declared| *declared.name == **exit) else {
                    return Vec::new();
                };
                // Whoever a guard asks for pokes.
                let member = exit.guard.iter().flat_map(|guard| guard.iter()).find_map(|node| match node {
                    Node::Member(role) => manifest.role(*role),
                    _ => None,
                });
                self.callers.insert(step, self.holder(member.map(|role| &*role.name)));
                self.items.extend(exit.item.map(|item| (step, item)));
                guarded(exit.guard.as_ref(), exit.window.as_ref())
            }
            // What is waited for is still to come.
            StepKind::Wait { clock, bound, .. } => {
                self.items.extend(self.fields.keys().next().map(|(cell, _)| (step, *cell)));
                vec![clock_and(*clock, bound, Node::Less)]
            }
            StepKind::Missing { .. } | StepKind::Propose { .. } => Vec::new(),
        }
    }

    /// Who has some of an asset of the contract that the method moves into an escrow, if the constructor gives it.
    fn owner(&self, method: &Transition) -> Option<&'static str> {
        let ledger = method.escrows.iter().find_map(|escrow| own_asset(self.manifest, escrow.cell))?;
        let Touches::Listed(touches) = &self.manifest.constructor()?.touches else { return None };
        let gives = touches.iter().find(|touch| touch.cell == ledger && touch.ops.contains(Ops::ADD))?;
        match gives.key.first()? {
            KeyTerm::Caller | KeyTerm::Origin => Some(DEPLOYER),
            KeyTerm::Param(_) => Some(NAMED),
            _ => None,
        }
    }

    /// What the head fields of an item are that the step creates.
    fn start_item(&mut self, step: usize, cell: u16, method: &Transition) {
        let head = self.manifest.cell(cell).map(|cell| cell.head()).unwrap_or_default();
        for (index, field) in head.iter().enumerate() {
            let given = method.args.iter().position(|arg| arg.name == field.name && arg.ty == field.ty);
            let variable = match given {
                Some(arg) => Variable::Arg(step, arg),
                None => Variable::Field(cell, index),
            };
            if given.is_none() {
                let caller = self.callers.get(&step).copied().unwrap_or(STRANGER);
                self.start(variable, canonical(&field.ty, 1, caller), (0, greatest(&field.ty)));
            }
            self.fields.entry((cell, index)).or_insert(variable);
        }
    }

    fn start(&mut self, variable: Variable, value: Option<Value>, range: (u128, u128)) {
        if let Some(value) = value {
            self.values.insert(variable, value);
            self.ranges.insert(variable, range);
        }
    }

    fn start_param(&mut self, index: usize, param: &ParamDef) {
        let range = match &param.range {
            Some(ParamRange::Unsigned { min, max }) => (*min, *max),
            _ => (0, greatest(&param.ty)),
        };
        let least = if param.range.is_some() { range.0 } else { 1 };
        let given = param.default.as_ref().map(|default| decoded(&param.ty, default));
        // Accounts that parameters name are those that hold roles.
        let value = given.unwrap_or_else(|| canonical(&param.ty, least, NAMED));
        self.start(Variable::Param(index), value, range);
    }

    fn start_call(&mut self, step: usize, method: &Transition) {
        for (index, arg) in method.args.iter().enumerate() {
            let variable = Variable::Arg(step, index);
            let key = is_key(method, index);
            if key {
                self.fixed.insert(variable);
            }
            let number = if key { KEY } else { 1 };
            self.start(variable, canonical(&arg.ty, number, STRANGER), (0, greatest(&arg.ty)));
        }
        match &method.item {
            ItemBinding::New { cell, .. } => {
                self.items.insert(step, *cell);
                self.start_item(step, *cell, method);
            }
            ItemBinding::Existing { cell, .. } => {
                self.items.insert(step, *cell);
            }
            ItemBinding::None | ItemBinding::Each { .. } => {}
        }
        let most = method.value_max.0;
        self.start(Variable::Sent(step), Some(Value::Uint(most.min(1))), (0, most));
    }

    /// Chooses values with which the expression is `wanted`, if that is simple.
    fn hold(&mut self, step: usize, nodes: &[Node], wanted: bool) {
        if self.value(step, nodes) == Some(Value::Bool(wanted)) {
            return;
        }
        let Some((root, operands)) = split(nodes) else { return };
        match (root, operands.as_slice()) {
            (Node::Not, [inner]) => self.hold(step, inner, !wanted),
            (Node::And, [left, right]) if wanted => {
                self.hold(step, left, true);
                self.hold(step, right, true);
            }
            (Node::Or, [left, right]) if !wanted => {
                self.hold(step, left, false);
                self.hold(step, right, false);
            }
            (Node::And | Node::Or, [left, right]) => {
                self.hold(step, left, wanted);
                if self.value(step, left) != Some(Value::Bool(wanted)) {
                    self.hold(step, right, wanted);
                }
            }
            (_, [left, right]) => self.compare(step, (left, right), (root, wanted)),
            (_, []) => {
                if let Some(variable) = self.variable(step, nodes) {
                    self.set(variable, Value::Bool(wanted));
                }
            }
            _ => {}
        }
    }

    /// Moves one side of a comparison to where it holds.
    fn compare(&mut self, step: usize, (left, right): (&[Node], &[Node]), (root, wanted): (&Node, bool)) {
        let mut sides = Vec::new();
        for (side, other, mirrored) in [(left, right, false), (right, left, true)] {
            if let (Some((variable, more)), Some(bound)) =
                (self.moved_by(step, side), self.value(step, other))
            {
                sides.push(((variable, more), bound, self.later(other), mirrored));
            }
        }
        sides.sort_by_key(|((variable, _), ..)| matches!(variable, Variable::Param(_)) != self.params_first);
        for ((variable, more), bound, later, mirrored) in sides {
            let relation = Relation::of(root, wanted, mirrored);
            let nearest = relation.and_then(|relation| relation.nearest(relation.after(bound, later)));
            let nearest = nearest.and_then(|nearest| match nearest {
                Value::Uint(number) => number.checked_sub(more).map(Value::Uint),
                other => Some(other).filter(|_| more == 0),
            });
            if nearest.is_some_and(|nearest| self.set(variable, nearest)) {
                return;
            }
        }
    }

    /// The variable that an expression is, and the number that is added to it, if it is nothing else.
    fn moved_by(&self, step: usize, nodes: &[Node]) -> Option<(Variable, u128)> {
        match split(nodes)? {
            (Node::Add, operands) => match operands.as_slice() {
                [variable, [Node::Uint(more)]] | [[Node::Uint(more)], variable] => {
                    Some((self.variable(step, variable)?, *more))
                }
                _ => None,
            },
            _ => Some((self.variable(step, nodes)?, 0)),
        }
    }

    /// The variable that an expression is, if it is nothing else.
    fn variable(&self, step: usize, nodes: &[Node]) -> Option<Variable> {
        match nodes {
            [Node::Param(index)] => Some(Variable::Param(usize::from(*index))),
            [Node::Arg(index)] => Some(Variable::Arg(step, usize::from(*index))),
            [Node::Value] => Some(Variable::Sent(step)),
            [Node::Head(index)] => self.fields.get(&(*self.items.get(&step)?, usize::from(*index))).copied(),
            _ => None,
        }
    }

    /// How far the clock of an expression runs on until the run has ended; zero if it reads none.
    fn later(&self, nodes: &[Node]) -> u64 {
        let reads = |clock: &Node| nodes.contains(clock);
        match (reads(&Node::Time), reads(&Node::Height)) {
            (true, _) => self.whole.1,
            (false, true) => self.whole.0,
            (false, false) => 0,
        }
    }

    /// Whether the variable may have the value, which it has then.
    fn set(&mut self, variable: Variable, value: Value) -> bool {
        let Some(range) = self.ranges.get(&variable) else { return false };
        let fits = match value {
            Value::Uint(number) => number >= range.0 && number <= range.1,
            Value::Bool(_) | Value::Account(_) => true,
        };
        let may = fits && !self.fixed.contains(&variable);
        if may {
            self.values.insert(variable, value);
            self.moved.insert(variable);
        }
        may
    }

    /// The value of an expression, where it is made of variables and numbers.
    fn value(&self, step: usize, nodes: &[Node]) -> Option<Value> {
        let (root, operands) = split(nodes)?;
        let values: Vec<Value> =
            operands.iter().map(|operand| self.value(step, operand)).collect::<Option<_>>()?;
        match (root, values.as_slice()) {
            (Node::Bool(truth), _) => Some(Value::Bool(*truth)),
            (Node::Uint(number), _) => Some(Value::Uint(*number)),
            (Node::Caller | Node::Origin, _) => self.callers.get(&step).map(|caller| Value::Account(caller)),
            (Node::Height, _) => self.blocks.get(&step).map(|(height, _)| Value::Uint(u128::from(*height))),
            (Node::Time, _) => self.blocks.get(&step).map(|(_, time)| Value::Uint(u128::from(*time))),
            (Node::Not, [Value::Bool(truth)]) => Some(Value::Bool(!truth)),
            (Node::And, [Value::Bool(a), Value::Bool(b)]) => Some(Value::Bool(*a && *b)),
            (Node::Or, [Value::Bool(a), Value::Bool(b)]) => Some(Value::Bool(*a || *b)),
            (Node::Equal, [a, b]) => Some(Value::Bool(a == b)),
            (Node::NotEqual, [a, b]) => Some(Value::Bool(a != b)),
            (operator, [Value::Uint(a), Value::Uint(b)]) => of_numbers(operator, *a, *b),
            // One key stands for the item in every step.
            (Node::ItemKey(_), _) => Some(Value::Uint(KEY)),
            _ => self.get(self.variable(step, nodes)?),
        }
    }
}

/// Height and time of the blocks of the steps up to the first wait, and how many blocks all steps take.
fn blocks(run: &Counterexample, beat: Beat) -> (BTreeMap<usize, (u64, u64)>, u64) {
    let (mut found, mut count, mut known) = (BTreeMap::new(), 0u64, true);
    for (step, kind) in run.steps.iter().map(|step| &step.kind).enumerate() {
        let taken = matches!(kind, StepKind::Call { .. } | StepKind::Poke { .. });
        let waits = matches!(kind, StepKind::Wait { .. });
        if taken || waits {
            let height = beat.first_height.saturating_add(count);
            let time = beat.start_ms.saturating_add(height.saturating_mul(beat.block_ms));
            if known {
                found.insert(step, (height, time));
            }
            known &= !waits;
            count = count.saturating_add(u64::from(taken));
        }
    }
    (found, count)
}

/// What must hold for a step to be taken, or for an attempt to be refused for what it is to be refused for.
fn asked(refused: Option<u16>, guard: Option<&Expression>, window: Option<&Window>) -> Vec<Vec<Node>> {
    let opens = window.and_then(|window| Some((window.clock, window.opens.as_deref()?)));
    let closes = window.and_then(|window| Some((window.clock, window.closes.as_deref()?)));
    let side =
        |side: Option<(Clock, &[Node])>, root: Node| side.map(|(clock, at)| clock_and(clock, at, root));
    let guard = guard.map(|guard| guard.to_vec());
    let asked = match refused {
        Some(codes::NOT_OPEN) => [side(opens, Node::Less), None, None],
        Some(codes::PAST_WINDOW) => [side(opens, Node::GreaterEqual), side(closes, Node::GreaterEqual), None],
        Some(codes::GUARD_REFUSED) => {
            let fails = guard.map(|mut guard| {
                guard.push(Node::Not);
                guard
            });
            [side(opens, Node::GreaterEqual), side(closes, Node::Less), fails]
        }
        _ => [guard, side(opens, Node::GreaterEqual), side(closes, Node::Less)],
    };
    asked.into_iter().flatten().collect()
}

/// The clock compared with a moment.
fn clock_and(clock: Clock, moment: &[Node], root: Node) -> Vec<Node> {
    let now = match clock {
        Clock::TimeMs => Node::Time,
        Clock::Height => Node::Height,
    };
    let mut nodes = vec![now];
    nodes.extend_from_slice(moment);
    nodes.push(root);
    nodes
}

/// The ledger of the contract whose asset an escrow holds.
pub(crate) fn own_asset(manifest: &Manifest, escrow: u16) -> Option<u16> {
    match &manifest.cell(escrow)?.kind {
        CellKind::Escrow(escrow) => match escrow.asset {
            AssetRef::Own(cell) => Some(cell),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the argument is part of the key of the item that the method is bound to.
pub(crate) fn is_key(method: &Transition, index: usize) -> bool {
    match &method.item {
        ItemBinding::Existing { key, .. } | ItemBinding::New { key, .. } => {
            key.iter().any(|term| matches!(term, KeyTerm::Arg(arg) if usize::from(*arg) == index))
        }
        ItemBinding::None | ItemBinding::Each { .. } => false,
    }
}

/// The value that a variable starts with: the least that is not nothing.
fn canonical(ty: &Type, number: u128, account: &'static str) -> Option<Value> {
    match ty {
        Type::Bool => Some(Value::Bool(true)),
        Type::Account => Some(Value::Account(account)),
        ty if ty.is_unsigned() => Some(Value::Uint(number)),
        _ => None,
    }
}

/// A declared default, if expressions know its type.
fn decoded(ty: &Type, bytes: &[u8]) -> Option<Value> {
    match ty {
        Type::Bool => bytes.first().map(|byte| Value::Bool(*byte != 0)),
        ty if ty.is_unsigned() => {
            let mut wide = [0; 16];
            wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
            Some(Value::Uint(u128::from_le_bytes(wide)))
        }
        _ => None,
    }
}

/// The greatest number of the type.
fn greatest(ty: &Type) -> u128 {
    match ty {
        Type::U8 => u128::from(u8::MAX),
        Type::U16 => u128::from(u16::MAX),
        Type::U32 => u128::from(u32::MAX),
        Type::U64 => u128::from(u64::MAX),
        _ => u128::MAX,
    }
}
