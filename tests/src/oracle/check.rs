//! What must hold after a call: whatever it was, and of a method or exit that was carried out.

use chainstack_primitives::{
    AccountId, codes,
    manifest::{CellKind, Effect, Ops, escrow_holder},
};
use chainstack_runtime::state::{Entry, EntryKey, escrow::AssetEscrow, reserved};
use parity_scale_codec::DecodeAll as _;

use super::{
    draw::GAS,
    entry::check_entry,
    facts::Verdict,
    foresee::{Foreseen, What},
    kept::Kept,
    model::{Layout, number, split_fields},
    moves::{check_item_move, check_own_move, check_targets},
    world::{Ask, Call, Changed, Done, World},
};

/// An entry that a call has changed.
pub type Change = Changed<EntryKey, Entry>;

/// Refusals that say that the declaration does not let a call in.
const NOT_LET_IN: &[u16] = &[
    codes::WRONG_STATE,
    codes::WRONG_CALLER,
    codes::ROLE_VACANT,
    codes::NOT_OPEN,
    codes::PAST_WINDOW,
    codes::GUARD_REFUSED,
    codes::GUARD_ARITHMETIC,
];

/// Checks what `done` left of `call`, with what was foreseen. `world` is as after the call, `kept` follows.
///
/// # Errors
/// The first thing that is not as declared, in words.
pub fn check_call(
    world: &World,
    kept: &mut Kept,
    call: &Call,
    foreseen: &Foreseen,
    done: &Done,
) -> Result<(), String> {
    follow(world, kept, done)?;
    check_gas(world, foreseen, done)?;
    match &done.result {
        Err(failure) => {
            let clean = done.entries.is_empty() && done.accounts.is_empty() && done.events.is_empty();
            if !clean || done.tally != chainstack_runtime::state::DepositTally::default() {
                return Err(format!("refused with {}, and left traces: {done:?}", failure.code));
            }
            let open = foreseen.verdict == Verdict::Open;
            if open && NOT_LET_IN.contains(&failure.code) {
                return Err(format!(
                    "refused with {}, though all that is asked holds: {failure:?}",
                    failure.code
                ));
            }
            let paid = call.gas >= GAS || failure.code != codes::OUT_OF_GAS;
            if open && foreseen.exit().is_some() && paid {
                return Err(format!("an exit that stands open is refused: {failure:?}"));
            }
            Ok(())
        }
        Ok(_) => {
            if let Verdict::Closed(why) = &foreseen.verdict {
                return Err(format!("carried out, though not let in: {why}"));
            }
            match foreseen.what {
                What::Nothing => Err("something undeclared was carried out".to_owned()),
                What::Host => check_host_method(foreseen, done),
                What::Transition(_) => check_transition(world, foreseen, done),
                What::Exit(_) => check_exit(world, foreseen, done),
            }
        }
    }
}

/// What every change must be, whoever made it. Sums and counts follow, and are compared with the host's.
///
/// # Errors
/// The first thing that is not as declared, in words.
pub fn follow(world: &World, kept: &mut Kept, done: &Done) -> Result<(), String> {
    let mut last: Option<AccountId> = None;
    for change in &done.entries {
        let (before, after) = (change.before.as_ref(), change.after.as_ref());
        // What overflows for good is found when all of state is summed.
        kept.change(&world.contracts, &change.key, before, after);
        let contract = world.contract(&change.key.contract);
        let Some(contract) = contract else {
            if reserved::is_system(&change.key.contract) {
                continue;
            }
            return Err(format!("{} is no contract and has entries", change.key.contract));
        };
        if let Some(after) = after {
            check_entry(&world.store, contract, &change.key, &after.value)?;
        }
        last = Some(change.key.contract);
    }
    if last.is_some() {
        for contract in &world.contracts {
            if done.entries.iter().any(|change| change.key.contract == contract.address) {
                kept.agrees(&world.store, contract)?;
            }
        }
    }
    let held = |id: &AccountId| world.store.balance(id);
    let (deposits, escrowed) = (held(&reserved::DEPOSITS), held(&reserved::ESCROWS));
    if (kept.deposits, kept.escrowed) != (deposits, escrowed) {
        let (own, coins) = (kept.deposits, kept.escrowed);
        return Err(format!(
            "deposits {own} and escrows {coins} by the entries, {deposits} and {escrowed} by what was locked and released"
        ));
    }
    let (mut before, mut after) = (0_u128, 0_u128);
    for change in &done.accounts {
        before += change.before.map_or(0, |account| account.balance.0);
        after += change.after.map_or(0, |account| account.balance.0);
    }
    if before != after {
        return Err(format!("accounts had {before} coins together, and have {after}"));
    }
    Ok(())
}

/// A method uses at most what is asked on entry and its ceiling; one that fails pays for its instance besides.
fn check_gas(world: &World, foreseen: &Foreseen, done: &Done) -> Result<(), String> {
    let Some(transition) = foreseen.transition() else { return Ok(()) };
    let entry = foreseen.contract.entry_gas(&world.schedule, transition, u64::from(foreseen.item.is_some()));
    let lost = if done.result.is_ok() { 0 } else { world.schedule.host.trap };
    let most = entry + transition.ceilings.gas.0 + lost;
    if done.gas > most {
        let ceiling = transition.ceilings.gas;
        return Err(format!("{} gas used, {entry} on entry and a ceiling of {ceiling} declared", done.gas));
    }
    Ok(())
}

fn check_host_method(foreseen: &Foreseen, done: &Done) -> Result<(), String> {
    let own = |change: &Change| {
        change.key.contract == foreseen.contract.address
            && matches!(change.key.cell, reserved::ROLES | reserved::ROLE_OFFERS)
    };
    match done.entries.iter().find(|change| !own(change)) {
        None if done.events.is_empty() => Ok(()),
        found => Err(format!("a method of roles did something else: {found:?}, {:?}", done.events)),
    }
}

fn check_transition(world: &World, foreseen: &Foreseen, done: &Done) -> Result<(), String> {
    let Some(transition) = foreseen.transition() else { return Ok(()) };
    let (contract, ceilings) = (&foreseen.contract, &transition.ceilings);
    let (mut created, mut written) = (0_u32, 0_u32);
    for change in &done.entries {
        let (key, there) = (&change.key, change.before.is_some());
        if key.contract != contract.address {
            check_foreign(foreseen, done, change)?;
            continue;
        }
        match (contract.layout(key.cell), key.cell) {
            (Some(layout), _) => {
                created += u32::from(!there);
                written += u32::from(!only_moved(layout, change));
                check_place(foreseen, layout, change)?;
                check_item_move(foreseen, layout, change)?;
            }
            (None, reserved::NATIVE_ESCROWS | reserved::ASSET_ESCROWS) => {
                created += u32::from(!there);
                written += 1;
                let cells = transition.escrows.iter().map(|used| used.cell);
                check_escrow(foreseen, cells, change)?;
            }
            (None, reserved::STATES) => check_own_move(foreseen, change)?,
            (None, reserved::SUMS | reserved::COUNTS | reserved::OWNER_COUNTS) => {}
            (None, cell) => return Err(format!("a transition changed the host's cell {cell:04x}")),
        }
    }
    check_targets(world, foreseen)?;
    let events = done.events.iter().filter(|event| event.contract == contract.address);
    let mut announced = 0_u32;
    for event in events {
        announced += 1;
        let declared =
            contract.manifest.event(event.event).filter(|_| transition.emits.contains(&event.event));
        let declared = declared.ok_or_else(|| format!("event {} is not declared", event.event))?;
        let whole = contract.manifest.validate_tuple(&declared.fields, &event.data);
        whole.map_err(|error| format!("event `{}`: {error}", declared.name))?;
    }
    for (found, most, what) in [
        (created, ceilings.new_entries, "new entries"),
        (written, ceilings.writes, "written entries"),
        (announced, ceilings.events, "events"),
    ] {
        if found > most {
            return Err(format!("{found} {what}, {most} declared"));
        }
    }
    Ok(())
}

/// Whether an entry is as it was but for the state of its machine, which the host moves.
fn only_moved(layout: &Layout, change: &Change) -> bool {
    let rest = |entry: &Option<Entry>| entry.as_ref().map(|entry| entry.value[1..].to_vec());
    layout.machine.is_some() && change.before.is_some() && rest(&change.before) == rest(&change.after)
}

/// Whether an entry of a declared cell changed as the transition may change it.
fn check_place(foreseen: &Foreseen, layout: &Layout, change: &Change) -> Result<(), String> {
    if only_moved(layout, change) {
        return Ok(());
    }
    let Some(places) = &foreseen.places else { return Ok(()) };
    let (contract, cell) = (&foreseen.contract, foreseen.contract.declared(layout));
    let fields = contract.manifest.key_fields(cell, &change.key.key);
    let fields = fields.and_then(|bytes| split_fields(&contract.manifest, cell.key(), bytes));
    let fields = fields.ok_or_else(|| format!("what an escrow holds in `{}` was changed", cell.name))?;
    let fits = |place: &&super::foresee::Place| {
        let mut terms = place.key.iter().zip(&fields);
        place.cell == layout.id
            && terms.all(|(term, field)| term.as_ref().is_none_or(|it| it.as_slice() == *field))
    };
    let (mut ops, mut head) = (Ops(0), 0);
    for place in places.iter().filter(fits) {
        (ops, head) = (ops.union(place.ops), head | place.head);
    }
    let value = |entry: &Option<Entry>| entry.as_ref().map(|entry| entry.value.clone());
    let needed: &[Ops] = match (value(&change.before), value(&change.after)) {
        (before, after) if layout.ledger.is_some() => {
            let amount = |value: Option<Vec<u8>>| value.map_or(0, |value| number(&value));
            if amount(after) >= amount(before) { &[Ops::ADD] } else { &[Ops::SUB] }
        }
        (_, None) => &[Ops::DELETE],
        (None, Some(_)) => &[Ops::SET],
        (Some(before), Some(after)) => {
            check_head(foreseen, layout, (&before, &after), head)?;
            if layout.holder(&before) == layout.holder(&after) { &[Ops::SET] } else { &[Ops::MOVE] }
        }
    };
    if needed.iter().any(|op| ops.contains(*op)) {
        return Ok(());
    }
    let key = &change.key.key;
    Err(format!("`{}` under {key:02x?} was changed, {ops:?} declared, {needed:?} needed", cell.name))
}

/// Head fields that changed are declared to, or cleared by a move.
fn check_head(
    foreseen: &Foreseen,
    layout: &Layout,
    (before, after): (&[u8], &[u8]),
    changeable: u16,
) -> Result<(), String> {
    let moved = layout.holder(before) != layout.holder(after);
    for (index, field) in foreseen.contract.declared(layout).head().iter().enumerate() {
        let (was, is) = (layout.field(before, index), layout.field(after, index));
        let cleared = moved && field.clear_on_move && is.is_some_and(|is| is.iter().all(|byte| *byte == 0));
        let allowed = cleared || (!field.write_once && changeable & (1 << index) != 0);
        if was != is && !allowed {
            return Err(format!("head field `{}` changed from {was:02x?} to {is:02x?}", field.name));
        }
        if moved && field.clear_on_move && !cleared {
            return Err(format!("head field `{}` was to be cleared by the move", field.name));
        }
    }
    Ok(())
}

/// Whether an escrow that changed is one of `cells`, of the bound item.
fn check_escrow(
    foreseen: &Foreseen,
    mut cells: impl Iterator<Item = u16>,
    change: &Change,
) -> Result<(), String> {
    let contract = &foreseen.contract;
    let bound = foreseen.item.as_ref().map_or(&[][..], |item| &item.key);
    let is_holder = |cell: u16| {
        let declared = contract.manifest.cell(cell).map(|cell| &cell.kind);
        let of_item = matches!(declared, Some(CellKind::Escrow(escrow)) if escrow.item.is_some());
        let item = if of_item { bound } else { &[] };
        escrow_holder(&contract.address, cell, item) == *change.key.key
    };
    if cells.any(is_holder) {
        return Ok(());
    }
    Err(format!("the escrow {:02x?} was changed, and is not declared for this", change.key.key))
}

/// What may change in another contract: the cell of an asset that came in or went out, its counts and owners. Never a sum.
fn check_foreign(foreseen: &Foreseen, done: &Done, change: &Change) -> Result<(), String> {
    let named = |record: &Change| {
        if record.key.contract != foreseen.contract.address || record.key.cell != reserved::ASSET_ESCROWS {
            return false;
        }
        let both = [&record.before, &record.after];
        both.into_iter().flatten().any(|entry| {
            let record = AssetEscrow::decode_all(&mut &*entry.value);
            record.is_ok_and(|record| {
                let own = [record.cell, reserved::COUNTS, reserved::OWNER_COUNTS];
                record.asset == change.key.contract && own.contains(&change.key.cell)
            })
        })
    };
    if done.entries.iter().any(named) {
        return Ok(());
    }
    Err(format!("an entry of another contract was changed: {:?}", change.key))
}

fn check_exit(world: &World, foreseen: &Foreseen, done: &Done) -> Result<(), String> {
    let Some(exit) = foreseen.exit() else { return Ok(()) };
    let contract = &foreseen.contract;
    let bound = foreseen.item.as_ref();
    let releases = exit.effects.iter().filter_map(|effect| match effect {
        Effect::Release { escrow, amount, .. } => Some((*escrow, amount.is_none())),
        _ => None,
    });
    for change in &done.entries {
        let key = &change.key;
        if key.contract != contract.address {
            check_foreign(foreseen, done, change)?;
            continue;
        }
        match (contract.layout(key.cell), key.cell) {
            (Some(layout), _) => {
                if !bound.is_some_and(|item| item.cell == key.cell && *item.key == *key.key) {
                    return Err(format!("an exit changed another entry: {key:?}"));
                }
                check_item_move(foreseen, layout, change)?;
            }
            (None, reserved::NATIVE_ESCROWS | reserved::ASSET_ESCROWS) => {
                check_escrow(foreseen, releases.clone().map(|(cell, _)| cell), change)?;
            }
            (None, reserved::STATES) => check_own_move(foreseen, change)?,
            (None, reserved::SUMS | reserved::COUNTS | reserved::OWNER_COUNTS) => {}
            (None, cell) => return Err(format!("an exit changed the host's cell {cell:04x}")),
        }
    }
    check_targets(world, foreseen)?;
    let item = bound.map_or(&[][..], |item| &item.key);
    for ((escrow, all), receiver) in releases.clone().zip(&foreseen.receivers) {
        let holder = escrow_holder(&contract.address, escrow, item);
        if all {
            check_released(world, foreseen, done, &holder, receiver.as_ref())?;
        }
    }
    let own = done.events.iter().filter(|event| event.contract == contract.address);
    let announced: Vec<u16> = own.map(|event| event.event).collect();
    let declared: Vec<u16> = exit.event.iter().map(|event| event.event).collect();
    if announced != declared {
        return Err(format!("events {announced:?} of an exit that declares {declared:?}"));
    }
    Ok(())
}

/// Nothing is left in an escrow that was to be emptied, and who was to have it has it.
fn check_released(
    world: &World,
    foreseen: &Foreseen,
    done: &Done,
    holder: &[u8; 33],
    receiver: Option<&AccountId>,
) -> Result<(), String> {
    let address = &foreseen.contract.address;
    for cell in [reserved::NATIVE_ESCROWS, reserved::ASSET_ESCROWS] {
        if world.store.value(address, cell, holder).is_some() {
            return Err("an exit left something in the escrow".to_owned());
        }
    }
    let receiver = receiver.ok_or("an exit pays nobody that is known")?;
    let was = |change: &&Change| {
        change.key.contract == *address && *change.key.key == holder[..] && change.before.is_some()
    };
    let Some(record) = done.entries.iter().find(was) else { return Ok(()) };
    let held = record.before.as_ref().map(|entry| entry.value.clone()).unwrap_or_default();
    if record.key.cell == reserved::NATIVE_ESCROWS {
        let change = done.accounts.iter().find(|change| change.key == *receiver);
        let balance = |account: Option<chainstack_primitives::Account>| account.map_or(0, |it| it.balance.0);
        let more = change.map_or(0, |it| balance(it.after).saturating_sub(balance(it.before)));
        return if more >= number(&held) { Ok(()) } else { Err(format!("{receiver} got {more} coins only")) };
    }
    let record = AssetEscrow::decode_all(&mut &*held).map_err(|error| error.to_string())?;
    let target = chainstack_primitives::manifest::account_holder(receiver);
    let got = match &record.held {
        chainstack_runtime::state::escrow::Held::Amount(amount) => {
            let of = |change: &&Change| {
                let key = (change.key.contract, change.key.cell, &*change.key.key);
                key == (record.asset, record.cell, &target[..])
            };
            let balance = |entry: &Option<Entry>| entry.as_ref().map_or(0, |entry| number(&entry.value));
            let change = done.entries.iter().find(of);
            change.is_some_and(|it| balance(&it.after).checked_sub(balance(&it.before)) == Some(amount.0))
        }
        chainstack_runtime::state::escrow::Held::Unique(key) => {
            let keeper = world.contract(&record.asset);
            let layout = keeper.and_then(|keeper| keeper.layout(record.cell));
            let value = world.store.value(&record.asset, record.cell, key);
            layout.zip(value).and_then(|(layout, value)| layout.holder(value)) == Some(&target[..])
        }
    };
    if got { Ok(()) } else { Err(format!("{receiver} did not get what the escrow held: {record:?}")) }
}

/// The contract that a call is for.
#[must_use]
pub const fn target(call: &Call) -> &AccountId {
    match &call.ask {
        Ask::Instantiate { address: contract, .. }
        | Ask::Invoke { contract, .. }
        | Ask::Poke { contract, .. } => contract,
    }
}
