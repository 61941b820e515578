//! Assets of contracts on their way into an escrow and out of it.
//!
//! Whoever loses an asset has consented: the signer in the transaction's `sends`, a contract in those of its running
//! transition. An allowance is no consent, and nobody else's account can be named.

use std::sync::Arc;

use chainstack_engine::Guest;
use chainstack_primitives::{
    AccountId, Amount, Asset, Send, codes,
    manifest::{AssetRef, KeyTerm, Reenter},
};
use chainstack_runtime::{
    ports::{ExecutionError, Failure, Fault},
    state::escrow::{Held, Holder},
};

use super::{
    Answered, Scene,
    escrow::answer,
    table::{Function, KEY_BYTES_MAX},
};
use crate::{
    budget::GasLeft,
    machine::{
        AssetCell, Contract, Frame, Ground, Item, Way, declared_escrow, flush, for_an_item, payments,
        release, resolve, see_again, take, takes_coins,
    },
    memory::{self, word},
    run::Run,
};

/// An asset: the contract that keeps it, and its cell.
type AssetId = (AccountId, u16);

/// Who an escrow takes from, as code says it.
const FROM_SELF: u32 = 0;
const FROM_CALLER: u32 = 1;

/// How much of each asset the signer still consents to send.
#[derive(Clone, Debug, Default)]
pub(crate) struct Consents(Vec<(AssetId, Amount)>);

impl Consents {
    pub(crate) fn new(sends: &[Send]) -> Self {
        let listed = sends.iter().filter_map(|send| match send.asset {
            Asset::Native => None,
            Asset::Cell { contract, cell } => Some(((contract, cell), send.max)),
        });
        Self(listed.collect())
    }

    fn spend(&mut self, asset: AssetId, amount: Amount) -> Result<(), Failure> {
        let consent = self.0.iter_mut().find(|(listed, _)| *listed == asset);
        let left = consent.as_ref().map_or(Amount::ZERO, |(_, left)| *left);
        match (consent, left.checked_sub(amount)) {
            (Some((_, left)), Some(rest)) => {
                *left = rest;
                Ok(())
            }
            _ => Err(not_consented(&format!("the signer consents to send {left} more"), asset, amount)),
        }
    }
}

/// What was counted so far.
struct Sent {
    consents: Consents,
    frames: Vec<Vec<u128>>,
}

fn not_consented(who: &str, (contract, cell): AssetId, amount: Amount) -> Failure {
    let text = format!("{who} of the asset in cell id {cell} at {contract}, {amount} asked");
    Failure::new(codes::NOT_CONSENTED, text)
}

/// Counts an amount of an asset among what the transition of `frame` may send.
fn count_sent(
    frame: &mut Frame,
    origin: &AccountId,
    asset: AssetId,
    amount: Amount,
    code: u16,
) -> Result<(), Failure> {
    let contract = Arc::clone(&frame.contract);
    let method = contract.method(frame.method)?;
    let sends = contract.transition(method).map(|transition| &*transition.sends).unwrap_or_default();
    let mut most = Amount::ZERO;
    for (index, send) in
        sends.iter().enumerate().filter(|(_, send)| is_asset(frame, origin, &send.asset, asset))
    {
        let sent = frame.assets_sent.get(index).copied().unwrap_or(0);
        let left = Amount(send.max.0.saturating_sub(sent));
        if amount > left {
            most = most.max(left);
            continue;
        }
        if frame.assets_sent.len() <= index {
            frame.assets_sent.resize(index.saturating_add(1), 0);
        }
        if let Some(sent) = frame.assets_sent.get_mut(index) {
            *sent = sent.saturating_add(amount.0); // at most the send's own bound
        }
        return Ok(());
    }
    let mut failure = not_consented(&format!("`{}` may send {most} more", method.name), asset, amount);
    failure.code = code;
    Err(failure)
}

/// Whether a declared asset of the frame's contract is this one, for any item that the call is bound to.
fn is_asset(frame: &Frame, origin: &AccountId, declared: &AssetRef, asset: AssetId) -> bool {
    for_an_item(frame, |item| names_asset(frame, origin, item, declared, asset))
}

/// Whether a declared asset is this one, for an item.
fn names_asset(
    frame: &Frame,
    origin: &AccountId,
    item: Option<&Item>,
    declared: &AssetRef,
    (contract, cell): AssetId,
) -> bool {
    match declared {
        AssetRef::Native => false,
        AssetRef::Own(own) => *own == cell && contract == frame.address,
        AssetRef::Foreign { cell: foreign, .. } if *foreign != cell => false,
        AssetRef::Foreign { contract: KeyTerm::Any, .. } => true,
        AssetRef::Foreign { contract: term, .. } => {
            named_by(frame, origin, item, term) == Some(contract.as_bytes().as_slice())
        }
    }
}

/// The account that a term stands for. A head field is what it is now: an item that the call creates names its asset too,
/// once it is there, and for good.
fn named_by<'f>(
    frame: &'f Frame,
    origin: &'f AccountId,
    item: Option<&'f Item>,
    term: &'f KeyTerm,
) -> Option<&'f [u8]> {
    match term {
        KeyTerm::Head(index) => item?.head_field(frame.contract.cells.get(frame.item_cell?)?, *index),
        _ => resolve(frame, origin, item, term),
    }
}

impl Run<'_, '_, '_> {
    /// `escrow_asset_in`.
    pub(super) fn escrow_asset_in(&mut self, args: &[u64], guest: &mut Guest<'_>) -> Answered {
        let [cell, item, item_len, asset, from, ptr, len] = *args else {
            return Err(Failure::new(codes::BAD_HOST_ARGUMENT, "seven arguments expected").into());
        };
        let item = memory::read(guest, item, item_len, KEY_BYTES_MAX)?.to_vec();
        let asset = memory::read_account(guest, asset)?;
        let what = memory::read(guest, ptr, len, KEY_BYTES_MAX)?.to_vec();
        let mut gas = GasLeft(guest.gas());
        let before = self.sent();
        let done = self.asset_in(&mut gas, word(cell), &item, asset, word(from), what);
        guest.set_gas(gas.0);
        if done.is_err() {
            self.set_sent(before);
        }
        answer(Function::EscrowAssetIn, done)
    }

    /// What was counted of assets sent, for the signer, the running frame and the one that called it.
    fn sent(&self) -> Sent {
        let frames = self.frames.iter().rev().take(2).map(|frame| frame.assets_sent.clone());
        Sent { consents: self.consents.clone(), frames: frames.collect() }
    }

    /// What did not move does not count.
    fn set_sent(&mut self, sent: Sent) {
        self.consents = sent.consents;
        for (frame, assets_sent) in self.frames.iter_mut().rev().zip(sent.frames) {
            frame.assets_sent = assets_sent;
        }
    }

    fn asset_in(
        &mut self,
        gas: &mut GasLeft,
        cell: u32,
        item: &[u8],
        asset: AccountId,
        from: u32,
        what: Vec<u8>,
    ) -> Result<(), ExecutionError> {
        let origin = self.origin;
        let frame = self.top()?;
        let (address, caller) = (frame.address, frame.caller);
        let (escrow, declared, holder) = declared_escrow(frame, cell, item, |used| used.pays_in)?;
        let (kept_in, unique) = match &declared.asset {
            AssetRef::Native => {
                let text = format!("escrow cell id {cell} holds coins, not an asset of a contract");
                return Err(Failure::new(codes::UNDECLARED_ESCROW, text).into());
            }
            AssetRef::Own(kept_in) | AssetRef::Foreign { cell: kept_in, .. } => (*kept_in, declared.unique),
        };
        // Of the item that is paid for, not of any that the call is bound to.
        let bound = frame.items.iter().find(|bound| declared.item.is_some() && bound.key == item);
        if !names_asset(frame, &origin, bound, &declared.asset, (asset, kept_in)) {
            let text = format!("escrow cell id {cell} is not for assets of the contract at {asset}");
            return Err(Failure::new(codes::UNDECLARED_ESCROW, text).into());
        }
        let payments = payments(&frame.contract.manifest, escrow);
        let contract = self.asset_contract(gas, &asset)?;
        let found = AssetCell::find(&contract, &asset, kept_in)?;
        let what = self.what(&found, unique, what)?;
        let amount = what.amount();
        let from = match from {
            FROM_SELF => {
                count_sent(self.top()?, &origin, (asset, kept_in), amount, codes::UNDECLARED_SEND)?;
                address
            }
            FROM_CALLER => {
                self.consent(&caller, (asset, kept_in), amount)?;
                caller
            }
            other => {
                let text = format!("an escrow takes from the contract (0) or its caller (1), {other} found");
                return Err(Failure::new(codes::BAD_HOST_ARGUMENT, text).into());
            }
        };
        if amount.is_zero() {
            return Ok(());
        }
        let frame = self.frames.last_mut().ok_or_else(no_frame)?;
        let method = frame.contract.method(frame.method)?;
        frame.used.write(method, 1)?;
        if self.state.asset_escrow(&address, &holder)?.is_none() {
            frame.used.create(method)?;
        }
        // What this frame has changed of the counts of its own assets comes first.
        flush(self.state, &frame.contract, &address, &mut frame.pending)?;
        self.check_bound_below(&asset, kept_in, &what)?;
        let ground = Ground { meter: self.meter, block: self.block };
        take(self.state, ground, gas, &found, &from, (&address, &holder), &what, payments)?;
        self.see_own(gas, &asset)
    }

    /// `escrow_out`, of coins or of an asset.
    pub(super) fn escrow_out(&mut self, args: &[u64], guest: &mut Guest<'_>) -> Answered {
        let [cell, item, item_len, to, amount] = *args else {
            return Err(Failure::new(codes::BAD_HOST_ARGUMENT, "five arguments expected").into());
        };
        let item = memory::read(guest, item, item_len, KEY_BYTES_MAX)?.to_vec();
        let to = memory::read_account(guest, to)?;
        let amount = memory::read_amount(guest, amount)?;
        let (frame, below) = self.frames.split_last_mut().ok_or_else(no_frame)?;
        let (_, declared, holder) = declared_escrow(frame, word(cell), &item, |used| used.pays_out)?;
        if declared.asset == AssetRef::Native {
            let mut scene = Scene {
                phases: self.executor.phases(),
                frame,
                below,
                state: self.state,
                meter: self.meter,
                block: self.block,
                origin: &self.origin,
                guest,
                key: &mut self.key,
            };
            return scene.escrow_out(&holder, to, amount);
        }
        let mut gas = GasLeft(guest.gas());
        let before = self.sent();
        let done = self.asset_out(&mut gas, &holder, to, amount);
        guest.set_gas(gas.0);
        if done.is_err() {
            self.set_sent(before);
        }
        answer(Function::EscrowOut, done)
    }

    fn asset_out(
        &mut self,
        gas: &mut GasLeft,
        holder: &Holder,
        to: AccountId,
        amount: Amount,
    ) -> Result<(), ExecutionError> {
        if to.is_zero() {
            return Err(Failure::new(codes::ZERO_ADDRESS, "the receiver is the all-zero key").into());
        }
        if !takes_coins(to.as_bytes()) {
            let text = "the receiver is an account of the protocol itself";
            return Err(Failure::new(codes::PROTOCOL_ADDRESS, text).into());
        }
        let address = self.top()?.address;
        let record = self.state.asset_escrow(&address, holder)?;
        let held = record.as_ref().map_or(Amount::ZERO, |record| record.held.amount());
        let Some(record) = record.filter(|_| amount <= held) else {
            if amount.is_zero() {
                return Ok(());
            }
            let text = format!("{held} in escrow found, {amount} asked");
            return Err(Failure::new(codes::INSUFFICIENT_BALANCE, text).into());
        };
        let contract = self.asset_contract(gas, &record.asset)?;
        let found = AssetCell::find(&contract, &record.asset, record.cell)?;
        let origin = self.origin;
        let frame = self.frames.last_mut().ok_or_else(no_frame)?;
        count_sent(frame, &origin, (record.asset, record.cell), amount, codes::UNDECLARED_SEND)?;
        frame.used.write(frame.contract.method(frame.method)?, 1)?;
        flush(self.state, &frame.contract, &address, &mut frame.pending)?;
        self.check_bound_below(&record.asset, record.cell, &record.held)?;
        let ground = Ground { meter: self.meter, block: self.block };
        let what = (&to, Some(amount));
        release(self.state, ground, gas, &found, (&address, holder), &record, what, Way::Method)?;
        self.see_own(gas, &record.asset)
    }

    /// The contract that keeps an asset, charged as a called one is. None of its frames may be running: what they have
    /// changed is in nobody's sums yet. Of the running contract's own assets it is known.
    ///
    /// # Errors
    /// [`codes::NOT_AN_ASSET`], [`codes::ASSET_IN_FLIGHT`].
    fn asset_contract(
        &mut self,
        gas: &mut GasLeft,
        address: &AccountId,
    ) -> Result<Arc<Contract>, ExecutionError> {
        let frame = self.top()?;
        if frame.address == *address {
            return Ok(Arc::clone(&frame.contract));
        }
        gas.charge(self.meter.schedule().host.read)?;
        let running = self.frames.iter().find(|frame| frame.address == *address && !frame.unlocked);
        if let Some(frame) = running {
            let name = frame.contract.manifest.name.as_str();
            let text = format!("`{}` of contract `{name}` is running", frame.method_name());
            return Err(Failure::new(codes::ASSET_IN_FLIGHT, text).into());
        }
        let account = self.state.account(address)?.filter(|account| account.is_contract());
        let missing = || Failure::new(codes::NOT_AN_ASSET, format!("no contract stands at {address}"));
        self.load(&account.ok_or_else(missing)?.code_hash, gas)
    }

    /// What of an asset is meant: an amount, or the key of a unique one.
    fn what(&self, asset: &AssetCell<'_>, unique: bool, bytes: Vec<u8>) -> Result<Held, Failure> {
        if asset.is_unique() != unique {
            let kind = |unique: bool| if unique { "unique" } else { "fungible" };
            let text = format!("a {} asset declared, a {} one found", kind(unique), kind(!unique));
            return Err(Failure::new(codes::NOT_AN_ASSET, text));
        }
        if unique {
            return Ok(Held::Unique(bytes));
        }
        let amount = <[u8; 16]>::try_from(bytes.as_slice()).map(u128::from_le_bytes);
        let bad = |_| {
            let text = format!("an amount of 16 bytes expected, {} found", bytes.len());
            Failure::new(codes::BAD_HOST_ARGUMENT, text)
        };
        amount.map(|amount| Held::Amount(Amount(amount))).map_err(bad)
    }

    /// Counts what the caller of the running frame consents to: a signer by the transaction, a contract by its own
    /// running transition.
    fn consent(&mut self, caller: &AccountId, asset: AssetId, amount: Amount) -> Result<(), Failure> {
        let origin = self.origin;
        let below = self.frames.len().checked_sub(2).and_then(|index| self.frames.get_mut(index));
        match below {
            None => self.consents.spend(asset, amount),
            Some(frame) if frame.address == *caller => {
                count_sent(frame, &origin, asset, amount, codes::NOT_CONSENTED)
            }
            Some(_) => Err(not_consented("nobody may send anything", asset, amount)),
        }
    }

    /// A call that lets others in for other items keeps its own to itself: a unique asset that it is bound to does not move.
    ///
    /// # Errors
    /// [`codes::IN_FLIGHT`].
    fn check_bound_below(&self, asset: &AccountId, cell: u16, what: &Held) -> Result<(), Failure> {
        let (Held::Unique(key), Some((_, below))) = (what, self.frames.split_last()) else { return Ok(()) };
        for frame in below.iter().filter(|frame| frame.address == *asset && !frame.unlocked) {
            let bound = frame.item_cell.and_then(|position| frame.contract.cells.get(position));
            let bound = bound.is_some_and(|bound| bound.id == cell);
            let method = frame.contract.method(frame.method)?;
            if bound
                && method.reenter == Reenter::OtherItems
                && frame.items.iter().any(|item| item.key == *key)
            {
                let text = format!("`{}` is running for this asset", method.name);
                return Err(Failure::new(codes::IN_FLIGHT, text));
            }
        }
        Ok(())
    }

    /// After an own asset moved: what the running frame's items hold may have changed.
    fn see_own(&mut self, gas: &mut GasLeft, asset: &AccountId) -> Result<(), ExecutionError> {
        match self.frames.last_mut() {
            Some(frame) if frame.address == *asset => {
                see_again(self.state, self.meter.schedule(), gas, frame)
            }
            _ => Ok(()),
        }
    }
}

fn no_frame() -> ExecutionError {
    Fault::text("a host function was called outside of a frame").into()
}
