//! What can never be done, and what the host says to whoever tries: the code, and where the attempt stands.

use chainstack_audit::{
    Options, Prices, Property, Report, StepKind, Verdict, Version, audit, to_json, to_sarif, to_scenario,
    to_text,
};

use super::broken::REFUSED;
use super::faults::{Case, ENDED, GUARDS, SIZES, UNREACHED};
use super::rendered::REPLAY;
use super::{AUCTION, CUSTODY, ESCROW, TOKEN, edited, report};

/// Faults, one of them by name, what each violated claim with a run is refused with, and after how many steps.
type Refusal = (&'static [Case], &'static str, &'static [(&'static str, usize)]);

const REFUSALS: [Refusal; 24] = [
    (&UNREACHED, "a state nothing leads to", &[]),
    (&UNREACHED, "a method from a state nothing leads to", &[("WrongState", 2)]),
    (&UNREACHED, "an exit from a state nothing leads to", &[("WrongState", 2)]),
    (&UNREACHED, "a method for items that nothing creates", &[("ItemNotFound", 1)]),
    (&UNREACHED, "a method that needs what cannot be held", &[("GuardRefused", 3)]),
    // Two states and the two methods between them.
    (&UNREACHED, "two states that lead only to each other", &[("WrongState", 2); 4]),
    (&UNREACHED, "a guard that asks for a state nothing leads to", &[("GuardRefused", 1)]),
    (&SIZES, "moves value and writes nothing", &[("CeilingWrites", 2)]),
    (&SIZES, "creates an item or its escrow", &[("CeilingEntries", 1)]),
    (&SIZES, "writes nothing", &[("CeilingWrites", 2)]),
    (&SIZES, "reads nothing", &[("CeilingReads", 2)]),
    (&SIZES, "creates no item", &[("CeilingEntries", 1)]),
    (&SIZES, "may not set the item it creates", &[("UndeclaredEscrow", 1)]),
    (&SIZES, "emits nothing", &[("CeilingEvents", 1)]),
    (&SIZES, "creates more than it writes", &[("CeilingWrites", 1)]),
    (&SIZES, "more gas than a block", &[]),
    (&SIZES, "more entries than the map holds", &[]),
    (&GUARDS, "a guard against the type", &[("GuardRefused", 2)]),
    (&GUARDS, "a guard against the state", &[("GuardRefused", 1)]),
    (&GUARDS, "a window that closes before it opens", &[("NotOpen", 2)]),
    (&GUARDS, "a window after the end of time", &[("NotOpen", 1)]),
    (&GUARDS, "an invariant that cannot hold", &[("InvariantBroken", 0)]),
    (&ENDED, "what has ended begins again", &[("WrongState", 3)]),
    (&ENDED, "an exit out of the end", &[("WrongState", 3)]),
];

/// What the attempts of a report are refused with, and after how many steps. An attempt is the last step, changes
/// nothing, and nothing before it is refused.
fn refusals(found: &Report) -> Vec<(String, usize)> {
    let runs = found.violations().filter_map(|claim| claim.counterexample.as_ref());
    let refused = runs.map(|run| {
        let (last, before) = run.steps.split_last().expect("steps");
        assert!(before.iter().all(|step| step.refused.is_none()));
        if let Some(previous) = before.last() {
            assert_eq!((&previous.state, &previous.machines), (&last.state, &last.machines));
        }
        (last.refused.as_ref().expect("an attempt").name(), before.len())
    });
    refused.collect()
}

#[test]
fn what_can_never_be_done_is_tried_where_it_gets_furthest() {
    for (cases, fault, expected) in REFUSALS {
        let (_, base, edits, ..) = cases.iter().find(|(name, ..)| *name == fault).expect("a fault");
        let found = report(&edited(base, edits), &[], None);
        let expected: Vec<_> = expected.iter().map(|(code, steps)| ((*code).to_owned(), *steps)).collect();
        assert_eq!(refusals(&found), expected, "{fault}:\n{}", to_text(&found));
    }
}

#[test]
fn what_a_refusal_depends_on_is_not_guessed() {
    // It may fail to compute, or not hold: that depends on the note.
    let guard = "caller = [\"seller\"]\nguard = \"item.note - 5 > 3 && item.note < 5\"";
    let found = report(&edited(ESCROW, &[("caller = [\"seller\"]", guard)]), &[], None);
    assert!(found.violations().any(|claim| claim.id == "P7/guard/method:annotate"), "{}", to_text(&found));
    assert_eq!(refusals(&found), [], "{}", to_text(&found));
    // Who has a mark already creates one entry less.
    let ceilings = (
        "writes = 2, new_entries = 2 }\n\n[exits.sell_large]",
        "writes = 0, new_entries = 1 }\n\n[exits.sell_large]",
    );
    let found = report(&edited(AUCTION, &[ceilings]), &[], None);
    let writes = || ("CeilingWrites".to_owned(), 1);
    assert_eq!(refusals(&found), [writes(), writes()], "{}", to_text(&found));
}

#[test]
fn a_method_that_nothing_lets_begin_shows_no_ceiling() {
    let annotate =
        ("ceilings = { gas = 100_000, reads = 1, writes = 1 }", "ceilings = { gas = 100_000, reads = 1 }");
    let dead = ("from = { deal = [\"Open\", \"Funded\"] }", "from = { deal = [\"Disputed\"] }");
    let state = ("Cancelled = 6 }", "Cancelled = 6, Disputed = 7 }");
    let found = report(&edited(ESCROW, &[annotate, dead, state]), &[], None);
    let ceiling = found.violations().find(|claim| claim.property == Property::P6).expect("a ceiling");
    assert_eq!(ceiling.counterexample, None);
    assert_eq!(refusals(&found), [("WrongState".to_owned(), 2)]);
}

#[test]
fn a_report_says_that_an_attempt_is_refused() {
    let found = report(&edited(TOKEN, &[STOP]), &[], None);
    let text = to_text(&found);
    assert!(
        text.contains("2. anybody calls `stop`, an attempt: refused with GuardRefused -> main Active"),
        "{text}"
    );
    let json = to_json(&found);
    let claims = json["claims"].as_array().expect("claims");
    let claim = claims.iter().find(|claim| claim["verdict"] == "violated").expect("the fault");
    assert_eq!(claim["counterexample"][0]["refused"], serde_json::Value::Null);
    assert_eq!(claim["counterexample"][1]["refused"]["name"], "GuardRefused");
    assert_eq!(claim["counterexample"][1]["refused"]["code"], 131);
    let sarif = to_sarif(&found, "token.toml").to_string();
    assert!(sarif.contains("an attempt: refused with GuardRefused"), "{sarif}");
}

/// A method whose guard never holds.
const STOP: (&str, &str) = (
    "[upgrade]",
    "[transitions.stop]\nfrom = { main = [\"Active\"] }\nguard = \"in(main, Paused)\"\nceilings = { gas = 100_000 }\n\n[upgrade]",
);

/// The scenario of the first violation, parsed, and as a text.
fn scenario(base: &str, edits: &[(&str, &str)]) -> (toml::Table, String) {
    let manifest = edited(base, edits);
    let found = report(&manifest, &[], None);
    let claim = found.violations().find(|claim| claim.counterexample.is_some()).expect("a run");
    let version = Version { manifest: &manifest, wasm: "contract.wasm" };
    let scenario = to_scenario(version, None, claim, REPLAY).expect("a run");
    assert_eq!(scenario.gaps, [], "{}", scenario.text);
    (scenario.text.parse().unwrap_or_else(|error| panic!("{error}\n{}", scenario.text)), scenario.text)
}

#[test]
fn a_scenario_expects_that_an_attempt_is_refused() {
    let (table, text) = scenario(TOKEN, &[STOP]);
    let last = table["steps"].as_array().and_then(|steps| steps.last()).expect("a step");
    assert_eq!(last["call"].as_str(), Some("stop"), "{text}");
    assert_eq!(last["expect"]["error"].as_str(), Some("GuardRefused"), "{text}");
    assert_eq!(last["expect"]["machines"][0]["state"].as_str(), Some("Active"), "{text}");
    // A contract that cannot be created has no steps.
    let (table, text) = scenario(TOKEN, &[("sum(balances) <= param.supply", "param.supply < 1")]);
    assert_eq!(table["contracts"][0]["expect"]["error"].as_str(), Some("InvariantBroken"), "{text}");
    assert!(table.get("steps").is_none(), "{text}");
    // The moment is chosen by the window that is to be shut.
    let window = "caller = [\"owner\"]\nwindow = { clock = \"height\", opens = \"item.until + 1\", closes = \"item.until\" }\ntouches";
    let (table, text) = scenario(CUSTODY, &[("caller = [\"owner\"]\ntouches", window)]);
    assert_eq!(table["steps"][1]["expect"]["error"].as_str(), Some("NotOpen"), "{text}");
    assert!(table["steps"][0]["args"]["until"].as_integer().is_some_and(|until| until + 1 > 4), "{text}");
}

#[test]
fn an_upgrade_is_tried_on_a_contract_of_the_old_version() {
    let (_, base, edits, rule) = REFUSED.iter().find(|(name, ..)| *name == "an exit is gone").expect("one");
    let (old, new) = (edited(base, &[]), edited(base, edits));
    let options = Options { prices: Prices::default(), previous: Some(&old), ..Options::default() };
    let found = audit(&new, &options);
    let claim = found.violations().next().expect("a broken promise");
    let attempt = claim.counterexample.as_ref().and_then(|run| run.steps.last()).expect("an attempt");
    assert_eq!(attempt.kind, StepKind::Propose { role: Some("warden".to_owned()) });
    let (new, old) =
        (Version { manifest: &new, wasm: "new.wasm" }, Version { manifest: &old, wasm: "old.wasm" });
    let scenario = to_scenario(new, Some(old), claim, REPLAY).expect("a run");
    let table: toml::Table = scenario.text.parse().expect("TOML");
    assert_eq!(table["contracts"][0]["wasm"].as_str(), Some("old.wasm"));
    assert_eq!(table["steps"][0]["upgrade"].as_str(), Some("new.wasm"));
    assert_eq!(table["steps"][0]["expect"]["error"].as_str(), Some("UpgradeRefused"));
    let says = table["steps"][0]["expect"]["text"].as_str().expect("what it says");
    assert!(says.starts_with(&format!("{rule}: ")) && says.contains("`close`"), "{says}");
    assert_eq!(to_scenario(new, None, claim, REPLAY), None, "an upgrade of nothing");
    // Nobody may upgrade a contract that declares no upgrade.
    let fixed = edited(CUSTODY, &[("[upgrade]\nrole = \"warden\"\ndelay_blocks = 100\n", "")]);
    let found = audit(new.manifest, &Options { previous: Some(&fixed), ..Options::default() });
    assert!(found.violations().count() > 0);
    assert!(refusals(&found).iter().all(|(code, _)| code == "UnknownMethod"), "{}", to_text(&found));
    assert!(found.claims.iter().all(|claim| claim.verdict != Verdict::Undecided));
}
