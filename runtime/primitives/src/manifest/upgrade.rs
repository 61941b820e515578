//! Upgrade: whether and how the contract's code may change.

use parity_scale_codec::{Decode, Encode};

/// Who may change the code, and how long everybody has to leave first.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode)]
pub enum Upgrade {
    /// Nobody, ever.
    #[default]
    #[codec(index = 0)]
    None,
    /// A role proposes; after a delay without a veto the code changes.
    #[codec(index = 1)]
    Gated {
        /// The role that proposes.
        role: u16,
        /// Blocks between proposal and application.
        delay_blocks: u32,
        /// The role that may veto meanwhile.
        veto: Option<u16>,
    },
}
