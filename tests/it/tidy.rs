//! Reads the tree and holds it to the house rules that a compiler does not see.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Which of our crates each may depend on in `[dependencies]`: the doors of the house.
const ARROWS: &[(&str, &[&str])] = &[
    ("chainstack-keccak", &[]),
    // Its roots and leaves are hashed in lanes: runtime/docs/adr-002-hashes-in-lanes.md.
    ("chainstack-primitives", &["chainstack-keccak"]),
    ("chainstack-trie", &["chainstack-primitives", "chainstack-keccak"]),
    ("chainstack-runtime", &["chainstack-primitives", "chainstack-trie"]),
    ("chainstack-analysis", &["chainstack-primitives"]),
    ("chainstack-audit", &["chainstack-primitives", "chainstack-analysis"]),
    ("chainstack-engine", &["chainstack-primitives"]),
    (
        "chainstack-host",
        &["chainstack-primitives", "chainstack-runtime", "chainstack-analysis", "chainstack-engine"],
    ),
    ("chainstack-consensus", &["chainstack-primitives"]),
    ("chainstack-storage", &["chainstack-primitives", "chainstack-trie", "chainstack-runtime"]),
    ("chainstack-client", &["chainstack-primitives", "chainstack-trie"]),
    ("chainstack-macros", &["chainstack-primitives"]),
    ("chainstack-sdk", &["chainstack-primitives", "chainstack-macros"]),
];

/// Top-level entries besides dot-files: the owner's card.
const TOP_LEVEL: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "Makefile",
    "README.md",
    "contracts",
    "host",
    "node",
    "runtime",
    "rust-toolchain.toml",
    "sdk",
    "tests",
];

/// Longest source file in lines, tests apart.
const LINES_MAX: usize = 800;

/// Crates that read no clock, randomness, environment, file or socket.
const PURE: &[&str] = &[
    "runtime/primitives/src",
    "runtime/trie/src",
    "runtime/src",
    "host/src",
    "host/analysis/src",
    "host/audit/src",
    "host/engine/src",
    "node/consensus/src",
];

/// What a pure crate may not name.
const IMPURE: &[&str] = &[
    "std::time::",
    "SystemTime",
    "Instant::now",
    "std::env::",
    "std::fs",
    "std::net",
    "rand::",
    "getrandom",
    "println!",
    "eprintln!",
    "tokio",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests is a room of the house").to_path_buf()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

pub(crate) fn files(extension: &str) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    walk(&root(), &mut paths);
    paths.sort();
    let matching = paths.iter().filter(|path| path.extension().is_some_and(|found| found == extension));
    matching
        .map(|path| {
            let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("source is readable text"))
        })
        .collect()
}

/// The part of a source before its unit tests.
pub(crate) fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod tests {").map_or(text, |index| &text[..index])
}

pub(crate) fn assert_clean(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}

#[test]
fn top_level_shows_the_house_and_nothing_else() {
    let entries = fs::read_dir(root()).expect("the house is readable").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let strangers: Vec<String> =
        names.filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str())).collect();
    assert_clean("only the rooms stand at the top level", &strangers);
}

#[test]
fn crates_open_only_the_doors_they_may() {
    let allowed: BTreeMap<_, BTreeSet<_>> =
        ARROWS.iter().map(|(name, may)| (*name, may.iter().copied().collect())).collect();
    let mut offenders = Vec::new();
    for (file, text) in files("toml").iter().filter(|(file, _)| file.ends_with("Cargo.toml")) {
        let manifest: toml::Table = text.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
        let Some(name) =
            manifest.get("package").and_then(|package| package.get("name")).and_then(|name| name.as_str())
        else {
            continue;
        };
        let Some(may) = allowed.get(name) else { continue };
        let dependencies = manifest.get("dependencies").and_then(|table| table.as_table());
        for dependency in dependencies.into_iter().flat_map(|table| table.keys()) {
            if dependency.starts_with("chainstack-") && !may.contains(dependency.as_str()) {
                offenders.push(format!("{name} depends on {dependency}"));
            }
        }
    }
    assert_clean("a boundary that must hold is a crate", &offenders);
}

#[test]
fn sources_have_header_docs_and_a_bearable_length() {
    let mut offenders = Vec::new();
    for (file, text) in files("rs") {
        let header = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("#!["));
        let says_why = text.lines().take(12).any(|line| line.starts_with("//!") && line.contains("length"));
        if !header.is_some_and(|line| line.starts_with("//!") || line.starts_with("//")) {
            offenders.push(format!("{file}: no header doc"));
        }
        if without_tests(&text).lines().count() > LINES_MAX && !says_why {
            offenders.push(format!("{file}: over {LINES_MAX} lines"));
        }
    }
    assert_clean("a file holds one idea and says which", &offenders);
}

#[test]
fn pure_crates_name_nothing_impure() {
    let mut offenders = Vec::new();
    for (file, text) in files("rs") {
        let is_test = file.contains("/tests") || file.ends_with("tests.rs") || file.contains("/test_");
        if is_test || !PURE.iter().any(|room| file.starts_with(room)) {
            continue;
        }
        for (number, line) in without_tests(&text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in IMPURE.iter().filter(|word| code.contains(**word)) {
                offenders.push(format!("{file}:{}: {word}", number + 1));
            }
        }
    }
    assert_clean("runtime, host and consensus are pure", &offenders);
}

#[test]
fn nothing_is_left_to_do_or_named_after_nothing() {
    let mut offenders = Vec::new();
    for (file, text) in files("rs") {
        let stem =
            Path::new(&file).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if ["utils", "util", "common", "helpers", "misc"].contains(&stem.as_str()) {
            offenders.push(format!("{file}: name it after its idea"));
        }
        if file.ends_with("tidy.rs") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            for word in ["TODO", "FIXME", "XXX:", "todo!(", "unimplemented!("] {
                if line.contains(word) {
                    offenders.push(format!("{file}:{}: {word}", number + 1));
                }
            }
        }
    }
    assert_clean("do it now or say so in an error", &offenders);
}

#[test]
fn only_the_engine_room_names_the_engine_and_only_the_node_names_the_runtime_of_tasks() {
    let mut offenders = Vec::new();
    for (file, text) in
        files("toml").iter().filter(|(file, _)| file.ends_with("Cargo.toml") && file != "Cargo.toml")
    {
        let manifest: toml::Table = text.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
        let dependencies = manifest.get("dependencies").and_then(|table| table.as_table());
        for dependency in dependencies.into_iter().flat_map(|table| table.keys()) {
            let engine = dependency.starts_with("wasmer") || dependency.starts_with("wasmi");
            if engine && file != "host/engine/Cargo.toml" {
                offenders.push(format!("{file}: {dependency}"));
            }
            if dependency == "tokio" && file != "node/Cargo.toml" {
                offenders.push(format!("{file}: {dependency}"));
            }
        }
    }
    assert_clean("engines and executors stay behind their doors", &offenders);
}

#[test]
fn every_golden_folder_says_where_it_came_from() {
    let mut paths = Vec::new();
    walk(&root(), &mut paths);
    let folders: BTreeSet<PathBuf> = paths
        .iter()
        .filter_map(|path| path.parent())
        .filter(|folder| folder.file_name().is_some_and(|name| name == "golden" || name == "fixtures"))
        .map(Path::to_path_buf)
        .collect();
    let silent: Vec<String> = folders
        .iter()
        .filter(|folder| !folder.join("README.md").is_file())
        .map(|folder| folder.display().to_string())
        .collect();
    assert_clean("a golden folder has a README: where it came from, how it is rebuilt", &silent);
}
