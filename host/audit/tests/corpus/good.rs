//! Manifests without a fault: the bases, and changes to them that break nothing.

use super::{AUCTION, BASES, CUSTODY, ESCROW, Edits, POOL, TOKEN, check_good, edited, report};

/// How many manifests here have no fault.
pub(crate) fn count() -> usize {
    BASES.len() + VARIANTS.len()
}

/// Harmless changes.
const VARIANTS: [(&str, &str, Edits); 23] = [
    (
        "an exit that takes from one ledger, and one that adds to another",
        ESCROW,
        &[
            (
                "[machines.deal]",
                "[cells.points]\nid = 3\nkind = \"ledger\"\nkey = { owner = \"account\" }\nsum = true\n\n[cells.debts]\nid = 4\nkind = \"ledger\"\nkey = { owner = \"account\" }\n\n[machines.deal]",
            ),
            (
                "effects = [{ release = \"deposits\", to = \"item.seller\" }]",
                "effects = [{ release = \"deposits\", to = \"item.seller\" }, { add = \"points\", key = [\"item.seller\"], amount = \"1\" }]",
            ),
            (
                "effects = [{ release = \"deposits\", to = \"item.buyer\" }]",
                "effects = [{ release = \"deposits\", to = \"item.buyer\" }, { sub = \"debts\", key = [\"item.buyer\"], amount = \"item.note\" }]",
            ),
        ],
    ),
    (
        "a method for one item may delete another",
        CUSTODY,
        &[(
            "[transitions.label]",
            "[transitions.drop]\nargs = { id = \"u64\", other = \"u64\" }\nitem = { existing = \"vaults\", key = [\"arg.id\"] }\nfrom = { vault = [\"Held\"] }\ncaller = [\"owner\"]\ntouches = [{ cell = \"vaults\", key = [\"arg.other\"], ops = [\"delete\"] }]\nceilings = { gas = 100, writes = 1 }\n\n[transitions.label]",
        )],
    ),
    (
        "a method may delete an item: the host keeps it while an escrow holds something for it",
        CUSTODY,
        &[(
            "[transitions.label]",
            "[transitions.drop]\nargs = { id = \"u64\" }\nitem = { existing = \"vaults\", key = [\"arg.id\"] }\nfrom = { vault = [\"Held\"] }\ncaller = [\"owner\"]\ntouches = [{ cell = \"vaults\", key = [\"arg.id\"], ops = [\"delete\"] }]\nceilings = { gas = 100, writes = 1 }\n\n[transitions.label]",
        )],
    ),
    ("a later end", POOL, &[("max = 2_000_000", "max = 3_000_000")]),
    (
        "a window by time",
        POOL,
        &[(
            "window = { clock = \"height\", closes = \"param.ends\" }\ntouches",
            "window = { clock = \"time\", closes = \"param.ends\" }\ntouches",
        )],
    ),
    (
        "a state by two ways",
        ESCROW,
        &[(
            "from = { deal = [\"Open\"] }\nto = { deal = [\"Cancelled\"] }",
            "from = { deal = [\"Open\"] }\nto = { deal = [\"Cancelled\", \"Refunded\"] }",
        )],
    ),
    ("a refund some time later", ESCROW, &[("opens = \"item.ends\"", "opens = \"item.ends + 3_600_000\"")]),
    (
        "a guard on another field",
        ESCROW,
        &[("caller = [\"seller\"]", "caller = [\"seller\"]\nguard = \"arg.note > item.note\"")],
    ),
    (
        "an exit for each truth of a field",
        ESCROW,
        &[(
            "window = { clock = \"time\", opens = \"item.ends\" }\neffects = [{ release = \"deposits\", to = \"item.buyer\" }]\nto = { deal = \"Refunded\" }",
            "window = { clock = \"time\", opens = \"item.ends\" }\nguard = \"item.note == 0\"\neffects = [{ release = \"deposits\", to = \"item.buyer\" }]\nto = { deal = \"Refunded\" }\n\n\
         [exits.refund_noted]\nid = 3\nitem = \"deals\"\nfrom = { deal = [\"Funded\"] }\nwindow = { clock = \"time\", opens = \"item.ends\" }\nguard = \"item.note > 0\"\n\
         effects = [{ release = \"deposits\", to = \"item.buyer\" }]\nto = { deal = \"Refunded\" }",
        )],
    ),
    (
        "the exit deletes what it ended",
        ESCROW,
        &[(
            "effects = [{ release = \"deposits\", to = \"item.seller\" }]",
            "effects = [{ release = \"deposits\", to = \"item.seller\" }, { delete = true }]",
        )],
    ),
    (
        "a ceiling on what an operator moves",
        ESCROW,
        &[(
            "[exits.pay]",
            "[transitions.charge]\nargs = { id = \"u64\" }\nitem = { existing = \"deals\", key = [\"arg.id\"] }\nfrom = { deal = [\"Funded\"] }\ncaller = [\"operator\"]\n\
         sends = [{ asset = \"native\", max = 10 }]\nescrows = [{ cell = \"deposits\", pays_out = true }]\nceilings = { gas = 100_000, writes = 1 }\n\n[exits.pay]",
        )],
    ),
    (
        "cleaning up what has ended",
        ESCROW,
        &[(
            "[exits.pay]",
            "[transitions.sweep]\nargs = { id = \"u64\" }\nitem = { existing = \"deals\", key = [\"arg.id\"] }\nfrom = { deal = [\"Paid\", \"Refunded\", \"Cancelled\"] }\n\
         touches = [{ cell = \"deals\", key = [\"arg.id\"], ops = [\"delete\"] }]\nceilings = { gas = 100_000, writes = 1 }\n\n[exits.pay]",
        )],
    ),
    (
        "the guard of both exits the other way round",
        AUCTION,
        &[
            ("item.amount >= param.limit", "param.limit <= item.amount"),
            ("item.amount < param.limit", "!(item.amount >= param.limit)"),
        ],
    ),
    (
        "no guard on one exit, the same party",
        AUCTION,
        &[
            ("guard = \"item.amount < param.limit\"\n", ""),
            (
                ", amount = \"item.amount\", to = \"item.seller\", remainder = \"item.bidder\" }",
                ", to = \"item.seller\" }",
            ),
        ],
    ),
    (
        "all of it, by its amount",
        AUCTION,
        &[(
            "effects = [{ release = \"coins\", to = \"item.bidder\" }]",
            "effects = [{ release = \"coins\", amount = \"escrowed(coins)\", to = \"item.bidder\" }]",
        )],
    ),
    (
        "the auctioneer may be late",
        AUCTION,
        &[(
            "window = { clock = \"time\", closes = \"item.ends\" }",
            "window = { clock = \"time\", closes = \"item.ends + 3_600_000\" }",
        )],
    ),
    (
        "the exit asks for the caller by field",
        CUSTODY,
        &[("guard = \"member(owner)\"", "guard = \"caller == item.owner\"")],
    ),
    ("an exit anybody may poke", CUSTODY, &[("guard = \"member(owner)\"\n", "")]),
    (
        "the heir at once, the owner never",
        CUSTODY,
        &[(
            "window = { clock = \"height\", closes = \"item.until\" }\nguard = \"member(owner)\"\neffects = [{ release = \"coins\", to = \"item.owner\" }]",
            "effects = [{ release = \"coins\", to = \"item.heir\" }]",
        )],
    ),
    (
        "time in a guard",
        CUSTODY,
        &[("window = { clock = \"height\", opens = \"item.until\" }", "guard = \"height >= item.until\"")],
    ),
    (
        "a pauser that is a parameter of its own",
        TOKEN,
        &[
            ("owner = \"account\"\n\n[events", "owner = \"account\"\nguard = \"account\"\n\n[events"),
            ("initial = \"param.owner\"\ntransferable", "initial = \"param.guard\"\ntransferable"),
        ],
    ),
    (
        "one who may only unpause",
        TOKEN,
        &[("to = { main = [\"Active\"] }\ncaller = [\"pauser\"]", "to = { main = [\"Active\"] }")],
    ),
    (
        "an invariant that holds always",
        TOKEN,
        &[("sum(balances) <= param.supply", "sum(balances) <= param.supply || param.supply > 0")],
    ),
];

#[test]
fn bases_have_no_fault() {
    for base in BASES {
        let manifest = edited(base, &[]);
        check_good(&manifest.name, &report(&manifest, &[], None));
    }
}

#[test]
fn harmless_changes_are_no_faults() {
    for (name, base, edits) in VARIANTS {
        check_good(name, &report(&edited(base, edits), &[], None));
    }
}
