//! `chainstack audit --scenarios`: what it writes, `chainstack test` replays, and a replay passes only where the run ends.

use std::{fs, path::Path};

use chainstack_tests::{
    node::{Output, run},
    vectors::project,
};
use tempfile::TempDir;

/// Audits the module against one property, writes the scenarios into `found` below `home` and gives the property's.
fn against(home: &Path, module: &str, property: &str) -> (String, toml::Table) {
    let folder = home.join("found");
    let folder_text = folder.to_string_lossy();
    let line = ["audit", module, "--property", property, "--scenarios", &*folder_text];
    let answer = run(home, &line).exits(3);
    assert!(!answer.stderr.contains("not in the scenario"), "{answer:?}");
    let files = fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let stated = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("P9"));
    let file = files.into_iter().find(|path| stated(path)).expect("a scenario of the property");
    let text = fs::read_to_string(&file).expect("text");
    let table = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
    (file.to_string_lossy().into_owned(), table)
}

/// Replays the file with `from` replaced by `to`.
fn replay(home: &Path, file: &str, (from, to): (&str, &str)) -> Output {
    let text = fs::read_to_string(file).expect("text");
    assert!(text.contains(from), "{from}: {text}");
    fs::write(file, text.replace(from, to)).expect("written");
    run(home, &["test", file])
}

#[test]
fn the_run_that_pauses_a_token_is_real() {
    let home = TempDir::new().expect("a folder");
    let artifact = project().join("contracts/artifacts/erc20.wasm");
    let (file, table) = against(home.path(), &artifact.to_string_lossy(), "never main.Paused");
    assert_eq!(table["contracts"][0]["params"]["pausable"].as_bool(), Some(true), "{table}");
    let last = table["steps"].as_array().and_then(|steps| steps.last()).expect("a step");
    assert_eq!(last["call"].as_str(), Some("pause"));
    let ends = &last["expect"]["machines"][0];
    assert_eq!((ends["machine"].as_str(), ends["state"].as_str()), (Some("main"), Some("Paused")));
    let _passed = run(home.path(), &["test", &file]).exits(0);
    // The guard holds for the value that was chosen, and for no other; and the end is looked at.
    let refused = replay(home.path(), &file, ("pausable = true", "pausable = false")).exits(3);
    assert!(refused.stderr.contains("GuardRefused"), "{refused:?}");
    let _passed = replay(home.path(), &file, ("pausable = false", "pausable = true")).exits(0);
    let elsewhere = replay(home.path(), &file, ("state = \"Paused\"", "state = \"Active\"")).exits(3);
    assert!(elsewhere.stderr.contains("expected Active, found \"Paused\""), "{elsewhere:?}");
}

/// Coins are held for deals until a height, from which on they go back.
const MANIFEST: &str = r#"
[contract]
name = "deals"
[params]
ends = { type = "u64", min = 40, max = 1_000 }
[cells.deals]
id = 1
kind = "map"
key = { id = "u64" }
head = { buyer = "account" }
[cells.held]
id = 2
kind = "escrow"
item = "deals"
asset = "native"
[machines.deal]
id = 1
cell = "deals"
states = { Open = 0, Refunded = 1 }
initial = "Open"
terminal = ["Refunded"]
[transitions.open]
args = { id = "u64" }
value_max = "any"
item = { new = "deals", key = ["arg.id"] }
guard = "value >= 25"
touches = [{ cell = "deals", key = ["arg.id"], ops = ["set"] }]
escrows = [{ cell = "held", pays_in = true }]
ceilings = { gas = 200_000, writes = 2, new_entries = 2 }
[exits.refund]
id = 1
item = "deals"
from = { deal = ["Open"] }
window = { clock = "height", opens = "param.ends + 10" }
effects = [{ release = "held", to = "item.buyer" }]
to = { deal = "Refunded" }
"#;
const MODULE: &str = r#"(module
    (import "chainstack" "input" (func $input (param i32 i32) (result i32)))
    (import "chainstack" "caller" (func $caller (param i32)))
    (import "chainstack" "value" (func $value (param i32)))
    (import "chainstack" "cell_set" (func $cell_set (param i32 i32 i32 i32 i32)))
    (import "chainstack" "escrow_in" (func $escrow_in (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "open")
        (drop (call $input (i32.const 0) (i32.const 8)))
        (call $caller (i32.const 100))
        (call $value (i32.const 132))
        (call $cell_set (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 100) (i32.const 32))
        (if (call $escrow_in (i32.const 2) (i32.const 0) (i32.const 8) (i32.const 132)) (then (unreachable)))))"#;

#[test]
fn the_run_that_waits_for_an_exit_and_pokes_it_is_real() {
    let home = TempDir::new().expect("a folder");
    let path = |name: &str| home.path().join(name).to_string_lossy().into_owned();
    let (plain, toml, whole) = (path("plain.wasm"), path("deals.toml"), path("deals.wasm"));
    fs::write(&plain, wat::parse_str(MODULE).expect("a module")).expect("written");
    fs::write(&toml, MANIFEST).expect("written");
    let _embedded = run(home.path(), &["manifest", "embed", &plain, &toml, "-o", &whole]).exits(0);
    let (file, table) = against(home.path(), &whole, "never deal.Refunded");
    let steps = table["steps"].as_array().expect("steps");
    let last = steps.last().expect("a step");
    assert_eq!(steps[0]["value"].as_integer(), Some(25), "{table}");
    assert_eq!(
        (last["poke"].as_str(), last["at_height"].as_integer()),
        (Some("refund"), Some(50)),
        "{table}"
    );
    assert_eq!(table["contracts"][0]["wasm"].as_str(), Some("../deals.wasm"));
    let _passed = run(home.path(), &["test", &file]).exits(0);
    let early = replay(home.path(), &file, ("at_height = 50", "at_height = 49")).exits(3);
    assert!(early.stderr.contains("(poke refund)") && early.stderr.contains("NotOpen"), "{early:?}");
}
