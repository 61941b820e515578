//! Random blocks against the invariants: supply, deposits, the root from flat state, equal results on two
//! instances. `World::seal` checks all of them after every block.

use chainstack_primitives::{AccountId, Amount, BatchCall, Call, Gas};

use crate::world::{Dice, Key, World, batch, coins, entry, instantiate, invocation, invoke, seed, transfer};

/// Blocks of a seed: 2 % of the campaign by default.
fn blocks() -> u64 {
    if std::env::var("CHAINSTACK_CAMPAIGN").is_ok_and(|value| value == "1") { 2_500 } else { 50 }
}

fn random_call(dice: &mut Dice, contracts: &[AccountId]) -> Call {
    let contract = contracts[usize::try_from(dice.roll(contracts.len() as u64)).expect("small")];
    let somebody = Key::new(u8::try_from(1 + dice.roll(12)).expect("small")).id();
    let key = [u8::try_from(dice.roll(30)).expect("small")];
    let value = vec![7; usize::try_from(dice.roll(40)).expect("small")];
    match dice.roll(10) {
        0 | 1 => transfer(somebody, Amount(u128::from(dice.roll(1 << 62)))),
        2 => transfer(somebody, coins(u128::from(dice.roll(2000)))),
        3 => invoke(contract, "set", entry(&key, &value)),
        4 => invoke(contract, "delete", key.to_vec()),
        5 => invoke(contract, "fail", entry(&key, &value)),
        6 => invoke(contract, "burn", dice.roll(6_000_000)),
        7 => invoke(contract, "send", (somebody, Amount(u128::from(dice.roll(1 << 50))))),
        8 => instantiate(
            &key,
            if dice.roll(2) == 0 { b"fail" } else { b"" },
            Amount(u128::from(dice.roll(1 << 50))),
        ),
        _ => {
            let paid =
                invocation(contract, "set", entry(&key, &value), Amount(u128::from(dice.roll(1 << 50))));
            let pay = BatchCall::Transfer { to: somebody, amount: Amount(u128::from(dice.roll(1 << 60))) };
            let last = if dice.roll(3) == 0 { "trap" } else { "set" };
            let other = invocation(contract, last, entry(b"other", &value), Amount::ZERO);
            batch(vec![BatchCall::Invoke(paid), pay, BatchCall::Invoke(other)])
        }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "a failing run names its seed")]
fn invariants_hold_after_random_blocks() {
    let (blocks, seed) = (blocks(), seed(0x5EED_0001));
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let mut world = World::new();
    let contracts = [world.deploy(&Key::new(1), b"one"), world.deploy(&Key::new(2), b"two")];
    let (mut done, mut failed, mut dropped) = (0usize, 0usize, 0usize);
    for _ in 0..blocks {
        let count = dice.roll(25);
        let mut candidates = Vec::new();
        for _ in 0..count {
            let key = Key::new(u8::try_from(1 + dice.roll(8)).expect("small"));
            let mut body = world.next_body(&key, random_call(&mut dice, &contracts));
            match dice.roll(12) {
                0 => body.gas_limit = Gas(80_000),
                1 => body.max_deposit = Amount(1),
                2 => body.nonce.0 += dice.roll(2),
                3 => body.max_fee_per_gas = Amount(u128::from(dice.roll(3_000_000_000))),
                _ => {}
            }
            candidates.push(key.verified(body));
        }
        let built = world.seal(&candidates);
        done += built.applied.receipts.iter().filter(|receipt| receipt.code == 0).count();
        failed += built.applied.receipts.iter().filter(|receipt| receipt.code != 0).count();
        dropped += built.dropped.len();
    }
    println!("{blocks} blocks: {done} transactions done, {failed} failed, {dropped} dropped");
    assert!(done > 50 && failed > 50 && dropped > 50, "the mix has all three");
}
