//! P9: stated properties, each kept by a base and broken by one edit; and texts that are no properties.

use chainstack_audit::{Property::P9, PropertyError, PropertyText};

use super::{AUCTION, CUSTODY, ESCROW, Edits, POOL, TOKEN, check_fault, check_good, edited, report};

/// What is wrong, the property, the base that keeps it, and the edits that break it.
type Case = (&'static str, &'static str, &'static str, Edits);

const CASES: [Case; 8] = [
    (
        "paid without being confirmed",
        "deal.Paid only after confirm",
        ESCROW,
        &[(
            "[exits.pay]",
            "[transitions.skip]\nargs = { id = \"u64\" }\nitem = { existing = \"deals\", key = [\"arg.id\"] }\nfrom = { deal = [\"Funded\"] }\nto = { deal = [\"Confirmed\"] }\ncaller = [\"buyer\"]\nceilings = { gas = 100 }\n\n[exits.pay]",
        )],
    ),
    (
        "cancelled though funded",
        "cancel only after open",
        ESCROW,
        &[(
            "[exits.pay]",
            "[transitions.open_two]\nargs = { id = \"u64\" }\nitem = { new = \"deals\", key = [\"arg.id\"] }\ntouches = [{ cell = \"deals\", key = [\"arg.id\"], ops = [\"set\"] }]\nceilings = { gas = 100, writes = 1, new_entries = 1 }\n\n[exits.pay]",
        )],
    ),
    (
        "value while it is open",
        "never deal.Open && holds(deposits)",
        ESCROW,
        &[
            (
                "from = { deal = [\"Open\"] }\nto = { deal = [\"Funded\"] }",
                "from = { deal = [\"Open\"] }\nto = { deal = [\"Funded\", \"Open\"] }",
            ),
            (
                "from = { deal = [\"Funded\"] }\nwindow = { clock = \"time\", opens",
                "from = { deal = [\"Funded\", \"Open\"] }\nwindow = { clock = \"time\", opens",
            ),
            (
                "from = { deal = [\"Open\"] }\nto = { deal = [\"Cancelled\"] }",
                "from = { deal = [\"Open\"] }\nto = { deal = [\"Cancelled\"] }\nguard = \"escrowed(deposits) == 0\"",
            ),
        ],
    ),
    (
        "an offer sold at once",
        "sell_small only after accept",
        AUCTION,
        &[
            (
                "from = { offer = [\"Live\"] }\nto = { offer = [\"Accepted\"] }",
                "from = { offer = [\"Live\"] }\nto = { offer = [\"Accepted\"] }\nguard = \"item.lot > 0\"",
            ),
            (
                "[upgrade]",
                "[transitions.take]\nargs = { lot = \"u64\", number = \"u64\" }\nitem = { existing = \"offers\", key = [\"arg.lot\", \"arg.number\"] }\nfrom = { offer = [\"Live\"] }\nto = { offer = [\"Accepted\"] }\ncaller = [\"bidder\"]\nceilings = { gas = 100 }\n\n[upgrade]",
            ),
        ],
    ),
    ("a closed vault that holds value", "always !vault.Closed || !holds(coins)", CUSTODY, &[]),
    ("a vault that only its owner closes", "eventually vault.Closed by exits", CUSTODY, &[]),
    ("a pause", "never main.Paused", TOKEN, &[]),
    ("an end that fails", "eventually (main.Done || main.Failed) by exits", POOL, &[]),
];

fn properties(base: &str, edits: &[(&str, &str)], text: &str) -> chainstack_audit::Report {
    let manifest = edited(base, edits);
    let property = PropertyText::parse(&manifest, text).unwrap_or_else(|error| panic!("{error}: {text}"));
    report(&manifest, &[property], None)
}

/// Breaks that are faults of the property alone: the manifest is otherwise without one.
const BROKEN: [Case; 4] = [
    ("a closed vault that holds value", "never vault.Closed", CUSTODY, &[]),
    ("the end by exits before it is confirmed", "eventually deal.Paid by exits", ESCROW, &[]),
    ("a pause", "always main.Active", TOKEN, &[]),
    ("done only after it is aborted", "finish only after abort", POOL, &[]),
];

#[test]
fn p9_kept_by_the_base_and_broken_by_an_edit() {
    for (name, text, base, edits) in CASES.iter().filter(|(.., edits)| !edits.is_empty()) {
        check_good(name, &properties(base, &[], text));
        check_fault(name, &properties(base, edits, text), P9, true);
    }
}

#[test]
fn p9_kept() {
    for (name, text, base, _) in
        CASES.iter().filter(|(_, text, _, edits)| edits.is_empty() && *text != "never main.Paused")
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
