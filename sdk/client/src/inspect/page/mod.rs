//! Pages: sections made of rows, written as text, Markdown, one self-contained HTML file, or Mermaid.
//!
//! What contracts say about themselves is somebody else's text: control characters and marks that turn the direction
//! of writing are shown as escapes, and each form escapes what it would take for its own.

mod exits;
mod html;
mod judged;
mod markdown;
mod mermaid;
mod sections;
mod seen;
mod svg;
mod text;

#[cfg(test)]
mod tests;

pub use exits::exits;
pub use judged::{Banner, Finding, FindingStep, Judged, Tone};
pub use mermaid::{mermaid, mermaid_without_machine};
pub use sections::{abi, bounds, errors, events, imports, legend, machines, manifest, power, storage, trust};
pub use seen::history;

use super::{Claim, MachineRow};

/// A page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// What it is about.
    pub title: String,
    /// What stands above all sections: name and value.
    pub facts: Vec<(String, String)>,
    /// The sections.
    pub sections: Vec<Section>,
}

/// A section of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// Its title.
    pub title: String,
    /// What stands in it.
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Block {
    /// A title inside the section.
    Heading(String),
    /// A sentence or more.
    Text(String),
    /// Text to be kept as it is.
    Code {
        /// What language it is in.
        language: &'static str,
        /// The text.
        text: String,
    },
    /// Rows under headings.
    Table(Table),
    /// Rows too wide for a table: each its first column as a title, then what is not empty.
    Records(Table),
    /// Claims, each behind its evidence.
    Claims(Vec<Claim>),
    /// The answer of the whole page.
    Banner(Banner),
    /// Claims, each behind how it stands and its evidence.
    Judged(Vec<Judged>),
    /// A claim that asks for attention, with the run that shows it.
    Finding(Box<Finding>),
    /// The graph of a machine; as text it has none, its arrows stand in a table.
    Diagram(Box<MachineRow>),
}

/// Rows under headings. The first column names the row; empty cells say nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    /// Headings of the columns.
    pub head: Vec<String>,
    /// The rows, each as long as the headings.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings and no rows.
    #[must_use]
    pub fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|text| (*text).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row; what is missing is empty, what is too much is left out.
    pub fn push(&mut self, row: impl IntoIterator<Item = String>) {
        let mut row: Vec<String> = row.into_iter().collect();
        row.resize(self.head.len(), String::new());
        self.rows.push(row);
    }
}

impl Page {
    /// The page for a terminal.
    #[must_use]
    pub fn to_text(&self) -> String {
        text::page(self)
    }

    /// The page as Markdown, machines as fenced Mermaid.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        markdown::page(self)
    }

    /// The page as one HTML file: no script, no network, machines drawn as SVG, legible from 400
    /// pixels on, light or dark as the reader has it.
    #[must_use]
    pub fn to_html(&self) -> String {
        html::page(self)
    }
}

/// `text` without what would act on a terminal or turn the direction of writing: such characters are escaped.
fn clean(text: &str) -> String {
    let acts = |character: char| {
        (character.is_control() && character != '\n')
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if acts(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}
