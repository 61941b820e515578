//! Bounds: how much one call may use, how large each cell can get, and how far a deployed contract has come.

use std::collections::BTreeMap;

use chainstack_primitives::{
    Amount,
    manifest::{Cell, CellKind, Manifest, Ops, Touches, Transition, TransitionKind},
};
use serde::Serialize;

use super::{
    effects::touches,
    evidence::Claim,
    history::{HighWater, Seen},
    methods::MethodKind,
    notation::{amount, bound_cell, cell_name},
    storage::sizes,
};

/// Prices of room in state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DepositPrices {
    /// For each entry, in base units.
    pub per_entry: Amount,
    /// For each byte that key and value of an entry may take at most, in base units.
    pub per_byte: Amount,
}

impl DepositPrices {
    /// The deposit of an entry with room for `bytes`; `None` past the greatest amount.
    #[must_use]
    pub fn entry(&self, bytes: u64) -> Option<Amount> {
        self.per_byte.checked_mul(u128::from(bytes))?.checked_add(self.per_entry)
    }
}

/// What the host keeps of a deployed contract: what a node answers.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Live {
    /// The height that the rest holds at.
    pub height: u64,
    /// Counts of entries, by id of the cell.
    pub counts: BTreeMap<u16, u128>,
    /// Sums of balances, by id of the ledger.
    pub sums: BTreeMap<u16, u128>,
    /// Holders of account roles, as people write accounts, by id of the role; none: nobody holds it.
    pub holders: BTreeMap<u16, Option<String>>,
    /// Entries that were read one by one, by id of the cell.
    pub entries: BTreeMap<u16, CellNow>,
    /// Calls that blocks hold, if they were looked at.
    pub seen: Option<Seen>,
}

/// Entries of a cell, read one by one.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct CellNow {
    /// Entries read.
    pub entries: u64,
    /// Their deposits together, in base units.
    pub deposit: u128,
    /// Whether there are more.
    pub more: bool,
}

/// Every bound.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Bounds {
    /// What one call may use.
    pub methods: Vec<MethodBound>,
    /// How large each cell can get.
    pub cells: Vec<CellBound>,
    /// Encoded sizes of what crosses the boundary are part of the rows; these are the sentences.
    pub claims: Vec<Claim>,
    /// The height that live values hold at; none: nothing was asked of a chain.
    pub height: Option<u64>,
}

/// What one call of a method may use.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MethodBound {
    /// The method.
    pub method: String,
    /// Its kind.
    pub kind: MethodKind,
    /// Gas.
    pub gas: u64,
    /// Entries read.
    pub reads: u32,
    /// Entries written.
    pub writes: u32,
    /// Entries created.
    pub new_entries: u32,
    /// Events emitted.
    pub events: u32,
    /// Items bound.
    pub items: u32,
    /// Encoded size of arguments.
    pub args_max_bytes: u64,
    /// Encoded size of what is returned.
    pub returns_max_bytes: u64,
    /// Native value accepted, as decimal text or `any`.
    pub value_max: String,
    /// Most deposit that its new entries can lock, in base units; none if it passes the greatest amount.
    pub deposit_max: Option<String>,
    /// How far calls came; none: no blocks were looked at.
    pub seen: Option<HighWater>,
}

/// How large a cell can get.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CellBound {
    /// The cell.
    pub cell: String,
    /// Greatest size of key and value of an entry.
    pub entry_max_bytes: u64,
    /// Deposit of an entry, in base units.
    pub entry_deposit: Option<String>,
    /// Greatest count of entries; none: as many as deposits are paid for.
    pub max_entries: Option<u64>,
    /// Greatest size of all entries together, as decimal text; none: not bounded.
    pub max_bytes: Option<String>,
    /// Deposit of all entries together, in base units; none: not bounded.
    pub max_deposit: Option<String>,
    /// Entries now, as decimal text; none: the host keeps no count, or no chain was asked.
    pub entries: Option<String>,
    /// Sum of balances now, as decimal text; none: the host keeps no sum, or no chain was asked.
    pub sum: Option<String>,
    /// Entries now, read one by one, as decimal text; none: they were not read.
    pub entries_read: Option<String>,
    /// Deposits of those entries together, in base units.
    pub deposit_read: Option<String>,
    /// Whether there are more entries than were read.
    pub more: Option<bool>,
}

/// The bounds that `manifest` declares, and what is there now.
#[must_use]
pub fn bounds(manifest: &Manifest, prices: &DepositPrices, live: Option<&Live>) -> Bounds {
    let transitions =
        manifest.transitions.iter().map(|transition| of_transition(manifest, prices, live, transition));
    let views = manifest.views.iter().map(|view| MethodBound {
        method: view.method.to_string(),
        kind: MethodKind::View,
        gas: view.gas.0,
        reads: view.reads_max,
        writes: 0,
        new_entries: 0,
        events: 0,
        items: 0,
        args_max_bytes: view.args.iter().filter_map(|arg| manifest.max_size(&arg.ty)).sum(),
        returns_max_bytes: manifest.max_size(&view.returns).unwrap_or(0),
        value_max: "0".to_owned(),
        deposit_max: Some("0".to_owned()),
        // Nobody signs a question.
        seen: None,
    });
    let cells = manifest.cells.iter().filter(|cell| !matches!(cell.kind, CellKind::Escrow(_)));
    Bounds {
        methods: transitions.chain(views).collect(),
        cells: cells.map(|cell| of_cell(manifest, prices, live, cell)).collect(),
        claims: claims(manifest, live),
        height: live.map(|live| live.height),
    }
}

fn entry_bytes(manifest: &Manifest, cell: &Cell) -> u64 {
    let (key, value) = sizes(manifest, cell);
    key.saturating_add(value)
}

/// The deposit of a new entry: for its own room, and what an item keeps for what its exits create.
fn entry_deposit(manifest: &Manifest, prices: &DepositPrices, cell: &Cell) -> Option<Amount> {
    let own = prices.entry(entry_bytes(manifest, cell))?;
    manifest.kept_rooms(cell.id).into_iter().try_fold(own, |sum, room| sum.checked_add(prices.entry(room)?))
}

fn of_transition(
    manifest: &Manifest,
    prices: &DepositPrices,
    live: Option<&Live>,
    transition: &Transition,
) -> MethodBound {
    let constructor = transition.kind == TransitionKind::Constructor;
    let params: u64 = manifest.params.iter().filter_map(|param| manifest.max_size(&param.ty)).sum();
    let args: u64 = transition.args.iter().filter_map(|arg| manifest.max_size(&arg.ty)).sum();
    let items = match &transition.item {
        chainstack_primitives::manifest::ItemBinding::Each { max, .. } => *max,
        item => u32::from(bound_cell(item).is_some()),
    };
    let new_entries = transition.ceilings.new_entries;
    // The dearest entry that it may create, so many times.
    let creates = Ops::SET.union(Ops::ADD);
    let created: Vec<&Cell> = match touches(manifest, transition) {
        Some(touched) => {
            let created = touched.iter().filter(|touched| touched.touch.ops.0 & creates.0 != 0);
            created.map(|touched| touched.cell).collect()
        }
        None => manifest.cells.iter().collect(),
    };
    let deposit = if new_entries == 0 {
        Some(Amount::ZERO)
    } else {
        let deposits = created.into_iter().map(|cell| entry_deposit(manifest, prices, cell));
        let dearest = deposits.reduce(|one, other| Some(one?.max(other?))).unwrap_or(Some(Amount::ZERO));
        dearest.and_then(|deposit| deposit.checked_mul(u128::from(new_entries)))
    };
    MethodBound {
        method: transition.method.to_string(),
        kind: if constructor { MethodKind::Constructor } else { MethodKind::Transition },
        gas: transition.ceilings.gas.0,
        reads: transition.ceilings.reads,
        writes: transition.ceilings.writes,
        new_entries,
        events: transition.ceilings.events,
        items,
        args_max_bytes: if constructor { params } else { args },
        returns_max_bytes: transition.returns.as_ref().and_then(|ty| manifest.max_size(ty)).unwrap_or(0),
        value_max: amount(transition.value_max),
        deposit_max: deposit.map(|deposit| deposit.0.to_string()),
        seen: live
            .and_then(|live| live.seen.as_ref())
            .filter(|_| !constructor)
            .map(|seen| seen.high_water(&transition.method)),
    }
}

fn of_cell(manifest: &Manifest, prices: &DepositPrices, live: Option<&Live>, cell: &Cell) -> CellBound {
    let bytes = entry_bytes(manifest, cell);
    let deposit = entry_deposit(manifest, prices, cell);
    let most = match cell.kind {
        CellKind::Value(_) => Some(1),
        _ => cell.max_entries(),
    };
    let all = most.and_then(|most| u128::from(bytes).checked_mul(u128::from(most)));
    let locked = most.and_then(|most| deposit?.checked_mul(u128::from(most)));
    let read = live.and_then(|live| live.entries.get(&cell.id));
    let found = |values: &BTreeMap<u16, u128>| values.get(&cell.id).map(ToString::to_string);
    CellBound {
        cell: cell.name.to_string(),
        entry_max_bytes: bytes,
        entry_deposit: deposit.map(|deposit| deposit.0.to_string()),
        max_entries: most,
        max_bytes: all.map(|bytes| bytes.to_string()),
        max_deposit: locked.map(|deposit| deposit.0.to_string()),
        entries: live.and_then(|live| found(&live.counts)),
        sum: live.and_then(|live| found(&live.sums)),
        entries_read: read.map(|now| now.entries.to_string()),
        deposit_read: read.map(|now| now.deposit.to_string()),
        more: read.map(|now| now.more),
    }
}

fn claims(manifest: &Manifest, live: Option<&Live>) -> Vec<Claim> {
    let mut claims = vec![
        Claim::enforced(
            "a call past a ceiling of its method is refused and undone; it pays for what it used",
        ),
        Claim::enforced(
            "every new entry locks its deposit, paid by who signed; deleting the entry gives it back",
        ),
    ];
    let open: Vec<String> = manifest
        .cells
        .iter()
        .filter(|cell| cell.max_entries().is_none())
        .filter(|cell| matches!(cell.kind, CellKind::Map(_) | CellKind::Ledger(_)))
        .map(|cell| format!("`{}`", cell.name))
        .collect();
    if !open.is_empty() {
        let text = format!("no count bounds {}: as many entries as deposits are paid for", open.join(", "));
        claims.push(Claim::proven(text));
    }
    let unlisted = manifest.transitions.iter().filter(|transition| transition.touches == Touches::Unknown);
    for transition in unlisted {
        let text = format!(
            "`{}` declares no places: it may touch any own cell, one call at a time",
            transition.method
        );
        claims.push(Claim::enforced(text));
    }
    if let Some(live) = live {
        let kept: Vec<String> = live
            .counts
            .keys()
            .chain(live.sums.keys())
            .map(|id| format!("`{}`", cell_name(manifest, *id)))
            .collect();
        if !kept.is_empty() {
            let text = format!(
                "live counts and sums of {} are kept by the host; read from one node, which is believed (`proof get` proves entries)",
                kept.join(", ")
            );
            claims.push(Claim::assumed(text));
        }
        let blind: Vec<String> = manifest
            .cells
            .iter()
            .filter(|cell| !live.counts.contains_key(&cell.id) && !live.entries.contains_key(&cell.id))
            .filter(|cell| matches!(cell.kind, CellKind::Map(_) | CellKind::Ledger(_)))
            .map(|cell| format!("`{}`", cell.name))
            .collect();
        if let Some((from, to)) = live.seen.as_ref().map(Seen::heights) {
            claims.push(Claim::assumed(format!(
                "what calls used is that of whole transactions which did nothing else, in the blocks {from} to {to} of one node, which is believed; reads, writes and new entries of a call are in no receipt"
            )));
        }
        if !blind.is_empty() {
            claims.push(Claim::proven(format!(
                "the host keeps no count of {}: live entries are not known",
                blind.join(", ")
            )));
        }
    }
    claims
}
