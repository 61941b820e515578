//! Every fault of the audit's corpus, replayed: the run that shows it is real, on the chain of scenarios, with code
//! inside the faulty declaration that goes just this way.
//!
//! The manifests of the corpus have no code. For each run the [`puppet`] is the code; `chainstack audit --scenarios` writes
//! the scenario, and `chainstack test` replays it as it is written: it passes only where every call is let through and
//! the chain ends with the machines and escrows that the claim says. What can never be done ends in an attempt, and passes
//! only where the host refuses it with the code that the claim says.

#[path = "../../host/audit/tests/corpus/faults.rs"]
mod corpus;
mod puppet;
#[path = "../../host/audit/tests/corpus/broken.rs"]
mod upgrades;

use std::{collections::BTreeMap, fs, path::Path};

use chainstack_audit::{
    Claim, Counterexample, Gap, Options, Prices, Property, PropertyText, Replay, Version, audit, to_scenario,
};
use chainstack_client::{manifest::from_toml, module::embed_manifest};
use chainstack_primitives::manifest::Manifest;
use chainstack_runtime::params::Schedule;
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
fn write(home: &Path, index: usize, fault: &Fault, replayed: &mut Vec<Replayed>, left: &mut Vec<Left>) {
    let faulty = manifest(fault.base, fault.edits);
    let asked: Vec<PropertyText> =
        fault.asked.iter().map(|asked| PropertyText::parse(&faulty, asked).expect("a property")).collect();
    let schedule = Schedule::base().expect("a schedule");
    let prices = Prices { block_gas: Some(schedule.block.gas_limit.0), ..Prices::default() };
    let report = audit(&faulty, &Options { properties: &asked, prices, ..Options::default() });
    let broken = || report.violations().filter(|claim| claim.property == fault.property);
    assert!(broken().next().is_some(), "{}: nothing found", fault.name);
    if let Some((_, why)) = NOTHING.iter().find(|(name, _)| *name == fault.name) {
        assert!(broken().all(|claim| claim.counterexample.is_none()), "{}: there is a run", fault.name);
        assert!(broken().any(|claim| claim.sentence.contains(why)), "{}: {why}", fault.name);
    }
    let shows = |claim: &&Claim| claim.property == fault.property && claim.counterexample.is_some();
    for (number, claim) in report.violations().filter(shows).enumerate() {
        let run_of = claim.counterexample.as_ref().expect("a run");
        let version = Version { manifest: &faulty, wasm: "puppet.wasm" };
        let known = to_scenario(version, None, claim, REPLAY).expect("a run");
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
const REFUSED: [(&str, &str); 2] =
    [("deleted with a rest in escrow", "2156"), ("an exit out of the end", "2158")];

/// Faults with nothing to run or to attempt, and why: each is still found, and its claim says so.
const NOTHING: [(&str, &str); 5] = [
    ("a state nothing leads to", NOWHERE),
    ("the only way to a state leads elsewhere", NOWHERE),
    ("a method in a pause that never comes", NOWHERE),
    ("more gas than a block", "a call at its ceiling fits in none"),
    ("more entries than the map holds", "and its map holds at most"),
];
const NOWHERE: &str = "no declared step leads there";

/// Faults of each property whose counterexample is replayed, at least.
const LEAST: [(Property, usize); 9] = [
    (Property::P1, 6),
    (Property::P2, 6),
    (Property::P3, 13),
    (Property::P4, 8),
    (Property::P5, 7),
    (Property::P6, 8),
    (Property::P7, 11),
    (Property::P8, 7),
    (Property::P9, 8),
];

#[test]
#[expect(clippy::print_stdout, reason = "the counts are for whoever runs this")]
fn every_fault_of_the_corpus_is_real() {
    let home = TempDir::new().expect("a folder");
    let faults = faults();
    let (mut replayed, mut left) = (Vec::new(), Vec::new());
    for (index, fault) in faults.iter().enumerate() {
        write(home.path(), index, fault, &mut replayed, &mut left);
    }
    let files: Vec<&str> = replayed.iter().map(|run| run.file.as_str()).collect();
    let outcomes = replay(home.path(), &files);
    let mut failed = Vec::new();
    let mut done: Vec<Option<String>> = vec![None; faults.len()];
    for run in &replayed {
        let name = faults[run.fault].name;
        let refused = REFUSED.iter().find(|(refused, _)| *refused == name);
        match (outcomes.get(&run.file).expect("each file is run"), refused) {
            (None, None) => done[run.fault] = Some("replayed".to_owned()),
            (Some(why), Some((_, code))) if why.contains(&format!("refused with {code}:")) => {
                done[run.fault] = Some(format!("refused at upload with {code}"));
            }
            (found, _) => failed.push(format!("{name} ({}): {found:?}", run.claim)),
        }
    }
    failed.extend(left.iter().map(|run| {
        let gaps: Vec<String> = run.gaps.iter().map(ToString::to_string).collect();
        format!("{} ({}): not in the scenario: {}", faults[run.fault].name, run.claim, gaps.join("; "))
    }));
    for (name, why) in NOTHING {
        let index = faults.iter().position(|fault| fault.name == name).expect("a fault");
        done[index] = Some(format!("nothing to attempt: {why}"));
    }
    let mut table = String::from("property: faults, replayed\n");
    let mut counts = BTreeMap::new();
    // P10 is counted where upgrades are.
    for property in Property::ALL.into_iter().filter(|property| *property != Property::P10) {
        let of = || (0..faults.len()).filter(|index| faults[*index].property == property);
        let whole = of().filter(|index| done[*index].as_deref() == Some("replayed")).count();
        table.push_str(&format!("{}: {}, {whole}\n", property.id(), of().count()));
        counts.insert(property, whole);
        for index in of().filter(|index| done[*index].as_deref() != Some("replayed")) {
            let became = done[index].as_deref().unwrap_or("left out");
            table.push_str(&format!("    {}: {became}\n", faults[index].name));
        }
    }
    let faults_of = |property| faults.iter().filter(|fault| fault.property == property).count();
    let whole = counts.iter().filter(|(property, _)| **property != Property::P10);
    let whole =
        whole.map(|(property, whole)| format!("{} {whole} of {}", property.id(), faults_of(*property)));
    println!("observed: counterexamples replayed: {}", whole.collect::<Vec<_>>().join(", "));
    println!("{table}");
    assert!(failed.is_empty(), "{table}\n{}", failed.join("\n"));
    assert!(done.iter().all(Option::is_some), "a fault is left out\n{table}");
    for (property, least) in LEAST {
        let whole = counts[&property];
        assert!(whole >= least, "{}: {whole} replayed, at least {least} expected\n{table}", property.id());
    }
}

/// New versions that no upload lets in: they cannot even be proposed. Upgrade and code.
const UNPROPOSED: [(&str, &str); 0] = [];

/// Upgrades whose proposal is replayed, at least.
const PROPOSED_LEAST: usize = 22;

/// The module of a version: what its constructor declares, and nothing else.
fn version(manifest: &Manifest, run: &Counterexample) -> Vec<u8> {
    let plain = puppet::module(manifest, run, &[]).expect("a puppet");
    embed_manifest(&plain, &manifest.encode()).expect("embedded")
}

/// P10 is a verdict over two manifests: the program names the broken rule, and refuses, both ways that one may ask. The
/// chain refuses by the same gate: each new version is proposed to a contract of the old one.
#[test]
#[expect(clippy::print_stdout, reason = "the count is for whoever runs this")]
fn every_upgrade_that_breaks_a_promise_is_refused_by_its_rule() {
    let home = TempDir::new().expect("a folder");
    let path = |name: &str| home.path().join(name).to_string_lossy().into_owned();
    let (old, new) = (path("old.toml"), path("new.toml"));
    let (mut files, mut named) = (Vec::new(), Vec::new());
    for (index, (name, base, edits, rule)) in upgrades::REFUSED.iter().enumerate() {
        let text = edited(base, edits);
        fs::write(&old, base).expect("written");
        fs::write(&new, &text).expect("written");
        let diff = run(home.path(), &["diff", &old, &new]).exits(3);
        let says = |line: &str| line.starts_with("refused") && line.contains(&format!("{rule}:"));
        assert!(diff.stdout.lines().any(says), "{name}: {rule}: {diff:?}");
        let (before, after) = (from_toml(base).expect("a manifest"), from_toml(&text).expect("a manifest"));
        let report = audit(&after, &Options { previous: Some(&before), ..Options::default() });
        let claim = report.violations().next().expect("a broken promise");
        let proposal = claim.counterexample.as_ref().expect("an attempt");
        let (old_module, new_module) =
            (path(&format!("{index}-old.wasm")), path(&format!("{index}-new.wasm")));
        fs::write(&old_module, version(&before, proposal)).expect("written");
        fs::write(&new_module, version(&after, proposal)).expect("written");
        let found = path(&format!("{index}-found"));
        let line = ["audit", &new_module, "--previous", &old_module, "--scenarios", &found];
        let audit = run(home.path(), &[&line[..], &["--output", "json"]].concat()).exits(3);
        let audit: Value = serde_json::from_str(&audit.stdout).expect("JSON");
        let claims = audit["claims"].as_array().expect("claims");
        let broken = claims.iter().filter(|claim| claim["verdict"] == "violated");
        let broken: Vec<&Value> = broken.collect();
        assert!(broken.iter().all(|claim| claim["property"] == "P10"), "{name}: {broken:?}");
        let of_rule = format!("P10/{rule}");
        let says = |claim: &&Value| claim["id"].as_str().is_some_and(|id| id.starts_with(&of_rule));
        assert!(broken.iter().any(says), "{name}: {rule}: {broken:?}");
        let written = fs::read_dir(&found).expect("a folder").map(|file| file.expect("a file").path());
        let written: Vec<String> = written.map(|file| file.to_string_lossy().into_owned()).collect();
        assert_eq!(written.len(), broken.len(), "{name}");
        let first = claim.id.split('/').nth(1).expect("a rule");
        let says = format!("text = \"{first}: ");
        let told = written.iter().filter(|file| fs::read_to_string(file).expect("read").contains(&says));
        assert_eq!(told.count(), 1, "{name}: what the host says first is expected once");
        named.extend(written.iter().map(|file| (file.clone(), *name)));
        files.extend(written);
    }
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let outcomes = replay(home.path(), &files);
    let (mut failed, mut refused) = (Vec::new(), Vec::new());
    for (file, name) in &named {
        let unproposed = UNPROPOSED.iter().find(|(unproposed, _)| unproposed == name);
        match (outcomes.get(file).expect("each file is run"), unproposed) {
            (None, None) => {}
            (Some(why), Some((_, code))) if why.contains(&format!("refused with {code}:")) => {
                refused.push(*name)
            }
            (found, _) => failed.push(format!("{name}: {found:?}")),
        }
    }
    refused.dedup();
    let whole = upgrades::REFUSED.len() - refused.len();
    println!("observed: counterexamples replayed: P10 {whole} of {}", upgrades::REFUSED.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(whole >= PROPOSED_LEAST, "{whole} replayed");
}
