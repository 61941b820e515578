//! `chainstack doctor`: whether this machine and node are as they should be.

use serde_json::{Value, json};

use super::{
    Outcome,
    context::Context,
    error::{CliError, Exit},
    output::Answer,
    writable::check_writable,
};

/// Check this machine, the user's folder and the node.
///
/// Exits 3 if something is not as it should be.
#[derive(clap::Args, Debug)]
pub(super) struct Doctor {}

struct Finding {
    what: &'static str,
    well: bool,
    says: String,
}

impl Doctor {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 3 if something is not as it should be.
    pub(super) fn run(self, context: &Context) -> Outcome {
        let findings = [folder(context), keys(context), node(context), carried()];
        let line = |finding: &Finding| {
            format!("{:<5} {:<10} {}", if finding.well { "ok" } else { "BAD" }, finding.what, finding.says)
        };
        let lines: Vec<String> = findings.iter().map(line).collect();
        let rows: Vec<Value> = findings
            .iter()
            .map(|finding| json!({"what": finding.what, "well": finding.well, "says": finding.says}))
            .collect();
        if findings.iter().all(|finding| finding.well) {
            return Ok(Answer::new(lines.join("\n"), json!({"findings": rows})));
        }
        Err(CliError::new(Exit::No, format!("not all is well\n{}", lines.join("\n")))
            .hint("mend what is BAD, the first one first")
            .field("findings", json!(rows)))
    }
}

fn folder(context: &Context) -> Finding {
    let tried = context.home().and_then(|home| check_writable(&home).map(|()| home));
    match tried {
        Ok(home) => Finding { what: "folder", well: true, says: home.display().to_string() },
        Err(error) => Finding { what: "folder", well: false, says: error.message },
    }
}

fn keys(context: &Context) -> Finding {
    let listed = super::send::keystore(context)
        .and_then(|store| store.list().map_err(|error| CliError::failed(error.to_string())));
    match listed {
        Err(error) => Finding { what: "keys", well: false, says: error.message },
        Ok(listed) => {
            let bad: Vec<&str> =
                listed.iter().filter(|key| key.outcome.is_err()).map(|key| key.name.as_str()).collect();
            let says = if bad.is_empty() {
                format!("{} keys", listed.len())
            } else {
                format!("cannot be read: {}", bad.join(", "))
            };
            Finding { what: "keys", well: bad.is_empty(), says }
        }
    }
}

fn node(context: &Context) -> Finding {
    match context.rpc("node_health", &[]) {
        Err(error) => Finding { what: "node", well: false, says: error.message },
        Ok(health) => {
            let well = health.get("healthy").and_then(Value::as_bool).unwrap_or(false);
            Finding { what: "node", well, says: format!("{} answers: {health}", context.client().url()) }
        }
    }
}

/// The paradigms that this program carries pass its own admission.
fn carried() -> Finding {
    let refused = super::check::executor().map(|executor| {
        crate::spec::PARADIGMS.iter().find_map(|(name, code)| match executor.check(code) {
            Ok(report) if report.accepted => None,
            Ok(report) => Some(format!("{name}: {}", report.message)),
            Err(fault) => Some(format!("{name}: {fault}")),
        })
    });
    let refused = refused.unwrap_or_else(|error| Some(error.message));
    Finding {
        what: "paradigms",
        well: refused.is_none(),
        says: refused.unwrap_or_else(|| format!("{} carried, all admitted", crate::spec::PARADIGMS.len())),
    }
}
