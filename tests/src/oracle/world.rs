//! A world in memory over the real host: accounts, contracts, calls carried out as transactions carry them out.

use std::{collections::BTreeMap, sync::Arc};

use chainstack_host::Executor;
use chainstack_primitives::{Account, AccountId, Amount, ChainId, Event, Gas, Hash, Height, Send, TimeMs};
use chainstack_runtime::{
    block::BlockInfo,
    params::Schedule,
    ports::{Completed, ContractExecutor as _, ExecutionError, Failure, Fault, Message, StateReader},
    state::{DepositTally, Entry, EntryKey, Overlay, reserved},
    transaction::Meter,
};

use parity_scale_codec::{DecodeAll as _, Encode as _};

use super::model::Contract;

/// Coins of each account at the start, in base units.
const COINS: u128 = 1_000_000_000_000_000_000_000_000;
/// People who sign calls.
const PEOPLE: u8 = 6;

/// State, by plain keys.
#[derive(Clone, Default, Debug)]
pub struct Store {
    /// Accounts.
    pub accounts: BTreeMap<AccountId, Account>,
    /// Entries of contracts and of the protocol.
    pub entries: BTreeMap<EntryKey, Entry>,
    codes: BTreeMap<Hash, Arc<[u8]>>,
}

impl Store {
    /// The value under a key.
    #[must_use]
    pub fn value(&self, contract: &AccountId, cell: u16, key: &[u8]) -> Option<&[u8]> {
        let key = EntryKey { contract: *contract, cell, key: key.into() };
        self.entries.get(&key).map(|entry| &*entry.value)
    }

    /// The entries of a cell, ascending.
    pub fn cell(&self, contract: &AccountId, cell: u16) -> impl Iterator<Item = (&EntryKey, &Entry)> {
        self.cell_from(contract, cell, &[])
    }

    /// Those from a key on.
    pub fn cell_from(
        &self,
        contract: &AccountId,
        cell: u16,
        key: &[u8],
    ) -> impl Iterator<Item = (&EntryKey, &Entry)> {
        let contract = *contract;
        let first = EntryKey { contract, cell, key: key.into() };
        self.entries.range(first..).take_while(move |(key, _)| key.contract == contract && key.cell == cell)
    }

    /// Free coins of an account.
    #[must_use]
    pub fn balance(&self, id: &AccountId) -> u128 {
        self.accounts.get(id).map_or(0, |account| account.balance.0)
    }
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

/// What a transaction asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ask {
    /// A contract of this code, at this address.
    Instantiate {
        /// Where.
        address: AccountId,
        /// Of what.
        code: Hash,
        /// Its parameters.
        params: Vec<u8>,
    },
    /// A method.
    Invoke {
        /// Of which contract.
        contract: AccountId,
        /// Its name.
        method: String,
        /// Its arguments.
        args: Vec<u8>,
        /// Coins that come with the call.
        value: u128,
        /// What the signer consents to send.
        sends: Vec<Send>,
    },
    /// An exit.
    Poke {
        /// Of which contract.
        contract: AccountId,
        /// Its id.
        exit: u16,
        /// Key of the item.
        item: Vec<u8>,
    },
}

/// A transaction: who signs, what is asked for, and its limits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// Who signs.
    pub signer: AccountId,
    /// What is asked for.
    pub ask: Ask,
    /// Most gas.
    pub gas: u64,
    /// Most coins locked as deposits.
    pub deposit: u128,
}

/// An entry or account before and after.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed<K, V> {
    /// Which.
    pub key: K,
    /// What it was; none: not there.
    pub before: Option<V>,
    /// What it is.
    pub after: Option<V>,
}

/// What became of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Done {
    /// Its output, or why there is none.
    pub result: Result<Vec<u8>, Failure>,
    /// Gas used.
    pub gas: u64,
    /// What was announced.
    pub events: Vec<Event>,
    /// Deposits and escrows.
    pub tally: DepositTally,
    /// Entries that changed, ascending.
    pub entries: Vec<Changed<EntryKey, Entry>>,
    /// Accounts that changed, ascending.
    pub accounts: Vec<Changed<AccountId, Account>>,
}

/// State, block, contracts, and the host that runs them.
#[derive(Clone)]
pub struct World {
    /// State.
    pub store: Store,
    /// The block that calls see.
    pub block: BlockInfo,
    /// Contracts: the sample first, then those that keep its assets.
    pub contracts: Vec<Arc<Contract>>,
    /// Who signs.
    pub people: Vec<AccountId>,
    /// The prices in force.
    pub schedule: Arc<Schedule>,
    executor: Arc<Executor>,
}

impl World {
    /// A world without contracts.
    #[must_use]
    pub fn new(executor: Arc<Executor>, schedule: Arc<Schedule>) -> Self {
        let people: Vec<AccountId> = (1..=PEOPLE).map(|index| AccountId([index * 0x11; 32])).collect();
        let mut store = Store::default();
        for id in &people {
            store.accounts.insert(*id, Account { balance: Amount(COINS), ..Account::default() });
        }
        for id in [reserved::DEPOSITS, reserved::ESCROWS] {
            store.accounts.insert(id, Account::default());
        }
        let total = (COINS * u128::from(PEOPLE)).to_le_bytes().to_vec();
        let cell = reserved::TOTALS_CELL;
        let key = EntryKey { contract: reserved::TOTALS, cell, key: reserved::GENESIS_KEY.into() };
        let genesis = Entry { value: total, payer: reserved::TOTALS, deposit: Amount::ZERO };
        store.entries.insert(key, genesis);
        let block = BlockInfo {
            version: 1,
            chain: ChainId(Hash([7; 32])),
            height: Height(100),
            time_ms: TimeMs(1_700_000_000_000),
            base_fee: Amount(1),
            proposer: AccountId([0x99; 32]),
        };
        Self { store, block, contracts: Vec::new(), people, schedule, executor }
    }

    /// The contract at an address.
    #[must_use]
    pub fn contract(&self, address: &AccountId) -> Option<&Arc<Contract>> {
        self.contracts.iter().find(|contract| contract.address == *address)
    }

    /// Uploads code; its hash.
    ///
    /// # Errors
    /// In words, if it is refused.
    pub fn upload(&mut self, code: &[u8]) -> Result<Hash, String> {
        let signer = self.people[0];
        let done = self.transact(signer, u64::MAX, COINS / 1_000, |executor, state, meter, block| {
            executor.upload(state, meter, block, signer, code)
        })?;
        let output = done.result.map_err(|failure| format!("upload: {failure:?}"))?;
        output.try_into().map(Hash).map_err(|_| "an upload answers no hash".to_owned())
    }

    /// Makes uploaded code such as genesis brings: the chain's own, made ready without a price. `executor` has not met it.
    ///
    /// # Errors
    /// If there is no such code.
    pub fn bring_with_genesis(&mut self, code: &Hash, executor: Arc<Executor>) -> Result<(), String> {
        let key = EntryKey { contract: reserved::CODES, cell: reserved::CODES_CELL, key: code.0.into() };
        let entry = self.store.entries.get_mut(&key).ok_or("no such code")?;
        let record =
            reserved::CodeRecord::decode_all(&mut &*entry.value).map_err(|error| error.to_string())?;
        entry.value = reserved::CodeRecord { payer: reserved::PARADIGMS, ..record }.encode();
        self.executor = executor;
        Ok(())
    }

    /// Carries out a call. State follows.
    ///
    /// # Errors
    /// In words, for a fault of the host, or balances that do not fit.
    pub fn carry_out(&mut self, call: &Call) -> Result<Done, String> {
        let origin = call.signer;
        self.transact(origin, call.gas, call.deposit, |executor, state, meter, block| match &call.ask {
            Ask::Instantiate { address, code, params } => {
                let message = Message { origin, value: Amount::ZERO, args: params, sends: &[] };
                executor.instantiate(state, meter, block, *address, *code, message)
            }
            Ask::Invoke { contract, method, args, value, sends } => {
                let message = Message { origin, value: Amount(*value), args, sends };
                executor.invoke(state, meter, block, *contract, method, message)
            }
            Ask::Poke { contract, exit, item } => executor.poke(state, meter, block, *contract, *exit, item),
        })
    }

    /// Runs an operation as the runtime runs a transaction, fees apart: the deposit limit is set aside, what was locked
    /// and released is settled. Nothing is rolled back here: what a failed operation leaves is seen.
    fn transact(
        &mut self,
        origin: AccountId,
        gas: u64,
        deposit: u128,
        operation: impl FnOnce(
            &Executor,
            &mut Overlay<'_>,
            &mut Meter<'_>,
            &BlockInfo,
        ) -> Result<Completed, ExecutionError>,
    ) -> Result<Done, String> {
        let words = |fault: Fault| fault.to_string();
        let mut state = Overlay::new(&self.store);
        let mut meter = Meter::new(origin, Gas(gas), Amount(deposit), &self.schedule);
        move_coins(&mut state, &origin, 0, deposit)?;
        let ran = operation(&self.executor, &mut state, &mut meter, &self.block);
        let result = match ran {
            Ok(completed) => Ok(completed.output),
            Err(ExecutionError::Failed(failure)) => Err(failure),
            Err(ExecutionError::Fault(fault)) => return Err(words(fault)),
        };
        let (events, tally) = state.finish_transaction();
        let left = deposit.checked_sub(tally.locked.0).ok_or("more was locked than the limit")?;
        move_coins(&mut state, &origin, left, 0)?;
        move_coins(&mut state, &reserved::DEPOSITS, tally.locked.0, tally.released.0)?;
        move_coins(&mut state, &reserved::ESCROWS, tally.escrowed.0, tally.paid_out.0)?;
        let gas = meter.gas_used().0;
        let changes = state.into_changes();
        let mut accounts = Vec::with_capacity(changes.accounts().len());
        for (id, account) in changes.accounts() {
            let before = self.store.accounts.insert(*id, *account);
            accounts.push(Changed { key: *id, before, after: Some(*account) });
        }
        let mut entries = Vec::with_capacity(changes.entries().len());
        for (key, entry) in changes.entries() {
            let before = match entry {
                Some(entry) => self.store.entries.insert(key.clone(), entry.clone()),
                None => self.store.entries.remove(key),
            };
            entries.push(Changed { key: key.clone(), before, after: entry.clone() });
        }
        self.store.codes.extend(changes.codes().iter().map(|(hash, code)| (*hash, Arc::clone(code))));
        Ok(Done { result, gas, events, tally, entries, accounts })
    }
}

fn move_coins(state: &mut Overlay<'_>, id: &AccountId, more: u128, less: u128) -> Result<(), String> {
    let account = state.account_or_new(id).map_err(|fault| fault.to_string())?;
    let balance = account.balance.0.checked_add(more).and_then(|balance| balance.checked_sub(less));
    let balance = balance.ok_or_else(|| format!("{id}: {} + {more} - {less}", account.balance))?;
    state.set_account(id, Account { balance: Amount(balance), ..account }).map_err(|fault| fault.to_string())
}
