//! Facts announced. [`events!`](crate::events) declares them next to the manifest.

use crate::raw;

/// A declared event.
pub trait Event {
    /// Permanent id in the manifest.
    const ID: u16;
    /// Name, and name and type of each field, as declared: compared with the manifest in tests.
    const DECLARATION: crate::error::Declaration;

    /// SCALE tuple of the fields.
    fn encode_fields(&self) -> &'static [u8];
}

/// Announces `event`.
pub fn emit<E: Event>(event: &E) {
    raw::emit(E::ID, event.encode_fields());
}
