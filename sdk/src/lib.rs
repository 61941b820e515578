//! What a contract author sees: the host's functions as safe, typed Rust, without `std` and without cryptography.
//!
//! A contract is a set of methods that the host runs inside the machine its manifest declares. The host owns
//! state; a contract names declared cells, ledgers, events and errors by their permanent ids.
//!
//! | module | what |
//! | --- | --- |
//! | [`env`](mod@env) | who calls, what came with the call, what the chain says, the contract's parameters |
//! | [`cell`] | [`Map`](cell::Map) and [`Value`](cell::Value): declared entries |
//! | [`ledger`] | [`Ledger`](ledger::Ledger): balances that the host conserves |
//! | [`machine`] | states of machines, and where a call leads |
//! | [`escrow`] | coins and assets of contracts that the host holds for an item |
//! | [`unique`] | [`Unique`](unique::Unique): entries with an owner that the host keeps |
//! | [`call`] | other contracts: invoke, notify, pay |
//! | [`role`] | who holds a declared role |
//! | [`event`] | facts announced |
//! | [`error`] | declared refusals |
//! | [`crypto`] | hashes and signatures, computed by the host |
//! | [`codec`] | SCALE: the chain's bytes |
//! | [`types`], [`list`] | accounts, hashes, amounts, bounded text, bytes and lists: the same SCALE bytes as on chain |
//! | [`contract`](macro@contract) | makes a module a contract: manifest and exports come from its items |
//! | [`methods!`], [`errors!`], [`events!`], [`params!`] | the declarations of a contract, next to a manifest written by hand |
//! | [`declared`] | what the expansion of `contract` calls |
//!
//! Invariants: every `unsafe` block is in `raw.rs` (the imports) or `memory.rs`; nothing here formats text;
//! what the host has already checked (input, parameters, stored values) is decoded once and a mismatch traps,
//! because it can only mean that code and manifest differ.
//!
//! `sdk/README.md` shows a whole contract; its code is compiled by the tests of this crate.
#![no_std]
#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

extern crate alloc;
#[cfg(all(not(target_arch = "wasm32"), any(test, feature = "testing")))]
extern crate std;

pub mod call;
pub mod cell;
pub mod codec;
pub mod crypto;
pub mod declared;
pub mod env;
pub mod error;
pub mod escrow;
pub mod event;
pub mod ledger;
pub mod list;
pub mod machine;
mod macros;
mod memory;
#[cfg(all(not(target_arch = "wasm32"), not(feature = "testing")))]
#[path = "absent.rs"]
mod raw;
#[cfg(target_arch = "wasm32")]
mod raw;
pub mod role;
mod status;
#[cfg(all(not(target_arch = "wasm32"), feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod types;
pub mod unique;

pub use chainstack_macros::contract;
pub use codec::Datum;
pub use list::List;
#[cfg(all(not(target_arch = "wasm32"), feature = "testing"))]
use testing::raw;
pub use types::{AccountId, Amount, Bytes, Hash, Text};

/// Ends the call abnormally: for what cannot happen while code and manifest agree.
pub(crate) fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    panic!("trap: the code and its manifest differ");
}

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// The page's code is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Page;

/// A type is what its name says, or the contract does not compile.
///
/// ```
/// /// Counts.
/// #[chainstack_sdk::contract]
/// mod counter {
///     use chainstack_sdk::Amount;
///     /// Adds.
///     #[transition(gas = 1)]
///     fn add(amount: Amount) {
///         let _ = amount;
///     }
/// }
/// # fn main() {}
/// ```
///
/// ```compile_fail
/// /// Counts.
/// #[chainstack_sdk::contract]
/// mod counter {
///     type Amount = u64;
///     /// Adds.
///     #[transition(gas = 1)]
///     fn add(amount: Amount) {
///         let _ = amount;
///     }
/// }
/// # fn main() {}
/// ```
#[cfg(doctest)]
struct Exact;
