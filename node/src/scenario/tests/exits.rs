//! Steps that poke, and that wait for heights: a contract of deals, on a chain in memory.

use std::sync::Arc;

use chainstack_client::{manifest::from_toml, module::embed_manifest};
use chainstack_host::{Executor, ExecutorConfig};
use chainstack_runtime::params::Schedule;
use parity_scale_codec::Encode as _;

use super::{LocalChain, Scenario, ScenarioError, run};

/// Coins for a deal go back to whom opened it from height 50 on, and to its seller if they are few.
const MANIFEST: &str = r#"
[contract]
name = "deals"
[params]
keeper = "account"
[events.Refunded]
id = 7
fields = { amount = "u128" }
[cells.deals]
id = 1
kind = "map"
key = { id = "u64", seller = "account" }
head = { buyer = "account" }
[cells.held]
id = 2
kind = "escrow"
item = "deals"
asset = "native"
[machines.deal]
id = 1
cell = "deals"
states = { Open = 0, Paid = 1, Refunded = 2 }
initial = "Open"
terminal = ["Paid", "Refunded"]
[transitions.open]
args = { id = "u64", seller = "account" }
value_max = "any"
item = { new = "deals", key = ["arg.id", "arg.seller"] }
touches = [{ cell = "deals", key = ["arg.id", "arg.seller"], ops = ["set"] }]
escrows = [{ cell = "held", pays_in = true }]
ceilings = { gas = 200_000, writes = 2, new_entries = 2 }
[transitions.gift]
value_max = "any"
ceilings = { gas = 200_000 }
[exits.refund]
id = 1
item = "deals"
from = { deal = ["Open"] }
window = { clock = "height", opens = "50" }
effects = [{ release = "held", to = "item.buyer" }]
to = { deal = "Refunded" }
event = { Refunded = ["escrowed(held)"] }
[exits.settle]
id = 2
item = "deals"
from = { deal = ["Open"] }
guard = "escrowed(held) < 10"
effects = [{ release = "held", to = "item.seller" }]
to = { deal = "Paid" }
[exits.sweep]
id = 3
effects = [{ pay = "param.keeper", amount = "balance" }]
"#;

/// The entry's one head field is the caller; the coins that came along go into escrow.
const MODULE: &str = r#"(module
    (import "chainstack" "input" (func $input (param i32 i32) (result i32)))
    (import "chainstack" "caller" (func $caller (param i32)))
    (import "chainstack" "value" (func $value (param i32)))
    (import "chainstack" "cell_set" (func $cell_set (param i32 i32 i32 i32 i32)))
    (import "chainstack" "escrow_in" (func $escrow_in (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "open")
        (drop (call $input (i32.const 0) (i32.const 40)))
        (call $caller (i32.const 100))
        (call $value (i32.const 132))
        (call $cell_set (i32.const 1) (i32.const 0) (i32.const 40) (i32.const 100) (i32.const 32))
        (if (call $escrow_in (i32.const 2) (i32.const 0) (i32.const 40) (i32.const 132)) (then (unreachable))))
    (func (export "gift")))"#;

/// With deal 7, of 30 coins.
const HEAD: &str = r#"
title = "t"
time_ms = 1_900_000_000_000
[accounts]
A = "//Alice"
B = "//Bob"
C = "//Charlie"
[[contracts]]
name = "deals"
wasm = "deals.wasm"
caller = "@A"
params = { keeper = "//Nobody" }
[[steps]]
call = "open"
caller = "@A"
args = { id = 7, seller = "@B" }
value = 30
"#;

/// Runs [`HEAD`] and the steps.
fn outcome(steps: &str) -> Result<(), ScenarioError> {
    let manifest = from_toml(MANIFEST).unwrap_or_else(|error| panic!("{error}"));
    let module = wat::parse_str(MODULE).expect("a module");
    let module = embed_manifest(&module, &manifest.encode()).expect("embedded");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("deals.wasm"), module).expect("written");
    let scenario = Scenario::parse(&folder.path().join("t.toml"), &format!("{HEAD}{steps}"))?;
    let schedule = Schedule::base().expect("the program's own parameters");
    let executor = Executor::new(ExecutorConfig::default(), schedule.clone()).expect("an engine");
    let mut chain = LocalChain::new(Arc::new(executor), Arc::new(schedule)).expect("a chain");
    run(&scenario, &mut chain).map(|_| ())
}

fn passes(steps: &str) {
    outcome(steps).unwrap_or_else(|error| panic!("{steps}: {error}"));
}

const REFUND: &str = "[[steps]]\npoke = \"refund\"\ncaller = \"@C\"\nitem = [7, \"@B\"]\n";

#[test]
fn a_poke_takes_an_exit_from_its_height_on() {
    let early = format!("{REFUND}at_height = 49\nexpect = {{ error = \"NotOpen\" }}\n");
    let taken = r#"
at_height = 50
[steps.expect]
events = [{ Refunded = { amount = 30 } }]
machines = [{ machine = "deal", key = [7, "@B"], state = "Refunded" }]
"#;
    let again = format!("{REFUND}expect = {{ error = \"WrongState\" }}\n");
    passes(&format!("{early}{REFUND}{taken}{again}"));
    // Blocks that nobody sends anything in are as good.
    passes(&format!("[[steps]]\nblock = []\nat_height = 49\n{REFUND}{taken}"));
}

#[test]
fn refusals_of_exits_have_the_names_of_their_codes() {
    let settle = REFUND.replace("refund", "settle");
    passes(&format!("{settle}expect = {{ error = \"GuardRefused\" }}\n"));
    passes(&format!("{}expect = {{ error = \"ItemNotFound\" }}\n", settle.replace("[7,", "[8,")));
    let open = "[[steps]]\ncall = \"open\"\ncaller = \"@A\"\nargs = { id = 8, seller = \"@B\" }\nvalue = 9\n";
    let paid = "expect = { events = [], machines = [{ machine = \"deal\", key = [8, \"@B\"], state = \"Paid\" }] }\n";
    passes(&format!("{open}{}{paid}", settle.replace("[7,", "[8,")));
}

#[test]
fn an_exit_of_the_contract_takes_no_item_and_shares_a_block_with_calls() {
    // Nobody has but what the sweep brings.
    let block = r#"
[[steps]]
[[steps.block]]
call = "gift"
caller = "@A"
value = 5
[[steps.block]]
poke = "sweep"
caller = "@B"
[steps.expect]
balances = { "//Nobody" = 5 }
"#;
    passes(block);
}

#[test]
fn what_cannot_be_poked_is_said() {
    let cases = [
        (REFUND.replace("refund", "return"), "step 2 (poke return): no exit `return` is declared"),
        (REFUND.replace("[7, \"@B\"]", "[7]"), "2 key texts expected, 1 found"),
        (REFUND.replace("item = [7, \"@B\"]", ""), "2 key texts expected, 0 found"),
        (REFUND.replace("refund", "sweep"), "exit `sweep` concerns the contract: it takes no item"),
        (format!("{REFUND}at_height = 2\n"), "the next block has height 4 and cannot have 2"),
        (format!("{REFUND}at_ms = 1\nat_height = 9\n"), "cannot go back"),
        (
            format!(
                "{REFUND}at_height = 50\nexpect = {{ machines = [{{ machine = \"deal\", key = [7, \"@B\"], state = \"Paid\" }}] }}\n"
            ),
            "expected Paid, found \"Refunded\"",
        ),
        (
            format!(
                "{REFUND}at_height = 50\nexpect = {{ machines = [{{ machine = \"deal\", key = [7, \"@B\"] }}] }}\n"
            ),
            "expected no item, found \"Refunded\"",
        ),
        (
            format!("{REFUND}at_height = 50\nexpect = {{ machines = [{{ machine = \"meal\" }}] }}\n"),
            "no machine `meal` is declared",
        ),
    ];
    for (steps, what) in cases {
        let error = outcome(&steps).expect_err(what).to_string();
        assert!(error.contains(what), "{steps}: {error}");
    }
}

#[test]
fn what_an_escrow_holds_is_looked_at() {
    let look =
        |expected: &str| format!("[[steps]]\nblock = []\nexpect = {{ escrows = [{{ {expected} }}] }}\n");
    let held = "cell = \"held\", key = [7, \"@B\"]";
    passes(&look(&format!("{held}, value = 30")));
    passes(&look(&format!("{held}, holds = true")));
    passes(&look("cell = \"held\", key = [8, \"@B\"], holds = false"));
    let empty = format!("{REFUND}at_height = 50\nexpect = {{ escrows = [{{ {held}, value = 0 }}] }}\n");
    passes(&empty);
    let cases = [
        (format!("{held}, value = 29"), "expected 29, found 30"),
        (format!("{held}, holds = false"), "expected nothing, found 30"),
        ("cell = \"held\", key = [8, \"@B\"], holds = true".to_owned(), "expected something, found 0"),
        (held.to_owned(), "expected exactly one of `holds` and `value`"),
        (format!("{held}, holds = true, value = 30"), "expected exactly one of `holds` and `value`"),
        ("cell = \"deals\", key = [7, \"@B\"], holds = true".to_owned(), "cell `deals` is no escrow"),
        ("cell = \"hold\", holds = true".to_owned(), "no cell `hold` is declared"),
        ("cell = \"held\", holds = true".to_owned(), "2 key texts expected, 0 found"),
    ];
    for (expected, what) in cases {
        let error = outcome(&look(&expected)).expect_err(what).to_string();
        assert!(error.contains(what), "{expected}: {error}");
    }
}
