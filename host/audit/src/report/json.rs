//! The report as JSON: every field of it, by name.

use serde_json::{Map, Value, json};

use super::{Claim, CounterexampleStep, Deadline, Lock, Report, StepKind};
use chainstack_primitives::manifest::Clock;

/// Version of the JSON's shape.
const SCHEMA: u32 = 1;

/// The report for programs.
#[must_use]
pub fn to_json(report: &Report) -> Value {
    json!({
        "schema": SCHEMA,
        "contract": report.contract,
        "manifest": report.manifest.to_string(),
        "states": report.states,
        "claims": report.claims.iter().map(claim).collect::<Vec<_>>(),
    })
}

fn claim(claim: &Claim) -> Value {
    let subject: Map<String, Value> =
        claim.subject.parts().map(|(what, name)| (what.to_owned(), Value::from(name))).collect();
    let run = claim.counterexample.as_ref().map(|run| run.steps.iter().map(step).collect::<Vec<_>>());
    json!({
        "id": claim.id,
        "property": claim.property.id(),
        "verdict": claim.verdict.name(),
        "evidence": claim.evidence.label(),
        "subject": subject,
        "sentence": claim.sentence,
        "lock": claim.lock.as_ref().map(lock),
        "counterexample": run,
    })
}

/// How long value can stay, for programs.
pub(super) fn lock(lock: &Lock) -> Value {
    match lock {
        Lock::AtOnce => json!({ "kind": "at_once" }),
        Lock::Until(moments) => {
            json!({ "kind": "until", "moments": moments.iter().map(deadline).collect::<Vec<_>>() })
        }
        Lock::Postponed { deadline: waits, by } => {
            json!({ "kind": "postponed", "moments": [deadline(waits)], "by": by })
        }
        Lock::Trapped => json!({ "kind": "trapped" }),
    }
}

fn deadline(found: &Deadline) -> Value {
    let clock = match found.clock {
        Clock::Height => "height",
        Clock::TimeMs => "time_ms",
    };
    json!({
        "clock": clock,
        "expression": found.expression,
        "item": found.item,
        "at": found.at,
        "at_most": found.at_most,
    })
}

fn step(step: &CounterexampleStep) -> Value {
    let done = match &step.kind {
        StepKind::Create => json!({ "create": true }),
        StepKind::Call { method, role } => json!({ "call": method, "role": role }),
        StepKind::Poke { exit } => json!({ "poke": exit }),
        StepKind::Wait { until, at, .. } => json!({ "wait_until": until, "at": at }),
        StepKind::Propose { role } => json!({ "propose": true, "role": role }),
        StepKind::Missing { role } => json!({ "missing": role }),
    };
    let refused = step.refused.as_ref().map(|by| json!({ "code": by.code, "name": by.name() }));
    json!({
        "step": done,
        "other_item": step.other_item,
        "assumed": step.assumed,
        "state": step.state,
        "refused": refused,
    })
}
