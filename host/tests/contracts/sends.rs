//! Native coins leave a contract only inside its method's `sends`, by whichever way.

use chainstack_primitives::{
    AccountId, Amount, codes,
    manifest::{AssetRef, KeyTerm, Manifest, Send},
};

use crate::{
    kit,
    world::{ALICE, GAS, World},
};

const PAYER: AccountId = AccountId([0x51; 32]);
const SHOP: AccountId = AccountId([0x52; 32]);

/// Takes coins; `refuse` traps.
fn shop() -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("shop"));
    let paid = |method: &str| {
        let mut method = kit::transition(method, vec![], None);
        method.value_max = Amount(1_000);
        method
    };
    manifest.transitions = kit::list(vec![paid("buy"), paid("refuse")]);
    kit::module(&[("buy", ""), ("refuse", "unreachable")], "", &manifest)
}

/// A world in which the payer has 1,000 coins, may send what is said in one call, and does `body`.
fn paying(sends: &[Send], body: &str) -> World {
    let mut manifest = Manifest::empty(kit::name("payer"));
    let mut go = kit::transition("go", vec![], None);
    go.value_max = Amount(1_000);
    go.sends = kit::list(sends.to_vec());
    let coins = sends.iter().find(|send| send.asset == AssetRef::Native).map_or(0, |send| send.max.0);
    go.calls = kit::list(vec![kit::anywhere(10, coins)]);
    manifest.transitions = kit::list(vec![go]);
    let data = "(data (i32.const 100) \"buyrefuse\") (data (i32.const 200) \"\\32\") (data (i32.const 216) \"\\33\")";
    let shop_at = "(memory.fill (i32.const 0) (i32.const 0x52) (i32.const 32))";
    let mut world = World::new();
    world.create(SHOP, &shop(), &[]);
    world.create(PAYER, &kit::module(&[("go", &format!("{shop_at} {body}"))], data, &manifest), &[]);
    world
}

fn go(world: &mut World) -> u16 {
    world.call_with(ALICE, PAYER, "go", &[], 1_000, GAS).map_or_else(|failure| failure.code, |_| 0)
}

/// Sends what stands at `amount`: 50 at 200, 51 at 216.
fn call(method: &str, amount: u32) -> String {
    let (at, length) = if method == "buy" { (100, 3) } else { (103, 6) };
    format!(
        "(drop (call $invoke (i32.const 0) (i32.const {at}) (i32.const {length}) (i32.const 0) (i32.const 0)
            (i32.const {amount}) (i64.const -1)))"
    )
}

fn pay(amount: u32) -> String {
    format!("(drop (call $transfer (i32.const 0) (i32.const {amount})))")
}

#[test]
fn coins_that_go_with_calls_and_payments_are_counted_together() {
    let refused = codes::UNDECLARED_SEND;
    let cases = [
        (call("buy", 200).repeat(2), Ok(100)),
        (call("buy", 200) + &call("buy", 216), Err(refused)),
        (call("buy", 200) + &pay(200), Ok(100)),
        (call("buy", 200) + &pay(216), Err(refused)),
        (pay(200) + &call("buy", 216), Err(refused)),
        // What failed was not sent.
        (call("refuse", 216).repeat(3) + &call("buy", 200).repeat(2), Ok(100)),
        (call("refuse", 216) + &call("buy", 216) + &call("buy", 200), Err(refused)),
    ];
    let coins = Send { asset: AssetRef::Native, max: Amount(100) };
    // What may be sent of something else says nothing of coins, wherever it stands.
    let other =
        |cell, max| Send { asset: AssetRef::Foreign { contract: KeyTerm::Any, cell }, max: Amount(max) };
    for sends in [vec![coins.clone()], vec![other(1, 1_000), coins, other(2, 1)]] {
        for (body, expected) in &cases {
            let mut world = paying(&sends, body);
            let (code, sent) = (expected.err().unwrap_or(0), expected.unwrap_or(0));
            assert_eq!(go(&mut world), code, "{body}");
            assert_eq!(world.balance(&SHOP), sent, "{body}");
        }
    }
    assert_eq!(go(&mut paying(&[other(1, 1_000)], &pay(200))), refused, "no coins");
}
