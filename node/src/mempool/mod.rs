//! Transactions that wait for a block.
//!
//! Rules. Each account's transactions wait in nonce order; one is *ready* if every nonce before it, from the
//! account's own on, waits too, and *gapped* otherwise. A newcomer with a nonce that waits already replaces it if
//! it offers at least a tenth more in both fee fields. An account's waiting transactions may together reserve no
//! more than its balance. When the pool is full, room is made by evicting what pays least, gapped transactions
//! first and always the highest nonce of an account first, but only for a ready newcomer that pays at least a
//! tenth more than what it evicts: nobody can push out transactions that can run by ones that cannot.
//!
//! The pool holds what was verified already and never verifies; it has no clock: expiry is by height.

mod index;
#[cfg(test)]
mod model;
mod queue;
mod refused;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BinaryHeap, HashMap},
    sync::Arc,
};

use chainstack_primitives::{AccountId, Amount, Hash, Height, Nonce};

pub use self::refused::MempoolRefused;
use self::{
    index::Index,
    queue::{Offer, Queue},
};

/// Bounds of a pool. Published on the limits page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Most transactions.
    pub transactions_max: usize,
    /// Most bytes of encoded transactions.
    pub bytes_max: usize,
    /// Most transactions of one account; also how far ahead of the account a nonce may be.
    pub per_account_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { transactions_max: 65_536, bytes_max: 128 * 1024 * 1024, per_account_max: 1_024 }
    }
}

/// What the pool needs to know of a transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    /// Name users look up.
    pub id: Hash,
    /// Hash of the full bytes.
    pub full_hash: Hash,
    /// Who signed.
    pub signer: AccountId,
    /// The signer's nonce.
    pub nonce: Nonce,
    /// Most base units per gas.
    pub max_fee: Amount,
    /// Base units per gas above the base fee.
    pub tip: Amount,
    /// What it reserves of the balance: gas limit × max fee + value + max deposit.
    pub reservation: Amount,
    /// Size of its encoding, in bytes.
    pub size_bytes: usize,
    /// Last height at which it may be included.
    pub valid_until: Height,
}

impl Facts {
    /// What it offers above `base_fee`, per gas; `None` if it cannot pay the base fee.
    #[must_use]
    pub fn offer_above(&self, base_fee: Amount) -> Option<Amount> {
        let room = self.max_fee.checked_sub(base_fee)?;
        Some(room.min(self.tip))
    }
}

/// The signer's account at the head of the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignerView {
    /// Its next nonce.
    pub nonce: Nonce,
    /// Its free balance.
    pub balance: Amount,
}

struct Waiting<T> {
    facts: Facts,
    arrival: u64,
    transaction: Arc<T>,
}

/// The pool.
pub struct Mempool<T> {
    bounds: Bounds,
    queues: BTreeMap<AccountId, Queue<T>>,
    by_id: HashMap<Hash, (AccountId, Nonce)>,
    index: Index,
    bytes: usize,
    arrivals: u64,
}

impl<T> Mempool<T> {
    /// An empty pool.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        let index = Index::default();
        Self { bounds, queues: BTreeMap::new(), by_id: HashMap::new(), index, bytes: 0, arrivals: 0 }
    }

    /// Number of waiting transactions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Bytes of all waiting transactions.
    #[must_use]
    pub const fn size_bytes(&self) -> usize {
        self.bytes
    }

    /// The waiting transaction with this id.
    #[must_use]
    pub fn get(&self, id: &Hash) -> Option<&Arc<T>> {
        let (signer, nonce) = self.by_id.get(id)?;
        Some(&self.queues.get(signer)?.get(*nonce)?.transaction)
    }

    /// The nonce after the account's last ready transaction: what a client uses next.
    #[must_use]
    pub fn next_nonce(&self, signer: &AccountId, account: Nonce) -> Nonce {
        self.queues.get(signer).map_or(account, |queue| queue.next_nonce(account))
    }

    /// Takes a verified transaction. `signer` is its signer's account at the head; `next` the next height.
    ///
    /// # Errors
    /// [`MempoolRefused`]; the pool is unchanged.
    pub fn insert(
        &mut self,
        facts: Facts,
        transaction: T,
        signer: SignerView,
        next: Height,
        base_fee: Amount,
    ) -> Result<(), MempoolRefused> {
        self.check_alone(&facts, signer, next)?;
        let queue = self.queues.get(&facts.signer);
        let replaced = queue.and_then(|queue| queue.get(facts.nonce));
        if let Some(waiting) = replaced {
            check_replacement(&waiting.facts, &facts)?;
        } else if queue.is_some_and(|queue| queue.len() >= self.bounds.per_account_max) {
            return Err(MempoolRefused::AccountQueueFull { limit: self.bounds.per_account_max });
        }
        let waiting = queue.map_or(Amount::ZERO, Queue::reserved);
        let without = waiting.checked_sub(replaced.map_or(Amount::ZERO, |it| it.facts.reservation));
        let needed = without.and_then(|sum| sum.checked_add(facts.reservation)).unwrap_or(Amount::MAX);
        if needed > signer.balance {
            return Err(MempoolRefused::InsufficientFunds { needed, found: signer.balance });
        }
        let freed = replaced.map(|it| it.facts.size_bytes);
        let ready = self.next_nonce(&facts.signer, signer.nonce) >= facts.nonce;
        self.make_room(&facts, freed, ready, base_fee)?;
        self.put(facts, transaction, signer.nonce);
        Ok(())
    }

    fn check_alone(&self, facts: &Facts, signer: SignerView, next: Height) -> Result<(), MempoolRefused> {
        if let Some((owner, nonce)) = self.by_id.get(&facts.id) {
            let same = self.queues.get(owner).and_then(|queue| queue.get(*nonce));
            if same.is_some_and(|waiting| waiting.facts.full_hash == facts.full_hash) {
                return Err(MempoolRefused::AlreadyKnown);
            }
        }
        if facts.nonce < signer.nonce {
            return Err(MempoolRefused::NonceTooLow { expected: signer.nonce, found: facts.nonce });
        }
        let ahead = u64::try_from(self.bounds.per_account_max).unwrap_or(u64::MAX);
        let limit = Nonce(signer.nonce.0.saturating_add(ahead).saturating_sub(1));
        if facts.nonce > limit {
            return Err(MempoolRefused::NonceTooHigh { limit, found: facts.nonce });
        }
        if facts.valid_until < next {
            return Err(MempoolRefused::Expired { valid_until: facts.valid_until, next });
        }
        Ok(())
    }

    /// Evicts what pays least until `newcomer` fits, if it is ready and pays enough for each. `freed` is the size
    /// of what it replaces. Logarithmic in the pool for a look and for each that leaves; after a change of the base
    /// fee the accounts are ranked anew, once.
    fn make_room(
        &mut self,
        newcomer: &Facts,
        freed: Option<usize>,
        ready: bool,
        base_fee: Amount,
    ) -> Result<(), MempoolRefused> {
        let mut count = self.len().saturating_sub(usize::from(freed.is_some()));
        let mut bytes = self.bytes.saturating_sub(freed.unwrap_or(0));
        let Bounds { transactions_max, bytes_max, .. } = self.bounds;
        let full = |count: usize, bytes: usize| {
            count >= transactions_max || bytes.saturating_add(newcomer.size_bytes) > bytes_max
        };
        if !full(count, bytes) {
            return Ok(());
        }
        if !ready {
            return Err(MempoolRefused::Full);
        }
        self.index.rank(base_fee, &self.queues);
        let mut victims = Vec::new();
        let mut tails = self.index.cheapest_first(&newcomer.signer).peekable();
        // What stands before the tails that leave.
        let mut below: BinaryHeap<Offer> = BinaryHeap::new();
        while full(count, bytes) {
            let is_below = below.peek().is_some_and(|next| tails.peek().is_none_or(|tail| next > *tail));
            let cheapest = if is_below { below.pop() } else { tails.next().cloned() };
            let Some(offer) = cheapest else { return Err(MempoolRefused::Full) };
            let pays_enough = offer.gapped
                || newcomer.offer_above(base_fee).is_some_and(|own| own >= a_tenth_more(offer.price));
            if !pays_enough {
                return Err(MempoolRefused::Full);
            }
            count = count.saturating_sub(1);
            bytes = bytes.saturating_sub(offer.size_bytes);
            let queue = self.queues.get(&offer.signer);
            below.extend(queue.and_then(|queue| queue.offer_below(offer.nonce, base_fee)));
            victims.push((offer.signer, offer.nonce));
        }
        drop(tails);
        for (signer, nonce) in victims {
            self.remove(&signer, nonce);
        }
        Ok(())
    }

    /// Changes the queue of an account, and keeps the index beside it.
    fn change<R>(&mut self, signer: &AccountId, change: impl FnOnce(&mut Queue<T>) -> R) -> R {
        let queue = self.queues.entry(*signer).or_default();
        self.index.forget(signer, queue);
        let result = change(queue);
        self.index.learn(signer, queue);
        if queue.len() == 0 {
            self.queues.remove(signer);
        }
        result
    }

    fn put(&mut self, facts: Facts, transaction: T, account: Nonce) {
        self.arrivals = self.arrivals.saturating_add(1);
        let (signer, nonce, id, size_bytes) = (facts.signer, facts.nonce, facts.id, facts.size_bytes);
        let waiting = Waiting { facts, arrival: self.arrivals, transaction: Arc::new(transaction) };
        if let Some(replaced) = self.change(&signer, |queue| queue.put(waiting, account)) {
            self.count_out(&replaced.facts);
        }
        self.bytes = self.bytes.saturating_add(size_bytes);
        self.by_id.insert(id, (signer, nonce));
    }

    fn remove(&mut self, signer: &AccountId, nonce: Nonce) {
        if let Some(removed) = self.change(signer, |queue| queue.remove(nonce)) {
            self.count_out(&removed.facts);
        }
    }

    fn count_out(&mut self, gone: &Facts) {
        self.bytes = self.bytes.saturating_sub(gone.size_bytes);
        self.by_id.remove(&gone.id);
    }

    /// Ready transactions that can pay `base_fee`: best offer first, then first come, each account in nonce
    /// order. At most `count_max`.
    #[must_use]
    pub fn ready(&self, base_fee: Amount, count_max: usize) -> Vec<Arc<T>> {
        let mut heads: BinaryHeap<_> =
            self.queues.iter().filter_map(|(signer, queue)| queue.head(signer, base_fee)).collect();
        let mut chosen = Vec::new();
        while chosen.len() < count_max {
            let Some(head) = heads.pop() else { break };
            let Some(queue) = self.queues.get(&head.signer) else { continue };
            if let Some(waiting) = queue.get(head.nonce) {
                chosen.push(Arc::clone(&waiting.transaction));
            }
            heads.extend(queue.head_after(&head.signer, head.nonce, base_fee));
        }
        chosen
    }

    /// Whether any transaction is ready at `base_fee`.
    #[must_use]
    pub fn has_ready(&self, base_fee: Amount) -> bool {
        self.index.greatest_head().is_some_and(|max_fee| max_fee >= base_fee)
    }

    /// After a block: drops what it included, what its nonces overtook, and what expired before `next`.
    /// `nonces` are the new nonces of the accounts that signed in the block.
    pub fn on_block(&mut self, nonces: impl IntoIterator<Item = (AccountId, Nonce)>, next: Height) {
        for (signer, nonce) in nonces {
            for old in self.change(&signer, |queue| queue.set_account(nonce)) {
                self.remove(&signer, old);
            }
        }
        let expired: Vec<_> = self
            .queues
            .iter()
            .flat_map(|(signer, queue)| queue.expired(next).map(|nonce| (*signer, nonce)))
            .collect();
        for (signer, nonce) in expired {
            self.remove(&signer, nonce);
        }
    }

    /// Drops one transaction, for example one that could not be included at its turn.
    pub fn discard(&mut self, id: &Hash) {
        if let Some((signer, nonce)) = self.by_id.get(id).copied() {
            self.remove(&signer, nonce);
        }
    }

    /// Drops everything, as after a revert of the chain.
    pub fn clear(&mut self) {
        self.queues.clear();
        self.by_id.clear();
        self.index = Index::default();
        self.bytes = 0;
    }
}

fn a_tenth_more(amount: Amount) -> Amount {
    let tenth = amount.0.div_ceil(10).max(1);
    Amount(amount.0.saturating_add(tenth)) // saturates only at the greatest amount, which nothing exceeds
}

fn check_replacement(waiting: &Facts, newcomer: &Facts) -> Result<(), MempoolRefused> {
    let (max_fee_needed, tip_needed) = (a_tenth_more(waiting.max_fee), a_tenth_more(waiting.tip));
    if newcomer.max_fee >= max_fee_needed && newcomer.tip >= tip_needed {
        return Ok(());
    }
    Err(MempoolRefused::ReplacementUnderpriced { max_fee_needed, tip_needed })
}
