//! The chain's driver at its door.

use chainstack_client::{
    KeyPair,
    transaction::{Terms, sign},
};
use chainstack_consensus::Sealing;
use chainstack_host::ExecutorConfig;
use chainstack_primitives::{Call, Gas};
use chainstack_runtime::ports::Serial;
use chainstack_storage::{MemoryDisk, StoreOptions};

use super::*;
use crate::{memory::CacheBudget, node::open_store, spec};

/// Gas limit of a transfer of these tests, and of a block that takes three of them.
const TRANSFER_GAS: Gas = Gas(60_000);
const BLOCK_GAS: Gas = Gas(200_000);

fn chain(sealing: Sealing) -> Chain {
    let mut schedule = Schedule::base().expect("the program's own parameters");
    schedule.block.gas_limit = BLOCK_GAS;
    let genesis = spec::dev(&schedule).expect("the program's own genesis");
    let executor = Executor::new(ExecutorConfig::default(), schedule.clone()).expect("an executor");
    let backend = MemoryDisk::new().open().expect("a free disk");
    let options = StoreOptions::default();
    let store = open_store(backend, &genesis, &schedule, &executor, &options).expect("a store");
    let parts = Parts {
        clock: Box::new(ManualClock::at(store.head().header.core.time_ms.0)),
        store,
        executor: Arc::new(executor),
        genesis,
        schedule: Arc::new(schedule),
        parallel: Arc::new(Serial),
        sealing,
        operator: spec::operator().expect("the program's own key"),
        bounds: Bounds::default(),
        tries_bytes: CacheBudget::DEVELOPMENT.tries_bytes(),
        metrics: Arc::new(Metrics::new()),
    };
    Chain::start(parts).expect("a chain")
}

/// Puts transfers of //Alice into the pool.
fn submit(chain: &mut Chain, count: u64) {
    let (alice, bob) = (key("//Alice"), key("//Bob"));
    let transfers = (0..count).map(|nonce| {
        let terms = Terms {
            chain: chain.id(),
            nonce: Nonce(nonce),
            valid_until: Height(1_000),
            gas_limit: TRANSFER_GAS,
            max_fee_per_gas: Amount(chain.base_fee().0 * 10),
            tip_per_gas: Amount::ZERO,
            max_deposit: Amount::ZERO,
        };
        let transfer = Call::Transfer { to: bob.public(), amount: Amount(1) };
        VerifiedTransaction::verify(sign(terms.body(transfer), &alice)).expect("signed right here")
    });
    let transfers: Vec<_> = transfers.collect();
    for verdict in chain.submit(transfers).expect("no fault") {
        verdict.expect("taken");
    }
}

fn key(uri: &str) -> KeyPair {
    KeyPair::from_uri(uri).expect("a secret URI")
}

#[test]
fn each_step_makes_one_block_and_says_whether_more_work_waits() {
    let mut chain = chain(Sealing::OnDemand);
    assert!(!chain.work().expect("no fault"), "nothing waits");
    submit(&mut chain, 10);
    let mut seen = Vec::new();
    loop {
        let more = chain.work().expect("no fault");
        seen.push((chain.head().0.0, chain.mempool().len()));
        if !more {
            break;
        }
    }
    assert_eq!(seen, [(1, 7), (2, 4), (3, 1), (4, 0)], "three transfers a block");
    assert_eq!(chain.take_announcements().len(), 4);
    assert!(!chain.work().expect("no fault"));
    assert_eq!(chain.head().0, Height(4));
}

#[test]
fn between_ticks_work_waits() {
    let mut chain = chain(Sealing::Every { interval_ms: 1_000 });
    submit(&mut chain, 4);
    assert!(!chain.work().expect("no fault"));
    assert_eq!((chain.head().0, chain.mempool().len()), (Height(0), 4));
    chain.step(Input::TimerExpired(Timer::Seal(Height(1)))).expect("no fault");
    assert_eq!((chain.head().0, chain.mempool().len()), (Height(1), 1));
}
