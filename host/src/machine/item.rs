//! The items that a call is bound to.
//!
//! A binding finds its items before anything else is checked: from arguments, parameters, caller and the like, so that
//! it is known what a call concerns before it runs.

use std::collections::BTreeSet;

use chainstack_primitives::{
    AccountId, codes,
    manifest::{HOLDER_ACCOUNT, ItemBinding, KeyTerm, Machine, Type, TypeKind, validate_value},
};
use chainstack_runtime::{
    params::Schedule,
    ports::{ExecutionError, Failure},
    state::Overlay,
};
use parity_scale_codec::{Compact, Decode};

use super::{
    contract::{CellPlan, Contract},
    frame::{Frame, Spans},
    touch::resolve,
};
use crate::budget::GasLeft;

/// An item of a map, as the host knows it while a call is bound to it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Key: the canonical tuple of the cell's key fields.
    pub(crate) key: Vec<u8>,
    /// Where its fields lie.
    spans: Spans,
    /// What stands before the tail: state, then head fields. None while the item does not exist.
    pub(crate) head: Option<Vec<u8>>,
    /// The head as it was when the call was bound; none of an item that the call creates. It is what key terms mean, so
    /// that what a call may touch is known before it runs.
    first: Option<Vec<u8>>,
}

impl Item {
    pub(crate) fn new(
        contract: &Contract,
        cell: &CellPlan,
        key: Vec<u8>,
        value: Option<&[u8]>,
    ) -> Option<Self> {
        let declared = contract.manifest.cells.get(cell.index)?.key();
        let spans = Spans::validate(&contract.manifest, declared.iter().map(|field| &field.ty), &key).ok()?;
        let mut item = Self { key, spans, head: None, first: None };
        item.see(cell, value);
        item.first.clone_from(&item.head);
        Some(item)
    }

    /// Notes what the item's entry holds now.
    pub(crate) fn see(&mut self, cell: &CellPlan, value: Option<&[u8]>) {
        self.head = value.and_then(|value| value.get(..cell.head_size)).map(<[u8]>::to_vec);
    }

    /// A field of the key.
    pub(crate) fn key_field(&self, index: u8) -> Option<&[u8]> {
        self.spans.get(&self.key, usize::from(index))
    }

    /// A head field; none while the item does not exist.
    pub(crate) fn head_field(&self, cell: &CellPlan, index: u8) -> Option<&[u8]> {
        field_of(self.head.as_deref()?, cell, index)
    }

    /// A head field as it was when the call was bound.
    pub(crate) fn first_field(&self, cell: &CellPlan, index: u8) -> Option<&[u8]> {
        field_of(self.first.as_deref()?, cell, index)
    }

    /// Who holds the item, if it is a unique asset that is there: the holder as the host keeps it.
    pub(crate) fn holder(&self, cell: &CellPlan) -> Option<&[u8]> {
        holder_of(self.head.as_deref()?, cell)
    }

    /// State of the item's machine; that in which it will begin, while it does not exist.
    pub(crate) fn state(&self, machine: &Machine) -> u8 {
        self.head.as_deref().and_then(|head| head.first().copied()).unwrap_or(machine.initial)
    }

    /// The key in hex, cut, for diagnostics.
    pub(crate) fn shown(&self) -> String {
        let digits: String = self.key.iter().take(KEY_SHOWN).map(|byte| format!("{byte:02x}")).collect();
        format!("0x{digits}{}", if self.key.len() > KEY_SHOWN { "…" } else { "" })
    }
}

fn field_of<'h>(head: &'h [u8], cell: &CellPlan, index: u8) -> Option<&'h [u8]> {
    let plan = cell.head.get(usize::from(index))?;
    head.get(plan.offset..plan.offset.checked_add(plan.size)?)
}

/// The holder in the value of a unique asset.
pub(crate) fn holder_of<'v>(value: &'v [u8], cell: &CellPlan) -> Option<&'v [u8]> {
    value.get(cell.owner?..cell.prefix)
}

/// The account that a holder stands for; none if the holder is an escrow.
pub(crate) fn account_of(holder: &[u8]) -> Option<AccountId> {
    let (kind, account) = holder.split_first()?;
    let account = <[u8; 32]>::try_from(account).ok().map(AccountId);
    account.filter(|_| *kind == HOLDER_ACCOUNT)
}

/// Bytes of a key that a diagnostic shows.
const KEY_SHOWN: usize = 64;

/// Whether the items of a binding are there already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Expected {
    Existing,
    New,
}

/// Checks that an item is there, or is not, as its binding asks.
///
/// # Errors
/// [`codes::ITEM_NOT_FOUND`], [`codes::ITEM_EXISTS`].
pub(super) fn check_presence(
    contract: &Contract,
    plan: &CellPlan,
    item: &Item,
    expected: Expected,
) -> Result<(), Failure> {
    match (expected, &item.head) {
        (Expected::Existing, None) => {
            let text = format!("cell {} has no item {}", contract.cell_name(plan), item.shown());
            Err(Failure::new(codes::ITEM_NOT_FOUND, text))
        }
        (Expected::New, Some(_)) => {
            let text = format!("cell {} has item {} already", contract.cell_name(plan), item.shown());
            Err(Failure::new(codes::ITEM_EXISTS, text))
        }
        _ => Ok(()),
    }
}

/// Finds the items that the frame's call is bound to, charged before each is read.
///
/// # Errors
/// - [`codes::ITEM_NOT_FOUND`], [`codes::ITEM_EXISTS`] if an item is not there, or is.
/// - [`codes::BAD_ARGUMENTS`] if a list names no item, too many, or one twice.
pub(super) fn bind(
    state: &mut Overlay<'_>,
    schedule: &Schedule,
    origin: &AccountId,
    gas: &mut GasLeft,
    frame: &mut Frame,
) -> Result<(), ExecutionError> {
    let contract = std::sync::Arc::clone(&frame.contract);
    let method = contract.method(frame.method)?;
    let Some(binding) = contract.transition(method).map(|transition| &transition.item) else { return Ok(()) };
    let (cell, keys, expected) = match binding {
        ItemBinding::None => return Ok(()),
        ItemBinding::Existing { cell, key } => {
            (*cell, vec![one_key(frame, origin, key)?], Expected::Existing)
        }
        ItemBinding::New { cell, key } => (*cell, vec![one_key(frame, origin, key)?], Expected::New),
        ItemBinding::Each { cell, arg, max } => {
            (*cell, listed_keys(&contract, frame, *arg, *max)?, Expected::Existing)
        }
    };
    let (position, plan) = contract.any_cell(u32::from(cell))?;
    gas.charge(binding_gas(schedule, plan, keys.len()))?;
    for key in keys {
        let entry = state.entry(&frame.address, plan.id, &key)?;
        let value = entry.map(|entry| &*entry.value);
        let item = Item::new(&contract, plan, key, value)
            .ok_or_else(|| Failure::new(codes::BAD_KEY, "the bound item has no key of its cell"))?;
        check_presence(&contract, plan, &item, expected)?;
        frame.items.push(item);
    }
    frame.item_cell = Some(position);
    frame.creates = expected == Expected::New;
    Ok(())
}

fn one_key(frame: &Frame, origin: &AccountId, terms: &[KeyTerm]) -> Result<Vec<u8>, Failure> {
    let mut key = Vec::new();
    for term in terms {
        let unknown = || Failure::new(codes::BAD_KEY, "the key of the bound item is not known");
        key.extend_from_slice(resolve(frame, origin, None, term).ok_or_else(unknown)?);
    }
    Ok(key)
}

/// The keys that an argument lists, each once.
fn listed_keys(contract: &Contract, frame: &Frame, arg: u8, max: u32) -> Result<Vec<Vec<u8>>, Failure> {
    let bad = |text: String| Failure::new(codes::BAD_ARGUMENTS, text);
    let malformed = || bad("the list of items is malformed".to_owned()); // the arguments were checked: never
    let declared =
        contract.method(frame.method).ok().and_then(|method| contract.args(method).get(usize::from(arg)));
    let kind = declared.and_then(|field| contract.manifest.definition(&field.ty)).map(|found| &found.kind);
    let Some(TypeKind::List { of, .. }) = kind else { return Err(malformed()) };
    let mut rest = frame.args.get(&frame.input, usize::from(arg)).ok_or_else(malformed)?;
    let count = Compact::<u32>::decode(&mut rest).map_err(|_| malformed())?.0;
    // Whoever lists none would be asked for nothing: neither role nor guard.
    if count == 0 || count > max {
        return Err(bad(format!("{count} items listed, 1 to {max} expected")));
    }
    let mut seen = BTreeSet::new();
    for index in 0..count {
        let key = next_value(contract, of, &mut rest).ok_or_else(malformed)?;
        if !seen.insert(key) {
            return Err(bad(format!("item {index} of the list is in it twice")));
        }
    }
    // In the order of keys, which no caller chooses: what is refused first does not depend on the list's order.
    Ok(seen.into_iter().map(<[u8]>::to_vec).collect())
}

fn next_value<'a>(contract: &Contract, ty: &Type, rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let before = *rest;
    validate_value(&contract.manifest, ty, rest).ok()?;
    before.get(..before.len().checked_sub(rest.len())?)
}

/// Sees again what the frame's items hold, after a call in which they may have been changed. Charged as they were when
/// they were bound.
pub(crate) fn see_again(
    state: &mut Overlay<'_>,
    schedule: &Schedule,
    gas: &mut GasLeft,
    frame: &mut Frame,
) -> Result<(), ExecutionError> {
    let Frame { contract, address, items, item_cell, creates, .. } = frame;
    let Some(plan) = item_cell.and_then(|position| contract.cells.get(position)) else { return Ok(()) };
    gas.charge(binding_gas(schedule, plan, items.len()))?;
    for item in items {
        let entry = state.entry(address, plan.id, &item.key)?;
        let was_there = item.head.is_some();
        item.see(plan, entry.map(|entry| &*entry.value));
        if *creates && !was_there && item.head.is_some() {
            let text = format!("a nested call has created item {}", item.shown());
            return Err(Failure::new(codes::ITEM_EXISTS, text).into());
        }
    }
    Ok(())
}

/// What reading so many items up to their tails costs.
fn binding_gas(schedule: &Schedule, plan: &CellPlan, items: usize) -> u64 {
    let head = u64::try_from(plan.head_size).unwrap_or(u64::MAX);
    let each = schedule.host.read.saturating_add(schedule.host.byte.saturating_mul(head));
    each.saturating_mul(u64::try_from(items).unwrap_or(u64::MAX))
}
