//! The net changes of a block.

use std::{collections::BTreeMap, sync::Arc};

use chainstack_primitives::{Account, AccountId, Hash};

use super::entry::{Entry, EntryKey};

/// What a block changed, sorted by key, each key once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ChangeSet {
    accounts: Vec<(AccountId, Account)>,
    entries: Vec<(EntryKey, Option<Entry>)>,
    codes: BTreeMap<Hash, Arc<[u8]>>,
}

impl ChangeSet {
    /// Sorts the changes. Each key must occur once: they come from an overlay's slots.
    #[must_use]
    pub(crate) fn new(
        mut accounts: Vec<(AccountId, Account)>,
        mut entries: Vec<(EntryKey, Option<Entry>)>,
        codes: BTreeMap<Hash, Arc<[u8]>>,
    ) -> Self {
        accounts.sort_unstable_by_key(|one| one.0);
        entries.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        Self { accounts, entries, codes }
    }

    /// Changed accounts, ascending.
    #[must_use]
    pub fn accounts(&self) -> &[(AccountId, Account)] {
        &self.accounts
    }

    /// Changed (`Some`) and deleted (`None`) entries, ascending by contract, cell, key.
    #[must_use]
    pub fn entries(&self) -> &[(EntryKey, Option<Entry>)] {
        &self.entries
    }

    /// Code stored by the block.
    #[must_use]
    pub const fn codes(&self) -> &BTreeMap<Hash, Arc<[u8]>> {
        &self.codes
    }
}
