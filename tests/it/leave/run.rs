//! Everybody and everything is against it, and a stranger pokes.

use std::collections::BTreeMap;

use chainstack_primitives::{Amount, codes};
use chainstack_runtime::state::reserved;

use super::scene::{COINS, ISSUER, ITEM, OTHER, OWNER, SAMPLES, STRANGER, Sample, Scene, TOKENS};
use crate::chain::{Order, key, trapping};

/// Blocks for which the stranger goes on after the last lock.
const PATIENCE: u64 = 25;

/// What did not leave.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Stuck {
    pub(super) sample: &'static str,
    /// The state that the item was in when the run began.
    pub(super) state: String,
    pub(super) what: What,
}

/// What stays.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum What {
    /// What the escrow holds.
    Value,
    /// The item alone, with its deposit.
    Item,
}

/// From here on nobody acts for the role `missing` of `sample`; code is exchanged for code that traps, that of assets
/// too, which their issuer has paused and frozen before; and a stranger who may lock no deposit pokes whatever there
/// is. What has not left some time after the locks that the audit says.
///
/// Checks on the way that the others cannot help, that nothing leaves before its window or after the lock, who gets
/// it, and that the deposits come back.
pub(super) fn leave(mut scene: Scene, sample: &Sample, missing: &str) -> Vec<Stuck> {
    let began: Vec<String> = SAMPLES.iter().map(|each| scene.state(each).expect("an item")).collect();
    for each in &SAMPLES {
        assert!(scene.holds(each), "{} holds nothing", each.name);
    }
    assert_eq!((scene.tokens(OWNER), scene.tokens(scene.other)), (None, None), "receivers need new entries");
    let locks: Vec<u64> = SAMPLES.iter().map(|each| scene.lock(each)).collect();
    let waits: Vec<bool> = SAMPLES.iter().map(|each| scene.must_wait(each)).collect();

    turn_against(&mut scene);
    nobody_can_help(&mut scene, sample, missing);

    let coins = |scene: &Scene| [OWNER, scene.other].map(|who| scene.chain.balance(&key(who)));
    let (before, start) = (coins(&scene), scene.chain.next_height());
    assert!(locks.iter().all(|lock| start < *lock), "the run starts before all locks end");
    let last = locks.iter().max().expect("three") + PATIENCE;
    let (mut left, mut released) = (BTreeMap::new(), 0);
    while scene.chain.next_height() <= last && SAMPLES.iter().any(|each| scene.state(each).is_some()) {
        let height = scene.chain.next_height();
        released += poke_everything(&mut scene);
        for each in SAMPLES.iter().filter(|each| !scene.holds(each)) {
            let _first = left.entry(each.name).or_insert(height);
        }
    }

    let mut stuck = Vec::new();
    for (((each, state), lock), waits) in SAMPLES.iter().zip(&began).zip(&locks).zip(&waits) {
        let stays = |what| Stuck { sample: each.name, state: state.clone(), what };
        let Some(height) = left.get(each.name) else {
            stuck.push(stays(What::Value));
            continue;
        };
        assert!(height <= lock, "{} in {state} left at {height}, after {lock}", each.name);
        // With a window to wait for exactly when it opens, without one at once.
        assert_eq!(*height, if *waits { *lock } else { start }, "{} in {state}", each.name);
        let receiver = each.receivers.iter().find(|(of, _)| of == state).expect("a receiver").1;
        let receiver = if receiver == OTHER { scene.other } else { receiver };
        match each.name {
            "auction" => assert!(scene.owns_the_deed(receiver), "{state}"),
            "custody" => assert_eq!(scene.tokens(receiver), Some(TOKENS), "{state}"),
            _ => {
                // All deposits are the owner's.
                let [own, others] = if receiver == OWNER { [COINS, 0] } else { [0, COINS] };
                let expected = [before[0] + own + released, before[1] + others];
                assert_eq!(coins(&scene), expected, "{state}");
            }
        }
        if scene.state(each).is_some() {
            stuck.push(stays(What::Item));
        }
    }
    if stuck.is_empty() {
        nothing_is_held(&scene);
    }
    stuck
}

/// The issuer stops what can be stopped; then every export of every contract traps.
fn turn_against(scene: &mut Scene) {
    let chain = &mut scene.chain;
    let stops = [
        chain.call("gold", "pause", &[]),
        chain.call("deeds", "freeze", &[("id", "7")]),
        chain.call("deeds", "pause", &[]),
    ];
    for stop in stops {
        let _output = chain.must(ISSUER, stop);
    }
    for name in SAMPLES.iter().map(|each| each.name).chain(["gold", "deeds"]) {
        let code = trapping(chain.manifest(name));
        chain.replace_code(name, &code);
    }
}

/// Whatever method those call who still would, it does not work.
fn nobody_can_help(scene: &mut Scene, sample: &Sample, missing: &str) {
    let absent = sample.roles.iter().find(|(role, _)| *role == missing).expect("a role of the sample").1;
    let mut asked = scene.methods(sample);
    // Who is not there yet, or any more, signs nothing.
    asked.retain(|(by, _)| *by != absent && (*by != OTHER || scene.other == OTHER));
    for (by, call) in asked {
        let done = scene.chain.run(by, call);
        let by_the_code = done.code() == codes::TRAP;
        let by_the_machine = done.code() == codes::WRONG_STATE;
        assert!(by_the_code || by_the_machine, "{}: {}", done.code(), done.text);
    }
    let opening = scene.opening(sample, "2", scene.chain.next_height() + 9);
    let opened = scene.chain.run("//Eve", opening);
    assert_eq!(opened.code(), codes::TRAP, "{}", opened.text);
    for view in scene.manifest(sample).views.iter().map(|view| view.method.to_string()) {
        let arg = scene.manifest(sample).view(&view).and_then(|view| view.args.first()).map(|arg| &*arg.name);
        let failure = scene.chain.query(sample.name, &view, &[(arg.expect("an item"), "1")]);
        assert_eq!(failure.expect_err("a trap").code, codes::TRAP, "{view}");
    }
}

/// One block in which a stranger pokes every exit of every sample: what deposits came back.
fn poke_everything(scene: &mut Scene) -> u128 {
    let pokes = SAMPLES.iter().flat_map(|each| {
        let exits = scene.manifest(each).exits.iter();
        exits.map(|exit| scene.chain.poke(each.name, exit.id, &ITEM))
    });
    let orders = pokes.map(|call| Order { from: STRANGER, call, max_deposit: Amount::ZERO });
    let orders: Vec<Order> = orders.collect();
    let mut released = 0;
    for done in scene.chain.seal(orders) {
        let refusals = [codes::OK, codes::WRONG_STATE, codes::NOT_OPEN, codes::ITEM_NOT_FOUND];
        assert!(refusals.contains(&done.code()), "{}: {}", done.code(), done.text);
        assert_eq!(done.receipt.deposit.locked, Amount::ZERO);
        released += done.receipt.deposit.released.0;
    }
    released
}

fn nothing_is_held(scene: &Scene) {
    let escrows = [reserved::NATIVE_ESCROWS, reserved::ASSET_ESCROWS];
    let held = scene.chain.state().entries().keys().filter(|key| escrows.contains(&key.cell));
    assert_eq!(held.count(), 0);
    assert_eq!(scene.chain.balance(&reserved::ESCROWS), 0);
}
