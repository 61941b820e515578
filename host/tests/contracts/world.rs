//! State in memory, and calls as transactions make them: each on three engines, which must agree in everything.

use std::{collections::BTreeMap, sync::Arc};

use chainstack_engine::Compiler;
use chainstack_host::{EngineChoice, Executor, ExecutorConfig, Move, Question};
use chainstack_primitives::{Account, AccountId, Amount, ChainId, Event, Gas, Hash, Height, Send, TimeMs};
use chainstack_runtime::{
    block::BlockInfo,
    params::Schedule,
    ports::{Completed, ContractExecutor, ExecutionError, Failure, Fault, Message, StateReader},
    state::{ChangeSet, DepositTally, Entry, EntryKey, Overlay},
    transaction::Meter,
};

use crate::kit::{self, probe_args};

pub(crate) const ALICE: AccountId = AccountId([0xa1; 32]);
pub(crate) const BOB: AccountId = AccountId([0xb0; 32]);
/// Where [`World::probe`] stands.
pub(crate) const PROBE: AccountId = AccountId([0xc0; 32]);
pub(crate) const GAS: u64 = 50_000_000;

#[derive(Clone, Default)]
pub(crate) struct Store {
    pub(crate) accounts: BTreeMap<AccountId, Account>,
    pub(crate) entries: BTreeMap<EntryKey, Entry>,
    pub(crate) codes: BTreeMap<Hash, Arc<[u8]>>,
}

impl StateReader for Store {
    fn account(&self, id: &AccountId) -> Result<Option<Account>, Fault> {
        Ok(self.accounts.get(id).copied())
    }

    fn entry(&self, contract: &AccountId, cell: u16, key: &[u8]) -> Result<Option<Entry>, Fault> {
        Ok(self.entries.get(&EntryKey { contract: *contract, cell, key: key.into() }).cloned())
    }

    fn code(&self, hash: &Hash) -> Result<Option<Arc<[u8]>>, Fault> {
        Ok(self.codes.get(hash).cloned())
    }
}

/// The engines beside a world's own one, which takes the compiler by the code's origin.
pub(crate) const OTHER_ENGINES: [EngineChoice; 2] =
    [EngineChoice::Compiled(Compiler::Cranelift), EngineChoice::Reference];

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) executor: Executor,
    /// What each operation is compared with.
    others: Vec<(EngineChoice, Executor)>,
    /// Operations compared so far, queries included.
    pub(crate) compared: u64,
    pub(crate) schedule: Schedule,
    pub(crate) block: BlockInfo,
    /// What a transaction may lock in deposits.
    pub(crate) deposit_max: Amount,
    /// Gas of the last call.
    pub(crate) gas: u64,
    /// Events and deposits of the last call.
    pub(crate) events: Vec<Event>,
    pub(crate) deposits: DepositTally,
}

/// Everything that an operation brought.
#[derive(PartialEq, Debug)]
struct Brought {
    result: Result<Completed, Failure>,
    gas: u64,
    events: Vec<Event>,
    deposits: DepositTally,
    changes: ChangeSet,
}

fn executor(engine: EngineChoice, schedule: &Schedule) -> Executor {
    Executor::new(ExecutorConfig { engine, ..ExecutorConfig::default() }, schedule.clone())
        .expect("an engine")
}

impl World {
    /// A world that runs everything on three engines.
    pub(crate) fn new() -> Self {
        Self::beside(&OTHER_ENGINES)
    }

    /// A world that compares its own engine with `engines`.
    pub(crate) fn beside(engines: &[EngineChoice]) -> Self {
        let mut world = Self::keeping(ExecutorConfig::default());
        let other = |engine: &EngineChoice| (*engine, executor(*engine, &world.schedule));
        world.others = engines.iter().map(other).collect();
        world
    }

    /// A world with one engine, whose executor keeps what `config` says.
    pub(crate) fn keeping(config: ExecutorConfig) -> Self {
        let schedule = Schedule::base().expect("the base table");
        let executor = Executor::new(config, schedule.clone()).expect("an engine");
        let mut store = Store::default();
        for id in [ALICE, BOB] {
            store.accounts.insert(id, Account { balance: Amount(1_000_000), ..Account::default() });
        }
        let block = BlockInfo {
            version: 1,
            chain: ChainId(Hash([7; 32])),
            height: Height(42),
            time_ms: TimeMs(1_700_000_000_000),
            base_fee: Amount(1),
            proposer: ALICE,
        };
        let (events, deposits) = (Vec::new(), DepositTally::default());
        let deposit_max = Amount(u128::MAX / 4);
        let (others, compared, gas) = (Vec::new(), 0, 0);
        Self { store, executor, others, compared, schedule, block, deposit_max, gas, events, deposits }
    }

    /// A world with the probe contract at [`PROBE`].
    pub(crate) fn probe() -> Self {
        let mut world = Self::new();
        world.create(PROBE, &kit::probe(), &PROBE_PARAMS);
        world
    }

    /// Runs `operation` on an overlay as a transaction of `origin`: kept if it is carried out; otherwise it must
    /// have left no trace of itself. On every engine it must bring the same.
    pub(crate) fn transact(
        &mut self,
        origin: AccountId,
        gas: u64,
        operation: impl Fn(
            &Executor,
            &mut Overlay<'_>,
            &mut Meter<'_>,
            &BlockInfo,
        ) -> Result<Completed, ExecutionError>,
    ) -> Result<Vec<u8>, Failure> {
        let on = |executor: &Executor| {
            let mut overlay = Overlay::new(&self.store);
            let mut meter = Meter::new(origin, Gas(gas), self.deposit_max, &self.schedule);
            let result = match operation(executor, &mut overlay, &mut meter, &self.block) {
                Ok(completed) => Ok(completed),
                Err(ExecutionError::Failed(failure)) => Err(failure),
                Err(ExecutionError::Fault(fault)) => panic!("{fault:?}"),
            };
            let (events, deposits) = overlay.finish_transaction();
            Brought { result, gas: meter.gas_used().0, events, deposits, changes: overlay.into_changes() }
        };
        let brought = on(&self.executor);
        for (engine, executor) in &self.others {
            assert_eq!(on(executor), brought, "{engine:?} brings the left");
        }
        self.compared += u64::from(!self.others.is_empty());
        let Brought { result, gas, events, deposits, changes } = brought;
        (self.gas, self.events, self.deposits) = (gas, events, deposits);
        match result {
            Ok(completed) => {
                for (id, account) in changes.accounts() {
                    self.store.accounts.insert(*id, *account);
                }
                for (key, entry) in changes.entries() {
                    match entry {
                        Some(entry) => self.store.entries.insert(key.clone(), entry.clone()),
                        None => self.store.entries.remove(key),
                    };
                }
                self.store.codes.extend(changes.codes().iter().map(|(hash, code)| (*hash, Arc::clone(code))));
                Ok(completed.output)
            }
            Err(failure) => {
                assert!(changes.accounts().is_empty(), "accounts changed by a failure: {changes:?}");
                assert!(changes.entries().is_empty(), "entries changed by a failure: {changes:?}");
                assert!(changes.codes().is_empty(), "code stored by a failure");
                assert!(self.events.is_empty(), "events of a failure");
                assert_eq!(self.deposits, DepositTally::default(), "deposits of a failure");
                Err(failure)
            }
        }
    }

    pub(crate) fn upload(&mut self, code: &[u8]) -> Result<Hash, Failure> {
        let output = self.transact(ALICE, GAS, |executor, state, meter, block| {
            executor.upload(state, meter, block, ALICE, code)
        })?;
        Ok(Hash(output.try_into().expect("a hash")))
    }

    pub(crate) fn instantiate(
        &mut self,
        origin: AccountId,
        address: AccountId,
        code: Hash,
        params: &[u8],
        value: u128,
    ) -> Result<(), Failure> {
        let message = Message { origin, value: Amount(value), args: params, sends: &[] };
        let output = self.transact(origin, GAS, |executor, state, meter, block| {
            executor.instantiate(state, meter, block, address, code, message)
        })?;
        assert_eq!(output, address.0);
        Ok(())
    }

    /// Uploads `code` unless it is there, and stands a contract of it at `address`, created by Alice.
    pub(crate) fn create(&mut self, address: AccountId, code: &[u8], params: &[u8]) {
        let hash = chainstack_primitives::tagged(chainstack_primitives::Tag::Code, code);
        if !self.store.codes.contains_key(&hash) {
            assert_eq!(self.upload(code).unwrap_or_else(|failure| panic!("{failure:?}")), hash);
        }
        self.instantiate(ALICE, address, hash, params, 0).unwrap_or_else(|failure| panic!("{failure:?}"));
    }

    pub(crate) fn call_with(
        &mut self,
        from: AccountId,
        contract: AccountId,
        method: &str,
        args: &[u8],
        value: u128,
        gas: u64,
    ) -> Result<Vec<u8>, Failure> {
        let message = Message { origin: from, value: Amount(value), args, sends: &[] };
        self.transact(from, gas, |executor, state, meter, block| {
            executor.invoke(state, meter, block, contract, method, message)
        })
    }

    /// A call whose signer consents to send assets.
    pub(crate) fn call_sending(
        &mut self,
        from: AccountId,
        contract: AccountId,
        method: &str,
        args: &[u8],
        sends: &[Send],
    ) -> Result<Vec<u8>, Failure> {
        let message = Message { origin: from, value: Amount(0), args, sends };
        self.transact(from, GAS, |executor, state, meter, block| {
            executor.invoke(state, meter, block, contract, method, message)
        })
    }

    pub(crate) fn call(
        &mut self,
        from: AccountId,
        contract: AccountId,
        method: &str,
        args: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        self.call_with(from, contract, method, args, 0, GAS)
    }

    pub(crate) fn poke(
        &mut self,
        from: AccountId,
        contract: AccountId,
        exit: u16,
        item: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        self.poke_with(from, contract, exit, item, GAS)
    }

    pub(crate) fn poke_with(
        &mut self,
        from: AccountId,
        contract: AccountId,
        exit: u16,
        item: &[u8],
        gas: u64,
    ) -> Result<Vec<u8>, Failure> {
        self.transact(from, gas, |executor, state, meter, block| {
            executor.poke(state, meter, block, contract, exit, item)
        })
    }

    pub(crate) fn query(
        &mut self,
        contract: AccountId,
        method: &str,
        args: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let on = |executor: &Executor| {
            let mut overlay = Overlay::new(&self.store);
            let done = executor.query(&mut overlay, &self.block, contract, method, args, Gas(GAS));
            let changes = overlay.into_changes();
            assert!(changes.accounts().is_empty() && changes.entries().is_empty(), "a query changed state");
            match done {
                Ok((completed, gas)) => Ok((completed.output, gas.0)),
                Err(ExecutionError::Failed(failure)) => Err(failure),
                Err(ExecutionError::Fault(fault)) => panic!("{fault:?}"),
            }
        };
        let answered = on(&self.executor);
        for (engine, executor) in &self.others {
            assert_eq!(on(executor), answered, "{engine:?} answers the left");
        }
        self.compared += u64::from(!self.others.is_empty());
        let (output, gas) = answered?;
        self.gas = gas;
        Ok(output)
    }

    /// What could be done with the contract in this block.
    pub(crate) fn outlook(&self, contract: AccountId, question: &Question<'_>) -> Result<Vec<Move>, Failure> {
        let mut overlay = Overlay::new(&self.store);
        let answered = self.executor.outlook(&mut overlay, &self.block, contract, question);
        let changes = overlay.into_changes();
        assert!(changes.accounts().is_empty() && changes.entries().is_empty(), "a look changed state");
        answered.map_err(|error| match error {
            ExecutionError::Failed(failure) => failure,
            ExecutionError::Fault(fault) => panic!("{fault:?}"),
        })
    }

    /// Calls host function `function` inside a transition of the probe, as Alice. Data and answer.
    pub(crate) fn host(
        &mut self,
        function: &str,
        words: &[u64],
        data: &[u8],
    ) -> Result<(u64, Vec<u8>), Failure> {
        let output = self.call(ALICE, PROBE, &format!("f_{function}"), &probe_args(words, data))?;
        Ok(split(output))
    }

    /// As [`World::host`], inside a view.
    pub(crate) fn host_view(
        &mut self,
        function: &str,
        words: &[u64],
        data: &[u8],
    ) -> Result<(u64, Vec<u8>), Failure> {
        let output = self.query(PROBE, &format!("v_{function}"), &probe_args(words, data))?;
        Ok(split(output))
    }

    /// What making an uploaded code of so many bytes ready costs, without `_initialize`, with one page of memory.
    pub(crate) fn load_gas(&self, code_bytes: usize) -> u64 {
        let prices = &self.schedule.host;
        prices.load + prices.code_byte * u64::try_from(code_bytes).expect("small") + prices.memory_page
    }

    pub(crate) fn entry(&self, contract: AccountId, cell: u16, key: &[u8]) -> Option<&Entry> {
        self.store.entries.get(&EntryKey { contract, cell, key: key.into() })
    }

    pub(crate) fn balance(&self, id: &AccountId) -> u128 {
        self.store.accounts.get(id).map_or(0, |account| account.balance.0)
    }
}

/// Parameters of the probe: `cap` 99, `label` "hello".
pub(crate) const PROBE_PARAMS: [u8; 14] = [99, 0, 0, 0, 0, 0, 0, 0, 20, b'h', b'e', b'l', b'l', b'o'];

fn split(mut output: Vec<u8>) -> (u64, Vec<u8>) {
    let answer = output.split_off(kit::DATA_BYTES);
    (u64::from_le_bytes(answer.try_into().expect("eight bytes")), output)
}
