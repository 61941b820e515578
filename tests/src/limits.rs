//! The page of limits: its rows, the test that each names, and running these tests.
//!
//! A room keeps its limits in a table, and its test has a case for each row of it; so one name stands beside many
//! rows. What a name is worth shows when the test is run: [`run`] counts only tests that said `ok`.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::vectors::project;

/// Where the page stands.
pub const PAGE: &str = "node/docs/limits.md";

/// A row of the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The section it stands in.
    pub section: String,
    /// The limit.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The test that holds it at its value and one past it, if the row names one.
    pub tested: Option<Test>,
}

/// A test, by the file and the function that it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Test {
    /// The file, from the project's folder.
    pub file: String,
    /// The function.
    pub function: String,
}

impl fmt::Display for Test {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}::{}", self.file, self.function)
    }
}

/// Every row of the page.
///
/// # Panics
/// If the page is not there.
#[must_use]
pub fn rows() -> Vec<Row> {
    let text = fs::read_to_string(project().join(PAGE)).expect("the page of limits is committed");
    parse(&text)
}

/// The value of a limit of the page.
///
/// # Panics
/// If the section has no such row, or its value is no number of 64 bits.
#[must_use]
pub fn value(section: &str, name: &str) -> u64 {
    let found = rows().into_iter().find(|row| row.section == section && row.name == name);
    let row = found.unwrap_or_else(|| panic!("no {name} under {section}"));
    row.value.parse().unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn parse(text: &str) -> Vec<Row> {
    let mut section = String::new();
    let mut rows = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            title.clone_into(&mut section);
        }
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let Some(name) = line.strip_prefix("| `").and_then(|rest| rest.split('`').next()) else { continue };
        let value = cells.get(1).copied().unwrap_or_default().to_owned();
        let last = cells.get(4).map(|cell| cell.trim_matches('`'));
        let tested = last.and_then(|cell| cell.split_once("::"));
        rows.push(Row {
            section: section.clone(),
            name: name.to_owned(),
            value,
            tested: tested
                .map(|(file, function)| Test { file: file.to_owned(), function: function.to_owned() }),
        });
    }
    rows
}

impl Test {
    /// Why this is not a test of the project, if it is not.
    ///
    /// # Errors
    /// The words for it.
    pub fn find(&self) -> Result<(), String> {
        let text = fs::read_to_string(project().join(&self.file))
            .map_err(|error| format!("{}: {error}", self.file))?;
        let head = format!("fn {}()", self.function);
        let mut before = "";
        for line in text.lines().map(str::trim) {
            if line.starts_with(&head) {
                let is_test = before == "#[test]";
                return if is_test { Ok(()) } else { Err(format!("{self} is no test")) };
            }
            before = line;
        }
        Err(format!("{} has no function {}", self.file, self.function))
    }

    /// The binary that holds this test.
    ///
    /// # Errors
    /// The words for it, if the file belongs to no package.
    pub fn binary(&self) -> Result<Binary, String> {
        let path = Path::new(&self.file);
        let home = path.ancestors().skip(1).find(|folder| is_package(folder));
        let package = home.ok_or_else(|| format!("{} belongs to no package", self.file))?;
        let inside = path.strip_prefix(package).map_err(|error| error.to_string())?;
        let mut parts = inside.iter();
        let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let root = match first.to_str() {
            Some("src") => PathBuf::from("src/lib.rs"),
            // A file is a binary of its own, and so is a folder with all that is in it.
            Some("tests") if second.to_string_lossy().ends_with(".rs") => Path::new(first).join(second),
            Some("tests") => Path::new(first).join(second).join("main.rs"),
            // The package of whole-system tests keeps its one binary in a folder of that name.
            _ => Path::new(first).join("main.rs"),
        };
        Ok(Binary { root: package.join(root) })
    }
}

/// Whether a folder, from the project's, is a package's.
fn is_package(folder: &Path) -> bool {
    let manifest = fs::read_to_string(project().join(folder).join("Cargo.toml"));
    manifest.is_ok_and(|text| text.lines().any(|line| line == "[package]"))
}

/// A binary of tests: of a package's library, or one of its test targets.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Binary {
    /// The file that it begins with, from the project's folder. A target may have any name.
    pub root: PathBuf,
}

/// Builds the tests of the whole workspace, as `make test` does, so that what is built is used: where each is.
///
/// # Errors
/// What cargo said.
fn build() -> Result<BTreeMap<Binary, PathBuf>, String> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(project());
    command.args(["test", "--locked", "--workspace", "--no-run", "--quiet", "--message-format=json"]);
    let output = command.output().map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let project = fs::canonicalize(project()).map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let artifacts = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(artifacts.filter_map(|artifact| built(&project, &artifact)).collect())
}

/// The binary of tests that a message of cargo is about, and where it is.
fn built(project: &Path, artifact: &Value) -> Option<(Binary, PathBuf)> {
    let executable = artifact["executable"].as_str().filter(|_| artifact["profile"]["test"] == true)?;
    let kind = artifact["target"]["kind"][0].as_str().filter(|kind| ["lib", "test"].contains(kind));
    let root = Path::new(artifact["target"]["src_path"].as_str()?).strip_prefix(project).ok()?;
    kind.map(|_| (Binary { root: root.to_path_buf() }, PathBuf::from(executable)))
}

/// What became of each test: `ok`, or what was said instead.
pub type Outcomes = BTreeMap<Test, String>;

/// Runs tests, all that one binary holds together; `settings` go into the environment.
///
/// # Errors
/// If the tests cannot be built.
pub fn run(tests: &BTreeSet<Test>, settings: &[(&str, &Path)]) -> Result<Outcomes, String> {
    let binaries = build()?;
    let mut outcomes = Outcomes::new();
    let mut together: BTreeMap<Binary, Vec<&Test>> = BTreeMap::new();
    for test in tests {
        match test.find().and_then(|()| test.binary()) {
            Ok(binary) => together.entry(binary).or_default().push(test),
            Err(why) => _ = outcomes.insert(test.clone(), why),
        }
    }
    for (binary, tests) in together {
        let said = match binaries.get(&binary) {
            None => "error: no such binary was built".to_owned(),
            Some(path) => {
                let mut command = Command::new(path);
                // As cargo does: in the package's folder.
                let package =
                    binary.root.ancestors().find(|folder| is_package(folder)).unwrap_or(&binary.root);
                command.current_dir(project().join(package)).envs(settings.iter().copied());
                command.args(tests.iter().map(|test| &test.function));
                let output = command.output().map_err(|error| format!("{}: {error}", path.display()))?;
                String::from_utf8_lossy(&output.stdout).into_owned()
            }
        };
        outcomes.extend(tests.into_iter().map(|test| (test.clone(), outcome(test, &said))));
    }
    Ok(outcomes)
}

/// What the output of a test binary says of a test: `ok`, `FAILED`, or that it was not run.
fn outcome(test: &Test, said: &str) -> String {
    let module = module_of(test);
    let name = if module.is_empty() { test.function.clone() } else { format!("{module}::{}", test.function) };
    // A file of the program may keep its tests in a module of that name.
    let within = if module.is_empty() { "tests".to_owned() } else { format!("{module}::tests") };
    let starts = [format!("test {name} ... "), format!("test {within}::{} ... ", test.function)];
    let line =
        said.lines().find_map(|line| starts.iter().find_map(|start| line.strip_prefix(start.as_str())));
    match line {
        Some(word) => word.trim().to_owned(),
        None => {
            let error = said.lines().find(|line| line.starts_with("error"));
            error.map_or_else(|| format!("no test {name} was run"), str::to_owned)
        }
    }
}

/// Path of the module that a test stands in, from its binary's root.
fn module_of(test: &Test) -> String {
    let parts: Vec<&str> = test.file.trim_end_matches(".rs").split('/').collect();
    let root = parts.iter().position(|part| ["src", "tests", "it"].contains(part)).unwrap_or(0);
    // Below `tests` of a package each file, or folder, is a binary of its own.
    let skipped = match parts.as_slice() {
        ["tests", "it", ..] => 2,
        _ if parts.get(root) == Some(&"tests") => root + 2,
        _ => root + 1,
    };
    let mut inside: Vec<&str> = parts.get(skipped..).unwrap_or_default().to_vec();
    if inside.last() == Some(&"mod") {
        let _file = inside.pop();
    }
    inside.join("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(file: &str) -> Test {
        Test { file: file.to_owned(), function: "holds".to_owned() }
    }

    #[test]
    fn rows_have_their_section_value_and_test() {
        let page = "# Limits\n\n## Some\n\n| limit | value | unit | of | tested by |\n| --- | ---: | --- | --- | --- |\n\
            | `A_MAX` | 5 | bytes | a | `some/tests/it.rs::holds` |\n\n## Other\n| `B_MAX` | 6 | bytes | b \\| c | `` |\n";
        let rows = parse(page);
        let of = |row: &Row| (row.section.clone(), row.name.clone(), row.value.clone(), row.tested.clone());
        let first = test("some/tests/it.rs");
        assert_eq!(of(&rows[0]), ("Some".into(), "A_MAX".into(), "5".into(), Some(first)));
        assert_eq!(of(&rows[1]), ("Other".into(), "B_MAX".into(), "6".into(), None));
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn a_test_is_known_by_its_binary_and_module() {
        let cases = [
            ("runtime/tests/it/limits.rs", "runtime/tests/it/main.rs", "limits"),
            ("host/tests/admission.rs", "host/tests/admission.rs", ""),
            ("host/tests/contracts/frames.rs", "host/tests/contracts/main.rs", "frames"),
            ("node/src/mempool/tests.rs", "node/src/lib.rs", "mempool::tests"),
            ("runtime/trie/src/tests/mod.rs", "runtime/trie/src/lib.rs", "tests"),
            ("tests/it/rpc.rs", "tests/it/main.rs", "rpc"),
        ];
        for (file, root, module) in cases {
            let test = test(file);
            let binary = Binary { root: root.into() };
            assert!(project().join(root).is_file(), "{root}");
            assert_eq!(test.binary(), Ok(binary), "{file}");
            assert_eq!(module_of(&test), module, "{file}");
        }
    }

    #[test]
    fn a_built_binary_is_found_by_its_package_and_target() {
        let artifact = |kind: &str, test: bool| {
            serde_json::json!({
                "executable": "/target/debug/deps/transition-1",
                "profile": {"test": test},
                "target": {"kind": [kind], "name": "transition", "src_path": "/house/runtime/tests/it/main.rs"},
            })
        };
        let found = |kind, test| built(Path::new("/house"), &artifact(kind, test)).map(|(binary, _)| binary);
        let binary = Binary { root: "runtime/tests/it/main.rs".into() };
        assert_eq!(found("lib", true), Some(binary.clone()));
        assert_eq!(found("test", true), Some(binary));
        assert_eq!(found("bin", true), None);
        assert_eq!(found("lib", false), None);
    }

    #[test]
    fn only_a_test_that_said_ok_counts() {
        let said = "running 2 tests\ntest limits::holds ... ok\ntest limits::other ... FAILED\n";
        assert_eq!(outcome(&test("runtime/tests/it/limits.rs"), said), "ok");
        let inline = "test limits::tests::holds ... ok\n";
        assert_eq!(outcome(&test("node/src/limits.rs"), inline), "ok");
        assert_eq!(outcome(&test("node/src/other.rs"), inline), "no test other::holds was run");
        let other = Test { function: "other".to_owned(), ..test("runtime/tests/it/limits.rs") };
        assert_eq!(outcome(&other, said), "FAILED");
        assert_eq!(outcome(&test("host/tests/admission.rs"), said), "no test holds was run");
        assert_eq!(outcome(&test("host/tests/admission.rs"), "error: no target\n"), "error: no target");
    }
}
