//! What a chain has seen, as sections and tables.

use super::{
    Block, Section,
    sections::{section, table, titled},
};
use crate::inspect::{Bounds, History};

/// How far calls came, if blocks were looked at.
pub(super) fn high_water(bounds: &Bounds) -> Vec<Block> {
    let number = |found: Option<u64>| found.map_or_else(String::new, |found| found.to_string());
    let rows: Vec<Vec<String>> = bounds
        .methods
        .iter()
        .filter_map(|method| {
            let seen = method.seen?;
            Some(vec![method.method.clone(), seen.calls.to_string(), number(seen.gas), number(seen.events)])
        })
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let head = ["method", "calls", "gas", "events"];
    let title = "calls seen, and the most that a whole transaction of one used";
    vec![Block::Heading(title.to_owned()), table(&head, rows)]
}

/// What a chain has seen of it.
#[must_use]
pub fn history(history: &History) -> Section {
    let number = |found: Option<u64>| found.map_or_else(String::new, |found| found.to_string());
    let rows = history.rows.iter().map(|row| {
        let failed = row.failed.iter().map(|failed| format!("{} {}", failed.calls, failed.name));
        let taken = if row.done == 0 { String::new() } else { format!("{} TESTED", row.done) };
        vec![
            row.name.clone(),
            row.kind.to_owned(),
            row.calls.to_string(),
            taken,
            failed.collect::<Vec<_>>().join(", "),
            if row.undone == 0 { String::new() } else { row.undone.to_string() },
            number(row.first_height),
            number(row.last_height),
            number(row.gas),
            number(row.events),
        ]
    });
    let head = ["name", "kind", "calls", "taken", "failed", "undone", "first", "last", "gas", "events"];
    let mut blocks = vec![
        Block::Text(format!("blocks {} to {}", history.from, history.to)),
        table(&head, rows),
        Block::Text(
            "gas and events are the most of a transaction that did nothing else, signature, bytes and loading of code \
             included; calls that other contracts make stand in no block and are not counted"
                .to_owned(),
        ),
    ];
    if !history.never.is_empty() {
        blocks.push(Block::Text(format!("never taken there: {}", history.never.join(", "))));
    }
    titled(&mut blocks, "what follows", &history.claims);
    section("History", blocks)
}
