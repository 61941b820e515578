//! Exits that change the ledger of an asset while escrows hold some of it: the own contract's and another's. What is held
//! is out of their reach, comes out whole, and sum and count are what the entries say.

use chainstack_primitives::{
    AccountId, Amount, Asset as Consented, Send as Consent,
    manifest::{
        Asset, AssetRef, Cell, CellKind, Effect, EscrowCell, EscrowUse, Exit, Expression, ItemBinding,
        KeyTerm, Manifest, Node, Send, Type, account_holder, escrow_holder,
    },
};
use chainstack_runtime::state::reserved;
use parity_scale_codec::Encode;

use crate::{
    kit,
    ledgers::{CAROL, balances, take, totals},
    world::{ALICE, BOB, World},
};

const MINT: AccountId = AccountId([0x6e; 32]);
const VAULT: AccountId = AccountId([0x7a; 32]);
const OWNER: AccountId = AccountId([0xdd; 32]);

const PLANS: u16 = 1;
const COINS: u16 = 2;
/// The mint's own escrow for a plan.
const HELD: u16 = 3;
/// The exit that a test declares.
const EXIT: u16 = 1;

/// Of the vault: what it holds for itself, and the exit that lets it out.
const SAFE: u16 = 1;
const OUT: u16 = 1;

const OWNER_KEY: [KeyTerm; 1] = [KeyTerm::Head(0)];
const CALLER_KEY: [KeyTerm; 1] = [KeyTerm::Caller];

fn amount() -> Expression {
    kit::list(vec![Node::Head(1)])
}

fn add(key: &[KeyTerm]) -> Effect {
    Effect::LedgerAdd { cell: COINS, key: kit::list(key.to_vec()), amount: amount() }
}

fn sub(key: &[KeyTerm]) -> Effect {
    Effect::LedgerSub { cell: COINS, key: kit::list(key.to_vec()), amount: amount() }
}

fn moved(from: &[KeyTerm], to: &[KeyTerm]) -> Effect {
    let (from, to) = (kit::list(from.to_vec()), kit::list(to.to_vec()));
    Effect::LedgerMove { cell: COINS, from, to, amount: amount() }
}

fn release(amount: Option<u128>, to: KeyTerm, remainder: Option<KeyTerm>) -> Effect {
    let amount = amount.map(|amount| kit::list(vec![Node::Uint(amount)]));
    Effect::Release { escrow: HELD, amount, to, remainder }
}

fn exit(id: u16, item: Option<u16>, effects: Vec<Effect>) -> Exit {
    Exit {
        id,
        name: kit::name("out"),
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

/// Coins that anybody mints, and plans whose exit does what is given and ends the plan. If that lets something out, `fill`
/// puts coins of the mint's own into the escrow of a plan.
fn mint(effects: Vec<Effect>) -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("mint"));
    let mut coins = kit::ledger(COINS, "coins", true, true);
    if let CellKind::Ledger(ledger) = &mut coins.kind {
        ledger.asset = Some(Asset { on_move: None, escrow_when: None, release_when: None });
    }
    let head =
        vec![kit::head("owner", Type::Account, true, false), kit::head("amount", Type::U128, true, true)];
    let held = EscrowCell { item: Some(PLANS), asset: AssetRef::Own(COINS), unique: false };
    let held = Cell { kind: CellKind::Escrow(held), ..kit::escrow(HELD, "held", Some(PLANS)) };
    let holds = effects.iter().any(|effect| matches!(effect, Effect::Release { .. }));
    let plans = kit::map(PLANS, "plans", vec![kit::field("id", Type::U64)], head, 0);
    manifest.cells = kit::list([plans, coins].into_iter().chain(holds.then_some(held)).collect());
    let named = |name: &str, ty| kit::field(name, ty);
    let plan = vec![named("id", Type::U64), named("owner", Type::Account), named("amount", Type::U128)];
    let mut open = kit::transition("open", plan, None);
    open.item = ItemBinding::New { cell: PLANS, key: kit::list(vec![KeyTerm::Arg(0)]) };
    let give = kit::transition("give", vec![named("to", Type::Account), named("amount", Type::U128)], None);
    let mut fill = kit::transition("fill", vec![named("id", Type::U64), named("amount", Type::U128)], None);
    fill.item = ItemBinding::Existing { cell: PLANS, key: kit::list(vec![KeyTerm::Arg(0)]) };
    fill.escrows = kit::list(vec![EscrowUse { cell: HELD, pays_in: true, pays_out: false }]);
    fill.sends = kit::list(vec![Send { asset: AssetRef::Own(COINS), max: Amount(u128::MAX) }]);
    manifest.transitions = kit::list([open, give].into_iter().chain(holds.then_some(fill)).collect());
    let effects = effects.into_iter().chain([Effect::DeleteItem]).collect();
    manifest.exits = kit::list(vec![exit(EXIT, Some(PLANS), effects)]);
    let open = "(drop (call $input (i32.const 0) (i32.const 56)))
        (call $cell_set (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 8) (i32.const 48))";
    let give = "(drop (call $input (i32.const 0) (i32.const 48)))
        (if (call $ledger_add (i32.const 2) (i32.const 0) (i32.const 32) (i32.const 32)) (then unreachable))";
    let fill = "(drop (call $input (i32.const 0) (i32.const 24))) (call $self (i32.const 100))
        (if (call $escrow_asset_in (i32.const 3) (i32.const 0) (i32.const 8) (i32.const 100) (i32.const 0) (i32.const 8) (i32.const 16)) (then unreachable))";
    let functions = [("open", open), ("give", give), ("fill", fill)];
    kit::module(functions.get(..manifest.transitions.len()).expect("some"), "", &manifest)
}

/// Holds coins of the mint until an exit lets all of them out to whom a parameter says.
fn vault() -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("vault"));
    manifest.params = kit::list(vec![kit::param("mint", Type::Account), kit::param("heir", Type::Account)]);
    let asset = AssetRef::Foreign { contract: KeyTerm::Param(0), cell: COINS };
    let safe = EscrowCell { item: None, asset, unique: false };
    manifest.cells =
        kit::list(vec![Cell { kind: CellKind::Escrow(safe), ..kit::escrow(SAFE, "safe", None) }]);
    let mut keep = kit::transition(
        "keep",
        vec![kit::field("mint", Type::Account), kit::field("amount", Type::U128)],
        None,
    );
    keep.escrows = kit::list(vec![EscrowUse { cell: SAFE, pays_in: true, pays_out: false }]);
    manifest.transitions = kit::list(vec![keep]);
    let out = Effect::Release { escrow: SAFE, amount: None, to: KeyTerm::Param(1), remainder: None };
    manifest.exits = kit::list(vec![exit(OUT, None, vec![out])]);
    let keep = "(drop (call $input (i32.const 0) (i32.const 48)))
        (if (call $escrow_asset_in (i32.const 1) (i32.const 500) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32) (i32.const 16)) (then unreachable))";
    kit::module(&[("keep", keep)], "", &manifest)
}

/// With plan 1 of `owner` for `amount`.
fn world(effects: Vec<Effect>, owner: AccountId, amount: u128) -> World {
    let mut world = World::new();
    world.create(MINT, &mint(effects), &[]);
    assert_eq!(world.call(ALICE, MINT, "open", &(1_u64, owner, amount).encode()), Ok(vec![]));
    world
}

fn give(world: &mut World, to: AccountId, amount: u128) {
    assert_eq!(world.call(BOB, MINT, "give", &(to, amount).encode()), Ok(vec![]));
}

fn leave(world: &mut World) {
    take(world, MINT, EXIT, &1_u64.to_le_bytes());
}

/// What stands in the ledger of coins for accounts, and all that escrows hold.
fn accounts(world: &World) -> (Vec<(AccountId, u128)>, u128) {
    let (mut found, mut escrowed) = (Vec::new(), 0);
    for (key, balance) in balances(world, MINT, COINS) {
        match key.split_first() {
            Some((0, account)) => found.push((AccountId(account.try_into().expect("one")), balance)),
            _ => escrowed += balance,
        }
    }
    (found, escrowed)
}

#[test]
fn what_another_contract_holds_is_out_of_reach_and_comes_out_whole() {
    let literal = |who: AccountId| [KeyTerm::Literal(who.encode().try_into().expect("short"))];
    let of = |who: AccountId, held: u128| (held > 0).then_some((who, held));
    // What the exit does with 70; what Alice and the heir have after it, and whether 30, or 70, are no more.
    let cases = [
        (sub(&OWNER_KEY), 0, 0, -30),
        (sub(&literal(VAULT)), 30, 0, 0),
        (moved(&OWNER_KEY, &literal(OWNER)), 0, 30, 0),
        (moved(&literal(VAULT), &literal(OWNER)), 30, 0, 0),
        (add(&OWNER_KEY), 100, 0, 70),
        (add(&literal(OWNER)), 30, 70, 70),
    ];
    for heir_has in [0, 5] {
        for (effect, alice, heir, changed) in &cases {
            let shown = format!("{effect:?}, the heir has {heir_has}");
            let mut world = world(vec![effect.clone()], ALICE, 70);
            world.create(VAULT, &vault(), &(MINT, OWNER).encode());
            give(&mut world, ALICE, 90);
            if heir_has > 0 {
                give(&mut world, OWNER, heir_has);
            }
            let consent =
                [Consent { asset: Consented::Cell { contract: MINT, cell: COINS }, max: Amount(60) }];
            let kept = world.call_sending(ALICE, VAULT, "keep", &(MINT, 60_u128).encode(), &consent);
            assert_eq!(kept, Ok(vec![]));
            let sum = 90 + heir_has;
            assert_eq!(totals(&world, MINT, COINS).0, sum, "{shown}");
            leave(&mut world);
            let sum = sum.checked_add_signed(*changed).expect("some");
            let expected = |heir| of(ALICE, *alice).into_iter().chain(of(OWNER, heir)).collect::<Vec<_>>();
            assert_eq!(accounts(&world), (expected(heir + heir_has), 60), "{shown}");
            assert_eq!(totals(&world, MINT, COINS).0, sum, "{shown}");
            take(&mut world, VAULT, OUT, &[]);
            assert_eq!(accounts(&world), (expected(heir + heir_has + 60), 0), "{shown}");
            assert_eq!(totals(&world, MINT, COINS).0, sum, "{shown}");
            let holder = escrow_holder(&VAULT, SAFE, &[]);
            assert_eq!(world.entry(VAULT, reserved::ASSET_ESCROWS, &holder), None, "{shown}");
        }
    }
}

#[test]
fn an_exit_changes_the_ledger_of_the_asset_that_it_lets_out() {
    let owner = KeyTerm::Head(0);
    let caller = KeyTerm::Caller;
    let own = [KeyTerm::SelfAddress];
    let all = || release(None, owner.clone(), None);
    let part = || release(Some(20), owner.clone(), Some(caller.clone()));
    // Effects around the 50 that are held, what the owner and who calls have before and after, and the sum after. The
    // plan's amount is 10.
    type Held = (u128, u128);
    let cases: Vec<(Vec<Effect>, Held, Held)> = vec![
        (vec![all(), add(&OWNER_KEY)], (0, 0), (60, 0)),
        (vec![add(&OWNER_KEY), all()], (0, 0), (60, 0)),
        (vec![add(&OWNER_KEY), all(), add(&OWNER_KEY)], (7, 0), (77, 0)),
        (vec![add(&CALLER_KEY), part()], (0, 0), (20, 40)),
        (vec![part(), add(&CALLER_KEY)], (0, 3), (20, 43)),
        (vec![part(), add(&CALLER_KEY), add(&OWNER_KEY)], (0, 0), (30, 40)),
        // Taken before it is there, and after.
        (vec![sub(&OWNER_KEY), all()], (0, 0), (50, 0)),
        (vec![all(), sub(&OWNER_KEY)], (0, 0), (40, 0)),
        (vec![sub(&OWNER_KEY), all()], (4, 0), (50, 0)),
        (vec![sub(&OWNER_KEY), all(), sub(&OWNER_KEY)], (15, 0), (45, 0)),
        (vec![moved(&OWNER_KEY, &CALLER_KEY), all()], (0, 0), (50, 0)),
        (vec![all(), moved(&OWNER_KEY, &CALLER_KEY)], (0, 0), (40, 10)),
        (vec![moved(&OWNER_KEY, &CALLER_KEY), all()], (10, 0), (50, 10)),
        (vec![moved(&OWNER_KEY, &CALLER_KEY), all()], (10, 6), (50, 16)),
        // What the escrow holds is not the contract's own any more.
        (vec![sub(&own), all()], (0, 0), (50, 0)),
    ];
    for (effects, before, after) in cases {
        let shown = format!("{effects:?} of {before:?}");
        let mut world = world(effects, OWNER, 10);
        give(&mut world, MINT, 50);
        assert_eq!(world.call(BOB, MINT, "fill", &(1_u64, 50_u128).encode()), Ok(vec![]));
        for (who, held) in [(OWNER, before.0), (CAROL, before.1)] {
            if held > 0 {
                give(&mut world, who, held);
            }
        }
        let count = 1 + u128::from(before.0 > 0) + u128::from(before.1 > 0);
        assert_eq!(totals(&world, MINT, COINS), (50 + before.0 + before.1, count), "{shown}");
        leave(&mut world);
        let balance = |who: AccountId| {
            let found = balances(&world, MINT, COINS);
            found.into_iter().find(|(key, _)| *key == account_holder(&who)).map_or(0, |(_, held)| held)
        };
        assert_eq!((balance(OWNER), balance(CAROL)), after, "{shown}");
        let count = u128::from(after.0 > 0) + u128::from(after.1 > 0);
        assert_eq!(totals(&world, MINT, COINS), (after.0 + after.1, count), "{shown}");
        assert_eq!(world.entry(MINT, PLANS, &1_u64.to_le_bytes()), None, "{shown}");
        let holder = escrow_holder(&MINT, HELD, &1_u64.to_le_bytes());
        assert_eq!(world.entry(MINT, reserved::ASSET_ESCROWS, &holder), None, "{shown}");
    }
}
