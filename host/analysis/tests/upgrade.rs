//! The upgrade gate on escrowed assets: what a method may let out counts by every send that could be of the asset, and no
//! move of an asset clears what none cleared.

use chainstack_analysis::{UpgradeVerdict, diff};
use chainstack_client::manifest::from_toml;
use chainstack_primitives::manifest::Manifest;

/// A house with own coins and deeds, whose lots have something in one escrow; `take` lets it out.
const HOUSE: &str = r#"
[contract]
name = "house"

[roles.owner]
id = 1
kind = "account"
initial = "signer"

[cells.coins]
id = 1
kind = "ledger"
key = { holder = "account" }
sum = true
asset = "fungible"

[cells.notes]
id = 2
kind = "ledger"
key = { holder = "account" }
sum = true
asset = "fungible"

[cells.deeds]
id = 3
kind = "map"
key = { id = "u64" }
head = { price = { type = "u64", write_once = false PRICE }, lender = { type = "account", write_once = false LENDER } }
asset = "unique"

[cells.lots]
id = 4
kind = "map"
key = { id = "u64" }
head = { token = "account" }

[cells.held]
id = 5
kind = "escrow"
item = "lots"
asset = ASSET

[transitions.take]
args = { id = "u64" }
item = { existing = "lots", key = ["arg.id"] }
escrows = [{ cell = "held", pays_out = true }]
sends = [SENDS]
ceilings = { gas = 100_000 }

[upgrade]
role = "owner"
delay_blocks = 100
"#;

/// What is held and sent in the cases.
const COIN: &str = "\"native\"";
const OWN: &str = "\"cell.coins\"";
const OTHER_OWN: &str = "\"cell.notes\"";
const TOKEN: &str = r#"{ contract = "item.token", cell = 1 }"#;
const OTHER_TOKEN: &str = r#"{ contract = "item.token", cell = 2 }"#;
const ANY: &str = r#"{ contract = "*", cell = 1 }"#;
const MYSELF: &str = r#"{ contract = "self", cell = 1 }"#;
const CALLER: &str = r#"{ contract = "caller", cell = 1 }"#;

/// Assets and how much of each.
type Sends = &'static [(&'static str, u64)];

/// The house with what is held, what `take` may send, and whether a move of a deed clears its price and its lender.
fn house(asset: &str, sends: Sends, cleared: [bool; 2]) -> Manifest {
    parsed(&text(asset, sends, cleared))
}

fn text(asset: &str, sends: Sends, [price, lender]: [bool; 2]) -> String {
    let sends = sends.iter().map(|(asset, max)| format!("{{ asset = {asset}, max = {max} }}"));
    let sends = sends.collect::<Vec<_>>().join(", ");
    let clears = |yes: bool| if yes { ", clear_on_move = true" } else { "" };
    let text = HOUSE.replace("ASSET", asset).replace("SENDS", &sends);
    text.replace("PRICE", clears(price)).replace("LENDER", clears(lender))
}

fn parsed(text: &str) -> Manifest {
    let manifest = from_toml(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    manifest.validate().unwrap_or_else(|error| panic!("{error}\n{text}"));
    manifest
}

/// The rules by which the gate refuses the step from one version to the next.
fn refused(old: &Manifest, new: &Manifest) -> Vec<&'static str> {
    let changes = diff(old, new).changes.into_iter();
    changes.filter(|change| change.verdict == UpgradeVerdict::Refused).map(|change| change.rule).collect()
}

#[test]
fn every_send_that_could_be_of_an_escrowed_asset_counts() {
    // What is held, what the method could send, what it can now, whether that is no more.
    let cases: [(&str, Sends, Sends, bool); 22] = [
        (TOKEN, &[(TOKEN, 10)], &[(TOKEN, 10)], true),
        (TOKEN, &[(TOKEN, 10)], &[(TOKEN, 9)], true),
        (TOKEN, &[(TOKEN, 10)], &[(TOKEN, 11)], false),
        // Another name may be that of the same contract: all together count.
        (TOKEN, &[(TOKEN, 10)], &[(ANY, 10)], true),
        (TOKEN, &[(TOKEN, 10)], &[(ANY, 11)], false),
        (TOKEN, &[(TOKEN, 10)], &[(CALLER, 11)], false),
        (TOKEN, &[(TOKEN, 10)], &[(TOKEN, 10), (ANY, 1)], false),
        (TOKEN, &[(TOKEN, 10)], &[(ANY, 1), (TOKEN, 10)], false),
        (TOKEN, &[(TOKEN, 10)], &[(TOKEN, 5), (CALLER, 5)], true),
        (TOKEN, &[(TOKEN, 10)], &[(OWN, 11)], false),
        // Another cell, another own asset, and coins are none of it.
        (TOKEN, &[(TOKEN, 10)], &[(TOKEN, 10), (OTHER_TOKEN, 99), (OTHER_OWN, 99), (COIN, 99)], true),
        // What was only perhaps of the asset promised nothing of it.
        (TOKEN, &[(ANY, 10)], &[(TOKEN, 10)], false),
        (TOKEN, &[(OTHER_TOKEN, 10)], &[(TOKEN, 1)], false),
        (TOKEN, &[(OTHER_TOKEN, 10)], &[(OTHER_TOKEN, 99)], true),
        (OWN, &[(OWN, 10)], &[(MYSELF, 10)], true),
        (OWN, &[(OWN, 10)], &[(MYSELF, 11)], false),
        (OWN, &[(OWN, 10)], &[(OWN, 10), (TOKEN, 1)], false),
        (OWN, &[(OWN, 10)], &[(OWN, 10), (OTHER_OWN, 99)], true),
        (COIN, &[(COIN, 10)], &[(COIN, 11)], false),
        (COIN, &[(COIN, 10)], &[(COIN, 10), (ANY, 99)], true),
        // The same sends let out what they let out before, whatever they are of.
        (TOKEN, &[(TOKEN, 10), (ANY, 5)], &[(TOKEN, 10), (ANY, 5)], true),
        (TOKEN, &[(ANY, 5)], &[(ANY, 5)], true),
    ];
    for (asset, before, after, expected) in cases {
        let found = refused(&house(asset, before, [false; 2]), &house(asset, after, [false; 2]));
        let rules: &[&str] = if expected { &[] } else { &["reach"] };
        assert_eq!(found, rules, "{asset}: {before:?} to {after:?}");
    }
}

#[test]
fn no_move_clears_what_none_did() {
    // Of a deed's price and its lender, which a move clears.
    let cases = [
        ([false, true], [false, true], true),
        ([false, true], [true, true], false),
        ([false, false], [false, true], false),
        ([false, true], [true, false], false),
        ([true, true], [false, false], true),
    ];
    for (before, after, expected) in cases {
        let found = refused(&house(COIN, &[], before), &house(COIN, &[], after));
        let rules: &[&str] = if expected { &[] } else { &["clear_on_move"] };
        assert_eq!(found, rules, "{before:?} to {after:?}");
    }
}

#[test]
fn what_a_method_took_for_one_item_it_takes_for_no_other() {
    // The item that `take` is bound to: who calls has one, or names any.
    let (own, any) = ("caller", "arg.id");
    let keyed = |key: &str| {
        let text = text(COIN, &[(COIN, 10)], [false; 2]).replace("id = \"u64\"", "id = \"account\"");
        parsed(&text.replace("[\"arg.id\"]", &format!("[\"{key}\"]")))
    };
    for (before, after, expected) in [(own, own, true), (any, any, true), (own, any, false)] {
        let rules: &[&str] = if expected { &[] } else { &["reach"] };
        assert_eq!(refused(&keyed(before), &keyed(after)), rules, "{before} to {after}");
    }
}

#[test]
fn what_a_method_led_away_for_one_item_it_leads_away_for_no_other() {
    // An exit lets lots out while they, or the house, are open; `shut` ends that.
    let shutting = |machine: &str, item: &str| {
        let more = format!(
            "[machines.gate]\nid = 1\n{machine}states = {{ Open = 0, Shut = 1 }}\ninitial = \"Open\"\n\n\
             [transitions.shut]\nargs = {{ id = \"account\" }}\n{item}from = {{ gate = [\"Open\"] }}\nto = {{ gate = [\"Shut\"] }}\n\
             ceilings = {{ gas = 100_000 }}\n\n\
             [exits.leave]\nid = 1\nitem = \"lots\"\nfrom = {{ gate = [\"Open\"] }}\n\
             effects = [{{ release = \"held\", to = \"item.token\" }}]\n\n[upgrade]"
        );
        let text = text(COIN, &[(COIN, 10)], [false; 2]).replace("id = \"u64\"", "id = \"account\"");
        parsed(&text.replace("[upgrade]", &more))
    };
    let (lots, house) = ("cell = \"lots\"\n", "");
    let own = "item = { existing = \"lots\", key = [\"caller\"] }\n";
    let any = "item = { existing = \"lots\", key = [\"arg.id\"] }\n";
    let cases = [
        (lots, own, own, true),
        (lots, any, any, true),
        (lots, own, any, false),
        (house, own, own, true),
        (house, own, any, false),
        // Who has no lot could not.
        (house, own, "", false),
        (house, "", own, true),
    ];
    for (machine, before, after, expected) in cases {
        let rules: &[&str] = if expected { &[] } else { &["reach"] };
        let found = refused(&shutting(machine, before), &shutting(machine, after));
        assert_eq!(found, rules, "{machine}: {before} to {after}");
    }
}

/// Lots that an exit lets out of the house, with `more` beside what it does.
fn leaving(more: &str) -> String {
    let exit = format!(
        "[cells.points]\nid = 6\nkind = \"ledger\"\nkey = {{ owner = \"account\" }}\n\n[exits.leave]\nid = 1\nitem = \"lots\"\n\
         effects = [{{ release = \"held\", to = \"item.token\" }}, {more}{{ delete = true }}]\n\n[upgrade]"
    );
    let text = text(COIN, &[(COIN, 10)], [false; 2]).replace("[upgrade]", &exit);
    text.replace(
        "head = { token = \"account\" }",
        "head = { token = \"account\", size = { type = \"u64\", write_once = false } }",
    )
}

const GAIN: &str = "{ add = \"points\", key = [\"item.token\"], amount = \"item.size\" }, ";

#[test]
fn items_of_before_keep_no_deposit_for_what_exits_create_now() {
    let none = leaving("");
    let one = leaving(GAIN);
    let two = leaving(&format!("{GAIN}{GAIN}"));
    let later = |text: &str, exit: &str| text.replace("[exits.leave]", &format!("{exit}\n\n[exits.leave]"));
    let second = |more: &str| {
        format!(
            "[exits.again]\nid = 2\nitem = \"lots\"\neffects = [{{ release = \"held\", to = \"item.token\" }}, {more}{{ delete = true }}]"
        )
    };
    let longer = |text: &str| text.replace("size = {", "room = \"u128\", size = {");
    let tail = |text: &str| text.replace("[cells.lots]\nid = 4", "[cells.lots]\nid = 4\ntail_max_bytes = 8");
    let keyed = |text: &str| text.replace("owner = \"account\" }", "owner = \"account\", part = \"u64\" }");
    let refused_by = |old: &str, new: &str| refused(&parsed(old), &parsed(new)).contains(&"deposit");
    let cases = [
        (none.clone(), later(&none, &second("")), false),
        (none.clone(), later(&none, &second(GAIN)), true),
        (one.clone(), later(&one, &second(GAIN)), false),
        (one.clone(), later(&one, &second(&format!("{GAIN}{GAIN}"))), true),
        (two.clone(), one.clone(), false),
        (none.clone(), tail(&none), false),
        (one.clone(), tail(&one), true),
        (none.clone(), longer(&none), false),
        (one.clone(), longer(&one), true),
        (one.clone(), keyed(&one).replace("key = [\"item.token\"]", "key = [\"item.token\", \"=0\"]"), true),
    ];
    for (old, new, expected) in cases {
        assert_eq!(refused_by(&old, &new), expected, "{old}\n->\n{new}");
    }
}

#[test]
fn what_an_exit_moves_in_ledgers_nobody_may_write_anew() {
    let writer = "[transitions.resize]\nargs = { id = \"u64\" }\nitem = { existing = \"lots\", key = [\"arg.id\"] }\n\
                  touches = [{ cell = \"lots\", key = [\"arg.id\"], ops = [\"set\"], head = [\"size\"] }]\n\
                  ceilings = { gas = 100, writes = 1 }\n\n[exits.leave]";
    for (effect, expected) in [("", false), (GAIN, true), (&GAIN.replace("add", "sub"), true)] {
        let old = leaving(effect);
        let new = old.replace("[exits.leave]", writer);
        let rules: &[&str] = if expected { &["reach"] } else { &[] };
        assert_eq!(refused(&parsed(&old), &parsed(&new)), rules, "{effect}");
    }
}

#[test]
fn no_exit_creates_where_items_may_have_given_their_deposit_away() {
    // Lots are open, sold by an exit that creates, and put away by a method.
    let lot = |ways: &[(&str, &str)], exits: &[(&str, &str, &str)]| {
        let mut more =
            "[machines.lot]\nid = 1\ncell = \"lots\"\nstates = { Open = 0, Sold = 1, Away = 2, Lost = 3 }\n\
                        initial = \"Open\"\n\n"
                .to_owned();
        for (from, to) in ways {
            more += &format!(
                "[transitions.{}_{}]\nargs = {{ id = \"u64\" }}\nitem = {{ existing = \"lots\", key = [\"arg.id\"] }}\n\
                 from = {{ lot = [\"{from}\"] }}\nto = {{ lot = [\"{to}\"] }}\nceilings = {{ gas = 100 }}\n\n",
                from.to_lowercase(),
                to.to_lowercase()
            );
        }
        for (id, (from, effect, to)) in (2..).zip(exits) {
            more += &format!(
                "[exits.e{id}]\nid = {id}\nitem = \"lots\"\nfrom = {{ lot = [\"{from}\"] }}\neffects = [{effect}]\n{to}\n\n"
            );
        }
        leaving("").replace("[exits.leave]", &format!("{more}[exits.leave]"))
    };
    let sold = "to = { lot = \"Sold\" }";
    let gain = GAIN.trim_end_matches(", ");
    let (first, last) = (("Open", gain, sold), ("Away", gain, sold));
    let none = ("Away", "", "");
    let away = ("Sold", "Away");
    let cases = [
        // The method that led from one to the other is gone: each version alone pays for what it creates.
        (lot(&[away], &[first, none]), lot(&[], &[first, none, last]), true),
        (lot(&[away], &[first]), lot(&[away], &[first, ("Sold", "", "")]), false),
        // Where no item can have sold, and there is a way from before.
        (lot(&[("Open", "Away")], &[first]), lot(&[], &[first, last]), true),
        (lot(&[("Away", "Open")], &[first]), lot(&[], &[first, last]), false),
        (lot(&[], &[first]), lot(&[("Lost", "Open")], &[first]), true),
        (lot(&[("Lost", "Open")], &[first]), lot(&[("Open", "Lost"), ("Lost", "Open")], &[first]), false),
    ];
    for (old, new, expected) in cases {
        let found = refused(&parsed(&old), &parsed(&new)).contains(&"deposit");
        assert_eq!(found, expected, "{old}\n->\n{new}");
    }
}

#[test]
fn what_a_method_wrote_of_one_item_it_writes_of_no_other() {
    // A method that changes the size which `leave` goes by: for which item, and under which key it writes.
    let writer = |item: &str, key: &str, more: &str| {
        let method = format!(
            "[transitions.resize]\nargs = {{ id = \"u64\", other = \"u64\" }}\nitem = {{ existing = \"lots\", key = [\"{item}\"] }}\n\
             touches = [{{ cell = \"lots\", key = [\"{key}\"], ops = [\"set\"], head = [\"size\"] }}]\n{more}\
             ceilings = {{ gas = 100, writes = 1 }}\n\n[exits.leave]"
        );
        parsed(&leaving(GAIN).replace("[exits.leave]", &method))
    };
    let guard = "guard = \"arg.id < 7\"\n";
    let cases = [
        (writer("arg.id", "arg.id", ""), writer("arg.id", "arg.id", ""), true),
        (writer("arg.id", "arg.id", ""), writer("arg.other", "arg.other", ""), false),
        (writer("arg.id", "arg.id", ""), writer("arg.id", "arg.other", ""), false),
        (writer("arg.id", "*", ""), writer("arg.id", "*", ""), true),
        (writer("arg.id", "arg.id", ""), writer("arg.id", "arg.id", guard), true),
        (writer("arg.id", "arg.id", guard), writer("arg.id", "arg.id", ""), false),
    ];
    for (index, (before, after, expected)) in cases.iter().enumerate() {
        let rules: &[&str] = if *expected { &[] } else { &["reach"] };
        assert_eq!(refused(before, after), rules, "case {index}");
    }
}
