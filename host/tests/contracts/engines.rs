//! That a [`World`] compares engines, and would tell if they differed.

use chainstack_engine::Compiler;
use chainstack_host::EngineChoice;
use chainstack_primitives::{
    AccountId, Gas, codes,
    manifest::{Manifest, Type},
};

use crate::{
    kit,
    world::{ALICE, OTHER_ENGINES, World},
};

const HERE: AccountId = AccountId([0x5e; 32]);

/// A contract with `_initialize`, a method that picks by the one pattern that the interpreter gets wrong, and others
/// that end in every way.
fn endings() -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("endings"));
    manifest.errors = kit::list(vec![kit::error(1, "No", vec![])]);
    let method = |name: &str, returns| {
        let mut method = kit::transition(name, vec![], returns);
        method.errors = kit::list(vec![1]);
        method.ceilings.gas = Gas(5_000_000);
        method
    };
    manifest.transitions = kit::list(vec![
        method("pick", Some(Type::U32)),
        method("start", Some(Type::U32)),
        method("grow", Some(Type::U32)),
        method("revert", None),
        method("trap", None),
        method("divide", None),
        method("reach", None),
        method("deep", None),
        method("spin", None),
        method("stray", None),
    ]);
    let answer =
        |value: &str| format!("(i32.store (i32.const 0) {value}) (call $output (i32.const 0) (i32.const 4))");
    let functions = [
        ("pick", answer("(call $pick (i32.const 0))")),
        ("start", answer("(global.get $start)")),
        ("grow", answer("(memory.grow (i32.const 2))")),
        ("revert", "(call $revert (i32.const 1) (i32.const 0) (i32.const 0))".to_owned()),
        ("trap", "unreachable".to_owned()),
        ("divide", "(drop (i32.div_u (i32.const 1) (i32.load (i32.const 0))))".to_owned()),
        ("reach", "(drop (i32.load (i32.const 65533)))".to_owned()),
        ("deep", "(call $deep)".to_owned()),
        ("spin", "(loop $again (br $again))".to_owned()),
        ("stray", "(call_indirect (type $none) (i32.const 1))".to_owned()),
    ];
    let functions: Vec<(&str, &str)> = functions.iter().map(|(name, body)| (*name, body.as_str())).collect();
    let extra = r#"
        (type $none (func))
        (table 2 funcref)
        (global $start (mut i32) (i32.const 1))
        (func (export "_initialize") (global.set $start (i32.const 42)))
        (func $deep (call $deep))
        (func $pick (param i32) (result i32)
            (select (i32.const 1) (local.get 0) (i32.eqz (local.get 0))))"#;
    kit::module(&functions, extra, &manifest)
}

fn world(engines: &[EngineChoice]) -> World {
    let mut world = World::beside(engines);
    world.create(HERE, &endings(), &[]);
    world
}

#[test]
fn engines_agree_however_a_call_ends() {
    let mut world = world(&OTHER_ENGINES);
    let before = world.compared;
    assert_eq!(world.call(ALICE, HERE, "start", &[]).expect("start"), 42_u32.to_le_bytes());
    assert_eq!(world.call(ALICE, HERE, "grow", &[]).expect("grow"), 1_u32.to_le_bytes());
    let cases = [
        ("revert", codes::REVERTED),
        ("trap", codes::TRAP),
        ("divide", codes::TRAP),
        ("reach", codes::TRAP),
        ("stray", codes::TRAP),
        ("deep", codes::STACK_OVERFLOW),
        ("spin", codes::CEILING_GAS),
    ];
    for (method, code) in cases {
        let failure = world.call(ALICE, HERE, method, &[]).expect_err(method);
        assert_eq!(failure.code, code, "{method}: {failure:?}");
    }
    assert_eq!(world.compared - before, 9);
}

/// Compilers agree where the interpreter is wrong; that it shows proves that the interpreter ran, and was looked at.
#[test]
fn the_compilers_agree_where_the_interpreter_is_wrong() {
    let mut world = world(&[EngineChoice::Compiled(Compiler::Cranelift)]);
    assert_eq!(world.call(ALICE, HERE, "pick", &[]).expect("pick"), 1_u32.to_le_bytes());
}

#[test]
#[should_panic = "Reference brings the left"]
fn a_difference_between_engines_shows() {
    let _ = world(&OTHER_ENGINES).call(ALICE, HERE, "pick", &[]);
}
