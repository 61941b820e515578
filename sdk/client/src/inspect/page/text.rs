//! Pages for a terminal: no colour, no line longer than its content needs.

use super::{Block, Finding, Judged, Page, Section, Table, clean};

/// Tables wider than this are written as records, unless it is the last column alone that is wide.
const TABLE_WIDTH: usize = 110;
/// Width that all columns but the last may have together then.
const BEFORE_LAST: usize = 72;

pub(super) fn page(page: &Page) -> String {
    let mut out = clean(&page.title);
    out.push('\n');
    let widest = page.facts.iter().map(|(name, _)| clean(name).chars().count()).max().unwrap_or(0);
    for (name, value) in &page.facts {
        out.push_str(&format!("  {:<widest$}  {}\n", clean(name), clean(value)));
    }
    for found in &page.sections {
        section(&mut out, found);
    }
    out
}

fn section(out: &mut String, section: &Section) {
    out.push_str(&format!("\n{}\n", clean(&section.title).to_uppercase()));
    for block in &section.blocks {
        match block {
            Block::Heading(text) => out.push_str(&format!("\n  {}\n", clean(text))),
            Block::Text(text) => out.push_str(&format!("  {}\n", clean(text))),
            Block::Code { text, .. } => clean(text).lines().for_each(|line| {
                out.push_str(line);
                out.push('\n');
            }),
            Block::Table(found) => table(out, found),
            Block::Records(found) => flat(found).iter().for_each(|row| record(out, &shown(&found.head), row)),
            Block::Claims(claims) => {
                for claim in claims {
                    out.push_str(&format!("  {:<8}  {}\n", claim.evidence.name(), clean(&claim.text)));
                }
            }
            Block::Banner(found) => {
                out.push_str(&format!("  {}\n  {}\n", clean(&found.title), clean(&found.text)));
            }
            Block::Judged(claims) => claims.iter().for_each(|claim| judged(out, claim)),
            Block::Finding(found) => finding(out, found),
            Block::Diagram(_) => {}
        }
    }
}

fn judged(out: &mut String, claim: &Judged) {
    let (stands, evidence) = (clean(&claim.stands), claim.evidence.name());
    out.push_str(&format!("  {stands:<9}  {evidence:<8}  {}\n", clean(&claim.text)));
}

fn finding(out: &mut String, finding: &Finding) {
    out.push_str(&format!("\n  {}\n", clean(&finding.title)));
    judged(out, &finding.claim);
    for (number, step) in (1u32..).zip(&finding.steps) {
        out.push_str(&format!("    {number}. {}\n", clean(&step.does)));
        step.notes.iter().for_each(|note| out.push_str(&format!("       {}\n", clean(note))));
    }
    finding.notes.iter().for_each(|note| out.push_str(&format!("    {}\n", clean(note))));
    if let Some((name, _, text)) = &finding.file {
        out.push_str(&format!("    {}:\n", clean(name)));
        clean(text).lines().for_each(|line| out.push_str(&format!("    | {line}\n")));
    }
}

fn table(out: &mut String, table: &Table) {
    let (head, rows) = (shown(&table.head), flat(table));
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        let head = head.get(column).map_or(0, |head| head.chars().count());
        cells.max().unwrap_or(0).max(head)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let total = |widths: &[usize]| widths.iter().sum::<usize>() + 2 * widths.len();
    let before_last = total(widths.get(..widths.len().saturating_sub(1)).unwrap_or_default());
    if total(&widths) <= TABLE_WIDTH || before_last <= BEFORE_LAST {
        line(out, &head, &widths);
        rows.iter().for_each(|row| line(out, row, &widths));
    } else {
        rows.iter().for_each(|row| record(out, &head, row));
    }
}

/// Cells as they are shown, each on one line.
fn flat(table: &Table) -> Vec<Vec<String>> {
    table.rows.iter().map(|row| shown(row)).collect()
}

fn shown(cells: &[String]) -> Vec<String> {
    cells.iter().map(|cell| clean(cell).replace('\n', " ")).collect()
}

fn line(out: &mut String, cells: &[String], widths: &[usize]) {
    let padded: String = cells.iter().zip(widths).map(|(cell, width)| format!("  {cell:<width$}")).collect();
    out.push_str(padded.trim_end());
    out.push('\n');
}

fn record(out: &mut String, head: &[String], row: &[String]) {
    let widest = head.iter().skip(1).map(|name| name.chars().count()).max().unwrap_or(0);
    out.push_str(&format!("  {}\n", row.first().map_or("", String::as_str)));
    for (name, cell) in head.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty()) {
        out.push_str(&format!("    {name:<widest$}  {cell}\n"));
    }
}
