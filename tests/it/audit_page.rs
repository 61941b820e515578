//! The pages of `audit` and `inspect`: golden files, nothing that is fetched or run, and what Chromium makes of them.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{self, Write as _},
    path::PathBuf,
};

use chainstack_tests::{
    browser::{Scheme, chromium, measure},
    node::{Output, run},
    vectors::project,
};
use tempfile::TempDir;

/// The targets by name, and the exit code of their audits: a contract without a fault, a token, a manifest with faults.
const TARGETS: [(&str, &str, i32); 3] = [
    ("escrow", "contracts/artifacts/escrow.wasm", 0),
    ("erc20", "contracts/artifacts/erc20.wasm", 0),
    ("faulty", "tests/golden/inspect/escrow.toml", 3),
];

/// Runs a command without a node at the root of the project, so that pages name targets by the same path everywhere.
fn offline(arguments: &[&str]) -> Output {
    let home = TempDir::new().expect("a folder");
    run(home.path(), &[&["--url", "http://127.0.0.1:9"], arguments].concat())
}

fn at(path: &str) -> String {
    project().join(path).to_string_lossy().into_owned()
}

/// The page of an audit, with the path of its target as seen from the root of the project.
fn audit(target: &str, code: i32) -> String {
    let output = offline(&["audit", &at(target), "--format", "html"]).exits(code);
    assert_eq!(output.stderr, "", "{target}");
    output.stdout.replace(&at(target), target)
}

fn folder() -> PathBuf {
    project().join("tests/golden/audit")
}

#[test]
fn pages_are_as_their_golden_files_say() {
    let update = env::var("CHAINSTACK_UPDATE_GOLDEN").as_deref() == Ok("1");
    let mut known = BTreeSet::new();
    for (name, target, code) in TARGETS {
        let found = audit(target, code);
        let file = format!("{name}.html");
        let path = folder().join(&file);
        known.insert(file.clone());
        if update {
            fs::create_dir_all(folder()).expect("a folder");
            fs::write(&path, &found).expect("written");
            continue;
        }
        let golden = fs::read_to_string(&path).unwrap_or_default();
        let line = found.lines().zip(golden.lines()).position(|(found, expected)| found != expected);
        let line = line.unwrap_or_else(|| found.lines().count().min(golden.lines().count()));
        assert!(
            found == golden,
            "tests/golden/audit/{file} differs from line {}:\n  expected {:?}\n  found    {:?}\nCHAINSTACK_UPDATE_GOLDEN=1 rewrites it",
            line + 1,
            golden.lines().nth(line),
            found.lines().nth(line)
        );
    }
    let there = fs::read_dir(folder()).expect("the folder").flatten();
    let there: BTreeSet<String> =
        there.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(there, known, "every file is read");
}

#[test]
fn the_page_says_what_an_auditor_asks_for_and_fetches_nothing() {
    for (name, target, code) in TARGETS {
        let page = audit(target, code);
        for never in ["http:", "https:", "src=", "@import", "url(h", "<script", "<link", "<iframe", "onload"]
        {
            assert!(!page.contains(never), "{name}: {never}");
        }
        for part in
            ["Verdict", "Machines", "Power", "Exits and lock", "Bounds", "Trust", "Every claim", "Evidence"]
        {
            assert!(page.contains(&format!("\">{part}</h2>")), "{name}: {part}");
        }
        assert!(page.contains("<svg ") && page.contains("prefers-color-scheme:dark"), "{name}");
        let report = offline(&["audit", &at(target), "--output", "json"]).exits(code).json();
        let claims = report["claims"].as_array().expect("claims");
        for claim in claims {
            // A part of the sentence that has no names in it stands in the page as it is.
            let sentence = claim["sentence"].as_str().expect("text");
            let part = sentence.split('`').max_by_key(|part| part.len()).expect("a part");
            let part = part.replace('\'', "&#39;").replace('>', "&gt;").replace('<', "&lt;");
            assert!(page.contains(part.trim()), "{name}: {sentence}");
        }
        let broken = claims.iter().filter(|claim| claim["verdict"] == "violated");
        let runs = broken.clone().filter(|claim| claim["counterexample"].is_array()).count();
        assert_eq!(page.matches("<section class=\"finding \">").count(), broken.count(), "{name}");
        assert_eq!(page.matches("<ol class=\"steps\">").count(), runs, "{name}");
        assert_eq!(page.matches("[[contracts]]").count(), runs, "{name}: each run has its scenario");
    }
}

#[test]
fn what_a_manifest_says_of_itself_cannot_act_on_the_page() {
    let home = TempDir::new().expect("a folder");
    let path = home.path().join("<img src=x>.toml");
    let hostile =
        r#"</style></p><script src='http://x'>alert(1)</script><img src=x onerror=\"alert(2)\">\u202e"#;
    let faulty = fs::read_to_string(project().join(TARGETS[2].1)).expect("committed");
    let doc = |text: String, line: &str| text.replacen(line, &format!("doc = \"{hostile}\""), 1);
    let faulty = doc(faulty, "doc = \"Refunds the buyer after the deadline.\"");
    let faulty = doc(faulty, "doc = \"One deal.\"");
    let faulty = faulty.replacen("doc = \"A buyer pays", &format!("doc = \"{hostile} A buyer pays"), 1);
    fs::write(&path, faulty).expect("written");
    let page = offline(&["audit", &path.to_string_lossy(), "--format", "html"]).exits(3).stdout;
    assert!(page.matches("&lt;script src=&#39;http://x&#39;&gt;").count() >= 3, "{page}");
    for never in ["<script", "<img", "</style></p>", "\u{202e}"] {
        assert!(!page.contains(never), "{never}");
    }
    assert_eq!(page.matches("</style>").count(), 1);
}

#[test]
fn two_forms_of_one_answer_are_misuse() {
    let target = at(TARGETS[0].1);
    let refused = offline(&["audit", &target, "--format", "html", "--output", "json"]).exits(2);
    assert_eq!(refused.stdout, "");
}

/// Chromium; where there is none, it is said that nothing was measured.
fn browser() -> Option<PathBuf> {
    let found = chromium();
    if found.is_none() {
        // Nobody reads a closed stderr.
        let _unread = writeln!(io::stderr(), "not run: no chromium");
    }
    found
}

/// Letters below this height are hard to read on a telephone.
const LETTERS_MIN: f64 = 11.0;
/// Contrast of text, as the Web Content Accessibility Guidelines ask for (level AA).
const CONTRAST_MIN: f64 = 4.5;

#[test]
fn pages_are_legible_at_1280_and_400_pixels_light_and_dark() {
    let Some(browser) = browser() else { return };
    for (name, target, code) in TARGETS {
        let inspect = offline(&["inspect", "all", &at(target), "--format", "html"]).exits(0).stdout;
        for (kind, page) in [("audit", audit(target, code)), ("inspect", inspect)] {
            for (width, scheme) in [(1280, Scheme::Light), (400, Scheme::Light), (400, Scheme::Dark)] {
                let found = measure(&browser, &page, width, scheme).expect("measured");
                let what = format!("{kind} {name} at {width} {scheme:?}: {found:?}");
                assert_eq!(found.dark, scheme == Scheme::Dark, "{what}");
                assert!(found.client > f64::from(width) - 20.0 && found.client <= f64::from(width), "{what}");
                assert!(found.scroll <= found.client, "it scrolls sideways: {what}");
                assert!(found.letters >= LETTERS_MIN, "its letters are small: {what}");
                assert!(found.contrast >= CONTRAST_MIN, "it is faint: {what}");
                assert!(found.cut_off.is_empty(), "a name does not fit its box: {what}");
            }
        }
    }
}

#[test]
fn what_is_wrong_with_a_page_is_measured() {
    let Some(browser) = browser() else { return };
    let page = |body: &str| format!("<!DOCTYPE html><body style=\"margin:0\">{body}</body>");
    let measured = |body: &str| measure(&browser, &page(body), 400, Scheme::Light).expect("measured");
    let fine = measured("<p>text</p>");
    assert!(fine.scroll <= fine.client && fine.letters >= 16.0 && fine.contrast > 20.0, "{fine:?}");
    assert!(measured("<p style=\"width:900px\">wide</p>").scroll > 400.0);
    assert!(measured("<p style=\"font-size:7px\">small</p>").letters < LETTERS_MIN);
    let faint = measured("<p style=\"color:#999;background:#bbb\">faint</p>");
    assert!(faint.contrast < CONTRAST_MIN && faint.faintest == "P faint", "{faint:?}");
    let drawn = "<svg viewBox=\"0 0 400 50\"><rect width=\"20\" height=\"20\"/><text y=\"20\">a long name</text></svg>";
    assert_eq!(measured(drawn).cut_off, ["a long name"]);
}
