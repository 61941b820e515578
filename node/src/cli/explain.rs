//! `chainstack explain`: what a code means.

use chainstack_primitives::codes::CodeInfo;
use serde_json::{Value, json};

use super::{
    Outcome, codes,
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
                codes::all().map(|row| format!("{:>5}  {}", row.code, row.name)).collect();
            let rows: Vec<Value> = codes::all().map(|row| row_json(&row)).collect();
            return Ok(Answer::new(lines.join("\n"), json!({"codes": rows})));
        };
        let matches =
            |row: &CodeInfo| row.code.to_string() == wanted || row.name.eq_ignore_ascii_case(&wanted);
        // A name may stand in the tables of two rooms: both are meant.
        let rows: Vec<CodeInfo> = codes::all().filter(matches).collect();
        let Some((first, others)) = rows.split_first() else {
            return Err(CliError::new(Exit::NotFound, format!("there is no code `{wanted}`"))
                .hint("`chainstack explain` lists them"));
        };
        let text = |row: &CodeInfo| format!("{} {}\n{}\nhint: {}", row.code, row.name, row.what, row.hint);
        let texts: Vec<String> = rows.iter().map(text).collect();
        let others: Vec<Value> = others.iter().map(row_json).collect();
        Ok(Answer::new(texts.join("\n\n"), row_json(first)).with("others", json!(others)))
    }
}

fn row_json(row: &CodeInfo) -> Value {
    json!({"code": row.code, "name": row.name, "what": row.what, "hint": row.hint})
}
