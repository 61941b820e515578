//! What a report looks like: the same bytes each time, complete in every form, and runs that become scenarios.

use std::path::Path;

use chainstack_audit::{
    Gap, Options, Property, PropertyText, Replay, Report, SearchLimits, Verdict, Version, audit, to_json,
    to_sarif, to_scenario, to_text,
};
use serde_json::Value;

use super::{AUCTION, BASES, CUSTODY, ESCROW, POOL, TOKEN, edited, report, violated};

/// A deal whose buyer loses it if he does not confirm: the refund is gone.
fn faulty() -> Report {
    report(
        &edited(
            ESCROW,
            &[("opens = \"item.ends\"", "opens = \"item.ends\", closes = \"item.ends + 1_000\"")],
        ),
        &[],
        None,
    )
}

#[test]
fn the_same_manifest_gives_the_same_bytes() {
    for base in BASES {
        let (first, second) = (report(&edited(base, &[]), &[], None), report(&edited(base, &[]), &[], None));
        assert_eq!(to_text(&first), to_text(&second));
        assert_eq!(to_json(&first).to_string(), to_json(&second).to_string());
        assert_eq!(to_sarif(&first, "a.toml").to_string(), to_sarif(&second, "a.toml").to_string());
    }
}

#[test]
fn claims_have_their_own_ids_and_name_what_they_are_about() {
    for base in BASES {
        let found = report(&edited(base, &[]), &[], None);
        let mut ids: Vec<&str> = found.claims.iter().map(|claim| claim.id.as_str()).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{}", to_text(&found));
        for claim in &found.claims {
            assert!(claim.id.starts_with(claim.property.id()));
            assert!(claim.sentence.ends_with('.'), "{}", claim.sentence);
        }
    }
}

#[test]
fn text_labels_every_claim_with_its_evidence() {
    let found = faulty();
    let text = to_text(&found);
    let labelled = ["PROVEN", "ENFORCED", "TESTED", "ASSUMED"];
    let lines = text.lines().filter(|line| labelled.iter().any(|label| line.contains(label)));
    assert_eq!(lines.count(), found.claims.len());
    assert!(!text.contains("verified"));
    assert!(text.contains("wait until time item.ends + 1000"), "{text}");
}

#[test]
fn json_holds_every_claim() {
    let found = faulty();
    let json = to_json(&found);
    let claims = json["claims"].as_array().expect("a list");
    assert_eq!(claims.len(), found.claims.len());
    let trapped = claims.iter().find(|claim| claim["id"] == "P3/trapped/cell:deposits").expect("the fault");
    assert_eq!(trapped["verdict"], "violated");
    assert_eq!(trapped["evidence"], "PROVEN");
    assert_eq!(trapped["counterexample"][0]["step"]["create"], true);
    assert_eq!(trapped["counterexample"][2]["step"]["call"], "fund");
    assert_eq!(trapped["counterexample"][2]["step"]["role"], "buyer");
}

#[test]
fn sarif_has_a_rule_for_each_property_and_a_result_for_each_violation() {
    let sarif = to_sarif(&faulty(), "escrow/manifest.toml");
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), Property::ALL.len());
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), faulty().violations().count());
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert_eq!(result["level"], "error");
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(place, "escrow/manifest.toml");
        assert!(
            result["codeFlows"][0]["threadFlows"][0]["locations"]
                .as_array()
                .is_some_and(|steps| !steps.is_empty())
        );
    }
}

#[test]
fn a_limit_is_an_undecided_claim_and_never_silence() {
    let manifest = edited(ESCROW, &[]);
    let property = PropertyText::parse(&manifest, "never deal.Paid").expect("a property");
    let limits = SearchLimits { states: 5, ..SearchLimits::default() };
    let found = audit(&manifest, &Options { limits, properties: &[property], ..Options::default() });
    let undecided: Vec<&str> = found.undecided().map(|claim| claim.property.id()).collect();
    assert_eq!(undecided, ["P1", "P2", "P3", "P4", "P5", "P7", "P8", "P9"]);
    assert_eq!(found.states, None);
    assert!(
        found.claims.iter().any(|claim| claim.property == Property::P6 && claim.verdict == Verdict::Stated)
    );
    assert!(to_text(&found).contains("more than 5 states"));
    let limits = SearchLimits { steps: 3, ..SearchLimits::default() };
    assert!(audit(&manifest, &Options { limits, ..Options::default() }).undecided().count() > 0);
    let exact = report(&manifest, &[], None).states.expect("searched");
    let limits = SearchLimits { states: exact, ..SearchLimits::default() };
    assert_eq!(audit(&manifest, &Options { limits, ..Options::default() }).undecided().count(), 0);
}

/// The chain of these scenarios.
pub(crate) const REPLAY: Replay = Replay { start_ms: 1_000, block_ms: 1_000, height_max: 2_000 };

/// The scenario of the first violation, parsed as TOML, and its gaps.
fn scenario(base: &str, edits: &[(&str, &str)]) -> (toml::Table, Vec<Gap>, String) {
    let manifest = edited(base, edits);
    let found = report(&manifest, &[], None);
    let claim = found.violations().find(|claim| claim.counterexample.is_some()).expect("a run");
    let scenario = to_scenario(Version { manifest: &manifest, wasm: "contract.wasm" }, None, claim, REPLAY)
        .expect("a run");
    let table = scenario.text.parse().unwrap_or_else(|error| panic!("{error}\n{}", scenario.text));
    (table, scenario.gaps, scenario.text)
}

#[test]
fn a_run_of_calls_is_a_whole_scenario() {
    let (table, gaps, text) = scenario(
        TOKEN,
        &[(
            "[transitions.unpause]\nfrom = { main = [\"Paused\"] }\nto = { main = [\"Active\"] }\ncaller = [\"pauser\"]\nceilings = { gas = 50_000 }\n",
            "",
        )],
    );
    assert_eq!(gaps, [], "{text}");
    assert_eq!(table["contracts"][0]["wasm"].as_str(), Some("contract.wasm"));
    assert_eq!(table["contracts"][0]["params"]["supply"].as_integer(), Some(1));
    assert_eq!(table["steps"][0]["call"].as_str(), Some("pause"));
    assert_eq!(table["steps"][0]["caller"].as_str(), Some("@B"));
    assert_eq!(table["steps"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_a_scenario_cannot_say_is_a_typed_gap() {
    let (table, gaps, text) = scenario(
        ESCROW,
        &[(
            "window = { clock = \"time\", opens = \"item.ends\" }\neffects = [{ release = \"deposits\", to = \"item.buyer\" }]",
            "window = { clock = \"time\", opens = \"mul_div(item.ends, 2, 1)\" }\neffects = [{ release = \"deposits\", to = \"caller\" }]",
        )],
    );
    assert!(gaps.iter().any(|gap| matches!(gap, Gap::Moment { .. })), "{text}");
    assert_eq!(table["steps"][0]["args"]["id"].as_integer(), Some(7));
    let (_, gaps, text) = scenario(
        POOL,
        &[(
            "guard = \"quorum(guardians)\"\n",
            "sends = [{ asset = \"native\", max = \"any\" }]\nescrows = [{ cell = \"pool\", pays_out = true }]\n",
        )],
    );
    assert_eq!(gaps, [], "{text}");
    let closed = (
        "opens = \"param.ends\" }\neffects",
        "opens = \"param.ends\", closes = \"param.ends + 1_001\" }\neffects",
    );
    let (_, gaps, text) = scenario(POOL, &[closed]);
    assert!(matches!(gaps.as_slice(), [Gap::Height { .. }]), "{gaps:?} {text}");
}

#[test]
fn heights_that_parameters_name_are_waited_for() {
    let closed = (
        "opens = \"param.ends\" }\neffects",
        "opens = \"param.ends\", closes = \"param.ends + 50\" }\neffects",
    );
    let (table, gaps, text) = scenario(POOL, &[closed]);
    assert_eq!(gaps, [], "{text}");
    assert_eq!(table["contracts"][0]["params"]["ends"].as_integer(), Some(1_000));
    let steps = table["steps"].as_array().expect("steps");
    let last = steps.last().expect("a step");
    assert_eq!(last["block"].as_array().map(Vec::len), Some(0), "{text}");
    assert_eq!(last["at_height"].as_integer(), Some(1_050), "{text}");
    assert_eq!(last["expect"]["machines"][0]["state"].as_str(), Some("Raising"), "{text}");
}

/// The scenario of the run that breaks a property of `base` with the edits.
fn against(base: &str, edits: &[(&str, &str)], property: &str) -> (toml::Table, Vec<Gap>, String) {
    let manifest = edited(base, edits);
    let property = PropertyText::parse(&manifest, property).expect("a property");
    let found = report(&manifest, &[property], None);
    let claim = found.violations().find(|claim| claim.property == Property::P9).expect("a run");
    let scenario = to_scenario(Version { manifest: &manifest, wasm: "contract.wasm" }, None, claim, REPLAY)
        .expect("a run");
    let table = scenario.text.parse().unwrap_or_else(|error| panic!("{error}\n{}", scenario.text));
    (table, scenario.gaps, scenario.text)
}

#[test]
fn exits_are_poked_and_the_end_is_expected() {
    let (table, gaps, text) = against(ESCROW, &[], "never deal.Paid");
    assert_eq!(gaps, [], "{text}");
    let steps = table["steps"].as_array().expect("steps");
    let last = steps.last().expect("a step");
    assert_eq!(last["poke"].as_str(), Some("pay"), "{text}");
    assert_eq!(last["item"][0].as_integer(), Some(7), "{text}");
    assert_eq!(last["expect"]["machines"][0]["key"][0].as_integer(), Some(7), "{text}");
    assert_eq!(last["expect"]["machines"][0]["state"].as_str(), Some("Paid"), "{text}");
    assert!(steps.iter().rev().skip(1).all(|step| step.get("expect").is_none()), "{text}");
}

#[test]
fn witnesses_are_what_guards_ask_for() {
    let guard = "guard = \"arg.amount >= param.reserve\"";
    let property = "never offer.Live";
    // What is written for the guard, and the arguments and coins that the creating call gets.
    let cases = [
        ("arg.amount >= param.reserve", 1, 1),
        ("arg.amount > 5 && arg.amount != 6", 7, 1),
        ("arg.amount != 6 && arg.amount > 5", 7, 1),
        ("!(arg.amount < 10 || arg.amount > 10)", 10, 1),
        ("12 <= arg.amount && value == arg.amount * 2", 12, 24),
        ("arg.amount > 100 || value >= 4", 101, 1),
        ("arg.amount == param.reserve + 3", 4, 1),
    ];
    for (asked, amount, sent) in cases {
        let asked = format!("guard = \"{asked}\"");
        let (table, gaps, text) = against(AUCTION, &[(guard, &asked)], property);
        assert_eq!(gaps, [], "{text}");
        let step = &table["steps"][0];
        assert_eq!(step["args"]["amount"].as_integer(), Some(amount), "{text}");
        assert_eq!(step["value"].as_integer(), Some(sent), "{text}");
        assert_eq!(step["args"]["lot"].as_integer(), Some(7), "keys stay: {text}");
    }
    let asked = "guard = \"param.reserve >= 40 && param.reserve < param.limit\"";
    let (table, _, text) = against(AUCTION, &[(guard, asked)], property);
    let params = &table["contracts"][0]["params"];
    assert_eq!(
        (params["reserve"].as_integer(), params["limit"].as_integer()),
        (Some(40), Some(41)),
        "{text}"
    );
}

#[test]
fn a_parameter_with_a_default_is_given_if_a_guard_needs_another() {
    let flag = (
        "[params]\n",
        "[params]\nopen = { type = \"bool\", default = false }\nfee = { type = \"u8\", default = 3 }\n",
    );
    let guard =
        ("guard = \"arg.amount >= param.reserve\"", "guard = \"param.open && arg.amount > param.fee\"");
    let (table, gaps, text) = against(AUCTION, &[flag, guard], "never offer.Live");
    assert_eq!(gaps, [], "{text}");
    let params = table["contracts"][0]["params"].as_table().expect("params");
    assert_eq!(params.get("open").and_then(toml::Value::as_bool), Some(true), "{text}");
    assert_eq!(params.get("fee"), None, "{text}");
    assert_eq!(table["steps"][0]["args"]["amount"].as_integer(), Some(4), "{text}");
}

#[test]
fn a_moment_that_is_a_number_is_set() {
    let (table, gaps, text) = scenario(
        AUCTION,
        &[
            ("opens = \"item.ends + 86_400_000\" }", "opens = \"50_000\" }"),
            (
                "from = { offer = [\"Live\"] }\ncaller = [\"bidder\"]\ntouches",
                "from = { offer = [\"Live\"] }\nwindow = { clock = \"time\", opens = \"40_000\" }\nsends = [{ asset = \"native\", max = \"any\" }]\nescrows = [{ cell = \"coins\", pays_out = true }]\ntouches",
            ),
        ],
    );
    assert_eq!(gaps, [], "{text}");
    let steps = table["steps"].as_array().expect("steps");
    assert_eq!(steps.last().and_then(|step| step["at_ms"].as_integer()), Some(39_000), "{text}");
}

#[test]
fn moments_long_past_and_approvals_are_gaps() {
    let take = "from = { offer = [\"Live\"] }\nwindow = { clock = \"time\", opens = \"900\" }\nsends = [{ asset = \"native\", max = \"any\" }]\nescrows = [{ cell = \"coins\", pays_out = true }]\ntouches";
    let (_, gaps, text) = scenario(
        AUCTION,
        &[
            ("opens = \"item.ends + 86_400_000\" }", "opens = \"50_000\" }"),
            ("from = { offer = [\"Live\"] }\ncaller = [\"bidder\"]\ntouches", take),
        ],
    );
    assert!(matches!(gaps.as_slice(), [Gap::Past { until, .. }] if until == "time 900"), "{text}");
    let guard = (
        "from = { main = [\"Aborting\"] }",
        "from = { main = [\"Aborting\"] }\nguard = \"sum(tallies) > 0\"",
    );
    // Scenarios have six accounts; a set that asks for seven is more than they can say.
    let set = ("members_max = 5\nthreshold = 3", "members_max = 7\nthreshold = 7");
    let list = ("list<account, 5>", "list<account, 7>");
    let (_, gaps, text) = scenario(POOL, &[guard, set, list]);
    assert!(matches!(gaps.as_slice(), [Gap::Approvals { method, .. }] if method == "abort"), "{text}");
}

#[test]
fn what_is_to_come_after_the_clock_comes_after_the_run() {
    let keyed = "item = { new = \"deals\", key = [\"arg.id\"] }\n";
    let guarded = |guard: &str| format!("{keyed}guard = \"{guard}\"\n");
    let ends = |guard: &str| {
        let (table, gaps, text) =
            against(ESCROW, &[(keyed, guarded(guard).as_str())], "never deal.Cancelled");
        assert_eq!(gaps, [], "{text}");
        let steps = table["steps"].as_array().expect("steps").clone();
        assert_eq!(steps.len(), 2, "{text}");
        steps[0]["args"]["ends"].as_integer().expect("a number")
    };
    // Creation and upload come first: `open` is in block 3, `cancel` in block 4.
    assert_eq!(ends("arg.ends > height"), 3 + 2 + 1);
    assert_eq!(ends("height + 10 <= arg.ends"), 3 + 10 + 2);
    assert_eq!(ends("arg.ends > time"), 1_000 + 3 * 1_000 + 2 * 1_000 + 1);
    // What has passed needs no other value than the canonical one.
    assert_eq!(ends("arg.ends <= height"), 1);
}

#[test]
fn moments_that_fields_name_are_chosen_and_waited_for() {
    let closes = ("opens = \"item.ends\"", "opens = \"item.ends\", closes = \"item.ends + 1_000\"");
    let (table, gaps, text) = scenario(ESCROW, &[closes]);
    assert_eq!(gaps, [], "{text}");
    let steps = table["steps"].as_array().expect("steps");
    // `fund` is in block 4, at 5 seconds, and the run takes two blocks: `ends` is past both.
    assert_eq!(steps[0]["args"]["ends"].as_integer(), Some(5_000 + 2_000 + 1), "{text}");
    let last = steps.last().expect("a step");
    assert_eq!(last["at_ms"].as_integer(), Some(7_001 + 1_000 - 1_000), "{text}");
    let held = &last["expect"]["escrows"][0];
    assert_eq!((held["cell"].as_str(), held["holds"].as_bool()), (Some("deposits"), Some(true)), "{text}");
    assert_eq!(held["key"][0].as_integer(), Some(7), "{text}");
    // Without an argument of its name a field is what the code writes, and the scenario says what that is taken to be.
    let gap = ("guard = \"item.amount >= param.limit\"", "guard = \"item.amount > param.limit\"");
    let (_, gaps, text) = scenario(AUCTION, &[gap]);
    assert_eq!(gaps, [], "{text}");
    assert!(text.contains("# The code is taken to write 7001 into field ends of offers."), "{text}");
    assert!(text.contains("# The code is taken to write \"@C\" into field seller of offers."), "{text}");
    assert!(!text.contains("field amount"), "{text}");
}

#[test]
fn who_takes_alone_is_who_calls() {
    let besides = (
        "from = { vault = [\"Held\"] }\ncaller = [\"owner\"]\nescrows",
        "from = { vault = [\"Held\"] }\ncaller = [\"owner\", \"warden\"]\nescrows",
    );
    let (table, _, text) = scenario(CUSTODY, &[besides]);
    let last = table["steps"].as_array().and_then(|steps| steps.last()).expect("a step");
    assert_eq!(last["caller"].as_str(), Some("@A"), "the warden, not the owner: {text}");
    assert_eq!(last["expect"]["escrows"][0]["holds"].as_bool(), Some(false), "{text}");
}

#[test]
fn what_may_not_be_sent_is_not_taken() {
    let unsent = [
        (
            "from = { vault = [\"Held\"] }\ncaller = [\"owner\"]\nescrows",
            "from = { vault = [\"Held\"] }\nescrows",
        ),
        ("sends = [{ asset = \"native\", max = \"any\" }]\n", ""),
    ];
    // The host lets nothing out of an escrow beyond the method's `sends`.
    assert_eq!(violated(&report(&edited(CUSTODY, &unsent), &[], None)).len(), 0);
}

#[test]
fn scenarios_have_the_fields_that_the_format_knows() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../node/src/scenario/schema.rs");
    let schema = std::fs::read_to_string(schema).expect("the schema of scenarios");
    let (table, ..) = scenario(
        CUSTODY,
        &[(
            "from = { vault = [\"Held\"] }\ncaller = [\"owner\"]\nescrows",
            "from = { vault = [\"Held\"] }\nescrows",
        )],
    );
    let known = |name: &str| schema.contains(&format!("pub {name}: "));
    let contracts = table["contracts"].as_array().expect("contracts");
    let steps = table["steps"].as_array().expect("steps");
    let inner = contracts.iter().chain(steps).filter_map(toml::Value::as_table).flat_map(toml::Table::keys);
    for name in table.keys().chain(inner) {
        assert!(known(name), "{name}");
    }
}

#[test]
fn json_of_nothing_is_still_whole() {
    let json: Value = to_json(&report(&edited(TOKEN, &[]), &[], None));
    assert!(json["claims"].as_array().is_some_and(|claims| !claims.is_empty()));
}
