//! The imports of `src/raw.rs` are the host functions of `host/docs/host-functions.md`, with their signatures.

use std::collections::BTreeMap;

/// `name(i32, …) -> i32`, by name, of every function.
fn declared(page: &str) -> BTreeMap<String, String> {
    let mut functions = BTreeMap::new();
    for line in page.lines() {
        let Some(signature) = line.strip_prefix("### `").and_then(|rest| rest.strip_suffix('`')) else {
            continue;
        };
        let (name, rest) = signature.split_once('(').expect("a parameter list");
        let (params, result) = rest.split_once(')').expect("a parameter list");
        let types: Vec<&str> = params
            .split(", ")
            .filter(|param| !param.is_empty())
            .map(|param| param.split_once(": ").expect("a type").1)
            .collect();
        functions.insert(name.to_owned(), format!("({}){result}", types.join(", ")));
    }
    functions
}

fn boundary_type(rust: &str) -> &'static str {
    match rust.trim() {
        "u64" => "i64",
        "u32" | "i32" | "*const u8" | "*mut u8" => "i32",
        other => panic!("{other} does not cross the boundary"),
    }
}

fn imported(source: &str) -> BTreeMap<String, String> {
    let start = source.find("unsafe extern \"C\"").expect("the block of imports");
    let block = source.get(start..).and_then(|rest| rest.split_once("\n    }\n")).expect("its end").0;
    let mut functions = BTreeMap::new();
    for item in block.split(';') {
        let Some((before, rest)) = item.split_once("fn ") else { continue };
        let (name, rest) = rest.split_once('(').expect("a parameter list");
        let (params, result) = rest.split_once(')').expect("a parameter list");
        let types: Vec<&str> = params
            .split(',')
            .filter(|param| !param.trim().is_empty())
            .map(|param| boundary_type(param.split_once(':').expect("a type").1))
            .collect();
        let result = match result.trim().strip_prefix("->") {
            None => String::new(),
            Some(never) if never.trim() == "!" => String::new(),
            Some(ty) => format!(" -> {}", boundary_type(ty)),
        };
        let link_name = before.split_once("link_name = \"").and_then(|(_, rest)| rest.split_once('"'));
        let name = link_name.map_or(name, |(name, _)| name);
        functions.insert(name.to_owned(), format!("({}){result}", types.join(", ")));
    }
    functions
}

#[test]
fn imports_are_the_hosts_functions() {
    let page = include_str!("../../host/docs/host-functions.md");
    let source = include_str!("../src/raw.rs");
    let (declared, imported) = (declared(page), imported(source));
    assert!(declared.len() > 20, "the page lists only {} functions", declared.len());
    assert_eq!(imported, declared);
}
