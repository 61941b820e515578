//! Synced before it is announced: a chain on the in-memory disk, whose syncs are counted and made to fail.

use std::sync::Arc;

use chainstack_client::{
    KeyPair,
    transaction::{Terms, sign_reproducibly},
};
use chainstack_consensus::Sealing;
use chainstack_host::{Executor, ExecutorConfig};
use chainstack_primitives::{Amount, Call, Gas, Height, Nonce};
use chainstack_runtime::{params::Schedule, ports::Serial, transaction::VerifiedTransaction};
use chainstack_storage::{FailurePoint, MemoryDisk, StoreOptions};

use super::{Chain, ManualClock, Parts};
use crate::{memory::CacheBudget, mempool::Bounds, node::open_store, spec, telemetry::metrics::Metrics};

/// A development chain on `disk`.
fn chain(disk: &MemoryDisk, sealing: Sealing) -> Chain {
    let schedule = Arc::new(Schedule::base().expect("the program's own parameters"));
    let genesis = spec::dev(&schedule).expect("the program's own constants");
    let executor =
        Arc::new(Executor::new(ExecutorConfig::default(), (*schedule).clone()).expect("runs contracts"));
    let backend = disk.open().expect("free");
    let store = open_store(backend, &genesis, &schedule, &executor, &StoreOptions::default());
    let store = store.expect("sound");
    let clock = ManualClock::at(store.head().header.core.time_ms.0);
    let parts = Parts {
        store,
        executor,
        genesis,
        schedule,
        parallel: Arc::new(Serial),
        clock: Box::new(clock),
        sealing,
        operator: spec::operator().expect("the program's own constants"),
        bounds: Bounds::default(),
        tries_bytes: CacheBudget::DEVELOPMENT.tries_bytes(),
        metrics: Arc::new(Metrics::new()),
    };
    Chain::start(parts).expect("sound")
}

/// A payment of Alice's.
fn payment(chain: &Chain, nonce: u64) -> VerifiedTransaction {
    let [alice, bob] = ["//Alice", "//Bob"].map(|uri| KeyPair::from_uri(uri).expect("a key"));
    let terms = Terms {
        chain: chain.id(),
        nonce: Nonce(nonce),
        valid_until: Height(1_000),
        gas_limit: Gas(1_000_000),
        max_fee_per_gas: Amount(10_000_000_000),
        tip_per_gas: Amount(0),
        max_deposit: Amount(0),
    };
    let body = terms.body(Call::Transfer { to: bob.public(), amount: Amount(1) });
    VerifiedTransaction::verify(sign_reproducibly(body, &alice)).expect("signed right here")
}

/// What a step of a chain's life does: work that waits, or a block asked for.
fn live(chain: &mut Chain, number: u64) -> Result<(), chainstack_runtime::ports::Fault> {
    if number.is_multiple_of(3) {
        return chain.seal_now().map(drop);
    }
    let nonce = number - number / 3 - 1;
    let transaction = payment(chain, nonce);
    for verdict in chain.submit(vec![transaction])? {
        verdict.expect("taken");
    }
    chain.work().map(drop)
}

#[test]
fn every_announced_block_was_synced_before() {
    let disk = MemoryDisk::new();
    let mut chain = chain(&disk, Sealing::OnDemand);
    let mut announced = 0;
    // The genesis block was synced when the store was made.
    assert_eq!(chain.parts().store.counters().syncs, 1);
    for number in 1..=12 {
        live(&mut chain, number).expect("room");
        for block in chain.take_announcements() {
            announced += 1;
            assert_eq!(block.height, Height(announced));
        }
        let syncs = chain.parts().store.counters().syncs;
        assert!(syncs > announced, "step {number}: {announced} blocks announced, {syncs} syncs");
        assert_eq!(chain.parts().store.head().height(), Height(announced));
    }
    assert_eq!(announced, 12, "each step makes a block");
}

#[test]
fn a_block_whose_sync_fails_is_not_announced() {
    for point in FailurePoint::ALL {
        let disk = MemoryDisk::new();
        let mut first = chain(&disk, Sealing::OnDemand);
        for number in 1..=3 {
            live(&mut first, number).expect("room");
        }
        assert_eq!(first.take_announcements().len(), 3);
        // Write 0 was the genesis block.
        disk.fail_at(4, point);
        assert!(live(&mut first, 4).is_err(), "{point:?}");
        assert!(first.take_announcements().is_empty(), "{point:?}: announced and perhaps lost");
        assert_eq!(first.head().0, Height(3), "{point:?}: the head is what was announced");
        drop(first);
        disk.crash(4);
        // The next life begins at a block boundary: the one announced, or the one that was being written.
        let again = chain(&disk, Sealing::OnDemand);
        let height = again.head().0;
        assert!(height == Height(3) || height == Height(4), "{point:?}: {height:?}");
    }
}
