//! A counterexample as a scenario file: the TOML that `chainstack test FILE` replays.
//!
//! Values of arguments and parameters are havoc in the model; here each gets a witness, by [`crate::witness`]. Whether it
//! is one that guards and code let through only the replay tells, and the steps say which guards were taken to hold. The
//! last step expects the states of all machines that the counterexample ends in, so that a replay passes only if it gets
//! there. Who approves a call does so in its block. What the format has no words for is a [`Gap`], never left out in
//! silence.

use core::fmt::Write;

use chainstack_primitives::{
    codes,
    manifest::{
        CallerRule, CellKind, Clock, Field, ItemBinding, KeyTerm, Manifest, Node, ParamDef, ParamRange,
        RoleKind, Transition, Type, TypeKind, UPGRADE_PROPOSE, Window,
    },
};

use crate::expression::{Names, clock_text};
use crate::gap::Gap;
use crate::report::{Claim, Counterexample, CounterexampleStep, MachineState, Property, Refused, StepKind};
use crate::witness::{
    Beat, DEPLOYER, MEMBERS, NAMED, STRANGER, Value, Variable, Witnesses, is_key, own_asset,
};

/// A scenario file, and what it leaves out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scenario {
    /// The TOML.
    pub text: String,
    /// What it could not say; nothing if it replays the whole run.
    pub gaps: Vec<Gap>,
    /// What the code is taken to write into the head of the item that the run creates: other code may do otherwise, and
    /// then the run is another.
    pub heads: Vec<HeadValue>,
}

/// What a head field of an item is taken to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeadValue {
    /// Name of the cell.
    pub cell: String,
    /// Name of the field.
    pub field: String,
    /// Its value, as scenarios write it in arguments; none if the format has no words for it.
    pub value: Option<String>,
    /// Whether it is an argument of the method that creates the item.
    pub given: bool,
}

/// Accounts of a scenario. Whoever has no role is `C`; those from the fourth on are members of sets only.
const ACCOUNTS: [(&str, &str); 6] = [
    ("A", "//Alice"),
    ("B", "//Bob"),
    ("C", "//Charlie"),
    ("D", "//Dave"),
    ("E", "//Eve"),
    ("F", "//Ferdie"),
];
/// Height of the first step's block: before it come genesis, the upload and the deployment.
const FIRST_HEIGHT: u64 = 3;

/// The chain that scenarios run on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Replay {
    /// Its time at genesis, in milliseconds since 1970: moments before it cannot be set.
    pub start_ms: u64,
    /// The time from a block to the next, if nothing is waited for.
    pub block_ms: u64,
    /// The greatest height that a scenario waits for.
    pub height_max: u64,
}

/// A version of a contract, as a scenario names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Version<'v> {
    /// Its declaration.
    pub manifest: &'v Manifest,
    /// Its module: a path from the scenario's folder.
    pub wasm: &'v str,
}

/// Renders the counterexample of `claim` about `version`, which is to replace `previous`.
///
/// `None` if the claim has no counterexample, or is about an upgrade of nothing.
#[must_use]
pub fn to_scenario(
    version: Version<'_>,
    previous: Option<Version<'_>>,
    claim: &Claim,
    replay: Replay,
) -> Option<Scenario> {
    let run = claim.counterexample.as_ref()?;
    let of_upgrade = claim.property == Property::P10;
    let Version { manifest, wasm } = if of_upgrade { previous? } else { version };
    let beat = Beat { first_height: FIRST_HEIGHT, start_ms: replay.start_ms, block_ms: replay.block_ms };
    let trapped = claim.subject.cell.as_ref().filter(|_| claim.property == Property::P3);
    let trapped = trapped.and_then(|name| manifest.cells.iter().find(|cell| *cell.name == **name));
    let witnesses = Witnesses::of(manifest, run, beat, trapped.map(|cell| cell.id));
    let (text, gaps, moment) = (String::new(), Vec::new(), Moment::default());
    let (next_height, next_ms) = (FIRST_HEIGHT, FIRST_HEIGHT.saturating_mul(replay.block_ms));
    let (refused_in_block, proposed) = (false, version.wasm);
    let mut writer = Writer {
        manifest,
        witnesses,
        text,
        gaps,
        replay,
        next_height,
        next_ms,
        moment,
        refused_in_block,
        proposed,
    };
    writer.header(claim, wasm);
    writer.steps(run);
    let heads = writer.heads();
    Some(Scenario { text: writer.text, gaps: writer.gaps, heads })
}

/// What the next block is to wait for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Moment {
    /// Its time, counted from the start.
    ms: Option<u64>,
    height: Option<u64>,
}

struct Writer<'m> {
    manifest: &'m Manifest,
    witnesses: Witnesses<'m>,
    text: String,
    gaps: Vec<Gap>,
    replay: Replay,
    /// Height of the next block, if nothing is waited for.
    next_height: u64,
    /// Its time, counted from the start.
    next_ms: u64,
    moment: Moment,
    /// Whether the block says what is refused of it.
    refused_in_block: bool,
    /// The module of the version that is proposed.
    proposed: &'m str,
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    fn header(&mut self, claim: &Claim, wasm: &str) {
        self.line(&format!("title = {}", quoted(&claim.id)));
        self.line(&format!("about = {}", quoted(&claim.sentence)));
        self.line(&format!("time_ms = {}\n\n[accounts]", self.replay.start_ms));
        let members = self.manifest.roles.iter().filter_map(|role| match role.kind {
            RoleKind::Set { threshold, .. } => Some(usize::from(threshold)),
            _ => None,
        });
        let named = members.max().unwrap_or(0).max(3);
        for (name, account) in ACCOUNTS.iter().take(named) {
            self.line(&format!("{name} = {}", quoted(account)));
        }
        self.line(&format!("\n[[contracts]]\nname = {}", quoted(&self.manifest.name)));
        self.line(&format!("wasm = {}\ncaller = \"{DEPLOYER}\"", quoted(wasm)));
        let params = self.manifest.params.iter().enumerate();
        let params: Vec<(String, Option<String>)> = params
            .filter(|(index, param)| param.default.is_none() || self.witnesses.moved(Variable::Param(*index)))
            .map(|(index, param)| (param.name.to_string(), self.param(index, param)))
            .collect();
        let fields = self.fields(1, params);
        if !fields.is_empty() {
            self.line(&format!("params = {{ {fields} }}"));
        }
    }

    /// What the run takes the head of its item to be.
    fn heads(&self) -> Vec<HeadValue> {
        let named = self.witnesses.fields().filter_map(|((id, index), variable)| {
            let cell = self.manifest.cell(*id)?;
            let field = cell.head().get(*index)?;
            let value = self.witnesses.get(*variable).map(shown).or_else(|| self.witness(&field.ty));
            let given = matches!(variable, Variable::Arg(..));
            Some(HeadValue { cell: cell.name.to_string(), field: field.name.to_string(), value, given })
        });
        named.collect()
    }

    fn steps(&mut self, run: &Counterexample) {
        for HeadValue { cell, field, value, .. } in self.heads().iter().filter(|head| !head.given) {
            let value = value.as_deref().unwrap_or("something");
            self.line(&format!("# The code is taken to write {value} into field {field} of {cell}."));
        }
        for (index, step) in run.steps.iter().enumerate() {
            let number = index.saturating_add(1);
            self.line(&format!("\n# {number}. {}: {}", step.does(), one_line(&step.state)));
            if step.refused.is_some() {
                self.line("# This passes if the host refuses it, and all stays as it was.");
            }
            for condition in &step.assumed {
                self.line(&format!("# given {}", one_line(condition)));
            }
            self.step(index, step);
        }
        let Some(last) = run.steps.last() else { return };
        let number = run.steps.len();
        let refused = last.refused.as_ref().map(expected_error);
        if let (StepKind::Create, Some(refused)) = (&last.kind, &refused) {
            self.line(&format!("[contracts.expect]\n{refused}"));
            return;
        }
        if !matches!(last.kind, StepKind::Call { .. } | StepKind::Poke { .. } | StepKind::Propose { .. }) {
            // What is waited for comes in a block of its own; so does a run that is nothing but the creation.
            self.line("[[steps]]\nblock = []");
            self.wait();
        }
        // Where others have approved a call in its block, what is refused stands there.
        let refused = refused.filter(|_| !self.refused_in_block).unwrap_or_default();
        let (machines, escrows) =
            (self.machines(number, &last.machines), self.escrows(number, run, &last.holds));
        let expected = [refused, machines, escrows].concat();
        if !expected.is_empty() {
            self.line(&format!("[steps.expect]\n{}", expected.trim_end()));
        }
    }

    /// What escrows hold where the run ends. An escrow that a step may fill, and that the run leaves empty there, is not
    /// spoken of: the code may fill it all the same, and the run is no other for that.
    fn escrows(&mut self, number: usize, run: &Counterexample, holds: &[String]) -> String {
        let manifest = self.manifest;
        let mut shown = String::new();
        for cell in &manifest.cells {
            let CellKind::Escrow(escrow) = &cell.kind else { continue };
            let is_held = |names: &[String]| names.iter().any(|name| **name == *cell.name);
            let left_empty = |step: &CounterexampleStep| {
                let StepKind::Call { method, .. } = &step.kind else { return false };
                let uses = manifest.transition(method).map(|method| &method.escrows);
                let fills = uses.into_iter().flatten().any(|used| used.pays_in && used.cell == cell.id);
                fills && !is_held(&step.holds)
            };
            let holds = is_held(holds);
            if !holds && run.steps.iter().any(left_empty) {
                continue;
            }
            let mut held = format!("cell = {}", quoted(&cell.name));
            if let Some(item) = escrow.item {
                let Some(key) = self.item(number, item) else { continue };
                held.push_str(&format!(", key = {key}"));
            }
            shown.push_str(&format!("    {{ {held}, holds = {holds} }},\n"));
        }
        if shown.is_empty() { shown } else { format!("escrows = [\n{shown}]\n") }
    }

    /// The states in which the run ends.
    fn machines(&mut self, number: usize, machines: &[MachineState]) -> String {
        let mut shown = Vec::new();
        for found in machines {
            let machine = self.manifest.machines.iter().find(|machine| *machine.name == *found.machine);
            let mut standing = format!("machine = {}", quoted(&found.machine));
            if let Some(cell) = machine.and_then(|machine| machine.cell) {
                let Some(key) = self.item(number, cell) else { continue };
                standing.push_str(&format!(", key = {key}"));
            }
            if let Some(state) = &found.state {
                standing.push_str(&format!(", state = {}", quoted(state)));
            }
            shown.push(format!("    {{ {standing} }},\n"));
        }
        if shown.is_empty() { String::new() } else { format!("machines = [\n{}]\n", shown.concat()) }
    }

    fn step(&mut self, index: usize, step: &CounterexampleStep) {
        let number = index.saturating_add(1);
        if step.other_item {
            self.gaps.push(Gap::Item { step: number });
        }
        match &step.kind {
            StepKind::Create | StepKind::Missing { .. } => {}
            StepKind::Poke { exit } => {
                let caller = self.witnesses.caller(index);
                self.line(&format!("[[steps]]\npoke = {}\ncaller = \"{caller}\"", quoted(exit)));
                let declared = self.manifest.exits.iter().find(|declared| *declared.name == **exit);
                if let Some(exit) = declared {
                    self.check_window((index, step), exit.window.as_ref(), (exit.item, None));
                }
                if let Some(item) = declared.and_then(|exit| exit.item)
                    && let Some(key) = self.item(number, item)
                {
                    self.line(&format!("item = {key}"));
                }
                self.wait();
            }
            StepKind::Propose { role } => {
                let found = role
                    .as_ref()
                    .and_then(|role| self.manifest.roles.iter().find(|found| *found.name == **role));
                if matches!(found.map(|role| &role.kind), Some(RoleKind::Set { .. })) {
                    self.gaps.push(Gap::Approvals { step: number, method: UPGRADE_PROPOSE.to_owned() });
                }
                let caller = self.witnesses.holder(role.as_deref());
                let proposed = quoted(self.proposed);
                self.line(&format!("[[steps]]\nupgrade = {proposed}\ncaller = \"{caller}\""));
                self.wait();
            }
            StepKind::Wait { clock, at, until, bound } => {
                let at =
                    at.or_else(|| self.witnesses.number(index, bound).and_then(|at| u64::try_from(at).ok()));
                if let Some(gap) = self.until(number, *clock, at, until) {
                    self.line("# Nothing is waited for here.");
                    self.gaps.push(gap);
                }
            }
            StepKind::Call { method, .. } => {
                if let Some(declared) = self.manifest.transition(method) {
                    let item = match &declared.item {
                        ItemBinding::Existing { cell, .. } => Some(*cell),
                        _ => None,
                    };
                    self.check_window((index, step), declared.window.as_ref(), (item, Some(declared)));
                    self.call(index, declared, step.refused.as_ref());
                }
            }
        }
    }

    /// Notes each bound of a window that is no number here: whether the step is in it, nobody knows.
    fn check_window(
        &mut self,
        (index, step): (usize, &CounterexampleStep),
        window: Option<&Window>,
        (item, method): (Option<u16>, Option<&Transition>),
    ) {
        // An attempt without its item is refused before anybody asks for the time.
        let missing = step.refused.as_ref().is_some_and(|by| by.code == codes::ITEM_NOT_FOUND);
        let Some(window) = window.filter(|_| !missing) else { return };
        for bound in [&window.opens, &window.closes].into_iter().flatten() {
            if self.witnesses.number(index, bound).is_none() {
                let names = Names { manifest: self.manifest, method, item };
                let step = index.saturating_add(1);
                self.gaps.push(Gap::Moment { step, until: clock_text(window.clock, names, bound) });
            }
        }
    }

    /// Notes that the next block waits for the moment.
    fn until(&mut self, step: usize, clock: Clock, at: Option<u64>, until: &str) -> Option<Gap> {
        let until = until.to_owned();
        let Some(at) = at else { return Some(Gap::Moment { step, until }) };
        match clock {
            Clock::TimeMs => match at.checked_sub(self.replay.start_ms) {
                Some(later) if later > self.next_ms.saturating_sub(self.replay.block_ms) => {
                    self.moment.ms = Some(later);
                }
                _ => return Some(Gap::Past { step, until }),
            },
            Clock::Height if at < self.next_height => return Some(Gap::Past { step, until }),
            Clock::Height if at > self.replay.height_max => return Some(Gap::Height { step, until }),
            Clock::Height => self.moment.height = Some(at),
        }
        None
    }

    /// The moment of the block that is being written.
    fn wait(&mut self) {
        let Moment { ms, height } = core::mem::take(&mut self.moment);
        if let Some(height) = height {
            self.line(&format!("at_height = {height}"));
            let filled = height.saturating_sub(self.next_height);
            self.next_ms = self.next_ms.saturating_add(filled.saturating_mul(self.replay.block_ms));
            self.next_height = height;
        }
        if let Some(ms) = ms {
            self.line(&format!("at_ms = {ms}"));
            self.next_ms = self.next_ms.max(ms);
        }
        self.next_height = self.next_height.saturating_add(1);
        self.next_ms = self.next_ms.saturating_add(self.replay.block_ms);
    }

    fn call(&mut self, index: usize, method: &Transition, refused: Option<&Refused>) {
        let number = index.saturating_add(1);
        let approve = self.approving(number, method);
        let mut call = format!("call = {}\n", quoted(&method.method));
        let args = method.args.iter().enumerate().map(|(arg, Field { name, ty })| {
            let chosen = self.witnesses.get(Variable::Arg(index, arg)).map(shown);
            let witness =
                chosen.or_else(|| if is_key(method, arg) { self.key(ty) } else { self.witness(ty) });
            (name.to_string(), witness)
        });
        let args: Vec<(String, Option<String>)> = args.collect();
        let fields = self.fields(number, args);
        if !fields.is_empty() {
            call.push_str(&format!("args = {{ {fields} }}\n"));
        }
        match self.witnesses.get(Variable::Sent(index)) {
            None | Some(Value::Uint(0)) => {}
            Some(sent) => call.push_str(&format!("value = {}\n", shown(sent))),
        }
        // Whoever moves an asset of the contract into an escrow consents to it.
        let manifest = self.manifest;
        let own = method.escrows.iter().filter(|escrow| escrow.pays_in);
        let own = own.filter_map(|escrow| manifest.cell(own_asset(manifest, escrow.cell)?));
        let sends: Vec<String> =
            own.map(|ledger| format!("\"{}.{}\" = 1", manifest.name, ledger.name)).collect();
        let sends =
            if sends.is_empty() { String::new() } else { format!("sends = {{ {} }}\n", sends.join(", ")) };
        let caller = self.witnesses.caller(index);
        let call = call.trim_end();
        if approve.is_empty() {
            self.line("[[steps]]");
            self.line(format!("{call}\ncaller = \"{caller}\"\n{sends}").trim_end());
            self.wait();
            return;
        }
        // Those who approve the call do so in its block, which is one all the same.
        self.line("[[steps]]");
        self.wait();
        for member in approve {
            self.line(&format!("[[steps.block]]\n{call}\ncaller = \"{member}\"\napprove = true"));
        }
        self.line(format!("[[steps.block]]\n{call}\ncaller = \"{caller}\"\n{sends}").trim_end());
        if let Some(refused) = refused {
            self.refused_in_block = true;
            self.line(&format!("expect = {{ {} }}", expected_error(refused).trim_end().replace('\n', ", ")));
        }
    }

    /// Who approves a call before it is made.
    fn approving(&mut self, number: usize, method: &Transition) -> Vec<&'static str> {
        let mut asked = Vec::new();
        for node in method.guard.iter().flatten() {
            let Node::Quorum(role) = node else { continue };
            match self.manifest.role(*role).map(|role| &role.kind) {
                Some(RoleKind::Set { threshold, .. }) if usize::from(*threshold) <= MEMBERS.len() => {
                    let members = MEMBERS.iter().take(usize::from(*threshold));
                    asked.extend(members.filter(|member| !asked.contains(*member)).collect::<Vec<_>>());
                }
                _ => self.gaps.push(Gap::Approvals { step: number, method: method.method.to_string() }),
            }
        }
        asked
    }

    /// The key of the representative item of the map.
    fn item(&mut self, number: usize, cell: u16) -> Option<String> {
        let declared = self.manifest.cell(cell)?;
        // What creates an item says what its key is made of.
        let terms = self.manifest.transitions.iter().find_map(|method| match &method.item {
            ItemBinding::New { cell: map, key } if *map == cell => Some((method, key)),
            _ => None,
        });
        let mut fields = Vec::new();
        for (index, field) in declared.key().iter().enumerate() {
            let term = terms.and_then(|(method, key)| Some((method, key.get(index)?)));
            let value = match term {
                None | Some((_, KeyTerm::Arg(_))) => self.key(&field.ty),
                Some((method, KeyTerm::Caller | KeyTerm::Origin)) => Some(quoted(self.creator(method))),
                Some((_, KeyTerm::Param(param))) => {
                    self.witnesses.get(Variable::Param(usize::from(*param))).map(shown)
                }
                Some(_) => None,
            };
            match value {
                Some(value) => fields.push(value),
                None => {
                    self.gaps.push(Gap::Value { step: number, name: field.name.to_string() });
                    return None;
                }
            }
        }
        Some(format!("[{}]", fields.join(", ")))
    }

    /// Who creates items by the method.
    fn creator(&self, method: &Transition) -> &'static str {
        let role = match &method.caller {
            CallerRule::Roles(roles) => roles.first().and_then(|role| self.manifest.role(*role)),
            CallerRule::Any | CallerRule::Signer => None,
        };
        self.witnesses.holder(role.map(|role| &*role.name))
    }

    fn fields(&mut self, number: usize, fields: Vec<(String, Option<String>)>) -> String {
        let mut shown = Vec::new();
        for (name, witness) in fields {
            match witness {
                Some(witness) => shown.push(format!("{name} = {witness}")),
                None => self.gaps.push(Gap::Value { step: number, name }),
            }
        }
        shown.join(", ")
    }

    fn param(&self, index: usize, param: &ParamDef) -> Option<String> {
        match (self.witnesses.get(Variable::Param(index)), &param.range) {
            (Some(chosen), _) => Some(shown(chosen)),
            (None, Some(ParamRange::Unsigned { min, .. })) => Some(quoted(&min.to_string())),
            (None, Some(ParamRange::Signed { min, .. })) => Some(quoted(&min.to_string())),
            (None, None) if self.members(index).is_some() => self.members(index),
            // Accounts that parameters name are those that hold roles.
            (None, None) => self.witness(&param.ty).map(|witness| witness.replace(STRANGER, NAMED)),
        }
    }

    /// The members of a set that a parameter lists: as many as make a quorum.
    fn members(&self, index: usize) -> Option<String> {
        let mut sets = self.manifest.roles.iter().filter_map(|role| match role.kind {
            RoleKind::Set { initial, threshold, .. } if usize::from(initial) == index => Some(threshold),
            _ => None,
        });
        let members = MEMBERS.iter().take(usize::from(sets.next()?));
        let members: Vec<String> = members.map(|member| quoted(member)).collect();
        Some(format!("[{}]", members.join(", ")))
    }

    fn key(&self, ty: &Type) -> Option<String> {
        if ty.is_unsigned() || ty.is_signed() { Some("7".to_owned()) } else { self.witness(ty) }
    }

    /// A value of the type: the least that is not nothing.
    fn witness(&self, ty: &Type) -> Option<String> {
        match ty {
            Type::Bool => Some("true".to_owned()),
            Type::Account => Some(quoted(STRANGER)),
            Type::Hash => Some(quoted(&format!("0x{}", "11".repeat(32)))),
            Type::Bytes { .. } => Some(quoted("0x")),
            Type::Text { .. } => Some(quoted("x")).filter(|_| !matches!(ty, Type::Text { max: 0 })),
            Type::FixedBytes { size } => Some(quoted(&format!("0x{}", "11".repeat(usize::from(*size))))),
            Type::Defined(_) => self.defined(ty),
            ty if ty.is_unsigned() || ty.is_signed() => Some("1".to_owned()),
            _ => None,
        }
    }

    fn defined(&self, ty: &Type) -> Option<String> {
        match &self.manifest.definition(ty)?.kind {
            TypeKind::Struct { fields } => {
                let each =
                    fields.iter().map(|field| Some(format!("{} = {}", field.name, self.witness(&field.ty)?)));
                Some(format!("{{ {} }}", each.collect::<Option<Vec<_>>>()?.join(", ")))
            }
            TypeKind::Enum { variants } => {
                let plain = variants.iter().find(|variant| variant.fields.is_empty())?;
                Some(quoted(&plain.name))
            }
            TypeKind::List { of, .. } => Some(format!("[{}]", self.witness(of)?)),
            TypeKind::Option { of } => self.witness(of),
        }
    }
}

/// What an attempt is to be refused with, as a line.
fn expected_error(refused: &Refused) -> String {
    let error = format!("error = {}\n", quoted(&refused.name()));
    if refused.says.is_empty() {
        error
    } else {
        format!("{error}text = {}\n", quoted(&one_line(&refused.says)))
    }
}

/// The value as TOML; a number past what its integers hold is a text.
fn shown(value: Value) -> String {
    match value {
        Value::Bool(truth) => truth.to_string(),
        Value::Account(account) => quoted(account),
        Value::Uint(number) => match i64::try_from(number) {
            Ok(small) => small.to_string(),
            Err(_) => quoted(&number.to_string()),
        },
    }
}

/// The text as a TOML string: ours hold no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}
