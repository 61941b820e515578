//! Data goes to stdout, everything else to stderr. `--output json` prints one stable object.

use std::io::{self, Write};

use serde_json::{Map, Value};

use super::error::CliError;

/// Version of the JSON that `--output json` prints. Fields are added, never renamed or removed.
pub const SCHEMA: u64 = 1;

/// How answers are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object with `"schema": 1`.
    Json,
}

/// An answer of a command, in both forms.
#[derive(Clone, Debug)]
pub struct Answer {
    text: String,
    json: Map<String, Value>,
    verbatim: bool,
}

impl Answer {
    /// An answer that reads `text`, with the fields of the object `json`. Anything but an object becomes the
    /// field `result`.
    #[must_use]
    pub fn new(text: impl Into<String>, json: Value) -> Self {
        let json = match json {
            Value::Object(fields) => fields,
            other => Map::from_iter([("result".to_owned(), other)]),
        };
        Self { text: text.into(), json, verbatim: false }
    }

    /// The same bytes in either form: a file.
    #[must_use]
    pub fn verbatim(text: String) -> Self {
        Self { text, json: Map::new(), verbatim: true }
    }

    /// Nothing more to say.
    #[must_use]
    pub fn empty() -> Self {
        Self { text: String::new(), json: Map::new(), verbatim: true }
    }

    /// Adds a field to the JSON form.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.json.insert(name.to_owned(), value);
        self
    }

    /// Prints the answer to stdout; [`Answer::empty`] prints nothing.
    ///
    /// # Errors
    /// [`CliError`] with exit code 1 if stdout is closed.
    pub fn print(self, format: Format) -> Result<(), CliError> {
        if self.text.is_empty() && self.json.is_empty() {
            return Ok(());
        }
        let line = match format {
            Format::Text => self.text,
            Format::Json if self.verbatim => self.text,
            Format::Json => with_schema(self.json).to_string(),
        };
        write_line(&mut io::stdout().lock(), &line)
    }
}

/// `fields` behind `"schema": 1`.
#[must_use]
pub fn with_schema(fields: Map<String, Value>) -> Value {
    let mut object = Map::from_iter([("schema".to_owned(), Value::from(SCHEMA))]);
    object.extend(fields);
    Value::Object(object)
}

fn write_line(out: &mut impl Write, line: &str) -> Result<(), CliError> {
    let ended = if line.is_empty() || line.ends_with('\n') { "" } else { "\n" };
    let written = write!(out, "{line}{ended}").and_then(|()| out.flush());
    written.map_err(|error| CliError::failed(format!("cannot write to stdout: {error}")))
}

/// A remark for people, to stderr.
pub fn remark(text: &str) {
    // Nobody reads a closed stderr.
    let _unread = writeln!(io::stderr().lock(), "{text}");
}
