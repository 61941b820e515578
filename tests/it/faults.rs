//! Every fault of the audit's corpus that a run shows, replayed: the run is real, on the chain of scenarios, with code
//! inside the faulty declaration that goes just this way.
//!
//! The manifests of the corpus have no code. For each run the [`puppet`] is the code; `chainstack audit --scenarios` writes
//! the scenario, and `chainstack test` replays it as it is written: it passes only where every call is let through and
//! the chain ends with the machines and escrows that the claim says.

#[path = "../../host/audit/tests/corpus/faults.rs"]
mod corpus;
mod puppet;
#[path = "../../host/audit/tests/corpus/broken.rs"]
mod upgrades;

use std::{collections::BTreeMap, fs, path::Path};

use chainstack_audit::{Claim, Gap, Options, Property, PropertyText, Replay, audit, to_scenario};
use chainstack_client::{manifest::from_toml, module::embed_manifest};
use chainstack_primitives::manifest::Manifest;
use chainstack_tests::node::run;
use parity_scale_codec::Encode as _;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const ESCROW: &str = include_str!("../../host/audit/tests/corpus/base/escrow.toml");
pub(crate) const AUCTION: &str = include_str!("../../host/audit/tests/corpus/base/auction.toml");
pub(crate) const CUSTODY: &str = include_str!("../../host/audit/tests/corpus/base/custody.toml");
pub(crate) const TOKEN: &str = include_str!("../../host/audit/tests/corpus/base/token.toml");
pub(crate) const POOL: &str = include_str!("../../host/audit/tests/corpus/base/pool.toml");

/// Texts to replace in a base, and by what.
pub(crate) type Edits = &'static [(&'static str, &'static str)];

/// A fault of the corpus.
struct Fault {
    name: &'static str,
    base: &'static str,
    edits: Edits,
    property: Property,
    /// The property that is asked besides, for P9.
    asked: Option<&'static str>,
}

fn faults() -> Vec<Fault> {
    use corpus::{BROKEN, ENDED, GUARDS, POSTPONED, POWERS, SIZES, STATED, STUCK, TRAPPED, UNREACHED};
    let cases = [&UNREACHED[..], &STUCK, &TRAPPED, &POWERS, &POSTPONED, &SIZES, &GUARDS, &ENDED].concat();
    let cases = cases.into_iter().map(|(name, base, edits, property, _)| Fault {
        name,
        base,
        edits,
        property,
        asked: None,
    });
    let stated = STATED.iter().filter(|(.., edits)| !edits.is_empty()).chain(&BROKEN);
    let stated = stated.map(|(name, asked, base, edits)| Fault {
        name,
        base,
        edits,
        property: Property::P9,
        asked: Some(asked),
    });
    cases.chain(stated).collect()
}

/// The text with the edits that fit it.
fn edited(base: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(base.to_owned(), |text, (find, put)| text.replace(find, put))
}

/// The manifest of the text with the edits, without the rule by which it may be upgraded: no run here is about that, and
/// what admits a rule of upgrades is tested with upgrades.
fn manifest(base: &str, edits: &[(&str, &str)]) -> Manifest {
    let text = edited(base, edits);
    let from = text.find("[upgrade]\n").expect("each base has one");
    let rule = text[from..].find("\n\n").map_or(text.len(), |length| from + length);
    from_toml(&format!("{}{}", &text[..from], &text[rule..])).expect("a manifest")
}

/// The chain of scenarios, as the program gives it to the audit. Only runs and their code are taken from here; what is
/// replayed the program writes itself.
const REPLAY: Replay = Replay { start_ms: 1_767_225_600_000, block_ms: 1_000, height_max: 100_000 };

/// A run that is replayed.
struct Replayed {
    fault: usize,
    claim: String,
    file: String,
}

/// Why a run is not: what the scenario has no words for.
struct Left {
    fault: usize,
    claim: String,
    gaps: Vec<Gap>,
}

/// The runs that show a fault, each with its code, and the scenario that the program writes.
fn write(
    home: &Path,
    index: usize,
    fault: &Fault,
    replayed: &mut Vec<Replayed>,
    left: &mut Vec<Left>,
) -> usize {
    let faulty = manifest(fault.base, fault.edits);
    let asked: Vec<PropertyText> =
        fault.asked.iter().map(|asked| PropertyText::parse(&faulty, asked).expect("a property")).collect();
    let report = audit(&faulty, &Options { properties: &asked, ..Options::default() });
    let shows = |claim: &&Claim| claim.property == fault.property && claim.counterexample.is_some();
    let mut count = 0;
    for (number, claim) in report.violations().filter(shows).enumerate() {
        count += 1;
        let run_of = claim.counterexample.as_ref().expect("a run");
        let known = to_scenario(&faulty, claim, "puppet.wasm", REPLAY).expect("a run");
        if !known.gaps.is_empty() {
            left.push(Left { fault: index, claim: claim.id.clone(), gaps: known.gaps });
            continue;
        }
        let plain = puppet::module(&faulty, run_of, &known.heads)
            .unwrap_or_else(|why| panic!("{}: {}: {why}", fault.name, claim.id));
        let whole = embed_manifest(&plain, &faulty.encode()).expect("embedded");
        let folder = home.join(format!("{index}-{number}"));
        fs::create_dir_all(&folder).expect("a folder");
        let module = folder.join("puppet.wasm");
        fs::write(&module, whole).expect("written");
        let (module, found) = (module.to_string_lossy().into_owned(), folder.join("found"));
        let found_text = found.to_string_lossy().into_owned();
        let mut line = vec!["audit", &module, "--scenarios", &found_text];
        line.extend(fault.asked.iter().flat_map(|asked| ["--property", asked]));
        let answer = run(home, &line).exits(3);
        assert!(answer.stdout.contains(&claim.sentence), "{}: {answer:?}", fault.name);
        let plain_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        let file: String =
            claim.id.chars().map(|letter| if plain_letter(letter) { letter } else { '_' }).collect();
        let file = found.join(format!("{file}.toml")).to_string_lossy().into_owned();
        replayed.push(Replayed { fault: index, claim: claim.id.clone(), file });
    }
    count
}

/// What became of each file, by its path: nothing, or why it did not pass.
fn replay(home: &Path, files: &[&str]) -> BTreeMap<String, Option<String>> {
    let line: Vec<&str> = ["test", "--output", "json"].into_iter().chain(files.iter().copied()).collect();
    let answer = run(home, &line);
    let answer: Value = serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("{answer:?}"));
    let rows = answer["scenarios"].as_array().expect("scenarios");
    let row = |row: &Value| {
        let file = row["file"].as_str().expect("a file").to_owned();
        (file, row["error"].as_str().map(str::to_owned))
    };
    rows.iter().map(row).collect()
}

/// Runs that no upload lets begin: the host refuses the manifest itself, and that is the counterexample. Fault and code.
const REFUSED: [(&str, &str); 1] = [("deleted with a rest in escrow", "2156")];

/// How many faults of each property have a run at least, and how many of them a run that is replayed: P1 and P6 are about
/// what no run reaches and what no call may use, P7 in part about guards that never hold, P10 is a verdict over two.
const LEAST: [(Property, usize); 6] = [
    (Property::P2, 6),
    (Property::P3, 12),
    (Property::P4, 8),
    (Property::P5, 7),
    (Property::P8, 6),
    (Property::P9, 8),
];

#[test]
#[expect(clippy::print_stderr, reason = "the counts are for whoever runs this")]
fn every_run_of_the_corpus_is_real() {
    let home = TempDir::new().expect("a folder");
    let faults = faults();
    let (mut replayed, mut left, mut shown) = (Vec::new(), Vec::new(), Vec::new());
    for (index, fault) in faults.iter().enumerate() {
        shown.push(write(home.path(), index, fault, &mut replayed, &mut left));
    }
    let files: Vec<&str> = replayed.iter().map(|run| run.file.as_str()).collect();
    let outcomes = replay(home.path(), &files);
    let mut failed = Vec::new();
    let mut done = vec![0_usize; faults.len()];
    for run in &replayed {
        let name = faults[run.fault].name;
        let refused = REFUSED.iter().find(|(refused, _)| *refused == name);
        match (outcomes.get(&run.file).expect("each file is run"), refused) {
            (None, None) => done[run.fault] += 1,
            (Some(why), Some((_, code))) if why.contains(&format!("refused with {code}:")) => {}
            (found, _) => failed.push(format!("{name} ({}): {found:?}", run.claim)),
        }
    }
    failed.extend(left.iter().map(|run| {
        let gaps: Vec<String> = run.gaps.iter().map(ToString::to_string).collect();
        format!("{} ({}): not in the scenario: {}", faults[run.fault].name, run.claim, gaps.join("; "))
    }));
    let counts = |property: Property| {
        let of: Vec<usize> = (0..faults.len()).filter(|index| faults[*index].property == property).collect();
        let with_run = of.iter().filter(|index| shown[**index] > 0).count();
        let whole = of.iter().filter(|index| done[**index] > 0).count();
        (of.len(), with_run, whole)
    };
    let mut table = String::from("property: faults, with a run, replayed\n");
    for property in Property::ALL {
        let (all, with_run, whole) = counts(property);
        table.push_str(&format!("{}: {all}, {with_run}, {whole}\n", property.id()));
    }
    eprintln!("{table}");
    assert!(failed.is_empty(), "{table}\n{}", failed.join("\n"));
    for (property, least) in LEAST {
        let (_, _, whole) = counts(property);
        assert!(whole >= least, "{}: {whole} replayed, at least {least} expected\n{table}", property.id());
    }
}

/// P10 is a verdict over two manifests: the program names the broken rule, and refuses, both ways that one may ask. That
/// the chain refuses by the same gate is tested where code is replaced.
#[test]
fn every_upgrade_that_breaks_a_promise_is_refused_by_its_rule() {
    let home = TempDir::new().expect("a folder");
    let path = |name: &str| home.path().join(name).to_string_lossy().into_owned();
    let (old, new) = (path("old.toml"), path("new.toml"));
    assert!(upgrades::REFUSED.len() >= 17);
    for (name, base, edits, rule) in upgrades::REFUSED {
        let text = edited(base, edits);
        fs::write(&old, base).expect("written");
        fs::write(&new, text).expect("written");
        let diff = run(home.path(), &["diff", &old, &new]).exits(3);
        let named = |line: &str| line.starts_with("refused") && line.contains(&format!("{rule}:"));
        assert!(diff.stdout.lines().any(named), "{name}: {rule}: {diff:?}");
        let audit = run(home.path(), &["audit", &new, "--previous", &old, "--output", "json"]).exits(3);
        let audit: Value = serde_json::from_str(&audit.stdout).expect("JSON");
        let claims = audit["claims"].as_array().expect("claims");
        let broken = claims.iter().filter(|claim| claim["verdict"] == "violated");
        let broken: Vec<&Value> = broken.collect();
        assert!(broken.iter().all(|claim| claim["property"] == "P10"), "{name}: {broken:?}");
        let rule = format!("P10/{rule}");
        let says = |claim: &&Value| claim["id"].as_str().is_some_and(|id| id.starts_with(&rule));
        assert!(broken.iter().any(says), "{name}: {rule}: {broken:?}");
    }
}
