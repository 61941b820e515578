//! Pages as one HTML file: inline style, inline SVG, nothing that is fetched or run.

use super::{Banner, Block, Finding, Judged, Page, Table, clean, svg::svg};
use crate::inspect::Evidence;

/// Light and dark; from 640 pixels down each row of a table is a card.
const STYLE: &str = include_str!("style.css");

pub(super) fn page(page: &Page) -> String {
    let title = escape(&page.title);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    if !page.facts.is_empty() {
        out.push_str("<dl>\n");
        for (name, value) in &page.facts {
            out.push_str(&format!("<dt>{}</dt><dd>{}</dd>\n", escape(name), prose(value)));
        }
        out.push_str("</dl>\n");
    }
    if page.sections.len() > 1 {
        let link = |(index, section): (usize, &super::Section)| {
            format!("<a href=\"#part{index}\">{}</a>\n", escape(&section.title))
        };
        let links: String = page.sections.iter().enumerate().map(link).collect();
        out.push_str(&format!("<nav>\n{links}</nav>\n"));
    }
    for (index, section) in page.sections.iter().enumerate() {
        out.push_str(&format!("<h2 id=\"part{index}\">{}</h2>\n", escape(&section.title)));
        blocks(&mut out, &section.blocks);
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// A diagram stands beside the table that explains it.
fn blocks(out: &mut String, blocks: &[Block]) {
    let mut rest = blocks;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if let (Block::Diagram(machine), Some((Block::Table(found), behind))) = (first, after.split_first()) {
            out.push_str("<div class=\"machine\">\n");
            out.push_str(&svg(machine));
            table(out, found);
            out.push_str("</div>\n");
            rest = behind;
        } else {
            block(out, first);
        }
    }
}

fn block(out: &mut String, block: &Block) {
    match block {
        Block::Heading(text) => out.push_str(&format!("<h3>{}</h3>\n", prose(text))),
        Block::Text(text) => out.push_str(&format!("<p>{}</p>\n", prose(text))),
        Block::Code { text, .. } => out.push_str(&format!("<pre>{}</pre>\n", escape(text))),
        Block::Table(found) => table(out, found),
        Block::Records(found) => records(out, found),
        Block::Claims(claims) => {
            let row = |claim: &crate::inspect::Claim| {
                format!("<li>{}<span>{}</span></li>\n", label(claim.evidence), prose(&claim.text))
            };
            let rows: String = claims.iter().map(row).collect();
            out.push_str(&format!("<ul class=\"claims\">\n{rows}</ul>\n"));
        }
        Block::Judged(claims) => {
            let rows: String = claims.iter().map(|claim| format!("<li>{}</li>\n", judged(claim))).collect();
            out.push_str(&format!("<ul class=\"claims\">\n{rows}</ul>\n"));
        }
        Block::Diagram(machine) => out.push_str(&svg(machine)),
        Block::Banner(found) => banner(out, found),
        Block::Finding(found) => finding(out, found),
    }
}

/// What a claim rests on, as a badge.
fn label(evidence: Evidence) -> String {
    let name = evidence.name();
    format!("<b class=\"{}\">{name}</b>", name.to_lowercase())
}

fn judged(claim: &Judged) -> String {
    let stands = format!("<b class=\"{}\">{}</b>", claim.tone.class(), escape(&claim.stands));
    format!("{stands}{}<span>{}</span>", label(claim.evidence), prose(&claim.text))
}

fn banner(out: &mut String, banner: &Banner) {
    out.push_str(&format!(
        "<div class=\"banner {}\"><strong>{}</strong><p>{}</p></div>\n",
        banner.tone.class(),
        prose(&banner.title),
        prose(&banner.text)
    ));
}

fn finding(out: &mut String, finding: &Finding) {
    out.push_str(&format!(
        "<section class=\"finding {}\">\n<h4>{}</h4>\n<ul class=\"claims\">\n<li>{}</li>\n</ul>\n",
        if finding.claim.tone == super::Tone::Open { "open" } else { "" },
        prose(&finding.title),
        judged(&finding.claim)
    ));
    if !finding.steps.is_empty() {
        out.push_str("<ol class=\"steps\">\n");
        for step in &finding.steps {
            let notes: String =
                step.notes.iter().map(|note| format!("<small>{}</small>", prose(note))).collect();
            out.push_str(&format!("<li>{}{notes}</li>\n", prose(&step.does)));
        }
        out.push_str("</ol>\n");
    }
    for note in &finding.notes {
        out.push_str(&format!("<p>{}</p>\n", prose(note)));
    }
    if let Some((name, _, text)) = &finding.file {
        out.push_str(&format!(
            "<details><summary>{}</summary>\n<pre>{}</pre>\n</details>\n",
            escape(name),
            escape(text)
        ));
    }
    out.push_str("</section>\n");
}

fn table(out: &mut String, table: &Table) {
    let head: String = table.head.iter().map(|name| format!("<th>{}</th>", escape(name))).collect();
    out.push_str(&format!("<div class=\"wide\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n"));
    for row in &table.rows {
        let cell = |(name, cell): (&String, &String)| {
            format!("<td data-label=\"{}\">{}</td>", escape(name), prose(cell))
        };
        let cells: String = table.head.iter().zip(row).map(cell).collect();
        out.push_str(&format!("<tr>{cells}</tr>\n"));
    }
    out.push_str("</tbody>\n</table></div>\n");
}

fn records(out: &mut String, table: &Table) {
    out.push_str("<div class=\"cards\">\n");
    for row in &table.rows {
        let title = row.first().map_or("", String::as_str);
        out.push_str(&format!("<section class=\"card\"><h4>{}</h4>\n<dl>\n", escape(title)));
        for (name, cell) in table.head.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty()) {
            out.push_str(&format!("<dt>{}</dt><dd>{}</dd>\n", escape(name), prose(cell)));
        }
        out.push_str("</dl></section>\n");
    }
    out.push_str("</div>\n");
}

/// Text with every character escaped that HTML would take for its own, in content and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut shown = String::new();
    for character in clean(text).chars() {
        match character {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            other => shown.push(other),
        }
    }
    shown
}

/// Text in which what stands between backquotes is code; a backquote without its pair stays what it is.
fn prose(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, behind)) = after.split_once('`') else { break };
        shown.push_str(&escape(before));
        shown.push_str(&format!("<code>{}</code>", escape(code)));
        rest = behind;
    }
    shown.push_str(&escape(rest));
    shown
}
