//! Text and JSON to bytes and back, by type; what is refused says which argument, what type, what was found.

use chainstack_primitives::AccountId;
use chainstack_primitives::manifest::{Manifest, Type};
use parity_scale_codec::Encode;
use serde_json::{Value, json};

use super::{
    decode_fields, decode_to_json, decode_with, encode_args, encode_fields, encode_json, encode_params,
    encode_text, no_aliases, type_name,
};
use crate::manifest::from_toml;

fn manifest() -> Manifest {
    let text = r#"
        [contract]
        name = "values"
        [types]
        Point = { struct = { x = "i8", y = "u64" } }
        Curve = { enum = { Linear = {}, Steps = { count = "u16", at = "Point" } } }
        Ids = { is = "list<u32, 3>" }
        Names = { is = "list<text<5>, 3>" }
        Twice = { is = "option<option<u8>>" }
        Maybe = { is = "option<Curve>" }
        [params]
        name = "text<8>"
        decimals = { type = "u8", max = 36, default = 18 }
        owner = "option<account>"
        [events.Moved]
        id = 1
        fields = { to = "account", amount = "u128" }
    "#;
    from_toml(text).expect("a manifest")
}

fn ty(name: &str) -> Type {
    let manifest = manifest();
    let found = manifest.types.iter().position(|known| known.name.as_deref() == Some(name));
    Type::Defined(u16::try_from(found.expect("a type")).expect("few types"))
}

/// `text` and `json` both encode to `bytes`, which decode to `json`.
fn same(ty: Type, text: &str, json: Value, bytes: &[u8]) {
    let manifest = manifest();
    assert_eq!(encode_text(&manifest, &ty, text, &no_aliases).as_deref(), Ok(bytes), "{text}");
    assert_eq!(encode_json(&manifest, &ty, &json, &no_aliases).as_deref(), Ok(bytes), "{json}");
    assert_eq!(decode_to_json(&manifest, &ty, bytes), Ok(json));
}

#[test]
fn scalars_both_ways() {
    same(Type::Bool, "true", json!(true), &[1]);
    same(Type::U8, "255", json!(255), &[255]);
    same(Type::U32, "4_294_967_295", json!(u32::MAX), &[255; 4]);
    same(Type::U64, "18446744073709551615", json!("18446744073709551615"), &[255; 8]);
    same(Type::U128, &u128::MAX.to_string(), json!(u128::MAX.to_string()), &[255; 16]);
    same(Type::I8, "-128", json!(-128), &[128]);
    same(Type::I64, "-1", json!("-1"), &[255; 8]);
    same(Type::I128, &i128::MIN.to_string(), json!(i128::MIN.to_string()), &i128::MIN.to_le_bytes());
    let digits = format!("0x{}", "ab".repeat(32));
    same(Type::Hash, &digits, json!(digits), &[0xab; 32]);
    same(Type::Account, &digits, json!(digits), &[0xab; 32]);
    same(Type::FixedBytes { size: 2 }, "0x0102", json!("0x0102"), &[1, 2]);
    same(Type::Bytes { max: 4 }, "0x01ff", json!("0x01ff"), &[8, 1, 255]);
    same(Type::Text { max: 9 }, "0x añb ", json!("0x añb "), &"0x añb ".encode());
    let as_text = encode_text(&manifest(), &Type::Bytes { max: 4 }, "abc", &no_aliases);
    assert_eq!(as_text, Ok("abc".encode()));
    assert_eq!(encode_json(&manifest(), &Type::U128, &json!(7), &no_aliases), Ok(7u128.encode()));
}

#[test]
fn defined_types_both_ways() {
    let point = json!({ "x": -1, "y": "2" });
    same(ty("Point"), r#"{"y": "2", "x": -1}"#, point.clone(), &(-1i8, 2u64).encode());
    same(ty("Curve"), "Linear", json!("Linear"), &[0]);
    let steps = json!({ "Steps": { "count": 3, "at": point } });
    same(ty("Curve"), &steps.to_string(), steps, &(1u8, 3u16, -1i8, 2u64).encode());
    same(ty("Ids"), "[1, 2_0,3]", json!([1, 20, 3]), &vec![1u32, 20, 3].encode());
    same(ty("Ids"), "[]", json!([]), &[0]);
    same(ty("Names"), "[ab, c d]", json!(["ab", "c d"]), &vec!["ab", "c d"].encode());
    same(ty("Names"), r#"["a,b"]"#, json!(["a,b"]), &vec!["a,b"].encode());
    same(ty("Maybe"), "none", json!(null), &[0]);
    same(ty("Maybe"), "Linear", json!("Linear"), &[1, 0]);
    for (json, bytes) in
        [(json!(null), vec![0]), (json!({"some": null}), vec![1, 0]), (json!({"some": 7}), vec![1, 1, 7])]
    {
        assert_eq!(encode_json(&manifest(), &ty("Twice"), &json, &no_aliases), Ok(bytes.clone()));
        assert_eq!(decode_to_json(&manifest(), &ty("Twice"), &bytes), Ok(json));
    }
    assert_eq!(type_name(&manifest(), &ty("Maybe")), "Maybe");
}

fn refused(ty: Type, text: &str, expected: &str) {
    let error = encode_text(&manifest(), &ty, text, &no_aliases).expect_err(expected);
    assert_eq!(error.to_string(), expected);
}

#[test]
fn refusals_name_the_place_the_type_and_the_text() {
    refused(Type::U8, "256", "`value`: u8 expected, `256` found: the greatest allowed is 255");
    refused(Type::U8, "-1", "`value`: u8 expected, `-1` found: it must not be negative");
    refused(
        Type::U128,
        &format!("{}0", u128::MAX),
        &format!("`value`: u128 expected, `{0}0` found: the greatest allowed is {0}", u128::MAX),
    );
    refused(Type::I8, "-129", "`value`: i8 expected, `-129` found: allowed is -128 to 127");
    for bad in ["", "_", "1.5", "0x1", "+1", "1e3", "-", "--1", " 1"] {
        refused(Type::I64, bad, &format!("`value`: i64 expected, `{bad}` found: not a decimal whole number"));
    }
    refused(Type::Bool, "yes", "`value`: bool expected, `yes` found: write true or false");
    refused(
        Type::Text { max: 2 },
        "abc",
        "`value`: text<2> expected, `abc` found: 3 given, at most 2 allowed",
    );
    refused(
        Type::FixedBytes { size: 2 },
        "0x01",
        "`value`: fixed<2> expected, `0x01` found: 2 bytes expected, 1 found",
    );
    refused(ty("Ids"), "[1,x]", "`value[1]`: u32 expected, `x` found: not a decimal whole number");
    refused(ty("Ids"), "[1,2,3,4]", "`value`: Ids expected, `[1,2,3,4]` found: 4 given, at most 3 allowed");
    refused(ty("Ids"), "1,2", "`value`: Ids expected, `1,2` found: write a list as [a, b]");
    refused(
        ty("Curve"),
        r#"{"Steps":{"count":70000,"at":{"x":0,"y":0}}}"#,
        "`value.Steps.count`: u16 expected, `70000` found: the greatest allowed is 65535",
    );
    refused(
        ty("Curve"),
        r#""Round""#,
        "`value`: Curve expected, `Round` found: the variants are Linear, Steps",
    );
    refused(
        ty("Point"),
        r#"{"x":1}"#,
        "argument `value.y` of type u64 is missing; declared are x: i8, y: u64",
    );
    let long = "9".repeat(100);
    let cut = format!("`value`: u8 expected, `{}…` found: the greatest allowed is 255", "9".repeat(64));
    refused(Type::U8, &long, &cut);
}

#[test]
fn what_may_be_a_secret_is_not_repeated() {
    let phrase = crate::uri::DEV_PHRASE;
    for secret in [phrase, "//Nobody///hunter2"] {
        let error = encode_text(&manifest(), &Type::Account, secret, &no_aliases).expect_err("no account");
        assert!(!error.to_string().contains(secret) && error.to_string().contains("account"), "{error}");
    }
    // A text of the contract's own is no secret of the chain: what was found is said.
    let error = encode_text(&manifest(), &Type::Text { max: 5 }, "two words", &no_aliases).expect_err("long");
    assert!(error.to_string().contains("two words"), "{error}");
}

#[test]
fn arguments_by_name() {
    let manifest = manifest();
    let fields = &manifest.events[0].fields;
    let alice = AccountId([7; 32]);
    let resolve = |name: &str| (name == "//Alice").then_some(alice);
    let encoded = encode_args(&manifest, fields, &[("amount", "5"), ("to", "//Alice")], &resolve);
    assert_eq!(encoded, Ok((alice, 5u128).encode()));
    let object = json!({ "amount": "5", "to": "//Alice" });
    assert_eq!(encode_fields(&manifest, fields, object.as_object().expect("an object"), &resolve), encoded);
    let refused = |given: &[(&str, &str)], expected: &str| {
        let error = encode_args(&manifest, fields, given, &resolve).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    };
    let declared = "declared are to: account, amount: u128";
    refused(&[("to", "//Alice")], &format!("argument `amount` of type u128 is missing; {declared}"));
    refused(
        &[("ammount", "1")],
        &format!("no argument is called `ammount` (did you mean `amount`?); {declared}"),
    );
    refused(&[("quite_else", "1")], &format!("no argument is called `quite_else`; {declared}"));
    refused(&[("to", "a"), ("to", "b")], "argument `to` is given twice");
    let error =
        encode_args(&manifest, fields, &[("to", "//Bob"), ("amount", "1")], &resolve).expect_err("unknown");
    assert!(error.to_string().starts_with("`to`: account expected, `//Bob` found: "), "{error}");
    let bytes = (alice, 5u128).encode();
    let shown = decode_fields(&manifest, fields, &bytes, &|_| "alice".into()).expect("valid");
    assert_eq!(Value::Object(shown).to_string(), r#"{"to":"alice","amount":"5"}"#);
    assert!(decode_with(&manifest, &Type::U8, &[1, 2], &|_| String::new()).is_err());
}

#[test]
fn params_have_defaults_and_ranges() {
    let manifest = manifest();
    let params = |json: Value| encode_params(&manifest, json.as_object().expect("an object"), &no_aliases);
    assert_eq!(params(json!({ "name": "abc" })), Ok(("abc", 18u8, None::<u8>).encode()));
    let full = json!({ "name": "abc", "decimals": 36, "owner": format!("0x{}", "05".repeat(32)) });
    assert_eq!(params(full), Ok(("abc", 36u8, Some([5u8; 32])).encode()));
    let error = params(json!({ "name": "abc", "decimals": 37 })).expect_err("out of range");
    assert_eq!(error.to_string(), "`decimals`: u8 expected, `37` found: allowed is 0 to 36");
    let error = params(json!({})).expect_err("no name");
    assert!(error.to_string().starts_with("argument `name` of type text<8> is missing"), "{error}");
}

#[test]
fn bytes_that_are_no_value_are_not_shown() {
    for bytes in [&[][..], &[2], &[1, 3, 0], &[0, 0]] {
        assert!(decode_to_json(&manifest(), &ty("Curve"), bytes).is_err(), "{bytes:?}");
    }
}
