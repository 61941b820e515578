//! A contract's declaration as Rust: `#[contract]` on a module, from which manifest and exports are made.
//!
//! Authors use it as `chainstack_sdk::contract`; `sdk/README.md` shows a contract and lists the attributes.
//!
//! | file | what |
//! | --- | --- |
//! | `parse` | the author's module to the model; `args` and `syntax` read the notation inside attributes, `types` the types |
//! | `model` | entries of the manifest with the author's spans on everything they name |
//! | `check`, `expression` | the declaration as a whole: every finding at the author's own span |
//! | `expand` | the model to plain calls of the SDK, and to the manifest's text (`toml`) |
//!
//! Invariants: nothing panics on any input; what is expanded names the SDK by full paths; the manifest's text has no
//! fact that the source has not.
//!
//! Deviations from hand-written TOML: help is required, and `version` cannot be chosen.

mod args;
mod check;
mod expand;
mod expression;
mod model;
mod nearest;
mod parse;
mod syntax;
mod toml;
mod types;

#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

/// Makes a module a contract: its items become the manifest, its methods exports. See `sdk/README.md`.
#[proc_macro_attribute]
pub fn contract(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    declare(arguments.into(), item.into()).unwrap_or_else(|error| error.into_compile_error()).into()
}

/// Reads, checks and expands.
fn declare(arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let contract = parse::parse(arguments, item)?;
    check::check(&contract)?;
    Ok(expand::expand(contract))
}
