//! Good manifests, and the same with one fault each: the audit must name exactly the property that is broken.
//!
//! A case is a base manifest (`base/*.toml`) with some of its text replaced; each text to replace must stand there
//! exactly once, so that a case differs from its base by what it says, and by nothing else.

mod attempts;
mod broken;
mod cases;
mod code;
mod faults;
mod given;
mod good;
mod limits;
mod lock;
mod power;
mod rendered;
mod search;
mod stated;
mod upgrades;

use std::collections::BTreeSet;

use chainstack_audit::{Options, Prices, Property, PropertyText, Report, audit, to_text};
use chainstack_client::manifest::from_toml;
use chainstack_primitives::manifest::Manifest;

pub(crate) const ESCROW: &str = include_str!("base/escrow.toml");
pub(crate) const AUCTION: &str = include_str!("base/auction.toml");
pub(crate) const CUSTODY: &str = include_str!("base/custody.toml");
pub(crate) const TOKEN: &str = include_str!("base/token.toml");
pub(crate) const POOL: &str = include_str!("base/pool.toml");
pub(crate) const BASES: [&str; 5] = [ESCROW, AUCTION, CUSTODY, TOKEN, POOL];

/// Texts to replace, and by what.
pub(crate) type Edits = &'static [(&'static str, &'static str)];

/// The manifest that `base` becomes by `edits`.
pub(crate) fn edited(base: &str, edits: &[(&str, &str)]) -> Manifest {
    let mut text = base.to_owned();
    for (find, replace) in edits {
        assert_eq!(text.matches(find).count(), 1, "stands exactly once: {find}");
        text = text.replace(find, replace);
    }
    let manifest = from_toml(&text).unwrap_or_else(|error| panic!("{error}\n{edits:?}"));
    manifest.validate().expect("valid");
    manifest
}

/// What the chain of the tests asks and allows.
pub(crate) const PRICES: Prices = Prices { block_gas: Some(1_000_000_000), deposit: Some((1_000, 10)) };

pub(crate) fn report(
    manifest: &Manifest,
    properties: &[PropertyText],
    previous: Option<&Manifest>,
) -> Report {
    audit(manifest, &Options { prices: PRICES, properties, previous, ..Options::default() })
}

pub(crate) fn violated(report: &Report) -> BTreeSet<Property> {
    report.violations().map(|claim| claim.property).collect()
}

/// Checks that exactly `expected` is violated, with a run to show it if `run` says so.
pub(crate) fn check_fault(name: &str, found: &Report, expected: Property, run: bool) {
    let text = to_text(found);
    assert_eq!(violated(found), BTreeSet::from([expected]), "{name}:\n{text}");
    assert_eq!(found.undecided().count(), 0, "{name}:\n{text}");
    if run {
        assert!(found.violations().any(|claim| claim.counterexample.is_some()), "{name}: a run\n{text}");
    }
}

pub(crate) fn check_good(name: &str, found: &Report) {
    let text = to_text(found);
    assert_eq!(found.violations().count(), 0, "{name}:\n{text}");
    assert_eq!(found.undecided().count(), 0, "{name}:\n{text}");
}

#[test]
#[expect(clippy::print_stdout, reason = "how large the corpus is, for whoever asks")]
fn the_corpus_is_as_large_as_promised() {
    let sets = [&faults::UNREACHED[..], &faults::STUCK, &faults::TRAPPED, &faults::POWERS];
    let more = [&faults::POSTPONED[..], &faults::SIZES, &faults::GUARDS, &faults::ENDED];
    let stated = faults::STATED.iter().filter(|(.., edits)| !edits.is_empty()).count() + faults::BROKEN.len();
    let counts = sets.into_iter().chain(more).map(<[_]>::len).chain([stated, broken::REFUSED.len()]);
    let cases: Vec<(Property, usize)> = Property::ALL.into_iter().zip(counts).collect();
    let faults: usize = cases.iter().map(|(_, count)| count).sum();
    let table: Vec<String> =
        cases.iter().map(|(property, count)| format!("{} {count}", property.id())).collect();
    let good = good::count();
    println!("observed: {faults} faults ({}), {good} without a fault", table.join(", "));
    assert!(cases.iter().all(|(_, count)| *count >= 5) && faults >= 60 && good >= 20, "{cases:?}, {good}");
    assert_eq!(cases.len(), Property::ALL.len());
}
