//! Instrumented code on three engines: the charges are exact, come before the work, and are the same everywhere.

use chainstack_engine::reference::{Ended, Reference};
use chainstack_engine::{
    Compiler, Guest, Host, HostFunctionSignature, HostFunctions, HostTrap, InitializeLimits, Instance,
    LoadError, Module, Outcome, STACK_UNITS_MAX, TrapKind, ValueKind,
};
use chainstack_host::admission::{Admitted, Rules, check_with};
use chainstack_host::instrument::Weights;

const TABLE: HostFunctions = HostFunctions {
    module: "chainstack",
    functions: &[
        HostFunctionSignature { name: "nothing", params: &[], result: None },
        HostFunctionSignature { name: "gas_left", params: &[], result: Some(ValueKind::I64) },
        HostFunctionSignature { name: "effect", params: &[ValueKind::I32], result: None },
    ],
};

const INITIALIZE: InitializeLimits = InitializeLimits { gas: 1_000_000, stack: STACK_UNITS_MAX };

#[derive(Default)]
struct Effects(Vec<u64>);

impl Host for Effects {
    fn call(&mut self, function: u32, args: &[u64], guest: &mut Guest<'_>) -> Result<u64, HostTrap> {
        if function == 2 {
            self.0.push(args[0]);
        }
        Ok(guest.gas())
    }
}

fn admit(text: &str) -> Admitted {
    let code = wat::parse_str(format!(r#"(module {text})"#)).unwrap();
    check_with(&code, &TABLE, &Weights::ONE, Rules::Harness)
        .unwrap_or_else(|refusal| panic!("{refusal}: {text}"))
}

/// Runs `method` on three engines, which must agree on everything, and returns what they say.
fn run(text: &str, method: &str, gas: u64, stack: u32) -> (Outcome, u64, Vec<u64>, Ended) {
    let admitted = admit(text);
    let mut effects = Effects::default();
    let expected = Reference::new(&admitted.instrumented, TABLE)
        .unwrap()
        .call(method, INITIALIZE, gas, stack, &mut effects)
        .unwrap();
    for compiler in [Compiler::Singlepass, Compiler::Cranelift] {
        let module = Module::compile(&admitted.instrumented, compiler, TABLE, None).unwrap();
        module.initialize(INITIALIZE.gas, INITIALIZE.stack).unwrap();
        let mut instance = Instance::new(&module).unwrap();
        let mut seen = Effects::default();
        let report = instance.invoke(method, &[], &mut [], gas, stack, &mut seen).unwrap();
        assert_eq!(report, expected.report, "{compiler:?} {method} {text}");
        assert_eq!(seen.0, effects.0, "{compiler:?} {method} {text}");
        assert_eq!(*instance.globals(), *expected.globals, "{compiler:?} {method} {text}");
        assert!(instance.memory() == expected.memory, "{compiler:?} {method}: memory differs: {text}");
    }
    (expected.report.outcome, expected.report.gas_left, effects.0, expected)
}

fn used(text: &str, method: &str) -> u64 {
    let (outcome, left, ..) = run(text, method, 1_000_000, STACK_UNITS_MAX);
    assert_eq!(outcome, Outcome::Return, "{text}");
    1_000_000 - left
}

#[test]
fn charges_are_exact() {
    let cases: &[(&str, u64)] = &[
        ("", 1),
        ("nop nop", 3),
        ("(local i32 i32 i64)", 4),
        ("(drop (i32.add (i32.const 1) (i32.const 2)))", 5),
        ("(block (br 0) nop nop)", 2),
        ("(if (i32.const 1) (then nop) (else nop nop))", 4),
        ("(if (i32.const 0) (then nop) (else nop nop))", 5),
        ("(block (br_if 0 (i32.const 0)) nop) nop", 5),
        ("(block (br_if 0 (i32.const 1)) nop) nop", 4),
        // Ten rounds: the loop's own unit, get, const, sub, tee, br_if.
        (
            "(local $i i32) (local.set $i (i32.const 10)) (loop (br_if 0 (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))",
            64,
        ),
        ("(block (block (br_table 0 1 (i32.const 1))) nop nop) nop", 4),
        ("(return) nop", 2),
        ("(call $one)", 4),
        ("(call_indirect (type $none) (i32.const 0))", 5),
        // const ×3, the operator, and one for each started 64 bytes.
        ("(memory.fill (i32.const 0) (i32.const 1) (i32.const 0))", 5),
        ("(memory.fill (i32.const 0) (i32.const 1) (i32.const 1))", 6),
        ("(memory.fill (i32.const 0) (i32.const 1) (i32.const 64))", 6),
        ("(memory.fill (i32.const 0) (i32.const 1) (i32.const 65))", 7),
        ("(memory.copy (i32.const 0) (i32.const 1) (i32.const 640))", 15),
        ("(memory.init $data (i32.const 0) (i32.const 1) (i32.const 2))", 6),
        ("(drop (memory.grow (i32.const 1)))", 5),
        ("(drop (memory.grow (i32.const 100)))", 104),
    ];
    for (body, expected) in cases {
        let text = format!(
            r#"(memory (export "memory") 1) (type $none (func)) (table 1 funcref) (elem (i32.const 0) $one)
            (data $data "abcd") (func $one nop) (func (export "go") {body})"#
        );
        assert_eq!(used(&text, "go"), *expected, "{body}");
    }
}

#[test]
fn out_of_gas_comes_before_the_effect() {
    let text = r#"(import "chainstack" "effect" (func $effect (param i32))) (memory (export "memory") 1)
        (func (export "go") (local $i i32)
          (loop (call $effect (local.get $i)) (i32.store8 (local.get $i) (i32.const 1))
            (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100)))))"#;
    let cost = used(text, "go");
    for gas in [0, 1, 2, cost / 100, cost / 2, cost - 1] {
        let (outcome, left, effects, ended) = run(text, "go", gas, STACK_UNITS_MAX);
        assert_eq!((outcome, left), (Outcome::Trap(TrapKind::OutOfGas), 0), "gas {gas} of {cost}");
        assert_eq!(effects.len(), ended.memory.iter().filter(|byte| **byte == 1).count());
        assert!(effects.len() as u64 <= gas / 12, "gas {gas}: {} effects", effects.len());
    }
    let (outcome, left, effects, _) = run(text, "go", cost, STACK_UNITS_MAX);
    assert_eq!((outcome, left, effects.len()), (Outcome::Return, 0, 100));
}

#[test]
fn the_greatest_gas_limits_behave() {
    let text = r#"(memory (export "memory") 1) (func (export "go") nop)"#;
    for gas in [u64::MAX, 1 << 63, (1 << 63) - 1] {
        let (outcome, left, ..) = run(text, "go", gas, STACK_UNITS_MAX);
        assert_eq!((outcome, left), (Outcome::Return, gas - 2));
    }
}

#[test]
fn bulk_operators_are_charged_by_length_before_they_move() {
    for body in [
        "(memory.fill (i32.const 0) (i32.const 7) (i32.const 65536))",
        "(memory.copy (i32.const 0) (i32.const 8) (i32.const 65528))",
    ] {
        let text =
            format!(r#"(memory (export "memory") 1) (data (i32.const 9) "x") (func (export "go") {body})"#);
        assert!(used(&text, "go") >= 1024);
        let (outcome, left, _, ended) = run(&text, "go", 1000, STACK_UNITS_MAX);
        assert_eq!((outcome, left), (Outcome::Trap(TrapKind::OutOfGas), 0));
        assert_eq!(ended.memory.iter().filter(|byte| **byte != 0).count(), 1, "nothing moved");
    }
    // Charged even if it then traps, and for the greatest length.
    let text = r#"(memory (export "memory") 1) (func (export "go") (memory.fill (i32.const 0) (i32.const 7) (i32.const -1)))"#;
    let (outcome, left, ..) = run(text, "go", 1 << 40, STACK_UNITS_MAX);
    assert_eq!((outcome, left), (Outcome::Trap(TrapKind::MemoryOutOfBounds), (1 << 40) - 5 - (1 << 26)));
}

#[test]
fn memory_grows_to_its_maximum_and_no_further() {
    let grow = |declared: &str, pages: u32| {
        format!(
            r#"(memory (export "memory") {declared}) (global $g (mut i32) (i32.const 77))
            (func (export "go") (global.set $g (memory.grow (i32.const {pages}))))"#
        )
    };
    for (declared, pages, expected, length) in [
        ("1", 63, 1, 64),
        ("1", 64, u64::from(u32::MAX), 1),
        ("1 3", 2, 1, 3),
        ("1 3", 3, u64::from(u32::MAX), 1),
        ("1 60000", 63, 1, 64),
        ("1 60000", 64, u64::from(u32::MAX), 1),
        ("0 0", 0, 0, 0),
        ("0 0", 1, u64::from(u32::MAX), 0),
    ] {
        let (outcome, left, _, ended) = run(&grow(declared, pages), "go", 1_000, STACK_UNITS_MAX);
        assert_eq!((outcome, left), (Outcome::Return, 1_000 - 4 - u64::from(pages)), "{declared} {pages}");
        assert_eq!((ended.globals[0], ended.memory.len() / 65_536), (expected, length), "{declared} {pages}");
    }
}

#[test]
fn stack_is_counted_the_same_everywhere() {
    let text = r#"(memory (export "memory") 1) (global $depth (mut i32) (i32.const 0))
        (func $down (param i64 i64) (local i64) (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
          (call $down (local.get 0) (local.get 1)))
        (func (export "go") (call $down (i64.const 1) (i64.const 2)))"#;
    for stack in [0, 23, 26, 27, 1_000, STACK_UNITS_MAX, u32::MAX] {
        let (outcome, _, _, ended) = run(text, "go", 100_000_000, stack);
        assert_eq!(outcome, Outcome::Trap(TrapKind::StackOverflow), "stack {stack}");
        // `go`: 24 and two operands. `down`: 24, two parameters twice, a local, two operands.
        let expected = stack.min(STACK_UNITS_MAX).saturating_sub(26) / 31;
        assert_eq!(ended.globals[0], u64::from(expected), "stack {stack}");
    }
}

#[test]
fn stack_is_given_back_on_every_way_out() {
    let text = r#"(memory (export "memory") 1)
        (func $a (result i32) (return (i32.const 1)))
        (func $b (param i32) (result i32) (br_if 0 (i32.const 2) (local.get 0)) (drop) (i32.const 3))
        (func $d (block (loop (block (return)))))
        (func $f (param i32) (block (br_table 0 1 (local.get 0))))
        (func (export "go") (local $i i32)
          (loop
            (drop (call $a)) (drop (call $b (i32.const 0))) (drop (call $b (i32.const 1)))
            (call $d) (call $f (i32.const 0)) (call $f (i32.const 1))
            (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2000)))))"#;
    let (outcome, ..) = run(text, "go", 100_000_000, 200);
    assert_eq!(outcome, Outcome::Return);
}

#[test]
fn every_nan_is_the_canonical_one() {
    let doubles = [
        "(f64.add (f64.const nan:0x123) (f64.const 1))",
        "(f64.sub (f64.const inf) (f64.const inf))",
        "(f64.mul (f64.const 0) (f64.const -inf))",
        "(f64.div (f64.const 0) (f64.const 0))",
        "(f64.sqrt (f64.const -1))",
        "(f64.min (f64.const -nan:0x1) (f64.const 1))",
        "(f64.max (f64.const 1) (f64.const -nan:0x1))",
        "(f64.ceil (f64.const -nan:0x1))",
        "(f64.floor (f64.const -nan:0x1))",
        "(f64.trunc (f64.const -nan:0x1))",
        "(f64.nearest (f64.const -nan:0x1))",
        "(f64.promote_f32 (f32.const -nan:0x1))",
    ];
    let singles = [
        "(f32.add (f32.const nan:0x123) (f32.const 1))",
        "(f32.sub (f32.const inf) (f32.const inf))",
        "(f32.mul (f32.const 0) (f32.const -inf))",
        "(f32.div (f32.const 0) (f32.const 0))",
        "(f32.sqrt (f32.const -1))",
        "(f32.min (f32.const -nan:0x1) (f32.const 1))",
        "(f32.max (f32.const 1) (f32.const -nan:0x1))",
        "(f32.ceil (f32.const -nan:0x1))",
        "(f32.floor (f32.const -nan:0x1))",
        "(f32.trunc (f32.const -nan:0x1))",
        "(f32.nearest (f32.const -nan:0x1))",
        "(f32.demote_f64 (f64.const -nan:0x1))",
    ];
    let exact = [
        ("(i64.reinterpret_f64 (f64.neg (f64.const nan:0x123)))", 0xfff0_0000_0000_0123),
        ("(i64.reinterpret_f64 (f64.abs (f64.const -nan:0x123)))", 0x7ff0_0000_0000_0123),
        ("(i64.reinterpret_f64 (f64.copysign (f64.const nan:0x123) (f64.const -1)))", 0xfff0_0000_0000_0123),
    ];
    let mut text = String::from(r#"(memory (export "memory") 1) (func (export "go")"#);
    let mut expected = Vec::new();
    for (at, expression) in doubles.iter().enumerate() {
        text.push_str(&format!("(f64.store (i32.const {}) {expression})", at * 8));
        expected.extend(0x7ff8_0000_0000_0000_u64.to_le_bytes());
    }
    for (at, (expression, bits)) in exact.iter().enumerate() {
        text.push_str(&format!("(i64.store (i32.const {}) {expression})", (doubles.len() + at) * 8));
        expected.extend(u64::to_le_bytes(*bits));
    }
    for (at, expression) in singles.iter().enumerate() {
        text.push_str(&format!(
            "(f32.store (i32.const {}) {expression})",
            (doubles.len() + exact.len()) * 8 + at * 4
        ));
        expected.extend(0x7fc0_0000_u32.to_le_bytes());
    }
    text.push(')');
    let (outcome, _, _, ended) = run(&text, "go", 1_000_000, STACK_UNITS_MAX);
    assert_eq!(outcome, Outcome::Return);
    assert_eq!(ended.memory[..expected.len()], expected);
}

#[test]
fn dropped_segments_stay_dropped_for_one_call() {
    let text = r#"(memory (export "memory") 1) (data $a "abc") (data $b "def") (data (i32.const 50) "xyz")
        (func (export "go")
          (memory.init $a (i32.const 0) (i32.const 0) (i32.const 3))
          (data.drop $a)
          (memory.init $a (i32.const 9) (i32.const 0) (i32.const 0))
          (memory.init $b (i32.const 3) (i32.const 0) (i32.const 3))
          (memory.init $a (i32.const 6) (i32.const 0) (i32.const 1)))"#;
    for _ in 0..2 {
        let (outcome, _, _, ended) = run(text, "go", 1_000, STACK_UNITS_MAX);
        assert_eq!(outcome, Outcome::Trap(TrapKind::MemoryOutOfBounds));
        assert_eq!(&ended.memory[..8], b"abcdef\0\0");
        assert_eq!(&ended.memory[50..53], b"xyz");
    }
    // `_initialize` may drop: the image remembers.
    let text = r#"(memory (export "memory") 1) (data $a "abc") (func (export "_initialize") (data.drop $a))
        (func (export "go") (memory.init $a (i32.const 0) (i32.const 0) (i32.const 1)))"#;
    assert_eq!(run(text, "go", 1_000, STACK_UNITS_MAX).0, Outcome::Trap(TrapKind::MemoryOutOfBounds));
}

#[test]
fn gas_left_reads_what_is_left_after_the_block_is_paid() {
    let text = r#"(import "chainstack" "gas_left" (func $left (result i64))) (memory (export "memory") 1)
        (global $g (mut i64) (i64.const 0)) (func (export "go") (global.set $g (call $left)) nop nop)"#;
    let (_, left, _, ended) = run(text, "go", 1_000, STACK_UNITS_MAX);
    assert_eq!((left, ended.globals[0]), (995, 995));
}

#[test]
fn initialize_is_metered_and_may_not_call_the_host() {
    for (body, expected) in [
        ("(loop (br 0))", Outcome::Trap(TrapKind::OutOfGas)),
        ("(call $nothing)", Outcome::Host(chainstack_engine::NoHost::TRAP)),
    ] {
        let admitted = admit(&format!(
            r#"(import "chainstack" "nothing" (func $nothing)) (memory (export "memory") 1)
            (func (export "_initialize") {body}) (func (export "go"))"#
        ));
        let reference = Reference::new(&admitted.instrumented, TABLE).unwrap();
        let result = reference.call("go", INITIALIZE, 1, 1, &mut Effects::default());
        assert!(
            matches!(result, Err(LoadError::Initialize(report)) if report.outcome == expected),
            "{result:?}"
        );
        for compiler in [Compiler::Singlepass, Compiler::Cranelift] {
            let module = Module::compile(&admitted.instrumented, compiler, TABLE, None).unwrap();
            let result = module.initialize(INITIALIZE.gas, INITIALIZE.stack);
            assert!(
                matches!(result, Err(LoadError::Initialize(report)) if report.outcome == expected),
                "{result:?}"
            );
        }
    }
}

#[test]
fn the_deepest_frames_fit_the_native_stack() {
    // Frames with all their units in use, of several shapes, recursing to the greatest stack there is.
    let wide = |params: usize, locals: usize, operands: usize| {
        let types = "i64 ".repeat(params);
        let arguments = "(local.get 0)".repeat(params);
        let set: String =
            (0..locals).map(|at| format!("(local.set {} (i64.const {at}))", params + at)).collect();
        let push = "(i64.load (i32.const 0))".repeat(operands);
        let pop = "drop ".repeat(operands);
        let keep: String =
            (0..locals).map(|at| format!("(i64.store (i32.const 8) (local.get {}))", params + at)).collect();
        let locals = "i64 ".repeat(locals);
        format!(
            r#"(memory (export "memory") 1) (func $down (param i64 {types}) (local {locals})
            {set} {push} (call $down (local.get 0) {arguments}) {pop} {keep})
            (func (export "go") (call $down (i64.const 1) {}))"#,
            "(i64.const 1)".repeat(params)
        )
    };
    for (params, locals, operands) in [(0, 0, 0), (63, 0, 0), (0, 1000, 0), (0, 0, 900), (30, 100, 100)] {
        let text = wide(params, locals, operands);
        let (outcome, ..) = run(&text, "go", u64::MAX, u32::MAX);
        assert_eq!(outcome, Outcome::Trap(TrapKind::StackOverflow), "{params} {locals} {operands}");
    }
}
