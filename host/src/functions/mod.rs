//! Host functions: the table that declares them, and what each does.
//!
//! | file | what |
//! | --- | --- |
//! | [`table`] | the one declaration |
//! | `dispatch` | from a number to a function; charging |
//! | `context` | input, output, caller, clock, parameters, roles |
//! | `storage` | map and value cells, sums, counts |
//! | `machine` | states |
//! | `escrow`, `asset` | coins and assets of contracts held for items |
//! | `unique` | owners of unique assets |
//! | `ledger` | balances |
//! | `effect` | events, payments, calls of other contracts, reverts |
//! | `crypto` | hashes and signatures |

mod asset;
mod context;
mod crypto;
mod dispatch;
mod effect;
mod escrow;
mod ledger;
mod machine;
mod storage;
pub mod table;
mod unique;

pub(crate) use asset::Consents;
pub(crate) use context::load_params;
pub use effect::NOTICES_MAX;
pub use table::{HOST_FUNCTIONS, reference};

use chainstack_engine::Guest;
use chainstack_primitives::AccountId;
use chainstack_runtime::{block::BlockInfo, ports::ExecutionError, state::Overlay, transaction::Meter};

use crate::{machine::Frame, phases::Phases};

/// What a host function that starts no other frame works on.
pub(crate) struct Scene<'a, 'o, 'm, 'g, 'mem> {
    pub(crate) frame: &'a mut Frame,
    /// The frames that wait for it.
    pub(crate) below: &'a [Frame],
    pub(crate) state: &'a mut Overlay<'o>,
    pub(crate) meter: &'a Meter<'m>,
    pub(crate) block: &'a BlockInfo,
    pub(crate) origin: &'a AccountId,
    pub(crate) guest: &'g mut Guest<'mem>,
    /// Room for a stored key, kept between calls.
    pub(crate) key: &'a mut Vec<u8>,
    pub(crate) phases: Phases<'a>,
}

/// Result of a host function: the word it answers, 0 if none.
pub(crate) type Answered = Result<u64, ExecutionError>;
