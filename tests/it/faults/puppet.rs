//! The code that a counterexample speaks of: a module whose every export does what the run says that it does.
//!
//! An audit looks at a declaration alone, and a run of it says that there is code inside that declaration which goes
//! this way. The puppet is that code, written from the manifest and the run: an item is created with the head that the
//! scenario names, machines go where the run goes, escrows are filled and emptied as it says. What the run does not call
//! traps, and so does what the host is to refuse before any code runs. Code that its ceilings are to stop does each thing
//! that it declares, once. Nothing here judges: the host does.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chainstack_audit::{Counterexample, CounterexampleStep, HeadValue, StepKind};
use chainstack_client::{KeyPair, value::encode_text};
use chainstack_primitives::{
    AccountId, codes,
    manifest::{
        AssetRef, Cell, CellKind, HeadField, ItemBinding, KeyTerm, Manifest, Ops, Touch, Touches, Transition,
        TransitionKind, Type,
    },
};

/// Where the puppet keeps what: arguments, who calls, coins that came along, what an escrow holds, its own address.
const INPUT: usize = 0;
const CALLER: usize = 4_096;
const VALUE: usize = 4_128;
const HELD: usize = 4_160;
const OWN: usize = 4_192;
/// Where keys and values are put together, and where constants lie.
const KEY: usize = 4_352;
const ENTRY: usize = 4_864;
const CONSTANTS: usize = 8_192;

const IMPORTS: &str = r#"
    (import "chainstack" "input" (func $input (param i32 i32) (result i32)))
    (import "chainstack" "caller" (func $caller (param i32)))
    (import "chainstack" "self" (func $self (param i32)))
    (import "chainstack" "value" (func $value (param i32)))
    (import "chainstack" "param" (func $param (param i32 i32 i32) (result i32)))
    (import "chainstack" "cell_get" (func $cell_get (param i32 i32 i32 i32 i32) (result i32)))
    (import "chainstack" "ledger_get" (func $ledger_get (param i32 i32 i32 i32)))
    (import "chainstack" "emit" (func $emit (param i32 i32 i32)))
    (import "chainstack" "cell_set" (func $cell_set (param i32 i32 i32 i32 i32)))
    (import "chainstack" "cell_delete" (func $cell_delete (param i32 i32 i32) (result i32)))
    (import "chainstack" "ledger_add" (func $ledger_add (param i32 i32 i32 i32) (result i32)))
    (import "chainstack" "transition" (func $transition (param i32 i32)))
    (import "chainstack" "escrowed" (func $escrowed (param i32 i32 i32 i32)))
    (import "chainstack" "escrow_in" (func $escrow_in (param i32 i32 i32 i32) (result i32)))
    (import "chainstack" "escrow_asset_in" (func $escrow_asset_in (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "chainstack" "escrow_out" (func $escrow_out (param i32 i32 i32 i32 i32) (result i32)))"#;

/// What an attempt may be refused with once its code runs.
const CODE_RUNS: [u16; 8] = [
    codes::WRONG_STATE,
    codes::INVARIANT_BROKEN,
    codes::ITEM_NOT_CREATED,
    codes::UNDECLARED_ESCROW,
    codes::CEILING_READS,
    codes::CEILING_WRITES,
    codes::CEILING_ENTRIES,
    codes::CEILING_EVENTS,
];

/// The module, without its manifest.
///
/// # Errors
/// In words, what the puppet cannot be told to do.
pub(crate) fn module(
    manifest: &Manifest,
    run: &Counterexample,
    heads: &[HeadValue],
) -> Result<Vec<u8>, String> {
    let mut writer = Writer { manifest, heads, constants: Vec::new() };
    let mut bodies: BTreeMap<String, String> = BTreeMap::new();
    let mut before: Option<&CounterexampleStep> = None;
    for step in &run.steps {
        let method = match &step.kind {
            StepKind::Call { method, .. } => manifest.transition(method),
            StepKind::Create => manifest.constructor(),
            _ => None,
        };
        let refused = step.refused.as_ref().map(|by| by.code);
        if let Some(method) = method.filter(|_| refused.is_none_or(|code| CODE_RUNS.contains(&code))) {
            let body = writer.body(method, before, step)?;
            let same = bodies.entry(method.method.to_string()).or_insert_with(|| body.clone());
            if *same != body {
                return Err(format!("`{}` does one thing, and then another", method.method));
            }
        }
        before = Some(step);
    }
    let declared = manifest.transitions.iter().map(|method| &method.method);
    let mut text = format!("(module {IMPORTS}\n    (memory (export \"memory\") 1)\n");
    for name in declared.chain(manifest.views.iter().map(|view| &view.method)) {
        let body = bodies.get(&**name).map_or("unreachable", String::as_str);
        let _ = writeln!(text, "    (func (export \"{name}\")\n{body})");
    }
    let mut at = CONSTANTS;
    for constant in &writer.constants {
        let bytes: String = constant.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let _ = writeln!(text, "    (data (i32.const {at}) \"{bytes}\")");
        at += constant.len();
    }
    text.push(')');
    wat::parse_str(&text).map_err(|error| format!("{error}\n{text}"))
}

/// What `text` stands for in a scenario: `@A` and so on are its accounts.
fn account(text: &str) -> Option<AccountId> {
    let uri = match text {
        "@A" => "//Alice",
        "@B" => "//Bob",
        "@C" => "//Charlie",
        _ => return None,
    };
    KeyPair::from_uri(uri).ok().map(|key| key.public())
}

struct Writer<'m> {
    manifest: &'m Manifest,
    heads: &'m [HeadValue],
    constants: Vec<Vec<u8>>,
}

impl Writer<'_> {
    fn body(
        &mut self,
        method: &Transition,
        before: Option<&CounterexampleStep>,
        after: &CounterexampleStep,
    ) -> Result<String, String> {
        let mut body = format!(
            "        (drop (call $input (i32.const {INPUT}) (i32.const 4096)))\n        (call $caller (i32.const {CALLER}))\n"
        );
        if method.kind != TransitionKind::Constructor {
            let _ = writeln!(body, "        (call $value (i32.const {VALUE}))");
        }
        self.touches(method, after, &mut body)?;
        self.escrows(method, (before, after), &mut body)?;
        if is_of_ceilings(after) {
            self.emits(method, &mut body)?;
        }
        for set in method.to.iter().filter(|set| set.states.len() > 1) {
            let machine = self.manifest.machine(set.machine).ok_or("a declared machine")?;
            let found = after.machines.iter().find(|found| *found.machine == *machine.name);
            let name = found.and_then(|found| found.state.as_ref());
            let state = machine.states.iter().find(|state| Some(&*state.name) == name.map(String::as_str));
            if let Some(state) = state.filter(|state| set.states.contains(&state.id)) {
                let _ = writeln!(
                    body,
                    "        (call $transition (i32.const {}) (i32.const {}))",
                    machine.id, state.id
                );
            }
        }
        Ok(body)
    }

    /// Creates the item, and writes, adds and deletes what is declared.
    fn touches(
        &mut self,
        method: &Transition,
        after: &CounterexampleStep,
        body: &mut String,
    ) -> Result<(), String> {
        let Touches::Listed(touches) = &method.touches else { return Ok(()) };
        let bound = match &method.item {
            ItemBinding::New { cell, .. } | ItemBinding::Existing { cell, .. } => Some(*cell),
            ItemBinding::None | ItemBinding::Each { .. } => None,
        };
        let ends = |cell: u16| {
            let machines = self.manifest.machines.iter().filter(|machine| machine.cell == Some(cell));
            let mut named = machines
                .filter_map(|machine| after.machines.iter().find(|found| *found.machine == *machine.name));
            named.any(|found| found.state.is_none())
        };
        // What is taken from one is given to another: nothing, so that it is there.
        let moves = touches.iter().any(|touch| touch.ops.contains(Ops::SUB));
        for touch in touches.iter() {
            let cell = self.manifest.cell(touch.cell).ok_or("a declared cell")?;
            if is_of_ceilings(after) && touch.ops.contains(Ops::READ) {
                let length = self.key(method, &touch.key, body)?;
                let entry = format!("(i32.const {}) (i32.const {KEY}) (i32.const {length})", cell.id);
                let _ = match cell.kind {
                    CellKind::Ledger(_) => {
                        writeln!(body, "        (call $ledger_get {entry} (i32.const {HELD}))")
                    }
                    _ => writeln!(
                        body,
                        "        (drop (call $cell_get {entry} (i32.const {HELD}) (i32.const 16)))"
                    ),
                };
            }
            let deletes = touch.ops.contains(Ops::DELETE) && bound == Some(cell.id) && ends(cell.id);
            let sets = touch.ops.contains(Ops::SET) && !deletes;
            let adds = touch.ops.contains(Ops::ADD);
            if !(sets || deletes || adds) {
                continue;
            }
            let length = self.key(method, &touch.key, body)?;
            let entry = format!("(i32.const {}) (i32.const {KEY}) (i32.const {length})", cell.id);
            if deletes {
                let _ = writeln!(body, "        (drop (call $cell_delete {entry}))");
            } else if sets {
                let size = self.head(method, cell, touch, body)?;
                let _ =
                    writeln!(body, "        (call $cell_set {entry} (i32.const {ENTRY}) (i32.const {size}))");
            } else {
                let added = self.constant(&u128::from(!moves).to_le_bytes());
                let _ = writeln!(
                    body,
                    "        (if (call $ledger_add {entry} (i32.const {added})) (then (unreachable)))"
                );
            }
        }
        Ok(())
    }

    /// Moves value into escrows and out of them as the run says.
    fn escrows(
        &mut self,
        method: &Transition,
        (before, after): (Option<&CounterexampleStep>, &CounterexampleStep),
        body: &mut String,
    ) -> Result<(), String> {
        for used in method.escrows.iter() {
            let cell = self.manifest.cell(used.cell).ok_or("a declared cell")?;
            let CellKind::Escrow(escrow) = &cell.kind else { continue };
            let holds = |step: &CounterexampleStep| step.holds.iter().any(|name| **name == *cell.name);
            let (held, holds) = (before.is_some_and(holds), holds(after));
            let length = match (&method.item, escrow.item) {
                (ItemBinding::New { key, .. } | ItemBinding::Existing { key, .. }, Some(_)) => {
                    self.key(method, key, body)?
                }
                (_, None) => 0,
                _ => return Err(format!("`{}` names no one item", method.method)),
            };
            let item = format!("(i32.const {}) (i32.const {KEY}) (i32.const {length})", cell.id);
            if used.pays_in && (holds || is_of_ceilings(after)) {
                match &escrow.asset {
                    AssetRef::Native if is_of_ceilings(after) => {
                        let _ = writeln!(
                            body,
                            "        (if (call $escrow_in {item} (i32.const {VALUE})) (then (unreachable)))"
                        );
                    }
                    AssetRef::Native => {
                        let _ = writeln!(
                            body,
                            "        (if (i64.ne (i64.load (i32.const {VALUE})) (i64.const 0))\n            (then (if (call $escrow_in {item} (i32.const {VALUE})) (then (unreachable)))))"
                        );
                    }
                    AssetRef::Own(_) => {
                        let one = self.constant(&1_u128.to_le_bytes());
                        let _ = writeln!(
                            body,
                            "        (call $self (i32.const {OWN}))\n        (if (call $escrow_asset_in {item} (i32.const {OWN}) (i32.const 1) (i32.const {one}) (i32.const 16)) (then (unreachable)))"
                        );
                    }
                    AssetRef::Foreign { .. } => return Err("an asset of another contract".to_owned()),
                }
            }
            if used.pays_out && is_of_ceilings(after) {
                let one = self.constant(&1_u128.to_le_bytes());
                let _ = writeln!(
                    body,
                    "        (if (call $escrow_out {item} (i32.const {CALLER}) (i32.const {one})) (then (unreachable)))"
                );
            } else if used.pays_out && held && !holds {
                let _ = writeln!(
                    body,
                    "        (call $escrowed {item} (i32.const {HELD}))\n        (if (call $escrow_out {item} (i32.const {CALLER}) (i32.const {HELD})) (then (unreachable)))"
                );
            }
        }
        Ok(())
    }

    /// Announces what is declared, of fields that are nothing.
    fn emits(&mut self, method: &Transition, body: &mut String) -> Result<(), String> {
        for id in method.emits.iter() {
            let event = self.manifest.event(*id).ok_or("a declared event")?;
            let sizes = event.fields.iter().map(|field| fixed(&field.ty)).collect::<Result<Vec<_>, _>>()?;
            let fields = vec![0; sizes.iter().sum()];
            let at = self.constant(&fields);
            let _ = writeln!(
                body,
                "        (call $emit (i32.const {id}) (i32.const {at}) (i32.const {}))",
                fields.len()
            );
        }
        Ok(())
    }

    /// Puts a key together at [`KEY`]; its length.
    fn key(&mut self, method: &Transition, terms: &[KeyTerm], body: &mut String) -> Result<usize, String> {
        let mut length = 0;
        for term in terms {
            let (from, size) = match term {
                KeyTerm::Arg(index) => argument(method, usize::from(*index))?,
                KeyTerm::Caller | KeyTerm::Origin => (CALLER, 32),
                KeyTerm::Param(index) => {
                    let declared = self.manifest.params.get(usize::from(*index)).ok_or("a parameter")?;
                    let size = fixed(&declared.ty)?;
                    let _ = writeln!(
                        body,
                        "        (drop (call $param (i32.const {index}) (i32.const {}) (i32.const {size})))",
                        KEY + length
                    );
                    length += size;
                    continue;
                }
                term => return Err(format!("a key of {term:?}")),
            };
            copy(body, from, KEY + length, size);
            length += size;
        }
        Ok(length)
    }

    /// Puts the head of an entry together at [`ENTRY`]; its size.
    fn head(
        &mut self,
        method: &Transition,
        cell: &Cell,
        touch: &Touch,
        body: &mut String,
    ) -> Result<usize, String> {
        let creates = matches!(&method.item, ItemBinding::New { cell: new, .. } if *new == cell.id);
        let mut size = 0;
        for (index, field) in cell.head().iter().enumerate() {
            let may_change = creates || (touch.head >> index) & 1 == 1;
            let given = method.args.iter().position(|arg| arg.name == field.name && arg.ty == field.ty);
            let (from, length) = match given.filter(|_| may_change) {
                Some(arg) => argument(method, arg)?,
                None => {
                    let mut bytes = self.written(cell, field)?;
                    if may_change && !creates && field.ty.is_unsigned() {
                        // Another value than before: that it may change is the point.
                        bytes.first_mut().into_iter().for_each(|byte| *byte ^= 1);
                    }
                    (self.constant(&bytes), bytes.len())
                }
            };
            copy(body, from, ENTRY + size, length);
            size += length;
        }
        Ok(size)
    }

    /// What the scenario takes a field to be; zero where it says nothing.
    fn written(&self, cell: &Cell, field: &HeadField) -> Result<Vec<u8>, String> {
        let named = |head: &&HeadValue| *head.cell == *cell.name && *head.field == *field.name;
        match self.heads.iter().find(named).and_then(|head| head.value.as_deref()) {
            Some(text) => {
                let text = text.trim_matches('"');
                encode_text(self.manifest, &field.ty, text, &account).map_err(|error| error.to_string())
            }
            None => Ok(vec![0; fixed(&field.ty)?]),
        }
    }

    /// Where the bytes lie; the same bytes lie in one place.
    fn constant(&mut self, bytes: &[u8]) -> usize {
        let mut at = CONSTANTS;
        for constant in &self.constants {
            if constant == bytes {
                return at;
            }
            at += constant.len();
        }
        self.constants.push(bytes.to_vec());
        at
    }
}

/// Whether the step is an attempt that its ceilings stop: the code does all that is declared.
fn is_of_ceilings(step: &CounterexampleStep) -> bool {
    let code = step.refused.as_ref().map(|by| by.code);
    code.is_some_and(|code| CODE_RUNS[2..].contains(&code))
}

/// Where an argument lies in the input, and its size.
fn argument(method: &Transition, index: usize) -> Result<(usize, usize), String> {
    let mut at = INPUT;
    for arg in method.args.iter().take(index) {
        at += fixed(&arg.ty)?;
    }
    let arg = method.args.get(index).ok_or("a declared argument")?;
    Ok((at, fixed(&arg.ty)?))
}

/// The size of a type whose values all have one.
fn fixed(ty: &Type) -> Result<usize, String> {
    Ok(match ty {
        Type::Bool | Type::U8 | Type::I8 => 1,
        Type::U16 | Type::I16 => 2,
        Type::U32 | Type::I32 => 4,
        Type::U64 | Type::I64 => 8,
        Type::U128 | Type::I128 => 16,
        Type::Account | Type::Hash => 32,
        Type::FixedBytes { size } => usize::from(*size),
        ty => return Err(format!("{ty:?} has no fixed size")),
    })
}

fn copy(body: &mut String, from: usize, to: usize, size: usize) {
    let _ = writeln!(body, "        (memory.copy (i32.const {to}) (i32.const {from}) (i32.const {size}))");
}
