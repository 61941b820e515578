//! Random transitions of every sample, with the declaration as oracle: see [`crate::oracle`].
//!
//! Goes on where it stopped: each sample's worlds are counted, and a world is made from the seed and its number alone.

use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::{
    accept::record,
    oracle::{Ground, SAMPLES, WORLD_CALLS, counts::Counts, world_seed},
};

/// Calls of each sample; `CHAINSTACK_CALLS` names another count, which is not recorded.
const CALLS: u64 = 1_000_000;
/// Calls between two records of how far it got.
const RECORD_EVERY: u64 = 200_000;
/// What it exercises.
const PATHS: &[&str] = &[
    "runtime",
    "host",
    "contracts/artifacts",
    "tests/src/oracle",
    "tests/src/oracle.rs",
    "tests/src/campaign/draw.rs",
    "Cargo.lock",
    "Cargo.toml",
    "rust-toolchain.toml",
];

/// 1,000,000 calls of each sample.
///
/// # Errors
/// The first thing that does not hold, or a method or exit that was never carried out.
pub(super) fn run(seed: u64) -> Result<String, String> {
    let given = std::env::var("CHAINSTACK_CALLS").ok().and_then(|text| text.parse::<u64>().ok());
    let calls = given.unwrap_or(CALLS);
    let recorded = given.is_none();
    let mut done = if recorded { earlier(seed) } else { Map::new() };
    let began = Instant::now();
    for sample in SAMPLES {
        if let Err(why) = one(sample, seed, calls, &mut done, recorded) {
            if recorded {
                let written = record::write("transitions", Some(false), &why, PATHS, fields(seed, &done));
                written.map_err(|error| format!("{why}; {error}"))?;
            }
            return Err(why);
        }
    }
    let observed = observed(&done, began.elapsed().as_secs());
    if recorded {
        record::write("transitions", Some(true), &observed, PATHS, fields(seed, &done))?;
    }
    Ok(observed)
}

/// What an unfinished count with this seed has done already.
fn earlier(seed: u64) -> Map<String, Value> {
    let result = record::read("transitions").unwrap_or_default();
    let same = result.get("seed").and_then(Value::as_u64) == Some(seed);
    let unfinished = result.get("passed").is_some_and(Value::is_null);
    let done = result.get("done").and_then(Value::as_object).cloned();
    done.filter(|_| same && unfinished).unwrap_or_default()
}

fn fields(seed: u64, done: &Map<String, Value>) -> Value {
    json!({"seed": seed, "done": done})
}

/// The calls of one sample that are not done yet.
fn one(
    sample: &crate::oracle::Sample,
    seed: u64,
    calls: u64,
    done: &mut Map<String, Value>,
    recorded: bool,
) -> Result<(), String> {
    let field = |done: &Map<String, Value>, name: &str| {
        done.get(sample.name).and_then(|row| row.get(name)).and_then(Value::as_u64).unwrap_or(0)
    };
    let (before, carried) = (field(done, "calls"), field(done, "carried_out"));
    if before >= calls {
        return Ok(());
    }
    let ground = Ground::new(*sample)?;
    let mut counts = Counts::default();
    // What was never carried out before stays to be seen.
    let mut missing: Vec<String> = done
        .get(sample.name)
        .and_then(|row| row.get("never"))
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_else(|| ground.never(&counts));
    let worlds = before / WORLD_CALLS..calls.div_ceil(WORLD_CALLS);
    for index in worlds {
        let more = WORLD_CALLS.min(calls - index * WORLD_CALLS);
        counts.add(&ground.run(world_seed(seed, index), more, index % 2 == 0)?);
        let never = ground.never(&counts);
        missing.retain(|name| never.contains(name));
        let row = json!({
            "calls": before + counts.calls,
            "carried_out": carried + counts.done(),
            "never": missing,
        });
        done.insert(sample.name.to_owned(), row);
        if recorded && counts.calls.is_multiple_of(RECORD_EVERY) {
            let so_far = observed(done, 0);
            record::write("transitions", None, &so_far, PATHS, fields(seed, done))?;
        }
    }
    print(&format!("{}: {counts}", sample.name));
    if missing.is_empty() { Ok(()) } else { Err(format!("{}: never carried out: {missing:?}", sample.name)) }
}

fn observed(done: &Map<String, Value>, seconds: u64) -> String {
    let rows = done
        .iter()
        .map(|(name, row)| format!("{name}: {} calls, {} carried out", row["calls"], row["carried_out"]));
    format!("{}; nothing undeclared; {seconds} s at the end", rows.collect::<Vec<_>>().join("; "))
}

#[expect(clippy::print_stdout, reason = "counts are for whoever runs the campaign")]
fn print(text: &str) {
    println!("{text}");
}
