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

mod queue;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BinaryHeap, HashMap},
    fmt,
    sync::Arc,
};

use chainstack_primitives::{AccountId, Amount, Hash, Height, Nonce, codes};

use self::queue::{Offer, Queue};

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

/// Why a transaction is not taken into the pool. Says nothing about whether it is valid later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MempoolRefused {
    /// The very bytes wait already.
    AlreadyKnown,
    /// The account is past this nonce.
    NonceTooLow {
        /// The account's next nonce.
        expected: Nonce,
        /// The transaction's.
        found: Nonce,
    },
    /// The nonce is further ahead than the pool keeps.
    NonceTooHigh {
        /// The greatest nonce the pool takes.
        limit: Nonce,
        /// The transaction's.
        found: Nonce,
    },
    /// The chain is past the transaction's last height.
    Expired {
        /// The transaction's last height.
        valid_until: Height,
        /// The next height.
        next: Height,
    },
    /// A waiting transaction with this nonce offers about as much.
    ReplacementUnderpriced {
        /// Least `max_fee_per_gas` that replaces.
        max_fee_needed: Amount,
        /// Least `tip_per_gas` that replaces.
        tip_needed: Amount,
    },
    /// The account's waiting transactions would together reserve more than its balance.
    InsufficientFunds {
        /// What all would reserve.
        needed: Amount,
        /// The balance.
        found: Amount,
    },
    /// The account has as many waiting as it may.
    AccountQueueFull {
        /// The bound.
        limit: usize,
    },
    /// The pool is full and the transaction does not pay enough to make room.
    Full,
}

impl MempoolRefused {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::AlreadyKnown => codes::ALREADY_KNOWN,
            Self::NonceTooLow { .. } => codes::NONCE_TOO_LOW,
            Self::NonceTooHigh { .. } => codes::NONCE_TOO_HIGH,
            Self::Expired { .. } => codes::EXPIRED,
            Self::ReplacementUnderpriced { .. } => codes::REPLACEMENT_UNDERPRICED,
            Self::InsufficientFunds { .. } => codes::INSUFFICIENT_FUNDS,
            Self::AccountQueueFull { .. } => codes::ACCOUNT_QUEUE_FULL,
            Self::Full => codes::MEMPOOL_FULL,
        }
    }
}

impl fmt::Display for MempoolRefused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyKnown => formatter.write_str("these bytes already wait in the pool"),
            Self::NonceTooLow { expected, found } => {
                write!(formatter, "nonce {found} was used already; the account's next is {expected}")
            }
            Self::NonceTooHigh { limit, found } => {
                write!(formatter, "nonce {found} is too far ahead; at most {limit} is kept")
            }
            Self::Expired { valid_until, next } => {
                write!(formatter, "valid until height {valid_until}, and the next block is {next}")
            }
            Self::ReplacementUnderpriced { max_fee_needed, tip_needed } => write!(
                formatter,
                "a transaction with this nonce waits; to replace it offer max_fee_per_gas {max_fee_needed} and \
                 tip_per_gas {tip_needed} at least"
            ),
            Self::InsufficientFunds { needed, found } => write!(
                formatter,
                "balance {found} found, {needed} reserved by the account's waiting transactions together"
            ),
            Self::AccountQueueFull { limit } => {
                write!(formatter, "the account has {limit} transactions waiting")
            }
            Self::Full => formatter.write_str("the pool is full of transactions that pay more"),
        }
    }
}

impl std::error::Error for MempoolRefused {}

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
    bytes: usize,
    arrivals: u64,
}

impl<T> Mempool<T> {
    /// An empty pool.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, queues: BTreeMap::new(), by_id: HashMap::new(), bytes: 0, arrivals: 0 }
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
        let waiting = queue.map_or(Some(Amount::ZERO), Queue::reserved);
        let without =
            waiting.and_then(|sum| sum.checked_sub(replaced.map_or(Amount::ZERO, |it| it.facts.reservation)));
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
    /// of what it replaces.
    fn make_room(
        &mut self,
        newcomer: &Facts,
        freed: Option<usize>,
        ready: bool,
        base_fee: Amount,
    ) -> Result<(), MempoolRefused> {
        let mut victims = Vec::new();
        let mut count = self.len().saturating_sub(usize::from(freed.is_some()));
        let mut bytes = self.bytes.saturating_sub(freed.unwrap_or(0));
        let Bounds { transactions_max, bytes_max, .. } = self.bounds;
        let full = |count: usize, bytes: usize| {
            count >= transactions_max || bytes.saturating_add(newcomer.size_bytes) > bytes_max
        };
        if full(count, bytes) {
            if !ready {
                return Err(MempoolRefused::Full);
            }
            let mut candidates = self.eviction_order(base_fee, &newcomer.signer);
            while full(count, bytes) {
                let Some(offer) = candidates.pop() else { return Err(MempoolRefused::Full) };
                let pays_enough = offer.gapped
                    || newcomer.offer_above(base_fee).is_some_and(|own| own >= a_tenth_more(offer.price));
                if !pays_enough {
                    return Err(MempoolRefused::Full);
                }
                count = count.saturating_sub(1);
                bytes = bytes.saturating_sub(offer.size_bytes);
                if let Some(queue) = self.queues.get(&offer.signer)
                    && let Some(next) = queue.offer_below(offer.nonce, base_fee)
                {
                    candidates.push(next);
                }
                victims.push((offer.signer, offer.nonce));
            }
        }
        for (signer, nonce) in victims {
            self.remove(&signer, nonce);
        }
        Ok(())
    }

    /// The last transaction of every account but `spared`, cheapest on top.
    fn eviction_order(&self, base_fee: Amount, spared: &AccountId) -> BinaryHeap<Offer> {
        let others = self.queues.iter().filter(|(signer, _)| *signer != spared);
        others.filter_map(|(_, queue)| queue.last_offer(base_fee)).collect()
    }

    fn put(&mut self, facts: Facts, transaction: T, account: Nonce) {
        self.remove(&facts.signer, facts.nonce);
        self.bytes = self.bytes.saturating_add(facts.size_bytes);
        self.by_id.insert(facts.id, (facts.signer, facts.nonce));
        self.arrivals = self.arrivals.saturating_add(1);
        let (signer, arrival) = (facts.signer, self.arrivals);
        let queue = self.queues.entry(signer).or_default();
        queue.put(Waiting { facts, arrival, transaction: Arc::new(transaction) }, account);
    }

    fn remove(&mut self, signer: &AccountId, nonce: Nonce) {
        let Some(queue) = self.queues.get_mut(signer) else { return };
        if let Some(waiting) = queue.remove(nonce) {
            self.bytes = self.bytes.saturating_sub(waiting.facts.size_bytes);
            self.by_id.remove(&waiting.facts.id);
        }
        if queue.len() == 0 {
            self.queues.remove(signer);
        }
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
        self.queues.iter().any(|(signer, queue)| queue.head(signer, base_fee).is_some())
    }

    /// After a block: drops what it included, what its nonces overtook, and what expired before `next`.
    /// `nonces` are the new nonces of the accounts that signed in the block.
    pub fn on_block(&mut self, nonces: impl IntoIterator<Item = (AccountId, Nonce)>, next: Height) {
        for (signer, nonce) in nonces {
            let passed =
                self.queues.get_mut(&signer).map(|queue| queue.set_account(nonce)).unwrap_or_default();
            for old in passed {
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
