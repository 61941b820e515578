//! What exports can reach: each way of calling, what is not clear, what is no module, and the paradigm's own code.

use std::{collections::BTreeSet, fmt::Write as _, path::Path};

use chainstack_analysis::{
    Ability, BytecodeError, Reachability,
    bytecode::{CODE_BYTES_MAX, EXPORTS_MAX, IMPORTS_MAX},
    reachability,
};

/// Imports `set`, `emit` and `get` in front of `text`; each is `() -> ()`, but for `get`.
fn module(text: &str) -> Vec<u8> {
    let text = format!(
        "(module (import \"chainstack\" \"cell_set\" (func $set)) (import \"chainstack\" \"emit\" (func $emit)) \
         (import \"chainstack\" \"cell_get\" (func $get (param i32) (result i32))) {text})"
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn found(code: &[u8]) -> Reachability {
    reachability(code).unwrap_or_else(|error| panic!("{error}"))
}

/// Names of what the export `run` of the module reaches.
fn reached(text: &str) -> Vec<String> {
    let found = found(&module(text));
    let reached = found.of("run").expect("it is exported");
    reached.iter().map(|function| function.name.clone()).collect()
}

#[test]
fn direct_calls_are_followed() {
    let inner = "(func $inner call $set)";
    assert_eq!(reached(&format!("{inner} (func (export \"run\") call $inner)")), ["cell_set"]);
    assert_eq!(reached(&format!("{inner} (func (export \"run\"))")), [""; 0]);
    assert_eq!(reached("(func $tail call $emit) (func (export \"run\") return_call $tail)"), ["emit"]);
    assert_eq!(reached("(func (export \"run\") call $set call $emit)"), ["cell_set", "emit"]);
}

#[test]
fn recursion_ends_and_reaches_what_each_part_reaches() {
    let text = "(func $even call $odd) (func $odd call $even call $emit) (func $alone call $alone) \
                (func (export \"run\") call $even) (func (export \"other\") call $alone)";
    assert_eq!(reached(text), ["emit"]);
    assert_eq!(found(&module(text)).of("other"), Some(&BTreeSet::new()));
}

#[test]
fn an_indirect_call_reaches_every_function_of_its_type_that_a_table_holds() {
    let table = "(type $plain (func)) (type $reads (func (param i32) (result i32))) (table 4 funcref) \
                 (func $quiet) (func $loud call $emit) (func $reader (param i32) (result i32) local.get 0 call $get)";
    let run =
        |elements: &str, call: &str| reached(&format!("{table} {elements} (func (export \"run\") {call})"));
    let plain = "(call_indirect (type $plain) (i32.const 0))";
    assert_eq!(run("(elem (i32.const 0) $quiet $loud $reader)", plain), ["emit"]);
    assert_eq!(run("(elem (i32.const 0) $quiet $reader)", plain), [""; 0], "$loud has no place in a table");
    let reads = "(drop (call_indirect (type $reads) (i32.const 1) (i32.const 0)))";
    assert_eq!(run("(elem (i32.const 0) $quiet $loud $reader)", reads), ["cell_get"], "another type");
    // An import in the table, a second type of the same shape, a segment that is only copied, and an address that is taken.
    assert_eq!(run("(elem (i32.const 0) $quiet $set)", plain), ["cell_set"]);
    assert_eq!(
        run("(type $same (func)) (elem (i32.const 0) $loud)", "(call_indirect (type $same) (i32.const 0))"),
        ["emit"]
    );
    assert_eq!(run("(elem $passive func $loud)", plain), ["emit"]);
    assert_eq!(run("(elem declare func $loud) (func (drop (ref.func $loud)))", plain), ["emit"]);
    assert_eq!(run("(global funcref (ref.func $loud))", plain), ["emit"]);
    assert_eq!(run("(elem (i32.const 0) funcref (ref.func $loud))", plain), ["emit"]);
    assert_eq!(run("(table 1 1 funcref (ref.func $loud))", plain), ["emit"]);
    assert_eq!(
        run("(elem (i32.const 0) $loud)", "(return_call_indirect (type $plain) (i32.const 0))"),
        ["emit"]
    );
}

#[test]
fn where_it_is_not_clear_a_call_reaches_everything() {
    let everything = ["cell_get", "cell_set", "emit"];
    let imported = "(import \"chainstack\" \"cell_delete\" (table 1 funcref)) (type $plain (func)) \
                    (func (export \"run\") (call_indirect (type $plain) (i32.const 0)))";
    assert_eq!(reached(imported), everything);
    let global = "(import \"a\" \"b\" (global $g funcref)) (type $plain (func)) (table 1 funcref) \
                  (elem (i32.const 0) funcref (global.get $g)) \
                  (func (export \"run\") (call_indirect (type $plain) (i32.const 0)))";
    assert_eq!(reached(global), everything);
    let reference =
        "(type $plain (func)) (func (export \"run\") (param (ref $plain)) (call_ref $plain (local.get 0)))";
    assert_eq!(reached(reference), everything);
    let open = "(type $plain (sub (func))) (table 1 funcref) (func (export \"run\") (call_indirect (type $plain) (i32.const 0)))";
    assert_eq!(reached(open), everything);
}

#[test]
fn code_that_never_runs_counts_and_the_start_function_counts_for_every_export() {
    assert_eq!(reached("(func (export \"run\") unreachable call $set)"), ["cell_set"]);
    assert_eq!(reached("(func (export \"run\") (if (i32.const 0) (then call $emit)))"), ["emit"]);
    assert_eq!(reached("(func $start call $emit) (start $start) (func (export \"run\"))"), ["emit"]);
    // A function that is exported nowhere and called by nobody does not.
    assert_eq!(reached("(func $never call $emit) (func (export \"run\") call $set)"), ["cell_set"]);
    assert_eq!(reached("(export \"run\" (func $emit))"), ["emit"]);
    assert_eq!(reached("(memory (export \"memory\") 1) (func (export \"run\"))"), [""; 0]);
}

#[test]
fn what_is_not_known_may_do_anything() {
    let code = module(
        "(import \"chainstack\" \"brand_new\" (func $new)) (import \"env\" \"cell_get\" (func $foreign)) \
         (func (export \"new\") call $new) (func (export \"foreign\") call $foreign) \
         (func (export \"reads\") (drop (call $get (i32.const 0)))) (func (export \"writes\") call $set)",
    );
    let found = found(&code);
    for ability in Ability::ALL {
        assert!(found.never("reads", ability), "{ability:?}");
        assert!(!found.never("new", ability) && !found.never("foreign", ability), "{ability:?}");
        assert!(!found.never("no such export", ability), "{ability:?}");
        assert_eq!(found.never("writes", ability), ability != Ability::WritesCells, "{ability:?}");
    }
}

#[test]
fn what_is_no_module_or_passes_a_limit_is_a_typed_error() {
    let refused = |code: &[u8]| reachability(code).expect_err("refused");
    assert_eq!(refused(b""), BytecodeError::Malformed { offset: 0 });
    assert!(matches!(refused(b"hello, this is text"), BytecodeError::Malformed { .. }));
    let whole = module("(func $inner call $set) (func (export \"run\") call $inner)");
    for length in 0..whole.len() {
        // What is cut off behind a section is a shorter module; whatever it is, nothing panics.
        let _answer = reachability(&whole[..length]);
    }
    for position in 8..whole.len() {
        for bit in 0..8 {
            let mut other = whole.clone();
            other[position] ^= 1 << bit;
            let _answer = reachability(&other);
        }
    }
    let stray =
        [&b"\0asm\x01\0\0\0"[..], &[1, 4, 1, 0x60, 0, 0], &[3, 2, 1, 0], &[10, 6, 1, 4, 0, 0x10, 9, 0x0b]]
            .concat();
    assert_eq!(refused(&stray), BytecodeError::Missing { what: "function", index: 9 });
    let bodiless = [&b"\0asm\x01\0\0\0"[..], &[1, 4, 1, 0x60, 0, 0], &[3, 2, 1, 0]].concat();
    assert!(matches!(refused(&bodiless), BytecodeError::Malformed { .. }));

    let many = |count: usize, one: &dyn Fn(usize) -> String| {
        let rows: String = (0..count).map(one).collect();
        reachability(&wat::parse_str(format!("(module {rows})")).expect("a module"))
    };
    let imports = |index: usize| format!("(import \"chainstack\" \"f{index}\" (func))");
    assert!(many(IMPORTS_MAX, &imports).is_ok());
    let limit = IMPORTS_MAX;
    assert_eq!(many(limit + 1, &imports), Err(BytecodeError::TooLarge { what: "imported functions", limit }));
    let exports = |index: usize| format!("(func (export \"f{index}\"))");
    assert!(many(EXPORTS_MAX, &exports).is_ok());
    let limit = EXPORTS_MAX;
    assert_eq!(many(limit + 1, &exports), Err(BytecodeError::TooLarge { what: "exported functions", limit }));
    let limit = CODE_BYTES_MAX;
    assert_eq!(refused(&vec![0; limit + 1]), BytecodeError::TooLarge { what: "bytes of code", limit });
    assert!(matches!(refused(&vec![0; limit]), BytecodeError::Malformed { .. }));
}

/// A module in which every function calls the next, and the last every import: what is reached comes back one import at
/// a time along the whole chain. As long as a limit lets it be, it ends.
#[test]
fn the_longest_chain_ends() {
    let mut text = String::from("(module ");
    for index in 0..IMPORTS_MAX {
        let _ = write!(text, "(import \"chainstack\" \"f{index}\" (func))");
    }
    let functions = 100_000;
    for index in 0..functions {
        let name = if index == 0 { " (export \"run\")" } else { "" };
        let _ = write!(text, "(func{name} call {})", IMPORTS_MAX + index + 1);
    }
    let calls: String =
        (0..IMPORTS_MAX).fold(String::new(), |calls, index| calls + &format!(" call {index}"));
    let _ = write!(text, "(func{calls}))");
    let code = wat::parse_str(&text).expect("a module");
    assert!(code.len() < CODE_BYTES_MAX, "{}", code.len());
    assert_eq!(found(&code).of("run").map(BTreeSet::len), Some(IMPORTS_MAX));
}

#[test]
fn views_of_the_token_are_proven_not_to_write() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/artifacts/erc20.wasm");
    let found = found(&std::fs::read(path).expect("committed"));
    let views = [
        "name",
        "symbol",
        "decimals",
        "total_supply",
        "balance_of",
        "allowance",
        "owner",
        "cap",
        "mintable",
        "burnable",
        "pausable",
        "paused",
    ];
    for view in views {
        for ability in Ability::ALL {
            assert!(found.never(view, ability), "{view} {ability:?}: {:?}", found.of(view));
        }
    }
    for method in ["transfer", "approve", "mint", "burn"] {
        assert!(
            !found.never(method, Ability::WritesCells) && !found.never(method, Ability::Announces),
            "{method}"
        );
        assert!(
            found.never(method, Ability::SendsCoins) && found.never(method, Ability::MovesEscrow),
            "{method}"
        );
    }
    assert!(found.never("pause", Ability::WritesCells) && !found.never("pause", Ability::Announces));
}
