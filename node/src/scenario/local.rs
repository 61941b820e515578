//! A chain in this process, in memory: what scenarios run on. The same state transition, executor and signatures as
//! a node's; only disk and network are missing.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use chainstack_client::{
    KeyPair, Ss58Prefix, format_address,
    module::manifest_section,
    parse_address,
    transaction::{Terms, sign_reproducibly},
    value,
};
use chainstack_host::Executor;
use chainstack_primitives::{
    AccountId, Amount, Asset, Bytes, Call, CodeSource, Event, Gas, Hash, Instantiate, Invoke, Nonce, Poke,
    Send, Tag, TimeMs, codes,
    manifest::{
        APPROVE, AssetRef, Cell, CellKind, Field, Manifest, Type, UPGRADE_PROPOSE, call_hash, escrow_holder,
    },
    tagged,
    transaction::CODE_SIZE_MAX,
};
use chainstack_runtime::{
    block::{Applied, BlockInfo, Machine, Parent, Proposal, build_block, query},
    genesis,
    memory::MemoryState,
    params::Schedule,
    ports::{ExecutionError, Serial, StateReader as _},
    state::{NodeSource as _, TrieId, Tries, escrow::AssetEscrow, reserved},
    transaction::VerifiedTransaction,
};
use parity_scale_codec::DecodeAll as _;
use serde_json::{Map, Value, json};

use super::chain::{
    Announced, CallRequest, DeployRequest, Executed, PokeRequest, QueryRequest, Refusal, Request,
    ScenarioChain, Source, UpgradeRequest,
};
use crate::{
    cli::{contract_view::stored_value, trie::read_bounded},
    spec,
};

/// Gas limit of a scenario's transactions.
const GAS: Gas = Gas(200_000_000);
/// Coins that a scenario's transaction may lock as deposits.
const DEPOSIT_COINS: u128 = 1_000;
/// Milliseconds between blocks.
pub(crate) const BLOCK_MS: u64 = 1_000;

/// A deployed contract.
struct Deployed {
    address: AccountId,
    manifest: Manifest,
}

/// Told of every block that a chain makes, before anybody else.
pub type Watcher = Box<dyn FnMut(&Applied)>;

/// A chain in memory.
pub struct LocalChain {
    executor: Arc<Executor>,
    schedule: Arc<Schedule>,
    state: MemoryState,
    parent: Parent,
    operator: AccountId,
    time_ms: u64,
    contracts: BTreeMap<String, Deployed>,
    watcher: Option<Watcher>,
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl LocalChain {
    /// A fresh development chain.
    ///
    /// # Errors
    /// In words, if this machine cannot run contracts.
    pub fn new(executor: Arc<Executor>, schedule: Arc<Schedule>) -> Result<Self, String> {
        let genesis = spec::dev(&schedule).map_err(words)?;
        let applied = genesis::build(&genesis, &schedule, &*executor).map_err(words)?;
        let mut state = MemoryState::new();
        state.apply(&applied);
        let parent = applied.as_parent().map_err(words)?;
        let time_ms = parent.header().core.time_ms.0;
        let operator = spec::operator().map_err(words)?;
        let (contracts, watcher) = (BTreeMap::new(), None);
        Ok(Self { executor, schedule, state, parent, operator, time_ms, contracts, watcher })
    }

    /// The same chain, with somebody who is told of every block from here on.
    #[must_use]
    pub fn watched_by(self, watcher: Watcher) -> Self {
        Self { watcher: Some(watcher), ..self }
    }

    fn machine(&self) -> Machine<'_> {
        Machine {
            reader: &self.state,
            nodes: &self.state,
            executor: &*self.executor,
            schedule: &self.schedule,
            parallel: &Serial,
        }
    }

    fn resolve(&self, text: &str) -> Option<AccountId> {
        if text.starts_with("//") {
            return KeyPair::from_uri(text).ok().map(|key| key.public());
        }
        if let Some(deployed) = self.contracts.get(text) {
            return Some(deployed.address);
        }
        parse_address(text, Ss58Prefix::DEFAULT).ok()
    }

    fn deployed(&self, name: &str) -> Result<&Deployed, String> {
        self.contracts.get(name).ok_or_else(|| format!("there is no contract `{name}`"))
    }

    fn encode(
        &self,
        manifest: &Manifest,
        fields: &[Field],
        args: &BTreeMap<String, String>,
    ) -> Result<Vec<u8>, String> {
        let pairs: Vec<(&str, &str)> =
            args.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        value::encode_args(manifest, fields, &pairs, &|text| self.resolve(text)).map_err(words)
    }

    /// The stored key that texts mean: one for each key field.
    fn cell_key(&self, manifest: &Manifest, cell: &Cell, key: &[String]) -> Result<Vec<u8>, String> {
        if cell.key().len() != key.len() {
            return Err(format!("{} key texts expected, {} found", cell.key().len(), key.len()));
        }
        let parts = cell.key().iter().zip(key).map(|(field, text)| {
            value::encode_text(manifest, &field.ty, text, &|text| self.resolve(text)).map_err(words)
        });
        let parts: Vec<Vec<u8>> = parts.collect::<Result<_, String>>()?;
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        manifest.cell_key(cell, &parts).map_err(words)
    }

    fn invoke(&self, request: &CallRequest) -> Result<Call, String> {
        let deployed = self.deployed(&request.contract)?;
        let declared = deployed.manifest.transition(&request.method);
        let declared = declared.ok_or_else(|| format!("no transition `{}` is declared", request.method))?;
        let mut args = self.encode(&deployed.manifest, &declared.args, &request.args)?;
        let (mut method, mut value) = (request.method.as_str(), Amount(request.value));
        if request.approve {
            args = call_hash(&deployed.address, method.as_bytes(), &args, value).0.to_vec();
            (method, value) = (APPROVE, Amount::ZERO);
        }
        Ok(Call::Invoke(Invoke {
            contract: deployed.address,
            method: method.try_into().map_err(words)?,
            args: args.try_into().map_err(words)?,
            value,
            sends: self.consents(&request.sends)?.try_into().map_err(words)?,
        }))
    }

    fn consents(&self, sends: &[(String, u128)]) -> Result<Vec<Send>, String> {
        let read = |(asset, max): &(String, u128)| {
            let missing = || format!("`{asset}` is no asset: CONTRACT.CELL expected");
            let (contract, cell) = asset.rsplit_once('.').ok_or_else(missing)?;
            let deployed = self.deployed(contract)?;
            let cell = deployed.manifest.cell_named(cell).filter(|cell| cell.asset().is_some());
            let asset = Asset::Cell { contract: deployed.address, cell: cell.ok_or_else(missing)?.id };
            Ok(Send { asset, max: Amount(*max) })
        };
        sends.iter().map(read).collect()
    }

    fn poke(&self, request: &PokeRequest) -> Result<Call, String> {
        let deployed = self.deployed(&request.contract)?;
        let manifest = &deployed.manifest;
        let exit = manifest.exits.iter().find(|exit| *exit.name == *request.exit);
        let exit = exit.ok_or_else(|| format!("no exit `{}` is declared", request.exit))?;
        let item = match exit.item.and_then(|id| manifest.cell(id)) {
            Some(cell) => self.cell_key(manifest, cell, &request.item)?,
            None if request.item.is_empty() => Vec::new(),
            None => return Err(format!("exit `{}` concerns the contract: it takes no item", request.exit)),
        };
        let item = item.try_into().map_err(words)?;
        Ok(Call::Poke(Poke { contract: deployed.address, exit: exit.id, item }))
    }

    /// Signs and carries out calls in one block, in order.
    fn block(&mut self, calls: Vec<(String, Call)>) -> Result<Vec<Raw>, String> {
        let mut used: BTreeMap<AccountId, u64> = BTreeMap::new();
        let mut candidates = Vec::new();
        for (caller, call) in calls {
            let key =
                KeyPair::from_uri(&caller).map_err(|error| format!("`{caller}` cannot sign: {error}"))?;
            let account = self.state.account(&key.public()).map_err(words)?.unwrap_or_default();
            let count = used.entry(key.public()).or_default();
            let terms = Terms {
                chain: self.parent.chain(),
                nonce: Nonce(account.nonce.0.saturating_add(*count)),
                valid_until: Terms::furthest(self.parent.header().core.height),
                gas_limit: GAS,
                max_fee_per_gas: Amount(self.parent.child_base_fee(&self.schedule).0.saturating_mul(2)),
                tip_per_gas: Amount::ZERO,
                max_deposit: Amount::coins(DEPOSIT_COINS).unwrap_or(Amount::MAX),
            };
            *count = count.saturating_add(1);
            let verified =
                VerifiedTransaction::verify(sign_reproducibly(terms.body(call), &key)).map_err(words)?;
            candidates.push(Arc::new(verified));
        }
        self.time_ms = self.time_ms.max(self.parent.header().core.time_ms.0.saturating_add(BLOCK_MS));
        let proposal =
            Proposal { time_ms: TimeMs(self.time_ms), proposer: self.operator, last_commit: Bytes::new() };
        let built = build_block(&self.machine(), &mut Tries::cold(), &self.parent, proposal, &candidates);
        let built = built.map_err(words)?;
        if let Some(dropped) = built.dropped.first() {
            return Err(format!("transaction {} could not be included: {}", dropped.index, dropped.reason));
        }
        if let Some(watcher) = &mut self.watcher {
            watcher(&built.applied);
        }
        self.state.apply(&built.applied);
        self.parent = built.applied.as_parent().map_err(words)?;
        let done = built.applied.receipts.into_iter().zip(built.applied.outcomes);
        Ok(done
            .map(|(receipt, outcome)| Raw {
                code: receipt.code,
                revert: receipt.revert.to_vec(),
                gas: receipt.gas.0,
                output: outcome.output,
                events: outcome.events,
                text: outcome.diagnostics.map(|diagnostics| diagnostics.text).unwrap_or_default(),
            })
            .collect())
    }

    fn announced(&self, event: &Event) -> Announced {
        let of = self.contracts.values().find(|deployed| deployed.address == event.contract);
        let declared = of.and_then(|deployed| Some((deployed, deployed.manifest.event(event.event)?)));
        match declared {
            None => Announced { name: event.event.to_string(), fields: BTreeMap::new() },
            Some((deployed, declared)) => Announced {
                name: declared.name.to_string(),
                fields: fields(&deployed.manifest, &declared.fields, &event.data),
            },
        }
    }

    fn executed(&self, raw: Raw, manifest: &Manifest, returns: Option<&Type>) -> Executed {
        let events = raw.events.iter().map(|event| self.announced(event)).collect();
        let outcome = if raw.code == codes::OK {
            Ok(returns.map_or(Value::Null, |ty| decode(manifest, ty, &raw.output)))
        } else {
            Err(refusal(manifest, raw.code, &raw.revert, &raw.text))
        };
        Executed { outcome, events, gas: raw.gas }
    }

    fn code_of(&mut self, request: &DeployRequest) -> Result<(CodeSource, Manifest), String> {
        match &request.source {
            Source::Paradigm(name) => {
                let carried = spec::PARADIGMS.iter().find(|(carried, _)| carried == name);
                let (_, code) = carried.ok_or_else(|| format!("there is no paradigm `{name}`"))?;
                let manifest =
                    Manifest::decode_checked(manifest_section(code).map_err(words)?).map_err(words)?;
                Ok((CodeSource::Paradigm(name.as_str().try_into().map_err(words)?), manifest))
            }
            Source::Wasm(path) => self.uploaded(request, read_module(path)?),
            Source::Code(code) => self.uploaded(request, code.to_vec()),
        }
    }

    /// The module of a deployment as this chain has it, and what it declares.
    fn uploaded(&mut self, request: &DeployRequest, code: Vec<u8>) -> Result<(CodeSource, Manifest), String> {
        let manifest = Manifest::decode_checked(manifest_section(&code).map_err(words)?).map_err(words)?;
        Ok((CodeSource::Hash(self.upload(&request.caller, code)?), manifest))
    }

    /// Uploads a module, if it is not there yet; its hash.
    fn upload(&mut self, caller: &str, code: Vec<u8>) -> Result<Hash, String> {
        let hash = tagged(Tag::Code, &code);
        if self.state.code(&hash).map_err(words)?.is_none() {
            let code = code.try_into().map_err(words)?;
            let uploaded = self.block(vec![(caller.to_owned(), Call::Upload { code })])?;
            if let Some(raw) = uploaded.into_iter().find(|raw| raw.code != codes::OK) {
                return Err(format!("the code is refused with {}: {}", raw.code, raw.text));
            }
        }
        Ok(hash)
    }
}

/// What became of a transaction, undecoded.
struct Raw {
    code: u16,
    revert: Vec<u8>,
    gas: u64,
    output: Vec<u8>,
    events: Vec<Event>,
    text: String,
}

fn read_module(path: &Path) -> Result<Vec<u8>, String> {
    read_bounded(path, u64::from(CODE_SIZE_MAX)).map_err(|error| error.message)
}

fn show(account: &AccountId) -> String {
    format_address(account, Ss58Prefix::DEFAULT)
}

fn decode(manifest: &Manifest, ty: &Type, bytes: &[u8]) -> Value {
    value::decode_with(manifest, ty, bytes, &show).unwrap_or(Value::Null)
}

fn fields(manifest: &Manifest, declared: &[Field], bytes: &[u8]) -> BTreeMap<String, Value> {
    value::decode_fields(manifest, declared, bytes, &show).unwrap_or_default().into_iter().collect()
}

/// The declared error behind a revert, or the stable code's name.
fn refusal(manifest: &Manifest, code: u16, revert: &[u8], text: &str) -> Refusal {
    let declared = revert.split_first_chunk::<2>().filter(|_| code == codes::REVERTED);
    let declared = declared.and_then(|(id, rest)| Some((manifest.error(u16::from_le_bytes(*id))?, rest)));
    match declared {
        Some((error, rest)) => {
            Refusal { name: error.name.to_string(), fields: fields(manifest, &error.fields, rest) }
        }
        None => Refusal {
            name: crate::cli::error::name_of(code),
            fields: BTreeMap::from([("text".to_owned(), json!(text))]),
        },
    }
}

fn params_of(manifest: &Manifest, given: &BTreeMap<String, String>) -> Map<String, Value> {
    // Texts of structured values are JSON; everything else is a text that the codec reads by type.
    let read = |text: &String| match text.as_bytes().first() {
        Some(b'[' | b'{') => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        _ => json!(text),
    };
    let optional = |name: &String, text: &String| {
        let none = text == "none" || text == "null";
        none && manifest.params.iter().any(|param| {
            param.name.as_str() == name && value::type_name(manifest, &param.ty).starts_with("option")
        })
    };
    given
        .iter()
        .map(|(name, text)| (name.clone(), if optional(name, text) { Value::Null } else { read(text) }))
        .collect()
}

impl ScenarioChain for LocalChain {
    fn address(&mut self, account: &str) -> Result<String, String> {
        self.resolve(account).map(|id| show(&id)).ok_or_else(|| format!("`{account}` is no account"))
    }

    fn set_time(&mut self, time_ms: u64) -> Result<(), String> {
        if time_ms < self.time_ms {
            return Err(format!("the chain is at {} ms and cannot go back to {time_ms} ms", self.time_ms));
        }
        self.time_ms = time_ms;
        Ok(())
    }

    fn set_height(&mut self, height: u64) -> Result<(), String> {
        let next = |chain: &Self| chain.parent.child_height().map_or(u64::MAX, |height| height.0);
        if height < next(self) {
            return Err(format!("the next block has height {} and cannot have {height}", next(self)));
        }
        // Its history commits to every block, so that none can be left out.
        while next(self) < height {
            self.block(Vec::new())?;
        }
        Ok(())
    }

    fn deploy(&mut self, request: &DeployRequest) -> Result<Executed, String> {
        let (code, manifest) = self.code_of(request)?;
        let given = params_of(&manifest, &request.params);
        let args = value::encode_params(&manifest, &given, &|text| self.resolve(text)).map_err(words)?;
        let call = Call::Instantiate(Instantiate {
            code,
            salt: request.name.as_bytes().try_into().map_err(words)?,
            args: args.try_into().map_err(words)?,
            value: Amount(request.value),
        });
        let done = self.block(vec![(request.caller.clone(), call)])?;
        let raw = done.into_iter().next().ok_or("the block is empty")?;
        if raw.code != codes::OK {
            return Ok(self.executed(raw, &manifest, None));
        }
        let address = raw.output.as_slice().try_into().map(AccountId);
        let address = address.map_err(|_| "an instantiation gives an address")?;
        self.contracts.insert(request.name.clone(), Deployed { address, manifest: manifest.clone() });
        let mut executed = self.executed(raw, &manifest, None);
        executed.outcome = Ok(json!(show(&address)));
        Ok(executed)
    }

    fn propose(&mut self, request: &UpgradeRequest) -> Result<Executed, String> {
        let address = self.deployed(&request.contract)?.address;
        let hash = self.upload(&request.caller, read_module(&request.wasm)?)?;
        let call = Call::Invoke(Invoke {
            contract: address,
            method: UPGRADE_PROPOSE.try_into().map_err(words)?,
            args: hash.0.to_vec().try_into().map_err(words)?,
            value: Amount::ZERO,
            sends: Vec::new().try_into().map_err(words)?,
        });
        let done = self.block(vec![(request.caller.clone(), call)])?;
        let raw = done.into_iter().next().ok_or("the block is empty")?;
        Ok(self.executed(raw, &self.deployed(&request.contract)?.manifest, None))
    }

    fn execute(&mut self, requests: &[Request]) -> Result<Vec<Executed>, String> {
        let signed = requests.iter().map(|request| match request {
            Request::Call(call) => Ok((call.caller.clone(), self.invoke(call)?)),
            Request::Poke(poke) => Ok((poke.caller.clone(), self.poke(poke)?)),
        });
        let block = signed.collect::<Result<_, String>>()?;
        let done = self.block(block)?;
        let answered = requests.iter().zip(done).map(|(request, raw)| {
            let (contract, method) = match request {
                Request::Call(call) => (&call.contract, Some(&call.method).filter(|_| !call.approve)),
                Request::Poke(poke) => (&poke.contract, None),
            };
            let manifest = &self.deployed(contract)?.manifest;
            let declared = method.and_then(|method| manifest.transition(method));
            let returns = declared.and_then(|declared| declared.returns.as_ref());
            Ok(self.executed(raw, manifest, returns))
        });
        answered.collect()
    }

    fn query(&mut self, request: &QueryRequest) -> Result<Result<Value, Refusal>, String> {
        let deployed = self.deployed(&request.contract)?;
        let declared = deployed.manifest.view(&request.method);
        let declared = declared.ok_or_else(|| format!("no view `{}` is declared", request.method))?;
        let args = self.encode(&deployed.manifest, &declared.args, &request.args)?;
        let info = BlockInfo::of_header(self.parent.header(), self.parent.chain());
        let gas = Gas(crate::rpc::limits::QUERY_GAS);
        match query(&self.machine(), &info, deployed.address, &request.method, &args, gas) {
            Ok((done, _)) => Ok(Ok(decode(&deployed.manifest, &declared.returns, &done.output))),
            Err(ExecutionError::Failed(failure)) => {
                Ok(Err(refusal(&deployed.manifest, failure.code, &failure.revert, &failure.diagnostics.text)))
            }
            Err(ExecutionError::Fault(fault)) => Err(words(fault)),
        }
    }

    fn state(&mut self, contract: &str, cell: &str, key: &[String]) -> Result<Value, String> {
        let deployed = self.deployed(contract)?;
        let manifest = &deployed.manifest;
        let cell = manifest.cell_named(cell).ok_or_else(|| format!("no cell `{cell}` is declared"))?;
        let key = self.cell_key(manifest, cell, key)?;
        let entry = self.state.entry(&deployed.address, cell.id, &key).map_err(words)?;
        Ok(entry.map_or(Value::Null, |entry| stored_value(manifest, cell, &entry.value)))
    }

    fn machine_state(&mut self, contract: &str, machine: &str, key: &[String]) -> Result<Value, String> {
        let deployed = self.deployed(contract)?;
        let manifest = &deployed.manifest;
        let declared = manifest.machines.iter().find(|declared| *declared.name == *machine);
        let declared = declared.ok_or_else(|| format!("no machine `{machine}` is declared"))?;
        let (cell, key) = match declared.cell.and_then(|id| manifest.cell(id)) {
            Some(cell) => (cell.id, self.cell_key(manifest, cell, key)?),
            None if key.is_empty() => (reserved::STATES, declared.id.to_le_bytes().to_vec()),
            None => return Err(format!("machine `{machine}` is the contract's: it has no key")),
        };
        let entry = self.state.entry(&deployed.address, cell, &key).map_err(words)?;
        let id = entry.and_then(|entry| entry.value.first().copied());
        let state = declared.states.iter().find(|state| Some(state.id) == id);
        Ok(state.map_or(Value::Null, |state| json!(state.name.as_str())))
    }

    fn escrowed(&mut self, contract: &str, cell: &str, key: &[String]) -> Result<u128, String> {
        let deployed = self.deployed(contract)?;
        let manifest = &deployed.manifest;
        let declared = manifest.cell_named(cell).ok_or_else(|| format!("no cell `{cell}` is declared"))?;
        let CellKind::Escrow(escrow) = &declared.kind else {
            return Err(format!("cell `{cell}` is no escrow"));
        };
        let item = match escrow.item.and_then(|id| manifest.cell(id)) {
            Some(map) => self.cell_key(manifest, map, key)?,
            None if key.is_empty() => Vec::new(),
            None => return Err(format!("escrow `{cell}` is the contract's: it has no key")),
        };
        let holder = escrow_holder(&deployed.address, declared.id, &item);
        let native = escrow.asset == AssetRef::Native;
        let kept = if native { reserved::NATIVE_ESCROWS } else { reserved::ASSET_ESCROWS };
        let Some(entry) = self.state.entry(&deployed.address, kept, &holder).map_err(words)? else {
            return Ok(0);
        };
        let broken = || format!("what escrow `{cell}` holds cannot be read");
        let amount = if native {
            <[u8; 16]>::try_from(entry.value.as_slice()).ok().map(u128::from_le_bytes)
        } else {
            let record = AssetEscrow::decode_all(&mut entry.value.as_slice());
            record.ok().map(|record| record.held.amount().0)
        };
        amount.ok_or_else(broken)
    }

    fn storage_root(&mut self, contract: &str) -> Result<String, String> {
        let trie = TrieId::Storage(self.deployed(contract)?.address);
        let root: Hash = self.state.trie_root(trie).map_err(words)?;
        Ok(root.to_string())
    }

    fn balance(&mut self, account: &str) -> Result<u128, String> {
        let id = self.resolve(account).ok_or_else(|| format!("`{account}` is no account"))?;
        Ok(self.state.account(&id).map_err(words)?.unwrap_or_default().balance.0)
    }
}
