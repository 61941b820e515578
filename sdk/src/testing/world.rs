//! The state of the host in memory, and calls against it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::vec::Vec;

use crate::codec::{Datum, decode_all};
use crate::error::ContractError;
use crate::event::Event;
use crate::{AccountId, Amount};

std::thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::default());
}

/// What contracts of this thread see. Fields are set freely between calls.
#[derive(Clone, Debug)]
pub struct World {
    /// Who calls next.
    pub caller: AccountId,
    /// The contract's own address.
    pub contract: AccountId,
    /// Coins that come with the next call.
    pub value: Amount,
    /// The contract's coins.
    pub balance: Amount,
    /// Height of the block.
    pub height: u64,
    /// Time of the block in milliseconds.
    pub time_ms: u64,
    /// Holders of roles by id.
    pub roles: BTreeMap<u16, AccountId>,
    /// States by machine and encoded key of the item, which is empty for the contract's own machines.
    pub states: BTreeMap<(u16, Vec<u8>), u8>,
    /// Encoded parameters by index.
    pub params: Vec<Vec<u8>>,
    pub(super) entries: BTreeMap<(u16, Vec<u8>), Vec<u8>>,
    pub(super) balances: BTreeMap<(u16, Vec<u8>), u128>,
    pub(super) events: Vec<(u16, Vec<u8>)>,
    pub(super) input: Vec<u8>,
    pub(super) output: Vec<u8>,
}

/// How a call ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It returned: the encoded output.
    Returned(Vec<u8>),
    /// It reverted: the error's id and encoded fields. Everything it did is undone.
    Reverted(u16, Vec<u8>),
}

/// What unwinds a reverting call.
pub(super) struct Reverted(pub(super) u16, pub(super) Vec<u8>);

impl Default for World {
    fn default() -> Self {
        Self {
            caller: AccountId([1; 32]),
            contract: AccountId([0xcc; 32]),
            value: Amount::ZERO,
            balance: Amount::ZERO,
            height: 1,
            time_ms: 1_000,
            roles: BTreeMap::new(),
            states: BTreeMap::new(),
            params: Vec::new(),
            entries: BTreeMap::new(),
            balances: BTreeMap::new(),
            events: Vec::new(),
            input: Vec::new(),
            output: Vec::new(),
        }
    }
}

impl World {
    /// Makes this the world of the thread.
    pub fn enter(self) {
        WORLD.set(self);
    }

    /// Looks at or changes the world of the thread.
    pub fn with<R>(change: impl FnOnce(&mut Self) -> R) -> R {
        WORLD.with_borrow_mut(change)
    }

    /// Calls an exported method as `caller` with encoded arguments. The events of the call replace those before.
    ///
    /// # Panics
    /// If the method panics, which would be a trap on chain.
    pub fn call<T: Datum>(caller: AccountId, method: extern "C-unwind" fn(), args: &T) -> Outcome {
        let before = Self::with(|world| {
            world.events.clear();
            let before = world.clone();
            world.caller = caller;
            world.input = args.with_bytes(<[u8]>::to_vec);
            world.output.clear();
            before
        });
        match catch_unwind(AssertUnwindSafe(|| crate::testing::raw::run(method))) {
            Ok(()) => Outcome::Returned(Self::with(|world| world.output.clone())),
            Err(thrown) => {
                before.enter();
                match thrown.downcast::<Reverted>() {
                    Ok(reverted) => Outcome::Reverted(reverted.0, reverted.1),
                    Err(other) => resume_unwind(other),
                }
            }
        }
    }

    /// Events of the last call: ids and encoded fields.
    #[must_use]
    pub fn events() -> Vec<(u16, Vec<u8>)> {
        Self::with(|world| world.events.clone())
    }

    /// All ledger entries: cell, encoded key, balance.
    #[must_use]
    pub fn balances() -> BTreeMap<(u16, Vec<u8>), u128> {
        Self::with(|world| world.balances.clone())
    }

    /// All map and value entries: cell, encoded key, encoded value.
    #[must_use]
    pub fn entries() -> BTreeMap<(u16, Vec<u8>), Vec<u8>> {
        Self::with(|world| world.entries.clone())
    }
}

impl Outcome {
    /// The decoded output.
    ///
    /// # Panics
    /// If the call reverted.
    #[must_use]
    pub fn returned<T: Datum>(&self) -> T {
        match self {
            Self::Returned(bytes) => decode_all(bytes.clone().leak()),
            Self::Reverted(id, fields) => panic!("expected a return, found error {id} with {fields:?}"),
        }
    }

    /// Whether the call reverted with exactly this error.
    #[must_use]
    pub fn reverted_with(&self, error: &impl ContractError) -> bool {
        *self == Self::Reverted(error.id(), error.encode_fields().to_vec())
    }
}

/// An event as [`World::events`] lists it.
#[must_use]
pub fn announced<E: Event>(event: &E) -> (u16, Vec<u8>) {
    (E::ID, event.encode_fields().to_vec())
}
