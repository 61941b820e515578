//! A JSON tree in the layout of a manifest, as TOML.

use std::fmt::Write;

use serde_json::{Map, Value};

/// Sections whose entries have headers of their own.
pub(super) fn render(tree: &Map<String, Value>) -> String {
    let mut out = String::new();
    for (section, content) in tree {
        let Value::Object(entries) = content else { continue };
        let nested = !matches!(section.as_str(), "contract" | "upgrade" | "params");
        if !nested {
            header(&mut out, section);
            entries.iter().for_each(|(name, value)| line(&mut out, name, value));
            continue;
        }
        for (name, entry) in entries {
            header(&mut out, &format!("{section}.{}", key(name)));
            if let Value::Object(fields) = entry {
                fields.iter().for_each(|(name, value)| line(&mut out, name, value));
            }
        }
    }
    out
}

fn header(out: &mut String, name: &str) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.push('[');
    out.push_str(name);
    out.push_str("]\n");
}

fn line(out: &mut String, name: &str, value: &Value) {
    let value = match value {
        Value::Array(elements) if elements.iter().any(Value::is_object) => {
            let lines: String = elements.iter().fold(String::new(), |mut lines, element| {
                // Writing to a string cannot fail.
                let _ = writeln!(lines, "    {},", inline(element));
                lines
            });
            format!("[\n{lines}]")
        }
        other => inline(other),
    };
    let _ = writeln!(out, "{} = {value}", key(name));
}

fn key(name: &str) -> String {
    let bare = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if bare { name.to_owned() } else { text(name) }
}

/// A basic string: JSON's escapes are TOML's, but for the delete character.
fn text(text: &str) -> String {
    Value::String(text.to_owned()).to_string().replace('\u{7f}', "\\u007f")
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(string) => text(string),
        Value::Array(elements) => format!("[{}]", elements.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) if fields.is_empty() => "{}".into(),
        Value::Object(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| format!("{} = {}", key(name), inline(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        // Null never occurs in the layout; numbers and truth values are written alike.
        other => other.to_string(),
    }
}
