//! Pages from outside: hostile text in every block, code spans, findings, exits.

use super::{Banner, Block, Finding, FindingStep, Judged, Page, Section, Table, Tone, exits};
use crate::{
    inspect::{Claim, Evidence, abi},
    manifest::from_toml,
};

/// What tries to be markup in content and in attributes, to end a code span, and to turn the direction of writing.
const HOSTILE: &str =
    "a\"'><script>alert(1)</script><img src=x onerror=y>` & \u{202e}`<script>alert(1)</script>";

/// A page that says [`HOSTILE`] wherever it can.
fn hostile() -> Page {
    let text = || HOSTILE.to_owned();
    let mut table = Table::new(&[HOSTILE, HOSTILE]);
    table.push([text(), text()]);
    let claim = Judged { tone: Tone::Bad, stands: text(), evidence: Evidence::Proven, text: text() };
    let finding = Finding {
        title: text(),
        claim: claim.clone(),
        steps: vec![FindingStep { does: text(), notes: vec![text()] }],
        file: Some((text(), "toml", text())),
        notes: vec![text()],
    };
    let blocks = vec![
        Block::Banner(Banner { tone: Tone::Bad, title: text(), text: text() }),
        Block::Heading(text()),
        Block::Text(text()),
        Block::Code { language: "toml", text: text() },
        Block::Table(table.clone()),
        Block::Records(table),
        Block::Claims(vec![Claim::proven(HOSTILE)]),
        Block::Judged(vec![claim]),
        Block::Finding(Box::new(finding)),
    ];
    let section = || Section { title: text(), blocks: blocks.clone() };
    Page { title: text(), facts: vec![(text(), text())], sections: vec![section(), section()] }
}

/// Tags that a page is made of.
const TAGS: [&str; 32] = [
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "h4", "dl", "dt", "dd", "nav", "a",
    "p", "pre", "code", "div", "table", "thead", "tr", "th", "td", "tbody", "section", "ul", "li", "b",
    "span", "strong", "ol",
];
const MORE_TAGS: [&str; 4] = ["small", "details", "summary", "!DOCTYPE"];

#[test]
fn hostile_text_stays_text_in_every_block() {
    let html = hostile().to_html();
    let body = html.split_once("</style>").expect("a style").1;
    for tag in body.split('<').skip(1) {
        let name: String =
            tag.trim_start_matches('/').chars().take_while(|letter| letter.is_alphanumeric()).collect();
        assert!(TAGS.contains(&name.as_str()) || MORE_TAGS.contains(&name.as_str()), "<{tag}");
        // Whatever stands in a tag is the page's own.
        let inside = tag.split_once('>').expect("a tag ends").0;
        assert!(!inside.contains("alert") || inside.starts_with("td data-label="), "<{inside}>");
    }
    assert_eq!(html.matches("&lt;script&gt;").count(), html.matches("alert(1)").count(), "{html}");
    assert!(!html.contains("src=x on") || html.contains("&lt;img src=x"), "{html}");
    assert!(!html.contains('\u{202e}'), "the direction of writing stays");
    for form in [hostile().to_text(), hostile().to_markdown()] {
        assert!(!form.contains('\u{202e}') && form.contains("\\u{202e}"), "{form}");
    }
}

#[test]
fn code_stands_between_pairs_of_backquotes_only() {
    let page = |text: &str| Page {
        title: "a".into(),
        facts: Vec::new(),
        sections: vec![Section { title: "b".into(), blocks: vec![Block::Text(text.into())] }],
    };
    assert!(page("the `main` state").to_html().contains("<p>the <code>main</code> state</p>"));
    assert!(page("one ` alone").to_html().contains("<p>one ` alone</p>"));
}

#[test]
fn a_finding_is_said_in_every_form() {
    let finding = Finding {
        title: "P3 no trapped value".into(),
        claim: Judged {
            tone: Tone::Bad,
            stands: "violated".into(),
            evidence: Evidence::Proven,
            text: "Value stays in `vault`.".into(),
        },
        steps: vec![
            FindingStep { does: "the contract is created".into(), notes: vec!["leads to A".into()] },
            FindingStep { does: "anybody calls `fund`".into(), notes: Vec::new() },
        ],
        file: Some(("the run as a scenario".into(), "toml", "[[steps]]\ncall = \"fund\"".into())),
        notes: Vec::new(),
    };
    let page = Page {
        title: "audit".into(),
        facts: Vec::new(),
        sections: vec![Section { title: "Findings".into(), blocks: vec![Block::Finding(Box::new(finding))] }],
    };
    assert_eq!(
        page.to_text(),
        "audit\n\nFINDINGS\n\n  P3 no trapped value\n  violated   PROVEN    Value stays in `vault`.\n    \
         1. the contract is created\n       leads to A\n    2. anybody calls `fund`\n    the run as a scenario:\n    \
         | [[steps]]\n    | call = \"fund\"\n"
    );
    assert!(
        page.to_markdown().contains("1. the contract is created\n   - leads to A\n2. anybody calls `fund`\n")
    );
    let html = page.to_html();
    assert!(
        html.contains("<li>the contract is created<small>leads to A</small></li>")
            && html.contains(
                "<summary>the run as a scenario</summary>\n<pre>[[steps]]\ncall = &quot;fund&quot;</pre>"
            ),
        "{html}"
    );
}

#[test]
fn exits_say_when_they_open_and_what_they_pay() {
    let manifest = from_toml(
        "[contract]\nname = \"a\"\n[machines.main]\nid = 1\nstates = { Open = 1, Shut = 2 }\ninitial = \"Open\"\n\
         [exits.close]\nid = 1\nfrom = { main = [\"Open\"] }\nto = { main = \"Shut\" }\nwindow = { clock = \"height\", opens = \"100\" }\n",
    )
    .expect("a manifest");
    let blocks = exits(&abi(&manifest));
    let Some(Block::Table(table)) = blocks.last() else { panic!("a table: {blocks:?}") };
    assert_eq!(
        table.rows,
        [["close", "the contract", "main: Open", "height >= 100", "nothing moves", "main: Shut", ""]]
    );
    let none = from_toml("[contract]\nname = \"a\"\n").expect("a manifest");
    assert!(matches!(exits(&abi(&none)).as_slice(), [Block::Text(text)] if text.starts_with("no exit")));
}
