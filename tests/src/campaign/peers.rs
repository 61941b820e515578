//! How fast the program is, and other projects' programs beside it in the same run.
//!
//! `CHAINSTACK_PEERS` names the folder of the peers' built programs (`p-revm`, `p-trie-parity`, `p-sig`). Each round runs
//! ours and theirs in turn, so that a machine whose speed drifts bends both alike; medians are compared. Without peers
//! the lines and the shares that need none are printed, and of those only what checks take is recorded, as `checks`.

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
/// Most of an ERC20 transfer's execution that guards, touches, aggregates and invariants take.
const CHECKS_MAX: f64 = 0.15;
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
    let checks = lines.get("erc20").into_iter().flatten().map(|line| line["checks"].clone());
    let more = json!({"seed": seed, "rounds": rounds, "checks": checks.collect::<Vec<_>>()});
    record::write("checks", Some(found.checks.1), &found.checks.0, PROGRAM, more)?;
    if peers.is_none() {
        let text =
            format!("{}; peers: not run, CHAINSTACK_PEERS names the folder of their programs", found.text);
        return if found.kept { Ok(text) } else { Err(text) };
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
    /// What the checks take alone: in words, and whether that is little enough.
    checks: (String, bool),
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
        let checks = checks(lines)?;
        text = format!("{text}; {}", checks.0);
        let mut kept = call_us <= CALL_US_MAX && checks.1;
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
        Ok(Self { text, kept, checks })
    }
}

/// What the checks of the declaration take of an ERC20 transfer's execution.
fn checks(lines: &Lines) -> Result<(String, bool), String> {
    let share = median(lines, "erc20", |line| line["checks"]["share"].as_f64())?;
    let each = |phase: &'static str| {
        median(lines, "erc20", move |line| {
            let checks = &line["checks"];
            Some(checks["seconds_by_phase"][phase].as_f64()? * 1e9 / checks["txs"].as_f64()?)
        })
    };
    let phases = ["guards", "touches", "aggregates", "invariants"].map(|phase| Ok((phase, each(phase)?)));
    let phases: Result<Vec<(&str, f64)>, String> = phases.into_iter().collect();
    let phases: Vec<String> =
        phases?.into_iter().map(|(phase, nanos)| format!("{phase} {nanos:.0} ns")).collect();
    let text = format!(
        "checks take {:.1} % of an ERC20 transfer's execution ({:.0} at most): {}",
        share * 100.0,
        CHECKS_MAX * 100.0,
        phases.join(", ")
    );
    Ok((text, share <= CHECKS_MAX))
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
            ("erc20", [1.0, erc20, 1e9].map(|rate| token(rate, 0.15)).to_vec()),
            ("revm", vec![json!({"tps_exec": revm})]),
            ("trie", vec![json!({"txs": 100_000, "seconds_commit": trie_s})]),
            ("trie-db", vec![json!({"tps_total": trie_db})]),
            ("schnorrkel", vec![json!({"tps_total": 20_000.0}), json!({"tps_total": 40_000.0})]),
        ])
    }

    /// A line of the token's transfers.
    fn token(rate: f64, share: f64) -> Value {
        let phases = json!({"guards": 0.002, "touches": 0.001, "aggregates": 0.0, "invariants": 0.0});
        json!({"tps_exec": rate, "checks": {"txs": 10_000, "share": share, "seconds_by_phase": phases}})
    }

    #[test]
    fn what_checks_take_is_judged_at_its_bound() {
        let mut lines = lines(5.0, 50_000.0, 100_000.0, 1.0, 100_000.0);
        let found = Found::of(&lines).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!((found.kept, found.checks.1), (true, true));
        assert!(found.text.contains("checks take 15.0 % of"), "{}", found.text);
        assert!(found.text.contains("guards 200 ns, touches 100 ns, aggregates 0 ns"), "{}", found.text);
        lines.insert("erc20", vec![token(50_000.0, 0.151)]);
        let found = Found::of(&lines).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!((found.kept, found.checks.1), (false, false));
        lines.insert("erc20", vec![json!({"tps_exec": 50_000.0})]);
        assert!(Found::of(&lines).is_err(), "a line without checks");
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
