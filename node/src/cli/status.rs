//! `chainstack status`: how the chain stands.

use serde_json::Value;

use super::{Outcome, context::Context, error::CliError, output::Answer};

/// Show how the chain stands.
#[derive(clap::Args, Debug)]
pub(super) struct Status {}

impl Status {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError`].
    pub(super) fn run(self, context: &Context) -> Outcome {
        let status = context.rpc("chain_status", &[])?;
        let fields = status.as_object().ok_or_else(|| CliError::failed("the node's answer is no status"))?;
        let lines: Vec<String> = fields
            .iter()
            .map(|(name, value)| {
                let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                format!("{name:<11} {shown}")
            })
            .collect();
        Ok(Answer::new(lines.join("\n"), Value::Object(fields.clone())))
    }
}
