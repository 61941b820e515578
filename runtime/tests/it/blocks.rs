//! Blocks that mix failing and valid transactions over the same accounts, on two instances, cold and warm.

use std::sync::Arc;

use chainstack_primitives::{AccountId, Amount, BatchCall, Event, Hash, Receipt, codes, merkle, output_hash};
use chainstack_runtime::{
    block::{Applied, ApplyError, VerifiedBlock, apply_block, build_block, replay},
    ports::{Fault, Serial, StateReader},
    state::{Entry, Tries},
};

use crate::world::{Backwards, Key, World, batch, coins, entry, invocation, invoke, transfer};

#[test]
fn failing_and_valid_transactions_over_the_same_accounts() {
    let mut world = World::new();
    let (alice, bob, carol) = (Key::new(1), Key::new(2), Key::new(3));
    let contract = world.deploy(&alice, b"");
    let candidates = [
        world.next(&alice, invoke(contract, "set", entry(b"a", b"1"))),
        world.next(&bob, invoke(contract, "fail", entry(b"a", b"2"))),
        world.next(&alice, transfer(bob.id(), coins(10))),
        world.next(&bob, invoke(contract, "set", entry(b"b", b"3"))),
        world.next(&carol, invoke(contract, "delete", b"a".to_vec())),
        world.next(&alice, invoke(contract, "trap", entry(b"b", b"4"))),
        world.next(&carol, transfer(AccountId::ZERO, coins(1))),
        world.next(&bob, transfer(alice.id(), coins(1001))),
    ];
    let before = world.clone();
    let built = world.seal_all(&candidates);
    // Each transaction run again up to its turn says the same as when the block was built.
    let transactions: Vec<_> = candidates.iter().map(|candidate| (**candidate).clone()).collect();
    let header = &built.block.header;
    for count in 1..=transactions.len() {
        let again = replay(&before.machine(&Serial), header, &transactions[..count]).expect("own block");
        let applied = &built.applied;
        assert_eq!(again, Some((applied.receipts[count - 1].clone(), applied.outcomes[count - 1].clone())));
    }
    assert_eq!(replay(&before.machine(&Serial), header, &[]).expect("nothing"), None);
    let elsewhere = replay(&world.machine(&Serial), header, &transactions);
    assert!(matches!(elsewhere, Err(ApplyError::Invalid(_))), "on the state after the block: {elsewhere:?}");
    let found: Vec<u16> = built.applied.receipts.iter().map(|receipt| receipt.code).collect();
    let expected = [
        codes::OK,
        codes::REVERTED,
        codes::OK,
        codes::OK,
        codes::OK,
        codes::TRAP,
        codes::ZERO_ADDRESS,
        codes::OK,
    ];
    assert_eq!(found, expected);
    let value = |key: &[u8]| world.state.entry(&contract, crate::puppet::CELL, key).expect("memory");
    assert_eq!(value(b"a"), None);
    assert_eq!(value(b"b").map(|entry: Entry| entry.value), Some(b"3".to_vec()));
}

#[test]
fn what_a_block_does_to_an_entry_of_an_earlier_one_is_undone_whole() {
    let mut world = World::new();
    let (alice, bob) = (Key::new(1), Key::new(2));
    let contract = world.deploy(&alice, b"");
    world.run(&alice, invoke(contract, "set", entry(b"a", b"1")));
    // Failed alone: nothing of the entry changes.
    let failing = world.next(&bob, invoke(contract, "fail", entry(b"a", b"2")));
    let built = world.seal_all(&[failing]);
    assert_eq!(built.applied.receipts[0].code, codes::REVERTED);
    assert!(built.applied.changes.entries().iter().all(|(key, _)| key.contract != contract));
    let value = |world: &World| world.state.entry(&contract, crate::puppet::CELL, b"a").expect("memory");
    assert_eq!(value(&world).map(|entry| entry.value), Some(b"1".to_vec()));
    // Failed, then written and written back: no change either.
    let candidates = [
        world.next(&bob, invoke(contract, "fail", entry(b"a", b"2"))),
        world.next(&alice, invoke(contract, "set", entry(b"a", b"3"))),
        world.next(&bob, invoke(contract, "set", entry(b"a", b"1"))),
    ];
    let built = world.seal_all(&candidates);
    assert!(built.applied.changes.entries().iter().all(|(key, _)| key.contract != contract));
    // Failed, then deleted: what was deleted is what the earlier block left.
    let candidates = [
        world.next(&bob, invoke(contract, "fail", entry(b"a", b"2"))),
        world.next(&alice, invoke(contract, "delete", b"a".to_vec())),
    ];
    let built = world.seal_all(&candidates);
    assert_eq!(built.applied.receipts[1].code, codes::OK);
    assert_eq!(value(&world), None);
    assert!(built.applied.changes.entries().iter().any(|(key, now)| *key.key == *b"a" && now.is_none()));
}

/// Receipts are sealed in pieces: each has the hashes of its own outcome, whichever piece it is in.
#[test]
fn every_receipt_commits_to_its_own_outcome() {
    let mut world = World::new();
    let alice = Key::new(1);
    let contract = world.deploy(&alice, b"");
    for count in [0_u16, 1, 255, 256, 257, 513] {
        let candidates: Vec<_> = (0..count)
            .map(|number| {
                let [low, high] = number.to_le_bytes();
                let set = |key: u8| {
                    BatchCall::Invoke(invocation(contract, "set", entry(&[key], &[low, high]), Amount::ZERO))
                };
                match number % 3 {
                    0 => world.next(&alice, transfer(Key::new(2).id(), Amount(1))),
                    1 => world.next(&alice, invoke(contract, "set", entry(&[1], &[low, high]))),
                    _ => world.next(&alice, batch(vec![set(2), set(3)])),
                }
            })
            .collect();
        let built = world.seal_all(&candidates);
        let Applied { receipts, outcomes, header, .. } = &built.applied;
        assert_eq!(receipts.len(), candidates.len());
        for ((receipt, outcome), candidate) in receipts.iter().zip(outcomes).zip(&candidates) {
            assert_eq!(receipt.id, candidate.id());
            assert_eq!(receipt.output_hash, output_hash(&outcome.output));
            let leaves: Vec<Hash> = outcome.events.iter().map(Event::leaf).collect();
            assert_eq!(receipt.events_root, merkle::root(&leaves));
            assert_eq!(receipt.event_count as usize, outcome.events.len());
        }
        let leaves: Vec<Hash> = receipts.iter().map(Receipt::leaf).collect();
        assert_eq!(header.rest.receipt_root, merkle::root(&leaves));
    }
}

#[test]
fn a_block_applied_again_gives_the_same_cold_or_warm_known_or_not() {
    let mut world = World::new();
    let alice = Key::new(1);
    let contract = world.deploy(&alice, b"");
    let mut tries = Tries::cold();
    for round in 0..5u8 {
        let candidates: Vec<_> = (0..20u8)
            .map(|index| world.next(&alice, invoke(contract, "set", entry(&[index], &[round]))))
            .collect();
        let proposal = world.proposal();
        let built = build_block(&world.machine(&Backwards), &mut tries, &world.parent, proposal, &candidates);
        let built = built.expect("sound proposal");
        let known = |hash: &Hash| candidates.iter().find(|known| known.full_hash() == *hash).map(Arc::clone);
        let verified = VerifiedBlock::verify(built.block.clone(), &known).expect("all known");
        for _ in 0..2 {
            // Warm tries that are ahead of the state start again by themselves.
            let applied = apply_block(&world.machine(&Serial), &mut tries, &world.parent, &verified);
            assert_eq!(applied.expect("own block"), built.applied);
        }
        assert_eq!(world.seal_all(&candidates).applied, built.applied);
        assert!(tries.resident_bytes() > 0);
        if round == 2 {
            tries.shrink(0);
        }
    }
}

/// Contracts are used in turn, three a block. Whatever the budget, roots are the same; what is held stays in it, and
/// is near it once there is enough to hold.
#[test]
fn tries_used_longest_ago_go_first_and_roots_never_depend_on_it() {
    let mut world = World::new();
    let alice = Key::new(1);
    let contracts: Vec<_> = (0..24u8).map(|index| world.deploy(&alice, &[index])).collect();
    let whole = {
        let mut tries = Tries::cold();
        go_round(&mut world, &alice, &contracts, &mut tries, usize::MAX);
        tries.resident_bytes()
    };
    for budget in [whole / 2, whole / 4, whole / 64, 0] {
        let mut tries = Tries::cold();
        let least = go_round(&mut world, &alice, &contracts, &mut tries, budget);
        assert!(
            tries.resident_bytes() <= budget.max(EMPTY_TRIES_BYTES),
            "{} of {budget}",
            tries.resident_bytes()
        );
        // One trie at a time goes, not all.
        assert!(budget < whole / 4 || least >= budget / 2, "{least} of {budget} at least");
    }
}

/// What the account trie alone takes, nodes shrunk away, and some.
const EMPTY_TRIES_BYTES: usize = 6 * 1024;

/// Blocks that write to three contracts each, twice round, with tries shrunk to `budget` after each block: the least
/// that was held in the second round.
fn go_round(
    world: &mut World,
    alice: &Key,
    contracts: &[AccountId],
    tries: &mut Tries,
    budget: usize,
) -> usize {
    let mut least = usize::MAX;
    for round in 0..2u8 {
        for (number, three) in (0..).zip(contracts.chunks(3)) {
            let call = |contract: &AccountId| invoke(*contract, "set", entry(&[number], &[round]));
            let candidates: Vec<_> = three.iter().map(|contract| world.next(alice, call(contract))).collect();
            let proposal = world.proposal();
            let built = build_block(&world.machine(&Serial), tries, &world.parent, proposal, &candidates);
            // The world seals with cold tries.
            assert_eq!(world.seal_all(&candidates).applied, built.expect("sound proposal").applied);
            tries.shrink(budget);
            if round == 1 {
                least = least.min(tries.resident_bytes());
            }
        }
    }
    least
}

#[test]
fn a_fault_of_the_machine_is_no_verdict() {
    let mut world = World::new();
    let alice = Key::new(1);
    let contract = world.deploy(&alice, b"");
    let transaction = world.next(&alice, invoke(contract, "fault", entry(b"a", b"1")));
    let proposal = world.proposal();
    let built =
        build_block(&world.machine(&Serial), &mut Tries::cold(), &world.parent, proposal, &[transaction]);
    assert!(matches!(built, Err(ApplyError::Fault(Fault(_)))));

    /// A disk that cannot be read.
    struct Broken;
    impl StateReader for Broken {
        fn account(&self, _: &AccountId) -> Result<Option<chainstack_primitives::Account>, Fault> {
            Err(Fault::text("read error"))
        }
        fn entry(&self, _: &AccountId, _: u16, _: &[u8]) -> Result<Option<Entry>, Fault> {
            Err(Fault::text("read error"))
        }
        fn code(&self, _: &Hash) -> Result<Option<Arc<[u8]>>, Fault> {
            Err(Fault::text("read error"))
        }
    }
    let block = world.build(&[]).block;
    let verified = VerifiedBlock::verify(block, &|_| None).expect("no transactions");
    let mut machine = world.machine(&Serial);
    machine.reader = &Broken;
    let verdict = apply_block(&machine, &mut Tries::cold(), &world.parent, &verified);
    assert!(matches!(verdict, Err(ApplyError::Fault(_))));
}

#[test]
fn a_lost_node_is_a_fault_and_not_another_root() {
    let mut world = World::new();
    let alice = Key::new(1);
    let transaction = world.next(&alice, transfer(Key::new(2).id(), Amount(1)));
    let block = world.build(&[transaction]).block;
    let verified = VerifiedBlock::verify(block, &|_| None).expect("signed");
    /// A store that has lost all nodes but the root.
    struct Lossy<'a>(&'a World);
    impl chainstack_runtime::state::NodeSource for Lossy<'_> {
        fn node(
            &self,
            trie: chainstack_runtime::state::TrieId,
            path: &chainstack_trie::Nibbles,
        ) -> Result<Option<Vec<u8>>, Fault> {
            if path.is_empty() { self.0.state.node(trie, path) } else { Ok(None) }
        }
    }
    let lossy = Lossy(&world);
    let mut machine = world.machine(&Serial);
    machine.nodes = &lossy;
    let verdict = apply_block(&machine, &mut Tries::cold(), &world.parent, &verified);
    assert!(matches!(verdict, Err(ApplyError::Fault(_))));
}
