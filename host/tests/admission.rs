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

/// Builds a module that takes so much of a limit.
type Build = fn(usize) -> Vec<u8>;

fn parse(text: String) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A module with a custom section whose name and content have so many bytes.
fn custom(total: usize) -> Vec<u8> {
    let mut code = parse(contract(""));
    let mut section = vec![1, b'x'];
    section.extend(vec![0; total - 1]);
    code.push(0);
    leb(section.len(), &mut code);
    code.extend(section);
    code
}

/// A module of exactly so many bytes: as much data and custom section as there may be, and a body for the rest.
fn long(bytes: usize) -> Vec<u8> {
    let build = |nops: usize| {
        let data = "a".repeat(limits::DATA_BYTES.bytes());
        let body = "nop ".repeat(nops);
        let mut code = parse(format!(
            r#"(module (func {body}) (memory (export "memory") 32) (data (i32.const 0) "{data}"))"#
        ));
        let mut section = vec![1, b'x'];
        section.extend(vec![0; limits::CUSTOM_BYTES.bytes() - 1]);
        code.push(0);
        leb(section.len(), &mut code);
        code.extend(section);
        code
    };
    // Each `nop` is a byte, and all these lengths take three bytes.
    let some = 100_000;
    let code = build(some + bytes - build(some).len());
    assert_eq!(code.len(), bytes);
    code
}

/// A module that has exactly so many bytes when it is instrumented, by square roots, of which each grows manifold.
fn blown_up(bytes: usize) -> Vec<u8> {
    let build = |roots: usize, nops: usize| {
        let function = |roots: usize, nops: usize| {
            let (roots, nops) = ("f32.sqrt ".repeat(roots), "nop ".repeat(nops));
            format!("(func f32.const 1 {roots} drop {nops})")
        };
        parse(contract(&format!("{}{}", function(100_000, 0), function(roots, nops))))
    };
    let length = |code: &[u8]| match self::bytes(code) {
        Ok(admitted) => admitted.instrumented.len(),
        Err(refusal) => match refusal.reason() {
            Reason::Limit { limit: limits::INSTRUMENTED_BYTES, found } => usize::try_from(*found).unwrap(),
            other => panic!("{other:?}"),
        },
    };
    let (few, many) = (length(&build(10_000, 10_000)), length(&build(11_000, 10_000)));
    let roots = 10_000 + (bytes - few) / ((many - few) / 1_000);
    // A `nop` stays one byte: they make up for what is missing, or too much.
    let found = length(&build(roots, 10_000));
    let code = build(roots, 10_000 + bytes - found);
    assert_eq!(length(&code), bytes);
    code
}

/// A module whose memory may grow to so many pages.
fn growing(pages: usize) -> Vec<u8> {
    parse(format!(r#"(module (memory (export "memory") 1 {pages}))"#))
}

/// For each limit what takes so much of it.
const CASES: &[(Limit, Build)] = &[
    (limits::MODULE_BYTES, long),
    (limits::CUSTOM_BYTES, custom),
    (limits::TYPES, |n| parse(contract(&"(type (func))".repeat(n)))),
    (limits::PARAMS, |n| parse(contract(&format!("(type (func (param {})))", "i32 ".repeat(n))))),
    (limits::RESULTS, |n| parse(contract(&format!("(type (func (result {})))", "i32 ".repeat(n))))),
    (limits::IMPORTS, |n| {
        parse(contract(&r#"(import "chainstack" "f" (func (param i32) (result i64)))"#.repeat(n)))
    }),
    (limits::FUNCTIONS, |n| parse(contract(&"(func)".repeat(n)))),
    (limits::TABLE_ENTRIES, |n| parse(contract(&format!("(table {n} funcref)")))),
    (limits::MEMORY_INITIAL_PAGES, |n| parse(format!(r#"(module (memory (export "memory") {n}))"#))),
    (limits::MEMORY_PAGES, growing),
    (limits::GLOBALS, |n| parse(contract(&"(global i32 (i32.const 0))".repeat(n)))),
    (limits::EXPORTS, |n| {
        let exports: String = (1..n).map(|at| format!(r#"(export "e{at}" (func 0))"#)).collect();
        parse(contract(&format!("(func) {exports}")))
    }),
    (limits::NAME_BYTES, |n| parse(contract(&format!(r#"(func (export "{}"))"#, "a".repeat(n))))),
    (limits::ELEMENT_SEGMENTS, |n| {
        parse(contract(&format!("(table 1 funcref) (func) {}", "(elem (i32.const 0) func 0)".repeat(n))))
    }),
    (limits::ELEMENTS, |n| {
        parse(contract(&format!(
            "(table 8192 funcref) (func) (elem (i32.const 0) func {}) (elem (i32.const 0) func {})",
            "0 ".repeat(4_000),
            "0 ".repeat(n - 4_000)
        )))
    }),
    (limits::DATA_SEGMENTS, |n| parse(contract(&r#"(data (i32.const 0) "a")"#.repeat(n)))),
    (limits::DATA_BYTES, |n| {
        parse(format!(r#"(module (memory (export "memory") 32) (data (i32.const 0) "{}"))"#, "a".repeat(n)))
    }),
    // No locals: one byte says so, one ends the body.
    (limits::BODY_BYTES, |n| parse(contract(&format!("(func {})", "nop ".repeat(n - 2))))),
    (limits::LOCALS, |n| parse(contract(&format!("(func (local {}))", "i32 ".repeat(n))))),
    // The function's own block counts.
    (limits::BLOCK_DEPTH, |n| {
        parse(contract(&format!("(func {}{})", "(block ".repeat(n - 1), ")".repeat(n - 1))))
    }),
    (limits::OPERANDS, |n| {
        parse(contract(&format!("(func {}{})", "i32.const 0 ".repeat(n), "drop ".repeat(n))))
    }),
    (limits::BRANCH_TARGETS, |n| {
        parse(contract(&format!("(func (block (br_table {} (i32.const 0))))", "0 ".repeat(n))))
    }),
    (limits::INSTRUMENTED_BYTES, blown_up),
];

#[test]
fn each_limit_admits_itself_and_refuses_one_more() {
    for (limit, build) in CASES {
        let value = limit.bytes();
        if let Err(refusal) = bytes(&build(value)) {
            panic!("{} at its limit: {refusal}", limit.name);
        }
        let past = bytes(&build(value + 1));
        match limit.name {
            // What memory may grow to is lowered, not refused.
            "MEMORY_PAGES" => assert_eq!(pages_max(&past.unwrap().instrumented), limit.value),
            // More results are a feature by name.
            "RESULTS" => {
                let refusal = past.expect_err(limit.name);
                assert_eq!(*refusal.reason(), Reason::Feature { feature: "multi-value" });
                assert_eq!(refusal.code(), 2003);
            }
            _ => {
                let refusal = past.expect_err(limit.name);
                assert_eq!(refusal.code(), 2002, "{}: {refusal}", limit.name);
                let reason = Reason::Limit { limit: *limit, found: limit.value + 1 };
                assert_eq!(*refusal.reason(), reason, "{}: {refusal}", limit.name);
                // The length of the whole has no place in it.
                let whole = ["MODULE_BYTES", "INSTRUMENTED_BYTES"].contains(&limit.name);
                assert_eq!(refusal.offset().is_some(), !whole, "{}", limit.name);
            }
        }
    }
    let tested: Vec<&str> = CASES.iter().map(|(limit, _)| limit.name).collect();
    let all: Vec<&str> = LIMITS.iter().map(|limit| limit.name).collect();
    assert_eq!(tested, all, "every limit has a case");
}

/// Pages to which the memory of `code` can grow.
fn pages_max(code: &[u8]) -> u64 {
    for payload in wasmparser::Parser::new(0).parse_all(code) {
        if let wasmparser::Payload::MemorySection(memories) = payload.unwrap() {
            return memories.into_iter().next().unwrap().unwrap().maximum.unwrap();
        }
    }
    panic!("no memory")
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
