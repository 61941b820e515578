//! The long counts of other rooms, and the gate itself: run, timed, recorded.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use super::PROGRAM;
use crate::{accept::record, vectors::project};

/// Most time the gate may take from nothing.
const COLD_MAX: Duration = Duration::from_secs(80 * 60);
/// Most time the gate may take with dependencies compiled.
const WARM_MAX: Duration = Duration::from_secs(25 * 60);
/// Lines of a run that are kept.
const LINES_KEPT: usize = 24;

/// The trie's sequences against an independent crate.
pub(super) fn trie(seed: u64) -> Result<String, String> {
    let arguments = ["test", "--locked", "--package", "chainstack-trie", "--", "--nocapture"];
    suite(
        "trie",
        seed,
        &[&arguments],
        &["runtime/trie", "runtime/keccak", "runtime/primitives", "Cargo.lock"],
    )
}

/// Generated modules, the suite of the specification, and our contracts under all engines.
pub(super) fn wasm(seed: u64) -> Result<String, String> {
    let host = ["test", "--locked", "--package", "chainstack-host", "--", "--nocapture"];
    let scenarios =
        ["test", "--locked", "--package", "chainstack-node", "--lib", "three_engines", "--", "--nocapture"];
    let paths = [
        "host",
        "runtime/src",
        "runtime/primitives",
        "node/src/scenario",
        "contracts/artifacts",
        "contracts/erc20/scenarios",
        "Cargo.lock",
    ];
    suite("wasm", seed, &[&host, &scenarios], &paths)
}

/// Runs tests with the long counts, one command after the other, and records what they print.
fn suite(name: &str, seed: u64, commands: &[&[&str]], paths: &[&str]) -> Result<String, String> {
    let (mut passed, mut took, mut text) = (true, Duration::ZERO, String::new());
    for arguments in commands {
        let mut command = Command::new("cargo");
        command.args(*arguments).env("CHAINSTACK_CAMPAIGN", "1").env("CHAINSTACK_SEED", seed.to_string());
        let (green, time, said) = timed(&mut command)?;
        passed = passed && green;
        took += time;
        text.push_str(&said);
    }
    // Counts are what tests print beside the harness's own lines.
    let counts: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && line.chars().any(|it| it.is_ascii_digit()))
        .filter(|line| {
            !line.starts_with("test ") && !line.starts_with("running ") && !line.contains("Compiling")
        })
        .collect();
    let results = text.lines().filter(|line| line.starts_with("test result:")).collect::<Vec<_>>().join("; ");
    let said = counts.iter().filter(|line| !line.starts_with("test result:")).take(LINES_KEPT).copied();
    let said = said.collect::<Vec<_>>().join("; ");
    let observed = format!("in {} s: {said}; {results}", took.as_secs());
    record::write(name, Some(passed), &observed, paths, json!({"seed": seed, "seconds": took.as_secs()}))?;
    if passed { Ok(observed) } else { Err(format!("{observed}\n{}", tail(&text))) }
}

/// The gate with what is compiled in place.
pub(super) fn ci_warm(_seed: u64) -> Result<String, String> {
    gate("ci-warm", &mut Command::new(project().join(".ci/run")), WARM_MAX)
}

/// The gate with an empty target folder.
pub(super) fn ci_cold(_seed: u64) -> Result<String, String> {
    let empty = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut command = Command::new(project().join(".ci/run"));
    command.env("CHAINSTACK_TARGET", empty.path()).env_remove("CARGO_TARGET_DIR");
    gate("ci-cold", &mut command, COLD_MAX)
}

fn gate(name: &str, command: &mut Command, most: Duration) -> Result<String, String> {
    let (green, took, text) = timed(command)?;
    let steps: Vec<&str> =
        text.lines().filter(|line| line.starts_with("== ") && line.contains(" s")).collect();
    let observed =
        format!("{} min of at most {}: {}", took.as_secs() / 60, most.as_secs() / 60, steps.join("; "));
    let passed = green && took <= most;
    let paths = [PROGRAM, &["tests/src", "tests/it", "Makefile", ".ci"]].concat();
    record::write(name, Some(passed), &observed, &paths, json!({"seconds": took.as_secs(), "green": green}))?;
    if passed { Ok(observed) } else { Err(format!("{observed}\n{}", tail(&text))) }
}

/// Runs a command in the project: whether it succeeded, how long it took, and what it said.
fn timed(command: &mut Command) -> Result<(bool, Duration, String), String> {
    let began = Instant::now();
    let output =
        command.current_dir(project()).stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let text = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), began.elapsed(), String::from_utf8_lossy(&text).into_owned()))
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
