//! `chainstack completions`: shell completions.

use clap::CommandFactory as _;
use serde_json::json;

use super::{Cli, Outcome, context::Context, error::CliError, output::Answer};

/// Print completions for a shell.
#[derive(clap::Args, Debug)]
pub(super) struct Completions {
    /// The shell.
    shell: clap_complete::Shell,
}

impl Completions {
    /// Runs the command.
    ///
    /// # Errors
    /// If the completions are not text.
    pub(super) fn run(self, _context: &Context) -> Outcome {
        let mut bytes = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "chainstack", &mut bytes);
        let script = String::from_utf8(bytes)
            .map_err(|_| CliError::failed("the completions of this shell are not text"))?;
        let json = json!({"shell": self.shell.to_string(), "script": script});
        Ok(Answer::new(script, json))
    }
}
