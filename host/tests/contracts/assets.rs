//! Assets of other contracts in escrow: who consents, what is refused on the way in, and that nothing keeps them inside.

use chainstack_primitives::{
    AccountId, Amount, Asset, Event, Send, codes,
    manifest::{
        Asset as AssetRules, AssetRef, CallerRule, Cell, CellKind, Effect, EscrowCell, EscrowUse, Exit,
        ItemBinding, KeyTerm, Manifest, Node, StateSet, Type, TypeDef, TypeKind, account_holder,
        escrow_holder,
    },
};
use chainstack_runtime::{
    ports::Failure,
    state::{escrow::AssetEscrow, reserved},
};
use parity_scale_codec::{Decode, Encode};

use crate::{
    kit,
    world::{ALICE, BOB, World},
};

pub(crate) const TOKEN: AccountId = AccountId([0x71; 32]);
const DEEDS: AccountId = AccountId([0x72; 32]);
const VAULT: AccountId = AccountId([0x73; 32]);
const BROKER: AccountId = AccountId([0x74; 32]);
/// Cell of the token's balances, and of the deeds.
pub(crate) const ASSET: u16 = 1;
const DEALS: u16 = 1;
const COINS: u16 = 2;
const TOKENS: u16 = 3;
const DEED: u16 = 4;
const MOVED: u16 = 7;

fn on_move() -> AssetRules {
    AssetRules { on_move: Some(MOVED), escrow_when: None, release_when: None }
}

fn account() -> Type {
    Type::Account
}

/// A token that anybody mints, with a switch that pauses it, and a method that calls another contract in its name.
pub(crate) fn token(change: impl FnOnce(&mut AssetRules)) -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("token"));
    let mut rules = AssetRules {
        escrow_when: Some(kit::list(vec![Node::InState { machine: 1, states: kit::list(vec![0]) }])),
        ..on_move()
    };
    change(&mut rules);
    let mut balances = kit::ledger(ASSET, "balances", true, true);
    let CellKind::Ledger(ledger) = &mut balances.kind else { unreachable!() };
    ledger.asset = Some(rules);
    manifest.cells = kit::list(vec![balances, kit::ledger(2, "notes", true, false)]);
    let fields =
        vec![kit::field("from", account()), kit::field("to", account()), kit::field("amount", Type::U128)];
    manifest.events = kit::list(vec![kit::event(MOVED, "Moved", fields)]);
    manifest.machines = kit::list(vec![kit::machine(1, "main", None, &["Active", "Paused"], &[])]);
    let to_amount = || vec![kit::field("to", account()), kit::field("amount", Type::U128)];
    let mut switch = kit::transition("pause", vec![], None);
    switch.from = kit::list(vec![StateSet { machine: 1, states: kit::list(vec![0]) }]);
    switch.to = kit::list(vec![StateSet { machine: 1, states: kit::list(vec![1]) }]);
    let arguments = vec![
        kit::field("deal", Type::U64),
        kit::field("token", account()),
        kit::field("from", Type::U32),
        kit::field("amount", Type::U128),
    ];
    let mut pass_on = kit::transition("pass_on", arguments, None);
    pass_on.calls = kit::list(vec![kit::anywhere(1, 0)]);
    manifest.transitions = kit::list(vec![kit::transition("mint", to_amount(), None), switch, pass_on]);
    let mint = "(drop (call $input (i32.const 0) (i32.const 64)))
        (if (call $ledger_add (i32.const 1) (i32.const 0) (i32.const 32) (i32.const 32)) (then unreachable))";
    let pass_on = "(drop (call $input (i32.const 0) (i32.const 64)))
        (memory.fill (i32.const 300) (i32.const 0x73) (i32.const 32))
        (call $answer (call $invoke (i32.const 300) (i32.const 400) (i32.const 8) (i32.const 0) (i32.const 60) (i32.const 500) (i64.const 40000000)))";
    let answer = "(data (i32.const 400) \"token_in\")
        (func $answer (param i32) (if (local.get 0) (then (i32.store (i32.const 0) (local.get 0)) (call $revert (i32.const 1) (i32.const 0) (i32.const 4)))))";
    manifest.errors = kit::list(vec![kit::error(1, "Answered", vec![kit::field("code", Type::U32)])]);
    let mut transitions = manifest.transitions.into_inner();
    transitions[2].errors = kit::list(vec![1]);
    manifest.transitions = kit::list(transitions);
    kit::module(&[("mint", mint), ("pause", ""), ("pass_on", pass_on)], answer, &manifest)
}

/// Deeds that anybody mints, gives away for anybody, locks and burns: what keeps an escrowed one is the host alone.
fn deeds() -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("deeds"));
    let locked = kit::head("locked", Type::Bool, false, false);
    let approved = chainstack_primitives::manifest::HeadField {
        clear_on_move: true,
        ..kit::head("approved", account(), false, false)
    };
    let mut tokens = kit::map(ASSET, "deeds", vec![kit::field("id", Type::U64)], vec![locked, approved], 0);
    let CellKind::Map(map) = &mut tokens.kind else { unreachable!() };
    map.asset =
        Some(AssetRules { escrow_when: Some(kit::list(vec![Node::Head(0), Node::Not])), ..on_move() });
    manifest.cells = kit::list(vec![tokens]);
    let fields =
        vec![kit::field("from", account()), kit::field("to", account()), kit::field("id", Type::U64)];
    manifest.events = kit::list(vec![kit::event(MOVED, "Moved", fields)]);
    let id = || vec![kit::field("id", Type::U64)];
    let id_to = || vec![kit::field("id", Type::U64), kit::field("to", account())];
    let set = vec![
        kit::field("id", Type::U64),
        kit::field("locked", Type::Bool),
        kit::field("approved", account()),
    ];
    let transitions = vec![
        kit::transition("mint", id_to(), None),
        kit::transition("give", id_to(), Some(Type::U32)),
        kit::transition("set", set, None),
        kit::transition("burn", id(), None),
    ];
    manifest.transitions = kit::list(transitions);
    let mut owner = kit::view("owner", id(), Type::U32);
    owner.reads = kit::list(vec![ASSET]);
    let mut count = kit::view("count", vec![kit::field("who", account())], Type::U64);
    count.reads = kit::list(vec![ASSET]);
    manifest.views = kit::list(vec![owner, count]);
    let input = "(drop (call $input (i32.const 0) (i32.const 64)))";
    let answer = |call: &str| {
        format!("{input} (i32.store (i32.const 100) {call}) (call $output (i32.const 100) (i32.const 4))")
    };
    let functions = [
        (
            "mint",
            format!(
                "{input} (if (call $unique_mint (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 8) (i32.const 200) (i32.const 33)) (then unreachable))"
            ),
        ),
        ("give", answer("(call $unique_move (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 8))")),
        (
            "set",
            format!(
                "{input} (call $cell_set (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 8) (i32.const 33))"
            ),
        ),
        ("burn", format!("{input} (drop (call $cell_delete (i32.const 1) (i32.const 0) (i32.const 8)))")),
        ("owner", answer("(call $unique_owner (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 200))")),
        (
            "count",
            format!(
                "{input} (i64.store (i32.const 100) (call $unique_count (i32.const 1) (i32.const 0))) (call $output (i32.const 100) (i32.const 8))"
            ),
        ),
    ];
    let functions: Vec<(&str, &str)> = functions.iter().map(|(name, body)| (*name, body.as_str())).collect();
    kit::module(&functions, "", &manifest)
}

/// Deals, each with its owner and the contracts of its token and its deed, for which coins, tokens and a deed are held.
/// Its exits: 1 lets all out to the owner, 2 ten tokens at a time.
fn vault() -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("vault"));
    let head = ["owner", "token", "deed"].map(|name| kit::head(name, account(), true, false));
    let deals = kit::map(DEALS, "deals", vec![kit::field("deal", Type::U64)], head.to_vec(), 0);
    let foreign = |field| AssetRef::Foreign { contract: KeyTerm::Head(field), cell: ASSET };
    let held = |id, name: &str, asset, unique| Cell {
        kind: CellKind::Escrow(EscrowCell { item: Some(DEALS), asset, unique }),
        ..kit::escrow(id, name, Some(DEALS))
    };
    manifest.cells = kit::list(vec![
        deals,
        kit::escrow(COINS, "coins", Some(DEALS)),
        held(TOKENS, "tokens", foreign(1), false),
        held(DEED, "deed", foreign(2), true),
    ]);
    let deal = || kit::list(vec![KeyTerm::Arg(0)]);
    let mut open = kit::transition(
        "open",
        vec![kit::field("deal", Type::U64), kit::field("token", account()), kit::field("deed", account())],
        None,
    );
    open.value_max = Amount(1_000);
    open.item = ItemBinding::New { cell: DEALS, key: deal() };
    open.escrows = kit::list(vec![EscrowUse { cell: COINS, pays_in: true, pays_out: false }]);
    let moving = |method: &str, args: Vec<_>, cell, pays_in, field| {
        let mut moving = kit::transition(method, args, Some(Type::U32));
        moving.item = ItemBinding::Existing { cell: DEALS, key: deal() };
        moving.escrows = kit::list(vec![EscrowUse { cell, pays_in, pays_out: !pays_in }]);
        moving.sends = kit::list(vec![named(KeyTerm::Head(field), 100)]);
        moving
    };
    let take = |what: &str, ty| {
        let first =
            [kit::field("deal", Type::U64), kit::field("asset", account()), kit::field("from", Type::U32)];
        first.into_iter().chain([kit::field(what, ty)]).collect::<Vec<_>>()
    };
    let give =
        vec![kit::field("deal", Type::U64), kit::field("to", account()), kit::field("amount", Type::U128)];
    manifest.types = kit::list(vec![TypeDef { name: None, kind: TypeKind::List { of: Type::U64, max: 2 } }]);
    let pair = [kit::field("deals", Type::Defined(0))];
    let mut of_two =
        moving("of_two", pair.into_iter().chain(take("amount", Type::U128)).collect(), TOKENS, true, 1);
    of_two.item = ItemBinding::Each { cell: DEALS, arg: 0, max: 2 };
    manifest.transitions = kit::list(vec![
        open,
        of_two,
        moving("token_in", take("amount", Type::U128), TOKENS, true, 1),
        moving("deed_in", take("id", Type::U64), DEED, true, 2),
        moving("token_out", give.clone(), TOKENS, false, 1),
        moving("deed_out", give, DEED, false, 2),
        moving("astray", take("amount", Type::U128), COINS, true, 1),
    ]);
    let release = |escrow, amount| Effect::Release { escrow, amount, to: KeyTerm::Head(0), remainder: None };
    let exit = |id, name: &str, effects| Exit {
        id,
        name: kit::name(name),
        doc: Default::default(),
        item: Some(DEALS),
        from: kit::list(vec![]),
        window: None,
        guard: None,
        effects: kit::list(effects),
        to: None,
        event: None,
    };
    let all = vec![release(COINS, None), release(TOKENS, None), release(DEED, None)];
    let ten = vec![release(TOKENS, Some(kit::list(vec![Node::Uint(10)])))];
    manifest.exits = kit::list(vec![exit(1, "back", all), exit(2, "ten", ten)]);
    let input = "(drop (call $input (i32.const 0) (i32.const 100)))";
    let answer = |call: String| {
        format!("{input} (i32.store (i32.const 200) {call}) (call $output (i32.const 200) (i32.const 4))")
    };
    let take = |cell: u16, size: u32| {
        answer(format!(
            "(call $escrow_asset_in (i32.const {cell}) (i32.const 0) (i32.const 8) (i32.const 8) (i32.load (i32.const 40)) (i32.const 44) (i32.const {size}))"
        ))
    };
    // Behind the list of two deals, 17 bytes.
    let of_two = answer(format!(
        "(call $escrow_asset_in (i32.const {TOKENS}) (i32.const 17) (i32.const 8) (i32.const 25) (i32.load (i32.const 57)) (i32.const 61) (i32.const 16))"
    ));
    let give = |cell: u16| {
        answer(format!(
            "(call $escrow_out (i32.const {cell}) (i32.const 0) (i32.const 8) (i32.const 8) (i32.const 40))"
        ))
    };
    let open = format!(
        "{input} (call $caller (i32.const 200)) (memory.copy (i32.const 232) (i32.const 8) (i32.const 64))
        (call $cell_set (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 200) (i32.const 96))
        (call $value (i32.const 300))
        (if (call $escrow_in (i32.const 2) (i32.const 0) (i32.const 8) (i32.const 300)) (then unreachable))"
    );
    let functions = [
        ("open", open),
        ("of_two", of_two),
        ("token_in", take(TOKENS, 16)),
        ("deed_in", take(DEED, 8)),
        ("token_out", give(TOKENS)),
        ("deed_out", give(DEED)),
        ("astray", take(COINS, 16)),
    ];
    let functions: Vec<(&str, &str)> = functions.iter().map(|(name, body)| (*name, body.as_str())).collect();
    kit::module(&functions, "", &manifest)
}

/// What a transition may send of the token as it is named.
fn named(contract: KeyTerm, max: u128) -> chainstack_primitives::manifest::Send {
    chainstack_primitives::manifest::Send {
        asset: AssetRef::Foreign { contract, cell: ASSET },
        max: Amount(max),
    }
}

fn literal(account: AccountId) -> KeyTerm {
    KeyTerm::Literal(account.0.to_vec().try_into().expect("short"))
}

/// Calls `token_in` of the vault as itself with tokens of its own, `times` times; the answer of the last.
fn broker(sends: Vec<chainstack_primitives::manifest::Send>) -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("broker"));
    manifest.params = kit::list(vec![kit::param("token", account())]);
    let order = kit::list(vec![
        kit::field("deal", Type::U64),
        kit::field("token", account()),
        kit::field("from", Type::U32),
        kit::field("amount", Type::U128),
    ]);
    manifest.types =
        kit::list(vec![TypeDef { name: Some(kit::name("Order")), kind: TypeKind::Struct { fields: order } }]);
    let arguments = vec![kit::field("order", Type::Defined(0)), kit::field("times", Type::U32)];
    let mut go = kit::transition("go", arguments, Some(Type::U32));
    go.calls = kit::list(vec![kit::anywhere(100, 0)]);
    go.sends = kit::list(sends);
    manifest.transitions = kit::list(vec![go]);
    let body = "(local $times i32) (local $answer i32)
        (drop (call $input (i32.const 0) (i32.const 100)))
        (memory.fill (i32.const 300) (i32.const 0x73) (i32.const 32))
        (local.set $times (i32.load (i32.const 60)))
        (loop $more
            (local.set $answer (call $invoke (i32.const 300) (i32.const 400) (i32.const 8) (i32.const 0) (i32.const 60) (i32.const 500) (i64.const 10000000)))
            (local.set $times (i32.sub (local.get $times) (i32.const 1)))
            (br_if $more (local.get $times)))
        (i32.store (i32.const 200) (local.get $answer)) (call $output (i32.const 200) (i32.const 4))";
    kit::module(&[("go", body)], "(data (i32.const 400) \"token_in\")", &manifest)
}

/// Alice has 1,000 tokens and deeds 1 and 2, Bob 50 tokens and deed 3, the vault and the broker 500 tokens each. Bob has
/// opened deal 9 with 40 coins.
struct Scene {
    world: World,
}

pub(crate) fn consent(contract: AccountId, max: u128) -> Vec<Send> {
    vec![Send { asset: Asset::Cell { contract, cell: ASSET }, max: Amount(max) }]
}

pub(crate) fn answer(done: Result<Vec<u8>, Failure>) -> Result<u32, u16> {
    match done {
        Ok(output) => Ok(u32::decode(&mut &*output).expect("four bytes")),
        Err(failure) => Err(failure.code),
    }
}

impl Scene {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut AssetRules)) -> Self {
        let mut world = World::new();
        world.create(TOKEN, &token(change), &[]);
        world.create(DEEDS, &deeds(), &[]);
        world.create(VAULT, &vault(), &[]);
        world.create(BROKER, &broker(vec![named(literal(TOKEN), 100)]), &TOKEN.0);
        for (who, amount) in [(ALICE, 1_000_u128), (BOB, 50), (VAULT, 500), (BROKER, 500)] {
            world.call(ALICE, TOKEN, "mint", &(who, amount).encode()).expect("minted");
        }
        for (id, who) in [(1_u64, ALICE), (2, ALICE), (3, BOB)] {
            world.call(ALICE, DEEDS, "mint", &(id, who).encode()).expect("minted");
        }
        let mut scene = Self { world };
        scene.open(9, TOKEN, DEEDS);
        scene
    }

    fn open(&mut self, deal: u64, token: AccountId, deed: AccountId) {
        let args = (deal, token, deed).encode();
        self.world.call_with(BOB, VAULT, "open", &args, 40, crate::world::GAS).expect("opened");
    }

    /// Checks that deposits in state change by what the call says.
    fn counted<T>(&mut self, act: impl FnOnce(&mut World) -> T) -> T {
        let locked = |world: &World| world.store.entries.values().map(|entry| entry.deposit.0).sum::<u128>();
        let before = locked(&self.world);
        let done = act(&mut self.world);
        let tally = self.world.deposits;
        assert_eq!(
            before + tally.locked.0,
            locked(&self.world) + tally.released.0,
            "deposits are where they are"
        );
        done
    }

    fn token_in(&mut self, who: AccountId, from: u32, amount: u128, sends: &[Send]) -> Result<u32, u16> {
        let args = (9_u64, TOKEN, from, amount).encode();
        answer(self.counted(|world| world.call_sending(who, VAULT, "token_in", &args, sends)))
    }

    fn deed_in(&mut self, who: AccountId, from: u32, id: u64, sends: &[Send]) -> Result<u32, u16> {
        let args = (9_u64, DEEDS, from, id).encode();
        answer(self.counted(|world| world.call_sending(who, VAULT, "deed_in", &args, sends)))
    }

    fn tokens(&self, who: AccountId) -> u128 {
        self.under(&account_holder(&who))
    }

    fn under(&self, holder: &[u8]) -> u128 {
        let entry = self.world.entry(TOKEN, ASSET, holder);
        entry.map_or(0, |entry| u128::decode(&mut &*entry.value).expect("an amount"))
    }

    fn in_escrow(&self, cell: u16) -> Option<AssetEscrow> {
        let holder = escrow_holder(&VAULT, cell, &9_u64.encode());
        let entry = self.world.entry(VAULT, reserved::ASSET_ESCROWS, &holder)?;
        let record = AssetEscrow::decode(&mut &*entry.value).expect("a record");
        if cell == TOKENS {
            assert_eq!(self.under(&holder), record.held.amount().0, "record and balance agree");
        }
        Some(record)
    }

    fn holder(&self, id: u64) -> Vec<u8> {
        self.world.entry(DEEDS, ASSET, &id.encode()).expect("a deed").value[..33].to_vec()
    }

    fn owned(&mut self, who: AccountId) -> u64 {
        let output = self.world.query(DEEDS, "count", &who.encode()).expect("counted");
        u64::decode(&mut &*output).expect("a number")
    }

    fn poke(&mut self, exit: u16) -> Result<(), u16> {
        let done = self.counted(|world| world.poke(ALICE, VAULT, exit, &9_u64.encode()));
        done.map(|_| ()).map_err(|failure| failure.code)
    }
}

fn moved(contract: AccountId, fields: impl Encode) -> Event {
    Event { contract, event: MOVED, data: fields.encode().try_into().expect("short") }
}

#[test]
fn tokens_and_a_deed_go_in_by_consent_and_out_by_an_exit() {
    let mut scene = Scene::new();
    assert_eq!(scene.token_in(ALICE, 1, 300, &consent(TOKEN, 300)), Ok(0));
    assert_eq!(scene.world.events, [moved(TOKEN, (ALICE, VAULT, 300_u128))]);
    assert_eq!((scene.tokens(ALICE), scene.in_escrow(TOKENS).expect("held").held.amount().0), (700, 300));
    assert_eq!(scene.deed_in(ALICE, 1, 1, &consent(DEEDS, 1)), Ok(0));
    assert_eq!(scene.world.events, [moved(DEEDS, (ALICE, VAULT, 1_u64))]);
    assert_eq!(scene.holder(1), escrow_holder(&VAULT, DEED, &9_u64.encode()));
    assert_eq!((scene.owned(ALICE), scene.owned(VAULT)), (1, 0), "an escrow is nobody's");
    let coins = escrow_holder(&VAULT, COINS, &9_u64.encode());
    let deposit = scene.world.entry(VAULT, reserved::NATIVE_ESCROWS, &coins).expect("coins").deposit.0;
    let before = scene.world.balance(&BOB);
    scene.poke(1).expect("taken");
    let told = [moved(TOKEN, (VAULT, BOB, 300_u128)), moved(DEEDS, (VAULT, BOB, 1_u64))];
    assert_eq!(scene.world.events, told);
    assert_eq!((scene.tokens(ALICE), scene.tokens(BOB), scene.in_escrow(TOKENS)), (700, 350, None));
    assert_eq!((scene.holder(1), scene.in_escrow(DEED)), (account_holder(&BOB).to_vec(), None));
    assert_eq!((scene.owned(ALICE), scene.owned(BOB)), (1, 2));
    assert_eq!(scene.world.balance(&BOB), before + 40 + deposit, "the coins of the deal");
    assert_eq!(scene.poke(1), Ok(()), "nothing is there to let out");
}

#[test]
fn what_is_not_consented_stays() {
    let mut scene = Scene::new();
    let both = [consent(TOKEN, 10), consent(DEEDS, 1)].concat();
    let other_cell = vec![Send { asset: Asset::Cell { contract: TOKEN, cell: 2 }, max: Amount(10) }];
    for sends in [&[][..], &consent(TOKEN, 9), &consent(DEEDS, 10), &other_cell] {
        assert_eq!(scene.token_in(ALICE, 1, 10, sends), Err(codes::NOT_CONSENTED), "{sends:?}");
    }
    for sends in [&[][..], &consent(DEEDS, 0), &consent(TOKEN, 10)] {
        assert_eq!(scene.deed_in(ALICE, 1, 1, sends), Err(codes::NOT_CONSENTED), "{sends:?}");
    }
    // Nobody but the contract itself and its caller can be named: an allowance is no consent.
    assert_eq!(scene.token_in(ALICE, 2, 10, &both), Err(codes::BAD_HOST_ARGUMENT));
    assert_eq!(scene.tokens(ALICE), 1_000);
    // The contract itself: within its method's `sends`.
    assert_eq!(scene.token_in(ALICE, 0, 101, &[]), Err(codes::UNDECLARED_SEND));
    assert_eq!(scene.token_in(ALICE, 0, 100, &[]), Ok(0));
    assert_eq!(scene.tokens(VAULT), 400);
    assert_eq!(scene.token_in(ALICE, 1, 10, &both), Ok(0));
}

#[test]
fn who_has_too_little_or_another_s_deed_is_told_so_and_nothing_changed() {
    let mut scene = Scene::new();
    let insufficient = Ok(u32::from(codes::INSUFFICIENT_BALANCE));
    assert_eq!(scene.token_in(BOB, 1, 51, &consent(TOKEN, 99)), insufficient);
    assert_eq!(scene.in_escrow(TOKENS), None);
    assert_eq!(scene.deed_in(ALICE, 1, 3, &consent(DEEDS, 1)), Ok(u32::from(codes::NOT_OWNER)));
    assert_eq!(scene.deed_in(ALICE, 1, 4, &consent(DEEDS, 1)), Ok(u32::from(codes::ITEM_NOT_FOUND)));
    assert_eq!(scene.deed_in(ALICE, 1, 1, &consent(DEEDS, 1)), Ok(0));
    // It is in the escrow: nobody owns it, and there is room for one.
    assert_eq!(scene.deed_in(ALICE, 1, 1, &consent(DEEDS, 1)), Err(codes::OTHER_ASSET));
    assert_eq!(scene.deed_in(ALICE, 1, 2, &consent(DEEDS, 1)), Err(codes::OTHER_ASSET));
    scene.open(8, TOKEN, DEEDS);
    let again = (8_u64, DEEDS, 1_u32, 1_u64).encode();
    let done = scene.world.call_sending(ALICE, VAULT, "deed_in", &again, &consent(DEEDS, 1));
    assert_eq!(answer(done), Ok(u32::from(codes::NOT_OWNER)));
}

#[test]
fn an_asset_refuses_on_the_way_in_and_never_on_the_way_out() {
    let mut scene = Scene::new();
    assert_eq!(scene.token_in(ALICE, 1, 300, &consent(TOKEN, 300)), Ok(0));
    assert_eq!(scene.deed_in(ALICE, 1, 1, &consent(DEEDS, 1)), Ok(0));
    // The token is paused, both deeds are locked.
    scene.world.call(ALICE, TOKEN, "pause", &[]).expect("paused");
    for id in [1_u64, 2] {
        scene.world.call(ALICE, DEEDS, "set", &(id, true, ALICE).encode()).expect("locked");
    }
    assert_eq!(scene.token_in(ALICE, 1, 1, &consent(TOKEN, 300)), Err(codes::ASSET_REFUSED));
    scene.open(8, TOKEN, DEEDS);
    let soulbound = (8_u64, DEEDS, 1_u32, 2_u64).encode();
    let done = scene.world.call_sending(ALICE, VAULT, "deed_in", &soulbound, &consent(DEEDS, 1));
    assert_eq!(answer(done), Err(codes::ASSET_REFUSED));
    // What the asset's own code asks for does not reach an escrow.
    let (give, burn) = ((1_u64, ALICE).encode(), 1_u64.encode());
    assert_eq!(answer(scene.world.call(ALICE, DEEDS, "give", &give)), Ok(u32::from(codes::ESCROWED)));
    assert_eq!(scene.world.call(ALICE, DEEDS, "burn", &burn).expect_err("kept").code, codes::ESCROWED);
    assert_eq!(answer(scene.world.query(DEEDS, "owner", &burn)), Ok(u32::from(codes::ESCROWED)));
    scene.poke(1).expect("taken");
    assert_eq!((scene.tokens(BOB), scene.holder(1)), (350, account_holder(&BOB).to_vec()));
    let value = scene.world.entry(DEEDS, ASSET, &burn).expect("there").value.clone();
    assert_eq!(value[33..], [&[1][..], &[0; 32]].concat(), "a move clears the approval and no more");
}

#[test]
fn an_asset_that_says_when_it_comes_out_goes_into_no_other_contract() {
    let always = || kit::list(vec![Node::Bool(true)]);
    let mut scene = Scene::with(|rules| rules.release_when = Some(always()));
    assert_eq!(scene.token_in(ALICE, 1, 1, &consent(TOKEN, 300)), Err(codes::ASSET_REFUSED));
}

#[test]
fn an_asset_is_the_declared_one_and_no_cell_of_another_kind() {
    let mut scene = Scene::new();
    let args = (9_u64, DEEDS, 1_u32, 1_u128).encode();
    let wrong = scene.world.call_sending(ALICE, VAULT, "token_in", &args, &consent(DEEDS, 1));
    assert_eq!(answer(wrong), Err(codes::UNDECLARED_ESCROW), "not the contract that the deal names");
    let args = (9_u64, TOKEN, 1_u32, 1_u128).encode();
    let coins = scene.world.call_sending(ALICE, VAULT, "astray", &args, &consent(TOKEN, 1));
    assert_eq!(answer(coins), Err(codes::UNDECLARED_ESCROW), "an escrow for coins");
    // Deals that name contracts without such an asset, or nobody.
    for (deal, token, deed) in [(1_u64, DEEDS, TOKEN), (2, VAULT, BROKER), (3, BOB, BOB)] {
        scene.open(deal, token, deed);
        let (one, other) = ((deal, token, 1_u32, 1_u128).encode(), (deal, deed, 1_u32, 1_u64).encode());
        let done = scene.world.call_sending(ALICE, VAULT, "token_in", &one, &consent(token, 1));
        assert_eq!(answer(done), Err(codes::NOT_AN_ASSET), "deal {deal}");
        let done = scene.world.call_sending(ALICE, VAULT, "deed_in", &other, &consent(deed, 1));
        assert_eq!(answer(done), Err(codes::NOT_AN_ASSET), "deal {deal}");
        scene.world.poke(ALICE, VAULT, 1, &deal.encode()).expect("the coins come out all the same");
    }
}

#[test]
fn an_escrow_takes_the_asset_of_its_own_item() {
    let mut scene = Scene::new();
    let other = AccountId([0x75; 32]);
    scene.world.create(other, &token(|_| {}), &[]);
    scene.world.call(ALICE, other, "mint", &(ALICE, 10_u128).encode()).expect("minted");
    scene.open(8, other, DEEDS);
    // The call is bound to both deals, of which each names another token.
    let cases = [
        (9_u64, other, Err(codes::UNDECLARED_ESCROW)),
        (8, TOKEN, Err(codes::UNDECLARED_ESCROW)),
        (9, TOKEN, Ok(0)),
        (8, other, Ok(0)),
    ];
    for (deal, token, expected) in cases {
        let args = (vec![8_u64, 9], deal, token, 1_u32, 5_u128).encode();
        let done = scene.world.call_sending(ALICE, VAULT, "of_two", &args, &consent(token, 5));
        assert_eq!(answer(done), expected, "deal {deal}, token {token}");
    }
}

#[test]
fn an_asset_in_flight_is_refused() {
    let mut scene = Scene::new();
    let args = (9_u64, TOKEN, 0_u32, 1_u128).encode();
    let failure = scene.world.call(ALICE, TOKEN, "pass_on", &args).expect_err("in flight");
    let code = u32::decode(&mut &failure.revert[2..]).expect("a code");
    assert_eq!((failure.code, code), (codes::REVERTED, u32::from(codes::ASSET_IN_FLIGHT)));
}

#[test]
fn a_contract_consents_by_its_own_transition() {
    let mut scene = Scene::new();
    let go = |amount: u128, times: u32| (9_u64, TOKEN, 1_u32, amount, times).encode();
    let mut call = |args: Vec<u8>| answer(scene.world.call(ALICE, BROKER, "go", &args));
    assert_eq!(call(go(25, 4)), Ok(0));
    assert_eq!(call(go(25, 5)), Ok(u32::from(codes::NOT_CONSENTED)), "the fifth passes what it may send");
    assert_eq!(call(go(101, 9)), Ok(u32::from(codes::NOT_CONSENTED)));
    assert_eq!(scene.tokens(BROKER), 300);
    // The signer's consent is for the contract that is called, not for those it calls.
    let args = go(101, 1);
    let done = scene.world.call_sending(ALICE, BROKER, "go", &args, &consent(TOKEN, 1_000));
    assert_eq!(answer(done), Ok(u32::from(codes::NOT_CONSENTED)));
}

#[test]
fn a_send_names_its_contract_by_any_term() {
    let cases = [
        (literal(TOKEN), true),
        (KeyTerm::Param(0), true),
        (KeyTerm::ArgField { arg: 0, field: 1 }, true),
        (KeyTerm::Any, true),
        (literal(DEEDS), false),
        (KeyTerm::Caller, false),
        (KeyTerm::SelfAddress, false),
    ];
    for (term, named_so) in cases {
        let mut scene = Scene::new();
        let agent = AccountId([0x76; 32]);
        scene.world.create(agent, &broker(vec![named(term.clone(), 100)]), &TOKEN.0);
        scene.world.call(ALICE, TOKEN, "mint", &(agent, 100_u128).encode()).expect("minted");
        let args = (9_u64, TOKEN, 1_u32, 100_u128, 1_u32).encode();
        let expected = if named_so { 0 } else { u32::from(codes::NOT_CONSENTED) };
        assert_eq!(answer(scene.world.call(ALICE, agent, "go", &args)), Ok(expected), "{term:?}");
    }
}

#[test]
fn a_transition_sends_by_whichever_declaration_has_room() {
    // What the transition declares, how much each of so many calls sends, and whether the last does.
    let (by_name, by_any) = (named(literal(TOKEN), 30), named(KeyTerm::Any, 100));
    let cases = [
        (25_u128, 5_u32, true), // one by the first, four by the second
        (25, 6, false),         // 5 are left by the first
        (31, 3, true),          // the first never has room
        (31, 4, false),
        (100, 1, true),
        (101, 1, false), // never by two together
    ];
    for sends in [vec![by_name.clone(), by_any.clone()], vec![by_any, by_name]] {
        let mut scene = Scene::new();
        let agent = AccountId([0x76; 32]);
        scene.world.create(agent, &broker(sends.clone()), &TOKEN.0);
        scene.world.call(ALICE, TOKEN, "mint", &(agent, 1_000_u128).encode()).expect("minted");
        for (amount, times, fits) in cases {
            let args = (9_u64, TOKEN, 1_u32, amount, times).encode();
            let expected = if fits { 0 } else { u32::from(codes::NOT_CONSENTED) };
            let done = answer(scene.world.call(ALICE, agent, "go", &args));
            assert_eq!(done, Ok(expected), "{times} times {amount} by {sends:?}");
        }
    }
}

#[test]
fn a_method_lets_out_what_it_declares() {
    let mut scene = Scene::new();
    assert_eq!(scene.token_in(ALICE, 1, 300, &consent(TOKEN, 300)), Ok(0));
    assert_eq!(scene.deed_in(ALICE, 1, 1, &consent(DEEDS, 1)), Ok(0));
    let mut give = |method: &str, to: AccountId, amount: u128| {
        let args = (9_u64, to, amount).encode();
        answer(scene.counted(|world| world.call(BOB, VAULT, method, &args)))
    };
    assert_eq!(give("token_out", ALICE, 101), Err(codes::UNDECLARED_SEND));
    assert_eq!(give("token_out", ALICE, 100), Ok(0));
    assert_eq!(give("token_out", BROKER, 60), Ok(0));
    assert_eq!(give("token_out", AccountId::ZERO, 60), Ok(u32::from(codes::ZERO_ADDRESS)));
    assert_eq!(give("token_out", reserved::DEPOSITS, 60), Ok(u32::from(codes::PROTOCOL_ADDRESS)));
    assert_eq!(give("token_out", ALICE, 141), Ok(u32::from(codes::INSUFFICIENT_BALANCE)));
    assert_eq!(give("deed_out", AccountId([9; 32]), 2), Ok(u32::from(codes::INSUFFICIENT_BALANCE)));
    assert_eq!(give("deed_out", AccountId([9; 32]), 1), Ok(0));
    assert_eq!((scene.tokens(ALICE), scene.tokens(BROKER)), (800, 560));
    assert_eq!(scene.holder(1), account_holder(&AccountId([9; 32])));
    assert_eq!(scene.owned(AccountId([9; 32])), 1);
}

#[test]
fn parts_that_an_exit_pays_find_their_deposits_kept() {
    let mut scene = Scene::new();
    assert_eq!(scene.token_in(ALICE, 1, 35, &consent(TOKEN, 300)), Ok(0));
    let payer = |scene: &Scene| {
        let entry = scene.world.entry(TOKEN, ASSET, &account_holder(&BOB)).expect("a balance");
        (entry.payer, entry.deposit.0)
    };
    // Bob's own balance leaves him, so that the exit has to make his entry again: Alice's escrow has kept it.
    let own = payer(&scene).1;
    assert_eq!(scene.token_in(BOB, 1, 50, &consent(TOKEN, 50)), Ok(0));
    scene.poke(2).expect("ten");
    assert_eq!(payer(&scene), (ALICE, own));
    assert_eq!(scene.tokens(BOB), 10);
    for left in [65, 55, 45] {
        scene.poke(2).expect("ten more");
        assert_eq!(scene.in_escrow(TOKENS).expect("held").held.amount().0, left);
    }
    scene.poke(1).expect("the rest");
    assert_eq!(scene.tokens(BOB), 85);
}

#[test]
fn a_method_pays_for_what_it_makes_and_leaves_what_exits_have_kept() {
    let mut scene = Scene::new();
    let fresh = AccountId([9; 32]);
    let paid = |scene: &Scene, contract, cell, key: &[u8]| {
        let entry = scene.world.entry(contract, cell, key).expect("an entry");
        (entry.payer, entry.deposit)
    };
    let (_, balance) = paid(&scene, TOKEN, ASSET, &account_holder(&BOB));
    // Of Alice and, so that the exit has to make his entry again, all of Bob.
    assert_eq!(scene.token_in(ALICE, 1, 35, &consent(TOKEN, 35)), Ok(0));
    assert_eq!(scene.token_in(BOB, 1, 50, &consent(TOKEN, 50)), Ok(0));
    assert_eq!(scene.deed_in(ALICE, 1, 1, &consent(DEEDS, 1)), Ok(0));
    let record = escrow_holder(&VAULT, TOKENS, &9_u64.encode());
    let kept = paid(&scene, VAULT, reserved::ASSET_ESCROWS, &record);
    let mut give = |method: &str, to: AccountId, amount: u128, limit: Amount| {
        scene.world.deposit_max = limit;
        let args = (9_u64, to, amount).encode();
        answer(scene.counted(|world| world.call(BOB, VAULT, method, &args)))
    };
    let short = balance.checked_sub(Amount(1)).expect("a deposit");
    assert_eq!(give("token_out", fresh, 20, short), Err(codes::DEPOSIT_LIMIT));
    assert_eq!(give("token_out", fresh, 20, balance), Ok(0));
    assert_eq!(give("deed_out", fresh, 1, Amount::ZERO), Err(codes::DEPOSIT_LIMIT));
    assert_eq!(give("deed_out", fresh, 1, balance), Ok(0));
    let count = [&ASSET.to_le_bytes()[..], &fresh.0].concat();
    assert_eq!(paid(&scene, TOKEN, ASSET, &account_holder(&fresh)), (BOB, balance));
    assert_eq!(paid(&scene, DEEDS, reserved::OWNER_COUNTS, &count).0, BOB);
    assert_eq!(paid(&scene, VAULT, reserved::ASSET_ESCROWS, &record), kept);
    // An exit makes its entry from what is kept, whoever pokes.
    scene.world.deposit_max = Amount::ZERO;
    scene.poke(2).expect("ten");
    assert_eq!(paid(&scene, TOKEN, ASSET, &account_holder(&BOB)), (kept.0, balance));
}

#[test]
fn owners_are_counted_and_moves_clear_what_they_clear() {
    let mut scene = Scene::new();
    let deed = 1_u64.encode();
    scene.world.call(ALICE, DEEDS, "set", &(1_u64, false, BROKER).encode()).expect("approved");
    let give = |to: AccountId| (1_u64, to).encode();
    assert_eq!(answer(scene.world.call(ALICE, DEEDS, "give", &give(ALICE))), Ok(0));
    assert_eq!(
        scene.world.entry(DEEDS, ASSET, &deed).expect("there").value[34..],
        BROKER.0,
        "no move to oneself"
    );
    let zero = Ok(u32::from(codes::ZERO_ADDRESS));
    assert_eq!(answer(scene.world.call(ALICE, DEEDS, "give", &give(AccountId::ZERO))), zero);
    assert_eq!(answer(scene.counted(|world| world.call(ALICE, DEEDS, "give", &give(BOB)))), Ok(0));
    assert_eq!(scene.world.entry(DEEDS, ASSET, &deed).expect("there").value[34..], [0; 32]);
    assert_eq!((scene.owned(ALICE), scene.owned(BOB)), (1, 2));
    scene.counted(|world| world.call(ALICE, DEEDS, "burn", &deed)).expect("burnt");
    assert_eq!((scene.owned(ALICE), scene.owned(BOB)), (1, 1));
    assert_eq!(answer(scene.world.query(DEEDS, "owner", &deed)), Ok(u32::from(codes::ITEM_NOT_FOUND)));
    let twice = scene.world.call(ALICE, DEEDS, "mint", &(2_u64, BOB).encode()).expect_err("there");
    assert_eq!(twice.code, codes::ITEM_EXISTS);
    // Without its owner an asset does not begin.
    let set = scene.world.call(ALICE, DEEDS, "set", &(5_u64, true, ALICE).encode()).expect_err("no owner");
    assert_eq!(set.code, codes::UNDECLARED_TOUCH);
    scene.counted(|world| world.call(ALICE, DEEDS, "burn", &2_u64.encode())).expect("burnt");
    assert_eq!(scene.owned(ALICE), 0);
}

#[test]
fn a_role_of_owners_is_held_by_who_owns_the_item() {
    let mut manifest = Manifest::empty(kit::name("land"));
    let mut lots = kit::map(1, "lots", vec![kit::field("id", Type::U64)], vec![], 8);
    let CellKind::Map(map) = &mut lots.kind else { unreachable!() };
    map.asset = Some(AssetRules { on_move: None, escrow_when: None, release_when: None });
    manifest.cells = kit::list(vec![lots]);
    manifest.roles = kit::list(vec![chainstack_primitives::manifest::Role {
        kind: chainstack_primitives::manifest::RoleKind::Item {
            cell: 1,
            field: chainstack_primitives::manifest::ItemField::Owner,
        },
        ..kit::account_role(1, "owner", chainstack_primitives::manifest::RoleInitial::Signer)
    }]);
    let args = || vec![kit::field("id", Type::U64), kit::field("to", account())];
    let mut give = kit::transition("give", args(), None);
    give.item = ItemBinding::Existing { cell: 1, key: kit::list(vec![KeyTerm::Arg(0)]) };
    give.caller = CallerRule::Roles(kit::list(vec![1]));
    give.guard = Some(kit::list(vec![Node::Owner, Node::Caller, Node::Equal]));
    manifest.transitions = kit::list(vec![kit::transition("mint", args(), None), give]);
    let call = |function: &str, rest: &str| {
        format!(
            "(drop (call $input (i32.const 0) (i32.const 64))) (if (call ${function} (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 8) {rest}) (then unreachable))"
        )
    };
    let functions =
        [("mint", call("unique_mint", "(i32.const 99) (i32.const 0)")), ("give", call("unique_move", ""))];
    let functions: Vec<(&str, &str)> = functions.iter().map(|(name, body)| (*name, body.as_str())).collect();
    let mut world = World::new();
    world.create(TOKEN, &kit::module(&functions, "", &manifest), &[]);
    world.call(BOB, TOKEN, "mint", &(1_u64, ALICE).encode()).expect("minted");
    let give = (1_u64, BOB).encode();
    assert_eq!(world.call(BOB, TOKEN, "give", &give).expect_err("not his").code, codes::WRONG_CALLER);
    world.call(ALICE, TOKEN, "give", &give).expect("hers");
    assert_eq!(world.call(ALICE, TOKEN, "give", &give).expect_err("not hers").code, codes::WRONG_CALLER);
    world.call(BOB, TOKEN, "give", &(1_u64, ALICE).encode()).expect("his");
}
