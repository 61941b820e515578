//! Sums, counts and owners as entries say them: kept along from change to change, and worked out anew from all of state.
//! Both are compared with what the host keeps.

use std::{collections::BTreeMap, sync::Arc};

use chainstack_primitives::{AccountId, manifest::HOLDER_ACCOUNT};
use chainstack_runtime::state::{Entry, EntryKey, reserved};

use super::{
    model::{Contract, Layout, account_of, number},
    world::Store,
};

/// An aggregate of a contract: the reserved cell that has it, and its key there.
type Aggregate = (AccountId, u16, Vec<u8>);

/// Sums, counts and owners, by the entries.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Kept {
    /// What the host should keep, by contract, reserved cell and key; what is zero is not here.
    aggregates: BTreeMap<Aggregate, u128>,
    /// Deposits of all entries.
    pub deposits: u128,
    /// Coins of all native escrows.
    pub escrowed: u128,
}

impl Kept {
    /// What all entries of a state say.
    ///
    /// # Errors
    /// If a sum passes 128 bits.
    pub fn of(store: &Store, contracts: &[Arc<Contract>]) -> Result<Self, String> {
        let mut kept = Self::default();
        for (key, entry) in &store.entries {
            if !kept.change(contracts, key, None, Some(entry)) {
                return Err(format!("a sum passes 128 bits at {key:?}"));
            }
        }
        Ok(kept)
    }

    /// Follows the change of an entry. Whether every sum stayed within 128 bits: between two changes of one call it need
    /// not, and comes back with the second.
    pub fn change(
        &mut self,
        contracts: &[Arc<Contract>],
        key: &EntryKey,
        before: Option<&Entry>,
        after: Option<&Entry>,
    ) -> bool {
        let deposit = |entry: Option<&Entry>| entry.map_or(0, |entry| entry.deposit.0);
        let mut within = shift(&mut self.deposits, deposit(before), deposit(after));
        let (before, after) = (before.map(|it| &*it.value), after.map(|it| &*it.value));
        if key.cell == reserved::NATIVE_ESCROWS {
            let coins = |value: Option<&[u8]>| value.map_or(0, number);
            within &= shift(&mut self.escrowed, coins(before), coins(after));
        }
        let contract = contracts.iter().find(|contract| contract.address == key.contract);
        let Some((contract, layout)) = contract.and_then(|it| Some((it, it.layout(key.cell)?))) else {
            return within;
        };
        for (aggregate, part) in parts(contract, layout) {
            let read = |value: Option<&[u8]>| value.map_or(0, &part);
            let aggregate = (contract.address, aggregate.0, aggregate.1);
            within &= self.shift(aggregate, read(before), read(after));
        }
        let owner = |value: Option<&[u8]>| value.and_then(|value| account_of(layout.holder(value)?));
        let (was, is) = (owner(before), owner(after));
        if was != is {
            for (owner, less, more) in [(was, 1, 0), (is, 0, 1)] {
                let Some(owner) = owner else { continue };
                let key = owner_key(layout.id, &owner);
                within &= self.shift((contract.address, reserved::OWNER_COUNTS, key), less, more);
            }
        }
        within
    }

    fn shift(&mut self, aggregate: Aggregate, less: u128, more: u128) -> bool {
        if less == more {
            return true;
        }
        let sum = self.aggregates.entry(aggregate.clone()).or_default();
        let within = shift(sum, less, more);
        if *sum == 0 {
            self.aggregates.remove(&aggregate);
        }
        within
    }

    /// Compares everything with what the host keeps for a contract: neither has anything that the other has not.
    ///
    /// # Errors
    /// The first difference.
    pub fn agrees(&self, store: &Store, contract: &Contract) -> Result<(), String> {
        self.agrees_in(store, contract, reserved::SUMS)?;
        self.agrees_in(store, contract, reserved::COUNTS)?;
        self.agrees_in(store, contract, reserved::OWNER_COUNTS)
    }

    fn agrees_in(&self, store: &Store, contract: &Contract, cell: u16) -> Result<(), String> {
        let first = (contract.address, cell, Vec::new());
        let of_cell = |(address, found, _): &Aggregate| *address == contract.address && *found == cell;
        for (aggregate, sum) in self.aggregates.range(first..).take_while(|(aggregate, _)| of_cell(aggregate))
        {
            let host = store.value(&contract.address, cell, &aggregate.2).map(number);
            if host != Some(*sum) {
                return Err(differs(contract, aggregate, *sum, host));
            }
        }
        for (key, entry) in store.cell(&contract.address, cell) {
            let aggregate = (contract.address, cell, key.key.to_vec());
            let own = self.aggregates.get(&aggregate).copied().unwrap_or(0);
            let host = number(&entry.value);
            if host != own {
                return Err(differs(contract, &aggregate, own, Some(host)));
            }
        }
        Ok(())
    }
}

fn differs(contract: &Contract, (_, cell, key): &Aggregate, own: u128, host: Option<u128>) -> String {
    let what = match *cell {
        reserved::SUMS => "sum",
        reserved::COUNTS => "count",
        _ => "count of an owner",
    };
    format!("{what} {key:02x?} of `{}`: {own} by the entries, {host:?} kept by the host", contract.name)
}

/// Key of an owner's count.
#[must_use]
pub fn owner_key(cell: u16, owner: &AccountId) -> Vec<u8> {
    [cell.to_le_bytes().as_slice(), owner.as_bytes()].concat()
}

fn shift(sum: &mut u128, less: u128, more: u128) -> bool {
    let within = sum.checked_add(more).and_then(|sum| sum.checked_sub(less)).is_some();
    *sum = sum.wrapping_add(more).wrapping_sub(less);
    within
}

/// What an entry adds to an aggregate.
type Part = Box<dyn Fn(&[u8]) -> u128>;

/// The aggregates that a cell declares: reserved cell and key, and what each entry adds.
fn parts(contract: &Contract, layout: &Layout) -> Vec<((u16, Vec<u8>), Part)> {
    use chainstack_primitives::manifest::CellKind;
    let cell = contract.declared(layout);
    let id = layout.id.to_le_bytes();
    let mut parts: Vec<((u16, Vec<u8>), Part)> = Vec::new();
    if cell.counts() {
        parts.push(((reserved::COUNTS, id.to_vec()), Box::new(|_| 1)));
    }
    if matches!(&cell.kind, CellKind::Ledger(ledger) if ledger.sum) {
        parts.push(((reserved::SUMS, id.to_vec()), Box::new(number)));
    }
    for (index, field) in cell.head().iter().enumerate().filter(|(_, field)| field.sum) {
        debug_assert!(field.ty.is_unsigned(), "only numbers are summed");
        let (at, size) = layout.head[index];
        let key = [id[0], id[1], u8::try_from(index).unwrap_or(u8::MAX)].to_vec();
        let part = move |value: &[u8]| value.get(at..at + size).map_or(0, number);
        parts.push(((reserved::SUMS, key), Box::new(part)));
    }
    parts
}

/// Whether a holder is an account.
#[must_use]
pub fn is_account(holder: &[u8]) -> bool {
    holder.first() == Some(&HOLDER_ACCOUNT)
}
