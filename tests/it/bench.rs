//! `chainstack bench`: the same seed gives the same state at any number of threads, in the promised form.

use chainstack_tests::node::run;
use serde_json::Value;
use tempfile::TempDir;

/// The fields of a line.
const FIELDS: [&str; 15] = [
    "workload",
    "txs",
    "blocks",
    "accounts",
    "threads",
    "seconds_sig",
    "seconds_exec",
    "seconds_commit",
    "seconds_total",
    "cpu_seconds",
    "tps_exec",
    "tps_total",
    "peak_rss_bytes",
    "state_root",
    "checks",
];

fn bench(workload: &str, threads: &str, seed: &str, more: &[&str]) -> Value {
    let home = TempDir::new().expect("a folder");
    let arguments = [
        &["bench", workload, "--accounts", "60", "--txs", "240", "--block-txs", "50"],
        &["--threads", threads, "--seed", seed][..],
        more,
    ];
    let output = run(home.path(), &arguments.concat()).exits(0);
    assert_eq!(output.stdout.trim().lines().count(), 1, "one line: {output:?}");
    let line = output.json();
    for field in FIELDS {
        assert!(line.get(field).is_some(), "{workload} prints no {field}: {line}");
    }
    assert_eq!(line["workload"], workload);
    // The trie counts distinct keys of each block.
    let count = line["txs"].as_u64().expect("a count");
    assert!(if workload == "trie" { (150..=240).contains(&count) } else { count == 240 }, "{line}");
    line
}

#[test]
fn the_same_seed_gives_the_same_root_at_any_number_of_threads() {
    for workload in ["transfer", "erc20", "trie", "signature"] {
        let one = bench(workload, "1", "7", &[]);
        let root = &one["state_root"];
        assert_eq!(&bench(workload, "1", "7", &[])["state_root"], root, "{workload}: the same again");
        assert_eq!(&bench(workload, "2", "7", &[])["state_root"], root, "{workload}: two threads");
        assert_eq!(&bench(workload, "5", "7", &[])["state_root"], root, "{workload}: five threads");
        if workload != "signature" {
            assert_ne!(&bench(workload, "1", "8", &[])["state_root"], root, "{workload}: another seed");
        }
    }
}

#[test]
fn the_token_tells_what_its_checks_take() {
    let line = bench("erc20", "1", "7", &[]);
    let checks = &line["checks"];
    assert_eq!(checks["txs"], 240, "as many again, and the one that makes the code ready: {line}");
    // Entry and end of each call, the two keys of the move, and the merge of no sums.
    let phases = checks["phases"].as_u64().zip(checks["interrupted"].as_u64());
    assert_eq!(phases.map(|(seen, interrupted)| seen + interrupted), Some(240 * 5), "{line}");
    for phase in ["guards", "touches", "aggregates", "invariants"] {
        assert!(checks["seconds_by_phase"][phase].as_f64().is_some_and(|seconds| seconds >= 0.0), "{line}");
    }
    assert_eq!(checks["seconds_by_phase"]["invariants"], 0.0, "the token declares none: {line}");
    assert!(checks["seconds_by_phase"]["guards"].as_f64().is_some_and(|seconds| seconds > 0.0), "{line}");
    // So short a run may be less than the kernel counts; then there is no share, and not a wrong one.
    let measured = checks["seconds_exec"].as_f64().expect("seconds") > 0.0;
    let share = checks["share"].as_f64();
    assert_eq!(share.is_some_and(|share| share > 0.0), measured, "{line}");
    assert!(checks["seconds_probe"].as_f64().is_some_and(|seconds| seconds > 0.0), "{line}");
    assert_eq!(bench("transfer", "1", "7", &[])["checks"], Value::Null, "coins have no checks");
}

#[test]
fn the_store_may_be_named() {
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("store");
    let named = bench("transfer", "1", "7", &["--data", &data.to_string_lossy()]);
    assert_eq!(named["state_root"], bench("transfer", "2", "7", &[])["state_root"]);
    assert!(data.is_dir(), "the store stays where it was named");
}
