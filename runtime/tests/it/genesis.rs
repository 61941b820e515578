//! The first block: what it holds, and what is refused as one.

use chainstack_primitives::{AccountId, Amount, ChainId, Hash, Height};
use chainstack_runtime::{
    genesis::{GENESIS_SIZE_MAX, Genesis, GenesisError, Paradigm, Validator, build},
    modules::balances::SUPPLY_MAX,
    params::Schedule,
    state::reserved,
};
use parity_scale_codec::Encode;

use crate::{
    puppet::{Puppet, REFUSED},
    world::{BOX_CODE, Key, World, coins, genesis},
};

fn schedule() -> Schedule {
    Schedule::base().expect("base file")
}

#[test]
fn genesis_gives_the_chain_its_name_and_its_coins() {
    let world = World::new();
    let header = world.parent.header();
    assert_eq!(header.core.height, Height(0));
    assert_eq!(header.core.chain, ChainId(Hash::ZERO));
    assert_eq!(world.parent.chain(), ChainId(header.hash()));
    assert_eq!(header.rest.last_commit_hash, genesis().hash());
    let deposit = schedule().storage.code_deposit(u32::try_from(BOX_CODE.len()).expect("short"));
    assert_eq!(Some(world.balance(&reserved::DEPOSITS)), deposit);
    assert_eq!(world.balance(&Key::new(1).id()), coins(1000));
    // Another byte of the description is another chain.
    let mut other = genesis();
    other.name = "tesu".try_into().expect("short");
    let other = build(&other, &schedule(), &Puppet).expect("sound");
    assert_ne!(other.hash, world.parent.hash());
    assert_eq!(other.header.core.state_root, header.core.state_root);
}

#[test]
fn a_description_survives_its_encoding_and_nothing_else_does() {
    let bytes = genesis().encode();
    assert_eq!(Genesis::decode_all(&bytes).as_ref(), Ok(&genesis()));
    for length in 0..bytes.len() {
        assert!(Genesis::decode_all(&bytes[..length]).is_err(), "{length} bytes");
    }
    assert!(Genesis::decode_all(&[bytes, vec![0]].concat()).is_err());
    let long = vec![0; GENESIS_SIZE_MAX + 1];
    assert!(matches!(Genesis::decode_all(&long), Err(chainstack_primitives::DecodeError::TooLong { .. })));
}

#[test]
fn unsound_descriptions_are_refused() {
    let refused = |change: &dyn Fn(&mut Genesis)| {
        let mut changed = genesis();
        change(&mut changed);
        build(&changed, &schedule(), &Puppet).expect_err("unsound")
    };
    let one = |id, amount| vec![(id, Amount(amount))].try_into().expect("one");
    assert!(matches!(
        refused(&|genesis| genesis.version = 2),
        GenesisError::Version { expected: 1, found: 2 }
    ));
    let twice = |genesis: &mut Genesis| {
        let mut balances = genesis.balances.to_vec();
        balances.insert(3, balances[2]);
        genesis.balances = balances.try_into().expect("few");
    };
    assert!(matches!(refused(&twice), GenesisError::NotSorted { list: "balances", index: 3 }));
    assert!(matches!(
        refused(&|g| g.balances = one(AccountId::ZERO, 1)),
        GenesisError::Owner(AccountId::ZERO)
    ));
    assert!(matches!(refused(&|g| g.balances = one(reserved::DEPOSITS, 1)), GenesisError::Owner(_)));
    let alice = Key::new(1).id();
    assert!(matches!(refused(&|g| g.balances = one(alice, SUPPLY_MAX.0)), GenesisError::Supply));
    let half = |genesis: &mut Genesis| {
        let balances = genesis.balances.iter().map(|(id, _)| (*id, Amount(u128::MAX / 2)));
        genesis.balances = balances.collect::<Vec<_>>().try_into().expect("few");
    };
    assert!(matches!(refused(&half), GenesisError::Supply));
    let validators =
        |set: Vec<Validator>| move |g: &mut Genesis| g.validators = set.clone().try_into().expect("few");
    assert!(matches!(refused(&validators(vec![])), GenesisError::Validators));
    let weak = Validator { id: alice, power: 0 };
    assert!(matches!(refused(&validators(vec![weak])), GenesisError::Validators));
    let nobody = Validator { id: AccountId::ZERO, power: 1 };
    assert!(matches!(refused(&validators(vec![nobody])), GenesisError::Validators));
    let no_key = Validator { id: AccountId([0xFF; 32]), power: 1 };
    assert!(matches!(refused(&validators(vec![no_key])), GenesisError::Validators));
    let bad = |genesis: &mut Genesis| {
        let paradigm =
            Paradigm { name: "a".try_into().expect("short"), code: b"bad"[..].try_into().expect("short") };
        genesis.paradigms = vec![paradigm].try_into().expect("one");
    };
    match refused(&bad) {
        GenesisError::Paradigm { name, failure } => assert_eq!((name.as_str(), failure.code), ("a", REFUSED)),
        other => panic!("another error: {other}"),
    }
}
