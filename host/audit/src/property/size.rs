//! P6: how large a contract can get, and what a call can use; whether its ceilings let it do what it declares.

use chainstack_primitives::{
    codes,
    manifest::{Cell, CellKind, Exit, HOLDER_SIZE, ItemBinding, Manifest, Ops, Touches, Transition},
};

use crate::report::{Claim, Evidence, Property, Subject, Verdict};

use super::Context;

/// What the chain asks and allows. The audit reads no schedule: who calls it knows the one in force.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Prices {
    /// Gas of a whole block; none: not compared.
    pub block_gas: Option<u64>,
    /// Deposit for an entry and for each byte of it, in base units; none: not computed.
    pub deposit: Option<(u128, u128)>,
}

const BROKEN: (Verdict, Evidence) = (Verdict::Violated, Evidence::Enforced);
const STATED: (Verdict, Evidence) = (Verdict::Stated, Evidence::Enforced);

/// P6; with the reachable states an attempt shows what ceilings do not let be done.
pub(crate) fn sizes(manifest: &Manifest, prices: &Prices, context: Option<&Context<'_, '_>>) -> Vec<Claim> {
    let mut claims: Vec<Claim> =
        manifest.cells.iter().filter_map(|cell| grown(manifest, cell, prices)).collect();
    for (index, method) in manifest.transitions.iter().enumerate() {
        let mut wrong = contradictions(manifest, (index, method), prices, context);
        if wrong.is_empty() {
            wrong.push(used(manifest, method, prices));
        }
        claims.extend(wrong);
    }
    claims
}

/// Greatest size of one entry in bytes: key and value.
fn entry_bytes(manifest: &Manifest, cell: &Cell) -> Option<u64> {
    match &cell.kind {
        // Its entries are the host's: an amount for each holder.
        CellKind::Escrow(_) => Some(u64::from(HOLDER_SIZE)),
        _ => manifest.entry_room(cell),
    }
}

/// The deposit of so many new entries: for their own room, and what an item keeps for what its exits create.
fn deposit(manifest: &Manifest, cell: &Cell, prices: &Prices, entries: u64) -> Option<u128> {
    let (entry, byte) = prices.deposit?;
    let rooms = manifest.kept_rooms(cell.id).into_iter().chain(entry_bytes(manifest, cell));
    let each = rooms.into_iter().try_fold(0_u128, |sum, bytes| {
        sum.checked_add(byte.checked_mul(u128::from(bytes))?.checked_add(entry)?)
    })?;
    each.checked_mul(u128::from(entries))
}

/// How large a cell can get.
fn grown(manifest: &Manifest, cell: &Cell, prices: &Prices) -> Option<Claim> {
    if matches!(cell.kind, CellKind::Escrow(_)) {
        return None;
    }
    let bytes = entry_bytes(manifest, cell)?;
    let most = if matches!(cell.kind, CellKind::Value(_)) { Some(1) } else { cell.max_entries() };
    let sentence = match most {
        Some(entries) => {
            let total = u128::from(entries).saturating_mul(u128::from(bytes));
            let deposit = deposit(manifest, cell, prices, entries);
            let deposit =
                deposit.map_or_else(String::new, |units| format!(", {units} base units of deposit"));
            format!(
                "Cell `{}` holds at most {entries} entries of {bytes} bytes: {total} bytes{deposit}.",
                cell.name
            )
        }
        None => {
            let deposit = deposit(manifest, cell, prices, 1);
            let deposit = deposit.map_or_else(String::new, |units| format!(" of at most {units} base units"));
            let filled = |exit: &Exit| exit.effects.iter().any(|effect| effect.fills() == Some(cell.id));
            let payer = if manifest.exits.iter().any(filled) {
                "its creator pays a deposit, or the item whose exit creates it has kept one,"
            } else {
                "its creator pays a deposit"
            };
            format!(
                "Cell `{}` has no greatest count of entries; each is at most {bytes} bytes, and {payer}{deposit}.",
                cell.name
            )
        }
    };
    let subject = Subject { cell: Some(cell.name.to_string()), ..Subject::default() };
    Some(Claim::new(Property::P6, "cell", subject, STATED, sentence))
}

fn subject(method: &Transition) -> Subject {
    Subject { method: Some(method.method.to_string()), ..Subject::default() }
}

/// What a call uses at most.
fn used(manifest: &Manifest, method: &Transition, prices: &Prices) -> Claim {
    let ceilings = &method.ceilings;
    let created = || manifest.cells.iter().filter(|cell| creates(method, cell));
    let largest = created().filter_map(|cell| entry_bytes(manifest, cell)).max().unwrap_or(0);
    let entries = u64::from(ceilings.new_entries);
    let deposit = created().filter_map(|cell| deposit(manifest, cell, prices, entries)).max();
    let deposit = deposit.or(prices.deposit.map(|_| 0));
    let deposit = deposit.map_or_else(String::new, |units| format!(", {units} base units of deposit"));
    let sentence = format!(
        "A call of `{}` uses at most {} gas, {} reads, {} writes, {} new entries of up to {largest} bytes and {} \
         events{deposit}.",
        method.method, ceilings.gas.0, ceilings.reads, ceilings.writes, ceilings.new_entries, ceilings.events
    );
    Claim::new(Property::P6, "call", subject(method), STATED, sentence)
}

fn creates(method: &Transition, cell: &Cell) -> bool {
    match &method.touches {
        Touches::Unknown => true,
        Touches::Listed(touches) => touches.iter().any(|touch| {
            touch.cell == cell.id && (touch.ops.contains(Ops::SET) || touch.ops.contains(Ops::ADD))
        }),
    }
}

/// Ceilings that never let a call do what it is declared to do.
fn contradictions(
    manifest: &Manifest,
    (index, method): (usize, &Transition),
    prices: &Prices,
    context: Option<&Context<'_, '_>>,
) -> Vec<Claim> {
    let ceilings = &method.ceilings;
    let touches: &[_] = match &method.touches {
        Touches::Unknown => &[],
        Touches::Listed(touches) => touches,
    };
    let writes = touches.iter().any(|touch| touch.ops.0 & !Ops::READ.0 != 0);
    let reads = touches.iter().any(|touch| touch.ops.contains(Ops::READ));
    let new_item = matches!(method.item, ItemBinding::New { .. });
    let can_create = |id: u16| {
        matches!(&method.touches, Touches::Unknown)
            || touches.iter().any(|touch| touch.cell == id && touch.ops.contains(Ops::SET))
    };
    let item_uncreated = match &method.item {
        ItemBinding::New { cell, .. } => !can_create(*cell),
        _ => false,
    };
    let filled = method.escrows.iter().filter(|escrow| escrow.pays_in);
    let of_item = |escrow: u16| match manifest.cell(escrow).map(|cell| &cell.kind) {
        Some(CellKind::Escrow(escrow)) => escrow.item.is_some(),
        _ => false,
    };
    let fills_new = new_item && filled.into_iter().any(|escrow| of_item(escrow.cell));
    let over = prices.block_gas.filter(|block| ceilings.gas.0 > *block);
    let small = match &method.item {
        ItemBinding::New { cell, .. } => manifest
            .cell(*cell)
            .and_then(Cell::max_entries)
            .filter(|most| *most < u64::from(ceilings.new_entries)),
        _ => None,
    };
    let name = &method.method;
    let found = [
        (
            "writes",
            writes && ceilings.writes == 0,
            format!("Method `{name}` is declared to write, and may write 0 entries."),
        ),
        (
            "escrow",
            !writes && !method.escrows.is_empty() && ceilings.writes == 0,
            format!("Method `{name}` is declared to move value of an escrow, and may write 0 entries."),
        ),
        (
            "escrow_of_item",
            fills_new && (1..2).contains(&ceilings.new_entries.min(ceilings.writes)),
            format!(
                "Method `{name}` creates its item and is declared to pay into an escrow of it, and may create 1 \
                 entry: it cannot do both."
            ),
        ),
        (
            "reads",
            reads && ceilings.reads == 0,
            format!("Method `{name}` is declared to read, and may read 0 entries."),
        ),
        (
            "new_entries",
            new_item && ceilings.new_entries == 0,
            format!("Method `{name}` creates its item, and may create 0 entries: every call is refused."),
        ),
        (
            "item",
            item_uncreated,
            format!(
                "Method `{name}` must create its item, and is not declared to set it: every call is refused."
            ),
        ),
        (
            "events",
            !method.emits.is_empty() && ceilings.events == 0,
            format!("Method `{name}` is declared to emit events, and may emit 0."),
        ),
        (
            "created",
            ceilings.new_entries > ceilings.writes,
            format!(
                "Method `{name}` may create {} entries and write {}: to create one is to write it.",
                ceilings.new_entries, ceilings.writes
            ),
        ),
        (
            "gas",
            over.is_some(),
            format!(
                "Method `{name}` may use {} gas, and a block has {}: a call at its ceiling fits in none.",
                ceilings.gas.0,
                over.unwrap_or(0)
            ),
        ),
        (
            "entries",
            small.is_some(),
            format!(
                "Method `{name}` may create {} entries, and its map holds at most {}.",
                ceilings.new_entries,
                small.unwrap_or(0)
            ),
        ),
    ];
    let wrong = found.into_iter().filter(|(_, wrong, _)| *wrong);
    let claims = wrong.map(|(rule, _, sentence)| {
        let claim = Claim::new(Property::P6, rule, subject(method), BROKEN, sentence);
        let attempt = context.and_then(|context| context.attempt_to_use(index, refusals(rule)));
        Claim { counterexample: attempt, ..claim }
    });
    claims.collect()
}

/// What a call is refused with that the rule is about.
fn refusals(rule: &str) -> &'static [u16] {
    match rule {
        "writes" | "escrow" | "created" => &[codes::CEILING_WRITES],
        "escrow_of_item" => &[codes::CEILING_WRITES, codes::CEILING_ENTRIES],
        "reads" => &[codes::CEILING_READS],
        "new_entries" => &[codes::CEILING_ENTRIES],
        "item" => &[codes::ITEM_NOT_CREATED, codes::UNDECLARED_ESCROW],
        "events" => &[codes::CEILING_EVENTS],
        // No block has room for the one, and no single call does the other.
        _ => &[],
    }
}
