//! The runner against a plain model of the token, and the token's scenario files against the runner.

mod engines;
mod exits;
mod model;
mod upgrades;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chainstack_host::{Executor, ExecutorConfig};
use chainstack_runtime::params::Schedule;
use model::Model;

use super::{LocalChain, Scenario, ScenarioError, run};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/erc20/scenarios")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a folder entry").path());
    let mut files: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    files.sort();
    files
}

/// Every file of the token, run on the model: what they expect hangs together.
#[test]
fn erc20_scenarios_hold_on_the_model() {
    let all = [files(&folder()), files(&folder().join("more"))].concat();
    assert!(all.len() > 35, "only {} scenario files", all.len());
    for file in all {
        let scenario = Scenario::read(&file).unwrap_or_else(|error| panic!("{error}"));
        run(&scenario, &mut Model::default()).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// Every file of the token, run on the real thing: its committed artifact, in the host, on a chain in memory.
#[test]
fn erc20_scenarios_hold_on_a_chain() {
    let schedule = Arc::new(Schedule::base().expect("the program's own parameters"));
    let executor = Executor::new(ExecutorConfig::default(), (*schedule).clone()).expect("an engine");
    let executor = Arc::new(executor);
    for file in [files(&folder()), files(&folder().join("more"))].concat() {
        let scenario = Scenario::read(&file).unwrap_or_else(|error| panic!("{error}"));
        let mut chain = LocalChain::new(Arc::clone(&executor), Arc::clone(&schedule)).expect("a chain");
        run(&scenario, &mut chain).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// One scenario for each ERC20 row of the public table of cases, and no other beside them.
#[test]
fn erc20_scenarios_are_the_rows_of_the_cases() {
    let vectors = std::env::var("CHAINSTACK_VECTORS").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors"),
        |folder| Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder),
    );
    let Ok(text) = std::fs::read_to_string(vectors.join("tokens/cases.json")) else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "no vectors at {}", vectors.display());
        eprintln_not_run();
        return;
    };
    let cases: serde_json::Value = serde_json::from_str(&text).expect("the cases are JSON");
    let rows = cases.get("erc20").and_then(serde_json::Value::as_array).expect("a list `erc20`");
    let rows: BTreeSet<String> = rows
        .iter()
        .map(|row| row.get(0).and_then(|name| name.as_str()).expect("a name").to_owned())
        .collect();
    let titles = files(&folder()).into_iter().map(|file| Scenario::read(&file).expect("a scenario").title);
    assert_eq!(titles.collect::<BTreeSet<_>>(), rows);
}

#[expect(clippy::print_stderr, reason = "says why nothing was checked")]
fn eprintln_not_run() {
    eprintln!("not run: no vectors");
}

const HEAD: &str = r#"
title = "t"
[accounts]
A = "//Alice"
B = "//Bob"
[[contracts]]
name = "token"
paradigm = "erc20"
caller = "@A"
params = { name = "Gold", symbol = "GLD", decimals = 0, supply = 100, owner = "@A" }
"#;

fn outcome(steps: &str) -> Result<(), ScenarioError> {
    let scenario = Scenario::parse(Path::new("t.toml"), &format!("{HEAD}{steps}"))?;
    run(&scenario, &mut Model::default()).map(|_| ())
}

/// Each wrong expectation fails, and says in which step, what was expected and what was found.
#[test]
fn wrong_expectations_fail() {
    const TRANSFER: &str =
        "[[steps]]\ncall = \"transfer\"\ncaller = \"@A\"\nargs = { to = \"@B\", amount = 30 }\n";
    assert_eq!(outcome(TRANSFER), Ok(()));
    let cases = [
        ("return = false", "step 1 (call transfer): expected return false, found true"),
        ("error = \"ZeroAddress\"", "expected error \"ZeroAddress\", found success"),
        ("events = []", "expected events [], found [Transfer {"),
        (
            "events = [{ Transfer = { from = \"@A\", to = \"@B\", amount = 31 } }]",
            "found [Transfer { amount = \"30\", from = ",
        ),
        ("events = [{ Transfer = { from = \"@A\", to = \"@B\" } }]", "found [Transfer {"),
        ("state = [{ cell = \"balances\", key = [\"@B\"], value = 31 }]", "expected 31, found \"30\""),
        ("state = [{ cell = \"balances\", key = [\"@B\"] }]", "expected no entry, found \"30\""),
        ("state = [{ cell = \"balances\", key = [\"@D\"] }]", "no account is called `D`"),
        (
            "views = [{ query = \"total_supply\", return = 99 }]",
            "view total_supply: expected 99, found \"100\"",
        ),
        ("balances = { \"@A\" = 7 }", "balance of //Alice: expected 7, found 1000"),
        (
            "sum = { cell = \"balances\", over = [\"@A\"], query = \"total_supply\" }",
            "sum of balances: the entries give 70, total_supply says 100",
        ),
        ("gas_max = 9", "expected at most 9 gas, found 10"),
    ];
    for (expectation, what) in cases {
        let error = outcome(&format!("{TRANSFER}[steps.expect]\n{expectation}\n")).expect_err(expectation);
        let text = error.to_string();
        assert!(text.starts_with("t.toml: ") && text.contains(what), "{expectation}: {text}");
    }
    let too_much = TRANSFER.replace("30", "101");
    let error = outcome(&too_much).expect_err("too much").to_string();
    assert!(
        error.contains("expected success, found InsufficientBalance { balance = \"100\", needed = \"101\" }")
    );
    let wrong = "error = { InsufficientBalance = { balance = 99, needed = 101 } }";
    assert!(outcome(&format!("{too_much}[steps.expect]\n{wrong}\n")).is_err());
}

/// Each malformed file is refused with its reason, before anything runs.
#[test]
fn malformed_scenarios_are_refused() {
    let cases = [
        ("[[steps]]\n", "exactly one of `call`, `poke`, `query`, `upgrade`, `block` and `random`"),
        ("[[steps]]\ncall = \"a\"\nquery = \"b\"\ncaller = \"@A\"\n", "exactly one of"),
        ("[[steps]]\ncall = \"a\"\npoke = \"b\"\ncaller = \"@A\"\n", "exactly one of"),
        ("[[steps]]\ncall = \"a\"\n", "every one of them has one"),
        ("[[steps]]\npoke = \"a\"\n", "every one of them has one"),
        ("[[steps]]\nquery = \"a\"\ncaller = \"@A\"\n", "every one of them has one"),
        ("[[steps]]\npoke = \"a\"\ncaller = \"@A\"\nargs = { b = 1 }\n", "an exit takes no `args`"),
        ("[[steps]]\npoke = \"a\"\ncaller = \"@A\"\nvalue = 1\n", "`value` belongs to `call`"),
        ("[[steps]]\ncall = \"a\"\ncaller = \"@A\"\nitem = [1]\n", "`item` belongs to `poke`"),
        ("[[steps]]\nquery = \"a\"\nat_height = 5\n", "a query makes no block"),
        ("[[steps]]\nblock = []\nat_height = 100_001\n", "height 100001 is past the greatest, 100000"),
        (
            "[[steps]]\n[[steps.block]]\npoke = \"a\"\ncaller = \"@A\"\nat_height = 5\n",
            "belong to the block, not to its calls",
        ),
        ("[[steps]]\nupgrade = \"a\"\n", "every one of them has one"),
        ("[[steps]]\nupgrade = \"a\"\ncall = \"b\"\ncaller = \"@A\"\n", "exactly one of"),
        ("[[steps]]\nupgrade = \"a\"\ncaller = \"@A\"\nargs = { b = 1 }\n", "an upgrade takes no `args`"),
        (
            "[[steps]]\n[[steps.block]]\nupgrade = \"a\"\ncaller = \"@A\"\n",
            "a block bundles calls and pokes only",
        ),
        ("[[steps]]\nquery = \"a\"\n[steps.expect]\ntext = \"b\"\n", "`text` is what an `error` says"),
        ("[[steps]]\nquery = \"a\"\nunknown = 1\n", "unknown field `unknown`"),
        ("[[steps]]\n[[steps.block]]\nquery = \"a\"\n", "a block bundles calls and pokes only"),
        (
            "[[steps]]\nquery = \"a\"\n[steps.expect]\nerror = \"E\"\nreturn = 1\n",
            "a step that expects an error returns nothing",
        ),
        ("[[steps]]\nquery = \"a\"\n[steps.expect]\nerror = 7\n", "an error is a name"),
        ("[[steps]]\nquery = \"a\"\n[steps.expect]\nevents = [{}]\n", "an event is a table with one name"),
        (
            "[[contracts]]\nname = \"token\"\nparadigm = \"erc20\"\ncaller = \"@A\"\n",
            "the name is given twice",
        ),
        ("[[contracts]]\nname = \"other\"\ncaller = \"@A\"\n", "exactly one of `paradigm` and `wasm`"),
        ("[[steps]]\nquery = \"a\"\nat_ms = 5\n", "`at_ms` needs the scenario's `time_ms`"),
        (
            "[[steps]]\n[steps.random]\nseed = 1\ncount = 1\namong = []\ncalls = []\n",
            "`random` needs accounts",
        ),
    ];
    for (steps, what) in cases {
        let error = outcome(steps).expect_err(steps).to_string();
        assert!(error.starts_with("t.toml: ") && error.contains(what), "{steps}: {error}");
    }
}

/// A refused call that leaves a trace fails the scenario.
#[test]
fn a_refusal_must_leave_no_trace() {
    const TOO_MUCH: &str = "[[steps]]\ncall = \"transfer\"\ncaller = \"@A\"\nargs = { to = \"@B\", amount = 101 }\n[steps.expect]\nerror = \"InsufficientBalance\"\n";
    let scenario = Scenario::parse(Path::new("t.toml"), &format!("{HEAD}{TOO_MUCH}")).expect("a scenario");
    assert!(run(&scenario, &mut Model::default()).is_ok());
    let error = run(&scenario, &mut Model::leaking()).expect_err("a leak").to_string();
    assert!(error.contains("refused, and yet storage of `token` went from"), "{error}");
}
