//! `chainstack explain`: what a code means.

use chainstack_primitives::codes::{CodeInfo, TABLE};
use serde_json::{Value, json};

use super::{
    Outcome,
    context::Context,
    error::{CliError, Exit},
    output::Answer,
};

/// Explain a code by number or name; without one, list them all.
#[derive(clap::Args, Debug)]
pub(super) struct Explain {
    /// A code, such as 1004 or NonceTooLow.
    code: Option<String>,
}

impl Explain {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 8 if there is no such code.
    pub(super) fn run(self, _context: &Context) -> Outcome {
        let Some(wanted) = self.code else {
            let lines: Vec<String> =
                TABLE.iter().map(|row| format!("{:>5}  {}", row.code, row.name)).collect();
            let rows: Vec<Value> = TABLE.iter().map(row_json).collect();
            return Ok(Answer::new(lines.join("\n"), json!({"codes": rows})));
        };
        let matches =
            |row: &&CodeInfo| row.code.to_string() == wanted || row.name.eq_ignore_ascii_case(&wanted);
        let row = TABLE.iter().find(matches).ok_or_else(|| {
            CliError::new(Exit::NotFound, format!("there is no code `{wanted}`"))
                .hint("`chainstack explain` lists them")
        })?;
        let text = format!("{} {}\n{}\nhint: {}", row.code, row.name, row.what, row.hint);
        Ok(Answer::new(text, row_json(row)))
    }
}

fn row_json(row: &CodeInfo) -> Value {
    json!({"code": row.code, "name": row.name, "what": row.what, "hint": row.hint})
}
