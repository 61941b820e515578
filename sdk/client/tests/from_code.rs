//! Manifests that come from code: what the SDK's attribute writes is what a person would have written.

use std::fs;
use std::path::Path;

use chainstack_client::manifest::{Names, expression, from_toml, to_toml};
use chainstack_client::module::{SOURCE_SECTION_NAME, manifest_section, source_section};
use chainstack_primitives::manifest::{ItemBinding, Manifest, Upgrade};

fn at(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(path: &str) -> String {
    fs::read_to_string(at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn everything() -> Manifest {
    from_toml(&text("../macros/tests/expanded/everything.toml")).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_escrow_declares_what_was_written_by_hand() {
    let artifact = fs::read(at("../../contracts/artifacts/escrow.wasm")).expect("committed");
    let manifest = Manifest::decode_checked(manifest_section(&artifact).expect("a manifest")).expect("valid");
    assert_eq!(manifest, from_toml(&text("tests/by_hand/escrow.toml")).expect("valid"));
    assert!(source_section(&artifact).is_err());
    let name = SOURCE_SECTION_NAME.as_bytes();
    assert!(!artifact.windows(name.len()).any(|window| window == name), "the text stays behind");
}

#[test]
fn everything_that_code_can_declare_is_a_manifest() {
    let manifest = everything();
    assert_eq!(&*manifest.doc, "Wares, points and deals.\nFor tests only.");
    assert_eq!(&*manifest.params[0].doc, "Its \"name\", with \\ in it.");
    let counts = [
        manifest.types.iter().filter(|ty| ty.name.is_some()).count(),
        manifest.params.len(),
        manifest.errors.len(),
        manifest.events.len(),
        manifest.roles.len(),
        manifest.cells.len(),
        manifest.machines.len(),
        manifest.transitions.len(),
        manifest.views.len(),
        manifest.exits.len(),
        manifest.invariants.len(),
    ];
    assert_eq!(counts, [2, 8, 2, 3, 5, 9, 2, 5, 2, 2, 1]);
    assert_eq!(manifest.upgrade, Upgrade::Gated { role: 1, delay_blocks: 100, veto: Some(3) });
    assert_eq!(from_toml(&to_toml(&manifest).expect("valid")), Ok(manifest));
}

#[test]
fn the_contract_on_the_page_has_a_manifest() {
    let manifest =
        from_toml(&text("../macros/tests/expanded/page.toml")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((&*manifest.name, manifest.transitions.len()), ("points", 3));
}

/// `sdk/macros` holds its own reader to the same cases: what it lets through, the chain takes.
#[test]
fn expressions_read_as_in_the_macro() {
    let manifest = everything();
    let agree = manifest.transition("agree").expect("declared");
    let ItemBinding::Existing { cell, .. } = agree.item else { panic!("bound") };
    let names = Names { manifest: &manifest, args: &agree.args, item: manifest.cell(cell) };
    let cases = text("../macros/tests/expressions.txt");
    let cases: Vec<&str> = cases.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(cases.len() > 40);
    for case in cases {
        let (expected, text) = case.split_at(1);
        let found = expression::from_text(names, text.strip_prefix(' ').unwrap_or(text));
        assert_eq!(found.is_ok(), expected == "+", "{text}: {found:?}");
    }
}
