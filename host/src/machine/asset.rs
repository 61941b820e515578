//! Assets that contracts keep, as the host moves them: into an escrow, and out of it.
//!
//! A fungible asset is a ledger whose entries stand under holders, a unique one a map whose entries begin with a holder.
//! No code runs when one moves: what its contract has to say stands in its declaration.

use chainstack_analysis::Value;
use chainstack_primitives::{
    AccountId, Amount, Event, codes,
    manifest::{Asset, Expression, account_holder},
};
use chainstack_runtime::{
    block::BlockInfo,
    params::Schedule,
    ports::{ExecutionError, Failure, Fault},
    state::{
        Entry, Overlay,
        escrow::{AssetEscrow, Held, Holder},
        reserved,
    },
    transaction::Meter,
};
use parity_scale_codec::Encode as _;

use super::{
    aggregate::{COUNT, Pending, flush, unsigned},
    contract::{CellPlan, Contract, reads_param},
    facts::Place,
    frame::{Spans, read_params},
    fund::Fund,
    guard::value_of,
    item::{Item, account_of, holder_of},
    state::rewrite_gas,
};
use crate::budget::{CheckCost, GasLeft, entry_deposit};

/// Size of key and value of what is kept of an owner: how many assets.
const OWNER_COUNT_BYTES: u32 = 42;
/// Entries and accounts that one move of an asset reads and writes at most: the record of the escrow, both ends, a
/// count, both owners' counts, and the accounts of two who paid deposits.
const MOVE_ENTRIES: u64 = 8;

/// A cell of balances or owners.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AssetCell<'c> {
    pub(crate) contract: &'c Contract,
    pub(crate) address: &'c AccountId,
    cell: &'c CellPlan,
    declared: &'c Asset,
}

/// An escrow: the contract that declares it, and its holder.
pub(crate) type Escrow<'e> = (&'e AccountId, &'e Holder);

/// What a move of an asset happens in.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'g, 'm> {
    pub(crate) meter: &'g Meter<'m>,
    pub(crate) block: &'g BlockInfo,
}

impl<'c> AssetCell<'c> {
    /// The asset in cell `id` of a contract.
    ///
    /// # Errors
    /// [`codes::NOT_AN_ASSET`].
    pub(crate) fn find(contract: &'c Contract, address: &'c AccountId, id: u16) -> Result<Self, Failure> {
        let planned = contract.any_cell(u32::from(id)).ok().map(|(_, cell)| cell);
        let declared = planned.and_then(|cell| contract.declared(cell).ok()?.asset());
        match planned.zip(declared) {
            Some((cell, declared)) => Ok(Self { contract, address, cell, declared }),
            None => {
                let text = format!("cell id {id} of `{}` at {address}", contract.manifest.name);
                Err(Failure::new(codes::NOT_AN_ASSET, text))
            }
        }
    }

    pub(crate) const fn is_unique(&self) -> bool {
        self.cell.owner.is_some()
    }

    /// In words, for diagnostics.
    fn shown(&self) -> String {
        let name = &self.contract.manifest.name;
        format!("{} of `{name}` at {}", self.contract.cell_name(self.cell), self.address)
    }

    /// Gas of one move, whatever it meets; its condition comes on top.
    fn price(&self, schedule: &Schedule, what: &Held) -> u64 {
        let prices = &schedule.host;
        let each = prices.read.saturating_add(prices.write);
        let told = self.declared.on_move.map_or(0, |_| {
            let bytes = match what {
                Held::Amount(_) => 80,
                Held::Unique(key) => u64::try_from(key.len()).unwrap_or(u64::MAX).saturating_add(64),
            };
            prices.event.saturating_add(prices.event_byte.saturating_mul(bytes))
        });
        let entries = each.saturating_mul(MOVE_ENTRIES).saturating_add(prices.new.saturating_mul(2));
        // A unique asset is written again as a whole, and the sums of fields that the move clears change.
        let (rewritten, sums) = if self.is_unique() {
            let cleared = self.cell.head.iter().filter(|field| field.sum && field.clear_on_move).count();
            (rewrite_gas(schedule, self.cell), u64::try_from(cleared).unwrap_or(u64::MAX))
        } else {
            (0, 0)
        };
        entries.saturating_add(told).saturating_add(rewritten).saturating_add(each.saturating_mul(sums))
    }

    /// Whether a condition of the asset holds for the holder or the asset under `key`. Charged before it is asked.
    fn holds(
        &self,
        state: &mut Overlay<'_>,
        ground: Ground<'_, '_>,
        gas: &mut GasLeft,
        condition: &Expression,
        key: &[u8],
    ) -> Result<bool, ExecutionError> {
        let schedule = ground.meter.schedule();
        let mut cost = CheckCost::default();
        cost.add(condition);
        cost.reads = cost.reads.saturating_add(2); // the parameters, and the entry
        gas.charge(cost.gas(schedule))?;
        let params = if reads_param(condition) {
            Some(read_params(state, &self.contract.manifest, self.address)?)
        } else {
            None
        };
        let value = if self.is_unique() { state.entry(self.address, self.cell.id, key)? } else { None };
        let value = value.map(|entry| entry.value.as_slice());
        let item = Item::new(self.contract, self.cell, key.to_vec(), value)
            .ok_or_else(|| Failure::new(codes::BAD_KEY, format!("no key of {}", self.shown())))?;
        let origin = ground.meter.origin();
        let at = Place {
            contract: self.contract,
            address: self.address,
            block: ground.block,
            origin: &origin,
            caller: &origin,
            value: Amount::ZERO,
            args: (&[], &[], &Spans::EMPTY),
            params: params.as_ref().map(|(bytes, spans)| (&**bytes, spans)),
            item: Some((self.cell, &item)),
            approvals: None,
        };
        Ok(value_of(state, at, condition, "condition of the asset")? == Value::Bool(true))
    }

    fn refused(&self, which: &str) -> ExecutionError {
        let text = format!("`{which}` of cell {} does not hold", self.shown());
        Failure::new(codes::ASSET_REFUSED, text).into()
    }

    /// Tells of a move as the asset declares it; who is nobody stands for what begins and ends.
    pub(super) fn announce(
        &self,
        state: &mut Overlay<'_>,
        from: &AccountId,
        to: &AccountId,
        what: &Held,
    ) -> Result<(), ExecutionError> {
        let Some(event) = self.declared.on_move else { return Ok(()) };
        let mut data = [from.0, to.0].concat();
        match what {
            Held::Amount(amount) => data.extend(amount.0.to_le_bytes()),
            Held::Unique(key) => data.extend(key),
        }
        let data = data.try_into().map_err(|_| Fault::text("a declared event is too long"))?;
        state.emit(Event { contract: *self.address, event, data });
        Ok(())
    }
}

/// Size of key and value of an escrow's record.
fn record_bytes(value: &[u8]) -> u32 {
    u32::try_from(value.len()).unwrap_or(u32::MAX).saturating_add(33)
}

/// Takes `what` of an asset from an account into an escrow, which keeps deposits for so many `payments` of parts by one
/// exit. The caller has checked that the account consents, and merged what frames have changed of the asset's counts.
///
/// # Errors
/// - [`codes::ASSET_REFUSED`] if the asset's own condition does not hold.
/// - [`codes::OTHER_ASSET`] if the escrow holds something else.
/// - [`codes::INSUFFICIENT_BALANCE`], [`codes::NOT_OWNER`], [`codes::ITEM_NOT_FOUND`]: state is unchanged.
/// - [`codes::DEPOSIT_LIMIT`].
#[expect(clippy::too_many_arguments, reason = "one move: in what, of what, from whom, to where")]
pub(crate) fn take(
    state: &mut Overlay<'_>,
    ground: Ground<'_, '_>,
    gas: &mut GasLeft,
    asset: &AssetCell<'_>,
    from: &AccountId,
    escrow: Escrow<'_>,
    what: &Held,
    payments: usize,
) -> Result<(), ExecutionError> {
    let schedule = ground.meter.schedule();
    gas.charge(asset.price(schedule, what))?;
    let (contract, holder) = escrow;
    if asset.declared.release_when.is_some() && asset.address != contract {
        // Else whoever brings an asset could keep what an exit lets out together with it.
        let text = format!("cell {} declares `release_when`: no other contract may hold it", asset.shown());
        return Err(Failure::new(codes::ASSET_REFUSED, text).into());
    }
    let key: &[u8] = match what {
        Held::Unique(key) => key,
        Held::Amount(_) => from.as_bytes(),
    };
    if let Some(condition) = &asset.declared.escrow_when
        && !asset.holds(state, ground, gas, condition, key)?
    {
        return Err(asset.refused("escrow_when"));
    }
    let before = state.asset_escrow(contract, holder)?;
    let held = together(asset, before, what)?;
    let fund = Fund::Origin(ground.meter);
    let source = account_holder(from);
    match what {
        Held::Amount(amount) => move_amount(state, asset, (&source, holder), *amount, fund)?,
        Held::Unique(key) => move_unique(state, asset, key, (&source, holder), fund)?,
    }
    let bytes = if asset.is_unique() { OWNER_COUNT_BYTES } else { asset.cell.room_bytes };
    let payments = if asset.is_unique() { 1 } else { payments };
    let kept = entry_deposit(schedule, bytes)?.checked_mul(u128::try_from(payments).unwrap_or(u128::MAX));
    let record = AssetEscrow { asset: *asset.address, cell: asset.cell.id, held }.encode();
    let deposit =
        kept.and_then(|kept| kept.checked_add(entry_deposit(schedule, record_bytes(&record)).ok()?));
    let too_much = || Failure::new(codes::DEPOSIT_LIMIT, "the deposits of an escrow pass 128 bits");
    let deposit = deposit.ok_or_else(too_much)?;
    state.write_entry(ground.meter, (contract, reserved::ASSET_ESCROWS, holder), record, deposit)?;
    asset.announce(state, from, contract, what)
}

/// What an escrow holds with `what` besides what it held.
fn together(asset: &AssetCell<'_>, before: Option<AssetEscrow>, what: &Held) -> Result<Held, Failure> {
    let Some(before) = before else { return Ok(what.clone()) };
    let same = before.asset == *asset.address && before.cell == asset.cell.id;
    match (&before.held, what) {
        (Held::Amount(one), Held::Amount(other)) if same => {
            let passed = || Failure::new(codes::BALANCE_OVERFLOW, "what the escrow holds passes 128 bits");
            one.checked_add(*other).map(Held::Amount).ok_or_else(passed)
        }
        _ => {
            let text = format!(
                "cell id {} of the contract at {} is held, {} asked",
                before.cell,
                before.asset,
                asset.shown()
            );
            Err(Failure::new(codes::OTHER_ASSET, text))
        }
    }
}

/// By what something leaves an escrow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// An exit, whose new entries the escrow has kept deposits for.
    Exit,
    /// A method, whose new entries its origin pays for.
    Method,
}

/// Lets `amount` of what an escrow holds out to an account: all, if it says none; never more than is held. Returns how
/// much. `record` is what the escrow's record says, `asset` the asset it names.
///
/// # Errors
/// [`codes::ASSET_REFUSED`] if the asset declares when it lets out, and that does not hold.
#[expect(clippy::too_many_arguments, reason = "one move: in what, of what, from where, to whom, by whom")]
pub(crate) fn release(
    state: &mut Overlay<'_>,
    ground: Ground<'_, '_>,
    gas: &mut GasLeft,
    asset: &AssetCell<'_>,
    (contract, holder): Escrow<'_>,
    record: &AssetEscrow,
    (to, amount): (&AccountId, Option<Amount>),
    by: Way,
) -> Result<Amount, ExecutionError> {
    let schedule = ground.meter.schedule();
    gas.charge(asset.price(schedule, &record.held))?;
    let paid = match &record.held {
        Held::Amount(held) => Held::Amount(amount.map_or(*held, |amount| amount.min(*held))),
        Held::Unique(key) => Held::Unique(key.clone()),
    };
    // A part of a unique asset is nothing.
    if paid.amount().is_zero() || amount.is_some_and(|amount| amount.is_zero()) {
        return Ok(Amount::ZERO);
    }
    let key: &[u8] = match &paid {
        Held::Unique(key) => key,
        Held::Amount(_) => to.as_bytes(),
    };
    if let Some(condition) = &asset.declared.release_when
        && !asset.holds(state, ground, gas, condition, key)?
    {
        return Err(asset.refused("release_when"));
    }
    let target = account_holder(to);
    let fund = match by {
        Way::Exit => Fund::Kept {
            schedule,
            place: state.place(contract, reserved::ASSET_ESCROWS, holder)?,
            own: entry_deposit(schedule, record_bytes(&record.encode()))?,
        },
        Way::Method => Fund::Origin(ground.meter),
    };
    match &paid {
        Held::Amount(amount) => move_amount(state, asset, (holder, &target), *amount, fund)?,
        Held::Unique(key) => move_unique(state, asset, key, (holder, &target), fund)?,
    }
    let left = record.held.amount().checked_sub(paid.amount()).unwrap_or_default();
    let place = state.place(contract, reserved::ASSET_ESCROWS, holder)?;
    if left.is_zero() {
        state.delete_entry_at(place)?;
    } else {
        let record = AssetEscrow { held: Held::Amount(left), ..record.clone() };
        state.set_value_at(place, record.encode());
    }
    asset.announce(state, contract, to, &paid)?;
    Ok(paid.amount())
}

/// Moves an amount between two holders of a fungible asset. The place in storage goes with a whole balance, as in a move
/// that code makes.
fn move_amount(
    state: &mut Overlay<'_>,
    asset: &AssetCell<'_>,
    (from, to): (&Holder, &Holder),
    amount: Amount,
    fund: Fund<'_, '_>,
) -> Result<(), ExecutionError> {
    let id = asset.cell.id;
    let source = state.place(asset.address, id, from)?;
    let held = state.entry_at(source).map_or(0, |entry| unsigned(&entry.value));
    let Some(left) = held.checked_sub(amount.0) else {
        let text = format!("balance {held} in cell {} found, {amount} asked", asset.shown());
        return Err(Failure::new(codes::INSUFFICIENT_BALANCE, text).into());
    };
    if amount.is_zero() || from == to {
        return Ok(());
    }
    let target = state.place(asset.address, id, to)?;
    let there = state.entry_at(target).map(|entry| unsigned(&entry.value));
    // The ledger of an asset keeps a sum, which none of its balances passes.
    let total =
        there.unwrap_or(0).checked_add(amount.0).ok_or_else(|| Fault::text("a balance passes its sum"))?;
    let value = total.to_le_bytes().to_vec();
    let (mut created, mut deleted) = (0, 0);
    if there.is_some() {
        state.set_value_at(target, value);
    } else if left == 0 {
        let carried = state.entry_at(source).map(|entry| (entry.payer, entry.deposit));
        let (payer, deposit) = carried.ok_or_else(|| Fault::text("a balance without an entry"))?;
        state.set_entry_at(source, None);
        state.set_entry_at(target, Some(Entry { value, payer, deposit }));
        return Ok(());
    } else {
        let (payer, deposit) = fund.pay(state, asset.cell.room_bytes)?;
        state.set_entry_at(target, Some(Entry { value, payer, deposit }));
        created = 1;
    }
    if left == 0 {
        state.delete_entry_at(source)?;
        deleted = 1;
    } else {
        state.set_value_at(source, left.to_le_bytes().to_vec());
    }
    if !asset.cell.count {
        return Ok(());
    }
    let mut pending = Vec::new();
    Pending::new(id, COUNT, created, deleted).note(&mut pending)?;
    flush(state, asset.contract, asset.address, &mut pending)
}

/// Gives a unique asset to another holder, and clears what its declaration says a move clears.
fn move_unique(
    state: &mut Overlay<'_>,
    asset: &AssetCell<'_>,
    key: &[u8],
    (from, to): (&Holder, &Holder),
    fund: Fund<'_, '_>,
) -> Result<(), ExecutionError> {
    let cell = asset.cell;
    let place = state.place(asset.address, cell.id, key)?;
    let Some(before) = state.entry_at(place).map(|entry| entry.value.clone()) else {
        let text = format!("cell {} has no such asset", asset.shown());
        return Err(Failure::new(codes::ITEM_NOT_FOUND, text).into());
    };
    let found = holder_of(&before, cell).unwrap_or_default();
    if found != from {
        let owner = account_of(found).map_or_else(|| "an escrow".to_owned(), |owner| owner.to_string());
        let text = format!("the asset in cell {} is held by {owner}", asset.shown());
        return Err(Failure::new(codes::NOT_OWNER, text).into());
    }
    let after = given(&before, cell, to);
    let mut pending = Vec::new();
    Pending::changes(cell, Some(&before), Some(&after))
        .try_for_each(|change| change.note(&mut pending).map(|_| ()))?;
    flush(state, asset.contract, asset.address, &mut pending)?;
    state.set_value_at(place, after);
    if let Some(account) = account_of(from) {
        own_less(state, asset.address, cell.id, &account)?;
    }
    if let Some(account) = account_of(to) {
        own_more_paid(state, asset.address, cell.id, &account, fund)?;
    }
    Ok(())
}

/// The value of a unique asset after it went to holder `to`.
pub(crate) fn given(before: &[u8], cell: &CellPlan, to: &Holder) -> Vec<u8> {
    let mut after = before.to_vec();
    if let Some(at) = cell.owner
        && let Some(span) = after.get_mut(at..cell.prefix)
    {
        span.copy_from_slice(to);
    }
    for field in cell.head.iter().filter(|field| field.clear_on_move) {
        if let Some(span) = after.get_mut(field.offset..field.offset.saturating_add(field.size)) {
            span.fill(0);
        }
    }
    after
}

fn owner_key(cell: u16, account: &AccountId) -> [u8; 34] {
    let mut key = [0; 34];
    let (id, rest) = key.split_at_mut(2);
    id.copy_from_slice(&cell.to_le_bytes());
    rest.copy_from_slice(account.as_bytes());
    key
}

/// How many unique assets of a cell an account owns.
pub(crate) fn owned(
    state: &mut Overlay<'_>,
    address: &AccountId,
    cell: u16,
    account: &AccountId,
) -> Result<u64, Fault> {
    let entry = state.entry(address, reserved::OWNER_COUNTS, &owner_key(cell, account))?;
    let count = entry.map_or(0, |entry| unsigned(&entry.value));
    u64::try_from(count).map_err(|_| Fault::text("a count of assets passes 64 bits"))
}

/// Counts an asset more for an account, a new entry at the origin's expense. The caller has charged.
///
/// # Errors
/// [`codes::DEPOSIT_LIMIT`].
pub(crate) fn own_more(
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    address: &AccountId,
    cell: u16,
    account: &AccountId,
) -> Result<(), ExecutionError> {
    own_more_paid(state, address, cell, account, Fund::Origin(meter))
}

fn own_more_paid(
    state: &mut Overlay<'_>,
    address: &AccountId,
    cell: u16,
    account: &AccountId,
    fund: Fund<'_, '_>,
) -> Result<(), ExecutionError> {
    let count = owned(state, address, cell, account)?;
    let more = count.checked_add(1).ok_or_else(|| Fault::text("a count of assets passes 64 bits"))?;
    let place = state.place(address, reserved::OWNER_COUNTS, &owner_key(cell, account))?;
    let value = more.to_le_bytes().to_vec();
    if state.entry_at(place).is_some() {
        state.set_value_at(place, value);
        return Ok(());
    }
    let (payer, deposit) = fund.pay(state, OWNER_COUNT_BYTES)?;
    state.set_entry_at(place, Some(Entry { value, payer, deposit }));
    Ok(())
}

/// Counts an asset less for an account; with the last its entry goes, and the deposit back to who paid it.
pub(crate) fn own_less(
    state: &mut Overlay<'_>,
    address: &AccountId,
    cell: u16,
    account: &AccountId,
) -> Result<(), ExecutionError> {
    let count = owned(state, address, cell, account)?;
    let less = count.checked_sub(1).ok_or_else(|| Fault::text("an owner of an asset is not counted"))?;
    let place = state.place(address, reserved::OWNER_COUNTS, &owner_key(cell, account))?;
    if less == 0 {
        state.delete_entry_at(place)?;
    } else {
        state.set_value_at(place, less.to_le_bytes().to_vec());
    }
    Ok(())
}
