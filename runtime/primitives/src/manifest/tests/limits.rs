//! Each row of the table of limits, at the limit and one past it, through the door for bytes from outside.
//!
//! Lists and texts are bounded by their types, so that one element more cannot even be written down: it is put
//! into the bytes of a manifest that is at the limit.

use parity_scale_codec::{Decode, Encode};

use super::super::limits::*;
use super::super::*;
use super::sample::{doc, everything, fields, list, name, transition};
use crate::{Amount, BoundedText, BoundedVec, Gas};

/// What the decoder says of a length or count past its bound.
const MALFORMED: u16 = 2102;
/// What validation says of a quantity past its bound.
const LIMIT: u16 = 2114;

/// A manifest at a limit, one past it, and the code with which the second is refused.
struct Case {
    limit: &'static str,
    at: Vec<u8>,
    past: Vec<u8>,
    code: u16,
}

/// `with` in the one place of `bytes` where `part` stands.
fn exchanged(bytes: &[u8], part: &[u8], with: &[u8], what: &str) -> Vec<u8> {
    let places: Vec<usize> = bytes
        .windows(part.len())
        .enumerate()
        .filter(|(_, window)| *window == part)
        .map(|(at, _)| at)
        .collect();
    let [place] = places.as_slice() else { panic!("{what}: found at {places:?}") };
    [&bytes[..*place], with, &bytes[place + part.len()..]].concat()
}

/// A list of the manifest that is full; one past, it has `more` at its end.
fn full<T: Encode + Decode + Clone, const MAX: u32>(
    limit: &'static str,
    manifest: &Manifest,
    list: &BoundedVec<T, MAX>,
    more: T,
) -> Case {
    assert_eq!(list.len(), MAX as usize, "{limit}: the list is full");
    let at = manifest.encode();
    let longer: Vec<T> = list.iter().cloned().chain([more]).collect();
    let past = exchanged(&at, &list.encode(), &longer.encode(), limit);
    Case { limit, at, past, code: MALFORMED }
}

/// A text of the manifest that is at its bound; one past, it has a letter more.
fn full_text<const MAX: u32>(limit: &'static str, manifest: &Manifest, text: &BoundedText<MAX>) -> Case {
    assert_eq!(text.len(), MAX as usize, "{limit}: the text is full");
    let at = manifest.encode();
    let past = exchanged(&at, &text.encode(), &format!("{}a", text.as_str()).encode(), limit);
    Case { limit, at, past, code: MALFORMED }
}

/// A number of the manifest that is at its bound, and one past it.
fn number(limit: &'static str, value: u64, code: u16, set: impl Fn(&mut Manifest, u64)) -> Case {
    let with = |value| {
        let mut manifest = everything();
        set(&mut manifest, value);
        manifest.encode()
    };
    Case { limit, at: with(value), past: with(value + 1), code }
}

/// Replaces element `index` of a list by what `change` makes of it.
fn change<T: Clone, const MAX: u32>(of: &mut BoundedVec<T, MAX>, index: usize, change: impl FnOnce(&mut T)) {
    let mut elements = of.to_vec();
    change(&mut elements[index]);
    *of = list(elements);
}

/// Fills a list to its bound with what `make` gives for each index; also the element past it.
fn fill<T: Clone, const MAX: u32>(of: &mut BoundedVec<T, MAX>, make: impl Fn(usize) -> T) -> T {
    *of = list((0..MAX as usize).map(|index| if index < of.len() { of[index].clone() } else { make(index) }));
    make(MAX as usize)
}

/// A manifest that declares nothing but its name.
fn empty() -> Manifest {
    Manifest::empty(name("limits"))
}

/// `everything()`, where the transition `bid` is changed by `alteration`.
fn bid(alteration: impl FnOnce(&mut Transition)) -> Manifest {
    let mut manifest = everything();
    change(&mut manifest.transitions, 1, alteration);
    manifest
}

fn numbered(prefix: &str, index: usize) -> Name {
    name(&format!("{prefix}{index}"))
}

fn field(index: usize) -> Field {
    Field { name: numbered("f", index), ty: Type::U8 }
}

fn nameless(kind: TypeKind) -> TypeDef {
    TypeDef { name: None, kind }
}

fn ledger(index: usize) -> Cell {
    let key = fields(&[("key", Type::Hash)]);
    let kind = CellKind::Ledger(LedgerCell { key, sum: false, count: false, max_entries: None, asset: None });
    Cell { id: index as u16 + 1, name: numbered("cell", index), doc: Doc::default(), kind }
}

fn machine(index: usize) -> Machine {
    Machine {
        id: index as u16 + 1,
        name: numbered("machine", index),
        doc: Doc::default(),
        cell: None,
        states: list([State { id: 1, name: name("On") }]),
        initial: 1,
        terminal: BoundedVec::new(),
    }
}

fn account_role(index: usize) -> Role {
    let kind = RoleKind::Account { initial: RoleInitial::Signer, transferable: true };
    Role { id: 0x7100 + index as u16, name: numbered("role", index), doc: Doc::default(), kind }
}

fn exit(index: usize) -> Exit {
    Exit {
        id: index as u16 + 1,
        name: numbered("exit", index),
        doc: Doc::default(),
        item: None,
        from: BoundedVec::new(),
        window: None,
        guard: None,
        effects: BoundedVec::new(),
        to: None,
        event: None,
    }
}

fn call_rule(index: usize) -> CallRule {
    CallRule {
        contract: KeyTerm::Any,
        method: Some(numbered("method", index)),
        value_max: Amount::ZERO,
        count_max: 1,
    }
}

fn view(index: usize) -> View {
    View {
        method: numbered("view", index),
        doc: Doc::default(),
        args: BoundedVec::new(),
        returns: Type::Bool,
        reads: BoundedVec::new(),
        calls: BoundedVec::new(),
        errors: BoundedVec::new(),
        gas: Gas(1),
        reads_max: 0,
    }
}

/// A manifest whose encoding has exactly so many bytes: its transitions are documented at length.
fn of_size(bytes: usize) -> Vec<u8> {
    let with = |docs: &dyn Fn(usize) -> usize| {
        let mut manifest = empty();
        let documented = |index: usize| Transition {
            doc: doc(&"d".repeat(docs(index))),
            ..transition(&format!("method{index:03}"))
        };
        manifest.transitions = list((0..TRANSITIONS_MAX as usize).map(documented));
        manifest.encode()
    };
    // Texts from 64 bytes on have a length of two bytes, so that the rest is shared out evenly.
    let (count, rest) = (TRANSITIONS_MAX as usize, bytes - with(&|_| 64).len());
    let encoded = with(&|index| 64 + rest / count + usize::from(index < rest % count));
    assert_eq!(encoded.len(), bytes);
    encoded
}

fn sections() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut filled = |limit, build: &dyn Fn(&mut Manifest, &'static str) -> Case| {
        cases.push(build(&mut empty(), limit));
    };
    filled("TYPES_MAX", &|manifest, limit| {
        let kind = TypeKind::Option { of: Type::U8 };
        let more = fill(&mut manifest.types, |index| TypeDef {
            name: Some(numbered("T", index)),
            kind: kind.clone(),
        });
        full(limit, manifest, &manifest.types.clone(), more)
    });
    filled("PARAMS_MAX", &|manifest, limit| {
        let more = fill(&mut manifest.params, |index| ParamDef {
            name: numbered("p", index),
            doc: Doc::default(),
            ty: Type::U8,
            range: None,
            default: None,
        });
        full(limit, manifest, &manifest.params.clone(), more)
    });
    filled("ERRORS_MAX", &|manifest, limit| {
        let more = fill(&mut manifest.errors, |index| ErrorDef {
            id: index as u16 + 1,
            name: numbered("Error", index),
            doc: Doc::default(),
            fields: BoundedVec::new(),
        });
        full(limit, manifest, &manifest.errors.clone(), more)
    });
    filled("EVENTS_MAX", &|manifest, limit| {
        let more = fill(&mut manifest.events, |index| EventDef {
            id: index as u16 + 1,
            name: numbered("Event", index),
            doc: Doc::default(),
            fields: BoundedVec::new(),
        });
        full(limit, manifest, &manifest.events.clone(), more)
    });
    filled("ROLES_MAX", &|manifest, limit| {
        let more = fill(&mut manifest.roles, account_role);
        full(limit, manifest, &manifest.roles.clone(), more)
    });
    filled("CELLS_MAX", &|manifest, limit| {
        let more = fill(&mut manifest.cells, ledger);
        full(limit, manifest, &manifest.cells.clone(), more)
    });
    filled("MACHINES_MAX", &|manifest, limit| {
        let more = fill(&mut manifest.machines, machine);
        full(limit, manifest, &manifest.machines.clone(), more)
    });
    filled("TRANSITIONS_MAX", &|manifest, limit| {
        let more = fill(&mut manifest.transitions, |index| transition(&format!("method{index}")));
        full(limit, manifest, &manifest.transitions.clone(), more)
    });
    filled("VIEWS_MAX", &|manifest, limit| {
        let more = fill(&mut manifest.views, view);
        full(limit, manifest, &manifest.views.clone(), more)
    });
    filled("EXITS_MAX", &|manifest, limit| {
        let more = fill(&mut manifest.exits, exit);
        full(limit, manifest, &manifest.exits.clone(), more)
    });
    filled("INVARIANTS_MAX", &|manifest, limit| {
        let more = fill(&mut manifest.invariants, |index| Invariant {
            id: index as u16 + 1,
            name: numbered("rule", index),
            doc: Doc::default(),
            rule: list([Node::Bool(true)]),
        });
        full(limit, manifest, &manifest.invariants.clone(), more)
    });
    cases
}

fn texts_and_types() -> Vec<Case> {
    let texts = Manifest { name: name(&"n".repeat(32)), doc: doc(&"d".repeat(512)), ..empty() };
    let mut members = BoundedVec::new();
    let field_more = fill(&mut members, field);
    let mut of_fields = empty();
    of_fields.types =
        list([TypeDef { name: Some(name("Wide")), kind: TypeKind::Struct { fields: members.clone() } }]);
    let mut variants = BoundedVec::new();
    let variant_more =
        fill(&mut variants, |index| Variant { name: numbered("v", index), fields: BoundedVec::new() });
    let mut of_variants = empty();
    of_variants.types =
        list([TypeDef { name: Some(name("Many")), kind: TypeKind::Enum { variants: variants.clone() } }]);
    let nested = |levels: u16| {
        let mut manifest = empty();
        let first = nameless(TypeKind::Option { of: Type::U8 });
        let others = (1..levels).map(|level| nameless(TypeKind::Option { of: Type::Defined(level - 1) }));
        manifest.types = list([first].into_iter().chain(others));
        manifest.encode()
    };
    let mut defaulted = empty();
    let default = list(vec![7; DEFAULT_SIZE_MAX as usize]);
    defaulted.params = list([ParamDef {
        name: name("wide"),
        doc: Doc::default(),
        ty: Type::FixedBytes { size: DEFAULT_SIZE_MAX as u16 },
        range: None,
        default: Some(default.clone()),
    }]);
    let push_type = |kind: fn(u64) -> TypeKind| {
        move |manifest: &mut Manifest, value: u64| {
            manifest.types.try_push(nameless(kind(value))).expect("room for one more");
        }
    };
    vec![
        full_text("NAME_SIZE_MAX", &texts, &texts.name),
        full_text("DOC_SIZE_MAX", &texts, &texts.doc),
        full("STRUCT_FIELDS_MAX", &of_fields, &members, field_more),
        full("VARIANTS_MAX", &of_variants, &variants, variant_more),
        Case {
            limit: "TYPE_DEPTH_MAX",
            at: nested(TYPE_DEPTH_MAX as u16),
            past: nested(TYPE_DEPTH_MAX as u16 + 1),
            code: 2113,
        },
        number(
            "LIST_LENGTH_MAX",
            LIST_LENGTH_MAX.into(),
            LIMIT,
            push_type(|max| TypeKind::List { of: Type::U8, max: max as u32 }),
        ),
        // An option takes a byte beside its value.
        number(
            "VALUE_SIZE_MAX",
            VALUE_SIZE_MAX.into(),
            LIMIT,
            push_type(|size| TypeKind::Option { of: Type::FixedBytes { size: size as u16 - 1 } }),
        ),
        full("DEFAULT_SIZE_MAX", &defaulted, &default, 7),
    ]
}

/// One field of so many bytes, behind a length of two.
fn one(bytes: u64) -> Fields {
    fields(&[("it", Type::Bytes { max: bytes as u32 - 2 })])
}

fn sizes() -> Vec<Case> {
    let fixed = |size: u64| Type::FixedBytes { size: size as u16 };
    vec![
        Case {
            limit: "MANIFEST_SIZE_MAX",
            at: of_size(MANIFEST_SIZE_MAX as usize),
            past: of_size(MANIFEST_SIZE_MAX as usize + 1),
            code: 2100,
        },
        number("ERROR_SIZE_MAX", ERROR_SIZE_MAX.into(), LIMIT, |manifest, size| {
            change(&mut manifest.errors, 1, |error| error.fields = one(size));
        }),
        number("EVENT_SIZE_MAX", EVENT_SIZE_MAX.into(), LIMIT, |manifest, size| {
            change(&mut manifest.events, 2, |event| event.fields = one(size));
        }),
        number("ARGS_SIZE_MAX", ARGS_SIZE_MAX.into(), LIMIT, |manifest, size| {
            change(&mut manifest.transitions, 2, |open| {
                open.args = fields(&[("lot", Type::U64), ("rest", fixed(size - 8))]);
            });
        }),
        number("RETURN_SIZE_MAX", RETURN_SIZE_MAX.into(), LIMIT, |manifest, size| {
            change(&mut manifest.transitions, 1, |bid| bid.returns = Some(fixed(size)));
        }),
        number("KEY_SIZE_MAX", KEY_SIZE_MAX.into(), LIMIT, |manifest, size| {
            change(&mut manifest.cells, 8, |cell| match &mut cell.kind {
                CellKind::Ledger(ledger) => {
                    ledger.key = fields(&[("key", Type::Bytes { max: size as u32 - 2 })]);
                }
                _ => panic!("not a ledger"),
            });
        }),
        number("HEAD_SIZE_MAX", HEAD_SIZE_MAX.into(), LIMIT, |manifest, size| {
            // State byte, account, u128, u64, i64 and hash take 97 bytes.
            let field = HeadField {
                name: name("wide"),
                ty: fixed(size - 97),
                write_once: true,
                sum: false,
                clear_on_move: false,
            };
            change(&mut manifest.cells, 2, |cell| match &mut cell.kind {
                CellKind::Map(map) => map.head.try_push(field).expect("room for one more"),
                _ => panic!("not a map"),
            });
        }),
        number("MEMBERS_MAX", MEMBERS_MAX.into(), LIMIT, |manifest, members| {
            change(&mut manifest.roles, 2, |role| match &mut role.kind {
                RoleKind::Set { members_max, .. } => *members_max = members as u8,
                _ => panic!("not a set"),
            });
        }),
        number("ITEMS_MAX", ITEMS_MAX.into(), LIMIT, |manifest, items| {
            change(&mut manifest.transitions, 3, |burn| {
                burn.item = ItemBinding::Each { cell: 2, arg: 0, max: items as u32 };
            });
        }),
        number("EXPRESSION_READS_MAX", EXPRESSION_READS_MAX.into(), LIMIT, |manifest, reads| {
            let read = (0..reads).flat_map(|_| [Node::Member(1), Node::And]);
            let guard = list([Node::Bool(true)].into_iter().chain(read));
            change(&mut manifest.transitions, 1, |bid| bid.guard = Some(guard));
        }),
        // The first id of the host is the one past what is accepted.
        number("CELL_ID_RESERVED", u64::from(CELL_ID_RESERVED) - 1, 2109, |manifest, id| {
            change(&mut manifest.cells, 8, |cell| cell.id = id as u16);
        }),
    ]
}

fn ceilings() -> Vec<Case> {
    type Set = fn(&mut Ceilings, u64);
    let ceiling = |limit, value: u64, set: Set| {
        number(limit, value, LIMIT, move |manifest, value| {
            change(&mut manifest.transitions, 1, |bid| set(&mut bid.ceilings, value));
        })
    };
    let delay = |delay_blocks| {
        let mut manifest = everything();
        manifest.upgrade = Upgrade::Gated { role: 1, delay_blocks, veto: None };
        manifest.encode()
    };
    vec![
        ceiling("CEILING_GAS_MAX", CEILING_GAS_MAX, |ceilings, value| ceilings.gas = Gas(value)),
        ceiling("CEILING_READS_MAX", CEILING_READS_MAX.into(), |it, value| it.reads = value as u32),
        ceiling("CEILING_WRITES_MAX", CEILING_WRITES_MAX.into(), |it, value| it.writes = value as u32),
        ceiling("CEILING_NEW_ENTRIES_MAX", CEILING_NEW_ENTRIES_MAX.into(), |it, value| {
            it.new_entries = value as u32;
        }),
        ceiling("CEILING_EVENTS_MAX", CEILING_EVENTS_MAX.into(), |it, value| it.events = value as u32),
        Case {
            limit: "UPGRADE_DELAY_MIN_BLOCKS",
            at: delay(UPGRADE_DELAY_MIN_BLOCKS),
            past: delay(UPGRADE_DELAY_MIN_BLOCKS - 1),
            code: 2112,
        },
    ]
}

fn cells_and_machines() -> Vec<Case> {
    let mut keyed = empty();
    let mut key = BoundedVec::new();
    let key_more = fill(&mut key, field);
    let mut cell = ledger(0);
    if let CellKind::Ledger(ledger) = &mut cell.kind {
        ledger.key = key.clone();
    }
    keyed.cells = list([cell]);

    let mut headed = empty();
    let mut head = BoundedVec::new();
    let head_more = fill(&mut head, |index| HeadField {
        name: numbered("h", index),
        ty: Type::U8,
        write_once: false,
        sum: false,
        clear_on_move: false,
    });
    let kind = CellKind::Value(ValueCell { head: head.clone(), tail_max_bytes: 0, tail: None });
    headed.cells = list([Cell { id: 1, name: name("config"), doc: Doc::default(), kind }]);

    let mut stateful = empty();
    let mut states = BoundedVec::new();
    let state_more = fill(&mut states, |index| State { id: index as u8 + 1, name: numbered("State", index) });
    stateful.machines = list([Machine { states: states.clone(), ..machine(0) }]);

    let mut moving = empty();
    moving.machines = list((0..=MOVES_MAX as usize).map(machine));
    let mut moves = BoundedVec::new();
    let move_more = fill(&mut moves, |index| StateSet { machine: index as u16 + 1, states: list([1]) });
    moving.transitions = list([Transition { from: moves.clone(), ..transition("go") }]);

    vec![
        full("KEY_FIELDS_MAX", &keyed, &key, key_more),
        full("HEAD_FIELDS_MAX", &headed, &head, head_more),
        full("STATES_MAX", &stateful, &states, state_more),
        full("MOVES_MAX", &moving, &moves, move_more),
    ]
}

fn lists_of_methods() -> Vec<Case> {
    let mut args = BoundedVec::new();
    let arg_more = fill(&mut args, field);
    let with_args =
        Manifest { transitions: list([Transition { args: args.clone(), ..transition("go") }]), ..empty() };

    let mut callers = BoundedVec::new();
    let caller_more = fill(&mut callers, |index| 0x7100 + index as u16);
    let mut called = empty();
    called.roles = list((0..=CALLER_ROLES_MAX as usize).map(account_role));
    called.transitions =
        list([Transition { caller: CallerRule::Roles(callers.clone()), ..transition("go") }]);

    let mut touches = BoundedVec::new();
    // Each at a place of its own: one place listed twice is refused.
    let touch_more = fill(&mut touches, |index| Touch {
        cell: 2,
        key: list([KeyTerm::Literal((index as u64).to_le_bytes().as_slice().try_into().expect("short"))]),
        ops: Ops::READ,
        head: 0,
    });
    let touching = bid(|bid| bid.touches = Touches::Listed(touches.clone()));

    let mut sends = BoundedVec::new();
    let send_more = fill(&mut sends, |index| Send {
        asset: AssetRef::Foreign { contract: KeyTerm::Any, cell: index as u16 },
        max: Amount(0x7777),
    });
    let sending = bid(|bid| {
        bid.sends = sends.clone();
        // Calls with coins would ask for a native send.
        bid.calls = BoundedVec::new();
    });

    let mut calls = BoundedVec::new();
    let call_more = fill(&mut calls, call_rule);
    let calling = bid(|bid| bid.calls = calls.clone());
    let mut notifies = BoundedVec::new();
    let notify_more = fill(&mut notifies, |index| call_rule(100 + index));
    let notifying = bid(|bid| bid.notifies = notifies.clone());

    let mut escrows = BoundedVec::new();
    let escrow_more =
        fill(&mut escrows, |index| EscrowUse { cell: index as u16 + 1, pays_in: true, pays_out: true });
    let mut escrowing = empty();
    escrowing.cells = list((0..=ESCROWS_MAX as usize).map(|index| Cell {
        kind: CellKind::Escrow(EscrowCell { item: None, asset: AssetRef::Native, unique: false }),
        ..ledger(index)
    }));
    escrowing.transitions = list([Transition { escrows: escrows.clone(), ..transition("go") }]);

    let mut reads = BoundedVec::new();
    let read_more = fill(&mut reads, |index| index as u16 + 1);
    let mut reading = empty();
    fill(&mut reading.cells, ledger);
    reading.views = list([View { reads: reads.clone(), ..view(0) }]);

    let mut effects = BoundedVec::new();
    let effect_more = fill(&mut effects, |index| Effect::Pay {
        to: KeyTerm::Caller,
        amount: list([Node::Uint(index as u128)]),
    });
    let effective = Manifest { exits: list([Exit { effects: effects.clone(), ..exit(0) }]), ..empty() };

    let mut guard: Expression = list([Node::Bool(true)]);
    let node_more = fill(&mut guard, |_| Node::Not);
    let guarded = bid(|bid| bid.guard = Some(guard.clone()));

    vec![
        full("FIELDS_MAX", &with_args, &args, arg_more),
        full("CALLER_ROLES_MAX", &called, &callers, caller_more),
        full("TOUCHES_MAX", &touching, &touches, touch_more),
        full("SENDS_MAX", &sending, &sends, send_more),
        full("CALLS_MAX", &calling, &calls, call_more),
        full("NOTIFIES_MAX", &notifying, &notifies, notify_more),
        full("ESCROWS_MAX", &escrowing, &escrows, escrow_more),
        full("VIEW_READS_MAX", &reading, &reads, read_more),
        full("EFFECTS_MAX", &effective, &effects, effect_more),
        full("EXPRESSION_NODES_MAX", &guarded, &guard, node_more),
    ]
}

#[test]
fn each_limit_holds_at_it_and_one_past() {
    let rooms =
        [sections(), texts_and_types(), sizes(), ceilings(), cells_and_machines(), lists_of_methods()];
    let mut cases: Vec<Case> = rooms.into_iter().flatten().collect();
    for Case { limit, at, past, code } in &cases {
        assert_eq!(Manifest::decode_checked(at).err(), None, "{limit} at it");
        let refused = Manifest::decode_checked(past).expect_err(limit);
        assert_eq!(refused.code(), *code, "{limit} one past: {refused}");
    }
    cases.sort_by_key(|case| case.limit);
    let mut all: Vec<&str> = LIMITS.iter().map(|limit| limit.name).collect();
    all.sort_unstable();
    let tested: Vec<&str> = cases.iter().map(|case| case.limit).collect();
    assert_eq!(tested, all, "every limit has one case");
}
