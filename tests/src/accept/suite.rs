//! Test suites of the workspace, run by name.

use std::{env, path::Path, process::Command};

use super::verdict::Verdict;
use crate::{node::binary, vectors::project};

/// Runs tests of `tests/it` by parts of their names, apart by spaces.
pub(super) fn test(names: &str) -> Verdict {
    suite(&["--test", "it"], names)
}

/// Runs tests of one target of the workspace, which `target` names as cargo does; all of them, if `names` is empty.
pub(super) fn suite(target: &[&str], names: &str) -> Verdict {
    run(cargo(), target, names)
}

/// Runs tests of the contracts and their SDK, which are a workspace of their own, by parts of their names.
pub(super) fn contracts(names: &str) -> Verdict {
    let mut command = cargo();
    command.args(["--manifest-path", "contracts/Cargo.toml"]);
    // Where `make test` builds them.
    if let Some(target) = env::var_os("CARGO_TARGET_DIR") {
        command.env("CARGO_TARGET_DIR", Path::new(&target).join("contracts"));
    }
    run(command, &[], names)
}

/// The whole workspace and one target of it: cargo resolves features as `make test` does, and compiles nothing anew.
fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(project()).args(["test", "--locked", "--quiet", "--workspace"]);
    command
}

fn run(mut command: Command, target: &[&str], names: &str) -> Verdict {
    command.args(target);
    command.args(["--", "--show-output"]).args(names.split(' ').filter(|name| !name.is_empty()));
    // With `CI`, what cannot be run fails instead of being passed over.
    command.env("CI", "true");
    match binary() {
        Ok(path) => command.env(crate::node::BINARY_VARIABLE, path),
        Err(missing) => return Verdict::NotRun(missing),
    };
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => return Verdict::NotRun(format!("cargo cannot be run: {error}")),
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let results: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("test result: ")).collect();
    // Of several programs only those that had something to run are told.
    let ran: Vec<&str> =
        results.iter().copied().filter(|result| !result.contains(" 0 passed; 0 failed")).collect();
    if results.is_empty() {
        return Verdict::NotRun(format!("no test ran: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let observed = format!(
        "tests {}{names}: {}",
        target.iter().map(|part| format!("{part} ")).collect::<String>(),
        ran.join(" + ")
    );
    // What tests have counted, and say so.
    let counted =
        said.lines().filter_map(|line| line.strip_prefix("observed: ")).map(|line| format!("; {line}"));
    let observed = counted.fold(observed, |told, line| told + &line);
    if ran.is_empty() && output.status.success() {
        return Verdict::NotRun(observed);
    }
    if output.status.success() {
        return Verdict::Pass(observed);
    }
    Verdict::Fail(format!("{observed}: {}", failures(&said).join(", ")))
}

/// Names of the tests that failed, in what test programs say: behind `failures:`, before the next heading or result.
fn failures(said: &str) -> Vec<&str> {
    let mut listing = false;
    let mut failed: Vec<&str> = Vec::new();
    for line in said.lines() {
        match line {
            "failures:" => listing = true,
            "successes:" => listing = false,
            _ if line.starts_with("test result: ") => listing = false,
            _ if listing && line.starts_with("    ") && line.contains("::") => failed.push(line.trim()),
            _ => {}
        }
    }
    failed.sort_unstable();
    failed.dedup();
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_failed_is_named() {
        let said = "successes:\n    good::one\n\nfailures:\n\n---- bad::two stdout ----\nat ./x.rs\n\nfailures:\n    \
                    bad::two\n\ntest result: FAILED. 1 passed\nsuccesses:\n    good::three\n\ntest result: ok. 1 passed";
        assert_eq!(failures(said), ["bad::two"]);
    }
}
