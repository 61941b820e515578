//! A small chain to test on: keys, a genesis, and blocks that are each built once and applied on a second,
//! cold instance.

use std::sync::Arc;

use chainstack_primitives::{
    AccountId, Amount, BatchCall, Block, Body, Bytes, Call, CodeSource, Gas, Hash, Height, Instantiate,
    Invoke, Nonce, Receipt, Signature, Tag, TimeMs, Transaction, codes, keccak256, signature, tagged,
};
use chainstack_runtime::{
    block::{Applied, ApplyError, Built, Machine, Parent, Proposal, VerifiedBlock, apply_block, build_block},
    genesis::{self, Genesis, Paradigm, Validator},
    memory::MemoryState,
    params::Schedule,
    ports::{Parallel, Serial},
    state::Tries,
    transaction::VerifiedTransaction,
};
use parity_scale_codec::Encode;
use rand_core::{CryptoRng, Error, RngCore, impls};
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey, context::attach_rng, signing_context};

use crate::puppet::Puppet;

/// Code of the paradigm `box`.
pub(crate) const BOX_CODE: &[u8] = b"a box that does as told";

/// The seed that a campaign gives, else `usual`.
pub(crate) fn seed(usual: u64) -> u64 {
    std::env::var("CHAINSTACK_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// SplitMix64: deterministic numbers for tests.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.next_u64() % sides
    }
}

impl RngCore for Dice {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        impls::fill_bytes_via_next(self, bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Dice {}

/// An account that can sign.
#[derive(Clone)]
pub(crate) struct Key(Keypair);

impl Key {
    pub(crate) fn new(seed: u8) -> Self {
        let secret = MiniSecretKey::from_bytes(&[seed; 32]).expect("32 bytes");
        Self(secret.expand_to_keypair(ExpansionMode::Ed25519))
    }

    pub(crate) fn id(&self) -> AccountId {
        AccountId(self.0.public.to_bytes())
    }

    /// Signs with a nonce that depends on the body only, so that golden files can hold signatures.
    pub(crate) fn sign(&self, body: Body) -> Transaction {
        let message = signature::sign_bytes(signature::Purpose::Transaction, &body.encode());
        let digest = keccak256(&message).0;
        let dice = Dice(u64::from_le_bytes(digest[..8].try_into().expect("8 bytes")));
        let transcript = attach_rng(signing_context(signature::SIGNING_CONTEXT).bytes(&message), dice);
        Transaction { body, signer: self.id(), signature: Signature(self.0.sign(transcript).to_bytes()) }
    }

    pub(crate) fn verified(&self, body: Body) -> Arc<VerifiedTransaction> {
        Arc::new(VerifiedTransaction::verify(self.sign(body)).expect("signed right here"))
    }
}

/// Runs jobs in the reverse order, on two threads: results must not depend on it.
pub(crate) struct Backwards;

impl Parallel for Backwards {
    fn for_each(&self, count: usize, job: &(dyn Fn(usize) + Sync)) {
        std::thread::scope(|scope| {
            scope.spawn(|| (0..count / 2).rev().for_each(job));
            (count / 2..count).rev().for_each(job);
        });
    }
}

/// A chain with its state.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) schedule: Schedule,
    pub(crate) state: MemoryState,
    pub(crate) parent: Parent,
    pub(crate) nonces: std::collections::BTreeMap<AccountId, u64>,
}

pub(crate) fn coins(coins: u128) -> Amount {
    Amount::coins(coins).expect("few")
}

/// The operator of the chain; owns nothing at first.
pub(crate) fn operator() -> Key {
    Key::new(99)
}

/// The genesis of the tests: keys 1 to 6 own 1000 coins each.
pub(crate) fn genesis() -> Genesis {
    let mut balances: Vec<_> = (1..=6).map(|seed| (Key::new(seed).id(), coins(1000))).collect();
    balances.sort();
    let paradigm =
        Paradigm { name: "box".try_into().expect("short"), code: BOX_CODE.try_into().expect("short") };
    Genesis {
        name: "test".try_into().expect("short"),
        version: 1,
        time_ms: TimeMs(1_000_000),
        balances: balances.try_into().expect("few"),
        paradigms: vec![paradigm].try_into().expect("few"),
        validators: vec![Validator { id: operator().id(), power: 1 }].try_into().expect("one"),
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Schedule::base().expect("base file"))
    }

    pub(crate) fn with(schedule: Schedule) -> Self {
        let applied = genesis::build(&genesis(), &schedule, &Puppet).expect("sound genesis");
        let mut state = MemoryState::new();
        state.apply(&applied);
        let world = Self {
            schedule,
            state,
            parent: applied.as_parent().expect("own history"),
            nonces: std::collections::BTreeMap::new(),
        };
        world.check();
        world
    }

    pub(crate) fn machine<'a>(&'a self, parallel: &'a dyn Parallel) -> Machine<'a> {
        Machine {
            reader: &self.state,
            nodes: &self.state,
            executor: &Puppet,
            schedule: &self.schedule,
            parallel,
        }
    }

    /// A body that is includable next, for its signer's nonce.
    pub(crate) fn body(&self, key: &Key, call: Call) -> Body {
        let nonce = self.state.accounts().get(&key.id()).map_or(Nonce(0), |account| account.nonce);
        Body {
            version: 1,
            chain: self.parent.chain(),
            nonce,
            valid_until: Height(self.parent.header().core.height.0 + 100),
            gas_limit: Gas(5_000_000),
            max_fee_per_gas: Amount(2_000_000_000),
            tip_per_gas: Amount(100),
            max_deposit: coins(1),
            call,
        }
    }

    /// A transaction of `key` for the next free nonce, counted here, so that several fit one block.
    pub(crate) fn next(&mut self, key: &Key, call: Call) -> Arc<VerifiedTransaction> {
        let body = self.next_body(key, call);
        key.verified(body)
    }

    pub(crate) fn next_body(&mut self, key: &Key, call: Call) -> Body {
        let mut body = self.body(key, call);
        let nonce = self.nonces.entry(key.id()).or_insert(body.nonce.0);
        body.nonce = Nonce(*nonce);
        *nonce += 1;
        body
    }

    pub(crate) fn proposal(&self) -> Proposal {
        Proposal {
            time_ms: TimeMs(self.parent.header().core.time_ms.0 + 1000),
            proposer: operator().id(),
            last_commit: Bytes::new(),
        }
    }

    pub(crate) fn build(&self, candidates: &[Arc<VerifiedTransaction>]) -> Built {
        let built = build_block(
            &self.machine(&Serial),
            &mut Tries::cold(),
            &self.parent,
            self.proposal(),
            candidates,
        );
        built.expect("sound proposal")
    }

    pub(crate) fn apply(&self, block: Block) -> Result<Applied, ApplyError> {
        let verified = VerifiedBlock::verify(block, &|_| None).map_err(ApplyError::Invalid)?;
        apply_block(&self.machine(&Backwards), &mut Tries::cold(), &self.parent, &verified)
    }

    /// Builds a block, has a second instance apply its bytes, checks that both say the same, and moves on.
    pub(crate) fn seal(&mut self, candidates: &[Arc<VerifiedTransaction>]) -> Built {
        let built = self.build(candidates);
        let bytes = built.block.encode();
        let block = Block::decode_all(&bytes).expect("own encoding");
        let applied = self.apply(block).expect("own block");
        assert_eq!(applied, built.applied, "builder and validator differ");
        self.state.apply(&applied);
        self.parent = applied.as_parent().expect("own history");
        self.nonces.clear();
        self.check();
        built
    }

    /// As [`Self::seal`], where every candidate has to be included.
    pub(crate) fn seal_all(&mut self, candidates: &[Arc<VerifiedTransaction>]) -> Built {
        let built = self.seal(candidates);
        assert_eq!(built.dropped, [], "all includable");
        built
    }

    /// One transaction in a block of its own: its receipt.
    pub(crate) fn run(&mut self, key: &Key, call: Call) -> Receipt {
        let transaction = self.next(key, call);
        self.seal_all(&[transaction]).applied.receipts[0].clone()
    }

    pub(crate) fn check(&self) {
        self.state.check_invariants().expect("invariants");
        let root = self.state.state_root().expect("sound state");
        assert_eq!(root, self.parent.header().core.state_root, "root from flat state");
    }

    pub(crate) fn balance(&self, id: &AccountId) -> Amount {
        self.state.accounts().get(id).map_or(Amount::ZERO, |account| account.balance)
    }

    /// Instantiates the paradigm `box` for `key`: its address.
    pub(crate) fn deploy(&mut self, key: &Key, salt: &[u8]) -> AccountId {
        let receipt = self.run(key, instantiate(salt, b"", Amount::ZERO));
        assert_eq!(receipt.code, codes::OK);
        box_address(self, key, salt)
    }
}

pub(crate) fn box_hash() -> Hash {
    tagged(Tag::Code, BOX_CODE)
}

pub(crate) fn box_address(world: &World, key: &Key, salt: &[u8]) -> AccountId {
    AccountId::contract(&world.parent.chain(), &key.id(), &box_hash(), salt)
}

pub(crate) fn transfer(to: AccountId, amount: Amount) -> Call {
    Call::Transfer { to, amount }
}

pub(crate) fn instantiate(salt: &[u8], args: &[u8], value: Amount) -> Call {
    Call::Instantiate(Instantiate {
        code: CodeSource::Paradigm("box".try_into().expect("short")),
        salt: salt.try_into().expect("short"),
        args: args.try_into().expect("short"),
        value,
    })
}

pub(crate) fn invocation(contract: AccountId, method: &str, args: impl Encode, value: Amount) -> Invoke {
    Invoke {
        contract,
        method: method.try_into().expect("short"),
        args: args.encode().try_into().expect("short"),
        value,
        sends: vec![].try_into().expect("none"),
    }
}

pub(crate) fn invoke(contract: AccountId, method: &str, args: impl Encode) -> Call {
    Call::Invoke(invocation(contract, method, args, Amount::ZERO))
}

pub(crate) fn entry(key: &[u8], value: &[u8]) -> (Vec<u8>, Vec<u8>) {
    (key.to_vec(), value.to_vec())
}

pub(crate) fn batch(calls: Vec<BatchCall>) -> Call {
    Call::Batch(calls.try_into().expect("at most 64"))
}
