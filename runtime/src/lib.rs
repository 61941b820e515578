//! The pure state transition of the chain: (state, block) → (new state, receipts).
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::cast_possible_truncation
    )
)]

pub mod block;
pub mod genesis;
pub mod memory;
pub mod modules;
pub mod params;
pub mod ports;
pub mod state;
pub mod transaction;
