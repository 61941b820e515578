//! What is kept ready saves time and changes nothing: limits at and past, the cache of compiled code, one price.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use chainstack_engine::{CodeCache, CodeKey};
use chainstack_host::ExecutorConfig;
use chainstack_primitives::{
    AccountId, codes,
    manifest::{Manifest, Type},
};

use crate::{
    kit,
    world::{ALICE, GAS, World},
};

/// Compiled code in memory, as a folder would keep it.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<Entries>);

type Entries = BTreeMap<CodeKey, Vec<u8>>;

impl Shelf {
    /// Bytes on it.
    pub(crate) fn bytes(&self) -> usize {
        self.0.lock().expect("whole").values().map(Vec::len).sum()
    }
}

impl CodeCache for Shelf {
    fn get(&self, key: &CodeKey) -> Option<Vec<u8>> {
        self.0.lock().expect("whole").get(key).cloned()
    }

    fn put(&self, key: &CodeKey, entry: &[u8]) {
        self.0.lock().expect("whole").insert(*key, entry.to_vec());
    }
}

/// A contract whose view answers `number`; `refuse` reverts, `boom` traps, `again` calls itself `n` times.
fn numbered(number: u32) -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("numbered"));
    manifest.errors = kit::list(vec![kit::error(3, "No", vec![])]);
    let mut refuse = kit::transition("refuse", vec![], None);
    refuse.errors = kit::list(vec![3]);
    manifest.transitions = kit::list(vec![refuse, kit::transition("boom", vec![], None)]);
    manifest.views = kit::list(vec![kit::view("get", vec![], Type::U32)]);
    let get =
        format!("(i32.store (i32.const 0) (i32.const {number})) (call $output (i32.const 0) (i32.const 4))");
    let refuse = "(call $revert (i32.const 3) (i32.const 0) (i32.const 0))";
    kit::module(&[("get", &get), ("refuse", refuse), ("boom", "unreachable")], "", &manifest)
}

fn address(number: u32) -> AccountId {
    let mut bytes = [0x99; 32];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    AccountId(bytes)
}

fn answers(world: &mut World, number: u32) {
    let answer = world.query(address(number), "get", &[]).unwrap_or_else(|failure| panic!("{failure:?}"));
    assert_eq!(answer, number.to_le_bytes());
}

#[test]
fn more_contracts_than_are_kept_answer_in_turn_at_one_price() {
    for (config, most) in [
        (ExecutorConfig { contracts_max: 4, ..ExecutorConfig::default() }, 4),
        (ExecutorConfig { bytes_max: 0, ..ExecutorConfig::default() }, 0),
    ] {
        let shelf = Arc::new(Shelf::default());
        let mut world = World::keeping(ExecutorConfig { code_cache: Some(shelf), ..config });
        for number in 0..10 {
            world.create(address(number), &numbered(number), &[]);
        }
        answers(&mut world, 0);
        let (price, compiled) = (world.gas, world.executor.counts().compiled);
        assert_eq!(compiled, 10);
        for round in 0..3 {
            for number in 0..10 {
                answers(&mut world, number);
                assert_eq!(world.gas, price, "round {round}, contract {number}");
                answers(&mut world, number);
                assert_eq!(world.gas, price, "again");
            }
            assert_eq!(world.executor.counts().kept, most);
        }
        let counts = world.executor.counts();
        assert_eq!(counts.compiled, compiled, "what was compiled once is taken from the cache");
        assert!(counts.from_cache >= 30, "{counts:?}");
    }
}

#[test]
fn contracts_are_kept_up_to_a_number_of_bytes_and_not_one_more() {
    let kept_after = |bytes_max: usize| {
        let mut world = World::keeping(ExecutorConfig { bytes_max, ..ExecutorConfig::default() });
        for number in 0..3 {
            world.create(address(number), &numbered(number), &[]);
            let counts = world.executor.counts();
            assert!(counts.kept_bytes <= bytes_max, "{counts:?} of {bytes_max}");
        }
        world.executor.counts()
    };
    let all = kept_after(usize::MAX);
    assert_eq!(all.kept, 3);
    assert!(all.kept_bytes > 3 * 1_000, "{all:?}");
    assert_eq!(kept_after(all.kept_bytes), all, "at the limit");
    assert_eq!(kept_after(all.kept_bytes - 1).kept, 2, "one byte past it");
    assert_eq!(kept_after(all.kept_bytes / 3 - 100).kept, 0, "larger alone than all that may be kept");
}

#[test]
fn a_larger_contract_counts_for_more() {
    let held = |number: u32, text: &str| {
        let mut world = World::new();
        let mut manifest = Manifest::empty(kit::name("data"));
        manifest.views = kit::list(vec![kit::view("get", vec![], Type::U32)]);
        let get = format!("(drop (i32.const {number}))");
        world.create(address(number), &kit::module(&[("get", &get)], text, &manifest), &[]);
        world.executor.counts().kept_bytes
    };
    let plain = held(1, "");
    let data = format!("(data (i32.const 4096) \"{}\")", "x".repeat(40_000));
    assert!(held(2, &data) >= plain + 40_000);
    let code = format!("(func $more {})", "(drop (i32.mul (i32.const 3) (i32.const 5)))".repeat(5_000));
    assert!(held(3, &code) >= plain + 2 * 5_000 * 7, "native code is counted");
}

#[test]
fn a_restart_with_any_cache_changes_neither_answers_nor_gas() {
    let shelf = Arc::new(Shelf::default());
    let config = || ExecutorConfig { code_cache: Some(shelf.clone()), ..ExecutorConfig::default() };
    let mut world = World::keeping(config());
    for number in 0..2 {
        world.create(address(number), &numbered(number), &[]);
    }
    answers(&mut world, 1);
    let (price, store) = (world.gas, world.store.clone());
    let whole = shelf.0.lock().expect("whole").clone();
    assert_eq!(whole.len(), 2);
    let restarted = |expected_compiled: u64| {
        let mut world = World::keeping(config());
        world.store = store.clone();
        for number in 0..2 {
            answers(&mut world, number);
            assert_eq!(world.gas, price);
        }
        let counts = world.executor.counts();
        assert_eq!((counts.compiled, counts.from_cache), (expected_compiled, 2 - expected_compiled));
    };
    restarted(0);
    let damages: [fn(&mut Entries); 5] = [
        |entries| entries.clear(),
        |entries| entries.values_mut().for_each(Vec::clear),
        |entries| entries.values_mut().for_each(|entry| entry.truncate(entry.len() / 2)),
        |entries| {
            for entry in entries.values_mut() {
                let middle = entry.len() / 2;
                entry[middle] ^= 0x10;
            }
        },
        |entries| {
            let swapped: Vec<Vec<u8>> = entries.values().rev().cloned().collect();
            entries.values_mut().zip(swapped).for_each(|(entry, other)| *entry = other);
        },
    ];
    for damage in damages {
        damage(&mut shelf.0.lock().expect("whole"));
        restarted(2);
        restarted(0);
        assert_eq!(*shelf.0.lock().expect("whole"), whole, "what was damaged was replaced");
    }
}

#[test]
fn code_pays_once_a_call_however_often_it_is_entered() {
    let mut manifest = Manifest::empty(kit::name("relay"));
    let mut call = kit::transition("call", vec![kit::field("to", Type::Account)], None);
    call.calls = kit::list(vec![kit::anywhere(10, 0)]);
    manifest.transitions = kit::list(vec![call]);
    let get = "(if (call $invoke (i32.const 0) (i32.const 200) (i32.const 3) (i32.const 0) (i32.const 0)
        (i32.const 300) (i64.const -1)) (then unreachable))";
    let body =
        |times: usize| format!("(drop (call $input (i32.const 0) (i32.const 32))) {}", get.repeat(times));
    let mut used = Vec::new();
    for times in [1, 2, 3] {
        let mut world = World::new();
        let relay = kit::module(&[("call", &body(times))], "(data (i32.const 200) \"get\")", &manifest);
        world.create(address(100), &relay, &[]);
        world.create(address(7), &numbered(7), &[]);
        world.call(ALICE, address(100), "call", &address(7).0).expect("called");
        let loads = world.load_gas(relay.len()) + world.load_gas(numbered(7).len());
        assert!(world.gas > loads);
        used.push(world.gas - loads);
    }
    let (second, third) = (used[1] - used[0], used[2] - used[1]);
    assert!(second == third && second < 20_000, "{used:?}");
}

#[test]
fn what_initialize_used_is_charged_again_for_making_the_image_again() {
    let spin = "(local $n i32) (loop $again (br_if $again
        (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 10000))))";
    let mut manifest = Manifest::empty(kit::name("slow"));
    manifest.views = kit::list(vec![kit::view("get", vec![], Type::U32)]);
    let get = ("get", "(call $output (i32.const 0) (i32.const 4))");
    let quick = kit::module(&[get, ("_initialize", "")], "", &manifest);
    let slow = kit::module(&[get, ("_initialize", spin)], "", &manifest);
    let shelf = Arc::new(Shelf::default());
    for contracts_max in [10, 0] {
        let config = ExecutorConfig {
            bytes_max: contracts_max * 1_000_000,
            code_cache: Some(shelf.clone()),
            ..ExecutorConfig::default()
        };
        let mut world = World::keeping(config);
        world.create(address(1), &quick, &[]);
        world.create(address(2), &slow, &[]);
        let cost = |world: &mut World, number: u32| {
            world.query(address(number), "get", &[]).expect("get");
            world.gas
        };
        let (quick_gas, slow_gas) = (cost(&mut world, 1), cost(&mut world, 2));
        let extra = slow_gas - quick_gas;
        assert!((50_000..1_000_000).contains(&extra), "{quick_gas}, {slow_gas}");
        // Whoever cannot pay for it gets the same answer, kept or not.
        for gas in [slow_gas - extra, slow_gas - 1, world.load_gas(slow.len()) + 30_000] {
            let code = world.call_with(ALICE, address(2), "get", &[], 0, gas).expect_err("too little").code;
            assert_eq!((code, world.gas), (codes::OUT_OF_GAS, gas));
        }
        assert!(world.call_with(ALICE, address(2), "get", &[], 0, slow_gas).is_ok());
    }
}

#[test]
fn a_revert_costs_what_it_used_and_a_trap_its_price_more() {
    let mut world = World::new();
    world.create(address(1), &numbered(1), &[]);
    let mut cost = |method: &str| {
        let code = world.call(ALICE, address(1), method, &[]).expect_err(method).code;
        (code, world.gas)
    };
    let ((reverted, revert), (trapped, trap)) = (cost("refuse"), cost("boom"));
    assert_eq!((reverted, trapped), (codes::REVERTED, codes::TRAP));
    let price = chainstack_runtime::params::Schedule::base().expect("the base table").host.trap;
    assert!(trap > price && trap - price < revert, "revert {revert}, trap {trap}");
    assert!(revert < trap && trap < GAS);
}
