//! Blocks: [`apply_block`] is the one way into state, [`build_block`] its proposer's side.

mod apply;
mod build;
mod execution;
mod invalid;
mod parent;
mod replay;
mod simulate;
mod verify;

pub use apply::{Applied, ApplyError, apply_block};
pub use build::{Built, Dropped, Proposal, build_block};
pub use execution::{BlockInfo, Machine};
pub use invalid::InvalidBlock;
pub use parent::{Parent, shares_root, validators_hash};
pub use replay::replay;
pub use simulate::{SimulationReport, query, simulate};
pub use verify::VerifiedBlock;
