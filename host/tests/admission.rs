//! Each limit at it and one past it, each feature by its name, each rule by its code; and no file makes it panic.
#![expect(clippy::print_stdout, reason = "seeds and counts are part of what a test says")]

use chainstack_engine::{HostFunctionSignature, HostFunctions, ValueKind};
use chainstack_host::admission::limits::{self, LIMITS, Limit};
use chainstack_host::admission::{Admitted, Reason, Refusal, Rules, check_with};
use chainstack_host::instrument::Weights;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const TABLE: HostFunctions = HostFunctions {
    module: "chainstack",
    functions: &[HostFunctionSignature {
        name: "f",
        params: &[ValueKind::I32],
        result: Some(ValueKind::I64),
    }],
};

fn bytes(code: &[u8]) -> Result<Admitted, Refusal> {
    check_with(code, &TABLE, &Weights::ONE, Rules::Contract)
}

fn text(text: &str) -> Result<Admitted, Refusal> {
    bytes(&wat::parse_str(text).unwrap_or_else(|error| panic!("{error}")))
}

/// A contract with `body` beside its memory.
fn contract(body: &str) -> String {
    format!(r#"(module {body} (memory (export "memory") 1))"#)
}

fn code_of(body: &str) -> u16 {
    text(&contract(body)).map_or_else(|refusal| refusal.code(), |_| 0)
}

#[test]
fn each_limit_admits_itself_and_refuses_one_more() {
    let local = |number: usize| contract(&format!("(func (local {}))", "i32 ".repeat(number)));
    let nested =
        |number: usize| contract(&format!("(func {}{})", "(block ".repeat(number), ")".repeat(number)));
    let pushes = |number: usize| {
        contract(&format!("(func {}{})", "i32.const 0 ".repeat(number), "drop ".repeat(number)))
    };
    type Build<'a> = Box<dyn Fn(usize) -> Vec<u8> + 'a>;
    let parse = |text: String| wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
    let custom = |total: usize| {
        // Name and content; the whole module stays under its own limit.
        let mut code = parse(contract(""));
        let mut section = vec![1, b'x'];
        section.extend(vec![0; total - 1]);
        code.push(0);
        leb(section.len(), &mut code);
        code.extend(section);
        code
    };
    let cases: Vec<(Limit, Build<'_>)> = vec![
        (limits::CUSTOM_BYTES, Box::new(custom)),
        (limits::TYPES, Box::new(|n| parse(contract(&"(type (func))".repeat(n))))),
        (
            limits::PARAMS,
            Box::new(|n| parse(contract(&format!("(type (func (param {})))", "i32 ".repeat(n))))),
        ),
        (
            limits::IMPORTS,
            Box::new(|n| {
                parse(contract(&r#"(import "chainstack" "f" (func (param i32) (result i64)))"#.repeat(n)))
            }),
        ),
        (limits::FUNCTIONS, Box::new(|n| parse(contract(&"(func)".repeat(n))))),
        (limits::TABLE_ENTRIES, Box::new(|n| parse(contract(&format!("(table {n} funcref)"))))),
        (
            limits::MEMORY_INITIAL_PAGES,
            Box::new(|n| parse(format!(r#"(module (memory (export "memory") {n}))"#))),
        ),
        (limits::GLOBALS, Box::new(|n| parse(contract(&"(global i32 (i32.const 0))".repeat(n))))),
        (
            limits::EXPORTS,
            Box::new(|n| {
                let exports: String = (1..n).map(|at| format!(r#"(export "e{at}" (func 0))"#)).collect();
                parse(contract(&format!("(func) {exports}")))
            }),
        ),
        (
            limits::NAME_BYTES,
            Box::new(|n| parse(contract(&format!(r#"(func (export "{}"))"#, "a".repeat(n))))),
        ),
        (
            limits::ELEMENT_SEGMENTS,
            Box::new(|n| {
                parse(contract(&format!(
                    "(table 1 funcref) (func) {}",
                    "(elem (i32.const 0) func 0)".repeat(n)
                )))
            }),
        ),
        (
            limits::ELEMENTS,
            Box::new(|n| {
                parse(contract(&format!(
                    "(table 8192 funcref) (func) (elem (i32.const 0) func {}) (elem (i32.const 0) func {})",
                    "0 ".repeat(4_000),
                    "0 ".repeat(n - 4_000)
                )))
            }),
        ),
        (limits::DATA_SEGMENTS, Box::new(|n| parse(contract(&r#"(data (i32.const 0) "a")"#.repeat(n))))),
        (
            limits::DATA_BYTES,
            Box::new(|n| {
                parse(format!(
                    r#"(module (memory (export "memory") 32) (data (i32.const 0) "{}"))"#,
                    "a".repeat(n)
                ))
            }),
        ),
        (
            limits::BODY_BYTES,
            Box::new(|n| {
                // No locals: one byte says so, one ends the body.
                parse(contract(&format!("(func {})", "nop ".repeat(n - 2))))
            }),
        ),
        (limits::LOCALS, Box::new(|n| parse(local(n)))),
        // The function's own block counts.
        (limits::BLOCK_DEPTH, Box::new(|n| parse(nested(n - 1)))),
        (limits::OPERANDS, Box::new(|n| parse(pushes(n)))),
        (
            limits::BRANCH_TARGETS,
            Box::new(|n| {
                parse(contract(&format!("(func (block (br_table {} (i32.const 0))))", "0 ".repeat(n))))
            }),
        ),
    ];
    let mut tested: Vec<&str> = cases.iter().map(|(limit, _)| limit.name).collect();
    for (limit, build) in &cases {
        let value = usize::try_from(limit.value).unwrap();
        if let Err(refusal) = bytes(&build(value)) {
            panic!("{} at its limit: {refusal}", limit.name);
        }
        let refusal = bytes(&build(value + 1)).expect_err(limit.name);
        assert_eq!(refusal.code(), 2002, "{}: {refusal}", limit.name);
        assert!(
            matches!(refusal.reason(), Reason::Limit { limit: found, found: number } if found == limit && *number == limit.value + 1),
            "{}: {refusal}",
            limit.name
        );
        assert!(refusal.offset().is_some(), "{}", limit.name);
    }
    // Tested below, each by itself.
    tested.extend(["MODULE_BYTES", "RESULTS", "MEMORY_PAGES", "INSTRUMENTED_BYTES"]);
    tested.sort_unstable();
    let mut all: Vec<&str> = LIMITS.iter().map(|limit| limit.name).collect();
    all.sort_unstable();
    assert_eq!(tested, all, "every limit has a test");
}

fn leb(mut value: usize, out: &mut Vec<u8>) {
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

#[test]
fn the_length_of_the_module_is_judged_first() {
    let limit = limits::MODULE_BYTES.bytes();
    assert_eq!(bytes(&vec![0; limit]).unwrap_err().code(), 2000);
    assert_eq!(bytes(&vec![0; limit + 1]).unwrap_err().code(), 2002);
}

#[test]
fn more_results_are_the_feature_multi_value() {
    assert_eq!(code_of("(type (func (result i32)))"), 0);
    let refusal = text(&contract("(type (func (result i32 i32)))")).unwrap_err();
    assert_eq!(*refusal.reason(), Reason::Feature { feature: "multi-value" });
}

#[test]
fn a_blow_up_is_refused() {
    // Each square root becomes some fifteen bytes.
    let roots = |functions: usize| {
        let function = format!("(func f32.const 1 {} drop)", "f32.sqrt ".repeat(100_000));
        bytes(&wat::parse_str(contract(&function.repeat(functions))).unwrap())
    };
    let (admitted, refused) = (roots(1), roots(2));
    assert!(admitted.is_ok_and(|admitted| admitted.instrumented.len() > 1_000_000));
    assert!(
        matches!(refused.unwrap_err().reason(), Reason::Limit { limit, .. } if *limit == limits::INSTRUMENTED_BYTES)
    );
}

#[test]
fn features_are_refused_by_name_with_function_and_offset() {
    let cases = [
        ("(func (drop (v128.const i32x4 0 0 0 0)))", "simd"),
        ("(func (return_call 0))", "tail-call"),
        ("(func (param v128))", "simd"),
        ("(func (param externref))", "reference-types"),
        ("(func (drop (ref.null func)))", "reference-types"),
        ("(table 1 funcref) (func (drop (table.grow (ref.null func) (i32.const 1))))", "reference-types"),
        ("(table 1 funcref) (func (table.set (i32.const 0) (ref.null func)))", "reference-types"),
        ("(table 1 funcref) (table 1 funcref)", "reference-types"),
        (
            "(table 1 funcref) (func (table.copy (i32.const 0) (i32.const 0) (i32.const 0)))",
            "bulk-memory (tables)",
        ),
        ("(table 1 funcref) (elem func 0) (func (elem.drop 0))", "reference-types"),
        ("(func (drop (i32.atomic.load (i32.const 0))))", "threads"),
        ("(tag)", "exception-handling"),
        ("(func (block (result i32 i32) unreachable) (drop) (drop))", "multi-value"),
        ("(global i32 (i32.add (i32.const 1) (i32.const 2)))", "extended-const"),
        ("(memory 1)", "multi-memory"),
        ("(type (struct))", "gc"),
    ];
    for (body, name) in cases {
        let refusal = text(&contract(body)).expect_err(body);
        assert_eq!(*refusal.reason(), Reason::Feature { feature: name }, "{body}: {refusal}");
        assert_eq!(refusal.code(), 2003);
        assert!(refusal.offset().is_some(), "{body}");
    }
    for (memory, name) in [("i64 1", "memory64"), ("1 1 shared", "threads")] {
        let refusal = text(&format!(r#"(module (memory (export "memory") {memory}))"#)).expect_err(memory);
        assert_eq!(*refusal.reason(), Reason::Feature { feature: name }, "{refusal}");
    }
    let refusal = text(&contract("(func) (func) (func nop nop (drop (ref.null func)))")).unwrap_err();
    assert_eq!(refusal.function(), Some(2));
    // Admitted beside the first version.
    assert_eq!(
        code_of(
            r#"(global (mut i64) (i64.const 1)) (data $d "x") (table 3 3 funcref) (elem (table 0) (i32.const 1) func 0)
            (func (drop (i32.extend8_s (i32.const 1))) (drop (i32.trunc_sat_f64_u (f64.const 1)))
              (memory.copy (i32.const 0) (i32.const 0) (i32.const 0)) (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))
              (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0)) (data.drop $d))"#
        ),
        0
    );
}

#[test]
fn rules_have_codes() {
    let cases = [
        (r#"(import "env" "f" (func))"#, 2004),
        (r#"(import "chainstack" "g" (func))"#, 2004),
        (r#"(import "chainstack" "f" (func))"#, 2005),
        (r#"(import "chainstack" "f" (global i32))"#, 2006),
        (r#"(import "chainstack" "f" (table 1 funcref))"#, 2006),
        (r#"(func (export "m") (param i32))"#, 2007),
        (r#"(func (export "_initialize") (result i32) (i32.const 0))"#, 2007),
        (r#"(func (export "$gas"))"#, 2008),
        (r#"(import "chainstack" "f" (func $f (param i32) (result i64))) (export "m" (func $f))"#, 2009),
        (r#"(export "other" (memory 0))"#, 2010),
        ("(func $s) (start $s)", 2011),
        (r#"(data (i32.const 65536) "x")"#, 2012),
        (r#"(data (i32.const -1) "x")"#, 2012),
        ("(func) (table 1 funcref) (elem (i32.const 1) func 0)", 2012),
        (r#"(@custom "chainstack.manifest" "a") (@custom "chainstack.manifest" "b")"#, 2013),
        ("(func (drop (i32.add (i32.const 1))))", 2001),
        (r#"(import "chainstack" "f" (func (param i32) (result i64)))"#, 0),
        (
            r#"(func (export "_initialize")) (func (export "m")) (global (export "__heap_base") i32 (i32.const 1))"#,
            0,
        ),
    ];
    for (body, code) in cases {
        assert_eq!(code_of(body), code, "{body}");
    }
    assert_eq!(text("(module)").unwrap_err().code(), 2010);
    assert_eq!(text("(module (memory 1))").unwrap_err().code(), 2010);
    assert_eq!(text(r#"(module (memory (export "memory") (export "memory2") 1))"#).unwrap_err().code(), 2010);
    let admitted = text(&contract(r#"(func (export "b")) (func (export "a")) (func (export "_initialize")) (@custom "chainstack.manifest" "abc")"#)).unwrap();
    assert_eq!((admitted.exports, admitted.initialize), (vec!["b".to_owned(), "a".to_owned()], true));
    assert_eq!(admitted.manifest.as_deref(), Some(&b"abc"[..]));
    for (code, ..) in Refusal::CODES {
        assert!((2000..2100).contains(code));
    }
}

#[test]
fn one_signature_with_a_thousand_parameters_is_refused() {
    let text = contract(&format!(
        "(type $wide (func (param {}))) {}",
        "i32 ".repeat(1000),
        "(func (type $wide))".repeat(5000)
    ));
    let refusal = bytes(&wat::parse_str(text).unwrap()).unwrap_err();
    assert!(matches!(refusal.reason(), Reason::Limit { limit, found: 1000 } if *limit == limits::PARAMS));
}

#[test]
fn damaged_modules_never_panic() {
    let whole = wat::parse_str(contract(
        r#"(import "chainstack" "f" (func (param i32) (result i64))) (table 2 funcref) (elem (i32.const 0) func 1 1)
        (global (mut f64) (f64.const 1)) (data "passive") (data (i32.const 5) "active")
        (func (export "m") (local i32 f32) (block (loop (if (i32.const 1) (then (br 1)) (else (br_table 0 1 (i32.const 2))))))
          (drop (f32.sqrt (local.get 1))) (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop 0)
          (drop (memory.grow (i32.const 1))))"#,
    ))
    .unwrap();
    bytes(&whole).unwrap();
    for length in 0..whole.len() {
        assert!(bytes(&whole[..length]).is_err(), "cut to {length}");
    }
    let seed = 7;
    println!("seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..20_000 {
        let mut damaged = whole.clone();
        for _ in 0..random.random_range(1..4) {
            let at = random.random_range(0..damaged.len());
            damaged[at] = random.random();
        }
        if let Ok(admitted) = bytes(&damaged) {
            // What is admitted instruments to something valid.
            wasmparser::validate(&admitted.instrumented).unwrap();
        }
        let garbage: Vec<u8> = (0..random.random_range(0..200)).map(|_| random.random()).collect();
        assert!(bytes(&garbage).is_err());
        let mut tail = whole[..8].to_vec();
        tail.extend(garbage);
        let _ = bytes(&tail);
    }
}

#[test]
fn instrumented_code_is_pinned() {
    let code = wat::parse_str(contract(
        r#"(global $g (mut i32) (i32.const 3)) (data $d "d")
        (func (export "m") (local f64)
          (loop (br_if 0 (global.get $g))) (drop (f64.sqrt (local.get 0)))
          (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop $d) return)"#,
    ))
    .unwrap();
    let instrumented = bytes(&code).unwrap().instrumented;
    let hex: String = instrumented.iter().map(|byte| format!("{byte:02x}")).collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/instrumented.hex");
    if std::env::var_os("CHAINSTACK_BLESS").is_some() {
        std::fs::write(path, format!("{hex}\n")).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap_or_default().trim(),
        hex,
        "a change here changes gas on chain"
    );
    assert_eq!(bytes(&code).unwrap().instrumented, instrumented, "the same twice");
}
