//! Uncommitted writes over committed state, with nested rollback points.
//!
//! Every change of state in the chain goes through an [`Overlay`]: it is committed or rolled back, never half
//! applied. A [`Checkpoint`] costs nothing to take; rolling back costs the writes made since. Events and the
//! deposits counted for the running transaction roll back with the writes.

use std::{collections::BTreeMap, hash::BuildHasher as _, sync::Arc};

use chainstack_primitives::{Account, AccountId, Amount, Event, Hash};
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use super::{
    change::ChangeSet,
    entry::{Entry, EntryKey, EntryKeyRef},
};
use crate::ports::{Fault, StateReader};

/// An account as it was at the start of the block and as it is now.
struct AccountSlot {
    original: Option<Account>,
    current: Option<Account>,
}

/// An entry as it is now, and as it was at the start of the block if it was written since.
struct EntrySlot {
    key: EntryKey,
    current: Option<Entry>,
    original: Option<Option<Entry>>,
}

/// What takes a write back.
enum Undo {
    Account(usize, Option<Account>),
    /// The entry's first write in the block: its original is what it was.
    FirstWrite(usize),
    Entry(usize, Option<Entry>),
    Code(Hash),
}

/// Where an overlay holds an entry, for one who has more than one thing to do there. Stays good, through rollbacks
/// too, for the overlay that gave it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place(usize);

/// Coins that the running transaction has moved into the protocol's keeping and out of it so far: deposits and escrows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DepositTally {
    /// Locked at the origin's expense.
    pub locked: Amount,
    /// Released to whoever had locked it.
    pub released: Amount,
    /// What escrows hold more than before; zero if they hold less. Net, so that no round trips add up.
    pub escrowed: Amount,
    /// What escrows hold less than before; zero if they hold more.
    pub paid_out: Amount,
}

impl DepositTally {
    /// This tally, with coins taken into escrows and paid out of them besides.
    ///
    /// `None` past 128 bits, which the bound on the supply rules out.
    #[must_use]
    pub fn with_escrows(self, taken: Amount, paid: Amount) -> Option<Self> {
        let (taken, paid) = (self.escrowed.checked_add(taken)?, self.paid_out.checked_add(paid)?);
        let both = taken.min(paid);
        Some(Self { escrowed: taken.checked_sub(both)?, paid_out: paid.checked_sub(both)?, ..self })
    }
}

/// A point to roll back to. Belongs to the overlay that gave it, and to the transaction it was taken in.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Checkpoint {
    undo: usize,
    events: usize,
    deposits: DepositTally,
}

/// Uncommitted state of one block.
///
/// The hash maps only find slots; everything that is walked is walked in the order of insertion or of keys, so
/// hash order never shows.
pub struct Overlay<'a> {
    reader: &'a dyn StateReader,
    account_index: HashMap<AccountId, usize>,
    accounts: Vec<(AccountId, AccountSlot)>,
    hasher: DefaultHashBuilder,
    /// Hash of the key, and position in `entries`.
    entry_index: HashTable<(u64, usize)>,
    entries: Vec<EntrySlot>,
    codes: BTreeMap<Hash, Arc<[u8]>>,
    undo: Vec<Undo>,
    events: Vec<Event>,
    deposits: DepositTally,
}

impl<'a> Overlay<'a> {
    /// No changes yet over `reader`.
    #[must_use]
    pub fn new(reader: &'a dyn StateReader) -> Self {
        Self {
            reader,
            account_index: HashMap::new(),
            accounts: Vec::new(),
            hasher: DefaultHashBuilder::default(),
            entry_index: HashTable::new(),
            entries: Vec::new(),
            codes: BTreeMap::new(),
            undo: Vec::new(),
            events: Vec::new(),
            deposits: DepositTally::default(),
        }
    }

    fn account_slot(&mut self, id: &AccountId) -> Result<usize, Fault> {
        if let Some(index) = self.account_index.get(id) {
            return Ok(*index);
        }
        let found = self.reader.account(id)?;
        let index = self.accounts.len();
        self.accounts.push((*id, AccountSlot { original: found, current: found }));
        self.account_index.insert(*id, index);
        Ok(index)
    }

    /// The account's record; `None` if it does not exist.
    ///
    /// # Errors
    /// [`Fault`] if committed state cannot be read.
    pub fn account(&mut self, id: &AccountId) -> Result<Option<Account>, Fault> {
        let index = self.account_slot(id)?;
        Ok(self.accounts.get(index).and_then(|(_, slot)| slot.current))
    }

    /// The account's record, or that of a new account.
    ///
    /// # Errors
    /// [`Fault`] if committed state cannot be read.
    pub fn account_or_new(&mut self, id: &AccountId) -> Result<Account, Fault> {
        Ok(self.account(id)?.unwrap_or_default())
    }

    /// Replaces the account's record. Accounts are never removed.
    ///
    /// # Errors
    /// [`Fault`] if committed state cannot be read; nothing was written.
    pub fn set_account(&mut self, id: &AccountId, account: Account) -> Result<(), Fault> {
        let index = self.account_slot(id)?;
        if let Some((_, slot)) = self.accounts.get_mut(index)
            && slot.current != Some(account)
        {
            self.undo.push(Undo::Account(index, slot.current));
            slot.current = Some(account);
        }
        Ok(())
    }

    /// Where the entry of `contract` in `cell` under `key` is, or would be.
    ///
    /// # Errors
    /// [`Fault`] if committed state cannot be read.
    pub fn place(&mut self, contract: &AccountId, cell: u16, key: &[u8]) -> Result<Place, Fault> {
        let wanted = EntryKeyRef { contract, cell, key };
        let hash = self.hasher.hash_one(wanted);
        let entries = &self.entries;
        let is_wanted = |(other, index): &(u64, usize)| {
            *other == hash && entries.get(*index).is_some_and(|slot| wanted.is(&slot.key))
        };
        if let Some((_, index)) = self.entry_index.find(hash, is_wanted) {
            return Ok(Place(*index));
        }
        let current = self.reader.entry(contract, cell, key)?;
        let index = self.entries.len();
        self.entries.push(EntrySlot { key: wanted.to_owned(), current, original: None });
        self.entry_index.insert_unique(hash, (hash, index), |(hash, _)| *hash);
        Ok(Place(index))
    }

    /// The entry at a place.
    #[must_use]
    pub fn entry_at(&self, place: Place) -> Option<&Entry> {
        self.entries.get(place.0).and_then(|slot| slot.current.as_ref())
    }

    /// Writes (`Some`) or deletes (`None`) the entry at a place. Moves no deposit: see [`super::deposit`].
    ///
    /// # Panics
    /// If another overlay gave the place and this one has none there: a bug, by which a write would vanish.
    #[expect(clippy::expect_used, reason = "a write that vanishes is worse than a node that stops")]
    pub fn set_entry_at(&mut self, place: Place, entry: Option<Entry>) {
        let slot = self.entries.get_mut(place.0).expect("the place is this overlay's");
        if slot.current == entry {
            return;
        }
        let previous = std::mem::replace(&mut slot.current, entry);
        if slot.original.is_some() {
            self.undo.push(Undo::Entry(place.0, previous));
        } else {
            slot.original = Some(previous);
            self.undo.push(Undo::FirstWrite(place.0));
        }
    }

    /// The entry of `contract` in `cell` under `key`.
    ///
    /// # Errors
    /// [`Fault`] if committed state cannot be read.
    pub fn entry(&mut self, contract: &AccountId, cell: u16, key: &[u8]) -> Result<Option<&Entry>, Fault> {
        let place = self.place(contract, cell, key)?;
        Ok(self.entry_at(place))
    }

    /// As [`Overlay::set_entry_at`], by key.
    ///
    /// # Errors
    /// [`Fault`] if committed state cannot be read; nothing was written.
    pub fn set_entry(
        &mut self,
        contract: &AccountId,
        cell: u16,
        key: &[u8],
        entry: Option<Entry>,
    ) -> Result<(), Fault> {
        let place = self.place(contract, cell, key)?;
        self.set_entry_at(place, entry);
        Ok(())
    }

    /// Code by hash, committed or stored in this block.
    ///
    /// # Errors
    /// [`Fault`] if committed state cannot be read.
    pub fn code(&self, hash: &Hash) -> Result<Option<Arc<[u8]>>, Fault> {
        match self.codes.get(hash) {
            Some(code) => Ok(Some(Arc::clone(code))),
            None => self.reader.code(hash),
        }
    }

    /// Stores code under its hash.
    pub fn set_code(&mut self, hash: Hash, code: Arc<[u8]>) {
        if self.codes.insert(hash, code).is_none() {
            self.undo.push(Undo::Code(hash));
        }
    }

    /// Adds an event of the running transaction.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Events of the running transaction so far.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Deposits counted for the running transaction so far.
    #[must_use]
    pub const fn deposits(&self) -> DepositTally {
        self.deposits
    }

    pub(crate) const fn deposits_mut(&mut self) -> &mut DepositTally {
        &mut self.deposits
    }

    /// A point to roll back to.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { undo: self.undo.len(), events: self.events.len(), deposits: self.deposits }
    }

    /// Undoes every write, event and deposit since `checkpoint`. Linear in the number of writes undone.
    pub fn rollback(&mut self, checkpoint: Checkpoint) {
        while self.undo.len() > checkpoint.undo {
            match self.undo.pop() {
                Some(Undo::Account(index, previous)) => {
                    if let Some((_, slot)) = self.accounts.get_mut(index) {
                        slot.current = previous;
                    }
                }
                Some(Undo::FirstWrite(index)) => {
                    if let Some(slot) = self.entries.get_mut(index) {
                        slot.current = slot.original.take().flatten();
                    }
                }
                Some(Undo::Entry(index, previous)) => {
                    if let Some(slot) = self.entries.get_mut(index) {
                        slot.current = previous;
                    }
                }
                Some(Undo::Code(hash)) => {
                    self.codes.remove(&hash);
                }
                None => break,
            }
        }
        self.events.truncate(checkpoint.events);
        self.deposits = checkpoint.deposits;
    }

    /// Ends the running transaction: its writes stay, its events and deposits are handed over, and no
    /// checkpoint taken before may be used again.
    pub fn finish_transaction(&mut self) -> (Vec<Event>, DepositTally) {
        self.undo.clear();
        (std::mem::take(&mut self.events), std::mem::take(&mut self.deposits))
    }

    /// The net changes of the block, in ascending order of their keys: a value written back to what it was
    /// at the start is no change.
    #[must_use]
    pub fn into_changes(self) -> ChangeSet {
        let changed = self.accounts.into_iter().filter(|(_, slot)| slot.original != slot.current);
        let accounts = changed.filter_map(|(id, slot)| slot.current.map(|account| (id, account))).collect();
        let changed = self
            .entries
            .into_iter()
            .filter(|slot| slot.original.as_ref().is_some_and(|original| *original != slot.current));
        let entries = changed.map(|slot| (slot.key, slot.current)).collect();
        ChangeSet::new(accounts, entries, self.codes)
    }
}
