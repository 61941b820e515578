//! Pages as Markdown with tables and fenced Mermaid.

use super::{Block, Finding, Judged, Page, Table, clean, mermaid::mermaid};

pub(super) fn page(page: &Page) -> String {
    let mut out = format!("# {}\n", escape(&page.title));
    if !page.facts.is_empty() {
        out.push('\n');
    }
    for (name, value) in &page.facts {
        out.push_str(&format!("- {}: {}\n", escape(name), prose(value)));
    }
    for section in &page.sections {
        out.push_str(&format!("\n## {}\n", escape(&section.title)));
        for found in &section.blocks {
            out.push('\n');
            block(&mut out, found);
        }
    }
    out
}

fn block(out: &mut String, block: &Block) {
    match block {
        Block::Heading(text) => out.push_str(&format!("### {}\n", escape(text))),
        Block::Text(text) => out.push_str(&format!("{}\n", prose(text))),
        Block::Code { language, text } => fenced(out, language, text),
        Block::Table(found) => table(out, found),
        Block::Records(found) => records(out, found),
        Block::Claims(claims) => {
            for claim in claims {
                out.push_str(&format!("- **{}** {}\n", claim.evidence, prose(&claim.text)));
            }
        }
        Block::Banner(found) => {
            out.push_str(&format!("**{}**\n\n{}\n", escape(&found.title), prose(&found.text)));
        }
        Block::Judged(claims) => claims.iter().for_each(|claim| judged(out, claim)),
        Block::Finding(found) => finding(out, found),
        Block::Diagram(machine) => fenced(out, "mermaid", &mermaid(machine)),
    }
}

fn judged(out: &mut String, claim: &Judged) {
    out.push_str(&format!("- **{}** {}: {}\n", claim.evidence, escape(&claim.stands), prose(&claim.text)));
}

fn finding(out: &mut String, finding: &Finding) {
    out.push_str(&format!("#### {}\n\n", escape(&finding.title)));
    judged(out, &finding.claim);
    if !finding.steps.is_empty() {
        out.push('\n');
    }
    for (number, step) in (1u32..).zip(&finding.steps) {
        out.push_str(&format!("{number}. {}\n", prose(&step.does)));
        step.notes.iter().for_each(|note| out.push_str(&format!("   - {}\n", prose(note))));
    }
    finding.notes.iter().for_each(|note| out.push_str(&format!("\n{}\n", prose(note))));
    if let Some((name, language, text)) = &finding.file {
        out.push_str(&format!("\n{}:\n\n", escape(name)));
        fenced(out, language, text);
    }
}

/// A fence longer than any run of backquotes inside.
fn fenced(out: &mut String, language: &str, text: &str) {
    let text = clean(text);
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.saturating_add(1).max(3));
    out.push_str(&format!("{fence}{language}\n{}\n{fence}\n", text.trim_end()));
}

fn table(out: &mut String, table: &Table) {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escape(cell).replace('\n', " ")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    out.push_str(&line(&table.head));
    out.push_str(&format!("|{}\n", " --- |".repeat(table.head.len())));
    table.rows.iter().for_each(|row| out.push_str(&line(row)));
}

fn records(out: &mut String, table: &Table) {
    for (index, row) in table.rows.iter().enumerate() {
        let title = row.first().map_or("", String::as_str);
        out.push_str(&format!("{}#### {}\n\n", if index == 0 { "" } else { "\n" }, escape(title)));
        for (name, cell) in table.head.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty()) {
            out.push_str(&format!("- {}: {}\n", escape(name), escape(cell).replace('\n', " ")));
        }
    }
}

/// Text with every character that Markdown would take for its own escaped.
fn escape(text: &str) -> String {
    let mut shown = String::new();
    for character in clean(text).chars() {
        if matches!(character, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~' | '&') {
            shown.push('\\');
        }
        shown.push(character);
    }
    shown
}

/// Text in which what stands between backquotes is code.
fn prose(text: &str) -> String {
    let cleaned = clean(text);
    let parts = cleaned.split('`').enumerate().map(|(index, part)| match index % 2 {
        0 => escape(part),
        _ => format!("`{part}`"),
    });
    parts.collect()
}
