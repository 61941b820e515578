//! P9: stated properties, each kept by a base and broken by one edit; and texts that are no properties.

use chainstack_audit::{Property::P9, PropertyError, PropertyText};

use super::faults::{BROKEN, STATED};
use super::{ESCROW, TOKEN, check_fault, check_good, edited, report};

fn properties(base: &str, edits: &[(&str, &str)], text: &str) -> chainstack_audit::Report {
    let manifest = edited(base, edits);
    let property = PropertyText::parse(&manifest, text).unwrap_or_else(|error| panic!("{error}: {text}"));
    report(&manifest, &[property], None)
}

#[test]
fn p9_kept_by_the_base_and_broken_by_an_edit() {
    for (name, text, base, edits) in STATED.iter().filter(|(.., edits)| !edits.is_empty()) {
        check_good(name, &properties(base, &[], text));
        check_fault(name, &properties(base, edits, text), P9, true);
    }
}

#[test]
fn p9_kept() {
    for (name, text, base, _) in
        STATED.iter().filter(|(_, text, _, edits)| edits.is_empty() && *text != "never main.Paused")
    {
        check_good(name, &properties(base, &[], text));
    }
}

#[test]
fn p9_broken_in_the_base() {
    for (name, text, base, edits) in BROKEN {
        check_good(name, &report(&edited(base, edits), &[], None));
        check_fault(name, &properties(base, edits, text), P9, true);
    }
    check_fault("a pause", &properties(TOKEN, &[], "never main.Paused"), P9, true);
}

#[test]
fn what_is_no_property_is_refused_by_its_reason() {
    let manifest = edited(ESCROW, &[]);
    let parse = |text: &str| PropertyText::parse(&manifest, text).expect_err(text);
    assert_eq!(parse("deal.Open"), PropertyError::NoTemplate);
    assert_eq!(parse("always item.price > 0"), PropertyError::NotAStatePredicate { found: '>' });
    assert_eq!(
        parse("never deal.Opened"),
        PropertyError::Unknown { what: "state", name: "deal.Opened".into() }
    );
    assert_eq!(parse("never escrow.Open"), PropertyError::Unknown { what: "machine", name: "escrow".into() });
    assert_eq!(parse("never holds(deals)"), PropertyError::Unknown { what: "escrow", name: "deals".into() });
    assert_eq!(
        parse("pay only after shout"),
        PropertyError::Unknown { what: "method or exit", name: "shout".into() }
    );
    assert_eq!(parse("never (deal.Open"), PropertyError::Expected { what: ")", found: String::new() });
    assert_eq!(
        parse("never deal.Open deal.Paid"),
        PropertyError::Expected { what: "the end", found: "deal.Paid".into() }
    );
    assert_eq!(parse(&format!("never {}deal.Open", "!".repeat(40))), PropertyError::TooDeep { limit: 32 });
    assert_eq!(parse(&"x".repeat(1025)), PropertyError::TooLong { found: 1025, limit: 1024 });
    let both = edited(ESCROW, &[("[exits.pay]", "[exits.confirm]")]);
    let ambiguous = PropertyText::parse(&both, "confirm only after fund").expect_err("ambiguous");
    assert_eq!(ambiguous, PropertyError::Ambiguous { name: "confirm".into() });
}
