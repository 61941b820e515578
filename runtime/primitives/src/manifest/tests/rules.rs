//! Each rule of validation is broken once, at its limit where it has one; each unsupported feature is named.

use super::super::limits::*;
use super::super::*;
use super::sample::{everything, fields, list, name};
use crate::{Amount, BoundedVec, Gas};

/// Replaces element `index` of a list by what `change` makes of it.
fn change<T: Clone, const MAX: u32>(of: &mut BoundedVec<T, MAX>, index: usize, change: impl FnOnce(&mut T)) {
    let mut elements = of.to_vec();
    change(&mut elements[index]);
    *of = list(elements);
}

fn push<T: Clone, const MAX: u32>(to: &mut BoundedVec<T, MAX>, element: T) {
    to.try_push(element).expect("room for one more");
}

/// Breaks a rule in the manifest that uses everything and checks code and text of the refusal.
fn refused(code: u16, text: &str, breakage: impl FnOnce(&mut Manifest)) {
    let mut manifest = everything();
    breakage(&mut manifest);
    let error = manifest.validate().expect_err(text);
    assert_eq!((error.code(), error.to_string().as_str()), (code, text), "{error:?}");
}

fn accepted(what: &str, alteration: impl FnOnce(&mut Manifest)) {
    let mut manifest = everything();
    alteration(&mut manifest);
    assert_eq!(manifest.validate(), Ok(()), "{what}");
}

fn bid(manifest: &mut Manifest, alteration: impl FnOnce(&mut Transition)) {
    change(&mut manifest.transitions, 1, alteration);
}

fn cell(manifest: &mut Manifest, index: usize, alteration: impl FnOnce(&mut CellKind)) {
    change(&mut manifest.cells, index, |cell| alteration(&mut cell.kind));
}

fn map(kind: &mut CellKind) -> &mut MapCell {
    match kind {
        CellKind::Map(map) => map,
        _ => panic!("not a map"),
    }
}

fn ledger(kind: &mut CellKind) -> &mut LedgerCell {
    match kind {
        CellKind::Ledger(ledger) => ledger,
        _ => panic!("not a ledger"),
    }
}

#[test]
fn names_and_texts() {
    refused(2104, "manifest contract.9lives: not a name: a letter, then letters, digits and _", |manifest| {
        manifest.name = name("9lives");
    });
    let not_a_name = "not a name: a letter, then letters, digits and _";
    for bad in ["$pay", "_pay", "Pay", "pay-out", "", "päy"] {
        let place = if bad.is_empty() { "transitions[1]".into() } else { format!("transitions.{bad}") };
        refused(2104, &format!("manifest {place}: {not_a_name}"), |manifest| {
            bid(manifest, |bid| bid.method = name(bad));
        });
    }
    refused(2105, "manifest transitions.memory: the name is reserved", |manifest| {
        bid(manifest, |bid| bid.method = name("memory"));
    });
    refused(2105, "manifest types.u8: the name is reserved", |manifest| {
        change(&mut manifest.types, 0, |ty| ty.name = Some(name("u8")));
    });
    refused(2104, &format!("manifest types[0]: {not_a_name}"), |manifest| {
        change(&mut manifest.types, 0, |ty| ty.name = None);
    });
    refused(2106, "manifest roles.owner.doc: the text contains control characters", |manifest| {
        change(&mut manifest.roles, 1, |role| role.doc = "\u{1b}[2J".try_into().expect("short"));
    });
    refused(2107, "manifest views.bid: the name is used twice", |manifest| {
        change(&mut manifest.views, 0, |view| view.method = name("bid"));
    });
    refused(2107, "manifest cells.balances: the name is used twice", |manifest| {
        change(&mut manifest.cells, 3, |cell| cell.name = name("balances"));
    });
    refused(2107, "manifest cells.auctions.head[1]: the name is used twice", |manifest| {
        cell(manifest, 2, |kind| change(&mut map(kind).head, 1, |field| field.name = name("maker")));
    });
    refused(2107, "manifest types[7]: the name is used twice", |manifest| {
        let again = manifest.types[2].clone();
        push(&mut manifest.types, again);
    });
    refused(2107, "manifest transitions.bid.args[1]: the name is used twice", |manifest| {
        bid(manifest, |bid| change(&mut bid.args, 1, |arg| arg.name = name("lot")));
    });
}

#[test]
fn ids() {
    refused(2108, "manifest roles.owner: id 1 is used twice", |manifest| {
        change(&mut manifest.roles, 1, |role| role.id = 1);
    });
    refused(2109, "manifest cells.last: id 65280 is reserved", |manifest| {
        change(&mut manifest.cells, 8, |cell| cell.id = CELL_ID_RESERVED);
    });
    refused(2109, "manifest errors.TooLow: id 0 is reserved", |manifest| {
        change(&mut manifest.errors, 0, |error| error.id = 0);
    });
    refused(2109, "manifest events.Taken: id 0 is reserved", |manifest| {
        change(&mut manifest.events, 2, |event| event.id = 0);
    });
    refused(
        2110,
        "manifest transitions.bid.emits[0]: nothing in events has the id or index 99",
        |manifest| {
            bid(manifest, |bid| bid.emits = list([99]));
        },
    );
    refused(
        2110,
        "manifest transitions.bid.errors[1]: nothing in errors has the id or index 9",
        |manifest| {
            bid(manifest, |bid| bid.errors = list([1, 9]));
        },
    );
    refused(2110, "manifest views.price.reads[0]: nothing in cells has the id or index 99", |manifest| {
        change(&mut manifest.views, 0, |view| view.reads = list([99]));
    });
    refused(2110, "manifest upgrade.veto: nothing in roles has the id or index 9", |manifest| {
        manifest.upgrade = Upgrade::Gated { role: 1, delay_blocks: 1, veto: Some(9) };
    });
    refused(
        2121,
        "manifest upgrade.role: these options exclude each other or do not apply here",
        |manifest| {
            manifest.upgrade = Upgrade::Gated { role: 4, delay_blocks: 1, veto: None };
        },
    );
    refused(2112, "manifest upgrade.delay_blocks: at least one expected, none found", |manifest| {
        manifest.upgrade = Upgrade::Gated { role: 1, delay_blocks: 0, veto: None };
    });
}

#[test]
fn types() {
    let anonymous = |kind| TypeDef { name: None, kind };
    refused(2111, "manifest types[7].of: a type may refer only to types before it", |manifest| {
        push(&mut manifest.types, anonymous(TypeKind::Option { of: Type::Defined(7) }));
    });
    refused(2112, "manifest types[7].max: at least one expected, none found", |manifest| {
        push(&mut manifest.types, anonymous(TypeKind::List { of: Type::U8, max: 0 }));
    });
    refused(2112, "manifest types.Empty.fields: at least one expected, none found", |manifest| {
        let kind = TypeKind::Struct { fields: BoundedVec::new() };
        push(&mut manifest.types, TypeDef { name: Some(name("Empty")), kind });
    });
    refused(2112, "manifest types.Never.variants: at least one expected, none found", |manifest| {
        let kind = TypeKind::Enum { variants: BoundedVec::new() };
        push(&mut manifest.types, TypeDef { name: Some(name("Never")), kind });
    });
    accepted("the longest list", |manifest| {
        push(&mut manifest.types, anonymous(TypeKind::List { of: Type::U8, max: LIST_LENGTH_MAX }));
    });
    refused(2114, "manifest types[7].max: length of the list is 4097, allowed is 4096", |manifest| {
        push(&mut manifest.types, anonymous(TypeKind::List { of: Type::U8, max: LIST_LENGTH_MAX + 1 }));
    });
    // 2 bytes of count and 4095 elements of 4 bytes are 16382 bytes; one element more is too much.
    accepted("the greatest type", |manifest| {
        push(&mut manifest.types, anonymous(TypeKind::List { of: Type::U32, max: 4095 }));
    });
    refused(2114, "manifest types[7]: size of the type in bytes is 16386, allowed is 16384", |manifest| {
        push(&mut manifest.types, anonymous(TypeKind::List { of: Type::U32, max: 4096 }));
    });
    refused(2117, "manifest types[7].of: type fixed<0> cannot be used here", |manifest| {
        push(&mut manifest.types, anonymous(TypeKind::Option { of: Type::FixedBytes { size: 0 } }));
    });
    refused(2117, "manifest views.price.returns: type fixed<0> cannot be used here", |manifest| {
        change(&mut manifest.views, 0, |view| view.returns = Type::FixedBytes { size: 0 });
    });
    refused(2110, "manifest views.price.returns: nothing in types has the id or index 7", |manifest| {
        change(&mut manifest.views, 0, |view| view.returns = Type::Defined(7));
    });
}

#[test]
fn wide_nests_of_types_are_checked_in_linear_time() {
    // Each level refers 64 times to the level before: 64^7 leaves if they were walked.
    let mut manifest = Manifest::empty(name("wide"));
    let mut kinds = vec![TypeKind::Option { of: Type::U8 }];
    for level in 1..TYPE_DEPTH_MAX as u16 {
        let variant = |index: u32| Variant {
            name: name(&format!("v{index}")),
            fields: fields(&[("of", Type::Defined(level - 1))]),
        };
        kinds.push(TypeKind::Enum { variants: list((0..VARIANTS_MAX).map(variant)) });
    }
    let define = |(index, kind)| TypeDef { name: Some(name(&format!("T{index}"))), kind };
    manifest.types = list(kinds.into_iter().enumerate().map(define));
    assert_eq!(manifest.validate(), Ok(()));
    assert_eq!(manifest.max_size(&Type::Defined(7)), Some(9));
}

#[test]
fn params() {
    let conflict = "these options exclude each other or do not apply here";
    refused(2121, &format!("manifest params.title.range: {conflict}"), |manifest| {
        change(&mut manifest.params, 0, |param| param.range = Some(ParamRange::Unsigned { min: 0, max: 1 }));
    });
    refused(2121, &format!("manifest params.decimals.range: {conflict}"), |manifest| {
        change(&mut manifest.params, 1, |param| param.range = Some(ParamRange::Unsigned { min: 2, max: 1 }));
    });
    refused(2121, &format!("manifest params.decimals.range: {conflict}"), |manifest| {
        change(&mut manifest.params, 1, |param| param.range = Some(ParamRange::Signed { min: 0, max: 1 }));
    });
    refused(
        2122,
        "manifest params.decimals.default: constant: the value is outside its declared range",
        |manifest| {
            change(&mut manifest.params, 1, |param| {
                param.default = Some(vec![37].try_into().expect("short"))
            });
        },
    );
    refused(2122, "manifest params.title.default: constant: the bytes end inside the value", |manifest| {
        change(&mut manifest.params, 0, |param| param.default = Some(vec![4].try_into().expect("short")));
    });
    // The other parameters take at most 335 bytes, the text 2 more than its bound.
    let room = ARGS_SIZE_MAX - (1 + 4 + 33 + 225 + 32) - 2;
    let title = |max| {
        move |manifest: &mut Manifest| {
            change(&mut manifest.params, 0, |param| param.ty = Type::Text { max });
        }
    };
    accepted("the greatest parameters", title(room));
    refused(
        2114,
        "manifest contract.params: size of the parameters in bytes is 16385, allowed is 16384",
        title(room + 1),
    );
}

#[test]
fn sizes_of_methods_errors_and_events() {
    let one = |ty| fields(&[("it", ty)]);
    accepted("the greatest error", |manifest| {
        change(&mut manifest.errors, 1, |error| error.fields = one(Type::Bytes { max: 252 }));
    });
    refused(
        2114,
        "manifest errors.Unknown.fields: size of the error in bytes is 255, allowed is 254",
        |manifest| {
            change(&mut manifest.errors, 1, |error| error.fields = one(Type::Bytes { max: 253 }));
        },
    );
    accepted("the greatest event", |manifest| {
        change(&mut manifest.events, 2, |event| event.fields = one(Type::Bytes { max: 4094 }));
    });
    refused(
        2114,
        "manifest events.Taken.fields: size of the event in bytes is 4097, allowed is 4096",
        |manifest| {
            change(&mut manifest.events, 2, |event| event.fields = one(Type::Bytes { max: 4095 }));
        },
    );
    let open = |size| {
        move |manifest: &mut Manifest| {
            change(&mut manifest.transitions, 2, |open| {
                open.args = fields(&[("lot", Type::U64), ("a", Type::FixedBytes { size })]);
            });
        }
    };
    accepted("the greatest arguments", open(16_376));
    refused(
        2114,
        "manifest transitions.open.args: size of the arguments in bytes is 16385, allowed is 16384",
        open(16_377),
    );
    accepted("the greatest return", |manifest| {
        bid(manifest, |bid| bid.returns = Some(Type::FixedBytes { size: 16_384 }));
    });
    refused(
        2114,
        "manifest transitions.bid.returns: size of the type in bytes is 16385, allowed is 16384",
        |manifest| bid(manifest, |bid| bid.returns = Some(Type::FixedBytes { size: 16_385 })),
    );
}

#[test]
fn cells() {
    let conflict = "these options exclude each other or do not apply here";
    refused(2112, "manifest cells.allowances.key: at least one expected, none found", |manifest| {
        cell(manifest, 3, |kind| ledger(kind).key = BoundedVec::new());
    });
    accepted("the longest key", |manifest| {
        cell(manifest, 8, |kind| ledger(kind).key = fields(&[("key", Type::Bytes { max: 254 })]));
    });
    refused(2114, "manifest cells.last.key: size of the key in bytes is 257, allowed is 256", |manifest| {
        cell(manifest, 8, |kind| ledger(kind).key = fields(&[("key", Type::Bytes { max: 255 })]));
    });
    refused(2115, "manifest cells.auctions.head[1]: a head field needs a type of fixed size", |manifest| {
        cell(manifest, 2, |kind| change(&mut map(kind).head, 1, |field| field.ty = Type::Text { max: 3 }));
    });
    let digest = |size| {
        move |manifest: &mut Manifest| {
            cell(manifest, 2, |kind| {
                let field = HeadField {
                    name: name("wide"),
                    ty: Type::FixedBytes { size },
                    write_once: true,
                    sum: false,
                    clear_on_move: false,
                };
                push(&mut map(kind).head, field);
            });
        }
    };
    // State byte, account, u128, u64, i64 and hash take 97 bytes.
    accepted("the greatest head", digest(1024 - 97));
    refused(
        2114,
        "manifest cells.auctions.head: size of the head in bytes is 1025, allowed is 1024",
        digest(1025 - 97),
    );
    accepted("the greatest entry", |manifest| {
        cell(manifest, 2, |kind| map(kind).tail_max_bytes = VALUE_SIZE_MAX - 97);
    });
    refused(
        2114,
        "manifest cells.auctions.tail_max_bytes: size of head and tail in bytes is 16385, allowed is 16384",
        |manifest| cell(manifest, 2, |kind| map(kind).tail_max_bytes = VALUE_SIZE_MAX - 96),
    );
    refused(
        2114,
        "manifest cells.tokens.tail: size of the tail's type in bytes is 302, allowed is 301",
        |manifest| {
            cell(manifest, 1, |kind| map(kind).tail_max_bytes = 301);
        },
    );
    refused(2121, &format!("manifest cells.allowances.max_entries: {conflict}"), |manifest| {
        cell(manifest, 3, |kind| ledger(kind).count = false);
    });
    refused(2112, "manifest cells.allowances.max_entries: at least one expected, none found", |manifest| {
        cell(manifest, 3, |kind| ledger(kind).max_entries = Some(0));
    });
    refused(2121, &format!("manifest cells.balances.max_entries: {conflict}"), |manifest| {
        cell(manifest, 0, |kind| ledger(kind).max_entries = Some(5));
    });
    refused(2116, "manifest cells.balances.key[0]: account expected, hash found", |manifest| {
        cell(manifest, 0, |kind| change(&mut ledger(kind).key, 0, |field| field.ty = Type::Hash));
    });
    refused(2121, &format!("manifest cells.auctions.head[0]: {conflict}"), |manifest| {
        cell(manifest, 2, |kind| change(&mut map(kind).head, 0, |field| field.sum = true));
    });
    refused(2121, &format!("manifest cells.auctions.head[1]: {conflict}"), |manifest| {
        cell(manifest, 2, |kind| change(&mut map(kind).head, 1, |field| field.clear_on_move = true));
    });
    for event in [2, 3] {
        let text = format!(
            "manifest cells.balances.on_move: event {event} must have the fields (account, account, amount or id)"
        );
        refused(2125, &text, |manifest| {
            cell(manifest, 0, |kind| ledger(kind).asset.as_mut().expect("an asset").on_move = Some(event));
        });
    }
    refused(2121, &format!("manifest cells.wares.unique: {conflict}"), |manifest| {
        cell(manifest, 6, |kind| {
            let asset = AssetRef::Own(1);
            *kind = CellKind::Escrow(EscrowCell { item: Some(3), asset, unique: true });
        });
    });
    refused(2119, "manifest cells.wares.asset: cell 4 has a kind that cannot be used so", |manifest| {
        cell(manifest, 6, |kind| {
            let asset = AssetRef::Own(4);
            *kind = CellKind::Escrow(EscrowCell { item: Some(3), asset, unique: false });
        });
    });
}

#[test]
fn roles_and_machines() {
    refused(2116, "manifest roles.owner.initial: account expected, u8 found", |manifest| {
        let kind = RoleKind::Account { initial: RoleInitial::Param(1), transferable: true };
        change(&mut manifest.roles, 1, |role| role.kind = kind);
    });
    let guardians = |threshold, members_max| {
        let kind = RoleKind::Set { initial: 4, members_max, threshold, approval_blocks: 1, admin: None };
        move |manifest: &mut Manifest| change(&mut manifest.roles, 2, |role| role.kind = kind)
    };
    accepted("the greatest set", guardians(64, 64));
    refused(
        2114,
        "manifest roles.guardians.members_max: count of members is 65, allowed is 64",
        guardians(1, 65),
    );
    refused(2114, "manifest roles.guardians.threshold: threshold is 8, allowed is 7", guardians(8, 7));
    refused(2112, "manifest roles.guardians.threshold: at least one expected, none found", guardians(0, 7));
    refused(2117, "manifest roles.guardians.initial: type types[2] cannot be used here", guardians(1, 6));
    refused(2116, "manifest roles.seller.field: account expected, u128 found", |manifest| {
        let kind = RoleKind::Item { cell: 3, field: ItemField::Head(1) };
        change(&mut manifest.roles, 3, |role| role.kind = kind);
    });
    refused(2119, "manifest roles.holder.field: cell 3 has a kind that cannot be used so", |manifest| {
        let kind = RoleKind::Item { cell: 3, field: ItemField::Owner };
        change(&mut manifest.roles, 4, |role| role.kind = kind);
    });
    refused(
        2110,
        "manifest machines.auction.initial: nothing in machines has the id or index 9",
        |manifest| {
            change(&mut manifest.machines, 1, |machine| machine.initial = 9);
        },
    );
    refused(
        2110,
        "manifest machines.auction.terminal[1]: nothing in machines has the id or index 9",
        |manifest| {
            change(&mut manifest.machines, 1, |machine| machine.terminal = list([2, 9]));
        },
    );
    refused(2108, "manifest machines.auction.states[1]: id 1 is used twice", |manifest| {
        change(&mut manifest.machines, 1, |machine| change(&mut machine.states, 1, |state| state.id = 1));
    });
    refused(2119, "manifest machines.main.cell: cell 1 has a kind that cannot be used so", |manifest| {
        change(&mut manifest.machines, 0, |machine| machine.cell = Some(1));
    });
    refused(2108, "manifest machines.auction.cell: id 3 is used twice", |manifest| {
        change(&mut manifest.machines, 0, |machine| machine.cell = Some(3));
    });
}

#[test]
fn constructors() {
    refused(2123, "manifest transitions.bid: there is a constructor already", |manifest| {
        bid(manifest, |bid| bid.kind = TransitionKind::Constructor);
    });
    let shape = "manifest transitions.create: a constructor has no arguments, item or states, and any caller";
    refused(2124, shape, |manifest| {
        change(&mut manifest.transitions, 0, |create| create.args = fields(&[("a", Type::U8)]));
    });
    refused(2124, shape, |manifest| {
        change(&mut manifest.transitions, 0, |create| create.caller = CallerRule::Signer);
    });
}

#[test]
fn terms_of_keys() {
    let touch = |cell, key: &[KeyTerm], ops| {
        let touch = Touch { cell, key: list(key.iter().cloned()), ops, head: 0 };
        move |manifest: &mut Manifest| bid(manifest, |bid| bid.touches = Touches::Listed(list([touch])))
    };
    let at = "manifest transitions.bid.touches[0]";
    let conflict = "these options exclude each other or do not apply here";
    refused(2118, &format!("{at}: 2 terms expected, 1 found"), touch(4, &[KeyTerm::Any], Ops::READ));
    refused(2116, &format!("{at}: account expected, u64 found"), touch(1, &[KeyTerm::Arg(0)], Ops::READ));
    refused(2120, &format!("{at}: the term is not known here"), touch(1, &[KeyTerm::Arg(9)], Ops::READ));
    refused(2120, &format!("{at}: the term is not known here"), touch(2, &[KeyTerm::Head(1)], Ops::READ));
    let not_a_struct = format!("{at}: type u64 cannot be used here");
    refused(2117, &not_a_struct, touch(1, &[KeyTerm::ArgField { arg: 0, field: 0 }], Ops::READ));
    let short = KeyTerm::Literal(vec![1].try_into().expect("short"));
    refused(2122, &format!("{at}: constant: the bytes end inside the value"), touch(1, &[short], Ops::READ));
    refused(2121, &format!("{at}: {conflict}"), touch(1, &[KeyTerm::Caller], Ops::SET));
    refused(2121, &format!("{at}: {conflict}"), touch(2, &[KeyTerm::Arg(0)], Ops::ADD));
    refused(2121, &format!("{at}: {conflict}"), touch(1, &[KeyTerm::Caller], Ops(32)));
    refused(2112, &format!("{at}: at least one expected, none found"), touch(1, &[KeyTerm::Caller], Ops(0)));
    refused(2119, &format!("{at}: cell 6 has a kind that cannot be used so"), touch(6, &[], Ops::READ));
    for head in [1 << 0, 1 << 5] {
        refused(2121, &format!("{at}: {conflict}"), |manifest| {
            let key = list([KeyTerm::Any, KeyTerm::Any]);
            let touch = Touch { cell: 3, key, ops: Ops::SET, head };
            bid(manifest, |bid| bid.touches = Touches::Listed(list([touch])));
        });
    }
}

#[test]
fn a_place_is_touched_by_one_entry() {
    let conflict = "these options exclude each other or do not apply here";
    let place = |key: &KeyTerm, ops| Touch { cell: 1, key: list([key.clone()]), ops, head: 0 };
    let touches = |second: KeyTerm, ops| {
        let both = [place(&KeyTerm::Caller, Ops::ADD), place(&second, ops)];
        move |manifest: &mut Manifest| bid(manifest, |bid| bid.touches = Touches::Listed(list(both)))
    };
    accepted("two places", touches(KeyTerm::Origin, Ops::ADD));
    for ops in [Ops::ADD, Ops::SUB] {
        let place = format!("manifest transitions.bid.touches[1]: {conflict}");
        refused(2121, &place, touches(KeyTerm::Caller, ops));
    }
}

#[test]
fn methods() {
    let conflict = "these options exclude each other or do not apply here";
    let unknown_here = "the term is not known here";
    refused(2120, &format!("manifest transitions.open.caller: {unknown_here}"), |manifest| {
        change(&mut manifest.transitions, 2, |open| open.caller = CallerRule::Roles(list([5])));
    });
    refused(2112, "manifest transitions.bid.caller: at least one expected, none found", |manifest| {
        bid(manifest, |bid| bid.caller = CallerRule::Roles(BoundedVec::new()));
    });
    refused(2120, &format!("manifest transitions.create.from[0]: {unknown_here}"), |manifest| {
        change(&mut manifest.transitions, 0, |create| {
            create.kind = TransitionKind::Call;
            create.from = list([StateSet { machine: 2, states: list([1]) }]);
        });
    });
    refused(2108, "manifest transitions.bid.from[1]: id 2 is used twice", |manifest| {
        bid(manifest, |bid| change(&mut bid.from, 1, |set| set.machine = 2));
    });
    refused(2110, "manifest transitions.bid.to[0]: nothing in machines has the id or index 9", |manifest| {
        bid(manifest, |bid| change(&mut bid.to, 0, |set| set.states = list([9])));
    });
    refused(2121, &format!("manifest transitions.bid.sends[0]: {conflict}"), |manifest| {
        bid(manifest, |bid| change(&mut bid.sends, 0, |send| send.max = Amount::ZERO));
    });
    refused(2120, &format!("manifest transitions.open.escrows[0]: {unknown_here}"), |manifest| {
        let escrow = EscrowUse { cell: 6, pays_in: true, pays_out: false };
        change(&mut manifest.transitions, 2, |open| {
            open.item = ItemBinding::None;
            open.escrows = list([escrow]);
        });
    });
    refused(2116, "manifest transitions.bid.calls[0]: account expected, text<64> found", |manifest| {
        bid(manifest, |bid| change(&mut bid.calls, 0, |call| call.contract = KeyTerm::Param(0)));
    });
    let named = |method: &'static str| {
        move |manifest: &mut Manifest| {
            bid(manifest, |bid| change(&mut bid.calls, 0, |call| call.method = Some(name(method))));
        }
    };
    let not_a_name = "not a name: a letter, then letters, digits and _";
    for method in HOST_METHODS {
        accepted(method, named(method));
        refused(2104, &format!("manifest views.price.calls[0]: {not_a_name}"), |manifest| {
            change(&mut manifest.views, 0, |view| {
                change(&mut view.calls, 0, |call| call.method = Some(name(method)));
            });
        });
    }
    for method in ["$upgrade.undo", "$role", "role.offer", "Pay"] {
        refused(2104, &format!("manifest transitions.bid.calls[0]: {not_a_name}"), named(method));
    }
    let value = |value| {
        move |manifest: &mut Manifest| {
            bid(manifest, |bid| change(&mut bid.calls, 1, |call| call.value_max = Amount(value)));
        }
    };
    accepted("all that the transition sends in one call", value(10));
    refused(2121, &format!("manifest transitions.bid.calls[1]: {conflict}"), value(11));
    refused(2121, &format!("manifest transitions.bid.calls[0]: {conflict}"), |manifest| {
        bid(manifest, |bid| bid.sends = BoundedVec::new());
    });
    refused(2121, &format!("manifest views.price.calls[0]: {conflict}"), |manifest| {
        change(&mut manifest.views, 0, |view| {
            change(&mut view.calls, 0, |call| call.value_max = Amount(1));
        });
    });
    refused(2114, "manifest transitions.burn_all.item: count of items is 65, allowed is 64", |manifest| {
        change(&mut manifest.transitions, 3, |burn| {
            burn.item = ItemBinding::Each { cell: 2, arg: 0, max: 65 }
        });
    });
    refused(2118, "manifest transitions.burn_all.item: 1 terms expected, 2 found", |manifest| {
        change(&mut manifest.transitions, 3, |burn| {
            burn.item = ItemBinding::Each { cell: 3, arg: 0, max: 1 }
        });
    });
    refused(2112, "manifest transitions.bid.window: at least one expected, none found", |manifest| {
        bid(manifest, |bid| {
            bid.window = Some(Window { clock: Clock::Height, opens: None, closes: None, exit: None });
        });
    });
}

#[test]
fn ceilings_at_the_limit_and_one_past() {
    type Set = fn(&mut Ceilings, u64);
    let sets: [(&str, &str, u64, Set); 5] = [
        ("gas", "gas ceiling", CEILING_GAS_MAX, |ceilings, value| ceilings.gas = Gas(value)),
        ("reads", "read ceiling", CEILING_READS_MAX.into(), |ceilings, value| ceilings.reads = value as u32),
        ("writes", "write ceiling", CEILING_WRITES_MAX.into(), |ceilings, value| {
            ceilings.writes = value as u32
        }),
        ("new_entries", "new-entry ceiling", CEILING_NEW_ENTRIES_MAX.into(), |ceilings, value| {
            ceilings.new_entries = value as u32;
        }),
        ("events", "event ceiling", CEILING_EVENTS_MAX.into(), |ceilings, value| {
            ceilings.events = value as u32
        }),
    ];
    for (part, what, limit, set) in sets {
        accepted(part, |manifest| bid(manifest, |bid| set(&mut bid.ceilings, limit)));
        let past = limit + 1;
        let text = format!("manifest transitions.bid.{part}: {what} is {past}, allowed is {limit}");
        refused(2114, &text, |manifest| bid(manifest, |bid| set(&mut bid.ceilings, past)));
    }
    refused(2112, "manifest transitions.bid.gas: at least one expected, none found", |manifest| {
        bid(manifest, |bid| bid.ceilings.gas = Gas(0));
    });
    refused(2112, "manifest views.price.gas: at least one expected, none found", |manifest| {
        change(&mut manifest.views, 0, |view| view.gas = Gas(0));
    });
}

#[test]
fn expressions() {
    let guard = |nodes: &[Node]| {
        let guard: Expression = list(nodes.iter().cloned());
        move |manifest: &mut Manifest| bid(manifest, |bid| bid.guard = Some(guard))
    };
    let at = "manifest transitions.bid.guard";
    let cases: [(&[Node], u16, &str); 14] = [
        (&[], 0, "exactly one value must be left"),
        (&[Node::Bool(true), Node::Bool(true)], 2, "exactly one value must be left"),
        (&[Node::Uint(1)], 1, "the result has the wrong type"),
        (&[Node::Bool(true), Node::And], 1, "an operand is missing"),
        (&[Node::Uint(1), Node::Int(1), Node::Less], 2, "the operands have the wrong types"),
        (&[Node::Bool(true), Node::Uint(1), Node::Int(1), Node::If], 3, "the operands have the wrong types"),
        (&[Node::Caller, Node::Origin, Node::Less], 2, "the operands have the wrong types"),
        (&[Node::Arg(7)], 0, "this is not declared"),
        (&[Node::Param(0)], 0, "this is not a truth value, number, account or digest"),
        (&[Node::Owner], 0, "this is not known where the expression is evaluated"),
        (&[Node::Count(6)], 0, "this is not declared"),
        (&[Node::LedgerSum(4)], 0, "this is not declared"),
        (&[Node::Quorum(1)], 0, "this is not declared"),
        (&[Node::Member(5)], 0, "this is not known where the expression is evaluated"),
    ];
    for (nodes, node, problem) in cases {
        refused(2126, &format!("{at}: node {node}: {problem}"), guard(nodes));
    }
    refused(
        2126,
        "manifest invariants.solvent.rule: node 0: this is not known where the expression is evaluated",
        |manifest| {
            change(&mut manifest.invariants, 1, |invariant| invariant.rule = list([Node::Height]));
        },
    );
    // Nobody approves an exit, a window or an instantiation.
    let unknown = "this is not known where the expression is evaluated";
    refused(2126, &format!("manifest exits.expire.guard: node 0: {unknown}"), |manifest| {
        change(&mut manifest.exits, 0, |exit| exit.guard = Some(list([Node::Quorum(3)])));
    });
    refused(2126, &format!("manifest transitions.bid.window.opens: node 0: {unknown}"), |manifest| {
        let opens = list([Node::Quorum(3), Node::Uint(1), Node::Uint(2), Node::If]);
        let window = Window { clock: Clock::Height, opens: Some(opens), closes: None, exit: None };
        bid(manifest, |bid| bid.window = Some(window));
    });
    refused(2126, &format!("manifest transitions.create.guard: node 0: {unknown}"), |manifest| {
        change(&mut manifest.transitions, 0, |create| create.guard = Some(list([Node::Quorum(3)])));
    });
    let reads = |count: usize| {
        let mut nodes = vec![Node::Bool(true)];
        nodes.extend((0..count).flat_map(|_| [Node::Member(1), Node::And]));
        nodes
    };
    accepted("the most reads", guard(&reads(8)));
    refused(2114, &format!("{at}: count of state reads is 9, allowed is 8"), guard(&reads(9)));
    let nots = |count: usize| {
        let mut nodes = vec![Node::Bool(true)];
        nodes.extend(vec![Node::Not; count - 1]);
        nodes
    };
    accepted("the most nodes", guard(&nots(64)));
    assert!(Expression::try_from(nots(65)).is_err());
}

#[test]
fn exits() {
    let conflict = "these options exclude each other or do not apply here";
    let effect = |effect: Effect| {
        move |manifest: &mut Manifest| change(&mut manifest.exits, 0, |exit| exit.effects = list([effect]))
    };
    let at = "manifest exits.expire.effects[0]";
    let some = Some(list([Node::Uint(1)]));
    let release =
        |escrow, amount, remainder| Effect::Release { escrow, amount, to: KeyTerm::Caller, remainder };
    refused(2121, &format!("{at}: {conflict}"), effect(release(7, some.clone(), None)));
    refused(2121, &format!("{at}: {conflict}"), effect(release(6, None, Some(KeyTerm::Caller))));
    refused(2119, &format!("{at}: cell 1 has a kind that cannot be used so"), effect(release(1, None, None)));
    let head = |field| Effect::SetHead { field, value: list([Node::Uint(1)]) };
    refused(2121, &format!("{at}: {conflict}"), effect(head(2)));
    refused(2120, &format!("{at}: the term is not known here"), effect(head(9)));
    let any = Effect::Pay { to: KeyTerm::Any, amount: list([Node::Uint(1)]) };
    refused(2120, &format!("{at}: the term is not known here"), effect(any));
    refused(2120, "manifest exits.wake.effects[0]: the term is not known here", |manifest| {
        change(&mut manifest.exits, 1, |exit| exit.effects = list([Effect::DeleteItem]));
    });
    refused(2110, "manifest exits.wake.to: nothing in machines has the id or index 9", |manifest| {
        change(&mut manifest.exits, 1, |exit| exit.to = Some(ExitTarget { machine: 1, state: 9 }));
    });
    refused(2118, "manifest exits.expire.event: 3 terms expected, 0 found", |manifest| {
        let event = Some(ExitEvent { event: 1, fields: BoundedVec::new() });
        change(&mut manifest.exits, 0, |exit| exit.event = event);
    });
}

#[test]
fn the_table_of_limits_names_each_once() {
    for (index, limit) in LIMITS.iter().enumerate() {
        assert!(LIMITS[..index].iter().all(|before| before.name != limit.name), "{}", limit.name);
        assert!(limit.value > 0 && !limit.unit.is_empty() && !limit.what.is_empty(), "{}", limit.name);
    }
    let source = include_str!("../limits.rs");
    let declared =
        source.lines().filter(|line| line.starts_with("pub const ") && !line.contains("LIMITS")).count();
    // EXPRESSION_STACK_MAX follows from EXPRESSION_NODES_MAX: nothing can pass it alone.
    assert_eq!(LIMITS.len(), declared - 1, "every constant of limits.rs is in the table");
}
