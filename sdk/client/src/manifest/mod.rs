//! The manifest as people write it: TOML to and from the typed manifest, and JSON for tools.
//!
//! ```toml
//! [contract]
//! name = "coin"
//!
//! [params]
//! cap = { type = "u128", min = 1, default = 1_000_000, doc = "greatest supply" }
//! owner = "option<account>"
//!
//! [events.Transfer]
//! id = 1
//! fields = { from = "account", to = "account", value = "u128" }
//!
//! [roles.owner]
//! id = 1
//! kind = "account"
//! initial = "param.owner"          # or "signer"
//!
//! [cells.balances]
//! id = 1
//! kind = "ledger"
//! key = { owner = "account" }
//! sum = true
//! asset = { on_move = "Transfer" } # or "fungible"
//!
//! [transitions.transfer]
//! args = { to = "account", amount = "u128" }
//! touches = [
//!     { cell = "balances", key = ["caller"], ops = ["sub"] },
//!     { cell = "balances", key = ["arg.to"], ops = ["add"] },
//! ]
//! emits = ["Transfer"]
//! ceilings = { gas = 2_000_000, reads = 2, writes = 2, new_entries = 1, events = 1 }
//!
//! [views.balance_of]
//! args = { owner = "account" }
//! returns = "u128"
//! reads = ["balances"]
//! gas = 100_000
//! reads_max = 1
//! ```
//!
//! Names stand for ids; order of arguments, fields and sections is the order of the file. Numbers may be
//! quoted. Terms of keys: `caller`, `origin`, `self`, `arg.name`, `arg.name.field`, `param.name`,
//! `item.field`, `=value` for a constant, `*`. Expressions are described at [`expression`].
//! A key that means nothing is refused with its line, its column and the key it resembles.

mod error;
pub mod expression;
mod locate;
mod print;
mod read;
mod render;
mod source;
mod term;
mod type_text;

#[cfg(test)]
mod tests;

pub use error::TextError;
pub use print::{to_json, to_toml};
pub use read::{MANIFEST_TEXT_SIZE_MAX, from_toml};
pub(crate) use term::print_term;

use chainstack_primitives::manifest::{Cell, Field, Manifest};

/// What the names in a term or expression mean.
#[derive(Clone, Copy, Debug)]
pub struct Names<'m> {
    /// Declares parameters, cells, machines and roles.
    pub manifest: &'m Manifest,
    /// Arguments of the method.
    pub args: &'m [Field],
    /// Cell of the bound item.
    pub item: Option<&'m Cell>,
}

/// Index of the element called `name`.
fn index_of<'n>(mut names: impl Iterator<Item = &'n str>, name: &str) -> Option<u8> {
    names.position(|other| other == name).and_then(|index| u8::try_from(index).ok())
}
