//! Declared refusals. [`errors!`](crate::errors) declares them next to the manifest.

use crate::codec::Datum;
use crate::{env, raw};

/// What a contract says of one of its errors, events or parameters, to be compared with its manifest in tests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Declaration {
    /// Permanent id (of a parameter: its index).
    pub id: u16,
    /// Name.
    pub name: &'static str,
    /// Name and Rust type of each field.
    pub fields: &'static [(&'static str, &'static str)],
}

/// The errors of a contract.
pub trait ContractError {
    /// Every error, in order of declaration.
    const DECLARATIONS: &'static [Declaration];

    /// Permanent id in the manifest.
    fn id(&self) -> u16;

    /// SCALE tuple of the fields.
    fn encode_fields(&self) -> &'static [u8];
}

/// Ends the call with a declared error: everything it did is undone.
pub fn revert(error: &impl ContractError) -> ! {
    raw::revert(error.id(), error.encode_fields())
}

/// Ends a method: sets its output, or reverts. What [`methods!`](crate::methods) expands to.
pub fn finish<T: Datum, E: ContractError>(result: Result<T, E>) {
    match &result {
        Ok(value) => env::output(value),
        Err(error) => revert(error),
    }
}
