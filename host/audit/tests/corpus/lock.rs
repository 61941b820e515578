//! P5 as a field: the clock, the expression and the number of the moments that exits wait for.

use chainstack_audit::{Property, to_json, to_sarif};
use serde_json::{Value, json};

use super::{AUCTION, CUSTODY, ESCROW, Edits, POOL, edited, report};

/// The locks of a manifest: what each claim of P5 says as a field and in words.
fn locks(base: &str, edits: Edits) -> Vec<(Value, String)> {
    let found = report(&edited(base, edits), &[], None);
    let json = to_json(&found);
    let claims = json["claims"].as_array().expect("claims");
    let (locks, others): (Vec<&Value>, Vec<&Value>) =
        claims.iter().partition(|claim| claim["property"] == Property::P5.id());
    assert!(others.iter().all(|claim| claim["lock"].is_null()), "{others:?}");
    // The same stands in the report for review tools, whether a claim is a result there or not.
    let sarif = to_sarif(&found, "manifest.toml");
    let run = &sarif["runs"][0];
    assert_eq!(run["properties"]["locks"].as_object().map(|all| all.len()), Some(locks.len()), "{run}");
    for claim in &locks {
        let id = claim["id"].as_str().expect("an id");
        assert_eq!(run["properties"]["locks"][id], claim["lock"], "{id}");
        let results = run["results"].as_array().expect("results").iter();
        for result in results.filter(|result| result["partialFingerprints"]["claimId/v1"] == id) {
            assert_eq!(result["properties"]["lock"], claim["lock"], "{id}");
        }
    }
    let text = |claim: &Value| claim["sentence"].as_str().expect("a sentence").to_owned();
    locks.into_iter().map(|claim| (claim["lock"].clone(), text(claim))).collect()
}

/// A moment as programs read it.
fn moment(clock: &str, expression: &str, item: Option<&str>, (at, at_most): (Value, Value)) -> Value {
    json!({ "clock": clock, "expression": expression, "item": item, "at": at, "at_most": at_most })
}

const ENDS: &str = "opens = \"item.ends\"";
const LATER: &str = "opens = \"item.ends + 86_400_000\"";

#[test]
fn a_lock_names_what_exits_wait_for_and_its_sentence_says_the_same() {
    let unknown = || (Value::Null, Value::Null);
    let ends = moment("time_ms", "item.ends", Some("deals"), unknown());
    let cases: [(&str, Edits, Value, &str); 7] = [
        (
            CUSTODY,
            &[],
            json!({ "kind": "at_once" }),
            "Exits can empty escrow `coins` at once, in every state.",
        ),
        (
            ESCROW,
            &[],
            json!({ "kind": "until", "moments": [ends.clone()] }),
            "Exits can empty escrow `deposits` at the latest from time item.ends (as it is set once, without a bound \
             of its own).",
        ),
        (
            POOL,
            &[],
            json!({
                "kind": "until",
                "moments": [moment("height", "param.ends", None, (Value::Null, json!(2_000_000)))],
            }),
            "Exits can empty escrow `pool` at the latest from height param.ends (at most 2000000).",
        ),
        // A moment past 64 bits never comes.
        (
            POOL,
            &[("opens = \"param.ends\"", "opens = \"20_000_000_000_000_000_000\"")],
            json!({ "kind": "trapped" }),
            "Value in escrow `pool` can stay without end: see what traps it.",
        ),
        (
            ESCROW,
            &[(ENDS, "opens = \"1_900_000_000_000\"")],
            json!({
                "kind": "until",
                "moments": [
                    ends,
                    moment("time_ms", "1900000000000", None, (json!(1_900_000_000_000_u64), Value::Null)),
                ],
            }),
            "Exits can empty escrow `deposits` at the latest from time item.ends (as it is set once, without a bound \
             of its own) and time 1900000000000.",
        ),
        (
            AUCTION,
            &[(LATER, "opens = \"item.ends + count(marks)\"")],
            json!({
                "kind": "postponed",
                "moments": [moment("time_ms", "item.ends + count(marks)", Some("offers"), unknown())],
                "by": "method `mark`",
            }),
            "Value in escrow `coins` can be locked without end: exits wait for time item.ends + count(marks), and \
             method `mark` can move that again.",
        ),
        (
            ESCROW,
            &[(ENDS, "opens = \"item.ends\", closes = \"item.ends + 1_000\"")],
            json!({ "kind": "trapped" }),
            "Value in escrow `deposits` can stay without end: see what traps it.",
        ),
    ];
    for (base, edits, lock, sentence) in cases {
        assert_eq!(locks(base, edits), [(lock, sentence.to_owned())], "{edits:?}");
    }
}
