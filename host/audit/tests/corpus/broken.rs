//! Upgrades that break what was promised (P10), as data: the tests of the house read the same.

use super::{AUCTION, CUSTODY, ESCROW, Edits, POOL, TOKEN};

/// What is changed, in which base, by which edits; the rule that is broken.
pub(crate) type Upgrade = (&'static str, &'static str, Edits, &'static str);

pub(crate) const REFUSED: [Upgrade; 22] = [
    ("an exit is gone", CUSTODY, &[("[exits.close]\nid = 1", "[exits.close]\nid = 7")], "exit"),
    (
        "an exit pays somebody else",
        ESCROW,
        &[("to = \"item.buyer\" }]\nto", "to = \"item.seller\" }]\nto")],
        "effect",
    ),
    ("an exit opens later", ESCROW, &[("opens = \"item.ends\"", "opens = \"item.ends + 1\"")], "deadline"),
    (
        "an exit closes",
        ESCROW,
        &[(
            "from = { deal = [\"Confirmed\"] }",
            "from = { deal = [\"Confirmed\"] }\nwindow = { clock = \"time\", closes = \"18_446_744_073_709_551_616\" }",
        )],
        "deadline",
    ),
    (
        "an exit has a guard",
        ESCROW,
        &[("from = { deal = [\"Confirmed\"] }", "from = { deal = [\"Confirmed\"] }\nguard = \"time >= 0\"")],
        "guard",
    ),
    (
        "an exit by another clock",
        ESCROW,
        &[(
            "from = { deal = [\"Funded\"] }\nwindow = { clock = \"time\", opens = \"item.ends\" }",
            "from = { deal = [\"Funded\"] }\nwindow = { clock = \"height\", opens = \"item.ends\" }",
        )],
        "deadline",
    ),
    (
        "the key has another type",
        POOL,
        &[
            (
                "[cells.tallies]\nid = 2\nkind = \"ledger\"\nkey = { owner = \"account\" }",
                "[cells.tallies]\nid = 2\nkind = \"ledger\"\nkey = { owner = \"account\", part = \"account\" }",
            ),
            ("key = [\"caller\"]", "key = [\"caller\", \"caller\"]"),
        ],
        "key",
    ),
    (
        "the head has other types",
        AUCTION,
        &[("amount = \"u64\", ends = \"u64\", notes", "amount = \"u128\", ends = \"u64\", notes")],
        "head",
    ),
    (
        "a write-once field may change",
        AUCTION,
        &[(
            "amount = \"u64\", ends = \"u64\", notes",
            "amount = { type = \"u64\", write_once = false }, ends = \"u64\", notes",
        )],
        "write_once",
    ),
    ("a map holds less", CUSTODY, &[("max_entries = 100", "max_entries = 50")], "max_entries"),
    ("an escrow is another cell", POOL, &[("[cells.pool]\nid = 1", "[cells.pool]\nid = 9")], "cell"),
    ("a state has another id", ESCROW, &[("Cancelled = 6 }", "Cancelled = 9 }")], "state"),
    ("a role is held in another way", TOKEN, &[("transferable = true", "transferable = false")], "role"),
    (
        "other parameters",
        POOL,
        &[("refunder = \"account\"", "refunder = \"account\"\nextra = \"u8\"")],
        "params",
    ),
    (
        "a narrower parameter",
        POOL,
        &[("min = 1_000, max = 2_000_000", "min = 1_001, max = 2_000_000")],
        "params",
    ),
    (
        "a count that nobody kept",
        TOKEN,
        &[("sum = true\nasset", "sum = true\ncount = true\nasset")],
        "aggregates",
    ),
    (
        "a ledger becomes an asset",
        POOL,
        &[(
            "key = { owner = \"account\" }\nsum = true",
            "key = { owner = \"account\" }\nsum = true\nasset = { kind = \"fungible\" }",
        )],
        "asset",
    ),
    (
        "a method leads away from an exit",
        POOL,
        &[(
            "[exits.finish]",
            "[transitions.stop]\nfrom = { main = [\"Raising\"] }\nto = { main = [\"Aborting\"] }\ncaller = [\"keeper\"]\nceilings = { gas = 100 }\n\n[exits.finish]",
        )],
        "reach",
    ),
    (
        "a new exit leads away from another",
        POOL,
        &[(
            "[upgrade]",
            "[exits.end]\nid = 3\nfrom = { main = [\"Raising\"] }\nwindow = { clock = \"height\", opens = \"param.ends\" }\neffects = []\nto = { main = \"Aborting\" }\n\n[upgrade]",
        )],
        "reach",
    ),
    ("a shorter delay", TOKEN, &[("delay_blocks = 100", "delay_blocks = 10")], "delay"),
    (
        "a new method takes from the escrow",
        CUSTODY,
        &[(
            "[transitions.label]",
            "[transitions.help]\nargs = { id = \"u64\" }\nitem = { existing = \"vaults\", key = [\"arg.id\"] }\nfrom = { vault = [\"Held\"] }\ncaller = [\"heir\"]\nescrows = [{ cell = \"coins\", pays_out = true }]\nceilings = { gas = 100, writes = 1 }\n\n[transitions.label]",
        )],
        "reach",
    ),
    (
        "a new exit pays in another way",
        POOL,
        &[(
            "[upgrade]",
            "[exits.late]\nid = 3\nfrom = { main = [\"Raising\"] }\nwindow = { clock = \"height\", opens = \"param.ends\" }\neffects = [{ release = \"pool\", amount = \"7\", to = \"param.beneficiary\" }]\n\n[upgrade]",
        )],
        "reach",
    ),
];
