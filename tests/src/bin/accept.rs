//! `accept N [WORDS]`: runs each line under "Done when" of issue N as a named check, or those whose promise contains
//! WORDS. Ends with 0 if all hold, 1 if one does not, 3 if one could not be run.

#![expect(clippy::print_stdout, reason = "printing the verdicts is what this program is for")]

use std::{env, process::ExitCode};

use chainstack_tests::{
    accept::{
        bounded_machines, chain_runs,
        verdict::{Check, Tally},
    },
    node::{BINARY_VARIABLE, binary, keep_a_copy},
};

fn checks(issue: &str) -> Option<&'static [Check]> {
    match issue {
        "1" => Some(chain_runs::CHECKS),
        "2" => Some(bounded_machines::CHECKS),
        _ => None,
    }
}

fn main() -> ExitCode {
    let issue = env::args().nth(1).unwrap_or_default();
    let Some(checks) = checks(&issue) else {
        println!("not run: unknown issue `{issue}`; give one of: 1, 2");
        return ExitCode::from(2);
    };
    match binary() {
        Ok(path) => println!("program: {} (another: {BINARY_VARIABLE})", path.display()),
        Err(missing) => println!("{missing}"),
    }
    // Without a program each check says so itself.
    let _copy = keep_a_copy();
    // A check that panics is a failure with its words; the panic itself need not be printed as well.
    std::panic::set_hook(Box::new(|_| {}));
    let words = env::args().nth(2).unwrap_or_default();
    let mut tally = Tally::default();
    for (index, check) in checks.iter().enumerate().filter(|(_, check)| check.promise.contains(&words)) {
        let verdict = check.run();
        println!("{:>2}. {}\n    {verdict}", index + 1, check.promise);
        tally.add(&verdict);
    }
    println!("issue {issue}: {tally}");
    match (tally.failed, tally.not_run) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(3),
        _ => ExitCode::from(1),
    }
}
