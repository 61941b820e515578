//! Where and why a text is not a manifest.

use std::fmt;

/// Why a text is not a manifest, with the place to look at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to try.
    pub hint: Option<String>,
    /// The stable code, if the text was understood and the manifest it says is refused.
    pub code: Option<u16>,
}

impl TextError {
    /// The error with the line of `text` it is about, and the entry that line belongs to with the comment below its
    /// header, which says where it was declared if the SDK wrote the text: for a text that stands in no file.
    #[must_use]
    pub fn shown_in(&self, text: &str) -> String {
        let lines: Vec<&str> = text.lines().take(self.line).collect();
        let entry = lines.iter().rposition(|line| line.starts_with('['));
        let header = entry.and_then(|entry| lines.get(entry)).copied().unwrap_or_default();
        let below = entry.and_then(|entry| text.lines().nth(entry.saturating_add(1)));
        let declared = below.and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
        let line = lines.last().copied().unwrap_or_default();
        let mut shown = self.to_string();
        for part in [declared, header, line] {
            if !part.is_empty() && !shown.ends_with(part) {
                shown.push_str("\n  ");
                shown.push_str(part);
            }
        }
        shown
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: {}", self.line, self.column, self.message)?;
        match &self.hint {
            Some(hint) => write!(formatter, " (hint: {hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for TextError {}

/// A problem at a byte of the source.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) code: Option<u16>,
}

impl Problem {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), hint: None, code: None }
    }

    pub(super) fn hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// Turns the byte into line and column.
    pub(super) fn locate(self, source: &str) -> TextError {
        let before = source.get(..self.at.min(source.len())).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        TextError {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: self.message,
            hint: self.hint,
            code: self.code,
        }
    }
}
