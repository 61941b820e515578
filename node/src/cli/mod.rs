//! The command line: one file per command, its doc comment is its help.
//!
//! Data goes to stdout, everything else to stderr. `--output json` prints one stable object. Exit codes are an
//! interface: see [`error::Exit`].

pub mod aliases;
pub mod context;
pub mod contract_view;
pub mod error;
pub mod output;

mod account;
mod bench;
mod block;
mod call;
mod check;
mod completions;
mod deploy;
mod dev;
mod doctor;
mod events;
mod explain;
mod manifest;
mod paradigm;
mod proof;
mod query;
mod send;
mod state;
mod status;
mod test;
pub(crate) mod trie;
mod tx;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand};

use self::{
    context::Context,
    error::CliError,
    output::{Answer, Format},
};

/// ChainStack: contracts as bounded finite state machines.
#[derive(Parser, Debug)]
#[command(name = "chainstack", version, propagate_version = true, max_term_width = 100)]
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
    Query(query::Query),
    State(state::State),
    Events(events::Events),
    Tx(tx::Tx),
    Block(block::Block),
    Proof(proof::Proof),
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
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout with exit code 0, misuse to stderr with 2.
            let code = if error.use_stderr() { 2 } else { 0 };
            return if error.print().is_ok() { ExitCode::from(code) } else { ExitCode::from(1) };
        }
    };
    let format = cli.global.output;
    let context = Context::new(cli.global);
    match dispatch(cli.command, &context).and_then(|answer| answer.print(format)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.print(format);
            ExitCode::from(error.exit as u8)
        }
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
        Command::Query(it) => it.run(context),
        Command::State(it) => it.run(context),
        Command::Events(it) => it.run(context),
        Command::Tx(it) => it.run(context),
        Command::Block(it) => it.run(context),
        Command::Proof(it) => it.run(context),
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
