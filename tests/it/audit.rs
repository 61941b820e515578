//! `chainstack audit` and `chainstack diff`: verdicts, exit codes, and the forms of a report.

use chainstack_tests::{
    liar::Liar,
    node::{Output, TestNode, run},
    vectors::project,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const ERC20: &str = "contracts/artifacts/erc20.wasm";
const ESCROW: &str = "contracts/artifacts/escrow.wasm";
/// A manifest with faults: a state that is never reached, value that can be trapped.
const FAULTY: &str = "tests/golden/inspect/escrow.toml";

fn at(path: &str) -> String {
    project().join(path).to_string_lossy().into_owned()
}

/// Runs a command without a node.
fn offline(arguments: &[&str]) -> Output {
    let home = TempDir::new().expect("a folder");
    run(home.path(), &[&["--url", "http://127.0.0.1:9"], arguments].concat())
}

fn violated(report: &Value) -> Vec<&str> {
    let claims = report["claims"].as_array().expect("claims");
    let bad = claims.iter().filter(|claim| claim["verdict"] == "violated");
    let mut properties: Vec<&str> = bad.filter_map(|claim| claim["property"].as_str()).collect();
    properties.dedup();
    properties
}

#[test]
fn good_contracts_raise_no_alarm_and_faulty_ones_exit_3() {
    for target in [ERC20, ESCROW, "contracts/erc20/manifest.toml"] {
        let output = offline(&["audit", &at(target)]).exits(0);
        assert!(output.stdout.contains("0 violated, 0 undecided"), "{target}: {output:?}");
        let report = offline(&["audit", &at(target), "--output", "json"]).exits(0).json();
        assert_eq!((&report["schema"], violated(&report)), (&Value::from(1), vec![]), "{target}");
    }
    let output = offline(&["audit", &at(FAULTY)]).exits(3);
    assert!(
        output
            .stdout
            .contains("State `Void` of machine `deal` is never reached: no declared step leads there."),
        "{output:?}"
    );
    let report = offline(&["audit", &at(FAULTY), "--output", "json"]).exits(3).json();
    assert_eq!(violated(&report), ["P1", "P3", "P6", "P8"], "{report}");
}

#[test]
fn a_deployed_contract_is_audited_as_its_file() {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    let _shop = node.cli(&["deploy", &at(ESCROW), "--as", "shop", "--from", "//Alice"]).exits(0);
    for (alias, file) in [("gold", ERC20), ("shop", ESCROW)] {
        for form in [&["audit"][..], &["audit", "--output", "json"]] {
            let deployed = node.cli(&[form, &[alias]].concat()).exits(0).stdout;
            assert!(deployed.contains("PROVEN"), "{alias}: {deployed}");
            assert_eq!(deployed, offline(&[form, &[&at(file)]].concat()).exits(0).stdout, "{alias}");
        }
        let code = node.rpc(
            "contract_code",
            &[node.rpc("contract_info", &[json!(address(&node, alias))])["code_hash"].clone()],
        );
        let bytes = std::fs::read(at(file)).expect("committed");
        assert_eq!(code["code"], json!(format!("0x{}", hex::encode(bytes))), "{alias}");
    }
    assert_eq!(node.cli(&["diff", "shop", &at(ESCROW)]).exits(0).stdout, "the gate: allowed\n");
    let _refused = node.cli(&["diff", "gold", "shop"]).exits(3);
    assert!(node.try_rpc("contract_code", &[json!(format!("0x{}", "11".repeat(32)))]).is_err());
}

/// The address that an alias stands for.
fn address(node: &TestNode, alias: &str) -> String {
    let shown = node.cli_json(&["inspect", "abi", alias]);
    shown["address"].as_str().expect("an address").to_owned()
}

#[test]
fn counterexamples_of_a_deployed_contract_come_with_its_module() {
    let node = TestNode::temporary(&[]);
    let _shop = node.cli(&["deploy", &at(ESCROW), "--as", "shop", "--from", "//Alice"]).exits(0);
    let folder = node.home().join("found");
    let path = folder.to_string_lossy().into_owned();
    let asked = ["audit", "shop", "--property", "never deal.Refunded", "--scenarios", &path];
    let audited = node.cli(&asked).exits(3);
    assert_eq!(audited.stderr, "", "{audited:?}");
    let module = std::fs::read(folder.join("escrow.wasm")).expect("written");
    assert!(module == std::fs::read(at(ESCROW)).expect("committed"), "the module is the contract's");
    let scenarios = std::fs::read_dir(&folder).expect("a folder").flatten();
    let scenarios: Vec<_> =
        scenarios.map(|it| it.path()).filter(|it| it.extension().is_some_and(|end| end == "toml")).collect();
    assert_eq!(scenarios.len(), 1, "{scenarios:?}");
    let _replayed = node.cli(&["test", &scenarios[0].to_string_lossy()]).exits(0);
}

#[test]
fn a_node_that_hands_out_other_code_proves_nothing() {
    let node = TestNode::temporary(&[]);
    let _shop = node.cli(&["deploy", &at(ESCROW), "--as", "shop", "--from", "//Alice"]).exits(0);
    let text = |bytes: &[u8]| json!(format!("0x{}", hex::encode(bytes)));
    let escrow = std::fs::read(at(ESCROW)).expect("committed");
    // The same module and manifest to a reader, but for one byte of no meaning.
    let padded = [&escrow[..], &[0, 2, 1, b'x']].concat();
    let other = std::fs::read(at(ERC20)).expect("committed");
    let nobody = json!(format!("0x{}", "11".repeat(32)));
    let lies: [(&str, &'static str, &'static str, Value, i32, &str); 7] = [
        ("a byte more", "contract_code", "code", text(&padded), 3, "found"),
        ("another contract's", "contract_code", "code", text(&other), 3, "found"),
        ("nothing", "contract_code", "code", json!("0x"), 3, "found"),
        ("too long", "contract_code", "code", text(&vec![0; 512 * 1024 + 1]), 3, "at most 524288 bytes"),
        ("no hex", "contract_code", "code", json!("code"), 1, "holds no code"),
        ("another hash", "contract_info", "manifest_hash", nobody, 3, "code with manifest 0x1111"),
        ("no hash", "contract_info", "code_hash", json!(7), 1, "holds no `code_hash`"),
    ];
    for (name, method, field, value, exit, said) in lies {
        let liar = Liar::before(node.address(), move |asked, result| {
            if asked == method {
                result[field] = value.clone();
            }
        });
        let url = liar.url();
        let file = at(ESCROW);
        for command in [&["audit", "shop"][..], &["inspect", "imports", "shop"], &["diff", &file, "shop"]] {
            let refused = run(node.home(), &[&["--url", &url], command].concat()).exits(exit);
            assert_eq!(refused.stdout, "", "{name}: {command:?}");
            assert!(refused.stderr.contains(said), "{name}: {refused:?}");
        }
    }
    // Whoever hands on what is so is believed.
    let honest = Liar::before(node.address(), |_, _| ());
    let _believed = run(node.home(), &["--url", &honest.url(), "audit", "shop"]).exits(0);
}

#[test]
fn what_the_code_of_a_module_never_calls_is_proven() {
    let evidence = |target: &str| {
        let report = offline(&["audit", &at(target), "--output", "json"]).exits(0).json();
        let claims = report["claims"].as_array().expect("claims").clone();
        let about_code = claims
            .into_iter()
            .filter(|claim| claim["id"].as_str().is_some_and(|id| id.starts_with("P4/code/")));
        about_code.map(|claim| claim["evidence"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(evidence(ERC20), ["PROVEN"; 5]);
    assert_eq!(evidence("contracts/erc20/manifest.toml"), ["ENFORCED"; 5]);
    assert_eq!(evidence(ESCROW), ["PROVEN"; 5]);
    let imports = offline(&["inspect", "imports", &at(ERC20)]).exits(0).stdout;
    let views = "`name`, `symbol`, `decimals`, `total_supply`, `balance_of`, `allowance`";
    let line = imports.lines().find(|line| line.contains("never writes cells")).unwrap_or_default();
    assert!(line.contains("PROVEN") && line.contains(views), "{imports}");
}

#[test]
fn stated_properties_hold_or_are_broken_by_a_run() {
    let audit = |property: &str| offline(&["audit", &at(ESCROW), "--property", property]);
    assert!(audit("deal.Paid only after release").exits(0).stdout.contains("P9 stated properties"));
    let broken = audit("never deal.Refunded").exits(3);
    assert!(broken.stdout.contains("There is a run against: never deal.Refunded."), "{broken:?}");
    assert!(audit("never deal.Nowhere").exits(2).stderr.contains("there is no state `deal.Nowhere`"));
    assert!(audit("sometimes deal.Paid").exits(2).stderr.contains("property `sometimes deal.Paid`"));
}

#[test]
fn a_report_for_review_tools_names_rules_and_results() {
    let output = offline(&["audit", &at(FAULTY), "--format", "sarif"]).exits(3);
    let sarif: Value = serde_json::from_str(&output.stdout).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert!(results.iter().any(|result| result["ruleId"] == "P3"), "{sarif}");
    let _both = offline(&["audit", &at(FAULTY), "--format", "sarif", "--output", "json"]).exits(2);
}

#[test]
fn what_is_no_contract_is_refused_with_its_exit_code() {
    let _missing = offline(&["audit", "./nothing.wasm"]).exits(8);
    let _not_one = offline(&["audit", &at("README.md")]).exits(3);
    let _no_alias = offline(&["audit", "gold"]).exits(8);
    let bob = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
    let _no_node = offline(&["audit", bob]).exits(7);
}

#[test]
fn the_gate_of_upgrades_says_what_it_refuses() {
    let same = offline(&["diff", &at(ESCROW), &at(ESCROW)]).exits(0);
    assert_eq!(same.stdout, "the gate: allowed\n", "{same:?}");
    let other = offline(&["diff", &at(ERC20), &at(ESCROW)]).exits(3);
    assert!(other.stdout.ends_with("the gate: refused\n"), "{other:?}");
    let json = offline(&["diff", &at(ERC20), &at(ESCROW), "--output", "json"]).exits(3).json();
    assert_eq!(json["verdict"], "refused");
    assert!(json["changes"].as_array().is_some_and(|changes| changes.len() > 3), "{json}");
    let report =
        offline(&["audit", &at(ESCROW), "--previous", &at(ERC20), "--output", "json"]).exits(3).json();
    assert!(violated(&report).contains(&"P10"), "{report}");
}
