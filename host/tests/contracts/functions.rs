//! Each host function, through a contract that does nothing but call it.

use chainstack_host::functions::table::{Answer, Status, TABLE};
use chainstack_primitives::{AccountId, codes};
use chainstack_runtime::state::reserved;

use crate::{
    kit::{DATA, ids},
    world::{ALICE, BOB, PROBE, World},
};

fn u128_bytes(amount: u128) -> Vec<u8> {
    amount.to_le_bytes().to_vec()
}

#[test]
fn context_functions_tell_what_is() {
    let mut world = World::probe();
    let cases: &[(&str, Vec<u8>)] = &[
        ("caller", ALICE.0.to_vec()),
        ("origin", ALICE.0.to_vec()),
        ("self", PROBE.0.to_vec()),
        ("value", u128_bytes(0)),
        ("balance", u128_bytes(0)),
        ("chain", vec![7; 32]),
    ];
    for (function, expected) in cases {
        let (_, data) = world.host(function, &[DATA], &[0xee; 64]).expect(function);
        assert_eq!(&data[..expected.len()], expected, "{function}");
        assert_eq!(data[expected.len()], 0xee, "{function} wrote too much");
    }
    assert_eq!(world.host("height", &[], &[]).expect("height").0, 42);
    assert_eq!(world.host("time_ms", &[], &[]).expect("time").0, 1_700_000_000_000);
    let left = world.host("gas_left", &[], &[]).expect("gas").0;
    assert!(left > 0 && left < crate::world::GAS, "{left}");
}

#[test]
fn value_arrives_in_the_balance() {
    let mut world = World::probe();
    let args = crate::kit::probe_args(&[DATA], &[]);
    let output = world.call_with(ALICE, PROBE, "f_value", &args, 700, crate::world::GAS).expect("value");
    assert_eq!(output[..16], 700_u128.to_le_bytes());
    let (_, data) = world.host("balance", &[DATA], &[]).expect("balance");
    assert_eq!(data[..16], 700_u128.to_le_bytes());
    assert_eq!((world.balance(&ALICE), world.balance(&PROBE)), (999_300, 700));
}

#[test]
fn readers_copy_what_fits_and_answer_the_full_length() {
    let mut world = World::probe();
    for cap in [0, 1, 5, 6, 900] {
        let (length, data) = world.host("param", &[1, DATA, cap], &[0xee; 1024]).expect("param");
        assert_eq!(length, 6);
        let copied = 6.min(cap as usize);
        assert_eq!(data[..copied], b"\x14hello"[..copied]);
        assert_eq!(data[copied], 0xee);
    }
    let (length, data) = world.host("input", &[DATA, 8], &[]).expect("input");
    assert_eq!((length, &data[..8]), (1088, &DATA.to_le_bytes()[..]));
    assert_eq!(world.host("result", &[DATA, 100], &[]).expect("result").0, 0);
    let failure = world.host("param", &[2, DATA, 8], &[]).expect_err("no such parameter");
    assert_eq!(failure.code, codes::BAD_HOST_ARGUMENT);
}

#[test]
fn a_role_has_a_holder() {
    let mut world = World::probe();
    let (held, data) = world.host("role", &[ids::OWNER, DATA], &[]).expect("role");
    assert_eq!((held, &data[..32]), (1, &ALICE.0[..]));
    assert_eq!(world.host("role", &[6, DATA], &[]).expect_err("undeclared").code, codes::BAD_HOST_ARGUMENT);
}

#[test]
fn ledgers_add_take_and_move() {
    let mut world = World::probe();
    let cell = ids::LEDGER;
    let mut data = [ALICE.0.to_vec(), BOB.0.to_vec(), u128_bytes(100)].concat();
    let (alice, bob, amount) = (DATA, DATA + 32, DATA + 64);
    assert_eq!(world.host("ledger_add", &[cell, alice, 32, amount], &data).expect("add").0, 0);
    assert_eq!(world.deposits.locked.0, 1_000_000_000_000_000 + 10_000_000_000_000 * 48);
    let key = ALICE.0.to_vec();
    assert_eq!(world.entry(PROBE, 1, &key).expect("entry").value, u128_bytes(100));
    data[64..].copy_from_slice(&40_u128.to_le_bytes());
    assert_eq!(world.host("ledger_move", &[cell, alice, 32, bob, 32, amount], &data).expect("move").0, 0);
    assert_eq!(world.host("ledger_sub", &[cell, alice, 32, amount], &data).expect("sub").0, 0);
    let insufficient = u64::from(codes::INSUFFICIENT_BALANCE);
    assert_eq!(world.host("ledger_sub", &[cell, alice, 32, amount], &data).expect("sub").0, insufficient);
    let (answer, _) = world.host("ledger_move", &[cell, alice, 32, bob, 32, amount], &data).expect("move");
    assert_eq!(answer, insufficient);
    let (_, balance) = world.host_view("ledger_get", &[cell, alice, 32, DATA], &data).expect("get");
    assert_eq!(balance[..16], 20_u128.to_le_bytes());
    let (_, sum) = world.host_view("cell_sum", &[cell, 0, DATA], &[]).expect("sum");
    assert_eq!(sum[..16], 60_u128.to_le_bytes());
    assert_eq!(world.host_view("cell_count", &[cell], &[]).expect("count").0, 2);
    data[64..].copy_from_slice(&u128::MAX.to_le_bytes());
    let overflow = u64::from(codes::BALANCE_OVERFLOW);
    assert_eq!(world.host("ledger_add", &[cell, bob, 32, amount], &data).expect("add").0, overflow);
    // A move to itself checks the balance and changes nothing.
    assert_eq!(
        world.host("ledger_move", &[cell, bob, 32, bob, 32, amount], &data).expect("move").0,
        insufficient
    );
    data[64..].copy_from_slice(&40_u128.to_le_bytes());
    assert_eq!(world.host("ledger_move", &[cell, bob, 32, bob, 32, amount], &data).expect("move").0, 0);
    assert_eq!(world.entry(PROBE, 1, &BOB.0).expect("entry").value, u128_bytes(40));
}

#[test]
fn events_carry_declared_fields() {
    let mut world = World::probe();
    world.host("emit", &[ids::EVENT, DATA, 16], &u128_bytes(5)).expect("emit");
    assert_eq!(world.events.len(), 1);
    assert_eq!((world.events[0].contract, world.events[0].event), (PROBE, ids::EVENT as u16));
    assert_eq!(&world.events[0].data[..], &u128_bytes(5));
    for (event, length) in [(ids::EVENT, 15), (ids::EVENT, 17), (8, 16), (u64::from(u32::MAX), 16)] {
        let failure = world.host("emit", &[event, DATA, length], &[0; 32]).expect_err("undeclared");
        assert_eq!(failure.code, codes::UNDECLARED_EVENT, "{event} {length}");
    }
}

#[test]
fn reverts_carry_declared_fields() {
    let mut world = World::probe();
    let failure = world.host("revert", &[ids::ERROR, DATA, 4], &[1, 2, 3, 4]).expect_err("revert");
    assert_eq!((failure.code, &failure.revert[..]), (codes::REVERTED, &[9, 0, 1, 2, 3, 4][..]));
    assert_eq!(failure.diagnostics.stack, vec![(PROBE, "f_revert".to_owned())]);
    for (error, length) in [(ids::ERROR, 3), (ids::ERROR, 5), (10, 4)] {
        let failure = world.host("revert", &[error, DATA, length], &[0; 8]).expect_err("undeclared");
        assert_eq!(failure.code, codes::UNDECLARED_ERROR);
        assert!(failure.revert.is_empty());
    }
}

#[test]
fn payments_stay_inside_sends() {
    let mut world = World::probe();
    let args = crate::kit::probe_args(&[DATA], &[]);
    world.call_with(ALICE, PROBE, "f_value", &args, 600, crate::world::GAS).expect("fund");
    let pay = |world: &mut World, to: AccountId, amount: u128| {
        world.host("transfer", &[DATA, DATA + 32], &[to.0.to_vec(), u128_bytes(amount)].concat())
    };
    assert_eq!(pay(&mut world, BOB, 500).expect("paid").0, 0);
    assert_eq!((world.balance(&BOB), world.balance(&PROBE)), (1_000_500, 100));
    assert_eq!(pay(&mut world, BOB, 501).expect_err("over").code, codes::UNDECLARED_SEND);
    assert_eq!(pay(&mut world, BOB, 101).expect("status").0, u64::from(codes::INSUFFICIENT_BALANCE));
    assert_eq!(pay(&mut world, AccountId::ZERO, 1).expect("status").0, u64::from(codes::ZERO_ADDRESS));
    let protocol = pay(&mut world, reserved::DEPOSITS, 1).expect("status").0;
    assert_eq!(protocol, u64::from(codes::PROTOCOL_ADDRESS));
    assert_eq!(world.balance(&PROBE), 100);
}

#[test]
fn hashes_are_those_of_their_specifications() {
    let mut world = World::probe();
    let cases = [
        ("keccak256", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        ("sha3_256", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
        ("blake2b_256", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
    ];
    for (function, expected) in cases {
        let (_, data) = world.host(function, &[DATA, 3, DATA + 100], b"abc").expect(function);
        let found: String = data[100..132].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, expected, "{function}");
    }
}

#[test]
fn signatures_verify_and_forgeries_do_not() {
    use k256::ecdsa::SigningKey;
    let mut world = World::probe();
    let message = b"a message";
    let pair = schnorrkel::MiniSecretKey::from_bytes(&[3; 32])
        .expect("a seed")
        .expand_to_keypair(schnorrkel::ExpansionMode::Ed25519);
    let sr = pair.sign_simple(b"substrate", message).to_bytes();
    let mut data = [pair.public.to_bytes().to_vec(), sr.to_vec(), message.to_vec()].concat();
    let words = [DATA, DATA + 32, DATA + 96, message.len() as u64];
    assert_eq!(world.host("sr25519_verify", &words, &data).expect("sr").0, 1);
    data[100] ^= 1;
    assert_eq!(world.host("sr25519_verify", &words, &data).expect("sr").0, 0);

    use ed25519_dalek::Signer as _;
    let key = ed25519_dalek::SigningKey::from_bytes(&[5; 32]);
    let signature = key.sign(message).to_bytes();
    let mut data = [key.verifying_key().to_bytes().to_vec(), signature.to_vec(), message.to_vec()].concat();
    assert_eq!(world.host("ed25519_verify", &words, &data).expect("ed").0, 1);
    data[40] ^= 1;
    assert_eq!(world.host("ed25519_verify", &words, &data).expect("ed").0, 0);

    let key = SigningKey::from_slice(&[9; 32]).expect("a key");
    let digest = [0x11; 32];
    let (signature, id) = key.sign_prehash_recoverable(&digest);
    let public = key.verifying_key().to_sec1_point(false).as_bytes()[1..].to_vec();
    let words = [DATA, DATA + 32, DATA + 200];
    for (v, good) in [(id.to_byte(), true), (id.to_byte() + 27, true), (2, false), (29, false)] {
        let data = [digest.to_vec(), signature.to_bytes().to_vec(), vec![v]].concat();
        let (answer, data) = world.host("ecdsa_recover", &words, &data).expect("ecdsa");
        assert_eq!(answer, u64::from(good), "v = {v}");
        assert_eq!(data[200..264] == public[..], good);
    }
}

#[test]
fn views_cannot_use_what_changes_state() {
    let mut world = World::probe();
    for row in TABLE {
        let words = [1, DATA, 32, DATA, 0, DATA, 0];
        match row.status {
            Status::Transitions => {
                let failure = world.host_view(row.name, &words, &[]).expect_err(row.name);
                assert_eq!(failure.code, codes::READ_ONLY, "{}", row.name);
            }
            Status::Everywhere if row.answer != Answer::Never => {
                if let Err(failure) = world.host_view(row.name, &words, &[]) {
                    assert_ne!(failure.code, codes::READ_ONLY, "{}", row.name);
                }
            }
            _ => {}
        }
    }
}
