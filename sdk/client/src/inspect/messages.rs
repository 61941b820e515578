//! What a contract says: events and errors, with their fields and who may use them.

use chainstack_primitives::manifest::{Manifest, Name};
use serde::Serialize;

use super::notation::{FieldRow, fields};

/// An event or error.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MessageRow {
    /// Permanent id.
    pub id: u16,
    /// Name.
    pub name: String,
    /// For people.
    pub doc: String,
    /// Fields, in order.
    pub fields: Vec<FieldRow>,
    /// Greatest encoded size of the fields in bytes.
    pub max_bytes: u64,
    /// Methods, exits and cells that may bring it.
    pub by: Vec<String>,
}

/// The events that `manifest` declares. Only what is listed can be announced: ENFORCED.
#[must_use]
pub fn events(manifest: &Manifest) -> Vec<MessageRow> {
    let row = |event: &chainstack_primitives::manifest::EventDef| {
        let methods = manifest.transitions.iter().filter(|transition| transition.emits.contains(&event.id));
        let exits = manifest
            .exits
            .iter()
            .filter(|exit| exit.event.as_ref().is_some_and(|said| said.event == event.id));
        let moves = manifest
            .cells
            .iter()
            .filter(|cell| cell.asset().is_some_and(|asset| asset.on_move == Some(event.id)))
            .map(|cell| format!("moves of {}", cell.name));
        let methods = methods.map(|transition| transition.method.to_string());
        let exits = exits.map(|exit| format!("exit {}", exit.name));
        let by = methods.chain(exits).chain(moves).collect();
        message(manifest, event.id, (&event.name, &event.doc), &event.fields, by)
    };
    manifest.events.iter().map(row).collect()
}

/// The errors that `manifest` declares. Only what is listed can be reverted with: ENFORCED.
#[must_use]
pub fn errors(manifest: &Manifest) -> Vec<MessageRow> {
    let row = |error: &chainstack_primitives::manifest::ErrorDef| {
        let transitions =
            manifest.transitions.iter().filter(|transition| transition.errors.contains(&error.id));
        let views = manifest.views.iter().filter(|view| view.errors.contains(&error.id));
        let methods: Vec<&Name> =
            transitions.map(|transition| &transition.method).chain(views.map(|view| &view.method)).collect();
        let by = methods.into_iter().map(ToString::to_string).collect();
        message(manifest, error.id, (&error.name, &error.doc), &error.fields, by)
    };
    manifest.errors.iter().map(row).collect()
}

fn message(
    manifest: &Manifest,
    id: u16,
    (name, doc): (&str, &str),
    declared: &[chainstack_primitives::manifest::Field],
    by: Vec<String>,
) -> MessageRow {
    MessageRow {
        id,
        name: name.to_owned(),
        doc: doc.to_owned(),
        fields: fields(manifest, declared),
        max_bytes: declared.iter().filter_map(|field| manifest.max_size(&field.ty)).sum(),
        by,
    }
}
