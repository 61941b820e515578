//! `chainstack test`: scenario files, run in this process.

use std::{fs, path::PathBuf, sync::Arc};

use chainstack_runtime::params::Schedule;
use serde_json::json;

use super::{
    Outcome,
    context::Context,
    error::{CliError, Exit},
    output::{Answer, remark},
    target::Target,
};
use crate::scenario::{LocalChain, Scenario, ScenarioError, run};

/// Run scenario files on a fresh chain in this process, each. Needs no node, unless the code of a deployed
/// contract is to be tested.
///
/// Exits 0 if all pass, 3 if one does not.
#[derive(clap::Args, Debug)]
pub(super) struct Test {
    /// Scenario files, or folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The code to take for a contract that the scenarios name, whatever they say: a deployed contract's, or a module's;
    /// again for more. Parameters are those of the scenarios, and nothing happens to the deployed contract.
    #[arg(long, value_name = "NAME=TARGET", value_parser = named)]
    code: Vec<(String, String)>,
}

/// `NAME=TARGET`.
fn named(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, target)) if !name.is_empty() && !target.is_empty() => {
            Ok((name.to_owned(), target.to_owned()))
        }
        _ => Err("NAME=TARGET expected: the scenarios' name, and an alias, address or module".to_owned()),
    }
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
        let mut scenarios: Vec<_> = files.iter().map(|file| Scenario::read(file)).collect();
        self.take_code(context, &mut scenarios)?;
        let schedule = Schedule::base().map_err(|error| CliError::failed(error.to_string()))?;
        let (executor, schedule) = (Arc::new(super::check::executor()?), Arc::new(schedule));
        let mut failed = Vec::new();
        let mut rows = Vec::new();
        for (file, scenario) in files.iter().zip(scenarios) {
            let chain =
                LocalChain::new(Arc::clone(&executor), Arc::clone(&schedule)).map_err(CliError::failed)?;
            let name = file.display().to_string();
            let mut chain = chain;
            match scenario.and_then(|scenario| run(&scenario, &mut chain)) {
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

impl Test {
    /// Puts the code that was named into the scenarios.
    ///
    /// # Errors
    /// Exit code 8 for what is not there, or in no scenario; 3 for what is no module.
    fn take_code(
        &self,
        context: &Context,
        scenarios: &mut [Result<Scenario, ScenarioError>],
    ) -> Result<(), CliError> {
        for (name, target) in &self.code {
            let Some(code) = Target::of(context, target)?.code else {
                return Err(CliError::new(Exit::No, format!("`{target}` is no module, only a manifest"))
                    .hint("name a deployed contract or a .wasm"));
            };
            let code = Arc::from(code);
            let mut taken = false;
            for scenario in scenarios.iter_mut().flatten() {
                taken |= scenario.set_code(name, &code);
            }
            if !taken {
                return Err(CliError::new(Exit::NotFound, format!("no scenario has a contract `{name}`"))
                    .hint("--code takes the name that the scenarios give"));
            }
        }
        Ok(())
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
