//! Bytes that must not drift: transaction encodings, ids and signatures, a small chain's hashes and roots, the
//! table of parameters.

use std::fmt::Write as _;

use chainstack_primitives::{Amount, BatchCall, Call, signature};
use chainstack_runtime::params::Schedule;
use parity_scale_codec::Encode;

use crate::world::{
    BOX_CODE, Key, World, batch, box_address, coins, entry, instantiate, invocation, invoke, transfer,
};

fn check(name: &str, found: &str) {
    let path = format!("{}/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var("CHAINSTACK_UPDATE_GOLDEN").is_ok_and(|value| value == "1") {
        std::fs::write(&path, found).expect("golden file is writable");
        return;
    }
    let kept = std::fs::read_to_string(&path).expect("golden file is there");
    assert!(kept == found, "{name} has drifted; found:\n{found}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn transactions() {
    let world = World::new();
    let alice = Key::new(1);
    let bob = Key::new(2).id();
    let contract = box_address(&world, &alice, b"salt");
    let poke = chainstack_primitives::Poke { contract, exit: 3, item: vec![1, 2].try_into().expect("short") };
    let calls = [
        ("transfer", transfer(bob, coins(1))),
        ("upload", Call::Upload { code: BOX_CODE.try_into().expect("short") }),
        ("instantiate", instantiate(b"salt", b"args", Amount(5))),
        ("invoke", invoke(contract, "set", entry(b"k", b"v"))),
        ("poke", Call::Poke(poke)),
        (
            "batch",
            batch(vec![
                BatchCall::Transfer { to: bob, amount: Amount(1) },
                BatchCall::Invoke(invocation(contract, "set", entry(b"k", b"v"), Amount(2))),
            ]),
        ),
    ];
    let mut text = String::new();
    for (name, call) in calls {
        let body = world.body(&alice, call);
        let transaction = alice.sign(body);
        let body_bytes = transaction.body_bytes();
        let direct = signature::sign_bytes(signature::Purpose::Transaction, &body_bytes);
        let wrapped = signature::wrapped_text(&transaction.body.chain, &body_bytes);
        writeln!(text, "{name}").expect("text");
        writeln!(text, "  bytes      {}", hex(&transaction.encode())).expect("text");
        writeln!(text, "  sign bytes {}", hex(&direct)).expect("text");
        writeln!(text, "  wrapped    {}", wrapped.replace('\n', " | ")).expect("text");
        writeln!(text, "  id         {}", transaction.id()).expect("text");
        writeln!(text, "  full hash  {}", transaction.full_hash()).expect("text");
    }
    check("transactions.txt", &text);
}

#[test]
fn chain() {
    let mut world = World::new();
    let (alice, bob) = (Key::new(1), Key::new(2));
    let mut text = String::new();
    let mut tell = |world: &World| {
        let header = world.parent.header();
        writeln!(text, "block {}", header.core.height).expect("text");
        writeln!(text, "  hash         {}", world.parent.hash()).expect("text");
        writeln!(text, "  header       {}", hex(&header.encode())).expect("text");
        writeln!(text, "  state root   {}", header.core.state_root).expect("text");
        writeln!(text, "  history root {}", header.core.history_root).expect("text");
        writeln!(text, "  tx root      {}", header.rest.tx_root).expect("text");
        writeln!(text, "  receipt root {}", header.rest.receipt_root).expect("text");
        writeln!(text, "  gas used     {}", header.rest.gas_used).expect("text");
        writeln!(text, "  base fee     {}", header.rest.base_fee).expect("text");
    };
    tell(&world);
    let contract = world.deploy(&alice, b"salt");
    tell(&world);
    let candidates = [
        world.next(&alice, invoke(contract, "set", entry(b"k", b"v"))),
        world.next(&bob, invoke(contract, "fail", entry(b"k", b"why"))),
        world.next(&alice, transfer(bob.id(), coins(3))),
    ];
    world.seal_all(&candidates);
    tell(&world);
    world.seal_all(&[]);
    tell(&world);
    check("chain.txt", &text);
}

#[test]
fn parameters() {
    let schedule = Schedule::base().expect("base file");
    check("params.txt", &format!("{schedule:#?}\n"));
}
