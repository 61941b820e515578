//! Finds the line of a refused part of a manifest in its TOML form.

use chainstack_primitives::manifest::{Place, Section};

use super::source::{Entry, Table};

/// The byte of the part `place` names, or of the nearest thing around it that is written.
pub(super) fn locate(root: &Table<'_>, place: &Place) -> usize {
    let Some(section) = find(root, place.section.name()) else { return 0 };
    let mut at = section.at;
    let Ok(mut table) = section.item.table() else { return at };
    if !matches!(place.section, Section::Contract | Section::Upgrade) {
        let index = usize::from(place.index);
        let entry = match place.name.is_empty() {
            true => table.entries().get(index).copied(),
            false => find(&table, &place.name),
        };
        let Some(entry) = entry else { return at };
        at = entry.at;
        match entry.item.table() {
            Ok(inner) => table = inner,
            Err(_) => return at,
        }
    }
    for part in place.part.split('.') {
        let inside = || find(&table, "ceilings").and_then(|entry| find(&entry.item.table().ok()?, part));
        let Some(entry) = find(&table, part).or_else(inside) else { return at };
        at = entry.at;
        if let Some(index) = place.part_index.map(usize::from) {
            let element = entry.item.list().ok().and_then(|list| list.get(index).map(|item| item.at));
            let field = || {
                entry.item.table().ok().and_then(|fields| fields.entries().get(index).map(|field| field.at))
            };
            return element.or_else(field).unwrap_or(at);
        }
        match entry.item.table() {
            Ok(inner) => table = inner,
            Err(_) => return at,
        }
    }
    at
}

fn find<'t>(table: &Table<'t>, key: &str) -> Option<Entry<'t>> {
    table.entries().iter().find(|entry| entry.key == key).copied()
}
