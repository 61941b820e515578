//! What one exit lets out of assets of other contracts: how many, and what it pays for their code.

use chainstack_primitives::{
    AccountId,
    manifest::{AssetRef, Cell, CellKind, Effect, EscrowCell, EscrowUse, Exit, KeyTerm, Manifest, Type},
};
use parity_scale_codec::Encode;

use crate::{
    assets::{ASSET, TOKEN, answer, consent, token},
    kit,
    world::{ALICE, World},
};

const CHEST: AccountId = AccountId([0x78; 32]);
const OTHER: AccountId = AccountId([0x79; 32]);
/// What an exit lets out of assets of other contracts at most.
const FOREIGN_MAX: u16 = 8;
/// What an upload is refused with whose exit may stick.
const STICKS: u16 = 2158;

/// Escrows for tokens of the two contracts that parameters name, in turns, then for coins and for own tokens; `put` pays
/// into any of the first; the one exit empties all.
fn chest(foreign: u16, coins: u16, own: u16) -> Vec<u8> {
    let mut manifest = Manifest::empty(kit::name("chest"));
    manifest.params = kit::list(["even", "odd"].map(|name| kit::param(name, Type::Account)).to_vec());
    let mut shares = kit::ledger(100, "shares", true, false);
    let CellKind::Ledger(ledger) = &mut shares.kind else { unreachable!() };
    ledger.asset =
        Some(chainstack_primitives::manifest::Asset { on_move: None, escrow_when: None, release_when: None });
    let asset = |id: u16| match id {
        id if id < foreign => {
            AssetRef::Foreign { contract: KeyTerm::Param(u8::from(id % 2 == 1)), cell: ASSET }
        }
        id if id < foreign + coins => AssetRef::Native,
        _ => AssetRef::Own(100),
    };
    let escrow = |id: u16| Cell {
        kind: CellKind::Escrow(EscrowCell { item: None, asset: asset(id), unique: false }),
        ..kit::escrow(id, &format!("held_{id}"), None)
    };
    let all = 0..foreign + coins + own;
    manifest.cells = kit::list(all.clone().map(escrow).chain([shares]).collect());
    let arguments = vec![
        kit::field("escrow", Type::U16),
        kit::field("token", Type::Account),
        kit::field("amount", Type::U128),
    ];
    let mut put = kit::transition("put", arguments, Some(Type::U32));
    let uses = (0..foreign.min(FOREIGN_MAX)).map(|cell| EscrowUse { cell, pays_in: true, pays_out: false });
    put.escrows = kit::list(uses.collect());
    manifest.transitions = kit::list(vec![put]);
    let release = |escrow| Effect::Release { escrow, amount: None, to: KeyTerm::Caller, remainder: None };
    manifest.exits = kit::list(vec![Exit {
        id: 1,
        name: kit::name("empty"),
        doc: Default::default(),
        item: None,
        from: kit::list(vec![]),
        window: None,
        guard: None,
        effects: kit::list(all.map(release).collect()),
        to: None,
        event: None,
    }]);
    let put = "(drop (call $input (i32.const 0) (i32.const 50)))
        (i32.store (i32.const 100) (call $escrow_asset_in (i32.load16_u (i32.const 0)) (i32.const 0) (i32.const 0)
            (i32.const 2) (i32.const 1) (i32.const 34) (i32.const 16)))
        (call $output (i32.const 100) (i32.const 4))";
    kit::module(&[("put", put)], "", &manifest)
}

/// A chest for tokens of two contracts with a thousand of Alice's in each escrow.
fn filled(foreign: u16, tokens: [AccountId; 2], other: &[u8]) -> World {
    let mut world = World::new();
    world.create(TOKEN, &token(|_| {}), &[]);
    world.create(OTHER, other, &[]);
    world.create(CHEST, &chest(foreign, 0, 0), &tokens.encode());
    for (escrow, token) in (0..foreign).zip(tokens.iter().cycle()) {
        world.call(ALICE, *token, "mint", &(ALICE, 1_000_u128).encode()).expect("minted");
        let put = (escrow, token, 1_000_u128).encode();
        let done = world.call_sending(ALICE, CHEST, "put", &put, &consent(*token, 1_000));
        assert_eq!(answer(done), Ok(0), "escrow {escrow}");
    }
    world
}

#[test]
fn an_exit_lets_out_as_many_foreign_assets_as_code_can_be_loaded_for() {
    // Of other contracts, coins, and own; whether they are too many.
    let cases = [
        (FOREIGN_MAX, 0, 0, false),
        (FOREIGN_MAX + 1, 0, 0, true),
        (FOREIGN_MAX, 1, 1, false),
        (FOREIGN_MAX + 1, 1, 1, true),
        (1, 4, 4, false),
    ];
    for (foreign, coins, own, refused) in cases {
        let mut world = World::new();
        let uploaded = world.upload(&chest(foreign, coins, own));
        assert_eq!(
            uploaded.as_ref().err().map(|failure| failure.code),
            refused.then_some(STICKS),
            "{foreign}"
        );
        if let Err(failure) = uploaded {
            let text = &failure.diagnostics.text;
            assert!(text.contains("exit `empty`: it lets out more assets of other contracts"), "{text}");
        }
    }
    let mut world = filled(FOREIGN_MAX, [TOKEN, OTHER], &token(|rules| rules.on_move = None));
    world.poke(ALICE, CHEST, 1, &[]).expect("as many come out");
    assert_eq!(world.events.len(), usize::from(FOREIGN_MAX) / 2, "the half that tells of moves");
}

#[test]
fn code_is_paid_for_once_in_an_exit() {
    // Another code that does the same on the way out, and the same code at another address.
    let same = token(|_| {});
    let another = token(|rules| rules.escrow_when = None);
    assert_ne!(same, another);
    let gas = |foreign: u16, tokens: [AccountId; 2], other: &[u8]| {
        let mut world = filled(foreign, tokens, other);
        world.poke(ALICE, CHEST, 1, &[]).expect("all comes out");
        world.gas
    };
    let load = World::new().load_gas(another.len());
    for foreign in [2, 4] {
        let one = gas(foreign, [TOKEN, TOKEN], &same);
        assert_eq!(gas(foreign, [TOKEN, OTHER], &same), one, "one code of two contracts");
        assert_eq!(gas(foreign, [TOKEN, OTHER], &another), one + load, "two codes, {foreign} times");
    }
}
