//! Pages as one HTML file: inline style, inline SVG, nothing that is fetched or run.

use super::{Block, Page, Table, clean, svg::svg};

/// From 640 pixels down each row of a table is a card.
const STYLE: &str = "\
:root{color-scheme:light}\
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;padding:16px;max-width:1248px;color:#1b1f24;background:#fff;\
overflow-wrap:anywhere}\
h1{font-size:24px}h2{font-size:19px;border-bottom:1px solid #c8ced6;margin-top:32px}h3{font-size:16px}h4{font-size:15px;margin:16px 0 4px}h4+dl{margin:0 0 0 16px}\
code,pre{font:13px/1.45 ui-monospace,monospace;background:#f2f4f7;border-radius:4px}code{padding:1px 3px}\
pre{padding:12px;overflow-x:auto}\
nav a{margin-right:12px}dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px}dt{color:#555c66}dd{margin:0}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:4px 8px;\
border-bottom:1px solid #dfe3e8}th{color:#555c66;font-weight:600}td:first-child{font-weight:600}\
ul{padding-left:0;list-style:none}li{margin:4px 0;padding-left:96px;text-indent:-96px}\
b{display:inline-block;width:84px;margin-right:12px;text-indent:0;text-align:center;font-size:12px;border-radius:4px}\
.proven{background:#d9f2df;color:#0b4a1c}.enforced{background:#dbe9fb;color:#0b3a75}\
.tested{background:#f6efcf;color:#5a4a00}.assumed{background:#fbe0dc;color:#7a1b0c}\
svg{width:100%;max-width:420px;display:block}\
@media(max-width:640px){body{padding:12px}dl{display:block}dd{margin:0 0 6px}thead{display:none}\
tr{display:block;border:1px solid #dfe3e8;border-radius:6px;margin:8px 0;padding:4px 0}\
td{display:block;border:0}td:empty{display:none}td:not(:first-child)::before{content:attr(data-label) \": \";color:#555c66}\
li{padding-left:0;text-indent:0}}";

pub(super) fn page(page: &Page) -> String {
    let title = escape(&page.title);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<dl>\n"
    );
    for (name, value) in &page.facts {
        out.push_str(&format!("<dt>{}</dt><dd>{}</dd>\n", escape(name), prose(value)));
    }
    out.push_str("</dl>\n");
    if page.sections.len() > 1 {
        let link = |(index, section): (usize, &super::Section)| {
            format!("<a href=\"#part{index}\">{}</a>\n", escape(&section.title))
        };
        let links: String = page.sections.iter().enumerate().map(link).collect();
        out.push_str(&format!("<nav>\n{links}</nav>\n"));
    }
    for (index, section) in page.sections.iter().enumerate() {
        out.push_str(&format!("<h2 id=\"part{index}\">{}</h2>\n", escape(&section.title)));
        section.blocks.iter().for_each(|found| block(&mut out, found));
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn block(out: &mut String, block: &Block) {
    match block {
        Block::Heading(text) => out.push_str(&format!("<h3>{}</h3>\n", escape(text))),
        Block::Text(text) => out.push_str(&format!("<p>{}</p>\n", prose(text))),
        Block::Code { text, .. } => out.push_str(&format!("<pre>{}</pre>\n", escape(text))),
        Block::Table(found) => table(out, found),
        Block::Records(found) => records(out, found),
        Block::Claims(claims) => {
            out.push_str("<ul>\n");
            for claim in claims {
                let name = claim.evidence.name();
                let class = name.to_lowercase();
                out.push_str(&format!("<li><b class=\"{class}\">{name}</b>{}</li>\n", prose(&claim.text)));
            }
            out.push_str("</ul>\n");
        }
        Block::Diagram(machine) => out.push_str(&svg(machine)),
    }
}

fn table(out: &mut String, table: &Table) {
    let head: String = table.head.iter().map(|name| format!("<th>{}</th>", escape(name))).collect();
    out.push_str(&format!("<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n"));
    for row in &table.rows {
        let cell = |(name, cell): (&String, &String)| {
            format!("<td data-label=\"{}\">{}</td>", escape(name), escape(cell))
        };
        let cells: String = table.head.iter().zip(row).map(cell).collect();
        out.push_str(&format!("<tr>{cells}</tr>\n"));
    }
    out.push_str("</tbody>\n</table>\n");
}

fn records(out: &mut String, table: &Table) {
    for row in &table.rows {
        let title = row.first().map_or("", String::as_str);
        out.push_str(&format!("<h4>{}</h4>\n<dl>\n", escape(title)));
        for (name, cell) in table.head.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty()) {
            out.push_str(&format!("<dt>{}</dt><dd>{}</dd>\n", escape(name), escape(cell)));
        }
        out.push_str("</dl>\n");
    }
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

/// Text in which what stands between backquotes is code.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| match index % 2 {
        0 => escape(part),
        _ => format!("<code>{}</code>", escape(part)),
    });
    parts.collect()
}
