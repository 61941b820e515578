//! ERC20: a fungible token issued by parameters, full EIP-20 with typed errors and compare-and-set approval.
//!
//! | module | what |
//! | --- | --- |
//! | `messages` | the methods, as they are exported |
//! | `contract` | the rules |
//! | `state` | parameters, role and cells |
//! | `events`, `errors` | what the token announces, why it refuses |
//!
//! Rules, each held by a scenario in `scenarios/`:
//!
//! - Balances are a ledger of the host: a transfer is one conserved move, the total supply is the sum that the
//!   host keeps, and neither can be computed wrongly here.
//! - The all-zero account is refused as receiver, spender and owner, also for nothing: in events it is the far side of
//!   mint and burn, and of them alone.
//! - `transfer_from` always spends an allowance, also for the caller's own tokens. An allowance of the greatest
//!   amount is infinite: it is not spent. No `Approval` is announced when an allowance is spent.
//! - `approve` replaces the allowance. Between seeing the old value and replacing it the spender may still spend
//!   it: `compare_and_approve` names the value it expects and refuses any other.
//! - A transfer to oneself checks the balance, changes nothing and is announced; so is a transfer of zero.
//! - Whether tokens move is a machine of the host: while it is in `Paused`, transfers, mints and burns are refused before
//!   any code runs. Only a token issued as pausable ever gets there; approvals go on.
//! - What is not there cannot be switched on: no fee on transfer, no rebasing, no block list, no hooks.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod contract;
pub mod errors;
pub mod events;
pub mod messages;
pub mod state;
#[cfg(test)]
mod tests;
