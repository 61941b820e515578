//! The auditor's guide, followed to the letter: each of its commands is run, and prints what the guide shows.

use std::{env, fs, path::Path, process::Command};

use chainstack_tests::{node::binary, vectors::project};
use tempfile::TempDir;

/// The guide.
const GUIDE: &str = "host/audit/README.md";
/// What the guide takes from the project; all else it makes itself.
const TAKEN: [&str; 1] = ["contracts/artifacts/escrow.wasm"];
/// Commands in the guide: fewer would mean that a block is no longer found.
const COMMANDS_MIN: usize = 12;
/// Lines of a page; a guide that is longer is read by nobody.
const LINES_MAX: usize = 170;

/// A command of the guide, and what it is to print: stdout and stderr, `...` for lines that are left out.
struct Shown {
    line: usize,
    command: String,
    prints: Vec<String>,
}

/// The commands in fenced blocks of `console`: behind `$ ` and `> `, and what they print below.
fn commands(guide: &str) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    let mut inside = false;
    for (line, text) in (1usize..).zip(guide.lines()) {
        if text.starts_with("```") {
            inside = text == "```console";
        } else if let Some(command) = text.strip_prefix("$ ").filter(|_| inside) {
            found.push(Shown { line, command: command.to_owned(), prints: Vec::new() });
        } else if let Some(more) = text.strip_prefix('>').filter(|_| inside) {
            // The shell asks for more with `> `.
            let shown = found.last_mut().expect("a block starts with a command");
            shown.command.push('\n');
            shown.command.push_str(more.strip_prefix(' ').unwrap_or(more));
        } else if inside {
            found.last_mut().expect("a block starts with a command").prints.push(text.to_owned());
        }
    }
    found
}

/// Whether `printed` is what is shown: line by line, `...` for any lines, and at a line's end for any rest of it.
fn matches(shown: &[String], printed: &[&str]) -> bool {
    let Some((first, rest)) = shown.split_first() else { return printed.is_empty() };
    if first.trim() == "..." {
        return (0..=printed.len()).any(|skipped| matches(rest, printed.get(skipped..).unwrap_or_default()));
    }
    let Some((line, after)) = printed.split_first() else { return false };
    let same = match first.strip_suffix("...") {
        Some(start) => line.starts_with(start),
        None => line == first,
    };
    same && matches(rest, after)
}

/// Runs `command` in `folder` as a reader would, with the built program on the PATH.
fn printed(folder: &Path, command: &str) -> String {
    let program = binary().unwrap_or_else(|missing| panic!("{missing}"));
    let mut paths = vec![program.parent().expect("a folder").to_path_buf()];
    paths.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(folder)
        .env("PATH", env::join_paths(paths).expect("a PATH"))
        .env("CHAINSTACK_HOME", folder.join("home"))
        .env("CHAINSTACK_URL", "http://127.0.0.1:9")
        .output()
        .expect("a shell");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_command_of_the_guide_prints_what_the_guide_shows() {
    let guide = fs::read_to_string(project().join(GUIDE)).expect("the guide");
    assert!(guide.lines().count() <= LINES_MAX, "one page: {} lines", guide.lines().count());
    let folder = TempDir::new().expect("a folder");
    for file in TAKEN {
        let copy = folder.path().join(file);
        fs::create_dir_all(copy.parent().expect("a folder")).expect("made");
        fs::copy(project().join(file), copy).expect("committed");
    }
    let commands = commands(&guide);
    assert!(commands.len() >= COMMANDS_MIN, "{} commands", commands.len());
    for shown in &commands {
        let printed = printed(folder.path(), &shown.command);
        let lines: Vec<&str> = printed.lines().collect();
        assert!(
            matches(&shown.prints, &lines),
            "{GUIDE}:{}: `{}` prints\n{printed}\nand the guide shows\n{}",
            shown.line,
            shown.command,
            shown.prints.join("\n")
        );
    }
    // What the guide is about happens in it.
    let said = |words: &str| commands.iter().any(|shown| shown.command.contains(words));
    for words in ["chainstack audit", "--scenarios", "chainstack test", "chainstack diff", "--format html"] {
        assert!(said(words), "the guide has no `{words}`");
    }
}

#[test]
fn what_a_command_prints_is_compared_line_by_line() {
    let shown = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert!(matches(&shown(&["a", "...", "c"]), &["a", "b", "b", "c"]));
    assert!(matches(&shown(&["a ..."]), &["a b"]));
    assert!(!matches(&shown(&["a"]), &["a", "b"]), "nothing is left out in silence");
    assert!(!matches(&shown(&["a", "...", "c"]), &["a", "b"]));
    assert!(!matches(&shown(&[]), &["a"]));
}
