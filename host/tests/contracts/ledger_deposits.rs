//! Deposits that items keep for what exits create in ledgers, where the items are unique assets, have no machine, or begin
//! with the contract: who pays them, up to which limit, and who gets which back.

use chainstack_primitives::{
    AccountId, Amount, Asset as Consented, Hash, Send as Consent, codes,
    manifest::{
        Asset, AssetRef, Cell, CellKind, Effect, EscrowCell, EscrowUse, Exit, ExitTarget, ItemBinding,
        KeyTerm, Manifest, Node, StateSet, TransitionKind, Type, escrow_holder,
    },
};
use chainstack_runtime::{ports::Failure, state::reserved};
use parity_scale_codec::Encode;

use crate::{
    kit,
    ledgers::{CAROL, balances, deposit, take, totals},
    world::{ALICE, BOB, World},
};

const LAND: AccountId = AccountId([0x1a; 32]);
const FAIR: AccountId = AccountId([0xfa; 32]);
const KEEPER: AccountId = AccountId([0xca; 32]);
const OWNER: AccountId = AccountId([0xdd; 32]);

/// Deeds of the land, tickets of the fair.
const ITEMS: u16 = 1;
const SHARES: u16 = 2;
/// The land's escrow for a deed.
const YARD: u16 = 3;

const DEED: u16 = 1;
const FRESH: u8 = 0;
const USED: u8 = 1;

/// Exits: of an item, for a share or for two; and out of the yard.
const ONE: u16 = 1;
const TWO: u16 = 2;
const FREE: u16 = 3;

const SHARE_ROOM: u32 = 32 + 16;
const DEED_ROOM: u32 = 8 + 1 + 33 + 16;
const TICKET_ROOM: u32 = 8 + 32 + 16;
const COUNT_ROOM: u32 = 34 + 8;

fn add(field: u8, key: KeyTerm) -> Effect {
    let (key, amount) = (kit::list(vec![key]), kit::list(vec![Node::Head(field)]));
    Effect::LedgerAdd { cell: SHARES, key, amount }
}

fn exit(id: u16, name: &str, item: Option<u16>, effects: Vec<Effect>) -> Exit {
    Exit {
        id,
        name: kit::name(name),
        doc: Default::default(),
        item,
        from: kit::list(vec![]),
        window: None,
        guard: None,
        effects: kit::list(effects),
        to: None,
        event: None,
    }
}

/// Deeds that anybody mints for himself, gives away and burns. Each is worth a share once, to who takes the exit.
fn land() -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("land"));
    manifest.params = kit::list(vec![kit::param("keeper", Type::Account)]);
    let size = kit::head("size", Type::U128, true, false);
    let mut deeds = kit::map(ITEMS, "deeds", vec![kit::field("id", Type::U64)], vec![size], 0);
    if let CellKind::Map(map) = &mut deeds.kind {
        map.asset = Some(Asset { on_move: None, escrow_when: None, release_when: None });
    }
    let yard = EscrowCell { item: None, asset: AssetRef::Own(ITEMS), unique: true };
    let yard = Cell { kind: CellKind::Escrow(yard), ..kit::escrow(YARD, "yard", None) };
    manifest.cells = kit::list(vec![deeds, kit::ledger(SHARES, "shares", true, true), yard]);
    manifest.machines = kit::list(vec![kit::machine(DEED, "deed", Some(ITEMS), &["Fresh", "Used"], &[USED])]);
    let id = |more| [kit::field("id", Type::U64)].into_iter().chain(more).collect::<Vec<_>>();
    let mut mint = kit::transition("mint", id(Some(kit::field("size", Type::U128))), None);
    mint.item = ItemBinding::New { cell: ITEMS, key: kit::list(vec![KeyTerm::Arg(0)]) };
    let give = kit::transition("give", id(Some(kit::field("to", Type::Account))), None);
    let mut keep = kit::transition("keep", id(None), None);
    keep.escrows = kit::list(vec![EscrowUse { cell: YARD, pays_in: true, pays_out: false }]);
    manifest.transitions = kit::list(vec![mint, give, keep, kit::transition("burn", id(None), None)]);
    let mut one = exit(ONE, "one", Some(ITEMS), vec![add(0, KeyTerm::Caller)]);
    one.from = kit::list(vec![StateSet { machine: DEED, states: kit::list(vec![FRESH]) }]);
    one.to = Some(ExitTarget { machine: DEED, state: USED });
    let out = Effect::Release { escrow: YARD, amount: None, to: KeyTerm::Param(0), remainder: None };
    manifest.exits = kit::list(vec![one, exit(FREE, "free", None, vec![out])]);
    let input = "(drop (call $input (i32.const 0) (i32.const 40)))";
    let done = |call: &str| format!("{input} (if (call {call}) (then unreachable))");
    let mint = format!(
        "(call $caller (i32.const 100)) {}",
        done(
            "$unique_mint (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 100) (i32.const 8) (i32.const 16)"
        )
    );
    let give = done("$unique_move (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 8)");
    let keep = format!(
        "(call $self (i32.const 100)) {}",
        done(
            "$escrow_asset_in (i32.const 3) (i32.const 500) (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 0) (i32.const 8)"
        )
    );
    let burn = format!(
        "{input} (if (i32.ne (call $cell_delete (i32.const 1) (i32.const 0) (i32.const 8)) (i32.const 1)) (then unreachable))"
    );
    kit::module(&[("mint", &mint), ("give", &give), ("keep", &keep), ("burn", &burn)], "", &manifest)
}

/// Tickets that anybody writes, and number 7, which the constructor writes for who creates the contract. With exits that
/// give one share for a ticket, or two, or with none.
fn fair(exits: bool) -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("fair"));
    let head =
        vec![kit::head("owner", Type::Account, true, false), kit::head("amount", Type::U128, false, true)];
    manifest.cells = kit::list(vec![
        kit::map(ITEMS, "tickets", vec![kit::field("id", Type::U64)], head, 0),
        kit::ledger(SHARES, "shares", true, true),
    ]);
    let mut begin = kit::transition("begin", vec![], None);
    begin.kind = TransitionKind::Constructor;
    let ticket = [("id", Type::U64), ("owner", Type::Account), ("amount", Type::U128)];
    let ticket = ticket.into_iter().map(|(name, ty)| kit::field(name, ty)).collect();
    manifest.transitions = kit::list(vec![begin, kit::transition("write", ticket, None)]);
    let one = vec![add(1, KeyTerm::Head(0)), Effect::DeleteItem];
    let two = vec![add(1, KeyTerm::Head(0)), add(1, KeyTerm::Caller), Effect::DeleteItem];
    if exits {
        manifest.exits =
            kit::list(vec![exit(ONE, "one", Some(ITEMS), one), exit(TWO, "two", Some(ITEMS), two)]);
    }
    let set = "(call $cell_set (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 8) (i32.const 48))";
    let begin = format!(
        "(i32.store (i32.const 0) (i32.const 7)) (call $caller (i32.const 8)) (i32.store (i32.const 40) (i32.const 10)) {set}"
    );
    let write = format!("(drop (call $input (i32.const 0) (i32.const 56))) {set}");
    kit::module(&[("begin", &begin), ("write", &write)], "", &manifest)
}

fn land_world() -> World {
    let mut world = World::new();
    world.create(LAND, &land(), &KEEPER.0);
    world
}

/// Payer and deposit of an entry.
fn paid(world: &World, contract: AccountId, cell: u16, key: &[u8]) -> Option<(AccountId, u128)> {
    world.entry(contract, cell, key).map(|entry| (entry.payer, entry.deposit.0))
}

#[test]
fn a_unique_asset_keeps_its_deposits_wherever_it_goes() {
    let deed = 5_u64.encode();
    let count_of = |who: AccountId| (ITEMS, who).encode();
    // After which step the exit for a share is taken, if at all: mint, give, into the yard, out of it.
    for used_after in [None, Some(0), Some(1), Some(2), Some(3)] {
        let mut world = land_world();
        let (share, count) = (deposit(&world, SHARE_ROOM), deposit(&world, COUNT_ROOM));
        let whole = deposit(&world, DEED_ROOM) + share;
        // What is locked beside what the contract began with, and what each has ever locked: the rest is back.
        let locked = |world: &World, who| {
            let entries = world.store.entries.values().filter(|entry| entry.payer == who);
            entries.map(|entry| entry.deposit.0).sum::<u128>()
        };
        let parties = [ALICE, BOB];
        let start = parties.map(|who| (locked(&world, who), world.balance(&who)));
        let mut ever = [0, 0];
        let consent = [Consent { asset: Consented::Cell { contract: LAND, cell: ITEMS }, max: Amount(1) }];
        let yard = escrow_holder(&LAND, YARD, &[]);
        let (mut record, mut used) = (0, false);
        for step in 0..5 {
            match step {
                0 => assert_eq!(world.call(ALICE, LAND, "mint", &(5_u64, 30_u128).encode()), Ok(vec![])),
                1 => assert_eq!(world.call(ALICE, LAND, "give", &(5_u64, BOB).encode()), Ok(vec![])),
                2 => {
                    assert_eq!(world.call_sending(BOB, LAND, "keep", &deed, &consent), Ok(vec![]));
                    let entry = world.entry(LAND, reserved::ASSET_ESCROWS, &yard).expect("kept");
                    record = deposit(&world, 33 + u32::try_from(entry.value.len()).expect("short"));
                }
                3 => take(&mut world, LAND, FREE, &[]),
                _ => assert_eq!(world.call(BOB, LAND, "burn", &deed), Ok(vec![])),
            }
            if step < 3 {
                ever[usize::from(step == 2)] += world.deposits.locked.0;
            }
            if used_after == Some(step) {
                take(&mut world, LAND, ONE, &deed);
                used = true;
            }
            let shown = format!("used after {used_after:?}, step {step}");
            let left = if used { share } else { 0 };
            let expected = match step {
                0 | 1 => [whole + count, 0],
                2 => [whole, record + count],
                3 => [whole, count],
                _ => [left, 0],
            };
            for (index, who) in parties.into_iter().enumerate() {
                let (begun, balance) = start[index];
                let held = locked(&world, who) - begun;
                assert_eq!(held, expected[index], "{shown}: {who}");
                assert_eq!(world.balance(&who) - balance, ever[index] - held, "{shown}: {who}");
            }
            let found = paid(&world, LAND, ITEMS, &deed);
            assert_eq!(found, (step < 4).then_some((ALICE, whole - left)), "{shown}");
            let counted =
                [ALICE, BOB, KEEPER].map(|who| paid(&world, LAND, reserved::OWNER_COUNTS, &count_of(who)));
            let (of_alice, of_bob) = (Some((ALICE, count)), Some((BOB, count)));
            let expected = match step {
                0 => [of_alice, None, None],
                1 => [None, of_alice, None],
                3 => [None, None, of_bob],
                _ => [None; 3],
            };
            assert_eq!(counted, expected, "{shown}");
            let in_yard = paid(&world, LAND, reserved::ASSET_ESCROWS, &yard);
            assert_eq!(in_yard, (step == 2).then_some((BOB, record + count)), "{shown}");
            let given = if used { vec![(CAROL.encode(), 30)] } else { vec![] };
            assert_eq!(balances(&world, LAND, SHARES), given, "{shown}");
            assert_eq!(paid(&world, LAND, SHARES, &CAROL.0), used.then_some((ALICE, share)), "{shown}");
        }
    }
}

#[test]
fn an_item_without_a_machine_and_one_of_the_constructor_keep_deposits() {
    // The ticket, who has paid for it, who owns it; the exit, and the shares after it.
    let cases = [
        (7_u64, ALICE, ALICE, ONE, vec![(ALICE, 20)]),
        (7, ALICE, ALICE, TWO, vec![(ALICE, 20), (CAROL, 20)]),
        (8, BOB, OWNER, ONE, vec![(OWNER, 20)]),
        (8, BOB, OWNER, TWO, vec![(CAROL, 20), (OWNER, 20)]),
        (8, BOB, CAROL, TWO, vec![(CAROL, 40)]),
    ];
    for (id, payer, owner, exit, shares) in cases {
        let shown = format!("ticket {id} of {owner}, exit {exit}");
        let mut world = World::new();
        world.create(FAIR, &fair(true), &[]);
        if id == 8 {
            assert_eq!(world.call(payer, FAIR, "write", &(id, owner, 10_u128).encode()), Ok(vec![]));
        }
        let share = deposit(&world, SHARE_ROOM);
        let whole = deposit(&world, TICKET_ROOM) + 2 * share;
        assert_eq!(paid(&world, FAIR, ITEMS, &id.encode()), Some((payer, whole)), "{shown}");
        // Whoever writes it again pays nothing and gets nothing.
        let other = if payer == ALICE { BOB } else { ALICE };
        world.deposit_max = Amount::ZERO;
        assert_eq!(world.call(other, FAIR, "write", &(id, owner, 20_u128).encode()), Ok(vec![]));
        assert_eq!(paid(&world, FAIR, ITEMS, &id.encode()), Some((payer, whole)), "{shown}");
        let before = (world.balance(&payer), world.balance(&other));
        take(&mut world, FAIR, exit, &id.encode());
        let used = share * shares.len() as u128;
        let after = (world.balance(&payer), world.balance(&other));
        assert_eq!((after.0 - before.0, after.1), (whole - used, before.1), "{shown}");
        assert_eq!(paid(&world, FAIR, ITEMS, &id.encode()), None, "{shown}");
        let expected: Vec<_> = shares.iter().map(|(who, balance)| (who.encode(), *balance)).collect();
        assert_eq!(balances(&world, FAIR, SHARES), expected, "{shown}");
        for (who, _) in &shares {
            assert_eq!(paid(&world, FAIR, SHARES, &who.0), Some((payer, share)), "{shown}");
        }
        assert_eq!(totals(&world, FAIR, SHARES).1, shares.len() as u128, "{shown}");
    }
}

/// Creates the fair as Alice.
fn begin(world: &mut World, exits: bool) -> Result<Vec<u8>, Failure> {
    let hash: Hash = chainstack_primitives::tagged(chainstack_primitives::Tag::Code, &fair(exits));
    world.instantiate(ALICE, FAIR, hash, &[], 0).map(|()| vec![])
}

#[test]
fn who_begins_an_item_pays_what_it_keeps_or_does_not_begin_it() {
    type Begin = fn(&mut World) -> Result<Vec<u8>, Failure>;
    let write: Begin = |world| world.call(BOB, FAIR, "write", &(8_u64, OWNER, 10_u128).encode());
    let mint: Begin = |world| world.call(BOB, LAND, "mint", &(5_u64, 30_u128).encode());
    let (with, without): (Begin, Begin) = (|world| begin(world, true), |world| begin(world, false));
    let prices = World::new();
    let share = deposit(&prices, SHARE_ROOM);
    let (ticket, deed) = (deposit(&prices, TICKET_ROOM), deposit(&prices, DEED_ROOM));
    // A contract that begins pays for more than its ticket: as much as without exits, and what they add.
    let mut plain = World::new();
    plain.upload(&fair(false)).expect("uploaded");
    assert_eq!(without(&mut plain), Ok(vec![]));
    let bare = plain.deposits.locked.0;
    let cases: [(&str, bool, Begin, u128); 5] = [
        ("written, with exits", true, write, ticket + 2 * share),
        ("written, without", false, write, ticket),
        ("minted", true, mint, deed + share + deposit(&prices, COUNT_ROOM)),
        ("with the contract, with exits", true, with, bare + 2 * share),
        ("with the contract, without", false, without, bare),
    ];
    for (shown, exits, begin, whole) in cases {
        let mut world = land_world();
        world.upload(&fair(exits)).expect("uploaded");
        if !shown.starts_with("with ") {
            let hash = chainstack_primitives::tagged(chainstack_primitives::Tag::Code, &fair(exits));
            world.instantiate(ALICE, FAIR, hash, &[], 0).expect("created");
        }
        world.deposit_max = Amount(whole - 1);
        assert_eq!(begin(&mut world).expect_err(shown).code, codes::DEPOSIT_LIMIT, "{shown}");
        world.deposit_max = Amount(whole);
        assert_eq!(begin(&mut world), Ok(vec![]), "{shown}");
        assert_eq!(world.deposits.locked, Amount(whole), "{shown}");
    }
}
