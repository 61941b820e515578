//! The page of an audit: verdict, findings with their runs, machines, power, exits, bounds, trust, every claim.
//!
//! Pure: a report and a manifest become a page, which `chainstack_client` writes as HTML. Nothing is read or asked.

use chainstack_audit::{
    Claim, CounterexampleStep, Evidence, Property, Replay, Report, Verdict, Version, to_scenario,
};
use chainstack_client::inspect::{
    self, DepositPrices,
    page::{self, Banner, Block, Finding, FindingStep, Judged, Page, Section, Tone},
};
use chainstack_primitives::manifest::Manifest;

/// What an audit's page is made of.
pub(super) struct Audited<'a> {
    pub manifest: &'a Manifest,
    pub report: &'a Report,
    /// What was audited, as the command names it.
    pub target: &'a str,
    /// The version that it is to replace.
    pub previous: Option<Version<'a>>,
    /// Hash and length of the code, if it was there.
    pub code: Option<(String, usize)>,
    pub prices: &'a DepositPrices,
    pub replay: Replay,
}

/// The page.
pub(super) fn page(audited: &Audited<'_>) -> Page {
    let abi = inspect::abi(audited.manifest);
    let mut exits = page::exits(&abi);
    let of = |properties: &[Property]| {
        let claims = audited.report.claims.iter();
        claims.filter(|claim| properties.contains(&claim.property)).map(judged).collect::<Vec<_>>()
    };
    let leaves = of(&[Property::P3]);
    if !leaves.is_empty() {
        exits.extend([Block::Heading("does all value leave".to_owned()), Block::Judged(leaves)]);
    }
    let locks = of(&[Property::P5]);
    if !locks.is_empty() {
        exits.extend([Block::Heading("longest lock".to_owned()), Block::Judged(locks)]);
    }
    Page {
        title: format!("audit of {}", audited.manifest.name),
        facts: Vec::new(),
        sections: vec![
            verdict(audited),
            page::machines(&inspect::machines(audited.manifest)),
            page::power(&inspect::power(audited.manifest, None)),
            Section { title: "Exits and lock".to_owned(), blocks: exits },
            page::bounds(&inspect::bounds(audited.manifest, audited.prices, None)),
            page::trust(&inspect::trust(audited.manifest)),
            claims(audited.report),
            page::legend(),
        ],
    }
}

/// The answer, what it is about, and whatever asks for attention.
fn verdict(audited: &Audited<'_>) -> Section {
    let report = audited.report;
    let mut blocks = vec![Block::Banner(banner(report))];
    let doc = &audited.manifest.doc;
    if !doc.is_empty() {
        blocks.push(Block::Text(format!("It says of itself: {doc}")));
    }
    let code = audited.code.as_ref().map_or_else(
        || "There was no code to look at: the declaration alone was audited.".to_owned(),
        |(hash, bytes)| format!("Code `{hash}`, {bytes} bytes."),
    );
    let searched = report.states.map_or_else(
        || "The model was not searched to its end.".to_owned(),
        |states| format!("Every run through the {states} states of its model was covered."),
    );
    blocks.push(Block::Text(format!("Manifest `{}`. {code} {searched}", report.manifest)));
    let open = |claim: &&Claim| matches!(claim.verdict, Verdict::Violated | Verdict::Undecided);
    // What is violated comes before what is not known.
    let mut found: Vec<&Claim> = report.claims.iter().filter(open).collect();
    found.sort_by_key(|claim| claim.verdict);
    blocks.extend(found.into_iter().map(|claim| Block::Finding(Box::new(finding(audited, claim)))));
    Section { title: "Verdict".to_owned(), blocks }
}

fn banner(report: &Report) -> Banner {
    let (violated, undecided) = (report.violations().count(), report.undecided().count());
    let (tone, title) = match (violated, undecided) {
        (0, 0) => (Tone::Good, "Nothing that was asked is violated".to_owned()),
        (0, _) => (Tone::Open, format!("Not decided: {}", counted(undecided, "question"))),
        _ => (Tone::Bad, format!("{} violated", counted(violated, "claim"))),
    };
    let evidence = [Evidence::Proven, Evidence::Enforced, Evidence::Tested, Evidence::Assumed];
    let each = evidence.iter().filter_map(|evidence| {
        let count = report.claims.iter().filter(|claim| claim.evidence == *evidence).count();
        (count > 0).then(|| format!("{count} {evidence}"))
    });
    let each: Vec<String> = each.collect();
    let text = format!(
        "{}: {violated} violated, {undecided} undecided; {}.",
        counted(report.claims.len(), "claim"),
        each.join(", ")
    );
    Banner { tone, title, text }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn judged(claim: &Claim) -> Judged {
    let tone = match claim.verdict {
        Verdict::Holds => Tone::Good,
        Verdict::Violated => Tone::Bad,
        Verdict::Undecided => Tone::Open,
        Verdict::Stated => Tone::Fact,
    };
    let evidence = match claim.evidence {
        Evidence::Proven => inspect::Evidence::Proven,
        Evidence::Enforced => inspect::Evidence::Enforced,
        Evidence::Tested => inspect::Evidence::Tested,
        Evidence::Assumed => inspect::Evidence::Assumed,
    };
    Judged { tone, stands: claim.verdict.name().to_owned(), evidence, text: claim.sentence.clone() }
}

fn finding(audited: &Audited<'_>, claim: &Claim) -> Finding {
    let run = claim.counterexample.iter().flat_map(|run| &run.steps);
    let version = Version { manifest: audited.manifest, wasm: audited.target };
    let scenario = to_scenario(version, audited.previous, claim, audited.replay);
    let (file, notes) = match scenario {
        Some(scenario) => {
            let gap = |gap: &chainstack_audit::Gap| format!("Not in the scenario: {gap}.");
            let name = "The run as a scenario file, for chainstack test".to_owned();
            let mut notes: Vec<String> = scenario.gaps.iter().map(gap).collect();
            if audited.code.is_none() {
                notes.push("The scenario needs the path of a module as its `wasm`.".to_owned());
            }
            (Some((name, "toml", scenario.text)), notes)
        }
        None => (None, Vec::new()),
    };
    Finding {
        title: format!("{} {}", claim.property.id(), claim.property.title()),
        claim: judged(claim),
        steps: run.map(step).collect(),
        file,
        notes,
    }
}

fn step(step: &CounterexampleStep) -> FindingStep {
    let given = step.assumed.iter().map(|condition| format!("given {condition}"));
    FindingStep { does: step.does(), notes: given.chain([format!("then {}", step.state)]).collect() }
}

/// Every claim, below what was asked.
fn claims(report: &Report) -> Section {
    let mut blocks = Vec::new();
    for property in Property::ALL {
        let found = report.claims.iter().filter(|claim| claim.property == property);
        let found: Vec<Judged> = found.map(judged).collect();
        if !found.is_empty() {
            blocks.push(Block::Heading(format!("{} {}", property.id(), property.title())));
            blocks.push(Block::Judged(found));
        }
    }
    Section { title: "Every claim".to_owned(), blocks }
}
