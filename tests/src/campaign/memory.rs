//! Whether resident memory grows: calls of a token, and deployments.

use chainstack_primitives::{Amount, Call};
use serde_json::json;

use super::{
    PROGRAM,
    load::{call_of, include},
};
use crate::{accept::record, node::TestNode, wallet::Wallet};

/// Most that resident memory may grow over the second half, in parts of itself.
const GROWTH_MAX: f64 = 0.02;
/// Calls in all.
const CALLS: usize = 100_000;
/// Calls between two looks at the memory.
const CALLS_CHUNK: usize = 500;
/// Deployments in all.
const DEPLOYS: usize = 2_000;
/// Deployments between two looks at the memory.
const DEPLOYS_CHUNK: usize = 20;
/// Most base units that a deployment locks.
const DEPOSIT_MAX: u128 = 1_000_000_000_000_000_000;

/// 100,000 calls of a token's `transfer`.
///
/// # Errors
/// If memory grows, or a call fails.
pub(super) fn calls(seed: u64) -> Result<String, String> {
    let node = TestNode::kept(&["--log", "warn"]);
    let _address = node.token("gold");
    let (call, _) =
        call_of(&node, &["call", "gold", "transfer", "to=//Bob", "amount=1", "--from", "//Alice"])?;
    let mut count = 0;
    let samples = sampled(&node, CALLS / CALLS_CHUNK, |wallet| {
        (0..CALLS_CHUNK)
            .map(|_| {
                count += 1;
                wallet.sign_for(call.clone(), if count == 1 { Amount(DEPOSIT_MAX) } else { Amount::ZERO })
            })
            .collect()
    })?;
    report("memory-calls", seed, &format!("{CALLS} calls"), &samples)
}

/// 2,000 contracts made from the paradigm.
///
/// # Errors
/// If memory grows, or a deployment fails.
pub(super) fn deploys(seed: u64) -> Result<String, String> {
    let node = TestNode::kept(&["--log", "warn"]);
    let params = node.cli(&["paradigm", "new", "erc20"]).stdout;
    let file = node.file("gold.toml", params.as_bytes());
    let (call, deposit) =
        call_of(&node, &["paradigm", "deploy", "erc20", "-p", &file, "--as", "x", "--from", "//Alice"])?;
    let Call::Instantiate(template) = call else {
        return Err(format!("an instantiation expected: {call:?}"));
    };
    let mut count: u64 = 0;
    let samples = sampled(&node, DEPLOYS / DEPLOYS_CHUNK, |wallet| {
        (0..DEPLOYS_CHUNK)
            .map(|_| {
                count += 1;
                let mut instantiate = template.clone();
                instantiate.salt = count.to_le_bytes().to_vec().try_into().unwrap_or_default();
                wallet.sign_for(Call::Instantiate(instantiate), deposit)
            })
            .collect()
    })?;
    report("memory-deploys", seed, &format!("{DEPLOYS} deployments"), &samples)
}

/// Resident bytes after each chunk.
fn sampled(
    node: &TestNode,
    chunks: usize,
    mut chunk: impl FnMut(&mut Wallet) -> Vec<chainstack_primitives::Transaction>,
) -> Result<Vec<u64>, String> {
    let mut samples = Vec::with_capacity(chunks);
    for _ in 0..chunks {
        // Asked anew for each chunk, so that the base fee and the window are the present ones.
        let mut wallet = Wallet::of(node, "//Alice");
        include(node, &chunk(&mut wallet))?;
        samples.push(resident(node.process())?);
    }
    Ok(samples)
}

/// Resident memory of a process, in bytes.
fn resident(process: u32) -> Result<u64, String> {
    let text =
        std::fs::read_to_string(format!("/proc/{process}/status")).map_err(|error| error.to_string())?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|word| word.parse::<u64>().ok());
    kib.map(|kib| kib * 1_024).ok_or_else(|| "no VmRSS".to_owned())
}

/// Growth over the second half along the line of least squares, in parts of that line's start.
fn growth(samples: &[u64]) -> f64 {
    let half = &samples[samples.len() / 2..];
    let points: Vec<(f64, f64)> =
        half.iter().zip(0u32..).map(|(bytes, index)| (f64::from(index), *bytes as f64)).collect();
    let count = points.len() as f64;
    let (mean_x, mean_y) =
        points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let covariance: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let slope = if variance > 0.0 { covariance / variance } else { 0.0 };
    let start = mean_y - slope * mean_x;
    slope * (count - 1.0) / start
}

fn report(name: &str, seed: u64, what: &str, samples: &[u64]) -> Result<String, String> {
    let growth = growth(samples);
    let mib = |bytes: u64| bytes / (1024 * 1024);
    let (first, middle, last) =
        (samples.first().copied(), samples.get(samples.len() / 2).copied(), samples.last().copied());
    let observed = format!(
        "{what}: resident {} MiB at first, {} MiB in the middle, {} MiB at the end; {:+.2} % over the second half",
        mib(first.unwrap_or(0)),
        mib(middle.unwrap_or(0)),
        mib(last.unwrap_or(0)),
        growth * 100.0
    );
    let passed = growth < GROWTH_MAX;
    record::write(name, Some(passed), &observed, PROGRAM, json!({"seed": seed, "samples": samples}))
        .map_err(|why| format!("{observed}; {why}"))?;
    if passed { Ok(observed) } else { Err(observed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_measured_over_the_second_half_only() {
        let flat: Vec<u64> = (0..100).map(|index| if index < 50 { index * 10 } else { 1_000 }).collect();
        assert!(growth(&flat).abs() < 1e-9);
        let rising: Vec<u64> = (0..100).map(|index| 1_000 + index * 10).collect();
        assert!((growth(&rising) - 490.0 / 1_500.0).abs() < 1e-6, "{}", growth(&rising));
    }
}
