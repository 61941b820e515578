//! The exits as one table: what leaves, to whom, from which states, and from when on.

use super::{Block, Table};
use crate::inspect::{Abi, ExitRow, WindowRow, notation::states_text};

/// Every exit with its condition and effects; a sentence if there is none.
#[must_use]
pub fn exits(abi: &Abi) -> Vec<Block> {
    if abi.exits.is_empty() {
        return vec![Block::Text("no exit is declared: nothing leaves but by methods".to_owned())];
    }
    let mut table = Table::new(&["exit", "of", "in states", "open when", "then", "leads to", "says"]);
    abi.exits.iter().for_each(|exit| table.push(row(exit)));
    vec![
        Block::Text(
            "Anybody may poke an exit. The host runs it; no code of the contract takes part.".to_owned(),
        ),
        Block::Table(table),
    ]
}

fn row(exit: &ExitRow) -> [String; 7] {
    let window = exit.window.as_ref().map(WindowRow::condition);
    let conditions: Vec<String> = window.into_iter().chain(exit.guard.clone()).collect();
    let when = if conditions.is_empty() { "always".to_owned() } else { conditions.join(" and ") };
    let from = states_text(&exit.from);
    [
        exit.name.clone(),
        exit.item.as_ref().map_or_else(|| "the contract".to_owned(), |item| format!("each item of {item}")),
        if from.is_empty() { "any".to_owned() } else { from },
        when,
        if exit.effects.is_empty() { "nothing moves".to_owned() } else { exit.effects.join("; ") },
        exit.to.as_ref().map(|to| states_text(std::slice::from_ref(to))).unwrap_or_default(),
        exit.doc.clone(),
    ]
}
