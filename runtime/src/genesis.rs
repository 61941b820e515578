//! The first block: who owns what, which paradigms there are, who validates.
//!
//! The genesis header's hash is the chain's id. Its `last_commit_hash` is the hash of the description, so that the
//! id binds every byte of it.

use std::fmt;

use chainstack_primitives::{
    AccountId, Amount, BoundedText, BoundedVec, Bytes, ChainId, DecodeError, Gas, Hash, Header, HeaderCore,
    HeaderRest, Height, Tag, TimeMs, codec, limit_table,
    limits::Limit,
    merkle::MountainRange,
    receipt_root,
    signature::validate_key,
    tagged,
    transaction::{CODE_SIZE_MAX, PARADIGM_NAME_MAX},
    transaction_root,
};
use parity_scale_codec::{Decode, Encode};

use crate::{
    block::{Applied, BlockInfo, shares_root, validators_hash},
    modules::balances::{self, SUPPLY_MAX},
    params::Schedule,
    ports::{ContractExecutor, ExecutionError, Failure, Fault, Parallel, Serial},
    state::{Entry, Overlay, Tries, commitment, reserved},
    transaction::Meter,
};

/// Greatest size of an encoded description, in bytes: 16 MiB.
pub const GENESIS_SIZE_MAX: usize = 16 * 1024 * 1024;
/// Most balances.
pub const BALANCES_MAX: u32 = 1 << 17;
/// Most paradigms.
pub const PARADIGMS_MAX: u32 = 64;
/// Most validators.
pub const VALIDATORS_MAX: u32 = 1024;
/// Greatest length of a chain's name, in bytes.
pub const CHAIN_NAME_MAX: u32 = 64;

/// Limits of a description, for the page of limits.
pub const LIMITS: &[Limit] = limit_table! {
    GENESIS_SIZE_MAX, "bytes", "encoded description of a chain's first block";
    CHAIN_NAME_MAX, "bytes", "name of a chain";
    BALANCES_MAX, "balances", "balances that a chain starts with";
    PARADIGMS_MAX, "paradigms", "paradigms that a chain starts with";
    VALIDATORS_MAX, "validators", "validators that a chain starts with";
};

/// A validator.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
pub struct Validator {
    /// Its key.
    pub id: AccountId,
    /// Its voting power; not zero.
    pub power: u64,
}

/// A paradigm that the chain starts with.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Paradigm {
    /// The name by which it is instantiated.
    pub name: BoundedText<PARADIGM_NAME_MAX>,
    /// A Wasm module with its manifest.
    pub code: Bytes<CODE_SIZE_MAX>,
}

/// Description of a chain's first block.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Genesis {
    /// The chain's name.
    pub name: BoundedText<CHAIN_NAME_MAX>,
    /// Protocol version that the chain starts with.
    pub version: u16,
    /// Time of the first block.
    pub time_ms: TimeMs,
    /// Who owns what, ascending by key, each key once.
    pub balances: BoundedVec<(AccountId, Amount), BALANCES_MAX>,
    /// Paradigms, ascending by name, each name once.
    pub paradigms: BoundedVec<Paradigm, PARADIGMS_MAX>,
    /// Validators, ascending by key, each key once, at least one; under engine `solo` the one operator.
    pub validators: BoundedVec<Validator, VALIDATORS_MAX>,
}

impl Genesis {
    /// Decodes a description from outside.
    ///
    /// # Errors
    /// [`DecodeError::TooLong`] past [`GENESIS_SIZE_MAX`]; [`DecodeError::Malformed`] otherwise.
    pub fn decode_all(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode_all(bytes, GENESIS_SIZE_MAX)
    }

    /// Hash of the whole description.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.using_encoded(|bytes| tagged(Tag::Genesis, bytes))
    }
}

/// Why a description gives no chain.
#[derive(Debug)]
#[non_exhaustive]
pub enum GenesisError {
    /// It names another protocol version than the schedule given.
    Version {
        /// The schedule's.
        expected: u16,
        /// The description's.
        found: u16,
    },
    /// Balances, paradigms or validators are not in strictly ascending order.
    NotSorted {
        /// Which list.
        list: &'static str,
        /// The first element that is not greater than the one before.
        index: usize,
    },
    /// There is no validator, or one has no power or is no key.
    Validators,
    /// A balance is given to the all-zero key or to an account of the protocol itself.
    Owner(AccountId),
    /// More coins than [`SUPPLY_MAX`], the deposits of paradigms included.
    Supply,
    /// A paradigm's code was refused.
    Paradigm {
        /// Its name.
        name: String,
        /// Why.
        failure: Failure,
    },
    /// This machine could not tell.
    Fault(Fault),
}

impl fmt::Display for GenesisError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { expected, found } => {
                write!(formatter, "protocol version {expected} expected, {found} found")
            }
            Self::NotSorted { list, index } => {
                write!(formatter, "{list} in ascending order expected, element {index} is not")
            }
            Self::Validators => formatter.write_str("validators with keys and power expected"),
            Self::Owner(id) => write!(formatter, "{id} can own no balance"),
            Self::Supply => write!(formatter, "at most {SUPPLY_MAX} base units expected in all"),
            Self::Paradigm { name, failure } => {
                write!(
                    formatter,
                    "paradigm {name} is refused with {}: {}",
                    failure.code, failure.diagnostics.text
                )
            }
            Self::Fault(fault) => fault.fmt(formatter),
        }
    }
}

impl std::error::Error for GenesisError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

impl From<Fault> for GenesisError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Builds the first block from nothing. It has no transactions; [`Applied::as_parent`] is what height 1 builds on.
///
/// Each paradigm is uploaded by [`reserved::PARADIGMS`] under no gas limit; the deposits that uploads lock come
/// into being with genesis.
///
/// # Errors
/// [`GenesisError`] with the first thing that is wrong.
pub fn build(
    genesis: &Genesis,
    schedule: &Schedule,
    executor: &dyn ContractExecutor,
) -> Result<Applied, GenesisError> {
    build_with(genesis, schedule, executor, &Serial)
}

/// As [`build`], with threads to commit on.
///
/// # Errors
/// Those of [`build`].
pub fn build_with(
    genesis: &Genesis,
    schedule: &Schedule,
    executor: &dyn ContractExecutor,
    parallel: &dyn Parallel,
) -> Result<Applied, GenesisError> {
    check(genesis, schedule)?;
    let nothing = Nothing;
    let mut state = Overlay::new(&nothing);
    let mut header = draft(genesis, schedule);
    for (_, id) in reserved::ALL {
        state.set_account(id, chainstack_primitives::Account::default())?;
    }
    let mut supply = Amount::ZERO;
    for (id, amount) in &genesis.balances {
        supply = supply.checked_add(*amount).ok_or(GenesisError::Supply)?;
        let account = state.account_or_new(id)?;
        state.set_account(id, chainstack_primitives::Account { balance: *amount, ..account })?;
    }
    let block = BlockInfo::of_header(&header, ChainId::default());
    let deposits = upload_paradigms(genesis, schedule, executor, &block, &mut state)?;
    balances::credit(&mut state, &reserved::DEPOSITS, deposits)?;
    supply =
        supply.checked_add(deposits).filter(|supply| *supply <= SUPPLY_MAX).ok_or(GenesisError::Supply)?;
    balances::count(&mut state, reserved::GENESIS_KEY, supply)?;
    let set =
        Entry { value: genesis.validators.encode(), payer: reserved::VALIDATORS, deposit: Amount::ZERO };
    state.set_entry(&reserved::VALIDATORS, reserved::VALIDATORS_CELL, &[], Some(set))?;

    let changes = state.into_changes();
    let commitment = commitment::commit(&changes, &nothing, &nothing, &mut Tries::cold(), parallel)?;
    header.core.state_root = commitment.state_root;
    Ok(Applied {
        hash: header.hash(),
        header,
        history: MountainRange::default(),
        changes,
        commitment,
        receipts: Vec::new(),
        outcomes: Vec::new(),
    })
}

fn check(genesis: &Genesis, schedule: &Schedule) -> Result<(), GenesisError> {
    if genesis.version != schedule.version {
        return Err(GenesisError::Version { expected: schedule.version, found: genesis.version });
    }
    sorted("balances", genesis.balances.iter().map(|(id, _)| id))?;
    sorted("paradigms", genesis.paradigms.iter().map(|paradigm| &paradigm.name))?;
    sorted("validators", genesis.validators.iter().map(|validator| &validator.id))?;
    let refused = |id: &AccountId| id.is_zero() || reserved::is_system(id);
    if let Some((id, _)) = genesis.balances.iter().find(|(id, _)| refused(id)) {
        return Err(GenesisError::Owner(*id));
    }
    let sound = |validator: &Validator| validator.power > 0 && validate_key(&validator.id).is_ok();
    if genesis.validators.is_empty() || !genesis.validators.iter().all(sound) {
        return Err(GenesisError::Validators);
    }
    Ok(())
}

fn sorted<'a, T: Ord + 'a>(
    list: &'static str,
    keys: impl Iterator<Item = &'a T>,
) -> Result<(), GenesisError> {
    let mut last = None;
    for (index, key) in keys.enumerate() {
        if last.is_some_and(|last| last >= key) {
            return Err(GenesisError::NotSorted { list, index });
        }
        last = Some(key);
    }
    Ok(())
}

fn draft(genesis: &Genesis, schedule: &Schedule) -> Header {
    let validators_hash = validators_hash(&genesis.validators);
    Header {
        core: HeaderCore {
            version: genesis.version,
            chain: ChainId::default(),
            height: Height(0),
            time_ms: genesis.time_ms,
            state_root: Hash::ZERO,
            history_root: MountainRange::default().root(),
            next_validators_hash: validators_hash,
        },
        rest: HeaderRest {
            parent: Hash::ZERO,
            tx_root: transaction_root(&[]),
            receipt_root: receipt_root(&[]),
            shares_root: shares_root(),
            validators_hash,
            last_commit_hash: genesis.hash(),
            base_fee: schedule.block.base_fee_initial,
            gas_used: Gas(0),
            proposer: AccountId::ZERO,
            beacon: Hash::ZERO,
        },
    }
}

/// Uploads the paradigms and registers their names. The deposits locked.
fn upload_paradigms(
    genesis: &Genesis,
    schedule: &Schedule,
    executor: &dyn ContractExecutor,
    block: &BlockInfo,
    state: &mut Overlay<'_>,
) -> Result<Amount, GenesisError> {
    let mut deposits = Amount::ZERO;
    for paradigm in &genesis.paradigms {
        let refused = |failure| GenesisError::Paradigm { name: paradigm.name.to_string(), failure };
        let mut meter = Meter::new(reserved::PARADIGMS, Gas(u64::MAX), SUPPLY_MAX, schedule);
        let uploaded = executor.upload(state, &mut meter, block, reserved::PARADIGMS, &paradigm.code);
        let done = uploaded.map_err(|error| match error {
            ExecutionError::Failed(failure) => refused(failure),
            ExecutionError::Fault(fault) => GenesisError::Fault(fault),
        })?;
        let hash: [u8; 32] = done
            .output
            .try_into()
            .map_err(|_| Fault::text("the executor's upload did not give a code hash"))?;
        let entry = Entry { value: hash.to_vec(), payer: reserved::PARADIGMS, deposit: Amount::ZERO };
        let key = paradigm.name.as_bytes();
        state.set_entry(&reserved::PARADIGMS, reserved::PARADIGMS_CELL, key, Some(entry))?;
        let (_, tally) = state.finish_transaction();
        deposits = deposits.checked_add(tally.locked).ok_or(GenesisError::Supply)?;
    }
    Ok(deposits)
}

/// Decodes a validator set as state holds it.
#[must_use]
pub fn decode_validators(bytes: &[u8]) -> Option<BoundedVec<Validator, VALIDATORS_MAX>> {
    codec::decode_all(bytes, bytes.len()).ok()
}

/// State before the first block.
struct Nothing;

impl crate::ports::StateReader for Nothing {
    fn account(&self, _: &AccountId) -> Result<Option<chainstack_primitives::Account>, Fault> {
        Ok(None)
    }

    fn entry(&self, _: &AccountId, _: u16, _: &[u8]) -> Result<Option<Entry>, Fault> {
        Ok(None)
    }

    fn code(&self, _: &Hash) -> Result<Option<std::sync::Arc<[u8]>>, Fault> {
        Ok(None)
    }
}

impl crate::state::NodeSource for Nothing {
    fn node(&self, _: crate::state::TrieId, _: &chainstack_trie::Nibbles) -> Result<Option<Vec<u8>>, Fault> {
        Ok(None)
    }
}
