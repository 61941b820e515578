//! What an operator's tools read: `/metrics` and `/health`.

use std::{
    collections::BTreeSet,
    io::Write as _,
    process::{Command, Stdio},
};

use chainstack_tests::{http::request, node::TestNode, vectors::remark};
use serde_json::Value;

fn metrics(node: &TestNode) -> String {
    let answer = request(node.address(), "GET", "/metrics", b"").expect("an answer");
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/plain")), "{answer:?}");
    answer.text()
}

/// The value of an unlabelled sample.
fn sample(text: &str, name: &str) -> f64 {
    let line = text.lines().find(|line| line.split(' ').next() == Some(name));
    let value = line.and_then(|line| line.split(' ').nth(1)).and_then(|value| value.parse().ok());
    value.unwrap_or_else(|| panic!("no sample {name} in\n{text}"))
}

#[test]
fn metrics_are_well_formed_and_move_with_the_chain() {
    let node = TestNode::temporary(&[]);
    let before = metrics(&node);
    let _address = node.token("gold");
    let after = metrics(&node);

    // Our own format rules: every family has help and type before its samples; every name is ours.
    let (mut helped, mut typed) = (BTreeSet::new(), BTreeSet::new());
    for line in after.lines().filter(|line| !line.is_empty()) {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("#"), Some("HELP"), Some(name)) => {
                assert!(helped.insert(name.to_owned()), "{name} is helped twice")
            }
            (Some("#"), Some("TYPE"), Some(name)) => {
                assert!(typed.insert(name.to_owned()), "{name} is typed twice")
            }
            (Some("#"), ..) => {}
            (Some(name), ..) => {
                let name = name.split('{').next().unwrap_or_default();
                assert!(name.starts_with("chainstack_"), "{line}");
                let stem = |suffix: &str| name.strip_suffix(suffix).map(str::to_owned);
                let families =
                    [Some(name.to_owned()), stem("_total"), stem("_sum"), stem("_count"), stem("_bucket")];
                let known =
                    families.iter().flatten().any(|family| typed.contains(family) && helped.contains(family));
                assert!(known, "{line} has no help and type before it");
            }
            _ => panic!("{line}"),
        }
    }
    assert!(helped.len() >= 8, "{helped:?}");

    let height = sample(&after, "chainstack_chain_height_blocks");
    assert!((height - f64::from(u32::try_from(node.height()).expect("small"))).abs() < 0.5, "{after}");
    let grown = |name: &str| sample(&after, name) > sample(&before, name);
    assert!(grown("chainstack_chain_blocks_total") && grown("chainstack_chain_gas_total"), "{after}");
    assert!(grown("chainstack_storage_syncs_total"), "a block is synced before it is announced\n{after}");
    let blocks = sample(&after, "chainstack_chain_blocks_total");
    assert!(sample(&after, "chainstack_storage_syncs_total") >= blocks, "at least a sync a block\n{after}");

    promtool(&after);
}

/// Prometheus' own opinion: with `CI=true` it must be there.
fn promtool(text: &str) {
    let spawned = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "no promtool on the PATH; `.ci/tools` brings it"
        );
        remark("not run: no promtool on the PATH");
        return;
    };
    child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("promtool reads");
    let output = child.wait_with_output().expect("promtool ends");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "promtool check metrics: {said}\n{text}");
}

#[test]
fn health_says_well_and_the_height() {
    let node = TestNode::temporary(&[]);
    let answer = request(node.address(), "GET", "/health", b"").expect("an answer");
    assert_eq!(answer.status, 200);
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!((&body["healthy"], &body["height"]), (&Value::from(true), &Value::from(node.height())));
    let missing = request(node.address(), "GET", "/nothing", b"").expect("an answer");
    assert!((400..500).contains(&missing.status), "{missing:?}");
}

#[test]
fn logs_are_one_line_a_block() {
    let node = TestNode::temporary(&["--log-json"]);
    let before = node.height();
    for _ in 0..5 {
        let _sealed = node.rpc("dev_seal", &[]);
    }
    assert_eq!(node.height(), before + 5);
    let log = node.log();
    let mut lines = Vec::new();
    for line in log.lines() {
        lines.push(serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{line}: {error}")));
    }
    for height in before + 1..=before + 5 {
        let of_block =
            lines.iter().filter(|line| line["fields"]["height"] == height && line["level"] == "INFO").count();
        assert_eq!(of_block, 1, "block {height} in\n{log}");
    }
}
