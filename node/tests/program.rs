//! The program itself: that it starts, and that its exit codes are those of a good tool.

use std::process::{Command, Output};

fn chainstack(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_chainstack"));
    command.args(arguments).env("CHAINSTACK_HOME", home.path()).env("CHAINSTACK_URL", "http://127.0.0.1:1");
    command.output().expect("the program runs")
}

#[test]
fn exit_codes_say_what_happened() {
    let cases: [(&[&str], i32); 7] = [
        (&["--version"], 0),
        (&["explain", "NonceTooLow"], 0),
        (&["explain", "NoSuchCode"], 8),
        (&["no-such-command"], 2),
        (&["status"], 7),
        (&["check", "/nonexistent.wasm"], 8),
        (&["account", "show", "nobody"], 8),
    ];
    for (arguments, expected) in cases {
        let output = chainstack(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {said}");
        assert_eq!(
            output.stdout.is_empty(),
            expected != 0,
            "{arguments:?}: data goes to stdout, and only data"
        );
    }
}

#[test]
fn an_unreachable_node_is_named_with_what_to_try() {
    let output = chainstack(&["status", "--output", "json"]);
    let said: serde_json::Value = serde_json::from_slice(&output.stderr).expect("one JSON object on stderr");
    assert_eq!(said["schema"], 1);
    assert!(said["error"].as_str().is_some_and(|error| error.contains("127.0.0.1:1")), "{said}");
    assert!(said["hint"].as_str().is_some_and(|hint| hint.contains("chainstack dev")), "{said}");
}
