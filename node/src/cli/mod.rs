//! The command line: one file per command, its doc comment is its help.
//!
//! Data goes to stdout, everything else to stderr. `--output json` prints one stable object. Exit codes are an
//! interface: see [`error::Exit`].

pub mod aliases;
pub mod context;
pub mod contract_view;
pub mod error;
mod escrows;
pub mod limits;
pub mod output;

mod account;
mod audit;
mod audit_page;
mod bench;
mod block;
mod call;
pub(crate) mod check;
mod codes;
mod completions;
mod contract_help;
mod deploy;
mod dev;
mod dev_control;
mod diff;
mod doctor;
mod events;
mod explain;
mod history;
mod inspect;
mod inspect_code;
mod manifest;
mod moves;
mod paradigm;
mod poke;
mod proof;
mod query;
mod secret;
mod send;
mod state;
mod status;
mod target;
mod test;
pub(crate) mod trie;
mod tx;
mod tx_view;
mod writable;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::rpc::methods::behind;

use self::{
    context::Context,
    contract_help::HelpLine,
    error::{CliError, Exit},
    output::{Answer, Format},
};

/// The interface of [`error::Exit`], as the help says it.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 the request failed, 2 misuse, 3 a check, audit or proof says no, \
    4 the contract reverted, 5 out of gas or over a limit, 6 refused by the machine or a guard, 7 node unreachable, \
    8 not found, 9 bad signature or not authorised (the caller does not hold the role), 101 a bug.";

/// ChainStack: contracts as bounded finite state machines.
#[derive(Parser, Debug)]
// Named here, so that help reads alike under whatever name the file is run.
#[command(name = "chainstack", bin_name = "chainstack", version, propagate_version = true)]
#[command(max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(clap::Args, Debug)]
pub struct Global {
    /// The node's address.
    #[arg(long, global = true, env = "CHAINSTACK_URL", default_value = "http://127.0.0.1:9944")]
    pub url: String,
    /// How to print answers.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub output: Format,
    /// Folder of keys and aliases [default: chainstack in the user's config folder].
    #[arg(long, global = true, env = "CHAINSTACK_HOME", value_name = "DIR")]
    pub home: Option<std::path::PathBuf>,
}

#[derive(Subcommand, Debug)]
enum Command {
    Dev(dev::Dev),
    Status(status::Status),
    Account(account::Account),
    Paradigm(paradigm::Paradigm),
    Deploy(deploy::Deploy),
    Call(call::Call),
    Poke(poke::Poke),
    Query(query::Query),
    State(state::State),
    Events(events::Events),
    Tx(tx::Tx),
    Block(block::Block),
    Proof(proof::Proof),
    Inspect(inspect::Inspect),
    Audit(audit::Audit),
    Diff(diff::Diff),
    Check(check::Check),
    Manifest(manifest::Manifest),
    Trie(trie::Trie),
    Test(test::Test),
    Bench(bench::Bench),
    Explain(explain::Explain),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
}

/// What a command gives back.
pub type Outcome = Result<Answer, CliError>;

/// Runs the command line `arguments` (the program's name first).
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(line) = HelpLine::read(&arguments) {
        let (global, command) = line.split();
        let (format, context) = (global.output, Context::new(global));
        return ended(HelpLine::run(command, &context), format);
    }
    let mut line = with_methods(Cli::command(), "");
    let parsed =
        line.try_get_matches_from_mut(&arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed.map_err(|error| error.format(&mut line)) {
        Ok(cli) => cli,
        // Help and version go to stdout with exit code 0, misuse to stderr with 2.
        Err(error) if !error.use_stderr() => {
            return if error.print().is_ok() {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(Exit::Failed as u8)
            };
        }
        Err(error) => return misuse(&error, &arguments),
    };
    let format = cli.global.output;
    let context = Context::new(cli.global);
    ended(dispatch(cli.command, &context), format)
}

/// Prints what a command came to.
fn ended(outcome: Outcome, format: Format) -> ExitCode {
    match outcome.and_then(|answer| answer.print(format)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.print(format);
            ExitCode::from(error.exit as u8)
        }
    }
}

/// Says what is wrong with the command line, in the form that it asks for.
fn misuse(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let texts = || arguments.iter().filter_map(|argument| argument.to_str());
    let said = secret::without(error.render().to_string(), texts());
    let mut pairs = texts().zip(texts().skip(1));
    if texts().any(|text| text == "--output=json") || pairs.any(|pair| pair == ("--output", "json")) {
        let (what, usage) = said.split_once("\n\n").unwrap_or((&said, ""));
        let usage = usage.split_whitespace().collect::<Vec<_>>().join(" ");
        let what = what.strip_prefix("error: ").unwrap_or(what);
        CliError::misuse(what.trim()).hint(usage).print(Format::Json);
    } else {
        output::remark(said.trim_end());
    }
    ExitCode::from(Exit::Misuse as u8)
}

/// Names in the help of each command below `path` the methods of the node that it calls.
fn with_methods(mut command: clap::Command, path: &str) -> clap::Command {
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    for name in names {
        let path = format!("{path} {name}");
        command = command.mut_subcommand(&name, |below| with_methods(below, path.trim_start()));
    }
    let methods: Vec<&str> = behind(path).collect();
    if methods.is_empty() {
        command
    } else {
        command.after_help(format!("Methods behind it: {}", methods.join(", ")))
    }
}

fn dispatch(command: Command, context: &Context) -> Outcome {
    match command {
        Command::Dev(it) => it.run(context),
        Command::Status(it) => it.run(context),
        Command::Account(it) => it.run(context),
        Command::Paradigm(it) => it.run(context),
        Command::Deploy(it) => it.run(context),
        Command::Call(it) => it.run(context),
        Command::Poke(it) => it.run(context),
        Command::Query(it) => it.run(context),
        Command::State(it) => it.run(context),
        Command::Events(it) => it.run(context),
        Command::Tx(it) => it.run(context),
        Command::Block(it) => it.run(context),
        Command::Proof(it) => it.run(context),
        Command::Inspect(it) => it.run(context),
        Command::Audit(it) => it.run(context),
        Command::Diff(it) => it.run(context),
        Command::Check(it) => it.run(context),
        Command::Manifest(it) => it.run(context),
        Command::Trie(it) => it.run(context),
        Command::Test(it) => it.run(context),
        Command::Bench(it) => it.run(context),
        Command::Explain(it) => it.run(context),
        Command::Doctor(it) => it.run(context),
        Command::Completions(it) => it.run(context),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;
    use crate::rpc::methods::METHODS;

    /// Files that several commands call the node through, and a command that uses each.
    const SHARED: &[(&str, &str)] = &[
        ("send", "call"),
        ("contract_view", "query"),
        ("context", "status"),
        ("dev_control", "dev"),
        ("tx_view", "tx"),
        ("moves", "state"),
        ("history", "inspect"),
        ("target", "inspect"),
        ("escrows", "state"),
    ];

    fn paths(command: &clap::Command, path: &str, all: &mut BTreeSet<String>) {
        for below in command.get_subcommands() {
            let path = format!("{path} {}", below.get_name()).trim_start().to_owned();
            paths(below, &path, all);
            all.insert(path);
        }
    }

    #[test]
    fn the_table_of_methods_names_every_command_that_calls_one() {
        let mut all = BTreeSet::new();
        paths(&Cli::command(), "", &mut all);
        for method in METHODS {
            for command in method.commands {
                assert!(all.contains(*command), "{}: no command `{command}`", method.name);
            }
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli");
        let mut found = 0;
        for entry in fs::read_dir(folder).expect("the sources are there").flatten() {
            let text = fs::read_to_string(entry.path()).expect("source is text");
            let name = entry.path().file_stem().expect("a name").to_string_lossy().into_owned();
            let shared = SHARED.iter().find(|(file, _)| *file == name).map(|(_, command)| *command);
            let calls = text.split("rpc(\"").skip(1).chain(text.split("client().call(\"").skip(1));
            for method in calls.filter_map(|rest| rest.split('"').next()) {
                let declared = METHODS.iter().find(|declared| declared.name == method);
                let declared =
                    declared.unwrap_or_else(|| panic!("{name}.rs calls `{method}`, which is not declared"));
                let word = shared.unwrap_or(&name);
                let named = declared.commands.iter().any(|command| command.split(' ').next() == Some(word));
                assert!(named, "{name}.rs calls `{method}`: say so in the table");
                found += 1;
            }
        }
        assert!(found > 20, "{found}");
    }

    #[test]
    fn help_names_the_methods_behind_a_command() {
        let mut line = with_methods(Cli::command(), "");
        let shown = line.find_subcommand_mut("block").and_then(|block| block.find_subcommand_mut("show"));
        let help = shown.expect("a command").render_help().to_string();
        assert!(help.trim_end().ends_with("Methods behind it: chain_block"), "{help}");
    }
}
