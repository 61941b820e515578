//! TOML in and out: nothing is lost, nothing is accepted silently, errors show where.

use chainstack_primitives::manifest::{
    CallerRule, KeyTerm, Manifest, Ops, ParamRange, RoleInitial, RoleKind, Touches, Type, TypeKind,
};

use super::{from_toml, to_json, to_toml};

/// The manifests the primitives pin: everything a manifest can say, and what is enforced from the beginning.
fn pinned(file: &str) -> Manifest {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtime/primitives/golden").join(file);
    let text = std::fs::read_to_string(path).expect("the primitives' golden file");
    let digits: String = text.lines().skip(1).collect();
    Manifest::decode_checked(&hex::decode(digits).expect("hexadecimal")).expect("a manifest")
}

const COIN: &str = r#"
[contract]
name = "coin"
doc = "A coin."

[types]
Pair = { struct = { left = "account", right = "account" } }
Mode = { enum = { Open = {}, Capped = { cap = "u128" } } }
Pairs = { is = "list<Pair, 3>" }

[params]
zeta = "text<64>"
cap = { type = "u128", min = 1, max = "340_282_366_920_938_463_463_374_607_431_768_211_455", default = 1_000_000 }
shift = { type = "i16", min = -5, default = -1 }
owner = "option<account>"
mode = { type = "Mode", default = { Capped = { cap = 7 } } }

[errors.TooMuch]
id = 1
fields = { limit = "u128", asked = "u128" }

[events.Transfer]
id = 1
fields = { from = "account", to = "account", value = "u128" }

[roles.owner]
id = 1
kind = "account"
initial = "param.owner"

[cells.balances]
id = 1
kind = "ledger"
key = { owner = "account" }
sum = true
asset = { on_move = "Transfer" }

[cells.notes]
id = 2
kind = "map"
key = { zeta = "u32", alpha = "u64" }
head = { author = "account", votes = { type = "u32", write_once = false, sum = true } }
tail = "text<100>"

[transitions.create]
kind = "constructor"
touches = "unknown"
ceilings = { gas = 1_000 }

[transitions.transfer]
doc = "Moves."
args = { to = "account", amount = "u128", pair = "Pair" }
returns = "bool"
caller = ["owner"]
touches = [
    { cell = "balances", key = ["caller"], ops = ["read", "sub"] },
    { cell = "balances", key = ["arg.pair.right"], ops = ["add"] },
    { cell = "notes", key = ["=7", "*"], ops = ["set"], head = ["votes"] },
]
emits = ["Transfer"]
errors = ["TooMuch"]
ceilings = { gas = 2_000_000, reads = 2, writes = 2, new_entries = 1, events = 1 }

[views.balance_of]
args = { owner = "account" }
returns = "u128"
reads = ["balances"]
gas = 100_000
reads_max = 1
"#;

#[test]
fn a_hand_written_manifest_says_what_it_seems_to() {
    let manifest = from_toml(COIN).expect("a manifest");
    let params: Vec<&str> = manifest.params.iter().map(|param| &*param.name).collect();
    assert_eq!(params, ["zeta", "cap", "shift", "owner", "mode"], "the order of the file");
    assert_eq!(manifest.params[1].range, Some(ParamRange::Unsigned { min: 1, max: u128::MAX }));
    assert_eq!(manifest.params[1].default.as_deref(), Some(1_000_000u128.to_le_bytes().as_slice()));
    assert_eq!(manifest.params[2].range, Some(ParamRange::Signed { min: -5, max: i16::MAX.into() }));
    assert_eq!(manifest.params[4].default.as_ref().map(|bytes| bytes.len()), Some(17));
    let owner = manifest.definition(&manifest.params[3].ty).expect("a defined type");
    assert_eq!((&owner.name, &owner.kind), (&None, &TypeKind::Option { of: Type::Account }));
    let initial = RoleInitial::Param(3);
    assert_eq!(manifest.roles[0].kind, RoleKind::Account { initial, transferable: false });
    let key: Vec<&str> = manifest.cells[1].key().iter().map(|field| &*field.name).collect();
    assert_eq!(key, ["zeta", "alpha"]);
    assert_eq!(manifest.cells[1].tail_max_bytes(), 102, "the size of text<100>");
    let transfer = manifest.transition("transfer").expect("declared");
    assert_eq!(transfer.caller, CallerRule::Roles(vec![1].try_into().expect("short")));
    let Touches::Listed(touches) = &transfer.touches else { panic!("listed") };
    assert_eq!(touches[0].ops, Ops::READ.union(Ops::SUB));
    assert_eq!(touches[1].key[0], KeyTerm::ArgField { arg: 2, field: 1 });
    let seven = KeyTerm::Literal(7u32.to_le_bytes().as_slice().try_into().expect("short"));
    assert_eq!((&touches[2].key[0], &touches[2].key[1], touches[2].head), (&seven, &KeyTerm::Any, 2));
}

#[test]
fn what_is_printed_reads_as_the_same_manifest() {
    let coin = from_toml(COIN).expect("a manifest");
    for manifest in [pinned("manifest_everything.hex"), pinned("manifest_token.hex"), coin] {
        let text = to_toml(&manifest).expect("a valid manifest");
        let read = from_toml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(read, manifest, "{text}");
        assert_eq!(read.hash(), manifest.hash());
    }
}

#[test]
fn json_has_the_layout_of_toml() {
    let json = to_json(&pinned("manifest_everything.hex")).expect("a valid manifest");
    assert_eq!(json["contract"]["name"], "every-thing");
    assert_eq!(json["transitions"]["bid"]["args"]["place"], "Place");
    assert_eq!(json["transitions"]["bid"]["value_max"], "any");
    assert_eq!(json["cells"]["wares"]["asset"], "cell.tokens");
    assert_eq!(json["invariants"]["solvent"]["rule"], "balance >= 0");
    assert_eq!(json["roles"]["seller"]["holder"], "auctions.seller");
    assert_eq!(json["exits"]["expire"]["to"]["auction"], "Expired");
    let invalid = Manifest { version: 9, ..pinned("manifest_token.hex") };
    assert!(to_json(&invalid).is_err() && to_toml(&invalid).is_err());
}

#[test]
fn errors_show_line_column_and_what_to_try() {
    let cases = [
        (
            "returns = \"bool\"",
            "returs = \"bool\"",
            "line 53, column 1: `returs` means nothing here (hint: did you mean `returns`?)",
        ),
        ("sum = true\nasset", "sum = 1\nasset", "line 35, column 7: true or false expected, a number found"),
        ("pair = \"Pair\"", "pair = \"Pare\"", "line 52, column 50: `Pare` is no type; did you mean `Pair`?"),
        (
            "emits = [\"Transfer\"]",
            "emits = [\"Transfers\"]",
            "line 60, column 10: nothing in [events] is called `Transfers` (hint: did you mean `Transfer`?)",
        ),
        (
            "[\"arg.pair.right\"]",
            "[\"arg.pair.up\"]",
            "line 57, column 33: argument `pair` has no field `up`",
        ),
        ("key = [\"caller\"]", "key = []", "line 56, column 5: the key of `balances` has 1 fields, 0 given"),
        (
            "default = 1_000_000",
            "default = \"much\"",
            "line 13, column 104: `value`: u128 expected, `much` found: not a decimal whole number",
        ),
        (
            "min = -5, default",
            "min = 1.5, default",
            "line 14, column 31: a number expected, a fraction found",
        ),
        (
            "[views.balance_of]",
            "[veiws.balance_of]",
            "line 64, column 2: `veiws` means nothing here (hint: did you mean `views`?)",
        ),
        (
            "kind = \"constructor\"",
            "kind = \"create\"",
            "line 46, column 8: `create` is none of `call`, `constructor`",
        ),
        ("[contract]", "[contract", "line 2, column 10: unclosed table, expected `]`"),
        ("gas = 100_000\n", "", "line 64, column 1: `gas` is missing"),
    ];
    for (from, to, expected) in cases {
        assert_eq!(COIN.matches(from).count(), 1, "{from} occurs once");
        let error = from_toml(&COIN.replace(from, to)).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn refusals_of_the_manifest_show_their_line_and_code() {
    let text = COIN.replace("ceilings = { gas = 1_000 }", "ceilings = { gas = 0 }");
    let error = from_toml(&text).expect_err("no gas");
    assert_eq!((error.line, error.column, error.code), (48, 14, Some(2112)));
    let text = COIN.replace("limit = \"u128\", asked", "limit = \"bytes<300>\", asked");
    let error = from_toml(&text).expect_err("too long");
    assert_eq!((error.line, error.code), (20, Some(2114)));
}

#[test]
fn an_error_in_a_text_without_a_file_shows_its_line_and_where_it_was_declared() {
    let text = COIN.replace("ceilings = { gas = 1_000 }", "ceilings = { gas = 0 }");
    let error = from_toml(&text).expect_err("no gas");
    let shown = format!("{error}\n  [transitions.create]\n  ceilings = {{ gas = 0 }}");
    assert_eq!(error.shown_in(&text), shown);
    let text = text.replace("[transitions.create]\n", "[transitions.create]\n# src/lib.rs:7\n");
    let error = from_toml(&text).expect_err("no gas");
    let shown = format!("{error}\n  src/lib.rs:7\n  [transitions.create]\n  ceilings = {{ gas = 0 }}");
    assert_eq!(error.shown_in(&text), shown);
    let error = from_toml("").expect_err("empty");
    assert_eq!(error.shown_in(""), error.to_string());
}

#[test]
fn the_same_key_twice_and_too_many_entries_are_refused() {
    let error =
        from_toml(&COIN.replace("sum = true\nasset", "sum = true\nsum = false\nasset")).expect_err("twice");
    assert_eq!(error.line, 36);
    let many: String = (0..33).map(|index| format!("p{index} = \"u8\"\n")).collect();
    let error = from_toml(&format!("[contract]\nname = \"a\"\n[params]\n{many}")).expect_err("too many");
    assert_eq!(error.message, "33 elements found, at most 32 allowed");
    let error = from_toml(&" ".repeat(1024 * 1024 + 1)).expect_err("too long");
    assert_eq!(error.message, "1048577 bytes found, at most 1048576 allowed");
}

#[test]
fn broken_texts_never_panic() {
    let text = to_toml(&pinned("manifest_everything.hex")).expect("a valid manifest");
    let mut state = 0x746f_6d6cu64;
    let mut refused = 0;
    for _ in 0..300 {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let at = (state >> 33) as usize % text.len();
        let Some((before, after)) = text.split_at_checked(at) else { continue };
        let broken = match state >> 20 & 3 {
            0 => before.to_owned(),
            1 => format!("{before}\"{after}"),
            2 => format!("{before}{}", after.chars().skip(1).collect::<String>()),
            _ => format!("{before}({after}"),
        };
        refused += usize::from(from_toml(&broken).is_err());
    }
    assert!(refused > 150, "{refused} refused");
}

#[test]
fn expressions_keep_their_shape() {
    let rule = |text: &str| {
        let toml = format!(
            "{COIN}\n[invariants.rule]\nid = 1\nrule = \"{text}\"\n[machines.main]\nid = 1\nstates = {{ On = 1, Off = 4 }}\ninitial = \"On\"\n"
        );
        from_toml(&toml).map(|manifest| {
            let json = to_json(&manifest).expect("valid");
            json["invariants"]["rule"]["rule"].as_str().expect("a text").to_owned()
        })
    };
    let same = [
        "balance >= 0",
        "sum(balances) + 2 * 3 <= param.cap",
        "(sum(balances) + 2) * 3 <= param.cap",
        "1 - (2 - 3) == 1 - 2 - 3",
        "!(1 < 2) && (true || false)",
        "!!true == false",
        "in(main, On, Off) || int(-5) < to_int(sum(notes.votes))",
        "(1 == 2) == (2 == 1)",
        "if(balance > 0, mul_div(1, 2, 3), min(4, max(5, 6))) % 7 != 8",
    ];
    for text in same {
        assert_eq!(rule(text).as_deref(), Ok(text));
    }
    assert_eq!(rule(" 1<2&&3 >=1_000 ").as_deref(), Ok("1 < 2 && 3 >= 1000"));
    let wrong = [
        ("1 <", "expression, character 4: a value expected"),
        ("1 < 2 < 3", "expression, character 7: an operator expected"),
        ("sum(nothing) > 0", "expression, character 12: there is no cell `nothing`"),
        ("frob > 0", "expression, character 1: `frob` means nothing here"),
        ("(1 > 0", "expression, character 7: `)` expected"),
    ];
    for (text, message) in wrong {
        assert_eq!(rule(text).expect_err(text).message, message);
    }
    let deep = format!("{}true{}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(rule(&deep).expect_err("too deep").message, "expression, character 66: nested too deep");
}
