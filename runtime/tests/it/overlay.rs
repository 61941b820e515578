//! The overlay against a slow, plain model: whole copies at every checkpoint.

use std::{collections::BTreeMap, sync::Arc};

use chainstack_primitives::{Account, AccountId, Amount, Event, Gas, Hash, Tag, tagged};
use chainstack_runtime::{
    memory::MemoryState,
    params::Schedule,
    ports::StateReader,
    state::{Checkpoint, Commitment, DepositTally, Entry, EntryKey, Overlay},
    transaction::Meter,
};

use crate::world::{Dice, Key, World, seed};

/// The most that a transaction of the runs may lock: soon reached.
const DEPOSIT_MAX: Amount = Amount(12);

#[derive(Clone, Default, PartialEq, Debug)]
struct Model {
    accounts: BTreeMap<AccountId, Account>,
    entries: BTreeMap<EntryKey, Entry>,
    codes: BTreeMap<Hash, Arc<[u8]>>,
    events: Vec<Event>,
    deposits: DepositTally,
}

impl Model {
    fn of(committed: &MemoryState) -> Self {
        Self {
            accounts: committed.accounts().clone(),
            entries: committed.entries().clone(),
            ..Self::default()
        }
    }

    /// Whether the entry may be written: a new one locks its deposit.
    fn write(&mut self, origin: AccountId, key: &EntryKey, value: Vec<u8>, deposit: Amount) -> bool {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.value = value;
            return true;
        }
        if self.deposits.locked.0 + deposit.0 > DEPOSIT_MAX.0 {
            return false;
        }
        self.deposits.locked.0 += deposit.0;
        self.entries.insert(key.clone(), Entry { value, payer: origin, deposit });
        true
    }

    /// Whether there was an entry to delete: its payer has its deposit back.
    fn delete(&mut self, key: &EntryKey) -> bool {
        let Some(entry) = self.entries.remove(key) else { return false };
        self.accounts.entry(entry.payer).or_default().balance.0 += entry.deposit.0;
        self.deposits.released.0 += entry.deposit.0;
        true
    }
}

/// A run under way.
struct Run<'a> {
    seed: u64,
    dice: Dice,
    ids: Vec<AccountId>,
    overlay: Overlay<'a>,
    model: Model,
    marks: Vec<(Checkpoint, Model)>,
    meter: Meter<'a>,
    committed: &'a MemoryState,
    /// Writes that went past the limit of deposits, releases, codes written, committed entries written back or
    /// rolled back to what they were, and committed entries that the run deletes: the mix has them all.
    seen: [u32; 5],
}

impl<'a> Run<'a> {
    fn new(seed: u64, committed: &'a MemoryState, schedule: &'a Schedule) -> Self {
        Self {
            seed,
            dice: Dice(seed),
            ids: committed.accounts().keys().copied().chain([AccountId([1; 32])]).collect(),
            overlay: Overlay::new(committed),
            model: Model::of(committed),
            marks: Vec::new(),
            meter: Meter::new(Key::new(3).id(), Gas(1), DEPOSIT_MAX, schedule),
            committed,
            seen: [0; 5],
        }
    }

    fn small(&mut self, sides: u64) -> u8 {
        u8::try_from(self.dice.roll(sides)).expect("small")
    }

    fn step(&mut self) {
        let of_ids = self.small(self.ids.len() as u64);
        let id = self.ids[usize::from(of_ids)];
        let (cell, key) = (u16::from(self.small(3)), [self.small(4)]);
        let entry_key = EntryKey { contract: id, cell, key: key[..].into() };
        match self.dice.roll(12) {
            0 | 1 => {
                let account =
                    Account { balance: Amount(u128::from(self.dice.roll(5))), ..Account::default() };
                self.overlay.set_account(&id, account).expect("memory");
                self.model.accounts.insert(id, account);
            }
            2 => {
                let value = vec![7; usize::from(self.small(3))];
                let mut entry = Entry { value, payer: id, deposit: Amount(1) };
                if let Some(before) = self.committed.entries().get(&entry_key)
                    && self.dice.roll(2) == 0
                {
                    entry = before.clone();
                    self.seen[3] += u32::from(self.model.entries.get(&entry_key) != Some(before));
                }
                self.overlay.set_entry(&id, cell, &key, Some(entry.clone())).expect("memory");
                self.model.entries.insert(entry_key.clone(), entry);
            }
            3 => {
                self.overlay.set_entry(&id, cell, &key, None).expect("memory");
                self.model.entries.remove(&entry_key);
            }
            4 | 5 => {
                let (value, deposit) =
                    (vec![9; usize::from(self.small(3))], Amount(u128::from(self.dice.roll(6))));
                let written =
                    self.overlay.write_entry(&self.meter, (&id, cell, &key), value.clone(), deposit);
                let may = self.model.write(self.meter.origin(), &entry_key, value, deposit);
                assert_eq!(written.is_ok(), may, "seed {}", self.seed);
                self.seen[0] += u32::from(!may);
            }
            6 | 7 => {
                let deleted = self.overlay.delete_entry(&id, cell, &key).expect("memory");
                assert_eq!(deleted, self.model.delete(&entry_key), "seed {}", self.seed);
                self.seen[1] += u32::from(deleted);
            }
            8 => {
                let code: Arc<[u8]> = vec![self.small(3); 3].into();
                let hash = tagged(Tag::Code, &code);
                self.overlay.set_code(hash, Arc::clone(&code));
                self.model.codes.insert(hash, code);
                self.seen[2] += 1;
            }
            9 => {
                let event = Event { contract: id, event: cell, data: key[..].try_into().expect("short") };
                self.overlay.emit(event.clone());
                self.model.events.push(event);
            }
            10 => self.marks.push((self.overlay.checkpoint(), self.model.clone())),
            _ => self.end_or_go_back(),
        }
        self.compare(&id, &entry_key);
    }

    /// Ends the transaction, one time in six; else goes back to any mark, and those after it are gone.
    fn end_or_go_back(&mut self) {
        if self.dice.roll(6) == 0 {
            let (events, deposits) = self.overlay.finish_transaction();
            let model = &mut self.model;
            let expected = (std::mem::take(&mut model.events), std::mem::take(&mut model.deposits));
            assert_eq!((events, deposits), expected, "seed {}", self.seed);
            self.marks.clear();
        } else if !self.marks.is_empty() {
            let depth = usize::from(self.small(self.marks.len() as u64));
            let (checkpoint, then) = self.marks.swap_remove(depth);
            self.marks.truncate(depth);
            self.overlay.rollback(checkpoint);
            self.model = then;
        }
    }

    fn compare(&mut self, id: &AccountId, key: &EntryKey) {
        let (overlay, model, seed) = (&mut self.overlay, &self.model, self.seed);
        assert_eq!(overlay.account(id).expect("memory"), model.accounts.get(id).copied(), "seed {seed}");
        let entry = overlay.entry(&key.contract, key.cell, &key.key).expect("memory");
        assert_eq!(entry, model.entries.get(key), "seed {seed}");
        for number in 0..3u8 {
            let hash = tagged(Tag::Code, &[number; 3]);
            assert_eq!(overlay.code(&hash).expect("memory"), model.codes.get(&hash).cloned(), "seed {seed}");
        }
        assert_eq!(overlay.events(), model.events, "seed {seed}");
        assert_eq!(overlay.deposits(), model.deposits, "seed {seed}");
    }

    /// What the run changed, net, against what the model says.
    fn end(mut self) -> [u32; 5] {
        let (model, seed, committed) = (self.model, self.seed, self.committed);
        let changes = self.overlay.into_changes();
        let changed =
            model.accounts.iter().filter(|(id, account)| committed.accounts().get(*id) != Some(account));
        let accounts: Vec<(AccountId, Account)> = changed.map(|(id, account)| (*id, *account)).collect();
        assert_eq!(changes.accounts(), accounts, "seed {seed}");
        let mut entries: BTreeMap<EntryKey, Option<Entry>> = BTreeMap::new();
        for (key, entry) in &model.entries {
            if committed.entries().get(key) != Some(entry) {
                entries.insert(key.clone(), Some(entry.clone()));
            }
        }
        let deleted: Vec<_> =
            committed.entries().keys().filter(|key| !model.entries.contains_key(*key)).collect();
        self.seen[4] += u32::try_from(deleted.len()).expect("few");
        entries.extend(deleted.into_iter().map(|key| (key.clone(), None)));
        assert_eq!(changes.entries(), entries.into_iter().collect::<Vec<_>>(), "seed {seed}");
        assert_eq!(*changes.codes(), model.codes, "seed {seed}");
        self.seen
    }
}

/// A state in which every other place of the runs has an entry.
fn committed() -> MemoryState {
    let mut state = World::new().state;
    let ids: Vec<AccountId> = state.accounts().keys().copied().collect();
    let mut overlay = Overlay::new(&state);
    for (id, payer) in ids.iter().step_by(2).zip(ids.iter().rev()) {
        for (cell, key) in (0..3u16).flat_map(|cell| (0..4u8).map(move |key| (cell, key))) {
            let entry = Entry { value: vec![key; 2], payer: *payer, deposit: Amount(3) };
            overlay.set_entry(id, cell, &[key], Some(entry)).expect("memory");
        }
    }
    let changes = overlay.into_changes();
    let commitment = Commitment { state_root: Hash::ZERO, storage_roots: Vec::new(), nodes: Vec::new() };
    state.apply_changes(&changes, &commitment);
    state
}

#[test]
fn nested_rollbacks_and_net_changes_are_those_of_whole_copies() {
    let campaign = std::env::var("CHAINSTACK_CAMPAIGN").is_ok_and(|value| value == "1");
    let (committed, schedule) = (committed(), Schedule::base().expect("base file"));
    assert!(
        committed.code(&tagged(Tag::Code, &[0; 3])).expect("memory").is_none(),
        "codes of the runs are new"
    );
    let first = seed(0);
    let mut seen = [0u32; 5];
    for number in 0..if campaign { 10_000 } else { 200 } {
        let mut run = Run::new(first.wrapping_add(number), &committed, &schedule);
        for _ in 0..400 {
            run.step();
        }
        let of_run = run.end();
        seen.iter_mut().zip(of_run).for_each(|(seen, more)| *seen += more);
    }
    assert!(
        seen.iter().all(|&count| count > 100),
        "past the deposit limit, released, codes, as committed again, deleted: {seen:?}"
    );
}
