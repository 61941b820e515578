//! History: which transitions and exits a chain has seen taken, what the others ended with, and how far calls came of
//! what they may use.
//!
//! It is made of what blocks and receipts say. They do not say what a call read or wrote, nor what other contracts call;
//! so neither is told here.

use std::collections::BTreeMap;

use chainstack_primitives::{
    codes,
    manifest::{Exit, Manifest, Transition, TransitionKind},
};
use serde::Serialize;

use super::evidence::Claim;

/// What was called.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Called {
    /// A method, by name.
    Method(String),
    /// An exit, by id.
    Exit(u16),
}

/// What became of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It was carried out.
    Done,
    /// It failed, with this stable code.
    Failed(u16),
    /// It was undone with another call of its batch.
    Undone,
}

/// A call that a block holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeenCall {
    /// Height of the block.
    pub height: u64,
    /// What was called.
    pub called: Called,
    /// What became of it.
    pub ended: Ended,
    /// Gas and count of events of its transaction, if that did nothing else.
    pub used: Option<(u64, u64)>,
}

/// Calls of a contract that blocks of a chain hold, counted.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Seen {
    from: u64,
    to: u64,
    tallies: BTreeMap<Called, Tally>,
}

#[derive(Clone, PartialEq, Eq, Default, Debug)]
struct Tally {
    done: u64,
    failed: BTreeMap<u16, u64>,
    undone: u64,
    heights: Option<(u64, u64)>,
    gas: Option<u64>,
    events: Option<u64>,
}

impl Seen {
    /// Nothing seen yet in the blocks from height `from` to `to`, both included.
    #[must_use]
    pub fn between(from: u64, to: u64) -> Self {
        Self { from, to, tallies: BTreeMap::new() }
    }

    /// Counts a call.
    pub fn note(&mut self, call: &SeenCall) {
        let tally = self.tallies.entry(call.called.clone()).or_default();
        let one_more = |count: &mut u64| *count = count.saturating_add(1);
        match call.ended {
            Ended::Done => one_more(&mut tally.done),
            Ended::Failed(code) => one_more(tally.failed.entry(code).or_default()),
            Ended::Undone => one_more(&mut tally.undone),
        }
        let (first, last) = tally.heights.unwrap_or((call.height, call.height));
        tally.heights = Some((first.min(call.height), last.max(call.height)));
        if let Some((gas, events)) = call.used {
            tally.gas = tally.gas.max(Some(gas));
            tally.events = tally.events.max(Some(events));
        }
    }

    /// The heights that were looked at, both included.
    #[must_use]
    pub const fn heights(&self) -> (u64, u64) {
        (self.from, self.to)
    }

    /// How far calls of a method came.
    pub(super) fn high_water(&self, method: &str) -> HighWater {
        let tally = self.tallies.get(&Called::Method(method.to_owned()));
        HighWater {
            calls: tally.map_or(0, Tally::calls),
            gas: tally.and_then(|tally| tally.gas),
            events: tally.and_then(|tally| tally.events),
        }
    }
}

impl Tally {
    fn calls(&self) -> u64 {
        let failed: u64 = self.failed.values().fold(0, |sum, count| sum.saturating_add(*count));
        self.done.saturating_add(failed).saturating_add(self.undone)
    }
}

/// How far the calls that were seen of a method came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct HighWater {
    /// Calls seen.
    pub calls: u64,
    /// Most gas of a transaction that did nothing else: signature, bytes and loading of code included.
    pub gas: Option<u64>,
    /// Most events of such a transaction.
    pub events: Option<u64>,
}

/// What was seen of a contract.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct History {
    /// The first height that was looked at.
    pub from: u64,
    /// The last one.
    pub to: u64,
    /// Every transition and exit that is declared, then what else was called.
    pub rows: Vec<HistoryRow>,
    /// Transitions and exits that were not taken once.
    pub never: Vec<String>,
    /// What follows.
    pub claims: Vec<Claim>,
}

/// What was seen of a transition or exit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct HistoryRow {
    /// Its name.
    pub name: String,
    /// `transition`, `exit`, `host` (a method of the host's own) or `undeclared`.
    pub kind: &'static str,
    /// Calls seen.
    pub calls: u64,
    /// Calls carried out.
    pub done: u64,
    /// Calls that failed, by code.
    pub failed: Vec<FailedRow>,
    /// Calls undone with another one of their batch.
    pub undone: u64,
    /// Height of the first call seen.
    pub first_height: Option<u64>,
    /// Height of the last call seen.
    pub last_height: Option<u64>,
    /// Most gas of a transaction that did nothing else.
    pub gas: Option<u64>,
    /// The ceiling of gas that a call has.
    pub gas_max: Option<u64>,
    /// Most events of a transaction that did nothing else.
    pub events: Option<u64>,
    /// The ceiling of events that a call has.
    pub events_max: Option<u32>,
}

/// Failures with one code.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FailedRow {
    /// The stable code.
    pub code: u16,
    /// Its name.
    pub name: String,
    /// How many.
    pub calls: u64,
}

/// What `seen` says of the contract that `manifest` declares.
#[must_use]
pub fn history(manifest: &Manifest, seen: &Seen) -> History {
    let transitions = manifest.transitions.iter().filter(|one| one.kind == TransitionKind::Call);
    let mut rows: Vec<HistoryRow> = transitions.map(|transition| of_transition(seen, transition)).collect();
    rows.extend(manifest.exits.iter().map(|exit| of_exit(seen, exit)));
    let never = rows.iter().filter(|row| row.done == 0).map(|row| row.name.clone()).collect();
    let claims = claims(seen, &rows);
    let known = |called: &Called| match called {
        Called::Method(name) => manifest
            .transitions
            .iter()
            .any(|transition| transition.kind == TransitionKind::Call && *transition.method == **name),
        Called::Exit(id) => manifest.exit(*id).is_some(),
    };
    rows.extend(seen.tallies.iter().filter(|(called, _)| !known(called)).map(|(called, tally)| {
        let (name, kind) = match called {
            Called::Method(name) if name.starts_with('$') => (name.clone(), "host"),
            Called::Method(name) => (name.clone(), "undeclared"),
            Called::Exit(id) => (format!("exit {id}"), "undeclared"),
        };
        row(&name, kind, tally)
    }));
    History { from: seen.from, to: seen.to, rows, never, claims }
}

fn of_transition(seen: &Seen, transition: &Transition) -> HistoryRow {
    let tally = seen.tallies.get(&Called::Method(transition.method.to_string())).cloned().unwrap_or_default();
    let ceilings = &transition.ceilings;
    HistoryRow {
        gas_max: Some(ceilings.gas.0),
        events_max: Some(ceilings.events),
        ..row(&transition.method, "transition", &tally)
    }
}

fn of_exit(seen: &Seen, exit: &Exit) -> HistoryRow {
    let tally = seen.tallies.get(&Called::Exit(exit.id)).cloned().unwrap_or_default();
    HistoryRow { events_max: Some(u32::from(exit.event.is_some())), ..row(&exit.name, "exit", &tally) }
}

fn row(name: &str, kind: &'static str, tally: &Tally) -> HistoryRow {
    let failed = tally.failed.iter().map(|(code, calls)| FailedRow {
        code: *code,
        name: codes::describe(*code).map_or_else(|| format!("code {code}"), |row| row.name.to_owned()),
        calls: *calls,
    });
    HistoryRow {
        name: name.to_owned(),
        kind,
        calls: tally.calls(),
        done: tally.done,
        failed: failed.collect(),
        undone: tally.undone,
        first_height: tally.heights.map(|(first, _)| first),
        last_height: tally.heights.map(|(_, last)| last),
        gas: tally.gas,
        gas_max: None,
        events: tally.events,
        events_max: None,
    }
}

fn claims(seen: &Seen, rows: &[HistoryRow]) -> Vec<Claim> {
    let mut claims: Vec<Claim> = rows
        .iter()
        .filter(|row| row.done > 0)
        .map(|row| {
            let times = if row.done == 1 { "once".to_owned() } else { format!("{} times", row.done) };
            let what = if row.kind == "exit" { "exit" } else { "transition" };
            Claim::tested(format!("{what} `{}` was taken {times}, within all that it declares", row.name))
        })
        .collect();
    claims.push(Claim::assumed(format!(
        "blocks {} to {} and their receipts were read from one node, which is believed",
        seen.from, seen.to
    )));
    claims
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::from_toml;

    const DOOR: &str = "[contract]\nname = \"door\"\n[machines.door]\nid = 1\nstates = { Open = 1, Shut = 2 }\n\
        initial = \"Open\"\n[transitions.shut]\nfrom = { door = [\"Open\"] }\nto = { door = [\"Shut\"] }\n\
        ceilings = { gas = 1_000, events = 2 }\n[transitions.lock]\nceilings = { gas = 500 }\n";

    fn call(height: u64, name: &str, ended: Ended, used: Option<(u64, u64)>) -> SeenCall {
        SeenCall { height, called: Called::Method(name.to_owned()), ended, used }
    }

    #[test]
    fn calls_are_counted_by_what_became_of_them() {
        let manifest = from_toml(DOOR).expect("a manifest");
        let mut seen = Seen::between(3, 9);
        for one in [
            call(5, "shut", Ended::Done, Some((800, 1))),
            call(4, "shut", Ended::Done, None),
            call(8, "shut", Ended::Failed(codes::WRONG_STATE), Some((900, 0))),
            call(7, "shut", Ended::Failed(codes::WRONG_STATE), None),
            call(7, "shut", Ended::Undone, None),
            call(9, "lock", Ended::Failed(codes::OUT_OF_GAS), Some((500, 0))),
            call(9, "$role.offer", Ended::Done, Some((70, 0))),
            call(9, "ghost", Ended::Failed(codes::UNKNOWN_METHOD), None),
            SeenCall {
                height: 9,
                called: Called::Exit(4),
                ended: Ended::Failed(codes::UNKNOWN_EXIT),
                used: None,
            },
        ] {
            seen.note(&one);
        }
        let found = history(&manifest, &seen);
        let names: Vec<(&str, &str)> = found.rows.iter().map(|row| (row.name.as_str(), row.kind)).collect();
        let expected = [
            ("shut", "transition"),
            ("lock", "transition"),
            ("$role.offer", "host"),
            ("ghost", "undeclared"),
            ("exit 4", "undeclared"),
        ];
        assert_eq!(names, expected);
        let shut = &found.rows[0];
        assert_eq!((shut.calls, shut.done, shut.undone), (5, 2, 1));
        let failed = FailedRow { code: codes::WRONG_STATE, name: "WrongState".to_owned(), calls: 2 };
        assert_eq!(shut.failed, [failed]);
        assert_eq!((shut.first_height, shut.last_height), (Some(4), Some(8)));
        assert_eq!(
            (shut.gas, shut.gas_max, shut.events, shut.events_max),
            (Some(900), Some(1_000), Some(1), Some(2))
        );
        assert_eq!(found.never, ["lock"], "a call that failed took nothing");
        let tested: Vec<&str> = found
            .claims
            .iter()
            .filter(|claim| claim.evidence == super::super::Evidence::Tested)
            .map(|claim| claim.text.as_str())
            .collect();
        assert_eq!(tested, ["transition `shut` was taken 2 times, within all that it declares"]);
    }

    #[test]
    fn nothing_seen_claims_nothing() {
        let manifest = from_toml(DOOR).expect("a manifest");
        let found = history(&manifest, &Seen::between(0, 0));
        assert_eq!(found.never, ["shut", "lock"]);
        assert!(found.claims.iter().all(|claim| claim.evidence == super::super::Evidence::Assumed));
        assert_eq!((found.rows[0].gas, found.rows[0].first_height), (None, None));
    }
}
