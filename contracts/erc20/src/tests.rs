//! The rules of the token on the host in memory, where a scenario would be slow to write or cannot look.

use std::borrow::ToOwned;
use std::string::String;
use std::vec::Vec;

use chainstack_sdk::error::ContractError;
use chainstack_sdk::event::Event;
use chainstack_sdk::testing::{Outcome, World, announced};
use chainstack_sdk::{AccountId, Amount, Datum, Text};

use crate::errors::TokenError;
use crate::events::{Approval, Paused, Transfer, Unpaused};
use crate::messages;
use crate::state::OWNER_ROLE;

const A: AccountId = AccountId([0xaa; 32]);
const B: AccountId = AccountId([0xbb; 32]);
const C: AccountId = AccountId([0xcc; 32]);
const NOBODY: AccountId = AccountId::ZERO;

fn encoded(value: &impl Datum) -> Vec<u8> {
    value.with_bytes(<[u8]>::to_vec)
}

/// Parameters of a token of `supply` for A.
struct Issue {
    supply: u128,
    owner: AccountId,
    mintable: bool,
    burnable: bool,
    cap: u128,
    pausable: bool,
}

impl Default for Issue {
    fn default() -> Self {
        Self { supply: 100, owner: A, mintable: true, burnable: true, cap: u128::MAX, pausable: false }
    }
}

impl Issue {
    fn deploy(self) -> Outcome {
        let text = |text: &'static str| encoded(&Text::<64>::new(text.as_bytes()).expect("short"));
        let params = [
            text("Gold"),
            text("GLD"),
            encoded(&18u8),
            encoded(&Amount(self.supply)),
            encoded(&self.owner),
            encoded(&self.mintable),
            encoded(&self.burnable),
            encoded(&Amount(self.cap)),
            encoded(&self.pausable),
        ];
        let mut world = World::default();
        world.params = params.into();
        world.roles.insert(OWNER_ROLE, self.owner);
        world.enter();
        World::call(C, messages::init, &())
    }
}

fn balance(owner: AccountId) -> u128 {
    World::call(NOBODY, messages::balance_of, &(owner,)).returned::<Amount>().0
}

fn supply() -> u128 {
    World::call(NOBODY, messages::total_supply, &()).returned::<Amount>().0
}

fn allowance(owner: AccountId, spender: AccountId) -> u128 {
    World::call(NOBODY, messages::allowance, &(owner, spender)).returned::<Amount>().0
}

fn transfer(from: AccountId, to: AccountId, amount: u128) -> Outcome {
    World::call(from, messages::transfer, &(to, Amount(amount)))
}

fn transfer_from(spender: AccountId, from: AccountId, to: AccountId, amount: u128) -> Outcome {
    World::call(spender, messages::transfer_from, &(from, to, Amount(amount)))
}

fn approve(owner: AccountId, spender: AccountId, amount: u128) -> Outcome {
    World::call(owner, messages::approve, &(spender, Amount(amount)))
}

fn refused(outcome: &Outcome, error: TokenError) {
    assert!(outcome.reverted_with(&error), "expected {error:?}, found {outcome:?}");
}

#[test]
fn issue_gives_the_supply_to_the_owner() {
    assert_eq!(Issue::default().deploy(), Outcome::Returned(Vec::new()));
    assert_eq!(World::events(), [announced(&Transfer { from: NOBODY, to: A, amount: Amount(100) })]);
    assert_eq!((balance(A), balance(C), supply()), (100, 0, 100));
    assert_eq!(World::call(B, messages::name, &()).returned::<Text<64>>().as_str(), Some("Gold"));
    assert_eq!(World::call(B, messages::symbol, &()).returned::<Text<16>>().as_str(), Some("GLD"));
    assert_eq!(World::call(B, messages::decimals, &()).returned::<u8>(), 18);
    assert_eq!(World::call(B, messages::owner, &()).returned::<AccountId>(), A);
    assert_eq!(World::call(B, messages::cap, &()).returned::<Amount>(), Amount::MAX);
    assert!(World::call(B, messages::mintable, &()).returned::<bool>());
    World::with(|world| world.states.insert((1, Vec::new()), 0));
    assert!(!World::call(B, messages::pausable, &()).returned::<bool>());
    assert!(!World::call(B, messages::paused, &()).returned::<bool>());
    World::with(|world| world.states.insert((1, Vec::new()), 1));
    assert!(World::call(B, messages::paused, &()).returned::<bool>());
    World::with(|world| world.roles.clear());
    assert_eq!(World::call(B, messages::owner, &()).returned::<AccountId>(), NOBODY);
}

#[test]
fn issue_refuses_bad_parameters() {
    refused(&Issue { owner: NOBODY, ..Issue::default() }.deploy(), TokenError::ZeroAddress);
    let (cap, would_be) = (Amount(99), Amount(100));
    refused(&Issue { cap: 99, ..Issue::default() }.deploy(), TokenError::CapExceeded { cap, would_be });
    assert_eq!(Issue { cap: 100, ..Issue::default() }.deploy(), Outcome::Returned(Vec::new()));
}

#[test]
fn refusals_carry_numbers_and_undo_everything() {
    Issue::default().deploy();
    approve(A, B, 50);
    let before = (World::balances(), World::entries());
    let (balance, needed) = (Amount(100), Amount(101));
    refused(&transfer(A, B, 101), TokenError::InsufficientBalance { balance, needed });
    refused(&transfer(A, A, 101), TokenError::InsufficientBalance { balance, needed });
    refused(&transfer(A, NOBODY, 1), TokenError::ZeroAddress);
    let (allowance, needed) = (Amount(50), Amount(51));
    refused(&transfer_from(B, A, C, 51), TokenError::InsufficientAllowance { allowance, needed });
    // The allowance is spent before the receiver is refused: all of it comes back.
    refused(&transfer_from(B, A, NOBODY, 50), TokenError::ZeroAddress);
    refused(&approve(A, NOBODY, 1), TokenError::ZeroAddress);
    let (expected, found) = (Amount(49), Amount(50));
    let compared = World::call(A, messages::compare_and_approve, &(B, expected, Amount(1)));
    refused(&compared, TokenError::AllowanceChanged { expected, found });
    assert_eq!((World::balances(), World::entries()), before);
}

#[test]
fn entries_of_nothing_are_removed() {
    Issue::default().deploy();
    approve(A, B, 100);
    assert_eq!(World::events(), [announced(&Approval { owner: A, spender: B, amount: Amount(100) })]);
    assert_eq!(transfer_from(B, A, C, 100), Outcome::Returned(vec_of_true()));
    assert_eq!(World::events(), [announced(&Transfer { from: A, to: C, amount: Amount(100) })]);
    assert_eq!((World::balances().len(), World::entries().len()), (1, 0));
    approve(A, B, 1);
    approve(A, B, 0);
    assert_eq!(World::entries().len(), 0);
}

fn vec_of_true() -> Vec<u8> {
    encoded(&true)
}

#[test]
fn the_greatest_allowance_is_infinite_and_zero_spends_nothing() {
    Issue::default().deploy();
    approve(A, B, u128::MAX);
    transfer_from(B, A, C, 30);
    assert_eq!((allowance(A, B), balance(A), balance(C)), (u128::MAX, 70, 30));
    assert_eq!(transfer_from(B, C, A, 0), Outcome::Returned(vec_of_true()));
    assert_eq!((balance(A), balance(C), World::entries().len()), (70, 30, 1));
}

#[test]
fn nothing_is_taken_from_the_zero_account() {
    Issue::default().deploy();
    for amount in [0, 1] {
        refused(&transfer_from(B, NOBODY, C, amount), TokenError::ZeroAddress);
        let burnt = World::call(B, messages::burn_from, &(NOBODY, Amount(amount)));
        refused(&burnt, TokenError::ZeroAddress);
    }
    assert_eq!(World::events(), []);
}

#[test]
fn mint_and_burn_keep_to_the_rules() {
    Issue { cap: 120, ..Issue::default() }.deploy();
    let mint = |to, amount| World::call(A, messages::mint, &(to, Amount(amount)));
    refused(&mint(B, 21), TokenError::CapExceeded { cap: Amount(120), would_be: Amount(121) });
    let all = TokenError::SupplyOverflow { supply: Amount(100), amount: Amount::MAX };
    refused(&mint(B, u128::MAX), all);
    refused(&mint(NOBODY, 1), TokenError::ZeroAddress);
    assert_eq!(mint(B, 20), Outcome::Returned(Vec::new()));
    assert_eq!(World::events(), [announced(&Transfer { from: NOBODY, to: B, amount: Amount(20) })]);
    assert_eq!(World::call(B, messages::burn, &(Amount(5),)), Outcome::Returned(Vec::new()));
    assert_eq!(World::events(), [announced(&Transfer { from: B, to: NOBODY, amount: Amount(5) })]);
    approve(B, C, 7);
    let burn_from = |amount| World::call(C, messages::burn_from, &(B, Amount(amount)));
    refused(&burn_from(8), TokenError::InsufficientAllowance { allowance: Amount(7), needed: Amount(8) });
    assert_eq!(burn_from(7), Outcome::Returned(Vec::new()));
    assert_eq!((balance(B), allowance(B, C), supply()), (8, 0, 108));
    Issue { mintable: false, burnable: false, ..Issue::default() }.deploy();
    refused(&World::call(A, messages::mint, &(B, Amount(1))), TokenError::NotMintable);
    refused(&World::call(A, messages::burn, &(Amount(1),)), TokenError::NotBurnable);
}

/// Ids, names, fields and types of code and manifest are the same lists.
#[test]
fn the_manifest_declares_what_the_code_says() {
    let manifest: toml::Table = include_str!("../manifest.toml").parse().expect("the manifest is TOML");
    let section = |name: &str| manifest[name].as_table().expect("a section");
    let fields = |entry: &toml::Value, key: &str| -> Vec<(String, String)> {
        let fields = entry.get(key).and_then(toml::Value::as_table).cloned().unwrap_or_default();
        fields.iter().map(|(name, ty)| (name.clone(), ty.as_str().expect("a type").to_owned())).collect()
    };
    let sorted = |rust: &[(&str, &str)]| {
        let mut fields: Vec<(String, String)> =
            rust.iter().map(|(name, ty)| ((*name).to_owned(), manifest_type(ty))).collect();
        fields.sort();
        fields
    };
    let events = [Transfer::DECLARATION, Approval::DECLARATION, Paused::DECLARATION, Unpaused::DECLARATION];
    for (kind, declarations) in [("errors", TokenError::DECLARATIONS), ("events", &events)] {
        assert_eq!(section(kind).len(), declarations.len(), "{kind}");
        for declaration in declarations {
            let entry = &section(kind)[declaration.name];
            assert_eq!(entry["id"].as_integer(), Some(declaration.id.into()), "{}", declaration.name);
            let mut declared = fields(entry, "fields");
            declared.sort();
            assert_eq!(declared, sorted(declaration.fields), "{}", declaration.name);
        }
    }
    assert_eq!(section("params").len(), crate::state::PARAMS.len());
    for (name, _, ty) in crate::state::PARAMS {
        assert_eq!(section("params")[*name]["type"].as_str(), Some(&*manifest_type(ty)), "{name}");
    }
    let (transitions, views) = (section("transitions"), section("views"));
    assert_eq!(transitions.len() + views.len(), messages::METHODS.len());
    for (name, args) in messages::METHODS {
        let entry = transitions.get(*name).or_else(|| views.get(*name)).unwrap_or_else(|| panic!("{name}"));
        let mut declared = fields(entry, "args");
        declared.sort();
        assert_eq!(declared, sorted(args), "{name}");
    }
}

fn manifest_type(rust: &str) -> String {
    match rust {
        "AccountId" => "account".into(),
        "Amount" => "u128".into(),
        "Text<NAME_MAX>" => "text<64>".into(),
        "Text<SYMBOL_MAX>" => "text<16>".into(),
        other => other.into(),
    }
}

/// The order in the manifest is the order of the bytes: parameters, arguments and fields are read in it.
#[test]
fn the_order_is_the_same() {
    let text = include_str!("../manifest.toml");
    let positions = |names: &[&str], section: &str| -> Vec<usize> {
        let start = text.find(section).unwrap_or_else(|| panic!("{section}"));
        let find =
            |name: &&str| text[start..].find(&std::format!("{name} =")).unwrap_or_else(|| panic!("{name}"));
        names.iter().map(find).collect()
    };
    let params: Vec<&str> = crate::state::PARAMS.iter().map(|(name, ..)| *name).collect();
    assert!(positions(&params, "[params]").is_sorted());
    assert!(
        crate::state::PARAMS.iter().enumerate().all(|(place, (_, index, _))| place == usize::from(*index))
    );
    for (name, args) in messages::METHODS {
        let names: Vec<&str> = args.iter().map(|(name, _)| *name).collect();
        if names.len() > 1 {
            let section = std::format!("[transitions.{name}]");
            let section = if text.contains(&section) { section } else { std::format!("[views.{name}]") };
            assert!(positions(&names, &section).is_sorted(), "{name}");
        }
    }
    let events = [Transfer::DECLARATION, Approval::DECLARATION, Paused::DECLARATION, Unpaused::DECLARATION];
    for (kind, declaration) in
        TokenError::DECLARATIONS.iter().map(|it| ("errors", it)).chain(events.iter().map(|it| ("events", it)))
    {
        let names: Vec<&str> = declaration.fields.iter().map(|(name, _)| *name).collect();
        assert!(positions(&names, &std::format!("[{kind}.{}]", declaration.name)).is_sorted());
    }
}
