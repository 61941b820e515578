//! The manifest's text: TOML as a person would write it.

use std::fmt::{self, Display, Formatter, Write};

/// A value of a declaration.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A text.
    Text(String),
    /// A number's digits.
    Number(String),
    /// True or false.
    Flag(bool),
    /// A list.
    List(Vec<Value>),
    /// A table, in order.
    Table(Table),
}

/// Keys and values, in order.
pub(crate) type Table = Vec<(String, Value)>;

/// A text.
pub(crate) fn text(text: impl Display) -> Value {
    Value::Text(text.to_string())
}

/// A list of texts.
pub(crate) fn texts<T: Display>(texts: impl IntoIterator<Item = T>) -> Value {
    Value::List(texts.into_iter().map(text).collect())
}

/// Puts `key` in, unless there is no value.
pub(crate) fn put(table: &mut Table, key: &str, value: impl Into<Option<Value>>) {
    if let Some(value) = value.into() {
        table.push((key.into(), value));
    }
}

/// Puts a list in, unless it is empty.
pub(crate) fn put_list(table: &mut Table, key: &str, list: Vec<Value>) {
    put(table, key, (!list.is_empty()).then_some(Value::List(list)));
}

/// Puts a flag in, unless it has the value that is assumed anyway.
pub(crate) fn put_flag(table: &mut Table, key: &str, flag: bool, default: bool) {
    put(table, key, (flag != default).then_some(Value::Flag(flag)));
}

/// Appends a section of the document; `place` says in a comment where it comes from.
pub(crate) fn section(out: &mut String, header: &str, place: Option<String>, table: &Table) {
    if !out.is_empty() {
        out.push('\n');
    }
    // Writing to a string cannot fail.
    let _ = writeln!(out, "[{header}]");
    if let Some(place) = place {
        let _ = writeln!(out, "# {place}");
    }
    for (key, value) in table {
        let _ = match value {
            Value::List(elements) if elements.iter().any(|element| matches!(element, Value::Table(_))) => {
                let lines: String = elements.iter().map(|element| format!("    {element},\n")).collect();
                writeln!(out, "{key} = [\n{lines}]")
            }
            value => writeln!(out, "{key} = {value}"),
        };
    }
}

impl Display for Value {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => quoted(text, formatter),
            // Whole numbers past 63 bits are no TOML; they may be quoted.
            Self::Number(digits) if digits.parse::<i64>().is_err() => quoted(digits, formatter),
            Self::Number(digits) => formatter.write_str(digits),
            Self::Flag(flag) => flag.fmt(formatter),
            Self::List(elements) => {
                formatter.write_char('[')?;
                for (index, element) in elements.iter().enumerate() {
                    write!(formatter, "{}{element}", if index == 0 { "" } else { ", " })?;
                }
                formatter.write_char(']')
            }
            Self::Table(entries) if entries.is_empty() => formatter.write_str("{}"),
            Self::Table(entries) => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    write!(formatter, "{}{key} = {value}", if index == 0 { "{ " } else { ", " })?;
                }
                formatter.write_str(" }")
            }
        }
    }
}

/// A basic string.
fn quoted(text: &str, formatter: &mut Formatter<'_>) -> fmt::Result {
    formatter.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(formatter, "\\{character}")?,
            '\n' => formatter.write_str("\\n")?,
            '\t' => formatter.write_str("\\t")?,
            control if control.is_control() => write!(formatter, "\\u{:04x}", u32::from(control))?,
            other => formatter.write_char(other)?,
        }
    }
    formatter.write_char('"')
}
