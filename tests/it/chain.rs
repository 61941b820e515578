//! A whole chain in this process and in memory: genesis, signed transactions, blocks that are built once and applied
//! once more. What tests use that have to look at the whole state, or to change it as no transaction could.

use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex, OnceLock},
};

use chainstack_client::{
    KeyPair,
    module::{embed_manifest, manifest_section},
    transaction::{Terms, sign_reproducibly},
    value,
};
use chainstack_host::{Executor, ExecutorConfig};
use chainstack_primitives::{
    Account, AccountId, Amount, Asset, Bytes, Call, CodeSource, Gas, Hash, Instantiate, Invoke, Nonce, Poke,
    Receipt, Send, Tag, TimeMs, codes, manifest::Manifest, tagged,
};
use chainstack_runtime::{
    block::{Applied, BlockInfo, Machine, Parent, Proposal, VerifiedBlock, apply_block, build_block, query},
    genesis::{self, Genesis, Paradigm, Validator},
    memory::MemoryState,
    params::Schedule,
    ports::{ExecutionError, Failure, Serial, StateReader as _},
    state::{Entry, EntryKey, Overlay, Tries, commitment, reserved},
    transaction::VerifiedTransaction,
};
use chainstack_tests::vectors::project;
use parity_scale_codec::{Decode, Encode};
use serde_json::{Map, Value};

/// Who has coins in genesis.
const RICH: [&str; 6] = ["//Alice", "//Bob", "//Charlie", "//Dave", "//Eve", "//Ferdie"];
/// Who proposes blocks, and has none.
const OPERATOR: &str = "//Operator";
/// Gas limit of each transaction.
const GAS: Gas = Gas(10_000_000);

/// A deployed contract.
#[derive(Clone)]
struct Deployed {
    address: AccountId,
    manifest: Manifest,
}

/// A chain. A clone goes on by itself.
#[derive(Clone)]
pub(crate) struct Chain {
    schedule: Arc<Schedule>,
    state: MemoryState,
    parent: Parent,
    contracts: BTreeMap<String, Deployed>,
}

/// What is asked for: who signs, what, and what deposits they would pay.
pub(crate) struct Order {
    pub(crate) from: &'static str,
    pub(crate) call: Call,
    pub(crate) max_deposit: Amount,
}

/// What became of a transaction.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) receipt: Receipt,
    pub(crate) output: Vec<u8>,
    /// Why it failed; empty if it did not.
    pub(crate) text: String,
}

impl Done {
    pub(crate) fn code(&self) -> u16 {
        self.receipt.code
    }
}

/// Compiles once for all tests; what it keeps ready goes by the hash of the code.
fn executor() -> &'static Executor {
    static EXECUTOR: OnceLock<Executor> = OnceLock::new();
    EXECUTOR.get_or_init(|| {
        let schedule = Schedule::base().expect("the base table");
        Executor::new(ExecutorConfig::default(), schedule).expect("an engine")
    })
}

/// A development key. Deriving one takes thousands of hashes, so that each is derived once.
fn pair(uri: &str) -> KeyPair {
    static PAIRS: Mutex<BTreeMap<String, KeyPair>> = Mutex::new(BTreeMap::new());
    let mut pairs = PAIRS.lock().expect("nobody panics with it");
    let derive = || KeyPair::from_uri(uri).expect("a development key");
    pairs.entry(uri.to_owned()).or_insert_with(derive).clone()
}

pub(crate) fn key(uri: &str) -> AccountId {
    pair(uri).public()
}

/// The code of a sample, as it is committed.
pub(crate) fn artifact(name: &str) -> Vec<u8> {
    fs::read(project().join(format!("contracts/artifacts/{name}.wasm"))).expect("a sample")
}

pub(crate) fn manifest_of(code: &[u8]) -> Manifest {
    Manifest::decode_checked(manifest_section(code).expect("a section")).expect("a manifest")
}

/// `code` with another manifest in it.
pub(crate) fn with_manifest(code: &[u8], manifest: &Manifest) -> Vec<u8> {
    manifest.validate().unwrap_or_else(|error| panic!("{error}"));
    embed_manifest(code, &manifest.encode()).expect("a module")
}

/// A module of this manifest, every export of which does `body` and no more.
fn doing(body: &str, manifest: &Manifest) -> Vec<u8> {
    let exports = manifest.methods().map(|name| format!("(func (export \"{name}\") {body})"));
    let text = format!("(module (memory (export \"memory\") 1) {})", exports.collect::<String>());
    with_manifest(&wat::parse_str(text).expect("a module"), manifest)
}

/// A module of this manifest, every export of which traps.
pub(crate) fn trapping(manifest: &Manifest) -> Vec<u8> {
    doing("unreachable", manifest)
}

/// A module of this manifest, every export of which does nothing.
pub(crate) fn idle(manifest: &Manifest) -> Vec<u8> {
    doing("", manifest)
}

impl Chain {
    pub(crate) fn new() -> Self {
        let schedule = Schedule::base().expect("the base table");
        let coins = Amount::coins(1_000_000).expect("few");
        let mut balances: Vec<_> = RICH.iter().map(|uri| (key(uri), coins)).collect();
        balances.sort_unstable_by_key(|(id, _)| *id);
        let paradigm = Paradigm {
            name: "erc20".try_into().expect("short"),
            code: artifact("erc20").try_into().expect("short"),
        };
        let genesis = Genesis {
            name: "test".try_into().expect("short"),
            version: schedule.version,
            time_ms: TimeMs(1_000_000),
            balances: balances.try_into().expect("few"),
            paradigms: vec![paradigm].try_into().expect("one"),
            validators: vec![Validator { id: key(OPERATOR), power: 1 }].try_into().expect("one"),
        };
        let applied = genesis::build(&genesis, &schedule, executor()).expect("a genesis");
        let mut state = MemoryState::new();
        state.apply(&applied);
        let parent = applied.as_parent().expect("a first block");
        Self { schedule: Arc::new(schedule), state, parent, contracts: BTreeMap::new() }
    }

    fn machine(&self) -> Machine<'_> {
        Machine {
            reader: &self.state,
            nodes: &self.state,
            executor: executor(),
            schedule: &self.schedule,
            parallel: &Serial,
        }
    }

    /// Height of the next block.
    pub(crate) fn next_height(&self) -> u64 {
        self.parent.header().core.height.0 + 1
    }

    pub(crate) fn state(&self) -> &MemoryState {
        &self.state
    }

    fn deployed(&self, name: &str) -> &Deployed {
        self.contracts.get(name).unwrap_or_else(|| panic!("no contract `{name}`"))
    }

    pub(crate) fn address(&self, name: &str) -> AccountId {
        self.deployed(name).address
    }

    pub(crate) fn manifest(&self, name: &str) -> &Manifest {
        &self.deployed(name).manifest
    }

    fn resolve(&self, text: &str) -> Option<AccountId> {
        if text.starts_with("//") {
            return Some(key(text));
        }
        self.contracts.get(text).map(|deployed| deployed.address)
    }

    /// The next block, of these transactions, built by one and applied by another; not taken over.
    fn made(&self, orders: Vec<Order>) -> Applied {
        let mut used: BTreeMap<AccountId, u64> = BTreeMap::new();
        let sign = |order: Order| {
            let pair = pair(order.from);
            let account = self.account(&pair.public());
            let count = used.entry(pair.public()).or_default();
            let terms = Terms {
                chain: self.parent.chain(),
                nonce: Nonce(account.nonce.0 + *count),
                valid_until: Terms::furthest(self.parent.header().core.height),
                gas_limit: GAS,
                max_fee_per_gas: Amount(self.parent.child_base_fee(&self.schedule).0 * 2),
                tip_per_gas: Amount(1),
                max_deposit: order.max_deposit,
            };
            *count += 1;
            let signed = sign_reproducibly(terms.body(order.call), &pair);
            Arc::new(VerifiedTransaction::verify(signed).expect("signed right here"))
        };
        let candidates: Vec<_> = orders.into_iter().map(sign).collect();
        let proposal = Proposal {
            time_ms: TimeMs(self.parent.header().core.time_ms.0 + 1_000),
            proposer: key(OPERATOR),
            last_commit: Bytes::new(),
        };
        let built = build_block(&self.machine(), &mut Tries::cold(), &self.parent, proposal, &candidates)
            .expect("a block");
        assert!(built.dropped.is_empty(), "{:?}", built.dropped);
        let block = VerifiedBlock::verify(built.block, &|_| None).expect("signed");
        let applied = apply_block(&self.machine(), &mut Tries::cold(), &self.parent, &block).expect("valid");
        assert_eq!(applied, built.applied, "who builds and who applies differ");
        applied
    }

    /// Seals the next block.
    pub(crate) fn seal(&mut self, orders: Vec<Order>) -> Vec<Done> {
        let applied = self.made(orders);
        self.state.apply(&applied);
        self.parent = applied.as_parent().expect("a block");
        self.state.check_invariants().unwrap_or_else(|violation| panic!("{violation:?}"));
        let done = applied.receipts.into_iter().zip(applied.outcomes);
        done.map(|(receipt, outcome)| {
            let text = outcome.diagnostics.map(|diagnostics| diagnostics.text).unwrap_or_default();
            Done { receipt, output: outcome.output, text }
        })
        .collect()
    }

    /// One transaction in a block of its own.
    pub(crate) fn run(&mut self, from: &'static str, call: Call) -> Done {
        let max_deposit = Amount::coins(1_000).expect("few");
        self.seal(vec![Order { from, call, max_deposit }]).pop().expect("one receipt")
    }

    /// As [`Self::run`], carried out.
    pub(crate) fn must(&mut self, from: &'static str, call: Call) -> Vec<u8> {
        let done = self.run(from, call);
        assert_eq!(done.code(), codes::OK, "{}", done.text);
        done.output
    }

    /// Uploads `code` unless it is there: its hash.
    pub(crate) fn upload(&mut self, code: &[u8]) -> Hash {
        let hash = tagged(Tag::Code, code);
        if self.state.code(&hash).expect("memory").is_none() {
            let _output = self.must("//Eve", Call::Upload { code: code.to_vec().try_into().expect("short") });
        }
        hash
    }

    /// Stands a contract of `code`, created by `from`, under `name`.
    pub(crate) fn deploy(
        &mut self,
        name: &str,
        from: &'static str,
        code: &[u8],
        params: &Value,
    ) -> AccountId {
        let manifest = manifest_of(code);
        let code = CodeSource::Hash(self.upload(code));
        let nothing = Map::new();
        let given = params.as_object().unwrap_or(&nothing);
        let args = value::encode_params(&manifest, given, &|text| self.resolve(text)).expect("parameters");
        let call = Call::Instantiate(Instantiate {
            code,
            salt: name.as_bytes().try_into().expect("short"),
            args: args.try_into().expect("short"),
            value: Amount::ZERO,
        });
        let address = AccountId(self.must(from, call).try_into().expect("an address"));
        let _before = self.contracts.insert(name.to_owned(), Deployed { address, manifest });
        address
    }

    /// A call of a declared method, its arguments as texts.
    pub(crate) fn invoke(&self, contract: &str, method: &str, args: &[(&str, &str)]) -> Invoke {
        let deployed = self.deployed(contract);
        let declared = deployed.manifest.transition(method).unwrap_or_else(|| panic!("no `{method}`"));
        let args = value::encode_args(&deployed.manifest, &declared.args, args, &|text| self.resolve(text))
            .unwrap_or_else(|error| panic!("{method}: {error}"));
        Invoke {
            contract: deployed.address,
            method: method.try_into().expect("short"),
            args: args.try_into().expect("short"),
            value: Amount::ZERO,
            sends: vec![].try_into().expect("none"),
        }
    }

    pub(crate) fn call(&self, contract: &str, method: &str, args: &[(&str, &str)]) -> Call {
        Call::Invoke(self.invoke(contract, method, args))
    }

    pub(crate) fn paying(&self, contract: &str, method: &str, args: &[(&str, &str)], value: u128) -> Call {
        Call::Invoke(Invoke { value: Amount(value), ..self.invoke(contract, method, args) })
    }

    /// A call whose signer consents to send up to `max` of the asset in cell 1 of the contract `asset`.
    pub(crate) fn sending(
        &self,
        contract: &str,
        method: &str,
        args: &[(&str, &str)],
        (asset, max): (&str, u128),
    ) -> Call {
        let asset = Asset::Cell { contract: self.address(asset), cell: 1 };
        let sends = vec![Send { asset, max: Amount(max) }].try_into().expect("one");
        Call::Invoke(Invoke { sends, ..self.invoke(contract, method, args) })
    }

    pub(crate) fn poke(&self, contract: &str, exit: u16, item: &[u8]) -> Call {
        Call::Poke(Poke { contract: self.address(contract), exit, item: item.try_into().expect("short") })
    }

    /// Asks a view.
    pub(crate) fn query(
        &self,
        contract: &str,
        method: &str,
        args: &[(&str, &str)],
    ) -> Result<Vec<u8>, Failure> {
        let deployed = self.deployed(contract);
        let declared = deployed.manifest.view(method).unwrap_or_else(|| panic!("no view `{method}`"));
        let args = value::encode_args(&deployed.manifest, &declared.args, args, &|text| self.resolve(text));
        let args = args.unwrap_or_else(|error| panic!("{method}: {error}"));
        let block = BlockInfo::of_header(self.parent.header(), self.parent.chain());
        match query(&self.machine(), &block, deployed.address, method, &args, GAS) {
            Ok((done, _)) => Ok(done.output),
            Err(ExecutionError::Failed(failure)) => Err(failure),
            Err(ExecutionError::Fault(fault)) => panic!("{fault}"),
        }
    }

    pub(crate) fn account(&self, id: &AccountId) -> Account {
        self.state.accounts().get(id).copied().unwrap_or_default()
    }

    pub(crate) fn balance(&self, id: &AccountId) -> u128 {
        self.account(id).balance.0
    }

    /// What a contract's cell has under a stored key.
    pub(crate) fn entry(&self, contract: &str, cell: u16, key: &[u8]) -> Option<&Entry> {
        self.state.entries().get(&EntryKey { contract: self.address(contract), cell, key: key.into() })
    }

    /// Puts other code under a contract, as no transaction could: it was uploaded honestly, and its manifest is the
    /// contract's.
    pub(crate) fn replace_code(&mut self, contract: &str, code: &[u8]) {
        assert_eq!(&manifest_of(code), self.manifest(contract), "another declaration");
        let hash = self.upload(code);
        let address = self.address(contract);
        let mut changed = Overlay::new(&self.state);
        let account = changed.account_or_new(&address).expect("memory");
        changed.set_account(&address, Account { code_hash: hash, ..account }).expect("memory");
        let entry = changed.entry(&address, reserved::CONTRACT, &[]).expect("memory").cloned();
        let entry = entry.expect("a contract has a record");
        let record = reserved::ContractRecord::decode(&mut &*entry.value).expect("a record");
        let value = reserved::ContractRecord { code: hash, ..record }.encode();
        let entry = Some(Entry { value, ..entry });
        changed.set_entry(&address, reserved::CONTRACT, &[], entry).expect("memory");
        let changes = changed.into_changes();
        let committed = commitment::commit(&changes, &self.state, &self.state, &mut Tries::cold(), &Serial)
            .expect("memory");
        self.state.apply_changes(&changes, &committed);
    }

    /// Runs a transaction that is refused, in a block of its own, and checks that nothing but the signer's fee and nonce
    /// is left of it: the state root is that of the state before, with these alone.
    ///
    /// The fee goes where fees go: the base part is burnt, the tip is the proposer's, and no reward is paid to anybody
    /// but the proposer. All of that is worked out here from the state before.
    pub(crate) fn refused(&mut self, from: &'static str, call: Call) -> Done {
        let empty = self.made(Vec::new());
        let base_fee = empty.header.rest.base_fee.0;
        let mut idle = self.state.clone();
        idle.apply(&empty);
        let signer = key(from);

        let done = self.run(from, call);
        assert_ne!(done.code(), codes::OK, "carried out");
        let (fee, gas) = (done.receipt.fee.0, u128::from(done.receipt.gas.0));
        assert_eq!(fee, (base_fee + 1) * gas, "base fee and a tip of one");

        let (mut accounts, mut entries) = (idle.accounts().clone(), idle.entries().clone());
        let account = accounts.entry(signer).or_default();
        (account.balance.0, account.nonce.0) = (account.balance.0 - fee, account.nonce.0 + 1);
        accounts.entry(key(OPERATOR)).or_default().balance.0 += gas;
        let burnt = EntryKey {
            contract: reserved::TOTALS,
            cell: reserved::TOTALS_CELL,
            key: reserved::BURNT_KEY.into(),
        };
        let total = entries.get_mut(&burnt).expect("earlier blocks burnt something");
        let before = u128::from_le_bytes(total.value.as_slice().try_into().expect("an amount"));
        total.value = (before + base_fee * gas).to_le_bytes().to_vec();

        assert_eq!(self.state.accounts(), &accounts, "accounts");
        assert_eq!(self.state.entries(), &entries, "entries");
        let root = commitment::state_root_of(accounts, entries).expect("a state");
        assert_eq!(self.parent.header().core.state_root, root, "the state root");
        done
    }
}
