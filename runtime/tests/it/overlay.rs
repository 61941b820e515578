//! The overlay against a slow, plain model: whole copies at every checkpoint.

use std::collections::BTreeMap;

use chainstack_primitives::{Account, AccountId, Amount, Event};
use chainstack_runtime::{
    memory::MemoryState,
    state::{Checkpoint, Entry, EntryKey, Overlay},
};

use crate::world::{Dice, World};

#[derive(Clone, Default, PartialEq, Debug)]
struct Model {
    accounts: BTreeMap<AccountId, Account>,
    entries: BTreeMap<EntryKey, Entry>,
    events: Vec<Event>,
}

fn run(seed: u64, committed: &MemoryState) {
    let mut dice = Dice(seed);
    let mut overlay = Overlay::new(committed);
    let mut model = Model {
        accounts: committed.accounts().clone(),
        entries: committed.entries().clone(),
        events: Vec::new(),
    };
    let mut marks: Vec<(Checkpoint, Model)> = Vec::new();
    let ids: Vec<AccountId> = committed.accounts().keys().copied().chain([AccountId([1; 32])]).collect();
    for _ in 0..400 {
        let id = ids[usize::try_from(dice.roll(ids.len() as u64)).expect("small")];
        let (cell, key) =
            (u16::try_from(dice.roll(3)).expect("small"), [u8::try_from(dice.roll(4)).expect("small")]);
        let entry_key = EntryKey { contract: id, cell, key: key[..].into() };
        match dice.roll(8) {
            0 | 1 => {
                let account = Account { balance: Amount(u128::from(dice.roll(5))), ..Account::default() };
                overlay.set_account(&id, account).expect("memory");
                model.accounts.insert(id, account);
            }
            2 | 3 => {
                let value = vec![7; usize::try_from(dice.roll(3)).expect("small")];
                let entry = Entry { value, payer: id, deposit: Amount(1) };
                overlay.set_entry(&id, cell, &key, Some(entry.clone())).expect("memory");
                model.entries.insert(entry_key, entry);
            }
            4 => {
                overlay.set_entry(&id, cell, &key, None).expect("memory");
                model.entries.remove(&entry_key);
            }
            5 => {
                let event = Event { contract: id, event: cell, data: key[..].try_into().expect("short") };
                overlay.emit(event.clone());
                model.events.push(event);
            }
            6 => marks.push((overlay.checkpoint(), model.clone())),
            _ => {
                // Back to any mark; those after it are gone.
                if !marks.is_empty() {
                    let depth = usize::try_from(dice.roll(marks.len() as u64)).expect("small");
                    let (checkpoint, then) = marks.swap_remove(depth);
                    marks.truncate(depth);
                    overlay.rollback(checkpoint);
                    model = then;
                }
            }
        }
        assert_eq!(overlay.account(&id).expect("memory"), model.accounts.get(&id).copied(), "seed {seed:#x}");
        let entry_key = EntryKey { contract: id, cell, key: key[..].into() };
        assert_eq!(
            overlay.entry(&id, cell, &key).expect("memory"),
            model.entries.get(&entry_key),
            "seed {seed:#x}"
        );
        assert_eq!(overlay.events(), model.events, "seed {seed:#x}");
    }
    let changes = overlay.into_changes();
    let changed =
        model.accounts.iter().filter(|(id, account)| committed.accounts().get(*id) != Some(account));
    let accounts: Vec<(AccountId, Account)> = changed.map(|(id, account)| (*id, *account)).collect();
    assert_eq!(changes.accounts(), accounts, "seed {seed:#x}");
    let mut entries: BTreeMap<EntryKey, Option<Entry>> = BTreeMap::new();
    for (key, entry) in &model.entries {
        if committed.entries().get(key) != Some(entry) {
            entries.insert(key.clone(), Some(entry.clone()));
        }
    }
    let deleted = committed.entries().keys().filter(|key| !model.entries.contains_key(*key));
    entries.extend(deleted.map(|key| (key.clone(), None)));
    assert_eq!(changes.entries(), entries.into_iter().collect::<Vec<_>>(), "seed {seed:#x}");
}

#[test]
fn nested_rollbacks_and_net_changes_are_those_of_whole_copies() {
    let campaign = std::env::var("CHAINSTACK_CAMPAIGN").is_ok_and(|value| value == "1");
    let committed = World::new().state;
    for seed in 0..if campaign { 10_000 } else { 200 } {
        run(seed, &committed);
    }
}
