//! What could be done now: the answer is what a call would meet, and what it depends on is named.

use chainstack_host::{Met, Move, Question};
use chainstack_primitives::{AccountId, Amount, Height, codes};

use crate::{
    exits::{DEALS, VAULT, with_deal},
    machines::{BOARD, DUE, JOBS, board_world, job},
    world::{ALICE, BOB, World},
};

fn key(id: u64) -> [u8; 8] {
    id.to_le_bytes()
}

fn named<'m>(moves: &'m [Move], name: &str) -> &'m Met {
    moves.iter().find(|found| found.name == name).unwrap_or_else(|| panic!("no {name}: {moves:#?}")).met()
}

fn no(moves: &[Move], name: &str) -> (u16, String) {
    match named(moves, name) {
        Met::No { code, text } => (*code, text.clone()),
        met => panic!("{name} is refused, not {met:?}"),
    }
}

fn depends(moves: &[Move], name: &str) -> String {
    match named(moves, name) {
        Met::Depends(text) => text.clone(),
        met => panic!("{name} depends, not {met:?}"),
    }
}

/// Codes with which a call is refused before its code runs.
const ENTRY: [u16; 9] = [
    codes::ITEM_NOT_FOUND,
    codes::ITEM_EXISTS,
    codes::WRONG_STATE,
    codes::WRONG_CALLER,
    codes::ROLE_VACANT,
    codes::NOT_OPEN,
    codes::PAST_WINDOW,
    codes::GUARD_REFUSED,
    codes::GUARD_ARITHMETIC,
];

/// Asks about `method` with all its arguments, and calls it in a world of its own: the first reason told is the call's
/// refusal, and with none the call gets as far as its code.
fn agrees(world: &World, from: AccountId, method: &str, args: &[Vec<u8>]) {
    let given: Vec<Option<Vec<u8>>> = args.iter().cloned().map(Some).collect();
    let question = Question { caller: Some(from), method: Some((method, &given)), ..Question::default() };
    let moves = world.outlook(BOARD, &question).unwrap_or_else(|failure| panic!("{method}: {failure:?}"));
    assert_eq!(moves.len(), 1, "{method}");
    let mut beside = World::keeping(chainstack_host::ExecutorConfig::default());
    (beside.store, beside.block) = (world.store.clone(), world.block.clone());
    let called = beside.call(from, BOARD, method, &args.concat());
    match (moves[0].met(), called) {
        (Met::Yes, Err(failure)) => assert!(!ENTRY.contains(&failure.code), "{method}: {failure:?}"),
        (Met::Yes, Ok(_)) => {}
        (Met::No { code, text }, Err(failure)) => {
            assert_eq!(*code, failure.code, "{method}: {failure:?}");
            assert!(failure.diagnostics.text.ends_with(text.as_str()), "{method}: {text}: {failure:?}");
        }
        (met, called) => panic!("{method}: told {met:?}, called {called:?}"),
    }
}

#[test]
fn what_is_told_is_what_a_call_meets() {
    let mut world = board_world();
    world.call(ALICE, BOARD, "open", &job(1, 10, DUE)).expect("open");
    world.call(ALICE, BOARD, "open", &job(2, 20, DUE)).expect("open");
    world.call(ALICE, BOARD, "finish", &key(2)).expect("finish");
    let mut paused = board_world();
    paused.call(ALICE, BOARD, "open", &job(1, 10, DUE)).expect("open");
    paused.call(ALICE, BOARD, "pause", &[]).expect("pause");
    let mut asked = 0;
    for (world, height) in [(&mut world, 42), (&mut paused, 42)] {
        for height in [height, DUE] {
            world.block.height = Height(height);
            for from in [ALICE, BOB] {
                for id in [1, 2, 3] {
                    let id = key(id).to_vec();
                    let price = |price: u128| price.to_le_bytes().to_vec();
                    for method in ["finish", "collect", "remove"] {
                        agrees(world, from, method, std::slice::from_ref(&id));
                    }
                    agrees(world, from, "open", &[id.clone(), price(1), key(99).to_vec()]);
                    agrees(world, from, "reprice", &[id.clone(), price(4)]);
                    agrees(world, from, "reprice", &[id.clone(), price(7)]);
                    agrees(world, from, "divide", &[id.clone(), key(0).to_vec()]);
                    agrees(world, from, "divide", &[id, key(3).to_vec()]);
                    asked += 8;
                }
                agrees(world, from, "pause", &[]);
                agrees(world, from, "resume", &[]);
            }
        }
    }
    assert_eq!(asked, 192);
}

#[test]
fn every_reason_is_told_and_not_the_first_alone() {
    let mut world = board_world();
    world.call(ALICE, BOARD, "open", &job(1, 10, DUE)).expect("open");
    world.call(ALICE, BOARD, "pause", &[]).expect("pause");
    world.block.height = Height(DUE);
    let at = key(1);
    let question = Question { caller: Some(BOB), item: Some((JOBS, &at)), ..Question::default() };
    let moves = world.outlook(BOARD, &question).expect("a look");
    let finish = moves.iter().find(|found| found.name == "finish").expect("finish");
    let refused: Vec<(&str, u16)> = finish
        .needs
        .iter()
        .filter_map(|need| match need.met {
            Met::No { code, .. } => Some((need.what, code)),
            _ => None,
        })
        .collect();
    let expected =
        [("state", codes::WRONG_STATE), ("caller", codes::WRONG_CALLER), ("window", codes::PAST_WINDOW)];
    assert_eq!(refused, expected);
    assert!(finish.needs.iter().any(|need| need.what == "state" && need.met == Met::Yes), "the job is open");
}

#[test]
fn what_was_not_said_is_named() {
    let mut world = board_world();
    world.call(ALICE, BOARD, "open", &job(1, 10, DUE)).expect("open");
    let moves = world.outlook(BOARD, &Question::default()).expect("a look");
    assert_eq!(depends(&moves, "finish"), "the item");
    assert_eq!(depends(&moves, "pause"), "the caller: role `owner`");
    assert_eq!(no(&moves, "resume").0, codes::WRONG_STATE, "whoever calls");
    assert!(moves.iter().all(|found| found.name != "state_of"), "views are no moves");

    let at = key(1);
    let of_item = Question { item: Some((JOBS, &at)), ..Question::default() };
    let moves = world.outlook(BOARD, &of_item).expect("a look");
    assert_eq!(depends(&moves, "finish"), "the caller: role `seller`");
    assert_eq!(depends(&moves, "reprice"), "argument `price`");
    assert_eq!(*named(&moves, "remove"), Met::Yes, "anybody, with nothing else said");
    assert_eq!(no(&moves, "open").0, codes::ITEM_EXISTS);
    assert_eq!(no(&moves, "collect").0, codes::NOT_OPEN);
    assert!(moves.iter().all(|found| found.name != "pause"), "it concerns no job");
    // An argument that names the item is known with it; the last one is not.
    let partly = [None, Some(7_u128.to_le_bytes().to_vec())];
    let question = Question { method: Some(("reprice", &partly)), ..of_item };
    assert_eq!(*named(&world.outlook(BOARD, &question).expect("a look"), "reprice"), Met::Yes);
    let elsewhere = [Some(key(2).to_vec()), None];
    let question = Question { method: Some(("reprice", &elsewhere)), ..of_item };
    let moves = world.outlook(BOARD, &question).expect("a look");
    assert!(no(&moves, "reprice").1.contains("another item"), "{moves:?}");
    let valued = Question { value: Some(Amount(1)), ..of_item };
    assert_eq!(no(&world.outlook(BOARD, &valued).expect("a look"), "remove").0, codes::VALUE_NOT_ACCEPTED);
}

#[test]
fn exits_are_told_with_the_calls() {
    let mut world = with_deal(false);
    let at = key(1);
    let question = Question { item: Some((DEALS, &at)), ..Question::default() };
    let moves = world.outlook(VAULT, &question).expect("a look");
    assert_eq!(*named(&moves, "split"), Met::Yes);
    assert_eq!(no(&moves, "close").0, codes::WRONG_STATE);
    let (code, text) = no(&moves, "refund");
    assert_eq!(code, codes::NOT_OPEN);
    assert!(text.contains("open from 50 on"), "{text}");
    world.block.height = Height(50);
    let moves = world.outlook(VAULT, &question).expect("a look");
    assert_eq!(*named(&moves, "refund"), Met::Yes);
    // Without an item, the exit of the contract alone is known.
    let moves = world.outlook(VAULT, &Question::default()).expect("a look");
    assert_eq!((named(&moves, "sweep"), depends(&moves, "refund").as_str()), (&Met::Yes, "the item"));
    let gone = key(9);
    let question = Question { item: Some((DEALS, &gone)), ..Question::default() };
    assert_eq!(no(&world.outlook(VAULT, &question).expect("a look"), "refund").0, codes::ITEM_NOT_FOUND);
}

#[test]
fn a_question_that_is_none_is_refused() {
    let world = board_world();
    let refused = |question: &Question<'_>| world.outlook(BOARD, question).expect_err("no question").code;
    let short = [0; 7];
    assert_eq!(refused(&Question { item: Some((JOBS, &short)), ..Question::default() }), codes::BAD_KEY);
    assert_eq!(
        refused(&Question { item: Some((77, &short)), ..Question::default() }),
        codes::UNDECLARED_CELL
    );
    let unknown = Question { method: Some(("state_of", &[])), ..Question::default() };
    assert_eq!(refused(&unknown), codes::UNKNOWN_METHOD);
    let many = [None, None];
    assert_eq!(
        refused(&Question { method: Some(("finish", &many)), ..Question::default() }),
        codes::BAD_ARGUMENTS
    );
    let wrong = [Some(vec![1, 2])];
    assert_eq!(
        refused(&Question { method: Some(("finish", &wrong)), ..Question::default() }),
        codes::BAD_ARGUMENTS
    );
    assert_eq!(
        world.outlook(BOB, &Question::default()).expect_err("no contract").code,
        codes::CONTRACT_NOT_FOUND
    );
}
