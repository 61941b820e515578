//! `campaign NAME [SEED]`: runs one long count against the built program and keeps its result.

#![expect(clippy::print_stdout, reason = "printing seeds and results is what this program is for")]

use std::{
    env,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use chainstack_tests::{
    accept::{record, verdict::Verdict},
    campaign::CAMPAIGNS,
    node::keep_a_copy,
};

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let Some(campaign) = CAMPAIGNS.iter().find(|campaign| campaign.name == name) else {
        let names: Vec<&str> = CAMPAIGNS.iter().map(|campaign| campaign.name).collect();
        println!("usage: campaign NAME [SEED]; NAME is one of {}", names.join(", "));
        return ExitCode::from(2);
    };
    let _copy = match keep_a_copy() {
        Ok(copy) => copy,
        Err(missing) => {
            println!("{missing}");
            return ExitCode::from(2);
        }
    };
    let given = arguments.next().and_then(|text| text.parse().ok());
    if given.is_none()
        && let Verdict::Pass(observed) = record::verdict(&name)
    {
        println!("{name}: nothing changed since: {observed}");
        return ExitCode::SUCCESS;
    }
    // An unfinished count goes on with its own seed.
    let unfinished =
        record::read(&name).ok().and_then(|result| result.get("seed").and_then(serde_json::Value::as_u64));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs());
    let seed = given.or(unfinished).unwrap_or(now);
    println!("{name}: seed {seed}, commit {}", record::commit().unwrap_or_default());
    match (campaign.run)(seed) {
        Ok(observed) => {
            println!("{name}: passed: {observed}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            println!("{name}: FAILED: {why}");
            ExitCode::from(1)
        }
    }
}
