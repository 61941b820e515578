//! One fault each, P1 to P8, as data: the tests of the house read the same.

use chainstack_audit::Property::{self, P1, P2, P3, P4, P5, P6, P7, P8};

use super::{AUCTION, CUSTODY, ESCROW, Edits, POOL, TOKEN};

/// What is wrong, in which base, by which edits; what is broken, and whether a run shows it.
pub(crate) type Case = (&'static str, &'static str, Edits, Property, bool);

pub(crate) const UNREACHED: [Case; 9] = [
    ("a state nothing leads to", ESCROW, &[("Cancelled = 6 }", "Cancelled = 6, Disputed = 7 }")], P1, false),
    (
        "the only way to a state leads elsewhere",
        ESCROW,
        &[(
            "from = { deal = [\"Open\"] }\nto = { deal = [\"Cancelled\"] }",
            "from = { deal = [\"Open\"] }\nto = { deal = [\"Refunded\"] }",
        )],
        P1,
        false,
    ),
    (
        "a method from a state nothing leads to",
        AUCTION,
        &[
            ("Returned = 4 }", "Returned = 4, Frozen = 5 }"),
            (
                "from = { offer = [\"Live\"] }\ncaller = [\"bidder\"]",
                "from = { offer = [\"Frozen\"] }\ncaller = [\"bidder\"]",
            ),
        ],
        P1,
        true,
    ),
    (
        "an exit from a state nothing leads to",
        CUSTODY,
        &[
            ("states = { Held = 1, Closed = 2 }", "states = { Held = 1, Closed = 2, Locked = 3 }"),
            (
                "[upgrade]",
                "[exits.unlock]\nid = 3\nitem = \"vaults\"\nfrom = { vault = [\"Locked\"] }\nto = { vault = \"Held\" }\n\n[upgrade]",
            ),
        ],
        P1,
        true,
    ),
    (
        "a method for items that nothing creates",
        AUCTION,
        &[
            (
                "[machines.offer]",
                "[cells.lots]\nid = 9\nkind = \"map\"\nkey = { lot = \"u64\" }\nhead = { size = \"u64\" }\n\n[machines.offer]",
            ),
            (
                "[exits.sell_large]",
                "[transitions.look]\nargs = { lot = \"u64\" }\nitem = { existing = \"lots\", key = [\"arg.lot\"] }\nceilings = { gas = 100_000 }\n\n[exits.sell_large]",
            ),
        ],
        P1,
        true,
    ),
    (
        "a method in a pause that never comes",
        TOKEN,
        &[
            (
                "from = { main = [\"Paused\"] }\nto = { main = [\"Active\"] }",
                "from = { main = [\"Paused\"] }\nto = { main = [\"Active\"] }\nguard = \"in(main, Active) || param.supply > 0\"",
            ),
            ("Paused = 2 }", "Paused = 2, Stopped = 3 }"),
        ],
        P1,
        false,
    ),
    (
        "a method that needs what cannot be held",
        POOL,
        &[(
            "[upgrade]",
            "[transitions.late]\nfrom = { main = [\"Done\"] }\nguard = \"escrowed(pool) > 0\"\nceilings = { gas = 100_000 }\n\n[upgrade]",
        )],
        P1,
        true,
    ),
    (
        "two states that lead only to each other",
        ESCROW,
        &[
            ("Cancelled = 6 }", "Cancelled = 6, Disputed = 7, Settled = 8 }"),
            (
                "[exits.pay]",
                "[transitions.dispute]\nargs = { id = \"u64\" }\nitem = { existing = \"deals\", key = [\"arg.id\"] }\nfrom = { deal = [\"Settled\"] }\nto = { deal = [\"Disputed\"] }\ncaller = [\"buyer\"]\nceilings = { gas = 100_000 }\n\n\
         [transitions.settle]\nargs = { id = \"u64\" }\nitem = { existing = \"deals\", key = [\"arg.id\"] }\nfrom = { deal = [\"Disputed\"] }\nto = { deal = [\"Settled\"] }\ncaller = [\"seller\"]\nceilings = { gas = 100_000 }\n\n[exits.pay]",
            ),
        ],
        P1,
        true,
    ),
    (
        "a guard that asks for a state nothing leads to",
        TOKEN,
        &[
            ("Paused = 2 }", "Paused = 2, Stopped = 3 }"),
            (
                "[invariants.supply]",
                "[transitions.restart]\nguard = \"in(main, Stopped)\"\nto = { main = [\"Active\"] }\ncaller = [\"pauser\"]\nceilings = { gas = 50_000 }\n\n[invariants.supply]",
            ),
        ],
        P1,
        true,
    ),
];

pub(crate) const STUCK: [Case; 6] = [
    (
        "nothing leads on from a new state",
        ESCROW,
        &[
            ("Cancelled = 6 }", "Cancelled = 6, Disputed = 7 }"),
            (
                "from = { deal = [\"Open\"] }\nto = { deal = [\"Cancelled\"] }",
                "from = { deal = [\"Open\"] }\nto = { deal = [\"Cancelled\", \"Disputed\"] }",
            ),
        ],
        P2,
        true,
    ),
    ("the last state is not terminal", CUSTODY, &[("terminal = [\"Closed\"]", "terminal = []")], P2, true),
    (
        "one of the last states is not terminal",
        ESCROW,
        &[("terminal = [\"Paid\", \"Refunded\", \"Cancelled\"]", "terminal = [\"Paid\", \"Refunded\"]")],
        P2,
        true,
    ),
    (
        "a pause without an end",
        TOKEN,
        &[(
            "[transitions.unpause]\nfrom = { main = [\"Paused\"] }\nto = { main = [\"Active\"] }\ncaller = [\"pauser\"]\nceilings = { gas = 50_000 }\n",
            "",
        )],
        P2,
        true,
    ),
    (
        "the last state of a pool is not terminal",
        POOL,
        &[("terminal = [\"Done\", \"Failed\"]", "terminal = [\"Done\"]")],
        P2,
        true,
    ),
    (
        "the way on closes",
        TOKEN,
        &[(
            "from = { main = [\"Paused\"] }\nto = { main = [\"Active\"] }",
            "from = { main = [\"Paused\"] }\nto = { main = [\"Active\"] }\nwindow = { clock = \"height\", closes = \"param.supply\" }",
        )],
        P2,
        true,
    ),
];

pub(crate) const TRAPPED: [Case; 14] = [
    (
        "no refund",
        ESCROW,
        &[
            ("[exits.refund]", "[exits.unfit]"),
            ("exit = \"refund\"", "exit = \"unfit\""),
            (
                "effects = [{ release = \"deposits\", to = \"item.buyer\" }]\nto = { deal = \"Refunded\" }",
                "guard = \"item.note == 5\"\neffects = [{ release = \"deposits\", to = \"item.buyer\" }]\nto = { deal = \"Refunded\" }",
            ),
        ],
        P3,
        true,
    ),
    (
        "the refund closes",
        ESCROW,
        &[("opens = \"item.ends\"", "opens = \"item.ends\", closes = \"item.ends + 1_000\"")],
        P3,
        true,
    ),
    (
        "the pay needs a role",
        ESCROW,
        &[(
            "from = { deal = [\"Confirmed\"] }",
            "from = { deal = [\"Confirmed\"] }\nguard = \"member(operator)\"",
        )],
        P3,
        true,
    ),
    (
        "only the owner closes",
        CUSTODY,
        &[(
            "window = { clock = \"height\", opens = \"item.until\" }",
            "window = { clock = \"height\", opens = \"item.until\" }\nguard = \"member(heir)\"",
        )],
        P3,
        true,
    ),
    (
        "a gap between two exits",
        AUCTION,
        &[("guard = \"item.amount < param.limit\"", "guard = \"item.amount + 1 < param.limit\"")],
        P3,
        true,
    ),
    (
        "neither exit at the limit",
        AUCTION,
        &[("guard = \"item.amount >= param.limit\"", "guard = \"item.amount > param.limit\"")],
        P3,
        true,
    ),
    (
        "the exit waits for a method",
        AUCTION,
        &[(
            "effects = [{ release = \"coins\", to = \"item.bidder\" }]",
            "guard = \"item.notes > 0\"\neffects = [{ release = \"coins\", to = \"item.bidder\" }]",
        )],
        P3,
        true,
    ),
    (
        "a part is left behind",
        CUSTODY,
        &[(
            "effects = [{ release = \"coins\", to = \"item.heir\" }]\nto = { vault = \"Closed\" }",
            "effects = [{ release = \"coins\", amount = \"item.until\", to = \"item.heir\" }]",
        )],
        P3,
        true,
    ),
    (
        "the exit pays more than is there",
        POOL,
        &[(
            "effects = [{ release = \"pool\", to = \"param.refunder\" }]",
            "effects = [{ release = \"pool\", to = \"param.refunder\" }, { pay = \"param.refunder\", amount = \"5\" }]",
        )],
        P3,
        true,
    ),
    (
        "the end needs a tally",
        POOL,
        &[(
            "window = { clock = \"height\", opens = \"param.ends\" }\neffects",
            "window = { clock = \"height\", opens = \"param.ends\" }\nguard = \"sum(tallies) > 0\"\neffects",
        )],
        P3,
        true,
    ),
    (
        "a guardian must take the way back",
        POOL,
        &[(
            "from = { main = [\"Aborting\"] }",
            "from = { main = [\"Aborting\"] }\nguard = \"member(guardians)\"",
        )],
        P3,
        true,
    ),
    (
        "an asset that a pause holds back",
        TOKEN,
        &[
            (
                "escrow_when = \"in(main, Active)\" }",
                "escrow_when = \"in(main, Active)\", release_when = \"in(main, Active)\" }\n\n[cells.stakes]\nid = 2\nkind = \"escrow\"\nasset = \"cell.balances\"",
            ),
            (
                "[transitions.pause]",
                "[transitions.stake]\nfrom = { main = [\"Active\"] }\nescrows = [{ cell = \"stakes\", pays_in = true }]\nceilings = { gas = 1_000_000, reads = 8, writes = 8, new_entries = 2 }\n\n[transitions.pause]",
            ),
            (
                "[invariants.supply]",
                "[exits.unstake]\nid = 1\neffects = [{ release = \"stakes\", to = \"param.owner\" }]\n\n[invariants.supply]",
            ),
        ],
        P3,
        true,
    ),
    (
        "deleted with a rest in escrow",
        CUSTODY,
        &[(
            "effects = [{ release = \"coins\", to = \"item.heir\" }]",
            "effects = [{ release = \"coins\", amount = \"10\", to = \"item.heir\" }, { delete = true }]",
        )],
        P3,
        true,
    ),
    (
        "coins without a way out",
        TOKEN,
        &[(
            "args = { to = \"account\", amount = \"u128\" }\nfrom",
            "args = { to = \"account\", amount = \"u128\" }\nvalue_max = 10\nfrom",
        )],
        P3,
        true,
    ),
];

pub(crate) const POWERS: [Case; 8] = [
    (
        "anybody pays out",
        CUSTODY,
        &[(
            "from = { vault = [\"Held\"] }\ncaller = [\"owner\"]\nescrows",
            "from = { vault = [\"Held\"] }\nescrows",
        )],
        P4,
        true,
    ),
    (
        "any signer pays out",
        CUSTODY,
        &[(
            "from = { vault = [\"Held\"] }\ncaller = [\"owner\"]\nescrows",
            "from = { vault = [\"Held\"] }\ncaller = \"signer\"\nescrows",
        )],
        P4,
        true,
    ),
    (
        "a role over all vaults pays out",
        CUSTODY,
        &[(
            "from = { vault = [\"Held\"] }\ncaller = [\"owner\"]\nescrows",
            "from = { vault = [\"Held\"] }\ncaller = [\"warden\"]\nescrows",
        )],
        P4,
        true,
    ),
    (
        "a role over all vaults besides the owner",
        CUSTODY,
        &[(
            "from = { vault = [\"Held\"] }\ncaller = [\"owner\"]\nescrows",
            "from = { vault = [\"Held\"] }\ncaller = [\"owner\", \"warden\"]\nescrows",
        )],
        P4,
        true,
    ),
    (
        "one guardian is enough",
        POOL,
        &[(
            "caller = [\"guardians\"]\nguard = \"quorum(guardians)\"\n",
            "caller = [\"guardians\"]\nsends = [{ asset = \"native\", max = \"any\" }]\nescrows = [{ cell = \"pool\", pays_out = true }]\n",
        )],
        P4,
        true,
    ),
    (
        "who pokes is paid",
        ESCROW,
        &[(
            "effects = [{ release = \"deposits\", to = \"item.buyer\" }]",
            "effects = [{ release = \"deposits\", to = \"caller\" }]",
        )],
        P4,
        true,
    ),
    (
        "who pokes gets the rest",
        AUCTION,
        &[("remainder = \"item.bidder\"", "remainder = \"caller\"")],
        P4,
        true,
    ),
    (
        "a ceiling that is none",
        ESCROW,
        &[(
            "[exits.pay]",
            "[transitions.charge]\nargs = { id = \"u64\" }\nitem = { existing = \"deals\", key = [\"arg.id\"] }\nfrom = { deal = [\"Funded\"] }\ncaller = [\"operator\"]\n\
         sends = [{ asset = \"native\", max = \"any\" }]\nescrows = [{ cell = \"deposits\", pays_out = true }]\nceilings = { gas = 100_000, reads = 1, writes = 1 }\n\n[exits.pay]",
        )],
        P4,
        true,
    ),
];

pub(crate) const POSTPONED: [Case; 7] = [
    (
        "the seller moves the end",
        ESCROW,
        &[
            ("ends = \"u64\", note", "ends = { type = \"u64\", write_once = false }, note"),
            ("head = [\"note\"]", "head = [\"note\", \"ends\"]"),
        ],
        P5,
        true,
    ),
    (
        "a remark moves the end",
        AUCTION,
        &[("opens = \"item.ends + 86_400_000\"", "opens = \"item.notes + 86_400_000\"")],
        P5,
        true,
    ),
    (
        "anybody moves a setting",
        AUCTION,
        &[("opens = \"item.ends + 86_400_000\"", "opens = \"item.ends + cell.settings.pause_ends\"")],
        P5,
        true,
    ),
    (
        "each mark moves the end",
        AUCTION,
        &[("opens = \"item.ends + 86_400_000\"", "opens = \"item.ends + count(marks)\"")],
        P5,
        true,
    ),
    (
        "each contribution moves the end",
        POOL,
        &[(
            "window = { clock = \"height\", opens = \"param.ends\" }\neffects",
            "window = { clock = \"height\", opens = \"min(sum(tallies), 1_000_000)\" }\neffects",
        )],
        P5,
        true,
    ),
    (
        "the pool itself moves the end",
        POOL,
        &[(
            "window = { clock = \"height\", opens = \"param.ends\" }\neffects",
            "window = { clock = \"height\", opens = \"min(escrowed(pool), 1_000_000)\" }\neffects",
        )],
        P5,
        true,
    ),
    (
        "an exit moves the end",
        ESCROW,
        &[
            ("ends = \"u64\", note", "ends = { type = \"u64\", write_once = false }, note"),
            (
                "[upgrade]",
                "[exits.extend]\nid = 3\nitem = \"deals\"\nfrom = { deal = [\"Funded\"] }\nguard = \"item.ends < 9_000_000_000_000\"\neffects = [{ set = \"ends\", value = \"9_000_000_000_000\" }]\n\n[upgrade]",
            ),
        ],
        P5,
        true,
    ),
];

pub(crate) const SIZES: [Case; 10] = [
    (
        "moves value and writes nothing",
        ESCROW,
        &[(
            "escrows = [{ cell = \"deposits\", pays_in = true }]\nceilings = { gas = 100_000, writes = 1, new_entries = 1 }",
            "escrows = [{ cell = \"deposits\", pays_in = true }]\nceilings = { gas = 100_000 }",
        )],
        P6,
        true,
    ),
    (
        "creates an item or its escrow",
        CUSTODY,
        &[("writes = 2, new_entries = 2 }", "writes = 2, new_entries = 1 }")],
        P6,
        true,
    ),
    (
        "writes nothing",
        ESCROW,
        &[("ceilings = { gas = 100_000, reads = 1, writes = 1 }", "ceilings = { gas = 100_000, reads = 1 }")],
        P6,
        true,
    ),
    (
        "reads nothing",
        ESCROW,
        &[(
            "ceilings = { gas = 100_000, reads = 1, writes = 1 }",
            "ceilings = { gas = 100_000, writes = 1 }",
        )],
        P6,
        true,
    ),
    ("creates no item", CUSTODY, &[("writes = 2, new_entries = 2 }", "writes = 2 }")], P6, true),
    (
        "may not set the item it creates",
        CUSTODY,
        &[("touches = [{ cell = \"vaults\", key = [\"arg.id\"], ops = [\"set\"] }]\nescrows", "escrows")],
        P6,
        true,
    ),
    ("emits nothing", ESCROW, &[("new_entries = 1, events = 1 }", "new_entries = 1 }")], P6, true),
    (
        "creates more than it writes",
        AUCTION,
        &[(
            "writes = 2, new_entries = 2 }\n\n[exits.sell_large]",
            "writes = 1, new_entries = 2 }\n\n[exits.sell_large]",
        )],
        P6,
        true,
    ),
    (
        "more gas than a block",
        TOKEN,
        &[("ceilings = { gas = 100_000, reads = 1,", "ceilings = { gas = 1_000_000_001, reads = 1,")],
        P6,
        false,
    ),
    (
        "more entries than the map holds",
        CUSTODY,
        &[("writes = 2, new_entries = 2 }", "writes = 101, new_entries = 101 }")],
        P6,
        false,
    ),
];

pub(crate) const GUARDS: [Case; 11] = [
    (
        "a guard against the type",
        AUCTION,
        &[(
            "caller = [\"bidder\"]",
            "caller = [\"bidder\"]\nguard = \"arg.lot > 18_446_744_073_709_551_615\"",
        )],
        P7,
        true,
    ),
    (
        "a guard against itself",
        ESCROW,
        &[(
            "caller = [\"seller\"]",
            "caller = [\"seller\"]\nguard = \"arg.note > item.note && arg.note < 3 && arg.note > 5\"",
        )],
        P7,
        true,
    ),
    (
        "a guard against the state",
        TOKEN,
        &[(
            "[upgrade]",
            "[transitions.stop]\nfrom = { main = [\"Active\"] }\nguard = \"in(main, Paused)\"\nceilings = { gas = 100_000 }\n\n[upgrade]",
        )],
        P7,
        true,
    ),
    (
        "a guard against the range",
        POOL,
        &[(
            "[upgrade]",
            "[transitions.early]\nguard = \"param.ends < 10\"\nceilings = { gas = 100_000 }\n\n[upgrade]",
        )],
        P7,
        true,
    ),
    (
        "a window that closes before it opens",
        ESCROW,
        &[(
            "caller = [\"seller\"]",
            "caller = [\"seller\"]\nwindow = { clock = \"time\", opens = \"item.ends + 10\", closes = \"item.ends\" }",
        )],
        P7,
        true,
    ),
    (
        "a window that closes as it opens",
        TOKEN,
        &[(
            "[upgrade]",
            "[transitions.once]\nwindow = { clock = \"height\", opens = \"70\", closes = \"70\" }\nceilings = { gas = 100_000 }\n\n[upgrade]",
        )],
        P7,
        true,
    ),
    (
        "a window after the end of time",
        POOL,
        &[(
            "[upgrade]",
            "[transitions.never]\nwindow = { clock = \"time\", opens = \"18_446_744_073_709_551_616\" }\nceilings = { gas = 100_000 }\n\n[upgrade]",
        )],
        P7,
        true,
    ),
    (
        "two exits for one sale",
        AUCTION,
        &[
            ("guard = \"item.amount < param.limit\"", "guard = \"item.amount <= param.limit\""),
            (", remainder = \"item.bidder\" }", ", remainder = \"item.seller\" }"),
            (
                "effects = [{ release = \"coins\", to = \"item.seller\" }]",
                "effects = [{ release = \"coins\", to = \"item.bidder\" }]",
            ),
        ],
        P7,
        true,
    ),
    (
        "owner and heir at once",
        CUSTODY,
        &[("window = { clock = \"height\", closes = \"item.until\" }\n", "")],
        P7,
        true,
    ),
    (
        "two ways out of one state",
        POOL,
        &[(
            "[upgrade]",
            "[exits.give_forth]\nid = 3\nfrom = { main = [\"Aborting\"] }\neffects = [{ release = \"pool\", to = \"param.beneficiary\" }]\nto = { main = \"Failed\" }\n\n[upgrade]",
        )],
        P7,
        true,
    ),
    (
        "an invariant that cannot hold",
        TOKEN,
        &[("sum(balances) <= param.supply", "param.supply < 1")],
        P7,
        true,
    ),
];

pub(crate) const ENDED: [Case; 8] = [
    (
        "paid before it is released",
        ESCROW,
        &[
            ("from = { deal = [\"Confirmed\"] }", "from = { deal = [\"Paid\"] }"),
            (
                "effects = [{ release = \"deposits\", to = \"item.seller\" }]\nto = { deal = \"Paid\" }",
                "effects = [{ release = \"deposits\", to = \"item.seller\" }]",
            ),
            ("to = { deal = [\"Confirmed\"] }", "to = { deal = [\"Paid\"] }"),
            ("Confirmed = 3, ", ""),
        ],
        P8,
        true,
    ),
    (
        "closed by a method that may keep the rest",
        CUSTODY,
        &[
            (
                "from = { vault = [\"Held\"] }\ncaller = [\"owner\"]\nescrows",
                "from = { vault = [\"Held\"] }\nto = { vault = [\"Closed\"] }\ncaller = [\"owner\"]\nescrows",
            ),
            (
                "[upgrade]",
                "[exits.rest]\nid = 3\nitem = \"vaults\"\nfrom = { vault = [\"Closed\"] }\neffects = [{ release = \"coins\", to = \"item.heir\" }]\n\n[upgrade]",
            ),
        ],
        P8,
        true,
    ),
    (
        "a note on what has ended",
        ESCROW,
        &[("from = { deal = [\"Open\", \"Funded\"] }", "from = { deal = [\"Open\", \"Funded\", \"Paid\"] }")],
        P8,
        true,
    ),
    ("a note in every state", ESCROW, &[("from = { deal = [\"Open\", \"Funded\"] }\n", "")], P8, true),
    (
        "a label on a closed vault",
        CUSTODY,
        &[(
            "from = { vault = [\"Held\"] }\ncaller = [\"owner\"]\ntouches",
            "from = { vault = [\"Held\", \"Closed\"] }\ncaller = [\"owner\"]\ntouches",
        )],
        P8,
        true,
    ),
    (
        "what has ended begins again",
        ESCROW,
        &[(
            "[exits.pay]",
            "[transitions.reopen]\nargs = { id = \"u64\" }\nitem = { existing = \"deals\", key = [\"arg.id\"] }\nfrom = { deal = [\"Cancelled\"] }\nto = { deal = [\"Open\"] }\nceilings = { gas = 100_000 }\n\n[exits.pay]",
        )],
        P8,
        true,
    ),
    (
        "an exit out of the end",
        POOL,
        &[(
            "[upgrade]",
            "[exits.again]\nid = 3\nfrom = { main = [\"Failed\"] }\nto = { main = \"Raising\" }\n\n[upgrade]",
        )],
        P8,
        true,
    ),
    (
        "contributions after the end",
        POOL,
        &[(
            "[upgrade]",
            "[transitions.tally]\ntouches = [{ cell = \"tallies\", key = [\"caller\"], ops = [\"add\"] }]\nceilings = { gas = 100_000, writes = 1, new_entries = 1 }\n\n[upgrade]",
        )],
        P8,
        true,
    ),
];

/// What is wrong, the property, the base that keeps it, and the edits that break it.
pub(crate) type Stated = (&'static str, &'static str, &'static str, Edits);

pub(crate) const STATED: [Stated; 8] = [
    (
        "paid without being confirmed",
        "deal.Paid only after confirm",
        ESCROW,
        &[(
            "[exits.pay]",
            "[transitions.skip]\nargs = { id = \"u64\" }\nitem = { existing = \"deals\", key = [\"arg.id\"] }\nfrom = { deal = [\"Funded\"] }\nto = { deal = [\"Confirmed\"] }\ncaller = [\"buyer\"]\nceilings = { gas = 100_000 }\n\n[exits.pay]",
        )],
    ),
    (
        "cancelled though funded",
        "cancel only after open",
        ESCROW,
        &[(
            "[exits.pay]",
            "[transitions.open_two]\nargs = { id = \"u64\" }\nitem = { new = \"deals\", key = [\"arg.id\"] }\ntouches = [{ cell = \"deals\", key = [\"arg.id\"], ops = [\"set\"] }]\nceilings = { gas = 100_000, writes = 1, new_entries = 1 }\n\n[exits.pay]",
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
                "[transitions.take]\nargs = { lot = \"u64\", number = \"u64\" }\nitem = { existing = \"offers\", key = [\"arg.lot\", \"arg.number\"] }\nfrom = { offer = [\"Live\"] }\nto = { offer = [\"Accepted\"] }\ncaller = [\"bidder\"]\nceilings = { gas = 100_000 }\n\n[upgrade]",
            ),
        ],
    ),
    ("a closed vault that holds value", "always !vault.Closed || !holds(coins)", CUSTODY, &[]),
    ("a vault that only its owner closes", "eventually vault.Closed by exits", CUSTODY, &[]),
    ("a pause", "never main.Paused", TOKEN, &[]),
    ("an end that fails", "eventually (main.Done || main.Failed) by exits", POOL, &[]),
];

/// Breaks that are faults of the property alone: the manifest is otherwise without one.
pub(crate) const BROKEN: [Stated; 4] = [
    ("a closed vault that holds value", "never vault.Closed", CUSTODY, &[]),
    ("the end by exits before it is confirmed", "eventually deal.Paid by exits", ESCROW, &[]),
    ("a pause", "always main.Active", TOKEN, &[]),
    ("done only after it is aborted", "finish only after abort", POOL, &[]),
];
