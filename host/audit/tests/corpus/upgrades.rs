//! P10: upgrades that keep what was promised, and upgrades that do not.

use chainstack_audit::{Property::P10, UpgradeVerdict, diff};

use super::broken::REFUSED;
use super::{AUCTION, BASES, CUSTODY, ESCROW, Edits, POOL, TOKEN, check_fault, check_good, edited, report};

const ALLOWED: [(&str, &str, Edits); 8] = [
    (
        "a parameter with a default",
        POOL,
        &[("guardians = \"Members\"", "guardians = \"Members\"\nfee = { type = \"u8\", default = 3 }")],
    ),
    (
        "an exit opens earlier",
        AUCTION,
        &[("opens = \"item.ends + 86_400_000\"", "opens = \"item.ends + 3_600_000\"")],
    ),
    (
        "an exit from more states",
        ESCROW,
        &[(
            "from = { deal = [\"Funded\"] }\nwindow = { clock = \"time\", opens",
            "from = { deal = [\"Funded\", \"Open\"] }\nwindow = { clock = \"time\", opens",
        )],
    ),
    (
        "a new state",
        TOKEN,
        &[
            ("Paused = 2 }", "Paused = 2, Stopped = 3 }"),
            ("to = { main = [\"Paused\"] }", "to = { main = [\"Paused\", \"Stopped\"] }"),
            ("from = { main = [\"Paused\"] }", "from = { main = [\"Paused\", \"Stopped\"] }"),
        ],
    ),
    (
        "a method less",
        CUSTODY,
        &[(
            "[transitions.withdraw]\nargs = { id = \"u64\", amount = \"u128\" }\nitem = { existing = \"vaults\", key = [\"arg.id\"] }\nfrom = { vault = [\"Held\"] }\ncaller = [\"owner\"]\nescrows = [{ cell = \"coins\", pays_out = true }]\nsends = [{ asset = \"native\", max = \"any\" }]\nceilings = { gas = 100_000, reads = 1, writes = 1 }\n",
            "",
        )],
    ),
    (
        "a field that may not change any more",
        AUCTION,
        &[
            (
                "head = { pause_ends = { type = \"u64\", write_once = false } }",
                "head = { pause_ends = \"u64\" }",
            ),
            (", head = [\"pause_ends\"]", ""),
        ],
    ),
    ("a larger map", CUSTODY, &[("max_entries = 100", "max_entries = 200")]),
    ("a longer delay", TOKEN, &[("delay_blocks = 100", "delay_blocks = 1_000")]),
];

#[test]
fn p10_nothing_changes() {
    for base in BASES {
        let manifest = edited(base, &[]);
        let found = diff(&manifest, &manifest);
        assert_eq!((found.verdict, found.changes.len()), (UpgradeVerdict::Allowed, 0));
    }
}

#[test]
fn p10_what_was_promised_is_refused() {
    for (name, base, edits, rule) in REFUSED {
        let (old, new) = (edited(base, &[]), edited(base, edits));
        check_good(name, &report(&new, &[], None));
        let found = diff(&old, &new);
        assert_eq!(found.verdict, UpgradeVerdict::Refused, "{name}");
        assert!(found.changes.iter().any(|change| change.rule == rule), "{name}: {:?}", found.changes);
        let refused = found.changes.iter().filter(|change| change.verdict == UpgradeVerdict::Refused);
        assert!(refused.into_iter().any(|change| change.rule == rule), "{name}");
        check_fault(name, &report(&new, &[], Some(&old)), P10, false);
    }
}

#[test]
fn p10_what_keeps_its_promises_is_allowed() {
    for (name, base, edits) in ALLOWED {
        let (old, new) = (edited(base, &[]), edited(base, edits));
        check_good(name, &report(&new, &[], Some(&old)));
        let found = diff(&old, &new);
        assert_eq!(found.verdict, UpgradeVerdict::Allowed, "{name}");
        assert!(!found.changes.is_empty() || base != TOKEN || name == "a longer delay", "{name}");
    }
}

#[test]
fn p10_an_exit_from_fewer_states() {
    let from = (
        "from = { deal = [\"Funded\"] }\nwindow = { clock = \"time\", opens",
        "from = { deal = [\"Funded\", \"Open\"] }\nwindow = { clock = \"time\", opens",
    );
    let (old, new) = (edited(ESCROW, &[from]), edited(ESCROW, &[]));
    assert_eq!(diff(&old, &new).changes.iter().map(|change| change.rule).collect::<Vec<_>>(), ["from"]);
    check_fault("an exit from fewer states", &report(&new, &[], Some(&old)), P10, false);
}

#[test]
fn p10_a_dropped_cell_must_be_empty() {
    let old = edited(POOL, &[]);
    let new = edited(
        POOL,
        &[
            ("[cells.tallies]\nid = 2\nkind = \"ledger\"\nkey = { owner = \"account\" }\nsum = true\n", ""),
            ("touches = [{ cell = \"tallies\", key = [\"caller\"], ops = [\"add\"] }]\n", ""),
        ],
    );
    assert_eq!(diff(&old, &new).verdict, UpgradeVerdict::AllowedIfEmpty);
}

#[test]
fn p10_no_policy_no_upgrade() {
    let none = [("[upgrade]\nrole = \"pauser\"\ndelay_blocks = 100\n", "")];
    let (old, new) = (edited(TOKEN, &none), edited(TOKEN, &[]));
    assert_eq!(diff(&old, &new).verdict, UpgradeVerdict::Refused);
}
