//! Work is charged: what costs time or touches state costs gas.

use chainstack_primitives::{
    AccountId,
    manifest::{KeyTerm, Manifest, Ops, Touch, Touches, Type, TypeDef, TypeKind},
};

use crate::{
    kit::{self, field, list, name},
    speed::cpu_seconds,
    world::{ALICE, World},
};

const HERE: AccountId = AccountId([0x9c; 32]);

/// Gas is about a nanosecond. Tests run on busy machines and slower ones: this much is let pass.
const NANOSECONDS_PER_GAS: f64 = 10.0;

/// One method that reads a place 100 times; its 32 touches name a field behind three long lists.
fn far_fields() -> Vec<u8> {
    let mut manifest = Manifest::empty(name("far"));
    let long = TypeKind::List { of: Type::U8, max: 4096 };
    let lists = ["a", "b", "c"].map(|list| field(list, Type::Defined(0)));
    let fields = lists.into_iter().chain([field("id", Type::U32)]).collect();
    let far = TypeKind::Struct { fields: list(fields) };
    manifest.types =
        list(vec![TypeDef { name: None, kind: long }, TypeDef { name: Some(name("Far")), kind: far }]);
    let key = vec![field("id", Type::U32), field("n", Type::U8)];
    manifest.cells = list(vec![kit::map(1, "items", key, vec![], 8)]);
    let place = |n: u8| {
        let key = vec![KeyTerm::ArgField { arg: 0, field: 3 }, KeyTerm::Literal(list(vec![n]))];
        Touch { cell: 1, key: list(key), ops: Ops::READ, head: 0 }
    };
    let mut read = kit::transition("read", vec![field("far", Type::Defined(1))], None);
    read.touches = Touches::Listed(list((0..32).map(place).collect()));
    manifest.transitions = list(vec![read]);
    let get =
        "(drop (call $cell_get (i32.const 1) (i32.const 100) (i32.const 5) (i32.const 200) (i32.const 8)))";
    let body = format!(
        "(i32.store (i32.const 100) (i32.const 7)) (i32.store8 (i32.const 104) (i32.const 31)) {}",
        get.repeat(100)
    );
    kit::module(&[("read", &body)], "", &manifest)
}

#[test]
fn an_access_is_priced_however_far_its_key_lies_in_the_arguments() {
    let mut world = World::new();
    world.create(HERE, &far_fields(), &[]);
    let long = [&[1, 0x40][..], &[5; 4096]].concat();
    let args = [&long[..], &long, &long, &7_u32.to_le_bytes()].concat();
    let (mut gas, start) = (0, cpu_seconds());
    for _ in 0..20 {
        world.call(ALICE, HERE, "read", &args).expect("read");
        gas += world.gas;
    }
    let nanoseconds = (cpu_seconds() - start) * 1e9;
    eprintln!("{gas} gas took {nanoseconds:.0} ns");
    assert!(nanoseconds < NANOSECONDS_PER_GAS * gas as f64, "{nanoseconds} ns for {gas} gas");
}

/// Cells of [`accounts`]: the one ledger keeps a sum and a count, the other nothing.
const KEPT: u64 = 1;
const PLAIN: u64 = 2;
const VALUE: u64 = 3;

/// Gas of what `body` does, after a call that did `before`: without what every call of the contract costs.
fn gas_after(before: &str, body: &str) -> u64 {
    let mut manifest = Manifest::empty(name("accounts"));
    manifest.cells = list(vec![
        kit::ledger(1, "kept", true, true),
        kit::ledger(2, "plain", false, false),
        kit::value(3, "value", vec![kit::head("n", Type::U32, false, false)], 0),
    ]);
    manifest.transitions =
        list(["before", "go", "idle"].map(|method| kit::transition(method, vec![], None)).to_vec());
    let amount = "(data (i32.const 500) \"\\01\")";
    let mut world = World::new();
    let methods = [("before", before), ("go", body), ("idle", "")];
    world.create(HERE, &kit::module(&methods, amount, &manifest), &[]);
    world.call(ALICE, HERE, "before", &[]).expect("before");
    world.call(ALICE, HERE, "idle", &[]).expect("idle");
    let idle = world.gas;
    world.call(ALICE, HERE, "go", &[]).expect("go");
    world.gas - idle
}

fn add(cell: u64, account: u32) -> String {
    format!(
        "(drop (call $ledger_add (i32.const {cell}) (i32.const {account}) (i32.const 32) (i32.const 500)))"
    )
}

fn take(cell: u64, account: u32) -> String {
    add(cell, account).replace("ledger_add", "ledger_sub")
}

/// Moves from the account at 0 to the one at 490.
fn carry(cell: u64) -> String {
    format!(
        "(drop (call $ledger_move (i32.const {cell}) (i32.const 0) (i32.const 32)
            (i32.const 490) (i32.const 32) (i32.const 500)))"
    )
}

/// What it costs to read and write one entry.
fn update() -> u64 {
    let prices = World::new().schedule.host;
    prices.read + prices.write
}

#[test]
fn sums_and_counts_are_paid_for_by_who_changes_them_first() {
    type Body = fn(u64) -> String;
    const FAR: u32 = 490;
    // What was done before, what is done, how many sums and counts that changes.
    let cases: [(&str, Body, Body, u64); 9] = [
        ("create", |_| String::new(), |cell| add(cell, 0), 2),
        ("add", |cell| add(cell, 0), |cell| add(cell, 0), 1),
        ("create and add", |_| String::new(), |cell| add(cell, 0) + &add(cell, 0), 2),
        ("create two", |_| String::new(), |cell| add(cell, 0) + &add(cell, FAR), 2),
        ("take the last", |cell| add(cell, 0), |cell| take(cell, 0), 2),
        ("take one of two", |cell| add(cell, 0).repeat(2), |cell| take(cell, 0), 1),
        ("carry all to nobody", |cell| add(cell, 0), carry, 0),
        ("carry a part to nobody", |cell| add(cell, 0).repeat(2), carry, 1),
        ("carry all to somebody", |cell| add(cell, 0) + &add(cell, FAR), carry, 1),
    ];
    for (what, before, body, merges) in cases {
        let gas = |cell| gas_after(&before(cell), &body(cell));
        assert_eq!(gas(KEPT) - gas(PLAIN), merges * update(), "{what}");
    }
    // Reading a sum merges both; the next change of the sum is the first again.
    let sum = "(call $cell_sum (i32.const 1) (i32.const 0) (i32.const 600))";
    let between = gas_after("", &[&*add(KEPT, 0), sum, &add(KEPT, 0)].concat());
    let after = gas_after("", &[&*add(KEPT, 0), &add(KEPT, 0), sum].concat());
    assert_eq!(between - after, update());
}

#[test]
fn who_deletes_pays_for_the_account_that_gets_the_deposit() {
    let left = gas_after(&add(PLAIN, 0).repeat(2), &take(PLAIN, 0));
    let emptied = gas_after(&add(PLAIN, 0), &take(PLAIN, 0));
    assert_eq!(emptied - left, update());
    let filled = add(PLAIN, 0) + &add(PLAIN, 490);
    let left = gas_after(&(filled.clone() + &add(PLAIN, 0)), &carry(PLAIN));
    let emptied = gas_after(&filled, &carry(PLAIN));
    assert_eq!(emptied - left, update());
    let set = format!(
        "(call $cell_set (i32.const {VALUE}) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4))"
    );
    let delete = format!("(drop (call $cell_delete (i32.const {VALUE}) (i32.const 0) (i32.const 0)))");
    let found_bytes = 4 * World::new().schedule.host.byte;
    assert_eq!(gas_after(&set, &delete) - gas_after("", &delete), found_bytes + update());
}

#[test]
fn an_instance_lost_by_growing_is_paid_for() {
    let grow = |pages: u32| format!("(drop (memory.grow (i32.const {pages})))");
    let prices = World::new().schedule.host;
    let (kept, lost) = (gas_after("", &grow(0)), gas_after("", &grow(1)));
    assert_eq!(lost - kept, prices.memory_page + prices.trap);
    assert_eq!(
        gas_after("", &(grow(1) + &grow(2))) - gas_after("", &(grow(0) + &grow(1))),
        2 * prices.memory_page
    );
}
