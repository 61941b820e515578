//! The reference of the command line, held to a golden file.

use std::{env, fs, path::Path};

use chainstack_tests::{node::run, vectors::project};

/// The home folder that the pages show: help touches no file.
const HOME: &str = ".";

/// Every page of help, depth first.
fn pages(path: &[String], all: &mut String) {
    let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let page = run(Path::new(HOME), &arguments).exits(0).stdout;
    all.push_str(&format!("$ chainstack {}\n{}\n\n", arguments.join(" "), page.trim_end()));
    let commands =
        page.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    for line in commands {
        // A name stands two columns in; its words may go on in lines further in.
        let Some(name) = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')) else { continue };
        let name = name.split_whitespace().next().unwrap_or_default();
        if name != "help" {
            pages(&[path, &[name.to_owned()]].concat(), all);
        }
    }
}

#[test]
fn the_command_line_is_as_its_golden_reference_says() {
    let mut all = String::new();
    pages(&[], &mut all);
    let all = all.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n";
    assert!(all.matches("\n$ chainstack ").count() > 30, "every command has its page:\n{all}");
    let path = project().join("tests/golden/cli.txt");
    if env::var("CHAINSTACK_UPDATE_GOLDEN").as_deref() == Ok("1") {
        fs::write(&path, &all).expect("written");
        return;
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    let first = all.lines().zip(golden.lines()).position(|(found, expected)| found != expected);
    let place = first.unwrap_or_else(|| all.lines().count().min(golden.lines().count()));
    assert!(
        all == golden,
        "tests/golden/cli.txt differs from line {}:\n  expected {:?}\n  found    {:?}\nCHAINSTACK_UPDATE_GOLDEN=1 rewrites it",
        place + 1,
        golden.lines().nth(place),
        all.lines().nth(place)
    );
}
