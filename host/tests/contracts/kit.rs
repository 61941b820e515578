//! Small modules and their manifests.

use std::fmt::Write as _;

use chainstack_host::functions::table::{Answer, ParamKind, TABLE};
use chainstack_primitives::{
    Amount, BoundedVec, Gas,
    manifest::{
        Asset, AssetRef, CallRule, CallerRule, Ceilings, Cell, CellKind, ErrorDef, EscrowCell, EscrowUse,
        EventDef, Field, HeadField, ItemBinding, KeyTerm, LedgerCell, Machine, Manifest, MapCell, Name,
        ParamDef, Reenter, Role, RoleInitial, RoleKind, Send, State, StateSet, Touches, Transition,
        TransitionKind, Type, ValueCell, View,
    },
};
use parity_scale_codec::Encode;

pub(crate) fn name(text: &str) -> Name {
    text.try_into().expect("a short name")
}

pub(crate) fn list<T, const MAX: u32>(items: Vec<T>) -> BoundedVec<T, MAX> {
    items.try_into().unwrap_or_else(|_| panic!("a short list"))
}

pub(crate) fn field(text: &str, ty: Type) -> Field {
    Field { name: name(text), ty }
}

/// A transition that may do anything a declaration can allow without naming places.
pub(crate) fn transition(method: &str, args: Vec<Field>, returns: Option<Type>) -> Transition {
    Transition {
        method: name(method),
        doc: Default::default(),
        kind: TransitionKind::Call,
        args: list(args),
        returns,
        value_max: Amount(0),
        item: ItemBinding::None,
        from: list(vec![]),
        to: list(vec![]),
        caller: CallerRule::Any,
        window: None,
        guard: None,
        touches: Touches::Unknown,
        sends: list(vec![]),
        escrows: list(vec![]),
        calls: list(vec![]),
        notifies: list(vec![]),
        ceilings: Ceilings { gas: Gas(100_000_000), reads: 100, writes: 100, new_entries: 100, events: 100 },
        errors: list(vec![]),
        emits: list(vec![]),
        reenter: Reenter::None,
    }
}

pub(crate) fn view(method: &str, args: Vec<Field>, returns: Type) -> View {
    View {
        method: name(method),
        doc: Default::default(),
        args: list(args),
        returns,
        reads: list(vec![]),
        calls: list(vec![]),
        errors: list(vec![]),
        gas: Gas(100_000_000),
        reads_max: 100,
    }
}

pub(crate) fn ledger(id: u16, text: &str, sum: bool, count: bool) -> Cell {
    let kind = LedgerCell {
        key: list(vec![field("holder", Type::Account)]),
        sum,
        count,
        max_entries: None,
        asset: None,
    };
    Cell { id, name: name(text), doc: Default::default(), kind: CellKind::Ledger(kind) }
}

pub(crate) fn head(text: &str, ty: Type, write_once: bool, sum: bool) -> HeadField {
    HeadField { name: name(text), ty, write_once, sum, clear_on_move: false }
}

pub(crate) fn map(id: u16, text: &str, key: Vec<Field>, head: Vec<HeadField>, tail_max_bytes: u32) -> Cell {
    let kind = MapCell {
        key: list(key),
        head: list(head),
        tail_max_bytes,
        tail: None,
        max_entries: None,
        count: true,
        asset: None,
    };
    Cell { id, name: name(text), doc: Default::default(), kind: CellKind::Map(kind) }
}

pub(crate) fn value(id: u16, text: &str, head: Vec<HeadField>, tail_max_bytes: u32) -> Cell {
    let kind = ValueCell { head: list(head), tail_max_bytes, tail: None };
    Cell { id, name: name(text), doc: Default::default(), kind: CellKind::Value(kind) }
}

/// Coins held for the items of a map, or for the contract.
pub(crate) fn escrow(id: u16, text: &str, item: Option<u16>) -> Cell {
    let kind = EscrowCell { item, asset: AssetRef::Native, unique: false };
    Cell { id, name: name(text), doc: Default::default(), kind: CellKind::Escrow(kind) }
}

/// A machine whose states have the ids 0, 1 and so on; it begins in the first.
pub(crate) fn machine(id: u16, text: &str, cell: Option<u16>, states: &[&str], terminal: &[u8]) -> Machine {
    let states = (0..).zip(states).map(|(id, state)| State { id, name: name(state) });
    Machine {
        id,
        name: name(text),
        doc: Default::default(),
        cell,
        states: list(states.collect()),
        initial: 0,
        terminal: list(terminal.to_vec()),
    }
}

pub(crate) fn account_role(id: u16, text: &str, initial: RoleInitial) -> Role {
    let kind = RoleKind::Account { initial, transferable: true };
    Role { id, name: name(text), doc: Default::default(), kind }
}

pub(crate) fn param(text: &str, ty: Type) -> ParamDef {
    ParamDef { name: name(text), doc: Default::default(), ty, range: None, default: None }
}

pub(crate) fn event(id: u16, text: &str, fields: Vec<Field>) -> EventDef {
    EventDef { id, name: name(text), doc: Default::default(), fields: list(fields) }
}

pub(crate) fn error(id: u16, text: &str, fields: Vec<Field>) -> ErrorDef {
    ErrorDef { id, name: name(text), doc: Default::default(), fields: list(fields) }
}

pub(crate) fn anywhere(count_max: u16, value_max: u128) -> CallRule {
    CallRule { contract: KeyTerm::Any, method: None, value_max: Amount(value_max), count_max }
}

/// Native coins that a transition may send.
pub(crate) fn native<const MAX: u32>(max: u128) -> BoundedVec<Send, MAX> {
    list(vec![Send { asset: AssetRef::Native, max: Amount(max) }])
}

/// Imports of every host function, each under `$name`.
pub(crate) fn imports() -> String {
    let mut text = String::new();
    for row in TABLE {
        let params = row.params.iter().map(|param| wasm_type(param.kind)).collect::<Vec<_>>().join(" ");
        let result = match row.answer {
            Answer::None | Answer::Never => "",
            Answer::Number => "(result i64)",
            _ => "(result i32)",
        };
        let (name, params) = (row.name, if params.is_empty() { params } else { format!("(param {params})") });
        writeln!(text, "(import \"chainstack\" \"{name}\" (func ${name} {params} {result}))").expect("text");
    }
    text
}

fn wasm_type(kind: ParamKind) -> &'static str {
    if kind == ParamKind::Gas { "i64" } else { "i32" }
}

/// A module of the functions `(export name, body)` around one page of memory, with what else `extra` adds.
pub(crate) fn module(functions: &[(&str, &str)], extra: &str, manifest: &Manifest) -> Vec<u8> {
    let mut text = format!("(module {} (memory (export \"memory\") 1)\n{extra}\n", imports());
    for (export, body) in functions {
        writeln!(text, "(func (export \"{export}\") {body})").expect("text");
    }
    text.push(')');
    embed(&wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}")), manifest)
}

/// Puts the manifest into a module.
pub(crate) fn embed(module: &[u8], manifest: &Manifest) -> Vec<u8> {
    manifest.validate().unwrap_or_else(|error| panic!("{error:?}"));
    let mut out = module.to_vec();
    let section = wasm_encoder::CustomSection {
        name: chainstack_primitives::manifest::SECTION_NAME.into(),
        data: manifest.encode().into(),
    };
    use wasm_encoder::Encode as _;
    out.push(0);
    section.encode(&mut out);
    out
}

/// Where a probe's data lies in memory.
pub(crate) const DATA: u64 = 64;
/// Size of a probe's data.
pub(crate) const DATA_BYTES: usize = 1024;

/// Ids in the probe's manifest.
pub(crate) mod ids {
    pub(crate) const LEDGER: u64 = 1;
    pub(crate) const MAP: u64 = 2;
    pub(crate) const VALUE: u64 = 3;
    pub(crate) const TAGS: u64 = 4;
    pub(crate) const EVENT: u64 = 7;
    pub(crate) const ERROR: u64 = 9;
    pub(crate) const OWNER: u64 = 5;
    pub(crate) const MACHINE: u64 = 6;
    pub(crate) const ESCROW: u64 = 8;
    pub(crate) const DEEDS: u64 = 10;
    pub(crate) const STAKE: u64 = 11;
    pub(crate) const COUPONS: u64 = 12;
}

/// A contract with one method for each host function: the words of its first argument are the function's arguments,
/// its second lies at [`DATA`]. It returns the data and then the answer, eight bytes.
pub(crate) fn probe_manifest() -> Manifest {
    let args = || {
        vec![
            field("words", Type::FixedBytes { size: 64 }),
            field("data", Type::FixedBytes { size: DATA_BYTES as u16 }),
        ]
    };
    let returns = Type::FixedBytes { size: DATA_BYTES as u16 + 8 };
    let mut manifest = Manifest::empty(name("probe"));
    manifest.params = list(vec![param("cap", Type::U64), param("label", Type::Text { max: 20 })]);
    manifest.events = list(vec![event(ids::EVENT as u16, "Moved", vec![field("amount", Type::U128)])]);
    manifest.errors = list(vec![error(ids::ERROR as u16, "Broken", vec![field("code", Type::U32)])]);
    manifest.roles = list(vec![account_role(ids::OWNER as u16, "owner", RoleInitial::Signer)]);
    let rules = || Some(Asset { on_move: None, escrow_when: None, release_when: None });
    let mut deeds = map(ids::DEEDS as u16, "deeds", vec![field("id", Type::U32)], vec![], 0);
    let mut coupons = ledger(ids::COUPONS as u16, "coupons", true, false);
    match (&mut deeds.kind, &mut coupons.kind) {
        (CellKind::Map(map), CellKind::Ledger(ledger)) => (map.asset, ledger.asset) = (rules(), rules()),
        _ => unreachable!(),
    }
    let own = AssetRef::Own(ids::COUPONS as u16);
    let stake = EscrowCell { item: None, asset: own.clone(), unique: false };
    let stake = Cell { kind: CellKind::Escrow(stake), ..escrow(ids::STAKE as u16, "stake", None) };
    manifest.cells = list(vec![
        deeds,
        coupons,
        stake,
        ledger(ids::LEDGER as u16, "balances", true, true),
        map(
            ids::MAP as u16,
            "items",
            vec![field("id", Type::U32)],
            vec![head("size", Type::U64, false, true), head("flag", Type::Bool, true, false)],
            32,
        ),
        escrow(ids::ESCROW as u16, "held", None),
        value(ids::VALUE as u16, "config", vec![head("count", Type::U32, false, false)], 8),
        map(ids::TAGS as u16, "tags", vec![field("tag", Type::Text { max: 8 })], vec![], 64),
    ]);
    manifest.machines = list(vec![Machine {
        id: ids::MACHINE as u16,
        name: name("gear"),
        doc: Default::default(),
        cell: None,
        states: list(vec![State { id: 0, name: name("Low") }, State { id: 1, name: name("High") }]),
        initial: 0,
        terminal: list(vec![]),
    }]);
    let mut transitions = Vec::new();
    let mut views = Vec::new();
    for row in TABLE {
        let mut method = transition(&format!("f_{}", row.name), args(), Some(returns));
        method.value_max = Amount(1_000_000);
        let coupons = Send { asset: own.clone(), max: Amount(500) };
        method.sends = list(vec![Send { asset: AssetRef::Native, max: Amount(500) }, coupons]);
        method.calls = list(vec![anywhere(4, 100)]);
        method.notifies = list(vec![anywhere(4, 0)]);
        method.errors = list(vec![ids::ERROR as u16]);
        method.emits = list(vec![ids::EVENT as u16]);
        method.to = list(vec![StateSet { machine: ids::MACHINE as u16, states: list(vec![0, 1]) }]);
        let both = |cell: u64| EscrowUse { cell: cell as u16, pays_in: true, pays_out: true };
        method.escrows = list(vec![both(ids::ESCROW), both(ids::STAKE)]);
        transitions.push(method);
        let mut method = view(&format!("v_{}", row.name), args(), returns);
        method.reads = list(vec![1, 2, 3, 4, ids::DEEDS as u16]);
        method.calls = list(vec![anywhere(4, 0)]);
        method.errors = list(vec![ids::ERROR as u16]);
        views.push(method);
    }
    manifest.transitions = list(transitions);
    manifest.views = list(views);
    manifest
}

/// The module of [`probe_manifest`].
pub(crate) fn probe() -> Vec<u8> {
    let mut functions = Vec::new();
    for row in TABLE {
        let mut call = format!("(call ${}", row.name);
        for (index, param) in row.params.iter().enumerate() {
            let word = format!("(i64.load (i32.const {}))", index * 8);
            match wasm_type(param.kind) {
                "i64" => call.push_str(&word),
                _ => write!(call, "(i32.wrap_i64 {word})").expect("text"),
            }
        }
        call.push(')');
        let stored = match row.answer {
            Answer::None | Answer::Never => call,
            Answer::Number => format!("(i64.store (i32.const 1088) {call})"),
            _ => format!("(i64.store (i32.const 1088) (i64.extend_i32_u {call}))"),
        };
        let body = format!(
            "(drop (call $input (i32.const 0) (i32.const 1088))) {stored} (call $output (i32.const 64) (i32.const 1032))"
        );
        for kind in ["f", "v"] {
            functions.push((format!("{kind}_{}", row.name), body.clone()));
        }
    }
    let borrowed: Vec<(&str, &str)> =
        functions.iter().map(|(name, body)| (name.as_str(), body.as_str())).collect();
    module(&borrowed, "", &probe_manifest())
}

/// Arguments of a probe's method.
pub(crate) fn probe_args(words: &[u64], data: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.resize(64, 0);
    bytes.extend_from_slice(data);
    bytes.resize(64 + DATA_BYTES, 0);
    bytes
}
