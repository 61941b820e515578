//! The model against runs with real numbers: whatever a contract does within its declaration, the model has the state.
//!
//! A world keeps one item of each map, amounts, fields, clocks. Methods do at random what they may, exits what they
//! declare, guards are evaluated by the one evaluator. Each step of a world must be one of the model, and each
//! state one that the search found; and where the audit says that exits empty every escrow, poking and waiting must do so in the world.

use std::collections::BTreeMap;
use std::convert::Infallible;

use chainstack_analysis::{Environment, Value, evaluate};
use chainstack_client::manifest::from_toml;
use chainstack_primitives::manifest::{
    Cell, CellKind, Clock, Effect, Exit, Expression, Field, ItemBinding, Manifest, Ops, StateSet, Touches,
    Transition, TransitionKind, Type, Window,
};
use chainstack_primitives::{AccountId, Amount, Hash, Height, TimeMs};

use super::{Action, Model, ModelState};
use crate::bits::Bits;
use crate::explore::{SearchLimits, Space};
use crate::report::{Property, Verdict};
use crate::{Options, audit};

/// The same numbers for the same seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn chance(&mut self) -> bool {
        self.below(2) == 0
    }

    /// Small numbers, so that comparisons go either way.
    fn number(&mut self) -> u128 {
        u128::from(self.below(12))
    }
}

#[derive(Clone)]
struct World<'m> {
    manifest: &'m Manifest,
    params: Vec<u128>,
    machines: BTreeMap<u16, u8>,
    /// Fields of the one item of each map that exists.
    items: BTreeMap<u16, Vec<u128>>,
    values: BTreeMap<(u16, u8), u128>,
    escrows: BTreeMap<u16, u128>,
    sums: BTreeMap<u16, u128>,
    time: u64,
    height: u64,
    /// Where an expression is evaluated.
    at: (Vec<(Type, u128)>, Option<u16>, bool),
}

fn typed(ty: &Type, number: u128) -> Value {
    match ty {
        Type::Bool => Value::Bool(number % 2 == 1),
        Type::Account => Value::Account(AccountId([1; 32])),
        Type::Hash => Value::Hash(Hash([1; 32])),
        ty if ty.is_signed() => Value::Int(i128::try_from(number).expect("small")),
        _ => Value::Uint(number),
    }
}

impl World<'_> {
    fn head_of(&self, cell: u16, field: u8) -> Value {
        let ty = self.manifest.cell(cell).expect("declared").head()[usize::from(field)].ty;
        typed(&ty, self.items.get(&cell).map_or(0, |item| item[usize::from(field)]))
    }
}

impl Environment for World<'_> {
    type Error = Infallible;

    fn arg(&mut self, index: u8) -> Result<Value, Infallible> {
        let (ty, number) = self.at.0[usize::from(index)];
        Ok(typed(&ty, number))
    }
    fn param(&mut self, index: u8) -> Result<Value, Infallible> {
        let index = usize::from(index);
        Ok(typed(&self.manifest.params[index].ty, self.params[index]))
    }
    fn caller(&mut self) -> Result<AccountId, Infallible> {
        Ok(AccountId([if self.at.2 { 1 } else { 2 }; 32]))
    }
    fn origin(&mut self) -> Result<AccountId, Infallible> {
        self.caller()
    }
    fn self_address(&mut self) -> Result<AccountId, Infallible> {
        Ok(AccountId([9; 32]))
    }
    fn value(&mut self) -> Result<Amount, Infallible> {
        Ok(Amount(1))
    }
    fn time(&mut self) -> Result<TimeMs, Infallible> {
        Ok(TimeMs(self.time))
    }
    fn height(&mut self) -> Result<Height, Infallible> {
        Ok(Height(self.height))
    }
    fn item_key(&mut self, _: u8) -> Result<Value, Infallible> {
        Ok(Value::Uint(7))
    }
    fn head(&mut self, index: u8) -> Result<Value, Infallible> {
        Ok(self.head_of(self.at.1.expect("bound"), index))
    }
    fn owner(&mut self) -> Result<AccountId, Infallible> {
        Ok(AccountId([1; 32]))
    }
    fn value_head(&mut self, cell: u16, field: u8) -> Result<Value, Infallible> {
        let ty = self.manifest.cell(cell).expect("declared").head()[usize::from(field)].ty;
        Ok(typed(&ty, self.values.get(&(cell, field)).copied().unwrap_or(0)))
    }
    fn entry_head(&mut self, cell: u16, _: &[u8], field: u8) -> Result<Value, Infallible> {
        Ok(self.head_of(cell, field))
    }
    fn ledger_entry(&mut self, cell: u16, _: &[u8]) -> Result<u128, Infallible> {
        self.ledger_sum(cell)
    }
    fn ledger_sum(&mut self, cell: u16) -> Result<u128, Infallible> {
        Ok(self.sums.get(&cell).copied().unwrap_or(0))
    }
    fn head_sum(&mut self, cell: u16, field: u8) -> Result<u128, Infallible> {
        Ok(self.items.get(&cell).map_or(0, |item| item[usize::from(field)]))
    }
    fn count(&mut self, cell: u16) -> Result<u64, Infallible> {
        Ok(u64::try_from(self.sums.get(&cell).copied().unwrap_or(0)).expect("small"))
    }
    fn escrowed(&mut self, cell: u16) -> Result<u128, Infallible> {
        Ok(self.escrows.get(&cell).copied().unwrap_or(0))
    }
    fn balance(&mut self) -> Result<Amount, Infallible> {
        Ok(Amount(3))
    }
    fn in_state(&mut self, machine: u16, states: &[u8]) -> Result<bool, Infallible> {
        Ok(states.contains(&self.machines[&machine]))
    }
    fn member(&mut self, _: u16) -> Result<bool, Infallible> {
        Ok(self.at.2)
    }
    fn quorum(&mut self, _: u16) -> Result<bool, Infallible> {
        Ok(self.at.2)
    }
}

impl<'m> World<'m> {
    fn new(manifest: &'m Manifest, draw: &mut Draw) -> Self {
        let params = manifest.params.iter().map(|param| match param.range {
            Some(chainstack_primitives::manifest::ParamRange::Unsigned { min, .. }) => min + draw.number(),
            _ => draw.number(),
        });
        let params = params.collect();
        let machines = manifest.machines.iter().map(|machine| (machine.id, machine.initial)).collect();
        let time = draw.below(20);
        Self {
            manifest,
            params,
            machines,
            items: BTreeMap::new(),
            values: BTreeMap::new(),
            escrows: BTreeMap::new(),
            sums: BTreeMap::new(),
            time,
            height: time,
            at: (Vec::new(), None, true),
        }
    }

    fn number(&mut self, expression: &Expression) -> Option<u128> {
        match evaluate(expression, self) {
            Ok(Value::Uint(number)) => Some(number),
            _ => None,
        }
    }

    fn holds(&mut self, guard: Option<&Expression>) -> bool {
        guard.is_none_or(|guard| matches!(evaluate(guard, self), Ok(Value::Bool(true))))
    }

    fn is_open(&mut self, window: Option<&Window>) -> bool {
        let Some(window) = window else { return true };
        let now = u128::from(match window.clock {
            Clock::Height => self.height,
            Clock::TimeMs => self.time,
        });
        let opens = window.opens.as_ref().map(|bound| self.number(bound).is_some_and(|opens| opens <= now));
        let closes =
            window.closes.as_ref().map(|bound| self.number(bound).is_some_and(|closes| now < closes));
        opens.unwrap_or(true) && closes.unwrap_or(true)
    }

    fn in_states(&self, sets: &[StateSet]) -> bool {
        sets.iter().all(|set| set.states.contains(&self.machines[&set.machine]))
    }

    fn may_move(&self, machine: u16) -> bool {
        let declared = self.manifest.machine(machine).expect("declared");
        !declared.terminal.contains(&self.machines[&machine])
    }

    fn reset(&mut self, cell: u16) {
        if let Some(machine) = self.manifest.machine_of(cell) {
            self.machines.insert(machine.id, machine.initial);
        }
    }

    /// Whether no escrow of the map's items holds something: the host deletes none otherwise.
    fn nothing_held(&self, map: u16) -> bool {
        let of_map =
            |cell: &&Cell| matches!(&cell.kind, CellKind::Escrow(escrow) if escrow.item == Some(map));
        let mut escrows = self.manifest.cells.iter().filter(of_map);
        escrows.all(|cell| self.escrows.get(&cell.id).is_none_or(|held| *held == 0))
    }

    /// Calls a method; whether it was let through.
    fn call(&mut self, method: &Transition, draw: &mut Draw) -> bool {
        let (cell, new) = match &method.item {
            ItemBinding::None => (None, false),
            ItemBinding::Existing { cell, .. } | ItemBinding::Each { cell, .. } => (Some(*cell), false),
            ItemBinding::New { cell, .. } => (Some(*cell), true),
        };
        if cell.is_some_and(|cell| self.items.contains_key(&cell) == new) {
            return false;
        }
        let args = method.args.iter().map(|Field { ty, .. }| (*ty, draw.number())).collect();
        self.at = (args, cell, draw.chance());
        let moved = method.to.iter().all(|set| self.may_move(set.machine));
        if !moved
            || !self.in_states(&method.from)
            || !self.is_open(method.window.as_ref())
            || !self.holds(method.guard.as_ref())
        {
            return false;
        }
        if let (Some(cell), true) = (cell, new) {
            let fields = self.manifest.cell(cell).expect("declared").head().len();
            self.items.insert(cell, (0..fields).map(|_| u128::from(self.time) + draw.number()).collect());
        }
        for set in &method.to {
            let chosen =
                usize::try_from(draw.below(u64::try_from(set.states.len()).expect("small"))).expect("small");
            self.machines.insert(set.machine, set.states[chosen]);
        }
        for used in &method.escrows {
            let held = self.escrows.entry(used.cell).or_insert(0);
            if used.pays_in && draw.chance() {
                *held += draw.number();
            }
            if used.pays_out && draw.chance() {
                *held -= (*held).min(draw.number());
            }
        }
        let Touches::Listed(touches) = &method.touches else { return true };
        for touch in touches {
            let declared = self.manifest.cell(touch.cell).expect("declared");
            match &declared.kind {
                CellKind::Map(_) => {
                    let fixed = self.items.get_mut(&touch.cell);
                    for (index, field) in fixed.into_iter().flatten().enumerate() {
                        if touch.head & (1 << index) != 0 && draw.chance() {
                            *field = u128::from(self.time) + draw.number();
                        }
                    }
                    if touch.ops.contains(Ops::DELETE)
                        && draw.chance()
                        && self.nothing_held(touch.cell)
                        && self.items.remove(&touch.cell).is_some()
                    {
                        self.reset(touch.cell);
                    }
                }
                CellKind::Value(_) => {
                    for index in 0..u8::try_from(declared.head().len()).expect("small") {
                        if touch.head & (1 << index) != 0 && draw.chance() {
                            self.values.insert((touch.cell, index), draw.number());
                        }
                    }
                }
                CellKind::Ledger(_) => {
                    let sum = self.sums.entry(touch.cell).or_insert(0);
                    if touch.ops.contains(Ops::ADD) {
                        *sum += draw.number();
                    }
                    if touch.ops.contains(Ops::SUB) {
                        *sum -= (*sum).min(draw.number());
                    }
                }
                CellKind::Escrow(_) => {}
            }
        }
        true
    }

    /// Pokes an exit; whether it was let through.
    fn poke(&mut self, exit: &Exit, cooperate: bool) -> bool {
        if exit.item.is_some_and(|cell| !self.items.contains_key(&cell)) {
            return false;
        }
        self.at = (Vec::new(), exit.item, cooperate);
        let moved = exit.to.is_none_or(|to| self.may_move(to.machine));
        if !moved
            || !self.in_states(&exit.from)
            || !self.is_open(exit.window.as_ref())
            || !self.holds(exit.guard.as_ref())
        {
            return false;
        }
        let before = self.clone();
        for effect in &exit.effects {
            match effect {
                Effect::Release { escrow, amount, remainder, .. } => {
                    let held = self.escrows.get(escrow).copied().unwrap_or(0);
                    let paid = match amount {
                        None => held,
                        Some(amount) => before.clone().number(amount).map_or(0, |amount| amount.min(held)),
                    };
                    let left = if remainder.is_some() { 0 } else { held - paid };
                    self.escrows.insert(*escrow, left);
                }
                Effect::SetHead { field, value } => {
                    let value = before.clone().number(value);
                    let item = exit.item.and_then(|cell| self.items.get_mut(&cell));
                    if let (Some(value), Some(item)) = (value, item) {
                        item[usize::from(*field)] = value;
                    }
                }
                _ => {}
            }
        }
        if let Some(to) = exit.to {
            self.machines.insert(to.machine, to.state);
        }
        if let (Some(cell), true) = (exit.item, exit.effects.contains(&Effect::DeleteItem)) {
            self.items.remove(&cell);
            self.reset(cell);
        }
        true
    }

    /// The state of the model that this world is in.
    fn abstracted(&self, model: &Model<'m>) -> ModelState {
        let machines = self.manifest.machines.iter().map(|machine| self.machines[&machine.id]).collect();
        let items: Bits =
            (0..model.maps.len()).filter(|map| self.items.contains_key(&model.maps[*map])).collect();
        let held = (0..model.escrows.len())
            .filter(|index| self.escrows.get(&model.escrows[*index]).is_some_and(|held| *held > 0))
            .collect();
        let passed = model.bounds.iter().filter(|(_, bound)| {
            let mut world = Self { at: (Vec::new(), bound.item, true), ..self.clone() };
            let now = u128::from(match bound.clock {
                Clock::Height => self.height,
                Clock::TimeMs => self.time,
            });
            bound.item.is_none_or(|cell| self.items.contains_key(&cell))
                && world.number(&bound.expression).is_some_and(|value| value <= now)
        });
        ModelState { machines, items, held, passed: passed.map(|(index, _)| index).collect() }
    }
}

const BASES: [&str; 5] = [
    include_str!("../../tests/corpus/base/escrow.toml"),
    include_str!("../../tests/corpus/base/auction.toml"),
    include_str!("../../tests/corpus/base/custody.toml"),
    include_str!("../../tests/corpus/base/token.toml"),
    include_str!("../../tests/corpus/base/pool.toml"),
];

/// Changes that make bounds move, items go, and parts stay.
const EDITS: [(usize, &str, &str); 7] = [
    (0, "from = { deal = [\"Open\", \"Funded\"] }\n", ""),
    (0, "opens = \"item.ends\"", "opens = \"item.note + 2\""),
    (1, "opens = \"item.ends + 86_400_000\"", "opens = \"item.ends + cell.settings.pause_ends\""),
    (1, "ops = [\"set\"], head = [\"notes\"]", "ops = [\"set\", \"delete\"], head = [\"notes\"]"),
    (
        2,
        "effects = [{ release = \"coins\", to = \"item.heir\" }]\nto = { vault = \"Closed\" }",
        "effects = [{ release = \"coins\", amount = \"3\", to = \"item.heir\" }, { delete = true }]",
    ),
    (2, "guard = \"member(owner)\"", "guard = \"height < item.until && escrowed(coins) > 2\""),
    (4, "opens = \"param.ends\" }\neffects", "opens = \"min(sum(tallies), param.ends)\" }\neffects"),
];

fn subjects() -> Vec<Manifest> {
    let bases = BASES.iter().map(|base| (*base).to_owned());
    let edited = EDITS.iter().map(|(base, find, replace)| {
        assert_eq!(BASES[*base].matches(find).count(), 1, "{find}");
        BASES[*base].replace(find, replace)
    });
    bases.chain(edited).map(|text| from_toml(&text).unwrap_or_else(|error| panic!("{error}"))).collect()
}

/// Lets something happen; what was done, if it was let through.
fn step(world: &mut World<'_>, draw: &mut Draw) -> Option<Action> {
    let manifest = world.manifest;
    let pick = |draw: &mut Draw, count: usize| {
        usize::try_from(draw.below(u64::try_from(count).expect("small"))).expect("small")
    };
    match draw.below(4) {
        0 => {
            let ahead = [1, 2, 5, 86_400_000][pick(draw, 4)];
            world.time += ahead;
            world.height += ahead.min(900);
            None
        }
        1 if !manifest.exits.is_empty() => {
            let index = pick(draw, manifest.exits.len());
            let cooperate = draw.chance();
            world.poke(&manifest.exits[index], cooperate).then_some(Action::Exit(index))
        }
        _ => {
            let index = pick(draw, manifest.transitions.len());
            let method = &manifest.transitions[index];
            let done = method.kind == TransitionKind::Call && world.call(method, draw);
            done.then_some(Action::Method(index))
        }
    }
}

/// Whether the model goes from one state to the other by `action`; without one, by waiting.
fn is_step(model: &Model<'_>, before: &ModelState, action: Option<Action>, after: &ModelState) -> bool {
    if let Some(action) = action {
        return model.successors(before).iter().any(|(step, next)| step.action == action && next == after);
    }
    let mut reached = vec![before.clone()];
    let mut next = 0;
    while let Some(state) = reached.get(next).cloned() {
        for (_, later) in model.waits(&state) {
            if !reached.contains(&later) {
                reached.push(later);
            }
        }
        next += 1;
    }
    reached.contains(after)
}

#[test]
fn every_step_of_a_world_is_a_step_of_the_model() {
    for (number, manifest) in subjects().iter().enumerate() {
        let model = Model::new(manifest).expect("small");
        let space = Space::explore(&model, SearchLimits::default()).expect("small");
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..300 {
            let mut draw = Draw(seed);
            let mut world = World::new(manifest, &mut draw);
            for turn in 0..60 {
                let before = world.abstracted(&model);
                let action = step(&mut world, &mut draw);
                let state = world.abstracted(&model);
                // A contract that was just created has waited for what passed long ago.
                let is_step = turn == 0 || is_step(&model, &before, action, &state);
                assert!(
                    is_step,
                    "manifest {number}, seed {seed}, turn {turn}: {action:?} to {}",
                    model.describe(&state)
                );
                let found = space.find(&state);
                assert!(
                    found.is_some(),
                    "manifest {number}, seed {seed}, turn {turn}: {}",
                    model.describe(&state)
                );
                seen.extend(found);
            }
        }
        // Worlds that stay at home would show nothing.
        assert!(
            seen.len() * 3 >= space.states().len(),
            "manifest {number}: {} of {}",
            seen.len(),
            space.states().len()
        );
    }
}

#[test]
fn what_exits_are_said_to_empty_they_empty_in_a_world() {
    let mut promised = 0;
    for manifest in &subjects() {
        let found = audit(manifest, &Options::default());
        let broken = |property| {
            found.claims.iter().any(|claim| claim.property == property && claim.verdict == Verdict::Violated)
        };
        if broken(Property::P3) || broken(Property::P5) {
            continue;
        }
        for seed in 0..200 {
            let mut draw = Draw(seed);
            let mut world = World::new(manifest, &mut draw);
            for _ in 0..draw.below(40) {
                step(&mut world, &mut draw);
            }
            promised += usize::from(world.escrows.values().any(|held| *held > 0));
            // Nobody cooperates, no method is called: poke everything, and wait.
            for _ in 0..6 {
                for exit in &manifest.exits {
                    world.poke(exit, false);
                }
                world.time += 100_000_000;
                world.height += 100_000_000;
            }
            assert!(world.escrows.values().all(|held| *held == 0), "{}, seed {seed}", manifest.name);
        }
    }
    assert!(promised > 100, "{promised} worlds held something");
}
