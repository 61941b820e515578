//! Calls of hand-written code that has what instrumentation provides: pool, reset, host functions, nesting, cache.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chainstack_engine::{
    CodeCache, CodeKey, Compiler, Engine, EngineConfig, Guest, Host, HostFunctionSignature, HostFunctions,
    HostTrap, InitializeLimits, LoadError, Module, NoHost, Outcome, TrapKind, ValueKind,
    WARM_BYTES_PER_THREAD, WARM_INSTANCES_PER_THREAD, warm_on_this_thread,
};
use chainstack_primitives::{Hash, keccak256};

const I32: ValueKind = ValueKind::I32;
const I64: ValueKind = ValueKind::I64;

const TABLE: HostFunctions = HostFunctions {
    module: "chainstack",
    functions: &[
        HostFunctionSignature { name: "nothing", params: &[], result: None },
        HostFunctionSignature {
            name: "sum",
            params: &[I32, I64, I32, I64, I32, I64, I32],
            result: Some(I64),
        },
        HostFunctionSignature {
            name: "many",
            params: &[I32, I64, I32, I64, I32, I64, I32, I32, I64, I32, I64, I32],
            result: Some(I32),
        },
        HostFunctionSignature { name: "stop", params: &[I32], result: None },
        HostFunctionSignature { name: "again", params: &[], result: Some(I32) },
        HostFunctionSignature { name: "poke", params: &[I32, I32], result: None },
        HostFunctionSignature { name: "panic", params: &[], result: None },
    ],
};

const GLOBALS: &str = r#"(global $gas (export "$gas") (mut i64) (i64.const 0))
    (global $stack (export "$stack") (mut i32) (i32.const 0))
    (global $trap (export "$trap") (mut i32) (i32.const 0))"#;

const LIMITS: InitializeLimits = InitializeLimits { gas: 1_000_000, stack: 10_000 };

fn engine(cache: Option<Arc<dyn CodeCache>>) -> Engine {
    Engine::new(EngineConfig { modules_max: 4 }, TABLE, cache).unwrap()
}

fn load(engine: &Engine, text: &str, compiler: Compiler) -> Module {
    let code = wat::parse_str(format!("(module {text} {GLOBALS})")).unwrap();
    engine.load(&keccak256(&code), &code, compiler, LIMITS).unwrap()
}

/// Records what it was called with, and calls again.
struct Recorder<'a> {
    engine: &'a Engine,
    module: Option<Module>,
    calls: Vec<(u32, Vec<u64>)>,
    depth: u32,
    depth_max: u32,
}

impl<'a> Recorder<'a> {
    fn new(engine: &'a Engine) -> Self {
        Self { engine, module: None, calls: Vec::new(), depth: 0, depth_max: 0 }
    }
}

impl Host for Recorder<'_> {
    fn call(&mut self, function: u32, args: &[u64], guest: &mut Guest<'_>) -> Result<u64, HostTrap> {
        let name = TABLE.functions[function as usize].name;
        self.calls.push((function, args.to_vec()));
        assert!(guest.charge(7));
        match name {
            "sum" => Ok(args.iter().sum()),
            "many" => Ok(args.iter().fold(0, |sum, arg| sum * 2 + (arg & 0xff))),
            "stop" => Err(HostTrap(u32::try_from(args[0]).unwrap())),
            "panic" => panic!("a panic of the host"),
            "poke" => {
                let at = u32::try_from(args[0]).unwrap();
                guest.bytes_mut(at, 1).ok_or(HostTrap(77))?[0] = u8::try_from(args[1]).unwrap();
                Ok(0)
            }
            "again" => {
                if self.depth == self.depth_max {
                    return Ok(u64::from(self.depth));
                }
                self.depth += 1;
                let module = self.module.clone().unwrap();
                let report = self.engine.call(&module, "again", guest.gas(), guest.stack(), self).unwrap();
                assert_eq!(report.outcome, Outcome::Return);
                guest.set_gas(report.gas_left);
                Ok(u64::from(self.depth))
            }
            _ => Ok(0),
        }
    }
}

const BOTH: [Compiler; 2] = [Compiler::Singlepass, Compiler::Cranelift];

#[test]
fn host_functions_get_their_arguments_and_give_results() {
    for compiler in BOTH {
        let engine = engine(None);
        let module = load(
            &engine,
            r#"(import "chainstack" "sum" (func $sum (param i32 i64 i32 i64 i32 i64 i32) (result i64)))
            (import "chainstack" "many" (func $many (param i32 i64 i32 i64 i32 i64 i32 i32 i64 i32 i64 i32) (result i32)))
            (import "chainstack" "nothing" (func $nothing))
            (type $none (func))
            (table funcref (elem $nothing $check))
            (memory (export "memory") 1)
            (func $check (export "direct")
              (if (i64.ne
                    (call $sum (i32.const -1) (i64.const 2) (i32.const 3) (i64.const 4) (i32.const 5) (i64.const 6) (i32.const 7))
                    (i64.const 0x10000001a)) (then unreachable))
              (if (i32.ne
                    (call $many (i32.const 1) (i64.const 0) (i32.const 1) (i64.const 0) (i32.const 1) (i64.const 0)
                        (i32.const 1) (i32.const 0) (i64.const 1) (i32.const 0) (i64.const 1) (i32.const 0))
                    (i32.const 0xaaa)) (then unreachable)))
            (func (export "through_table")
              (call_indirect (type $none) (i32.const 0))
              (call_indirect (type $none) (i32.const 1)))"#,
            compiler,
        );
        let mut host = Recorder::new(&engine);
        let report = engine.call(&module, "direct", 100, 1000, &mut host).unwrap();
        assert_eq!((report.outcome, report.gas_left), (Outcome::Return, 86), "{compiler:?} {:?}", host.calls);
        assert_eq!(host.calls[0].1, [0xffff_ffff, 2, 3, 4, 5, 6, 7], "upper halves are cut");
        let report = engine.call(&module, "through_table", 100, 1000, &mut host).unwrap();
        assert_eq!((report.outcome, report.gas_left), (Outcome::Return, 79), "{compiler:?} {:?}", host.calls);
    }
}

#[test]
fn the_host_ends_calls_with_its_own_reason() {
    for compiler in BOTH {
        let engine = engine(None);
        let module = load(
            &engine,
            r#"(import "chainstack" "stop" (func $stop (param i32)))
            (func (export "go") (call $stop (i32.const 4711)) unreachable)"#,
            compiler,
        );
        for _ in 0..1000 {
            let report = engine.call(&module, "go", 100, 1000, &mut Recorder::new(&engine)).unwrap();
            assert_eq!((report.outcome, report.gas_left), (Outcome::Host(HostTrap(4711)), 93));
        }
    }
}

#[test]
fn a_panic_of_the_host_passes_through_and_leaves_the_engine_usable() {
    let engine = engine(None);
    let module = load(
        &engine,
        r#"(import "chainstack" "panic" (func $panic)) (func (export "go") (call $panic)) (func (export "rest"))"#,
        Compiler::Singlepass,
    );
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        engine.call(&module, "go", 100, 1000, &mut Recorder::new(&engine))
    }));
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"a panic of the host"));
    assert_eq!(engine.call(&module, "rest", 5, 5, &mut NoHost).unwrap().outcome, Outcome::Return);
}

#[test]
fn every_trap_has_its_kind() {
    let text = r#"(memory (export "memory") 1)
        (type $none (func)) (type $other (func (result i32)))
        (table 4 funcref) (elem (i32.const 1) $returns)
        (func $returns (result i32) (i32.const 0))
        (global $zero (mut i32) (i32.const 0))
        (func (export "unreachable") unreachable)
        (func (export "load") (drop (i32.load (i32.const 65533))))
        (func (export "store") (i64.store (i32.const -1) (i64.const 1)))
        (func (export "fill") (memory.fill (i32.const 65000) (i32.const 1) (i32.const 600)))
        (func (export "divide") (drop (i32.div_u (i32.const 1) (global.get $zero))))
        (func (export "overflow") (drop (i32.div_s (i32.const 0x80000000) (i32.sub (global.get $zero) (i32.const 1)))))
        (func (export "convert") (drop (i32.trunc_f64_s (f64.const 1e300))))
        (func (export "nan") (drop (i32.trunc_f64_s (f64.const nan))))
        (func (export "table") (call_indirect (type $none) (i32.const 4)))
        (func (export "null") (call_indirect (type $none) (i32.const 0)))
        (func (export "signature") (call_indirect (type $none) (i32.const 1)))
        (func (export "gas") (global.set $trap (i32.const 1)) unreachable)
        (func (export "stack") (global.set $trap (i32.const 2)) unreachable)"#;
    let expected = [
        ("unreachable", TrapKind::Unreachable),
        ("load", TrapKind::MemoryOutOfBounds),
        ("store", TrapKind::MemoryOutOfBounds),
        ("fill", TrapKind::MemoryOutOfBounds),
        ("divide", TrapKind::DivisionByZero),
        ("overflow", TrapKind::IntegerOverflow),
        ("convert", TrapKind::IntegerOverflow),
        ("nan", TrapKind::BadConversion),
        ("table", TrapKind::TableOutOfBounds),
        ("null", TrapKind::IndirectCallToNull),
        ("signature", TrapKind::IndirectCallSignature),
        ("gas", TrapKind::OutOfGas),
        ("stack", TrapKind::StackOverflow),
    ];
    for compiler in BOTH {
        let engine = engine(None);
        let module = load(&engine, text, compiler);
        for (method, kind) in expected {
            let report = engine.call(&module, method, 100, 1000, &mut NoHost).unwrap();
            assert_eq!(report.outcome, Outcome::Trap(kind), "{compiler:?} {method}");
            assert_eq!(report.gas_left, if kind == TrapKind::OutOfGas { 0 } else { 100 });
        }
    }
}

#[test]
fn fresh_memory_is_the_image_after_a_thousand_dirty_calls() {
    // Fills all memory and its globals, or checks that only the data segment is there.
    for (pages, compiler) in [(1, Compiler::Singlepass), (1, Compiler::Cranelift), (20, Compiler::Singlepass)]
    {
        let bytes = pages * 65_536;
        let engine = engine(None);
        let module = load(
            &engine,
            &format!(
                r#"(import "chainstack" "stop" (func $stop (param i32)))
            (memory (export "memory") {pages} 64) (data (i32.const 100) "abc")
            (global $g (export "$g0") (mut i64) (i64.const 42)) (global $f (export "$g1") (mut f32) (f32.const 1.5))
            (func (export "dirty")
              (memory.fill (i32.const 0) (i32.const 0xa5) (i32.const {bytes}))
              (global.set $g (i64.const -1)) (global.set $f (f32.const nan)))
            (func (export "grow") (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
              (memory.fill (i32.const 0) (i32.const 0xa5) (i32.const {bytes})))
            (func (export "trap") (memory.fill (i32.const 0) (i32.const 0xa5) (i32.const {bytes})) unreachable)
            (func (export "stop") (memory.fill (i32.const 0) (i32.const 0xa5) (i32.const {bytes}))
              (global.set $g (i64.const -1)) (global.set $f (f32.const nan))
              (call $nested (i32.const 3)))
            (func (export "grow_stop") (drop (memory.grow (i32.const 1)))
              (memory.fill (i32.const 0) (i32.const 0xa5) (i32.const {bytes})) (call $stop (i32.const 4)))
            (func $nested (param $depth i32)
              (if (local.get $depth) (then (call $nested (i32.sub (local.get $depth) (i32.const 1)))))
              (call $stop (i32.const 4)))
            (func (export "check") (local $at i32)
              (if (i32.ne (memory.size) (i32.const {pages})) (then unreachable))
              (if (i64.ne (global.get $g) (i64.const 42)) (then unreachable))
              (if (f32.ne (global.get $f) (f32.const 1.5)) (then unreachable))
              (if (i32.ne (i32.load (i32.const 100)) (i32.const 0x636261)) (then unreachable))
              (i32.store (i32.const 100) (i32.const 0))
              (loop $next
                (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
                (local.set $at (i32.add (local.get $at) (i32.const 8)))
                (br_if $next (i32.lt_u (local.get $at) (i32.const {bytes})))))"#
            ),
            compiler,
        );
        for round in 0..1000 {
            let method = ["dirty", "grow", "trap", "stop", "dirty", "stop", "grow_stop"][round % 7];
            engine.call(&module, method, 10, 10, &mut Recorder::new(&engine)).unwrap();
            let report = engine.call(&module, "check", 1, 1, &mut NoHost).unwrap();
            assert_eq!(
                report.outcome,
                Outcome::Return,
                "{compiler:?}, {pages} pages, after {method}, round {round}"
            );
        }
    }
}

#[test]
fn an_instance_is_kept_when_its_code_or_the_host_ended_the_call_and_lost_after_a_trap() {
    let engine = engine(None);
    let module = load(
        &engine,
        r#"(import "chainstack" "stop" (func $stop (param i32))) (memory (export "memory") 1 2)
        (func (export "return")) (func (export "stop") (call $stop (i32.const 1)))
        (func (export "trap") unreachable) (func (export "grow") (drop (memory.grow (i32.const 1))))"#,
        Compiler::Singlepass,
    );
    let kept_after = |method: &str| {
        engine.call(&module, "return", 100, 100, &mut NoHost).unwrap();
        let before = warm_on_this_thread().0;
        engine.call(&module, method, 100, 100, &mut Recorder::new(&engine)).unwrap();
        warm_on_this_thread().0 == before
    };
    assert!(kept_after("return") && kept_after("stop"));
    assert!(!kept_after("trap") && !kept_after("grow"));
}

#[test]
fn warm_instances_are_bounded_by_count_and_by_bytes_and_go_with_their_module() {
    let engine = Engine::new(EngineConfig { modules_max: 1000 }, TABLE, None).unwrap();
    let run = |number: usize, pages: usize| {
        let text = format!(
            r#"(memory (export "memory") {pages} 64) (func (export "go") (i32.store (i32.const 8) (i32.const {number})))"#
        );
        let module = load(&engine, &text, Compiler::Singlepass);
        engine.call(&module, "go", 10, 10, &mut NoHost).unwrap();
        module
    };
    let modules: Vec<Module> = (0..WARM_INSTANCES_PER_THREAD).map(|number| run(number, 1)).collect();
    assert_eq!(warm_on_this_thread().0, WARM_INSTANCES_PER_THREAD);
    let _one_more = run(1000, 1);
    assert_eq!(warm_on_this_thread().0, WARM_INSTANCES_PER_THREAD, "the oldest went");

    // Memories of 4 MiB each: fewer fit.
    for number in 0..WARM_INSTANCES_PER_THREAD {
        let module = run(2000 + number, 64);
        let (count, bytes) = warm_on_this_thread();
        assert!(bytes <= WARM_BYTES_PER_THREAD, "{count} instances hold {bytes}");
        assert!(module.held_bytes() < WARM_BYTES_PER_THREAD && count > 0);
    }
    let (count, bytes) = warm_on_this_thread();
    assert!((10..16).contains(&count) && bytes > WARM_BYTES_PER_THREAD / 2, "{count} hold {bytes}");

    // What is retired goes when the thread next makes an instance, and does not come back.
    let last = run(3000, 1);
    modules.iter().for_each(Module::retire);
    last.retire();
    let before = warm_on_this_thread().0;
    engine.call(&modules[0], "go", 10, 10, &mut NoHost).unwrap();
    assert_eq!(warm_on_this_thread().0, before - 1, "the retired one went, and the other is not kept");
}

#[test]
fn calls_start_from_the_image_that_initialize_left() {
    for compiler in BOTH {
        let engine = engine(None);
        let module = load(
            &engine,
            r#"(memory (export "memory") 1 8) (global $g (export "$g0") (mut i32) (i32.const 1))
            (func (export "_initialize")
              (drop (memory.grow (i32.const 2))) (i32.store (i32.const 190000) (i32.const 7)) (global.set $g (i32.const 5)))
            (func (export "check")
              (if (i32.ne (memory.size) (i32.const 3)) (then unreachable))
              (if (i32.ne (i32.load (i32.const 190000)) (i32.const 7)) (then unreachable))
              (if (i32.ne (global.get $g) (i32.const 5)) (then unreachable))
              (i32.store (i32.const 190000) (i32.const 8)) (global.set $g (i32.const 6)))"#,
            compiler,
        );
        assert_eq!(module.image().map(|image| (image.pages(), image.globals().to_vec())), Some((3, vec![5])));
        for _ in 0..10 {
            assert_eq!(engine.call(&module, "check", 1, 1, &mut NoHost).unwrap().outcome, Outcome::Return);
        }
    }
}

#[test]
fn initialize_may_not_call_the_host_nor_trap() {
    let engine = engine(None);
    for (body, expected) in [
        ("(call $nothing)", Outcome::Host(NoHost::TRAP)),
        ("unreachable", Outcome::Trap(TrapKind::Unreachable)),
    ] {
        let code = wat::parse_str(format!(
            r#"(module (import "chainstack" "nothing" (func $nothing)) (func (export "_initialize") {body}) {GLOBALS})"#
        ))
        .unwrap();
        match engine.load(&keccak256(&code), &code, Compiler::Singlepass, LIMITS) {
            Err(LoadError::Initialize(report)) => assert_eq!(report.outcome, expected),
            other => panic!("{body}: {other:?}"),
        }
        assert_eq!(engine.kept_count(), 0);
    }
}

#[test]
fn nested_calls_each_have_an_instance() {
    for compiler in BOTH {
        let engine = engine(None);
        let module = load(
            &engine,
            r#"(import "chainstack" "again" (func $again (result i32))) (import "chainstack" "poke" (func $poke (param i32 i32)))
            (memory (export "memory") 1)
            (func (export "again")
              (if (i32.load8_u (i32.const 9)) (then unreachable))
              (call $poke (i32.const 9) (i32.const 1))
              (drop (call $again))
              (if (i32.ne (i32.load8_u (i32.const 9)) (i32.const 1)) (then unreachable)))"#,
            compiler,
        );
        for _ in 0..3 {
            let mut host = Recorder::new(&engine);
            host.module = Some(module.clone());
            host.depth_max = 100;
            let report = engine.call(&module, "again", 1_000_000, 1000, &mut host).unwrap();
            assert_eq!((report.outcome, report.gas_left), (Outcome::Return, 1_000_000 - 101 * 14));
            assert_eq!(host.depth, 100);
        }
    }
}

#[test]
fn modules_are_evicted_and_come_back() {
    let engine = engine(None);
    let load = |number: u32| {
        load(
            &engine,
            &format!(
                r#"(memory (export "memory") 1) (func (export "go")
            (if (i32.load (i32.const 0)) (then unreachable)) (i32.store (i32.const 0) (i32.const {number})))"#
            ),
            Compiler::Singlepass,
        )
    };
    for round in 0..4 {
        for number in 1..=10 {
            let module = load(number);
            let report = engine.call(&module, "go", 1, 1, &mut NoHost).unwrap();
            assert_eq!(report.outcome, Outcome::Return, "round {round}, module {number}");
            assert!(engine.kept_count() <= 4);
        }
    }
}

#[derive(Default)]
struct Folder(Mutex<BTreeMap<CodeKey, Vec<u8>>>, Mutex<u32>);

impl CodeCache for Folder {
    fn get(&self, key: &CodeKey) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(key).cloned()
    }
    fn put(&self, key: &CodeKey, entry: &[u8]) {
        *self.1.lock().unwrap() += 1;
        self.0.lock().unwrap().insert(*key, entry.to_vec());
    }
}

#[test]
fn a_damaged_cache_entry_is_compiled_again_and_replaced() {
    for compiler in BOTH {
        let folder = Arc::new(Folder::default());
        let run = |number: i32| {
            // Another engine each time, as after a restart.
            let engine = engine(Some(folder.clone()));
            let module = load(
                &engine,
                &format!(
                    r#"(import "chainstack" "stop" (func $stop (param i32))) (func (export "go") (call $stop (i32.const {number})))"#
                ),
                compiler,
            );
            engine.call(&module, "go", 100, 100, &mut Recorder::new(&engine)).unwrap().outcome
        };
        let compiled = || *folder.1.lock().unwrap();
        assert_eq!((run(1), run(2), compiled()), (Outcome::Host(HostTrap(1)), Outcome::Host(HostTrap(2)), 2));
        assert_eq!(
            (run(1), run(2), compiled()),
            (Outcome::Host(HostTrap(1)), Outcome::Host(HostTrap(2)), 2),
            "from cache"
        );
        let keys: Vec<CodeKey> = folder.0.lock().unwrap().keys().copied().collect();
        let mut expected = 2;
        let damages: [fn(&mut Vec<u8>); 4] = [
            |entry| entry.clear(),
            |entry| entry.truncate(entry.len() / 2),
            |entry| {
                let middle = entry.len() / 2;
                entry[middle] ^= 4;
            },
            |entry| *entry.last_mut().unwrap() ^= 1,
        ];
        for damage in damages {
            for entry in folder.0.lock().unwrap().values_mut() {
                damage(entry);
            }
            expected += 2;
            assert_eq!(
                (run(1), run(2), compiled()),
                (Outcome::Host(HostTrap(1)), Outcome::Host(HostTrap(2)), expected)
            );
        }
        let mut entries = folder.0.lock().unwrap();
        let (first, second) = (entries[&keys[0]].clone(), entries[&keys[1]].clone());
        entries.insert(keys[0], second);
        entries.insert(keys[1], first);
        drop(entries);
        assert_eq!(
            (run(1), run(2), compiled()),
            (Outcome::Host(HostTrap(1)), Outcome::Host(HostTrap(2)), expected + 2)
        );
    }
}

#[test]
fn threads_share_modules_and_agree() {
    let engine = engine(None);
    let module = load(
        &engine,
        r#"(memory (export "memory") 1) (func (export "go") (if (i32.load (i32.const 8)) (then unreachable)) (i32.store (i32.const 8) (i32.const 1)))"#,
        Compiler::Singlepass,
    );
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let report = engine.call(&module, "go", 9, 9, &mut NoHost).unwrap();
                    assert_eq!((report.outcome, report.gas_left), (Outcome::Return, 9));
                }
            });
        }
    });
}

#[test]
fn code_without_metering_or_with_foreign_imports_is_a_fault() {
    let engine = engine(None);
    for text in [
        r#"(module (func (export "go")))"#,
        &format!(r#"(module (import "env" "nothing" (func)) {GLOBALS})"#),
        &format!(r#"(module (import "chainstack" "unknown" (func)) {GLOBALS})"#),
        &format!(r#"(module (import "chainstack" "nothing" (func (param i32))) {GLOBALS})"#),
    ] {
        let code = wat::parse_str(text).unwrap();
        let result = engine.load(&Hash::ZERO, &code, Compiler::Singlepass, LIMITS);
        assert!(matches!(result, Err(LoadError::Fault(_))), "{text}: {result:?}");
    }
    let module = load(&engine, r#"(func (export "go"))"#, Compiler::Singlepass);
    assert!(engine.call(&module, "gone", 1, 1, &mut NoHost).is_err());
}
