//! How often each method and exit was carried out and refused, and how near calls came to their ceilings.

use std::{collections::BTreeMap, fmt};

use chainstack_primitives::{codes, manifest::TransitionKind};

use super::{
    foresee::{Foreseen, What},
    model::Contract,
    world::{Ask, Call, Done},
};

/// Outcomes of one method or exit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Row {
    /// Times that it was carried out.
    pub done: u64,
    /// Times that it was refused, by code.
    pub refused: BTreeMap<u16, u64>,
    /// Most gas of its ceiling that a call used: what is asked on entry apart.
    pub gas: u64,
    /// That ceiling; none for what has none.
    pub ceiling: Option<u64>,
}

/// Outcomes of all calls: by contract's name, then by method or exit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// The rows.
    pub rows: BTreeMap<(String, String), Row>,
    /// Calls in all.
    pub calls: u64,
    /// Times that all of state was checked.
    pub whole: u64,
}

impl Counts {
    /// Counts a call.
    pub fn note(&mut self, call: &Call, foreseen: &Foreseen, done: &Done, entry: u64) {
        self.calls += 1;
        let name = match (&call.ask, foreseen.exit()) {
            (_, Some(exit)) => format!("exit {}", exit.name),
            (Ask::Invoke { method, .. }, None) if foreseen.what != What::Nothing => method.clone(),
            _ => "(undeclared)".to_owned(),
        };
        let row = self.rows.entry((foreseen.contract.name.clone(), name)).or_default();
        match &done.result {
            Ok(_) => row.done += 1,
            Err(failure) => *row.refused.entry(failure.code).or_default() += 1,
        }
        if let Some(transition) = foreseen.transition() {
            row.ceiling = Some(transition.ceilings.gas.0);
            if done.result.is_ok() {
                row.gas = row.gas.max(done.gas.saturating_sub(entry));
            }
        }
    }

    /// Counts a contract that was made.
    pub fn note_made(&mut self, contract: &Contract) {
        if let Some(constructor) = contract.manifest.constructor() {
            let key = (contract.name.clone(), constructor.method.to_string());
            self.rows.entry(key).or_default().done += 1;
        }
    }

    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        for (name, row) in &other.rows {
            let sum = self.rows.entry(name.clone()).or_default();
            sum.done += row.done;
            sum.gas = sum.gas.max(row.gas);
            sum.ceiling = sum.ceiling.or(row.ceiling);
            row.refused.iter().for_each(|(code, count)| *sum.refused.entry(*code).or_default() += count);
        }
        self.calls += other.calls;
        self.whole += other.whole;
    }

    /// Transitions and exits of a sample that were never carried out.
    #[must_use]
    pub fn never(&self, sample: &Contract) -> Vec<String> {
        let manifest = &sample.manifest;
        let transitions = manifest.transitions.iter().map(|transition| match transition.kind {
            TransitionKind::Call | TransitionKind::Constructor => transition.method.to_string(),
        });
        let exits = manifest.exits.iter().map(|exit| format!("exit {}", exit.name));
        let done = |name: &String| {
            self.rows.get(&(sample.name.clone(), name.clone())).is_some_and(|row| row.done > 0)
        };
        transitions.chain(exits).filter(|name| !done(name)).collect()
    }

    /// Calls that were carried out.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.rows.values().map(|row| row.done).sum()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (done, whole) = (self.done(), self.whole);
        writeln!(formatter, "{} calls, {done} carried out, all of state checked {whole} times", self.calls)?;
        for ((contract, name), row) in &self.rows {
            let refused: u64 = row.refused.values().sum();
            write!(formatter, "  {contract}.{name}: {} done, {refused} refused", row.done)?;
            if let Some(ceiling) = row.ceiling {
                write!(formatter, ", {} of {ceiling} gas", row.gas)?;
            }
            let mut reasons: Vec<(&u16, &u64)> = row.refused.iter().collect();
            reasons.sort_by(|one, other| other.1.cmp(one.1));
            for (code, count) in reasons.into_iter().take(4) {
                let name = codes::describe(*code).map_or("?", |info| info.name);
                write!(formatter, " {name} {count}")?;
            }
            writeln!(formatter)?;
        }
        Ok(())
    }
}
