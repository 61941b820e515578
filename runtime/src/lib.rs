//! The pure state transition of the chain: (state, block) → (new state, receipts).
//!
//! # Terms
//! *Flat state*: accounts and entries under their plain keys. *Commitment*: the roots over it, and the trie nodes
//! behind them. *Turn*: a transaction's place in its block; whether it may be included is judged then. *Refused*: not
//! included, no trace. *Failed*: included, leaves fee, nonce + 1 and a receipt. *Fault*: this machine could not tell;
//! never part of state, never a verdict.
//!
//! # Map
//! | module | holds |
//! | --- | --- |
//! | [`block`] | [`block::apply_block`], the one way in; [`block::build_block`], the proposer's side of the same code; [`block::simulate`] and [`block::query`], which leave no trace |
//! | [`genesis`] | the first block |
//! | [`transaction`] | which may be included, what they cost, what they do, what they leave |
//! | [`state`] | overlay with rollback points, deposits, reserved cells, commitment |
//! | [`modules`] | rules of the protocol's own modules, with their invariants |
//! | [`params`] | prices and limits, read from data |
//! | [`ports`] | what we ask of outside: state, contracts, threads |
//! | [`memory`] | a whole state in memory, for tests and tools |
//!
//! # Invariants
//! - Supply = genesis + issued − burnt = the sum of all balances; the deposits of all entries are the balance of
//!   [`state::reserved::DEPOSITS`]. [`modules::balances::invariants`] checks both.
//! - A failed transaction changes nothing but its signer's nonce and balance (by the fee) and what settles at the end of
//!   every block.
//! - Results depend on state, block and parameters alone: not on threads, hash order, warm tries, clock or randomness.
//! - State changes through [`state::Overlay`] only; what is undone is undone whole.
//! - Work is charged before it is done, also on the way to a failure.
//!
//! # Example
//! ```
//! use chainstack_primitives::{Account, AccountId, Amount};
//! use chainstack_runtime::{memory::MemoryState, state::Overlay};
//!
//! let committed = MemoryState::new();
//! let mut state = Overlay::new(&committed);
//! let alice = AccountId([1; 32]);
//! let checkpoint = state.checkpoint();
//! state.set_account(&alice, Account { balance: Amount(5), ..Account::default() })?;
//! assert_eq!(state.account_or_new(&alice)?.balance, Amount(5));
//! state.rollback(checkpoint);
//! assert_eq!(state.account(&alice)?, None);
//! # Ok::<(), chainstack_runtime::ports::Fault>(())
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

pub mod block;
pub mod genesis;
pub mod memory;
pub mod modules;
pub mod params;
mod pieces;
pub mod ports;
pub mod state;
pub mod transaction;
