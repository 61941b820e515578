//! How fast the program is, and other projects' programs beside it in the same run.
//!
//! `CHAINSTACK_PEERS` names the folder of the peers' built programs (`p-revm`, `p-trie-parity`, `p-sig`). Each round runs
//! ours and theirs in turn, so that a machine whose speed drifts bends both alike; medians are compared. Without peers
//! the lines and the shares that need none are printed, and nothing is recorded.

use std::{collections::BTreeMap, env, path::PathBuf, process::Command};

use serde_json::{Value, json};

use super::PROGRAM;
use crate::{
    accept::record,
    node::{binary, run},
    vectors::remark,
};

/// Rounds, unless `RUNS` says otherwise.
const ROUNDS: usize = 5;
/// Most CPU microseconds of a warm call of an empty method.
const CALL_US_MAX: f64 = 5.0;
/// Least share of revm's execution rate.
const REVM_MIN: f64 = 0.5;
/// Least share of trie-db's rate.
const TRIE_DB_MIN: f64 = 1.0;

/// Our workloads: name, accounts, transactions, transactions of a block. The peers' sizes are theirs by default.
const OURS: &[(&str, &str, &str, &str)] = &[
    ("call", "2", "200000", "1"),
    ("transfer", "100000", "100000", "10000"),
    ("erc20", "100000", "100000", "10000"),
    ("trie", "1000000", "100000", "10000"),
    ("signature", "4096", "65536", "1024"),
];

/// The peers: a name for the figures, the program, its arguments.
const PEERS: &[(&str, &str, &[&str])] = &[
    ("revm", "p-revm", &["--kind", "erc20", "--root", "none", "--sig", "off"]),
    ("trie-db", "p-trie-parity", &["--blocks", "10", "--hash", "keccak"]),
    ("schnorrkel", "p-sig", &["--n", "4096", "--only", "schnorrkel"]),
];

/// Every line printed, by workload or peer.
type Lines = BTreeMap<&'static str, Vec<Value>>;

/// Runs all rounds, prints each line and the comparison, and records it if the peers ran.
///
/// # Errors
/// If a program fails, the program is no release, or a share falls short of what is promised.
pub(super) fn measure(seed: u64) -> Result<String, String> {
    let rounds = env::var("RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let peers = env::var_os("CHAINSTACK_PEERS").map(PathBuf::from);
    let mut lines = Lines::new();
    for _ in 0..rounds {
        for workload in OURS {
            lines.entry(workload.0).or_default().push(ours(workload, seed)?);
        }
        for (name, program, arguments) in PEERS {
            if let Some(folder) = &peers {
                lines.entry(name).or_default().extend(theirs(&folder.join(program), arguments)?);
            }
        }
    }
    let found = Found::of(&lines)?;
    remark(&found.text);
    if peers.is_none() {
        return Ok(format!(
            "{}; peers: not run, CHAINSTACK_PEERS names the folder of their programs",
            found.text
        ));
    }
    let more = json!({"seed": seed, "rounds": rounds, "lines": lines});
    record::write("peers", Some(found.kept), &found.text, PROGRAM, more)?;
    if found.kept { Ok(found.text) } else { Err(found.text) }
}

fn ours((workload, accounts, txs, block_txs): &(&str, &str, &str, &str), seed: u64) -> Result<Value, String> {
    let home = tempfile::tempdir().map_err(|error| error.to_string())?;
    let seed = seed.to_string();
    let sizes = ["--accounts", accounts, "--txs", txs, "--block-txs", block_txs];
    let output =
        run(home.path(), &[&["bench", workload, "--threads", "1", "--seed", &seed], &sizes[..]].concat());
    let line: Value = serde_json::from_str(&output.stdout).map_err(|_| format!("{workload}: {output:?}"))?;
    if line["profile"] != "release" {
        let path = binary().unwrap_or_default();
        return Err(format!("{} is no release build: `make bench` builds one", path.display()));
    }
    remark(output.stdout.trim());
    Ok(line)
}

fn theirs(program: &PathBuf, arguments: &[&str]) -> Result<Vec<Value>, String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    remark(text.trim());
    let lines: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
    match lines {
        Ok(lines) if output.status.success() && !lines.is_empty() => Ok(lines),
        _ => Err(format!("{}: {output:?}", program.display())),
    }
}

/// What the lines say.
struct Found {
    text: String,
    kept: bool,
}

impl Found {
    fn of(lines: &Lines) -> Result<Self, String> {
        let call_us = median(lines, "call", cpu_us)?;
        let floor =
            median(lines, "transfer", rate("tps_total"))? / median(lines, "signature", rate("tps_total"))?;
        let mut text = format!(
            "warm empty call {call_us:.2} µs of CPU ({CALL_US_MAX} at most); transfers end to end at {floor:.2} of the \
             signature floor (one thread, verification alone)"
        );
        let mut kept = call_us <= CALL_US_MAX;
        if lines.contains_key("revm") {
            // Execution in CPU seconds on both sides, without receipts and their hashes: ours with the system's
            // share, theirs without.
            let (ours, theirs) =
                (median(lines, "erc20", rate("tps_exec"))?, median(lines, "revm", rate("tps_exec"))?);
            // The whole update in CPU seconds on both sides, nodes written into a map in memory on both.
            let trie = median(lines, "trie", per_second("seconds_commit"))?;
            let trie_db = median(lines, "trie-db", rate("tps_total"))?;
            let best = lines
                .get("schnorrkel")
                .into_iter()
                .flatten()
                .filter_map(rate("tps_total"))
                .fold(0.0, f64::max);
            let end = median(lines, "transfer", rate("tps_total"))?;
            text = format!(
                "{text}, {:.2} of schnorrkel's best batch; ERC20 execution {ours:.0}/s, {:.2} × revm's {theirs:.0}/s \
                 ({REVM_MIN} at least); trie {trie:.0}/s, {:.2} × trie-db's {trie_db:.0}/s ({TRIE_DB_MIN} at least)",
                end / best,
                ours / theirs,
                trie / trie_db
            );
            kept = kept && ours / theirs >= REVM_MIN && trie / trie_db >= TRIE_DB_MIN;
        }
        Ok(Self { text, kept })
    }
}

fn rate(field: &str) -> impl Fn(&Value) -> Option<f64> {
    move |line| line[field].as_f64().filter(|rate| *rate > 0.0)
}

fn per_second(field: &str) -> impl Fn(&Value) -> Option<f64> {
    move |line| Some(line["txs"].as_f64()? / line[field].as_f64().filter(|seconds| *seconds > 0.0)?)
}

/// CPU microseconds of one call.
fn cpu_us(line: &Value) -> Option<f64> {
    Some(line["seconds_exec"].as_f64().filter(|seconds| *seconds > 0.0)? * 1e6 / line["txs"].as_f64()?)
}

/// The median of a figure over all lines of one name.
fn median(lines: &Lines, name: &str, figure: impl Fn(&Value) -> Option<f64>) -> Result<f64, String> {
    let all = lines.get(name).into_iter().flatten();
    let mut figures: Vec<f64> = all
        .map(|line| figure(line).ok_or_else(|| format!("{name}: no such figure in {line}")))
        .collect::<Result<_, _>>()?;
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().ok_or_else(|| format!("{name}: no lines"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines as the programs print them, with one figure each that matters.
    fn lines(call_s: f64, erc20: f64, revm: f64, trie_s: f64, trie_db: f64) -> Lines {
        Lines::from([
            ("call", vec![json!({"txs": 1_000_000, "seconds_exec": call_s})]),
            ("transfer", vec![json!({"tps_total": 10_000.0})]),
            ("signature", vec![json!({"tps_total": 20_000.0})]),
            ("erc20", vec![json!({"tps_exec": 1.0}), json!({"tps_exec": erc20}), json!({"tps_exec": 1e9})]),
            ("revm", vec![json!({"tps_exec": revm})]),
            ("trie", vec![json!({"txs": 100_000, "seconds_commit": trie_s})]),
            ("trie-db", vec![json!({"tps_total": trie_db})]),
            ("schnorrkel", vec![json!({"tps_total": 20_000.0}), json!({"tps_total": 40_000.0})]),
        ])
    }

    #[test]
    fn each_promise_is_judged_at_its_bound() {
        let kept = |lines: &Lines| Found::of(lines).map(|found| found.kept);
        assert_eq!(kept(&lines(5.0, 50_000.0, 100_000.0, 1.0, 100_000.0)), Ok(true));
        assert_eq!(kept(&lines(5.1, 50_000.0, 100_000.0, 1.0, 100_000.0)), Ok(false), "the empty call");
        assert_eq!(kept(&lines(5.0, 49_000.0, 100_000.0, 1.0, 100_000.0)), Ok(false), "revm");
        assert_eq!(kept(&lines(5.0, 50_000.0, 100_000.0, 1.1, 100_000.0)), Ok(false), "trie-db");
        let found =
            Found::of(&lines(5.0, 50_000.0, 100_000.0, 1.0, 100_000.0)).unwrap_or_else(|why| panic!("{why}"));
        assert!(found.text.contains("at 0.50 of the signature floor"), "{}", found.text);
        assert!(found.text.contains("0.25 of schnorrkel's best batch"), "{}", found.text);
    }

    #[test]
    fn a_missing_figure_is_an_error() {
        let mut cut = lines(5.0, 50_000.0, 100_000.0, 1.0, 100_000.0);
        cut.insert("revm", vec![json!({"tps_exec": 0})]);
        assert!(Found::of(&cut).is_err());
        cut.remove("call");
        assert!(Found::of(&cut).is_err());
    }
}
