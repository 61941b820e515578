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
