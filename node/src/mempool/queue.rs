//! The waiting transactions of one account.

use std::{cmp::Ordering, collections::BTreeMap};

use chainstack_primitives::{AccountId, Amount, Height, Nonce};

use super::Waiting;

/// Transactions of one account by nonce, and how far its ready run goes.
pub(super) struct Queue<T> {
    waiting: BTreeMap<Nonce, Waiting<T>>,
    /// The account's nonce as last heard from the chain.
    account: Nonce,
    /// The first nonce from `account` on that does not wait.
    next: Nonce,
    /// What all waiting transactions reserve together: no more than the account once had.
    reserved: Amount,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), account: Nonce(0), next: Nonce(0), reserved: Amount::ZERO }
    }
}

/// A transaction at the end of its account's queue, as a candidate for eviction. Greatest is cheapest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Offer {
    pub(super) signer: AccountId,
    pub(super) nonce: Nonce,
    pub(super) gapped: bool,
    pub(super) price: Amount,
    pub(super) size_bytes: usize,
}

impl Ord for Offer {
    fn cmp(&self, other: &Self) -> Ordering {
        let own = (self.gapped, std::cmp::Reverse(self.price), self.nonce, self.signer);
        own.cmp(&(other.gapped, std::cmp::Reverse(other.price), other.nonce, other.signer))
    }
}

impl PartialOrd for Offer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The next transaction of an account to include. Greatest is best.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub(super) signer: AccountId,
    pub(super) nonce: Nonce,
    price: Amount,
    arrival: u64,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        let own = (self.price, std::cmp::Reverse(self.arrival));
        own.cmp(&(other.price, std::cmp::Reverse(other.arrival)))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Queue<T> {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn get(&self, nonce: Nonce) -> Option<&Waiting<T>> {
        self.waiting.get(&nonce)
    }

    /// Takes a transaction; gives back the one it replaces.
    pub(super) fn put(&mut self, waiting: Waiting<T>, account: Nonce) -> Option<Waiting<T>> {
        let (nonce, reservation) = (waiting.facts.nonce, waiting.facts.reservation);
        let replaced = self.waiting.insert(nonce, waiting);
        let freed = replaced.as_ref().map_or(Amount::ZERO, |it| it.facts.reservation);
        // The pool has checked the sum against a balance, so it fits.
        let without = self.reserved.checked_sub(freed).unwrap_or_default();
        self.reserved = without.checked_add(reservation).unwrap_or(Amount::MAX);
        if self.account != account {
            self.account = account;
            self.next = self.run_from(account);
        } else if nonce == self.next {
            self.next = self.run_from(nonce);
        }
        replaced
    }

    pub(super) fn remove(&mut self, nonce: Nonce) -> Option<Waiting<T>> {
        let removed = self.waiting.remove(&nonce)?;
        self.reserved = self.reserved.checked_sub(removed.facts.reservation).unwrap_or_default();
        if nonce >= self.account {
            self.next = self.next.min(nonce);
        }
        Some(removed)
    }

    /// What all waiting transactions reserve together.
    pub(super) const fn reserved(&self) -> Amount {
        self.reserved
    }

    /// The end of the unbroken run that starts at `nonce`. Linear in its length; a run that was walked is only
    /// walked again after one of its transactions left.
    fn run_from(&self, nonce: Nonce) -> Nonce {
        let mut next = nonce;
        for waiting in self.waiting.range(nonce..).map(|(nonce, _)| *nonce) {
            if waiting != next {
                break;
            }
            next = Nonce(next.0.saturating_add(1));
        }
        next
    }

    /// The first nonce from `account` on that does not wait.
    pub(super) fn next_nonce(&self, account: Nonce) -> Nonce {
        if account == self.account { self.next } else { self.run_from(account) }
    }

    /// Notes the account's new nonce and names what it overtook.
    pub(super) fn set_account(&mut self, account: Nonce) -> Vec<Nonce> {
        // From a nonce inside the run on, the run ends where it did.
        if account < self.account || account > self.next {
            self.next = self.run_from(account);
        }
        self.account = account;
        self.waiting.range(..account).map(|(nonce, _)| *nonce).collect()
    }

    pub(super) fn expired(&self, next: Height) -> impl Iterator<Item = Nonce> {
        self.waiting.values().filter(move |waiting| waiting.facts.valid_until < next).map(|it| it.facts.nonce)
    }

    fn offer(&self, waiting: &Waiting<T>, base_fee: Amount) -> Offer {
        Offer {
            signer: waiting.facts.signer,
            nonce: waiting.facts.nonce,
            gapped: waiting.facts.nonce >= self.next,
            price: waiting.facts.offer_above(base_fee).unwrap_or(Amount::ZERO),
            size_bytes: waiting.facts.size_bytes,
        }
    }

    pub(super) fn last_offer(&self, base_fee: Amount) -> Option<Offer> {
        self.waiting.values().next_back().map(|waiting| self.offer(waiting, base_fee))
    }

    pub(super) fn offer_below(&self, nonce: Nonce, base_fee: Amount) -> Option<Offer> {
        self.waiting.range(..nonce).next_back().map(|(_, waiting)| self.offer(waiting, base_fee))
    }

    fn head_at(&self, signer: &AccountId, nonce: Nonce, base_fee: Amount) -> Option<Head> {
        let waiting = self.waiting.get(&nonce)?;
        let price = waiting.facts.offer_above(base_fee)?;
        Some(Head { signer: *signer, nonce, price, arrival: waiting.arrival })
    }

    pub(super) fn head(&self, signer: &AccountId, base_fee: Amount) -> Option<Head> {
        self.head_at(signer, self.account, base_fee)
    }

    /// What the account's next transaction pays per gas at most; `None` if it does not wait.
    pub(super) fn head_max_fee(&self) -> Option<Amount> {
        self.waiting.get(&self.account).map(|waiting| waiting.facts.max_fee)
    }

    pub(super) fn head_after(&self, signer: &AccountId, nonce: Nonce, base_fee: Amount) -> Option<Head> {
        self.head_at(signer, Nonce(nonce.0.checked_add(1)?), base_fee)
    }
}
