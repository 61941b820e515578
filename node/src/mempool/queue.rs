//! The waiting transactions of one account.

use std::{cmp::Ordering, collections::BTreeMap};

use chainstack_primitives::{AccountId, Amount, Height, Nonce};

use super::Waiting;

/// Transactions of one account by nonce, and where its ready run starts.
pub(super) struct Queue<T> {
    waiting: BTreeMap<Nonce, Waiting<T>>,
    /// The account's nonce as last heard from the chain.
    account: Nonce,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), account: Nonce(0) }
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

    pub(super) fn put(&mut self, waiting: Waiting<T>, account: Nonce) {
        self.account = account;
        self.waiting.insert(waiting.facts.nonce, waiting);
    }

    pub(super) fn remove(&mut self, nonce: Nonce) -> Option<Waiting<T>> {
        self.waiting.remove(&nonce)
    }

    /// What all waiting transactions reserve together; `None` past the greatest amount.
    pub(super) fn reserved(&self) -> Option<Amount> {
        self.waiting
            .values()
            .try_fold(Amount::ZERO, |sum, waiting| sum.checked_add(waiting.facts.reservation))
    }

    /// The first nonce from `account` on that does not wait.
    pub(super) fn next_nonce(&self, account: Nonce) -> Nonce {
        let mut next = account;
        for nonce in self.waiting.range(account..).map(|(nonce, _)| *nonce) {
            if nonce != next {
                break;
            }
            next = Nonce(next.0.saturating_add(1));
        }
        next
    }

    /// Notes the account's new nonce and names what it overtook.
    pub(super) fn set_account(&mut self, account: Nonce) -> Vec<Nonce> {
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
            gapped: waiting.facts.nonce >= self.next_nonce(self.account),
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

    pub(super) fn head_after(&self, signer: &AccountId, nonce: Nonce, base_fee: Amount) -> Option<Head> {
        self.head_at(signer, Nonce(nonce.0.checked_add(1)?), base_fee)
    }
}
