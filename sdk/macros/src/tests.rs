//! Wrong programs and their errors, a whole expansion, expressions: files in `tests/`.
//!
//! `CHAINSTACK_UPDATE_GOLDEN=1` writes what is expected anew.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::check::Scope;
use crate::expand::manifest;
use crate::{check, declare, expression, parse};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Arguments of `#[contract]` and the module below it, in the first item of a file that has the attribute.
fn contract_of(file: &Path) -> (TokenStream, TokenStream) {
    module_of(file, &fs::read_to_string(file).expect("a readable file"))
}

fn module_of(file: &Path, text: &str) -> (TokenStream, TokenStream) {
    let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let found = parsed.items.into_iter().find_map(|item| {
        let syn::Item::Mod(mut module) = item else { return None };
        let ours = |path: &syn::Path| path.segments.last().is_some_and(|last| last.ident == "contract");
        let index = module.attrs.iter().position(|attribute| ours(attribute.path()))?;
        let arguments = match module.attrs.remove(index).meta {
            syn::Meta::List(list) => list.tokens,
            _ => TokenStream::new(),
        };
        Some((arguments, module.into_token_stream()))
    });
    found.unwrap_or_else(|| panic!("{}: no module with #[contract]", file.display()))
}

/// Compares `found` with the file, or writes the file.
fn golden(file: &Path, found: &str) {
    if std::env::var_os("CHAINSTACK_UPDATE_GOLDEN").is_some() {
        fs::write(file, found).expect("a writable file");
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    assert_eq!(found, expected, "{}", file.display());
}

fn files(name: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(name)).expect("a folder").flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    files
}

/// `file:line:column: message`, one for each error.
fn shown(file: &Path, error: syn::Error) -> String {
    let name = file.file_name().expect("a file").to_string_lossy().into_owned();
    let errors = error.into_iter().map(|error| {
        let at = error.span().start();
        format!("{name}:{}:{}: {error}\n", at.line, at.column + 1)
    });
    errors.collect()
}

#[test]
fn wrong_programs_are_refused_at_the_authors_own_words() {
    let programs = files("ui", "rs");
    assert!(programs.len() >= 25, "{} programs", programs.len());
    for program in &programs {
        let (arguments, module) = contract_of(program);
        let error = declare(arguments, module).expect_err(&program.display().to_string());
        let found = shown(program, error);
        assert!(!found.contains(":1:"), "{found}: an error at nothing of the author's");
        golden(&program.with_extension("stderr"), &found);
    }
    for expected in files("ui", "stderr") {
        assert!(programs.contains(&expected.with_extension("rs")), "{} has no program", expected.display());
    }
}

#[test]
fn everything_expands_to_plain_code_and_a_manifest() {
    let program = folder("expanded/everything.rs");
    let (arguments, module) = contract_of(&program);
    let contract = parse::parse(arguments.clone(), module.clone()).expect("it reads");
    check::check(&contract).unwrap_or_else(|error| panic!("{}", shown(&program, error)));
    golden(&program.with_extension("toml"), &manifest(&contract.entries));
    let expanded = declare(arguments, module).expect("it expands");
    let expanded: syn::File = syn::parse2(expanded).expect("items");
    let text = format!("// What `everything.rs` expands to.\n\n{}", prettyplease::unparse(&expanded));
    golden(&program.with_extension("expanded.rs"), &text);
}

/// The page's contract; `sdk/client` reads the manifest that is written here.
#[test]
fn the_contract_on_the_page_is_one() {
    let page = folder("../../README.md");
    let text = fs::read_to_string(&page).expect("the page");
    let code = text.split("```rust\n").nth(1).and_then(|rest| rest.split("# fn main").next()).expect("code");
    let (arguments, module) = module_of(&page, code);
    let contract = parse::parse(arguments, module).expect("it reads");
    check::check(&contract).unwrap_or_else(|error| panic!("{}", shown(&page, error)));
    golden(&folder("expanded/page.toml"), &manifest(&contract.entries));
}

/// `sdk/client` holds its reader to the same cases.
#[test]
fn expressions_read_as_the_chain_reads_them() {
    let (arguments, module) = contract_of(&folder("expanded/everything.rs"));
    let contract = parse::parse(arguments, module).expect("it reads");
    let agree = contract.entries.iter().find(|entry| entry.name == "agree").expect("declared");
    let scope = Scope::of(&contract.entries, agree);
    let cases = fs::read_to_string(folder("expressions.txt")).expect("cases");
    let cases: Vec<&str> = cases.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(cases.len() > 40);
    for case in cases {
        let (expected, text) = case.split_at(1);
        let found = expression::check(&scope, text.strip_prefix(' ').unwrap_or(text));
        assert_eq!(found.is_ok(), expected == "+", "{text}: {found:?}");
    }
}

/// Any cut of a valid program is refused or taken, and nothing panics.
#[test]
fn broken_programs_never_panic() {
    let (arguments, module) = contract_of(&folder("expanded/everything.rs"));
    let text = module.to_string();
    let words: Vec<&str> = text.split(' ').collect();
    let mut refused = 0;
    for cut in (0..words.len()).step_by(3) {
        let without: Vec<&str> =
            words.iter().enumerate().filter(|(index, _)| *index != cut).map(|(_, word)| *word).collect();
        let Ok(module) = without.join(" ").parse::<TokenStream>() else { continue };
        refused += usize::from(declare(arguments.clone(), module).is_err());
    }
    assert!(refused > 100, "{refused} refused");
}
