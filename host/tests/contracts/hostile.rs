//! Hostile pointers and lengths: every host function, with one parameter wrong and all else as it should be.

use chainstack_host::functions::table::{HostFunction, ParamKind, TABLE};
use chainstack_primitives::{AccountId, codes, manifest::Manifest};

use crate::{
    kit::{self, DATA, ids, probe_args},
    world::{ALICE, BOB, PROBE, World},
};

/// Bytes of the probe's memory.
const MEMORY: u64 = 65_536;
/// A contract whose method `go` takes and gives nothing.
const QUIET: AccountId = AccountId([0x9e; 32]);

/// Where in the probe's data the good arguments lie.
mod at {
    use crate::kit::DATA;

    pub(super) const ALICE: u64 = DATA;
    pub(super) const BOB: u64 = DATA + 32;
    pub(super) const QUIET: u64 = DATA + 64;
    pub(super) const ONE: u64 = DATA + 96;
    pub(super) const NOTHING: u64 = DATA + 112;
    pub(super) const GO: u64 = DATA + 128;
    pub(super) const KEY: u64 = DATA + 130;
    pub(super) const VALUE: u64 = DATA + 134;
    pub(super) const PROBE: u64 = DATA + 143;
    pub(super) const OUT: u64 = DATA + 400;
}

fn data() -> Vec<u8> {
    let one = 1_u128.to_le_bytes();
    let nothing = 0_u128.to_le_bytes();
    [&ALICE.0[..], &BOB.0, &QUIET.0, &one, &nothing, b"go", &7_u32.to_le_bytes(), &[0; 9], &PROBE.0].concat()
}

/// Arguments with which the function does its work.
fn good(row: &HostFunction) -> Vec<u64> {
    let gas = u64::MAX;
    match row.name {
        "height" | "time_ms" | "gas_left" => vec![],
        "input" | "result" => vec![at::OUT, 40],
        "output" => vec![DATA, 40],
        "revert" => vec![ids::ERROR, DATA, 4],
        "caller" | "origin" | "self" | "value" | "balance" | "chain" => vec![at::OUT],
        "param" => vec![1, at::OUT, 40],
        "role" => vec![ids::OWNER, at::OUT],
        "cell_get" => vec![ids::MAP, at::KEY, 4, at::OUT, 40],
        "cell_set" => vec![ids::MAP, at::KEY, 4, at::VALUE, 9],
        "cell_delete" => vec![ids::MAP, at::KEY, 4],
        "state" => vec![ids::MACHINE, DATA, 0],
        "transition" => vec![ids::MACHINE, 1],
        "escrow_in" => vec![ids::ESCROW, DATA, 0, at::NOTHING],
        "escrow_out" => vec![ids::ESCROW, DATA, 0, at::BOB, at::NOTHING],
        "escrow_asset_in" => vec![ids::STAKE, DATA, 0, at::PROBE, 0, at::NOTHING, 16],
        "unique_mint" => vec![ids::DEEDS, at::KEY, 4, at::ALICE, DATA, 0],
        "unique_move" => vec![ids::DEEDS, at::KEY, 4, at::BOB],
        "unique_owner" => vec![ids::DEEDS, at::KEY, 4, at::OUT],
        "unique_count" => vec![ids::DEEDS, at::ALICE],
        "escrowed" => vec![ids::ESCROW, DATA, 0, at::OUT],
        "cell_count" => vec![ids::MAP],
        "cell_sum" => vec![ids::LEDGER, 0, at::OUT],
        "ledger_get" => vec![ids::LEDGER, at::ALICE, 32, at::OUT],
        "ledger_add" | "ledger_sub" => vec![ids::LEDGER, at::ALICE, 32, at::ONE],
        "ledger_move" => vec![ids::LEDGER, at::ALICE, 32, at::BOB, 32, at::ONE],
        "emit" => vec![ids::EVENT, at::ONE, 16],
        "transfer" => vec![at::BOB, at::ONE],
        "invoke" => vec![at::QUIET, at::GO, 2, DATA, 0, at::NOTHING, gas],
        "notify" => vec![at::QUIET, at::GO, 2, DATA, 0, DATA, 0],
        "keccak256" | "sha3_256" | "blake2b_256" => vec![DATA, 40, at::OUT],
        "sr25519_verify" | "ed25519_verify" => vec![DATA, DATA + 32, DATA, 40],
        "ecdsa_recover" => vec![DATA, DATA + 32, at::OUT],
        other => panic!("say what `{other}` takes"),
    }
}

/// Values of the parameter at `index` that are wrong, all else being `words`.
fn wrong(row: &HostFunction, words: &[u64], index: usize) -> Vec<u64> {
    let pointer = |length: u64| vec![MEMORY + 1 - length, MEMORY, 1 << 31, u64::from(u32::MAX)];
    match row.params[index].kind {
        ParamKind::Read(size) | ParamKind::Write(size) => pointer(u64::from(size)),
        // Nothing at the very end of memory lies inside it.
        ParamKind::ReadRange | ParamKind::WriteRange if words[index + 1] == 0 => {
            vec![MEMORY + 1, 1 << 31, u64::from(u32::MAX)]
        }
        ParamKind::ReadRange | ParamKind::WriteRange => pointer(words[index + 1]),
        ParamKind::Length(most) => {
            vec![u64::from(most) + 1, MEMORY + 1 - words[index - 1], MEMORY, 1 << 31, u64::from(u32::MAX)]
        }
        ParamKind::Capacity => vec![MEMORY + 1 - words[index - 1], MEMORY, 1 << 31, u64::from(u32::MAX)],
        ParamKind::Id | ParamKind::Index | ParamKind::Gas => vec![],
    }
}

/// The last value of a pointer that is right.
fn edge(row: &HostFunction, words: &[u64], index: usize) -> Option<u64> {
    match row.params[index].kind {
        ParamKind::Read(size) | ParamKind::Write(size) => Some(MEMORY - u64::from(size)),
        ParamKind::ReadRange | ParamKind::WriteRange => Some(MEMORY - words[index + 1]),
        _ => None,
    }
}

fn quiet() -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("quiet"));
    manifest.transitions = kit::list(vec![kit::transition("go", vec![], None)]);
    kit::module(&[("go", "")], "", &manifest)
}

#[test]
fn hostile_pointers_are_refused_cleanly() {
    let mut world = World::probe();
    world.create(QUIET, &quiet(), &[]);
    let funds = probe_args(&[DATA], &[]);
    world.call_with(ALICE, PROBE, "f_value", &funds, 1_000, crate::world::GAS).expect("funds");
    let (mut refused, mut taken) = (0, 0);
    for row in TABLE {
        let words = good(row);
        match world.host(row.name, &words, &data()) {
            Ok(_) => assert_ne!(row.name, "revert"),
            Err(failure) => assert_eq!((row.name, failure.code), ("revert", codes::REVERTED), "{failure:?}"),
        }
        for index in 0..words.len() {
            let mut words = words.clone();
            for value in wrong(row, &good(row), index) {
                words[index] = value;
                let failure = world.host(row.name, &words, &data()).expect_err(row.name);
                // Work by length is charged before the length is looked at.
                let too_dear = matches!(row.params[index].kind, ParamKind::Length(_)) && value >= 1 << 31;
                let allowed =
                    failure.code == codes::BAD_HOST_ARGUMENT || too_dear && failure.code == codes::OUT_OF_GAS;
                assert!(allowed, "{} with {words:?}: {failure:?}", row.name);
                refused += 1;
            }
            if let Some(value) = edge(row, &good(row), index) {
                words[index] = value;
                // What lies there may be refused for what it says, but not for where it is.
                if let Err(failure) = world.host(row.name, &words, &data()) {
                    assert_ne!(
                        failure.code,
                        codes::BAD_HOST_ARGUMENT,
                        "{} with {words:?}: {failure:?}",
                        row.name
                    );
                }
                taken += 1;
            }
        }
    }
    eprintln!("{refused} hostile arguments refused, {taken} at the edge of memory taken");
    assert!(refused > 200 && taken > 50, "{refused} {taken}");
}
