//! A manifest that uses every section and every variant of every type: what the golden file pins.

use super::super::*;
use crate::{AccountId, Amount, BoundedVec, Bytes, Gas, Hash};

pub(super) fn name(text: &str) -> Name {
    text.try_into().expect("a short name")
}

pub(super) fn doc(text: &str) -> Doc {
    text.try_into().expect("a short text")
}

pub(super) fn list<T, const MAX: u32>(elements: impl IntoIterator<Item = T>) -> BoundedVec<T, MAX> {
    elements.into_iter().collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("within {MAX}"))
}

pub(super) fn fields<const MAX: u32>(fields: &[(&str, Type)]) -> BoundedVec<Field, MAX> {
    list(fields.iter().map(|(text, ty)| Field { name: name(text), ty: *ty }))
}

fn head_field(text: &str, ty: Type, write_once: bool, sum: bool, clear_on_move: bool) -> HeadField {
    HeadField { name: name(text), ty, write_once, sum, clear_on_move }
}

fn types() -> Vec<TypeDef> {
    let scalars = [
        ("a", Type::Bool),
        ("b", Type::U8),
        ("c", Type::U16),
        ("d", Type::U32),
        ("e", Type::U64),
        ("f", Type::U128),
        ("g", Type::I8),
        ("h", Type::I16),
        ("i", Type::I32),
        ("j", Type::I64),
        ("k", Type::I128),
        ("l", Type::Account),
        ("m", Type::Hash),
        ("n", Type::Bytes { max: 64 }),
        ("o", Type::Text { max: 300 }),
        ("p", Type::FixedBytes { size: 4 }),
    ];
    let variants = [
        Variant { name: name("Linear"), fields: BoundedVec::new() },
        Variant {
            name: name("Steps"),
            fields: fields(&[("count", Type::U16), ("record", Type::Defined(0))]),
        },
    ];
    vec![
        TypeDef { name: Some(name("Record")), kind: TypeKind::Struct { fields: fields(&scalars) } },
        TypeDef { name: Some(name("Curve")), kind: TypeKind::Enum { variants: list(variants) } },
        TypeDef { name: None, kind: TypeKind::List { of: Type::Account, max: 7 } },
        TypeDef { name: None, kind: TypeKind::Option { of: Type::Account } },
        TypeDef { name: Some(name("Curves")), kind: TypeKind::List { of: Type::Defined(1), max: 3 } },
        TypeDef { name: None, kind: TypeKind::List { of: Type::U64, max: 8 } },
        TypeDef {
            name: Some(name("Place")),
            kind: TypeKind::Struct { fields: fields(&[("lot", Type::U64), ("at", Type::Defined(4))]) },
        },
    ]
}

fn params() -> Vec<ParamDef> {
    let param = |text, ty, range, default: Option<&[u8]>| ParamDef {
        name: name(text),
        doc: doc("A parameter."),
        ty,
        range,
        default: default.map(|bytes| bytes.try_into().expect("short")),
    };
    vec![
        param("title", Type::Text { max: 64 }, None, Some(b"\x0cabc")),
        param("decimals", Type::U8, Some(ParamRange::Unsigned { min: 0, max: 36 }), Some(&[18])),
        param("offset", Type::I32, Some(ParamRange::Signed { min: -5, max: 5 }), None),
        param("owner", Type::Defined(3), None, None),
        param("members", Type::Defined(2), None, None),
        param("oracle", Type::Account, None, None),
    ]
}

fn roles() -> Vec<Role> {
    let role = |id, text, kind| Role { id, name: name(text), doc: Doc::default(), kind };
    let set =
        RoleKind::Set { initial: 4, members_max: 7, threshold: 4, approval_blocks: 1000, admin: Some(1) };
    vec![
        role(1, "creator", RoleKind::Account { initial: RoleInitial::Signer, transferable: true }),
        role(2, "owner", RoleKind::Account { initial: RoleInitial::Param(3), transferable: false }),
        role(3, "guardians", set),
        role(4, "seller", RoleKind::Item { cell: 3, field: ItemField::Head(0) }),
        role(5, "holder", RoleKind::Item { cell: 2, field: ItemField::Owner }),
    ]
}

fn cells() -> Vec<Cell> {
    let cell = |id, text, kind| Cell { id, name: name(text), doc: Doc::default(), kind };
    let fungible =
        Asset { on_move: Some(1), escrow_when: Some(list([Node::Bool(true)])), release_when: None };
    let unique = Asset {
        on_move: Some(2),
        escrow_when: Some(list([Node::Head(1), Node::Not])),
        release_when: Some(list([Node::Owner, Node::SelfAddress, Node::NotEqual])),
    };
    let tokens = MapCell {
        key: fields(&[("id", Type::U64)]),
        head: list([
            head_field("approved", Type::Account, false, false, true),
            head_field("locked", Type::Bool, true, false, false),
        ]),
        tail_max_bytes: 302,
        tail: Some(Type::Text { max: 300 }),
        max_entries: None,
        count: true,
        asset: Some(unique),
    };
    let auctions = MapCell {
        key: fields(&[("lot", Type::U64), ("maker", Type::Account)]),
        head: list([
            head_field("seller", Type::Account, true, false, false),
            head_field("price", Type::U128, false, true, false),
            head_field("ends", Type::U64, true, false, false),
            head_field("shift", Type::I64, false, false, false),
            head_field("digest", Type::Hash, true, false, false),
        ]),
        tail_max_bytes: 0,
        tail: None,
        max_entries: Some(10_000),
        count: true,
        asset: None,
    };
    let ledger = |key, sum, count, max_entries, asset| {
        CellKind::Ledger(LedgerCell { key: fields(key), sum, count, max_entries, asset })
    };
    let pair = [("owner", Type::Account), ("spender", Type::Account)];
    let totals = ValueCell {
        head: list([head_field("cap", Type::U128, false, false, false)]),
        tail_max_bytes: 100,
        tail: None,
    };
    let escrow = |item, asset, unique| CellKind::Escrow(EscrowCell { item, asset, unique });
    let foreign = AssetRef::Foreign { contract: KeyTerm::Param(5), cell: 9 };
    vec![
        cell(1, "balances", ledger(&[("owner", Type::Account)], true, true, None, Some(fungible))),
        cell(2, "tokens", CellKind::Map(tokens)),
        cell(3, "auctions", CellKind::Map(auctions)),
        cell(4, "allowances", ledger(&pair, false, true, Some(5), None)),
        cell(5, "totals", CellKind::Value(totals)),
        cell(6, "deposits", escrow(Some(3), AssetRef::Native, false)),
        cell(7, "wares", escrow(Some(3), AssetRef::Own(2), true)),
        cell(8, "pool", escrow(None, foreign, false)),
        cell(0xfeff, "last", ledger(&[("key", Type::Bytes { max: 200 })], false, false, None, None)),
    ]
}

fn machines() -> Vec<Machine> {
    let states =
        |names: &[(u8, &str)]| list(names.iter().map(|(id, text)| State { id: *id, name: name(text) }));
    vec![
        Machine {
            id: 1,
            name: name("main"),
            doc: Doc::default(),
            cell: None,
            states: states(&[(1, "Active"), (2, "Paused")]),
            initial: 1,
            terminal: BoundedVec::new(),
        },
        Machine {
            id: 2,
            name: name("auction"),
            doc: doc("One per auction."),
            cell: Some(3),
            states: states(&[(1, "Open"), (2, "Sold"), (7, "Expired")]),
            initial: 1,
            terminal: list([2, 7]),
        },
    ]
}

fn set(machine: u16, states: &[u8]) -> StateSet {
    StateSet { machine, states: list(states.iter().copied()) }
}

/// A guard that uses every leaf and every operation that a transition bound to an auction may use.
fn guard() -> Expression {
    let lot_key = [[7; 8].as_slice(), &[8; 32]].concat();
    let pair: Bytes<{ limits::KEY_SIZE_MAX }> = [[1; 32], [2; 32]].concat().try_into().expect("short");
    list([
        Node::Arg(0),
        Node::ItemKey(0),
        Node::Equal,
        Node::Head(0),
        Node::Caller,
        Node::NotEqual,
        Node::And,
        Node::Origin,
        Node::Account(AccountId([9; 32])),
        Node::Equal,
        Node::Or,
        Node::Hash(Hash([3; 32])),
        Node::Head(4),
        Node::Equal,
        Node::Or,
        Node::Value,
        Node::Head(1),
        Node::Uint(3),
        Node::MulDiv,
        Node::Time,
        Node::Height,
        Node::Add,
        Node::Sub,
        Node::Param(1),
        Node::Mul,
        Node::EntryHead { cell: 3, key: lot_key.try_into().expect("short"), field: 1 },
        Node::Div,
        Node::LedgerEntry { cell: 4, key: pair },
        Node::Rem,
        Node::Int(-4),
        Node::ToUint,
        Node::Min,
        Node::Uint(u128::MAX),
        Node::Max,
        Node::Uint(1),
        Node::GreaterEqual,
        Node::Head(3),
        Node::Uint(5),
        Node::ToInt,
        Node::Less,
        Node::Bool(false),
        Node::If,
        Node::Or,
        Node::Param(2),
        Node::Int(0),
        Node::Greater,
        Node::Or,
        Node::InState { machine: 2, states: list([1]) },
        Node::Member(3),
        Node::And,
        Node::Quorum(3),
        Node::Or,
        Node::And,
    ])
}

fn invariants() -> Vec<Invariant> {
    let sums = list([
        Node::LedgerSum(1),
        Node::ValueHead { cell: 5, field: 0 },
        Node::LessEqual,
        Node::Count(4),
        Node::Uint(5),
        Node::LessEqual,
        Node::And,
        Node::Escrowed(8),
        Node::HeadSum { cell: 3, field: 1 },
        Node::GreaterEqual,
        Node::And,
    ]);
    let solvent = list([Node::Balance, Node::Uint(0), Node::GreaterEqual]);
    vec![
        Invariant { id: 1, name: name("sums"), doc: Doc::default(), rule: sums },
        Invariant { id: 2, name: name("solvent"), doc: Doc::default(), rule: solvent },
    ]
}

/// A transition that may do nothing, with the least ceilings.
pub(super) fn transition(method: &str) -> Transition {
    Transition {
        method: name(method),
        doc: Doc::default(),
        kind: TransitionKind::Call,
        args: BoundedVec::new(),
        returns: None,
        value_max: Amount::ZERO,
        item: ItemBinding::None,
        from: BoundedVec::new(),
        to: BoundedVec::new(),
        caller: CallerRule::Any,
        window: None,
        guard: None,
        touches: Touches::Listed(BoundedVec::new()),
        sends: BoundedVec::new(),
        escrows: BoundedVec::new(),
        calls: BoundedVec::new(),
        notifies: BoundedVec::new(),
        ceilings: Ceilings { gas: Gas(1), reads: 0, writes: 0, new_entries: 0, events: 0 },
        errors: BoundedVec::new(),
        emits: BoundedVec::new(),
        reenter: Reenter::None,
    }
}

fn bid() -> Transition {
    let all_terms = list([
        Touch {
            cell: 4,
            key: list([KeyTerm::Caller, KeyTerm::Any]),
            ops: Ops::READ.union(Ops::ADD).union(Ops::SUB),
            head: 0,
        },
        Touch { cell: 4, key: list([KeyTerm::Origin, KeyTerm::SelfAddress]), ops: Ops::ADD, head: 0 },
        Touch { cell: 4, key: list([KeyTerm::Arg(1), KeyTerm::Param(5)]), ops: Ops::SUB, head: 0 },
        Touch { cell: 1, key: list([KeyTerm::Head(0)]), ops: Ops::ADD, head: 0 },
        Touch {
            cell: 3,
            key: list([KeyTerm::Item(0), KeyTerm::Item(1)]),
            ops: Ops::READ.union(Ops::SET).union(Ops::DELETE),
            head: 0b1010,
        },
        Touch { cell: 2, key: list([KeyTerm::ArgField { arg: 2, field: 0 }]), ops: Ops::DELETE, head: 0 },
        Touch {
            cell: 2,
            key: list([KeyTerm::Literal(7u64.to_le_bytes().as_slice().try_into().expect("short"))]),
            ops: Ops::READ,
            head: 0,
        },
        Touch { cell: 5, key: BoundedVec::new(), ops: Ops::SET, head: 1 },
    ]);
    let calls = list([
        CallRule {
            contract: KeyTerm::Param(5),
            method: Some(name("report")),
            value_max: Amount(7),
            count_max: 2,
        },
        CallRule { contract: KeyTerm::Any, method: None, value_max: Amount::ZERO, count_max: 1 },
    ]);
    let notify = CallRule { contract: KeyTerm::Arg(1), method: None, value_max: Amount::ZERO, count_max: 1 };
    Transition {
        doc: doc("Takes a lot."),
        args: fields(&[("lot", Type::U64), ("maker", Type::Account), ("place", Type::Defined(6))]),
        returns: Some(Type::Defined(1)),
        value_max: Amount::MAX,
        item: ItemBinding::Existing { cell: 3, key: list([KeyTerm::Arg(0), KeyTerm::Arg(1)]) },
        from: list([set(2, &[1]), set(1, &[1])]),
        to: list([set(2, &[1, 2])]),
        caller: CallerRule::Roles(list([2, 4])),
        window: Some(Window {
            clock: Clock::TimeMs,
            opens: Some(list([Node::Uint(5)])),
            closes: Some(list([Node::Head(2)])),
            exit: Some(1),
        }),
        guard: Some(guard()),
        touches: Touches::Listed(all_terms),
        sends: list([
            Send { asset: AssetRef::Native, max: Amount(10) },
            Send { asset: AssetRef::Own(1), max: Amount::MAX },
            Send { asset: AssetRef::Foreign { contract: KeyTerm::Any, cell: 1 }, max: Amount(1) },
        ]),
        escrows: list([
            EscrowUse { cell: 6, pays_in: true, pays_out: false },
            EscrowUse { cell: 7, pays_in: false, pays_out: true },
        ]),
        calls,
        notifies: list([notify]),
        ceilings: Ceilings { gas: Gas(2_000_000), reads: 6, writes: 5, new_entries: 1, events: 2 },
        errors: list([1, 2]),
        emits: list([1, 3]),
        reenter: Reenter::OtherItems,
        ..transition("bid")
    }
}

fn transitions() -> Vec<Transition> {
    let open_key = list([KeyTerm::Arg(0), KeyTerm::Caller]);
    vec![
        Transition {
            kind: TransitionKind::Constructor,
            touches: Touches::Unknown,
            reenter: Reenter::All,
            ..transition("create")
        },
        bid(),
        Transition {
            args: fields(&[("lot", Type::U64)]),
            item: ItemBinding::New { cell: 3, key: open_key },
            caller: CallerRule::Signer,
            window: Some(Window {
                clock: Clock::Height,
                opens: None,
                closes: Some(list([Node::Uint(9)])),
                exit: None,
            }),
            ..transition("open")
        },
        Transition {
            args: fields(&[("ids", Type::Defined(5))]),
            item: ItemBinding::Each { cell: 2, arg: 0, max: 8 },
            caller: CallerRule::Roles(list([5])),
            ..transition("burn_all")
        },
    ]
}

fn exits() -> Vec<Exit> {
    let seller = KeyTerm::Head(0);
    let effects = list([
        Effect::Release { escrow: 7, amount: None, to: seller.clone(), remainder: None },
        Effect::Release {
            escrow: 6,
            amount: Some(list([Node::Head(1)])),
            to: KeyTerm::Item(1),
            remainder: Some(seller.clone()),
        },
        Effect::SetHead { field: 1, value: list([Node::Uint(0)]) },
        Effect::LedgerAdd { cell: 1, key: list([seller]), amount: list([Node::Uint(1)]) },
        Effect::LedgerSub { cell: 1, key: list([KeyTerm::SelfAddress]), amount: list([Node::Uint(1)]) },
        Effect::LedgerMove {
            cell: 1,
            from: list([KeyTerm::Param(5)]),
            to: list([KeyTerm::Caller]),
            amount: list([Node::Uint(2)]),
        },
        Effect::Pay { to: KeyTerm::Caller, amount: list([Node::Uint(3)]) },
        Effect::DeleteItem,
    ]);
    let announced = [list([Node::Head(0)]), list([Node::SelfAddress]), list([Node::Head(1)])];
    vec![
        Exit {
            id: 1,
            name: name("expire"),
            doc: doc("Gives everything back."),
            item: Some(3),
            from: list([set(2, &[1])]),
            window: Some(Window {
                clock: Clock::TimeMs,
                opens: Some(list([Node::Head(2)])),
                closes: None,
                exit: None,
            }),
            guard: Some(list([Node::Head(1), Node::Uint(0), Node::Greater])),
            effects,
            to: Some(ExitTarget { machine: 2, state: 7 }),
            event: Some(ExitEvent { event: 1, fields: list(announced) }),
        },
        Exit {
            id: 2,
            name: name("wake"),
            doc: Doc::default(),
            item: None,
            from: list([set(1, &[2])]),
            window: None,
            guard: None,
            effects: BoundedVec::new(),
            to: Some(ExitTarget { machine: 1, state: 1 }),
            event: None,
        },
    ]
}

/// The manifest that uses everything.
pub(super) fn everything() -> Manifest {
    let event = |id, text, members: &[(&str, Type)]| EventDef {
        id,
        name: name(text),
        doc: Doc::default(),
        fields: fields(members),
    };
    let moved = [("from", Type::Account), ("to", Type::Account), ("value", Type::U128)];
    let owned = [("from", Type::Account), ("to", Type::Account), ("id", Type::U64)];
    let view = View {
        method: name("price"),
        doc: doc("What a lot costs now."),
        args: fields(&[("lot", Type::U64), ("maker", Type::Account)]),
        returns: Type::U128,
        reads: list([3, 5]),
        calls: list([CallRule {
            contract: KeyTerm::Arg(1),
            method: None,
            value_max: Amount::ZERO,
            count_max: 1,
        }]),
        errors: list([2]),
        gas: Gas(100_000),
        reads_max: 2,
    };
    Manifest {
        doc: doc("Everything a manifest can say.\nOn two lines."),
        types: list(types()),
        params: list(params()),
        errors: list([
            ErrorDef {
                id: 1,
                name: name("TooLow"),
                doc: Doc::default(),
                fields: fields(&[("least", Type::U128)]),
            },
            ErrorDef { id: 2, name: name("Unknown"), doc: doc("No such lot."), fields: BoundedVec::new() },
        ]),
        events: list([
            event(1, "Transfer", &moved),
            event(2, "OwnerChanged", &owned),
            event(3, "Taken", &[("curve", Type::Defined(1))]),
        ]),
        roles: list(roles()),
        cells: list(cells()),
        machines: list(machines()),
        transitions: list(transitions()),
        views: list([view]),
        exits: list(exits()),
        invariants: list(invariants()),
        upgrade: Upgrade::Gated { role: 2, delay_blocks: 1_000, veto: Some(3) },
        ..Manifest::empty(name("every-thing"))
    }
}

/// An ERC20-like manifest.
pub(super) fn token() -> Manifest {
    let all = everything();
    let balances = LedgerCell {
        key: fields(&[("owner", Type::Account)]),
        sum: true,
        count: false,
        max_entries: None,
        asset: Some(Asset { on_move: Some(1), escrow_when: None, release_when: None }),
    };
    let touch = |term, op| Touch { cell: 1, key: list([term]), ops: op, head: 0 };
    let transfer = Transition {
        args: fields(&[("to", Type::Account), ("amount", Type::U128)]),
        touches: Touches::Listed(list([touch(KeyTerm::Caller, Ops::SUB), touch(KeyTerm::Arg(0), Ops::ADD)])),
        emits: list([1]),
        caller: CallerRule::Roles(list([2])),
        ..transition("transfer")
    };
    Manifest {
        types: all.types.clone(),
        params: all.params.clone(),
        events: all.events.clone(),
        errors: all.errors.clone(),
        roles: list(all.roles.iter().take(2).cloned()),
        cells: list([Cell {
            id: 1,
            name: name("balances"),
            doc: Doc::default(),
            kind: CellKind::Ledger(balances),
        }]),
        transitions: list([transfer]),
        ..Manifest::empty(name("coin"))
    }
}
