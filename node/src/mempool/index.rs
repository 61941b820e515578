//! What the pool asks often, kept ready beside its queues: who leaves first, and whether anybody can go into a block.

use std::collections::{BTreeMap, BTreeSet};

use chainstack_primitives::{AccountId, Amount};

use super::queue::{Offer, Queue};

/// An order of the queues' ends. Whoever changes a queue lets it [`forget`](Self::forget) the queue as it was and
/// [`learn`](Self::learn) it as it is.
#[derive(Default)]
pub(super) struct Index {
    /// The base fee above which `tails` are ranked; `None` until a full pool asks.
    base_fee: Option<Amount>,
    /// The last transaction of every account; the greatest leaves first.
    tails: BTreeSet<Offer>,
    /// What every account's next transaction pays per gas at most.
    heads: BTreeSet<(Amount, AccountId)>,
}

impl Index {
    /// Ranks tails above `base_fee`: anew if that is another one, which costs a walk over the accounts.
    pub(super) fn rank<T>(&mut self, base_fee: Amount, queues: &BTreeMap<AccountId, Queue<T>>) {
        if self.base_fee != Some(base_fee) {
            self.base_fee = Some(base_fee);
            self.tails = queues.values().filter_map(|queue| queue.last_offer(base_fee)).collect();
        }
    }

    /// The tails of all accounts but `spared`, as ranked last.
    pub(super) fn cheapest_first(&self, spared: &AccountId) -> impl Iterator<Item = &Offer> {
        self.tails.iter().rev().filter(move |offer| offer.signer != *spared)
    }

    /// The most that any account's next transaction pays per gas.
    pub(super) fn greatest_head(&self) -> Option<Amount> {
        self.heads.last().map(|(max_fee, _)| *max_fee)
    }

    /// Takes a queue out, as it is before a change.
    pub(super) fn forget<T>(&mut self, signer: &AccountId, queue: &Queue<T>) {
        if let Some(max_fee) = queue.head_max_fee() {
            self.heads.remove(&(max_fee, *signer));
        }
        if let Some(tail) = self.base_fee.and_then(|base_fee| queue.last_offer(base_fee)) {
            self.tails.remove(&tail);
        }
    }

    /// Takes a queue in, as it is after a change.
    pub(super) fn learn<T>(&mut self, signer: &AccountId, queue: &Queue<T>) {
        if let Some(max_fee) = queue.head_max_fee() {
            self.heads.insert((max_fee, *signer));
        }
        if let Some(tail) = self.base_fee.and_then(|base_fee| queue.last_offer(base_fee)) {
            self.tails.insert(tail);
        }
    }
}
