//! `chainstack inspect`: golden pages of a module and of a manifest with machines, items, exits and roles; live values
//! of a deployed contract; and a clear no to what is none.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use chainstack_tests::{
    node::{Output, TestNode, run},
    vectors::project,
};
use serde_json::Value;
use tempfile::TempDir;

/// What can be asked, but for `history` and `all`.
const PARTS: [&str; 10] =
    ["abi", "manifest", "machine", "bounds", "storage", "imports", "events", "errors", "power", "trust"];

/// Each golden file: its name and the command line that prints it, behind the target.
const GOLDEN: [(&str, &[&str]); 5] = [
    ("txt", &["all"]),
    ("json", &["all", "--output", "json"]),
    ("md", &["all", "--format", "markdown"]),
    ("html", &["all", "--format", "html"]),
    ("mmd", &["machine", "--format", "mermaid"]),
];

fn folder() -> PathBuf {
    project().join("tests/golden/inspect")
}

/// The targets by name, below the root of the project.
fn targets() -> [(&'static str, PathBuf); 2] {
    [("erc20", project().join("contracts/artifacts/erc20.wasm")), ("escrow", folder().join("escrow.toml"))]
}

/// Runs the command without a node.
fn inspect(target: &Path, arguments: &[&str]) -> Output {
    let home = TempDir::new().expect("a folder");
    let (what, options) = arguments.split_first().expect("what to show");
    let target = target.to_string_lossy();
    let line = [&["--url", "http://127.0.0.1:9", "inspect", *what, &*target], options].concat();
    run(home.path(), &line)
}

/// JSON with one field on a line, so that a change can be read.
fn spread(json: &str) -> String {
    let value: Value = serde_json::from_str(json).expect("one object");
    serde_json::to_string_pretty(&value).expect("it was JSON") + "\n"
}

#[test]
fn pages_are_as_their_golden_files_say() {
    let update = env::var("CHAINSTACK_UPDATE_GOLDEN").as_deref() == Ok("1");
    let mut known = BTreeSet::from(["escrow.toml".to_owned()]);
    for (name, target) in targets() {
        for (end, arguments) in GOLDEN {
            let output = inspect(&target, arguments).exits(0);
            assert_eq!(output.stderr, "", "{name}.{end}");
            let found = if end == "json" { spread(&output.stdout) } else { output.stdout };
            let file = format!("{name}.{end}");
            let path = folder().join(&file);
            known.insert(file.clone());
            if update {
                fs::write(&path, &found).expect("written");
                continue;
            }
            let golden = fs::read_to_string(&path).unwrap_or_default();
            let line = found.lines().zip(golden.lines()).position(|(found, expected)| found != expected);
            let line = line.unwrap_or_else(|| found.lines().count().min(golden.lines().count()));
            assert!(
                found == golden,
                "tests/golden/inspect/{file} differs from line {}:\n  expected {:?}\n  found    {:?}\nCHAINSTACK_UPDATE_GOLDEN=1 rewrites it",
                line + 1,
                golden.lines().nth(line),
                found.lines().nth(line)
            );
        }
    }
    let there = fs::read_dir(folder()).expect("the folder").flatten();
    let there: BTreeSet<String> =
        there.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(there, known, "every file is read");
}

#[test]
fn each_part_alone_is_what_it_is_among_all() {
    for (name, target) in targets() {
        let all = inspect(&target, &["all", "--output", "json"]).exits(0).json();
        assert_eq!((&all["schema"], &all["contract"]), (&Value::from(1), &Value::from(name)));
        for part in PARTS {
            let alone = inspect(&target, &[part, "--output", "json"]).exits(0).json();
            assert_eq!(alone[part], all[part], "{name} {part}");
            assert!(!alone[part].is_null(), "{name} {part}");
            let fields = alone.as_object().expect("an object").keys();
            assert_eq!(fields.filter(|field| PARTS.contains(&field.as_str())).count(), 1, "{name} {part}");
            // Each part has a page of its own in each form of pages.
            let text = inspect(&target, &[part]).exits(0).stdout;
            assert!(text.contains(name), "{name} {part}: {text}");
            assert!(
                inspect(&target, &[part, "--format", "markdown"]).exits(0).stdout.starts_with("# contract ")
            );
            assert!(
                inspect(&target, &[part, "--format", "html"]).exits(0).stdout.starts_with("<!DOCTYPE html>")
            );
        }
    }
}

#[test]
fn the_manifest_is_printed_as_it_can_be_read_again() {
    let home = TempDir::new().expect("a folder");
    for (name, target) in targets() {
        let first = inspect(&target, &["manifest"]).exits(0).stdout;
        let path = home.path().join(format!("{name}.toml"));
        fs::write(&path, &first).expect("written");
        assert_eq!(inspect(&path, &["manifest"]).exits(0).stdout, first, "{name}");
    }
}

#[test]
fn the_page_runs_and_fetches_nothing() {
    for (name, target) in targets() {
        let page = inspect(&target, &["all", "--format", "html"]).exits(0).stdout;
        for never in ["<script", "src=", "@import", "url(h", "href=\"h", "<link", "<iframe", "onclick"] {
            assert!(!page.contains(never), "{name}: {never}");
        }
        assert!(page.contains("width=device-width") && page.contains("max-width:640px"), "{name}");
    }
}

#[test]
fn one_machine_of_several_can_be_drawn() {
    let [_, (_, escrow)] = targets();
    let both = inspect(&escrow, &["machine", "--format", "mermaid"]).exits(0).stdout;
    assert_eq!(both.matches("stateDiagram-v2").count(), 2, "{both}");
    let one = inspect(&escrow, &["machine", "--format", "mermaid", "--machine", "deal"]).exits(0).stdout;
    assert!(one.matches("stateDiagram-v2").count() == 1 && both.ends_with(&one), "{one}");
    let none = inspect(&escrow, &["machine", "--format", "mermaid", "--machine", "meal"]).exits(8);
    assert!(none.stderr.contains("main, deal"), "{none:?}");
}

/// A module that carries no manifest.
const BARE: &[u8] = b"\0asm\x01\0\0\0";

#[test]
fn what_is_no_contract_is_refused_with_its_exit_code() {
    let home = TempDir::new().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = home.path().join(name);
        fs::write(&path, bytes).expect("written");
        path
    };
    let escrow = fs::read_to_string(folder().join("escrow.toml")).expect("committed");
    let unknown = escrow.replace("caller = [\"arbiter\"]", "caller = [\"arbitre\"]");
    let zero = escrow.replace("ceilings = { gas = 300_000, events = 1 }", "ceilings = { gas = 0 }");
    let artifact = fs::read(&targets()[0].1).expect("committed");
    let broken = [BARE, &[2, 3, 9, 9, 9]].concat();
    let broken = chainstack_client::module::embed_manifest(
        &broken,
        chainstack_client::module::manifest_section(&artifact).expect("a manifest"),
    );
    let cases: [(&str, PathBuf, i32, &str); 12] = [
        ("no manifest", file("bare.wasm", BARE), 3, "chainstack.manifest"),
        ("no module", file("text.wasm", b"hello"), 3, "not a WebAssembly module"),
        ("cut off", file("cut.wasm", &artifact[..artifact.len() / 2]), 3, "cut off"),
        ("module under another name", file("odd.bin", BARE), 3, "chainstack.manifest"),
        ("empty", file("empty.toml", b""), 3, "line 1, column 1"),
        ("no text", file("bytes.toml", &[0xff, 0xfe]), 3, "text expected"),
        ("broken", file("broken.toml", b"[contract]\nname = \"a\"\n[roles.x\n"), 3, "line 3, column "),
        ("unknown role", file("unknown.toml", unknown.as_bytes()), 3, "did you mean `arbiter`?"),
        ("no gas", file("gas.toml", zero.as_bytes()), 3, "line "),
        ("broken imports", file("imports.wasm", &broken.expect("a module")), 3, "imports"),
        ("missing module", home.path().join("missing.wasm"), 8, "missing.wasm"),
        ("missing manifest", home.path().join("missing.toml"), 8, "missing.toml"),
    ];
    for (name, path, code, said) in cases {
        let refused = inspect(&path, &["all"]).exits(code);
        assert_eq!(refused.stdout, "", "{name}");
        assert!(refused.stderr.contains(said) && refused.stderr.contains("hint: "), "{name}: {refused:?}");
        let json = inspect(&path, &["all", "--output", "json"]).exits(code).error_json();
        assert_eq!(json["schema"], 1, "{name}: {json}");
    }
    // What is longer than the chain takes has its manifest shown and its imports left out.
    let padding = vec![b'x'; 1024 * 1024];
    let padded = [&artifact[..], &[0, 0x82, 0x80, 0x40, 1, b'x'], &padding].concat();
    let long = inspect(&file("long.wasm", &padded), &["imports", "--output", "json"]).exits(0).json();
    assert_eq!(long["imports"]["imports"], Value::Null, "{long}");

    // A word without dot and slash is a deployed contract.
    let stranger = run(home.path(), &["--url", "http://127.0.0.1:9", "inspect", "abi", "nobody"]).exits(8);
    assert!(stranger.stderr.contains("nobody"), "{stranger:?}");
}

#[test]
fn forms_that_do_not_fit_are_misuse_and_a_file_has_no_history() {
    let [(_, erc20), _] = targets();
    let misuse: [&[&str]; 6] = [
        &["abi", "--format", "mermaid"],
        &["abi", "--format", "html", "--output", "json"],
        &["machine", "--machine", "deal"],
        &["everything"],
        &["abi", "--format", "pdf"],
        &["machine", "--format", "mermaid", "--output", "json"],
    ];
    for arguments in misuse {
        let refused = inspect(&erc20, arguments).exits(2);
        assert_eq!(refused.stdout, "", "{arguments:?}");
    }
    for asked in [&["history"][..], &["bounds", "--blocks", "5"]] {
        let history = inspect(&erc20, asked).exits(2);
        assert!(history.stderr.contains("only a deployed contract has a history"), "{history:?}");
    }
    let depth = inspect(&erc20, &["abi", "--blocks", "5"]).exits(2);
    assert!(depth.stderr.contains("how far `history` and `bounds` look back"), "{depth:?}");
}

#[test]
fn a_deployed_contract_is_shown_beside_what_it_holds_now() {
    let node = TestNode::temporary(&[]);
    let address = node.token("gold");
    let bounds = node.cli_json(&["inspect", "bounds", "gold"]);
    assert_eq!(bounds["address"], address.as_str(), "{bounds}");
    assert_eq!(bounds["bounds"]["height"], node.height(), "{bounds}");
    let cells = &bounds["bounds"]["cells"];
    assert_eq!(
        (&cells[0]["cell"], &cells[0]["sum"]),
        (&"balances".into(), &"1000000000000000000000000".into())
    );
    assert_eq!(
        (&cells[0]["entries"], &cells[0]["max_entries"]),
        (&Value::Null, &Value::Null),
        "no count is kept"
    );
    let text = node.cli(&["inspect", "bounds", "gold"]).exits(0).stdout;
    assert!(text.contains("sum now") && text.contains("not kept") && text.contains("ASSUMED"), "{text}");

    let alice = node.cli_json(&["account", "show", "//Alice"])["address"].clone();
    let power = node.cli_json(&["inspect", "power", &address]);
    let owner = &power["power"]["actors"][1];
    assert_eq!((&owner["actor"], &owner["holder"]), (&"owner".into(), &alice), "{power}");

    let all = node.cli_json(&["inspect", "all", "gold"]);
    let file = inspect(&targets()[0].1, &["all", "--output", "json"]).exits(0).json();
    for part in PARTS.iter().filter(|part| !["bounds", "power"].contains(part)) {
        assert_eq!(all[*part], file[*part], "{part}: the code and its manifest are the same");
    }
    for field in ["manifest_hash", "code_hash", "code_bytes"] {
        assert_eq!(all[field], file[field], "{field}");
    }
    for form in ["text", "markdown", "html"] {
        // But for the fact that it has an address, a deployed contract is shown as its file.
        let asked =
            |target: &str| node.cli(&["inspect", "imports", target, "--format", form]).exits(0).stdout;
        let deployed = asked("gold");
        let deployed: Vec<&str> = deployed.lines().filter(|line| !line.contains(&address)).collect();
        let file = asked(&targets()[0].1.to_string_lossy());
        assert!(file.contains("PROVEN"), "{file}");
        assert_eq!(deployed, file.lines().collect::<Vec<_>>(), "{form}");
    }
    let page = node.cli(&["inspect", "all", "gold", "--format", "html"]).exits(0).stdout;
    assert!(page.contains(&address), "the page says which contract it is about");
}
