//! Each rule of derivation, with small data.

use chainstack_primitives::manifest::Manifest;

use super::*;
use crate::manifest::from_toml;

/// A manifest with a map `deals` whose items have a machine, a ledger, a value cell, and two roles; `rest` adds to it.
fn manifest(rest: &str) -> Manifest {
    let text = format!(
        r#"
[contract]
name = "sample"

[params]
boss = "account"
council = "list<account, 5>"

[roles.boss]
id = 1
kind = "account"
initial = "param.boss"

[roles.seller]
id = 2
kind = "item"
holder = "deals.seller"

[roles.council]
id = 3
kind = "set"
initial = "param.council"
members_max = 5
threshold = 3
approval_blocks = 100
admin = "boss"

[cells.deals]
id = 1
kind = "map"
key = {{ deal = "u64" }}
head = {{ seller = "account", price = {{ type = "u128", write_once = false }} }}
tail = "text<64>"
count = true
max_entries = 10

[cells.points]
id = 2
kind = "ledger"
key = {{ owner = "account" }}
sum = true
asset = "fungible"

[cells.rate]
id = 3
kind = "value"
head = {{ value = {{ type = "u64", write_once = false }} }}

[cells.vault]
id = 4
kind = "escrow"
item = "deals"
asset = "native"

[machines.deal]
id = 1
cell = "deals"
states = {{ Open = 1, Sold = 2, Lost = 3 }}
initial = "Open"
terminal = ["Sold"]
{rest}"#
    );
    from_toml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A method `act` of an existing item; `rest` adds to it.
fn act(rest: &str) -> Manifest {
    manifest(&format!(
        "[transitions.act]\nargs = {{ deal = \"u64\", who = \"account\" }}\nceilings = {{ gas = 10, writes = 2, new_entries = 2 }}\n{rest}"
    ))
}

const BOUND: &str = "item = { existing = \"deals\", key = [\"arg.deal\"] }\n";

fn takers_of(rest: &str) -> Vec<String> {
    let power = power(&act(&format!("{BOUND}{rest}")), None);
    let rows = power.matrices[0].rows.iter();
    let found = rows.flat_map(|row| {
        row.cells.iter().flatten().map(|ability| format!("{}: {}", row.actor, ability.text()))
    });
    let mut found: Vec<String> = found.collect();
    found.dedup();
    found
}

#[test]
fn a_guard_asks_for_roles_only_between_ands() {
    let cases: [(&str, &[&str]); 9] = [
        ("", &["anybody: act"]),
        ("caller = \"signer\"\n", &["anybody: act (signer)"]),
        ("caller = [\"boss\", \"seller\"]\n", &["boss: act", "seller: act"]),
        ("guard = \"member(seller)\"\n", &["seller: act (guard)"]),
        ("guard = \"item.price > 0 && (member(seller) && time > 5)\"\n", &["seller: act (guard)"]),
        ("guard = \"member(seller) || item.price > 0\"\n", &["anybody: act (guard)"]),
        ("guard = \"!member(seller)\"\n", &["anybody: act (guard)"]),
        (
            "caller = [\"boss\"]\nguard = \"member(seller)\"\n",
            &["boss: act (with seller, guard)", "seller: act (with boss, guard)"],
        ),
        ("guard = \"quorum(council)\"\n", &["council: act (with quorum of council, guard)"]),
    ];
    for (rest, expected) in cases {
        assert_eq!(takers_of(rest), expected, "{rest}");
    }
}

#[test]
fn a_matrix_puts_a_method_under_the_states_it_names() {
    let manifest = act(&format!(
        "{BOUND}from = {{ deal = [\"Open\", \"Lost\"] }}\n[exits.late]\nid = 1\nitem = \"deals\"\nfrom = {{ deal = [\"Open\"] }}\n"
    ));
    let matrix = &power(&manifest, None).matrices[0];
    assert_eq!(matrix.states, ["Open", "Sold", "Lost", "any state"]);
    let names: Vec<Vec<String>> =
        matrix.rows[0].cells.iter().map(|cell| cell.iter().map(Ability::text).collect()).collect();
    assert_eq!(names, [vec!["act", "late (exit)"], vec![], vec!["act"], vec![]]);
    assert_eq!(matrix.evidence, Evidence::Enforced);
}

/// Arrows of the machine as `from>to name`.
fn arrows(manifest: &Manifest) -> Vec<String> {
    let row = &machines(manifest).machines[0];
    let end = |state: Option<u8>| state.map_or_else(|| "-".to_owned(), |state| state.to_string());
    row.arrows.iter().map(|arrow| format!("{}>{} {}", end(arrow.from), end(arrow.to), arrow.name)).collect()
}

#[test]
fn arrows_are_creation_moves_stays_and_removals() {
    let new = "item = { new = \"deals\", key = [\"arg.deal\"] }\n";
    let cases: [(String, &[&str]); 7] = [
        (new.to_owned(), &["->1 act"]),
        (format!("{new}to = {{ deal = [\"Sold\", \"Lost\"] }}\n"), &["->2 act", "->3 act"]),
        (BOUND.to_owned(), &[]),
        (format!("{BOUND}from = {{ deal = [\"Open\"] }}\n"), &["1>1 act"]),
        (
            format!("{BOUND}from = {{ deal = [\"Open\", \"Lost\"] }}\nto = {{ deal = [\"Sold\"] }}\n"),
            &["1>2 act", "3>2 act"],
        ),
        (format!("{BOUND}to = {{ deal = [\"Lost\"] }}\n"), &["1>3 act", "2>3 act", "3>3 act"]),
        (
            format!(
                "{BOUND}from = {{ deal = [\"Sold\"] }}\ntouches = [{{ cell = \"deals\", key = [\"arg.deal\"], ops = [\"delete\"] }}]\n"
            ),
            &["2>2 act", "2>- act"],
        ),
    ];
    for (rest, expected) in cases {
        assert_eq!(arrows(&act(&rest)), expected, "{rest}");
    }
    let exit = |rest: &str| {
        arrows(&manifest(&format!(
            "[exits.out]\nid = 1\nitem = \"deals\"\nfrom = {{ deal = [\"Open\"] }}\n{rest}"
        )))
    };
    assert_eq!(exit("to = { deal = \"Lost\" }\n"), ["1>3 out"]);
    assert_eq!(exit(""), ["1>1 out"]);
    assert_eq!(exit("effects = [{ delete = true }]\n"), ["1>- out"]);
}

#[test]
fn graphs_show_dead_stuck_and_leaking_states() {
    let new = "[transitions.open]\nargs = { deal = \"u64\" }\nitem = { new = \"deals\", key = [\"arg.deal\"] }\nceilings = { gas = 10 }\n";
    let moved = |from: &str, to: &str| {
        format!("{BOUND}from = {{ deal = [\"{from}\"] }}\nto = {{ deal = [\"{to}\"] }}\n{new}")
    };
    let said = |manifest: &Manifest| {
        machines(manifest)
            .claims
            .into_iter()
            .map(|claim| format!("{} {}", claim.evidence, claim.text))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        said(&act(&moved("Open", "Lost"))),
        [
            "ASSUMED `deal` in `Open` leaves only if the contract's code lets it: no exit starts there",
            "PROVEN `deal` is never in `Sold`: no arrow leads there",
            "PROVEN `deal` in `Lost`: no arrow leaves it, though the state is not declared terminal",
        ]
    );
    assert_eq!(
        said(&act(&format!(
            "{}[exits.out]\nid = 1\nitem = \"deals\"\nfrom = {{ deal = [\"Sold\"] }}\nto = {{ deal = \"Open\" }}\n",
            moved("Open", "Sold")
        ))),
        [
            "ASSUMED `deal` in `Open` leaves only if the contract's code lets it: no exit starts there",
            "PROVEN `deal` in `Sold` can leave by out, though it is declared terminal",
            "ENFORCED `deal` in `Sold` can leave by exit `out`, whatever the code does",
            "PROVEN `deal` is never in `Lost`: no arrow leads there",
        ]
    );
    let none = from_toml("[contract]\nname = \"a\"\n[transitions.go]\nceilings = { gas = 1 }\n")
        .expect("a manifest");
    let found = machines(&none);
    assert_eq!((found.machines.len(), found.free), (0, vec!["go".to_owned()]));
    assert_eq!(found.claims, [Claim::proven("no machine is declared: no state holds a method back")]);
}

#[test]
fn parts_lie_where_the_host_puts_them() {
    let found = storage(&manifest(""));
    let shown = |parts: &[Part]| {
        let text = |part: &Part| {
            let offset = part.offset.map_or_else(|| "?".to_owned(), |offset| offset.to_string());
            format!("{}@{offset}+{}{}", part.name, part.max, if part.write_once { " once" } else { "" })
        };
        parts.iter().map(text).collect::<Vec<_>>()
    };
    let [deals, points, rate, vault] = &found.cells[..] else { panic!("four cells: {found:?}") };
    assert_eq!(shown(&deals.key), ["deal@0+8"]);
    // The text takes up to 64 bytes behind a compact length of two.
    assert_eq!(shown(&deals.value), ["$state@0+1", "seller@1+32 once", "price@33+16", "$tail@49+66"]);
    assert_eq!((deals.machine.as_deref(), deals.max_entries, deals.count), (Some("deal"), Some(10), true));
    assert_eq!(
        (shown(&points.key), shown(&points.value)),
        (vec!["$holder@0+1".to_owned(), "owner@1+32".into()], vec!["$balance@0+16".to_owned()])
    );
    assert_eq!(points.asset.as_ref().map(|asset| asset.kind), Some("fungible"));
    assert_eq!(shown(&rate.value), ["value@0+8"]);
    let held = vault.escrow.as_ref().expect("an escrow");
    assert_eq!((held.asset.as_str(), held.item.as_deref(), vault.value.len()), ("native", Some("deals"), 0));

    let varied = from_toml(
        "[contract]\nname = \"a\"\n[cells.tokens]\nid = 9\nkind = \"map\"\nkey = { name = \"bytes<9>\", number = \"u8\" }\nhead = { mark = { type = \"u8\", write_once = false, clear_on_move = true } }\nasset = \"unique\"\n",
    )
    .expect("a manifest");
    let tokens = &storage(&varied).cells[0];
    assert_eq!(shown(&tokens.key), ["name@0+10", "number@?+1"], "behind what varies no offset is known");
    assert_eq!(shown(&tokens.value), ["$owner@0+33", "mark@33+1"]);
    assert!(tokens.value[1].clear_on_move);
}

const PRICES: DepositPrices = DepositPrices {
    per_entry: chainstack_primitives::Amount(1_000),
    per_byte: chainstack_primitives::Amount(10),
};

#[test]
fn bounds_multiply_and_stay_silent_where_nothing_bounds() {
    let touching = "touches = [\n{ cell = \"deals\", key = [\"arg.deal\"], ops = [\"read\"] },\n{ cell = \"points\", key = [\"arg.who\"], ops = [\"add\"] },\n]\n";
    let found = bounds(&act(touching), &PRICES, None);
    // Two new entries of `points`, 33 + 16 bytes each; `deals` is only read.
    assert_eq!(found.methods[0].deposit_max.as_deref(), Some("2980"));
    assert_eq!(found.methods[0].args_max_bytes, 40);
    let dearest = bounds(&act("touches = \"unknown\"\n"), &PRICES, None);
    assert_eq!(
        dearest.methods[0].deposit_max.as_deref(),
        Some("4460"),
        "the dearest cell: 8 + 115 bytes, twice"
    );
    let [deals, points, rate] = &found.cells[..] else { panic!("no escrow among them: {found:?}") };
    assert_eq!((deals.max_bytes.as_deref(), deals.max_deposit.as_deref()), (Some("1230"), Some("22300")));
    assert_eq!((points.max_entries, points.max_bytes.as_deref()), (None, None));
    assert_eq!((rate.max_entries, rate.max_deposit.as_deref()), (Some(1), Some("1080")));
    assert_eq!(found.height, None);

    let greatest = chainstack_primitives::Amount::MAX;
    let over = bounds(&act(touching), &DepositPrices { per_entry: greatest, per_byte: greatest }, None);
    assert_eq!(
        (over.methods[0].deposit_max.as_deref(), over.cells[0].entry_deposit.as_deref()),
        (None, None)
    );

    let live = Live { height: 7, counts: [(1, 4)].into(), sums: [(2, 99)].into(), ..Live::default() };
    let now = bounds(&act(touching), &PRICES, Some(&live));
    assert_eq!(
        (now.height, now.cells[0].entries.as_deref(), now.cells[1].sum.as_deref()),
        (Some(7), Some("4"), Some("99"))
    );
    assert_eq!(now.cells[1].entries, None, "no count is kept of it");
    assert!(now.claims.iter().any(|claim| claim.text.contains("no count of `points`")), "{:?}", now.claims);
}

/// The claims of an actor, of one kind.
fn claims_of(manifest: &Manifest, actor: &str, of: impl Fn(&ActorRow) -> &Vec<Claim>) -> Vec<String> {
    let power = power(manifest, None);
    let row = power.actors.iter().find(|row| row.actor == actor).expect("an actor");
    of(row).iter().map(|claim| format!("{} {}", claim.evidence, claim.text)).collect()
}

#[test]
fn value_is_the_callers_own_or_somebody_elses() {
    let touching = |key: &str, ops: &str| {
        format!("{BOUND}touches = [{{ cell = \"points\", key = [\"{key}\"], ops = [{ops}] }}]\n")
    };
    let value = |rest: &str, actor: &str| claims_of(&act(rest), actor, |row| &row.value);
    assert!(value(&touching("caller", "\"sub\""), "anybody").is_empty(), "one's own");
    assert_eq!(
        value(&touching("arg.who", "\"sub\""), "anybody"),
        [
            "ASSUMED `act` may take from `points[arg.who]`, somebody else's entry: that they agreed is for the code to check"
        ]
    );
    let seller = format!("caller = [\"seller\"]\n{}", touching("item.seller", "\"sub\""));
    assert!(value(&seller, "seller").is_empty(), "the field that names the role's holder");
    let boss = format!("caller = [\"boss\"]\n{}", touching("item.seller", "\"sub\""));
    assert_eq!(value(&boss, "boss").len(), 1);
    assert_eq!(
        value(&touching("caller", "\"add\""), "anybody"),
        ["ASSUMED `act` may create balance in `points[caller]`: how much is for the code to check"]
    );
    assert_eq!(value("touches = \"unknown\"\n", "anybody").len(), 1);
    assert_eq!(
        value(&format!("{BOUND}escrows = [{{ cell = \"vault\", pays_in = true }}]\n"), "anybody"),
        Vec::<String>::new(),
        "paying in moves nothing out"
    );
}

#[test]
fn unique_assets_are_value_and_unbalanced_additions_are_new_balance() {
    let text = "[contract]\nname = \"a\"\n[cells.tokens]\nid = 1\nkind = \"map\"\nkey = { id = \"u64\" }\nasset = \"unique\"\n\
        [cells.points]\nid = 2\nkind = \"ledger\"\nkey = { owner = \"account\" }\n\
        [transitions.act]\nargs = { id = \"u64\" }\nceilings = { gas = 1 }\n\
        touches = [{ cell = \"tokens\", key = [\"arg.id\"], ops = [\"set\"] }, { cell = \"points\", key = [\"caller\"], ops = [\"add\", \"sub\"] }]\n";
    let found = from_toml(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        claims_of(&found, "anybody", |row| &row.value),
        [
            "ASSUMED `act` may create, change or destroy unique assets at `tokens[arg.id]`: that their owner agreed is for the code to check",
            "ASSUMED `act` may add to `points[caller]`: that no more is added than taken is for the code to check",
        ]
    );
    assert_eq!(
        claims_of(&found, "anybody", |row| &row.extracts),
        [
            "ASSUMED `tokens`: all unique assets, unless the code of `act` refuses",
            "ASSUMED `points`: new balance without bound, unless the code of `act` refuses",
        ]
    );
}

#[test]
fn what_one_actor_extracts_is_the_greatest_ceiling_of_what_it_takes_alone() {
    let pays = |name: &str, max: &str, rest: &str| {
        format!(
            "[transitions.{name}]\nargs = {{ deal = \"u64\" }}\n{BOUND}sends = [{{ asset = \"native\", max = {max} }}]\nceilings = {{ gas = 10 }}\n{rest}"
        )
    };
    let text = [
        pays("small", "5", "caller = [\"boss\"]\n"),
        pays("great", "70", "caller = [\"boss\"]\n"),
        pays("shared", "\"any\"", "caller = [\"boss\"]\nguard = \"member(seller)\"\n"),
    ];
    let found = manifest(&text.concat());
    let extracts = |actor: &str| claims_of(&found, actor, |row| &row.extracts);
    assert_eq!(
        extracts("boss"),
        [
            "ENFORCED native: at most 70 in one call, by `small`, `great`; calls are not counted, so in many calls all of the contract's coins that are not in escrow"
        ]
    );
    assert_eq!(extracts("anybody").len(), 1);
    assert!(extracts("anybody")[0].starts_with("ENFORCED nothing:"), "{:?}", extracts("anybody"));
    assert!(extracts("seller")[0].starts_with("ENFORCED nothing besides"), "`shared` needs the boss as well");

    let out =
        act(&format!("caller = [\"boss\"]\n{BOUND}escrows = [{{ cell = \"vault\", pays_out = true }}]\n"));
    assert_eq!(
        claims_of(&out, "boss", |row| &row.extracts),
        ["ENFORCED escrow `vault`: all that is held for an item it may call for, by `act`"]
    );
    let exit = manifest(
        "[exits.out]\nid = 1\nitem = \"deals\"\neffects = [{ release = \"vault\", to = \"item.seller\" }, { pay = \"caller\", amount = \"1\" }]\n",
    );
    assert_eq!(
        claims_of(&exit, "seller", |row| &row.extracts),
        ["ENFORCED exit `out` pays it: release all of vault to item.seller"]
    );
    assert_eq!(
        claims_of(&exit, "anybody", |row| &row.extracts),
        ["ENFORCED exit `out` pays it: pay at most 1 native to caller"]
    );
}

#[test]
fn fields_roles_machines_and_upgrades_have_their_masters() {
    let found = act(&format!(
        "caller = [\"boss\"]\n{BOUND}to = {{ deal = [\"Lost\"] }}\ntouches = [{{ cell = \"deals\", key = [\"arg.deal\"], ops = [\"set\"], head = [\"price\"] }}, {{ cell = \"rate\", ops = [\"set\", \"delete\"] }}]\n[upgrade]\nrole = \"boss\"\ndelay_blocks = 9\nveto = \"council\"\n"
    ));
    assert_eq!(
        claims_of(&found, "boss", |row| &row.fields),
        [
            "ENFORCED `act` may create `deals[arg.deal]`; of one that is there it may change `price`, the tail",
            "ENFORCED `act` may create and delete `rate`, and so replace it whole",
        ]
    );
    assert_eq!(
        claims_of(&found, "boss", |row| &row.machines),
        ["ENFORCED `act` moves `deal` from any state to Lost"]
    );
    let roles = claims_of(&found, "boss", |row| &row.roles);
    assert_eq!(
        roles,
        [
            "ENFORCED cannot hand the role to another account",
            "ENFORCED can give the role up for ever (`$role.renounce`): then nobody holds it",
            "ENFORCED can change the members of `council`",
        ]
    );
    assert_eq!(
        claims_of(&found, "boss", |row| &row.upgrade),
        ["ENFORCED can change the code 9 blocks after proposing it; `council` can veto meanwhile"]
    );
    assert_eq!(claims_of(&found, "council", |row| &row.upgrade).len(), 1);
    // A role that a field names belongs to whoever may change the field.
    let everything = claims_of(&act("touches = \"unknown\"\n"), "anybody", |row| &row.roles);
    assert_eq!(everything, ["ENFORCED `act` may change `deals.seller`, which says who is `seller`"]);
}

#[test]
fn live_holders_stand_beside_their_roles() {
    let holders = [(1, Some("5Boss".to_owned()))].into();
    let live = Live { holders, ..Live::default() };
    let found = power(&manifest(""), Some(&live));
    let shown: Vec<Option<&str>> = found.actors.iter().map(|row| row.holder.as_deref()).collect();
    assert_eq!(shown, [None, Some("5Boss"), None, None]);
    let vacant = Live { holders: [(1, None)].into(), ..Live::default() };
    assert_eq!(power(&manifest(""), Some(&vacant)).actors[1].holder.as_deref(), Some("nobody"));
}

#[test]
fn trust_names_callees_clocks_oracles_and_foreign_books() {
    let none = trust(&manifest(""));
    assert!(none.callees.is_empty() && none.clocks.is_empty() && none.oracles.is_empty());
    let said: Vec<&str> = none.claims.iter().map(|claim| claim.evidence.name()).collect();
    assert_eq!(said, ["ENFORCED", "PROVEN", "PROVEN", "ENFORCED"], "{:?}", none.claims);

    let found = trust(&act(&format!(
        "{BOUND}value_max = 5\nguard = \"cell.rate.value < item.price && height > 3\"\nwindow = {{ clock = \"time\", opens = \"1\" }}\nreenter = \"all\"\ncalls = [{{ contract = \"*\" }}]\nsends = [{{ asset = {{ contract = \"arg.who\", cell = 7 }}, max = 1 }}]\n\
         [transitions.report]\nargs = {{ value = \"u64\" }}\ncaller = [\"council\"]\ntouches = [{{ cell = \"rate\", ops = [\"set\"], head = [\"value\"] }}]\nceilings = {{ gas = 10 }}\n"
    )));
    let [callee] = &found.callees[..] else { panic!("one callee: {found:?}") };
    assert_eq!((callee.contract.as_str(), &callee.callee, callee.reenter), ("*", &None, "all"));
    let clocks: Vec<_> = found.clocks.iter().map(|used| (used.part, used.clock, used.evidence)).collect();
    assert_eq!(clocks, [("window", "time", Evidence::Assumed), ("guard", "height", Evidence::Enforced)]);
    let oracles: Vec<_> = found
        .oracles
        .iter()
        .map(|oracle| (oracle.role.as_str(), oracle.writes.as_str(), oracle.read_by.concat()))
        .collect();
    assert_eq!(
        oracles,
        [("council", "rate.value", "act".to_owned())],
        "the price has no role that writes it"
    );
    assert_eq!(found.foreign_assets[0].asset, "cell 7 of contract arg.who");
    for part in
        ["may call whatever", "entered again", "nothing proves it", "pays into no escrow", "never be changed"]
    {
        assert!(found.claims.iter().any(|claim| claim.text.contains(part)), "{part}: {:?}", found.claims);
    }
}

#[test]
fn what_is_not_imported_is_proven_and_what_no_host_has_is_refused() {
    let function = |name: &str| {
        [&[1, b'c', u8::try_from(name.len()).expect("short")], name.as_bytes(), &[0, 0]].concat()
    };
    let module = |names: &[&str]| {
        let body: Vec<u8> = names.iter().flat_map(|name| function(name)).collect();
        let count = u8::try_from(names.len()).expect("few");
        let length = u8::try_from(body.len() + 1).expect("short");
        [b"\0asm\x01\0\0\0", &[2, length, count][..], &body].concat()
    };
    let host = |module: &str, name: &str| {
        (module == "c" && name != "fly").then(|| Declared { status: "transitions", doc: String::new() })
    };
    let found = imports(&module(&["emit", "fly"]), &host).expect("a module");
    let rows = found.imports.expect("there is code");
    let statuses: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.status)).collect();
    assert_eq!(statuses, [("emit", "transitions"), ("fly", "refused")]);
    let levels: Vec<_> = found.claims.iter().map(|claim| claim.evidence.name()).collect();
    assert_eq!(
        levels,
        ["ENFORCED", "PROVEN", "PROVEN", "PROVEN", "PROVEN", "PROVEN", "ENFORCED"],
        "{:?}",
        found.claims
    );
    assert_eq!(no_code("no code").imports, None);
}

#[test]
fn messages_say_who_brings_them() {
    let found = act(
        "emits = [\"Moved\"]\nerrors = [\"No\"]\n[events.Moved]\nid = 4\nfields = { who = \"account\" }\n[events.Never]\nid = 5\n[errors.No]\nid = 6\n",
    );
    let said: Vec<_> = events(&found).into_iter().map(|row| (row.id, row.max_bytes, row.by)).collect();
    assert_eq!(said, [(4, 32, vec!["act".to_owned()]), (5, 0, Vec::new())]);
    assert_eq!(errors(&found)[0].by, ["act"]);
}

/// Everything a manifest has to show.
fn whole(manifest: &Manifest) -> page::Page {
    page::Page {
        title: "contract <b>\u{202e}".into(),
        facts: vec![("says".into(), manifest.doc.to_string())],
        sections: vec![
            page::abi(&abi(manifest)),
            page::machines(&machines(manifest)),
            page::bounds(&bounds(manifest, &PRICES, None)),
            page::storage(&storage(manifest)),
            page::imports(&no_code("no code")),
            page::events(&events(manifest)),
            page::errors(&errors(manifest)),
            page::power(&power(manifest, None)),
            page::trust(&trust(manifest)),
            page::legend(),
        ],
    }
}

#[test]
fn everything_a_manifest_can_say_is_shown_in_every_form() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../runtime/primitives/golden/manifest_everything.hex");
    let text = std::fs::read_to_string(path).expect("the primitives' golden file");
    let digits: String = text.lines().skip(1).collect();
    let manifest = Manifest::decode_checked(&hex::decode(digits).expect("hexadecimal")).expect("a manifest");
    let page = whole(&manifest);
    for form in [page.to_text(), page.to_markdown(), page.to_html()] {
        assert!(!form.contains("\u{202e}") && form.contains("\\u{202e}"), "the direction of writing stays");
        for name in manifest.methods() {
            assert!(form.contains(name.as_str()), "{name}");
        }
        // A name that could not be given would stand as a question mark.
        assert!(!form.contains(" ?") && !form.contains("`?`"), "{form}");
    }
    for machine in machines(&manifest).machines {
        assert!(page::mermaid(&machine).starts_with("stateDiagram-v2\n"));
    }
}

#[test]
fn foreign_text_stays_text_in_every_form() {
    let hostile = from_toml(
        "[contract]\nname = \"a\"\ndoc = \"<script>alert('1')</script> ![x](http://y) | `z`\"\n[events.Shout]\nid = 1\ndoc = \"</td> | a\"\n",
    )
    .expect("a manifest");
    let page = whole(&hostile);
    let html = page.to_html();
    assert!(
        !html.contains("<script") && html.contains("&lt;script&gt;") && !html.contains("</td> |"),
        "{html}"
    );
    assert!(!html.contains("src=") && !html.contains("href=\"http"), "nothing is fetched");
    let markdown = page.to_markdown();
    assert!(
        markdown.contains("\\<script\\>")
            && markdown.contains("\\!\\[x\\](http")
            && markdown.contains("\\</td\\> \\| a"),
        "{markdown}"
    );

    let bell = page::Page { title: "a\u{7}\u{1b}[2J".into(), facts: Vec::new(), sections: Vec::new() };
    assert_eq!(bell.to_text(), "a\\u{7}\\u{1b}[2J\n");
    let code = page::Block::Code { language: "toml", text: "```\n````".into() };
    let fenced = page::Page {
        title: "a".into(),
        facts: Vec::new(),
        sections: vec![page::Section { title: "b".into(), blocks: vec![code] }],
    };
    assert!(fenced.to_markdown().contains("`````toml\n```\n````\n`````\n"), "{}", fenced.to_markdown());
}

#[test]
fn diagrams_mark_exits_and_escape_labels() {
    let found = act(&format!(
        "{BOUND}from = {{ deal = [\"Open\"] }}\nto = {{ deal = [\"Sold\"] }}\ncaller = [\"boss\"]\nguard = \"item.price <= 5\"\n[exits.out]\nid = 1\nitem = \"deals\"\nfrom = {{ deal = [\"Open\"] }}\nto = {{ deal = \"Lost\" }}\n"
    ));
    let row = &machines(&found).machines[0];
    assert_eq!(
        page::mermaid(row),
        "stateDiagram-v2\n    state \"Open\" as s1\n    state \"Sold\" as s2\n    state \"Lost\" as s3\n    state \"exit out\" as exit_out\n    \
         s1 --> s2 : act by boss if item.price #60;= 5\n    s1 --> exit_out\n    exit_out --> s3\n    s2 --> [*]\n    \
         classDef hostExit stroke-dasharray: 5 5\n    class exit_out hostExit\n"
    );
    let page = page::Page {
        title: "a".into(),
        facts: Vec::new(),
        sections: vec![page::machines(&machines(&found))],
    };
    let html = page.to_html();
    assert!(html.contains("<path class=\"exit\"") && html.contains("<path class=\"move\""), "{html}");
    let none = page::mermaid_without_machine("a", &abi(&found).methods);
    assert!(none.ends_with("    always --> always : act by boss\n"), "{none}");
}
