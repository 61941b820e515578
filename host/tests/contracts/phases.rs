//! Who listens to the phases of calls hears each begin and end, and changes nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use chainstack_host::{ExecutorConfig, Phase, PhaseProbe};
use chainstack_primitives::AccountId;

use crate::{
    kit,
    machines::{BOARD, CAP, DUE, board, job},
    world::{ALICE, BOB, PROBE, PROBE_PARAMS, World},
};

/// Counts phases, and refuses one inside another.
#[derive(Default)]
struct Listener(Mutex<Heard>);

#[derive(Default)]
struct Heard {
    running: Option<Phase>,
    times: BTreeMap<Phase, u32>,
}

impl Listener {
    /// How often each phase ended since this was asked last.
    fn heard(&self) -> BTreeMap<Phase, u32> {
        let mut heard = self.0.lock().expect("whole");
        assert_eq!(heard.running, None, "each phase ends");
        std::mem::take(&mut heard.times)
    }
}

impl PhaseProbe for Listener {
    fn enter(&self, phase: Phase) {
        let before = self.0.lock().expect("whole").running.replace(phase);
        assert_eq!(before, None, "no phase inside another");
    }

    fn leave(&self, phase: Phase) {
        let mut heard = self.0.lock().expect("whole");
        assert_eq!(heard.running.take(), Some(phase));
        *heard.times.entry(phase).or_default() += 1;
    }
}

fn listened() -> (Arc<Listener>, World) {
    let listener = Arc::new(Listener::default());
    let probe: Arc<dyn PhaseProbe> = listener.clone();
    (listener, World::keeping(ExecutorConfig { probe: Some(probe), ..ExecutorConfig::default() }))
}

fn times(counted: &[(Phase, u32)]) -> BTreeMap<Phase, u32> {
    counted.iter().copied().collect()
}

#[test]
fn a_call_tells_each_phase_that_it_has() {
    let (listener, mut world) = listened();
    world.create(BOARD, &board(), &CAP.to_le_bytes());
    let _constructor = listener.heard();
    world.call(ALICE, BOARD, "open", &job(1, 10, DUE)).expect("open");
    // Entry and end; the key of the write; count and sum noted, then merged; the sum is capped.
    let open = [(Phase::Guards, 2), (Phase::Touches, 1), (Phase::Aggregates, 3), (Phase::Invariants, 1)];
    assert_eq!(listener.heard(), times(&open));
    world.call(BOB, BOARD, "finish", &1_u64.to_le_bytes()).expect_err("another's");
    assert_eq!(listener.heard(), times(&[(Phase::Guards, 1)]), "what is refused on entry tells nothing else");
    let over = [&1_u64.to_le_bytes()[..], &(CAP + 1).to_le_bytes()].concat();
    world.call(ALICE, BOARD, "reprice", &over).expect_err("past the cap");
    let heard = listener.heard();
    assert_eq!(
        (heard[&Phase::Guards], heard[&Phase::Invariants]),
        (2, 1),
        "a phase that refuses ends: {heard:?}"
    );
}

/// Calls of every kind with what they brought.
fn story(mut world: World) -> Vec<String> {
    let mut told = Vec::new();
    world.create(BOARD, &board(), &CAP.to_le_bytes());
    world.create(PROBE, &kit::probe(), &PROBE_PARAMS);
    let calls: [(AccountId, &str, Vec<u8>); 6] = [
        (ALICE, "open", job(1, 10, DUE)),
        (ALICE, "open", job(2, 20, DUE)),
        (ALICE, "reprice", [&1_u64.to_le_bytes()[..], &15_u128.to_le_bytes()].concat()),
        (BOB, "finish", 1_u64.to_le_bytes().to_vec()),
        (ALICE, "finish", 1_u64.to_le_bytes().to_vec()),
        (
            ALICE,
            "reprice_other",
            [&2_u64.to_le_bytes()[..], &1_u64.to_le_bytes(), &5_u128.to_le_bytes()].concat(),
        ),
    ];
    for (from, method, args) in calls {
        let ended = world.call(from, BOARD, method, &args);
        told.push(format!("{method}: {ended:?}, {} gas, {:?}", world.gas, world.deposits));
    }
    told.push(format!("{:?}", world.store.entries));
    told
}

#[test]
fn listening_changes_nothing() {
    let (listener, world) = listened();
    assert_eq!(story(world), story(World::keeping(ExecutorConfig::default())));
    assert_eq!(listener.heard().len(), Phase::ALL.len(), "something was heard of each phase");
}
