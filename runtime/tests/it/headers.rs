//! Every field of a header is checked: a block with any of them changed is invalid.

use chainstack_primitives::{Amount, Block, Gas, Hash, Header, Height, Tag, TimeMs, codes, tagged};
use chainstack_runtime::{
    block::{ApplyError, InvalidBlock, Parent, Proposal, build_block},
    ports::Serial,
    state::Tries,
};

use crate::world::{Key, World, coins, operator, transfer};

fn world_with_block() -> (World, Block) {
    let mut world = World::new();
    let (alice, bob) = (Key::new(1), Key::new(2));
    let first = world.next(&alice, transfer(bob.id(), coins(1)));
    world.seal_all(&[first]);
    let second = world.next(&alice, transfer(bob.id(), coins(1)));
    let block = world.build(&[second]).block;
    assert!(world.apply(block.clone()).is_ok());
    (world, block)
}

#[test]
fn any_changed_field_makes_the_block_invalid() {
    let (world, block) = world_with_block();
    let flip: fn(&mut Hash) = |hash| hash.0[31] ^= 1;
    type Change = Box<dyn Fn(&mut Header)>;
    let hash =
        |field: fn(&mut Header) -> &mut Hash| -> Change { Box::new(move |header| flip(field(header))) };
    let changes: Vec<(&str, Change)> = vec![
        ("version", Box::new(|header| header.core.version += 1)),
        ("chain", hash(|header| &mut header.core.chain.0)),
        ("height", Box::new(|header| header.core.height = Height(header.core.height.0 + 1))),
        ("height", Box::new(|header| header.core.height = Height(header.core.height.0 - 1))),
        ("time_ms", Box::new(|header| header.core.time_ms = TimeMs(header.core.time_ms.0 - 1000))),
        ("state_root", hash(|header| &mut header.core.state_root)),
        ("history_root", hash(|header| &mut header.core.history_root)),
        ("next_validators_hash", hash(|header| &mut header.core.next_validators_hash)),
        ("parent", hash(|header| &mut header.rest.parent)),
        ("tx_root", hash(|header| &mut header.rest.tx_root)),
        ("receipt_root", hash(|header| &mut header.rest.receipt_root)),
        ("shares_root", hash(|header| &mut header.rest.shares_root)),
        ("validators_hash", hash(|header| &mut header.rest.validators_hash)),
        ("last_commit_hash", hash(|header| &mut header.rest.last_commit_hash)),
        ("base_fee", Box::new(|header| header.rest.base_fee.0 += 1)),
        ("base_fee", Box::new(|header| header.rest.base_fee.0 -= 1)),
        ("gas_used", Box::new(|header| header.rest.gas_used = Gas(header.rest.gas_used.0 + 1))),
        ("proposer", Box::new(|header| header.rest.proposer = Key::new(1).id())),
        ("beacon", hash(|header| &mut header.rest.beacon)),
    ];
    for (field, change) in changes {
        let mut changed = block.clone();
        change(&mut changed.header);
        match world.apply(changed) {
            Err(ApplyError::Invalid(invalid)) => {
                let text = invalid.to_string().replace('_', " ");
                let word = field.split('_').next().expect("a word");
                assert!(text.contains(word) || field == "time_ms", "{field}: {text}");
            }
            other => panic!("{field} may be changed: {other:?}"),
        }
    }
    // A later time is the proposer's to choose; it changes nothing but the header.
    let mut later = block;
    later.header.core.time_ms = TimeMs(later.header.core.time_ms.0 + 1);
    assert!(world.apply(later).is_ok());
}

#[test]
fn lists_are_bound_by_the_header() {
    let (world, block) = world_with_block();
    let mut without = block.clone();
    without.transactions = vec![].try_into().expect("none");
    assert!(matches!(
        world.apply(without).expect_err("a transaction is missing"),
        ApplyError::Invalid(InvalidBlock::Mismatch { field: "tx_root", .. })
    ));
    let mut commit = block;
    commit.last_commit = vec![1].try_into().expect("short");
    assert!(matches!(
        world.apply(commit).expect_err("another commit"),
        ApplyError::Invalid(InvalidBlock::Mismatch { field: "last_commit_hash", .. })
    ));
}

/// Under engine `solo` there are no votes to carry: bytes that nobody can judge do not enter the chain.
#[test]
fn a_commit_is_refused_until_an_engine_defines_one() {
    let (world, block) = world_with_block();
    let refused = "no votes for the parent expected, 3 bytes found";
    let mut commit = block;
    commit.last_commit = vec![1, 2, 3].try_into().expect("short");
    commit.header.rest.last_commit_hash = tagged(Tag::Commit, &commit.last_commit);
    match world.apply(commit).expect_err("votes") {
        ApplyError::Invalid(invalid) => assert_eq!(invalid.to_string(), refused),
        other => panic!("another verdict: {other}"),
    }
    let voted = Proposal { last_commit: vec![1, 2, 3].try_into().expect("short"), ..world.proposal() };
    match build_block(&world.machine(&Serial), &mut Tries::cold(), &world.parent, voted, &[]) {
        Err(ApplyError::Invalid(invalid)) => assert_eq!(invalid.to_string(), refused),
        other => panic!("another verdict: {other:?}"),
    }
}

#[test]
fn a_header_and_a_history_that_do_not_fit_are_no_parent() {
    let (world, block) = world_with_block();
    let history = world.parent.history().clone();
    assert!(Parent::new(world.parent.header().clone(), history.clone()).is_some());
    assert_eq!(Parent::new(block.header.clone(), history), None);
    assert_eq!(Parent::new(world.parent.header().clone(), world.parent.child_history()), None);
    assert!(Parent::new(block.header, world.parent.child_history()).is_some());
}

#[test]
fn a_proposal_with_a_stale_time_or_a_stranger_is_refused() {
    let (world, _) = world_with_block();
    let build = |proposal: Proposal| {
        build_block(&world.machine(&Serial), &mut Tries::cold(), &world.parent, proposal, &[])
    };
    let now = world.parent.header().core.time_ms;
    let stale = Proposal { time_ms: now, ..world.proposal() };
    assert!(matches!(build(stale), Err(ApplyError::Invalid(InvalidBlock::Time { .. }))));
    let stranger = Proposal { proposer: Key::new(1).id(), ..world.proposal() };
    assert!(matches!(build(stranger), Err(ApplyError::Invalid(InvalidBlock::Proposer(_)))));
    let next = Proposal { time_ms: TimeMs(now.0 + 1), ..world.proposal() };
    let built = build(next).expect("a millisecond later");
    assert_eq!(built.block.header.rest.proposer, operator().id());
    assert_eq!(built.block.header.rest.base_fee, world.parent.child_base_fee(&world.schedule));
    assert!(built.block.header.rest.base_fee < Amount(1_000_000_000));
    assert_eq!(codes::OK, 0);
}
