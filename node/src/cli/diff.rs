//! `chainstack diff`: what a new version of a contract changes.

use chainstack_audit::UpgradeVerdict;
use serde_json::json;

use super::{
    Outcome,
    context::Context,
    error::{CliError, Exit},
    output::Answer,
    target::Target,
};

/// Compare two versions of a contract by meaning, and say whether the gate of upgrades lets the new one pass.
///
/// Exits 3 if it does not.
#[derive(clap::Args, Debug)]
pub(super) struct Diff {
    /// The version in use: a module, a manifest in TOML, or a deployed contract.
    old: String,
    /// The version that is to replace it.
    new: String,
}

impl Diff {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 3 if the gate refuses the new version, 8 for what is not there.
    pub(super) fn run(self, context: &Context) -> Outcome {
        let old = Target::of(context, &self.old)?;
        let new = Target::of(context, &self.new)?;
        let upgrade = chainstack_audit::diff(&old.manifest, &new.manifest);
        let mut lines = Vec::new();
        let mut changes = Vec::new();
        for change in &upgrade.changes {
            let verdict = name(change.verdict);
            lines.push(format!("{verdict:<16}  {}: {}", change.rule, change.sentence));
            changes.push(json!({"verdict": verdict, "rule": change.rule, "sentence": change.sentence}));
        }
        let verdict = name(upgrade.verdict);
        lines.push(format!("the gate: {verdict}"));
        let json = json!({"verdict": verdict, "changes": changes});
        let text = lines.join("\n");
        let answer = Answer::new(text, json);
        if upgrade.verdict != UpgradeVerdict::Refused {
            return Ok(answer);
        }
        answer.print(context.format())?;
        Err(CliError::silent(Exit::No))
    }
}

const fn name(verdict: UpgradeVerdict) -> &'static str {
    match verdict {
        UpgradeVerdict::Allowed => "allowed",
        UpgradeVerdict::AllowedIfEmpty => "allowed if empty",
        UpgradeVerdict::Refused => "refused",
    }
}
