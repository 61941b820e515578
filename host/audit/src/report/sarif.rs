//! The report as SARIF 2.1.0, for code review tools: one rule for each property, one result for each claim that is
//! violated or undecided. How long each escrow can keep value is among the properties of the run, by the claim's id.

use serde_json::{Map, Value, json};

use super::{Claim, Property, Report, Verdict, json::lock};

/// The report for code review tools. `artifact` is the address of the manifest or module that results point at.
#[must_use]
pub fn to_sarif(report: &Report, artifact: &str) -> Value {
    let rules: Vec<Value> = Property::ALL.iter().map(|property| rule(*property)).collect();
    let shown = |claim: &&Claim| matches!(claim.verdict, Verdict::Violated | Verdict::Undecided);
    let results: Vec<Value> =
        report.claims.iter().filter(shown).map(|claim| result(report, claim, artifact)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "chainstack audit",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
            "properties": { "locks": locks(report) },
        }],
    })
}

fn locks(report: &Report) -> Map<String, Value> {
    let found = report.claims.iter().filter_map(|claim| Some((claim.id.clone(), lock(claim.lock.as_ref()?))));
    found.collect()
}

fn rule(property: Property) -> Value {
    json!({ "id": property.id(), "shortDescription": { "text": property.title() } })
}

fn result(report: &Report, claim: &Claim, artifact: &str) -> Value {
    let level = if claim.verdict == Verdict::Violated { "error" } else { "warning" };
    let rule = Property::ALL.iter().position(|property| *property == claim.property);
    let logical: Vec<Value> = claim
        .subject
        .parts()
        .map(|(what, name)| {
            json!({ "name": name, "kind": what, "fullyQualifiedName": format!("{}.{name}", report.contract) })
        })
        .collect();
    let location = json!({ "physicalLocation": { "artifactLocation": { "uri": artifact } }, "logicalLocations": logical });
    let flows: Vec<Value> = claim
        .counterexample
        .iter()
        .map(|run| {
            let steps: Vec<Value> = run
                .steps
                .iter()
                .map(|step| {
                    let message = format!("{} -> {}", step.does(), step.state);
                    json!({ "location": { "message": { "text": message } } })
                })
                .collect();
            json!({ "threadFlows": [{ "locations": steps }] })
        })
        .collect();
    json!({
        "ruleId": claim.property.id(),
        "ruleIndex": rule,
        "level": level,
        "message": { "text": format!("{} [{}]", claim.sentence, claim.evidence) },
        "locations": [location],
        "partialFingerprints": { "claimId/v1": claim.id },
        "codeFlows": flows,
        "properties": {
            "evidence": claim.evidence.label(),
            "verdict": claim.verdict.name(),
            "lock": claim.lock.as_ref().map(lock),
        },
    })
}
