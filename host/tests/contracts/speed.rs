//! What a warm call costs. Prints; asserts only what a loaded machine can keep.

use std::{sync::LazyLock, time::Instant};

use chainstack_primitives::{
    AccountId, Amount, Gas,
    manifest::{KeyTerm, Manifest, Ops, Touch, Touches, Type},
};
use chainstack_runtime::{
    ports::{ContractExecutor, Message},
    state::Overlay,
    transaction::Meter,
};

use parity_scale_codec::Encode;

use crate::{
    kit::{self, field, list, name},
    world::{ALICE, BOB, GAS, World},
};

const TOKEN: AccountId = AccountId([0x70; 32]);

fn token() -> Vec<u8> {
    let mut manifest = Manifest::empty(name("token"));
    manifest.cells = list(vec![kit::ledger(1, "balances", true, false)]);
    let moved = vec![field("from", Type::Account), field("to", Type::Account), field("amount", Type::U128)];
    manifest.events = list(vec![kit::event(1, "Transfer", moved)]);
    let place = |term, ops| Touch { cell: 1, key: list(vec![term]), ops, head: 0 };
    let args = vec![field("to", Type::Account), field("amount", Type::U128)];
    let mut transfer = kit::transition("transfer", args.clone(), Some(Type::Bool));
    transfer.touches =
        Touches::Listed(list(vec![place(KeyTerm::Caller, Ops::SUB), place(KeyTerm::Arg(0), Ops::ADD)]));
    transfer.emits = list(vec![1]);
    let mint = kit::transition("mint", args, None);
    let empty = kit::transition("empty", vec![], None);
    manifest.transitions = list(vec![transfer, mint, empty]);
    let transfer = "(call $caller (i32.const 100))
        (drop (call $input (i32.const 132) (i32.const 48)))
        (if (call $ledger_move (i32.const 1) (i32.const 100) (i32.const 32) (i32.const 132) (i32.const 32) (i32.const 164))
          (then unreachable))
        (call $emit (i32.const 1) (i32.const 100) (i32.const 80))
        (i32.store8 (i32.const 0) (i32.const 1))
        (call $output (i32.const 0) (i32.const 1))";
    let mint = "(drop (call $input (i32.const 132) (i32.const 48)))
        (drop (call $ledger_add (i32.const 1) (i32.const 132) (i32.const 32) (i32.const 164)))";
    kit::module(&[("transfer", transfer), ("mint", mint), ("empty", "")], "", &manifest)
}

const ERC20: AccountId = AccountId([0xe2; 32]);

/// The ERC20 paradigm as it is shipped, issued to Alice.
fn issue(world: &mut World) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts/artifacts/erc20.wasm");
    let code = std::fs::read(path).expect("the paradigm is built");
    let params = ("Gold", "GLD", 18_u8, 1_000_000_u128, ALICE, true, true, u128::MAX, false);
    world.create(ERC20, &code, &params.encode());
}

#[test]
fn the_erc20_paradigm_is_issued_and_moves() {
    let mut world = World::new();
    issue(&mut world);
    let transfer = (BOB, 250_u128).encode();
    assert_eq!(world.call(ALICE, ERC20, "transfer", &transfer).expect("transfer"), [1]);
    assert_eq!((world.events.len(), world.events[0].event), (1, 1));
    assert_eq!(world.query(ERC20, "balance_of", &BOB.encode()).expect("balance"), 250_u128.encode());
    assert_eq!(world.query(ERC20, "total_supply", &[]).expect("supply"), 1_000_000_u128.encode());
    let failure = world.call(BOB, ERC20, "transfer", &(ALICE, 251_u128).encode()).expect_err("too much");
    assert_eq!(failure.code, chainstack_primitives::codes::REVERTED);
    assert_eq!(failure.revert[..], [&[1, 0][..], &250_u128.encode(), &251_u128.encode()].concat());
    assert_eq!(world.call(ALICE, ERC20, "mint", &(BOB, 50_u128).encode()).map(|_| ()), Ok(()));
    let failure = world.call(BOB, ERC20, "mint", &(BOB, 50_u128).encode()).expect_err("not the owner");
    assert_eq!(failure.code, chainstack_primitives::codes::WRONG_CALLER);
}

/// CPU seconds of this thread where the system tells, else seconds by the clock.
pub(crate) fn cpu_seconds() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| START.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

#[test]
fn warm_calls_are_fast() {
    let mut world = World::new();
    world.create(TOKEN, &token(), &[]);
    issue(&mut world);
    let args = |to: AccountId, amount: u128| [&to.0[..], &amount.to_le_bytes()].concat();
    world.call(ALICE, TOKEN, "mint", &args(ALICE, 1_000_000_000)).expect("mint");
    world.call(ALICE, TOKEN, "mint", &args(BOB, 1)).expect("mint");
    let transfer = args(BOB, 1);
    world.call(ALICE, ERC20, "transfer", &transfer).expect("transfer");
    for (contract, method, args) in
        [(TOKEN, "empty", &[][..]), (TOKEN, "transfer", &transfer), (ERC20, "transfer", &transfer)]
    {
        let mut state = Overlay::new(&world.store);
        let rounds = 20_000_u32;
        let mut best = f64::MAX;
        for _ in 0..5 {
            let start = cpu_seconds();
            for _ in 0..rounds / 5 {
                let mut meter = Meter::new(ALICE, Gas(GAS), Amount(u128::MAX), &world.schedule);
                let message = Message { origin: ALICE, value: Amount(0), args, sends: &[] };
                world
                    .executor
                    .invoke(&mut state, &mut meter, &world.block, contract, method, message)
                    .expect("carried out");
                state.finish_transaction();
            }
            best = best.min((cpu_seconds() - start) * 1e6 / f64::from(rounds / 5));
        }
        eprintln!("warm {method} of {:02x}: {best:.2} µs of CPU a call", contract.0[0]);
        assert!(best < 1000.0, "{method} takes {best} µs");
    }
}
