//! What is not let into an escrow: refused with its code, and nothing but fee and nonce is left of it.

use chainstack_client::manifest::from_toml;
use chainstack_primitives::codes;
use serde_json::Value;

use super::scene::{ISSUER, OTHER, OWNER, STRANGER};
use crate::chain::{Chain, Done, artifact, with_manifest};

/// Tokens of the owner, deeds 7 and 8 of theirs, the second soulbound; auction and custody without anything.
fn chain() -> Chain {
    let mut chain = Chain::new();
    let gold = serde_json::json!({
        "name": "Gold", "symbol": "GLD", "decimals": 0, "supply": "1000", "owner": ISSUER, "pausable": true,
    });
    let _gold = chain.deploy("gold", ISSUER, &artifact("erc20"), &gold);
    let _deeds = chain.deploy("deeds", ISSUER, &artifact("deed"), &Value::Null);
    for name in ["auction", "custody"] {
        let _address = chain.deploy(name, STRANGER, &artifact(name), &Value::Null);
    }
    let given = [
        chain.call("gold", "transfer", &[("to", OWNER), ("amount", "300")]),
        chain.call("deeds", "mint", &[("id", "7"), ("to", OWNER), ("soulbound", "false")]),
        chain.call("deeds", "mint", &[("id", "8"), ("to", OWNER), ("soulbound", "true")]),
    ];
    for call in given {
        let _output = chain.must(ISSUER, call);
    }
    chain
}

/// `who` offers a deed, consenting to send so many.
fn offer(chain: &mut Chain, who: &'static str, deed: &str, consent: Option<u128>) -> Done {
    let lot = [("lot", "1"), ("asset", "deeds"), ("id", deed)];
    let args = [lot, [("start", "10"), ("floor", "1"), ("closes", "900")]].concat();
    let call = match consent {
        Some(max) => chain.sending("auction", "open", &args, ("deeds", max)),
        None => chain.call("auction", "open", &args),
    };
    chain.refused(who, call)
}

/// `who` brings 200 tokens, consenting to send so many.
fn bring(chain: &mut Chain, who: &'static str, consent: Option<u128>) -> Done {
    let args =
        [("vault", "1"), ("beneficiary", OTHER), ("token", "gold"), ("amount", "200"), ("until", "900")];
    let call = match consent {
        Some(max) => chain.sending("custody", "bring", &args, ("gold", max)),
        None => chain.call("custody", "bring", &args),
    };
    chain.refused(who, call)
}

fn is(done: &Done, code: u16, words: &[&str]) {
    assert_eq!(done.code(), code, "{}", done.text);
    for word in words {
        assert!(done.text.contains(word), "{word} expected: {}", done.text);
    }
}

/// Reverted by the contract's own error `NotYours`.
fn is_not_yours(done: &Done) {
    is(done, codes::REVERTED, &[]);
    assert_eq!(done.receipt.revert.to_vec(), 1_u16.to_le_bytes());
}

#[test]
fn a_soulbound_deed() {
    is(&offer(&mut chain(), OWNER, "8", Some(1)), codes::ASSET_REFUSED, &["auction.open"]);
}

#[test]
fn a_frozen_deed() {
    let mut chain = chain();
    let freeze = chain.call("deeds", "freeze", &[("id", "7")]);
    let _output = chain.must(ISSUER, freeze);
    is(&offer(&mut chain, OWNER, "7", Some(1)), codes::ASSET_REFUSED, &["auction.open"]);
}

#[test]
fn deeds_while_all_are_paused() {
    let mut chain = chain();
    let pause = chain.call("deeds", "pause", &[]);
    let _output = chain.must(ISSUER, pause);
    is(&offer(&mut chain, OWNER, "7", Some(1)), codes::ASSET_REFUSED, &["auction.open"]);
}

#[test]
fn a_paused_token() {
    let mut chain = chain();
    let pause = chain.call("gold", "pause", &[]);
    let _output = chain.must(ISSUER, pause);
    is(&bring(&mut chain, OWNER, Some(200)), codes::ASSET_REFUSED, &["custody.bring"]);
}

#[test]
fn an_account_that_did_not_consent() {
    let mut chain = chain();
    is(&offer(&mut chain, OWNER, "7", None), codes::NOT_CONSENTED, &["auction.open"]);
    is(&offer(&mut chain, OWNER, "7", Some(0)), codes::NOT_CONSENTED, &["auction.open"]);
    is(&bring(&mut chain, OWNER, None), codes::NOT_CONSENTED, &["custody.bring"]);
    is(&bring(&mut chain, OWNER, Some(199)), codes::NOT_CONSENTED, &["custody.bring"]);
}

/// Neither the contract nor a spender takes by an allowance: what goes in is the caller's own, and by consent.
#[test]
fn an_allowance() {
    let mut chain = chain();
    for spender in ["custody", OTHER] {
        let allow = chain.call("gold", "approve", &[("spender", spender), ("amount", "300")]);
        let _output = chain.must(OWNER, allow);
    }
    is(&bring(&mut chain, OWNER, None), codes::NOT_CONSENTED, &["custody.bring"]);
    is_not_yours(&bring(&mut chain, OTHER, Some(200)));
    for spender in ["auction", OTHER] {
        let allow = chain.call("deeds", "approve", &[("id", "7"), ("spender", spender)]);
        let _output = chain.must(OWNER, allow);
        is(&offer(&mut chain, OWNER, "7", None), codes::NOT_CONSENTED, &["auction.open"]);
        is_not_yours(&offer(&mut chain, OTHER, "7", Some(1)));
    }
}

/// A token that calls `bring` with what it is given, while it runs, and reverts with what it is told.
const HASTY: &str = r#"
[contract]
name = "hasty"
[errors.Status]
id = 1
fields = { status = "u32" }
[cells.balances]
id = 1
kind = "ledger"
key = { owner = "account" }
sum = true
asset = "fungible"
[transitions.mint]
touches = [{ cell = "balances", key = ["self"], ops = ["add"] }]
ceilings = { gas = 500_000, writes = 1, new_entries = 1 }
[transitions.go]
args = { to = "account", call = "fixed<96>" }
touches = []
sends = [{ asset = "cell.balances", max = "any" }]
calls = [{ contract = "arg.to", method = "bring" }]
ceilings = { gas = 5_000_000 }
errors = ["Status"]
"#;

const HASTY_MODULE: &str = r#"(module
    (import "chainstack" "input" (func $input (param i32 i32) (result i32)))
    (import "chainstack" "self" (func $self (param i32)))
    (import "chainstack" "revert" (func $revert (param i32 i32 i32)))
    (import "chainstack" "ledger_add" (func $ledger_add (param i32 i32 i32 i32) (result i32)))
    (import "chainstack" "invoke" (func $invoke (param i32 i32 i32 i32 i32 i32 i64) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 500) "bring")
    (data (i32.const 520) "\e8\03")
    (func (export "mint")
        (call $self (i32.const 0))
        (drop (call $ledger_add (i32.const 1) (i32.const 0) (i32.const 32) (i32.const 520))))
    (func (export "go")
        (drop (call $input (i32.const 0) (i32.const 128)))
        (i32.store (i32.const 600) (call $invoke (i32.const 0) (i32.const 500) (i32.const 5) (i32.const 32)
            (i32.const 96) (i32.const 700) (i64.const -1)))
        (if (i32.load (i32.const 600)) (then (call $revert (i32.const 1) (i32.const 600) (i32.const 4))))))"#;

#[test]
fn an_asset_in_flight() {
    let mut chain = chain();
    let manifest = from_toml(HASTY).unwrap_or_else(|error| panic!("{}", error.shown_in(HASTY)));
    let code = with_manifest(&wat::parse_str(HASTY_MODULE).expect("a module"), &manifest);
    let _hasty = chain.deploy("hasty", ISSUER, &code, &Value::Null);
    let mint = chain.call("hasty", "mint", &[]);
    let _output = chain.must(ISSUER, mint);
    let attempt = |chain: &Chain, token: &str| {
        let args =
            [("vault", "1"), ("beneficiary", OTHER), ("token", token), ("amount", "200"), ("until", "900")];
        let bring = chain.invoke("custody", "bring", &args);
        let bytes = format!("0x{}", hex::encode(&*bring.args));
        chain.call("hasty", "go", &[("to", "custody"), ("call", &bytes)])
    };
    let told = |chain: &mut Chain, token: &str| {
        let call = attempt(chain, token);
        let done = chain.refused(OWNER, call);
        is(&done, codes::REVERTED, &[]);
        let revert = done.receipt.revert.to_vec();
        assert_eq!(revert[..2], 1_u16.to_le_bytes());
        u32::from_le_bytes(revert[2..].try_into().expect("a status"))
    };
    assert_eq!(told(&mut chain, "hasty"), u32::from(codes::ASSET_IN_FLIGHT));
    // Another token, that is not running, is refused for another reason: this contract does not consent to send it.
    assert_eq!(told(&mut chain, "gold"), u32::from(codes::NOT_CONSENTED));
}
