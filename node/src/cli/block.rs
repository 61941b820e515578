//! `chainstack block`: blocks.

use serde_json::{Value, json};

use super::{Outcome, context::Context, output::Answer};

/// Look at blocks.
#[derive(clap::Args, Debug)]
pub(super) struct Block {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Show a block.
    Show {
        /// A height, a hash, or `latest`.
        #[arg(default_value = "latest")]
        which: String,
    },
}

impl Block {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 8 if there is no such block.
    pub(super) fn run(self, context: &Context) -> Outcome {
        let Command::Show { which } = self.command;
        let which = which.parse::<u64>().map_or_else(|_| json!(which), |height| json!(height));
        let block = context.rpc("chain_block", &[which])?;
        let mut lines = Vec::new();
        for (name, value) in block.get("header").and_then(Value::as_object).into_iter().flatten() {
            if name != "scale" {
                lines.push(format!("{name:<20} {}", super::contract_view::plain(value)));
            }
        }
        for transaction in block.get("transactions").and_then(Value::as_array).into_iter().flatten() {
            let text =
                |field: &str| transaction.get(field).map(super::contract_view::plain).unwrap_or_default();
            let call =
                transaction.get("call").and_then(|call| call.get("type")).map(super::contract_view::plain);
            lines.push(format!("{} {} {}", text("id"), call.unwrap_or_default(), text("signer")));
        }
        Ok(Answer::new(lines.join("\n"), block))
    }
}
