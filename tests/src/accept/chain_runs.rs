//! The promises of issue 1, "The chain runs".

use std::{collections::BTreeSet, env, process::Command, time::Duration};

use super::{
    record,
    verdict::{Check, Verdict},
};
use crate::{
    limits,
    node::{TestNode, binary},
    vectors::project,
};

/// Time within which a built node is to be ready.
const READY_MAX: Duration = Duration::from_secs(1);

/// Every line under "Done when".
pub const CHECKS: &[Check] = &[
    Check {
        promise: "a machine with Rust, gcc and g++ builds it, and .ci/run is green from nothing in 80 min",
        look: ci_cold,
    },
    Check { promise: ".ci/run is green in 25 min with dependencies compiled", look: ci_warm },
    Check { promise: "`make install` puts `chainstack` on the PATH", look: installed },
    Check { promise: "built, `chainstack dev --tmp` is ready in under 1 s", look: ready },
    Check { promise: "six commands: issue, call, query, events, prove, verify", look: six_commands },
    Check {
        promise: "after kill -9 and a restart the same query and proof hold",
        look: || test("recovery::"),
    },
    Check {
        promise: "`proof verify` exits 3 on any changed byte",
        look: || test("proofs::any_changed_byte"),
    },
    Check {
        promise: "the same proof verifies with an Ethereum MPT library",
        look: || test("proofs::an_ethereum_library"),
    },
    Check { promise: "too large a transfer exits 4 with name, balance and amount", look: too_large },
    Check { promise: "each refused transaction has its own code through RPC", look: || test("refused::") },
    Check {
        promise: "`check` prints its verdict as JSON, exit 0 or 3, for any file",
        look: || test("check::"),
    },
    Check { promise: "`trie root|prove|verify` over Ethereum's files", look: || test("trie::") },
    Check {
        promise: "`bench` prints its line; the same seed gives the same root for any T",
        look: || test("bench::"),
    },
    Check {
        promise: "beside the peers: empty call ≤ 5 µs, ERC20 ≥ 0.5 × revm, trie ≥ 1 × trie-db",
        look: || record::verdict("peers"),
    },
    Check {
        promise: "a limits page generated from code; each limit tested at it and one past",
        look: limits_hold,
    },
    Check { promise: "`/metrics` passes `promtool check metrics`", look: metrics },
    Check {
        promise: "memory grows under 2 % over the second half of 100,000 calls",
        look: || record::verdict("memory-calls"),
    },
    Check {
        promise: "memory grows under 2 % over the second half of 2,000 deploys",
        look: || record::verdict("memory-deploys"),
    },
    Check { promise: "kill -9 of the process 100 times under load", look: || record::verdict("kill") },
    Check {
        promise: "100,000 trie sequences with deletes against an independent crate",
        look: || record::verdict("trie"),
    },
    Check {
        promise: "10,000 wasm-smith modules give the same under wasmer and wasmi",
        look: || record::verdict("wasm"),
    },
    Check {
        promise: "requests are answered as JSON-RPC says, and limits hold at them and one past",
        look: || test("rpc::"),
    },
    Check {
        promise: "commands, keys and exit codes are as the golden reference and the style say",
        look: || test("cli:: keys:: golden::"),
    },
];

/// Runs tests of `tests/it` by the starts of their names.
fn test(names: &str) -> Verdict {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(project()).args([
        "test",
        "--locked",
        "--quiet",
        "--package",
        "chainstack-tests",
        "--test",
        "it",
    ]);
    command.arg("--").args(names.split(' '));
    match binary() {
        Ok(path) => command.env(crate::node::BINARY_VARIABLE, path),
        Err(missing) => return Verdict::NotRun(missing),
    };
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => return Verdict::NotRun(format!("cargo cannot be run: {error}")),
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let result = said.lines().rev().find(|line| line.starts_with("test result:"));
    let Some(result) = result else {
        return Verdict::NotRun(format!("no test ran: {}", String::from_utf8_lossy(&output.stderr).trim()));
    };
    let observed = format!("tests {names}: {}", result.trim_start_matches("test result: "));
    if result.contains(" 0 passed") && output.status.success() {
        return Verdict::NotRun(observed);
    }
    if output.status.success() {
        return Verdict::Pass(observed);
    }
    let failed = said.lines().filter(|line| line.starts_with("    ") && line.contains("::")).map(str::trim);
    let mut failed: Vec<&str> = failed.collect();
    failed.sort_unstable();
    failed.dedup();
    Verdict::Fail(format!("{observed}: {}", failed.join(", ")))
}

fn ci_cold() -> Verdict {
    record::verdict("ci-cold")
}

fn ci_warm() -> Verdict {
    record::verdict("ci-warm")
}

fn installed() -> Verdict {
    let Ok(output) = Command::new("chainstack").arg("--version").output() else {
        return Verdict::NotRun("no `chainstack` on the PATH; `make install` puts it there".to_owned());
    };
    let found = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let expected = format!("chainstack {}", env!("CARGO_PKG_VERSION"));
    if found == expected {
        Verdict::Pass(format!("`chainstack --version` prints {found}"))
    } else {
        Verdict::Fail(format!("`chainstack --version` prints {found}, {expected} expected"))
    }
}

fn ready() -> Verdict {
    let times: Vec<Duration> = (0..3).map(|_| TestNode::temporary(&[]).ready_after()).collect();
    let best = times.iter().min().copied().unwrap_or_default();
    let observed = format!("ready after {times:.2?}");
    if best < READY_MAX { Verdict::Pass(observed) } else { Verdict::Fail(observed) }
}

fn six_commands() -> Verdict {
    let node = TestNode::temporary(&[]);
    let params = node.cli(&["paradigm", "new", "erc20"]).exits(0).stdout;
    let gold = node.file("gold.toml", params.as_bytes());
    let deploy = ["paradigm", "deploy", "erc20", "-p", &gold, "--as", "gold", "--from", "//Alice"];
    let _deployed = node.cli(&deploy).exits(0);
    let _called =
        node.cli(&["call", "gold", "transfer", "to=//Bob", "amount=250", "--from", "//Alice"]).exits(0);
    let asked = node.cli(&["query", "gold", "balance_of", "owner=//Bob", "--output", "json"]).exits(0).stdout;
    if !asked.starts_with(r#"{"schema":1,"result":"250""#) {
        return Verdict::Fail(format!("the query prints {}", asked.trim()));
    }
    let events = node.cli(&["events", "gold"]).exits(0).stdout;
    let transfers = events.lines().filter(|line| line.contains("Transfer")).count();
    let proof = node.cli(&["proof", "get", "gold", "balances", "//Bob"]).exits(0).stdout;
    let file = node.file("p.json", proof.as_bytes());
    let verified = node.cli(&["proof", "verify", &file, "--root", &node.state_root()]).exits(0).stdout;
    if !verified.contains("250") {
        return Verdict::Fail(format!("the proof shows {}", verified.trim()));
    }
    Verdict::Pass(format!("query prints {}; {transfers} Transfer events; the proof shows 250", asked.trim()))
}

fn too_large() -> Verdict {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    let _moved =
        node.cli(&["call", "gold", "transfer", "to=//Bob", "amount=250", "--from", "//Alice"]).exits(0);
    let call = ["call", "gold", "transfer", "to=//Bob", "amount=999999999999", "--from", "//Bob"];
    let refused = node.cli(&call).exits(4).stderr;
    let line = refused.lines().find(|line| line.starts_with("error:")).unwrap_or_default();
    let all = ["InsufficientBalance", "250", "999999999999"].iter().all(|part| line.contains(part));
    let observed = format!("exit 4: {line}");
    if all { Verdict::Pass(observed) } else { Verdict::Fail(observed) }
}

fn metrics() -> Verdict {
    if Command::new("promtool").arg("--version").output().is_err() {
        return Verdict::NotRun("no promtool on the PATH".to_owned());
    }
    test("metrics::")
}

/// Runs the test that each row of the page of limits names, and counts the rows that it holds.
fn limits_hold() -> Verdict {
    let rows = limits::rows();
    let named: BTreeSet<limits::Test> = rows.iter().filter_map(|row| row.tested.clone()).collect();
    let program = match binary() {
        Ok(path) => path,
        Err(missing) => return Verdict::NotRun(missing),
    };
    let ties =
        ["every_row_names_a_test_of_the_project", "every_bound_in_the_code_is_on_the_page_or_says_why_not"];
    let ties =
        ties.map(|name| limits::Test { file: "tests/it/limits.rs".to_owned(), function: name.to_owned() });
    let all = named.iter().chain(&ties).cloned().collect();
    let outcomes = match limits::run(&all, &[(crate::node::BINARY_VARIABLE, program.as_path())]) {
        Ok(outcomes) => outcomes,
        Err(why) => return Verdict::NotRun(why),
    };
    let holds = |test: &limits::Test| outcomes.get(test).is_some_and(|outcome| outcome == "ok");
    let held = rows.iter().filter(|row| row.tested.as_ref().is_some_and(holds)).count();
    let passed = outcomes.values().filter(|outcome| *outcome == "ok").count();
    let observed = format!(
        "{} rows, {held} held at the limit and one past; {passed} of {} tests ok",
        rows.len(),
        outcomes.len()
    );
    let bad = outcomes.iter().filter(|(_, outcome)| *outcome != "ok");
    let bad = bad.map(|(test, outcome)| format!("{test}: {outcome}"));
    let silent = rows.iter().filter(|row| row.tested.is_none());
    let silent = silent.map(|row| format!("{} of {}: untested", row.name, row.section));
    let faults: Vec<String> = bad.chain(silent).collect();
    if faults.is_empty() && held == rows.len() && held > 0 {
        Verdict::Pass(observed)
    } else {
        Verdict::Fail(format!("{observed}; {}", faults.join("; ")))
    }
}
