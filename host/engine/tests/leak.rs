//! Resident memory stays flat over many modules and over calls that end in every way. Alone in its process, so that
//! nothing else is measured.
#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "what was measured is part of what a test says")]

use chainstack_engine::{
    Compiler, Engine, EngineConfig, Guest, Host, HostFunctionSignature, HostFunctions, HostTrap,
    InitializeLimits, Module,
};
use chainstack_primitives::keccak256;

const TABLE: HostFunctions = HostFunctions {
    module: "chainstack",
    functions: &[HostFunctionSignature { name: "stop", params: &[], result: None }],
};

struct Stops;

impl Host for Stops {
    fn call(&mut self, _: u32, _: &[u64], _: &mut Guest<'_>) -> Result<u64, HostTrap> {
        Err(HostTrap(1))
    }
}

/// A module of its own for each number, with some hundred kilobytes of native code.
fn load(engine: &Engine, number: u32) -> Module {
    let work = format!("(drop (i64.mul (i64.const {number}) (i64.const 77)))").repeat(4_000);
    let code = wat::parse_str(format!(
        r#"(module (import "chainstack" "stop" (func $stop)) (memory (export "memory") 2 4)
        (data (i32.const 1024) "some constants of a contract")
        (global $gas (export "$gas") (mut i64) (i64.const 0)) (global $stack (export "$stack") (mut i32) (i32.const 0))
        (global $trap (export "$trap") (mut i32) (i32.const 0))
        (func (export "work") {work})
        (func (export "trap") unreachable)
        (func (export "stop") (call $stop))
        (func (export "grow") (drop (memory.grow (i32.const 1)))
          (memory.fill (i32.const 0) (i32.const 1) (i32.const 196608))))"#
    ))
    .unwrap();
    let limits = InitializeLimits { gas: 1, stack: 1 };
    engine.load(&keccak256(&code), &code, Compiler::Singlepass, limits).unwrap()
}

/// Resident bytes of this process.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Growth over the second half of `rounds`, in MiB.
fn growth(what: &str, rounds: u32, mut round: impl FnMut(u32)) -> f64 {
    (0..rounds / 2).for_each(&mut round);
    let before = resident();
    (rounds / 2..rounds).for_each(&mut round);
    let grown = (resident() as f64 - before as f64) / f64::from(1024 * 1024);
    println!("{what}: {rounds} rounds, resident {} MiB, {grown:+.2} MiB over the second half", before >> 20);
    grown
}

#[test]
fn resident_memory_stays_flat() {
    let engine = Engine::new(EngineConfig { modules_max: 4 }, TABLE, None).unwrap();
    // More modules than are kept: each must go with all that the engine holds of it. The estimate of what one holds
    // is what the bound on kept contracts relies on.
    let held = load(&engine, 1_000_000).held_bytes();
    let modules = growth("modules", 400, |number| {
        let module = load(&engine, number);
        engine.call(&module, "work", 100, 100, &mut Stops).unwrap();
    });
    assert!(
        modules < 100.0 * held as f64 / f64::from(1024 * 1024) / 10.0,
        "{modules} MiB, {held} bytes each"
    );

    let module = load(&engine, 0);
    for method in ["work", "trap", "stop", "grow"] {
        let grown = growth(method, 4_000, |_| {
            engine.call(&module, method, 100, 100, &mut Stops).unwrap();
        });
        assert!(grown < 4.0, "{method}: {grown} MiB");
    }

    // The estimate, against what modules really take.
    drop(engine);
    let engine = Engine::new(EngineConfig { modules_max: 1_000 }, TABLE, None).unwrap();
    let before = resident();
    let kept: Vec<Module> = (0..100).map(|number| load(&engine, number)).collect();
    let estimate: usize = kept.iter().map(Module::held_bytes).sum();
    let taken = resident().saturating_sub(before);
    println!("100 modules take {taken} bytes, {estimate} estimated");
    assert!(
        taken < 2 * estimate as u64 && estimate as u64 <= 4 * taken,
        "{taken} taken, {estimate} estimated"
    );
}
