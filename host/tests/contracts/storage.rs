//! Cells: heads, tails, keys, deposits, sums and counts.

use chainstack_primitives::{AccountId, codes};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    kit::{DATA, ids},
    world::{ALICE, BOB, PROBE, World},
};

const PER_ENTRY: u128 = 1_000_000_000_000_000;
const PER_BYTE: u128 = 10_000_000_000_000;

/// An item: `size` u64, `flag` bool, tail.
fn item(size: u64, flag: u8, tail: &[u8]) -> Vec<u8> {
    [&size.to_le_bytes()[..], &[flag], tail].concat()
}

fn set(world: &mut World, id: u32, value: &[u8]) -> Result<(), chainstack_runtime::ports::Failure> {
    let data = [&id.to_le_bytes()[..], value].concat();
    world.host("cell_set", &[ids::MAP, DATA, 4, DATA + 4, value.len() as u64], &data).map(|_| ())
}

#[test]
fn entries_are_set_read_and_deleted() {
    let mut world = World::probe();
    set(&mut world, 7, &item(5, 1, b"tail")).expect("set");
    // Key 4 bytes, head 9, tail at most 32.
    assert_eq!(world.deposits.locked.0, PER_ENTRY + PER_BYTE * 45);
    let (length, data) =
        world.host("cell_get", &[ids::MAP, DATA, 4, DATA + 4, 100], &7_u32.to_le_bytes()).expect("get");
    assert_eq!((length, &data[4..17]), (13, &item(5, 1, b"tail")[..]));
    let (absent, _) =
        world.host("cell_get", &[ids::MAP, DATA, 4, DATA + 4, 100], &8_u32.to_le_bytes()).expect("get");
    assert_eq!(absent, 0xffff_ffff);
    assert_eq!(world.host("cell_count", &[ids::MAP], &[]).expect("count").0, 1);
    let before = world.balance(&ALICE);
    assert_eq!(world.host("cell_delete", &[ids::MAP, DATA, 4], &7_u32.to_le_bytes()).expect("delete").0, 1);
    assert_eq!(world.balance(&ALICE), before + PER_ENTRY + PER_BYTE * 45, "the deposit came back");
    assert_eq!(world.host("cell_delete", &[ids::MAP, DATA, 4], &7_u32.to_le_bytes()).expect("delete").0, 0);
    assert_eq!(world.host("cell_count", &[ids::MAP], &[]).expect("count").0, 0);
}

#[test]
fn values_meet_their_declaration() {
    let mut world = World::probe();
    set(&mut world, 1, &item(0, 0, &[9; 32])).expect("at the bound");
    let cases = [
        (item(0, 0, &[9; 33]), codes::VALUE_TOO_LARGE),
        (item(0, 0, &[])[..8].to_vec(), codes::BAD_VALUE),
        (vec![], codes::BAD_VALUE),
        (item(0, 2, &[]), codes::BAD_VALUE), // no truth value
    ];
    for (value, code) in cases {
        let failure = set(&mut world, 2, &value).expect_err("refused");
        assert_eq!(failure.code, code, "{value:?}: {failure:?}");
        assert!(failure.diagnostics.text.contains("`items`"), "{}", failure.diagnostics.text);
    }
}

#[test]
fn write_once_fields_stay() {
    let mut world = World::probe();
    set(&mut world, 1, &item(1, 1, b"a")).expect("created");
    set(&mut world, 1, &item(2, 1, b"b")).expect("size and tail may change");
    let failure = set(&mut world, 1, &item(2, 0, b"b")).expect_err("flag may not");
    assert_eq!(failure.code, codes::UNDECLARED_TOUCH);
    assert!(failure.diagnostics.text.contains("write-once"), "{}", failure.diagnostics.text);
}

#[test]
fn keys_are_canonical() {
    let mut world = World::probe();
    // A text key: compact length, then UTF-8, at most 8 bytes.
    let cases: [(&[u8], Option<u16>); 8] = [
        (b"\x0cabc", None),
        (b"\x20abcdefgh", None),
        (b"\x24abcdefghi", Some(codes::BAD_KEY)),
        (b"\x0cab", Some(codes::BAD_KEY)),
        (b"\x0cabcd", Some(codes::BAD_KEY)),
        (b"\x0d\x00abc", Some(codes::BAD_KEY)),
        (b"\x08\xff\xff", Some(codes::BAD_KEY)),
        (b"", Some(codes::BAD_KEY)),
    ];
    for (key, expected) in cases {
        let words = [ids::TAGS, DATA, key.len() as u64, DATA + 100, 3];
        let found = world.host("cell_set", &words, key).err().map(|failure| failure.code);
        assert_eq!(found, expected, "{key:?}");
    }
    let words = [ids::TAGS, DATA, 257, DATA, 3];
    assert_eq!(world.host("cell_set", &words, &[]).expect_err("long").code, codes::BAD_HOST_ARGUMENT);
    // A value cell has the empty key.
    assert!(world.host("cell_set", &[ids::VALUE, DATA, 0, DATA, 4], &[1, 0, 0, 0]).is_ok());
    let failure = world.host("cell_set", &[ids::VALUE, DATA, 1, DATA, 4], &[]).expect_err("a key");
    assert_eq!(failure.code, codes::BAD_KEY);
}

#[test]
fn cells_are_used_by_their_kind() {
    let mut world = World::probe();
    for (function, words) in [
        ("ledger_get", vec![ids::MAP, DATA, 4, DATA]),
        ("cell_get", vec![ids::LEDGER, DATA, 32, DATA, 16]),
        ("cell_get", vec![77, DATA, 4, DATA, 16]),
        ("cell_get", vec![0xff00, DATA, 0, DATA, 16]),
        ("cell_get", vec![0x1_0001, DATA, 0, DATA, 16]),
        ("cell_sum", vec![ids::MAP, 1, DATA]),
        ("cell_sum", vec![ids::LEDGER, 1, DATA]),
        ("cell_sum", vec![ids::VALUE, 0, DATA]),
        ("cell_count", vec![ids::VALUE]),
    ] {
        let failure = world.host(function, &words, &[]).expect_err(function);
        assert_eq!(failure.code, codes::UNDECLARED_CELL, "{function} {words:?}");
    }
}

#[test]
fn a_moved_balance_carries_its_deposit() {
    let mut world = World::probe();
    let data = [ALICE.0.to_vec(), BOB.0.to_vec(), 50_u128.to_le_bytes().to_vec()].concat();
    let (alice, bob, amount) = (DATA, DATA + 32, DATA + 64);
    world.host("ledger_add", &[ids::LEDGER, alice, 32, amount], &data).expect("add");
    let paid = world.entry(PROBE, 1, &ALICE.0).expect("entry").clone();
    assert_eq!(paid.payer, ALICE);
    // Bob moves Alice's whole balance: the probe lets anybody do so.
    let args = crate::kit::probe_args(&[ids::LEDGER, alice, 32, bob, 32, amount], &data);
    world.call(BOB, PROBE, "f_ledger_move", &args).expect("move");
    assert_eq!(world.deposits, Default::default(), "nothing locked, nothing released");
    assert!(world.entry(PROBE, 1, &ALICE.0).is_none());
    let carried = world.entry(PROBE, 1, &BOB.0).expect("entry");
    assert_eq!((carried.payer, carried.deposit), (ALICE, paid.deposit));
    // Emptied for good, the deposit goes back to who paid it.
    let before = world.balance(&ALICE);
    let args = crate::kit::probe_args(&[ids::LEDGER, bob, 32, amount], &data);
    world.call(BOB, PROBE, "f_ledger_sub", &args).expect("sub");
    assert_eq!(world.balance(&ALICE), before + paid.deposit.0);
}

#[test]
fn sums_and_counts_hold_after_any_operations() {
    let full = std::env::var_os("CHAINSTACK_CAMPAIGN").is_some();
    let (seed, steps) = (0x5eed_0001_u64, if full { 20_000 } else { 600 });
    eprintln!("seed {seed:#x}, {steps} steps");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut world = World::probe();
    let mut accepted = 0;
    let mut balances = [0_u128; 5];
    for _ in 0..steps {
        let (one, other) = (random.random_range(0..5_u8), random.random_range(0..5_u8));
        let amount: u128 = match random.random_range(0..20_u8) {
            0 => u128::MAX - random.random_range(0..3_u128),
            1 => 0,
            _ => random.random_range(1..30),
        };
        let data = [vec![one; 32], vec![other; 32], amount.to_le_bytes().to_vec()].concat();
        let (from, to, at) = (DATA, DATA + 32, DATA + 64);
        let chosen = random.random_range(0..6_u8);
        let done = match chosen {
            0 | 1 => world.host("ledger_add", &[ids::LEDGER, from, 32, at], &data).map(|done| done.0),
            2 => world.host("ledger_sub", &[ids::LEDGER, from, 32, at], &data).map(|done| done.0),
            3 => world.host("ledger_move", &[ids::LEDGER, from, 32, to, 32, at], &data).map(|done| done.0),
            4 => set(&mut world, u32::from(one), &item(amount as u64, 0, b"")).map(|()| 0),
            _ => world.host("cell_delete", &[ids::MAP, DATA, 4], &u32::from(one).to_le_bytes()).map(|_| 0),
        };
        match done {
            Ok(status) => {
                accepted += u32::from(status == 0);
                if status == 0 {
                    apply(&mut balances, chosen, (usize::from(one), usize::from(other)), amount);
                }
            }
            Err(failure) => assert_eq!(failure.code, codes::SUM_OVERFLOW, "{failure:?}"),
        }
        check_aggregates(&mut world);
        for (holder, balance) in (0_u8..).zip(balances) {
            let entry = world.entry(PROBE, 1, &[holder; 32]).map(|entry| entry.value.clone());
            assert_eq!(entry, (balance != 0).then(|| balance.to_le_bytes().to_vec()), "holder {holder}");
        }
    }
    assert!(accepted > steps / 2, "{accepted} of {steps} were carried out");
}

/// What an operation of the ledger that was carried out does to the balances.
fn apply(balances: &mut [u128; 5], chosen: u8, (one, other): (usize, usize), amount: u128) {
    match chosen {
        0 | 1 => balances[one] += amount,
        2 => balances[one] -= amount,
        3 => {
            balances[one] -= amount;
            balances[other] += amount;
        }
        _ => {}
    }
}

fn check_aggregates(world: &mut World) {
    let mut sums = [0_u128; 2];
    let mut counts = [0_u64; 2];
    for (key, entry) in world.store.entries.iter().filter(|(key, _)| key.contract == PROBE) {
        match u64::from(key.cell) {
            ids::LEDGER => {
                let balance = u128::from_le_bytes(entry.value.clone().try_into().expect("16 bytes"));
                assert_ne!(balance, 0, "zero is absent");
                sums[0] = sums[0].checked_add(balance).expect("the host kept the sum below");
                counts[0] += 1;
            }
            ids::MAP => {
                sums[1] += u128::from(u64::from_le_bytes(entry.value[..8].try_into().expect("8 bytes")));
                counts[1] += 1;
            }
            _ => {}
        }
    }
    for (index, cell) in [ids::LEDGER, ids::MAP].into_iter().enumerate() {
        let (_, sum) = world.host_view("cell_sum", &[cell, 0, DATA], &[]).expect("sum");
        assert_eq!(sum[..16], sums[index].to_le_bytes());
        assert_eq!(world.host_view("cell_count", &[cell], &[]).expect("count").0, counts[index]);
    }
}

#[test]
fn asset_ledgers_are_keyed_by_holder() {
    use chainstack_primitives::manifest::{Asset, CellKind, Manifest, Type};

    use crate::kit;
    let mut manifest = Manifest::empty(kit::name("gold"));
    let mut cell = kit::ledger(1, "balances", true, false);
    if let CellKind::Ledger(ledger) = &mut cell.kind {
        ledger.asset = Some(Asset { on_move: None, escrow_when: None, release_when: None });
    }
    manifest.cells = kit::list(vec![cell]);
    let to = kit::field("to", Type::Account);
    manifest.transitions = kit::list(vec![kit::transition("mint", vec![to], None)]);
    let body = "(drop (call $input (i32.const 0) (i32.const 32)))
        (i64.store (i32.const 32) (i64.const 9))
        (drop (call $ledger_add (i32.const 1) (i32.const 0) (i32.const 32) (i32.const 32)))";
    let code = kit::module(&[("mint", body)], "", &manifest);
    let mut world = World::new();
    let gold = AccountId([0x60; 32]);
    world.create(gold, &code, &[]);
    world.call(ALICE, gold, "mint", &BOB.0).expect("mint");
    let key = [vec![0], BOB.0.to_vec()].concat();
    assert_eq!(world.entry(gold, 1, &key).expect("entry").value, 9_u128.to_le_bytes());
    assert_eq!(world.deposits.locked.0, PER_ENTRY + PER_BYTE * 49);
}
