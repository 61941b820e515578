//! `chainstack test`: scenario files, run in this process.

use std::{fs, path::PathBuf, sync::Arc};

use chainstack_runtime::params::Schedule;
use serde_json::json;

use super::{
    Outcome,
    context::Context,
    error::{CliError, Exit},
    output::{Answer, remark},
};
use crate::scenario::{LocalChain, Scenario, run};

/// Run scenario files on a fresh chain in this process, each. Needs no node.
///
/// Exits 0 if all pass, 3 if one does not.
#[derive(clap::Args, Debug)]
pub(super) struct Test {
    /// Scenario files, or folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

impl Test {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 3 if a scenario does not pass.
    pub(super) fn run(self, context: &Context) -> Outcome {
        let files = files(&self.paths)?;
        if files.is_empty() {
            return Err(
                CliError::new(Exit::NotFound, "there is no scenario file").hint("name files ending in .toml")
            );
        }
        let schedule = Schedule::base().map_err(|error| CliError::failed(error.to_string()))?;
        let (executor, schedule) = (Arc::new(super::check::executor()?), Arc::new(schedule));
        let mut failed = Vec::new();
        let mut rows = Vec::new();
        for file in &files {
            let chain =
                LocalChain::new(Arc::clone(&executor), Arc::clone(&schedule)).map_err(CliError::failed)?;
            let name = file.display().to_string();
            let mut chain = chain;
            match Scenario::read(file).and_then(|scenario| run(&scenario, &mut chain)) {
                Ok(report) => {
                    if !context.is_json() {
                        remark(&format!("ok    {name} ({} transactions)", report.transactions));
                    }
                    rows.push(json!({"file": name, "passed": true, "transactions": report.transactions}));
                }
                Err(error) => {
                    if !context.is_json() {
                        remark(&format!("FAIL  {error}"));
                    }
                    rows.push(json!({"file": name, "passed": false, "error": error.to_string()}));
                    failed.push(name);
                }
            }
        }
        let (passed, total) = (files.len() - failed.len(), files.len());
        let text = format!("{passed} of {total} scenarios passed");
        let json = json!({"passed": passed, "failed": failed.len(), "scenarios": rows});
        if failed.is_empty() {
            return Ok(Answer::new(text, json));
        }
        if context.is_json() {
            Answer::new("", json).print(context.format())?;
            return Err(CliError::silent(Exit::No));
        }
        Err(CliError::new(Exit::No, text)
            .hint("each FAIL above names file, step, what was expected and found"))
    }
}

/// Every `.toml` below the paths, in order.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let mut found = Vec::new();
    for path in paths {
        let missing = |error: std::io::Error| {
            CliError::new(Exit::NotFound, format!("cannot read {}: {error}", path.display()))
        };
        if !path.is_dir() {
            fs::metadata(path).map_err(missing)?;
            found.push(path.clone());
            continue;
        }
        let mut inside = Vec::new();
        for entry in fs::read_dir(path).map_err(missing)? {
            let entry = entry.map_err(missing)?.path();
            if entry.extension().is_some_and(|extension| extension == "toml") {
                inside.push(entry);
            }
        }
        inside.sort();
        found.extend(inside);
    }
    Ok(found)
}
