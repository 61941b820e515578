//! What an engine asks for.

use chainstack_primitives::{Hash, Height};
use parity_scale_codec::{Decode, Encode};

/// Something the driver does for the engine. Effects of one step are carried out in order; the first failure
/// stops the node.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Effect {
    /// Make a record durable. What follows in the list relies on it.
    Persist(Record),
    /// Sign, and answer with [`Input::Signed`](crate::Input::Signed).
    Sign(SignRequest),
    /// Send a message to peers.
    Send {
        /// Who gets it.
        target: Target,
        /// The encoded message.
        message: Vec<u8>,
    },
    /// Answer with [`Input::TimerExpired`](crate::Input::TimerExpired) after a time.
    SetTimer {
        /// Which timer; setting it again replaces it.
        timer: Timer,
        /// Milliseconds from now.
        after_ms: u64,
    },
    /// Build and execute a block, and answer with [`Input::Proposed`](crate::Input::Proposed) or
    /// [`Input::NothingToPropose`](crate::Input::NothingToPropose).
    Propose {
        /// The height to build.
        height: Height,
        /// The round to build it for.
        round: u32,
        /// Whether a block without transactions is wanted.
        allow_empty: bool,
    },
    /// Execute a block that a peer proposed, and answer with [`Input::Validated`](crate::Input::Validated).
    /// Nothing of it is kept yet. A fault of this machine is no verdict: it stops the node, as any effect that
    /// fails does, and no input follows.
    Validate {
        /// The height the block was proposed for.
        height: Height,
        /// The round it was proposed in.
        round: u32,
        /// Its hash.
        block: Hash,
    },
    /// The block is final: commit it durably, then announce it.
    Decide {
        /// Its height.
        height: Height,
        /// Its hash.
        block: Hash,
        /// The encoded votes that decided it; empty under [`Solo`](crate::Solo).
        commit: Vec<u8>,
    },
    /// Proof that a validator misbehaved, to be reported and included.
    Evidence(Vec<u8>),
}

/// What an engine writes to its log before it acts.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Record {
    /// About to decide this block.
    #[codec(index = 0)]
    Deciding {
        /// Its height.
        height: Height,
        /// Its hash.
        block: Hash,
    },
}

/// A signature that the engine needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignRequest {
    /// The purpose-tagged bytes to sign.
    pub bytes: Vec<u8>,
}

/// Who gets a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// Every peer.
    All,
    /// One peer, as the network layer numbers it.
    Peer(u64),
}

/// A timer of an engine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Timer {
    /// Time to seal the block at a height.
    Seal(Height),
}
