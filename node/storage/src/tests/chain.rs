//! A chain made of random blocks, and the slow plain model it is compared with.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chainstack_primitives::{
    Account, AccountId, Amount, Block, Body, BoundedVec, Bytes, Call, ChainId, DepositDelta, Event, Gas,
    Hash, Header, HeaderCore, HeaderRest, Height, Nonce, Receipt, Signature, Tag, TimeMs, Transaction,
    events_root, keccak256,
    merkle::{MountainRange, leaf},
    output_hash, receipt_root, tagged, transaction_root,
};
use chainstack_runtime::{
    ports::{Fault, Serial, StateReader},
    state::{
        ChangeSet, Commitment, Entry, EntryKey, NodeSource, Overlay, TrieId, Tries,
        commitment::{account_leaf, commit, state_root_of, storage_leaf},
    },
};
use chainstack_trie::{prove, verify};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{BlockCommit, CommitError, Head, MemoryDisk, RevertError, StateView, Store, StoreOptions};

/// Ids with code: they may own entries.
const CONTRACTS: u8 = 3;
/// Ids without.
const ACCOUNTS: u8 = 8;

fn contract(number: u8) -> AccountId {
    AccountId([0x10 + number; 32])
}

fn plain(number: u8) -> AccountId {
    AccountId([0x50 + number; 32])
}

/// State as plain maps.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Plain {
    pub(super) accounts: BTreeMap<AccountId, Account>,
    pub(super) entries: BTreeMap<EntryKey, Entry>,
    pub(super) codes: BTreeMap<Hash, Arc<[u8]>>,
}

impl Plain {
    fn apply(&mut self, changes: &ChangeSet) {
        self.accounts.extend(changes.accounts().iter().copied());
        for (key, entry) in changes.entries() {
            match entry {
                Some(entry) => _ = self.entries.insert(key.clone(), entry.clone()),
                None => _ = self.entries.remove(key),
            }
        }
        self.codes.extend(changes.codes().iter().map(|(hash, code)| (*hash, Arc::clone(code))));
    }

    fn root(&self) -> Hash {
        let entries = self.entries.iter().map(|(key, entry)| (key.clone(), entry.clone()));
        state_root_of(self.accounts.iter().map(|(id, account)| (*id, *account)), entries)
            .expect("a whole state")
    }
}

/// A block ready to be committed.
pub(super) struct Prepared {
    pub(super) block: Block,
    pub(super) receipts: Vec<Receipt>,
    pub(super) events: Vec<Vec<Event>>,
    pub(super) changes: ChangeSet,
    pub(super) commitment: Commitment,
}

impl Prepared {
    pub(super) fn commit(&self) -> BlockCommit<'_> {
        BlockCommit {
            block: &self.block,
            receipts: &self.receipts,
            events: self.events.iter().map(Vec::as_slice).collect(),
            changes: &self.changes,
            commitment: &self.commitment,
        }
    }

    pub(super) fn chain(&self) -> ChainId {
        ChainId(self.block.header.hash())
    }
}

/// One durable step of a script.
pub(super) enum Step {
    Commit(Box<Prepared>),
    Revert(Height),
}

impl Step {
    pub(super) fn run(&self, store: &Store) -> Result<Arc<Head>, StepError> {
        match self {
            Self::Commit(prepared) => store.commit_block(&prepared.commit()).map_err(StepError::Commit),
            Self::Revert(height) => store.revert_to(*height).map_err(StepError::Revert),
        }
    }
}

#[derive(Debug)]
#[expect(dead_code, reason = "printed where a test fails")]
pub(super) enum StepError {
    Commit(CommitError),
    Revert(RevertError),
}

/// What the chain is after a step: the state at every height, and the blocks.
#[derive(Clone)]
pub(super) struct Expected {
    pub(super) states: Vec<Arc<Plain>>,
    pub(super) hashes: Vec<Hash>,
}

impl Expected {
    pub(super) fn head(&self) -> Hash {
        *self.hashes.last().expect("genesis at least")
    }

    pub(super) fn height(&self) -> Height {
        Height(self.hashes.len() as u64 - 1)
    }

    fn after(mut self, step: &Step, hash: Hash) -> Self {
        match step {
            Step::Commit(prepared) => {
                let mut state = self.states.last().map(|state| (**state).clone()).unwrap_or_default();
                state.apply(&prepared.changes);
                self.states.push(Arc::new(state));
                self.hashes.push(hash);
            }
            Step::Revert(height) => {
                let kept = height.0 as usize + 1;
                self.states.truncate(kept);
                self.hashes.truncate(kept);
            }
        }
        self
    }
}

/// A script: genesis, steps, and what is expected after each (`expected[0]` after genesis).
pub(super) struct Script {
    pub(super) genesis: Prepared,
    pub(super) steps: Vec<Step>,
    pub(super) expected: Vec<Expected>,
    /// Every entry key that was ever written.
    pub(super) keys: BTreeSet<EntryKey>,
    pub(super) codes: BTreeSet<Hash>,
}

impl Script {
    /// `steps` steps from `seed`, moved by a campaign's; one in `revert_every` goes back (0: none), each block with up to `writes` writes.
    pub(super) fn new(seed: u64, steps: usize, revert_every: u32, writes: u32) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(super::seed(seed));
        let genesis = genesis(&mut random);
        let options = StoreOptions::default();
        let store = Store::create(MemoryDisk::new().open().expect("free"), &genesis.commit(), &options)
            .expect("created");
        let first = Step::Commit(Box::new(genesis));
        let start = Expected { states: Vec::new(), hashes: Vec::new() }.after(&first, store.head().hash);
        let Step::Commit(genesis) = first else { unreachable!() };
        let mut script = Self {
            keys: genesis.changes.entries().iter().map(|(key, _)| key.clone()).collect(),
            codes: genesis.changes.codes().keys().copied().collect(),
            genesis: *genesis,
            steps: Vec::new(),
            expected: vec![start],
        };
        let mut tries = Tries::cold();
        for _ in 0..steps {
            let head = store.head();
            let back = head.height().0.min(20);
            let revert = revert_every > 0 && back > 0 && random.random_range(0..revert_every) == 0;
            let step = if revert {
                Step::Revert(Height(head.height().0 - random.random_range(1..=back)))
            } else {
                let prepared = next_block(&mut random, &store.view(), &head, &mut tries, writes);
                script.keys.extend(prepared.changes.entries().iter().map(|(key, _)| key.clone()));
                script.codes.extend(prepared.changes.codes().keys().copied());
                Step::Commit(Box::new(prepared))
            };
            let head = step.run(&store).expect("a step that fits");
            let before = script.expected.last().expect("at least genesis").clone();
            script.expected.push(before.after(&step, head.hash));
            script.steps.push(step);
        }
        script
    }

    /// Compares a view with the model: all accounts, entries and codes ever seen, the walk over cells, and proofs
    /// of some keys.
    pub(super) fn compare(&self, view: &StateView, state: &Plain) {
        let at = view.height().0;
        for id in (0..CONTRACTS).map(contract).chain((0..ACCOUNTS).map(plain)) {
            assert_eq!(
                view.account(&id).expect("readable"),
                state.accounts.get(&id).copied(),
                "{id} at {at}"
            );
        }
        for key in &self.keys {
            let found = view.entry(&key.contract, key.cell, &key.key).expect("readable");
            assert_eq!(found.as_ref(), state.entries.get(key), "{key:?} at {at}");
        }
        for hash in &self.codes {
            assert_eq!(view.code(hash).expect("readable"), state.codes.get(hash).cloned(), "{hash} at {at}");
        }
    }

    /// Compares what stands on tries and ranges: dearer, so on some heights.
    pub(super) fn compare_deeply(&self, view: &StateView, state: &Plain) {
        self.compare(view, state);
        assert_eq!(view.state_root(), state.root(), "root at {}", view.height().0);
        for (id, account) in state.accounts.iter().chain([(&AccountId([9; 32]), &Account::default())]) {
            let root = view.trie_root(TrieId::Accounts).expect("readable");
            let proof = prove(&view.trie(TrieId::Accounts), root, &id.path().0).expect("provable");
            let storage_root = view.trie_root(TrieId::Storage(*id)).expect("readable");
            let expected = state.accounts.contains_key(id).then(|| account_leaf(account, &storage_root));
            assert_eq!(verify(root, &id.path().0, &proof), Ok(expected));
        }
        for key in self.keys.iter().step_by(3) {
            let trie = TrieId::Storage(key.contract);
            let root = view.trie_root(trie).expect("readable");
            let path = keccak256(&key.storage_key()).0;
            let proof = prove(&view.trie(trie), root, &path).expect("provable");
            assert_eq!(verify(root, &path, &proof), Ok(state.entries.get(key).map(storage_leaf)));
        }
        let cells: BTreeSet<_> = self.keys.iter().map(|key| (key.contract, key.cell)).collect();
        for (contract, cell) in cells {
            let expected: Vec<_> = state
                .entries
                .iter()
                .filter(|(key, _)| key.contract == contract && key.cell == cell)
                .map(|(key, entry)| (key.key.to_vec(), entry.clone()))
                .collect();
            for limit in [1, 3, 1000] {
                assert_eq!(walk(view, &contract, cell, limit), expected, "cell {cell} by {limit}");
            }
        }
    }
}

/// All entries of a cell, `limit` at a time.
fn walk(view: &StateView, contract: &AccountId, cell: u16, limit: usize) -> Vec<(Vec<u8>, Entry)> {
    let mut all: Vec<(Vec<u8>, Entry)> = Vec::new();
    let mut from = Vec::new();
    loop {
        let page = view.entries(contract, cell, &from, limit).expect("readable");
        let Some((last, _)) = page.last() else { return all };
        from = last.clone();
        from.push(0);
        all.extend(page);
    }
}

fn genesis(random: &mut ChaCha8Rng) -> Prepared {
    let changes = {
        let mut overlay = Overlay::new(&NoState);
        let code: Arc<[u8]> = vec![0xC0; 2000].into();
        overlay.set_code(tagged(Tag::Code, &code), Arc::clone(&code));
        for number in 0..CONTRACTS {
            let account = Account { code_hash: tagged(Tag::Code, &code), ..Account::default() };
            overlay.set_account(&contract(number), account).expect("in memory");
        }
        for number in 0..ACCOUNTS / 2 {
            let account = Account { balance: Amount(1_000_000), ..Account::default() };
            overlay.set_account(&plain(number), account).expect("in memory");
        }
        write_entries(random, &mut overlay, 10);
        overlay.into_changes()
    };
    let commitment = commit(&changes, &NoState, &NoState, &mut Tries::cold(), &Serial).expect("in memory");
    let header =
        header(random, Height(0), Hash::ZERO, MountainRange::default().root(), commitment.state_root);
    let mut block = Block { header, transactions: BoundedVec::new(), last_commit: Bytes::new() };
    block.header.rest.tx_root = transaction_root(&[]);
    block.header.rest.receipt_root = receipt_root(&[]);
    Prepared { block, receipts: Vec::new(), events: Vec::new(), changes, commitment }
}

/// The state before genesis.
struct NoState;

impl StateReader for NoState {
    fn account(&self, _id: &AccountId) -> Result<Option<Account>, Fault> {
        Ok(None)
    }

    fn entry(&self, _contract: &AccountId, _cell: u16, _key: &[u8]) -> Result<Option<Entry>, Fault> {
        Ok(None)
    }

    fn code(&self, _hash: &Hash) -> Result<Option<Arc<[u8]>>, Fault> {
        Ok(None)
    }
}

impl NodeSource for NoState {
    fn node(&self, _trie: TrieId, _path: &chainstack_trie::Nibbles) -> Result<Option<Vec<u8>>, Fault> {
        Ok(None)
    }
}

/// A random block on top of `head`.
pub(super) fn next_block(
    random: &mut ChaCha8Rng,
    view: &StateView,
    head: &Head,
    tries: &mut Tries,
    writes: u32,
) -> Prepared {
    let mut overlay = Overlay::new(view);
    for _ in 0..random.random_range(0..=writes) {
        let id = plain(random.random_range(0..ACCOUNTS));
        let mut account = overlay.account_or_new(&id).expect("readable");
        account.nonce = Nonce(account.nonce.0 + 1);
        account.balance = Amount(u128::from(random.next_u64()));
        overlay.set_account(&id, account).expect("readable");
    }
    write_entries(random, &mut overlay, writes);
    if random.random_range(0..8) == 0 {
        let code: Arc<[u8]> = vec![random.random_range(0..4u8); random.random_range(1..100_000)].into();
        overlay.set_code(tagged(Tag::Code, &code), code);
    }
    let changes = overlay.into_changes();
    let commitment = commit(&changes, view, view, tries, &Serial).expect("readable");

    let count = random.random_range(0..=writes);
    let (mut transactions, mut receipts, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..count {
        let transaction = transaction(random);
        let announced: Vec<Event> = (0..random.random_range(0..3)).map(|_| event(random)).collect();
        receipts.push(receipt(&transaction, &announced));
        transactions.push(transaction);
        events.push(announced);
    }
    let history = head.history.clone().appended(head.hash).root();
    let height = Height(head.height().0 + 1);
    let mut header = header(random, height, head.hash, history, commitment.state_root);
    header.rest.tx_root = transaction_root(&transactions);
    header.rest.receipt_root = receipt_root(&receipts);
    let transactions = transactions.try_into().expect("few");
    let block = Block { header, transactions, last_commit: Bytes::new() };
    Prepared { block, receipts, events, changes, commitment }
}

fn write_entries(random: &mut ChaCha8Rng, overlay: &mut Overlay<'_>, writes: u32) {
    for _ in 0..random.random_range(0..=writes) {
        let owner = contract(random.random_range(0..CONTRACTS));
        let cell = [1, 0x0102, 0xFF00][random.random_range(0..3usize)];
        let mut key = vec![random.random_range(0..3u8); random.random_range(0..4usize)];
        if random.random_range(0..10) == 0 {
            key = vec![0; 256];
        }
        let entry = (random.random_range(0..3) > 0).then(|| Entry {
            value: vec![random.random(); random.random_range(0..200)],
            payer: plain(0),
            deposit: Amount(u128::from(random.next_u32())),
        });
        overlay.set_entry(&owner, cell, &key, entry).expect("readable");
    }
}

fn header(
    random: &mut ChaCha8Rng,
    height: Height,
    parent: Hash,
    history_root: Hash,
    state_root: Hash,
) -> Header {
    let nothing = leaf(b"");
    Header {
        core: HeaderCore {
            version: 1,
            chain: ChainId::default(),
            height,
            time_ms: TimeMs(height.0 * 1000),
            state_root,
            history_root,
            next_validators_hash: nothing,
        },
        rest: HeaderRest {
            parent,
            tx_root: nothing,
            receipt_root: nothing,
            shares_root: nothing,
            validators_hash: nothing,
            last_commit_hash: nothing,
            base_fee: Amount(7),
            gas_used: Gas(0),
            proposer: plain(0),
            beacon: Hash(random.random()),
        },
    }
}

fn transaction(random: &mut ChaCha8Rng) -> Transaction {
    let body = Body {
        version: 1,
        chain: ChainId::default(),
        nonce: Nonce(random.next_u64()),
        valid_until: Height(9),
        gas_limit: Gas(1),
        max_fee_per_gas: Amount(1),
        tip_per_gas: Amount(0),
        max_deposit: Amount(0),
        call: Call::Transfer { to: plain(1), amount: Amount(5) },
    };
    let mut signature = [0; 64];
    random.fill_bytes(&mut signature);
    Transaction { body, signer: plain(2), signature: Signature(signature) }
}

fn event(random: &mut ChaCha8Rng) -> Event {
    let size = random.random_range(0..20usize);
    let data = vec![random.random(); size].try_into().expect("short");
    Event { contract: contract(random.random_range(0..CONTRACTS)), event: random.random_range(0..3), data }
}

fn receipt(transaction: &Transaction, events: &[Event]) -> Receipt {
    Receipt {
        id: transaction.id(),
        code: 0,
        failed_call: None,
        gas: Gas(21),
        fee: Amount(3),
        deposit: DepositDelta::default(),
        output_hash: output_hash(b""),
        events_root: events_root(events),
        event_count: events.len() as u32,
        revert: Bytes::new(),
    }
}
