//! The store: one writer, any number of readers, each of which sees one block boundary.
//!
//! Concurrency, in one place. `epoch` is even while nothing is written and odd during a write of the head's batch.
//! A reader that finds the same even epoch before and after a read, with its own height as the head's, has read its
//! own boundary; any other reader asks history as well (see [`crate::history`]). The warm layer takes a value only
//! while the epoch it was read in lasts. `oldest` and `generation` are raised **before** the write that invalidates
//! views, and looked at **after** each read, so a view that has become too old answers with a fault, never with
//! another boundary's value. `generation` is odd exactly while a revert is under way: a view taken then is too old
//! from the start, for it has the head that is going away.

pub(crate) mod blocks;
mod commit;
pub(crate) mod events;
pub(crate) mod meta;
mod range;
mod revert;
mod view;

use std::sync::{
    Arc, Mutex, PoisonError, RwLock,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use chainstack_primitives::{ChainId, Hash, Header, Height, merkle::MountainRange};

use chainstack_runtime::block::Parent;

pub use blocks::Inclusion;
pub use commit::BlockCommit;
pub use events::{
    EVENTS_PER_QUERY_MAX, EventFilter, EventPage, EventRecord, QueryBounds, ROWS_PER_QUERY_MIN,
};
pub use range::ENTRIES_PER_RANGE_MAX;
pub use view::{AccountRecord, StateView, TrieView};

use crate::{
    BackendError, Counters, HistoryMode, OpenError, StorageFault, WarmLimits,
    backend::{Backend, Batch, Column},
    history,
    keys::{FlatKey, Space},
    record, recovery,
    warm::{Value, Warm},
};

/// How a store is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StoreOptions {
    /// How much history is kept; must be what the store was created with.
    pub history: HistoryMode,
    /// Memory for warm values.
    pub warm: WarmLimits,
}

/// The last block of the chain, and what the next one needs to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// Its header.
    pub header: Header,
    /// Its hash.
    pub hash: Hash,
    /// Mountain range over the hashes of the block's ancestors: its root is the header's `history_root`.
    pub history: MountainRange,
    /// Oldest height whose state can be read.
    pub oldest: Height,
}

impl Head {
    /// Height of the block.
    #[must_use]
    pub fn height(&self) -> Height {
        self.header.core.height
    }

    /// Root of the state after the block.
    #[must_use]
    pub fn state_root(&self) -> Hash {
        self.header.core.state_root
    }

    /// The block as the parent of the next one.
    ///
    /// # Panics
    /// Never for the head of a store, which has checked that header and history fit together.
    #[must_use]
    pub fn as_parent(&self) -> Parent {
        let parent = Parent::new(self.header.clone(), self.history.clone());
        parent.expect("the store checked that header and history fit together")
    }
}

/// Blocks and state on a backend. Clones are the same store.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
}

/// A block boundary of one history of the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Moment {
    pub(crate) height: Height,
    /// Twice the number of reverts there had been; odd during one.
    pub(crate) generation: u64,
}

pub(crate) struct Shared {
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) chain: ChainId,
    pub(crate) mode: HistoryMode,
    /// Held by the one who writes.
    pub(crate) writing: Mutex<()>,
    pub(crate) head: RwLock<Arc<Head>>,
    epoch: AtomicU64,
    /// Height of the head, for reads without a lock.
    stable: AtomicU64,
    oldest: AtomicU64,
    generation: AtomicU64,
    poisoned: AtomicBool,
    flat: Warm,
    nodes: Warm,
}

/// Values to bring into the warm layer when their batch is durable: key with space, value.
pub(crate) type Pending = Vec<(Box<[u8]>, Value)>;

impl Shared {
    fn new(
        backend: Box<dyn Backend>,
        chain: ChainId,
        mode: HistoryMode,
        head: Head,
        warm: WarmLimits,
    ) -> Self {
        Self {
            backend,
            chain,
            mode,
            writing: Mutex::new(()),
            epoch: AtomicU64::new(0),
            stable: AtomicU64::new(head.height().0),
            oldest: AtomicU64::new(head.oldest.0),
            generation: AtomicU64::new(0),
            poisoned: AtomicBool::new(false),
            head: RwLock::new(Arc::new(head)),
            flat: Warm::new(warm.flat_bytes),
            nodes: Warm::new(warm.node_bytes),
        }
    }

    pub(crate) fn head(&self) -> Arc<Head> {
        Arc::clone(&self.head.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The head and how many reverts there have been, as one.
    pub(crate) fn head_moment(&self) -> (Arc<Head>, Moment) {
        // The generation first: a revert in between makes the moment outdated, not wrong.
        let generation = self.generation.load(Ordering::Acquire);
        let head = self.head();
        let height = head.height();
        (head, Moment { height, generation })
    }

    fn alive(&self) -> Result<(), StorageFault> {
        if self.poisoned.load(Ordering::Acquire) { Err(BackendError::Poisoned.into()) } else { Ok(()) }
    }

    fn warm(&self, space: Space) -> &Warm {
        if space == Space::Nodes { &self.nodes } else { &self.flat }
    }

    /// Payload of a record.
    pub(crate) fn payload(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StorageFault> {
        self.alive()?;
        let Some(mut sealed) = self.backend.get(column, key)? else { return Ok(None) };
        record::open(column, key, &sealed)?;
        sealed.drain(..record::ENVELOPE_SIZE);
        Ok(Some(sealed))
    }

    /// The newest value under `key`, of the head or of the block that is being written.
    pub(crate) fn newest(&self, key: &FlatKey) -> Result<Value, StorageFault> {
        self.alive()?;
        let warm = self.warm(key.space());
        if let Some(value) = warm.get(key.tagged()) {
            return Ok(value);
        }
        let epoch = self.epoch.load(Ordering::Acquire);
        let column = key.space().column();
        let value: Value = match self.backend.get(column, key.flat())? {
            Some(sealed) => Some(record::open(column, key.flat(), &sealed)?.into()),
            None => None,
        };
        // Nothing else says what the code under a hash is, and it would be run. Here once for each miss.
        if let (Space::Codes, Some(code)) = (key.space(), &value) {
            recovery::check_code(key.flat(), code)?;
        }
        if epoch.is_multiple_of(2) {
            warm.learn(key.tagged(), &value, || self.epoch.load(Ordering::Acquire) == epoch);
        }
        Ok(value)
    }

    /// An even epoch, if one is on.
    pub(crate) fn calm(&self) -> Option<u64> {
        Some(self.epoch.load(Ordering::Acquire)).filter(|epoch| epoch.is_multiple_of(2))
    }

    /// Whether the head has been at `at` ever since `calm` was asked.
    pub(crate) fn undisturbed(&self, calm: Option<u64>, at: Moment) -> bool {
        let Some(epoch) = calm else { return false };
        let still = self.stable.load(Ordering::Acquire) == at.height.0
            && self.generation.load(Ordering::Acquire) == at.generation;
        still && self.epoch.load(Ordering::Acquire) == epoch
    }

    /// Greatest height that something read so far can come from.
    pub(crate) fn newest_height(&self) -> Height {
        Height(self.stable.load(Ordering::Acquire).saturating_add(1))
    }

    /// The value under `key` at a block boundary.
    pub(crate) fn value_at(&self, at: Moment, key: &FlatKey) -> Result<Value, StorageFault> {
        let calm = self.calm();
        let newest = self.newest(key)?;
        if self.undisturbed(calm, at) {
            return Ok(newest);
        }
        let backend = self.backend.as_ref();
        let changed = history::changed_since(backend, self.mode, key, at.height, self.newest_height())?;
        self.check(at)?;
        Ok(changed.unwrap_or(newest))
    }

    /// Whether what was read for `at` up to now is of that boundary.
    pub(crate) fn check(&self, at: Moment) -> Result<(), StorageFault> {
        self.alive()?;
        let within_revert = !at.generation.is_multiple_of(2);
        if within_revert || self.generation.load(Ordering::Acquire) != at.generation {
            return Err(StorageFault::Reverted);
        }
        let oldest = Height(self.oldest.load(Ordering::Acquire));
        if at.height < oldest { Err(StorageFault::Pruned { height: at.height, oldest }) } else { Ok(()) }
    }

    /// Writes the batch that moves the head, and publishes the head. The caller holds `writing`.
    ///
    /// On error the store is poisoned.
    pub(crate) fn publish(
        &self,
        batch: &Batch,
        head: Head,
        warm: Warming,
    ) -> Result<Arc<Head>, StorageFault> {
        self.alive()?;
        self.oldest.store(head.oldest.0, Ordering::Release);
        let reverts = matches!(warm, Warming::Forget);
        if reverts {
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
        self.epoch.fetch_add(1, Ordering::AcqRel);
        if let Err(error) = self.backend.write(batch) {
            self.poisoned.store(true, Ordering::Release);
            return Err(error.into());
        }
        match warm {
            Warming::Learn(pending) => {
                for (key, value) in pending {
                    let nodes = key.first() == Some(&(Space::Nodes as u8));
                    let warm = if nodes { &self.nodes } else { &self.flat };
                    warm.update(key, value);
                }
            }
            Warming::Forget => {
                self.flat.clear();
                self.nodes.clear();
            }
        }
        let head = Arc::new(head);
        *self.head.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&head);
        self.stable.store(head.height().0, Ordering::Release);
        // Even again: a view taken since the first count has the old head, and an odd generation.
        if reverts {
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
        self.epoch.fetch_add(1, Ordering::AcqRel);
        Ok(head)
    }
}

/// What happens to the warm layer when the head moves.
pub(crate) enum Warming {
    /// It learns the new values.
    Learn(Pending),
    /// It is emptied: the head went back.
    Forget,
}

impl Store {
    /// Creates a store from its genesis block, which is durable when this returns.
    ///
    /// # Errors
    /// [`OpenError::Occupied`] if there is a store already, [`OpenError::Genesis`] if the block is not one of height
    /// 0 or contradicts its commitment, [`OpenError::UnknownFormat`], [`OpenError::Fault`].
    pub fn create(
        backend: impl Backend + 'static,
        genesis: &BlockCommit<'_>,
        options: &StoreOptions,
    ) -> Result<Self, OpenError> {
        match recovery::identify(&backend) {
            Err(OpenError::Empty) => {}
            Ok(identity) => return Err(OpenError::Occupied { found: identity.chain }),
            Err(error) => return Err(error),
        }
        let backend: Box<dyn Backend> = Box::new(backend);
        let chain = ChainId(genesis.block.header.hash());
        let shared = commit::create(backend, chain, genesis, options)?;
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Opens the store of `chain` after checking format and chain, and the head's header, block, receipts, hash index
    /// and root node against each other.
    ///
    /// # Errors
    /// [`OpenError::Empty`] if nothing was created yet, [`OpenError::UnknownFormat`], [`OpenError::NotAStore`],
    /// [`OpenError::WrongChain`], [`OpenError::WrongHistory`]; [`OpenError::Fault`] if records are damaged.
    pub fn open(
        backend: impl Backend + 'static,
        chain: ChainId,
        options: &StoreOptions,
    ) -> Result<Self, OpenError> {
        let identity = recovery::identify(&backend)?;
        if identity.chain != chain {
            return Err(OpenError::WrongChain { expected: chain, found: identity.chain });
        }
        if identity.mode != options.history {
            return Err(OpenError::WrongHistory { expected: options.history, found: identity.mode });
        }
        let backend: Box<dyn Backend> = Box::new(backend);
        let head = recovery::read_head(backend.as_ref())?;
        let shared = Shared::new(backend, chain, identity.mode, head, options.warm);
        recovery::check_head(&shared)?;
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Opens the store if there is one, else creates it.
    ///
    /// # Errors
    /// As [`Store::open`] and [`Store::create`].
    pub fn open_or_create(
        backend: impl Backend + 'static,
        genesis: &BlockCommit<'_>,
        options: &StoreOptions,
    ) -> Result<Self, OpenError> {
        match recovery::identify(&backend) {
            Err(OpenError::Empty) => Self::create(backend, genesis, options),
            Ok(_) => Self::open(backend, ChainId(genesis.block.header.hash()), options),
            Err(error) => Err(error),
        }
    }

    /// The chain: hash of its genesis header.
    #[must_use]
    pub fn chain(&self) -> ChainId {
        self.shared.chain
    }

    /// The last block that is durable.
    #[must_use]
    pub fn head(&self) -> Arc<Head> {
        self.shared.head()
    }

    /// What the backend has done since it was opened.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.backend.counters()
    }

    /// Whether a write failed: the handle refuses everything, and the store has to be opened anew.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.shared.poisoned.load(Ordering::Acquire)
    }

    /// Hits, misses and bytes of the warm layers: flat, then nodes.
    #[must_use]
    pub fn warm_usage(&self) -> [WarmUsage; 2] {
        [&self.shared.flat, &self.shared.nodes].map(|layer| {
            let (hits, misses) = layer.usage();
            WarmUsage { hits, misses, size_bytes: layer.size_bytes() }
        })
    }
}

/// How a warm layer was used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WarmUsage {
    /// Reads answered from memory.
    pub hits: u64,
    /// Reads that went to the backend.
    pub misses: u64,
    /// Memory held, estimated, in bytes.
    pub size_bytes: usize,
}
