//! The long counts of other rooms, and the gate itself: run, timed, recorded.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{accept::record, vectors::project};

/// Most time the gate may take from nothing.
const COLD_MAX: Duration = Duration::from_secs(80 * 60);
/// Most time the gate may take with dependencies compiled.
const WARM_MAX: Duration = Duration::from_secs(25 * 60);
/// Most characters of a run's own lines that are kept.
const SAID_MAX: usize = 2_000;
/// Steps of the gate, each of which prints its time.
const STEPS: usize = 8;

/// The trie's sequences against an independent crate, and its proofs.
pub(super) fn trie(seed: u64) -> Result<String, String> {
    let promised = ["sequences: 100000, ", "proofs: 1000, changed bytes"];
    suite(
        "trie",
        seed,
        &["--package", "chainstack-trie"],
        &promised,
        &["runtime/trie", "runtime/keccak", "runtime/primitives"],
    )
}

/// Generated modules and the token's scenarios under three engines, and WebAssembly's own suite on instrumented modules.
pub(super) fn wasm(seed: u64) -> Result<String, String> {
    let last = seed.saturating_add(10_000);
    let generated = format!("seeds {seed}..{last}: ");
    let promised = [&*generated, "deviations reviewed", "three engines give the same blocks"];
    // Targets of the whole workspace: a package alone resolves other features, and compiles the engine anew.
    let host = ["--workspace", "--test", "differential", "--test", "spec", "--test", "instrument"];
    let scenarios = ["--workspace", "--lib", "three_engines"];
    let paths = ["host", "runtime", "node/src/scenario", "contracts/artifacts", "contracts/erc20/scenarios"];
    suites("wasm", seed, &[&host, &scenarios], &promised, &paths)
}

/// The full counts of the rooms that other campaigns leave out: crashes at every write, random blocks, codecs.
pub(super) fn rooms(seed: u64) -> Result<String, String> {
    let packages = ["chainstack-storage", "chainstack-runtime", "chainstack-primitives"];
    let selected: Vec<&str> = packages.iter().flat_map(|package| ["--package", package]).collect();
    suite("rooms", seed, &selected, &["flips"], &["runtime", "node/storage"])
}

/// Runs the tests that `selected` selects at full count. They must pass, and say what is promised.
fn suite(
    name: &str,
    seed: u64,
    selected: &[&str],
    promised: &[&str],
    paths: &[&str],
) -> Result<String, String> {
    suites(name, seed, &[selected], promised, paths)
}

/// The same for several selections, one after the other, with one result.
fn suites(
    name: &str,
    seed: u64,
    selections: &[&[&str]],
    promised: &[&str],
    paths: &[&str],
) -> Result<String, String> {
    let (mut green, mut took, mut text) = (true, Duration::ZERO, String::new());
    for selected in selections {
        let mut command = Command::new("cargo");
        command.args(["test", "--locked"]).args(*selected).args(["--", "--nocapture"]);
        command.env("CHAINSTACK_CAMPAIGN", "1").env("CHAINSTACK_SEED", seed.to_string());
        let (passed, time, said) = timed(&mut command)?;
        green = green && passed;
        took += time;
        text.push_str(&said);
    }
    let missing: Vec<&str> = promised.iter().filter(|words| !text.contains(**words)).copied().collect();
    let results = text.lines().filter(|line| line.starts_with("test result:")).collect::<Vec<_>>().join("; ");
    let observed = format!("in {} s: {}; {results}", took.as_secs(), said(&text));
    let passed = green && missing.is_empty();
    let paths = [paths, &["Cargo.lock", "Cargo.toml", "rust-toolchain.toml"]].concat();
    record::write(name, Some(passed), &observed, &paths, json!({"seed": seed, "seconds": took.as_secs()}))?;
    if passed {
        return Ok(observed);
    }
    Err(format!("{observed}; not said: {missing:?}\n{}", tail(&text)))
}

/// What tests print beside the harness's own lines: seeds and counts.
fn said(text: &str) -> String {
    let own = |line: &&str| {
        let harness = ["test ", "running ", "Compiling", "Finished", "Running", "Doc-tests"];
        line.chars().any(|it| it.is_ascii_digit()) && !harness.iter().any(|start| line.starts_with(start))
    };
    let lines: Vec<&str> = text.lines().map(str::trim).filter(own).collect();
    lines.join("; ").chars().take(SAID_MAX).collect()
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
    // The gate drives the program that it builds itself.
    let (green, took, text) = timed(command.env("CI", "true").env_remove("CHAINSTACK_BIN"))?;
    let steps: Vec<&str> =
        text.lines().filter(|line| line.starts_with("== ") && line.contains(": passed in ")).collect();
    let observed = format!(
        "{} s of at most {}: {}",
        took.as_secs(),
        most.as_secs(),
        steps.join("; ").replace("== ", "").replace(": passed in", "")
    );
    let passed = green && took <= most && steps.len() == STEPS;
    record::write(name, Some(passed), &observed, &["."], json!({"seconds": took.as_secs(), "green": green}))?;
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
