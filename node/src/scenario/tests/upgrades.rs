//! Steps that propose other code: what the gate of upgrades lets pass, and what it refuses by which rule.

use std::sync::Arc;

use chainstack_client::{manifest::from_toml, module::embed_manifest};
use chainstack_host::{Executor, ExecutorConfig};
use chainstack_runtime::params::Schedule;
use parity_scale_codec::Encode as _;

use super::{LocalChain, Scenario, ScenarioError, run};

const MANIFEST: &str = r#"
[contract]
name = "box"
[params]
heir = "account"
[roles.keeper]
id = 1
kind = "account"
initial = "signer"
[transitions.gift]
value_max = "any"
ceilings = { gas = 200_000 }
[exits.sweep]
id = 1
effects = [{ pay = "param.heir", amount = "balance" }]
"#;
const UPGRADE: &str = "[upgrade]\nrole = \"keeper\"\ndelay_blocks = 10\n";
const MODULE: &str = r#"(module (memory (export "memory") 1) (func (export "gift")))"#;

/// A contract of the first version, that of `wasm`, with the steps; `kept` and `broken` are modules to propose.
fn outcome(wasm: &str, steps: &str) -> Result<(), ScenarioError> {
    let folder = tempfile::tempdir().expect("a folder");
    let old = format!("{MANIFEST}{UPGRADE}");
    let versions = [
        ("old", old.clone()),
        ("fixed", MANIFEST.to_owned()),
        ("kept", old.replace("gas = 200_000", "gas = 300_000")),
        ("broken", old.replace("id = 1\neffects", "id = 2\neffects")),
        ("refused", old.replace("\"balance\"", "\"balance - 1\"")),
    ];
    for (name, text) in versions {
        let manifest = from_toml(&text).unwrap_or_else(|error| panic!("{error}"));
        let module = embed_manifest(&wat::parse_str(MODULE).expect("a module"), &manifest.encode());
        let path = folder.path().join(format!("{name}.wasm"));
        std::fs::write(path, module.expect("embedded")).expect("written");
    }
    let head = format!(
        "title = \"t\"\n[accounts]\nA = \"//Alice\"\nB = \"//Bob\"\n[[contracts]]\nname = \"box\"\n\
         wasm = \"{wasm}.wasm\"\ncaller = \"@A\"\nparams = {{ heir = \"@B\" }}\n"
    );
    let scenario = Scenario::parse(&folder.path().join("t.toml"), &format!("{head}{steps}"))?;
    let schedule = Schedule::base().expect("the program's own parameters");
    let executor = Executor::new(ExecutorConfig::default(), schedule.clone()).expect("an engine");
    let mut chain = LocalChain::new(Arc::new(executor), Arc::new(schedule)).expect("a chain");
    run(&scenario, &mut chain).map(|_| ())
}

fn propose(version: &str, caller: &str, expect: &str) -> String {
    let step = format!("[[steps]]\nupgrade = \"{version}.wasm\"\ncaller = \"{caller}\"\n");
    if expect.is_empty() { step } else { format!("{step}expect = {{ {expect} }}\n") }
}

#[test]
fn a_version_that_keeps_its_promises_is_proposed_and_another_is_refused_by_its_rule() {
    let cases = [
        ("old", propose("kept", "@A", "")),
        ("old", propose("broken", "@A", "error = \"UpgradeRefused\", text = \": exit: \"")),
        ("old", propose("kept", "@B", "error = \"WrongCaller\"")),
        ("fixed", propose("kept", "@A", "error = \"UnknownMethod\"")),
        // What was uploaded before is there, and may be proposed again.
        ("old", [propose("kept", "@A", ""), propose("kept", "@A", "")].concat()),
    ];
    for (wasm, steps) in cases {
        outcome(wasm, &steps).unwrap_or_else(|error| panic!("{wasm}: {steps}: {error}"));
    }
}

#[test]
fn a_proposal_that_brings_something_else_fails() {
    let cases = [
        (propose("broken", "@A", ""), "step 1 (upgrade): expected success, found UpgradeRefused {"),
        (propose("kept", "@A", "error = \"UpgradeRefused\""), "found success"),
        (
            propose("broken", "@A", "error = \"UpgradeRefused\", text = \": deadline: \""),
            "expected a refusal that says `: deadline: `, found UpgradeRefused {",
        ),
        (propose("refused", "@A", "error = \"UpgradeRefused\""), "the code is refused with 2154"),
        (propose("missing", "@A", ""), "missing.wasm"),
    ];
    for (steps, what) in cases {
        let error = outcome("old", &steps).expect_err(&steps).to_string();
        assert!(error.contains(what), "{steps}: {error}");
    }
}
