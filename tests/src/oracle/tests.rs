//! The oracle over the samples, and that it can say no.

use std::sync::OnceLock;

use chainstack_primitives::manifest::{Expression, Invariant, Node, Ops};
use chainstack_runtime::state::{EntryKey, reserved};

use super::{world::Done, *};

/// The seed that is usual; `CHAINSTACK_SEED` names another.
const SEED: u64 = 3;

fn from_environment(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// A sample made ready, once for all tests of a process.
fn ground(name: &str) -> &'static Ground {
    static GROUNDS: [OnceLock<Ground>; SAMPLES.len()] = [const { OnceLock::new() }; SAMPLES.len()];
    let index = SAMPLES.iter().position(|sample| sample.name == name).expect("a sample");
    GROUNDS[index].get_or_init(|| Ground::new(SAMPLES[index]).expect("the sample is ready"))
}

fn random_transitions(name: &str) {
    let (seed, calls) =
        (from_environment("CHAINSTACK_SEED", SEED), from_environment("CHAINSTACK_CALLS", 20_000));
    let ground = ground(name);
    let mut counts = Counts::default();
    for index in 0..calls.div_ceil(WORLD_CALLS) {
        let calls = WORLD_CALLS.min(calls - index * WORLD_CALLS);
        let run = ground.run(world_seed(seed, index), calls, index % 2 == 0);
        counts.add(&run.unwrap_or_else(|why| panic!("seed {seed}: {why}")));
    }
    print(&format!("{name}, seed {seed}: {counts}"));
    assert_eq!(ground.never(&counts), Vec::<String>::new(), "never carried out, seed {seed}");
}

#[expect(clippy::print_stdout, reason = "seeds and counts are for whoever runs this")]
fn print(text: &str) {
    println!("{text}");
}

#[test]
fn random_transitions_of_erc20_keep_to_its_declaration() {
    random_transitions("erc20");
}

#[test]
fn random_transitions_of_escrow_keep_to_its_declaration() {
    random_transitions("escrow");
}

#[test]
fn random_transitions_of_auction_keep_to_its_declaration() {
    random_transitions("auction");
}

#[test]
fn random_transitions_of_custody_keep_to_its_declaration() {
    random_transitions("custody");
}

#[test]
fn random_transitions_of_deed_keep_to_its_declaration() {
    random_transitions("deed");
}

/// A world of a sample after some calls, in which an escrow holds something if the sample has one for assets.
fn lived(name: &str) -> World {
    let opens = |foreseen: &Foreseen, done: &Done| {
        done.result.is_ok() && foreseen.transition().is_some_and(|it| it.escrows.iter().any(|it| it.pays_in))
    };
    let needed = std::cell::Cell::new(0);
    let some = |foreseen: &Foreseen, done: &Done| {
        needed.set(needed.get() + 1);
        needed.get() > 600 && (opens(foreseen, done) || matches!(name, "erc20" | "deed"))
    };
    lived_until(name, 20_000, some).0
}

/// A call that was carried out and not checked yet.
struct Taken {
    call: Call,
    foreseen: Foreseen,
    done: Done,
}

/// A world of a sample after some calls, or after the first that `wanted` wants: that one is not followed yet.
fn lived_until(
    name: &str,
    calls: u64,
    wanted: impl Fn(&Foreseen, &Done) -> bool,
) -> (World, Kept, Option<Taken>) {
    let ground = ground(name);
    let mut drawer = Drawer::new(world_seed(SEED, 7));
    let mut world = ground.world(&mut drawer, true, &mut Counts::default()).expect("a world");
    let mut kept = Kept::of(&world.store, &world.contracts).expect("sums");
    for _ in 0..calls {
        drawer.pass_time(&mut world);
        let call = drawer.call(&world);
        let foreseen = Foreseen::of(&world, &call).expect("foreseen");
        let done = world.carry_out(&call).expect("no fault");
        if wanted(&foreseen, &done) {
            return (world, kept, Some(Taken { call, foreseen, done }));
        }
        check_call(&world, &mut kept, &call, &foreseen, &done).expect("as declared");
    }
    check_all(&world, &kept).expect("all as declared");
    (world, kept, None)
}

/// The value of the first entry of a cell of the contract with this index.
fn first_of(world: &mut World, contract: usize, cell: u16) -> &mut Vec<u8> {
    let address = world.contracts[contract].address;
    let key = world.store.cell(&address, cell).next().expect("an entry").0.clone();
    &mut world.store.entries.get_mut(&key).expect("it is there").value
}

/// Breaks a world of a sample that was whole: all of it, looked at, must say so in these words.
fn broken(name: &str, words: &str, damage: impl FnOnce(&mut World)) {
    let mut world = lived(name);
    damage(&mut world);
    let kept = Kept::of(&world.store, &world.contracts).expect("sums within bounds");
    let found = check_all(&world, &kept).expect_err(words);
    assert!(found.contains(words), "`{words}` expected: {found}");
}

#[test]
fn a_broken_world_is_seen() {
    broken("erc20", "sum [01, 00]", |world| first_of(world, 0, reserved::SUMS)[0] ^= 1);
    broken("erc20", "sum [01, 00]", |world| first_of(world, 0, 1)[3] ^= 1);
    broken("escrow", "count [01, 00]", |world| first_of(world, 0, reserved::COUNTS)[0] ^= 1);
    broken("deed", "count of an owner", |world| first_of(world, 0, reserved::OWNER_COUNTS)[0] += 1);
    broken("erc20", "undeclared state", |world| first_of(world, 0, reserved::STATES)[0] = 2);
    broken("escrow", "undeclared state", |world| first_of(world, 0, 1)[0] = 5);
    broken("escrow", "declared", |world| first_of(world, 0, 1).push(0));
    broken("erc20", "a value of 17 bytes", |world| first_of(world, 0, 1).push(0));
    broken("deed", "frozen", |world| first_of(world, 0, 1)[34] = 2);
    broken("erc20", "no such role", |world| {
        move_first(world, 0, reserved::ROLES, |key| key.key = [9, 0].into())
    });
    broken("erc20", "no such cell", |world| move_first(world, 0, 2, |key| key.cell = 3));
    broken("erc20", "the key is none of its cell", |world| {
        move_first(world, 0, 2, |key| key.key = key.key[1..].into());
    });
    broken("escrow", "escrow of no item", |world| {
        move_first(world, 0, reserved::NATIVE_ESCROWS, |key| key.key[5] ^= 1);
    });
    broken("escrow", "escrows of", |world| first_of(world, 0, reserved::NATIVE_ESCROWS)[0] ^= 1);
    broken("custody", "the asset's ledger has", |world| {
        let record = first_of(world, 0, reserved::ASSET_ESCROWS);
        let last = record.len() - 1;
        record[last] ^= 1;
    });
    broken("auction", "which somebody else holds", |world| {
        move_first(world, 0, reserved::ASSET_ESCROWS, |key| key.key[7] ^= 1);
    });
    broken("custody", "an escrow of nobody", |world| {
        let address = world.contracts[0].address;
        let key = world.store.cell(&address, reserved::ASSET_ESCROWS).next().expect("an escrow").0.clone();
        world.store.entries.remove(&key);
    });
    broken("escrow", "supply of", |world| {
        let person = world.people[3];
        world.store.accounts.entry(person).or_default().balance.0 += 1;
    });
    broken("erc20", "deposits of", |world| {
        let address = world.contracts[0].address;
        let key = world.store.cell(&address, 1).next().expect("a balance").0.clone();
        world.store.entries.get_mut(&key).expect("it is there").deposit.0 += 1;
    });
    broken("erc20", "invariant `never`", |world| {
        let mut contract = (*world.contracts[0]).clone();
        let rule = Expression::try_from(vec![Node::Bool(false)]).expect("short");
        let invariant =
            Invariant { id: 1, name: "never".try_into().expect("short"), doc: Default::default(), rule };
        contract.manifest.invariants = vec![invariant].try_into().expect("one");
        world.contracts[0] = Arc::new(contract);
    });
}

/// Moves the first entry of a cell under another key.
fn move_first(world: &mut World, contract: usize, cell: u16, change: impl FnOnce(&mut EntryKey)) {
    let address = world.contracts[contract].address;
    let mut key = world.store.cell(&address, cell).next().expect("an entry").0.clone();
    let entry = world.store.entries.remove(&key).expect("it is there");
    change(&mut key);
    world.store.entries.insert(key, entry);
}

/// Waits for a call of `what`, a method or exit, that was carried out or not; tampers with what became of it: the check
/// after the call must say so in these words.
fn tampered((name, what, carried): (&str, &str, bool), words: &str, tamper: impl FnOnce(&mut Taken)) {
    let is_it = |foreseen: &Foreseen, done: &Done| {
        let name = foreseen.transition().map(|it| &it.method).or(foreseen.exit().map(|it| &it.name));
        name.is_some_and(|name| &**name == what) && done.result.is_ok() == carried
    };
    let (world, kept, taken) = lived_until(name, 20_000, is_it);
    let mut taken = taken.unwrap_or_else(|| panic!("no {what} of {name}"));
    let check =
        |taken: &Taken| check_call(&world, &mut kept.clone(), &taken.call, &taken.foreseen, &taken.done);
    check(&taken).expect("as declared before");
    tamper(&mut taken);
    let found = check(&taken).expect_err(words);
    assert!(found.contains(words), "`{words}` expected: {found}");
}

/// The change of an entry of a cell.
fn of_cell(taken: &mut Taken, cell: u16) -> &mut check::Change {
    taken.done.entries.iter_mut().find(|change| change.key.cell == cell).expect("it changed")
}

#[test]
fn a_call_that_does_not_keep_to_its_declaration_is_seen() {
    let state = |taken: &mut Taken, state: u8| {
        of_cell(taken, 1).after.as_mut().expect("it is there").value[0] = state;
    };
    tampered(("erc20", "transfer", true), "gas used", |taken| taken.done.gas += 100_000);
    tampered(("erc20", "approve", true), "2 events, 1 declared", |taken| {
        let again = taken.done.events[0].clone();
        taken.done.events.push(again);
    });
    tampered(("erc20", "approve", true), "event 1 is not declared", |taken| taken.done.events[0].event = 1);
    tampered(("escrow", "release", true), "which nothing here declares", |taken| state(taken, 2));
    tampered(("escrow", "pay", true), "which nothing here declares", |taken| state(taken, 4));
    tampered(("escrow", "open", true), "a new item began in 1", |taken| state(taken, 1));
    tampered(("escrow", "release", true), "head field `buyer` changed", |taken| {
        of_cell(taken, 1).after.as_mut().expect("it is there").value[1] ^= 1;
    });
    tampered(("escrow", "release", true), "nothing here declares", |taken| {
        taken.foreseen.item.as_mut().expect("bound").key[0] ^= 1;
    });
    tampered(("escrow", "open", true), "is not declared for this", |taken| {
        of_cell(taken, reserved::NATIVE_ESCROWS).key.key[9] ^= 1;
    });
    tampered(("deed", "freeze", true), "was changed, Ops(0) declared", |taken| {
        for place in taken.foreseen.places.iter_mut().flatten() {
            place.ops = Ops(0);
        }
    });
    tampered(("escrow", "open", true), "though not let in", |taken| {
        taken.foreseen.verdict = facts::Verdict::Closed("because".to_owned());
    });
    tampered(("escrow", "pay", false), "an exit that stands open is refused", |taken| {
        taken.foreseen.verdict = facts::Verdict::Open;
        taken.call.gas = GAS;
        if let Err(failure) = &mut taken.done.result {
            failure.code = codes::DEPOSIT_LIMIT;
        }
    });
    tampered(("escrow", "release", false), "though all that is asked holds", |taken| {
        taken.foreseen.verdict = facts::Verdict::Open;
        if let Err(failure) = &mut taken.done.result {
            failure.code = codes::WRONG_STATE;
        }
    });
    tampered(("erc20", "transfer", false), "left traces", |taken| {
        let event =
            chainstack_primitives::Event { contract: AccountId::ZERO, event: 1, data: Default::default() };
        taken.done.events.push(event);
    });
    tampered(("escrow", "pay", true), "coins only", |taken| {
        taken.foreseen.receivers = vec![Some(AccountId([0x77; 32]))];
    });
    tampered(("custody", "pay", true), "did not get what the escrow held", |taken| {
        taken.foreseen.receivers = vec![Some(AccountId([0x77; 32]))];
    });
    tampered(("auction", "call_off", true), "did not get what the escrow held", |taken| {
        taken.foreseen.receivers = vec![Some(AccountId([0x77; 32]))];
    });
    tampered(("erc20", "pause", true), "which nothing here declares", |taken| {
        let change = of_cell(taken, reserved::STATES);
        std::mem::swap(&mut change.before, &mut change.after);
    });
}

#[test]
fn what_was_never_carried_out_is_named() {
    let ground = ground("escrow");
    let mut counts = Counts::default();
    assert_eq!(ground.never(&counts).len(), 7, "three transitions, four exits");
    counts.rows.entry(("escrow".to_owned(), "open".to_owned())).or_default().done = 1;
    assert_eq!(ground.never(&counts).len(), 6);
    assert!(!ground.never(&counts).contains(&"open".to_owned()));
}
